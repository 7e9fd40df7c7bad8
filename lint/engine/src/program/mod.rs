//! The host program: what a frontend hands to the analysis.
//!
//! A [`Program`] is language-neutral. C++ (through libclang) and Rust (through syn) lower to it, and
//! everything after it sees only this. It has the shape of a small three-address code in "alloca form":
//! every variable is an object in memory, every access to it an explicit [`Op::Load`] or [`Op::Store`]
//! through an address. That makes `&x`, references, `reinterpret_cast<void **>(&p)` and captures by
//! reference ordinary: they are addresses like any other.
//!
//! **Invariants**
//! - Positions are absent. A [`SiteId`] names a place in the source; the frontend that made the program
//!   keeps the table from sites to files, lines and columns.
//! - Statements stand in the order in which the source language evaluates them.
//! - Nothing is lost silently: what a frontend cannot lower becomes [`Op::Opaque`], and the function
//!   lists it in [`Function::unlowered`].
//! - A value is defined once, by one statement, before it is used on every path.

mod builder;
mod code;
pub mod ids;
mod linkage;
mod text;
mod types;
pub mod validate;

pub use builder::FunctionBuilder;
pub use code::{
    BinaryOp, Block, Call, Callee, Constant, InvalidCall, Launch, LaunchArg, Op, Statement, Terminator,
    UnaryOp, Written,
};
pub use linkage::{Link, Linkage};
pub use types::{EndsWith, LISTED, Record, RecordId, Type, TypeKind};

/// A place in the source. Sites are handed out by the frontend, which keeps their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SiteId(pub u32);

/// A function of [`Program::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FunctionId(pub u32);

/// A function without a body here, in [`Program::externs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ExternId(pub u32);

/// A variable with static storage, in [`Program::globals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GlobalId(pub u32);

/// A variable of one function, in [`Function::locals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LocalId(pub u32);

/// The result of one statement of one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ValueId(pub u32);

/// A basic block of one function, in [`Function::blocks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BlockId(pub u32);

/// One translation unit (C++) or one file (Rust), lowered.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Program {
    /// Functions with a body: host functions, lambdas, methods, and the kernels that are launched.
    pub functions: Vec<Function>,
    /// Functions that are called and have no body here.
    pub externs: Vec<Extern>,
    /// Variables with static storage.
    pub globals: Vec<Global>,
    /// Classes, structs, unions and closures.
    pub records: Vec<Record>,
    /// Calls of CUDA to be judged by the version that is used: to names that nothing declares, with a number of
    /// arguments that no declaration takes, and with one that not every version takes (input of the rule
    /// `unknown-cuda-api`).
    pub invalid_calls: Vec<InvalidCall>,
    /// Calls of CUDA that the source writes in the body of a macro (input of the rule `redundant-host-sync`).
    pub macro_calls: std::collections::BTreeSet<SiteId>,
    /// Calls whose result the source casts to `void`: it is dropped on purpose (input of the rule
    /// `unchecked-cuda-call`).
    pub cast_to_void: std::collections::BTreeSet<SiteId>,
    /// True if an `#include` of the file could not be resolved, so that declarations may be missing.
    pub unresolved_includes: bool,
    /// How many of the functions, the last ones, a link has brought from other files ([`crate::link`]).
    pub imported: u32,
    /// Streams that come from elsewhere are blocking ones ([`crate::link`]).
    pub streams_block: bool,
}

impl Program {
    /// True for a function that a link has brought from another file.
    pub fn is_imported(&self, function: FunctionId) -> bool {
        function.0 + self.imported >= self.functions.len() as u32
    }
}

/// A function with a body.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Function {
    /// Qualified name for people, without template arguments: `app::Buffer::upload`.
    pub name: String,
    /// The symbol that other files link against (C++: the USR).
    pub symbol: String,
    /// Who sees the symbol.
    pub linkage: Linkage,
    /// For instances of templates: the symbol of the template. Empty for others.
    pub template: String,
    /// True for an instance that is called in place of others, which differ in the sizes of their types or in their
    /// constants: what is computed from these in it holds for one of them only.
    pub stands_in: bool,
    /// The first declaration: in a header, if there is one that other files can call it by.
    pub declared: SiteId,
    /// The name in its definition.
    pub site: SiteId,
    /// Where the function runs.
    pub space: Space,
    /// True if the function is defined in the file under analysis itself, so that it is analysed on its
    /// own and its unlowered parts are reported. Others are followed when they are called.
    pub is_root: bool,
    /// The parameters in order. A method's first parameter is `this` (a pointer).
    pub params: Vec<LocalId>,
    /// All variables, parameters and temporaries that live in memory.
    pub locals: Vec<Local>,
    /// The number of values; [`ValueId`]s are below it.
    pub values: u32,
    /// The basic blocks; the first is the entry.
    pub blocks: Vec<Block>,
    /// The type of the result.
    pub result: Type,
    /// For kernels: how each parameter is used.
    pub kernel_params: Vec<ParamAccess>,
    /// What could not be lowered, with its reason. Not empty: the function is reported as partial.
    pub unlowered: Vec<Unlowered>,
}

impl Function {
    /// The name of all closures.
    pub const CLOSURE: &str = "<lambda>";

    /// True for the call operators of closures.
    pub fn is_closure(&self) -> bool {
        self.name == Self::CLOSURE
    }
}

/// Where a function runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Space {
    /// On the host.
    Host,
    /// `__global__`.
    Kernel,
    /// `__device__` only: never analysed.
    Device,
}

/// How a kernel uses a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ParamAccess {
    /// Not a pointer (or a struct by value, whose pointers are not tracked).
    Value,
    /// `const T *`: the kernel reads through it.
    Read,
    /// `T *`, and the body (if visible) does not tell more.
    ReadWrite,
    /// `T *` that the visible body only writes through.
    Write,
    /// A pointer that the visible body does not use.
    Unused,
}

/// Something that could not be lowered.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Unlowered {
    /// Where.
    pub site: SiteId,
    /// Why, for people: "unknown type `Foo`".
    pub reason: String,
}

/// A function that is called and has no body here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Extern {
    /// Qualified name without template arguments: `cudaMemcpyAsync`, `std::vector::data`,
    /// `thrust::device_vector::device_vector`, `std::vector::~vector`. Operators are spelt as in C++:
    /// `std::vector::operator[]`.
    pub name: String,
    /// True for a non-static method: the first argument is the address of the object.
    pub is_method: bool,
    /// True for a method that leaves its object unchanged (`const`).
    pub is_const: bool,
    /// For each parameter (the object first for methods): can the callee write through it?
    pub params: Vec<ExternParam>,
    /// True if the callee never returns.
    pub no_return: bool,
    /// Where the declaration comes from.
    pub origin: Origin,
    /// By what other files may define it; `None` for what no file of the project can.
    pub link: Option<Link>,
}

/// What the type of a parameter says that the callee may do with what it points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ExternParam {
    /// Passed by value; holds no address.
    Value,
    /// `const T *`, `const T &`.
    Read,
    /// `T *`, `T &`, or unknown.
    ReadWrite,
    /// `T &&`: the callee may take over what the object owns.
    Taken,
    /// A pointer passed by value whose pointee type is unknown (`void *`), or a handle.
    Handle,
}

impl ExternParam {
    /// True if the callee gets an address, by which it may read at least.
    pub const fn is_address(self) -> bool {
        matches!(self, Self::Read | Self::ReadWrite | Self::Taken)
    }

    /// True if the callee may write what it gets the address of.
    pub const fn may_write(self) -> bool {
        matches!(self, Self::ReadWrite | Self::Taken)
    }
}

/// Where a declaration comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Origin {
    /// The declarations embedded in cuda-lint, or real CUDA and system headers.
    System,
    /// The project's own headers.
    Project,
    /// Invented by the repair loop because nothing declares it.
    Invented,
}

/// A variable with static storage.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Global {
    /// Qualified name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The memory it lives in.
    pub memory: GlobalMemory,
    /// True if other files can name it: it is declared in a header, or not defined here.
    pub is_shared: bool,
    /// True if it starts as something other than null or zero: what runs before `main` is not lowered.
    pub is_initialised: bool,
    /// Its declaration.
    pub site: SiteId,
    /// By what other files know it; `None` if they do not.
    pub link: Option<Link>,
}

/// The memory that a variable with static storage lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum GlobalMemory {
    /// Ordinary host memory.
    Host,
    /// `__device__` or `__constant__`.
    Device,
    /// `__managed__`.
    Managed,
    /// Unknown, because nothing declares the variable.
    Unknown,
}

/// A variable, parameter or temporary.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Local {
    /// Name for people; empty for temporaries.
    pub name: String,
    /// Its type. For C++ references this is the pointer that implements them.
    pub ty: Type,
    /// Its declaration.
    pub site: SiteId,
    /// What kind of variable it is.
    pub storage: Storage,
}

/// What kind of variable a [`Local`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Storage {
    /// A variable with automatic storage. It lives from [`Op::Live`] to [`Op::Dead`].
    Automatic,
    /// A parameter that holds its argument's value.
    Param,
    /// A parameter of class type: the caller passes the address of the object, and the parameter *is*
    /// that object.
    ParamObject,
    /// `static` inside a function.
    Static,
    /// A temporary: its address never comes from the source, only from the lowering. A number or pointer in it is read
    /// once, and is forgotten then.
    Temporary,
}
