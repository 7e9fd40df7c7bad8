//! Ownership: moves, drop flags, and what a drop does.

use cuda_lint_engine::program::{BlockId, Call, Callee, LocalId, Op, SiteId, Terminator, Type, ValueId};

use super::function::{Body, Length, Place, Val, Var};
use super::items::HandleKind;
use super::ty::Ty;

/// How deep fields are looked into.
const DEPTH: usize = 4;

/// Arrays with more elements than this are not taken apart.
const ELEMENTS: u64 = 16;

impl Body<'_> {
    /// True if dropping a value of the type does something.
    pub fn needs_drop(&self, ty: &Ty) -> bool {
        self.needs_drop_within(ty, DEPTH)
    }

    fn needs_drop_within(&self, ty: &Ty, depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        match ty {
            Ty::Vec(_) | Ty::Boxed(_) => true,
            Ty::Tuple(parts) => parts.iter().any(|part| self.needs_drop_within(part, depth - 1)),
            Ty::Array(element, Some(count)) => {
                *count <= ELEMENTS && self.needs_drop_within(element, depth - 1)
            }
            Ty::Named(key, _) => {
                let Some(def) = self.file.definitions.type_def(key) else { return false };
                def.has_drop
                    || def.fields.iter().flatten().any(|(name, _)| {
                        let field = self.file.field_ty(ty, name);
                        self.needs_drop_within(&field, depth - 1)
                    })
            }
            _ => false,
        }
    }

    /// Says whether a variable holds something.
    pub fn set_flag(&mut self, var: usize, value: i64, site: SiteId) {
        if let Some(flag) = self.vars[var].flag {
            let address = self.builder.address_of(site, flag);
            let value = self.builder.int(site, value);
            self.builder.store(site, address, value, Type::int(1));
        }
    }

    /// Puts a value into a variable that holds none.
    pub fn initialise(&mut self, var: usize, value: Val, site: SiteId) {
        let ty = self.vars[var].ty.clone();
        let address = self.builder.address_of(site, self.vars[var].local);
        self.vars[var].length = value.length;
        self.put(address, &ty, value, site);
        self.set_flag(var, 1, site);
    }

    /// Puts a value into a place that holds none.
    pub fn put(&mut self, address: ValueId, ty: &Ty, value: Val, site: SiteId) {
        self.take(&value, site);
        if self.file.is_aggregate(&value.ty) {
            let ir = self.file.ir(&value.ty);
            self.builder.push(site, Op::CopyObject { to: address, from: value.id, ty: ir });
            self.copy_elements(address, &value, site);
            if matches!(&value.ty, Ty::Vec(element) if self.needs_drop(element)) {
                self.row_call("Vec::takes", vec![address, value.id], site, true);
            }
        } else if !matches!(value.ty, Ty::Unit | Ty::Never) {
            let known = if value.ty.is_unknown() { ty.clone() } else { value.ty };
            if self.file.is_aggregate(&known) {
                return;
            }
            let ir = self.file.ir(&known);
            self.builder.store(site, address, value.id, ir);
        }
    }

    /// Somebody takes over what a temporary or a variable owns.
    pub fn take(&mut self, value: &Val, site: SiteId) {
        if let Some(var) = value.temp {
            self.vars[var].taken = true;
            self.vars[var].moved = true;
            self.set_flag(var, 0, site);
        }
    }

    /// A variable is moved out of.
    pub fn moved(&mut self, var: usize, site: SiteId) {
        if self.vars[var].drops {
            self.vars[var].moved = true;
            self.set_flag(var, 0, site);
        }
    }

    /// Gives a value that is somewhere in memory a temporary of its own.
    pub fn move_to_temp(&mut self, value: Val, site: SiteId) -> Val {
        let var = self.temporary(value.ty.clone(), site);
        let ty = value.ty.clone();
        self.initialise(var, value, site);
        let id = self.builder.address_of(site, self.vars[var].local);
        Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown }
    }

    /// The end of a variable: it is dropped if it holds something, and its storage ends.
    pub fn end_var(&mut self, var: usize, site: SiteId) {
        let it = self.vars[var].clone();
        if it.drops && !self.builder.is_terminated() {
            match it.flag {
                Some(flag) if it.moved => self.drop_if_held(flag, &it, site),
                _ => {
                    self.drop_var(&it, site);
                }
            }
        }
        if !it.param && (self.file.is_aggregate(&it.ty) || !self.is_temporary(var)) {
            self.builder.push(site, Op::Dead { local: it.local });
        }
    }

    /// True if nothing in the source names a variable.
    pub fn is_temporary(&mut self, var: usize) -> bool {
        let local = self.vars[var].local;
        let local = &self.builder.function_mut().locals[local.0 as usize];
        local.storage == cuda_lint_engine::program::Storage::Temporary
    }

    /// Drops what lies at an address, with all that it owns.
    pub fn drop_whole(&mut self, address: ValueId, ty: &Ty, site: SiteId) {
        self.drop_at(address, ty, site, DEPTH);
    }

    /// The end of a temporary before that of its scope: with the statement that took it apart.
    pub fn end_early(&mut self, var: usize, site: SiteId) {
        for scope in &mut self.scopes {
            scope.vars.retain(|it| *it != var);
        }
        self.end_var(var, site);
    }

    /// Drops what a variable holds, if it holds something; the variable lives on.
    pub fn end_value(&mut self, var: usize, site: SiteId) {
        let it = self.vars[var].clone();
        if let Some(flag) = it.flag {
            self.drop_if_held(flag, &it, site);
        }
    }

    fn drop_if_held(&mut self, flag: LocalId, it: &Var, site: SiteId) {
        let address = self.builder.address_of(site, flag);
        let held = self.builder.load(site, address, Type::int(1));
        let (drop, after) = (self.builder.block(), self.builder.block());
        self.branch(held, drop, after);
        self.builder.switch_to(drop);
        self.drop_var(it, site);
        self.builder.goto(after);
        self.builder.switch_to(after);
    }

    fn drop_var(&mut self, it: &Var, site: SiteId) {
        let address = self.builder.address_of(site, it.local);
        if it.sole {
            return self.end_sole(&Place::at(address, it.ty.clone()), site);
        }
        self.drop_at(address, &it.ty, site, DEPTH);
    }

    pub fn branch(&mut self, condition: ValueId, then: BlockId, otherwise: BlockId) {
        self.builder.terminate(Terminator::Branch { condition, then, otherwise });
    }

    /// `drop(x)` of what lies at an address.
    pub fn drop_at(&mut self, address: ValueId, ty: &Ty, site: SiteId, depth: usize) {
        if depth == 0 || !self.needs_drop(ty) {
            return;
        }
        match ty {
            Ty::Vec(_) => self.row_call("Vec::~Vec", vec![address], site, true),
            Ty::Boxed(inner) => {
                let pointer = self.builder.load(site, address, Type::POINTER);
                self.drop_at(pointer, inner, site, depth - 1);
                self.builder.push(site, Op::Delete { pointer });
            }
            Ty::Array(element, Some(count)) => {
                let stride = self.file.size(element);
                for index in 0..*count {
                    let at = self.builder.int(site, i64::try_from(index).unwrap_or(i64::MAX));
                    let place = self.builder.index(site, address, at, stride);
                    self.drop_at(place, element, site, depth - 1);
                }
            }
            Ty::Tuple(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if self.needs_drop(part) {
                        let field = self.builder.field(site, address, index.to_string());
                        self.drop_at(field, part, site, depth - 1);
                    }
                }
            }
            Ty::Named(key, _) => {
                let definitions = self.file.definitions.clone();
                let Some(def) = definitions.type_def(key) else { return };
                if def.has_drop {
                    self.run_drop(address, ty, key, def.handle, site);
                }
                for (name, _) in def.fields.iter().flatten() {
                    let field_ty = self.file.field_ty(ty, name);
                    if self.needs_drop(&field_ty) {
                        let field = self.builder.field(site, address, name.clone());
                        self.drop_at(field, &field_ty, site, depth - 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn run_drop(
        &mut self,
        address: ValueId,
        ty: &Ty,
        key: &std::rc::Rc<str>,
        handle: Option<HandleKind>,
        site: SiteId,
    ) {
        let definitions = self.file.definitions.clone();
        let Some(index) = definitions.method(key, "drop") else { return };
        let def = definitions.at(index);
        if def.library && handle.is_some() {
            let ir = self.file.ir(ty);
            let value = self.builder.load(site, address, ir);
            let row = super::library_calls::row_of(def);
            self.row_call(&row, vec![value], site, false);
        } else if def.library {
            let receiver = self.val(address, ty.clone().reference(true));
            self.inline_function(index, vec![receiver], Vec::new(), site);
        } else {
            let callee = match self.file.ids.get(&index).copied() {
                Some(id) => Callee::Function(id),
                None => {
                    let receiver = self.val(address, ty.clone().reference(true));
                    self.linked(def, &[receiver], site)
                }
            };
            self.builder.call(site, Call::of(callee, vec![address]));
        }
    }
}
