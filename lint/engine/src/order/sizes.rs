//! Whether copies and fills stay within their memory, and mean what they say.
//!
//! Sizes are compared as linear expressions. What is larger must be larger for every value that the symbols can
//! have: by a constant, by a multiple of a size that is not zero, or by what the branches of the path say.

use super::containers::ELEMENTS;
use super::machine::Machine;
use super::model::Modelled;
use super::object::{ObjectId, ObjectKey};
use super::state::State;
use super::symbol::Linear;
use super::value::{Condition, Pointer, Relation, Value};
use crate::cuda::row::{Outcome, Role};
use crate::facts::MisfitKind;
use crate::program::{Op, Type, TypeKind, ValueId, Written};

/// Bytes of a pointer on all hosts that CUDA runs on (Installation Guide: 64-bit only since CUDA 12).
const POINTER: u64 = 8;

/// Negative numbers down to this are numbers that somebody means, and not bytes.
const SMALL: i64 = 16;

/// That one size is larger than another.
enum Larger {
    /// Both are constants.
    Constants(u64, u64),
    /// It follows from what they have in common, or from the path.
    Symbols,
}

impl Larger {
    const fn constants(&self) -> Option<(u64, u64)> {
        match self {
            Self::Constants(larger, smaller) => Some((*larger, *smaller)),
            Self::Symbols => None,
        }
    }
}

/// An operand of a copy or fill.
struct Operand {
    pointer: Pointer,
    size: Option<Linear>,
    writes: bool,
    written: Written,
    /// Its place among the arguments.
    position: usize,
}

impl Machine<'_, '_> {
    /// Looks at the sizes that a copy or fill is given. `unit`: bytes that one unit of its size stands for.
    pub(super) fn check_sizes(&mut self, state: &State, it: &Modelled<'_, '_>, unit: u32) {
        if let Some(what) = self.misfit(state, it, unit) {
            // Of the paths that were given up, some may have had other sizes.
            let is_founded = !state.is_in_presumed_round() && !self.observations.gave_up_numbers;
            self.observations.misfit(self.at, state, it.shown(), what, is_founded);
        }
    }

    fn misfit(&mut self, state: &State, it: &Modelled<'_, '_>, unit: u32) -> Option<MisfitKind> {
        let unit = Linear::constant(i64::from(unit));
        let scaled = |machine: &mut Self, size: &Linear| {
            machine.symbols.arithmetic(crate::program::BinaryOp::Mul, size, &unit)
        };
        if let Some(found) = self.wider_than_pitch(state, it, &scaled) {
            return Some(found);
        }
        if let Some(value) = it.arg(Role::FillValue).and_then(Value::as_constant)
            && unit.as_constant() == Some(1)
            && (!is_byte(value) || self.is_number_of_elements(it, value))
        {
            return Some(MisfitKind::ValueIsNoByte { value });
        }
        let product = self.product(it)?;
        let bytes = scaled(self, &product);
        let operands = self.operands(state, it);
        for operand in &operands {
            let end = operand.pointer.offset.plus(&bytes, 1)?;
            if let Some(size) = &operand.size
                && let Some(larger) = larger(state, &end, size)
                && !self.is_instance()
            {
                let object = self.describe_object(state, operand.pointer.object);
                return Some(MisfitKind::Beyond {
                    object,
                    writes: operand.writes,
                    bytes: larger.constants(),
                });
            }
        }
        let [size_at] = positions(it, Role::Bytes)[..] else { return None };
        let written = it.call.call.written.get(size_at).copied()?;
        if let Some(of) = written.size_of_pointer {
            let operand = operands.iter().find(|operand| operand.position == usize::from(of))?;
            let held = operand.size.as_ref().map(|size| size.as_constant() == Some(POINTER as i64));
            let one = operand.written.pointee.map(|bytes| bytes == POINTER);
            // One object of a pointer's size is no mistake.
            return (held.or(one) == Some(false)).then(|| MisfitKind::SizeOfPointer {
                object: self.describe_object(state, operand.pointer.object),
            });
        }
        if unit.as_constant() != Some(1) || written.measured {
            return None;
        }
        let count = it.call.call.args.get(size_at).copied()?;
        self.container_count(state, &operands, &bytes, count)
            .or_else(|| self.element_count(state, &operands, &bytes))
    }

    /// The size is how many elements the container has whose elements are copied (`v.size()`). A constant must be
    /// written so: it may be as large by chance.
    fn container_count(
        &mut self,
        state: &State,
        operands: &[Operand],
        bytes: &Linear,
        count: ValueId,
    ) -> Option<MisfitKind> {
        if self.is_instance() {
            return None;
        }
        operands.iter().find_map(|operand| {
            let owner = self.owner_of_elements(state, operand.pointer.object)?;
            let record = self.objects.record(owner.object)?;
            let record = &self.shared.program.records[record.0 as usize];
            let element = record.element_size.filter(|element| *element > 1)?;
            let class = record.name.clone();
            let length = self.length(state, &owner, &class);
            let length = self.number(&length);
            // What is a multiple of their size already (`v.resize(n * sizeof(float))`) was meant as bytes there.
            let in_bytes = length.as_constant().is_none() && length.divided(element.cast_signed()).is_some();
            let is_it =
                length == *bytes && !in_bytes && (bytes.as_constant().is_none() || self.is_length(count));
            is_it.then(|| MisfitKind::ElementCount {
                object: self.describe_object(state, operand.pointer.object),
                element,
            })
        })
    }

    /// The container that has these elements.
    fn owner_of_elements(&self, state: &State, elements: ObjectId) -> Option<Pointer> {
        if let ObjectKey::Elements { owner, offset, .. } = &self.objects.info(elements).key {
            return Some(Pointer { object: *owner, offset: offset.clone() });
        }
        state.memory.iter().find_map(|((cell, _), value)| {
            let ObjectKey::Field { parent, offset, field } = &self.objects.info(*cell).key else {
                return None;
            };
            let holds = matches!(value, Value::Pointer(to) if to.object == elements);
            (holds && field == ELEMENTS).then(|| Pointer { object: *parent, offset: offset.clone() })
        })
    }

    /// True if a value of the current function is what a call says of the length of a container.
    fn is_length(&self, value: ValueId) -> bool {
        let Some(function) = self.stack.last().copied() else { return false };
        match self.shared.definitions(function).of_converted(self.shared.function(function), value) {
            Some(Op::Call(call)) => self.shared.row(call).is_some_and(|row| row.result == Outcome::Length),
            _ => false,
        }
    }

    /// True for a small negative number other than -1 that larger elements are meant to hold: of -2, they get
    /// 0xFEFEFEFE. Of -1, all bits are set, in each byte as in the whole; numbers of larger amount are chosen for the
    /// bytes that they consist of (`-0x3f`, for a large negative number).
    fn is_number_of_elements(&self, it: &Modelled<'_, '_>, value: i64) -> bool {
        let element = it.position(Role::Dst).and_then(|at| it.call.call.written.get(at)?.pointee);
        (-SMALL..-1).contains(&value) && element.is_some_and(|bytes| bytes > 1) && !self.is_instance()
    }

    /// True inside an instance of a template: the branches that depend on its types (`typeid`) are not decided, and
    /// lead to sizes of other types; and not all sizes that depend on them are those of the instance.
    fn is_instance(&self) -> bool {
        self.stack.iter().any(|function| !self.shared.function(*function).template.is_empty())
    }

    /// True where an instance of a template is followed in place of another one, so that sizes may be others.
    pub(super) fn is_in_stand_in(&self) -> bool {
        self.stack.iter().any(|function| self.shared.function(*function).stands_in)
    }

    fn wider_than_pitch(
        &mut self,
        state: &State,
        it: &Modelled<'_, '_>,
        scaled: &dyn Fn(&mut Self, &Linear) -> Linear,
    ) -> Option<MisfitKind> {
        let pitches: Vec<Value> = it.args(Role::Pitch).cloned().collect();
        let [width, rows] = &it.args(Role::Bytes).cloned().collect::<Vec<_>>()[..] else { return None };
        // Of a single row, nobody comes to the next.
        if rows.as_constant().is_some_and(|rows| rows <= 1) {
            return None;
        }
        let width = self.number(width);
        let width = scaled(self, &width);
        pitches.iter().find_map(|pitch| {
            let pitch = self.number(pitch);
            let larger = larger(state, &width, &pitch)?;
            Some(MisfitKind::WiderThanPitch { bytes: larger.constants() })
        })
    }

    /// The memory that is touched, as far as it is known.
    fn operands(&mut self, state: &State, it: &Modelled<'_, '_>) -> Vec<Operand> {
        let mut operands = Vec::new();
        for role in [Role::Dst, Role::Src, Role::Symbol] {
            let Some(position) = it.position(role) else { continue };
            let Some(value) = it.arg(role).cloned() else { continue };
            let Some(pointer) = self.pointer(&value) else { continue };
            // The kind says which side a symbol is on; without a destination it is written.
            let writes = role == Role::Dst || (role == Role::Symbol && it.position(Role::Dst).is_none());
            let size = self.size_of(state, pointer.object);
            let is_variable = matches!(self.objects.info(pointer.object).key, ObjectKey::Global(_));
            if role == Role::Symbol && !is_variable {
                continue;
            }
            let written = it.call.call.written.get(position).copied().unwrap_or_default();
            operands.push(Operand { pointer, size, writes, written, position });
        }
        operands
    }

    /// How many bytes an object has, if it is known. A field is part of something larger, which code may mean.
    fn size_of(&self, state: &State, object: ObjectId) -> Option<Linear> {
        if let Some(size) = state.object(object).and_then(|it| it.size.clone()) {
            return Some(size);
        }
        let info = self.objects.info(object);
        let is_variable = matches!(info.key, ObjectKey::Local { .. } | ObjectKey::Global(_));
        // What is of class type may be of a class that had to be invented.
        let plain = |ty: Type| !matches!(ty.kind, TypeKind::Record(_) | TypeKind::Unknown);
        if !info.ty.is_some_and(plain) {
            return None;
        }
        let bytes = info.bytes.filter(|bytes| is_variable && *bytes > 0)?;
        i64::try_from(bytes).ok().map(Linear::constant)
    }

    /// The size is what the memory has elements: a multiplication by their size is missing. All memory whose size
    /// is known must say so.
    fn element_count(&self, state: &State, operands: &[Operand], bytes: &Linear) -> Option<MisfitKind> {
        // A part of a whole of constant size may just be as large.
        if bytes.as_constant().is_some() {
            return None;
        }
        let start = Linear::constant(0);
        let mut found = None;
        for operand in operands.iter().filter(|operand| operand.size.is_some()) {
            let element = operand.written.pointee.filter(|element| *element > 1)?;
            let element_size = i64::try_from(element).ok()?;
            // What is a multiple already may be the bytes of fewer elements than there are.
            if bytes.divided(element_size).is_some() {
                return None;
            }
            let whole = bytes.times(element_size)?;
            if operand.pointer.offset != start || operand.size.as_ref() != Some(&whole) {
                return None;
            }
            found = found.or(Some((operand, element)));
        }
        let (operand, element) = found?;
        let object = self.describe_object(state, operand.pointer.object);
        Some(MisfitKind::ElementCount { object, element })
    }
}

/// The places of the parameters with a role that are given.
fn positions(it: &Modelled<'_, '_>, role: Role) -> Vec<usize> {
    let params = it.row.params.iter().take(it.call.args.len()).enumerate();
    params.filter(|(_, param)| param.role == role).map(|(index, _)| index).collect()
}

/// True for what a fill by bytes writes as it is: one byte, signed or not, or a number that consists of equal bytes
/// (`0x3f3f3f3f`), of which one stands for all.
fn is_byte(value: i64) -> bool {
    let bytes = (value as u32).to_le_bytes();
    (-128..=255).contains(&value) || bytes.iter().all(|byte| *byte == bytes[0])
}

/// Whether one size is larger than another on this path, whatever the symbols stand for.
fn larger(state: &State, one: &Linear, other: &Linear) -> Option<Larger> {
    if let (Some(one), Some(other)) = (one.as_constant(), other.as_constant()) {
        let (one, other) = (u64::try_from(one).ok()?, u64::try_from(other).ok()?);
        return (one > other).then_some(Larger::Constants(one, other));
    }
    let excess = one.minus(other)?;
    let proven = match excess.as_constant() {
        Some(excess) => excess > 0,
        None => {
            is_multiple(&excess, other) || {
                let at_most =
                    Condition { expression: excess, relation: Relation::NotPositive, negated: false };
                state.path.decide(&at_most) == Some(false)
            }
        }
    };
    proven.then_some(Larger::Symbols)
}

/// True if one expression is a positive multiple of another (and perhaps a constant more) that is the size of
/// something: that is not negative, and where it is 0, nothing is touched.
fn is_multiple(excess: &Linear, size: &Linear) -> bool {
    let (Some((_, first)), Some((_, of))) = (excess.terms.first(), size.terms.first()) else { return false };
    size.constant == 0
        && excess.constant >= 0
        && first.signum() == of.signum()
        && excess.terms.len() == size.terms.len()
        && excess.terms.iter().zip(&size.terms).all(|((a, x), (b, y))| {
            a == b && i128::from(*x) * i128::from(*of) == i128::from(*y) * i128::from(*first)
        })
}

#[cfg(test)]
mod tests {
    use super::super::symbol::Sym;
    use super::*;

    fn linear(terms: &[(u32, i64)], constant: i64) -> Linear {
        Linear { terms: terms.iter().map(|(symbol, factor)| (Sym(*symbol), *factor)).collect(), constant }
    }

    #[test]
    fn only_bytes_and_repeated_bytes_are_bytes() {
        for value in [0, 1, 255, -1, -128, 0x3f3f_3f3f, 0x0101_0101, 0xffff_ffff] {
            assert!(is_byte(value), "{value}");
        }
        for value in [256, 1000, -129, 0x7fff_ffff, 0x0100_0000] {
            assert!(!is_byte(value), "{value}");
        }
    }

    #[test]
    fn larger_must_hold_for_every_value() {
        let state = State::default();
        let is = |one: &Linear, other: &Linear| larger(&state, one, other).is_some();
        let n = linear(&[(1, 1)], 0);
        assert!(is(&linear(&[(1, 4)], 0), &n), "4n > n");
        assert!(is(&linear(&[(1, 1)], 1), &n), "n + 1 > n");
        assert!(is(&linear(&[(1, 4), (2, 8)], 0), &linear(&[(1, 1), (2, 2)], 0)), "4(n + 2m) > n + 2m");
        assert!(!is(&n, &n));
        assert!(!is(&linear(&[(2, 4)], 0), &n), "4m and n");
        assert!(!is(&linear(&[(1, 4), (2, 1)], 0), &linear(&[(1, 1), (2, 2)], 0)), "4n + m and n + 2m");
        assert!(!is(&linear(&[(1, 4)], -1), &n), "4n - 1 and n, for n = 0");
        assert!(!is(&linear(&[(1, 4)], 0), &linear(&[(1, 1)], 8)), "4n and n + 8");
        assert!(!is(&linear(&[(1, 4)], 0), &linear(&[], 100)), "4n and 100");
    }
}
