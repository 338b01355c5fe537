//! `patchedDependencies`: which patch is for which package. It knows the hashes of patches, never their contents.

use indexmap::IndexMap;
use node_semver::{Range, Version};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::core::version_range::parse_range;

/// A patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The selector it was declared with: `name`, `name@1.0.0`, `name@^1`.
    pub selector: String,
    /// SHA-256 of the patch file (line ends LF), in hexadecimal digits.
    pub hash: String,
}

/// The patches of a project, by the packages they are for.
#[derive(Debug, Clone, Default)]
pub struct Patches {
    by_name: FxHashMap<String, Group>,
}

#[derive(Debug, Clone, Default)]
struct Group {
    exact: Vec<(String, Patch)>,
    ranges: Vec<(Range, Patch)>,
    all: Option<Patch>,
}

/// What is wrong with `patchedDependencies`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// What follows the name is neither a version nor a range.
    #[error("patchedDependencies: {range:?} in {selector:?} is not a range of versions")]
    Range {
        /// The selector as it was declared.
        selector: String,
        /// The text behind the name.
        range: String,
    },
    /// A version lies in more than one range.
    #[error("patchedDependencies has several patches for {name}@{version}: {}", selectors.join(", "))]
    Conflict {
        /// The package.
        name: String,
        /// Its version.
        version: String,
        /// The selectors that fit.
        selectors: Vec<String>,
    },
}

impl PatchError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Range { .. } => "ERR_PNPM_PATCH_NON_SEMVER_RANGE",
            Self::Conflict { .. } => "ERR_PNPM_PATCH_KEY_CONFLICT",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Range { .. } => "Change the entry in pnpm-workspace.yaml.".to_owned(),
            Self::Conflict { name, version, .. } => {
                format!("Add an entry for exactly {name}@{version}, which goes before ranges.")
            }
        })
    }
}

impl Patches {
    /// Reads patches: selector → hash.
    ///
    /// # Errors
    /// When what follows a name is neither a version nor a range.
    pub fn new(hashes: &IndexMap<String, String>) -> Result<Self, PatchError> {
        let mut patches = Self::default();
        for (selector, hash) in hashes {
            let patch = Patch { selector: selector.clone(), hash: hash.clone() };
            let at = selector.bytes().skip(1).position(|byte| byte == b'@').map(|position| position + 1);
            let (name, range) = match at {
                Some(at) if at + 1 < selector.len() => (&selector[..at], &selector[at + 1..]),
                _ => (selector.as_str(), "*"),
            };
            let group = patches.by_name.entry(name.to_owned()).or_default();
            if Version::parse(range).is_ok() {
                group.exact.push((range.to_owned(), patch));
            } else if range.trim() == "*" {
                group.all = Some(patch);
            } else {
                let parsed = parse_range(range)
                    .map_err(|_| PatchError::Range { selector: selector.clone(), range: range.to_owned() })?;
                group.ranges.push((parsed, patch));
            }
        }
        Ok(patches)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Whether some patch is for a version of this package.
    #[must_use]
    pub fn concern(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The patch of a package: the one for its exact version, else the one with a range it lies in, else the one for
    /// all versions. `version` may be any text that stands in its place, such as a URL.
    ///
    /// # Errors
    /// When it lies in more than one range.
    pub fn of(&self, name: &str, version: &str) -> Result<Option<&Patch>, PatchError> {
        let Some(group) = self.by_name.get(name) else {
            return Ok(None);
        };
        if let Some((_, patch)) = group.exact.iter().find(|(exact, _)| exact == version) {
            return Ok(Some(patch));
        }
        let Ok(parsed) = Version::parse(version) else {
            return Ok(group.all.as_ref());
        };
        let fitting: Vec<&Patch> = group
            .ranges
            .iter()
            .filter(|(range, _)| range.satisfies(&parsed))
            .map(|(_, patch)| patch)
            .collect();
        match fitting.as_slice() {
            [] => Ok(group.all.as_ref()),
            [only] => Ok(Some(only)),
            several => Err(PatchError::Conflict {
                name: name.to_owned(),
                version: version.to_owned(),
                selectors: several.iter().map(|patch| patch.selector.clone()).collect(),
            }),
        }
    }

    /// The selectors of patches that no package uses; `used` has those of the patches that were found.
    #[must_use]
    pub fn unused(&self, used: &FxHashSet<&str>) -> Vec<&str> {
        let mut unused: Vec<&str> = self
            .by_name
            .values()
            .flat_map(|group| {
                let exact = group.exact.iter().map(|(_, patch)| patch);
                exact.chain(group.ranges.iter().map(|(_, patch)| patch)).chain(&group.all)
            })
            .map(|patch| patch.selector.as_str())
            .filter(|selector| !used.contains(selector))
            .collect();
        unused.sort_unstable();
        unused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patches(selectors: &[&str]) -> Result<Patches, PatchError> {
        Patches::new(&selectors.iter().map(|selector| ((*selector).into(), format!("#{selector}"))).collect())
    }

    #[test]
    fn an_exact_version_goes_before_a_range_and_a_range_before_the_name() {
        let patches = patches(&["a", "a@^1", "a@1.2.0", "@s/b@2"]).unwrap();
        let of = |name, version| patches.of(name, version).unwrap().map(|patch| patch.selector.as_str());
        assert_eq!(of("a", "1.2.0"), Some("a@1.2.0"));
        assert_eq!(of("a", "1.3.0"), Some("a@^1"));
        assert_eq!(of("a", "2.0.0"), Some("a"));
        assert_eq!(of("a", "https://host/a.tgz"), Some("a"));
        assert_eq!(of("@s/b", "2.1.0"), Some("@s/b@2"));
        assert_eq!(of("@s/b", "3.0.0"), None);
        assert_eq!(of("c", "1.0.0"), None);
    }

    #[test]
    fn two_ranges_for_one_version_and_a_range_that_is_none_are_refused() {
        let error = patches(&["a@^1", "a@>=1"]).unwrap().of("a", "1.0.0").unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_PATCH_KEY_CONFLICT"));
        assert_eq!(patches(&["a@link:x"]).unwrap_err().code(), Some("ERR_PNPM_PATCH_NON_SEMVER_RANGE"));
    }

    #[test]
    fn patches_that_nothing_uses_are_told() {
        let patches = patches(&["b@1.0.0", "a", "c@1"]).unwrap();
        assert_eq!(patches.unused(&FxHashSet::from_iter(["c@1"])), ["a", "b@1.0.0"]);
    }
}
