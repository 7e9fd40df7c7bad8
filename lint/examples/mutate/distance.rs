//! Moves one side of a hazard out of the function: into a helper of the same file, or of another one.
//!
//! The transformed code means what the original means. A call of the API becomes a call of a helper with
//! the same arguments (`cudaFree(p)` becomes `cudaFree_recall(p)`), so that the scan of the text finds the
//! same mutants in it. No line moves.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::mutants::{Class, FREES, Mutant, PINS, SHAPES, WAITS, address_of};
use crate::text::{ALIAS, Call, Function, Source, VALUE};

/// How far one side of a hazard is from the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Distance {
    /// As the code is.
    None,
    /// In a helper function of the same file.
    Function,
    /// In a helper function of a second file.
    File,
    /// In a helper function of a second file, which one of the same file calls.
    Chain,
}

impl Distance {
    /// As it is written in the list of verdicts, behind the class.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Function => "function",
            Self::File => "file",
            Self::Chain => "chain",
        }
    }
}

/// What is moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The asynchronous copies and fills.
    Enqueue,
    /// The waits, but for the one that is deleted.
    Wait,
    /// The releases of memory.
    Release,
    /// What the host does with the buffer.
    Access,
    /// The allocations, through an out-parameter.
    Allocation,
    /// The allocations, through a value that is returned.
    ReturnedAllocation,
    /// The stream becomes a member of a structure that owns it.
    Owner,
}

impl Side {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enqueue => "the enqueue",
            Self::Wait => "the wait that stays",
            Self::Release => "the release",
            Self::Access => "the host's access",
            Self::Allocation => "the allocation, by an out-parameter",
            Self::ReturnedAllocation => "the allocation, by a returned value",
            Self::Owner => "the stream, in a member of its owner",
        }
    }

    /// What can be the other side of a mutant.
    fn of(class: Class) -> &'static [Self] {
        use Side::{Access, Allocation, Enqueue, Owner, Release, ReturnedAllocation, Wait};
        match class {
            Class::DeleteWait => &[Enqueue, Wait, Allocation, Owner, ReturnedAllocation],
            Class::DropStream | Class::MoveCopy => &[Enqueue, Wait, Owner, Allocation, ReturnedAllocation],
            Class::FreeEarly => &[Release, Enqueue, Wait, Allocation, ReturnedAllocation],
            Class::ReuseEarly => &[Access, Enqueue, Allocation, Owner, ReturnedAllocation],
            Class::PinnedToPageable => &[Allocation, ReturnedAllocation, Enqueue],
        }
    }
}

/// Code of the same meaning, with one side out of sight.
pub struct Moved {
    /// What was moved.
    pub side: Side,
    /// The file.
    pub text: String,
    /// The second file, if the helpers are in one.
    pub far: Option<String>,
}

/// Parameters of a helper, apart from what is computed.
const SIGNATURES: [(&str, &str); 28] = [
    ("cudaMemcpyAsync", "void *, const void *, size_t, enum cudaMemcpyKind, cudaStream_t"),
    (
        "cudaMemcpy2DAsync",
        "void *, size_t, const void *, size_t, size_t, size_t, enum cudaMemcpyKind, cudaStream_t",
    ),
    ("cudaMemsetAsync", "void *, int, size_t, cudaStream_t"),
    ("cuMemcpyHtoDAsync", "CUdeviceptr, const void *, size_t, CUstream"),
    ("cuMemcpyDtoHAsync", "void *, CUdeviceptr, size_t, CUstream"),
    ("cuMemcpyDtoDAsync", "CUdeviceptr, CUdeviceptr, size_t, CUstream"),
    ("cuMemsetD8Async", "CUdeviceptr, unsigned char, size_t, CUstream"),
    ("cuMemsetD32Async", "CUdeviceptr, unsigned int, size_t, CUstream"),
    ("cudaDeviceSynchronize", ""),
    ("cudaThreadSynchronize", ""),
    ("cudaStreamSynchronize", "cudaStream_t"),
    ("cudaEventSynchronize", "cudaEvent_t"),
    ("cudaStreamWaitEvent", "cudaStream_t, cudaEvent_t, unsigned int"),
    ("cuStreamSynchronize", "CUstream"),
    ("cuCtxSynchronize", ""),
    ("cuEventSynchronize", "CUevent"),
    ("cudaFree", "void *"),
    ("cudaFreeHost", "void *"),
    ("cuMemFree", "CUdeviceptr"),
    ("cuMemFreeHost", "void *"),
    ("cudaHostUnregister", "void *"),
    ("free", "void *"),
    ("cudaMalloc", "void **, size_t"),
    ("cudaMallocHost", "void **, size_t"),
    ("cudaHostAlloc", "void **, size_t, unsigned int"),
    ("cuMemAllocHost", "void **, size_t"),
    ("cuMemHostAlloc", "void **, size_t, unsigned int"),
    ("cuMemAlloc", "CUdeviceptr *, size_t"),
];

/// The helpers of a mutant that has the host touch a buffer.
pub const TOUCHES: [(&str, &str); 2] = [
    ("host_write_recall", "(void *a) { ((char *)a)[0] = 1; }"),
    ("host_read_recall", "(const void *a) { if (((const char *)a)[0] == 1) __builtin_trap(); }"),
];

/// Moves one side of a mutant of the source. `None` if there is none that can be moved by the text alone.
/// `turn` chooses among the sides that can be.
pub fn moved(source: &Source, mutant: &Mutant, distance: Distance, turn: usize) -> Option<Moved> {
    let function = source.functions.iter().find(|function| function.body.contains(&mutant.at))?;
    let sides = Side::of(mutant.class);
    (0..sides.len()).find_map(|next| {
        let side = sides[(turn + next) % sides.len()];
        let edits = match side {
            Side::Owner => owner(source, function)?,
            Side::Access => Edits { helpers: TOUCHES.iter().map(touch).collect(), ..Edits::default() },
            _ => calls(source, function, mutant, side),
        };
        (!edits.helpers.is_empty()).then(|| edits.apply(source, function, side, distance))
    })
}

/// The mutant of the transformed source that is the same as one of the original.
pub fn again(source: &Source, original: &Source, mutant: &Mutant, side: Side) -> Option<Mutant> {
    let line = original.line(mutant.at);
    let same =
        |source: &Source, other: &Mutant, line| other.class == mutant.class && source.line(other.at) == line;
    let before: Vec<Mutant> = crate::mutants::mutants(original, None);
    let ordinal =
        before.iter().filter(|other| same(original, other, line)).position(|other| other.at == mutant.at)?;
    let all: Vec<Mutant> = crate::mutants::mutants(source, Some(side));
    all.into_iter().filter(|other| same(source, other, line)).nth(ordinal)
}

/// One helper: what stands before its body, and its body.
struct Helper {
    head: String,
    body: String,
}

fn touch((name, rest): &(&str, &str)) -> Helper {
    let (head, body) = rest.split_once(" {").unwrap_or((rest, "}"));
    Helper { head: format!("void {name}{head}"), body: format!("{{{body}") }
}

/// The function behind a helper: its head, and how the helper calls it.
fn behind(head: &str) -> (String, String) {
    let head = head.replace(" = 0", "");
    let (name, parameters) = head.split_once('(').unwrap_or((&head, ")"));
    let letters: Vec<&str> = parameters
        .trim_end_matches(')')
        .split(", ")
        .filter_map(|parameter| parameter.rsplit([' ', '*']).next())
        .collect();
    let bare = name.rsplit(' ').next().unwrap_or(name);
    (format!("{name}_behind({parameters}"), format!("{bare}_behind({})", letters.join(", ")))
}

#[derive(Default)]
struct Edits {
    edits: Vec<(Range<usize>, String)>,
    helpers: Vec<Helper>,
    /// A declaration that both files need.
    shared: String,
}

impl Edits {
    fn apply(mut self, source: &Source, function: &Function, side: Side, distance: Distance) -> Moved {
        let mut near = self.shared.clone();
        let mut far = matches!(distance, Distance::File | Distance::Chain).then(|| {
            format!("#include <stdlib.h>\n#include <cuda.h>\n#include <cuda_runtime.h>\n{}\n", self.shared)
        });
        for Helper { head, body } in &self.helpers {
            match &mut far {
                Some(far) if distance == Distance::Chain && !head.contains("::") => {
                    let (behind, call) = behind(head);
                    near += &format!("{behind}; static {head} {{ return {call}; }} ");
                    *far += &format!("{behind} {body}\n");
                }
                Some(far) => {
                    // A member is declared in its structure.
                    if !head.contains("::") {
                        near += &format!("{head}; ");
                    }
                    let head = head.replace(" = 0", "");
                    *far += &format!("{head} {body}\n");
                }
                None if head.contains("::") => near += &format!("inline {head} {body} "),
                None => near += &format!("static {head} {body} "),
            }
        }
        let at = source.outermost(function.body.start);
        self.edits.push((at..at, near));
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut text = source.text.clone();
        for (range, by) in self.edits.iter().rev() {
            text.replace_range(range.clone(), by);
        }
        Moved { side, text, far }
    }
}

/// Calls of the API in a function become calls of helpers.
fn calls(source: &Source, function: &Function, mutant: &Mutant, side: Side) -> Edits {
    let mut result = Edits::default();
    let mut made: BTreeSet<String> = BTreeSet::new();
    let is_changed = |call: &Call| mutant.edits.iter().any(|(range, _)| range.contains(&call.range.start));
    for call in source.calls(&function.body) {
        let bare = call.name.trim_end_matches("_v2");
        let is_pin = PINS.iter().any(|(name, ..)| *name == bare);
        let chosen = match side {
            Side::Enqueue => SHAPES.iter().any(|shape| shape.name == bare),
            Side::Wait => WAITS.contains(&bare) && !(mutant.class == Class::DeleteWait && is_changed(&call)),
            Side::Release => FREES.contains(&bare),
            Side::Allocation | Side::ReturnedAllocation if mutant.class == Class::PinnedToPageable => {
                is_pin && is_changed(&call)
            }
            Side::Allocation | Side::ReturnedAllocation => {
                is_pin || matches!(bare, "cudaMalloc" | "cuMemAlloc")
            }
            Side::Access | Side::Owner => false,
        };
        let Some((_, types)) = SIGNATURES.iter().find(|(name, _)| chosen && *name == bare) else { continue };
        let types: Vec<&str> = types.split(", ").filter(|it| !it.is_empty()).collect();
        let given = call.arguments.len();
        if given > types.len() || given + 1 < types.len() {
            continue;
        }
        let name_range = call.range.start..call.range.start + call.name.len();
        if side == Side::ReturnedAllocation {
            let Some(place) = call.arguments.first().and_then(|it| address_of(source.slice(it))) else {
                continue;
            };
            let rest = call
                .arguments
                .get(1)
                .map_or(String::new(), |first| source.text[first.start..call.range.end].to_owned());
            let success = if bare.starts_with("cuda") { "cudaSuccess" } else { "CUDA_SUCCESS" };
            let by = format!("({place} = (__typeof__({place})){bare}{VALUE}({rest}, {success})");
            result.edits.push((call.range.clone(), by));
        } else {
            result.edits.push((name_range, format!("{bare}{ALIAS}")));
            if side == Side::Allocation
                && let Some(pointer) = call.arguments.first()
            {
                result.edits.push((pointer.start..pointer.start, format!("({})(", types[0])));
                result.edits.push((pointer.end..pointer.end, ")".to_owned()));
            }
        }
        if made.insert(bare.to_owned()) {
            helper(bare, &types, side, is_pin, &mut result.helpers);
        }
    }
    result
}

/// The helper that calls `name`, and its twin that allocates pageable memory.
fn helper(name: &str, types: &[&str], side: Side, is_pin: bool, helpers: &mut Vec<Helper>) {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at).unwrap_or(0));
    // The stream can be left out, and flags.
    let parameter = |at: usize| {
        let default = if at > 1 && at + 1 == types.len() { " = 0" } else { "" };
        format!("{} {}{default}", types[at], letter(at))
    };
    let from = usize::from(side == Side::ReturnedAllocation);
    let parameters: Vec<String> = (from..types.len()).map(parameter).collect();
    let parameters = parameters.join(", ");
    let passed: Vec<String> = (0..types.len()).map(|at| letter(at).to_string()).collect();
    let passed = passed.join(", ");
    let result = match name {
        "free" => "void",
        _ if name.starts_with("cuda") => "cudaError_t",
        _ => "CUresult",
    };
    let success = if result == "CUresult" { "CUDA_SUCCESS" } else { "cudaSuccess" };
    if from == 0 {
        let head = format!("{result} {name}{ALIAS}({parameters})");
        let body =
            if result == "void" { format!("{name}({passed});") } else { format!("return {name}({passed});") };
        helpers.push(Helper { head, body: format!("{{ {body} }}") });
        if is_pin {
            let head = format!("{result} {name}{ALIAS}_pageable({parameters})");
            helpers.push(Helper { head, body: format!("{{ *a = malloc(b); return {success}; }}") });
        }
        return;
    }
    let value = types[0].trim_end_matches('*').trim().to_owned();
    let (value, null) = if types[0] == "void **" { ("void *".to_owned(), "NULL") } else { (value, "0") };
    let passed = passed.replacen('a', "&a", 1);
    let head = format!("{value} {name}{VALUE}({parameters})");
    let given = if types[0] == "void **" { passed.replacen("&a", "(void **)&a", 1) } else { passed };
    helpers.push(Helper {
        head,
        body: format!("{{ {value} a; if ({name}({given}) != {success}) return {null}; return a; }}"),
    });
    if is_pin {
        let head = format!("{value} {name}{VALUE}_pageable({parameters})");
        helpers.push(Helper { head, body: "{ return malloc(b); }".to_owned() });
    }
}

/// A stream that is a plain local variable becomes a member of a structure that makes and destroys it.
fn owner(source: &Source, function: &Function) -> Option<Edits> {
    let calls = source.calls(&function.body);
    let create = calls.iter().find(|call| {
        matches!(call.name.as_str(), "cudaStreamCreate" | "cudaStreamCreateWithFlags")
            && call.arguments.first().is_some_and(|it| declared(source, function, it).is_some())
    })?;
    let variable = create.arguments.first()?;
    let declaration = declared(source, function, variable)?;
    let name = source.slice(variable).trim_start_matches('&').to_owned();
    let is_own = |call: &&Call| {
        call.arguments.first().is_some_and(|it| source.slice(it).trim_start_matches('&') == name)
    };
    let creates =
        calls.iter().filter(|call| call.name.starts_with("cudaStreamCreate")).filter(is_own).count();
    if creates != 1 {
        return None;
    }
    let flags = create.arguments.get(1).map_or("cudaStreamDefault", |flags| source.slice(flags));
    if !flags.starts_with("cudaStream") {
        return None;
    }
    let mut replaced = vec![create.range.clone()];
    replaced.extend(
        calls
            .iter()
            .filter(|call| call.name == "cudaStreamDestroy")
            .filter(is_own)
            .map(|call| call.range.clone()),
    );
    let mut edits: Vec<(Range<usize>, String)> =
        replaced.iter().map(|range| (range.clone(), "cudaSuccess".to_owned())).collect();
    for at in source.words(&function.body, &name) {
        if declaration.contains(&at.start) || replaced.iter().any(|range| range.contains(&at.start)) {
            continue;
        }
        edits.push((at, format!("{name}_recall.handle")));
    }
    edits.push((declaration, format!("owner_recall {name}_recall;")));
    Some(Edits {
        edits,
        helpers: vec![
            Helper {
                head: "owner_recall::owner_recall()".to_owned(),
                body: format!("{{ cudaStreamCreateWithFlags(&handle, {flags}); }}"),
            },
            Helper {
                head: "owner_recall::~owner_recall()".to_owned(),
                body: "{ cudaStreamDestroy(handle); }".to_owned(),
            },
        ],
        shared: "struct owner_recall { cudaStream_t handle; owner_recall(); ~owner_recall(); }; ".to_owned(),
    })
}

/// The declaration `cudaStream_t name;` of `&name`, if the function has one.
fn declared(source: &Source, function: &Function, variable: &Range<usize>) -> Option<Range<usize>> {
    let name = source.slice(variable).strip_prefix('&')?;
    let first = source.words(&function.body, name).first()?.clone();
    let start = source.words(&function.body, "cudaStream_t").into_iter().rfind(|at| at.end <= first.start)?;
    let between = source.code.get(start.end..first.start)?;
    let alone = source.code.get(first.end) == Some(&b';');
    (alone && !between.is_empty() && between.iter().all(u8::is_ascii_whitespace))
        .then_some(start.start..first.end + 1)
}
