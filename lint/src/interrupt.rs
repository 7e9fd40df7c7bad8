//! What a run that is interrupted leaves behind: nothing.

use std::path::PathBuf;

/// The exit code after an interrupt, as shells have it: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// Ends the process with exit code 130 on SIGINT, SIGTERM and SIGHUP, and removes the folder that it works in first.
pub fn removes(folder: PathBuf) {
    let end = move || {
        // What cannot be removed now is the system's to remove: nobody is there to be told.
        let _ = std::fs::remove_dir_all(&folder);
        std::process::exit(INTERRUPTED);
    };
    // Without a handler the folder stays behind when the run is interrupted, and nothing else is different.
    let _ = ctrlc::set_handler(end);
}
