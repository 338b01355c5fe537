//! `overrides`: what they make of a project's own dependencies.
//!
//! The lockfile records specifiers as they are after overrides, so they are applied to a manifest before it is compared.

use super::importer::Groups;
use super::settings::FreshnessSettings;
use crate::core::manifest::Manifest;
use indexmap::IndexMap;
use node_semver::{Range, Version};

/// The overrides of a project, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Overrides {
    rules: Vec<Rule>,
}

/// One of them.
#[derive(Debug, Clone)]
struct Rule {
    selector: String,
    parent: Option<Selector>,
    target: Selector,
    value: String,
}

/// `name` or `name@range`.
#[derive(Debug, Clone)]
struct Selector {
    name: String,
    range: Option<String>,
}

impl Overrides {
    /// Reads the overrides of the settings. `$name` is replaced by what the root project asks of `name`, `catalog:` by
    /// the catalog's entry; where that fails the value stays as it is, and so agrees with no lockfile.
    #[must_use]
    pub fn new(settings: &FreshnessSettings, root: Option<&Manifest>) -> Self {
        let rules = settings.overrides.iter().map(|(selector, value)| {
            let (parent, target) = match parent_end(selector) {
                Some(end) => (Some(Selector::parse(&selector[..end])), Selector::parse(&selector[end + 1..])),
                None => (None, Selector::parse(selector)),
            };
            let value = concrete(value, &target.name, settings, root).unwrap_or(value).to_owned();
            Rule { selector: selector.clone(), parent, target, value }
        });
        Self { rules: rules.collect() }
    }

    /// Whether the lockfile recorded the same, in whatever order.
    #[must_use]
    pub fn agree_with(&self, recorded: &IndexMap<String, String>) -> bool {
        self.rules.len() == recorded.len()
            && self.rules.iter().all(|rule| recorded.get(&rule.selector) == Some(&rule.value))
    }

    /// Applies the overrides to the dependencies of a project at `importer` (a path from the lockfile's folder).
    pub(super) fn apply(
        &self,
        groups: &mut Groups,
        name: Option<&str>,
        version: Option<&str>,
        importer: &str,
    ) {
        if self.rules.is_empty() {
            return;
        }
        let is_parent = |rule: &Rule| match &rule.parent {
            None => true,
            Some(parent) => {
                name == Some(&parent.name)
                    && parent
                        .range
                        .as_deref()
                        .is_none_or(|range| version.is_some_and(|version| satisfies(version, range)))
            }
        };
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| is_parent(rule)).collect();
        for group in [&mut groups.dependencies, &mut groups.optional, &mut groups.development] {
            group.retain(|alias, specifier| match replacement(&rules, alias, specifier, importer) {
                Some(value) if value == "-" => false,
                Some(value) => {
                    *specifier = value;
                    true
                }
                None => true,
            });
        }
        let mut moved = Vec::new();
        groups.peers.retain(|alias, specifier| match replacement(&rules, alias, specifier, importer) {
            Some(value) if value == "-" => false,
            Some(value) if is_peer_range(&value) => {
                *specifier = value;
                true
            }
            // The peer stays as it was declared, and the override makes a dependency beside it.
            Some(value) => {
                moved.push((alias.clone(), value));
                true
            }
            None => true,
        });
        groups.dependencies.extend(moved);
    }
}

impl Selector {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        match text.char_indices().skip(1).find(|(_, character)| *character == '@') {
            Some((at, _)) => Self { name: text[..at].to_owned(), range: Some(text[at + 1..].to_owned()) },
            None => Self { name: text.to_owned(), range: None },
        }
    }

    fn matches(&self, alias: &str, specifier: &str) -> bool {
        self.name == alias && self.range.as_deref().is_none_or(|range| intersects(range, specifier))
    }

    /// `name@`: one version for all that allow it.
    fn converges(&self) -> bool {
        self.range.as_deref() == Some("")
    }
}

/// Where the parent of `parent>child` ends: at the first `>` that is not part of a range.
fn parent_end(selector: &str) -> Option<usize> {
    selector
        .as_bytes()
        .windows(2)
        .position(|pair| pair[1] == b'>' && !matches!(pair[0], b' ' | b'|' | b'@'))
        .map(|position| position + 1)
}

fn concrete<'a>(
    value: &str,
    name: &str,
    settings: &'a FreshnessSettings,
    root: Option<&'a Manifest>,
) -> Option<&'a str> {
    if let Some(name) = value.strip_prefix('$') {
        let root = root?;
        return [&root.optional_dependencies, &root.dependencies, &root.dev_dependencies]
            .into_iter()
            .find_map(|group| group.get(name))
            .map(String::as_str);
    }
    let catalog = value.strip_prefix("catalog:")?.trim();
    settings.catalogs.get(if catalog.is_empty() { "default" } else { catalog })?.get(name).map(String::as_str)
}

/// What the overrides make of a dependency: the most specific rule with a parent, else the most specific one without,
/// else the version that `name@` converges on.
fn replacement(rules: &[&Rule], alias: &str, specifier: &str, importer: &str) -> Option<String> {
    let pick = |with_parent: bool| {
        let mut matching: Vec<&Rule> = rules
            .iter()
            .copied()
            .filter(|rule| rule.parent.is_some() == with_parent && !rule.target.converges())
            .filter(|rule| rule.target.matches(alias, specifier))
            .collect();
        matching.sort_by(|left, right| by_specificity(&left.target, &right.target));
        matching.first().copied()
    };
    if let Some(rule) = pick(true).or_else(|| pick(false)) {
        return Some(rebased(&rule.value, importer));
    }
    let rule = rules.iter().find(|rule| rule.target.converges() && rule.target.name == alias)?;
    let allows = specifier.is_empty() || satisfies(&rule.value, specifier);
    allows.then(|| rule.value.clone())
}

/// A range inside another comes first. Neither inside the other: as declared.
fn by_specificity(left: &Selector, right: &Selector) -> std::cmp::Ordering {
    let range = |selector: &Selector| selector.range.clone().unwrap_or_default();
    let (left, right) = (range(left), range(right));
    match (intersects(&right, &left), intersects(&left, &right)) {
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Equal,
    }
}

fn intersects(range: &str, specifier: &str) -> bool {
    if range.is_empty() || range == specifier {
        return true;
    }
    match (Range::parse(range), Range::parse(specifier)) {
        (Ok(range), Ok(specifier)) => range.allows_any(&specifier),
        _ => false,
    }
}

fn satisfies(version: &str, range: &str) -> bool {
    match (Version::parse(version), Range::parse(range)) {
        (Ok(version), Ok(range)) => range.satisfies(&version),
        _ => false,
    }
}

/// What may stand in `peerDependencies`: a range, or one of the protocols that stand for one.
fn is_peer_range(value: &str) -> bool {
    value.starts_with("workspace:") || value.starts_with("catalog:") || Range::parse(value).is_ok()
}

/// A relative `link:` or `file:` is meant from the lockfile's folder, and written from the project's.
fn rebased(value: &str, importer: &str) -> String {
    let Some((protocol, path)) =
        ["link:", "file:"].into_iter().find_map(|protocol| Some((protocol, value.strip_prefix(protocol)?)))
    else {
        return value.to_owned();
    };
    if path.starts_with('/') {
        return value.to_owned();
    }
    let target = parts(path);
    let from = parts(importer);
    let common = target.iter().zip(&from).take_while(|(left, right)| left == right).count();
    let mut steps = vec![".."; from.len() - common];
    steps.extend(&target[common..]);
    format!("{protocol}{}", steps.join("/"))
}

fn parts(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn manifest(json: &str) -> Manifest {
        Manifest::parse(json.as_bytes(), Path::new("package.json")).unwrap()
    }

    fn applied(overrides: &[(&str, &str)], json: &str, importer: &str) -> Groups {
        let manifest = manifest(json);
        let settings = FreshnessSettings {
            overrides: overrides
                .iter()
                .map(|(selector, value)| ((*selector).into(), (*value).into()))
                .collect(),
            catalogs: IndexMap::from([("default".into(), IndexMap::from([("a".into(), "^7".into())]))]),
            ..FreshnessSettings::default()
        };
        let mut groups = Groups::of(&manifest);
        Overrides::new(&settings, Some(&manifest)).apply(
            &mut groups,
            manifest.name.as_deref(),
            manifest.version.as_deref(),
            importer,
        );
        groups
    }

    #[test]
    fn a_selector_applies_by_name_range_and_parent() {
        let json = r#"{"name": "me", "version": "1.0.0", "dependencies": {"a": "^1.2.0"}}"#;
        for (selector, expected) in [
            ("a", "9.0.0"),
            ("a@1", "9.0.0"),
            ("a@^1.5.0", "9.0.0"),
            ("a@2", "^1.2.0"),
            ("b", "^1.2.0"),
            ("me>a", "9.0.0"),
            ("me@1>a@1", "9.0.0"),
            ("me@2>a", "^1.2.0"),
            ("other>a", "^1.2.0"),
            ("a@>=1.0.0", "9.0.0"),
        ] {
            assert_eq!(applied(&[(selector, "9.0.0")], json, ".").dependencies["a"], expected, "{selector}");
        }
    }

    #[test]
    fn the_most_specific_rule_wins_and_a_parent_is_more_specific_than_none() {
        let json = r#"{"name": "me", "dependencies": {"a": "^1.2.0"}}"#;
        assert_eq!(applied(&[("a", "2.0.0"), ("me>a", "3.0.0")], json, ".").dependencies["a"], "3.0.0");
    }

    #[test]
    fn a_dependency_is_removed_converged_or_taken_from_a_catalog_or_the_root() {
        let json = r#"{"dependencies": {"a": "^1.2.0", "b": "1"}, "devDependencies": {"c": "5"}}"#;
        assert!(applied(&[("a", "-")], json, ".").dependencies.get("a").is_none());
        assert_eq!(applied(&[("a@", "1.3.0")], json, ".").dependencies["a"], "1.3.0");
        assert_eq!(applied(&[("a@", "2.0.0")], json, ".").dependencies["a"], "^1.2.0");
        assert_eq!(applied(&[("a", "catalog:")], json, ".").dependencies["a"], "^7");
        assert_eq!(applied(&[("a", "$c")], json, ".").dependencies["a"], "5");
    }

    #[test]
    fn a_local_override_is_written_from_the_project() {
        let json = r#"{"dependencies": {"a": "1"}}"#;
        let overrides = [("a", "link:./vendor/a")];
        assert_eq!(applied(&overrides, json, ".").dependencies["a"], "link:vendor/a");
        assert_eq!(applied(&overrides, json, "packages/x").dependencies["a"], "link:../../vendor/a");
        assert_eq!(applied(&[("a", "file:/abs/a")], json, "packages/x").dependencies["a"], "file:/abs/a");
    }

    #[test]
    fn a_peer_takes_a_range_and_anything_else_becomes_a_dependency() {
        let json = r#"{"peerDependencies": {"a": "1"}}"#;
        assert_eq!(applied(&[("a", "^2.0.0")], json, ".").peers["a"], "^2.0.0");
        let groups = applied(&[("a", "npm:b@2")], json, ".");
        assert_eq!((groups.peers["a"].as_str(), groups.dependencies["a"].as_str()), ("1", "npm:b@2"));
    }

    #[test]
    fn order_does_not_matter_for_agreement_but_values_do() {
        let settings = FreshnessSettings {
            overrides: IndexMap::from([("a".into(), "1".into()), ("b".into(), "2".into())]),
            ..FreshnessSettings::default()
        };
        let overrides = Overrides::new(&settings, None);
        assert!(overrides.agree_with(&IndexMap::from([("b".into(), "2".into()), ("a".into(), "1".into())])));
        assert!(!overrides.agree_with(&IndexMap::from([("a".into(), "1".into())])));
        assert!(!overrides.agree_with(&IndexMap::from([("b".into(), "2".into()), ("a".into(), "3".into())])));
    }
}
