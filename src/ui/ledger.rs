//! The ledger panel: every cent that was spent, with totals by month, provider and model, and what caps leave.
//!
//! Sums are made once per change of the ledger. Money is whole micro-dollars until it is shown.

use std::sync::Arc;

use egui::{Button, ProgressBar, RichText, ScrollArea, Ui};
use engine::money::{Total, dollars};
use indexmap::IndexMap;

use crate::command::{Command, FileCommand};
use crate::cx::Cx;
use crate::icons::Icon;
use crate::lines::{Field, LINE, empty_ui, field_ui, line_ui, titles_ui};
use crate::panel::{Panel, PanelSpec, Place};
use crate::theme::space;
use crate::view::LedgerLine;

pub(crate) const PANEL: PanelSpec = PanelSpec {
    id: "ledger",
    title: "Ledger",
    icon: Icon::Receipt,
    home: Place::Corner,
    make: || Box::<View>::default(),
};

/// What a total is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Grouping {
    #[default]
    Lines,
    Month,
    Provider,
    Model,
}

const GROUPINGS: [(Grouping, &str); 4] = [
    (Grouping::Lines, "Lines"),
    (Grouping::Month, "By month"),
    (Grouping::Provider, "By provider"),
    (Grouping::Model, "By model"),
];

/// A total: name, how many lines, how much.
type Row = (String, usize, Total);

#[derive(Default)]
struct View {
    grouping: Grouping,
    filter: String,
    made: Option<Made>,
}

/// What was found for a ledger, a filter and a grouping.
struct Made {
    ledger: Arc<Vec<LedgerLine>>,
    filter: String,
    grouping: Grouping,
    /// Positions of lines, newest first.
    lines: Vec<usize>,
    totals: Vec<Row>,
    sum: Total,
}

/// The month of a date, `2026-08` of `2026-08-21T10:00:05Z`.
fn month(line: &LedgerLine) -> String {
    line.at.chars().take(7).collect()
}

fn found(ledger: &Arc<Vec<LedgerLine>>, filter: &str, grouping: Grouping) -> Made {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let passes = |line: &LedgerLine| {
        let text = format!("{} {} {} {}", line.at, line.item, line.provider, line.model).to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let lines: Vec<usize> = (0..ledger.len()).rev().filter(|idx| passes(&ledger[*idx])).collect();
    let mut totals: IndexMap<String, (usize, Total)> = IndexMap::new();
    let mut sum = Total::default();
    for line in lines.iter().map(|idx| &ledger[*idx]) {
        sum.add(line.cost);
        let name = match grouping {
            Grouping::Lines => continue,
            Grouping::Month => month(line),
            Grouping::Provider => line.provider.clone(),
            Grouping::Model => format!("{}, {}", line.model, line.provider),
        };
        let total = totals.entry(name).or_default();
        total.0 += 1;
        total.1.add(line.cost);
    }
    let mut totals: Vec<Row> = totals.into_iter().map(|(name, (n, cost))| (name, n, cost)).collect();
    match grouping {
        Grouping::Month => totals.sort_by(|a, b| b.0.cmp(&a.0)),
        _ => totals.sort_by_key(|total| std::cmp::Reverse((total.2.most(), total.2.n_unknown))),
    }
    Made { ledger: ledger.clone(), filter: filter.to_owned(), grouping, lines, totals, sum }
}

impl View {
    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.horizontal_wrapped(|ui| {
            for (grouping, name) in GROUPINGS {
                ui.selectable_value(&mut self.grouping, grouping, name);
            }
            field_ui(ui, &mut self.filter, "Filter the ledger", "Filter", 120.0);
            if let Some(made) = &self.made {
                let text = format!("{} in {} lines", made.sum, made.lines.len());
                ui.label(RichText::new(text).color(cx.theme.money));
            }
            let has_lines = !cx.view.ledger.is_empty();
            let export = ui.add_enabled(has_lines, Button::new("Export CSV…"));
            if export.on_hover_text("Every line, for a spreadsheet").clicked() {
                cx.commands.push(Command::File(FileCommand::ExportLedger));
            }
        });
        for cap in cx.view.caps.iter() {
            let gone = cap.limit.saturating_sub(cap.left);
            let share = if cap.limit == 0 { 1.0 } else { gone as f32 / cap.limit as f32 };
            let mut text =
                format!("{}: {} of {}, {} left", cap.scope, cap.spent, dollars(cap.limit), dollars(cap.left));
            if 0 < cap.reserved {
                text += &format!(", {} under way", dollars(cap.reserved));
            }
            let fill = if 0.9 <= share { cx.theme.bad } else { cx.theme.selection };
            ui.add(ProgressBar::new(share.clamp(0.0, 1.0)).text(text).fill(fill));
        }
        ui.add_space(space::XS);
    }
}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let ledger = &cx.view.ledger;
        let same = |made: &&Made| {
            Arc::ptr_eq(&made.ledger, ledger) && made.filter == self.filter && made.grouping == self.grouping
        };
        if self.made.as_ref().filter(same).is_none() {
            self.made = Some(found(ledger, &self.filter, self.grouping));
        }
        self.bar(ui, cx);
        if cx.view.ledger.is_empty() {
            return empty_ui(ui, cx.theme, "Nothing was spent yet: every paid result leaves a line here");
        }
        let Some(made) = &self.made else { return };
        let scroll = ScrollArea::vertical().id_salt(made.grouping as u8).auto_shrink([false, false]);
        if made.grouping == Grouping::Lines {
            titles_ui(
                ui,
                cx.theme,
                &[(-1.6, "When"), (-2.0, "Item"), (-1.2, "Provider"), (-1.6, "Model"), (-1.8, "Cost")],
            );
            scroll.show_rows(ui, LINE, made.lines.len(), |ui, seen| {
                for line in made.lines.get(seen).unwrap_or_default().iter().map(|idx| &made.ledger[*idx]) {
                    let cost = line.cost.beside(line.estimate);
                    let fields = [
                        Field { width: -1.6, text: &line.at, color: cx.theme.weak },
                        Field { width: -2.0, text: &line.item, color: cx.theme.text },
                        Field { width: -1.2, text: &line.provider, color: cx.theme.weak },
                        Field { width: -1.6, text: &line.model, color: cx.theme.weak },
                        Field { width: -1.8, text: &cost, color: cx.theme.money },
                    ];
                    let shown = line_ui(ui, cx.theme, false, &fields);
                    if !line.note.is_empty() {
                        shown.on_hover_text(&line.note);
                    }
                }
            });
        } else {
            titles_ui(ui, cx.theme, &[(-3.0, "Total of"), (70.0, "Lines"), (-1.0, "Cost")]);
            scroll.show_rows(ui, LINE, made.totals.len(), |ui, seen| {
                for (name, n, cost) in made.totals.get(seen).unwrap_or_default() {
                    let (n, cost) = (n.to_string(), cost.to_string());
                    let fields = [
                        Field { width: -3.0, text: name, color: cx.theme.text },
                        Field { width: 70.0, text: &n, color: cx.theme.weak },
                        Field { width: -1.0, text: &cost, color: cx.theme.money },
                    ];
                    line_ui(ui, cx.theme, false, &fields);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;
    use engine::money::Cost;

    use super::*;
    use crate::testing::Bench;
    use crate::view::CapView;

    fn ledger() -> Arc<Vec<LedgerLine>> {
        let line = |at: &str, provider: &str, model: &str, cost| LedgerLine {
            at: at.to_owned(),
            item: "v/s1".to_owned(),
            provider: provider.to_owned(),
            model: model.to_owned(),
            cost: Cost::Exact(cost),
            ..LedgerLine::default()
        };
        Arc::new(vec![
            line("2026-07-30T10:00:00Z", "cloud", "big", 2_000_000),
            line("2026-08-01T10:00:00Z", "cloud", "small", 250_000),
            line("2026-08-02T10:00:00Z", "other", "big", 500_000),
        ])
    }

    #[test]
    fn totals_lose_no_cent() {
        let totals = |filter: &str, grouping| found(&ledger(), filter, grouping).totals;
        let named = |name: &str, n, cost| (name.to_owned(), n, Total::of(cost));
        assert_eq!(totals("", Grouping::Month), [named("2026-08", 2, 750_000), named("2026-07", 1, 2_000_000)]);
        assert_eq!(totals("", Grouping::Provider), [named("cloud", 2, 2_250_000), named("other", 1, 500_000)]);
        assert_eq!(
            totals("", Grouping::Model),
            [named("big, cloud", 1, 2_000_000), named("big, other", 1, 500_000), named("small, cloud", 1, 250_000)]
        );
        assert_eq!(found(&ledger(), "cloud 2026-08", Grouping::Lines).sum, Total::of(250_000));
        let mut ledger = ledger().to_vec();
        ledger.extend([Cost::Unknown, Cost::AtMost(10_000)].map(|cost| LedgerLine { cost, ..LedgerLine::default() }));
        let doubtful = found(&Arc::new(ledger), "", Grouping::Lines).sum;
        assert_eq!(doubtful, Total { microusd: 2_750_000, maybe: 10_000, n_unknown: 1 }, "unknown is not zero");
    }

    #[test]
    fn lines_and_caps_are_shown() {
        let mut bench = Bench::new("");
        bench.view.ledger = ledger();
        bench.view.caps = Arc::new(vec![CapView {
            scope: "2026-08".to_owned(),
            limit: 5_000_000,
            spent: Total::of(750_000),
            reserved: 250_000,
            left: 4_000_000,
        }]);
        let mut view = View::default();
        let mut harness = bench.window((700.0, 300.0), move |ui, cx| view.show(ui, cx));
        harness.run();
        harness.get_by_label("$2.75 in 3 lines");
        harness.get_by_label("2026-08-02T10:00:00Z, v/s1, other, big, $0.50");
        harness.get_by_label("By month").click();
        harness.run();
        harness.get_by_label("2026-08, 2, $0.75");
        assert_eq!(harness.state().sent, []);
        harness.get_by_label("Export CSV…").click();
        harness.run();
        assert_eq!(harness.state().sent, [Command::File(FileCommand::ExportLedger)]);
    }
}
