//! Lockfiles and manifests: what is read, what is refused and with which words, and when a lockfile is out of date.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on may panic, also in the functions that tests share"
)]

mod freshness;
mod manifest;
mod reading;
mod refusing;

use pacwatch::core::lockfile::{Lockfile, LockfileError};
use pacwatch::core::manifest::Manifest;
use std::path::Path;

const HEAD: &str =
    "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\n";

fn parse(text: &str) -> Result<Lockfile, LockfileError> {
    Lockfile::parse(text, Path::new("pnpm-lock.yaml"))
}

/// A lockfile with this body behind its usual head.
fn lockfile(body: &str) -> Lockfile {
    parse(&format!("{HEAD}{body}")).unwrap()
}

fn manifest(json: &str) -> Manifest {
    Manifest::parse(json.as_bytes(), Path::new("package.json")).unwrap()
}

/// A project whose only importer has these lines below it.
fn importer(lines: &str) -> Lockfile {
    lockfile(&format!("importers:\n\n  .:\n{lines}"))
}

const ONE_DEPENDENCY: &str =
    "    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.2.3\n";
