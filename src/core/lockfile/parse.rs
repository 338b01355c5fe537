//! From the bytes of `pnpm-lock.yaml` to a [`Lockfile`].
//!
//! The file is hostile: it may be broken, enormous, or made to exhaust the reader. Work and memory are bounded by the
//! length of the text; anchors and aliases, which pnpm never writes, are refused. Nothing is judged here beyond shape
//! and version; `validate` comes before any text of it becomes a path.

use super::canonical;
use super::dep_path::split;
use super::error::LockfileError;
use super::model::{Lockfile, PackageMetadata};
use super::resolution::Resolution;
use crate::core::yaml_error;
use std::borrow::Cow;
use std::io::ErrorKind;
use std::path::Path;

/// Levels of nesting that the reader follows. A lockfile has nine.
const MAX_DEPTH: usize = 64;

/// Length of a key that the YAML scanner accepts on one line. Dep paths with many peers pass YAML's own 1024.
const MAX_KEY_LENGTH: usize = 64 * 1024;

impl Lockfile {
    /// Reads the file, or `None` if it does not exist or is empty.
    ///
    /// # Errors
    /// The file cannot be read, is broken, or has another version than 9.
    pub fn read(path: &Path) -> Result<Option<Self>, LockfileError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(LockfileError::Read { path: path.to_owned(), source });
            }
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                return Err(LockfileError::Broken {
                    path: path.to_owned(),
                    line: Some(valid.split(|byte| *byte == b'\n').count() as u64),
                    column: None,
                    reason: "it holds bytes that are not UTF-8".to_owned(),
                });
            }
        };
        if is_empty(&text) {
            return Ok(None);
        }
        Self::parse(&text, path).map(Some)
    }

    /// Reads the text of a lockfile; `path` is only named in errors.
    ///
    /// # Errors
    /// The text is broken, or of another version than 9.
    pub fn parse(text: &str, path: &Path) -> Result<Self, LockfileError> {
        let text = normalise(text);
        let (environment, main) = split_documents(&text);
        let lines_before =
            text[..text.len() - main.len()].bytes().filter(|byte| *byte == b'\n').count() as u64;
        let broken = |line: Option<u64>, column, reason| LockfileError::Broken {
            path: path.to_owned(),
            line: line.map(|line| line + lines_before),
            column,
            reason,
        };

        let mut lockfile = match canonical::parse(main) {
            Some(lockfile) => lockfile,
            None => match parse_yaml(main) {
                Ok(lockfile) => lockfile,
                Err((line, column, reason)) => {
                    if let Some(line) = conflict_line(main) {
                        return Err(LockfileError::Conflict {
                            path: path.to_owned(),
                            line: line + lines_before,
                        });
                    }
                    if let Some((line, version)) = stated_version(main)
                        && !is_supported(version)
                    {
                        return Err(LockfileError::BreakingChange {
                            path: path.to_owned(),
                            line: Some(line + lines_before),
                            version: version.to_owned(),
                        });
                    }
                    return Err(broken(line, column, reason));
                }
            },
        };
        if lockfile.version.is_empty() {
            return Err(broken(None, None, "it does not say its lockfileVersion".to_owned()));
        }
        if !is_supported(&lockfile.version) {
            return Err(LockfileError::BreakingChange {
                path: path.to_owned(),
                line: stated_version(main).map(|(line, _)| line + lines_before),
                version: lockfile.version,
            });
        }
        lockfile.environment_document = environment.map(str::to_owned);
        complete_directories(&mut lockfile);
        Ok(lockfile)
    }
}

/// Whether there is no lockfile in the text, though there may be a document that would stand before one.
fn is_empty(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    text.trim_start().is_empty()
        || text.starts_with("---") && split_documents(&normalise(text)).1.trim_start().is_empty()
}

/// Adds the `packages` entries that tools which prune lockfiles used to drop: those of folders, whose snapshots tell all
/// there is to know.
fn complete_directories(lockfile: &mut Lockfile) {
    for dep_path in lockfile.snapshots.keys() {
        let parts = split(dep_path);
        let Some(directory) = parts.version.strip_prefix("file:") else {
            continue;
        };
        let is_tarball = [".tgz", ".tar.gz", ".tar"]
            .iter()
            .any(|end| directory.len() >= end.len() && directory.to_ascii_lowercase().ends_with(end));
        if !is_tarball && !lockfile.packages.contains_key(parts.package_id) {
            let resolution = Resolution::Directory { directory: directory.to_owned(), other: Vec::new() };
            let metadata = PackageMetadata { resolution, ..PackageMetadata::default() };
            lockfile.packages.insert(parts.package_id.to_owned(), metadata);
        }
    }
}

/// Drops a byte-order mark and makes line ends LF.
pub(super) fn normalise(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.as_bytes().contains(&b'\r') {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Splits a leading document (`---` … `---`) from the lockfile itself. A file that is one document, with or without a
/// `---` before it, is all lockfile.
pub(super) fn split_documents(text: &str) -> (Option<&str>, &str) {
    let Some(rest) = text.strip_prefix("---\n") else {
        return (None, text);
    };
    match rest.find("\n---\n") {
        Some(end) => (Some(&rest[..=end]), &rest[end + "\n---\n".len()..]),
        None => (None, rest),
    }
}

/// Reads any YAML. The error is line, column and reason.
pub(super) fn parse_yaml(text: &str) -> Result<Lockfile, (Option<u64>, Option<u64>, String)> {
    let bound = text.len().max(1024);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: bound,
            max_nodes: bound,
            max_total_scalar_bytes: bound,
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            simple_key_max_lookahead: MAX_KEY_LENGTH,
            max_aliases: 0,
            max_anchors: 0,
            max_documents: 1,
            max_merge_keys: 0,
        },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let error = error.without_snippet();
        let location = error.location();
        (
            location.map(|location| location.line()),
            location.map(|location| location.column()),
            reason(&error.to_string()),
        )
    })
}

/// What is wrong, with the limits of a lockfile told as such.
fn reason(message: &str) -> String {
    let message = yaml_error::sentence(message);
    match message.strip_prefix("budget breached: ") {
        Some(limit) if limit.starts_with("Anchors") || limit.starts_with("Aliases") => {
            "it has anchors or aliases, which lockfiles do not have".to_owned()
        }
        Some(limit) => format!("it is larger or deeper than a lockfile can be ({limit})"),
        None => message,
    }
}

fn is_supported(version: &str) -> bool {
    version == "9"
        || version.strip_prefix("9.").is_some_and(|minor| minor.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Line and value of `lockfileVersion`, found without understanding the rest.
fn stated_version(text: &str) -> Option<(u64, &str)> {
    text.lines().zip(1..).find_map(|(line, number)| {
        let value = line.strip_prefix("lockfileVersion:")?;
        Some((number, value.trim().trim_matches(['\'', '"'])))
    })
}

/// Line of the first marker that a git merge left.
fn conflict_line(text: &str) -> Option<u64> {
    text.lines()
        .zip(1..)
        .find(|(line, _)| line.starts_with("<<<<<<< ") || *line == "=======" || line.starts_with(">>>>>>> "))
        .map(|(_, number)| number)
}
