//! Issues with peers as a text for people, as events, and as an error where the settings are strict.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::issues::{IssuesByProject, Parent};
use crate::core::event::{EventKind, PeerIssueKind};

/// Peers are missing or wrong, and `strictPeerDependencies` makes that an error.
#[derive(Debug, Clone, thiserror::Error)]
#[error("Unmet peer dependencies:\n\n{report}")]
pub struct PeerIssuesError {
    /// All issues, as a text.
    pub report: String,
}

impl PeerIssuesError {
    /// The error for these issues; `None` if there are none.
    #[must_use]
    pub fn of(issues: &IssuesByProject) -> Option<Self> {
        (!issues.is_empty()).then(|| Self { report: report(issues) })
    }

    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some("ERR_PNPM_PEER_DEP_ISSUES")
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(
            "Add the missing packages or change versions so that the wanted ranges are met. If an issue does no \
             harm, name it in peerDependencyRules (ignoreMissing, allowAny, allowedVersions); to be warned only, set \
             strictPeerDependencies to false."
                .to_owned(),
        )
    }
}

/// The issues as a text: by project, then by peer, what was found and who wants what.
#[must_use]
pub fn report(issues: &IssuesByProject) -> String {
    let mut text = String::new();
    for (project, issues) in issues {
        if !text.is_empty() {
            text.push('\n');
        }
        line(&mut text, 0, if project == "." { "the root project" } else { project });
        for (peer, issues) in &issues.bad {
            let mut by_version: BTreeMap<&str, Vec<(&str, &[Parent])>> = BTreeMap::new();
            for issue in issues {
                by_version.entry(&issue.found).or_default().push((&issue.wanted, &issue.parents));
            }
            for (found, wanted) in by_version {
                line(&mut text, 1, &format!("{peer}: found {found}"));
                askers(&mut text, &wanted);
            }
        }
        for (peer, missing) in &issues.missing {
            let note = match issues.intersections.get(peer) {
                Some(range) if missing.len() > 1 => format!(" ({range} would do)"),
                Some(_) => String::new(),
                None => " (no version would do for all)".to_owned(),
            };
            line(&mut text, 1, &format!("{peer}: missing{note}"));
            let wanted: Vec<(&str, &[Parent])> =
                missing.iter().map(|issue| (&*issue.wanted, &*issue.parents)).collect();
            askers(&mut text, &wanted);
        }
    }
    text
}

/// Who wants which range, each once.
fn askers(text: &mut String, wanted: &[(&str, &[Parent])]) {
    let mut by_range: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (range, parents) in wanted {
        let names: Vec<String> =
            parents.iter().map(|parent| format!("{}@{}", parent.name, parent.version)).collect();
        let askers = by_range.entry(range).or_default();
        if let Some((asker, above)) = names.split_last()
            && !askers.iter().any(|known| known == asker || known.starts_with(&format!("{asker} ")))
        {
            let below =
                if above.is_empty() { String::new() } else { format!(" (below {})", above.join(" > ")) };
            askers.push(format!("{asker}{below}"));
        }
    }
    for (range, askers) in by_range {
        line(text, 2, &format!("{range} is wanted by"));
        for asker in askers {
            line(text, 3, &asker);
        }
    }
}

fn line(text: &mut String, depth: usize, what: &str) {
    let clean = what.chars().filter(|character| !character.is_control());
    // Writing into a text cannot fail.
    let _ = writeln!(text, "{:width$}{}", "", clean.collect::<String>(), width = depth * 2);
}

/// The issues as events, in the order of the report.
pub fn events(issues: &IssuesByProject) -> impl Iterator<Item = EventKind> {
    let names = |parents: &[Parent]| {
        parents.iter().map(|parent| format!("{}@{}", parent.name, parent.version)).collect::<Vec<_>>()
    };
    issues.iter().flat_map(move |(project, issues)| {
        let bad = issues.bad.iter().flat_map(move |(peer, all)| {
            all.iter().map(move |issue| EventKind::PeerIssue {
                importer: project.clone(),
                peer: peer.to_string(),
                wanted: issue.wanted.clone(),
                found: Some(issue.found.clone()),
                parents: names(&issue.parents),
                issue: PeerIssueKind::Bad,
            })
        });
        let missing = issues.missing.iter().flat_map(move |(peer, all)| {
            let issue_kind = if issues.conflicts.contains(peer) {
                PeerIssueKind::Conflict
            } else {
                PeerIssueKind::Missing
            };
            all.iter().map(move |issue| EventKind::PeerIssue {
                importer: project.clone(),
                peer: peer.to_string(),
                wanted: issue.wanted.clone(),
                found: None,
                parents: names(&issue.parents),
                issue: issue_kind,
            })
        });
        bad.chain(missing)
    })
}

#[cfg(test)]
mod tests {
    use super::super::issues::{BadIssue, MissingIssue, ProjectIssues};
    use super::*;

    fn issues() -> IssuesByProject {
        let parents = |names: &[&str]| {
            names
                .iter()
                .map(|name| Parent { name: (*name).into(), version: "1.0.0".into() })
                .collect::<Vec<_>>()
        };
        let missing =
            |wanted: &str, path: &[&str]| MissingIssue { wanted: wanted.into(), parents: parents(path) };
        let mut project = ProjectIssues::default();
        project
            .missing
            .insert("react".into(), vec![missing("^17.0.0", &["a", "b"]), missing("^18.0.0", &["c"])]);
        project.conflicts.push("react".into());
        let bad = BadIssue {
            wanted: "^4.0.0".into(),
            found: "5.1.0".into(),
            optional: false,
            parents: parents(&["a", "b", "d"]),
        };
        project.bad.insert("typescript".into(), vec![bad.clone(), bad]);
        IssuesByProject::from([(".".to_owned(), project)])
    }

    #[test]
    fn the_report_groups_by_project_and_tells_what_was_found_and_wanted() {
        assert_eq!(
            report(&issues()),
            "the root project\n  \
             typescript: found 5.1.0\n    \
             ^4.0.0 is wanted by\n      \
             d@1.0.0 (below a@1.0.0 > b@1.0.0)\n  \
             react: missing (no version would do for all)\n    \
             ^17.0.0 is wanted by\n      \
             b@1.0.0 (below a@1.0.0)\n    \
             ^18.0.0 is wanted by\n      \
             c@1.0.0\n"
        );
    }

    #[test]
    fn every_issue_becomes_an_event() {
        use PeerIssueKind::{Bad, Conflict};

        let kinds: Vec<PeerIssueKind> = events(&issues())
            .filter_map(|event| match event {
                EventKind::PeerIssue { issue, .. } => Some(issue),
                _ => None,
            })
            .collect();
        assert_eq!(kinds, [Bad, Bad, Conflict, Conflict]);
    }

    #[test]
    fn without_issues_there_is_no_error() {
        assert!(PeerIssuesError::of(&IssuesByProject::new()).is_none());
        let error = PeerIssuesError::of(&issues()).expect("there are issues");
        assert_eq!(error.code(), Some("ERR_PNPM_PEER_DEP_ISSUES"));
        assert!(error.to_string().contains("react: missing"));
    }
}
