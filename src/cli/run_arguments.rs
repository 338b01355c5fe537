//! What every command that installs takes: places, network, speed, output.

use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::arguments::ProjectArguments;
use crate::core::config::Flags;
use crate::core::control::knob_limit;
use crate::core::event::{ImportMethod, Knob, LinkMode};
use crate::tui::theme::ThemeName;

/// The arguments that the commands which install have in common.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct RunArguments {
    /// Where the project and the store are.
    #[command(flatten)]
    pub project: ProjectArguments,

    /// Folder of cached metadata [default: where pnpm has it]
    #[arg(long, value_name = "DIR", help_heading = "Places")]
    pub cache_dir: Option<PathBuf>,

    /// Bring pnpm-lock.yaml up to date and install nothing
    #[arg(long, help_heading = "What to install")]
    pub lockfile_only: bool,

    /// Install as if nothing were in place: every package is put there anew from the store
    #[arg(long, help_heading = "What to install")]
    pub force: bool,

    /// Run no scripts of the project or of packages
    #[arg(long, help_heading = "What to install")]
    pub ignore_scripts: bool,

    /// Processors to install packages for, beside or instead of this one ("current")
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "What to install")]
    pub cpu: Vec<String>,

    /// Operating systems to install packages for
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "What to install")]
    pub os: Vec<String>,

    /// C libraries to install packages for: glibc, musl
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "What to install")]
    pub libc: Vec<String>,

    /// Install only the projects of the workspace that this selects, and its root
    ///
    /// A name (web, @scope/*) or a folder (./apps/*, {packages/**}); with ... after it its dependencies too, with ...
    /// before it its dependents, with ^ beside the dots not itself, with ! in front all but these. May be repeated.
    #[arg(long, short = 'F', value_name = "SELECTOR", help_heading = "What to install")]
    pub filter: Vec<String>,

    /// Set any setting of pnpm-workspace.yaml for this run, such as auto-install-peers=false
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting, hide_short_help = true, help_heading = "What to install")]
    pub setting: Vec<(String, String)>,

    /// Fail when no project fits --filter
    #[arg(long, hide_short_help = true, help_heading = "What to install")]
    pub fail_if_no_match: bool,

    /// Registry of packages without a scope of their own
    #[arg(long, value_name = "URL", value_parser = web_url, help_heading = "Network")]
    pub registry: Option<String>,

    /// Send no request: everything must be in the store and the cache
    #[arg(long, help_heading = "Network")]
    pub offline: bool,

    /// Take cached metadata whatever its age
    #[arg(long, help_heading = "Network")]
    pub prefer_offline: bool,

    /// Believe pnpm-lock.yaml: do not check it against the policies on release age and trust
    #[arg(long, help_heading = "Network")]
    pub trust_lockfile: bool,

    /// Requests at one time [default: 64 to 96, by processors]
    #[arg(long, value_name = "N", value_parser = up_to(Knob::NetworkConcurrency), help_heading = "Speed")]
    pub network_concurrency: Option<u32>,

    /// Workers that unpack tarballs [default: one a processor]
    #[arg(long, value_name = "N", value_parser = up_to(Knob::ExtractThreads), help_heading = "Speed")]
    pub extract_threads: Option<u32>,

    /// Workers that link packages into the project [default: one a processor]
    #[arg(long, value_name = "N", value_parser = up_to(Knob::LinkThreads), help_heading = "Speed")]
    pub link_threads: Option<u32>,

    /// When downloaded packages are linked [default: deferred]
    #[arg(long, value_name = "MODE", help_heading = "Speed")]
    pub link_mode: Option<LinkMode>,

    /// How files get from the store into the project [default: auto]
    #[arg(long, value_name = "METHOD", help_heading = "Speed")]
    pub import_method: Option<ImportMethod>,

    /// Show a few rows below what the terminal has already, and keep its scrollback; leaves when the run ends
    #[arg(long, conflicts_with_all = ["headless", "json"], help_heading = "Output")]
    pub inline: bool,

    /// How the dashboard looks [default: dark, or mono where colours are unwanted]
    #[arg(long, value_name = "NAME", value_parser = theme_name, hide_short_help = true, help_heading = "Output")]
    pub theme: Option<ThemeName>,

    /// Draw the dashboard with ASCII alone; so by itself where the locale is not UTF-8
    #[arg(long, hide_short_help = true, help_heading = "Output")]
    pub ascii: bool,

    /// Write lines instead of showing the dashboard; so by itself without a terminal and in continuous integration
    #[arg(long, help_heading = "Output")]
    pub headless: bool,

    /// Write every event to standard output, one JSON object a line; implies --headless
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Write the same lines to a file, to be looked at later
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub record: Option<PathBuf>,
}

impl RunArguments {
    /// The settings that the arguments amount to.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags {
            lockfile_only: self.lockfile_only,
            force: self.force,
            offline: self.offline.then_some(true),
            prefer_offline: self.prefer_offline.then_some(true),
            trust_lockfile: self.trust_lockfile.then_some(true),
            ignore_scripts: self.ignore_scripts.then_some(true),
            network_concurrency: self.network_concurrency,
            extract_threads: self.extract_threads,
            link_threads: self.link_threads,
            link_mode: self.link_mode,
            import_method: self.import_method,
            store_dir: self.project.store_dir.clone(),
            cache_dir: self.cache_dir.clone(),
            registry: self.registry.clone(),
            cpu: self.cpu.clone(),
            os: self.os.clone(),
            libc: self.libc.clone(),
            filter: self.filter.clone(),
            fail_if_no_match: self.fail_if_no_match,
            settings: self.setting.clone(),
            ..Flags::default()
        }
    }
}

/// A whole number from 1 to what the knob takes.
fn up_to(knob: Knob) -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=i64::from(knob_limit(knob)))
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn web_url(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(text.to_owned()),
        Ok(_) => Err("the URL must begin with http: or https:".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn theme_name(text: &str) -> Result<ThemeName, String> {
    ThemeName::parse(text)
        .ok_or_else(|| format!("choose one of {}", ThemeName::ALL.map(ThemeName::name).join(", ")))
}
