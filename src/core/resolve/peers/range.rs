//! Ranges of peers, and whether a version is within one.

use std::borrow::Cow;

use node_semver::Version;

use crate::core::version_range::parse_range;

/// The specifier to install a peer with.
pub(super) fn installable(specifier: &str) -> &str {
    specifier.strip_prefix("workspace:").unwrap_or(specifier)
}

/// The range that versions are compared with: that of a specifier with a scheme is the version in it, and what names
/// no version at all (a folder, a repository) is met by any.
pub(super) fn comparable(specifier: &str) -> Cow<'_, str> {
    if specifier.contains("||") {
        let parts: Vec<Cow<'_, str>> = specifier.split("||").map(|part| comparable(part.trim())).collect();
        return parts.join(" || ").into();
    }
    if parse_range(specifier).is_ok() || specifier.contains("workspace:") || specifier.contains("catalog:") {
        return installable(specifier).into();
    }
    let body = specifier.split_once(':').filter(|(scheme, _)| !scheme.is_empty()).map(|(_, body)| body);
    let version = body.filter(|body| parse_range(body).is_ok()).or_else(|| {
        let (name, version) = body?.rsplit_once('@')?;
        (!name.is_empty() && parse_range(version).is_ok()).then_some(version)
    });
    version.unwrap_or("*").into()
}

/// Whether a version is within a range. A prerelease is where its release would be, too.
pub(super) fn is_within(version: &str, range: &str) -> bool {
    if range == "*" {
        return true;
    }
    let (Ok(version), Ok(range)) = (Version::parse(version), parse_range(range)) else {
        return version == range;
    };
    version.satisfies(&range)
        || (version.is_prerelease()
            && Version { pre_release: Vec::new(), build: Vec::new(), ..version }.satisfies(&range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_leaves_its_version_to_compare_with() {
        for (specifier, range) in [
            ("^1.0.0", "^1.0.0"),
            ("workspace:^1", "^1"),
            ("npm:bar@^5", "^5"),
            ("npm:@scope/bar@^5", "^5"),
            ("work:5.x.x", "5.x.x"),
            ("work:^1 || work:^2", "^1 || ^2"),
            ("file:../x", "*"),
            ("https://example.invalid/x.tgz", "*"),
            ("catalog:", "catalog:"),
        ] {
            assert_eq!(comparable(specifier), range, "{specifier}");
        }
    }

    #[test]
    fn a_prerelease_counts_as_its_release_too() {
        assert!(is_within("18.0.0-rc.1", "^18.0.0"));
        assert!(is_within("18.0.0-rc.1", ">=17"));
        assert!(!is_within("18.0.0-rc.1", "^17.0.0"));
        assert!(is_within("link:../x", "*"));
        assert!(!is_within("link:../x", "^1.0.0"));
    }
}
