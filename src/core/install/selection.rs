//! What the install is about, for this machine and this Node.js.
//!
//! Asking Node.js for its version takes longer than reading a lockfile, and the answer seldom decides anything: it is
//! waited for only when an optional package could be left out for it. Otherwise it serves the warnings, at the end.

use std::sync::OnceLock;
use std::thread::JoinHandle;

use node_semver::Version;

use crate::core::config::Config;
use crate::core::lockfile::{Lockfile, OneOrMany};
use crate::core::plan::{
    Graph, Host, PlanError, PlatformFields, Request, Selection, SupportedArchitectures, Wanted, check, host,
    inferred, satisfies_engine, select,
};
use crate::core::resolve::Resolved;

/// Selects, now and again once the version of Node.js is known.
pub struct Selector<'a> {
    config: &'a Config,
    host: Host,
    supported: SupportedArchitectures,
    node_version: NodeVersion,
}

enum NodeVersion {
    Asked(JoinHandle<Option<String>>),
    Known(Option<String>),
}

impl<'a> Selector<'a> {
    /// Begins to ask for the version of Node.js, unless the settings tell it.
    #[must_use]
    pub fn start(config: &'a Config) -> Self {
        let node_version = match &config.node_version.value {
            Some(version) => NodeVersion::Known(Some(version.clone())),
            None => std::thread::Builder::new()
                .name("node version".into())
                .spawn(installed_node_version)
                .map_or(NodeVersion::Known(None), NodeVersion::Asked),
        };
        let list = |names: &[String]| (!names.is_empty()).then(|| names.to_vec());
        let architectures = &config.supported_architectures;
        let supported = SupportedArchitectures {
            os: list(&architectures.os),
            cpu: list(&architectures.cpu),
            libc: list(&architectures.libc),
        };
        Self { config, host: host(), supported, node_version }
    }

    /// Selects what the install is about: what these importers need.
    ///
    /// # Errors
    /// When a needed package does not fit this machine and that is to be an error, or the lockfile is not whole.
    pub fn select(
        &mut self,
        lockfile: &Lockfile,
        graph: &Graph<'_>,
        importers: &[String],
    ) -> Result<Selection, PlanError> {
        if *self.config.engine_strict || self.decides(lockfile) {
            self.wait();
        }
        self.request(lockfile, graph, importers)
    }

    /// Selects again if the version of Node.js was not known before: then there may be warnings that were not.
    ///
    /// # Errors
    /// As [`Selector::select`].
    pub fn select_late(
        &mut self,
        lockfile: &Lockfile,
        graph: &Graph<'_>,
        importers: &[String],
    ) -> Result<Option<Selection>, PlanError> {
        if matches!(self.node_version, NodeVersion::Known(_)) {
            return Ok(None);
        }
        self.wait();
        self.request(lockfile, graph, importers).map(Some)
    }

    /// Whether an optional package that fits this machine asks for a version of Node.js.
    fn decides(&self, lockfile: &Lockfile) -> bool {
        lockfile.snapshots.iter().filter(|(_, snapshot)| snapshot.optional).any(|(dep_path, _)| {
            lockfile.metadata(dep_path).is_some_and(|metadata| {
                metadata.engines.contains_key("node")
                    && check(&PlatformFields::of(metadata), &self.supported, &self.host).is_ok()
            })
        })
    }

    /// The major version of Node.js; `None` where there is none.
    pub fn node_major(&mut self) -> Option<u64> {
        self.wait();
        match &self.node_version {
            NodeVersion::Known(version) => parsed(version.as_deref()?).map(|version| version.major),
            NodeVersion::Asked(_) => None,
        }
    }

    /// What fits this machine, as far as can be told now without waiting.
    pub fn fitness(&mut self) -> Fitness<'_> {
        if matches!(&self.node_version, NodeVersion::Asked(thread) if thread.is_finished()) {
            self.wait();
        }
        let node_version = match &self.node_version {
            NodeVersion::Known(version) => version.as_deref(),
            NodeVersion::Asked(_) => None,
        };
        Fitness { host: &self.host, supported: &self.supported, node_version: node_version.and_then(parsed) }
    }

    fn wait(&mut self) {
        let before = std::mem::replace(&mut self.node_version, NodeVersion::Known(None));
        self.node_version = match before {
            NodeVersion::Asked(thread) => NodeVersion::Known(thread.join().unwrap_or_default()),
            known @ NodeVersion::Known(_) => known,
        };
    }

    fn request(
        &self,
        lockfile: &Lockfile,
        graph: &Graph<'_>,
        importers: &[String],
    ) -> Result<Selection, PlanError> {
        let node_version = match &self.node_version {
            NodeVersion::Known(version) => version.as_deref(),
            NodeVersion::Asked(_) => None,
        };
        let importers: Vec<&str> = importers.iter().map(String::as_str).collect();
        let request = Request {
            wanted: wanted(self.config),
            importers: Some(&importers),
            host: &self.host,
            supported: &self.supported,
            node_version,
            engine_strict: *self.config.engine_strict,
        };
        select(lockfile, graph, &request)
    }
}

/// What fits this machine.
pub struct Fitness<'a> {
    host: &'a Host,
    supported: &'a SupportedArchitectures,
    node_version: Option<Version>,
}

impl Fitness<'_> {
    /// Whether a package fits this machine, by what it says and by its name. Where that is in doubt, it does not.
    #[must_use]
    pub fn fits(&self, resolved: &Resolved) -> bool {
        let manifest = &resolved.manifest;
        let list = |field: &Option<OneOrMany>| field.as_ref().map(|list| list.as_slice().to_vec());
        let declared =
            PlatformFields { os: list(&manifest.os), cpu: list(&manifest.cpu), libc: list(&manifest.libc) };
        let wanted = inferred(&resolved.name, &declared).unwrap_or(declared);
        check(&wanted, self.supported, self.host).is_ok()
            && match (&self.node_version, manifest.engines.get("node")) {
                (Some(version), Some(range)) => satisfies_engine(version, range),
                _ => true,
            }
    }
}

fn parsed(version: &str) -> Option<Version> {
    let version = version.trim();
    Version::parse(version.strip_prefix('v').unwrap_or(version)).ok()
}

/// What `node --version` says; `None` where there is no Node.js. It is asked once.
fn installed_node_version() -> Option<String> {
    static VERSION: OnceLock<Option<String>> = OnceLock::new();
    VERSION.get_or_init(ask_node).clone()
}

fn ask_node() -> Option<String> {
    let output = std::process::Command::new("node")
        .arg("--version")
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .output()
        .ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    Some(version.trim().to_owned()).filter(|version| !version.is_empty())
}

/// Which groups of dependencies the settings ask for.
pub fn wanted(config: &Config) -> Wanted {
    Wanted {
        production: config.included.dependencies,
        development: config.included.dev_dependencies,
        optional: config.included.optional_dependencies,
    }
}
