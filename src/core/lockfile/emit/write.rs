//! The style: block and flow, indentation and empty lines.
//!
//! Mappings and lists are blocks, but for the few that stand on one line ([`is_on_one_line`]). An empty line stands
//! before every key of the file and every entry of its three great sections.

use super::scalar::{self, Place};
use super::tree::{Map, Node};

/// Longest key, in UTF-16 units, that stands on one line with its value: YAML allows no longer ones there.
const MAX_SIMPLE_KEY: usize = 1024;

/// Writes a whole document.
pub(super) fn document(root: &Node<'_>) -> String {
    let mut writer = Writer { text: String::with_capacity(64 * 1024) };
    match root {
        Node::Map(entries) if !entries.is_empty() => writer.block_map(entries, 0, true, true),
        node => writer.flow(node, false),
    }
    writer.text.push('\n');
    writer.text
}

struct Writer {
    text: String,
}

impl Writer {
    /// Begins a line at a level of two spaces each.
    fn new_line(&mut self, level: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", level));
    }

    /// A mapping, one entry a line. `begins_here` means that the first entry stands where the writer is.
    fn block_map(&mut self, entries: &Map<'_>, level: usize, begins_here: bool, spaced: bool) {
        let mut key_text = String::new();
        for (position, (key, value)) in entries.iter().enumerate() {
            if position > 0 || !begins_here {
                if spaced {
                    self.text.push('\n');
                }
                self.new_line(level);
            }
            key_text.clear();
            scalar::write(&mut key_text, key, Place::BlockKey, level + 1);
            let is_long = key_text.len() > MAX_SIMPLE_KEY && key_text.encode_utf16().count() > MAX_SIMPLE_KEY;
            if is_long {
                self.text.push_str("? ");
            }
            self.text.push_str(&key_text);
            if is_long {
                self.new_line(level);
            }
            self.text.push(':');
            self.block_value(key, value, level + 1, is_long);
        }
    }

    /// What follows the colon of an entry, or the dash of an item.
    fn block_value(&mut self, key: &str, value: &Node<'_>, level: usize, begins_here: bool) {
        match value {
            Node::Map(entries) if !entries.is_empty() && !is_on_one_line(key, entries) => {
                if begins_here {
                    self.text.push(' ');
                }
                let spaced = matches!(key, "importers" | "packages" | "snapshots");
                self.block_map(entries, level, begins_here, spaced);
            }
            Node::List(items) if !items.is_empty() && !is_short(key) => {
                for (position, item) in items.iter().enumerate() {
                    if position > 0 || !begins_here {
                        self.new_line(level);
                    } else {
                        self.text.push(' ');
                    }
                    self.text.push('-');
                    self.block_value("", item, level + 1, true);
                }
            }
            Node::Text(text) => {
                self.text.push(' ');
                scalar::write(&mut self.text, text, Place::Block, level);
            }
            node => {
                self.text.push(' ');
                self.flow(node, matches!(node, Node::Map(_)));
            }
        }
    }

    /// A value on one line. `single` is said of texts inside a mapping: they must not go over lines.
    fn flow(&mut self, node: &Node<'_>, single: bool) {
        let place = if single { Place::FlowMap } else { Place::FlowList };
        match node {
            Node::Text(text) => scalar::write(&mut self.text, text, place, 1),
            Node::Bare(text) => self.text.push_str(text),
            Node::List(items) => {
                self.text.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        self.text.push_str(", ");
                    }
                    self.flow(item, false);
                }
                self.text.push(']');
            }
            Node::Map(entries) => {
                self.text.push('{');
                for (position, (key, value)) in entries.iter().enumerate() {
                    if position > 0 {
                        self.text.push_str(", ");
                    }
                    scalar::write(&mut self.text, key, Place::FlowMap, 1);
                    self.text.push_str(": ");
                    self.flow(value, true);
                }
                self.text.push('}');
            }
        }
    }
}

fn is_short(key: &str) -> bool {
    matches!(key, "cpu" | "engines" | "os" | "libc")
}

/// Whether a mapping stands on one line. Resolutions do, unless they hold others or are such a one.
fn is_on_one_line(key: &str, entries: &Map<'_>) -> bool {
    let is_great = || {
        entries
            .iter()
            .any(|(key, value)| *key == "type" && matches!(value, Node::Text("variations" | "binary")))
    };
    is_short(key) || key == "resolution" && !is_great()
}
