//! Copies and fills: what each form enqueues, and whether the host waits for it.

use super::super::{CopyKind, Memory, Range, Stream};
use super::axioms::Axiom;
use super::order::Touch;
use super::run::{Access, Run, is_host, touch};
use super::{Edge, Hazard, calls};
use crate::order::happens_before::{Point, StreamKey};

impl<'t> Run<'t> {
    pub(super) fn copy(
        &mut self,
        dst: &'t Range,
        src: &'t Range,
        stated: Option<CopyKind>,
        synchronous: bool,
        stream: &'t Stream,
    ) {
        let (Some(to), Some(from)) = (self.memory(&dst.buffer), self.memory(&src.buffer)) else { return };
        let wrong = stated.is_some_and(|stated| calls::contradicts(to, from, stated));
        if wrong {
            self.hazards.push(Hazard::WrongKind { step: self.step });
        }
        let managed = [to, from].contains(&Memory::Managed);
        let actual = match (is_host(from), is_host(to)) {
            (true, true) => CopyKind::HostToHost,
            (true, false) => CopyKind::HostToDevice,
            (false, true) => CopyKind::DeviceToHost,
            (false, false) => CopyKind::DeviceToDevice,
        };
        let direction = stated.filter(|_| !wrong && !managed).unwrap_or(actual);
        let stream = self.order.stream(stream);
        let captured = self.is_captured();
        let (mut reads, mut writes) = (touch(src, false), touch(dst, true));
        if direction == CopyKind::HostToHost && !captured && self.axioms.has(Axiom::HostToHostIsSynchronous) {
            return self.copy_on_host(&[reads, writes], stream);
        }
        let pageable_in = from == Memory::Pageable && !synchronous;
        let pageable_out = to == Memory::Pageable && !synchronous;
        let on_device = |memory: Memory| !memory.is_host_accessible();
        if !captured && ((pageable_in && on_device(to)) || (pageable_out && on_device(from))) {
            self.hazards.push(Hazard::PageableCopy { step: self.step });
        }
        if pageable_in {
            reads.relies_on = Some(self.step);
        }
        if pageable_out {
            writes.relies_on = Some(self.step);
        }
        if pageable_in && !captured && self.axioms.has(Axiom::PageableSourceMayBeReadAtOnce) {
            self.read_at_once(reads, writes.clone(), stream);
        } else if !self.enqueue(stream, vec![reads, writes.clone()], false) {
            return;
        }
        if !synchronous {
            if pageable_out && !captured {
                self.order.may_have_waited(self.step, Some(stream));
            }
            let page_locked = direction != CopyKind::DeviceToDevice && !pageable_in && !pageable_out;
            if page_locked && self.axioms.has(Axiom::AsynchronousCopyWaits) {
                self.order.complete(Point::Tail(stream));
            }
            return;
        }
        match direction {
            CopyKind::HostToDevice if from == Memory::Pageable => {
                if self.axioms.has(Axiom::PageableSourceIsRead) {
                    self.order.complete(Point::Tail(stream));
                    // The transfer to the device may still be running; it was measured not to be.
                    let staged = Touch { relies_on: Some(self.step), ..writes };
                    self.order.push(self.operation(stream, vec![staged]));
                }
            }
            CopyKind::HostToDevice | CopyKind::DeviceToHost | CopyKind::HostToHost => {
                if self.axioms.has(Axiom::SynchronousCopyWaits) {
                    self.order.complete(Point::Tail(stream));
                }
            }
            CopyKind::DeviceToDevice if managed || actual != CopyKind::DeviceToDevice => {
                self.order.may_have_waited(self.step, Some(stream));
            }
            CopyKind::DeviceToDevice => {
                if self.axioms.has(Axiom::DeviceCopyWaits) {
                    self.order.complete(Point::Tail(stream));
                }
            }
        }
    }

    /// A copy between host buffers: the host reads and writes during the call. It was measured to wait for its
    /// stream before it does.
    fn copy_on_host(&mut self, touches: &[Touch<'t>], stream: StreamKey) {
        self.order.reach(stream);
        let mut access = Access { touches, missing: Edge::HostWait, releases: false, waits: false };
        self.compare(&access, |order, earlier| !order.is_before(earlier, stream, false));
        access.waits = true;
        self.compare(&access, |order, earlier| order.is_before(earlier, stream, false));
        self.order.may_have_waited(self.step, Some(stream));
    }

    /// An asynchronous copy from pageable memory: what it reads may be read during the call. Where earlier work of
    /// its stream writes there, which was itself measured to be done during its call, it relies on that.
    fn read_at_once(&mut self, reads: Touch<'t>, writes: Touch<'t>, stream: StreamKey) {
        self.order.reach(stream);
        let source = [reads];
        let access = Access { touches: &source, missing: Edge::HostWait, releases: false, waits: false };
        self.compare(&access, |_, _| true);
        let target = [writes];
        let access = Access { touches: &target, missing: Edge::StreamWait, releases: false, waits: false };
        self.compare(&access, |order, earlier| !order.is_before(earlier, stream, false));
        let touches = source.into_iter().chain(target).collect();
        self.order.push(self.operation(stream, touches));
    }

    pub(super) fn fill(&mut self, dst: &'t Range, synchronous: bool, stream: &'t Stream) {
        let stream = self.order.stream(stream);
        if !self.enqueue(stream, vec![touch(dst, true)], false) || !synchronous {
            return;
        }
        let rule = match self.memory(&dst.buffer) {
            Some(Memory::Managed) => return self.order.may_have_waited(self.step, Some(stream)),
            Some(memory) if is_host(memory) => Axiom::SynchronousFillOfHostWaits,
            _ => Axiom::DeviceFillWaits,
        };
        if self.axioms.has(rule) {
            self.order.complete(Point::Tail(stream));
        }
    }
}
