//! What the device code of a program has in it, read from its machine code, and what memory it asks for, read from
//! what the linker had to find: a tool for shared memory says nothing of a program that has none.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::programs::process::{self, End};
use crate::programs::toolchain::{Reference, Toolchain};

/// How long the disassembler may take.
const LIMIT: Duration = Duration::from_secs(20);

/// What a tool looks at. What is not known for certain to be missing is taken to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Kernels.
    pub kernels: bool,
    /// Accesses that may be ones to shared memory.
    pub shared: bool,
    /// Barriers of blocks, warps and clusters, and what else names the threads that must take part.
    pub barriers: bool,
    /// Memory of the stream-ordered allocator.
    pub stream_ordered: bool,
}

impl Code {
    /// Nothing is known.
    pub const ALL: Self = Self { kernels: true, shared: true, barriers: true, stream_ordered: true };

    /// Looks at a program that is linked with nothing but CUDA, unless that was done before: the answer is kept
    /// beside the program, whose name is the hash of what it was made of.
    pub fn of(toolchain: &Toolchain, program: &Path) -> Self {
        let kept = program.with_extension("code");
        let known = fs::read(&kept).ok().and_then(|text| serde_json::from_slice(&text).ok());
        known.unwrap_or_else(|| {
            let code = Self::look(toolchain, program);
            // An answer that cannot be kept is found again.
            if let Ok(text) = serde_json::to_vec(&code) {
                let _ = fs::write(kept, text);
            }
            code
        })
    }

    fn look(toolchain: &Toolchain, program: &Path) -> Self {
        let mut command = Command::new(toolchain.beside("cuobjdump"));
        command.arg("-sass").arg(program);
        let code = match process::run(&mut command, LIMIT) {
            // A long listing is cut off.
            Ok(finished) if finished.stdout.len() < process::MAX_OUTPUT => {
                read(&(finished.stdout + &finished.stderr), finished.end)
            }
            _ => Self::ALL,
        };
        let stream_ordered = toolchain.references(program) != Reference::None;
        Self { stream_ordered, ..code }
    }
}

/// Accesses to shared memory, and those of which the address alone says where they go ("Instruction Set Reference"
/// of CUDA Binary Utilities, "Memory and Texture Instructions").
const SHARED: [&str; 12] =
    ["LDS", "STS", "ATOMS", "REDS", "LDSM", "STSM", "LDGSTS", "SYNCS", "LD", "ST", "ATOM", "RED"];
/// Copies of blocks and tensors, of which there are several.
const SHARED_FAMILIES: [&str; 3] = ["UBLK", "UTMA", "UCGA"];
/// Barriers, and operations of a warp that take a mask of threads (same source).
const BARRIERS: [&str; 11] =
    ["BAR", "BARRIER", "WARPSYNC", "SYNCS", "ARRIVES", "VOTE", "VOTEU", "SHFL", "MATCH", "REDUX", "ELECT"];

/// Reads what `cuobjdump -sass` printed.
fn read(text: &str, end: End) -> Code {
    let none = Code { kernels: false, shared: false, barriers: false, ..Code::ALL };
    if text.contains("does not contain device code") {
        return none;
    }
    if end != End::Exit(0) {
        return Code::ALL;
    }
    let mut code = none;
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("Function :") {
            code.kernels = true;
        }
        let Some(operation) = operation(line) else { continue };
        code.shared |=
            SHARED.contains(&operation) || SHARED_FAMILIES.iter().any(|it| operation.starts_with(it));
        code.barriers |= BARRIERS.contains(&operation) || operation.starts_with("UCGA");
    }
    code
}

/// The operation of an instruction: `/*0010*/  @!P0 LDS.64 R2, [R4] ;` is `LDS`.
fn operation(line: &str) -> Option<&str> {
    let (address, rest) = line.strip_prefix("/*")?.split_once("*/")?;
    if !address.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut words = rest.split_whitespace().filter(|word| !word.starts_with(['@', '{']));
    words.next()?.split(['.', ';']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `cuobjdump -sass` of CUDA 13.0 prints it.
    fn listing(instructions: &[&str]) -> String {
        let mut text =
            "\nFatbin elf code:\n================\narch = sm_90\n\n\t\tFunction : _Z4fillPi\n".to_owned();
        for (index, instruction) in instructions.iter().enumerate() {
            text += &format!(
                "        /*{:04x}*/                   {instruction} ;    /* 0x000000ff00007b82 */\n",
                index * 16
            );
            text += "                                                /* 0x000fe20000000800 */\n";
        }
        text
    }

    #[test]
    fn plain_kernels_have_neither_shared_memory_nor_barriers() {
        let code =
            read(&listing(&["LDC R1, c[0x0][0x28]", "STG.E desc[UR4][R2.64], R5", "EXIT"]), End::Exit(0));
        assert_eq!((code.kernels, code.shared, code.barriers), (true, false, false));
    }

    #[test]
    fn shared_memory_and_barriers_are_found() {
        let of = |instruction: &str| {
            let code = read(&listing(&["LDC R1, c[0x0][0x28]", instruction]), End::Exit(0));
            (code.shared, code.barriers)
        };
        assert_eq!(of("@!P0 LDS.64 R2, [R4]"), (true, false));
        assert_eq!(of("BAR.SYNC.DEFER_BLOCKING 0x0"), (false, true));
        assert_eq!(of("SYNCS.ARRIVE.TRANS64 RZ, [R2], RZ"), (true, true));
        // Where it goes, its address says.
        assert_eq!(of("LD.E R0, desc[UR4][R2.64]"), (true, false));
        assert_eq!(of("UBLKCP.S.G [UR4], [UR6], UR8"), (true, false));
        assert_eq!(of("SHFL.DOWN PT, R3, R0, 0x10, 0x1f"), (false, true));
    }

    #[test]
    fn what_is_not_known_is_there() {
        assert_eq!(read("", End::Signal(11)), Code::ALL);
        assert_eq!(read("cuobjdump fatal: no memory", End::Exit(255)), Code::ALL);
        let none = read("cuobjdump info    : File 'p' does not contain device code\n", End::Exit(255));
        assert_eq!((none.kernels, none.shared), (false, false));
    }
}
