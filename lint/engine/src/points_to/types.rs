//! Classes, and the static types of addresses.

use rustc_hash::{FxHashMap, FxHashSet};

use super::place::ClassId;
use crate::Program;
use crate::program::{RecordId, Type, TypeKind};

/// How far up bases are looked at for a field.
const BASES: u8 = 5;

/// The classes of a program.
#[derive(Debug, Default)]
pub(super) struct Classes {
    /// By [`RecordId`].
    of: Vec<ClassId>,
    /// By [`ClassId`].
    classes: Vec<Class>,
}

/// A class.
#[derive(Debug, Default)]
struct Class {
    /// Fields that only the class itself (and its friends and heirs) can name.
    private: FxHashSet<String>,
    /// A method that changes objects has no body in the program.
    is_open: bool,
    /// Its fields, if they are known: then its objects are told apart by class, not by where they are.
    fields: FxHashMap<String, Type>,
}

impl Classes {
    /// The classes of a program.
    pub fn new(program: &Program) -> Self {
        let symbols = program.functions.iter().flat_map(|it| [it.symbol.as_str(), it.template.as_str()]);
        let defined: FxHashSet<&str> = symbols.collect();
        let mut classes = Self::default();
        let mut by_name: FxHashMap<&str, ClassId> = FxHashMap::default();
        for record in &program.records {
            let fresh = ClassId(classes.classes.len() as u32);
            // Closures and unnamed classes share a name by accident.
            let is_named = !record.name.is_empty() && !record.name.contains(['<', '(']);
            let known = is_named.then(|| *by_name.entry(record.name.as_str()).or_insert(fresh));
            let id = known.unwrap_or(fresh);
            if id == fresh {
                classes.classes.push(Class::default());
            }
            let class = &mut classes.classes[id.0 as usize];
            class.is_open |= record.unseen.iter().any(|symbol| !defined.contains(symbol.as_str()));
            // Of a class that is only declared in one file, nothing is told there.
            if !record.fields.is_empty() {
                let private = || record.private.iter().cloned();
                if class.fields.is_empty() {
                    class.private = private().collect();
                } else {
                    let private: FxHashSet<String> = private().collect();
                    class.private.retain(|field| private.contains(field));
                }
                class.fields.extend(record.fields.iter().cloned());
            }
            classes.of.push(id);
        }
        classes
    }

    /// The class of a record.
    pub fn of(&self, record: RecordId) -> ClassId {
        self.of[record.0 as usize]
    }

    /// The same, where there may be none: nothing is known if the analysis gave up.
    pub fn get(&self, record: RecordId) -> Option<ClassId> {
        self.of.get(record.0 as usize).copied()
    }

    /// All classes.
    pub fn all(&self) -> impl Iterator<Item = ClassId> {
        (0..self.classes.len() as u32).map(ClassId)
    }

    /// True if a method that changes objects has no body in the program.
    pub fn is_open(&self, class: ClassId) -> bool {
        self.classes[class.0 as usize].is_open
    }

    /// True if code outside the class cannot name the field.
    pub fn is_private(&self, class: ClassId, field: &str) -> bool {
        self.classes[class.0 as usize].private.contains(field)
    }

    /// The class that declares a field: the class itself, or one of its bases. In a template, what comes from a base
    /// that depends on parameters is not found through it, but in the object itself.
    pub fn owner_of(&self, class: ClassId, field: &str) -> ClassId {
        self.base_with(class, field, BASES).unwrap_or(class)
    }

    fn base_with(&self, class: ClassId, field: &str, depth: u8) -> Option<ClassId> {
        let fields = &self.classes[class.0 as usize].fields;
        if fields.contains_key(field) {
            return Some(class);
        }
        let depth = depth.checked_sub(1)?;
        let is_base = |name: &str| name.starts_with('<') && name.len() > 2;
        // In order, whatever the order of the map.
        let mut bases: Vec<_> = fields.iter().filter(|(name, _)| is_base(name)).collect();
        bases.sort_by_key(|(name, _)| name.as_str());
        bases.into_iter().find_map(|(_, ty)| match ty.kind {
            TypeKind::Record(base) => self.base_with(self.of(base), field, depth),
            _ => None,
        })
    }

    /// The type of a field.
    pub fn field(&self, class: ClassId, field: &str) -> Option<Type> {
        self.classes[class.0 as usize].fields.get(field).copied()
    }

    /// The class of a type whose objects are told apart by their class.
    pub fn class_of(&self, ty: Type) -> Option<ClassId> {
        let (TypeKind::Record(record) | TypeKind::Array { element: Some(record), .. }) = ty.kind else {
            return None;
        };
        let class = self.of(record);
        (!self.classes[class.0 as usize].fields.is_empty()).then_some(class)
    }

    /// The class that a pointer of this type leads to.
    pub fn pointee(&self, ty: Type) -> Option<ClassId> {
        let TypeKind::Pointer { pointee: Some(record), .. } = ty.kind else { return None };
        self.class_of(Type { kind: TypeKind::Record(record), size: None })
    }
}
