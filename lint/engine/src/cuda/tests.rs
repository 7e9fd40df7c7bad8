//! The built-in rows: every one parses, none stands twice, positions agree with the headers, and spot checks
//! of what they say.

use super::row::{Direction, Effect, FreeWith, InCallback, MemoryKind, Mode, Outcome, Role, Thing};
use super::*;

fn row(name: &str, args: usize) -> &'static Row {
    Model::builtin().lookup(name, args).unwrap_or_else(|| panic!("no row for {name} with {args} arguments"))
}

#[test]
fn every_row_parses() {
    for (file, family, text) in FILES {
        if let Err(errors) = parse::parse(text, family) {
            let errors: Vec<String> = errors.iter().map(|error| format!("{file}: {error}")).collect();
            panic!("{}", errors.join("\n"));
        }
    }
}

#[test]
fn no_call_has_two_rows() {
    let model = Model::builtin();
    for (name, indices) in &model.by_name {
        for args in 0..16 {
            let matching: Vec<_> =
                indices.iter().filter(|&&i| model.rows[i as usize].accepts(args)).collect();
            assert!(matching.len() <= 1, "{name} has {} rows for {args} arguments", matching.len());
        }
    }
}
