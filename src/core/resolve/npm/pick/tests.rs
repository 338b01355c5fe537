use serde_json::{Value, json};

use super::*;
use crate::core::registry::sample_packument;

/// A document of `(version, deprecated, day of January 2020)`.
fn document(latest: &str, versions: &[(&str, bool, u32)]) -> Packument {
    let manifest = |version: &str, deprecated: bool| {
        let mut manifest = json!({"name": "a", "version": version, "dist": {"tarball": version}});
        if deprecated {
            manifest["deprecated"] = json!("old");
        }
        manifest
    };
    let versions_of = |(version, deprecated, _): &(&str, bool, u32)| {
        ((*version).to_owned(), manifest(version, *deprecated))
    };
    let time_of = |(version, _, day): &(&str, bool, u32)| {
        ((*version).to_owned(), json!(format!("2020-01-{day:02}T00:00:00.000Z")))
    };
    sample_packument(&json!({
        "name": "a",
        "dist-tags": {"latest": latest, "old": "1.0.0"},
        "versions": versions.iter().map(versions_of).collect::<serde_json::Map<String, Value>>(),
        "time": versions.iter().map(time_of).collect::<serde_json::Map<String, Value>>(),
    }))
}

fn wish(specifier: &str) -> Wish {
    Wish {
        specifier: Arc::new(RegistrySpecifier::select("a".into(), specifier).unwrap()),
        preferences: Vec::new(),
        has_preferences: false,
        lowest: false,
        or_latest: false,
        published_by: None,
        excluded: Excluded::No,
    }
}

fn preferring(specifier: &str, preferences: &[(&str, SelectorKind, u32)]) -> Wish {
    let preference = |(text, kind, weight): &(&str, SelectorKind, u32)| Preference {
        text: (*text).into(),
        selector: VersionSelector { kind: *kind, weight: *weight },
        range: RangeMatcher::parse(text).map(Arc::new),
    };
    let preferences: Vec<_> = preferences.iter().map(preference).collect();
    Wish { preferences, has_preferences: true, ..wish(specifier) }
}

fn version(choice: &Choice) -> &str {
    match choice {
        Choice::Version(document) => &document.manifest.version,
        Choice::Nothing => "nothing",
        Choice::TimesMissing => "no times",
    }
}

const PLAIN: &[(&str, bool, u32)] = &[
    ("1.0.0", false, 1),
    ("1.1.0", false, 2),
    ("1.2.0", false, 3),
    ("2.0.0", false, 4),
    ("10.0.0", false, 5),
];

#[test]
fn a_range_takes_the_highest_unless_the_latest_is_in_it() {
    let packument = document("1.1.0", PLAIN);
    for (specifier, expected) in [
        ("^1.0.0", "1.1.0"),
        (">=1.2.0", "10.0.0"),
        ("^1.2.0", "1.2.0"),
        ("*", "1.1.0"),
        ("1.0.0", "1.0.0"),
        ("old", "1.0.0"),
        ("3.0.0", "nothing"),
        ("^3.0.0", "nothing"),
        ("nonexistent", "nothing"),
    ] {
        assert_eq!(version(&wish(specifier).choose(&packument)), expected, "{specifier}");
    }
}

#[test]
fn the_lowest_is_taken_when_it_is_asked_for() {
    let packument = document("10.0.0", PLAIN);
    let lowest = |specifier| version(&Wish { lowest: true, ..wish(specifier) }.choose(&packument)).to_owned();
    assert_eq!(lowest("^1.1.0"), "1.1.0");
    assert_eq!(lowest("*"), "1.0.0");
    assert_eq!(lowest("latest"), "10.0.0");
}

#[test]
fn deprecated_versions_stand_back() {
    let versions: &[_] = &[("1.0.0", false, 1), ("1.2.0", false, 2), ("1.3.0", true, 3), ("2.0.0", true, 4)];
    for (latest, specifier, expected) in [
        ("2.0.0", "^1.0.0", "1.2.0"),
        ("1.3.0", "^1.0.0", "1.2.0"),
        ("1.3.0", "*", "1.2.0"),
        ("1.3.0", "latest", "1.3.0"),
        ("1.3.0", "1.3.0", "1.3.0"),
        ("1.0.0", "^2.0.0", "2.0.0"),
    ] {
        let packument = document(latest, versions);
        assert_eq!(version(&wish(specifier).choose(&packument)), expected, "{specifier} {latest}");
        assert_eq!(version(&preferring(specifier, &[]).choose(&packument)), expected, "{specifier} {latest}");
    }
}

#[test]
fn what_is_preferred_most_decides() {
    use SelectorKind::{Range, Tag, Version};
    let packument = document("10.0.0", PLAIN);
    let choose = |specifier, preferences: &[_]| {
        version(&preferring(specifier, preferences).choose(&packument)).to_owned()
    };
    assert_eq!(choose(">=1.0.0", &[("1.1.0", Version, weight::LOCKED)]), "1.1.0");
    assert_eq!(choose(">=1.0.0", &[("^1.0.0", Range, weight::DIRECT)]), "1.2.0");
    assert_eq!(choose(">=1.0.0", &[("old", Tag, weight::PLAIN)]), "1.0.0");
    assert_eq!(
        choose(">=1.0.0", &[("^1.0.0", Range, weight::DIRECT), ("1.0.0", Version, weight::PLAIN)]),
        "1.0.0",
        "weights add up"
    );
    assert_eq!(choose("^1.0.0", &[("2.0.0", Version, weight::LOCKED)]), "1.2.0", "it must fit all the same");
    assert_eq!(choose("^1.0.0", &[("9.9.9", Version, weight::LOCKED)]), "1.2.0", "it must exist");
}

#[test]
fn a_prerelease_that_is_tagged_as_latest_is_taken_for_all_versions_unless_something_is_preferred() {
    let packument = document("2.0.0-rc.1", &[("1.0.0", false, 1), ("2.0.0-rc.1", false, 2)]);
    assert_eq!(version(&wish("*").choose(&packument)), "2.0.0-rc.1");
    assert_eq!(version(&preferring("*", &[]).choose(&packument)), "1.0.0");
    assert_eq!(version(&wish(">=0").choose(&packument)), "1.0.0");
    let only = document("1.0.0-rc.1", &[("1.0.0-rc.1", false, 1)]);
    assert_eq!(version(&preferring("*", &[]).choose(&only)), "1.0.0-rc.1");
}

const THIRD_OF_JANUARY: i64 = 1_578_009_600_000;

fn aged(specifier: &str) -> Wish {
    Wish { published_by: Some(THIRD_OF_JANUARY), ..wish(specifier) }
}

#[test]
fn young_versions_are_passed_over_while_an_older_one_fits() {
    let packument = document("10.0.0", PLAIN);
    for (specifier, expected) in
        [("^1.0.0", "1.2.0"), ("*", "1.2.0"), ("latest", "1.2.0"), (">=2.0.0", "2.0.0"), ("10.0.0", "10.0.0")]
    {
        assert_eq!(version(&aged(specifier).choose(&packument)), expected, "{specifier}");
    }
    let excluded = |excluded| version(&Wish { excluded, ..aged("*") }.choose(&packument)).to_owned();
    assert_eq!(excluded(Excluded::All), "10.0.0");
    assert_eq!(excluded(Excluded::Versions(vec!["10.0.0".into()])), "10.0.0");
    assert_eq!(excluded(Excluded::Versions(vec!["2.0.0".into()])), "2.0.0");
}

#[test]
fn ages_that_are_not_told_are_noticed() {
    let times_missing = json!({"name": "a", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0":
            {"name": "a", "version": "1.0.0", "dist": {"tarball": "x"}}}});
    assert_eq!(aged("*").choose(&sample_packument(&times_missing)), Choice::TimesMissing);
    assert_eq!(version(&aged("*").choose_at_any_age(&sample_packument(&times_missing))), "1.0.0");
    let mut settled = times_missing;
    settled["modified"] = json!("2020-01-01T00:00:00.000Z");
    assert_eq!(version(&aged("*").choose(&sample_packument(&settled))), "1.0.0");
}

#[test]
fn a_version_that_cannot_be_read_counts_as_absent() {
    let packument = sample_packument(&json!({
        "name": "a",
        "dist-tags": {"latest": "1.1.0"},
        "versions": {
            "1.0.0": {"name": "a", "version": "1.0.0", "dist": {"tarball": "x"}},
            "1.1.0": {"name": "a", "version": "1.1.0", "dependencies": [], "dist": {"tarball": "x"}},
        },
    }));
    assert_eq!(version(&wish("^1.0.0").choose(&packument)), "1.0.0");
    assert_eq!(version(&wish("1.1.0").choose(&packument)), "nothing");
}

#[test]
fn the_latest_is_taken_if_it_is_higher_and_asked_for() {
    let packument = document("2.0.0", PLAIN);
    let choose =
        |specifier| version(&Wish { or_latest: true, ..wish(specifier) }.choose(&packument)).to_owned();
    assert_eq!(choose("^1.0.0"), "2.0.0");
    assert_eq!(choose("^10.0.0"), "10.0.0");
    assert_eq!(choose("^20.0.0"), "2.0.0");
}
