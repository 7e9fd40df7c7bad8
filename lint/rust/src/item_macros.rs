//! Items that macros of the program make: functions, types, implementations.
//!
//! A macro is in view behind its definition, in its module and those within; what is in view nowhere is the one
//! macro of that name in the file or the crate.

use std::borrow::Cow;
use std::rc::Rc;

use proc_macro2::{Span, TokenStream};
use rustc_hash::{FxHashMap, FxHashSet};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, ImplItem, Item, Macro, TraitItem};

use super::macro_rules::{ALL_TOKENS, MacroRules};

/// How many macros are expanded one in the other.
const DEPTH: usize = 64;

/// How many macros are expanded in one file.
const EXPANSIONS: usize = 2_048;

/// A macro, or that several have the name.
pub(crate) type Known = Option<Rc<MacroRules>>;

/// The items of a file, with those that macros make in their places.
pub(crate) fn expanded<'i>(
    items: &'i [Item],
    krate: &str,
    elsewhere: &dyn Fn(&str) -> Known,
) -> Cow<'i, [Item]> {
    if !items.iter().any(has_calls) {
        return Cow::Borrowed(items);
    }
    let mut expander =
        Expander { krate, elsewhere, in_view: Vec::new(), left: EXPANSIONS, tokens: ALL_TOKENS };
    Cow::Owned(expander.items(items.to_vec(), DEPTH))
}

/// True if an item is the call of a macro, or one within it is.
fn has_calls(item: &Item) -> bool {
    match item {
        Item::Macro(it) => it.ident.is_none(),
        Item::Mod(it) => it.content.as_ref().is_some_and(|(_, items)| items.iter().any(has_calls)),
        Item::Impl(it) => it.items.iter().any(|it| matches!(it, ImplItem::Macro(_))),
        Item::Trait(it) => it.items.iter().any(|it| matches!(it, TraitItem::Macro(_))),
        _ => false,
    }
}

struct Expander<'k> {
    krate: &'k str,
    elsewhere: &'k dyn Fn(&str) -> Known,
    in_view: Vec<(String, Known)>,
    left: usize,
    tokens: usize,
}

impl Expander<'_> {
    fn items(&mut self, items: Vec<Item>, depth: usize) -> Vec<Item> {
        let mut result = Vec::new();
        for item in items {
            match item {
                Item::Macro(it) if it.ident.is_none() => match self.call::<Item>(&it.mac, depth) {
                    Some(made) => result.extend(self.items(made, depth - 1)),
                    None => result.push(Item::Macro(it)),
                },
                Item::Macro(it) => {
                    let is_conditional = has(&it.attrs, "cfg");
                    let item = Item::Macro(it);
                    if let Some((name, rules)) = MacroRules::of(&item, self.krate) {
                        let is_known = self.in_view.iter().any(|(known, _)| *known == name);
                        let rules = (!is_conditional || !is_known).then(|| Rc::new(rules));
                        self.in_view.push((name, rules));
                    }
                    result.push(item);
                }
                Item::Mod(mut it) => {
                    let before = self.in_view.len();
                    if let Some((_, items)) = &mut it.content {
                        *items = self.items(std::mem::take(items), depth);
                    }
                    if !has(&it.attrs, "macro_use") {
                        self.in_view.truncate(before);
                    }
                    result.push(Item::Mod(it));
                }
                Item::Impl(mut it) => {
                    it.items = self.within(std::mem::take(&mut it.items), depth, |item| match item {
                        ImplItem::Macro(it) => Some(&it.mac),
                        _ => None,
                    });
                    result.push(Item::Impl(it));
                }
                Item::Trait(mut it) => {
                    it.items = self.within(std::mem::take(&mut it.items), depth, |item| match item {
                        TraitItem::Macro(it) => Some(&it.mac),
                        _ => None,
                    });
                    result.push(Item::Trait(it));
                }
                other => result.push(other),
            }
        }
        result
    }

    fn within<T: Parse>(&mut self, items: Vec<T>, depth: usize, call_of: fn(&T) -> Option<&Macro>) -> Vec<T> {
        let mut result = Vec::new();
        for item in items {
            match call_of(&item).and_then(|call| self.call::<T>(call, depth)) {
                Some(made) => result.extend(self.within(made, depth - 1, call_of)),
                None => result.push(item),
            }
        }
        result
    }

    /// What a call of a macro makes.
    fn call<T: Parse>(&mut self, call: &Macro, depth: usize) -> Option<Vec<T>> {
        let name = call.path.segments.last()?.ident.to_string();
        let in_view = self.in_view.iter().rev().find(|(known, _)| *known == name);
        let rules = match in_view {
            Some((_, known)) => known.clone()?,
            None => (self.elsewhere)(&name)?,
        };
        if depth <= 1 || self.left == 0 {
            return None;
        }
        self.left -= 1;
        let at = call.path.segments.last().map_or_else(Span::call_site, |it| it.ident.span());
        let tokens = rules.expand(&call.tokens, at, self.krate, &mut self.tokens)?;
        all.parse2(tokens).ok()
    }
}

fn all<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        items.push(input.parse()?);
    }
    Ok(items)
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|it| it.path().is_ident(name))
}

/// Macros by name.
#[derive(Default)]
pub(crate) struct Table(FxHashMap<String, Vec<Rc<MacroRules>>>);

impl Table {
    /// Takes in a macro.
    pub fn add(&mut self, name: String, rules: MacroRules) {
        self.0.entry(name).or_default().push(Rc::new(rules));
    }

    /// Takes in the macros that items define, with those in their modules.
    pub fn collect(&mut self, items: &[Item], krate: &str) {
        for item in items {
            match item {
                Item::Mod(it) => {
                    let items = it.content.as_ref().map(|(_, items)| items.as_slice());
                    self.collect(items.unwrap_or_default(), krate);
                }
                Item::Macro(_) => {
                    if let Some((name, rules)) = MacroRules::of(item, krate) {
                        self.add(name, rules);
                    }
                }
                _ => {}
            }
        }
    }

    /// The one macro of a name, that of the crate first; `Some(None)` if several have it.
    pub fn get(&self, name: &str, krate: &str) -> Option<Known> {
        let all = self.0.get(name)?;
        let mut own = all.iter().filter(|it| it.krate() == krate);
        Some(match (own.next(), own.next(), all.as_slice()) {
            (Some(only), None, _) | (None, _, [only]) => Some(only.clone()),
            _ => None,
        })
    }
}

/// The names in the tokens of a call.
pub(crate) fn names(tokens: &TokenStream) -> FxHashSet<String> {
    let mut found = FxHashSet::default();
    super::macros::idents(tokens.clone(), &mut |name| {
        found.insert(name);
    });
    found
}
