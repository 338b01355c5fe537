//! `overrides`: specifiers that replace those of manifests.

use super::catalogs::{CatalogEntries, resolve_catalog};
use super::error::OverrideError;
use super::selector::{PackageSelector, intersects, parent_and_child, satisfies};
use crate::core::manifest::Manifest;
use crate::core::path::without_dots;
use crate::core::version_range::parse_range;
use indexmap::IndexMap;
use node_semver::Version;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash};
use std::path::Path;

/// The overrides of a project, read.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    rules: Vec<Override>,
    /// Package → the rules that replace it, by position.
    by_target: FxHashMap<String, Vec<usize>>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The selector as it was declared.
    pub selector: String,
    /// Whose dependencies are replaced; `None` is everybody's.
    pub parent: Option<PackageSelector>,
    /// The dependency that is replaced.
    pub target: PackageSelector,
    /// By what: a specifier, or `-` for nothing. Catalogs and references to the root project are resolved.
    pub value: String,
}

/// The dependencies of a manifest, to be changed. A project has all groups, a package no `development`.
#[derive(Debug)]
pub struct Groups<'a, Text, Hasher> {
    /// `dependencies`.
    pub dependencies: &'a mut IndexMap<Text, Text, Hasher>,
    /// `optionalDependencies`.
    pub optional: &'a mut IndexMap<Text, Text, Hasher>,
    /// `devDependencies`.
    pub development: &'a mut IndexMap<Text, Text, Hasher>,
    /// `peerDependencies`.
    pub peers: &'a mut IndexMap<Text, Text, Hasher>,
}

/// Whose dependencies they are.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// `name` of its manifest.
    pub name: Option<&'a str>,
    /// `version` of its manifest.
    pub version: Option<&'a str>,
    /// Where its folder is.
    pub base: Base<'a>,
}

/// From where a local path of an override is written. It is declared from the lockfile's folder.
#[derive(Debug, Clone, Copy)]
pub enum Base<'a> {
    /// From a project, by its path from the lockfile's folder.
    Importer(&'a str),
    /// As an absolute path, since packages of a registry have no folder yet. This is the lockfile's folder.
    Absolute(&'a Path),
}

impl Overrides {
    /// Reads overrides: selector → value, as declared. `$name` is replaced by what the root project asks of `name`,
    /// `catalog:` by the catalog's entry.
    ///
    /// # Errors
    /// When a selector cannot be read, or a value stands for nothing.
    pub fn parse(
        declared: &IndexMap<String, String>,
        catalogs: &CatalogEntries,
        root: Option<&Manifest>,
    ) -> Result<Self, OverrideError> {
        let mut overrides = Self::default();
        for (selector, value) in declared {
            let rule = Override::parse(selector, value, catalogs, root)?;
            overrides.by_target.entry(rule.target.name.clone()).or_default().push(overrides.rules.len());
            overrides.rules.push(rule);
        }
        Ok(overrides)
    }

    /// The overrides one by one, in the order they were declared.
    #[must_use]
    pub fn rules(&self) -> &[Override] {
        &self.rules
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the lockfile records: selector → value, in the order they were declared.
    #[must_use]
    pub fn recorded(&self) -> IndexMap<String, String> {
        self.rules.iter().map(|rule| (rule.selector.clone(), rule.value.clone())).collect()
    }

    /// Whether the lockfile recorded the same, in whatever order.
    #[must_use]
    pub fn agree_with(&self, recorded: &IndexMap<String, String>) -> bool {
        self.rules.len() == recorded.len()
            && self.rules.iter().all(|rule| recorded.get(&rule.selector) == Some(&rule.value))
    }

    /// Whether some rule replaces a dependency of this name, if owner and range fit.
    #[must_use]
    pub fn may_replace(&self, alias: &str) -> bool {
        self.by_target.contains_key(alias)
    }

    /// The packages that `name@` lets converge, with the version that all shall take who allow it.
    pub fn converging(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rules
            .iter()
            .filter(|rule| rule.converges())
            .map(|rule| (rule.target.name.as_str(), rule.value.as_str()))
    }

    /// Replaces what the rules say. A value `-` takes the dependency away. A peer takes a range; any other value leaves
    /// it as it is.
    pub fn apply<Text, Hasher>(&self, groups: &mut Groups<'_, Text, Hasher>, owner: Owner<'_>)
    where
        Text: AsRef<str> + From<String> + Eq + Hash,
        Hasher: BuildHasher,
    {
        if self.is_empty() {
            return;
        }
        for group in [&mut *groups.dependencies, &mut *groups.optional, &mut *groups.development] {
            group.retain(|alias, specifier| {
                let Some(value) = self.replacement(alias.as_ref(), specifier.as_ref(), owner) else {
                    return true;
                };
                let stays = value != "-";
                *specifier = Text::from(value);
                stays
            });
        }
        groups.peers.retain(|alias, specifier| {
            match self.replacement(alias.as_ref(), specifier.as_ref(), owner) {
                Some(value) if value == "-" => false,
                Some(value) => {
                    if is_peer_range(&value) {
                        *specifier = Text::from(value);
                    }
                    true
                }
                None => true,
            }
        });
    }

    /// What the rules make of a dependency that stands in no manifest: a peer that is installed because a package
    /// misses it. `-` says that it is not wanted. Rules with a parent do not apply.
    #[must_use]
    pub fn undeclared(&self, alias: &str, specifier: &str, base: Base<'_>) -> Option<String> {
        self.replacement(alias, specifier, Owner { name: None, version: None, base })
    }

    /// Whether a range is left to a `name@` rule, whether or not its version lies in the range: no other rule replaces
    /// it.
    #[must_use]
    pub fn leaves_to_convergence(&self, alias: &str, specifier: &str, owner: Owner<'_>) -> bool {
        let Some(positions) = self.by_target.get(alias) else {
            return false;
        };
        let rules = || positions.iter().map(|position| &self.rules[*position]);
        rules().any(Override::converges)
            && !rules().any(|rule| rule.fits(specifier, owner))
            && (specifier.is_empty() || parse_range(specifier).is_ok())
    }

    /// What the rules make of a dependency: the most specific rule with a parent, else the most specific one without,
    /// else the version that `name@` converges on.
    #[must_use]
    pub fn replacement(&self, alias: &str, specifier: &str, owner: Owner<'_>) -> Option<String> {
        let rules = || self.by_target.get(alias).into_iter().flatten().map(|position| &self.rules[*position]);
        let pick = |with_parent: bool| {
            let mut fitting: Vec<&Override> = rules()
                .filter(|rule| rule.parent.is_some() == with_parent && rule.fits(specifier, owner))
                .collect();
            fitting.sort_by(|left, right| by_specificity(left, right));
            fitting.first().copied()
        };
        if let Some(rule) = pick(true).or_else(|| pick(false)) {
            return Some(owner.base.write(&rule.value));
        }
        let rule = rules().find(|rule| rule.converges())?;
        let allows = specifier.is_empty() || satisfies(&rule.value, specifier);
        allows.then(|| rule.value.clone())
    }
}

impl Override {
    fn parse(
        selector: &str,
        value: &str,
        catalogs: &CatalogEntries,
        root: Option<&Manifest>,
    ) -> Result<Self, OverrideError> {
        let wrong = || OverrideError::Selector { selector: selector.to_owned() };
        let (parent, target) = parent_and_child(selector);
        let parent = parent.map(|text| PackageSelector::parse(text).ok_or_else(wrong)).transpose()?;
        let target = PackageSelector::parse(target).ok_or_else(wrong)?;
        let value = match value.strip_prefix('$') {
            Some(name) => asked_by_root(root, name).ok_or_else(|| OverrideError::Reference {
                selector: selector.to_owned(),
                value: value.to_owned(),
            })?,
            None => value,
        };
        let value = match resolve_catalog(catalogs, &target.name, value) {
            Ok(found) => found.map_or(value, |found| found.specifier).to_owned(),
            Err(source) => return Err(OverrideError::Catalog { selector: selector.to_owned(), source }),
        };
        let rule = Self { selector: selector.to_owned(), parent, target, value };
        rule.check_convergence()?;
        Ok(rule)
    }

    fn check_convergence(&self) -> Result<(), OverrideError> {
        let is_empty = |selector: &PackageSelector| selector.range.as_deref() == Some("");
        if let Some(parent) = &self.parent {
            return if is_empty(parent) || is_empty(&self.target) {
                Err(OverrideError::ConvergenceWithParent { selector: self.selector.clone() })
            } else {
                Ok(())
            };
        }
        if is_empty(&self.target) && Version::parse(&self.value).is_err() {
            return Err(OverrideError::ConvergenceValue {
                selector: self.selector.clone(),
                value: self.value.clone(),
            });
        }
        Ok(())
    }

    /// Whether it is `name@`: one version for all that allow it.
    #[must_use]
    pub fn converges(&self) -> bool {
        self.target.range.as_deref() == Some("")
    }

    /// Whether it replaces this specifier of its target for this owner.
    fn fits(&self, specifier: &str, owner: Owner<'_>) -> bool {
        !self.converges()
            && self.target.range.as_deref().is_none_or(|range| intersects(range, specifier))
            && self
                .parent
                .as_ref()
                .is_none_or(|parent| owner.name.is_some_and(|name| parent.selects(name, owner.version)))
    }
}

impl Base<'_> {
    /// A relative `link:` or `file:` is declared from the lockfile's folder, and written from the owner's.
    fn write(&self, value: &str) -> String {
        let Some((protocol, path)) = ["link:", "file:"]
            .into_iter()
            .find_map(|protocol| Some((protocol, value.strip_prefix(protocol)?)))
            .filter(|(_, path)| !Path::new(path).is_absolute())
        else {
            return value.to_owned();
        };
        match self {
            Self::Importer(id) => format!("{protocol}{}", from_importer(path, id)),
            Self::Absolute(root) => format!("{protocol}{}", without_dots(&root.join(path)).display()),
        }
    }
}

/// What the root project asks of a dependency; a name in several groups counts in the strongest.
fn asked_by_root<'a>(root: Option<&'a Manifest>, name: &str) -> Option<&'a str> {
    let root = root?;
    [&root.optional_dependencies, &root.dependencies, &root.dev_dependencies]
        .into_iter()
        .find_map(|group| group.get(name))
        .map(String::as_str)
}

/// A range inside another comes first. Neither inside the other: as declared.
fn by_specificity(left: &Override, right: &Override) -> Ordering {
    let range = |rule: &Override| rule.target.range.clone().unwrap_or_default();
    let (left, right) = (range(left), range(right));
    match (intersects(&right, &left), intersects(&left, &right)) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// What may stand in `peerDependencies`: a range, or one of the protocols that stand for one.
fn is_peer_range(value: &str) -> bool {
    value.contains("workspace:") || value.contains("catalog:") || parse_range(value).is_ok()
}

fn from_importer(path: &str, importer: &str) -> String {
    let target = parts(path);
    let from = parts(importer);
    let common = target.iter().zip(&from).take_while(|(left, right)| left == right).count();
    let mut steps = vec![".."; from.len() - common];
    steps.extend(&target[common..]);
    steps.join("/")
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
#[path = "overrides_tests.rs"]
mod tests;
