//! What resolution finds, as it finds it: told to listeners, and fetched ahead of the plan.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use url::Url;

use super::ahead::Ahead;
use super::numbers::{Numbers, Told};
use super::selection::Fitness;
use super::work::registry_tarball;
use crate::core::config::Config;
use crate::core::emit::Emitter;
use crate::core::event::{EventKind, PackageId, PackageSeen, SkipReason, Why};
use crate::core::fetch::Tarball;
use crate::core::lockfile::{Resolution, split};
use crate::core::resolve::tree::{Listener, SkippedOptional};
use crate::core::resolve::{Resolved, Source, Via};
use crate::core::store::index;

/// Hears what the walk finds.
pub struct Announcer<'a> {
    /// The settings.
    pub config: &'a Config,
    /// Who is told.
    pub emitter: &'a Emitter,
    /// Fetches what will be needed; nothing is fetched where only the lockfile is wanted.
    pub ahead: Option<&'a Ahead>,
    /// What fits this machine.
    pub fitness: Fitness<'a>,
    /// Ids of packages that are in place already, most likely.
    pub in_place: FxHashSet<String>,
    /// What was told so far.
    pub told: RefCell<ToldSoFar>,
}

/// What listeners know.
#[derive(Default)]
pub struct ToldSoFar {
    /// The numbers given to packages.
    pub numbers: Numbers,
    /// The number of each package, by its id.
    packages: rustc_hash::FxHashMap<Arc<str>, PackageId>,
    /// Optional dependencies that could not be resolved.
    pub skipped: u64,
}

impl ToldSoFar {
    /// Nothing yet; packages get numbers from `first` on.
    #[must_use]
    pub fn after(first: u32) -> Self {
        Self { numbers: Numbers::after(first), ..Self::default() }
    }
}

impl Announcer<'_> {
    /// Makes a package known, if it is not, and begins to fetch it.
    fn announce(&self, resolved: &Arc<Resolved>) -> Option<PackageId> {
        if matches!(resolved.source, Source::Link { .. }) {
            return None;
        }
        let mut told = self.told.borrow_mut();
        if let Some(&package) = told.packages.get(&resolved.id) {
            return Some(package);
        }
        let package = told.numbers.give(Told {
            dep_path: Arc::clone(&resolved.id),
            why: Why::Transitive,
            optional: false,
        })?;
        told.packages.insert(Arc::clone(&resolved.id), package);
        drop(told);
        let parts = split(&resolved.id);
        let version = resolved.version.as_deref().unwrap_or(parts.version);
        self.emitter.emit(EventKind::PackageSeen(Box::new(PackageSeen {
            package,
            name: resolved.name.to_string(),
            version: version.to_owned(),
            dep_path: resolved.id.to_string(),
            why: Why::Transitive,
            optional: false,
            size: resolved.unpacked_size,
        })));
        if let Some(ahead) = self.ahead
            && let Some(tarball) = self.tarball(resolved, package)
        {
            ahead.want(tarball);
        }
        Some(package)
    }

    /// What to fetch for a package; nothing for one that is not of a registry, may not fit this machine, or is in
    /// place.
    fn tarball(&self, resolved: &Resolved, package: PackageId) -> Option<Tarball> {
        let is_of_registry = matches!(resolved.via, Via::Registry | Via::Jsr | Via::NamedRegistry);
        if !is_of_registry || self.in_place.contains(&*resolved.id) || !self.fitness.fits(resolved) {
            return None;
        }
        let Source::Package { resolution, tarball } = &resolved.source else { return None };
        let parts = split(&resolved.id);
        let url = match resolution {
            // As the plan has it: both must come to the same key and the same bytes.
            Resolution::Registry { .. } => registry_tarball(self.config, parts.name, parts.version),
            Resolution::Tarball { tarball: url, git_hosted: false, .. } => url.clone(),
            _ => tarball.as_ref()?.to_string(),
        };
        let integrity = resolution.integrity()?.to_owned();
        let url = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let key = index::key(&integrity, parts.package_id);
        Some(Tarball { package, unblocked: vec![package], url, integrity: Some(integrity), key })
    }
}

impl Listener for Announcer<'_> {
    fn resolved(&self, resolved: &Arc<Resolved>) {
        if let Some(package) = self.announce(resolved) {
            self.emitter.emit(EventKind::Resolved { package });
        }
    }

    fn likely(&self, resolved: &Arc<Resolved>) {
        self.announce(resolved);
    }

    fn deprecated(&self, resolved: &Arc<Resolved>, reason: &str, _depth: u32, _project_dir: &Path) {
        if let Some(package) = self.announce(resolved) {
            self.emitter.emit(EventKind::Deprecated { package, message: reason.to_owned() });
        }
    }

    fn skipped(&self, skipped: &SkippedOptional<'_>) {
        let mut told = self.told.borrow_mut();
        told.skipped += 1;
        let package = told.numbers.fresh();
        drop(told);
        let name = skipped.alias.unwrap_or(skipped.specifier).to_string();
        self.emitter.emit(EventKind::PackageSeen(Box::new(PackageSeen {
            package,
            dep_path: format!("{name}@{}", skipped.specifier),
            name,
            version: skipped.specifier.to_string(),
            why: if skipped.parents.is_empty() { Why::Direct } else { Why::Transitive },
            optional: true,
            size: None,
        })));
        self.emitter.emit(EventKind::Skipped {
            package,
            reason: SkipReason::ResolutionFailure,
            detail: skipped.error.to_string(),
        });
    }
}
