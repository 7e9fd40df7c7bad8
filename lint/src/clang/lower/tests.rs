//! Golden tests: each `golden/*.cu` lowers to the text beside it.
//!
//! `CUDA_LINT_BLESS=1 cargo test` writes the texts anew; read the difference before you commit it.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use clang_sys::*;
use cuda_lint_engine::program::{Op, Origin, Space};

use super::{Lowered, lower};

const PRELUDE: &str = "/__cuda_lint/test/prelude.h";
const MAIN: &str = "/__cuda_lint/test/main.cu";

/// libclang, loaded once for all tests.
fn library() -> Arc<SharedLibrary> {
    static LIBRARY: OnceLock<Mutex<Arc<SharedLibrary>>> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        // libclang's own threads have small stacks.
        // SAFETY: inside the initialisation that all tests wait for.
        unsafe { std::env::set_var("LIBCLANG_NOTHREADS", "1") };
        if std::env::var_os("LIBCLANG_PATH").is_none() {
            // The wheel that cuda-lint is distributed with, if Python has it; else what the system has.
            let script = "import clang, os; print(os.path.join(os.path.dirname(clang.__file__), 'native'))";
            if let Ok(python) = Command::new("python3").args(["-c", script]).output()
                && python.status.success()
            {
                let folder = String::from_utf8_lossy(&python.stdout).trim().to_owned();
                // SAFETY: inside the initialisation that all tests wait for.
                unsafe { std::env::set_var("LIBCLANG_PATH", folder) };
            }
        }
        load().expect("libclang is installed: python3 -m pip install libclang==18.1.1");
        Mutex::new(get_library().expect("libclang is loaded"))
    });
    library.lock().expect("no test panics while it holds the lock").clone()
}

/// Parses and lowers a text.
fn lowered(code: &str) -> Lowered {
    set_library(Some(library()));
    let code = code.to_owned();
    let args = [
        "-x",
        "cuda",
        "--cuda-host-only",
        "-nocudainc",
        "-nocudalib",
        "-nostdinc",
        "-std=c++17",
        "-ferror-limit=0",
        "-w",
        "-include",
        PRELUDE,
    ];
    let prelude = include_str!("golden/prelude.h");
    let args: Vec<CString> = args.iter().map(|arg| CString::new(*arg).expect("no NUL")).collect();
    let args: Vec<*const std::os::raw::c_char> = args.iter().map(|arg| arg.as_ptr()).collect();
    let names = [CString::new(PRELUDE).expect("no NUL"), CString::new(MAIN).expect("no NUL")];
    let texts = [prelude, &code];
    let mut files: Vec<CXUnsavedFile> = names
        .iter()
        .zip(texts)
        .map(|(name, text)| CXUnsavedFile {
            Filename: name.as_ptr(),
            Contents: text.as_ptr().cast(),
            Length: text.len() as std::os::raw::c_ulong,
        })
        .collect();
    let options = CXTranslationUnit_KeepGoing | CXTranslationUnit_DetailedPreprocessingRecord;
    // SAFETY: all pointers outlive the calls; unit and index are disposed once.
    unsafe {
        let index = clang_createIndex(1, 0);
        let unit = clang_parseTranslationUnit(
            index,
            names[1].as_ptr(),
            args.as_ptr(),
            args.len() as std::os::raw::c_int,
            files.as_mut_ptr(),
            files.len() as std::os::raw::c_uint,
            options,
        );
        assert!(!unit.is_null(), "the text parses");
        let read = super::Read { is_virtual: &|path| path == PRELUDE, adopted: &[] };
        let result = lower(unit, MAIN, &code, &read);
        clang_disposeTranslationUnit(unit);
        clang_disposeIndex(index);
        result
    }
}

/// The text of a program without its sites.
fn text(lowered: &Lowered) -> String {
    let text = lowered.program.to_string();
    let mut out = String::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some(at) = rest.find(" @") {
            out.push_str(&rest[..at]);
            rest = rest[at + 2..].trim_start_matches(|letter: char| letter.is_ascii_digit());
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

fn golden(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/clang/lower/golden");
    let code = std::fs::read_to_string(folder.join(format!("{name}.cu"))).expect("the source is there");
    let actual = text(&lowered(&code));
    let path: PathBuf = folder.join(format!("{name}.txt"));
    if std::env::var_os("CUDA_LINT_BLESS").is_some() {
        std::fs::write(&path, &actual).expect("the text can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).expect("CUDA_LINT_BLESS=1 writes the text");
    assert!(actual == expected, "{name}: expected\n{expected}\ngot\n{actual}");
}

macro_rules! golden {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            golden(stringify!($name));
        }
    )* };
}

golden! {
    launch check_macro container raii callback streams cleanup returns exceptions range_for reference
    template_pattern switch lost array_parameters
}

/// The text that a site covers.
fn covered<'c>(lowered: &Lowered, code: &'c str, site: cuda_lint_engine::program::SiteId) -> &'c str {
    let position = lowered.sources.sites[site.0 as usize];
    &code[position.offset as usize..position.end_offset as usize]
}

#[test]
fn sites_are_where_the_user_wrote_them() {
    let code = "#define TWICE(x) x; x\nvoid f(cudaStream_t s) {\n  TWICE(cudaStreamSynchronize(s));\n}\n";
    let lowered = lowered(code);
    let function = &lowered.program.functions[0];
    assert_eq!(covered(&lowered, code, function.site), "f");
    let calls: Vec<_> = function
        .blocks
        .iter()
        .flat_map(|block| &block.statements)
        .filter(|statement| matches!(statement.op, Op::Call(_)))
        .map(|statement| lowered.sources.sites[statement.site.0 as usize])
        .collect();
    assert_eq!(calls.len(), 2, "{}", lowered.program);
    for call in calls {
        assert_eq!((call.line, call.column), (3, 9));
    }
}

#[test]
fn functions_that_macros_define_are_roots() {
    let code = "#define TEST(suite, name) void suite##_##name()\nTEST(a, b) { int x = 1; }\n";
    let lowered = lowered(code);
    let names: Vec<&str> = lowered.program.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["a_b"]);
    assert!(lowered.program.functions[0].is_root);
}

#[test]
fn the_address_of_what_a_call_returns_is_not_that_of_the_callee() {
    let code = "int &pick(); void use(void *p);\n\
                void f() { std::vector<int> v(1); use(&v[0]); use(&pick()); use((void *)&pick); }\n";
    let text = text(&lowered(code));
    assert!(!text.contains("&std::vector::operator[]"), "{text}");
    assert_eq!(text.matches("call pick(").count(), 1, "{text}");
    assert_eq!(text.matches("= &pick").count(), 1, "{text}");
}

#[test]
fn calls_that_the_preprocessor_skips_are_not_lost() {
    let code = "void f(cudaStream_t s) {\n#ifdef UNDEFINED\n  cudaStreamSynchronize(s);\n#endif\n}\n";
    assert!(lowered(code).program.functions[0].unlowered.is_empty());
}

#[test]
fn invalid_calls_are_listed_with_their_arguments() {
    let lowered = lowered("void f(cudaStream_t s) { cudaFooAsync(s, 1, (2, 3)); }\n");
    let calls = &lowered.program.invalid_calls;
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].name.as_str(), calls[0].args), ("cudaFooAsync", 3));
    assert!(!lowered.program.functions[0].unlowered.is_empty());
}

#[test]
fn functions_that_are_lost_whole_are_said() {
    let lowered = lowered("template <class T> void Missing<T>::run() { cudaFree(pointer); cudaFree(0); }\n");
    let notes: Vec<&str> = lowered
        .program
        .functions
        .iter()
        .flat_map(|function| &function.unlowered)
        .map(|note| note.reason.as_str())
        .collect();
    assert_eq!(notes, ["`cudaFree` and 1 more stand outside of every function that could be read"]);
}

#[test]
fn missing_includes_are_said() {
    assert!(lowered("#include <no/such/file.h>\n").program.unresolved_includes);
    assert!(!lowered("int x;\n").program.unresolved_includes);
}

#[test]
fn kernels_that_no_other_file_can_launch_are_lowered_only_when_launched() {
    let shared = lowered("__global__ void k(int *p) { *p = 1; }\n").program;
    assert_eq!(shared.functions[0].linkage, cuda_lint_engine::program::Linkage::External);
    let kernel = "__global__ static void k(int *p) { *p = 1; }\n";
    assert!(lowered(kernel).program.functions.is_empty());
    let launched = lowered(&format!("{kernel}void f(int *p) {{ k<<<1, 1>>>(p); }}\n"));
    assert!(launched.program.functions.iter().any(|function| function.space == Space::Kernel));
}

#[test]
fn names_have_no_inline_namespaces_and_no_template_arguments() {
    let lowered = lowered("void f() { std::vector<int> v(1); float *p; cudaMalloc(&p, 4); }\n");
    let names: Vec<&str> = lowered.program.externs.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["std::vector::vector", "cudaMalloc", "std::vector::~vector"]);
    assert!(lowered.program.externs.iter().all(|entry| entry.origin == Origin::System));
}

#[test]
fn deep_expressions_do_not_overflow() {
    let sum = vec!["x"; 20_000].join(" + ");
    let code = format!("int f(int x) {{ return {sum}; }}\n");
    let run = move || lowered(&code).program.functions[0].values;
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(run).expect("a thread");
    assert!(thread.join().expect("no overflow") > 40_000);
}

#[test]
fn text_outside_code_holds_no_calls() {
    let scan = |text: &str| -> Vec<String> {
        super::gate::scan(text.as_bytes(), &[]).into_iter().map(|call| call.name).collect()
    };
    assert_eq!(scan("cudaFree(p); k<<<1, 2>>>();"), ["cudaFree", "<<<"]);
    assert!(scan("// cudaFree(p)\n/* cudaFree(p) */ \"cudaFree(p)\" 'c'").is_empty());
    assert!(scan("R\"x(cudaFree(p) \" )x\"").is_empty());
    assert!(scan("#define FREE(p) cudaFree(p); \\\n  cudaFree(q)\n").is_empty());
    assert!(scan("#define cudaCheck(p) p\nvoid f() { cudaCheck(1); }").is_empty());
    assert!(scan("cudaStream_t stream(0); custom(1); cudaStream_t(0)").is_empty());
    assert_eq!(scan("x = 1'000; cudaFree (p)"), ["cudaFree"]);
}

/// What depends on template parameters may seem to derive from itself, or to hold itself.
#[test]
fn a_pattern_that_leads_back_to_itself_ends() {
    let lowered = lowered(
        "template <class T, int N> struct Codec { ~Codec(); T *data; };\n\
         template <class T> struct Codec<T, 8> : Codec<T, 1> { Codec<T, 8> *next; };\n\
         template <int N> struct Chain : Chain<N - 1> { Chain<N + 1> inner; Chain() {} ~Chain() {} };\n\
         template <> struct Chain<0> {};\n\
         template <class T, int N> void f() { Codec<T, N> a; Codec<T, 8> b; }\n\
         template <int N> void g(Chain<N> &x) { Chain<N> a; Chain<N> b = a; Chain<N> c[2]; }\n\
         void h() { f<int, 8>(); }\n",
    );
    assert!(lowered.program.functions.iter().any(|it| it.name == "h"));
}
