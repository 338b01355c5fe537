//! The digest of what a lockfile says, by which pnpm remembers that it was verified (pnpm:
//! `lockfile-verification/src/hash_lockfile.rs`).

use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, SHA256};

use super::tree::{self, Map, Node};
use crate::core::lockfile::Lockfile;

impl Lockfile {
    /// SHA-256 of the lockfile as JSON without spaces and with sorted keys, in hexadecimal. The order in which the file
    /// has its keys does not matter.
    #[must_use]
    pub fn content_digest(&self) -> String {
        let mut json = Json { text: String::new(), digest: Context::new(&SHA256) };
        json.node(&mut tree::lockfile(self));
        json.flush();
        let mut digits = String::with_capacity(64);
        for byte in json.digest.finish().as_ref() {
            // Writing into a text cannot fail.
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
}

/// JSON that is digested as it grows.
struct Json {
    text: String,
    digest: Context,
}

/// Bytes that are digested at a time.
const PORTION: usize = 16 << 10;

impl Json {
    fn flush(&mut self) {
        self.digest.update(self.text.as_bytes());
        self.text.clear();
    }

    fn node(&mut self, node: &mut Node<'_>) {
        match node {
            Node::Text(text) => self.string(text),
            Node::Bare(word) => self.text.push_str(word),
            Node::List(items) => {
                self.text.push('[');
                for (position, item) in items.iter_mut().enumerate() {
                    if position > 0 {
                        self.text.push(',');
                    }
                    self.node(item);
                }
                self.text.push(']');
            }
            Node::Map(map) => self.map(map),
        }
        if self.text.len() > PORTION {
            self.flush();
        }
    }

    fn map(&mut self, map: &mut Map<'_>) {
        map.sort_unstable_by_key(|(key, _)| *key);
        self.text.push('{');
        for (position, (key, value)) in map.iter_mut().enumerate() {
            if position > 0 {
                self.text.push(',');
            }
            self.string(key);
            self.text.push(':');
            self.node(value);
        }
        self.text.push('}');
    }

    fn string(&mut self, text: &str) {
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.text.push('"');
            self.text.push_str(text);
            self.text.push('"');
        } else {
            let _ = write!(self.text, "{}", serde_json::Value::from(text));
        }
    }
}
