//! Commands out of Bazel's list of actions: `bazel aquery --output=jsonproto`.
//!
//! Bazel writes no compilation database of its own; what it writes is the action graph (Bazel, "Action Graph
//! Query", and `src/main/protobuf/analysis_v2.proto`: `ActionGraphContainer`). Each action has its command line,
//! whose paths start at the execution root.

use serde::Deserialize;

/// Endings of what is compiled.
const SOURCES: [&str; 6] = [".cu", ".cpp", ".cc", ".cxx", ".c", ".c++"];

/// The action graph, as far as it is read.
#[derive(Deserialize)]
struct Graph {
    actions: Vec<Action>,
    #[serde(default)]
    targets: Vec<Target>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    #[serde(default)]
    target_id: u32,
    #[serde(default)]
    arguments: Vec<String>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    id: u32,
    #[serde(default)]
    label: String,
}

/// A command that compiles.
#[derive(Debug, PartialEq, Eq)]
pub struct Compilation {
    /// What it compiles, as the command names it.
    pub file: String,
    /// The label of the target.
    pub target: Option<String>,
    /// The command.
    pub arguments: Vec<String>,
}

/// True for text that is an object and no list, as databases are.
pub fn may_be_actions(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}

/// The actions that compile a C, C++ or CUDA source. Whatever their mnemonic is: rules for CUDA have their own.
pub fn read(bytes: &[u8]) -> serde_json::Result<Vec<Compilation>> {
    let Graph { actions, targets } = serde_json::from_slice(bytes)?;
    let compilations = actions.into_iter().filter_map(|action| {
        let file = compiled(&action.arguments)?.to_owned();
        let target = targets.iter().find(|target| target.id == action.target_id);
        let target = target.map(|target| target.label.clone()).filter(|label| !label.is_empty());
        Some(Compilation { file, target, arguments: action.arguments })
    });
    Ok(compilations.collect())
}

/// What a command compiles: what `-c` names, else the last source.
fn compiled(arguments: &[String]) -> Option<&str> {
    arguments.iter().find(|it| matches!(it.as_str(), "-c" | "-dc" | "--compile" | "--device-c"))?;
    let named = arguments.windows(2).find(|pair| pair[0] == "-c").map(|pair| pair[1].as_str());
    let is_source = |it: &&str| !it.starts_with('-') && SOURCES.iter().any(|ending| it.ends_with(ending));
    named.filter(is_source).or_else(|| arguments.iter().map(String::as_str).rfind(is_source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_that_compile_are_read() {
        let text = br#" {"artifacts":[{"id":1}], "targets":[{"id":3,"label":"//app:run","ruleClassId":1}],
            "actions":[
              {"targetId":3,"mnemonic":"CudaCompile","arguments":["nvcc","-DA","-dc","-o","bazel-out/a.o","app/a.cu"]},
              {"targetId":9,"mnemonic":"CppCompile","arguments":["gcc","-c","app/b.cc","-o","b.o"]},
              {"mnemonic":"CppLink","arguments":["gcc","-o","x","a.o"]},
              {"mnemonic":"Genrule","arguments":["sh","-c","cat a.cu > b.txt"]},
              {"mnemonic":"Symlink"}]}"#;
        assert!(may_be_actions(text) && !may_be_actions(b"[]"));
        let found = read(text).unwrap();
        let files: Vec<_> = found.iter().map(|it| (it.file.as_str(), it.target.as_deref())).collect();
        assert_eq!(files, [("app/a.cu", Some("//app:run")), ("app/b.cc", None)]);
    }

    #[test]
    fn other_objects_are_an_error() {
        assert!(read(b"{\"file\": 1}").unwrap_err().to_string().contains("actions"));
        assert!(read(b"{\"actions\": 1}").is_err());
    }
}
