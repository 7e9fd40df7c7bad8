//! `host-deref-device-pointer`: host code reads or writes through a pointer to device memory.

use std::collections::BTreeSet;

use super::root_cause::paths;
use super::{Check, Number, Rule, RuleContext, Witness, witness, words};
use crate::cuda::unqualified;
use crate::facts::{Dereference, Object};
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports host code that reads or writes device memory through its pointer: `p[i]`, `*p`, `p->x`, or a host function such as `memcpy` or `printf` that does.
That is memory of all allocation functions, of `thrust::device_vector` as `raw_pointer_cast(&d[0])` gives it, and what `cudaMalloc3D` puts into `cudaPitchedPtr::ptr`; of `printf` and its kin, the strings are read that a format which is a literal prints with `%s`.

## Why it is wrong
The address of `cudaMalloc` memory means nothing to the CPU: the access faults.
Waiting for the device does not help, before it or anywhere else.
Measured on an NVIDIA H200: SIGSEGV, after a synchronisation as well.

## Example
```cpp,misuse
float first(const float *h_input, size_t n) {
    float *d_data;
    cudaMalloc(&d_data, n * sizeof(float));
    cudaMemcpy(d_data, h_input, n * sizeof(float), cudaMemcpyHostToDevice);
    float value = d_data[0]; //~ host-deref-device-pointer
    cudaFree(d_data);
    return value;
}
```

## Use instead
```cpp,correct
float first(const float *h_input, size_t n) {
    float *d_data;
    cudaMalloc(&d_data, n * sizeof(float));
    cudaMemcpy(d_data, h_input, n * sizeof(float), cudaMemcpyHostToDevice);
    float value = 0;
    cudaMemcpy(&value, d_data, sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d_data);
    return value;
}
```

## Not reported
- Managed, pinned and mapped memory, by the address that `cudaHostGetDevicePointer` gives as well: under unified addressing, it is the host's own, and where it is another one, nothing in the program tells.
- Code that runs on the device: `__device__`, `__global__` and `__host__ __device__` functions.
- What makes no access: `&p[i]`, a reference bound to `p[i]`, pointer arithmetic, `sizeof`, a pointer passed on.
- `thrust::device_reference`, which copies.
- Initialised `const` and `constexpr` variables in device memory: the host has a copy with their value (measured). Of others it has one that is 0.

Code that asks for `cudaDevAttrDirectManagedMemAccessFromHost` and branches on it is right; that the platform allows it is otherwise not known.

## Confidence
Certain if the pointer holds device memory on every path to the access, likely on some path.
The first access to an allocation is reported, the others are named beside it.
Possible if the kind is what a called function has made of it, by a mode that the function that is followed neither names nor tests, and does not hold in every mode.
Possible as well if a called function goes that way by something that its caller has not fixed, `if (tensor.device() == cpu)`: whoever has made the tensor knows.

## References
- CUDA Programming Guide, Understanding Memory.
- CUDA Runtime API, `cudaMalloc`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "host-deref-device-pointer",
    number: Number::new(1),
    category: Category::MemoryKind,
    severity: Severity::Error,
    summary: "host code reads or writes through a pointer to device memory",
    doc: DOC,
    on_by_default: true,
    witness: Witness::Fault,
    needs: None,
    check: Check::Facts(check),
};

/// How many further accesses a diagnostic names.
const NAMED: usize = 3;

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut dereferences: Vec<&Dereference> = context.facts.dereferences.iter().collect();
    // The surest first, so that what may be hidden does not stand for what is reported.
    dereferences.sort_by_key(|d| (std::cmp::Reverse(paths(d.paths)), d.site));
    // A method that is followed on its own and from its callers touches the same thing by several names.
    let mut seen = BTreeSet::new();
    dereferences.retain(|d| !d.object.may_lie_anywhere() && seen.insert((d.site, d.write)));
    let mut done: Vec<(&Object, Vec<&Dereference>)> = Vec::new();
    for dereference in dereferences {
        match done.iter_mut().find(|(object, _)| same_allocation(object, &dereference.object)) {
            Some((_, group)) => group.push(dereference),
            None => done.push((&dereference.object, vec![dereference])),
        }
    }
    diagnostics.extend(done.iter().map(|(_, group)| explain(context, group[0], &group[1..])));
}

fn same_allocation(a: &Object, b: &Object) -> bool {
    (&a.name, &a.origin, a.site) == (&b.name, &b.origin, b.site)
}

fn explain(context: &RuleContext<'_>, first: &Dereference, others: &[&Dereference]) -> Diagnostic {
    let object = words::object(&first.object);
    let (verb, direction) = if first.write { ("written", "to") } else { ("read", "from") };
    let label = match &first.via {
        Some(function) => format!("{} accesses it on the host", words::code(unqualified(function))),
        None => format!("{object} is {verb} here by the host"),
    };
    let mut related: Vec<_> = words::origin(&first.object).into_iter().collect();
    related.extend(words::also(
        others.iter().map(|d| d.site).take(NAMED),
        first.site,
        "the host accesses it here as well",
    ));
    let kind = first.object.memory.map_or("device", |memory| memory.words());
    Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: paths(first.paths),
        message: format!(
            "{object} is {kind} memory, which the host cannot {}",
            if first.write { "write" } else { "read" }
        ),
        site: first.site,
        label,
        related,
        help: format!(
            "copy {direction} it with `cudaMemcpy` and access the host's copy; synchronising does not make device \
             memory accessible"
        ),
        witness: Some(witness::of_dereference(context, first)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::MemoryKind;
    use crate::facts::{Dereference, Facts, Paths};
    use crate::program::SiteId;

    fn dereference(site: u32, name: &str, paths: Paths) -> Dereference {
        Dereference {
            site: SiteId(site),
            object: sample::object(name, MemoryKind::Device),
            write: false,
            via: None,
            paths,
        }
    }

    #[test]
    fn one_diagnostic_an_allocation_at_its_first_access() {
        let facts = Facts {
            dereferences: vec![
                dereference(30, "d", Paths::All),
                dereference(20, "d", Paths::All),
                dereference(25, "e", Paths::Some),
            ],
            ..Facts::default()
        };
        assert_eq!(
            sample::lines(&facts),
            ["20 host-deref-device-pointer error certain", "25 host-deref-device-pointer error likely"]
        );
    }

    #[test]
    fn it_says_that_synchronising_does_not_help() {
        let facts = Facts { dereferences: vec![dereference(20, "d", Paths::All)], ..Facts::default() };
        let text = sample::text(&facts);
        assert!(text.contains("`d` is device memory, which the host cannot read"), "{text}");
        assert!(text.contains("synchronising does not"), "{text}");
    }
}
