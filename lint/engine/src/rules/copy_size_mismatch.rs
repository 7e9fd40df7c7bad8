//! `copy-size-mismatch`: a copy or fill whose size, width or value cannot be meant.

use super::{Check, Number, Rule, RuleContext, Witness, words};
use crate::facts::{Misfit, MisfitKind, Object, Paths};
use crate::{Category, Confidence, Diagnostic, Severity};

const DOC: &str = r#"
## What it does
Reports copies and fills whose arguments contradict each other or the memory they name:
more bytes than the memory has; the `sizeof` of a pointer for the size of what it points to; a number of elements for a number of bytes, `v.size()` of the vector that is copied among them; rows that are wider than the pitch; a value for cudaMemset that is no byte.

## Why it is wrong
A copy that ends behind its memory fails with `cudaErrorInvalidValue`, or overwrites what lies there, if that is host memory.
`sizeof p` of a pointer is 8 whatever it points to, and a count of elements is a part of the bytes: the rest of the memory keeps what it held before.
cudaMemset "fills the first count bytes of the memory area pointed to by devPtr with the constant byte value value": of 1000, only the lowest byte counts, and it is set four times in each `int`.
"width must not exceed either dpitch or spitch."

## Example
```cpp,misuse
void upload(const float *h_data) {
    float *d_data;
    cudaMalloc(&d_data, 1000);
    cudaMemcpy(d_data, h_data, 1000 * sizeof(float), cudaMemcpyHostToDevice); //~ copy-size-mismatch
    cudaFree(d_data);
}
```

## Use instead
```cpp,correct
void upload(const float *h_data) {
    float *d_data;
    cudaMalloc(&d_data, 1000 * sizeof(float));
    cudaMemcpy(d_data, h_data, 1000 * sizeof(float), cudaMemcpyHostToDevice);
    cudaFree(d_data);
}
```

## Not reported
- Sizes that are not proven to be larger: symbols that nothing relates.
- Copies and fills of a part of the memory, whose size is not just the number of its elements.
- `sizeof` of an array, and of a pointer whose own value is copied (`cudaMemcpy(d_next, &d_node, sizeof d_node, …)`).
- Sizes in instances of templates, where branches may depend on types.
- Pitched memory (cudaMallocPitch, cudaMalloc3D), whose size CUDA chooses, and arrays.
- Fields of a structure: code may mean those behind them too.
- What lies behind the end only in a later round of a loop of which nobody knows how many rounds it has: its condition may be what keeps the copies inside.
- cudaMemset with -1, which sets all bits, with numbers that consist of equal bytes (`0x3f3f3f3f`), and with negative numbers below -16, which are chosen for the byte that they are (`-0x3f`). From -2 to -16, it is reported where the elements are larger than a byte: of -2, an `int` gets -16843010.

## Confidence
An error if both sizes are constants; a warning if one is larger for every value of the symbols in both.
Certain if so on every path; on some path only possible for sizes, since the type of the elements may hang on branches that nothing relates, likely for widths and values.
What rests on how the arguments are written (`sizeof` of a pointer, a number of elements, a negative value) is a warning, likely.

## References
- CUDA Runtime API, `cudaMemcpy`, `cudaMemcpy2D`, `cudaMemset`.
"#;

/// See [`DOC`].
pub static RULE: Rule = Rule {
    name: "copy-size-mismatch",
    number: Number::new(4),
    category: Category::ApiUsage,
    severity: Severity::Error,
    summary: "the size or value of a copy or fill contradicts its memory",
    doc: DOC,
    on_by_default: true,
    witness: Witness::ProgramFails,
    needs: None,
    check: Check::Facts(check),
};

fn check(context: &RuleContext<'_>, diagnostics: &mut Vec<Diagnostic>) {
    // Different memory on different paths makes different misfits of one call: the surest counts.
    let mut last: Option<&Misfit> = None;
    for misfit in &context.facts.misfits {
        match last {
            Some(known) if known.site == misfit.site => {
                if rank(misfit) > rank(known) {
                    last = Some(misfit);
                }
            }
            _ => {
                diagnostics.extend(last.map(explain));
                last = Some(misfit);
            }
        }
    }
    diagnostics.extend(last.map(explain));
}

fn rank(misfit: &Misfit) -> (Paths, Severity) {
    (misfit.paths, severity(&misfit.what))
}

const fn severity(what: &MisfitKind) -> Severity {
    match what {
        MisfitKind::Beyond { bytes: Some(_), .. } | MisfitKind::WiderThanPitch { bytes: Some(_) } => {
            Severity::Error
        }
        _ => Severity::Warning,
    }
}

fn explain(misfit: &Misfit) -> Diagnostic {
    let Misfit { site, function, what, paths } = misfit;
    let by_path = match paths {
        Paths::AfterFailure => Confidence::Possible,
        Paths::Some => Confidence::Likely,
        Paths::All => Confidence::Certain,
    };
    // What holds on some paths only may rest on branches that nothing relates: the type of the elements, above all.
    let by_path = match what {
        MisfitKind::Beyond { .. } if *paths == Paths::Some => Confidence::Possible,
        _ => by_path,
    };
    let presumes = match what {
        MisfitKind::ElementCount { .. } | MisfitKind::SizeOfPointer { .. } => true,
        // One byte, as a signed number.
        MisfitKind::ValueIsNoByte { value } => (-128..0).contains(value),
        _ => false,
    };
    let confidence = if presumes { by_path.min(Confidence::Likely) } else { by_path };
    let function = words::code(function);
    let (message, label, help, object) = match what {
        MisfitKind::Beyond { object, writes, bytes } => beyond(&function, object, *writes, *bytes),
        MisfitKind::WiderThanPitch { bytes } => (
            match bytes {
                Some((width, pitch)) => {
                    format!("the rows of {function} are {width} bytes wide, but only {pitch} bytes apart")
                }
                None => format!("the rows of {function} are wider than they are apart"),
            },
            "the width is larger than the pitch",
            "the width of a row is given in bytes and must not exceed the pitch; check the order of the arguments"
                .to_owned(),
            None,
        ),
        MisfitKind::ElementCount { object, element } => (
            format!(
                "the size of {function} is the number of elements in {}, not their bytes",
                words::object(object)
            ),
            "this is a number of bytes",
            format!("multiply it by the size of an element, {element} bytes"),
            Some(object),
        ),
        MisfitKind::SizeOfPointer { object } => (
            format!("the size of {function} is that of the pointer {}: 8 bytes", words::object(object)),
            "`sizeof` of a pointer, not of what it points to",
            "give the number of elements times the size of one".to_owned(),
            Some(object),
        ),
        MisfitKind::ValueIsNoByte { value } => (
            format!("{function} sets bytes, and {value} is none: {} is written", value & 0xff),
            "only the lowest byte of the value counts",
            "fill larger elements with a kernel, or with `cuMemsetD32` where they have 4 bytes".to_owned(),
            None,
        ),
    };
    Diagnostic {
        rule: RULE.name,
        severity: severity(what),
        confidence,
        message,
        site: *site,
        label: label.to_owned(),
        related: object.and_then(words::origin).into_iter().collect(),
        help,
        witness: None,
    }
}

fn beyond<'o>(
    function: &str,
    object: &'o Object,
    writes: bool,
    bytes: Option<(u64, u64)>,
) -> (String, &'static str, String, Option<&'o Object>) {
    let does = if writes { "writes" } else { "reads" };
    let name = words::object(object);
    let message = match bytes {
        Some((end, size)) => {
            format!("{function} {does} up to byte {end} of {name}, which has {size} bytes")
        }
        None => format!("{function} {does} more bytes of {name} than it has"),
    };
    let label = if writes { "writes behind the end" } else { "reads behind the end" };
    let help = format!("copy no more than {name} holds, or allocate it as large as what is copied");
    (message, label, help, Some(object))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::cuda::row::MemoryKind;
    use crate::facts::Facts;
    use crate::program::SiteId;

    fn lines(misfits: &[(MisfitKind, Paths)]) -> Vec<String> {
        let one = |(what, paths): &(MisfitKind, Paths)| Misfit {
            site: SiteId(20),
            function: "cudaMemcpy".into(),
            what: what.clone(),
            paths: *paths,
        };
        sample::lines(&Facts { misfits: misfits.iter().map(one).collect(), ..Facts::default() })
    }

    fn beyond(bytes: Option<(u64, u64)>) -> MisfitKind {
        MisfitKind::Beyond { object: sample::object("d", MemoryKind::Device), writes: true, bytes }
    }

    #[test]
    fn constants_are_an_error_and_symbols_a_warning() {
        let all = |what| lines(&[(what, Paths::All)]);
        assert_eq!(all(beyond(Some((400, 100)))), ["20 copy-size-mismatch error certain"]);
        assert_eq!(all(beyond(None)), ["20 copy-size-mismatch warning certain"]);
        assert_eq!(all(MisfitKind::ValueIsNoByte { value: 1000 }), ["20 copy-size-mismatch warning certain"]);
        let object = sample::object("d", MemoryKind::Device);
        assert_eq!(all(MisfitKind::SizeOfPointer { object }), ["20 copy-size-mismatch warning likely"]);
    }

    #[test]
    fn a_size_that_is_too_large_on_some_path_only_is_possible() {
        let lines = |what| lines(&[(what, Paths::Some)]);
        assert_eq!(lines(beyond(Some((400, 100)))), ["20 copy-size-mismatch error possible"]);
        let wide = MisfitKind::WiderThanPitch { bytes: None };
        assert_eq!(lines(wide), ["20 copy-size-mismatch warning likely"]);
    }

    #[test]
    fn one_call_is_reported_once_and_as_the_surest_path_has_it() {
        let misfits = [(beyond(Some((400, 100))), Paths::Some), (beyond(None), Paths::All)];
        assert_eq!(lines(&misfits), ["20 copy-size-mismatch warning certain"]);
    }

    #[test]
    fn the_message_names_both_sizes() {
        let misfit = Misfit {
            site: SiteId(20),
            function: "cudaMemcpy".into(),
            what: beyond(Some((400, 100))),
            paths: Paths::All,
        };
        let text = sample::text(&Facts { misfits: vec![misfit], ..Facts::default() });
        assert!(text.contains("writes up to byte 400 of `d`, which has 100 bytes"), "{text}");
    }
}
