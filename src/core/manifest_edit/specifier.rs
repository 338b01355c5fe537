//! Which specifier is saved for a version that was picked (pnpm: `resolving-npm-resolver/src/{calc_specifier,
//! calc_specifier_for_workspace_dep,infer_range_spec_style}.rs`; where those and pnpm 12.21 differ, this follows 12.21).

use node_semver::Version;

use crate::core::config::SaveWorkspaceProtocol;
use crate::core::version_range::parse_range;

/// How a version becomes a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RangeStyle {
    /// `^1.2.3`
    #[default]
    Caret,
    /// `~1.2.3`
    Tilde,
    /// `1.2.3`
    Exact,
    /// `=1.2.3`
    Equals,
    /// Any version was asked for; saved like [`RangeStyle::Caret`].
    Any,
}

impl RangeStyle {
    /// The style that `saveExact` and `savePrefix` ask for.
    #[must_use]
    pub fn of_settings(save_exact: bool, save_prefix: Option<&str>) -> Self {
        match save_prefix {
            _ if save_exact => Self::Exact,
            Some("") => Self::Exact,
            Some("=") => Self::Equals,
            Some("~") => Self::Tilde,
            _ => Self::Caret,
        }
    }

    /// The style of a specifier that has a single range: `npm:a@~1.2.0` has a tilde. `None` for tags, several ranges,
    /// comparisons, and what is no range.
    #[must_use]
    pub fn of_specifier(specifier: &str) -> Option<Self> {
        if specifier.starts_with("catalog:") {
            return None;
        }
        let range = specifier.split_once(':').map_or(specifier, |(_, rest)| rest);
        let range = range.rsplit_once('@').map_or(range, |(_, range)| range);
        if range == "*" {
            return Some(Self::Any);
        }
        let mut comparators = comparators(range);
        let (Some(only), None) = (comparators.next(), comparators.next()) else { return None };
        let only = only?;
        match (only.operator, only.parts) {
            ("~", _) | ("=" | "", 2) => Some(Self::Tilde),
            ("^", _) | ("=" | "", 1) => Some(Self::Caret),
            ("=", 3) => Some(Self::Equals),
            ("", 3) => Some(Self::Exact),
            _ => None,
        }
    }

    /// What stands before the version.
    #[must_use]
    pub fn operator(self) -> &'static str {
        match self {
            Self::Caret | Self::Any => "^",
            Self::Tilde => "~",
            Self::Exact => "",
            Self::Equals => "=",
        }
    }
}

/// An operator and a version, or a part of one.
#[derive(Debug, Clone, Copy)]
struct Comparator<'a> {
    operator: &'a str,
    /// How many of major, minor and patch there are.
    parts: usize,
}

/// The elements of a range as pnpm scans them: comparators, and (as `None`) the marks between several. What fits neither
/// is passed over.
fn comparators(range: &str) -> impl Iterator<Item = Option<Comparator<'_>>> {
    let mut rest = range;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("||").or_else(|| rest.strip_prefix('-')) {
                rest = after;
                return Some(None);
            }
            if let Some((comparator, after)) = comparator(rest) {
                rest = after;
                return Some(Some(comparator));
            }
            let mut characters = rest.chars();
            characters.next();
            rest = characters.as_str();
        }
        None
    })
}

fn comparator(text: &str) -> Option<(Comparator<'_>, &str)> {
    let operator_end = text.find(|character| !"^~<>=".contains(character)).unwrap_or(text.len());
    let (operator, rest) = text.split_at(operator_end);
    if !matches!(
        operator,
        "" | "^" | "^=" | "~" | "~=" | "<" | ">" | "<=" | ">=" | "~<" | "~>" | "~<=" | "~>=" | "="
    ) {
        return None;
    }
    let rest = rest.trim_start();
    let mut rest = after_number(rest.strip_prefix('v').unwrap_or(rest))?;
    let mut parts = 1;
    while parts < 3 {
        let Some(after) = rest.strip_prefix('.').and_then(after_part) else { break };
        rest = after;
        parts += 1;
    }
    if let Some(tail) = rest.strip_prefix(['-', '+']) {
        let after = tail.trim_start_matches(|character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '.' | '-')
        });
        if after.len() < tail.len() {
            rest = after;
        }
    }
    Some((Comparator { operator, parts }, rest))
}

fn after_number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

fn after_part(text: &str) -> Option<&str> {
    text.strip_prefix(['x', '*']).or_else(|| after_number(text))
}

fn is_prerelease(version: &str) -> bool {
    Version::parse(version).is_ok_and(|version| version.is_prerelease())
}

fn range(version: &str, style: RangeStyle) -> String {
    format!("{}{version}", style.operator())
}

/// What `add` saves for a version of a registry: in the style of the specifier on the command line, else of the one
/// that stood there before, else of the settings. A prerelease is saved as it is, unless a range stood there before.
#[must_use]
pub fn saved(version: &str, asked: Option<&str>, before: Option<&str>, settings: RangeStyle) -> String {
    let before = before.and_then(RangeStyle::of_specifier);
    let style = if is_prerelease(version) {
        before.unwrap_or(RangeStyle::Exact)
    } else {
        asked.and_then(RangeStyle::of_specifier).or(before).unwrap_or(settings)
    };
    range(version, style)
}

/// What `update` saves for a version within the declared range: the version, in the style of the declaration. `None`
/// where the declaration has no single range that could move (tags, several ranges, other protocols).
#[must_use]
pub fn bumped(declared: &str, version: &str) -> Option<String> {
    let (prefix, declared) = match declared.strip_prefix("npm:") {
        None if declared.contains(':') => return None,
        None => ("", declared),
        Some(rest) if parse_range(rest).is_ok() => ("npm:", rest),
        Some(rest) => {
            let at = rest.rfind('@').filter(|at| *at > 0)?;
            declared.split_at("npm:".len() + at + 1)
        }
    };
    let style = RangeStyle::of_specifier(declared)?;
    Version::parse(version).ok()?;
    Some(format!("{prefix}{}", range(version, style)))
}

/// What `update --latest` saves: the version, in the style of the declaration where it has one; a declaration of
/// another kind that allows the version stays. `None` for no change.
#[must_use]
pub fn latest(declared: &str, alias: &str, version: &str, settings: RangeStyle) -> Option<String> {
    let (name, declared_range) = match declared.strip_prefix("npm:") {
        Some(rest) if parse_range(rest).is_ok() => (None, rest),
        Some(rest) => match rest.rfind('@').filter(|at| *at > 0) {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (Some(rest), ""),
        },
        None => (None, declared),
    };
    let style = RangeStyle::of_specifier(declared_range);
    let allows = || {
        let (range, version) = (parse_range(declared_range).ok()?, Version::parse(version).ok()?);
        range.satisfies(&version).then_some(())
    };
    if style.is_none() && allows().is_some() {
        return None;
    }
    let style =
        if is_prerelease(version) { style.unwrap_or(RangeStyle::Exact) } else { style.unwrap_or(settings) };
    let range = range(version, style);
    let specifier = match name.filter(|name| *name != alias) {
        Some(name) => format!("npm:{name}@{range}"),
        None => range,
    };
    (specifier != declared).then_some(specifier)
}

/// What is saved for a project of the workspace. `asked` is the specifier on the command line, `before` the one that
/// stood there.
#[must_use]
pub fn workspace_specifier(
    alias: &str,
    name: &str,
    version: Option<&str>,
    asked: Option<&str>,
    before: Option<&str>,
    protocol: SaveWorkspaceProtocol,
    settings: RangeStyle,
) -> String {
    let prefix = if alias == name { "workspace:".to_owned() } else { format!("workspace:{name}@") };
    if let Some(version) = version.filter(|_| protocol != SaveWorkspaceProtocol::Rolling) {
        if is_prerelease(version) {
            return format!("{prefix}{version}");
        }
        let style = asked.or(before).and_then(RangeStyle::of_specifier).unwrap_or(settings);
        return format!("{prefix}{}", range(version, style));
    }
    let Some(declared) = before.or(asked) else { return format!("{prefix}^") };
    let rolling = ["*", "^", "~"].into_iter().find(|mark| declared.strip_prefix(&prefix) == Some(mark));
    let mark = rolling.unwrap_or_else(|| match RangeStyle::of_specifier(declared) {
        Some(RangeStyle::Tilde) => "~",
        Some(RangeStyle::Exact | RangeStyle::Equals | RangeStyle::Any) => "*",
        Some(RangeStyle::Caret) | None => "^",
    });
    format!("{prefix}{mark}")
}

/// Whether a specifier leads to a folder through the workspace protocol: `workspace:../a`.
#[must_use]
pub fn is_local_workspace_path(specifier: &str) -> bool {
    specifier.strip_prefix("workspace:").is_some_and(|path| {
        let has_drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
        path.starts_with(['.', '/']) || path.starts_with("~/") || has_drive
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_of_a_specifier_is_that_of_its_single_range() {
        use RangeStyle::{Any, Caret, Equals, Exact, Tilde};
        for (specifier, expected) in [
            ("^1.2.3", Some(Caret)),
            ("~1.2.3", Some(Tilde)),
            ("1.2.3", Some(Exact)),
            ("v1.2.3", Some(Exact)),
            ("=1.2.3", Some(Equals)),
            ("1.2", Some(Tilde)),
            ("1", Some(Caret)),
            ("1.x", Some(Tilde)),
            ("1.2.x", Some(Exact)),
            ("*", Some(Any)),
            ("npm:other@~1.2.3", Some(Tilde)),
            ("workspace:^1.0.0", Some(Caret)),
            ("1.2.3-rc.1", Some(Exact)),
            ("^1.0.0 || ^2.0.0", None),
            (">=1.0.0", None),
            (">=1 <2", None),
            ("1.0.0 - 2.0.0", None),
            ("latest", None),
            ("x", None),
            ("catalog:", None),
            ("", None),
        ] {
            assert_eq!(RangeStyle::of_specifier(specifier), expected, "{specifier}");
        }
    }

    #[test]
    fn what_add_saves_follows_the_command_line_then_the_manifest_then_the_settings() {
        let caret = RangeStyle::Caret;
        for (version, asked, before, expected) in [
            ("2.1.0", Some("2.1.0"), Some("~2.0.0"), "2.1.0"),
            ("2.0.0", Some("^2"), Some("2.0.0"), "^2.0.0"),
            ("2.1.3", Some("latest"), Some("~2.0.0"), "~2.1.3"),
            ("2.1.3", Some("*"), Some("~2.0.0"), "^2.1.3"),
            ("2.1.3", Some("2"), Some("*"), "^2.1.3"),
            ("3.2.7", Some("3.x"), None, "~3.2.7"),
            ("6.0.0", Some(">=4 <7"), None, "^6.0.0"),
            ("7.7.4", Some("=7.7.4"), None, "=7.7.4"),
            ("2.1.3", None, None, "^2.1.3"),
            ("2.0.0-rc.1", Some("next"), None, "2.0.0-rc.1"),
            ("2.0.0-rc.1", Some("next"), Some("^1.0.0"), "^2.0.0-rc.1"),
        ] {
            assert_eq!(saved(version, asked, before, caret), expected, "{asked:?} after {before:?}");
        }
        assert_eq!(saved("2.1.3", Some("latest"), None, RangeStyle::Exact), "2.1.3");
        assert_eq!(saved("2.1.3", Some("^2"), None, RangeStyle::Exact), "^2.1.3");
    }

    #[test]
    fn what_update_saves_keeps_the_style_and_leaves_what_has_none() {
        for (declared, expected) in [
            ("^2.0.0", Some("^2.1.3")),
            ("~2.1.0", Some("~2.1.3")),
            ("*", Some("^2.1.3")),
            ("2.x", Some("~2.1.3")),
            ("2", Some("^2.1.3")),
            ("npm:ms@^2", Some("npm:ms@^2.1.3")),
            ("npm:@s/ms@~2.1", Some("npm:@s/ms@~2.1.3")),
            ("npm:2", Some("npm:^2.1.3")),
            (">=1", None),
            ("^2.0.0 || ^1.0.0", None),
            ("latest", None),
            ("workspace:^", None),
            ("catalog:", None),
            ("npm:ms", None),
        ] {
            assert_eq!(bumped(declared, "2.1.3").as_deref(), expected, "{declared}");
        }
    }

    #[test]
    fn what_update_to_the_latest_saves_leaves_ranges_that_allow_it() {
        for (declared, expected) in [
            ("^3.0.0", Some("^4.4.3")),
            ("~4.3.0", Some("~4.4.3")),
            ("4.3.0", Some("4.4.3")),
            ("^2.0.0 || ^3.0.0", Some("^4.4.3")),
            (">=1", None),
            ("x", None),
            ("npm:debug@^3.0.0", Some("^4.4.3")),
            ("npm:other@^3.0.0", Some("npm:other@^4.4.3")),
            ("^4.4.3", None),
        ] {
            assert_eq!(
                latest(declared, "debug", "4.4.3", RangeStyle::Caret).as_deref(),
                expected,
                "{declared}"
            );
        }
    }

    #[test]
    fn what_is_saved_for_a_project_of_the_workspace_rolls_unless_it_is_told_not_to() {
        let caret = RangeStyle::Caret;
        let rolling = |asked| {
            workspace_specifier(
                "b",
                "b",
                Some("2.3.4"),
                Some(asked),
                None,
                SaveWorkspaceProtocol::Rolling,
                caret,
            )
        };
        for (asked, expected) in [
            ("workspace:*", "workspace:*"),
            ("workspace:^", "workspace:^"),
            ("workspace:^2.0.0", "workspace:^"),
            ("workspace:2.3.4", "workspace:*"),
            ("workspace:~2", "workspace:~"),
        ] {
            assert_eq!(rolling(asked), expected, "{asked}");
        }
        let aliased = workspace_specifier(
            "bb",
            "b",
            Some("2.3.4"),
            Some("workspace:b@*"),
            None,
            SaveWorkspaceProtocol::Rolling,
            caret,
        );
        assert_eq!(aliased, "workspace:b@*");
        let versioned = |asked, before| {
            workspace_specifier(
                "b",
                "b",
                Some("2.3.4"),
                Some(asked),
                before,
                SaveWorkspaceProtocol::Versioned,
                caret,
            )
        };
        assert_eq!(versioned("workspace:*", None), "workspace:^2.3.4");
        assert_eq!(versioned("workspace:~2", None), "workspace:~2.3.4");
        assert!(is_local_workspace_path("workspace:../b") && !is_local_workspace_path("workspace:^"));
    }
}
