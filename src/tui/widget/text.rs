//! Text made to fit: foreign characters tamed, widths counted in columns, names cut so that the telling end stays.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

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

/// The columns that a text takes on screen: those of its clusters (a letter with its marks is one), as they are drawn.
#[must_use]
pub fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { clusters(text).iter().map(|cluster| cluster.width()).sum() }
}

/// What is drawn into a cell each, or into two.
fn clusters(text: &str) -> Vec<String> {
    // Taken from whom they are drawn by, so that nobody counts them otherwise.
    let span = Span::raw(text);
    span.styled_graphemes(Style::new()).map(|cluster| cluster.symbol.to_owned()).collect()
}

/// At most `width` columns of the text; its end stays, as the end of a package's name tells more than its scope.
#[must_use]
pub fn keep_end(text: &str, width: usize, theme: &Theme) -> String {
    let text = clean(text, theme);
    if columns(&text) <= width {
        return text;
    }
    let room = width.saturating_sub(columns(theme.glyphs.ellipsis));
    let clusters = clusters(&text);
    let kept = fitting(clusters.iter().rev(), room);
    let end: String = clusters[clusters.len() - kept..].concat();
    if width == 0 { String::new() } else { format!("{}{end}", theme.glyphs.ellipsis) }
}

/// At most `width` columns of the text; its beginning stays.
#[must_use]
pub fn keep_start(text: &str, width: usize, theme: &Theme) -> String {
    let text = clean(text, theme);
    if columns(&text) <= width {
        return text;
    }
    let room = width.saturating_sub(columns(theme.glyphs.ellipsis));
    let clusters = clusters(&text);
    let start: String = clusters[..fitting(clusters.iter(), room)].concat();
    if width == 0 { String::new() } else { format!("{start}{}", theme.glyphs.ellipsis) }
}

/// How many of the first clusters fit.
fn fitting<'text>(clusters: impl Iterator<Item = &'text String>, room: usize) -> usize {
    let ends = clusters.scan(0, |used, cluster| {
        *used += cluster.width();
        Some(*used)
    });
    ends.take_while(|end| *end <= room).count()
}

/// The longest one that fits, cut when none does. They are told from the longest on.
#[must_use]
pub fn longest_fitting(texts: impl IntoIterator<Item = String>, width: usize, theme: &Theme) -> String {
    let mut last = String::new();
    for text in texts {
        if columns(&text) <= width {
            return clean(&text, theme);
        }
        last = text;
    }
    keep_start(&last, width, theme)
}

/// The text in lines of at most `width` columns, broken at spaces; a word that is wider keeps its end.
#[must_use]
pub fn broken(text: &str, width: usize, theme: &Theme) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let word = keep_end(word, width, theme);
        let line = lines.last().map_or(0, |line| columns(line));
        if line > 0 && line + 1 + columns(&word) > width {
            lines.push(word);
        } else if let Some(last) = lines.last_mut() {
            if line > 0 {
                last.push(' ');
            }
            last.push_str(&word);
        }
    }
    lines
}

/// The text filled up with spaces to `width` columns.
#[must_use]
pub fn pad_end(mut text: String, width: usize) -> String {
    let missing = width.saturating_sub(columns(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// The text pushed to the right edge of `width` columns; cut when it is wider.
#[must_use]
pub fn pad_start(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
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
        let wide = columns(&text) + separator;
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
    fn a_cluster_is_counted_as_it_is_drawn_and_never_cut() {
        let theme = Theme::dark();
        for text in ["e\u{301}\u{323}a", "👩‍👩‍👧‍👦", "🇩🇪🇫🇷", "👍🏽", "❤️", "1️⃣", "لا", "नि", "ก็"]
        {
            let text = format!("{}@1.0.0", text.repeat(7));
            for width in 0..30 {
                for kept in [keep_end(&text, width, &theme), keep_start(&text, width, &theme)] {
                    assert!(columns(&kept) <= width, "{kept:?} in {width}");
                    assert_eq!(columns(&pad_end(kept.clone(), width)), width, "{kept:?}");
                    let mut buffer = ratatui::buffer::Buffer::empty(Rect::new(0, 0, 60, 1));
                    let (end, _) = buffer.set_stringn(0, 0, &kept, 60, Style::new());
                    assert_eq!(usize::from(end), columns(&kept), "{kept:?}");
                    assert!(!kept.starts_with("…\u{301}"), "{kept:?}");
                }
            }
        }
    }

    #[test]
    fn a_long_list_goes_on_below_and_a_long_name_keeps_its_end() {
        let theme = Theme::mono();
        assert_eq!(broken("one two three", 7, &theme), ["one two", "three"]);
        assert_eq!(broken("a-very-long-name b", 6, &theme), ["…-name", "b"]);
        assert_eq!(broken("", 6, &theme), [""]);
        assert_eq!(broken("a b", 0, &theme).concat().trim(), "");
    }

    #[test]
    fn ascii_themes_draw_ascii_only() {
        assert_eq!(keep_end("naïve-日本", 30, &Theme::mono().with_ascii()), "na?ve-??");
    }
}
