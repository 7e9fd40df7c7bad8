//! What a closure makes and `collect` gathers is known as what is pushed is.

mod reported;

use cuda_lint_rust::FileContext;
use reported::{analysed, rules};

fn rules_in(body: &str) -> Vec<&'static str> {
    let text = format!(
        "use cudarc::driver::*; use std::sync::Arc; struct Part {{ data: CudaSlice<f32>, id: usize }}\n\
         fn main() -> Result<(), DriverError> {{\n let ctx = CudaContext::new(0)?; let stream = ctx.new_stream()?;\n\
         let other = ctx.new_stream()?;\n{body}\n stream.synchronize()?; other.synchronize()?; Ok(())\n}}"
    );
    let found = analysed(&text, &FileContext::default());
    assert!(found.partial.is_empty(), "{:?}", found.partial);
    rules(found)
}

/// Without event tracking, so that orders are the program's own.
const PINNED: &str = "let mut hosts = (0..4).map(|_| unsafe { cudarc::driver::result::malloc_host(64, 0) })
    .collect::<Result<Vec<_>, _>>()?;";

#[test]
fn loops_over_what_was_collected_see_the_elements() {
    let copies = "let mut raw = Vec::new(); let device = unsafe { cudarc::driver::result::malloc_sync(64)? };
        for host in &hosts { unsafe { cudarc::driver::result::memcpy_dtoh_async(*host, device, stream.cu_stream())?; } }";
    let reads = "for host in &hosts { raw.push(unsafe { *(*host as *const f32) }); }";
    let wait = "stream.synchronize()?;";
    assert_eq!(rules_in(&format!("{PINNED} {copies} {reads}")), ["cudarc-raw-async-lifetime"]);
    assert_eq!(rules_in(&format!("{PINNED} {copies} {wait} {reads}")), [""; 0]);
}

#[test]
fn what_was_collected_goes_with_its_vector() {
    let made = [
        "let parts = (0..4).map(|_| stream.alloc_zeros::<f32>(8)).collect::<Result<Vec<_>, _>>()?;",
        "let parts: Vec<_> = (0..4).map(|_| stream.alloc_zeros::<f32>(8).unwrap()).collect();",
        "let sizes = [1, 2]; let parts: Result<Vec<_>, DriverError> =
            sizes.iter().map(|n| { let mut it = stream.alloc_zeros::<f32>(*n)?; stream.memset_zeros(&mut it)?; Ok(it) })
            .collect(); let parts = parts?;",
    ];
    for made in made {
        for then in [
            "for part in &parts { println!(\"{:?}\", stream.clone_dtoh(part)?); }",
            "for mut part in parts { stream.memset_zeros(&mut part)?; }",
            "let first = parts.into_iter().next().unwrap(); drop(first);",
            "drop(parts);",
        ] {
            assert_eq!(rules_in(&format!("{made} {then}")), [""; 0], "{made} {then}");
        }
        let address = "let at = { let (at, _guard) = parts[0].device_ptr(&stream); at }; drop(parts);
            stream.synchronize()?;
            unsafe { cudarc::driver::result::memset_d8_async(at, 0, 4, stream.cu_stream())?; }";
        assert_eq!(rules_in(&format!("{made} {address}")), ["device-use-after-free"], "{made}");
    }
}

/// cubecl's `drop_queue.flush(|| Fence::new(stream))`, which waits for the event and destroys it.
#[test]
fn what_a_closure_makes_belongs_to_who_runs_it() {
    let made = "|| unsafe { let event = cudarc::driver::result::event::create(CUevent_flags::CU_EVENT_DEFAULT).unwrap();
        cudarc::driver::result::event::record(event, stream.cu_stream()).unwrap(); event }";
    assert_eq!(rules_in(&format!("elsewhere::flush({made});")), [""; 0]);
    assert_eq!(
        rules_in(&format!("for _ in 0..9 {{ let make = {made}; let lost = make(); }}")),
        ["resource-leak"]
    );
}

#[test]
fn other_collections_are_nobody_s_vector() {
    for body in [
        "let names: std::collections::HashMap<_, _> = (0..3).map(|n| (n, n + 1)).collect(); println!(\"{names:?}\");",
        "let name = (0..3).map(|n| n as u8 as char).collect::<String>(); println!(\"{name}\");",
        "let parts: Vec<Part> = (0..3).map(|id| Part { data: stream.alloc_zeros(8).unwrap(), id }).collect();
         for part in &parts { println!(\"{} {:?}\", part.id, stream.clone_dtoh(&part.data)?); }",
        "let some: Vec<_> = (0..9).filter_map(|n| if n > 3 { Some(stream.alloc_zeros::<f32>(n).unwrap()) } else { None })
         .collect(); for part in &some { stream.clone_dtoh(part)?; }",
    ] {
        assert_eq!(rules_in(body), [""; 0], "{body}");
    }
}
