//! What the terminal can show, and what may be shown on it.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};

use crate::args::ColorChoice;

/// How to draw on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Colours may be used.
    pub colour: bool,
    /// Line-drawing characters may be used.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

/// The width where it is unknown: a file, a pipe.
const DEFAULT_WIDTH: usize = 100;

impl Terminal {
    /// What standard output can show.
    pub fn of_stdout(choice: ColorChoice) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let width = is_terminal.then(terminal_size::terminal_size).flatten();
        Self {
            colour: use_colour(choice, is_terminal, |name| std::env::var(name).ok()),
            unicode: is_utf8_locale(|name| std::env::var(name).ok()),
            // Too narrow for a snippet is worse than a line that wraps.
            width: width.map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0).clamp(60, 160)),
        }
    }
}

impl Terminal {
    /// What a file can show.
    pub fn of_file() -> Self {
        let unicode = is_utf8_locale(|name| std::env::var(name).ok());
        Self { colour: false, unicode, width: DEFAULT_WIDTH }
    }

    /// What standard error can show.
    pub fn of_stderr(choice: ColorChoice) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self {
            colour: use_colour(choice, is_terminal, |name| std::env::var(name).ok()),
            unicode: is_utf8_locale(|name| std::env::var(name).ok()),
            width: DEFAULT_WIDTH,
        }
    }
}

fn use_colour(choice: ColorChoice, is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            is_terminal
                && variable("NO_COLOR").is_none_or(|value| value.is_empty())
                && variable("TERM").is_none_or(|value| value != "dumb")
        }
    }
}

/// The variables of the locale, in the order in which one overrides the next.
fn is_utf8_locale(variable: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|it| !it.is_empty()))
        .is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

/// Prints an error of the command itself. If that fails there is nobody left to tell.
pub fn complain(message: &str) {
    let lines: Vec<_> = message.lines().map(printable).collect();
    let _ = writeln!(std::io::stderr(), "cuda-lint: {}", lines.join("\n"));
}

/// Prints an error of the command itself that is laid out already, and holds nothing that could steer a
/// terminal but colours.
pub fn complain_in(text: &str) {
    let _ = writeln!(std::io::stderr(), "cuda-lint: {text}");
}

/// The text without what could steer a terminal or reorder a line: names and paths of analysed code are
/// not to be trusted. What is dangerous, line breaks included, becomes a question mark.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(steers_terminal) {
        Cow::Owned(text.replace(steers_terminal, "?"))
    } else {
        Cow::Borrowed(text)
    }
}

/// True for control characters and for those that change the direction of writing.
pub fn steers_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_choice_terminal_and_environment() {
        let none = |_: &str| None;
        let no_color = |name: &str| (name == "NO_COLOR").then(|| "1".to_string());
        let dumb = |name: &str| (name == "TERM").then(|| "dumb".to_string());
        assert!(use_colour(ColorChoice::Auto, true, none));
        assert!(!use_colour(ColorChoice::Auto, false, none));
        assert!(!use_colour(ColorChoice::Auto, true, no_color));
        assert!(!use_colour(ColorChoice::Auto, true, dumb));
        assert!(use_colour(ColorChoice::Always, false, no_color));
        assert!(!use_colour(ColorChoice::Never, true, none));
    }

    #[test]
    fn locale_decides_on_line_drawing() {
        let set = |wanted: &'static str, value: &'static str| {
            move |name: &str| (name == wanted).then(|| value.to_string())
        };
        assert!(is_utf8_locale(set("LANG", "de_DE.UTF-8")));
        assert!(is_utf8_locale(set("LC_ALL", "C.utf8")));
        assert!(!is_utf8_locale(set("LANG", "C")));
        assert!(!is_utf8_locale(|_| None));
        assert!(!is_utf8_locale(|name| Some(if name == "LC_ALL" { "C" } else { "C.UTF-8" }.to_string())));
    }

    #[test]
    fn hostile_names_are_defused() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d"), "a?[2Jb?c?d");
        assert_eq!(printable("src/größe.cu"), "src/größe.cu");
    }
}
