//! What is wrong with a call whatever the order: directions, and calls from host functions.

use super::super::{CopyKind, Memory};
use crate::cuda::Model;
use crate::cuda::row::{Effect, InCallback, Outcome, Row};

/// More arguments than any function of CUDA takes.
const ARGUMENTS: usize = 24;

/// True if the direction that a copy states contradicts its memory. Managed memory has no side, and pinned and
/// registered memory can stand on the device's side, since the device reaches it.
pub fn contradicts(dst: Memory, src: Memory, stated: CopyKind) -> bool {
    use CopyKind::{DeviceToDevice, DeviceToHost, HostToDevice, HostToHost};
    if dst == Memory::Managed || src == Memory::Managed {
        return false;
    }
    let wrong = |memory: Memory, on_device: bool| match on_device {
        true => memory == Memory::Pageable,
        false => !memory.is_host_accessible(),
    };
    wrong(dst, matches!(stated, HostToDevice | DeviceToDevice))
        || wrong(src, matches!(stated, DeviceToHost | DeviceToDevice))
        || (stated == HostToHost && (wrong(dst, false) || wrong(src, false)))
}

/// Whether a copy with such a contradiction was measured to return an error and to copy nothing (H200, driver
/// 580.159): `Some(false)` if it was measured to succeed, `None` if it was not tried.
pub fn is_refused(dst: Memory, src: Memory, stated: CopyKind) -> Option<bool> {
    use CopyKind::{DeviceToDevice, DeviceToHost, HostToDevice, HostToHost};
    match (dst, src, stated) {
        (Memory::Pageable, Memory::Pageable, HostToDevice)
        | (Memory::Device, Memory::Pageable, DeviceToHost)
        | (Memory::Pageable, Memory::Device, HostToDevice | DeviceToDevice) => Some(true),
        (Memory::Device, Memory::Device, HostToDevice)
        | (Memory::Pinned, Memory::Device, DeviceToDevice)
        | (Memory::Pageable, Memory::Device, HostToHost) => Some(false),
        _ => None,
    }
}

/// True if a host function must not call it: a function of CUDA, or a launch (`kernel<<<>>>`).
pub fn is_misplaced_in_host_function(function: &str) -> bool {
    if function.contains("<<<") {
        return true;
    }
    match row(function) {
        Some(row) => matches!(row.in_callback, InCallback::Forbidden | InCallback::ForbiddenUnobserved),
        None => crate::cuda::is_known_api_name(function),
    }
}

/// The name of a loop in a host function that only looks at a flag until it changes.
pub const BUSY_WAIT: &str = "busy-wait";

/// True for what waits for another thread or for time to pass.
pub fn waits_in_host_function(function: &str) -> bool {
    function == BUSY_WAIT || row(function).is_some_and(|row| row.in_callback == InCallback::Waits)
}

/// True for a query of the last error: a call that orders nothing, and whose result is a status.
pub(super) fn asks_for_last_error(function: &str) -> bool {
    row(function).is_some_and(|row| row.effects.contains(&Effect::NoWait) && row.result == Outcome::Status)
}

fn row(function: &str) -> Option<&'static Row> {
    let model = Model::builtin();
    (0..ARGUMENTS).find_map(|arguments| model.lookup(function, arguments))
}
