//! Colours and characters. State never hangs on colour alone: a symbol and a word go with it.

use ratatui::style::{Color, Modifier, Style};

/// The characters to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// From empty to full.
    pub levels: [&'static str; 9],
    /// A phase that has not begun.
    pub pending: &'static str,
    /// A phase or run under way.
    pub running: &'static str,
    /// Ended well.
    pub done: &'static str,
    /// Ended badly, or not at all.
    pub stopped: &'static str,
    /// Stands for text that is cut off.
    pub ellipsis: &'static str,
    /// Draws the line behind a title.
    pub rule: &'static str,
    /// Sorted from the largest.
    pub descending: &'static str,
    /// Sorted from the smallest.
    pub ascending: &'static str,
    /// A moment at which somebody changed how the run goes.
    pub mark: &'static str,
    /// Between facts on one line.
    pub dot: &'static str,
    /// Only ASCII may be drawn.
    pub ascii: bool,
}

const UNICODE: Glyphs = Glyphs {
    levels: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    pending: "·",
    running: "▶",
    done: "✓",
    stopped: "✗",
    ellipsis: "…",
    rule: "─",
    descending: "▼",
    ascending: "▲",
    mark: "◆",
    dot: "·",
    ascii: false,
};

const ASCII: Glyphs = Glyphs {
    levels: [" ", ".", ":", "-", "=", "+", "*", "%", "#"],
    pending: ".",
    running: ">",
    done: "v",
    stopped: "x",
    ellipsis: "~",
    rule: "-",
    descending: "v",
    ascending: "^",
    mark: "!",
    dot: "|",
    ascii: true,
};

/// The looks there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThemeName {
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// Bright on black, without anything that stands back.
    HighContrast,
    /// The eight colours that every terminal has.
    Basic,
    /// Without any colour.
    Mono,
}

impl ThemeName {
    /// All of them, in the order they are gone through.
    pub const ALL: [Self; 5] = [Self::Dark, Self::Light, Self::HighContrast, Self::Basic, Self::Mono];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Basic => "basic",
            Self::Mono => "mono",
        }
    }

    /// The look of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// A look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Which of them.
    pub name: ThemeName,
    /// The characters.
    pub glyphs: Glyphs,
    /// What matters most.
    pub strong: Style,
    /// Ordinary text.
    pub text: Style,
    /// What stands back.
    pub dim: Style,
    /// Titles and the line behind them.
    pub title: Style,
    /// Under way.
    pub running: Style,
    /// Ended well.
    pub good: Style,
    /// Worth a look.
    pub warning: Style,
    /// Wrong.
    pub bad: Style,
    /// Work of the network.
    pub network: Style,
    /// Work of the extract pool.
    pub extract: Style,
    /// Work of the link pool.
    pub link: Style,
    /// A key in the footer.
    pub key: Style,
    /// A banner across the screen.
    pub banner: Style,
    /// The selected row.
    pub selected: Style,
}

impl Default for Theme {
    fn default() -> Self {
        Self::dark()
    }
}

impl Theme {
    /// For a dark background; only colours every terminal has, so the viewer's palette applies.
    #[must_use]
    pub fn dark() -> Self {
        let color = |color| Style::new().fg(color);
        Self {
            name: ThemeName::Dark,
            glyphs: UNICODE,
            strong: Style::new().add_modifier(Modifier::BOLD),
            text: Style::new(),
            // Not dark grey: some palettes give it the background's colour.
            dim: Style::new().add_modifier(Modifier::DIM),
            title: color(Color::Cyan),
            running: color(Color::LightBlue).add_modifier(Modifier::BOLD),
            good: color(Color::Green),
            warning: color(Color::Yellow),
            bad: color(Color::LightRed).add_modifier(Modifier::BOLD),
            network: color(Color::LightBlue),
            extract: color(Color::Magenta),
            link: color(Color::Green),
            key: Style::new().add_modifier(Modifier::BOLD),
            banner: color(Color::Yellow).add_modifier(Modifier::BOLD.union(Modifier::REVERSED)),
            // One colour for the whole row: colours turned round are a row of blocks.
            selected: Style::new()
                .fg(Color::Reset)
                .add_modifier(Modifier::REVERSED)
                .remove_modifier(Modifier::DIM),
        }
    }

    /// Without any colour.
    #[must_use]
    pub fn mono() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        Self {
            name: ThemeName::Mono,
            glyphs: UNICODE,
            strong: bold,
            text: plain,
            dim: plain.add_modifier(Modifier::DIM),
            title: bold,
            running: bold,
            good: plain,
            warning: bold,
            bad: bold.add_modifier(Modifier::REVERSED),
            network: plain,
            extract: plain,
            link: plain,
            key: bold,
            banner: bold.add_modifier(Modifier::REVERSED),
            selected: plain.add_modifier(Modifier::REVERSED).remove_modifier(Modifier::DIM),
        }
    }

    /// For a light background.
    #[must_use]
    pub fn light() -> Self {
        let color = |color| Style::new().fg(color);
        Self {
            name: ThemeName::Light,
            title: color(Color::Blue),
            running: color(Color::Blue).add_modifier(Modifier::BOLD),
            good: color(Color::Green),
            warning: color(Color::Magenta).add_modifier(Modifier::BOLD),
            bad: color(Color::Red).add_modifier(Modifier::BOLD),
            network: color(Color::Blue),
            extract: color(Color::Magenta),
            link: color(Color::Green),
            banner: color(Color::Magenta).add_modifier(Modifier::BOLD.union(Modifier::REVERSED)),
            ..Self::dark()
        }
    }

    /// Bright on black; nothing stands back.
    #[must_use]
    pub fn high_contrast() -> Self {
        let color = |color| Style::new().fg(color).bg(Color::Black).add_modifier(Modifier::BOLD);
        let white = Style::new().fg(Color::White).bg(Color::Black);
        Self {
            name: ThemeName::HighContrast,
            glyphs: UNICODE,
            strong: white.add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED)),
            text: white,
            dim: white,
            title: color(Color::LightYellow),
            running: color(Color::LightCyan),
            good: color(Color::LightGreen),
            warning: color(Color::LightYellow),
            bad: color(Color::LightRed).add_modifier(Modifier::REVERSED),
            network: color(Color::LightCyan),
            extract: color(Color::LightMagenta),
            link: color(Color::LightGreen),
            key: color(Color::LightYellow),
            banner: color(Color::LightYellow).add_modifier(Modifier::REVERSED),
            selected: white.add_modifier(Modifier::REVERSED),
        }
    }

    /// The eight colours that every terminal has.
    #[must_use]
    pub fn basic() -> Self {
        let color = |color| Style::new().fg(color);
        Self {
            name: ThemeName::Basic,
            running: color(Color::Cyan).add_modifier(Modifier::BOLD),
            bad: color(Color::Red).add_modifier(Modifier::BOLD),
            network: color(Color::Cyan),
            ..Self::dark()
        }
    }

    /// The look of a name.
    #[must_use]
    pub fn of(name: ThemeName) -> Self {
        match name {
            ThemeName::Dark => Self::dark(),
            ThemeName::Light => Self::light(),
            ThemeName::HighContrast => Self::high_contrast(),
            ThemeName::Basic => Self::basic(),
            ThemeName::Mono => Self::mono(),
        }
    }

    /// The look after this one, drawn with the same characters.
    #[must_use]
    pub fn next(self) -> Self {
        let position =
            ThemeName::ALL.iter().position(|name| *name == self.name).map_or(0, |position| position + 1);
        Self { glyphs: self.glyphs, ..Self::of(ThemeName::ALL[position % ThemeName::ALL.len()]) }
    }

    /// The same look drawn with ASCII alone.
    #[must_use]
    pub fn with_ascii(mut self) -> Self {
        self.glyphs = ASCII;
        self
    }

    /// The same look drawn with all characters.
    #[must_use]
    pub fn with_unicode(mut self) -> Self {
        self.glyphs = UNICODE;
        self
    }

    /// The look for an environment: `NO_COLOR` takes the colours away; a locale that is not UTF-8, or a terminal
    /// that has few characters (`dumb`, `linux`), leaves ASCII.
    #[must_use]
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let theme = if set("NO_COLOR").is_some() { Self::mono() } else { Self::dark() };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        let poor = matches!(set("TERM").as_deref(), Some("dumb" | "linux"));
        if utf8 && !poor { theme } else { theme.with_ascii() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theme(variables: &[(&str, &str)]) -> Theme {
        Theme::from_environment(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides_about_the_characters() {
        assert!(!theme(&[("LANG", "de_DE.UTF-8")]).glyphs.ascii);
        assert!(theme(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]).glyphs.ascii);
        assert!(!theme(&[("LC_ALL", ""), ("LANG", "en_US.utf8")]).glyphs.ascii);
        assert!(theme(&[]).glyphs.ascii);
    }

    #[test]
    fn a_poor_terminal_gets_ascii() {
        assert!(theme(&[("LANG", "C.UTF-8"), ("TERM", "linux")]).glyphs.ascii);
        assert!(!theme(&[("LANG", "C.UTF-8"), ("TERM", "xterm-256color")]).glyphs.ascii);
    }

    #[test]
    fn no_color_takes_every_colour_away() {
        let theme = theme(&[("NO_COLOR", "1"), ("LANG", "C.UTF-8")]);
        for style in [theme.dim, theme.running, theme.good, theme.bad, theme.link, theme.banner] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
