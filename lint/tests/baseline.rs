//! The baseline: what is known does not fail a run, what is new does.

mod project;

use project::{Project, READ, early_read};
use serde_json::Value;

const NAME: &str = "cuda-lint-baseline.json";

fn project() -> Project {
    Project::new(&[("src/a.cu", &early_read("f", READ)), ("src/b.cu", &early_read("g", READ))])
}

#[test]
fn only_what_is_new_is_reported() {
    let project = project();
    let outcome = project.run(&["baseline", "."]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(outcome.stdout, "cuda-lint-baseline.json: 2 findings\n2 findings new\n");
    assert!(project.found(&["."]).is_empty());
    assert!(project.found(&["src/a.cu"]).is_empty());
    assert_eq!(project.found(&["--no-baseline", "."]).len(), 2);
    let summary = project.run(&["."]).stdout;
    assert!(
        summary.contains("2 findings not shown: known to the baseline cuda-lint-baseline.json"),
        "{summary}"
    );
    let json: Value = serde_json::from_str(&project.run(&["--format", "json", "."]).stdout).unwrap();
    assert_eq!(json["not_shown"]["baseline"]["unchanged"], 2);

    // Code that moves stays quiet, within its file and into another; indentation does not matter.
    let moved = format!("// a\n// b\n{}", early_read("f", &format!("  {READ}")));
    project.write(&[("src/a.cu", &moved), ("src/c.cu", &early_read("g", READ)), ("src/b.cu", "int x;\n")]);
    assert!(project.found(&["."]).is_empty());

    // A second copy of an old bug does not.
    project.write(&[("src/d.cu", &early_read("g", READ))]);
    assert_eq!(project.found(&["."]), ["src/d.cu:7 host-read-before-sync"]);
    let again = early_read(
        "f",
        &format!("{READ} }}\n{{ cudaMemcpyAsync(h, d, 64, cudaMemcpyDeviceToHost, stream);\n{READ}"),
    );
    let again = again.replacen(READ, &format!("{{ {READ}"), 1);
    project.write(&[("src/d.cu", "int x;\n"), ("src/a.cu", &again)]);
    assert_eq!(project.found(&["."]).len(), 1, "{again}");
}

#[test]
fn what_is_gone_is_said_and_pruned() {
    let project = project();
    project.run(&["baseline", "."]);
    project.write(&[("src/a.cu", &early_read("f", "value = 1;"))]);
    let outcome = project.run(&["."]);
    assert_eq!(outcome.code, Some(0));
    let said = "1 finding of the baseline is gone; `cuda-lint baseline --prune` takes them out of it\n";
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
    // New findings are not taken in by the way.
    project.write(&[("src/n.cu", &early_read("n", READ))]);
    let outcome = project.run(&["baseline", "--prune", "."]);
    assert_eq!(outcome.code, Some(0));
    assert_eq!(
        outcome.stdout,
        "cuda-lint-baseline.json: 1 finding\n1 finding gone and taken out\n1 finding new and not put in\n"
    );
    assert_eq!(project.found(&["."]), ["src/n.cu:7 host-read-before-sync"]);
    project.write(&[("src/a.cu", &early_read("f", READ))]);
    assert_eq!(project.found(&["."]).len(), 2);
}

#[test]
fn what_was_not_looked_at_is_kept() {
    let project = project();
    project.run(&["baseline", "."]);
    project.write(&[("src/a.cu", &early_read("f", "value = 1;")), ("lib/c.cu", &early_read("c", READ))]);
    assert_eq!(
        project.run(&["baseline", "lib"]).stdout,
        "cuda-lint-baseline.json: 3 findings\n1 finding new\n"
    );
    // Of a file that is named alone, it cannot be told what is gone.
    assert!(!project.run(&["src/a.cu"]).stdout.contains("gone"));
    assert!(project.run(&["src"]).stdout.contains("gone"));
}

#[test]
fn it_is_found_and_named_in_several_ways() {
    let project = project();
    project.run(&["baseline", "-q", "."]);
    assert_eq!(project.run_in("src".as_ref(), &["-q", "."]).code, Some(0));
    std::fs::rename(project.root().join(NAME), project.root().join("known.json")).unwrap();
    assert_eq!(project.found(&["."]).len(), 2);
    assert!(project.found(&["--baseline", "known.json", "."]).is_empty());
    project.write(&[("cuda-lint.toml", "baseline = \"known.json\"\n")]);
    assert!(project.found(&["."]).is_empty());
    project.write(&[("cuda-lint.toml", "baseline = \"other.json\"\n")]);
    let outcome = project.run(&["."]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""));
    assert!(
        outcome.stderr.contains("other.json: the baseline cannot be read: No such file"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("write it with `cuda-lint baseline`"), "{}", outcome.stderr);
    assert_eq!(project.run(&["baseline"]).stdout, "other.json: 2 findings\n2 findings new\n");
}

#[test]
fn a_broken_one_ends_the_run_with_a_remedy() {
    let project = project();
    for (text, place) in
        [("<<<<<<< ours\n", ":1:1: "), ("{\n\"version\": 7, \"findings\": []}", ":1:1: "), ("[1,\n2]", ":")]
    {
        project.write(&[(NAME, text)]);
        let outcome = project.run(&["."]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{text}");
        assert!(outcome.stderr.contains(&format!("{NAME}{place}")), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("write it again with `cuda-lint baseline`"), "{}", outcome.stderr);
    }
}

#[test]
fn suppressed_findings_are_none_of_it() {
    let project = project();
    project.write(&[("src/a.cu", &early_read("f", &format!("{READ} // NOLINT")))]);
    assert_eq!(project.run(&["baseline", "."]).stdout, "cuda-lint-baseline.json: 1 finding\n1 finding new\n");
}
