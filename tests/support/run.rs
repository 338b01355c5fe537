//! Runs installs: the engine as a library, with every event kept, and the program as a process of its own.

use std::collections::BTreeMap;
use std::env;
use std::process::Command;
use std::sync::{Arc, Mutex};

use pacwatch::core::clock::Clock;
use pacwatch::core::config::{Config, Flags, Input};
use pacwatch::core::control::Controls;
use pacwatch::core::emit::Emitter;
use pacwatch::core::event::{
    Event, EventKind, Failure, LinkMode, LinkPass, Outcome, PackageId, Phase, PhaseTotals, RunFinished,
};
use pacwatch::core::hub::{self, Sink};
use pacwatch::core::install::Install;

use super::project::Site;

/// The three strategies.
pub const MODES: [LinkMode; 3] = [LinkMode::Inline, LinkMode::Deferred, LinkMode::Pipelined];

/// Lanes that runs of the library have for extraction and for linking each.
pub const LANES: u32 = 4;

/// A run of the library that has ended, and all that it told.
#[derive(Debug)]
pub struct Run {
    /// Every event, in order.
    pub events: Vec<Event>,
}

/// What one package went through, in the order of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// `fetched`
    Fetched,
    /// `found_in_store`
    FoundInStore,
    /// `imported`
    Imported,
    /// `skipped`
    Skipped,
}

/// A slot being filled: from when to when, where, in which pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The package.
    pub package: PackageId,
    /// The link worker.
    pub lane: u16,
    /// Warm or cold.
    pub pass: LinkPass,
    /// Microseconds since the run began.
    pub start: u64,
    /// Likewise.
    pub end: u64,
}

impl Link {
    /// Whether both ran at one time.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

struct Keep(Arc<Mutex<Vec<Event>>>, Box<dyn FnMut(&Event) + Send>);

impl Sink for Keep {
    fn event(&mut self, event: &Event) {
        (self.1)(event);
        self.0.lock().unwrap().push(event.clone());
    }
}

/// The settings of a project, as a process of its own would find them.
pub fn config(site: &Site, flags: Flags) -> Config {
    let mut environment: BTreeMap<String, String> = site
        .environment()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_str().unwrap().to_owned()))
        .collect();
    environment.insert("PATH".to_owned(), env::var("PATH").unwrap_or_default());
    let input = Input {
        dir: site.project.clone(),
        working_dir: site.project.clone(),
        environment,
        home: Some(site.home.clone()),
        flags: Flags {
            extract_threads: flags.extract_threads.or(Some(LANES)),
            link_threads: flags.link_threads.or(Some(LANES)),
            ..flags
        },
        processors: LANES,
    };
    Config::load(&input).unwrap()
}

/// Installs a project.
pub fn install(site: &Site, flags: Flags) -> Run {
    install_watched(site, flags, |_, _| ())
}

/// Installs a project by one of the strategies.
pub fn install_by(site: &Site, mode: LinkMode) -> Run {
    let flags = Flags { link_mode: Some(mode), ..Flags::default() };
    install(site, flags)
}

/// Installs a project while a listener sees each event at once and holds the controls.
pub fn install_watched(
    site: &Site,
    flags: Flags,
    mut watch: impl FnMut(&Event, &Controls) + Send + 'static,
) -> Run {
    let (emitter, receiver) = Emitter::new(Clock::start());
    let config = config(site, flags);
    let controls = Controls::new(config.knobs());
    let events = Arc::default();
    let held = controls.clone();
    let keep = Keep(Arc::clone(&events), Box::new(move |event| watch(event, &held)));
    let hub = hub::start(receiver, vec![Box::new(keep)]).unwrap();
    let finished = Install { config, controls, emitter, change: None }.run();
    hub.join().unwrap();
    let run = Run { events: std::mem::take(&mut *events.lock().unwrap()) };
    assert_eq!(run.finished().outcome, finished.outcome);
    assert_eq!(
        run.finished().failure,
        // A cancel is told by an event of its own.
        finished
            .error
            .as_ref()
            .filter(|_| finished.outcome == Outcome::Failed)
            .map(pacwatch::core::install::InstallError::failure)
    );
    run
}

/// Installs a project, which must go well.
pub fn install_well(site: &Site, flags: Flags) -> Run {
    install(site, flags).went_well()
}

impl Run {
    /// Fails the test unless everything is in place.
    pub fn went_well(self) -> Self {
        let RunFinished { outcome, failure, .. } = self.finished();
        assert!(matches!(outcome, Outcome::Done | Outcome::UpToDate), "{outcome:?}: {failure:?}");
        self
    }

    /// The last event.
    pub fn finished(&self) -> &RunFinished {
        match self.events.last().map(|event| &event.kind) {
            Some(EventKind::RunFinished(finished)) => finished,
            other => panic!("the last event is {other:?}"),
        }
    }

    /// Why it failed; fails the test if it did not.
    pub fn failure(&self) -> &Failure {
        let finished = self.finished();
        assert_eq!(finished.outcome, Outcome::Failed);
        finished.failure.as_ref().expect("a run that failed says why")
    }

    /// Dep paths by number.
    pub fn packages(&self) -> BTreeMap<PackageId, &str> {
        let seen = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::PackageSeen(seen) => Some((seen.package, seen.dep_path.as_str())),
            _ => None,
        });
        seen.collect()
    }

    /// What happened to each package, by dep path.
    pub fn steps(&self) -> BTreeMap<&str, Vec<Step>> {
        let packages = self.packages();
        let mut steps: BTreeMap<&str, Vec<Step>> =
            packages.values().map(|dep_path| (*dep_path, Vec::new())).collect();
        for event in &self.events {
            let (package, step) = match &event.kind {
                EventKind::Fetched(fetched) => (fetched.package, Step::Fetched),
                EventKind::FoundInStore { package, .. } => (*package, Step::FoundInStore),
                EventKind::Imported(imported) => (imported.package, Step::Imported),
                EventKind::Skipped { package, .. } => (*package, Step::Skipped),
                _ => continue,
            };
            steps.get_mut(packages[&package]).unwrap().push(step);
        }
        steps
    }

    /// What happened to one package.
    pub fn steps_of(&self, dep_path: &str) -> Vec<Step> {
        self.steps().remove(dep_path).unwrap_or_else(|| panic!("{dep_path} was never seen"))
    }

    /// Every slot that was filled, in the order of `imported`.
    pub fn links(&self) -> Vec<Link> {
        let mut started = BTreeMap::new();
        let mut links = Vec::new();
        for event in &self.events {
            match &event.kind {
                EventKind::LinkStarted { package, lane, pass } => {
                    assert_eq!(started.insert(*package, (event.at, *lane, *pass)), None);
                }
                EventKind::Imported(imported) => {
                    let (start, lane, pass) = started[&imported.package];
                    assert_eq!((lane, pass), (imported.lane, imported.pass));
                    assert_eq!(imported.link_us, event.at - start);
                    links.push(Link { package: imported.package, lane, pass, start, end: event.at });
                }
                _ => {}
            }
        }
        links
    }

    /// The totals of a phase that ran.
    pub fn phase(&self, phase: Phase) -> Option<PhaseTotals> {
        let mut phases = self.finished().phases.iter();
        phases.find(|totals| totals.phase == phase).copied()
    }

    /// The warnings: code and message.
    pub fn warnings(&self) -> Vec<(Option<&str>, &str)> {
        let warnings = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Warning { code, message, .. } => Some((code.as_deref(), message.as_str())),
            _ => None,
        });
        warnings.collect()
    }
}

/// The program, in a project, away from the configuration of whoever runs the tests.
pub fn pacwatch(site: &Site, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacwatch"));
    command
        .args(arguments)
        .current_dir(&site.project)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .envs(site.environment());
    command
}
