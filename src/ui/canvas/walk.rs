//! From node to node with the arrow keys: along wires, and up and down.

use egui::Pos2;

use super::scene::Scene;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Left,
    Right,
    Up,
    Down,
}

/// The node that is reached from a node: what feeds it, what reads it, or the nearest above or below.
pub(crate) fn next(scene: &Scene, from: u32, way: Way) -> Option<u32> {
    let here = scene.nodes[from as usize].rect.center();
    let level = |node: &u32| (scene.nodes[*node as usize].rect.center().y - here.y).abs();
    let wires = scene.wires_of(from).iter().map(|i| &scene.wires[*i as usize]);
    let nearest = |nodes: Vec<u32>| nodes.into_iter().min_by(|a, b| level(a).total_cmp(&level(b)));
    match way {
        Way::Left => nearest(wires.filter(|wire| wire.to.0 == from).map(|wire| wire.from.0).collect()),
        Way::Right => nearest(wires.filter(|wire| wire.from.0 == from).map(|wire| wire.to.0).collect()),
        Way::Up | Way::Down => {
            let far = |at: Pos2| {
                let down = if way == Way::Down { at.y - here.y } else { here.y - at.y };
                // What stands beside is no step up or down.
                (1.0 < down).then(|| down + 2.0 * (at.x - here.x).abs())
            };
            let others = (0..scene.nodes.len() as u32).filter(|node| *node != from);
            let costs = others.filter_map(|node| Some((far(scene.nodes[node as usize].rect.center())?, node)));
            costs.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, node)| node)
        }
    }
}

/// The node nearest to a place.
pub(crate) fn nearest(scene: &Scene, to: Pos2) -> Option<u32> {
    let far = |node: &u32| scene.nodes[*node as usize].rect.center().distance_sq(to);
    (0..scene.nodes.len() as u32).min_by(|a, b| far(a).total_cmp(&far(b)))
}
