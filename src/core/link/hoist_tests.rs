use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::core::lockfile::split;

/// A lockfile of importers and snapshots, each with its dependencies as `alias: reference`. `dev ` or `opt ` before an
/// alias puts it into that group.
fn lockfile(importers: &[(&str, &[&str])], snapshots: &[(&str, &[&str])]) -> Lockfile {
    let mut text = "lockfileVersion: '9.0'\nimporters:\n".to_owned();
    let in_group = |dependencies: &[&str], group: &str| -> Vec<(String, String)> {
        dependencies
            .iter()
            .filter_map(|dependency| {
                let (prefix, rest) = match dependency.split_once(' ') {
                    Some((prefix @ ("dev" | "opt"), rest)) => (prefix, rest),
                    _ => ("", *dependency),
                };
                let (alias, reference) = rest.split_once(": ").unwrap();
                (prefix == group).then(|| (alias.to_owned(), reference.to_owned()))
            })
            .collect()
    };
    for (id, dependencies) in importers {
        writeln!(text, "  '{id}':\n    publishDirectory: x").unwrap();
        for (group, field) in
            [("dev", "devDependencies"), ("", "dependencies"), ("opt", "optionalDependencies")]
        {
            let entries = in_group(dependencies, group);
            if !entries.is_empty() {
                writeln!(text, "    {field}:").unwrap();
            }
            for (alias, reference) in entries {
                writeln!(text, "      '{alias}':\n        specifier: '*'\n        version: '{reference}'")
                    .unwrap();
            }
        }
    }
    text.push_str("packages:\n");
    for (dep_path, _) in snapshots {
        let id = split(dep_path).package_id;
        writeln!(text, "  '{id}':\n    resolution: {{integrity: sha512-x}}").unwrap();
    }
    text.push_str("snapshots:\n");
    for (dep_path, dependencies) in snapshots {
        writeln!(text, "  '{dep_path}':\n    transitivePeerDependencies: []").unwrap();
        for (group, field) in [("", "dependencies"), ("opt", "optionalDependencies")] {
            let entries = in_group(dependencies, group);
            if !entries.is_empty() {
                writeln!(text, "    {field}:").unwrap();
            }
            for (alias, reference) in entries {
                writeln!(text, "      '{alias}': '{reference}'").unwrap();
            }
        }
    }
    Lockfile::parse(&text, Path::new("pnpm-lock.yaml")).unwrap()
}

struct Settings<'a> {
    private: &'a [&'a str],
    public: &'a [&'a str],
    absent: &'a [&'a str],
    projects: &'a [(usize, &'a str)],
    without: Option<Group>,
}

const ALL: Settings<'_> =
    Settings { private: &["*"], public: &[], absent: &[], projects: &[], without: None };

/// What is hoisted, as `alias=source` in order; public ones with a `!`.
fn hoisted(lockfile: &Lockfile, settings: &Settings<'_>) -> String {
    let graph = Graph::new(lockfile).unwrap();
    let key = |snapshot: usize| lockfile.snapshots.get_index(snapshot).unwrap().0.as_str();
    let projects: Vec<_> =
        settings.projects.iter().map(|(position, name)| (*position, (*name).to_owned())).collect();
    let hoisting = hoist(&HoistRequest {
        lockfile,
        graph: &graph,
        slot_name: &|snapshot| Cow::Borrowed(key(snapshot)),
        is_installed: &|snapshot| !settings.absent.contains(&key(snapshot)),
        is_wanted: &|group| settings.without != Some(group),
        projects: &projects,
        private: &Patterns::new(settings.private),
        public: &Patterns::new(settings.public),
    });
    let aliases: Vec<String> = hoisting
        .aliases
        .iter()
        .map(|hoisted| {
            let source = match hoisted.source {
                HoistSource::Snapshot(snapshot) => key(snapshot),
                HoistSource::Project(project) => lockfile.importers.get_index(project).unwrap().0,
            };
            let public = if hoisted.kind == HoistKind::Public { "!" } else { "" };
            format!("{public}{}={source}", hoisted.alias)
        })
        .collect();
    aliases.join(" ")
}

#[test]
fn what_the_project_names_is_not_hoisted_and_the_first_to_want_an_alias_has_it() {
    let lockfile = lockfile(
        &[(".", &["a: 1.0.0", "b: 1.0.0"])],
        &[
            ("a@1.0.0", &["b: 2.0.0", "c: 1.0.0"]),
            ("b@1.0.0", &["c: 2.0.0"]),
            ("b@2.0.0", &[]),
            ("c@1.0.0", &[]),
            ("c@2.0.0", &[]),
        ],
    );
    assert_eq!(hoisted(&lockfile, &ALL), "c=c@1.0.0");
}

#[test]
fn depth_goes_before_the_name_of_the_slot_and_is_where_a_walk_downwards_finds_a_package() {
    // p is two steps from y; but the walk goes all the way down from z first, and finds it at the third.
    let lockfile = lockfile(
        &[(".", &["dev z: 1.0.0", "y: 1.0.0"])],
        &[
            ("e@1.0.0", &["p: 1.0.0", "q: 1.0.0"]),
            ("m@1.0.0", &["n: 1.0.0"]),
            ("n@1.0.0", &["p: 1.0.0"]),
            ("p@1.0.0", &["x: 1.0.0"]),
            ("q@1.0.0", &["x: 2.0.0"]),
            ("x@1.0.0", &[]),
            ("x@2.0.0", &[]),
            ("y@1.0.0", &["e: 1.0.0"]),
            ("z@1.0.0", &["m: 1.0.0"]),
        ],
    );
    assert_eq!(hoisted(&lockfile, &ALL), "e=e@1.0.0 m=m@1.0.0 p=p@1.0.0 q=q@1.0.0 n=n@1.0.0 x=x@2.0.0");
}

#[test]
fn plain_dependencies_go_before_optional_ones() {
    let lockfile = lockfile(
        &[(".", &["a: 1.0.0"])],
        &[
            ("a@1.0.0", &["opt b: 1.0.0", "c: 1.0.0", "opt d: 1.0.0"]),
            ("b@1.0.0", &[]),
            ("c@1.0.0", &[]),
            ("d@1.0.0", &[]),
        ],
    );
    assert_eq!(hoisted(&lockfile, &ALL), "c=c@1.0.0 b=b@1.0.0 d=d@1.0.0");
}

#[test]
fn an_alias_is_hoisted_under_itself_and_case_does_not_tell_two_apart() {
    let lockfile = lockfile(
        &[(".", &["a: 1.0.0"])],
        &[
            ("JSONStream@1.0.0", &[]),
            ("a@1.0.0", &["JSONStream: 1.0.0", "jsonstream: 2.0.0", "other: b@1.0.0"]),
            ("b@1.0.0", &[]),
            ("jsonstream@2.0.0", &[]),
        ],
    );
    assert_eq!(hoisted(&lockfile, &ALL), "JSONStream=JSONStream@1.0.0 other=b@1.0.0");
}

#[test]
fn what_is_not_installed_leaves_its_alias_to_others_but_its_children_are_hoisted() {
    let lockfile = lockfile(
        &[(".", &["a: 1.0.0"])],
        &[
            ("a@1.0.0", &["b: 1.0.0", "d: 1.0.0"]),
            ("b@1.0.0", &["c: 1.0.0"]),
            ("b@2.0.0", &[]),
            ("c@1.0.0", &[]),
            ("d@1.0.0", &["b: 2.0.0"]),
        ],
    );
    let settings = Settings { absent: &["b@1.0.0"], ..ALL };
    assert_eq!(hoisted(&lockfile, &settings), "d=d@1.0.0 c=c@1.0.0 b=b@2.0.0");
}

#[test]
fn a_group_that_is_not_wanted_is_not_looked_at() {
    let lockfile = lockfile(
        &[(".", &["a: 1.0.0", "dev b: 1.0.0"])],
        &[
            ("a@1.0.0", &["c: 1.0.0"]),
            ("b@1.0.0", &["d: 1.0.0"]),
            ("c@1.0.0", &["b: 1.0.0"]),
            ("d@1.0.0", &[]),
        ],
    );
    assert_eq!(
        hoisted(&lockfile, &ALL),
        "d=d@1.0.0 c=c@1.0.0".split(' ').rev().collect::<Vec<_>>().join(" ")
    );
    let settings = Settings { without: Some(Group::Development), ..ALL };
    // b is the project's no more, so it is hoisted like any other.
    assert_eq!(hoisted(&lockfile, &settings), "c=c@1.0.0 b=b@1.0.0 d=d@1.0.0");
}

#[test]
fn other_projects_dependencies_come_first_then_the_projects_themselves_then_the_rest() {
    let lockfile = lockfile(
        &[
            (".", &["a: 1.0.0", "one: link:packages/one"]),
            ("packages/one", &["b: 1.0.0", "dev two: 1.0.0"]),
            ("packages/two", &["b: 2.0.0"]),
        ],
        &[
            ("a@1.0.0", &["b: 2.0.0", "one: 1.0.0", "d: 1.0.0"]),
            ("b@1.0.0", &[]),
            ("b@2.0.0", &[]),
            ("d@1.0.0", &[]),
            ("one@1.0.0", &[]),
            ("two@1.0.0", &[]),
        ],
    );
    assert_eq!(hoisted(&lockfile, &ALL), "two=two@1.0.0 b=b@1.0.0 d=d@1.0.0 one=one@1.0.0");
    let settings = Settings { projects: &[(1, "one"), (2, "three")], ..ALL };
    assert_eq!(
        hoisted(&lockfile, &settings),
        "two=two@1.0.0 b=b@1.0.0 one=packages/one three=packages/two d=d@1.0.0"
    );
    let settings = Settings { projects: &[(2, "b")], ..ALL };
    // A dependency that is called like a project comes first and has the alias.
    assert_eq!(hoisted(&lockfile, &settings), "b=b@1.0.0 two=two@1.0.0 d=d@1.0.0 one=one@1.0.0");
}

#[test]
fn patterns_choose_what_is_hoisted_and_public_goes_before_private() {
    let lockfile = lockfile(
        &[(".", &["a: 1.0.0"])],
        &[
            ("a@1.0.0", &["b: 1.0.0", "eslint: 1.0.0", "eslint-x: 1.0.0"]),
            ("b@1.0.0", &[]),
            ("eslint-x@1.0.0", &[]),
            ("eslint@1.0.0", &[]),
        ],
    );
    let with = |private, public| {
        let settings = Settings { private, public, ..ALL };
        hoisted(&lockfile, &settings)
    };
    assert_eq!(with(&["*"], &["*eslint*"]), "b=b@1.0.0 !eslint=eslint@1.0.0 !eslint-x=eslint-x@1.0.0");
    assert_eq!(with(&["*", "!eslint*", "eslint"], &[]), "b=b@1.0.0 eslint=eslint@1.0.0");
    assert_eq!(with(&[], &["b"]), "!b=b@1.0.0");
    assert_eq!(with(&[], &[]), "");
}

#[test]
fn a_ring_of_packages_is_walked_once() {
    let lockfile = lockfile(
        &[(".", &["a: 1.0.0"])],
        &[("a@1.0.0", &["b: 1.0.0"]), ("b@1.0.0", &["a: 1.0.0", "c: 1.0.0"]), ("c@1.0.0", &["b: 1.0.0"])],
    );
    assert_eq!(hoisted(&lockfile, &ALL), "b=b@1.0.0 c=c@1.0.0");
}

#[test]
fn aliases_are_recorded_by_source_in_the_order_of_the_first() {
    let lockfile = lockfile(
        &[(".", &["a: 1.0.0"]), ("p", &[])],
        &[("a@1.0.0", &["b: c@1.0.0", "d: 1.0.0", "e: c@1.0.0"]), ("c@1.0.0", &[]), ("d@1.0.0", &[])],
    );
    let graph = Graph::new(&lockfile).unwrap();
    let hoisting = hoist(&HoistRequest {
        lockfile: &lockfile,
        graph: &graph,
        slot_name: &|_| Cow::Borrowed(""),
        is_installed: &|_| true,
        is_wanted: &|_| true,
        projects: &[(1, "p".to_owned())],
        private: &Patterns::new(["*"]),
        public: &Patterns::new(["d"]),
    });
    let recorded: Vec<String> = hoisting
        .dependencies(&lockfile)
        .into_iter()
        .map(|(source, aliases)| {
            let aliases: Vec<_> =
                aliases.into_iter().map(|(alias, kind)| format!("{alias}:{}", kind.name())).collect();
            format!("{source} {}", aliases.join(","))
        })
        .collect();
    assert_eq!(recorded, ["p p:private", "c@1.0.0 b:private,e:private", "d@1.0.0 d:public"]);
}
