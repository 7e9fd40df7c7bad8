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
