//! `cuda-lint baseline`: writes down what is found, or takes out what is gone.

use std::io::{self, Write};
use std::path::PathBuf;

use super::Baseline;
use super::file::{find, folder_of, new_place, shown};
use crate::args::BaselineArgs;
use crate::exit::ExitStatus;
use crate::run;
use crate::terminal;

/// Analyses the paths as `check` does, and writes the baseline.
pub fn write(args: &BaselineArgs, out: &mut dyn Write) -> io::Result<ExitStatus> {
    let mut paths = args.paths.clone();
    if paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    let complain = |why: &str| {
        terminal::complain(why);
        Ok(ExitStatus::Incomplete)
    };
    let setup = match run::Setup::new(&paths, &args.options) {
        Ok(setup) => setup,
        Err(status) => return Ok(status),
    };
    let file = match find(args.options.baseline.as_deref(), &setup.config, &paths) {
        Ok(file) => file.unwrap_or_else(|| new_place(&setup.config, &paths)),
        Err(why) => return complain(&why),
    };
    let old = match Baseline::read(&file) {
        Ok(old) => old,
        Err(why) if args.prune => return complain(&why),
        // A broken one is written anew, as its message says; what it knew of other files is lost.
        Err(_) => Baseline::empty(shown(&file), &folder_of(&file)),
    };
    let looked = match setup.look() {
        Ok(looked) => looked,
        Err(status) => return Ok(status),
    };
    let (report, Some(matched)) = looked.settle(&setup, Some(&old)) else {
        return Ok(ExitStatus::Incomplete);
    };
    let new = if args.prune { old.pruned(&matched) } else { old.renewed(&matched) };
    if let Err(why) = new.write(&file) {
        return complain(&why);
    }
    if !args.options.quiet {
        let findings = |count: usize| format!("{count} finding{}", if count == 1 { "" } else { "s" });
        writeln!(out, "{}: {}", shown(&file), findings(new.count()))?;
        if matched.fixed_count() > 0 {
            writeln!(out, "{} gone and taken out", findings(matched.fixed_count()))?;
        }
        if matched.new_count() > 0 {
            let what = if args.prune { "new and not put in" } else { "new" };
            writeln!(out, "{} {what}", findings(matched.new_count()))?;
        }
    }
    out.flush()?;
    Ok(if report.failed.is_empty() { ExitStatus::Clean } else { ExitStatus::Incomplete })
}
