//! What the functions of the model put where: rows, read for what they make and hand on.

use super::place::{Product, Target, Values};
use super::transfer::Transfer;
use crate::cuda::Model;
use crate::cuda::row::{Effect, MemoryKind, Outcome, Role, Row, Thing};
use crate::program::{Call, Extern};

/// `cudaStreamNonBlocking`, and `cudaEventDisableTiming`: the bits, which may stand with others.
const NON_BLOCKING: i64 = 1;
const DISABLE_TIMING: i64 = 2;

impl Transfer<'_, '_> {
    /// A call of a function of the model; its result.
    pub(super) fn modelled(&mut self, row: &Row, callee: &Extern, call: &Call, args: &[Values]) -> Values {
        let arg = |role: Role| row.position(role).and_then(|index| args.get(index)).cloned();
        self.outputs(row, callee, call, args);
        self.writes(row, call, args);
        if row.effects.contains(&Effect::Register)
            && let Some(memory) = arg(Role::Memory)
        {
            for made in memory.made().collect::<Vec<_>>() {
                self.solver.places.made[made.0 as usize].registered = true;
            }
        }
        if row.effects.contains(&Effect::SwapsContents)
            && let [a, b] = args
        {
            self.exchange(a, b);
            self.copy_hidden(a, b);
            self.copy_hidden(b, a);
        }
        // Which elements there are is not followed here: they may be anything.
        if row.effects.contains(&Effect::FillsElements)
            && let Some(owner) = call.args.first()
        {
            self.escape(*owner, true);
        }
        let into = call.into.map(|into| self.value(into));
        let owner = match row.position(Role::This) {
            Some(_) => arg(Role::This),
            None => into.clone(),
        };
        if let Some(owner) = &owner {
            self.owned(row, callee, owner, args);
        }
        let result = self.result(row, callee, call, args);
        // Iterators and pointers of class type hold what the row names.
        if let Some(into) = into
            && !matches!(
                row.result,
                Outcome::Unknown
                    | Outcome::Status
                    | Outcome::Pure
                    | Outcome::Length
                    | Outcome::Least
                    | Outcome::Greatest
                    | Outcome::Same
                    | Outcome::Differs
            )
        {
            let cells = self.hidden(&into);
            self.store(&cells, &result, false);
        }
        result
    }

    /// What the call hands out through its arguments.
    fn outputs(&mut self, row: &Row, callee: &Extern, call: &Call, args: &[Values]) {
        for (index, (param, arg)) in row.params.iter().zip(args).enumerate() {
            let Role::Out(thing) = param.role else { continue };
            let product = match thing {
                Thing::Memory(kind) => Some(Product::Memory(kind, self.bytes(row, call))),
                Thing::Stream => {
                    Some(Product::Stream(self.flags(row, call).map(|flags| flags & NON_BLOCKING != 0)))
                }
                Thing::Event => {
                    Some(Product::Event(self.flags(row, call).map(|flags| flags & DISABLE_TIMING == 0)))
                }
                // Aliases, other handles and numbers: nothing is known of them.
                _ => None,
            };
            match product {
                Some(product) => {
                    let made = self.make(index as u8, product, &callee.name);
                    self.store(arg, &made, true);
                }
                None => self.escape(call.args[index], true),
            }
        }
    }

    /// The flags of a call, if they are a constant; 0 where the function takes none.
    fn flags(&self, row: &Row, call: &Call) -> Option<i64> {
        match row.position(Role::Flags) {
            Some(flags) => call.args.get(flags).and_then(|it| self.constant(*it)),
            None => Some(0),
        }
    }

    /// The product of the arguments that count bytes, if they are constants.
    fn bytes(&self, row: &Row, call: &Call) -> Option<u64> {
        let factors = row.params.iter().zip(&call.args).filter(|(param, _)| param.role == Role::Bytes);
        let mut bytes = None;
        for (_, arg) in factors {
            let factor = u64::try_from(self.constant(*arg)?).ok()?;
            bytes = Some(bytes.unwrap_or(1u64).checked_mul(factor)?);
        }
        bytes
    }

    /// Bytes are written: no address that is known stands there afterwards. Zeros are null pointers.
    fn writes(&mut self, row: &Row, call: &Call, args: &[Values]) {
        let role = |index: usize| row.params.get(index).map(|param| param.role);
        let written: Vec<usize> = (0..args.len())
            .filter(|index| matches!(role(*index), Some(Role::Writes | Role::WriteFirst | Role::Dst)))
            .collect();
        // `std::iter_swap`: what is written are the two themselves.
        if let [a, b] = written[..]
            && row.params.len() == 2
        {
            return self.exchange(&args[a], &args[b]);
        }
        let reads = row
            .params
            .iter()
            .any(|param| matches!(param.role, Role::Reads | Role::Format | Role::ReadFirst | Role::Src));
        let fills_with_zero = !reads
            && (0..args.len()).any(|index| {
                role(index) == Some(Role::Ignored) && self.constant(call.args[index]) == Some(0)
            });
        if !fills_with_zero {
            for index in written {
                self.escape(call.args[index], true);
            }
        }
    }

    /// What stands at two addresses changes places.
    fn exchange(&mut self, a: &Values, b: &Values) {
        let (x, y) = (self.load(a), self.load(b));
        self.store(a, &y, false);
        self.store(b, &x, false);
    }

    /// What containers and smart pointers come to own.
    fn owned(&mut self, row: &Row, callee: &Extern, owner: &Values, args: &[Values]) {
        let is_reference = |index: usize| callee.params.get(index).is_some_and(|param| param.is_address());
        let first = usize::from(row.position(Role::This).is_some());
        for effect in &row.effects {
            match effect {
                Effect::TakesElements | Effect::SwapsElements => {
                    if let Some(other) = args.get(1).filter(|_| is_reference(1)) {
                        let objects = self.objects(other);
                        self.copy_hidden(owner, &objects);
                        if *effect == Effect::SwapsElements {
                            self.copy_hidden(&objects, owner);
                        }
                    }
                }
                Effect::Holds => {
                    let cells = self.hidden(owner);
                    let held = match row.position(Role::Held).map(|index| args.get(index)) {
                        Some(Some(held)) => self.addresses(held),
                        Some(None) => Values::default(),
                        None => self.make(0, Product::Memory(MemoryKind::Pageable, None), &row.name),
                    };
                    self.store(&cells, &held, true);
                }
                Effect::Reallocates(_) => {
                    let cells = self.hidden(owner);
                    for (index, arg) in args.iter().enumerate().skip(first) {
                        let role = row.params.get(index).map_or(Role::Ignored, |param| param.role);
                        let value = match role {
                            Role::Count | Role::ElementIndex if !is_reference(index) => continue,
                            // A range, or another container, which `TakesElements` deals with.
                            Role::Count | Role::ReadLast => {
                                let other = self.addresses(arg);
                                if other.is_empty() { continue } else { Values::unknown() }
                            }
                            _ if is_reference(index) => self.load(arg),
                            _ => arg.clone(),
                        };
                        self.store(&cells, &value, false);
                    }
                }
                _ => {}
            }
        }
    }

    /// Of these addresses, those of containers and smart pointers.
    fn objects(&self, values: &Values) -> Values {
        let mut objects = Values::or_unknown(values.unknown);
        for target in values.targets() {
            if self.is_object(*target) {
                objects.add(&Values::of(*target));
            }
        }
        objects
    }

    /// Of these addresses, those of anything else.
    fn addresses(&self, values: &Values) -> Values {
        let mut addresses = Values::or_unknown(values.unknown);
        for target in values.targets() {
            if !self.is_object(*target) {
                addresses.add(&Values::of(*target));
            }
        }
        addresses
    }

    fn is_object(&self, target: Target) -> bool {
        match target {
            Target::Place(place) => self.solver.places.cell(place).is_object,
            Target::Made(_) => false,
        }
    }

    fn result(&mut self, row: &Row, callee: &Extern, call: &Call, args: &[Values]) -> Values {
        match row.result {
            Outcome::Memory(kind) => {
                let bytes = self.bytes(row, call);
                self.make(u8::MAX, Product::Memory(kind, bytes), &row.name)
            }
            Outcome::Arg(index) => args.get(usize::from(index)).cloned().unwrap_or(Values::unknown()),
            Outcome::Elements
            | Outcome::Element
            | Outcome::ElementsEnd
            | Outcome::LastElement
            | Outcome::Held
            | Outcome::Released => {
                let Some(owner) = row.position(Role::This).and_then(|index| args.get(index)) else {
                    return Values::unknown();
                };
                let cells = self.hidden(owner);
                let is_pointer = matches!(row.result, Outcome::Held | Outcome::Released)
                    || is_smart_pointer(self.solver.model, &callee.name);
                if is_pointer { self.load(&cells) } else { cells }
            }
            Outcome::Unknown
            | Outcome::Stream
            | Outcome::LegacyStream
            | Outcome::PerThreadStream
            | Outcome::StreamInThread
            | Outcome::Tracker
            | Outcome::Status
            | Outcome::QueryStatus
            | Outcome::Pure
            | Outcome::Length
            | Outcome::Least
            | Outcome::Greatest
            | Outcome::Same
            | Outcome::Differs
            | Outcome::Counted
            | Outcome::CountedAfter => Values::unknown(),
        }
    }
}

/// True for the methods of classes that hold a pointer that they are given.
fn is_smart_pointer(model: &Model, method: &str) -> bool {
    let Some((class, _)) = method.rsplit_once("::") else { return false };
    model.constructor(class, 2).is_some_and(|row| row.effects.contains(&Effect::Holds))
}
