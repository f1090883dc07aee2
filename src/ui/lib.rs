//! The editor's canvas and panels. They read the document and the run's view, and push commands; nothing here changes
//! a document, runs work, opens a file or decodes a picture.

pub mod actions;
mod canvas;
mod command;
mod cx;
mod dock;
mod editor;
mod history;
pub mod icons;
mod inspector;
mod panel;
mod player;
mod problems;
mod runs;
mod shots;
mod takes;
#[cfg(test)]
mod testing;
pub mod theme;
pub mod view;
mod viewer;
pub mod wiring;

pub use canvas::{Canvas, Grouped, group_nodes, ungroup_node};
pub use command::{Approval, Ask, Command, Commands, FileCommand, Pick};
pub use cx::{
    Compare, Cx, End, FileState, Gallery, HistoryView, Look, NoGallery, PaletteRequest, Picture, Region, Selection,
    Shared, Shown, WireEnd,
};
pub use editor::Editor;
pub use player::{NoPlayer, Player, PlayerStatus, Side};
