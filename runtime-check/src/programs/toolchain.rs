//! nvcc and what it makes of a source file. What was compiled once is not compiled again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cuda_lint_evidence::hex;
use sha2::{Digest, Sha256};

use super::process::{self, End};
use crate::platform::{self, Error};

/// How long nvcc may take for one file.
const LIMIT: Duration = Duration::from_secs(120);

/// A compiler, and the folder where its results lie.
#[derive(Debug)]
pub struct Toolchain {
    nvcc: PathBuf,
    /// The last line of `nvcc --version`.
    pub version: String,
    folder: PathBuf,
    /// The code to make: that of the first device, else nvcc asks for the device itself, for each file anew.
    code: String,
}

/// What can be asked of nvcc.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--default-stream per-thread`.
    pub per_thread: bool,
    /// Compile only: the program cannot be linked.
    pub no_link: bool,
}

/// What came of a compilation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compiled {
    /// The program (or the object file).
    Program(PathBuf),
    /// What the compiler said.
    Rejected(String),
}

/// Whether a program names a function that allocates stream-ordered memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// It does, or it asks for functions by their names.
    Some,
    /// It does not.
    None,
    /// The linker did not say.
    Unknown,
}

/// The extension of the file with what nvcc said.
const SAID: &str = "said";

/// Who names one of these may have stream-ordered memory (CUDA Runtime API and Driver API, "Stream Ordered Memory
/// Allocator" and the memory nodes of "Graph Management"), or may find such a function while it runs.
const STREAM_ORDERED: [&str; 15] = [
    "cudaMallocAsync",
    "cudaMallocFromPoolAsync",
    "cudaFreeAsync",
    "cudaGraphAddMemAllocNode",
    "cudaGraphAddNode",
    "cuMemAllocAsync",
    "cuMemAllocFromPoolAsync",
    "cuMemFreeAsync",
    "cuGraphAddMemAllocNode",
    "cuGraphAddNode",
    "cudaGetDriverEntryPoint",
    "cudaGetDriverEntryPointByVersion",
    "cuGetProcAddress",
    "dlsym",
    "dlopen",
];

/// What the linker is asked about: those names, with what `cuda.h` and the per-thread default stream make of them,
/// and `main`, which every program has: silence about it is no answer.
fn traced() -> impl Iterator<Item = String> {
    let suffixes = ["", "_ptsz", "_v2", "_v2_ptsz"];
    let names = STREAM_ORDERED.iter().flat_map(move |name| suffixes.map(|suffix| format!("{name}{suffix}")));
    names.chain([String::from("main")])
}

/// Reads what the linker said: `ld: FILE: reference to NAME`. What stands in an archive is no use by the program.
fn reference(text: &str) -> Reference {
    let said = |line: &str| {
        let (file, name) = line.split_once(": reference to ")?;
        (!file.contains(".a(")).then(|| name.trim() != "main")
    };
    if text.lines().filter_map(said).any(|found| found) {
        Reference::Some
    } else if text.contains(": definition of main") {
        Reference::None
    } else {
        Reference::Unknown
    }
}

impl Toolchain {
    /// Finds nvcc: in `CUDA_HOME`, `CUDA_PATH`, `PATH` or where the toolkit is installed by default. What it
    /// makes goes below `root/target`.
    pub fn find(root: &Path) -> Result<Self, Error> {
        let homes = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
        let from_path = std::env::var_os("PATH").unwrap_or_default();
        let nvcc = homes
            .map(|home| home.join("bin"))
            .chain(std::env::split_paths(&from_path).collect::<Vec<_>>())
            .chain([PathBuf::from("/usr/local/cuda/bin")])
            .map(|folder| folder.join("nvcc"))
            .find(|path| path.is_file())
            .ok_or_else(|| {
                Error::Unexpected(
                    "nvcc is not found; install the CUDA toolkit, or put the folder of nvcc into PATH".into(),
                )
            })?;
        let finished = process::run(Command::new(&nvcc).arg("--version"), LIMIT)
            .map_err(|error| Error::Unexpected(format!("{}: {error}", nvcc.display())))?;
        let version = finished.stdout.lines().rfind(|line| !line.is_empty()).unwrap_or("unknown").to_owned();
        let folder = root.join("target").join("fixture-programs");
        // nvcc runs in other folders than this process.
        let folder = fs::create_dir_all(&folder)
            .and_then(|()| fs::canonicalize(&folder))
            .map_err(|error| Error::Unexpected(format!("{}: {error}", folder.display())))?;
        let code = platform::architecture().map_or_else(
            |_| "-arch=native".to_owned(),
            |number| format!("-gencode=arch=compute_{number},code=sm_{number}"),
        );
        Ok(Self { nvcc, version, folder, code })
    }

    /// A program that comes with nvcc, or the name alone, for PATH to find.
    pub fn beside(&self, name: &str) -> PathBuf {
        let path = self.nvcc.with_file_name(name);
        if path.is_file() { path } else { PathBuf::from(name) }
    }

    /// The toolkit's folder.
    pub fn home(&self) -> PathBuf {
        // nvcc may be a link into the toolkit.
        let nvcc = fs::canonicalize(&self.nvcc).unwrap_or_else(|_| self.nvcc.clone());
        nvcc.parent()
            .and_then(Path::parent)
            .map_or_else(|| PathBuf::from("/usr/local/cuda"), Path::to_path_buf)
    }

    /// The option of nvcc for code of the first device.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The folder for what is made.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Compiles `source` with `others`, paths below `root`, with debug information, so that an address can be traced to its
    /// line, and links it with `libraries`. The paths in it are relative to `root`.
    pub fn compile(
        &self,
        root: &Path,
        source: &str,
        others: &[String],
        flags: Flags,
        libraries: &[String],
    ) -> Result<Compiled, Error> {
        let options: Vec<String> = libraries.iter().map(|name| format!("-l{name}")).collect();
        let mut arguments = vec!["-g", "-lineinfo", self.code()];
        if !source.ends_with(".c") {
            arguments.push("-std=c++17");
        }
        if flags.per_thread {
            arguments.extend(["--default-stream", "per-thread"]);
        }
        arguments.extend(if flags.no_link { ["-c"].as_slice() } else { &["-lcuda"] });
        let traced: Vec<String> = traced().map(|name| format!("-Xlinker=--trace-symbol={name}")).collect();
        if !flags.no_link {
            arguments.extend(options.iter().chain(&traced).map(String::as_str));
        }
        arguments.extend(others.iter().map(String::as_str));
        self.make(root, source, &arguments, if flags.no_link { "o" } else { "program" })
    }

    /// Whether a program that [`Self::compile`] linked uses stream-ordered memory.
    pub fn references(&self, program: &Path) -> Reference {
        fs::read_to_string(program.with_extension(SAID)).map_or(Reference::Unknown, |text| reference(&text))
    }

    /// Compiles `source` with these arguments, unless that was done before.
    pub fn make(
        &self,
        root: &Path,
        source: &str,
        arguments: &[&str],
        extension: &str,
    ) -> Result<Compiled, Error> {
        let at =
            |path: &Path, error: std::io::Error| Error::Unexpected(format!("{}: {error}", path.display()));
        let path = root.join(source);
        let mut hash = Sha256::new();
        // A file's headers are those that stand beside it; further sources are among the arguments.
        let further = arguments.iter().map(|argument| root.join(argument)).filter(|path| path.is_file());
        for input in inputs(&path).map_err(|error| at(&path, error))?.into_iter().chain(further) {
            hash.update(fs::read(&input).map_err(|error| at(&input, error))?);
        }
        for word in arguments.iter().copied().chain([source, self.version.as_str()]) {
            hash.update([0]);
            hash.update(word);
        }
        let stem = hex(&hash.finalize()[..12]);
        let made = self.folder.join(format!("{stem}.{extension}"));
        if made.is_file() {
            return Ok(Compiled::Program(made));
        }
        let part = self.folder.join(format!("{stem}.{}.part", std::process::id()));
        let mut command = Command::new(&self.nvcc);
        command.current_dir(root).args(arguments).arg("-o").arg(&part).arg(source);
        let finished = process::run(&mut command, LIMIT).map_err(|error| at(&self.nvcc, error))?;
        if finished.end != End::Exit(0) {
            return Ok(Compiled::Rejected(match finished.end {
                End::Exit(_) => finished.stderr + &finished.stdout,
                other => format!("nvcc: {}", other.text()),
            }));
        }
        // First what the linker said, then the program: where there is a program, that is there too.
        let said = made.with_extension(SAID);
        fs::write(&said, finished.stdout + &finished.stderr).map_err(|error| at(&said, error))?;
        fs::rename(&part, &made).map_err(|error| at(&made, error))?;
        Ok(Compiled::Program(made))
    }
}

fn inputs(source: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut inputs = vec![source.to_path_buf()];
    for entry in fs::read_dir(source.parent().unwrap_or(Path::new(".")))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "cuh" || e == "h") {
            inputs.push(path);
        }
    }
    inputs[1..].sort();
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_knows_what_a_program_names() {
        let main =
            "/usr/bin/ld: /usr/lib/Scrt1.o: reference to main\n/usr/bin/ld: /tmp/x.o: definition of main\n";
        assert_eq!(reference(main), Reference::None);
        let library = format!("{main}/usr/bin/ld: /lib/libcudart_static.a(a.o): reference to dlsym\n");
        assert_eq!(reference(&library), Reference::None);
        let own = format!("{main}/usr/bin/ld: /tmp/x.o: reference to cudaMallocAsync_ptsz\n");
        assert_eq!(reference(&own), Reference::Some);
        assert_eq!(reference("a linker of another kind\n"), Reference::Unknown);
        assert!(traced().any(|name| name == "cuMemAllocAsync_ptsz"));
    }
}
