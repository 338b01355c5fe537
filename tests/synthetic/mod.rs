//! A made-up run: the events an engine would report, from a small simulation that is the same every time.

use pacwatch::core::event::{
    AnsweredBy, Event, EventKind, Failure, Fetched, ImportMethod, Imported, Knob, Knobs, LaneCounts,
    LinkMode, LinkPass, Outcome, PackageId, PackageSeen, Phase, PhaseTotals, Planned, RunFinished,
    RunStarted, SettingLine, Totals, Why,
};

const NAMES: [&str; 12] = [
    "react",
    "@babel/plugin-transform-react-jsx-development",
    "typescript",
    "lodash.merge",
    "@types/node",
    "webpack-bundle-analyzer",
    "es-abstract",
    "@typescript-eslint/eslint-plugin",
    "caniuse-lite",
    "postcss-modules-local-by-default",
    "vite",
    "@swc/core-linux-x64-gnu",
];

/// What to make up.
pub struct Script {
    pub link_mode: LinkMode,
    pub cold: u32,
    pub warm: u32,
    pub lanes: LaneCounts,
    pub outcome: Outcome,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            link_mode: LinkMode::Deferred,
            cold: 400,
            warm: 40,
            lanes: LaneCounts { network: 16, extract: 2, link: 2 },
            outcome: Outcome::Done,
        }
    }
}

struct Busy {
    phase: Phase,
    workers: Option<u16>,
    spans: Vec<(u64, u64)>,
}

impl Busy {
    fn new(phase: Phase, workers: Option<u16>) -> Self {
        Self { phase, workers, spans: Vec::new() }
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn totals(&self) -> Option<PhaseTotals> {
        let started_us = self.spans.iter().map(|span| span.0).min()?;
        let wall_us = self.spans.iter().map(|span| span.1).max()? - started_us;
        let busy_us: u64 = self.spans.iter().map(|span| span.1 - span.0).sum();
        let parallelism = busy_us as f64 / wall_us as f64;
        Some(PhaseTotals {
            phase: self.phase,
            started_us,
            wall_us,
            busy_us,
            parallelism,
            count: self.spans.len() as u64,
            workers: self.workers.map(u32::from),
            utilisation: self.workers.map(|workers| parallelism / f64::from(workers)),
        })
    }
}

fn earliest(free: &[u64]) -> usize {
    (0..free.len()).min_by_key(|lane| free[*lane]).unwrap()
}

/// The events of a whole run, numbered, in order of time.
#[expect(clippy::too_many_lines, reason = "a script, read from top to bottom")]
pub fn run(script: &Script) -> Vec<Event> {
    let mut events: Vec<(u64, EventKind)> = Vec::new();
    let lanes = script.lanes;
    let packages = script.cold + script.warm;
    events.push((0, EventKind::RunStarted(Box::new(started(script)))));

    let mut resolve = Busy::new(Phase::Resolve, None);
    resolve.spans.push((1_000, 14_000));
    for id in 0..packages {
        events.push((10_000, EventKind::PackageSeen(Box::new(seen(id)))));
    }
    let planned = Planned {
        packages: packages + 3,
        in_place: 0,
        warm: script.warm,
        cold: script.cold,
        downloads: script.cold,
        skipped: 3,
    };
    events.push((14_000, EventKind::Planned(planned)));
    for id in script.cold..packages {
        events.push((14_000, EventKind::FoundInStore { package: PackageId(id), shared_with: None }));
    }

    let mut link_free = vec![15_000; lanes.link.into()];
    let mut warm = Busy::new(Phase::LinkWarm, Some(lanes.link));
    let mut cold = Busy::new(Phase::LinkCold, Some(lanes.link));
    for id in script.cold..packages {
        let lane = earliest(&link_free);
        let from = link_free[lane];
        let to = from + 2_000 + u64::from(id % 7) * 500;
        link_free[lane] = to;
        warm.spans.push((from, to));
        link(&mut events, id, lane, LinkPass::Warm, from, to);
    }

    let mut network_free = vec![15_000; lanes.network.into()];
    let mut extract_free = vec![15_000; lanes.extract.into()];
    let mut download = Busy::new(Phase::Download, Some(lanes.network));
    let mut extract = Busy::new(Phase::Extract, Some(lanes.extract));
    let mut bodies = Vec::new();
    let mut ready = Vec::new();
    for id in 0..script.cold {
        let lane = earliest(&network_free);
        let from = network_free[lane];
        let size = 4_000 + u64::from(id * 7_919 % 97) * 2_500 + if id % 61 == 8 { 4_000_000 } else { 0 };
        let body = 10_000 + size / 20;
        let package = PackageId(id);
        let network_lane = u16::try_from(lane).unwrap();
        let started = |attempt| EventKind::FetchStarted {
            package,
            attempt,
            lane: network_lane,
            size: None,
            host: Some("127.0.0.1".into()),
        };
        let mut begin = from;
        events.push((from, started(1)));
        if id % 150 == 70 {
            events.push((
                from + 30_000,
                EventKind::Retry {
                    package,
                    attempt: 1,
                    max_attempts: 3,
                    delay_ms: 40,
                    reason: "the server answered 503 Service Unavailable".into(),
                    status: Some(503),
                },
            ));
            begin = from + 70_000;
            events.push((begin, started(2)));
        }
        let first_byte = begin + 20_000;
        let to = first_byte + body;
        for step in 1..4 {
            let kind = EventKind::FetchProgress { package, bytes: size * step / 4, size: Some(size) };
            events.push((first_byte + body * step / 4, kind));
        }
        network_free[lane] = to;
        download.spans.push((from, to));
        bodies.push((first_byte, to, size));
        let answered_by = Some(Box::new(AnsweredBy { host: "127.0.0.1".into(), http: "HTTP/1.1".into() }));
        events.push((to, EventKind::Downloaded { package, lane: network_lane, bytes: size, answered_by }));

        let worker = earliest(&extract_free);
        let work_from = to.max(extract_free[worker]);
        let work_to = work_from + 1_500 + size / 400;
        extract_free[worker] = work_to;
        extract.spans.push((work_from, work_to));
        let worker = u16::try_from(worker).unwrap();
        events.push((work_from, EventKind::ExtractStarted { package, lane: worker }));
        events.push((
            work_to,
            EventKind::Fetched(Fetched {
                package,
                lane: worker,
                attempts: if id % 150 == 70 { 2 } else { 1 },
                queue_us: from - 15_000,
                first_byte_us: 20_000,
                body_us: body,
                extract_queue_us: work_from - to,
                extract_us: work_to - work_from,
                bytes_in: size,
                bytes_out: size * 4,
                files: 12,
                unblocked: vec![package],
            }),
        ));
        ready.push((work_to, id));
    }
    ready.sort_unstable();
    let all_fetched = ready.last().map_or(15_000, |last| last.0);
    let mut inline_free = 15_000;
    for (at, id) in ready {
        let takes = 2_000 + u64::from(id % 9) * 400;
        let (lane, from) = match script.link_mode {
            LinkMode::Inline => (0, at.max(inline_free)),
            LinkMode::Deferred | LinkMode::Pipelined => {
                let lane = earliest(&link_free);
                let ready = if script.link_mode == LinkMode::Deferred { all_fetched } else { at };
                (lane, link_free[lane].max(ready))
            }
        };
        inline_free = from + takes;
        link_free[lane] = from + takes;
        cold.spans.push((from, from + takes));
        link(&mut events, id, lane, LinkPass::Cold, from, from + takes);
    }

    let end = cold.spans.iter().chain(&warm.spans).map(|span| span.1).max().unwrap_or(20_000);
    let mut bins = Busy::new(Phase::Bins, None);
    bins.spans.push((end, end + 30_000));
    let mut state = Busy::new(Phase::State, None);
    state.spans.push((end + 30_000, end + 42_000));
    let wall_us = end + 43_000;

    for at in (50_000..all_fetched).step_by(50_000) {
        let received =
            bodies.iter().map(|(from, to, size)| size * (at.clamp(*from, *to) - from) / (to - from)).sum();
        let in_flight = download.spans.iter().filter(|span| span.0 <= at && at < span.1).count();
        let waiting = download.spans.iter().filter(|span| span.0 > at).count();
        events.push((
            at,
            EventKind::NetworkSample {
                received,
                in_flight: u32::try_from(in_flight).unwrap(),
                waiting: u32::try_from(waiting).unwrap(),
                permits: lanes.network.into(),
            },
        ));
    }
    events.push((
        40_000,
        EventKind::Warning {
            code: Some("ERR_PNPM_DEPRECATED".into()),
            message: "this version is no longer looked after".into(),
            package: Some(PackageId(3)),
        },
    ));
    events.push((
        300_000,
        EventKind::ConcurrencyChanged { knob: Knob::NetworkConcurrency, from: 16, to: 16, by: "key".into() },
    ));

    let phases: Vec<PhaseTotals> = [&resolve, &warm, &download, &extract, &cold, &bins, &state]
        .into_iter()
        .filter_map(Busy::totals)
        .collect();
    for totals in &phases {
        events.push((totals.started_us, EventKind::PhaseStarted { phase: totals.phase }));
        events.push((totals.started_us + totals.wall_us, EventKind::PhaseFinished(*totals)));
    }
    events.sort_by_key(|(at, kind)| (*at, order(kind)));
    if matches!(script.outcome, Outcome::Failed | Outcome::Cancelled) {
        events.retain(|(at, _)| *at < all_fetched / 2);
    }
    let at = if script.outcome == Outcome::Done { wall_us } else { all_fetched / 2 };
    events.push((at, EventKind::RunFinished(Box::new(finished(script, &events, at, phases)))));
    (1..).zip(events).map(|(seq, (at, kind))| Event { seq, at, kind }).collect()
}

fn order(kind: &EventKind) -> u8 {
    match kind {
        EventKind::RunStarted(_) => 0,
        EventKind::PhaseStarted { .. } => 1,
        EventKind::PhaseFinished(_) => 9,
        EventKind::Downloaded { .. } | EventKind::Fetched(_) | EventKind::Imported(_) => 4,
        _ => 5,
    }
}

fn link(events: &mut Vec<(u64, EventKind)>, id: u32, lane: usize, pass: LinkPass, from: u64, to: u64) {
    let (package, lane) = (PackageId(id), u16::try_from(lane).unwrap());
    events.push((from, EventKind::LinkStarted { package, lane, pass }));
    events.push((
        to,
        EventKind::Imported(Imported {
            package,
            lane,
            pass,
            method: ImportMethod::Hardlink,
            files: 12,
            link_us: to - from,
        }),
    ));
}

fn started(script: &Script) -> RunStarted {
    RunStarted {
        v: 1,
        pacwatch: "0.1.0".into(),
        command: "install".into(),
        project_dir: "/home/me/demo".into(),
        project_name: Some("demo".into()),
        started_at_ms: 1_767_225_600_000,
        platform: "linux x64".into(),
        processors: 2,
        lanes: script.lanes,
        link_mode: script.link_mode,
        settings: vec![SettingLine {
            name: "linkMode".into(),
            value: script.link_mode.name().into(),
            origin: "default".into(),
        }],
    }
}

fn seen(id: u32) -> PackageSeen {
    let name = NAMES[id as usize % NAMES.len()];
    let version = format!("{}.{}.{}", id / 144, id / 12 % 12, id % 12);
    PackageSeen {
        package: PackageId(id),
        name: name.into(),
        dep_path: format!("{name}@{version}"),
        version,
        why: if id < 12 { Why::Direct } else { Why::Transitive },
        optional: false,
        size: None,
    }
}

fn finished(
    script: &Script,
    events: &[(u64, EventKind)],
    wall_us: u64,
    phases: Vec<PhaseTotals>,
) -> RunFinished {
    let mut totals =
        Totals { packages: (script.cold + script.warm + 3).into(), skipped: 3, ..Totals::default() };
    for (_, kind) in events {
        match kind {
            EventKind::Fetched(fetched) => {
                totals.fetched += 1;
                totals.bytes_downloaded += fetched.bytes_in;
                totals.bytes_unpacked += fetched.bytes_out;
            }
            EventKind::FoundInStore { .. } => totals.found_in_store += 1,
            EventKind::Imported(imported) => {
                totals.imported += 1;
                totals.files += u64::from(imported.files);
            }
            EventKind::Retry { .. } => totals.retries += 1,
            EventKind::Warning { .. } => totals.warnings += 1,
            _ => {}
        }
    }
    let failed = script.outcome == Outcome::Failed;
    RunFinished {
        outcome: script.outcome,
        failure: failed.then(|| Failure {
            code: Some("ERR_PNPM_TARBALL_INTEGRITY".into()),
            message: "the tarball's sha512 is not the lockfile's: expected sha512-Zm9v, got sha512-YmFy".into(),
            help: Some("the package changed at the registry, or something between you and it alters downloads; compare the tarball with another network".into()),
            package: Some(PackageId(7)),
        }),
        wall_us,
        phases: phases.into_iter().filter(|totals| totals.started_us + totals.wall_us <= wall_us).collect(),
        totals,
        knobs: Knobs {
            network_concurrency: script.lanes.network.into(),
            extract_threads: script.lanes.extract.into(),
            link_threads: script.lanes.link.into(),
            link_mode: script.link_mode,
            import_method: ImportMethod::Hardlink,
        },
    }
}
