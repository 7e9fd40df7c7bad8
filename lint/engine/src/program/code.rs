//! The code of a function: blocks of statements, and what each of them does.

use super::{BlockId, ExternId, FunctionId, GlobalId, LocalId, ParamAccess, SiteId, Type, ValueId};

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
    /// none at all. Frontends fill it for functions of other libraries that take untyped memory (`void *`), and
    /// for calls that leave out a stream.
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
    /// Of a stream: the source does not write it, and the default of the parameter is taken.
    pub left_out: bool,
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

/// A call to a name that nothing declares, or of a function of CUDA with a number of arguments that some version does
/// not take. Whether it is wrong depends on the version that is used.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InvalidCall {
    /// The name as written.
    pub name: String,
    /// The number of arguments, with those that the chosen declaration gives a default; as written, if none fits.
    pub args: usize,
    /// The name in the call.
    pub site: SiteId,
    /// True if CUDA's declarations have the name, so that the number of arguments is what to judge: no declaration
    /// takes it, or not every version does.
    pub declared: bool,
}
