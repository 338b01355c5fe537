//! Lines and scalars of YAML as pnpm writes it; the ground that the fast reader stands on.
//!
//! Every function either reads a text exactly as YAML would, or says that it is [`Unfamiliar`].

use serde_json::Value;
use std::borrow::Cow;

/// The text is not in the style that this reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unfamiliar;

/// What was read, or that the general reader must be asked.
pub(super) type Step<T> = Result<T, Unfamiliar>;

/// A line `key: value`.
pub(super) struct Entry<'a> {
    /// The key, without quotes.
    pub key: Cow<'a, str>,
    /// What follows `: `, as it stands; empty where the line ends with the colon.
    pub value: &'a str,
}

impl Entry<'_> {
    /// The entry has its value on the lines below.
    pub fn opens_block(&self) -> Step<()> {
        if self.value.is_empty() { Ok(()) } else { Err(Unfamiliar) }
    }
}

/// A place in the text, always at the beginning of a line.
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub fn is_at_end(&self) -> bool {
        self.rest.bytes().all(|byte| byte == b'\n')
    }

    /// The next line that is not empty, and what follows it.
    fn line(&self) -> Option<(&'a str, &'a str)> {
        let rest = self.rest.trim_start_matches('\n');
        if rest.is_empty() {
            return None;
        }
        Some(rest.split_once('\n').unwrap_or((rest, "")))
    }

    /// The next line without its indent, if it stands at `indent`; `None` if it stands further left.
    fn line_at(&mut self, indent: usize) -> Step<Option<&'a str>> {
        let Some((line, after)) = self.line() else {
            return Ok(None);
        };
        let content = line.trim_start_matches(' ');
        let found = line.len() - content.len();
        if found < indent {
            return Ok(None);
        }
        if found > indent || content.is_empty() || content.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err(Unfamiliar);
        }
        self.rest = after;
        Ok(Some(content))
    }

    /// The next line as an entry, if its key stands at `indent`.
    pub fn entry(&mut self, indent: usize) -> Step<Option<Entry<'a>>> {
        let Some(line) = self.line_at(indent)? else {
            return Ok(None);
        };
        let (key, after) = if line.starts_with('\'') {
            let (key, after) = single_quoted(line)?;
            (key, after.strip_prefix(':').ok_or(Unfamiliar)?)
        } else {
            let end = colon(line).ok_or(Unfamiliar)?;
            (Cow::Borrowed(check_key(&line[..end])?), &line[end + 1..])
        };
        let value = match after.strip_prefix(' ') {
            Some(value) if !value.is_empty() && !value.starts_with(' ') => value,
            None if after.is_empty() => after,
            _ => return Err(Unfamiliar),
        };
        Ok(Some(Entry { key, value }))
    }

    /// The next line as the item of a list, if its `-` stands at `indent`.
    pub fn item(&mut self, indent: usize) -> Step<Option<&'a str>> {
        match self.line_at(indent)? {
            Some(line) => line.strip_prefix("- ").map(Some).ok_or(Unfamiliar),
            None => Ok(None),
        }
    }

    /// The lines of a literal block at `indent`; one line end is kept at its end if `ends_line`.
    pub fn literal_block(&mut self, indent: usize, ends_line: bool) -> Step<String> {
        let mut text = String::new();
        let mut pending = 0;
        while !self.rest.is_empty() {
            let (line, after) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            if line.is_empty() {
                pending += 1;
            } else if line.len() > indent && line.as_bytes()[..indent].iter().all(|byte| *byte == b' ') {
                let content = &line[indent..];
                let is_first = text.is_empty() && pending == 0;
                if (text.is_empty() && (pending > 0 || content.starts_with(' ')))
                    || content.contains(is_unusual)
                {
                    return Err(Unfamiliar);
                }
                let breaks = if is_first { 0 } else { pending + 1 };
                text.extend(std::iter::repeat_n('\n', breaks));
                text.push_str(content);
                pending = 0;
            } else if line.trim_start_matches(' ').is_empty() {
                return Err(Unfamiliar);
            } else {
                break;
            }
            self.rest = after;
        }
        if text.is_empty() {
            return Err(Unfamiliar);
        }
        if ends_line {
            text.push('\n');
        }
        Ok(text)
    }
}

/// Characters that YAML forbids or reads as the end of a line.
fn is_unusual(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Where the key of a line ends: the first colon that a space or the end of the line follows.
fn colon(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|byte| *byte == b':') {
        let position = from + found;
        if matches!(bytes.get(position + 1), None | Some(b' ')) {
            return Some(position);
        }
        from = position + 1;
    }
    None
}

/// Checks that a text is a plain key. Keys are always texts, but for those that mean nothing or a merge.
fn check_key(text: &str) -> Step<&str> {
    match text {
        "~" | "null" | "Null" | "NULL" | "<<" => Err(Unfamiliar),
        text if is_plain(text) => Ok(text),
        _ => Err(Unfamiliar),
    }
}

/// Checks that a text is a plain scalar and none of the words and numbers that have a type.
fn check_plain(text: &str) -> Step<()> {
    if is_plain(text) && !has_type(text) { Ok(()) } else { Err(Unfamiliar) }
}

fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    !b"-?:,[]{}#&*!|=>'\"%@` ".contains(first)
        && !matches!(last, b' ' | b':')
        && !bytes.windows(2).any(|pair| matches!(pair, b": " | b" #"))
        && (text.is_ascii() || !text.contains(is_unusual))
}

/// Whether YAML could take a plain scalar for something else than a text.
fn has_type(text: &str) -> bool {
    let first = text.as_bytes()[0];
    if first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.') {
        let number = text.replace('_', "");
        return number.parse::<f64>().is_ok()
            || number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-'))
                && number.contains(':')
            || ["0x", "0o", "0b", "+0", "-0", ".inf", ".nan", "+.", "-."].iter().any(|prefix| {
                number.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            });
    }
    if text.len() > 5 {
        return false;
    }
    ["~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", "nan", "inf"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// A single-quoted scalar at the beginning of a text, and what follows it.
fn single_quoted(text: &str) -> Step<(Cow<'_, str>, &str)> {
    let inner = text.strip_prefix('\'').ok_or(Unfamiliar)?;
    let mut from = 0;
    loop {
        let end = from + inner[from..].find('\'').ok_or(Unfamiliar)?;
        if inner[end + 1..].starts_with('\'') {
            from = end + 2;
            continue;
        }
        let content = &inner[..end];
        if !content.is_ascii() && content.contains(is_unusual) {
            return Err(Unfamiliar);
        }
        let content = if from == 0 { Cow::Borrowed(content) } else { Cow::Owned(content.replace("''", "'")) };
        return Ok((content, &inner[end + 1..]));
    }
}

/// A scalar that is a text.
pub(super) fn scalar(text: &str) -> Step<String> {
    if text.starts_with('\'') {
        return match single_quoted(text)? {
            (content, "") => Ok(content.into_owned()),
            _ => Err(Unfamiliar),
        };
    }
    if text.starts_with('"') {
        return double_quoted(text);
    }
    check_plain(text)?;
    Ok(text.to_owned())
}

/// A double-quoted scalar that is the whole of a text, with the escapes that pnpm writes.
fn double_quoted(text: &str) -> Step<String> {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or(Unfamiliar)?;
    let mut content = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let digits = match character {
            '"' => return Err(Unfamiliar),
            '\\' => match characters.next() {
                Some('_') => {
                    content.push('\u{a0}');
                    continue;
                }
                Some(same @ ('"' | '\\')) => {
                    content.push(same);
                    continue;
                }
                Some('n') => {
                    content.push('\n');
                    continue;
                }
                Some('t') => {
                    content.push('\t');
                    continue;
                }
                Some('x') => 2,
                Some('u') => 4,
                _ => return Err(Unfamiliar),
            },
            other if is_unusual(other) => return Err(Unfamiliar),
            other => {
                content.push(other);
                continue;
            }
        };
        let code = characters.as_str().get(..digits).ok_or(Unfamiliar)?;
        if !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Unfamiliar);
        }
        let code = u32::from_str_radix(code, 16).map_err(|_| Unfamiliar)?;
        // Surrogates come in pairs, which is for the general reader.
        content.push(char::from_u32(code).ok_or(Unfamiliar)?);
        characters.nth(digits - 1);
    }
    Ok(content)
}

/// A scalar that may be `true` or `false`, too.
pub(super) fn typed_scalar(text: &str) -> Step<Value> {
    match text {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        text => scalar(text).map(Value::String),
    }
}

/// The scalars of a flow list on one line, such as `[a, 'b']`.
pub(super) fn flow_list(text: &str) -> Step<Vec<String>> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).ok_or(Unfamiliar)?;
    flow_items(inner)?.into_iter().map(scalar).collect()
}

/// Keys and raw values of a flow mapping on one line, such as `{a: b, c: 'd'}`.
pub(super) fn flow_map<'a>(text: &'a str) -> Step<Vec<(String, &'a str)>> {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).ok_or(Unfamiliar)?;
    let pair = |item: &'a str| {
        let (key, after) = if item.starts_with('\'') {
            let (key, after) = single_quoted(item)?;
            (key, after.strip_prefix(':').ok_or(Unfamiliar)?)
        } else {
            let end = colon(item).ok_or(Unfamiliar)?;
            (Cow::Borrowed(check_key(&item[..end])?), &item[end + 1..])
        };
        Ok((key.into_owned(), after.strip_prefix(' ').ok_or(Unfamiliar)?))
    };
    flow_items(inner)?.into_iter().map(pair).collect()
}

/// The parts of a flow collection between its commas. A comma inside quotes does not count.
fn flow_items(inner: &str) -> Step<Vec<&str>> {
    let mut items = Vec::new();
    if inner.is_empty() {
        return Ok(items);
    }
    let mut start = 0;
    let mut is_quoted = false;
    for (position, byte) in inner.bytes().enumerate() {
        match byte {
            b'\'' if is_quoted => is_quoted = false,
            // A quote inside a plain scalar is part of it. A doubled one ends and begins again.
            b'\'' => {
                let before = &inner[start..position];
                if !before.is_empty() && !before.ends_with(": ") && !before.ends_with('\'') {
                    return Err(Unfamiliar);
                }
                is_quoted = true;
            }
            _ if is_quoted => {}
            b'[' | b']' | b'{' | b'}' | b'"' => return Err(Unfamiliar),
            b',' => {
                items.push(&inner[start..position]);
                if inner.as_bytes().get(position + 1) != Some(&b' ') {
                    return Err(Unfamiliar);
                }
                start = position + 2;
            }
            _ => {}
        }
    }
    items.push(inner.get(start..).ok_or(Unfamiliar)?);
    Ok(items)
}
