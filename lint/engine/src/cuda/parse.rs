//! The notation of the CUDA model: one row a line.
//!
//! ```text
//! # A comment has a line of its own.
//! cudaMemcpyAsync(dst src bytes kind stream?) : copy async                      ; SYNC async 1-4
//! cudaMallocHost(out:pinned bytes flags?)     : create
//! cudaStreamQuery(stream) -> query            : queries stream
//! memcpy(writes reads bytes) -> arg0                                            ; C
//! std::vector::resize(this count _?)          : reallocates pageable
//! cudaGetLastError()                          : none, cb:unobserved             ; measured: 0 in a callback
//! ```
//!
//! A row is `name(parameters) -> result : effects ; source`; result, effects and source can be left out.
//!
//! - **name**: qualified, without template arguments and without the suffixes `_ptds`, `_ptsz`, `_v2`.
//!   Operators as in C++: `std::vector::operator[]`, `std::unique_ptr::operator bool`. Overloads are rows of the same name that take
//!   different numbers of arguments.
//! - **parameters**: roles, separated by blanks; a method's object (`this`) comes first. `role?`: the call
//!   may leave it out; only such parameters may follow. `_` or `_word` is a parameter without a role. A
//!   last `...` stands for any further arguments. The roles: [`ROLES`], and `out:thing` for what the call
//!   hands out through a pointer ([`THINGS`] and the memory kinds of [`MEMORY`]).
//! - **result**: a memory kind (fresh memory), `argN` (the value of argument N, from 0), or one of
//!   [`OUTCOMES`]. Left out: `status` for functions of the runtime and driver API, otherwise `unknown`.
//! - **effects**: in the order in which they happen, separated by commas: `copy sync|async|settled|pinned-async [h2h|h2d|d2h|d2d]`,
//!   `fill sync|async [unit BYTES]`, `free FUNCTION`, `reallocates MEMORY`, or one of [`EFFECTS`]. `none` says
//!   that there is none. Roles that access host memory (`reads`, `writes`, …) need no effect.
//! - **`cb:…`** among the effects says what calling it from a stream callback is: [`CALLBACK`]. Left out:
//!   `forbidden`, and `fine` for the standard libraries and for a project's own functions.
//! - **`cap:…`** among the effects says what calling it is while a stream is captured, where the effects do
//!   not tell: [`CAPTURE`]. A row may consist of it.
//! - **`replaces body`** among the effects says that the row counts for more than the function's body.
//! - **source**: where the claims come from. Left out: the function's own entry in NVIDIA's reference
//!   manual (`RT:name`, `DR:name`).
//!
//! `lint/docs/model.md` explains the notation by example.

mod words;

use std::fmt;

use rustc_hash::FxHashMap;

use crate::suggest;

use super::capture::InCapture;
use super::row::{Effect, Family, InCallback, Outcome, Param, Role, Row, Thing};
pub use words::{CALLBACK, EFFECTS, FREE, MEMORY, OUTCOMES, ROLES, THINGS};
use words::{CAPTURE, DIRECTIONS, MODES};

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Parses rows of one family.
///
/// # Errors
/// Every line that is not a row, with what is wrong with it; the rows are then of no use.
pub fn parse(text: &str, family: Family) -> Result<Vec<Row>, Vec<ParseError>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut errors = Vec::new();
    let mut overloads: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (line, number) in text.lines().zip(1..) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        match parse_row(line, family) {
            Ok(row) => {
                let others = overloads.entry(row.name.clone()).or_default();
                let is_twin = |index: &usize| rows.get(*index).is_some_and(|it| overlap(it, &row));
                // The command's own rows are checked by tests.
                if family == Family::Project && others.iter().any(is_twin) {
                    let column = u32::try_from(line.len() - line.trim_start().len()).unwrap_or_default() + 1;
                    let message =
                        format!("`{}` has a row for as many arguments above; keep one of the two", row.name);
                    errors.push(ParseError { line: number, column, message });
                }
                others.push(rows.len());
                rows.push(row);
            }
            Err(Fault { at, message }) => {
                // `at` is a slice of the line; its distance from the line's start is the column.
                let offset = (at.as_ptr() as usize).saturating_sub(line.as_ptr() as usize).min(line.len());
                let before = line.get(..offset).map_or(0, |text| text.chars().count());
                let column = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
                errors.push(ParseError { line: number, column, message });
            }
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

/// True if some number of arguments fits both.
fn overlap(a: &Row, b: &Row) -> bool {
    let most = |row: &Row| if row.variadic { usize::MAX } else { row.params.len() };
    a.required() <= most(b) && b.required() <= most(a)
}

/// An error at a slice of the line.
struct Fault<'a> {
    at: &'a str,
    message: String,
}

fn fault<'a, T>(at: &'a str, message: impl Into<String>) -> Result<T, Fault<'a>> {
    Err(Fault { at, message: message.into() })
}

/// Finds a word in a table; the error lists the table.
fn word<'a, T: Copy>(at: &'a str, what: &str, table: &[(&str, T)], also: &str) -> Result<T, Fault<'a>> {
    if let Some((_, value)) = table.iter().find(|(word, _)| *word == at) {
        return Ok(*value);
    }
    let known: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
    if let Some(near) = suggest::closest(at, known.iter().copied()) {
        return fault(at, format!("unknown {what} `{at}`; did you mean `{near}`?"));
    }
    fault(at, format!("unknown {what} `{at}`; known are {}{also}", known.join(", ")))
}

/// Splits at the first `mark`; what is right of it is trimmed.
fn split<'a>(text: &'a str, mark: &str) -> (&'a str, Option<&'a str>) {
    match text.split_once(mark) {
        Some((left, right)) => (left, Some(right.trim())),
        None => (text, None),
    }
}

fn parse_row(line: &str, family: Family) -> Result<Row, Fault<'_>> {
    let line = line.trim();
    // The call operator's own parentheses belong to the name.
    let open = match line.find("operator()") {
        Some(at) => line[at + "operator()".len()..].find('(').map(|open| at + "operator()".len() + open),
        None => line.find('('),
    };
    let Some(open) = open else {
        return fault(line, "a row begins with `name(parameters)`");
    };
    let name = line[..open].trim();
    // Blanks stand in `operator bool` and `operator new` only; `<` in operators only.
    let plain = name.split_once("operator").map_or(name, |(qualifier, _)| qualifier);
    if name.is_empty() || plain.contains(char::is_whitespace) || plain.contains('<') || name.contains(';') {
        return fault(line, "the name before `(` is a qualified name without template arguments");
    }
    let Some(close) = line[open..].find(')').map(|close| open + close) else {
        return fault(&line[open..], "this `(` has no `)`");
    };
    let (params, variadic) = parse_params(&line[open + 1..close])?;

    let (rest, source) = split(&line[close + 1..], ";");
    // `:` separates the effects, but belongs to a word in `cb:fine`; effects begin after the first.
    let (outcome, effects) = split(rest, ":");
    let outcome = match outcome.trim() {
        "" if matches!(family, Family::Runtime | Family::Driver) => Outcome::Status,
        "" => Outcome::Unknown,
        text => match text.strip_prefix("->") {
            Some(text) => parse_outcome(text.trim())?,
            None => return fault(text, "after the parameters come `-> result`, `: effects` or `; source`"),
        },
    };
    // A project's function is no CUDA function, whatever it does; what its body calls is seen there.
    let is_cuda = !matches!(family, Family::Std | Family::Project);
    let mut in_callback = if is_cuda { InCallback::Forbidden } else { InCallback::Fine };
    let mut capture = InCapture::Other;
    let mut replaces_body = family == Family::Project;
    let mut parsed = Vec::new();
    for item in effects.into_iter().flat_map(|effects| effects.split(',')) {
        let item = item.trim();
        if item.is_empty() {
            return fault(item, "an effect is missing; if the call does nothing, say `: none`");
        }
        match (item.strip_prefix("cb:"), item.strip_prefix("cap:")) {
            (Some(status), _) => in_callback = word(status, "status in a callback", CALLBACK, "")?,
            (_, Some(status)) => capture = word(status, "status under capture", CAPTURE, "")?,
            _ if item == "replaces body" => replaces_body = true,
            _ => parsed.push(parse_effect(item)?),
        }
    }
    let source = match (source, family) {
        (Some(source), _) => source.to_owned(),
        (None, Family::Runtime) => format!("RT:{name}"),
        (None, Family::Driver) => format!("DR:{name}"),
        (None, Family::Library | Family::Std | Family::Project) => String::new(),
    };
    let row = Row {
        name: name.to_owned(),
        params,
        variadic,
        result: outcome,
        effects: parsed,
        in_callback,
        capture,
        replaces_body,
        family,
        source,
    };
    match contradiction(&row) {
        None => Ok(row),
        Some(message) => fault(line, message),
    }
}

fn parse_params(text: &str) -> Result<(Vec<Param>, bool), Fault<'_>> {
    let mut params: Vec<Param> = Vec::new();
    let mut variadic = false;
    for item in text.split_whitespace() {
        if variadic {
            return fault(item, "nothing can follow `...`");
        }
        if item == "..." {
            variadic = true;
            continue;
        }
        let (role, optional) = match item.strip_suffix('?') {
            Some(role) => (role, true),
            None => (item, false),
        };
        if !optional && params.last().is_some_and(|param| param.optional) {
            return fault(item, "a parameter after one that can be left out (`?`) needs a `?` as well");
        }
        let role = if role.starts_with('_') {
            Role::Ignored
        } else if let Some(thing) = role.strip_prefix("out:") {
            match MEMORY.iter().find(|(word, _)| *word == thing) {
                Some((_, kind)) => Role::Out(Thing::Memory(*kind)),
                None => Role::Out(word(thing, "thing to hand out", THINGS, ", and the memory kinds")?),
            }
        } else {
            word(role, "role", ROLES, ", `out:thing` and `_`")?
        };
        params.push(Param { role, optional });
    }
    Ok((params, variadic))
}

fn parse_outcome(text: &str) -> Result<Outcome, Fault<'_>> {
    if let Some((_, kind)) = MEMORY.iter().find(|(word, _)| *word == text) {
        return Ok(Outcome::Memory(*kind));
    }
    if let Some(index) = text.strip_prefix("arg").and_then(|index| index.parse().ok()) {
        return Ok(Outcome::Arg(index));
    }
    word(text, "result", OUTCOMES, ", `argN` and the memory kinds")
}

fn parse_effect(text: &str) -> Result<Effect, Fault<'_>> {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default();
    let effect = match first {
        "copy" => {
            let mode = word(words.next().unwrap_or(text), "mode of a copy", MODES, "")?;
            let direction = match words.next() {
                Some(direction) => Some(word(direction, "direction", DIRECTIONS, "")?),
                None => None,
            };
            Effect::Copy { direction, mode }
        }
        "fill" => {
            let mode = word(words.next().unwrap_or(text), "mode of a fill", MODES, "")?;
            let unit = match words.next() {
                None => 1,
                Some("unit") => match words.next().and_then(|unit| unit.parse().ok()) {
                    Some(unit) => unit,
                    None => return fault(text, "`unit` is followed by the bytes of an element"),
                },
                Some(other) => return fault(other, "after the mode of a fill comes `unit BYTES` or nothing"),
            };
            Effect::Fill { unit, mode }
        }
        "free" => Effect::Free(word(words.next().unwrap_or(text), "function after `free`", FREE, "")?),
        "reallocates" => Effect::Reallocates(word(words.next().unwrap_or(text), "memory kind", MEMORY, "")?),
        _ => return word(text, "effect", EFFECTS, ", copy, fill, free, reallocates"),
    };
    match words.next() {
        Some(extra) => {
            fault(extra, format!("`{extra}` does not belong to this effect; effects are separated by commas"))
        }
        None => Ok(effect),
    }
}

/// Checks that the parts of a row fit together, so that the analysis need not.
fn contradiction(row: &Row) -> Option<String> {
    let has = |role: Role| row.params.iter().any(|param| param.role == role);
    let hands_out = row.params.iter().any(|param| matches!(param.role, Role::Out(_)));
    let accesses = row.params.iter().any(|param| {
        use Role::{Format, ReadFirst, Reads, WriteFirst, Writes};
        matches!(param.role, Reads | Format | Writes | ReadFirst | WriteFirst)
    });
    let need = |wanted: bool, effect: &str, roles: &str| {
        (!wanted).then(|| format!("`{effect}` needs a parameter `{roles}`"))
    };
    if let Outcome::Arg(index) = row.result
        && usize::from(index) >= row.params.len()
    {
        return Some(format!(
            "the result is argument {index}, but there are {} parameters",
            row.params.len()
        ));
    }
    if hands_out && !row.effects.contains(&Effect::Create) {
        return Some("a parameter `out:…` needs the effect `create`".to_owned());
    }
    let says_nothing = row.effects.is_empty() && row.capture == InCapture::Other;
    if says_nothing && row.result == default_outcome(row.family) && !accesses {
        return Some("the row says nothing; if the call does nothing, say `: none`".to_owned());
    }
    if row.effects.contains(&Effect::None) && row.effects.len() > 1 {
        return Some("`none` stands alone".to_owned());
    }
    if row.params.iter().any(|param| param.role == Role::Out(Thing::HandleStream)) && !has(Role::Handle) {
        return Some("a parameter `out:handle-stream` needs a parameter `handle`".to_owned());
    }
    if row.params.iter().any(|param| param.role == Role::Out(Thing::Ordinal)) && !has(Role::Device) {
        return Some("a parameter `out:ordinal` needs a parameter `device`".to_owned());
    }
    let carries = has(Role::Stream) || has(Role::Handle);
    row.effects.iter().find_map(|effect| match effect {
        Effect::Copy { .. } => {
            let ends = (has(Role::Dst) || has(Role::Symbol)) && (has(Role::Src) || has(Role::Symbol));
            need(ends || has(Role::CopyParams), "copy", "dst` and `src` (or `symbol`), or `copy-params")
        }
        Effect::Fill { .. } => need(has(Role::Dst) || has(Role::NodeParams), "fill", "dst` or `node-params"),
        Effect::Create => need(hands_out, "create", "out:…"),
        Effect::Free(_) => need(has(Role::Memory), "free", "memory"),
        Effect::Register => need(has(Role::Memory), "register", "memory"),
        Effect::Unregister => need(has(Role::Memory), "unregister", "memory"),
        Effect::DestroyStream => need(has(Role::Stream), "destroys stream", "stream"),
        Effect::StreamWaitsForStream => need(
            row.params.iter().filter(|param| param.role == Role::Stream).count() == 2,
            "stream-waits stream",
            "stream` twice, and not `stream",
        ),
        Effect::CarriesStream => need(has(Role::Stream), "carries stream", "stream"),
        Effect::OwnsStream | Effect::FirstStreamWaits | Effect::StopsTracking | Effect::StartsTracking => {
            need(
                has(Role::Tracker),
                "owns stream, first-stream waits, stops tracking, starts tracking",
                "tracker",
            )
        }
        Effect::EntersThread => need(has(Role::Count), "enters thread", "count"),
        Effect::DisownsStream => need(has(Role::Stream), "disowns stream", "stream"),
        Effect::DropsTracked | Effect::HostWaitsForTracked => {
            need(has(Role::Memory), "drops tracked, host-waits tracked", "memory")
        }
        Effect::HostWaitsForStream => need(carries, "host-waits stream", "stream` or `handle"),
        Effect::HostWaitsForResult => {
            need(carries && has(Role::Writes), "host-waits result", "writes`, and `stream` or `handle")
        }
        Effect::SetsStream => need(
            // Without a handle, it is the current stream of the thread, which frameworks have.
            has(Role::Stream) && has(Role::Handle) || row.family == Family::Library,
            "sets stream",
            "handle` and `stream",
        ),
        Effect::QueriesStream => need(carries, "queries stream", "stream` or `handle"),
        Effect::BeginsCapture => need(has(Role::Stream), "begins capture", "stream"),
        Effect::LaunchesGraph => need(has(Role::Graph), "launches graph", "graph"),
        Effect::AddsNode => need(has(Role::Graph), "adds node", "graph"),
        Effect::AddsGraph | Effect::UpdatesGraph => need(
            has(Role::Graph) && has(Role::FromGraph),
            "adds graph, updates graph",
            "graph` and `from-graph",
        ),
        Effect::EndsCapture => need(has(Role::Stream), "ends capture", "stream"),
        Effect::DestroyHandle => need(has(Role::Handle), "destroys handle", "handle"),
        Effect::AbandonsWork => need(has(Role::Handle), "abandons work", "handle"),
        Effect::SetsWorkspace => need(has(Role::Handle), "sets workspace", "handle"),
        Effect::DestroyGraph => need(has(Role::Graph), "destroys graph", "graph"),
        Effect::DestroyModule => need(has(Role::Module), "destroys module", "module"),
        Effect::DestroyEvent => need(has(Role::Event), "destroys event", "event"),
        Effect::Record => need(has(Role::Event), "records event", "event"),
        Effect::StreamWaitsForEvent => need(has(Role::Event), "stream-waits event", "event"),
        Effect::HostWaitsForEvent => need(has(Role::Event), "host-waits event", "event"),
        Effect::QueriesEvent => need(has(Role::Event), "queries event", "event"),
        Effect::MeasuresEvents => need(has(Role::Event), "measures events", "event"),
        Effect::LaunchesKernel => {
            need(has(Role::Kernel) || has(Role::NodeParams), "launches kernel", "kernel` or `node-params")
        }
        Effect::EnqueuesHostFunction => need(
            has(Role::Function) || has(Role::CallbackParams),
            "enqueues function",
            "function` or `callback-params",
        ),
        Effect::SpansDevices => need(has(Role::Handle), "spans devices", "handle"),
        Effect::EntersDevice => {
            need(has(Role::Device) || has(Role::Context), "enters device", "device` or `context")
        }
        Effect::Attaches => need(has(Role::Memory), "attaches", "memory"),
        Effect::Spawns => need(has(Role::Function), "spawns", "function"),
        Effect::SetsNumber | Effect::CountsUp | Effect::CountsDown => {
            need(has(Role::This), "sets number, counts up, counts down", "this")
        }
        Effect::TakesElements
        | Effect::SwapsElements
        | Effect::ReleasesElements
        | Effect::DropsElements
        | Effect::FillsElements
        | Effect::Empties => {
            need(has(Role::This), "takes, swaps, releases, drops, fills elements, empties", "this")
        }
        _ => None,
    })
}

/// The result that a row has if it names none.
const fn default_outcome(family: Family) -> Outcome {
    match family {
        Family::Runtime | Family::Driver => Outcome::Status,
        Family::Library | Family::Std | Family::Project => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests;
