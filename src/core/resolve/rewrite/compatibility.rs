//! The compatibility database: extensions for published packages that are known to lack declarations, which pnpm
//! applies before all others. It is data; where it comes from and how it is brought up to date stands in
//! `compatibility/README.md`.

use std::sync::LazyLock;

use crate::core::lockfile::{Extension, Extensions};

/// `@yarnpkg/extensions`, and what pnpm adds to it; each a list of `[selector, extension]`.
const SOURCES: [&str; 2] = [include_str!("compatibility/yarn.json"), include_str!("compatibility/pnpm.json")];

static DATABASE: LazyLock<Extensions> = LazyLock::new(|| {
    let mut database = Extensions::default();
    for source in SOURCES {
        // The data is part of the program and a test reads it, so it cannot be broken here.
        let mut entries: Vec<(String, Extension)> = serde_json::from_str(source).unwrap_or_default();
        // Of several that concern one version the first counts, and pnpm's copy is in this order.
        entries.sort_by_cached_key(|(selector, _)| place(selector));
        for (selector, extension) in entries {
            let _ = database.add(&selector, extension);
        }
    }
    database
});

/// The place of a selector in the order that dictionaries have: punctuation, digits, letters.
fn place(selector: &str) -> Vec<usize> {
    const PUNCTUATION: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
    let rank = |letter: char| {
        PUNCTUATION.find(letter).unwrap_or_else(|| PUNCTUATION.len() + letter.to_ascii_lowercase() as usize)
    };
    selector.chars().map(rank).collect()
}

/// The database.
pub(super) fn database() -> &'static Extensions {
    &DATABASE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_data_can_be_read() {
        let mut entries_read = 0;
        for source in SOURCES {
            let entries: Vec<(String, Extension)> = serde_json::from_str(source).unwrap();
            for (selector, extension) in entries {
                assert_ne!(extension, Extension::default(), "{selector} adds nothing");
                Extensions::default().add(&selector, extension).unwrap();
                entries_read += 1;
            }
        }
        assert_eq!(entries_read, 159 + 3);
    }

    #[test]
    fn of_several_entries_the_first_in_dictionary_order_counts() {
        let mut selectors = ["c@<0.16.0", "c@^2", "c@<=0.16.0", "c@*", "c@>=3"];
        selectors.sort_by_cached_key(|selector| place(selector));
        assert_eq!(selectors, ["c@*", "c@^2", "c@<=0.16.0", "c@<0.16.0", "c@>=3"]);
    }

    #[test]
    fn known_packages_are_found_by_name_and_version() {
        assert!(database().concern("@babel/parser", "7.0.0"));
        assert!(database().concern("gatsby-core-utils", "2.13.0"));
        assert!(!database().concern("gatsby-core-utils", "3.0.0"));
        assert!(!database().concern("react", "18.0.0"));
    }
}
