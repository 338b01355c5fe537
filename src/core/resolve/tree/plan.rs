//! How a dependency is going to be resolved: taken from the lockfile, or asked for, and in which words.

use std::rc::Rc;
use std::sync::Arc;

use node_semver::Version;

use super::locked::SnapshotIndex;
use super::project::Circumstances;
use super::questions::{AskedForBy, QuestionIndex, preferred_here};
use super::reading::registry_identity;
use super::walk::{Edge, Siblings, Walk};
use crate::core::resolve::{Resolved, Resolver};
use crate::core::version_range::parse_range;

/// How a dependency is going to be resolved.
pub(super) enum Plan {
    Reuse(SnapshotIndex, Arc<Resolved>),
    Ask(QuestionIndex, Arc<str>),
}

impl<R: Resolver> Walk<'_, R> {
    /// Decides how a dependency is going to be resolved, and asks if somebody has to be asked.
    pub(super) fn plan(
        &mut self,
        circumstances: &Rc<Circumstances>,
        siblings: &Siblings,
        edge: &Edge,
    ) -> Plan {
        let depth = siblings.depth;
        if let Some(prior) = edge.prior
            && let Some(resolved) = self.reusable(circumstances, prior, depth)
        {
            self.ask_ahead_below(circumstances, prior);
            return Plan::Reuse(prior, resolved);
        }
        // What is locked still fits, so it stays, even though what is below it may not.
        let mut specifier = Arc::clone(&edge.specifier);
        if let (Some(locked), Some(prior)) = (&self.locked, edge.prior)
            && self.input.locked.as_ref().is_some_and(|locked| locked.holds_versions)
            && let Some(version) = locked.entry(prior).plain_version()
            && !circumstances.is_moved(&edge.alias, &specifier, depth)
            && parse_range(&specifier).is_ok()
        {
            specifier = Arc::from(version.to_string());
        }
        let mut question = circumstances.question(&edge.alias, &specifier, depth);
        question.optional = edge.optional;
        question.injected = edge.injected;
        if edge.is_peer {
            question.asked_for_by = Some(AskedForBy::All);
        }
        if let Some(folder) = siblings.folder
            && specifier.starts_with("file:")
        {
            question.folder = Some(folder);
        }
        question.preferred = preferred_here(siblings.overlay.as_ref(), &edge.alias, &specifier);
        let overlay = siblings.overlay.as_ref();
        let asked = if self.in_turn {
            self.questions.ask_in_turn(question, overlay, circumstances)
        } else {
            self.questions.ask(question, overlay, circumstances)
        };
        Plan::Ask(asked, specifier)
    }

    /// Notes the versions of a project's direct dependencies, before anything below them is looked at.
    pub(super) fn note_direct_versions(&mut self, project: usize, plans: &[Plan]) {
        for plan in plans {
            let Some((name, version)) = self.planned_version(plan) else { continue };
            let known = self.projects[project].direct_versions.entry(name).or_default();
            if !known.contains(&version) {
                known.push(version);
            }
        }
    }

    /// The package and version that a plan comes to, where registries know it. Questions have to be answered by now.
    pub(super) fn planned_version(&self, plan: &Plan) -> Option<(Arc<str>, Version)> {
        let resolved = match plan {
            Plan::Reuse(_, resolved) => Arc::clone(resolved),
            Plan::Ask(question, _) => Arc::clone(&self.questions.answer(*question).ok()?.resolved),
        };
        let (name, version) = registry_identity(&resolved)?;
        Some((Arc::clone(name), Version::parse(version).ok()?))
    }
}
