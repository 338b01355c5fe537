//! What goes wrong during an install: what it is met with, what it leaves behind, and that a later run repairs it.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod archives;
mod lockfiles;
mod registry;
mod store;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use pacwatch::core::config::Flags;
use pacwatch::core::event::EventKind;

use support::answer::Answer;
use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;
use support::run::{self, Step};
use support::tree::Node;
use support::{sample, store as stored, tree};

/// A content that only the package has that things happen to.
const MARK: &str = "of the package that things happen to\n";

/// The package that things happen to, as it should be.
fn victim() -> Package {
    // Long enough to be cut anywhere, and it does not compress to nothing.
    let lines: Vec<String> = (0..500_u32).map(|line| line.wrapping_mul(2_654_435_761).to_string()).collect();
    let lines = lines.join("\n");
    Package::new("victim", "1.0.0").file("mark", MARK).file("lines", lines)
}

/// Something that can happen to it.
struct Fault {
    name: &'static str,
    /// The package as it is published and locked.
    package: Package,
    /// How the registry answers for it.
    answers: Vec<Answer>,
    /// The integrity that is locked, if not the package's own.
    integrity: Option<String>,
    /// Lines of `pnpm-workspace.yaml`.
    settings: Vec<&'static str>,
    /// The code of the failure.
    code: &'static str,
    /// What its message says.
    says: &'static str,
}

impl Fault {
    fn new(name: &'static str, code: &'static str, says: &'static str) -> Self {
        Self {
            name,
            package: victim(),
            answers: vec![Answer::Content],
            integrity: None,
            settings: Vec::new(),
            code,
            says,
        }
    }

    fn answers(mut self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.answers = answers.into_iter().collect();
        self
    }

    fn package(mut self, change: impl FnOnce(Package) -> Package) -> Self {
        self.package = change(self.package);
        self
    }

    fn integrity(mut self, integrity: impl Into<String>) -> Self {
        self.integrity = Some(integrity.into());
        self
    }

    fn setting(mut self, line: &'static str) -> Self {
        self.settings.push(line);
        self
    }
}

/// A project that needs the victim, directly or by the package in between, among others.
fn project(victim: &Package, optional: bool) -> Project {
    let between = Package::new("between", "1.0.0").file("index.js", "require('victim')\n");
    let project = sample::of_many(8, 2).setting("fetchRetries: 0");
    if optional {
        project.direct_optional(victim).direct(&between.optional_dependency("victim", "1.0.0"))
    } else {
        project.direct(&between.dependency("victim", "1.0.0")).package(victim)
    }
}

/// Publishes and writes a project to which the fault happens.
fn write(fault: &Fault, registry: &Registry, optional: bool) -> Site {
    let mut project = project(&fault.package, optional);
    for line in &fault.settings {
        project = project.setting(line);
    }
    if let Some(integrity) = &fault.integrity {
        project = project.integrity("victim@1.0.0", integrity);
    }
    let site = project.write(registry);
    registry.script_tarball(&fault.package, fault.answers.clone());
    site
}

/// Ends the fault: the package is published as it should be, and the project locks that.
fn mend(site: &Site, registry: &Registry, optional: bool) {
    let victim = victim();
    registry.publish(&victim);
    registry.script_tarball(&victim, [Answer::Content]);
    project(&victim, optional).write_into(site, registry);
}

/// What an install gives when nothing goes wrong: the tree, and the files of the store.
fn unharmed(registry: &Registry, optional: bool) -> (BTreeMap<String, Node>, BTreeSet<PathBuf>) {
    let site = Site::new();
    mend(&site, registry, optional);
    run::install_well(&site, Flags::default());
    (tree::list(&site.modules()), stored::files(&site))
}

/// Fails if anything of the victim can be seen in the store, or anything there is not whole.
fn assert_nothing_in_store(fault: &Fault, site: &Site, files: &BTreeSet<PathBuf>) {
    stored::assert_rows_are_complete(site);
    assert!(!stored::packages(site).contains("victim@1.0.0"), "{}", fault.name);
    assert!(!stored::path_of(site, MARK.as_bytes(), false).exists(), "{}", fault.name);
    let strange: Vec<_> = stored::files(site).difference(files).cloned().collect();
    assert_eq!(strange, Vec::<PathBuf>::new(), "{}", fault.name);
}

/// Symlinks that lead nowhere.
fn dangling(site: &Site) -> Vec<String> {
    let modules = site.modules();
    let links = tree::list(&modules).into_iter().filter(|(_, node)| matches!(node, Node::Symlink(_)));
    links.map(|(path, _)| path).filter(|path| !modules.join(path).exists()).collect()
}

/// A package that is needed and cannot be had ends the run with a clear word, leaves nothing of itself, and harms
/// nobody else; once it can be had, a plain rerun is enough.
fn assert_refused(faults: Vec<Fault>) {
    for fault in faults {
        let name = fault.name;
        let registry = Registry::start();
        let site = write(&fault, &registry, false);
        let run = run::install(&site, Flags::default());
        let failure = run.failure();
        assert_eq!(failure.code.as_deref(), Some(fault.code), "{name}: {failure:?}");
        for part in ["victim@1.0.0", &registry.tarball_url(&fault.package), fault.says] {
            assert!(failure.message.contains(part), "{name}: no {part:?} in {failure:?}");
        }
        assert!(failure.help.is_some(), "{name}: no help in {failure:?}");
        assert_eq!(run.packages()[&failure.package.unwrap()], "victim@1.0.0", "{name}");
        assert_eq!(run.steps_of("victim@1.0.0"), [], "{name}");

        mend(&site, &registry, false);
        let (tree, files) = unharmed(&registry, false);
        assert_nothing_in_store(&fault, &site, &files);
        run::install_well(&site, Flags::default());
        tree::assert_same(&tree::list(&site.modules()), &tree);
        assert_eq!(stored::files(&site), files, "{name}");
        stored::assert_rows_are_complete(&site);
    }
}

/// An optional package that cannot be had is left out, with a word; once it can be had, a plain rerun brings it.
fn assert_left_out(faults: Vec<Fault>) {
    for fault in faults {
        let name = fault.name;
        let registry = Registry::start();
        let site = write(&fault, &registry, true);
        let run = run::install_well(&site, Flags::default());
        for (dep_path, steps) in run.steps() {
            let expected: &[Step] =
                if dep_path == "victim@1.0.0" { &[Step::Skipped] } else { &[Step::Fetched, Step::Imported] };
            assert_eq!(steps, expected, "{name}: {dep_path}");
        }
        let details = run.events.iter().filter_map(|event| match &event.kind {
            EventKind::Skipped { detail, .. } => Some(detail.as_str()),
            _ => None,
        });
        assert!(
            details.clone().all(|detail| detail.contains(fault.says)),
            "{name}: {:?}",
            details.collect::<Vec<_>>()
        );
        assert_eq!(run.finished().totals.skipped, 1, "{name}");
        assert_eq!(dangling(&site), Vec::<String>::new(), "{name}");
        assert!(!site.modules().join("victim").is_symlink(), "{name}");
        assert!(fs::metadata(site.modules().join("between/index.js")).is_ok(), "{name}");

        mend(&site, &registry, true);
        let (tree, files) = unharmed(&registry, true);
        assert_nothing_in_store(&fault, &site, &files);
        run::install_well(&site, Flags::default());
        tree::assert_same(&tree::list(&site.modules()), &tree);
    }
}
