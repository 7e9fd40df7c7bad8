//! The examples in the rules' documentation are tests: the misuse gives exactly what it is annotated with, the
//! correction gives nothing.

#[allow(dead_code, reason = "the other test uses the rest")]
mod annotations;

use annotations::{Mode, Run};

/// The example blocks of a documentation text: their kind and source.
fn examples(doc: &str) -> Vec<(&str, String)> {
    let mut examples = Vec::new();
    let mut current: Option<(&str, String)> = None;
    for line in doc.lines() {
        match (&mut current, line.strip_prefix("```")) {
            (None, Some(fence)) => {
                current = Some((fence.strip_prefix("cpp,").unwrap_or("other"), String::new()));
            }
            (Some(_), Some(_)) => examples.extend(current.take()),
            (Some((_, source)), None) => {
                source.push_str(line);
                source.push('\n');
            }
            (None, None) => {}
        }
    }
    examples
}

#[test]
fn examples_give_what_they_are_annotated_with() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for rule in cuda_lint_engine::rules::catalogue() {
        for (index, (kind, source)) in examples(rule.doc).into_iter().enumerate() {
            assert!(matches!(kind, "misuse" | "correct"), "{}: a block is marked `{kind}`", rule.name);
            let annotated = source.contains(&format!("//~ {}", rule.name));
            assert_eq!(annotated, kind == "misuse", "{}, block {}", rule.name, index + 1);
            let file = format!("{}_{}_{kind}.cu", rule.name, index + 1);
            // As a compiler driver would: the runtime's header is included, the standard library is not needed.
            let source = format!("#include <cuda_runtime.h>\n#include <cstdlib>\n{source}");
            std::fs::write(folder.path().join(&file), &source).unwrap();
            files.push((file, source, rule.name));
        }
    }
    let run: Run = annotations::run(folder.path(), &["."], Mode::Legacy, None).unwrap();
    let wrong: String = files
        .iter()
        .filter_map(|(file, source, rule)| {
            let named = [file.clone(), format!("./{file}")];
            let name = named.iter().find(|name| run.diagnostics.contains_key(*name)).unwrap_or(file);
            run.check(name, source, Mode::Legacy, rule).err()
        })
        .collect();
    assert!(run.failed.is_empty(), "{:?}", run.failed);
    assert!(wrong.is_empty(), "\n{wrong}");
}
