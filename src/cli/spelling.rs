//! Ways to write a command line that pnpm knows, brought into the one that is declared: options before the command
//! (`--filter web add zod`), `--name=true` and `--name=false` of switches, `install` with names, settings as options.
//!
//! Nothing is decided here, and what is not understood is left as it stands, for the parser to refuse.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::arguments::Cli;

/// Switches of settings that pnpm has as options, beside `--config.NAME`.
const SETTINGS: &[&str] = &[
    "hoist",
    "hoist-pattern",
    "ignore-pnpmfile",
    "link-workspace-packages",
    "modules-dir",
    "node-linker",
    "public-hoist-pattern",
    "resolution-mode",
    "shamefully-hoist",
    "side-effects-cache",
    "strict-peer-dependencies",
    "trust-policy",
    "verify-store-integrity",
];

/// Those of them whose value may stand in a word of its own.
const WITH_VALUE: &[&str] = &[
    "--hoist-pattern",
    "--modules-dir",
    "--node-linker",
    "--public-hoist-pattern",
    "--resolution-mode",
    "--trust-policy",
];

/// Options of pnpm that say something about its output, which is another here, or about questions, which are not asked.
const OF_NO_CONSEQUENCE: &[&str] = &["aggregate-output", "color", "no-color", "stream", "yes"];

/// The command line as the parser takes it. The first word is the program.
#[must_use]
pub fn respelled(words: Vec<OsString>) -> Vec<OsString> {
    let mut texts: Vec<String> = Vec::with_capacity(words.len());
    for word in &words {
        match word.to_str() {
            Some(text) => match texts.last_mut().filter(|last| WITH_VALUE.contains(&last.as_str())) {
                Some(last) => {
                    last.push('=');
                    last.push_str(text);
                }
                None => texts.push(text.to_owned()),
            },
            // What is no text is nothing that could be spelled otherwise.
            None => return words,
        }
    }
    let program = Cli::command();
    let [name, rest @ ..] = texts.as_slice() else { return words };
    let Some((before, command, after)) = command_among(&program, rest) else { return words };
    let mut spelled = vec![name.clone(), spelled_command(command, after, &program)];
    let declared = program.find_subcommand(&spelled[1]);
    let mut literal = false;
    for word in before.iter().chain(after) {
        literal |= word == "--";
        match declared.filter(|_| !literal) {
            Some(declared) => spelled.extend(spelled_option(word, declared)),
            None => spelled.push(word.clone()),
        }
    }
    spelled.into_iter().map(OsString::from).collect()
}

/// The words before the command, the command, and those after it.
fn command_among<'w>(
    program: &Command,
    words: &'w [String],
) -> Option<(&'w [String], &'w str, &'w [String])> {
    let install = program.find_subcommand("install")?;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if !word.starts_with('-') {
            return program.find_subcommand(word).map(|_| (&words[..at], word.as_str(), &words[at + 1..]));
        }
        // Help and version of the program itself.
        let takes_next = !word.contains('=') && option(install, word).is_some_and(takes_value);
        at += if takes_next { 2 } else { 1 };
    }
    None
}

/// `install` with names is `add`.
fn spelled_command(command: &str, after: &[String], program: &Command) -> String {
    let Some(install) = program.find_subcommand("install").filter(|_| matches!(command, "install" | "i"))
    else {
        return command.to_owned();
    };
    let mut words = after.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word == "--" {
            return "add".to_owned();
        }
        if !word.contains('=') && option(install, word).is_some_and(takes_value) {
            words.next();
        }
    }
    command.to_owned()
}

/// One word, if it is an option that is spelled otherwise here.
fn spelled_option(word: &str, command: &Command) -> Vec<String> {
    let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) else {
        return vec![word.to_owned()];
    };
    if let Some(setting) = long.strip_prefix("config.") {
        let (name, value) = setting.split_once('=').unwrap_or((setting, "true"));
        return vec![format!("--setting={name}={value}")];
    }
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (long, None),
    };
    if let Some(declared) = option(command, &format!("--{name}"))
        && (value.is_none() || takes_value(declared))
    {
        return vec![word.to_owned()];
    }
    if OF_NO_CONSEQUENCE.contains(&name) {
        return Vec::new();
    }
    let (positive, negated) = match name.strip_prefix("no-") {
        Some(positive) => (positive, true),
        None => (name, false),
    };
    if SETTINGS.contains(&positive) {
        let value = if negated { "false" } else { value.unwrap_or("true") };
        return vec![format!("--setting={positive}={value}")];
    }
    let has = |name: &str| option(command, &format!("--{name}")).is_some();
    match value {
        Some("true") if has(name) => vec![format!("--{name}")],
        Some("false") if has(&format!("no-{name}")) => vec![format!("--no-{name}")],
        // What is off by itself.
        Some("false") if has(name) => Vec::new(),
        Some("true") | None if has(&format!("no-{name}")) => Vec::new(),
        _ => vec![word.to_owned()],
    }
}

fn option<'c>(command: &'c Command, word: &str) -> Option<&'c Arg> {
    let word = word.split('=').next().unwrap_or(word);
    if let Some(long) = word.strip_prefix("--") {
        return command.get_arguments().find(|argument| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long() == Some(long) || aliases.contains(&long)
        });
    }
    let short = word.chars().nth(1)?;
    command.get_arguments().find(|argument| argument.get_short() == Some(short))
}

fn takes_value(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let spelled = respelled(words).into_iter().map(|word| word.into_string().unwrap());
        spelled.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn options_may_stand_before_the_command() {
        assert_eq!(spelled("p --filter web add zod"), "p add --filter web zod");
        assert_eq!(spelled("p -r update"), "p update -r");
        assert_eq!(spelled("p -C packages/a --filter=. remove x"), "p remove -C packages/a --filter=. x");
        assert_eq!(spelled("p --version"), "p --version");
        assert_eq!(spelled("p --filter install"), "p --filter install", "it is a value");
        assert_eq!(spelled("p nonsense"), "p nonsense");
    }

    #[test]
    fn an_install_with_names_adds_them() {
        assert_eq!(spelled("p i zod -D"), "p add zod -D");
        assert_eq!(spelled("p install --filter web zod"), "p add --filter web zod");
        assert_eq!(spelled("p install --filter web"), "p install --filter web");
    }

    #[test]
    fn a_switch_may_be_given_a_truth_value() {
        assert_eq!(spelled("p install --frozen-lockfile=false"), "p install --no-frozen-lockfile");
        assert_eq!(spelled("p install --frozen-lockfile=true"), "p install --frozen-lockfile");
        assert_eq!(spelled("p install --optional=false"), "p install --no-optional");
        assert_eq!(spelled("p install --offline=false"), "p install");
        assert_eq!(spelled("p install --nonsense=false"), "p install --nonsense=false");
    }

    #[test]
    fn settings_are_options_too() {
        assert_eq!(
            spelled(
                "p install --config.auto-install-peers=false --no-strict-peer-dependencies --shamefully-hoist"
            ),
            "p install --setting=auto-install-peers=false --setting=strict-peer-dependencies=false \
             --setting=shamefully-hoist=true"
        );
        assert_eq!(spelled("p install --modules-dir nm"), "p install --setting=modules-dir=nm");
    }
}
