//! Several nodes at once: the parameters that all of them have are edited together.

use egui::{RichText, Ui};
use model::{NodeSpec, ParamSpec};

use super::params::param_row;
use crate::cx::Cx;
use crate::theme::{size, space};
use crate::widgets::gesture::Gestures;

/// See the module.
pub(super) fn many_ui(ui: &mut Ui, cx: &mut Cx<'_>, gestures: &mut Gestures, nodes: &[String]) {
    ui.label(RichText::new(format!("{} nodes", nodes.len())).size(size::HEADING).strong());
    let shared = shared_params(cx, nodes);
    ui.label(
        RichText::new(match shared.len() {
            0 => "They have no parameter in common".to_owned(),
            n => format!("A change sets all of them; {n} parameters in common"),
        })
        .color(cx.theme.weak),
    );
    ui.add_space(space::S);
    for param in shared {
        param_row(ui, cx, gestures, nodes, param.into());
    }
}

/// The parameters that all nodes have, of the same type and limits, in the order of the first one.
fn shared_params(cx: &Cx<'_>, nodes: &[String]) -> Vec<&'static ParamSpec> {
    let mut specs: Vec<&'static NodeSpec> = Vec::new();
    for id in nodes {
        let Some(spec) = cx.spec(id) else { return Vec::new() };
        if !specs.iter().any(|known| known.kind == spec.kind) {
            specs.push(spec);
        }
    }
    let Some((first, rest)) = specs.split_first() else { return Vec::new() };
    let same = |a: &ParamSpec, b: &ParamSpec| a.unit == b.unit && a.kind == b.kind;
    let everywhere =
        |param: &&ParamSpec| rest.iter().all(|spec| spec.param(param.name).is_some_and(|other| same(param, other)));
    first.params.iter().filter(everywhere).collect()
}
