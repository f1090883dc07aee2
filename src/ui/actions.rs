//! Everything a key can do: one table that bindings, menus, the command palette and Help are made from.
//!
//! Keys are texts like `Ctrl+Shift+D`. Presets replace some of them by what users of another program expect; a
//! user's own choices replace single rows.

use egui::{Key, KeyboardShortcut, Modifiers};
use indexmap::IndexMap;

use crate::cx::Region;

/// One action.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    /// Stable: settings files name it.
    pub id: &'static str,
    pub title: &'static str,
    pub group: &'static str,
    /// Where its keys work.
    pub scope: Scope,
    pub keys: &'static [&'static str],
}

/// Where the keys of an action work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Anywhere,
    Canvas,
    Viewer,
}

const fn row(
    group: &'static str,
    scope: Scope,
    id: &'static str,
    title: &'static str,
    keys: &'static [&'static str],
) -> ActionSpec {
    ActionSpec { id, title, group, scope, keys }
}

use Scope::{Anywhere, Canvas, Viewer};

/// Every action, in the order that Help shows them.
pub const ACTIONS: &[ActionSpec] = &[
    row("File", Anywhere, "new", "New…", &["Ctrl+N"]),
    row("File", Anywhere, "open", "Open…", &["Ctrl+O"]),
    row("File", Anywhere, "save", "Save", &["Ctrl+S"]),
    row("File", Anywhere, "save_as", "Save as…", &["Ctrl+Shift+S"]),
    row("File", Anywhere, "settings", "Settings…", &["Ctrl+Comma"]),
    row("File", Anywhere, "close", "Close", &["Ctrl+W"]),
    row("File", Anywhere, "quit", "Quit", &["Ctrl+Q"]),
    row("Edit", Anywhere, "undo", "Undo", &["Ctrl+Z"]),
    row("Edit", Anywhere, "redo", "Redo", &["Ctrl+Shift+Z", "Ctrl+Y"]),
    row("Edit", Canvas, "cut", "Cut", &["Ctrl+Alt+X"]),
    row("Edit", Canvas, "copy", "Copy as RON text", &["Ctrl+C"]),
    row("Edit", Canvas, "paste", "Paste", &["Ctrl+V"]),
    row("Edit", Canvas, "paste_linked", "Paste with inputs", &["Ctrl+Shift+V"]),
    row("Edit", Canvas, "select_all", "Select all", &["Ctrl+A"]),
    row("Edit", Canvas, "delete", "Delete", &["Delete", "Backspace"]),
    row("Edit", Canvas, "delete_heal", "Pull out and heal the wires", &["Ctrl+X", "Ctrl+Shift+X"]),
    row("Edit", Canvas, "duplicate", "Duplicate", &["Ctrl+D"]),
    row("Edit", Canvas, "duplicate_linked", "Duplicate with inputs", &["Ctrl+Shift+D"]),
    row("Edit", Canvas, "linked_copy", "Linked copy: a change of one changes both", &["Alt+D"]),
    row("Edit", Canvas, "unlink", "Unlink the copy", &["Alt+Shift+D"]),
    row("Edit", Canvas, "rename", "Rename", &["F2", "N"]),
    row("Nodes", Canvas, "add", "Add node…", &["Tab", "Shift+A"]),
    row("Nodes", Canvas, "bypass", "Disable or bypass", &["D", "M", "Ctrl+B"]),
    row("Nodes", Canvas, "collapse", "Collapse", &["H"]),
    row("Nodes", Canvas, "thumbnail", "Toggle thumbnail", &["Alt+P"]),
    row("Nodes", Canvas, "swap_inputs", "Swap the first two inputs", &["Shift+X"]),
    row("Nodes", Canvas, "group", "Group", &["Ctrl+G"]),
    row("Nodes", Canvas, "ungroup", "Ungroup", &["Ctrl+Alt+G"]),
    row("Nodes", Canvas, "enter", "Enter the group", &["Enter"]),
    row("Nodes", Canvas, "leave", "Leave the group, or end a gesture", &["Escape", "U"]),
    row("Nodes", Canvas, "backdrop", "Put a frame around the selection", &["Ctrl+J"]),
    row("Nodes", Canvas, "note", "Add a sticky note", &["Shift+N"]),
    row("Nodes", Canvas, "tidy", "Tidy the selection", &["L"]),
    row("Nodes", Canvas, "align_left", "Align left", &["Alt+Shift+ArrowLeft"]),
    row("Nodes", Canvas, "align_right", "Align right", &["Alt+Shift+ArrowRight"]),
    row("Nodes", Canvas, "align_top", "Align top", &["Alt+Shift+ArrowUp"]),
    row("Nodes", Canvas, "align_bottom", "Align bottom", &["Alt+Shift+ArrowDown"]),
    row("Walk", Canvas, "find", "Find node…", &["Ctrl+F"]),
    row("Walk", Canvas, "frame", "Frame the selection", &["F", "."]),
    row("Walk", Canvas, "frame_all", "Frame everything", &["Home"]),
    row("Walk", Canvas, "walk_left", "Walk to the node before", &["ArrowLeft"]),
    row("Walk", Canvas, "walk_right", "Walk to the node after", &["ArrowRight"]),
    row("Walk", Canvas, "walk_up", "Walk to the node above", &["ArrowUp"]),
    row("Walk", Canvas, "walk_down", "Walk to the node below", &["ArrowDown"]),
    row("Walk", Canvas, "extend_left", "Add the node before to the selection", &["Shift+ArrowLeft"]),
    row("Walk", Canvas, "extend_right", "Add the node after to the selection", &["Shift+ArrowRight"]),
    row("Walk", Canvas, "extend_up", "Add the node above to the selection", &["Shift+ArrowUp"]),
    row("Walk", Canvas, "extend_down", "Add the node below to the selection", &["Shift+ArrowDown"]),
    row("Walk", Canvas, "minimap", "Toggle minimap", &["Alt+M"]),
    row("Run", Anywhere, "run", "Run the selection", &["Ctrl+Enter"]),
    row("Run", Anywhere, "run_all", "Run the outputs", &["Ctrl+Shift+Enter"]),
    row("Run", Anywhere, "force", "Roll the selection again", &["Shift+Enter", "Ctrl+Alt+Enter"]),
    row("Run", Anywhere, "stop", "Stop the run", &["Shift+Escape"]),
    row("Run", Anywhere, "live", "Toggle live mode", &["Ctrl+L"]),
    row("View", Anywhere, "view_1", "View slot 1", &["1"]),
    row("View", Anywhere, "view_2", "View slot 2", &["2"]),
    row("View", Anywhere, "view_3", "View slot 3", &["3"]),
    row("View", Anywhere, "view_4", "View slot 4", &["4"]),
    row("View", Anywhere, "view_5", "View slot 5", &["5"]),
    row("View", Anywhere, "view_6", "View slot 6", &["6"]),
    row("View", Anywhere, "view_7", "View slot 7", &["7"]),
    row("View", Anywhere, "view_8", "View slot 8", &["8"]),
    row("View", Anywhere, "view_9", "View slot 9", &["9"]),
    row("View", Anywhere, "store_1", "Pin the selected node to slot 1", &["Ctrl+1"]),
    row("View", Anywhere, "store_2", "Pin the selected node to slot 2", &["Ctrl+2"]),
    row("View", Anywhere, "store_3", "Pin the selected node to slot 3", &["Ctrl+3"]),
    row("View", Anywhere, "store_4", "Pin the selected node to slot 4", &["Ctrl+4"]),
    row("View", Anywhere, "store_5", "Pin the selected node to slot 5", &["Ctrl+5"]),
    row("View", Anywhere, "store_6", "Pin the selected node to slot 6", &["Ctrl+6"]),
    row("View", Anywhere, "store_7", "Pin the selected node to slot 7", &["Ctrl+7"]),
    row("View", Anywhere, "store_8", "Pin the selected node to slot 8", &["Ctrl+8"]),
    row("View", Anywhere, "store_9", "Pin the selected node to slot 9", &["Ctrl+9"]),
    row("View", Anywhere, "compare_1", "Compare with slot 1", &["Shift+1"]),
    row("View", Anywhere, "compare_2", "Compare with slot 2", &["Shift+2"]),
    row("View", Anywhere, "compare_3", "Compare with slot 3", &["Shift+3"]),
    row("View", Anywhere, "compare_4", "Compare with slot 4", &["Shift+4"]),
    row("View", Anywhere, "compare_5", "Compare with slot 5", &["Shift+5"]),
    row("View", Anywhere, "compare_6", "Compare with slot 6", &["Shift+6"]),
    row("View", Anywhere, "compare_7", "Compare with slot 7", &["Shift+7"]),
    row("View", Anywhere, "compare_8", "Compare with slot 8", &["Shift+8"]),
    row("View", Anywhere, "compare_9", "Compare with slot 9", &["Shift+9"]),
    row("View", Anywhere, "wipe", "Compare: wipe, side by side, difference, off", &["W"]),
    row("View", Anywhere, "inspector", "Toggle inspector", &["P"]),
    row("View", Anywhere, "workspace_graph", "Workspace for the graph", &["Alt+1"]),
    row("View", Anywhere, "workspace_review", "Workspace for review", &["Alt+2"]),
    row("View", Anywhere, "workspace_shots", "Workspace for shots", &["Alt+3"]),
    row("View", Anywhere, "maximise", "Panel fills the window, or goes back", &["Ctrl+Space"]),
    row("View", Anywhere, "reset_layout", "Reset the workspace", &[]),
    row("Play", Anywhere, "play", "Play or pause", &["Space"]),
    row("Play", Anywhere, "shuttle_back", "Play backward, faster each time", &["J"]),
    row("Play", Anywhere, "shuttle_stop", "Pause", &["K"]),
    row("Play", Anywhere, "shuttle_on", "Play forward, faster each time", &["Alt+L"]),
    row("Play", Viewer, "shuttle_on_viewer", "Play forward, faster each time", &["L"]),
    row("Play", Viewer, "step_back", "One frame back", &["ArrowLeft"]),
    row("Play", Viewer, "step_on", "One frame on", &["ArrowRight"]),
    row("Play", Viewer, "leap_back", "Ten frames back", &["Shift+ArrowLeft"]),
    row("Play", Viewer, "leap_on", "Ten frames on", &["Shift+ArrowRight"]),
    row("Play", Viewer, "previous_shot", "To the shot before", &["ArrowUp"]),
    row("Play", Viewer, "next_shot", "To the next shot", &["ArrowDown"]),
    row("Play", Viewer, "to_start", "To the start", &["Home", "Ctrl+ArrowLeft"]),
    row("Play", Viewer, "to_end", "To the end", &["End", "Ctrl+ArrowRight"]),
    row("Play", Viewer, "in_point", "Set the in point", &["I"]),
    row("Play", Viewer, "out_point", "Set the out point", &["O"]),
    row("Play", Anywhere, "in_anywhere", "Set the in point", &["Alt+I"]),
    row("Play", Anywhere, "out_anywhere", "Set the out point", &["Alt+O"]),
    row("Play", Viewer, "clear_range", "Clear in and out points", &["Alt+X"]),
    row("Play", Viewer, "marker", "Set or remove a marker", &["M"]),
    row("Play", Viewer, "loop", "Toggle loop", &["Ctrl+Shift+L"]),
    row("Play", Viewer, "full_screen", "Full screen", &["F"]),
    row("Play", Viewer, "safe_areas", "Toggle safe areas", &["S"]),
    row("Play", Viewer, "swap", "Swap A and B", &["Enter"]),
    row("Play", Viewer, "wipe_left", "Move the wipe left", &["Alt+ArrowLeft"]),
    row("Play", Viewer, "wipe_right", "Move the wipe right", &["Alt+ArrowRight"]),
    row("Help", Anywhere, "commands", "All commands…", &["Ctrl+Shift+P"]),
    row("Help", Anywhere, "help", "Keys", &["Shift+?", "F1"]),
    row("Help", Anywhere, "tour", "Take the tour", &[]),
];

/// Gestures of the mouse, for Help.
pub const GESTURES: &[(&str, &str)] = &[
    ("Double click on the canvas", "Add node"),
    ("Middle drag, Space + drag", "Pan; Space alone plays"),
    ("Wheel, pinch", "Zoom at the cursor"),
    ("Drag on the canvas", "Select with a box; Shift adds, Ctrl toggles"),
    ("Drag from a port", "Connect; on empty canvas the palette shows what fits"),
    ("Drag a wire's end off", "Disconnect"),
    ("Drop a node on a wire", "Insert it; Alt prevents it"),
    ("Shake a node while dragging", "Pull it out and heal the wires"),
    ("Ctrl + right drag, Y + drag", "Cut wires"),
    ("Shift + right drag, Alt + click on a wire", "Reroute"),
    ("Alt + click on a reroute point", "Remove it"),
    ("Drag a frame by its title", "Move it with what lies inside"),
    ("Alt while dragging", "Neither snap nor insert"),
    ("Alt + right drag from node to node", "Connect without aiming"),
    ("Double click on a title", "Rename"),
    ("Double click on a group", "Enter it; Escape or a step of the path leaves it"),
    ("Hold Escape", "Stop the run"),
    ("Move across a thumbnail", "Scrub"),
    ("J or L while K is held", "One frame back or on"),
    ("Double click on a panel's tab", "The panel fills the window, or goes back"),
];

/// Rows of a preset: action ids with their keys.
pub type Rows = &'static [(&'static str, &'static [&'static str])];

/// Another program's keys, for the rows that differ: name, and id with keys.
pub const PRESETS: &[(&str, Rows)] = &[
    ("Throughline", &[]),
    (
        "Nuke",
        &[
            ("duplicate", &["Alt+C"]),
            ("linked_copy", &["Alt+K"]),
            ("unlink", &["Alt+Shift+K"]),
            ("add", &["Tab"]),
            ("enter", &["Ctrl+Enter", "Enter"]),
            ("delete_heal", &["Ctrl+Shift+X", "Ctrl+X"]),
            ("rename", &["N"]),
            ("frame", &["F"]),
            ("frame_all", &["H"]),
            ("collapse", &[]),
            ("run", &["F7"]),
            ("run_all", &["F5"]),
        ],
    ),
    (
        "Blender",
        &[
            ("add", &["Shift+A"]),
            ("bypass", &["M"]),
            ("duplicate", &["Shift+D"]),
            ("linked_copy", &["Alt+D"]),
            ("enter", &["Tab", "Enter"]),
            ("leave", &["Escape", "Ctrl+Tab"]),
            ("frame", &["."]),
            ("thumbnail", &["Shift+H"]),
            ("swap_inputs", &["Alt+S"]),
            ("tidy", &["Shift+Plus", "Shift+Equals"]),
            ("delete", &["X", "Delete"]),
            ("delete_heal", &["Ctrl+X"]),
            ("rename", &["F2"]),
        ],
    ),
    (
        "ComfyUI",
        &[
            ("bypass", &["Ctrl+B", "Ctrl+M"]),
            ("backdrop", &["Ctrl+G"]),
            ("group", &["Ctrl+Shift+G"]),
            ("collapse", &["Alt+C"]),
            ("frame", &["."]),
            ("stop", &["Ctrl+Alt+Enter", "Shift+Escape"]),
            ("force", &["Shift+Enter"]),
        ],
    ),
    (
        "Houdini",
        &[
            ("add", &["Tab"]),
            ("frame", &["G"]),
            ("frame_all", &["H"]),
            ("bypass", &["Q", "B"]),
            ("collapse", &[]),
            ("note", &["Shift+P"]),
            ("backdrop", &["Shift+O"]),
            ("group", &["Shift+C"]),
            ("enter", &["I", "Enter"]),
            ("leave", &["U", "Escape"]),
            ("swap_inputs", &["Shift+R"]),
            ("find", &["Ctrl+F", "Slash"]),
        ],
    ),
];

/// Which keys do what.
#[derive(Clone, Debug, PartialEq)]
pub struct Keymap {
    pub preset: String,
    /// A user's own keys by action id.
    pub own: IndexMap<String, Vec<String>>,
    bound: Vec<(KeyboardShortcut, Scope, &'static str)>,
}

impl Default for Keymap {
    fn default() -> Keymap {
        Keymap::new("Throughline", IndexMap::new())
    }
}

impl Keymap {
    /// A preset with a user's own keys over it. Keys that cannot be read are left out; [`problems`](Self::problems)
    /// names them.
    pub fn new(preset: &str, own: IndexMap<String, Vec<String>>) -> Keymap {
        let mut keymap = Keymap { preset: preset.to_owned(), own, bound: Vec::new() };
        for action in ACTIONS {
            for key in keymap.keys(action.id) {
                if let Some(shortcut) = parse(&key) {
                    keymap.bound.push((shortcut, action.scope, action.id));
                }
            }
        }
        keymap
    }

    /// The keys of an action as texts.
    pub fn keys(&self, id: &str) -> Vec<String> {
        if let Some(own) = self.own.get(id) {
            return own.clone();
        }
        let preset = PRESETS.iter().find(|(name, _)| *name == self.preset);
        let replaced = preset.and_then(|(_, rows)| rows.iter().find(|(row, _)| *row == id)).map(|(_, keys)| *keys);
        let keys = replaced.or_else(|| action(id).map(|action| action.keys)).unwrap_or_default();
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    /// The first key of an action, for menus and hints; empty where it has none.
    pub fn hint(&self, id: &str) -> String {
        self.keys(id).into_iter().next().unwrap_or_default()
    }

    /// Takes the first key press that stands for an action out of the input, for the region that has the focus; the
    /// action's id.
    ///
    /// A slow frame holds several presses. What was typed after this one goes to `later`: the action may change the
    /// document or the focus, and the rest is meant for what is there then. Repeats of a held key do not wait.
    pub fn pressed(
        &self,
        ctx: &egui::Context,
        region: Region,
        focus: Focus,
        later: &mut Vec<egui::Event>,
    ) -> Option<&'static str> {
        let found = ctx.input_mut(|input| {
            let held = input.modifiers;
            let place = |event: &egui::Event| self.action_of(press(event, held)?, region, focus);
            let (at, found) = input.events.iter().enumerate().find_map(|(at, event)| Some((at, place(event)?)))?;
            let mut after = input.events.split_off(at).into_iter().skip(1).peekable();
            // The letter of the press itself: a field that gets the focus by it does not start with it.
            while let Some(event) = after.next_if(|event| !matches!(event, egui::Event::Key { pressed: true, .. })) {
                if !matches!(event, egui::Event::Text(_)) {
                    input.events.push(event);
                }
            }
            for event in after {
                match event {
                    egui::Event::Key { pressed: true, repeat: true, .. } => {}
                    egui::Event::Key { pressed: true, .. }
                    | egui::Event::Text(_)
                    | egui::Event::Copy
                    | egui::Event::Cut
                    | egui::Event::Paste(_) => later.push(event),
                    event => input.events.push(event),
                }
            }
            Some(found)
        })?;
        // As on an edit controller: while the key that stops is held, the shuttle goes frame by frame.
        Some(if ctx.input(|input| self.is_held("shuttle_stop", input)) { stepping(found) } else { found })
    }

    fn action_of(&self, (key, held): (Key, Modifiers), region: Region, focus: Focus) -> Option<&'static str> {
        let applies = |scope: Scope| match scope {
            Anywhere => true,
            Canvas => region != Region::Viewer,
            Viewer => region == Region::Viewer,
        };
        let hits = |(shortcut, scope, id): &&(KeyboardShortcut, Scope, &'static str)| {
            let Modifiers { alt, shift, ctrl, command, .. } = shortcut.modifiers;
            shortcut.logical_key == key
                && (held.alt, held.shift, held.ctrl || held.command) == (alt, shift, ctrl || command)
                && applies(*scope)
                && focus.lets(shortcut, *scope, id)
        };
        // Rows of the region win over rows that work anywhere.
        let mut hit = self.bound.iter().filter(hits);
        let first = hit.next()?;
        let best = if first.1 == Anywhere { hit.find(|it| it.1 != Anywhere).unwrap_or(first) } else { first };
        Some(best.2)
    }

    /// Whether a key of an action is held down now.
    fn is_held(&self, id: &str, input: &egui::InputState) -> bool {
        self.bound.iter().any(|(shortcut, _, bound)| *bound == id && input.key_down(shortcut.logical_key))
    }

    /// Keys that stand for two actions in one place, or that nobody can press.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        for action in ACTIONS {
            for key in self.keys(action.id) {
                if parse(&key).is_none() {
                    found.push(format!("{}: there is no key `{key}`", action.title));
                }
            }
        }
        for (idx, (shortcut, scope, id)) in self.bound.iter().enumerate() {
            for (other, other_scope, other_id) in &self.bound[idx + 1..] {
                if shortcut == other && scope == other_scope && id != other_id {
                    found.push(format!("{id} and {other_id} have the same key"));
                }
            }
        }
        found
    }
}

/// What has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// Nothing: every key is the editor's.
    Free,
    /// A button, a list: keys that move in it or press it are its own.
    Widget,
    /// A text field: only what no text needs goes past it.
    Text,
}

impl Focus {
    /// What has the keyboard now.
    pub fn of(ctx: &egui::Context) -> Focus {
        if ctx.text_edit_focused() {
            Focus::Text
        } else if ctx.egui_wants_keyboard_input() {
            Focus::Widget
        } else {
            Focus::Free
        }
    }

    fn lets(self, shortcut: &KeyboardShortcut, scope: Scope, id: &str) -> bool {
        let with_command = shortcut.modifiers.command;
        match self {
            Focus::Free => true,
            Focus::Widget => scope == Anywhere && (with_command || shortcut.logical_key != Key::Space),
            // A field undoes its own typing, and moves its own cursor.
            Focus::Text => {
                let moves = matches!(shortcut.logical_key, Key::ArrowLeft | Key::ArrowRight);
                scope == Anywhere && with_command && !moves && !matches!(id, "undo" | "redo")
            }
        }
    }
}

/// What a shuttle key does while the one that stops is held.
fn stepping(id: &'static str) -> &'static str {
    match id {
        "shuttle_back" => "step_back",
        "shuttle_on" | "shuttle_on_viewer" => "step_on",
        id => id,
    }
}

/// An action by its id.
pub fn action(id: &str) -> Option<&'static ActionSpec> {
    ACTIONS.iter().find(|action| action.id == id)
}

/// The key that an event presses, with what is held.
fn press(event: &egui::Event, held: Modifiers) -> Option<(Key, Modifiers)> {
    let with_command = Modifiers { command: true, ..held };
    match event {
        egui::Event::Key { key, pressed: true, modifiers, .. } => Some((*key, *modifiers)),
        // The window's toolkit turns these three keys into events of their own.
        egui::Event::Copy => Some((Key::C, with_command)),
        egui::Event::Cut => Some((Key::X, with_command)),
        egui::Event::Paste(_) => Some((Key::V, with_command)),
        _ => None,
    }
}

/// Reads `Ctrl+Shift+D`.
pub fn parse(text: &str) -> Option<KeyboardShortcut> {
    let mut modifiers = Modifiers::NONE;
    let mut rest = text;
    while let Some((word, after)) = rest.split_once('+').filter(|(word, after)| !word.is_empty() && !after.is_empty()) {
        match word {
            "Ctrl" => modifiers.command = true,
            "Shift" => modifiers.shift = true,
            "Alt" => modifiers.alt = true,
            _ => return None,
        }
        rest = after;
    }
    let key = match rest {
        "." => Key::Period,
        // Questionmark is what the key gives with Shift held.
        "?" => Key::Questionmark,
        name => Key::from_name(name)?,
    };
    Some(KeyboardShortcut::new(modifiers, key))
}

/// A key press as [`parse`] reads it.
pub fn text_of(modifiers: Modifiers, key: Key) -> String {
    let mut text = String::new();
    for (held, word) in
        [(modifiers.ctrl || modifiers.command, "Ctrl+"), (modifiers.alt, "Alt+"), (modifiers.shift, "Shift+")]
    {
        if held {
            text.push_str(word);
        }
    }
    match key {
        Key::Period => text.push('.'),
        Key::Questionmark => text.push('?'),
        Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown => {
            text.push_str("Arrow");
            text.push_str(key.name());
        }
        key => text.push_str(key.name()),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_back_as_it_is_written() {
        for key in Key::ALL {
            for modifiers in [Modifiers::NONE, Modifiers::COMMAND | Modifiers::SHIFT, Modifiers::ALT] {
                let text = text_of(modifiers, *key);
                assert_eq!(parse(&text), Some(KeyboardShortcut::new(modifiers, *key)), "{text}");
            }
        }
    }

    #[test]
    fn every_preset_is_free_of_conflicts() {
        for (name, rows) in PRESETS {
            assert_eq!(Keymap::new(name, IndexMap::new()).problems(), Vec::<String>::new(), "{name}");
            for (id, _) in *rows {
                assert!(action(id).is_some(), "{name} names {id}");
            }
        }
    }

    #[test]
    fn ids_are_unique() {
        let ids: std::collections::BTreeSet<_> = ACTIONS.iter().map(|action| action.id).collect();
        assert_eq!(ids.len(), ACTIONS.len());
    }

    #[test]
    fn keys_of_one_frame_are_taken_one_by_one_in_their_order() {
        use egui::Event::Text;
        let key = |key: Key, repeat: bool| egui::Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat,
            modifiers: Modifiers::NONE,
        };
        let typed = vec![
            key(Key::L, false),
            Text("l".to_owned()),
            key(Key::D, false),
            Text("d".to_owned()),
            key(Key::D, true),
            key(Key::Z, false),
            egui::Event::PointerGone,
        ];
        let ctx = egui::Context::default();
        let (mut done, mut later, mut left) = (Vec::new(), Vec::new(), Vec::new());
        let input = egui::RawInput { events: typed, ..egui::RawInput::default() };
        ctx.begin_pass(input);
        for _ in 0..3 {
            ctx.input_mut(|input| drop(input.events.splice(0..0, later.drain(..))));
            done.extend(Keymap::default().pressed(&ctx, Region::Canvas, Focus::Free, &mut later));
            left.push(later.len());
        }
        assert_eq!(done, ["tidy", "bypass"], "each once, by when it was pressed and not by its row");
        assert_eq!(left, [3, 1, 0], "the letter of a key goes with it, and no repeat waits");
        let rest = ctx.input(|input| input.events.clone());
        assert_eq!(rest, [key(Key::Z, false), egui::Event::PointerGone], "what is nobody's stays");
        ctx.end_pass().textures_delta.clear();
    }

    #[test]
    fn own_keys_replace_a_row_and_conflicts_are_named() {
        let own = IndexMap::from([("find".to_owned(), vec!["Ctrl+D".to_owned(), "Hyper+Q".to_owned()])]);
        let problems = Keymap::new("Throughline", own).problems();
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
