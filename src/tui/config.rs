//! The viewer's file: theme, characters, mouse, keys. What is wrong in it is told and never stops a run.
//!
//! ```yaml
//! theme: light            # dark, light, high-contrast, basic, mono
//! ascii: true             # draw with ASCII alone
//! mouse: false            # leave the mouse to the terminal
//! keys:
//!   quit: [x, ctrl-c]     # the names of the actions stand on the help page's list in the README
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::tui::keymap::{Keymap, KeymapError};
use crate::tui::theme::ThemeName;

/// Longest file that is read, bytes.
const LONGEST: u64 = 1 << 20;

/// What a viewer chose.
#[derive(Debug, Clone, Default)]
pub struct ViewerChoices {
    /// The look.
    pub theme: Option<ThemeName>,
    /// Draw with ASCII alone, or never mind what the environment says.
    pub ascii: Option<bool>,
    /// Take the mouse from the start.
    pub mouse: Option<bool>,
    /// The keys.
    pub keymap: Keymap,
}

/// What is wrong with a viewer's file.
#[derive(Debug, thiserror::Error)]
pub enum ViewerFileError {
    /// It is there and cannot be read.
    #[error("cannot read {path}: {source}; the dashboard goes on without it", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no YAML, or has keys and values that mean nothing.
    #[error(
        "{path}: {message}; it may have theme, ascii, mouse and keys; the dashboard goes on without it",
        path = path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        message: String,
    },
    /// There is no such theme.
    #[error(
        "{path}: theme: there is no {name:?}; choose one of {known}; the dashboard goes on without the file",
        path = path.display(),
        known = known_themes()
    )]
    Theme {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        name: String,
    },
    /// The keys do not work out.
    #[error(
        "{path}: {source}; change it there, the README lists actions and keys; the dashboard goes on without the file",
        path = path.display()
    )]
    Keys {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: KeymapError,
    },
}

fn known_themes() -> String {
    ThemeName::ALL.map(ThemeName::name).join(", ")
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    theme: Option<String>,
    #[serde(default)]
    ascii: Option<bool>,
    #[serde(default)]
    mouse: Option<bool>,
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
}

/// Where the file is: `$XDG_CONFIG_HOME/pacwatch/dashboard.yaml`, or below `~/.config`.
#[must_use]
pub fn place(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
    Some(config.join("pacwatch").join("dashboard.yaml"))
}

/// Reads the file; none when there is none.
///
/// # Errors
/// When it cannot be read or used.
pub fn read(path: &Path) -> Result<Option<ViewerChoices>, ViewerFileError> {
    let unreadable = |source| ViewerFileError::Unreadable { path: path.to_owned(), source };
    let text = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if !metadata.is_file() => return Err(unreadable(io::Error::other("it is no file"))),
        Ok(metadata) if metadata.len() > LONGEST => {
            return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
        }
        Ok(_) => std::fs::read_to_string(path).map_err(unreadable)?,
    };
    parse(&text, path).map(Some)
}

/// Reads the text of the file at a path.
///
/// # Errors
/// When it cannot be used.
pub fn parse(text: &str, path: &Path) -> Result<ViewerChoices, ViewerFileError> {
    let written: Option<Written> = serde_saphyr::from_str(text).map_err(|error| {
        // The first line says what and where; a picture of the place follows.
        let message = error.to_string().lines().next().unwrap_or_default().to_owned();
        ViewerFileError::Malformed { path: path.to_owned(), message }
    })?;
    let written = written.unwrap_or_default();
    let theme = match written.theme {
        None => None,
        Some(name) => match ThemeName::parse(&name) {
            None => return Err(ViewerFileError::Theme { path: path.to_owned(), name }),
            known => known,
        },
    };
    let keymap = Keymap::with(written.keys.iter().map(|(action, keys)| (action.as_str(), keys.as_slice())))
        .map_err(|source| ViewerFileError::Keys { path: path.to_owned(), source })?;
    Ok(ViewerChoices { theme, ascii: written.ascii, mouse: written.mouse, keymap })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::action::Action;

    fn parsed(text: &str) -> Result<ViewerChoices, String> {
        parse(text, Path::new("/home/me/.config/pacwatch/dashboard.yaml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_chooses_theme_characters_mouse_and_keys() {
        let text = "theme: light\nascii: true\nmouse: false\nkeys:\n  quit: [x]\n  link-mode: [f5, ctrl-l]\n";
        let choices = parsed(text).unwrap();
        assert_eq!(
            (choices.theme, choices.ascii, choices.mouse),
            (Some(ThemeName::Light), Some(true), Some(false))
        );
        assert_eq!(choices.keymap.labels(Action::Quit), ["x"]);
        assert_eq!(choices.keymap.labels(Action::LinkMode), ["F5", "Ctrl-L"]);
        assert_eq!(parsed("").unwrap().keymap, Keymap::default());
        assert_eq!(parsed("# nothing yet\n").unwrap().theme, None);
    }

    #[test]
    fn what_is_wrong_is_told_with_the_file_and_a_way_out() {
        for (text, says) in [
            ("theme: pink", "choose one of dark, light, high-contrast, basic, mono"),
            ("keys: {fly: [x]}", "there is no action \"fly\""),
            ("keys: {quit: [p]}", "p means both quit and pause"),
            ("keys: {quit: [hyper-x]}", "\"hyper-x\" is no key"),
            ("colour: red", "colour"),
            ("ascii: perhaps", "it may have theme, ascii, mouse and keys"),
            ("theme: [", "it may have theme"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(says), "{error}");
            assert!(error.starts_with("/home/me/.config/pacwatch/dashboard.yaml: "), "{error}");
            assert!(error.contains("the dashboard goes on without"), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn the_file_is_where_the_desktop_has_its_files() {
        let at = |variables: &[(&str, &str)]| {
            place(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        let home = ("HOME", "/home/me");
        assert_eq!(at(&[home]), Some("/home/me/.config/pacwatch/dashboard.yaml".into()));
        assert_eq!(at(&[home, ("XDG_CONFIG_HOME", "/c")]), Some("/c/pacwatch/dashboard.yaml".into()));
        assert_eq!(
            at(&[home, ("XDG_CONFIG_HOME", "relative")]),
            Some("/home/me/.config/pacwatch/dashboard.yaml".into())
        );
        assert_eq!(at(&[]), None);
    }

    #[test]
    fn no_file_is_no_mistake_and_a_folder_in_its_place_is() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("dashboard.yaml")).unwrap().is_none());
        assert!(matches!(read(folder.path()), Err(ViewerFileError::Unreadable { .. })));
    }
}
