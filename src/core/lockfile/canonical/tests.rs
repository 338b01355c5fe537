//! The fast reader and the general one must never read one text in two ways.

use super::parse;
use crate::core::lockfile::parse::parse_yaml;
use crate::core::lockfile::{Lockfile, slot_directory_name, validate};
use proptest::prelude::*;
use std::path::Path;

/// Every construct that pnpm writes.
const SAMPLE: &str = include_str!("sample.yaml");

#[test]
fn what_pnpm_writes_is_familiar_and_reads_alike() {
    assert_eq!(parse(SAMPLE).unwrap(), parse_yaml(SAMPLE).unwrap());
}

#[test]
fn what_pnpm_does_not_write_is_left_to_the_general_reader() {
    for (what, text) in [
        ("a comment", "# made by hand\nlockfileVersion: '9.0'\n"),
        ("a comment behind a value", "lockfileVersion: '9.0' # made by hand\n"),
        ("a document marker", "---\nlockfileVersion: '9.0'\n"),
        ("an unknown key", "lockfileVersion: '9.0'\nother: 1\n"),
        ("a key that stands twice", "lockfileVersion: '9.0'\nlockfileVersion: '9.0'\n"),
        ("an anchor", "lockfileVersion: &a '9.0'\n"),
        ("a number where pnpm has a text", "lockfileVersion: 9.0\n"),
        ("flow over two lines", "overrides: {a: b,\n  c: d}\n"),
        ("other indentation", "overrides:\n    a: b\n"),
        ("a tab", "overrides:\n\ta: b\n"),
        ("an empty block", "overrides:\nlockfileVersion: '9.0'\n"),
        ("an explicit key", "overrides:\n  ? a\n  : b\n"),
        ("a text over two lines", "overrides:\n  a: b\n    c\n"),
    ] {
        assert_eq!(parse(text), None, "{what}");
    }
}

/// Texts that are dear to YAML.
fn dear() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "'", "\"", "#", " #", ": ", ":", "- ", "{", "}", "[", "]", ", ", ",", "|", ">", "&a ", "*a", "!",
        "%", "@", "`", "~", "null", "true", "9.0", "0x1", "1e3", "1_0", ".5", "<<", "\t", "\n", "\n\n", " ",
        "  ", "\\_", "\\x41", "\\u0041", "\u{85}", "\u{a0}", "\u{2028}", "é", "?", "=", "---\n", "...\n",
        "a", "0", "''", "\u{feff}", "yes", "1:2",
    ])
    .prop_map(str::to_owned)
}

/// The sample with some places changed.
fn damaged(edits: Vec<(prop::sample::Index, usize, String)>) -> String {
    let mut text: Vec<char> = SAMPLE.chars().collect();
    for (place, removed, inserted) in edits {
        let start = place.index(text.len());
        let end = (start + removed.saturating_sub(6)).min(text.len());
        text.splice(start..end, inserted.chars());
    }
    text.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn a_damaged_lockfile_is_read_alike_or_not_at_all(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, dear()), 1..4),
    ) {
        let text = damaged(edits);
        if let Some(fast) = parse(&text) {
            prop_assert_eq!(Ok(fast), parse_yaml(&text));
        }
    }

    #[test]
    fn no_damage_makes_a_panic_or_a_slot_outside_of_the_virtual_store(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, dear()), 1..8),
    ) {
        if let Ok(lockfile) = Lockfile::parse(&damaged(edits), Path::new("pnpm-lock.yaml"))
            && validate(&lockfile).is_ok()
        {
            for dep_path in lockfile.snapshots.keys() {
                let slot = slot_directory_name(dep_path, 120);
                prop_assert!(slot.len() > 2 && !slot.contains(['/', '\\', '\0']), "{}", slot);
            }
        }
    }

    #[test]
    fn a_lockfile_with_lines_out_of_place_is_read_alike_or_not_at_all(
        moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        let mut lines: Vec<&str> = SAMPLE.lines().collect();
        for (from, to) in moves {
            let line = lines.remove(from.index(lines.len()));
            lines.insert(to.index(lines.len()), line);
        }
        let text = lines.join("\n");
        if let Some(fast) = parse(&text) {
            prop_assert_eq!(Ok(fast), parse_yaml(&text));
        }
    }

    #[test]
    fn a_scalar_is_read_alike_or_not_at_all(parts in prop::collection::vec(dear(), 1..6)) {
        let text = format!("overrides:\n  a: {}\n", parts.concat());
        if let Some(fast) = parse(&text) {
            prop_assert_eq!(Ok(fast), parse_yaml(&text));
        }
    }
}
