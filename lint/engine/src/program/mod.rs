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
pub mod ids;
mod linkage;
mod text;
mod types;
pub mod validate;

pub use builder::FunctionBuilder;
pub use linkage::{Link, Linkage};
pub use types::{LISTED, Record, RecordId, Type, TypeKind};

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
    /// Calls that no version of CUDA could compile, as far as the frontend can tell (input of the rule `unknown-cuda-api`).
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
    /// A temporary: its address never comes from the source, only from the lowering.
    Temporary,
}

/// A basic block.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Block {
    /// What it does, in order.
    pub statements: Vec<Statement>,
    /// Where it goes.
    pub terminator: Terminator,
}

/// One step of a block.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Statement {
    /// The place in the source that this step stands for.
    pub site: SiteId,
    /// What it does.
    pub op: Op,
}

/// What a statement does. Every `result` is defined by exactly one statement.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Op {
    /// A constant.
    Const {
        /// The defined value.
        result: ValueId,
        /// The constant.
        constant: Constant,
    },
    /// The address of a variable of this function.
    AddressOfLocal {
        /// The defined value.
        result: ValueId,
        /// The variable.
        local: LocalId,
    },
    /// The address of a variable with static storage.
    AddressOfGlobal {
        /// The defined value.
        result: ValueId,
        /// The variable.
        global: GlobalId,
    },
    /// The address of a field of the object at `base`.
    Field {
        /// The defined value.
        result: ValueId,
        /// The address of the record.
        base: ValueId,
        /// The field's name (base classes: the name of the class in angle brackets).
        field: String,
    },
    /// Address arithmetic: `base + index * stride` bytes. No access.
    Index {
        /// The defined value.
        result: ValueId,
        /// An address.
        base: ValueId,
        /// The number of elements to step.
        index: ValueId,
        /// Bytes an element; `None` if the type's size is unknown.
        stride: Option<u64>,
    },
    /// The host reads the object at `pointer` (a scalar, a pointer or a handle).
    Load {
        /// The defined value.
        result: ValueId,
        /// The address.
        pointer: ValueId,
        /// The type of what is read.
        ty: Type,
    },
    /// The host writes the object at `pointer`.
    Store {
        /// The address.
        pointer: ValueId,
        /// What is written.
        value: ValueId,
        /// The type of what is written.
        ty: Type,
    },
    /// The host copies a record or array from one place to another (assignment, initialisation,
    /// by-value parameters and results of trivially copyable class type).
    CopyObject {
        /// The address written.
        to: ValueId,
        /// The address read.
        from: ValueId,
        /// The type of the object.
        ty: Type,
    },
    /// Arithmetic or comparison of two numbers or addresses.
    Binary {
        /// The defined value.
        result: ValueId,
        /// The operator.
        operator: BinaryOp,
        /// The left operand.
        lhs: ValueId,
        /// The right operand.
        rhs: ValueId,
    },
    /// `!x`, `-x`, `~x`.
    Unary {
        /// The defined value.
        result: ValueId,
        /// The operator.
        operator: UnaryOp,
        /// The operand.
        value: ValueId,
    },
    /// A conversion that keeps the value (between pointers, between pointers and integers, between
    /// integers). Conversions that compute something else are `Unknown`.
    Cast {
        /// The defined value.
        result: ValueId,
        /// The operand.
        value: ValueId,
        /// The type converted to.
        ty: Type,
    },
    /// A value about which nothing is known (floating point, inline assembly, what is not lowered). It
    /// depends on its operands only.
    Unknown {
        /// The defined value.
        result: ValueId,
        /// What it is computed from.
        operands: Vec<ValueId>,
    },
    /// A call on the host.
    Call(Call),
    /// A kernel launch.
    Launch(Launch),
    /// `new T` and `new T[n]`: the address of fresh pageable memory (constructors are calls of their own).
    New {
        /// The defined value.
        result: ValueId,
        /// The number of elements, if this is an array.
        count: Option<ValueId>,
        /// Bytes an element, if known.
        stride: Option<u64>,
    },
    /// `delete p` and `delete[] p` (destructors are calls of their own, before it).
    Delete {
        /// The address.
        pointer: ValueId,
    },
    /// A variable comes into being, uninitialised.
    Live {
        /// The variable.
        local: LocalId,
    },
    /// A variable's storage ends. Destructors are calls of their own, before it.
    Dead {
        /// The variable.
        local: LocalId,
    },
    /// A host thread starts to run `callee` (`std::thread`, `std::async`): its body may run at any time
    /// from here.
    Spawn {
        /// What runs.
        callee: Callee,
        /// Its arguments.
        args: Vec<ValueId>,
    },
    /// Something that could not be lowered. It may wait for anything, alias or free anything.
    Opaque {
        /// Why, for people.
        reason: String,
        /// The addresses and handles that are known to be involved.
        operands: Vec<ValueId>,
    },
}

/// A constant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Constant {
    /// An integer, a character, a Boolean, an enumerator, a null pointer (0).
    Int(i64),
    /// A string literal: the address of static, read-only host memory.
    Str(String),
    /// The address of a function with a body here.
    Function(FunctionId),
    /// The address of a function without one.
    Extern(ExternId),
}

/// A call on the host.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Call {
    /// The defined value, for results that are numbers, pointers, references or handles.
    pub result: Option<ValueId>,
    /// For results of class type: the address of the object that receives it (a temporary or the
    /// variable that is initialised).
    pub into: Option<ValueId>,
    /// What is called.
    pub callee: Callee,
    /// The arguments; for methods, the object's address first. Arguments of class type passed by value
    /// are the address of a temporary made for the call. References are addresses.
    pub args: Vec<ValueId>,
    /// The type of the result.
    pub ty: Type,
    /// True if the source discards the result.
    pub discarded: bool,
    /// How the arguments are written, where that says more than their values: one entry for each of `args`, or
    /// none at all. Frontends fill it for functions of other libraries that take untyped memory (`void *`).
    pub written: Vec<Written>,
}

/// How an argument of a call is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Written {
    /// Of a pointer: bytes of what it points to before it becomes a `void *`; `None` if that is unknown.
    pub pointee: Option<u64>,
    /// Of a number: `sizeof` stands somewhere in the expression.
    pub measured: bool,
    /// Of a number: it is the `sizeof` of the very pointer that this argument passes, and so the size of a pointer.
    pub size_of_pointer: Option<u8>,
}

/// What a call calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Callee {
    /// A function with a body here.
    Function(FunctionId),
    /// A function without a body here.
    Extern(ExternId),
    /// A function pointer, a `std::function`, an unresolved virtual call.
    Value(ValueId),
}

/// A kernel launch, `kernel<<<grid, block, shared, stream>>>(args)`.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Launch {
    /// The kernel, if it is known.
    pub kernel: Option<FunctionId>,
    /// The kernel's name for people.
    pub name: String,
    /// Grid dimensions, if they are a number; a `dim3` is `None`.
    pub grid: Option<ValueId>,
    /// Block dimensions, likewise.
    pub block: Option<ValueId>,
    /// The third configuration argument, if it is written.
    pub shared_bytes: Option<ValueId>,
    /// The fourth configuration argument, if it is written.
    pub stream: Option<ValueId>,
    /// The kernel's arguments. Structs by value are addresses of temporaries.
    pub args: Vec<LaunchArg>,
}

/// One argument of a kernel launch.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LaunchArg {
    /// The value.
    pub value: ValueId,
    /// How the kernel may use it.
    pub access: ParamAccess,
    /// The type of the argument as written, before conversion to the parameter's type.
    pub ty: Type,
    /// Where it stands.
    pub site: SiteId,
}

/// Where a block goes.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Terminator {
    /// To another block.
    Goto(BlockId),
    /// To one of two blocks.
    Branch {
        /// The condition; not zero means true.
        condition: ValueId,
        /// Where a true condition goes.
        then: BlockId,
        /// Where a false condition goes.
        otherwise: BlockId,
    },
    /// To the block of the equal constant, or to `default`.
    Switch {
        /// The value.
        value: ValueId,
        /// The cases.
        cases: Vec<(i64, BlockId)>,
        /// Where everything else goes.
        default: BlockId,
    },
    /// Out of the function. For results of class type the value is the address of the object returned,
    /// which is copied (or moved) into the caller's [`Call::into`] before the function's variables die.
    Return {
        /// The result.
        value: Option<ValueId>,
        /// The `return` statement or the closing brace.
        site: SiteId,
    },
    /// Out of the function by an exception. Variables in scope have been destroyed.
    Throw,
    /// The process ends, or control never gets here.
    Exit,
}

/// Binary operators. Arithmetic is on mathematical integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Shl,
    Shr,
    And,
    Or,
    Xor,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// Pointer difference in elements of the given number of bytes.
    PtrDiff(u64),
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs, reason = "the names say it")]
pub enum UnaryOp {
    Not,
    Neg,
    BitNot,
}

/// A call to a name that nothing declares, or with a number of arguments that no declaration takes.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InvalidCall {
    /// The name as written.
    pub name: String,
    /// The number of arguments as written.
    pub args: usize,
    /// The name in the call.
    pub site: SiteId,
    /// True if CUDA's declarations have the name, so that the number of arguments is what does not fit.
    pub declared: bool,
}
