//! The compatibility database: extensions for published packages that are known to lack declarations, which pnpm
//! applies before all others. It is data; where it comes from and how it is brought up to date stands in
//! `compatibility/README.md`.

use std::sync::LazyLock;

use super::extensions::{Extension, Extensions};

/// `@yarnpkg/extensions`, and what pnpm adds to it; each a list of `[selector, extension]`.
const SOURCES: [&str; 2] = [include_str!("compatibility/yarn.json"), include_str!("compatibility/pnpm.json")];

static DATABASE: LazyLock<Extensions> = LazyLock::new(|| {
    let mut database = Extensions::default();
    for source in SOURCES {
        // The data is part of the program and a test reads it, so it cannot be broken here.
        let entries: Vec<(String, Extension)> = serde_json::from_str(source).unwrap_or_default();
        for (selector, extension) in entries {
            let _ = database.add(&selector, extension);
        }
    }
    database
});

/// The database.
pub(super) fn database() -> &'static Extensions {
    &DATABASE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::resolve::PackageManifest;

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
    fn a_known_package_gets_what_it_forgot_to_declare() {
        let mut manifest = PackageManifest {
            name: "@babel/parser".into(),
            version: "7.0.0".into(),
            ..PackageManifest::default()
        };
        database().apply(&mut manifest);
        assert_eq!(&*manifest.dependencies["@babel/types"], "^7.8.3");
    }

    #[test]
    fn two_entries_with_one_selector_are_both_applied() {
        let mut manifest = PackageManifest {
            name: "gatsby-core-utils".into(),
            version: "2.13.0".into(),
            ..PackageManifest::default()
        };
        database().apply(&mut manifest);
        assert!(manifest.dependencies.contains_key("@babel/runtime"));
        assert!(manifest.dependencies.contains_key("got"));
    }
}
