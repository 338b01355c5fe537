//! Hunks: what they make of a text.
//!
//! They fit as they do for pnpm: spaces at the end of a line do not count, `\r` among them, and a hunk may stand up to
//! twenty lines from where it says. All of them are looked for in the text as it was before.

use diffy::{Hunk, Line};

/// How far from its place a hunk is looked for, in lines.
const MAX_OFFSET: usize = 20;

/// A change to the lines of a text, by their positions before any change.
#[derive(Debug, Default)]
struct Edit<'a> {
    at: usize,
    remove: usize,
    insert: Vec<&'a str>,
    /// What the change does to the line end at the end of the text.
    last_line_end: LastLineEnd,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum LastLineEnd {
    #[default]
    Stays,
    Appears,
    Goes,
}

/// Applies hunks to a text. The error is the number of the first hunk that does not fit, from one.
pub(super) fn apply(text: &str, hunks: &[Hunk<'_, str>]) -> Result<String, usize> {
    // A text that ends with a line end has an empty last line.
    let mut lines: Vec<&str> = text.split('\n').collect();
    let mut edits = Vec::new();
    for (number, hunk) in (1_usize..).zip(hunks) {
        edits.extend(places(hunk).find_map(|place| edits_at(&lines, hunk, place)).ok_or(number)?);
    }
    let (mut inserted, mut removed) = (0, 0);
    for edit in edits {
        // Hunks that overlap may point beyond what the others left.
        let start = (edit.at + inserted).saturating_sub(removed).min(lines.len());
        let end = (start + edit.remove).min(lines.len());
        inserted += edit.insert.len();
        removed += edit.remove;
        lines.splice(start..end, edit.insert);
        match edit.last_line_end {
            LastLineEnd::Stays => {}
            LastLineEnd::Appears => lines.push(""),
            LastLineEnd::Goes => {
                lines.pop();
            }
        }
    }
    Ok(lines.join("\n"))
}

/// Positions at which a hunk is looked for: its own, then ever farther from it, upwards first.
fn places(hunk: &Hunk<'_, str>) -> impl Iterator<Item = usize> {
    // Lines are counted from one; a hunk for an empty text says zero.
    let line = hunk.old_range().start();
    let around =
        (1..=MAX_OFFSET).flat_map(move |offset| [line.checked_sub(offset), line.checked_add(offset)]);
    std::iter::once(Some(line)).chain(around).flatten().filter_map(|line| line.checked_sub(1))
}

/// What a hunk changes at a place; `None` if it does not fit there.
fn edits_at<'a>(lines: &[&str], hunk: &Hunk<'a, str>, place: usize) -> Option<Vec<Edit<'a>>> {
    let mut rest = lines.get(place..)?.iter();
    let mut at = place;
    let mut edits: Vec<Edit<'a>> = Vec::new();
    // Lines that are removed or added one after the other are one change.
    let mut last = Kind::Kept;
    for line in hunk.lines() {
        let (kind, text) = match *line {
            Line::Context(text) => (Kind::Kept, text),
            Line::Delete(text) => (Kind::Removed, text),
            Line::Insert(text) => (Kind::Added, text),
        };
        let (text, ends_text) = text.strip_suffix('\n').map_or((text, true), |text| (text, false));
        if kind != Kind::Added && rest.next()?.trim_end() != text.trim_end() {
            return None;
        }
        if kind != Kind::Kept && (kind != last || edits.is_empty()) {
            edits.push(Edit { at, ..Edit::default() });
        }
        if let Some(edit) = edits.last_mut() {
            match kind {
                Kind::Kept => {}
                Kind::Removed => {
                    edit.remove += 1;
                    if ends_text {
                        edit.last_line_end = LastLineEnd::Appears;
                    }
                }
                Kind::Added => {
                    edit.insert.push(text);
                    if ends_text {
                        edit.last_line_end = LastLineEnd::Goes;
                    }
                }
            }
        }
        at += usize::from(kind != Kind::Added);
        last = kind;
    }
    Some(edits)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kept,
    Removed,
    Added,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(text: &str, hunks: &str) -> Result<String, usize> {
        let patch = format!("--- a/x\n+++ b/x\n{hunks}");
        apply(text, diffy::Patch::from_str(&patch).unwrap().hunks())
    }

    const B_TO_NEW: &str = "@@ -1,3 +1,4 @@\n a\n-b\n+new\n+lines\n c\n";

    #[test]
    fn lines_are_removed_and_added() {
        assert_eq!(patched("a\nb\nc\n", B_TO_NEW).unwrap(), "a\nnew\nlines\nc\n");
        let two = "@@ -1,2 +1,1 @@\n-a\n b\n@@ -5,2 +4,3 @@\n e\n+e2\n f\n";
        assert_eq!(patched("a\nb\nc\nd\ne\nf\n", two).unwrap(), "b\nc\nd\ne\ne2\nf\n");
    }

    #[test]
    fn spaces_at_line_ends_do_not_count_and_stay_where_nothing_changes() {
        assert_eq!(patched("a\r\nb\r\nc\r\n", B_TO_NEW).unwrap(), "a\r\nnew\nlines\nc\r\n");
        assert_eq!(patched("a\nb  \nc", B_TO_NEW).unwrap(), "a\nnew\nlines\nc");
    }

    #[test]
    fn a_hunk_may_stand_twenty_lines_away_and_no_farther() {
        let text = |before: usize| format!("{}a\nb\nc\n", "x\n".repeat(before));
        assert!(patched(&text(20), B_TO_NEW).unwrap().ends_with("x\na\nnew\nlines\nc\n"));
        assert_eq!(patched(&text(21), B_TO_NEW), Err(1));
        let too_low = B_TO_NEW.replace("-1,3 +1,4", "-21,3 +21,4");
        assert_eq!(patched("a\nb\nc\n", &too_low).unwrap(), "a\nnew\nlines\nc\n");
    }

    #[test]
    fn the_last_line_end_comes_and_goes() {
        let goes = "@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n";
        assert_eq!(patched("a\n", goes).unwrap(), "b");
        let comes = "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n";
        assert_eq!(patched("a", comes).unwrap(), "b\n");
        let neither = "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n";
        assert_eq!(patched("a", neither).unwrap(), "b");
    }

    #[test]
    fn a_text_is_made_from_nothing_and_comes_to_nothing() {
        assert_eq!(patched("", "@@ -0,0 +1,2 @@\n+a\n+b\n").unwrap(), "a\nb\n");
        assert_eq!(patched("a\nb\n", "@@ -1,2 +0,0 @@\n-a\n-b\n").unwrap(), "");
    }

    #[test]
    fn hunks_for_the_same_lines_end_without_a_panic() {
        // Where they say they stand, they do not overlap.
        let overlapping = "@@ -1,3 +0,0 @@\n-a\n-b\n-c\n@@ -10,3 +6,0 @@\n-a\n-b\n-c\n";
        assert!(patched("a\nb\nc\n", overlapping).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn a_difference_applied_gives_the_other_text(left in "([ab]{0,2}\n){0,12}[ab]?", right in "([ab]{0,2}\n){0,12}[ab]?") {
            let patch = diffy::create_patch(&left, &right);
            proptest::prop_assert_eq!(apply(&left, patch.hunks()).unwrap(), right);
        }
    }
}
