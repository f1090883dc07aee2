//! One document's window: menu, canvas, panels and keys. It owns view state only.

use egui::Ui;

use crate::actions::{self, ACTIONS, Focus};
use crate::canvas::Canvas;
use crate::command::{Approval, Command, FileCommand};
use crate::cx::{Compare, Cx, Look};
use crate::dock::Dock;
use crate::holds::Holds;
use crate::icons::{self, Icon};
use crate::layout::Layout;
use crate::overlays::Overlays;
use crate::theme::{size, space};

/// More new takes than anybody wants of one key.
const MOST_ROLLED: usize = 200;

/// See the module.
#[derive(Default)]
pub struct Editor {
    canvas: Canvas,
    dock: Dock,
    overlays: Overlays,
    /// Where the pointer was when keys were taken.
    pointer: Option<egui::Pos2>,
    holds: Holds,
    /// Typed within one frame after a key that does something: it waits for the next one.
    later: Vec<egui::Event>,
    /// A text field had the focus when the last frame ended.
    was_text: bool,
}

impl Editor {
    /// An editor whose panels are where they were left.
    pub fn new(layout: Layout) -> Editor {
        Editor { dock: Dock::new(layout), ..Editor::default() }
    }

    /// Where its panels are.
    pub fn layout(&self) -> &Layout {
        &self.dock.layout
    }

    /// Draws a frame and takes its keys.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.input_mut(|input| drop(input.events.splice(0..0, self.later.drain(..))));
        // egui takes the focus from a field before the frame of the Escape that leaves it: that key is still the field's.
        let focus = if self.was_text { Focus::Text } else { Focus::of(ui.ctx()) };
        let covered = ui.ctx().memory(|memory| memory.top_modal_layer().is_some()) || self.overlays.take_keys(cx);
        if !covered {
            if focus == Focus::Free {
                self.holds.take_space(ui.ctx());
            }
            if self.holds.held_escape(ui.ctx(), cx.view.run.running) {
                self.act("stop", cx);
                cx.shared.toast = Some("Stopped the run".to_owned());
            }
            cx.shared.pasted = ui.input(|input| {
                input.events.iter().find_map(|event| match event {
                    egui::Event::Paste(text) => Some(text.clone()),
                    _ => None,
                })
            });
            self.pointer = ui.input(|input| input.pointer.hover_pos());
            let keymap = cx.shared.keymap.clone();
            if let Some(action) = keymap.pressed(ui.ctx(), cx.shared.region, focus, &mut self.later) {
                self.act(action, cx);
            }
            if !self.later.is_empty() {
                ui.ctx().request_repaint();
            }
        }
        egui::Panel::top("menu").show(ui, |ui| self.menu(ui, cx));
        egui::Panel::bottom("status").show(ui, |ui| status(ui, cx));
        crate::banners(ui, cx);
        if !cx.files.crumbs.is_empty() {
            egui::Panel::top("crumbs").show(ui, |ui| crumbs(ui, cx));
        }
        let canvas = &mut self.canvas;
        self.dock.show(ui, cx, |ui, cx| canvas.show(ui, cx));
        if let Some(action) = self.overlays.show(ui, cx) {
            self.act(action, cx);
        }
        self.was_text = Focus::of(ui.ctx()) == Focus::Text;
    }

    /// Does what a key or a menu asks for.
    pub fn act(&mut self, action: &str, cx: &mut Cx<'_>) {
        let file = |command| Command::File(command);
        let slot = |prefix: &str| action.strip_prefix(prefix)?.parse::<usize>().ok()?.checked_sub(1);
        match action {
            "new" => cx.commands.push(file(FileCommand::New(None))),
            "open" => cx.commands.push(file(FileCommand::Open(None))),
            "save" => cx.commands.push(file(FileCommand::Save)),
            "save_as" => cx.commands.push(file(FileCommand::SaveAs)),
            "close" => cx.commands.push(file(FileCommand::Close)),
            "quit" => cx.commands.push(Command::Quit),
            "undo" => cx.commands.push(Command::Undo),
            "redo" => cx.commands.push(Command::Redo),
            "run" => {
                let targets = cx.shared.selection.nodes.iter().cloned().collect();
                cx.commands.push(Command::Run { targets, approval: Approval::default() });
            }
            "run_all" => cx.commands.push(Command::Run { targets: Vec::new(), approval: Approval::default() }),
            "force" => self.force(cx),
            "stop" => cx.commands.push(Command::Stop),
            "live" => cx.commands.push(Command::SetLive(!cx.view.run.live)),
            "inspector" => self.dock.toggle("inspector"),
            "wipe" => {
                cx.shared.compare = match cx.shared.compare {
                    Compare::Off => Compare::Wipe,
                    Compare::Wipe => Compare::SideBySide,
                    Compare::SideBySide => Compare::Difference,
                    Compare::Difference => Compare::Off,
                };
            }
            _ => {
                if let Some(slot) = slot("view_") {
                    if let Some(look) = &cx.shared.slots[slot] {
                        cx.shared.look_a = Some(look.clone());
                        cx.shared.show_panel = Some("viewer");
                    } else {
                        self.store(slot, cx);
                    }
                } else if let Some(slot) = slot("store_") {
                    self.store(slot, cx);
                } else if let Some(slot) = slot("compare_") {
                    cx.shared.look_b = cx.shared.slots[slot].clone();
                    if cx.shared.compare == Compare::Off && cx.shared.look_b.is_some() {
                        cx.shared.compare = Compare::Wipe;
                    }
                } else if !self.overlays.act(action, cx) && !self.canvas.act(action, cx) {
                    self.dock.act(action, cx, self.pointer);
                }
            }
        }
    }

    /// Makes a new take of every selected item.
    fn force(&mut self, cx: &mut Cx<'_>) {
        let (selection, document) = (&cx.shared.selection, cx.document);
        let nodes = selection.nodes.iter().filter_map(|id| cx.view.nodes.get(id));
        let wanted = |element: &Option<String>| {
            selection.elements.is_empty() || element.as_ref().is_none_or(|id| selection.elements.contains(id))
        };
        let items: Vec<&str> = nodes
            .flat_map(|node| &node.items)
            .filter(|item| wanted(&item.element))
            .map(|item| item.name.as_str())
            .take(MOST_ROLLED)
            .collect();
        if items.is_empty() {
            cx.shared.toast = Some("Select what to roll again first".to_owned());
            return;
        }
        // Takes of nodes in a group are the group's own.
        let (own, inner): (Vec<&str>, Vec<&str>) =
            items.into_iter().partition(|item| document.nodes.contains_key(model::node_of_item(item)));
        if !inner.is_empty() {
            cx.shared.toast = Some("Enter the group to roll its takes".to_owned());
        }
        for item in own {
            cx.commands.push(Command::Roll { item: item.to_owned(), n: 1, approval: Approval::default() });
        }
    }

    /// Pins the selected node to a slot and shows it.
    fn store(&mut self, slot: usize, cx: &mut Cx<'_>) {
        let Some(node) = cx.shared.selection.primary() else { return };
        let look = Look::at(node);
        cx.shared.look_a = Some(look.clone());
        cx.shared.slots[slot] = Some(look);
        cx.shared.show_panel = Some("viewer");
    }

    fn menu(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        egui::MenuBar::new().ui(ui, |ui| {
            let mut groups: Vec<&str> = Vec::new();
            for action in ACTIONS {
                if !groups.contains(&action.group) {
                    groups.push(action.group);
                }
            }
            let mut chosen = None;
            for group in groups {
                ui.menu_button(group, |ui| {
                    for action in ACTIONS.iter().filter(|action| action.group == group) {
                        // Slots have nine rows each; the first stands for all of them in the menu.
                        let numbered = action.id.ends_with(|c: char| ('2'..='9').contains(&c));
                        if numbered {
                            continue;
                        }
                        let hint = cx.shared.keymap.hint(action.id);
                        if ui.add(egui::Button::new(action.title).shortcut_text(hint)).clicked() {
                            chosen = Some(action.id);
                            ui.close();
                        }
                    }
                });
            }
            ui.menu_button("Panels", |ui| self.dock.menu(ui));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| self.dock.workspaces_ui(ui, cx));
            if let Some(action) = chosen {
                self.act(action, cx);
            }
        });
    }
}

/// The way from the outermost graph to this one; each step leads back.
fn crumbs(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal(|ui| {
        let n = cx.files.crumbs.len();
        for (i, name) in cx.files.crumbs.iter().enumerate() {
            if ui.link(name).on_hover_text("Leave the group; what was changed in it is saved").clicked() {
                cx.commands.push(Command::File(FileCommand::Leave(n - i)));
            }
            ui.label(icons::text(Icon::ChevronRight, size::BODY).color(cx.theme.weak));
        }
        ui.strong(cx.files.name());
        let hint = cx.shared.keymap.hint("leave");
        ui.label(egui::RichText::new(format!("{hint} leaves the group")).color(cx.theme.weak).size(size::SMALL));
    });
}

fn status(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal(|ui| {
        let run = &cx.view.run;
        if run.running {
            ui.spinner();
            ui.label(format!("{} made, {} to go", run.ran, run.waiting));
        }
        if 0 < run.failed {
            ui.colored_label(cx.theme.bad, format!("{} failed", run.failed));
        }
        if 0 < run.held {
            ui.colored_label(cx.theme.money, format!("{} held for approval", run.held));
        }
        if !run.cost.is_free() {
            ui.label(run.cost.to_string());
        }
        if let Some(toast) = &cx.shared.toast {
            ui.add_space(space::L);
            ui.label(toast);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let live = if run.live { "Live" } else { "Manual" };
            let hint = actions::action("live").map_or("", |action| action.title);
            if ui.small_button(live).on_hover_text(hint).clicked() {
                cx.commands.push(Command::SetLive(!run.live));
            }
        });
    });
}

#[cfg(test)]
mod keys;
