//! Reports into files, several in one run.
//!
//! A file is made beside its final place when the run begins, so that a path that cannot be written ends the
//! run before the work is done and not after, and takes its name when it is whole. What is there and is no
//! regular file (`/dev/stdout`, a pipe) is written to as it is.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Report;
use crate::args::Format;
use crate::terminal::Terminal;

/// A report that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its format.
    pub format: Format,
    /// The file it goes to.
    pub file: PathBuf,
}

/// Files that are being written.
#[derive(Debug, Default)]
pub struct Outputs {
    targets: Vec<(Output, Target)>,
}

#[derive(Debug)]
enum Target {
    /// Written beside its final place, which stands first.
    New(PathBuf, NamedTempFile),
    /// Written as it is.
    Special(fs::File),
}

impl Outputs {
    /// Prepares the files.
    ///
    /// # Errors
    /// What cannot be written, and what to do.
    pub fn open(outputs: &[Output]) -> Result<Self, String> {
        let mut targets: Vec<(Output, Target)> = Vec::new();
        for output in outputs {
            if targets.iter().any(|(other, _)| other.file == output.file) {
                return Err(format!("two reports cannot both go to {}", output.file.display()));
            }
            let target = Target::open(&output.file).map_err(|error| cannot_write(&output.file, &error))?;
            targets.push((output.clone(), target));
        }
        Ok(Self { targets })
    }

    /// Writes the report into each of them.
    ///
    /// # Errors
    /// What cannot be written, and why. The other files are written all the same.
    pub fn write(self, report: &Report) -> Vec<String> {
        let mut problems = Vec::new();
        for (output, target) in self.targets {
            if let Err(error) = target.write(report, output.format) {
                problems.push(cannot_write(&output.file, &error));
            }
        }
        problems
    }
}

/// Writes a file whole: it takes its name when it is complete.
pub fn replace(file: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
    let written = Target::open(file).and_then(|target| target.fill(write));
    written.map_err(|error| cannot_write(file, &error))
}

fn cannot_write(file: &Path, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "; make the folder first",
        io::ErrorKind::PermissionDenied => "; choose a place where you may write",
        io::ErrorKind::StorageFull => "; make room, or choose another place",
        io::ErrorKind::IsADirectory => "; name a file in it",
        _ => "",
    };
    format!("cannot write {}: {}{hint}", file.display(), reason(error))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "its folder is not there".to_owned(),
        // What tempfile adds is a name that nobody knows.
        _ => error.raw_os_error().map_or_else(
            || error.to_string().split(" at path ").next().unwrap_or_default().to_owned(),
            |code| io::Error::from_raw_os_error(code).to_string(),
        ),
    }
}

impl Target {
    fn open(file: &Path) -> io::Result<Self> {
        // What a link leads to is replaced, not the link.
        let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        match fs::metadata(&real) {
            Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) if !metadata.is_file() => {
                return Ok(Self::Special(fs::OpenOptions::new().write(true).open(&real)?));
            }
            // A file that may not be written stays as it is, though its folder would let it be replaced.
            Ok(_) => drop(fs::OpenOptions::new().append(true).open(&real)?),
            Err(_) => {}
        }
        let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".cuda-lint-").suffix(".tmp");
        #[cfg(unix)]
        {
            // As any other file that a program makes; the user's mask still holds.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        Ok(Self::New(real.clone(), builder.tempfile_in(folder)?))
    }

    fn write(self, report: &Report, format: Format) -> io::Result<()> {
        self.fill(|out| super::write_whole(report, format, Terminal::of_file(), out))
    }

    fn fill(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::New(path, mut file) => {
                let mut out = BufWriter::new(file.as_file_mut());
                write(&mut out)?;
                out.flush()?;
                drop(out);
                file.persist(path).map_err(|error| error.error)?;
            }
            Self::Special(mut file) => {
                let mut out = BufWriter::new(&mut file);
                write(&mut out)?;
                out.flush()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(format: Format, file: PathBuf) -> Output {
        Output { format, file }
    }

    #[test]
    fn files_appear_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (json, short) = (folder.path().join("a.json"), folder.path().join("b.txt"));
        fs::write(&short, "old").unwrap();
        let wanted = [output(Format::Json, json.clone()), output(Format::Short, short.clone())];
        let outputs = Outputs::open(&wanted).unwrap();
        assert!(!json.exists());
        assert_eq!(fs::read_to_string(&short).unwrap(), "old");
        assert_eq!(outputs.write(&Report::default()), Vec::<String>::new());
        assert!(fs::read_to_string(&json).unwrap().starts_with('{'));
        assert_eq!(fs::read_to_string(&short).unwrap(), "");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        drop(Outputs::open(&wanted).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_cannot_be_written_is_said_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        let same = [output(Format::Json, file.clone()), output(Format::Sarif, file)];
        assert!(Outputs::open(&same).unwrap_err().starts_with("two reports cannot both go to "));
        for (file, end) in [
            (folder.path().join("no/such/a.json"), ": its folder is not there; make the folder first"),
            (folder.path().to_path_buf(), "; name a file in it"),
        ] {
            let why = Outputs::open(&[output(Format::Json, file)]).unwrap_err();
            assert!(why.starts_with("cannot write ") && why.ends_with(end), "{why}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said() {
        let outputs = Outputs::open(&[output(Format::Json, "/dev/full".into())]).unwrap();
        let why = outputs.write(&Report::default());
        assert_eq!(why.len(), 1);
        assert!(why[0].starts_with("cannot write /dev/full: No space left"), "{why:?}");
    }
}
