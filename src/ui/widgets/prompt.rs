//! Text of several lines, with the slots of a template shown: `{light}` is a slot, `{{` and `}}` are braces.

use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{FontSelection, Response, TextBuffer, TextEdit, TextStyle, Ui};

use crate::theme::Theme;

/// More of a text than this is not searched for slots: a template is short.
const MOST: usize = 20_000;

/// What a stretch of a template is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    Text,
    Slot,
    /// `{{` or `}}`: a brace that is meant.
    Escape,
    /// A brace that opens or closes nothing.
    Lone,
}

/// The stretches of a template in order; they cover the text.
pub(crate) fn stretches(text: &str) -> Vec<(Range<usize>, Stretch)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let start = if MOST < at { None } else { rest.find(['{', '}']) };
        let (n, what) = match start {
            None => (rest.len(), Stretch::Text),
            Some(0) if rest.starts_with("{{") || rest.starts_with("}}") => (2, Stretch::Escape),
            Some(0) => match slot(rest) {
                Some(name) => (name.len() + 2, Stretch::Slot),
                None => (1, Stretch::Lone),
            },
            Some(n) => (n, Stretch::Text),
        };
        found.push((at..at + n, what));
        at += n;
    }
    found
}

fn slot(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix('{')?;
    let name = &inner[..inner.find('}')?];
    let known = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= 40;
    known.then_some(name)
}

/// The field; `template` turns the highlighting on.
pub(crate) fn prompt_ui(ui: &mut Ui, theme: &Theme, text: &mut String, template: bool, rows: usize) -> Response {
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| {
        let font = FontSelection::Style(TextStyle::Body).resolve(ui.style());
        let plain = TextFormat::simple(font, theme.text);
        let mut job = LayoutJob::default();
        job.wrap.max_width = width;
        for (range, what) in stretches(text.as_str()) {
            let mut format = plain.clone();
            match what {
                Stretch::Text => {}
                Stretch::Slot => {
                    format.color = theme.accent;
                    format.background = theme.faded(theme.selection, 0.5);
                }
                Stretch::Escape => format.color = theme.weak,
                Stretch::Lone => format.color = theme.bad,
            }
            job.append(&text.as_str()[range], 0.0, format);
        }
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    };
    let mut edit = TextEdit::multiline(text).desired_rows(rows).desired_width(f32::INFINITY);
    if template {
        edit = edit.layouter(&mut layouter);
    }
    ui.add(edit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slots_escapes_and_lone_braces() {
        let what: Vec<_> = stretches("a {who}{{x}} } {1}").into_iter().map(|(_, what)| what).collect();
        use Stretch::{Escape, Lone, Slot, Text};
        assert_eq!(what, [Text, Slot, Escape, Text, Escape, Text, Lone, Text, Lone, Text, Lone]);
    }

    proptest! {
        #[test]
        fn stretches_cover_any_text(text in "[a{} é1_]{0,60}") {
            let mut at = 0;
            for (range, _) in stretches(&text) {
                prop_assert_eq!(range.start, at);
                prop_assert!(range.start < range.end && text.get(range.clone()).is_some());
                at = range.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
