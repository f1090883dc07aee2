//! The key table, row by row: every key of every action is pressed in a window and has the effect that its row names.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use model::{Data, History};

use super::Editor;
use crate::actions::{ACTIONS, Scope, parse};
use crate::command::Command;
use crate::cx::{Look, Region};
use crate::testing::Bench;
use crate::testing::fakes::{Deck, FakeGallery, FakePlayer};
use crate::viewer;

/// An action; the nodes that are selected and the actions that are done before; and one of the effects that
/// [`Desk::effects`] then tells.
type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("new", &[], &[], "File(New(None))"),
    ("open", &[], &[], "File(Open(None))"),
    ("save", &[], &[], "File(Save)"),
    ("save_as", &[], &[], "File(SaveAs)"),
    ("settings", &[], &[], "shows Close the settings"),
    ("close", &[], &[], "File(Close)"),
    ("quit", &[], &[], "Quit"),
    ("undo", &[], &[], "Undo"),
    ("redo", &[], &[], "Redo"),
    ("cut", &["a"], &[], "edit Delete"),
    ("copy", &["a"], &[], "edit Paste"),
    ("paste", &["a"], &["copy"], "edit Paste"),
    ("paste_linked", &["join"], &["copy"], "edit Paste"),
    ("select_all", &[], &[], "selects shots generate film a b join group"),
    ("delete", &["a"], &[], "edit Delete"),
    ("delete_heal", &["join"], &[], "edit Pull out"),
    ("duplicate", &["a"], &[], "edit Duplicate"),
    ("duplicate_linked", &["join"], &[], "edit Duplicate with inputs"),
    ("linked_copy", &["a"], &[], "edit Linked copy"),
    ("unlink", &["a"], &[], "says No linked copy is selected"),
    ("rename", &["a"], &[], "shows Name"),
    ("add", &[], &[], "opens the palette"),
    ("bypass", &["join"], &[], "edit Bypass"),
    ("collapse", &["a"], &[], "edit Collapse"),
    ("thumbnail", &["generate"], &[], "edit Toggle thumbnail"),
    ("swap_inputs", &["join"], &[], "edit Swap inputs"),
    ("group", &["a"], &[], "File(Group"),
    ("ungroup", &["group"], &[], "File(Ungroup"),
    ("enter", &["group"], &[], "File(Enter"),
    ("leave", &[], &[], "File(Leave(1))"),
    ("backdrop", &["a"], &[], "edit Add a frame"),
    ("note", &[], &[], "edit Add a note"),
    ("tidy", &["a", "join"], &[], "edit Tidy 2 nodes"),
    ("align_left", &["a", "join"], &[], "edit Align"),
    ("align_right", &["a", "join"], &[], "edit Align"),
    ("align_top", &["a", "join"], &[], "edit Align"),
    ("align_bottom", &["a", "join"], &[], "edit Align"),
    ("find", &[], &[], "shows Find a node"),
    ("frame", &["a"], &[], "draws anew"),
    ("frame_all", &["a"], &["frame"], "draws anew"),
    ("walk_left", &["join"], &[], "selects a"),
    ("walk_right", &["a"], &[], "selects join"),
    ("walk_up", &["b"], &[], "selects a"),
    ("walk_down", &["a"], &[], "selects b"),
    ("extend_left", &["join"], &[], "selects join a"),
    ("extend_right", &["a"], &[], "selects a join"),
    ("extend_up", &["b"], &[], "selects b a"),
    ("extend_down", &["a"], &[], "selects a b"),
    ("minimap", &["a"], &["frame"], "draws anew"),
    ("run", &["a"], &[], "Run { targets: [\"a\"]"),
    ("run_all", &[], &[], "Run { targets: []"),
    ("force", &["generate"], &[], "Roll { item: \"generate/s1.b1\""),
    ("stop", &[], &[], "Stop"),
    ("live", &[], &[], "SetLive(true)"),
    ("wipe", &[], &[], "compares Wipe"),
    ("inspector", &[], &[], "hides Collapse Inspector"),
    ("workspace_graph", &[], &["workspace_review"], "workspace graph"),
    ("workspace_review", &[], &[], "workspace review"),
    ("workspace_shots", &[], &[], "workspace shots"),
    ("maximise", &[], &[], "hides Inspector"),
    ("play", &[], &[], "player play 1"),
    ("shuttle_back", &[], &[], "player play -1"),
    ("shuttle_stop", &[], &["play"], "player pause"),
    ("shuttle_on", &[], &[], "player play 1"),
    ("shuttle_on_viewer", &[], &[], "player play 1"),
    ("step_back", &[], &[], "player step -1"),
    ("step_on", &[], &[], "player step 1"),
    ("leap_back", &[], &[], "player step -10"),
    ("leap_on", &[], &[], "player step 10"),
    ("previous_shot", &[], &[], "player seek 48"),
    ("next_shot", &[], &[], "player seek 120"),
    ("to_start", &[], &[], "player seek 0"),
    ("to_end", &[], &[], "player seek 143"),
    ("in_point", &[], &[], "player range Some((60, 143)) false"),
    ("out_point", &[], &[], "player range Some((0, 60)) false"),
    ("in_anywhere", &[], &[], "player range Some((60, 143)) false"),
    ("out_anywhere", &[], &[], "player range Some((0, 60)) false"),
    ("clear_range", &[], &["in_point"], "player range None false"),
    ("marker", &[], &[], "edit Set marker"),
    ("loop", &[], &[], "player range None true"),
    ("full_screen", &[], &[], "hides More ways to look"),
    ("safe_areas", &[], &[], "draws anew"),
    ("swap", &[], &["compare_2"], "looks at generate/s1.b3"),
    ("wipe_left", &[], &["compare_2"], "draws anew"),
    ("wipe_right", &[], &["compare_2"], "draws anew"),
    ("commands", &[], &[], "shows Search commands"),
    ("help", &[], &[], "shows Search keys"),
];

/// What the slots show, of one node.
const SLOTS: [&str; 9] = ["s1.b1", "s1.b3", "e3", "e4", "e5", "e6", "e7", "e8", "e9"];

/// What pressing a key of an action does: the row's effect, or that of a slot, of which there are nine.
fn effect_of(id: &str) -> (Vec<&'static str>, Vec<&'static str>, String) {
    if let Some((_, selected, before, effect)) = ROWS.iter().find(|row| row.0 == id) {
        return (selected.to_vec(), before.to_vec(), (*effect).to_owned());
    }
    let slot = |n: &str| SLOTS[n.parse::<usize>().unwrap() - 1];
    match id.split_once('_') {
        Some(("view", n)) => (vec![], vec![], format!("looks at generate/{}", slot(n))),
        Some(("store", n)) => (vec!["a"], vec![], format!("keeps a in {n}")),
        Some(("compare", n)) => (vec![], vec![], format!("compares with generate/{}", slot(n))),
        _ => panic!("the table has no row for {id}"),
    }
}

/// A whole editor, and what could be seen of it before a key was pressed.
struct Desk {
    harness: Harness<'static, Bench>,
    editor: Rc<RefCell<Editor>>,
    deck: Rc<RefCell<Deck>>,
    todo: Rc<RefCell<Vec<String>>>,
}

/// What can be seen.
struct Seen {
    labels: BTreeSet<String>,
    shapes: u64,
}

impl Desk {
    fn new(region: Region) -> Desk {
        let mut bench = viewer::tests::bench();
        let mut document = model::fixture::graph(
            "shots: structure.breakdown\n\
             generate: model.video shot<-shots.shots\n\
             film: output.film clips<-generate.clip\n\
             a: prompt.text text=\"one\"\n\
             b: prompt.text text=\"two\"\n\
             join: text.join texts<-[a.text, b.text]\n\
             group: group file=\"inner.ron\"",
        );
        let places = [("a", 0, 400), ("b", 0, 700), ("join", 300, 450), ("group", 600, 700)];
        for (id, x, y) in places.into_iter().chain([("shots", 0, 0), ("generate", 300, 10), ("film", 600, 20)]) {
            document.layout.insert(id.to_owned(), Data::parse(&format!("(at: ({x}, {y}))")).unwrap());
        }
        bench.history = History::new(document);
        bench.shared.region = region;
        bench.files.crumbs = vec!["outer.ron".to_owned()];
        for (slot, element) in bench.shared.slots.iter_mut().zip(SLOTS) {
            *slot = Some(Look { element: Some(element.to_owned()), ..Look::at("generate") });
        }
        let editor: Rc<RefCell<Editor>> = Rc::default();
        let todo: Rc<RefCell<Vec<String>>> = Rc::default();
        let player = FakePlayer::default();
        let deck = player.0.clone();
        let (drawn, queue) = (editor.clone(), todo.clone());
        let harness = bench.window((1280.0, 720.0), move |ui, cx| {
            let (mut player, mut gallery) = (player.clone(), FakeGallery::default());
            let mut cx = cx.with(&mut gallery, &mut player);
            let mut editor = drawn.borrow_mut();
            queue.borrow_mut().drain(..).for_each(|action| editor.act(&action, &mut cx));
            editor.show(ui, &mut cx);
        });
        let mut desk = Desk { harness, editor, deck, todo };
        desk.harness.run();
        desk.deck.borrow_mut().status.frame = 60;
        desk.harness.run();
        desk
    }

    fn seen(&self) -> Seen {
        let nodes = self.harness.root().children_recursive();
        let labels = nodes.filter_map(|node| node.accesskit_node().label()).collect();
        let mut shapes = DefaultHasher::new();
        for shape in &self.harness.output().shapes {
            let rect = shape.shape.visual_bounding_rect();
            [rect.min.x, rect.min.y, rect.max.x, rect.max.y].map(f32::to_bits).hash(&mut shapes);
        }
        Seen { labels, shapes: shapes.finish() }
    }

    /// What happens when a key is pressed and an action, where there is one, is done after it: one line an effect.
    fn effects(&mut self, modifiers: egui::Modifiers, key: egui::Key, then: Option<&str>) -> Vec<String> {
        let before = self.seen();
        let shared = |bench: &Bench| {
            let shared = &bench.shared;
            (
                shared.selection.clone(),
                shared.slots.clone(),
                shared.look_a.clone(),
                shared.look_b.clone(),
                shared.compare,
            )
        };
        let (selection, slots, look_a, look_b, compare) = shared(self.harness.state());
        let workspace = self.editor.borrow().layout().workspace.clone();
        self.harness.state_mut().sent.clear();
        self.deck.borrow_mut().told.clear();
        // A tap, within one frame: those of the harness are a quarter of a second apart.
        self.harness.input_mut().events.extend([true, false].map(|pressed| egui::Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers,
        }));
        self.harness.step();
        self.todo.borrow_mut().extend(then.map(str::to_owned));
        self.harness.run();
        let now = self.seen();
        let mut told: Vec<String> = self.deck.borrow().told.iter().map(|told| format!("player {told}")).collect();
        told.extend(self.harness.state().sent.iter().map(|command| match command {
            Command::Edit { label, .. } => format!("edit {label}"),
            other => format!("{other:?}"),
        }));
        told.extend(now.labels.difference(&before.labels).map(|label| format!("shows {label}")));
        told.extend(before.labels.difference(&now.labels).map(|label| format!("hides {label}")));
        if now.shapes != before.shapes {
            told.push("draws anew".to_owned());
        }
        let name = |look: &Look| match &look.element {
            Some(element) => format!("{}/{element}", look.node),
            None => look.node.clone(),
        };
        let bench = self.harness.state();
        let (selection_now, slots_now, look_a_now, look_b_now, compare_now) = shared(bench);
        if selection_now != selection {
            let nodes: Vec<&str> = selection_now.nodes.iter().map(String::as_str).collect();
            told.push(format!("selects {}", nodes.join(" ")));
        }
        for (i, slot) in slots_now.iter().enumerate().filter(|(i, slot)| slots[*i] != **slot) {
            told.push(format!("keeps {} in {}", slot.as_ref().map(name).unwrap_or_default(), i + 1));
        }
        if look_a_now != look_a {
            told.push(format!("looks at {}", look_a_now.as_ref().map(name).unwrap_or_default()));
        }
        if look_b_now != look_b {
            told.push(format!("compares with {}", look_b_now.as_ref().map(name).unwrap_or_default()));
        }
        if compare_now != compare {
            told.push(format!("compares {compare_now:?}"));
        }
        if bench.shared.palette.is_some() {
            told.push("opens the palette".to_owned());
        }
        told.extend(bench.shared.toast.iter().map(|toast| format!("says {toast}")));
        let workspace_now = self.editor.borrow().layout().workspace.clone();
        if workspace_now != workspace {
            told.push(format!("workspace {workspace_now}"));
        }
        told
    }
}

#[test]
fn every_key_of_the_table_does_what_its_row_says() {
    let mut wrong = Vec::new();
    for action in ACTIONS {
        let regions: &[Region] = match action.scope {
            Scope::Anywhere => &[Region::Canvas, Region::Viewer],
            Scope::Canvas => &[Region::Canvas],
            Scope::Viewer => &[Region::Viewer],
        };
        for (key, region) in action.keys.iter().flat_map(|key| regions.iter().map(move |region| (key, region))) {
            let (selected, before, effect) = effect_of(action.id);
            let mut desk = Desk::new(*region);
            let nodes = &mut desk.harness.state_mut().shared.selection.nodes;
            nodes.extend(selected.iter().map(|id| (*id).to_owned()));
            desk.todo.borrow_mut().extend(before.iter().map(|id| (*id).to_owned()));
            desk.harness.run();
            let shortcut = parse(key).unwrap();
            // What was copied is seen when it is pasted.
            let then = (action.id == "copy").then_some("paste");
            let told = desk.effects(shortcut.modifiers, shortcut.logical_key, then);
            if !told.iter().any(|told| told.starts_with(&effect)) {
                wrong.push(format!("{key} ({}, {region:?}) should: {effect}; does: {told:#?}", action.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_key_that_is_bound_to_nothing_does_nothing() {
    for region in [Region::Canvas, Region::Viewer] {
        assert_eq!(Desk::new(region).effects(egui::Modifiers::NONE, egui::Key::F9, None), Vec::<String>::new());
    }
}

#[test]
fn escape_in_a_field_leaves_the_field_and_not_the_group() {
    let mut desk = Desk::new(Region::Canvas);
    let focused = |desk: &Desk| desk.harness.get_by_label("Filter shots").is_focused();
    desk.harness.get_by_label("Filter shots").focus();
    desk.harness.run();
    assert!(focused(&desk));
    desk.harness.key_press(egui::Key::Escape);
    desk.harness.run();
    assert!(!focused(&desk));
    assert_eq!(desk.harness.state().sent, [], "nothing else was done");
    desk.harness.key_press(egui::Key::Escape);
    desk.harness.run();
    assert_eq!(desk.harness.state().sent.len(), 1, "outside of a field it leaves the group");
}
