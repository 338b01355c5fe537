//! Which URLs are archives that a git host makes of one commit: the registry knows nothing of them.

/// Whether the URL is an archive of one full commit at a git host that is known.
///
/// The URL alone decides, never what the lockfile says of it: else an entry could excuse itself from being checked
/// (pnpm: `lockfile/src/resolution.rs`).
#[must_use]
pub fn is_git_archive(url: &str) -> bool {
    let Some(rest) = url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).map(|_| &url[8..])
    else {
        return false;
    };
    let Some((host, path)) = rest.split_once('/') else { return false };
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match host.to_ascii_lowercase().as_str() {
        "codeload.github.com" => matches!(segments.as_slice(), [_, _, "tar.gz", commit] if is_commit(commit)),
        "bitbucket.org" => matches!(
            segments.as_slice(),
            [_, _, "get", file] if file.strip_suffix(".tar.gz").is_some_and(is_commit)
        ),
        "gitlab.com" => match segments.as_slice() {
            ["api", "v4", "projects", _, "repository", "archive.tar.gz"] => {
                query.split('&').find_map(|part| part.strip_prefix("ref=")).is_some_and(is_commit)
            }
            [_, _, .., "-", "archive", commit, file] => is_commit(commit) && file.ends_with(".tar.gz"),
            _ => false,
        },
        _ => false,
    }
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::is_git_archive;

    #[test]
    fn archives_of_a_full_commit_are_told_from_all_else() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (url, expected) in [
            (format!("https://codeload.github.com/o/r/tar.gz/{commit}"), true),
            (format!("HTTPS://CodeLoad.GitHub.com/o/r/tar.gz/{commit}"), true),
            (format!("http://codeload.github.com/o/r/tar.gz/{commit}"), false),
            ("https://codeload.github.com/o/r/tar.gz/main".to_owned(), false),
            (format!("https://codeload.github.com.evil.test/o/r/tar.gz/{commit}"), false),
            (format!("https://bitbucket.org/o/r/get/{commit}.tar.gz"), true),
            (
                format!("https://gitlab.com/api/v4/projects/o%2Fr/repository/archive.tar.gz?ref={commit}"),
                true,
            ),
            (format!("https://gitlab.com/group/sub/r/-/archive/{commit}/r-{commit}.tar.gz"), true),
            ("https://gitlab.com/o/r/-/archive/v1/r-v1.tar.gz".to_owned(), false),
            ("https://example.test/a.tgz".to_owned(), false),
            ("https:/é".to_owned(), false),
        ] {
            assert_eq!(is_git_archive(&url), expected, "{url}");
        }
    }
}
