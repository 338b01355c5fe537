//! A run that ends before it begins.

use std::path::Path;

use super::processors;
use crate::core::clock::unix_millis;
use crate::core::emit::Emitter;
use crate::core::event::{
    EVENT_VERSION, EventKind, Failure, ImportMethod, Knobs, LaneCounts, LinkMode, Outcome, RunFinished,
    RunStarted, Totals,
};

/// Tells of a run that ended before it began, because its settings cannot be used.
pub fn tell_refusal(emitter: &Emitter, project_dir: &Path, failure: Failure) {
    let host = crate::core::plan::host();
    let started = EventKind::RunStarted(Box::new(RunStarted {
        v: EVENT_VERSION,
        pacwatch: env!("CARGO_PKG_VERSION").to_owned(),
        command: "install".to_owned(),
        project_dir: project_dir.display().to_string(),
        project_name: None,
        started_at_ms: unix_millis().saturating_sub(emitter.now() / 1000),
        platform: format!("{} {}", host.os, host.cpu),
        processors: processors(),
        lanes: LaneCounts::default(),
        link_mode: LinkMode::Deferred,
        settings: Vec::new(),
    }));
    emitter.emit_at(0, started);
    emitter.emit(EventKind::RunFinished(Box::new(RunFinished {
        outcome: Outcome::Failed,
        failure: Some(failure),
        wall_us: emitter.now(),
        phases: Vec::new(),
        totals: Totals::default(),
        knobs: Knobs {
            network_concurrency: 0,
            extract_threads: 0,
            link_threads: 0,
            link_mode: LinkMode::Deferred,
            import_method: ImportMethod::Auto,
        },
    })));
}
