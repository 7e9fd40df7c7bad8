//! `temporary-source`: a copy or kernel uses memory of a temporary or of a parameter by value, which ends too soon.

use super::{
    Case, Check, Claim, Number, Rule, RuleContext, Witness, free_while_in_flight,
    host_buffer_released_in_flight, words,
};
use crate::facts::{Access, Conflict, Variable};
use crate::{Category, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports an asynchronous copy or a kernel that is handed the memory of a temporary or of a parameter that is passed by value, and may still be using it when that ends: at the end of the statement, or of the call.

## Why it is wrong
A temporary ends with the statement that makes it, and what it owns with it: the elements of a vector that a function returns, the device buffer of an object that a function returns.
A parameter by value ends with the call, whatever the caller goes on to keep.
Neither end waits for the device, so the copy goes on with memory that belongs to someone else by then.

## Example
```cpp,misuse
#include <vector>

const size_t n = 1 << 20;

std::vector<float> make_table() { return std::vector<float>(n, 1.0f); }

void upload(float *d_table, cudaStream_t stream) {
    cudaMemcpyAsync(d_table, make_table().data(), n * sizeof(float), cudaMemcpyHostToDevice, stream); //~ temporary-source
    cudaStreamSynchronize(stream);
}
```

## Use instead
```cpp,correct
#include <vector>

const size_t n = 1 << 20;

std::vector<float> make_table() { return std::vector<float>(n, 1.0f); }

void upload(float *d_table, cudaStream_t stream) {
    std::vector<float> table = make_table();
    cudaHostRegister(table.data(), n * sizeof(float), cudaHostRegisterDefault);
    cudaMemcpyAsync(d_table, table.data(), n * sizeof(float), cudaMemcpyHostToDevice, stream);
    cudaStreamSynchronize(stream);
    cudaHostUnregister(table.data());
}
```

## Not reported
- Temporaries that a reference keeps alive, and elided ones: they are variables.
- Objects whose destructor waits, or gives device memory back in the order of the stream that uses it.
- Pageable sources of at most 64 KiB, which are documented to be staged before the call returns, and those of unknown size: an info, off by default.
- Kernel arguments by value, which are read when the kernel is launched.
- Variables with a name whose scope ends: that is `host-buffer-released-in-flight`.
- Lists in braces (`std::initializer_list`): they are small, so that they are staged.

## Confidence
Certain if nothing waits on any path, likely on some path.
Page-locked memory that ends with no call that waits (registered memory whose scope ends): an error.
A warning: pageable memory, for which the copy "might be synchronous"; page-locked memory that a destructor gives back by `cudaFreeHost` or `cudaHostUnregister`, and device memory that it gives back by `cudaFree`, which were measured to wait (NVIDIA H200), though nothing documents it.
Memory in stream order that is freed on another stream is `async-alloc-misuse`, an error.

## References
- CUDA Runtime API, API synchronization behavior.
- C++ standard, [class.temporary] and [expr.call].
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "temporary-source",
    number: Number::new(43),
    category: Category::Lifetime,
    severity: Severity::Error,
    summary: "a temporary or a parameter by value ends while device work may still be using its memory",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Conflicts { claim, explain },
};

/// True if memory goes with a temporary or a parameter by value: such conflicts belong here.
pub(super) fn is_short(conflict: &Conflict) -> bool {
    matches!(conflict.ends, Some(Variable::Temporary | Variable::Parameter))
}

fn claim(context: &RuleContext<'_>, conflict: &Conflict) -> Option<Claim> {
    if !is_short(conflict) {
        return None;
    }
    host_buffer_released_in_flight::released(context, conflict)
        .or_else(|| free_while_in_flight::freed(conflict))
}

fn explain(case: &Case<'_>) -> Diagnostic {
    let conflict = case.conflict;
    let pending = &conflict.pending;
    let device = conflict.object.memory.is_some_and(|memory| memory.is_device());
    let (whose, end, keep) = match conflict.ends {
        Some(Variable::Parameter) => (
            format!("{}, a parameter by value,", words::object(&conflict.object)),
            "the parameter ends here, with the call",
            "take the parameter by reference and let the caller keep it alive until then",
        ),
        _ => (
            "a temporary".to_owned(),
            "the temporary ends here",
            "keep the object in a variable that lives until then",
        ),
    };
    let may_wait = match &conflict.access {
        Access::Release(_) if device => ": to free it may wait, but is not documented to",
        _ => "",
    };
    Diagnostic {
        rule: RULE.name,
        severity: case.claim.severity,
        confidence: case.claim.confidence,
        message: format!(
            "the memory of {whose} ends while {} may still be {} it{may_wait}{}",
            words::work(pending),
            words::doing(pending),
            words::hidden(conflict)
        ),
        site: conflict.site,
        label: end.into(),
        related: words::story(case),
        help: format!("call {} before it ends, or {keep}", words::wait_call(pending)),
        witness: conflict.witness.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use crate::cuda::row::{Direction, FreeWith, MemoryKind};
    use crate::facts::{Access, Conflict, ReleaseKind, Variable};

    fn ended(memory: MemoryKind, access: Access, ends: Variable) -> Vec<String> {
        let object = sample::object("table", memory);
        let copy = sample::copy(10, Some(Direction::HostToDevice), memory == MemoryKind::Pageable);
        let conflict = sample::conflict(&copy, &object, 20, access);
        sample::lines(&sample::conflicts(vec![Conflict { ends: Some(ends), ..conflict }]))
    }

    #[test]
    fn the_end_of_a_temporary_or_parameter_is_this_rules() {
        let vector = || Access::Release(ReleaseKind::Container("std::vector::~vector".into()));
        for variable in [Variable::Temporary, Variable::Parameter] {
            assert_eq!(
                ended(MemoryKind::Pageable, vector(), variable),
                ["20 temporary-source warning certain"]
            );
            assert_eq!(
                ended(MemoryKind::Pinned, Access::Release(ReleaseKind::ScopeEnd), variable),
                ["20 temporary-source error certain"]
            );
        }
        let local = ended(MemoryKind::Pageable, vector(), Variable::Local);
        assert_eq!(local, ["20 host-buffer-released-in-flight warning certain"]);
    }

    #[test]
    fn device_memory_of_a_temporary_is_freed_with_it() {
        let free = || sample::release_call(FreeWith::CudaFree, "cudaFree");
        let temporary = ended(MemoryKind::Device, free(), Variable::Temporary);
        assert_eq!(temporary, ["20 temporary-source warning certain"]);
        let local = ended(MemoryKind::Device, free(), Variable::Local);
        assert_eq!(local, ["20 free-while-in-flight warning certain"]);
    }
}
