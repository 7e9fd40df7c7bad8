//! Classes: what the lowering has to know of one to construct, copy and destroy its objects, and the record of the
//! program that stands for it.

use std::rc::Rc;

use clang_sys::*;
use cuda_lint_engine::program::{Origin, Record, RecordId, TypeKind};

use super::super::cursor::{Cursor, Key, Ty};
use super::Lowering;
use super::deleters;
use super::names;
use super::types::{default_value, is_array, is_reference};

/// A class, as far as its objects' lives are concerned.
pub(super) struct Class {
    /// Qualified name, without template arguments.
    pub name: String,
    /// The declaration that its members hang on: the class, or the template it is an instance of.
    pub declaration: Option<Cursor>,
    /// True if it is declared in a file that the frontend embeds.
    pub system: bool,
    /// True for a class that only depends on template parameters: nothing but its name is known.
    pub dependent: bool,
    /// Direct bases.
    pub bases: Vec<Base>,
    /// Fields in order, those of unnamed members included.
    pub fields: Vec<Field>,
    /// The destructor, if the class has one that does something of its own.
    pub destructor: Option<Cursor>,
    /// A constructor without parameters that does something of its own.
    pub default_constructor: Option<Cursor>,
    /// True if the class has a constructor of its own that copies or moves.
    pub copies: bool,
    /// True if the class has an assignment of its own that copies or moves.
    pub assigns: bool,
    /// True if it declares any constructor.
    pub has_constructors: bool,
    /// True if the end of an object's life does something.
    pub destroys: bool,
    /// True if a copy is more than a copy of bytes.
    pub deep_copy: bool,
    /// True if an object made without initialiser is initialised nevertheless, at least in part.
    pub deep_default: bool,
    /// True for closures.
    pub is_lambda: bool,
}

impl Class {
    /// True if the class has a constructor of its own, so that it is no aggregate.
    pub fn is_made_by_constructors(&self) -> bool {
        self.declaration.is_some_and(|class| {
            class.children().into_iter().any(|member| {
                member.kind() == CXCursor_Constructor && !member.is_defaulted() && !member.is_deleted()
            })
        })
    }
}

/// A direct base.
#[derive(Clone)]
pub(super) struct Base {
    /// The name of its field in the IR: `<Base>`.
    pub field: String,
    /// Its type.
    pub ty: Ty,
    /// Identity of its class.
    pub entity: Key,
}

/// A field.
#[derive(Clone)]
pub(super) struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// Its declaration.
    pub declaration: Cursor,
}

/// What kind of special member a constructor or assignment is.
fn first_parameter_is(member: Cursor, class: &str) -> bool {
    member.argument_count() == 1
        && member.argument(0).is_some_and(|parameter| {
            let ty = parameter.ty();
            is_reference(ty) && {
                let name = ty.pointee().spelling();
                let name = name.trim_start_matches("const ").trim();
                names::last(names::without_arguments(name)) == names::last(class)
            }
        })
}

impl Lowering<'_> {
    /// The record of a class type.
    pub fn record(&mut self, ty: Ty) -> RecordId {
        let key = ty.bare();
        if let Some(known) = self.records.get(&key) {
            return *known;
        }
        let id = RecordId(self.program.records.len() as u32);
        self.records.insert(key, id);
        self.program.records.push(Record::default());
        self.fill_record(id, ty);
        id
    }

    /// A closure's captures are known once its expression is reached, which may be after its type is.
    pub fn refresh_record(&mut self, ty: Ty) {
        self.classes.remove(&ty.bare());
        if let Some(id) = self.records.get(&ty.bare()) {
            self.fill_record(*id, ty);
        }
    }

    fn fill_record(&mut self, id: RecordId, ty: Ty) {
        let class = self.class(ty);
        self.filling += 1;
        let mut fields = Vec::new();
        for base in &class.bases {
            let lowered = self.ty(base.ty);
            fields.push((base.field.clone(), lowered));
        }
        for field in &class.fields {
            let lowered = self.ty(field.ty);
            fields.push((field.name.clone(), lowered));
        }
        self.filling -= 1;
        let private = class.fields.iter().filter(|field| field.declaration.is_private());
        let private = private.map(|field| field.name.clone()).collect();
        let is_shared =
            class.declaration.is_some_and(|it| !class.is_lambda && !self.positions.is_main(it.location()));
        let unseen = self.unseen_methods(&class);
        let is_invented = class.declaration.is_some_and(|it| self.origin(it) == Origin::Invented);
        let (element_size, custom_memory) = self.container(ty, &class);
        let ends_with = deleters::runs_at_end(ty, &class);
        let display = if class.is_lambda { "<lambda>".to_owned() } else { spelled(ty) };
        let record = &mut self.program.records[id.0 as usize];
        record.name = class.name.clone();
        record.display = display;
        record.fields = fields;
        record.has_destructor = class.destroys;
        record.element_size = element_size;
        record.custom_memory = custom_memory;
        record.ends_with = ends_with;
        record.private = private;
        record.is_shared = is_shared;
        record.unseen = unseen;
        record.is_invented = is_invented;
    }

    /// The methods of a class that may change an object and have no body that is lowered here in any case, by their
    /// symbols.
    fn unseen_methods(&mut self, class: &Class) -> Vec<String> {
        let Some(declaration) = class.declaration.filter(|_| !class.system && !class.is_lambda) else {
            return Vec::new();
        };
        let name = names::plain(declaration);
        let mut unseen = Vec::new();
        for member in declaration.children() {
            let changes =
                matches!(member.kind(), CXCursor_CXXMethod | CXCursor_Constructor | CXCursor_Destructor)
                    && !member.is_const_method()
                    && !member.is_pure_virtual()
                    && !member.is_defaulted()
                    && !member.is_deleted()
                    && !first_parameter_is(member, &name);
            let body = member.definition().filter(|_| changes);
            if changes && !body.is_some_and(|body| self.positions.is_own(body.location())) {
                unseen.push(member.usr());
            }
        }
        unseen
    }

    /// For containers and smart pointers: bytes an element, and whether the memory is of their own kind.
    fn container(&mut self, ty: Ty, class: &Class) -> (Option<u64>, bool) {
        let first = match ty.template_argument(0).or_else(|| ty.canonical().template_argument(0)) {
            Some(first) if class.system => first,
            _ => return (None, false),
        };
        let element = match first.canonical().kind() {
            CXType_IncompleteArray | CXType_ConstantArray => first.canonical().element(),
            _ => first.canonical(),
        };
        let canonical = ty.canonical();
        let owner = match names::last(&class.name) {
            "vector" | "deque" | "list" | "forward_list" | "unique_ptr" | "host_vector" | "device_vector"
            | "universal_vector" | "valarray" => 1,
            "basic_string" => 2,
            _ => return (self.size_of(element), false),
        };
        let custom = canonical.template_argument(owner).is_some_and(|argument| {
            // An allocator that is a template parameter can be any.
            let Some(declaration) = argument.canonical().declaration() else { return true };
            let name = names::plain(declaration);
            !matches!(
                name.as_str(),
                "allocator"
                    | "default_delete"
                    | "device_allocator"
                    | "device_malloc_allocator"
                    | "universal_allocator"
            )
        });
        (self.size_of(element), custom)
    }

    /// What there is to know of a class.
    pub fn class(&mut self, ty: Ty) -> Rc<Class> {
        let key = ty.bare();
        if let Some(class) = self.classes.get(&key) {
            return class.clone();
        }
        self.inspecting.push(key);
        let class = Rc::new(self.inspect(ty));
        self.inspecting.pop();
        self.classes.insert(key, class.clone());
        class
    }

    /// True for a class that is being looked at. In what depends on template parameters a class may seem to
    /// derive from itself, or to hold itself: `Codec<N> : Codec<N - 1>` are one pattern.
    fn is_inspected(&self, part: Ty) -> bool {
        let mut part = part;
        while is_array(part) {
            part = part.canonical().element();
        }
        self.inspecting.contains(&part.bare())
    }

    /// What there is to know of a class template itself: libclang has no type for it.
    pub fn class_of_pattern(&mut self, template: Cursor) -> Class {
        self.inspect_declared(Some(template), template.ty())
    }

    fn inspect(&mut self, ty: Ty) -> Class {
        let own = ty.canonical().declaration().or_else(|| ty.declaration());
        self.inspect_declared(own, ty)
    }

    fn inspect_declared(&mut self, own: Option<Cursor>, ty: Ty) -> Class {
        let canonical = ty.canonical();
        let mut class = Class {
            name: String::new(),
            declaration: None,
            system: false,
            dependent: canonical.kind() != CXType_Record,
            bases: Vec::new(),
            fields: Vec::new(),
            destructor: None,
            default_constructor: None,
            copies: false,
            assigns: false,
            has_constructors: false,
            destroys: false,
            deep_copy: false,
            deep_default: false,
            is_lambda: false,
        };
        let Some(own) = own else {
            class.name = names::without_arguments(&ty.spelling()).to_owned();
            return class;
        };
        // Members of implicit instances are seen on the template only.
        let declaration = own.template().unwrap_or(own);
        let declaration = declaration.definition().unwrap_or(declaration);
        class.name = names::qualified(declaration);
        class.is_lambda = class.name.ends_with("<lambda>");
        if class.is_lambda {
            class.name = "<lambda>".to_owned();
        }
        class.declaration = Some(declaration);
        class.system = !class.is_lambda && self.positions.is_embedded(declaration.location());
        let unqualified = names::plain(declaration);
        let is_union = declaration.kind() == CXCursor_UnionDecl;
        let mut pattern_fields = Vec::new();
        for member in declaration.children() {
            match member.kind() {
                CXCursor_CXXBaseSpecifier => {
                    let base = member.ty();
                    let target = member
                        .children()
                        .into_iter()
                        .find_map(|part| part.referenced().filter(|class| names::is_class(class.kind())))
                        .or_else(|| base.declaration());
                    let name = match target {
                        Some(target) => names::plain(target),
                        None => names::last(names::without_arguments(&base.spelling())).to_owned(),
                    };
                    let entity = base.declaration().or(target).map_or(0, Cursor::entity);
                    class.bases.push(Base { field: format!("<{name}>"), ty: base, entity });
                }
                CXCursor_FieldDecl => pattern_fields.push(member),
                CXCursor_Destructor if !member.is_defaulted() => class.destructor = Some(member),
                CXCursor_Constructor if !member.is_deleted() => {
                    class.has_constructors = true;
                    if !member.is_defaulted() {
                        if first_parameter_is(member, &unqualified) {
                            class.copies = true;
                        } else if member
                            .arguments()
                            .iter()
                            .all(|parameter| default_value(*parameter).is_some())
                        {
                            class.default_constructor = Some(member);
                        }
                    }
                }
                CXCursor_CXXMethod
                    if !member.is_defaulted()
                        && !member.is_deleted()
                        && member.spelling() == "operator="
                        && first_parameter_is(member, &unqualified) =>
                {
                    class.assigns = true;
                }
                _ => {}
            }
        }
        if let Some(instance) = self.destructors.get(&own.entity())
            && class.destructor.is_some()
        {
            class.destructor = Some(*instance);
        }
        let fields = if class.dependent { pattern_fields } else { canonical.fields() };
        if class.is_lambda {
            self.add_captures(&fields, own, &mut class);
        } else {
            self.add_fields(&fields, &mut class);
        }
        class.bases.retain(|base| !self.is_inspected(base.ty));
        class.fields.retain(|field| !self.is_inspected(field.ty));
        let mut deep = class.copies || (class.system && class.has_constructors && class.destructor.is_some());
        class.destroys = class.destructor.is_some();
        class.deep_default = class.default_constructor.is_some();
        if !is_union {
            let bases: Vec<Ty> = class.bases.iter().map(|base| base.ty).collect();
            let fields: Vec<Ty> = class.fields.iter().map(|field| field.ty).collect();
            for part in bases.into_iter().chain(fields) {
                if let Some(element) = self.class_of_element(part) {
                    class.destroys |= element.destroys;
                    deep |= element.deep_copy;
                    class.deep_default |= element.deep_default;
                }
            }
            class.deep_default |=
                class.fields.iter().any(|field| !field.declaration.parts().is_empty() && !is_array(field.ty));
        }
        class.deep_copy = deep;
        class
    }

    fn add_fields(&mut self, fields: &[Cursor], class: &mut Class) {
        for field in fields {
            let name = field.spelling();
            let ty = field.ty();
            if name.is_empty() || name.starts_with('(') {
                let inner = ty.canonical().fields();
                if !inner.is_empty() {
                    self.add_fields(&inner, class);
                }
            } else {
                class.fields.push(Field { name, ty, declaration: *field });
            }
        }
    }

    /// The fields of a closure have no names; its captures do, in the same order.
    fn add_captures(&mut self, fields: &[Cursor], declaration: Cursor, class: &mut Class) {
        let Some(closure) = self.closures.get(&declaration.entity()).cloned() else { return };
        let mut names: Vec<String> = closure.captures.iter().map(|capture| capture.name.clone()).collect();
        if fields.len() > names.len() && closure.captures_this {
            names.push("this".to_owned());
        }
        if names.len() != fields.len() {
            return;
        }
        for (field, name) in fields.iter().zip(names) {
            class.fields.push(Field { name, ty: field.ty(), declaration: *field });
        }
    }

    /// True for a class that depends on template parameters, as the type of a variable.
    pub fn is_dependent_class(&mut self, ty: Ty) -> bool {
        matches!(self.ty(ty).kind, TypeKind::Record(_)) && self.class(ty).dependent
    }

    /// The class of a type, or of the elements of an array of it.
    pub fn class_of_element(&mut self, ty: Ty) -> Option<Rc<Class>> {
        let mut ty = ty;
        while is_array(ty) {
            ty = ty.canonical().element();
        }
        matches!(self.ty(ty).kind, TypeKind::Record(_)).then(|| self.class(ty))
    }

    /// The path of field names from a class to one of its bases; `None` if it is no base.
    pub fn base_path(&mut self, from: Ty, to: Key) -> Option<Vec<String>> {
        if from.canonical().declaration().or_else(|| from.declaration())?.entity() == to {
            return Some(Vec::new());
        }
        let class = self.class(from);
        if class.declaration.is_some_and(|declaration| declaration.entity() == to) {
            return Some(Vec::new());
        }
        for base in &class.bases {
            if base.entity == to {
                return Some(vec![base.field.clone()]);
            }
            if let Some(mut path) = self.base_path(base.ty, to) {
                path.insert(0, base.field.clone());
                return Some(path);
            }
        }
        None
    }
}

fn spelled(ty: Ty) -> String {
    let text = ty.spelling();
    text.trim_start_matches("const ").trim_start_matches("struct ").trim_start_matches("class ").to_owned()
}
