//! What pnpm 12.21 was seen to write for the same commands.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::core::config::{Config, Flags, Input};
use crate::core::lockfile::{ImporterDependency, Lockfile};
use crate::core::manifest_edit::Group;
use crate::core::resolve::tree::UpdateScope;
use crate::core::resolve::{
    Asked, PackageManifest, PreferredVersions, ResolveError, Resolved, Resolver, Source, UpdateBehavior, Via,
    Wanted,
};
use crate::core::workspace::Workspace;

/// A project, and what the registry would answer.
struct Bench {
    folder: tempfile::TempDir,
    /// Alias → version that its specifier is resolved to.
    versions: BTreeMap<&'static str, &'static str>,
    settings: &'static str,
}

/// Finds the newest version of each package, and what has no name.
struct Oracle(BTreeMap<&'static str, &'static str>);

impl Resolver for Oracle {
    async fn resolve(&self, wanted: &Wanted, asked: &Asked<'_>) -> Result<Arc<Resolved>, ResolveError> {
        let is_latest = asked.update == UpdateBehavior::Latest;
        let name = wanted.alias.clone().unwrap_or_else(|| Arc::from("locpkg"));
        let version = self.0.get(&*name).copied().filter(|_| is_latest);
        Ok(Arc::new(Resolved {
            id: Arc::from("x"),
            name,
            version: version.map(Arc::from),
            source: Source::Link { directory: Arc::from("x") },
            manifest: Arc::new(PackageManifest::default()),
            via: if is_latest { Via::Registry } else { Via::Local },
            latest: None,
            published_at: None,
            normalized_specifier: (!is_latest).then(|| Arc::from(format!("link:{}", wanted.specifier))),
            alias: None,
            violation: None,
            unpacked_size: None,
            file_count: None,
        }))
    }
}

impl Bench {
    fn new(manifest: &str, versions: &[(&'static str, &'static str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("package.json"), manifest).unwrap();
        Self { folder, versions: versions.iter().copied().collect(), settings: "" }
    }

    fn config(&self) -> Config {
        let folder = self.folder.path();
        let settings = format!("storeDir: ./store\ncacheDir: ./cache\n{}", self.settings);
        std::fs::write(folder.join("pnpm-workspace.yaml"), settings).unwrap();
        Config::load(&Input {
            dir: folder.to_owned(),
            working_dir: folder.to_owned(),
            environment: BTreeMap::new(),
            home: None,
            flags: Flags::default(),
            processors: 2,
        })
        .unwrap()
    }

    /// The text of the settings after a command, without where things are stored.
    fn settings_after(&self, command: &Command) -> String {
        self.after(command);
        let text = std::fs::read_to_string(self.folder.path().join("pnpm-workspace.yaml")).unwrap();
        text.strip_prefix("storeDir: ./store\ncacheDir: ./cache\n").unwrap().to_owned()
    }

    /// The changes, and the lockfile that resolution would make.
    fn change(&self, command: &Command, targets: &[&str]) -> Result<(Changes, Lockfile), ChangeError> {
        let config = self.config();
        let mut workspace = Workspace::find(&config).unwrap();
        let targets: Vec<String> = targets.iter().map(|id| (*id).to_owned()).collect();
        let mut changes = Changes::begin(command, &config, &mut workspace, &targets, None)?;
        let preferred = PreferredVersions::default();
        let circumstances = Circumstances { preferred: &preferred, published_by: None, pick_lowest: false };
        let oracle = Oracle(self.versions.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(changes.look_up(&oracle, circumstances, &mut workspace))?;
        let mut lockfile = Lockfile::default();
        for project in &workspace.projects {
            let manifest = project.manifest.as_ref().unwrap();
            let importer = lockfile.importers.entry(project.id.clone()).or_default();
            for (from, to) in [
                (&manifest.dependencies, &mut importer.dependencies),
                (&manifest.dev_dependencies, &mut importer.dev_dependencies),
                (&manifest.optional_dependencies, &mut importer.optional_dependencies),
            ] {
                for (alias, specifier) in from {
                    let version = match specifier.strip_prefix("npm:") {
                        Some(inner) => {
                            let name = inner.rsplit_once('@').map_or(inner, |(name, _)| name);
                            format!("{name}@{}", self.versions.get(alias.as_str()).unwrap_or(&"0.0.0"))
                        }
                        None if specifier.contains(':') => "link:../x".to_owned(),
                        None => (*self.versions.get(alias.as_str()).unwrap_or(&"0.0.0")).to_owned(),
                    };
                    let entry =
                        ImporterDependency { specifier: specifier.clone(), version, other: Vec::new() };
                    to.insert(alias.clone(), entry);
                }
            }
        }
        changes.settle(&mut lockfile)?;
        Ok((changes, lockfile))
    }

    /// The manifest after a command, and the specifiers in the lockfile.
    fn after(&self, command: &Command) -> String {
        let (changes, lockfile) = self.change(command, &["."]).unwrap();
        changes.save().unwrap();
        let text = std::fs::read_to_string(self.folder.path().join("package.json")).unwrap();
        let manifest =
            crate::core::manifest::Manifest::parse(text.as_bytes(), Path::new("package.json")).unwrap();
        let importer = &lockfile.importers["."];
        for (locked, declared) in [
            (&importer.dependencies, &manifest.dependencies),
            (&importer.dev_dependencies, &manifest.dev_dependencies),
            (&importer.optional_dependencies, &manifest.optional_dependencies),
        ] {
            for (alias, locked) in locked {
                assert_eq!(declared.get(alias), Some(&locked.specifier), "{alias} in the lockfile");
            }
        }
        text
    }
}

fn add(requests: &[&str]) -> Command {
    Command::Add(Add { requests: requests.iter().map(|text| (*text).to_owned()).collect(), ..Add::default() })
}

fn update(selectors: &[&str]) -> Update {
    Update {
        selectors: selectors.iter().map(|text| (*text).to_owned()).collect(),
        latest: false,
        exact: false,
        save: true,
        groups: Group::INSTALLED.to_vec(),
        depth: None,
        from_workspace: false,
    }
}

fn dependencies(entries: &[(&str, &str)]) -> String {
    let entries: Vec<String> =
        entries.iter().map(|(alias, specifier)| format!("\"{alias}\":\"{specifier}\"")).collect();
    format!("{{\"dependencies\":{{{}}}}}", entries.join(","))
}

#[test]
fn what_is_added_is_saved_as_pnpm_saves_it() {
    for (before, request, version, after) in [
        (None, "ms@2", "2.1.3", "^2.1.3"),
        (None, "ms", "2.1.3", "^2.1.3"),
        (None, "ms@latest", "2.1.3", "^2.1.3"),
        (None, "ms@3.x", "3.2.7", "~3.2.7"),
        (None, "ms@6.3.1", "6.3.1", "6.3.1"),
        (None, "ms@>=4 <7", "6.0.0", "^6.0.0"),
        (None, "ms@=7.7.4", "7.7.4", "=7.7.4"),
        (None, "ms@npm:other@2", "2.1.3", "npm:other@^2.1.3"),
        (None, "ms@npm:other", "2.1.3", "npm:other@^2.1.3"),
        (None, "ms@../loc", "", "../loc"),
        (None, "ms@http://127.0.0.1/ms-2.1.3.tgz", "", "http://127.0.0.1/ms-2.1.3.tgz"),
        (Some("~2.0.0"), "ms@2", "2.0.0", "^2.0.0"),
        (Some("~2.0.0"), "ms@2.1.0", "2.1.0", "2.1.0"),
        (Some("2.0.0"), "ms@^2", "2.0.0", "^2.0.0"),
        (Some("~2.0.0"), "ms@latest", "2.1.3", "~2.1.3"),
        (Some("~2.0.0"), "ms@*", "2.0.0", "^2.0.0"),
        (Some("^2.0.0"), "ms", "2.1.3", "^2.0.0"),
        (Some(">=1"), "ms@latest", "2.1.3", "^2.1.3"),
        (Some("npm:ms@~2.0.0"), "ms@2.1.0", "2.1.0", "2.1.0"),
    ] {
        let manifest = before.map_or("{}".to_owned(), |before| dependencies(&[("ms", before)]));
        let bench = Bench::new(&manifest, &[("ms", version)]);
        assert_eq!(
            bench.after(&add(&[request])),
            dependencies(&[("ms", after)]),
            "{request} after {before:?}"
        );
    }
}

#[test]
fn what_is_added_goes_where_it_is_told_or_where_it_was() {
    let versions = [("ms", "2.1.3"), ("debug", "4.4.3")];
    let with = |groups: &[Group]| {
        let (requests, groups) = (vec!["ms".to_owned()], Some(groups.to_vec()));
        Command::Add(Add { requests, groups, ..Add::default() })
    };
    for (manifest, command, after) in [
        (
            r#"{"devDependencies":{"ms":"~2.0.0"}}"#,
            with(&[Group::Production]),
            r#"{"dependencies":{"ms":"~2.0.0"}}"#,
        ),
        (r#"{"devDependencies":{"ms":"~2.0.0"}}"#, add(&["ms@2"]), r#"{"devDependencies":{"ms":"^2.1.3"}}"#),
        (
            r#"{"peerDependencies":{"ms":"*"},"devDependencies":{"debug":"^4"}}"#,
            add(&["ms", "debug"]),
            r#"{"peerDependencies":{"ms":"*"},"devDependencies":{"debug":"^4"}}"#,
        ),
        (
            "{}",
            with(&[Group::Development, Group::Peer]),
            r#"{"devDependencies":{"ms":"^2.1.3"},"peerDependencies":{"ms":"^2.1.3"}}"#,
        ),
        ("{}", with(&[Group::Development, Group::Optional]), r#"{"optionalDependencies":{"ms":"^2.1.3"}}"#),
    ] {
        assert_eq!(Bench::new(manifest, &versions).after(&command), after, "{manifest}");
    }
}

#[test]
fn the_style_of_the_settings_is_for_what_has_no_other() {
    let exact = |request: &str| {
        Command::Add(Add { requests: vec![request.to_owned()], exact: true, ..Add::default() })
    };
    let bench = || Bench::new("{}", &[("ms", "2.1.3")]);
    assert_eq!(bench().after(&exact("ms")), dependencies(&[("ms", "2.1.3")]));
    assert_eq!(bench().after(&exact("ms@^2")), dependencies(&[("ms", "^2.1.3")]));
    let bench = Bench { settings: "savePrefix: '~'", ..bench() };
    assert_eq!(bench.after(&add(&["ms"])), dependencies(&[("ms", "~2.1.3")]));
}

#[test]
fn what_has_no_name_is_looked_up() {
    let bench = Bench::new("{}", &[]);
    assert_eq!(bench.after(&add(&["../loc"])), dependencies(&[("locpkg", "link:../loc")]));
}

#[test]
fn an_update_moves_ranges_to_what_was_found_and_leaves_what_is_no_single_range() {
    let versions = [("ms", "2.1.3"), ("debug", "4.3.7")];
    for (declared, after) in [
        (("^2.0.0", "~4.3.0"), ("^2.1.3", "~4.3.7")),
        (("*", "4.x"), ("^2.1.3", "~4.3.7")),
        (("2", "4.3"), ("^2.1.3", "~4.3.7")),
        ((">=1", "3.1.0 - 5"), (">=1", "3.1.0 - 5")),
        (("npm:ms@^2", "latest"), ("npm:ms@^2.1.3", "latest")),
    ] {
        let bench = Bench::new(&dependencies(&[("ms", declared.0), ("debug", declared.1)]), &versions);
        let expected = dependencies(&[("debug", after.1), ("ms", after.0)]);
        let found = bench.after(&Command::Update(update(&[])));
        if declared == after {
            assert_eq!(found, dependencies(&[("ms", declared.0), ("debug", declared.1)]));
        } else {
            assert_eq!(found, expected, "{declared:?}");
        }
    }
}

#[test]
fn an_update_to_the_latest_goes_beyond_the_range() {
    let versions = [("ms", "2.1.3"), ("debug", "4.4.3")];
    let latest = Command::Update(Update { latest: true, ..update(&[]) });
    for (declared, after) in [
        (("^2.0.0", "~4.3.0"), ("^2.1.3", "~4.4.3")),
        (("2.0.0", "^2.0.0 || ^3.0.0"), ("2.1.3", "^4.4.3")),
        (("npm:ms@^2.0.0", "latest"), ("^2.1.3", "latest")),
        (("^2.0.0", "x"), ("^2.1.3", "x")),
    ] {
        let bench = Bench::new(&dependencies(&[("ms", declared.0), ("debug", declared.1)]), &versions);
        let expected = dependencies(&[("debug", after.1), ("ms", after.0)]);
        assert_eq!(bench.after(&latest), expected, "{declared:?}");
    }
}

#[test]
fn an_update_to_a_version_keeps_the_style_and_to_a_range_takes_it() {
    for (declared, selector, version, after) in [
        ("^2.0.0", "ms@2.1.0", "2.1.0", "^2.1.0"),
        ("2.0.0", "ms@2.1.1", "2.1.1", "2.1.1"),
        ("~2.0.0", "ms@^2.1.0", "2.1.3", "^2.1.0"),
        ("~2.0.0", "ms@latest", "2.1.3", "~2.1.3"),
    ] {
        let bench = Bench::new(&dependencies(&[("ms", declared)]), &[("ms", version)]);
        assert_eq!(
            bench.after(&Command::Update(update(&[selector]))),
            dependencies(&[("ms", after)]),
            "{selector}"
        );
    }
}

#[test]
fn an_update_says_which_versions_may_move() {
    let manifest =
        r#"{"dependencies":{"ms":"^2.0.0","my-debug":"npm:debug@^4"},"devDependencies":{"semver":"^7.0.0"}}"#;
    let names = |names: &[&str]| UpdateScope::Names(names.iter().map(|name| (*name).to_owned()).collect());
    let development = Update { groups: vec![Group::Development], ..update(&[]) };
    for (command, expected) in [
        (update(&[]), UpdateScope::Everything),
        (update(&["m*"]), names(&["debug", "ms"])),
        (update(&["*", "!ms"]), names(&["debug", "semver"])),
        (development, names(&["semver"])),
        (update(&["other"]), UpdateScope::Nothing),
    ] {
        let (changes, _) =
            Bench::new(manifest, &[]).change(&Command::Update(command.clone()), &["."]).unwrap();
        assert_eq!(changes.scopes()["."], expected, "{command:?}");
    }
    let bench = Bench { settings: "updateConfig:\n  ignoreDependencies: [ms]", ..Bench::new(manifest, &[]) };
    let (changes, _) = bench.change(&Command::Update(update(&[])), &["."]).unwrap();
    assert_eq!(changes.scopes()["."], names(&["debug", "semver"]));
}

#[test]
fn an_update_that_does_not_save_writes_nothing() {
    let manifest = dependencies(&[("ms", "^2.0.0")]);
    let bench = Bench::new(&manifest, &[("ms", "2.1.3")]);
    assert_eq!(bench.after(&Command::Update(Update { save: false, ..update(&[]) })), manifest);
}

#[test]
fn what_cannot_be_done_is_refused_with_pnpms_codes() {
    let code = |command: Command| {
        let bench = Bench::new(&dependencies(&[("ms", "2.1.3")]), &[]);
        bench.change(&command, &["."]).err().and_then(|error| error.code())
    };
    let remove = |names: &[&str], group| {
        Command::Remove(Remove { names: names.iter().map(|name| (*name).to_owned()).collect(), group })
    };
    assert_eq!(code(remove(&[], None)), Some("ERR_PNPM_MUST_REMOVE_SOMETHING"));
    assert_eq!(code(remove(&["foo"], None)), Some("ERR_PNPM_CANNOT_REMOVE_MISSING_DEPS"));
    assert_eq!(code(remove(&["ms"], Some(Group::Development))), Some("ERR_PNPM_CANNOT_REMOVE_MISSING_DEPS"));
    assert_eq!(code(remove(&["ms"], None)), None);
    let latest = Update { latest: true, ..update(&["ms@2"]) };
    assert_eq!(code(Command::Update(latest)), Some("ERR_PNPM_LATEST_WITH_SPEC"));
    let shallow = Update { depth: Some(0), ..update(&["foo"]) };
    assert_eq!(code(Command::Update(shallow)), Some("ERR_PNPM_NO_PACKAGE_IN_DEPENDENCIES"));
}

#[test]
fn projects_of_the_workspace_are_added_by_their_protocol() {
    let bench = || {
        let bench = Bench::new("{\"name\":\"root\"}", &[]);
        for (name, version) in [("a", "1.0.0"), ("b", "2.3.4")] {
            let folder = bench.folder.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(
                folder.join("package.json"),
                format!(r#"{{"name":"{name}","version":"{version}"}}"#),
            )
            .unwrap();
        }
        bench
    };
    let after = |settings: &'static str, request: &str, from_workspace: bool| {
        let bench = Bench { settings, ..bench() };
        let requests = vec![request.to_owned()];
        let command = Command::Add(Add { requests, from_workspace, ..Add::default() });
        let (changes, _) = bench.change(&command, &["a"]).unwrap();
        changes.save().unwrap();
        let text = std::fs::read_to_string(bench.folder.path().join("a/package.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["dependencies"].to_string()
    };
    let rolling = "packages: [a, b]";
    let versioned = "packages: [a, b]\nsaveWorkspaceProtocol: true";
    let linking = "packages: [a, b]\nlinkWorkspacePackages: true";
    for (settings, request, from_workspace, expected) in [
        (rolling, "b@workspace:*", false, r#"{"b":"workspace:*"}"#),
        (rolling, "b@workspace:^2.0.0", false, r#"{"b":"workspace:^"}"#),
        (rolling, "b@workspace:2.3.4", false, r#"{"b":"workspace:*"}"#),
        (rolling, "bb@workspace:b@*", false, r#"{"bb":"workspace:b@*"}"#),
        (rolling, "b", true, r#"{"b":"workspace:*"}"#),
        (versioned, "b@workspace:*", false, r#"{"b":"workspace:^2.3.4"}"#),
        (versioned, "b@workspace:~2", false, r#"{"b":"workspace:~2.3.4"}"#),
        (linking, "b", false, r#"{"b":"workspace:^"}"#),
        (linking, "b@2", false, r#"{"b":"workspace:^"}"#),
        (linking, "b@1", false, r#"{"b":"^0.0.0"}"#),
    ] {
        assert_eq!(after(settings, request, from_workspace), expected, "{request} with {settings}");
    }
}

#[test]
fn what_the_default_catalog_has_is_added_from_there() {
    let mut bench = Bench::new("{}", &[("ms", "2.1.3")]);
    bench.settings = "catalog:\n  ms: ^2.0.0\n";
    assert_eq!(bench.after(&add(&["ms"])), r#"{"dependencies":{"ms":"catalog:"}}"#);
    let by_name =
        Bench { settings: "catalogs:\n  old:\n    ms: ^2.0.0\n", ..Bench::new("{}", &[("ms", "2.1.3")]) };
    assert_eq!(by_name.after(&add(&["ms"])), r#"{"dependencies":{"ms":"^2.1.3"}}"#);
}

#[test]
fn what_is_to_be_saved_in_a_catalog_gets_an_entry_there() {
    let catalog = Some("new".to_owned());
    let command =
        Command::Add(Add { requests: vec!["ms@catalog:new".to_owned()], catalog, ..Add::default() });
    let mut bench = Bench::new("{}", &[("ms", "2.1.3")]);
    bench.settings = "catalogs:\n  new:\n    ms: ^2.0.0\n";
    assert_eq!(bench.after(&command), r#"{"dependencies":{"ms":"catalog:new"}}"#);
    let mut bench = Bench::new(r#"{"dependencies":{"ms":"^2.0.0"}}"#, &[]);
    bench.settings = "catalogMode: prefer\n";
    assert_eq!(bench.settings_after(&add(&["ms"])), "catalogMode: prefer\ncatalog:\n  ms: ^2.0.0\n");
}

#[test]
fn a_strict_catalog_refuses_what_it_does_not_have() {
    let mut bench = Bench::new(r#"{"dependencies":{"ms":"~2.1.0"}}"#, &[]);
    bench.settings = "catalogMode: strict\ncatalog:\n  ms: ^2.0.0\n";
    let error = bench.change(&add(&["ms"]), &["."]).unwrap_err();
    assert_eq!(error.code(), Some("ERR_PNPM_CATALOG_VERSION_MISMATCH"));
    bench.settings = "catalogMode: prefer\ncatalog:\n  ms: ^2.0.0\n";
    assert_eq!(bench.after(&add(&["ms"])), r#"{"dependencies":{"ms":"~2.1.0"}}"#);
}

#[test]
fn an_update_to_the_latest_moves_the_entry_of_the_catalog() {
    let mut bench = Bench::new(r#"{"dependencies":{"ms":"catalog:"}}"#, &[("ms", "3.0.0")]);
    bench.settings = "catalog:\n  # times\n  ms: ~2.0.0\n";
    let latest = Command::Update(Update { latest: true, ..update(&[]) });
    assert_eq!(bench.settings_after(&latest), "catalog:\n  # times\n  ms: ~3.0.0\n");
}

#[test]
fn the_first_dependency_of_a_folder_makes_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench { folder, versions: BTreeMap::new(), settings: "" };
    assert!(Workspace::find(&bench.config()).is_err());
    let workspace = Workspace::find_or_begin(&bench.config()).unwrap();
    assert!(workspace.project(".").unwrap().manifest.is_some());
}

#[test]
fn what_the_workspace_has_is_pointed_at() {
    let bench =
        Bench::new(r#"{"name":"a","version":"1.2.0","dependencies":{"a":"~1.0.0","ms":"^2.0.0"}}"#, &[]);
    let from_workspace =
        |selectors: &[&str]| Command::Update(Update { from_workspace: true, ..update(selectors) });
    let expected = r#"{"name":"a","version":"1.2.0","dependencies":{"a":"workspace:~","ms":"^2.0.0"}}"#;
    assert_eq!(bench.after(&from_workspace(&[])), expected);
    let error = bench.change(&from_workspace(&["ms"]), &["."]).unwrap_err();
    assert_eq!(error.code(), Some("ERR_PNPM_WORKSPACE_PACKAGE_NOT_FOUND"));
}

#[test]
fn an_update_to_a_version_leaves_the_catalog_for_that_version() {
    let mut bench = Bench::new(r#"{"dependencies":{"ms":"catalog:"}}"#, &[("ms", "2.1.0")]);
    bench.settings = "catalog:\n  ms: ^2.0.0\n";
    assert_eq!(bench.after(&Command::Update(update(&["ms@2.1.0"]))), r#"{"dependencies":{"ms":"2.1.0"}}"#);
}

#[test]
fn an_alias_without_a_range_takes_what_stands_there_or_how_the_package_itself_is_declared() {
    let bench = |manifest: &str| Bench::new(manifest, &[("foo", "2.1.0")]);
    let with = |foo: &str, ms: &str| {
        format!("{{\n  \"dependencies\": {{\n    \"foo\": \"{foo}\",\n    \"ms\": \"{ms}\"\n  }}\n}}\n")
    };
    for (declared, saved) in
        [("~2.1.0", "npm:ms@~2.1.0"), ("2.1.0", "npm:ms@^2.1.0"), ("latest", "npm:ms@^2.1.0")]
    {
        let manifest = format!("{{\n  \"dependencies\": {{\n    \"ms\": \"{declared}\"\n  }}\n}}\n");
        assert_eq!(bench(&manifest).after(&add(&["foo@npm:ms"])), with(saved, declared), "{declared}");
    }
    let stands = with("npm:ms@1.0.0", "^2");
    assert_eq!(bench(&stands).after(&add(&["foo@npm:ms"])), stands);
}
