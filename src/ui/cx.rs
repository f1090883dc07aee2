//! What every panel is handed: the document and the run to read, the shared view state, and the commands to push.

use std::path::Path;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use model::spec::Catalog;
use model::{
    Diagnostic, Digest, Document, GROUP, Image, Media, NodeSpec, PortRef, PortType, Ports, Recent, Recipe, Value,
};

use crate::actions::Keymap;
use crate::command::Commands;
use crate::player::Player;
use crate::preferences::Preferences;
use crate::theme::Theme;
use crate::view::RunView;

/// See the module.
pub struct Cx<'a> {
    /// The document as the file has it: groups are one node.
    pub document: &'a Document,
    /// Grows with every change of the document.
    pub revision: u64,
    /// What the newest revisions changed.
    pub recent: &'a Recent,
    pub catalog: Catalog,
    pub view: &'a RunView,
    pub files: &'a FileState,
    pub history: &'a HistoryView,
    pub shared: &'a mut Shared,
    pub commands: &'a mut Commands,
    pub gallery: &'a mut dyn Gallery,
    pub player: &'a mut dyn Player,
    pub theme: &'a Theme,
}

impl Cx<'_> {
    /// The same with another gallery and player.
    #[cfg(test)]
    pub(crate) fn with<'b>(&'b mut self, gallery: &'b mut dyn Gallery, player: &'b mut dyn Player) -> Cx<'b> {
        Cx {
            document: self.document,
            revision: self.revision,
            recent: self.recent,
            catalog: self.catalog,
            view: self.view,
            files: self.files,
            history: self.history,
            shared: &mut *self.shared,
            commands: &mut *self.commands,
            gallery,
            player,
            theme: self.theme,
        }
    }

    /// The declaration of a node's kind; none for kinds that this build does not know, and for groups.
    pub fn spec(&self, node: &str) -> Option<&'static NodeSpec> {
        self.catalog.find(&self.document.nodes.get(node)?.kind)
    }

    /// The ports of a node. Those of an unknown kind are the ones that links mention.
    pub fn ports(&self, node: &str) -> Ports {
        let Some(found) = self.document.nodes.get(node) else { return Ports::default() };
        if let Some(spec) = self.catalog.find(&found.kind) {
            return spec.ports_of(&found.params);
        }
        if let (GROUP, Some(face)) = (found.kind.as_str(), self.view.groups.get(node)) {
            return face.ports.clone();
        }
        crate::wiring::mentioned_ports(self.document, node)
    }
}

/// View state that several panels share. It is no part of the document.
#[derive(Debug, Default)]
pub struct Shared {
    pub selection: Selection,
    /// What number keys show: a node each, 1 to 9.
    pub slots: [Option<Look>; 9],
    /// What the viewer shows, and what it is compared with.
    pub look_a: Option<Look>,
    pub look_b: Option<Look>,
    pub compare: Compare,
    /// The region that was clicked last: keys that mean two things go there.
    pub region: Region,
    pub keymap: Keymap,
    /// What somebody set up for themselves.
    pub preferences: Preferences,
    /// Asks the canvas to bring a node into view.
    pub reveal: Option<String>,
    /// Opens the palette of nodes.
    pub palette: Option<PaletteRequest>,
    /// Text that was pasted this frame.
    pub pasted: Option<String>,
    /// Asks the dock to show a panel.
    pub show_panel: Option<&'static str>,
    /// Asks the run panel what became of a remote job.
    pub settle: Option<i64>,
    /// Short news at the bottom of the window.
    pub toast: Option<String>,
    /// Kinds that the palette added, the newest first.
    pub recent_kinds: Vec<String>,
    /// The step of the first-run tour that is shown.
    pub tour: Option<usize>,
    /// The tour was taken or left: it does not start by itself again.
    pub tour_seen: bool,
    /// Where panels and the canvas are, by their ids, for the tour to point at.
    pub places: IndexMap<&'static str, egui::Rect>,
    /// Numbers gestures, so that each is one undo step.
    gestures: u64,
}

impl Shared {
    /// A number for a gesture that starts now.
    pub fn new_gesture(&mut self) -> u64 {
        self.gestures += 1;
        self.gestures
    }
}

/// What is selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Node ids, in the order of selection: the last one is what the inspector shows.
    pub nodes: IndexSet<String>,
    /// Element ids (shots), where a row, a timeline piece or a contact sheet was clicked.
    pub elements: IndexSet<String>,
    /// Keys of frames and notes in the document's layout.
    pub decor: IndexSet<String>,
}

impl Selection {
    /// Selects one node alone.
    pub fn only(&mut self, node: &str) {
        self.clear();
        self.nodes.insert(node.to_owned());
    }

    /// Selects nothing.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.decor.clear();
    }

    /// The node that the inspector shows.
    pub fn primary(&self) -> Option<&str> {
        self.nodes.last().map(String::as_str)
    }
}

/// Where a new node goes, and what it is wired to.
#[derive(Clone, Debug, PartialEq)]
pub struct PaletteRequest {
    /// In canvas coordinates.
    pub at: (f32, f32),
    /// Where the popup opens, on the screen.
    pub screen: egui::Pos2,
    /// A wire that was dropped: only what it fits into is shown, and the new node is wired to it.
    pub wire: Option<WireEnd>,
}

/// The end of a wire that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireEnd {
    pub port: PortRef,
    pub ty: PortType,
    pub end: End,
}

/// Which side of a node a port is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The wire starts at an output.
    Output,
    /// The wire ends at an input.
    Input,
}

/// A port that somebody looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub node: String,
    /// The first output where none.
    pub port: Option<String>,
    /// All elements where none.
    pub element: Option<String>,
    /// The take that is used where none.
    pub take: Option<u32>,
}

impl Look {
    /// All of a node's first output.
    pub fn at(node: &str) -> Look {
        Look { node: node.to_owned(), ..Look::default() }
    }
}

/// How the viewer compares A with B.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compare {
    #[default]
    Off,
    Wipe,
    SideBySide,
    Difference,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    #[default]
    Canvas,
    Viewer,
    Other,
}

/// The document's file, for titles and questions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileState {
    /// None until it is saved for the first time.
    pub path: Option<std::path::PathBuf>,
    pub dirty: bool,
    /// The file on disk is newer than what is here.
    pub changed_on_disk: bool,
    /// What autosave saved of a session that ended without asking.
    pub recovered: bool,
    /// Newest first.
    pub recent: Vec<std::path::PathBuf>,
    /// Names of built-in templates with one sentence each.
    pub templates: Vec<(&'static str, &'static str)>,
    /// A file that was dropped and holds more than it shows; waits for a [`crate::Carried`].
    pub carried: Option<crate::Offered>,
    /// The graphs that this one was entered from, the outermost first, by their names.
    pub crumbs: Vec<String>,
    /// Something would lose unsaved changes and waits for an [`crate::Answer`]: what it is, `close` or `quit`.
    pub question: Option<String>,
}

impl FileState {
    /// The file's name, or what an unsaved document is called.
    pub fn name(&self) -> String {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        self.path.as_deref().and_then(name).unwrap_or_else(|| "untitled.ron".to_owned())
    }
}

/// The undo history by its labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryView {
    /// Oldest first.
    pub done: Vec<String>,
    /// Next to redo first.
    pub undone: Vec<String>,
}

/// Pictures and waveforms, made beside the user interface's thread and cached.
pub trait Gallery {
    /// A picture at most `width` pixels wide. Asking is cheap: what is not there yet is made, and a repaint follows.
    fn picture(&mut self, ctx: &egui::Context, source: &Picture, width: u32) -> Shown;

    /// Low and high of so many columns, -1 to 1, of a clip's or a file's sound; none while it is being made.
    fn waveform(&mut self, ctx: &egui::Context, source: &Value, columns: usize) -> Option<Arc<Vec<(f32, f32)>>>;
}

/// What a picture is of.
#[derive(Clone, Debug, PartialEq)]
pub enum Picture {
    Image(Image),
    Frame {
        clip: Arc<Recipe>,
        frame: u64,
    },
    Media(Media),
    /// A picture file of the project, by its path relative to the graph.
    File(String),
    /// What the running job of that key shows so far; nobody keeps it.
    Making(Digest),
}

/// A picture as the gallery has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    Waiting,
    /// A texture and its size in pixels.
    Ready(egui::TextureId, egui::Vec2),
    Failed(Box<Diagnostic>),
}

/// A gallery without pictures, for tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGallery;

impl Gallery for NoGallery {
    fn picture(&mut self, _: &egui::Context, _: &Picture, _: u32) -> Shown {
        Shown::Waiting
    }

    fn waveform(&mut self, _: &egui::Context, _: &Value, _: usize) -> Option<Arc<Vec<(f32, f32)>>> {
        None
    }
}
