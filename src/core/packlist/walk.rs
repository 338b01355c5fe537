//! Looking through a package's folder by the rules.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Packed;
use super::rules::Rules;

/// What is in the package, by path.
pub(super) fn entries(root: &Path, manifest: Option<&Value>) -> io::Result<BTreeMap<String, Packed>> {
    let rules = Rules::of_package(manifest, ignore_file(root));
    let mut walk = Walk { root, entries: BTreeMap::new(), links: Vec::new() };
    walk.folder("", &mut vec![(String::new(), rules)])?;
    walk.settle_links();
    Ok(walk.entries)
}

/// The one ignore file of a folder that counts.
fn ignore_file(folder: &Path) -> Option<Rules> {
    [".npmignore", ".gitignore"]
        .iter()
        .find_map(|name| std::fs::read_to_string(folder.join(name)).ok())
        .map(|text| Rules::of_file(&text))
}

struct Walk<'a> {
    root: &'a Path,
    entries: BTreeMap<String, Packed>,
    /// Links, by path, with the path in the package that they lead to.
    links: Vec<(String, PathBuf)>,
}

impl Walk<'_> {
    /// Looks through a folder; its path is empty or ends in `/`, and so are the prefixes that rules start from.
    fn folder(&mut self, prefix: &str, rules: &mut Vec<(String, Rules)>) -> io::Result<()> {
        for entry in std::fs::read_dir(self.root.join(prefix))? {
            let entry = entry?;
            let name = entry.file_name();
            // A name that is not Unicode has no place in a package.
            let Some(name) = name.to_str() else { continue };
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            let all = |decide: &dyn Fn(&Rules, &str) -> bool| {
                rules.iter().all(|(from, rules)| decide(rules, &path[from.len()..]))
            };
            if kind.is_dir() {
                if !all(&|rules, path| rules.enters(path)) {
                    continue;
                }
                let own = ignore_file(&entry.path());
                let below = format!("{path}/");
                let has_own = own.is_some();
                if let Some(own) = own {
                    rules.push((below.clone(), own));
                }
                self.folder(&below, rules)?;
                if has_own {
                    rules.pop();
                }
            } else if all(&|rules, path| rules.has_file(path)) {
                if kind.is_file() {
                    self.entries.insert(path, Packed::File(entry.path()));
                } else if kind.is_symlink()
                    && let Ok(target) = entry.path().canonicalize()
                    && let Ok(inside) = target.strip_prefix(self.root)
                {
                    self.links.push((path, inside.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// A link to what is in the package stays one; of a file that is not, the content is taken.
    fn settle_links(&mut self) {
        for (path, target) in std::mem::take(&mut self.links) {
            let Some(target) = target.to_str().map(str::to_owned) else {
                continue;
            };
            let below = format!("{target}/");
            let is_in = self.entries.contains_key(&target)
                || self
                    .entries
                    .range(below.clone()..)
                    .next()
                    .is_some_and(|(path, _)| path.starts_with(&below));
            if is_in && !target.is_empty() {
                let packed = Packed::Link(from_folder_of(&path, &target));
                self.entries.insert(path, packed);
            } else if self.root.join(&target).is_file() {
                let packed = Packed::File(self.root.join(&target));
                self.entries.insert(path, packed);
            }
        }
    }
}

/// The path of `target` from the folder that `path` is in; both from the same folder.
fn from_folder_of(path: &str, target: &str) -> String {
    let folders: Vec<&str> =
        path.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect());
    let parts: Vec<&str> = target.split('/').collect();
    let common = folders.iter().zip(&parts).take_while(|(left, right)| left == right).count();
    let up = std::iter::repeat_n("..", folders.len() - common);
    let link: Vec<&str> = up.chain(parts[common..].iter().copied()).collect();
    if link.is_empty() { ".".to_owned() } else { link.join("/") }
}

/// Adds the packages that the manifest bundles, where they lie in the folder itself.
pub(super) fn add_bundled(
    root: &Path,
    manifest: Option<&Value>,
    entries: &mut BTreeMap<String, Packed>,
) -> io::Result<()> {
    let Some(manifest) = manifest else {
        return Ok(());
    };
    let names: Vec<&str> =
        match manifest.get("bundleDependencies").or_else(|| manifest.get("bundledDependencies")) {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(Value::Bool(true)) => manifest
                .get("dependencies")
                .and_then(Value::as_object)
                .map_or(Vec::new(), |all| all.keys().map(String::as_str).collect()),
            _ => return Ok(()),
        };
    for name in names {
        let is_plain = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let path = format!("node_modules/{name}");
        let folder = root.join(&path);
        if !is_plain || !folder.canonicalize().is_ok_and(|real| real == folder) {
            continue;
        }
        let bundled = std::fs::read(folder.join("package.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        for (inside, packed) in self::entries(&folder, bundled.as_ref())? {
            entries.insert(format!("{path}/{inside}"), packed);
        }
    }
    Ok(())
}
