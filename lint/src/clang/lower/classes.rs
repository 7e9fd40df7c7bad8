//! Objects of class type: constructors, destructors, copies.

use std::rc::Rc;

use clang_sys::*;
use cuda_lint_engine::program::{
    Call, Callee, Extern, ExternParam, Op, Origin, SiteId, Type, TypeKind, ValueId,
};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::records::Class;
use super::scopes::Cleanup;
use super::types::is_array;
use super::{callees, names};

impl Body<'_, '_> {
    /// True if the end of an object of this type does something.
    pub fn needs_destruction(&mut self, ty: Ty) -> bool {
        self.unit.class_of_element(ty).is_some_and(|class| class.destroys)
    }

    /// Destroys the object at `address`.
    pub fn destroy(&mut self, address: ValueId, ty: Ty, site: SiteId) {
        if is_array(ty) {
            if !self.needs_destruction(ty) {
                return;
            }
            let array = ty.canonical();
            let element = array.element();
            for index in (0..array.extent().unwrap_or(1).min(16)).rev() {
                let index = self.int(site, index as i64);
                let slot = self.code.index(site, address, index, element.size());
                self.destroy(slot, element, site);
            }
            return;
        }
        if !matches!(self.unit.ty(ty).kind, TypeKind::Record(_)) {
            return;
        }
        let class = self.unit.class(ty);
        if !class.destroys {
            return;
        }
        if let Some(destructor) = class.destructor {
            let name = class.system.then_some(class.name.as_str());
            let callee = self.unit.callee(destructor, name);
            self.code.call(site, Call::of(callee, vec![address]));
            return;
        }
        for field in class.fields.iter().rev() {
            if self.needs_destruction(field.ty) {
                let slot = self.code.field(site, address, field.name.clone());
                self.destroy(slot, field.ty, site);
            }
        }
        for base in class.bases.iter().rev() {
            if self.needs_destruction(base.ty) {
                let slot = self.code.field(site, address, base.field.clone());
                self.destroy(slot, base.ty, site);
            }
        }
    }

    /// Copies (or moves) the object at `from` to fresh memory at `to`.
    pub fn copy_from(&mut self, to: ValueId, from: ValueId, ty: Ty, moved: bool, site: SiteId) {
        let lowered = self.unit.ty(ty);
        let TypeKind::Record(_) = lowered.kind else {
            if is_array(ty) && self.unit.class_of_element(ty).is_some_and(|class| class.deep_copy) {
                let array = ty.canonical();
                let element = array.element();
                for index in 0..array.extent().unwrap_or(1).min(16) {
                    let index = self.int(site, index as i64);
                    let (a, b) = (
                        self.code.index(site, to, index, element.size()),
                        self.code.index(site, from, index, element.size()),
                    );
                    self.copy_from(a, b, element, moved, site);
                }
            } else if lowered.is_aggregate() || lowered.kind == TypeKind::Unknown {
                self.code.push(site, Op::CopyObject { to, from, ty: lowered });
            } else {
                let value = self.code.load(site, from, lowered);
                self.code.store(site, to, value, lowered);
            }
            return;
        };
        let class = self.unit.class(ty);
        if !class.deep_copy {
            self.code.push(site, Op::CopyObject { to, from, ty: lowered });
            return;
        }
        if class.system || class.dependent {
            let own = format!("{}::{}", class.name, names::last(&class.name));
            self.special_member(own, vec![to, from], moved, site);
            return;
        }
        if class.copies
            && let Some(constructor) = class.declaration.and_then(|class| callees::copying(class, moved))
        {
            let callee = self.unit.callee(constructor, None);
            self.code.call(site, Call::of(callee, vec![to, from]));
            return;
        }
        self.each_member(&class, to, from, site, &mut |body, a, b, ty| body.copy_from(a, b, ty, moved, site));
    }

    /// Assigns the object at `from` to the one at `to`, as an implicit `operator=` does.
    pub fn assign_from(&mut self, to: ValueId, from: ValueId, ty: Ty, moved: bool, site: SiteId) {
        let lowered = self.unit.ty(ty);
        let TypeKind::Record(_) = lowered.kind else {
            self.copy_from(to, from, ty, moved, site);
            return;
        };
        let class = self.unit.class(ty);
        if !class.deep_copy && !class.assigns {
            self.code.push(site, Op::CopyObject { to, from, ty: lowered });
            return;
        }
        if class.system || class.dependent {
            self.special_member(format!("{}::operator=", class.name), vec![to, from], moved, site);
            return;
        }
        if class.assigns
            && let Some(operator) = class.declaration.and_then(|class| callees::assigning(class, moved))
        {
            let callee = self.unit.callee(operator, None);
            let result = self.code.value();
            self.code.call(
                site,
                Call {
                    result: Some(result),
                    ty: Type::POINTER,
                    discarded: true,
                    ..Call::of(callee, vec![to, from])
                },
            );
            return;
        }
        self.each_member(&class, to, from, site, &mut |body, a, b, ty| {
            body.assign_from(a, b, ty, moved, site);
        });
    }

    fn each_member(
        &mut self,
        class: &Class,
        to: ValueId,
        from: ValueId,
        site: SiteId,
        each: &mut dyn FnMut(&mut Self, ValueId, ValueId, Ty),
    ) {
        let bases = class.bases.iter().map(|base| (base.field.clone(), base.ty));
        let fields = class.fields.iter().map(|field| (field.name.clone(), field.ty));
        for (name, ty) in bases.chain(fields) {
            let a = self.code.field(site, to, name.clone());
            let b = self.code.field(site, from, name);
            each(self, a, b, ty);
        }
    }

    /// A copying or moving member of a class whose body is a model.
    fn special_member(&mut self, name: String, args: Vec<ValueId>, moved: bool, site: SiteId) {
        let source = if moved { ExternParam::ReadWrite } else { ExternParam::Read };
        let id = self.unit.intern(Extern {
            name,
            is_method: true,
            is_const: false,
            params: vec![ExternParam::ReadWrite, source],
            no_return: false,
            origin: Origin::System,
            link: None,
        });
        self.code.call(site, Call::of(Callee::Extern(id), args));
    }

    /// A constructor call that makes the object at `address`.
    pub fn construct(&mut self, address: ValueId, ty: Ty, call: Cursor) {
        let site = self.at;
        let Some(constructor) = call.referenced() else {
            self.code.opaque(site, "a constructor that is missing", vec![address]);
            return;
        };
        let made =
            if is_array(call.ty()) && !is_array(ty) { call.ty().canonical().element() } else { call.ty() };
        let object = if matches!(self.unit.ty(made).kind, TypeKind::Record(_)) { made } else { ty };
        let class = self.unit.class(object);
        let arguments = call.arguments();
        let moves = constructor.is_move_constructor();
        if (moves || constructor.is_copy_constructor()) && arguments.len() == 1 {
            let from = self.place(arguments[0]);
            self.at = site;
            if class.system && !class.deep_copy || !class.system && !class.copies {
                self.copy_from(address, from, object, moves, site);
                return;
            }
            let name = class.system.then_some(class.name.as_str());
            let callee = self.unit.callee(constructor, name);
            self.code.call(site, Call::of(callee, vec![address, from]));
            self.after_construction(address, &class, &arguments, &[from], site);
            return;
        }
        if arguments.is_empty() && class.default_constructor.is_none() && !class.is_lambda {
            // The implicit one: the members take care of themselves.
            if class.deep_default && !class.dependent {
                self.default_members(address, &class, site);
            }
            return;
        }
        let name = class.system.then_some(class.name.as_str());
        let callee = self.unit.callee(constructor, name);
        let signature = constructor.ty();
        let mut args = vec![address];
        for (index, argument) in arguments.iter().enumerate() {
            args.push(self.argument(*argument, signature.parameter(index), Some((constructor, index))));
        }
        self.at = site;
        let passed = args[1..].to_vec();
        self.code.call(site, Call::of(callee, args));
        self.after_construction(address, &class, &arguments, &passed, site);
    }

    /// What some classes of the standard library do with what they are made from.
    fn after_construction(
        &mut self,
        address: ValueId,
        class: &Class,
        arguments: &[Cursor],
        passed: &[ValueId],
        site: SiteId,
    ) {
        if !class.system {
            return;
        }
        match class.name.as_str() {
            "std::thread" | "std::jthread" => self.spawn(arguments, passed, site),
            "std::function" => {
                if let (Some(argument), Some(value)) = (arguments.first(), passed.first()) {
                    self.hold_callable(address, *argument, *value, site);
                }
            }
            _ => {}
        }
    }

    /// The initialisers of a constructor, then its body.
    pub fn constructor(&mut self, definition: Cursor) {
        let site = self.at;
        let Some(class_ty) = self.class else {
            self.block(definition);
            return;
        };
        let class = self.own_class(definition, class_ty);
        // Initialisers stand in source order: a reference to the base or member, then its value.
        let mut written: Vec<(Cursor, Option<Cursor>)> = Vec::new();
        let mut bases: Vec<(Cursor, Option<Cursor>)> = Vec::new();
        for child in definition.children() {
            match child.kind() {
                CXCursor_MemberRef => written.push((child, None)),
                CXCursor_TypeRef | CXCursor_TemplateRef => bases.push((child, None)),
                kind if (100..200).contains(&kind) => {
                    let place = child.extent().0.offset;
                    let member = written.last_mut().filter(|last| last.1.is_none());
                    let base = bases.last_mut().filter(|last| last.1.is_none());
                    let target = match (member, base) {
                        (Some(member), Some(base)) => {
                            // Whichever stands right before the value.
                            let (a, b) = (member.0.extent().0.offset, base.0.extent().0.offset);
                            if a > b && a <= place { Some(member) } else { Some(base) }
                        }
                        (member, base) => member.or(base),
                    };
                    if let Some(target) = target {
                        target.1 = Some(child);
                    }
                }
                _ => {}
            }
        }
        let own = class.declaration.map(Cursor::entity);
        let this = self.this_value(site);
        // A delegating constructor makes the whole object.
        for (reference, value) in &bases {
            let target = reference.referenced();
            let delegates = target.is_some_and(|target| Some(target.entity()) == own)
                || target.is_some_and(|target| {
                    class_ty.declaration().is_some_and(|class| class.entity() == target.entity())
                });
            if delegates && let Some(value) = value {
                let at = self.unit.site_or(*value, site);
                self.full_expression(at, |body| match class_ty.is_invalid() {
                    true => body.delegate_in_template(this, &class, *value),
                    false => body.initialise(this, class_ty, *value),
                });
                self.block(definition);
                return;
            }
        }
        for base in &class.bases {
            let slot = self.code.field(site, this, base.field.clone());
            let value = bases.iter().find_map(|(reference, value)| {
                let name = reference.referenced().map(names::plain)?;
                (base.field == format!("<{name}>")).then_some(*value).flatten()
            });
            match value {
                Some(value) => {
                    let at = self.unit.site_or(value, site);
                    self.full_expression(at, |body| body.initialise(slot, base.ty, value));
                }
                None => self.default_construct(slot, base.ty, site),
            }
        }
        for field in &class.fields {
            let value = written
                .iter()
                .find(|(reference, _)| reference.spelling() == field.name)
                .map(|(_, value)| *value);
            match value {
                Some(Some(value)) => {
                    let at = self.unit.site_or(value, site);
                    let slot = self.code.field(at, this, field.name.clone());
                    self.full_expression(at, |body| body.initialise_part(slot, field.ty, value));
                }
                // `member()`.
                Some(None) => {
                    let slot = self.code.field(site, this, field.name.clone());
                    self.default_construct(slot, field.ty, site);
                }
                None => self.full_expression(site, |body| body.default_field(this, field, site)),
            }
        }
        self.block(definition);
    }

    /// The class that a member belongs to.
    fn own_class(&mut self, member: Cursor, ty: Ty) -> Rc<Class> {
        match member.parent() {
            Some(template) if ty.is_invalid() => Rc::new(self.unit.class_of_pattern(template)),
            _ => self.unit.class(ty),
        }
    }

    /// A constructor of a template that hands its object to another one.
    fn delegate_in_template(&mut self, this: ValueId, class: &Class, list: Cursor) {
        let site = self.at;
        let mut args = vec![this];
        for part in list.parts() {
            args.push(self.value_or_place(part));
        }
        let constructor = class.declaration.and_then(|it| callees::constructor(it, args.len() - 1));
        if let Some(constructor) = constructor {
            let callee = self.unit.callee(constructor, None);
            self.code.call(site, Call::of(callee, args));
        }
    }

    /// The body of a destructor; members and bases end after it, on every way out.
    pub fn destructor(&mut self, definition: Cursor) {
        if let Some(class_ty) = self.class {
            let class = self.own_class(definition, class_ty);
            let mut members: Vec<(String, Ty)> =
                class.bases.iter().map(|base| (base.field.clone(), base.ty)).collect();
            members.extend(class.fields.iter().map(|field| (field.name.clone(), field.ty)));
            for (field, ty) in members {
                if self.needs_destruction(ty)
                    && let Some(frame) = self.scopes.first_mut()
                {
                    frame.items.push(Cleanup::Member(field, ty));
                }
            }
        }
        self.block(definition);
    }
}
