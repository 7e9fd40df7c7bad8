//! What a function does to a capture of streams that goes on while it is called, as far as its row tells.
//!
//! Sources: CUDA Programming Guide, Stream Capture, Prohibited and Unhandled Operations; of which functions are
//! "potentially unsafe API calls" the documentation names cudaMalloc only, the rest is measured (claims `s8-*`).

use super::row::{Effect, Mode, Row};

/// What a call is to a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InCapture {
    /// It allocates, frees or registers memory outside of stream order: refused unless the mode is relaxed.
    Unsafe,
    /// A stream that is captured does not take it up: refused.
    Unsupported,
    /// It changes the mode of the thread: what is potentially unsafe may be allowed from here on.
    ExchangesMode,
    /// It waits for the device: refused.
    WaitsForDevice,
    /// It uses the default stream and waits: a synchronous copy or memset.
    Synchronous,
    /// It concerns the streams and events that it names, or nothing.
    #[default]
    Other,
}

impl Row {
    /// What a call of this function is to a capture: as the row says, or as its effects do.
    pub fn in_capture(&self) -> InCapture {
        let is_synchronous = |effect: &Effect| {
            matches!(effect, Effect::Copy { mode: Mode::Sync, .. } | Effect::Fill { mode: Mode::Sync, .. })
        };
        match () {
            () if self.capture != InCapture::Other => self.capture,
            () if self.effects.contains(&Effect::HostWaitsForDevice) => InCapture::WaitsForDevice,
            () if self.effects.iter().any(is_synchronous) => InCapture::Synchronous,
            () => InCapture::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuda::Model;

    #[test]
    fn rows_agree_with_what_was_measured() {
        let cases = [
            ("cudaMalloc", 2, InCapture::Unsafe),
            ("cudaMallocHost", 2, InCapture::Unsafe),
            ("cudaMallocManaged", 2, InCapture::Unsafe),
            ("cudaHostRegister", 3, InCapture::Unsafe),
            ("cudaFree", 1, InCapture::Unsafe),
            ("cudaFreeHost", 1, InCapture::Unsafe),
            ("cudaHostUnregister", 1, InCapture::Other),
            ("cudaMallocPitch", 4, InCapture::Other),
            ("cudaStreamAddCallback", 4, InCapture::Unsupported),
            ("cudaThreadExchangeStreamCaptureMode", 1, InCapture::ExchangesMode),
            ("cudaMallocAsync", 3, InCapture::Other),
            ("cudaDeviceSynchronize", 0, InCapture::WaitsForDevice),
            ("cudaMemcpy", 4, InCapture::Synchronous),
            ("cudaMemset", 3, InCapture::Synchronous),
            ("cudaMemcpyAsync", 5, InCapture::Other),
            ("cudaGetLastError", 0, InCapture::Other),
            ("malloc", 1, InCapture::Other),
            ("free", 1, InCapture::Other),
        ];
        for (name, args, expected) in cases {
            assert_eq!(Model::builtin().lookup(name, args).map(Row::in_capture), Some(expected), "{name}");
        }
    }
}
