//! The specifier that is written into a manifest when a command adds or updates a dependency.
//!
//! pnpm: `calc_specifier.rs`, `calc_specifier_for_workspace_dep.rs` and `infer_range_spec_style.rs` of
//! `resolving-npm-resolver`.

use node_semver::Version;

use crate::core::version_range::parse_range;

/// How a version is written as a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RangeStyle {
    /// `^1.0.0`
    #[default]
    Caret,
    /// `~1.0.0`
    Tilde,
    /// `1.0.0`
    Plain,
    /// `=1.0.0`
    Equals,
    /// What was `*` before: written as `^1.0.0`.
    Any,
}

impl RangeStyle {
    /// What stands before the version.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Caret | Self::Any => "^",
            Self::Tilde => "~",
            Self::Plain => "",
            Self::Equals => "=",
        }
    }

    /// The style of `--save-exact` and `--save-prefix`.
    #[must_use]
    pub fn from_settings(save_exact: bool, save_prefix: Option<&str>) -> Self {
        match save_prefix {
            _ if save_exact => Self::Plain,
            Some("") => Self::Plain,
            Some("=") => Self::Equals,
            Some("~") => Self::Tilde,
            _ => Self::Caret,
        }
    }

    /// The style of a specifier; `None` when it has none that could be kept (a tag, several comparators, …).
    #[must_use]
    pub fn of(specifier: &str) -> Option<Self> {
        if specifier.starts_with("catalog:") {
            return None;
        }
        let range = specifier.split_once(':').map_or(specifier, |(_, rest)| rest);
        let range = range.rsplit_once('@').map_or(range, |(_, rest)| rest);
        if range == "*" {
            return Some(Self::Any);
        }
        match comparators(range).as_slice() {
            [Some(only)] => only.style(),
            _ => None,
        }
    }
}

/// `saveWorkspaceProtocol`: how a project of the workspace is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SaveWorkspaceProtocol {
    /// As a range without `workspace:`.
    No,
    /// `workspace:^1.0.0`
    Yes,
    /// `workspace:^`
    #[default]
    Rolling,
}

/// A comparator of a range: operator, and how many numbers it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Comparator {
    operator: Operator,
    numbers: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    None,
    Caret,
    Tilde,
    Equals,
    Other,
}

impl Comparator {
    fn style(self) -> Option<RangeStyle> {
        match (self.operator, self.numbers) {
            (Operator::Caret, _) | (Operator::None | Operator::Equals, 1) => Some(RangeStyle::Caret),
            (Operator::Tilde, _) | (Operator::None | Operator::Equals, 2) => Some(RangeStyle::Tilde),
            (Operator::Equals, _) => Some(RangeStyle::Equals),
            (Operator::None, _) => Some(RangeStyle::Plain),
            (Operator::Other, _) => None,
        }
    }
}

/// The comparators of a range, and `None` for each `||` and each dash between them.
fn comparators(range: &str) -> Vec<Option<Comparator>> {
    let mut found = Vec::new();
    let mut rest = range;
    while let Some(first) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("||").or_else(|| rest.strip_prefix('-')) {
            found.push(None);
            rest = tail;
        } else if let Some((comparator, tail)) = comparator(rest) {
            found.push(Some(comparator));
            rest = tail;
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

fn comparator(text: &str) -> Option<(Comparator, &str)> {
    let (mut operator, mut rest) = if let Some(rest) = text.strip_prefix('^') {
        (Operator::Caret, rest)
    } else {
        let (tilde, rest) = text.strip_prefix('~').map_or((false, text), |rest| (true, rest));
        match (tilde, rest.strip_prefix(['<', '>'])) {
            (_, Some(rest)) => (Operator::Other, rest),
            (true, None) => (Operator::Tilde, rest),
            (false, None) => (Operator::None, rest),
        }
    };
    if let Some(tail) = rest.strip_prefix('=') {
        operator = if operator == Operator::None { Operator::Equals } else { Operator::Other };
        rest = tail;
    }
    rest = rest.trim_start_matches(|character: char| character.is_ascii_whitespace());
    rest = rest.strip_prefix('v').unwrap_or(rest);
    rest = digits(rest)?;
    let mut numbers = 1;
    while numbers < 3 {
        let part =
            rest.strip_prefix('.').and_then(|part| part.strip_prefix(['x', '*']).or_else(|| digits(part)));
        let Some(tail) = part else { break };
        rest = tail;
        numbers += 1;
    }
    if let Some(tail) = rest.strip_prefix(['-', '+']) {
        let end =
            tail.find(|character: char| !(character.is_ascii_alphanumeric() || ".-".contains(character)));
        let end = end.unwrap_or(tail.len());
        if end > 0 {
            rest = &tail[end..];
        }
    }
    Some((Comparator { operator, numbers }, rest))
}

/// What follows at least one digit.
fn digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

/// A version in the style of the specifier it was asked for by; prereleases without a style stay exact.
#[must_use]
pub fn saved_range(version: &str, previous: Option<RangeStyle>, default: RangeStyle) -> String {
    let style = match previous {
        Some(style) => style,
        None if super::range::is_prerelease(version) => RangeStyle::Plain,
        None => default,
    };
    format!("{}{version}", style.prefix())
}

/// The specifier for a version of a registry's package. An alias keeps `npm:` and the name.
#[must_use]
pub fn saved_specifier(specifier: &str, alias: Option<&str>, version: &str, default: RangeStyle) -> String {
    let range = saved_range(version, RangeStyle::of(specifier), default);
    let target = specifier.strip_prefix("npm:").filter(|rest| parse_range(rest).is_err());
    match target.map(|rest| super::specifier::split_name(rest).0) {
        Some(name) if !name.is_empty() && Some(name) != alias => format!("npm:{name}@{range}"),
        _ => range,
    }
}

/// The specifier for a version of a package whose registry the specifier's prefix names (with its colon).
#[must_use]
pub fn saved_prefixed_specifier(
    prefix: &str,
    name: &str,
    specifier: &str,
    alias: Option<&str>,
    version: &str,
    default: RangeStyle,
) -> String {
    let range = saved_range(version, RangeStyle::of(specifier), default);
    match alias {
        Some(alias) if !alias.is_empty() && alias != name => format!("{prefix}{name}@{range}"),
        _ => format!("{prefix}{range}"),
    }
}

/// The specifier for a project of the workspace.
#[must_use]
pub fn saved_workspace_specifier(
    previous: Option<&str>,
    specifier: &str,
    alias: Option<&str>,
    (name, version): (&str, Option<&str>),
    protocol: SaveWorkspaceProtocol,
    default: RangeStyle,
) -> String {
    let prefix = match alias {
        Some(alias) if alias != name => format!("workspace:{name}@"),
        _ => "workspace:".to_owned(),
    };
    let Some(version) = version.filter(|_| protocol != SaveWorkspaceProtocol::Rolling) else {
        let known = previous.unwrap_or(specifier);
        let is_rolling = known.strip_prefix(&prefix).is_some_and(|rest| matches!(rest, "*" | "^" | "~"));
        return if is_rolling {
            known.to_owned()
        } else {
            let rolling = match RangeStyle::of(known) {
                Some(RangeStyle::Tilde) => "~",
                Some(RangeStyle::Plain | RangeStyle::Equals | RangeStyle::Any) => "*",
                Some(RangeStyle::Caret) | None => "^",
            };
            format!("{prefix}{rolling}")
        };
    };
    if Version::parse(version).is_ok_and(|version| version.is_prerelease()) {
        return format!("{prefix}{version}");
    }
    let style = previous.and_then(RangeStyle::of).unwrap_or(default);
    format!("{prefix}{}{version}", style.prefix())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_of_a_specifier_is_recognised() {
        use RangeStyle::{Any, Caret, Equals, Plain, Tilde};
        for (specifier, style) in [
            ("^1.0.0", Some(Caret)),
            ("~1.0.0", Some(Tilde)),
            ("1.0.0", Some(Plain)),
            ("=1.0.0", Some(Equals)),
            ("1", Some(Caret)),
            ("1.2", Some(Tilde)),
            ("1.x", Some(Tilde)),
            ("1.2.x", Some(Plain)),
            ("v1.0.0-rc.1", Some(Plain)),
            ("*", Some(Any)),
            ("npm:@s/a@~1.0.0", Some(Tilde)),
            ("workspace:^1.0.0", Some(Caret)),
            (">=1.0.0", None),
            (">=1 <2", None),
            ("1 - 2", None),
            ("1.2.3||", None),
            ("latest", None),
            ("catalog:", None),
        ] {
            assert_eq!(RangeStyle::of(specifier), style, "{specifier}");
        }
    }

    #[test]
    fn a_saved_specifier_keeps_style_and_alias() {
        let save = |specifier, alias| saved_specifier(specifier, alias, "2.0.0", RangeStyle::Caret);
        assert_eq!(save("~1.0.0", Some("a")), "~2.0.0");
        assert_eq!(save("latest", Some("a")), "^2.0.0");
        assert_eq!(save("npm:b@1.0.0", Some("a")), "npm:b@2.0.0");
        assert_eq!(save("npm:^1", Some("a")), "^2.0.0");
        assert_eq!(saved_specifier("latest", Some("a"), "2.0.0-rc.1", RangeStyle::Caret), "2.0.0-rc.1");
        assert_eq!(saved_specifier("^1", Some("a"), "2.0.0-rc.1", RangeStyle::Caret), "^2.0.0-rc.1");
        assert_eq!(
            saved_prefixed_specifier(
                "jsr:",
                "@s/a",
                "jsr:@s/a@~1.0.0",
                Some("b"),
                "2.0.0",
                RangeStyle::Caret
            ),
            "jsr:@s/a@~2.0.0"
        );
    }

    #[test]
    fn a_project_of_the_workspace_is_saved_by_the_setting() {
        use SaveWorkspaceProtocol::{Rolling, Yes};
        let save = |previous, specifier, alias, protocol| {
            let project = ("a", Some("1.2.3"));
            saved_workspace_specifier(previous, specifier, alias, project, protocol, RangeStyle::Caret)
        };
        assert_eq!(save(None, "workspace:*", Some("a"), Rolling), "workspace:*");
        assert_eq!(save(None, "latest", Some("a"), Rolling), "workspace:^");
        assert_eq!(save(Some("workspace:~1.0.0"), "latest", Some("a"), Rolling), "workspace:~");
        assert_eq!(save(Some("1.0.0"), "latest", Some("a"), Rolling), "workspace:*");
        assert_eq!(save(None, "latest", Some("b"), Rolling), "workspace:a@^");
        assert_eq!(save(None, "latest", Some("a"), Yes), "workspace:^1.2.3");
        assert_eq!(save(Some("~1.0.0"), "latest", Some("a"), Yes), "workspace:~1.2.3");
    }

    #[test]
    fn settings_have_a_style() {
        assert_eq!(RangeStyle::from_settings(true, Some("~")), RangeStyle::Plain);
        assert_eq!(RangeStyle::from_settings(false, Some("~")), RangeStyle::Tilde);
        assert_eq!(RangeStyle::from_settings(false, None), RangeStyle::Caret);
    }
}
