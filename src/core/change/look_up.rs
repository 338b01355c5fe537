//! What has to be known before resolution: the name of what has none, and which version is the newest.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;

use super::begin::{Changes, Question, Saved};
use super::catalogs::Catalogs;
use super::error::ChangeError;
use crate::core::lockfile::{catalog_name, is_valid_package_name};
use crate::core::manifest_edit::{Group, latest};
use crate::core::resolve::{Asked, PreferredVersions, Resolved, Resolver, UpdateBehavior, Via, Wanted};
use crate::core::workspace::Workspace;

/// The circumstances under which is looked up.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Versions that are preferred.
    pub preferred: &'a PreferredVersions,
    /// Milliseconds since 1970: no version that was published later.
    pub published_by: Option<i64>,
    /// Direct dependencies take the lowest version that fits.
    pub pick_lowest: bool,
}

impl Changes {
    /// Looks up what has to be known, and changes the manifests in memory accordingly.
    ///
    /// # Errors
    /// Something cannot be found, or has no name.
    pub async fn look_up<R: Resolver>(
        &mut self,
        resolver: &R,
        circumstances: Circumstances<'_>,
        workspace: &mut Workspace,
    ) -> Result<(), ChangeError> {
        let style = self.style;
        let nothing = PreferredVersions::default();
        for change in self.projects.values_mut() {
            let questions = std::mem::take(&mut change.questions);
            let folder = change.file.path().parent().unwrap_or(Path::new(".")).to_owned();
            let catalogs = &mut self.catalogs;
            let known = &*catalogs;
            let nothing = &nothing;
            let answers = join_all(questions.iter().map(|question| {
                let folder = &folder;
                async move {
                    let (wanted, update) = question.asks_for(known);
                    let preferred = match question {
                        Question::Version { .. } => circumstances.preferred,
                        Question::What { .. } | Question::Latest { .. } => nothing,
                    };
                    let asked = Asked {
                        project_dir: folder,
                        depth: 0,
                        preferred,
                        overlay: None,
                        pick_lowest: circumstances.pick_lowest
                            && matches!(question, Question::Version { .. }),
                        published_by: circumstances.published_by,
                        update,
                    };
                    resolver.resolve(&wanted, &asked).await
                }
            }))
            .await;
            for (question, answer) in questions.into_iter().zip(answers) {
                let found = answer?;
                match question {
                    Question::What { alias, specifier, groups } => {
                        let saved =
                            found.normalized_specifier.as_deref().map_or(specifier.clone(), str::to_owned);
                        let alias = match alias {
                            Some(alias) => alias,
                            None => name_of(&found, &specifier)?,
                        };
                        let groups = groups.unwrap_or_else(|| match change.file.find(&alias) {
                            Some((group, _)) if group != Group::Peer => vec![group],
                            _ => vec![Group::Production],
                        });
                        change.put(&alias, &saved.clone(), groups, Saved::AsItIs(saved));
                    }
                    Question::Latest { alias, group, declared } => {
                        let version = found.version.as_deref().filter(|_| found.via == Via::Registry);
                        let effective = effective(catalogs, &alias, &declared).to_owned();
                        let specifier =
                            version.and_then(|version| latest(&effective, &alias, version, style));
                        let Some(specifier) = specifier else { continue };
                        if let Some(catalog) = catalog_name(&declared) {
                            catalogs.set(catalog, &alias, &specifier);
                        } else {
                            let saved = catalogs.saved(&alias, &specifier, Some(&declared))?;
                            change.file.respecify(&alias, &saved, group);
                        }
                    }
                    Question::Version { alias, specifier, groups, saved, before } => {
                        let version = found.version.as_deref().filter(|_| found.via == Via::Registry);
                        let specifier = saved.specifier(version, &specifier, style);
                        let saved = catalogs.saved(&alias, &specifier, before.as_deref())?;
                        change.put(&alias, &saved.clone(), groups, Saved::AsItIs(saved));
                    }
                }
            }
        }
        self.put_into(workspace)
    }
}

impl Question {
    fn asks_for(&self, catalogs: &Catalogs) -> (Wanted, UpdateBehavior) {
        let wanted = |alias: Option<&String>, specifier: &str| Wanted {
            alias: alias.map(|alias| Arc::from(alias.as_str())),
            specifier: Arc::from(specifier),
            optional: false,
            injected: None,
            previous_specifier: None,
        };
        match self {
            Self::What { alias, specifier, .. } => (wanted(alias.as_ref(), specifier), UpdateBehavior::Off),
            Self::Latest { alias, declared, .. } => {
                (wanted(Some(alias), effective(catalogs, alias, declared)), UpdateBehavior::Latest)
            }
            Self::Version { alias, specifier, .. } => (wanted(Some(alias), specifier), UpdateBehavior::Off),
        }
    }
}

/// What a specifier stands for, if it is that of a catalog.
pub(super) fn effective<'a>(catalogs: &'a Catalogs, alias: &str, declared: &'a str) -> &'a str {
    catalog_name(declared).and_then(|catalog| catalogs.entry(catalog, alias)).unwrap_or(declared)
}

fn name_of(resolved: &Resolved, specifier: &str) -> Result<String, ChangeError> {
    let name = resolved.alias.as_ref().unwrap_or(&resolved.name);
    if is_valid_package_name(name) {
        return Ok(name.to_string());
    }
    let name = Some(name.to_string()).filter(|name| !name.is_empty());
    Err(ChangeError::Unnamed { specifier: specifier.to_owned(), name })
}
