//! `update`.

use std::collections::{BTreeMap, BTreeSet};

use node_semver::Version;
use serde_json::Value;

use super::add::version_in;
use super::begin::{ProjectChange, Question, Saved, Wish, locked_names};
use super::catalogs::Catalogs;
use super::command::Update;
use super::error::ChangeError;
use super::look_up::effective;
use super::request::{Selector, is_of_registry, is_tag, npm_alias};
use crate::core::config::Config;
use crate::core::lockfile::{Lockfile, catalog_name};
use crate::core::manifest_edit::{Group, RangeStyle, workspace_specifier};
use crate::core::patterns::Patterns;
use crate::core::resolve::tree::UpdateScope;
use crate::core::version_range::parse_range;
use crate::core::workspace::Workspace;

/// What an update depends on.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) config: &'a Config,
    pub(super) workspace: &'a Workspace,
    pub(super) lockfile: Option<&'a Lockfile>,
    pub(super) style: RangeStyle,
}

/// A direct dependency.
struct Direct {
    alias: String,
    group: Group,
    declared: String,
}

impl Update {
    /// A version can be asked for of direct dependencies alone. Ranges and tags of others are only left aside.
    pub(super) fn check_versions(
        &self,
        projects: &BTreeMap<String, ProjectChange>,
    ) -> Result<(), ChangeError> {
        for selector in self.selectors.iter().map(|text| Selector::parse(text)) {
            let Some(version) = selector.version.filter(|version| Version::parse(version).is_ok()) else {
                continue;
            };
            let patterns = Patterns::new([selector.pattern.as_str()]);
            let is_direct = |project: &ProjectChange| {
                project.direct(self).iter().any(|direct| patterns.matches(&direct.alias))
            };
            if !projects.is_empty() && !projects.values().any(is_direct) {
                return Err(ChangeError::VersionOfIndirect { name: selector.pattern, version });
            }
        }
        Ok(())
    }
}

impl ProjectChange {
    /// Finds out which versions may move, and puts what is asked for into the manifest.
    pub(super) fn update(
        &mut self,
        command: &Update,
        around: Surroundings<'_>,
        catalogs: &Catalogs,
        warnings: &mut Vec<String>,
    ) -> Result<(), ChangeError> {
        let Surroundings { config, lockfile, .. } = around;
        let selectors: Vec<Selector> = command.selectors.iter().map(|text| Selector::parse(text)).collect();
        if command.latest {
            let has_version = |(_, selector): &(&String, &Selector)| selector.version.is_some();
            let both = command.selectors.iter().zip(&selectors);
            let with_version: Vec<String> = both.filter(has_version).map(|(text, _)| text.clone()).collect();
            if !with_version.is_empty() {
                return Err(ChangeError::LatestWithVersion(with_version));
            }
        }
        let is_latest = command.latest && command.save;
        if command.latest && !command.save {
            warnings.push(
                "the ranges of package.json stay as they are, so versions only move within them, whatever the latest is"
                    .to_owned(),
            );
        }
        let direct = self.direct(command);
        if command.from_workspace {
            let names = self.point_at_workspace(&direct, &selectors, around)?;
            if !names.is_empty() {
                self.scope = UpdateScope::Names(names);
                return Ok(());
            }
        }
        self.scope = if selectors.is_empty() {
            self.update_all(command, config, lockfile, &direct, is_latest.then_some(catalogs))
        } else {
            self.update_selected(
                command,
                lockfile,
                &direct,
                &selectors,
                is_latest.then_some(catalogs),
                warnings,
            )
        };
        Ok(())
    }

    fn direct(&self, command: &Update) -> Vec<Direct> {
        let mut direct = Vec::new();
        for group in Group::INSTALLED.into_iter().filter(|group| command.groups.contains(group)) {
            direct.extend(self.file.entries(group).map(|(alias, declared)| Direct {
                alias: alias.to_owned(),
                group,
                declared: declared.to_owned(),
            }));
        }
        direct
    }

    fn update_all(
        &mut self,
        command: &Update,
        config: &Config,
        lockfile: Option<&Lockfile>,
        direct: &[Direct],
        latest: Option<&Catalogs>,
    ) -> UpdateScope {
        let ignored = ignored(config);
        let mut names = BTreeSet::new();
        for direct in direct.iter().filter(|direct| !ignored.matches(&direct.alias)) {
            self.move_direct(direct, command.save, latest);
            names.insert(real_name(&direct.alias, &direct.declared).to_owned());
        }
        let has_all_groups = Group::INSTALLED.iter().all(|group| command.groups.contains(group));
        if !has_all_groups {
            return UpdateScope::Names(names);
        }
        if ignored.is_empty() {
            return UpdateScope::Everything;
        }
        let locked = locked_names(lockfile).into_iter().filter(|name| !ignored.matches(name));
        names.extend(locked.map(str::to_owned));
        UpdateScope::Names(names)
    }

    fn update_selected(
        &mut self,
        command: &Update,
        lockfile: Option<&Lockfile>,
        direct: &[Direct],
        selectors: &[Selector],
        latest: Option<&Catalogs>,
        warnings: &mut Vec<String>,
    ) -> UpdateScope {
        let patterns = Patterns::new(selectors.iter().map(|selector| selector.pattern.as_str()));
        let has_versions = selectors.iter().any(|selector| selector.version.is_some());
        let is_deep = command.depth != Some(0) && !command.latest;
        let mut names = BTreeSet::new();
        for direct in direct.iter().filter(|direct| patterns.matches(&direct.alias)) {
            let asked = selectors
                .iter()
                .find(|selector| Patterns::new([selector.pattern.as_str()]).matches(&direct.alias))
                .and_then(|selector| selector.version.as_deref());
            match asked {
                None => self.move_direct(direct, command.save, latest),
                Some(asked) => {
                    if !self.move_to(direct, asked, command.save, warnings) {
                        continue;
                    }
                }
            }
            let declared = asked.filter(|asked| !is_of_registry(asked)).unwrap_or(&direct.declared);
            names.insert(real_name(&direct.alias, declared).to_owned());
        }
        // With versions, only where no direct dependency is meant; without, both.
        if is_deep && (!has_versions || names.is_empty()) {
            let locked = locked_names(lockfile).into_iter().filter(|name| patterns.matches(name));
            names.extend(locked.map(str::to_owned));
            for selector in selectors.iter().filter(|_| has_versions) {
                if let Some(version) = &selector.version {
                    warnings.push(format!(
                        "{} is no direct dependency, so it moves to what its dependents allow and not to {version}",
                        selector.pattern
                    ));
                }
            }
        }
        if names.is_empty() { UpdateScope::Nothing } else { UpdateScope::Names(names) }
    }

    /// Points dependencies at the projects of the workspace that have their names. Returns which.
    fn point_at_workspace(
        &mut self,
        direct: &[Direct],
        selectors: &[Selector],
        around: Surroundings<'_>,
    ) -> Result<BTreeSet<String>, ChangeError> {
        let ignored = ignored(around.config);
        let patterns = Patterns::new(selectors.iter().map(|selector| selector.pattern.as_str()));
        let mut names = BTreeSet::new();
        for Direct { alias, group, declared } in direct {
            let is_meant =
                if selectors.is_empty() { !ignored.matches(alias) } else { patterns.matches(alias) };
            if !is_meant {
                continue;
            }
            let Some(version) = version_in(around.workspace, alias) else {
                if selectors.is_empty() {
                    continue;
                }
                return Err(ChangeError::NotInWorkspace(alias.clone()));
            };
            let asked = selectors
                .iter()
                .find(|selector| Patterns::new([selector.pattern.as_str()]).matches(alias))
                .and_then(|selector| selector.version.as_deref())
                .map(|asked| asked.strip_prefix("workspace:").unwrap_or(asked));
            let is_there = match (asked.map(parse_range), Version::parse(version)) {
                (Some(Ok(range)), Ok(version)) => range.satisfies(&version),
                _ => true,
            };
            let specifier = if is_there {
                let protocol = *around.config.save_workspace_protocol;
                workspace_specifier(alias, alias, Some(version), None, Some(declared), protocol, around.style)
            } else {
                // Resolution will say that there is none.
                format!("workspace:{}", asked.unwrap_or_default())
            };
            self.file.respecify(alias, &specifier, *group);
            self.wishes.push(Wish {
                alias: alias.clone(),
                groups: vec![*group],
                saved: Saved::AsItIs(specifier),
            });
            names.insert(alias.clone());
        }
        Ok(names)
    }

    /// A dependency moves to the newest version of its range, or to the newest there is.
    fn move_direct(&mut self, direct: &Direct, is_saved: bool, latest: Option<&Catalogs>) {
        let Direct { alias, group, declared } = direct;
        if let Some(catalogs) = latest {
            let effective = effective(catalogs, alias, declared);
            let is_movable =
                (is_of_registry(effective) && !is_tag(effective)) || npm_alias(effective).is_some();
            if is_movable {
                let (alias, declared) = (alias.clone(), declared.clone());
                self.questions.push(Question::Latest { alias, group: *group, declared });
            }
        } else if is_saved {
            self.wishes.push(Wish { alias: alias.clone(), groups: vec![*group], saved: Saved::Bumped });
        }
    }

    /// A dependency moves to what was asked for. Says whether it does.
    fn move_to(&mut self, direct: &Direct, asked: &str, is_saved: bool, warnings: &mut Vec<String>) -> bool {
        let Direct { alias, group, declared } = direct;
        if !is_saved {
            let allowed = match (parse_range(declared), Version::parse(asked)) {
                (Ok(range), Ok(version)) => Some(range.satisfies(&version)),
                _ => None,
            };
            return match allowed {
                Some(true) => {
                    self.file.respecify(alias, asked, *group);
                    true
                }
                Some(false) => {
                    warnings.push(format!("{alias} stays: {asked} is not within {declared}, which is kept"));
                    false
                }
                None => {
                    warnings
                        .push(format!("{alias} moves within {declared}, which is kept, and not to {asked}"));
                    true
                }
            };
        }
        self.file.respecify(alias, asked, *group);
        // A range says itself what is meant; a version or a tag takes the style of what stood there.
        let is_point = Version::parse(asked).is_ok() || is_tag(asked);
        // A catalog's style is not the manifest's.
        let saved = if is_point && (is_tag(asked) || catalog_name(declared).is_none()) {
            Saved::Version { prefix: String::new(), asked: None, before: Some(declared.clone()) }
        } else {
            Saved::AsItIs(asked.to_owned())
        };
        self.wishes.push(Wish { alias: alias.clone(), groups: vec![*group], saved });
        true
    }
}

/// `updateConfig.ignoreDependencies`: what an update of everything leaves alone.
fn ignored(config: &Config) -> Patterns {
    let patterns = config.update_config.get("ignoreDependencies").and_then(Value::as_array);
    Patterns::new(patterns.into_iter().flatten().filter_map(Value::as_str))
}

/// The name by which the registry knows a dependency.
fn real_name<'a>(alias: &'a str, declared: &'a str) -> &'a str {
    npm_alias(declared).map_or(alias, |(name, _)| name)
}
