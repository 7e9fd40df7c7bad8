//! Kernels and device memory: which functions run where, and what a kernel does through its pointers.

use clang_sys::*;
use cuda_lint_engine::program::{
    Function, GlobalMemory, Linkage, Local, LocalId, ParamAccess, Space, Storage, Type, TypeKind,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::cursor::{Cursor, Key, Ty};
use super::functions::body_of;
use super::operators::{binary_operator, unary_operator};
use super::types::is_reference;
use super::{Lowering, names};

/// Where a function runs.
pub(super) fn space(function: Cursor) -> Space {
    match attributes(function) {
        Attributes { global: true, .. } => Space::Kernel,
        Attributes { device: true, host: false, .. } => Space::Device,
        _ => Space::Host,
    }
}

/// True for functions that run on the device, perhaps on the host as well.
pub(super) fn may_run_on_device(function: Cursor) -> bool {
    attributes(function).device
}

/// Who may call a function that is no kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Host code.
    Host,
    /// Device code.
    Device,
    /// Either.
    Both,
}

/// Who may call the call operator of a closure: what it says itself, else what the function around it says
/// (Programming Guide, "Extended Lambdas").
pub(super) fn side(operator: Cursor) -> Side {
    match attributes(operator) {
        Attributes { device: true, host: false, .. } => return Side::Device,
        Attributes { device: true, .. } => return Side::Both,
        Attributes { host: true, .. } => return Side::Host,
        _ => {}
    }
    let around = operator.parent().and_then(Cursor::parent).filter(|it| names::is_function(it.kind()));
    around.map_or(Side::Host, side)
}

/// Which of `__global__`, `__device__` and `__host__` a function has.
#[derive(Default)]
struct Attributes {
    global: bool,
    device: bool,
    host: bool,
}

fn attributes(function: Cursor) -> Attributes {
    let mut found = Attributes::default();
    for child in function.children() {
        match child.kind() {
            CXCursor_CUDAGlobalAttr => found.global = true,
            CXCursor_CUDADeviceAttr => found.device = true,
            CXCursor_CUDAHostAttr => found.host = true,
            CXCursor_CompoundStmt => break,
            _ => {}
        }
    }
    found
}

/// True for the built-in variables that only code on the device has (Programming Guide, "Built-in
/// Variables"), if the declaration is CUDA's.
pub(super) fn is_index(variable: Cursor) -> bool {
    matches!(variable.spelling().as_str(), "threadIdx" | "blockIdx" | "blockDim" | "gridDim" | "warpSize")
}

/// The memory that a variable with static storage lives in.
pub(super) fn memory(variable: Cursor) -> GlobalMemory {
    let mut memory = GlobalMemory::Host;
    for child in variable.children() {
        match child.kind() {
            CXCursor_CUDADeviceAttr | CXCursor_CUDAConstantAttr if memory == GlobalMemory::Host => {
                memory = GlobalMemory::Device;
            }
            // `__managed__` is a macro of the embedded headers: libclang does not show the attribute.
            CXCursor_AnnotateAttr if child.spelling().contains("managed") => {
                memory = GlobalMemory::Managed;
            }
            _ => {}
        }
    }
    memory
}

/// What is done with an expression's value or place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Nothing.
    Discard,
    /// The value is computed with.
    Value,
    /// The place is assigned.
    Assign,
    /// The place is read and written, or its address goes elsewhere.
    Modify,
    /// The value is an address, through which the use within happens.
    Through(Access),
    /// The value is an address that is only read through elsewhere (`const T *`).
    PassedConst,
    /// The value is an address that goes elsewhere.
    Passed,
    /// The place may be referred to elsewhere.
    Lent,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    Both,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    reads: bool,
    writes: bool,
}

#[derive(Default)]
struct Scan {
    params: FxHashMap<Key, Seen>,
    /// Those of the parameters that are references: their value is what they refer to.
    references: FxHashSet<Key>,
    /// Those that point to what is `const`: nothing writes there but what a cast was made for.
    constant: FxHashSet<Key>,
    /// Parameters of functions that are called, by function and place: false for those that are used there, true for
    /// the others and those that are being looked at.
    unused: FxHashMap<(Key, usize), bool>,
}

/// True if host code may read a variable in device memory: the host's copy of a constant has its value too.
///
/// Measured with nvcc 13.0 (and an NVIDIA H200): host code that reads `__device__` and `__constant__` variables gets
/// their values if they are `const` or `constexpr` and initialised, arrays included, and 0 if they are not.
pub(super) fn has_host_copy(variable: Cursor) -> bool {
    let declaration = variable.definition().unwrap_or(variable);
    let mut ty = declaration.ty().canonical();
    let mut is_const = ty.is_const();
    // The qualifiers of elements stand at the whole array in canonical types, and at the elements in others.
    while !ty.element().is_invalid() {
        ty = ty.element();
        is_const |= ty.is_const();
    }
    is_const && declaration.initializer().is_some()
}

impl Lowering<'_> {
    /// A kernel: no blocks, but how it uses its parameters.
    pub fn kernel(&mut self, definition: Cursor) -> Function {
        let site = self.name_site(definition);
        let mut function = Function {
            name: names::qualified(definition),
            symbol: definition.usr(),
            linkage: Linkage::Internal,
            template: String::new(),
            stands_in: false,
            declared: site,
            site,
            space: Space::Kernel,
            is_root: false,
            params: Vec::new(),
            locals: Vec::new(),
            values: 0,
            blocks: Vec::new(),
            result: Type::VOID,
            kernel_params: Vec::new(),
            unlowered: Vec::new(),
        };
        let parameters: Vec<Cursor> =
            definition.children().into_iter().filter(|child| child.kind() == CXCursor_ParmDecl).collect();
        let mut scan = Scan::default();
        let mut pointers = Vec::new();
        for parameter in &parameters {
            let ty = self.ty(parameter.ty());
            let site = self.site_or(*parameter, site);
            function.params.push(LocalId(function.locals.len() as u32));
            function.locals.push(Local { name: parameter.spelling(), ty, site, storage: Storage::Param });
            let pointer = matches!(
                ty.kind,
                TypeKind::Pointer { .. } | TypeKind::DevicePointer | TypeKind::Array { .. }
            );
            if pointer {
                scan.follow(*parameter);
            }
            pointers.push(pointer.then(|| parameter.entity()));
        }
        // A body without a statement is a placeholder: the signature says more.
        let body = body_of(definition).filter(|body| !body.children().is_empty());
        if let Some(body) = body {
            scan.statement(body);
        }
        for (parameter, pointer) in parameters.iter().zip(pointers) {
            let Some(key) = pointer else {
                function.kernel_params.push(ParamAccess::Value);
                continue;
            };
            // What is `volatile` is shared on purpose: the host signals a kernel that polls, or is signalled.
            if parameter.ty().canonical().pointee().is_volatile() {
                function.kernel_params.push(ParamAccess::Unused);
                continue;
            }
            let points_to_const = points_to_const(parameter.ty());
            let seen = scan.params.get(&key).copied().unwrap_or_default();
            let access = match (body.is_some(), points_to_const, seen.reads, seen.writes) {
                (false, true, ..) => ParamAccess::Read,
                (false, false, ..) | (true, _, true, true) => ParamAccess::ReadWrite,
                (true, _, false, false) => ParamAccess::Unused,
                (true, _, true, false) => ParamAccess::Read,
                (true, _, false, true) => ParamAccess::Write,
            };
            function.kernel_params.push(access);
        }
        self.note_linkage(definition, &mut function);
        function
    }
}

fn points_to_const(ty: Ty) -> bool {
    ty.canonical().pointee().is_const()
}

impl Scan {
    /// Looks out for a parameter.
    fn follow(&mut self, parameter: Cursor) {
        self.params.insert(parameter.entity(), Seen::default());
        if is_reference(parameter.ty()) {
            self.references.insert(parameter.entity());
        }
        if points_to_const(parameter.ty()) {
            self.constant.insert(parameter.entity());
        }
    }

    /// True if a function that is called does nothing with a parameter: it is there for another build, or for the
    /// like of SYCL, and what it is given for it does not matter.
    fn leaves_alone(&mut self, callee: Cursor, index: usize) -> bool {
        let known = (callee.entity(), index);
        if let Some(unused) = self.unused.get(&known) {
            return *unused;
        }
        self.unused.insert(known, true);
        let defined = [Some(callee), callee.template()].into_iter().flatten();
        let found = defined.filter_map(Cursor::definition).find_map(|it| Some((it, body_of(it)?)));
        let unused = found.is_some_and(|(definition, body)| {
            let mut parameters =
                definition.children().into_iter().filter(|child| child.kind() == CXCursor_ParmDecl);
            let Some(parameter) = parameters.nth(index) else { return false };
            let mut scan = Self { unused: std::mem::take(&mut self.unused), ..Self::default() };
            scan.follow(parameter);
            scan.statement(body);
            self.unused = scan.unused;
            scan.params.get(&parameter.entity()).is_some_and(|seen| !seen.reads && !seen.writes)
        });
        self.unused.insert(known, unused);
        unused
    }

    fn statement(&mut self, statement: Cursor) {
        match statement.kind() {
            CXCursor_DeclStmt => {
                for declaration in statement.children() {
                    self.declaration(declaration);
                }
            }
            CXCursor_VarDecl => self.declaration(statement),
            kind if (200..300).contains(&kind) => {
                for child in statement.children() {
                    self.statement(child);
                }
            }
            kind if (100..200).contains(&kind) => {
                // A condition of a statement is an expression like any other; its value is used.
                self.expression(statement, Use::Value);
            }
            _ => {}
        }
    }

    fn declaration(&mut self, declaration: Cursor) {
        if declaration.kind() != CXCursor_VarDecl && declaration.kind() != CXCursor_UnexposedDecl {
            return;
        }
        let ty = declaration.ty();
        let usage = self.usage_for(ty);
        for part in declaration.parts() {
            self.expression(part, usage);
        }
    }

    /// How something that initialises an object or parameter of type `ty` is used.
    fn usage_for(&self, ty: Ty) -> Use {
        let canonical = ty.canonical();
        if is_reference(ty) {
            return if canonical.pointee().is_const() { Use::Value } else { Use::Modify };
        }
        match canonical.kind() {
            CXType_Pointer if canonical.pointee().is_const() => Use::PassedConst,
            CXType_Pointer => Use::Passed,
            CXType_Record | CXType_Dependent | CXType_Unexposed | CXType_Auto => Use::Passed,
            _ => Use::Value,
        }
    }

    fn touch(&mut self, key: Key, usage: Use) {
        let Some(seen) = self.params.get_mut(&key) else { return };
        match usage {
            Use::Value if self.references.contains(&key) => seen.reads = true,
            // Comparing the address itself touches nothing.
            Use::Discard | Use::Value => {}
            Use::Through(Access::Read) | Use::PassedConst => seen.reads = true,
            Use::Through(Access::Write) => seen.writes = true,
            Use::Passed | Use::Lent | Use::Assign | Use::Modify if self.constant.contains(&key) => {
                seen.reads = true;
            }
            Use::Through(Access::Both) | Use::Passed | Use::Lent | Use::Assign | Use::Modify => {
                seen.reads = true;
                seen.writes = true;
            }
        }
    }

    /// The use of the address of a place that is itself used as `usage`.
    fn through(usage: Use) -> Use {
        match usage {
            Use::Discard => Use::Discard,
            // A pointer that is loaded and passed on: what it points to is not this parameter's object.
            Use::Value | Use::Through(_) | Use::PassedConst | Use::Passed => Use::Through(Access::Read),
            Use::Assign => Use::Through(Access::Write),
            Use::Modify => Use::Through(Access::Both),
            Use::Lent => Use::Passed,
        }
    }

    fn expression(&mut self, expression: Cursor, usage: Use) {
        let parts = expression.parts();
        match expression.kind() {
            CXCursor_DeclRefExpr => {
                if let Some(target) = expression.referenced() {
                    self.touch(target.entity(), usage);
                }
            }
            CXCursor_ArraySubscriptExpr => {
                if let [base, index] = parts[..] {
                    self.expression(base, Self::through(usage));
                    self.expression(index, Use::Value);
                }
            }
            CXCursor_UnaryOperator => {
                let Some(operand) = parts.first() else { return };
                let inner = match unary_operator(expression) {
                    CXUnaryOperator_Deref => Self::through(usage),
                    CXUnaryOperator_AddrOf => match usage {
                        Use::Through(Access::Read) | Use::PassedConst => Use::Value,
                        Use::Through(Access::Write) => Use::Assign,
                        Use::Discard => Use::Discard,
                        Use::Through(Access::Both) => Use::Modify,
                        _ => Use::Lent,
                    },
                    CXUnaryOperator_PostInc
                    | CXUnaryOperator_PostDec
                    | CXUnaryOperator_PreInc
                    | CXUnaryOperator_PreDec => match usage {
                        // `*p++ = x`: the pointer itself is a variable of the kernel.
                        Use::Through(_) | Use::Passed | Use::PassedConst => usage,
                        _ if is_pointer(operand.ty()) => Use::Value,
                        _ => Use::Modify,
                    },
                    _ => Use::Value,
                };
                self.expression(*operand, inner);
            }
            CXCursor_BinaryOperator | CXCursor_CompoundAssignOperator => {
                let [lhs, rhs] = parts[..] else { return };
                self.binary(expression, lhs, rhs, usage);
            }
            CXCursor_ConditionalOperator => {
                if let [condition, a, b] = parts[..] {
                    self.expression(condition, Use::Value);
                    self.expression(a, usage);
                    self.expression(b, usage);
                }
            }
            CXCursor_MemberRefExpr => {
                let Some(base) = parts.first() else { return };
                let usage = if is_pointer(base.ty()) { Self::through(usage) } else { usage };
                self.expression(*base, usage);
            }
            CXCursor_CallExpr => self.call(expression, &parts),
            CXCursor_LambdaExpr | CXCursor_StmtExpr => {
                for part in expression.parts() {
                    self.statement(part);
                }
            }
            CXCursor_UnaryExpr => {}
            // Casts, parentheses, implicit conversions, initialiser lists. A conversion to a pointer to
            // const promises no write.
            _ => {
                let ty = expression.ty();
                let usage = match usage {
                    _ if ty.kind() == CXType_Void => Use::Discard,
                    Use::Passed if is_pointer(ty) && points_to_const(ty) => Use::PassedConst,
                    Use::Passed | Use::Lent
                        if is_pointer(ty) && parts.iter().any(|it| points_to_const(it.ty())) =>
                    {
                        Use::Through(Access::Both)
                    }
                    other => other,
                };
                for part in parts {
                    self.expression(part, usage);
                }
            }
        }
    }

    fn binary(&mut self, expression: Cursor, lhs: Cursor, rhs: Cursor, usage: Use) {
        let operator = binary_operator(expression, lhs, rhs);
        match operator {
            CXBinaryOperator_Assign => {
                self.expression(lhs, if usage == Use::Modify { Use::Modify } else { Use::Assign });
                let value = self.usage_for(lhs.ty());
                self.expression(rhs, value);
            }
            CXBinaryOperator_Comma => {
                self.expression(lhs, Use::Discard);
                self.expression(rhs, usage);
            }
            CXBinaryOperator_Add | CXBinaryOperator_Sub => {
                let pointer = |side: Cursor| is_pointer(side.ty());
                self.expression(lhs, if pointer(lhs) { usage } else { Use::Value });
                self.expression(rhs, if pointer(rhs) { usage } else { Use::Value });
            }
            _ if expression.kind() == CXCursor_CompoundAssignOperator => {
                let step = is_pointer(lhs.ty());
                self.expression(lhs, if step { Use::Value } else { Use::Modify });
                self.expression(rhs, Use::Value);
            }
            _ => {
                self.expression(lhs, Use::Value);
                self.expression(rhs, Use::Value);
            }
        }
    }

    fn call(&mut self, call: Cursor, parts: &[Cursor]) {
        let arguments = call.arguments();
        let callee = call.referenced();
        let signature = callee.map(Cursor::ty);
        let method = callee.is_some_and(|callee| {
            matches!(callee.kind(), CXCursor_CXXMethod | CXCursor_ConversionFunction) && !callee.is_static()
        });
        // Operator calls name their object as the first argument; member calls hide it in the callee.
        let operator = method
            && callee.is_some_and(|callee| {
                callee.spelling().starts_with("operator")
                    && parts.first().is_none_or(|part| part.kind() != CXCursor_MemberRefExpr)
            });
        for part in parts {
            if arguments.iter().any(|argument| argument.is(*part)) {
                continue;
            }
            if part.kind() == CXCursor_MemberRefExpr {
                let usage =
                    if callee.is_some_and(Cursor::is_const_method) { Use::Value } else { Use::Modify };
                for base in part.parts() {
                    let usage = if is_pointer(base.ty()) { Self::through(usage) } else { usage };
                    self.expression(base, usage);
                }
            } else {
                self.expression(*part, Use::Value);
            }
        }
        for (index, argument) in arguments.iter().enumerate() {
            let index = if operator { index.checked_sub(1) } else { Some(index) };
            let parameter = index.and_then(|index| signature.and_then(|ty| ty.parameter(index)));
            let usage = match (index, parameter) {
                (None, _) => {
                    if callee.is_some_and(Cursor::is_const_method) {
                        Use::Value
                    } else {
                        Use::Modify
                    }
                }
                (Some(index), Some(ty)) => {
                    let usage = self.usage_for(ty);
                    let matters = matches!(usage, Use::Modify | Use::Passed | Use::PassedConst);
                    let followed =
                        || argument.referenced().is_some_and(|it| self.params.contains_key(&it.entity()));
                    match callee {
                        Some(callee) if matters && followed() && self.leaves_alone(callee, index) => {
                            Use::Discard
                        }
                        _ => usage,
                    }
                }
                (_, None) if is_pointer(argument.ty()) => Use::Passed,
                // The callee is unknown: it may take a reference.
                (_, None) if callee.is_none() => Use::Lent,
                (_, None) => Use::Value,
            };
            self.expression(*argument, usage);
        }
    }
}

fn is_pointer(ty: Ty) -> bool {
    matches!(
        ty.canonical().kind(),
        CXType_Pointer
            | CXType_ConstantArray
            | CXType_IncompleteArray
            | CXType_VariableArray
            | CXType_DependentSizedArray
    )
}
