//! What the files of a crate define, for each of them: types, signatures, constants, and who implements what.
//!
//! A crate is read once, and its files are lowered on top of that; bodies stay with their files.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use syn::{Block, ImplItem, Item, TraitItem};

use super::item_macros;
use super::items::Definitions;
use super::libraries::{self, Versions};
use super::names::Imports;

/// What the files of a crate define.
#[derive(Clone)]
pub struct CrateIndex(Rc<Definitions>);

impl fmt::Debug for CrateIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrateIndex")
    }
}

impl CrateIndex {
    /// Reads files, each with the path of its module; those that are no Rust are left out. `name` is the crate's,
    /// `crates` are the names that it has for others whose files are among these.
    pub fn of<'t>(
        files: impl IntoIterator<Item = (Vec<String>, &'t str)>,
        versions: &Versions,
        name: &str,
        crates: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut macros = item_macros::Table::default();
        let mut files_read = Vec::new();
        for (module, text) in files {
            let Ok(mut file) = syn::parse_file(text) else { continue };
            for item in &mut file.items {
                empty(item);
            }
            let krate = module.first().map_or("", String::as_str);
            macros.collect(&file.items, krate);
            files_read.push((module, file.items));
        }
        let mut read = Vec::new();
        for (module, items) in files_read {
            let krate = module.first().map_or("", String::as_str);
            let elsewhere = |name: &str| macros.get(name, krate).flatten();
            let mut items = match item_macros::expanded(&items, krate, &elsewhere) {
                Cow::Borrowed(_) => items,
                Cow::Owned(expanded) => expanded,
            };
            items.iter_mut().for_each(empty);
            let mut imports = Imports::default();
            imports.collect(&items, &module);
            read.push((module, items, Rc::new(imports)));
        }
        let mut definitions = Definitions::default();
        definitions.crates.extend(crates);
        libraries::collect(&mut definitions, versions, name);
        for (module, items, imports) in &read {
            definitions.collect_types(items, module, imports, None);
            definitions.export(module, imports);
        }
        for (module, items, _) in &read {
            definitions.declare_traits(items, module);
        }
        for (module, items, imports) in &read {
            definitions.collect_functions(items, module, imports, None);
        }
        definitions.complete();
        Self(Rc::new(definitions))
    }

    pub(crate) fn definitions(&self) -> Rc<Definitions> {
        self.0.clone()
    }
}

/// The stubs alone, for a file of which nothing else is known.
pub(crate) fn stubs(versions: &Versions, name: &str) -> Rc<Definitions> {
    let mut definitions = Definitions::default();
    libraries::collect(&mut definitions, versions, name);
    Rc::new(definitions)
}

/// Leaves out bodies: what a function does is the business of its own file.
fn empty(item: &mut Item) {
    let nothing = |block: &mut Block| block.stmts.clear();
    match item {
        Item::Fn(it) => nothing(&mut it.block),
        Item::Impl(it) => {
            for item in &mut it.items {
                if let ImplItem::Fn(method) = item {
                    nothing(&mut method.block);
                }
            }
        }
        Item::Trait(it) => {
            for item in &mut it.items {
                if let TraitItem::Fn(method) = item
                    && let Some(block) = &mut method.default
                {
                    nothing(block);
                }
            }
        }
        Item::Mod(it) => it.content.iter_mut().flat_map(|(_, items)| items).for_each(empty),
        _ => {}
    }
}
