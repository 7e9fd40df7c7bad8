//! Everything that can be reported: the rules of the engine, and the command's own, which are about comments
//! that suppress findings. Names, groups and what the user may say about them are looked up here.

use cuda_lint_engine::rules::{self, Rule};
use cuda_lint_engine::{Category, Severity, suggest};

use crate::suppression;

/// A rule, wherever it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name in reports and options.
    pub name: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad a finding is, unless the case at hand is milder.
    pub severity: Severity,
    /// The misuse in one line: lower case, no full stop.
    pub summary: &'static str,
    /// The documentation, in Markdown.
    pub doc: &'static str,
    /// False for rules that must be asked for.
    pub on_by_default: bool,
    /// The engine's rule, if it is one.
    pub rule: Option<&'static Rule>,
}

/// All rules: the engine's in the order of its catalogue, then the command's own.
pub fn entries() -> impl Iterator<Item = Entry> {
    rules::catalogue().iter().map(|rule| of_engine(rule)).chain(suppression::RULES)
}

/// The rule of a name.
pub fn find(name: &str) -> Option<Entry> {
    rules::find(name).map(of_engine).or_else(|| suppression::RULES.into_iter().find(|it| it.name == name))
}

fn of_engine(rule: &'static Rule) -> Entry {
    Entry {
        name: rule.name,
        category: rule.category,
        severity: rule.severity,
        summary: rule.summary,
        doc: rule.doc,
        on_by_default: rule.on_by_default,
        rule: Some(rule),
    }
}

/// Several rules with one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Every rule.
    All,
    /// The rules that are on unless something else is said.
    Default,
    /// The rules that must be asked for.
    Pedantic,
    /// The rules about one thing.
    Of(Category),
}

/// The groups, broader ones first.
pub const GROUPS: [Group; 11] = [
    Group::All,
    Group::Default,
    Group::Pedantic,
    Group::Of(Category::Ordering),
    Group::Of(Category::Lifetime),
    Group::Of(Category::MemoryKind),
    Group::Of(Category::Callback),
    Group::Of(Category::Capture),
    Group::Of(Category::ApiUsage),
    Group::Of(Category::Performance),
    Group::Of(Category::Suppression),
];

impl Group {
    /// The name in options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Default => "default",
            Self::Pedantic => "pedantic",
            Self::Of(category) => category.name(),
        }
    }

    fn holds(self, rule: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Default => rule.on_by_default,
            Self::Pedantic => !rule.on_by_default,
            Self::Of(category) => rule.category == category,
        }
    }
}

/// A rule or a group, as options name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Several rules.
    Group(Group),
    /// One.
    Rule(&'static str),
}

impl Selector {
    /// Reads a name.
    ///
    /// # Errors
    /// What is wrong, and what may be meant.
    pub fn parse(name: &str) -> Result<Self, (String, String)> {
        if let Some(group) = GROUPS.into_iter().find(|group| group.name() == name) {
            return Ok(Self::Group(group));
        }
        find(name).map(|rule| Self::Rule(rule.name)).ok_or_else(|| unknown(name))
    }

    /// True if it names the rule, or a group with it.
    pub fn holds(self, rule: &Entry) -> bool {
        match self {
            Self::Group(group) => group.holds(rule),
            Self::Rule(name) => rule.name == name,
        }
    }

    /// What names fewer rules counts for more.
    pub const fn breadth(self) -> u8 {
        match self {
            Self::Group(Group::All) => 3,
            Self::Group(Group::Default | Group::Pedantic) => 2,
            Self::Group(Group::Of(_)) => 1,
            Self::Rule(_) => 0,
        }
    }

    /// The name in options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Group(group) => group.name(),
            Self::Rule(name) => name,
        }
    }
}

/// What is wrong with a name of no rule and no group, and what to do.
pub fn unknown(name: &str) -> (String, String) {
    let names: Vec<_> = entries().map(|rule| rule.name).chain(GROUPS.into_iter().map(Group::name)).collect();
    let help = match suggest::closest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`cuda-lint rules` lists the rules and their groups".to_owned(),
    };
    (format!("there is no rule or group `{name}`"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_two_things() {
        let mut names: Vec<_> = entries().map(|rule| rule.name).chain(GROUPS.map(Group::name)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn names_are_found_and_others_are_explained() {
        assert_eq!(Selector::parse("all"), Ok(Selector::Group(Group::All)));
        assert_eq!(Selector::parse("memory-kind"), Ok(Selector::Group(Group::Of(Category::MemoryKind))));
        assert_eq!(Selector::parse("unused-suppression"), Ok(Selector::Rule("unused-suppression")));
        let (message, help) = Selector::parse("host-read-befor-sync").unwrap_err();
        assert_eq!(message, "there is no rule or group `host-read-befor-sync`");
        assert_eq!(help, "did you mean `host-read-before-sync`?");
        assert!(Selector::parse("xyz").unwrap_err().1.contains("cuda-lint rules"));
    }

    #[test]
    fn groups_hold_what_their_names_say() {
        for rule in entries() {
            let groups: Vec<_> = GROUPS.into_iter().filter(|group| group.holds(&rule)).collect();
            assert_eq!(groups.len(), 3, "{}: {groups:?}", rule.name);
        }
    }
}
