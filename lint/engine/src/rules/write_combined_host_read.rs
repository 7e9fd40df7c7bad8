//! `write-combined-host-read`: the host reads memory that its caches leave out.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::cuda::unqualified;
use crate::facts::{CombinedRead, CombinedUse};
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports write-combined memory (`cudaHostAllocWriteCombined`) that the host reads in a loop or by a function, or that a copy from the device brings results into.

## Why it is wrong
Write-combined memory is not cached: the host writes it quickly, and the device reads it quickly.
Each read by the host goes to memory ("prohibitively slow").
How much it costs is for the machine to say: on an NVIDIA H200 whose host was a virtual machine, which may map the memory as it likes, it was no slower (2913 against 2949 MB/s).

## Example
```cpp,misuse
float first(float *d_result, size_t count) {
    float *h_result;
    cudaHostAlloc(&h_result, count * sizeof(float), cudaHostAllocWriteCombined);
    cudaMemcpy(h_result, d_result, count * sizeof(float), cudaMemcpyDeviceToHost); //~ write-combined-host-read
    float value = h_result[0];
    cudaFreeHost(h_result);
    return value;
}
```

## Use instead
```cpp,correct
float first(float *d_result, size_t count) {
    float *h_result;
    cudaHostAlloc(&h_result, count * sizeof(float), cudaHostAllocDefault);
    cudaMemcpy(h_result, d_result, count * sizeof(float), cudaMemcpyDeviceToHost);
    float value = h_result[0];
    cudaFreeHost(h_result);
    return value;
}
```

## Not reported
- Memory that the host only writes, and the device reads.
- Reads of single elements, and of less than a line of a cache.
- Memory whose flags are not a constant, or whose allocation is not seen.

## Confidence
Certain. An info, off by default (`--min-severity info` shows it): what it costs depends on the machine.

## References
- CUDA Programming Guide, Page-Locked Host Memory, Write-Combining Memory.
- CUDA Runtime API, `cudaHostAlloc`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "write-combined-host-read",
    number: Number::new(34),
    category: Category::Performance,
    severity: Severity::Info,
    summary: "the host reads write-combined memory, which its caches leave out",
    doc: DOC,
    on_by_default: false,
    witness: Witness::WrongResult,
    needs: Some("a host that maps write-combined memory as such, which virtual machines need not do"),
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let reads = &context.facts.combined_reads;
    // The host reads what a copy has brought: the copy explains it.
    let is_downloaded = |read: &&CombinedRead| {
        reads.iter().any(|other| {
            matches!(other.how, CombinedUse::Download(_)) && other.object.site == read.object.site
        })
    };
    let first = |read: &&CombinedRead| matches!(read.how, CombinedUse::Download(_)) || !is_downloaded(read);
    diagnostics.extend(reads.iter().filter(first).map(explain));
}

fn explain(read: &CombinedRead) -> Diagnostic {
    let object = words::object(&read.object);
    let message = match &read.how {
        CombinedUse::Download(function) => {
            format!(
                "{} brings results into write-combined memory {object}, which the host reads slowly",
                words::code(function)
            )
        }
        CombinedUse::Call(function) => {
            format!(
                "{} reads write-combined memory {object}, past all caches",
                words::code(unqualified(function))
            )
        }
        CombinedUse::Loop => format!("a loop reads write-combined memory {object}, past all caches"),
    };
    let made = read.object.site.filter(|site| *site != read.site);
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message,
        site: read.site,
        label: format!("{object} is write-combined"),
        related: made
            .map(|site| Related { site, message: format!("{object} is allocated here") })
            .into_iter()
            .collect(),
        help: "allocate memory that the host reads without `cudaHostAllocWriteCombined`".into(),
        witness: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::MemoryKind;
    use crate::facts::Facts;
    use crate::program::SiteId;

    fn lines(uses: &[(u32, CombinedUse)]) -> Vec<String> {
        let read = |(site, how): &(u32, CombinedUse)| CombinedRead {
            site: SiteId(*site),
            object: sample::object("h", MemoryKind::Pinned),
            how: how.clone(),
        };
        let combined_reads = uses.iter().map(read).collect();
        sample::lines(&Facts { combined_reads, ..Facts::default() })
    }

    #[test]
    fn a_copy_explains_the_reads_after_it() {
        let copy = CombinedUse::Download("cudaMemcpy".into());
        assert_eq!(lines(&[(30, CombinedUse::Loop)]), ["30 write-combined-host-read info certain"]);
        assert_eq!(
            lines(&[(20, copy), (30, CombinedUse::Loop)]),
            ["20 write-combined-host-read info certain"]
        );
    }
}
