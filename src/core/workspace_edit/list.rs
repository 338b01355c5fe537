//! The text of a list at the top level with other items. Items that stay keep their lines and the comments above them.

use std::ops::Range;

use super::lines::{Entry, entries, indent_of, item, lines};
use super::mapping::{spliced, with_block};
use crate::core::lockfile::{yaml_flow_text, yaml_text};

/// How far items are moved in where no list in the file says.
const USUAL_INDENT: usize = 2;

/// An item of a list.
struct Item {
    value: String,
    /// Bytes of its line and of the silent lines above it.
    part: Range<usize>,
}

/// The text with this list under a key. `None` if what stands there is no plain list.
pub(super) fn with_list(text: &str, key: &str, values: &[String]) -> Option<String> {
    let top = entries(text, &[])?;
    let Some(entry) = top.iter().find(|entry| entry.key == key) else {
        let block = block(&[], usual_indent(text, &top), values, text);
        return Some(with_block(text, key, &format!("{}:\n{block}", yaml_text(key))));
    };
    let current = &text[entry.value.clone()];
    if current.starts_with('[') {
        let on_one_line = current.ends_with(']') && !current.contains('\n');
        let values: Vec<String> = values.iter().map(|value| yaml_flow_text(value)).collect();
        let list = format!("[ {} ]", values.join(", "));
        return on_one_line.then(|| spliced(text, entry.value.clone(), &list));
    }
    if !current.is_empty() {
        return None;
    }
    let (items, indent) = items(text, entry)?;
    let end = items.last().map_or(entry.line.end, |item| item.part.end);
    let indent = indent.unwrap_or_else(|| usual_indent(text, &top));
    let block = block(&items, indent, values, text);
    let gap = if text[..entry.line.end].ends_with('\n') { "" } else { "\n" };
    Some(spliced(text, entry.line.end..end, &format!("{gap}{block}")))
}

/// The items of a list in block style, and how far they are moved in.
fn items(text: &str, entry: &Entry) -> Option<(Vec<Item>, Option<usize>)> {
    let mut items: Vec<Item> = Vec::new();
    let mut indent = None;
    let mut start = entry.line.end;
    for line in lines(text, entry.line.end..entry.end) {
        let Some(depth) = indent_of(&text[line.clone()]) else { continue };
        if depth != *indent.get_or_insert(depth) {
            return None;
        }
        let value = item(&text[line.clone()])?;
        items.push(Item { value, part: start..line.end });
        start = line.end;
    }
    Some((items, indent))
}

fn block(items: &[Item], indent: usize, values: &[String], text: &str) -> String {
    let line = |value: &String| match items.iter().find(|item| item.value == *value) {
        Some(item) if text[item.part.clone()].ends_with('\n') => text[item.part.clone()].to_owned(),
        Some(item) => format!("{}\n", &text[item.part.clone()]),
        None => format!("{:indent$}- {}\n", "", yaml_text(value)),
    };
    values.iter().map(line).collect()
}

/// How far items are moved in elsewhere in the file.
fn usual_indent(text: &str, top: &[Entry]) -> usize {
    let first_line = |entry: &Entry| {
        let mut inner = lines(text, entry.line.end..entry.end);
        let line = inner.find(|line| indent_of(&text[line.clone()]).is_some())?;
        item(&text[line.clone()])?;
        indent_of(&text[line])
    };
    top.iter().filter(|entry| entry.value.is_empty()).find_map(first_line).unwrap_or(USUAL_INDENT)
}
