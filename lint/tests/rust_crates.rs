//! What Rust files of one crate, and crates of one project, know of each other: types, methods, traits, macros.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const MANIFEST: &str =
    "[package]\nname = \"my-app\"\nversion = \"0.1.0\"\n[dependencies]\ncudarc = \"0.19\"\n";

/// A structure with page-locked memory, which is handed to copies as a slice: nothing is recorded.
const STAGING: &str = "use cudarc::driver::*;\nuse std::sync::Arc;\n\
    pub struct Staging { pub host: PinnedHostSlice<f32>, device: CudaSlice<f32>, pub stream: Arc<CudaStream> }\n\
    impl Staging {\n\
        pub fn new(ctx: &Arc<CudaContext>) -> Result<Self, DriverError> {\n\
            let stream = ctx.new_stream()?;\n\
            let device = stream.alloc_zeros::<f32>(1024)?;\n\
            let host = unsafe { ctx.alloc_pinned::<f32>(1024)? };\n\
            stream.synchronize()?;\n\
            Ok(Self { host, device, stream })\n\
        }\n\
        pub fn fetch(&mut self) -> Result<(), DriverError> {\n\
            self.stream.memcpy_dtoh(&self.device, self.host.as_mut_slice()?)\n\
        }\n\
    }\n\
    pub trait Source {\n\
        fn fill(&mut self) -> Result<(), DriverError>;\n\
        fn filled(&mut self) -> Result<(), DriverError> { self.fill() }\n\
    }\n\
    impl Source for Staging { fn fill(&mut self) -> Result<(), DriverError> { self.fetch() } }\n\
    #[macro_export]\nmacro_rules! wait { ($s:expr) => { $s.stream.synchronize()? }; ($($s:expr),+ ; all) => { $( wait!($s); )+ }; }\n\
    #[macro_export]\nmacro_rules! first_of { ($s:expr) => { $s.host.as_slice()?[0] }; (of $v:expr) => { $v }; }\n\
    macro_rules! methods { ($($name:ident => $call:ident),* $(,)?) => { impl Staging { $(\n\
        pub fn $name(&self) -> Result<(), DriverError> { self.stream.$call() } )* } }; }\n\
    methods! { settle => synchronize, }\n";

/// A file with one function, which makes a staging buffer and reads it after some calls: in line 6.
fn reader(imports: &str, calls: &str) -> String {
    format!(
        "{imports}\nuse cudarc::driver::*;\n\
         pub fn first() -> Result<f32, DriverError> {{\n    let ctx = CudaContext::new(0)?;\n    \
         let mut staging = Staging::new(&ctx)?; {calls}\n    let value = staging.host.as_slice()?[0];\n    \
         staging.stream.synchronize()?;\n    Ok(value)\n}}\n"
    )
}

/// File, line and rule of what is found in these files.
fn found(files: &[(&str, &str)]) -> Result<Vec<String>, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        std::fs::write(path, text)?;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_cuda-lint"));
    let output = command.args(["--format", "json", "."]).current_dir(folder.path()).output()?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let place = |it: &Value| format!("{}:{} {}", it["file"], it["line"], it["rule"]).replace('"', "");
    Ok(report["diagnostics"].as_array().into_iter().flatten().map(place).collect())
}

fn in_crate(imports: &str, calls: &str) -> Vec<String> {
    let up = reader(imports, calls);
    let files = [
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", "mod buffers;\nmod net;\npub use buffers::Staging;\npub use net::*;\n"),
        ("src/buffers.rs", STAGING),
        ("src/net/mod.rs", "pub mod up;\n"),
        ("src/net/up.rs", &up),
    ];
    found(&files).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn fields_and_methods_of_a_type_of_another_file_are_known() {
    let misuse = ["src/net/up.rs:6 cudarc-pinned-as-slice"];
    for imports in ["use crate::buffers::Staging;", "use crate::Staging;", "use super::super::buffers::*;"] {
        assert_eq!(in_crate(imports, "staging.fetch()?;"), misuse, "{imports}");
        assert!(
            in_crate(imports, "staging.fetch()?; staging.stream.synchronize()?;").is_empty(),
            "{imports}"
        );
    }
}

#[test]
fn methods_of_traits_are_those_of_the_type() {
    let imports = "use crate::buffers::{Staging, Source};";
    let misuse = ["src/net/up.rs:6 cudarc-pinned-as-slice"];
    for calls in [
        "staging.fill()?;",
        "staging.filled()?;",
        "Source::fill(&mut staging)?;",
        "let source: &mut dyn Source = &mut staging; source.fill()?;",
    ] {
        assert_eq!(in_crate(imports, calls), misuse, "{calls}");
    }
}

#[test]
fn macros_of_another_file_are_expanded() {
    let imports = "use crate::Staging;";
    assert!(in_crate(imports, "staging.fetch()?; crate::wait!(staging);").is_empty());
    assert!(in_crate(imports, "staging.fetch()?; crate::wait!(staging, staging; all);").is_empty());
    // A macro of that name that another crate has may do anything, or nothing.
    let other = "use tokio::wait;\nuse crate::Staging;";
    assert!(in_crate(other, "staging.fetch()?; wait!(staging);").is_empty());
}

#[test]
fn methods_that_a_macro_makes_are_known_in_other_files() {
    let imports = "use crate::Staging;";
    assert_eq!(in_crate(imports, "staging.fetch()?;"), ["src/net/up.rs:6 cudarc-pinned-as-slice"]);
    assert!(in_crate(imports, "staging.fetch()?; staging.settle()?;").is_empty());
}

#[test]
fn findings_stand_at_the_tokens_of_the_call() {
    let read = |call: &str| {
        let text = format!(
            "use crate::Staging;\nuse cudarc::driver::*;\n\
             pub fn first() -> Result<f32, DriverError> {{\n    let ctx = CudaContext::new(0)?;\n    \
             let mut staging = Staging::new(&ctx)?; staging.fetch()?;\n    let value = {call};\n    \
             staging.stream.synchronize()?;\n    Ok(value)\n}}\n"
        );
        let files = [
            ("Cargo.toml", MANIFEST),
            ("src/lib.rs", "mod buffers;\nmod up;\npub use buffers::Staging;\n"),
            ("src/buffers.rs", STAGING),
            ("src/up.rs", &text),
        ];
        found(&files).unwrap_or_else(|error| panic!("{error}"))
    };
    assert_eq!(read("crate::first_of!(\n    staging)"), ["src/up.rs:6 cudarc-pinned-as-slice"]);
    let own = "crate::first_of!(\n    of\n    staging.host.as_slice()?[0])";
    assert_eq!(read(own), ["src/up.rs:8 cudarc-pinned-as-slice"]);
}

#[test]
fn crates_of_one_project_know_each_other() {
    let manifest = "[package]\nname = \"tool\"\nversion = \"0.1.0\"\n\
                    [dependencies]\napp = { path = \"../app\", package = \"my-app\" }\ncudarc = \"0.19\"\n";
    let main =
        format!("{}fn main() {{ first().unwrap(); }}\n", reader("use app::Staging;", "staging.fetch()?;"));
    let files = [
        ("app/Cargo.toml", MANIFEST),
        ("app/src/lib.rs", "mod buffers;\npub use buffers::Staging;\n"),
        ("app/src/buffers.rs", STAGING),
        ("tool/Cargo.toml", manifest),
        ("tool/src/main.rs", &main),
    ];
    assert_eq!(found(&files).unwrap(), ["tool/src/main.rs:6 cudarc-pinned-as-slice"]);
}

#[test]
fn memory_of_elements_goes_with_their_container() {
    let program = |body: &str| {
        format!(
            "use cudarc::driver::*;\nfn main() -> Result<(), DriverError> {{\n    \
             let context = CudaContext::new(0)?;\n    unsafe {{ context.disable_event_tracking() }};\n    \
             let default = context.default_stream();\n    let stream = context.new_stream()?;\n    \
             let mut copy = default.alloc_zeros::<f32>(1 << 20)?;\n    \
             let one = default.alloc_zeros::<f32>(1 << 20)?;\n    context.synchronize()?;\n    \
             stream.memcpy_dtod(&one, &mut copy)?;\n    {body}\n    stream.synchronize()\n}}\n"
        )
    };
    let misuse = ["main.rs:11 cudarc-untracked-streams"];
    for body in [
        "let mut all = Vec::new(); all.push(one); drop(all);",
        "drop(vec![one]);",
        "let all = [one]; drop(all);",
        "let pair = (one, 3); drop(pair);",
        "let maybe = Some(Box::new(one)); drop(maybe);",
    ] {
        assert_eq!(found(&[("main.rs", &program(body))]).unwrap(), misuse, "{body}");
    }
    for body in [
        "let mut all = Vec::new(); all.push(one); stream.synchronize()?; drop(all);",
        "let mut all = vec![one]; let kept = all.pop(); drop(all); stream.synchronize()?; drop(kept);",
        "let mut all = vec![one]; let kept = std::mem::take(&mut all); drop(all); stream.synchronize()?; drop(kept);",
        "let all = vec![one]; for each in all { stream.synchronize()?; drop(each); }",
    ] {
        assert!(found(&[("main.rs", &program(body))]).unwrap().is_empty(), "{body}");
    }
}
