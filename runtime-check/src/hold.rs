//! `hold`: keeps a stream busy, and measures for how long.

use std::fmt;
use std::time::{Duration, Instant};

use cudarc::driver::sys::CUevent_flags;
use cudarc::driver::{CudaContext, CudaFunction, CudaStream, LaunchConfig, PushKernelArg};
use cudarc::nvrtc::Ptx;

use crate::platform::{self, Error, failed};
use crate::ptx::HOLD;

/// For how long a stream was busy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// What was asked for.
    pub asked: Duration,
    /// How long the host's call of the launch took.
    pub launch: Duration,
    /// How long the host waited for the stream, from the start of the launch.
    pub host: Duration,
    /// What events before and after the kernel say.
    pub events: Duration,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1e3;
        write!(
            f,
            "asked for {} ms: the stream was busy for {:.3} ms by its events, {:.3} ms by the host's clock; \
             the launch returned after {:.3} ms",
            self.asked.as_millis(),
            milliseconds(self.events),
            milliseconds(self.host),
            milliseconds(self.launch),
        )
    }
}

/// Keeps a stream of a device busy. A stream that was free too early is an error: nothing could be
/// concluded from an experiment that stands on it.
pub fn hold(ordinal: usize, time: Duration) -> Result<Held, Error> {
    platform::init_driver()?;
    let context = CudaContext::new(ordinal).map_err(failed("cuDevicePrimaryCtxRetain"))?;
    let (text, _) = HOLD.load()?;
    let module = context.load_module(Ptx::from_src(text)).map_err(failed("cuModuleLoadData"))?;
    let kernel = module.load_function("hold").map_err(failed("cuModuleGetFunction"))?;
    let stream = context.new_stream().map_err(failed("cuStreamCreate"))?;
    // The first launch loads the code; it must not count.
    launch(&stream, &kernel, Duration::ZERO)?;
    stream.synchronize().map_err(failed("cuStreamSynchronize"))?;

    let timed = Some(CUevent_flags::CU_EVENT_DEFAULT);
    let start = Instant::now();
    let before = stream.record_event(timed).map_err(failed("cuEventRecord"))?;
    let launching = Instant::now();
    launch(&stream, &kernel, time)?;
    let launch = launching.elapsed();
    let after = stream.record_event(timed).map_err(failed("cuEventRecord"))?;
    stream.synchronize().map_err(failed("cuStreamSynchronize"))?;
    let host = start.elapsed();
    let events = before.elapsed_ms(&after).map_err(failed("cuEventElapsedTime"))?;
    judge(Held {
        asked: time,
        launch,
        host,
        events: Duration::from_secs_f64(f64::from(events.max(0.0)) / 1e3),
    })
}

fn launch(stream: &CudaStream, kernel: &CudaFunction, time: Duration) -> Result<(), Error> {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let config = LaunchConfig { grid_dim: (1, 1, 1), block_dim: (1, 1, 1), shared_mem_bytes: 0 };
    let mut launch = stream.launch_builder(kernel);
    launch.arg(&nanoseconds);
    // SAFETY: the argument is the kernel's one parameter, and the kernel touches no memory.
    unsafe { launch.launch(config) }.map(|_| ()).map_err(failed("cuLaunchKernel"))
}

/// The device's clock may tick as rarely as once in a millisecond, which is what is allowed for.
fn judge(held: Held) -> Result<Held, Error> {
    if held.events + Duration::from_millis(2) < held.asked {
        return Err(Error::Unexpected(format!("the stream was not held: {held}")));
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(asked: u64, events: u64) -> Held {
        let ms = Duration::from_millis;
        Held { asked: ms(asked), launch: Duration::from_micros(12), host: ms(events + 1), events: ms(events) }
    }

    #[test]
    fn a_stream_that_was_free_too_early_is_an_error() {
        assert!(judge(held(200, 203)).is_ok());
        assert!(judge(held(200, 199)).is_ok());
        let error = judge(held(200, 3)).unwrap_err().to_string();
        assert!(error.contains("not held") && error.contains("3.000 ms"), "{error}");
    }

    #[test]
    fn the_kernel_has_the_name_that_is_launched() {
        assert!(HOLD.text.contains("extern \"C\" __global__ void hold(unsigned long long"));
    }
}
