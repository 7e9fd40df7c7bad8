//! Repairs and variants, by hand and at random.

use super::super::Position;
use super::super::sample;
use super::super::text::{parse, print};
use super::*;

#[test]
fn every_hazard_of_random_traces_is_mended_and_no_other_comes() {
    let (mut hazards, mut variants) = (0, 0);
    let mut unmended = 0;
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    for seed in 0..300 {
        let trace = sample::trace(seed, 24);
        let trace = numbered(&trace);
        let known = judge(&trace);
        for hazard in &known {
            hazards += 1;
            let name = format!("{hazard:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
            *kinds.entry(name).or_default() += 1;
            let Some(repaired) = repair(&trace, hazard) else {
                // Several misuses that hang together: what is used after its release, or made in a capture.
                assert!(is_tangled(&trace, &known), "seed {seed}: {hazard:?}\n{}", print(&trace));
                unmended += 1;
                continue;
            };
            validate(&repaired).unwrap();
            let found = findings(&repaired).unwrap();
            assert!(
                !found.iter().any(|it| is_same(it, hazard)),
                "seed {seed}: {hazard:?}\n{}",
                print(&repaired)
            );
            for new in &found {
                assert!(
                    known.iter().any(|old| is_same(old, new)),
                    "seed {seed}: {new:?}\n{}",
                    print(&repaired)
                );
            }
            if let Some(variant) = variant(&trace, hazard) {
                variants += 1;
                validate(&variant).unwrap();
                let shown = judge(&variant).into_iter().any(|it| {
                    matches!(it, Hazard::Unordered { relies_on: None, .. })
                        && in_original(&variant, &it).is_some_and(|it| is_same(&it, hazard))
                });
                assert!(shown, "seed {seed}: {hazard:?}\n{}", print(&variant));
            }
        }
    }
    assert!(unmended * 20 < hazards, "{unmended} of {hazards}");
    assert_eq!(kinds.len(), 11, "{kinds:?}");
    assert!(hazards > 2000 && variants > 50, "{hazards} hazards, {variants} variants, {kinds:?}");
}

fn is_tangled(trace: &Trace<usize>, hazards: &[Hazard]) -> bool {
    let mut ended = std::collections::BTreeSet::new();
    let mut used = false;
    for step in &trace.steps {
        used |= step.action.uses().into_iter().any(|name| ended.contains(name));
        ended.extend(step.action.ends());
    }
    used || hazards
        .iter()
        .any(|it| matches!(it, Hazard::CaptureIllegal { .. } | Hazard::CaptureUnjoined { .. }))
}

/// What a repair adds (`+`) and takes away (`-`).
fn changes(text: &str, mend: fn(&Trace<Position>, &Hazard) -> Option<Trace<Position>>) -> String {
    let trace = parse(text).unwrap();
    let hazards = judge(&trace);
    let Some(mended) = mend(&trace, hazards.last().unwrap()) else { return "none".into() };
    let (before, after) = (print(&trace), print(&mended));
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let added = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}\n"));
    let removed = before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}\n"));
    removed.chain(added).collect()
}

#[test]
fn repairs_are_what_a_programmer_would_do() {
    let cases = [
        (
            "h = pinned 64\nd = device 64\ns = stream\ncopy h[0..64] <- d[0..64] on s\nhost-read h[0..4]\n",
            "+ synchronize s\n",
        ),
        (
            "d = device 64\ns = stream\nt = stream\nfill d[0..64] on s\nlaunch k reads d[0..64] on t\n",
            "+ done = event\n+ record done on s\n+ wait t for done\n",
        ),
        (
            "h = pinned 64\ns = stream\nfill h[0..64] on s\ndestroy s\nhost-read h[0..4]\n",
            "+ synchronize device\n",
        ),
        (
            "d = device 64\nhost-read d[0..4]\n",
            "- host-read d[0..4]\n+ d_host = pinned 4\n+ copy-sync d_host[0..4] <- d[0..4] as device-to-host on \
             default\n+ host-read d_host[0..4]\n",
        ),
        (
            "d = device 64\nhost-write d[0..4]\n",
            "- host-write d[0..4]\n+ d_host = pinned 4\n+ host-write d_host[0..4]\n+ copy-sync d[0..4] <- \
             d_host[0..4] as host-to-device on default\n",
        ),
        (
            "p = pageable 64\nd = device 64\ncopy-sync p[0..4] <- d[0..4] as host-to-device on default\n",
            "- copy-sync p[0..4] <- d[0..4] as host-to-device on default\n+ copy-sync p[0..4] <- d[0..4] as \
             device-to-host on default\n",
        ),
        ("h = pinned 64\nfree h with cudaFree\n", "- free h with cudaFree\n+ free h with cudaFreeHost\n"),
        ("h = registered 64\nfree h with free\n", "+ free h with cudaHostUnregister\n"),
        (
            "host-function f calls cudaMalloc printf on default\n",
            "- host-function f calls cudaMalloc printf on default\n+ host-function f calls printf on default\n",
        ),
        ("d = device 64\ns = stream\nfree d with cudaFree\nfill d[0..4] on s\n", "+ synchronize device\n"),
        ("d = device 64\nfree d with cudaFree\nfree d with cudaFree\n", ""),
        ("s = stream\nlaunch k on s\nend\n", "+ synchronize s\n"),
        ("s = stream\nlaunch k on s\ndestroy s\nend\n", "+ synchronize device\n"),
        ("s = stream\nclock\nlaunch k on s\nclock\n", "+ synchronize s\n"),
        ("s = stream\ndestroy s\nlaunch k on s\n", ""),
        ("e = event\ns = stream\nbegin-capture s\nsynchronize device\ng = end-capture s\n", ""),
        (
            "e = event\ns = stream\nt = stream\nbegin-capture s\nrecord e on s\nwait t for e\nlaunch k on t\n\
             g = end-capture s\n",
            "+ joined = event\n+ record joined on t\n+ wait s for joined\n",
        ),
        ("s = stream\nlaunch k on default meant s\n", "- launch k on default meant s\n+ launch k on s\n"),
        (
            "p = pageable 64\nd = device 64\ns = stream\ncopy d[0..4] <- p[0..4] on s\nsynchronize s\nfree p with \
             free\n",
            "- p = pageable 64\n- free p with free\n+ p = pinned 64\n+ free p with cudaFreeHost\n",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(changes(text, repair), expected, "{text}");
    }
}

#[test]
fn variants_take_the_wait_away() {
    let pageable =
        "p = pageable 64\nd = device 64\ns = stream\ncopy p[0..64] <- d[0..64] on s\nhost-read p[0..4]\n";
    assert_eq!(changes(pageable, variant), "- p = pageable 64\n+ p = pinned 64\n");
    let freed = "d = device 64\ns = stream\nfill d[0..64] on s\nfree d with cudaFree\n";
    assert_eq!(
        changes(freed, variant),
        "- d = device 64\n+ pool = stream non-blocking\n+ d = stream-ordered 64 on pool\n+ synchronize pool\n"
    );
    let pinned = "h = pinned 64\ns = stream\nfill h[0..64] on s\nfree h with cudaFreeHost\n";
    assert_eq!(changes(pinned, variant), "none");
    let trace = parse(pinned).unwrap();
    assert!(why_no_variant(&trace, &judge(&trace)[0]).contains("cudaFreeHost"));
}
