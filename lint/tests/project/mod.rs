//! A project in a folder of its own, and the command run in it as a shell would.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "it is part of tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A project.
pub struct Project(tempfile::TempDir);

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Project {
    /// A project with these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write(files);
        project
    }

    /// The folder.
    pub fn root(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    /// The folder that stands for the user's caches: a hidden one, which is not analysed.
    pub fn caches(&self) -> PathBuf {
        self.root().join(".caches")
    }

    /// Writes files.
    pub fn write(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.root().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// The text of a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root().join(name)).unwrap()
    }

    /// Runs the command in the project's folder.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_in(Path::new(""), arguments)
    }

    /// Runs the command in a folder of the project.
    pub fn run_in(&self, folder: &Path, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cuda-lint"));
        command.args(arguments).current_dir(self.root().join(folder)).env("XDG_CACHE_HOME", self.caches());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// `file:line rule` of all that is found. Nothing may go wrong.
    pub fn found(&self, arguments: &[&str]) -> Vec<String> {
        let outcome = self.run(&[&["--format", "short"], arguments].concat());
        assert_eq!(outcome.stderr, "");
        let line = |line: &str| {
            let mut parts = line.splitn(4, ':');
            let (file, number) = (parts.next().unwrap(), parts.next().unwrap());
            let rule = line.split_once('[').unwrap().1.split_once(']').unwrap().0;
            format!("{file}:{number} {rule}")
        };
        let found: Vec<String> = outcome.stdout.lines().map(line).collect();
        assert_eq!(outcome.code, Some(i32::from(!found.is_empty())), "{}", outcome.stdout);
        found
    }
}

/// A function that reads what a copy may still be writing; the read is in the seventh line of it. `read` is the
/// statement that does.
pub fn early_read(name: &str, read: &str) -> String {
    format!(
        "#include <cuda_runtime.h>\n\
         int {name}(const int *d, cudaStream_t stream) {{\n\
         \x20   int *h;\n\
         \x20   cudaMallocHost(&h, 64);\n\
         \x20   cudaMemcpyAsync(h, d, 64, cudaMemcpyDeviceToHost, stream);\n\
         \x20   int value;\n\
         \x20   {read}\n\
         \x20   cudaStreamSynchronize(stream); cudaFreeHost(h);\n\
         \x20   return value;\n\
         }}\n"
    )
}

/// The statement that reads too early.
pub const READ: &str = "value = h[0];";
