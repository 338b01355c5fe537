//! Placeholders for variables: `${NAME}`, `${NAME:-default}` and `${NAME?}`.

/// A text with its placeholders replaced.
pub(super) struct Substituted {
    pub text: String,
    /// Placeholders that named nothing; each became an empty text.
    pub unresolved: Vec<String>,
}

/// Replaces placeholders by what `lookup` answers; an empty answer counts as none.
///
/// `${NAME:-default}` falls back to the default and `${NAME?}` to nothing, silently. An odd number of backslashes
/// before the `$` keeps the placeholder as it is, and each pair of them stands for one.
pub(super) fn substitute<'env>(text: &str, lookup: impl Fn(&str) -> Option<&'env str>) -> Substituted {
    let mut result = Substituted { text: String::with_capacity(text.len()), unresolved: Vec::new() };
    let mut rest = text;
    while let Some((before, placeholder, after)) = next_placeholder(rest) {
        let plain = before.trim_end_matches('\\');
        let backslashes = before.len() - plain.len();
        result.text.push_str(plain);
        result.text.extend(std::iter::repeat_n('\\', backslashes / 2));
        if backslashes % 2 == 1 {
            result.text.push_str(placeholder);
        } else {
            let inside = &placeholder[2..placeholder.len() - 1];
            let (name, fallback) = match inside.split_once(":-") {
                Some((name, fallback)) => (name, Some(fallback)),
                None => match inside.strip_suffix('?') {
                    Some(name) => (name, Some("")),
                    None => (inside, None),
                },
            };
            match lookup(name).filter(|value| !value.is_empty()).or(fallback) {
                Some(value) => result.text.push_str(value),
                None => result.unresolved.push(placeholder.to_owned()),
            }
        }
        rest = after;
    }
    result.text.push_str(rest);
    result
}

/// Whether a text holds a placeholder, escaped or not.
pub(super) fn has_placeholder(text: &str) -> bool {
    next_placeholder(text).is_some()
}

/// The text before the first placeholder, the placeholder, and the text after it. Braces do not nest.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let body = start + 2;
        match text[body..].find(['$', '{', '}']) {
            Some(length) if length > 0 && text[body + length..].starts_with('}') => {
                let end = body + length + 1;
                return Some((&text[..start], &text[start..end], &text[end..]));
            }
            _ => from = body,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> (String, Vec<String>) {
        let lookup = |name: &str| match name {
            "TOKEN" => Some("s3cret"),
            "EMPTY" => Some(""),
            "NESTED" => Some("${TOKEN}"),
            _ => None,
        };
        let result = substitute(text, lookup);
        (result.text, result.unresolved)
    }

    #[test]
    fn a_placeholder_becomes_the_variable_its_default_or_nothing() {
        for (text, expected) in [
            ("${TOKEN}", "s3cret"),
            ("a-${TOKEN}-${TOKEN}", "a-s3cret-s3cret"),
            ("${EMPTY:-fallback}", "fallback"),
            ("${UNSET:-}", ""),
            ("${UNSET?}x", "x"),
            ("${NESTED}", "${TOKEN}"),
            ("größe ${TOKEN} ß", "größe s3cret ß"),
        ] {
            assert_eq!(expand(text), (expected.to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn an_unknown_variable_becomes_nothing_and_is_reported() {
        assert_eq!(expand("a${UNSET}b"), ("ab".to_owned(), vec!["${UNSET}".to_owned()]));
        assert_eq!(expand("${EMPTY}"), (String::new(), vec!["${EMPTY}".to_owned()]));
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        for text in ["$TOKEN", "${}", "${TOKEN", "${A${", "$", "{TOKEN}", ""] {
            assert_eq!(expand(text), (text.to_owned(), vec![]));
        }
        assert_eq!(expand("${A${TOKEN}").0, "${As3cret");
    }

    #[test]
    fn backslashes_escape() {
        assert_eq!(expand(r"\${TOKEN}").0, "${TOKEN}");
        assert_eq!(expand(r"\\${TOKEN}").0, r"\s3cret");
        assert_eq!(expand(r"\\\${TOKEN}").0, r"\${TOKEN}");
        assert_eq!(expand(r"C:\folder").0, r"C:\folder");
    }
}
