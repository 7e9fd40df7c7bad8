//! Runs over a whole project of which some files are of interest, such as those that a commit changes: what they
//! call and what calls them is known, and what is reported is about them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::discover::{self, Discovery, SourceFile, Wanted};
use crate::finding::ReportedDiagnostic;

/// The files of interest, by the names that they are shown by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    shown: HashSet<String>,
    canonical: Vec<PathBuf>,
}

impl Focus {
    /// These files.
    pub fn on(files: &[SourceFile]) -> Self {
        Self {
            shown: files.iter().map(|file| file.path.clone()).collect(),
            canonical: files.iter().map(|file| file.canonical.clone()).collect(),
        }
    }

    /// The files without links.
    pub fn files(&self) -> &[PathBuf] {
        &self.canonical
    }

    /// True for a file of interest.
    pub fn holds(&self, file: &str) -> bool {
        self.shown.contains(file)
    }

    /// True if one of the places that a finding shows lies in a file of interest: the harm may be done elsewhere.
    pub fn concerns(&self, it: &ReportedDiagnostic) -> bool {
        self.holds(&it.span.file) || it.related.iter().any(|place| self.holds(&place.span.file))
    }
}

/// The folder of the project that the paths lie in: that of the configuration, else that of the repository.
///
/// # Errors
/// Why there is none.
pub fn root(config: &Config, paths: &[PathBuf]) -> Result<PathBuf, String> {
    if let Some(folder) = config.folder() {
        return Ok(folder.to_path_buf());
    }
    let mut root: Option<PathBuf> = None;
    // What does not exist is said by whoever looks for sources.
    for path in paths.iter().filter_map(|path| path.canonicalize().ok()) {
        let Some(folder) = path.ancestors().skip(1).find(|folder| folder.join(".git").exists()) else {
            return Err(format!(
                "--in-project: nothing above {} says where its project begins; write a configuration there \
                 (`cuda-lint init FOLDER`)",
                path.display()
            ));
        };
        match &root {
            Some(known) if known != folder => {
                return Err(format!(
                    "--in-project: the paths lie in two projects, {} and {}; analyse them one after the other",
                    known.display(),
                    folder.display()
                ));
            }
            _ => root = Some(folder.to_path_buf()),
        }
    }
    Ok(root.unwrap_or_default())
}

/// All files of a project, and which of them are of interest: those under `paths`.
pub fn discover(root: &Path, paths: &[PathBuf], wanted: &Wanted) -> (Discovery, Focus) {
    // What the project leaves out is not of interest.
    let Discovery { files: given, failed } =
        discover::discover(paths, &Wanted { force_exclude: true, ..wanted.clone() });
    let focus = Focus::on(&given);
    if given.is_empty() {
        return (Discovery { files: given, failed }, focus);
    }
    let here = std::env::current_dir().and_then(|folder| folder.canonicalize()).ok();
    let relative =
        |path: &Path| here.as_deref().and_then(|here| path.strip_prefix(here).ok()).map(Path::to_path_buf);
    let start = match relative(root) {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder,
        None => root.to_path_buf(),
    };
    let tree = discover::discover(&[start], wanted);
    let known: HashSet<&Path> = given.iter().map(|file| file.canonical.as_path()).collect();
    let mut files: Vec<SourceFile> =
        tree.files.into_iter().filter(|file| !known.contains(file.canonical.as_path())).collect();
    for file in &mut files {
        if let Some(shown) = relative(Path::new(&file.path)).and_then(|it| it.to_str().map(str::to_owned)) {
            file.path = shown;
        }
    }
    // With the project around them, it can be told what is not there.
    files.extend(given.iter().map(|file| SourceFile { named: false, ..file.clone() }));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    (Discovery { files, failed }, focus)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_project_begins_where_its_repository_does() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for path in ["a/.git", "a/src", "b/.git", "c"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        for file in ["a/src/x.cu", "a/y.cu", "b/z.cu", "c/w.cu"] {
            fs::write(root.join(file), "").unwrap();
        }
        let find = |files: &[&str]| {
            let files: Vec<_> = files.iter().map(|file| root.join(file)).collect();
            self::root(&Config::default(), &files)
        };
        assert_eq!(find(&["a/src/x.cu", "a/y.cu", "a/missing.cu"]), Ok(root.join("a")));
        assert!(find(&["a/y.cu", "b/z.cu"]).unwrap_err().contains("two projects"));
        assert!(find(&["c/w.cu"]).unwrap_err().contains("cuda-lint init"));
    }

    #[test]
    fn all_files_are_there_and_some_are_of_interest() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for file in ["src/x.cu", "src/y.cu", "third_party/z.cu"] {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        let mut exclude = crate::path_patterns::Patterns::in_folder(&root);
        exclude.add("third_party").unwrap();
        let wanted = Wanted { exclude: vec![exclude], ..Wanted::default() };
        let names = |files: &[SourceFile]| {
            let name = |file: &SourceFile| file.canonical.strip_prefix(&root).unwrap().display().to_string();
            files.iter().map(name).collect::<Vec<_>>()
        };
        let (found, focus) =
            discover(&root, &[root.join("src/x.cu"), root.join("third_party/z.cu")], &wanted);
        assert_eq!(names(&found.files), ["src/x.cu", "src/y.cu"]);
        assert!(found.files.iter().all(|file| !file.named) && found.failed.is_empty());
        assert_eq!(focus.files(), [root.join("src/x.cu")]);
        let (found, _) = discover(&root, &[root.join("third_party/z.cu")], &wanted);
        assert!(found.files.is_empty());
    }
}
