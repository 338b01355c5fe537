//! What is to stand in which `.bin` folder: chosen before anything is written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::choice::{Origin, takes_over};
use super::declared::DeclaredBins;
use super::runtime::Runtime;

/// A package whose executables are linked.
#[derive(Debug)]
pub struct BinPackage {
    /// Its real folder, absolute.
    pub folder: PathBuf,
    /// What it declares.
    pub bins: Arc<DeclaredBins>,
    /// It was put there by an install, so its files may be made executable. A project's own are left as they are.
    pub installed: bool,
    /// What was found of each command's file, once it was looked at.
    pub(super) files: Vec<OnceLock<BinFile>>,
}

impl BinPackage {
    /// A package in a folder.
    #[must_use]
    pub fn new(folder: PathBuf, bins: Arc<DeclaredBins>, installed: bool) -> Self {
        let files = bins.commands.iter().map(|_| OnceLock::new()).collect();
        Self { folder, bins, installed, files }
    }
}

/// What a command leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BinFile {
    /// Nothing is there.
    Absent,
    /// A folder, which nothing can run.
    Folder,
    /// A file.
    File {
        /// What runs it.
        runtime: Option<Runtime>,
        /// It can be started.
        executable: bool,
    },
}

/// A package beside a `.bin` folder, which may give it commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Position in [`BinPlan::packages`].
    pub package: usize,
    /// How it came there.
    pub origin: Origin,
    /// The folder is the package's own; it then holds no command whose file is absent.
    pub own: bool,
}

/// A `.bin` folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinFolder {
    /// The folder, `.bin` included, absolute.
    pub path: PathBuf,
    /// What is to stand in it.
    pub entries: Vec<BinEntry>,
    /// Programs are to find the packages beside the folder by `NODE_PATH` before all others, since Node.js does not
    /// find them by itself: their folder is not called `node_modules`.
    pub modules_first: bool,
}

/// A file in a `.bin` folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinEntry {
    /// Position in [`BinPlan::packages`].
    pub package: usize,
    /// Position in the commands of the package.
    pub command: usize,
    /// See [`Candidate::own`].
    pub own: bool,
}

/// All folders, and how their files are written.
#[derive(Debug, Default)]
pub struct BinPlan {
    /// Packages with executables.
    pub packages: Vec<BinPackage>,
    /// Folders that are to hold something.
    pub folders: Vec<BinFolder>,
    /// The folder of hidden hoisted packages, if programs are to find them by `NODE_PATH`.
    pub hidden_modules: Option<PathBuf>,
    /// Paths below it are told relative to a shim, others as they are. The folder of the lockfile.
    pub root: PathBuf,
    /// `preferSymlinkedExecutables`.
    pub prefer_symlinks: bool,
}

impl BinPlan {
    /// Adds a package; the answer is its position.
    pub fn add_package(&mut self, package: BinPackage) -> usize {
        self.packages.push(package);
        self.packages.len() - 1
    }

    /// Adds the `.bin` folder of `modules`, unless no candidate has a command.
    pub fn add_folder(&mut self, modules: &Path, candidates: &[Candidate]) {
        let mut chosen: FxHashMap<&str, (Candidate, usize)> = FxHashMap::default();
        let mut names: Vec<&str> = Vec::new();
        for candidate in candidates {
            let bins = &self.packages[candidate.package].bins;
            for (command, declared) in bins.commands.iter().enumerate() {
                let name = declared.name.as_str();
                let Some((holder, _)) = chosen.get(name) else {
                    names.push(name);
                    chosen.insert(name, (*candidate, command));
                    continue;
                };
                let held = (self.packages[holder.package].bins.as_ref(), holder.origin);
                if takes_over(name, held, (bins, candidate.origin)) {
                    chosen.insert(name, (*candidate, command));
                }
            }
        }
        let entries: Vec<BinEntry> = names
            .iter()
            .map(|name| {
                let (candidate, command) = chosen[name];
                BinEntry { package: candidate.package, command, own: candidate.own }
            })
            .collect();
        if !entries.is_empty() {
            let path = modules.join(".bin");
            // Slots keep the name, so this is a project's.
            let modules_first = modules.file_name().is_some_and(|name| name != "node_modules");
            self.folders.push(BinFolder { path, entries, modules_first });
        }
    }

    /// The names that are wanted in each folder, to tell them from those that are left over. A package's own command
    /// is among them even if its file turns out to be absent.
    pub fn wanted(&self) -> impl Iterator<Item = (&Path, Vec<&str>)> {
        self.folders.iter().map(|folder| {
            let names = folder.entries.iter();
            (folder.path.as_path(), names.map(|entry| self.name(*entry)).collect())
        })
    }

    pub(super) fn name(&self, entry: BinEntry) -> &str {
        &self.packages[entry.package].bins.commands[entry.command].name
    }
}

/// The folders in which a program of a package finds modules: those that the package ships, then those beside it. None
/// for a package that lies in no `node_modules`.
pub(super) fn module_folders(package: &Path) -> Vec<PathBuf> {
    let is_modules = |folder: &Path| folder.file_name().is_some_and(|name| name == "node_modules");
    let modules =
        package.ancestors().find(|folder| is_modules(folder) && !folder.parent().is_some_and(is_modules));
    let Some(modules) = modules else {
        return Vec::new();
    };
    let mut below = package.strip_prefix(modules).unwrap_or(Path::new("")).components();
    let mut folders = Vec::with_capacity(2);
    if let Some(first) = below.next() {
        let mut own = modules.join(first);
        if first.as_os_str().as_encoded_bytes().starts_with(b"@")
            && let Some(second) = below.next()
        {
            own.push(second);
        }
        folders.push(own.join("node_modules"));
    }
    folders.push(modules.to_path_buf());
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn modules_are_found_in_the_package_and_beside_it() {
        let of = |path: &str| -> Vec<String> {
            module_folders(Path::new(path))
                .into_iter()
                .map(|folder| folder.to_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            of("/p/node_modules/.pnpm/@s+x@1/node_modules/@s/x"),
            [
                "/p/node_modules/.pnpm/@s+x@1/node_modules/@s/x/node_modules",
                "/p/node_modules/.pnpm/@s+x@1/node_modules"
            ]
        );
        assert_eq!(
            of("/s/x/node_modules/shipped"),
            ["/s/x/node_modules/shipped/node_modules", "/s/x/node_modules"]
        );
        assert!(of("/p/packages/a").is_empty());
    }

    #[test]
    fn each_name_in_a_folder_goes_to_one_package() {
        let mut plan = BinPlan::default();
        let mut candidate = |manifest: serde_json::Value, origin, own| {
            let bins = Arc::new(DeclaredBins::new(&manifest, |_| Vec::new()));
            let package = plan.add_package(BinPackage::new("/x".into(), bins, true));
            Candidate { package, origin, own }
        };
        let candidates = [
            candidate(json!({"name": "b", "bin": {"x": "x", "y": "y"}}), Origin::Direct, false),
            candidate(json!({"name": "a", "bin": {"z": "z", "x": "x"}}), Origin::Direct, true),
            candidate(json!({"name": "y", "bin": "y"}), Origin::Hoisted, false),
        ];
        plan.add_folder(Path::new("/m"), &candidates);
        plan.add_folder(Path::new("/empty"), &[]);
        let entry = |package, command, own| BinEntry { package, command, own };
        assert_eq!(
            plan.folders,
            [BinFolder {
                path: "/m/.bin".into(),
                entries: vec![entry(1, 1, true), entry(0, 1, false), entry(1, 0, true)],
                modules_first: true,
            }]
        );
    }
}
