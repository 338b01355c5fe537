//! Whether two addresses name the same tarball.

use url::Url;

/// Whether two addresses are the same but for the scheme, a default port, and the way a scope's slash is escaped (pnpm:
/// `create_npm_resolution_verifier.rs`).
#[must_use]
pub fn is_same(left: &str, right: &str) -> bool {
    left == right || plain(left) == plain(right)
}

/// An address without what does not tell tarballs apart.
#[must_use]
pub fn plain(address: &str) -> String {
    let parsed = Url::parse(address).map_or_else(|_| address.to_owned(), String::from);
    let parsed = parsed.replace("%2F", "/").replace("%2f", "/");
    match parsed.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        None => parsed,
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn scheme_default_port_and_escapes_make_no_difference() {
        let address = "https://registry.test/@s/a/-/a-1.0.0.tgz";
        for (other, expected) in [
            ("http://registry.test/@s/a/-/a-1.0.0.tgz", true),
            ("https://registry.test:443/@s%2fa/-/a-1.0.0.tgz", true),
            ("https://registry.test/@s/a/-/a-1.0.1.tgz", false),
            ("https://registry.test.evil/@s/a/-/a-1.0.0.tgz", false),
            ("https://user@registry.test/@s/a/-/a-1.0.0.tgz", false),
        ] {
            assert_eq!(is_same(address, other), expected, "{other}");
        }
    }
}
