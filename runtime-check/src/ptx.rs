//! The kernels in `kernels/`: compiled by NVRTC where there is one, else the PTX that ships with them, which nvcc
//! made, for machines that have a driver and no toolkit.

use std::fs;
use std::path::{Path, PathBuf};

use cudarc::nvrtc::{self, CompileOptions};

use crate::platform::{self, Error};
use crate::programs::toolchain::{Compiled, Toolchain};

/// What PTX is made for: the oldest devices that nvcc of CUDA 13 knows, and whatever came later.
const TARGET: &str = "compute_75";

/// A source with its PTX.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The name of the file in `kernels/`, without `.cu`.
    pub name: &'static str,
    /// The source, as it is in the repository.
    pub text: &'static str,
    /// Its PTX, as [`ship`] wrote it.
    pub shipped: &'static str,
}

/// What replayed traces do on the device.
pub const TOUCH: Source = Source {
    name: "touch",
    text: include_str!("../../kernels/touch.cu"),
    shipped: include_str!("../../kernels/ptx/touch.ptx"),
};
/// Keeps a stream busy for a time.
pub const HOLD: Source = Source {
    name: "hold",
    text: include_str!("../../kernels/hold.cu"),
    shipped: include_str!("../../kernels/ptx/hold.ptx"),
};

impl Source {
    /// The PTX to load; true if NVRTC compiled it, false if it is what ships.
    pub fn load(&self) -> Result<(String, bool), Error> {
        match platform::find_compiler() {
            Ok(()) => {
                let options = CompileOptions { arch: Some(TARGET), ..CompileOptions::default() };
                let compiled = nvrtc::compile_ptx_with_opts(self.text, options);
                let text = compiled.map_err(|error| Error::Compile(self.name, error))?.to_src();
                Ok((text.trim_end_matches('\0').to_owned(), true))
            }
            Err(Error::NoCompiler) => Ok((self.shipped.to_owned(), false)),
            Err(error) => Err(error),
        }
    }

    /// The first line of what ships.
    fn header(&self) -> String {
        let hash = cuda_lint_evidence::sha256(self.text.as_bytes());
        format!("// kernels/{}.cu, SHA-256 {hash}; nvcc -ptx -arch={TARGET}", self.name)
    }
}

/// Has nvcc make the PTX that ships, from the sources as they were when this command was built; says which files.
pub fn ship(root: &Path, out: Option<&Path>) -> Result<String, Error> {
    let toolchain = Toolchain::find(root)?;
    let out = out.map_or_else(|| root.join("kernels").join("ptx"), Path::to_path_buf);
    let wrong =
        |path: &Path, error: std::io::Error| Error::Unexpected(format!("{}: {error}", path.display()));
    fs::create_dir_all(&out).map_err(|error| wrong(&out, error))?;
    let mut written = Vec::new();
    for source in [TOUCH, HOLD] {
        let file = format!("{}.cu", source.name);
        let here = toolchain.folder().join(&file);
        fs::write(&here, source.text).map_err(|error| wrong(&here, error))?;
        let target = format!("-arch={TARGET}");
        let made = match toolchain.make(toolchain.folder(), &file, &["-ptx", &target], "ptx")? {
            Compiled::Program(made) => made,
            Compiled::Rejected(why) => {
                return Err(Error::Unexpected(format!("kernels/{file} does not compile with nvcc: {why}")));
            }
        };
        let text = fs::read_to_string(&made).map_err(|error| wrong(&made, error))?;
        let path: PathBuf = out.join(format!("{}.ptx", source.name));
        fs::write(&path, format!("{}\n{text}", source.header())).map_err(|error| wrong(&path, error))?;
        written.push(format!("{}: {}", path.display(), toolchain.version));
    }
    Ok(written.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_that_of_the_source() {
        for (source, kernels) in
            [(TOUCH, ["look", "fill", "take", "hold_until", "clock_trip"].as_slice()), (HOLD, &["hold"])]
        {
            let header = source.shipped.lines().next();
            assert_eq!(header, Some(source.header().as_str()), "run `cuda-lint-runtime ptx` where nvcc is");
            for kernel in kernels {
                assert!(source.shipped.contains(&format!(".entry {kernel}(")), "{kernel}");
            }
            // nvcc says which it is, and which devices the code is for.
            assert!(source.shipped.contains("// Cuda compilation tools, release "), "{}", source.name);
            assert!(source.shipped.contains("\n.target sm_75\n"), "{}", source.name);
        }
    }
}
