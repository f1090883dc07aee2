//! What panels ask for. They change nothing themselves: the application takes the commands of a frame and executes
//! them through the session, which tests do too.

use std::path::PathBuf;

use model::Edit;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// One undo step. Batches with the same gesture number, one after the other, become one step.
    Edit {
        label: String,
        edits: Vec<Edit>,
        gesture: Option<u64>,
    },
    Undo,
    Redo,
    /// Undo or redo until so many steps are done.
    JumpTo(usize),
    /// Brings targets up to date: nodes or items by name; the graph's outputs where none is named.
    Run {
        targets: Vec<String>,
        approval: Approval,
    },
    /// Stops the run; what is finished is kept.
    Stop,
    CancelItem(String),
    /// Runs the targets of the last run again: what failed is tried once more, and nothing paid runs unasked.
    Retry,
    /// Free work runs by itself as the document changes.
    SetLive(bool),
    /// A remark on a take, kept beside it in the store.
    NoteTake {
        item: String,
        take: u32,
        note: String,
    },
    /// Says what a person found of a remote job of unknown outcome.
    Settle {
        job: i64,
        outcome: Settlement,
    },
    Ask(Ask),
    File(FileCommand),
    /// Ends the program, after asking about unsaved changes.
    Quit,
    /// Makes so many new takes of an item, one after the other, with the numbers after the last.
    Roll {
        item: String,
        n: u32,
        approval: Approval,
    },
}

/// What a run may spend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Approval {
    /// Micro-dollars for the run as a whole.
    pub budget: u64,
    /// Items that may run whatever they cost.
    pub items: Vec<String>,
}

/// What became of a remote job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The provider has it under this name: it is waited for.
    Runs(String),
    /// It never arrived: it may be submitted again.
    Nothing,
    /// It gave nothing and was billed: micro-dollars.
    Billed(u64),
}

/// Questions whose answers appear in the [`crate::view::RunView`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// What a run of these targets would do; of the outputs where none is named.
    Forecast(Vec<String>),
    Explain(String),
    Takes(String),
}

/// Documents, windows and files. Dialogs never block: they answer with another command.
#[derive(Clone, Debug, PartialEq)]
pub enum FileCommand {
    /// A new document from a built-in template, or an empty one.
    New(Option<&'static str>),
    /// Asks for a file where none is given.
    Open(Option<PathBuf>),
    Save,
    SaveAs,
    Close,
    /// Reads the file on disk again, giving up what is not saved.
    Reload,
    /// Keeps what is here; the next save overwrites the file on disk.
    KeepMine,
    /// Asks for files of these types and sets a parameter to them; a `Files` parameter takes all of them.
    Pick {
        node: String,
        param: String,
        extensions: Vec<String>,
        kind: Pick,
    },
    /// Files dropped on the window; in canvas coordinates where they fell on the canvas.
    Drop {
        paths: Vec<PathBuf>,
        at: Option<(f32, f32)>,
    },
    /// Files dropped on a parameter, which takes them as if they had been picked.
    DropOn {
        node: String,
        param: String,
        paths: Vec<PathBuf>,
        kind: Pick,
    },
    /// Copies an item's file, or renders what a port shows, to a path that is asked for.
    Export {
        item: String,
        port: String,
    },
    /// Writes the ledger as CSV to a path that is asked for.
    ExportLedger,
    /// What somebody said to the question about unsaved changes.
    Answer(Answer),
    /// What somebody said to the question about a dropped film that carries its graph.
    Carried(Carried),
    /// Forgets which files were opened lately.
    ForgetRecent,
    /// Keeps what autosave saved, and asks no more.
    KeepRecovered,
    /// Moves nodes into a graph of their own, and puts a group in their place.
    Group {
        nodes: Vec<String>,
    },
    /// Puts a group's nodes in its place.
    Ungroup {
        node: String,
    },
    /// Goes into a group: opens its file, as the graph names it, or brings it to the front, with a way back.
    Enter {
        node: String,
        file: String,
    },
    /// Goes so many graphs out: back to where groups were entered. What was changed inside is saved, so that it holds.
    Leave(usize),
}

/// What becomes of unsaved changes when something would lose them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Saves, then goes on.
    Save,
    /// Goes on without saving.
    Discard,
    /// Stays as it is.
    Cancel,
}

/// A file that was dropped and holds more than a picture or a clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offered {
    /// The graph that it was made from, by its name.
    Graph { file: String, graph: String },
    /// A ComfyUI workflow, with the name that it would have as a model, and whether a node reads the file itself.
    Workflow { file: String, model: String, is_read: bool },
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Opens the graph beside this one, or makes a model of the workflow.
    Open,
    /// Adds the file to this graph as what it is.
    Import,
    Cancel,
}

/// What a file dialog asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    File,
    Files,
    Folder,
}

/// The commands of a frame, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commands(pub Vec<Command>);

impl Commands {
    /// Adds one.
    pub fn push(&mut self, command: Command) {
        self.0.push(command);
    }

    /// Adds edits as one undo step of their own; nothing where there are none.
    pub fn edit(&mut self, label: impl Into<String>, edits: Vec<Edit>) {
        self.gesture(label, edits, None);
    }

    /// Adds edits as part of a gesture.
    pub fn gesture(&mut self, label: impl Into<String>, edits: Vec<Edit>, gesture: Option<u64>) {
        if !edits.is_empty() {
            self.push(Command::Edit { label: label.into(), edits, gesture });
        }
    }

    /// Adds a question.
    pub fn ask(&mut self, ask: Ask) {
        self.push(Command::Ask(ask));
    }
}
