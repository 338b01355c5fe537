//! Specifiers whose prefix names the registry: `jsr:` and those that the settings declare, such as `gh:`.

use super::error::NpmError;
use super::range::is_range;
use super::specifier::{RegistrySpecifier, split_name};
use crate::core::lockfile::is_valid_package_name;

/// A package of the JSR registry.
#[derive(Debug, Clone)]
pub struct JsrSpecifier {
    /// What is asked for at the registry, where `@scope/name` is called `@jsr/scope__name`.
    pub specifier: RegistrySpecifier,
    /// Its name, `@scope/name`.
    pub name: String,
}

impl JsrSpecifier {
    /// Reads what follows `jsr:`: `@scope/name`, `@scope/name@selector`, or a selector of the package that the alias
    /// names. `None` when the selector is none.
    ///
    /// # Errors
    /// When no package is named, or its name is none.
    pub fn parse(rest: &str, alias: Option<&str>) -> Result<Option<Self>, NpmError> {
        let (name, selector) = if rest.starts_with('@') {
            split_name(rest)
        } else if rest.contains('@') {
            return Err(NpmError::JsrScopeMissing);
        } else {
            let alias = alias.filter(|alias| !alias.is_empty());
            let alias = alias.ok_or_else(|| NpmError::JsrNameMissing { specifier: rest.to_owned() })?;
            (alias, Some(rest))
        };
        let scoped = name.strip_prefix('@').ok_or(NpmError::JsrScopeMissing)?;
        let parts = scoped.split_once('/').filter(|_| is_valid_package_name(name));
        let (scope, bare) = parts.ok_or_else(|| NpmError::JsrNameInvalid { name: name.to_owned() })?;
        let registry_name = format!("@jsr/{scope}__{bare}");
        let specifier = RegistrySpecifier::select(registry_name.into(), selector.unwrap_or("latest"));
        Ok(specifier.map(|specifier| Self { specifier, name: name.to_owned() }))
    }
}

/// Reads what follows the prefix of a registry; `None` when it asks for nothing of a registry.
///
/// # Errors
/// When the package's name is none.
pub fn parse_prefixed(
    prefix: &str,
    rest: &str,
    alias: Option<&str>,
) -> Result<Option<RegistrySpecifier>, NpmError> {
    let alias = alias.filter(|alias| !alias.is_empty());
    let (name, selector) = if is_range(rest) {
        let Some(alias) = alias else { return Ok(None) };
        (alias, Some(rest))
    } else if let Some(alias) = alias.filter(|alias| alias.starts_with('@') && !rest.starts_with('@')) {
        // Such registries have scoped packages only, so a lone word is a tag.
        (alias, Some(rest))
    } else {
        split_name(rest)
    };
    if name.is_empty() {
        return Ok(None);
    }
    if !is_valid_package_name(name) {
        return Err(NpmError::PrefixedNameInvalid { prefix: prefix.to_owned(), name: name.to_owned() });
    }
    Ok(RegistrySpecifier::select(name.into(), selector.unwrap_or("latest")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jsr_package_has_another_name_at_the_registry() {
        let parse = |rest, alias| {
            let found = JsrSpecifier::parse(rest, alias).unwrap().unwrap();
            (found.name, found.specifier.name.to_string(), found.specifier.text.to_string())
        };
        let expected = |text: &str| ("@std/path".to_owned(), "@jsr/std__path".to_owned(), text.to_owned());
        assert_eq!(parse("@std/path@^1", None), expected("^1"));
        assert_eq!(parse("@std/path", None), expected("latest"));
        assert_eq!(parse("1.0.0", Some("@std/path")), expected("1.0.0"));
    }

    #[test]
    fn a_jsr_package_needs_a_scope_and_a_name() {
        assert!(matches!(JsrSpecifier::parse("path@1", None), Err(NpmError::JsrScopeMissing)));
        assert!(matches!(JsrSpecifier::parse("^1", Some("path")), Err(NpmError::JsrScopeMissing)));
        assert!(matches!(JsrSpecifier::parse("^1", None), Err(NpmError::JsrNameMissing { .. })));
        assert!(matches!(JsrSpecifier::parse("@../x", None), Err(NpmError::JsrNameInvalid { .. })));
    }

    #[test]
    fn a_registry_by_its_prefix() {
        let parse = |rest, alias| {
            parse_prefixed("gh", rest, alias)
                .unwrap()
                .map(|found| (found.name.to_string(), found.text.to_string()))
        };
        let some = |name: &str, text: &str| Some((name.to_owned(), text.to_owned()));
        assert_eq!(parse("@acme/a@^1", None), some("@acme/a", "^1"));
        assert_eq!(parse("@acme/a", None), some("@acme/a", "latest"));
        assert_eq!(parse("^1", Some("@acme/a")), some("@acme/a", "^1"));
        assert_eq!(parse("next", Some("@acme/a")), some("@acme/a", "next"));
        assert_eq!(parse("a@1.0.0", Some("b")), some("a", "1.0.0"));
        assert_eq!(parse("^1", None), None);
        assert!(matches!(parse_prefixed("gh", "@a/../b@1", None), Err(NpmError::PrefixedNameInvalid { .. })));
    }
}
