//! What gestures leave behind when the button is let go: each is one undo step, or none.

use egui::{Pos2, Rect, Vec2};
use model::Edit;

use super::gestures::{Loose, Move};
use super::{Canvas, decor, edits, hit, wires};
use crate::cx::{Cx, End, WireEnd};
use crate::wiring::{connect, disconnect};

impl Canvas {
    /// Nodes come to rest.
    pub(super) fn drop_nodes(&mut self, drag: &Move, cx: &mut Cx<'_>) {
        if drag.moved == Vec2::ZERO && !drag.pulled {
            return;
        }
        let document = cx.document;
        let mut made = edits::settle(document, &self.scene, &drag.nodes);
        made.extend(edits::settle_bends(&self.scene, &drag.nodes));
        made.extend(drag.decor.iter().filter_map(|key| {
            let decor = self.scene.decor.get(key)?;
            Some(decor::place(document, key, decor.rect.min))
        }));
        let label = match (drag.pulled, drag.into, drag.nodes.len()) {
            (true, ..) => {
                let ids = drag.nodes.iter().map(|i| self.scene.nodes[*i as usize].id.clone()).collect();
                made.extend(edits::pull_out(document, &self.scene, &ids));
                "Pull out".to_owned()
            }
            (_, Some(wire), _) => {
                made.extend(edits::insert(document, &self.scene, drag.nodes[0], wire));
                format!("Insert {}", self.scene.nodes[drag.nodes[0] as usize].id)
            }
            (_, _, 0) => "Move".to_owned(),
            (_, _, 1) => format!("Move {}", self.scene.nodes[drag.nodes[0] as usize].id),
            (_, _, n) => format!("Move {n} nodes"),
        };
        cx.commands.edit(label, edits::finish(document, made));
    }

    /// A loose end is let go.
    pub(super) fn drop_wire(&mut self, loose: &Loose, at: Pos2, cx: &mut Cx<'_>) {
        let document = cx.document;
        let it = &self.scene.nodes[loose.node as usize];
        let held = match loose.end {
            End::Output => edits::output(it, loose.port as usize),
            End::Input => edits::input(it, loose.port as usize),
        };
        let Some((node, port)) = loose.target else {
            let empty = hit::at(&self.scene, self.camera.to_canvas(at), self.camera.zoom).node().is_none();
            match &loose.was {
                Some((from, to)) if empty => {
                    cx.commands.edit("Disconnect", edits::finish(document, disconnect(document, from, to)));
                }
                None if empty && self.camera.view.contains(at) => {
                    let wire = WireEnd { port: held, ty: loose.ty, end: loose.end };
                    self.open_palette(at, Some(wire), cx);
                }
                _ => {}
            }
            return;
        };
        let other = &self.scene.nodes[node as usize];
        let made = match loose.end {
            End::Output => {
                let to = edits::input(other, port as usize);
                let many = other.inputs[port as usize].many;
                match &loose.was {
                    Some((_, old)) if *old == to => Vec::new(),
                    Some((from, old)) => {
                        let mut made = disconnect(document, from, old);
                        made.extend(connect(document, &held, &to, many));
                        made
                    }
                    None => connect(document, &held, &to, many),
                }
            }
            End::Input => {
                let from = edits::output(other, port as usize);
                match &loose.was {
                    Some((old, to)) => edits::replace_source(document, to, old, &from),
                    None => connect(document, &from, &held, it.inputs[loose.port as usize].many),
                }
            }
        };
        cx.commands.edit("Connect", edits::finish(document, made));
    }

    /// Cuts the wires that a line crosses, or puts a point on each.
    pub(super) fn slash(&mut self, path: &[Pos2], cuts: bool, cx: &mut Cx<'_>) {
        let mut area = Rect::NOTHING;
        path.iter().for_each(|at| area.extend_with(*at));
        let mut found = Vec::new();
        self.scene.wires_in(area, &mut found);
        let mut document = None;
        let mut made: Vec<Edit> = Vec::new();
        let mut n_wires = 0;
        for i in found {
            let wire = &self.scene.wires[i as usize];
            let curve = wires::path(wire.a, &wire.bends, wire.b, 24);
            let Some(at) = wires::crossing(path, &curve) else { continue };
            n_wires += 1;
            let (from, to) = self.scene.names(wire);
            if cuts {
                // Several wires of one input are one edit after the other: each starts from what the last one left.
                let document = document.get_or_insert_with(|| cx.document.clone());
                let cut = disconnect(document, &from, &to);
                if document.apply(&cut).is_ok() {
                    made.extend(cut);
                }
            } else {
                let mut bends = wire.bends.clone();
                let after = wires::distance(&curve, at).1 / 24;
                bends.insert(after.min(bends.len()), at);
                made.push(wires::set_bends(&from, &to, &bends));
            }
        }
        let label = match (cuts, n_wires) {
            (true, 1) => "Cut a wire".to_owned(),
            (true, n) => format!("Cut {n} wires"),
            (false, _) => "Reroute".to_owned(),
        };
        cx.commands.edit(label, edits::finish(cx.document, made));
    }

    /// Writes a wire's points down as the scene has them.
    pub(super) fn keep_bends(&mut self, wire: u32, label: &str, cx: &mut Cx<'_>) {
        let wire = &self.scene.wires[wire as usize];
        let (from, to) = self.scene.names(wire);
        cx.commands.edit(label, vec![wires::set_bends(&from, &to, &wire.bends)]);
    }

    pub(super) fn remove_bend(&mut self, wire: u32, bend: usize, cx: &mut Cx<'_>) {
        let it = &self.scene.wires[wire as usize];
        let (from, to) = self.scene.names(it);
        let mut bends = it.bends.clone();
        bends.remove(bend);
        cx.commands.edit("Remove a reroute point", vec![wires::set_bends(&from, &to, &bends)]);
    }
}
