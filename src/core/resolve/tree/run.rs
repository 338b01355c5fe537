//! The whole walk: all projects, then the rounds in which missing peers are installed.
//! pnpm: `resolve_workspace.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use node_semver::Version;
use rustc_hash::{FxHashMap, FxHashSet};

use super::input::{ResolutionMode, TreeInput, UpdateScope, Walked};
use super::locked::{LockedIndex, LockedPeers};
use super::missing::Discovery;
use super::model::{Importer, Origin, Tree};
use super::pick::RootDependency;
use super::plan::Plan;
use super::present::Present;
use super::project::{Circumstances, ProjectState, changed, direct_wanted};
use super::published::{self, Published};
use super::questions::{AskedForBy, Questions};
use super::rounds::Rounds;
use super::seed_preferred::selectors_of;
use super::sight::Sight;
use super::specifier::{is_local_path, unwrap_npm};
use super::walk::Walk;
use crate::core::manifest::{Manifest, ManifestError};
use crate::core::resolve::{ResolveError, Resolver};

/// Walks all projects.
///
/// The tree depends on the input and on what the resolver and the discovery answer, never on the order in which they
/// do. Questions that run when the walk ends are dropped.
///
/// # Errors
/// When a dependency cannot be resolved, or may not be what it was resolved to.
pub async fn walk<R: Resolver, D: Discovery>(
    mut input: TreeInput<'_>,
    resolver: &R,
    discovery: &mut D,
) -> Result<Walked, ResolveError> {
    input.projects.sort_by(|left, right| left.id.cmp(&right.id));
    let input = &input;
    let mut walk = Walk::new(input, resolver);
    let mut rounds = Vec::with_capacity(input.projects.len());
    for (position, project) in input.projects.iter().enumerate() {
        let wanted = direct_wanted(project, input.settings.auto_install_peers, input.rewrite)?;
        let locked =
            walk.locked.as_ref().map_or_else(LockedPeers::default, |locked| locked.peer_context(&project.id));
        rounds.push(Rounds::new(position, wanted, locked));
    }
    let published = walk.set_circumstances(&rounds).await;
    let mut plans = Vec::with_capacity(rounds.len());
    for project in &rounds {
        plans.push(walk.ask_ahead(project));
    }
    walk.note_changed_versions(&rounds, plans).await;
    walk.take_turns();
    for project in &mut rounds {
        walk.begin(project).await?;
    }
    let root = match rounds.iter().find(|rounds| input.projects[rounds.project].id == ".") {
        Some(root) if input.settings.resolve_peers_from_workspace_root => walk.root_dependencies(root)?,
        _ => Vec::new(),
    };
    if input.settings.auto_install_peers || input.settings.dedupe_peer_dependents {
        install_peers(&mut walk, &mut rounds, &root, discovery).await?;
    }
    Ok(Walked {
        tree: walk.tree,
        time: published.time,
        applied_patches: walk.applied_patches,
        violations: walk.violations,
    })
}

/// All projects look before any of them installs, so that each knows what the others answer for, up to what the projects
/// before it have installed by then; and peers that may be absent are only added when every project has what it needs.
async fn install_peers<'a, R: Resolver, D: Discovery>(
    walk: &mut Walk<'a, R>,
    rounds: &mut [Rounds<'a>],
    root: &[RootDependency],
    discovery: &mut D,
) -> Result<(), ResolveError> {
    let mut looks = Vec::with_capacity(rounds.len());
    for project in rounds.iter_mut() {
        let look = walk.look(project, discovery);
        walk.note(project, &look);
        looks.push(look);
    }
    for (project, look) in rounds.iter_mut().zip(looks) {
        walk.install_required(project, Some(look), root, discovery).await?;
    }
    loop {
        let mut any = false;
        for project in rounds.iter_mut() {
            any |= walk.install_optional(project, root).await?;
        }
        if !any {
            return Ok(());
        }
        for project in rounds.iter_mut() {
            walk.install_required(project, None, root, discovery).await?;
        }
    }
}

impl<'a, R: Resolver> Walk<'a, R> {
    fn new(input: &'a TreeInput<'a>, resolver: &'a R) -> Self {
        let importers = input.projects.iter().map(|project| Importer {
            id: project.id.clone(),
            folder: project.folder.clone(),
            direct: Vec::new(),
            left_absent: FxHashSet::default(),
        });
        Self {
            input,
            questions: Questions::new(input, resolver),
            locked: input.locked.as_ref().map(|locked| LockedIndex::new(locked.lockfile)),
            tree: Tree { importers: importers.collect(), ..Tree::default() },
            sides: Vec::new(),
            projects: Vec::new(),
            present: Present::default(),
            workspace_identities: FxHashMap::default(),
            applied_patches: FxHashSet::default(),
            violations: Vec::new(),
            changed_versions: FxHashMap::default(),
            reusable: FxHashMap::default(),
            in_turn: false,
            sight: Sight::default(),
        }
    }

    /// Finds out what decides about the questions of each project. With `resolutionMode: time-based` all direct
    /// dependencies are asked for, since nothing below may be much newer than the newest of them.
    async fn set_circumstances(&mut self, rounds: &[Rounds<'_>]) -> Published {
        let settings = &self.input.settings;
        let of_all = Rc::new(selectors_of(
            self.input.projects.iter().map(|project| &*project.manifest),
            rounds.iter().flat_map(|rounds| &rounds.wanted),
        ));
        let pick_lowest_direct = settings.mode != ResolutionMode::Highest;
        for (position, project) in self.input.projects.iter().enumerate() {
            let locked = self.input.locked.as_ref();
            // Updating everything everywhere leaves no project out.
            let scope = locked.map_or(UpdateScope::Nothing, |locked| match &locked.update {
                UpdateScope::Everything => UpdateScope::Everything,
                general => locked.update_by_project.get(&project.id).unwrap_or(general).clone(),
            });
            let circumstances = Circumstances {
                project: position,
                folder: self.questions.folder(&project.folder),
                update_key: (scope != UpdateScope::Nothing).then_some(position),
                scope,
                update_depth: locked.and_then(|locked| locked.update_depth),
                pick_lowest_direct,
                is_added: false,
                published_by_direct: settings.published_by,
                published_by_below: settings.published_by,
                own: Rc::new(selectors_of([&*project.manifest], &rounds[position].wanted)),
                of_all: Rc::clone(&of_all),
            };
            let changed =
                self.locked.as_ref().map(|locked| changed(locked, &project.id, &rounds[position].wanted));
            self.projects.push(ProjectState {
                circumstances_added: Rc::new(circumstances.added()),
                circumstances: Rc::new(circumstances),
                changed: changed.unwrap_or_default(),
                direct_versions: FxHashMap::default(),
            });
        }
        if settings.mode != ResolutionMode::TimeBased {
            return Published { by: settings.published_by, time: BTreeMap::new() };
        }
        let published = self.ask_when_published(rounds).await;
        for project in &mut self.projects {
            let circumstances =
                Circumstances { published_by_below: published.by, ..(*project.circumstances).clone() };
            project.circumstances_added = Rc::new(circumstances.added());
            project.circumstances = Rc::new(circumstances);
        }
        published
    }

    async fn ask_when_published(&mut self, rounds: &[Rounds<'_>]) -> Published {
        self.questions.look_ahead = false;
        let mut asked = Vec::new();
        for rounds in rounds {
            let circumstances = Rc::clone(&self.projects[rounds.project].circumstances);
            for wanted in &rounds.wanted {
                let mut question = circumstances.question(&wanted.alias, &wanted.specifier, 0);
                question.optional = wanted.optional;
                question.injected = wanted.injected;
                if wanted.is_peer {
                    question.asked_for_by = Some(AskedForBy::All);
                }
                asked.push(self.questions.ask(question, None, &circumstances));
            }
        }
        self.questions.wait(asked.iter().copied()).await;
        self.questions.look_ahead = true;
        let recorded = self.input.locked.as_ref().map(|locked| &locked.lockfile.time);
        let mut time: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        for answer in asked.into_iter().filter_map(|question| self.questions.answer(question).ok()) {
            let resolved = &answer.resolved;
            let known =
                || recorded.and_then(|time| time.get(&*resolved.id)).map(|time| Arc::from(time.as_str()));
            if let Some(at) = resolved.published_at.clone().or_else(known) {
                time.insert(Arc::clone(&resolved.id), at);
            }
        }
        published::limit(time, self.input.settings.published_by)
    }

    /// Asks for the direct dependencies of a project before its turn comes.
    fn ask_ahead(&mut self, rounds: &Rounds<'_>) -> Vec<Plan> {
        let siblings = self.direct_siblings(rounds, &rounds.wanted);
        let circumstances = Rc::clone(&self.projects[rounds.project].circumstances);
        siblings.edges.iter().map(|edge| self.plan(&circumstances, &siblings, edge)).collect()
    }

    /// Notes what changed direct dependencies of all projects were resolved to: in a workspace these take along what
    /// other projects have locked below them. A changed peer does not.
    async fn note_changed_versions(&mut self, rounds: &[Rounds<'_>], plans: Vec<Vec<Plan>>) {
        if self.locked.is_none() || rounds.len() < 2 {
            return;
        }
        let mut changed = Vec::new();
        for (rounds, plans) in rounds.iter().zip(plans) {
            let of_project = &self.projects[rounds.project].changed;
            let wanted = rounds.wanted.iter().zip(plans);
            let of_project =
                wanted.filter(|(wanted, _)| !wanted.is_peer && of_project.contains(&wanted.alias));
            changed.extend(of_project.map(|(wanted, plan)| (Arc::clone(&wanted.alias), plan)));
        }
        let asked = changed.iter().filter_map(|(_, plan)| match plan {
            Plan::Ask(question, _) => Some(*question),
            Plan::Reuse(..) => None,
        });
        self.questions.wait(asked).await;
        for (alias, plan) in changed {
            if let Some((name, version)) = self.planned_version(&plan) {
                let known = self.changed_versions.entry(name).or_default();
                known.push(version);
                self.changed_versions.entry(alias).or_default();
            }
        }
    }

    /// From now on projects take turns.
    fn take_turns(&mut self) {
        self.in_turn = true;
    }

    /// Walks what a project asks for.
    async fn begin(&mut self, rounds: &mut Rounds<'_>) -> Result<(), ResolveError> {
        let state = &self.projects[rounds.project];
        let circumstances = Rc::clone(&state.circumstances);
        let wanted = std::mem::take(&mut rounds.wanted);
        self.extend(rounds, &circumstances, &wanted, Origin::Declared).await?;
        rounds.wanted = wanted;
        Ok(())
    }

    /// The direct dependencies of the workspace's root that can stand in for missing peers of all projects.
    fn root_dependencies(&self, rounds: &Rounds<'_>) -> Result<Vec<RootDependency>, ResolveError> {
        let direct = &self.tree.importers[rounds.project].direct;
        let mut found = Vec::with_capacity(rounds.wanted.len());
        for wanted in &rounds.wanted {
            let resolved = direct.iter().find(|direct| direct.alias == wanted.alias);
            let resolved = resolved.map(|direct| &self.tree.package(direct.package).resolved);
            let resolved = resolved.filter(|resolved| !resolved.name.is_empty());
            let (name, specifier) = match resolved {
                Some(resolved) => (
                    Arc::clone(&resolved.name),
                    resolved.normalized_specifier.as_ref().unwrap_or(&wanted.specifier),
                ),
                None => (Arc::from(unwrap_npm(&wanted.alias, &wanted.specifier).0), &wanted.specifier),
            };
            let alias = Arc::clone(&wanted.alias);
            if is_local_path(specifier) {
                // The path leads elsewhere from other projects; the version that lies there stands in for it.
                let folder = &self.input.projects[rounds.project].folder;
                if let Some((local_name, version)) = local_identity(specifier, folder)? {
                    let (name, asked) = (local_name.unwrap_or(name), Arc::clone(&version));
                    found.push(RootDependency { alias, name, specifier: version, asked });
                }
            } else {
                let (specifier, asked) = (Arc::clone(specifier), Arc::clone(&wanted.specifier));
                found.push(RootDependency { alias, name, specifier, asked });
            }
        }
        Ok(found)
    }
}

/// Name, where there is one, and version.
type LocalIdentity = (Option<Arc<str>>, Arc<str>);

/// Name and version in the manifest of a local folder; `None` where there is none, or no version.
fn local_identity(specifier: &str, folder: &Path) -> Result<Option<LocalIdentity>, ResolveError> {
    let path = specifier.split_once(':').map_or(specifier, |(_, path)| path);
    let manifest = match Manifest::read(&folder.join(path)) {
        Ok(manifest) => manifest,
        Err(ManifestError::Absent { .. }) => return Ok(None),
        Err(ManifestError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotADirectory => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let version = manifest.version.filter(|version| Version::parse(version).is_ok());
    Ok(version.map(|version| (manifest.name.map(Arc::from), Arc::from(version))))
}
