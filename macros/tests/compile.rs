//! What the compiler says of items with the attribute. `TRYBUILD=overwrite` writes the expected messages anew.

#[test]
fn misuse_is_said_where_it_stands_and_correct_code_compiles() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile/pass/*.rs");
    cases.compile_fail("tests/compile/fail/*.rs");
}

#[test]
fn the_readme_shows_what_the_compiler_says() {
    let readme = include_str!("../../README.md");
    for shown in [include_str!("compile/fail/readme.rs"), include_str!("compile/fail/readme.stderr")] {
        // Not the lines around the example, and not the numbers of lines.
        let lines = shown.lines().filter(|line| {
            line.starts_with("    ") || line.starts_with("fn download") || line.starts_with("error")
        });
        for line in lines.filter(|line| !line.contains("let _ =")) {
            assert!(readme.contains(line), "README.md lacks: {line}");
        }
    }
}
