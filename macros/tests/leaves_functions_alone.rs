//! The attribute as its users write it: the function does what it did without it.

use cuda_lint_macros::cuda_checked;

#[cuda_checked(allow(free-while-in-flight, pageable_async_copy))]
fn twice(number: u32) -> u32 {
    2 * number
}

struct Counter(u32);

impl Counter {
    #[cuda_checked]
    fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

#[test]
fn functions_and_methods_keep_working() {
    let mut counter = Counter(2);
    assert_eq!(twice(counter.next()), 6);
}
