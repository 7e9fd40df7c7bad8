//! Types: what the analysis asks of one.

use clang_sys::*;
use cuda_lint_engine::program::{RecordId, Type, TypeKind};

use super::super::cursor::{Cursor, Ty};
use super::Lowering;
use super::names;

/// True for references.
pub(super) fn is_reference(ty: Ty) -> bool {
    matches!(ty.canonical().kind(), CXType_LValueReference | CXType_RValueReference)
}

/// True for `T &&`.
pub(super) fn is_rvalue_reference(ty: Ty) -> bool {
    ty.canonical().kind() == CXType_RValueReference
}

/// True for `bool`.
pub(super) fn is_bool(ty: Ty) -> bool {
    ty.canonical().kind() == CXType_Bool
}

impl Lowering<'_> {
    /// A type of the program.
    pub fn ty(&mut self, ty: Ty) -> Type {
        if ty.is_invalid() {
            return Type::UNKNOWN;
        }
        if let Some(known) = self.types.get(&ty.key()) {
            return *known;
        }
        // A record that holds a pointer to itself meets itself here.
        self.types.insert(ty.key(), Type::UNKNOWN);
        let lowered = self.classify(ty);
        if self.filling > 0 && matches!(lowered.kind, TypeKind::Pointer { .. }) {
            // Elsewhere the same type is told with its pointee.
            self.types.remove(&ty.key());
        } else {
            self.types.insert(ty.key(), lowered);
        }
        lowered
    }

    fn classify(&mut self, ty: Ty) -> Type {
        let canonical = ty.canonical();
        let size = self.size_of(canonical);
        let kind = match canonical.kind() {
            CXType_Void => return Type::VOID,
            CXType_ULongLong | CXType_ULong if is_device_pointer(ty) => TypeKind::DevicePointer,
            CXType_Bool | CXType_Char_U | CXType_UChar | CXType_Char16 | CXType_Char32 | CXType_UShort
            | CXType_UInt | CXType_ULong | CXType_ULongLong | CXType_UInt128 | CXType_Char_S
            | CXType_SChar | CXType_WChar | CXType_Short | CXType_Int | CXType_Long | CXType_LongLong
            | CXType_Int128 => TypeKind::Int,
            CXType_Enum => match canonical.declaration().map(names::plain) {
                Some(name) if is_status(&name) => TypeKind::Status,
                _ => TypeKind::Int,
            },
            CXType_NullPtr => {
                TypeKind::Pointer { const_pointee: false, volatile_pointee: false, pointee: None }
            }
            CXType_Pointer => self.pointer(canonical.pointee()),
            CXType_LValueReference | CXType_RValueReference => {
                let pointee = canonical.pointee();
                let flags = TypeKind::Pointer {
                    const_pointee: pointee.is_const(),
                    volatile_pointee: pointee.is_volatile() || is_atomic(pointee),
                    pointee: self.pointee_record(pointee),
                };
                return Type { kind: flags, size: Some(8) };
            }
            CXType_FunctionProto | CXType_FunctionNoProto | CXType_BlockPointer => TypeKind::Function,
            CXType_MemberPointer => TypeKind::Scalar,
            CXType_Record => TypeKind::Record(self.record(canonical)),
            CXType_ConstantArray
            | CXType_IncompleteArray
            | CXType_VariableArray
            | CXType_DependentSizedArray => {
                let element = match self.ty(canonical.element()).kind {
                    TypeKind::Record(record) => Some(record),
                    TypeKind::Array { element, .. } => element,
                    _ => None,
                };
                TypeKind::Array { stride: canonical.element().size(), element }
            }
            CXType_Float | CXType_Double | CXType_LongDouble | CXType_Float16 | CXType_Half
            | CXType_Float128 | CXType_Complex | CXType_Vector | CXType_ExtVector | CXType_BFloat16
            | CXType_Ibm128 => TypeKind::Scalar,
            // `std::vector<T>` with a template parameter `T` keeps its name.
            _ => match self.dependent_record(ty) {
                Some(record) => TypeKind::Record(record),
                None => TypeKind::Unknown,
            },
        };
        Type { kind, size }
    }

    fn pointer(&mut self, pointee: Ty) -> TypeKind {
        match pointee.kind() {
            CXType_FunctionProto | CXType_FunctionNoProto => return TypeKind::Function,
            CXType_Record => {
                if let Some(declaration) = pointee.declaration() {
                    let name = names::plain(declaration);
                    if matches!(name.as_str(), "CUstream_st" | "ihipStream_t") {
                        return TypeKind::Stream;
                    }
                    if matches!(name.as_str(), "CUevent_st" | "ihipEvent_t") {
                        return TypeKind::Event;
                    }
                    let prefixed = ["CU", "cu", "nccl", "hip", "ihip", "nvrtc", "_nvrtc", "nvtx"];
                    let looks_like_one = prefixed.iter().any(|prefix| name.starts_with(prefix));
                    if looks_like_one && pointee.size().is_none() {
                        return TypeKind::Handle;
                    }
                }
            }
            _ => {}
        }
        TypeKind::Pointer {
            const_pointee: pointee.is_const(),
            volatile_pointee: pointee.is_volatile() || is_atomic(pointee),
            pointee: self.pointee_record(pointee),
        }
    }

    /// The class that a pointer or reference leads to. From fields it is not followed, or one class would
    /// bring in all that it can reach.
    fn pointee_record(&mut self, pointee: Ty) -> Option<RecordId> {
        if self.filling > 0 {
            return None;
        }
        match self.ty(pointee).kind {
            TypeKind::Record(record) => Some(record),
            _ => None,
        }
    }

    /// A record by its name alone, for types that depend on template parameters.
    fn dependent_record(&mut self, ty: Ty) -> Option<RecordId> {
        let declaration = ty.declaration().or_else(|| ty.canonical().declaration())?;
        if !names::is_class(declaration.kind()) {
            return None;
        }
        Some(self.record(ty))
    }
}

/// The default value of a parameter.
pub(super) fn default_value(parameter: Cursor) -> Option<Cursor> {
    parameter.parts().into_iter().next_back()
}

/// True for arrays.
pub(super) fn is_array(ty: Ty) -> bool {
    ty.is_array()
}

fn is_atomic(ty: Ty) -> bool {
    ty.kind() == CXType_Atomic
        || (ty.kind() == CXType_Record
            && ty.declaration().is_some_and(|declaration| {
                matches!(names::plain(declaration).as_str(), "atomic" | "atomic_ref" | "atomic_flag")
            }))
}

/// True for `CUdeviceptr`, which is an integer once its typedef is looked through.
fn is_device_pointer(ty: Ty) -> bool {
    let mut at = ty;
    for _ in 0..16 {
        match at.kind() {
            CXType_Typedef => {
                let Some(declaration) = at.declaration() else { return false };
                if matches!(
                    declaration.spelling().as_str(),
                    "CUdeviceptr" | "CUdeviceptr_v1" | "CUdeviceptr_v2" | "hipDeviceptr_t"
                ) {
                    return true;
                }
                at = declaration.typedef_target();
            }
            CXType_Elaborated => at = at.named(),
            CXType_Auto => return ty.spelling().contains("CUdeviceptr"),
            _ => return false,
        }
    }
    false
}

fn is_status(name: &str) -> bool {
    matches!(
        name,
        "cudaError"
            | "cudaError_enum"
            | "cudaError_t"
            | "CUresult"
            | "cufftResult_t"
            | "cufftResult"
            | "curandStatus"
            | "curandStatus_t"
            | "ncclResult_t"
            | "nvrtcResult"
            | "nvmlReturn_enum"
            | "nvmlReturn_t"
            | "hipError_t"
            | "nvjpegStatus_t"
    ) || (name.starts_with("cu") && (name.ends_with("Status_t") || name.ends_with("status_t")))
}
