//! From a specifier that means a git repository to a package.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::error::GitError;
use super::refs;
use super::specifier::{GitSpecifier, parse};
use crate::core::git::{Commit, CommitError, CommitFile, Failure, git, is_commit, is_safe_address};
use crate::core::lockfile::Resolution;
use crate::core::resolve::chain::Way;
use crate::core::resolve::found::{self, Found};
use crate::core::resolve::memo::Memo;
use crate::core::resolve::url::{Downloads, Learned, Purpose};
use crate::core::resolve::{Asked, PackageManifest, ResolveError, Resolved, Source, Via, Wanted};

/// Times that a host is asked whether everybody may have an archive.
const PROBES: u32 = 3;
/// How long the host may take: an archive only saves time.
const PROBE_LIMIT: Duration = Duration::from_secs(10);
/// The wait before the second time; doubled after each.
const PROBE_PAUSE: Duration = Duration::from_millis(500);

/// Resolves git repositories.
#[derive(Debug)]
pub struct GitResolver {
    downloads: Arc<Downloads>,
    shallow_hosts: Vec<String>,
    known: Memo<Committed>,
}

/// A package of a commit.
#[derive(Debug, Clone)]
struct Committed {
    resolution: Resolution,
    manifest: Option<Arc<PackageManifest>>,
    normalized: String,
}

impl Way for GitResolver {
    async fn resolve(
        &self,
        wanted: &Wanted,
        _asked: &Asked<'_>,
    ) -> Result<Option<Arc<Resolved>>, ResolveError> {
        let specifier = &*wanted.specifier;
        let Some(parsed) = parse(specifier) else {
            return Ok(None);
        };
        let committed = self.known.answer(specifier, async || self.find(specifier, parsed).await).await?;
        let (place, tarball) = match &committed.resolution {
            Resolution::Git { repo, commit, path, .. } => (git_id(repo, commit, path.as_deref()), None),
            Resolution::Tarball { tarball, path, .. } => {
                let path = path.as_ref().map(|path| format!("#path:{path}")).unwrap_or_default();
                (format!("{tarball}{path}"), Some(tarball.as_str().into()))
            }
            _ => return Ok(None),
        };
        let found = Found {
            manifest: committed.manifest,
            place,
            source: Source::Package { resolution: committed.resolution, tarball },
            via: Via::Git,
            normalized: committed.normalized,
        };
        found.resolved(wanted).map(Some)
    }
}

impl GitResolver {
    /// Resolves with these downloads. `shallow_hosts` are the hosts that give single commits (`gitShallowHosts`).
    #[must_use]
    pub fn new(downloads: Arc<Downloads>, shallow_hosts: Vec<String>) -> Self {
        Self { downloads, shallow_hosts, known: Memo::default() }
    }

    async fn find(&self, specifier: &str, parsed: GitSpecifier) -> Result<Committed, GitError> {
        let asked = Question { specifier, repository: &parsed.repository, shown: shown(&parsed.repository) };
        asked.check()?;
        let folder = match &parsed.part.path {
            None => String::new(),
            Some(path) => inside(path)
                .ok_or_else(|| GitError::Path { path: path.clone(), repository: asked.shown.clone() })?,
        };
        if self.downloads.fetcher.offline && !parsed.repository.starts_with("file:") {
            return Err(GitError::Offline { repository: asked.shown });
        }
        let commit = self.commit(&asked, &parsed).await?;
        let path = parsed.part.path.clone();
        let archive = parsed.hosted.as_ref().and_then(|hosted| Url::parse(&hosted.archive(&commit)).ok());
        if let Some(archive) = archive
            && self.is_public(&archive).await
        {
            let purpose = Purpose::Archive(folder);
            let Learned { integrity, manifest } = self.downloads.learn(&archive, purpose).await?;
            let resolution = Resolution::Tarball {
                integrity: Some(integrity),
                tarball: archive.to_string(),
                git_hosted: true,
                path,
                other: Vec::new(),
            };
            return Ok(Committed { resolution, manifest, normalized: parsed.normalized });
        }
        let manifest = self.manifest(&asked, &commit, &folder).await?;
        let resolution = Resolution::Git { repo: parsed.repository, commit, path, other: Vec::new() };
        Ok(Committed { resolution, manifest, normalized: parsed.normalized })
    }

    /// The commit that is meant.
    async fn commit(&self, asked: &Question<'_>, parsed: &GitSpecifier) -> Result<String, GitError> {
        let reference = parsed.part.reference.as_deref().filter(|reference| !reference.is_empty());
        let reference = reference.unwrap_or("HEAD");
        if is_commit(reference) {
            return Ok(reference.to_owned());
        }
        let is_beginning = refs::is_beginning_of_commit(reference);
        let every = is_beginning || parsed.part.range.is_some();
        let target = format!("{reference}^{{}}");
        let mut arguments = vec!["ls-remote", "--", asked.repository];
        if !every {
            arguments.extend([reference, &target]);
        }
        let permit = self.downloads.fetcher.client.permits().acquire().await;
        let mut answer = git(&arguments, None).await;
        if matches!(answer, Err(Failure::Refused(_))) {
            answer = git(&arguments, None).await;
        }
        drop(permit);
        let answer = answer.map_err(|failure| asked.failed("ls-remote", failure))?;
        let refs = refs::parse(&String::from_utf8_lossy(&answer));
        let repository = || asked.shown.clone();
        let commit = match &parsed.part.range {
            Some(range) => refs::highest(&refs, range).ok_or_else(|| GitError::UnknownRange {
                range: range.clone(),
                repository: repository(),
                versions: refs::version_tags(&refs).into_iter().map(str::to_owned).collect(),
            })?,
            None => refs::find(&refs, reference).ok_or_else(|| GitError::UnknownReference {
                reference: reference.to_owned(),
                repository: repository(),
            })?,
        };
        if !is_commit(commit) || is_beginning && !commit.starts_with(reference) {
            let (reference, commit) = (reference.to_owned(), commit.to_owned());
            return Err(GitError::Ambiguous { reference, commit, repository: repository() });
        }
        Ok(commit.to_owned())
    }

    /// Whether everybody may have an archive. Only then it is recorded: a lockfile has to work for others too.
    async fn is_public(&self, archive: &Url) -> bool {
        let client = &self.downloads.fetcher.client;
        let mut pause = PROBE_PAUSE;
        for attempt in 1..=PROBES {
            let permit = client.permits().acquire().await;
            let head = client.head(archive, true, PROBE_LIMIT).await;
            drop(permit);
            match head.map(|head| head.status) {
                Ok(200..=299) => return true,
                Ok(408 | 409 | 420 | 429 | 500..) | Err(_) => {}
                Ok(_) => return false,
            }
            if attempt < PROBES {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        false
    }

    async fn manifest(
        &self,
        asked: &Question<'_>,
        commit: &str,
        folder: &str,
    ) -> Result<Option<Arc<PackageManifest>>, GitError> {
        let host = Url::parse(asked.repository).ok().and_then(|url| url.host_str().map(str::to_owned));
        let is_shallow = host.is_some_and(|host| self.shallow_hosts.contains(&host));
        let whole = Commit { repository: asked.repository, digits: commit, is_shallow };
        let permit = self.downloads.fetcher.client.permits().acquire().await;
        let file = whole.file(folder, "package.json").await;
        drop(permit);
        let file = file.map_err(|error| match error {
            CommitError::Git(operation, failure) => asked.failed(operation, failure),
            CommitError::Temporary(error) => GitError::Temporary(error),
            CommitError::Unsafe => GitError::Unsafe { repository: asked.shown.clone() },
        })?;
        let text = match file {
            CommitFile::Content(text) => text,
            CommitFile::Absent => return Ok(None),
            CommitFile::NoFolder => {
                return Err(GitError::Path { path: folder.to_owned(), repository: asked.shown.clone() });
            }
        };
        let raw = found::parse(&text).map_err(|error| GitError::Manifest {
            repository: asked.shown.clone(),
            commit: commit.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Some(Arc::new(found::with_version(&raw))))
    }
}

/// What is asked, for messages too.
struct Question<'a> {
    specifier: &'a str,
    repository: &'a str,
    /// The repository without credentials.
    shown: String,
}

impl Question<'_> {
    /// Refuses addresses that git or a program it runs could take for an option.
    fn check(&self) -> Result<(), GitError> {
        if is_safe_address(self.repository) {
            Ok(())
        } else {
            Err(GitError::Unsafe { repository: self.shown.clone() })
        }
    }

    fn failed(&self, operation: &'static str, failure: Failure) -> GitError {
        match failure {
            Failure::NotRun(error) => GitError::NoGit(error),
            Failure::Refused(complaint) => {
                // git repeats the address as it was given.
                let complaint = complaint.replace(self.repository, &self.shown);
                let complaint = match credentials(self.repository) {
                    Some(credentials) => complaint.replace(&format!("{credentials}@"), ""),
                    None => complaint,
                };
                let plain = |character: char| {
                    if character.is_control() && character != '\n' { ' ' } else { character }
                };
                GitError::Failed {
                    specifier: match credentials(self.specifier) {
                        Some(credentials) => self.specifier.replace(&format!("{credentials}@"), ""),
                        None => self.specifier.to_owned(),
                    },
                    repository: self.shown.clone(),
                    operation,
                    reason: complaint.trim().chars().map(plain).collect(),
                }
            }
        }
    }
}

/// The `user:password` of an address.
fn credentials(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '#']).next()?;
    authority.rsplit_once('@').map(|(credentials, _)| credentials)
}

/// An address without the credentials that may stand in it.
fn shown(repository: &str) -> String {
    match credentials(repository) {
        Some(credentials) => repository.replacen(&format!("{credentials}@"), "", 1),
        None => repository.to_owned(),
    }
}

/// The id of a commit: address, commit and folder.
fn git_id(repository: &str, commit: &str, path: Option<&str>) -> String {
    let path = path.map(|path| format!("&path:{path}")).unwrap_or_default();
    format!("git+{repository}#{commit}{path}")
}

/// A path as it stands behind `#path:`, without dots and outer slashes; `None` when it leads out.
fn inside(path: &str) -> Option<String> {
    let mut folders: Vec<&str> = Vec::new();
    if path.contains(['\0', '\\']) {
        return None;
    }
    for folder in path.split('/') {
        match folder {
            "" | "." => {}
            ".." => {
                folders.pop()?;
            }
            folder => folders.push(folder),
        }
    }
    Some(folders.join("/"))
}

#[cfg(test)]
mod tests;
