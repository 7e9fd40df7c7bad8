//! What the machine and the CUDA version that a program is meant for can do.
//!
//! What is not said is unknown, and then every platform counts: findings hold for some of them. What is said
//! takes findings away that hold elsewhere only, and adds those that hold only here.

use std::fmt;

/// Bytes up to which a copy from pageable memory is documented to be staged before the call returns ("API
/// synchronization behavior" of the driver API: 64 KB; measured up to 1 MiB on some machines).
pub const STAGING_LIMIT: u64 = 64 << 10;

/// What a program may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub struct Platform {
    /// The version of CUDA. Unknown: what any of CUDA 11 to 13 lacks is said.
    pub cuda: Option<CudaVersion>,
    /// The device attribute `pageableMemoryAccess` (HMM, ATS): kernels may use pageable host memory, and
    /// copies with it need not wait.
    pub pageable_access: Option<bool>,
    /// The device attribute `concurrentManagedAccess`: the host may touch managed memory that no running
    /// work uses. Without it (Windows, Tegra), no managed memory while anything runs.
    pub concurrent_managed_access: Option<bool>,
    /// Bytes up to which a copy from pageable memory is staged before the call returns.
    pub staging_limit: Option<u64>,
}

impl Platform {
    /// Nothing is known.
    pub const fn unknown() -> Self {
        Self { cuda: None, pageable_access: None, concurrent_managed_access: None, staging_limit: None }
    }

    /// The limit that applies.
    pub const fn staging_limit(&self) -> u64 {
        match self.staging_limit {
            Some(bytes) => bytes,
            None => STAGING_LIMIT,
        }
    }

    /// What is said here, and where nothing is, what `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            cuda: self.cuda.or(other.cuda),
            pageable_access: self.pageable_access.or(other.pageable_access),
            concurrent_managed_access: self.concurrent_managed_access.or(other.concurrent_managed_access),
            staging_limit: self.staging_limit.or(other.staging_limit),
        }
    }
}

impl Default for Platform {
    fn default() -> Self {
        Self::unknown()
    }
}

/// A version of CUDA: `12.4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CudaVersion {
    /// The number before the point.
    pub major: u16,
    /// The number after it.
    pub minor: u16,
}

impl CudaVersion {
    /// Reads `12.4`, `12` (which is `12.0`) or `12.4.1` (whose last number says nothing about functions).
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('.').map(|number| {
            let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| number.parse::<u16>().ok()).flatten()
        });
        let major = numbers.next()??;
        let minor = numbers.next().unwrap_or(Some(0))?;
        let patch = numbers.next().is_none_or(|patch| patch.is_some());
        (patch && numbers.next().is_none() && major > 0).then_some(Self { major, minor })
    }
}

impl fmt::Display for CudaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_one_to_three_numbers() {
        for (text, major, minor) in [("12.4", 12, 4), ("13", 13, 0), ("11.8.0", 11, 8), (" 12.0 ", 12, 0)] {
            assert_eq!(CudaVersion::parse(text), Some(CudaVersion { major, minor }), "{text}");
        }
        for text in ["", "12.", ".4", "v12", "12.4.1.2", "12.x", "-12", "+12", "0.1", "99999999"] {
            assert_eq!(CudaVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_said_first_counts() {
        let first = Platform { pageable_access: Some(false), ..Platform::default() };
        let second =
            Platform { pageable_access: Some(true), staging_limit: Some(1 << 20), ..Platform::default() };
        let both = first.or(second);
        assert_eq!((both.pageable_access, both.staging_limit()), (Some(false), 1 << 20));
        assert_eq!(first.staging_limit(), STAGING_LIMIT);
    }
}
