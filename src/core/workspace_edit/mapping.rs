//! The text of a mapping with another entry, everything else as it stands.

use super::lines::{Entry, entries, indent_of, lines, unquoted};
use crate::core::lockfile::{yaml_flow_text, yaml_text};

/// A key that stands first wherever keys are in order.
const FIRST: &str = "packages";

/// The text with an entry in the mapping that `path` leads to.
pub(super) fn with_entry(text: &str, path: &[&str], key: &str, value: &str) -> Option<String> {
    let (last, above) = path.split_last()?;
    let Some(siblings) = entries(text, above) else {
        // Nothing of the path is there.
        let mut block = String::new();
        for (depth, key) in path.iter().enumerate() {
            block.extend(["  ".repeat(depth), yaml_text(key), ":\n".to_owned()]);
        }
        block.extend(["  ".repeat(path.len()), format!("{}: {}\n", yaml_text(key), yaml_text(value))]);
        return Some(with_block(text, path.first()?, &block));
    };
    let Some(mapping) = siblings.iter().find(|entry| entry.key == *last) else {
        let line = |indent: usize| {
            format!(
                "{:indent$}{}:\n{:indent$}  {}: {}\n",
                "",
                yaml_text(last),
                "",
                yaml_text(key),
                yaml_text(value)
            )
        };
        return match above {
            [] => Some(with_block(text, last, &line(0))),
            [.., parent] => {
                let parent = entries(text, &above[..above.len() - 1])?
                    .into_iter()
                    .find(|entry| entry.key == *parent)?;
                if !parent.value.is_empty() {
                    return None;
                }
                let indent = siblings.first().map_or(parent.indent + 2, |entry| entry.indent);
                let at = place_of(&siblings, last).map_or(parent.line.end, |before| before.end);
                Some(spliced(text, at..at, &line(indent)))
            }
        };
    };
    let current = &text[mapping.value.clone()];
    if current.starts_with('{') {
        return Some(spliced(text, mapping.value.clone(), &flow_with(current, key, value)?));
    }
    if !current.is_empty() {
        return None;
    }
    let inner = entries(text, path)?;
    if let Some(entry) = inner.iter().find(|entry| entry.key == key) {
        let is_text = !text[entry.value.clone()].starts_with(['{', '[', '&', '*', '!', '|', '>']);
        let start = text[..entry.value.start].trim_end_matches([' ', '\t']).len();
        let has_value = !entry.value.is_empty();
        return (is_text && has_value)
            .then(|| spliced(text, start..entry.value.end, &format!(" {}", yaml_text(value))));
    }
    let indent = inner.first().map_or(mapping.indent + 2, |entry| entry.indent);
    let line = format!("{:indent$}{}: {}\n", "", yaml_text(key), yaml_text(value));
    let at = place_of(&inner, key).map_or(mapping.line.end, |before| before.line.end);
    Some(spliced(text, at..at, &line))
}

/// A mapping on one line with an entry. Other entries stay as they are written.
fn flow_with(current: &str, key: &str, value: &str) -> Option<String> {
    let inner = current.strip_prefix('{')?.strip_suffix('}')?;
    // With other brackets or lines it is no plain list of entries; quotes may hold commas.
    if inner.contains(['{', '}', '[', ']', '\n', '"']) {
        return None;
    }
    let mut is_quoted = false;
    let is_end = |character: char| {
        is_quoted ^= character == '\'';
        character == ',' && !is_quoted
    };
    let mut entries: Vec<String> =
        inner.split(is_end).map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
    let name_of = |entry: &str| unquoted(entry.split_once(": ").map_or(entry, |(name, _)| name).trim());
    let entry = format!("{}: {}", yaml_flow_text(key), yaml_flow_text(value));
    match entries.iter_mut().find(|entry| name_of(entry) == key) {
        Some(old) => *old = entry,
        None => entries.push(entry),
    }
    Some(format!("{{ {} }}", entries.join(", ")))
}

/// Behind which entry a new key belongs: where keys are in order, so that they stay in order, else behind the last.
/// `None` for the first place.
fn place_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
    let rank = |key: &str| (key != FIRST, key.to_owned());
    let starts_with_first = entries.first().is_some_and(|entry| entry.key == FIRST);
    let plain = &entries[usize::from(starts_with_first)..];
    if !plain.is_sorted_by(|left, right| left.key <= right.key) {
        return entries.last();
    }
    let is_before = |entry: &&Entry| {
        if starts_with_first { rank(&entry.key) < rank(key) } else { entry.key.as_str() < key }
    };
    entries.iter().rfind(is_before)
}

/// The text with a new block at the top level, set off by blank lines where the others are.
pub(super) fn with_block(text: &str, key: &str, block: &str) -> String {
    let top = entries(text, &[]).unwrap_or_default();
    let is_airy = top.len() > 1 && top[1..].iter().all(|entry| has_blank_line_before(text, entry.line.start));
    let gap = if is_airy { "\n" } else { "" };
    match place_of(&top, key) {
        None => format!("{block}{gap}{text}"),
        Some(before) => {
            if let Some(next) = top.iter().find(|entry| entry.line.start >= before.end) {
                return spliced(text, next.line.start..next.line.start, &format!("{block}{gap}"));
            }
            let end = if text.ends_with('\n') { "" } else { "\n" };
            format!("{text}{end}{gap}{block}")
        }
    }
}

/// Whether a blank line stands before a line, or before the comments above it.
fn has_blank_line_before(text: &str, at: usize) -> bool {
    let above: Vec<_> = lines(text, 0..at).collect();
    let silent =
        above.iter().rev().map(|line| &text[line.clone()]).take_while(|line| indent_of(line).is_none());
    silent.into_iter().any(|line| line.trim().is_empty())
}

pub(super) fn spliced(text: &str, part: std::ops::Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..part.start], &text[part.end..])
}
