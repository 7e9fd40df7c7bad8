//! `uninitialized-transfer-source`: memory is copied between host and device that nothing has written.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::UnwrittenSource;
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports copies to the device from memory of `malloc` or from page-locked memory that nothing writes, and copies to the host from memory of `cudaMalloc` that nothing writes.

## Why it is wrong
Fresh memory holds what its last owner has left: neither `malloc` nor `cudaMalloc` clears it ("the memory is not cleared").
The copy brings that to the other side, and what is computed from it is different from run to run.
Where the copy is there for its time alone, as in a measurement of bandwidth, it does no harm.

## Example
```cpp,misuse
float *upload(size_t count) {
    float *h_data = (float *)malloc(count * sizeof(float)), *d_data;
    cudaMalloc(&d_data, count * sizeof(float));
    cudaMemcpy(d_data, h_data, count * sizeof(float), cudaMemcpyHostToDevice); //~ uninitialized-transfer-source
    free(h_data);
    return d_data;
}
```

## Use instead
```cpp,correct
float *upload(size_t count) {
    float *h_data = (float *)calloc(count, sizeof(float)), *d_data;
    cudaMalloc(&d_data, count * sizeof(float));
    cudaMemcpy(d_data, h_data, count * sizeof(float), cudaMemcpyHostToDevice);
    free(h_data);
    return d_data;
}
```

## Not reported
- Memory that anything writes, anywhere in the file: the host, a kernel, a copy or fill, also in part, on another path or too late.
- Memory whose address something unseen gets, also inside a structure that is passed by value, or is computed with as a number.
- Memory of `calloc`, `new`, containers, `mmap` and `realloc`; managed memory; local variables; memory of callers and members.
- Memory in functions that have too many paths to follow them all.
- Copies on the device.

## Confidence
Certain. An info, off by default (`--min-severity info` shows it): measurements do it on purpose.

## References
- CUDA Runtime API, `cudaMalloc`.
- ISO C, 7.22.3.4, `malloc` ("whose value is indeterminate").
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "uninitialized-transfer-source",
    number: Number::with(34, 'c'),
    category: Category::MemoryKind,
    severity: Severity::Info,
    summary: "memory is copied that nothing has written",
    doc: DOC,
    on_by_default: false,
    witness: Witness::WrongResult,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(context.facts.unwritten_sources.iter().map(explain));
}

fn explain(copy: &UnwrittenSource) -> Diagnostic {
    let object = words::object(&copy.object);
    let side = if copy.from_device { "host" } else { "device" };
    let made = copy.object.site.filter(|site| *site != copy.site);
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message: format!(
            "{} copies {object} to the {side}, and nothing has written it",
            words::code(&copy.function)
        ),
        site: copy.site,
        label: format!("{object} holds what its last owner has left"),
        related: made
            .map(|site| Related { site, message: format!("{object} is allocated here, and not cleared") })
            .into_iter()
            .collect(),
        help: format!("write {object} before it is copied, or leave the copy out"),
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

    #[test]
    fn the_copy_says_which_way_it_goes() {
        let copy = |from_device, memory| UnwrittenSource {
            site: SiteId(20),
            function: "cudaMemcpy".into(),
            object: sample::object("data", memory),
            from_device,
        };
        let text = |copy| sample::text(&Facts { unwritten_sources: vec![copy], ..Facts::default() });
        assert!(text(copy(true, MemoryKind::Device)).contains("copies `data` to the host"));
        assert!(text(copy(false, MemoryKind::Pageable)).contains("copies `data` to the device"));
    }
}
