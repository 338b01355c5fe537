//! Which packages may run scripts: `allowBuilds` and `dangerouslyAllowAllBuilds` (pnpm:
//! `deps-restorer/src/build_modules/allow_build_policy.rs`).

use rustc_hash::FxHashMap;

use crate::core::lockfile::split;

/// Who may run scripts.
#[derive(Debug, Clone, Default)]
pub struct BuildPolicy {
    allows_all: bool,
    /// Name, `name@version` or package id → whether it may. No wins over yes.
    rules: FxHashMap<String, bool>,
}

impl BuildPolicy {
    /// Reads the two settings. A rule is a name, versions of a name (`name@1.0.0 || 1.0.1`), or the id of a package
    /// that comes from elsewhere than a registry.
    #[must_use]
    pub fn new<'a>(allow_builds: impl Iterator<Item = (&'a str, bool)>, allows_all: bool) -> Self {
        let mut rules = FxHashMap::default();
        let mut add = |subject: String, allowed: bool| {
            let rule = rules.entry(subject).or_insert(allowed);
            *rule &= allowed;
        };
        for (pattern, allowed) in allow_builds {
            let parts = split(pattern);
            if parts.name.is_empty() || parts.version.contains(':') {
                add(pattern.to_owned(), allowed);
            } else {
                for version in parts.version.split("||") {
                    add(format!("{}@{}", parts.name, version.trim()), allowed);
                }
            }
        }
        Self { allows_all, rules }
    }

    /// Whether a package may run scripts; `None` if nobody has decided. A name alone speaks for versions of a
    /// registry only.
    #[must_use]
    pub fn verdict(&self, dep_path: &str) -> Option<bool> {
        if self.allows_all {
            return Some(true);
        }
        let parts = split(dep_path);
        let by_id = self.rules.get(parts.package_id).copied();
        let is_of_registry = node_semver::Version::parse(parts.version).is_ok();
        let by_name = is_of_registry.then(|| self.rules.get(parts.name).copied()).flatten();
        match (by_id, by_name) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (by_id, by_name) => by_id.or(by_name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_speaks_for_a_name_or_for_its_versions() {
        let rules = [
            ("esbuild", true),
            ("core-js@3.0.0 || 3.1.0", true),
            ("@scope/no", false),
            ("git@https://example.test/x.tgz", true),
            ("both", true),
            ("both@1.0.0", false),
        ];
        let policy = BuildPolicy::new(rules.into_iter(), false);
        for (dep_path, expected) in [
            ("esbuild@0.1.0", Some(true)),
            ("esbuild@0.1.0(peer@1.0.0)", Some(true)),
            ("esbuild@https://example.test/e.tgz", None),
            ("core-js@3.1.0", Some(true)),
            ("core-js@3.2.0", None),
            ("@scope/no@1.0.0", Some(false)),
            ("git@https://example.test/x.tgz", Some(true)),
            ("both@1.0.0", Some(false)),
            ("both@1.0.1", Some(true)),
            ("other@1.0.0", None),
        ] {
            assert_eq!(policy.verdict(dep_path), expected, "{dep_path}");
        }
        assert_eq!(BuildPolicy::new([].into_iter(), true).verdict("other@1.0.0"), Some(true));
    }
}
