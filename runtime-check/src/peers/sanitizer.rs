//! What compute-sanitizer prints.

/// What one run says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many errors it counts; none if it came to no summary.
    pub errors: Option<u32>,
    /// The first message.
    pub first: String,
}

const MARK: &str = "=========";

/// Reads the output of one run: the program's own output, with the tool's lines in it.
pub fn summary(output: &str) -> Summary {
    let mut errors = None;
    let mut first = String::new();
    for line in output.lines() {
        let Some(rest) = line.strip_prefix(MARK) else { continue };
        // The details of a message are indented.
        let message = rest.strip_prefix(' ').unwrap_or(rest);
        if let Some((_, summary)) = message.split_once("SUMMARY: ") {
            errors = count(summary).or(errors);
        } else if first.is_empty() && is_message(message) {
            first = message.trim().to_owned();
        }
    }
    if errors == Some(0) {
        first.clear();
    }
    Summary { errors, first }
}

/// `3 errors`; racecheck: `1 hazard displayed (1 error, 0 warnings)`.
fn count(summary: &str) -> Option<u32> {
    summary.split_whitespace().next()?.parse().ok()
}

fn is_message(message: &str) -> bool {
    let is_frame = ["COMPUTE-SANITIZER", "Target application", "No errors", "Saved host", "Host Frame"]
        .iter()
        .any(|start| message.starts_with(start));
    !message.is_empty() && !message.starts_with(' ') && !is_frame
}

/// The line of `--version` that has a number.
pub fn version(output: &str) -> String {
    let line = output.lines().find(|line| line.starts_with("Version")).or_else(|| output.lines().next());
    format!("compute-sanitizer {}", line.unwrap_or("of unknown version").trim_start_matches("Version").trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_and_the_first_is_kept() {
        let output = "========= COMPUTE-SANITIZER\n42\n\
            ========= Program hit cudaErrorInvalidValue (error 1) due to \"invalid argument\" on CUDA API call to cudaMemcpy.\n\
            =========     Saved host backtrace up to driver entry point at error\n\
            =========         Host Frame: main in misuse.cu:12 [0x9e3b] in program\n\
            ========= \n\
            ========= ERROR SUMMARY: 1 error\n";
        let summary = summary(output);
        assert_eq!(summary.errors, Some(1));
        assert!(summary.first.starts_with("Program hit cudaErrorInvalidValue (error 1)"), "{summary:?}");
    }

    #[test]
    fn nothing_found_is_zero_and_no_summary_is_unknown() {
        let clean = "========= COMPUTE-SANITIZER\n========= ERROR SUMMARY: 0 errors\n";
        assert_eq!(summary(clean), Summary { errors: Some(0), first: String::new() });
        let race = "========= COMPUTE-SANITIZER\n\
                    ========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)\n";
        assert_eq!(summary(race).errors, Some(0));
        let dead = "========= Error: process didn't terminate successfully\n========= Target application returned an error\n";
        let dead = summary(dead);
        assert_eq!(dead.errors, None);
        assert_eq!(dead.first, "Error: process didn't terminate successfully");
    }

    #[test]
    fn the_version_is_found() {
        let text = "NVIDIA (R) Compute Sanitizer\nCopyright (c) 2020-2025 NVIDIA Corporation\nVersion 2025.3.1.0 (build 1)\n";
        assert_eq!(version(text), "compute-sanitizer 2025.3.1.0 (build 1)");
    }
}
