//! What became of a package after it was unpacked, such as by a patch: the field `sideEffects` of its row.
//!
//! pnpm reads it to tell a package that was patched from one that somebody changed (`pnpm store status`), and to place
//! the outcome without doing the work again. This program only adds to it.

use super::records::{Head, RecordReader, RecordWriter};
use super::row::{NewFile, StoredPackage};

const FIELD: &str = "sideEffects";
/// Counts up to here are part of the byte that tells what is counted.
const LARGEST_SMALL_COUNT: u8 = 15;

/// What became of a package.
#[derive(Debug, Clone)]
pub struct SideEffects {
    /// Files that were made or changed, sorted by path. They are in the store.
    pub added: Vec<NewFile>,
    /// Paths of files that are gone, sorted.
    pub deleted: Vec<String>,
}

impl SideEffects {
    /// Whether nothing became of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.deleted.is_empty()
    }

    /// The row of the package with these added under a key; `None` if it has the key, or is of a form that only others
    /// write.
    #[must_use]
    pub fn added_to(&self, package: &StoredPackage, key: &str) -> Option<Vec<u8>> {
        let row = package.row();
        let mut reader = RecordReader::new(row);
        let Ok(Head::Record(definition)) = reader.next() else {
            return None;
        };
        let names_end = reader.position();
        let mut present = None;
        for index in 0..reader.field_count(definition) {
            let name = reader.field(definition, index);
            if reader.text(&name) != FIELD {
                reader.skip().ok()?;
                continue;
            }
            let start = reader.position();
            let Ok(Head::Map(pairs)) = reader.next() else {
                return None;
            };
            for _ in 0..pairs {
                let Ok(Head::Text(known)) = reader.next() else {
                    return None;
                };
                if reader.text(&known) == key {
                    return None;
                }
                reader.skip().ok()?;
            }
            present = Some(start..reader.position());
        }
        let mut writer = RecordWriter::after(&reader);
        let mut whole = Vec::with_capacity(row.len() + 512);
        let counted = |at: usize| {
            let byte = *row.get(at)?;
            (byte & LARGEST_SMALL_COUNT < LARGEST_SMALL_COUNT).then_some(byte + 1)
        };
        if let Some(present) = present {
            // `de` and `df` tell of a longer count.
            if row[present.start] & 0xf0 != 0x80 {
                return None;
            }
            self.write(&mut writer, key);
            whole.extend_from_slice(&row[..present.start]);
            whole.push(counted(present.start)?);
            whole.extend_from_slice(&row[present.start + 1..present.end]);
            whole.extend_from_slice(&writer.finish());
            whole.extend_from_slice(&row[present.end..]);
        } else {
            // `d4 72 <slot>`, then the field names.
            const NAMES: usize = 3;
            if row.get(NAMES)? & 0xf0 != 0x90 {
                return None;
            }
            let mut name = RecordWriter::default();
            name.text(FIELD);
            writer.map(1);
            self.write(&mut writer, key);
            whole.extend_from_slice(&row[..NAMES]);
            whole.push(counted(NAMES)?);
            whole.extend_from_slice(&row[NAMES + 1..names_end]);
            whole.extend_from_slice(&name.finish());
            whole.extend_from_slice(&row[names_end..]);
            whole.extend_from_slice(&writer.finish());
        }
        Some(whole)
    }

    fn write(&self, writer: &mut RecordWriter, key: &str) {
        let mut fields = vec!["added", "deleted"];
        fields.retain(|field| match *field {
            "added" => !self.added.is_empty(),
            _ => !self.deleted.is_empty(),
        });
        writer.text(key);
        writer.object(&fields, |writer, position| {
            if fields[position] == "added" {
                writer.map(self.added.len());
                for file in &self.added {
                    writer.text(&file.path);
                    writer.object(&["digest", "mode", "size"], |writer, position| match position {
                        0 => writer.text(file.digest.to_hex().as_str()),
                        1 => writer.unsigned(u64::from(file.mode)),
                        _ => writer.unsigned(file.size),
                    });
                }
            } else {
                writer.array(self.deleted.len());
                for path in &self.deleted {
                    writer.text(path);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::store::digest::Digest;
    use crate::core::store::row::NewRow;

    fn file(path: &str) -> NewFile {
        NewFile { path: path.into(), digest: Digest::of(path.as_bytes()), mode: 0o644, size: 4 }
    }

    fn package() -> StoredPackage {
        let manifest = serde_json::json!({"name": "a", "version": "1.0.0", "bin": "a.js"});
        let files = ["a.js", "package.json"].map(file).into();
        let row = NewRow { requires_build: false, manifest: Some(manifest), files, checked_at_ms: 7 };
        StoredPackage::decode(row.encode()).unwrap()
    }

    fn json(row: &[u8]) -> serde_json::Value {
        RecordReader::new(row).json().unwrap()
    }

    #[test]
    fn side_effects_are_added_beside_all_that_was_there() {
        let both = SideEffects { added: vec![file("new.js")], deleted: vec!["a.js".into()] };
        let once = both.added_to(&package(), "first").unwrap();
        let mut expected = json(package().row());
        let added = serde_json::json!({"new.js": {"digest": Digest::of(b"new.js").to_hex().as_str(), "mode": 420, "size": 4}});
        let entry = |value: &serde_json::Value| serde_json::to_string(value).unwrap().replace(".0", "");
        expected["sideEffects"] = serde_json::json!({"first": {"added": added, "deleted": ["a.js"]}});
        assert_eq!(entry(&json(&once)), entry(&expected));

        let once = StoredPackage::decode(once).unwrap();
        assert_eq!(both.added_to(&once, "first"), None, "it is there");
        let gone = SideEffects { added: Vec::new(), deleted: vec!["a.js".into()] };
        let twice = gone.added_to(&once, "second").unwrap();
        expected["sideEffects"]["second"] = serde_json::json!({"deleted": ["a.js"]});
        assert_eq!(entry(&json(&twice)), entry(&expected));
        assert_eq!(StoredPackage::decode(twice).unwrap().file_count(), 2);
    }
}
