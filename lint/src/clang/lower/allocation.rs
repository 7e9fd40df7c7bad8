//! `new` and `delete`.

use clang_sys::CXType_ULong;
use cuda_lint_engine::program::{Call, Op, Terminator, Type, ValueId};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::callees;

/// What a `new` looks like.
pub(super) struct NewShape {
    /// The number of arguments in parentheses before the type.
    placement: usize,
    /// True if they are `std::nothrow`.
    nothrow: bool,
    /// True for `new T[n]`.
    array: bool,
}

/// So far behind `new` its type is looked for, in bytes, where libclang does not say where it ends.
const MOST_OF_A_TYPE: usize = 512;

impl Body<'_, '_> {
    /// `new T`, `new T[n]`, `new (place) T`.
    pub(super) fn new_expression(&mut self, expression: Cursor) -> ValueId {
        let site = self.at;
        let object = expression.ty().canonical().pointee();
        let parts = expression.parts();
        let shape = self.new_shape(expression);
        let array = shape.array;
        let mut parts = parts.into_iter();
        let mut place = None;
        for _ in 0..shape.placement {
            if let Some(part) = parts.next() {
                let value = self.value_or_place(part);
                if !shape.nothrow {
                    place.get_or_insert(value);
                }
            }
        }
        let count = if array { parts.next().map(|part| self.value(part)) } else { None };
        let own = self.own_operator(object, if array { "operator new[]" } else { "operator new" });
        let address = match (place, own) {
            (Some(place), _) => place,
            (None, Some(operator)) => {
                let bytes = match self.unit.size_of(object).and_then(|size| i64::try_from(size).ok()) {
                    Some(bytes) if !array => self.int(site, bytes),
                    _ => self.code.unknown(site, Vec::new()),
                };
                let result = self.code.value();
                let call = Call::of(self.unit.callee(operator, None), vec![bytes]);
                self.code.call(site, Call { result: Some(result), ty: Type::POINTER, ..call });
                result
            }
            (None, None) => {
                let result = self.code.value();
                // Instances of templates do not always show the count.
                let stride = self.unit.size_of(object).filter(|_| count.is_some() || !array);
                self.code.push(site, Op::New { result, count, stride });
                result
            }
        };
        if let Some(initializer) = parts.next() {
            if array && !self.unit.ty(initializer.ty()).is_aggregate() {
                self.discard(initializer);
            } else {
                let ty = if array { initializer.ty() } else { object };
                self.initialise(address, ty, initializer);
            }
        }
        address
    }

    /// The `operator new` or `operator delete` that a class of the program, or one of its bases, has for its objects.
    fn own_operator(&mut self, object: Ty, name: &str) -> Option<Cursor> {
        let class = object.declaration()?;
        let class = class.template().unwrap_or(class);
        let operator = callees::method(class.definition().unwrap_or(class), name, 1)?;
        (operator.spelling() == name).then_some(operator)
    }

    /// What only the text of a `new` tells.
    pub(super) fn new_shape(&mut self, expression: Cursor) -> NewShape {
        let parts = expression.parts();
        let plain = NewShape { placement: 0, nothrow: false, array: false };
        let Some(span) = self.unit.positions.span(expression) else { return plain };
        let mut text = self.unit.positions.text(span.file, span.start, span.end);
        // In instances of templates, libclang ends the expression with the word `new`.
        if text.trim_ascii() == b"new" {
            let whole = self.unit.positions.whole(span.file).get(span.start as usize..).unwrap_or_default();
            text = &whole[..whole.len().min(MOST_OF_A_TYPE)];
            let end = memchr::memchr(b';', text).unwrap_or(text.len());
            text = &text[..end];
        }
        let Some(after) = memchr::memmem::find(text, b"new").filter(|at| *at <= 4) else {
            // The `new` of a macro is seen where the macro is used. C++14 converts the count of an array to
            // `std::size_t` ([expr.new]); what an object is made of has another type, as a rule.
            let array = parts.first().is_some_and(|it| it.ty().canonical().kind() == CXType_ULong);
            return NewShape { array, ..plain };
        };
        let head = text[after + 3..].trim_ascii_start();
        let mut placement = 0;
        let mut nothrow = false;
        let mut rest = head;
        if head.starts_with(b"(") {
            let mut depth = 0;
            let mut end = 0;
            placement = 1;
            for (at, byte) in head.iter().enumerate() {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => {
                        depth -= 1;
                        if depth == 0 {
                            end = at + 1;
                            break;
                        }
                    }
                    b',' if depth == 1 => placement += 1,
                    _ => {}
                }
            }
            rest = &head[end..];
            // `new (T)` and `new (std::nothrow) T` look alike up to what follows.
            if matches!(rest.trim_ascii_start().first(), None | Some(b',' | b')' | b';')) {
                return plain;
            }
            nothrow = head[..end].ends_with(b"nothrow)");
        }
        // The brackets of the type come before any initialiser; those of template arguments do not count.
        let mut angle = 0;
        let mut array = false;
        for byte in rest {
            match byte {
                b'<' => angle += 1,
                b'>' => angle -= 1,
                b'(' | b'{' | b')' | b'}' | b',' if angle == 0 => break,
                b'[' if angle == 0 => {
                    array = true;
                    break;
                }
                _ => {}
            }
        }
        NewShape { placement: placement.min(parts.len()), nothrow, array }
    }

    pub(super) fn delete_expression(&mut self, expression: Cursor) {
        let site = self.at;
        let parts = expression.parts();
        let Some(operand) = parts.first() else { return };
        let pointer = self.value(*operand);
        let object = operand.ty().canonical().pointee();
        if self.needs_destruction(object) {
            // Nothing happens to a null pointer.
            let destroy = self.code.block();
            let after = self.code.block();
            self.code.terminate(Terminator::Branch { condition: pointer, then: destroy, otherwise: after });
            self.code.switch_to(destroy);
            self.destroy(pointer, object, site);
            self.code.goto(after);
            self.code.switch_to(after);
        }
        // `delete[]` is known by its text only: a class that has one operator of its own has both, as a rule.
        match self.own_operator(object, "operator delete") {
            Some(operator) => {
                let call = Call::of(self.unit.callee(operator, None), vec![pointer]);
                self.code.call(site, Call { ty: Type::VOID, ..call });
            }
            None => self.code.push(site, Op::Delete { pointer }),
        }
    }
}
