//! Which specifiers mean a git repository, and what of it. All of it is text: nobody is asked.

use url::Url;

use super::hosted::{Hosted, decoded};

/// A specifier that means a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GitSpecifier {
    /// The address that git is asked at, with a scheme, without a fragment.
    pub repository: String,
    /// The repository, if it is one of a well-known host and nothing but its name was told.
    pub hosted: Option<Hosted>,
    /// The specifier as it is written into manifests.
    pub normalized: String,
    /// What of it.
    pub part: Part,
}

/// What stands behind `#`: parts with `&` between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// A branch, tag or commit.
    pub reference: Option<String>,
    /// `semver:`, a range that tags are held against.
    pub range: Option<String>,
    /// `path:`, the folder of the package, as it was written.
    pub path: Option<String>,
}

impl Part {
    fn parse(fragment: Option<&str>) -> Self {
        let mut part = Self::default();
        for text in
            fragment.filter(|fragment| !fragment.is_empty()).into_iter().flat_map(|all| all.split('&'))
        {
            if let Some(range) = text.strip_prefix("semver:") {
                part.range = Some(range.to_owned());
            } else if let Some(path) = text.strip_prefix("path:") {
                part.path = Some(path.to_owned());
            } else {
                part.reference = Some(text.to_owned());
            }
        }
        part
    }
}

const SCHEMES: [&str; 8] =
    ["git", "git+http", "git+https", "git+rsync", "git+ftp", "git+file", "git+ssh", "ssh"];

/// Finds the repository that a specifier means; `None` when it means none.
pub(super) fn parse(specifier: &str) -> Option<GitSpecifier> {
    if let Some(hosted) = Hosted::parse(specifier) {
        let part = Part::parse(hosted.fragment.as_deref());
        let repository = hosted.address();
        if hosted.credentials.is_none() {
            return Some(GitSpecifier {
                repository,
                normalized: hosted.shortcut(),
                hosted: Some(hosted),
                part,
            });
        }
        // The archives of the host would be asked for without the credentials.
        let fragment = hosted.fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let normalized = format!("git+{repository}{fragment}");
        return Some(GitSpecifier { repository, hosted: None, normalized, part });
    }
    let (scheme, _) = specifier.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let is_file_of_git = || {
        let address = specifier.split_once('#').map_or(specifier, |(address, _)| address);
        address.strip_suffix(".git").is_some()
    };
    let is_git = SCHEMES.contains(&&*scheme) || matches!(&*scheme, "http" | "https") && is_file_of_git();
    if !is_git {
        return None;
    }
    let mut url = Url::parse(&with_slash_after_host(specifier)).ok()?;
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    if !has_host && scheme != "git+file" {
        return None;
    }
    let part = Part::parse(url.fragment().map(decoded).as_deref());
    url.set_fragment(None);
    let repository = url.as_str().strip_prefix("git+").unwrap_or(url.as_str()).to_owned();
    Some(GitSpecifier { repository, hosted: None, normalized: specifier.to_owned(), part })
}

/// `ssh://git@host:path` with a slash for the colon, unless the colon is before a port or inside of an address.
fn with_slash_after_host(specifier: &str) -> String {
    let unchanged = || specifier.to_owned();
    let start = ["git+ssh://", "ssh://"].iter().find(|prefix| specifier.starts_with(**prefix));
    let Some(start) = start.map(|prefix| prefix.len()) else {
        return unchanged();
    };
    let end = specifier[start..].find(['/', '#']).map_or(specifier.len(), |end| start + end);
    let authority = &specifier[start..end];
    let host = authority.rfind('@').map_or(0, |at| at + 1);
    let host_end = authority[host..].rfind(']').map_or(host, |end| host + end);
    let Some(colon) = authority[host_end..].rfind(':').map(|colon| host_end + colon) else {
        return unchanged();
    };
    let port = &authority[colon + 1..];
    if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
        return unchanged();
    }
    format!("{}/{}", &specifier[..start + colon], &specifier[start + colon + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_any_host_are_kept_as_they_are() {
        for (specifier, repository) in [
            ("git+https://git.example.com/me/repo.git#dev", "https://git.example.com/me/repo.git"),
            ("https://git.example.com/me/repo.git", "https://git.example.com/me/repo.git"),
            ("https://git.example.com/me/repo.git#v1", "https://git.example.com/me/repo.git"),
            ("git://example.com/me/repo", "git://example.com/me/repo"),
            ("git+ssh://git@example.com/me/repo.git", "ssh://git@example.com/me/repo.git"),
            ("git+ssh://git@example.com:me/repo.git#v1", "ssh://git@example.com/me/repo.git"),
            ("ssh://git@example.com:repo.git", "ssh://git@example.com/repo.git"),
            ("git+ssh://git@example.com:22/me/repo.git#dev", "ssh://git@example.com:22/me/repo.git"),
            ("ssh://git@[::1]:me/repo.git", "ssh://git@[::1]/me/repo.git"),
            ("git+file:///srv/me/repo.git#v1&path:/a", "file:///srv/me/repo.git"),
            ("git+https://GitHub.com/me/repo", "https://GitHub.com/me/repo"),
        ] {
            let parsed = parse(specifier).unwrap_or_else(|| panic!("{specifier}"));
            assert_eq!((parsed.repository.as_str(), parsed.hosted), (repository, None), "{specifier}");
            assert_eq!(parsed.normalized, specifier);
        }
    }

    #[test]
    fn well_known_hosts_are_asked_over_https_and_credentials_rule_out_their_archives() {
        let shorthand = parse("me/repo#v1").unwrap();
        assert_eq!(shorthand.repository, "https://github.com/me/repo.git");
        assert_eq!(shorthand.normalized, "github:me/repo#v1");
        assert!(shorthand.hosted.is_some());
        let secret = parse("https://me:token@github.com/me/repo.git#v1").unwrap();
        assert_eq!(secret.repository, "https://me:token@github.com/me/repo.git");
        assert_eq!(secret.normalized, "git+https://me:token@github.com/me/repo.git#v1");
        assert!(secret.hosted.is_none());
    }

    #[test]
    fn parts_of_the_fragment_are_told_apart() {
        let part = |specifier| parse(specifier).unwrap().part;
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(part("me/repo"), Part::default());
        assert_eq!(part("me/repo#"), Part::default());
        assert_eq!(
            part("me/repo#semver:^1&path:/packages/a"),
            Part { range: some("^1"), path: some("/packages/a"), reference: None }
        );
        assert_eq!(
            part("git+file:///x.git#%64ev&path:"),
            Part { reference: some("dev"), path: some(""), range: None }
        );
    }

    #[test]
    fn what_is_no_repository_is_passed_on() {
        for specifier in [
            "^1.0.0",
            "latest",
            "https://example.com/a.tgz",
            "https://example.com/a.git/b",
            "file:../repo.git",
            "git@example.com:me/repo.git",
            "npm:a@1",
            "ext::sh -c id",
            "git+https://",
        ] {
            assert_eq!(parse(specifier), None, "{specifier}");
        }
    }
}
