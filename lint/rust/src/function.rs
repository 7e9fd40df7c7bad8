//! One function under construction: its variables, scopes, and where `return` and `break` go.

use std::rc::Rc;

use cuda_lint_engine::program::{
    BlockId, Constant, Function, FunctionBuilder, LocalId, Op, SiteId, Storage, Terminator, ValueId,
};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Block, Expr, FnArg, Pat};

use super::items::{FnDef, Scope};
use super::lower::Lowering;
use super::ty::Ty;

/// How far elements go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Length {
    /// Nothing is known.
    #[default]
    Unknown,
    /// All of what holds them.
    Whole,
    /// This many.
    Elements(ValueId),
}

/// The value of an expression: of a scalar or handle the value, of what lives in memory its address.
#[derive(Clone, Debug)]
pub(crate) struct Val {
    pub id: ValueId,
    pub ty: Ty,
    /// The temporary that owns it, until somebody takes it over.
    pub temp: Option<usize>,
    /// It may be an `Err` or `None` for reasons that are not seen.
    pub fallible: bool,
    /// Of elements: how many.
    pub length: Length,
}

/// Somewhere in memory.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub address: ValueId,
    pub ty: Ty,
    /// The variable, if it is all of one, or a part of it.
    pub var: Option<usize>,
    /// True if it is a part of the variable.
    pub partial: bool,
    /// Of elements: how many.
    pub length: Length,
}

impl Place {
    /// Somewhere that is no variable's, as far as is known.
    pub fn at(address: ValueId, ty: Ty) -> Self {
        Self { address, ty, var: None, partial: false, length: Length::Unknown }
    }
}

/// A variable.
#[derive(Clone, Debug)]
pub(crate) struct Var {
    pub local: LocalId,
    pub ty: Ty,
    /// Its drop does something.
    pub drops: bool,
    /// Says whether it still holds a value, if something may move it.
    pub flag: Option<LocalId>,
    /// It was moved somewhere.
    pub moved: bool,
    /// A temporary that was taken over: nothing is left to drop.
    pub taken: bool,
    /// It alone owns a stream.
    pub sole: bool,
    /// A parameter: the end of the function ends it.
    pub param: bool,
    /// Of elements that it refers to: how many.
    pub length: Length,
}

/// A block of the source.
#[derive(Debug, Default)]
pub(crate) struct BlockScope {
    pub vars: Vec<usize>,
    names: usize,
}

/// A loop, or a labelled block.
#[derive(Debug)]
pub(crate) struct Loop {
    pub label: Option<String>,
    pub head: Option<BlockId>,
    pub end: BlockId,
    pub depth: usize,
    pub slot: Slot,
}

/// Where branches leave their result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    pub var: Option<usize>,
}

/// A closure or stub whose body is lowered in place of its call.
#[derive(Debug)]
pub(crate) struct Inline {
    pub end: BlockId,
    pub depth: usize,
    pub slot: Slot,
    pub loops: usize,
}

/// A closure or `async` block.
pub(crate) struct Closure {
    pub params: Vec<Pat>,
    pub body: Expr,
    /// What it captures is its own.
    pub moves: bool,
}

/// What paths mean where the lowering is.
#[derive(Clone, Debug)]
pub(crate) struct Where {
    pub module: Rc<[String]>,
    pub self_ty: Option<Ty>,
    pub generics: Rc<[Rc<str>]>,
    /// Traits that type parameters implement.
    pub bounds: Rc<[(Rc<str>, Vec<String>)]>,
    /// What is known of the type parameters.
    pub bound: Vec<(Rc<str>, Ty)>,
    /// Names before this one are not in view (bodies of stubs).
    pub floor: usize,
    /// The place of everything in the body of a stub: its call.
    pub site: Option<SiteId>,
}

/// One function under construction.
pub(crate) struct Body<'l> {
    pub file: &'l mut Lowering,
    pub builder: FunctionBuilder,
    pub place: Where,
    pub vars: Vec<Var>,
    pub scopes: Vec<BlockScope>,
    names: Vec<(String, usize)>,
    pub loops: Vec<Loop>,
    pub inlines: Vec<Inline>,
    pub closures: Vec<Rc<Closure>>,
    pub launches: Vec<super::library_calls::Launching>,
    pub result: Ty,
    /// How many constants are being lowered, one in the other.
    pub constants: usize,
    /// Variables that were moved as a whole, by the address that stands for their value.
    pub moved_addresses: Vec<(ValueId, usize)>,
    /// Macros that the function defines, as far as they are in view.
    pub macros: Vec<(String, Rc<super::macro_rules::MacroRules>)>,
    /// The number of the thread whose code is being lowered; 0 is the one that runs the function.
    pub thread: i64,
    /// How many macros are being expanded, one in the other.
    pub expanding: usize,
    /// How many tokens macros may still stand for.
    pub tokens_left: usize,
    /// How many macros have been expanded.
    pub expansions: usize,
    /// Names of the function that are more than lent.
    pub shared_names: rustc_hash::FxHashSet<String>,
    end: SiteId,
}

impl<'l> Body<'l> {
    pub fn new(file: &'l mut Lowering, builder: FunctionBuilder, def: &FnDef) -> Self {
        let end = file.site(def.signature.ident.span());
        let place = Where {
            module: def.module.clone(),
            self_ty: file.self_ty(def),
            generics: def.generics.clone().into(),
            bounds: def.bounds.clone(),
            bound: Vec::new(),
            floor: 0,
            site: None,
        };
        Self::detached(file, builder, place, end)
    }

    /// A body of the same place in another function: of a closure that another thread runs.
    pub fn detached(file: &'l mut Lowering, builder: FunctionBuilder, place: Where, end: SiteId) -> Self {
        Self {
            file,
            builder,
            place,
            vars: Vec::new(),
            scopes: Vec::new(),
            names: Vec::new(),
            loops: Vec::new(),
            inlines: Vec::new(),
            closures: Vec::new(),
            launches: Vec::new(),
            result: Ty::Unknown,
            constants: 0,
            moved_addresses: Vec::new(),
            macros: Vec::new(),
            thread: 0,
            expanding: 0,
            tokens_left: super::macro_rules::ALL_TOKENS,
            expansions: 0,
            shared_names: rustc_hash::FxHashSet::default(),
            end,
        }
    }

    /// Lowers a function.
    pub fn whole(&mut self, def: &FnDef) {
        let (params, result) = self.file.signature(def);
        self.builder.function_mut().result = self.file.ir(&result);
        self.result = result;
        self.push_scope();
        for (input, ty) in def.signature.inputs.iter().zip(params) {
            match input {
                FnArg::Receiver(it) => {
                    self.param("self", ty, it.self_token.span);
                }
                FnArg::Typed(it) => match &*it.pat {
                    Pat::Ident(pat) => {
                        self.param(&pat.ident.to_string(), ty, pat.ident.span());
                    }
                    pat => {
                        let var = self.param("", ty, pat.span());
                        let place = self.var_place(var, pat.span());
                        self.bind(pat, &place, false);
                    }
                },
            }
        }
        let Some(body) = &def.body else { return };
        self.shared_names = super::sole::shared_names(body, &self.file.definitions);
        let end = self.site(body.brace_token.span.close());
        self.end = end;
        self.body(body);
    }

    /// The body of a function: its last expression is its result.
    pub fn body(&mut self, body: &Block) {
        let value = self.block(body);
        if !self.builder.is_terminated() {
            self.leave(value, body.brace_token.span.close());
        }
    }

    fn param(&mut self, name: &str, ty: Ty, span: Span) -> usize {
        let site = self.site(span);
        let storage = if self.file.is_aggregate(&ty) { Storage::ParamObject } else { Storage::Param };
        let ir = self.file.ir(&ty);
        let local = self.builder.local(name, ir, site, storage);
        let var = self.add_var(local, ty, true, site);
        if !name.is_empty() {
            self.name(name, var);
        }
        var
    }

    /// The finished function.
    pub fn finish(self) -> Function {
        self.builder.finish(self.end)
    }

    /// The site of a span.
    pub fn site(&mut self, span: Span) -> SiteId {
        match self.place.site {
            Some(site) => site,
            None => self.file.sites.site(span),
        }
    }

    /// The scope that paths are resolved in.
    pub fn with_scope<T>(&self, work: impl FnOnce(&super::items::Definitions, Scope<'_>) -> T) -> T {
        let scope = Scope {
            imports: &self.file.imports,
            module: &self.place.module,
            self_ty: self.place.self_ty.as_ref(),
            generics: &self.place.generics,
        };
        work(&self.file.definitions, scope)
    }

    /// A type as it is written here.
    pub fn written(&self, ty: &syn::Type) -> Ty {
        let ty = self.with_scope(|definitions, scope| definitions.ty(ty, scope));
        if self.place.bound.is_empty() { ty } else { ty.with(&self.place.bound) }
    }

    // Variables and scopes.

    pub fn push_scope(&mut self) {
        self.scopes.push(BlockScope { vars: Vec::new(), names: self.names.len() });
    }

    /// Ends the innermost scope: what is in it is dropped, last made first.
    pub fn pop_scope(&mut self, site: SiteId) {
        if !self.builder.is_terminated() {
            self.end_scopes(self.scopes.len().saturating_sub(1), site, None);
        }
        if let Some(scope) = self.scopes.pop() {
            self.names.truncate(scope.names);
        }
    }

    /// Ends the scope, but for what its last expression hands out.
    pub fn pop_scope_keeping(&mut self, value: Option<Val>, site: SiteId) -> Option<Val> {
        let mut value = value?;
        let inner = self.scopes.len().saturating_sub(1);
        let kept = value.temp.filter(|var| self.scopes[inner].vars.contains(var));
        if let Some(var) = kept {
            self.scopes[inner].vars.retain(|it| *it != var);
            if inner > 0 {
                self.scopes[inner - 1].vars.push(var);
            }
        } else if value.temp.is_none() && self.file.is_aggregate(&value.ty) {
            // A variable of the scope: it moves out.
            value = self.move_to_temp(value, site);
            let var = value.temp;
            self.scopes[inner].vars.retain(|it| Some(*it) != var);
            if inner > 0 {
                self.scopes[inner - 1].vars.extend(var);
            }
        }
        self.pop_scope(site);
        Some(value)
    }

    /// Drops what is in the scopes from `depth` on, and leaves the scopes as they are.
    pub fn end_scopes(&mut self, depth: usize, site: SiteId, except: Option<usize>) {
        for scope in (depth..self.scopes.len()).rev() {
            let vars: Vec<usize> = self.scopes[scope].vars.iter().rev().copied().collect();
            for var in vars {
                if Some(var) != except {
                    self.end_var(var, site);
                }
            }
        }
    }

    pub fn add_var(&mut self, local: LocalId, ty: Ty, param: bool, site: SiteId) -> usize {
        let drops = self.needs_drop(&ty);
        let mut var = Var {
            local,
            ty,
            drops,
            flag: None,
            moved: false,
            taken: false,
            sole: false,
            param,
            length: Length::Unknown,
        };
        if drops {
            let flag =
                self.builder.local("", cuda_lint_engine::program::Type::int(1), site, Storage::Automatic);
            var.flag = Some(flag);
        }
        let index = self.vars.len();
        self.vars.push(var);
        if drops {
            self.set_flag(index, i64::from(param), site);
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.vars.push(index);
        }
        index
    }

    /// A variable of the source comes into being.
    pub fn declare(&mut self, name: &str, ty: Ty, span: Span) -> usize {
        let site = self.site(span);
        let ir = self.file.ir(&ty);
        // Memory is known by the first name that it gets, which is not to be one of a stub's.
        let shown = if self.place.site.is_some() { "" } else { name };
        let local = self.builder.local(shown, ir, site, Storage::Automatic);
        self.builder.push(site, Op::Live { local });
        let var = self.add_var(local, ty, false, site);
        self.name(name, var);
        var
    }

    /// A temporary that owns what it gets.
    pub fn temporary(&mut self, ty: Ty, site: SiteId) -> usize {
        let ir = self.file.ir(&ty);
        let aggregate = self.file.is_aggregate(&ty);
        let storage = if aggregate { Storage::Automatic } else { Storage::Temporary };
        let local = self.builder.local("", ir, site, storage);
        if aggregate {
            self.builder.push(site, Op::Live { local });
        }
        self.add_var(local, ty, false, site)
    }

    pub fn name(&mut self, name: &str, var: usize) {
        self.names.push((name.to_owned(), var));
    }

    /// The variable of a name.
    pub fn lookup(&self, name: &str) -> Option<usize> {
        let in_view = self.names.get(self.place.floor..).unwrap_or_default();
        in_view.iter().rev().find(|(known, _)| known == name).map(|(_, var)| *var)
    }

    /// The names in view.
    pub fn names_in_view(&self) -> Vec<(String, usize)> {
        self.names.get(self.place.floor..).unwrap_or_default().to_vec()
    }

    /// Takes names out of view that have come into it since there were `before`.
    pub fn hide_names(&mut self, before: usize, kept: impl Fn(&str) -> bool) {
        let added = self.names.split_off(before);
        self.names.extend(added.into_iter().filter(|(name, _)| kept(name)));
    }

    pub fn name_count(&self) -> usize {
        self.names.len()
    }

    pub fn var_place(&mut self, var: usize, span: Span) -> Place {
        let site = self.site(span);
        let (local, ty) = (self.vars[var].local, self.vars[var].ty.clone());
        let address = self.builder.address_of(site, local);
        Place { address, ty, var: Some(var), partial: false, length: self.vars[var].length }
    }

    // Values.

    pub fn val(&self, id: ValueId, ty: Ty) -> Val {
        Val { id, ty, temp: None, fallible: false, length: Length::Unknown }
    }

    pub fn unit(&mut self, site: SiteId) -> Val {
        let id = self.builder.int(site, 0);
        self.val(id, Ty::Unit)
    }

    pub fn number(&mut self, value: i64, ty: Ty, site: SiteId) -> Val {
        let id = self.builder.constant(site, Constant::Int(value));
        self.val(id, ty)
    }

    pub fn unknown(&mut self, site: SiteId, operands: Vec<ValueId>) -> Val {
        let id = self.builder.unknown(site, operands);
        self.val(id, Ty::Unknown)
    }

    /// Control does not get past here: what follows is lowered into blocks that nothing reaches.
    pub fn never(&mut self, site: SiteId) -> Val {
        let id = self.builder.int(site, 0);
        self.val(id, Ty::Never)
    }

    // Results of branches.

    /// Leaves a value where the branches of an expression meet.
    pub fn fill(&mut self, slot: &mut Slot, value: Option<Val>, scope: usize, site: SiteId) {
        let Some(value) = value else { return };
        if matches!(value.ty, Ty::Never | Ty::Unit) || self.builder.is_terminated() {
            return;
        }
        let var = match slot.var {
            Some(var) => var,
            None => {
                let var = self.temporary(value.ty.clone(), site);
                // It belongs to the scope of the whole expression.
                if let Some(inner) = self.scopes.last_mut() {
                    inner.vars.retain(|it| *it != var);
                }
                if let Some(outer) = self.scopes.get_mut(scope) {
                    outer.vars.push(var);
                }
                slot.var = Some(var);
                var
            }
        };
        if self.vars[var].ty.is_unknown() && !value.ty.is_unknown() && !self.file.is_aggregate(&value.ty) {
            self.vars[var].ty = value.ty.clone();
        }
        self.initialise(var, value, site);
    }

    /// The value that the branches have left.
    pub fn taken(&mut self, slot: &Slot, site: SiteId) -> Val {
        let Some(var) = slot.var else { return self.unit(site) };
        let ty = self.vars[var].ty.clone();
        let address = self.builder.address_of(site, self.vars[var].local);
        if self.file.is_aggregate(&ty) {
            return Val { id: address, ty, temp: Some(var), fallible: false, length: Length::Unknown };
        }
        let ir = self.file.ir(&ty);
        let id = self.builder.load(site, address, ir);
        Val { id, ty, temp: Some(var), fallible: false, length: Length::Unknown }
    }

    // Leaving.

    /// `return`: out of the function, or of the closure whose body is lowered in place.
    pub fn leave(&mut self, value: Option<Val>, span: Span) {
        let site = self.site(span);
        if let Some(mut inline) = self.inlines.pop() {
            let (depth, end) = (inline.depth, inline.end);
            let mut slot = std::mem::take(&mut inline.slot);
            self.fill(&mut slot, value, depth.saturating_sub(1), site);
            inline.slot = slot;
            self.end_scopes(depth, site, None);
            self.builder.goto(end);
            self.inlines.push(inline);
            return;
        }
        let value = value.filter(|it| !matches!(it.ty, Ty::Unit | Ty::Never));
        let mut except = None;
        let value = value.map(|value| {
            except = value.temp.or_else(|| self.owner_of(&value));
            if value.temp.is_some() || self.needs_drop(&value.ty) {
                self.take(&value, site);
            }
            value.id
        });
        self.end_scopes(0, site, except);
        self.builder.terminate(Terminator::Return { value, site });
    }

    /// An error leaves the function, as far as it is followed.
    pub fn fail(&mut self, site: SiteId) {
        match self.inlines.last() {
            Some(inline) => {
                let (depth, end) = (inline.depth, inline.end);
                self.end_scopes(depth, site, None);
                self.builder.goto(end);
            }
            None => {
                self.end_scopes(0, site, None);
                self.builder.terminate(Terminator::Return { value: None, site });
            }
        }
    }

    /// The variable whose address a value is.
    fn owner_of(&self, value: &Val) -> Option<usize> {
        let function_value = value.id;
        self.moved_addresses.iter().find(|(id, _)| *id == function_value).map(|(_, var)| *var)
    }
}
