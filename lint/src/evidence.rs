//! The evidence that was there when the command was built, for `explain` and `rules`.

use cuda_lint_engine::rules::Rule;
use cuda_lint_evidence::check::RuleSpec;
use cuda_lint_evidence::{File, Programs, Rules, TwoGpus, measured};

pub use cuda_lint_evidence::measured::Measured;

/// Empty where there was none; see `build.rs`.
const RULES: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.toml"));
const PROGRAMS: &str = include_str!(concat!(env!("OUT_DIR"), "/programs.toml"));
const TWO_GPUS: &str = include_str!(concat!(env!("OUT_DIR"), "/two-gpus.toml"));

/// The files that say something about single rules.
pub struct Evidence {
    rules: Option<File<Rules>>,
    programs: Option<File<Programs>>,
    two_gpus: Option<File<TwoGpus>>,
}

impl Evidence {
    /// What the command carries. What cannot be read counts as missing: the tests of the repository refuse it,
    /// and an explanation is worth having without.
    pub fn embedded() -> Self {
        Self {
            rules: File::parse(RULES).ok(),
            programs: File::parse(PROGRAMS).ok(),
            two_gpus: File::parse(TWO_GPUS).ok(),
        }
    }
}

/// What was measured of a rule.
pub fn of(rule: &Rule, evidence: &Evidence) -> Measured {
    let Evidence { rules, programs, two_gpus } = evidence;
    measured::of_rule(&RuleSpec::of(rule), rules.as_ref(), programs.as_ref(), two_gpus.as_ref())
}

/// The section of the documentation that says what was measured.
pub fn section(measured: &Measured) -> String {
    let mut text = format!("## Measured\n- {}\n", measured.summary);
    for other in &measured.others {
        text += &format!("- {other}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plainest_misuse_comes_first() {
        let measured = Measured {
            device: None,
            driver: None,
            date: None,
            diagnostics: 2,
            confirmed: 2,
            summary: "misuse.cu:16: a wrong value".to_owned(),
            others: vec!["misuse_other.cu:3: a wrong value".to_owned()],
        };
        let text = "## Measured\n- misuse.cu:16: a wrong value\n- misuse_other.cu:3: a wrong value\n";
        assert_eq!(section(&measured), text);
    }

    /// Evidence that the command carries and cannot read would be missing in silence.
    #[test]
    fn what_is_carried_can_be_read() {
        assert!(RULES.is_empty() || File::<Rules>::parse(RULES).is_ok());
        assert!(PROGRAMS.is_empty() || File::<Programs>::parse(PROGRAMS).is_ok());
        assert!(TWO_GPUS.is_empty() || File::<TwoGpus>::parse(TWO_GPUS).is_ok());
    }
}
