//! Lowered files, kept from run to run: a file is parsed again only if something that was read for it, or looked
//! for in vain, is another.
//!
//! ```text
//! FOLDER/entries/KEY    what was read for a file, and what came of it (JSON behind its hash)
//! FOLDER/units/HASH     its units (see crate::unit_file), by the hash of what they hold
//! ```
//!
//! The key is the hash of the file's path and text, of all options, and of the program that lowers. The entry
//! names the headers with a print of each ([`inputs`]). Whatever is damaged, missing or of another version is no
//! entry; whatever cannot be written is left unwritten. Entries are believed, so the folder is the user's own and
//! nothing in an analysed tree can name it ([`folder`]).

pub mod folder;
mod inputs;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cuda_lint_engine::link::UnitIndex;
use cuda_lint_evidence::{hex, sha256};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clang::embedded;
use crate::clang::flags::UnitOptions;
use crate::clang::parse::ParsedUnit;
use crate::finding::PartialFunction;
use crate::include_index::IncludeIndex;
use crate::options::AnalysisOptions;
use crate::suppression::Directive;
use crate::unit_file;
use inputs::{Surroundings, Text, Texts};

/// To be raised when an entry is written otherwise, or means something else.
const VERSION: u32 = 2;

/// A larger entry is none of ours.
const MAX_BYTES: u64 = 256 << 20;

/// The folder in use.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    /// What lowers: another program or library may lower otherwise.
    lowered_by: String,
    texts: Texts,
}

/// Which file was lowered how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

/// What came of a file.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Its units.
    pub units: Vec<KeptUnit>,
    /// Functions that the frontend sees only in part.
    pub partial: Vec<PartialFunction>,
    /// Comments that suppress findings.
    pub directives: Vec<Directive>,
    /// The headers that it speaks for.
    pub adopted: Vec<String>,
}

/// One unit of a file.
#[derive(Clone, Debug)]
pub struct KeptUnit {
    /// The unit file.
    pub file: PathBuf,
    /// What the link has to know of it.
    pub index: UnitIndex,
    /// The files that it has code of, without links.
    pub files: Vec<String>,
}

/// What was read for a file while it was lowered.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    read: BTreeMap<String, Text>,
    folders: Vec<PathBuf>,
    /// Something was read whose text is not known any more.
    unknown: bool,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    file: String,
    print: String,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    /// The print of the main file's surroundings.
    main: String,
    inputs: Vec<Input>,
    /// Folders in which headers were found that no folder of the build holds.
    folders: Vec<PathBuf>,
    units: Vec<EntryUnit>,
    partial: Vec<PartialFunction>,
    directives: Vec<Directive>,
    adopted: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct EntryUnit {
    hash: String,
    index: UnitIndex,
    files: Vec<String>,
}

/// A file that is looked up or kept.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    /// The file, as in the request.
    pub path: &'a str,
    /// Its text, as it is parsed.
    pub text: &'a str,
    /// How it is parsed.
    pub options: &'a UnitOptions,
    /// It is lowered though it holds no word of CUDA.
    pub host: bool,
    /// The headers that it is to speak for.
    pub adopt: &'a [String],
    /// The headers of the project.
    pub headers: &'a IncludeIndex,
}

impl Cache {
    /// The folder that the options name, if there is one that can be used. `frontend` is the library that parses.
    pub fn open(options: &AnalysisOptions, frontend: &str) -> Option<Self> {
        let folder = options.cache.clone().filter(|_| options.dump.is_none())?;
        for part in ["entries", "units"] {
            fs::create_dir_all(folder.join(part)).ok()?;
        }
        let program = std::env::current_exe().and_then(fs::metadata).ok()?;
        let made = program.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let here = std::env::current_dir().ok()?;
        // Names of files are relative to the current folder; rows decide what acts on CUDA.
        let lowered_by = format!(
            "{VERSION} {} {} {} {frontend:?} {here:?} {:?}",
            env!("CARGO_PKG_VERSION"),
            program.len(),
            made.as_nanos(),
            options.rows,
        );
        Some(Self { folder, lowered_by, texts: Texts::default() })
    }

    fn key(&self, it: &Lookup<'_>) -> Key {
        let forced: Vec<bool> = it.options.forced_includes.iter().map(|file| file.is_file()).collect();
        let options = format!("{:?} {forced:?} {:?}", it.options, it.adopt);
        let mut hash = Sha256::new();
        let host = if it.host { "host" } else { "" };
        for part in [self.lowered_by.as_str(), it.path, it.text, &options, host] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Key(hex(&hash.finalize()))
    }

    /// What came of the file when it was last lowered like this, with its units in `scratch`.
    pub fn look_up(&self, it: &Lookup<'_>, scratch: &Path) -> Option<Kept> {
        let path = self.entry(&self.key(it));
        let entry = read(&path)?;
        let around = Surroundings { options: it.options, folders: &entry.folders, headers: it.headers };
        let is_as_kept = |input: &Input| {
            let text = self.texts.now(&input.file);
            text.is_some_and(|text| text.print(&input.file, &around) == input.print)
        };
        if Text::new(it.text.as_bytes()).print(it.path, &around) != entry.main
            || !entry.inputs.iter().all(is_as_kept)
        {
            return None;
        }
        let Entry { partial, directives, adopted, .. } = entry;
        let mut kept = Kept { units: Vec::new(), partial, directives, adopted };
        for EntryUnit { hash, index, files } in entry.units {
            let file = self.unit(&hash)?;
            let bytes = fs::read(&file).ok()?;
            (unit_file::hash_of(&bytes)? == hash && unit_file::is_whole(&bytes)).then_some(())?;
            // Another run may tidy up the folder meanwhile.
            let name = tempfile::Builder::new().prefix("kept-").tempfile_in(scratch).ok()?;
            let (mut opened, own) = name.keep().ok()?;
            opened.write_all(&bytes).ok()?;
            touch(&file);
            kept.units.push(KeptUnit { file: own, index, files });
        }
        touch(&path);
        Some(kept)
    }

    /// Notes what was read for a unit. `inputs` gathers it for all units of a file.
    pub fn note(&self, unit: &ParsedUnit, inputs: &mut Inputs) {
        for folder in &unit.found_folders {
            if !inputs.folders.contains(folder) {
                inputs.folders.push(folder.clone());
            }
        }
        for file in unit.unit.inclusions() {
            if file == unit.main_file || embedded::is_virtual(&file) {
                continue;
            }
            match unit.unit.contents(&file) {
                Some(text) => drop(inputs.read.insert(file, Text::new(text))),
                None => inputs.unknown = true,
            }
        }
    }

    /// Keeps what came of a file.
    pub fn keep(&self, it: &Lookup<'_>, inputs: &Inputs, kept: &Kept) {
        // What is not kept is lowered again.
        let _ = self.try_keep(it, inputs, kept);
    }

    fn try_keep(&self, it: &Lookup<'_>, inputs: &Inputs, kept: &Kept) -> Option<()> {
        (!inputs.unknown).then_some(())?;
        let mut units = Vec::new();
        for KeptUnit { file, index, files } in &kept.units {
            let bytes = fs::read(file).ok()?;
            let hash = unit_file::hash_of(&bytes)?;
            let path = self.unit(&hash)?;
            if !path.is_file() {
                write(&path, &bytes)?;
            }
            units.push(EntryUnit { hash, index: index.clone(), files: files.clone() });
        }
        let around = Surroundings { options: it.options, folders: &inputs.folders, headers: it.headers };
        let print =
            |(file, text): (&String, &Text)| Input { file: file.clone(), print: text.print(file, &around) };
        let entry = Entry {
            main: Text::new(it.text.as_bytes()).print(it.path, &around),
            inputs: inputs.read.iter().map(print).collect(),
            folders: inputs.folders.clone(),
            units,
            partial: kept.partial.clone(),
            directives: kept.directives.clone(),
            adopted: kept.adopted.clone(),
        };
        let body = serde_json::to_vec(&entry).ok()?;
        let mut bytes = sha256(&body).into_bytes();
        bytes.push(b'\n');
        bytes.extend_from_slice(&body);
        write(&self.entry(&self.key(it)), &bytes)
    }

    fn entry(&self, key: &Key) -> PathBuf {
        self.folder.join("entries").join(&key.0)
    }

    fn unit(&self, hash: &str) -> Option<PathBuf> {
        let is_name = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_name.then(|| self.folder.join("units").join(hash))
    }
}

fn read(path: &Path) -> Option<Entry> {
    if fs::metadata(path).ok()?.len() > MAX_BYTES {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let (hash, rest) = bytes.split_first_chunk::<64>()?;
    let body = rest.strip_prefix(b"\n")?;
    if sha256(body).as_bytes() != hash {
        return None;
    }
    serde_json::from_slice(body).ok()
}

/// Writes a file that appears whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Option<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent()?).ok()?;
    file.write_all(bytes).ok()?;
    file.persist(path).ok()?;
    Some(())
}

/// What was used lately is kept longest.
fn touch(path: &Path) {
    if let Ok(file) = fs::File::options().append(true).open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}
