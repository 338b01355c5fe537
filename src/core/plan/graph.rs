//! The lockfile as a graph: aliases resolved to positions in `snapshots`, once, for all who walk it.

use rustc_hash::FxHashSet;

use crate::core::lockfile::{Importer, Lockfile, LockfileError, Reference, reference};

/// What an alias points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// The snapshot at this position of [`Lockfile::snapshots`].
    Snapshot(usize),
    /// A folder: relative to the importer's folder for a direct dependency, to the lockfile's folder otherwise.
    Link(&'a str),
}

/// An edge from a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge<'a> {
    /// Its name below `node_modules`.
    pub alias: &'a str,
    /// Where it leads.
    pub target: Target<'a>,
    /// It is an optional dependency.
    pub optional: bool,
}

/// A group of direct dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// `dependencies`
    Production,
    /// `devDependencies`
    Development,
    /// `optionalDependencies`
    Optional,
}

/// A direct dependency of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectDependency<'a> {
    /// Its name below the project's `node_modules`.
    pub alias: &'a str,
    /// Where it leads.
    pub target: Target<'a>,
    /// The group it is in.
    pub group: Group,
}

/// The edges of a lockfile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph<'a> {
    /// The edges of each snapshot, by its position in [`Lockfile::snapshots`], in the file's order, plain before
    /// optional.
    pub snapshots: Vec<Vec<Edge<'a>>>,
    /// The direct dependencies of each importer, by its position in [`Lockfile::importers`].
    pub importers: Vec<Vec<DirectDependency<'a>>>,
}

impl<'a> Graph<'a> {
    /// Resolves all references of a lockfile.
    ///
    /// # Errors
    /// `MissingDependency` for a reference to a snapshot, or a snapshot's package, that the lockfile does not have.
    pub fn new(lockfile: &'a Lockfile) -> Result<Self, LockfileError> {
        let mut snapshots = Vec::with_capacity(lockfile.snapshots.len());
        for (dep_path, snapshot) in &lockfile.snapshots {
            if lockfile.metadata(dep_path).is_none() {
                return Err(LockfileError::MissingDependency {
                    dep_path: crate::core::lockfile::package_id(dep_path).to_owned(),
                    wanted_by: format!("snapshots[{dep_path:?}]"),
                });
            }
            let edges = snapshot.edges().map(|(alias, value, optional)| {
                let target = target(lockfile, alias, value, || dep_path.clone())?;
                Ok(Edge { alias, target, optional })
            });
            snapshots.push(edges.collect::<Result<_, LockfileError>>()?);
        }
        let importers = lockfile.importers.iter().map(|(id, importer)| direct(lockfile, id, importer));
        Ok(Self { importers: importers.collect::<Result<_, _>>()?, snapshots })
    }

    /// Forgets the direct dependencies of all importers but these: nothing is installed for the others.
    pub fn keep_importers(&mut self, lockfile: &Lockfile, kept: &[String]) {
        let kept: FxHashSet<&str> = kept.iter().map(String::as_str).collect();
        for (id, dependencies) in lockfile.importers.keys().zip(&mut self.importers) {
            if !kept.contains(id.as_str()) {
                dependencies.clear();
            }
        }
    }
}

fn direct<'a>(
    lockfile: &'a Lockfile,
    id: &str,
    importer: &'a Importer,
) -> Result<Vec<DirectDependency<'a>>, LockfileError> {
    let groups = [
        (Group::Production, &importer.dependencies),
        (Group::Development, &importer.dev_dependencies),
        (Group::Optional, &importer.optional_dependencies),
    ];
    let mut dependencies = Vec::new();
    for (group, entries) in groups {
        for (alias, dependency) in entries {
            let target = target(lockfile, alias, &dependency.version, || format!("the project at {id:?}"))?;
            dependencies.push(DirectDependency { alias, target, group });
        }
    }
    Ok(dependencies)
}

fn target<'a>(
    lockfile: &Lockfile,
    alias: &str,
    value: &'a str,
    wanted_by: impl Fn() -> String,
) -> Result<Target<'a>, LockfileError> {
    match reference(alias, value) {
        Reference::Link(path) => Ok(Target::Link(path)),
        Reference::Package(dep_path) => match lockfile.snapshots.get_index_of(dep_path.as_ref()) {
            Some(position) => Ok(Target::Snapshot(position)),
            None => Err(LockfileError::MissingDependency {
                dep_path: dep_path.into_owned(),
                wanted_by: wanted_by(),
            }),
        },
    }
}
