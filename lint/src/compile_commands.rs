//! Compilation databases: finding `compile_commands.json`, and reading it.
//!
//! The file belongs to the analysed project: its size is limited, and a wrong entry is an error that says
//! which one, never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::bazel_actions::{self, Compilation};
use crate::clang::flags::join_clean;

/// Larger databases are refused: the largest known projects have databases of about 100 MB.
const MAX_BYTES: u64 = 512 << 20;
/// Folders above an input that are looked at.
const MAX_PARENTS: usize = 32;
/// Words before the compiler: `env`, `ccache`.
const MAX_LAUNCHERS: usize = 4;
const NAME: &str = "compile_commands.json";

/// How one file is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileCommand {
    /// The file, absolute where the database tells its folder.
    pub file: PathBuf,
    /// The folder in which the command runs.
    pub directory: PathBuf,
    /// The folder of the database.
    pub database: PathBuf,
    /// The command, split into words; the first is the compiler.
    pub arguments: Vec<String>,
    /// The targets that the file is built for, by this command and by others.
    pub targets: Vec<String>,
}

impl CompileCommand {
    /// True if CUDA's own compiler runs, perhaps behind launchers such as ccache.
    pub fn is_nvcc(&self) -> bool {
        let words = self.arguments.iter().take_while(|it| !it.starts_with(['-', '@']));
        words.take(MAX_LAUNCHERS).any(|word| Path::new(word).file_stem().is_some_and(|stem| stem == "nvcc"))
    }

    /// A path of the command, as an absolute one.
    ///
    /// Bazel's commands run in a folder that links to the workspace and to what was fetched and made
    /// (`external/…`, `bazel-out/…`); from the workspace those are reached through Bazel's own links
    /// (Bazel, "Output Directory Layout").
    pub fn resolve(&self, path: &str) -> PathBuf {
        let plain = join_clean(&self.directory, path);
        if !["external/", "bazel-out/"].iter().any(|folder| path.starts_with(folder)) || plain.exists() {
            return plain;
        }
        let execroot = self.execroot();
        let below = execroot.iter().flat_map(|root| {
            let fetched = root.ancestors().nth(2).filter(|_| path.starts_with("external/"));
            [Some(root.as_path()), fetched].into_iter().flatten()
        });
        below.map(|root| join_clean(root, path)).find(|found| found.exists()).unwrap_or(plain)
    }

    /// The folder in which Bazel runs commands, as far as links in the command's folder lead there.
    fn execroot(&self) -> Option<PathBuf> {
        let made = fs::canonicalize(self.directory.join("bazel-out")).ok()?;
        let root = made.parent()?;
        root.parent()?.ends_with("execroot").then(|| root.to_path_buf())
    }

    /// True for files that belong to the build: below the command's folder or the database's, or where Bazel
    /// keeps what it makes. `path` must be free of links.
    pub fn is_in_build_tree(&self, path: &Path) -> bool {
        let folders =
            [&self.directory, &self.database].into_iter().filter_map(|it| fs::canonicalize(it).ok());
        folders
            .chain(self.execroot())
            .any(|folder| folder.components().count() > 1 && path.starts_with(folder))
    }
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct DatabaseError {
    /// The file, for people.
    pub path: String,
    /// What is wrong, where in the file, and on a second line what to do.
    pub reason: String,
}

const REWRITE: &str = "generate it again (cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON), or remove it";
const NAME_IT: &str = "name a compile_commands.json, or the folder that holds one";

/// A database.
#[derive(Clone, Debug, Default)]
pub struct CompileCommands {
    commands: Vec<CompileCommand>,
    by_file: FxHashMap<PathBuf, usize>,
}

#[derive(Deserialize)]
struct Entry {
    directory: Option<String>,
    file: Option<String>,
    command: Option<String>,
    arguments: Option<Vec<String>>,
}

impl CompileCommands {
    /// Reads the database at `path`: a file, or a folder that holds one.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let file = if path.is_dir() { path.join(NAME) } else { path.to_path_buf() };
        let error = |what: String| DatabaseError {
            path: file.display().to_string(),
            reason: format!("{what}\n  {NAME_IT}"),
        };
        let size = fs::metadata(&file).map_err(|why| error(format!("cannot be read: {why}")))?.len();
        if size > MAX_BYTES {
            return Err(error(format!("{size} bytes are more than the {MAX_BYTES} that are read")));
        }
        let bytes = fs::read(&file).map_err(|why| error(format!("cannot be read: {why}")))?;
        Self::parse(&file, &bytes)
    }

    /// Looks for a database above `input`: in each folder, and in the folder `build` below it.
    pub fn find_above(input: &Path) -> Option<PathBuf> {
        let start = fs::canonicalize(input).ok()?;
        start.ancestors().take(MAX_PARENTS).find_map(|folder| {
            [folder.join(NAME), folder.join("build").join(NAME)].into_iter().find(|path| path.is_file())
        })
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self, DatabaseError> {
        let error = |what: String| DatabaseError {
            path: path.display().to_string(),
            reason: format!("{what}\n  {REWRITE}"),
        };
        let no_database = |why: serde_json::Error| error(format!("is no compilation database: {why}"));
        let database = path.parent().map(Path::to_path_buf).unwrap_or_default();
        if bazel_actions::may_be_actions(bytes) {
            return Ok(Self::of_actions(database, bazel_actions::read(bytes).map_err(no_database)?));
        }
        let entries: Vec<Entry> = serde_json::from_slice(bytes).map_err(no_database)?;
        let mut found = Self::default();
        for (index, entry) in entries.into_iter().enumerate() {
            let wrong = |what: &str| error(format!("entry {index} (counted from 0) {what}"));
            let file = entry.file.ok_or_else(|| wrong("names no \"file\""))?;
            let directory = entry.directory.as_deref().unwrap_or_default();
            let directory = join_clean(&database, if stands_for_here(directory) { "" } else { directory });
            let arguments = match (entry.arguments, entry.command) {
                (Some(arguments), _) => arguments,
                (None, Some(command)) => shlex::split(&command).ok_or_else(|| {
                    wrong(&format!("for '{file}' has a \"command\" with an unclosed quote"))
                })?,
                (None, None) => {
                    return Err(wrong(&format!("for '{file}' has neither \"command\" nor \"arguments\"")));
                }
            };
            let file = join_clean(&directory, &file);
            let targets = target_of(&arguments).into_iter().collect();
            found.add(CompileCommand { file, directory, database: database.clone(), arguments, targets });
        }
        Ok(found)
    }

    /// Commands of Bazel's list of actions. The file lies in the workspace.
    fn of_actions(database: PathBuf, actions: Vec<Compilation>) -> Self {
        let mut found = Self::default();
        for Compilation { file, target, arguments } in actions {
            let command = CompileCommand {
                file: PathBuf::new(),
                directory: database.clone(),
                database: database.clone(),
                arguments,
                targets: target.into_iter().collect(),
            };
            found.add(CompileCommand { file: command.resolve(&file), ..command });
        }
        found
    }

    /// Of several entries for one file the first counts, as clang's tools have it; one that CUDA's own
    /// compiler runs is preferred. The targets of all of them are the file's.
    fn add(&mut self, mut command: CompileCommand) {
        let key = fs::canonicalize(&command.file).unwrap_or_else(|_| command.file.clone());
        if let Some(&index) = self.by_file.get(&key) {
            let known = &mut self.commands[index];
            for target in std::mem::take(&mut command.targets) {
                if !known.targets.contains(&target) {
                    known.targets.push(target);
                }
            }
            command.targets = known.targets.clone();
        }
        match self.by_file.get(&key) {
            Some(&index) if command.is_nvcc() && !self.commands[index].is_nvcc() => {
                self.commands[index] = command;
            }
            Some(_) => {}
            None => {
                self.by_file.insert(key, self.commands.len());
                self.commands.push(command);
            }
        }
    }

    /// The command for a file. A header gets that of a file with the same stem, or of the nearest folder.
    pub fn command_for(&self, file: &Path) -> Option<&CompileCommand> {
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        if let Some(&index) = self.by_file.get(&file) {
            return Some(&self.commands[index]);
        }
        let nearness = |command: &&CompileCommand| {
            let common = command.file.components().zip(file.components()).take_while(|(a, b)| a == b).count();
            (command.file.file_stem() == file.file_stem(), common)
        };
        // The first of the equally near ones, so that the order of the database decides.
        self.commands.iter().rev().max_by_key(nearness).filter(|command| nearness(command).1 > 1)
    }
}

/// The target that a command builds for, as far as CMake's object paths tell: `-o CMakeFiles/<target>.dir/file.o`.
fn target_of(arguments: &[String]) -> Option<String> {
    let output = arguments.windows(2).find(|pair| pair[0] == "-o").map(|pair| pair[1].as_str());
    let mut parts = output.unwrap_or_default().split('/');
    let target = parts.find(|part| *part == "CMakeFiles").and_then(|_| parts.next())?;
    target.strip_suffix(".dir").map(str::to_owned)
}

/// True for folders that stand for "where the command runs": Bazel's sandbox, and the placeholder of scripts
/// that write databases from its actions. The database lies in the workspace then.
fn stands_for_here(directory: &str) -> bool {
    matches!(directory.trim_end_matches('/'), "/proc/self/cwd" | "__EXEC_ROOT__" | "__WORKSPACE_ROOT__")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<CompileCommands, DatabaseError> {
        CompileCommands::parse(Path::new("/p/build/compile_commands.json"), text.as_bytes())
    }

    #[test]
    fn both_forms_and_relative_folders_are_read() {
        let database = parse(
            r#"[{"directory":".","file":"../src/a.cu","command":"nvcc -DA=\"x y\" -c ../src/a.cu"},
                {"directory":"/q","file":"b.cpp","arguments":["g++","-DB","-c","b.cpp"],"output":"b.o"}]"#,
        )
        .unwrap();
        assert_eq!(database.commands.len(), 2);
        let a = database.command_for(Path::new("/p/src/a.cu")).unwrap();
        assert_eq!(a.arguments, ["nvcc", "-DA=x y", "-c", "../src/a.cu"]);
        assert_eq!(a.directory, Path::new("/p/build"));
        assert_eq!(database.command_for(Path::new("/q/b.cpp")).unwrap().arguments[1], "-DB");
    }

    #[test]
    fn duplicates_prefer_the_cuda_compiler_and_headers_the_nearest_file() {
        let database = parse(
            r#"[{"directory":"/p","file":"s/a.cu","command":"g++ -c s/a.cu"},
                {"directory":"/p","file":"s/a.cu","command":"nvcc -c s/a.cu"},
                {"directory":"/p","file":"t/c.cu","command":"nvcc -DC t/c.cu"}]"#,
        )
        .unwrap();
        assert_eq!(database.commands.len(), 2);
        assert_eq!(database.command_for(Path::new("/p/s/a.cu")).unwrap().arguments[0], "nvcc");
        assert_eq!(database.command_for(Path::new("/p/t/x.h")).unwrap().arguments[1], "-DC");
        assert!(database.command_for(Path::new("/elsewhere/x.h")).is_none());
    }

    #[test]
    fn a_file_of_several_targets_belongs_to_each() {
        let database = parse(
            r#"[{"directory":"/p/b","file":"../a.cu","command":"nvcc -DV=1 -x cu -c ../a.cu -o CMakeFiles/one.dir/Debug/a.cu.o"},
                {"directory":"/p/b","file":"../a.cu","command":"nvcc -DV=2 -x cu -c ../a.cu -o CMakeFiles/two.dir/a.cu.o"},
                {"directory":"/p/b","file":"../a.cu","command":"nvcc -DV=3 -x cu -c ../a.cu -o CMakeFiles/one.dir/Release/a.cu.o"}]"#,
        )
        .unwrap();
        let command = database.command_for(Path::new("/p/a.cu")).unwrap();
        assert_eq!(
            (command.arguments[1].as_str(), &command.targets[..]),
            ("-DV=1", &["one", "two"].map(String::from)[..])
        );
    }

    #[test]
    fn actions_of_bazel_are_commands() {
        let database = parse(
            r#"{"targets":[{"id":1,"label":"//a:b"}],"actions":[{"targetId":1,"arguments":["nvcc","-x","cu","-c","a/b.cu","-o","bazel-out/b.o"]}]}"#,
        )
        .unwrap();
        let command = database.command_for(Path::new("/p/build/a/b.cu")).unwrap();
        assert_eq!(
            (command.directory.as_path(), &command.targets[..]),
            (Path::new("/p/build"), &["//a:b".to_owned()][..])
        );
    }

    #[test]
    fn errors_say_where_and_what_to_do() {
        let text = parse("[{\"file\": }]").unwrap_err().to_string();
        assert!(text.contains("at line 1 column 11") && text.contains("generate it again"), "{text}");
        let text = parse("{\"file\": 1}").unwrap_err().to_string();
        assert!(text.contains("at line 1 "), "{text}");
        let text = parse(r#"[{"directory":"/p","file":"a.cu"}]"#).unwrap_err().to_string();
        assert!(text.contains("entry 0") && text.contains("'a.cu'"), "{text}");
        let text =
            parse(r#"[{"directory":"/p","file":"a.cu","command":"nvcc 'a"}]"#).unwrap_err().to_string();
        assert!(text.contains("unclosed quote"), "{text}");
        let text = CompileCommands::open(Path::new("/no/such/file")).unwrap_err().to_string();
        assert!(text.contains("/no/such/file") && text.contains("cannot be read"), "{text}");
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn the_database_is_found_above_the_input() {
        let tree = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(tree.path()).unwrap();
        fs::create_dir_all(root.join("build")).unwrap();
        fs::create_dir_all(root.join("src/deep")).unwrap();
        fs::write(root.join("src/deep/a.cu"), "").unwrap();
        fs::write(root.join("build").join(NAME), "[]").unwrap();
        let found = CompileCommands::find_above(&root.join("src/deep/a.cu")).unwrap();
        assert_eq!(found, root.join("build").join(NAME));
        assert!(CompileCommands::open(&root.join("build")).unwrap().commands.is_empty());
    }
}
