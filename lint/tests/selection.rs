//! Which rules report what: the configuration, the command line, and mistakes in both.

mod project;

use project::{Project, READ, early_read};

/// An early read, a wait that names no event, and a pageable copy.
fn project() -> Project {
    let tests = early_read("g", READ);
    Project::new(&[("src/a.cu", &early_read("f", READ)), ("tests/b.cu", &tests)])
}

const BOTH: [&str; 2] = ["src/a.cu:7 host-read-before-sync", "tests/b.cu:7 host-read-before-sync"];

#[test]
fn the_command_line_chooses_rules() {
    let project = project();
    assert_eq!(project.found(&["."]), BOTH);
    assert_eq!(project.found(&["--select", "ordering", "."]), BOTH);
    assert!(project.found(&["--select", "lifetime,callback", "."]).is_empty());
    assert!(project.found(&["--ignore", "ordering", "."]).is_empty());
    assert_eq!(project.found(&["--select", "all", "--ignore", "pedantic", "."]), BOTH);
    // What is off by default is shown to whoever names it.
    let unchecked = project.found(&["--select", "pedantic", "src"]);
    assert_eq!(unchecked[0], "src/a.cu:4 unchecked-cuda-call");
    assert_eq!(project.found(&["--select", "unchecked-cuda-call", "src"]), unchecked);
    assert_eq!(
        project.found(&["--severity", "unchecked-cuda-call=warning", "src"]).len(),
        unchecked.len() + 1
    );
    let outcome = project.run(&["--format", "short", "--severity", "ordering=warning", "."]);
    assert_eq!(outcome.stdout.matches(": warning[host-read-before-sync]").count(), 2, "{}", outcome.stdout);
    assert!(project.found(&["--severity", "ordering=warning", "--min-severity", "error", "."]).is_empty());
}

#[test]
fn a_rule_that_is_not_there_is_said_with_what_may_be_meant() {
    let project = project();
    for arguments in [["--select", "host-read-befor-sync"], ["--severity", "host-read-befor-sync=off"]] {
        let outcome = project.run(&[&arguments[..], &["."]].concat());
        assert_eq!(outcome.code, Some(2));
        assert!(
            outcome.stderr.contains(
                "there is no rule or group `host-read-befor-sync`; did you mean `host-read-before-sync`?"
            ),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn the_configuration_chooses_rules_by_path() {
    let project = project();
    project
        .write(&[("cuda-lint.toml", "[[overrides]]\npaths = [\"tests\"]\nrules = { ordering = \"off\" }\n")]);
    assert_eq!(project.found(&["."]), BOTH[..1]);
    project
        .write(&[("cuda-lint.toml", "[rules]\nordering = \"off\"\nhost-read-before-sync = \"warning\"\n")]);
    assert_eq!(project.found(&["."]), BOTH);
    assert!(project.found(&["--min-severity", "error", "."]).is_empty());
    // The command line counts for more.
    assert!(project.found(&["--ignore", "host-read-before-sync", "."]).is_empty());
    assert_eq!(project.found(&["--no-config", "--min-severity", "error", "."]), BOTH);
    project.write(&[("cuda-lint.toml", "min-confidence = \"certain\"\nmin-severity = \"error\"\n")]);
    assert_eq!(project.found(&["."]), BOTH);
}

#[test]
fn the_configuration_chooses_files() {
    let project = project();
    project.write(&[("cuda-lint.toml", "exclude = [\"tests\"]\n")]);
    assert_eq!(project.found(&["."]), BOTH[..1]);
    assert_eq!(project.run(&["--show-files", "."]).stdout, "src/a.cu\n");
    // What is named is looked at, unless a hook names it.
    assert_eq!(project.found(&["tests/b.cu"]), BOTH[1..]);
    assert!(project.found(&["--force-exclude", "tests/b.cu"]).is_empty());
    project.write(&[("cuda-lint.toml", "include = [\"tests/**\"]\n")]);
    assert_eq!(project.found(&["."]), BOTH[1..]);
}

#[test]
fn the_command_line_excludes_files_as_well() {
    let project = project();
    project.write(&[("cuda-lint.toml", "exclude = [\"src\"]\n"), ("lib/gen/c.cu", &early_read("h", READ))]);
    let files = |arguments: &[&str]| project.run(&[&["--show-files"], arguments].concat()).stdout;
    assert_eq!(files(&["."]), "lib/gen/c.cu\ntests/b.cu\n");
    assert_eq!(files(&["--exclude", "tests", "."]), "lib/gen/c.cu\n");
    assert_eq!(files(&["--exclude", "lib/*", "--exclude", "c.cu", "."]), "tests/b.cu\n");
    // Patterns are relative to the current folder; in a folder that lies elsewhere, to that.
    assert_eq!(files(&["--exclude", "gen/*.cu", "."]), "lib/gen/c.cu\ntests/b.cu\n");
    let outside = project.run_in("lib".as_ref(), &["--show-files", "--exclude", "b.cu", "--no-config", ".."]);
    assert_eq!((outside.code, outside.stdout.as_str()), (Some(0), "../lib/gen/c.cu\n../src/a.cu\n"));
    // What is named is looked at, unless a hook names it.
    assert_eq!(project.found(&["--exclude", "tests", "tests/b.cu"]), BOTH[1..]);
    assert!(project.found(&["--exclude", "tests", "--force-exclude", "tests/b.cu"]).is_empty());
    let shown = project.run(&["--show-config", "--exclude", "tests", "."]).stdout;
    assert!(shown.contains("exclude = [\"src\"]\n# --exclude = [\"tests\"]\n"), "{shown}");
    let wrong = project.run(&["--exclude", "../x", "."]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("`../x` leads out of the folder"), "{}", wrong.stderr);
}

#[test]
fn macros_of_the_configuration_are_defined() {
    let text = format!("#ifdef EARLY\n{}#endif\nint *x = cudaGetLastError;\n", early_read("f", READ));
    let guarded = text.replace("EARLY", "EARLY_2").replace("int *x = cudaGetLastError;\n", "");
    let other = "#if LEVEL == 3\n#else\n#error no level\n#endif\n#include <cuda_runtime.h>\n";
    let project = Project::new(&[("a.cu", &guarded), ("b.cu", other)]);
    project.write(&[("cuda-lint.toml", "defines = [\"EARLY_2\", \"LEVEL=3\"]\n")]);
    assert_eq!(project.found(&["."]), ["a.cu:8 host-read-before-sync"]);
}

#[test]
fn other_files_may_hold_the_configuration() {
    for (name, section) in [
        ("pyproject.toml", "[tool.cuda-lint]"),
        ("Cargo.toml", "[workspace.metadata.cuda-lint]"),
        ("Cargo.toml", "[package.metadata.cuda-lint]"),
    ] {
        let project = project();
        let others = "[tool.other]\nx = 1\n[package]\nname = \"cuda-lint\"\n";
        project.write(&[(name, others)]);
        assert_eq!(project.found(&["."]), BOTH, "{name}");
        project.write(&[(name, &format!("{others}{section}\nexclude = [\"tests\"]\n"))]);
        assert_eq!(project.found(&["."]), BOTH[..1], "{section}");
        // A file of its own counts for more, and a nearer one for more than one further up.
        project.write(&[("cuda-lint.toml", "exclude = [\"src\"]\n")]);
        assert_eq!(project.found(&["."]), BOTH[1..], "{section}");
        let mistake =
            format!("{others}{section}\nexclud = 1\n{}\nx = 1\n", section.replace(']', ".platform]"));
        project.write(&[(name, &mistake)]);
        let outcome = project.run(&["--config", name, "."]);
        assert_eq!(outcome.code, Some(2));
        let path = section.trim_matches(['[', ']']);
        for part in [
            format!("`[{path}]` has no key `exclud`"),
            "did you mean `exclude`?".to_owned(),
            format!("`[{path}.platform]` has no key `x`"),
            format!("{name}:6:1"),
        ] {
            assert!(outcome.stderr.contains(&part), "{part} is not in\n{}", outcome.stderr);
        }
        project.write(&[(name, others)]);
        let outcome = project.run(&["--config", name, "."]);
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.stderr.contains("holds no `["), "{}", outcome.stderr);
    }
}

#[test]
fn mistakes_have_a_place_and_a_remedy() {
    for (text, place, message, help) in [
        (
            "[rules]\nordring = \"off\"\n",
            "2:1",
            "there is no rule or group `ordring`",
            "did you mean `ordering`?",
        ),
        ("[rules]\nordering = \"of\"\n", "2:12", "there is no level `of`", "did you mean `off`?"),
        ("[rules]\nordering = 1\n", "2:12", "`ordering` is a level in quotes", ""),
        ("[[overrides]]\nrules = {}\n", "1:1", "an override without `paths`", "paths = [\"tests/**\"]"),
        ("[overrides]\n", "1:1", "`overrides` is a list of tables", ""),
        (
            "[[overrides]]\npaths = [\"a\"]\npath = 1\n",
            "3:1",
            "`[[overrides]]` has no key `path`",
            "`paths`?",
        ),
        ("exclude = [\"a[\"]\n", "1:12", "`a[` is no pattern", "patterns are relative"),
        (
            "min-confidence = \"sure\"\n",
            "1:18",
            "`sure` is no value for `min-confidence`",
            "`certain`, `likely`",
        ),
        ("defines = [\"1X\"]\n", "1:12", "`1X` defines no macro", "NAME=VALUE"),
        ("baseline = \"../b.json\"\n", "1:12", "lies outside of the folder", "on the command line"),
        ("compile-commands = \"build\"\n", "1:20", "`build` cannot be read", ""),
        ("[suppressions]\nrequire-reason = 1\n", "2:18", "`require-reason` is true or false", ""),
    ] {
        let project = Project::new(&[("a.cu", "int x;\n"), ("cuda-lint.toml", text)]);
        let outcome = project.run(&["a.cu"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{text}");
        let said = outcome.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [&format!("cuda-lint.toml:{place}"), message, help] {
            assert!(said.contains(part), "{part} is not in\n{}", outcome.stderr);
        }
    }
}

#[test]
fn a_new_project_gets_a_configuration_that_is_shown_as_it_applies() {
    let project = project();
    project.write(&[("third_party/lib/c.cu", &early_read("h", READ))]);
    assert_eq!(project.found(&["."]).len(), 3);
    let outcome = project.run(&["init"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(outcome.stdout.contains("third_party holds code of others"), "{}", outcome.stdout);
    assert_eq!(project.found(&["."]), BOTH);
    let shown = project.run(&["--show-config", "."]).stdout;
    assert!(
        shown.contains("exclude = [\"third_party\"]\n") && shown.contains("host-read-before-sync = \"on\"")
    );
    // What is shown is a configuration itself.
    project.write(&[("cuda-lint.toml", &shown)]);
    let again = project.run(&["--show-config", "."]).stdout;
    assert_eq!(again, shown);
    let outcome = project.run(&["init"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("--force writes over it"), "{}", outcome.stderr);
    assert_eq!(project.run(&["init", "--force", "."]).code, Some(0));
}
