//! Macros of the program, and input that is no program: each gives an answer, and none takes the lowering down.

use cuda_lint_engine::cuda::Model;
use cuda_lint_engine::link::UnitIndex;
use cuda_lint_engine::{Confidence, Options, Severity, analyse};
use cuda_lint_rust::{FileContext, check_item, lower_source};

/// What is reported by default, by lines.
fn found(text: &str) -> Vec<String> {
    let context = FileContext { module: vec!["krate".to_owned()], ..FileContext::default() };
    let lowered = match lower_source(text, &context) {
        Ok(lowered) => lowered,
        Err(error) => panic!("{error}"),
    };
    let found = analyse(&lowered.program, &Options::new());
    let shown = |it: &cuda_lint_engine::Diagnostic| {
        it.severity >= Severity::Warning && it.confidence > Confidence::Possible
    };
    found.diagnostics.into_iter().filter(shown).map(|it| it.rule.to_owned()).collect()
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
