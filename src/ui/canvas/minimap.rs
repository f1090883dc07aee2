//! The whole graph in a corner, and what is seen of it.
//!
//! Nodes are gathered into cells, so that a large graph costs no more than a small one.

use std::sync::Arc;

use egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::camera::Camera;
use super::scene::Scene;
use crate::theme::Theme;

const WIDTH: f32 = 160.0;
const HEIGHT: f32 = 100.0;
const COLUMNS: usize = 80;
const ROWS: usize = 50;

/// See the module.
#[derive(Default)]
pub(crate) struct Minimap {
    mesh: Arc<Mesh>,
    made_of: Option<(u64, Rect, Color32)>,
}

impl Minimap {
    /// Where it is; none while everything is in view, and in windows that are too small for it.
    pub(crate) fn place(scene: &Scene, camera: Camera) -> Option<Rect> {
        let view = camera.view;
        let roomy = WIDTH * 3.0 <= view.width() && HEIGHT * 2.5 <= view.height();
        let hidden = !scene.bounds.is_positive() || camera.seen().contains_rect(scene.bounds);
        let corner = view.max - vec2(10.0, 10.0);
        (roomy && !hidden).then(|| Rect::from_min_max(corner - vec2(WIDTH, HEIGHT), corner))
    }

    /// The place of the canvas that a place of the map stands for.
    pub(crate) fn to_canvas(scene: &Scene, place: Rect, at: Pos2) -> Pos2 {
        let (scale, origin) = fitted(scene.bounds, place);
        scene.bounds.min + (at - origin) / scale
    }

    pub(crate) fn paint(&mut self, painter: &Painter, scene: &Scene, camera: Camera, theme: &Theme) {
        let Some(place) = Minimap::place(scene, camera) else { return };
        let fill = theme.faded(theme.panel, 0.9);
        painter.rect(place, 4.0, fill, Stroke::new(1.0, theme.outline), StrokeKind::Outside);
        // A place that changes while somebody drags is not worth a new map in each frame.
        let now = (scene.built, place, theme.weak);
        if self.made_of != Some(now) {
            self.made_of = Some(now);
            self.mesh = Arc::new(build(scene, place, theme.weak));
        }
        painter.add(Shape::Mesh(self.mesh.clone()));
        let (scale, origin) = fitted(scene.bounds, place);
        let seen = camera.seen();
        let shown = Rect::from_min_size(origin + (seen.min - scene.bounds.min) * scale, seen.size() * scale);
        let shown = shown.intersect(place);
        if shown.is_positive() {
            painter.rect_stroke(shown, 0.0, Stroke::new(1.0, theme.accent), StrokeKind::Inside);
        }
    }
}

/// The scale of the map, and where the graph's corner is in it.
fn fitted(bounds: Rect, place: Rect) -> (f32, Pos2) {
    let room = place.shrink(6.0);
    let scale = (room.width() / bounds.width().max(1.0)).min(room.height() / bounds.height().max(1.0));
    (scale, room.center() - bounds.size() * scale * 0.5)
}

/// Cells that hold nodes, each row's runs of them as one rectangle.
fn build(scene: &Scene, place: Rect, color: Color32) -> Mesh {
    let (scale, origin) = fitted(scene.bounds, place);
    let mut full = vec![false; COLUMNS * ROWS];
    let cell = vec2(place.width() / COLUMNS as f32, place.height() / ROWS as f32);
    let index = |value: f32, n: usize| (value.max(0.0) as usize).min(n - 1);
    for node in &scene.nodes {
        let from = origin + (node.rect.min - scene.bounds.min) * scale - place.min;
        let to = from + node.rect.size() * scale;
        for row in index(from.y / cell.y, ROWS)..=index(to.y / cell.y, ROWS) {
            let columns = index(from.x / cell.x, COLUMNS)..=index(to.x / cell.x, COLUMNS);
            full[row * COLUMNS..(row + 1) * COLUMNS][columns].fill(true);
        }
    }
    let mut mesh = Mesh::default();
    for (row, cells) in full.chunks(COLUMNS).enumerate() {
        let mut column = 0;
        while column < COLUMNS {
            let run = cells[column..].iter().take_while(|full| **full).count();
            if 0 < run {
                let min = place.min + vec2(column as f32 * cell.x, row as f32 * cell.y);
                let max = pos2(min.x + run as f32 * cell.x, min.y + cell.y);
                mesh.add_colored_rect(Rect::from_min_max(min, max), color);
            }
            column += run.max(1);
        }
    }
    mesh
}
