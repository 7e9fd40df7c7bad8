//! From a file to a program.

use std::rc::Rc;

use cuda_lint_engine::Program;
use cuda_lint_engine::program::{Extern, ExternId, FunctionBuilder, FunctionId, Linkage, SiteId, Type};
use proc_macro2::Span;
use rustc_hash::FxHashMap;
use syn::Item;

use super::function::Body;
use super::index::{self, CrateIndex};
use super::item_macros;
use super::items::{Definitions, FnDef, Scope};
use super::libraries::Versions;
use super::names::Imports;
use super::sites::Sites;
use super::ty::Ty;

/// What is known of a file beside its text.
#[derive(Clone, Debug, Default)]
pub struct FileContext {
    /// The path of its module: `my_crate::net::upload`.
    pub module: Vec<String>,
    /// The versions of the libraries.
    pub versions: Versions,
    /// What the other files of its crate define, if that is known.
    pub index: Option<CrateIndex>,
}

/// A lowered file.
#[derive(Debug, Default)]
pub struct Lowered {
    /// What the analysis reads.
    pub program: Program,
    /// Where its sites are.
    pub spans: Vec<Span>,
}

/// The text is no Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, from 1; 0 if it is not known.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What syn says.
    pub message: String,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "it is not valid Rust: {}", self.message),
            line => write!(f, "it is not valid Rust: line {line}, column {}: {}", self.column, self.message),
        }
    }
}

impl std::error::Error for SyntaxError {}

/// Lowers the text of a file.
///
/// # Errors
/// If the text is no Rust.
pub fn lower_source(text: &str, context: &FileContext) -> Result<Lowered, SyntaxError> {
    match syn::parse_file(text) {
        Ok(file) => Ok(lower_file(&file.items, context)),
        Err(error) => Err(syntax_error(&error)),
    }
}

#[cfg(feature = "positions")]
fn syntax_error(error: &syn::Error) -> SyntaxError {
    let start = error.span().start();
    SyntaxError { line: start.line, column: start.column + 1, message: said(error) }
}

#[cfg(not(feature = "positions"))]
fn syntax_error(error: &syn::Error) -> SyntaxError {
    SyntaxError { line: 0, column: 0, message: said(error) }
}

/// What syn says, in words for people.
fn said(error: &syn::Error) -> String {
    match error.to_string().as_str() {
        "cannot parse string into token stream" => {
            "brackets do not match, or a literal or comment does not end".to_owned()
        }
        other => other.to_owned(),
    }
}

/// Lowers items: those of a file, or the one that an attribute stands on.
pub fn lower_file(items: &[Item], context: &FileContext) -> Lowered {
    let mut module = context.module.clone();
    if module.is_empty() {
        module.push("crate".to_owned());
    }
    let base = match &context.index {
        Some(index) => index.definitions(),
        None => index::stubs(&context.versions, &module[0]),
    };
    let mut macros = item_macros::Table::default();
    macros.collect(items, &module[0]);
    let elsewhere = |name: &str| match macros.get(name, &module[0]) {
        Some(known) => known,
        None => base.macro_rules(name, &module[0]),
    };
    let items = &item_macros::expanded(items, &module[0], &elsewhere);
    let mut imports = Imports::default();
    imports.collect(items, &module);
    let imports = Rc::new(imports);
    let mut definitions = Definitions::on(base);
    definitions.collect(items, &module, &imports, None);
    definitions.export(&module, &imports);
    // A file that belongs to no package is a crate of its own; of one item, nobody knows what stands beside it.
    if context.index.is_none() && !context.module.is_empty() {
        definitions.complete();
    }
    let mut file = Lowering {
        program: Program::default(),
        sites: Sites::default(),
        definitions: Rc::new(definitions),
        imports,
        versions: context.versions,
        externs: FxHashMap::default(),
        records: FxHashMap::default(),
        statics: FxHashMap::default(),
        detached: Vec::new(),
        ids: FxHashMap::default(),
    };
    file.run();
    Lowered { program: file.program, spans: file.sites.finish() }
}

/// What the lowering of one file keeps.
pub(crate) struct Lowering {
    pub program: Program,
    pub sites: Sites,
    pub definitions: Rc<Definitions>,
    pub imports: Rc<Imports>,
    pub versions: Versions,
    pub externs: FxHashMap<Extern, ExternId>,
    pub records: FxHashMap<String, cuda_lint_engine::program::RecordId>,
    pub statics: FxHashMap<String, cuda_lint_engine::program::GlobalId>,
    /// Bodies of closures that other threads run: roots of their own.
    pub detached: Vec<cuda_lint_engine::program::Function>,
    /// Functions of the program by their definitions.
    pub ids: FxHashMap<usize, FunctionId>,
}

impl Lowering {
    fn run(&mut self) {
        let definitions = self.definitions.clone();
        let own: Vec<usize> = definitions.own().collect();
        for (number, index) in own.iter().enumerate() {
            self.ids.insert(*index, FunctionId(number as u32));
        }
        let mut lowered = Vec::new();
        for index in own {
            lowered.push(self.function(definitions.at(index)));
        }
        self.program.functions = lowered;
        self.program.functions.append(&mut self.detached);
    }

    fn function(&mut self, def: &FnDef) -> cuda_lint_engine::program::Function {
        let site = self.sites.site(def.signature.ident.span());
        let builder = FunctionBuilder::new(def.shown.clone(), format!("rust:{}", def.path), site);
        let mut body = Body::new(self, builder, def);
        {
            let function = body.builder.function_mut();
            function.is_root = true;
            function.linkage = Linkage::External;
            function.space = cuda_lint_engine::program::Space::Host;
        }
        body.whole(def);
        body.finish()
    }

    /// A scope for the types of a function.
    pub fn scope<'a>(&'a self, def: &'a FnDef) -> Scope<'a> {
        Scope {
            imports: &def.imports,
            module: &def.module,
            self_ty: def.self_ty.as_ref(),
            generics: &def.generics,
        }
    }

    /// The type that a function belongs to: of the body that a trait gives a method, the one type that implements it.
    pub fn self_ty(&self, def: &FnDef) -> Option<Ty> {
        let scope = self.scope(def);
        let only = match &def.self_ty {
            Some(Ty::Named(key, _)) => self.definitions.implementor_of(key),
            _ => None,
        };
        only.or_else(|| scope.self_ty.cloned())
    }

    /// The types of a function's parameters and of its result.
    pub fn signature(&self, def: &FnDef) -> (Vec<Ty>, Ty) {
        let scope = self.scope(def);
        let self_ty = self.self_ty(def).unwrap_or(Ty::Unknown);
        let params = def
            .signature
            .inputs
            .iter()
            .map(|input| match input {
                syn::FnArg::Receiver(it) => match &it.kind {
                    syn::ReceiverKind::Reference(_, _, mutable) => {
                        self_ty.clone().reference(mutable.is_some())
                    }
                    syn::ReceiverKind::Typed(_, ty) => self.definitions.ty(ty, scope),
                    _ => self_ty.clone(),
                },
                syn::FnArg::Typed(it) => self.definitions.ty(&it.ty, scope),
            })
            .collect();
        let result = match &def.signature.output {
            syn::ReturnType::Default => Ty::Unit,
            syn::ReturnType::Type(_, ty) => self.definitions.ty(ty, scope),
        };
        (params, result)
    }

    /// A function without a body here.
    pub fn extern_id(&mut self, it: Extern) -> ExternId {
        if let Some(known) = self.externs.get(&it) {
            return *known;
        }
        let id = ExternId(self.program.externs.len() as u32);
        self.program.externs.push(it.clone());
        self.externs.insert(it, id);
        id
    }

    /// The IR's type of the status of a call.
    pub const STATUS: Type = Type { kind: cuda_lint_engine::program::TypeKind::Status, size: Some(4) };

    /// The site of what stands nowhere.
    pub fn site(&mut self, span: Span) -> SiteId {
        self.sites.site(span)
    }
}
