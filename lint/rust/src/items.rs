//! What a file and the stubs of the libraries define: types, functions, methods, constants.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use syn::{Attribute, Block, Expr, Fields, GenericParam, ImplItem, Item, Signature, TraitItem, Type};

pub use super::definition::{FnDef, HandleKind, TraitDef, TypeDef};
use super::item_macros::{self, Known};
use super::libraries::Versions;
use super::macro_rules::MacroRules;
use super::names::{self, Imports};
use super::ty::Ty;

/// Everything that is defined: by a file, or by the crate that it belongs to and the stubs of the libraries.
#[derive(Default)]
pub struct Definitions {
    /// What the crate and the stubs define, if these are those of a file.
    base: Option<Rc<Self>>,
    /// All of the crate is here.
    is_whole: bool,
    /// Types by what they are known by.
    pub(super) types: FxHashMap<Rc<str>, TypeDef>,
    /// What types of a name are known by; `None` if there are several.
    pub(super) type_names: FxHashMap<String, Option<Rc<str>>>,
    /// The functions that are not those of `base`.
    functions: Vec<FnDef>,
    /// Functions by path.
    pub(super) paths: FxHashMap<String, usize>,
    /// Methods by type and name.
    methods: FxHashMap<(Rc<str>, String), usize>,
    /// The names of methods, and functions with an owner.
    method_names: FxHashSet<String>,
    /// Library methods by name, where only one type has it.
    distinctive: FxHashMap<String, Option<usize>>,
    /// Library functions whose result is a stream of which the caller is the one owner.
    owned_streams: FxHashSet<String>,
    /// Constants by name; `None` if several files have one.
    constants: FxHashMap<String, Option<Rc<Expr>>>,
    /// Variables with static storage by name: their types.
    statics: FxHashMap<String, Type>,
    /// Traits by path.
    pub(super) traits: FxHashMap<Rc<str>, TraitDef>,
    /// What trait a type implements, by what the type is known by.
    pub(super) implemented: FxHashMap<Rc<str>, Vec<Rc<str>>>,
    /// Macros by name.
    macros: item_macros::Table,
    /// Other crates of the project by the names that the crate has for them.
    pub(super) crates: FxHashMap<String, String>,
    /// What modules of other files hand on by `use`, by their paths.
    pub(super) exports: FxHashMap<String, Rc<Imports>>,
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
    /// The definitions of a file, on top of those of its crate.
    pub fn on(base: Rc<Self>) -> Self {
        Self { base: Some(base), ..Self::default() }
    }

    /// Takes in items. `library` says that they are a stub of these versions.
    pub fn collect(
        &mut self,
        items: &[Item],
        module: &[String],
        imports: &Rc<Imports>,
        library: Option<&Versions>,
    ) {
        // Types come first, since the types of functions name them.
        self.collect_types(items, module, imports, library);
        if library.is_none() {
            self.declare_traits(items, module);
        }
        self.collect_functions(items, module, imports, library);
    }

    /// Says that all of the crate has been taken in.
    pub fn complete(&mut self) {
        self.is_whole = true;
    }

    pub(super) fn is_whole(&self) -> bool {
        self.is_whole || self.base().is_some_and(Self::is_whole)
    }

    fn offset(&self) -> usize {
        self.base.as_ref().map_or(0, |base| base.functions.len())
    }

    pub(super) fn base(&self) -> Option<&Self> {
        self.base.as_deref()
    }

    /// The functions of the file itself.
    pub fn own(&self) -> std::ops::Range<usize> {
        let offset = self.offset();
        offset..offset + self.functions.len()
    }

    /// A function by its number.
    pub fn at(&self, index: usize) -> &FnDef {
        match (&self.base, index.checked_sub(self.offset())) {
            (Some(base), None) => &base.functions[index],
            (_, Some(own)) => &self.functions[own],
            (None, None) => &self.functions[index],
        }
    }

    /// A type by what it is known by.
    pub fn type_def(&self, key: &str) -> Option<&TypeDef> {
        self.types.get(key).or_else(|| self.base()?.type_def(key))
    }

    /// A method of a type.
    pub fn method(&self, key: &Rc<str>, name: &str) -> Option<usize> {
        let known = self.methods.get(&(key.clone(), name.to_owned())).copied();
        known.or_else(|| self.base()?.method(key, name))
    }

    /// True if any type has a method of that name.
    pub fn knows_method(&self, name: &str) -> bool {
        self.method_names.contains(name) || self.base().is_some_and(|base| base.knows_method(name))
    }

    /// The library method of that name, if one library type only has it.
    pub fn distinctive(&self, name: &str) -> Option<usize> {
        self.distinctive.get(name).copied().flatten().or_else(|| self.base()?.distinctive(name))
    }

    /// True if a library type has a method of that name.
    pub fn is_of_library(&self, name: &str) -> bool {
        self.distinctive.contains_key(name) || self.base().is_some_and(|base| base.is_of_library(name))
    }

    /// True for library methods that make a stream.
    pub fn makes_stream(&self, name: &str) -> bool {
        self.owned_streams.contains(name) || self.base().is_some_and(|base| base.makes_stream(name))
    }

    /// A constant of the file.
    pub fn constant(&self, name: &str) -> Option<&Rc<Expr>> {
        self.constants.get(name)?.as_ref()
    }

    /// True if the file has constants of that name.
    pub fn has_constants(&self, name: &str) -> bool {
        self.constants.contains_key(name)
    }

    /// True if a constant has that name.
    pub fn is_constant(&self, name: &str) -> bool {
        self.constants.contains_key(name) || self.base().is_some_and(|base| base.is_constant(name))
    }

    /// The type of a variable with static storage of the file.
    pub fn static_type(&self, name: &str) -> Option<&Type> {
        self.statics.get(name)
    }

    /// True if a variable with static storage has that name.
    pub fn is_static(&self, name: &str) -> bool {
        self.statics.contains_key(name) || self.base().is_some_and(|base| base.is_static(name))
    }

    /// A file's module hands on what it imports.
    pub fn export(&mut self, module: &[String], imports: &Rc<Imports>) {
        self.exports.insert(module.join("::"), imports.clone());
    }

    /// Takes in the types of items.
    pub fn collect_types(
        &mut self,
        items: &[Item],
        module: &[String],
        imports: &Rc<Imports>,
        library: Option<&Versions>,
    ) {
        for item in items {
            match item {
                Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        self.collect_types(items, &inner(module, &it.ident.to_string()), imports, library);
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
                    let mut def = type_def(&it.ident, module, imports);
                    def.generics = type_params(&it.generics);
                    def.fields = Some(fields);
                    self.add_type(def);
                }
                Item::Enum(it) => {
                    let mut def = type_def(&it.ident, module, imports);
                    def.generics = type_params(&it.generics);
                    self.add_type(def);
                }
                Item::Type(it) => {
                    let mut def = type_def(&it.ident, module, imports);
                    def.generics = type_params(&it.generics);
                    def.alias = Some((*it.ty).clone());
                    self.add_type(def);
                }
                // In stubs, a trait is a type with its methods.
                Item::Trait(it) if library.is_some() => {
                    let mut def = type_def(&it.ident, module, imports);
                    def.generics = type_params(&it.generics);
                    def.handle = handle_kind(&it.attrs);
                    def.has_drop = it
                        .items
                        .iter()
                        .any(|item| matches!(item, TraitItem::Fn(it) if it.sig.ident == "drop"));
                    self.add_type(def);
                }
                Item::Const(it) => {
                    self.add_constant(&it.ident, &it.expr);
                }
                Item::Macro(_) => {
                    let krate = module.first().map_or("", String::as_str);
                    if let Some((name, rules)) = MacroRules::of(item, krate) {
                        self.macros.add(name, rules);
                    }
                }
                Item::Static(it) => {
                    self.statics.insert(it.ident.to_string(), (*it.ty).clone());
                }
                _ => {}
            }
        }
    }

    fn add_type(&mut self, def: TypeDef) {
        let name = last_of(&def.key).to_owned();
        let key = def.key.clone();
        self.type_names
            .entry(name)
            .and_modify(|known| {
                if known.as_ref() != Some(&key) {
                    *known = None;
                }
            })
            .or_insert(Some(key.clone()));
        self.types.insert(key, def);
    }

    /// The macro of a name, as a crate has it.
    pub fn macro_rules(&self, name: &str, krate: &str) -> Known {
        match self.macros.get(name, krate) {
            Some(known) => known,
            None => self.base()?.macro_rules(name, krate),
        }
    }

    fn add_constant(&mut self, name: &syn::Ident, value: &Expr) {
        let value = Rc::new(value.clone());
        self.constants.entry(name.to_string()).and_modify(|known| *known = None).or_insert(Some(value));
    }

    /// Takes in the functions of items.
    pub fn collect_functions(
        &mut self,
        items: &[Item],
        module: &[String],
        imports: &Rc<Imports>,
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
                    self.add(Added {
                        signature: &it.sig,
                        body,
                        self_ty: None,
                        outer: None,
                        module,
                        imports,
                        library: kind,
                    });
                }
                Item::Trait(it) if library.is_some() => {
                    let key = format!("{}::{}", module.join("::"), it.ident);
                    let args = type_params(&it.generics).into_iter().map(Ty::Param).collect();
                    let self_ty = Ty::Named(key.into(), args);
                    let outer = Some(&it.generics);
                    for item in &it.items {
                        if let TraitItem::Fn(it) = item
                            && library.is_some_and(|versions| versions.have(&it.attrs))
                        {
                            let body = it.default.clone().map(Rc::new);
                            let kind = (true, it.attrs.as_slice());
                            let self_ty = Some(self_ty.clone());
                            let signature = &it.sig;
                            self.add(Added {
                                signature,
                                body,
                                self_ty,
                                outer,
                                module,
                                imports,
                                library: kind,
                            });
                        }
                    }
                }
                Item::Trait(it) => self.collect_trait(it, module, imports),
                Item::Impl(it) => self.collect_impl(it, module, imports, library),
                _ => {}
            }
        }
    }

    /// Takes in the names of traits, so that implementations anywhere find them.
    pub fn declare_traits(&mut self, items: &[Item], module: &[String]) {
        for item in items {
            match item {
                Item::Mod(it) => {
                    if let Some((_, items)) = &it.content {
                        self.declare_traits(items, &inner(module, &it.ident.to_string()));
                    }
                }
                Item::Trait(it) => {
                    let key = format!("{}::{}", module.join("::"), it.ident);
                    self.traits.entry(key.into()).or_default();
                }
                _ => {}
            }
        }
    }

    fn collect_trait(&mut self, it: &syn::ItemTrait, module: &[String], imports: &Rc<Imports>) {
        let key: Rc<str> = format!("{}::{}", module.join("::"), it.ident).into();
        self.traits.entry(key.clone()).or_default();
        for item in &it.items {
            let TraitItem::Fn(method) = item else { continue };
            let Some(body) = &method.default else { continue };
            let index = self.add(Added {
                signature: &method.sig,
                body: Some(Rc::new(body.clone())),
                self_ty: Some(Ty::Named(key.clone(), Vec::new())),
                outer: Some(&it.generics),
                module,
                imports,
                library: (false, &[]),
            });
            if let Some(known) = self.traits.get_mut(&key) {
                known.defaults.insert(method.sig.ident.to_string(), index);
            }
        }
    }

    fn collect_impl(
        &mut self,
        it: &syn::ItemImpl,
        module: &[String],
        imports: &Rc<Imports>,
        library: Option<&Versions>,
    ) {
        let generics = type_params(&it.generics);
        let scope = Scope { imports, module, self_ty: None, generics: &generics };
        let self_ty = self.ty(&it.self_ty, scope);
        let implemented = it.trait_.as_ref().map(|(path, _)| names::segments(path));
        for item in &it.items {
            if let ImplItem::Fn(method) = item {
                if library.is_some_and(|versions| !versions.have(&method.attrs)) {
                    continue;
                }
                let empty = method.block.stmts.is_empty() && library.is_some();
                let attributes: &[Attribute] = if library.is_some() { &method.attrs } else { &[] };
                self.add(Added {
                    signature: &method.sig,
                    body: (!empty).then(|| Rc::new(method.block.clone())),
                    self_ty: Some(self_ty.clone()),
                    outer: Some(&it.generics),
                    module,
                    imports,
                    library: (library.is_some(), attributes),
                });
            }
            if let ImplItem::Const(it) = item {
                self.add_constant(&it.ident, &it.expr);
            }
        }
        let Some(implemented) = implemented else { return };
        let key = match &self_ty {
            Ty::Named(key, _) => Some(key.clone()),
            _ => None,
        };
        if implemented.last().is_some_and(|it| it == "Drop")
            && let Some(def) = key.as_ref().and_then(|key| self.types.get_mut(key))
        {
            def.has_drop = true;
        }
        if library.is_some() {
            return;
        }
        let Some(of) = self.trait_of(&implemented, scope) else { return };
        // A trait of another file of the crate is the index's business, which has seen all of them.
        if let Some(known) = self.traits.get_mut(&of) {
            known.implementors.push(key.clone());
        }
        if let Some(key) = key {
            self.implemented.entry(key).or_default().push(of);
        }
    }

    fn add(&mut self, it: Added<'_>) -> usize {
        let name = it.signature.ident.to_string();
        let owner = match &it.self_ty {
            Some(Ty::Named(key, _)) => Some(key.clone()),
            _ => None,
        };
        let owner_name = owner.as_ref().map(|key| last_of(key).to_owned());
        let mut path = it.module.to_vec();
        path.extend(owner_name.clone());
        path.push(name.clone());
        let path = path.join("::");
        let shown = match &owner_name {
            Some(owner) => format!("{owner}::{name}"),
            None => name.clone(),
        };
        let mut generics = it.outer.map(type_params).unwrap_or_default();
        generics.extend(type_params(&it.signature.generics));
        let mut bounds = it.outer.map(bounds_of).unwrap_or_default();
        bounds.extend(bounds_of(&it.signature.generics));
        let (library, attributes) = it.library;
        let index = self.offset() + self.functions.len();
        if let Some(owner) = &owner {
            self.methods.entry((owner.clone(), name.clone())).or_insert(index);
            self.method_names.insert(name.clone());
            if library {
                if attributes.iter().any(|it| it.path().is_ident("owned")) {
                    self.owned_streams.insert(name.clone());
                }
                self.distinctive.entry(name).and_modify(|known| *known = None).or_insert(Some(index));
            }
        }
        self.paths.insert(path.clone(), index);
        self.functions.push(FnDef {
            path,
            shown,
            owner,
            generics,
            self_ty: it.self_ty,
            signature: Rc::new(it.signature.clone()),
            body: it.body,
            attributes: attributes.into(),
            library,
            module: it.module.into(),
            imports: it.imports.clone(),
            bounds: bounds.into(),
        });
        index
    }
}

/// A function that is taken in.
struct Added<'a> {
    signature: &'a Signature,
    body: Option<Rc<Block>>,
    self_ty: Option<Ty>,
    outer: Option<&'a syn::Generics>,
    module: &'a [String],
    imports: &'a Rc<Imports>,
    library: (bool, &'a [Attribute]),
}

fn type_def(ident: &syn::Ident, module: &[String], imports: &Rc<Imports>) -> TypeDef {
    TypeDef {
        key: format!("{}::{ident}", module.join("::")).into(),
        handle: None,
        has_drop: false,
        generics: Vec::new(),
        fields: None,
        alias: None,
        module: module.into(),
        imports: imports.clone(),
    }
}

/// The last part of a path.
pub fn last_of(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// What is said of type parameters, in their list and behind `where`.
fn bounds_of(generics: &syn::Generics) -> Vec<(Rc<str>, Vec<String>)> {
    let mut found = Vec::new();
    let mut add = |name: &str, bounds: &syn::punctuated::Punctuated<syn::TypeParamBound, syn::Token![+]>| {
        for bound in bounds {
            if let syn::TypeParamBound::Trait(it) = bound {
                found.push((name.into(), names::segments(&it.path)));
            }
        }
    };
    for param in &generics.params {
        if let GenericParam::Type(it) = param {
            add(&it.ident.to_string(), &it.bounds);
        }
    }
    for predicate in generics.where_clause.iter().flat_map(|it| &it.predicates) {
        if let syn::WherePredicate::Type(it) = predicate
            && let Type::Path(path) = &it.bounded_ty
            && let Some(name) = path.path.get_ident()
        {
            add(&name.to_string(), &it.bounds);
        }
    }
    found
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
