//! What a panel is, and the list of them. Adding one is a file and a line here.

use egui::Ui;

use crate::cx::Cx;
use crate::icons::Icon;
use crate::{history, inspector, ledger, models, problems, runs, shots, takes, viewer};

/// One panel as the dock knows it.
#[derive(Clone, Copy)]
pub(crate) struct PanelSpec {
    /// Stable: settings files name it.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) icon: Icon,
    /// Where it is until somebody moves it.
    pub(crate) home: Place,
    pub(crate) make: fn() -> Box<dyn Panel>,
}

/// A place where panels dock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// Where the canvas is.
    Middle,
    Left,
    /// The upper part of the right column.
    Aside,
    Right,
    /// Below the middle, on the left.
    Below,
    /// Below the middle, on the right.
    Corner,
}

/// A panel: it reads the document and the run, and pushes commands.
pub(crate) trait Panel {
    /// Draws it.
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>);

    /// Takes an action of the keymap; false where it is not for this panel. Called whether it is visible or not.
    fn act(&mut self, action: &str, cx: &mut Cx<'_>) -> bool {
        let _ = (action, cx);
        false
    }
}

/// Every panel, in the order of their tabs.
pub(crate) const PANELS: &[PanelSpec] = &[
    inspector::PANEL,
    takes::PANEL,
    history::PANEL,
    viewer::PANEL,
    shots::PANEL,
    runs::PANEL,
    problems::PANEL,
    models::PANEL,
    ledger::PANEL,
];
