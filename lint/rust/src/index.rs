//! What the files of a crate define, for each of them: types, signatures, constants, and who implements what.
//!
//! A crate is read once, and its files are lowered on top of that; bodies stay with their files.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{Block, ImplItem, Item, TraitItem};

use super::item_macros;
use super::items::Definitions;
use super::libraries::{self, Versions};
use super::names::Imports;

/// The files of a crate without bodies, as they were read: what all the crates that depend on it share.
#[derive(Clone)]
pub struct CrateSource(Rc<Vec<ModuleFile>>);

/// A file: the path of its module, its items, and what names mean there.
type ModuleFile = (Vec<String>, Vec<Item>, Rc<Imports>);

impl fmt::Debug for CrateSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrateSource")
    }
}

impl CrateSource {
    /// Reads files, each with the path of its module; those that are no Rust are left out.
    pub fn of<'t>(files: impl IntoIterator<Item = (Vec<String>, &'t str)>) -> Self {
        let mut read = Vec::new();
        for (module, text) in files {
            let Some(mut items) = items_of(text) else { continue };
            for item in &mut items {
                empty(item);
            }
            let mut imports = Imports::default();
            imports.collect(&items, &module);
            read.push((module, items, Rc::new(imports)));
        }
        Self(Rc::new(read))
    }
}

/// What the files of a crate define.
#[derive(Clone)]
pub struct CrateIndex(Rc<Definitions>);

impl fmt::Debug for CrateIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CrateIndex")
    }
}

impl CrateIndex {
    /// The index of a crate and those that it depends on. `name` is the crate's, `crates` are the names that it has
    /// for others whose files are among these.
    pub fn of(
        sources: &[CrateSource],
        versions: &Versions,
        name: &str,
        crates: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let files = || sources.iter().flat_map(|source| source.0.iter());
        let mut macros = item_macros::Table::default();
        for (module, items, _) in files() {
            macros.collect(items, module.first().map_or("", String::as_str));
        }
        let expanded = files().map(|(module, items, imports)| {
            let krate = module.first().map_or("", String::as_str);
            let elsewhere = |name: &str| macros.get(name, krate).flatten();
            match item_macros::expanded(items, krate, &elsewhere) {
                Cow::Borrowed(items) => (module, Cow::Borrowed(items), imports.clone()),
                Cow::Owned(mut items) => {
                    items.iter_mut().for_each(empty);
                    let mut imports = Imports::default();
                    imports.collect(&items, module);
                    (module, Cow::Owned(items), Rc::new(imports))
                }
            }
        });
        let read: Vec<_> = expanded.collect();
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

/// The items of a text. Bodies of functions are left out before the tokens are parsed, since they are most of it.
fn items_of(text: &str) -> Option<Vec<Item>> {
    let tokens: Option<TokenStream> = text.parse().ok();
    let short = tokens.and_then(|tokens| syn::parse2::<syn::File>(without_bodies(tokens)).ok());
    // What has braces in a signature is read as it is, and so is what begins with `#!/bin/sh`.
    short.or_else(|| syn::parse_file(text).ok()).map(|file| file.items)
}

/// Tokens of items with nothing in the bodies of functions.
fn without_bodies(tokens: TokenStream) -> TokenStream {
    let mut short = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    // What stands in the next braces.
    let mut next = Braces::Other;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) => {
                let names = matches!(tokens.peek(), Some(TokenTree::Ident(_)));
                if next == Braces::Other {
                    if word == "fn" && names {
                        next = Braces::Body;
                    } else if word == "impl" || word == "trait" || word == "mod" {
                        next = Braces::Items;
                    }
                }
                short.push(TokenTree::Ident(word));
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let inner = match std::mem::take(&mut next) {
                    Braces::Body => TokenStream::new(),
                    Braces::Items => without_bodies(group.stream()),
                    Braces::Other => group.stream(),
                };
                let mut brace = Group::new(Delimiter::Brace, inner);
                brace.set_span(group.span());
                short.push(TokenTree::Group(brace));
            }
            TokenTree::Punct(mark) => {
                if mark.as_char() == ';' {
                    next = Braces::Other;
                }
                short.push(TokenTree::Punct(mark));
            }
            other => short.push(other),
        }
    }
    short.into_iter().collect()
}

/// What stands in braces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Braces {
    /// The body of a function.
    Body,
    /// Items.
    Items,
    /// Anything else.
    #[default]
    Other,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let Some(items) = items_of(text) else { return Vec::new() };
        let shown = items.into_iter().map(|mut item| {
            empty(&mut item);
            match item {
                Item::Fn(it) => format!("{} {}", it.sig.ident, it.block.stmts.len()),
                Item::Impl(it) => format!("impl {}", it.items.len()),
                Item::Mod(it) => format!("mod {}", it.content.map_or(0, |(_, items)| items.len())),
                Item::Trait(it) => format!("trait {}", it.items.len()),
                Item::Macro(it) => it.mac.tokens.to_string(),
                Item::Struct(it) => format!("struct {}", it.fields.len()),
                _ => "other".to_owned(),
            }
        });
        shown.collect()
    }

    #[test]
    fn bodies_are_left_out_and_nothing_else() {
        let text = "#!/usr/bin/env run\nfn f(g: fn(i32)) -> impl Fn() { let x = |y: u8| { y }; }
            impl S { const A: usize = { 3 }; fn g() { h(); } }
            mod m { struct T { f: fn() } fn k() { } }
            trait T { fn a(&self); fn b(&self) { c() } }
            macro_rules! m { () => { fn made() { 3 } } }
            struct S<const N: usize> { a: u8, b: u8 }
            fn of(x: S<{ 1 + 2 }>) -> S<{ 4 }> { x }";
        let macro_tokens = "() => { fn made () { 3 } }";
        let expected = ["f 0", "impl 2", "mod 2", "trait 2", macro_tokens, "struct 2", "of 0"];
        for text in [text, &text[text.find('\n').unwrap_or_default()..]] {
            assert_eq!(names(text), expected);
        }
        assert_eq!(names("fn f( {"), [""; 0]);
    }
}
