//! Installs that are killed, interrupted, or run beside others on the same store.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pacwatch::core::config::Flags;
use pacwatch::core::event::{Event, EventKind, ImportMethod, LinkMode, Outcome};

use support::answer::{Answer, Gate};
use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;
use support::tree::Node;
use support::{run, sample, store, tree};

/// Kills per mode that hit a running process.
const KILLS: usize = 7;

/// A generator of numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// Starts an install whose events can be read.
fn start(site: &Site, arguments: &[&str]) -> Child {
    run::pacwatch(site, &[&["install", "--json"], arguments].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The tree that the project has when nothing happens, how many lines that run tells, and how long it takes.
fn undisturbed(project: &Project, registry: &Registry) -> (BTreeMap<String, Node>, u64, Duration) {
    let site = project.write(registry);
    let started = Instant::now();
    let output = run::pacwatch(&site, &["install", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let lines = output.stdout.split(|byte| *byte == b'\n').count() as u64;
    (tree::list(&site.modules()), lines, started.elapsed())
}

/// Kills cold installs at moments that are spread over the whole run: some by how much they have told, some by the
/// clock. After each, all that the store shows is whole, and a plain rerun ends in the right tree.
fn kill_at_random_moments(seed: u64, arguments: &[&str]) {
    let registry = Registry::start();
    let project =
        sample::of_many(40, 8).direct_optional(&Package::new("large", "1.0.0").zeros("zeros", 1 << 20));
    let (expected, lines, duration) = undisturbed(&project, &registry);
    let mut numbers = Numbers(seed);
    let mut hits = 0;
    for attempt in 0.. {
        assert!(attempt < 10 * KILLS, "the process is always gone before it can be killed");
        let site = Site::new();
        project.write_into(&site, &registry);
        let mut child = start(&site, arguments);
        let told = BufReader::new(child.stdout.take().unwrap()).lines();
        if attempt % 2 == 0 {
            let moment = usize::try_from(numbers.below(lines)).unwrap();
            let _ = told.take(moment).last();
            sleep(Duration::from_micros(numbers.below(3000)));
        } else {
            let micros = u64::try_from(duration.as_micros()).unwrap();
            sleep(Duration::from_micros(numbers.below(micros)));
        }
        let running = child.try_wait().unwrap().is_none();
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
        hits += usize::from(running);
        store::assert_files_are_whole(&site);
        store::assert_rows_are_complete(&site);
        let output = run::pacwatch(&site, &[&["install"], arguments].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        tree::assert_same(&tree::list(&site.modules()), &expected);
        store::assert_rows_are_complete(&site);
        if hits == KILLS {
            return;
        }
    }
}

#[test]
fn a_kill_at_any_moment_of_an_inline_install_is_repaired_by_the_next() {
    kill_at_random_moments(0x5eed_0001, &["--link-mode=inline"]);
}

#[test]
fn a_kill_at_any_moment_of_a_deferred_install_is_repaired_by_the_next() {
    kill_at_random_moments(0x5eed_0002, &["--link-mode=deferred"]);
}

#[test]
fn a_kill_at_any_moment_of_a_pipelined_install_is_repaired_by_the_next() {
    kill_at_random_moments(0x5eed_0003, &["--link-mode=pipelined"]);
}

#[test]
fn a_kill_while_files_are_copied_leaves_no_half_of_one_behind() {
    kill_at_random_moments(0x5eed_0004, &["--link-mode=pipelined", "--import-method=copy"]);
}

/// The event of a line.
fn event(line: std::io::Result<String>) -> Event {
    serde_json::from_str(&line.unwrap()).unwrap()
}

#[cfg(unix)]
fn send(signal: rustix::process::Signal, child: &Child) {
    let id = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(id, signal).unwrap();
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_run_with_130_and_the_next_run_repairs_what_is_missing() {
    use rustix::process::Signal;
    for (signal, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")] {
        for mode in run::MODES {
            let registry = Registry::start();
            let late = Package::new("late", "1.0.0").file("x", "late");
            let project = sample::of_many(10, 3).direct(&late);
            let site = project.write(&registry);
            // What never comes keeps the run from ending by itself.
            registry.script_tarball(&late, [Answer::Silence]);
            let mut child = start(&site, &["--link-mode", mode.name()]);
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let fetched = lines.by_ref().map(event).find(|event| matches!(event.kind, EventKind::Fetched(_)));
            assert!(fetched.is_some());
            send(signal, &child);
            let rest: Vec<Event> = lines.map(event).collect();
            assert_eq!(child.wait().unwrap().code(), Some(130), "{name}");
            let EventKind::RunFinished(finished) = &rest.last().unwrap().kind else {
                panic!("{name}: the last event is {:?}", rest.last());
            };
            assert_eq!(finished.outcome, Outcome::Cancelled);
            let asked = rest
                .iter()
                .any(|event| matches!(&event.kind, EventKind::CancelRequested { by } if by == name));
            assert!(asked, "{name}");
            store::assert_rows_are_complete(&site);
            registry.script_tarball(&late, [Answer::Content]);
            run::install_by(&site, mode).went_well();
            let (expected, ..) = undisturbed(&project, &registry);
            tree::assert_same(&tree::list(&site.modules()), &expected);
        }
    }
}

/// A folder for each project, one store for all.
fn sharing_a_store(projects: &[Project], registry: &Registry) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    for project in projects {
        let mut site = project.write(registry);
        if let Some(first) = sites.first() {
            site.store.clone_from(&first.store);
            project.write_into(&site, registry);
        }
        sites.push(site);
    }
    sites
}

#[test]
fn processes_that_share_a_store_at_the_same_time_do_not_disturb_each_other() {
    let registry = Registry::start();
    // All begin alike, then each has packages of its own and others under the same names.
    let projects = [60, 40, 80].map(|count| sample::of_many(count, 6));
    let expected: Vec<_> = projects.iter().map(|project| undisturbed(project, &registry).0).collect();
    for count in [2, 3] {
        for modes in [[LinkMode::Inline, LinkMode::Deferred, LinkMode::Pipelined], [LinkMode::Deferred; 3]] {
            let sites = sharing_a_store(&projects[..count], &registry);
            let children: Vec<Child> = sites
                .iter()
                .zip(modes)
                .map(|(site, mode)| start(site, &["--link-mode", mode.name()]))
                .collect();
            for ((child, expected), site) in children.into_iter().zip(&expected).zip(&sites) {
                let output = child.wait_with_output().unwrap();
                assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
                tree::assert_same(&tree::list(&site.modules()), expected);
            }
            store::assert_rows_are_complete(&sites[0]);
            assert_eq!(store::packages(&sites[0]).len(), if count == 2 { 60 } else { 80 });
        }
    }
}

#[test]
fn a_killed_process_does_not_disturb_another_on_the_same_store() {
    let registry = Registry::start();
    let projects = [sample::of_many(60, 6), sample::of_many(60, 6)];
    let (expected, _, duration) = undisturbed(&projects[0], &registry);
    let mut numbers = Numbers(0x5eed_0005);
    for _ in 0..6 {
        let sites = sharing_a_store(&projects, &registry);
        let mut victim = start(&sites[0], &[]);
        let other = start(&sites[1], &[]);
        let micros = u64::try_from(duration.as_micros()).unwrap();
        sleep(Duration::from_micros(numbers.below(micros)));
        victim.kill().unwrap();
        victim.wait().unwrap();
        assert_eq!(other.wait_with_output().unwrap().status.code(), Some(0));
        tree::assert_same(&tree::list(&sites[1].modules()), &expected);
        store::assert_rows_are_complete(&sites[1]);
    }
}

#[test]
fn a_run_that_is_cancelled_by_its_listener_ends_and_is_repaired() {
    for mode in run::MODES {
        let registry = Registry::start();
        let late = Package::new("late", "1.0.0").file("x", "late");
        let project = sample::of_many(10, 3).direct(&late);
        let site = project.write(&registry);
        let gate = Gate::closed();
        registry.script_tarball(&late, [Answer::Behind(gate.clone(), Box::new(Answer::Content))]);
        let flags =
            || Flags { link_mode: Some(mode), import_method: Some(ImportMethod::Copy), ..Flags::default() };
        let cancelled = run::install_watched(&site, flags(), |event, controls| {
            if matches!(event.kind, EventKind::Fetched(_)) {
                controls.cancel("api");
            }
        });
        assert_eq!(cancelled.finished().outcome, Outcome::Cancelled);
        gate.open();
        run::install_well(&site, flags());
        let (expected, ..) = undisturbed(&project, &registry);
        tree::assert_same(&tree::list(&site.modules()), &expected);
    }
}
