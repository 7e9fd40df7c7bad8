//! The text form of a program: what tests compare and `--dump program` prints.
//!
//! One line a statement, `@7` at its end the site. Variables are `name` (or `t3` for temporaries), globals
//! `::name`, values `%5`, blocks `b2:`.

use std::fmt::{self, Display, Formatter};

use super::{
    BinaryOp, Block, BlockId, Call, Callee, Constant, Extern, ExternId, Function, FunctionId, Global,
    GlobalId, GlobalMemory, LaunchArg, LocalId, Op, Origin, ParamAccess, Program, Record, Space, Statement,
    Storage, Terminator, Type, TypeKind, UnaryOp, ValueId,
};

impl Display for Program {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let view = View { program: self };
        for record in &self.records {
            view.record(record, out)?;
        }
        for global in &self.globals {
            view.global(global, out)?;
        }
        for entry in &self.externs {
            view.entry(entry, out)?;
        }
        for call in &self.invalid_calls {
            writeln!(out, "undeclared {}/{} @{}", call.name, call.args, call.site.0)?;
        }
        if self.unresolved_includes {
            writeln!(out, "unresolved includes")?;
        }
        for (index, function) in self.functions.iter().enumerate() {
            writeln!(out)?;
            view.function(index, function, out)?;
        }
        Ok(())
    }
}

/// Prints parts of a program, whose tables give the names.
struct View<'p> {
    program: &'p Program,
}

impl View<'_> {
    fn record(&self, record: &Record, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "record {}", record.display)?;
        if record.has_destructor {
            write!(out, " destroyed")?;
        }
        if record.custom_memory {
            write!(out, " custom-memory")?;
        }
        if let Some(size) = record.element_size {
            write!(out, " of {size}")?;
        }
        let fields: Vec<String> =
            record.fields.iter().map(|(name, ty)| format!("{name}: {}", self.ty(ty))).collect();
        writeln!(out, " {{ {} }}", fields.join(", "))
    }

    fn global(&self, global: &Global, out: &mut Formatter<'_>) -> fmt::Result {
        let memory = match global.memory {
            GlobalMemory::Host => "",
            GlobalMemory::Device => " device",
            GlobalMemory::Managed => " managed",
            GlobalMemory::Unknown => " unknown",
        };
        writeln!(out, "global ::{}: {}{memory}", global.name, self.ty(&global.ty))
    }

    fn entry(&self, entry: &Extern, out: &mut Formatter<'_>) -> fmt::Result {
        let params: Vec<String> =
            entry.params.iter().map(|param| format!("{param:?}").to_lowercase()).collect();
        write!(out, "extern {}({})", entry.name, params.join(", "))?;
        if entry.is_method {
            write!(out, " method")?;
        }
        if entry.is_const {
            write!(out, " const")?;
        }
        if entry.no_return {
            write!(out, " noreturn")?;
        }
        match entry.origin {
            Origin::System => {}
            Origin::Project => write!(out, " project")?,
            Origin::Invented => write!(out, " invented")?,
        }
        writeln!(out)
    }

    fn function(&self, index: usize, function: &Function, out: &mut Formatter<'_>) -> fmt::Result {
        let space = match function.space {
            Space::Host => "fn",
            Space::Kernel => "kernel",
            Space::Device => "device fn",
        };
        let params: Vec<String> = function
            .params
            .iter()
            .enumerate()
            .map(|(at, local)| {
                let entry = &function.locals[local.0 as usize];
                let access = match function.kernel_params.get(at) {
                    Some(access) => format!(" {}", access_name(*access)),
                    None if entry.storage == Storage::ParamObject => " object".to_owned(),
                    None => String::new(),
                };
                format!("{}: {}{access}", local_name(function, *local), self.ty(&entry.ty))
            })
            .collect();
        let root = if function.is_root { " root" } else { "" };
        writeln!(
            out,
            "{space} {index} {}({}) -> {}{root} @{}",
            function.name,
            params.join(", "),
            self.ty(&function.result),
            function.site.0
        )?;
        for note in &function.unlowered {
            writeln!(out, "  unlowered @{}: {}", note.site.0, note.reason)?;
        }
        for (id, block) in function.blocks.iter().enumerate() {
            self.block(function, id, block, out)?;
        }
        Ok(())
    }

    fn block(&self, function: &Function, id: usize, block: &Block, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "b{id}:")?;
        for statement in &block.statements {
            self.statement(function, statement, out)?;
        }
        match &block.terminator {
            Terminator::Goto(target) => writeln!(out, "  goto {}", to(*target)),
            Terminator::Branch { condition, then, otherwise } => {
                writeln!(out, "  if {} then {} else {}", value(*condition), to(*then), to(*otherwise))
            }
            Terminator::Switch { value: on, cases, default } => {
                let cases: Vec<String> =
                    cases.iter().map(|(case, target)| format!("{case} => {}", to(*target))).collect();
                writeln!(out, "  switch {} {{ {}, else {} }}", value(*on), cases.join(", "), to(*default))
            }
            Terminator::Return { value: Some(result), site } => {
                writeln!(out, "  return {} @{}", value(*result), site.0)
            }
            Terminator::Return { value: None, site } => writeln!(out, "  return @{}", site.0),
            Terminator::Throw => writeln!(out, "  throw"),
            Terminator::Exit => writeln!(out, "  exit"),
        }
    }

    fn statement(&self, function: &Function, statement: &Statement, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "  ")?;
        match &statement.op {
            Op::Const { result, constant } => {
                write!(out, "{} = {}", value(*result), self.constant(constant))?;
            }
            Op::AddressOfLocal { result, local } => {
                write!(out, "{} = &{}", value(*result), local_name(function, *local))?;
            }
            Op::AddressOfGlobal { result, global } => {
                write!(out, "{} = &::{}", value(*result), self.global_name(*global))?;
            }
            Op::Field { result, base, field } => {
                write!(out, "{} = {}.{field}", value(*result), value(*base))?;
            }
            Op::Index { result, base, index, stride } => {
                let stride = stride.map_or("?".to_owned(), |stride| stride.to_string());
                write!(out, "{} = {} + {} * {stride}", value(*result), value(*base), value(*index))?;
            }
            Op::Load { result, pointer, ty } => {
                write!(out, "{} = load {} : {}", value(*result), value(*pointer), self.ty(ty))?;
            }
            Op::Store { pointer, value: stored, ty } => {
                write!(out, "store {} <- {} : {}", value(*pointer), value(*stored), self.ty(ty))?;
            }
            Op::CopyObject { to, from, ty } => {
                write!(out, "copy {} <- {} : {}", value(*to), value(*from), self.ty(ty))?;
            }
            Op::Binary { result, operator, lhs, rhs } => {
                let operator = binary_name(*operator);
                write!(out, "{} = {} {operator} {}", value(*result), value(*lhs), value(*rhs))?;
            }
            Op::Unary { result, operator, value: operand } => {
                let operator = match operator {
                    UnaryOp::Not => "!",
                    UnaryOp::Neg => "-",
                    UnaryOp::BitNot => "~",
                };
                write!(out, "{} = {operator}{}", value(*result), value(*operand))?;
            }
            Op::Cast { result, value: operand, ty } => {
                write!(out, "{} = cast {} : {}", value(*result), value(*operand), self.ty(ty))?;
            }
            Op::Unknown { result, operands } => {
                write!(out, "{} = unknown({})", value(*result), values(operands))?;
            }
            Op::Call(call) => self.call(call, out)?,
            Op::Launch(launch) => {
                let slot = |slot: &Option<ValueId>| slot.map_or("_".to_owned(), value);
                write!(
                    out,
                    "launch {}<<<{}, {}, {}, {}>>>(",
                    launch.name,
                    slot(&launch.grid),
                    slot(&launch.block),
                    slot(&launch.shared_bytes),
                    slot(&launch.stream)
                )?;
                let args: Vec<String> = launch.args.iter().map(|arg| self.launch_arg(arg)).collect();
                write!(out, "{})", args.join(", "))?;
                match launch.kernel {
                    Some(kernel) => write!(out, " = kernel {}", kernel.0)?,
                    None => write!(out, " = unknown kernel")?,
                }
            }
            Op::New { result, count, stride } => {
                let stride = stride.map_or("?".to_owned(), |stride| stride.to_string());
                match count {
                    Some(count) => write!(out, "{} = new {stride}[{}]", value(*result), value(*count))?,
                    None => write!(out, "{} = new {stride}", value(*result))?,
                }
            }
            Op::Delete { pointer } => write!(out, "delete {}", value(*pointer))?,
            Op::Live { local } => write!(
                out,
                "live {} : {}",
                local_name(function, *local),
                self.ty(&function.locals[local.0 as usize].ty)
            )?,
            Op::Dead { local } => write!(out, "dead {}", local_name(function, *local))?,
            Op::Spawn { callee, args } => {
                write!(out, "spawn {}({})", self.callee(callee), values(args))?;
            }
            Op::Opaque { reason, operands } => {
                write!(out, "opaque \"{reason}\" ({})", values(operands))?;
            }
        }
        writeln!(out, " @{}", statement.site.0)
    }

    fn call(&self, call: &Call, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(result) = call.result {
            write!(out, "{} = ", value(result))?;
        }
        if let Some(into) = call.into {
            write!(out, "[{}] = ", value(into))?;
        }
        write!(out, "call {}({})", self.callee(&call.callee), values(&call.args))?;
        if call.result.is_some() || call.into.is_some() {
            write!(out, " : {}", self.ty(&call.ty))?;
        }
        if call.discarded { write!(out, " discarded") } else { Ok(()) }
    }

    fn launch_arg(&self, arg: &LaunchArg) -> String {
        format!("{} {} : {} @{}", access_name(arg.access), value(arg.value), self.ty(&arg.ty), arg.site.0)
    }

    fn callee(&self, callee: &Callee) -> String {
        match callee {
            Callee::Function(id) => self.function_name(*id),
            Callee::Extern(id) => self.extern_name(*id).to_owned(),
            Callee::Value(id) => format!("*{}", value(*id)),
        }
    }

    fn constant(&self, constant: &Constant) -> String {
        match constant {
            Constant::Int(number) => number.to_string(),
            Constant::Str(text) => format!("\"{text}\""),
            Constant::Function(id) => format!("&{}", self.function_name(*id)),
            Constant::Extern(id) => format!("&{}", self.extern_name(*id)),
        }
    }

    fn function_name(&self, id: FunctionId) -> String {
        match self.program.functions.get(id.0 as usize) {
            Some(function) => format!("{}#{}", function.name, id.0),
            None => format!("#{}", id.0),
        }
    }

    fn extern_name(&self, id: ExternId) -> &str {
        self.program.externs.get(id.0 as usize).map_or("?", |entry| &entry.name)
    }

    fn global_name(&self, id: GlobalId) -> &str {
        self.program.globals.get(id.0 as usize).map_or("?", |global| &global.name)
    }

    fn ty(&self, ty: &Type) -> String {
        let bytes = ty.size.map_or("?".to_owned(), |size| size.to_string());
        match ty.kind {
            TypeKind::Void => "void".to_owned(),
            TypeKind::Int => format!("i{bytes}"),
            TypeKind::Status => "status".to_owned(),
            TypeKind::Scalar => format!("s{bytes}"),
            TypeKind::Pointer { const_pointee, volatile_pointee, .. } => {
                let mut name = "ptr".to_owned();
                if const_pointee {
                    name.push_str("-const");
                }
                if volatile_pointee {
                    name.push_str("-volatile");
                }
                name
            }
            TypeKind::DevicePointer => "devptr".to_owned(),
            TypeKind::PinnedPointer => "pinnedptr".to_owned(),
            TypeKind::ManagedPointer => "managedptr".to_owned(),
            TypeKind::Stream => "stream".to_owned(),
            TypeKind::Event => "event".to_owned(),
            TypeKind::Handle => "handle".to_owned(),
            TypeKind::Function => "function".to_owned(),
            TypeKind::Record(id) => self
                .program
                .records
                .get(id.0 as usize)
                .map_or("?".to_owned(), |record| record.display.clone()),
            TypeKind::Array { stride, .. } => {
                let stride = stride.map_or("?".to_owned(), |stride| stride.to_string());
                format!("array {bytes}/{stride}")
            }
            TypeKind::Unknown => "?".to_owned(),
        }
    }
}

fn local_name(function: &Function, local: LocalId) -> String {
    match function.locals.get(local.0 as usize) {
        Some(entry) if entry.name.is_empty() => format!("t{}", local.0),
        Some(entry) => {
            // Two variables of one name are told apart by their numbers.
            let twins = function.locals.iter().filter(|other| other.name == entry.name).count();
            if twins > 1 { format!("{}.{}", entry.name, local.0) } else { entry.name.clone() }
        }
        None => format!("t{}?", local.0),
    }
}

fn value(id: ValueId) -> String {
    format!("%{}", id.0)
}

fn values(ids: &[ValueId]) -> String {
    let names: Vec<String> = ids.iter().map(|id| value(*id)).collect();
    names.join(", ")
}

fn to(block: BlockId) -> String {
    format!("b{}", block.0)
}

fn access_name(access: ParamAccess) -> &'static str {
    match access {
        ParamAccess::Value => "value",
        ParamAccess::Read => "read",
        ParamAccess::ReadWrite => "read-write",
        ParamAccess::Write => "write",
        ParamAccess::Unused => "unused",
    }
}

fn binary_name(operator: BinaryOp) -> String {
    match operator {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::And => "&",
        BinaryOp::Or => "|",
        BinaryOp::Xor => "^",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::PtrDiff(size) => return format!("-/{size}"),
    }
    .to_owned()
}
