//! `--in-project`: the rest of the program is known, and what concerns the named files is reported. And that what is
//! kept from run to run changes nothing of what is said.

mod project;

use std::fs;
use std::time::{Duration, SystemTime};

use project::{Project, READ, early_read};

const HEADER: &str = "\
#pragma once
#include <cuda_runtime.h>
void fetch(int *host, const int *device, cudaStream_t stream);
";

const WAITS: &str = "\
#include \"fetch.h\"
void fetch(int *host, const int *device, cudaStream_t stream) {
    cudaMemcpyAsync(host, device, 64, cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
}
";

const DOES_NOT_WAIT: &str = "\
#include \"fetch.h\"
void fetch(int *host, const int *device, cudaStream_t stream) {
    cudaMemcpyAsync(host, device, 64, cudaMemcpyDeviceToHost, stream);
}
";

const USE: &str = "\
#include \"fetch.h\"
int first(const int *device, cudaStream_t stream) {
    int *h;
    cudaMallocHost(&h, 64);
    fetch(h, device, stream);
    int value = h[0];
    cudaStreamSynchronize(stream);
    cudaFreeHost(h);
    return value;
}
";

/// A repository in which one file fetches, another reads, and a third has a finding of its own.
#[allow(clippy::unwrap_used, reason = "it is part of tests")]
fn sample() -> Project {
    let other = early_read("other", READ);
    let files =
        [("inc/fetch.h", HEADER), ("src/fetch.cu", WAITS), ("src/use.cu", USE), ("src/other.cu", &other)];
    let project = Project::new(&files);
    fs::create_dir(project.root().join(".git")).unwrap();
    project
}

const FOUND: &str = "src/use.cu:6 host-read-before-sync";

#[test]
fn a_hazard_is_reported_with_whichever_half_of_it_changes() {
    let project = sample();
    for file in ["src/fetch.cu", "src/use.cu", "inc/fetch.h"] {
        assert!(project.found(&["--in-project", file]).is_empty(), "{file}");
    }
    project.write(&[("src/fetch.cu", DOES_NOT_WAIT)]);
    assert!(project.found(&["src/fetch.cu"]).is_empty(), "alone, nothing is wrong with it");
    for file in ["src/fetch.cu", "src/use.cu"] {
        assert_eq!(project.found(&["--in-project", file]), [FOUND], "{file}");
    }
    // No place that the finding shows lies there.
    assert!(project.found(&["--in-project", "inc/fetch.h"]).is_empty());
    assert_eq!(project.found(&["--in-project", "src"]).len(), 2);
}

#[test]
fn what_is_not_of_interest_does_not_fail() {
    let project = sample();
    project.write(&[("src/broken.cu", "\0\0\0\0cudaMalloc"), ("notes.h", "int x;\n")]);
    let outcome = project.run(&["--in-project", "src/use.cu", "notes.h"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(outcome.stdout, "nothing found in 1 file, 1 without CUDA\n");
    let why = "1 other file of the project could not be analysed; `cuda-lint ";
    assert!(outcome.stderr.starts_with(&format!("cuda-lint: {why}")), "{}", outcome.stderr);
    assert_eq!(project.run(&["--in-project", "src/broken.cu"]).code, Some(2));
    assert_eq!(project.run(&["--in-project", "src/missing.cu"]).code, Some(2));
}

#[test]
fn the_project_is_the_folder_of_the_configuration_or_the_repository() {
    let project = sample();
    project.write(&[("src/fetch.cu", DOES_NOT_WAIT), ("third_party/copy.cu", &early_read("copy", READ))]);
    project.write(&[("cuda-lint.toml", "exclude = [\"third_party\", \"src/other.cu\"]\n")]);
    // What is excluded is of no interest, though it is named.
    assert!(project.found(&["--in-project", "third_party/copy.cu", "src/other.cu"]).is_empty());
    let outcome =
        project.run_in(std::path::Path::new("src"), &["--in-project", "--format", "short", "use.cu"]);
    assert!(outcome.stdout.starts_with("use.cu:6:"), "{outcome:?}");
    fs::remove_file(project.root().join("cuda-lint.toml")).unwrap();
    assert_eq!(project.found(&["--in-project", "src/use.cu"]), [FOUND]);
    fs::remove_dir(project.root().join(".git")).unwrap();
    let outcome = project.run(&["--in-project", "src/use.cu"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    assert!(outcome.stderr.contains("says where its project begins"), "{}", outcome.stderr);
}

#[test]
fn baseline_and_comments_are_judged_where_changes_are() {
    let project = sample();
    project.write(&[("src/fetch.cu", DOES_NOT_WAIT)]);
    assert_eq!(project.run(&["baseline"]).code, Some(0));
    assert!(project.found(&["--in-project", "src/fetch.cu"]).is_empty());
    project.write(&[("src/fetch.cu", WAITS)]);
    let said = project.run(&["--in-project", "src/use.cu"]).stdout;
    assert!(said.contains("1 finding of the baseline is gone"), "{said}");
    let said = project.run(&["--in-project", "src/other.cu"]).stdout;
    assert!(!said.contains("gone") && said.contains("1 finding not shown"), "{said}");
    project.write(&[("src/use.cu", &USE.replace("= h[0];", "= h[0]; // cuda-lint: allow(ordering)"))]);
    assert!(project.found(&["--in-project", "src/fetch.cu"]).is_empty());
    assert_eq!(project.found(&["--in-project", "src/use.cu"]), ["src/use.cu:6 unused-suppression"]);
    project.write(&[("src/fetch.cu", DOES_NOT_WAIT)]);
    assert!(project.found(&["--in-project", "--no-baseline", "src/fetch.cu"]).is_empty());
}

/// How many files were kept.
#[allow(clippy::unwrap_used, reason = "it is part of tests")]
fn kept(project: &Project) -> usize {
    fs::read_dir(project.root().join("kept/entries")).unwrap().count()
}

#[test]
fn what_is_kept_is_used_until_something_that_was_read_changes() {
    let project = sample();
    let arguments = ["--cache-dir", "kept", "--format", "json", "src"];
    let fresh = || project.run(&["--format", "json", "src"]).stdout;
    let first = fresh();
    assert_eq!(project.run(&arguments).stdout, first);
    assert_eq!(kept(&project), 3);
    assert_eq!(project.run(&arguments).stdout, first);
    assert_eq!(kept(&project), 3, "nothing was kept twice");
    // It is used: with the unit of another file in its place, the finding is gone.
    let [one, another] = ["fetch", "other"].map(|function| entry_of(&project, function));
    let [unit, another_unit] = [&one, &another].map(|entry| {
        let text = fs::read_to_string(entry).unwrap();
        text.split_once("\"hash\":\"").unwrap().1[..64].to_owned()
    });
    let text = fs::read_to_string(&another).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    let body = body.replace(&another_unit, &unit);
    fs::write(&another, format!("{}\n{body}", hash(&body))).unwrap();
    assert!(!project.run(&arguments).stdout.contains("host-read-before-sync"));
    fs::write(&another, &text).unwrap();
    assert_eq!(project.run(&arguments).stdout, first);

    let changes = [
        ("src/fetch.cu", DOES_NOT_WAIT.to_owned()),
        ("inc/fetch.h", HEADER.replace("#pragma once\n", "#pragma once\n\n\n")),
        // A header in a folder that is searched earlier.
        ("src/fetch.h", HEADER.replace("void fetch", "static inline void unused() {}\nvoid fetch")),
        ("src/use.cu", USE.replace("h[0]", "h[1]")),
    ];
    let mut last = first;
    for (name, text) in changes {
        project.write(&[(name, &text)]);
        let now = fresh();
        assert_eq!(project.run(&arguments).stdout, now, "{name}");
        assert_eq!(project.run(&arguments).stdout, now, "{name}");
        last = now;
    }
    fs::remove_file(project.root().join("src/fetch.h")).unwrap();
    assert_eq!(project.run(&arguments).stdout, fresh());
    for options in [&["-DX"][..], &["--std", "c++14"], &["-I", "inc"]] {
        let before = kept(&project);
        assert_eq!(project.run(&[options, &arguments].concat()).code, Some(1));
        assert_eq!(kept(&project), before + 3, "{options:?}");
    }
    assert!(last.contains("host-read-before-sync"));
}

/// The entry of the file that defines a function.
#[allow(clippy::unwrap_used, reason = "it is part of tests")]
fn entry_of(project: &Project, function: &str) -> std::path::PathBuf {
    let entries = fs::read_dir(project.root().join("kept/entries")).unwrap().flatten();
    let is_of = |path: &std::path::PathBuf| {
        // What is merely called has no list of calls.
        let text = fs::read_to_string(path).unwrap();
        text.contains(&format!("\"name\":\"{function}\",\"declared_in\":")) && text.contains("src/") && {
            let (functions, _) = text.split_once("\"needs\":[{").unwrap_or((&text, ""));
            functions.contains(&format!("\"name\":\"{function}\""))
        }
    };
    entries.map(|it| it.path()).find(is_of).unwrap()
}

/// As the entry begins.
fn hash(body: &str) -> String {
    cuda_lint_evidence::sha256(body.as_bytes())
}

#[test]
fn damage_is_not_believed() {
    let project = sample();
    let arguments = ["--cache-dir", "kept", "--format", "json", "src"];
    let first = project.run(&arguments).stdout;
    for part in ["entries", "units"] {
        for kind in 0..4 {
            for file in fs::read_dir(project.root().join("kept").join(part)).unwrap().flatten() {
                let mut bytes = fs::read(file.path()).unwrap();
                let middle = bytes.len() / 2;
                match kind {
                    0 => bytes.truncate(middle),
                    1 => bytes[middle] ^= 1,
                    2 => bytes.clear(),
                    _ => bytes = b"{}".to_vec(),
                }
                fs::write(file.path(), bytes).unwrap();
            }
            let outcome = project.run(&arguments);
            assert_eq!((outcome.stdout, outcome.stderr.as_str()), (first.clone(), ""), "{part} {kind}");
        }
    }
    fs::remove_dir_all(project.root().join("kept/units")).unwrap();
    assert_eq!(project.run(&arguments).stdout, first);
}

#[test]
fn a_folder_that_cannot_be_used_is_said_if_it_was_named() {
    let project = sample();
    project.write(&[("file", ""), (".caches", "")]);
    let outcome = project.run(&["--cache-dir", "file/kept", "src"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    assert!(outcome.stderr.starts_with("cuda-lint: --cache-dir: file/kept cannot be used: "), "{outcome:?}");
    assert!(project.found(&["--in-project", "src/use.cu"]).is_empty());
    fs::remove_file(project.root().join(".caches")).unwrap();
    assert!(project.found(&["--in-project", "--no-cache", "src/use.cu"]).is_empty());
    assert!(!project.caches().exists());
    assert!(project.found(&["--in-project", "src/use.cu"]).is_empty());
    assert!(project.caches().join("cuda-lint/CACHEDIR.TAG").is_file());
}

#[test]
fn what_is_old_goes() {
    let project = sample();
    let arguments = ["--cache-dir", "kept", "src"];
    assert_eq!(project.run(&arguments).code, Some(1));
    let old = SystemTime::now() - Duration::from_secs(100 * 24 * 60 * 60);
    let stray = project.root().join("kept/units/stray");
    for file in [&stray, &project.root().join("kept/CACHEDIR.TAG")] {
        fs::write(file, "").unwrap();
        fs::File::options().append(true).open(file).unwrap().set_modified(old).unwrap();
    }
    assert_eq!(project.run(&arguments).code, Some(1));
    assert!(!stray.exists() && kept(&project) == 3);
}
