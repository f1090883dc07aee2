//! One parameter as a row: name, widget, what drives it, and a way back to the default.

use egui::{Align, Id, Layout, RichText, Ui, vec2};
use model::{Data, Document, Edit, ParamKind, ParamSpec, PortRef, Shown, Value};

use super::group::shown_ui;
use super::overrides::mark_ui;
use crate::command::{Command, FileCommand, Pick};
use crate::cx::{Cx, Look};
use crate::icons::Icon;
use crate::theme::space;
use crate::widgets::gesture::Gestures;
use crate::widgets::param::{Bits, extensions_of, is_default, param_ui};
use crate::widgets::seed::Lock;
use crate::widgets::word::word;
use crate::widgets::{icon_button, title_of};

/// Width of the column of names, in points.
const NAMES: f32 = 88.0;
/// Room for the button at the end of a row.
const RESET: f32 = 32.0;

/// Whether a widget needs the width below its name.
fn is_tall(kind: &ParamKind) -> bool {
    !matches!(
        kind,
        ParamKind::Text { multiline: false, .. }
            | ParamKind::Number { .. }
            | ParamKind::Integer { .. }
            | ParamKind::Flag { .. }
            | ParamKind::Choice { .. }
            | ParamKind::Color { .. }
    )
}

/// A parameter as a row shows it.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// As the node calls it, which for groups is not what the declaration calls it.
    pub(super) name: &'a str,
    pub(super) spec: &'a ParamSpec,
    /// For instances of groups: what holds where this one does not override it; none where that is the default.
    pub(super) inherited: Option<Option<&'a Data>>,
}

impl<'a> From<&'a ParamSpec> for Row<'a> {
    fn from(spec: &'a ParamSpec) -> Row<'a> {
        Row { name: spec.name, spec, inherited: None }
    }
}

/// Draws a parameter of nodes that are edited together, and pushes what becomes of it.
pub(super) fn param_row(ui: &mut Ui, cx: &mut Cx<'_>, gestures: &mut Gestures, nodes: &[String], param: Row<'_>) {
    let Some(first) = nodes.first() else { return };
    let Row { name: id, spec, inherited } = param;
    let values = nodes.iter().map(|node| cx.document.nodes.get(node).and_then(|node| node.params.get(id)));
    let value = values.clone().next().flatten();
    let mixed = values.clone().any(|other| other != value);
    let changed = values.clone().any(|value| match inherited {
        Some(_) => value.is_some(),
        None => !is_default(&spec.kind, value),
    });
    let source = driven_by(cx.document, first, id);
    let arrived = source.as_ref().and_then(|source| arriving(cx, source));
    let shown = match &arrived {
        Some(value) => data_of(value),
        None => value.or(inherited.flatten()).cloned(),
    };
    let lock = lock_of(cx, first, spec);
    let kind = cx.document.nodes.get(first).map(|node| node.kind.as_str()).unwrap_or_default();
    let title = title_of(id);
    let of = PortRef::new(first, id);
    let is_one = nodes.len() == 1;
    let mut bits = Bits::new(title.clone(), cx.theme, &mut *cx.gallery);
    bits.template = kind.starts_with("prompt.");
    bits.lock = lock;
    let (mut reset, mut change) = (false, None);
    // What the row asks of the document besides a value.
    let (document, theme) = (cx.document, cx.theme);
    let mut asked = crate::command::Commands::default();
    let name_ui = |ui: &mut Ui| {
        if is_one {
            shown_ui(ui, (document, theme), &mut asked, Shown::Param, &of);
        }
        if inherited.is_some() {
            mark_ui(ui, theme, changed);
        }
        let color = if changed { theme.text } else { theme.weak };
        let mut name = RichText::new(&title).color(color);
        if changed {
            name = name.strong();
        }
        let label = ui.add(egui::Label::new(name).truncate()).on_hover_ui(|ui| {
            ui.set_max_width(260.0);
            ui.label(spec.help);
            ui.weak(format!("parameter `{id}`"));
        });
        label.id
    };
    let widget_ui = |ui: &mut Ui, label: Id| {
        bits.labelled_by = Some(label);
        ui.add_enabled_ui(source.is_none(), |ui| change = param_ui(ui, spec, shown.as_ref(), &mut bits));
    };
    let reset_ui = |ui: &mut Ui| reset = icon_button(ui, Icon::RotateCcw, &format!("Reset {title}")).clicked();
    ui.push_id((first, id), |ui| {
        let reset_ui = (changed && source.is_none()).then_some(reset_ui);
        row(ui, &spec.kind, name_ui, widget_ui, reset_ui);
        if mixed {
            ui.weak("different values; a change sets all of them");
        }
    });
    let Bits { started, pick, dropped, set_lock, .. } = bits;
    if let Some(source) = &source {
        driven_ui(ui, cx, source, arrived.as_ref());
    }
    ui.add_space(space::XS);

    cx.commands.0.extend(asked.0);
    let field = format!("{first}.{id}");
    gestures.note(&field, started);
    if reset {
        cx.commands.edit(format!("Reset {title}"), set_params(cx.document, nodes, id, None));
    } else if let Some(data) = change {
        let gesture = gestures.number(&field, cx.shared);
        let edits = set_params(cx.document, nodes, id, data.as_ref());
        cx.commands.gesture(format!("Set {}", title.to_lowercase()), edits, Some(gesture));
    }
    if let Some(lock) = set_lock {
        let policy = (lock == Lock::Locked).then(|| Data::from("fixed"));
        cx.commands.edit("Set seed policy", set_params(cx.document, nodes, "seed_policy", policy.as_ref()));
    }
    let (node, param) = (first.clone(), id.to_owned());
    if let Some(kind) = pick {
        let extensions = extensions_of(&spec.kind);
        cx.commands.push(Command::File(FileCommand::Pick { node, param, extensions, kind }));
    } else if !dropped.is_empty() {
        let kind = match spec.kind {
            ParamKind::Files { .. } => Pick::Files,
            ParamKind::Folder => Pick::Folder,
            _ => Pick::File,
        };
        cx.commands.push(Command::File(FileCommand::DropOn { node, param, paths: dropped, kind }));
    }
}

/// A row of a form: name, widget and a way back; tall widgets stand below their names. `widget` gets the name's id.
pub(super) fn row(
    ui: &mut Ui,
    kind: &ParamKind,
    name: impl FnOnce(&mut Ui) -> Id,
    widget: impl FnOnce(&mut Ui, Id),
    reset: Option<impl FnOnce(&mut Ui)>,
) {
    if is_tall(kind) {
        let label = ui.horizontal(|ui| {
            let label = name(ui);
            if let Some(reset) = reset {
                reset(ui);
            }
            label
        });
        widget(ui, label.inner);
        return;
    }
    ui.horizontal(|ui| {
        let names = vec2(NAMES, ui.spacing().interact_size.y);
        let label = ui.allocate_ui_with_layout(names, Layout::left_to_right(Align::Center), |ui| {
            ui.set_width(NAMES);
            name(ui)
        });
        let room = ui.available_width() - if reset.is_some() { RESET } else { 0.0 };
        ui.scope(|ui| {
            ui.set_max_width(room.max(40.0));
            widget(ui, label.inner);
        });
        if let Some(reset) = reset {
            reset(ui);
        }
    });
}

/// The edits that give nodes a value; nothing for nodes that have it.
pub(super) fn set_params(document: &Document, nodes: &[String], param: &str, value: Option<&Data>) -> Vec<Edit> {
    let differs = |id: &&String| document.nodes.get(*id).is_some_and(|node| node.params.get(param) != value);
    let set =
        |id: &String| Edit::SetParam { node: id.clone(), param: param.to_owned(), value: value.cloned(), at: None };
    nodes.iter().filter(differs).map(set).collect()
}

/// The output that drives a parameter.
fn driven_by(document: &Document, node: &str, param: &str) -> Option<PortRef> {
    document.links.get(&PortRef::new(node, param))?.sources().first().cloned()
}

/// The value at an output, as last made.
fn arriving(cx: &Cx<'_>, source: &PortRef) -> Option<Value> {
    super::item_of(cx, &source.node)?.value(&source.port).cloned()
}

/// What drives the parameter, and what arrives; a click looks at it.
fn driven_ui(ui: &mut Ui, cx: &mut Cx<'_>, source: &PortRef, arrived: Option<&Value>) {
    ui.horizontal(|ui| {
        ui.label(crate::icons::text(Icon::Link, crate::theme::size::SMALL).color(cx.theme.weak));
        let link = ui.link(source.to_string()).on_hover_text("Driven by this output; click to look at it");
        if link.clicked() {
            let look =
                Look { node: source.node.clone(), port: Some(source.port.clone()), element: None, ..Look::default() };
            cx.shared.look_a = Some(look);
        }
        let text = arrived.map_or_else(|| "nothing has arrived yet".to_owned(), word);
        ui.add(egui::Label::new(RichText::new(text).color(cx.theme.weak)).truncate());
    });
}

/// A scalar as a parameter holds it.
fn data_of(value: &Value) -> Option<Data> {
    Some(match value {
        Value::Text(text) | Value::Choice(text) => Data::Text(text.to_string()),
        Value::Number(number) => Data::Number(*number),
        Value::Integer(integer) => Data::Integer(*integer),
        Value::Flag(flag) => Data::Flag(*flag),
        Value::Color(color) => Data::Text(color.to_string()),
        _ => return None,
    })
}

/// Whether a node's seed is locked, where it can be.
fn lock_of(cx: &Cx<'_>, node: &str, spec: &ParamSpec) -> Option<Lock> {
    if spec.name != "seed" {
        return None;
    }
    cx.spec(node)?.param("seed_policy")?;
    let policy = cx.document.nodes.get(node)?.params.get("seed_policy").and_then(Data::as_text);
    Some(if policy == Some("fixed") { Lock::Locked } else { Lock::Open })
}
