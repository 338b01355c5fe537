//! What the YAML reader has against a file, said to those who wrote the file.
//!
//! Must never say where: the messages that quote it have file and line already.

/// The sentence of a reader's message: without its place, a picture of it, and advice to programmers.
#[must_use]
pub fn sentence(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let first = first.rfind(" at line ").map_or(first, |end| &first[..end]);
    let first = first.rsplit_once(", set ").map_or(first, |(sentence, _)| sentence);
    if first.starts_with("cannot deserialize null") {
        return "a value is missing".to_owned();
    }
    first.to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::sentence;

    #[test]
    fn a_key_that_is_there_twice() {
        let error = serde_saphyr::from_str::<BTreeMap<String, u32>>("a: 1\na: 2\n").unwrap_err();
        assert_eq!(sentence(&error.without_snippet().to_string()), "duplicate mapping key: a");
    }
}
