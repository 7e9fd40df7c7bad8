//! What a worker runs: frontend, engine, and the positions of what they find.

use crate::options::AnalysisOptions;
use crate::worker::Analyser;

/// Makes the analyser of a worker, or says why it cannot be.
pub fn start(_options: AnalysisOptions) -> Result<Box<dyn Analyser>, String> {
    Err("this build has no C++ frontend".to_string())
}
