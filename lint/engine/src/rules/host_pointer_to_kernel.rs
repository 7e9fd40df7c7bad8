//! `host-pointer-to-kernel`: a kernel is handed memory by an address of the host: pageable memory, or registered memory
//! that has an address of its own for the device.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::cuda::row::MemoryKind;
use crate::facts::{HostArgument, Paths};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports kernel launches with the address of pageable host memory (`malloc`, `new`, a container, an array, a variable) for a parameter through which the kernel reads or writes.

Registered memory (`cudaHostRegister`) by the host's address is an info, off by default: devices without `cudaDevAttrCanUseHostPointerForRegisteredMem` reach it by the address that `cudaHostGetDevicePointer` gives only.

## Why it is wrong
On most systems the device cannot reach pageable memory (`cudaDevAttrPageableMemoryAccess` is 0): the kernel stops with `cudaErrorIllegalAddress`, which the next call that waits returns, and the context is lost.
Measured on an NVIDIA H200 behind PCIe: error 700.
Only systems with HMM or ATS let kernels use all memory of the host.

## Example
```cpp,misuse
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

void run() {
    float *h_data = (float *)malloc(256 * sizeof(float));
    scale<<<1, 256>>>(h_data); //~ host-pointer-to-kernel
    cudaDeviceSynchronize();
    free(h_data);
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data) { data[threadIdx.x] *= 2; }

void run() {
    float *data;
    cudaMallocManaged(&data, 256 * sizeof(float));
    scale<<<1, 256>>>(data);
    cudaDeviceSynchronize();
    cudaFree(data);
}
```

## Not reported
- Pinned, mapped and managed memory.
- Memory that is registered on some path, where it is pageable on another; registered memory of which the program asks for the device's address, of a caller, and all where the program asks for the attribute.
- Structures by value, and the pointers in them.
- Parameters that the kernel does not use, and kernels whose parameters are not seen.
- Code behind a test of `cudaDevAttrPageableMemoryAccess`.
- Arguments that are managed or page-locked memory on another path of the same calls: a program that chooses by an option leaves it to its user whether the device reaches the memory.
- Objects of class type: they may convert to the pointer of something else.

## Confidence
Certain if so on every path, likely on some path.

## References
- CUDA C++ Programming Guide, "Unified Memory": systems with full unified memory support, and others.
- CUDA Runtime API, `cudaDevAttrPageableMemoryAccess`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "host-pointer-to-kernel",
    number: Number::new(2),
    category: Category::MemoryKind,
    severity: Severity::Error,
    summary: "a kernel is handed host memory by an address that the device may not reach",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ProgramFails,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.host_arguments.iter().map(explain));
}

fn explain(argument: &HostArgument) -> Diagnostic {
    let confidence = match argument.paths {
        Paths::AfterFailure => Confidence::Possible,
        Paths::Some => Confidence::Likely,
        Paths::All => Confidence::Certain,
    };
    if argument.object.memory == Some(MemoryKind::Registered) {
        return registered(argument, confidence);
    }
    let name = words::object(&argument.object);
    let kernel = words::code(&argument.kernel);
    let does = if argument.only_written { "writes" } else { "uses" };
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence,
        message: format!("kernel {kernel} {does} {name}, pageable memory that the device cannot reach"),
        site: argument.site,
        label: "host memory is passed to the kernel".into(),
        related: words::origin(&argument.object).into_iter().collect(),
        help: format!(
            "copy {name} to device memory and pass that, or allocate it with `cudaMallocManaged` or `cudaMallocHost`"
        ),
        witness: None,
    }
}

/// Registered memory by the host's address.
fn registered(argument: &HostArgument, confidence: Confidence) -> Diagnostic {
    let name = words::object(&argument.object);
    let kernel = words::code(&argument.kernel);
    Diagnostic {
        rule: RULE.name,
        severity: Severity::Info,
        confidence,
        message: format!(
            "kernel {kernel} uses {name}, registered memory, by the host's address, which not all devices can"
        ),
        site: argument.site,
        label: "the host's address of registered memory is passed to the kernel".into(),
        related: words::origin(&argument.object).into_iter().collect(),
        help: "pass the address that `cudaHostGetDevicePointer` gives, or ask for \
               `cudaDevAttrCanUseHostPointerForRegisteredMem` first"
            .into(),
        witness: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Facts;
    use crate::program::SiteId;

    #[test]
    fn the_confidence_is_that_of_the_paths() {
        let lines = |paths| {
            let argument = HostArgument {
                site: SiteId(20),
                kernel: "scale".into(),
                object: sample::object("h_data", MemoryKind::Pageable),
                only_written: false,
                paths,
            };
            sample::lines(&Facts { host_arguments: vec![argument], ..Facts::default() })
        };
        assert_eq!(lines(Paths::All), ["20 host-pointer-to-kernel error certain"]);
        assert_eq!(lines(Paths::Some), ["20 host-pointer-to-kernel error likely"]);
        assert_eq!(lines(Paths::AfterFailure), ["20 host-pointer-to-kernel error possible"]);
    }
}
