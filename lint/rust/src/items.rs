//! What a file and the stubs of the libraries define: types, functions, methods, constants.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use syn::{
    Attribute, Block, Expr, Fields, GenericArgument, GenericParam, ImplItem, Item, PathArguments, Signature,
    TraitItem, Type,
};

use super::libraries::Versions;
use super::names::{self, Imports};
use super::ty::{Ty, primitive};

/// What a handle of a library is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleKind {
    /// A stream.
    Stream,
    /// An event.
    Event,
    /// A graph, a module, a context.
    Other,
    /// Device memory, by its address.
    Device,
    /// Page-locked host memory, by its address.
    Pinned,
    /// Managed memory, by its address.
    Managed,
    /// An address that bindings hand out: of device memory, or of managed memory, which the host may use.
    Address,
}

/// A type.
#[derive(Clone)]
pub struct TypeDef {
    /// What the type is known by: its path in a stub, its name in a file.
    pub key: Rc<str>,
    /// For handles: of what.
    pub handle: Option<HandleKind>,
    /// True if its drop does something: `key::drop` is a function or a row.
    pub has_drop: bool,
    /// Its type parameters.
    pub generics: Vec<Rc<str>>,
    /// The fields of a struct.
    pub fields: Option<Vec<(String, Type)>>,
    /// For an alias: what it stands for.
    pub alias: Option<Type>,
    /// Its module.
    pub module: Rc<[String]>,
}

/// A function or method.
#[derive(Clone)]
pub struct FnDef {
    /// Its path: `crate::module::Type::name`, `cudarc::CudaStream::alloc`.
    pub path: String,
    /// Its name for people.
    pub shown: String,
    /// The type that it is a method of.
    pub owner: Option<Rc<str>>,
    /// Type parameters, its owner's included.
    pub generics: Vec<Rc<str>>,
    /// The owner with its parameters.
    pub self_ty: Option<Ty>,
    /// Its signature.
    pub signature: Rc<Signature>,
    /// Its body.
    pub body: Option<Rc<Block>>,
    /// Its attributes, for stubs.
    pub attributes: Rc<[Attribute]>,
    /// True for functions of stubs.
    pub library: bool,
    /// The module that it stands in.
    pub module: Rc<[String]>,
}

/// Everything that is defined.
#[derive(Default)]
pub struct Definitions {
    /// Types by what they are known by.
    pub types: FxHashMap<Rc<str>, TypeDef>,
    /// All functions.
    pub functions: Vec<FnDef>,
    /// Functions by path.
    pub paths: FxHashMap<String, usize>,
    /// Methods by type and name.
    pub methods: FxHashMap<(Rc<str>, String), usize>,
    /// Library methods by name, where only one type has it.
    pub distinctive: FxHashMap<String, Option<usize>>,
    /// Constants by name.
    pub constants: FxHashMap<String, (Rc<Expr>, Rc<[String]>)>,
    /// Variables with static storage by name: their types.
    pub statics: FxHashMap<String, Type>,
}

/// Where a type or path is written.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// What names mean.
    pub imports: &'a Imports,
    /// The module.
    pub module: &'a [String],
    /// `Self`.
    pub self_ty: Option<&'a Ty>,
    /// The type parameters in view.
    pub generics: &'a [Rc<str>],
}

impl Definitions {
    /// Takes in items. `library` says that they are a stub of these versions.
    pub fn collect(
        &mut self,
        items: &[Item],
        module: &[String],
        imports: &Imports,
        library: Option<&Versions>,
    ) {
        // Types come first, since the types of functions name them.
        self.collect_types(items, module, library);
        self.collect_functions(items, module, imports, library);
    }

    fn collect_types(&mut self, items: &[Item], module: &[String], library: Option<&Versions>) {
        for item in items {
            match item {
                Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        self.collect_types(items, &inner(module, &it.ident.to_string()), library);
                    }
                }
                Item::Struct(it) => {
                    let fields = match &it.fields {
                        Fields::Named(fields) => fields
                            .named
                            .iter()
                            .filter_map(|field| Some((field.ident.as_ref()?.to_string(), field.ty.clone())))
                            .collect(),
                        Fields::Unnamed(fields) => fields
                            .unnamed
                            .iter()
                            .enumerate()
                            .map(|(index, field)| (index.to_string(), field.ty.clone()))
                            .collect(),
                        Fields::Unit => Vec::new(),
                    };
                    let mut def = self.type_def(&it.ident, module, library);
                    def.generics = type_params(&it.generics);
                    def.fields = Some(fields);
                    self.types.insert(def.key.clone(), def);
                }
                Item::Enum(it) => {
                    let mut def = self.type_def(&it.ident, module, library);
                    def.generics = type_params(&it.generics);
                    self.types.insert(def.key.clone(), def);
                }
                Item::Type(it) => {
                    let mut def = self.type_def(&it.ident, module, library);
                    def.generics = type_params(&it.generics);
                    def.alias = Some((*it.ty).clone());
                    self.types.insert(def.key.clone(), def);
                }
                // In stubs, a trait is a type with its methods.
                Item::Trait(it) if library.is_some() => {
                    let mut def = self.type_def(&it.ident, module, library);
                    def.generics = type_params(&it.generics);
                    def.handle = handle_kind(&it.attrs);
                    def.has_drop = it
                        .items
                        .iter()
                        .any(|item| matches!(item, TraitItem::Fn(it) if it.sig.ident == "drop"));
                    self.types.insert(def.key.clone(), def);
                }
                Item::Const(it) => {
                    let value = (Rc::new((*it.expr).clone()), module.into());
                    self.constants.insert(it.ident.to_string(), value);
                }
                Item::Static(it) => {
                    self.statics.insert(it.ident.to_string(), (*it.ty).clone());
                }
                _ => {}
            }
        }
    }

    fn type_def(&self, ident: &syn::Ident, module: &[String], library: Option<&Versions>) -> TypeDef {
        let name = ident.to_string();
        let key = if library.is_some() { format!("{}::{name}", module.join("::")) } else { name };
        TypeDef {
            key: key.into(),
            handle: None,
            has_drop: false,
            generics: Vec::new(),
            fields: None,
            alias: None,
            module: module.into(),
        }
    }

    fn collect_functions(
        &mut self,
        items: &[Item],
        module: &[String],
        imports: &Imports,
        library: Option<&Versions>,
    ) {
        for item in items {
            match item {
                Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        let module = inner(module, &it.ident.to_string());
                        self.collect_functions(items, &module, imports, library);
                    }
                }
                Item::Fn(it) => {
                    if library.is_some_and(|versions| !versions.have(&it.attrs)) {
                        continue;
                    }
                    let empty = it.block.stmts.is_empty() && library.is_some();
                    let body = (!empty).then(|| Rc::new((*it.block).clone()));
                    let kind = (library.is_some(), it.attrs.as_slice());
                    self.add(&it.sig, body, None, &[], module, kind);
                }
                Item::Trait(it) if library.is_some() => {
                    let key = format!("{}::{}", module.join("::"), it.ident);
                    let generics = type_params(&it.generics);
                    let args = generics.iter().cloned().map(Ty::Param).collect();
                    let self_ty = Ty::Named(key.into(), args);
                    for item in &it.items {
                        if let TraitItem::Fn(it) = item
                            && library.is_some_and(|versions| versions.have(&it.attrs))
                        {
                            let body = it.default.clone().map(Rc::new);
                            let kind = (true, it.attrs.as_slice());
                            self.add(&it.sig, body, Some(self_ty.clone()), &generics, module, kind);
                        }
                    }
                }
                Item::Trait(it) => {
                    for item in &it.items {
                        if let TraitItem::Fn(method) = item
                            && let Some(body) = &method.default
                        {
                            let owner = Ty::Named(it.ident.to_string().into(), Vec::new());
                            let body = Some(Rc::new(body.clone()));
                            self.add(&method.sig, body, Some(owner), &[], module, (false, &[]));
                        }
                    }
                }
                Item::Impl(it) => {
                    let generics = type_params(&it.generics);
                    let scope = Scope { imports, module, self_ty: None, generics: &generics };
                    let self_ty = self.ty(&it.self_ty, scope);
                    let is_drop = it
                        .trait_
                        .as_ref()
                        .is_some_and(|(path, _)| names::segments(path).last().is_some_and(|it| it == "Drop"));
                    for item in &it.items {
                        if let ImplItem::Fn(method) = item {
                            let body = Some(Rc::new(method.block.clone()));
                            self.add(
                                &method.sig,
                                body,
                                Some(self_ty.clone()),
                                &generics,
                                module,
                                (library.is_some(), &[]),
                            );
                        }
                        if let ImplItem::Const(it) = item {
                            let value = (Rc::new(it.expr.clone()), module.into());
                            self.constants.insert(it.ident.to_string(), value);
                        }
                    }
                    if is_drop
                        && let Ty::Named(key, _) = &self_ty
                        && let Some(def) = self.types.get_mut(key)
                    {
                        def.has_drop = true;
                    }
                }
                _ => {}
            }
        }
    }

    fn add(
        &mut self,
        signature: &Signature,
        body: Option<Rc<Block>>,
        self_ty: Option<Ty>,
        outer: &[Rc<str>],
        module: &[String],
        (library, attributes): (bool, &[Attribute]),
    ) {
        let name = signature.ident.to_string();
        let owner = match &self_ty {
            Some(Ty::Named(key, _)) => Some(key.clone()),
            _ => None,
        };
        let owner_name = owner.as_ref().map(|key| key.rsplit("::").next().unwrap_or(key).to_owned());
        let mut path = module.to_vec();
        path.extend(owner_name.clone());
        path.push(name.clone());
        let path = path.join("::");
        let shown = match &owner_name {
            Some(owner) => format!("{owner}::{name}"),
            None => name.clone(),
        };
        let mut generics = outer.to_vec();
        generics.extend(type_params(&signature.generics));
        let index = self.functions.len();
        if let Some(owner) = &owner {
            self.methods.entry((owner.clone(), name.clone())).or_insert(index);
            if library {
                self.distinctive.entry(name).and_modify(|known| *known = None).or_insert(Some(index));
            }
        }
        self.paths.insert(path.clone(), index);
        self.functions.push(FnDef {
            path,
            shown,
            owner,
            generics,
            self_ty,
            signature: Rc::new(signature.clone()),
            body,
            attributes: attributes.into(),
            library,
            module: module.into(),
        });
    }

    /// A function by the path that the source names it by.
    pub fn function(&self, segments: &[String], scope: Scope<'_>) -> Option<usize> {
        self.candidates(segments, scope).iter().find_map(|path| self.paths.get(path)).copied()
    }

    /// The paths that a name may have, best first.
    fn candidates(&self, segments: &[String], scope: Scope<'_>) -> Vec<String> {
        let mut candidates = Vec::new();
        let segments: Vec<String> = match (segments.first().map(String::as_str), scope.self_ty) {
            (Some("Self"), Some(Ty::Named(key, _))) => {
                let key = key.rsplit("::").next().unwrap_or(key).to_owned();
                std::iter::once(key).chain(segments[1..].iter().cloned()).collect()
            }
            _ => segments.to_vec(),
        };
        let whole = scope.imports.resolve(&segments, scope.module);
        candidates.extend(names::library_path(&whole));
        candidates.push(whole.join("::"));
        let mut local = scope.module.to_vec();
        local.extend(segments.iter().cloned());
        candidates.push(local.join("::"));
        for glob in scope.imports.globs(&segments) {
            candidates.extend(names::library_path(&glob));
            candidates.push(glob.join("::"));
        }
        if segments.first().is_some_and(|name| names::is_distinctive(name)) {
            candidates.push(format!("cudarc::{}", segments.join("::")));
        }
        candidates
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
            Type::Path(it) => self.path_ty(&it.path, scope),
            _ => Ty::Unknown,
        }
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
        for candidate in self.candidates(segments, scope) {
            if let Some(def) = self.types.get(candidate.as_str()) {
                return Some(def);
            }
        }
        // Types of the file are known by their names; one that another file or crate defines has been imported.
        let name = segments.last()?;
        let whole = scope.imports.resolve(segments, scope.module);
        let here = scope.module.first().is_some_and(|it| whole.first() == Some(it)) || whole.len() == 1;
        self.types.get(name.as_str()).filter(|_| here)
    }

    fn named(&self, def: &TypeDef, mut args: Vec<Ty>, scope: Scope<'_>) -> Ty {
        if let Some(alias) = &def.alias {
            let inner = Scope { generics: &def.generics, module: &def.module, ..scope };
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
            "Option" | "Result" | "Mutex" | "RwLock" | "RefCell" | "Cell" | "ManuallyDrop"
            | "MaybeUninit" | "Cow" | "OnceCell" | "OnceLock" | "Pin" | "MutexGuard" | "LazyLock"
            | "UnsafeCell" | "Wrapping" | "NonZero" => inner(),
            "Arc" | "Rc" => match inner() {
                ty if self.is_handle(&ty) => ty,
                Ty::Unknown => Ty::Unknown,
                ty => ty.shared(),
            },
            "NonNull" => inner().reference(true),
            "Ref" => inner().shared(),
            "RefMut" | "RwLockWriteGuard" => inner().reference(true),
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

    /// What a handle is of.
    pub fn handle_of(&self, ty: &Ty) -> Option<HandleKind> {
        let Ty::Named(key, _) = ty else { return None };
        match &**key {
            "CUdeviceptr" => Some(HandleKind::Address),
            "CUstream" => Some(HandleKind::Stream),
            "CUevent" => Some(HandleKind::Event),
            key => self.types.get(key)?.handle,
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
                let (value, _) = self.constants.get(&it.path.segments.last()?.ident.to_string())?;
                self.number(value, depth - 1)
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

fn is_mut_pointer(it: &syn::TypePtr) -> bool {
    matches!(it.mutability, syn::PointerMutability::Mut(_))
}

fn inner(module: &[String], name: &str) -> Vec<String> {
    let mut inner = module.to_vec();
    inner.push(name.to_owned());
    inner
}

fn type_params(generics: &syn::Generics) -> Vec<Rc<str>> {
    generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(it) => Some(it.ident.to_string().into()),
            _ => None,
        })
        .collect()
}

fn handle_kind(attributes: &[Attribute]) -> Option<HandleKind> {
    let attribute = attributes.iter().find(|it| it.path().is_ident("handle"))?;
    let word: syn::Ident = attribute.parse_args().ok()?;
    Some(match word.to_string().as_str() {
        "stream" => HandleKind::Stream,
        "event" => HandleKind::Event,
        "device" => HandleKind::Device,
        "pinned" => HandleKind::Pinned,
        "managed" => HandleKind::Managed,
        _ => HandleKind::Other,
    })
}
