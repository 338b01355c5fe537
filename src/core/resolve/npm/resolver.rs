//! Answers questions about packages of registries and projects of the workspace, each once.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use node_semver::Version;
use rustc_hash::FxHashMap;

use super::answer::Answer;
use super::error::NpmError;
use super::pick::{Choice, Wish};
use super::question::{Question, RegistryTarget, Target};
use super::saved::saved_workspace_specifier;
use super::settings::NpmSettings;
use super::workspace::{WorkspacePackage, WorkspacePackages};
use crate::core::registry::{Form, Inquiry, Packument, Packuments, RegistryError, VersionDocument, Warm};
use crate::core::resolve::{Asked, ResolveError, Resolved, SelectorKind, UpdateBehavior, Wanted};

type Targets = FxHashMap<Option<Arc<str>>, FxHashMap<Arc<str>, Arc<Target>>>;

/// Resolves versions, ranges, tags, `npm:`, `jsr:`, prefixes of registries, and `workspace:`.
///
/// What a question was answered with is kept: to ask again costs two look-ups. It is used on one thread; documents are
/// read elsewhere.
#[derive(Debug)]
pub struct NpmResolver {
    settings: NpmSettings,
    packuments: Packuments,
    workspace: Option<WorkspacePackages>,
    targets: RefCell<Targets>,
    answers: RefCell<FxHashMap<Question, Arc<Resolved>>>,
}

/// A version and the document it is from.
struct Picked {
    packument: Arc<Packument>,
    document: Arc<VersionDocument>,
}

/// A wish, and what it chooses of the document that was read for it: found out where that was read, so that it costs
/// nothing where the tree is walked.
struct Warmed {
    wish: Arc<Wish>,
    chosen: Mutex<Option<(Arc<Packument>, Choice)>>,
}

impl Warmed {
    fn warm(&self, packument: &Arc<Packument>) {
        let choice = self.wish.choose(packument);
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some((Arc::clone(packument), choice));
    }

    fn choose(&self, packument: &Arc<Packument>) -> Choice {
        match &*self.chosen.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((of, choice)) if Arc::ptr_eq(of, packument) => choice.clone(),
            _ => self.wish.choose(packument),
        }
    }
}

/// What came of looking for a version.
enum Found {
    Version(Picked),
    /// Nothing fits in this document.
    Nothing(Arc<Packument>),
}

impl NpmResolver {
    /// A resolver; `workspace` has the projects of the workspace, if there is one.
    #[must_use]
    pub fn new(settings: NpmSettings, packuments: Packuments, workspace: Option<WorkspacePackages>) -> Self {
        Self { settings, packuments, workspace, targets: RefCell::default(), answers: RefCell::default() }
    }

    /// Resolves a specifier; `None` when it asks for something else than a package of a registry or of the workspace.
    ///
    /// # Errors
    /// When nothing fits, or the metadata cannot be had.
    pub async fn resolve(
        &self,
        wanted: &Wanted,
        asked: &Asked<'_>,
    ) -> Result<Option<Arc<Resolved>>, ResolveError> {
        let target = self.target(wanted).map_err(Box::new)?;
        if matches!(*target, Target::Other) {
            return Ok(None);
        }
        let question = Question::new(wanted, asked, &target);
        if let Some(answer) = self.answers.borrow().get(&question) {
            return Ok(Some(Arc::clone(answer)));
        }
        let answer = match &*target {
            Target::Other => return Ok(None),
            Target::Workspace(specifier) => {
                let workspace = self.workspace.as_ref();
                let workspace =
                    workspace.ok_or_else(|| Box::new(NpmError::NoWorkspace { dependency: shown(wanted) }))?;
                let text = (wanted.alias.as_deref(), &*wanted.specifier);
                let found = workspace.require(specifier, asked.project_dir, text).map_err(Box::new)?;
                self.local(found, wanted, &question)
            }
            Target::Registry(target) => {
                self.registry(target, wanted, asked, &question).await.map_err(Box::new)?
            }
        };
        // Two who asked at the same time get the same answer.
        Ok(Some(Arc::clone(self.answers.borrow_mut().entry(question).or_insert_with(|| Arc::new(answer)))))
    }

    /// Begins to fetch the metadata that a specifier will need, if nothing of it is cached. Only a hint.
    pub fn prefetch(&self, wanted: &Wanted, wants_times: bool) {
        let Ok(target) = self.target(wanted) else { return };
        if let Target::Registry(target) = &*target
            && let Ok(inquiry) = self.inquire(target, wanted.optional, None)
        {
            inquiry.prefetch(wants_times);
        }
    }

    /// The metadata it works with.
    #[must_use]
    pub fn packuments(&self) -> &Packuments {
        &self.packuments
    }

    fn target(&self, wanted: &Wanted) -> Result<Arc<Target>, NpmError> {
        let known = self
            .targets
            .borrow()
            .get(&wanted.alias)
            .and_then(|targets| targets.get(&wanted.specifier).map(Arc::clone));
        if let Some(target) = known {
            return Ok(target);
        }
        let target = Arc::new(Target::of(wanted, &self.settings)?);
        let mut targets = self.targets.borrow_mut();
        let targets = targets.entry(wanted.alias.clone()).or_default();
        targets.insert(Arc::clone(&wanted.specifier), Arc::clone(&target));
        Ok(target)
    }

    fn inquire(
        &self,
        target: &RegistryTarget,
        is_optional: bool,
        warm: Option<Warm>,
    ) -> Result<Inquiry, RegistryError> {
        // Only full documents tell the C library that optional packages are for.
        let is_full = is_optional || self.settings.needs_full_documents;
        let form = if is_full { Form::Full } else { Form::Abbreviated };
        self.packuments.inquire(&target.registry, &target.specifier.name, form, warm)
    }

    async fn registry(
        &self,
        target: &RegistryTarget,
        wanted: &Wanted,
        asked: &Asked<'_>,
        question: &Question,
    ) -> Result<Resolved, NpmError> {
        let is_plain = target.told_name.is_none();
        let workspace =
            self.workspace.as_ref().filter(|_| is_plain && self.settings.links_workspace_at(asked.depth));
        if let Some(workspace) = workspace
            && let Some(project) = self.preferred_project(workspace, target, question)
        {
            return Ok(self.local(project, wanted, question));
        }
        let wish = self.wish(target, asked, question);
        let found = self.find(target, wanted, wish).await;
        let (picked, error) = match found {
            Ok(Found::Version(picked)) => (Some(picked), None),
            Ok(Found::Nothing(packument)) => (None, Some(no_matching_version(wanted, target, &packument))),
            Err(error) => (None, Some(error)),
        };
        let Some(picked) = picked else {
            let error =
                error.unwrap_or_else(|| NpmError::NoVersions { name: target.specifier.name.to_string() });
            let Some(workspace) = workspace else { return Err(error) };
            let text = (wanted.alias.as_deref(), &*wanted.specifier);
            return match workspace.require(&target.specifier, asked.project_dir, text) {
                Ok(project) => Ok(self.local(project, wanted, question)),
                // Which versions the workspace has is what helps, unless the registry failed for another reason.
                Err(mismatch @ NpmError::NoVersionInWorkspace { .. })
                    if error.is_not_found() || matches!(error, NpmError::NoMatchingVersion { .. }) =>
                {
                    Err(mismatch)
                }
                Err(_) => Err(error),
            };
        };
        if let Some(policy) = &self.settings.no_downgrade {
            policy.check(&picked.packument, &picked.document.manifest.version)?;
        }
        let answer = Answer {
            settings: &self.settings,
            target,
            question,
            packument: &picked.packument,
            document: &picked.document,
            excluded: self.settings.age_exclusions.of(&target.specifier.name),
        };
        if let Some(workspace) = workspace
            && let Some(project) = self.shadowing_project(workspace, target, &picked.document)
        {
            let local = self.local(project, wanted, question);
            return Ok(Resolved { latest: answer.latest(), ..local });
        }
        answer.resolved()
    }

    fn wish(&self, target: &RegistryTarget, asked: &Asked<'_>, question: &Question) -> Arc<Wish> {
        Arc::new(Wish {
            specifier: Arc::clone(&target.specifier),
            preferences: question.preferences_for(&target.specifier),
            has_preferences: !question.preferences.is_empty(),
            lowest: asked.pick_lowest,
            or_latest: asked.update == UpdateBehavior::Latest,
            published_by: asked.published_by,
            excluded: self.settings.age_exclusions.of(&target.specifier.name),
        })
    }

    /// Finds a version, with a request only where nothing less will do.
    async fn find(
        &self,
        target: &RegistryTarget,
        wanted: &Wanted,
        wish: Arc<Wish>,
    ) -> Result<Found, NpmError> {
        let failed = |source| NpmError::Registry { dependency: shown(wanted), source };
        let wish = Arc::new(Warmed { wish, chosen: Mutex::default() });
        let warm: Warm = {
            let wish = Arc::clone(&wish);
            Arc::new(move |packument| wish.warm(packument))
        };
        let inquiry = self.inquire(target, wanted.optional, Some(warm)).map_err(failed)?;
        let minds_age = wish.wish.minds_age();
        if let Some(picked) = self.cache_hit(&inquiry, &wish).await.map_err(failed)? {
            inquiry.tell_hit();
            return Ok(Found::Version(picked));
        }
        let mut packument = inquiry.current(minds_age.is_some()).await.map_err(failed)?;
        if let Some(cutoff) = minds_age {
            packument = inquiry.with_times(packument, cutoff).await.map_err(failed)?;
        }
        if packument.versions().len() == 0 {
            let name = target.specifier.name.to_string();
            return Err(if packument.is_unpublished() {
                NpmError::Unpublished { name }
            } else {
                NpmError::NoVersions { name }
            });
        }
        let choice = match wish.choose(&packument) {
            Choice::TimesMissing if self.settings.ignore_missing_time => {
                wish.wish.choose_at_any_age(&packument)
            }
            choice => choice,
        };
        match choice {
            Choice::Version(document) => Ok(Found::Version(Picked { packument, document })),
            Choice::Nothing => Ok(Found::Nothing(packument)),
            Choice::TimesMissing => Err(NpmError::MissingTime { name: target.specifier.name.to_string() }),
        }
    }

    /// What the cache has will do when it cannot be outdated in what counts: an exact version stays what it is; a locked
    /// one wins over whatever was published since; and what was written after the day that versions must be older than
    /// knows all that are old enough. Otherwise only for those who would rather not ask.
    async fn cache_hit(&self, inquiry: &Inquiry, warmed: &Warmed) -> Result<Option<Picked>, RegistryError> {
        if self.packuments.is_offline() || inquiry.is_current_known() {
            return Ok(None);
        }
        let wish = &*warmed.wish;
        let rather_not = self.settings.prefer_offline || wish.lowest;
        let is_exact = wish.specifier.kind == SelectorKind::Version && !wish.or_latest;
        let locked =
            if rather_not || self.settings.no_downgrade.is_some() { None } else { wish.locked_version() };
        if !(rather_not || is_exact || wish.minds_age().is_some() || locked.is_some()) {
            // Whatever the cache has, the registry is asked.
            return Ok(None);
        }
        let Some(cached) = inquiry.cached().await else { return Ok(None) };
        let is_young_enough = wish.minds_age().is_some_and(|cutoff| cached.confirmed_at >= cutoff);
        if !(rather_not || is_exact || is_young_enough || locked.is_some()) {
            return Ok(None);
        }
        let mut packument = Arc::clone(&cached.packument);
        let mut choice = warmed.choose(&packument);
        if rather_not && let (Choice::TimesMissing, Some(cutoff)) = (&choice, wish.minds_age()) {
            packument = inquiry.with_times(packument, cutoff).await?;
            choice = warmed.choose(&packument);
        }
        let Choice::Version(document) = choice else { return Ok(None) };
        let needs_lock = !(rather_not || is_exact || is_young_enough);
        if needs_lock && locked.as_deref() != Some(&*document.manifest.version) {
            return Ok(None);
        }
        Ok(Some(Picked { packument, document }))
    }

    /// The one project that is taken without asking the registry.
    fn preferred_project<'w>(
        &self,
        workspace: &'w WorkspacePackages,
        target: &RegistryTarget,
        question: &Question,
    ) -> Option<&'w WorkspacePackage> {
        let is_asked_for = self.settings.prefer_workspace_packages
            && self.settings.no_downgrade.is_none()
            && !self.settings.inject_workspace_packages
            && !question.injected
            && workspace.count(&target.specifier.name) == 1;
        workspace.find(&target.specifier).filter(|_| is_asked_for).map(|(_, project)| project)
    }

    /// A project that stands in for what the registry has: the same version, or one that fits and is higher.
    fn shadowing_project<'w>(
        &self,
        workspace: &'w WorkspacePackages,
        target: &RegistryTarget,
        document: &VersionDocument,
    ) -> Option<&'w WorkspacePackage> {
        let (name, version) = (&document.manifest.name, &document.manifest.version);
        if let Some(same) = workspace.exact(name, version) {
            return Some(same);
        }
        let (found, project) = workspace.find(&target.specifier)?;
        let is_higher = Version::parse(found).ok()? > Version::parse(version).ok()?;
        (self.settings.prefer_workspace_packages || is_higher).then_some(project)
    }

    fn local(&self, project: &WorkspacePackage, wanted: &Wanted, question: &Question) -> Resolved {
        let is_injected = self.settings.inject_workspace_packages || question.injected;
        let resolved = project.resolved(&self.settings.lockfile_dir, is_injected);
        let normalized_specifier = saved_workspace_specifier(
            wanted.previous_specifier.as_deref(),
            &wanted.specifier,
            wanted.alias.as_deref(),
            (&resolved.name, resolved.version.as_deref()),
            self.settings.save_workspace_protocol,
            self.settings.save_style,
        );
        Resolved { normalized_specifier: Some(normalized_specifier.into()), ..resolved }
    }
}

/// A dependency for messages: `alias@specifier`.
fn shown(wanted: &Wanted) -> String {
    match wanted.alias.as_deref() {
        Some(alias) => format!("{alias}@{}", wanted.specifier),
        None => wanted.specifier.to_string(),
    }
}

fn no_matching_version(wanted: &Wanted, target: &RegistryTarget, packument: &Packument) -> NpmError {
    NpmError::NoMatchingVersion {
        dependency: shown(wanted),
        registry: without_secrets(&target.registry),
        published: published(packument),
    }
}

/// An address without the secrets that may stand in it.
fn without_secrets(address: &str) -> String {
    let Ok(mut url) = url::Url::parse(address) else { return String::new() };
    // Both fail only for URLs that have no host, and so no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}

/// Which versions there are, in the words of pnpm's message, dates as the registry writes them.
fn published(packument: &Packument) -> String {
    let name = packument.name();
    let at = |version: &str, before: &str| {
        packument
            .time(version)
            .map_or(String::new(), |time| format!("{before}{}", &time[..time.len().min(10)]))
    };
    let mut lines = Vec::new();
    if let Some(latest) = packument.dist_tag("latest") {
        let at = at(latest, " Published at ");
        lines.push(format!("The latest release of {name} is {latest:?}.{at}\n"));
    }
    let mut others: Vec<_> = packument.dist_tags().filter(|(tag, _)| *tag != "latest").collect();
    others.sort_unstable();
    if !others.is_empty() {
        lines.push("Other releases are:".to_owned());
        let line =
            |(tag, version): (&str, &str)| format!("  * {tag}: {version}{}", at(version, " published at "));
        lines.extend(others.into_iter().map(line));
        lines.push(String::new());
    }
    let count = packument.versions().len();
    lines.push(format!(
        "If you need the full list of all {count} published versions run \"pnpm view {name} versions\"."
    ));
    lines.join("\n")
}
