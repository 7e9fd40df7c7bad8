//! Builds one function statement by statement. Frontends use it; nothing else does.

use super::{
    BinaryOp, Block, BlockId, Call, Callee, Constant, Function, GlobalId, Linkage, Local, LocalId, Op,
    SiteId, Space, Statement, Storage, Terminator, Type, UnaryOp, Unlowered, ValueId,
};

impl Call {
    /// A call with these arguments, for the sake of what it does: without a result, and with no more said of it.
    pub const fn of(callee: Callee, args: Vec<ValueId>) -> Self {
        Self { result: None, into: None, callee, args, ty: Type::VOID, discarded: false, written: Vec::new() }
    }
}

/// A function under construction. Statements go to the current block; once that block has a terminator,
/// further statements go to a fresh block that nothing reaches, so that code after `return` needs no
/// special case in the frontends.
#[derive(Debug)]
pub struct FunctionBuilder {
    function: Function,
    terminated: Vec<bool>,
    current: BlockId,
}

impl FunctionBuilder {
    /// Starts a function with an empty entry block.
    pub fn new(name: impl Into<String>, symbol: impl Into<String>, site: SiteId) -> Self {
        let mut builder = Self {
            function: Function {
                name: name.into(),
                symbol: symbol.into(),
                linkage: Linkage::Internal,
                template: String::new(),
                stands_in: false,
                declared: site,
                site,
                space: Space::Host,
                is_root: false,
                params: Vec::new(),
                locals: Vec::new(),
                values: 0,
                blocks: Vec::new(),
                result: Type::VOID,
                kernel_params: Vec::new(),
                unlowered: Vec::new(),
            },
            terminated: Vec::new(),
            current: BlockId(0),
        };
        builder.current = builder.block();
        builder
    }

    /// The function as built so far, for what has no method of its own (`space`, `is_root`, …).
    pub fn function_mut(&mut self) -> &mut Function {
        &mut self.function
    }

    /// Adds a variable.
    pub fn local(&mut self, name: impl Into<String>, ty: Type, site: SiteId, storage: Storage) -> LocalId {
        let id = LocalId(self.function.locals.len() as u32);
        self.function.locals.push(Local { name: name.into(), ty, site, storage });
        if matches!(storage, Storage::Param | Storage::ParamObject) {
            self.function.params.push(id);
        }
        id
    }

    /// Adds an empty block that nothing reaches yet.
    pub fn block(&mut self) -> BlockId {
        let id = BlockId(self.function.blocks.len() as u32);
        self.function.blocks.push(Block { statements: Vec::new(), terminator: Terminator::Exit });
        self.terminated.push(false);
        id
    }

    /// Further statements go to `block`.
    pub fn switch_to(&mut self, block: BlockId) {
        self.current = block;
    }

    /// The block that statements go to.
    pub fn current(&self) -> BlockId {
        self.current
    }

    /// True if the current block has its terminator, so that control does not get past it.
    pub fn is_terminated(&self) -> bool {
        self.terminated[self.current.0 as usize]
    }

    /// Ends the current block. Does nothing if it has ended already.
    pub fn terminate(&mut self, terminator: Terminator) {
        let at = self.current.0 as usize;
        if !self.terminated[at] {
            self.terminated[at] = true;
            self.function.blocks[at].terminator = terminator;
        }
    }

    /// Ends the current block with a jump to `target`, unless it has ended already.
    pub fn goto(&mut self, target: BlockId) {
        self.terminate(Terminator::Goto(target));
    }

    /// Adds a statement.
    pub fn push(&mut self, site: SiteId, op: Op) {
        if self.is_terminated() {
            self.current = self.block();
        }
        let at = self.current.0 as usize;
        self.function.blocks[at].statements.push(Statement { site, op });
    }

    /// A fresh value, for statements that are pushed whole.
    pub fn value(&mut self) -> ValueId {
        let id = ValueId(self.function.values);
        self.function.values += 1;
        id
    }

    /// A constant.
    pub fn constant(&mut self, site: SiteId, constant: Constant) -> ValueId {
        let result = self.value();
        self.push(site, Op::Const { result, constant });
        result
    }

    /// An integer constant.
    pub fn int(&mut self, site: SiteId, value: i64) -> ValueId {
        self.constant(site, Constant::Int(value))
    }

    /// The address of a variable.
    pub fn address_of(&mut self, site: SiteId, local: LocalId) -> ValueId {
        let result = self.value();
        self.push(site, Op::AddressOfLocal { result, local });
        result
    }

    /// The address of a variable with static storage.
    pub fn address_of_global(&mut self, site: SiteId, global: GlobalId) -> ValueId {
        let result = self.value();
        self.push(site, Op::AddressOfGlobal { result, global });
        result
    }

    /// The address of a field.
    pub fn field(&mut self, site: SiteId, base: ValueId, field: impl Into<String>) -> ValueId {
        let result = self.value();
        self.push(site, Op::Field { result, base, field: field.into() });
        result
    }

    /// Address arithmetic.
    pub fn index(&mut self, site: SiteId, base: ValueId, index: ValueId, stride: Option<u64>) -> ValueId {
        let result = self.value();
        self.push(site, Op::Index { result, base, index, stride });
        result
    }

    /// A host read.
    pub fn load(&mut self, site: SiteId, pointer: ValueId, ty: Type) -> ValueId {
        let result = self.value();
        self.push(site, Op::Load { result, pointer, ty });
        result
    }

    /// A host write.
    pub fn store(&mut self, site: SiteId, pointer: ValueId, value: ValueId, ty: Type) {
        self.push(site, Op::Store { pointer, value, ty });
    }

    /// Binary arithmetic.
    pub fn binary(&mut self, site: SiteId, operator: BinaryOp, lhs: ValueId, rhs: ValueId) -> ValueId {
        let result = self.value();
        self.push(site, Op::Binary { result, operator, lhs, rhs });
        result
    }

    /// Unary arithmetic.
    pub fn unary(&mut self, site: SiteId, operator: UnaryOp, value: ValueId) -> ValueId {
        let result = self.value();
        self.push(site, Op::Unary { result, operator, value });
        result
    }

    /// A conversion that keeps the value.
    pub fn cast(&mut self, site: SiteId, value: ValueId, ty: Type) -> ValueId {
        let result = self.value();
        self.push(site, Op::Cast { result, value, ty });
        result
    }

    /// A value about which nothing is known.
    pub fn unknown(&mut self, site: SiteId, operands: Vec<ValueId>) -> ValueId {
        let result = self.value();
        self.push(site, Op::Unknown { result, operands });
        result
    }

    /// A call.
    pub fn call(&mut self, site: SiteId, call: Call) {
        self.push(site, Op::Call(call));
    }

    /// Something that cannot be lowered: an opaque statement, and a note that makes the function partial.
    pub fn opaque(&mut self, site: SiteId, reason: impl Into<String>, operands: Vec<ValueId>) {
        let reason = reason.into();
        self.function.unlowered.push(Unlowered { site, reason: reason.clone() });
        self.push(site, Op::Opaque { reason, operands });
    }

    /// The finished function. A block without a terminator ends the function: with `return` if the
    /// frontend did not say otherwise.
    pub fn finish(mut self, end: SiteId) -> Function {
        for (block, terminated) in self.function.blocks.iter_mut().zip(&self.terminated) {
            if !terminated {
                block.terminator = Terminator::Return { value: None, site: end };
            }
        }
        self.function
    }
}
