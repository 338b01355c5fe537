//! Parses the command line, hands over to a command, maps the outcome to an exit code; nothing else.

use std::fmt;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use miette::{Diagnostic, GraphicalReportHandler};
use pacwatch::cli::install::{self, Ended, InstallCommandError};
use pacwatch::cli::{Cli, Command, completions, interrupt, spelling, store};
use pacwatch::core::clock::Clock;
use pacwatch::core::event::Outcome;

/// Packuments, manifests and slots are many small pieces, made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let clock = Clock::start();
    tell_traces();
    let failed = match Cli::parse_from(spelling::respelled(std::env::args_os().collect())).command {
        Command::Install(arguments) => match finish(install::run(&arguments, clock)) {
            Ok(code) => return code,
            Err(shown) => Some(shown),
        },
        Command::Add(arguments) => {
            let (command, reach) = (arguments.command(), arguments.reach());
            match finish(install::run_change(&arguments.run, arguments.flags(), command, reach, clock)) {
                Ok(code) => return code,
                Err(shown) => Some(shown),
            }
        }
        Command::Remove(arguments) => {
            let (command, reach) = (arguments.command(), arguments.target.reach(&arguments.run));
            match finish(install::run_change(&arguments.run, arguments.flags(), command, reach, clock)) {
                Ok(code) => return code,
                Err(shown) => Some(shown),
            }
        }
        Command::Update(arguments) => {
            let (command, reach) = (arguments.command(), arguments.target.reach(&arguments.run));
            match finish(install::run_change(&arguments.run, arguments.flags(), command, reach, clock)) {
                Ok(code) => return code,
                Err(shown) => Some(shown),
            }
        }
        Command::Dedupe(arguments) => match finish(install::run_dedupe(&arguments, clock)) {
            Ok(code) => return code,
            Err(shown) => Some(shown),
        },
        Command::Store(arguments) => {
            store::run(&arguments, &mut io::stdout()).err().map(|error| Shown::of_store(&error))
        }
        Command::Completions(arguments) => completions::run(&arguments, &mut io::stdout())
            .err()
            .map(|error| Shown { message: error.to_string(), code: None, help: None }),
    };
    match failed {
        None => ExitCode::SUCCESS,
        Some(shown) => {
            show(&shown);
            ExitCode::FAILURE
        }
    }
}

/// The exit code of a run that was shown, or why there was none.
fn finish(ended: Result<Ended, InstallCommandError>) -> Result<ExitCode, Shown> {
    let ended = ended.map_err(|error| Shown::of_install(&error))?;
    if let Some(error) = ended.error {
        show(&Shown::of_install(&error));
    }
    Ok(match ended.outcome {
        Outcome::Done | Outcome::UpToDate => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::FAILURE,
        Outcome::Cancelled => ExitCode::from(interrupt::INTERRUPTED),
    })
}

/// Traces of the program's inside go to standard error when `PACWATCH_LOG` asks for them.
fn tell_traces() {
    if let Ok(filter) = tracing_subscriber::EnvFilter::try_from_env("PACWATCH_LOG") {
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    }
}

/// An error as a person sees it.
#[derive(Debug)]
struct Shown {
    message: String,
    code: Option<&'static str>,
    help: Option<String>,
}

impl Shown {
    fn of_install(error: &InstallCommandError) -> Self {
        Self { message: error.to_string(), code: error.code(), help: error.help() }
    }

    fn of_store(error: &store::StoreError) -> Self {
        let (code, help) = match error {
            store::StoreError::Config(error) => (error.code(), error.help()),
            _ => (None, None),
        };
        Self { message: error.to_string(), code, help }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

fn show(error: &Shown) {
    let mut text = String::new();
    if GraphicalReportHandler::new().render_report(&mut text, error).is_err() {
        text = error.to_string();
    }
    // Standard error that cannot be written leaves the exit code to tell.
    let _ = io::Write::write_all(&mut io::stderr(), text.as_bytes());
}
