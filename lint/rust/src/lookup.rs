//! What names mean: types and functions by the paths that a source names them by, and constants.

use std::rc::Rc;

use syn::{Expr, GenericArgument, PathArguments, Type};

use super::items::{Definitions, FnDef, HandleKind, Scope, TypeDef};
use super::names;
use super::ty::{Ty, primitive};

/// The type of an argument `impl DevicePtr<T>`.
const MEMORY: &str = "impl memory";

/// How many `pub use` are followed from one name.
const EXPORTS: usize = 8;

impl Definitions {
    /// A function by the path that the source names it by.
    pub fn function(&self, segments: &[String], scope: Scope<'_>) -> Option<usize> {
        let candidates = self.candidates(segments, scope);
        if let Some(index) = candidates.iter().find_map(|path| self.by_path(path)) {
            return Some(index);
        }
        // A function of a type that is imported, or of one that an alias names.
        if let Some((name, owner)) = segments.split_last()
            && !owner.is_empty()
        {
            let owner = match scope.self_ty {
                Some(Ty::Named(key, _)) if owner == ["Self"] => Some(key.clone()),
                _ => self.type_of(owner, scope).and_then(|def| match self.named(def, Vec::new(), scope) {
                    Ty::Named(key, _) => Some(key),
                    _ => None,
                }),
            };
            if let Some(owner) = owner {
                return self.method_of(&owner, name);
            }
        }
        let handed_on = candidates.iter().find_map(|path| self.by_path(&self.handed_on(path)?));
        handed_on.or_else(|| self.by_path(&distinctive(segments)?))
    }

    fn by_path(&self, path: &str) -> Option<usize> {
        self.paths.get(path).copied().or_else(|| self.base()?.by_path(path))
    }

    /// A method of a type, its own or that of a trait that it implements.
    pub fn method_of(&self, key: &Rc<str>, name: &str) -> Option<usize> {
        self.method(key, name).or_else(|| self.default_of(key, name))
    }

    fn default_of(&self, key: &Rc<str>, name: &str) -> Option<usize> {
        let here = self.implemented.get(key).into_iter().flatten();
        let found = here.filter_map(|of| self.trait_def(of)).find_map(|it| it.defaults.get(name).copied());
        found.or_else(|| self.base()?.default_of(key, name))
    }

    fn trait_def(&self, key: &str) -> Option<&super::items::TraitDef> {
        // Of the crate, all implementations are known.
        self.base().and_then(|base| base.trait_def(key)).or_else(|| self.traits.get(key))
    }

    /// The trait of the program that a path names.
    pub fn trait_of(&self, segments: &[String], scope: Scope<'_>) -> Option<Rc<str>> {
        let known = |path: &str| {
            let here = self.traits.get_key_value(path).map(|it| it.0.clone());
            here.or_else(|| self.base()?.traits.get_key_value(path).map(|it| it.0.clone()))
        };
        let candidates = self.candidates(segments, scope);
        let found = candidates.iter().find_map(|path| known(path));
        found.or_else(|| candidates.iter().find_map(|path| known(&self.handed_on(path)?)))
    }

    /// The one type that implements a trait of the program.
    pub fn implementor(&self, segments: &[String], scope: Scope<'_>) -> Option<Ty> {
        self.implementor_of(&self.trait_of(segments, scope)?)
    }

    /// The same, by the trait's path.
    pub fn implementor_of(&self, key: &str) -> Option<Ty> {
        if !self.is_whole() {
            return None;
        }
        match self.trait_def(key)?.implementors.as_slice() {
            [Some(only)] => {
                let generics = self.type_def(only)?.generics.len();
                Some(Ty::Named(only.clone(), vec![Ty::Unknown; generics]))
            }
            _ => None,
        }
    }

    /// The path behind a name that modules hand on by `use`.
    fn handed_on(&self, path: &str) -> Option<String> {
        let mut path: Vec<String> = path.split("::").map(str::to_owned).collect();
        let mut changed = false;
        for _ in 0..EXPORTS {
            let Some(next) = self.next_export(&path) else { break };
            changed = true;
            if next == path {
                break;
            }
            path = next;
        }
        changed.then(|| path.join("::"))
    }

    fn next_export(&self, path: &[String]) -> Option<Vec<String>> {
        let (at, imports) =
            (1..path.len()).rev().find_map(|at| Some((at, self.exported(&path[..at].join("::"))?)))?;
        let (module, name, rest) = (&path[..at], &path[at], &path[at + 1..]);
        // `use net::Upload` in the crate's root means its module.
        let inner = |it: &[String]| [module, it, rest].concat();
        let whole = |it: &[String]| [it, rest].concat();
        if let Some(imported) = imports.resolve_import(name) {
            let both = [whole(&imported), inner(&imported)];
            let known = both.iter().find(|it| self.is_known(it)).cloned();
            return known.or(both.into_iter().next());
        }
        let mut globs = imports.globs(std::slice::from_ref(name));
        globs.find_map(|it| [whole(&it), inner(&it)].into_iter().find(|it| *it != path && self.is_known(it)))
    }

    fn is_known(&self, path: &[String]) -> bool {
        let whole = path.join("::");
        let in_module =
            || path.split_last().is_some_and(|(_, module)| self.exported(&module.join("::")).is_some());
        self.type_def(&whole).is_some() || self.by_path(&whole).is_some() || in_module()
    }

    fn exported(&self, module: &str) -> Option<&Rc<names::Imports>> {
        self.exports.get(module).or_else(|| self.base()?.exported(module))
    }

    /// The paths that a name may have, best first.
    fn candidates(&self, segments: &[String], scope: Scope<'_>) -> Vec<String> {
        let mut candidates = Vec::new();
        let segments: Vec<String> = match (segments.first().map(String::as_str), scope.self_ty) {
            (Some("Self"), Some(Ty::Named(key, _))) => {
                key.split("::").map(str::to_owned).chain(segments[1..].iter().cloned()).collect()
            }
            _ => segments.to_vec(),
        };
        let mut whole = scope.imports.resolve(&segments, scope.module);
        if let Some(name) = whole.first_mut()
            && let Some(named) = self.crate_name(name)
        {
            *name = named.to_owned();
        }
        candidates.extend(names::library_path(&whole));
        candidates.push(whole.join("::"));
        let mut local = scope.module.to_vec();
        local.extend(segments.iter().cloned());
        candidates.push(local.join("::"));
        for glob in scope.imports.globs(&segments) {
            candidates.extend(names::library_path(&glob));
            candidates.push(glob.join("::"));
        }
        candidates
    }

    /// The crate of the project that a name stands for.
    pub(super) fn crate_name(&self, name: &str) -> Option<&str> {
        self.crates.get(name).map(String::as_str).or_else(|| self.base()?.crate_name(name))
    }

    /// A type as it is written.
    pub fn ty(&self, ty: &Type, scope: Scope<'_>) -> Ty {
        match ty {
            Type::Reference(it) => self.ty(&it.elem, scope).reference(it.mutability.is_some()),
            Type::Ptr(it) => self.ty(&it.elem, scope).reference(is_mut_pointer(it)),
            Type::Slice(it) => Ty::Slice(Box::new(self.ty(&it.elem, scope))),
            Type::Array(it) => {
                let count = self.number(&it.len, 4);
                Ty::Array(Box::new(self.ty(&it.elem, scope)), count.and_then(|it| u64::try_from(it).ok()))
            }
            Type::Tuple(it) if it.elems.is_empty() => Ty::Unit,
            Type::Tuple(it) => Ty::Tuple(it.elems.iter().map(|it| self.ty(it, scope)).collect()),
            Type::Paren(it) => self.ty(&it.elem, scope),
            Type::Group(it) => self.ty(&it.elem, scope),
            Type::Never(_) => Ty::Never,
            Type::FnPtr(_) => Ty::Function,
            // A type that an implementation chooses.
            Type::Path(it) if it.qself.is_some() => Ty::Unknown,
            Type::Path(it) => self.path_ty(&it.path, scope),
            // Of a trait that one type implements, it is that type.
            Type::TraitObject(it) => self.bounded(it.bounds.iter(), scope),
            Type::ImplTrait(it) => self.bounded(it.bounds.iter(), scope),
            _ => Ty::Unknown,
        }
    }

    fn bounded<'b>(&self, bounds: impl Iterator<Item = &'b syn::TypeParamBound>, scope: Scope<'_>) -> Ty {
        let bounds = bounds.filter_map(|bound| match bound {
            syn::TypeParamBound::Trait(it) => Some(names::segments(&it.path)),
            _ => None,
        });
        for path in bounds {
            if self.is_memory_trait(&path, scope) {
                return Ty::Param(MEMORY.into());
            }
            if let Some(only) = self.implementor(&path, scope) {
                return only;
            }
        }
        Ty::Unknown
    }

    fn is_memory_trait(&self, path: &[String], scope: Scope<'_>) -> bool {
        self.candidates(path, scope).iter().any(|path| names::is_memory_trait(path))
    }

    /// True for a type parameter that stands for whatever holds elements: references to it are handed over as
    /// cudarc's own methods get them, by the address of the first element.
    pub fn is_any_memory(&self, ty: &Ty, def: &FnDef) -> bool {
        let scope =
            Scope { imports: &def.imports, module: &def.module, self_ty: None, generics: &def.generics };
        self.is_bound_to_memory(ty, &def.bounds, scope)
    }

    /// The same, by the bounds of the type parameters in view.
    pub fn is_bound_to_memory(&self, ty: &Ty, bounds: &[(Rc<str>, Vec<String>)], scope: Scope<'_>) -> bool {
        let Ty::Param(name) = ty else { return false };
        let mut bounds = bounds.iter().filter(|(of, _)| of == name);
        **name == *MEMORY || bounds.any(|(_, path)| self.is_memory_trait(path, scope))
    }

    fn path_ty(&self, path: &syn::Path, scope: Scope<'_>) -> Ty {
        let segments = names::segments(path);
        let Some(last) = path.segments.last() else { return Ty::Unknown };
        let name = last.ident.to_string();
        let args: Vec<Ty> = match &last.arguments {
            PathArguments::AngleBracketed(it) => it
                .args
                .iter()
                .filter_map(|arg| match arg {
                    GenericArgument::Type(ty) => Some(self.ty(ty, scope)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let is_chosen = |first: &str| first == "Self" || scope.generics.iter().any(|it| **it == *first);
        if segments.len() > 1 && segments.first().is_some_and(|first| is_chosen(first)) {
            return Ty::Unknown;
        }
        if segments.len() == 1 {
            if name == "Self" {
                return scope.self_ty.cloned().unwrap_or(Ty::Unknown);
            }
            if let Some(param) = scope.generics.iter().find(|it| ***it == *name) {
                return Ty::Param(param.clone());
            }
        }
        if let Some(def) = self.type_of(&segments, scope) {
            return self.named(def, args, scope);
        }
        self.standard(&name, args).unwrap_or_else(|| {
            // A type that is known by its name only.
            let whole = scope.imports.resolve(&segments, scope.module);
            Ty::Named(whole.join("::").into(), Vec::new())
        })
    }

    /// The definition that a path names, if it is a type of the file or of a stub.
    pub fn type_of(&self, segments: &[String], scope: Scope<'_>) -> Option<&TypeDef> {
        let known = |path: &String| self.type_def(path).or_else(|| self.type_def(&self.handed_on(path)?));
        if let Some(def) = self.candidates(segments, scope).iter().find_map(known) {
            return Some(def);
        }
        // What is not found by its path, for a glob or a macro, is the one type of that name, if it can be of this
        // crate.
        let name = segments.last()?;
        let whole = scope.imports.resolve(segments, scope.module);
        let here = scope.module.first().is_some_and(|it| whole.first() == Some(it)) || whole.len() == 1;
        let only = if here { self.only_type(name) } else { None };
        only.or_else(|| self.type_def(&distinctive(segments)?))
    }

    fn only_type(&self, name: &str) -> Option<&TypeDef> {
        match self.type_names.get(name) {
            Some(Some(key)) => self.types.get(key).filter(|def| def.handle.is_none()),
            Some(None) => None,
            None => self.base()?.only_type(name),
        }
    }

    fn named(&self, def: &TypeDef, mut args: Vec<Ty>, scope: Scope<'_>) -> Ty {
        if let Some(alias) = &def.alias {
            let inner =
                Scope { generics: &def.generics, module: &def.module, imports: &def.imports, ..scope };
            let bound: Vec<_> = def.generics.iter().cloned().zip(args).collect();
            return self.ty(alias, inner).with(&bound);
        }
        args.resize(def.generics.len(), Ty::Unknown);
        Ty::Named(def.key.clone(), args)
    }

    /// Types of the standard library.
    fn standard(&self, name: &str, args: Vec<Ty>) -> Option<Ty> {
        if let Some(ty) = primitive(name) {
            return Some(ty);
        }
        let first = args.into_iter().next();
        let inner = || first.clone().unwrap_or(Ty::Unknown);
        Some(match name {
            "Vec" | "VecDeque" => Ty::Vec(Box::new(inner())),
            "String" => Ty::Vec(Box::new(Ty::Int(1))),
            "Box" => Ty::Boxed(Box::new(inner())),
            // Seen through.
            "Option" | "Result" | "CudaResult" | "Mutex" | "RwLock" | "RefCell" | "Cell" | "ManuallyDrop"
            | "MaybeUninit" | "Cow" | "OnceCell" | "OnceLock" | "Pin" | "LazyLock" | "UnsafeCell"
            | "Wrapping" | "NonZero" => inner(),
            "Arc" | "Rc" => match inner() {
                // What owns memory is shared by its owners, and who drops it is not followed.
                ty if self.is_seen_through(&ty) => ty,
                Ty::Unknown => Ty::Unknown,
                ty => ty.shared(),
            },
            "NonNull" => inner().reference(true),
            "Ref" => inner().shared(),
            "RefMut" | "RwLockWriteGuard" | "MutexGuard" | "MappedMutexGuard" => inner().reference(true),
            "RwLockReadGuard" => inner().shared(),
            "CUdeviceptr" => Ty::Named("CUdeviceptr".into(), Vec::new()),
            "CUstream" | "cudaStream_t" => Ty::Named("CUstream".into(), Vec::new()),
            "CUevent" | "cudaEvent_t" => Ty::Named("CUevent".into(), Vec::new()),
            _ => return None,
        })
    }

    /// True for handles, which are values however they are wrapped.
    pub fn is_handle(&self, ty: &Ty) -> bool {
        self.handle_of(ty).is_some()
    }

    /// True for handles whose drop does something.
    pub fn owns(&self, ty: &Ty) -> bool {
        matches!(ty, Ty::Named(key, _) if self.type_def(key).is_some_and(|def| def.has_drop))
    }

    /// True for handles of which nothing counts the owners: an `Arc` around one is the handle. Those whose drop does
    /// something end with their last owner, which is not followed: in an `Arc`, they never do.
    pub fn is_seen_through(&self, ty: &Ty) -> bool {
        self.is_handle(ty) && !self.owns(ty)
    }

    /// What a handle is of.
    pub fn handle_of(&self, ty: &Ty) -> Option<HandleKind> {
        let Ty::Named(key, _) = ty else { return None };
        match &**key {
            "CUdeviceptr" => Some(HandleKind::Address),
            "CUstream" => Some(HandleKind::Stream),
            "CUevent" => Some(HandleKind::Event),
            key => self.type_def(key)?.handle,
        }
    }

    /// An integer that an expression of constants comes to.
    pub fn number(&self, expr: &Expr, depth: usize) -> Option<i64> {
        use syn::BinOp;
        match expr {
            Expr::Lit(it) => match &it.lit {
                syn::Lit::Int(it) => it.base10_parse().ok(),
                syn::Lit::Bool(it) => Some(i64::from(it.value)),
                _ => None,
            },
            Expr::Paren(it) => self.number(&it.expr, depth),
            Expr::Group(it) => self.number(&it.expr, depth),
            Expr::Cast(it) => self.number(&it.expr, depth),
            Expr::Unary(it) if matches!(it.op, syn::UnOp::Neg(_)) => {
                self.number(&it.expr, depth)?.checked_neg()
            }
            Expr::Path(it) if depth > 0 => {
                let name = it.path.segments.last()?.ident.to_string();
                match self.constant(&name) {
                    Some(value) => self.number(value, depth - 1),
                    None if self.has_constants(&name) => None,
                    None => self.base()?.number(expr, depth),
                }
            }
            Expr::Binary(it) => {
                let (a, b) = (self.number(&it.left, depth)?, self.number(&it.right, depth)?);
                match it.op {
                    BinOp::Add(_) => a.checked_add(b),
                    BinOp::Sub(_) => a.checked_sub(b),
                    BinOp::Mul(_) => a.checked_mul(b),
                    BinOp::Div(_) => a.checked_div(b),
                    BinOp::BitOr(_) => Some(a | b),
                    BinOp::Shl(_) => u32::try_from(b).ok().and_then(|b| a.checked_shl(b)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// What a name of the libraries means, wherever it comes from, if the program has no such name.
fn distinctive(segments: &[String]) -> Option<String> {
    let name = segments.first()?;
    names::is_distinctive(name).then(|| format!("cudarc::{}", segments.join("::")))
}

fn is_mut_pointer(it: &syn::TypePtr) -> bool {
    matches!(it.mutability, syn::PointerMutability::Mut(_))
}
