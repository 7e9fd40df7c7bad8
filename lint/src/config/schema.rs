//! The JSON schema of the configuration, for editors. Tests hold it against what is read.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::rules::{CONFIDENCES, SEVERITIES};
use crate::catalogue::{self, GROUPS};
use crate::exit::ExitStatus;
use crate::selection::LEVELS;

/// Prints the schema.
pub fn print(out: &mut dyn Write) -> io::Result<ExitStatus> {
    serde_json::to_writer_pretty(&mut *out, &schema())?;
    writeln!(out)?;
    out.flush()?;
    Ok(ExitStatus::Clean)
}

/// The schema.
pub fn schema() -> Value {
    let level = json!({"type": "string", "enum": LEVELS.map(|(name, _)| name)});
    let mut rules = Map::new();
    for group in GROUPS {
        let about = format!("The rules of the group {}.", group.name());
        rules.insert(group.name().to_owned(), json!({"description": about, "$ref": "#/definitions/level"}));
    }
    for rule in catalogue::entries() {
        let default = if rule.on_by_default { rule.severity.name() } else { "off" };
        rules.insert(
            rule.name.to_owned(),
            json!({"description": format!("{} (by default: {default}).", rule.summary), "$ref": "#/definitions/level"}),
        );
    }
    let confidence = json!({
        "description": "How sure a finding must be.",
        "enum": CONFIDENCES.map(|it| it.name()),
    });
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Configuration of cuda-lint",
        "definitions": {
            "level": level,
            "rules": {
                "description": "Rules and groups, each with a level. What names fewer rules counts for more.",
                "type": "object",
                "properties": rules,
                "additionalProperties": false,
            },
            "texts": {"type": "array", "items": {"type": "string"}},
        },
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "include": texts("Patterns: only these files of folders are analysed."),
            "exclude": texts("Patterns: these files of folders are not analysed."),
            "defines": texts("Macros, as NAME or NAME=VALUE."),
            "include-dirs": texts("Folders that are searched for included files."),
            "compile-commands": text("compile_commands.json or its folder."),
            "baseline": text("The file with the findings that are known."),
            "min-confidence": confidence,
            "min-severity": {
                "description": "How bad a finding must be.",
                "enum": SEVERITIES.map(|it| it.name()),
            },
            "rules": {"$ref": "#/definitions/rules"},
            "overrides": {
                "description": "What is said of rules in some files; later ones count for more.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["paths"],
                    "properties": {
                        "paths": texts("Patterns for the files."),
                        "min-confidence": confidence,
                        "rules": {"$ref": "#/definitions/rules"},
                    },
                },
            },
            "suppressions": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "require-reason": {
                        "description": "A comment that suppresses a finding must say why.",
                        "type": "boolean",
                    },
                },
            },
            "model": {
                "description": "What the project's own functions do with CUDA.",
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "files": texts("Files with rows."),
                    "rows": text("Rows, in the notation of the built-in ones."),
                },
            },
            "platform": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "cuda": text("The version of CUDA that the program is meant for, such as 12.4."),
                    "default-stream": {
                        "description": "What stream 0 means.",
                        "enum": ["legacy", "per-thread"],
                    },
                    "pageable-access": {
                        "description": "The GPU can access pageable memory.",
                        "type": "boolean",
                    },
                    "concurrent-managed-access": {
                        "description": "Host and GPU can access managed memory at the same time.",
                        "type": "boolean",
                    },
                    "staging-limit": {
                        "description": "Pageable copies of up to so many bytes are staged, and do not wait.",
                        "type": "integer",
                        "minimum": 0,
                    },
                },
            },
        },
    })
}

fn texts(about: &str) -> Value {
    json!({"description": about, "$ref": "#/definitions/texts"})
}

fn text(about: &str) -> Value {
    json!({"description": about, "type": "string"})
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    const FILE: &str = "docs/cuda-lint.schema.json";

    #[test]
    fn the_file_in_the_documentation_is_up_to_date() {
        let mut text = Vec::new();
        print(&mut text).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        let same = kept == String::from_utf8(text).unwrap();
        assert!(same, "write it again: `cuda-lint config-schema > lint/{FILE}`");
    }

    /// Reads a configuration and holds it against the schema.
    fn agree(text: &str, expected: bool) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cuda-lint.toml");
        std::fs::create_dir(folder.path().join("inside")).unwrap();
        std::fs::write(folder.path().join("inside/compile_commands.json"), "[]").unwrap();
        std::fs::write(&file, text).unwrap();
        let read = Config::open(&file);
        assert_eq!(read.is_ok(), expected, "{text}: {read:?}");
        let value: toml::Value = toml::from_str(text).unwrap();
        let validator = jsonschema::validator_for(&schema()).unwrap();
        assert_eq!(validator.is_valid(&serde_json::to_value(value).unwrap()), expected, "{text}");
    }

    #[test]
    fn every_key_of_the_schema_is_read() {
        let whole = "include = [\"a\"]\nexclude = [\"b\"]\ndefines = [\"A=1\"]\ninclude-dirs = [\"inside\"]\n\
                     compile-commands = \"inside\"\nbaseline = \"b.json\"\nmin-confidence = \"possible\"\n\
                     min-severity = \"info\"\n[rules]\nall = \"on\"\nfree-kind-mismatch = \"info\"\n\
                     [[overrides]]\npaths = [\"a\"]\nmin-confidence = \"certain\"\nrules = { ordering = \"off\" }\n\
                     [suppressions]\nrequire-reason = true\n[model]\nfiles = []\nrows = \"\"\n[platform]\n\
                     cuda = \"12.4\"\ndefault-stream = \"legacy\"\npageable-access = true\n\
                     concurrent-managed-access = true\nstaging-limit = 1\n";
        agree(whole, true);
        // Nothing is missing above.
        fn keys(schema: &Value, found: &mut Vec<String>) {
            for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
                found.push(key.clone());
                keys(inner, found);
                keys(&inner["items"], found);
            }
        }
        let mut all = Vec::new();
        keys(&schema(), &mut all);
        for key in all {
            assert!(whole.contains(&key), "{key}");
        }
    }

    #[test]
    fn what_is_refused_is_refused_by_both() {
        for text in [
            "x = 1\n",
            "include = \"a\"\n",
            "min-confidence = \"sure\"\n",
            "[rules]\nx = \"off\"\n",
            "[rules]\nordering = \"bad\"\n",
            "[[overrides]]\nrules = {}\n",
            "[[overrides]]\npaths = [\"a\"]\nx = 1\n",
            "[suppressions]\nrequire-reason = 1\n",
            "[platform]\nstaging-limit = -1\n",
            "[platform]\ndefault-stream = \"x\"\n",
            "[model]\nx = 1\n",
        ] {
            agree(text, false);
        }
    }
}
