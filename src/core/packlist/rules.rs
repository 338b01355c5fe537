//! Lines of `.npmignore` and `.gitignore`, and what npm adds of its own, as rules of which the last that fits decides.

use serde_json::Value;

/// Never part of a package. Most may stand anywhere, those with `/` at their start only in the package's own folder.
const NEVER: [&str; 21] = [
    ".npmignore",
    ".gitignore",
    ".git",
    ".svn",
    ".hg",
    "CVS",
    "/.lock-wscript",
    "/.wafpickle-*",
    "**/build/config.gypi",
    "npm-debug.log",
    ".npmrc",
    ".*.swp",
    ".DS_Store",
    "._*",
    "*.orig",
    "/archived-packages",
    "/package-lock.json",
    "/yarn.lock",
    "/pnpm-lock.yaml",
    "/bun.lockb",
    "/node_modules",
];

/// Always part of a package, in its own folder, with or without an extension.
const ALWAYS: [&str; 4] = ["readme", "copying", "license", "licence"];

/// One rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    glob: String,
    /// What fits is part of the package after all.
    includes: bool,
    /// It speaks of paths from the folder that the rule is for; otherwise of names, wherever they are.
    anchored: bool,
    /// It speaks of folders alone.
    folders: bool,
}

impl Rule {
    /// A line of an ignore file.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end_matches(['\r', '\n', ' ']);
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (includes, line) = match line.strip_prefix('!') {
            Some(line) => (true, line),
            None => (false, line),
        };
        let (folders, line) = match line.strip_suffix('/') {
            Some(line) => (true, line),
            None => (false, line),
        };
        let anchored = line.contains('/');
        let glob = line.strip_prefix("./").unwrap_or(line).trim_start_matches('/');
        (!glob.is_empty()).then(|| Self { glob: glob.to_owned(), includes, anchored, folders })
    }

    fn anchored(glob: &str, includes: bool) -> Self {
        Self { glob: glob.to_owned(), includes, anchored: true, folders: false }
    }

    fn fits(&self, path: &str) -> bool {
        let subject = if self.anchored { path } else { path.rsplit_once('/').map_or(path, |(_, name)| name) };
        fast_glob::glob_match(&self.glob, subject)
    }

    /// Something in a folder may fit, so the folder must be entered.
    fn may_fit_in(&self, folder: &str) -> bool {
        if !self.anchored {
            return false;
        }
        let mut pattern = self.glob.split('/');
        for name in folder.split('/') {
            match pattern.next() {
                Some("**") => return true,
                Some(part) if fast_glob::glob_match(part, name) => {}
                None | Some(_) => return false,
            }
        }
        pattern.next().is_some()
    }
}

/// Rules in order; the last that fits decides.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules(Vec<Rule>);

impl Rules {
    /// The lines of an ignore file.
    pub(super) fn of_file(text: &str) -> Self {
        Self(text.lines().filter_map(Rule::parse).collect())
    }

    /// The rules of a package's own folder: what is never in, what its manifest or its ignore file says, what is always
    /// in.
    pub(super) fn of_package(manifest: Option<&Value>, ignored: Option<Self>) -> Self {
        let mut rules: Vec<Rule> = NEVER.iter().filter_map(|line| Rule::parse(line)).collect();
        match listed_files(manifest) {
            Some(files) => {
                rules.push(Rule::anchored("**", false));
                for file in files {
                    let (includes, glob) = match file.strip_prefix('!') {
                        Some(glob) => (false, glob),
                        None => (true, file),
                    };
                    let glob = glob.strip_prefix("./").unwrap_or(glob).trim_matches('/');
                    if glob.is_empty() {
                        rules.push(Rule::anchored("**", includes));
                    } else {
                        rules.push(Rule::anchored(glob, includes));
                        rules.push(Rule::anchored(&format!("{glob}/**"), includes));
                    }
                }
                // What is never in stays out even of a folder that is listed.
                rules.extend(NEVER.iter().filter_map(|line| Rule::parse(line)));
            }
            None => rules.extend(ignored.unwrap_or_default().0),
        }
        for path in named_files(manifest) {
            let path = path.strip_prefix("./").unwrap_or(&path).trim_start_matches('/').to_owned();
            let has_glob = path.contains(['*', '?', '[', '{', '!', '\\']);
            if !path.is_empty() && !has_glob {
                rules.push(Rule::anchored(&path, true));
            }
        }
        Self(rules)
    }

    /// What the rules say of a file, or of a link.
    pub(super) fn has_file(&self, path: &str) -> bool {
        is_always_in(path)
            || self.0.iter().fold(true, |included, rule| {
                let decides = rule.includes != included && !rule.folders && rule.fits(path);
                if decides { rule.includes } else { included }
            })
    }

    /// Whether a folder is to be looked into.
    pub(super) fn enters(&self, path: &str) -> bool {
        self.0.iter().fold(true, |included, rule| {
            let decides = rule.includes != included
                && (rule.fits(path) || rule.includes && rule.may_fit_in(path) || rule.is_about_all_in(path));
            if decides { rule.includes } else { included }
        })
    }
}

impl Rule {
    /// `folder/**` is about the folder as well.
    fn is_about_all_in(&self, folder: &str) -> bool {
        self.anchored && self.glob.strip_suffix("/**").is_some_and(|glob| fast_glob::glob_match(glob, folder))
    }
}

fn is_always_in(path: &str) -> bool {
    if path.contains('/') {
        return false;
    }
    let lower = path.to_ascii_lowercase();
    lower == "package.json"
        || ALWAYS.iter().any(|name| {
            lower.strip_prefix(name).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('.') && rest.len() > 1 && !rest.ends_with(['~', '$'])
            })
        })
}

/// `files`; a list that names the whole folder says as little as none.
fn listed_files(manifest: Option<&Value>) -> Option<Vec<&str>> {
    let files: Vec<&str> = manifest?.get("files")?.as_array()?.iter().filter_map(Value::as_str).collect();
    (!files.contains(&"")).then_some(files)
}

/// Files that the manifest names in other places, which are always in.
fn named_files(manifest: Option<&Value>) -> Vec<String> {
    let Some(manifest) = manifest else {
        return Vec::new();
    };
    let mut named: Vec<String> = ["main", "browser"]
        .iter()
        .filter_map(|field| Some(manifest.get(*field)?.as_str()?.to_owned()))
        .collect();
    match manifest.get("bin") {
        Some(Value::String(path)) => named.push(path.clone()),
        Some(Value::Object(paths)) => {
            named.extend(paths.values().filter_map(Value::as_str).map(str::to_owned));
        }
        _ => {}
    }
    named
}
