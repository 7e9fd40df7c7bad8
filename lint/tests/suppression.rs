//! Comments that suppress findings, as they stand in code.

mod project;

use project::{Project, READ, early_read};

/// What is found in one file, in a folder.
fn found(text: &str) -> Vec<String> {
    let project = Project::new(&[("a.cu", text)]);
    project.found(&["."]).into_iter().map(|it| it.trim_start_matches("a.cu:").to_owned()).collect()
}

fn read(statement: &str) -> String {
    early_read("f", statement)
}

#[test]
fn a_line_a_statement_a_function_and_a_file_are_covered() {
    assert_eq!(found(&read(READ)), ["7 host-read-before-sync"]);
    for statement in [
        "value = h[0]; // cuda-lint: allow(host-read-before-sync): why",
        "value = h[0]; /* cuda-lint: allow(ordering): why */",
        "// cuda-lint: allow(host-read-before-sync, lifetime): why\n // and more\n\n value = 1 +\n h[0];",
        "/* cuda-lint: allow(all): why */ value = h[0];",
        "// cuda-lint: allow(ordering)\n for (int i = 0; i < 2; i++) {\n value = h[i];\n }",
        "value = h[0]; // NOLINT",
        "value = h[0]; // NOLINT(bugprone-x, cuda-lint-host-read-before-sync): why",
        "// NOLINTNEXTLINE(cuda-lint-*)\n value = h[0];",
        "// NOLINTBEGIN(cuda-lint-ordering)\n\n value = h[0];\n // NOLINTEND(cuda-lint-ordering)",
    ] {
        let left: Vec<_> =
            found(&read(statement)).into_iter().filter(|it| !it.ends_with("unused-suppression")).collect();
        assert!(left.is_empty(), "{statement}: {left:?}");
    }
    let mark = "// cuda-lint: allow(host-read-before-sync): why\n";
    for head in
        ["", "static inline ", "template <class T> ", "__attribute__((noinline)) ", "#define API\nAPI "]
    {
        let text = read(READ).replace("int f(", &format!("{mark}{head}int f("));
        let text = if head.starts_with('#') {
            text.replace(&format!("{mark}#define API\n"), &format!("#define API\n{mark}"))
        } else {
            text
        };
        let text = if head.starts_with("template") {
            format!("{text}template int f<int>(const int *d, cudaStream_t stream);\n")
                .replace("value;\n", "value = sizeof(T);\n")
        } else {
            text
        };
        assert_eq!(found(&text), Vec::<String>::new(), "{text}");
        assert_eq!(found(&text.replace(mark, "")).len(), 1, "{text}");
    }
    let file =
        format!("// cuda-lint: allow-file(ordering): a benchmark\n{}{}", read(READ), early_read("g", READ));
    assert_eq!(found(&file), Vec::<String>::new());
    // A comment before one function is not about the next.
    let two =
        format!("{}{}", read(READ), early_read("g", READ)).replacen("int f(", &format!("{mark}int f("), 1);
    assert_eq!(found(&two), ["18 host-read-before-sync"]);
}

#[test]
fn only_comments_count_and_only_where_they_stand() {
    for statement in [
        "const char *s = \"// cuda-lint: allow(all): no\"; value = h[0];",
        "const char *s = R\"(\n// cuda-lint: allow(all)\n)\"; value = h[0];",
        "// cuda-lint: allow(lifetime): another rule\n value = h[0]; // NOLINT(bugprone-x)",
        "// it once said cuda-lint: allow(all)\n value = h[0];",
    ] {
        let found = found(&read(statement));
        assert!(found.iter().any(|it| it.ends_with("host-read-before-sync")), "{statement}: {found:?}");
    }
}

#[test]
fn a_comment_in_a_macro_covers_what_the_macro_makes() {
    let user = |definition: &str| {
        let text = read("value = READ(h);");
        format!("{definition}\n{text}").replace("value = READ(h);", "READ(h, value);")
    };
    assert_eq!(found(&user("#define READ(p, v) v = p[0]")), ["8 host-read-before-sync"]);
    for definition in [
        "#define READ(p, v) v = p[0] /* cuda-lint: allow(ordering): why */",
        "// cuda-lint: allow(ordering): why\n#define READ(p, v) v = p[0]",
        "#define READ(p, v) do { \\\n /* cuda-lint: allow(ordering): why */ \\\n v = p[0]; \\\n} while (0)",
        "#define READ(p, v) do { \\\n v = *p; /* NOLINT(cuda-lint-ordering) */ \\\n} while (0)",
    ] {
        assert_eq!(found(&user(definition)), Vec::<String>::new(), "{definition}");
    }
    // What the macro is given is not the macro's.
    let check = "#define CHECK(x) x /* cuda-lint: allow(ordering): why */\n";
    let text = format!("{check}{}", read("CHECK(value = h[0]);"));
    assert_eq!(found(&text), ["1 unused-suppression", "8 host-read-before-sync"]);
    assert_eq!(
        found(&read("#define M(x) x\n    M(value = h[0]); // cuda-lint: allow(ordering): why")),
        Vec::<String>::new()
    );
}

#[test]
fn a_finding_in_a_header_is_suppressed_there() {
    let header = format!("#pragma once\n{}", read(&format!("{READ} // cuda-lint: allow(ordering): why")))
        .replace("int f(", "inline int f(");
    let source = "#include \"f.h\"\nint g(const int *d, cudaStream_t s) { return f(d, s); }\n";
    let project =
        Project::new(&[("f.h", &header), ("a.cu", source), ("b.cu", &source.replace("int g", "int k"))]);
    assert_eq!(project.found(&["."]), Vec::<String>::new());
    assert_eq!(project.found(&["a.cu"]), Vec::<String>::new());
}

#[test]
fn what_suppresses_nothing_is_reported_where_that_can_be_told() {
    let text = read("value = 1; // cuda-lint: allow(host-read-before-sync): long gone");
    let project = Project::new(&[("a.cu", &text)]);
    assert_eq!(project.found(&["."]), ["a.cu:7 unused-suppression"]);
    // Alone, a file may lack what a finding needs.
    assert!(project.found(&["a.cu"]).is_empty());
    assert!(project.found(&["--ignore", "unused-suppression", "."]).is_empty());
    assert!(project.found(&["--ignore", "ordering", "."]).is_empty());
    let outcome = project.run(&["--severity", "unused-suppression=error", "--format", "short", "."]);
    assert!(
        outcome
            .stdout
            .contains("error[unused-suppression] `allow` suppresses no finding of `host-read-before-sync`")
    );
    assert!(found(&read("value = 1; // NOLINT")).is_empty());
    let left_out =
        read("\n#ifdef WINDOWS\nvalue = 1; // cuda-lint: allow(ordering): there\n#endif\nvalue = 2;");
    assert!(found(&left_out).is_empty());
    assert_eq!(found(&left_out.replace("#ifdef", "#ifndef")), ["9 unused-suppression"]);
    assert_eq!(found(&read("value = 1; // NOLINT(cuda-lint-ordering)")), ["7 unused-suppression"]);
}

#[test]
fn a_comment_that_cannot_be_read_is_reported_and_suppresses_nothing() {
    let project = Project::new(&[("a.cu", &read("value = h[0]; // cuda-lint: allow(host-read-befor-sync)"))]);
    let outcome = project.run(&["a.cu"]);
    assert_eq!(outcome.code, Some(1));
    let said = outcome.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "a.cu:7:22",
        "there is no rule or group `host-read-befor-sync`",
        "did you mean `host-read-before-sync`?",
        "1 error, 1 warning",
    ] {
        assert!(said.contains(part), "{part} is not in\n{}", outcome.stdout);
    }
}

#[test]
fn reasons_can_be_asked_for() {
    let text = read("value = h[0]; // cuda-lint: allow(ordering)");
    let project = Project::new(&[("a.cu", &text)]);
    assert!(project.found(&["."]).is_empty());
    project.write(&[("cuda-lint.toml", "[suppressions]\nrequire-reason = true\n")]);
    assert_eq!(project.found(&["."]), ["a.cu:7 suppression-without-reason"]);
    project.write(&[("a.cu", &text.replace("(ordering)", "(ordering): the stream is idle"))]);
    assert!(project.found(&["."]).is_empty());
    project.write(&[("a.cu", &read("value = h[0]; // NOLINT"))]);
    assert_eq!(project.found(&["."]), ["a.cu:7 suppression-without-reason"]);
}

#[test]
fn suppressed_findings_are_counted() {
    let project = Project::new(&[("a.cu", &read("value = h[0]; // NOLINT"))]);
    let outcome = project.run(&["."]);
    assert_eq!(outcome.stdout, "nothing found in 1 file\n1 finding suppressed by comments\n");
}
