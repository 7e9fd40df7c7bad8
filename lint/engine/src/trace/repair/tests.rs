//! Repairs and variants, by hand and at random.

use super::super::sample;
use super::super::text::print;
use super::*;

#[test]
fn every_hazard_of_random_traces_is_mended_and_no_other_comes() {
    let (mut hazards, mut variants) = (0, 0);
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    for seed in 0..700 {
        let trace = sample::trace(seed, 24);
        let trace = numbered(&trace);
        let known = judge(&trace);
        for hazard in &known {
            hazards += 1;
            let name = format!("{hazard:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
            *kinds.entry(name).or_default() += 1;
            let Some(repaired) = repair(&trace, hazard) else {
                panic!("seed {seed}: {hazard:?} cannot be repaired in\n{}", print(&trace));
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
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    assert!(hazards > 2000 && variants > 50, "{hazards} hazards, {variants} variants, {kinds:?}");
}
