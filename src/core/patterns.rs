//! Patterns for names, as `hoistPattern` and `ignoredOptionalDependencies` are written (pnpm: `config/src/matcher.rs`).
//!
//! `*` stands for any run of characters, everything else for itself; a leading `!` takes names away again. It knows
//! nothing of packages.

/// A list of patterns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patterns {
    patterns: Vec<Pattern>,
    /// There are only patterns that take away, so every other name matches.
    only_exclusions: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    excludes: bool,
    /// What stands between the stars; one piece when there is no star.
    pieces: Vec<String>,
}

impl Patterns {
    /// Patterns in their order: the last one that fits a name decides. No patterns match no name.
    pub fn new(patterns: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let patterns: Vec<Pattern> = patterns
            .into_iter()
            .map(|text| {
                let text = text.as_ref();
                let rest = text.strip_prefix('!');
                Pattern {
                    excludes: rest.is_some(),
                    pieces: rest.unwrap_or(text).split('*').map(str::to_owned).collect(),
                }
            })
            .collect();
        let only_exclusions = !patterns.is_empty() && patterns.iter().all(|pattern| pattern.excludes);
        Self { patterns, only_exclusions }
    }

    /// Whether no name can match.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a name matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.patterns
            .iter()
            .rev()
            .find(|pattern| pattern.fits(name))
            .map_or(self.only_exclusions, |pattern| !pattern.excludes)
    }
}

impl Pattern {
    fn fits(&self, name: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| only == name);
        };
        let Some(mut rest) =
            name.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()))
        else {
            return false;
        };
        middle.iter().all(|piece| {
            rest.find(piece.as_str()).is_some_and(|start| {
                rest = &rest[start + piece.len()..];
                true
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching<'a>(patterns: &[&str], names: &[&'a str]) -> Vec<&'a str> {
        let patterns = Patterns::new(patterns);
        names.iter().copied().filter(|name| patterns.matches(name)).collect()
    }

    #[test]
    fn a_star_stands_for_any_run_and_the_rest_for_itself() {
        let names = ["eslint", "eslint-plugin-a", "@types/node", "my-eslint", "a.b", "aXb"];
        assert_eq!(matching(&["*"], &names), names);
        assert_eq!(matching(&["eslint*"], &names), ["eslint", "eslint-plugin-a"]);
        assert_eq!(matching(&["*eslint"], &names), ["eslint", "my-eslint"]);
        assert_eq!(matching(&["@types/*"], &names), ["@types/node"]);
        assert_eq!(matching(&["a.b"], &names), ["a.b"]);
        assert_eq!(matching(&["*lint*in*a"], &names), ["eslint-plugin-a"]);
        assert_eq!(matching(&["aba*aba"], &["aba", "abaaba", "aba-aba"]), ["abaaba", "aba-aba"]);
    }

    #[test]
    fn no_patterns_match_nothing_and_exclusions_alone_match_all_else() {
        let names = ["a", "b"];
        assert!(matching(&[], &names).is_empty());
        assert_eq!(matching(&["!a"], &names), ["b"]);
        assert!(matching(&["!a", "!b"], &names).is_empty());
    }

    #[test]
    fn the_last_pattern_that_fits_decides() {
        let names = ["eslint", "eslint-a", "eslint-b"];
        assert_eq!(matching(&["eslint*", "!eslint-*", "eslint-b"], &names), ["eslint", "eslint-b"]);
        assert_eq!(matching(&["!eslint-a", "*"], &names), names);
    }
}
