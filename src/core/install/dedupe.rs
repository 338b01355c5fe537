//! `dedupeDirectDeps`: a project has no link of its own to what the root of the workspace links under the same name,
//! since Node.js finds that one, too.

use std::path::PathBuf;

use rustc_hash::{FxHashMap, FxHashSet};

use super::inputs::{Inputs, importer_folder};
use super::selection::wanted;
use super::work::Work;
use crate::core::config::Config;
use crate::core::link::{HoistKind, HoistSource, Hoisting};
use crate::core::plan::{Graph, Target};

/// The direct dependencies that are not linked: importer, by its position in the lockfile, and alias.
#[derive(Debug, Default)]
pub struct Deduped {
    links: FxHashSet<(usize, String)>,
}

/// What a link leads to.
#[derive(Debug, PartialEq, Eq)]
enum Leads {
    /// The slot of a snapshot.
    Snapshot(usize),
    /// A folder.
    Folder(PathBuf),
}

impl Deduped {
    /// Finds them. What is hoisted to the root counts as linked there. `dropped` are slots that were not made.
    pub fn find(
        config: &Config,
        inputs: &Inputs,
        graph: &Graph<'_>,
        work: &Work,
        hoisting: &Hoisting,
        dropped: &[usize],
    ) -> Self {
        let importers = &inputs.lockfile.importers;
        let Some(root) = importers.get_index_of(".").filter(|_| *config.dedupe_direct_deps) else {
            return Self::default();
        };
        let folder_of = |importer: usize| {
            let id = importers.get_index(importer).map_or(".", |(id, _)| id);
            importer_folder(&config.lockfile_dir, id)
        };
        let is_made =
            |snapshot: usize| work.position_of(snapshot).is_some_and(|slot| !dropped.contains(&slot));
        let links_of = |importer: usize| {
            let folder = folder_of(importer);
            let wanted = wanted(config);
            let dependencies = graph.importers[importer].iter();
            dependencies.filter(move |dependency| wanted.includes(dependency.group)).filter_map(
                move |dependency| {
                    let leads = match dependency.target {
                        Target::Snapshot(snapshot) => {
                            Leads::Snapshot(Some(snapshot).filter(|at| is_made(*at))?)
                        }
                        Target::Link(path) => Leads::Folder(importer_folder(&folder, path)),
                    };
                    Some((dependency.alias, leads))
                },
            )
        };
        let public = hoisting.aliases.iter().filter(|hoisted| hoisted.kind == HoistKind::Public);
        let hoisted = public.map(|hoisted| {
            let leads = match hoisted.source {
                HoistSource::Snapshot(snapshot) => Leads::Snapshot(snapshot),
                HoistSource::Project(importer) => Leads::Folder(folder_of(importer)),
            };
            (hoisted.alias.as_str(), leads)
        });
        // A direct dependency goes before what is hoisted.
        let at_root: FxHashMap<&str, Leads> = hoisted.chain(links_of(root)).collect();
        let others = (0..graph.importers.len()).filter(|importer| *importer != root);
        let links = others.flat_map(|importer| {
            links_of(importer)
                .filter(|(alias, leads)| at_root.get(alias) == Some(leads))
                .map(move |(alias, _)| (importer, alias.to_owned()))
                .collect::<Vec<_>>()
        });
        Self { links: links.collect() }
    }

    /// Whether an importer has no link under an alias.
    #[must_use]
    pub fn contains(&self, importer: usize, alias: &str) -> bool {
        !self.links.is_empty() && self.links.contains(&(importer, alias.to_owned()))
    }

    /// The aliases under which an importer has no links.
    pub fn of(&self, importer: usize) -> impl Iterator<Item = &str> {
        self.links.iter().filter(move |(of, _)| *of == importer).map(|(_, alias)| alias.as_str())
    }
}
