//! Names: spellings of one function, the public names of the CUDA APIs, what was removed, and what a wrong
//! name may have meant.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use crate::suggest::edit_distance;

/// Names that the APIs no longer have: `name version replacement`.
const REMOVED: &str = include_str!("names/removed.txt");

/// How many parameters functions have in which versions: `name parameters first last`.
const ARITIES: &str = include_str!("names/arities.txt");

/// HIP names that are not the CUDA name with another prefix: `hip cuda`.
const HIP: &str = include_str!("names/hip.txt");

/// Families of constants of the runtime API, and of types: what follows `cuda` in their names. Variables of a program
/// are called `cudaStream`, but not `cudaStreamNonBlocking`.
const CONSTANTS: [&str; 7] = ["Device", "Error", "Event", "HostAlloc", "HostRegister", "Memcpy", "Stream"];

/// Prefixes of CUDA libraries and of their HIP counterparts.
const HIP_LIBRARIES: [(&str, &str); 8] = [
    ("hipblasLt", "cublasLt"),
    ("hipblas", "cublas"),
    ("hipfft", "cufft"),
    ("hiprand", "curand"),
    ("hipsparse", "cusparse"),
    ("hipsolver", "cusolver"),
    ("hiprtc", "nvrtc"),
    ("hipdnn", "cudnn"),
];

/// Namespaces, and the one under whose name the rows stand: PyTorch's `at::cuda` takes over all of `c10::cuda`.
const NAMESPACES: [(&str, &str); 1] = [("at::cuda::", "c10::cuda::")];

/// Namespaces that the standard libraries put between `std` and a name.
const INLINE_NAMESPACES: [&str; 6] = ["__1", "__cxx11", "__ndk1", "__debug", "__cxx1998", "_V2"];

/// Names of classes and of the classes that rows call them by.
const CLASSES: [(&str, &str); 17] = [
    ("string", "basic_string"),
    ("wstring", "basic_string"),
    ("string_view", "basic_string_view"),
    ("ostream", "basic_ostream"),
    ("istream", "basic_istream"),
    ("iostream", "basic_istream"),
    ("ios", "basic_ios"),
    ("ofstream", "basic_ofstream"),
    ("ifstream", "basic_ifstream"),
    ("fstream", "basic_fstream"),
    ("stringstream", "basic_stringstream"),
    ("ostringstream", "basic_ostringstream"),
    ("istringstream", "basic_istringstream"),
    ("__shared_ptr", "shared_ptr"),
    ("__atomic_base", "atomic"),
    ("__basic_future", "future"),
    ("binary_semaphore", "counting_semaphore"),
];

/// All public names, for look-up.
static KNOWN: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| lists().chain(modelled()).collect());

/// The names that the model's rows speak of: the lists lack some of cuBLAS (`cublasHgemm`).
fn modelled() -> impl Iterator<Item = &'static str> {
    let rows = super::FILES.iter().filter(|(file, ..)| *file == "library.rows");
    rows.flat_map(|(_, _, text)| lines(text)).filter_map(|line| line.split_once('(')).map(|(name, _)| name)
}

fn lists() -> impl Iterator<Item = &'static str> {
    [include_str!("names/runtime.txt"), include_str!("names/driver.txt"), include_str!("names/library.txt")]
        .into_iter()
        .flat_map(lines)
}

/// The lines of a table, without comments.
fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The last place of a qualified name: `std::vector::resize` gives `resize`.
pub fn unqualified(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// True for names of the form that the CUDA APIs use: a prefix, then a capital letter.
pub fn looks_like_api(name: &str) -> bool {
    ["cuda", "cublas", "cu", "hip", "nccl"].iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    })
}

/// True for names of the form that the functions of CUDA's libraries have, known or newer than what is known, if
/// they speak of no stream: these leave the stream of the handle that they get as it is. Each of the libraries has
/// one function that gives a handle a stream, `cublasSetStream`, `cudnnSetStream` and so on (their manuals).
pub fn keeps_stream(name: &str) -> bool {
    let libraries = [
        "cublas",
        "cusolver",
        "cusparse",
        "cufft",
        "curand",
        "cudnn",
        "hipblas",
        "hipsparse",
        "hipfft",
        "hiprand",
    ];
    libraries.iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    }) && !name.contains("Stream")
}

/// Other names under which a row of this function may stand, best first.
pub(super) fn spellings(name: &str) -> Vec<String> {
    let mut names = Vec::new();
    let name = name.strip_prefix("::").unwrap_or(name);
    if let Some(cuda) = hip_name(name) {
        names.push(without_abi_suffix(&cuda).to_owned());
        names.push(cuda);
    }
    let plain = without_abi_suffix(name);
    names.push(plain.to_owned());
    for (other, own) in NAMESPACES {
        if let Some(rest) = name.strip_prefix(other) {
            names.push(format!("{own}{rest}"));
        }
    }
    if let Some(rest) = name.strip_prefix("__builtin_") {
        names.push(rest.to_owned());
    }
    if let Some(rest) = name.strip_prefix("std::") {
        let parts: Vec<&str> = rest.split("::").filter(|part| !INLINE_NAMESPACES.contains(part)).collect();
        names.push(format!("std::{}", parts.join("::")));
        if let [class, method] = parts.as_slice()
            && let Some((alias, real)) = CLASSES.iter().find(|(alias, _)| alias == class)
        {
            // Constructors and destructors are named after the class.
            let method = match method.strip_prefix('~') {
                Some(destroyed) if destroyed == *alias => format!("~{real}"),
                _ if method == alias => (*real).to_owned(),
                _ => (*method).to_owned(),
            };
            names.push(format!("std::{real}::{method}"));
        }
        if let [function] = parts.as_slice() {
            names.push((*function).to_owned());
        }
    } else if name.starts_with("thrust::") || name.starts_with("cub::") {
        // Inline namespaces such as `THRUST_200802_SM_900_NS`.
        let parts: Vec<&str> = name.split("::").filter(|part| !part.ends_with("_NS")).collect();
        names.push(parts.join("::"));
    }
    names
}

/// The name without `_ptds`, `_ptsz`, `_v2`, `_64`: forms that differ in their ABI only, or in the number
/// of arguments, by which overloads are told apart.
pub fn without_abi_suffix(name: &str) -> &str {
    let name = name.strip_suffix("_ptds").or_else(|| name.strip_suffix("_ptsz")).unwrap_or(name);
    let name = name.strip_suffix("_64").unwrap_or(name);
    match name.rsplit_once("_v") {
        Some((plain, version)) if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) => plain,
        _ => name,
    }
}

/// The CUDA name of a HIP function: `hipMemcpyAsync` is `cudaMemcpyAsync`, `hipModuleLaunchKernel` is
/// `cuLaunchKernel`. `None` for names that do not begin like a HIP function.
pub fn hip_name(name: &str) -> Option<String> {
    let rest = name.strip_prefix("hip")?;
    let table = || lines(HIP).filter_map(|line| line.split_once(' '));
    if let Some((_, cuda)) = table().find(|(hip, _)| *hip == name) {
        return Some(cuda.to_owned());
    }
    for (hip, cuda) in HIP_LIBRARIES {
        if let Some(rest) = name.strip_prefix(hip) {
            return Some(format!("{cuda}{rest}"));
        }
    }
    if !rest.starts_with(|first: char| first.is_ascii_uppercase()) {
        return None;
    }
    let runtime = format!("cuda{rest}");
    let driver = format!("cu{rest}");
    let is_driver = !KNOWN.contains(runtime.as_str()) && KNOWN.contains(driver.as_str());
    Some(if is_driver { driver } else { runtime })
}

/// The same text with the names of CUDA's runtime API that stand in code quotes as HIP has them: what the rules
/// advise, for those who write HIP.
pub fn spelt_for_hip(text: &str) -> String {
    let in_quotes = |index: usize| index % 2 == 1;
    let quoted = text.split('`').enumerate();
    let parts: Vec<String> = quoted
        .map(|(index, part)| if in_quotes(index) { hip_names_in(part) } else { part.to_owned() })
        .collect();
    parts.join("`")
}

/// The words of an expression, with HIP's names for CUDA's.
fn hip_names_in(code: &str) -> String {
    let mut spelt = String::new();
    let mut rest = code;
    while let Some(start) = rest.find(|c: char| c.is_alphanumeric() || c == '_') {
        let (before, word) = rest.split_at(start);
        let end = word.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        spelt.push_str(before);
        match of_runtime(word) {
            Some(hip) => spelt.push_str(&hip),
            None => spelt.push_str(word),
        }
        rest = after;
    }
    spelt + rest
}

/// The HIP name of a function, type or constant of the runtime API.
fn of_runtime(name: &str) -> Option<String> {
    let rest = name.strip_prefix("cuda")?;
    let is_constant = CONSTANTS.iter().any(|family| {
        rest.strip_prefix(family).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    });
    if !is_constant && !is_known_api_name(name) {
        return None;
    }
    let mut table = lines(HIP).filter_map(|line| line.split_once(' '));
    let other = table.find(|(_, cuda)| *cuda == name).map(|(hip, _)| hip.to_owned());
    Some(other.unwrap_or_else(|| format!("hip{rest}")))
}

/// True if a CUDA API or library of CUDA 11, 12 or 13 has a public function of this name, or HIP one of
/// its counterpart.
pub fn is_known_api_name(name: &str) -> bool {
    let plain = name.strip_suffix("_ptds").or_else(|| name.strip_suffix("_ptsz")).unwrap_or(name);
    // The 64-bit twins of library functions.
    let plain = plain.strip_suffix("_64").unwrap_or(plain);
    // What the header itself defines is a call of such a function (`cublasLtMatmulDescInit`).
    if KNOWN.contains(plain) || KNOWN.contains(format!("{plain}_internal").as_str()) {
        return true;
    }
    lines(HIP).any(|line| line.split(' ').next() == Some(plain))
        || hip_name(plain).is_some_and(|cuda| KNOWN.contains(cuda.as_str()))
}

/// A function that CUDA no longer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The first version of CUDA without it.
    pub in_version: &'static str,
    /// What does its work now, if a function does.
    pub replacement: Option<&'static str>,
}

/// What is known about a function that a version of CUDA removed.
pub fn removed(name: &str) -> Option<Removed> {
    lines(REMOVED).find_map(|line| {
        let mut words = line.split_whitespace();
        if words.next() != Some(name) {
            return None;
        }
        let in_version = words.next()?;
        Some(Removed { in_version, replacement: words.next() })
    })
}

/// A function whose number of parameters differs from version to version of CUDA, as some versions have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// How many parameters it has.
    pub parameters: usize,
    /// In which major versions.
    pub versions: RangeInclusive<u16>,
}

/// The forms of a function whose number of parameters differs from version to version of CUDA, those with the fewest
/// first; none of other functions.
pub fn versioned(name: &str) -> Vec<Versioned> {
    let form = |line: &'static str| {
        let mut words = line.split_whitespace();
        if words.next() != Some(name) {
            return None;
        }
        let parameters = words.next()?.parse().ok()?;
        let first = words.next()?.parse().ok()?;
        Some(Versioned { parameters, versions: first..=words.next()?.parse().unwrap_or(u16::MAX) })
    };
    let mut forms: Vec<Versioned> = lines(ARITIES).filter_map(form).collect();
    forms.sort_by_key(|form| form.parameters);
    forms
}

/// Names of HIP that an unknown name of HIP is misspelt for: those that CUDA has with its own prefix. HIP has functions
/// of its own, too, so that nothing but spelling counts.
pub fn suggest_for_hip(name: &str) -> Vec<String> {
    let Some(rest) = name.strip_prefix("hip") else { return Vec::new() };
    let near = |prefix: &str| {
        let wanted = format!("{prefix}{rest}");
        suggest(&wanted)
            .into_iter()
            .filter(move |known| edit_distance(&wanted, known) <= 2)
            .filter_map(|known| known.strip_prefix(prefix).map(|rest| format!("hip{rest}")))
            .collect::<Vec<_>>()
    };
    let mut names = near("cuda");
    names.extend(near("cu"));
    names.dedup();
    names
}

/// Up to three names that an unknown name may have meant, best first.
///
/// Names are compared as words (`cuda`, `Launch`, `Kernel`, `Async`), because a wrong name is more often
/// put together from the right words than misspelt, and letter by letter for the rest.
pub fn suggest(name: &str) -> Vec<&'static str> {
    let wrong = words(name);
    let Some(prefix) = wrong.first() else { return Vec::new() };
    let mut ranked: Vec<(u32, &'static str)> = lists()
        .filter(|known| without_abi_suffix(known) == *known && *known != name && removed(known).is_none())
        .filter_map(|known| Some((score(name, &wrong, prefix, known)?, known)))
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.len().cmp(&b.1.len())).then(a.1.cmp(b.1)));
    let mut best: Vec<&'static str> = Vec::new();
    for (_, known) in ranked {
        // `cudaLaunchKernelExC` says nothing that `cudaLaunchKernel` did not.
        if best.len() < 3 && !best.iter().any(|taken| known.starts_with(taken)) {
            best.push(known);
        }
    }
    best
}

/// How near a known name is, from 0 to 1,000; `None` if it is not near at all.
fn score(name: &str, wrong: &[&str], prefix: &str, known: &str) -> Option<u32> {
    let right = words(known);
    if right.first() != Some(&prefix) {
        return None;
    }
    let longest = name.len().max(known.len());
    let letters = 1_000 - 1_000 * edit_distance(name, known) / longest.max(1);
    // The prefix is shared by all. Words in the same place count more than words elsewhere, and an
    // abbreviation (`Sync` for `Synchronize`) counts as the word.
    let (wrong, right) = (wrong.get(1..)?, right.get(1..)?);
    let mut shared = 0;
    for (place, word) in wrong.iter().enumerate() {
        let short = |other: &&str| word.len() >= 3 && other.starts_with(word);
        shared += match right.iter().position(|other| other == word) {
            Some(other) if other == place => 3,
            Some(_) => 2,
            None if right.get(place).is_some_and(short) => 2,
            None => 0,
        };
    }
    let all = 3 * wrong.len().max(right.len()).max(1);
    let overlap = 1_000 * shared / all;
    let misspelt = if letters >= 850 { letters } else { 0 };
    let score = misspelt.max((letters + 2 * overlap) / 3);
    (score >= 400).then(|| u32::try_from(score).ok()).flatten()
}

/// Splits `cudaLaunchHostFunc` into `cuda`, `Launch`, `Host`, `Func`.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let bytes = name.as_bytes();
    for at in 1..bytes.len() {
        let upper = bytes[at].is_ascii_uppercase();
        let starts = upper
            && (!bytes[at - 1].is_ascii_uppercase() || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase));
        if starts && name.is_char_boundary(at) {
            words.push(&name[start..at]);
            start = at;
        }
    }
    words.push(&name[start..]);
    words
}
