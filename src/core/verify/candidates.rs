//! What there is to check in a lockfile.

use indexmap::IndexMap;
use node_semver::Version;
use rustc_hash::FxBuildHasher;
use url::Url;

use super::error::{Violation, ViolationCode};
use super::git_host::is_git_archive;
use super::policy::Policy;
use super::tarball_url;
use crate::core::config::Registries;
use crate::core::lockfile::{Lockfile, Resolution, split};

/// A package of a registry, with the locked versions that need its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The registry; ends in `/`.
    pub registry: String,
    /// Its name.
    pub name: String,
    /// The versions.
    pub versions: Vec<Locked>,
}

/// A locked version, with what is still to be checked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The version.
    pub version: String,
    /// The tarball's address that the lockfile has, where it is to be compared.
    pub tarball: Option<String>,
    /// Its age.
    pub age: bool,
    /// What vouches for it.
    pub trust: bool,
}

impl Locked {
    /// Whether nothing is left to check.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.tarball.is_none() && !self.age && !self.trust
    }
}

/// What there is to check, and what is wrong already.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The packages that have to be looked up, in the order of the lockfile.
    pub packages: Vec<Package>,
    /// The number of their versions.
    pub entries: usize,
    /// Entries that break a rule, whatever registries say.
    pub violations: Vec<Violation>,
}

/// Prefixes of versions that are no names of registries.
const SCHEMES: [&str; 14] = [
    "bitbucket",
    "catalog",
    "file",
    "git",
    "github",
    "gitlab",
    "http",
    "https",
    "jsr",
    "link",
    "npm",
    "patch",
    "runtime",
    "workspace",
];

/// The version of an entry of a registry and the prefix of that registry, if its key says that it is one.
fn registry_version(version: &str) -> Option<(Option<&str>, &str)> {
    let (prefix, version) = match version.split_once(':') {
        Some((prefix, _)) if SCHEMES.contains(&prefix) || prefix.contains(['+', '/']) => return None,
        Some((prefix, version)) => (Some(prefix), version),
        None => (None, version),
    };
    Version::parse(version).is_ok().then_some((prefix, version))
}

/// Entries that are named like those of a registry but get their files from elsewhere: their names promise what
/// nothing keeps. This asks nobody, so it is done even when the lockfile is trusted.
#[must_use]
pub fn misshapen(lockfile: &Lockfile) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (id, metadata) in &lockfile.packages {
        let parts = split(id);
        let Some((_, version)) = registry_version(parts.version) else { continue };
        if !is_of_registry(&metadata.resolution) {
            violations.push(Violation {
                name: parts.name.to_owned(),
                version: version.to_owned(),
                code: ViolationCode::ResolutionShape,
                reason: "is named like a version of a registry, but its files come from elsewhere".to_owned(),
            });
        }
    }
    violations
}

fn is_of_registry(resolution: &Resolution) -> bool {
    match resolution {
        Resolution::Registry { .. } => true,
        Resolution::Tarball { tarball, git_hosted, .. } => {
            is_web_address(tarball) && !git_hosted && !is_git_archive(tarball)
        }
        Resolution::Variations { variants, .. } => {
            variants.iter().all(|variant| is_of_registry(&variant.resolution))
        }
        Resolution::Directory { .. }
        | Resolution::Git { .. }
        | Resolution::Binary(_)
        | Resolution::Unknown(_) => false,
    }
}

fn is_web_address(url: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Whether every rule that pnpm's own verification has is checked here for this lockfile. Runtimes and revisions of
/// packages are not.
#[must_use]
pub fn are_complete(lockfile: &Lockfile) -> bool {
    lockfile.packages.values().all(|metadata| match &metadata.resolution {
        Resolution::Variations { .. } | Resolution::Binary(_) | Resolution::Unknown(_) => false,
        Resolution::Registry { other, .. } | Resolution::Tarball { other, .. } => {
            other.iter().all(|(key, _)| key != "revision")
        }
        Resolution::Directory { .. } | Resolution::Git { .. } => true,
    })
}

/// What there is to check in a lockfile.
#[must_use]
pub fn collect(lockfile: &Lockfile, registries: &Registries, policy: &Policy) -> Candidates {
    let mut candidates = Candidates::default();
    let mut packages: IndexMap<(String, &str), Vec<Locked>, FxBuildHasher> = IndexMap::default();
    for (id, metadata) in &lockfile.packages {
        if !claims_registry(&metadata.resolution) {
            continue;
        }
        let tarball = tarball(&metadata.resolution);
        let parts = split(id);
        let mut violate = |version: &str, code, reason: String| {
            let (name, version) = (parts.name.to_owned(), version.to_owned());
            candidates.violations.push(Violation { name, version, code, reason });
        };
        if !has_digest(&metadata.resolution) {
            let reason = "has no \"integrity\", so its tarball cannot be checked";
            violate(parts.version, ViolationCode::MissingIntegrity, reason.to_owned());
            continue;
        }
        let Some((prefix, version)) = registry_version(parts.version) else { continue };
        let registry = match prefix.map(|prefix| (prefix, registries.prefixes.get(prefix))) {
            None => registry_of(registries, parts.name, tarball),
            Some((_, Some(registry))) => registry.as_str().to_owned(),
            Some((prefix, None)) => {
                let reason = format!("comes from the registry {prefix:?}, which the settings do not name");
                violate(version, ViolationCode::NamedRegistry, reason);
                continue;
            }
        };
        let locked = Locked {
            version: version.to_owned(),
            tarball: tarball.map(str::to_owned),
            age: policy.is_about_age_of(parts.name, version),
            trust: policy.is_about_trust_in(parts.name, version),
        };
        if !locked.is_done() {
            candidates.entries += 1;
            packages.entry((registry, parts.name)).or_default().push(locked);
        }
    }
    let packages = packages.into_iter().map(|((registry, name), versions)| Package {
        registry,
        name: name.to_owned(),
        versions,
    });
    candidates.packages = packages.collect();
    candidates
}

/// Whether an entry comes from a registry, or claims so.
fn claims_registry(resolution: &Resolution) -> bool {
    match resolution {
        Resolution::Registry { .. } => true,
        Resolution::Tarball { tarball, .. } => {
            let is_elsewhere = Url::parse(tarball).is_ok_and(|url| !matches!(url.scheme(), "http" | "https"));
            !is_elsewhere && !is_git_archive(tarball)
        }
        Resolution::Directory { .. }
        | Resolution::Git { .. }
        | Resolution::Binary(_)
        | Resolution::Variations { .. }
        | Resolution::Unknown(_) => false,
    }
}

/// The tarball's address, where the lockfile has one.
fn tarball(resolution: &Resolution) -> Option<&str> {
    match resolution {
        Resolution::Tarball { tarball, .. } => Some(tarball),
        _ => None,
    }
}

fn has_digest(resolution: &Resolution) -> bool {
    resolution
        .integrity()
        .and_then(|integrity| integrity.parse::<ssri::Integrity>().ok())
        .is_some_and(|integrity| !integrity.hashes.is_empty())
}

/// The registry whose document has to have the version: a named one if the tarball lies there, else that of the scope.
fn registry_of(registries: &Registries, name: &str, tarball: Option<&str>) -> String {
    if let Some(tarball) = tarball {
        let tarball = tarball_url::plain(tarball);
        let named = registries
            .prefixes
            .values()
            .map(|registry| registry.as_str())
            .filter(|registry| tarball.starts_with(&tarball_url::plain(registry)))
            .max_by_key(|registry| (registry.len(), std::cmp::Reverse(*registry)));
        if let Some(named) = named {
            return named.to_owned();
        }
    }
    registries.for_package(name).to_owned()
}
