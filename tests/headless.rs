//! The program itself away from a terminal: plain lines, events as JSON and into a file, the other commands, and how
//! each exits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};

use pacwatch::core::event::{Event, EventKind, Outcome};

use support::stage::{PACKAGES, Stage};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn plain_lines_have_no_escape_codes_and_their_times_never_go_back() {
    let stage = Stage::new();
    let output = stage.install(&["--link-mode", "pipelined"]);
    assert!(output.status.success());
    assert!(!output.stdout.contains(&0x1b));
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert!(lines[0].contains("pacwatch") && lines[0].contains("install in"), "{lines:?}");
    let times: Vec<f64> = lines
        .iter()
        .filter_map(|line| line.strip_prefix('[')?.split_once(']')?.0.trim().parse().ok())
        .collect();
    assert!(times.len() > 5, "{lines:?}");
    assert!(times.is_sorted(), "{lines:?}");
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    stage.assert_installed();
}

#[test]
fn a_failed_install_without_a_terminal_says_why() {
    let stage = Stage::broken();
    let output = stage.install(&[]);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    assert!(lines.contains("Failed after"), "{lines}");
    assert!(lines.contains("package-23") && lines.contains("404"), "{lines}");
}

#[test]
fn a_failure_before_the_plan_leaves_no_phase_that_looks_done() {
    let stage = Stage::new();
    fs::remove_file(stage.site.project.join("package.json")).unwrap();
    let output = stage.install(&[]);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    assert!(lines.contains("ERR_PNPM_NO_PKG_MANIFEST"), "{lines}");
    assert!(lines.contains("resolve ended after"), "{lines}");
    assert!(lines.contains("(not finished)"), "{lines}");
}

#[cfg(unix)]
#[test]
fn a_signal_cancels_an_install_without_a_terminal() {
    use rustix::process::Signal;

    for (signal, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")] {
        let stage = Stage::endless();
        let mut child = stage.command(["install"]).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = String::new();
        while !lines.contains("extract started") {
            assert!(output.read_line(&mut lines).unwrap() > 0, "{lines}");
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, signal).unwrap();
        output.read_to_string(&mut lines).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{lines}");
        assert!(lines.contains(&format!("(by {name})")), "{lines}");
    }
}

fn events(lines: &str) -> Vec<Event> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn json_and_a_recording_are_the_same_lines() {
    let stage = Stage::new();
    let recording = stage.site.root.path().join("run.ndjson");
    let output = stage.install(&["--json", "--record", recording.to_str().unwrap()]);
    assert!(output.status.success());
    let lines = text(&output.stdout);
    assert_eq!(lines, fs::read_to_string(&recording).unwrap());
    let events = events(lines);
    assert!(matches!(events.first().unwrap().kind, EventKind::RunStarted(_)));
    let EventKind::RunFinished(finished) = &events.last().unwrap().kind else {
        panic!("{:?}", events.last())
    };
    assert_eq!(finished.outcome, Outcome::Done);
    assert_eq!(finished.totals.fetched, PACKAGES as u64);
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn a_reader_that_takes_one_line_ends_nothing() {
    let stage = Stage::new();
    let mut child = stage.command(["install", "--json"]).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    drop(output);
    assert!(matches!(events(&first)[0].kind, EventKind::RunStarted(_)));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    stage.assert_installed();
}

#[test]
fn a_recording_that_cannot_be_written_is_told_before_anything_happens() {
    let stage = Stage::new();
    let output = stage.install(&["--record", "no/such/folder/run.ndjson"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("cannot write the recording"), "{error}");
    assert!(error.contains("no/such/folder/run.ndjson"), "{error}");
    assert!(stage.registry.requests().is_empty());
    assert!(!stage.site.modules().exists());
}

#[test]
fn a_failure_is_the_last_event_and_stands_on_standard_error() {
    let stage = Stage::broken();
    let output = stage.install(&["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let events = events(text(&output.stdout));
    let EventKind::RunFinished(finished) = &events.last().unwrap().kind else {
        panic!("{:?}", events.last())
    };
    assert_eq!(finished.outcome, Outcome::Failed);
    assert!(text(&output.stderr).contains("404"), "{}", text(&output.stderr));
}

#[test]
fn the_path_of_the_store_is_one_line_for_scripts() {
    let stage = Stage::new();
    let output = stage.command(["store", "path"]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), format!("{}\n", stage.site.store_v11().display()));
}

#[test]
fn wrong_usage_exits_with_two() {
    let stage = Stage::new();
    for arguments in [&["install", "--link-mode", "fast"][..], &["instal"], &[]] {
        let output = stage.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_wrong_setting_exits_with_one_and_names_file_and_key() {
    let stage = Stage::new();
    let file = stage.site.project.join("pnpm-workspace.yaml");
    let settings = fs::read_to_string(&file).unwrap() + "linkThreads: many\n";
    fs::write(&file, settings).unwrap();
    let output = stage.install(&[]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("pnpm-workspace.yaml") && error.contains("linkThreads"), "{error}");
}
