//! The repair loop: what a unit uses and nothing declares is declared, so that no statement is lost.
//!
//! clang drops a statement from the tree when a name in it is unknown, without a trace: a dropped
//! synchronisation would become a false alarm. So after a pass the messages about missing names are
//! collected, permissive declarations for them are put into [`super::embedded::REPAIR_FILE`], which is
//! included after the prelude, and the file is parsed again.
//!
//! **Invariants.** Inventions only add: a name that turns out to be declared after all is taken back and
//! never invented again. All stand in one file, by which calls of unknown functions are known as such.

mod context;
mod declare;
mod headers;
mod launched;
mod message;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use self::context::Use;
use self::headers::{Header, is_cudas};
pub use self::message::is_kept;
use self::message::{Complaint, Problem, Wanted};
use self::place::{is_keyword, locate, word_at};
use super::embedded;
use super::flags::{Language, is_identifier};
use super::unit::{ClangMessage, Unit};

/// What a name is declared as.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Namespace,
    Class,
    /// For each parameter: is it a value?
    ClassTemplate(Vec<bool>),
    Function,
    /// For each explicit argument: is it a value?
    FunctionTemplate(Vec<bool>),
    Kernel(Vec<bool>),
    Value,
    /// A value where only a constant can stand; which one is arbitrary, but no two are the same.
    Constant(u32),
    /// A template that is a condition.
    Concept,
    /// One more overload of a function that exists, for arguments of unknown type.
    Overload,
    Macro(Form),
}

/// What a macro expands to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Nothing: `MY_EXPORT`.
    Empty,
    /// The mark of what may run on the device, as far as its name tells: `PROJECT_DEVICE`, `_CCCL_HOST_DEVICE`.
    Device,
    /// The mark of a kernel: functions that it stands before are launched.
    Kernel,
    /// Nothing, with arguments: `REGISTER(x)` between functions.
    EmptyCall,
    /// A statement that uses its arguments.
    Statement,
    /// A loop over its first argument.
    Loop,
    /// A condition that uses its arguments.
    Condition,
    /// The head of a function; its parameters.
    Function(Vec<String>),
}

/// A member of every object of unknown type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    /// An unknown object, which can be called too.
    Data,
    /// A function with explicit template arguments.
    Template,
    /// A value where only a constant can stand.
    Constant(u32),
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    members: BTreeMap<String, Node>,
}

/// More inventions than these are a sign of a file that cannot be helped.
const MAX_INVENTIONS: usize = 4_000;

/// What was invented for one unit.
#[derive(Debug)]
pub struct Repair {
    language: Language,
    names: BTreeMap<String, Node>,
    /// Members that objects of unknown type must have.
    members: BTreeMap<String, Member>,
    /// Names that are declared after all.
    declared: FxHashSet<String>,
    /// CUDA's own headers that the unit lacks: a header of the project includes them in another build.
    headers: BTreeSet<Header>,
    /// The project declares by itself what those do.
    has_own_cuda: bool,
    count: usize,
    constants: u32,
}

impl Repair {
    /// Nothing invented yet.
    pub fn new(language: Language) -> Self {
        Self {
            language,
            names: BTreeMap::new(),
            members: BTreeMap::new(),
            declared: FxHashSet::default(),
            headers: BTreeSet::new(),
            has_own_cuda: false,
            count: 0,
            constants: 0,
        }
    }

    /// Takes in the messages of a pass. True if there is something new to declare.
    ///
    /// `headers_changed`: headers were found meanwhile, which may declare what is missing; only what surely
    /// comes from nowhere else is invented then.
    pub fn learn(
        &mut self,
        messages: &[ClangMessage],
        unit: &Unit,
        main_file: &str,
        headers_changed: bool,
    ) -> bool {
        if headers_changed {
            return false;
        }
        let headers = self.headers.len();
        let mut found: Vec<(Complaint, Use, usize, &str)> = Vec::new();
        let mut macros: Vec<(&str, usize, usize)> = Vec::new();
        let mut chained: Vec<(String, bool)> = Vec::new();
        let mut changed = false;
        for message in messages {
            let Some(mut complaint) = message::read(&message.message) else {
                changed |= self.adjust(message, unit) || self.is_pointer_of_missing_type(message, unit);
                continue;
            };
            if complaint.wanted == Wanted::Nothing && self.refuses_headers(message, unit) {
                return true;
            }
            let Some((file, text, at)) = locate(message, &complaint, unit, main_file) else { continue };
            if complaint.name.is_empty() {
                complaint.name = word_at(text, at).to_owned();
                if complaint.wanted != Wanted::Declaration {
                    complaint.scope = context::written_scope(text, at);
                }
            }
            if !is_identifier(&complaint.name) || is_keyword(&complaint.name) {
                continue;
            }
            if complaint.wanted == Wanted::Declaration {
                if let Some(declaration) = context::declaration_macro(text, at, complaint.name.len()) {
                    macros.push((file, at, declaration.end));
                    changed |= self.declare_macro(&complaint.name, declaration);
                }
                continue;
            }
            let how = context::classify(text, at, complaint.name.len());
            if complaint.wanted == Wanted::Type
                && context::precedes_declaration(text, at, complaint.name.len())
            {
                changed |= self.add(&[], &complaint.name, Kind::Macro(Form::of_mark(&complaint.name)));
                continue;
            }
            // What is called on an unknown object is unknown too.
            if matches!(how, Use::Call | Use::TemplateCall(_)) || complaint.in_class {
                for (member, is_template) in context::member_chain(text, at, complaint.name.len()) {
                    chained.push((member, is_template));
                }
            }
            found.push((complaint, how, at, file));
        }
        // What stands between the brackets of a macro that makes a declaration are not the names they seem.
        found.retain(|(_, _, at, file)| {
            !macros.iter().any(|(other, from, to)| file == other && (from..to).contains(&at))
        });

        // A variable may be unknown only because its type is: types and functions first.
        let has_types = found.iter().any(|(complaint, how, ..)| is_structural(complaint, how));
        for (complaint, how, ..) in &found {
            if has_types
                && *how == Use::Value
                && complaint.scope.is_empty()
                && complaint.wanted == Wanted::Anything
            {
                continue;
            }
            changed |= self.take(complaint, how);
        }
        if self.headers.len() > headers {
            // What the header does not declare after all is missing in the next pass, too.
            self.names.retain(|name, _| !is_cudas(name));
        }
        if changed {
            for (member, is_template) in chained {
                self.add_member(&member, is_template);
            }
        }
        changed
    }

    /// Changes inventions that were a wrong guess, and adds overloads for arguments of unknown type.
    fn adjust(&mut self, message: &ClangMessage, unit: &Unit) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let Some(problem) = message::read_problem(&message.message) else { return false };
        if let Problem::Launched(name) = &problem {
            return self.mark_launched(message, name, unit);
        }
        let places = [(&message.spelled.0, message.spelled.1), (&message.file, message.offset)];
        let Some((text, at)) = places.into_iter().find_map(|(file, at)| {
            let text = unit.contents(file).filter(|_| !embedded::is_virtual(file))?;
            (at as usize <= text.len()).then_some((text, at as usize))
        }) else {
            return false;
        };
        match problem {
            Problem::Launched(_) => false,
            Problem::NotConstant => {
                let mut changed = false;
                let mut next = 1_000 + self.constants;
                for word in context::constant_words(text, at) {
                    changed |= make_constant(&mut self.names, &word, &mut next);
                    if let Some(member @ Member::Data) = self.members.get_mut(&word) {
                        *member = Member::Constant(next);
                        next += 1;
                        changed = true;
                    }
                }
                self.constants = next - 1_000;
                changed
            }
            Problem::Argument { is_value } => {
                let Some((name_at, length, index)) = context::enclosing_template(text, at) else {
                    return false;
                };
                let name = String::from_utf8_lossy(&text[name_at..name_at + length]).into_owned();
                self.set_argument(&context::written_scope(text, name_at), &name, index, is_value)
            }
            Problem::NoOverload(name) => {
                if word_at(text, at) != name || is_keyword(&name) || !is_identifier(&name) {
                    return false;
                }
                let scope = context::written_scope(text, at);
                let is_launch = matches!(context::classify(text, at, name.len()), Use::Launch(_));
                let known = self.node(&scope, &name).is_some();
                // Only names of the file or of `std` can be overloaded from outside.
                let reachable = scope.is_empty() || scope == ["std"];
                !known && !is_launch && reachable && self.add(&scope, &name, Kind::Overload)
            }
        }
    }

    /// Says that an argument of an invented template is a value, or a type. True if that is new.
    fn set_argument(&mut self, scope: &[String], name: &str, index: usize, is_value: bool) -> bool {
        // With a using-directive the scope is not written.
        let scope = match self.node(scope, name) {
            Some(_) => scope.to_vec(),
            None => match self.names.iter().find(|(_, node)| node.members.contains_key(name)) {
                Some((outer, _)) => vec![outer.clone()],
                None => return false,
            },
        };
        let Some(node) = self.node_mut(&scope, name) else { return false };
        let (Kind::ClassTemplate(kinds) | Kind::FunctionTemplate(kinds) | Kind::Kernel(kinds)) =
            &mut node.kind
        else {
            return false;
        };
        if index > 32 || kinds.get(index).is_some_and(|&known| known == is_value) {
            return false;
        }
        if kinds.len() <= index {
            kinds.resize(index + 1, false);
        }
        kinds[index] = is_value;
        true
    }

    fn node(&self, scope: &[String], name: &str) -> Option<&Node> {
        let mut siblings = &self.names;
        for part in scope {
            siblings = &siblings.get(part)?.members;
        }
        siblings.get(name)
    }

    fn node_mut(&mut self, scope: &[String], name: &str) -> Option<&mut Node> {
        let mut siblings = &mut self.names;
        for part in scope {
            siblings = &mut siblings.get_mut(part)?.members;
        }
        siblings.get_mut(name)
    }

    fn take(&mut self, complaint: &Complaint, how: &Use) -> bool {
        let Complaint { scope, name, in_class, wanted } = complaint;
        let kind = match wanted {
            Wanted::Nothing => return self.withdraw(name),
            Wanted::NotAType => return self.replace(name, Kind::Value, |kind| matches!(kind, Kind::Class)),
            Wanted::Scope => return self.replace(name, Kind::Class, |kind| *kind == Kind::Value),
            Wanted::Declaration => return false,
            Wanted::Namespace => Kind::Namespace,
            Wanted::Function => Kind::Function,
            _ if *how == Use::Concept => Kind::Concept,
            Wanted::Type => match how {
                Use::ClassTemplate(kinds) | Use::TemplateCall(kinds) => Kind::ClassTemplate(kinds.clone()),
                Use::Statement(false) => Kind::Macro(Form::Empty),
                _ => Kind::Class,
            },
            Wanted::Template => match how {
                Use::ClassTemplate(kinds) | Use::TemplateCall(kinds) => Kind::ClassTemplate(kinds.clone()),
                Use::Launch(kinds) => Kind::Kernel(kinds.clone()),
                _ => Kind::ClassTemplate(Vec::new()),
            },
            Wanted::Anything => match how {
                Use::Call => Kind::Function,
                Use::TemplateCall(kinds) => Kind::FunctionTemplate(kinds.clone()),
                Use::Launch(kinds) => Kind::Kernel(kinds.clone()),
                Use::Scope => Kind::Namespace,
                Use::Type => Kind::Class,
                Use::ClassTemplate(kinds) => Kind::ClassTemplate(kinds.clone()),
                Use::Statement(false) => Kind::Macro(Form::Empty),
                Use::Statement(true) => Kind::Macro(Form::Statement),
                Use::Block(arguments) => Kind::Macro(match arguments.first() {
                    Some(first) if is_identifier(first) && arguments.len() > 1 => Form::Loop,
                    _ => Form::Condition,
                }),
                Use::Concept => Kind::Concept,
                Use::Value => Kind::Value,
            },
        };
        if *in_class {
            return match (self.is_invented_class(scope), &kind) {
                (true, Kind::Class | Kind::ClassTemplate(_) | Kind::Namespace) => self.add(scope, name, kind),
                // Objects of unknown type share their members; a class of the file may inherit them.
                _ => self.has_classes() && self.add_member(name, matches!(kind, Kind::FunctionTemplate(_))),
            };
        }
        // The scope of a macro is the file.
        if matches!(kind, Kind::Macro(_)) && !scope.is_empty() {
            return self.add(scope, name, Kind::Function);
        }
        self.add(scope, name, kind)
    }

    fn is_invented_class(&self, scope: &[String]) -> bool {
        scope.split_last().and_then(|(name, outer)| self.node(outer, name)).is_some_and(Node::is_class)
    }

    /// True if objects of unknown type exist.
    fn has_classes(&self) -> bool {
        !self.names.is_empty()
    }

    fn add_member(&mut self, name: &str, template: bool) -> bool {
        if is_keyword(name) || matches!(name, "begin" | "end") {
            return false;
        }
        match self.members.get_mut(name) {
            Some(known @ Member::Data) if template => {
                *known = Member::Template;
                true
            }
            Some(_) => false,
            None => {
                self.count += 1;
                self.members.insert(name.to_owned(), if template { Member::Template } else { Member::Data });
                self.count < MAX_INVENTIONS
            }
        }
    }

    /// Declares `name` in `scope`, or changes what it is declared as, if that is more than before.
    fn add(&mut self, scope: &[String], name: &str, kind: Kind) -> bool {
        if self.declared.contains(name) || self.count >= MAX_INVENTIONS {
            return false;
        }
        if scope.is_empty() && self.lacks_header(name) {
            return true;
        }
        let mut siblings = &mut self.names;
        for part in scope {
            let node = siblings
                .entry(part.clone())
                .or_insert_with(|| Node { kind: Kind::Namespace, members: BTreeMap::new() });
            siblings = &mut node.members;
        }
        match siblings.get_mut(name) {
            None => {
                siblings.insert(name.to_owned(), Node { kind, members: BTreeMap::new() });
                self.count += 1;
                true
            }
            Some(node) if node.kind != kind && kind.rank() > node.kind.rank() => {
                node.kind = kind;
                true
            }
            Some(_) => false,
        }
    }

    fn declare_macro(&mut self, name: &str, declaration: context::DeclarationMacro) -> bool {
        let form = match declaration.arguments {
            Some(arguments) if declaration.has_body => {
                let is_parameter = |argument: &str| {
                    is_identifier(argument) && argument.starts_with(|c: char| c.is_ascii_lowercase())
                };
                Form::Function(
                    arguments
                        .iter()
                        .map(|argument| if is_parameter(argument) { argument.clone() } else { String::new() })
                        .collect(),
                )
            }
            Some(_) => Form::EmptyCall,
            None => Form::Empty,
        };
        self.add(&[], name, Kind::Macro(form))
    }

    /// Takes an invention back. A message names what it is about without its scope: every invention of
    /// that name goes.
    fn withdraw(&mut self, name: &str) -> bool {
        // A namespace at the top is shared with the file; one inside another may hide it.
        fn remove(names: &mut BTreeMap<String, Node>, name: &str, nested: bool) -> bool {
            let is_invented = names.get(name).is_some_and(|node| match node.kind {
                Kind::Namespace => nested,
                Kind::Overload => false,
                _ => true,
            });
            let mut removed = is_invented && names.remove(name).is_some();
            for node in names.values_mut() {
                removed |= remove(&mut node.members, name, true);
            }
            removed
        }
        let name = name.split('<').next().unwrap_or_default().rsplit("::").next().unwrap_or_default();
        let removed = remove(&mut self.names, name, false);
        if removed {
            self.declared.insert(name.to_owned());
        }
        removed
    }

    fn replace(&mut self, name: &str, kind: Kind, if_is: impl Fn(&Kind) -> bool) -> bool {
        match self.names.get_mut(name) {
            Some(node) if if_is(&node.kind) => {
                node.kind = kind;
                true
            }
            _ => false,
        }
    }

    /// The text of the repair file.
    pub fn text(&self) -> String {
        declare::text(self.language, &self.names, &self.members, &self.headers)
    }

    /// What was invented, by qualified name. Members of unknown objects are not listed.
    #[cfg(test)]
    pub fn inventions(&self) -> Vec<String> {
        fn walk(prefix: &str, names: &BTreeMap<String, Node>, into: &mut Vec<String>) {
            for (name, node) in names {
                let qualified = format!("{prefix}{name}");
                if !matches!(node.kind, Kind::Namespace | Kind::Overload) {
                    into.push(qualified.clone());
                }
                walk(&format!("{qualified}::"), &node.members, into);
            }
        }
        let mut inventions = Vec::new();
        walk("", &self.names, &mut inventions);
        inventions
    }
}

impl Node {
    fn is_class(&self) -> bool {
        matches!(self.kind, Kind::Class | Kind::ClassTemplate(_))
    }
}

impl Form {
    /// What a macro before a declaration stands for.
    fn of_mark(name: &str) -> Self {
        if name.contains("DEVICE") { Self::Device } else { Self::Empty }
    }
}

impl Kind {
    /// Of two kinds that a name is used as, the one with the higher rank can stand for both.
    fn rank(&self) -> u32 {
        match self {
            Self::Overload => 0,
            Self::Value => 1,
            Self::Constant(_) => 1,
            Self::Function => 2,
            Self::FunctionTemplate(_) => 3,
            Self::Kernel(_) => 4,
            Self::Namespace => 5,
            Self::Class => 6,
            Self::ClassTemplate(_) => 7,
            Self::Concept => 7,
            Self::Macro(_) => 8,
        }
    }
}

/// Makes every value of this name a constant.
fn make_constant(names: &mut BTreeMap<String, Node>, word: &str, next: &mut u32) -> bool {
    let mut changed = false;
    for (name, node) in names {
        if name == word && node.kind == Kind::Value {
            node.kind = Kind::Constant(*next);
            *next += 1;
            changed = true;
        }
        changed |= make_constant(&mut node.members, word, next);
    }
    changed
}

/// True for messages whose repair may make other messages go away.
fn is_structural(complaint: &Complaint, how: &Use) -> bool {
    match complaint.wanted {
        Wanted::Type | Wanted::Template | Wanted::Namespace => true,
        Wanted::Anything => matches!(how, Use::Type | Use::ClassTemplate(_) | Use::Scope | Use::Block(_)),
        _ => false,
    }
}

#[cfg(test)]
pub mod tests;
