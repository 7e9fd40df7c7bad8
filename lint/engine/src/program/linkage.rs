//! How the files of a program find each other's functions and variables.

use super::SiteId;

/// Who sees the symbol of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Linkage {
    /// This unit only: `static`, unnamed namespaces, closures.
    Internal,
    /// Those who see a type that is local to a function: instances of templates for it, as for a closure.
    Local,
    /// Whoever calls it has a definition of its own, and all of them are the same: `inline`.
    Inline,
    /// Every file of the program; it is defined here.
    External,
    /// Every file of the program; it is declared here and defined elsewhere. For kernels only: other
    /// functions without a body are [`super::Extern`]s.
    Declared,
}

/// What a file needs to know of something that another file may define.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Link {
    /// The symbol (C++: the USR; of a variable that is made from a template, that of the template).
    pub symbol: String,
    /// For a function that is made from a template: the template's symbol. Another file may define all that are made
    /// from it by one pattern, or a single one by a specialisation.
    pub template: String,
    /// The first declaration: two files mean the same thing if they have read the same header.
    pub declared: SiteId,
}
