//! What is asked of an install while it runs: it pauses, goes on, and links in another way from then on.

mod support;

use std::thread;
use std::time::Duration;

use pacwatch::core::config::Flags;
use pacwatch::core::event::{EventKind, LinkMode, LinkPass};

use support::answer::{Answer, Gate};
use support::packages::Package;
use support::project::Project;
use support::registry::Registry;
use support::run::{self, Run};

const PACKAGES: usize = 6;

fn packages() -> Vec<Package> {
    (0..PACKAGES).map(|number| Package::new(&format!("p{number}"), "1.0.0")).collect()
}

fn position(run: &Run, wanted: impl Fn(&EventKind) -> bool) -> usize {
    run.events.iter().position(|event| wanted(&event.kind)).expect("the event was told")
}

#[test]
fn a_pause_begins_nothing_new_until_it_is_over() {
    let registry = Registry::start();
    let packages = packages();
    let project = packages.iter().fold(Project::new(), |project, package| {
        registry.publish(package);
        project.package(package).direct(package)
    });
    let site = project.write(&registry);
    let flags = Flags { network_concurrency: Some(1), ..Flags::default() };
    let mut paused = false;
    let run = run::install_watched(&site, flags, move |event, controls| {
        if matches!(event.kind, EventKind::FetchStarted { .. }) && !paused {
            paused = true;
            controls.set_paused(true, "api");
        }
        if matches!(event.kind, EventKind::Paused { .. }) {
            let controls = controls.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(100));
                controls.set_paused(false, "api");
            });
        }
    })
    .went_well();
    let (from, to) = (
        position(&run, |kind| matches!(kind, EventKind::Paused { by } if by == "api")),
        position(&run, |kind| matches!(kind, EventKind::Resumed { .. })),
    );
    let began = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::FetchStarted { .. } | EventKind::ExtractStarted { .. } | EventKind::LinkStarted { .. }
        )
    };
    // What had a permit or a lane when the pause came may still say so.
    let meanwhile = run.events[from..to].iter().filter(|event| began(&event.kind)).count();
    assert!(meanwhile <= 2, "{meanwhile} things began in the pause");
    assert!(run.events[to..].iter().any(|event| began(&event.kind)));
}

#[test]
fn linking_goes_on_beside_the_downloads_once_it_is_asked_to() {
    let registry = Registry::start();
    let packages = packages();
    let project = packages.iter().fold(Project::new(), |project, package| {
        registry.publish(package);
        project.package(package).direct(package)
    });
    // The last tarball comes only after the first slot was linked: with the mode as it was, that would be never.
    let gate = Gate::closed();
    registry
        .script_tarball(&packages[PACKAGES - 1], [Answer::Behind(gate.clone(), Box::new(Answer::Content))]);
    let site = project.write(&registry);
    let flags = Flags { link_mode: Some(LinkMode::Deferred), ..Flags::default() };
    let mut fetched = 0;
    let run = run::install_watched(&site, flags, move |event, controls| match event.kind {
        EventKind::Fetched(_) => {
            fetched += 1;
            if fetched == PACKAGES - 1 {
                controls.set_link_mode(LinkMode::Pipelined, "key");
            }
        }
        EventKind::Imported(_) => gate.open(),
        _ => {}
    })
    .went_well();
    position(
        &run,
        |kind| matches!(kind, EventKind::LinkModeChanged { from: LinkMode::Deferred, to: LinkMode::Pipelined, by } if by == "key"),
    );
    let cold =
        |kind: &EventKind| matches!(kind, EventKind::Imported(imported) if imported.pass == LinkPass::Cold);
    assert_eq!(run.events.iter().filter(|event| cold(&event.kind)).count(), PACKAGES);
    assert_eq!(run.finished().knobs.link_mode, LinkMode::Pipelined);
}
