//! Kernel launches.

use clang_sys::*;
use cuda_lint_engine::program::{FunctionId, Launch, LaunchArg, Op, ParamAccess, Space, TypeKind, ValueId};

use super::super::cursor::{Cursor, Ty};
use super::body::Body;
use super::types::{default_value, is_reference};
use super::{kernels, names};

impl Body<'_, '_> {
    /// `kernel<<<grid, block, shared, stream>>>(args)`.
    pub fn launch(&mut self, call: Cursor, callee: Cursor, configuration: Cursor) {
        let site = self.at;
        let (kernel, name, declaration) = self.launched(call, callee);
        let slots = configuration.arguments();
        let mut values = [None; 4];
        for (index, slot) in slots.into_iter().enumerate().take(4) {
            values[index] = if index < 2 { self.dimensions(slot) } else { self.configured(slot) };
        }
        self.at = site;
        let signature = declaration.map(Cursor::ty);
        let access = kernel.map(|kernel| self.kernel_access(kernel, declaration));
        let mut args = Vec::new();
        for (index, argument) in call.arguments().into_iter().enumerate() {
            let written = self.as_written(argument, declaration, index);
            let arg_site = self.unit.site_or(written, site);
            let ty = self.unit.ty(written.ty());
            let parameter = signature.and_then(|signature| signature.parameter(index));
            let value = self.argument(argument, parameter, declaration.map(|kernel| (kernel, index)));
            self.at = site;
            let access = match access.as_ref().and_then(|access| access.get(index)) {
                Some(access) => *access,
                None => match ty.kind {
                    TypeKind::Pointer { const_pointee: true, .. } => ParamAccess::Read,
                    TypeKind::Pointer { .. } | TypeKind::Array { .. } | TypeKind::DevicePointer => {
                        ParamAccess::ReadWrite
                    }
                    _ => ParamAccess::Value,
                },
            };
            args.push(LaunchArg { value, access, ty, site: arg_site });
        }
        let [grid, block, shared_bytes, stream] = values;
        self.code.push(site, Op::Launch(Launch { kernel, name, grid, block, shared_bytes, stream, args }));
    }

    /// The kernel, its name, and its declaration for parameters.
    fn launched(&mut self, call: Cursor, callee: Cursor) -> (Option<FunctionId>, String, Option<Cursor>) {
        let mut target = call.referenced().filter(|target| names::is_function(target.kind()));
        let mut at = callee;
        while target.is_none() {
            match at.referenced() {
                Some(found) if names::is_function(found.kind()) => target = Some(found),
                Some(found) if found.kind() == CXCursor_OverloadedDeclRef => {
                    let candidates = found.overloads();
                    match candidates[..] {
                        [only] => target = Some(only),
                        _ => return (None, found.spelling(), None),
                    }
                }
                _ => match at.parts()[..] {
                    [inner] => at = inner,
                    _ => break,
                },
            }
        }
        match target {
            Some(target) => {
                let definition = self.unit.followed(target).unwrap_or(target);
                let kernel = if kernels::space(definition) == Space::Kernel {
                    Some(self.unit.function(definition))
                } else {
                    None
                };
                (kernel, names::qualified(target), Some(target))
            }
            None => {
                // A pointer to a kernel: it is evaluated, and its value is all there is.
                self.discard(callee);
                let name = Some(callee.spelling())
                    .filter(|name| !name.is_empty())
                    .or_else(|| self.written_name(callee))
                    .unwrap_or_else(|| "<kernel>".to_owned());
                (None, name, None)
            }
        }
    }

    /// What the kernel does through its parameters: known once it is lowered, which is done at once.
    fn kernel_access(&mut self, kernel: FunctionId, declaration: Option<Cursor>) -> Vec<ParamAccess> {
        if self.unit.functions[kernel.0 as usize].is_none()
            && let Some(declaration) = declaration
        {
            let definition = self.unit.followed(declaration).unwrap_or(declaration);
            let function = self.unit.kernel(definition);
            self.unit.functions[kernel.0 as usize] = Some(function);
        }
        match &self.unit.functions[kernel.0 as usize] {
            Some(function) => function.kernel_params.clone(),
            None => Vec::new(),
        }
    }

    /// A grid or block size, if it is a number; a `dim3` is only evaluated.
    fn dimensions(&mut self, slot: Cursor) -> Option<ValueId> {
        let mut at = slot;
        while at.kind() == CXCursor_UnexposedExpr || at.kind() == CXCursor_ParenExpr {
            match at.parts()[..] {
                [inner] => at = inner,
                _ => break,
            }
        }
        let converts = at.kind() == CXCursor_CallExpr
            && at.referenced().is_some_and(|target| target.kind() == CXCursor_Constructor)
            // `dim3(n)` that is written is a `dim3`; `n` alone is a number that was converted.
            && !at.children().iter().any(|child| child.kind() == CXCursor_TypeRef);
        if converts {
            let arguments = at.arguments();
            let written: Vec<Cursor> = arguments
                .into_iter()
                .filter(|argument| self.unit.positions.span(*argument).is_some())
                .collect();
            if let [only] = written[..] {
                let ty = only.ty();
                if !matches!(self.unit.ty(strip(ty)).kind, TypeKind::Record(_)) {
                    return Some(self.value(only));
                }
            }
        }
        let ty = self.unit.ty(at.ty());
        if ty.is_aggregate() {
            self.discard_object(at);
            return None;
        }
        Some(self.value(at))
    }

    /// Evaluates an object for the reads it makes.
    fn discard_object(&mut self, expression: Cursor) {
        if expression.kind() == CXCursor_CallExpr {
            for argument in expression.arguments() {
                if self.unit.positions.span(argument).is_some() {
                    if self.unit.ty(argument.ty()).is_aggregate() {
                        self.discard_object(argument);
                    } else {
                        self.value(argument);
                    }
                }
            }
        } else {
            self.place(expression);
        }
    }

    /// The third or fourth configuration argument, if it is written.
    fn configured(&mut self, slot: Cursor) -> Option<ValueId> {
        self.unit.positions.span(slot)?;
        Some(self.value_or_place(slot))
    }

    /// The argument without the conversions to its parameter's type.
    fn as_written(&mut self, argument: Cursor, kernel: Option<Cursor>, index: usize) -> Cursor {
        if self.unit.positions.span(argument).is_none() {
            let parameter = kernel.and_then(|kernel| kernel.argument(index));
            return parameter.and_then(default_value).unwrap_or(argument);
        }
        let mut at = argument;
        while at.kind() == CXCursor_UnexposedExpr {
            match at.parts()[..] {
                [inner] => at = inner,
                _ => break,
            }
        }
        at
    }
}

fn strip(ty: Ty) -> Ty {
    if is_reference(ty) { ty.canonical().pointee() } else { ty }
}
