//! Which executables a package declares: `bin`, or else everything below `directories.bin`.
//!
//! A manifest is a stranger's text. A command's name becomes a file name and a word for a shell, so only plain names
//! pass; its path is bent to stay inside the package, as npm bends it. Nothing is read here: the files of a package
//! come from the caller.

use serde_json::Value;

/// What the choice of executables needs to know of a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeclaredBins {
    /// `name` of the manifest.
    pub name: String,
    /// `version` of the manifest.
    pub version: String,
    /// Its commands, each name once.
    pub commands: Vec<Command>,
}

/// An executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What it is called by: the name of its file in `.bin`.
    pub name: String,
    /// Its file below the package's folder, with `/`, without `.` and `..`.
    pub path: String,
}

impl DeclaredBins {
    /// Reads a manifest, of which the fields `name`, `version`, `bin` and `directories` matter. `files` gives all
    /// paths below a folder of the package; it is asked only where `directories.bin` counts.
    pub fn new(manifest: &Value, files: impl FnOnce(&str) -> Vec<String>) -> Self {
        let text = |field: &str| manifest.get(field).and_then(Value::as_str).unwrap_or_default();
        let name = text("name");
        let mut bins =
            Self { name: name.to_owned(), version: text("version").to_owned(), commands: Vec::new() };
        match manifest.get("bin") {
            Some(Value::String(path)) if !path.is_empty() => bins.add(name, path),
            Some(Value::Object(commands)) => {
                for (name, path) in commands {
                    if let Value::String(path) = path {
                        bins.add(name, path);
                    }
                }
            }
            None | Some(Value::Null | Value::String(_)) => {
                let folder = manifest
                    .get("directories")
                    .and_then(|directories| directories.get("bin"))
                    .and_then(Value::as_str)
                    .and_then(inside_package);
                if let Some(folder) = folder {
                    bins.add_folder(files(&folder));
                }
            }
            Some(_) => {}
        }
        bins
    }

    fn add(&mut self, name: &str, path: &str) {
        let name = match name.split_once('/') {
            Some((scope, name)) if scope.starts_with('@') => name,
            _ => name,
        };
        if is_plain_name(name)
            && let Some(path) = inside_package(path)
            && !self.commands.iter().any(|command| command.name == name)
        {
            self.commands.push(Command { name: name.to_owned(), path });
        }
    }

    fn add_folder(&mut self, mut paths: Vec<String>) {
        paths.sort_unstable();
        for path in paths {
            let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name).to_owned();
            self.add(&name, &path);
        }
    }
}

/// Whether a name can be a command's: what a URL takes as it stands, so no separator, no blank, no control character;
/// and `$`.
fn is_plain_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    name == "$" || !matches!(name, "" | "." | "..") && name.bytes().all(plain)
}

/// A path as a manifest has it, made relative to the package's folder. `..` never leads out of it, as if the folder
/// were the root of a disk. `None` for an absolute path, for the folder itself, and for what no line of text can hold.
fn inside_package(path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(char::is_control) {
        return None;
    }
    let mut segments = Vec::new();
    for segment in path.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    (!segments.is_empty()).then(|| segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn commands(manifest: &Value) -> Vec<(String, String)> {
        let files = |folder: &str| {
            ["tools/b", "tools/deep/a", "tools/deep/b", "tools/a name", "tools/.hidden"]
                .iter()
                .filter(|path| path.starts_with(folder))
                .map(|path| (*path).to_owned())
                .collect()
        };
        DeclaredBins::new(manifest, files)
            .commands
            .into_iter()
            .map(|command| (command.name, command.path))
            .collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect()
    }

    #[test]
    fn one_path_is_called_like_the_package_without_its_scope() {
        assert_eq!(commands(&json!({"name": "@s/tool", "bin": "./cli.js"})), pairs(&[("tool", "cli.js")]));
        assert_eq!(commands(&json!({"bin": "cli.js"})), []);
    }

    #[test]
    fn a_map_gives_each_command_its_name() {
        let manifest = json!({"name": "x", "bin": {"a": "a.js", "@s/b": "lib//b.js", "c": 7, "$": "d.js"}});
        assert_eq!(commands(&manifest), pairs(&[("a", "a.js"), ("b", "lib/b.js"), ("$", "d.js")]));
    }

    #[test]
    fn names_that_are_no_plain_file_names_are_dropped() {
        for name in
            ["../x", "/x", ".", "..", "", "a b", "a;b", "a\nb", "a\"b", "a$b", "a`b", "a/b", "@s/../x"]
        {
            assert_eq!(commands(&json!({"name": "x", "bin": {name: "cli.js"}})), [], "{name:?}");
        }
        assert_eq!(commands(&json!({"name": "x", "bin": {"it's": "cli.js", ".dot": "cli.js"}})).len(), 2);
    }

    #[test]
    fn paths_stay_inside_the_package() {
        let of = |path: &str| commands(&json!({"name": "x", "bin": {"x": path}})).pop().map(|(_, path)| path);
        assert_eq!(of("../../etc/x").as_deref(), Some("etc/x"));
        assert_eq!(of("a/../../b.js").as_deref(), Some("b.js"));
        assert_eq!(of("sub\\b.js").as_deref(), Some("sub/b.js"));
        assert_eq!(of("b.js/").as_deref(), Some("b.js"));
        for path in ["", ".", "./", "..", "a/..", "/etc/passwd", "a\nb.js", "a\0b"] {
            assert_eq!(of(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_folder_counts_only_where_there_is_no_bin() {
        let folder = json!({"bin": "./tools"});
        assert_eq!(
            commands(&json!({"name": "x", "directories": folder})),
            pairs(&[(".hidden", "tools/.hidden"), ("b", "tools/b"), ("a", "tools/deep/a")])
        );
        let manifest = json!({"name": "x", "bin": "cli.js", "directories": folder});
        assert_eq!(commands(&manifest), pairs(&[("x", "cli.js")]));
    }
}
