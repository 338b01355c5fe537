//! Resolution as a part of an install: what it is given, and what becomes of its outcome.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::ahead::{Ahead, UnderWay};
use super::announce::{Announcer, ToldSoFar};
use super::inputs::Found;
use super::others;
use super::reuse;
use super::rewriting::Rewriting;
use super::selection::Selector;
use super::setup::Tools;
use super::young::Young;
use super::{Gathered, Install, InstallError, Known};
use crate::core::change::{Changes, Circumstances};
use crate::core::clock::unix_millis;
use crate::core::config::{self, Config};
use crate::core::event::EventKind;
use crate::core::lockfile::{Lockfile, LockfileSettings};
use crate::core::patch::PatchError;
use crate::core::registry::Packuments;
use crate::core::resolve::lockfile::{RecordedProject, Recording};
use crate::core::resolve::npm::{NpmResolver, NpmSettings, WorkspacePackage, WorkspacePackages};
use crate::core::resolve::peers::{Discovery, PeerIssuesError, PeerOutcome, PeerSettings};
use crate::core::resolve::rewrite::{Rewriter, refuse_pnpmfile};
use crate::core::resolve::tree::{
    Locked, Project, ResolutionMode, TreeInput, TreeSettings, UpdateScope, Walked, preferred_versions,
};
use crate::core::resolve::url::TakenIn;
use crate::core::resolve::{
    Chain, PackageManifest, PreferredVersions, ResolveError, Surroundings, peers, tree,
};
use crate::core::state::CURRENT_LOCKFILE;

/// Peer suffixes up to this length are not worth a word in the lockfile.
const USUAL_SUFFIX_LENGTH: usize = 1000;

/// A resolution that is due.
pub struct Resolving<'a> {
    /// The install.
    pub install: &'a Install,
    /// The tools.
    pub tools: &'a Tools,
    /// The projects.
    pub found: &'a mut Found,
    /// The lockfile to start from.
    pub seed: Option<Lockfile>,
    /// What changes in manifests.
    pub changes: Option<&'a mut Changes>,
}

/// What came of a resolution.
struct Resolution {
    lockfile: Lockfile,
    /// What was put into the store on the way.
    taken_in: Vec<TakenIn>,
    /// Issues with peers that are to be an error, once everything is in place.
    issues: Option<PeerIssuesError>,
    /// Versions were taken that the policies would not accept in a lockfile.
    violates_policies: bool,
}

impl Resolving<'_> {
    /// Resolves, and fetches meanwhile what will be needed.
    ///
    /// # Errors
    /// When something cannot be resolved, or the run was stopped.
    pub fn run(
        mut self,
        selector: &mut Selector<'_>,
        gathered: &mut Gathered,
    ) -> Result<(Lockfile, Known), InstallError> {
        let config = &self.install.config;
        refuse_pnpmfile(config.workspace_dir.as_deref().unwrap_or(&config.lockfile_dir))?;
        let root = self.found.workspace.root_manifest(config);
        let rewriter = Rewriter::new(config, root)?;
        let runtime = self.tools.runtime.handle();
        // Of some projects only, what belongs to them is known at the end.
        let is_for_all = !config.lockfile_only && !self.found.is_filtered();
        let ahead = is_for_all.then(|| Ahead::start(runtime, &self.tools.fetcher));
        let announcer = Announcer {
            config,
            emitter: &self.install.emitter,
            ahead: ahead.as_ref(),
            fitness: selector.fitness(),
            in_place: in_place(config),
            told: RefCell::new(ToldSoFar::after(gathered.numbered)),
        };
        let outcome = runtime.block_on(async {
            tokio::select! {
                biased;
                by = self.install.controls.until_cancelled() => {
                    self.install.emitter.emit(EventKind::CancelRequested { by: by.to_owned() });
                    Err(InstallError::Cancelled(by))
                }
                outcome = self.resolve(&rewriter, &announcer, gathered) => outcome,
            }
        });
        let told = announcer.told.into_inner();
        let ToldSoFar { numbers, skipped, .. } = told;
        let resolution = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                if let Some(ahead) = ahead {
                    ahead.abandon();
                }
                return Err(error);
            }
        };
        let mut under_way = match ahead {
            Some(ahead) => runtime.block_on(ahead.finish())?,
            None => UnderWay::default(),
        };
        for taken in resolution.taken_in {
            under_way.rows.insert(taken.key, taken.row);
        }
        let known = Known {
            numbers,
            under_way,
            unresolved: skipped,
            violates_policies: resolution.violates_policies,
            issues: resolution.issues,
        };
        Ok((resolution.lockfile, known))
    }
}

impl Resolving<'_> {
    /// From manifests to the lockfile.
    async fn resolve(
        &mut self,
        rewriter: &Rewriter,
        announcer: &Announcer<'_>,
        gathered: &mut Gathered,
    ) -> Result<Resolution, InstallError> {
        let config = &self.install.config;
        let chain = self.chain()?;
        self.look_up(&chain).await?;
        let with_catalogs = self.rewriter_of_changes()?;
        let rewriter = with_catalogs.as_ref().unwrap_or(rewriter);
        let projects = self.projects(rewriter);
        let seed = self.seed.as_ref();
        let changes = self.changes.as_deref();
        let scopes = changes.map(Changes::scopes).unwrap_or_default();
        let scope = changes.map(Changes::scope).unwrap_or_default();
        let preferred = preferred_when(&scope, seed);
        let moving = scopes.iter().filter(|(_, scope)| **scope != UpdateScope::Nothing);
        let preferred_by_project: BTreeMap<String, PreferredVersions> =
            moving.map(|(id, scope)| (id.clone(), preferred_when(scope, seed))).collect();
        let hashes = self.found.patches.hashes();
        let settings = tree_settings(config);
        let published_by = settings.published_by;
        let circumstances = Circumstances { preferred: &preferred, published_by };
        let reusable = match seed {
            Some(seed) => {
                reuse::reusable(config, rewriter, seed, !hashes.is_empty(), (&chain, circumstances)).await
            }
            None => None,
        };
        let input = TreeInput {
            lockfile_dir: &config.lockfile_dir,
            projects,
            settings,
            locked: seed.map(|seed| Locked {
                lockfile: reusable.as_deref().unwrap_or(seed),
                reuse_subtrees: reusable.is_some(),
                update: scope,
                update_by_project: scopes,
                update_depth: changes.and_then(Changes::depth),
            }),
            preferred: &preferred,
            preferred_by_project: &preferred_by_project,
            patches: self.found.patches.declared(),
            rewrite: &Rewriting { rewriter, lockfile_dir: config.lockfile_dir.clone() },
            listener: announcer,
        };
        let settings = peer_settings(config);
        let mut discovery = Discovery::new(settings.clone());
        let walked = tree::walk(input, &chain, &mut discovery).await?;
        drop(discovery);
        let young = Young::among(&walked, published_by);
        self.install.judge_age(&young, self.changes.as_deref().is_none_or(Changes::saves), gathered)?;
        self.check_patches(&walked, gathered)?;
        let outcome = peers::resolve(&walked.tree, &settings);
        if outcome.too_deep {
            return Err(ResolveError::TooDeep.into());
        }
        let from_root = *config.resolve_peers_from_workspace_root;
        let issues = peers::issues(&walked.tree, &outcome, rewriter.peer_rules(), from_root);
        peers::events(&issues).for_each(|event| self.install.emitter.emit(event));
        tracing::debug!(packages = walked.tree.packages.len(), nodes = outcome.graph.len(), "resolved");
        let lockfile = self.record(rewriter, &walked, &outcome);
        let strict = *config.strict_peer_dependencies;
        let issues = PeerIssuesError::of(&issues).filter(|_| strict);
        let violates_policies = !young.is_empty();
        Ok(Resolution { lockfile, taken_in: chain.taken_in(), issues, violates_policies })
    }

    /// Looks up what has to be known of what is added or updated before the projects can be resolved.
    async fn look_up(&mut self, chain: &Chain<NpmResolver>) -> Result<(), InstallError> {
        let Some(changes) = self.changes.as_deref_mut().filter(|changes| changes.has_questions()) else {
            return Ok(());
        };
        let preferred = preferred_when(&UpdateScope::Nothing, self.seed.as_ref());
        let published_by = tree_settings(&self.install.config).published_by;
        let circumstances = Circumstances { preferred: &preferred, published_by };
        changes.look_up(chain, circumstances, &mut self.found.workspace).await?;
        Ok(())
    }

    /// What changes manifests, if that is no longer what the settings say: the run sets entries of catalogs.
    fn rewriter_of_changes(&self) -> Result<Option<Rewriter>, InstallError> {
        let Some(catalogs) = self.changes.as_deref().and_then(Changes::catalogs) else { return Ok(None) };
        let mut config = self.install.config.clone();
        config.catalogs.value.clone_from(catalogs);
        let root = self.found.workspace.root_manifest(&config);
        Ok(Some(Rewriter::new(&config, root)?))
    }

    /// The projects, with what the settings make of their manifests. Also those that are not selected are resolved:
    /// the lockfile may not have them, or for other settings, and all share versions.
    fn projects(&self, rewriter: &Rewriter) -> Vec<Project> {
        let with_manifest = self.found.workspace.projects.iter().filter_map(|project| {
            let manifest = PackageManifest::from_manifest(project.manifest.as_ref()?);
            Some(Project {
                id: project.id.clone(),
                folder: project.folder.clone(),
                manifest: Arc::new(rewriter.importer(&manifest, &project.id)),
            })
        });
        let mut projects: Vec<Project> = with_manifest.collect();
        projects.sort_by(|left, right| left.id.cmp(&right.id));
        projects
    }

    /// All ways of resolving.
    fn chain(&self) -> Result<Chain<NpmResolver>, InstallError> {
        let config = &self.install.config;
        let fetcher = &self.tools.fetcher;
        let settings = NpmSettings::new(config).map_err(|error| ResolveError::from(Box::new(error)))?;
        let packuments = Packuments::new(
            config,
            fetcher.client.clone(),
            self.install.emitter.clone(),
            self.tools.runtime.handle().clone(),
        );
        let workspace = config.workspace_dir.is_some().then(|| {
            let packages = self.found.workspace.known().filter_map(|project| {
                let manifest = PackageManifest::from_manifest(project.manifest.as_ref()?);
                Some(WorkspacePackage { folder: project.folder.clone(), manifest: Arc::new(manifest) })
            });
            WorkspacePackages::new(packages)
        });
        let surroundings = Surroundings {
            fetcher: Arc::clone(fetcher),
            lockfile_dir: config.lockfile_dir.clone(),
            home: std::env::home_dir(),
            git_shallow_hosts: config.git_shallow_hosts.value.clone(),
            inject_workspace_packages: *config.inject_workspace_packages,
        };
        Ok(Chain::new(NpmResolver::new(settings, packuments, workspace), surroundings))
    }

    /// Patches that nothing uses are most likely a mistake. What the projects that are left out use is not known.
    fn check_patches(&self, walked: &Walked, gathered: &mut Gathered) -> Result<(), InstallError> {
        let applied = walked.applied_patches.iter().map(|selector| &**selector).collect();
        let unused = self.found.patches.declared().unused(&applied);
        if unused.is_empty() || self.found.is_filtered() {
            return Ok(());
        }
        let error = PatchError::Unused { selectors: unused.into_iter().map(str::to_owned).collect() };
        if *self.install.config.allow_unused_patches {
            self.install.warn(error.to_string(), None, &mut gathered.totals);
            return Ok(());
        }
        Err(error.into())
    }

    /// Writes the outcome down. Projects that are not selected stay as the lockfile had them, if it had them.
    fn record(&self, rewriter: &Rewriter, walked: &Walked, outcome: &PeerOutcome) -> Lockfile {
        let config = &self.install.config;
        let effective = self.projects(rewriter);
        let recorded = walked.tree.importers.iter().filter_map(|importer| {
            let effective = effective.iter().find(|project| project.id == importer.id)?;
            let manifest = self.found.workspace.project(&importer.id)?.manifest.as_ref();
            Some(RecordedProject { id: &importer.id, effective: &effective.manifest, manifest })
        });
        let recording = Recording {
            head: self.head(rewriter),
            tree: &walked.tree,
            outcome,
            projects: recorded.collect(),
            auto_install_peers: *config.auto_install_peers,
            exclude_links: *config.exclude_links_from_lockfile,
            previous: self.seed.as_ref(),
            time: &walked.time,
        };
        let mut lockfile = recording.lockfile();
        lockfile.catalogs = rewriter.used_catalogs(&lockfile.importers);
        if let Some(seed) = self.seed.as_ref().filter(|_| self.found.is_filtered()) {
            let wanted: FxHashSet<&str> = self.found.wanted().map(|project| &*project.id).collect();
            others::keep(&mut lockfile, seed, |id| !wanted.contains(id));
        }
        lockfile
    }

    /// What a lockfile says besides packages and projects.
    fn head(&self, rewriter: &Rewriter) -> Lockfile {
        let config = &self.install.config;
        let suffix_length = *config.peers_suffix_max_length;
        Lockfile {
            settings: Some(LockfileSettings {
                auto_install_peers: Some(*config.auto_install_peers),
                dedupe_peers: config.dedupe_peers.then_some(true),
                exclude_links_from_lockfile: Some(*config.exclude_links_from_lockfile),
                inject_workspace_packages: config.inject_workspace_packages.then_some(true),
                peers_suffix_max_length: (suffix_length != USUAL_SUFFIX_LENGTH)
                    .then_some(suffix_length as u64),
                other: Vec::new(),
            }),
            overrides: rewriter.overrides().recorded(),
            package_extensions_checksum: rewriter.extensions_checksum().map(str::to_owned),
            ignored_optional_dependencies: config.ignored_optional_dependencies.value.clone(),
            patched_dependencies: self.found.patches.hashes(),
            environment_document: self.seed.as_ref().and_then(|seed| seed.environment_document.clone()),
            ..Lockfile::default()
        }
    }
}

/// What is preferred where versions move: not what the lockfile has of them.
fn preferred_when(scope: &UpdateScope, seed: Option<&Lockfile>) -> PreferredVersions {
    let none = BTreeSet::new();
    match scope {
        UpdateScope::Nothing => preferred_versions(seed, &none),
        UpdateScope::Everything => preferred_versions(None, &none),
        UpdateScope::Names(names) => preferred_versions(seed, names),
    }
}

fn tree_settings(config: &Config) -> TreeSettings {
    let now = i64::try_from(unix_millis()).unwrap_or(i64::MAX);
    let age = i64::try_from(*config.minimum_release_age).unwrap_or(i64::MAX).saturating_mul(60_000);
    TreeSettings {
        auto_install_peers: *config.auto_install_peers,
        auto_install_peers_from_highest_match: *config.auto_install_peers_from_highest_match,
        dedupe_peer_dependents: *config.dedupe_peer_dependents,
        resolve_peers_from_workspace_root: *config.resolve_peers_from_workspace_root,
        block_exotic_subdeps: *config.block_exotic_subdeps,
        mode: match *config.resolution_mode {
            config::ResolutionMode::Highest => ResolutionMode::Highest,
            config::ResolutionMode::TimeBased => ResolutionMode::TimeBased,
            config::ResolutionMode::LowestDirect => ResolutionMode::LowestDirect,
        },
        published_by: (age > 0).then(|| now.saturating_sub(age)),
        allowed_deprecated_versions: config
            .allowed_deprecated_versions
            .iter()
            .map(|(name, range)| (name.clone(), range.clone()))
            .collect(),
    }
}

fn peer_settings(config: &Config) -> PeerSettings {
    PeerSettings {
        suffix_max_length: *config.peers_suffix_max_length,
        dedupe_peers: *config.dedupe_peers,
        dedupe_peer_dependents: *config.dedupe_peer_dependents,
        dedupe_injected: *config.dedupe_injected_deps,
        from_workspace_root: *config.resolve_peers_from_workspace_root,
        exclude_links: *config.exclude_links_from_lockfile,
        lockfile_dir: config.lockfile_dir.clone(),
        modules_dir: config.modules_dir.value.clone().into(),
    }
}

/// The packages that were in place when the install began.
fn in_place(config: &Config) -> FxHashSet<String> {
    let path = config.virtual_store_dir.join(CURRENT_LOCKFILE);
    let lockfile = Lockfile::read(&path).ok().flatten();
    lockfile.map_or_else(FxHashSet::default, |lockfile| lockfile.packages.into_keys().collect())
}
