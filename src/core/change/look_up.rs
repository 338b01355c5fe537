//! What has to be known before resolution: the name of what has none, and which version is the newest.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;

use super::begin::{Changes, Question, Saved};
use super::error::ChangeError;
use crate::core::lockfile::is_valid_package_name;
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
        for change in self.projects.values_mut() {
            let questions = std::mem::take(&mut change.questions);
            let folder = change.file.path().parent().unwrap_or(Path::new(".")).to_owned();
            let answers = join_all(questions.iter().map(|question| {
                let folder = &folder;
                async move {
                    let (wanted, update) = question.asks_for();
                    let asked = Asked {
                        project_dir: folder,
                        depth: 0,
                        preferred: circumstances.preferred,
                        overlay: None,
                        pick_lowest: false,
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
                        let specifier = version.and_then(|version| latest(&declared, &alias, version, style));
                        if let Some(specifier) = specifier {
                            change.file.respecify(&alias, &specifier, group);
                        }
                    }
                }
            }
        }
        self.put_into(workspace)
    }
}

impl Question {
    fn asks_for(&self) -> (Wanted, UpdateBehavior) {
        let wanted = |alias: Option<&String>, specifier: &str| Wanted {
            alias: alias.map(|alias| Arc::from(alias.as_str())),
            specifier: Arc::from(specifier),
            optional: false,
            injected: None,
            previous_specifier: None,
        };
        match self {
            Self::What { alias, specifier, .. } => (wanted(alias.as_ref(), specifier), UpdateBehavior::Off),
            Self::Latest { alias, declared, .. } => (wanted(Some(alias), declared), UpdateBehavior::Latest),
        }
    }
}

fn name_of(resolved: &Resolved, specifier: &str) -> Result<String, ChangeError> {
    let name = resolved.alias.as_ref().unwrap_or(&resolved.name);
    if is_valid_package_name(name) {
        return Ok(name.to_string());
    }
    let name = Some(name.to_string()).filter(|name| !name.is_empty());
    Err(ChangeError::Unnamed { specifier: specifier.to_owned(), name })
}
