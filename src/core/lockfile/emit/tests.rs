//! What was read is written back byte for byte, and what is written reads as what it was.

use std::path::Path;

use proptest::prelude::*;

use crate::core::lockfile::{CatalogEntry, Lockfile, Snapshot};

/// Every construct that pnpm writes, as pnpm writes it.
const SAMPLE: &str = include_str!("tests/sample.yaml");

fn parse(text: &str) -> Lockfile {
    Lockfile::parse(text, Path::new("pnpm-lock.yaml")).unwrap()
}

#[test]
fn what_pnpm_wrote_is_written_back_byte_for_byte() {
    assert_same(SAMPLE, &parse(SAMPLE).to_yaml());
}

#[test]
fn a_document_before_the_lockfile_is_kept_as_it_stands() {
    let text = format!("---\nlockfileVersion: '9.0'\n\n# a comment\nimporters:   {{}}\n\n---\n{SAMPLE}");
    let lockfile = parse(&text);
    assert_same(&text, &lockfile.to_yaml());
    assert_same(SAMPLE, &lockfile.main_document());
}

#[test]
fn keys_are_put_in_order() {
    let mut lockfile = parse(SAMPLE);
    lockfile.importers.reverse();
    lockfile.packages.reverse();
    lockfile.snapshots.reverse();
    lockfile.catalogs.reverse();
    for package in lockfile.packages.values_mut() {
        package.peer_dependencies.reverse();
    }
    for snapshot in lockfile.snapshots.values_mut() {
        snapshot.dependencies.reverse();
        snapshot.optional_dependencies.reverse();
    }
    assert_same(SAMPLE, &lockfile.to_yaml());
}

#[test]
fn a_dependency_that_is_called_like_a_field_stands_where_the_field_would() {
    let mut snapshot = Snapshot::default();
    for alias in ["a", "version", "id"] {
        snapshot.dependencies.insert(alias.into(), "1.0.0".into());
    }
    let mut lockfile = Lockfile { version: "9.0".into(), ..Lockfile::default() };
    lockfile.snapshots.insert("x@1.0.0".into(), snapshot);
    let expected = "lockfileVersion: '9.0'\n\nimporters: {}\n\nsnapshots:\n\n  x@1.0.0:\n    dependencies:\n      id: 1.0.0\n      version: 1.0.0\n      a: 1.0.0\n";
    assert_eq!(lockfile.to_yaml(), expected);
}

#[test]
fn a_key_beyond_the_limit_of_yaml_is_written_with_a_question_mark() {
    let key = format!("x@1.0.0({})", "p@1.0.0)(".repeat(120));
    let mut lockfile = Lockfile { version: "9.0".into(), ..Lockfile::default() };
    let mut snapshot = Snapshot::default();
    snapshot.dependencies.insert("a".into(), "1.0.0".into());
    snapshot.dependencies.insert("b".into(), "1.0.0".into());
    lockfile.snapshots.insert(key.clone(), snapshot);
    lockfile.snapshots.insert(format!("{key}z"), Snapshot::default());
    let expected = format!(
        "snapshots:\n\n  ? {key}\n  : dependencies:\n      a: 1.0.0\n      b: 1.0.0\n\n  ? {key}z\n  : {{}}\n"
    );
    let text = lockfile.to_yaml();
    assert!(text.ends_with(&expected), "{text}");
    assert_eq!(parse(&text), lockfile);
}

/// How pnpm writes a text as the value of an entry.
fn written(text: &str) -> String {
    let mut lockfile = Lockfile::default();
    lockfile.overrides.insert("a".into(), text.into());
    let yaml = lockfile.to_yaml();
    let start = yaml.find("\n  a:").unwrap() + "\n  a:".len();
    let end = yaml.rfind("\n\nimporters").unwrap();
    yaml[start..end].trim_start_matches(' ').to_owned()
}

#[test]
fn texts_that_yaml_would_misread_are_quoted_and_others_are_not() {
    for text in [
        "1.2.3",
        "^1.0.0 || ^2.0.0",
        "workspace:*",
        "npm:is-odd@3.0.1",
        "link:../b",
        "a:b",
        "a#b",
        "it's",
        "yes",
        "on",
        "1.x",
        "1e3x",
        "0x",
        "0b2",
        "1_",
        ".e1",
        "2020-1-08x",
        "a, b",
        "~1",
        "<<a",
        "é",
        "a\"b",
        "nul",
    ] {
        assert_eq!(written(text), text);
    }
    for text in [
        "",
        "9.0",
        "1",
        "-1",
        "0x1f",
        "0b1",
        "0o7",
        "1e3",
        "1.",
        ".5",
        "1_0",
        "+.inf",
        ".nan",
        "~",
        "null",
        "true",
        "False",
        "<<",
        "2020-12-08",
        "2020-12-08T13:54:35.223Z",
        "2020-1-8 1:02:03 +1:00",
        ">=4",
        "*",
        "catalog:",
        "@s/x@1",
        "a: b",
        "a #b",
        " a",
        "a ",
        "-",
        "- a",
        "?x",
        "[a",
        "{a",
        "%a",
        "`a",
        "=1",
        "|",
        "&a",
        "!a",
        "'a",
    ] {
        assert_eq!(written(text), format!("'{}'", text.replace('\'', "''")));
    }
    assert_eq!(written("~1 ||\u{a0}^2"), "\"~1 ||\\_^2\"");
    assert_eq!(written("a\tb\u{7f}\u{2028}\u{fffe}"), "\"a\\tb\\x7F\\L\\uFFFE\"");
    assert_eq!(written("a\n  b\n\nc"), "|-\n    a\n      b\n\n    c");
    assert_eq!(written("a\n"), "|\n    a");
    assert_eq!(written("a\n\n"), "|+\n    a\n");
    assert_eq!(written(" a\nb"), "|2-\n     a\n    b");
}

fn assert_same(expected: &str, found: &str) {
    for (number, (left, right)) in (1..).zip(expected.lines().zip(found.lines())) {
        assert_eq!(left, right, "line {number}");
    }
    assert_eq!(expected.len(), found.len());
}

/// Texts made of what is dear to YAML.
fn dear() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "'",
        "\"",
        "#",
        " #",
        ": ",
        ":",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ",",
        "|",
        ">",
        "&",
        "*",
        "!",
        "%",
        "@",
        "`",
        "~",
        "null",
        "true",
        "9.0",
        "0x1",
        "1e3",
        "_",
        ".5",
        "<<",
        "\t",
        "\n",
        "\n\n",
        " ",
        "\u{85}",
        "\u{a0}",
        "\u{2028}",
        "é",
        "?",
        "=",
        "---",
        "...",
        "a",
        "0",
        "\u{feff}",
        "2020-12-08",
        "\\",
        "\u{1b}",
        "😀",
    ]);
    prop::collection::vec(parts, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(800) })]

    #[test]
    fn every_text_is_read_back_from_every_place(text in dear(), key in dear(), engine in dear()) {
        // pnpm's empty lines between entries become part of a text that ends with empty lines.
        prop_assume!(!text.ends_with("\n\n") && text != "\n");
        // It leaves these plain on one line, which is not YAML.
        let is_readable = |text: &str| ![":{", ":}", ":[", ":]", ":,"].iter().any(|mark| text.contains(mark));
        prop_assume!(is_readable(&text) && is_readable(&engine));
        let mut lockfile = parse(SAMPLE);
        lockfile.overrides.insert(key.clone(), text.clone());
        let entry = CatalogEntry { specifier: text.clone(), version: text.clone(), other: Vec::new() };
        lockfile.catalogs.entry("legacy".into()).or_default().insert(key, entry);
        for package in lockfile.packages.values_mut() {
            package.engines.insert(engine.clone(), text.clone());
            package.deprecated = Some(text.clone());
        }
        for snapshot in lockfile.snapshots.values_mut() {
            snapshot.transitive_peer_dependencies.push(text.clone());
        }
        lockfile.ignored_optional_dependencies.push(text);
        let yaml = lockfile.to_yaml();
        let again = parse(&yaml);
        prop_assert_eq!(&again.to_yaml(), &yaml);
        prop_assert_eq!(again, lockfile);
    }
}

#[test]
fn the_digest_of_what_a_lockfile_says_is_pnpms() {
    // Made by pnpm 12.21, which wrote this digest beside it.
    let text = r"lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      debug:
        specifier: ^4.0.0
        version: 4.4.3
      is-number:
        specifier: 7.0.0
        version: 7.0.0
      semver:
        specifier: 7.7.4
        version: 7.7.4

packages:

  debug@4.4.3:
    resolution: {integrity: sha512-RGwwWnwQvkVfavKVt22FGLw+xYSdzARwm0ru6DhTVA3umU5hZc28V3kO4stgYryrTlLpuvgI9GiijltAjNbcqA==}
    engines: {node: '>=6.0'}
    peerDependencies:
      supports-color: '*'
    peerDependenciesMeta:
      supports-color:
        optional: true

  is-number@7.0.0:
    resolution: {integrity: sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==}
    engines: {node: '>=0.12.0'}

  ms@2.1.3:
    resolution: {integrity: sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==}

  semver@7.7.4:
    resolution: {integrity: sha512-vFKC2IEtQnVhpT78h1Yp8wzwrf8CM+MzKMHGJZfBtzhZNycRFnXsHk6E5TxIkkMsgNS7mdX3AGB7x2QM2di4lA==}
    engines: {node: '>=10'}
    hasBin: true

snapshots:

  debug@4.4.3:
    dependencies:
      ms: 2.1.3

  is-number@7.0.0: {}

  ms@2.1.3: {}

  semver@7.7.4: {}
";
    let digest = Lockfile::parse(text, Path::new("pnpm-lock.yaml")).unwrap().content_digest();
    assert_eq!(digest, "466f6c707a8d34cee941847dc9480975af78a4d55d7e21c496bec33af20bb599");
}
