//! What is selected and left out, on small graphs.

use super::{Graph, Host, Request, Selection, SupportedArchitectures, Wanted, select};
use crate::core::event::SkipReason;
use crate::core::lockfile::Lockfile;
use std::path::Path;

fn linux() -> Host {
    Host { os: "linux".into(), cpu: "x64".into(), libc: "glibc".into() }
}

/// `a` and `b` are needed; `win` is for another system; `old` is for another Node.js; `low` is under both.
const GRAPH: &str = "lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: '1', version: 1.0.0}
    devDependencies:
      b: {specifier: '1', version: 1.0.0(a@1.0.0)}
      l: {specifier: link:../l, version: link:../l}
    optionalDependencies:
      old: {specifier: '1', version: 1.0.0}
  other:
    dependencies:
      shared: {specifier: '1', version: 1.0.0}
packages:
  a@1.0.0: {resolution: {integrity: sha512-X}}
  b@1.0.0: {resolution: {integrity: sha512-X}}
  low@1.0.0: {resolution: {integrity: sha512-X}}
  old@1.0.0: {resolution: {integrity: sha512-X}, engines: {node: '>=99'}}
  opt@1.0.0: {resolution: {integrity: sha512-X}}
  shared@1.0.0: {resolution: {integrity: sha512-X}}
  win@1.0.0: {resolution: {integrity: sha512-X}, os: [win32]}
snapshots:
  a@1.0.0: {dependencies: {shared: 1.0.0}, optionalDependencies: {win: 1.0.0, alias: opt@1.0.0}}
  b@1.0.0(a@1.0.0): {dependencies: {a: 1.0.0}}
  low@1.0.0: {optional: true}
  old@1.0.0: {optional: true, dependencies: {low: 1.0.0, shared: 1.0.0}}
  opt@1.0.0: {optional: true}
  shared@1.0.0: {}
  win@1.0.0: {optional: true, dependencies: {low: 1.0.0}}
";

struct Case {
    text: String,
    wanted: Wanted,
    importers: Option<&'static [&'static str]>,
    supported: SupportedArchitectures,
    engine_strict: bool,
    node_version: &'static str,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            text: GRAPH.to_owned(),
            wanted: Wanted::default(),
            importers: None,
            supported: SupportedArchitectures::default(),
            engine_strict: false,
            node_version: "v22.11.0",
        }
    }
}

impl Case {
    fn try_select(&self) -> Result<(Lockfile, Selection), super::PlanError> {
        let lockfile = Lockfile::parse(&self.text, Path::new("pnpm-lock.yaml"))?;
        let graph = Graph::new(&lockfile)?;
        let host = linux();
        let request = Request {
            wanted: self.wanted,
            importers: self.importers,
            host: &host,
            supported: &self.supported,
            node_version: Some(self.node_version),
            engine_strict: self.engine_strict,
        };
        let selection = select(&lockfile, &graph, &request)?;
        Ok((lockfile, selection))
    }

    /// Names of what is selected, of what is skipped with why, and of what is warned about.
    fn select(&self) -> (String, String, String) {
        let (lockfile, selection) = self.try_select().unwrap();
        let name = |index: usize| {
            lockfile.snapshots.get_index(index).unwrap().0.split('@').next().unwrap().to_owned()
        };
        let selected: Vec<_> = selection.snapshots.iter().map(|snapshot| name(snapshot.index)).collect();
        let skipped: Vec<_> = selection
            .skipped
            .iter()
            .map(|skipped| {
                let reason = match skipped.reason {
                    SkipReason::UnsupportedPlatform => "platform",
                    SkipReason::UnsupportedEngine => "engine",
                    SkipReason::Unreachable => "unreachable",
                    SkipReason::FetchFailure => "fetch",
                    SkipReason::ResolutionFailure => "resolution",
                };
                format!("{}:{reason}", name(skipped.index))
            })
            .collect();
        let warned: Vec<_> = selection.warnings.iter().map(|warning| name(warning.index)).collect();
        (selected.join(" "), skipped.join(" "), warned.join(" "))
    }
}

fn texts(selected: &str, skipped: &str, warned: &str) -> (String, String, String) {
    (selected.to_owned(), skipped.to_owned(), warned.to_owned())
}

#[test]
fn what_does_not_fit_is_left_out_with_what_only_it_needs() {
    let expected = texts("a b opt shared", "low:unreachable old:engine win:platform", "");
    assert_eq!(Case::default().select(), expected);
}

#[test]
fn groups_that_are_not_wanted_are_not_selected() {
    let production = Wanted { development: false, ..Wanted::default() };
    assert_eq!(Case { wanted: production, ..Case::default() }.select().0, "a opt shared");
    let required = Wanted { optional: false, ..Wanted::default() };
    assert_eq!(Case { wanted: required, ..Case::default() }.select(), texts("a b shared", "", ""));
    let development = Wanted { production: false, ..Wanted::default() };
    assert_eq!(Case { wanted: development, ..Case::default() }.select().0, "a b opt shared");
    assert_eq!(Case { importers: Some(&["other"]), ..Case::default() }.select().0, "shared");
}

#[test]
fn an_optional_peer_from_a_group_that_is_not_wanted_stays_away_unless_something_else_needs_it() {
    let production = Wanted { development: false, ..Wanted::default() };
    // `b`, a development dependency, is what `shared` finds as its optional peer.
    let text = GRAPH.replace("shared@1.0.0: {}", "shared@1.0.0: {optionalDependencies: {b: 1.0.0(a@1.0.0)}}");
    let peer = text.replace(
        "shared@1.0.0: {resolution: {integrity: sha512-X}}",
        "shared@1.0.0: {resolution: {integrity: sha512-X}, peerDependencies: {b: '*'}, peerDependenciesMeta: {b: {optional: true}}}",
    );
    let select =
        |text: &str| Case { text: text.to_owned(), wanted: production, ..Case::default() }.select().0;
    assert_eq!(select(&text), "a b opt shared");
    assert_eq!(select(&peer), "a opt shared");
    let needed = peer.replace("a@1.0.0: {dependencies: {", "a@1.0.0: {dependencies: {b: 1.0.0(a@1.0.0), ");
    assert_eq!(select(&needed), "a b opt shared");
    assert_eq!(Case { text: peer, ..Case::default() }.select().0, "a b opt shared");
}

#[test]
fn direct_and_optional_are_marked() {
    let (lockfile, selection) = Case::default().try_select().unwrap();
    let marks: Vec<_> = selection
        .snapshots
        .iter()
        .map(|snapshot| {
            let name = lockfile.snapshots.get_index(snapshot.index).unwrap().0.as_str();
            (name, snapshot.direct, snapshot.optional)
        })
        .collect();
    assert_eq!(
        marks,
        [
            ("a@1.0.0", true, false),
            ("b@1.0.0(a@1.0.0)", true, false),
            ("opt@1.0.0", false, true),
            ("shared@1.0.0", true, false),
        ]
    );
}

#[test]
fn architectures_of_other_machines_can_be_asked_for() {
    let supported = SupportedArchitectures {
        os: Some(vec!["current".to_owned(), "win32".to_owned()]),
        ..SupportedArchitectures::default()
    };
    assert_eq!(Case { supported, ..Case::default() }.select().0, "a b low opt shared win");
}

#[test]
fn what_is_needed_is_installed_with_a_warning_or_refused_when_engines_are_strict() {
    let text = GRAPH.replace("{dependencies: {a: 1.0.0}}", "{dependencies: {a: 1.0.0, win: 1.0.0}}");
    assert_eq!(
        Case { text: text.clone(), ..Case::default() }.select(),
        texts("a b low opt shared win", "old:engine", "win")
    );
    let error = Case { text, engine_strict: true, ..Case::default() }.try_select().unwrap_err();
    assert_eq!(error.code(), Some("ERR_PNPM_UNSUPPORTED_PLATFORM"));
    assert_eq!(
        error.to_string(),
        r#"Unsupported platform for win@1.0.0: wanted {"os":["win32"]} (current: {"os":"linux","cpu":"x64","libc":"glibc"})"#
    );
    let text = GRAPH.replace("{dependencies: {a: 1.0.0}}", "{dependencies: {old: 1.0.0}}");
    let error = Case { text, engine_strict: true, ..Case::default() }.try_select().unwrap_err();
    assert_eq!(error.code(), Some("ERR_PNPM_UNSUPPORTED_ENGINE"));
    assert_eq!(
        error.to_string(),
        r#"Unsupported engine for old@1.0.0: wanted: {"node":">=99"} (current: {"node":"22.11.0"})"#
    );
}

#[test]
fn what_is_needed_only_by_something_left_out_stays_left_out() {
    let text = GRAPH.replace(
        "old@1.0.0: {optional: true, dependencies: {low: 1.0.0",
        "old@1.0.0: {optional: true, dependencies: {win: 1.0.0",
    );
    assert_eq!(Case { text, ..Case::default() }.select().1, "low:unreachable old:engine win:platform");
}

#[test]
fn a_cycle_is_walked_once() {
    let text = GRAPH.replace("shared@1.0.0: {}", "shared@1.0.0: {dependencies: {a: 1.0.0}}");
    assert_eq!(Case { text, ..Case::default() }.select().0, "a b opt shared");
}

#[test]
fn a_missing_snapshot_or_package_is_named_with_who_wants_it() {
    for (text, missing, wanted_by) in [
        (GRAPH.replace("  shared@1.0.0: {}\n", ""), "\"shared@1.0.0\"", "a@1.0.0 depends"),
        (
            GRAPH.replace("  low@1.0.0: {resolution: {integrity: sha512-X}}\n", ""),
            "\"low@1.0.0\"",
            "snapshots",
        ),
        (
            GRAPH.replace("{specifier: '1', version: 1.0.0(a@1.0.0)}", "{specifier: '1', version: 2.0.0}"),
            "\"b@2.0.0\"",
            "\".\"",
        ),
    ] {
        let error = Case { text, ..Case::default() }.try_select().unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_LOCKFILE_MISSING_DEPENDENCY"));
        let message = error.to_string();
        assert!(message.contains(missing) && message.contains(wanted_by), "{message}");
    }
}

#[test]
fn a_node_version_that_is_none_is_refused() {
    let error = Case { node_version: "lts", ..Case::default() }.try_select().unwrap_err();
    assert_eq!(error.code(), Some("ERR_PNPM_INVALID_NODE_VERSION"));
}
