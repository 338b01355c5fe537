//! Asking the resolver: each question once, many at a time, and ahead of the walk.
//!
//! The walk needs the answers of a whole level before it can go on. So that the network does not idle meanwhile, every
//! package that is answered has its dependencies asked for at once, as if nothing at its place were preferred. That is
//! nearly always the question that the walk will ask; where it is not, the documents needed to answer are there. What is
//! asked ahead decides nothing.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::input::TreeInput;
use super::project::Circumstances;
use super::reading;
use super::seed_preferred::with_own;
use super::specifier::{is_relative, real_name};
use crate::core::resolve::{
    Asked, PackageManifest, PreferredOverlay, PreferredVersions, ResolveError, Resolved, Resolver, Source,
    UpdateBehavior, Wanted,
};

/// What is asked, with all that the answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each changes the answer by itself")]
pub(super) struct Question {
    pub(super) alias: Arc<str>,
    pub(super) specifier: Arc<str>,
    pub(super) optional: bool,
    pub(super) injected: bool,
    /// It stands in a project's manifest.
    pub(super) direct: bool,
    pub(super) pick_lowest: bool,
    pub(super) published_by: Option<i64>,
    /// The folder that the specifier starts from, where it is relative to one.
    pub(super) folder: Option<FolderIndex>,
    /// What is preferred at its place, of the names that count.
    pub(super) preferred: PreferredHere,
    /// The project, where it is treated otherwise than others by an update.
    pub(super) project: Option<usize>,
    /// Whose wishes for the same package are preferred.
    pub(super) asked_for_by: Option<AskedForBy>,
    /// The command names it as a package to update.
    pub(super) update_target: bool,
}

/// Whose wishes for a package are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum AskedForBy {
    /// The project's that it is resolved for.
    Project(usize),
    /// All projects': for peers, so that projects meet at one version.
    All,
}

/// A folder that specifiers start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FolderIndex(u32);

/// Package name → versions, both sorted; nearly always nothing.
pub(super) type PreferredHere = Vec<(Arc<str>, Vec<Arc<str>>)>;

/// A question that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct QuestionIndex(u32);

/// What a specifier was resolved to, and the manifest after all changes.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) resolved: Arc<Resolved>,
    pub(super) manifest: Arc<PackageManifest>,
}

enum State {
    Asked(Rc<Circumstances>),
    Answered(Rc<Answer>),
    Failed(Option<ResolveError>),
}

type Running<'a> = LocalBoxFuture<'a, (QuestionIndex, Result<Arc<Resolved>, ResolveError>)>;

/// All questions of a walk.
pub(super) struct Questions<'a, R> {
    input: &'a TreeInput<'a>,
    resolver: &'a R,
    known: FxHashMap<Question, QuestionIndex>,
    states: Vec<State>,
    running: FuturesUnordered<Running<'a>>,
    rewritten: FxHashMap<usize, (Arc<PackageManifest>, Arc<PackageManifest>)>,
    folders: IndexSet<PathBuf, FxBuildHasher>,
    /// Packages whose dependencies were asked for ahead.
    looked_ahead: FxHashSet<Arc<str>>,
    /// Packages that the listener knows.
    told: FxHashSet<Arc<str>>,
    /// Whether dependencies are asked for ahead.
    pub(super) look_ahead: bool,
    /// Questions about names that some project asks for itself, whoever asks: what the first project was answered counts
    /// for the projects after it. Projects take turns in the order of their ids, so this is always the same one.
    settled: FxHashMap<Question, QuestionIndex>,
}

impl<'a, R: Resolver> Questions<'a, R> {
    pub(super) fn new(input: &'a TreeInput<'a>, resolver: &'a R) -> Self {
        Self {
            input,
            resolver,
            known: FxHashMap::default(),
            states: Vec::new(),
            running: FuturesUnordered::new(),
            rewritten: FxHashMap::default(),
            folders: IndexSet::default(),
            looked_ahead: FxHashSet::default(),
            told: FxHashSet::default(),
            look_ahead: true,
            settled: FxHashMap::default(),
        }
    }

    /// The number of a folder.
    pub(super) fn folder(&mut self, folder: &Path) -> FolderIndex {
        let position = match self.folders.get_index_of(folder) {
            Some(position) => position,
            None => self.folders.insert_full(folder.to_owned()).0,
        };
        FolderIndex(u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// Asks, if nobody has asked the same before. `overlay` is where [`Question::preferred`] was read from.
    pub(super) fn ask(
        &mut self,
        question: Question,
        overlay: Option<&Arc<PreferredOverlay>>,
        circumstances: &Rc<Circumstances>,
    ) -> QuestionIndex {
        if let Some(index) = self.known.get(&question) {
            return *index;
        }
        let index = QuestionIndex(u32::try_from(self.states.len()).unwrap_or(u32::MAX));
        self.states.push(State::Asked(Rc::clone(circumstances)));
        let overlay = if question.preferred.is_empty() { None } else { overlay.cloned() };
        self.running.push(self.future(index, &question, overlay, circumstances));
        self.known.insert(question, index);
        index
    }

    /// Asks in a project's turn, unless a project before it or something above in the same project asked the same. What
    /// is added later asks for itself, as pnpm 12.21 does.
    pub(super) fn ask_in_turn(
        &mut self,
        question: Question,
        overlay: Option<&Arc<PreferredOverlay>>,
        circumstances: &Rc<Circumstances>,
    ) -> QuestionIndex {
        let by_project = !matches!(question.asked_for_by, Some(AskedForBy::All));
        if circumstances.is_added
            || !by_project
            || !circumstances.someone_asks_for(&question.alias, &question.specifier)
        {
            return self.ask(question, overlay, circumstances);
        }
        let by_whomever = Question { asked_for_by: None, ..question.clone() };
        if let Some(index) = self.settled.get(&by_whomever) {
            return *index;
        }
        let index = self.ask(question, overlay, circumstances);
        self.settled.insert(by_whomever, index);
        index
    }

    /// The questions about what is below a package are asked as soon as the package is met, where nothing that its
    /// surroundings have is preferred yet: this may be the first project to ask them. pnpm:
    /// `warm_children_resolutions`, whose answers stay.
    pub(super) fn settle_below(
        &mut self,
        answer: &Answer,
        left: &[Arc<str>],
        depth: u32,
        circumstances: &Rc<Circumstances>,
    ) {
        if self.input.projects.len() < 2 || matches!(answer.resolved.source, Source::Link { .. }) {
            return;
        }
        let Ok(dependencies) = reading::dependencies(&answer.manifest) else { return };
        for dependency in dependencies.iter() {
            let is_left = !dependency.optional && left.binary_search(&dependency.alias).is_ok();
            if is_left
                || is_relative(&dependency.specifier)
                || dependency.specifier.starts_with("catalog:")
                || !circumstances.someone_asks_for(&dependency.alias, &dependency.specifier)
            {
                continue;
            }
            let mut question = circumstances.question(&dependency.alias, &dependency.specifier, depth + 1);
            question.optional = dependency.optional;
            self.ask_in_turn(question, None, circumstances);
        }
    }

    fn future(
        &self,
        index: QuestionIndex,
        question: &Question,
        overlay: Option<Arc<PreferredOverlay>>,
        circumstances: &Circumstances,
    ) -> Running<'a> {
        let (input, resolver) = (self.input, self.resolver);
        let wanted = Wanted {
            alias: Some(Arc::clone(&question.alias)),
            specifier: Arc::clone(&question.specifier),
            optional: question.optional,
            injected: question.injected.then_some(true),
            previous_specifier: None,
        };
        let folder = question.folder.and_then(|folder| self.folders.get_index(folder.0 as usize)).cloned();
        let project = question.project.map(|project| &input.projects[project].id);
        let preferred = project.and_then(|id| input.preferred_by_project.get(id)).unwrap_or(input.preferred);
        let with_own = question.asked_for_by.map(|by| {
            let wishes = match by {
                AskedForBy::Project(_) => &circumstances.own,
                AskedForBy::All => &circumstances.of_all,
            };
            let real = real_name(Some(&question.alias), &question.specifier);
            let names = [Some(&*question.alias), real.as_deref()].into_iter().flatten();
            let preferred = names.map(|name| (Arc::from(name), with_own(preferred, wishes, name)));
            preferred.collect::<PreferredVersions>()
        });
        let (depth, pick_lowest, published_by) =
            (u32::from(!question.direct), question.pick_lowest, question.published_by);
        let update = if question.update_target { UpdateBehavior::Compatible } else { UpdateBehavior::Off };
        Box::pin(async move {
            let asked = Asked {
                project_dir: folder.as_deref().unwrap_or(input.lockfile_dir),
                depth,
                preferred: with_own.as_ref().unwrap_or(preferred),
                overlay: overlay.as_ref(),
                pick_lowest,
                published_by,
                update,
            };
            (index, resolver.resolve(&wanted, &asked).await)
        })
    }

    /// Waits until all of these are answered. Answers to other questions are taken in meanwhile.
    pub(super) async fn wait(&mut self, wanted: impl IntoIterator<Item = QuestionIndex>) {
        let is_open =
            |states: &[State], index: QuestionIndex| matches!(states[index.0 as usize], State::Asked(_));
        let mut open: FxHashSet<QuestionIndex> =
            wanted.into_iter().filter(|index| is_open(&self.states, *index)).collect();
        while !open.is_empty() {
            let Some((index, result)) = self.running.next().await else { return };
            open.remove(&index);
            self.take_in(index, result);
        }
    }

    fn take_in(&mut self, index: QuestionIndex, result: Result<Arc<Resolved>, ResolveError>) {
        let state = &mut self.states[index.0 as usize];
        let State::Asked(circumstances) = state else { return };
        let circumstances = Rc::clone(circumstances);
        match result {
            Err(error) => *state = State::Failed(Some(error)),
            Ok(resolved) => {
                let manifest = self.rewrite(&resolved.manifest);
                let answer = Rc::new(Answer { resolved, manifest });
                self.states[index.0 as usize] = State::Answered(Rc::clone(&answer));
                if self.look_ahead {
                    self.look_ahead_of(&answer, &circumstances);
                }
            }
        }
    }

    fn rewrite(&mut self, manifest: &Arc<PackageManifest>) -> Arc<PackageManifest> {
        // The untouched manifest is kept beside the outcome, so its address stays taken.
        let address = Arc::as_ptr(manifest) as usize;
        let known = self.rewritten.entry(address);
        let input = self.input;
        Arc::clone(&known.or_insert_with(|| (Arc::clone(manifest), input.rewrite.manifest(manifest))).1)
    }

    fn look_ahead_of(&mut self, answer: &Answer, circumstances: &Rc<Circumstances>) {
        let id = &answer.resolved.id;
        if matches!(answer.resolved.source, Source::Link { .. }) || !self.looked_ahead.insert(Arc::clone(id))
        {
            return;
        }
        // Below what the lockfile has nearly everything is taken from there, without a question.
        let locked = self.input.locked.as_ref();
        if locked.is_some_and(|locked| {
            locked.reuse_subtrees
                && circumstances.update_key.is_none()
                && locked.lockfile.packages.contains_key(id.as_ref())
        }) {
            return;
        }
        if self.told.insert(Arc::clone(id)) {
            self.input.listener.likely(&answer.resolved);
        }
        let Ok(dependencies) = reading::dependencies(&answer.manifest) else { return };
        let left =
            reading::left_to_peers(&answer.manifest, self.input.settings.auto_install_peers, |_| false);
        for dependency in dependencies.iter() {
            let is_peer = !dependency.optional && left.binary_search(&dependency.alias).is_ok();
            if !is_peer
                && !is_relative(&dependency.specifier)
                && !dependency.specifier.starts_with("catalog:")
            {
                let mut question = circumstances.question(&dependency.alias, &dependency.specifier, 1);
                question.optional = dependency.optional;
                self.ask(question, None, circumstances);
            }
        }
    }

    /// The answer to a question that was waited for; the error, if it could not be answered.
    pub(super) fn answer(&self, index: QuestionIndex) -> Result<Rc<Answer>, &ResolveError> {
        match &self.states[index.0 as usize] {
            State::Answered(answer) => Ok(Rc::clone(answer)),
            State::Failed(Some(error)) => Err(error),
            State::Failed(None) | State::Asked(_) => Err(&ResolveError::Interrupted),
        }
    }

    /// Takes the error of a question away, to fail with it.
    pub(super) fn take_error(&mut self, index: QuestionIndex) -> ResolveError {
        match &mut self.states[index.0 as usize] {
            State::Failed(error) => error.take().unwrap_or(ResolveError::Interrupted),
            State::Answered(_) | State::Asked(_) => ResolveError::Interrupted,
        }
    }

    /// Tells the listener of a package that will be needed.
    pub(super) fn tell(&mut self, resolved: &Arc<Resolved>) {
        self.told.insert(Arc::clone(&resolved.id));
        self.input.listener.resolved(resolved);
    }
}

/// What an overlay prefers for a dependency: of its alias and of its real name, each with its versions sorted.
pub(super) fn preferred_here(
    overlay: Option<&Arc<PreferredOverlay>>,
    alias: &Arc<str>,
    specifier: &str,
) -> PreferredHere {
    let Some(overlay) = overlay else { return Vec::new() };
    let mut view = Vec::new();
    let mut look = |name: &str| {
        let mut versions: Vec<Arc<str>> = overlay.versions(name).into_iter().cloned().collect();
        if !versions.is_empty() {
            versions.sort_unstable();
            view.push((Arc::from(name), versions));
        }
    };
    look(alias);
    if let Some(real) = real_name(Some(alias), specifier)
        && *real != **alias
    {
        look(&real);
    }
    view.sort_unstable();
    view
}
