//! `add`.

use node_semver::Version;

use super::begin::{ProjectChange, Question, Saved, Wish};
use super::catalogs::Catalogs;
use super::command::Add;
use super::error::ChangeError;
use super::request::{Request, is_of_registry, npm_alias};
use crate::core::config::{Config, LinkWorkspacePackages, SaveWorkspaceProtocol};
use crate::core::lockfile::catalog_name;
use crate::core::manifest_edit::{Group, RangeStyle, is_local_workspace_path, workspace_specifier};
use crate::core::version_range::parse_range;
use crate::core::workspace::Workspace;

/// What a dependency that is added depends on.
struct Around<'a> {
    config: &'a Config,
    workspace: &'a Workspace,
    style: RangeStyle,
    catalogs: &'a mut Catalogs,
}

/// What is installed when nothing else is said.
const USUAL: &str = "latest";

impl ProjectChange {
    /// Puts what is asked for into the manifest, as it stands on the command line.
    pub(super) fn add(
        &mut self,
        command: &Add,
        config: &Config,
        workspace: &Workspace,
        style: RangeStyle,
        catalogs: &mut Catalogs,
    ) -> Result<(), ChangeError> {
        for text in &command.requests {
            let Request { alias, specifier } = Request::parse(text);
            match alias {
                None => {
                    let specifier = specifier.unwrap_or_default();
                    self.questions.push(Question::What { alias, specifier, groups: command.groups.clone() });
                }
                Some(alias) => {
                    self.add_named(
                        &alias,
                        specifier,
                        command,
                        Around { config, workspace, style, catalogs },
                    )?;
                }
            }
        }
        Ok(())
    }

    fn add_named(
        &mut self,
        alias: &str,
        specifier: Option<String>,
        command: &Add,
        around: Around<'_>,
    ) -> Result<(), ChangeError> {
        let Around { config, workspace, style, catalogs } = around;
        let found = self.file.find(alias).map(|(group, before)| (group, before.to_owned()));
        let groups = match (&command.groups, &found) {
            (Some(groups), _) => groups.clone(),
            // What is only a peer stays one.
            (None, Some((Group::Peer, _))) => return Ok(()),
            (None, Some((group, _))) => vec![*group],
            (None, None) => vec![Group::Production],
        };
        let before = found.map(|(_, before)| before);
        let specifier = if command.from_workspace && specifier.is_none() {
            if version_in(workspace, alias).is_none() {
                return Err(ChangeError::NotInWorkspace(alias.to_owned()));
            }
            Some("workspace:*".to_owned())
        } else {
            specifier
        };
        let saved = of_workspace(alias, specifier.as_deref(), before.as_deref(), config, workspace, style);
        if let Some(saved) = saved {
            self.put(alias, &saved.clone(), groups, Saved::AsItIs(saved));
            return Ok(());
        }
        if specifier.is_none()
            && before.is_none()
            && let Some(saved) = catalogs.known(alias)
        {
            self.put(alias, &saved.clone(), groups, Saved::AsItIs(saved));
            return Ok(());
        }
        match specifier {
            // What stands there is good enough.
            None if before.is_some() => {
                let before = before.unwrap_or_default();
                let may_move = is_of_registry(&before) || catalog_name(&before).is_some();
                let saved = if may_move { catalogs.saved(alias, &before, Some(&before))? } else { before };
                self.put(alias, &saved.clone(), groups, Saved::AsItIs(saved));
            }
            None => {
                let saved = Saved::Version { prefix: String::new(), asked: None, before };
                self.put_version(alias, USUAL, groups, saved, None, catalogs);
            }
            Some(specifier) if is_of_registry(&specifier) => {
                let stood = before.clone();
                let before = before.filter(|before| is_of_registry(before) || npm_alias(before).is_some());
                let saved = Saved::Version { prefix: String::new(), asked: Some(specifier.clone()), before };
                self.put_version(alias, &specifier, groups, saved, stood, catalogs);
            }
            Some(specifier) if catalog_name(&specifier).is_some() => {
                self.put(alias, &specifier.clone(), groups, Saved::AsItIs(specifier));
            }
            Some(specifier) => {
                if let Some((name, range)) = npm_alias(&specifier) {
                    let stands =
                        before.as_deref().and_then(npm_alias).is_some_and(|(stood, _)| stood == name);
                    if let Some(before) = before.clone().filter(|_| range.is_empty() && stands) {
                        self.put(alias, &before.clone(), groups, Saved::AsItIs(before));
                        return Ok(());
                    }
                    // Without a range the package is wanted as it is declared under its own name.
                    let declared = self.declared_range(name).filter(|_| range.is_empty());
                    let specifier = match &declared {
                        Some(declared) => format!("npm:{name}@{declared}"),
                        None => specifier.clone(),
                    };
                    let asked = match declared {
                        Some(declared) => Some(declared).filter(|range| Version::parse(range).is_err()),
                        None => Some(range.to_owned()),
                    };
                    let saved = Saved::Version { prefix: format!("npm:{name}@"), asked, before: None };
                    self.put_version(alias, &specifier, groups, saved, before, catalogs);
                } else if is_repository(&specifier) {
                    let (alias, groups) = (Some(alias.to_owned()), Some(groups));
                    self.questions.push(Question::What { alias, specifier, groups });
                } else {
                    self.put(alias, &specifier.clone(), groups, Saved::AsItIs(specifier));
                }
            }
        }
        Ok(())
    }

    /// The range of a package among the dependencies.
    fn declared_range(&self, name: &str) -> Option<String> {
        let (group, declared) = self.file.find(name)?;
        let is_range = group != Group::Peer && parse_range(declared).is_ok();
        is_range.then(|| declared.to_owned())
    }

    /// Puts what is to be resolved into the manifest; where catalogs have a say, its version has to be known first.
    fn put_version(
        &mut self,
        alias: &str,
        specifier: &str,
        groups: Vec<Group>,
        saved: Saved,
        before: Option<String>,
        catalogs: &Catalogs,
    ) {
        if catalogs.are_saved_to() {
            let (alias, specifier) = (alias.to_owned(), specifier.to_owned());
            self.questions.push(Question::Version { alias, specifier, groups, saved, before });
        } else {
            self.put(alias, specifier, groups, saved);
        }
    }

    /// Puts a specifier into the manifest as it is to be resolved.
    pub(super) fn put(&mut self, alias: &str, specifier: &str, groups: Vec<Group>, saved: Saved) {
        for group in groups.iter().filter(|group| **group != Group::Peer) {
            self.file.save_as(alias, specifier, *group);
        }
        self.wishes.push(Wish { alias: alias.to_owned(), groups, saved });
    }
}

/// Whether a specifier names a repository, which is saved in a form of its own.
fn is_repository(specifier: &str) -> bool {
    let is_local =
        ["file:", "link:", "workspace:", ".", "/", "~/"].iter().any(|start| specifier.starts_with(start));
    let is_archive = ["http://", "https://"].iter().any(|start| specifier.starts_with(start))
        && !specifier.contains(".git");
    !is_local && !is_archive && specifier.contains(['/', ':']) && !specifier.starts_with("jsr:")
}

/// The specifier that is saved for a project of the workspace, if it is one that is meant.
fn of_workspace(
    alias: &str,
    asked: Option<&str>,
    before: Option<&str>,
    config: &Config,
    workspace: &Workspace,
    style: RangeStyle,
) -> Option<String> {
    let protocol = *config.save_workspace_protocol;
    if let Some(range) = asked.and_then(|asked| asked.strip_prefix("workspace:")) {
        let asked = asked?;
        if is_local_workspace_path(asked) {
            return None;
        }
        let name = range.rfind('@').filter(|at| *at > 0).map_or(alias, |at| &range[..at]);
        let version = version_in(workspace, name);
        return Some(workspace_specifier(alias, name, version, Some(asked), before, protocol, style));
    }
    if *config.link_workspace_packages == LinkWorkspacePackages::No {
        return None;
    }
    let version = version_in(workspace, alias)?;
    let fits = match asked {
        None => before.is_none(),
        Some(asked) if is_of_registry(asked) => match (parse_range(asked), Version::parse(version)) {
            (Ok(range), Ok(version)) => range.satisfies(&version),
            // A tag of the workspace is whatever it has.
            _ => true,
        },
        Some(_) => false,
    };
    if !fits {
        return None;
    }
    let specifier = workspace_specifier(alias, alias, Some(version), asked, before, protocol, style);
    Some(match protocol {
        SaveWorkspaceProtocol::Off => specifier.trim_start_matches("workspace:").to_owned(),
        SaveWorkspaceProtocol::Rolling | SaveWorkspaceProtocol::Versioned => specifier,
    })
}

/// The version of a project of the workspace.
pub(super) fn version_in<'a>(workspace: &'a Workspace, name: &str) -> Option<&'a str> {
    let manifests = workspace.known().filter_map(|project| project.manifest.as_ref());
    let mut named = manifests.filter(|manifest| manifest.name.as_deref() == Some(name));
    Some(named.next()?.version.as_deref().unwrap_or("0.0.0"))
}
