//! One state machine for everything that a pointer does. It pushes edits when a gesture ends, never before: Escape
//! ends any of them with nothing to undo.

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Response, Ui, Vec2, pos2, vec2};
use model::{PortRef, PortType};

use super::decor::{self, DecorKind};
use super::hit::{self, Hit};
use super::minimap::Minimap;
use super::scene::Scene;
use super::{Canvas, edits, wires};
use crate::cx::{Cx, End, Look, PaletteRequest, Region, Selection, WireEnd};
use crate::wiring::connect;

/// How far a press moves before it is a drag, in screen points.
const THRESHOLD: f32 = 4.0;
/// How near a loose end snaps to a port, in screen points.
const SNAP: f32 = 26.0;
/// Positions snap to multiples of this, in canvas points.
pub(crate) const STEP: f32 = 20.0;
/// How near edges of neighbours attract, in screen points.
const ATTRACT: f32 = 5.0;

/// What is going on.
#[derive(Debug, Default)]
pub(crate) enum Gesture {
    #[default]
    Idle,
    /// A button is down and has not moved.
    Press {
        at: Pos2,
        hit: Hit,
    },
    Pan,
    /// Moves the view by the map.
    Map,
    Box {
        from: Pos2,
        to: Pos2,
        base: Box<Selection>,
        mode: BoxMode,
        /// What it touched when it was last looked at.
        touched: Vec<u32>,
    },
    Move(Box<Move>),
    Resize {
        key: String,
        rect: Rect,
    },
    Wire(Box<Loose>),
    /// A line across wires: it cuts them, or puts a point on each.
    Slash {
        path: Vec<Pos2>,
        cuts: bool,
    },
    Bend {
        wire: u32,
        bend: usize,
    },
    /// From a node to a node, without aiming at ports.
    Lazy {
        from: u32,
        at: Pos2,
        to: Option<u32>,
    },
}

/// What a box does with what it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoxMode {
    Replace,
    Add,
    Toggle,
}

/// Nodes, frames and notes on their way.
#[derive(Debug)]
pub(crate) struct Move {
    /// Ascending.
    pub(crate) nodes: Vec<u32>,
    pub(crate) decor: Vec<String>,
    /// Where the pointer took hold, and of what.
    start: Pos2,
    grabbed: Rect,
    pub(crate) moved: Vec2,
    shake: Shake,
    /// Shaken off: its wires will be healed.
    pub(crate) pulled: bool,
    /// The wire that it would be inserted into.
    pub(crate) into: Option<u32>,
    /// Lines that show what it is level with.
    pub(crate) guides: Vec<[Pos2; 2]>,
    neighbours: Vec<Rect>,
}

/// A wire with a loose end.
#[derive(Debug)]
pub(crate) struct Loose {
    /// The end that holds: node, port, and which side of the node it is on.
    pub(crate) node: u32,
    pub(crate) port: u32,
    pub(crate) end: End,
    pub(crate) ty: PortType,
    /// The wire that was pulled off: output, input.
    pub(crate) was: Option<(PortRef, PortRef)>,
    /// Nodes that cannot be connected: they would feed themselves.
    pub(crate) blocked: Vec<bool>,
    pub(crate) at: Pos2,
    /// The port that it would connect to.
    pub(crate) target: Option<(u32, u32)>,
}

/// Back and forth, fast: the sign to pull a node out.
#[derive(Debug, Default)]
struct Shake {
    /// Where and when the direction changed.
    turns: Vec<(f32, f64)>,
    last: Option<f32>,
    rightward: bool,
}

impl Shake {
    /// Takes the next place; whether it is a shake now.
    fn add(&mut self, x: f32, now: f64) -> bool {
        let Some(last) = self.last.replace(x) else { return false };
        if (x - last).abs() < 1.0 {
            self.last = Some(last);
            return false;
        }
        let rightward = last < x;
        if rightward != self.rightward {
            self.rightward = rightward;
            let far = self.turns.last().is_none_or(|(turn, _)| 20.0 <= (last - turn).abs());
            if far {
                self.turns.push((last, now));
            }
        }
        self.turns.retain(|(_, at)| now - at <= 0.9);
        4 <= self.turns.len()
    }
}

/// What is held besides buttons.
#[derive(Clone, Copy)]
struct Held {
    modifiers: Modifiers,
    space: bool,
    y: bool,
    now: f64,
}

impl Canvas {
    /// Takes what the pointer did since the last frame.
    pub(super) fn take_input(&mut self, ui: &Ui, response: &Response, cx: &mut Cx<'_>) {
        let (events, held) = ui.input(|input| {
            let held = Held {
                modifiers: input.modifiers,
                space: input.key_down(Key::Space),
                y: input.key_down(Key::Y),
                now: input.time,
            };
            (input.events.clone(), held)
        });
        let over = response.contains_pointer();
        for event in events {
            match event {
                Event::PointerMoved(at) => self.moved(at, held, cx),
                Event::PointerButton { pos, button, pressed: true, modifiers }
                    if (over || response.is_pointer_button_down_on()) && self.camera.view.contains(pos) =>
                {
                    self.pressed(pos, button, Held { modifiers, ..held }, cx);
                }
                Event::PointerButton { pos, button, pressed: false, modifiers } if self.button == Some(button) => {
                    self.moved(pos, Held { modifiers, ..held }, cx);
                    self.released(pos, Held { modifiers, ..held }, cx);
                }
                Event::PointerGone => self.hover = None,
                Event::Key { key: Key::Escape, pressed: true, .. } if self.cancel() => {
                    self.scene.refresh(cx);
                }
                _ => {}
            }
        }
        if over {
            self.zoom(ui);
        }
        if response.double_clicked()
            && let Some(at) = response.interact_pointer_pos()
        {
            self.double_clicked(at, cx);
        }
    }

    fn zoom(&mut self, ui: &Ui) {
        let (scroll, pinch, at, source) = ui.input(|input| {
            (input.smooth_scroll_delta(), input.zoom_delta(), input.pointer.hover_pos(), input.scroll_source())
        });
        let Some(at) = at else { return };
        if pinch != 1.0 {
            self.camera.zoom_at(at, pinch);
        }
        if source == Some(egui::MouseWheelSource::Trackpad) {
            self.camera.pan(scroll);
        } else if scroll != Vec2::ZERO {
            self.camera.zoom_at(at, (scroll.y * 0.005).exp());
            self.camera.pan(vec2(scroll.x, 0.0));
        }
    }

    fn pressed(&mut self, at: Pos2, button: PointerButton, held: Held, cx: &mut Cx<'_>) {
        if !matches!(self.gesture, Gesture::Idle) {
            return;
        }
        cx.shared.region = Region::Canvas;
        self.end_writing(cx);
        let Modifiers { alt, shift, .. } = held.modifiers;
        let control = held.modifiers.ctrl || held.modifiers.command;
        let place = self.camera.to_canvas(at);
        let hit = hit::at(&self.scene, place, self.camera.zoom);
        self.hover = Some(at);
        self.button = Some(button);
        let on_map = self.map().is_some_and(|map| map.contains(at));
        self.gesture = match button {
            PointerButton::Primary if on_map => {
                self.go_by_map(at);
                Gesture::Map
            }
            PointerButton::Middle => Gesture::Pan,
            PointerButton::Primary if held.space => Gesture::Pan,
            PointerButton::Primary if held.y => Gesture::Slash { path: vec![place], cuts: true },
            PointerButton::Primary if alt => match hit {
                Hit::Bend { wire, bend } => {
                    self.remove_bend(wire, bend, cx);
                    Gesture::Idle
                }
                Hit::Wire { wire, after, .. } => {
                    self.scene.wires[wire as usize].bends.insert(after, place);
                    self.scene.move_bend(wire, after, place);
                    Gesture::Bend { wire, bend: after }
                }
                hit => Gesture::Press { at, hit },
            },
            PointerButton::Primary => Gesture::Press { at, hit },
            PointerButton::Secondary if control => Gesture::Slash { path: vec![place], cuts: true },
            PointerButton::Secondary if shift => Gesture::Slash { path: vec![place], cuts: false },
            PointerButton::Secondary if alt => match hit.node() {
                Some(from) => Gesture::Lazy { from, at: place, to: None },
                None => Gesture::Idle,
            },
            PointerButton::Secondary => {
                self.menu_at(at, &hit, cx);
                Gesture::Idle
            }
            _ => Gesture::Idle,
        };
    }

    fn moved(&mut self, at: Pos2, held: Held, cx: &mut Cx<'_>) {
        let before = self.hover.replace(at).unwrap_or(at);
        let place = self.camera.to_canvas(at);
        if let Gesture::Press { at: from, hit } = &self.gesture {
            if from.distance(at) < THRESHOLD {
                return;
            }
            let (from, hit) = (*from, hit.clone());
            self.gesture = self.begin(from, hit, held, cx);
        }
        match &mut self.gesture {
            Gesture::Pan => self.camera.pan(at - before),
            Gesture::Map => self.go_by_map(at),
            Gesture::Box { to, .. } => {
                *to = place;
                self.box_select(cx);
            }
            Gesture::Move(_) => self.drag_nodes(at, held),
            Gesture::Resize { key, rect } => {
                if let Some(decor) = self.scene.decor.get_mut(key) {
                    let max = snap(place, held.modifiers.alt);
                    decor.rect = Rect::from_min_max(rect.min, max.max(rect.min + vec2(80.0, 50.0)));
                    self.scene.version += 1;
                }
            }
            Gesture::Wire(loose) => {
                loose.at = place;
                loose.target = target(&self.scene, loose, place, self.camera.zoom);
            }
            Gesture::Slash { path, .. } => {
                if path.last().is_some_and(|last| 3.0 / self.camera.zoom < last.distance(place)) && path.len() < 2000 {
                    path.push(place);
                }
            }
            Gesture::Bend { wire, bend } => {
                let (wire, bend) = (*wire, *bend);
                self.scene.move_bend(wire, bend, snap(place, held.modifiers.alt));
            }
            Gesture::Lazy { from, at, to } => {
                *at = place;
                let over = hit::at(&self.scene, place, self.camera.zoom).node();
                let upstream = self.scene.reach(*from, true);
                *to = over.filter(|over| {
                    !upstream[*over as usize]
                        && edits::best_pair(&self.scene.nodes[*from as usize], &self.scene.nodes[*over as usize])
                            .is_some()
                });
            }
            Gesture::Idle | Gesture::Press { .. } => {}
        }
    }

    /// Where the map is.
    fn map(&self) -> Option<Rect> {
        Minimap::place(&self.scene, self.camera).filter(|_| self.shows_minimap)
    }

    fn go_by_map(&mut self, at: Pos2) {
        if let Some(map) = self.map() {
            self.camera.center(Minimap::to_canvas(&self.scene, map, at));
        }
    }

    /// What a press becomes once it moves.
    fn begin(&mut self, from: Pos2, hit: Hit, held: Held, cx: &mut Cx<'_>) -> Gesture {
        let place = self.camera.to_canvas(from);
        match hit {
            Hit::Port { node, port, end: End::Output } => self.loose(node, port, End::Output, None),
            Hit::Port { node, port, end: End::Input } => {
                // The newest wire comes off a connected input.
                let mine = |i: &&u32| self.scene.wires[**i as usize].to == (node, port);
                match self.scene.wires_of(node).iter().rev().find(mine) {
                    Some(wire) => self.pull_end(*wire, End::Input),
                    None => self.loose(node, port, End::Input, None),
                }
            }
            Hit::Wire { wire, end: Some(end), .. } => self.pull_end(wire, end),
            Hit::Bend { wire, bend } => Gesture::Bend { wire, bend },
            Hit::Title(node) | Hit::Thumb(node) | Hit::More(node) | Hit::Body(node) => {
                let id = self.scene.nodes[node as usize].id.clone();
                if !cx.shared.selection.nodes.contains(&id) {
                    if !held.modifiers.shift {
                        cx.shared.selection.clear();
                    }
                    cx.shared.selection.nodes.insert(id);
                }
                self.take_hold(place, self.scene.nodes[node as usize].rect, cx)
            }
            Hit::Decor(key) => {
                if !cx.shared.selection.decor.contains(&key) {
                    if !held.modifiers.shift {
                        cx.shared.selection.clear();
                    }
                    cx.shared.selection.decor.insert(key.clone());
                }
                let rect = self.scene.decor.get(&key).map_or(Rect::NOTHING, |decor| decor.rect);
                self.take_hold(place, rect, cx)
            }
            Hit::Corner(key) => {
                let rect = self.scene.decor.get(&key).map_or(Rect::NOTHING, |decor| decor.rect);
                Gesture::Resize { key, rect }
            }
            Hit::Empty | Hit::Wire { .. } => {
                let control = held.modifiers.ctrl || held.modifiers.command;
                let mode = match (held.modifiers.shift, control) {
                    (true, _) => BoxMode::Add,
                    (_, true) => BoxMode::Toggle,
                    _ => BoxMode::Replace,
                };
                Gesture::Box {
                    from: place,
                    to: place,
                    base: Box::new(cx.shared.selection.clone()),
                    mode,
                    touched: Vec::new(),
                }
            }
        }
    }

    /// Starts a wire at a port.
    fn loose(&self, node: u32, port: u32, end: End, was: Option<(PortRef, PortRef)>) -> Gesture {
        let it = &self.scene.nodes[node as usize];
        let (ty, at) = match end {
            End::Output => (it.outputs[port as usize].ty, self.scene.output_at((node, port))),
            End::Input => (it.inputs[port as usize].ty, self.scene.input_at((node, port))),
        };
        let blocked = self.scene.reach(node, end == End::Output);
        Gesture::Wire(Box::new(Loose { node, port, end, ty, was, blocked, at, target: None }))
    }

    /// Takes one end of a wire off; the other one holds.
    fn pull_end(&self, wire: u32, end: End) -> Gesture {
        let it = &self.scene.wires[wire as usize];
        let names = Some(self.scene.names(it));
        match end {
            End::Input => self.loose(it.from.0, it.from.1, End::Output, names),
            End::Output => self.loose(it.to.0, it.to.1, End::Input, names),
        }
    }

    /// Takes hold of everything that is selected; frames carry what lies inside.
    fn take_hold(&self, start: Pos2, grabbed: Rect, cx: &Cx<'_>) -> Gesture {
        let selection = &cx.shared.selection;
        let mut nodes: Vec<u32> = selection.nodes.iter().filter_map(|id| self.scene.find(cx.document, id)).collect();
        let mut decor: Vec<String> =
            selection.decor.iter().filter(|key| self.scene.decor.contains_key(*key)).cloned().collect();
        let mut found = Vec::new();
        for key in decor.clone() {
            let frame = &self.scene.decor[&key];
            if frame.kind != DecorKind::Frame {
                continue;
            }
            self.scene.nodes_in(frame.rect, &mut found);
            nodes.extend(found.iter().filter(|i| frame.rect.contains_rect(self.scene.nodes[**i as usize].rect)));
            let inside = |(other, it): &(&String, &decor::Decor)| **other != key && frame.rect.contains_rect(it.rect);
            decor.extend(self.scene.decor.iter().filter(inside).map(|(other, _)| other.clone()));
        }
        nodes.sort_unstable();
        nodes.dedup();
        decor.sort_unstable();
        decor.dedup();
        let neighbours = if 0.2 <= self.camera.zoom {
            self.scene.nodes_in(self.camera.seen(), &mut found);
            let others = found.iter().filter(|i| nodes.binary_search(i).is_err());
            others.take(200).map(|i| self.scene.nodes[*i as usize].rect).collect()
        } else {
            Vec::new()
        };
        Gesture::Move(Box::new(Move {
            nodes,
            decor,
            start,
            grabbed,
            moved: Vec2::ZERO,
            shake: Shake::default(),
            pulled: false,
            into: None,
            guides: Vec::new(),
            neighbours,
        }))
    }

    fn drag_nodes(&mut self, at: Pos2, held: Held) {
        let place = self.camera.to_canvas(at);
        let zoom = self.camera.zoom;
        let Gesture::Move(drag) = &mut self.gesture else { return };
        if drag.shake.add(at.x, held.now) && !drag.nodes.is_empty() {
            drag.pulled = true;
        }
        let wanted = drag.grabbed.translate(place - drag.start);
        drag.guides.clear();
        let to = if held.modifiers.alt { wanted.min } else { attracted(wanted, drag, ATTRACT / zoom) };
        let to = pos2(to.x.round(), to.y.round());
        let by = (to - drag.grabbed.min) - drag.moved;
        drag.moved += by;
        let (nodes, decor, pulled) = (drag.nodes.clone(), drag.decor.clone(), drag.pulled);
        self.scene.shift(&nodes, by);
        if by != Vec2::ZERO {
            self.scene.version += 1;
            for key in &decor {
                if let Some(decor) = self.scene.decor.get_mut(key) {
                    decor.rect = decor.rect.translate(by);
                }
            }
        }
        let into = match nodes[..] {
            [node] if !held.modifiers.alt && !pulled && self.scene.wires_of(node).is_empty() => self.wire_under(node),
            _ => None,
        };
        if let Gesture::Move(drag) = &mut self.gesture {
            drag.into = into;
        }
    }

    /// The wire that a node lies on and fits into.
    fn wire_under(&self, node: u32) -> Option<u32> {
        let rect = self.scene.nodes[node as usize].rect;
        let mut found = Vec::new();
        self.scene.wires_in(rect, &mut found);
        let middle = rect.shrink2(rect.size() * 0.15);
        let distance = |i: &u32| {
            let wire = &self.scene.wires[*i as usize];
            let path = wires::path(wire.a, &wire.bends, wire.b, 24);
            path.iter().any(|at| middle.contains(*at)).then(|| wires::distance(&path, rect.center()).0)
        };
        let near = found.iter().filter_map(|i| Some((distance(i)?, *i)));
        let fitting = near.filter(|(_, i)| edits::fits_into(&self.scene, node, *i));
        fitting.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, i)| i)
    }

    fn box_select(&mut self, cx: &mut Cx<'_>) {
        let Gesture::Box { from, to, base, mode, touched } = &mut self.gesture else { return };
        let area = Rect::from_two_pos(*from, *to);
        let mut found = Vec::new();
        self.scene.nodes_in(area, &mut found);
        let selection = &mut cx.shared.selection;
        // A growing box only adds: starting over for each step would cost all that is selected, each time.
        let grows = !touched.is_empty() && touched.iter().all(|i| found.binary_search(i).is_ok());
        if !grows {
            *selection = (**base).clone();
            if *mode == BoxMode::Replace {
                selection.clear();
            }
            touched.clear();
        }
        for i in found.iter().filter(|i| touched.binary_search(i).is_err()) {
            let id = &self.scene.nodes[*i as usize].id;
            if *mode == BoxMode::Toggle && base.nodes.contains(id) {
                selection.nodes.shift_remove(id);
            } else {
                selection.nodes.insert(id.clone());
            }
        }
        *touched = found;
        selection.decor = if *mode == BoxMode::Replace { Default::default() } else { base.decor.clone() };
        for (key, _) in self.scene.decor.iter().filter(|(_, decor)| area.contains_rect(decor.rect)) {
            if *mode == BoxMode::Toggle && base.decor.contains(key) {
                selection.decor.shift_remove(key);
            } else {
                selection.decor.insert(key.clone());
            }
        }
    }

    fn released(&mut self, at: Pos2, held: Held, cx: &mut Cx<'_>) {
        self.button = None;
        match std::mem::take(&mut self.gesture) {
            Gesture::Idle | Gesture::Pan | Gesture::Map | Gesture::Box { .. } => {}
            Gesture::Press { hit, .. } => self.clicked(&hit, held.modifiers, cx),
            Gesture::Move(drag) => self.drop_nodes(&drag, cx),
            Gesture::Resize { key, .. } => {
                if let Some(decor) = self.scene.decor.get(&key) {
                    let edit = decor::put(cx.document, &key, decor.rect);
                    cx.commands.edit(format!("Resize {}", decor.kind.word()), vec![edit]);
                }
            }
            Gesture::Wire(loose) => self.drop_wire(&loose, at, cx),
            Gesture::Slash { path, cuts } => self.slash(&path, cuts, cx),
            Gesture::Bend { wire, .. } => self.keep_bends(wire, "Reroute a wire", cx),
            Gesture::Lazy { from, to: Some(to), .. } => {
                let (from, to) = (&self.scene.nodes[from as usize], &self.scene.nodes[to as usize]);
                if let Some((o, i)) = edits::best_pair(from, to) {
                    let made = connect(cx.document, &edits::output(from, o), &edits::input(to, i), to.inputs[i].many);
                    cx.commands.edit("Connect", edits::finish(cx.document, made));
                }
            }
            Gesture::Lazy { .. } => {}
        }
    }

    fn clicked(&mut self, hit: &Hit, modifiers: Modifiers, cx: &mut Cx<'_>) {
        let control = modifiers.ctrl || modifiers.command;
        if let Hit::More(node) = hit {
            let it = &self.scene.nodes[*node as usize];
            let value = (!it.open).then_some(true.into());
            let edit = edits::set_look(cx.document, &it.id, it.rect.min, "open", value);
            cx.commands.edit(if it.open { "Hide inputs" } else { "Show all inputs" }, vec![edit]);
        }
        let selection = &mut cx.shared.selection;
        match (hit.node(), hit) {
            (Some(node), _) => {
                let id = self.scene.nodes[node as usize].id.as_str();
                if control && selection.nodes.contains(id) {
                    selection.nodes.shift_remove(id);
                } else {
                    if !control && !modifiers.shift {
                        selection.clear();
                    }
                    // The last one is what the inspector shows.
                    selection.nodes.shift_remove(id);
                    selection.nodes.insert(id.to_owned());
                }
            }
            (None, Hit::Decor(key) | Hit::Corner(key)) => {
                if control && selection.decor.contains(key) {
                    selection.decor.shift_remove(key);
                } else {
                    if !control && !modifiers.shift {
                        selection.clear();
                    }
                    selection.decor.insert(key.clone());
                }
            }
            _ if !control && !modifiers.shift => selection.clear(),
            _ => {}
        }
    }

    fn double_clicked(&mut self, at: Pos2, cx: &mut Cx<'_>) {
        let place = self.camera.to_canvas(at);
        match hit::at(&self.scene, place, self.camera.zoom) {
            Hit::Title(node) | Hit::Body(node) if self.scene.nodes[node as usize].kind == model::GROUP => {
                self.enter_group(node, cx);
            }
            Hit::Title(node) => self.start_rename(node),
            Hit::Thumb(node) | Hit::Body(node) => {
                let node = self.scene.nodes[node as usize].id.clone();
                cx.shared.look_a = Some(Look { node, port: None, element: None, ..Look::default() });
                cx.shared.show_panel = Some("viewer");
            }
            Hit::Decor(key) => self.start_writing(&key),
            Hit::Empty | Hit::Wire { .. } => self.open_palette(at, None, cx),
            Hit::Port { .. } | Hit::More(_) | Hit::Bend { .. } | Hit::Corner(_) => {}
        }
    }

    /// Opens the palette of nodes at a place of the screen.
    pub(super) fn open_palette(&mut self, at: Pos2, wire: Option<WireEnd>, cx: &mut Cx<'_>) {
        let place = snap(self.camera.to_canvas(at), false);
        cx.shared.palette = Some(PaletteRequest { at: (place.x, place.y), screen: at, wire });
    }

    /// Ends a gesture without an edit; whether there was one.
    pub(super) fn cancel(&mut self) -> bool {
        self.button = None;
        let scene = &mut self.scene;
        match std::mem::take(&mut self.gesture) {
            Gesture::Idle => return false,
            Gesture::Move(drag) => {
                let nodes: Vec<String> = drag.nodes.iter().map(|i| scene.nodes[*i as usize].id.clone()).collect();
                scene.spoil(nodes.into_iter().chain(drag.decor));
            }
            Gesture::Resize { key, .. } => scene.spoil([key]),
            Gesture::Bend { wire, .. } => {
                let (from, to) = scene.names(&scene.wires[wire as usize]);
                scene.spoil([wires::key(&from, &to)]);
            }
            _ => {}
        }
        true
    }
}

/// The port that a loose end would connect to: the nearest fitting one, or the best one of the node under the pointer.
fn target(scene: &Scene, loose: &Loose, place: Pos2, zoom: f32) -> Option<(u32, u32)> {
    let reach = SNAP / zoom;
    let mut found = Vec::new();
    scene.nodes_in(Rect::from_center_size(place, vec2(reach, reach) * 2.0), &mut found);
    found.retain(|i| !loose.blocked[*i as usize]);
    let mut best: Option<(f32, (u32, u32))> = None;
    for i in &found {
        let node = &scene.nodes[*i as usize];
        let ports = if loose.end == End::Output { &node.inputs } else { &node.outputs };
        for (port, it) in ports.iter().enumerate().filter(|(_, it)| loose.fits(it.ty) && !it.missing) {
            let Some(at) = it.at else { continue };
            let far = (node.rect.min + at).distance(place);
            if far <= reach && best.is_none_or(|(least, _)| far < least) {
                best = Some((far, (*i, port as u32)));
            }
        }
    }
    // Who aims at a port that does not fit does not want another one.
    let aimed = matches!(hit::at(scene, place, zoom), Hit::Port { node, .. } if node != loose.node);
    best.map(|(_, target)| target).or_else(|| {
        if aimed {
            return None;
        }
        let over = found.iter().rev().find(|i| scene.nodes[**i as usize].rect.contains(place))?;
        let node = &scene.nodes[*over as usize];
        let port = match loose.end {
            End::Output => edits::best_input(node, loose.ty),
            End::Input => edits::best_output(node, loose.ty),
        }?;
        Some((*over, port as u32))
    })
}

impl Loose {
    /// Whether a port of the other side can take it.
    pub(crate) fn fits(&self, ty: PortType) -> bool {
        match self.end {
            End::Output => self.ty.fits(ty),
            End::Input => ty.fits(self.ty),
        }
    }
}

/// The next place of the grid.
pub(crate) fn snap(at: Pos2, free: bool) -> Pos2 {
    if free {
        return pos2(at.x.round(), at.y.round());
    }
    pos2((at.x / STEP).round() * STEP, (at.y / STEP).round() * STEP)
}

/// Where a rectangle comes to rest: level with a neighbour, or on the grid.
fn attracted(wanted: Rect, drag: &mut Move, reach: f32) -> Pos2 {
    let mut to = snap(wanted.min, false);
    let (mut best_x, mut best_y) = (reach, reach);
    let (mut guide_x, mut guide_y) = (None, None);
    for other in &drag.neighbours {
        for (mine, theirs) in [(wanted.left(), other.left()), (wanted.right(), other.right())] {
            if (mine - theirs).abs() < best_x {
                best_x = (mine - theirs).abs();
                to.x = wanted.left() + theirs - mine;
                guide_x = Some((theirs, *other));
            }
        }
        for (mine, theirs) in [(wanted.top(), other.top()), (wanted.bottom(), other.bottom())] {
            if (mine - theirs).abs() < best_y {
                best_y = (mine - theirs).abs();
                to.y = wanted.top() + theirs - mine;
                guide_y = Some((theirs, *other));
            }
        }
    }
    if let Some((x, other)) = guide_x {
        let rows = wanted.union(other);
        drag.guides.push([pos2(x, rows.top()), pos2(x, rows.bottom())]);
    }
    if let Some((y, other)) = guide_y {
        let columns = wanted.union(other);
        drag.guides.push([pos2(columns.left(), y), pos2(columns.right(), y)]);
    }
    to
}
