//! The dialect of `.npmrc` files: one `key=value` a line.

/// One assignment, as it was written but for white space and quotes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub key: String,
    pub value: String,
}

/// The assignments of a file, in order. Lines without a `=` and lines that begin with `;` or `#` are none; a
/// comment cannot follow a value.
pub(super) fn assignments(text: &str) -> impl Iterator<Item = Assignment> {
    text.trim_start_matches('\u{feff}').lines().filter_map(|line| {
        let line = line.trim();
        if line.starts_with([';', '#']) {
            return None;
        }
        let (key, value) = line.split_once('=')?;
        let key = unquoted(key.trim());
        // `ca[]=…` is how npm writes a list.
        let key = key.strip_suffix("[]").map_or_else(|| key.clone(), str::to_owned);
        Some(Assignment { key, value: unquoted(value.trim()) })
    })
}

/// A text without the quotes around the whole of it. Double quotes hold a JSON string, single ones a plain one.
fn unquoted(text: &str) -> String {
    let inside = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    if let Some(plain) = inside('\'') {
        return plain.to_owned();
    }
    match inside('"') {
        Some(_) => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, String)> {
        assignments(text).map(|Assignment { key, value }| (key, value)).collect()
    }

    fn one(key: &str, value: &str) -> Vec<(String, String)> {
        vec![(key.to_owned(), value.to_owned())]
    }

    #[test]
    fn white_space_quotes_and_list_marks_are_dropped() {
        assert_eq!(parsed("  a  =  b c  "), one("a", "b c"));
        assert_eq!(parsed("a=\"b;c\""), one("a", "b;c"));
        assert_eq!(parsed("\"a\"=\"q\\\"k\""), one("a", "q\"k"));
        assert_eq!(parsed("a='b'"), one("a", "b"));
        assert_eq!(parsed("ca[]=x"), one("ca", "x"));
        assert_eq!(parsed("\u{feff}a=b\r\n"), one("a", "b"));
    }

    #[test]
    fn a_value_may_hold_anything_but_a_line_end() {
        assert_eq!(parsed("a=b=c"), one("a", "b=c"));
        assert_eq!(parsed("a=b ; no comment # at all"), one("a", "b ; no comment # at all"));
        assert_eq!(parsed("a=\"b\" c"), one("a", "\"b\" c"));
        assert_eq!(parsed("a=\""), one("a", "\""));
        assert_eq!(parsed("a="), one("a", ""));
    }

    #[test]
    fn comments_sections_and_noise_are_skipped() {
        assert_eq!(parsed("# a=b\n; c=d\n[section]\nnoise\n\n"), vec![]);
    }
}
