//! Structures that hold the arguments of a copy.

use super::machine::Machine;
use super::state::State;
use super::value::{Pointer, Value};

/// One side of `CUDA_MEMCPY2D` and its kin (CUDA Driver API, `cuMemcpy2D`): the fields for what kind of memory it is,
/// for its address if that is host memory, and if it is device memory.
struct Fields([&'static str; 3]);

/// What is written.
const DESTINATION: Fields = Fields(["dstMemoryType", "dstHost", "dstDevice"]);
/// What is read.
const SOURCE: Fields = Fields(["srcMemoryType", "srcHost", "srcDevice"]);

/// Enumerators of `CUmemorytype`.
const HOST: i64 = 1;
const DEVICE: i64 = 2;
const ARRAY: i64 = 3;
const UNIFIED: i64 = 4;

/// The address of one side, if the path has put one there, and whether it is device memory by its type.
type Side = (Option<Value>, bool);

impl Machine<'_, '_> {
    /// What such a structure says of destination and source.
    pub(super) fn sides_by_params(&mut self, state: &State, params: &Pointer) -> [Side; 2] {
        // `cudaMemcpy3DParms`
        let dst = self.peek_field(state, params, &["dstPtr", "ptr"]);
        let src = self.peek_field(state, params, &["srcPtr", "ptr"]);
        if dst.is_some() || src.is_some() {
            return [(dst, false), (src, false)];
        }
        [DESTINATION, SOURCE].map(|fields| self.side_by_type(state, params, &fields))
    }

    fn side_by_type(&mut self, state: &State, params: &Pointer, fields: &Fields) -> Side {
        let Fields([kind, host, device]) = fields;
        let kind = self.peek_field(state, params, &[kind]).and_then(|kind| kind.as_constant());
        match kind {
            Some(HOST) => (self.peek_field(state, params, &[host]), false),
            Some(DEVICE) => (self.peek_field(state, params, &[device]), true),
            // An array has no address.
            Some(ARRAY) => (None, true),
            // "srcDevice and srcPitch specify the (unified virtual address space) base address of the source data".
            Some(UNIFIED) => (self.peek_field(state, params, &[device]), false),
            _ => (None, false),
        }
    }
}
