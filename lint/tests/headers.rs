//! Headers that sources include: analysed with one of them, each once, and reported once.

mod project;

use project::{Project, READ, early_read};
use serde_json::Value;

/// A source that includes headers and is none of the matter itself.
fn source(includes: &[&str]) -> String {
    let lines: String = includes.iter().map(|name| format!("#include \"{name}\"\n")).collect();
    format!("{lines}#include <cuda_runtime.h>\nvoid wait(cudaStream_t s) {{ cudaStreamSynchronize(s); }}\n")
}

/// A header with a guard; what is wrong with it stands in its ninth line.
fn header(name: &str, read: &str) -> String {
    let body = early_read(&format!("inline_{name}"), read).replace("int inline", "inline int inline");
    format!("#ifndef {name}_H\n#define {name}_H\n{body}#endif\n")
}

/// How many files were analysed, skipped and given up.
fn files(project: &Project) -> [Option<u64>; 3] {
    let report: Value =
        serde_json::from_str(&project.run(&["--format", "json", "."]).stdout).unwrap_or_default();
    let files = &report["files"];
    let failed = files["failed"].as_array().map(|it| it.len() as u64);
    [files["analysed"].as_u64(), files["skipped"].as_u64(), failed]
}

#[test]
fn what_a_header_does_is_reported_once_whoever_includes_it() {
    let project = Project::new(&[
        ("include/a.h", &header("a", READ)),
        ("include/b.h", &format!("#pragma once\n#include \"a.h\"\n{}", header("b", READ))),
        ("src/one.cu", &source(&["../include/a.h"])),
        ("src/two.cu", &source(&["../include/a.h", "../include/b.h"])),
        ("src/three.cpp", &source(&["b.h"])),
    ]);
    let expected = ["include/a.h:9 host-read-before-sync", "include/b.h:11 host-read-before-sync"];
    for jobs in ["1", "4"] {
        assert_eq!(project.found(&["--jobs", jobs, "."]), expected);
    }
    assert_eq!(files(&project), [5, 0, 0].map(Some));
}

#[test]
fn headers_that_no_source_reads_are_files_of_their_own() {
    let guarded = format!("#ifdef NEVER\n{}#endif\n{}", source(&["never.h"]), source(&[]));
    let project = Project::new(&[
        ("alone.h", &header("alone", READ)),
        ("never.h", &header("never", READ)),
        ("main.cu", &guarded),
        // The one beside the source is meant; the other has the same name.
        ("x/util.h", &header("util", READ)),
        ("x/main.cu", &source(&["util.h"])),
        ("y/util.h", &header("other", READ)),
    ]);
    let lines =
        ["alone.h", "never.h", "x/util.h", "y/util.h"].map(|name| format!("{name}:9 host-read-before-sync"));
    assert_eq!(project.found(&["."]), lines);
    assert_eq!(files(&project), [6, 0, 0].map(Some));
}

#[test]
fn a_guard_that_another_header_has_taken_hides_nothing() {
    // Both have the guard of the first: of the second nothing is declared where both are included.
    let second = header("first", READ).replace("inline_first", "inline_second");
    let project = Project::new(&[
        ("first.h", &header("first", READ)),
        ("second.h", &second),
        ("main.cu", &source(&["first.h", "second.h"])),
    ]);
    let expected = ["first.h:9 host-read-before-sync", "second.h:9 host-read-before-sync"];
    assert_eq!(project.found(&["."]), expected);
}

#[test]
fn templates_are_judged_as_their_source_makes_them() {
    let template = "#pragma once\n#include <cuda_runtime.h>\ntemplate <class T> struct Pair {\n\
                    T *h, *d;\n\
                    T read(cudaStream_t s) {\n\
                    cudaMallocHost(&h, 64);\n\
                    cudaMemcpyAsync(h, d, 64, cudaMemcpyDeviceToHost, s);\n\
                    return h[0];\n}\n};\n";
    let used = "#include \"pair.h\"\nint f(Pair<int> &p, Pair<float> &q, cudaStream_t s) { return p.read(s) + q.read(s); }\n";
    for main in [used, "#include \"pair.h\"\nvoid g(cudaStream_t s) { cudaStreamSynchronize(s); }\n"] {
        let project =
            Project::new(&[("pair.h", template), ("main.cu", main), ("other.cu", &source(&["pair.h"]))]);
        // The caller has its own word for the place, `p->h`.
        let mut found = project.found(&["."]);
        found.dedup();
        assert_eq!(found, ["pair.h:8 host-read-before-sync"]);
    }
}

#[test]
fn comments_in_headers_suppress_as_before() {
    let quiet = format!("{READ} // cuda-lint: allow(host-read-before-sync): it is a test");
    let project = Project::new(&[("a.h", &header("a", &quiet)), ("main.cu", &source(&["a.h"]))]);
    assert_eq!(project.found(&["."]), Vec::<String>::new());
}

#[test]
fn code_that_a_header_hides_is_seen() {
    let body = early_read("hidden", READ).replace("int hidden", "inline int hidden");
    let project = Project::new(&[
        ("a.h", &format!("#pragma once\n#ifdef USE_IT\n{body}#endif\n")),
        ("main.cu", &source(&["a.h"])),
    ]);
    assert_eq!(project.found(&["."]), ["a.h:9 host-read-before-sync"]);
}
