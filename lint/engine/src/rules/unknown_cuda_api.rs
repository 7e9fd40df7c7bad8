//! `unknown-cuda-api`: a call to a CUDA function that does not exist, or with too many or too few arguments.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::cuda;
use crate::program::InvalidCall;
use crate::suggest::edit_distance;
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports calls to names that look like functions of CUDA, HIP, NCCL or cuBLAS, that nothing declares, and that no version of CUDA from 11 to 13 has.
Functions that were removed are reported with their replacement, as a warning.
Calls of CUDA's functions with a number of arguments that no version from 11 to 13 takes are reported too.

## Why it is wrong
The program does not compile.
Such names come from other APIs, from older versions, or from somebody's imagination: there is no `cudaLaunchKernelAsync`, since every launch is asynchronous.

## Example
```cpp,misuse
void upload(float *d_data, const float *h_data, size_t n, cudaStream_t stream) {
    cudaMemcopyAsync(d_data, h_data, n * sizeof(float), cudaMemcpyHostToDevice, stream); //~ unknown-cuda-api
    cudaStreamSynchronize(stream);
}
```

## Use instead
```cpp,correct
void upload(float *d_data, const float *h_data, size_t n, cudaStream_t stream) {
    cudaMemcpyAsync(d_data, h_data, n * sizeof(float), cudaMemcpyHostToDevice, stream);
    cudaStreamSynchronize(stream);
}
```

## Not reported
- Names that the file or a project header declares.
- A number of arguments that one version of CUDA takes and another does not, unless the version is named (`--cuda`, `[platform]`): `cudaMemPrefetchAsync` takes 4 in CUDA 12 and 5 in CUDA 13.
- A number of arguments of another version, where the call stands between `#if` and `#endif`: a test of `CUDART_VERSION` may have chosen it.
- Functions that the project overloads.
- Names that a file declares for another build, between `#if` and `#endif`.
- Names with an underscore, as projects give to their wrappers (`cuInit_f`), unless it is all that is wrong with them.
- Where an `#include` could not be resolved: names that are not close to one of CUDA, and names of check helpers (`cudaCheck…`), which such a header may declare.
- Names of cuBLAS, NCCL and HIP that are not close to a known one: a later release may have them, and HIP has some of its own. Of HIP, only misspellings of functions that CUDA has as well are close.

## Confidence
Certain if all includes were resolved, likely otherwise, possible for names of check helpers.
The first call of a name is reported, the others are named beside it.

## References
- The headers of CUDA 11 to 13.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "unknown-cuda-api",
    number: Number::new(31),
    category: Category::ApiUsage,
    severity: Severity::Error,
    summary: "a call to a CUDA function that does not exist, or that takes other arguments",
    doc: DOC,
    on_by_default: true,
    witness: Witness::CompileError,
    needs: None,
    check: Check::Facts(check),
};

/// Words that tell a project's own checking helpers.
const CHECK_WORDS: [&str; 8] = ["check", "checked", "safe", "assert", "throw", "ensure", "verify", "try"];

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut calls: Vec<&InvalidCall> =
        context.facts.invalid_calls.iter().filter(|call| is_api_name(&call.name)).collect();
    calls.sort_by(|a, b| (&a.name, a.declared, a.site).cmp(&(&b.name, b.declared, b.site)));
    // Of a function that is gone, the arguments are no matter.
    let is_misfit = |call: &&InvalidCall| call.declared && cuda::removed(&call.name).is_none();
    let (misfits, unknown): (Vec<_>, Vec<_>) = calls.into_iter().partition(is_misfit);
    let version = context.options.platform.cuda.map(|version| version.major);
    diagnostics.extend(misfits.into_iter().filter_map(|call| misfit(version, call)));
    for group in unknown.chunk_by(|a, b| a.name == b.name) {
        diagnostics.extend(explain(context, group[0], &group[1..]));
    }
}

/// A call with a number of arguments that the function takes in no version.
fn misfit(version: Option<u16>, call: &InvalidCall) -> Option<Diagnostic> {
    if let Some(found) = version.and_then(|version| of_another_version(version, call)) {
        return Some(found);
    }
    let arities = cuda::Model::builtin().arities(&call.name);
    if arities.is_empty() || arities.contains(&call.args) {
        return None;
    }
    let name = words::code(&call.name);
    let noun = |count: usize| if count == 1 { "argument" } else { "arguments" };
    let takes = match arities.as_slice() {
        [first, .., last] if last - first + 1 == arities.len() => format!("{first} to {last} arguments"),
        [one] => format!("{one} {}", noun(*one)),
        many => {
            let many: Vec<_> = many.iter().map(ToString::to_string).collect();
            format!("{} arguments", many.join(" or "))
        }
    };
    Some(Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message: format!("{name} takes {takes}, and the call has {}", call.args),
        site: call.site,
        label: format!("{} {} here", call.args, noun(call.args)),
        related: Vec::new(),
        help: format!("look up the parameters of {name} in the documentation of the CUDA version in use"),
        witness: None,
    })
}

/// A call with a number of arguments that the function does not take in the version that the user has named.
fn of_another_version(version: u16, call: &InvalidCall) -> Option<Diagnostic> {
    let forms = cuda::versioned(&call.name);
    // Arguments that are left out have defaults.
    let called = forms.iter().find(|form| call.args <= form.parameters)?;
    let right = forms.iter().find(|form| form.versions.contains(&version))?;
    if called.versions.contains(&version) {
        return None;
    }
    let name = words::code(&call.name);
    let others = if version < *called.versions.start() {
        format!("CUDA {} and later", called.versions.start())
    } else {
        format!("CUDA {} and earlier", called.versions.end())
    };
    Some(Diagnostic {
        rule: RULE.name,
        severity: RULE.severity,
        confidence: Confidence::Certain,
        message: format!(
            "{name} takes {} arguments in CUDA {version}, and this is a call for {others}",
            right.parameters
        ),
        site: call.site,
        label: format!("the arguments are those of {others}"),
        related: Vec::new(),
        help: format!("look up the parameters of {name} in the documentation of CUDA {version}"),
        witness: None,
    })
}

fn explain(context: &RuleContext<'_>, call: &InvalidCall, others: &[&InvalidCall]) -> Option<Diagnostic> {
    // A project that has a row for a function knows it.
    if context.options.model.as_ref().is_some_and(|model| model.knows_itself(&call.name)) {
        return None;
    }
    let unresolved = context.facts.unresolved_includes;
    let name = words::code(&call.name);
    let confidence = if is_check(&call.name) {
        // A project's own helper, in a header that was taken for another of the same name.
        Confidence::Possible
    } else if unresolved {
        Confidence::Likely
    } else {
        Confidence::Certain
    };
    let (severity, message, help) = if let Some(removed) = cuda::removed(&call.name) {
        // The version that the program is meant for still has it.
        let gone = removed.in_version.parse::<u16>();
        if let (Some(version), Ok(gone)) = (context.options.platform.cuda, gone)
            && version.major < gone
        {
            return None;
        }
        (
            Severity::Warning,
            format!("{name} was removed in CUDA {}", removed.in_version),
            match removed.replacement {
                Some(function) => format!("use {} instead", words::code(function)),
                None => "nothing replaces it: see the release notes of that version".into(),
            },
        )
    } else if cuda::is_known_api_name(&call.name) {
        return None;
    } else {
        let mut suggestions: Vec<String> = cuda::suggest(&call.name).into_iter().map(str::to_owned).collect();
        suggestions.extend(cuda::suggest_for_hip(&call.name));
        let is_near = suggestions.iter().any(|known| is_close(&call.name, known));
        if (unresolved && (is_check(&call.name) || !is_near))
            || (is_of_library(&call.name) && !is_near)
            || is_wrapper(&call.name)
        {
            return None;
        }
        let help = match suggestions.as_slice() {
            [] => "look the function up in the CUDA documentation".into(),
            [one] => format!("did you mean {}?", words::code(one)),
            [first @ .., last] => {
                let first: Vec<_> = first.iter().map(|name| words::code(name)).collect();
                format!("did you mean {} or {}?", first.join(", "), words::code(last))
            }
        };
        let api = if call.name.starts_with("hip") { "HIP" } else { "CUDA 11 to 13" };
        (RULE.severity, format!("{name} is no function of {api}, and nothing declares it"), help)
    };
    Some(Diagnostic {
        rule: RULE.name,
        severity,
        confidence,
        message,
        site: call.site,
        label: "there is no such function".into(),
        related: words::also(others.iter().map(|call| call.site), call.site, "it is called here as well"),
        help,
        witness: None,
    })
}

/// True for plain identifiers that look like functions of the APIs (`cudaStreamAttrID::operator=` is none).
fn is_api_name(name: &str) -> bool {
    cuda::looks_like_api(name) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// True for names of cuBLAS and NCCL, which get new functions with each of their releases, and of HIP, which has some
/// of its own (`hipExtMallocWithFlags`).
fn is_of_library(name: &str) -> bool {
    ["cublas", "nccl", "hip"].iter().any(|prefix| name.starts_with(prefix))
}

/// True for names with an underscore that is not merely put into a name of CUDA's (`cudaMemcpy_Async`): those of CUDA
/// have none but in a version (`_v2`), and a project marks its wrappers so (`cuInit_f`, `cudaMalloc_impl`).
fn is_wrapper(name: &str) -> bool {
    name.contains('_') && !cuda::is_known_api_name(&name.replace('_', ""))
}

/// True for the names of checking helpers: `cudaCheckError`, `cudaSafeCall`.
fn is_check(name: &str) -> bool {
    words::split(name).iter().any(|word| CHECK_WORDS.contains(&word.as_str()))
}

/// True if an unknown name is a known one with a few letters changed, or with one word more at the end. A word more
/// within (`cublasXtCreate`) is the mark of another family.
fn is_close(name: &str, known: &str) -> bool {
    let (a, b) = (words::split(name), words::split(known));
    let (short, long) = if a.len() < b.len() { (&a, &b) } else { (&b, &a) };
    // The mere noun of a family (`cudaStream`, `cudaDevice`) is what a project calls its own getter.
    let is_noun = a.len() <= 2 && a.len() < b.len();
    let one_word_more = !is_noun && long.len() == short.len() + 1 && long.starts_with(short);
    // A short word is a family's mark or a direction (`Xt`, `Lt`, `To`), not a slip of the keyboard.
    let slips = a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| x == y || x.len().min(y.len()) > 3);
    one_word_more || (slips && edit_distance(name, known) <= 2)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Facts;
    use crate::program::SiteId;

    fn facts(names: &[&str], unresolved_includes: bool) -> Facts {
        let invalid_calls = names
            .iter()
            .zip(20..)
            .map(|(name, site)| InvalidCall {
                name: (*name).into(),
                args: 0,
                site: SiteId(site),
                declared: false,
            })
            .collect();
        Facts { invalid_calls, unresolved_includes, ..Facts::default() }
    }

    #[test]
    fn a_name_that_does_not_exist_is_an_error_with_suggestions() {
        let facts = facts(&["cudaLaunchKernelAsync", "cudaLaunchKernelAsync"], false);
        assert_eq!(sample::lines(&facts), ["20 unknown-cuda-api error certain"]);
        let text = sample::text(&facts);
        assert!(text.contains("`cudaLaunchHostFunc`"), "{text}");
    }

    #[test]
    fn nouns_are_getters_of_headers_that_are_missing() {
        assert!(sample::lines(&facts(&["cudaStream"], true)).is_empty());
        assert_eq!(sample::lines(&facts(&["cudaStream"], false)), ["20 unknown-cuda-api error certain"]);
        assert_eq!(sample::lines(&facts(&["cudaStreamWait"], true)), ["20 unknown-cuda-api error likely"]);
    }

    #[test]
    fn wrappers_have_underscores() {
        for unresolved in [true, false] {
            assert!(sample::lines(&facts(&["cuDeviceGet_f", "cudaMalloc_checked"], unresolved)).is_empty());
            assert_eq!(sample::lines(&facts(&["cudaMemcpy_Async"], unresolved)).len(), 1);
        }
    }

    #[test]
    fn later_releases_of_libraries_have_more_functions() {
        let later = [
            "cublasSetFixedPointEmulationMantissaControl",
            "cublasHgemm",
            "ncclWindowOfTheFuture",
            "hipExtMallocWithFlags",
        ];
        assert!(sample::lines(&facts(&later, false)).is_empty());
        assert_eq!(sample::lines(&facts(&["cublasSgem"], false)), ["20 unknown-cuda-api error certain"]);
    }

    #[test]
    fn removed_functions_are_a_warning_with_their_replacement() {
        let facts = facts(&["cudaThreadSynchronize"], false);
        assert_eq!(sample::lines(&facts), ["20 unknown-cuda-api warning certain"]);
        assert!(sample::text(&facts).contains("use `cudaDeviceSynchronize` instead"));
    }

    #[test]
    fn names_of_other_families_and_real_names_are_silent() {
        assert!(
            sample::lines(&facts(
                &["cudaMemcpyAsync", "customCall", "hiphop", "cudaGraph::operator="],
                false
            ))
            .is_empty()
        );
    }

    #[test]
    fn a_missing_header_may_declare_helpers() {
        assert!(
            sample::lines(&facts(&["cudaCheckError", "cudaUploadScene", "cublasZtCreate"], true)).is_empty()
        );
        assert_eq!(
            sample::lines(&facts(&["cudaMemcopyAsync", "cudaLaunchKernelAsync"], true)),
            ["20 unknown-cuda-api error likely", "21 unknown-cuda-api error likely"]
        );
    }

    #[test]
    fn a_number_of_arguments_that_no_version_takes() {
        let call =
            |name: &str, args| InvalidCall { name: name.into(), args, site: SiteId(20), declared: true };
        let message = |name, args| misfit(None, &call(name, args)).map(|diagnostic| diagnostic.message);
        let prefetch = message("cudaMemPrefetchAsync", 2);
        assert_eq!(
            prefetch.as_deref(),
            Some("`cudaMemPrefetchAsync` takes 3 to 5 arguments, and the call has 2")
        );
        assert_eq!(message("cudaMemPrefetchAsync", 4), None);
        assert_eq!(message("cudaMemPrefetchAsync", 5), None);
        let wait = message("cudaStreamSynchronize", 0);
        assert_eq!(wait.as_deref(), Some("`cudaStreamSynchronize` takes 1 argument, and the call has 0"));
        assert_eq!(message("cudaThatNobodyKnows", 1), None);
        assert_eq!(message("cublasDtrsm", 11), None, "cuBLAS without a handle");
    }

    #[test]
    fn a_number_of_arguments_of_another_version() {
        let message = |version, args| {
            let name = "cudaMemPrefetchAsync".to_owned();
            let call = InvalidCall { name, args, site: SiteId(20), declared: true };
            misfit(Some(version), &call).map(|diagnostic| diagnostic.message)
        };
        let wrong =
            "`cudaMemPrefetchAsync` takes 5 arguments in CUDA 13, and this is a call for CUDA 12 and earlier";
        assert_eq!(message(13, 3).as_deref(), Some(wrong));
        assert_eq!(message(13, 4).as_deref(), Some(wrong));
        assert_eq!(message(13, 5), None);
        let wrong =
            "`cudaMemPrefetchAsync` takes 4 arguments in CUDA 12, and this is a call for CUDA 13 and later";
        assert_eq!(message(12, 5).as_deref(), Some(wrong));
        assert_eq!(message(12, 4), None);
    }

    #[test]
    fn hip_has_functions_of_its_own_but_not_of_that_spelling() {
        let reported = ["20 unknown-cuda-api error certain"];
        assert_eq!(sample::lines(&facts(&["hipDeviceSynchronise"], false)), reported);
        assert_eq!(sample::lines(&facts(&["hipMemcopyAsync"], false)), reported);
        // Two letters that have changed places are one slip, to what looks for names and to what judges them.
        assert_eq!(sample::lines(&facts(&["hipDeviceSynchornise"], false)), reported);
        for own in ["hipExtMallocWithFlags", "hipMemcpyWithStream", "hipStreamGetDevice", "hipSomethingElse"]
        {
            assert!(sample::lines(&facts(&[own], false)).is_empty(), "{own}");
        }
    }

    #[test]
    fn check_helpers_are_possible_at_most() {
        assert_eq!(sample::lines(&facts(&["cudaCheck"], false)), ["20 unknown-cuda-api error possible"]);
    }
}
