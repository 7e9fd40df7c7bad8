//! The section `[platform]`: what the machine and the CUDA version that the program is meant for can do.

use cuda_lint_engine::Platform;
use cuda_lint_engine::platform::CudaVersion;

use super::problem::Problem;
use super::table::Table;
use crate::options::DefaultStream;

/// Reads the section.
pub fn read(table: &mut Table<'_>, problems: &mut Vec<Problem>) -> (Platform, Option<DefaultStream>) {
    let mut platform = Platform::unknown();
    if let Some((text, range)) = table.string("cuda", problems) {
        platform.cuda = CudaVersion::parse(&text);
        if platform.cuda.is_none() {
            let message = format!("`{text}` is no version of CUDA");
            problems.push(table.problem(range, message, "write two numbers, such as \"12.4\"".to_owned()));
        }
    }
    let mut default_stream = None;
    if let Some((text, range)) = table.string("default-stream", problems) {
        default_stream = match text.as_str() {
            "legacy" => Some(DefaultStream::Legacy),
            "per-thread" => Some(DefaultStream::PerThread),
            _ => {
                let message = format!("there is no default stream `{text}`");
                problems.push(table.problem(range, message, "known are `legacy`, `per-thread`".to_owned()));
                None
            }
        };
    }
    platform.pageable_access = table.boolean("pageable-access", problems);
    platform.concurrent_managed_access = table.boolean("concurrent-managed-access", problems);
    platform.staging_limit = table.count("staging-limit", problems);
    (platform, default_stream)
}
