//! Values: what the analysis knows of one scalar at one point.

use super::object::ObjectId;
use super::symbol::{Linear, Sym, SymKey, Symbols};
use crate::program::{BinaryOp, ExternId, FunctionId};

/// A scalar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// A number, or a symbol whose nature its use will show (pointer, stream, count).
    Number(Linear),
    /// An address.
    Pointer(Pointer),
    /// A stream or event that the program made: the object that stands for it.
    Handle(ObjectId),
    /// The address of a function.
    Function(FunctionId),
    /// The address of a function without a body.
    Extern(ExternId),
    /// The result of a comparison.
    Truth(Box<Condition>),
}

/// An address: an object and an offset in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer {
    /// The object.
    pub object: ObjectId,
    /// Bytes from its start.
    pub offset: Linear,
}

/// A condition on numbers, in one of two normal forms, perhaps negated.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Condition {
    /// The expression compared with zero.
    pub expression: Linear,
    /// How.
    pub relation: Relation,
    /// True for the opposite.
    pub negated: bool,
}

/// How an expression is compared with zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// It is zero.
    Zero,
    /// It is zero or less.
    NotPositive,
}

impl Condition {
    /// The opposite.
    pub fn negate(mut self) -> Self {
        self.negated = !self.negated;
        self
    }

    /// `lhs operator rhs`; `None` if the operator is no comparison, or on overflow.
    pub fn compare(operator: BinaryOp, lhs: &Linear, rhs: &Linear) -> Option<Self> {
        let (expression, relation, negated) = match operator {
            BinaryOp::Eq => (lhs.minus(rhs)?, Relation::Zero, false),
            BinaryOp::Ne => (lhs.minus(rhs)?, Relation::Zero, true),
            BinaryOp::Le => (lhs.minus(rhs)?, Relation::NotPositive, false),
            BinaryOp::Gt => (lhs.minus(rhs)?, Relation::NotPositive, true),
            BinaryOp::Ge => (rhs.minus(lhs)?, Relation::NotPositive, false),
            BinaryOp::Lt => (rhs.minus(lhs)?, Relation::NotPositive, true),
            _ => return None,
        };
        Some(Self { expression, relation, negated })
    }
}

impl Value {
    /// The number 0: a null pointer, the default stream, success.
    pub const ZERO: Self = Self::Number(Linear::constant(0));

    /// A number.
    pub const fn int(value: i64) -> Self {
        Self::Number(Linear::constant(value))
    }

    /// A symbol.
    pub fn symbol(symbol: Sym) -> Self {
        Self::Number(Linear::symbol(symbol))
    }

    /// The constant number, if it is one.
    pub fn as_constant(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_constant(),
            _ => None,
        }
    }

    /// The value as a number: addresses and handles become symbols.
    pub fn number(&self, symbols: &mut Symbols, pointee_symbol: impl Fn(ObjectId) -> Option<Sym>) -> Linear {
        match self {
            Self::Number(number) => number.clone(),
            Self::Pointer(Pointer { object, offset }) => {
                let base = match pointee_symbol(*object) {
                    Some(symbol) => symbol,
                    None => symbols.intern(SymKey::Address(*object)),
                };
                Linear::symbol(base).plus(offset, 1).unwrap_or_else(|| Linear::symbol(base))
            }
            Self::Handle(object) => Linear::symbol(symbols.intern(SymKey::Address(*object))),
            // Functions are never null, and nothing computes with their addresses.
            Self::Function(id) => Linear::constant(i64::from(id.0) + (1 << 40)),
            Self::Extern(id) => Linear::constant(i64::from(id.0) + (1 << 41)),
            Self::Truth(condition) => Linear::symbol(symbols.intern(SymKey::Truth(condition.clone()))),
        }
    }
}
