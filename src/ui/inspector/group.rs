//! What a group shows: its parameters, inherited or overridden by this instance, and, in a group's own graph, the
//! switch that shows a parameter or a port on the group's node.

use egui::{Response, RichText, Ui};
use model::{Document, PortRef, Shown};

use super::params::{Row, param_row};
use crate::command::Commands;
use crate::cx::Cx;
use crate::icons::{self, Icon};
use crate::theme::{Theme, size, space};
use crate::widgets::gesture::Gestures;

/// Draws the parameters of a group's node. Returns their names: what else the node sets is shown as it is written.
pub(super) fn group_ui(ui: &mut Ui, cx: &mut Cx<'_>, gestures: &mut Gestures, id: &str) -> Vec<String> {
    let Some(face) = cx.view.groups.get(id) else { return Vec::new() };
    let nodes = [id.to_owned()];
    if face.params.is_empty() {
        let text = "It shows no parameters: enter it and choose some in the inspector";
        ui.label(RichText::new(text).size(size::SMALL).color(cx.theme.weak));
    } else {
        ui.label(RichText::new("Parameters of this instance").size(size::SMALL).color(cx.theme.weak));
    }
    for param in &face.params {
        let row = Row { name: &param.name, spec: &param.spec, inherited: Some(param.inherited.as_ref()) };
        param_row(ui, cx, gestures, &nodes, row);
    }
    ui.add_space(space::S);
    face.params.iter().map(|param| param.name.clone()).collect()
}

/// The switch beside a parameter or a port in a graph that has an interface. Nothing in other graphs: they are no
/// group's.
pub(super) fn shown_ui(
    ui: &mut Ui,
    (document, theme): (&Document, &Theme),
    commands: &mut Commands,
    what: Shown,
    of: &PortRef,
) {
    if !document.has_interface() {
        return;
    }
    let name = document.shown_as(what, of).map(str::to_owned);
    let is_shown = name.is_some();
    let color = if is_shown { theme.accent } else { theme.weak };
    let icon = icons::text(Icon::ArrowUpFromLine, size::SMALL).color(color);
    let padding = std::mem::replace(&mut ui.spacing_mut().button_padding.x, space::XS);
    let response: Response = ui.add(egui::Button::new(icon).frame_when_inactive(false).small().selected(is_shown));
    ui.spacing_mut().button_padding.x = padding;
    let tip = match &name {
        Some(name) => format!("Shown on the group as `{name}`; click to hide it there"),
        None => "Show it on the group".to_owned(),
    };
    let label = format!("Show {of} on the group");
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_shown, &label));
    if response.on_hover_text(tip).clicked() {
        let (label, edit) = match name {
            Some(name) => (format!("Hide {name}"), document.hide(what, of)),
            None => (format!("Show {of}"), Some(document.show(what, of))),
        };
        commands.edit(label, edit.into_iter().collect());
    }
}
