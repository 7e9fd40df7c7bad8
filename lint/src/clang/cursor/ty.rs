//! What libclang says of types.

use std::os::raw::{c_uint, c_void};

use clang_sys::*;

use super::{Cursor, Key, Ty, string};

extern "C" fn collect_field(cursor: CXCursor, data: CXClientData) -> CXVisitorResult {
    // SAFETY: `data` is the vector that `fields` passes and that outlives the visit.
    unsafe { (*data.cast::<Vec<Cursor>>()).push(Cursor(cursor)) };
    CXVisit_Continue
}

// SAFETY (all methods of `Ty`): libclang accepts every type of a living unit, invalid ones included, in
// every one of these functions.
impl Ty {
    /// What kind of type this is.
    pub fn kind(self) -> CXTypeKind {
        self.0.kind
    }

    /// Identity of the type as written (sugar and qualifiers included).
    pub fn key(self) -> (Key, Key) {
        (self.0.data[0] as Key, self.0.kind as Key)
    }

    /// True for the type of what has none.
    pub fn is_invalid(self) -> bool {
        self.0.kind == CXType_Invalid
    }

    /// The type without sugar.
    pub fn canonical(self) -> Self {
        Self(unsafe { clang_getCanonicalType(self.0) })
    }

    /// The type as written.
    pub fn spelling(self) -> String {
        string(unsafe { clang_getTypeSpelling(self.0) })
    }

    /// What a pointer or reference points to.
    pub fn pointee(self) -> Self {
        Self(unsafe { clang_getPointeeType(self.0) })
    }

    /// The element type of an array.
    pub fn element(self) -> Self {
        Self(unsafe { clang_getArrayElementType(self.0) })
    }

    /// The number of elements of an array.
    pub fn extent(self) -> Option<u64> {
        u64::try_from(unsafe { clang_getArraySize(self.0) }).ok()
    }

    /// Bytes of one object.
    pub fn size(self) -> Option<u64> {
        let canonical = self.canonical();
        // clang dies on placeholder types (bound member functions, overload sets), which are "unexposed".
        let kind = canonical.0.kind;
        let scalar = (CXType_Bool..=CXType_LongDouble).contains(&kind) || kind == CXType_NullPtr;
        let derived = matches!(
            kind,
            CXType_Float128
                | CXType_Half
                | CXType_Float16
                | CXType_BFloat16
                | CXType_Complex
                | CXType_Pointer
                | CXType_LValueReference
                | CXType_RValueReference
                | CXType_Record
                | CXType_Enum
                | CXType_Vector
                | CXType_ExtVector
                | CXType_ConstantArray
                | CXType_MemberPointer
        );
        if !scalar && !derived {
            return None;
        }
        u64::try_from(unsafe { clang_Type_getSizeOf(canonical.0) }).ok()
    }

    /// The declaration of a class, enumeration or typedef.
    pub fn declaration(self) -> Option<Cursor> {
        let cursor = Cursor(unsafe { clang_getTypeDeclaration(self.0) });
        (cursor.kind() != CXCursor_NoDeclFound).then_some(cursor).and_then(|cursor| Cursor::some(cursor.0))
    }

    /// The type that an elaborated type (`struct S`, `ns::S`) names.
    pub fn named(self) -> Self {
        Self(unsafe { clang_Type_getNamedType(self.0) })
    }

    /// The result of a function type.
    pub fn result(self) -> Self {
        Self(unsafe { clang_getResultType(self.0) })
    }

    /// A parameter type of a function type. That of a parameter declared as an array is a pointer: so the canonical
    /// type of the function has it.
    pub fn parameter(self, index: usize) -> Option<Self> {
        let mut ty = Self(unsafe { clang_getArgType(self.0, index as c_uint) });
        if ty.is_array() {
            ty = Self(unsafe { clang_getArgType(self.canonical().0, index as c_uint) });
        }
        (!ty.is_invalid()).then_some(ty)
    }

    /// True for arrays.
    pub fn is_array(self) -> bool {
        matches!(
            self.canonical().kind(),
            CXType_ConstantArray | CXType_IncompleteArray | CXType_VariableArray | CXType_DependentSizedArray
        )
    }

    /// The number of parameters of a function type.
    pub fn parameter_count(self) -> usize {
        usize::try_from(unsafe { clang_getNumArgTypes(self.0) }).unwrap_or(0)
    }

    /// True for `const T`.
    pub fn is_const(self) -> bool {
        unsafe { clang_isConstQualifiedType(self.0) != 0 }
    }

    /// True for `volatile T`.
    pub fn is_volatile(self) -> bool {
        unsafe { clang_isVolatileQualifiedType(self.0) != 0 }
    }

    /// A type argument of a template specialisation.
    pub fn template_argument(self, index: usize) -> Option<Self> {
        let ty = Self(unsafe { clang_Type_getTemplateArgumentAsType(self.0, index as c_uint) });
        (!ty.is_invalid()).then_some(ty)
    }

    /// How many template arguments the type has; those of packs count one by one.
    pub fn template_argument_count(self) -> usize {
        usize::try_from(unsafe { clang_Type_getNumTemplateArguments(self.0) }).unwrap_or(0)
    }

    /// The fields of a record, in order.
    pub fn fields(self) -> Vec<Cursor> {
        let mut fields = Vec::new();
        let data: *mut Vec<Cursor> = &mut fields;
        unsafe { clang_Type_visitFields(self.0, collect_field, data.cast::<c_void>()) };
        fields
    }

    /// The type without `const` and `volatile`, canonical: equal keys mean the same type.
    pub fn bare(self) -> (Key, Key) {
        let ty = self.canonical();
        // The low bits of clang's pointer hold the qualifiers; the types themselves are aligned to 16.
        (ty.0.data[0] as Key & !0xf, ty.0.kind as Key)
    }
}
