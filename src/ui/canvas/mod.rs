//! The node canvas: a painter over the document.
//!
//! The document stays the only model; the canvas owns a camera, a picture of the document per revision, and the
//! gesture that is going on. Node graph libraries were measured (reference figures): they own the graph and draw
//! every node, seen or not.

mod act;
mod camera;
mod decor;
mod edits;
mod gestures;
mod grid;
mod hit;
mod paint;
mod scene;
#[cfg(test)]
mod tests;
mod tidy;
mod wires;
mod write;

use egui::{PointerButton, Pos2, Sense, Ui};

use self::camera::Camera;
use self::gestures::Gesture;
use self::hit::Hit;
use self::paint::{Detail, FarMesh};
use self::scene::Scene;
use self::write::Writing;
use crate::cx::Cx;

/// See the module.
pub(crate) struct Canvas {
    camera: Camera,
    scene: Scene,
    gesture: Gesture,
    /// The button that the gesture started with.
    button: Option<PointerButton>,
    /// The pointer on the screen.
    hover: Option<Pos2>,
    far: FarMesh,
    detail: Detail,
    seen_nodes: Vec<u32>,
    seen_wires: Vec<u32>,
    /// A title or a note that is being written.
    writing: Option<Writing>,
    /// The whole graph was brought into view once.
    fitted: bool,
    minimap: bool,
}

impl Default for Canvas {
    fn default() -> Canvas {
        Canvas {
            camera: Camera::default(),
            scene: Scene::default(),
            gesture: Gesture::Idle,
            button: None,
            hover: None,
            far: FarMesh::default(),
            detail: Detail::Full,
            seen_nodes: Vec::new(),
            seen_wires: Vec::new(),
            writing: None,
            fitted: false,
            minimap: true,
        }
    }
}

impl Canvas {
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let rect = ui.available_rect_before_wrap();
        self.camera.view = rect;
        let response = ui.interact(rect, ui.scope_id().with("canvas"), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Group, true, "Canvas"));
        if self.scene.refresh(cx) {
            // What somebody was doing was about another document.
            self.gesture = Gesture::Idle;
            self.button = None;
        }
        if !self.fitted && !self.scene.nodes.is_empty() && 100.0 < rect.height() {
            self.fitted = true;
            self.camera.fit(self.scene.bounds);
        }
        if let Some(id) = cx.shared.reveal.take()
            && let Some(i) = self.scene.find(cx.document, &id)
        {
            self.camera.reveal(self.scene.nodes[i as usize].rect);
        }
        self.take_input(ui, &response, cx);
        if self.scene.refresh(cx) {
            self.gesture = Gesture::Idle;
        }
        let pointer = self.hover.filter(|_| response.contains_pointer());
        let hover = match (pointer, &self.gesture) {
            (Some(at), Gesture::Idle) => hit::at(&self.scene, self.camera.to_canvas(at), self.camera.zoom),
            _ => Hit::Empty,
        };
        let painter = ui.painter_at(rect);
        self.paint(ui, &painter, &hover, pointer, cx);
        self.writing_ui(ui, cx);
    }
}
