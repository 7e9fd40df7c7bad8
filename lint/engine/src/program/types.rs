//! Types, as far as the analysis asks for them: what a value can hold and how large it is.

/// A record of [`super::Program::records`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RecordId(pub u32);

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Type {
    /// What kind of type.
    pub kind: TypeKind,
    /// Bytes of one object; `None` if unknown (templates that are not instantiated).
    pub size: Option<u64>,
}

/// What kind of type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TypeKind {
    /// `void`.
    Void,
    /// Integers, enumerations, Booleans, characters.
    Int,
    /// `cudaError_t`, `CUresult` and the like: a status, 0 for success.
    Status,
    /// Floating point and other scalars that nothing is computed with.
    Scalar,
    /// A pointer or a reference. `const_pointee`: the pointee is `const`.
    Pointer {
        /// True for `const T *` and `const T &`.
        const_pointee: bool,
        /// True for `volatile T *` and pointers to atomics.
        volatile_pointee: bool,
        /// The pointee's class, if it is one that is known. Not given for fields.
        pointee: Option<RecordId>,
    },
    /// `CUdeviceptr`: device memory by type.
    DevicePointer,
    /// An address whose type says that it is of page-locked host memory: cudarc's `PinnedHostSlice`, cust's
    /// `LockedBuffer`.
    PinnedPointer,
    /// The same of managed memory: cudarc's `UnifiedSlice`, cust's `UnifiedBuffer`.
    ManagedPointer,
    /// `cudaStream_t`, `CUstream`.
    Stream,
    /// `cudaEvent_t`, `CUevent`.
    Event,
    /// Other CUDA handles (graphs, pools, arrays, modules, library handles).
    Handle,
    /// A pointer to a function.
    Function,
    /// A class, struct, union or closure.
    Record(RecordId),
    /// An array. Its elements have `stride` bytes.
    Array {
        /// Bytes an element, if known.
        stride: Option<u64>,
        /// The elements' class, if they are of class type.
        element: Option<RecordId>,
    },
    /// A dependent or undeclared type.
    Unknown,
}

impl Type {
    /// A type of unknown kind and size.
    pub const UNKNOWN: Self = Self { kind: TypeKind::Unknown, size: None };
    /// `void`.
    pub const VOID: Self = Self { kind: TypeKind::Void, size: None };
    /// An integer of `bytes` bytes.
    pub const fn int(bytes: u64) -> Self {
        Self { kind: TypeKind::Int, size: Some(bytes) }
    }
    /// A pointer to something that is not `const`.
    pub const POINTER: Self = Self {
        kind: TypeKind::Pointer { const_pointee: false, volatile_pointee: false, pointee: None },
        size: Some(8),
    };

    /// A pointer or reference to an object of this type.
    pub const fn pointer_to(self) -> Self {
        let pointee = match self.kind {
            TypeKind::Record(record) => Some(record),
            _ => None,
        };
        Self {
            kind: TypeKind::Pointer { const_pointee: false, volatile_pointee: false, pointee },
            size: Some(8),
        }
    }

    /// True if an object of this type is a record or an array, which is copied with
    /// [`super::Op::CopyObject`] and never held in a value.
    pub const fn is_aggregate(&self) -> bool {
        matches!(self.kind, TypeKind::Record(_) | TypeKind::Array { .. })
    }
}

/// The field of a `std::initializer_list` that holds the address of the array that it stands for.
pub const LISTED: &str = "<listed>";

/// What runs as a smart pointer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EndsWith {
    /// The symbol of the function; for instances of templates that of the template.
    pub symbol: String,
    /// True if it is a template, or a member of one: what it does may depend on its arguments.
    pub is_template: bool,
}

/// A class, struct, union or closure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// Qualified name without template arguments: `std::vector`, `app::Buffer`. Closures: `<lambda>`.
    pub name: String,
    /// The name with template arguments, for people: `std::vector<float>`.
    pub display: String,
    /// Fields in order: name and type. Base classes come first, named as `<Base>`.
    pub fields: Vec<(String, Type)>,
    /// True if the class has a destructor that does something (its own, or a member's).
    pub has_destructor: bool,
    /// For containers and smart pointers of one element type: bytes an element.
    pub element_size: Option<u64>,
    /// True for a container whose allocator is not the standard one, so that its memory is of unknown
    /// kind (`std::vector<float, PinnedAllocator<float>>`), and for smart pointers with a deleter of
    /// their own.
    pub custom_memory: bool,
    /// For smart pointers that own alone: the function that runs on what they hold as they end. The destructor of the
    /// element's class, or the call operator of a deleter.
    pub ends_with: Option<EndsWith>,
    /// True for a class that the frontend has invented, since its header is missing: what its objects convert to, and
    /// when, is not known.
    pub is_invented: bool,
    /// The fields that only the class, its friends and its heirs can name.
    pub private: Vec<String>,
    /// True if the class is declared in a header: code out of sight may fill its public fields.
    pub is_shared: bool,
    /// Methods that may change an object and have no body in the file under analysis itself, by their
    /// symbols: what they do to the fields is not known unless the program has them all the same. Methods
    /// that copy, move or assign objects are left out: they hand on what fields hold.
    pub unseen: Vec<String>,
}
