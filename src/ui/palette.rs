//! The palette of nodes: opened at a place of the canvas, searched by typing, filtered by the wire that was dropped.
//!
//! It is a popup and not a panel: it belongs to the place where it was opened.

use egui::{Align, Area, Id, Key, Modifiers, Order, RichText, ScrollArea, TextEdit, Ui};
use model::NodeSpec;

use crate::cx::{Cx, End, PaletteRequest};
use crate::fuzzy::{Field, Finder};
use crate::icons;
use crate::placing::{Neighbour, fresh_ports, place, port_for};
use crate::theme::{size, space};

const WIDTH: f32 = 500.0;
const HEIGHT: f32 = 340.0;
const LIST: f32 = 250.0;
/// So many kinds that were used last come first.
const RECENT: usize = 6;

/// See the module.
#[derive(Default)]
pub(crate) struct Palette {
    /// What the state below belongs to.
    request: Option<PaletteRequest>,
    query: String,
    highlighted: usize,
    finder: Finder,
}

/// One row of the list, with the heading above it.
struct Row {
    heading: Option<&'static str>,
    spec: &'static NodeSpec,
}

impl Palette {
    /// Draws it where somebody asked for it.
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(request) = cx.shared.palette.clone() else {
            self.request = None;
            return;
        };
        let fresh = self.request.as_ref() != Some(&request);
        if fresh {
            *self = Palette { request: Some(request.clone()), ..Palette::default() };
        }
        let rows = self.rows(cx, &request);
        let keys = Keys::take(ui);
        self.highlighted = keys.step(self.highlighted, rows.len());
        let mut chosen = rows.get(self.highlighted).filter(|_| keys.enter).map(|row| row.spec);
        let area = Area::new(Id::unique("palette")).order(Order::Foreground).fixed_pos(request.screen);
        let shown = area.constrain(true).fade_in(false).show(ui.ctx(), |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_width(WIDTH);
                ui.set_height(HEIGHT);
                let hint = match &request.wire {
                    None => "Add node: type to search".to_owned(),
                    Some(wire) if wire.end == End::Output => format!("What takes {}?", article(wire.ty.name())),
                    Some(wire) => format!("What makes {}?", article(wire.ty.name())),
                };
                let search = TextEdit::singleline(&mut self.query).hint_text(hint).desired_width(f32::INFINITY);
                let search = ui.add(search);
                search.request_focus();
                if search.changed() {
                    self.highlighted = 0;
                }
                search.accessible_name("Search nodes");
                ui.separator();
                ui.horizontal_top(|ui| {
                    let list =
                        ScrollArea::vertical().id_salt("kinds").max_height(HEIGHT - 50.0).min_scrolled_height(80.0);
                    ui.vertical(|ui| {
                        ui.set_width(LIST);
                        list.auto_shrink([false, false]).show(ui, |ui| {
                            if rows.is_empty() {
                                ui.weak("Nothing fits. Try another word, or press Escape.");
                            }
                            for (idx, row) in rows.iter().enumerate() {
                                if self.row_ui(ui, cx, idx, row, keys.moved()) {
                                    chosen = Some(row.spec);
                                }
                            }
                        });
                    });
                    ui.separator();
                    ui.vertical(|ui| {
                        if let Some(row) = rows.get(self.highlighted) {
                            help_ui(ui, cx, row.spec);
                        }
                    });
                });
            });
        });
        if let Some(spec) = chosen {
            add(cx, &request, spec);
        }
        let left = !fresh && shown.response.clicked_elsewhere();
        if chosen.is_some() || keys.escape || left {
            cx.shared.palette = None;
            self.request = None;
        }
    }

    /// What is offered, in order.
    fn rows(&mut self, cx: &Cx<'_>, request: &PaletteRequest) -> Vec<Row> {
        let fits = |spec: &&'static NodeSpec| match &request.wire {
            Some(wire) => port_for(&fresh_ports(spec), wire).is_some(),
            None => true,
        };
        let kinds: Vec<&'static NodeSpec> = cx.catalog.0.iter().copied().filter(fits).collect();
        if self.query.trim().is_empty() {
            return grouped(&kinds, &cx.shared.recent_kinds);
        }
        let mut found: Vec<(u32, &'static NodeSpec)> = Vec::new();
        for spec in kinds {
            let field = |text, weight| Field { text, weight, prose: false };
            let mut fields = vec![
                field(spec.help.title, 4),
                field(spec.kind, 3),
                field(spec.help.category, 1),
                Field { text: spec.help.summary, weight: 1, prose: true },
            ];
            fields.extend(spec.help.keywords.iter().map(|word| field(word, 2)));
            if let Some(score) = self.finder.score(&self.query, &fields) {
                found.push((score, spec));
            }
        }
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, spec)| Row { heading: None, spec }).collect()
    }

    /// One row; whether it was clicked.
    fn row_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, idx: usize, row: &Row, moved: bool) -> bool {
        if let Some(heading) = row.heading {
            ui.add_space(space::S);
            ui.label(RichText::new(heading).size(size::SMALL).color(cx.theme.weak));
        }
        let selected = idx == self.highlighted;
        let kind = RichText::new(row.spec.kind).size(size::SMALL).color(cx.theme.weak);
        let button = egui::Button::selectable(selected, row.spec.help.title).right_text(kind).truncate();
        let response = ui.add_sized([ui.available_width(), 20.0], button);
        response
            .widget_info(|| egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, selected, row.spec.help.title));
        if selected && moved {
            response.scroll_to_me(Some(Align::Center));
        }
        if response.hovered() && ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO) {
            self.highlighted = idx;
        }
        response.clicked()
    }
}

fn article(name: &str) -> String {
    let vowel = name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {name}", if vowel { "an" } else { "a" })
}

/// Recent kinds first, then every category in the order of the catalog.
fn grouped(kinds: &[&'static NodeSpec], recent: &[String]) -> Vec<Row> {
    let mut rows = Vec::new();
    for kind in recent.iter().take(RECENT) {
        if let Some(spec) = kinds.iter().find(|spec| spec.kind == kind) {
            let heading = rows.is_empty().then_some("Recent");
            rows.push(Row { heading, spec });
        }
    }
    let mut categories: Vec<&str> = Vec::new();
    for spec in kinds {
        if !categories.contains(&spec.help.category) {
            categories.push(spec.help.category);
        }
    }
    for category in categories {
        let mut heading = Some(category);
        for spec in kinds.iter().filter(|spec| spec.help.category == category) {
            rows.push(Row { heading: heading.take(), spec });
        }
    }
    rows
}

/// What a kind is for.
fn help_ui(ui: &mut Ui, cx: &Cx<'_>, spec: &NodeSpec) {
    ui.horizontal(|ui| {
        ui.label(icons::text(icons::of_kind(spec.kind), size::HEADING));
        ui.heading(spec.help.title);
    });
    ui.label(RichText::new(spec.kind).monospace().size(size::SMALL).color(cx.theme.weak));
    ui.add_space(space::S);
    ui.label(spec.help.summary);
    ui.add_space(space::S);
    let ports = fresh_ports(spec);
    let inputs = ports.inputs.iter().filter(|port| !port.param);
    for (title, ports) in [("Takes", inputs.collect::<Vec<_>>()), ("Makes", ports.outputs.iter().collect())] {
        if ports.is_empty() {
            continue;
        }
        ui.label(RichText::new(title).size(size::SMALL).color(cx.theme.weak));
        for port in ports {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                crate::widgets::port_dot(ui, cx.theme.port(port.ty));
                let many = if port.many { " (many)" } else { "" };
                ui.label(format!("{}{many}", port.name)).on_hover_text(port.help);
            });
        }
    }
}

/// Adds a kind as one undo step and selects it.
fn add(cx: &mut Cx<'_>, request: &PaletteRequest, spec: &'static NodeSpec) {
    let wire = request.wire.as_ref().filter(|wire| cx.document.nodes.contains_key(&wire.port.node));
    let its_ports = wire.map(|wire| cx.ports(&wire.port.node));
    let near = cx.shared.selection.primary().filter(|id| cx.document.nodes.contains_key(*id));
    let near = near.map(|id| (id.to_owned(), cx.ports(id)));
    let near = near.as_ref().map(|(id, ports)| Neighbour { id, ports });
    let (id, edits) = place(cx.document, spec, request.at, wire.zip(its_ports.as_ref()), near.as_ref());
    cx.commands.edit(format!("Add {}", spec.help.title.to_lowercase()), edits);
    cx.shared.selection.only(&id);
    let recent = &mut cx.shared.recent_kinds;
    recent.retain(|kind| kind != spec.kind);
    recent.insert(0, spec.kind.to_owned());
    recent.truncate(RECENT);
}

/// Keys that walk a list while a text field has the focus; they are taken before the field sees them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keys {
    by: isize,
    pub(crate) enter: bool,
    pub(crate) escape: bool,
}

impl Keys {
    pub(crate) fn take(ui: &Ui) -> Keys {
        ui.input_mut(|input| {
            let mut pressed = |key| input.count_and_consume_key(Modifiers::NONE, key) as isize;
            let by =
                pressed(Key::ArrowDown) - pressed(Key::ArrowUp) + 8 * (pressed(Key::PageDown) - pressed(Key::PageUp));
            // Tab would take the focus away from the only field there is.
            pressed(Key::Tab);
            Keys { by, enter: 0 < pressed(Key::Enter), escape: 0 < pressed(Key::Escape) }
        })
    }

    pub(crate) fn moved(self) -> bool {
        self.by != 0
    }

    /// The row after these keys, of so many.
    pub(crate) fn step(self, row: usize, n_rows: usize) -> usize {
        row.saturating_add_signed(self.by).min(n_rows.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use egui::{Key, Role, pos2};
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;
    use model::{Feed, PortRef, PortType};

    use super::*;
    use crate::command::Command;
    use crate::cx::WireEnd;
    use crate::testing::Bench;

    fn open(graph: &str, wire: Option<WireEnd>) -> Harness<'static, Bench> {
        let mut bench = Bench::new(graph);
        bench.shared.palette = Some(PaletteRequest { at: (40.0, 80.0), screen: pos2(100.0, 60.0), wire });
        let mut palette = Palette::default();
        let mut harness = bench.window((900.0, 600.0), move |ui, cx| palette.show(ui, cx));
        harness.run();
        harness
    }

    fn kinds(harness: &Harness<'_, Bench>) -> Vec<String> {
        let document = harness.state().history.document();
        document.nodes.iter().map(|(id, node)| format!("{id} {}", node.kind)).collect()
    }

    #[test]
    fn typing_and_enter_add_a_node_and_close() {
        let mut harness = open("", None);
        harness.get_by_label("Search nodes").type_text("video mod");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(kinds(&harness), ["video model.video"]);
        let state = harness.state();
        assert_eq!(state.sent.len(), 1, "one undo step: {:?}", state.sent);
        assert_eq!(state.shared.selection.primary(), Some("video"));
        assert_eq!(
            (state.shared.palette.is_none(), state.shared.recent_kinds.as_slice()),
            (true, &["model.video".to_owned()][..])
        );
        assert_eq!(crate::wiring::place_of(state.history.document(), "video"), Some((40.0, 80.0)));
    }

    #[test]
    fn arrows_walk_the_list_and_escape_leaves_it() {
        let mut harness = open("", None);
        harness.key_press(Key::ArrowDown);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(
            kinds(&harness),
            [format!("{} {}", nodes::ALL[1].kind.rsplit('.').next().unwrap(), nodes::ALL[1].kind)]
        );
        let mut harness = open("", None);
        harness.key_press(Key::Escape);
        harness.run();
        assert!(harness.state().sent.is_empty() && harness.state().shared.palette.is_none());
    }

    #[test]
    fn a_click_on_a_row_adds_it_and_one_elsewhere_closes() {
        let mut harness = open("", None);
        harness.get_by_role_and_label(Role::ListBoxOption, nodes::ALL[0].help.title).click();
        harness.run();
        assert_eq!(kinds(&harness).len(), 1);
        let mut harness = open("", None);
        harness.drag_at(pos2(880.0, 580.0));
        harness.drop_at(pos2(880.0, 580.0));
        harness.run();
        assert!(harness.state().sent.is_empty() && harness.state().shared.palette.is_none());
    }

    #[test]
    fn a_dropped_wire_filters_and_is_connected_in_the_same_step() {
        let port = PortRef::new("a", "text");
        let mut harness =
            open("a: prompt.text", Some(WireEnd { port: port.clone(), ty: PortType::Text, end: End::Output }));
        assert!(harness.query_by_role_and_label(Role::ListBoxOption, "Image file").is_none(), "it takes no text");
        harness.get_by_label("Search nodes").type_text("video model");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        let state = harness.state();
        assert_eq!(state.history.document().links[&PortRef::new("video", "prompt")], Feed::One(port));
        assert!(matches!(state.sent.as_slice(), [Command::Edit { gesture: None, .. }]));
    }

    #[test]
    fn recent_kinds_come_first_and_nonsense_says_so() {
        let mut harness = open("", None);
        harness.state_mut().shared.recent_kinds = vec!["output.film".to_owned()];
        harness.run();
        harness.get_by_label("Recent");
        harness.get_by_label("Search nodes").type_text("qqqq");
        harness.run();
        harness.get_by_label_contains("Nothing fits");
    }
}
