//! Random gestures, seeded: whatever somebody does with pointer and keys, the document stays sound, and undo leads
//! back to the first file byte for byte.

use std::collections::BTreeSet;

use egui::{Context, Event, Key, Modifiers, PointerButton, Pos2, RawInput, Rect, pos2, vec2};
use indexmap::IndexMap;
use model::{
    Catalog, Data, Diagnostic, Document, Edit, GROUP, History, Loaded, Severity, check, group_edits, group_face,
};

use super::Canvas;
use super::gestures::Gesture;
use super::wires;
use super::with_layout;
use crate::actions::{ACTIONS, Scope};
use crate::command::{Command, FileCommand};
use crate::testing::Bench;
use crate::theme::{DARK, Theme};

const SIZE: (f32, f32) = (1000.0, 700.0);
/// In each graph. The history keeps a thousand steps.
const GESTURES: usize = 900;

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n.max(1)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

struct Table {
    ctx: Context,
    bench: Bench,
    canvas: Canvas,
    time: f64,
    /// What the window would have put on the clipboard.
    clipboard: String,
    /// Files of groups, which in the window are on disk.
    files: IndexMap<String, Document>,
    n_groups: usize,
    n_linked: usize,
    /// What was done, for the message of a failure.
    log: Vec<String>,
}

impl Table {
    fn new(document: Document) -> Table {
        let ctx = Context::default();
        Theme::install_fonts(&ctx);
        DARK.apply(&ctx);
        let bench = Bench { history: History::new(document), ..Bench::default() };
        let (canvas, clipboard) = (Canvas::default(), String::new());
        let (files, log) = (IndexMap::new(), Vec::new());
        let mut table = Table { ctx, bench, canvas, time: 0.0, clipboard, files, n_groups: 0, n_linked: 0, log };
        (0..2).for_each(|_| table.frame(Vec::new(), Modifiers::NONE, ""));
        table
    }

    fn frame(&mut self, events: Vec<Event>, modifiers: Modifiers, action: &str) {
        self.time += 0.05;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(SIZE.0, SIZE.1))),
            time: Some(self.time),
            events: std::iter::once(Event::ModifiersChanged(modifiers)).chain(events).collect(),
            ..RawInput::default()
        };
        let (bench, canvas) = (&mut self.bench, &mut self.canvas);
        let mut output = self.ctx.run_ui(input, |ui| {
            bench.frame(ui, |_, cx| {
                if !action.is_empty() {
                    canvas.act(action, cx);
                }
            });
            // The window's keys come before the canvas, so an action's edits are applied when it is drawn.
            bench.frame(ui, |ui, cx| canvas.show(ui, cx));
        });
        output.textures_delta.clear();
        for command in output.platform_output.commands {
            if let egui::OutputCommand::CopyText(text) = command {
                self.clipboard = text;
            }
        }
    }

    /// Does what the window does on disk: groups of nodes, and nodes of groups.
    fn group(&mut self) {
        for command in std::mem::take(&mut self.bench.sent) {
            let document = self.bench.history.document();
            let made = match &command {
                Command::File(FileCommand::Group { nodes }) => {
                    let id = format!("group_{}", self.files.len());
                    let file = format!("{id}.ron");
                    group_edits::pack(document, nodes, &id, &file).map(|(inner, edits)| {
                        self.files.insert(file, inner);
                        ("Group", edits)
                    })
                }
                Command::File(FileCommand::Ungroup { node }) => {
                    let file = document.nodes[node].params["file"].as_text().unwrap();
                    group_edits::unpack(document, node, &self.files[file]).map(|edits| ("Ungroup", edits))
                }
                _ => continue,
            };
            // What cannot be grouped, or grouped no more, is told in words.
            let Ok((label, edits)) = made else { continue };
            let edits = with_layout(document, edits);
            self.n_groups += usize::from(self.bench.history.apply(label, edits, None).is_ok());
        }
        let mut load =
            |file: &str| self.files.get(file).cloned().ok_or_else(|| Diagnostic::error("no-file", file.to_owned()));
        let groups = self.bench.history.document().nodes.iter().filter(|(_, node)| node.kind == GROUP);
        let faces: IndexMap<_, _> = groups
            .filter_map(|(id, node)| {
                let inner = load(node.params.get("file").and_then(Data::as_text)?).ok()?;
                Some((id.clone(), group_face(&inner, Catalog(nodes::ALL), &mut load)))
            })
            .collect();
        if *self.bench.view.groups != faces {
            self.bench.view.groups = faces.into();
        }
    }

    /// Sets a text as the inspector does.
    fn set_text(&mut self, dice: &mut Dice) {
        let document = self.bench.history.document();
        let texts: Vec<&String> =
            document.nodes.iter().filter(|(_, node)| node.kind == "prompt.text").map(|(id, _)| id).collect();
        if texts.is_empty() {
            return;
        }
        let node = (*dice.pick(&texts)).clone();
        self.log.push(format!("set the text of {node}"));
        let value = *dice.pick(&["fog", "fog and {b}", "rain on {window}", ""]);
        let edit = Edit::SetParam { node, param: "text".to_owned(), value: Some(value.into()), at: None };
        self.bench.history.apply("Set text", vec![edit], None).unwrap();
        self.frame(Vec::new(), Modifiers::NONE, "");
    }

    /// What was brought up to date after each edit must be what would be made anew.
    fn check_scene(&mut self) {
        self.group();
        let (bench, canvas) = (&mut self.bench, &mut self.canvas);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(SIZE.0, SIZE.1))),
            time: Some(self.time),
            ..RawInput::default()
        };
        let differs = &mut None;
        let mut output = self.ctx.run_ui(input, |ui| {
            bench.frame(ui, |ui, cx| {
                canvas.show(ui, cx);
                *differs = canvas.scene.differs_from_new(cx);
            });
        });
        output.textures_delta.clear();
        if let Some(differs) = differs {
            panic!("{differs}\nafter\n{}", self.log[self.log.len().saturating_sub(6)..].join("\n"));
        }
    }

    /// A place that something is at, or any place.
    fn place(&self, dice: &mut Dice) -> Pos2 {
        let (scene, camera) = (&self.canvas.scene, self.canvas.camera);
        let anywhere = |dice: &mut Dice| pos2(dice.roll(SIZE.0 as usize) as f32, dice.roll(SIZE.1 as usize) as f32);
        let at = match dice.roll(7) {
            0 | 1 if !scene.nodes.is_empty() => {
                let node = dice.pick(&scene.nodes);
                camera.to_screen(pos2(node.rect.center().x, node.rect.top() + dice.roll(40) as f32))
            }
            2 | 3 if !scene.nodes.is_empty() => {
                let node = dice.pick(&scene.nodes);
                let ports: Vec<_> = node.inputs.iter().chain(&node.outputs).filter_map(|port| port.at).collect();
                match ports.is_empty() {
                    true => anywhere(dice),
                    false => camera.to_screen(node.rect.min + *dice.pick(&ports)),
                }
            }
            4 if !scene.wires.is_empty() => {
                let wire = dice.pick(&scene.wires);
                let path = wires::path(wire.a, &wire.bends, wire.b, 16);
                camera.to_screen(*dice.pick(&path))
            }
            5 if !scene.decor.is_empty() => {
                let decor = &scene.decor[dice.roll(scene.decor.len())];
                let corners = [decor.rect.min + vec2(9.0, 9.0), decor.rect.max - vec2(6.0, 6.0)];
                camera.to_screen(*dice.pick(&corners))
            }
            _ => anywhere(dice),
        };
        at.clamp(Pos2::ZERO, pos2(SIZE.0 - 1.0, SIZE.1 - 1.0))
    }

    fn gesture(&mut self, dice: &mut Dice) {
        let modifiers = *dice.pick(&[
            Modifiers::NONE,
            Modifiers::NONE,
            Modifiers::NONE,
            Modifiers::SHIFT,
            Modifiers::ALT,
            Modifiers::COMMAND,
        ]);
        match dice.roll(12) {
            0..=4 => self.drag(dice, modifiers),
            5 | 6 => {
                let at = self.place(dice);
                self.log.push(format!("click {at:?} {modifiers:?}"));
                self.click(at, modifiers);
            }
            7 => {
                let at = self.place(dice);
                self.log.push(format!("double click {at:?}"));
                self.click(at, Modifiers::NONE);
                self.click(at, Modifiers::NONE);
                self.write(dice);
            }
            8 => {
                let at = self.place(dice);
                self.log.push(format!("zoom at {at:?}"));
                let factor = *dice.pick(&[0.6, 0.9, 1.1, 1.7]);
                self.frame(vec![Event::PointerMoved(at), Event::Zoom(factor)], Modifiers::NONE, "");
            }
            9 if dice.one_in(4) => {
                self.log.push("undo or redo".to_owned());
                if dice.one_in(3) {
                    self.bench.history.redo();
                } else {
                    self.bench.history.undo();
                }
                self.frame(Vec::new(), Modifiers::NONE, "");
            }
            9 if dice.one_in(2) => self.set_text(dice),
            _ => self.action(dice),
        }
        self.check_scene();
    }

    fn drag(&mut self, dice: &mut Dice, modifiers: Modifiers) {
        let button = *dice.pick(&[
            PointerButton::Primary,
            PointerButton::Primary,
            PointerButton::Primary,
            PointerButton::Secondary,
            PointerButton::Middle,
        ]);
        let key = *dice.pick(&[None, None, None, None, None, Some(Key::Space), Some(Key::Y)]);
        let (from, to) = (self.place(dice), self.place(dice));
        let shaken = dice.one_in(8);
        let escape = dice.one_in(6);
        self.log.push(format!("drag {button:?} {modifiers:?} {key:?} {from:?} to {to:?} {shaken} {escape}"));
        let key_event =
            |pressed: bool| key.map(|key| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
        let mut events = vec![Event::PointerMoved(from)];
        events.extend(key_event(true));
        self.frame(events, modifiers, "");
        self.frame(vec![Event::PointerButton { pos: from, button, pressed: true, modifiers }], modifiers, "");
        if shaken {
            for side in [40.0, -40.0, 40.0, -40.0, 40.0, -40.0] {
                self.frame(vec![Event::PointerMoved(from + vec2(side, 3.0))], modifiers, "");
            }
        }
        let steps = (1..=5).map(|step| Event::PointerMoved(from.lerp(to, step as f32 / 5.0)));
        self.frame(steps.collect(), modifiers, "");
        if escape {
            self.press(Key::Escape);
        }
        let mut events = vec![Event::PointerButton { pos: to, button, pressed: false, modifiers }];
        events.extend(key_event(false));
        self.frame(events, modifiers, "");
        self.frame(Vec::new(), Modifiers::NONE, "");
    }

    fn click(&mut self, pos: Pos2, modifiers: Modifiers) {
        let button = |pressed| Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers };
        self.frame(vec![Event::PointerMoved(pos)], modifiers, "");
        self.frame(vec![button(true)], modifiers, "");
        self.frame(vec![button(false)], modifiers, "");
    }

    fn press(&mut self, key: Key) {
        let event =
            |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE };
        self.frame(vec![event(true), event(false)], Modifiers::NONE, "");
    }

    /// Writes into whatever field may be open.
    fn write(&mut self, dice: &mut Dice) {
        self.frame(Vec::new(), Modifiers::NONE, "");
        let text = *dice.pick(&["x", "new_name", "not a name", "film", "a.b"]);
        self.frame(vec![Event::Text(text.to_owned())], Modifiers::NONE, "");
        self.press(if dice.one_in(3) { Key::Escape } else { Key::Enter });
        self.frame(Vec::new(), Modifiers::NONE, "");
    }

    fn action(&mut self, dice: &mut Dice) {
        let canvas: Vec<&str> =
            ACTIONS.iter().filter(|action| action.scope == Scope::Canvas).map(|action| action.id).collect();
        let action = *dice.pick(&canvas);
        // A graph that only shrinks is soon no test.
        let shrinks = matches!(action, "delete" | "cut" | "delete_heal");
        if shrinks && (!dice.one_in(3) || self.bench.shared.selection.nodes.len() > 4) {
            return;
        }
        // And one that doubles each time is a slow one.
        let copies = action.starts_with("duplicate") || action == "linked_copy";
        if self.bench.history.document().nodes.len() > 60 && copies {
            return;
        }
        self.log.push(action.to_owned());
        if action.starts_with("paste") {
            if self.bench.history.document().nodes.len() > 60 {
                return;
            }
            self.bench.shared.pasted = Some(self.clipboard.clone());
        }
        self.frame(Vec::new(), Modifiers::NONE, action);
        self.frame(Vec::new(), Modifiers::NONE, "");
        if matches!(action, "rename" | "note" | "backdrop" | "find") {
            self.write(dice);
        }
        self.bench.shared.palette = None;
    }

    #[track_caller]
    fn expect_sound(&self, allowed: &BTreeSet<String>) {
        let document = self.bench.history.document();
        let said = || self.log[self.log.len().saturating_sub(6)..].join("\n");
        for code in errors(document) {
            assert!(allowed.contains(&code), "{code} is new after\n{}", said());
        }
        for (id, node) in &document.nodes {
            for other in document.linked_with(id) {
                assert_eq!(node.params, document.nodes[other].params, "linked copies differ after\n{}", said());
            }
        }
        for key in document.layout.keys() {
            let known = match wires::link_of(key) {
                Some((from, to)) => document.links.get(&to).is_some_and(|feed| feed.sources().contains(&from)),
                None => document.nodes.contains_key(key) || key.starts_with("frame:") || key.starts_with("note:"),
            };
            assert!(known, "`{key}` is about nothing after\n{}", said());
        }
        assert!(matches!(self.canvas.gesture, Gesture::Idle), "a gesture goes on after\n{}", said());
        assert_eq!(self.canvas.scene.nodes.len(), document.nodes.len(), "after\n{}", said());
    }
}

fn errors(document: &Document) -> BTreeSet<String> {
    let found = check(document, model::Catalog(nodes::ALL));
    found.into_iter().filter(|it| it.severity == Severity::Error).map(|it| it.code).collect()
}

fn open(text: &str) -> Loaded {
    Document::parse("graph.ron", text).unwrap()
}

fn play(text: &str, seed: u64) {
    let Loaded { document, source, .. } = open(text);
    assert_eq!(source.print(&document), text);
    let mut allowed = errors(&document);
    // Whoever cuts a wire may leave an input without one.
    allowed.insert("missing-input".to_owned());
    let mut table = Table::new(document);
    let mut dice = Dice(seed);
    for _ in 0..GESTURES {
        table.gesture(&mut dice);
        table.expect_sound(&allowed);
        table.n_linked += usize::from(table.bench.history.document().nodes.values().any(|it| it.linked().is_some()));
    }
    assert!(0 < table.n_groups, "no group came or went");
    assert!(20 < table.n_linked, "linked copies were there too seldom: {}", table.n_linked);
    let steps = table.bench.history.done().count();
    assert!(GESTURES / 15 < steps && steps < 1000, "{steps} steps are no test, or more than the history keeps");
    let last = source.print(table.bench.history.document());
    while table.bench.history.undo().is_some() {}
    assert_eq!(source.print(table.bench.history.document()), text, "undo leads back to the first file");
    while table.bench.history.redo().is_some() {}
    // Redo goes on to the end only where the last thing was no undo.
    let again = source.print(table.bench.history.document());
    assert!(again == last || table.bench.history.done().count() > steps, "redo leads on to the last one");
}

#[test]
fn a_film_survives_anything() {
    play(include_str!("../../../graphs/lighthouse.ron"), 0x1234_5678_9abc_def1);
}

#[test]
fn a_graph_without_places_survives_anything() {
    let text = "(
    throughline: 1, // by hand
    nodes: {
        \"a\": (kind: \"prompt.text\", version: 1, params: { \"text\": \"fog and {b}\" }),
        \"b\": (kind: \"prompt.text\", version: 1, params: { \"text\": \"rain\" }, bypass: true),
        /* nobody knows this one */
        \"odd\": (kind: \"no.such\", version: 3, params: { \"x\": [1, 2.50] }, extra: Thing),
        \"video\": (kind: \"model.video\", version: 1, params: {}),
        \"film\": (kind: \"output.film\", version: 1, params: {}),
    },
    links: {
        \"a.b\": \"b.text\",
        \"video.prompt\": \"a.text\",
        \"odd.in\": [\"video.clip\"],
        \"film.clips\": [\"video.clip\", \"odd.out\"],
    },
    layout: {
        \"frame:1\": (at: (-40, 0), size: (500, 400), title: \"Act one\"),
        \"wire:film.clips<-video.clip\": [(400, 300), (500, 320)],
    },
)
";
    play(text, 0xdead_beef_0bad_cafe);
}

#[test]
fn a_long_edit_survives_anything() {
    play(include_str!("../../../graphs/reedit.ron"), 7);
}
