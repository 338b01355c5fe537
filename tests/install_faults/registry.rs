//! Registries that fail, and ways to them that do.

use pacwatch::core::config::Flags;
use pacwatch::core::event::EventKind;

use crate::support::answer::Answer;
use crate::support::packages::Package;
use crate::support::project::{Project, Site};
use crate::support::registry::Registry;
use crate::support::run::{self, Step};
use crate::support::{sample, tree};
use crate::{Fault, assert_left_out, assert_refused, victim};

const STATUS: &str = "ERR_PNPM_TARBALL_HTTP_STATUS";
const BROKEN_OFF: &str = "ERR_PNPM_TARBALL_FETCH_TARBALL";
const INTEGRITY: &str = "ERR_PNPM_TARBALL_INTEGRITY";

fn faults() -> Vec<Fault> {
    let wrong = Package::new("victim", "1.0.0").file("mark", "of another package").integrity();
    vec![
        Fault::new("not found", STATUS, "Not Found - 404").answers([Answer::Status(404)]),
        Fault::new("not allowed", STATUS, "Unauthorized - 401").answers([Answer::Status(401)]),
        Fault::new("failing", STATUS, "Internal Server Error - 500").answers([Answer::Status(500)]),
        Fault::new("wrong integrity", INTEGRITY, "was wanted").integrity(wrong),
        Fault::new("another tarball", INTEGRITY, "was wanted").answers([Answer::Bytes(b"<html>".to_vec())]),
        Fault::new("cut short", BROKEN_OFF, "the body is incomplete").answers([Answer::Truncated(300)]),
        Fault::new("cut short without a length", BROKEN_OFF, "the body is incomplete")
            .answers([Answer::TruncatedChunked(300)]),
        Fault::new("announced longer", BROKEN_OFF, "the body is incomplete")
            .answers([Answer::Announcing(1 << 20)]),
        Fault::new("announced shorter", INTEGRITY, "was wanted").answers([Answer::Surplus(300)]),
        Fault::new("announced far too long", BROKEN_OFF, "larger than the limit")
            .answers([Answer::Announcing(1 << 40)]),
        Fault::new("stalling", BROKEN_OFF, "stopped sending")
            .answers([Answer::StallAfter(300)])
            .setting("fetchTimeout: 300"),
        Fault::new("silent", BROKEN_OFF, "no answer").answers([Answer::Silence]).setting("fetchTimeout: 300"),
        Fault::new("leading elsewhere", STATUS, "404").answers([Answer::Redirect("/nowhere".to_owned())]),
    ]
}

#[test]
fn a_needed_package_that_does_not_come_ends_the_run_with_a_clear_word() {
    assert_refused(faults());
}

#[test]
fn an_optional_package_that_does_not_come_is_left_out() {
    assert_left_out(faults());
}

#[test]
fn a_failure_that_passes_is_tried_again() {
    for (answers, retries) in [
        (vec![Answer::Status(500), Answer::Content], 1),
        (vec![Answer::Truncated(300), Answer::Status(503), Answer::Content], 2),
        (vec![Answer::Bytes(b"<html>".to_vec()), Answer::Content], 1),
    ] {
        let registry = Registry::start();
        let victim = victim();
        let site = sample::of_many(4, 2)
            .direct(&victim)
            .setting("fetchRetries: 2")
            .setting("fetchRetryMintimeout: 1")
            .setting("fetchRetryMaxtimeout: 2")
            .write(&registry);
        registry.script_tarball(&victim, answers);
        let run = run::install_well(&site, Flags::default());
        assert_eq!(run.steps_of("victim@1.0.0"), [Step::Fetched, Step::Imported]);
        assert_eq!(run.finished().totals.retries, retries);
        let attempts = run.events.iter().find_map(|event| match &event.kind {
            EventKind::Fetched(fetched) if fetched.attempts > 1 => Some(u64::from(fetched.attempts)),
            _ => None,
        });
        assert_eq!(attempts, Some(retries + 1));
    }
}

#[test]
fn a_token_opens_what_is_closed_without_it() {
    let registry = Registry::start();
    let victim = Package::new("@mine/secret", "1.0.0").file("x", "x");
    let project = Project::new().direct(&victim).setting("fetchRetries: 0");
    let site = project.write(&registry);
    registry.require_token("/@mine/", "let-me-in");
    let refused = run::install(&site, Flags::default());
    assert_eq!(refused.failure().code.as_deref(), Some(STATUS));
    assert!(refused.failure().help.as_deref().unwrap().contains("_authToken"));
    for (token, opens) in [("wrong-one", false), ("let-me-in", true)] {
        let address = registry.url().trim_start_matches("http:").to_owned();
        project.clone().npmrc(&format!("{address}:_authToken={token}")).write_into(&site, &registry);
        let run = run::install(&site, Flags::default());
        assert_eq!(run.finished().failure.is_none(), opens);
        let told = serde_json::to_string(&run.events).unwrap();
        assert!(!told.contains(token), "a secret is never told");
    }
    assert!(site.modules().join("@mine/secret/x").exists());
}

#[test]
fn answers_in_another_order_make_the_same_tree() {
    let registry = Registry::start();
    let project = sample::of_every_shape();
    let reference = project.write(&registry);
    run::install_well(&reference, Flags::default());
    for seed in 1..6 {
        registry.shuffle_answers(seed, std::time::Duration::from_millis(60));
        for mode in run::MODES {
            let site = Site::new();
            project.write_into(&site, &registry);
            run::install_by(&site, mode).went_well();
            tree::assert_same(&tree::list(&site.modules()), &tree::list(&reference.modules()));
        }
    }
}

#[test]
fn the_program_says_it_all_and_ends_with_1() {
    let registry = Registry::start();
    let fault = Fault::new("not found", STATUS, "404").answers([Answer::Status(404)]);
    let site = crate::write(&fault, &registry, false);
    let output = run::pacwatch(&site, &["install"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    for part in [
        "victim@1.0.0",
        &registry.tarball_url(&fault.package),
        "Not Found - 404",
        STATUS,
        "Either it does not exist",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert!(!said.contains('\u{1b}'), "no escape codes without a terminal");
    let output = run::pacwatch(&site, &["install", "--no-such-flag"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
