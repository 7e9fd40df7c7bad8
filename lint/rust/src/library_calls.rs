//! Calls of libraries whose signatures stand in the stubs, and kernel launches.

use std::rc::Rc;

use cuda_lint_engine::cuda::Model;
use cuda_lint_engine::cuda::row::Role;
use cuda_lint_engine::program::{
    Launch, LaunchArg, LocalId, Op, ParamAccess, SiteId, Storage, Type, ValueId,
};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, FnArg, LitStr};

use super::calls::peeled;
use super::function::{Body, Length, Place, Val};
use super::items::{FnDef, HandleKind};
use super::libraries;
use super::ty::Ty;

/// A launch whose arguments are being gathered.
#[derive(Clone, Debug)]
pub(crate) struct Launching {
    stream: ValueId,
    name: String,
    args: Vec<Argument>,
}

#[derive(Clone, Debug)]
struct Argument {
    slot: LocalId,
    access: ParamAccess,
    /// cudarc orders what is done with it.
    tracked: bool,
    ty: Ty,
    site: SiteId,
}

impl Body<'_> {
    /// Calls a function of a stub.
    pub fn library_call(
        &mut self,
        index: usize,
        receiver: Option<Val>,
        args: &[&Expr],
        turbofish: Vec<Ty>,
        span: Span,
    ) -> Val {
        let definitions = self.file.definitions.clone();
        let def = definitions.at(index);
        let site = self.site(span);
        let (params, result) = self.file.signature(def);
        let mut bound: Vec<(Rc<str>, Ty)> = Vec::new();
        let own = def.generics.len().saturating_sub(own_generics(def));
        bound
            .extend(def.generics.iter().skip(own).cloned().zip(turbofish).filter(|(_, ty)| !ty.is_unknown()));
        let mut values = Vec::new();
        let (mut pinned, mut device) = (false, false);
        if let Some(receiver) = receiver {
            if let Some(self_ty) = &def.self_ty {
                self_ty.bind(&receiver.ty, &mut bound);
            }
            values.push(receiver);
        } else if takes_self(def)
            && let Some((first, _)) = args.split_first()
        {
            // `CudaStream::synchronize(&stream)`, `DeviceBuffer::drop(buffer)`.
            let value = self.library_argument(first, takes_self_by_value(def));
            return self.library_call(index, Some(value), &args[1..], Vec::new(), span);
        }
        let skip = usize::from(takes_self(def));
        for (at, arg) in args.iter().enumerate() {
            let param = params.get(at + skip).cloned().unwrap_or(Ty::Unknown);
            if is_none(arg)
                && let Some(FnArg::Typed(it)) = def.signature.inputs.iter().nth(at + skip)
                && let Some(number) =
                    attribute(&it.attrs, "none").and_then(|it| libraries::numbers(it).first().copied())
            {
                values.push(self.number(number, Ty::Int(4), site));
                continue;
            }
            let by_value = matches!(&param, Ty::Named(key, _) if definitions.type_def(key).is_some_and(|it| it.has_drop));
            // A number that the call writes.
            let is_result = matches!(&param, Ty::Ref { to, mutable: true }
                if matches!(**to, Ty::Param(_) | Ty::Int(_) | Ty::Float(_)));
            // Functions of C get pointers as they are.
            let is_pointer = params.len() <= at + skip && self.is_pointer_variable(arg);
            let value = match is_result || is_pointer {
                true => self.expr(arg),
                false => self.library_argument(arg, by_value),
            };
            param.bind(&value.ty, &mut bound);
            let handle = definitions.handle_of(&value.ty);
            pinned |= matches!(handle, Some(HandleKind::Pinned | HandleKind::Managed));
            device |= handle == Some(HandleKind::Device);
            values.push(value);
        }
        let result = result.with(&bound);
        let attributes = self.attributes_of(def);
        if let Some(value) = self.part(&attributes, &values, args, &result, site) {
            return value;
        }
        for value in &values {
            self.take(value, site);
        }
        if def.body.as_ref().is_some_and(|body| !body.stmts.is_empty()) {
            let value = self.inline_function(index, values, bound, site);
            if result == Ty::Unit {
                return self.unit(site);
            }
            let ty = declared_or_found(&result, &value.ty);
            // What the signature calls an address owns nothing.
            if let Some(var) = value.temp {
                self.vars[var].drops &= self.needs_drop(&ty);
                self.vars[var].ty = ty.clone();
            }
            return Val { ty, ..value };
        }
        let mut name = row_of(def);
        let mut arguments: Vec<ValueId> = values.iter().map(|it| it.id).collect();
        if attribute(&attributes, "sized").is_some() {
            let element =
                bound.iter().find(|(name, _)| **name == *"T").map_or(Ty::Unknown, |(_, ty)| ty.clone());
            arguments.push(match self.file.size(&element).and_then(|it| i64::try_from(it).ok()) {
                Some(size) => self.builder.int(site, size),
                None => self.builder.unknown(site, Vec::new()),
            });
        }
        if let Some(more) = attribute(&attributes, "args") {
            for number in libraries::numbers(more) {
                arguments.push(self.builder.int(site, number));
            }
        }
        let element = bound.iter().find(|(name, _)| **name == *"T").map_or(Ty::Unknown, |(_, ty)| ty.clone());
        self.add_extent(&name, &values, &element, &mut arguments, site);
        // One method for several types of arguments is several rows.
        for (holds, kind) in [(pinned, "::tracked"), (device, "::device")] {
            if holds && Model::builtin().knows(&format!("{name}{kind}")) {
                name.push_str(kind);
            }
        }
        let from_pinned = values.first().and_then(|it| definitions.handle_of(&it.ty));
        let tracked = if attribute(&attributes, "tracks").is_some() && self.file.versions.track_libraries() {
            tracked_by(&name, &arguments)
        } else {
            Vec::new()
        };
        self.track(&arguments, &tracked, "before", site);
        let value = self.row(&name, arguments.clone(), result, site);
        self.track(&arguments, &tracked, "after", site);
        match from_pinned {
            // `pin.as_slice()`: all of it.
            Some(HandleKind::Pinned | HandleKind::Managed) => Val { length: Length::Whole, ..value },
            _ => value,
        }
    }

    /// What a layer of cudarc over a library does before and after its work with the slices that it gets: the first
    /// argument carries the stream.
    fn track(&mut self, arguments: &[ValueId], tracked: &[(ValueId, bool)], when: &str, site: SiteId) {
        let Some(handle) = arguments.first() else { return };
        for (memory, writes) in tracked {
            let use_of = if *writes { "write" } else { "read" };
            let name = format!("cudarc::Tracking::{when}_{use_of}");
            self.row_call(&name, vec![*handle, *memory], site, false);
        }
    }

    /// Rows of copies may be told how many bytes there are, where all operands say so.
    fn add_extent(
        &mut self,
        name: &str,
        values: &[Val],
        element: &Ty,
        arguments: &mut Vec<ValueId>,
        site: SiteId,
    ) {
        let takes = |count: usize| {
            Model::builtin()
                .lookup(name, count)
                .is_some_and(|row| row.params.last().is_some_and(|it| it.role == Role::Bytes && it.optional))
        };
        if !takes(arguments.len() + 1) {
            return;
        }
        let definitions = self.file.definitions.clone();
        let holds = |ty: &Ty| {
            matches!(ty, Ty::Ref { to, .. } if matches!(**to, Ty::Slice(_)))
                || matches!(
                    definitions.handle_of(ty),
                    Some(HandleKind::Device | HandleKind::Pinned | HandleKind::Managed | HandleKind::Address)
                )
        };
        let lengths: Vec<Length> = values.iter().filter(|it| holds(&it.ty)).map(|it| it.length).collect();
        if lengths.is_empty() || lengths.contains(&Length::Unknown) {
            return;
        }
        let counted = lengths.iter().find_map(|it| match it {
            Length::Elements(count) => Some(*count),
            _ => None,
        });
        let size = self.file.size(element).and_then(|it| i64::try_from(it).ok());
        match (counted, size) {
            (Some(count), Some(size)) => {
                arguments.push(count);
                arguments.push(self.builder.int(site, size));
            }
            // As far as it goes.
            _ => arguments.push(self.builder.unknown(site, Vec::new())),
        }
    }

    /// Calls a row. One whose first parameter hands something out gets a place for it.
    pub fn row(&mut self, name: &str, mut args: Vec<ValueId>, result: Ty, site: SiteId) -> Val {
        let hands_out = Model::builtin()
            .lookup(name, args.len() + 1)
            .is_some_and(|row| row.params.first().is_some_and(|it| matches!(it.role, Role::Out(_))));
        if hands_out {
            let ir = self.file.ir(&result);
            let local = self.builder.local("", ir, site, Storage::Automatic);
            self.builder.push(site, Op::Live { local });
            let cell = self.builder.address_of(site, local);
            args.insert(0, cell);
            self.row_call(name, args, site, false);
            let cell = self.builder.address_of(site, local);
            let id = self.builder.load(site, cell, ir);
            return self.val(id, result);
        }
        let callee = self.row_extern(name, args.len(), false);
        self.emit_call(callee, args, result, site)
    }

    fn attributes_of(&self, def: &FnDef) -> Rc<[Attribute]> {
        def.attributes.clone()
    }

    /// Views: a part of the object, or its two parts.
    fn part(
        &mut self,
        attributes: &[Attribute],
        values: &[Val],
        args: &[&Expr],
        result: &Ty,
        site: SiteId,
    ) -> Option<Val> {
        let base = values.first()?;
        let element = match &base.ty {
            Ty::Named(_, args) => args.first().cloned().unwrap_or(Ty::Unknown),
            _ => Ty::Unknown,
        };
        let stride = self.file.size(&element);
        if attribute(attributes, "part").is_some() {
            let (address, length) = match args.first().map(|it| peeled(it)) {
                Some(Expr::Range(range)) => self.range(base.id, range, stride, site),
                _ => {
                    let index = values.get(1).map_or(base.id, |it| it.id);
                    (self.builder.index(site, base.id, index, stride), Length::Unknown)
                }
            };
            return Some(Val { length, ..self.val(address, result.clone()) });
        }
        attribute(attributes, "split")?;
        let second = self.builder.index(site, base.id, values.get(1)?.id, stride);
        let Ty::Tuple(parts) = result else { return None };
        let values = [base.id, second];
        let var = self.temporary(result.clone(), site);
        let local = self.vars[var].local;
        for (index, (part, value)) in parts.iter().zip(values).enumerate() {
            let address = self.builder.address_of(site, local);
            let field = self.builder.field(site, address, index.to_string());
            let ir = self.file.ir(part);
            self.builder.store(site, field, value, ir);
        }
        let id = self.builder.address_of(site, local);
        Some(Val { id, ty: result.clone(), temp: Some(var), fallible: false, length: Length::Unknown })
    }

    /// An argument of a library: a handle by its value, what holds elements by the address of the first.
    pub fn library_argument(&mut self, arg: &Expr, by_value: bool) -> Val {
        let span = arg.span();
        match peeled(arg) {
            Expr::Reference(it) => {
                let place = self.expr_place(&it.expr);
                self.normalised(place, span)
            }
            Expr::Path(_) | Expr::Field(_) | Expr::Index(_) if !by_value => {
                let is_variable = Self::path_of(arg)
                    .is_none_or(|path| matches!(path.as_slice(), [name] if self.lookup(name).is_some()));
                if !is_variable {
                    return self.expr(arg);
                }
                let place = self.expr_place(arg);
                self.normalised(place, span)
            }
            other => {
                let value = self.expr(other);
                // What takes it over ends it.
                let is_taken = by_value && !self.file.is_aggregate(&value.ty);
                if is_taken { value } else { self.normalised_value(value, span) }
            }
        }
    }

    /// True for a variable that points to something else than a handle.
    fn is_pointer_variable(&mut self, arg: &Expr) -> bool {
        let is_variable = Self::path_of(arg)
            .is_some_and(|path| matches!(path.as_slice(), [name] if self.lookup(name).is_some()));
        is_variable
            && match self.expr_place(arg).ty {
                Ty::Ref { to, .. } => !self.file.definitions.is_handle(&to),
                _ => false,
            }
    }

    fn normalised_value(&mut self, value: Val, span: Span) -> Val {
        match &value.ty {
            Ty::Ref { to, .. } => {
                let place = Place::at(value.id, (**to).clone());
                let handle = self.file.definitions.is_handle(&place.ty);
                if handle || matches!(place.ty, Ty::Ref { .. } | Ty::Vec(_) | Ty::Array(..) | Ty::Boxed(_)) {
                    return self.normalised(place, span);
                }
                value
            }
            Ty::Vec(_) | Ty::Array(..) => self.normalised(Place::at(value.id, value.ty.clone()), span),
            ty if self.needs_drop(ty) && value.temp.is_none() && !self.file.is_aggregate(ty) => {
                // A handle that nothing else owns: it lives to the end of the statement.
                let place = self.materialise(value, span);
                self.normalised(place, span)
            }
            _ => value,
        }
    }

    /// What lies at a place, as a library gets it.
    pub fn normalised(&mut self, place: Place, span: Span) -> Val {
        let site = self.site(span);
        let place = match &place.ty {
            Ty::Ref { to, .. } if !matches!(**to, Ty::Slice(_) | Ty::Str | Ty::Unknown | Ty::Param(_)) => {
                self.through(place, span)
            }
            Ty::Boxed(_) => self.through(place, span),
            _ => place,
        };
        match &place.ty {
            Ty::Vec(_) | Ty::Array(..) | Ty::Slice(_) | Ty::Str => match self.elements(&place, site) {
                Some((id, element)) => {
                    let whole = matches!(place.ty, Ty::Vec(_) | Ty::Array(..));
                    let length = if whole { Length::Whole } else { place.length };
                    Val { length, ..self.val(id, Ty::Slice(Box::new(element)).shared()) }
                }
                None => self.val(place.address, place.ty.shared()),
            },
            // A type of the program that can serve as a slice: what it holds is its own business.
            ty if self.file.is_aggregate(ty) => {
                let value = self.unknown(site, vec![place.address]);
                Val { ty: place.ty.shared(), ..value }
            }
            Ty::Closure(_) | Ty::Launch(_) | Ty::Unit | Ty::Never => self.val(place.address, place.ty),
            ty => {
                let ty = ty.clone();
                let ir = self.file.ir(&ty);
                let id = self.builder.load(site, place.address, ir);
                // What owns memory is all of it.
                let length = if self.needs_drop(&ty) { Length::Whole } else { place.length };
                Val { length, ..self.val(id, ty) }
            }
        }
    }

    /// Methods that make a launch, or are one.
    pub fn launching(&mut self, place: &Place, name: &str, args: &[&Expr], span: Span) -> Option<Val> {
        let handle = self.file.definitions.handle_of(&place.ty);
        let site = self.site(span);
        match (name, args) {
            ("launch_builder", [kernel]) if handle == Some(HandleKind::Stream) || place.ty.is_unknown() => {
                let stream = self.normalised(place.clone(), span).id;
                self.library_argument(kernel, false);
                let name = Self::path_of(unreferenced(kernel))
                    .and_then(|path| path.last().cloned())
                    .or_else(|| field_name(unreferenced(kernel)))
                    .unwrap_or_else(|| "kernel".to_owned());
                self.launches.push(Launching { stream, name, args: Vec::new() });
                let id = self.builder.unknown(site, Vec::new());
                Some(self.val(id, Ty::Launch(self.launches.len() - 1)))
            }
            // 0.13 and before: `f.launch(config, (&a, &mut b, n))`, `f.launch_on_stream(&stream, config, …)`.
            ("launch" | "launch_cooperative", [config, params]) => {
                self.expr(config);
                let stream = self.builder.int(site, 1);
                self.launch_tuple(stream, params, span)
            }
            ("launch_on_stream", [stream, config, params]) => {
                let stream = self.library_argument(stream, false).id;
                self.expr(config);
                self.launch_tuple(stream, params, span)
            }
            _ => None,
        }
    }

    fn launch_tuple(&mut self, stream: ValueId, params: &Expr, span: Span) -> Option<Val> {
        let Expr::Tuple(tuple) = peeled(params) else { return None };
        self.launches.push(Launching { stream, name: "kernel".to_owned(), args: Vec::new() });
        let index = self.launches.len() - 1;
        for part in &tuple.elems {
            self.launch_argument(index, part, false);
        }
        Some(self.emit_launch(index, span))
    }

    /// A launch whose arguments are written out: nothing tracks them.
    pub fn launch_on(&mut self, stream: &Expr, name: String, args: &[&Expr], span: Span) -> Val {
        let stream = self.library_argument(stream, false).id;
        self.launches.push(Launching { stream, name, args: Vec::new() });
        let index = self.launches.len() - 1;
        for arg in args {
            self.launch_argument(index, arg, false);
        }
        self.emit_launch(index, span)
    }

    pub fn launch_method(&mut self, index: usize, name: &str, args: &[&Expr], span: Span) -> Val {
        let site = self.site(span);
        match (name, args) {
            ("arg", [arg]) => {
                self.launch_argument(index, arg, true);
            }
            ("launch" | "launch_cooperative", _) => {
                for arg in args {
                    self.expr(arg);
                }
                return self.emit_launch(index, span);
            }
            _ => {
                for arg in args {
                    self.expr(arg);
                }
            }
        }
        let id = self.builder.unknown(site, Vec::new());
        self.val(id, Ty::Launch(index))
    }

    fn launch_argument(&mut self, index: usize, arg: &Expr, tracks: bool) {
        let span = arg.span();
        let site = self.site(span);
        let mut mutable = matches!(peeled(arg), Expr::Reference(it) if it.mutability.is_some());
        if let Expr::Path(_) = peeled(arg)
            && let Some(path) = Self::path_of(arg)
            && let [name] = path.as_slice()
            && let Some(var) = self.lookup(name)
            && let Ty::Ref { mutable: true, .. } = self.vars[var].ty
        {
            mutable = true;
        }
        let value = self.library_argument(arg, false);
        let handle = self.file.definitions.handle_of(&value.ty);
        let is_memory = matches!(
            handle,
            Some(HandleKind::Device | HandleKind::Managed | HandleKind::Pinned | HandleKind::Address)
        );
        let is_raw = handle == Some(HandleKind::Address);
        let access = match (is_memory, mutable) {
            (true, _) if is_raw => ParamAccess::ReadWrite,
            (true, true) => ParamAccess::ReadWrite,
            (true, false) => ParamAccess::Read,
            _ => ParamAccess::Value,
        };
        let ir = self.file.ir(&value.ty);
        let ir = if ir.is_aggregate() { Type::UNKNOWN } else { ir };
        let slot = self.builder.local("", ir, site, Storage::Automatic);
        self.builder.push(site, Op::Live { local: slot });
        let address = self.builder.address_of(site, slot);
        self.builder.store(site, address, value.id, ir);
        let tracked = tracks && is_memory && !is_raw;
        self.launches[index].args.push(Argument { slot, access, tracked, ty: value.ty, site });
    }

    fn emit_launch(&mut self, index: usize, span: Span) -> Val {
        let site = self.site(span);
        let launching = self.launches[index].clone();
        let mut args = Vec::new();
        let mut tracked = Vec::new();
        for arg in &launching.args {
            let address = self.builder.address_of(site, arg.slot);
            let ir = self.builder.function_mut().locals[arg.slot.0 as usize].ty;
            let value = self.builder.load(site, address, ir);
            if arg.tracked {
                let writes = arg.access == ParamAccess::ReadWrite;
                let name = if writes {
                    "cudarc::CudaStream::before_write"
                } else {
                    "cudarc::CudaStream::before_read"
                };
                self.row_call(name, vec![launching.stream, value], site, false);
                tracked.push((value, writes));
            }
            args.push(LaunchArg { value, access: arg.access, ty: self.file.ir(&arg.ty), site: arg.site });
        }
        let launch = Launch {
            kernel: None,
            name: launching.name.clone(),
            grid: None,
            block: None,
            shared_bytes: None,
            stream: Some(launching.stream),
            args,
        };
        self.builder.push(site, Op::Launch(launch));
        for (value, writes) in tracked {
            let name =
                if writes { "cudarc::CudaStream::after_write" } else { "cudarc::CudaStream::after_read" };
            self.row_call(name, vec![launching.stream, value], site, false);
        }
        self.unit(site)
    }
}

/// The type of a stub's result: what its signature says, but for the parts of tuples and the elements of containers
/// of which the call may know more.
fn declared_or_found(declared: &Ty, found: &Ty) -> Ty {
    match (declared, found) {
        (Ty::Unknown | Ty::Vec(_), found) => found.clone(),
        (Ty::Tuple(declared), Ty::Tuple(found)) if declared.len() == found.len() => Ty::Tuple(
            declared.iter().zip(found).map(|(declared, found)| declared_or_found(declared, found)).collect(),
        ),
        (Ty::Tuple(_), found) => found.clone(),
        (Ty::Named(one, _), Ty::Named(other, _)) if one == other => found.clone(),
        (declared, _) => declared.clone(),
    }
}

/// The row of a function of a stub.
pub(crate) fn row_of(def: &FnDef) -> String {
    let named = attribute(&def.attributes, "row").and_then(|it| it.parse_args::<LitStr>().ok());
    named.map_or_else(|| def.path.clone(), |row| row.value())
}

/// The memory among the arguments of a row, and whether it is written.
fn tracked_by(name: &str, arguments: &[ValueId]) -> Vec<(ValueId, bool)> {
    let Some(row) = Model::builtin().lookup(name, arguments.len()) else { return Vec::new() };
    let uses = row.params.iter().zip(arguments).filter_map(|(param, value)| match param.role {
        Role::Src => Some((*value, false)),
        Role::Dst => Some((*value, true)),
        _ => None,
    });
    uses.collect()
}

fn takes_self(def: &FnDef) -> bool {
    matches!(def.signature.inputs.first(), Some(FnArg::Receiver(_)))
}

/// True for methods that take their object from the caller.
pub fn takes_self_by_value(def: &FnDef) -> bool {
    matches!(
        def.signature.inputs.first(),
        Some(FnArg::Receiver(it)) if matches!(it.kind, syn::ReceiverKind::Value)
    )
}

fn own_generics(def: &FnDef) -> usize {
    def.signature.generics.params.iter().filter(|it| matches!(it, syn::GenericParam::Type(_))).count()
}

fn attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|it| it.path().is_ident(name))
}

fn is_none(arg: &Expr) -> bool {
    matches!(peeled(arg), Expr::Path(it) if it.path.segments.last().is_some_and(|it| it.ident == "None"))
}

fn unreferenced(expr: &Expr) -> &Expr {
    match peeled(expr) {
        Expr::Reference(it) => unreferenced(&it.expr),
        other => other,
    }
}

fn field_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Field(it) => match &it.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => None,
        },
        _ => None,
    }
}
