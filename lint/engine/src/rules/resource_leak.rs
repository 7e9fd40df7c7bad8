//! `resource-leak`: what a function makes, hands to nobody, and does not release.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::{Leak, Loss, Paths, Resource};
use crate::program::SiteId;
use crate::{Category, Confidence, Diagnostic, Related, Severity};

const DOC: &str = r#"
## What it does
Reports memory, streams, events, graphs and library handles that a function makes, keeps to itself, and does not release: on a way out of the middle of the function, because the variable is assigned something else, in each round of a loop, or at all.

## Why it is wrong
The memory of a GPU is small and shared by all programs that use it; what a function loses stays allocated until the process ends, and the function loses more of it each time it is called.
Page-locked memory is taken from the whole machine.
Streams, events and handles hold memory of the device and of the driver as well: "cublasCreate … allocates hardware resources on the host and device".

## Example
```cpp,misuse
__global__ void scale(float *data, float *scratch);

bool process(float *data, int count) {
    float *scratch;
    cudaMalloc(&scratch, count * sizeof(float));
    if (count < 32)
        return false; //~ resource-leak [likely]
    scale<<<count / 32, 32>>>(data, scratch);
    cudaDeviceSynchronize();
    cudaFree(scratch);
    return true;
}
```

## Use instead
```cpp,correct
__global__ void scale(float *data, float *scratch);

bool process(float *data, int count) {
    if (count < 32)
        return false;
    float *scratch;
    cudaMalloc(&scratch, count * sizeof(float));
    scale<<<count / 32, 32>>>(data, scratch);
    cudaDeviceSynchronize();
    cudaFree(scratch);
    return true;
}
```
An object whose destructor releases it (`std::unique_ptr` with a deleter, a container) does so on every path.


Memory of a caller that is page-locked (`cudaHostRegister`) is held as well, if the function unlocks it itself: what a way out of the middle leaves locked is reported, before the one that unlocks.

## Not reported
- What is returned, what a returned object may hold, and what is stored in a field, a variable with static storage, an array or a container, captured, copied into other memory, or handed to a function that is not seen: somebody else may release it.
- What is released in a callee, by a destructor, in another file, by `cudaDeviceReset` or with its context.
- A release under a condition: only a way out that never releases it is reported.
- What `main` leaves to the end of the process, or a function that runs once, up to `main`: an info, off by default. Likewise streams, events, graphs and handles that are made outside of loops, unless a way out leaves memory as well that others release.
- Ways out through `exit`, `abort` or an exception, as check macros take.
- Ways out after a call of CUDA's has failed: possible only. An error that `cudaGetLastError` tells does not excuse, unless it is asked for right after an allocation whose status nobody looks at: then that has failed.
- Ways out through a failed `ASSERT_` or `FAIL` of googletest, which end the test.

## Confidence
Certain if it is lost on every path that makes it, likely on some; ways out of the middle are likely.

## References
- CUDA Programming Guide, Streams: creation and destruction.
- CUDA Runtime API, `cudaMalloc`, `cudaFree`, `cudaStreamDestroy`; cuBLAS, `cublasCreate`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "resource-leak",
    number: Number::new(23),
    category: Category::Lifetime,
    severity: Severity::Warning,
    summary: "memory or a handle is not released on some path",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ProgramFails,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut groups: Vec<Vec<&Leak>> = Vec::new();
    for leak in &context.facts.leaks {
        // What one way out leaves is released by one change, and so is what one function never releases.
        let together = |group: &&mut Vec<&Leak>| {
            let first = group[0];
            let same = first.root == leak.root
                && first.loss == leak.loss
                && severity(context, first) == severity(context, leak)
                && confidence(first) == confidence(leak);
            same && matches!(leak.loss, Loss::Return { .. } | Loss::Never)
        };
        match groups.iter_mut().find(together) {
            Some(group) => group.push(leak),
            None => groups.push(vec![leak]),
        }
    }
    diagnostics.extend(groups.iter().map(|group| explain(context, group)));
}

fn severity(context: &RuleContext<'_>, leak: &Leak) -> Severity {
    let is_memory = matches!(leak.what, Resource::Memory(_) | Resource::Registration);
    match leak.loss {
        Loss::Return { with_memory: false, .. } if !is_memory => Severity::Info,
        Loss::Never if !is_memory || context.is_called_once(leak.site) => Severity::Info,
        _ => RULE.severity,
    }
}

const fn confidence(leak: &Leak) -> Confidence {
    match (leak.paths, leak.loss) {
        (Paths::AfterFailure, _) => Confidence::Possible,
        (Paths::Some, _) | (_, Loss::Return { .. }) => Confidence::Likely,
        (Paths::All, _) => Confidence::Certain,
    }
}

/// The thing by its name, or by what it is.
fn thing(leak: &Leak) -> String {
    if !leak.name.is_empty() {
        return words::code(&leak.name);
    }
    match leak.what {
        Resource::Memory(kind) => format!("{} memory", kind.words()),
        Resource::Registration => "a page lock".to_owned(),
        Resource::Stream => "a stream".to_owned(),
        Resource::Event => "an event".to_owned(),
        Resource::Graph => "a graph".to_owned(),
        Resource::Handle => "a library handle".to_owned(),
    }
}

/// What is to be done with it.
const fn release(leak: &Leak) -> &'static str {
    match leak.what {
        Resource::Memory(_) => "free",
        Resource::Registration => "unregister",
        _ => "destroy",
    }
}

const fn released(leak: &Leak) -> &'static str {
    match leak.what {
        Resource::Memory(_) => "freed",
        Resource::Registration => "unregistered",
        _ => "destroyed",
    }
}

/// Names in a sentence: "`a`", "`a` and `b`", "`a`, `b` and 3 more"; and whether there are several.
fn list(group: &[&Leak]) -> (String, bool) {
    let mut names: Vec<String> = Vec::new();
    for leak in group {
        let name = thing(leak);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let many = names.len() > 1;
    let text = match &names[..] {
        [] => String::new(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, second, third] => format!("{first}, {second} and {third}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    };
    (text, many)
}

fn made_at(leak: &Leak) -> impl Iterator<Item = Related> {
    let function = words::code(&leak.function);
    leak.made_at.map(|site| Related { site, message: format!("made here by {function}") }).into_iter()
}

fn explain(context: &RuleContext<'_>, group: &[&Leak]) -> Diagnostic {
    let leak = group[0];
    let (name, function) = (thing(leak), words::code(&leak.function));
    let (names, many) = list(group);
    let (verb, done) = (release(leak), released(leak));
    let (is, it) = if many { ("are", "them") } else { ("is", "it") };
    let other = |sites: &mut dyn Iterator<Item = SiteId>, first| words::also(sites, first, "likewise");
    let (site, message, label, mut related, help) = match leak.loss {
        Loss::Return { at: exit, .. } => {
            let mut related = Vec::new();
            for leak in group {
                let made = words::code(&leak.function);
                related.push(Related {
                    site: leak.site,
                    message: format!("{} comes from {made} here", thing(leak)),
                });
            }
            (
                exit,
                format!("the function returns here without releasing {names}, which another path does"),
                format!("{names} {is} not released on this path"),
                related,
                format!("{verb} {it} before returning, or make {it} only behind this"),
            )
        }
        Loss::Overwritten(at) => (
            leak.site,
            format!("{name} is assigned something else before what {function} has put there is {done}"),
            "what this makes is lost".to_owned(),
            vec![Related { site: at, message: format!("{name} is overwritten here") }],
            format!("{verb} {name} before it is assigned again"),
        ),
        Loss::EachRound => (
            leak.site,
            format!("each round of a loop makes {name} with {function}, and none is ever {done}"),
            format!("{name} is made again in each round"),
            Vec::new(),
            format!("{verb} {name} at the end of the round, or make it once before the loop"),
        ),
        Loss::Never => {
            let end =
                if context.is_in_main(leak.site) { "the end of `main`" } else { "the end of the function" };
            (
                leak.site,
                format!("{names} {is} not released: {end} loses {it}"),
                format!("made here by {function}, and released nowhere"),
                other(&mut group[1..].iter().map(|it| it.site), leak.site),
                format!("{verb} {it} before returning, or hand {it} to an object whose destructor does"),
            )
        }
    };
    related.extend(made_at(leak));
    Diagnostic {
        rule: RULE.name,
        severity: severity(context, leak),
        confidence: confidence(leak),
        message,
        site,
        label,
        related,
        help,
        witness: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::MemoryKind;
    use crate::facts::Facts;
    use crate::program::FunctionId;

    fn leak(site: u32, what: Resource, loss: Loss, paths: Paths) -> Leak {
        Leak {
            root: FunctionId(0),
            site: SiteId(site),
            made_at: None,
            function: "cudaMalloc".into(),
            what,
            name: format!("p{site}"),
            loss,
            paths,
        }
    }

    fn facts(leaks: Vec<Leak>) -> Facts {
        Facts { leaks, ..Facts::default() }
    }

    const MEMORY: Resource = Resource::Memory(MemoryKind::Device);

    #[test]
    fn handles_that_are_never_released_are_an_info_and_lost_ones_are_not() {
        let lines = |what, loss| sample::lines(&facts(vec![leak(10, what, loss, Paths::All)]));
        assert_eq!(lines(MEMORY, Loss::Never), ["10 resource-leak warning certain"]);
        assert_eq!(lines(Resource::Stream, Loss::Never), ["10 resource-leak info certain"]);
        assert_eq!(lines(Resource::Stream, Loss::EachRound), ["10 resource-leak warning certain"]);
        assert_eq!(
            lines(Resource::Event, Loss::Overwritten(SiteId(12))),
            ["10 resource-leak warning certain"]
        );
    }

    #[test]
    fn one_way_out_gives_one_diagnostic_at_the_way_out() {
        let way_out = |at, with_memory| Loss::Return { at: SiteId(at), with_memory };
        let out = way_out(30, true);
        let both = facts(vec![
            leak(10, MEMORY, out, Paths::Some),
            leak(11, Resource::Stream, out, Paths::Some),
            leak(10, MEMORY, way_out(40, false), Paths::AfterFailure),
        ]);
        assert_eq!(
            sample::lines(&both),
            ["30 resource-leak warning likely", "40 resource-leak warning possible"]
        );
        let one = facts(both.leaks[..2].to_vec());
        let stream = |with_memory| {
            let it = leak(11, Resource::Stream, way_out(30, with_memory), Paths::Some);
            sample::lines(&facts(vec![it]))
        };
        assert_eq!(stream(false), ["30 resource-leak info likely"]);
        assert_eq!(stream(true), ["30 resource-leak warning likely"]);
        assert!(sample::text(&one).contains("`p10` and `p11`"));
    }
}
