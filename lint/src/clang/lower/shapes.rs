//! What instances of one template may differ in, as far as it matters to what they do with memory.

use clang_sys::*;
use cuda_lint_engine::program::TypeKind;

use super::super::cursor::{Cursor, Key, Ty};
use super::{Lowering, names};

/// How deep the template arguments of template arguments are looked at.
const DEPTH: usize = 3;

/// What instances of one template may differ in.
pub(super) struct Shape {
    /// The classes of the parameters, without template arguments: a container on the host is none on the device.
    pub classes: Vec<Option<String>>,
    /// The template arguments of the function and of its class.
    arguments: Vec<Argument>,
}

/// A template argument.
enum Argument {
    Type(Type),
    /// A constant or a template: whether two are the same is not looked at.
    Other,
}

/// A type, as far as it matters to what a function does with memory.
struct Type {
    /// Its identity.
    key: (Key, Key),
    /// Its size in bytes, if it has one.
    size: Option<u64>,
    /// How often it refers or points to another one.
    depth: u32,
    /// What it refers or points to at the end.
    end: End,
    /// The size of that.
    end_size: Option<u64>,
}

/// What a type comes down to. The size of a number says all that counts; that of a class says nothing of the types that
/// it names, nor of what its pointers point to: `Buffer<T>` has 16 bytes for every `T`.
enum End {
    Number,
    /// A class: the template that it is an instance of, and the arguments, or the class itself.
    Class(Key, Vec<Argument>),
    Other,
}

impl Shape {
    /// Functions that do the same with memory of the same size.
    pub fn fits(&self, other: &Self) -> bool {
        self.classes == other.classes && all(&self.arguments, &other.arguments, Argument::fits)
    }

    /// One can be called for the other, and no size in it is another one.
    pub fn is(&self, other: &Self) -> bool {
        self.fits(other) && all(&self.arguments, &other.arguments, Argument::is)
    }
}

fn all(these: &[Argument], those: &[Argument], alike: impl Fn(&Argument, &Argument) -> bool) -> bool {
    these.len() == those.len() && these.iter().zip(those).all(|(this, that)| alike(this, that))
}

impl Argument {
    fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Type(this), Self::Type(that)) => this.fits(that),
            (Self::Other, Self::Other) => true,
            _ => false,
        }
    }

    fn is(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Type(this), Self::Type(that)) if this.is(that))
    }
}

impl Type {
    /// True if all sizes that are seen are the same. Two classes may still hold different ones.
    fn fits(&self, other: &Self) -> bool {
        let same_end = match (&self.end, &other.end) {
            (End::Class(this, these), End::Class(that, those)) if this == that => {
                all(these, those, Argument::fits)
            }
            _ => true,
        };
        self.size == other.size && self.end_size == other.end_size && same_end
    }

    /// True if every size that can be asked of one is that of the other.
    fn is(&self, other: &Self) -> bool {
        let same_end = || match (&self.end, &other.end) {
            (End::Number, End::Number) => true,
            (End::Class(this, these), End::Class(that, those)) => {
                this == that && all(these, those, Argument::is)
            }
            _ => false,
        };
        self.key == other.key
            || (self.size == other.size
                && self.depth == other.depth
                && self.end_size == other.end_size
                && same_end())
    }
}

impl Lowering<'_> {
    /// What an instance of a template may differ in from the others.
    pub fn shape(&mut self, definition: Cursor) -> Shape {
        let ty = definition.ty();
        let mut class = |at| {
            let kind = ty.parameter(at).map(|it| self.ty(it).kind);
            let (Some(TypeKind::Record(record)) | Some(TypeKind::Pointer { pointee: Some(record), .. })) =
                kind
            else {
                return None;
            };
            Some(self.program.records[record.0 as usize].name.clone())
        };
        let classes = (0..ty.parameter_count()).map(&mut class).collect();
        let class = definition.parent().filter(|parent| names::is_class(parent.kind())).map(Cursor::ty);
        let mut types = class.map(of_class).unwrap_or_default();
        types.extend(definition.template_arguments());
        if let Some(template) = definition.template()
            && definition.kind() != CXCursor_FunctionDecl
            && template.kind() == CXCursor_FunctionTemplate
        {
            member_arguments(definition, template, &mut types);
        }
        Shape { classes, arguments: self.arguments(types, DEPTH) }
    }

    fn arguments(&mut self, types: Vec<Option<Ty>>, depth: usize) -> Vec<Argument> {
        let argument = |ty: Option<Ty>| ty.map_or(Argument::Other, |ty| self.argument_type(ty, depth));
        types.into_iter().map(argument).collect()
    }

    fn argument_type(&mut self, ty: Ty, depth: usize) -> Argument {
        let (last, steps) = innermost(ty);
        let end = self.end(last, depth);
        Argument::Type(Type { key: ty.bare(), size: ty.size(), depth: steps, end, end_size: last.size() })
    }

    fn end(&mut self, ty: Ty, depth: usize) -> End {
        let kind = ty.canonical().kind();
        let number = (CXType_Bool..=CXType_LongDouble).contains(&kind)
            || matches!(
                kind,
                CXType_Void
                    | CXType_Enum
                    | CXType_Float128
                    | CXType_Half
                    | CXType_Float16
                    | CXType_BFloat16
                    | CXType_Complex
                    | CXType_Vector
                    | CXType_ExtVector
            );
        if number {
            return End::Number;
        }
        let Some(class) = ty.canonical().declaration().filter(|_| kind == CXType_Record) else {
            return End::Other;
        };
        match class.template() {
            Some(_) if depth == 0 => End::Other,
            Some(template) => End::Class(template.entity(), self.arguments(of_class(ty), depth - 1)),
            // `float4`, `__half`: what CUDA declares as a plain structure holds numbers.
            None if self.positions.is_embedded(class.location()) => End::Number,
            None => End::Class(class.entity(), Vec::new()),
        }
    }
}

/// The template arguments of a class: types, and `None` for constants and for templates.
fn of_class(class: Ty) -> Vec<Option<Ty>> {
    let class = class.canonical();
    (0..class.template_argument_count()).map(|index| class.template_argument(index)).collect()
}

/// The template arguments of an instance of a member template, which libclang does not name: what stands for them in
/// its signature, and `None` if one does not stand there. One that is only part of a type (`Buffer<T>`) does not: the
/// type may be the same for two of them.
fn member_arguments(definition: Cursor, template: Cursor, types: &mut Vec<Option<Ty>>) {
    let ty = definition.ty();
    let signature = (0..ty.parameter_count()).filter_map(|at| ty.parameter(at)).chain([ty.result()]);
    types.extend(signature.map(|ty| Some(innermost(ty).0)));
    let children = template.children();
    let of_kind = |kind| children.iter().filter(move |child| child.kind() == kind);
    let mut written: Vec<String> = of_kind(CXCursor_ParmDecl).map(|child| child.ty().spelling()).collect();
    written.push(template.ty().result().spelling());
    let is_seen = of_kind(CXCursor_TemplateTypeParameter)
        .all(|it| written.iter().any(|ty| leads_to(ty, &it.spelling())));
    let others = [CXCursor_NonTypeTemplateParameter, CXCursor_TemplateTemplateParameter];
    if !is_seen || others.into_iter().any(|kind| of_kind(kind).next().is_some()) {
        types.push(None);
    }
}

/// True for `T`, `const T &`, `T **`, `T &&...`: for a type that is the parameter itself, once references and pointers
/// are followed.
fn leads_to(written: &str, name: &str) -> bool {
    let words = written.split([' ', '*', '&', '.']);
    words.filter(|word| !matches!(*word, "" | "const" | "volatile" | "__restrict")).eq([name])
}

/// What a type refers or points to, at the end, and how many steps that takes.
fn innermost(mut ty: Ty) -> (Ty, u32) {
    for step in 0..4 {
        let pointee = ty.canonical().pointee();
        if pointee.is_invalid() {
            return (ty, step);
        }
        ty = pointee;
    }
    (ty, 4)
}
