//! Repositories of the well-known hosts, in all the spellings that people use for them.
//!
//! The rules are those of npm's `hosted-git-info` 4, as far as pnpm 12 was seen to follow it. What is not recognised
//! here may still be a repository by its URL.

use url::Url;

/// A host that is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    Github,
    Gitlab,
    Bitbucket,
    Gist,
}

const HOSTS: [Host; 4] = [Host::Github, Host::Gitlab, Host::Bitbucket, Host::Gist];

impl Host {
    fn shortcut(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Bitbucket => "bitbucket",
            Self::Gist => "gist",
        }
    }

    fn domain(self) -> &'static str {
        match self {
            Self::Github => "github.com",
            Self::Gitlab => "gitlab.com",
            Self::Bitbucket => "bitbucket.org",
            Self::Gist => "gist.github.com",
        }
    }

    fn serves(self, scheme: &str) -> bool {
        match scheme {
            "git+ssh" | "git+https" | "ssh" | "https" => true,
            "git" => matches!(self, Self::Github | Self::Gist),
            "http" => self == Self::Github,
            _ => false,
        }
    }
}

/// A repository of a well-known host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hosted {
    /// The host.
    pub host: Host,
    /// Who has it; groups with `/` between them. Empty where the host can do without.
    pub user: String,
    /// Its name.
    pub project: String,
    /// `user:password`, as they stood in the URL.
    pub credentials: Option<String>,
    /// What stood behind `#`, decoded.
    pub fragment: Option<String>,
}

impl Hosted {
    /// Recognises a spelling.
    pub(super) fn parse(specifier: &str) -> Option<Self> {
        if is_shorthand(specifier) {
            return Self::from_shortcut(Host::Github, specifier);
        }
        let (scheme, rest) = specifier.split_once(':')?;
        if let Some(host) = HOSTS.into_iter().find(|host| scheme == host.shortcut()) {
            return Self::from_shortcut(host, rest);
        }
        let url =
            Url::parse(specifier).ok().or_else(|| Url::parse(&with_slash_after_host(specifier)?).ok())?;
        Self::from_url(&url)
    }

    /// `user/project#fragment`, the prefix of the host taken off.
    fn from_shortcut(host: Host, rest: &str) -> Option<Self> {
        let (path, fragment) = match rest.split_once('#') {
            Some((path, fragment)) => (path, Some(fragment)),
            None => (rest, None),
        };
        let path = path.trim_start_matches("//").trim_start_matches('/');
        // Credentials make no sense here, and are dropped.
        let path = path.split_once('@').map_or(path, |(_, path)| path);
        let (user, project) = path.rsplit_once('/').unwrap_or(("", path));
        Self::new(host, decoded(user), &decoded(project), None, fragment)
    }

    fn from_url(url: &Url) -> Option<Self> {
        let domain = url.host_str()?;
        let domain = domain.strip_prefix("www.").unwrap_or(domain);
        let host = HOSTS.into_iter().find(|host| host.domain() == domain)?;
        if !host.serves(url.scheme()) {
            return None;
        }
        let path = url.path().trim_start_matches('/');
        let (user, project, tree) = match host {
            Host::Github => {
                let mut parts = path.splitn(4, '/');
                let (user, project) = (parts.next()?, parts.next()?);
                match parts.next() {
                    None => (user, project, None),
                    Some("tree") => (user, project, parts.next()),
                    Some(_) => return None,
                }
            }
            Host::Bitbucket => {
                let mut parts = path.splitn(4, '/');
                let (user, project) = (parts.next()?, parts.next()?);
                // An archive that the host made.
                if parts.next() == Some("get") {
                    return None;
                }
                (user, project, None)
            }
            Host::Gitlab => {
                if path.contains("/-/") || path.contains("/archive.tar.gz") {
                    return None;
                }
                let (user, project) = path.rsplit_once('/')?;
                (user, project, None)
            }
            Host::Gist => {
                let mut parts = path.splitn(3, '/');
                let first = parts.next()?;
                let second = parts.next().filter(|second| !second.is_empty());
                if parts.next() == Some("raw") {
                    return None;
                }
                second.map_or(("", first, None), |second| (first, second, None))
            }
        };
        if user.is_empty() && host != Host::Gist {
            return None;
        }
        let carries = matches!(url.scheme(), "git" | "https" | "git+https" | "http");
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, None) => Some(user.to_owned()),
            (user, Some(password)) => Some(format!("{user}:{password}")),
        };
        let fragment = tree.or(url.fragment());
        Self::new(host, decoded(user), &decoded(project), credentials.filter(|_| carries), fragment)
    }

    fn new(
        host: Host,
        user: String,
        project: &str,
        credentials: Option<String>,
        fragment: Option<&str>,
    ) -> Option<Self> {
        let project = project.strip_suffix(".git").unwrap_or(project);
        let is_text = |text: &str| !text.contains(|character: char| character.is_control());
        if project.is_empty() || !is_text(project) || !is_text(&user) {
            return None;
        }
        let fragment = fragment.map(decoded).filter(|fragment| !fragment.is_empty());
        Some(Self { host, user, project: project.to_owned(), credentials, fragment })
    }

    /// The canonical address, which git is asked at: `https://host/user/project.git`.
    pub(super) fn address(&self) -> String {
        let Self { host, user, project, credentials, .. } = self;
        let domain = host.domain();
        let credentials = credentials.as_ref().map(|text| format!("{text}@")).unwrap_or_default();
        match host {
            Host::Gist => format!("https://{credentials}{domain}/{project}.git"),
            _ => format!("https://{credentials}{domain}/{user}/{project}.git"),
        }
    }

    /// `host:user/project#fragment`, as it is written into manifests.
    pub(super) fn shortcut(&self) -> String {
        let Self { host, user, project, fragment, .. } = self;
        let slash = if user.is_empty() { "" } else { "/" };
        let fragment = fragment.as_ref().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        format!("{}:{user}{slash}{project}{fragment}", host.shortcut())
    }

    /// Where the host has an archive of a commit.
    pub(super) fn archive(&self, commit: &str) -> String {
        let Self { host, user, project, .. } = self;
        match host {
            Host::Github => format!("https://codeload.github.com/{user}/{project}/tar.gz/{commit}"),
            Host::Gist => format!("https://codeload.github.com/gist/{project}/tar.gz/{commit}"),
            Host::Bitbucket => format!("https://bitbucket.org/{user}/{project}/get/{commit}.tar.gz"),
            Host::Gitlab => {
                format!("https://gitlab.com/{user}/{project}/-/archive/{commit}/{project}-{commit}.tar.gz")
            }
        }
    }
}

/// `user/project`, which means GitHub: one slash inside, and nothing that a URL, a scope or a path would have.
fn is_shorthand(specifier: &str) -> bool {
    let name = specifier.split_once('#').map_or(specifier, |(name, _)| name);
    let has_one_slash = name.matches('/').count() == 1 && !name.starts_with('/') && !name.ends_with('/');
    has_one_slash
        && !name.starts_with('.')
        && !name.contains(|character: char| character.is_whitespace() || "@:".contains(character))
}

/// `git@host:path` and `ssh://git@host:path` with the slash that makes them URLs.
fn with_slash_after_host(specifier: &str) -> Option<String> {
    let end = specifier.rfind('#').unwrap_or(specifier.len());
    let at = specifier.find('@')?;
    let colon = specifier[..end].rfind(':').filter(|colon| *colon > at)?;
    let corrected = format!("{}/{}", &specifier[..colon], &specifier[colon + 1..]);
    Some(if corrected.contains("//") { corrected } else { format!("git+ssh://{corrected}") })
}

/// Percent escapes resolved; the text itself where that gives no text.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |position: usize| tail.get(position).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_repository_is_the_same_repository() {
        for (specifier, shortcut) in [
            ("me/repo", "github:me/repo"),
            ("~/repo", "github:~/repo"),
            ("me/repo.git", "github:me/repo"),
            ("me/repo#dev", "github:me/repo#dev"),
            ("me/repo#", "github:me/repo"),
            ("me/repo#semver:^1.0.0 || ^2&path:/a", "github:me/repo#semver:^1.0.0 || ^2&path:/a"),
            ("me/re%20po", "github:me/re po"),
            ("github:me/repo", "github:me/repo"),
            ("github:token@me/repo", "github:me/repo"),
            ("gitlab:group/sub/repo#v1", "gitlab:group/sub/repo#v1"),
            ("bitbucket:me/repo", "bitbucket:me/repo"),
            ("gist:11081aaa281", "gist:11081aaa281"),
            ("gist:me/11081aaa281#v1", "gist:me/11081aaa281#v1"),
            ("https://github.com/me/repo", "github:me/repo"),
            ("HTTPS://GitHub.com/me/repo", "github:me/repo"),
            ("https://www.github.com/me/repo.git#dev", "github:me/repo#dev"),
            ("https://github.com/me/repo/tree/a/b", "github:me/repo#a/b"),
            ("http://github.com/me/repo.git", "github:me/repo"),
            ("git://github.com/me/repo.git", "github:me/repo"),
            ("git+https://github.com/me/repo.git", "github:me/repo"),
            ("ssh://git@github.com/me/repo", "github:me/repo"),
            ("git+ssh://git@github.com/me/repo.git#v1", "github:me/repo#v1"),
            ("git+ssh://git@github.com:me/repo.git#semver:^1", "github:me/repo#semver:^1"),
            ("git@github.com:me/repo.git", "github:me/repo"),
            ("git@gitlab.com:group/sub/repo.git#v1", "gitlab:group/sub/repo#v1"),
            ("https://gist.github.com/me/11081aaa281", "gist:me/11081aaa281"),
            ("https://bitbucket.org/me/repo/src/main", "bitbucket:me/repo"),
        ] {
            assert_eq!(Hosted::parse(specifier).map(|hosted| hosted.shortcut()).as_deref(), Some(shortcut));
        }
    }

    #[test]
    fn what_only_looks_like_a_repository_is_none() {
        for specifier in [
            "",
            "^1.0.0",
            "latest",
            "./me/repo",
            "me/repo/",
            "/me/repo",
            "me/repo/more",
            "@scope/name",
            "me/re po",
            "file:me/repo",
            "https://github.com/me",
            "https://github.com/me/repo/",
            "https://github.com/me/repo/archive/main.tar.gz",
            "https://gitlab.com/me/repo/-/archive/main/x.tar.gz",
            "https://bitbucket.org/me/repo/get/main.tar.gz",
            "https://gist.github.com/me/1/raw",
            "http://gitlab.com/me/repo",
            "git://bitbucket.org/me/repo",
            "git+https://GitHub.com/me/repo",
            "https://example.com/me/repo.git",
            "git@example.com:me/repo.git",
            "github:me/re%0apo",
            "GITHUB:me/repo",
        ] {
            assert_eq!(Hosted::parse(specifier), None, "{specifier}");
        }
    }

    #[test]
    fn addresses_and_archives_are_those_of_the_host() {
        for (specifier, address, archive) in [
            ("me/repo", "https://github.com/me/repo.git", "https://codeload.github.com/me/repo/tar.gz/C"),
            (
                "gitlab:a/b/repo",
                "https://gitlab.com/a/b/repo.git",
                "https://gitlab.com/a/b/repo/-/archive/C/repo-C.tar.gz",
            ),
            (
                "bitbucket:me/repo",
                "https://bitbucket.org/me/repo.git",
                "https://bitbucket.org/me/repo/get/C.tar.gz",
            ),
            (
                "gist:me/123abc",
                "https://gist.github.com/123abc.git",
                "https://codeload.github.com/gist/123abc/tar.gz/C",
            ),
        ] {
            let hosted = Hosted::parse(specifier).unwrap();
            assert_eq!((hosted.address().as_str(), hosted.archive("C").as_str()), (address, archive));
        }
    }

    #[test]
    fn credentials_of_a_url_stay_with_it() {
        let hosted = Hosted::parse("https://me:to%40ken@github.com/me/repo.git").unwrap();
        assert_eq!(hosted.address(), "https://me:to%40ken@github.com/me/repo.git");
        let over_ssh = Hosted::parse("git+ssh://git@github.com/me/repo.git").unwrap();
        assert_eq!(over_ssh.credentials, None);
    }
}
