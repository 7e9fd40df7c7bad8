//! Kernel launches as they are written, and the streams that stand among their arguments: what the statements of one
//! function say, whatever the path.

use super::definitions::Definitions;
use super::shared::Shared;
use crate::cuda::row::{Effect, Role, Row, Thing};
use crate::facts::LaunchShape;
use crate::flow;
use crate::program::{
    Call, Constant, Function, FunctionId, Launch, LocalId, Op, SiteId, Space, Statement, TypeKind, ValueId,
};

/// How often a stream may go from one integer variable to the next.
const VARIABLES: usize = 3;

/// The kernel launches as written.
pub(super) fn launch_shapes(shared: &Shared<'_>) -> Vec<LaunchShape> {
    let mut shapes = Vec::new();
    for id in (0..shared.program.functions.len() as u32).map(FunctionId) {
        let function = shared.function(id);
        if function.space != Space::Host || !function.is_root {
            continue;
        }
        let launches = |op: &Op| match op {
            Op::Launch(_) => true,
            Op::Call(call) => launching_row(shared, call).is_some(),
            _ => false,
        };
        if !flow::ops(function).any(launches) {
            continue;
        }
        let reading = Reading::new(shared, id);
        for statement in statements(function) {
            match &statement.op {
                Op::Launch(launch) => shapes.push(reading.launch(launch, statement.site)),
                Op::Call(call) => shapes.extend(reading.launching_call(call, statement.site)),
                _ => {}
            }
        }
    }
    shapes
}

fn statements(function: &Function) -> impl DoubleEndedIterator<Item = &Statement> {
    function.blocks.iter().flat_map(|block| &block.statements)
}

/// The row of a call that launches a kernel on a stream among its arguments (`cudaLaunchKernel`).
fn launching_row<'p>(shared: &Shared<'p>, call: &Call) -> Option<&'p Row> {
    let has = |row: &Row, role| row.position(role).is_some();
    shared.row(call).filter(|row| {
        row.effects.contains(&Effect::LaunchesKernel) && has(row, Role::KernelArgs) && has(row, Role::Stream)
    })
}

/// What is known of a value.
#[derive(Clone, Copy, Default, PartialEq)]
struct Known {
    /// The type that it was loaded with, kept through conversions.
    kind: Option<TypeKind>,
    /// True for a literal 0.
    zero: bool,
    /// The variable whose address it is, or of whose element.
    address: Option<LocalId>,
}

/// A function that is looked at.
struct Reading<'s, 'p> {
    shared: &'s Shared<'p>,
    function: &'p Function,
    definitions: &'s Definitions,
    /// For each value.
    known: Vec<Known>,
}

impl<'s, 'p> Reading<'s, 'p> {
    fn new(shared: &'s Shared<'p>, id: FunctionId) -> Self {
        let function = shared.function(id);
        let known = vec![Known::default(); function.values as usize];
        let mut reading = Self { shared, function, definitions: shared.definitions(id), known };
        let mut numbers = vec![false; function.locals.len()];
        for _ in 0..VARIABLES {
            reading.follow(&numbers);
            let found = reading.streams_in_numbers();
            if found == numbers {
                break;
            }
            numbers = found;
        }
        reading
    }

    /// `numbers`: the integer variables that hold streams.
    fn follow(&mut self, numbers: &[bool]) {
        for op in flow::ops(self.function) {
            let Some(result) = flow::result_of(op) else { continue };
            let plain = |kind| Known { kind, ..Known::default() };
            let at = |value: &ValueId| self.known[value.0 as usize];
            let known = match op {
                Op::Load { pointer, ty, .. } => match at(pointer).address {
                    Some(local) if numbers[local.0 as usize] => plain(Some(TypeKind::Stream)),
                    _ => plain(Some(ty.kind)),
                },
                Op::Call(call) => plain(Some(call.ty.kind)),
                Op::Cast { value, .. } => at(value),
                Op::Const { constant: Constant::Int(0), .. } => Known { zero: true, ..Known::default() },
                Op::AddressOfLocal { local, .. } => Known { address: Some(*local), ..Known::default() },
                Op::Index { base, .. } => Known { address: at(base).address, ..Known::default() },
                _ => Known::default(),
            };
            self.known[result.0 as usize] = known;
        }
    }

    fn known(&self, value: ValueId) -> Known {
        self.known[value.0 as usize]
    }

    fn is_stream(&self, value: Option<ValueId>) -> bool {
        value.is_some_and(|value| self.known(value).kind == Some(TypeKind::Stream))
    }

    /// The integer variables to which nothing but streams is ever assigned, and whose address nobody else has.
    fn streams_in_numbers(&self) -> Vec<bool> {
        let locals = &self.function.locals;
        let mut assigned = vec![false; locals.len()];
        let mut other: Vec<bool> = locals.iter().map(|local| local.ty.kind != TypeKind::Int).collect();
        for op in flow::ops(self.function) {
            let made = match op {
                Op::Load { .. } | Op::Cast { .. } | Op::Index { .. } | Op::Live { .. } | Op::Dead { .. } => {
                    continue;
                }
                Op::Store { pointer, value, .. } => {
                    if let Some(local) = self.known(*pointer).address {
                        let is_stream = self.is_stream(Some(*value));
                        assigned[local.0 as usize] |= is_stream;
                        other[local.0 as usize] |= !is_stream;
                    }
                    Some(*pointer)
                }
                // `cudaStreamCreate((cudaStream_t *)&number)`
                Op::Call(call) => {
                    let row = self.shared.row(call);
                    let place = row.and_then(|row| row.position(Role::Out(Thing::Stream)));
                    let place = place.and_then(|place| call.args.get(place).copied());
                    if let Some(local) = place.and_then(|place| self.known(place).address) {
                        assigned[local.0 as usize] = true;
                    }
                    place
                }
                _ => None,
            };
            for operand in flow::operands_of(op).into_iter().filter(|operand| Some(*operand) != made) {
                if let Some(local) = self.known(operand).address {
                    other[local.0 as usize] = true;
                }
            }
        }
        assigned.into_iter().zip(other).map(|(assigned, other)| assigned && !other).collect()
    }

    /// `kernel<<<grid, block, shared, stream>>>(…)`
    fn launch(&self, launch: &Launch, site: SiteId) -> LaunchShape {
        let slots = [launch.grid, launch.block, launch.shared_bytes];
        let passed = || launch.args.iter().filter(|arg| arg.ty.kind == TypeKind::Stream);
        let misplaced = || slots.into_iter().flatten().find(|slot| self.is_stream(Some(*slot)));
        let meant = passed().next().map(|arg| arg.value).or_else(misplaced);
        LaunchShape {
            site,
            kernel: launch.name.clone(),
            default_stream: launch.stream.is_none_or(|stream| self.known(stream).zero),
            stream_arguments: passed().map(|arg| arg.site).collect(),
            meant: meant.and_then(|value| self.variable(value)),
            stream_in_other_slot: misplaced().is_some(),
        }
    }

    /// `cudaLaunchKernel(kernel, grid, block, args, shared, stream)`, where the array of arguments is a variable of
    /// this function.
    fn launching_call(&self, call: &Call, site: SiteId) -> Option<LaunchShape> {
        let row = launching_row(self.shared, call)?;
        let argument = |role| call.args.get(row.position(role)?).copied();
        let array = self.known(argument(Role::KernelArgs)?).address?;
        let passed: Vec<(SiteId, LocalId)> = statements(self.function)
            .filter_map(|statement| match statement.op {
                Op::Store { pointer, value, .. } if self.known(pointer).address == Some(array) => {
                    let local = self.known(value).address?;
                    let is_stream = self.function.locals[local.0 as usize].ty.kind == TypeKind::Stream;
                    is_stream.then_some((statement.site, local))
                }
                _ => None,
            })
            .collect();
        let kernel = argument(Role::Kernel).and_then(|kernel| self.name(kernel)).unwrap_or_default();
        Some(LaunchShape {
            site,
            kernel,
            default_stream: argument(Role::Stream).is_none_or(|stream| self.known(stream).zero),
            meant: passed.first().map(|(_, local)| self.function.locals[local.0 as usize].name.clone()),
            stream_arguments: passed.into_iter().map(|(site, _)| site).collect(),
            stream_in_other_slot: false,
        })
    }

    /// The name of the variable that a value was loaded from.
    fn variable(&self, mut value: ValueId) -> Option<String> {
        loop {
            match self.definitions.of(self.function, value)? {
                Op::Load { pointer: from, .. } | Op::Cast { value: from, .. } => value = *from,
                Op::AddressOfLocal { local, .. } => {
                    return Some(self.function.locals[local.0 as usize].name.clone());
                }
                Op::Field { field, .. } => return Some(field.clone()),
                _ => return None,
            }
        }
    }

    /// The name of the function whose address a value is.
    fn name(&self, value: ValueId) -> Option<String> {
        match self.definitions.of_converted(self.function, value)? {
            Op::Const { constant: Constant::Function(id), .. } => {
                Some(self.shared.function(*id).name.clone())
            }
            Op::Const { constant: Constant::Extern(id), .. } => Some(self.shared.extern_(*id).name.clone()),
            _ => None,
        }
    }
}
