//! Scopes: what ends when control leaves them, on every edge that does.

use cuda_lint_engine::program::{BlockId, LocalId, Op, SiteId, Storage, Terminator, Type, ValueId};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;

/// A block, or a full expression.
pub(super) struct Scope {
    /// What ends with it, in the order in which it came to be.
    pub items: Vec<Cleanup>,
    /// True for full expressions: declarations and the temporaries that references keep alive skip them.
    pub expression: bool,
}

/// What ends at the end of a scope.
#[derive(Clone)]
pub(super) enum Cleanup {
    /// A variable, with the type of the object to destroy, if its end does something.
    Local(LocalId, Option<Ty>),
    /// A member or base of the object under destruction.
    Member(String, Ty),
}

/// A statement that `break` or `continue` leaves.
pub(super) struct Jump {
    /// Where `break` goes.
    pub after: BlockId,
    /// Where `continue` goes; `None` for `switch`.
    pub next: Option<BlockId>,
    /// The number of scopes around it.
    pub depth: usize,
}

/// The handlers of a `try`.
pub(super) struct Handler {
    /// Where a `throw` goes.
    pub block: BlockId,
    /// The number of scopes around the `try`.
    pub depth: usize,
}

/// A label.
#[derive(Clone, Copy)]
pub(super) struct Label {
    /// Its block.
    pub block: BlockId,
    /// The number of scopes around it.
    pub depth: usize,
    /// How much of the innermost of them is there at the label; all, if it was not reached yet.
    pub items: Option<usize>,
}

impl Body<'_, '_> {
    /// Opens the scope of the whole function.
    pub fn open_frame(&mut self) {
        self.open_scope(false);
    }

    /// Opens a scope.
    pub fn open_scope(&mut self, expression: bool) {
        self.scopes.push(Scope { items: Vec::new(), expression });
    }

    /// Closes the innermost scope where control runs off its end.
    pub fn close_scope(&mut self, site: SiteId) {
        if !self.code.is_terminated() {
            let depth = self.scopes.len().saturating_sub(1);
            self.leave_to(depth, 0, site);
        }
        self.scopes.pop();
    }

    /// Runs `inside` as one full expression: its temporaries end with it.
    pub fn full_expression<R>(&mut self, site: SiteId, inside: impl FnOnce(&mut Self) -> R) -> R {
        self.open_scope(true);
        let result = inside(self);
        self.close_scope(site);
        result
    }

    /// Emits the end of what the scopes from `depth` on hold, and of the items from `keep` on of the scope
    /// at `depth`. The scopes stay open.
    pub fn leave_to(&mut self, depth: usize, keep: usize, site: SiteId) {
        for level in (depth..self.scopes.len()).rev() {
            let first = if level == depth { keep } else { 0 };
            for at in (first..self.scopes[level].items.len()).rev() {
                let item = self.scopes[level].items[at].clone();
                self.end_of(&item, site);
            }
        }
    }

    fn end_of(&mut self, item: &Cleanup, site: SiteId) {
        match item {
            Cleanup::Local(local, class) => {
                if let Some(class) = class {
                    let address = self.code.address_of(site, *local);
                    self.destroy(address, *class, site);
                }
                self.code.push(site, Op::Dead { local: *local });
            }
            Cleanup::Member(field, ty) => {
                let this = self.this_value(site);
                let address = self.code.field(site, this, field.clone());
                self.destroy(address, *ty, site);
            }
        }
    }

    /// The parameter's storage ends when the function returns.
    pub fn leave_at_end(&mut self, local: LocalId) {
        if let Some(frame) = self.scopes.first_mut() {
            frame.items.push(Cleanup::Local(local, None));
        }
    }

    /// Registers the end of something in the innermost block.
    pub fn ends_with_block(&mut self, item: Cleanup) {
        if let Some(scope) = self.scopes.iter_mut().rev().find(|scope| !scope.expression) {
            scope.items.push(item);
        }
    }

    /// A temporary. `extended`: a reference keeps it alive to the end of the block.
    pub fn temporary(&mut self, ty: Type, site: SiteId, extended: bool) -> (LocalId, ValueId) {
        // A temporary number or pointer is read once; through a reference, as often as one likes.
        let storage = if extended && !ty.is_aggregate() { Storage::Automatic } else { Storage::Temporary };
        let local = self.code.local("", ty, site, storage);
        self.code.push(site, Op::Live { local });
        self.register(local, None, extended);
        let address = self.code.address_of(site, local);
        (local, address)
    }

    fn register(&mut self, local: LocalId, class: Option<Ty>, extended: bool) {
        let item = Cleanup::Local(local, class);
        if extended {
            self.ends_with_block(item);
        } else if let Some(scope) = self.scopes.last_mut() {
            scope.items.push(item);
        }
    }

    /// From now on the end of the temporary destroys the object in it.
    pub fn destroys(&mut self, local: LocalId, ty: Ty) {
        if !self.needs_destruction(ty) {
            return;
        }
        for scope in self.scopes.iter_mut().rev() {
            for item in scope.items.iter_mut().rev() {
                if let Cleanup::Local(other, class) = item
                    && *other == local
                {
                    *class = Some(ty);
                    return;
                }
            }
        }
    }

    /// The variable leaves the function as its result: it does not end on this path.
    pub fn released(&mut self, local: LocalId) -> Option<(usize, usize)> {
        for (level, scope) in self.scopes.iter().enumerate().rev() {
            for (at, item) in scope.items.iter().enumerate() {
                if matches!(item, Cleanup::Local(other, _) if *other == local) {
                    return Some((level, at));
                }
            }
        }
        None
    }

    /// Leaves the function; `kept` is not destroyed, because it is the result.
    pub fn leave_function(&mut self, value: Option<ValueId>, kept: Option<LocalId>, site: SiteId) {
        let slot = kept.and_then(|local| self.released(local));
        let item = slot.map(|(level, at)| self.scopes[level].items.remove(at));
        self.leave_to(0, 0, site);
        if let (Some((level, at)), Some(item)) = (slot, item) {
            self.scopes[level].items.insert(at, item);
        }
        self.code.terminate(Terminator::Return { value, site });
    }

    /// Leaves by an exception: to the handlers around, or out of the function.
    pub fn throw(&mut self, site: SiteId) {
        match self.handlers.last().map(|handler| (handler.block, handler.depth)) {
            Some((block, depth)) => {
                self.leave_to(depth, 0, site);
                self.code.goto(block);
            }
            None => {
                self.leave_to(0, 0, site);
                self.code.terminate(Terminator::Throw);
            }
        }
    }

    /// The label's block. A label that no enclosing block announced is taken to be in the innermost one.
    pub fn label(&mut self, statement: Cursor) -> Label {
        let key = statement.key();
        if let Some(label) = self.labels.get(&key) {
            return *label;
        }
        let label = Label { block: self.code.block(), depth: self.scopes.len(), items: None };
        self.labels.insert(key, label);
        label
    }
}
