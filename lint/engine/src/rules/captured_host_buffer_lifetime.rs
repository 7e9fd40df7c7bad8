//! `captured-host-buffer-lifetime`: a graph is launched after host memory that it uses was released.

use super::{Check, Number, Rule, RuleContext, Witness, captures, words};
use crate::facts::{Fault, ReleaseKind, WorkKind};
use crate::{Category, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports launches of captured graphs that copy from or to host memory which was released after it was captured: a local variable whose scope has ended, memory that was freed, a vector that was reallocated; likewise the user data of a host function that was captured or added by hand (`cudaGraphAddHostNode`, `cudaGraphAddNode`).

## Why it is wrong
A capture notes down addresses, not contents.
Each launch of the graph reads and writes at those addresses anew, whatever is there by then.

## Example
```cpp,misuse
cudaGraphExec_t record(float *d_scale, cudaStream_t stream) {
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    float scale[4] = {1, 2, 3, 4};
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    cudaMemcpyAsync(d_scale, scale, sizeof(scale), cudaMemcpyHostToDevice, stream);
    cudaStreamEndCapture(stream, &graph);
    cudaGraphInstantiate(&exec, graph, 0);
    return exec;
}

void run(float *d_scale) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaGraphExec_t exec = record(d_scale, stream);
    cudaGraphLaunch(exec, stream); //~ captured-host-buffer-lifetime
    cudaStreamSynchronize(stream);
}
```

## Use instead
```cpp,correct
cudaGraphExec_t record(float *d_scale, const float *scale, cudaStream_t stream) {
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal);
    cudaMemcpyAsync(d_scale, scale, 4 * sizeof(float), cudaMemcpyHostToDevice, stream);
    cudaStreamEndCapture(stream, &graph);
    cudaGraphInstantiate(&exec, graph, 0);
    return exec;
}

void run(float *d_scale) {
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    float scale[4] = {1, 2, 3, 4};
    cudaGraphExec_t exec = record(d_scale, scale, stream);
    cudaGraphLaunch(exec, stream);
    cudaStreamSynchronize(stream);
}
```

## Not reported
- Arguments of kernels: they are copied when they are captured.
- Memory that outlives the launches of the graph.
- Graphs whose nodes were changed before the launch (`cudaGraphExecMemcpyNodeSetParams`, `cudaGraphExecUpdate`), and graphs that something out of sight was handed.
- A local variable of a loop that lives again when the graph is launched: most likely at the same address.
- Device memory, and memory that is only no longer page-locked.

## Confidence
Certain if the memory is gone on every path to the launch, likely if on some.

## References
- CUDA C++ Programming Guide, "CUDA Graphs", "Updating Instantiated Graphs": nodes keep their addresses.
- CUDA Runtime API, `cudaStreamBeginCapture`, `cudaGraphLaunch`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "captured-host-buffer-lifetime",
    number: Number::new(29),
    category: Category::Capture,
    severity: Severity::Error,
    summary: "a graph is launched after host memory that it uses was released",
    doc: DOC,
    on_by_default: true,
    witness: Witness::WrongValue,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for fault in captures::faults(context, |fault| matches!(fault, Fault::BufferReleased { .. })) {
        let Fault::BufferReleased { work, object, released_at, how, .. } = &fault.what else { continue };
        let name = words::object(object);
        let gone = match how {
            ReleaseKind::ScopeEnd => format!("the scope of {name} ends here"),
            ReleaseKind::Container(function) | ReleaseKind::Call(_, function) => {
                format!("{} releases {name} here", words::code(function))
            }
            ReleaseKind::Delete => format!("{name} is deleted here"),
            ReleaseKind::Unregister => format!("{name} is no longer page-locked from here on"),
        };
        let doing = match (&work.kind, work.writes) {
            (WorkKind::HostFunction, _) => "uses",
            (_, true) => "writes to",
            (_, false) => "reads from",
        };
        let mut related = vec![
            Related {
                site: work.site,
                message: format!("{} is captured with the address of {name}", words::work(work)),
            },
            Related { site: *released_at, message: gone },
        ];
        related.retain(|place| place.site != fault.site);
        diagnostics.push(Diagnostic {
            rule: RULE.name,
            severity: RULE.severity,
            confidence: captures::confidence(fault),
            message: format!("the graph {doing} {name}, which was released since it was captured"),
            site: fault.site,
            label: "each launch uses the address that was captured".into(),
            related,
            help: format!("keep {name} until after the last launch of the graph"),
            witness: captures::of_fault(context, fault),
        });
    }
}
