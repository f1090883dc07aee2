//! The editor's canvas and panels. They read the document and the run's view, and push commands; nothing here changes
//! a document, runs work, opens a file or decodes a picture.

pub mod actions;
mod canvas;
mod command;
mod commands_palette;
mod cx;
mod dialogs;
mod dock;
mod editor;
mod fuzzy;
mod help;
mod history;
mod holds;
pub mod icons;
mod inspector;
mod layout;
mod ledger;
mod lines;
mod models;
mod overlays;
mod palette;
mod panel;
#[cfg(test)]
mod pictures;
mod placing;
mod player;
mod preferences;
mod problems;
mod runs;
mod shots;
mod start;
mod takes;
#[cfg(test)]
mod testing;
pub mod theme;
mod tour;
pub mod view;
mod viewer;
pub mod watch;
mod widgets;
pub mod wiring;

pub use canvas::{Canvas, with_layout};
pub use command::{Answer, Approval, Ask, Carried, Command, Commands, FileCommand, Offered, Pick, Settlement};
pub use cx::{
    Compare, Cx, End, FileState, Gallery, HistoryView, Look, NoGallery, PaletteRequest, Picture, Region, Selection,
    Shared, Shown, WireEnd,
};
pub use dialogs::{banners, questions};
pub use editor::Editor;
pub use layout::Layout;
pub use player::{NoPlayer, Player, PlayerStatus, Side};
pub use preferences::Preferences;
pub use start::start_page;
