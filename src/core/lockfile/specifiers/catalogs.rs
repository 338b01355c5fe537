//! `catalog:` specifiers: which entry of which catalog they stand for.

use super::error::CatalogError;
use indexmap::IndexMap;

/// Catalog → alias → specifier. The catalog without a name is `default`.
pub type CatalogEntries = IndexMap<String, IndexMap<String, String>>;

/// The entry that a `catalog:` specifier stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogUse<'a> {
    /// The catalog.
    pub catalog: &'a str,
    /// The entry's specifier.
    pub specifier: &'a str,
}

/// The catalog that a specifier refers to; `None` if it does not use the `catalog:` protocol.
#[must_use]
pub fn catalog_name(specifier: &str) -> Option<&str> {
    match specifier.strip_prefix("catalog:")?.trim() {
        "" => Some("default"),
        name => Some(name),
    }
}

/// The entry that a specifier stands for; `None` if it does not use the `catalog:` protocol. Catalogs are for projects
/// (and overrides): a package of a registry with such a specifier is broken.
///
/// # Errors
/// When there is no such entry, or it holds what catalogs cannot hold.
pub fn resolve_catalog<'a>(
    catalogs: &'a CatalogEntries,
    alias: &str,
    specifier: &'a str,
) -> Result<Option<CatalogUse<'a>>, CatalogError> {
    let Some(catalog) = catalog_name(specifier) else {
        return Ok(None);
    };
    let place = || (alias.to_owned(), catalog.to_owned());
    let Some(entry) = catalogs.get(catalog).and_then(|entries| entries.get(alias)) else {
        let (alias, catalog) = place();
        return Err(CatalogError::NotFound { alias, catalog });
    };
    let (alias, catalog_name) = place();
    match entry.split_once(':').map(|(protocol, _)| protocol) {
        Some("catalog") => Err(CatalogError::Recursive { alias, catalog: catalog_name }),
        Some("workspace") => Err(CatalogError::Workspace { alias, catalog: catalog_name }),
        Some("link") => Err(CatalogError::Protocol { alias, catalog: catalog_name, protocol: "link" }),
        Some("file") => Err(CatalogError::Protocol { alias, catalog: catalog_name, protocol: "file" }),
        _ => Ok(Some(CatalogUse { catalog, specifier: entry })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogs() -> CatalogEntries {
        let entries = |entries: &[(&str, &str)]| {
            entries.iter().map(|(alias, specifier)| ((*alias).into(), (*specifier).into())).collect()
        };
        IndexMap::from([
            ("default".to_owned(), entries(&[("a", "^1.0.0"), ("again", "catalog:other")])),
            (
                "other".to_owned(),
                entries(&[("a", "2"), ("w", "workspace:*"), ("l", "link:x"), ("n", "npm:b@1")]),
            ),
        ])
    }

    #[test]
    fn a_specifier_stands_for_the_entry_of_its_alias() {
        let catalogs = catalogs();
        let found = |alias: &str, specifier: &'static str| {
            resolve_catalog(&catalogs, alias, specifier)
                .unwrap()
                .map(|found| (found.catalog, found.specifier))
        };
        assert_eq!(found("a", "catalog:"), Some(("default", "^1.0.0")));
        assert_eq!(found("a", "catalog:default"), Some(("default", "^1.0.0")));
        assert_eq!(found("a", "catalog: other "), Some(("other", "2")));
        assert_eq!(found("n", "catalog:other"), Some(("other", "npm:b@1")));
        assert_eq!(found("a", "^1.0.0"), None);
    }

    #[test]
    fn an_entry_that_is_absent_or_cannot_stand_in_a_catalog_is_refused_with_pnpms_code() {
        let catalogs = catalogs();
        for (alias, specifier, code) in [
            ("b", "catalog:", "ERR_PNPM_CATALOG_ENTRY_NOT_FOUND_FOR_SPEC"),
            ("a", "catalog:none", "ERR_PNPM_CATALOG_ENTRY_NOT_FOUND_FOR_SPEC"),
            ("again", "catalog:", "ERR_PNPM_CATALOG_ENTRY_INVALID_RECURSIVE_DEFINITION"),
            ("w", "catalog:other", "ERR_PNPM_CATALOG_ENTRY_INVALID_WORKSPACE_SPEC"),
            ("l", "catalog:other", "ERR_PNPM_CATALOG_ENTRY_INVALID_SPEC"),
        ] {
            let error = resolve_catalog(&catalogs, alias, specifier).unwrap_err();
            assert_eq!(error.code(), Some(code), "{alias} {specifier}");
        }
    }
}
