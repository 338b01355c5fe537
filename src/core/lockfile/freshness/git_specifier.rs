//! When two specifiers say the same: when they are the same text, or name one git repository and ref in two spellings.

/// Whether two specifiers ask for the same.
#[must_use]
pub fn specifiers_agree(left: &str, right: &str) -> bool {
    left == right || canonical(left).is_some_and(|left| canonical(right) == Some(left))
}

/// A git repository and ref in one spelling: host, path without `.git`, ref. `None` for what is not git, or carries
/// credentials or a query, or uses SSH: those agree only with themselves.
fn canonical(specifier: &str) -> Option<(String, &str, &str)> {
    let (repository, reference) = specifier.split_once('#').unwrap_or((specifier, ""));
    if reference.contains('#') {
        return None;
    }
    let (host, path) = shortcut(repository).or_else(|| address(repository))?;
    let is_path = !path.contains(['@', '?'])
        && !path.chars().any(char::is_whitespace)
        && !path.split('/').any(str::is_empty);
    let path = path.strip_suffix(".git").unwrap_or(path);
    (is_path && !path.is_empty() && !path.ends_with('/')).then_some((host, path, reference))
}

/// `github:owner/name`, `gitlab:…`, `bitbucket:…`, or `owner/name`.
fn shortcut(repository: &str) -> Option<(String, &str)> {
    for (prefix, host) in
        [("github:", "github.com"), ("gitlab:", "gitlab.com"), ("bitbucket:", "bitbucket.org")]
    {
        if let Some(path) = repository.strip_prefix(prefix) {
            return Some((host.to_owned(), path));
        }
    }
    let is_shorthand = !repository.starts_with('.')
        && !repository.contains([':', '@'])
        && repository.split('/').count() == 2;
    is_shorthand.then(|| ("github.com".to_owned(), repository))
}

/// A URL: `git://`, `git+https://`, or `https://` where it is known to be git.
fn address(repository: &str) -> Option<(String, &str)> {
    let (scheme, location) = repository.split_once("://")?;
    let (host, path) = location.split_once('/')?;
    if host.is_empty() || host.contains(['@', '?']) || host.chars().any(char::is_whitespace) {
        return None;
    }
    // Host names do not know case; paths and refs do.
    let host = host.to_ascii_lowercase();
    let is_git = match scheme.to_ascii_lowercase().as_str() {
        "git" | "git+https" => true,
        "https" => {
            matches!(host.as_str(), "github.com" | "gitlab.com" | "bitbucket.org")
                || path.strip_suffix(".git").is_some()
        }
        _ => false,
    };
    is_git.then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::specifiers_agree;

    #[test]
    fn spellings_of_one_repository_agree() {
        for spelling in [
            "github:owner/name#v1",
            "git://github.com/owner/name#v1",
            "git+https://github.com/owner/name.git#v1",
            "https://GitHub.com/owner/name#v1",
        ] {
            assert!(specifiers_agree("owner/name#v1", spelling), "{spelling}");
        }
    }

    #[test]
    fn other_refs_transports_and_credentials_do_not() {
        for other in [
            "owner/name",
            "owner/name#v2",
            "Owner/name#v1",
            "git+ssh://git@github.com/owner/name.git#v1",
            "http://github.com/owner/name#v1",
            "git+https://token@github.com/owner/name.git#v1",
            "^1.0.0",
        ] {
            assert!(!specifiers_agree("owner/name#v1", other), "{other}");
        }
        assert!(!specifiers_agree("^1.0.0", "^1.0.1"));
    }
}
