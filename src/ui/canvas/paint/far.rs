//! Everything as one mesh of rectangles and straight lines, for views from far away.
//!
//! The mesh is kept while nothing moves: at 10,000 nodes building it is most of what such a frame costs.

use std::sync::Arc;

use egui::{Color32, Mesh, Pos2, Rect, vec2};

use crate::canvas::camera::Camera;
use crate::canvas::scene::Scene;
use crate::cx::Cx;
use crate::theme::Shade;
use crate::view::ItemState;

/// See the module.
#[derive(Default)]
pub(crate) struct FarMesh {
    mesh: Arc<Mesh>,
    /// The camera that the mesh is for.
    origin: Pos2,
    made_of: Option<(u64, f32, Rect, Shade, u64)>,
    /// How often the mesh was moved since it was built.
    n_moves: u32,
}

/// Graphs of more things than this are built from what is seen only, and again while panning.
const MOST: usize = 60_000;
/// After so many moves a mesh is built anew: each one rounds.
const MOST_MOVES: u32 = 256;

impl FarMesh {
    /// The mesh of a scene through a camera. Panning only moves it, in place: a copy beside it would be as much memory
    /// again to read.
    pub(crate) fn of(&mut self, scene: &Scene, camera: Camera, cx: &Cx<'_>) -> Arc<Mesh> {
        let whole = scene.nodes.len() + scene.wires.len() <= MOST;
        let now = (scene.version, camera.zoom, camera.view, cx.theme.shade, fingerprint(cx));
        let is_elsewhere = self.origin != camera.origin;
        if self.made_of != Some(now) || (is_elsewhere && (!whole || MOST_MOVES <= self.n_moves)) {
            self.made_of = Some(now);
            self.n_moves = 0;
            self.mesh = Arc::new(build(scene, camera, if whole { Rect::EVERYTHING } else { camera.seen() }, cx));
        } else if is_elsewhere {
            let by = (self.origin - camera.origin) * camera.zoom;
            // Copied where somebody still draws the last one.
            Arc::make_mut(&mut self.mesh).vertices.iter_mut().for_each(|vertex| vertex.pos += by);
            self.n_moves += 1;
        }
        self.origin = camera.origin;
        self.mesh.clone()
    }
}

/// Changes with what the run says and with the selection. Views are shared: their addresses change with them.
fn fingerprint(cx: &Cx<'_>) -> u64 {
    let mut print = 0xcbf2_9ce4_8422_2325u64;
    let mut add = |value: u64| print = (print ^ value).wrapping_mul(0x0100_0000_01b3);
    cx.view.nodes.values().for_each(|view| add(Arc::as_ptr(view) as u64));
    for id in &cx.shared.selection.nodes {
        add(id.len() as u64);
        id.as_bytes().iter().for_each(|byte| add(u64::from(*byte)));
    }
    print
}

fn build(scene: &Scene, camera: Camera, seen: Rect, cx: &Cx<'_>) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.reserve_vertices((scene.nodes.len() + scene.wires.len()) * 4);
    mesh.reserve_triangles((scene.nodes.len() + scene.wires.len()) * 2);
    let width = (1.6 * camera.zoom).clamp(0.6, 1.6);
    let faint = cx.theme.faded(cx.theme.weak, if 0.06 < camera.zoom { 0.55 } else { 0.3 });
    for wire in scene.wires.iter().filter(|wire| wire.bounds.intersects(seen)) {
        segment(&mut mesh, camera.to_screen(wire.a), camera.to_screen(wire.b), width, faint);
    }
    // A family's colour is found by its name: once for each kind, not for each node.
    let mut families: Vec<(&str, Color32)> = Vec::new();
    let selection = &cx.shared.selection.nodes;
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
        let rect = camera.rect_to_screen(node.rect);
        if !selection.is_empty() && selection.contains(&node.id) {
            mesh.add_colored_rect(rect.expand(1.5), cx.theme.text);
        }
        mesh.add_colored_rect(Rect::from_min_size(rect.min, rect.size().max(vec2(1.5, 1.5))), color);
    }
    mesh
}

fn segment(mesh: &mut Mesh, a: Pos2, b: Pos2, width: f32, color: Color32) {
    let across = (b - a).normalized().rot90() * (width * 0.5);
    let first = mesh.vertices.len() as u32;
    for at in [a + across, b + across, b - across, a - across] {
        mesh.colored_vertex(at, color);
    }
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first, first + 2, first + 3);
}
