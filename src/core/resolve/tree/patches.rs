//! Which patch belongs to which package.

use std::sync::Arc;

use node_semver::{Range, Version};
use rustc_hash::FxHashMap;

use crate::core::resolve::ResolveError;
use crate::core::version_range::parse_range;

/// Patches by the packages they are for.
#[derive(Debug, Clone, Default)]
pub struct Patches {
    by_name: FxHashMap<Arc<str>, OfPackage>,
}

/// A patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The selector it was declared by: `name`, `name@1.0.0`, `name@^1`.
    pub selector: Arc<str>,
    /// SHA-256 of its file, in hexadecimal digits.
    pub hash: Arc<str>,
}

#[derive(Debug, Clone, Default)]
struct OfPackage {
    exact: FxHashMap<Arc<str>, Patch>,
    ranges: Vec<(Range, Arc<str>, Patch)>,
    all: Option<Patch>,
}

impl Patches {
    /// Sorts patches by package, from (selector, hash) as the lockfile's `patchedDependencies` has them.
    ///
    /// # Errors
    /// When what follows a name is neither a version nor a range.
    pub fn new<'a>(patches: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ResolveError> {
        let mut by_name: FxHashMap<Arc<str>, OfPackage> = FxHashMap::default();
        for (selector, hash) in patches {
            let patch = Patch { selector: Arc::from(selector), hash: Arc::from(hash) };
            let at = selector.bytes().skip(1).position(|byte| byte == b'@').map(|position| position + 1);
            let (name, version) = at.map_or((selector, ""), |at| (&selector[..at], &selector[at + 1..]));
            let of_package = by_name.entry(Arc::from(name)).or_default();
            if version.is_empty() || version.trim() == "*" {
                of_package.all = Some(patch);
            } else if Version::parse(version).is_ok() {
                of_package.exact.insert(Arc::from(version), patch);
            } else if let Ok(range) = parse_range(version) {
                of_package.ranges.push((range, Arc::from(version), patch));
            } else {
                return Err(ResolveError::PatchRange { range: version.to_owned() });
            }
        }
        Ok(Self { by_name })
    }

    /// The patch for a version of a package: one for exactly this version, else the only one whose range fits, else
    /// the one for all versions.
    ///
    /// # Errors
    /// When several ranges fit.
    pub fn find(&self, name: &str, version: &str) -> Result<Option<&Patch>, ResolveError> {
        let Some(of_package) = self.by_name.get(name) else { return Ok(None) };
        if let Some(patch) = of_package.exact.get(version) {
            return Ok(Some(patch));
        }
        if let Ok(parsed) = Version::parse(version) {
            let fitting = of_package.ranges.iter().filter(|(range, ..)| range.satisfies(&parsed));
            match fitting.collect::<Vec<_>>().as_slice() {
                [] => {}
                [(_, _, patch)] => return Ok(Some(patch)),
                several => {
                    let ranges: Vec<&str> = several.iter().map(|(_, text, _)| &**text).collect();
                    return Err(ResolveError::PatchConflict {
                        package: format!("{name}@{version}"),
                        ranges: ranges.join(", "),
                    });
                }
            }
        }
        Ok(of_package.all.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::Patches;

    fn found(patches: &Patches, name: &str, version: &str) -> Option<String> {
        patches.find(name, version).unwrap().map(|patch| patch.hash.to_string())
    }

    #[test]
    fn an_exact_version_wins_over_a_range_and_a_range_over_all() {
        let patches =
            Patches::new([("a", "all"), ("a@^1", "range"), ("a@1.2.0", "exact"), ("@s/b@2.0.0", "scoped")])
                .unwrap();
        assert_eq!(found(&patches, "a", "1.2.0").as_deref(), Some("exact"));
        assert_eq!(found(&patches, "a", "1.3.0").as_deref(), Some("range"));
        assert_eq!(found(&patches, "a", "2.0.0").as_deref(), Some("all"));
        assert_eq!(found(&patches, "@s/b", "2.0.0").as_deref(), Some("scoped"));
        assert_eq!(found(&patches, "@s/b", "2.0.1"), None);
        assert_eq!(found(&patches, "c", "1.0.0"), None);
    }

    #[test]
    fn two_ranges_that_fit_are_an_error_that_names_them() {
        let patches = Patches::new([("a@^1", "x"), ("a@>=1", "y")]).unwrap();
        let error = patches.find("a", "1.0.0").unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_PATCH_KEY_CONFLICT"));
        assert!(error.to_string().contains("^1, >=1"), "{error}");
    }
}
