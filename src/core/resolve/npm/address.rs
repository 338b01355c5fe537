//! Whether a tarball lies where its registry has it by rule; the lockfile leaves such addresses out.
//!
//! pnpm: `npm_tarball_url` of `lockfile/src/resolution.rs`.

/// The address by rule: `<registry>/<name>/-/<bare name>-<version>.tgz`, without build metadata.
#[must_use]
pub fn canonical_tarball(registry: &str, name: &str, version: &str) -> String {
    let slash = if registry.ends_with('/') { "" } else { "/" };
    let bare =
        name.strip_prefix('@').and_then(|scoped| scoped.split_once('/')).map_or(name, |(_, bare)| bare);
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    format!("{registry}{slash}{name}/-/{bare}-{version}.tgz")
}

/// Whether a tarball lies at the address by rule. The protocol does not matter; whether a scope's slash is escaped does
/// only where the registry is not known to serve both (`is_npm`).
#[must_use]
pub fn is_canonical_tarball(tarball: &str, registry: &str, name: &str, version: &str, is_npm: bool) -> bool {
    let expected = canonical_tarball(registry, name, version);
    let (expected, actual) = (without_protocol(&expected), without_protocol(tarball));
    expected == actual || (is_npm && expected == actual.replace("%2f", "/").replace("%2F", "/"))
}

fn without_protocol(url: &str) -> &str {
    let strip = |scheme: &str| {
        url.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme)).map(|_| &url[scheme.len()..])
    };
    strip("https://").or_else(|| strip("http://")).unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_canonical_whatever_the_protocol() {
        let is_canonical = |tarball, is_npm| {
            is_canonical_tarball(tarball, "https://127.0.0.1/r/", "@s/a", "1.0.0+build", is_npm)
        };
        assert!(is_canonical("https://127.0.0.1/r/@s/a/-/a-1.0.0.tgz", false));
        assert!(is_canonical("HTTP://127.0.0.1/r/@s/a/-/a-1.0.0.tgz", false));
        assert!(!is_canonical("https://127.0.0.1/r/@s%2fa/-/a-1.0.0.tgz", false));
        assert!(is_canonical("https://127.0.0.1/r/@s%2fa/-/a-1.0.0.tgz", true));
        assert!(!is_canonical("https://127.0.0.1/r/@s/a/-/a-1.0.0+build.tgz", false));
        assert!(!is_canonical("https://elsewhere.test/r/@s/a/-/a-1.0.0.tgz", false));
    }
}
