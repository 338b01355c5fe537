//! What the command line takes, and how it tells.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use pacwatch::cli::completions::CompletionsArguments;
use pacwatch::cli::store::StoreCommand;
use pacwatch::cli::{Cli, Command, InstallArguments, completions, flags};
use pacwatch::core::change::{self, Add, Remove, Update};
use pacwatch::core::config::{Dedupe, Flags, OnlyDependencies};
use pacwatch::core::event::{ImportMethod, LinkMode};
use pacwatch::core::install::Place;
use pacwatch::core::manifest_edit::Group;

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once(&"pacwatch").chain(arguments))
}

fn install(arguments: &[&str]) -> InstallArguments {
    match parse(&[&["install"], arguments].concat()).unwrap().command {
        Command::Install(arguments) => *arguments,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_flag_becomes_its_setting() {
    let arguments = install(&[
        "-C",
        "project",
        "--frozen-lockfile",
        "--offline",
        "--prefer-offline",
        "--trust-lockfile",
        "--no-prefer-frozen-lockfile",
        "--lockfile-only",
        "--ignore-scripts",
        "--prod",
        "--no-optional",
        "--network-concurrency",
        "8",
        "--extract-threads=2",
        "--link-threads",
        "3",
        "--link-mode",
        "pipelined",
        "--import-method",
        "reflink",
        "--store-dir",
        "s",
        "--cache-dir",
        "c",
        "--registry",
        "http://registry.test",
        "--cpu",
        "x64,arm64",
        "--cpu",
        "current",
        "--os=linux",
        "--libc",
        "musl",
        "--filter",
        "web...",
        "-F",
        "./apps/*",
        "--record",
        "events",
    ]);
    assert_eq!(arguments.run.project.dir.to_str(), Some("project"));
    assert_eq!(arguments.run.record.as_deref().and_then(std::path::Path::to_str), Some("events"));
    assert!(!arguments.run.headless && !arguments.run.json);
    let texts = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        flags(&arguments),
        Flags {
            frozen_lockfile: Some(true),
            offline: Some(true),
            prefer_offline: Some(true),
            trust_lockfile: Some(true),
            prefer_frozen_lockfile: Some(false),
            lockfile_only: true,
            fix_lockfile: false,
            force: false,
            dedupe: None,
            ignore_scripts: Some(true),
            only: Some(OnlyDependencies::Production),
            no_optional: true,
            network_concurrency: Some(8),
            extract_threads: Some(2),
            link_threads: Some(3),
            link_mode: Some(LinkMode::Pipelined),
            import_method: Some(ImportMethod::Reflink),
            store_dir: Some("s".into()),
            cache_dir: Some("c".into()),
            registry: Some("http://registry.test".to_owned()),
            cpu: texts(&["x64", "arm64", "current"]),
            os: texts(&["linux"]),
            libc: texts(&["musl"]),
            filter: texts(&["web...", "./apps/*"]),
            ..Flags::default()
        }
    );
}

#[test]
fn what_is_not_said_is_left_to_other_sources() {
    let arguments = install(&[]);
    assert_eq!(arguments.run.project.dir.to_str(), Some("."));
    assert_eq!(flags(&arguments), Flags::default());
}

#[test]
fn the_last_word_on_the_lockfile_counts() {
    let frozen = |arguments: &[&str]| flags(&install(arguments)).frozen_lockfile;
    assert_eq!(frozen(&["--no-frozen-lockfile"]), Some(false));
    assert_eq!(frozen(&["--no-frozen-lockfile", "--frozen-lockfile"]), Some(true));
    assert_eq!(frozen(&["--frozen-lockfile", "--no-frozen-lockfile"]), Some(false));
}

#[test]
fn short_forms_are_understood() {
    assert!(matches!(parse(&["i", "-P"]).unwrap().command, Command::Install(arguments) if arguments.prod));
    assert!(flags(&install(&["--force"])).force);
    assert_eq!(flags(&install(&["-D"])).only, Some(OnlyDependencies::Development));
    let Command::Store(store) = parse(&["store", "path", "--store-dir", "s"]).unwrap().command else {
        panic!()
    };
    let StoreCommand::Path(project) = store.command;
    assert_eq!(project.store_dir, Some("s".into()));
}

#[test]
fn wrong_usage_exits_with_two_and_says_what_is_taken() {
    for (arguments, part) in [
        (&["install", "--link-threads", "0"][..], "0 is not in 1..=64"),
        (&["install", "--extract-threads", "65"], "65 is not in 1..=64"),
        (&["install", "--network-concurrency", "1025"], "1025 is not in 1..=1024"),
        (&["install", "--network-concurrency=-1"], "invalid value '-1'"),
        (&["install", "--link-mode", "fast"], "inline, deferred, pipelined"),
        (&["install", "--import-method", "move"], "auto, hardlink, reflink, copy"),
        (&["install", "--registry", "ftp://a.test"], "must begin with http: or https:"),
        (&["install", "--prod", "--dev"], "cannot be used with"),
        (&["install", "--heedless"], "--headless"),
        (&["instal"], "install"),
        (&["completions", "tcsh"], "bash"),
        (&[], "Usage"),
        (&["store"], "Usage"),
    ] {
        let error = parse(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
        assert!(error.to_string().contains(part), "{arguments:?}: {error}");
    }
}

#[test]
fn version_and_help_are_no_errors() {
    for arguments in [&["--version"][..], &["--help"], &["install", "--help"], &["store", "path", "-h"]] {
        assert_eq!(parse(arguments).unwrap_err().exit_code(), 0, "{arguments:?}");
    }
}

#[test]
fn help_reads_like_this() {
    let mut command = Cli::command().term_width(100);
    command.build();
    insta::assert_snapshot!("help", command.render_help());
    let install = command.find_subcommand_mut("install").unwrap();
    insta::assert_snapshot!("help_install_short", install.render_help());
    insta::assert_snapshot!("help_install_long", install.render_long_help());
}

#[test]
fn there_are_completions_for_every_shell() {
    for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
        let mut script = Vec::new();
        completions::run(&CompletionsArguments { shell }, &mut script).unwrap();
        let script = String::from_utf8(script).unwrap();
        assert!(script.contains("frozen-lockfile") && script.contains("pacwatch"), "{shell}");
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

/// What a command changes.
fn change(arguments: &[&str]) -> change::Command {
    match parse(arguments).unwrap().command {
        Command::Add(arguments) => arguments.command(),
        Command::Remove(arguments) => arguments.command(),
        Command::Update(arguments) => arguments.command(),
        other => panic!("{other:?}"),
    }
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

#[test]
fn what_is_added_and_where_to_is_told_by_pnpms_flags() {
    let plain = Add { requests: texts(&["a@1", "b"]), ..Add::default() };
    assert_eq!(change(&["add", "a@1", "b"]), change::Command::Add(plain.clone()));
    for (flags, groups) in [
        (&["-P"][..], vec![Group::Production]),
        (&["-D"], vec![Group::Development]),
        (&["-O"], vec![Group::Optional]),
        (&["-D", "-O"], vec![Group::Development, Group::Optional]),
        (&["--save-peer"], vec![Group::Development, Group::Peer]),
        (&["--save-peer", "-P"], vec![Group::Production, Group::Peer]),
    ] {
        let expected = Add { groups: Some(groups), ..plain.clone() };
        assert_eq!(
            change(&[&["add", "a@1", "b"], flags].concat()),
            change::Command::Add(expected),
            "{flags:?}"
        );
    }
    for (argument, catalog) in [("--save-catalog", "default"), ("--save-catalog-name=old", "old")] {
        let expected = Add { catalog: Some(catalog.to_owned()), ..plain.clone() };
        assert_eq!(change(&["add", "a@1", "b", argument]), change::Command::Add(expected));
    }
    let expected = Add { exact: true, prefix: Some("~".to_owned()), from_workspace: true, ..plain };
    let found = change(&["add", "-E", "--save-prefix", "~", "--workspace", "a@1", "b"]);
    assert_eq!(found, change::Command::Add(expected));
    assert!(parse(&["add"]).is_err());
}

#[test]
fn what_is_removed_is_told_by_name_and_group() {
    let removed = |group| change::Command::Remove(Remove { names: texts(&["a"]), group });
    assert_eq!(change(&["rm", "a"]), removed(None));
    assert_eq!(change(&["remove", "-D", "a"]), removed(Some(Group::Development)));
    assert_eq!(change(&["uninstall", "-O", "a"]), removed(Some(Group::Optional)));
}

#[test]
fn what_is_updated_is_told_by_selectors_groups_and_depth() {
    let all = Update {
        selectors: Vec::new(),
        latest: false,
        exact: false,
        save: true,
        groups: Group::INSTALLED.to_vec(),
        depth: None,
        from_workspace: false,
    };
    for (arguments, expected) in [
        (&["update"][..], all.clone()),
        (
            &["up", "-L", "a", "@s/*"],
            Update { selectors: texts(&["a", "@s/*"]), latest: true, ..all.clone() },
        ),
        (&["up", "-D"], Update { groups: vec![Group::Development], ..all.clone() }),
        (&["up", "-P"], Update { groups: vec![Group::Production], ..all.clone() }),
        (
            &["up", "--no-save", "--depth", "0", "-E"],
            Update { save: false, depth: Some(0), exact: true, ..all.clone() },
        ),
        (&["up", "--workspace"], Update { from_workspace: true, ..all }),
    ] {
        assert_eq!(change(arguments), change::Command::Update(expected), "{arguments:?}");
    }
}

#[test]
fn a_command_changes_one_project_unless_it_is_told_otherwise() {
    let reach = |arguments: &[&str]| match parse(arguments).unwrap().command {
        Command::Add(arguments) => arguments.reach(),
        Command::Update(arguments) => arguments.target.reach(&arguments.run),
        other => panic!("{other:?}"),
    };
    assert_eq!(reach(&["add", "a"]).place, Place::Here);
    assert_eq!(reach(&["add", "a", "-r"]).place, Place::SelectedWithoutRoot);
    assert_eq!(reach(&["add", "a", "--filter", "web"]).place, Place::SelectedWithoutRoot);
    assert!(reach(&["add", "-w", "a"]).is_root);
    assert_eq!(reach(&["up", "-r"]).place, Place::Selected);
    assert!(parse(&["add", "-w", "-r", "a"]).is_err());
}

#[test]
fn dedupe_resolves_again_and_checks_without_installing() {
    let flags = |arguments: &[&str]| match parse(arguments).unwrap().command {
        Command::Dedupe(arguments) => arguments.flags(),
        other => panic!("{other:?}"),
    };
    assert_eq!(flags(&["dedupe"]).dedupe, Some(Dedupe::Write));
    assert!(!flags(&["dedupe"]).lockfile_only);
    assert_eq!(flags(&["dedupe", "--check"]).dedupe, Some(Dedupe::Check));
    assert!(flags(&["dedupe", "--check"]).lockfile_only);
}
