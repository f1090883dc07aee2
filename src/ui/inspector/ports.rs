//! What goes in and what comes out: each port with its type, what feeds it and its value in a word.

use egui::{CollapsingHeader, RichText, Ui};
use model::{PortRef, PortSpec, Shown};

use super::group::shown_ui;
use super::item_of;
use crate::cx::{Cx, Look};
use crate::icons::Icon;
use crate::theme::{size, space};
use crate::widgets::word::word;
use crate::widgets::{icon_button, port_dot};
use crate::wiring::disconnect;

/// See the module.
pub(super) fn ports_ui(ui: &mut Ui, cx: &mut Cx<'_>, id: &str) {
    let ports = cx.ports(id);
    let fed = |port: &PortSpec| cx.document.links.contains_key(&PortRef::new(id, &port.name));
    let inputs: Vec<&PortSpec> = ports.inputs.iter().filter(|port| !port.param || fed(port)).collect();
    if inputs.is_empty() && ports.outputs.is_empty() {
        return;
    }
    CollapsingHeader::new("Ports").id_salt((id, "ports")).default_open(true).show(ui, |ui| {
        for port in inputs {
            input_ui(ui, cx, id, port);
        }
        for port in &ports.outputs {
            output_ui(ui, cx, id, port);
        }
    });
}

fn name_ui(ui: &mut Ui, cx: &Cx<'_>, port: &PortSpec, tip: &str) -> egui::Response {
    port_dot(ui, cx.theme.port(port.ty));
    let many = if port.many { " (many)" } else { "" };
    let name = egui::Button::new(format!("{}{many}", port.name)).frame_when_inactive(false).small();
    ui.add(name).on_hover_ui(|ui| {
        ui.set_max_width(260.0);
        ui.label(port.help);
        ui.weak(format!("{}; {tip}", port.ty.name()));
    })
}

fn input_ui(ui: &mut Ui, cx: &mut Cx<'_>, id: &str, port: &PortSpec) {
    let to = PortRef::new(id, &port.name);
    let (document, theme) = (cx.document, cx.theme);
    let sources = cx.document.links.get(&to).map(|feed| feed.sources()).unwrap_or_default();
    ui.horizontal(|ui| {
        let what = if port.param { Shown::Param } else { Shown::Input };
        shown_ui(ui, (document, theme), cx.commands, what, &to);
        let clicked = name_ui(ui, cx, port, "click to look at what comes in").clicked();
        if let (true, Some(source)) = (clicked, sources.first()) {
            look(cx, source);
        }
        if sources.is_empty() {
            let (text, color) =
                if port.required { ("not connected", cx.theme.watch) } else { ("optional", cx.theme.weak) };
            ui.label(RichText::new(text).color(color).size(size::SMALL));
        }
    });
    for source in sources {
        ui.push_id(source, |ui| {
            ui.horizontal(|ui| {
                ui.add_space(space::L);
                if icon_button(ui, Icon::X, &format!("Disconnect {source} from {to}")).clicked() {
                    cx.commands.edit("Disconnect", disconnect(cx.document, source, &to));
                }
                if ui.link(source.to_string()).on_hover_text("Look at it in the viewer").clicked() {
                    look(cx, source);
                }
                let value = item_of(cx, &source.node).and_then(|item| item.value(&source.port)).map(word);
                ui.add(egui::Label::new(RichText::new(value.unwrap_or_default()).color(cx.theme.weak)).truncate());
            });
        });
    }
}

fn output_ui(ui: &mut Ui, cx: &mut Cx<'_>, id: &str, port: &PortSpec) {
    ui.horizontal(|ui| {
        let (document, theme) = (cx.document, cx.theme);
        shown_ui(ui, (document, theme), cx.commands, Shown::Output, &PortRef::new(id, &port.name));
        let clicked = name_ui(ui, cx, port, "click to look at it in the viewer").clicked();
        if clicked {
            look(cx, &PortRef::new(id, &port.name));
        }
        let item = item_of(cx, id);
        let value = item.and_then(|item| item.value(&port.name)).map(word);
        let stale = item.is_some_and(crate::view::ItemView::is_stale);
        let text = match value {
            Some(value) if stale => format!("{value} (stale)"),
            Some(value) => value,
            None => "nothing made yet".to_owned(),
        };
        let color = if stale { cx.theme.watch } else { cx.theme.weak };
        ui.add(egui::Label::new(RichText::new(text).color(color)).truncate());
    });
}

fn look(cx: &mut Cx<'_>, port: &PortRef) {
    cx.shared.look_a =
        Some(Look { node: port.node.clone(), port: Some(port.port.clone()), element: None, ..Look::default() });
    cx.shared.show_panel = Some("viewer");
}
