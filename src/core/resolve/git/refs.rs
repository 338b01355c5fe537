//! Which commit the branches and tags of a repository make of what was asked for.

use std::collections::{BTreeMap, BTreeSet};

use node_semver::Version;

use crate::core::version_range::parse_range;

/// Name of a branch or tag (`refs/heads/main`, `refs/tags/v1^{}`, `HEAD`) → commit.
pub(super) type Refs = BTreeMap<String, String>;

/// Reads the answer of `git ls-remote`.
pub(super) fn parse(answer: &str) -> Refs {
    let lines = answer.lines().filter_map(|line| line.split_once('\t'));
    lines.map(|(commit, name)| (name.to_owned(), commit.to_owned())).collect()
}

/// Whether a text may be the beginning of a commit, as people copy it.
pub(super) fn is_beginning_of_commit(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The commit of a branch, tag or beginning of a commit. A name as it was given comes first, then tags, then branches.
pub(super) fn find<'a>(refs: &'a Refs, reference: &str) -> Option<&'a str> {
    let names = [
        reference.to_owned(),
        format!("refs/{reference}"),
        // What an annotated tag leads to.
        format!("refs/tags/{reference}^{{}}"),
        format!("refs/tags/{reference}"),
        format!("refs/heads/{reference}"),
    ];
    if let Some(commit) = names.iter().find_map(|name| refs.get(name)) {
        return Some(commit);
    }
    if !is_beginning_of_commit(reference) {
        return None;
    }
    let commits: BTreeSet<&str> =
        refs.values().map(String::as_str).filter(|commit| commit.starts_with(reference)).collect();
    if commits.len() == 1 { commits.into_iter().next() } else { None }
}

/// The tags that are versions, as they are written, in the order of their text.
pub(super) fn version_tags(refs: &Refs) -> BTreeSet<&str> {
    refs.keys()
        .filter_map(|name| name.strip_prefix("refs/tags/"))
        .map(|tag| tag.strip_suffix("^{}").unwrap_or(tag))
        .filter(|tag| version(tag).is_some())
        .collect()
}

/// The commit of the highest version that is in a range.
pub(super) fn highest<'a>(refs: &'a Refs, range: &str) -> Option<&'a str> {
    let range = parse_range(range).ok()?;
    let mut best: Option<(Version, &str)> = None;
    for tag in version_tags(refs) {
        let Some(version) = version(tag).filter(|version| range.satisfies(version)) else {
            continue;
        };
        if best.as_ref().is_none_or(|(highest, _)| *highest < version) {
            best = Some((version, tag));
        }
    }
    let (_, tag) = best?;
    let commit = refs.get(&format!("refs/tags/{tag}^{{}}")).or_else(|| refs.get(&format!("refs/tags/{tag}")));
    commit.map(String::as_str)
}

fn version(tag: &str) -> Option<Version> {
    let bare = tag.strip_prefix('v').unwrap_or(tag);
    if !bare.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    Version::parse(bare).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaa00000000000000000000000000000000";
    const B: &str = "bbbbbbbb00000000000000000000000000000000";
    const C: &str = "cccccccc00000000000000000000000000000000";

    fn refs(entries: &[(&str, &str)]) -> Refs {
        let lines: Vec<String> = entries.iter().map(|(name, commit)| format!("{commit}\t{name}\n")).collect();
        parse(&lines.concat())
    }

    #[test]
    fn a_name_is_looked_for_as_given_then_among_tags_then_among_branches() {
        let all = [("x", A), ("refs/x", B), ("refs/tags/x^{}", C), ("refs/tags/x", A), ("refs/heads/x", B)];
        for start in 0..all.len() {
            assert_eq!(find(&refs(&all[start..]), "x"), Some(all[start].1));
        }
        assert_eq!(find(&refs(&all), "y"), None);
        assert_eq!(find(&refs(&[("HEAD", A)]), "HEAD"), Some(A));
        assert_eq!(find(&refs(&[("refs/heads/a/b", A)]), "heads/a/b"), Some(A));
    }

    #[test]
    fn the_beginning_of_a_commit_must_be_that_of_one() {
        let refs = refs(&[
            ("refs/heads/a", A),
            ("refs/tags/a", A),
            ("refs/heads/b", B),
            ("refs/heads/c", "bbbbbbbb11111111111111111111111111111111"),
        ]);
        assert_eq!(find(&refs, "aaaaaaa"), Some(A));
        assert_eq!(find(&refs, "aaaaaa"), None);
        assert_eq!(find(&refs, "bbbbbbbb"), None);
        assert_eq!(find(&refs, "bbbbbbbb0"), Some(B));
    }

    #[test]
    fn the_highest_tag_of_a_range_is_taken_with_or_without_a_v() {
        let refs = refs(&[
            ("refs/tags/v1.0.0", A),
            ("refs/tags/v1.1.0", A),
            ("refs/tags/v1.1.0^{}", B),
            ("refs/tags/2.0.0", C),
            ("refs/tags/v3.0.0-rc.1", A),
            ("refs/tags/release", A),
            ("refs/tags/1", A),
            ("refs/heads/v9.0.0", A),
        ]);
        assert_eq!(highest(&refs, "^1.0.0"), Some(B));
        assert_eq!(highest(&refs, "1.0.0"), Some(A));
        assert_eq!(highest(&refs, "*"), Some(C));
        assert_eq!(highest(&refs, "^1.0.0 || ^2"), Some(C));
        assert_eq!(highest(&refs, "^9"), None);
        let tags: Vec<&str> = version_tags(&refs).into_iter().collect();
        assert_eq!(tags, ["2.0.0", "v1.0.0", "v1.1.0", "v3.0.0-rc.1"]);
    }

    #[test]
    fn nonsense_is_no_range_and_no_panic() {
        let refs = refs(&[("refs/tags/v1.0.0", A)]);
        for range in ["nonsense~x", "a b c", "~xyz"] {
            assert_eq!(highest(&refs, range), None, "{range}");
        }
    }
}
