//! A quick look at a file's bytes: may it hold CUDA at all?
//!
//! Files that may not are left alone without being parsed, so a large C++ tree costs a search per file.

use memchr::{memchr_iter, memmem};

/// Launch syntax and the words that only a CUDA compiler knows.
const SYNTAX: &[&str] =
    &["<<<", "__global__", "__device__", "__shared__", "__constant__", "__managed__", "__launch_bounds__"];

/// Words other than the API names below that mean GPU work under the host's control.
const LIBRARIES: &[&str] = &[
    "thrust::",
    "rmm::",
    "nccl",
    "CUstream",
    "CUdeviceptr",
    "CUevent",
    "cub::",
    "nppi",
    "nvjpeg",
    "raft::",
    "Kokkos::",
    "CUDAStream",
    "CUDAEvent",
];

/// True if the text uses CUDA's language extensions, so that it must be parsed as CUDA.
pub fn has_cuda_syntax(text: &[u8]) -> bool {
    SYNTAX.iter().any(|word| {
        memmem::find_iter(text, word).any(|at| {
            // `operator<<<T>` and a row of `<` in a comment are no launches: those have `>>>` further on.
            *word != "<<<" || is_launch(text, at)
        })
    })
}

fn is_launch(text: &[u8], at: usize) -> bool {
    let window = &text[at + 3..text.len().min(at + 2_000)];
    let before = text[..at].iter().rev().find(|byte| !byte.is_ascii_whitespace());
    before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'>' | b')' | b']'))
        && window.first() != Some(&b'<')
        && memmem::find(window, b">>>").is_some()
}

/// True if the text holds any word of CUDA, HIP or a library whose calls the analysis follows.
pub fn mentions_cuda(text: &[u8]) -> bool {
    mentions_api(text)
        || has_cuda_syntax(text)
        || LIBRARIES.iter().any(|word| memmem::find(text, word.as_bytes()).is_some())
}

/// True if Rust source holds any word of CUDA, or of a library for it: `cudarc`, `CudaSlice`, `cust::`.
pub fn mentions_cuda_in_rust(text: &[u8]) -> bool {
    mentions_api(text)
        || ["Cuda", "CUstream", "CUdeviceptr", "cust::"]
            .iter()
            .any(|word| memmem::find(text, word.as_bytes()).is_some())
}

/// True if the text holds one of the words.
pub fn mentions_any<'w>(text: &[u8], words: impl IntoIterator<Item = &'w String>) -> bool {
    words.into_iter().any(|word| memmem::find(text, word.as_bytes()).is_some())
}

/// True if the text names functions of HIP, and none of CUDA.
pub fn is_for_hip(text: &[u8]) -> bool {
    names(text, b"hip") && !names(text, b"cuda") && !names(text, b"cu")
}

/// True if the text holds the prefix at the start of a word, and a capital behind it.
fn names(text: &[u8], prefix: &[u8]) -> bool {
    memmem::find_iter(text, prefix)
        .any(|at| starts_word(text, at) && text.get(at + prefix.len()).is_some_and(u8::is_ascii_uppercase))
}

fn starts_word(text: &[u8], at: usize) -> bool {
    at == 0 || !(text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'_')
}

/// True if the text holds `cuda…`, `cu[A-Z]…` or `hip[A-Z]…` at the start of a word.
pub fn mentions_api(text: &[u8]) -> bool {
    // `cu` is rare in English and in C++, so that looking at each place where it stands costs little.
    memmem::find_iter(text, b"cu").any(|at| {
        let rest = &text[at + 2..];
        starts_word(text, at)
            && (rest.starts_with(b"da")
                || rest.first().is_some_and(u8::is_ascii_uppercase)
                || rest.starts_with(b"blas")
                || rest.starts_with(b"fft")
                || rest.starts_with(b"rand")
                || rest.starts_with(b"sparse")
                || rest.starts_with(b"solver")
                || rest.starts_with(b"dnn")
                || rest.starts_with(b"b/"))
    }) || names(text, b"hip")
}

/// True for content that is no text: it holds null bytes.
pub fn is_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 << 10)];
    memchr_iter(0, head).count() * 1_000 > head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuda_words_are_found() {
        for text in [
            "cudaMalloc(&p, 4);",
            "x = cuMemAlloc(p);",
            "#include <cuda.h>",
            "k<<<1, 2>>>();",
            "hipMalloc(p)",
            "thrust::sort(a, b);",
            "ncclSend()",
        ] {
            assert!(mentions_cuda(text.as_bytes()), "{text}");
        }
        for text in
            ["int focus; // occupy the circus", "std::cout << 1;", "", "class accumulate {};", "cur = cut;"]
        {
            assert!(!mentions_cuda(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn launches_are_told_from_shifts_and_comments() {
        assert!(has_cuda_syntax(b"kernel<float><<<grid, block, 0, stream>>>(x);"));
        assert!(has_cuda_syntax(b"kernel <<< 1, 1 >>> ();"));
        assert!(!has_cuda_syntax(b"// <<<<<<<< HEAD\n"));
        assert!(!has_cuda_syntax(b"a <<< b"));
    }

    #[test]
    fn null_bytes_make_a_file_binary() {
        assert!(is_binary(b"\x7fELF\0\0\0\0\x01"));
        assert!(!is_binary("Grüße, // ñ".as_bytes()));
        assert!(!is_binary(b""));
    }
}
