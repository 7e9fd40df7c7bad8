//! Which functions are lowered, and as what: roots, callees with a body here, and externs.

use clang_sys::*;
use cuda_lint_engine::program::{
    Callee, Extern, ExternId, ExternParam, Function, FunctionId, Link, Linkage, Origin, SiteId, Space, Type,
    TypeKind,
};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::captures::Closure;
use super::shapes::Shape;
use super::types::{is_reference, is_rvalue_reference};
use super::{Lowering, REPAIR_FILE, Variant, kernels, names};
use std::rc::Rc;

/// Instances of one template that are lowered; further ones are taken to be like the first that takes objects of the
/// same classes in the same places and has types of the same sizes. Dispatch over many types and constants multiplies
/// them, and they differ in little that matters here.
const MAX_INSTANCES: usize = 4;

/// The same, of whatever shape.
const MAX_SHAPES: usize = 12;

/// A lowered instance of a template.
pub(super) struct Instance {
    shape: Shape,
    function: FunctionId,
}

/// What a slot of the function table waits for.
pub(super) enum Work {
    /// A function or method; the cursor is its definition.
    Definition(Cursor),
    /// The call operator of a closure; the cursor is the lambda expression, or the instance of the call
    /// operator of a generic lambda.
    Closure(Rc<Closure>, Cursor),
    /// The function that a closure without captures converts to.
    Thunk(Rc<Closure>),
    /// A function with the signature of what a `std::function` holds (closure first), around another one.
    Adapter(FunctionId, Cursor),
}

impl Lowering<'_> {
    /// Collects the definitions that the main file holds, and the headers that it speaks for.
    pub fn find_roots(&mut self, declaration: Cursor, roots: &mut Vec<Cursor>) {
        let kind = declaration.kind();
        match kind {
            CXCursor_Namespace | CXCursor_LinkageSpec | CXCursor_UnexposedDecl | CXCursor_FriendDecl
                if !self.positions.is_embedded(declaration.location()) =>
            {
                for inner in declaration.children() {
                    self.find_roots(inner, roots);
                }
            }
            _ if names::is_class(kind) && self.positions.is_own(declaration.location()) => {
                for inner in declaration.children() {
                    self.find_roots(inner, roots);
                }
            }
            _ if names::is_function(kind) => {
                // clang lists the instances of members among the declarations of the unit, and nowhere else.
                if kind == CXCursor_Destructor
                    && let Some(class) = declaration.parent()
                    && has_body(declaration)
                {
                    self.destructors.insert(class.entity(), declaration);
                }
                if self.positions.is_own(declaration.location())
                    && let Some(span) = self.positions.span(declaration)
                {
                    self.definitions.push(span);
                }
                // Instances of a lambda's call operator hang in odd places; they belong to their closure.
                let of_lambda = declaration.parent().is_some_and(|parent| names::plain(parent) == "<lambda>");
                if !of_lambda
                    && self.positions.is_own(declaration.location())
                    && declaration.definition().is_some_and(|definition| definition.is(declaration))
                    && has_body(declaration)
                {
                    if names::is_pattern(declaration) {
                        self.patterns.push(declaration);
                    } else {
                        roots.push(declaration);
                    }
                }
            }
            _ => {}
        }
    }

    /// Queues a definition of the main file.
    pub fn root(&mut self, definition: Cursor) {
        match kernels::space(definition) {
            Space::Host => {
                self.function(definition);
            }
            // A kernel counts where it is launched, device functions never do.
            Space::Kernel | Space::Device => {}
        }
    }

    /// Queues a kernel of the main file that other files may launch.
    pub fn kernel_for_others(&mut self, definition: Cursor) {
        if kernels::space(definition) == Space::Kernel && definition.has_external_linkage() {
            self.function(definition);
        }
    }

    /// The slot of a definition.
    pub fn function(&mut self, definition: Cursor) -> FunctionId {
        let key = (definition.entity(), Variant::Itself);
        if let Some(known) = self.function_ids.get(&key) {
            return *known;
        }
        let Some(pattern) = definition.template().map(Cursor::entity) else {
            let id = self.slot(Work::Definition(definition));
            self.function_ids.insert(key, id);
            return id;
        };
        let shape = self.shape(definition);
        if let Some(instances) = self.instantiated.get(&pattern)
            && instances.len() >= MAX_INSTANCES
        {
            let find = |alike: &dyn Fn(&Shape) -> bool| instances.iter().find(|it| alike(&it.shape));
            let alike = find(&|it| it.is(&shape)).or_else(|| find(&|it| it.fits(&shape))).or_else(|| {
                let is_full = instances.len() >= MAX_SHAPES;
                find(&|it| it.classes == shape.classes).or_else(|| instances.first()).filter(|_| is_full)
            });
            if let Some(alike) = alike {
                if !alike.shape.is(&shape) {
                    self.stand_ins.insert(alike.function);
                }
                return alike.function;
            }
        }
        let id = self.slot(Work::Definition(definition));
        self.function_ids.insert(key, id);
        self.instantiated.entry(pattern).or_default().push(Instance { shape, function: id });
        id
    }

    /// The slot of a closure's call operator.
    pub fn closure_function(&mut self, closure: &Rc<Closure>, source: Cursor) -> FunctionId {
        let key = (source.key(), Variant::Itself);
        if let Some(known) = self.function_ids.get(&key) {
            return *known;
        }
        let id = self.slot(Work::Closure(closure.clone(), source));
        self.function_ids.insert(key, id);
        id
    }

    /// The slot of the function that a closure without captures converts to.
    pub fn closure_thunk(&mut self, closure: &Rc<Closure>) -> FunctionId {
        let key = (closure.lambda.key(), Variant::Pointer);
        if let Some(known) = self.function_ids.get(&key) {
            return *known;
        }
        let id = self.slot(Work::Thunk(closure.clone()));
        self.function_ids.insert(key, id);
        id
    }

    /// The slot of a function that ignores its first parameter and calls another one.
    pub fn adapter(&mut self, target: FunctionId, declaration: Cursor) -> FunctionId {
        if let Some(known) = self.callables.get(&target) {
            return *known;
        }
        let id = self.slot(Work::Adapter(target, declaration));
        self.callables.insert(target, id);
        id
    }

    fn slot(&mut self, work: Work) -> FunctionId {
        let id = FunctionId(self.functions.len() as u32);
        self.functions.push(None);
        self.pending.push_back((id, work));
        id
    }

    /// Lowers what a slot waits for.
    pub fn function_body(&mut self, work: Work) -> Function {
        match work {
            Work::Definition(definition) => {
                if kernels::space(definition) == Space::Kernel {
                    self.kernel(definition)
                } else {
                    Body::definition(self, definition)
                }
            }
            Work::Closure(closure, source) => Body::closure(self, &closure, source),
            Work::Thunk(closure) => Body::thunk(self, &closure),
            Work::Adapter(target, declaration) => Body::adapter(self, target, declaration),
        }
    }

    /// The definition with a body that a call of `declaration` reaches, if it is one to follow.
    pub fn followed(&mut self, declaration: Cursor) -> Option<Cursor> {
        let definition = match declaration.definition() {
            Some(definition) if has_body(definition) => definition,
            // An instance that clang did not instantiate: its pattern is better than nothing.
            _ => {
                let pattern = declaration.template()?.definition()?;
                if !has_body(pattern) {
                    return None;
                }
                pattern
            }
        };
        (!self.positions.is_embedded(definition.location())).then_some(definition)
    }

    /// What a call of a declared function calls.
    pub fn callee(&mut self, declaration: Cursor, class_name: Option<&str>) -> Callee {
        if let Some(id) = self.extern_ids.get(&declaration.entity()) {
            return Callee::Extern(*id);
        }
        if let Some(definition) = self.followed(declaration)
            && kernels::space(definition) != Space::Device
        {
            return Callee::Function(self.function(definition));
        }
        let id = self.extern_of(declaration, class_name);
        if class_name.is_none() {
            self.extern_ids.insert(declaration.entity(), id);
        }
        Callee::Extern(id)
    }

    /// The extern of a declaration. `class_name` replaces the class for members that a class inherits and
    /// that its users know under its own name.
    pub fn extern_of(&mut self, declaration: Cursor, class_name: Option<&str>) -> ExternId {
        let mut name = names::qualified(declaration);
        let kind = declaration.kind();
        if let Some(class) = class_name {
            let own = match kind {
                CXCursor_Constructor => names::last(class).to_owned(),
                CXCursor_Destructor => format!("~{}", names::last(class)),
                _ => names::plain(declaration),
            };
            name = format!("{class}::{own}");
        }
        let is_method = match kind {
            CXCursor_CXXMethod => !declaration.is_static(),
            CXCursor_Constructor | CXCursor_Destructor | CXCursor_ConversionFunction => true,
            CXCursor_FunctionTemplate => {
                !declaration.is_static()
                    && declaration.parent().is_some_and(|parent| names::is_class(parent.kind()))
            }
            _ => false,
        };
        let is_const = is_method && declaration.is_const_method();
        let ty = declaration.ty();
        let mut params = Vec::new();
        if is_method {
            params.push(if is_const { ExternParam::Read } else { ExternParam::ReadWrite });
        }
        for index in 0..ty.parameter_count() {
            params.push(ty.parameter(index).map_or(ExternParam::ReadWrite, |ty| self.parameter(ty)));
        }
        let no_return = is_no_return(&name) || ty.spelling().contains("noreturn");
        let origin = self.origin(declaration);
        let link = if origin == Origin::Project { self.link_of_function(declaration) } else { None };
        self.intern(Extern { name, is_method, is_const, params, no_return, origin, link })
    }

    /// By what other files know something that the project declares: an instance of a template by that.
    pub fn link(&mut self, declaration: Cursor) -> Option<Link> {
        let declaration = declaration.template().unwrap_or(declaration);
        if !declaration.has_external_linkage() {
            return None;
        }
        let declared = self.name_site(declaration.first_declaration());
        let link = Link { symbol: declaration.usr(), template: String::new(), declared };
        Some(link).filter(|link| !link.symbol.is_empty())
    }

    /// The same of a function, of which another file may define this instance alone.
    fn link_of_function(&mut self, declaration: Cursor) -> Option<Link> {
        let link = self.link(declaration)?;
        let own = declaration.usr();
        if own.is_empty() || own == link.symbol {
            return Some(link);
        }
        Some(Link { template: link.symbol, symbol: own, ..link })
    }

    /// The same extern as one that may be another function: a virtual one may be overridden.
    pub fn unlinked(&mut self, id: ExternId) -> ExternId {
        let it = self.program.externs[id.0 as usize].clone();
        if it.link.is_none() { id } else { self.intern(Extern { link: None, ..it }) }
    }

    /// Notes who sees a function, and as what.
    pub fn note_linkage(&mut self, definition: Cursor, function: &mut Function) {
        let template = definition.template();
        let named = template.unwrap_or(definition);
        // A specialisation is none of the others that the template makes.
        let is_specialisation = has_body(definition)
            && template.is_some_and(|template| {
                template.definition().is_none_or(|pattern| pattern.location() != definition.location())
            });
        function.template = template.filter(|_| !is_specialisation).map(Cursor::usr).unwrap_or_default();
        function.declared = self.name_site(named.first_declaration());
        function.linkage = if !named.has_external_linkage() {
            Linkage::Internal
        } else if template.is_some() && !definition.has_external_linkage() {
            Linkage::Local
        } else if names::is_pattern(named) {
            // A template of this file is there for others if it is instantiated for them.
            if self.positions.is_main(definition.location()) { Linkage::External } else { Linkage::Inline }
        } else if definition.is_inline() {
            Linkage::Inline
        } else if has_body(definition) {
            Linkage::External
        } else {
            Linkage::Declared
        };
    }

    /// An extern that only its name is known of.
    pub fn extern_named(&mut self, name: String, is_method: bool, args: usize, origin: Origin) -> ExternId {
        let no_return = is_no_return(&name);
        let params = vec![ExternParam::ReadWrite; args];
        self.intern(Extern { name, is_method, is_const: false, params, no_return, origin, link: None })
    }

    /// The number of an extern.
    pub fn intern(&mut self, candidate: Extern) -> ExternId {
        if let Some(known) = self.externs.get(&candidate) {
            return *known;
        }
        let id = ExternId(self.program.externs.len() as u32);
        self.program.externs.push(candidate.clone());
        self.externs.insert(candidate, id);
        id
    }

    /// Where a declaration comes from.
    pub(super) fn origin(&mut self, declaration: Cursor) -> Origin {
        let place = declaration.location();
        if let Some(file) = place.file {
            let index = self.positions.file(file);
            if self.positions.name(index).ends_with(REPAIR_FILE) {
                return Origin::Invented;
            }
        }
        if self.positions.is_embedded(place) { Origin::System } else { Origin::Project }
    }

    fn parameter(&mut self, ty: Ty) -> ExternParam {
        let lowered = self.ty(ty);
        match lowered.kind {
            TypeKind::Pointer { const_pointee, .. } => {
                if const_pointee {
                    ExternParam::Read
                } else if !is_reference(ty) && ty.canonical().pointee().kind() == CXType_Void {
                    ExternParam::Handle
                } else if is_taken(ty) {
                    ExternParam::Taken
                } else {
                    ExternParam::ReadWrite
                }
            }
            TypeKind::DevicePointer
            | TypeKind::PinnedPointer
            | TypeKind::ManagedPointer
            | TypeKind::Stream
            | TypeKind::Event
            | TypeKind::Handle
            | TypeKind::Function => ExternParam::Handle,
            TypeKind::Array { .. } | TypeKind::Unknown | TypeKind::Record(_) => ExternParam::ReadWrite,
            TypeKind::Void | TypeKind::Int | TypeKind::Status | TypeKind::Scalar => ExternParam::Value,
        }
    }

    /// The site that stands for a function: its name.
    pub fn name_site(&mut self, definition: Cursor) -> SiteId {
        let place = definition.location();
        match place.file {
            Some(file) => {
                let file = self.positions.file(file);
                let span = super::positions::Span { file, start: place.offset, end: place.offset };
                self.positions.site_of(span)
            }
            None => self.nowhere,
        }
    }

    /// The type of a function's result.
    pub fn result_type(&mut self, definition: Cursor) -> Type {
        match definition.kind() {
            CXCursor_Constructor | CXCursor_Destructor => Type::VOID,
            _ => {
                let result = definition.ty().result();
                self.ty(result)
            }
        }
    }
}

/// True if the node has a body: a block, or a function try block.
pub(super) fn has_body(definition: Cursor) -> bool {
    body_of(definition).is_some()
}

/// The body of a function.
pub(super) fn body_of(definition: Cursor) -> Option<Cursor> {
    let last = definition.children().into_iter().next_back()?;
    matches!(last.kind(), CXCursor_CompoundStmt | CXCursor_CXXTryStmt).then_some(last)
}

fn is_no_return(name: &str) -> bool {
    matches!(
        name,
        "exit"
            | "_exit"
            | "_Exit"
            | "quick_exit"
            | "abort"
            | "std::exit"
            | "std::abort"
            | "std::_Exit"
            | "std::quick_exit"
            | "std::terminate"
            | "std::rethrow_exception"
            | "__assert_fail"
            | "longjmp"
            | "pthread_exit"
            | "__builtin_unreachable"
            | "__builtin_trap"
            | "__builtin_abort"
    )
}

/// True for `T &&`, and not for a reference that may turn out to be `T &` when `T` is known.
fn is_taken(ty: Ty) -> bool {
    is_rvalue_reference(ty) && ty.canonical().pointee().kind() != CXType_Unexposed
}
