//! Paints the scene at one of three levels of detail. Only what is seen costs anything.

mod far;
mod full;
mod overlay;

use egui::{Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, vec2};
use model::PortType;

pub(crate) use far::FarMesh;

use super::Canvas;
use super::camera::Camera;
use super::decor::{self, Decor, DecorKind};
use super::gestures::Gesture;
use super::hit::Hit;
use super::scene::{Scene, Wire};
use super::wires;
use crate::cx::Cx;
use crate::theme::{Theme, size};

/// How much of a node is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Full,
    /// Boxes with titles, and curves.
    Boxes,
    /// One mesh.
    Far,
}

impl Detail {
    /// By zoom, and by how much there is to see.
    pub(crate) fn of(zoom: f32, n_seen: usize) -> Detail {
        match n_seen {
            ..=200 if 0.45 <= zoom => Detail::Full,
            ..=900 if 0.14 <= zoom => Detail::Boxes,
            _ => Detail::Far,
        }
    }
}

/// What painting needs, and what is seen.
pub(crate) struct Brush<'a> {
    pub(crate) painter: &'a Painter,
    pub(crate) camera: Camera,
    pub(crate) theme: &'a Theme,
    pub(crate) scene: &'a Scene,
    pub(crate) gesture: &'a Gesture,
    pub(crate) hover: &'a Hit,
    /// The pointer on the screen, where it is over the canvas.
    pub(crate) pointer: Option<Pos2>,
}

impl Canvas {
    /// Paints everything; `hover` is what is under the pointer.
    pub(super) fn paint(&mut self, ui: &Ui, painter: &Painter, hover: &Hit, pointer: Option<Pos2>, cx: &mut Cx<'_>) {
        let camera = self.camera;
        let seen = camera.seen();
        self.scene.nodes_in(seen, &mut self.seen_nodes);
        let detail = Detail::of(camera.zoom, self.seen_nodes.len());
        self.detail = detail;
        let moved = self.scene.take_moved();
        let brush =
            Brush { painter, camera, theme: cx.theme, scene: &self.scene, gesture: &self.gesture, hover, pointer };
        brush.background();
        for (key, decor) in &self.scene.decor {
            if decor.kind == DecorKind::Frame && decor.rect.intersects(seen) {
                brush.decor(key, decor, cx);
            }
        }
        if detail == Detail::Far {
            self.far.paint(painter, &self.scene, &moved, camera, cx);
        } else {
            if !moved.is_empty() {
                self.far.forget();
            }
            self.scene.wires_in(seen, &mut self.seen_wires);
            for i in &self.seen_wires {
                brush.wire(*i, detail, cx);
            }
            for i in &self.seen_nodes {
                match detail {
                    Detail::Full => brush.node(ui, *i, cx),
                    _ => brush.small_node(ui, *i, cx),
                }
            }
        }
        for (key, decor) in &self.scene.decor {
            if decor.kind == DecorKind::Note && decor.rect.intersects(seen) {
                brush.decor(key, decor, cx);
            }
        }
        brush.overlay();
    }
}

impl Brush<'_> {
    fn background(&self) {
        let view = self.camera.view;
        self.painter.rect_filled(view, 0.0, self.theme.canvas);
        // Lines of the grid keep a distance that can be seen.
        let mut step = super::gestures::STEP * 5.0 * self.camera.zoom;
        while step < 40.0 {
            step *= 4.0;
        }
        let origin = self.camera.to_screen(Pos2::ZERO);
        let stroke = Stroke::new(1.0, self.theme.grid);
        let mut x = view.left() + (origin.x - view.left()).rem_euclid(step);
        while x < view.right() {
            self.painter.vline(x, view.y_range(), stroke);
            x += step;
        }
        let mut y = view.top() + (origin.y - view.top()).rem_euclid(step);
        while y < view.bottom() {
            self.painter.hline(view.x_range(), y, stroke);
            y += step;
        }
    }

    /// A font at the canvas's zoom. Whole sizes only: every size is a set of glyphs in the texture.
    fn font(&self, points: f32) -> FontId {
        FontId::proportional((points * self.camera.zoom).round().max(1.0))
    }

    /// One line of text that ends in an ellipsis where it does not fit; nothing where it could not be read.
    fn line(&self, at: Pos2, align: egui::Align2, text: &str, points: f32, color: Color32, width: f32) -> Rect {
        let nothing = Rect::from_min_size(at, vec2(0.0, 0.0));
        if text.is_empty() || points * self.camera.zoom < 4.5 || width < 4.0 {
            return nothing;
        }
        let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), self.font(points), color);
        job.wrap = egui::text::TextWrapping::truncate_at_width(width);
        let galley = self.painter.layout_job(job);
        let rect = align.anchor_size(at, galley.size());
        self.painter.galley(rect.min, galley, color);
        rect
    }

    /// An icon in the middle of a place.
    fn icon(&self, at: Pos2, icon: crate::icons::Icon, points: f32, color: Color32) {
        let points = (points * self.camera.zoom).round();
        if points < 5.0 {
            return;
        }
        let font = FontId::new(points, egui::FontFamily::Name(crate::icons::FAMILY.into()));
        self.painter.text(at, egui::Align2::CENTER_CENTER, char::from(icon), font, color);
    }

    /// A wire's width on the screen.
    fn wire_width(&self, many: bool) -> f32 {
        let zoom = self.camera.zoom.clamp(0.35, 1.5);
        if many { 5.0 * zoom } else { 2.2 * zoom }
    }

    fn wire(&self, i: u32, detail: Detail, cx: &Cx<'_>) {
        let wire = &self.scene.wires[i as usize];
        if self.is_loose(wire) {
            return;
        }
        let (given, wanted) = self.scene.types(wire);
        let mut color = self.theme.port(given);
        let touched = matches!(self.hover, Hit::Wire { wire, .. } | Hit::Bend { wire, .. } if *wire == i);
        let into = matches!(self.gesture, Gesture::Move(drag) if drag.into == Some(i));
        let from = &self.scene.nodes[wire.from.0 as usize];
        let to = &self.scene.nodes[wire.to.0 as usize];
        let mine = |id: &String| cx.shared.selection.nodes.contains(id);
        if from.bypassed || to.bypassed {
            color = self.theme.faded(color, 0.35);
        } else if !touched && !into && !mine(&from.id) && !mine(&to.id) {
            color = self.theme.faded(color, 0.75);
        }
        let many = wire.many || self.scene.view_of(cx.view, wire.from.0).is_some_and(|view| 1 < view.items.len());
        let pieces = match detail {
            Detail::Full => ((wire.a.distance(wire.b) * self.camera.zoom / 14.0) as usize).clamp(8, 40),
            _ => 6,
        };
        let path = self.curve(wire.a, &wire.bends, wire.b, pieces);
        let width = self.wire_width(many) + if touched || into { 1.5 } else { 0.0 };
        if into {
            color = self.theme.accent;
        }
        self.stroke(path, width, color, many, given.converts(wanted).then(|| self.theme.port(wanted)));
        if detail == Detail::Full {
            for bend in &wire.bends {
                let at = self.camera.to_screen(*bend);
                self.painter.circle(at, 4.5 * self.camera.zoom, self.theme.raised, Stroke::new(1.5, color));
            }
        }
    }

    /// A curve; a list is drawn as a double line, a conversion changes its colour half way, at a mark.
    fn stroke(&self, path: Vec<Pos2>, width: f32, color: Color32, many: bool, into: Option<Color32>) {
        let inner = many.then(|| path.clone());
        match into {
            None => {
                self.painter.add(Shape::line(path, Stroke::new(width, color)));
            }
            Some(other) => {
                let middle = path.len() / 2;
                let at = path[middle];
                self.painter.add(Shape::line(path[..=middle].to_vec(), Stroke::new(width, color)));
                self.painter.add(Shape::line(path[middle..].to_vec(), Stroke::new(width, other)));
                let r = 5.0 * self.camera.zoom.max(0.5);
                let diamond = vec![at - vec2(r, 0.0), at - vec2(0.0, r), at + vec2(r, 0.0), at + vec2(0.0, r)];
                self.painter.add(Shape::convex_polygon(diamond, other, Stroke::new(1.0, self.theme.canvas)));
            }
        }
        if let Some(path) = inner {
            self.painter.add(Shape::line(path, Stroke::new(width * 0.4, self.theme.canvas)));
        }
    }

    fn curve(&self, a: Pos2, bends: &[Pos2], b: Pos2, pieces: usize) -> Vec<Pos2> {
        let mut path = wires::path(a, bends, b, pieces);
        path.iter_mut().for_each(|at| *at = self.camera.to_screen(*at));
        path
    }

    /// Whether somebody holds the end of this wire: it is drawn to the pointer instead.
    fn is_loose(&self, wire: &Wire) -> bool {
        let Gesture::Wire(loose) = self.gesture else { return false };
        let Some((from, to)) = &loose.was else { return false };
        let (a, b) = self.scene.names(wire);
        (&a, &b) == (from, to)
    }

    /// How strongly a port is drawn while somebody holds a wire: what cannot take it is dimmed.
    fn port_alpha(&self, node: u32, end: crate::cx::End, ty: PortType) -> f32 {
        let Gesture::Wire(loose) = self.gesture else { return 1.0 };
        if loose.node == node && loose.end == end {
            return 1.0;
        }
        if loose.end != end && !loose.blocked[node as usize] && loose.fits(ty) { 1.0 } else { 0.2 }
    }

    fn decor(&self, key: &str, decor: &Decor, cx: &Cx<'_>) {
        let rect = self.camera.rect_to_screen(decor.rect);
        let zoom = self.camera.zoom;
        let base = match (decor.color, decor.kind) {
            (Some(color), _) => self.theme.document_color(color),
            (None, DecorKind::Frame) => self.theme.outline,
            (None, DecorKind::Note) => self.theme.document_color(decor::COLORS[2].1),
        };
        let selected = cx.shared.selection.decor.contains(key);
        let edge = if selected { Stroke::new(2.0, self.theme.text) } else { Stroke::new(1.0, base) };
        let alpha = if decor.kind == DecorKind::Frame { 0.22 } else { 0.55 };
        self.painter.rect(rect, 6.0 * zoom.min(1.0), self.theme.faded(base, alpha), edge, StrokeKind::Inside);
        match decor.kind {
            DecorKind::Frame => {
                // Titles of frames stay readable far out: they are what a large graph is read by.
                let points = (size::HEADING * zoom).clamp(11.0, 40.0) / zoom;
                let at = rect.min + vec2(8.0, 5.0) * zoom.min(1.0);
                self.line(at, egui::Align2::LEFT_TOP, &decor.text, points, self.theme.text, rect.width() - 12.0);
            }
            DecorKind::Note if 4.5 <= size::BODY * zoom => {
                let width = (rect.width() - 16.0 * zoom).max(1.0);
                let galley = self.painter.layout(decor.text.clone(), self.font(size::BODY), self.theme.text, width);
                let inside = self.painter.with_clip_rect(rect.intersect(self.painter.clip_rect()));
                inside.galley(rect.min + vec2(8.0, 8.0) * zoom, galley, self.theme.text);
            }
            DecorKind::Note => {}
        }
        if 0.3 <= zoom {
            let corner = rect.max - vec2(4.0, 4.0);
            for step in [5.0, 10.0] {
                let points = [corner - vec2(step, 0.0) * zoom, corner - vec2(0.0, step) * zoom];
                self.painter.line_segment(points, Stroke::new(1.0, self.theme.weak));
            }
        }
    }
}
