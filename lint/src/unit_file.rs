//! Lowered units as files: what the first phase of a run leaves for the second.
//!
//! The file is a header (a mark, the version of the format, the length and the SHA-256 hash of what follows) and the unit in
//! postcard's encoding. A file of another version, a damaged one and one whose numbers do not fit is an
//! error.

use std::fs;
use std::io::Write;
use std::path::Path;

use cuda_lint_engine::Program;
use cuda_lint_engine::program::{SiteId, validate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clang::lower::SourceMap;
use crate::finding::Span;
use crate::options::DefaultStream;

/// What the file starts with.
const MARK: &[u8; 16] = b"cuda-lint unit\r\n";

/// To be raised with every change of [`Program`], [`SourceMap`] or [`UnitFile`].
const VERSION: u32 = 10;

/// The mark, the version, the length and the hash.
const HEADER: usize = 16 + 4 + 8 + 32;

/// A larger file is none of ours.
const MAX_BYTES: u64 = 1 << 30;

/// A lowered unit: one configuration of one file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UnitFile {
    /// What the analysis reads.
    pub program: Program,
    /// Where its sites are.
    pub sources: SourceMap,
    /// What stream 0 means in it.
    pub default_stream: Option<DefaultStream>,
}

/// Why a unit file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnitFileError {
    /// It cannot be read or written.
    #[error("a lowered unit cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// It is no unit file.
    #[error("it is no lowered unit of cuda-lint")]
    Mark,
    /// Another version of cuda-lint wrote it.
    #[error(
        "it was written by another version of cuda-lint (format {0}, and this is {VERSION}); make it again"
    )]
    Version(u32),
    /// It is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

/// The hash that the header of a unit file names, in hexadecimal. `None`: it is none of this version.
pub fn hash_of(bytes: &[u8]) -> Option<String> {
    let (version, rest) = bytes.strip_prefix(MARK)?.split_first_chunk::<4>()?;
    (u32::from_le_bytes(*version) == VERSION).then_some(())?;
    rest.get(8..40).map(cuda_lint_evidence::hex)
}

/// True if what follows the header is what was written.
pub fn is_whole(bytes: &[u8]) -> bool {
    bytes
        .get(HEADER - 32..)
        .and_then(<[u8]>::split_first_chunk::<32>)
        .is_some_and(|(hash, body)| Sha256::digest(body)[..] == hash[..])
}

impl UnitFile {
    /// Writes the unit.
    pub fn write(&self, path: &Path) -> Result<(), UnitFileError> {
        let bytes = self.encode()?;
        let mut file = fs::File::create(path)?;
        file.write_all(&bytes)?;
        Ok(())
    }

    /// Reads a unit and checks it.
    pub fn read(path: &Path) -> Result<Self, UnitFileError> {
        let size = fs::metadata(path)?.len();
        if size > MAX_BYTES {
            return Err(UnitFileError::Damaged(format!("{size} bytes are too many")));
        }
        Self::decode(&fs::read(path)?)
    }

    /// The position of a site, for people.
    pub fn span(&self, site: SiteId) -> Span {
        let Some(position) = self.sources.sites.get(site.0 as usize) else { return Span::default() };
        Span {
            file: self.file_of(site).to_owned(),
            line: position.line,
            column: position.column,
            end_line: position.end_line,
            end_column: position.end_column,
            offset: position.offset,
            length: position.end_offset.saturating_sub(position.offset),
        }
    }

    /// For a site that starts with an argument of a macro which makes the rest: the macro's name.
    pub fn macro_name(&self, site: SiteId) -> Option<&str> {
        self.sources.in_macros.iter().find(|(it, _)| *it == site).map(|(_, name)| name.as_str())
    }

    /// The file of a site; empty for what stands nowhere.
    pub fn file_of(&self, site: SiteId) -> &str {
        let position = self.sources.sites.get(site.0 as usize);
        position.and_then(|it| self.sources.files.get(it.file as usize)).map_or("", String::as_str)
    }

    fn encode(&self) -> Result<Vec<u8>, UnitFileError> {
        let body = postcard::to_stdvec(self).map_err(|error| UnitFileError::Damaged(error.to_string()))?;
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend_from_slice(MARK);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&Sha256::digest(&body));
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    fn decode(bytes: &[u8]) -> Result<Self, UnitFileError> {
        let rest = bytes.strip_prefix(MARK).ok_or(UnitFileError::Mark)?;
        let (version, rest) = rest.split_first_chunk::<4>().ok_or(UnitFileError::Mark)?;
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            return Err(UnitFileError::Version(version));
        }
        let short = || UnitFileError::Damaged("it ends too early".to_owned());
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let (hash, body) = rest.split_first_chunk::<32>().ok_or_else(short)?;
        if u64::from_le_bytes(*length) != body.len() as u64 {
            return Err(UnitFileError::Damaged("its length is not what it says".to_owned()));
        }
        if Sha256::digest(body)[..] != hash[..] {
            return Err(UnitFileError::Damaged("its hash is not what it says".to_owned()));
        }
        let mut unit: Self =
            postcard::from_bytes(body).map_err(|error| UnitFileError::Damaged(error.to_string()))?;
        let sites = u32::try_from(unit.sources.sites.len()).unwrap_or(u32::MAX);
        validate::check(&mut unit.program, sites).map_err(UnitFileError::Damaged)?;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use cuda_lint_engine::program::{FunctionBuilder, Op, ValueId};

    use super::*;

    fn sample() -> UnitFile {
        let site = SiteId(0);
        let mut builder = FunctionBuilder::new("f", "c:@F@f", site);
        builder.int(site, 7);
        let mut unit = UnitFile::default();
        unit.program.functions.push(builder.finish(site));
        unit
    }

    fn reason(bytes: &[u8]) -> String {
        UnitFile::decode(bytes).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        let unit = sample();
        let read = UnitFile::decode(&unit.encode().unwrap()).unwrap();
        assert_eq!(read.program.to_string(), unit.program.to_string());
        assert_eq!(read.program.functions[0].symbol, "c:@F@f");
    }

    #[test]
    fn every_damage_is_an_error() {
        let bytes = sample().encode().unwrap();
        for end in 0..bytes.len() {
            assert!(UnitFile::decode(&bytes[..end]).is_err(), "cut to {end}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x41;
            assert!(UnitFile::decode(&bytes).is_err(), "changed at {at}");
        }
        assert!(reason(b"int main() {}").contains("no lowered unit"));
        let mut other = bytes;
        other[16] += 1;
        assert!(reason(&other).contains("another version"), "{}", reason(&other));
    }

    #[test]
    fn numbers_that_name_nothing_are_an_error() {
        let mut unit = sample();
        let op = Op::Delete { pointer: ValueId(900) };
        unit.program.functions[0].blocks[0].statements[0].op = op;
        assert!(reason(&unit.encode().unwrap()).contains("`f` names a value that is not there"));
    }
}
