//! Which source speaks for a header: parsing it there spares a parse of its own.
//!
//! A header that a source includes is in that source's tree anyhow, with the macros and instances of templates
//! that it really has. So the functions of the header become roots of the analysis in one source that
//! includes it. Which one is decided here, before anything is parsed, from the text of the include lines:
//! the same tree gives the same answer, however many workers there are. The guess may be wrong (two headers
//! of one name, a branch that the preprocessor skips); the worker says which headers it has met, and the
//! others are parsed as files of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::hash::BuildHasher;
use std::path::{Component, Path, PathBuf};

use memchr::memmem;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::clang::configuration;
use crate::clang::flags::{Language, join_clean, language_of};
use crate::clang::includes;
use crate::cuda_scan;
use crate::discover::SourceFile;
use crate::host_scan;
use crate::rust;
use crate::suppression::comment;

/// A larger file is data; it is left to itself.
const MAX_BYTES: u64 = 4 << 20;

/// A source takes on no more text of headers than this, but for the first: the analysis of one file has a
/// time limit.
const MAX_ADOPTED: usize = 192 << 10;

/// The headers that each source is to speak for, both by the paths under which they were found.
pub type Adoptions = BTreeMap<String, BTreeSet<String>>;

/// What is read off the text of a file.
struct Looked {
    /// It is analysed, since it holds a word of CUDA.
    wanted: bool,
    /// For sources: the language. For headers: the least that the source must be parsed as; none if the header
    /// has to be parsed by itself.
    language: Option<Language>,
    bytes: usize,
    includes: Vec<String>,
}

/// Decides for every header that an analysed source includes, through other headers or not. `words` are those
/// of the project's own rows.
pub fn assign(files: &[SourceFile], words: &[String]) -> Adoptions {
    if !files.iter().any(|file| host_scan::is_header(&file.path)) {
        return Adoptions::new();
    }
    let looked: Vec<Looked> = files.iter().map(|file| look(file, words)).collect();
    let includers = Includers::of(files, &looked);
    let mut adopted: FxHashMap<usize, usize> = FxHashMap::default();
    let mut adoptions = Adoptions::new();
    for (header, file) in files.iter().enumerate() {
        let Some(language) = looked[header].language.filter(|_| includers.is_header(header)) else {
            continue;
        };
        let fits = |source: &&usize| {
            let speaks = looked[**source].language;
            let taken = adopted.get(source).copied().unwrap_or(0);
            (speaks == Some(language) || speaks == Some(Language::Cuda))
                && (taken == 0 || taken + looked[header].bytes <= MAX_ADOPTED)
        };
        // `solver.cu` knows `solver.h` best; else each pair has its number, so that the work is spread and no
        // choice depends on what other files hold.
        let rank = |source: &&usize| {
            let other_stem = files[**source].canonical.file_stem() != file.canonical.file_stem();
            (other_stem, FxBuildHasher.hash_one((&file.path, &files[**source].path)), **source)
        };
        let Some(&source) = includers.of_header(header).iter().filter(fits).min_by_key(rank) else {
            continue;
        };
        *adopted.entry(source).or_default() += looked[header].bytes;
        adoptions.entry(files[source].path.clone()).or_default().insert(file.path.clone());
    }
    adoptions
}

fn look(file: &SourceFile, words: &[String]) -> Looked {
    let mut looked = Looked { wanted: false, language: None, bytes: 0, includes: Vec::new() };
    let path = &file.canonical;
    let is_small = std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() <= MAX_BYTES);
    if !is_small || rust::is_rust(path) {
        return looked;
    }
    let Ok(bytes) = std::fs::read(path) else { return looked };
    let text = String::from_utf8_lossy(&bytes);
    looked.bytes = bytes.len();
    looked.includes = includes::names(&text).map(str::to_owned).collect();
    looked.wanted = cuda_scan::mentions_cuda(&bytes) || cuda_scan::mentions_any(&bytes, words);
    looked.language = match host_scan::is_header(&file.path) {
        true if looked.wanted => language_within(&bytes, &text),
        true => None,
        false => Some(language_of(path, &bytes)),
    };
    looked
}

/// The language of the sources that may speak for a header; none if only the header can.
///
/// Comments that suppress are judged by the file that they stand in, hidden code needs configurations of its
/// own, and torn launches are mended in the file that is parsed.
fn language_within(bytes: &[u8], text: &str) -> Option<Language> {
    if comment::may_hold(bytes)
        || configuration::hides_cuda(text)
        || memmem::find(bytes, b"<< <").is_some()
        || cuda_scan::is_binary(bytes)
    {
        return None;
    }
    let of_cuda = cuda_scan::has_cuda_syntax(bytes)
        || ["__CUDACC__", "__NVCC__", "__HIPCC__"]
            .iter()
            .any(|it| memmem::find(bytes, it.as_bytes()).is_some());
    Some(if of_cuda { Language::Cuda } else { Language::Cxx })
}

/// Which sources include which headers, by what their lines say.
struct Includers {
    headers: FxHashSet<usize>,
    /// For each header, the sources in order.
    by_header: FxHashMap<usize, Vec<usize>>,
}

impl Includers {
    fn of(files: &[SourceFile], looked: &[Looked]) -> Self {
        let headers: FxHashSet<usize> =
            (0..files.len()).filter(|it| host_scan::is_header(&files[*it].path)).collect();
        let names = Names::new(files, &headers);
        let mut resolved: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        let mut by_header: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        let sources = (0..files.len()).filter(|it| !headers.contains(it) && looked[*it].wanted);
        for source in sources {
            let mut seen = FxHashSet::default();
            let mut open = vec![source];
            while let Some(file) = open.pop() {
                let included = resolved.entry(file).or_insert_with(|| {
                    let includer = &files[file].canonical;
                    looked[file].includes.iter().filter_map(|name| names.resolve(name, includer)).collect()
                });
                for header in included.iter().filter(|it| seen.insert(**it)) {
                    by_header.entry(*header).or_default().push(source);
                    open.push(*header);
                }
            }
        }
        Self { headers, by_header }
    }

    fn is_header(&self, file: usize) -> bool {
        self.headers.contains(&file)
    }

    fn of_header(&self, header: usize) -> &[usize] {
        self.by_header.get(&header).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The headers of the tree by name.
struct Names<'f> {
    by_path: FxHashMap<&'f Path, usize>,
    by_name: FxHashMap<OsString, Vec<(usize, &'f Path)>>,
}

impl<'f> Names<'f> {
    fn new(files: &'f [SourceFile], headers: &FxHashSet<usize>) -> Self {
        let mut names = Self { by_path: FxHashMap::default(), by_name: FxHashMap::default() };
        for (index, file) in files.iter().enumerate().filter(|(index, _)| headers.contains(index)) {
            let path = file.canonical.as_path();
            names.by_path.insert(path, index);
            if let Some(name) = path.file_name() {
                names.by_name.entry(name.to_owned()).or_default().push((index, path));
            }
        }
        names
    }

    /// The header that an include most likely means: the one beside the includer, else the nearest whose path
    /// ends so.
    fn resolve(&self, include: &str, includer: &Path) -> Option<usize> {
        let beside = join_clean(includer.parent().unwrap_or(includer), include);
        if let Some(found) = self.by_path.get(beside.as_path()) {
            return Some(*found);
        }
        let wanted: PathBuf =
            Path::new(include).components().filter(|part| matches!(part, Component::Normal(_))).collect();
        let candidates = self.by_name.get(wanted.file_name()?)?;
        let shared =
            |path: &Path| path.components().zip(includer.components()).take_while(|(a, b)| a == b).count();
        let fitting = candidates.iter().filter(|(_, path)| path.ends_with(&wanted));
        // Of equally near ones the first.
        fitting.rev().max_by_key(|(_, path)| shared(path)).map(|(index, _)| *index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header and source, for each header that a source is to speak for.
    fn assigned(texts: &[(&str, &str)]) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let mut files = Vec::new();
        for (name, text) in texts {
            let canonical = root.join(name);
            std::fs::create_dir_all(canonical.parent().unwrap()).unwrap();
            std::fs::write(&canonical, text).unwrap();
            files.push(SourceFile { path: (*name).to_owned(), canonical, named: false });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let of_source = |(source, headers): (String, BTreeSet<String>)| {
            headers.into_iter().map(move |header| (header, source.clone())).collect::<Vec<_>>()
        };
        let mut found: Vec<_> = assign(&files, &[]).into_iter().flat_map(of_source).collect();
        found.sort();
        found
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(header, source)| ((*header).to_owned(), (*source).to_owned())).collect()
    }

    const CUDA: &str = "inline void f(cudaStream_t s) { cudaStreamSynchronize(s); }\n";

    #[test]
    fn the_source_of_the_same_stem_speaks_for_a_header() {
        let found = assigned(&[
            ("include/lib/solver.h", &format!("#include \"base.h\"\n{CUDA}")),
            ("include/lib/base.h", CUDA),
            ("include/lib/alone.h", CUDA),
            ("include/lib/plain.h", "int x;\n"),
            ("src/a.cu", "#include <lib/solver.h>\n#include \"lib/plain.h\"\n__global__ void k();\n"),
            ("src/solver.cu", "#include <lib/solver.h>\n__global__ void k();\n"),
            ("src/host.cpp", "#include <lib/alone.h>\nint main() {}\n"),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[1], ("include/lib/solver.h".to_owned(), "src/solver.cu".to_owned()));
        assert_eq!(found[0].0, "include/lib/base.h");
    }

    #[test]
    fn what_only_the_header_itself_shows_is_left_to_it() {
        let main = "#include \"a.h\"\n__global__ void k();\n";
        for text in [
            format!("#ifdef USE_IT\n{CUDA}#endif\n"),
            format!("{CUDA}// NOLINT\n"),
            "void f() { k<< <1, 2>> >(); }\n".to_owned(),
        ] {
            assert_eq!(assigned(&[("a.h", &text), ("main.cu", main)]), pairs(&[]), "{text}");
        }
        assert_eq!(assigned(&[("a.h", CUDA), ("main.cu", main)]), pairs(&[("a.h", "main.cu")]));
    }

    #[test]
    fn c_plus_plus_speaks_for_what_is_the_same_in_it() {
        let main = "#include \"a.h\"\nvoid g() { cudaDeviceSynchronize(); }\n";
        assert_eq!(assigned(&[("a.h", CUDA), ("main.cpp", main)]), pairs(&[("a.h", "main.cpp")]));
        for text in ["__global__ void k();\n", "#ifdef __CUDACC__\nint x;\n#endif\nvoid f(cudaStream_t);\n"] {
            assert_eq!(assigned(&[("a.h", text), ("main.cpp", main)]), pairs(&[]), "{text}");
        }
    }

    #[test]
    fn nobody_takes_on_too_much() {
        let large = format!("{CUDA}{}", "// what\n".repeat(16_000));
        let includes = "#include \"a.h\"\n#include \"b.h\"\n__global__ void k();\n";
        let found = assigned(&[("a.h", &large), ("b.h", &large), ("main.cu", includes)]);
        assert_eq!(found, pairs(&[("a.h", "main.cu")]));
    }
}
