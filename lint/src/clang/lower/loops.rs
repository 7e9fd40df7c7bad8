//! Conditions, loops and `switch`.

use clang_sys::*;
use cuda_lint_engine::program::{
    BinaryOp, BlockId, Call, Callee, Op, Origin, SiteId, Storage, Terminator, Type, TypeKind, ValueId,
};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::operators::{binary_operator, unary_operator};
use super::scopes::{Cleanup, Jump};
use super::types::{is_array, is_reference};

/// The cases of a `switch` under way.
pub(super) struct Cases {
    cases: Vec<(i64, BlockId)>,
    default: Option<BlockId>,
}

/// What a range-based `for` goes over.
struct Elements {
    /// The address of the first.
    begin: ValueId,
    /// How many there are.
    size: ValueId,
    /// Bytes from one to the next.
    stride: Option<u64>,
    /// They are not in that memory: the iterator makes each.
    by_value: bool,
}

impl Body<'_, '_> {
    /// Ends the block with a branch on a condition. Short-circuit operators become branches of their own.
    pub fn condition(&mut self, condition: Cursor, yes: BlockId, no: BlockId) {
        let outer = self.at;
        self.at = self.unit.site_or(condition, outer);
        let parts = condition.parts();
        let operator = match condition.kind() {
            CXCursor_BinaryOperator if parts.len() == 2 => binary_operator(condition, parts[0], parts[1]),
            _ => CXBinaryOperator_Invalid,
        };
        if operator == CXBinaryOperator_LAnd || operator == CXBinaryOperator_LOr {
            let second = self.code.block();
            if operator == CXBinaryOperator_LAnd {
                self.condition(parts[0], second, no);
            } else {
                self.condition(parts[0], yes, second);
            }
            self.code.switch_to(second);
            self.condition(parts[1], yes, no);
        } else if condition.kind() == CXCursor_ParenExpr && parts.len() == 1 {
            self.condition(parts[0], yes, no);
        } else if condition.kind() == CXCursor_UnaryOperator
            && parts.len() == 1
            && unary_operator(condition) == CXUnaryOperator_LNot
            && !matches!(self.unit.ty(parts[0].ty()).kind, TypeKind::Unknown)
        {
            self.condition(parts[0], no, yes);
        } else {
            let site = self.at;
            let value = self.full_expression(site, |body| body.value(condition));
            self.code.terminate(Terminator::Branch { condition: value, then: yes, otherwise: no });
        }
        self.at = outer;
    }

    pub fn for_loop(&mut self, statement: Cursor) {
        let site = self.at;
        let (init, condition, step, inner) = self.for_parts(statement);
        self.open_scope(false);
        if let Some(init) = init {
            self.statement(init);
        }
        let head = self.code.block();
        let body = self.code.block();
        let next = self.code.block();
        let after = self.code.block();
        self.code.goto(head);
        self.code.switch_to(head);
        match condition {
            Some(condition) if condition.kind() == CXCursor_VarDecl => {
                self.code.opaque(site, "a declaration as the condition of a `for`", Vec::new());
                let unknown = self.code.unknown(site, Vec::new());
                self.code.terminate(Terminator::Branch { condition: unknown, then: body, otherwise: after });
            }
            Some(condition) => self.condition(condition, body, after),
            None => self.code.goto(body),
        }
        self.loop_body(inner, body, next, after);
        self.code.switch_to(next);
        if let Some(step) = step {
            self.statement(step);
        }
        self.code.goto(head);
        self.code.switch_to(after);
        self.close_scope(site);
    }

    fn loop_body(&mut self, inner: Option<Cursor>, body: BlockId, next: BlockId, after: BlockId) {
        self.code.switch_to(body);
        self.jumps.push(Jump { after, next: Some(next), depth: self.scopes.len() });
        if let Some(inner) = inner {
            self.inner_statement(inner);
        }
        self.jumps.pop();
        self.code.goto(next);
    }

    /// The parts of `for (init; condition; step) body`. libclang leaves out what is missing, so the
    /// semicolons decide.
    fn for_parts(
        &mut self,
        statement: Cursor,
    ) -> (Option<Cursor>, Option<Cursor>, Option<Cursor>, Option<Cursor>) {
        let mut parts: Vec<Cursor> = statement
            .children()
            .into_iter()
            .filter(|part| (100..300).contains(&part.kind()) || part.kind() == CXCursor_VarDecl)
            .collect();
        let inner = parts.pop();
        if parts.len() == 3 {
            return (Some(parts[0]), Some(parts[1]), Some(parts[2]), inner);
        }
        let mut slots = [None; 3];
        let semicolons = self.semicolons(statement, inner);
        for part in parts {
            let slot = match (&semicolons, self.unit.positions.span(part)) {
                (Some([first, second]), Some(span)) => {
                    if span.start <= *first {
                        0
                    } else if span.start <= *second {
                        1
                    } else {
                        2
                    }
                }
                // In a macro: by what the parts look like.
                _ => match part.kind() {
                    CXCursor_DeclStmt => 0,
                    CXCursor_CompoundAssignOperator => 2,
                    CXCursor_UnaryOperator if unary_operator(part) <= CXUnaryOperator_PreDec => 2,
                    _ if slots[1].is_none() => 1,
                    _ => 2,
                },
            };
            slots[slot] = Some(part);
        }
        (slots[0], slots[1], slots[2], inner)
    }

    /// The offsets of the two semicolons of a `for` head.
    fn semicolons(&mut self, statement: Cursor, inner: Option<Cursor>) -> Option<[u32; 2]> {
        let span = self.unit.positions.span(statement)?;
        let end = match inner.and_then(|inner| self.unit.positions.span(inner)) {
            Some(inner) if inner.start > span.start => inner.start,
            Some(_) => return None,
            None => span.end,
        };
        let text = self.unit.positions.text(span.file, span.start, end);
        if !text.starts_with(b"for") {
            return None;
        }
        let mut depth = 0;
        let mut found = Vec::new();
        let mut at = 0;
        while at < text.len() {
            match text[at] {
                b'(' | b'{' | b'[' => depth += 1,
                b')' | b'}' | b']' => depth -= 1,
                b';' if depth == 1 => found.push(span.start + at as u32),
                quote @ (b'"' | b'\'') => {
                    at += 1;
                    while at < text.len() && text[at] != quote {
                        at += if text[at] == b'\\' { 2 } else { 1 };
                    }
                }
                _ => {}
            }
            at += 1;
        }
        <[u32; 2]>::try_from(found).ok()
    }

    pub fn while_loop(&mut self, statement: Cursor) {
        let site = self.at;
        let parts: Vec<Cursor> = statement
            .children()
            .into_iter()
            .filter(|part| (100..300).contains(&part.kind()) || part.kind() == CXCursor_VarDecl)
            .collect();
        let head = self.code.block();
        let body = self.code.block();
        let leave = self.code.block();
        self.code.goto(head);
        self.code.switch_to(head);
        match parts[..] {
            [condition, inner] => {
                self.condition(condition, body, leave);
                self.loop_body(Some(inner), body, head, leave);
                self.code.switch_to(leave);
            }
            // `while (T x = …)`: the variable is a new one in every round.
            [variable, condition, inner] => {
                let next = self.code.block();
                let after = self.code.block();
                self.open_scope(false);
                self.statement(variable);
                self.condition(condition, body, leave);
                self.loop_body(Some(inner), body, next, leave);
                self.code.switch_to(next);
                let depth = self.scopes.len() - 1;
                self.leave_to(depth, 0, site);
                self.code.goto(head);
                self.code.switch_to(leave);
                self.leave_to(depth, 0, site);
                self.code.goto(after);
                self.scopes.pop();
                self.code.switch_to(after);
            }
            _ => {
                self.code.opaque(site, "a loop whose parts are missing", Vec::new());
                self.code.goto(leave);
                self.code.switch_to(leave);
            }
        }
    }

    pub fn do_loop(&mut self, statement: Cursor) {
        let parts = statement.parts();
        let body = self.code.block();
        let next = self.code.block();
        let after = self.code.block();
        self.code.goto(body);
        self.loop_body(parts.first().copied(), body, next, after);
        self.code.switch_to(next);
        match parts.get(1) {
            Some(condition) => match condition.evaluate() {
                // `do { … } while (0)` is how macros make a statement.
                Some(0) => self.code.goto(after),
                _ => self.condition(*condition, body, after),
            },
            None => {
                self.code.opaque(self.at, "a loop whose condition is missing", Vec::new());
                self.code.goto(after);
            }
        }
        self.code.switch_to(after);
    }

    /// `for (x : range)` counts from 0 to the size of the range; elements are an index from its begin.
    pub fn range_loop(&mut self, statement: Cursor) {
        let site = self.at;
        let mut init = None;
        let mut variable = None;
        let mut parts = Vec::new();
        for child in statement.children() {
            match child.kind() {
                CXCursor_DeclStmt if variable.is_none() && parts.is_empty() => init = Some(child),
                CXCursor_VarDecl | CXCursor_UnexposedDecl if variable.is_none() => variable = Some(child),
                kind if (100..300).contains(&kind) => parts.push(child),
                _ => {}
            }
        }
        self.open_scope(false);
        if let Some(init) = init {
            self.statement(init);
        }
        let (range, inner) = match parts[..] {
            [range, inner] => (range, inner),
            [range] => (range, range),
            _ => {
                self.code.opaque(site, "a range loop whose range is missing", Vec::new());
                for part in parts {
                    self.inner_statement(part);
                }
                self.close_scope(site);
                return;
            }
        };
        let range_site = self.unit.site_or(range, site);
        let object = self.place_for_reference(range);
        let Elements { begin, size, stride, by_value } = self.range_of(range, object, range_site);
        let index_type = Type::int(8);
        let counter = self.code.local("", index_type, site, Storage::Automatic);
        self.code.push(site, Op::Live { local: counter });
        self.ends_with_block(Cleanup::Local(counter, None));
        let address = self.code.address_of(site, counter);
        let zero = self.int(site, 0);
        self.code.store(site, address, zero, index_type);
        let head = self.code.block();
        let body = self.code.block();
        let next = self.code.block();
        let after = self.code.block();
        self.code.goto(head);
        self.code.switch_to(head);
        let address = self.code.address_of(range_site, counter);
        let index = self.code.load(range_site, address, index_type);
        let condition = self.code.binary(range_site, BinaryOp::Lt, index, size);
        self.code.terminate(Terminator::Branch { condition, then: body, otherwise: after });
        self.code.switch_to(body);
        self.jumps.push(Jump { after, next: Some(next), depth: self.scopes.len() });
        self.open_scope(false);
        let address = self.code.address_of(range_site, counter);
        let index = self.code.load(range_site, address, index_type);
        let element = self.code.index(range_site, begin, index, stride);
        if let Some(variable) = variable {
            self.range_variable(variable, element, by_value);
        }
        if !inner.is(range) {
            self.inner_statement(inner);
        }
        self.close_scope(site);
        self.jumps.pop();
        self.code.goto(next);
        self.code.switch_to(next);
        let address = self.code.address_of(site, counter);
        let index = self.code.load(site, address, index_type);
        let one = self.int(site, 1);
        let more = self.code.binary(site, BinaryOp::Add, index, one);
        self.code.store(site, address, more, index_type);
        self.code.goto(head);
        self.code.switch_to(after);
        self.close_scope(site);
    }

    fn range_variable(&mut self, variable: Cursor, element: ValueId, by_value: bool) {
        let site = self.unit.site_or(variable, self.at);
        if variable.kind() == CXCursor_UnexposedDecl {
            self.structured_binding(variable, Some(element));
            return;
        }
        let ty = variable.ty();
        let lowered = self.unit.ty(ty);
        // In a template the type of `auto &x` says nothing yet; its spelling does.
        let pattern_reference = lowered.kind == TypeKind::Unknown && ty.spelling().ends_with('&');
        if pattern_reference {
            let local = self.code.local(variable.spelling(), Type::POINTER, site, Storage::Automatic);
            self.code.push(site, Op::Live { local });
            self.ends_with_block(Cleanup::Local(local, None));
            let address = self.code.address_of(site, local);
            self.code.store(site, address, element, Type::POINTER);
            self.variables.insert(variable.entity(), super::body::Variable::Reference(local));
            return;
        }
        self.declare(variable, ty, site, |body, address| {
            if by_value {
                let value = body.code.unknown(site, vec![element]);
                if !lowered.is_aggregate() {
                    body.code.store(site, address, value, lowered);
                }
            } else if is_reference(ty) {
                body.code.store(site, address, element, lowered);
            } else if lowered.is_aggregate() {
                body.copy_from(address, element, ty, false, site);
            } else {
                let value = body.code.load(site, element, lowered);
                body.code.store(site, address, value, lowered);
            }
        });
    }

    /// Where the elements of a range are.
    fn range_of(&mut self, range: Cursor, object: ValueId, site: SiteId) -> Elements {
        let mut ty = range.ty();
        if is_reference(ty) {
            ty = ty.canonical().pointee();
        }
        if is_array(ty) {
            let size = match ty.canonical().extent() {
                Some(extent) => self.int(site, extent as i64),
                None => self.code.unknown(site, Vec::new()),
            };
            let stride = ty.canonical().element().size();
            return Elements { begin: object, size, stride, by_value: false };
        }
        let lowered = self.unit.ty(ty);
        let TypeKind::Record(record) = lowered.kind else {
            let begin = self.code.unknown(site, vec![object]);
            let size = self.code.unknown(site, vec![object]);
            return Elements { begin, size, stride: None, by_value: false };
        };
        let class = self.unit.class(ty);
        let mut results = Vec::new();
        let mut by_value = false;
        for (member, result) in [("begin", Type::POINTER), ("size", Type::int(8))] {
            let method = class.declaration.and_then(|class| super::callees::method(class, member, 0));
            let callee = match method {
                Some(method) => {
                    by_value |= member == "begin" && self.hands_out_values(method.ty().result());
                    let name = class.system.then_some(class.name.as_str());
                    self.unit.callee(method, name)
                }
                None => {
                    let name = format!("{}::{member}", class.name);
                    Callee::Extern(self.unit.extern_named(name, true, 1, Origin::System))
                }
            };
            let value = self.code.value();
            self.code.call(site, Call { result: Some(value), ty: result, ..Call::of(callee, vec![object]) });
            results.push(value);
        }
        let stride = self.unit.program.records[record.0 as usize].element_size;
        Elements { begin: results[0], size: results[1], stride, by_value }
    }

    /// True if what an iterator gives is no reference into memory: on the host, an element of `thrust::device_vector` is
    /// an object of its own, which copies.
    fn hands_out_values(&mut self, iterator: Ty) -> bool {
        let class = self.unit.class(iterator);
        let dereference = class.declaration.and_then(|class| super::callees::method(class, "operator*", 0));
        dereference.map(|it| it.ty().result()).is_some_and(|result| match result.canonical().kind() {
            CXType_LValueReference | CXType_RValueReference => false,
            CXType_Dependent | CXType_Unexposed => self.unit.class(result).declaration.is_some(),
            _ => true,
        })
    }

    pub fn switch(&mut self, statement: Cursor) {
        let site = self.at;
        let mut parts: Vec<Cursor> = statement
            .children()
            .into_iter()
            .filter(|part| (100..300).contains(&part.kind()) || part.kind() == CXCursor_VarDecl)
            .collect();
        self.open_scope(false);
        let Some(inner) = parts.pop() else {
            self.close_scope(site);
            return;
        };
        let condition = parts.pop();
        for part in parts {
            self.statement(part);
        }
        let value = match condition {
            Some(condition) => self.full_expression(site, |body| body.value(condition)),
            None => self.code.unknown(site, Vec::new()),
        };
        let after = self.code.block();
        let dispatch = self.code.current();
        let orphan = self.code.block();
        self.code.switch_to(orphan);
        self.switches.push(Cases { cases: Vec::new(), default: None });
        self.jumps.push(Jump { after, next: None, depth: self.scopes.len() });
        self.inner_statement(inner);
        self.jumps.pop();
        self.code.goto(after);
        if let Some(cases) = self.switches.pop() {
            self.code.switch_to(dispatch);
            let default = cases.default.unwrap_or(after);
            self.code.terminate(Terminator::Switch { value, cases: cases.cases, default });
        }
        self.code.switch_to(after);
        self.close_scope(site);
    }

    pub fn case(&mut self, statement: Cursor) {
        let block = self.code.block();
        self.code.goto(block);
        self.code.switch_to(block);
        let mut parts = statement.parts();
        let inner = if parts.len() > 1 { parts.pop() } else { None };
        let low = parts.first().and_then(|value| value.evaluate());
        let high = parts.get(1).map_or(low, |value| value.evaluate());
        if let Some(cases) = self.switches.last_mut() {
            match (low, high) {
                (Some(low), Some(high)) => {
                    for value in low..=high.min(low.saturating_add(255)) {
                        cases.cases.push((value, block));
                    }
                }
                // A dependent value: any value may lead here.
                _ => cases.cases.push((i64::MIN, block)),
            }
        }
        if let Some(inner) = inner {
            self.statement(inner);
        }
    }

    pub fn default_case(&mut self, statement: Cursor) {
        let block = self.code.block();
        self.code.goto(block);
        self.code.switch_to(block);
        if let Some(cases) = self.switches.last_mut() {
            cases.default = Some(block);
        }
        for part in statement.parts() {
            self.statement(part);
        }
    }
}
