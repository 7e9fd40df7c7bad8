//! Reading tables strictly: every key is asked for or wrong, every value has the type that it must have, and
//! all that is wrong is said at once, with its place.

use std::ops::Range;

use cuda_lint_engine::suggest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Text};

/// A table that is being read.
pub struct Table<'t> {
    text: Text<'t>,
    /// The names of the tables that lead to it: `tool.cuda-lint.model`; empty for the whole file.
    name: String,
    entries: Vec<(String, Range<usize>, Spanned<DeValue<'t>>)>,
    /// Where it stands.
    range: Range<usize>,
    /// The keys that were asked for.
    known: Vec<&'static str>,
}

impl<'t> Table<'t> {
    /// Parses a file. `None` if it is no TOML.
    pub fn parse(text: &Text<'t>, problems: &mut Vec<Problem>) -> Option<Self> {
        match DeTable::parse(text.text) {
            Ok(table) => Some(Self::new(*text, String::new(), table.into_inner(), 0..0)),
            Err(error) => {
                let message = format!("this is no TOML: {}", error.message().trim().replace('\n', ": "));
                let range = error.span().unwrap_or_default();
                problems.push(Problem::new(text, range, message, remedy(text.text, error.message())));
                None
            }
        }
    }

    fn new(text: Text<'t>, name: String, table: DeTable<'t>, range: Range<usize>) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| {
                let range = key.span();
                (key.into_inner().into_owned(), range, value)
            })
            .collect();
        Self { text, name, entries, range, known: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'t>>> {
        self.known.push(key);
        let at = self.entries.iter().position(|(name, _, _)| name == key)?;
        Some(self.entries.swap_remove(at).2)
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str, help: String) -> Problem {
        let message = format!("`{key}` is {wanted}, and this is {}", type_of(value.get_ref()));
        Problem::new(&self.text, value.span(), message, help)
    }

    /// A value as it is written, in quotes.
    fn in_quotes(&self, range: Range<usize>) -> String {
        let written = self.text.text.get(range).unwrap_or_default();
        let is_plain = !written.is_empty() && written.len() <= 40 && !written.contains(['\n', '{', '[']);
        match is_plain {
            true => format!("\"{}\"", written.trim_matches(['"', '\''])),
            false => "\"…\"".to_owned(),
        }
    }

    fn inner(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name.trim_matches(['[', ']']))
        }
    }

    /// The table at the end of a row of keys; `None` if it is not there. What stands beside is others'.
    pub fn descend(text: &Text<'t>, keys: &[&'static str], problems: &mut Vec<Problem>) -> Option<Self> {
        let mut table = Self::parse(text, problems)?;
        for key in keys {
            table = table.table(key, problems)?;
        }
        Some(table)
    }

    /// The tables in a list of this one: `[[key]]`.
    pub fn tables(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Vec<Self> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let (value, range) = value.into_inner_spanned();
        let DeValue::Array(items) = value else {
            let help = format!("write `[[{}]]` on a line of its own, once for each", self.inner(key));
            problems.push(self.wrong(key, &Spanned::new(range, value), "a list of tables", help));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            match item.into_inner_spanned() {
                (DeValue::Table(table), range) => {
                    tables.push(Self::new(self.text, format!("[{}]", self.inner(key)), table, range));
                }
                (other, range) => {
                    let help = format!("write `[[{}]]` on a line of its own, once for each", self.inner(key));
                    problems.push(self.wrong(key, &Spanned::new(range, other), "a list of tables", help));
                }
            }
        }
        tables
    }

    /// All that is left: keys that nobody has asked for, each with its value, where they stand, and the value
    /// as a text.
    pub fn texts(&mut self, wanted: &str, help: &str, problems: &mut Vec<Problem>) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (key, key_range, value) in std::mem::take(&mut self.entries) {
            match value.get_ref() {
                DeValue::String(text) => settings.push(Setting {
                    key,
                    key_range,
                    text: text.clone().into_owned(),
                    range: value.span(),
                }),
                _ => problems.push(self.wrong(&key, &value, wanted, help.to_owned())),
            }
        }
        settings.sort_by_key(|setting| setting.key_range.start);
        settings
    }

    /// A table in this one.
    pub fn table(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<Self> {
        let value = self.take(key)?;
        match value.into_inner_spanned() {
            (DeValue::Table(table), range) => Some(Self::new(self.text, self.inner(key), table, range)),
            (other, range) => {
                let help =
                    format!("write `[{}]` on a line of its own, and its keys below it", self.inner(key));
                problems.push(self.wrong(key, &Spanned::new(range, other), "a table", help));
                None
            }
        }
    }

    /// A text, and where it stands.
    pub fn string(
        &mut self,
        key: &'static str,
        problems: &mut Vec<Problem>,
    ) -> Option<(String, Range<usize>)> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.clone().into_owned(), value.span())),
            _ => {
                let help = format!("write `{key} = {}`", self.in_quotes(value.span()));
                problems.push(self.wrong(key, &value, "a text in quotes", help));
                None
            }
        }
    }

    /// A truth value.
    pub fn boolean(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<bool> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            _ => {
                let help = format!("write `{key} = true` or `{key} = false`, without quotes");
                problems.push(self.wrong(key, &value, "true or false", help));
                None
            }
        }
    }

    /// A number that is not negative.
    pub fn count(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Option<u64> {
        let value = self.take(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            let wanted = "a whole number, 0 or more";
            let help = format!("write a number without quotes, such as `{key} = 65536`");
            problems.push(match value.get_ref() {
                DeValue::Integer(written) => {
                    let message =
                        format!("`{key}` is {wanted}, and {} is none that is known", written.as_str());
                    Problem::new(&self.text, value.span(), message, help)
                }
                _ => self.wrong(key, &value, wanted, help),
            });
        }
        number
    }

    /// A list of texts, each with its place.
    pub fn strings(&mut self, key: &'static str, problems: &mut Vec<Problem>) -> Vec<(String, Range<usize>)> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            let help = format!("write `{key} = [{}]`", self.in_quotes(value.span()));
            problems.push(self.wrong(key, &value, "a list of texts", help));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => texts.push((text.clone().into_owned(), item.span())),
                _ => {
                    let help = format!("write {}", self.in_quotes(item.span()));
                    problems.push(self.wrong(key, item, "a list of texts", help));
                }
            }
        }
        texts
    }

    /// Where it stands.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// A problem with a value of this table.
    pub fn problem(&self, range: Range<usize>, message: String, help: String) -> Problem {
        Problem::new(&self.text, range, message, help)
    }

    /// Says what nobody asked for.
    pub fn finish(self, problems: &mut Vec<Problem>) {
        for (key, range, _) in &self.entries {
            let place =
                if self.name.is_empty() { "this file".to_owned() } else { format!("`[{}]`", self.name) };
            let help = match suggest::closest(key, self.known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", list(&self.known)),
            };
            let message = format!("{place} has no key `{key}`");
            problems.push(Problem::new(&self.text, range.clone(), message, help));
        }
    }
}

/// A key with a text.
pub struct Setting {
    /// The key.
    pub key: String,
    /// Where it stands.
    pub key_range: Range<usize>,
    /// The text.
    pub text: String,
    /// Where it stands.
    pub range: Range<usize>,
}

/// What to do about a text that is no TOML.
fn remedy(text: &str, message: &str) -> &'static str {
    if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
        "a merge has left a conflict in it: settle it"
    } else if message.contains("duplicate key") {
        "keep one of the two, with what both say"
    } else {
        "write tables as `[table]`, settings as `key = value`, texts in quotes"
    }
}

/// Names in a row: `` `a`, `b` ``.
pub fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Takes a value and its place apart.
trait IntoInnerSpanned<T> {
    fn into_inner_spanned(self) -> (T, Range<usize>);
}

impl<T> IntoInnerSpanned<T> for Spanned<T> {
    fn into_inner_spanned(self) -> (T, Range<usize>) {
        let range = self.span();
        (self.into_inner(), range)
    }
}
