//! The CUDA model as data: what each function does to streams, events, memory and the host.
//!
//! `rows/*.rows` hold one row a function in the notation of [`parse`], `names/*.txt` the names of all public
//! functions of the CUDA APIs. [`Model`] answers what a call means; it knows no syntax tree.

pub mod capture;
mod effect;
mod names;
pub mod parse;
pub mod row;

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

pub use names::{
    Removed, Versioned, hip_name, is_known_api_name, keeps_stream, looks_like_api, removed, spelt_for_hip,
    suggest, suggest_for_hip, unqualified, versioned, without_abi_suffix,
};
use parse::ParseError;
use row::{Family, Row};

const FILES: [(&str, Family, &str); 8] = [
    ("runtime.rows", Family::Runtime, include_str!("rows/runtime.rows")),
    ("hip.rows", Family::Runtime, include_str!("rows/hip.rows")),
    ("driver.rows", Family::Driver, include_str!("rows/driver.rows")),
    ("library.rows", Family::Library, include_str!("rows/library.rows")),
    ("frameworks.rows", Family::Library, include_str!("rows/frameworks.rows")),
    ("cudarc.rows", Family::Library, include_str!("rows/cudarc.rows")),
    ("rust.rows", Family::Std, include_str!("rows/rust.rows")),
    ("std.rows", Family::Std, include_str!("rows/std.rows")),
];

/// Rows by name.
#[derive(Debug, Default)]
pub struct Model {
    rows: Vec<Row>,
    by_name: FxHashMap<String, Vec<u32>>,
    /// Rows that apply where these have none.
    base: Option<&'static Model>,
}

impl Model {
    /// The rows that come with cuda-lint. Parsed once.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Model> = LazyLock::new(|| {
            let mut model = Model::default();
            for (_, family, text) in FILES {
                // A test parses every file; a file that does not parse cannot be released.
                model.extend(parse::parse(text, family).unwrap_or_default());
            }
            model
        });
        &BUILTIN
    }

    /// A model without rows of its own above the built-in one: what a project's rows are added to.
    pub fn above_builtin() -> Self {
        Self { base: Some(Self::builtin()), ..Self::default() }
    }

    /// Adds rows in the notation of [`parse`]. They take precedence over rows of the same name that take
    /// the same number of arguments.
    ///
    /// # Errors
    /// If a line is no row; then none is added.
    pub fn add(&mut self, text: &str, family: Family) -> Result<(), Vec<ParseError>> {
        self.extend(parse::parse(text, family)?);
        Ok(())
    }

    fn extend(&mut self, rows: Vec<Row>) {
        for row in rows {
            let index = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            self.by_name.entry(row.name.clone()).or_default().push(index);
            self.rows.push(row);
        }
    }

    /// All rows, in the order of the files; without those of the model below.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row of a function that is followed otherwise, because its body is there: a project's own row, or one
    /// that says so.
    pub fn replacing_body(&self, name: &str, args: usize) -> Option<&Row> {
        let own = self.overload(name, args).filter(|row| row.replaces_body);
        own.or_else(|| self.base?.replacing_body(name, args))
    }

    /// The row of a function that is called with `args` arguments (for methods the object counts).
    ///
    /// The name is qualified, without template arguments. ABI suffixes (`_v2`, `_ptsz`), HIP names, inline
    /// namespaces of standard libraries and `std::` before C functions are understood. Arguments that the
    /// call leaves out may be counted or not.
    pub fn lookup(&self, name: &str, args: usize) -> Option<&Row> {
        self.overload(name, args)
            .or_else(|| names::spellings(name).into_iter().find_map(|name| self.overload(&name, args)))
            .or_else(|| self.base?.lookup(name, args))
    }

    /// The row of a class's constructor, by the qualified name of the class; `args` counts the object.
    pub fn constructor(&self, class: &str, args: usize) -> Option<&Row> {
        self.lookup(&format!("{class}::{}", names::unqualified(class)), args)
    }

    /// The row of a class's destructor, likewise.
    pub fn destructor(&self, class: &str) -> Option<&Row> {
        self.lookup(&format!("{class}::~{}", names::unqualified(class)), 1)
    }

    /// True if there is a row of this name for any number of arguments.
    pub fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
            || names::spellings(name).iter().any(|name| self.by_name.contains_key(name))
            || self.base.is_some_and(|base| base.knows(name))
    }

    /// True if there is such a row in this model itself, and not only in the one below.
    pub fn knows_itself(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The numbers of arguments that some version of a function of the runtime or driver API takes, in
    /// order; empty for other names and for functions that take any number. The rows of libraries leave
    /// out old interfaces of the same name (cuBLAS without a handle), so they say nothing here.
    pub fn arities(&self, name: &str) -> Vec<usize> {
        let names = std::iter::once(name.to_owned()).chain(names::spellings(name));
        let rows = names.filter_map(|name| self.by_name.get(&name)).flatten();
        let rows: Vec<&Row> = rows.filter_map(|&index| self.rows.get(index as usize)).collect();
        let complete = |row: &Row| matches!(row.family, Family::Runtime | Family::Driver);
        if rows.iter().any(|row| row.variadic || !complete(row)) {
            return Vec::new();
        }
        let mut counts: Vec<usize> = rows.iter().flat_map(|row| row.required()..=row.params.len()).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// The row with exactly this name. Later rows win, so that added rows replace built-in ones.
    fn overload(&self, name: &str, args: usize) -> Option<&Row> {
        let rows = self.by_name.get(name)?.iter().rev().filter_map(|&index| self.rows.get(index as usize));
        rows.into_iter().find(|row| row.accepts(args))
    }
}

#[cfg(test)]
mod tests;
