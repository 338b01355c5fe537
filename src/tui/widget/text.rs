//! Text made to fit: foreign characters tamed, widths counted in columns, names cut so that the telling end stays.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::core::model::format::printable;
use crate::tui::theme::Theme;

/// The text without anything a terminal would act upon, and in ASCII when the theme has no more.
#[must_use]
pub fn clean(text: &str, theme: &Theme) -> String {
    let printable = printable(text);
    if theme.glyphs.ascii && !printable.is_ascii() {
        printable.chars().map(|character| if character.is_ascii() { character } else { '?' }).collect()
    } else {
        printable.into_owned()
    }
}

/// At most `width` columns of the text; its end stays, as the end of a package's name tells more than its scope.
#[must_use]
pub fn keep_end(text: &str, width: usize, theme: &Theme) -> String {
    let text = clean(text, theme);
    if text.width() <= width {
        return text;
    }
    let room = width.saturating_sub(theme.glyphs.ellipsis.width());
    let mut used = 0;
    let mut start = text.len();
    for (index, character) in text.char_indices().rev() {
        used += character.width().unwrap_or(0);
        if used > room {
            break;
        }
        start = index;
    }
    if width == 0 { String::new() } else { format!("{}{}", theme.glyphs.ellipsis, &text[start..]) }
}

/// At most `width` columns of the text; its beginning stays.
#[must_use]
pub fn keep_start(text: &str, width: usize, theme: &Theme) -> String {
    let text = clean(text, theme);
    if text.width() <= width {
        return text;
    }
    let room = width.saturating_sub(theme.glyphs.ellipsis.width());
    let mut used = 0;
    let mut end = 0;
    for (index, character) in text.char_indices() {
        used += character.width().unwrap_or(0);
        if used > room {
            break;
        }
        end = index + character.len_utf8();
    }
    if width == 0 { String::new() } else { format!("{}{}", &text[..end], theme.glyphs.ellipsis) }
}

/// The text filled up with spaces to `width` columns.
#[must_use]
pub fn pad_end(mut text: String, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// The text pushed to the right edge of `width` columns; cut when it is wider.
#[must_use]
pub fn pad_start(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    let mut out = " ".repeat(missing);
    out.push_str(text);
    out
}

/// Draws a title on a line across the area's first row, with as many facts as fit, and returns the rows below it.
pub fn titled(frame: &mut Frame, area: Rect, title: &str, facts: Vec<String>, theme: &Theme) -> Rect {
    let width = usize::from(area.width);
    let rule = theme.glyphs.rule;
    let title = keep_start(title, width.saturating_sub(4), theme);
    let mut spans = vec![Span::styled(format!("{rule} "), theme.dim), Span::styled(title, theme.title)];
    let used: usize = spans.iter().map(Span::width).sum();
    let facts = facts.into_iter().map(|fact| (clean(&fact, theme), theme.text)).collect();
    let facts = self::facts(facts, width.saturating_sub(used + 4), theme);
    if !facts.is_empty() {
        spans.push(Span::styled(format!(" {rule} "), theme.dim));
        spans.extend(facts);
    }
    spans.push(Span::raw(" "));
    let used: usize = spans.iter().map(Span::width).sum();
    spans.push(Span::styled(rule.repeat(width.saturating_sub(used)), theme.dim));
    let [head, below] = split_top(area);
    frame.render_widget(Line::from(spans), head);
    below
}

/// The first row of an area, and the rest.
#[must_use]
pub fn split_top(area: Rect) -> [Rect; 2] {
    let head = Rect { height: area.height.min(1), ..area };
    let below = Rect { y: area.y.saturating_add(head.height), height: area.height - head.height, ..area };
    [head, below]
}

/// Joins facts with the theme's dot, as many as fit into `width`, the first ones first.
#[must_use]
pub fn facts<'a>(parts: Vec<(String, Style)>, width: usize, theme: &Theme) -> Vec<Span<'a>> {
    let mut spans = Vec::new();
    let mut used = 0;
    for (text, style) in parts {
        let separator = if spans.is_empty() { 0 } else { 3 };
        let wide = text.width() + separator;
        if used + wide > width {
            break;
        }
        if separator > 0 {
            spans.push(Span::styled(format!(" {} ", theme.glyphs.dot), theme.dim));
        }
        used += wide;
        spans.push(Span::styled(text, style));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_end() {
        let theme = Theme::dark();
        assert_eq!(keep_end("@babel/plugin-transform-react-jsx@7.22.5", 20, &theme), "…rm-react-jsx@7.22.5");
        assert_eq!(keep_end("short", 20, &theme), "short");
        assert_eq!(keep_end("short", 0, &theme), "");
    }

    #[test]
    fn wide_characters_count_two_columns() {
        let theme = Theme::dark();
        assert_eq!(keep_end("日本語の名前", 6, &theme), "…名前");
        assert_eq!(keep_start("日本語の名前", 6, &theme), "日本…");
        assert_eq!(pad_end("日本".to_owned(), 6), "日本  ");
    }

    #[test]
    fn ascii_themes_draw_ascii_only() {
        assert_eq!(keep_end("naïve-日本", 30, &Theme::mono().with_ascii()), "na?ve-??");
    }
}
