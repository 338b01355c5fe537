//! A specifier, read, and all that its answer depends on.

use std::sync::Arc;

use super::error::NpmError;
use super::pick::Preference;
use super::prefixed::{JsrSpecifier, parse_prefixed};
use super::range::RangeMatcher;
use super::settings::NpmSettings;
use super::specifier::{RegistrySpecifier, routed_name};
use super::workspace::as_registry_specifier;
use crate::core::resolve::{Asked, SelectorKind, UpdateBehavior, VersionSelector, Via, Wanted, weight};

/// What a specifier asks for.
#[derive(Debug)]
pub(super) enum Target {
    /// A package of a registry.
    Registry(RegistryTarget),
    /// A project of the workspace.
    Workspace(Arc<RegistrySpecifier>),
    /// Something else.
    Other,
}

/// A package of a registry.
#[derive(Debug)]
pub(super) struct RegistryTarget {
    pub(super) registry: Arc<str>,
    pub(super) specifier: Arc<RegistrySpecifier>,
    pub(super) via: Via,
    /// The prefix of a declared registry, which becomes part of the package's id.
    pub(super) prefix: Option<Arc<str>>,
    /// The name that the specifier tells, which is not the one at the registry: that of a JSR package.
    pub(super) told_name: Option<Arc<str>>,
}

impl Target {
    /// Reads a specifier.
    pub(super) fn of(wanted: &Wanted, settings: &NpmSettings) -> Result<Self, NpmError> {
        let (alias, text) = (wanted.alias.as_deref(), &*wanted.specifier);
        if let Some(rest) = text.strip_prefix("workspace:") {
            return workspace(rest, alias, text);
        }
        let target = |registry: &str, specifier, via| RegistryTarget {
            registry: registry.into(),
            specifier: Arc::new(specifier),
            via,
            prefix: None,
            told_name: None,
        };
        if let Some(rest) = text.strip_prefix("jsr:") {
            let registry = settings.registries.for_package("@jsr/x");
            let Some(found) = JsrSpecifier::parse(rest, alias)? else { return Ok(Self::Other) };
            return Ok(Self::Registry(RegistryTarget {
                told_name: Some(found.name.into()),
                ..target(registry, found.specifier, Via::Jsr)
            }));
        }
        let registry = settings.registries.for_package(routed_name(alias, text));
        if let Some(specifier) = RegistrySpecifier::parse(text, alias, registry) {
            return Ok(Self::Registry(target(registry, specifier, Via::Registry)));
        }
        if let Some((prefix, rest)) = text.split_once(':')
            && let Some(registry) = settings.registries.prefixes.get(prefix)
            && let Some(specifier) = parse_prefixed(prefix, rest, alias)?
        {
            let told_name = Some(Arc::clone(&specifier.name));
            return Ok(Self::Registry(RegistryTarget {
                prefix: Some(prefix.into()),
                told_name,
                ..target(registry, specifier, Via::NamedRegistry)
            }));
        }
        Ok(Self::Other)
    }
}

fn workspace(rest: &str, alias: Option<&str>, text: &str) -> Result<Target, NpmError> {
    // A path is a folder and no name.
    if rest.starts_with('.') || rest.starts_with('/') {
        return Ok(Target::Other);
    }
    // No registry is asked, so no tarball of one can be meant.
    let specifier = RegistrySpecifier::parse(&as_registry_specifier(rest), alias, "workspace:");
    let invalid = || NpmError::WorkspaceSpecifier { specifier: text.to_owned() };
    Ok(Target::Workspace(Arc::new(specifier.ok_or_else(invalid)?)))
}

/// All that an answer depends on, so that the same question is answered once.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a circumstance of its own")]
pub(super) struct Question {
    pub(super) alias: Option<Arc<str>>,
    pub(super) specifier: Arc<str>,
    pub(super) optional: bool,
    pub(super) injected: bool,
    pub(super) pick_lowest: bool,
    pub(super) published_by: Option<i64>,
    pub(super) update: UpdateBehavior,
    pub(super) is_direct: bool,
    pub(super) previous_specifier: Option<Arc<str>>,
    pub(super) preferences: Vec<(Arc<str>, VersionSelector)>,
}

impl Eq for Question {}

impl std::hash::Hash for Question {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        // What makes nearly all the difference.
        self.alias.hash(state);
        self.specifier.hash(state);
        self.preferences.len().hash(state);
        self.published_by.hash(state);
    }
}

impl Question {
    pub(super) fn new(wanted: &Wanted, asked: &Asked<'_>, target: &Target) -> Self {
        Self {
            alias: wanted.alias.clone(),
            specifier: Arc::clone(&wanted.specifier),
            optional: wanted.optional,
            injected: wanted.injected.unwrap_or(false),
            pick_lowest: asked.pick_lowest,
            published_by: asked.published_by,
            update: asked.update,
            is_direct: asked.depth == 0,
            previous_specifier: wanted.previous_specifier.clone(),
            preferences: match target {
                Target::Registry(target) => preferences(&target.specifier, asked),
                Target::Workspace(_) | Target::Other => Vec::new(),
            },
        }
    }

    /// The preferences ready to be asked, without the specifier itself.
    pub(super) fn preferences_for(&self, specifier: &RegistrySpecifier) -> Vec<Preference> {
        let others = self.preferences.iter().filter(|(text, _)| **text != *specifier.text);
        let ready = |(text, selector): &(Arc<str>, VersionSelector)| Preference {
            text: Arc::clone(text),
            selector: *selector,
            range: match selector.kind {
                SelectorKind::Range => RangeMatcher::parse(text).map(Arc::new),
                SelectorKind::Version | SelectorKind::Tag => None,
            },
        };
        others.map(ready).collect()
    }
}

/// What is preferred for a package: in the whole run, and by its place in the tree. Only ranges leave a choice.
fn preferences(specifier: &RegistrySpecifier, asked: &Asked<'_>) -> Vec<(Arc<str>, VersionSelector)> {
    if specifier.kind != SelectorKind::Range {
        return Vec::new();
    }
    let mut found: Vec<_> = match asked.preferred.get(&specifier.name) {
        Some(selectors) => selectors.iter().map(|(text, selector)| (Arc::clone(text), *selector)).collect(),
        None => Vec::new(),
    };
    // What has just been chosen above stands before what the lockfile has.
    let is_locked = found.iter().any(|(_, selector)| selector.weight >= weight::LOCKED);
    let chosen_above = if is_locked { weight::CHOSEN_ABOVE } else { weight::PLAIN };
    if let Some(overlay) = asked.overlay {
        for version in overlay.versions(&specifier.name) {
            match found.iter_mut().find(|(text, _)| text == version) {
                Some((_, selector)) if is_locked => selector.weight += chosen_above,
                Some(_) => {}
                None => {
                    let selector = VersionSelector { kind: SelectorKind::Version, weight: chosen_above };
                    found.push((Arc::clone(version), selector));
                }
            }
        }
    }
    // The order of the levels must not make two questions of one.
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::core::resolve::{PreferredOverlay, PreferredVersions};

    fn weights(preferred: &[(&str, u32)], above: &[&str]) -> Vec<(String, u32)> {
        let selector = |(text, weight): &(&str, u32)| {
            (Arc::from(*text), VersionSelector { kind: SelectorKind::Version, weight: *weight })
        };
        let preferred = PreferredVersions::from([("a".into(), preferred.iter().map(selector).collect())]);
        let entries = BTreeMap::from([("a".into(), above.iter().map(|text| Arc::from(*text)).collect())]);
        let overlay = Arc::new(PreferredOverlay { entries, parent: None });
        let asked = Asked {
            project_dir: Path::new("/"),
            depth: 1,
            preferred: &preferred,
            overlay: Some(&overlay),
            pick_lowest: false,
            published_by: None,
            update: UpdateBehavior::Off,
        };
        let specifier = RegistrySpecifier::select("a".into(), "^1").unwrap();
        let found = preferences(&specifier, &asked).into_iter();
        found.map(|(text, selector)| (text.to_string(), selector.weight)).collect()
    }

    #[test]
    fn what_was_chosen_above_outweighs_what_the_lockfile_has_but_no_wish_of_the_project() {
        let weigh = |preferred, above, version: &str| {
            let found: Vec<(String, u32)> = weights(preferred, above);
            found.into_iter().find(|(text, _)| text == version).unwrap().1
        };
        let locked: &[_] = &[("1.0.0", weight::LOCKED), ("1.1.0", weight::LOCKED)];
        assert!(weigh(locked, &["1.2.0"], "1.2.0") > weight::LOCKED);
        assert!(weigh(locked, &["1.0.0"], "1.0.0") > weigh(locked, &["1.0.0"], "1.1.0"));
        let wished: &[_] = &[("1.0.0", weight::DIRECT)];
        assert!(weigh(wished, &["1.0.0", "1.2.0"], "1.2.0") < weight::DIRECT);
    }
}
