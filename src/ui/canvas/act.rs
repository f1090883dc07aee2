//! Actions of the keymap that are for the canvas. Each is one undo step, or none.

use egui::{Pos2, Rect, vec2};
use indexmap::IndexSet;
use model::{Data, Document, Edit, Feed, GROUP, PortRef};

use super::arrange::{self, Edge};
use super::clipboard::{self, Outside, To};
use super::decor::{self, DecorKind};
use super::find::Find;
use super::gestures::{STEP, snap};
use super::scene::NodeBox;
use super::walk::{self, Way};
use super::{Canvas, edits, linked};
use crate::command::{Command, FileCommand};
use crate::cx::{Cx, Selection};

impl Canvas {
    /// Does an action; false where it is not for the canvas.
    pub fn act(&mut self, action: &str, cx: &mut Cx<'_>) -> bool {
        if self.scene.refresh(cx) {
            self.forget();
        }
        // Actions are about the document, not about what a gesture shows of it.
        if action != "leave" {
            self.cancel();
            self.scene.refresh(cx);
        }
        match action {
            "leave" => {
                let finding = self.find.take().is_some();
                let ended = self.cancel() || finding;
                if !ended && !cx.files.crumbs.is_empty() {
                    cx.commands.push(Command::File(FileCommand::Leave(1)));
                    return true;
                }
                return ended;
            }
            "cut" => {
                self.copy(cx);
                self.delete(cx);
            }
            "copy" => self.copy(cx),
            "paste" => self.paste(Outside::Drop, cx),
            "paste_linked" => self.paste(Outside::Keep, cx),
            "select_all" => self.select_all(cx),
            "delete" => self.delete(cx),
            "delete_heal" => self.delete_heal(cx),
            "duplicate" => self.duplicate("Duplicate", Outside::Drop, cx),
            "duplicate_linked" => self.duplicate("Duplicate with inputs", Outside::Keep, cx),
            "linked_copy" => self.linked_copy(cx),
            "unlink" => self.unlink(cx),
            "rename" => self.rename_selected(cx),
            "add" => {
                let at = self.pointer_or_center();
                self.open_palette(at, None, cx);
            }
            "bypass" => self.bypass(cx),
            "collapse" => self.toggle_look("folded", Data::Flag(true), "Collapse", cx),
            "thumbnail" => self.toggle_look("thumbnail", Data::Flag(false), "Toggle thumbnail", cx),
            "swap_inputs" => self.swap_inputs(cx),
            "group" => {
                let nodes: Vec<String> = cx.shared.selection.nodes.iter().cloned().collect();
                if nodes.is_empty() {
                    cx.shared.toast = Some("Select the nodes of the group first".to_owned());
                } else {
                    cx.commands.push(Command::File(FileCommand::Group { nodes }));
                }
            }
            "ungroup" => match self.selected_group(cx) {
                Some(node) => cx.commands.push(Command::File(FileCommand::Ungroup { node })),
                None => cx.shared.toast = Some("Select a group first".to_owned()),
            },
            "enter" => match cx.shared.selection.primary().and_then(|id| self.scene.find(cx.document, id)) {
                Some(node) if self.scene.nodes[node as usize].kind == GROUP => self.enter_group(node, cx),
                Some(_) => cx.shared.show_panel = Some("inspector"),
                None => return false,
            },
            "backdrop" => self.backdrop(cx),
            "note" => self.note(cx),
            "tidy" => self.tidy(cx),
            "align_left" => self.align(Edge::Left, cx),
            "align_right" => self.align(Edge::Right, cx),
            "align_top" => self.align(Edge::Top, cx),
            "align_bottom" => self.align(Edge::Bottom, cx),
            "find" => self.find = Some(Find::default()),
            "frame" => self.frame(cx),
            "frame_all" => self.camera.fit(self.scene.bounds),
            "walk_left" => self.walk(Way::Left, Reach::Go, cx),
            "walk_right" => self.walk(Way::Right, Reach::Go, cx),
            "walk_up" => self.walk(Way::Up, Reach::Go, cx),
            "walk_down" => self.walk(Way::Down, Reach::Go, cx),
            "extend_left" => self.walk(Way::Left, Reach::Extend, cx),
            "extend_right" => self.walk(Way::Right, Reach::Extend, cx),
            "extend_up" => self.walk(Way::Up, Reach::Extend, cx),
            "extend_down" => self.walk(Way::Down, Reach::Extend, cx),
            "minimap" => self.shows_minimap = !self.shows_minimap,
            _ => return false,
        }
        true
    }

    /// The selected nodes by index, ascending.
    fn selected(&self, cx: &Cx<'_>) -> Vec<u32> {
        let ids = cx.shared.selection.nodes.iter();
        let mut nodes: Vec<u32> = ids.filter_map(|id| self.scene.find(cx.document, id)).collect();
        nodes.sort_unstable();
        nodes
    }

    /// Where the menu was opened, the pointer is, or the middle of the view, on the screen.
    fn pointer_or_center(&self) -> Pos2 {
        let at = self.menu_place.or(self.hover);
        at.filter(|at| self.camera.view.contains(*at)).unwrap_or(self.camera.view.center())
    }

    fn copy(&mut self, cx: &mut Cx<'_>) {
        let part = clipboard::part_of(cx.document, &self.scene, &cx.shared.selection);
        if !clipboard::is_empty(&part) {
            self.copied = Some(part.to_text());
        }
    }

    fn paste(&mut self, outside: Outside, cx: &mut Cx<'_>) {
        // A menu has no text of the system's clipboard: what this canvas copied last is the next best.
        let text = cx.shared.pasted.take().or_else(|| self.last_copied.clone()).unwrap_or_default();
        match clipboard::read(&text, cx.catalog) {
            Ok(mut part) => {
                part.nodes.values_mut().for_each(|node| linked::mark(node, None));
                let at = snap(self.camera.to_canvas(self.pointer_or_center()), false);
                self.implant("Paste", &part, To::Place(at), outside, cx);
            }
            Err(why) => cx.shared.toast = Some(why),
        }
    }

    fn implant(&mut self, label: &str, part: &Document, to: To, outside: Outside, cx: &mut Cx<'_>) {
        let (made, selection) = clipboard::implant(cx.document, part, to, outside);
        if made.is_empty() {
            return;
        }
        if !edits::applies(cx.document, &made) {
            cx.shared.toast = Some("What was pasted cannot stand in this graph".to_owned());
            return;
        }
        cx.commands.edit(label, made);
        cx.shared.selection = Selection { elements: cx.shared.selection.elements.clone(), ..selection };
    }

    fn duplicate(&mut self, label: &str, outside: Outside, cx: &mut Cx<'_>) {
        let mut part = clipboard::part_of(cx.document, &self.scene, &cx.shared.selection);
        part.nodes.values_mut().for_each(|node| linked::mark(node, None));
        self.implant(label, &part, To::Beside(BESIDE), outside, cx);
    }

    /// A copy that stays the same as its original: groups share their file, other nodes their parameters.
    fn linked_copy(&mut self, cx: &mut Cx<'_>) {
        if cx.shared.selection.nodes.is_empty() {
            cx.shared.toast = Some("Select the nodes to copy first".to_owned());
            return;
        }
        let mut part = clipboard::part_of(cx.document, &self.scene, &cx.shared.selection);
        let sets = linked::sets_for(cx.document, part.nodes.keys());
        for (id, set) in &sets {
            if let Some(node) = part.nodes.get_mut(id) {
                linked::mark(node, Some(set));
            }
        }
        let (mut made, selection) = clipboard::implant(cx.document, &part, To::Beside(BESIDE), Outside::Drop);
        let marks = sets.into_iter().filter(|(id, _)| cx.document.nodes[id].linked().is_none());
        made.extend(marks.map(|(node, set)| Edit::SetLinked { node, set: Some(set), at: None }));
        cx.commands.edit("Linked copy", made);
        cx.shared.selection = Selection { elements: cx.shared.selection.elements.clone(), ..selection };
    }

    /// Lets the selected nodes have parameters of their own again.
    fn unlink(&mut self, cx: &mut Cx<'_>) {
        let made: Vec<Edit> = self
            .selected(cx)
            .iter()
            .flat_map(|i| linked::unlink(cx.document, &self.scene.nodes[*i as usize].id, &cx.shared.selection.nodes))
            .collect();
        if made.is_empty() {
            cx.shared.toast = Some("No linked copy is selected".to_owned());
        }
        cx.commands.edit("Unlink", made);
    }

    fn select_all(&mut self, cx: &mut Cx<'_>) {
        cx.shared.selection.nodes = cx.document.nodes.keys().cloned().collect();
        cx.shared.selection.decor = self.scene.decor.keys().cloned().collect();
    }

    fn delete(&mut self, cx: &mut Cx<'_>) {
        let made = removal(cx.document, &cx.shared.selection);
        cx.commands.edit("Delete", edits::finish(cx.document, made));
        cx.shared.selection.clear();
    }

    fn delete_heal(&mut self, cx: &mut Cx<'_>) {
        let gone: IndexSet<String> = cx.shared.selection.nodes.clone();
        let mut made = edits::heal(cx.document, &self.scene, &gone);
        made.extend(removal(cx.document, &cx.shared.selection));
        cx.commands.edit("Pull out", edits::finish(cx.document, made));
        cx.shared.selection.clear();
    }

    fn rename_selected(&mut self, cx: &mut Cx<'_>) {
        let node = cx.shared.selection.primary().and_then(|id| self.scene.find(cx.document, id));
        match (node, cx.shared.selection.decor.last().cloned()) {
            (Some(node), _) => {
                self.camera.reveal(self.scene.nodes[node as usize].rect);
                self.start_rename(node);
            }
            (None, Some(key)) => self.start_writing(&key),
            (None, None) => {}
        }
    }

    fn bypass(&mut self, cx: &mut Cx<'_>) {
        let nodes = self.selected(cx);
        let all = nodes.iter().all(|i| self.scene.nodes[*i as usize].bypassed);
        let edit = |i: &u32| Edit::SetBypass {
            node: self.scene.nodes[*i as usize].id.clone(),
            on: (!all).then_some(true),
            at: None,
        };
        cx.commands.edit(if all { "Enable" } else { "Bypass" }, nodes.iter().map(edit).collect());
    }

    /// Sets a field of the look of all selected nodes, or removes it where all of them have it.
    fn toggle_look(&mut self, field: &str, value: Data, label: &str, cx: &mut Cx<'_>) {
        let nodes: Vec<&NodeBox> = self.selected(cx).iter().map(|i| &self.scene.nodes[*i as usize]).collect();
        let look = |node: &NodeBox| cx.document.layout.get(&node.id).and_then(Data::as_fields)?.get(field).cloned();
        let all = nodes.iter().all(|node| look(node).as_ref() == Some(&value));
        let set = (!all).then_some(value);
        let made = nodes.iter().map(|node| edits::set_look(cx.document, &node.id, node.rect.min, field, set.clone()));
        let made = made.collect();
        cx.commands.edit(label, made);
    }

    fn swap_inputs(&mut self, cx: &mut Cx<'_>) {
        let nodes = self.selected(cx);
        let made: Vec<Edit> = nodes.iter().flat_map(|i| swapped(cx.document, &self.scene.nodes[*i as usize])).collect();
        if made.is_empty() && !nodes.is_empty() {
            cx.shared.toast = Some("There are no two inputs to swap".to_owned());
        }
        cx.commands.edit("Swap inputs", edits::finish(cx.document, made));
    }

    fn selected_group(&self, cx: &Cx<'_>) -> Option<String> {
        let id = cx.shared.selection.primary()?;
        (cx.document.nodes.get(id)?.kind == GROUP).then(|| id.to_owned())
    }

    /// Goes into a group.
    pub(super) fn enter_group(&mut self, node: u32, cx: &mut Cx<'_>) {
        let node = self.scene.nodes[node as usize].id.clone();
        let file = cx.document.nodes.get(&node).and_then(|node| node.params.get("file")).and_then(Data::as_text);
        match file.map(str::to_owned) {
            Some(file) => cx.commands.push(Command::File(FileCommand::Enter { node, file })),
            None => cx.shared.toast = Some("This group names no file".to_owned()),
        }
    }

    fn backdrop(&mut self, cx: &mut Cx<'_>) {
        let decor =
            cx.shared.selection.decor.iter().filter_map(|key| self.scene.decor.get(key)).map(|decor| decor.rect);
        let around = arrange::frame_around(&self.scene, &self.selected(cx), decor);
        let middle = || Rect::from_center_size(self.camera.to_canvas(self.pointer_or_center()), vec2(400.0, 300.0));
        let rect = around.unwrap_or_else(middle);
        let (key, edit) = decor::add(cx.document, DecorKind::Frame, rect, "Frame");
        let mut made = vec![edit];
        // A frame drawn around nodes must stay around them.
        made.extend(edits::settle(cx.document, &self.scene, &[]));
        cx.commands.edit("Add a frame", made);
        self.write_next = Some(key);
    }

    fn note(&mut self, cx: &mut Cx<'_>) {
        let at = snap(self.camera.to_canvas(self.pointer_or_center()), false);
        let (key, edit) = decor::add(cx.document, DecorKind::Note, Rect::from_min_size(at, vec2(200.0, 120.0)), "");
        cx.commands.edit("Add a note", vec![edit]);
        self.write_next = Some(key);
    }

    fn tidy(&mut self, cx: &mut Cx<'_>) {
        let mut nodes = self.selected(cx);
        if nodes.len() < 2 {
            nodes = (0..self.scene.nodes.len() as u32).collect();
        }
        let made = arrange::tidy(cx.document, &self.scene, &nodes);
        cx.commands.edit(format!("Tidy {} nodes", nodes.len()), made);
    }

    fn align(&mut self, edge: Edge, cx: &mut Cx<'_>) {
        let nodes = self.selected(cx);
        if 1 < nodes.len() {
            cx.commands.edit("Align", arrange::align(cx.document, &self.scene, &nodes, edge));
        }
    }

    fn frame(&mut self, cx: &Cx<'_>) {
        let mut area = Rect::NOTHING;
        self.selected(cx).iter().for_each(|i| area |= self.scene.nodes[*i as usize].rect);
        let decor = cx.shared.selection.decor.iter().filter_map(|key| self.scene.decor.get(key));
        decor.for_each(|decor| area |= decor.rect);
        self.camera.fit(if area.is_positive() { area } else { self.scene.bounds });
    }

    fn walk(&mut self, way: Way, reach: Reach, cx: &mut Cx<'_>) {
        let from = cx.shared.selection.primary().and_then(|id| self.scene.find(cx.document, id));
        let to = match from {
            Some(from) => walk::next(&self.scene, from, way),
            None => walk::nearest(&self.scene, self.camera.seen().center()),
        };
        let Some(to) = to else { return };
        let node = &self.scene.nodes[to as usize];
        if reach == Reach::Go {
            cx.shared.selection.clear();
        }
        cx.shared.selection.nodes.shift_remove(&node.id);
        cx.shared.selection.nodes.insert(node.id.clone());
        self.camera.reveal(node.rect);
    }
}

/// How far beside the original a copy stands.
const BESIDE: egui::Vec2 = vec2(STEP * 2.0, STEP * 2.0);

/// Whether walking leaves what was selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Go,
    Extend,
}

/// Removes what is selected.
fn removal(document: &Document, selection: &Selection) -> Vec<Edit> {
    let nodes = selection.nodes.iter().filter(|id| document.nodes.contains_key(*id));
    let unlinked = nodes.clone().flat_map(|id| linked::unlink(document, id, &selection.nodes));
    let unlinked: Vec<Edit> = unlinked
        .filter(|edit| matches!(edit, Edit::SetLinked { node, .. } if !selection.nodes.contains(node)))
        .collect();
    let nodes = nodes.map(|id| Edit::RemoveNode { id: id.clone() });
    let decor = selection.decor.iter().filter(|key| document.layout.contains_key(*key));
    let decor = decor.map(|key| Edit::SetLayout { key: key.clone(), value: None, at: None });
    unlinked.into_iter().chain(nodes).chain(decor).collect()
}

/// Swaps what feeds the first two inputs of one type; the first two wires of an input that takes many.
fn swapped(document: &Document, node: &NodeBox) -> Vec<Edit> {
    let name = |i: usize| PortRef::new(&node.id, &node.inputs[i].name);
    let set = |i: usize, feed: Option<Feed>| Edit::SetLink { to: name(i), feed, at: None };
    let feed = |i: usize| document.links.get(&name(i)).cloned();
    for (i, port) in node.inputs.iter().enumerate().filter(|(_, port)| port.connected) {
        if let Some(Feed::Many(mut sources)) = feed(i)
            && 1 < sources.len()
        {
            sources.swap(0, 1);
            return vec![set(i, Some(Feed::Many(sources)))];
        }
        let twin = |(j, other): &(usize, &super::scene::PortBox)| {
            *j != i && other.ty == port.ty && other.many == port.many && !other.missing
        };
        if let Some((j, _)) = node.inputs.iter().enumerate().find(twin) {
            return vec![set(i, feed(j)), set(j, feed(i))];
        }
    }
    Vec::new()
}
