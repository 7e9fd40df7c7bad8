//! The text form, there and back.

#[cfg(feature = "serde")]
use super::super::judge::{Hazard, judge};
use super::super::{Memory, Position, sample};
use super::*;

fn errors(text: &str) -> Vec<String> {
    parse(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_kind_of_step_is_read_and_printed_as_it_was() {
    let text = "\
default-stream per-thread
h = pinned 4096
s = stream
t = stream non-blocking
m = stream-ordered 4096 on s
d = device 4096
u = managed 64
e = event
copy d[0..4096] <- h[0..4096] as host-to-device on s
copy-sync d[0..4096] <- h[0..4096] on default
fill d[0..64] on s
fill-sync d[0..64] on default
launch scale reads d[0..4] m[0..4] writes d[0..64] on s
launch scale writes d[0..64] on default meant s
launch \"scale<float, int>\" on per-thread
host-function done reads h[0..4] writes u[0..4] calls cudaMalloc cudaFree on s
callback done on s
record e on s
wait t for e
host-read h[0..4]
host-write h[0..4]
synchronize s
synchronize e
synchronize device
synchronize legacy
synchronize s needless
make-and-release registration 4096
make-and-release stream
fault \"a b\" on s
poll e
query per-thread
call cudaGetLastError
clock
begin-capture t
fill d[0..4] on t
g = end-capture t
launch-graph g on t @ main.cu:12:5
free m with cudaFreeAsync on s
free h with cudaFreeHost
destroy e
destroy s @ \"wei#rd\\\".cu\":3:4
destroy t @ C:/a b: c @ d.cu:3:4
end
";
    let expected = text.replace("\"wei#rd\\\".cu\":3:4", "\"wei#rd\\\".cu:3:4\"");
    let trace = parse(&expected).unwrap();
    assert_eq!(print(&trace), expected);
    let places: Vec<_> = trace.steps.iter().filter_map(|step| step.place.as_ref()).collect();
    assert_eq!(places[0], &Position { file: "main.cu".into(), line: 12, column: 5 });
    assert_eq!(places[1].file, "wei#rd\".cu");
    assert_eq!(places[2].file, "C:/a b: c @ d.cu");
    assert_eq!(errors(text), ["line 41: `:3:4` follows the place; remove it"]);
}

#[test]
fn comments_and_blank_lines_say_nothing() {
    let trace =
        parse("# a witness\r\n\r\n  h = pinned 64 # the buffer\r\nhost-read h[0..4] @ a.cu:1:2 # here\r\n");
    let trace = trace.unwrap();
    assert_eq!(print(&trace), "h = pinned 64\nhost-read h[0..4] @ a.cu:1:2\n");
}

#[test]
fn errors_say_where_and_what_to_do() {
    assert_eq!(
        errors("h = pinned 64\nhost-read h[0..65]\nhost-read g[0..4]\n"),
        [
            "line 2: h[0..65] is not within `h`, which has 64 bytes; use a range that is not empty and ends \
             with the buffer at the latest",
            "line 3: `g` is not declared; declare it in a line above",
        ]
    );
    assert_eq!(
        errors("h = pined 64\nfree h by hand\n"),
        [
            "line 1: `pined` is not a thing that a trace can make; use one of `pageable`, `pinned`, \
             `registered`, `managed`, `device`, `stream-ordered`",
            "line 2: `by` stands where `with` should; write `with` before it",
        ]
    );
}

#[test]
fn what_could_not_be_run_safely_is_refused() {
    let cases = [
        ("h = pinned 64\nh = stream\n", "`h` is a buffer already"),
        ("default = stream\n", "`default` cannot be a name"),
        ("h = pageable 64\nfree h with free\nh = pageable 64\n", "`h` is a buffer already"),
        ("free h with free\n", "`h` is not declared"),
        ("h = pageable 64\nlaunch k reads h[0..4] on default\n", "the device cannot reach `h`"),
        ("d = device 64\nhost-function f reads d[0..4] on default\n", "a host function cannot touch `d`"),
        ("d = device 64\ncopy d[0..8] <- d[8..12] on default\n", "the copy reads 4 bytes and writes 8"),
        ("d = device 64\ncopy d[0..8] <- d[4..12] on default\n", "the copy overlaps itself"),
        ("d = device 64\ns = stream\nfill-sync d[0..4] on s\n", "a synchronous form has no stream"),
        ("destroy s\ns = stream\n", "`s` is not declared"),
        ("d = device 0\n", "`d` has 0 bytes"),
        ("m = stream-ordered 64\n", "stream-ordered memory needs its stream"),
        ("query device\n", "the device cannot be queried"),
        ("s = stream\nbegin-capture s\n", "a capture does not end"),
        ("s = stream\ng = end-capture s\n", "this stream is not captured"),
        ("s = stream\nbegin-capture s\nbegin-capture s\n", "this stream is captured already"),
        ("s = stream\nbegin-capture s loose\n", "`loose` is not a mode"),
        (
            "s = stream\nbegin-capture s\nm = stream-ordered 64 on s\n",
            "an allocation or a free in stream order",
        ),
        ("s = stream\nbegin-capture s\ndestroy s\n", "the end of the stream cannot stand"),
    ];
    for (text, expected) in cases {
        let errors = errors(text);
        assert!(errors[0].contains(expected), "{text}: {errors:?}");
    }
}

#[test]
fn unregistered_memory_stays_and_is_pageable() {
    let text = "h = registered 64\nfree h with cudaHostUnregister\nhost-write h[0..4]\nfree h with free\n";
    assert_eq!(print(&parse(text).unwrap()), text);
}

#[test]
fn random_traces_survive_text_and_json() {
    for seed in 0..400 {
        let trace = sample::trace(seed, 30);
        let place = |at: usize| Position { file: format!("a b:{at}.cu"), line: at as u32 + 1, column: 7 };
        let trace = trace.map_places(|at| Some(place(at)));
        let text = print(&trace);
        assert_eq!(parse(&text).as_ref(), Ok(&trace), "{text}");
        #[cfg(feature = "serde")]
        {
            let json = serde_json::to_string(&trace).unwrap();
            assert_eq!(serde_json::from_str::<Trace<Position>>(&json).unwrap(), trace, "{json}");
            let hazards = judge(&trace);
            let json = serde_json::to_string(&hazards).unwrap();
            assert_eq!(serde_json::from_str::<Vec<Hazard>>(&json).unwrap(), hazards, "{json}");
        }
    }
}

#[test]
fn random_traces_hold_every_kind_of_memory() {
    let text: String = (0..50).map(|seed| print(&sample::trace(seed, 30))).collect();
    for memory in Memory::ALL {
        assert!(text.contains(&format!("= {} ", memory.word())), "{}", memory.word());
    }
    for word in [
        "relaxed",
        "thread-local",
        "launch-graph",
        "host-function",
        "callback",
        "poll",
        "cudaFreeAsync",
        "meant",
        "copy-sync",
    ] {
        assert!(text.contains(word), "{word}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn json_is_pleasant() {
    let text = "s = stream\nd = device 8\nfill d[0..4] on s @ a.cu:3:5\nsynchronize s\n";
    let json = serde_json::to_value(parse(text).unwrap()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "default_stream": "legacy",
            "steps": [
                {"do": "create-stream", "stream": "s", "non_blocking": false},
                {"do": "allocate", "buffer": "d", "memory": "device", "bytes": 8},
                {
                    "do": "fill",
                    "dst": {"buffer": "d", "start": 0, "end": 4},
                    "synchronous": false,
                    "stream": "s",
                    "place": {"file": "a.cu", "line": 3, "column": 5},
                },
                {"do": "synchronize", "point": {"stream": "s"}},
            ]
        })
    );
}
