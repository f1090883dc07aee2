//! Tidy, align, and frames around what is selected: pure edits of places.

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use model::{Document, Edit};

use super::scene::Scene;
use super::{decor, tidy, wires};
use crate::wiring::move_node;

/// An edge that things are lined up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Left,
    Right,
    Top,
    Bottom,
}

/// Lays nodes out in columns, sources first, from where they are now.
pub(crate) fn tidy(document: &Document, scene: &Scene, nodes: &[u32]) -> Vec<Edit> {
    let sizes: Vec<Vec2> = nodes.iter().map(|i| scene.nodes[*i as usize].rect.size()).collect();
    let index = |node: u32| nodes.binary_search(&node).ok().map(|i| i as u32);
    let inner = || scene.wires.iter().filter_map(|wire| Some((index(wire.from.0)?, index(wire.to.0)?, wire)));
    let links: Vec<(u32, u32)> = inner().map(|(from, to, _)| (from, to)).collect();
    let area = area_of(scene, nodes);
    let places = tidy::layout(&sizes, &links, area.min);
    let mut made = moves(document, scene, nodes.iter().copied().zip(places));
    // Points that led wires through the old places lead nowhere now.
    made.extend(inner().filter(|(_, _, wire)| !wire.bends.is_empty()).map(|(_, _, wire)| {
        let (from, to) = scene.names(wire);
        wires::set_bends(&from, &to, &[])
    }));
    made
}

/// Lines nodes up.
pub(crate) fn align(document: &Document, scene: &Scene, nodes: &[u32], edge: Edge) -> Vec<Edit> {
    let area = area_of(scene, nodes);
    let places = nodes.iter().map(|i| {
        let rect = scene.nodes[*i as usize].rect;
        let at = match edge {
            Edge::Left => pos2(area.left(), rect.top()),
            Edge::Right => pos2(area.right() - rect.width(), rect.top()),
            Edge::Top => pos2(rect.left(), area.top()),
            Edge::Bottom => pos2(rect.left(), area.bottom() - rect.height()),
        };
        (*i, at)
    });
    moves(document, scene, places)
}

/// The rectangle of a frame around nodes and other entries.
pub(crate) fn frame_around(scene: &Scene, nodes: &[u32], decor: impl Iterator<Item = Rect>) -> Option<Rect> {
    let area = decor.fold(area_of(scene, nodes), Rect::union);
    let room = vec2(24.0, 24.0);
    area.is_positive().then(|| Rect::from_min_max(area.min - room - vec2(0.0, decor::TITLE), area.max + room))
}

fn area_of(scene: &Scene, nodes: &[u32]) -> Rect {
    nodes.iter().fold(Rect::NOTHING, |area, i| area.union(scene.nodes[*i as usize].rect))
}

/// Moves, and places for nodes that had none.
fn moves(document: &Document, scene: &Scene, places: impl Iterator<Item = (u32, Pos2)>) -> Vec<Edit> {
    let mut moved: Vec<u32> = Vec::new();
    let mut made: Vec<Edit> = Vec::new();
    for (i, at) in places {
        moved.push(i);
        made.push(move_node(document, &scene.nodes[i as usize].id, (at.x, at.y)));
    }
    moved.sort_unstable();
    // What has no place of its own must not jump now.
    made.extend(scene.homeless.iter().filter(|i| moved.binary_search(i).is_err()).map(|i| {
        let node = &scene.nodes[*i as usize];
        move_node(document, &node.id, (node.rect.min.x, node.rect.min.y))
    }));
    made
}
