//! The model on small traces written by hand.

use super::super::text::parse;
use super::*;

/// The hazards of a text, one a line; steps are counted from 1.
fn hazards(text: &str) -> Vec<String> {
    by(text, Axioms::documented())
}

fn by(text: &str, axioms: Axioms) -> Vec<String> {
    let trace = parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"));
    judge_with(&trace, axioms).iter().map(show).collect()
}

fn show(hazard: &Hazard) -> String {
    match hazard {
        Hazard::Unordered { pending, access, buffer, conflict, missing, relies_on } => {
            let (pending, access) = (pending + 1, access + 1);
            let missing = match missing {
                Edge::HostWait => "host",
                Edge::StreamWait => "stream",
            };
            let relied = relies_on.map_or(String::new(), |step| format!(" relies on {}", step + 1));
            format!("{pending}->{access} {buffer} {conflict:?} {missing}{relied}")
        }
        other => format!("{other:?}"),
    }
}

const SETUP: &str = "\
h = pinned 64
p = pageable 64
d = device 64
u = managed 64
s = stream
t = stream
n = stream non-blocking
e = event
";

/// The hazards of a text after [`SETUP`]; its first step is number 9.
fn after_setup(text: &str) -> Vec<String> {
    hazards(&format!("{SETUP}{text}"))
}

#[test]
fn the_host_must_wait() {
    assert_eq!(
        after_setup(
            "copy h[0..64] <- d[0..64] on s\nhost-read h[0..4]\nhost-write h[4..8]\nhost-read u[0..4]\n"
        ),
        ["9->10 h WriteThenRead host", "9->11 h WriteThenWrite host"]
    );
    for wait in ["synchronize s", "synchronize device", "poll s", "record e on s\nsynchronize e"] {
        let text = format!("copy h[0..64] <- d[0..64] on s\n{wait}\nhost-read h[0..4]\n");
        assert_eq!(after_setup(&text), [""; 0], "{wait}");
    }
    for no_wait in ["synchronize t", "query s", "synchronize e", "call cudaGetLastError", "record e on s"] {
        let text = format!("copy h[0..64] <- d[0..64] on s\n{no_wait}\nhost-read h[0..4]\n");
        assert_eq!(after_setup(&text), ["9->11 h WriteThenRead host"], "{no_wait}");
    }
}

#[test]
fn ranges_that_share_nothing_do_not_conflict() {
    assert_eq!(after_setup("copy h[0..32] <- d[0..32] on s\nhost-read h[32..64]\n"), [""; 0]);
    assert_eq!(after_setup("launch k reads d[0..64] on s\nlaunch k reads d[0..64] on t\n"), [""; 0]);
}

#[test]
fn streams_order_each_other_by_events_and_by_the_legacy_stream() {
    let pair = |a: &str, between: &str, b: &str| {
        after_setup(&format!("launch k writes d[0..64] on {a}\n{between}\nlaunch k reads d[0..64] on {b}\n"))
    };
    assert_eq!(pair("s", "", "s"), [""; 0]);
    assert_eq!(pair("s", "", "t"), ["9->10 d WriteThenRead stream"]);
    assert_eq!(pair("s", "record e on s\nwait t for e", "t"), [""; 0]);
    assert_eq!(pair("s", "wait t for e", "t").len(), 1);
    assert_eq!(pair("s", "", "default"), [""; 0]);
    assert_eq!(pair("legacy", "", "t"), [""; 0]);
    assert_eq!(pair("per-thread", "", "legacy"), [""; 0]);
    assert_eq!(pair("per-thread", "", "s").len(), 1);
    assert_eq!(pair("n", "", "default").len(), 1);
    assert_eq!(pair("default", "", "n").len(), 1);
}

#[test]
fn the_default_stream_can_be_per_thread() {
    let text = format!("default-stream per-thread\n{SETUP}");
    let text = format!("{text}launch k writes d[0..64] on s\nlaunch k reads d[0..64] on default\n");
    assert_eq!(hazards(&text).len(), 1);
}

#[test]
fn synchronous_forms_wait_for_what_they_are_documented_to_wait_for() {
    let then = |first: &str, second: &str| after_setup(&format!("c = device 64\n{first}\n{second}\n"));
    assert_eq!(then("copy-sync h[0..64] <- d[0..64] on default", "host-read h[0..4]"), [""; 0]);
    assert_eq!(then("copy-sync d[0..64] <- h[0..64] on default", "fill d[0..4] on n"), [""; 0]);
    assert_eq!(
        then("copy-sync d[0..64] <- p[0..64] on default", "host-write p[0..4]\nfill d[0..4] on n"),
        ["10->12 d WriteThenWrite stream relies on 10"]
    );
    assert_eq!(
        then("copy-sync c[0..64] <- d[0..64] on default", "fill c[0..4] on n"),
        ["10->11 c WriteThenWrite stream"]
    );
    assert_eq!(
        then("fill-sync d[0..64] on default", "fill d[0..4] on n"),
        ["10->11 d WriteThenWrite stream"]
    );
    assert_eq!(then("fill-sync h[0..64] on default", "host-read h[0..4]"), [""; 0]);
    assert_eq!(
        then("fill-sync u[0..64] on default", "host-read u[0..4]"),
        ["10->11 u WriteThenRead host relies on 10"]
    );
    // The stream of a synchronous form is the default one: it sees blocking streams, and no others.
    assert_eq!(
        then("fill d[0..64] on n", "copy-sync h[0..64] <- d[0..64] on default"),
        ["10->11 d WriteThenRead stream"]
    );
}

#[test]
fn pageable_memory_may_be_copied_asynchronously() {
    assert_eq!(
        after_setup("copy p[0..64] <- d[0..64] on s\nhost-read p[0..4]\n"),
        ["PageableCopy { step: 8 }", "9->10 p WriteThenRead host relies on 9"]
    );
    assert_eq!(
        after_setup("copy d[0..64] <- p[0..64] on s\nhost-write p[0..4]\nfill d[0..4] on t\n"),
        [
            "PageableCopy { step: 8 }",
            "9->10 p ReadThenWrite host relies on 9",
            "9->11 d WriteThenWrite stream"
        ]
    );
    // What the copy waits for on the way is not documented either.
    assert_eq!(
        after_setup("launch k writes u[0..4] on s\ncopy p[0..64] <- d[0..64] on s\nhost-read u[0..4]\n"),
        ["PageableCopy { step: 9 }", "9->11 u WriteThenRead host relies on 10"]
    );
    // The source may be read before the host function has written it.
    assert_eq!(
        after_setup("host-function f writes p[0..4] on s\ncopy d[0..64] <- p[0..64] on s\n"),
        ["PageableCopy { step: 9 }", "9->10 p WriteThenRead host"]
    );
}

#[test]
fn copies_between_host_buffers_are_the_hosts() {
    let text =
        "g = pinned 64\ncopy h[0..64] <- d[0..64] on s\ncopy g[0..64] <- h[0..64] on s\nhost-read g[0..4]\n";
    assert_eq!(after_setup(text), ["10->11 h WriteThenRead host relies on 11"]);
    let text = text.replace("h[0..64] on s", "h[0..64] on t");
    assert_eq!(after_setup(&text), ["10->11 h WriteThenRead host"]);
}

#[test]
fn releases_end_uses_and_some_are_measured_to_wait() {
    let free = |memory: &str, with: &str| {
        after_setup(&format!(
            "m = {memory}\nlaunch k reads m[0..4] on s\nfree m with {with}\nhost-read u[0..4]\n"
        ))
    };
    for (memory, with) in [
        ("device 64", "cudaFree"),
        ("managed 64", "cudaFree"),
        ("pinned 64", "cudaFreeHost"),
        ("registered 64", "cudaHostUnregister"),
    ] {
        assert_eq!(free(memory, with), ["10->11 m UseThenRelease host relies on 11"], "{memory}");
    }
    assert_eq!(free("stream-ordered 64 on s", "cudaFree"), ["10->11 m UseThenRelease host"]);
    assert_eq!(free("stream-ordered 64 on s", "cudaFreeAsync on s"), [""; 0]);
    assert_eq!(
        free("stream-ordered 64 on s", "cudaFreeAsync on t"),
        ["9->11 m UseThenRelease stream", "10->11 m UseThenRelease stream"]
    );
    // A free that happens to wait is relied on by what follows.
    assert_eq!(
        after_setup(
            "copy h[0..64] <- d[0..64] on s\nc = device 64\nfree c with cudaFree\nhost-read h[0..4]\n"
        ),
        ["9->12 h WriteThenRead host relies on 11"]
    );
    assert_eq!(
        after_setup("copy d[0..64] <- p[0..64] on s\nfree p with free\n"),
        ["PageableCopy { step: 8 }", "9->10 p UseThenRelease host relies on 9"]
    );
}

#[test]
fn stream_ordered_memory_exists_in_the_order_of_its_stream() {
    let text = "m = stream-ordered 64 on s\nfill m[0..64] on s\n";
    assert_eq!(after_setup(text), [""; 0]);
    assert_eq!(
        after_setup("m = stream-ordered 64 on s\nfill m[0..64] on t\n"),
        ["9->10 m WriteThenWrite stream"]
    );
    let text = "m = stream-ordered 64 on s\nrecord e on s\nwait t for e\nfill m[0..64] on t\n";
    assert_eq!(after_setup(text), [""; 0]);
}

#[test]
fn what_is_captured_runs_when_the_graph_is_launched() {
    let capture = "begin-capture n\ncopy h[0..64] <- d[0..64] on n\ng = end-capture n\n";
    assert_eq!(after_setup(&format!("{capture}host-read h[0..4]\n")), [""; 0]);
    assert_eq!(
        after_setup(&format!("{capture}launch-graph g on s\nhost-read h[0..4]\n")),
        ["12->13 h WriteThenRead host"]
    );
    assert_eq!(
        after_setup(&format!("{capture}fill d[0..4] on t\nlaunch-graph g on s\n")),
        ["12->13 d WriteThenRead stream"]
    );
    let text = capture.replace("h[0..64]", "p[0..64]");
    assert_eq!(after_setup(&text), [""; 0], "a captured copy of pageable memory does not block");
}

#[test]
fn the_launch_of_a_graph_happens_to_wait_for_copies_into_pageable_memory() {
    let graph = |copies: &str| format!("begin-capture n\n{copies}g = end-capture n\nlaunch-graph g on s\n");
    let (down, up) = ("copy p[0..64] <- d[0..64] on n\n", "copy d[0..64] <- p[0..64] on n\n");
    let run = |copies: &str, then: &str| after_setup(&format!("{}{then}", graph(copies)));
    assert_eq!(run(down, "host-read p[0..4]\n"), ["12->13 p WriteThenRead host relies on 12"]);
    assert_eq!(run(up, "host-write p[0..4]\n"), ["12->13 p ReadThenWrite host relies on 12"]);
    // What the graph has before such a copy is done with it, what it has behind it is not.
    let fill = "copy h[0..64] <- d[0..64] on n\n";
    let read = "host-read h[0..4]\n";
    assert_eq!(run(&format!("{fill}{down}"), read), ["13->14 h WriteThenRead host relies on 13"]);
    assert_eq!(run(&format!("{down}{fill}"), read), ["13->14 h WriteThenRead host"]);
    // A source may be read before what is ahead of the launch in its stream.
    let before = format!("host-function f writes p[0..4] on s\n{}", graph(up));
    assert_eq!(after_setup(&before), ["9->13 p WriteThenRead host"]);
}

#[test]
fn what_is_captured_on_several_streams_runs_in_the_order_of_the_events() {
    let fork = "f = event\nbegin-capture n\nlaunch k writes d[0..4] on n\nrecord e on n\nwait t for e\n";
    let join = "record f on t\nwait n for f\ng = end-capture n\nlaunch-graph g on s\n";
    let run = |text: &str| after_setup(&format!("{fork}{text}"));
    assert_eq!(run(&format!("launch k reads d[0..4] on t\n{join}")), [""; 0]);
    assert_eq!(
        run(&format!("launch k writes d[0..4] on n\nlaunch k reads d[0..4] on t\n{join}")),
        ["14->15 d WriteThenRead stream"]
    );
    let unjoined = "launch k reads d[0..4] on t\ng = end-capture n\n";
    assert_eq!(run(unjoined), ["CaptureUnjoined { step: 14, stream: Named(\"t\") }"]);
    assert_eq!(run("g = end-capture n\n"), [""; 0], "nothing was captured in the fork");
    assert_eq!(
        run("launch k reads d[0..4] on t\ng = end-capture t\n"),
        ["CaptureIllegal { step: 14, refusal: Unmatched }"]
    );
    // What is beside the capture runs at once, and its events are no fork.
    assert_eq!(
        after_setup(
            "begin-capture n\nlaunch k writes d[0..4] on s\nrecord e on s\nwait t for e\n\
             launch k reads d[0..4] on t\ng = end-capture n\nhost-read h[0..4]\n"
        ),
        [""; 0]
    );
}

#[test]
fn a_capture_forbids_what_was_measured_to_fail() {
    let within = |mode: &str, call: &str| {
        let hazards =
            after_setup(&format!("record e on t\nbegin-capture s{mode}\n{call}\ng = end-capture s\n"));
        hazards
            .into_iter()
            .map(|it| it.replace("CaptureIllegal { step: 10, refusal: ", "").replace(" }", ""))
            .collect::<Vec<_>>()
    };
    for (call, refusal) in [
        ("synchronize s", "Unsupported"),
        ("query s", "Unsupported"),
        ("synchronize device", "Unsupported"),
        ("callback f on s", "Unsupported"),
        ("copy-sync h[0..4] <- d[0..4] on default", "Implicit"),
        ("fill-sync d[0..4] on default", "Implicit"),
        ("launch k on default", "Implicit"),
        ("wait s for e", "Isolation"),
        ("record e on s\nsynchronize e", "11CapturedEvent"),
        ("call cudaDeviceSynchronize", "Unsupported"),
        ("call cudaMemcpy", "Implicit"),
    ] {
        let expected = refusal.trim_start_matches("11");
        for mode in ["", " relaxed", " thread-local"] {
            let found = within(mode, call).join(" ").replace("CaptureIllegal { step: 11, refusal: ", "");
            assert_eq!(found, expected, "{call}{mode}");
        }
    }
    for call in [
        "c = device 64",
        "free d with cudaFree",
        "r = registered 64",
        "synchronize e",
        "synchronize t",
        "query t",
        "call cudaMalloc",
    ] {
        assert_eq!(within("", call), ["Unsupported"], "{call}");
        assert_eq!(within(" relaxed", call), [""; 0], "{call}");
    }
    for call in [
        "copy p[0..4] <- d[0..4] on s",
        "host-function f reads p[0..4] on s",
        "launch k on t",
        "call cudaGetLastError",
        "destroy t",
        "q = stream",
    ] {
        assert_eq!(within("", call), [""; 0], "{call}");
    }
    // Beside a non-blocking stream, the legacy default stream is free.
    assert_eq!(after_setup("begin-capture n\nfill d[0..4] on default\ng = end-capture n\n"), [""; 0]);
}

#[test]
fn what_was_released_is_not_used_again() {
    let used = |release: usize, step: usize, name: &str, ordered: bool| {
        format!("UseAfterRelease {{ release: {release}, step: {step}, name: {name:?}, ordered: {ordered} }}")
    };
    let cases = [
        ("free d with cudaFree\nlaunch k reads d[0..4] on s", used(8, 9, "d", true)),
        ("free d with cudaFree\nfree d with cudaFree", used(8, 9, "d", true)),
        ("free h with cudaFreeHost\nhost-read h[0..4]", used(8, 9, "h", true)),
        ("destroy s\nlaunch k on s", used(8, 9, "s", true)),
        ("destroy e\nsynchronize e", used(8, 9, "e", true)),
        ("free d with cudaFreeAsync on s\nfill d[0..4] on s", used(8, 9, "d", true)),
        ("free d with cudaFreeAsync on s\nfill d[0..4] on t", used(8, 9, "d", false)),
        ("free d with cudaFreeAsync on s\nfill d[0..4] on default", used(8, 9, "d", true)),
        ("free d with cudaFreeAsync on s\nsynchronize s\nfill d[0..4] on t", used(8, 10, "d", true)),
        ("begin-capture n\ng = end-capture n\ndestroy g\nlaunch-graph g on n", used(10, 11, "g", true)),
    ];
    for (text, expected) in cases {
        assert_eq!(after_setup(&format!("{text}\n")), [expected], "{text}");
    }
    // A wait or a record needs no stream that is still pending; memory that is only unregistered is there.
    for text in ["destroy s\nsynchronize device", "record e on s\nwait t for e\ndestroy e\nlaunch k on t"] {
        assert_eq!(after_setup(&format!("{text}\n")), [""; 0], "{text}");
    }
    let text = "r = registered 64\nfree r with cudaHostUnregister\nhost-read r[0..4]\n";
    assert_eq!(after_setup(text), [""; 0]);
}

#[test]
fn a_graph_needs_its_buffers_at_each_launch() {
    let text = "begin-capture n\ncopy d[0..4] <- p[0..4] on n\ng = end-capture n\nlaunch-graph g on n\n\
                synchronize n\nfree p with free\nlaunch-graph g on n\n";
    let released = "CapturedBufferReleased { node: 9, release: 13, launch: 14, buffer: \"p\" }";
    assert_eq!(after_setup(text), [released]);
}

#[test]
fn some_calls_are_wrong_in_any_order() {
    let cases = [
        ("host-read d[0..4]", "HostTouchesDevice { step: 8, buffer: \"d\" }"),
        ("copy-sync h[0..4] <- d[0..4] as host-to-device on default", "WrongKind { step: 8 }"),
        ("free d with free", "WrongRelease { step: 8, right: CudaFree }"),
        ("free h with cudaFree", "WrongRelease { step: 8, right: CudaFreeHost }"),
        (
            "host-function f calls cudaMalloc printf cudaGetErrorString cudaMalloc on s",
            "CallInHostFunction { step: 8, function: \"cudaMalloc\" }",
        ),
        ("callback f calls k<<<>>> on s", "CallInHostFunction { step: 8, function: \"k<<<>>>\" }"),
        ("launch k on default meant s", "StreamAsArgument { step: 8 }"),
        ("make-and-release device 64", "MadeEachRound { step: 8 }"),
        ("synchronize s needless", "NeedlessWait { step: 8 }"),
        (
            "host-function f calls std::condition_variable::wait std::mutex::lock on s",
            "WaitInHostFunction { step: 8, function: \"std::condition_variable::wait\" }",
        ),
        ("fault f on s\ncall cudaGetLastError", "ErrorUnseen { pending: 8, step: 9 }"),
        ("clock\nlaunch k on s\nclock", "TimedTooEarly { pending: 9, from: 8, step: 10 }"),
        ("launch k writes d[0..4] on s\nend", "NeverAwaited { pending: 8, step: 9 }"),
    ];
    for (text, expected) in cases {
        assert_eq!(after_setup(&format!("{text}\n")), [expected], "{text}");
    }
    for text in [
        "copy-sync h[0..4] <- d[0..4] as device-to-device on default",
        "copy-sync u[0..4] <- d[0..4] as host-to-device on default",
        "free d with cudaFreeAsync on s",
        "host-function f calls printf cudaGetErrorName on s",
        "launch k on s\ncall cudaGetLastError",
        "fault f on s\nsynchronize s\ncall cudaPeekAtLastError",
        "fault f on s\ncall cudaSetDevice",
        "clock\nlaunch k on s\nsynchronize s\nclock",
        "launch k on s\nclock\nclock\nsynchronize device\nend",
        "launch k writes d[0..4] on s\nfree d with cudaFreeAsync on s\nsynchronize s\nend",
    ] {
        assert_eq!(after_setup(&format!("{text}\n")), [""; 0], "{text}");
    }
}

#[test]
fn a_wait_that_something_needs_is_not_needless() {
    let text = "launch k writes d[0..64] on s\ncopy h[0..64] <- d[0..64] on s\nsynchronize s needless\n";
    assert_eq!(after_setup(text), ["NeedlessWait { step: 10 }"]);
    assert_eq!(after_setup(&format!("{text}host-read h[0..64]\n")), [""; 0]);
}

#[test]
fn memory_that_ends_while_it_is_registered_is_wrong_in_kind_and_in_time() {
    let text = "r = registered 64\ncopy d[0..64] <- r[0..64] on s\nfree r with free\n";
    let wrong = "WrongRelease { step: 10, right: CudaHostUnregister }";
    assert_eq!(after_setup(text), [wrong, "10->11 r UseThenRelease host"]);
    let waits = text.replace("free r", "synchronize s\nfree r");
    assert_eq!(after_setup(&waits), [wrong.replace("10", "11")]);
}

#[test]
fn refused_directions_are_those_that_were_measured() {
    use super::super::{CopyKind, Memory};
    for dst in Memory::ALL {
        for src in Memory::ALL {
            for kind in CopyKind::ALL {
                if is_refused(dst, src, kind) == Some(true) {
                    assert!(contradicts(dst, src, kind), "{dst:?} {src:?} {kind:?}");
                }
            }
        }
    }
}

/// For each mutant of the rules a trace, after [`SETUP`], that it judges otherwise.
const TELLING: [(&str, &str); 47] = [
    ("no-stream-order", "fill d[0..4] on s\nfill d[0..4] on s\n"),
    ("no-legacy-after-blocking", "fill d[0..4] on s\nfill d[0..4] on default\n"),
    ("no-blocking-after-legacy", "fill d[0..4] on default\nfill d[0..4] on s\n"),
    ("no-event-wait-orders", "fill d[0..4] on s\nrecord e on s\nwait t for e\nfill d[0..4] on t\n"),
    (
        "no-legacy-record-encompasses",
        "fill h[0..4] on s\nrecord e on default\nsynchronize e\nhost-read h[0..4]\n",
    ),
    ("no-host-waits-for-stream", "fill h[0..4] on s\nsynchronize s\nhost-read h[0..4]\n"),
    ("no-host-waits-for-event", "fill h[0..4] on s\nrecord e on s\nsynchronize e\nhost-read h[0..4]\n"),
    ("no-host-waits-for-device", "fill h[0..4] on s\nsynchronize device\nhost-read h[0..4]\n"),
    ("no-query-until-complete-waits", "fill h[0..4] on s\npoll s\nhost-read h[0..4]\n"),
    ("no-legacy-wait-encompasses", "fill h[0..4] on s\nsynchronize default\nhost-read h[0..4]\n"),
    ("no-synchronous-copy-waits", "copy-sync h[0..4] <- d[0..4] on default\nhost-read h[0..4]\n"),
    ("no-pageable-source-is-read", "copy-sync d[0..4] <- p[0..4] on default\nhost-write p[0..4]\n"),
    ("no-synchronous-fill-of-host-waits", "fill-sync h[0..4] on default\nhost-read h[0..4]\n"),
    ("no-host-to-host-is-synchronous", "g = pinned 64\ncopy g[0..4] <- h[0..4] on s\nhost-read g[0..4]\n"),
    (
        "no-pageable-source-may-be-read-at-once",
        "host-function f writes p[0..4] on s\ncopy d[0..4] <- p[0..4] on s\n",
    ),
    ("no-host-function-is-ordered", "launch k writes h[0..4] on s\nhost-function f reads h[0..4] on s\n"),
    ("no-capture-defers", "begin-capture n\nfill h[0..4] on n\ng = end-capture n\nhost-read h[0..4]\n"),
    (
        "no-graph-runs-in-stream-order",
        "begin-capture n\nfill h[0..4] on n\ng = end-capture n\nfill h[0..4] on s\nlaunch-graph g on s\n",
    ),
    (
        "no-captured-events-order",
        "begin-capture n\nfill h[0..4] on n\nrecord e on n\nwait t for e\nfill h[0..4] on t\nf = event\n\
         record f on t\nwait n for f\ng = end-capture n\nlaunch-graph g on n\n",
    ),
    (
        "no-graph-launches-are-ordered",
        "begin-capture n\nfill h[0..4] on n\ng = end-capture n\nlaunch-graph g on n\nlaunch-graph g on t\n",
    ),
    (
        "no-released-memory-is-gone",
        "m = stream-ordered 64 on s\nfree m with cudaFreeAsync on s\nfill m[0..4] on s\n",
    ),
    ("no-allocation-is-in-stream-order", "m = stream-ordered 64 on s\nfill m[0..4] on n\n"),
    ("no-free-is-in-stream-order", "fill d[0..4] on s\nfree d with cudaFreeAsync on t\n"),
    ("streams-are-ordered", "fill d[0..4] on s\nfill d[0..4] on t\n"),
    ("non-blocking-takes-part", "fill d[0..4] on n\nfill d[0..4] on default\n"),
    ("per-thread-is-legacy", "fill d[0..4] on per-thread\nfill d[0..4] on s\n"),
    ("unrecorded-event-orders", "fill d[0..4] on s\nwait t for e\nfill d[0..4] on t\n"),
    ("events-see-later-work", "record e on s\nfill h[0..4] on s\nsynchronize e\nhost-read h[0..4]\n"),
    (
        "events-accumulate",
        "fill h[0..4] on s\nrecord e on s\nrecord e on t\nsynchronize e\nhost-read h[0..4]\n",
    ),
    ("stream-wait-is-host-wait", "fill h[0..4] on s\nrecord e on s\nwait t for e\nhost-read h[0..4]\n"),
    ("stream-synchronize-waits-for-all", "fill h[0..4] on s\nsynchronize t\nhost-read h[0..4]\n"),
    ("blocking-wait-covers-legacy", "fill h[0..4] on default\nsynchronize s\nhost-read h[0..4]\n"),
    ("record-extends-stream", "fill h[0..4] on default\nrecord e on s\nsynchronize s\nhost-read h[0..4]\n"),
    ("single-query-waits", "fill h[0..4] on s\nquery s\nhost-read h[0..4]\n"),
    ("other-calls-wait", "fill h[0..4] on s\ncall cudaGetLastError\nhost-read h[0..4]\n"),
    ("record-waits", "fill h[0..4] on s\nrecord e on s\nhost-read h[0..4]\n"),
    ("stream-destroy-waits", "fill h[0..4] on s\ndestroy s\nhost-read h[0..4]\n"),
    ("event-destroy-waits", "fill h[0..4] on s\nrecord e on s\ndestroy e\nhost-read h[0..4]\n"),
    ("allocation-waits", "fill h[0..4] on s\nc = device 64\nhost-read h[0..4]\n"),
    (
        "free-of-stream-ordered-waits",
        "m = stream-ordered 64 on s\nfill h[0..4] on s\nfree m with cudaFree\nhost-read h[0..4]\n",
    ),
    ("free-async-waits", "fill h[0..4] on s\nfree d with cudaFreeAsync on s\nhost-read h[0..4]\n"),
    ("asynchronous-copy-waits", "copy h[0..4] <- d[0..4] on s\nhost-read h[0..4]\n"),
    ("device-copy-waits", "copy-sync d[0..4] <- d[4..8] on default\nfill d[0..4] on n\n"),
    ("device-fill-waits", "fill-sync d[0..4] on default\nfill d[0..4] on n\n"),
    ("legacy-launch-waits", "fill h[0..4] on s\nlaunch k on default\nhost-read h[0..4]\n"),
    (
        "graph-launch-waits",
        "begin-capture n\nfill h[0..4] on n\ng = end-capture n\nlaunch-graph g on n\nhost-read h[0..4]\n",
    ),
    (
        "graph-nodes-are-ordered",
        "begin-capture n\nrecord e on n\nwait t for e\nfill h[0..4] on t\nrecord e on t\nfill h[0..4] on n\n\
         wait n for e\ng = end-capture n\nlaunch-graph g on n\n",
    ),
];

#[test]
fn every_rule_matters() {
    let mutants = Axioms::mutants();
    let named: Vec<_> = mutants.iter().map(|it| it.0).collect();
    assert_eq!(named, TELLING.map(|it| it.0));
    for ((name, axioms), (_, text)) in mutants.iter().zip(TELLING) {
        let text = format!("{SETUP}{text}");
        let (documented, mutated) = (hazards(&text), by(&text, *axioms));
        assert_ne!(documented, mutated, "{name} judges this as before:\n{text}");
        // Exactly one of the two finds nothing, save where the call itself is wrong as well.
        // A fork that nothing joins any more, since events order nothing, is wrong as well.
        let order = |hazards: &[String]| hazards.iter().filter(|it| it.contains("->")).count();
        assert!(order(&documented) == 0 || order(&mutated) == 0, "{name}: {documented:?} {mutated:?}");
    }
}

#[test]
fn every_rule_says_what_it_is() {
    for axiom in Axiom::ALL {
        assert!(axiom.statement().ends_with('.'), "{}", axiom.name());
        assert_eq!(axiom.statement().starts_with("Wrong: "), !axiom.holds(), "{}", axiom.name());
        assert_eq!(Axioms::documented().has(*axiom), axiom.holds(), "{}", axiom.name());
    }
}
