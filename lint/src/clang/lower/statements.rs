//! Statements and declarations.

use clang_sys::*;
use cuda_lint_engine::program::{LocalId, Op, Storage, Terminator, Type, TypeKind};

use super::super::cursor::{Cursor, Ty};
use super::body::{Body, Part, Variable};
use super::positions::Span;
use super::scopes::{Cleanup, Handler, Label};
use super::types::is_reference;

impl Body<'_, '_> {
    /// Lowers a statement.
    pub fn statement(&mut self, statement: Cursor) {
        let outer = self.at;
        let span = self.unit.positions.span(statement);
        if let Some(span) = span {
            self.at = self.unit.positions.site_of(span);
        }
        self.statement_of_kind(statement);
        if let Some(span) = span {
            self.check_text(statement, span);
        }
        self.at = outer;
    }

    fn statement_of_kind(&mut self, statement: Cursor) {
        match statement.kind() {
            CXCursor_CompoundStmt => self.compound(statement),
            CXCursor_DeclStmt => self.declarations(statement),
            CXCursor_IfStmt => self.if_statement(statement),
            CXCursor_ForStmt => self.for_loop(statement),
            CXCursor_WhileStmt => self.while_loop(statement),
            CXCursor_DoStmt => self.do_loop(statement),
            CXCursor_CXXForRangeStmt => self.range_loop(statement),
            CXCursor_SwitchStmt => self.switch(statement),
            CXCursor_CaseStmt => self.case(statement),
            CXCursor_DefaultStmt => self.default_case(statement),
            CXCursor_BreakStmt => self.jump_out(true),
            CXCursor_ContinueStmt => self.jump_out(false),
            CXCursor_ReturnStmt => self.return_statement(statement),
            CXCursor_GotoStmt => self.goto_statement(statement),
            CXCursor_LabelStmt => self.labelled(statement),
            CXCursor_CXXTryStmt => self.try_statement(statement),
            CXCursor_NullStmt => {}
            CXCursor_AsmStmt | CXCursor_MSAsmStmt => {
                let site = self.at;
                for part in statement.parts() {
                    self.full_expression(site, |body| body.discard(part));
                }
            }
            // Attributes and pragmas in front of a statement.
            CXCursor_UnexposedStmt => {
                for part in statement.parts() {
                    self.statement(part);
                }
            }
            CXCursor_VarDecl => self.full_declaration(statement),
            kind if (100..200).contains(&kind) => {
                let site = self.at;
                self.full_expression(site, |body| body.discard(statement));
            }
            kind if (200..300).contains(&kind) => {
                self.code.opaque(self.at, "a statement of a kind that is not understood", Vec::new());
            }
            _ => {}
        }
    }

    fn compound(&mut self, statement: Cursor) {
        let children = statement.children();
        self.open_scope(false);
        self.announce_labels(&children);
        let span = self.unit.positions.span(statement);
        let mut reached = span.map_or(0, |span| span.start);
        for child in children {
            if let Some(span) = span {
                reached = self.check_gap(statement, span.file, reached, child);
            }
            self.statement(child);
        }
        let brace = match span {
            Some(span) => {
                self.check_gap_to(statement, span.file, reached, span.end);
                let start = span.end.saturating_sub(1).max(span.start);
                self.unit.positions.site_of(Span { file: span.file, start, end: span.end })
            }
            None => self.at,
        };
        self.close_scope(brace);
    }

    /// Makes the labels of a block known to the `goto`s before them.
    fn announce_labels(&mut self, children: &[Cursor]) {
        for child in children {
            let mut at = *child;
            while at.kind() == CXCursor_LabelStmt {
                let label = Label { block: self.code.block(), depth: self.scopes.len(), items: None };
                self.labels.insert(at.key(), label);
                match at.parts().first() {
                    Some(inner) => at = *inner,
                    None => break,
                }
            }
        }
    }

    fn labelled(&mut self, statement: Cursor) {
        let mut label = self.label(statement);
        self.code.goto(label.block);
        self.code.switch_to(label.block);
        label.items = self.scopes.get(label.depth.saturating_sub(1)).map(|scope| scope.items.len());
        self.labels.insert(statement.key(), label);
        for part in statement.parts() {
            self.statement(part);
        }
    }

    fn goto_statement(&mut self, statement: Cursor) {
        let site = self.at;
        let Some(target) = statement.referenced() else {
            self.code.opaque(site, "a `goto` whose label is missing", Vec::new());
            return;
        };
        let label = self.label(target);
        if label.depth >= 1 && label.depth <= self.scopes.len() {
            let depth = label.depth - 1;
            let keep = label.items.unwrap_or(self.scopes[depth].items.len());
            self.leave_to(depth, keep, site);
        }
        self.code.goto(label.block);
    }

    fn jump_out(&mut self, is_break: bool) {
        let site = self.at;
        let target = if is_break {
            self.jumps.last().map(|jump| (jump.after, jump.depth))
        } else {
            self.jumps.iter().rev().find_map(|jump| jump.next.map(|next| (next, jump.depth)))
        };
        if let Some((block, depth)) = target {
            self.leave_to(depth, 0, site);
            self.code.goto(block);
        } else {
            self.code.opaque(site, "a jump out of nothing", Vec::new());
        }
    }

    fn if_statement(&mut self, statement: Cursor) {
        let site = self.at;
        let mut parts: std::collections::VecDeque<Cursor> = statement
            .children()
            .into_iter()
            .filter(|part| {
                let kind = part.kind();
                (100..300).contains(&kind) || kind == CXCursor_VarDecl
            })
            .collect();
        self.open_scope(false);
        // `if (T x = …; condition)` and `if (T x = …)`.
        while let Some(first) = parts.front().copied() {
            match first.kind() {
                CXCursor_DeclStmt => self.declarations(first),
                CXCursor_VarDecl => self.full_declaration(first),
                CXCursor_NullStmt => {}
                _ if parts.len() > 2 && self.is_before_semicolon(first, parts[1]) => {
                    self.full_expression(site, |body| body.discard(first));
                }
                _ => break,
            }
            parts.pop_front();
        }
        let Some(condition) = parts.pop_front() else {
            self.code.opaque(site, "an `if` whose condition is missing", Vec::new());
            self.close_scope(site);
            return;
        };
        let then = parts.pop_front();
        let otherwise = parts.pop_front();
        if self.is_constexpr_if(statement, condition)
            && let Some(value) = condition.evaluate()
        {
            if let Some(taken) = if value != 0 { then } else { otherwise } {
                self.inner_statement(taken);
            }
            self.close_scope(site);
            return;
        }
        let yes = self.code.block();
        let no = self.code.block();
        let after = if otherwise.is_some() { self.code.block() } else { no };
        self.condition(condition, yes, no);
        self.code.switch_to(yes);
        if let Some(then) = then {
            self.inner_statement(then);
        }
        self.code.goto(after);
        if let Some(otherwise) = otherwise {
            self.code.switch_to(no);
            self.inner_statement(otherwise);
            self.code.goto(after);
        }
        self.code.switch_to(after);
        self.close_scope(site);
    }

    /// A statement in a scope of its own, as the branches of an `if` and the bodies of loops are.
    pub fn inner_statement(&mut self, statement: Cursor) {
        if statement.kind() == CXCursor_CompoundStmt {
            self.statement(statement);
            return;
        }
        self.open_scope(false);
        self.statement(statement);
        let site = self.at;
        self.close_scope(site);
    }

    /// True if the text between two parts of a statement holds a `;` before any `)`.
    fn is_before_semicolon(&mut self, first: Cursor, second: Cursor) -> bool {
        let (Some(a), Some(b)) = (self.unit.positions.span(first), self.unit.positions.span(second)) else {
            return false;
        };
        let between = self.unit.positions.text(a.file, a.end, b.start);
        between.iter().find(|byte| matches!(byte, b';' | b')')) == Some(&b';')
    }

    fn is_constexpr_if(&mut self, statement: Cursor, condition: Cursor) -> bool {
        let (Some(a), Some(b)) = (self.unit.positions.span(statement), self.unit.positions.span(condition))
        else {
            return false;
        };
        let head = self.unit.positions.text(a.file, a.start, b.start);
        memchr::memmem::find(head, b"constexpr").is_some()
    }

    fn return_statement(&mut self, statement: Cursor) {
        let site = self.at;
        let Some(expression) = statement.parts().into_iter().next() else {
            self.leave_function(None, None, site);
            return;
        };
        let result = self.result.map_or(Type::UNKNOWN, |ty| self.unit.ty(ty));
        let by_reference = self.result.is_some_and(is_reference);
        if by_reference {
            let value = self.full_expression(site, |body| body.place(expression));
            self.leave_function(Some(value), None, site);
            return;
        }
        let record = match result.kind {
            TypeKind::Record(_) => self.result,
            // The result of a template or a lambda: as the expression says.
            TypeKind::Unknown => {
                let ty = expression.ty();
                matches!(self.unit.ty(ty).kind, TypeKind::Record(_)).then_some(ty)
            }
            _ => None,
        };
        if let Some(ty) = record {
            // The object that is returned: a variable of the function itself, or a temporary made for it.
            let (local, address) = match self.returned_variable(expression) {
                Some(local) => (local, self.code.address_of(site, local)),
                None => {
                    let lowered = self.unit.ty(ty);
                    let local = self.code.local("", lowered, site, Storage::Temporary);
                    self.code.push(site, Op::Live { local });
                    let address = self.code.address_of(site, local);
                    self.full_expression(site, |body| body.initialise(address, ty, expression));
                    (local, address)
                }
            };
            self.leave_function(Some(address), Some(local), site);
            return;
        }
        if result.kind == TypeKind::Void {
            self.full_expression(site, |body| body.discard(expression));
            self.leave_function(None, None, site);
            return;
        }
        let value = self.full_expression(site, |body| body.value(expression));
        self.leave_function(Some(value), None, site);
    }

    /// The variable that `return v;` names, if it is an object of the function's own.
    fn returned_variable(&mut self, expression: Cursor) -> Option<LocalId> {
        let mut at = expression;
        loop {
            match at.kind() {
                CXCursor_DeclRefExpr => break,
                // `return v` moves: the constructor's only argument is the variable.
                CXCursor_CallExpr
                    if at.referenced().is_some_and(|target| target.kind() == CXCursor_Constructor)
                        && at.argument_count() == 1
                        && at.referenced().is_some_and(|constructor| {
                            constructor.is_move_constructor() || constructor.is_copy_constructor()
                        }) =>
                {
                    at = at.argument(0)?;
                }
                CXCursor_UnexposedExpr | CXCursor_ParenExpr => {
                    let parts = at.parts();
                    if parts.len() != 1 {
                        return None;
                    }
                    at = parts[0];
                }
                _ => return None,
            }
        }
        let target = at.referenced()?;
        match self.variables.get(&target.entity())? {
            Variable::Local(local) => {
                let local = *local;
                let storage = self.code.function_mut().locals[local.0 as usize].storage;
                (storage == Storage::Automatic).then_some(local)
            }
            _ => None,
        }
    }

    fn try_statement(&mut self, statement: Cursor) {
        let site = self.at;
        let parts = statement.parts();
        let dispatch = self.code.block();
        let inside = self.code.block();
        let after = self.code.block();
        // Anything inside may throw, at the earliest before it has done anything.
        let thrown = self.code.unknown(site, Vec::new());
        self.code.terminate(Terminator::Branch { condition: thrown, then: dispatch, otherwise: inside });
        self.code.switch_to(inside);
        self.handlers.push(Handler { block: dispatch, depth: self.scopes.len() });
        if let Some(block) = parts.first() {
            self.statement(*block);
        }
        self.handlers.pop();
        self.code.goto(after);
        self.code.switch_to(dispatch);
        let handlers: Vec<Cursor> =
            parts.into_iter().filter(|part| part.kind() == CXCursor_CXXCatchStmt).collect();
        let count = handlers.len();
        for (index, handler) in handlers.into_iter().enumerate() {
            let block = self.code.block();
            if index + 1 == count {
                self.code.goto(block);
            } else {
                let next = self.code.block();
                let condition = self.code.unknown(site, Vec::new());
                self.code.terminate(Terminator::Branch { condition, then: block, otherwise: next });
                self.code.switch_to(next);
                self.catch(handler, block, after);
                self.code.switch_to(next);
                continue;
            }
            self.catch(handler, block, after);
        }
        self.code.switch_to(after);
    }

    fn catch(
        &mut self,
        handler: Cursor,
        block: cuda_lint_engine::program::BlockId,
        after: cuda_lint_engine::program::BlockId,
    ) {
        self.code.switch_to(block);
        let site = self.unit.site_or(handler, self.at);
        self.open_scope(false);
        for child in handler.children() {
            if child.kind() == CXCursor_VarDecl {
                // The exception object: its value is unknown, and nobody here destroys it.
                let ty = child.ty();
                let lowered = self.unit.ty(ty);
                let name = child.spelling();
                let local = self.code.local(name, lowered, site, Storage::Automatic);
                self.code.push(site, Op::Live { local });
                self.ends_with_block(Cleanup::Local(local, None));
                let variable = if is_reference(ty) {
                    let address = self.code.address_of(site, local);
                    let unknown = self.code.unknown(site, Vec::new());
                    self.code.store(site, address, unknown, lowered);
                    Variable::Reference(local)
                } else {
                    Variable::Local(local)
                };
                self.variables.insert(child.entity(), variable);
            } else if (200..300).contains(&child.kind()) {
                self.statement(child);
            }
        }
        self.close_scope(site);
        self.code.goto(after);
    }

    fn declarations(&mut self, statement: Cursor) {
        for declaration in statement.children() {
            match declaration.kind() {
                CXCursor_VarDecl => self.full_declaration(declaration),
                // A structured binding.
                CXCursor_UnexposedDecl if declaration.spelling().starts_with('[') => {
                    self.structured_binding(declaration, None);
                }
                kind if super::names::is_class(kind) => self.set_apart(declaration),
                _ => {}
            }
        }
    }

    fn full_declaration(&mut self, declaration: Cursor) {
        let site = self.unit.site_or(declaration, self.at);
        if declaration.has_static_storage() {
            self.static_variable(declaration);
            return;
        }
        let ty = declaration.ty();
        let initializer = initializer(declaration);
        self.declare(declaration, ty, site, |body, address| {
            // In a template, what makes an object without initialiser is not shown.
            if initializer.is_none() && body.unit.is_dependent_class(ty) {
                body.full_expression(site, |body| body.default_construct(address, ty, site));
            }
            if let Some(initializer) = initializer {
                body.full_expression(site, |body| {
                    if is_reference(ty) {
                        let target = body.place_for_reference(initializer);
                        let lowered = body.unit.ty(ty);
                        body.code.store(site, address, target, lowered);
                    } else {
                        body.initialise(address, ty, initializer);
                    }
                });
            }
        });
    }

    /// A variable with automatic storage: it comes into being, is initialised, and ends with the block.
    pub fn declare(
        &mut self,
        declaration: Cursor,
        ty: Ty,
        site: cuda_lint_engine::program::SiteId,
        initialise: impl FnOnce(&mut Self, cuda_lint_engine::program::ValueId),
    ) -> LocalId {
        let lowered = self.unit.ty(ty);
        let name = declaration.spelling();
        let name = if name.starts_with('[') { String::new() } else { name };
        let local = self.code.local(name, lowered, site, Storage::Automatic);
        self.code.push(site, Op::Live { local });
        let variable = if is_reference(ty) { Variable::Reference(local) } else { Variable::Local(local) };
        self.variables.insert(declaration.entity(), variable);
        let address = self.code.address_of(site, local);
        initialise(self, address);
        // Only now: what a closure holds is known when its expression is lowered.
        let class = self.needs_destruction(ty).then_some(ty);
        self.ends_with_block(Cleanup::Local(local, class));
        local
    }

    fn static_variable(&mut self, declaration: Cursor) {
        let site = self.unit.site_or(declaration, self.at);
        let ty = declaration.ty();
        let lowered = self.unit.ty(ty);
        let local = self.code.local(declaration.spelling(), lowered, site, Storage::Static);
        let variable = if is_reference(ty) { Variable::Reference(local) } else { Variable::Local(local) };
        self.variables.insert(declaration.entity(), variable);
        let Some(initializer) = initializer(declaration) else { return };
        // Initialised in the first call only.
        let first = self.code.block();
        let after = self.code.block();
        let condition = self.code.unknown(site, Vec::new());
        self.code.terminate(Terminator::Branch { condition, then: first, otherwise: after });
        self.code.switch_to(first);
        self.full_expression(site, |body| {
            let address = body.code.address_of(site, local);
            if is_reference(ty) {
                let target = body.place_for_reference(initializer);
                body.code.store(site, address, target, lowered);
            } else {
                body.initialise(address, ty, initializer);
            }
        });
        self.code.goto(after);
        self.code.switch_to(after);
    }

    /// `auto [a, b] = …;`. With `element` given, the initialiser is that address (range-for).
    pub fn structured_binding(
        &mut self,
        declaration: Cursor,
        element: Option<cuda_lint_engine::program::ValueId>,
    ) {
        let site = self.unit.site_or(declaration, self.at);
        let ty = declaration.ty();
        let by_reference = is_reference(ty);
        let initializer = declaration.parts().into_iter().next_back();
        let local = self.declare(declaration, ty, site, |body, address| match (element, initializer) {
            (Some(element), _) if by_reference => {
                let lowered = body.unit.ty(ty);
                body.code.store(site, address, element, lowered);
            }
            (Some(element), _) => body.copy_from(address, element, ty, false, site),
            (None, Some(initializer)) => body.full_expression(site, |body| {
                if by_reference {
                    let target = body.place_for_reference(initializer);
                    let lowered = body.unit.ty(ty);
                    body.code.store(site, address, target, lowered);
                } else {
                    body.initialise(address, ty, initializer);
                }
            }),
            (None, None) => {}
        });
        let whole = if by_reference { Variable::Reference(local) } else { Variable::Local(local) };
        let object = if by_reference { ty.canonical().pointee() } else { ty };
        let is_array = super::types::is_array(object);
        let names: Vec<String> = if is_array {
            Vec::new()
        } else {
            let class = self.unit.class(object);
            class.fields.iter().map(|field| field.name.clone()).collect()
        };
        let stride = if is_array { object.canonical().element().size() } else { None };
        let bindings: Vec<Cursor> = declaration
            .children()
            .into_iter()
            .filter(|child| child.kind() == CXCursor_UnexposedDecl)
            .collect();
        for (index, binding) in bindings.iter().enumerate() {
            let part = if is_array {
                Part::Element(index as i64, stride)
            } else if names.len() == bindings.len() {
                Part::Field(names[index].clone())
            } else {
                Part::Field(format!("<{index}>"))
            };
            self.variables.insert(binding.entity(), Variable::Part(Box::new(whole.clone()), part));
        }
    }
}

/// The initialiser of a variable.
pub(super) fn initializer(declaration: Cursor) -> Option<Cursor> {
    declaration.initializer().filter(|part| (100..200).contains(&part.kind()))
}
