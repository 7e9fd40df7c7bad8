//! What the command says of itself to shells and to `man`.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::ExitStatus;

/// Prints the completions of a shell.
pub fn completions(shell: Shell, out: &mut dyn Write) -> io::Result<ExitStatus> {
    // The generator panics if it cannot write, so that it writes into memory.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cuda-lint", &mut text);
    out.write_all(&text)?;
    out.flush()?;
    Ok(ExitStatus::Clean)
}

/// Prints the manual page.
pub fn page(out: &mut dyn Write) -> io::Result<ExitStatus> {
    clap_mangen::Man::new(Cli::command()).render(out)?;
    out.flush()?;
    Ok(ExitStatus::Clean)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_and_man_get_something() {
        for shell in Shell::value_variants() {
            let mut out = Vec::new();
            completions(*shell, &mut out).unwrap();
            assert!(String::from_utf8(out).unwrap().contains("min-confidence"), "{shell}");
        }
        let mut out = Vec::new();
        page(&mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().contains(".TH cuda-lint 1"));
    }
}
