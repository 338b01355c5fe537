//! Which texts are package names: npm's rule for names that were ever allowed, which also makes a name safe as one or
//! two folders below `node_modules`.

/// Whether the text is a package name that may become `node_modules/<name>`.
///
/// The rule is npm's for old packages: not empty; no leading `.`, `-` or `_`; not `node_modules` or `favicon.ico`; only
/// characters that need no escape in a URL; and at most one scope, `@scope/name`, each part under the same rule for
/// characters. So `..`, path separators, control characters and names like `.bin` cannot occur.
#[must_use]
pub fn is_valid_package_name(name: &str) -> bool {
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, bare)| {
            is_plain(scope) && is_plain(bare) && scope != ".." && scope != "." && !bare.starts_with('.')
        }),
        None => is_plain(name) && !name.starts_with(['.', '-', '_']) && !is_reserved(name),
    }
}

fn is_reserved(name: &str) -> bool {
    name.eq_ignore_ascii_case("node_modules") || name.eq_ignore_ascii_case("favicon.ico")
}

fn is_plain(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_valid_package_name;

    #[test]
    fn names_of_packages_are_accepted() {
        for name in [
            "a",
            "lodash.merge",
            "@scope/name",
            "JSONStream",
            "a_b",
            "@_/x",
            "@a/_x",
            "@a/node_modules",
            "~a",
            "@.a/b",
        ] {
            assert!(is_valid_package_name(name), "{name}");
        }
    }

    #[test]
    fn names_that_would_leave_node_modules_or_meet_its_own_folders_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "a\\b",
            "/a",
            ".bin",
            ".pnpm",
            ".modules.yaml",
            "-a",
            "_a",
            "node_modules",
            "Node_Modules",
            "@scope",
            "@scope/",
            "@/a",
            "@scope/..",
            "@scope/.bin",
            "@scope/a/b",
            "@../a",
            "@./a",
            "a\0b",
            "a\nb",
            " a",
            "a ",
            "a:b",
            "é",
            "@scope\\a/b",
            "favicon.ico",
            "C:",
            "a%2fb",
        ] {
            assert!(!is_valid_package_name(name), "{name:?}");
        }
    }
}
