//! `stream-as-kernel-argument`: a stream is passed to the kernel instead of to its launch.

use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::facts::LaunchShape;
use crate::{Category, Confidence, DefaultStream, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports a launch that passes a stream to the kernel as an argument while the launch configuration names none, and a stream in the place of the grid, the block or the shared memory size.
Likewise `cudaLaunchKernel` and its kin with stream 0 and a stream in the array of arguments, and a stream that went through an integer variable into the wrong place.

## Why it is wrong
The stream of a launch is the fourth expression between `<<<` and `>>>`.
Without it the kernel runs on the default stream, whatever its arguments are: not on the stream that its data is copied on.
In a legacy build the default stream then serialises with all blocking streams; in a per-thread build nothing orders the kernel with them.

## Example
```cpp,misuse
__global__ void scale(float *data, float factor, cudaStream_t stream) { data[threadIdx.x] *= factor; }

void run(float *d_data, cudaStream_t stream) {
    scale<<<1, 256>>>(d_data, 2.0f, stream); //~ stream-as-kernel-argument
    cudaDeviceSynchronize();
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data, float factor) { data[threadIdx.x] *= factor; }

void run(float *d_data, cudaStream_t stream) {
    scale<<<1, 256, 0, stream>>>(d_data, 2.0f);
    cudaDeviceSynchronize();
}
```

## Not reported
- Launches that pass a stream to the kernel and also name a stream in the configuration.
- Launches from device code.
- Integer variables that hold something else on some way, or whose address others get; arrays of arguments that another function fills.

## Confidence
Always certain.

## References
- CUDA Programming Guide, Asynchronous Execution, Launching Kernels in CUDA Streams.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "stream-as-kernel-argument",
    number: Number::new(15),
    category: Category::ApiUsage,
    severity: Severity::Warning,
    summary: "a stream is passed to the kernel, and the launch names none",
    doc: DOC,
    on_by_default: true,
    witness: Witness::SlowerRatio,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.launches.iter().filter_map(|launch| explain(context, launch)));
}

fn explain(context: &RuleContext<'_>, launch: &LaunchShape) -> Option<Diagnostic> {
    let kernel = if launch.kernel.is_empty() {
        "the kernel".into()
    } else {
        format!("kernel {}", words::code(&launch.kernel))
    };
    let follows = match context.options.default_stream {
        DefaultStream::Legacy => "runs on the default stream, which serialises with all blocking streams",
        DefaultStream::PerThread => {
            "runs on the per-thread default stream, which nothing orders with other streams"
        }
    };
    let message = if launch.stream_in_other_slot {
        format!("a stream stands in the wrong place of the launch configuration of {kernel}")
    } else if launch.default_stream && !launch.stream_arguments.is_empty() {
        format!("a stream is passed to {kernel} but not to its launch, so the kernel {follows}")
    } else {
        return None;
    };
    Some(Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message,
        site: launch.site,
        label: "the launch names no stream".into(),
        related: words::also(launch.stream_arguments.iter().copied(), launch.site, "this is a stream"),
        help: "pass the stream as the fourth expression of the launch: `<<<grid, block, 0, stream>>>`".into(),
        witness: Some(witness::of_launch(context, launch)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Facts;
    use crate::program::SiteId;

    fn lines(default_stream: bool, arguments: usize, stream_in_other_slot: bool) -> Vec<String> {
        let launch = LaunchShape {
            site: SiteId(20),
            kernel: "scale".into(),
            default_stream,
            stream_arguments: vec![SiteId(21); arguments],
            meant: None,
            stream_in_other_slot,
        };
        sample::lines(&Facts { launches: vec![launch], ..Facts::default() })
    }

    #[test]
    fn the_configuration_decides() {
        let reported = ["20 stream-as-kernel-argument warning certain"];
        assert_eq!(lines(true, 1, false), reported);
        assert_eq!(lines(true, 2, false), reported);
        assert_eq!(lines(true, 0, true), reported);
        assert!(lines(false, 1, false).is_empty());
        assert!(lines(true, 0, false).is_empty());
    }
}
