//! Where included files come from: embedded declarations, or the project's own headers.

use std::path::{Path, PathBuf};

use super::embedded::{self, FALLBACK, FORWARD, INCLUDE, VirtualFiles};
use super::flags::UnitOptions;
use super::unit::ClangMessage;
use crate::include_index::IncludeIndex;

/// An `#include` that nothing was found for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MissingInclude {
    /// The name between the quotes.
    pub name: String,
    /// The file that includes it.
    pub file: String,
    /// The line there.
    pub line: u32,
}

/// More search folders than these are not added to a unit.
const MAX_FOLDERS: usize = 64;

/// Supplies the includes of one unit.
#[derive(Debug)]
pub struct Includes<'i> {
    headers: &'i IncludeIndex,
    /// Folders of the project in which a header was found: what else is included lies there too.
    folders: Vec<PathBuf>,
    /// Libraries (`rmm/`) whose headers are the project's own: mixing them with the embedded ones would
    /// declare everything twice.
    own_libraries: Vec<String>,
    /// The folder of forwarders to embedded files: behind all others where real headers come first.
    forwarders: &'static str,
    /// What was supplied since the text of the file was looked at.
    supplied: Vec<Supplied>,
}

/// An include that was supplied because clang missed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplied {
    name: String,
    includer: PathBuf,
}

impl<'i> Includes<'i> {
    /// With the headers of a project; `real_first` if those of the machine count for more than embedded ones.
    pub fn new(headers: &'i IncludeIndex, real_first: bool) -> Self {
        let forwarders = if real_first { FALLBACK } else { INCLUDE };
        Self { headers, folders: Vec::new(), own_libraries: Vec::new(), forwarders, supplied: Vec::new() }
    }

    /// Folders to be searched after all others.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Supplies what the text includes and no folder of the build holds, so that no pass is lost on it.
    pub fn prepare(&mut self, path: &Path, text: &str, options: &UnitOptions, files: &mut VirtualFiles) {
        let own_folder = path.parent().unwrap_or(Path::new(""));
        for name in names(text) {
            let embedded = [INCLUDE, FALLBACK]
                .iter()
                .any(|folder| VirtualFiles::embedded().contains(&format!("{folder}/{name}")));
            let found = embedded
                || own_folder.join(name).is_file()
                || options.includes.iter().any(|(_, folder)| folder.join(name).is_file());
            if !found {
                self.supply(name, path, files);
            }
        }
    }

    /// Supplies those libraries of the toolkit that the embedded declarations stand for in any case: templates
    /// that the model describes by their names, and that take a hundred times as long to read.
    pub fn prepare_templates(&mut self, text: &str, files: &mut VirtualFiles) {
        for name in names(text).filter(|name| embedded::is_template_library(name)) {
            if let Some(text) = embedded::wildcard(name) {
                files.set(&format!("{INCLUDE}/{name}"), &text);
            }
        }
    }

    /// Supplies what was missing, and notes what was found. True if anything was.
    pub fn supply_all(&mut self, missing: &[MissingInclude], files: &mut VirtualFiles) -> bool {
        let before = self.supplied.len();
        for MissingInclude { name, file, .. } in missing {
            if self.supply(name, Path::new(file), files) {
                self.supplied.push(Supplied { name: name.clone(), includer: PathBuf::from(file) });
            }
        }
        self.supplied.len() > before
    }

    /// Supplies at once what another configuration of the same file missed.
    pub fn supply_again(&mut self, supplied: &[Supplied], files: &mut VirtualFiles) {
        for Supplied { name, includer } in supplied {
            self.supply(name, includer, files);
        }
    }

    /// What was supplied because clang missed it.
    pub fn into_supplied(self) -> Vec<Supplied> {
        self.supplied
    }

    /// Supplies one include. True if something was found that was not there before.
    fn supply(&mut self, name: &str, includer: &Path, files: &mut VirtualFiles) -> bool {
        let wildcard = embedded::wildcard(name);
        // A project that is a library itself, or brings one along, means its own headers.
        let own_first = wildcard.is_none() || embedded::may_be_own(name);
        let own = if own_first { self.headers.resolve(name, includer) } else { None };
        if let Some(found) = own.as_deref()
            && let Some(text) = found.to_str().and_then(embedded::forwarder)
        {
            let forward = format!("{FORWARD}/{name}");
            if files.contains(&forward) {
                return false;
            }
            files.set(&forward, &text);
            self.add_folder(found, name);
            if wildcard.is_some() {
                self.own_libraries.push(library(name).to_owned());
            }
            return true;
        }
        if self.own_libraries.iter().any(|own| own == library(name)) {
            return false;
        }
        let forward = format!("{}/{name}", self.forwarders);
        match wildcard {
            Some(text) if !files.contains(&forward) => {
                files.set(&forward, &text);
                true
            }
            _ => false,
        }
    }

    /// Adds the folder under which `found` has the path `name`.
    fn add_folder(&mut self, found: &Path, name: &str) {
        let depth = Path::new(name).components().count();
        // With `..` in the name the folder is unknown.
        if !found.ends_with(name) || self.folders.len() >= MAX_FOLDERS {
            return;
        }
        if let Some(folder) = found.ancestors().nth(depth)
            && folder.parent().is_some()
            && !self.folders.iter().any(|known| known == folder)
        {
            self.folders.push(folder.to_path_buf());
        }
    }
}

/// The first folder of an include name.
fn library(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

/// The name in clang's message about a missing include.
pub fn missing_name(message: &str) -> Option<&str> {
    let rest = message.strip_prefix('\'')?;
    let (name, rest) = rest.split_once('\'')?;
    rest.starts_with(" file not found").then_some(name)
}

/// The includes that the messages report as missing, each once.
pub fn missing(messages: &[ClangMessage]) -> Vec<MissingInclude> {
    let mut missing: Vec<MissingInclude> = Vec::new();
    for message in messages {
        if let Some(name) = missing_name(&message.message) {
            let include =
                MissingInclude { name: name.to_owned(), file: message.file.clone(), line: message.line };
            if !missing.contains(&include) {
                missing.push(include);
            }
        }
    }
    missing
}

/// The names that a text includes.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")?.trim_start();
        let close = match rest.chars().next()? {
            '<' => '>',
            '"' => '"',
            _ => return None,
        };
        rest[1..].split(close).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn include_lines_are_read() {
        let text = "#include <a/b.h>\n # include \"c.h\" // why\n#include MACRO\n#include \"\nint x;\n";
        assert_eq!(names(text).collect::<Vec<_>>(), ["a/b.h", "c.h", ""]);
    }

    #[test]
    fn the_message_tells_the_name() {
        assert_eq!(missing_name("'a/b.h' file not found"), Some("a/b.h"));
        assert_eq!(missing_name("use of undeclared identifier 'x'"), None);
    }
}
