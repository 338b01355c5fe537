//! How the dashboard looks and which keys it takes: flags, the environment, the viewer's file; the first that says
//! anything decides.

use super::run_arguments::RunArguments;
use crate::core::clock::Clock;
use crate::tui::theme::Theme;
use crate::tui::{Options, config};

/// The dashboard's options for a command line.
#[must_use]
pub fn options(arguments: &RunArguments, clock: Clock) -> Options {
    choose(arguments, clock, |name| std::env::var(name).ok())
}

fn choose(
    arguments: &RunArguments,
    clock: Clock,
    variable: impl Fn(&str) -> Option<String> + Copy,
) -> Options {
    let mut options = Options::from_environment(clock);
    options.theme = Theme::from_environment(variable);
    options.inline = arguments.inline;
    let file = config::place(variable).map_or(Ok(None), |path| config::read(&path));
    let choices = file.unwrap_or_else(|error| {
        options.warnings.push(error.to_string());
        None
    });
    let choices = choices.unwrap_or_default();
    let colourless = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    let ascii = arguments.ascii || choices.ascii.unwrap_or(options.theme.glyphs.ascii);
    if let Some(name) = arguments.theme.or(choices.theme.filter(|_| !colourless)) {
        options.theme = Theme::of(name);
    }
    options.theme = if ascii { options.theme.with_ascii() } else { options.theme.with_unicode() };
    options.mouse = choices.mouse.unwrap_or(true);
    options.keymap = choices.keymap;
    options
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::tui::theme::ThemeName;

    fn chosen(arguments: &[&str], variables: &[(&str, &str)]) -> Options {
        let line = ["pacwatch", "install"].iter().chain(arguments);
        let Command::Install(arguments) = Cli::try_parse_from(line).unwrap().command else { unreachable!() };
        choose(&arguments.run, Clock::start(), |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn flags_come_before_the_environment_and_that_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("pacwatch")).unwrap();
        let file = folder.path().join("pacwatch/dashboard.yaml");
        std::fs::write(&file, "theme: light\nmouse: false\nascii: false\n").unwrap();
        let home = ("XDG_CONFIG_HOME", folder.path().to_str().unwrap());
        let options = chosen(&[], &[home]);
        assert_eq!(options.theme.name, ThemeName::Light);
        assert!(!options.theme.glyphs.ascii && !options.mouse);
        assert_eq!(chosen(&[], &[home, ("NO_COLOR", "1")]).theme.name, ThemeName::Mono);
        let options = chosen(&["--theme", "basic", "--ascii"], &[home, ("NO_COLOR", "1")]);
        assert_eq!((options.theme.name, options.theme.glyphs.ascii), (ThemeName::Basic, true));
    }

    #[test]
    fn a_file_that_cannot_be_used_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("pacwatch")).unwrap();
        std::fs::write(folder.path().join("pacwatch/dashboard.yaml"), "keys: {quit: [p]}").unwrap();
        let home = ("XDG_CONFIG_HOME", folder.path().to_str().unwrap());
        let options = chosen(&[], &[home, ("LANG", "C.UTF-8")]);
        assert_eq!(options.theme, Theme::dark());
        assert!(options.warnings[0].contains("p means both quit and pause"), "{:?}", options.warnings);
    }
}
