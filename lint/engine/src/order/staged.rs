//! Copies from pageable memory, whose source is staged before the call returns, as a rule.
//!
//! That the host writes or releases such a source is worth a remark at most. A remark must not stand for what
//! the same wait would have completed besides: that is worse, and would be said by nobody.

use super::machine::Machine;
use super::state::{Operation, Range, State};
use crate::cuda::row::MemoryKind;
use crate::facts::WorkKind;

impl Machine<'_, '_> {
    /// True if the host touches nothing of an operation but the source of a copy that is staged as a rule:
    /// pageable, and not known to be larger than what is documented to be staged.
    pub(super) fn is_staged(
        &self,
        state: &State,
        operation: &Operation,
        touched: &Range,
        releases: bool,
    ) -> bool {
        let WorkKind::Copy { .. } = operation.kind else { return false };
        let platform = &self.shared.options.platform;
        if operation.graph.is_some() || platform.pageable_access == Some(true) {
            return false;
        }
        let root = self.objects.root(touched.object);
        if self.memory_kind(state, root) != Some(MemoryKind::Pageable) {
            return false;
        }
        let mut of_object =
            operation.accesses.iter().filter(|it| self.objects.root(it.range.object) == root).peekable();
        of_object.peek().is_some()
            && of_object.all(|access| {
                let bytes = access.range.extent.bytes().or(self.objects.info(root).bytes);
                // To write any source is a remark, to release a large one is more.
                !access.write && (!releases || bytes.is_none_or(|bytes| bytes <= platform.staging_limit()))
            })
    }
}
