//! `peerDependencyRules`: which issues with peers are none. They change what is reported, never what is resolved.

use node_semver::Version;
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::error::RewriteError;
use crate::core::lockfile::PackageSelector;
use crate::core::patterns::Patterns;
use crate::core::version_range::parse_range;

/// The rules, read.
#[derive(Debug, Clone, Default)]
pub struct PeerDependencyRules {
    ignore_missing: Patterns,
    allow_any: Patterns,
    /// Peer → ranges that are fine for whoever declares the peer.
    allowed: FxHashMap<String, Vec<String>>,
    /// Who declares the peer → rules for its peers.
    allowed_by_parent: FxHashMap<String, Vec<ParentRule>>,
}

#[derive(Debug, Clone)]
struct ParentRule {
    parent: PackageSelector,
    peer: String,
    ranges: Vec<String>,
}

impl PeerDependencyRules {
    /// Reads the setting. `Null` is no rules.
    ///
    /// # Errors
    /// When a part of it has a value of the wrong kind.
    pub fn read(setting: &Value) -> Result<Self, RewriteError> {
        let wrong = |field: &str, expected| RewriteError::Setting {
            setting: format!("peerDependencyRules{field}"),
            expected,
        };
        let fields = match setting {
            Value::Null => return Ok(Self::default()),
            Value::Object(fields) => fields,
            _ => return Err(wrong("", "a map")),
        };
        let patterns = |field: &str| match fields.get(field) {
            None | Some(Value::Null) => Ok(Patterns::default()),
            Some(list) => {
                let texts: Option<Vec<&str>> =
                    list.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
                texts.map(Patterns::new).ok_or_else(|| wrong(&format!(".{field}"), "a list of patterns"))
            }
        };
        let mut rules = Self {
            ignore_missing: patterns("ignoreMissing")?,
            allow_any: patterns("allowAny")?,
            ..Self::default()
        };
        let no_map = || wrong(".allowedVersions", "a map of texts");
        match fields.get("allowedVersions") {
            None | Some(Value::Null) => {}
            Some(allowed) => {
                for (selector, ranges) in allowed.as_object().ok_or_else(no_map)? {
                    rules.allow(selector, ranges.as_str().ok_or_else(no_map)?);
                }
            }
        }
        Ok(rules)
    }

    fn allow(&mut self, selector: &str, ranges: &str) {
        let ranges = ranges.split("||").map(|range| range.trim().to_owned());
        let name_of =
            |text: &str| PackageSelector::parse(text).map_or_else(|| text.to_owned(), |parsed| parsed.name);
        // Unlike in overrides, the first `>` separates whatever stands before it.
        match selector.split_once('>') {
            None => self.allowed.entry(name_of(selector)).or_default().extend(ranges),
            Some((parent, peer)) => {
                let (parent, peer) = (parent.trim(), name_of(peer.trim()));
                let parent = PackageSelector::parse(parent)
                    .unwrap_or_else(|| PackageSelector { name: parent.to_owned(), range: None });
                self.allowed_by_parent.entry(parent.name.clone()).or_default().push(ParentRule {
                    parent,
                    peer,
                    ranges: ranges.collect(),
                });
            }
        }
    }

    /// Whether a peer may be missing: `ignoreMissing`.
    #[must_use]
    pub fn ignores_missing(&self, peer: &str) -> bool {
        self.ignore_missing.matches(peer)
    }

    /// Whether a peer that was found may be of a version outside of the range: by `allowAny`, or by `allowedVersions`,
    /// for all or for the package that declares the peer, which is given as (name, version).
    #[must_use]
    pub fn allows(&self, peer: &str, found_version: &str, declared_by: Option<(&str, &str)>) -> bool {
        let among = |ranges: &[String]| ranges.iter().any(|range| satisfies(found_version, range));
        self.allow_any.matches(peer)
            || self.allowed.get(peer).is_some_and(|ranges| among(ranges))
            || declared_by.is_some_and(|(name, version)| {
                self.allowed_by_parent.get(name).into_iter().flatten().any(|rule| {
                    rule.peer == peer
                        && rule.parent.range.as_deref().is_none_or(|range| satisfies(version, range))
                        && among(&rule.ranges)
                })
            })
    }
}

/// A prerelease lies also in the ranges that its release would lie in. What is no version or no range is compared as
/// text.
fn satisfies(version: &str, range: &str) -> bool {
    if range == "*" {
        return true;
    }
    let (Ok(mut parsed), Ok(parsed_range)) = (Version::parse(version), parse_range(range)) else {
        return version == range;
    };
    if parsed_range.satisfies(&parsed) {
        return true;
    }
    let is_prerelease = !parsed.pre_release.is_empty();
    parsed.pre_release.clear();
    parsed.build.clear();
    is_prerelease && parsed_range.satisfies(&parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_missing_peer_is_ignored_by_pattern() {
        let rules = PeerDependencyRules::read(&json!({ "ignoreMissing": ["@babel/*", "react"] })).unwrap();
        assert!(rules.ignores_missing("react") && rules.ignores_missing("@babel/core"));
        assert!(!rules.ignores_missing("react-dom"));
    }

    #[test]
    fn a_version_is_allowed_by_name_for_everybody_or_for_one_parent() {
        let rules = PeerDependencyRules::read(&json!({
            "allowAny": ["eslint"],
            "allowedVersions": { "react": "17 || 18", "card>vue": "3", "button@2>vue": "4" },
        }))
        .unwrap();
        assert!(rules.allows("eslint", "0.0.1", None));
        assert!(
            rules.allows("react", "18.2.0", None) && rules.allows("react", "17.0.0", Some(("x", "1.0.0")))
        );
        assert!(!rules.allows("react", "16.0.0", None));
        assert!(rules.allows("vue", "3.1.0", Some(("card", "1.0.0"))));
        assert!(
            !rules.allows("vue", "3.1.0", Some(("other", "1.0.0"))) && !rules.allows("vue", "3.1.0", None)
        );
        assert!(rules.allows("vue", "4.0.0", Some(("button", "2.1.0"))));
        assert!(!rules.allows("vue", "4.0.0", Some(("button", "1.0.0"))));
    }

    #[test]
    fn a_prerelease_counts_as_its_release() {
        let rules = PeerDependencyRules::read(&json!({ "allowedVersions": { "react": "19" } })).unwrap();
        assert!(rules.allows("react", "19.0.0-rc.1", None));
        assert!(!rules.allows("react", "20.0.0-rc.1", None));
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused() {
        for setting in [json!([]), json!({ "allowAny": "x" }), json!({ "allowedVersions": { "a": 1 } })] {
            assert!(PeerDependencyRules::read(&setting).is_err(), "{setting}");
        }
        assert!(!PeerDependencyRules::read(&Value::Null).unwrap().ignores_missing("a"));
    }
}
