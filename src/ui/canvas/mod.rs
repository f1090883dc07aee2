//! The node canvas: a painter over the document.

use egui::{Ui, pos2, vec2};

use crate::cx::Cx;
use crate::wiring::place_of;

/// See the module.
#[derive(Default)]
pub(crate) struct Canvas {}

impl Canvas {
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let rect = ui.available_rect_before_wrap();
        ui.painter().rect_filled(rect, 0.0, cx.theme.canvas);
        for (id, node) in &cx.document.nodes {
            let (x, y) = place_of(cx.document, id).unwrap_or_default();
            let at = egui::Rect::from_min_size(rect.min + vec2(x, y) * 0.5, vec2(100.0, 30.0));
            ui.painter().rect_filled(at, 4.0, cx.theme.family(&node.kind));
            let response = ui.interact(at, ui.scope_id().with(id), egui::Sense::click());
            if response.clicked() {
                cx.shared.selection.only(id);
            }
            ui.painter().text(
                pos2(at.left() + 4.0, at.top() + 4.0),
                egui::Align2::LEFT_TOP,
                id,
                egui::FontId::proportional(12.0),
                cx.theme.text,
            );
        }
    }

    pub(crate) fn act(&mut self, _action: &str, _cx: &mut Cx<'_>) -> bool {
        false
    }
}
