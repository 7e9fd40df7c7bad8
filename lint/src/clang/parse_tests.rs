//! Parses of whole files, as the command does them.

use std::fs;
use std::path::Path;

use super::configuration::inactive_cuda_regions;
use super::flags::{FrontendOptions, UnitOptions};
use super::library::on_big_stack;
use super::parse::{Care, Frontend, ParseError, Source, parse};
use super::prelude::Preludes;
use super::testing::{frontend, library, with_unit, with_unit_of};
use crate::include_index::IncludeIndex;

const COPY: &str = "#include <cuda_runtime.h>\n#include <vector>\n\
    void f(cudaStream_t s, float *d) {\n  std::vector<float> v(10);\n\
      cudaMemcpyAsync(d, v.data(), 40, cudaMemcpyHostToDevice, s);\n  cudaStreamSynchronize(s);\n}\n";

#[test]
fn an_ordinary_file_parses_without_errors_in_one_pass() {
    with_unit("t.cu", COPY, |unit| {
        assert!(unit.trace.messages.is_empty(), "{:?}", unit.trace.messages);
        assert_eq!(unit.trace.passes, 1);
        assert!(unit.trace.invented.is_empty() && unit.missing_includes.is_empty());
    });
    with_unit("t.cpp", COPY, |unit| assert!(unit.trace.messages.is_empty(), "{:?}", unit.trace.messages));
    with_unit(
        "t.c",
        "#include <cuda_runtime.h>\n#include <stdlib.h>\nint main(void) { void *p; cudaMalloc(&p, 4); cudaFree(p); return 0; }\n",
        |unit| {
            assert!(unit.trace.messages.is_empty(), "{:?}", unit.trace.messages);
        },
    );
}

#[test]
fn a_precompiled_prelude_gives_the_same_result() {
    let folder = tempfile::tempdir().unwrap();
    let precompiled = Frontend {
        library: library(),
        preludes: Preludes::shared(folder.path()),
        headers: IncludeIndex::default(),
    };
    let options =
        FrontendOptions { defines: vec!["N=4".into(), "size_t=int".into()], ..FrontendOptions::default() };
    let text = format!("{COPY}void g(cudaStream_t s) {{ unknown(N, s); int x[N]; missing_api(); }}\n");
    for name in ["t.cu", "t.cpp"] {
        let look = |frontend: &Frontend| {
            with_unit_of(frontend, name, &text, &options, |unit| {
                (unit.trace.messages.clone(), unit.trace.invented.clone(), unit.trace.passes)
            })
        };
        let with = look(&precompiled);
        assert_eq!(with, look(&frontend()));
        assert!(with.0.is_empty(), "{:?}", with.0);
        assert_eq!(with.1.len(), 2);
    }
    assert_eq!(
        fs::read_dir(folder.path())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|x| x == "pch"))
            .count(),
        2
    );
}

#[test]
fn precompiled_preludes_serve_every_standard() {
    let folder = tempfile::tempdir().unwrap();
    let precompiled = Frontend {
        library: library(),
        preludes: Preludes::shared(folder.path()),
        headers: IncludeIndex::default(),
    };
    let text = format!(
        "{COPY}struct A {{ ~A(); }};\nvoid g(A *a, int *p) {{ delete[] a; delete p; p = new int[3]; }}\n"
    );
    for name in ["t.cu", "t.cpp"] {
        for standard in ["c++11", "c++14", "c++17", "c++20", "c++23"] {
            let options = FrontendOptions { standard: Some(standard.into()), ..FrontendOptions::default() };
            // The second parse finds the prelude ready.
            for _ in 0..2 {
                with_unit_of(&precompiled, name, &text, &options, |unit| {
                    assert!(unit.trace.precompiled, "{name} {standard}");
                    assert!(unit.trace.messages.is_empty(), "{name} {standard} {:?}", unit.trace.messages);
                });
            }
        }
    }
}

#[test]
fn a_broken_precompiled_prelude_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let broken = Frontend {
        library: library(),
        preludes: Preludes::shared(folder.path()),
        headers: IncludeIndex::default(),
    };
    let _ = with_unit_of(&broken, "t.cu", COPY, &FrontendOptions::default(), |unit| unit.trace.passes);
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pch") {
            fs::write(path, "CPCH nonsense").unwrap();
        }
    }
    with_unit_of(&broken, "t.cu", COPY, &FrontendOptions::default(), |unit| {
        assert!(unit.trace.messages.is_empty(), "{:?}", unit.trace.messages);
    });
}

#[test]
fn headers_of_the_project_are_found_by_their_suffix() {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir_all(tree.path().join("src")).unwrap();
    fs::create_dir_all(tree.path().join("inc/util")).unwrap();
    fs::create_dir(tree.path().join(".git")).unwrap();
    fs::write(tree.path().join("inc/util/check.h"), "#include \"deep.h\"\nvoid check(int);\n").unwrap();
    fs::write(tree.path().join("inc/util/deep.h"), "void deep(int);\n").unwrap();
    let main = tree.path().join("src/main.cu");
    let text = "#include \"../common/util/check.h\"\n#include <util/deep.h>\n#include \"none.h\"\nvoid f() { check(1); deep(2); }\n";
    fs::write(&main, text).unwrap();
    let frontend = Frontend {
        library: library(),
        preludes: Preludes::textual(),
        headers: IncludeIndex::new([tree.path()]),
    };
    // The suffix of the first include is not in the tree: "common/util/check.h" is not "util/check.h".
    with_unit_of(&frontend, main.to_str().unwrap(), text, &FrontendOptions::default(), |unit| {
        let missing: Vec<_> =
            unit.missing_includes.iter().map(|include| (include.name.as_str(), include.line)).collect();
        assert_eq!(missing, [("../common/util/check.h", 1), ("none.h", 3)]);
        assert!(unit.trace.messages.is_empty(), "{:?}", unit.trace.messages);
        assert_eq!(unit.trace.invented.len(), 1, "{:?}", unit.trace.invented);
    });
    let text = text.replace("../common/", "../elsewhere/../");
    with_unit_of(&frontend, main.to_str().unwrap(), &text, &FrontendOptions::default(), |unit| {
        assert!(
            unit.trace.invented.is_empty() && unit.trace.messages.is_empty(),
            "{:?} {:?}",
            unit.trace.messages,
            unit.missing_includes
        );
    });
}

#[test]
fn a_project_that_is_a_library_itself_uses_its_own_headers() {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir_all(tree.path().join("include/rmm/detail")).unwrap();
    fs::create_dir(tree.path().join(".git")).unwrap();
    fs::write(
        tree.path().join("include/rmm/mine.hpp"),
        "#include <rmm/detail/deep.hpp>\n#include <rmm/none.hpp>\n",
    )
    .unwrap();
    fs::write(
        tree.path().join("include/rmm/detail/deep.hpp"),
        "namespace rmm { struct device_buffer { int own; }; }\n",
    )
    .unwrap();
    let main = tree.path().join("main.cpp");
    let text = "#include <rmm/mine.hpp>\nint f(rmm::device_buffer b) { return b.own; }\n";
    let frontend = Frontend {
        library: library(),
        preludes: Preludes::textual(),
        headers: IncludeIndex::new([tree.path()]),
    };
    with_unit_of(&frontend, main.to_str().unwrap(), text, &FrontendOptions::default(), |unit| {
        assert!(
            unit.trace.messages.is_empty() && unit.trace.invented.is_empty(),
            "{:?}",
            unit.trace.messages
        );
        assert_eq!(unit.missing_includes.len(), 1);
        assert_eq!(unit.trace.passes, 1);
    });
}

#[test]
fn files_that_are_no_source_are_refused_with_a_reason() {
    let tree = tempfile::tempdir().unwrap();
    let path = tree.path().join("a.cu");
    fs::write(&path, [0_u8; 100]).unwrap();
    let error = Source::read(&path).unwrap_err();
    assert!(matches!(error, ParseError::Binary) && error.to_string().contains("null bytes"));
    assert!(Source::read(tree.path()).unwrap_err().to_string().contains("cannot be read"));
    assert!(Source::read(&tree.path().join("none.cu")).unwrap_err().to_string().contains("cannot be read"));
    let utf16: Vec<u8> = "int main() {}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(Source::from_bytes(&path, utf16.clone()), Err(ParseError::Binary)));
    let marked = [&[0xff, 0xfe], &utf16[..]].concat();
    assert_eq!(Source::from_bytes(&path, marked).unwrap().text, "int main() {}");
    let swapped: Vec<u8> = "// Grüße".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(Source::from_bytes(&path, [&[0xfe, 0xff], &swapped[..]].concat()).unwrap().text, "// Grüße");
    // Half of a surrogate pair is no text.
    assert!(Source::from_bytes(&path, vec![0xff, 0xfe, 0x00, 0xd8, 0x41, 0x00]).is_err());
}

#[test]
fn text_in_another_encoding_keeps_its_offsets() {
    let bytes = b"// caf\xe9 \xe9t\xe9 \xc3\xa9\nvoid f() { cudaDeviceSynchronize(); }\n\xff".to_vec();
    let source = Source::from_bytes(Path::new("a.cu"), bytes.clone()).unwrap();
    assert_eq!(source.text.len(), bytes.len());
    assert!(source.text.contains("caf? ?t? \u{e9}\n"));
    with_unit("a.cu", &source.text.replace("\n?", "\n"), |unit| assert!(unit.trace.messages.is_empty()));
}

#[test]
fn launches_that_a_formatter_tore_apart_are_read() {
    let text = "#include <cuda_runtime.h>\n__global__ void k(int);\nvoid f(cudaStream_t s) { k << <1, 2, 0, s >> > (3); }\n";
    let source = Source::from_bytes(Path::new("t.cu"), text.into()).unwrap();
    assert_eq!(source.text.len(), text.len());
    assert!(source.text.contains("k <<< 1, 2, 0, s >>>  (3);"), "{}", source.text);
    with_unit("t.cu", text, |unit| assert!(unit.trace.messages.is_empty(), "{:?}", unit.trace.messages));
    let other = Source::from_bytes(Path::new("t.cu"), b"a << <b; c >> > (d)".to_vec()).unwrap();
    assert_eq!(other.text, "a << <b; c >> > (d)");
}

#[test]
fn hostile_inputs_end_in_a_unit_or_an_error() {
    let deep = format!("int f() {{ return {}1{}; }}", "(".repeat(3_000), ")".repeat(3_000));
    let chain = format!("int f(int a) {{ return a{}; }}", " + a".repeat(20_000));
    let blocks =
        format!("void f() {{ {} cudaDeviceSynchronize(); {} }}", "{".repeat(2_000), "}".repeat(2_000));
    let broken = "#include <cuda_runtime.h>\nvoid f() { cudaMalloc((void**)&p, 4; if (x { foo<<<1, 2>>>(";
    let names: String = (0..3_000).map(|n| format!("x{n}({n});\n")).collect();
    let unknown = format!("void f() {{ {names} }}");
    for text in [
        "",
        "\u{feff}",
        "}}}}",
        "#include \"t.cu\"\n",
        "#if\n#else\n",
        "\"",
        "/*",
        &deep,
        &chain,
        &blocks,
        broken,
        &unknown,
    ] {
        with_unit("t.cu", text, |unit| inactive_cuda_regions(unit).len());
    }
    for end in (0..COPY.len()).step_by(7) {
        with_unit("t.cu", &COPY[..end], |unit| unit.trace.passes);
    }
}

#[cfg(unix)]
#[test]
fn devices_without_an_end_are_empty() {
    let tree = tempfile::tempdir().unwrap();
    let link = tree.path().join("link.h");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    let text = format!("#include \"/dev/zero\"\n#include {link:?}\n{COPY}");
    with_unit("t.cu", &text, |unit| assert!(unit.trace.messages.is_empty(), "{:?}", unit.trace.messages));
}

#[test]
fn forced_includes_and_folders_come_from_the_options() {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("mine.h"), "#define MINE 3\n").unwrap();
    let frontend = frontend();
    let text = "#include <mine.h>\nint x[MINE + OTHER];\n";
    let path = Path::new("t.cu");
    let options = FrontendOptions {
        include_dirs: vec![tree.path().to_path_buf()],
        defines: vec!["OTHER=2".into()],
        ..FrontendOptions::default()
    };
    let mut unit_options = UnitOptions::new(path, text.as_bytes(), &options, None);
    unit_options.forced_includes.push(tree.path().join("mine.h"));
    let errors = on_big_stack(&frontend.library, || {
        let source = Source::from_bytes(path, text.into()).unwrap();
        parse(&frontend, source, &unit_options, Care::Usual).unwrap().trace.messages.len()
    });
    assert_eq!(errors, Some(0));
}

#[test]
fn with_care_nothing_is_invented_and_nothing_precompiled_is_read() {
    let text =
        "#include <cuda_runtime.h>\nvoid f(cudaStream_t s) { unknown(s); cudaStreamSynchronize(s); }\n";
    let path = Path::new("t.cu");
    let frontend = frontend();
    let options = UnitOptions::new(path, text.as_bytes(), &FrontendOptions::default(), None);
    let seen = |care| {
        on_big_stack(&frontend.library, || {
            let source = Source::from_bytes(path, text.into()).unwrap();
            let trace = parse(&frontend, source, &options, care).unwrap().trace;
            (trace.invented, trace.precompiled, trace.messages.len())
        })
        .unwrap()
    };
    assert_eq!(seen(Care::Usual).0, ["unknown"]);
    assert_eq!(seen(Care::Careful), (Vec::new(), false, 1));
}
