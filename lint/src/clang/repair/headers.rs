//! CUDA's own headers, where a unit uses what they declare and includes none: a header of the project that is missing,
//! or leaves it out in this build, does.
//!
//! Better than to invent what is known: statuses are statuses, and kinds of memory have their values.

use cuda_lint_engine::cuda::is_known_api_name;

use super::super::embedded;
use super::super::flags::Language;
use super::super::unit::{ClangMessage, Unit};
use super::Repair;
use super::context::previous_word;
use super::place::{is_cuda_function, is_of, word_at};

/// A header of CUDA's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Header {
    /// `cuda_runtime.h`.
    Runtime,
    /// `cuda.h`.
    Driver,
}

impl Header {
    /// The one that declares a function, or a type that programs name often.
    fn of(name: &str) -> Option<Self> {
        match name {
            "CUresult" | "CUdevice" | "CUdeviceptr" | "CUcontext" | "CUmodule" | "CUfunction"
            | "CUstream" | "CUevent" => Some(Self::Driver),
            "cudaError_t" | "cudaStream_t" | "cudaEvent_t" => Some(Self::Runtime),
            _ if !is_known_api_name(name) => None,
            _ if is_of(name, "cuda") => Some(Self::Runtime),
            _ if is_of(name, "cu") => Some(Self::Driver),
            _ => None,
        }
    }
}

/// True for names in the manner of CUDA's functions, types and constants.
pub(super) fn is_cudas(name: &str) -> bool {
    is_cuda_function(name) || name.starts_with("CU")
}

impl Repair {
    /// Takes CUDA's headers back where the project declares by itself what they do. True if they were there.
    pub(super) fn refuses_headers(&mut self, message: &ClangMessage, unit: &Unit) -> bool {
        let is_own = !embedded::is_virtual(&message.file)
            && unit
                .contents(&message.file)
                .is_some_and(|text| is_cudas(word_at(text, message.offset as usize)));
        let refused = is_own && !self.headers.is_empty();
        if refused {
            self.headers.clear();
            self.has_own_cuda = true;
        }
        refused
    }

    /// `cudaError_t (*pointer)(int);` is a function that returns one, if nothing says that the first word is a type.
    pub(super) fn is_pointer_of_missing_type(&mut self, message: &ClangMessage, unit: &Unit) -> bool {
        if !message.message.starts_with("function cannot return function type") {
            return false;
        }
        let (text, at) = (unit.contents(&message.file), message.offset as usize);
        let text = text.filter(|text| at <= text.len());
        let word = text.and_then(|text| previous_word(text, at));
        word.is_some_and(|word| self.lacks_header(&String::from_utf8_lossy(word)))
    }

    /// Includes the header of CUDA's that declares a name. False if there is none, or if it is included.
    pub(super) fn lacks_header(&mut self, name: &str) -> bool {
        let header = Header::of(name)
            .filter(|_| !self.has_own_cuda)
            .filter(|it| *it != Header::Runtime || self.language != Language::Cuda);
        header.is_some_and(|it| self.headers.insert(it))
    }
}
