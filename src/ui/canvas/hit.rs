//! What is under the pointer.

use egui::{Pos2, Rect, vec2};

use super::decor::{self, DecorKind};
use super::scene::{Scene, part};
use super::wires;
use crate::cx::End;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Hit {
    Empty,
    Port {
        node: u32,
        port: u32,
        end: End,
    },
    Title(u32),
    Thumb(u32),
    /// The row that shows or hides inputs.
    More(u32),
    Body(u32),
    /// Near the end of a wire at its input or its output, or between.
    Wire {
        wire: u32,
        end: Option<End>,
        /// After which of its bends.
        after: usize,
    },
    Bend {
        wire: u32,
        bend: usize,
    },
    /// A note, or a frame's title or border.
    Decor(String),
    /// The corner that resizes it.
    Corner(String),
}

impl Hit {
    /// The node that it is on.
    pub(crate) fn node(&self) -> Option<u32> {
        match self {
            Hit::Port { node, .. } | Hit::Title(node) | Hit::Thumb(node) | Hit::More(node) | Hit::Body(node) => {
                Some(*node)
            }
            _ => None,
        }
    }
}

/// How near counts, in screen points.
const PORT: f32 = 9.0;
const WIRE: f32 = 7.0;
const BEND: f32 = 8.0;
/// How much of a wire's end can be pulled off, in screen points.
const END: f32 = 28.0;
/// Ports cannot be aimed at further out.
const PORTS_FROM: f32 = 0.3;

/// What is at a place of the canvas, the topmost first.
pub(crate) fn at(scene: &Scene, place: Pos2, zoom: f32) -> Hit {
    let near = |points: f32| Rect::from_center_size(place, vec2(points, points) * 2.0 / zoom);
    let mut found = Vec::new();
    scene.nodes_in(near(PORT), &mut found);
    if PORTS_FROM <= zoom
        && let Some(hit) = port_at(scene, &found, place, PORT / zoom)
    {
        return hit;
    }
    if let Some(node) = found.iter().rev().find(|i| scene.nodes[**i as usize].rect.contains(place)) {
        let it = &scene.nodes[*node as usize];
        let inside = place - it.rect.min;
        let on = |rect: Option<Rect>| rect.is_some_and(|rect| rect.contains(inside.to_pos2()));
        return match () {
            () if inside.y <= part::TITLE => Hit::Title(*node),
            () if on(it.more) => Hit::More(*node),
            () if on(it.thumb) => Hit::Thumb(*node),
            () => Hit::Body(*node),
        };
    }
    for (key, decor) in scene.decor.iter().rev().filter(|(_, decor)| decor.kind == DecorKind::Note) {
        if decor.rect.contains(place) {
            let corner = Rect::from_two_pos(decor.rect.max, decor.rect.max - vec2(decor::CORNER, decor::CORNER));
            return if corner.contains(place) { Hit::Corner(key.clone()) } else { Hit::Decor(key.clone()) };
        }
    }
    if let Some(hit) = wire_at(scene, place, zoom, &mut found) {
        return hit;
    }
    frame_at(scene, place, zoom).unwrap_or(Hit::Empty)
}

fn port_at(scene: &Scene, nodes: &[u32], place: Pos2, reach: f32) -> Option<Hit> {
    let mut best: Option<(f32, Hit)> = None;
    let mut offer = |far: f32, hit: Hit| {
        if far <= reach && best.as_ref().is_none_or(|(least, _)| far < *least) {
            best = Some((far, hit));
        }
    };
    for node in nodes.iter().rev() {
        let it = &scene.nodes[*node as usize];
        for (end, ports) in [(End::Output, &it.outputs), (End::Input, &it.inputs)] {
            for (port, at) in ports.iter().enumerate().filter_map(|(i, port)| Some((i as u32, port.at?))) {
                offer((it.rect.min + at).distance(place), Hit::Port { node: *node, port, end });
            }
        }
    }
    best.map(|(_, hit)| hit)
}

fn wire_at(scene: &Scene, place: Pos2, zoom: f32, found: &mut Vec<u32>) -> Option<Hit> {
    let pieces = 16;
    scene.wires_in(Rect::from_center_size(place, vec2(WIRE, WIRE) * 2.0 / zoom), found);
    let mut best: Option<(f32, Hit)> = None;
    for i in found.iter() {
        let wire = &scene.wires[*i as usize];
        if let Some(bend) = wire.bends.iter().position(|bend| bend.distance(place) <= BEND / zoom) {
            return Some(Hit::Bend { wire: *i, bend });
        }
        let (far, segment) = wires::distance(&wires::path(wire.a, &wire.bends, wire.b, pieces), place);
        if far <= WIRE / zoom && best.as_ref().is_none_or(|(least, _)| far < *least) {
            let end = match () {
                () if wire.b.distance(place) <= END / zoom => Some(End::Input),
                () if wire.a.distance(place) <= END / zoom => Some(End::Output),
                () => None,
            };
            best = Some((far, Hit::Wire { wire: *i, end, after: segment / pieces }));
        }
    }
    best.map(|(_, hit)| hit)
}

fn frame_at(scene: &Scene, place: Pos2, zoom: f32) -> Option<Hit> {
    let border = 5.0 / zoom;
    for (key, decor) in scene.decor.iter().rev().filter(|(_, decor)| decor.kind == DecorKind::Frame) {
        let rect = decor.rect;
        if !rect.expand(border).contains(place) {
            continue;
        }
        let corner = Rect::from_two_pos(rect.max + vec2(border, border), rect.max - vec2(decor::CORNER, decor::CORNER));
        if corner.contains(place) {
            return Some(Hit::Corner(key.clone()));
        }
        if place.y <= rect.top() + decor::TITLE.max(8.0 / zoom) || !rect.shrink(border).contains(place) {
            return Some(Hit::Decor(key.clone()));
        }
    }
    None
}
