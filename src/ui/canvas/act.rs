//! Actions of the keymap that are for the canvas.

use model::Edit;

use super::hit::Hit;
use super::{Canvas, edits};
use crate::cx::Cx;

impl Canvas {
    /// Does an action; false where it is not for the canvas.
    pub(crate) fn act(&mut self, action: &str, cx: &mut Cx<'_>) -> bool {
        self.scene.refresh(cx);
        match action {
            "leave" => return self.cancel(),
            "frame" => self.frame(cx),
            "frame_all" => self.camera.fit(self.scene.bounds),
            "delete" => self.delete(cx),
            "minimap" => self.minimap = !self.minimap,
            _ => return false,
        }
        true
    }

    fn frame(&mut self, cx: &Cx<'_>) {
        let selection = &cx.shared.selection;
        let nodes = selection.nodes.iter().filter_map(|id| self.scene.find(cx.document, id));
        let mut area = egui::Rect::NOTHING;
        nodes.for_each(|i| area |= self.scene.nodes[i as usize].rect);
        selection.decor.iter().filter_map(|key| self.scene.decor.get(key)).for_each(|decor| area |= decor.rect);
        self.camera.fit(if area.is_positive() { area } else { self.scene.bounds });
    }

    fn delete(&mut self, cx: &mut Cx<'_>) {
        let selection = &cx.shared.selection;
        let nodes = selection.nodes.iter().filter(|id| cx.document.nodes.contains_key(*id));
        let mut made: Vec<Edit> = nodes.map(|id| Edit::RemoveNode { id: id.clone() }).collect();
        let decor = selection.decor.iter().filter(|key| cx.document.layout.contains_key(*key));
        made.extend(decor.map(|key| Edit::SetLayout { key: key.clone(), value: None, at: None }));
        cx.commands.edit("Delete", edits::finish(cx.document, made));
        cx.shared.selection.clear();
    }

    pub(super) fn menu_at(&mut self, _place: egui::Pos2, _hit: &Hit, _cx: &mut Cx<'_>) {}

    pub(super) fn enter_group(&mut self, _node: u32, _cx: &mut Cx<'_>) {}
}
