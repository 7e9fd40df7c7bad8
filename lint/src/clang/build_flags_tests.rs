//! Commands as build tools write them, and as nobody should.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// A build tree with files in it, and the folder's name without links.
fn tree(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    (folder, root)
}

fn command(root: &Path, folder: &str, arguments: &[&str]) -> CompileCommand {
    CompileCommand {
        file: root.join("src/a.cu"),
        directory: root.join(folder),
        database: root.join(folder),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        targets: Vec::new(),
    }
}

fn defines(flags: &BuildFlags) -> Vec<String> {
    let written = flags.macros.iter().map(|it| match it {
        Macro::Define(name, value) => format!("{name}={value}"),
        Macro::Undefine(name) => format!("-{name}"),
    });
    written.collect()
}

/// The reasons, without what to do about them.
fn reasons(flags: &BuildFlags) -> Vec<&str> {
    flags.problems.iter().filter_map(|it| it.reason.lines().next()).collect()
}

#[test]
fn cmake_writes_response_files_for_nvcc() {
    let (_folder, root) = tree(&[
        ("build/CMakeFiles/app.dir/includes_CUDA.rsp", "-I../include -isystem=../third -I\"../with space\""),
        ("build/CMakeFiles/app.dir/defines.rsp", "-DUSE_NCCL\n\"-DNAME=\\\"a b\\\"\"\n"),
    ]);
    let flags = BuildFlags::read(&command(
        &root,
        "build",
        &[
            "ccache",
            "/opt/toolkit/bin/nvcc",
            "-forward-unknown-to-host-compiler",
            "--options-file",
            "CMakeFiles/app.dir/includes_CUDA.rsp",
            "--options-file=CMakeFiles/app.dir/defines.rsp",
            "-gencode",
            "arch=compute_80,code=sm_80",
            "--generate-code=arch=compute_90,code=[compute_90,sm_90]",
            "-Xcompiler=-fPIC,-DHOST=2",
            "-Xcompiler",
            "-fopenmp -DTEXT=\"x,y\"",
            "-x",
            "cu",
            "-c",
            "../src/a.cu",
        ],
    ));
    assert_eq!(flags.problems, []);
    assert_eq!(flags.language, Some(Language::Cuda));
    assert_eq!(defines(&flags), ["USE_NCCL=1", "NAME=\"a b\"", "HOST=2", "TEXT=x,y"]);
    let folders: Vec<_> = flags.includes.iter().map(|(_, folder)| folder.clone()).collect();
    assert_eq!(folders, ["include", "third", "with space"].map(|it| root.join(it)));
}

#[test]
fn response_files_name_response_files() {
    let (_folder, root) = tree(&[
        ("build/flags/all.rsp", "-DALL @flags/base.rsp @more.rsp"),
        ("build/flags/base.rsp", "-DBASE"),
        ("build/flags/more.rsp", "-DMORE"),
    ]);
    let flags = BuildFlags::read(&command(&root, "build", &["clang++", "@flags/all.rsp", "-DLAST"]));
    assert_eq!(
        (defines(&flags), reasons(&flags)),
        (["ALL=1", "BASE=1", "MORE=1", "LAST=1"].map(String::from).into(), vec![])
    );
}

#[test]
fn what_make_and_watching_tools_record_is_the_host_code() {
    let (_folder, root) = tree(&[("src/a.cu", "")]);
    let recorded = [
        "gcc",
        "-std=c++17",
        "-D__CUDA_ARCH__=800",
        "-D__CUDA_ARCH_LIST__=800",
        "-E",
        "-x",
        "c++",
        "-D__CUDACC__",
        "-DUSER",
        "-include",
        "pre.h",
        "src/a.cu",
    ];
    let flags = BuildFlags::read(&command(&root, "", &recorded));
    assert_eq!(flags.language, Some(Language::Cuda));
    assert_eq!(defines(&flags), ["__CUDA_ARCH_LIST__=800", "USER=1"]);
    assert_eq!(flags.forced_includes, [root.join("pre.h")]);
    let make = [
        "env",
        "nvcc",
        "-O3",
        "-Xcudafe",
        "-DNOT",
        "-Xarch_device",
        "-DNOT",
        "-Xarch_host",
        "-DHOST",
        "-I",
        "inc",
    ];
    let flags = BuildFlags::read(&command(&root, "src", &make));
    assert_eq!((flags.language, defines(&flags)), (Some(Language::Cuda), vec!["HOST=1".to_owned()]));
    assert_eq!(flags.includes, [(IncludeKind::Normal, root.join("src/inc"))]);
}

#[cfg(unix)]
#[test]
fn bazel_runs_commands_elsewhere() {
    let (_folder, root) = tree(&[
        ("ws/src/a.cu", ""),
        ("base/external/fmt/include/fmt.h", ""),
        ("base/execroot/ws/external/cub/cub.cuh", ""),
        ("base/execroot/ws/bazel-out/k8-opt/bin/a.params", "-DPARAMS\n-isystem\nexternal/fmt/include\n"),
        ("elsewhere/b.params", "-DOUTSIDE"),
    ]);
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(root.join(to), root.join(name)).unwrap();
    link("base/execroot/ws/bazel-out", "ws/bazel-out");
    let words = [
        "external/local_config_cuda/crosstool/clang/bin/wrapper",
        "-x",
        "cuda",
        "@bazel-out/k8-opt/bin/a.params",
        "-iquote",
        ".",
        "-iquote",
        "external/cub",
        "-iquote",
        "external/none",
    ];
    let flags = BuildFlags::read(&command(&root, "ws", &words));
    assert_eq!((flags.language, reasons(&flags)), (Some(Language::Cuda), vec![]));
    assert_eq!(defines(&flags), ["PARAMS=1"]);
    let folders: Vec<_> = flags.includes.iter().map(|(_, folder)| folder.clone()).collect();
    let expected = ["base/external/fmt/include", "ws", "base/execroot/ws/external/cub", "ws/external/none"];
    assert_eq!(folders, expected.map(|it| root.join(it)));
    // A link of that name that leads to no folder of Bazel's opens nothing.
    link("elsewhere", "src");
    fs::create_dir(root.join("other")).unwrap();
    link("elsewhere", "other/bazel-out");
    let flags = BuildFlags::read(&command(&root, "other", &["nvcc", "@bazel-out/b.params"]));
    assert!(defines(&flags).is_empty() && reasons(&flags)[0].contains("outside"), "{flags:?}");
}

#[test]
fn response_files_are_read_inside_the_build_tree_only() {
    let (_folder, root) = tree(&[("build/in.rsp", "-DINSIDE"), ("secret.rsp", "-DOUTSIDE")]);
    let flags = BuildFlags::read(&command(&root, "build", &["nvcc", "@in.rsp", "@../secret.rsp", "-DEND"]));
    assert_eq!(defines(&flags), ["INSIDE=1", "END=1"]);
    assert_eq!(reasons(&flags), ["response file lies outside of the build tree and is not read"]);
    assert_eq!(flags.problems[0].path, root.join("secret.rsp"));
}

#[test]
fn hostile_response_files_end_with_a_reason() {
    let wide = "@w.rsp ".repeat(100);
    let chain: Vec<(String, String)> =
        (0..20).map(|n| (format!("build/c{n}.rsp"), format!("-DC{n} @c{}.rsp", n + 1))).collect();
    let large = format!("-DL {}", " ".repeat(5 << 20));
    let many = "-DM ".repeat(30_000);
    let mut files = vec![
        ("build/self.rsp", "-DS @self.rsp"),
        ("build/a.rsp", "-DA @b.rsp"),
        ("build/b.rsp", "-DB @a.rsp"),
        ("build/w.rsp", &wide),
        ("build/large.rsp", &large),
        ("build/many.rsp", &many),
    ];
    files.extend(chain.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let (_folder, root) = tree(&files);
    fs::create_dir(root.join("build/folder.rsp")).unwrap();
    for (arguments, expected) in [
        (&["@self.rsp"][..], "response file includes itself"),
        (&["@a.rsp"], "response file includes itself"),
        (&["@w.rsp"], "response file includes itself"),
        (&["@c0.rsp"], "response file is nested more than 8 deep"),
        (&["@large.rsp", "@large.rsp"], "response file and those before it have more than 8388608 bytes"),
        (&["@many.rsp"], "its command has more than 20000 arguments; the rest is not read"),
        (&["@folder.rsp"], "response file is no regular file"),
        (
            &["--options-file", "none.rsp"],
            "response file cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        let arguments: Vec<&str> = ["nvcc"].into_iter().chain(arguments.iter().copied()).collect();
        let flags = BuildFlags::read(&command(&root, "build", &arguments));
        assert_eq!(reasons(&flags), [expected], "{arguments:?}");
        assert!(flags.macros.len() <= 20_000);
    }
    let deep = format!("-Xcompiler={}", "-Xcompiler=".repeat(1_000));
    assert!(BuildFlags::read(&command(&root, "build", &["nvcc", &deep])).macros.is_empty());
}
