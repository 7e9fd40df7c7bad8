//! Names that depend on template parameters, in patterns that nothing instantiates: clang does not say what they are,
//! so they are read off the text. The same name is the same thing wherever a function says it. So are names of members
//! that a class does not have in this build.

use clang_sys::{CXCursor_CallExpr, CXCursor_InitListExpr, CXCursor_UnexposedExpr, CXType_Dependent};
use cuda_lint_engine::program::{Global, GlobalId, GlobalMemory, SiteId, Type, TypeKind, ValueId};

use super::super::cursor::Cursor;
use super::super::lexing::is_word;
use super::body::Body;
use super::calls::Returned;

impl Body<'_, '_> {
    /// The name of a member that depends on template parameters, read off the text.
    pub fn member_name(&mut self, member: Cursor) -> Option<String> {
        let span = self.unit.positions.span(member)?;
        member.referenced().is_none().then_some(())?;
        let text = self.unit.positions.text(span.file, span.start, span.end);
        let text = std::str::from_utf8(text).ok()?;
        let text = match text.rfind("->").max(text.rfind('.')) {
            Some(at) => text[at + 1..].trim_start_matches('>'),
            None => return None,
        };
        let text = text.trim_start().trim_start_matches("template ").trim_start();
        let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
        (end > 0).then(|| text[..end].to_owned())
    }

    /// The place of a member that its class does not have, as far as this build knows: of `object.name` clang leaves
    /// `object`, with the extent of the whole.
    pub(super) fn lost_member(&mut self, expression: Cursor) -> Option<ValueId> {
        if expression.kind() != CXCursor_UnexposedExpr || expression.ty().kind() != CXType_Dependent {
            return None;
        }
        let [object] = expression.parts()[..] else { return None };
        let ty = self.unit.ty(object.ty());
        let (whole, part) = (self.unit.positions.span(expression)?, self.unit.positions.span(object)?);
        if ty.kind == TypeKind::Unknown || (whole.file, whole.start) != (part.file, part.start) {
            return None;
        }
        let rest = self.unit.positions.text(whole.file, part.end, whole.end.max(part.end)).trim_ascii();
        let name = rest.strip_prefix(b"->").or_else(|| rest.strip_prefix(b"."))?.trim_ascii_start();
        if name.is_empty() || !name.iter().all(|byte| is_word(*byte)) {
            return None;
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let site = self.at;
        let object = self.object_address(expression, object, false);
        Some(self.code.field(site, object, name))
    }

    /// `T(x)` and `T{x}` where `T` depends on template parameters.
    pub(super) fn unresolved_construction(
        &mut self,
        expression: Cursor,
        parts: &[Cursor],
        into: Option<ValueId>,
    ) -> Returned {
        let mut values = Vec::new();
        for argument in self.constructed_from(expression, parts) {
            values.push(self.value_or_place(argument));
        }
        let value = match into {
            Some(address) => {
                self.dependent_constructor(address, expression.ty(), values);
                address
            }
            None => self.code.unknown(self.at, values),
        };
        Returned::value(value)
    }

    /// What stands in the brackets of `Type<size>(a, b)` or `Type<size>{a, b}`: numbers in the type are parts, too.
    fn constructed_from(&mut self, expression: Cursor, parts: &[Cursor]) -> Vec<Cursor> {
        if let Some(list) = parts.last().filter(|it| it.kind() == CXCursor_InitListExpr) {
            return list.parts();
        }
        let Some(whole) = self.unit.positions.span(expression) else { return parts.to_vec() };
        let is_argument = |part: &Cursor| {
            let Some(span) = self.unit.positions.span(*part) else { return true };
            let before = self.unit.positions.text(whole.file, whole.start, span.start);
            let count = |bracket| before.iter().filter(|letter| **letter == bracket).count();
            span.file != whole.file || span.start < whole.start || count(b'(') > count(b')')
        };
        parts.iter().copied().filter(is_argument).collect()
    }

    /// The last part of `Params::name`, where that is all of the expression: in a method, it may be a member of a base.
    pub(super) fn dependent_name(&mut self, expression: Cursor) -> Option<String> {
        let text = self.qualified_name(expression)?;
        text.rsplit("::").next().map(|name| name.trim_start().to_owned())
    }

    /// The static member that `Params::name` means in a function.
    pub(super) fn dependent_static(&mut self, expression: Cursor) -> Option<GlobalId> {
        let name = self.qualified_name(expression)?;
        let function = self.code.function_mut().site;
        Some(self.dependent(function, name))
    }

    /// What stands for a template parameter that is a value.
    pub(super) fn template_parameter(&mut self, parameter: Cursor) -> GlobalId {
        let declared = self.unit.site_or(parameter, self.at);
        self.dependent(declared, parameter.spelling())
    }

    /// The value of such a name.
    pub(super) fn load_dependent(&mut self, global: GlobalId, expression: Cursor) -> ValueId {
        let ty = self.unit.ty(expression.ty());
        let address = self.code.address_of_global(self.at, global);
        self.code.load(self.at, address, ty)
    }

    fn dependent(&mut self, whose: SiteId, name: String) -> GlobalId {
        let site = self.at;
        let key = (whose, name);
        if let Some(known) = self.unit.dependent.get(&key) {
            return *known;
        }
        let global = Global {
            name: key.1.clone(),
            ty: Type::UNKNOWN,
            memory: GlobalMemory::Unknown,
            is_shared: false,
            // What it starts as is out of sight.
            is_initialised: true,
            site,
            link: None,
        };
        let id = GlobalId(self.unit.program.globals.len() as u32);
        self.unit.program.globals.push(global);
        self.unit.dependent.insert(key, id);
        id
    }

    /// The address behind `*operand`. What a call gives whose type depends on template parameters may be an iterator,
    /// and what stands behind that a reference of its own kind (`*vector.begin()` of a `thrust::device_vector`).
    pub(super) fn dereferenced(&mut self, operand: Cursor) -> ValueId {
        let address = self.value(operand);
        if operand.kind() == CXCursor_CallExpr && self.unit.ty(operand.ty()).kind == TypeKind::Unknown {
            return self.code.unknown(self.at, vec![address]);
        }
        address
    }

    /// The text of an expression that is a qualified name, and depends on template parameters.
    fn qualified_name(&mut self, expression: Cursor) -> Option<String> {
        expression.referenced().is_none().then_some(())?;
        let span = self.unit.positions.span(expression)?;
        let text = self.unit.positions.text(span.file, span.start, span.end);
        let text = std::str::from_utf8(text).ok()?.trim();
        let part = |part: &str| !part.is_empty() && part.bytes().all(is_word);
        let (class, name) = text.rsplit_once("::")?;
        let is_class = class.bytes().all(|byte| is_word(byte) || b" :<>,".contains(&byte));
        (is_class && part(name.trim())).then(|| text.to_owned())
    }
}
