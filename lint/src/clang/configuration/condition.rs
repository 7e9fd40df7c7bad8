//! Conditions of the preprocessor, and how to satisfy them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::flags::is_identifier;

/// A condition of an `#if`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Holds always.
    Always,
    /// A number.
    Constant(i64),
    /// `defined(X)`.
    Defined(String),
    /// `X`, as a number.
    Truth(String),
    /// `X >= 12` and the like.
    Compare(String, Comparison, i64),
    /// Negation.
    Not(Box<Condition>),
    /// Both.
    And(Box<Condition>, Box<Condition>),
    /// One of both.
    Or(Box<Condition>, Box<Condition>),
    /// Not understood.
    Unknown(String),
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// The value of a macro that is not free to have another.
pub type Settled<'s> = &'s dyn Fn(&str) -> Option<i64>;

/// The value of a macro that has to be defined as whatever number but 0.
pub const ANY: i64 = 1;

/// What must be defined, with values, and what must not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Macros and their values.
    pub defined: BTreeMap<String, String>,
    /// Macros that must not be defined.
    pub undefined: BTreeSet<String>,
}

impl Requirement {
    fn define(name: &str, value: i64) -> Self {
        Self { defined: BTreeMap::from([(name.to_owned(), value.to_string())]), ..Self::default() }
    }

    fn undefine(name: &str) -> Self {
        Self { undefined: BTreeSet::from([name.to_owned()]), ..Self::default() }
    }

    /// Both at once. `None` if they contradict each other.
    pub fn merge(&self, other: &Self) -> Option<Self> {
        let mut merged = self.clone();
        for (name, value) in &other.defined {
            if let Some(known) = merged.defined.insert(name.clone(), value.clone()) {
                // A mere `defined(X)` fits any value but nothing says which of two numbers is right.
                let keep = match (known.as_str(), value.as_str()) {
                    (known, value) if known == value => known.to_owned(),
                    ("1", value) => value.to_owned(),
                    (known, "1") => known.to_owned(),
                    _ => return None,
                };
                merged.defined.insert(name.clone(), keep);
            }
        }
        merged.undefined.extend(other.undefined.iter().cloned());
        merged.defined.keys().all(|name| !merged.undefined.contains(name)).then_some(merged)
    }
}

/// Nested deeper than this, a condition is not looked at.
const MAX_DEPTH: u32 = 64;

impl Condition {
    /// Parses what follows `#if`.
    pub fn parse(text: &str) -> Self {
        let tokens = tokens(text);
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
        match parser.or() {
            Some(condition) if parser.at == tokens.len() => condition,
            _ => Self::Unknown(text.to_owned()),
        }
    }

    /// The condition of `#ifdef`.
    pub fn defined(text: &str) -> Self {
        let name = text.split_whitespace().next().unwrap_or_default();
        if is_identifier(name) { Self::Defined(name.to_owned()) } else { Self::Unknown(text.to_owned()) }
    }

    /// The opposite.
    pub fn negate(&self) -> Self {
        match self {
            Self::Not(inner) => (**inner).clone(),
            Self::Always => Self::Constant(0),
            other => Self::Not(Box::new(other.clone())),
        }
    }

    /// True if no build can satisfy it.
    pub fn is_false(&self) -> bool {
        match self {
            Self::Constant(0) => true,
            Self::Not(inner) => {
                matches!(**inner, Self::Constant(value) if value != 0) || **inner == Self::Always
            }
            Self::And(a, b) => a.is_false() || b.is_false(),
            Self::Or(a, b) => a.is_false() && b.is_false(),
            _ => false,
        }
    }

    /// True if the condition names a macro.
    pub fn mentions(&self, macro_name: &str) -> bool {
        match self {
            Self::Defined(name) | Self::Truth(name) | Self::Compare(name, ..) => name == macro_name,
            Self::Not(inner) => inner.mentions(macro_name),
            Self::And(a, b) | Self::Or(a, b) => a.mentions(macro_name) || b.mentions(macro_name),
            Self::Unknown(text) => text.contains(macro_name),
            Self::Always | Self::Constant(_) => false,
        }
    }

    /// A way to satisfy it. `None` if none is simple. `settled` gives the macros that have one value only: they are
    /// defined to that or not at all.
    pub fn requirement(&self, settled: Settled<'_>) -> Option<Requirement> {
        self.satisfy(true, settled)
    }

    fn satisfy(&self, wanted: bool, settled: Settled<'_>) -> Option<Requirement> {
        match (self, wanted) {
            (Self::Always, true) => Some(Requirement::default()),
            (Self::Constant(value), _) => ((*value != 0) == wanted).then(Requirement::default),
            (Self::Defined(name) | Self::Truth(name), true) => {
                Some(Requirement::define(name, settled(name).unwrap_or(ANY)))
            }
            (Self::Defined(name) | Self::Truth(name), false) => Some(Requirement::undefine(name)),
            (Self::Compare(name, how, number), _) => {
                let value = match settled(name) {
                    Some(value) => (how.holds(value, *number) == wanted).then_some(value)?,
                    None => how.witness(*number, wanted)?,
                };
                Some(if value == 0 { Requirement::undefine(name) } else { Requirement::define(name, value) })
            }
            (Self::Not(inner), _) => inner.satisfy(!wanted, settled),
            (Self::And(a, b), true) | (Self::Or(a, b), false) => {
                a.satisfy(wanted, settled)?.merge(&b.satisfy(wanted, settled)?)
            }
            (Self::Or(a, b), true) | (Self::And(a, b), false) => {
                a.satisfy(wanted, settled).or_else(|| b.satisfy(wanted, settled))
            }
            (Self::Unknown(_), _) | (Self::Always, false) => None,
        }
    }
}

impl Comparison {
    /// Whether `value <op> number`.
    const fn holds(self, value: i64, number: i64) -> bool {
        match self {
            Self::Equal => value == number,
            Self::Unequal => value != number,
            Self::Less => value < number,
            Self::AtMost => value <= number,
            Self::Greater => value > number,
            Self::AtLeast => value >= number,
        }
    }

    /// A number for which `x <op> number` is `wanted`.
    fn witness(self, number: i64, wanted: bool) -> Option<i64> {
        [number, number.saturating_add(1), number.saturating_sub(1), 0]
            .into_iter()
            .find(|&value| self.holds(value, number) == wanted)
    }
}

fn tokens(text: &str) -> Vec<String> {
    let text = text.split("//").next().unwrap_or_default();
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after).trim_start();
            continue;
        }
        let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let length = if word > 0 {
            word
        } else if ["&&", "||", "==", "!=", "<=", ">="].iter().any(|operator| rest.starts_with(operator)) {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    tokens
}

struct Parser<'t> {
    tokens: &'t [String],
    at: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Option<Condition> {
        let mut left = self.and()?;
        while self.eat("||") {
            left = Condition::Or(Box::new(left), Box::new(self.and()?));
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Condition> {
        let mut left = self.unary()?;
        while self.eat("&&") {
            left = Condition::And(Box::new(left), Box::new(self.unary()?));
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Condition> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let condition = self.operand();
        self.depth -= 1;
        condition
    }

    fn operand(&mut self) -> Option<Condition> {
        if self.eat("!") {
            return Some(self.unary()?.negate());
        }
        if self.eat("(") {
            let inner = self.or()?;
            return self.eat(")").then_some(inner);
        }
        let word = self.peek()?.to_owned();
        self.at += 1;
        if word == "defined" {
            let open = self.eat("(");
            let name = self.peek().filter(|name| is_identifier(name))?.to_owned();
            self.at += 1;
            return (!open || self.eat(")")).then_some(Condition::Defined(name));
        }
        if let Some(number) = number(&word) {
            return Some(Condition::Constant(number));
        }
        if !is_identifier(&word) {
            return None;
        }
        let how = match self.peek() {
            Some("==") => Comparison::Equal,
            Some("!=") => Comparison::Unequal,
            Some("<") => Comparison::Less,
            Some("<=") => Comparison::AtMost,
            Some(">") => Comparison::Greater,
            Some(">=") => Comparison::AtLeast,
            _ => return Some(Condition::Truth(word)),
        };
        self.at += 1;
        let value = number(self.peek()?)?;
        self.at += 1;
        Some(Condition::Compare(word, how, value))
    }
}

fn number(word: &str) -> Option<i64> {
    word.trim_end_matches(['u', 'U', 'l', 'L']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(text: &str) -> Option<(Vec<String>, Vec<String>)> {
        let requirement = Condition::parse(text).requirement(&|name| (name == "SETTLED").then_some(7))?;
        let defined = requirement.defined.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some((defined, requirement.undefined.into_iter().collect()))
    }

    fn strings(list: &[&str]) -> Vec<String> {
        list.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn simple_conditions_are_satisfied() {
        assert_eq!(solve("A && !defined(B)"), Some((strings(&["A=1"]), strings(&["B"]))));
        assert_eq!(solve("(A > 3 || B) && defined A"), Some((strings(&["A=4"]), vec![])));
        assert_eq!(solve("!(A || B)"), Some((vec![], strings(&["A", "B"]))));
        assert_eq!(solve("A == 0 /* none */"), Some((vec![], strings(&["A"]))));
        assert_eq!(solve("1 && A // why"), Some((strings(&["A=1"]), vec![])));
    }

    #[test]
    fn what_is_settled_has_its_value_or_none() {
        assert_eq!(solve("defined(SETTLED) && A"), Some((strings(&["A=1", "SETTLED=7"]), vec![])));
        assert_eq!(solve("SETTLED >= 5 && SETTLED < 8"), Some((strings(&["SETTLED=7"]), vec![])));
        assert_eq!(solve("SETTLED > 7 || A"), Some((strings(&["A=1"]), vec![])));
        assert_eq!(solve("!(SETTLED >= 5)"), None);
        assert_eq!(solve("!defined(SETTLED)"), Some((vec![], strings(&["SETTLED"]))));
    }

    #[test]
    fn others_are_not_guessed_at() {
        for text in [
            "F(1)",
            "A + 1 > 2",
            "A && !A",
            "A < B",
            "",
            "(((",
            "defined(",
            "0",
            "A ? B : C",
            "A > 1 && A < 1",
        ] {
            assert_eq!(solve(text), None, "{text}");
        }
        assert_eq!(solve(&"(".repeat(100_000)), None);
        assert_eq!(solve(&"!".repeat(100_000)), None);
        assert!(Condition::parse("0 && A").is_false());
    }
}
