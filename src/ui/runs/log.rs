//! What happened, line by line: filtered once per change, drawn as far as it is in sight.

use egui::{RichText, ScrollArea, Ui};

use crate::cx::Cx;
use crate::lines::{Field, LINE, empty_ui, field_ui, line_ui};
use crate::view::LogLine;

/// See the module.
#[derive(Default)]
pub(super) struct Log {
    filter: String,
    only_failures: bool,
    /// Positions of lines that pass, and what they were found for: log length, filter, only failures.
    shown: Vec<usize>,
    found: Option<(usize, String, bool)>,
}

impl Log {
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let lines = cx.view.log.clone();
        ui.horizontal_wrapped(|ui| {
            field_ui(ui, &mut self.filter, "Filter the log", "Filter the log", 160.0);
            ui.checkbox(&mut self.only_failures, "Only failures");
            ui.label(RichText::new(format!("{} lines", lines.len())).color(cx.theme.weak));
        });
        self.find(&lines);
        if self.shown.is_empty() {
            let text = if lines.is_empty() { "Nothing has happened yet" } else { "No line passes the filter" };
            return empty_ui(ui, cx.theme, text);
        }
        ScrollArea::vertical().id_salt("log").auto_shrink([false, false]).stick_to_bottom(true).show_rows(
            ui,
            LINE,
            self.shown.len(),
            |ui, seen| {
                for line in self.shown.get(seen).unwrap_or_default().iter().filter_map(|idx| lines.get(*idx)) {
                    let at = format!("{:.1} s", line.at);
                    let color = if line.failed { cx.theme.bad } else { cx.theme.text };
                    let fields = [
                        Field { width: 62.0, text: &at, color: cx.theme.weak },
                        Field { width: -1.0, text: &line.item, color: cx.theme.text },
                        Field { width: -3.0, text: &line.text, color },
                    ];
                    if line_ui(ui, cx.theme, false, &fields).on_hover_text(&line.text).clicked() {
                        super::select(cx, &line.item);
                    }
                }
            },
        );
    }

    fn find(&mut self, lines: &[LogLine]) {
        let mark = (lines.len(), self.filter.clone(), self.only_failures);
        if self.found.as_ref() == Some(&mark) {
            return;
        }
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let passes = |line: &LogLine| {
            (line.failed || !self.only_failures) && {
                let text = format!("{} {}", line.item, line.text).to_lowercase();
                words.iter().all(|word| text.contains(word.as_str()))
            }
        };
        self.shown = lines.iter().enumerate().filter(|(_, line)| passes(line)).map(|(idx, _)| idx).collect();
        self.found = Some(mark);
    }
}
