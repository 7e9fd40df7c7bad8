//! Types as far as the lowering asks for them, and what they are in the IR.
//!
//! Types are inferred locally, from constructors, annotations and signatures; what is not known is
//! [`Ty::Unknown`], and nothing is guessed. Wrappers that change nothing about what a value is (`Option`,
//! `Result`, `Mutex`, and `Arc` around a handle) are seen through: a `Result<CudaSlice<f32>, _>` is a
//! `CudaSlice<f32>` of which one does not know whether it is there.

use std::rc::Rc;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// Nothing is known.
    Unknown,
    /// `()`.
    Unit,
    /// The type of what does not return.
    Never,
    /// Integers, Booleans and characters, by their bytes.
    Int(u8),
    /// Floating point, by its bytes.
    Float(u8),
    /// `CUresult`, `cudaError_t`.
    Status,
    /// `str`, behind a reference.
    Str,
    /// `&T`, `&mut T`, `*const T`, `*mut T`, and `Arc<T>` and `Rc<T>` of what is no handle.
    Ref {
        /// What it points to.
        to: Box<Ty>,
        /// True if one may write through it.
        mutable: bool,
    },
    /// `[T]`, behind a reference: the address is that of the first element.
    Slice(Box<Ty>),
    /// `[T; N]`.
    Array(Box<Ty>, Option<u64>),
    /// `(A, B)`.
    Tuple(Vec<Ty>),
    /// `Box<T>`.
    Boxed(Box<Ty>),
    /// `Vec<T>`; a `String` is one of bytes.
    Vec(Box<Ty>),
    /// An iterator over memory, by the type of its items; its value is the address of the first.
    Iter(Box<Ty>),
    /// A struct of the file, a handle of a library, or a type that is only known by its name.
    Named(Rc<str>, Vec<Ty>),
    /// A closure or an `async` block, by its number in the function.
    Closure(usize),
    /// A function by its name.
    Function,
    /// Arguments of a launch that are being gathered, by their number in the function.
    Launch(usize),
    /// A type parameter.
    Param(Rc<str>),
}

impl Ty {
    /// A shared reference.
    pub fn shared(self) -> Self {
        Self::Ref { to: Box::new(self), mutable: false }
    }

    /// A reference.
    pub fn reference(self, mutable: bool) -> Self {
        Self::Ref { to: Box::new(self), mutable }
    }

    /// True if nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown | Self::Param(_))
    }

    /// What is left without references around it.
    pub fn peeled(&self) -> &Self {
        match self {
            Self::Ref { to, .. } => to.peeled(),
            other => other,
        }
    }

    /// The elements of what holds elements.
    pub fn element(&self) -> Option<&Self> {
        match self {
            Self::Slice(it) | Self::Array(it, _) | Self::Vec(it) => Some(it),
            _ => None,
        }
    }

    /// Replaces type parameters.
    pub fn with(&self, bound: &[(Rc<str>, Ty)]) -> Self {
        let boxed = |it: &Self| Box::new(it.with(bound));
        match self {
            Self::Param(name) => {
                let known = bound.iter().find(|(other, _)| other == name);
                known.map_or(Self::Unknown, |(_, ty)| ty.clone())
            }
            Self::Ref { to, mutable } => Self::Ref { to: boxed(to), mutable: *mutable },
            Self::Slice(it) => Self::Slice(boxed(it)),
            Self::Array(it, n) => Self::Array(boxed(it), *n),
            Self::Tuple(parts) => Self::Tuple(parts.iter().map(|it| it.with(bound)).collect()),
            Self::Boxed(it) => Self::Boxed(boxed(it)),
            Self::Vec(it) => Self::Vec(boxed(it)),
            Self::Iter(it) => Self::Iter(boxed(it)),
            Self::Named(name, args) => {
                Self::Named(name.clone(), args.iter().map(|it| it.with(bound)).collect())
            }
            other => other.clone(),
        }
    }

    /// Finds out type parameters of `self` from an argument of type `given`.
    pub fn bind(&self, given: &Self, bound: &mut Vec<(Rc<str>, Ty)>) {
        match (self, given) {
            (_, Self::Unknown) => {}
            (Self::Param(name), _) if bound.iter().any(|(other, _)| other == name) => {}
            (Self::Param(name), given) => bound.push((name.clone(), given.clone())),
            (Self::Ref { to, .. }, Self::Ref { to: given, .. }) => to.bind(given, bound),
            (Self::Ref { to, .. }, given) => to.bind(given, bound),
            (wanted, Self::Ref { to, .. }) => wanted.bind(to, bound),
            // Whatever holds elements, and handles of elements, serve as a slice of them.
            (Self::Slice(it), given) if given.element().is_some() => {
                if let Some(given) = given.element() {
                    it.bind(given, bound);
                }
            }
            (Self::Slice(it), Self::Named(_, args)) => {
                if let Some(given) = args.first() {
                    it.bind(given, bound);
                }
            }
            (Self::Vec(it), Self::Vec(given)) | (Self::Boxed(it), Self::Boxed(given)) => {
                it.bind(given, bound)
            }
            (Self::Named(name, args), Self::Named(other, given)) if name == other => {
                for (arg, given) in args.iter().zip(given) {
                    arg.bind(given, bound);
                }
            }
            (Self::Tuple(parts), Self::Tuple(given)) => {
                for (part, given) in parts.iter().zip(given) {
                    part.bind(given, bound);
                }
            }
            _ => {}
        }
    }
}

/// The types that have a name of their own.
pub fn primitive(name: &str) -> Option<Ty> {
    Some(match name {
        "u8" | "i8" | "bool" | "c_char" | "c_uchar" => Ty::Int(1),
        "u16" | "i16" => Ty::Int(2),
        "u32" | "i32" | "char" | "c_int" | "c_uint" => Ty::Int(4),
        "u64" | "i64" | "usize" | "isize" | "c_long" | "c_ulong" | "c_ulonglong" | "c_longlong"
        | "size_t" => Ty::Int(8),
        "u128" | "i128" => Ty::Int(16),
        "f16" | "bf16" => Ty::Float(2),
        "f32" => Ty::Float(4),
        "f64" => Ty::Float(8),
        "str" => Ty::Str,
        "CUresult" | "cudaError_t" | "cudaError" => Ty::Status,
        _ => return None,
    })
}
