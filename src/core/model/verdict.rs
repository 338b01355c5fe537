//! The verdict: what held the run back, the evidence for it in numbers, and what to try.
//!
//! # The rules
//! First the wall time is shared out: each moment belongs to one stage, the first of these that was under way then:
//! a pause, resolution (nothing can end before it has), fetching (download or extraction), the cold pass, the warm pass,
//! scripts, verification, the rest (executables, state). The stage with the largest share is looked into:
//!
//! | stage | when | bottleneck | to try |
//! |---|---|---|---|
//! | any | cold slots linked `inline`, and that took a quarter of the wall time or more | link serialisation | `linkMode` deferred |
//! | resolution | a request for metadata has had no answer for half of it or more | registry latency | whether the registry can be reached |
//! | resolution | metadata was asked for | resolution chain | to keep the lockfile, or `--prefer-offline` |
//! | resolution | otherwise | resolution chain | nothing |
//! | fetching | extract workers busy for three quarters of it or more | extraction | more `extractThreads` while there are processors, then to keep the store |
//! | fetching | one package alone for a third of it or more | one package | nothing: it starts as early as it can |
//! | fetching | the first byte took longer than the body and about as long for all (the median is at most [`ALIKE`] times the quickest twentieth), and requests waited for permits half of the time | registry latency | more `networkConcurrency` |
//! | fetching | likewise, and permits were free most of the time | registry latency | nothing here: a nearer registry |
//! | fetching | otherwise: answers wait behind each other's bodies | bandwidth | fewer requests at a time if attempts failed, or to keep the store |
//! | linking | one worker, and more processors | link serialisation | more `linkThreads` |
//! | linking | workers busy, and more processors | disk metadata | more `linkThreads` |
//! | linking | the cold pass, in link mode `deferred` | disk metadata | `linkMode` pipelined |
//! | linking | files are copied | disk metadata | the store on the same disk |
//! | linking | otherwise | disk metadata | nothing |
//! | scripts | always | scripts | `allowBuilds` names what runs |
//! | verification | always | registry latency | `trustLockfile`, where the lockfile is trusted |
//! | a pause | always | pause | nothing: it was asked for |
//! | the rest | always | start and end | nothing |
//! | none | no phase was under way for longer than any of these was | start and end | nothing |
//!
//! A run of less than [`SHORTEST_US`] has no verdict while it runs: there is nothing to see yet. One that failed has none:
//! its failure is what is to be looked at.

use crate::core::event::{ImportMethod, Knob, LinkMode, Outcome, PackageId, Phase};
use crate::core::model::bottleneck::{Bottleneck, Verdict};
use crate::core::model::fold::Model;
use crate::core::model::format::{bytes, count, counted, duration, factor, percent, rate, ratio};
use crate::core::model::lane::Pool;

/// What helps where bytes or processors are what lacks: no work is done twice.
const KEEP_THE_STORE: &str = "no knob helps; keep the store between installs";

/// Microseconds below which nothing is judged.
const SHORTEST_US: u64 = 200_000;

/// Microseconds without an answer from which on a registry is doubted.
const SILENT_US: u64 = 1_000_000;

/// How many times the quickest answers' time the median may be for the registry's distance to explain it; more than that
/// is a queue.
const ALIKE: u64 = 2;

/// What a moment of a run belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Pause,
    Resolve,
    Fetch,
    LinkCold,
    LinkWarm,
    Build,
    Verify,
    Rest,
}

const STAGES: [(Stage, &[Phase]); 8] = [
    (Stage::Pause, &[]),
    (Stage::Resolve, &[Phase::Resolve]),
    (Stage::Fetch, &[Phase::Download, Phase::Extract]),
    (Stage::LinkCold, &[Phase::LinkCold]),
    (Stage::LinkWarm, &[Phase::LinkWarm]),
    (Stage::Build, &[Phase::Build]),
    (Stage::Verify, &[Phase::Verify]),
    (Stage::Rest, &[Phase::Bins, Phase::State]),
];

impl Model {
    /// What holds the run back, or held it back once it ended; none while there is too little to judge by.
    #[must_use]
    pub fn verdict(&self, now: u64) -> Option<Verdict> {
        if self.outcome == Some(Outcome::UpToDate) {
            let evidence = format!("checked in {}", duration(self.wall_us()));
            return Some(Verdict::plain(Bottleneck::Nothing, 1.0, evidence));
        }
        if self.outcome == Some(Outcome::Failed) {
            return None;
        }
        let wall = if self.outcome.is_some() { self.wall_us() } else { now.max(self.now()) };
        if self.events == 0 || self.outcome.is_none() && wall < SHORTEST_US {
            return None;
        }
        let stages = self.stages(wall);
        let explained = stages.iter().fold(0, |sum: u64, (_, took)| sum.saturating_add(*took));
        let (stage, took) = stages.into_iter().max_by_key(|(_, took)| *took)?;
        let idle = wall.saturating_sub(explained);
        if idle > took {
            let evidence = format!("no phase was under way for {}", duration(idle));
            return Some(Verdict::plain(Bottleneck::Rest, ratio(idle, wall)?, evidence));
        }
        let share = ratio(took, wall)?;
        let cold = self.phase_numbers(Phase::LinkCold, wall);
        let before = self.inline_since.unwrap_or_default();
        let slots = cold.count.saturating_sub(before.slots);
        let one_at_a_time = cold.busy_us.unwrap_or(0).saturating_sub(before.busy_us);
        let serial = ratio(one_at_a_time, wall).filter(|share| *share >= 0.25);
        if let (Some(LinkMode::Inline), Some(share)) = (self.knobs().link_mode, serial) {
            return Some(Verdict {
                bottleneck: Bottleneck::LinkSerialisation,
                share,
                evidence: format!(
                    "{} slots linked one at a time, {} in all, {} of the wall time",
                    count(slots),
                    duration(one_at_a_time),
                    percent(share)
                ),
                brief: format!("{} slots one at a time", count(slots)),
                advice: Some("try link mode deferred: all slots at once after the downloads".into()),
                knob: None,
            });
        }
        Some(match stage {
            Stage::Pause => Verdict::plain(
                Bottleneck::Pause,
                share,
                format!("new work was held back for {}", duration(took)),
            ),
            Stage::Resolve => self.resolving(took, share, wall),
            Stage::Fetch => self.fetching(took, share, wall),
            Stage::LinkCold => self.linking(Phase::LinkCold, share, wall),
            Stage::LinkWarm => self.linking(Phase::LinkWarm, share, wall),
            Stage::Build => Verdict {
                advice: Some("try allowBuilds without those that need not run".into()),
                ..Verdict::plain(Bottleneck::Scripts, share, format!("they took {}", duration(took)))
            },
            Stage::Verify => Verdict {
                brief: format!("checking took {}", duration(took)),
                advice: Some("try trustLockfile, where the lockfile comes from people you trust".into()),
                ..Verdict::plain(
                    Bottleneck::RegistryLatency,
                    share,
                    format!("checking the lockfile against the policies took {}", duration(took)),
                )
            },
            Stage::Rest => Verdict::plain(
                Bottleneck::Rest,
                share,
                format!("executables and state took {}", duration(took)),
            ),
        })
    }

    /// How much of the wall time belongs to each stage.
    fn stages(&self, wall: u64) -> Vec<(Stage, u64)> {
        let spans = STAGES
            .iter()
            .enumerate()
            .flat_map(|(rank, (_, phases))| phases.iter().map(move |phase| (rank, self.phase(*phase))))
            .filter_map(|(rank, state)| {
                let from = state.started?.min(wall);
                Some((rank, from, state.finished.unwrap_or(wall).clamp(from, wall)))
            });
        let pauses = self.pauses(wall).map(|(from, to)| (0, from.min(wall), to.min(wall)));
        let spans: Vec<(usize, u64, u64)> = pauses.chain(spans).collect();
        let mut moments: Vec<u64> = spans.iter().flat_map(|(_, from, to)| [*from, *to]).collect();
        moments.sort_unstable();
        moments.dedup();
        let mut took = [0_u64; STAGES.len()];
        for pair in moments.windows(2) {
            let under_way = spans.iter().filter(|(_, from, to)| *from <= pair[0] && pair[1] <= *to);
            if let Some(rank) = under_way.map(|(rank, ..)| *rank).min() {
                took[rank] += pair[1] - pair[0];
            }
        }
        STAGES.iter().map(|(stage, _)| *stage).zip(took).collect()
    }

    fn resolving(&self, took: u64, share: f64, now: u64) -> Verdict {
        let metadata = self.metadata();
        let asked = metadata.answered();
        let longest =
            metadata.under_way().map(|(_, request)| now.saturating_sub(request.attempt_since)).max();
        if let Some(silent) =
            longest.filter(|silent| *silent >= SILENT_US && silent.saturating_mul(2) >= took)
        {
            let evidence = format!("no answer to a request for metadata for {}", duration(silent));
            return Verdict {
                brief: format!("no answer for {}", duration(silent)),
                advice: Some("try whether the registry can be reached".into()),
                ..Verdict::plain(Bottleneck::RegistryLatency, share, evidence)
            };
        }
        let mut evidence = format!("resolution took {}", duration(took));
        if let Some(median) = metadata.times().quantile(0.5) {
            evidence = format!(
                "{evidence} for {} answers, half of them after {}; each tells what to ask for next",
                count(asked),
                duration(median)
            );
        }
        let advice = (asked > 0).then_some("try to keep pnpm-lock.yaml, or --prefer-offline");
        Verdict {
            brief: format!("resolution took {}", duration(took)),
            advice: advice.map(str::to_owned),
            ..Verdict::plain(Bottleneck::ResolutionChain, share, evidence)
        }
    }

    fn fetching(&self, took: u64, share: f64, wall: u64) -> Verdict {
        let extract = self.phase_numbers(Phase::Extract, wall);
        let workers = self.workers(Pool::Extract);
        let processors = self.run().map_or(workers, |run| run.processors);
        let in_use = ratio(extract.busy_us.unwrap_or(0), took.saturating_mul(workers.into())).unwrap_or(0.0);
        if in_use >= 0.75 {
            let more = workers < processors;
            return Verdict {
                bottleneck: Bottleneck::Extraction,
                share,
                evidence: format!(
                    "{} busy {} of the time, on {}",
                    if workers == 1 {
                        "1 extract worker was".to_owned()
                    } else {
                        format!("{workers} extract workers were")
                    },
                    percent(in_use.min(1.0)),
                    counted(processors.into(), "processor", "processors")
                ),
                brief: format!("workers {} busy", percent(in_use.min(1.0))),
                advice: Some(if more { "try more extract threads" } else { KEEP_THE_STORE }.to_owned()),
                knob: more.then_some((Knob::ExtractThreads, 1)),
            };
        }
        if let Some((package, alone)) = self.tail(wall).filter(|(_, alone)| alone.saturating_mul(3) >= took) {
            let retries = self.package(package).map_or(0, |package| package.retries);
            let failed = match retries {
                0 => String::new(),
                _ => format!(", {} failed", counted(retries.into(), "attempt", "attempts")),
            };
            let evidence = format!("{} alone took {}{failed}", self.label(package), duration(alone));
            let brief = format!("{} alone", duration(alone));
            return Verdict { brief, ..Verdict::plain(Bottleneck::OnePackage(package), share, evidence) };
        }
        let network = self.network();
        let median = |times: &crate::core::model::Distribution| times.quantile(0.5).unwrap_or(0);
        let (first_byte, body) = (median(network.first_byte()), median(network.body()));
        let waited = network.saturation().unwrap_or(0.0);
        let quickest = network.first_byte().quantile(0.05).unwrap_or(0);
        let is_alike = first_byte <= quickest.saturating_mul(ALIKE);
        if first_byte > body && is_alike {
            let more = waited >= 0.5;
            let evidence = format!(
                "half of the answers took {} to begin, and {} to come; requests waited for a permit {} of the time",
                duration(first_byte),
                duration(body),
                percent(waited)
            );
            return Verdict {
                bottleneck: Bottleneck::RegistryLatency,
                share,
                evidence,
                brief: format!("first byte {}, permits {} taken", duration(first_byte), percent(waited)),
                advice: Some(
                    if more { "try more network concurrency" } else { "try a registry that is nearer" }
                        .into(),
                ),
                knob: more.then_some((Knob::NetworkConcurrency, 1)),
            };
        }
        let paused = self.pauses(wall).fold(0, |sum: u64, (from, to)| sum.saturating_add(to - from));
        let span = self.phase(Phase::Download).wall_us(wall).saturating_sub(paused);
        let speed = self.received().saturating_mul(1_000_000).checked_div(span).unwrap_or(0);
        let came = format!("{} came at {}", bytes(self.received()), rate(speed));
        let brief = came.clone();
        let evidence = if is_alike {
            format!("{came}, half of the bodies took {}", duration(body))
        } else {
            format!(
                "{came}; the quickest answers began after {}, half of them after {}: they wait for each other",
                duration(quickest),
                duration(first_byte)
            )
        };
        let timeouts = self.totals().retries > 0;
        Verdict {
            brief,
            advice: Some(
                if timeouts { "try less network concurrency, as attempts failed" } else { KEEP_THE_STORE }
                    .to_owned(),
            ),
            knob: timeouts.then_some((Knob::NetworkConcurrency, -1)),
            ..Verdict::plain(Bottleneck::Bandwidth, share, evidence)
        }
    }

    /// The package that was fetched last, and how long it was the only one under way.
    fn tail(&self, wall: u64) -> Option<(PackageId, u64)> {
        let mut last: Option<(u64, PackageId)> = None;
        let mut before = 0;
        for (id, package) in self.packages() {
            let Some(end) = package
                .timings
                .fetched
                .or_else(|| package.timings.fetch_started.map(|_| wall).filter(|_| self.outcome.is_none()))
            else {
                continue;
            };
            match last {
                Some((latest, _)) if end <= latest => before = before.max(end),
                _ => {
                    before = last.map_or(0, |(latest, _)| latest);
                    last = Some((end, id));
                }
            }
        }
        let (end, id) = last?;
        let since = self.package(id)?.timings.fetch_started?.max(before);
        Some((id, end.saturating_sub(since)))
    }

    fn linking(&self, phase: Phase, share: f64, wall: u64) -> Verdict {
        let numbers = self.phase_numbers(phase, wall);
        let workers = self.workers(Pool::Link);
        let processors = self.run().map_or(workers, |run| run.processors);
        let parallel = numbers.parallelism.unwrap_or(0.0);
        let files = self.totals().files;
        let each = numbers.busy_us.unwrap_or(0).checked_div(files).unwrap_or(0);
        if workers == 1 && processors > 1 {
            return Verdict {
                bottleneck: Bottleneck::LinkSerialisation,
                share,
                evidence: format!("one link worker, {processors} processors"),
                brief: "one link worker".to_owned(),
                advice: Some("try more link threads".into()),
                knob: Some((Knob::LinkThreads, 1)),
            };
        }
        let method = self.knobs().import_method.map_or("placed", |method| method.name());
        let evidence = format!(
            "{} slots in {}, {} parallel on {workers} workers; {} files by {method}, {} each",
            count(numbers.count),
            duration(numbers.wall_us),
            factor(parallel),
            count(files),
            duration(each)
        );
        let more = workers < processors && parallel > f64::from(workers) * 0.8;
        let waited = phase == Phase::LinkCold && self.knobs().link_mode == Some(LinkMode::Deferred);
        let advice = match self.knobs().import_method {
            _ if more => "try more link threads",
            _ if waited => "try link mode pipelined: slots are linked beside the downloads",
            Some(ImportMethod::Copy) => "try the store on this disk, for hard links",
            _ => "no knob helps: nothing is cheaper than a link",
        };
        Verdict {
            brief: format!("{} a file, {} parallel", duration(each), factor(parallel)),
            advice: Some(advice.to_owned()),
            knob: more.then_some((Knob::LinkThreads, 1)),
            ..Verdict::plain(Bottleneck::DiskMetadata, share, evidence)
        }
    }
}
