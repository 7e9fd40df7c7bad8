//! A progress bar on standard error, for people and for runs that take a while.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::finding::FileReport;
use crate::pool::Observer;

/// A run shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Shows how many files are done. Dropping it removes the bar.
pub struct Progress {
    bar: ProgressBar,
    start: Instant,
    /// True until the bar is shown, if it ever may be.
    wanted: bool,
}

impl Progress {
    /// A bar for a number of files; it stays hidden without a terminal or if `quiet`.
    pub fn new(files: usize, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files, {elapsed} ") {
            bar.set_style(style);
        }
        Self { bar, start: Instant::now(), wanted: !quiet && std::io::stderr().is_terminal() }
    }

    fn reveal(&mut self) {
        if self.wanted && self.start.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.wanted = false;
        }
    }
}

impl Observer for Progress {
    fn finished(&mut self, _: &FileReport) {
        self.reveal();
        self.bar.inc(1);
    }

    fn tick(&mut self) {
        self.reveal();
        self.bar.tick();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
