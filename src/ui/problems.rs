//! The problems panel.

use egui::Ui;

use crate::cx::Cx;
use crate::icons::Icon;
use crate::panel::{Panel, PanelSpec, Place};

pub(crate) const PANEL: PanelSpec = PanelSpec {
    id: "problems",
    title: "Problems",
    icon: Icon::TriangleAlert,
    home: Place::Corner,
    make: || Box::<View>::default(),
};

#[derive(Default)]
struct View {}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.label(format!("{} nodes", cx.document.nodes.len()));
    }
}
