//! Macros of the program, and input that is no program: each gives an answer, and none takes the lowering down.

mod reported;

use cuda_lint_engine::cuda::Model;
use cuda_lint_engine::link::UnitIndex;
use cuda_lint_rust::{FileContext, check_item, lower_source};
use reported::{analysed, rules};

/// What is reported by default, by lines.
fn found(text: &str) -> Vec<String> {
    let context = FileContext { module: vec!["krate".to_owned()], ..FileContext::default() };
    let found = analysed(text, &context);
    rules(found).into_iter().map(str::to_owned).collect()
}

/// A function with two streams that nothing orders.
fn two_streams(items: &str, body: &str) -> String {
    format!(
        "use cudarc::driver::*;\n{items}\nfn main() -> Result<(), DriverError> {{\n\
         let context = CudaContext::new(0)?;\nunsafe {{ context.disable_event_tracking() }};\n\
         let (first, second) = (context.new_stream()?, context.new_stream()?);\n\
         let mut source = first.alloc_zeros::<f32>(1024)?;\nlet mut copy = first.alloc_zeros::<f32>(1024)?;\n\
         context.synchronize()?;\n{body}\ncontext.synchronize()\n}}"
    )
}

#[test]
fn a_macro_with_one_rule_is_what_it_stands_for() {
    let items = "macro_rules! check { ($e:expr) => { match $e { Ok(it) => it, Err(error) => panic!(\"{error:?}\") } }; }
        macro_rules! copies { ($s:ident, $from:expr => $to:expr) => { $s.memcpy_dtod($from, $to)? }; }";
    let body = "check!(first.memset_zeros(&mut source)); copies!(second, &source => &mut copy);";
    assert_eq!(found(&two_streams(items, body)), ["cudarc-untracked-streams"]);
    let body = "check!(first.memset_zeros(&mut source)); check!(first.synchronize()); copies!(second, &source => &mut copy);";
    assert!(found(&two_streams(items, body)).is_empty());
    let items =
        "macro_rules! zeros { ($name:ident, $s:expr) => { let mut $name = $s.alloc_zeros::<f32>(9)?; }; }";
    let body = "zeros!(more, first); second.memset_zeros(&mut more)?;";
    assert_eq!(found(&two_streams(items, body)), ["cudarc-untracked-streams"]);
}

#[test]
fn rules_are_tried_in_order_and_repetitions_come_as_often_as_they_are_given() {
    let items = "macro_rules! on { (wait $s:expr) => { $s.synchronize()? };
            ($s:expr; $($copy:ident from $of:ident),+ $(,)?) => {{ $( $s.memcpy_dtod(&$of, &mut $copy)?; )+ }}; }
        macro_rules! all { ($($s:expr),* => $f:ident) => { $( $s.$f()?; )* }; }";
    let copy = "on!(second; copy from source,);";
    let misuse = ["cudarc-untracked-streams"];
    assert_eq!(found(&two_streams(items, &format!("first.memset_zeros(&mut source)?; {copy}"))), misuse);
    for wait in ["on!(wait first);", "all!(first => synchronize);", "all!(second, first => synchronize);"] {
        assert!(
            found(&two_streams(items, &format!("first.memset_zeros(&mut source)?; {wait} {copy}")))
                .is_empty()
        );
    }
    let wait = "all!(second => synchronize); all!( => synchronize);";
    assert_eq!(
        found(&two_streams(items, &format!("first.memset_zeros(&mut source)?; {wait} {copy}"))),
        misuse
    );
}

#[test]
fn a_macro_may_call_itself_with_the_rest() {
    let items = "macro_rules! each { ($s:ident;) => {}; ($s:ident; wait $($rest:tt)*) => { $s.synchronize()?; each!($s; $($rest)*); };
        ($s:ident; zero $it:ident $($rest:tt)*) => { $s.memset_zeros(&mut $it)?; each!($s; $($rest)*); }; }";
    let copy = "second.memcpy_dtod(&source, &mut copy)?;";
    let misuse = ["cudarc-untracked-streams"];
    assert_eq!(found(&two_streams(items, &format!("each!(first; wait zero source); {copy}"))), misuse);
    assert!(found(&two_streams(items, &format!("each!(first; zero source wait); {copy}"))).is_empty());
}

#[test]
fn what_a_statement_makes_lives_as_long_as_its_block() {
    // The slice that the macro makes is dropped at the end of the block, behind the wait; in a block of its own, before.
    let items =
        "macro_rules! fill { ($s:ident, $to:ident) => { let made = second.alloc_zeros::<f32>(1024)?; \
                 second.synchronize()?; $s.memcpy_dtod(&made, &mut $to)?; } }
        macro_rules! fill_in { ($s:ident, $to:ident) => {{ let made = second.alloc_zeros::<f32>(1024)?; \
                 second.synchronize()?; $s.memcpy_dtod(&made, &mut $to)?; }} }";
    let items = items.replace("second", "$other").replace("$s:ident,", "$s:ident, $other:ident,");
    let body = |name: &str| format!("{name}!(first, second, copy); first.synchronize()?;");
    assert!(found(&two_streams(&items, &body("fill"))).is_empty());
    assert_eq!(found(&two_streams(&items, &body("fill_in"))), ["cudarc-untracked-streams"]);
    // A name that the macro makes up is no other's.
    let items =
        "macro_rules! zeros { ($s:ident) => { let first = $s.alloc_zeros::<f32>(4)?; let _ = &first; } }";
    let body = "zeros!(second); first.memset_zeros(&mut source)?; second.memcpy_dtod(&source, &mut copy)?;";
    assert_eq!(found(&two_streams(items, body)), ["cudarc-untracked-streams"]);
}

#[test]
fn items_that_macros_make_are_lowered() {
    let text = |wait: &str| {
        format!(
            "use cudarc::driver::*;
        struct Pair {{ first: std::sync::Arc<CudaStream>, second: std::sync::Arc<CudaStream> }}
        macro_rules! define {{
            ($($name:ident($from:ident, $to:ident);)*) => {{ $(
                fn $name() -> Result<(), DriverError> {{
                    let context = CudaContext::new(0)?;
                    unsafe {{ context.disable_event_tracking() }};
                    let ($from, $to) = (context.new_stream()?, context.new_stream()?);
                    let mut values = $from.alloc_zeros::<f32>(1024)?;
                    {wait}
                    $to.memset_zeros(&mut values)?;
                    context.synchronize()
                }}
            )* }};
        }}
        define! {{ one(a, b); other(first, second); }}
        macro_rules! waits {{ ($name:ident, $field:ident) => {{
            fn $name(&self) -> Result<(), DriverError> {{ self.$field.synchronize() }} }}; }}
        impl Pair {{ waits!(wait_first, first); waits!(wait_second, second); }}
        fn two() -> Result<(), DriverError> {{
            let context = CudaContext::new(0)?;
            unsafe {{ context.disable_event_tracking() }};
            let pair = Pair {{ first: context.new_stream()?, second: context.new_stream()? }};
            let mut values = pair.first.alloc_zeros::<f32>(1024)?;
            let mut copy = pair.second.alloc_zeros::<f32>(1024)?;
            context.synchronize()?;
            pair.first.memset_zeros(&mut values)?;
            pair.WAITS()?;
            pair.second.memcpy_dtod(&values, &mut copy)?;
            context.synchronize()
        }}"
        )
    };
    let misuse = "cudarc-untracked-streams";
    // One place, the call, for both functions; without positions, places cannot be compared.
    let places = if cfg!(feature = "positions") { 1 } else { 2 };
    assert_eq!(found(&text("").replace("WAITS", "wait_first")), vec![misuse; places]);
    assert!(found(&text("$from.synchronize()?;").replace("WAITS", "wait_first")).is_empty());
    assert_eq!(found(&text("$from.synchronize()?;").replace("WAITS", "wait_second")), [misuse]);
}

#[test]
fn a_macro_of_another_crate_is_not_the_one_of_that_name() {
    let items = "macro_rules! wait { ($s:expr) => { $s.synchronize()? } }";
    let body = |call: &str| {
        format!("first.memset_zeros(&mut source)?; {call}!(first); second.memcpy_dtod(&source, &mut copy)?;")
    };
    assert!(found(&two_streams(items, &body("wait"))).is_empty());
    assert!(found(&two_streams(items, &body("crate::wait"))).is_empty());
    // What another crate's does is not known: it may wait, or not.
    let items = "macro_rules! wait { ($s:expr) => { let _ = $s; } }";
    assert_eq!(found(&two_streams(items, &body("wait"))), ["cudarc-untracked-streams"]);
    assert!(found(&two_streams(items, &body("other::wait"))).is_empty());
}

#[test]
fn macros_within_macros_come_to_an_end() {
    let items = "macro_rules! forever { ($e:expr) => { forever!($e) }; }
        macro_rules! more { ($e:expr) => { { more!($e); more!($e); } }; }
        macro_rules! odd { ($($t:tt)*) => { $($t)* }; }
        macro_rules! two { () => { 1 }; ($e:expr) => { $e }; }
        macro_rules! broken { ($e:expr) => { let = $e }; }";
    let body = "forever!(first.synchronize()); more!(first.synchronize()); odd!(first.synchronize()); \
                two!(first.synchronize()); broken!(first);";
    assert!(found(&two_streams(items, body)).is_empty());
}

#[test]
fn the_launch_of_cust_is_work_of_its_stream() {
    let text = "use cust::memory::*; use cust::stream::*; use cust::launch;
        fn main() -> Result<(), Box<dyn std::error::Error>> {
        let stream = Stream::new(StreamFlags::NON_BLOCKING, None)?;
        let mut host = LockedBuffer::new(&0.0f32, 1000)?;
        let values = DeviceBuffer::<f32>::zeroed(1000)?;
        unsafe { launch!(module.fill<<<10, 100, 0, stream>>>(values.as_device_ptr(), values.len()))?;
            values.async_copy_to(&mut host, &stream)?; }
        WAIT println!(\"{}\", host[0]); stream.synchronize()?; Ok(()) }";
    assert_eq!(found(&text.replace("WAIT", "")), ["cudarc-raw-async-lifetime"]);
    assert!(found(&text.replace("WAIT", "stream.synchronize()?;")).is_empty());
}

#[test]
fn what_is_no_rust_is_an_error_and_no_panic() {
    for text in ["fn f( {", "fn f() { let = ; }", "\"", "}", "macro_rules! m { (", "impl {}", "\u{0}"] {
        let tokens = text.parse::<proc_macro2::TokenStream>();
        if let Ok(tokens) = tokens {
            let _ = check_item(tokens, &cuda_lint_rust::Options::default());
        }
        let _ = lower_source(text, &FileContext::default());
    }
    assert!(lower_source("fn f( {", &FileContext::default()).is_err());
}

#[test]
fn ten_thousand_lines_and_deep_nesting_are_read() {
    let mut text =
        two_streams("", "first.memset_zeros(&mut source)?; second.memcpy_dtod(&source, &mut copy)?;");
    for number in 0..2_000 {
        text.push_str(&format!(
            "\nfn helper_{number}(stream: &std::sync::Arc<CudaStream>, values: &mut CudaSlice<f32>) {{\n    \
             let count = {number};\n    if count > 3 {{\n        stream.memset_zeros(values).unwrap();\n    }}\n}}"
        ));
    }
    assert!(text.lines().count() > 10_000);
    assert_eq!(found(&text), ["cudarc-untracked-streams"]);
    let deep = format!("fn f() {{ let x = {}1{}; }}", "(".repeat(100), ")".repeat(100));
    assert!(found(&deep).is_empty());
}

#[test]
fn a_macro_that_is_not_expanded_is_no_reason_to_look_at_a_file() {
    let is_host_only = |text: &str| {
        let Ok(lowered) = lower_source(text, &FileContext::default()) else { panic!("no Rust: {text}") };
        UnitIndex::of(&lowered.program, Model::builtin(), &|_| String::new()).is_host_only()
    };
    let made = "fn make(name: &str) -> Tokens { let it = quote! { fn #name() {} }; use_it(it) }";
    assert!(is_host_only(made));
    let waits =
        "fn wait(s: &cudarc::driver::CudaStream) { let it = quote! { #s }; s.synchronize().unwrap(); }";
    assert!(!is_host_only(waits));
}
