//! What of a trace an experiment depends on: all but names and places. Traces of one shape are one experiment.

use cuda_lint_engine::trace::{Position, Trace};
use serde_json::Value;

/// The shape of a trace, and the names that it leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The trace with numbers in place of names: equal for traces that differ in nothing but names and places.
    pub key: String,
    /// The names, in the order of their first use.
    pub names: Vec<String>,
}

/// Where names of buffers, streams, events and graphs stand in the JSON of a trace. What is not listed keeps its
/// name, and then fewer traces are alike.
const NAMED: [&str; 5] = ["buffer", "stream", "event", "graph", "meant"];
/// Words that are streams, and no names.
const WORDS: [&str; 3] = ["default", "legacy", "per_thread"];

impl Shape {
    /// The shape of a trace; none if it has no JSON.
    pub fn of(trace: &Trace<Position>) -> Option<Self> {
        let mut value = serde_json::to_value(trace.clone().map_places(|_| None::<Position>)).ok()?;
        let mut names = Vec::new();
        rename(&mut value, &mut names);
        Some(Self { key: value.to_string(), names })
    }

    /// What was said of a trace of this shape, for another one: where a sentence of the harness names a buffer, it
    /// stands at the beginning or behind `writes`.
    pub fn reword(&self, other: &Self, text: &str) -> String {
        for (old, new) in self.names.iter().zip(&other.names) {
            if let Some(rest) = text.strip_prefix(&format!("{old} holds ")) {
                return format!("{new} holds {rest}");
            }
            let masked = format!(" writes {old} again");
            if text.contains(&masked) {
                return text.replace(&masked, &format!(" writes {new} again"));
            }
        }
        text.to_owned()
    }
}

fn rename(value: &mut Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Object(fields) => {
            // The names of kernels and host functions are for people; `call` names a function of CUDA.
            let action = fields.get("do").and_then(Value::as_str).map(str::to_owned);
            for (key, field) in fields.iter_mut() {
                let is_for_people = matches!(
                    (action.as_deref(), key.as_str()),
                    (Some("launch"), "kernel") | (Some("host-function"), "function")
                );
                match field {
                    Value::String(text) if is_for_people => text.clear(),
                    Value::String(name)
                        if NAMED.contains(&key.as_str()) && !WORDS.contains(&name.as_str()) =>
                    {
                        let number = names.iter().position(|known| known == name).unwrap_or_else(|| {
                            names.push(name.clone());
                            names.len() - 1
                        });
                        // No name begins so.
                        *name = format!("#{number}");
                    }
                    _ => rename(field, names),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use cuda_lint_engine::trace::text;

    use super::*;

    fn shape(text: &str) -> Shape {
        Shape::of(&text::parse(text).unwrap()).unwrap()
    }

    const ONE: &str = "h = pinned 64\nd = device 64\ns = stream\nlaunch f writes d[0..64] on s\n\
                       copy h[0..64] <- d[0..64] on s\nhost-read h[0..64]\n";

    #[test]
    fn names_and_places_make_no_difference() {
        let other = "out = pinned 64 @ a.cu:3:4\nbuffer = device 64\ncopy = stream\n\
                     launch g writes buffer[0..64] on copy @ a.cu:5:6\n\
                     copy out[0..64] <- buffer[0..64] on copy\nhost-read out[0..64]\n";
        assert_eq!(shape(ONE).key, shape(other).key);
        assert_eq!(shape(ONE).names, ["h", "d", "s"]);
    }

    #[test]
    fn everything_else_does() {
        let one = shape(ONE).key;
        for (old, new) in [
            ("pinned 64", "pageable 64"),
            ("s = stream", "s = stream non-blocking"),
            ("[0..64] on s\nhost", "[0..64] on default\nhost"),
            ("host-read h", "host-write h"),
            ("h = pinned", "default-stream per-thread\nh = pinned"),
        ] {
            assert_ne!(shape(&ONE.replace(old, new)).key, one, "{new}");
        }
        // Which of two is used is a difference, too.
        let two = |used: &str| shape(&format!("a = stream\nb = stream\nlaunch f on {used}\n")).key;
        assert_ne!(two("a"), two("b"));
        let calls = |name: &str| shape(&format!("s = stream\nhost-function f calls {name} on s\n")).key;
        assert_ne!(calls("cudaMalloc"), calls("cudaFree"));
    }

    #[test]
    fn what_is_said_names_the_other_traces_buffers() {
        let (one, other) = (shape(ONE), shape(&ONE.replace("h[", "out[").replace("h =", "out =")));
        assert_eq!(one.reword(&other, "h holds nothing in the end"), "out holds nothing in the end");
        assert_eq!(one.reword(&other, "step 4 writes h again and"), "step 4 writes out again and");
        assert_eq!(one.reword(&other, "step 6 read nothing"), "step 6 read nothing");
    }
}
