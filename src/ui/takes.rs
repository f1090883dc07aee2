//! The takes panel: every take of the item that is selected, to compare, choose, pin, note and roll again.
//!
//! Choosing is the approval: there is no second click. Takes come from the store through the session, asked for once
//! per item and when something was made.

use egui::{Button, DragValue, Rect, RichText, ScrollArea, Sense, Ui};
use engine::money::Cost;
use model::{Edit, TakeChoice};

use crate::command::{Approval, Ask, Command};
use crate::cx::{Compare, Cx, Look, Shown};
use crate::icons::{self, Icon};
use crate::lines::{empty_ui, field_ui};
use crate::panel::{Panel, PanelSpec, Place};
use crate::shots::picture_of;
use crate::theme::{size, space};
use crate::view::{ItemState, ItemView, TakeView, TakesView, dollars};

pub(crate) const PANEL: PanelSpec =
    PanelSpec { id: "takes", title: "Takes", icon: Icon::Layers, home: Place::Right, make: || Box::<View>::default() };

/// The narrowest card, in points.
const CARD: f32 = 168.0;
/// What a card needs below its picture, in points.
const BELOW: f32 = 116.0;
/// Most takes that are rolled at once.
const MOST: u32 = 16;

struct View {
    /// What was asked for last, and when the log's newest line was from.
    asked: Option<(String, f64)>,
    /// A note that somebody types: item, take, text.
    note: Option<(String, u32, String)>,
    n: u32,
    /// Rolling costs money, and waits for a second click.
    confirm: bool,
}

impl Default for View {
    fn default() -> View {
        View { asked: None, note: None, n: 1, confirm: false }
    }
}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(node) = node(cx) else {
            return empty_ui(ui, cx.theme, "Select a model node, or a shot: its takes are shown here");
        };
        let view = cx.view;
        let items = view.nodes.get(&node).map_or(&[][..], |node| &node.items);
        let Some(item) = item_of(cx, items) else {
            let text = if items.is_empty() {
                format!("`{node}` has not been planned yet")
            } else {
                format!("Select a shot: `{node}` has takes for each of {}", items.len())
            };
            empty_ui(ui, cx.theme, &text);
            if let Some(first) = items.first()
                && ui.vertical_centered(|ui| ui.button("Show the first")).inner.clicked()
            {
                cx.shared.selection.elements.extend(first.element.clone());
            }
            return;
        };
        self.ask(cx, &item.name);
        self.head(ui, cx, items, item);
        let held = view.takes.as_deref().filter(|takes| takes.item == item.name);
        match held {
            None => empty_ui(ui, cx.theme, "Reading the takes…"),
            Some(takes) if takes.takes.is_empty() => {
                empty_ui(ui, cx.theme, "No take yet: run the node, and every result is kept here");
            }
            Some(takes) => self.cards(ui, cx, item, takes),
        }
    }
}

/// The node whose takes are shown: what is selected, where it asks a model, or what made the selected shot.
fn node(cx: &Cx<'_>) -> Option<String> {
    // What a group's items are is not known by its kind.
    let asks = |id: &&str| cx.spec(id).is_none_or(|spec| spec.param("model").is_some());
    if let Some(node) = cx.shared.selection.primary().filter(asks) {
        return Some(node.to_owned());
    }
    let element = cx.shared.selection.elements.last()?;
    let made = |id: &&String| cx.view.nodes.get(*id).is_some_and(|node| node.item(Some(element)).is_some());
    let models = cx.document.nodes.iter().filter(|(_, node)| node.kind.starts_with("model."));
    models.map(|(id, _)| id).rfind(made).cloned()
}

fn item_of<'a>(cx: &Cx<'_>, items: &'a [ItemView]) -> Option<&'a ItemView> {
    let elements = &cx.shared.selection.elements;
    let find = |element: &String| items.iter().find(|item| item.element.as_ref() == Some(element));
    elements.iter().rev().find_map(find).or(match items {
        [one] => Some(one),
        _ => None,
    })
}

/// One result of each number, newest number first: the one that is in use, else the newest, which is what choosing
/// that number means.
fn newest<'a>(takes: &'a TakesView, item: &ItemView, choice: TakeChoice) -> Vec<&'a TakeView> {
    let used = if choice.pinned { choice.key } else { item.key };
    let in_use = |take: &TakeView| take.take == choice.take && used.is_some() && take.key == used;
    let mut found: Vec<&TakeView> = Vec::new();
    for take in &takes.takes {
        match found.iter_mut().find(|it| it.take == take.take) {
            Some(held) if in_use(held) => {}
            Some(held) => *held = take,
            None => found.push(take),
        }
    }
    found.sort_by_key(|take| std::cmp::Reverse(take.take));
    found
}

/// Chooses a take. Items inside groups belong to the group's file: nothing is written here for them.
fn choose(cx: &mut Cx<'_>, item: &str, chosen: &TakeView, pinned: bool) {
    let take = chosen.take;
    if take == 0 || !cx.document.nodes.contains_key(model::node_of_item(item)) {
        return;
    }
    let label = match (pinned, cx.document.take(item)) {
        (true, _) => format!("Pin take {take} of {item}"),
        (false, TakeChoice { take: now, pinned: true, .. }) if now == take => format!("Unpin take {take} of {item}"),
        _ => format!("Choose take {take} of {item}"),
    };
    // A pinned take is this very result, whatever is made under its number later.
    let choice = Some(TakeChoice { take, pinned, key: chosen.key.filter(|_| pinned) });
    cx.commands.edit(label, vec![Edit::SetTake { item: item.to_owned(), choice, at: None }]);
}

impl View {
    /// Asks for an item's takes once, and again when the log tells of it.
    fn ask(&mut self, cx: &mut Cx<'_>, item: &str) {
        let log = &cx.view.log;
        let now = log.last().map_or(0.0, |line| line.at);
        let asked = self.asked.as_ref().filter(|(name, _)| name == item).map(|(_, at)| *at);
        let told = |at: f64| log.iter().rev().take_while(|line| at < line.at).any(|line| line.item == item);
        if asked.is_none() {
            self.confirm = false;
        }
        if asked.is_none_or(told) {
            cx.commands.ask(Ask::Takes(item.to_owned()));
        }
        if asked != Some(now) {
            self.asked = Some((item.to_owned(), now));
        }
    }

    fn head(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, items: &[ItemView], item: &ItemView) {
        ui.horizontal_wrapped(|ui| {
            ui.strong(&item.name);
            if 1 < items.len() {
                let at = items.iter().position(|it| it.name == item.name).unwrap_or(0);
                let mut to = None;
                if icon(ui, Icon::ChevronLeft, "To the shot before").clicked() {
                    to = at.checked_sub(1);
                }
                if icon(ui, Icon::ChevronRight, "To the next shot").clicked() {
                    to = Some(at + 1);
                }
                if let Some(element) = to.and_then(|to| items.get(to)).and_then(|item| item.element.clone()) {
                    cx.shared.selection.elements.clear();
                    cx.shared.selection.elements.insert(element);
                }
            }
        });
        ui.horizontal_wrapped(|ui| self.roll(ui, cx, item));
        ui.separator();
    }

    fn roll(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, item: &ItemView) {
        let n = ui.add(DragValue::new(&mut self.n).range(1..=MOST).speed(0.05));
        let label = "How many new takes";
        n.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, label));
        n.on_hover_text(label);
        let cost = item.cost.unwrap_or(0).saturating_mul(u64::from(self.n));
        let roll = |cx: &mut Cx<'_>, n, budget| {
            let approval = Approval { budget, ..Approval::default() };
            cx.commands.push(Command::Roll { item: item.name.clone(), n, approval });
        };
        if self.confirm && 0 < cost {
            if ui.button(RichText::new(format!("Spend {}", dollars(cost))).color(cx.theme.money)).clicked() {
                roll(cx, self.n, cost);
                self.confirm = false;
            }
            if ui.button("Cancel").clicked() {
                self.confirm = false;
            }
            return;
        }
        let price = match (&item.state, cost) {
            (ItemState::Held { cost: None }, _) => " at an unknown price".to_owned(),
            (_, 0) => String::new(),
            (_, cost) => format!(" for {}", dollars(cost)),
        };
        let button = ui.add(Button::new((icons::text(Icon::Dices, size::BODY), format!("Roll again{price}"))));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Roll again{price}")));
        if button.on_hover_text("Makes new takes of this one item; the others stay").clicked() {
            if 0 < cost {
                self.confirm = true;
            } else {
                roll(cx, self.n, 0);
            }
        }
    }

    fn cards(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, item: &ItemView, takes: &TakesView) {
        let choice = cx.document.take(&item.name);
        let shown = newest(takes, item, choice);
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let available = ui.available_width();
            let n_columns = ((available + space::M) / (CARD + space::M)).floor().max(1.0) as usize;
            let gap = space::M;
            let width = ((available - gap * (n_columns - 1) as f32) / n_columns as f32).clamp(80.0, 260.0);
            let height = (width * 9.0 / 16.0).round() + BELOW;
            let n_lines = shown.len().div_ceil(n_columns);
            let (space, _) =
                ui.allocate_exact_size(egui::vec2(available, n_lines as f32 * (height + gap)), Sense::hover());
            for (idx, take) in shown.iter().enumerate() {
                let at =
                    egui::vec2((idx % n_columns) as f32 * (width + gap), (idx / n_columns) as f32 * (height + gap));
                let rect = Rect::from_min_size(space.left_top() + at, egui::vec2(width, height));
                if ui.is_rect_visible(rect) {
                    self.card(ui, cx, item, take, choice, rect);
                }
            }
            let n_older = takes.takes.len() - shown.len();
            if 0 < n_older {
                ui.weak(format!("{n_older} earlier results with the same numbers are kept in the store"));
            }
        });
    }

    fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, item: &ItemView, take: &TakeView, choice: TakeChoice, rect: Rect) {
        let chosen = choice.take == take.take;
        let pinned = chosen && choice.pinned;
        let edge = if chosen { cx.theme.accent } else { cx.theme.outline };
        ui.painter().rect(
            rect,
            4.0,
            cx.theme.raised,
            egui::Stroke::new(if chosen { 2.0 } else { 1.0 }, edge),
            egui::StrokeKind::Inside,
        );
        let inner = rect.shrink(space::S);
        let stage = Rect::from_min_size(inner.min, egui::vec2(inner.width(), inner.width() * 9.0 / 16.0));
        self.picture(ui, cx, item, take, stage);
        let below = Rect::from_min_max(egui::pos2(inner.left(), stage.bottom() + space::XS), inner.max);
        let builder = egui::UiBuilder::new().max_rect(below).id_salt(take.take);
        let mut ui = ui.new_child(builder);
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        ui.spacing_mut().item_spacing = egui::vec2(space::S, space::XS);
        ui.horizontal(|ui| {
            ui.strong(format!("Take {}", take.take));
            if chosen {
                let word = if pinned { "Pinned" } else { "Chosen" };
                ui.label(icons::text(if pinned { Icon::Pin } else { Icon::CircleCheck }, size::BODY).color(edge));
                ui.label(RichText::new(word).color(edge));
            }
        });
        // The item's key is of its present inputs; while an edit is on its way it is of others.
        let current = cx.revision <= cx.view.revision;
        if pinned && current && item.key.is_some() && take.key.is_some() && item.key != take.key {
            ui.label(RichText::new("Older than its inputs").small().color(cx.theme.watch))
                .on_hover_text("It is used as it is; unpin it to make it anew from what it is made of now");
        } else {
            let model = take.model.as_deref().unwrap_or("no model");
            ui.add(egui::Label::new(RichText::new(model).small()).truncate());
        }
        let seconds = crate::shots::short(take.seconds);
        ui.label(RichText::new(format!("{}, made in {seconds} s", paid(take.cost))).small());
        let day = take.made_at.as_deref().map(day).unwrap_or_default();
        let key = take.key.map(|key| key.to_string().chars().take(8).collect::<String>()).unwrap_or_default();
        let line = ui.add(egui::Label::new(RichText::new(format!("{day} {key}")).small().weak()).truncate());
        line.on_hover_text(format!(
            "Made {}\nSeed {}\nRecipe {key}",
            take.made_at.as_deref().unwrap_or("?"),
            take.seed
        ));
        self.note(&mut ui, cx, item, take);
        ui.horizontal(|ui| self.buttons(ui, cx, item, take, choice));
    }

    fn picture(&self, ui: &mut Ui, cx: &mut Cx<'_>, item: &ItemView, take: &TakeView, rect: Rect) {
        let response = ui.interact(rect, ui.scope_id().with(("look", take.take)), Sense::click());
        let label = format!("Look at take {}", take.take);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
        ui.painter().rect_filled(rect, 2.0, cx.theme.stage);
        let source = take.values.iter().find_map(|(_, value)| picture_of(value));
        let shown = source.map(|source| cx.gallery.picture(ui.ctx(), &source, 320));
        match shown {
            Some(Shown::Ready(texture, size)) if 0.0 < size.x && 0.0 < size.y => {
                let scale = (rect.width() / size.x).min(rect.height() / size.y);
                let whole = Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
                let fitted = Rect::from_center_size(rect.center(), size * scale);
                ui.painter().image(texture, fitted, whole, egui::Color32::WHITE);
            }
            other => {
                let icon = match other {
                    None => Icon::Film,
                    Some(Shown::Failed(_)) => Icon::ImageOff,
                    Some(_) => Icon::Hourglass,
                };
                let font = egui::FontId::new(size::TITLE, egui::FontFamily::Name(icons::FAMILY.into()));
                let at = egui::Align2::CENTER_CENTER;
                ui.painter().text(rect.center(), at, char::from(icon), font, cx.theme.outline);
            }
        }
        if response.on_hover_text("Show this take in the viewer").clicked() {
            cx.shared.look_a = Some(look(item, take));
            cx.shared.show_panel = Some("viewer");
        }
    }

    fn note(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, item: &ItemView, take: &TakeView) {
        let mine = self.note.as_ref().filter(|(name, n, _)| *name == item.name && *n == take.take);
        let mut text = mine.map_or_else(|| take.note.clone(), |(_, _, text)| text.clone());
        let field = field_ui(ui, &mut text, &format!("Note on take {}", take.take), "Note", f32::INFINITY);
        if field.has_focus() || field.changed() {
            self.note = Some((item.name.clone(), take.take, text.clone()));
        }
        if field.lost_focus() {
            self.note = None;
            if text != take.note && !ui.input(|input| input.key_pressed(egui::Key::Escape)) {
                cx.commands.push(Command::NoteTake { item: item.name.clone(), take: take.take, note: text });
                cx.commands.ask(Ask::Takes(item.name.clone()));
            }
        }
    }

    fn buttons(&self, ui: &mut Ui, cx: &mut Cx<'_>, item: &ItemView, take: &TakeView, choice: TakeChoice) {
        let chosen = choice.take == take.take;
        let n = take.take;
        let help =
            "Uses this take in the film. Where its inputs have changed since, it is made anew; pin it to keep it";
        let button = ui.add_enabled(!chosen, Button::new(if chosen { "Chosen" } else { "Choose" }));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, !chosen, format!("Choose take {n}")));
        if button.on_hover_text(help).clicked() {
            choose(cx, &item.name, take, choice.pinned);
        }
        let pinned = chosen && choice.pinned;
        let (sign, label) = match pinned {
            true => (Icon::PinOff, format!("Unpin take {n}")),
            false => (Icon::Pin, format!("Pin take {n}: it is used whatever changes upstream")),
        };
        if icon(ui, sign, &label).clicked() {
            choose(cx, &item.name, take, !pinned);
        }
        let looked = cx.shared.look_a.as_ref().filter(|look| {
            look.node == model::node_of_item(&item.name) && look.element == item.element && look.take.is_some()
        });
        let against = looked.and_then(|look| look.take).filter(|other| *other != n);
        let against = against.or(Some(choice.take)).filter(|other| *other != n);
        ui.add_enabled_ui(against.is_some(), |ui| {
            let label = match against {
                Some(other) => format!("Compare take {n} with take {other}"),
                None => "Look at another take first, to compare with it".to_owned(),
            };
            if icon(ui, Icon::Columns2, &label).clicked()
                && let Some(other) = against
            {
                let base = look(item, take);
                cx.shared.look_a = Some(Look { take: Some(other), ..base.clone() });
                cx.shared.look_b = Some(base);
                if cx.shared.compare == Compare::Off {
                    cx.shared.compare = Compare::SideBySide;
                }
                cx.shared.show_panel = Some("viewer");
            }
        });
    }
}

fn look(item: &ItemView, take: &TakeView) -> Look {
    let node = model::node_of_item(&item.name).to_owned();
    Look { node, element: item.element.clone(), take: Some(take.take), ..Look::default() }
}

/// Day and time of a date as the store writes it, `2026-08-21T10:00:05Z`, to the minute.
fn day(date: &str) -> String {
    date.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// A button that is an icon, with what it does as label and tooltip.
fn icon(ui: &mut Ui, icon: Icon, label: &str) -> egui::Response {
    let enabled = ui.is_enabled();
    let button = ui.add(Button::new(icons::text(icon, size::BODY)));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, label));
    button.on_hover_text(label).on_disabled_hover_text(label)
}

/// What a take cost.
fn paid(cost: Cost) -> String {
    match cost {
        Cost::FREE => "free".to_owned(),
        Cost::Unknown => "cost unknown".to_owned(),
        cost => cost.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;
    use model::Digest;

    use super::*;
    use crate::testing::Bench;
    use crate::view::NodeView;

    fn take(n: u32, key: &str) -> TakeView {
        TakeView { take: n, key: Some(Digest::of(key.as_bytes())), seed: u64::from(n), ..TakeView::default() }
    }

    fn harness(document: &str, cost: Option<u64>) -> Harness<'static, Bench> {
        let mut bench = Bench::new(document);
        let items = ["s1.b1", "s1.b2"].map(|id| ItemView {
            name: format!("v/{id}"),
            element: Some(id.to_owned()),
            key: Some(Digest::of(b"now")),
            cost,
            ..ItemView::default()
        });
        bench.view.nodes.insert("v".to_owned(), Arc::new(NodeView::new(items.to_vec())));
        let takes = vec![take(1, "old"), take(2, "other"), take(1, "then")];
        bench.view.takes = Some(Arc::new(TakesView { item: "v/s1.b2".to_owned(), takes }));
        bench.shared.selection.only("v");
        bench.shared.selection.elements.insert("s1.b2".to_owned());
        let mut view = View::default();
        let mut harness = bench.window((420.0, 700.0), move |ui, cx| view.show(ui, cx));
        harness.run();
        harness
    }

    fn set(choice: TakeChoice) -> Vec<Edit> {
        vec![Edit::SetTake { item: "v/s1.b2".to_owned(), choice: Some(choice), at: None }]
    }

    #[test]
    fn a_node_without_takes_does_not_hide_those_of_the_selected_shot() {
        let mut harness = harness("v: model.video\n t: text.join", None);
        harness.state_mut().shared.selection.only("t");
        harness.run();
        harness.get_by_label("v/s1.b2");
        harness.state_mut().shared.selection.elements.clear();
        harness.run();
        harness.get_by_label("Select a model node, or a shot: its takes are shown here");
    }

    #[test]
    fn takes_are_asked_for_once_and_when_one_was_made() {
        let mut harness = harness("v: model.video", None);
        let ask = Command::Ask(Ask::Takes("v/s1.b2".to_owned()));
        assert_eq!(harness.state().sent, std::slice::from_ref(&ask));
        let line =
            |at, item: &str| crate::view::LogLine { at, item: item.to_owned(), text: "made".to_owned(), failed: false };
        harness.state_mut().view.log = Arc::new(vec![line(1.0, "v/s1.b1")]);
        harness.run();
        assert_eq!(harness.state().sent.len(), 1, "another item was made");
        harness.state_mut().view.log = Arc::new(vec![line(1.0, "v/s1.b1"), line(2.0, "v/s1.b2")]);
        harness.run();
        harness.run();
        assert_eq!(harness.state().sent, [ask.clone(), ask]);
        assert!(harness.query_all_by_label("Take 1").count() == 1, "the newest of a number stands for it");
    }

    #[test]
    fn choosing_is_one_edit() {
        let mut harness = harness("v: model.video", None);
        harness.get_by_label("Choose take 2").click();
        harness.run();
        let edit = Command::Edit {
            label: "Choose take 2 of v/s1.b2".to_owned(),
            edits: set(TakeChoice::of(2)),
            gesture: None,
        };
        assert_eq!(harness.state().sent[1..], [edit]);
        harness.get_by_label("Chosen");
        harness.get_by_label("Pin take 2: it is used whatever changes upstream").click();
        harness.run();
        let Some(Command::Edit { edits, .. }) = harness.state().sent.last() else { panic!("it is an edit") };
        let key = Some(Digest::of(b"other"));
        assert_eq!(*edits, set(TakeChoice { key, ..TakeChoice::pinned(2) }), "this very result");
        harness.get_by_label("Unpin take 2");
    }

    #[test]
    fn pinning_after_an_undo_pins_what_is_shown() {
        let mut harness = harness("v: model.video", None);
        let mut node = (*harness.state().view.nodes["v"]).clone();
        node.items[1].key = Some(Digest::of(b"old"));
        harness.state_mut().view.nodes.insert("v".to_owned(), Arc::new(node));
        harness.run();
        harness.get_by_label("Pin take 1: it is used whatever changes upstream").click();
        harness.run();
        let Some(Command::Edit { edits, .. }) = harness.state().sent.last() else { panic!("it is an edit") };
        let key = Some(Digest::of(b"old"));
        assert_eq!(*edits, set(TakeChoice { key, ..TakeChoice::pinned(1) }), "not the newest of its number");
    }

    #[test]
    fn a_pinned_take_tells_that_it_is_older_than_its_inputs() {
        let harness = harness("v: model.video\n!take v/s1.b2 1 pinned", None);
        harness.get_by_label("Older than its inputs");
    }

    #[test]
    fn two_takes_go_to_the_viewer() {
        let mut harness = harness("v: model.video", None);
        harness.get_by_label("Compare take 2 with take 1").click();
        harness.run();
        let shared = &harness.state().shared;
        let takes = [&shared.look_a, &shared.look_b].map(|look| look.as_ref().and_then(|look| look.take));
        assert_eq!((takes, shared.compare), ([Some(1), Some(2)], Compare::SideBySide));
        assert_eq!(shared.look_b.as_ref().and_then(|look| look.element.as_deref()), Some("s1.b2"));
    }

    #[test]
    fn rolling_what_costs_money_asks_first() {
        let roll = |budget| Command::Roll {
            item: "v/s1.b2".to_owned(),
            n: 1,
            approval: Approval { budget, ..Approval::default() },
        };
        let mut free = harness("v: model.video", None);
        free.get_by_label("Roll again").click();
        free.run();
        assert_eq!(free.state().sent[1..], [roll(0)]);
        let mut paid = harness("v: model.video", Some(250_000));
        paid.get_by_label("Roll again for $0.25").click();
        paid.run();
        assert_eq!(paid.state().sent.len(), 1, "nothing is spent by one click");
        paid.get_by_label("Spend $0.25").click();
        paid.run();
        assert_eq!(paid.state().sent[1..], [roll(250_000)]);
    }

    #[test]
    fn a_note_is_kept_when_the_field_is_left() {
        let mut harness = harness("v: model.video", None);
        harness.get_by_label("Note on take 2").focus();
        harness.run();
        harness.get_by_label("Note on take 2").type_text("too dark");
        harness.run();
        harness.key_press(egui::Key::Enter);
        harness.run();
        let note = Command::NoteTake { item: "v/s1.b2".to_owned(), take: 2, note: "too dark".to_owned() };
        assert!(harness.state().sent.contains(&note), "{:?}", harness.state().sent);
    }
}
