//! What the tree does not say of a source: where its comments stand, and where what begins at a place ends.

use std::collections::BTreeMap;
use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The layout of a source text; offsets are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The comments in order, save documentation, which is code to the compiler.
    pub comments: Vec<Range<usize>>,
    /// Where the outermost item or statement ends that begins at a place.
    pub ends: BTreeMap<usize, usize>,
}

/// The layout of a text; `None` if it is not valid Rust.
pub fn layout(text: &str) -> Option<Layout> {
    let file = syn::parse_file(text).ok()?;
    // syn leaves a byte-order mark out.
    let skipped = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut layout = Layout::default();
    let mut tokens = Vec::new();
    flatten(text.get(skipped..)?.parse().ok()?, &mut tokens);
    let mut at = 0;
    let length = text.len() - skipped;
    tokens.push(Range { start: length, end: length });
    for token in tokens {
        if let Some(gap) = text.as_bytes().get(at + skipped..token.start + skipped) {
            comments_in(gap, at + skipped, &mut layout.comments);
        }
        at = at.max(token.end);
    }
    let mut ends = Ends { ends: &mut layout.ends, skipped };
    ends.visit_file(&file);
    Some(layout)
}

fn flatten(tokens: TokenStream, into: &mut Vec<Range<usize>>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                into.push(group.span_open().byte_range());
                flatten(group.stream(), into);
                into.push(group.span_close().byte_range());
            }
            token => into.push(token.span().byte_range()),
        }
    }
}

/// Between two tokens there is nothing but white space and comments. Block comments nest.
fn comments_in(gap: &[u8], offset: usize, into: &mut Vec<Range<usize>>) {
    let mut at = 0;
    while at + 1 < gap.len() {
        let end = match &gap[at..at + 2] {
            b"//" => gap[at..].iter().position(|byte| *byte == b'\n').map_or(gap.len(), |line| at + line),
            b"/*" => end_of_block(gap, at),
            _ => {
                at += 1;
                continue;
            }
        };
        into.push(offset + at..offset + end);
        at = end;
    }
}

fn end_of_block(gap: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at + 1 < gap.len() {
        match &gap[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    gap.len()
}

struct Ends<'l> {
    ends: &'l mut BTreeMap<usize, usize>,
    skipped: usize,
}

impl Ends<'_> {
    fn note(&mut self, node: &impl Spanned) {
        let range = node.span().byte_range();
        let end = self.ends.entry(range.start + self.skipped).or_default();
        *end = (*end).max(range.end + self.skipped);
    }
}

impl<'ast> Visit<'ast> for Ends<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.note(item);
        visit::visit_item(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        self.note(item);
        visit::visit_impl_item(self, item);
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        self.note(item);
        visit::visit_trait_item(self, item);
    }

    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        self.note(statement);
        visit::visit_stmt(self, statement);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.note(arm);
        visit::visit_arm(self, arm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_strings_and_documentation() {
        let text = "\u{feff}/// doc\nfn f() { // one\n    let s = \"// no\"; /* two /* in */ */\n    g(r#\"/* no */\"#);\n}\n// three";
        let layout = layout(text).unwrap();
        let comments: Vec<_> = layout.comments.iter().map(|range| &text[range.clone()]).collect();
        assert_eq!(comments, ["// one", "/* two /* in */ */", "// three"]);
    }

    #[test]
    fn what_begins_at_a_place_ends_somewhere() {
        let text = "fn f() {\n    g(\n        1,\n    );\n    h();\n}\n";
        let layout = layout(text).unwrap();
        let end_of = |start: &str| &text[..layout.ends[&text.find(start).unwrap()]];
        assert!(end_of("g(").ends_with("    );"));
        assert!(end_of("fn f").ends_with("    h();\n}"));
        assert_eq!(super::layout("fn {"), None);
    }
}
