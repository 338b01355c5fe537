//! What is installed on this machine and what is not: platforms, engines, groups of dependencies.

mod support;

use std::collections::BTreeSet;

use pacwatch::core::config::{Flags, OnlyDependencies};
use pacwatch::core::event::{EventKind, SkipReason};
use pacwatch::core::plan::host;

use support::lockfile::Group;
use support::packages::Package;
use support::peer::{pnpm_or_skip, run_pnpm};
use support::project::{Project, Site};
use support::registry::Registry;
use support::run::{self, Run, Step};
use support::tree::{self, Node};

/// What was left out, by dep path, and why.
fn left_out(run: &Run) -> Vec<(String, SkipReason, String)> {
    let packages = run.packages();
    let skipped = run.events.iter().filter_map(|event| match &event.kind {
        EventKind::Skipped { package, reason, detail } => {
            Some((packages[package].to_owned(), *reason, detail.clone()))
        }
        _ => None,
    });
    skipped.collect()
}

/// Slots in the virtual store and direct dependencies, as a plain list.
fn installed(site: &Site) -> BTreeSet<String> {
    let slots = tree::list(&site.modules().join(".pnpm")).into_keys();
    let slots = slots.filter(|path| !path.contains('/') && path.contains('@'));
    let direct = tree::list(&site.modules())
        .into_iter()
        .filter(|(path, node)| !path.starts_with('.') && matches!(node, Node::Symlink(_)))
        .map(|(path, _)| format!("-> {path}"));
    slots.chain(direct).collect()
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// A package for certain machines only.
fn limited(name: &str, what: &'static str, values: &[&str]) -> Package {
    Package::new(name, "1.0.0").only_on(what, values).file("x", name)
}

#[test]
fn an_optional_package_for_another_machine_is_neither_downloaded_nor_linked() {
    let registry = Registry::start();
    let here = host();
    let (not_os, not_cpu) = (format!("!{}", here.os), format!("!{}", here.cpu));
    let foreign = [
        limited("other-os", "os", &["aix"]),
        limited("other-cpu", "cpu", &["s390"]),
        limited("not-this-os", "os", &[&not_os]),
        limited("not-this-cpu", "cpu", &[&not_cpu]),
        limited("os-fits-cpu-does-not", "os", &[&here.os]).only_on("cpu", &["s390"]),
    ];
    let fitting = [
        limited("this-os", "os", &[&here.os]),
        limited("one-of-several", "os", &["aix", &here.os]),
        limited("not-another", "os", &["!aix"]),
        limited("any", "cpu", &["any"]),
    ];
    let mut project = Project::new();
    for package in foreign.iter().chain(&fitting) {
        project = project.direct_optional(package);
    }
    if here.libc != "unknown" {
        let other = if here.libc == "musl" { "glibc" } else { "musl" };
        project = project
            .direct_optional(&limited("this-libc", "libc", &[&here.libc]))
            .direct_optional(&limited("other-libc", "libc", &[other]));
    }
    let site = project.write(&registry);
    let run = run::install_well(&site, Flags::default());
    for (dep_path, reason, detail) in left_out(&run) {
        assert_eq!(reason, SkipReason::UnsupportedPlatform);
        assert!(detail.starts_with(&format!("Unsupported platform for {dep_path}: wanted {{")), "{detail}");
        assert_eq!(run.steps_of(&dep_path), [Step::Skipped]);
    }
    let requested: BTreeSet<_> = registry.requests().into_iter().map(|request| request.path).collect();
    for package in &foreign {
        assert_eq!(run.steps_of(&package.id()), [Step::Skipped]);
        assert!(!requested.contains(&Registry::tarball_path(package)));
    }
    for package in &fitting {
        assert_eq!(run.steps_of(&package.id()), [Step::Fetched, Step::Imported]);
    }
    let foreign_libc = usize::from(here.libc != "unknown");
    assert_eq!(left_out(&run).len(), foreign.len() + foreign_libc);
    assert!(installed(&site).iter().all(|name| !name.contains("other") || name.contains("another")));
}

#[test]
fn what_only_a_package_that_is_left_out_needs_is_left_out_with_it() {
    let registry = Registry::start();
    let low = Package::new("low", "1.0.0");
    let shared = Package::new("shared", "1.0.0");
    let foreign = limited("foreign", "os", &["aix"]).dependency("low", "1.0.0").dependency("shared", "1.0.0");
    let needs =
        Package::new("needs", "1.0.0").dependency("shared", "1.0.0").optional_dependency("foreign", "1.0.0");
    let site =
        Project::new().direct(&needs).package(&low).package(&shared).package(&foreign).write(&registry);
    let run = run::install_well(&site, Flags::default());
    let reasons: Vec<_> =
        left_out(&run).into_iter().map(|(dep_path, reason, _)| (dep_path, reason)).collect();
    assert_eq!(
        reasons,
        [
            ("foreign@1.0.0".to_owned(), SkipReason::UnsupportedPlatform),
            ("low@1.0.0".to_owned(), SkipReason::Unreachable)
        ]
    );
    assert_eq!(installed(&site), names(&["-> needs", "needs@1.0.0", "shared@1.0.0"]));
    let beside = tree::list(&site.modules().join(".pnpm/needs@1.0.0/node_modules"));
    assert!(beside.contains_key("shared") && !beside.contains_key("foreign"));
}

#[test]
fn a_needed_package_for_another_machine_is_a_warning_or_with_strict_engines_an_error() {
    let registry = Registry::start();
    let foreign = limited("foreign", "os", &["aix"]);
    let project = Project::new().direct(&foreign);
    let site = project.write(&registry);
    let run = run::install_well(&site, Flags::default());
    assert!(
        run.warnings()[0].1.starts_with("Unsupported platform for foreign@1.0.0"),
        "{:?}",
        run.warnings()
    );
    assert_eq!(run.steps_of("foreign@1.0.0"), [Step::Fetched, Step::Imported]);
    let strict = Site::new();
    project.setting("engineStrict: true").write_into(&strict, &registry);
    let run = run::install(&strict, Flags::default());
    assert_eq!(run.failure().code.as_deref(), Some("ERR_PNPM_UNSUPPORTED_PLATFORM"));
    assert!(run.failure().help.is_some());
    assert!(installed(&strict).is_empty());
}

#[test]
fn engines_are_asked_of_the_version_that_the_settings_name() {
    let registry = Registry::start();
    let modern = Package::new("modern", "1.0.0").engine("node", ">=20");
    for (version, optional, strict) in [
        ("18.0.0", true, false),
        ("18.0.0", false, false),
        ("18.0.0", false, true),
        ("18.0.0", true, true),
        ("22.1.0", true, true),
        ("22.1.0", false, true),
    ] {
        let project =
            if optional { Project::new().direct_optional(&modern) } else { Project::new().direct(&modern) };
        let site = project
            .setting(&format!("nodeVersion: {version}"))
            .setting(&format!("engineStrict: {strict}"))
            .write(&registry);
        let run = run::install(&site, Flags::default());
        let fits = version.starts_with("22");
        let message = "Unsupported engine for modern@1.0.0: wanted: {\"node\":\">=20\"} (current: {\"node\":\"18.0.0\"})";
        if fits {
            assert_eq!(run.went_well().steps_of("modern@1.0.0"), [Step::Fetched, Step::Imported]);
        } else if optional {
            let run = run.went_well();
            let expected = ("modern@1.0.0".to_owned(), SkipReason::UnsupportedEngine, message.to_owned());
            assert_eq!(left_out(&run), [expected]);
        } else if strict {
            assert_eq!(run.failure().code.as_deref(), Some("ERR_PNPM_UNSUPPORTED_ENGINE"));
            assert!(run.failure().message.contains(message), "{:?}", run.failure());
        } else {
            let run = run.went_well();
            assert_eq!(run.warnings(), [(None, message)]);
            assert_eq!(run.steps_of("modern@1.0.0"), [Step::Fetched, Step::Imported]);
        }
    }
}

#[test]
fn packages_for_other_machines_can_be_asked_for() {
    let registry = Registry::start();
    let here = host();
    let project = Project::new()
        .direct_optional(&limited("for-aix", "os", &["aix"]))
        .direct_optional(&limited("for-here", "os", &[&here.os]))
        .direct_optional(&limited("for-s390", "cpu", &["s390"]));
    let site = project.write(&registry);
    let flags = Flags {
        os: vec!["aix".to_owned()],
        cpu: vec!["current".to_owned(), "s390".to_owned()],
        ..Flags::default()
    };
    run::install_well(&site, flags);
    assert_eq!(installed(&site), names(&["-> for-aix", "-> for-s390", "for-aix@1.0.0", "for-s390@1.0.0"]));
    let by_setting = Site::new();
    project.setting("supportedArchitectures: {os: [current, aix]}").write_into(&by_setting, &registry);
    run::install_well(&by_setting, Flags::default());
    assert_eq!(
        installed(&by_setting),
        names(&["-> for-aix", "-> for-here", "for-aix@1.0.0", "for-here@1.0.0"])
    );
}

/// One direct dependency in each group, each with a needed and an optional dependency of its own and a shared one.
fn groups() -> Project {
    let mut project = Project::new().package(&Package::new("shared", "1.0.0"));
    for (group, name) in [(Group::Production, "prod"), (Group::Development, "dev"), (Group::Optional, "opt")]
    {
        let (below, maybe) = (format!("{name}-below"), format!("{name}-maybe"));
        let package = Package::new(name, "1.0.0")
            .dependency(&below, "1.0.0")
            .dependency("shared", "1.0.0")
            .optional_dependency(&maybe, "1.0.0");
        project = project
            .package(&package)
            .package(&Package::new(&below, "1.0.0"))
            .package(&Package::new(&maybe, "1.0.0"))
            .depend_in(group, name, "1.0.0");
    }
    project.setting("trustLockfile: true")
}

#[test]
fn groups_of_dependencies_are_left_out_as_asked_and_as_pnpm_does() {
    let registry = Registry::start();
    let pnpm = pnpm_or_skip("groups_of_dependencies_are_left_out_as_asked_and_as_pnpm_does (the comparison)");
    let project = groups();
    for (arguments, expected) in [
        (&[][..], &["prod", "prod-maybe", "dev", "dev-maybe", "opt", "opt-maybe"][..]),
        (&["--prod"], &["prod", "prod-maybe", "opt", "opt-maybe"]),
        (&["--dev"], &["dev", "dev-maybe"]),
        (&["--no-optional"], &["prod", "dev"]),
        (&["--prod", "--no-optional"], &["prod"]),
        (&["--dev", "--no-optional"], &["dev"]),
    ] {
        let site = project.write(&registry);
        let output = run::pacwatch(&site, &[&["install"], arguments].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        let mut wanted = names(&["shared@1.0.0"]);
        for name in expected {
            wanted.insert(format!("{name}@1.0.0"));
            if !name.ends_with("-maybe") {
                wanted.insert(format!("{name}-below@1.0.0"));
                wanted.insert(format!("-> {name}"));
            }
        }
        assert_eq!(installed(&site), wanted, "{arguments:?}");
        if let Some(pnpm) = &pnpm {
            let theirs = project.write(&registry);
            let output = run_pnpm(pnpm, &theirs, &[&["install", "--frozen-lockfile"], arguments].concat());
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            assert_eq!(installed(&theirs), wanted, "pnpm with {arguments:?}");
        }
    }
}

#[test]
fn a_later_install_of_more_groups_completes_what_is_there() {
    let registry = Registry::start();
    let project = groups();
    let complete = project.write(&registry);
    run::install_well(&complete, Flags::default());
    let site = project.write(&registry);
    let fewer = Flags { only: Some(OnlyDependencies::Production), no_optional: true, ..Flags::default() };
    run::install_well(&site, fewer);
    run::install_well(&site, Flags::default());
    tree::assert_same(&tree::list(&site.modules()), &tree::list(&complete.modules()));
}

#[test]
fn platforms_and_engines_are_judged_as_pnpm_judges_them() {
    let Some(pnpm) = pnpm_or_skip("platforms_and_engines_are_judged_as_pnpm_judges_them") else {
        return;
    };
    let registry = Registry::start();
    let here = host();
    let mut project = Project::new().setting("trustLockfile: true").setting("nodeVersion: 20.5.0");
    let lists: [&[&str]; 8] = [
        &["aix"],
        &["!aix"],
        &["any"],
        &[&here.os],
        &["aix", &here.os],
        &["aix", "darwin", "win32"],
        &["!aix", "!win32"],
        &["!linux"],
    ];
    for (number, list) in lists.iter().enumerate() {
        project = project.direct_optional(&limited(&format!("os-{number}"), "os", list));
    }
    for (number, list) in
        [&["s390"][..], &["!s390"], &[&here.cpu], &["x64", "arm64"], &["!x64", "!arm64"]].iter().enumerate()
    {
        project = project.direct_optional(&limited(&format!("cpu-{number}"), "cpu", list));
    }
    for (number, list) in [&["musl"][..], &["glibc"], &["!musl"], &["any"]].iter().enumerate() {
        project = project.direct_optional(&limited(&format!("libc-{number}"), "libc", list));
    }
    let ranges =
        [">=20", "^20.5.0", ">=21", "<20", "18 || 20", "*", "", "20.x", "~20.4", ">=20.5.0-0", "no range"];
    for (number, range) in ranges.iter().enumerate() {
        project = project
            .direct_optional(&Package::new(&format!("engine-{number}"), "1.0.0").engine("node", range));
    }
    // The name tells the platform where nothing else does.
    for name in ["native-linux-x64", "native-darwin-arm64", "native-win32-x64", "native-linux-arm64-musl"] {
        project = project.direct_optional(&Package::new(name, "1.0.0"));
    }
    let (ours, theirs) = (project.write(&registry), project.write(&registry));
    run::install_well(&ours, Flags::default());
    let output = run_pnpm(&pnpm, &theirs, &["install", "--frozen-lockfile"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(installed(&ours), installed(&theirs));
}
