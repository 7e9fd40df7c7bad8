//! The report for people, with the source. This is the only user of miette.

use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::Report;
use super::source::{Source, Sources};
use crate::config::Problem;
use crate::finding::{ReportedDiagnostic, Span};
use crate::terminal::{Terminal, printable};
use cuda_lint_engine::Severity;

/// Prints the findings, an empty line after each.
pub fn write(report: &Report, terminal: Terminal, out: &mut dyn Write) -> io::Result<()> {
    let handler = GraphicalReportHandler::new_themed(theme(terminal))
        .with_width(terminal.width)
        .with_links(false)
        .with_context_lines(1)
        .with_show_related_as_nested(true);
    let mut sources = Sources::default();
    for diagnostic in &report.diagnostics {
        let mut text = String::new();
        let view = View::of(diagnostic, &mut sources);
        handler.render_report(&mut text, &view).map_err(io::Error::other)?;
        for line in text.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What is wrong with a configuration, with the place in the file.
pub fn problem(problem: &Problem, terminal: Terminal) -> String {
    let mut sources = Sources::default();
    let source = sources.get(&problem.span.file).filter(|it| it.underline(&problem.span).is_some());
    let code = match problem.span.line {
        0 => printable(&problem.span.file).into_owned(),
        _ => place(&problem.span),
    };
    let mut view = View {
        code: Some(code),
        severity: miette::Severity::Error,
        message: printable(&problem.message).into_owned(),
        source,
        labels: Vec::new(),
        elsewhere: Vec::new(),
        help: (!problem.help.is_empty()).then(|| printable(&problem.help).into_owned()),
    };
    view.add_label(&problem.span, "", true);
    let handler =
        GraphicalReportHandler::new_themed(theme(terminal)).with_width(terminal.width).with_links(false);
    let mut text = String::new();
    // A text can always be written to.
    let _ = handler.render_report(&mut text, &view);
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

fn theme(terminal: Terminal) -> GraphicalTheme {
    GraphicalTheme {
        characters: if terminal.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if terminal.colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
    }
}

/// A finding as miette sees it: a diagnostic over one file, with the places in other files nested in it.
#[derive(Debug)]
struct View {
    code: Option<String>,
    severity: miette::Severity,
    message: String,
    source: Option<Rc<Source>>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<View>,
    help: Option<String>,
}

impl View {
    fn of(diagnostic: &ReportedDiagnostic, sources: &mut Sources) -> Self {
        let mut view = Self {
            code: Some(format!(
                "{}: {}[{}] {}",
                place(&diagnostic.span),
                diagnostic.severity.name(),
                diagnostic.rule,
                diagnostic.confidence.name()
            )),
            severity: severity(diagnostic.severity),
            message: printable(&diagnostic.message).into_owned(),
            source: None,
            labels: Vec::new(),
            elsewhere: Vec::new(),
            help: (!diagnostic.help.is_empty()).then(|| printable(&diagnostic.help).into_owned()),
        };
        view.source =
            sources.get(&diagnostic.span.file).filter(|it| it.underline(&diagnostic.span).is_some());
        view.add_label(&diagnostic.span, &diagnostic.label, true);
        for related in &diagnostic.related {
            if !view.add_label(&related.span, &related.message, false) {
                view.elsewhere.push(Self::elsewhere(&related.span, &related.message, sources));
            }
        }
        view
    }

    /// A place in another file, or one that cannot be shown.
    fn elsewhere(span: &Span, message: &str, sources: &mut Sources) -> Self {
        let source = sources.get(&span.file).filter(|source| source.underline(span).is_some());
        let place = if source.is_some() { String::new() } else { format!("{}: ", place(span)) };
        let mut view = Self {
            code: None,
            severity: miette::Severity::Advice,
            message: format!("{place}{}", printable(message)),
            source,
            labels: Vec::new(),
            elsewhere: Vec::new(),
            help: None,
        };
        view.add_label(span, "", true);
        view
    }

    /// Labels a place, if it stands in the file that is shown.
    fn add_label(&mut self, span: &Span, text: &str, primary: bool) -> bool {
        let Some(source) = self.source.as_ref().filter(|source| source.path == span.file) else {
            return false;
        };
        let Some(range) = source.underline(span) else { return false };
        let text = (!text.is_empty()).then(|| printable(text).into_owned());
        self.labels.push(if primary {
            LabeledSpan::new_primary_with_span(text, range)
        } else {
            LabeledSpan::new_with_span(text, range)
        });
        true
    }
}

fn severity(severity: Severity) -> miette::Severity {
    match severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning | Severity::Performance => miette::Severity::Warning,
        Severity::Info => miette::Severity::Advice,
    }
}

fn place(span: &Span) -> String {
    format!("{}:{}:{}", printable(&span.file), span.line, span.column)
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for View {}

impl miette::Diagnostic for View {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as _)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.elsewhere.iter().map(|view| view as _)))
    }
}

/// miette's own implementation for text searches every label from the start of the file and counts lines
/// from there, so that distant labels are drawn as one long snippet.
impl SourceCode for Source {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let last = span.offset() + span.len().saturating_sub(1);
        if last > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first_line = self.line_of(span.offset()).saturating_sub(lines_before);
        let end_line = (self.line_of(last) + lines_after + 1).min(self.line_count());
        let range = self.line_start(first_line)..self.line_start(end_line);
        // Only the column of a span that is asked for without context is ever printed.
        let column = if lines_before == 0 { span.offset() - range.start } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            printable(&self.path).into_owned(),
            &self.text.as_bytes()[range.clone()],
            (range.start, range.len()).into(),
            first_line,
            column,
            end_line - first_line,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::RelatedPlace;
    use crate::finding::samples::diagnostic;

    const SOURCE: &str = "\
void step(float *d, int n) {
    float *h;
    cudaMallocHost(&h, n);
    cudaStream_t s;
    cudaStreamCreate(&s);

    prepare();
    more();
    cudaMemcpyAsync(h, d, n,
                    cudaMemcpyDeviceToHost, s);
    use(h[0]);
}
";
    const PLAIN: Terminal = Terminal { colour: false, unicode: true, width: 100 };

    /// The place of a text in a file.
    fn find(path: &str, source: &str, text: &str) -> Span {
        let offset = source.find(text).unwrap();
        let line = source[..offset].matches('\n').count() as u32 + 1;
        let column = (offset - source[..offset].rfind('\n').map_or(0, |end| end + 1)) as u32 + 1;
        Span {
            file: path.to_string(),
            line,
            column,
            end_line: line,
            end_column: column + text.len() as u32,
            offset: offset as u32,
            length: text.len() as u32,
        }
    }

    /// The report on a finding in `a.cu`, rendered with the folder taken out.
    fn render(terminal: Terminal, make: impl Fn(&str) -> ReportedDiagnostic) -> String {
        let folder = tempfile::tempdir().unwrap();
        let prefix = format!("{}/", folder.path().display());
        std::fs::write(folder.path().join("a.cu"), SOURCE).unwrap();
        std::fs::write(folder.path().join("b.h"), "inline void use(float);\n").unwrap();
        let report = Report { diagnostics: vec![make(&prefix)], ..Report::default() };
        let mut out = Vec::new();
        write(&report, terminal, &mut out).unwrap();
        String::from_utf8(out).unwrap().replace(&prefix, "")
    }

    fn sample(prefix: &str) -> ReportedDiagnostic {
        let path = format!("{prefix}a.cu");
        let mut it = diagnostic("host-read-before-sync", find(&path, SOURCE, "h[0]"));
        for (text, message) in [
            ("cudaMallocHost(&h, n)", "allocated here"),
            (
                "cudaMemcpyAsync(h, d, n,\n                    cudaMemcpyDeviceToHost, s)",
                "the copy is enqueued here",
            ),
        ] {
            let span = find(&path, SOURCE, text);
            it.related.push(RelatedPlace { span, message: message.to_string() });
        }
        it
    }

    #[test]
    fn places_in_one_file_are_labels() {
        check(
            PLAIN,
            sample,
            "\
a.cu:11:9: error[host-read-before-sync] certain

  × the host reads `h_out` while the copy into it may still be running
   ╭─[a.cu:3:5]
 2 │     float *h;
 3 │     cudaMallocHost(&h, n);
   ·     ──────────┬──────────
   ·               ╰── allocated here
 4 │     cudaStream_t s;
   ╰────
    ╭─[a.cu:11:9]
  8 │     more();
  9 │     cudaMemcpyAsync(h, d, n,
    ·     ────────────┬───────────
    ·                 ╰── the copy is enqueued here
 10 │                     cudaMemcpyDeviceToHost, s);
 11 │     use(h[0]);
    ·         ──┬─
    ·           ╰── read here
 12 │ }
    ╰────
  help: wait first: call cudaStreamSynchronize(stream) before this line

",
        );
    }

    #[test]
    fn places_in_other_files_are_nested() {
        let other = |prefix: &str| {
            let mut it = diagnostic("host-read-before-sync", find(&format!("{prefix}a.cu"), SOURCE, "h[0]"));
            let span = find(&format!("{prefix}b.h"), "inline void use(float);\n", "use(float)");
            it.related = vec![RelatedPlace { span, message: "declared here".to_string() }];
            it
        };
        check(
            PLAIN,
            other,
            "\
a.cu:11:9: error[host-read-before-sync] certain

  × the host reads `h_out` while the copy into it may still be running
    ╭─[a.cu:11:9]
 10 │                     cudaMemcpyDeviceToHost, s);
 11 │     use(h[0]);
    ·         ──┬─
    ·           ╰── read here
 12 │ }
    ╰────
  help: wait first: call cudaStreamSynchronize(stream) before this line
  ╰─▶   ☞ declared here
         ╭─[b.h:1:13]
       1 │ inline void use(float);
         ·             ──────────
         ╰────

",
        );
    }

    #[test]
    fn without_the_source_the_place_is_said_in_words() {
        check(
            PLAIN,
            |_| {
                let mut it = diagnostic("host-read-before-sync", find("gone/a.cu", SOURCE, "h[0]"));
                let span = find("gone/a.cu", SOURCE, "cudaMallocHost");
                it.related = vec![RelatedPlace { span, message: "allocated here".to_string() }];
                it
            },
            "\
gone/a.cu:11:9: error[host-read-before-sync] certain

  × the host reads `h_out` while the copy into it may still be running
  help: wait first: call cudaStreamSynchronize(stream) before this line
  ╰─▶   ☞ gone/a.cu:3:5: allocated here

",
        );
    }

    #[test]
    fn ascii_and_colours_follow_the_terminal() {
        let ascii = render(Terminal { unicode: false, ..PLAIN }, sample);
        assert!(ascii.is_ascii(), "{ascii}");
        let colour = render(Terminal { colour: true, ..PLAIN }, sample);
        assert!(colour.contains("\u{1b}["), "{colour}");
    }

    fn check(terminal: Terminal, make: impl Fn(&str) -> ReportedDiagnostic, expected: &str) {
        let text = render(terminal, make);
        assert_eq!(text, expected, "\n{text}");
    }
}
