//! The files of a commit, read out of the repository without ever checking anything out.

use std::io;
use std::path::Path;

use super::command::{Failure, git};
use super::temporary::Temporary;

/// Schemes of addresses that git may be given; its own helpers for others can be told to run anything.
const SCHEMES: [&str; 7] = ["git", "http", "https", "rsync", "ftp", "file", "ssh"];

/// Whether a text has all digits of a commit.
#[must_use]
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether an address may be given to git: one that neither git nor a program it runs can take for an option or for
/// something to run.
#[must_use]
pub fn is_safe_address(address: &str) -> bool {
    if address.starts_with('-') || address.contains(|character: char| character.is_control()) {
        return false;
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        // `user@host:path`
        return address.split_once('@').is_some_and(|(user, rest)| {
            !user.contains([':', '/']) && rest.contains(':') && !rest.contains("::") && !rest.starts_with('-')
        });
    };
    let authority = rest.split('/').next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    SCHEMES.contains(&scheme) && !authority.starts_with('-') && !host.starts_with('-')
}

/// A commit of a repository.
#[derive(Debug, Clone, Copy)]
pub struct Commit<'a> {
    /// Address of the repository.
    pub repository: &'a str,
    /// All digits of the commit.
    pub digits: &'a str,
    /// Its host gives single commits.
    pub is_shallow: bool,
}

/// A file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitFile {
    /// It is there.
    Content(Vec<u8>),
    /// The folder is there, the file is not.
    Absent,
    /// The folder is not there.
    NoFolder,
}

/// Why the files of a commit cannot be read.
#[derive(Debug)]
pub enum CommitError {
    /// git failed at this.
    Git(&'static str, Failure),
    /// No temporary folder can be made.
    Temporary(io::Error),
    /// The address must not be given to git, or the commit is none.
    Unsafe,
}

impl Commit<'_> {
    /// The file of this name in a folder of the commit (`""` for its root). Links are not followed.
    ///
    /// # Errors
    /// When git fails.
    pub async fn file(self, folder: &str, name: &str) -> Result<CommitFile, CommitError> {
        let place = self.brought().await?;
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let arguments = ["ls-tree", "--full-tree", "-z", self.digits, "--", &path];
        let listed = git(&arguments, Some(place.path())).await;
        let listed = listed.map_err(|failure| CommitError::Git("ls-tree", failure))?;
        let Some(blob) = blob(&listed) else {
            let folder = format!("{}:{folder}", self.digits);
            let kind = git(&["cat-file", "-t", &folder], Some(place.path())).await;
            let is_folder = kind.is_ok_and(|kind| kind.starts_with(b"tree"));
            return Ok(if is_folder { CommitFile::Absent } else { CommitFile::NoFolder });
        };
        let content = git(&["cat-file", "blob", &blob], Some(place.path())).await;
        content.map(CommitFile::Content).map_err(|failure| CommitError::Git("cat-file", failure))
    }

    /// All files, as a tar archive in which they lie below one folder.
    ///
    /// # Errors
    /// When git fails.
    pub async fn archive(self) -> Result<Vec<u8>, CommitError> {
        let place = self.brought().await?;
        // What the repository leaves out of archives is in a checkout, and so in the package. This outranks what it says.
        let attributes = place.path().join("info").join("attributes");
        std::fs::create_dir_all(place.path().join("info"))
            .and_then(|()| std::fs::write(attributes, "* -export-ignore -export-subst\n"))
            .map_err(CommitError::Temporary)?;
        let arguments = ["archive", "--format=tar", "--prefix=package/", self.digits];
        let archive = git(&arguments, Some(place.path())).await;
        archive.map_err(|failure| CommitError::Git("archive", failure))
    }

    /// A repository that has the commit.
    async fn brought(self) -> Result<Temporary, CommitError> {
        if !is_commit(self.digits) || !is_safe_address(self.repository) {
            return Err(CommitError::Unsafe);
        }
        let place = Temporary::new().map_err(CommitError::Temporary)?;
        self.bring(place.path()).await?;
        Ok(place)
    }

    /// Brings the commit into a bare repository: alone where the host gives it alone, or with all history.
    async fn bring(self, place: &Path) -> Result<(), CommitError> {
        let path = place.to_string_lossy();
        let made = git(&["init", "--quiet", "--bare", "--template=", "--", &path], None).await;
        made.map_err(|failure| CommitError::Git("init", failure))?;
        let fetch = ["fetch", "--quiet", "--no-tags", "--depth", "1", "--", self.repository, self.digits];
        let alone = match git(&fetch, Some(place)).await {
            Ok(_) => return Ok(()),
            Err(failure) => CommitError::Git("fetch", failure),
        };
        if self.is_shallow {
            return Err(alone);
        }
        let everything = ["fetch", "--quiet", "--no-tags", "--", self.repository, "+refs/*:refs/*"];
        git(&everything, Some(place)).await.map_err(|failure| CommitError::Git("fetch", failure))?;
        let object = format!("{}^{{commit}}", self.digits);
        git(&["cat-file", "-e", &object], Some(place)).await.map(|_| ()).map_err(|_| alone)
    }
}

/// The blob of the one file that `git ls-tree -z` lists, unless it is a link or something else.
fn blob(listed: &[u8]) -> Option<String> {
    let listed = std::str::from_utf8(listed).ok()?;
    let (entry, _) = listed.split_once('\t')?;
    let mut fields = entry.split(' ');
    let (mode, kind, blob) = (fields.next()?, fields.next()?, fields.next()?);
    let is_file =
        mode.starts_with("100") && kind == "blob" && blob.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_file.then(|| blob.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_could_be_taken_for_something_else_are_not_safe() {
        for address in [
            "https://github.com/me/repo.git",
            "ssh://git@example.com:22/me/repo.git",
            "file:///srv/repo.git",
            "https://me:token@example.com/a-b/-c.git",
            "git@example.com:me/repo.git",
        ] {
            assert!(is_safe_address(address), "{address}");
        }
        for address in [
            "ssh://-oProxyCommand=id/x",
            "ssh://git@-oProxyCommand=id/x",
            "ssh://-oProxyCommand=id@host/x",
            "--upload-pack=id",
            "https://example.com/a\nb",
            "ext::sh -c id",
            "ext::sh -c id://x",
            "a@b::c",
            "-a@host:path",
            "a@-host:path",
            "/srv/repo.git",
        ] {
            assert!(!is_safe_address(address), "{address}");
        }
    }

    #[test]
    fn only_a_file_counts_as_a_manifest() {
        assert_eq!(blob(b"100644 blob 00ff\tpackage.json\0").as_deref(), Some("00ff"));
        assert_eq!(blob(b"100755 blob 00ff\tpackage.json\0").as_deref(), Some("00ff"));
        for other in [
            "",
            "120000 blob 00ff\tpackage.json\0",
            "040000 tree 00ff\tpackage.json\0",
            "100644 blob -p\tx\0",
        ] {
            assert_eq!(blob(other.as_bytes()), None, "{other}");
        }
    }
}
