//! `--changed`: the answers of programs that are what they were are kept, where the same machine gave them.
//!
//! A program is kept if neither its text nor what stands beside it has changed, the observer and the harness's protocol
//! are the same, and so are the device, its driver and the toolkit. The file says how long both runs took, and its
//! day is the earlier one.

use std::collections::BTreeSet;
use std::path::Path;

use cuda_lint_evidence::{Body, Device, File, Peers, Programs};

/// When what is kept was measured, and how long it took: [`File::in_part`].
pub struct Times {
    /// The day.
    pub date: String,
    /// For everything.
    pub seconds: f64,
    /// For what changed since.
    pub changed_seconds: f64,
}

/// A file of evidence, and the programs in it that need not be run again.
pub struct Kept<T> {
    file: File<T>,
    programs: BTreeSet<String>,
}

impl<T: Body> Kept<T> {
    /// What is kept of the file in the repository; `None` if there is nothing.
    pub fn read(root: &Path, device: &Device) -> Option<Self> {
        let file: File<T> = File::read(root).ok()?;
        if !is_same_machine(&file.device, device) {
            return None;
        }
        let unchanged = file.unchanged(root);
        let programs = unchanged.iter().filter(|it| stands_alone(it, &file, &unchanged)).cloned().collect();
        Some(Self { file, programs })
    }

    /// True if a program need not be run.
    pub fn has(&self, file: &str) -> bool {
        self.programs.contains(file)
    }

    /// When what is kept was measured, and how long it took.
    pub fn times(&self) -> Times {
        let File { seconds, changed_seconds, .. } = self.file;
        Times { date: self.file.date.clone(), seconds, changed_seconds }
    }
}

impl Kept<Programs> {
    /// Adds what is kept.
    pub fn add_to(self, body: &mut Programs) {
        let Self { file, programs } = self;
        body.programs.extend(file.body.programs.into_iter().filter(|it| programs.contains(&it.file)));
    }
}

impl Kept<Peers> {
    /// Adds what is kept. What the linter reports is asked of its report: it may have learned.
    pub fn add_to(self, body: &mut Peers, reported: impl Fn(&str) -> Vec<String>) {
        let Self { file, programs } = self;
        let kept = file.body.programs.into_iter().filter(|it| programs.contains(&it.file));
        body.programs.extend(kept.map(|mut it| {
            it.cuda_lint = reported(&it.file);
            it
        }));
    }

    /// True if these tools gave what is kept.
    pub fn is_of(&self, tools: &[cuda_lint_evidence::Tool]) -> bool {
        let known = &self.file.body.tools;
        known.len() == tools.len() && tools.iter().all(|it| known.contains(it))
    }
}

/// The host's kernel may be another: nothing that is measured here depends on it.
fn is_same_machine(one: &Device, other: &Device) -> bool {
    let plain = |it: &Device| Device { kernel: String::new(), ..it.clone() };
    plain(one) == plain(other)
}

/// A program of one file, beside which no header has changed. Programs of several files have a folder, and are run
/// again.
fn stands_alone<T>(file: &str, known: &File<T>, unchanged: &BTreeSet<String>) -> bool {
    let Some((folder, _)) = file.rsplit_once('/') else { return false };
    let is_header_beside =
        |it: &&String| it.rsplit_once('/').is_some_and(|(at, name)| at == folder && name.ends_with(".h"));
    folder.matches('/').count() == 1
        && known.inputs.keys().filter(is_header_beside).all(|it| unchanged.contains(it))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use cuda_lint_evidence::{FOLDER, Program};

    use super::*;

    /// A repository with two programs and the evidence of both.
    fn measured(root: &Path, device: &Device) {
        let files = ["a/misuse.cu", "a/near.cu", "a/near_files/main.cu"];
        for file in files {
            let path = root.join("fixtures").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        let observer = root.join("runtime-check/src/programs/observer.cpp");
        fs::create_dir_all(observer.parent().unwrap()).unwrap();
        fs::write(observer, "").unwrap();
        let program = |file: &str| Program { file: format!("fixtures/{file}"), ..sample() };
        let body = Programs { programs: files.map(program).into() };
        let file = File::new(root, "0.1.0", "2026-01-31", 3.0, device.clone(), body).unwrap();
        file.write(&root.join(FOLDER)).unwrap();
    }

    fn sample() -> Program {
        Program {
            file: String::new(),
            role: cuda_lint_evidence::Role::Near,
            per_thread: false,
            compiles: true,
            end: "exit 0".to_owned(),
            seen: Vec::new(),
            answers: Vec::new(),
        }
    }

    #[test]
    fn what_has_changed_is_run_again() {
        let folder = tempfile::tempdir().unwrap();
        let (root, device) = (folder.path(), Device { driver: "580".into(), ..Device::default() });
        measured(root, &device);
        fs::write(root.join("fixtures/a/near.cu"), "other").unwrap();
        let kept = Kept::<Programs>::read(root, &device).unwrap();
        let has = ["a/misuse.cu", "a/near.cu", "a/near_files/main.cu", "a/new.cu"]
            .map(|file| kept.has(&format!("fixtures/{file}")));
        assert_eq!(has, [true, false, false, false], "programs of several files are run again");
        let mut body = Programs { programs: vec![Program { file: "fixtures/a/near.cu".into(), ..sample() }] };
        kept.add_to(&mut body);
        assert_eq!(body.programs.len(), 2);
    }

    #[test]
    fn another_machine_or_observer_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (root, device) = (folder.path(), Device::default());
        measured(root, &device);
        let other = Device { driver: "581".into(), ..Device::default() };
        assert!(Kept::<Programs>::read(root, &other).is_none());
        assert!(Kept::<Programs>::read(root, &Device { kernel: "7".into(), ..device.clone() }).is_some());
        fs::write(root.join("runtime-check/src/programs/observer.cpp"), "other").unwrap();
        assert!(!Kept::<Programs>::read(root, &device).unwrap().has("fixtures/a/misuse.cu"));
    }
}
