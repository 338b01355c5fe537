//! Does a snapshot's package fit this machine? Asked often, answered once a package.

use super::engine::{InvalidNodeVersion, parse_version, satisfies_engine};
use super::platform::{PlatformFields, check, inferred};
use super::skipped::Request;
use crate::core::event::SkipReason;
use crate::core::lockfile::{Lockfile, PackageMetadata, split};
use node_semver::Version;
use std::collections::HashMap;

/// A package does not fit.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    /// `UnsupportedPlatform` or `UnsupportedEngine`.
    pub reason: SkipReason,
    /// What does not fit.
    pub message: String,
}

/// What is known of a package.
#[derive(Debug, Clone)]
enum Answer {
    Unasked,
    Fits,
    DoesNotFit(Box<Verdict>),
}

/// The answers so far.
pub(super) struct Checks<'a> {
    lockfile: &'a Lockfile,
    request: &'a Request<'a>,
    node_version: Option<Version>,
    /// Position in `packages` of each snapshot.
    packages: Vec<Option<usize>>,
    /// By package: the answer for a needed one, and for an optional one.
    answers: Vec<[Answer; 2]>,
    /// By range of `engines.node`.
    ranges: HashMap<&'a str, bool>,
    warned: Vec<bool>,
}

impl<'a> Checks<'a> {
    pub fn new(lockfile: &'a Lockfile, request: &'a Request<'a>) -> Result<Self, InvalidNodeVersion> {
        let packages = lockfile.snapshots.keys();
        Ok(Self {
            lockfile,
            request,
            node_version: request.node_version.map(parse_version).transpose()?,
            packages: packages
                .map(|dep_path| lockfile.packages.get_index_of(split(dep_path).package_id))
                .collect(),
            answers: vec![[Answer::Unasked, Answer::Unasked]; lockfile.packages.len()],
            ranges: HashMap::new(),
            warned: vec![false; lockfile.packages.len()],
        })
    }

    /// Why the snapshot's package does not fit, if it does not. For an optional one its name is looked at, too.
    pub fn verdict(&mut self, snapshot: usize, optional: bool) -> Option<&Verdict> {
        let package = self.packages[snapshot]?;
        let case = usize::from(optional);
        if matches!(self.answers[package][case], Answer::Unasked) {
            self.answers[package][case] = match self.judge(package, optional) {
                Some(verdict) => Answer::DoesNotFit(Box::new(verdict)),
                None => Answer::Fits,
            };
        }
        match &self.answers[package][case] {
            Answer::DoesNotFit(verdict) => Some(verdict),
            Answer::Unasked | Answer::Fits => None,
        }
    }

    /// Whether this is the first time that a snapshot of its package is asked about; peers make several of one.
    pub fn is_first_warning(&mut self, snapshot: usize) -> bool {
        self.packages[snapshot].is_some_and(|package| !std::mem::replace(&mut self.warned[package], true))
    }

    fn judge(&mut self, package: usize, optional: bool) -> Option<Verdict> {
        let (id, metadata): (&'a String, &'a PackageMetadata) = self.lockfile.packages.get_index(package)?;
        let declared = PlatformFields::of(metadata);
        let wanted = optional.then(|| inferred(split(id).name, &declared)).flatten().unwrap_or(declared);
        if let Err(mismatch) = check(&wanted, self.request.supported, self.request.host) {
            let message = format!("Unsupported platform for {id}: {mismatch}");
            return Some(Verdict { reason: SkipReason::UnsupportedPlatform, message });
        }
        let range = metadata.engines.get("node")?;
        let version = self.node_version.as_ref()?;
        if *self.ranges.entry(range).or_insert_with(|| satisfies_engine(version, range)) {
            return None;
        }
        let wanted = serde_json::json!({ "node": range });
        let current = serde_json::json!({ "node": version.to_string() });
        let message = format!("Unsupported engine for {id}: wanted: {wanted} (current: {current})");
        Some(Verdict { reason: SkipReason::UnsupportedEngine, message })
    }
}
