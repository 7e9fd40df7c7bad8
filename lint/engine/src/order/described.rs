//! Streams, events, memory and work by their identity, and as people know them.

use super::happens_before::{EventKey, StreamKey};
use super::machine::Machine;
use super::object::{ObjectId, ObjectKey};
use super::state::{Operation, State};
use super::symbol::{Sym, SymKey};
use super::trackers::DefaultStreamOf;
use super::value::Value;
use crate::DefaultStream;
use crate::facts::{self, Work};

impl Machine<'_, '_> {
    /// A stream argument as a key. No argument, or 0: the default stream of the build.
    pub(super) fn stream_key(&mut self, value: Option<&Value>) -> StreamKey {
        let default = match self.shared.options.default_stream {
            DefaultStream::Legacy => StreamKey::Legacy,
            DefaultStream::PerThread => StreamKey::PerThread,
        };
        match value {
            None => default,
            Some(Value::Handle(object)) => match self.default_stream(*object) {
                Some(DefaultStreamOf::Legacy) => StreamKey::Legacy,
                Some(DefaultStreamOf::PerThread) => StreamKey::PerThread,
                None => StreamKey::Created(object.0),
            },
            Some(value) => match value.as_constant() {
                Some(1) => StreamKey::Legacy,
                Some(2) => StreamKey::PerThread,
                Some(_) => default,
                None => StreamKey::Unseen(self.identity(value).0),
            },
        }
    }

    /// An event argument as a key.
    pub(super) fn event_key(&mut self, value: &Value) -> EventKey {
        match value {
            Value::Handle(object) => EventKey::Created(object.0),
            value => EventKey::Unseen(self.identity(value).0),
        }
    }

    /// A symbol that is the same for equal values.
    fn identity(&mut self, value: &Value) -> Sym {
        let number = self.number(value);
        match number.as_symbol() {
            Some(symbol) => symbol,
            None => self.symbols.intern(SymKey::Truth(Box::new(super::value::Condition {
                expression: number,
                relation: super::value::Relation::Zero,
                negated: false,
            }))),
        }
    }

    /// An object for the rules.
    pub(super) fn describe_object(&self, state: &State, object: ObjectId) -> facts::Object {
        let info = self.objects.info(object);
        facts::Object {
            name: info.name.clone(),
            origin: info.origin.clone(),
            memory: self.memory_kind(state, object),
            site: info.site,
            host_by_use: info.host_by_use,
            bytes: info.bytes,
            by_mode: self.is_kind_by_mode(state, object),
            short_lived: false,
        }
    }

    /// A stream for the rules.
    pub(super) fn describe_stream(&self, stream: StreamKey) -> facts::Stream {
        match stream {
            StreamKey::Legacy => facts::Stream::Legacy,
            StreamKey::PerThread => facts::Stream::PerThread,
            StreamKey::Created(object) => {
                let info = self.objects.info(ObjectId(object));
                match info.site {
                    Some(site) => facts::Stream::Created {
                        name: info.name.clone(),
                        site,
                        non_blocking: info.non_blocking,
                    },
                    None => facts::Stream::Unseen { name: info.name.clone() },
                }
            }
            StreamKey::Unseen(symbol) => {
                let name = self.symbol_name(symbol);
                match self.streams().held(symbol) {
                    Some(held) => {
                        let (site, non_blocking) = (held.site(), held.non_blocking);
                        facts::Stream::Created { name, site, non_blocking }
                    }
                    None => facts::Stream::Unseen { name },
                }
            }
        }
    }

    /// The variable or expression that a symbol is known by; empty if there is none.
    pub(super) fn symbol_name(&self, symbol: u32) -> String {
        match self.symbols.key(Sym(symbol)) {
            SymKey::Initial { object, .. } => self.objects.info(*object).name.clone(),
            SymKey::Accessor { name, .. } => format!("{name}()"),
            _ => String::new(),
        }
    }

    /// Pending work for the rules.
    pub(super) fn describe_work(&self, operation: &Operation, writes: bool, assumed: bool) -> Work {
        Work {
            site: operation.site,
            kind: operation.kind.clone(),
            name: operation.name.to_string(),
            stream: self.describe_stream(operation.stream),
            stream_omitted: operation.stream_omitted,
            left_out_by: operation.left_out_by,
            writes,
            assumed,
            lent: operation.lent,
            captured_at: operation.graph.map(|graph| graph.captured_at),
        }
    }

    /// True if an object is the variable of a function that is being followed (not what a pointer in it
    /// points to).
    pub(super) fn is_variable(&self, object: ObjectId) -> bool {
        matches!(self.objects.info(self.objects.root(object)).key, ObjectKey::Local { .. })
    }
}
