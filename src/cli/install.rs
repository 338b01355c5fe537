//! `pacwatch install`, and what `add`, `remove` and `update` have in common with it: starts the engine in the background and shows the run in the face that was chosen.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::dashboard;
use super::dedupe::DedupeArguments;
use super::install_arguments::{InstallArguments, flags};
use super::interrupt;
use super::mode::{Mode, Surroundings, choose_mode};
use super::run_arguments::RunArguments;
use super::target::Reach;
use crate::core::change::Command;
use crate::core::clock::Clock;
use crate::core::config::{Config, ConfigError, Flags, Input};
use crate::core::control::Controls;
use crate::core::emit::Emitter;
use crate::core::event::{Failure, Outcome};
use crate::core::hub::{self, Sink};
use crate::core::install::{Change, Install, InstallError, tell_refusal};
use crate::core::model::Model;
use crate::core::model::format::printable;
use crate::core::report::WriteOutcome;
use crate::core::report::json::JsonLines;
use crate::core::report::plain::PlainLines;
use crate::core::report::summary::summary;
use crate::tui;

/// Why an install, or the showing of it, failed.
#[derive(Debug, thiserror::Error)]
pub enum InstallCommandError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The install failed.
    #[error(transparent)]
    Install(#[from] Box<InstallError>),
    /// The dashboard cannot be shown.
    #[error(transparent)]
    Dashboard(#[from] tui::TuiError),
    /// The file of `--record` cannot be written.
    #[error("cannot write the recording {path}: {source}", path = path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output cannot be written, a thread not be started, or the working folder is gone.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is no workspace whose root could be meant.
    #[error("--workspace-root may only be used inside a workspace")]
    NoWorkspace,
    /// The engine's thread is gone.
    #[error("the engine stopped without a word; this is a bug in pacwatch")]
    EngineLost,
}

impl InstallCommandError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Config(error) => error.code(),
            Self::Install(error) => error.code(),
            Self::NoWorkspace => Some("ERR_PNPM_NOT_IN_WORKSPACE"),
            _ => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.help(),
            Self::Install(error) => error.help(),
            _ => None,
        }
    }
}

/// How the command ended.
#[derive(Debug)]
pub struct Ended {
    /// How the run ended.
    pub outcome: Outcome,
    /// The error to show on standard error; none where the run's own report has told it.
    pub error: Option<InstallCommandError>,
}

/// Runs `install` to its end.
///
/// # Errors
/// When the run could not be started or shown. An install that fails is no error here: see [`Ended`].
pub fn run(arguments: &InstallArguments, clock: Clock) -> Result<Ended, InstallCommandError> {
    let input = Input::of_process(arguments.run.project.dir.clone(), flags(arguments))?;
    let config = Config::load(&input);
    run_install(&arguments.run, &input, config, None, clock)
}

/// Runs `dedupe` to its end.
///
/// # Errors
/// As [`run`].
pub fn run_dedupe(arguments: &DedupeArguments, clock: Clock) -> Result<Ended, InstallCommandError> {
    let input = Input::of_process(arguments.run.project.dir.clone(), arguments.flags())?;
    let config = Config::load(&input);
    run_install(&arguments.run, &input, config, None, clock)
}

/// Runs a command that changes manifests to its end.
///
/// # Errors
/// As [`run`].
pub fn run_change(
    arguments: &RunArguments,
    command: Command,
    reach: Reach,
    clock: Clock,
) -> Result<Ended, InstallCommandError> {
    // Changing a manifest changes the lockfile, in continuous integration too.
    let flags = Flags { frozen_lockfile: Some(false), ..arguments.flags() };
    let mut input = Input::of_process(arguments.project.dir.clone(), flags)?;
    let mut config = Config::load(&input);
    if reach.is_root {
        let root = config?.workspace_dir.ok_or(InstallCommandError::NoWorkspace)?;
        input.dir = root;
        config = Config::load(&input);
    }
    let change = Change { command, place: reach.place };
    run_install(arguments, &input, config, Some(change), clock)
}

fn run_install(
    arguments: &RunArguments,
    input: &Input,
    config: Result<Config, ConfigError>,
    change: Option<Change>,
    clock: Clock,
) -> Result<Ended, InstallCommandError> {
    let mode = mode(arguments, input, config.as_ref().is_ok_and(|config| config.is_ci));
    let (emitter, receiver) = Emitter::new(clock);
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    let mut outcomes = Vec::new();
    if let Some(path) = &arguments.record {
        let fail = |source| InstallCommandError::Record { path: path.clone(), source };
        let (sink, outcome) = File::create(path).and_then(JsonLines::start).map_err(fail)?;
        sinks.push(Box::new(sink));
        outcomes.push((Some(path.clone()), outcome));
    }
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            if mode == Mode::Json {
                sinks.push(to_stdout(JsonLines::start, &mut outcomes)?);
            }
            let hub = hub::start(receiver, sinks)?;
            let failure = Failure {
                code: error.code().map(str::to_owned),
                message: error.to_string(),
                help: error.help(),
                package: None,
            };
            tell_refusal(&emitter, &input.working_dir.join(&input.dir), failure);
            drop(emitter);
            settle(hub, outcomes)?;
            return Ok(Ended { outcome: Outcome::Failed, error: Some(error.into()) });
        }
    };
    let controls = Controls::new(config.knobs());
    let dashboard = match mode {
        Mode::Dashboard => {
            let (sink, events) = tui::channel();
            sinks.push(Box::new(sink));
            Some(events)
        }
        Mode::Plain => {
            sinks.push(to_stdout(PlainLines::start, &mut outcomes)?);
            None
        }
        Mode::Json => {
            sinks.push(to_stdout(JsonLines::start, &mut outcomes)?);
            None
        }
    };
    // Before anything runs that a signal could end half-way; the dashboard listens for itself.
    if mode != Mode::Dashboard {
        interrupt::cancel_on_signals(&controls)?;
    }
    let hub = hub::start(receiver, sinks)?;
    let install = Install { config, controls: controls.clone(), emitter, change };
    let engine = std::thread::Builder::new().name("engine".into()).spawn(move || install.run())?;
    let left = if let Some(events) = dashboard {
        show(events, &controls, arguments, clock)?
    } else {
        Left::AtTheEnd
    };
    if left == Left::Early {
        // What still runs is ended with the process.
        return Ok(Ended { outcome: Outcome::Cancelled, error: None });
    }
    let finished = engine.join().map_err(|_| InstallCommandError::EngineLost)?;
    settle(hub, outcomes)?;
    let told = mode != Mode::Json;
    Ok(Ended {
        outcome: finished.outcome,
        error: finished.error.filter(|_| !told).map(|error| Box::new(error).into()),
    })
}

/// Whether the viewer waited for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    AtTheEnd,
    Early,
}

/// How long a terminal that takes nothing may hold up the end of a run that somebody ended from outside.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows the dashboard until it is left, then leaves the summary in the scrollback.
fn show(
    events: tui::Events,
    controls: &Controls,
    arguments: &RunArguments,
    clock: Clock,
) -> Result<Left, InstallCommandError> {
    let closed =
        tui::run(events, controls.clone(), &dashboard::options(arguments, clock)).inspect_err(|_| {
            controls.cancel("a terminal that cannot be drawn on");
        })?;
    interrupt::end_on_signals()?;
    let closed_by_viewer = closed.leaving == tui::Leaving::Ended;
    let (model, left): (Model, Left) = match closed.leaving {
        tui::Leaving::Forced => {
            let mut closed = closed;
            (closed.model().clone(), Left::Early)
        }
        _ => (closed.settle(), Left::AtTheEnd),
    };
    let width = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
    let mut text = summary(&model, width);
    if let Some(path) = &arguments.record {
        let _ = writeln!(text, "recording: {}", printable(&path.display().to_string()));
    }
    let told = std::thread::Builder::new().name("summary".into()).spawn(move || {
        let mut out = io::stdout().lock();
        // A terminal that went away takes no summary, and nobody is there to miss it.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    })?;
    let begin = Instant::now();
    while !told.is_finished() && (closed_by_viewer || begin.elapsed() < PATIENCE) {
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(left)
}

type Started<S> = io::Result<(S, WriteOutcome)>;

fn to_stdout<S: Sink + 'static>(
    start: impl FnOnce(io::Stdout) -> Started<S>,
    outcomes: &mut Vec<(Option<PathBuf>, WriteOutcome)>,
) -> io::Result<Box<dyn Sink>> {
    let (sink, outcome) = start(io::stdout())?;
    outcomes.push((None, outcome));
    Ok(Box::new(sink))
}

/// Waits until every sink has written everything.
fn settle(
    hub: JoinHandle<()>,
    outcomes: Vec<(Option<PathBuf>, WriteOutcome)>,
) -> Result<(), InstallCommandError> {
    hub.join().map_err(|_| InstallCommandError::EngineLost)?;
    for (path, outcome) in outcomes {
        match (outcome.take_error(), path) {
            (None, _) => {}
            (Some(source), Some(path)) => return Err(InstallCommandError::Record { path, source }),
            (Some(source), None) => return Err(source.into()),
        }
    }
    Ok(())
}

fn mode(arguments: &RunArguments, input: &Input, is_ci: bool) -> Mode {
    let stdout_is_terminal = io::stdout().is_terminal();
    let surroundings = Surroundings {
        stdout_is_terminal,
        stdin_is_terminal: io::stdin().is_terminal(),
        is_ci,
        term: input.environment.get("TERM").map(String::as_str),
        // Where there is no terminal, other programs would be started to find its size.
        size: if stdout_is_terminal { crossterm::terminal::size().ok() } else { None },
    };
    choose_mode(arguments.headless, arguments.json, &surroundings)
}
