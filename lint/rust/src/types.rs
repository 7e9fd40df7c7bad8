//! What types are in the IR: shapes, sizes, records.

use cuda_lint_engine::program::{Record, RecordId, Type, TypeKind};

use super::items::{HandleKind, Scope};
use super::lower::Lowering;
use super::ty::Ty;

/// How deep records are looked into.
const DEPTH: usize = 6;

impl Lowering {
    /// The IR's type.
    pub fn ir(&mut self, ty: &Ty) -> Type {
        self.ir_within(ty, DEPTH)
    }

    fn ir_within(&mut self, ty: &Ty, depth: usize) -> Type {
        match ty {
            Ty::Unknown | Ty::Param(_) | Ty::Closure(_) | Ty::Launch(_) => Type::UNKNOWN,
            Ty::Unit | Ty::Never => Type::VOID,
            Ty::Int(bytes) => Type::int(u64::from(*bytes)),
            Ty::Float(bytes) => Type { kind: TypeKind::Scalar, size: Some(u64::from(*bytes)) },
            Ty::Status => Self::STATUS,
            Ty::Str | Ty::Slice(_) => {
                Type { kind: TypeKind::Array { stride: None, element: None }, size: None }
            }
            Ty::Function => Type { kind: TypeKind::Function, size: Some(8) },
            Ty::Iter(_) => Type::POINTER,
            Ty::Ref { to, mutable } => {
                let pointee = match &**to {
                    Ty::Slice(_) | Ty::Str => None,
                    to if depth > 0 => match self.ir_within(to, depth - 1).kind {
                        TypeKind::Record(record) => Some(record),
                        _ => None,
                    },
                    _ => None,
                };
                let kind = TypeKind::Pointer { const_pointee: !mutable, volatile_pointee: false, pointee };
                Type { kind, size: Some(8) }
            }
            Ty::Boxed(_) => Type::POINTER,
            Ty::Array(element, count) => {
                let element = if depth > 0 { self.ir_within(element, depth - 1) } else { Type::UNKNOWN };
                let record = match element.kind {
                    TypeKind::Record(record) => Some(record),
                    _ => None,
                };
                let size = element.size.zip(*count).and_then(|(size, count)| size.checked_mul(count));
                Type { kind: TypeKind::Array { stride: element.size, element: record }, size }
            }
            Ty::Vec(element) => {
                let element_size = self.size(element);
                self.record(format!("Vec<{element:?}>"), |_| Record {
                    name: "Vec".to_owned(),
                    display: "Vec".to_owned(),
                    has_destructor: true,
                    element_size,
                    ..Record::default()
                })
            }
            Ty::Tuple(parts) => {
                let parts = parts.clone();
                self.record(format!("{ty:?}"), |this| {
                    let fields = parts
                        .iter()
                        .enumerate()
                        .map(|(index, part)| {
                            (index.to_string(), this.ir_within(part, depth.saturating_sub(1)))
                        })
                        .collect();
                    plain_record("tuple", fields)
                })
            }
            Ty::Named(key, args) => {
                let definitions = self.definitions.clone();
                if let Some(handle) = definitions.handle_of(ty) {
                    return handle_type(handle);
                }
                let Some(def) = definitions.type_def(key) else { return Type::UNKNOWN };
                let Some(fields) = &def.fields else { return Type::UNKNOWN };
                if depth == 0 {
                    return Type::UNKNOWN;
                }
                let bound: Vec<_> = def.generics.iter().cloned().zip(args.iter().cloned()).collect();
                self.record(format!("{ty:?}"), |this| {
                    let scope = Scope {
                        imports: &def.imports,
                        module: &def.module,
                        self_ty: None,
                        generics: &def.generics,
                    };
                    let fields = fields
                        .iter()
                        .map(|(name, ty)| {
                            let ty = definitions.ty(ty, scope).with(&bound);
                            (name.clone(), this.ir_within(&ty, depth - 1))
                        })
                        .collect();
                    let mut record = plain_record(key.rsplit("::").next().unwrap_or(key), fields);
                    record.has_destructor = def.has_drop;
                    record
                })
            }
        }
    }

    /// Bytes of an object, if that is known.
    pub fn size(&mut self, ty: &Ty) -> Option<u64> {
        self.ir(ty).size
    }

    /// True for what lives in memory and is never held in a value.
    pub fn is_aggregate(&mut self, ty: &Ty) -> bool {
        match ty {
            Ty::Array(..) | Ty::Tuple(_) | Ty::Vec(_) => true,
            Ty::Named(..) => self.ir(ty).is_aggregate(),
            _ => false,
        }
    }

    /// The type of a field.
    pub fn field_ty(&self, ty: &Ty, field: &str) -> Ty {
        match ty {
            Ty::Tuple(parts) => {
                field.parse::<usize>().ok().and_then(|it| parts.get(it).cloned()).unwrap_or(Ty::Unknown)
            }
            Ty::Named(key, args) => {
                let Some(def) = self.definitions.type_def(key) else { return Ty::Unknown };
                let found = def.fields.iter().flatten().find(|(name, _)| name == field);
                let Some((_, written)) = found else { return Ty::Unknown };
                let scope = Scope {
                    imports: &def.imports,
                    module: &def.module,
                    self_ty: Some(ty),
                    generics: &def.generics,
                };
                let bound: Vec<_> = def.generics.iter().cloned().zip(args.iter().cloned()).collect();
                self.definitions.ty(written, scope).with(&bound)
            }
            _ => Ty::Unknown,
        }
    }

    fn record(&mut self, key: String, make: impl FnOnce(&mut Self) -> Record) -> Type {
        let id = match self.records.get(&key) {
            Some(known) => *known,
            None => {
                // A record may hold itself, by a pointer: its number comes first.
                let id = RecordId(self.program.records.len() as u32);
                self.program.records.push(plain_record("", Vec::new()));
                self.records.insert(key, id);
                let record = make(self);
                self.program.records[id.0 as usize] = record;
                id
            }
        };
        Type { kind: TypeKind::Record(id), size: None }
    }
}

fn plain_record(name: &str, fields: Vec<(String, Type)>) -> Record {
    Record {
        name: name.to_owned(),
        display: name.to_owned(),
        fields,
        has_destructor: false,
        element_size: None,
        custom_memory: false,
        ends_with: None,
        private: Vec::new(),
        // Code of other files may fill the fields.
        is_shared: true,
        unseen: Vec::new(),
        is_invented: false,
    }
}

const fn handle_type(handle: HandleKind) -> Type {
    let kind = match handle {
        HandleKind::Stream => TypeKind::Stream,
        HandleKind::Event => TypeKind::Event,
        HandleKind::Other => TypeKind::Handle,
        HandleKind::Device => TypeKind::DevicePointer,
        HandleKind::Pinned => TypeKind::PinnedPointer,
        HandleKind::Managed => TypeKind::ManagedPointer,
        HandleKind::Address => return Type::POINTER,
    };
    Type { kind, size: Some(8) }
}
