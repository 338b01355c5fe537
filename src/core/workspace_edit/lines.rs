//! The lines of a file in YAML's block style: which keys stand where.

use std::ops::Range;

/// An entry of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// Spaces before the key.
    pub(super) indent: usize,
    /// Bytes of its first line, the end of the line included.
    pub(super) line: Range<usize>,
    /// Where what belongs to it ends, with blank lines and comments behind it.
    pub(super) end: usize,
    /// Bytes of what stands behind the colon, without spaces around it and without a comment.
    pub(super) value: Range<usize>,
}

/// The entries of the mapping that `path` leads to from the top; `None` if a key of the path is not there.
pub(super) fn entries(text: &str, path: &[&str]) -> Option<Vec<Entry>> {
    let mut entries = within(text, 0..text.len());
    for key in path {
        let entry = entries.into_iter().find(|entry| entry.key == *key)?;
        entries = within(text, entry.line.end..entry.end);
    }
    Some(entries)
}

/// The entries of the outermost mapping of a part of a text, which begins at the beginning of a line.
fn within(text: &str, part: Range<usize>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut indent = None;
    for line in lines(text, part.clone()) {
        let Some(depth) = indent_of(&text[line.clone()]) else { continue };
        // A list may stand as far left as its key.
        let is_item = item(&text[line.clone()]).is_some() && !entries.is_empty();
        if depth > *indent.get_or_insert(depth) || is_item {
            continue;
        }
        if let Some(last) = entries.last_mut() {
            last.end = line.start;
        }
        if let Some(entry) = entry(text, line, depth, part.end) {
            entries.push(entry);
        }
    }
    entries
}

fn entry(text: &str, line: Range<usize>, indent: usize, end: usize) -> Option<Entry> {
    let content = text[line.clone()].trim_end();
    let bytes = content.as_bytes();
    let ends_key = |at: &usize| bytes[*at] == b':' && bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
    let colon = (indent..bytes.len()).find(ends_key)?;
    let key = unquoted(content[indent..colon].trim_end());
    let rest = &content[colon + 1..];
    let start = colon + 1 + (rest.len() - rest.trim_start().len());
    let value = content[start..].trim_end();
    let value = value[..comment(value)].trim_end();
    let value = line.start + start..line.start + start + value.len();
    Some(Entry { key, indent, line, end, value })
}

/// The lines of a part, with their ends.
pub(super) fn lines(text: &str, part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut start = part.start;
    text[part].split_inclusive('\n').map(move |line| {
        let from = start;
        start += line.len();
        from..start
    })
}

/// Spaces before what a line says; `None` for a line that says nothing.
pub(super) fn indent_of(line: &str) -> Option<usize> {
    let content = line.trim_start_matches(' ');
    let says = !content.trim().is_empty() && !content.starts_with('#');
    says.then_some(line.len() - content.len())
}

/// What an item of a list says, if the line is one.
pub(super) fn item(line: &str) -> Option<String> {
    let content = line.trim().strip_prefix('-')?;
    let value = content.trim_start();
    (content.is_empty() || value.len() < content.len()).then(|| unquoted(value[..comment(value)].trim_end()))
}

/// Where the comment behind a value begins, or the value's end.
fn comment(value: &str) -> usize {
    let from = match value.bytes().next() {
        Some(b'#') => return 0,
        Some(quote @ (b'"' | b'\'')) => closing_quote(value, quote).unwrap_or(value.len()),
        _ => 0,
    };
    let bytes = value.as_bytes();
    let begins = |at: &usize| bytes[*at] == b'#' && bytes[at - 1].is_ascii_whitespace();
    (from.max(1)..bytes.len()).find(begins).unwrap_or(value.len())
}

fn closing_quote(value: &str, quote: u8) -> Option<usize> {
    let bytes = value.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 1,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// A key without its quotes.
pub(super) fn unquoted(key: &str) -> String {
    let inner = ['"', '\''].into_iter().find_map(|quote| key.strip_prefix(quote)?.strip_suffix(quote));
    inner.unwrap_or(key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_below_their_keys_and_comments_belong_to_nobody() {
        let text = "a: 1 # one\nb:\n  # two\n  'x': \"y # z\"  # three\n  deep:\n    q: 1\n\nc: {}\n";
        let keys = |path: &[&str]| -> Vec<(String, String)> {
            let entries = entries(text, path).unwrap();
            entries.into_iter().map(|entry| (entry.key, text[entry.value].to_owned())).collect()
        };
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(keys(&[]), owned(&[("a", "1"), ("b", ""), ("c", "{}")]));
        assert_eq!(keys(&["b"]), owned(&[("x", "\"y # z\""), ("deep", "")]));
        assert_eq!(keys(&["b", "deep"]), owned(&[("q", "1")]));
        assert_eq!(entries(text, &["d"]), None);
    }

    #[test]
    fn a_list_belongs_to_its_key_though_it_stands_as_far_left() {
        let text = "a:\n- x\n# c\n- 'y: z' # d\nb: 1\n";
        let entries = entries(text, &[]).unwrap();
        let keys: Vec<_> = entries.iter().map(|entry| (entry.key.as_str(), entry.end)).collect();
        assert_eq!(keys, [("a", text.len() - 5), ("b", text.len())]);
        assert_eq!(item("  - 'y: z' # d\n").as_deref(), Some("y: z"));
        assert_eq!(item("-x\n"), None);
    }
}
