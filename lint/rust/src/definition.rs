//! Single definitions: a type, a function, a trait.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use syn::{Attribute, Block, Signature, Type};

use super::names::Imports;
use super::ty::Ty;

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
    /// What names mean there.
    pub imports: Rc<Imports>,
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
    /// What names mean there.
    pub imports: Rc<Imports>,
    /// Traits that its type parameters implement, as they are written.
    pub bounds: Rc<[(Rc<str>, Vec<String>)]>,
}

/// A trait of the program.
#[derive(Clone, Default)]
pub struct TraitDef {
    /// Its methods that have a body, by name.
    pub defaults: FxHashMap<String, usize>,
    /// The types that implement it, by what they are known by; `None` for one that is no type of its own.
    pub implementors: Vec<Option<Rc<str>>>,
}
