//! Safe handles on libclang's cursors, types, locations and diagnostics.
//!
//! All `unsafe` of the lowering is here and in [`ty`]. The handles are plain copies of libclang's structs; they are valid
//! as long as the translation unit they come from, which [`super::lower::lower`] guarantees by dropping
//! them all before it returns. Null strings, null cursors and invalid types are ordinary values.

#![allow(non_upper_case_globals, reason = "libclang's constants, matched in patterns")]

mod ty;

use std::ffi::CStr;
use std::ops::Range;
use std::os::raw::{c_uint, c_void};
use std::ptr;

use clang_sys::*;

/// Identity of a declaration: the address of clang's node.
pub type Key = usize;

/// A translation unit that outlives the lowering.
#[derive(Clone, Copy)]
pub struct Unit(CXTranslationUnit);

/// A node of the syntax tree.
#[derive(Clone, Copy)]
pub struct Cursor(CXCursor);

/// A type.
#[derive(Clone, Copy)]
pub struct Ty(CXType);

/// A file of the unit, by address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct File(usize);

/// A place: file and byte offset, macros seen from where the user wrote them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file; `None` for built-in and implicit declarations.
    pub file: Option<File>,
    /// Byte offset from the start of the file.
    pub offset: u32,
}

/// A diagnostic of clang's.
pub struct Message {
    /// clang's severity: 3 is an error, 4 is fatal.
    pub severity: u32,
    /// What it says.
    pub text: String,
    /// Where.
    pub place: Place,
    /// Where the notes below it point: for a call that fits no declaration, the declarations it does not fit.
    pub notes: Vec<Place>,
}

/// The places of the notes below a diagnostic.
///
/// # Safety
/// The diagnostic must be alive.
unsafe fn notes(diagnostic: CXDiagnostic) -> Vec<Place> {
    // SAFETY: the set of children belongs to the diagnostic and needs no disposal (Index.h); each child that
    // is taken from it is disposed once.
    unsafe {
        let children = clang_getChildDiagnostics(diagnostic);
        (0..clang_getNumDiagnosticsInSet(children))
            .map(|index| {
                let note = clang_getDiagnosticInSet(children, index);
                let place = place(clang_getDiagnosticLocation(note));
                clang_disposeDiagnostic(note);
                place
            })
            .collect()
    }
}

fn string(text: CXString) -> String {
    // SAFETY: `text` was returned by libclang and is disposed exactly once, after its contents are copied.
    unsafe {
        let pointer = clang_getCString(text);
        let owned = if pointer.is_null() {
            String::new()
        } else {
            CStr::from_ptr(pointer).to_string_lossy().into_owned()
        };
        clang_disposeString(text);
        owned
    }
}

fn place(location: CXSourceLocation) -> Place {
    let mut file: CXFile = ptr::null_mut();
    let mut offset: c_uint = 0;
    // SAFETY: the out-pointers are valid; null ones are allowed for what is not asked.
    unsafe { clang_getFileLocation(location, &mut file, ptr::null_mut(), ptr::null_mut(), &mut offset) };
    Place { file: (!file.is_null()).then_some(File(file as usize)), offset }
}

/// The place of a location: for all that a macro makes and is given, where the macro is used.
fn expansion(location: CXSourceLocation) -> Place {
    let mut file: CXFile = ptr::null_mut();
    let mut offset: c_uint = 0;
    // SAFETY: as in `place`.
    unsafe { clang_getExpansionLocation(location, &mut file, ptr::null_mut(), ptr::null_mut(), &mut offset) };
    Place { file: (!file.is_null()).then_some(File(file as usize)), offset }
}

extern "C" fn collect(cursor: CXCursor, _parent: CXCursor, data: CXClientData) -> CXChildVisitResult {
    // SAFETY: `data` is the vector that `children` passes and that outlives the visit.
    unsafe { (*data.cast::<Vec<Cursor>>()).push(Cursor(cursor)) };
    CXChildVisit_Continue
}

impl Unit {
    /// Wraps a translation unit. The caller keeps it alive.
    pub fn new(unit: CXTranslationUnit) -> Self {
        Self(unit)
    }

    /// The root of the tree.
    pub fn root(self) -> Cursor {
        // SAFETY: the unit is alive.
        Cursor(unsafe { clang_getTranslationUnitCursor(self.0) })
    }

    /// A file of the unit, by the name that clang has for it.
    pub fn file(self, name: &str) -> Option<File> {
        let name = std::ffi::CString::new(name).ok()?;
        // SAFETY: the unit is alive, the name outlives the call.
        let file = unsafe { clang_getFile(self.0, name.as_ptr()) };
        (!file.is_null()).then_some(File(file as usize))
    }

    /// The files of the unit: the main file and all that it includes.
    pub fn files(self) -> Vec<File> {
        extern "C" fn visit(
            file: CXFile,
            _: *mut CXSourceLocation,
            _: c_uint,
            files: clang_sys::CXClientData,
        ) {
            if !file.is_null() {
                // SAFETY: `files` is the list below, which outlives the visit; nothing else has it meanwhile.
                unsafe { (*files.cast::<Vec<File>>()).push(File(file as usize)) };
            }
        }
        let mut files: Vec<File> = Vec::new();
        // SAFETY: the unit is alive; `visit` gets the list that it expects.
        unsafe { clang_getInclusions(self.0, visit, (&raw mut files).cast()) };
        let mut known = rustc_hash::FxHashSet::default();
        files.retain(|file| known.insert(*file));
        files
    }

    /// Where the comments of a file stand, in bytes. `size` is how long the file is.
    pub fn comments(self, file: File, size: usize) -> Vec<Range<usize>> {
        let Ok(size) = c_uint::try_from(size) else { return Vec::new() };
        let mut comments = Vec::new();
        // SAFETY: the unit is alive, the file is of it; the tokens are disposed of once, after their last use.
        unsafe {
            let place = |offset| clang_getLocationForOffset(self.0, file.0 as CXFile, offset);
            let range = clang_getRange(place(0), place(size));
            let (mut tokens, mut count) = (ptr::null_mut(), 0);
            clang_tokenize(self.0, range, &mut tokens, &mut count);
            if tokens.is_null() {
                return comments;
            }
            for token in std::slice::from_raw_parts(tokens, count as usize) {
                if clang_getTokenKind(*token) == CXToken_Comment {
                    let extent = clang_getTokenExtent(self.0, *token);
                    let offset = |location| self::place(location).offset as usize;
                    comments.push(offset(clang_getRangeStart(extent))..offset(clang_getRangeEnd(extent)));
                }
            }
            clang_disposeTokens(self.0, tokens, count);
        }
        comments
    }

    /// The name of a file as clang opened it.
    pub fn file_name(self, file: File) -> String {
        // SAFETY: `file` comes from this unit.
        string(unsafe { clang_getFileName(file.0 as CXFile) })
    }

    /// The contents of a file as clang read them.
    pub fn contents(self, file: File) -> Vec<u8> {
        let mut size = 0;
        // SAFETY: `file` comes from this unit; the buffer belongs to clang and is copied before return.
        unsafe {
            let start = clang_getFileContents(self.0, file.0 as CXFile, &mut size);
            if start.is_null() {
                Vec::new()
            } else {
                std::slice::from_raw_parts(start.cast::<u8>(), size).to_vec()
            }
        }
    }

    /// Everything clang complained about.
    pub fn messages(self) -> Vec<Message> {
        // SAFETY: the unit is alive; each diagnostic is disposed once.
        unsafe {
            (0..clang_getNumDiagnostics(self.0))
                .map(|index| {
                    let diagnostic = clang_getDiagnostic(self.0, index);
                    let message = Message {
                        severity: clang_getDiagnosticSeverity(diagnostic) as u32,
                        text: string(clang_getDiagnosticSpelling(diagnostic)),
                        place: place(clang_getDiagnosticLocation(diagnostic)),
                        notes: notes(diagnostic),
                    };
                    clang_disposeDiagnostic(diagnostic);
                    message
                })
                .collect()
        }
    }

    /// The regions that the preprocessor skipped, in all files.
    pub fn skipped(self) -> Vec<(Place, Place)> {
        // SAFETY: the list belongs to us and is disposed once.
        unsafe {
            let list = clang_getAllSkippedRanges(self.0);
            if list.is_null() {
                return Vec::new();
            }
            let count = (*list).count as usize;
            let ranges = if count == 0 || (*list).ranges.is_null() {
                Vec::new()
            } else {
                std::slice::from_raw_parts((*list).ranges, count)
                    .iter()
                    .map(|range| (place(clang_getRangeStart(*range)), place(clang_getRangeEnd(*range))))
                    .collect()
            };
            clang_disposeSourceRangeList(list);
            ranges
        }
    }
}

// SAFETY (all methods of `Cursor`): libclang accepts every cursor of a living unit, null ones included, in
// every one of these functions.
impl Cursor {
    fn some(cursor: CXCursor) -> Option<Self> {
        let null = unsafe { clang_Cursor_isNull(cursor) } != 0;
        let invalid = unsafe { clang_isInvalid(cursor.kind) } != 0;
        (!null && !invalid).then_some(Self(cursor))
    }

    /// What kind of node this is.
    pub fn kind(self) -> CXCursorKind {
        self.0.kind
    }

    /// Identity of this very node.
    pub fn key(self) -> Key {
        // Statements and expressions carry the declaration around them first, then themselves.
        let own = usize::from((100..300).contains(&self.0.kind));
        self.0.data[own] as Key
    }

    /// Identity of the entity that this declares.
    pub fn entity(self) -> Key {
        unsafe { clang_getCanonicalCursor(self.0) }.data[0] as Key
    }

    /// All children.
    pub fn children(self) -> Vec<Self> {
        let mut children = Vec::new();
        let data: *mut Vec<Self> = &mut children;
        unsafe { clang_visitChildren(self.0, collect, data.cast::<c_void>()) };
        children
    }

    /// The children that are expressions or statements. A cast has its operand alone: what stands in the type
    /// that it names, as in `(decltype(p))q`, is not evaluated.
    pub fn parts(self) -> Vec<Self> {
        let mut children = self.children();
        children.retain(|child| (100..300).contains(&child.0.kind));
        let is_cast = matches!(
            self.kind(),
            CXCursor_CStyleCastExpr
                | CXCursor_CXXStaticCastExpr
                | CXCursor_CXXDynamicCastExpr
                | CXCursor_CXXReinterpretCastExpr
                | CXCursor_CXXConstCastExpr
                | CXCursor_CXXFunctionalCastExpr
        );
        if is_cast && children.len() > 1 {
            children.drain(..children.len() - 1);
        }
        children
    }

    /// The name.
    pub fn spelling(self) -> String {
        string(unsafe { clang_getCursorSpelling(self.0) })
    }

    /// The symbol that other files link against.
    pub fn usr(self) -> String {
        string(unsafe { clang_getCursorUSR(self.0) })
    }

    /// The declaration that stands for the entity: the first.
    pub fn first_declaration(self) -> Self {
        Self(unsafe { clang_getCanonicalCursor(self.0) })
    }

    /// True if other files can name it.
    pub fn has_external_linkage(self) -> bool {
        unsafe { clang_getCursorLinkage(self.0) == CXLinkage_External }
    }

    /// True for functions that are `inline`, said or implied (a body in its class, `constexpr`).
    pub fn is_inline(self) -> bool {
        unsafe { clang_Cursor_isFunctionInlined(self.0) != 0 }
    }

    /// The declaration that this refers to.
    pub fn referenced(self) -> Option<Self> {
        Self::some(unsafe { clang_getCursorReferenced(self.0) })
    }

    /// The definition of the entity.
    pub fn definition(self) -> Option<Self> {
        Self::some(unsafe { clang_getCursorDefinition(self.0) })
    }

    /// The class, namespace or function that the entity belongs to.
    pub fn parent(self) -> Option<Self> {
        Self::some(unsafe { clang_getCursorSemanticParent(self.0) })
    }

    /// The template that this was instantiated from.
    pub fn template(self) -> Option<Self> {
        Self::some(unsafe { clang_getSpecializedCursorTemplate(self.0) })
    }

    /// The template arguments of an instance of a function template, in order: types, and `None` for constants and
    /// for templates.
    pub fn template_arguments(self) -> Vec<Option<Ty>> {
        let count = unsafe { clang_Cursor_getNumTemplateArguments(self.0) };
        let argument = |at: i32| {
            let kind = unsafe { clang_Cursor_getTemplateArgumentKind(self.0, at as c_uint) };
            (kind == CXTemplateArgumentKind_Type)
                .then(|| Ty(unsafe { clang_Cursor_getTemplateArgumentType(self.0, at as c_uint) }))
        };
        (0..count).map(argument).collect()
    }

    /// The type. That of an expression which is the value of a parameter declared as an array is a pointer,
    /// though libclang gives the type as it was written.
    pub fn ty(self) -> Ty {
        let ty = Ty(unsafe { clang_getCursorType(self.0) });
        let is_expression = (100..200).contains(&self.0.kind);
        if is_expression && ty.is_array() { self.adjusted(ty).unwrap_or(ty) } else { ty }
    }

    /// The type of the value, if an expression to which libclang gives the type of an array is none: it names a
    /// parameter that is declared as one, or converts to such a parameter, or computes with it ("adjusted" types
    /// of parameters, C++ \[dcl.fct\]). `None` for arrays.
    fn adjusted(self, written: Ty) -> Option<Ty> {
        let of_value = |part: Self| Some(part.ty()).filter(|ty| !ty.is_array() && !ty.is_invalid());
        match self.kind() {
            CXCursor_DeclRefExpr => {
                let parameter = self.referenced().filter(|it| it.kind() == CXCursor_ParmDecl)?;
                if !Ty(unsafe { clang_getCursorType(parameter.0) }).is_array() {
                    return None;
                }
                let function = parameter.parent()?;
                let mut parameters =
                    function.children().into_iter().filter(|it| it.kind() == CXCursor_ParmDecl);
                function.ty().parameter(parameters.position(|it| it.is(parameter))?)
            }
            CXCursor_UnexposedExpr
            | CXCursor_ParenExpr
            | CXCursor_CStyleCastExpr
            | CXCursor_CXXStaticCastExpr
            | CXCursor_CXXConstCastExpr
            | CXCursor_CXXReinterpretCastExpr => match self.parts()[..] {
                [inner] => of_value(inner),
                _ => None,
            },
            // `*m` is an array if `m` points to one, `m++` is none.
            CXCursor_UnaryOperator => {
                let [operand] = self.parts()[..] else { return None };
                of_value(operand).filter(|ty| ty.canonical().pointee().bare() != written.bare())
            }
            CXCursor_BinaryOperator | CXCursor_CompoundAssignOperator => self
                .parts()
                .into_iter()
                .filter_map(of_value)
                .find(|ty| ty.canonical().kind() == CXType_Pointer),
            CXCursor_ConditionalOperator => self.parts().into_iter().skip(1).find_map(of_value),
            _ => None,
        }
    }

    /// The type that a typedef names.
    pub fn typedef_target(self) -> Ty {
        Ty(unsafe { clang_getTypedefDeclUnderlyingType(self.0) })
    }

    /// The number of arguments (calls) or parameters (functions).
    pub fn argument_count(self) -> usize {
        usize::try_from(unsafe { clang_Cursor_getNumArguments(self.0) }).unwrap_or(0)
    }

    /// True for `T(x)` and `T{x}` where `T` depends on template parameters (`CXXUnresolvedConstructExpr`): libclang shows
    /// a call that has no number of arguments.
    pub fn is_unresolved_construction(self) -> bool {
        self.kind() == CXCursor_CallExpr && unsafe { clang_Cursor_getNumArguments(self.0) } < 0
    }

    /// An argument or parameter.
    pub fn argument(self, index: usize) -> Option<Self> {
        Self::some(unsafe { clang_Cursor_getArgument(self.0, index as c_uint) })
    }

    /// All arguments or parameters.
    pub fn arguments(self) -> Vec<Self> {
        (0..self.argument_count()).filter_map(|index| self.argument(index)).collect()
    }

    /// The initialiser of a variable.
    pub fn initializer(self) -> Option<Self> {
        Self::some(unsafe { clang_Cursor_getVarDeclInitializer(self.0) })
    }

    /// Start and end in the file, macros seen from where the user wrote them.
    pub fn extent(self) -> (Place, Place) {
        unsafe {
            let range = clang_getCursorExtent(self.0);
            (place(clang_getRangeStart(range)), place(clang_getRangeEnd(range)))
        }
    }

    /// For what starts with an argument of a macro and holds text of the macro itself, as `x[0]` where `x` is a
    /// parameter: where the macro is used.
    pub fn macro_around(self) -> Option<Place> {
        let start = unsafe { clang_getRangeStart(clang_getCursorExtent(self.0)) };
        let (seen, used) = (place(start), expansion(start));
        if seen == used {
            return None;
        }
        let is_macros_own = |cursor: &Self| cursor.location() == used;
        (is_macros_own(&self) || self.parts().iter().any(is_macros_own)).then_some(used)
    }

    /// The place of the name.
    pub fn location(self) -> Place {
        place(unsafe { clang_getCursorLocation(self.0) })
    }

    /// The value of an integer constant expression.
    pub fn evaluate(self) -> Option<i64> {
        unsafe {
            let result = clang_Cursor_Evaluate(self.0);
            if result.is_null() {
                return None;
            }
            let value = if clang_EvalResult_getKind(result) == CXEval_Int {
                Some(if clang_EvalResult_isUnsignedInt(result) != 0 {
                    clang_EvalResult_getAsUnsigned(result) as i64
                } else {
                    clang_EvalResult_getAsLongLong(result)
                })
            } else {
                None
            };
            clang_EvalResult_dispose(result);
            value
        }
    }

    /// The value of an enumerator.
    pub fn enumerator(self) -> i64 {
        unsafe { clang_getEnumConstantDeclValue(self.0) }
    }

    /// The operator of a binary or compound assignment expression; `None` if libclang is too old to say.
    pub fn binary_operator(self) -> Option<CXBinaryOperatorKind> {
        clang_getCursorBinaryOperatorKind::is_loaded()
            .then(|| unsafe { clang_getCursorBinaryOperatorKind(self.0) })
    }

    /// The operator of a unary expression; `None` if libclang is too old to say.
    pub fn unary_operator(self) -> Option<CXUnaryOperatorKind> {
        clang_getCursorUnaryOperatorKind::is_loaded()
            .then(|| unsafe { clang_getCursorUnaryOperatorKind(self.0) })
    }

    /// True for `static` methods.
    pub fn is_static(self) -> bool {
        unsafe { clang_CXXMethod_isStatic(self.0) != 0 }
    }

    /// True for `const` methods.
    pub fn is_const_method(self) -> bool {
        unsafe { clang_CXXMethod_isConst(self.0) != 0 }
    }

    /// True for methods and constructors that are `= default`.
    pub fn is_defaulted(self) -> bool {
        unsafe { clang_CXXMethod_isDefaulted(self.0) != 0 }
    }

    /// True for methods that are `= delete`.
    pub fn is_deleted(self) -> bool {
        clang_CXXMethod_isDeleted::is_loaded() && unsafe { clang_CXXMethod_isDeleted(self.0) != 0 }
    }

    /// True for virtual methods that the class does not define.
    pub fn is_pure_virtual(self) -> bool {
        unsafe { clang_CXXMethod_isPureVirtual(self.0) != 0 }
    }

    /// True for members that only their class, its friends and its heirs can name.
    pub fn is_private(self) -> bool {
        let access = unsafe { clang_getCXXAccessSpecifier(self.0) };
        matches!(access, CX_CXXPrivate | CX_CXXProtected)
    }

    /// True for virtual methods.
    pub fn is_virtual(self) -> bool {
        unsafe { clang_CXXMethod_isVirtual(self.0) != 0 }
    }

    /// True for copy constructors.
    pub fn is_copy_constructor(self) -> bool {
        unsafe { clang_CXXConstructor_isCopyConstructor(self.0) != 0 }
    }

    /// True for move constructors.
    pub fn is_move_constructor(self) -> bool {
        unsafe { clang_CXXConstructor_isMoveConstructor(self.0) != 0 }
    }

    /// True for calls that may be dispatched at run time.
    pub fn is_dynamic_call(self) -> bool {
        unsafe { clang_Cursor_isDynamicCall(self.0) != 0 }
    }

    /// True for a variable with static storage (globals, static members, `static` locals).
    pub fn has_static_storage(self) -> bool {
        unsafe { clang_Cursor_hasVarDeclGlobalStorage(self.0) == 1 }
    }

    /// True for inline namespaces.
    pub fn is_inline_namespace(self) -> bool {
        unsafe { clang_Cursor_isInlineNamespace(self.0) != 0 }
    }

    /// True for unnamed records and namespaces.
    pub fn is_anonymous(self) -> bool {
        unsafe { clang_Cursor_isAnonymous(self.0) != 0 }
    }

    /// The candidates of an unresolved name.
    pub fn overloads(self) -> Vec<Self> {
        unsafe {
            (0..clang_getNumOverloadedDecls(self.0))
                .filter_map(|index| Self::some(clang_getOverloadedDecl(self.0, index)))
                .collect()
        }
    }

    /// True for bit-fields.
    pub fn is_bit_field(self) -> bool {
        unsafe { clang_Cursor_isBitField(self.0) != 0 }
    }

    /// True if both are the same node. Of an expression, whichever declaration it was reached from: libclang keeps
    /// that in the cursor, and in instances of templates it is another one for the arguments of a call than for its
    /// children.
    pub fn is(self, other: Self) -> bool {
        if (100..300).contains(&self.0.kind) {
            return self.0.kind == other.0.kind && self.key() == other.key();
        }
        unsafe { clang_equalCursors(self.0, other.0) != 0 }
    }
}
