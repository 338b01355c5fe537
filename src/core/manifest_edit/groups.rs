//! The groups of dependencies in a manifest, and moving entries between them.

use serde_json::{Map, Value};

use super::file::ManifestFile;

/// A group of dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// `dependencies`.
    Production,
    /// `devDependencies`.
    Development,
    /// `optionalDependencies`.
    Optional,
    /// `peerDependencies`.
    Peer,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::Production, Self::Development, Self::Optional, Self::Peer];

    /// The groups that are installed. An entry is in at most one of them.
    pub const INSTALLED: [Self; 3] = [Self::Production, Self::Development, Self::Optional];

    /// The order in which an entry is looked for: of an alias in several groups, the first counts.
    const BY_RANK: [Self; 4] = [Self::Optional, Self::Production, Self::Development, Self::Peer];

    /// The field of the manifest.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Production => "dependencies",
            Self::Development => "devDependencies",
            Self::Optional => "optionalDependencies",
            Self::Peer => "peerDependencies",
        }
    }
}

impl ManifestFile {
    /// The entries of a group: alias and specifier, in the file's order.
    pub fn entries(&self, group: Group) -> impl Iterator<Item = (&str, &str)> {
        self.value
            .get(group.field())
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(alias, specifier)| Some((alias.as_str(), specifier.as_str()?)))
    }

    /// The specifier of an alias in a group.
    #[must_use]
    pub fn specifier(&self, alias: &str, group: Group) -> Option<&str> {
        self.value.get(group.field())?.get(alias)?.as_str()
    }

    /// The group that has an alias, and its specifier there.
    #[must_use]
    pub fn find(&self, alias: &str) -> Option<(Group, &str)> {
        Group::BY_RANK.into_iter().find_map(|group| Some((group, self.specifier(alias, group)?)))
    }

    /// Saves a dependency into a group. It leaves the other groups that are installed; `peerDependencies` stand beside
    /// them.
    pub fn save_as(&mut self, alias: &str, specifier: &str, group: Group) {
        self.entry(group).insert(alias.to_owned(), Value::from(specifier));
        if Group::INSTALLED.contains(&group) {
            for other in Group::INSTALLED.into_iter().filter(|other| *other != group) {
                self.take_out(alias, other.field());
            }
        }
    }

    /// Changes the specifier of a dependency where it stands, without moving it.
    pub fn respecify(&mut self, alias: &str, specifier: &str, group: Group) {
        self.entry(group).insert(alias.to_owned(), Value::from(specifier));
    }

    /// Removes dependencies from a group, or from all, with what else the manifest says of them.
    pub fn remove(&mut self, aliases: &[String], group: Option<Group>) {
        let groups = group.map_or(Group::INSTALLED.to_vec(), |group| vec![group]);
        let fields = groups.into_iter().chain([Group::Peer]).map(Group::field).chain(["dependenciesMeta"]);
        for field in fields {
            for alias in aliases {
                self.take_out(alias, field);
            }
        }
    }

    /// The names that can be removed from a group, or from any, in the order of the manifest.
    #[must_use]
    pub fn removable(&self, group: Option<Group>) -> Vec<&str> {
        let groups = match group {
            Some(group) => vec![group],
            None => vec![Group::Development, Group::Production, Group::Optional],
        };
        let mut names = Vec::new();
        for group in groups {
            for (alias, _) in self.entries(group) {
                if !names.contains(&alias) {
                    names.push(alias);
                }
            }
        }
        names
    }

    fn entry(&mut self, group: Group) -> &mut Map<String, Value> {
        let field = self.value.entry(group.field()).or_insert(Value::Null);
        if !field.is_object() {
            // Reading the manifest has refused everything but an object and nothing.
            *field = Value::Object(Map::new());
        }
        match field {
            Value::Object(entries) => entries,
            _ => unreachable!("it was made an object just now"),
        }
    }

    fn take_out(&mut self, alias: &str, field: &str) {
        if let Some(Value::Object(entries)) = self.value.get_mut(field) {
            let was_there = entries.shift_remove(alias).is_some();
            let is_group = Group::ALL.iter().any(|group| group.field() == field);
            if was_there && entries.is_empty() && is_group {
                // pnpm puts the last field into the gap.
                self.value.swap_remove(field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn file(text: &str) -> ManifestFile {
        ManifestFile::parse(text.as_bytes(), Path::new("package.json")).unwrap()
    }

    #[test]
    fn saving_into_another_group_moves_the_entry() {
        let mut file = file(r#"{"devDependencies":{"ms":"~2.0.0"},"peerDependencies":{"ms":"*"}}"#);
        file.save_as("ms", "~2.0.0", Group::Production);
        assert_eq!(file.text(), r#"{"dependencies":{"ms":"~2.0.0"},"peerDependencies":{"ms":"*"}}"#);
    }

    #[test]
    fn the_last_field_moves_to_where_an_emptied_group_was() {
        let removed = |text: &str| {
            let mut file = file(text);
            file.remove(&["ms".to_owned()], None);
            file.text()
        };
        assert_eq!(
            removed(
                r#"{"name":"n","devDependencies":{"ms":"1"},"license":"MIT","files":[],"type":"module"}"#
            ),
            r#"{"name":"n","type":"module","license":"MIT","files":[]}"#
        );
        assert_eq!(
            removed(r#"{"name":"n","license":"MIT","dependencies":{"ms":"1"}}"#),
            r#"{"name":"n","license":"MIT"}"#
        );
        assert_eq!(
            removed(r#"{"dependencies":{"a":"1","ms":"1"},"name":"n","license":"MIT"}"#),
            r#"{"dependencies":{"a":"1"},"name":"n","license":"MIT"}"#
        );
    }

    #[test]
    fn a_peer_stands_beside_the_other_groups() {
        let mut file = file(r#"{"dependencies":{"ms":"^2.0.0"}}"#);
        file.save_as("ms", "2.1.0", Group::Development);
        file.save_as("ms", "2.1.0", Group::Peer);
        assert_eq!(file.text(), r#"{"devDependencies":{"ms":"2.1.0"},"peerDependencies":{"ms":"2.1.0"}}"#);
    }

    #[test]
    fn removing_takes_peers_and_what_is_said_of_them_too() {
        let mut file = file(
            r#"{"dependencies":{"ms":"1"},"peerDependencies":{"ms":"*"},"dependenciesMeta":{"ms":{"injected":true}}}"#,
        );
        file.remove(&["ms".to_owned()], None);
        assert_eq!(file.text(), r#"{"dependenciesMeta":{}}"#);
    }

    #[test]
    fn an_alias_in_several_groups_is_found_in_the_one_that_counts() {
        let file = file(
            r#"{"devDependencies":{"a":"1","b":"1"},"optionalDependencies":{"a":"2"},"peerDependencies":{"c":"*"}}"#,
        );
        assert_eq!(file.find("a"), Some((Group::Optional, "2")));
        assert_eq!(file.find("b"), Some((Group::Development, "1")));
        assert_eq!(file.find("c"), Some((Group::Peer, "*")));
        assert_eq!(file.find("d"), None);
        assert_eq!(file.removable(None), ["a", "b"]);
        assert!(file.removable(Some(Group::Production)).is_empty());
    }
}
