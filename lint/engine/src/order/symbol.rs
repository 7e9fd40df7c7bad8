//! Symbols and linear expressions over them: what the analysis knows of numbers.
//!
//! A symbol stands for one unknown value. It is interned by what it is the value *of*, so that the same
//! expression is the same symbol on every path, and states of different paths can be compared.

use rustc_hash::FxHashMap;

use super::object::{FrameId, ObjectId, Step};
use super::value::Value;
use crate::program::BinaryOp;

/// An unknown value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(pub u32);

/// What a symbol is the value of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SymKey {
    /// What memory held when the analysis first looked; `epoch` counts unseen writes to the object.
    Initial {
        /// The object.
        object: ObjectId,
        /// The place in it.
        offset: Linear,
        /// How often something unseen may have written it.
        epoch: u32,
    },
    /// The result of a step about which nothing else is known; `turn` counts how often it ran.
    Result {
        /// The inlining context.
        frame: FrameId,
        /// The step.
        step: Step,
        /// Its turn.
        turn: u32,
    },
    /// The status of a call.
    Status {
        /// The inlining context.
        frame: FrameId,
        /// The call.
        step: Step,
        /// Its turn.
        turn: u32,
    },
    /// The result of an accessor: equal for equal arguments.
    Accessor {
        /// The function.
        name: String,
        /// The arguments.
        args: Vec<Value>,
        /// How often something unseen may have changed the object.
        epoch: u32,
    },
    /// A non-linear term.
    Term {
        /// The operator.
        operator: BinaryOp,
        /// The left operand.
        lhs: Linear,
        /// The right operand.
        rhs: Linear,
    },
    /// A value that depends on some operands in an unknown way.
    Opaque {
        /// The inlining context.
        frame: FrameId,
        /// The step.
        step: Step,
        /// The operands.
        operands: Vec<Value>,
    },
    /// A property of a device: the same wherever it is asked for.
    Attribute {
        /// `cudaDevAttr…` by number.
        attribute: i64,
        /// The device.
        device: Value,
    },
    /// The address of an object, as a number.
    Address(ObjectId),
    /// The truth value of a comparison, as a number.
    Truth(Box<super::value::Condition>),
}

/// `constant + Σ coefficient · symbol`, with symbols in ascending order and no zero coefficient.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Linear {
    /// The terms.
    pub terms: Vec<(Sym, i64)>,
    /// The constant.
    pub constant: i64,
}

impl Linear {
    /// A number.
    pub const fn constant(constant: i64) -> Self {
        Self { terms: Vec::new(), constant }
    }

    /// A symbol.
    pub fn symbol(symbol: Sym) -> Self {
        Self { terms: vec![(symbol, 1)], constant: 0 }
    }

    /// The number, if it is one.
    pub fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// The symbol, if it is just one.
    pub fn as_symbol(&self) -> Option<Sym> {
        match self.terms[..] {
            [(symbol, 1)] if self.constant == 0 => Some(symbol),
            _ => None,
        }
    }

    /// `self + factor · other`; `None` on overflow.
    pub fn plus(&self, other: &Self, factor: i64) -> Option<Self> {
        let mut terms = Vec::with_capacity(self.terms.len() + other.terms.len());
        let (mut a, mut b) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        loop {
            let take_a = match (a.peek(), b.peek()) {
                (None, None) => break,
                (Some(_), None) => Some(true),
                (None, Some(_)) => Some(false),
                (Some(x), Some(y)) if x.0 == y.0 => None,
                (Some(x), Some(y)) => Some(x.0 < y.0),
            };
            match take_a {
                Some(true) => terms.extend(a.next()),
                Some(false) => {
                    if let Some(&(symbol, coefficient)) = b.next() {
                        terms.push((symbol, coefficient.checked_mul(factor)?));
                    }
                }
                None => {
                    if let (Some(&(symbol, x)), Some(&(_, y))) = (a.next(), b.next()) {
                        let sum = x.checked_add(y.checked_mul(factor)?)?;
                        if sum != 0 {
                            terms.push((symbol, sum));
                        }
                    }
                }
            }
        }
        let constant = self.constant.checked_add(other.constant.checked_mul(factor)?)?;
        Some(Self { terms, constant })
    }

    /// `self - other`; `None` on overflow.
    pub fn minus(&self, other: &Self) -> Option<Self> {
        self.plus(other, -1)
    }

    /// `self · factor`; `None` on overflow.
    pub fn times(&self, factor: i64) -> Option<Self> {
        Self::constant(0).plus(self, factor).map(|mut product| {
            product.terms.retain(|(_, coefficient)| *coefficient != 0);
            product
        })
    }

    /// `self / divisor`, if that leaves no remainder whatever the symbols stand for.
    pub fn divided(&self, divisor: i64) -> Option<Self> {
        let of = |number: i64| (number.checked_rem(divisor)? == 0).then(|| number / divisor);
        let terms = self.terms.iter().map(|(symbol, factor)| of(*factor).map(|factor| (*symbol, factor)));
        Some(Self { terms: terms.collect::<Option<_>>()?, constant: of(self.constant)? })
    }
}

/// The interner of symbols.
#[derive(Debug, Default)]
pub struct Symbols {
    keys: Vec<SymKey>,
    ids: FxHashMap<SymKey, Sym>,
}

impl Symbols {
    /// The symbol for a key.
    pub fn intern(&mut self, key: SymKey) -> Sym {
        if let Some(symbol) = self.ids.get(&key) {
            return *symbol;
        }
        let symbol = Sym(self.keys.len() as u32);
        self.keys.push(key.clone());
        self.ids.insert(key, symbol);
        symbol
    }

    /// What a symbol is the value of.
    pub fn key(&self, symbol: Sym) -> &SymKey {
        &self.keys[symbol.0 as usize]
    }

    /// True if the symbol is the status of a call.
    pub fn is_status(&self, symbol: Sym) -> bool {
        matches!(self.key(symbol), SymKey::Status { .. })
    }

    /// `lhs operator rhs` as a linear expression, with a fresh symbol for what is not linear.
    pub fn arithmetic(&mut self, operator: BinaryOp, lhs: &Linear, rhs: &Linear) -> Linear {
        let linear = match operator {
            BinaryOp::Add => lhs.plus(rhs, 1),
            BinaryOp::Sub => lhs.minus(rhs),
            BinaryOp::Mul => match (lhs.as_constant(), rhs.as_constant()) {
                (Some(factor), _) => rhs.times(factor),
                (_, Some(factor)) => lhs.times(factor),
                _ => None,
            },
            _ => match (lhs.as_constant(), rhs.as_constant()) {
                (Some(a), Some(b)) => fold(operator, a, b).map(Linear::constant),
                (None, None) if operator == BinaryOp::Div => rounds(lhs, rhs).map(Linear::constant),
                _ => None,
            },
        };
        linear.unwrap_or_else(|| {
            // Multiplication commutes: `n * size` and `size * n` are the same symbol.
            let (lhs, rhs) = if operator == BinaryOp::Mul && rhs < lhs {
                (rhs.clone(), lhs.clone())
            } else {
                (lhs.clone(), rhs.clone())
            };
            Linear::symbol(self.intern(SymKey::Term { operator, lhs, rhs }))
        })
    }
}

/// How often a number goes into a multiple of itself, or into one less: `(size + chunk - 1) / chunk`, where the chunk is
/// all of it. It is taken to be positive, as what counts rounds is.
fn rounds(lhs: &Linear, rhs: &Linear) -> Option<i64> {
    let divisor = rhs.as_symbol()?;
    match (&lhs.terms[..], lhs.constant) {
        ([(symbol, factor @ 1..)], 0) if *symbol == divisor => Some(*factor),
        ([(symbol, factor @ 1..)], -1) if *symbol == divisor => Some(factor - 1),
        _ => None,
    }
}

fn fold(operator: BinaryOp, a: i64, b: i64) -> Option<i64> {
    match operator {
        BinaryOp::Div => a.checked_div(b),
        BinaryOp::Rem => a.checked_rem(b),
        BinaryOp::Shl => u32::try_from(b).ok().filter(|by| *by < 62).and_then(|by| a.checked_mul(1 << by)),
        BinaryOp::Shr => u32::try_from(b).ok().filter(|by| *by < 64).map(|by| a >> by),
        BinaryOp::And => Some(a & b),
        BinaryOp::Or => Some(a | b),
        BinaryOp::Xor => Some(a ^ b),
        BinaryOp::PtrDiff(size) => i64::try_from(size).ok().and_then(|size| (a - b).checked_div(size)),
        _ => None,
    }
}
