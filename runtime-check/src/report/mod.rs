//! `report`: the evidence as one page of HTML that stands for itself.
//!
//! It runs nothing and needs no GPU: everything on it comes out of fixtures/evidence. Pictures are drawn from the
//! times that were measured (`chart`); where there are none, from the witness that was replayed (`timeline`).

mod chart;
mod page;
mod svg;
mod tables;
mod timeline;
pub mod words;

use std::path::{Path, PathBuf};

use clap::Args;
use cuda_lint_evidence::check::{self, Evidence};

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The root of the repository
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Where the page goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Writes the page; gives back what to print, or why there is none.
pub fn command(arguments: &ReportArgs) -> Result<String, String> {
    let page = render(&arguments.root)?;
    let out = &arguments.out;
    std::fs::write(out, &page).map_err(|error| format!("{} cannot be written: {error}", out.display()))?;
    Ok(format!("{}: {} KiB", out.display(), page.len() / 1024))
}

fn render(root: &Path) -> Result<String, String> {
    let evidence = Evidence::read(root).map_err(|problems| {
        let list: Vec<_> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        format!("there is no evidence to report:{}", list.concat())
    })?;
    let stale = check::problems(root, &evidence, &check::catalogue(), None);
    Ok(page::html(&evidence, &stale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cuda_lint_evidence::samples;

    #[test]
    fn the_page_holds_the_evidence_and_nothing_from_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        samples::write(root.path()).unwrap();
        let page = render(root.path()).unwrap();
        for text in [
            "NVIDIA H200",
            "driver 580.159",
            "10,000",
            "host-read-before-sync",
            "unknown-cuda-api",
            "cudaGetLastError synchronises",
            "events see later work",
            "racecheck",
            "read h",
            "Schematic",
            "Measured",
        ] {
            assert!(page.contains(text), "{text} is missing");
        }
        for outside in ["http:", "https:", "<script", "<link", "src=", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        for tag in ["div", "table", "tr", "td", "section", "svg", "g", "details", "figure"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "<{tag}>");
        }
    }

    #[test]
    fn without_evidence_it_says_what_is_missing() {
        let root = tempfile::tempdir().unwrap();
        let error = render(root.path()).unwrap_err();
        for file in ["rules.toml", "programs.toml", "claims.toml", "litmus.toml", "peers.toml"] {
            assert!(error.contains(file), "{error}");
        }
    }
}
