//! Configurations that are wrong: each is said with its place and what to do, and ends the run with code 2.

mod project;

use std::fs;
use std::os::unix::fs::symlink;

use project::Project;

/// A text, where its mistake stands, what is said, and what to do.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    // Types.
    (
        "exclude = \"gen\"",
        "1:11",
        "`exclude` is a list of texts, and this is a text",
        "write `exclude = [\"gen\"]`",
    ),
    (
        "exclude = [\"a\", 3]",
        "1:17",
        "`exclude` is a list of texts, and this is a whole number",
        "write \"3\"",
    ),
    ("include = true", "1:11", "`include` is a list of texts", "write `include = [\"true\"]`"),
    (
        "defines = { A = 1 }",
        "1:11",
        "`defines` is a list of texts, and this is a table",
        "write `defines = [\"…\"]`",
    ),
    (
        "rules = [\"ordering\"]",
        "1:9",
        "`rules` is a table, and this is a list",
        "write `[rules]` on a line of its own",
    ),
    ("[overrides]\npaths = [\"a\"]", "1:1", "`overrides` is a list of tables", "write `[[overrides]]`"),
    ("overrides = [1]", "1:14", "`overrides` is a list of tables", "write `[[overrides]]`"),
    (
        "[[platform]]\ncuda = \"12.4\"",
        "1:1",
        "`platform` is a table, and this is a list",
        "write `[platform]`",
    ),
    (
        "[platform]\ncuda = 12.4",
        "2:8",
        "`cuda` is a text in quotes, and this is a fraction",
        "write `cuda = \"12.4\"`",
    ),
    ("min-confidence = 3", "1:18", "`min-confidence` is a text in quotes", "write `min-confidence = \"3\"`"),
    ("[platform]\npageable-access = \"yes\"", "2:19", "`pageable-access` is true or false", "without quotes"),
    (
        "[suppressions]\nrequire-reason = 1",
        "2:18",
        "`require-reason` is true or false",
        "write `require-reason = true`",
    ),
    (
        "[platform]\nstaging-limit = -5",
        "2:17",
        "0 or more, and -5 is none",
        "such as `staging-limit = 65536`",
    ),
    ("[platform]\nstaging-limit = 99999999999999999999", "2:17", "is none that is known", "write a number"),
    ("[platform]\nstaging-limit = \"64k\"", "2:17", "0 or more, and this is a text", "without quotes"),
    ("[rules]\nordering = false", "2:12", "`ordering` is a level in quotes", "known are `off`, `on`, `info`"),
    ("[rules]\nordering = { level = \"off\" }", "2:12", "and this is a table", "known are `off`"),
    // Names.
    ("exlude = [\"a\"]", "1:1", "this file has no key `exlude`", "did you mean `exclude`?"),
    ("colour = true", "1:1", "this file has no key `colour`", "known are `include`, `exclude`"),
    ("host-read-before-sync = \"off\"", "1:1", "has no key `host-read-before-sync`", "`rules`"),
    (
        "[platform]\ndefault_stream = \"legacy\"",
        "2:1",
        "no key `default_stream`",
        "did you mean `default-stream`?",
    ),
    (
        "[suppressions]\nrequire_reason = true",
        "2:1",
        "no key `require_reason`",
        "did you mean `require-reason`?",
    ),
    ("[[overrides]]\npath = [\"a\"]", "2:1", "`[[overrides]]` has no key `path`", "did you mean `paths`?"),
    (
        "[[overrides]]\nrules = { ordering = \"off\" }",
        "1:1",
        "an override without `paths`",
        "write `paths = ",
    ),
    (
        "[rules]\nhost-read-befor-sync = \"off\"",
        "2:1",
        "there is no rule or group",
        "did you mean `host-read-before-sync`?",
    ),
    ("[rules]\nstyle = \"off\"", "2:1", "there is no rule or group `style`", "cuda-lint rules"),
    ("[rules]\nordering = \"of\"", "2:12", "there is no level `of`", "did you mean `off`?"),
    ("[rules]\nordering = \"deny\"", "2:12", "there is no level `deny`", "known are `off`"),
    (
        "min-severity = \"warn\"",
        "1:16",
        "`warn` is no value for `min-severity`",
        "known are `error`, `warning`",
    ),
    (
        "[[overrides]]\npaths = [\"a\"]\nmin-confidence = \"sure\"",
        "3:18",
        "`sure` is no value",
        "known are `certain`",
    ),
    // Values.
    ("[platform]\ncuda = \"latest\"", "2:8", "`latest` is no version of CUDA", "such as \"12.4\""),
    (
        "[platform]\ndefault-stream = \"perthread\"",
        "2:18",
        "there is no default stream",
        "known are `legacy`, `per-thread`",
    ),
    ("defines = [\"1A\"]", "1:12", "`1A` defines no macro", "write \"NAME\" or \"NAME=VALUE\""),
    ("defines = [\"-DA\"]", "1:12", "`-DA` defines no macro", "write \"NAME\""),
    (
        "exclude = [\"src/[a\"]",
        "1:12",
        "`src/[a` is no pattern: unclosed character class",
        "patterns are relative",
    ),
    ("exclude = [\"src/{a,b\"]", "1:12", "is no pattern: unclosed alternate group", "patterns are relative"),
    ("exclude = [\"../x\"]", "1:12", "`../x` leads out of the folder", "patterns are relative"),
    ("include = [\"/etc\"]", "1:12", "`/etc` leads out of the folder", "patterns are relative"),
    ("include = [\"\"]", "1:12", "a pattern that fits nothing", "patterns are relative"),
    // Files.
    ("include-dirs = [\"nowhere\"]", "1:17", "`nowhere` cannot be read", "name one that is there"),
    ("include-dirs = [\"a.cu\"]", "1:17", "`a.cu` is no folder", "name the folder that holds it"),
    ("include-dirs = [\"/\"]", "1:17", "`/` lies outside of the folder", "name others on the command line"),
    ("compile-commands = \"build\"", "1:20", "`build` cannot be read", "name one that is there"),
    (
        "compile-commands = \"sub\"",
        "1:20",
        "`sub` holds no compile_commands.json",
        "CMAKE_EXPORT_COMPILE_COMMANDS",
    ),
    ("baseline = \"sub\"", "1:12", "`sub` is no regular file", "cuda-lint-baseline.json"),
    ("baseline = \"no/such.json\"", "1:12", "the folder of `no/such.json` is not there", "make it"),
    ("[model]\nfiles = [\"no.rows\"]", "2:10", "`no.rows` cannot be read", "name one that is there"),
    ("[model]\nfiles = [\"sub\"]", "2:10", "`sub` is no regular file", "name a file"),
    ("[model]\nfiles = [\"/dev/null\"]", "2:10", "lies outside of the folder", "put it beside"),
    (
        "[model]\nfiles = [\"loop.rows\"]",
        "2:10",
        "`loop.rows` cannot be read: Too many levels",
        "name a file that can be read",
    ),
    (
        "[model]\nfiles = [\"bytes.rows\"]",
        "2:10",
        "is not valid UTF-8 in line 2, column 3",
        "save the file as UTF-8",
    ),
    // Rows.
    (
        "[model]\nrows = \"f(strem) : none\"",
        "2:11",
        "unknown role `strem`; did you mean `stream`?",
        "a row is",
    ),
    (
        "[model]\nrows = \"f(stream) : host-wait stream\"",
        "2:21",
        "did you mean `host-waits stream`?",
        "a row is",
    ),
    ("[model]\nrows = \"f(x) : none\"", "2:11", "unknown role `x`; known are this, dst, src", "a row is"),
    ("[model]\nrows = \"hello\"", "2:9", "a row begins with `name(parameters)`", "a row is"),
    ("[model]\nrows = \"f(stream : none\"", "2:10", "this `(` has no `)`", "a row is"),
    (
        "[model]\nrows = \"f(_) : host-waits stream\"",
        "2:9",
        "needs a parameter `stream` or `handle`",
        "a row is",
    ),
    (
        "[model]\nrows = '''\nf(stream) : none\nf(event) : none\n'''",
        "4:1",
        "`f` has a row for as many arguments",
        "a row is",
    ),
    ("[model]\nfiles = [\"wrong.rows\"]", "wrong.rows:2:1", "a row begins with", "a row is"),
    // No TOML.
    ("[rules", "1:7", "this is no TOML: unclosed table", "write tables as `[table]`"),
    ("baseline = known.json", "1:12", "this is no TOML: string values must be quoted", "texts in quotes"),
    ("exclude = []\nexclude = []", "2:1", "duplicate key", "keep one of the two"),
    ("[rules]\n[rules]", "2:2", "duplicate key", "keep one of the two"),
    ("<<<<<<< HEAD\nexclude = []", "1:9", "this is no TOML", "a merge has left a conflict in it"),
    ("exclude:\n  - a", "1:9", "this is no TOML", "settings as `key = value`"),
    ("{\"exclude\": []}", "1:1", "this is no TOML", "settings as `key = value`"),
    ("baseline = \"a", "1:14", "this is no TOML", "texts in quotes"),
];

/// A project with files that configurations name.
#[allow(clippy::unwrap_used, reason = "it is part of tests")]
fn sample() -> Project {
    let project =
        Project::new(&[("a.cu", "int x;\n"), ("sub/b.cu", "int y;\n"), ("wrong.rows", "# ours\nhello\n")]);
    fs::write(project.root().join("bytes.rows"), b"# ours\nab\xff\n").unwrap();
    symlink("loop.rows", project.root().join("loop.rows")).unwrap();
    project
}

/// Runs over a project whose configuration is wrong, and checks what is said.
fn check(project: &Project, arguments: &[&str], parts: &[&str]) {
    let outcome = project.run(&[arguments, &["--show-config", "a.cu"]].concat());
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{parts:?}: {}", outcome.stderr);
    // Lines are broken where the width says so.
    let said: Vec<_> = outcome.stderr.split([' ', '\n', '│']).filter(|word| !word.is_empty()).collect();
    let said = said.join(" ");
    for part in parts {
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&part), "{part}\nis not in\n{}", outcome.stderr);
    }
}

#[test]
fn every_mistake_has_a_place_and_a_remedy() {
    let project = sample();
    for (text, place, message, help) in CASES {
        project.write(&[("cuda-lint.toml", text)]);
        let place = match place.contains(".rows:") {
            true => (*place).to_owned(),
            false => format!("cuda-lint.toml:{place}"),
        };
        check(&project, &[], &[&format!("cuda-lint: {place} "), message, "help: ", help]);
    }
}

#[test]
fn sections_of_files_that_others_own_are_read_as_strictly() {
    for (file, text, place, message, help) in [
        (
            "pyproject.toml",
            "[tool.cuda-lint]\nexlude = []",
            "2:1",
            "`[tool.cuda-lint]` has no key",
            "`exclude`?",
        ),
        ("pyproject.toml", "[tool.cuda-lint", "1:16", "this is no TOML", "write tables as"),
        (
            "pyproject.toml",
            "[tool]\ncuda-lint = 3",
            "2:13",
            "`cuda-lint` is a table",
            "write `[tool.cuda-lint]`",
        ),
        (
            "pyproject.toml",
            "[tool.cuda_lint]\nexclude = []",
            "1:1",
            "`[tool.cuda_lint]` is no section",
            "write `[tool.cuda-lint]`",
        ),
        (
            "Cargo.toml",
            "[workspace.metadata.cuda-lint.rules]\nordering = \"of\"",
            "2:12",
            "no level `of`",
            "`off`?",
        ),
        ("Cargo.toml", "[package.metadata.cuda-lint]\nfoo = 1", "2:1", "has no key `foo`", "known are"),
        (
            "Cargo.toml",
            "[metadata.cuda-lint]\nexclude = []",
            "1:1",
            "is no section that is read",
            "write `[workspace.metadata.cuda-lint]`",
        ),
    ] {
        let project = sample();
        project.write(&[(file, text)]);
        check(&project, &[], &[&format!("cuda-lint: {file}:{place} "), message, help]);
    }
    // What names the command otherwise is none of its sections.
    let project = sample();
    project.write(&[("Cargo.toml", "[dependencies]\ncuda-lint = \"1\"\n")]);
    assert_eq!(project.run(&["--show-config", "a.cu"]).code, Some(0));
    project.write(&[("pyproject.toml", "[project]\n")]);
    check(
        &project,
        &["--config", "pyproject.toml"],
        &["pyproject.toml", "holds no `[tool.cuda-lint]`", "write it there"],
    );
}

#[test]
fn files_that_are_none_are_said_and_not_passed_over() {
    let with = |make: fn(&std::path::Path), parts: &[&str]| {
        let project = sample();
        make(&project.root().join("cuda-lint.toml"));
        check(&project, &[], &[&["cuda-lint: cuda-lint.toml"], parts].concat());
        check(&project, &["--config", "cuda-lint.toml"], parts);
    };
    with(|file| fs::create_dir(file).unwrap(), &["is no regular file", "help: name a file"]);
    with(
        |file| symlink("cuda-lint.toml", file).unwrap(),
        &["Too many levels of symbolic links", "help: name"],
    );
    with(
        |file| symlink("gone.toml", file).unwrap(),
        &["cannot be read: No such file", "help: name one that is there"],
    );
    with(|file| symlink("/dev/zero", file).unwrap(), &["is no regular file", "help: name a file"]);
    with(
        |file| fs::write(file, b"# a\n# b\xff\n").unwrap(),
        &["cuda-lint.toml:2:4 ", "is not valid UTF-8", "save the file as UTF-8"],
    );
    with(|file| fs::write(file, b"\xff\xfe#\0").unwrap(), &["cuda-lint.toml:1:1 ", "is not valid UTF-8"]);
    with(
        |file| fs::write(file, vec![b'#'; 5 << 20]).unwrap(),
        &["is larger than", "take out what is not about cuda-lint"],
    );
    let project = sample();
    check(
        &project,
        &["--config", "missing.toml"],
        &["missing.toml", "cannot be read", "name one that is there, or make it"],
    );
}

#[test]
fn marks_and_line_ends_of_other_systems_are_no_mistakes() {
    let project = sample();
    fs::write(project.root().join("cuda-lint.toml"), b"\xef\xbb\xbfexclude = [\"a\"]\r\n").unwrap();
    assert_eq!(project.run(&["--show-config", "a.cu"]).code, Some(0));
    fs::write(project.root().join("cuda-lint.toml"), b"exclude = [\"a\"]\r\nexlude = 1\r\n").unwrap();
    check(&project, &[], &["cuda-lint.toml:2:1 ", "did you mean `exclude`?"]);
}

#[test]
fn a_folder_of_which_nothing_is_left_is_no_clean_run() {
    let project = sample();
    project.write(&[("cuda-lint.toml", "include = [\"sr/**\"]\n")]);
    let outcome = project.run(&["."]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("every source file in it is left out"), "{}", outcome.stderr);
    assert_eq!(project.run(&["--force-exclude", "."]).code, Some(0));
}
