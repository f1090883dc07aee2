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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub(crate) enum Place {
    Left,
    Right,
    /// Below the canvas, on the left.
    Below,
    /// Below the canvas, on the right.
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
    history::PANEL,
    inspector::PANEL,
    viewer::PANEL,
    shots::PANEL,
    takes::PANEL,
    runs::PANEL,
    problems::PANEL,
    models::PANEL,
    ledger::PANEL,
];
