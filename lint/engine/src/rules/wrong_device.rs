//! `wrong-device`: a stream, event, buffer or handle of one device is used while another one is current.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::{Device, DeviceFault, Paths, Presumed, Stream, WrongDevice};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports work that is given to a device with things of another device, in code that sets the device:
a kernel on a stream of another device, or with memory of another device that it cannot reach; an event that is recorded on a stream of another device; the time between events of two devices; a call of a library with a handle that was made on another device.

## Why it is wrong
Memory, streams, events and handles belong to the device that was current when they were made.
"A kernel launch will fail if it is issued to a stream that is not associated to the current device."
cudaEventRecord fails "if the input event and input stream are associated to different devices", cudaEventElapsedTime "if the two input events are associated to different devices"; the documented error is cudaErrorInvalidResourceHandle.
A kernel that touches memory of another device without cudaDeviceEnablePeerAccess ends with cudaErrorIllegalAddress.
Seen on two NVIDIA H200 with CUDA 13.0: the errors of both event calls and the illegal address. The launch on the other device's stream returned success there, and the kernel ran on the stream's device: memory of the current device is out of its reach, and the stream ends with cudaErrorIllegalAddress. The call of cuBLAS with the other device's handle returned success: such code relies on what no documentation promises.

## Example
```cpp,misuse
__global__ void work(float *data) { data[threadIdx.x] += 1.0f; }

void run(size_t bytes) {
    cudaStream_t first;
    float *d_second;
    cudaSetDevice(0);
    cudaStreamCreate(&first);
    cudaSetDevice(1);
    cudaMalloc(&d_second, bytes);
    work<<<1, 256, 0, first>>>(d_second); //~ wrong-device
    cudaDeviceSynchronize();
    cudaFree(d_second);
    cudaStreamDestroy(first);
}
```

## Use instead
```cpp,correct
__global__ void work(float *data) { data[threadIdx.x] += 1.0f; }

void run(size_t bytes) {
    cudaStream_t second;
    float *d_second;
    cudaSetDevice(1);
    cudaStreamCreate(&second);
    cudaMalloc(&d_second, bytes);
    work<<<1, 256, 0, second>>>(d_second);
    cudaDeviceSynchronize();
    cudaFree(d_second);
    cudaStreamDestroy(second);
}
```

## Not reported
- Devices that are not provably two: equal expressions, and variables that may have one value.
- What is documented to work across devices: copies on any stream, waits for events and streams of other devices, queries, releases.
- Memory of other devices where anything in the program enables peer access (`cudaDeviceEnablePeerAccess`, `cudaMemPoolSetAccess`), and managed and page-locked memory.
- What follows a call of which nothing is known: it may set another device.
- cufftXt plans of several devices, launches by the driver API, and launches of graphs.

## Confidence
Certain if the devices differ on every path, likely on some.
Likely at most for handles, of which the documentation says only that their device must stay the same.
Memory of another device is `possible` in functions whose callers may have enabled peer access: all but `main` and what it calls.
So is the use of what was made before the function has set any device, after it has set one: that may be the same device; and what a method that nothing here calls makes for its object, or launches with what its object has, with no device set, where another method sets a member as the device.

## References
- CUDA Programming Guide, Multi-Device System: Device Selection, Stream and Event Behavior, Peer-to-Peer Memory Access.
- CUDA Runtime API, `cudaEventRecord`, `cudaEventElapsedTime`.
- cuBLAS Library, cuBLAS Context.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "wrong-device",
    number: Number::new(46),
    category: Category::ApiUsage,
    severity: Severity::Warning,
    summary: "what belongs to one device is used while another one is current",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ProgramFails,
    needs: Some(super::TWO_GPUS),
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.wrong_devices.iter().map(explain));
}

fn explain(it: &WrongDevice) -> Diagnostic {
    let by_path = match it.paths {
        Paths::AfterFailure => Confidence::Possible,
        Paths::Some => Confidence::Likely,
        Paths::All => Confidence::Certain,
    };
    let most = match it.what {
        _ if it.presumed.is_some() => Confidence::Possible,
        DeviceFault::Handle { .. } => Confidence::Likely,
        _ => Confidence::Certain,
    };
    let here = device(&it.here, "the current device");
    let there = match it.presumed {
        Some(Presumed::OtherDevice) => "the device that was current before".to_owned(),
        _ => device(&it.there, "another device"),
    };
    let of_there = match it.presumed {
        Some(Presumed::OtherDevice) => there.clone(),
        _ => device(&it.there, "the other device"),
    };
    let set = match it.there.name.as_str() {
        _ if it.presumed == Some(Presumed::OtherDevice) => {
            "set the device before anything is made on it".to_owned()
        }
        "" => "make its device current first, with `cudaSetDevice`".to_owned(),
        name => format!("call `cudaSetDevice({})` first", name.trim_matches('`')),
    };
    let (message, label, help, thing) = match &it.what {
        DeviceFault::Launch { kernel, stream } => (
            format!(
                "{} is launched on {} of {there}, but {here} is current",
                kernel_of(kernel),
                words::stream(stream)
            ),
            "by the documentation, this launch fails",
            format!("{set}, or use a stream of {here}"),
            words::stream(stream),
        ),
        DeviceFault::Access { kernel, object } => (
            format!(
                "{} runs on {here} and uses {}, which lies on {there}",
                kernel_of(kernel),
                words::object(object)
            ),
            "cudaErrorIllegalAddress: nothing lets the kernel reach this memory",
            format!("allocate it on {here}, copy it there, or call `cudaDeviceEnablePeerAccess` before"),
            words::object(object),
        ),
        DeviceFault::Record { event, stream } => (
            format!("{} of {there} is recorded on {} of {here}", event_of(event), stream_of(stream)),
            "cudaErrorInvalidResourceHandle: nothing is recorded",
            format!("make the event on {here}; streams of other devices may wait for it"),
            event_of(event),
        ),
        DeviceFault::Elapsed { start, end } => (
            format!(
                "the time between {} of {there} and {} of {here} is asked for",
                event_of(start),
                event_of(end)
            ),
            "cudaErrorInvalidResourceHandle: there is no time between them",
            "measure between events of one device".to_owned(),
            event_of(start),
        ),
        DeviceFault::Unset { function, made, member } => (
            format!(
                "{} makes {} on whatever device is current, and {} says which one is meant",
                words::code(function),
                if made.is_empty() { "something".to_owned() } else { words::code(made) },
                words::code(member)
            ),
            "no device is set here",
            format!("call `cudaSetDevice({member})` first"),
            String::new(),
        ),
        DeviceFault::LaunchUnset { kernel, member } => (
            format!(
                "{} is launched on whatever device is current, and {} says which one is meant",
                kernel_of(kernel),
                words::code(member)
            ),
            "no device is set here",
            format!("call `cudaSetDevice({member})` first"),
            String::new(),
        ),
        DeviceFault::Handle { function, handle } => (
            format!(
                "{} is called on {here} with {}, made on {there}",
                words::code(function),
                handle_of(handle)
            ),
            "the handle belongs to the other device",
            format!("{set}, or make a handle for {here}"),
            handle_of(handle),
        ),
    };
    let mut related = Vec::new();
    related.extend(it.there.site.map(|site| Related {
        site,
        message: match &it.what {
            DeviceFault::Unset { member, .. } | DeviceFault::LaunchUnset { member, .. } => {
                format!("{} is set as the device here", words::code(member))
            }
            _ => format!("{thing} is made here, on {of_there}"),
        },
    }));
    related.extend(it.here.site.map(|site| Related {
        site,
        message: match &it.what {
            DeviceFault::Elapsed { end, .. } => format!("{} is made here, on {here}", event_of(end)),
            DeviceFault::Record { stream: Stream::Created { .. }, .. } => {
                format!("the stream is made here, on {here}")
            }
            _ => format!("{here} is made current here"),
        },
    }));
    related.retain(|place| place.site != it.site);
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: by_path.min(most),
        message,
        site: it.site,
        label: label.to_owned(),
        related,
        help,
        witness: None,
    }
}

/// A device in a sentence.
fn device(device: &Device, unnamed: &str) -> String {
    if device.name.is_empty() { unnamed.to_owned() } else { format!("device {}", device.name) }
}

fn kernel_of(name: &str) -> String {
    if name.is_empty() { "a kernel".to_owned() } else { format!("kernel {}", words::code(name)) }
}

fn event_of(name: &str) -> String {
    if name.is_empty() { "the event".to_owned() } else { format!("event {}", words::code(name)) }
}

fn handle_of(name: &str) -> String {
    if name.is_empty() { "a handle".to_owned() } else { format!("handle {}", words::code(name)) }
}

/// A stream that `of DEVICE` follows.
fn stream_of(stream: &Stream) -> String {
    match stream {
        Stream::Legacy | Stream::PerThread => "the default stream".to_owned(),
        _ => words::stream(stream),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::MemoryKind;
    use crate::facts::Facts;
    use crate::program::SiteId;

    fn facts(what: DeviceFault, presumed: Option<Presumed>, paths: Paths) -> Facts {
        let on = |name: &str, site| Device { name: name.into(), site: Some(SiteId(site)) };
        let it =
            WrongDevice { site: SiteId(20), what, here: on("1", 10), there: on("`dev`", 5), presumed, paths };
        Facts { wrong_devices: vec![it], ..Facts::default() }
    }

    fn launch() -> DeviceFault {
        DeviceFault::Launch { kernel: "scale".into(), stream: sample::stream("s", 5, false) }
    }

    fn access() -> DeviceFault {
        DeviceFault::Access { kernel: "scale".into(), object: sample::object("d", MemoryKind::Device) }
    }

    #[test]
    fn it_is_as_sure_as_its_paths_and_no_surer_than_what_it_presumes() {
        let lines = |what, presumed, paths| sample::lines(&facts(what, presumed, paths));
        assert_eq!(lines(launch(), None, Paths::All), ["20 wrong-device warning certain"]);
        assert_eq!(lines(launch(), None, Paths::Some), ["20 wrong-device warning likely"]);
        assert_eq!(lines(access(), None, Paths::All), ["20 wrong-device warning certain"]);
        assert_eq!(
            lines(access(), Some(Presumed::NoAccess), Paths::All),
            ["20 wrong-device warning possible"]
        );
        let handle = DeviceFault::Handle { function: "cublasSgemm".into(), handle: "h".into() };
        assert_eq!(lines(handle, None, Paths::All), ["20 wrong-device warning likely"]);
    }

    #[test]
    fn both_devices_are_named() {
        let text = sample::text(&facts(launch(), None, Paths::All));
        assert!(
            text.contains("kernel `scale` is launched on stream `s` of device `dev`, but device 1"),
            "{text}"
        );
        assert!(text.contains("call `cudaSetDevice(dev)` first"), "{text}");
        let record = DeviceFault::Record { event: "e".into(), stream: Stream::Legacy };
        let text = sample::text(&facts(record, None, Paths::All));
        assert!(
            text.contains("event `e` of device `dev` is recorded on the default stream of device 1"),
            "{text}"
        );
    }
}
