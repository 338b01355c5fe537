//! Why a lockfile is not accepted.

use std::fmt::Write as _;

use super::exclusions::ExclusionError;

/// Entries that a message lists; the rest is counted.
const LISTED: usize = 20;

/// Kinds of violations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViolationCode {
    /// A version is too young, or its age cannot be told.
    ReleaseAge,
    /// What vouches for a version is less than before, or cannot be told.
    TrustDowngrade,
    /// The tarball's address is not the one that the registry has.
    TarballUrl,
    /// There is no digest to check the tarball by.
    MissingIntegrity,
    /// It comes from a named registry that the settings do not name.
    NamedRegistry,
    /// An entry named like one of a registry gets its files from elsewhere.
    ResolutionShape,
}

impl ViolationCode {
    /// pnpm's code for it, without `ERR_PNPM_`.
    #[must_use]
    pub fn name(self) -> &'static str {
        &self.code()["ERR_PNPM_".len()..]
    }

    fn code(self) -> &'static str {
        match self {
            Self::ReleaseAge => "ERR_PNPM_MINIMUM_RELEASE_AGE_VIOLATION",
            Self::TrustDowngrade => "ERR_PNPM_TRUST_DOWNGRADE",
            Self::TarballUrl => "ERR_PNPM_TARBALL_URL_MISMATCH",
            Self::MissingIntegrity => "ERR_PNPM_MISSING_TARBALL_INTEGRITY",
            Self::NamedRegistry => "ERR_PNPM_MISSING_NAMED_REGISTRY",
            Self::ResolutionShape => "ERR_PNPM_RESOLUTION_SHAPE_MISMATCH",
        }
    }
}

/// A locked package that a policy does not accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Which rule it breaks.
    pub code: ViolationCode,
    /// How, as the rest of a sentence that begins with the package.
    pub reason: String,
}

/// Why a lockfile is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Packages break policies. Never empty, and sorted.
    #[error("{}", listed(.0))]
    Violations(Vec<Violation>),
    /// A registry could not be asked.
    #[error("cannot verify {package} of the lockfile: {message}")]
    Metadata {
        /// The package.
        package: String,
        /// Why, with the code of the failure.
        message: String,
    },
    /// A setting that lists exceptions cannot be read.
    #[error("invalid value in {setting}: {source}")]
    Exclusions {
        /// Name of the setting.
        setting: &'static str,
        /// Why.
        source: ExclusionError,
    },
    /// The work was stopped from outside, as at the end of a run that failed.
    #[error("the verification of the lockfile was stopped")]
    Stopped,
}

impl VerifyError {
    /// The error for violations, if there are any.
    pub(super) fn of(mut violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() {
            return Ok(());
        }
        violations.sort_by_cached_key(|violation| {
            (format!("{}@{}", violation.name, violation.version), violation.code)
        });
        Err(Self::Violations(violations))
    }

    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Violations(violations) => Some(match common_code(violations) {
                Some(code) => code.code(),
                None => "ERR_PNPM_LOCKFILE_RESOLUTION_VERIFICATION",
            }),
            Self::Metadata { .. } => Some("ERR_PNPM_META_FETCH_FAIL"),
            Self::Exclusions { setting: "trustPolicyExclude", .. } => {
                Some("ERR_PNPM_INVALID_TRUST_POLICY_EXCLUDE")
            }
            Self::Exclusions { .. } => Some("ERR_PNPM_INVALID_MINIMUM_RELEASE_AGE_EXCLUDE"),
            Self::Stopped => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Violations(_) => Some(
                "Either the lockfile is old, or it was written where these policies were not in force. Look at what \
                 changed in pnpm-lock.yaml before you trust it: then remove it and install again for a fresh resolution, \
                 or relax the policy that refuses the entries."
                    .to_owned(),
            ),
            Self::Metadata { .. } => Some(
                "The policies cannot be checked without the registry's metadata. Try again when it can be reached, or \
                 skip the check with --trust-lockfile."
                    .to_owned(),
            ),
            Self::Exclusions { .. } => {
                Some("Name packages, patterns such as @scope/*, or exact versions: name@1.0.0 || 1.0.1.".to_owned())
            }
            Self::Stopped => None,
        }
    }
}

/// The code of all violations, if it is the same.
fn common_code(violations: &[Violation]) -> Option<ViolationCode> {
    let first = violations.first()?.code;
    violations.iter().all(|violation| violation.code == first).then_some(first)
}

fn listed(violations: &[Violation]) -> String {
    let entries = if violations.len() == 1 { "entry" } else { "entries" };
    let mut text = format!("{} lockfile {entries} failed verification:", violations.len());
    let is_mixed = common_code(violations).is_none();
    for Violation { name, version, code, reason } in violations.iter().take(LISTED) {
        let code = if is_mixed { format!("[{}] ", code.name()) } else { String::new() };
        // Writing into a text cannot fail.
        let _ = write!(text, "\n  {name}@{version} {code}{reason}");
    }
    if violations.len() > LISTED {
        let _ = write!(text, "\n  … and {} more", violations.len() - LISTED);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(name: &str, code: ViolationCode) -> Violation {
        Violation { name: name.to_owned(), version: "1.0.0".to_owned(), code, reason: "is bad".to_owned() }
    }

    #[test]
    fn violations_are_listed_in_order_and_the_code_is_theirs() {
        let age = ViolationCode::ReleaseAge;
        let error = VerifyError::of(vec![violation("b", age), violation("a", age)]).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_MINIMUM_RELEASE_AGE_VIOLATION"));
        assert_eq!(
            error.to_string(),
            "2 lockfile entries failed verification:\n  a@1.0.0 is bad\n  b@1.0.0 is bad"
        );
    }

    #[test]
    fn several_kinds_of_violations_are_each_named() {
        let error = VerifyError::of(vec![
            violation("a", ViolationCode::TarballUrl),
            violation("b", ViolationCode::TrustDowngrade),
        ])
        .unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_LOCKFILE_RESOLUTION_VERIFICATION"));
        assert!(error.to_string().ends_with("\n  b@1.0.0 [TRUST_DOWNGRADE] is bad"), "{error}");
    }

    #[test]
    fn a_long_list_is_cut() {
        let many =
            (0..25).map(|index| violation(&format!("p{index:02}"), ViolationCode::ReleaseAge)).collect();
        let text = VerifyError::of(many).unwrap_err().to_string();
        assert_eq!(text.lines().count(), 22);
        assert!(text.ends_with("… and 5 more"), "{text}");
    }
}
