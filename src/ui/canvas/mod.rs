//! The node canvas: a painter over the document.
//!
//! The document stays the only model; the canvas owns a camera, a picture of the document per revision, and the
//! gesture that is going on. Node graph libraries were measured (reference figures): they own the graph and draw
//! every node, seen or not.

mod act;
mod arrange;
mod camera;
mod clipboard;
mod decor;
mod drop;
mod edits;
mod find;
mod gestures;
mod grid;
mod hit;
mod hover;
mod linked;
mod menu;
mod minimap;
mod paint;
#[cfg(test)]
mod pictures;
mod scene;
#[cfg(test)]
mod stress;
#[cfg(test)]
mod tests;
mod tidy;
mod walk;
mod wires;
mod write;

use egui::{PointerButton, Pos2, Sense, Ui};

use self::camera::Camera;
pub use self::edits::finish as with_layout;
use self::find::Find;
use self::gestures::Gesture;
use self::hit::Hit;
pub(crate) use self::linked::unlink;
use self::menu::About;
use self::minimap::Minimap;
use self::paint::{Detail, FarMesh};
use self::scene::Scene;
use self::write::Writing;
use crate::command::{Command, FileCommand};
use crate::cx::Cx;
use crate::theme::size;

/// See the module.
pub struct Canvas {
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
    /// A frame or a note that is being added: its words are written next.
    write_next: Option<String>,
    find: Option<Find>,
    menu_about: About,
    /// Where the menu was opened, on the screen.
    menu_place: Option<Pos2>,
    /// Text on its way to the clipboard, and what went there last.
    copied: Option<String>,
    last_copied: Option<String>,
    minimap: Minimap,
    shows_minimap: bool,
    /// The whole graph was brought into view once.
    fitted: bool,
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
            write_next: None,
            find: None,
            menu_about: About::Empty,
            menu_place: None,
            copied: None,
            last_copied: None,
            minimap: Minimap::default(),
            shows_minimap: true,
            fitted: false,
        }
    }
}

impl Canvas {
    /// Draws a frame and takes what the pointer does.
    pub fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let rect = ui.available_rect_before_wrap();
        self.camera.view = rect;
        let response = ui.interact(rect, ui.scope_id().with("canvas"), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Group, true, "Canvas"));
        if self.scene.refresh(cx) {
            self.forget();
        }
        if !self.fitted && !self.scene.nodes.is_empty() && 100.0 < rect.height() {
            self.fitted = true;
            // The first node of an empty graph stays where somebody put it.
            if 1 < self.scene.nodes.len() || cx.history.done.is_empty() {
                self.camera.fit(self.scene.bounds);
            }
        }
        if let Some(id) = cx.shared.reveal.take()
            && let Some(i) = self.scene.find(cx.document, &id)
        {
            self.camera.reveal(self.scene.nodes[i as usize].rect);
        }
        if let Some(key) = self.write_next.take_if(|key| self.scene.decor.contains_key(key)) {
            self.start_writing(&key);
        }
        self.take_input(ui, &response, cx);
        self.take_files(ui, &response, cx);
        self.menu_ui(&response, cx);
        self.scene.refresh(cx);
        if let Some(text) = self.copied.take() {
            ui.ctx().copy_text(text.clone());
            self.last_copied = Some(text);
        }
        // What opened over the canvas has the pointer's attention.
        let is_covered = cx.shared.palette.is_some();
        let pointer = self.hover.filter(|_| response.contains_pointer() && !is_covered);
        let hover = match (pointer, &self.gesture) {
            (Some(at), Gesture::Idle) => hit::at(&self.scene, self.camera.to_canvas(at), self.camera.zoom),
            _ => Hit::Empty,
        };
        let cursor = match &self.gesture {
            Gesture::Pan => Some(egui::CursorIcon::Grabbing),
            Gesture::Slash { .. } => Some(egui::CursorIcon::Crosshair),
            Gesture::Resize { .. } => Some(egui::CursorIcon::ResizeNwSe),
            Gesture::Move(_) => Some(egui::CursorIcon::Move),
            _ if matches!(hover, Hit::Corner(_)) => Some(egui::CursorIcon::ResizeNwSe),
            _ if matches!(hover, Hit::Port { .. } | Hit::More(_)) => Some(egui::CursorIcon::PointingHand),
            _ => None,
        };
        if let Some(cursor) = cursor {
            ui.ctx().set_cursor_icon(cursor);
        }
        let painter = ui.painter_at(rect);
        self.paint(ui, &painter, &hover, pointer, cx);
        if self.scene.nodes.is_empty() && self.scene.decor.is_empty() {
            let text = "Press Tab or double click to add the first node, or drop a graph, a script or media here";
            let font = egui::FontId::proportional(size::HEADING);
            painter.text(rect.center(), egui::Align2::CENTER_CENTER, text, font, cx.theme.weak);
        }
        if self.shows_minimap {
            self.minimap.paint(&painter, &self.scene, self.camera, cx.theme);
        }
        self.writing_ui(ui, cx);
        self.find_ui(ui, cx);
        if matches!(self.gesture, Gesture::Idle) && self.writing.is_none() {
            self.hover_ui(ui, &hover, cx);
        }
        if !cx.commands.0.is_empty() {
            // What they change is seen in the next frame.
            ui.ctx().request_repaint();
        }
    }

    /// Files that fell here; where the system does not say where, they are left to the window.
    fn take_files(&self, ui: &Ui, response: &egui::Response, cx: &mut Cx<'_>) {
        let Some(at) = self.hover.filter(|at| response.contains_pointer() && self.camera.view.contains(*at)) else {
            return;
        };
        let dropped = ui.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
        if !dropped.is_empty() {
            let paths = dropped.iter().map(|file| file.path().to_owned()).collect();
            let place = self.camera.to_canvas(at);
            cx.commands.push(Command::File(FileCommand::Drop { paths, at: Some((place.x, place.y)) }));
        }
    }

    /// What somebody was doing was about another document.
    fn forget(&mut self) {
        self.gesture = Gesture::Idle;
        self.button = None;
    }
}
