//! How a text is written: plain, in quotes, or as a block of lines.

use super::implicit;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind the colon of an entry or the dash of an item, with lines of its own to go on.
    Block,
    /// Before the colon of an entry.
    BlockKey,
    /// In a list on one line.
    FlowList,
    /// In a mapping on one line.
    FlowMap,
}

impl Place {
    fn is_flow(self) -> bool {
        matches!(self, Self::FlowList | Self::FlowMap)
    }
}

/// Appends a text. `level` is that of the lines it may go on.
pub(super) fn write(out: &mut String, text: &str, place: Place, level: usize) {
    if text.is_empty() {
        out.push_str("''");
    } else if place == Place::Block
        && text.contains('\n')
        && text.chars().all(|c| c == '\n' || is_printable(c))
    {
        literal(out, text, 2 * level.max(1));
    } else if !is_all_printable(text) {
        double_quoted(out, text);
    } else if is_plain(text, place) && !implicit::means_something_else(text) {
        out.push_str(text);
    } else {
        single_quoted(out, text);
    }
}

/// What YAML shows as it is, and pnpm too.
fn is_printable(character: char) -> bool {
    matches!(character,
        ' '..='~' | '\u{a1}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

fn is_all_printable(text: &str) -> bool {
    // Nearly every text is of these alone. All are looked at, whatever the first ones are: that is many at a time.
    let is_plain_ascii = text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    is_plain_ascii || text.chars().all(is_printable)
}

/// Whether a text without quotes reads as itself, types aside. It is not empty, and printable.
fn is_plain(text: &str, place: Place) -> bool {
    let bytes = text.as_bytes();
    let (first, last) = (bytes[0], bytes[bytes.len() - 1]);
    if b" -?:,[]{}#&*!|=>'\"%@`".contains(&first) || matches!(last, b' ' | b':') {
        return false;
    }
    // A mark counts only next to a space or, in a flow, next to nothing in particular.
    let mut before = first;
    for &byte in &bytes[1..] {
        match byte {
            b'#' if before == b' ' => return false,
            b' ' if before == b':' => return false,
            b',' | b'[' | b']' | b'{' | b'}' if place.is_flow() && before != b':' => return false,
            _ => {}
        }
        before = byte;
    }
    true
}

fn single_quoted(out: &mut String, text: &str) {
    out.push('\'');
    for (position, part) in text.split('\'').enumerate() {
        if position > 0 {
            out.push_str("''");
        }
        out.push_str(part);
    }
    out.push('\'');
}

fn double_quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        let short = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            character if is_printable(character) => {
                out.push(character);
                continue;
            }
            character => {
                out.push_str(&by_number(u32::from(character)));
                continue;
            }
        };
        out.push('\\');
        out.push(short);
    }
    out.push('"');
}

fn by_number(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02X}"),
        0x100..=0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    }
}

/// A block of lines that stand as they are. Its head says how many line ends there are after the last line, and how
/// deep it is indented where its first line begins with a space.
fn literal(out: &mut String, text: &str, indent: usize) {
    out.push('|');
    if text.trim_start_matches('\n').starts_with(' ') {
        out.push('2');
    }
    let body = if let Some(body) = text.strip_suffix('\n') {
        if body.is_empty() || body.ends_with('\n') {
            out.push('+');
        }
        body
    } else {
        out.push('-');
        text
    };
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(line);
        }
    }
}
