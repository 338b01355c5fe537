//! Verification as a whole, with a registry that is played.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::*;
use crate::core::clock::{Clock, unix_millis};
use crate::core::config::{Config, Flags, Input};
use crate::core::emit::Emitter;
use crate::core::lockfile::Lockfile;
use crate::core::meter::Meters;
use crate::core::registry::{Form, TrustEvidence, parse_timestamp};

const REGISTRY: &str = "http://127.0.0.1:9/";
const OLD: &str = "2020-01-01T00:00:00.000Z";

/// What a registry says of a package.
#[derive(Debug, Clone, Default)]
struct Paper {
    modified: Option<&'static str>,
    /// Version → when it was published, where its tarball lies.
    versions: BTreeMap<&'static str, (Option<String>, &'static str)>,
}

impl Facts for Paper {
    fn modified(&self) -> Option<&str> {
        self.modified
    }
    fn has_version(&self, version: &str) -> bool {
        self.versions.contains_key(version)
    }
    fn tarball(&self, version: &str) -> Option<String> {
        self.versions.get(version).map(|(_, tarball)| (*tarball).to_owned())
    }
    fn published_at(&self, version: &str) -> Option<&str> {
        self.versions.get(version)?.0.as_deref()
    }
    fn versions(&self) -> Vec<&str> {
        self.versions.keys().copied().collect()
    }
    fn evidence(&self, version: &str) -> Result<Option<TrustEvidence>, MetadataFailure> {
        Ok((version == "1.0.0").then_some(TrustEvidence::Provenance))
    }
}

/// A registry with a cache.
#[derive(Default)]
struct Office {
    cached: Vec<(Form, &'static str, Paper)>,
    published: Vec<(Form, &'static str, Paper)>,
    attested: Option<i64>,
    asked: Mutex<Vec<String>>,
}

impl Metadata for Office {
    type Document = Paper;

    async fn cached(&self, _registry: &str, name: &str, form: Form) -> Option<Arc<Paper>> {
        find(&self.cached, name, form)
    }

    async fn fetch(&self, registry: &str, name: &str, form: Form) -> Result<Arc<Paper>, MetadataFailure> {
        self.asked.lock().unwrap().push(format!("{registry}{name} {form:?}"));
        find(&self.published, name, form).ok_or_else(|| MetadataFailure {
            code: Some("ERR_PNPM_FETCH_404".to_owned()),
            message: format!("no {name}"),
        })
    }

    async fn attested_at(&self, _registry: &str, name: &str, version: &str) -> Option<i64> {
        self.asked.lock().unwrap().push(format!("{name}@{version} attestation"));
        self.attested
    }

    fn done_with(&self, _name: &str) {}

    fn settle(&self) {}
}

fn find(papers: &[(Form, &'static str, Paper)], name: &str, form: Form) -> Option<Arc<Paper>> {
    papers
        .iter()
        .find(|(have, of, _)| *have == form && *of == name)
        .map(|(.., paper)| Arc::new(paper.clone()))
}

fn paper(modified: Option<&'static str>, versions: &[(&'static str, Option<&str>)]) -> Paper {
    let versions = versions.iter().map(|(version, published)| {
        (*version, (published.map(str::to_owned), "http://127.0.0.1:9/a/-/a-1.0.0.tgz"))
    });
    Paper { modified, versions: versions.collect() }
}

/// A project with a lockfile.
struct Bench {
    folder: tempfile::TempDir,
    settings: String,
}

impl Bench {
    fn new(packages: &[(&str, &str)]) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap(), settings: String::new() };
        let packages: Vec<String> = packages
            .iter()
            .map(|(id, resolution)| format!("  {id}:\n    resolution: {{{resolution}}}\n\n"))
            .collect();
        let packages = packages.concat();
        let text = format!("lockfileVersion: '9.0'\n\nimporters: {{}}\n\npackages:\n\n{packages}");
        std::fs::write(bench.path(), text).unwrap();
        bench
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("pnpm-lock.yaml")
    }

    fn with(mut self, settings: &str) -> Self {
        self.settings.push_str(settings);
        self.settings.push('\n');
        self
    }

    fn config(&self) -> Config {
        let folder = self.folder.path();
        let settings =
            format!("registry: {REGISTRY}\ncacheDir: ./cache\nstoreDir: ./store\n{}", self.settings);
        std::fs::write(folder.join("pnpm-workspace.yaml"), settings).unwrap();
        Config::load(&Input {
            dir: folder.to_owned(),
            working_dir: folder.to_owned(),
            environment: BTreeMap::new(),
            home: None,
            flags: Flags::default(),
            processors: 2,
        })
        .unwrap()
    }

    fn verify(&self, office: Office) -> (Result<Passed, VerifyError>, Vec<String>) {
        let (office, config) = (Arc::new(office), self.config());
        let lockfile =
            Lockfile::parse(&std::fs::read_to_string(self.path()).unwrap(), Path::new("l")).unwrap();
        let (emitter, _events) = Emitter::new(Clock::start());
        let meters = Meters::new(emitter);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let shared = Arc::clone(&office);
        let mut verification =
            Verification::start(&config, &lockfile, &self.path(), &meters, || 0, runtime.handle(), || shared);
        let outcome = runtime.block_on(verification.finish());
        // What is remembered is written behind the run's back.
        drop(runtime);
        let mut asked = office.asked.lock().unwrap().clone();
        asked.sort();
        (outcome, asked)
    }

    fn memory(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.folder.path().join("cache/lockfile-verified.jsonl"));
        text.unwrap_or_default().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn integrity() -> String {
    format!("integrity: sha512-{}==", "A".repeat(86))
}

fn one() -> Bench {
    Bench::new(&[("a@1.0.0", &integrity())])
}

fn minutes_ago(minutes: u64) -> String {
    as_iso(i64::try_from(unix_millis() - minutes * 60_000).unwrap())
}

fn code_of(outcome: &Result<Passed, VerifyError>) -> Option<&'static str> {
    outcome.as_ref().unwrap_err().code()
}

#[test]
fn a_package_that_did_not_change_lately_needs_one_small_document() {
    let office = Office {
        published: vec![(Form::Abbreviated, "a", paper(Some(OLD), &[("1.0.0", None)]))],
        ..Office::default()
    };
    let (outcome, asked) = one().verify(office);
    assert_eq!(outcome, Ok(Passed::Verified(1)));
    assert_eq!(asked, ["http://127.0.0.1:9/a Abbreviated"]);
}

#[test]
fn a_version_that_the_registry_does_not_have_is_not_as_old_as_its_package() {
    let missing = paper(Some(OLD), &[("2.0.0", Some(OLD))]);
    let published = vec![(Form::Abbreviated, "a", missing.clone()), (Form::Full, "a", missing)];
    let bench = one().with("minimumReleaseAgeIgnoreMissingTime: false");
    let (outcome, asked) = bench.verify(Office { published, ..Office::default() });
    assert_eq!(code_of(&outcome), Some("ERR_PNPM_MINIMUM_RELEASE_AGE_VIOLATION"));
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(bench.memory().is_empty());
}

#[test]
fn a_young_version_is_refused_and_named() {
    let young = minutes_ago(10);
    let full = paper(None, &[("1.0.0", Some(&young))]);
    let published = vec![(Form::Abbreviated, "a", paper(None, &[("1.0.0", None)])), (Form::Full, "a", full)];
    let bench = one();
    let (outcome, _) = bench.verify(Office { published: published.clone(), ..Office::default() });
    assert_eq!(code_of(&outcome), Some("ERR_PNPM_MINIMUM_RELEASE_AGE_VIOLATION"));
    assert!(outcome.unwrap_err().to_string().contains("a@1.0.0 was published at"));
    assert!(bench.memory().is_empty());
    let (outcome, asked) =
        bench.with("minimumReleaseAgeExclude: ['a@1.0.0']").verify(Office { published, ..Office::default() });
    assert_eq!((outcome, asked), (Ok(Passed::Unchecked), Vec::new()));
}

#[test]
fn the_log_of_signatures_spares_the_large_document() {
    let published = vec![(Form::Abbreviated, "a", paper(None, &[("1.0.0", None)]))];
    let (outcome, asked) = one().verify(Office { published, attested: Some(0), ..Office::default() });
    assert_eq!(outcome, Ok(Passed::Verified(1)));
    assert_eq!(asked, ["a@1.0.0 attestation", "http://127.0.0.1:9/a Abbreviated"]);
}

#[test]
fn what_the_cache_proves_asks_nobody() {
    for (form, document) in [
        (Form::Abbreviated, paper(Some(OLD), &[("1.0.0", None)])),
        (Form::Full, paper(None, &[("1.0.0", Some(OLD))])),
    ] {
        let (outcome, asked) =
            one().verify(Office { cached: vec![(form, "a", document)], ..Office::default() });
        assert_eq!((outcome, asked), (Ok(Passed::Verified(1)), Vec::new()), "{form:?}");
    }
}

#[test]
fn a_registry_that_cannot_be_asked_is_an_error_of_its_own() {
    let (outcome, _) = one().verify(Office::default());
    assert_eq!(code_of(&outcome), Some("ERR_PNPM_META_FETCH_FAIL"));
    assert!(outcome.unwrap_err().to_string().contains("ERR_PNPM_FETCH_404: no a"));
}

#[test]
fn a_tarball_must_be_the_one_that_the_registry_publishes() {
    let lock = |address: &str| {
        Bench::new(&[("a@1.0.0", &format!("{}, tarball: {address}", integrity()))])
            .with("minimumReleaseAge: 0")
    };
    let office = || Office {
        published: vec![(Form::Abbreviated, "a", paper(None, &[("1.0.0", None)]))],
        ..Office::default()
    };
    let (outcome, _) = lock("https://127.0.0.1:9/a/-/a-1.0.0.tgz").verify(office());
    assert_eq!(outcome, Ok(Passed::Verified(1)));
    let (outcome, _) = lock("http://127.0.0.1:9/evil/a-1.0.0.tgz").verify(office());
    assert_eq!(code_of(&outcome), Some("ERR_PNPM_TARBALL_URL_MISMATCH"));
    // An address that only an old document lacks is asked about.
    let cached = vec![(Form::Abbreviated, "a", paper(None, &[]))];
    let (outcome, asked) = lock("http://127.0.0.1:9/a/-/a-1.0.0.tgz").verify(Office { cached, ..office() });
    assert_eq!((outcome, asked.len()), (Ok(Passed::Verified(1)), 1));
}

#[test]
fn what_needs_no_registry_is_refused_without_asking_one() {
    let bench = Bench::new(&[("a@1.0.0", "tarball: http://127.0.0.1:9/a/-/a-1.0.0.tgz")]);
    let (outcome, asked) = bench.verify(Office::default());
    assert_eq!((code_of(&outcome), asked), (Some("ERR_PNPM_MISSING_TARBALL_INTEGRITY"), Vec::new()));

    let bench = Bench::new(&[("a@1.0.0", "directory: ../a, type: directory")]).with("trustLockfile: true");
    let (outcome, _) = bench.verify(Office::default());
    assert_eq!(code_of(&outcome), Some("ERR_PNPM_RESOLUTION_SHAPE_MISMATCH"));

    let bench = Bench::new(&[("a@nowhere:1.0.0", &integrity())]);
    let (outcome, _) = bench.verify(Office::default());
    assert_eq!(code_of(&outcome), Some("ERR_PNPM_MISSING_NAMED_REGISTRY"));
}

#[test]
fn nothing_is_asked_when_no_policy_is_in_force_or_the_lockfile_is_trusted() {
    for settings in ["minimumReleaseAge: 0", "trustLockfile: true"] {
        let (outcome, asked) = one().with(settings).verify(Office::default());
        assert_eq!((outcome, asked), (Ok(Passed::Unchecked), Vec::new()), "{settings}");
    }
}

#[test]
fn provenance_may_not_get_worse() {
    let bench =
        Bench::new(&[("a@1.1.0", &integrity())]).with("trustPolicy: no-downgrade\nminimumReleaseAge: 0");
    let full = paper(None, &[("1.0.0", Some("2020-01-01")), ("1.1.0", Some("2020-02-01"))]);
    let office = || Office { published: vec![(Form::Full, "a", full.clone())], ..Office::default() };
    let (outcome, _) = bench.verify(office());
    assert_eq!(code_of(&outcome), Some("ERR_PNPM_TRUST_DOWNGRADE"));
    let (outcome, _) = bench.with("trustPolicyIgnoreAfter: 60").verify(office());
    assert_eq!(outcome, Ok(Passed::Verified(1)));
}

#[test]
fn a_lockfile_that_passed_is_remembered_by_place_and_by_content() {
    let office = || Office {
        published: vec![(Form::Abbreviated, "a", paper(Some(OLD), &[("1.0.0", None)]))],
        ..Office::default()
    };
    let bench = one();
    assert_eq!(bench.verify(office()).0, Ok(Passed::Verified(1)));
    assert!(matches!(bench.verify(Office::default()).0, Ok(Passed::Remembered(_))), "by place");

    // The same content in a new file.
    let text = std::fs::read(bench.path()).unwrap();
    std::fs::remove_file(bench.path()).unwrap();
    std::fs::write(bench.folder.path().join("other"), "").unwrap();
    std::fs::write(bench.path(), [text.as_slice(), b"\n"].concat()).unwrap();
    assert!(matches!(bench.verify(Office::default()).0, Ok(Passed::Remembered(_))), "by content");
    assert_eq!(bench.memory().len(), 2, "the new file is known by its place from now on");

    // A stricter policy is another question, a laxer one is not.
    let bench = bench.with("minimumReleaseAge: 60");
    assert!(matches!(bench.verify(Office::default()).0, Ok(Passed::Remembered(_))));
    let bench = Bench { settings: "minimumReleaseAge: 100000".to_owned(), ..bench };
    assert_eq!(bench.verify(office()).0, Ok(Passed::Verified(1)));
}

#[test]
fn a_line_of_the_memory_has_pnpms_shape() {
    let office = Office {
        published: vec![(Form::Abbreviated, "a", paper(Some(OLD), &[("1.0.0", None)]))],
        ..Office::default()
    };
    let bench = one();
    assert!(bench.verify(office).0.is_ok());
    let memory = bench.memory();
    let line = memory.first().unwrap();
    assert_eq!(line["lockfile"]["path"], bench.path().to_str().unwrap());
    assert_eq!(line["lockfile"]["hash"].as_str().unwrap().len(), 64);
    assert!(line["lockfile"]["mtimeNs"].is_string() && line["lockfile"]["inode"].is_string());
    assert!(parse_timestamp(line["verifiedAt"].as_str().unwrap()).is_some());
    let keys: Vec<&String> = line["policy"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "tarballUrlBinding",
            "revisionHistoryBinding",
            "integrityRequired",
            "variationResolutionsVerified",
            "namedRegistriesRouting",
            "minimumReleaseAge",
            "minimumReleaseAgeExclude",
            "trustPolicy",
            "trustPolicyExclude",
            "trustPolicyIgnoreAfter",
            "minimumReleaseAgeIgnoreMissingTime",
            "resolutionShapeCheck",
            "dependencyAliasCheck",
            "variationResolutionCheck",
        ]
    );
    // What pnpm 12.21 writes for the registries that have prefixes by default.
    assert_eq!(
        line["policy"]["namedRegistriesRouting"],
        "cda72c506da6d35490bfca1b191ddae27e8da66c5617a46c2e2c56cbc1fa19ff"
    );
}

#[test]
fn a_memory_that_is_no_memory_is_no_obstacle() {
    let bench = one();
    std::fs::create_dir_all(bench.folder.path().join("cache")).unwrap();
    std::fs::write(bench.folder.path().join("cache/lockfile-verified.jsonl"), b"\xff\n{\n{}\n").unwrap();
    let office = Office {
        published: vec![(Form::Abbreviated, "a", paper(Some(OLD), &[("1.0.0", None)]))],
        ..Office::default()
    };
    assert_eq!(bench.verify(office).0, Ok(Passed::Verified(1)));
}
