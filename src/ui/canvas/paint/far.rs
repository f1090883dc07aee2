//! Everything as rectangles and straight lines in one mesh, for views from far away.
//!
//! The mesh is kept: at 10,000 nodes building it is most of what such a frame costs. Panning moves it, dragging writes
//! the corners of what moved, and what is selected lies under it as a mesh of its own.

use std::sync::Arc;

use egui::epaint::Vertex;
use egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, vec2};

use crate::canvas::camera::Camera;
use crate::canvas::scene::{Moved, Scene};
use crate::cx::Cx;
use crate::theme::Shade;
use crate::view::ItemState;

/// See the module.
#[derive(Default)]
pub(crate) struct FarMesh {
    /// Four corners for each wire, then four for each node.
    mesh: Arc<Mesh>,
    /// The camera that the mesh is for.
    origin: Pos2,
    made_of: Option<(u64, f32, Rect, Shade, u64)>,
    /// How often the mesh was moved since it was built.
    n_moves: u32,
    /// The nodes that are selected, and what that was found from.
    selected: Vec<u32>,
    selected_in: (u64, u64),
}

/// Graphs of more things than this are built from what is seen only, and again while panning or dragging.
const MOST: usize = 60_000;
/// After so many moves a mesh is built anew: each one rounds.
const MOST_MOVES: u32 = 256;

impl FarMesh {
    /// Paints a scene through a camera, which somebody moved since the last frame.
    pub(crate) fn paint(&mut self, painter: &Painter, scene: &Scene, moved: &Moved, camera: Camera, cx: &Cx<'_>) {
        let outlines = self.outlines(scene, camera, cx);
        if !outlines.is_empty() {
            painter.add(Shape::mesh(outlines));
        }
        self.refresh(scene, moved, camera, cx);
        painter.add(Shape::Mesh(self.mesh.clone()));
    }

    /// Things were moved while something else was painted.
    pub(crate) fn forget(&mut self) {
        self.made_of = None;
    }

    fn refresh(&mut self, scene: &Scene, moved: &Moved, camera: Camera, cx: &Cx<'_>) {
        let whole = scene.nodes.len() + scene.wires.len() <= MOST;
        let now = (scene.built, camera.zoom, camera.view, cx.theme.shade, states(cx));
        let is_elsewhere = self.origin != camera.origin;
        let differs = is_elsewhere || !moved.is_empty();
        if self.made_of != Some(now) || (differs && (!whole || MOST_MOVES <= self.n_moves)) {
            self.made_of = Some(now);
            self.n_moves = 0;
            self.mesh = Arc::new(build(scene, camera, if whole { Rect::EVERYTHING } else { camera.seen() }, cx));
        } else if differs {
            // In place: a copy beside it would be as much memory again to read. It is copied where somebody still
            // draws the last one.
            let vertices = &mut Arc::make_mut(&mut self.mesh).vertices;
            if is_elsewhere {
                let by = (self.origin - camera.origin) * camera.zoom;
                vertices.iter_mut().for_each(|vertex| vertex.pos += by);
                self.n_moves += 1;
            }
            let (wires, nodes) = vertices.split_at_mut(scene.wires.len() * 4);
            let width = width(camera);
            for i in moved.wires.iter().map(|i| *i as usize) {
                let wire = &scene.wires[i];
                place(&mut wires[i * 4..i * 4 + 4], segment(camera.to_screen(wire.a), camera.to_screen(wire.b), width));
            }
            for i in moved.nodes.iter().map(|i| *i as usize) {
                place(&mut nodes[i * 4..i * 4 + 4], corners(shown(camera, scene.nodes[i].rect)));
            }
        }
        self.origin = camera.origin;
    }

    /// A rim around what is selected: a little larger than the node, which is painted over it.
    fn outlines(&mut self, scene: &Scene, camera: Camera, cx: &Cx<'_>) -> Mesh {
        let selection = &cx.shared.selection.nodes;
        let found_in = (scene.built, fingerprint(selection.iter().flat_map(|id| id.bytes().chain([0]).map(u64::from))));
        if self.selected_in != found_in {
            self.selected_in = found_in;
            self.selected.clear();
            self.selected.extend(selection.iter().filter_map(|id| scene.find(cx.document, id)));
        }
        let mut mesh = Mesh::default();
        for i in &self.selected {
            let rect = camera.rect_to_screen(scene.nodes[*i as usize].rect).expand(1.5);
            quad(&mut mesh, corners(rect), cx.theme.text);
        }
        mesh
    }
}

/// Changes with what the run says. Views are shared: their addresses change with them.
fn states(cx: &Cx<'_>) -> u64 {
    fingerprint(cx.view.nodes.values().map(|view| Arc::as_ptr(view) as u64))
}

/// FNV-1a over words.
fn fingerprint(values: impl Iterator<Item = u64>) -> u64 {
    values.fold(0xcbf2_9ce4_8422_2325, |print, value| (print ^ value).wrapping_mul(0x0100_0000_01b3))
}

fn build(scene: &Scene, camera: Camera, seen: Rect, cx: &Cx<'_>) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.reserve_vertices((scene.nodes.len() + scene.wires.len()) * 4);
    mesh.reserve_triangles((scene.nodes.len() + scene.wires.len()) * 2);
    let width = width(camera);
    let faint = cx.theme.faded(cx.theme.weak, if 0.06 < camera.zoom { 0.55 } else { 0.3 });
    for wire in scene.wires.iter().filter(|wire| wire.bounds.intersects(seen)) {
        quad(&mut mesh, segment(camera.to_screen(wire.a), camera.to_screen(wire.b), width), faint);
    }
    // A family's colour is found by its name: once for each kind, not for each node.
    let mut families: Vec<(&str, Color32)> = Vec::new();
    for (i, node) in scene.nodes.iter().enumerate() {
        if !node.rect.intersects(seen) {
            continue;
        }
        let known = families.iter().find(|(kind, _)| *kind == node.kind).map(|(_, color)| *color);
        let family = known.unwrap_or_else(|| {
            let color = cx.theme.family(&node.kind);
            families.push((&node.kind, color));
            color
        });
        let color = match scene.view_of(cx.view, i as u32).map(|view| &view.state) {
            Some(state @ (ItemState::Failed(_) | ItemState::Running { .. } | ItemState::Held { .. })) => {
                cx.theme.state(state)
            }
            _ if node.bypassed => cx.theme.faded(family, 0.5),
            _ => family,
        };
        quad(&mut mesh, corners(shown(camera, node.rect)), color);
    }
    mesh
}

/// A wire's width on the screen.
fn width(camera: Camera) -> f32 {
    (1.6 * camera.zoom).clamp(0.6, 1.6)
}

/// A node on the screen: never too small to be seen.
fn shown(camera: Camera, rect: Rect) -> Rect {
    let rect = camera.rect_to_screen(rect);
    Rect::from_min_size(rect.min, rect.size().max(vec2(1.5, 1.5)))
}

fn corners(rect: Rect) -> [Pos2; 4] {
    [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()]
}

fn segment(a: Pos2, b: Pos2, width: f32) -> [Pos2; 4] {
    let across = (b - a).normalized().rot90() * (width * 0.5);
    [a + across, b + across, b - across, a - across]
}

fn quad(mesh: &mut Mesh, corners: [Pos2; 4], color: Color32) {
    let first = mesh.vertices.len() as u32;
    corners.into_iter().for_each(|at| mesh.colored_vertex(at, color));
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first, first + 2, first + 3);
}

fn place(vertices: &mut [Vertex], corners: [Pos2; 4]) {
    vertices.iter_mut().zip(corners).for_each(|(vertex, at)| vertex.pos = at);
}

#[cfg(test)]
mod tests {
    use egui::{Context, RawInput, pos2};

    use super::*;
    use crate::testing::Bench;

    /// Panned, and one of three nodes dragged with its wires: the corners stand where a new mesh has them.
    #[test]
    fn a_mended_mesh_is_the_one_that_would_be_built() {
        let mut bench = Bench::new(
            "words: prompt.text text=\"A lighthouse\"
            draw: model.video prompt<-words.text
            grade: edit.color clip<-draw.clip",
        );
        let mut told = false;
        let mut look = |cx: &mut Cx<'_>| {
            let mut scene = Scene::default();
            scene.refresh(cx);
            let view = Rect::from_min_size(pos2(0.0, 0.0), vec2(640.0, 400.0));
            let mut camera = Camera { view, zoom: 0.1, ..Camera::default() };
            let mut mended = FarMesh::default();
            mended.refresh(&scene, &Moved::default(), camera, cx);
            let first = mended.mesh.clone();
            scene.shift(&[1], vec2(400.0, 300.0));
            camera.pan(vec2(13.0, 7.0));
            let moved = scene.take_moved();
            mended.refresh(&scene, &moved, camera, cx);
            assert_eq!(mended.n_moves, 1, "it was mended, not built");
            let mut new = FarMesh::default();
            new.refresh(&scene, &Moved::default(), camera, cx);
            assert_eq!(mended.mesh.vertices.len(), (2 + 3) * 4);
            for (i, (mended, new)) in mended.mesh.vertices.iter().zip(&new.mesh.vertices).enumerate() {
                assert!(mended.pos.distance(new.pos) < 0.01, "corner {i}: {:?} is not {:?}", mended.pos, new.pos);
                assert_eq!(mended.color, new.color);
            }
            let by = |i: usize| new.mesh.vertices[i].pos - first.vertices[i].pos;
            assert!((by(8) - vec2(13.0, 7.0)).length() < 0.01, "the first node was panned: {:?}", by(8));
            assert!((by(12) - vec2(53.0, 37.0)).length() < 0.01, "the second one was dragged too: {:?}", by(12));
            told = true;
        };
        let mut output = Context::default().run_ui(RawInput::default(), |ui| bench.frame(ui, |_, cx| look(cx)));
        output.textures_delta.clear();
        assert!(told);
    }
}
