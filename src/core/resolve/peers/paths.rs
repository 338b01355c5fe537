//! Dep paths as numbers, written out only at the end.

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustc_hash::FxHashMap;

use super::components::number;

/// A dep path, or a segment of one: equal numbers are equal texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PathId(u32);

#[derive(Debug)]
struct Path {
    text: OnceCell<Arc<str>>,
    base: PathId,
    segments: Box<[PathId]>,
}

/// The dep paths of a run.
#[derive(Debug)]
pub(super) struct Paths {
    suffix_max_length: usize,
    all: Vec<Path>,
    plain: FxHashMap<Arc<str>, PathId>,
    with_peers: FxHashMap<(PathId, Box<[PathId]>), PathId>,
}

impl Paths {
    pub fn new(suffix_max_length: usize) -> Self {
        Self {
            suffix_max_length,
            all: Vec::new(),
            plain: FxHashMap::default(),
            with_peers: FxHashMap::default(),
        }
    }

    /// A text without peers.
    pub fn plain(&mut self, text: &Arc<str>) -> PathId {
        if let Some(&id) = self.plain.get(text) {
            return id;
        }
        let id = PathId(number(self.all.len()));
        self.all.push(Path { text: OnceCell::from(text.clone()), base: id, segments: Box::default() });
        self.plain.insert(text.clone(), id);
        id
    }

    /// A package with the peers that it sees; without any it is the package alone.
    pub fn with_peers(&mut self, base: PathId, mut segments: Vec<PathId>) -> PathId {
        if segments.is_empty() {
            return base;
        }
        segments.sort_unstable();
        let key = (base, segments.into_boxed_slice());
        if let Some(&id) = self.with_peers.get(&key) {
            return id;
        }
        let id = PathId(number(self.all.len()));
        self.all.push(Path { text: OnceCell::new(), base, segments: key.1.clone() });
        self.with_peers.insert(key, id);
        id
    }

    /// The segments of its suffix; none where it has no peers.
    pub fn segments(&self, id: PathId) -> &[PathId] {
        &self.all[id.0 as usize].segments
    }

    /// The dep path without its peers.
    pub fn base(&self, id: PathId) -> PathId {
        self.all[id.0 as usize].base
    }

    /// Its suffix is too long to be written out.
    pub fn is_hashed(&self, id: PathId) -> bool {
        let segments = self.segments(id);
        let separators = segments.len().saturating_sub(1) * 2;
        segments.iter().map(|&segment| self.text(segment).len()).sum::<usize>() + separators
            > self.suffix_max_length
    }

    /// How it is written. A suffix that is too long is written as its hash.
    pub fn text(&self, id: PathId) -> Arc<str> {
        // No recursion, so that no row of peers of peers is too long.
        let mut open = vec![id];
        while let Some(&next) = open.last() {
            let unwritten = self.all[next.0 as usize].segments.iter().copied();
            let before = open.len();
            if self.all[next.0 as usize].text.get().is_none() {
                open.extend(unwritten.filter(|segment| self.all[segment.0 as usize].text.get().is_none()));
            }
            if open.len() == before {
                self.write(next);
                open.pop();
            }
        }
        self.write(id)
    }

    /// Writes a dep path whose segments are written.
    fn write(&self, id: PathId) -> Arc<str> {
        let path = &self.all[id.0 as usize];
        path.text
            .get_or_init(|| {
                let mut segments: Vec<Arc<str>> =
                    path.segments.iter().map(|&segment| self.write(segment)).collect();
                segments.sort_unstable();
                let body = segments.join(")(");
                let base = self.write(path.base);
                if body.len() > self.suffix_max_length {
                    format!("{base}({})", short_hash(&body)).into()
                } else {
                    format!("{base}({body})").into()
                }
            })
            .clone()
    }
}

/// The first 32 hexadecimal digits of a text's SHA-256.
fn short_hash(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    digest.as_ref().iter().take(16).fold(String::with_capacity(32), |mut hash, byte| {
        // Writing into a text cannot fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

/// How the target of a link is written as the version of a peer: leading dots go, and what a file name must not have
/// becomes a `+`, runs of which count once. The rule loses information; lockfiles everywhere follow it.
pub(super) fn link_version(target: &str) -> String {
    let mut version = String::with_capacity(target.len());
    for character in target.trim_start_matches('.').chars() {
        let refused = character.is_control() || "\"*+/:<>?\\|".contains(character);
        if !refused {
            version.push(character);
        } else if !version.is_empty() && !version.ends_with('+') {
            version.push('+');
        }
    }
    version.truncate(version.trim_end_matches(['+', '.']).len());
    if version.is_empty() && !target.is_empty() { "+".to_owned() } else { version }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_written_in_the_order_of_their_texts() {
        let mut paths = Paths::new(1000);
        let [x, b, a] = ["x@1.0.0", "b@1.0.0", "a@1.0.0"].map(|text| paths.plain(&text.into()));
        let deep = paths.with_peers(a, vec![b]);
        let path = paths.with_peers(x, vec![b, deep]);
        assert_eq!(&*paths.text(path), "x@1.0.0(a@1.0.0(b@1.0.0))(b@1.0.0)");
        assert_eq!(path, paths.with_peers(x, vec![deep, b]));
        assert_eq!(paths.with_peers(x, Vec::new()), x);
    }

    #[test]
    fn a_suffix_that_is_too_long_is_written_as_its_hash() {
        let mut paths = Paths::new(7);
        let [x, ab, abc] = ["x@1.0.0", "a@1.0.0", "ab@1.0.0"].map(|text| paths.plain(&text.into()));
        let short = paths.with_peers(x, vec![ab]);
        let long = paths.with_peers(x, vec![abc]);
        assert_eq!(&*paths.text(short), "x@1.0.0(a@1.0.0)");
        assert_eq!(&*paths.text(long), format!("x@1.0.0({})", short_hash("ab@1.0.0")));
    }

    #[test]
    fn the_target_of_a_link_is_written_like_a_file_name() {
        for (target, version) in [
            ("packages/a", "packages+a"),
            ("../../x", "..+x"),
            (".", "+"),
            ("a//b+", "a+b"),
            ("", ""),
            ("node_modules/@s/x", "node_modules+@s+x"),
        ] {
            assert_eq!(link_version(target), version, "{target}");
        }
    }
}
