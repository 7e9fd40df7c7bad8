//! Stubs: the signatures of the libraries, in Rust, as far as the lowering needs them.
//!
//! A stub is data, written as Rust so that syn reads it. A `trait` stands for a type and its methods; a
//! function without a body is a row of the CUDA model (`cudarc::CudaStream::alloc`), one with a body is
//! lowered in place of its call. Attributes say what signatures do not:
//!
//! | attribute | meaning |
//! | --- | --- |
//! | `#[handle(stream)]` on a trait | a value of this type is a handle: `stream`, `event`, `device`, `pinned`, `managed`, `other` |
//! | `#[since(0, 19, 9)]`, `#[until(0, 19, 9)]` | the versions of the crate that have the function, the first and the first without |
//! | `#[row("name")]` on a function | the row, if it is not the function's own name |
//! | `#[sized]` | the bytes of a `T` follow the arguments |
//! | `#[args(1, 2)]` | these numbers follow the arguments |
//! | `#[none(2)]` on a parameter | what `None` stands for |
//! | `#[owned]` | the result is a stream of which the caller is the one owner |
//! | `#[keeps]` | what it makes keeps a clone of the `Arc` that it is called on |
//! | `#[tracks]` | from 0.14 on, the memory among the arguments (`src` and `dst` of the row) is waited for and recorded |
//! | `#[part]`, `#[split]` | the result is the part of the object that a range names, or its two parts |

use std::rc::Rc;

use syn::{Attribute, LitInt, Token, punctuated::Punctuated};

use super::items::Definitions;

const CUDARC: &str = include_str!("cudarc.stub");
const CUDARC_LIBRARIES: &str = include_str!("cudarc_libraries.stub");
const CUST: &str = include_str!("cust.stub");

/// A version of a crate.
pub type Version = (u32, u32, u32);

/// The versions of the libraries that the code is written against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// cudarc's.
    pub cudarc: Version,
}

impl Default for Versions {
    /// The newest that the stubs know.
    fn default() -> Self {
        Self { cudarc: (0, 19, 10) }
    }
}

impl Versions {
    /// True if cudarc's layers over libraries take slices, whose uses they record; before, they took addresses.
    pub fn track_libraries(&self) -> bool {
        self.cudarc >= (0, 14, 0)
    }

    /// True if these versions have an item with these attributes.
    pub fn have(&self, attributes: &[Attribute]) -> bool {
        let at = |name: &str| attributes.iter().find(|it| it.path().is_ident(name)).and_then(version);
        at("since").is_none_or(|since| self.cudarc >= since)
            && at("until").is_none_or(|until| self.cudarc < until)
    }
}

/// Reads `0.19.10`, and what may stand in a manifest: `^0.19`, `=0.19.3`.
pub fn parse_version(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['^', '=', '~', '>', '<', ' ', 'v']);
    let mut parts = text.split(['.', '-', '+', ',', ' ']).map(|part| part.parse::<u32>());
    let major = parts.next()?.ok()?;
    let minor = parts.next()?.ok()?;
    // A requirement names the least version; the newest patch is what one gets.
    let patch = parts.next().and_then(Result::ok).unwrap_or(u32::MAX);
    Some((major, minor, patch))
}

fn version(attribute: &Attribute) -> Option<Version> {
    match numbers(attribute)[..] {
        [major, minor, patch] => {
            let part = |it: i64| u32::try_from(it).ok();
            Some((part(major)?, part(minor)?, part(patch)?))
        }
        _ => None,
    }
}

/// The numbers of an attribute.
pub fn numbers(attribute: &Attribute) -> Vec<i64> {
    let parsed = attribute.parse_args_with(Punctuated::<LitInt, Token![,]>::parse_terminated);
    parsed.map(|list| list.iter().filter_map(|it| it.base10_parse().ok()).collect()).unwrap_or_default()
}

/// Takes in the stubs. The sources of a library itself have their own definitions.
pub fn collect(definitions: &mut Definitions, versions: &Versions, own_crate: &str) {
    let stubs = [("cudarc", CUDARC), ("cudarc", CUDARC_LIBRARIES), ("cust", CUST)];
    for (_, text) in stubs.into_iter().filter(|(name, _)| *name != own_crate) {
        // A test parses the stubs; one that does not parse cannot be released.
        let Ok(file) = syn::parse_file(text) else { continue };
        definitions.collect(&file.items, &[], &Rc::default(), Some(versions));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stubs_parse() {
        for text in [CUDARC, CUDARC_LIBRARIES, CUST] {
            syn::parse_file(text).unwrap();
        }
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("0.19.10"), Some((0, 19, 10)));
        assert_eq!(parse_version("^0.16"), Some((0, 16, u32::MAX)));
        assert_eq!(parse_version("=0.13.9"), Some((0, 13, 9)));
        assert_eq!(parse_version("x"), None);
    }
}
