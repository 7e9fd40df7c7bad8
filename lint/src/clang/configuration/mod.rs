//! Code that the preprocessor hides: `#ifdef USE_CUDA` with the macro undefined.
//!
//! A region of the main file that was skipped and holds CUDA calls is looked at in a second configuration,
//! with its guard satisfied. Conflicting guards stay apart: both branches of an `#if` are never seen at once.

mod condition;

use self::condition::{ANY, Condition, Requirement, Settled};
use super::flags::{EMBEDDED_VERSION, Macro, UnitOptions, VERSION_MACROS};
use super::lexing::include_guard;
use super::parse::ParsedUnit;
use crate::cuda_scan;

/// A hidden region of the main file that holds CUDA calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenRegion {
    /// Byte offsets in the main file.
    pub start: u32,
    /// End of the region.
    pub end: u32,
    /// The line of the directive that hides it, from 1.
    pub line: u32,
    /// The directive, for people: `#ifdef USE_CUDA`.
    pub guard: String,
    /// It calls HIP and not CUDA.
    is_for_hip: bool,
    /// What must be defined and what must not, if that can be told.
    requirement: Result<Requirement, &'static str>,
}

/// A second way to parse the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecondConfiguration {
    /// Macros to define, with values; empty if a second configuration would show nothing.
    pub defines: Vec<(String, String)>,
    /// Regions that stay unseen, with the reason.
    pub unseen: Vec<(HiddenRegion, &'static str)>,
}

/// True if the preprocessor may hide CUDA calls in this text, so that it is worth recording what it skips.
pub fn may_hide_cuda(text: &str) -> bool {
    let mut depth = 0_u32;
    text.lines().any(|line| {
        if let Some(directive) = line.trim_start().strip_prefix('#') {
            let directive = directive.trim_start();
            if directive.starts_with("if") {
                depth += 1;
            } else if directive.starts_with("endif") {
                depth = depth.saturating_sub(1);
            }
            return false;
        }
        depth > 0 && (cuda_scan::mentions_api(line.as_bytes()) || line.contains("<<<"))
    })
}

/// True if a header holds CUDA calls that some configuration of whoever includes it hides. Its include guard
/// hides nothing.
pub fn hides_cuda(text: &str) -> bool {
    let guard = include_guard(text).map(|name| Condition::defined(name).negate());
    may_hide_cuda(text)
        && branches(text).iter().any(|branch| {
            branch.conditions.iter().any(|it| Some(it) != guard.as_ref())
                && !branch.is_dead()
                && text.get(branch.body..branch.end).is_some_and(holds_call)
        })
}

/// The hidden regions of the main file that hold CUDA calls. What is hidden from every build (`#if 0`) and
/// what is device code (`__CUDA_ARCH__`) is left out.
pub fn inactive_cuda_regions(unit: &ParsedUnit) -> Vec<HiddenRegion> {
    if !may_hide_cuda(&unit.text) {
        return Vec::new();
    }
    let skipped = unit.unit.skipped_ranges(&unit.main_file);
    if skipped.is_empty() {
        return Vec::new();
    }
    let settled = |name: &str| settled_version(&unit.options, name);
    branches(&unit.text)
        .into_iter()
        .filter(|branch| {
            let hidden =
                |at: usize| skipped.iter().any(|&(from, to)| (from as usize..to as usize).contains(&at));
            // Inside: the directive itself may stand just outside the range.
            let body = unit.text.get(branch.body..branch.end).unwrap_or_default();
            !body.trim().is_empty() && hidden(branch.body) && holds_call(body)
        })
        .filter(|branch| !branch.is_dead())
        .filter_map(|branch| {
            let body = unit.text.get(branch.body..branch.end)?;
            Some(HiddenRegion {
                is_for_hip: cuda_scan::is_for_hip(body.as_bytes()),
                start: u32::try_from(branch.body).ok()?,
                end: u32::try_from(branch.end).ok()?,
                line: u32::try_from(unit.text.get(..branch.start)?.matches('\n').count() + 1).ok()?,
                guard: unit.text.get(branch.start..branch.body)?.trim().to_owned(),
                requirement: branch.requirement(&settled),
            })
        })
        .collect()
}

/// The configuration that shows as many of the regions as fit together, beginning with the first. What is written
/// twice, for CUDA and for HIP, is built for one of them: here for CUDA.
pub fn second_configuration(unit: &ParsedUnit, regions: &[HiddenRegion]) -> SecondConfiguration {
    let mut all = Requirement::default();
    let mut unseen = Vec::new();
    let fits = |all: &Requirement, region: &HiddenRegion| {
        region.requirement.clone().and_then(|requirement| {
            let fits = requirement.undefined.iter().all(|name| !is_defined(unit, name));
            match all.merge(&requirement) {
                Some(merged) if fits => Ok(merged),
                _ => Err("its guard contradicts what is defined elsewhere"),
            }
        })
    };
    let (for_hip, for_cuda): (Vec<_>, Vec<_>) = regions.iter().partition(|region| region.is_for_hip);
    for region in for_cuda {
        match fits(&all, region) {
            Ok(merged) => all = merged,
            Err(reason) => unseen.push((region.clone(), reason)),
        }
    }
    let shows_cuda = !all.defined.is_empty();
    for region in for_hip {
        match fits(&all, region) {
            Ok(merged) if !shows_cuda || merged == all => all = merged,
            Ok(_) => unseen.push((region.clone(), "it is for HIP, and what is for CUDA is looked at")),
            Err(reason) => unseen.push((region.clone(), reason)),
        }
    }
    unseen.sort_by_key(|(region, _)| region.start);
    // That a version of CUDA is there at all asks for none in particular.
    let is_any = |name: &str, value: &str| VERSION_MACROS.contains(&name) && value == ANY.to_string();
    let defines = (all.defined.into_iter())
        .map(|(name, value)| {
            let value = if is_any(&name, &value) { EMBEDDED_VERSION.to_string() } else { value };
            (name, value)
        })
        .collect();
    SecondConfiguration { defines, unseen }
}

/// The version of CUDA, where that is said: it is the value of its macros wherever they are defined.
fn settled_version(options: &UnitOptions, name: &str) -> Option<i64> {
    if !VERSION_MACROS.contains(&name) {
        return None;
    }
    let by_build = options.macros.iter().rev().find_map(|it| match it {
        Macro::Define(defined, value) if defined == name => value.parse().ok(),
        _ => None,
    });
    by_build.or_else(|| options.cuda_version.map(i64::from))
}

/// True if the build or the file itself defines a macro.
fn is_defined(unit: &ParsedUnit, name: &str) -> bool {
    let by_build = unit.options.macros.iter().rev().find_map(|m| match m {
        Macro::Define(defined, _) => (defined == name).then_some(true),
        Macro::Undefine(undefined) => (undefined == name).then_some(false),
    });
    by_build.unwrap_or(false)
        || unit.text.lines().any(|line| {
            line.trim_start()
                .strip_prefix('#')
                .and_then(|rest| rest.trim_start().strip_prefix("define"))
                .is_some_and(|rest| rest.split_whitespace().next() == Some(name))
        })
}

/// True if the text holds a call of an API, or a launch.
fn holds_call(body: &str) -> bool {
    body.lines().any(|line| {
        let code = line.split("//").next().unwrap_or_default();
        let is_include = code.trim_start().starts_with('#');
        !is_include
            && (code.contains("<<<") || (cuda_scan::mentions_api(code.as_bytes()) && code.contains('(')))
    })
}

/// One branch of an `#if`, with everything that must hold for it to be read.
struct Branch {
    /// Where its directive starts.
    start: usize,
    /// Where its first line starts.
    body: usize,
    /// Where the directive that ends it starts.
    end: usize,
    /// All conditions, those of enclosing branches first.
    conditions: Vec<Condition>,
}

impl Branch {
    fn is_dead(&self) -> bool {
        self.conditions.iter().any(|condition| condition.is_false() || condition.mentions("__CUDA_ARCH__"))
    }

    fn requirement(&self, settled: Settled<'_>) -> Result<Requirement, &'static str> {
        self.conditions.iter().try_fold(Requirement::default(), |all, condition| {
            let Some(own) = condition.requirement(settled) else {
                let of_settled = |name: &&str| settled(name).is_some() && condition.mentions(name);
                return Err(match VERSION_MACROS.iter().find(|it| of_settled(it)) {
                    Some(_) => "its guard asks for another version of CUDA",
                    None => "its guard is no simple test of macros",
                });
            };
            if own.defined.keys().any(|name| is_foreign(name)) {
                return Err("its guard names another platform or compiler");
            }
            if own.defined.iter().any(|(name, value)| is_old_cuda(name, value)) {
                return Err("its guard asks for a CUDA older than 11");
            }
            all.merge(&own).ok_or("its guards contradict each other")
        })
    }
}

/// Macros that tell compilers and systems apart: defining one would make headers of another system active.
fn is_foreign(name: &str) -> bool {
    name.starts_with("_WIN")
        || name.starts_with("_MSC")
        || name == "WIN32"
        || name == "_OPENMP"
        || name.starts_with("__")
}

/// True for what only a version of CUDA has whose functions are not known here: what its branch calls was right then.
fn is_old_cuda(name: &str, value: &str) -> bool {
    const OLDEST: i64 = 11_000;
    let is_old = |version: i64| version != ANY && version < OLDEST;
    VERSION_MACROS.contains(&name) && value.parse().is_ok_and(is_old)
}

/// The branches of the text that hold no further branch, in order. Nested ones come before what encloses
/// them; the text between nested branches belongs to the enclosing one and is looked at with it.
fn branches(text: &str) -> Vec<Branch> {
    /// An `#if` that is open.
    struct Open {
        /// Conditions of its branches so far, for `#else`.
        earlier: Vec<Condition>,
        start: usize,
        body: usize,
        current: Vec<Condition>,
    }
    let mut found = Vec::new();
    let mut stack: Vec<Open> = Vec::new();
    let mut at = 0;
    let mut lines = text.split_inclusive('\n');
    while let Some(first) = lines.next() {
        let start = at;
        at += first.len();
        let Some(directive) = first.trim_start().strip_prefix('#') else { continue };
        let mut logical = directive.trim().to_owned();
        while logical.ends_with('\\') {
            logical.pop();
            let Some(next) = lines.next() else { break };
            at += next.len();
            logical.push_str(next.trim());
        }
        let word_end = logical.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(logical.len());
        let (word, rest) = logical.split_at(word_end);
        let condition = match word {
            "if" | "elif" => Condition::parse(rest),
            "ifdef" | "elifdef" => Condition::defined(rest),
            "ifndef" | "elifndef" => Condition::defined(rest).negate(),
            _ => Condition::Always,
        };
        match word {
            "if" | "ifdef" | "ifndef" => stack.push(Open {
                earlier: vec![condition.clone()],
                start,
                body: at,
                current: vec![condition],
            }),
            "elif" | "elifdef" | "elifndef" | "else" => {
                let outer: Vec<Condition> =
                    outer_conditions(stack.iter().rev().skip(1).map(|open| &open.current));
                let Some(open) = stack.last_mut() else { continue };
                let conditions = outer.into_iter().chain(open.current.iter().cloned()).collect();
                found.push(Branch { start: open.start, body: open.body, end: start, conditions });
                open.current =
                    open.earlier.iter().map(Condition::negate).chain([condition.clone()]).collect();
                open.earlier.push(condition);
                (open.start, open.body) = (start, at);
            }
            "endif" => {
                let Some(open) = stack.pop() else { continue };
                let outer = outer_conditions(stack.iter().rev().map(|open| &open.current));
                let conditions = outer.into_iter().chain(open.current).collect();
                found.push(Branch { start: open.start, body: open.body, end: start, conditions });
            }
            _ => {}
        }
    }
    // Of nested hidden branches the outer one says nothing that the inner ones do not.
    found.sort_by_key(|branch| branch.body);
    found
}

fn outer_conditions<'c>(inner_first: impl Iterator<Item = &'c Vec<Condition>>) -> Vec<Condition> {
    let mut levels: Vec<&Vec<Condition>> = inner_first.collect();
    levels.reverse();
    levels.into_iter().flatten().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clang::flags::{FrontendOptions, UnitOptions};
    use crate::clang::library::on_big_stack;
    use crate::clang::parse::{Care, Source, parse};
    use crate::clang::testing::{frontend, with_unit, with_unit_of};
    use std::path::Path;

    fn second(text: &str) -> (Vec<HiddenRegion>, SecondConfiguration) {
        with_unit("t.cu", text, |unit| {
            let regions = inactive_cuda_regions(unit);
            let second = second_configuration(unit, &regions);
            (regions, second)
        })
    }

    fn defines(text: &str) -> Vec<String> {
        second(text).1.defines.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn simple_guards_are_satisfied() {
        assert_eq!(
            defines("#ifdef USE_CUDA\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n"),
            ["USE_CUDA=1"]
        );
        assert_eq!(
            defines("#if GPU && defined(FAST)\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n"),
            ["FAST=1", "GPU=1"]
        );
        assert_eq!(
            defines("#if VERSION >= 12\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n"),
            ["VERSION=12"]
        );
        assert_eq!(
            defines("#ifndef CPU_ONLY\nint x;\n#else\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n"),
            ["CPU_ONLY=1"]
        );
        assert_eq!(
            defines("#ifdef A\n#if defined B\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n#endif\n"),
            ["A=1", "B=1"]
        );
    }

    #[test]
    fn one_platform_is_shown_at_a_time() {
        let cuda = "#ifdef USE_CUDA\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n";
        let hip = "#ifdef USE_HIP\nvoid g() { hipDeviceSynchronize(); }\n#endif\n";
        for text in [format!("{cuda}{hip}"), format!("{hip}{cuda}")] {
            assert_eq!(defines(&text), ["USE_CUDA=1"]);
            let (_, configuration) = second(&text);
            assert_eq!(configuration.unseen.len(), 1);
            assert_eq!(configuration.unseen[0].0.guard, "#ifdef USE_HIP");
        }
        assert_eq!(defines(hip), ["USE_HIP=1"]);
        let both =
            "#ifdef GPU\nvoid f() { cudaFree(0); }\n#endif\n#ifdef GPU\nvoid g() { hipFree(0); }\n#endif\n";
        assert_eq!(defines(both), ["GPU=1"]);
        assert!(second(both).1.unseen.is_empty());
    }

    #[test]
    fn only_versions_that_are_known_are_shown() {
        let guarded = |guard: &str| format!("{guard}\nvoid f() {{ cudaThreadExit(); }}\n#endif\n");
        for old in ["#if CUDA_VERSION < 4000", "#if CUDART_VERSION >= 9000\nint x;\n#else"] {
            let (_, configuration) = second(&guarded(old));
            assert!(configuration.defines.is_empty(), "{old}");
            assert_eq!(configuration.unseen.len(), 1, "{old}");
        }
        assert_eq!(defines(&guarded("#if CUDART_VERSION >= 13000")), ["CUDART_VERSION=13000"]);
        assert_eq!(defines(&guarded("#if CUDA_VERSION < 12000")), ["CUDA_VERSION=11999"]);
    }

    #[test]
    fn that_there_is_a_version_asks_for_none_in_particular() {
        let shown = |guard: &str| {
            let text = format!("{guard}\nvoid f() {{ cudaDeviceSynchronize(); }}\n#endif\n");
            let second =
                with_unit("t.cpp", &text, |unit| second_configuration(unit, &inactive_cuda_regions(unit)));
            assert!(second.unseen.is_empty(), "{guard}: {:?}", second.unseen);
            second.defines.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(shown("#ifdef CUDA_VERSION"), ["CUDA_VERSION=12090"]);
        assert_eq!(shown("#if CUDART_VERSION"), ["CUDART_VERSION=12090"]);
        assert_eq!(shown("#if defined(CUDART_VERSION) && CUDART_VERSION >= 13000"), ["CUDART_VERSION=13000"]);
    }

    #[test]
    fn the_version_that_is_meant_is_the_only_one() {
        let options = FrontendOptions { cuda_version: Some(13_000), ..FrontendOptions::default() };
        let of = |guard: &str| {
            let text = format!("{guard}\nvoid f() {{ cudaDeviceSynchronize(); }}\n#endif\n");
            with_unit_of(&frontend(), "t.cpp", &text, &options, |unit| {
                let SecondConfiguration { defines, unseen } =
                    second_configuration(unit, &inactive_cuda_regions(unit));
                let defines: Vec<_> =
                    defines.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
                (defines, unseen.into_iter().map(|(_, reason)| reason).collect::<Vec<_>>())
            })
        };
        let version = || "CUDART_VERSION=13000".to_owned();
        assert_eq!(of("#ifdef CUDART_VERSION"), (vec![version()], vec![]));
        assert_eq!(of("#if CUDART_VERSION >= 12000 && FAST"), (vec![version(), "FAST=1".to_owned()], vec![]));
        let other = "its guard asks for another version of CUDA";
        assert_eq!(of("#if defined(CUDART_VERSION) && CUDART_VERSION < 12000"), (vec![], vec![other]));
    }

    #[test]
    fn dead_device_and_visible_code_needs_nothing() {
        assert!(second("#if 0\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n").0.is_empty());
        assert!(
            second("#if __CUDA_ARCH__ > 700\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n").0.is_empty()
        );
        assert!(second("#ifndef A\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n").0.is_empty());
        assert!(second("#ifdef A\nint x; // cudaFree(p)\n#endif\n").0.is_empty());
    }

    #[test]
    fn what_cannot_be_shown_is_said() {
        let (regions, configuration) = second(
            "#if FOO(1, 2)\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n#ifdef _WIN32\nvoid g() { cudaFree(0); }\n#endif\n",
        );
        assert_eq!(regions.len(), 2);
        assert_eq!(regions[0].line, 1);
        assert_eq!(configuration.unseen.len(), 2);
        assert!(configuration.defines.is_empty());
        let (_, configuration) = second(
            "#ifdef A\nvoid f() { cudaDeviceSynchronize(); }\n#elif defined(B)\nvoid g() { cudaFree(0); }\n#endif\n",
        );
        assert_eq!(configuration.defines, [("A".to_owned(), "1".to_owned())]);
        assert_eq!(configuration.unseen.len(), 1);
        let (_, configuration) =
            second("#define M 1\n#ifdef M\nint x;\n#else\nvoid f() { cudaFree(0); }\n#endif\n");
        assert_eq!(configuration.unseen.len(), 1);
    }

    #[test]
    fn an_include_guard_hides_nothing() {
        let body = "void f() { cudaDeviceSynchronize(); }\n";
        for head in ["#ifndef A_H\n#define A_H\n", "// what\n#if !defined(A_H)\n#define A_H 1\n"] {
            assert!(!hides_cuda(&format!("{head}{body}#endif\n")), "{head}");
            assert!(hides_cuda(&format!("{head}#ifdef B\n{body}#endif\n#endif\n")), "{head}");
            assert!(!hides_cuda(&format!("{head}#ifdef B\nint b;\n#endif\n{body}#endif\n")), "{head}");
        }
        assert!(hides_cuda(&format!("#ifndef A_H\n{body}#endif\n")));
        assert!(!hides_cuda(body));
    }

    #[test]
    fn the_second_configuration_shows_the_region() {
        let text = "#ifdef USE_CUDA\nvoid f() { cudaDeviceSynchronize(); }\n#endif\n";
        let frontend = frontend();
        let path = Path::new("t.cu");
        let options = UnitOptions::new(path, text.as_bytes(), &FrontendOptions::default(), None);
        let left = on_big_stack(&frontend.library, || {
            let source = Source::from_bytes(path, text.into()).unwrap();
            let unit = parse(&frontend, source.clone(), &options, Care::Usual).unwrap();
            let second = second_configuration(&unit, &inactive_cuda_regions(&unit));
            let unit = parse(&frontend, source, &options.with_defines(&second.defines), Care::Usual).unwrap();
            inactive_cuda_regions(&unit).len()
        });
        assert_eq!(left, Some(0));
    }
}
