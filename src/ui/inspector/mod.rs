//! The inspector: everything about what is selected. It reads the document and the run, and pushes edits.
//!
//! One panel for nodes, several nodes, single shots and the graph itself: a tab for each was weighed, and would hide
//! the answer behind a click.

mod caps;
mod group;
mod header;
mod many;
mod overrides;
mod params;
mod policy;
mod ports;
mod raw;
mod settings;
mod why;

use egui::{ScrollArea, Ui};
use model::{GROUP, ParamSpec};

use crate::cx::{Cx, Selection};
use crate::icons::Icon;
use crate::panel::{Panel, PanelSpec, Place};
use crate::theme::space;
use crate::view::ItemView;
use crate::widgets::gesture::Gestures;

pub(crate) const PANEL: PanelSpec = PanelSpec {
    id: "inspector",
    title: "Inspector",
    icon: Icon::SlidersHorizontal,
    home: Place::Right,
    make: || Box::<View>::default(),
};

/// A group's file: the only parameter that all groups have.
const GROUP_FILE: ParamSpec =
    ParamSpec::file("file", &["ron"]).help("The graph that this node stands for, relative to this graph's folder");

#[derive(Default)]
struct View {
    gestures: Gestures,
    why: why::Why,
    policy: policy::PolicyForm,
    caps: caps::CapsForm,
    /// What was selected in the last frame, and whether shots came after nodes: what came last is shown first.
    selected: Selection,
    shots_first: bool,
}

impl Panel for View {
    fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let scroll = ScrollArea::vertical().auto_shrink([false, false]);
        scroll.show(ui, |ui| {
            let nodes = cx.document.nodes.len();
            let there = |id: &&String| cx.document.nodes.contains_key(*id);
            let selected: Vec<String> = cx.shared.selection.nodes.iter().filter(there).take(nodes).cloned().collect();
            if self.selected != cx.shared.selection {
                self.shots_first = self.selected.elements != cx.shared.selection.elements;
                self.selected = cx.shared.selection.clone();
            }
            let shots_first = self.shots_first || selected.is_empty();
            for is_shots in [shots_first, !shots_first] {
                if !is_shots {
                    self.nodes(ui, cx, &selected);
                } else if !cx.shared.selection.elements.is_empty() {
                    overrides::overrides_ui(ui, cx, &mut self.gestures, selected.last().map(String::as_str));
                }
            }
        });
    }
}

impl View {
    fn nodes(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, selected: &[String]) {
        match selected {
            [] => {
                settings::settings_ui(ui, cx, &mut self.gestures);
                self.policy.show(ui, cx, &mut self.gestures);
                self.caps.show(ui, cx);
            }
            [only] => self.node(ui, cx, only),
            several => many::many_ui(ui, cx, &mut self.gestures, several),
        }
    }

    fn node(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, id: &str) {
        if header::header_ui(ui, cx, id) {
            return;
        }
        let Some(node) = cx.document.nodes.get(id) else { return };
        let nodes = [id.to_owned()];
        match cx.spec(id) {
            Some(spec) => {
                for param in spec.params {
                    params::param_row(ui, cx, &mut self.gestures, &nodes, param.into());
                }
                let other = node.params.keys().filter(|name| spec.param(name).is_none());
                raw::raw_ui(ui, cx, &mut self.gestures, id, &other.cloned().collect::<Vec<_>>());
            }
            None => {
                let mut known = Vec::new();
                if node.kind == GROUP {
                    known = group::group_ui(ui, cx, &mut self.gestures, id);
                    params::param_row(ui, cx, &mut self.gestures, &nodes, (&GROUP_FILE).into());
                    known.push("file".to_owned());
                }
                let names = node.params.keys().filter(|name| !known.contains(*name));
                raw::raw_ui(ui, cx, &mut self.gestures, id, &names.cloned().collect::<Vec<_>>());
            }
        }
        ui.add_space(space::M);
        ports::ports_ui(ui, cx, id);
        header::notes_ui(ui, cx, id);
        self.why.show(ui, cx, id);
    }
}

/// The item that stands for a node: that of a selected element, or else the one that matters most.
fn item_of<'a>(cx: &Cx<'a>, node: &str) -> Option<&'a ItemView> {
    let view = cx.view.nodes.get(node)?;
    let chosen =
        |item: &&ItemView| item.element.as_ref().is_some_and(|element| cx.shared.selection.elements.contains(element));
    let worst = |item: &&ItemView| item.state.name() == view.state.name();
    let items = &view.items;
    items.iter().find(chosen).or_else(|| items.iter().find(worst)).or(items.first())
}

#[cfg(test)]
mod tests;
