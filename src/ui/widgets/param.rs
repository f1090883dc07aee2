//! The widget of a parameter, by its declaration. What it returns is what the parameter becomes.
//!
//! It knows neither node nor document: the inspector, the shot table and tables inside tables draw with it.

use std::path::PathBuf;

use egui::{ComboBox, DragValue, Id, Response, Slider, SliderClamping, TextEdit, Ui};
use model::{Data, ParamKind, ParamSpec};

use super::color::{color_ui, colors_ui};
use super::files::{file_ui, files_ui};
use super::prompt::prompt_ui;
use super::seed::{Lock, focus_came, seed_ui};
use super::table::table_ui;
use super::texts::texts_ui;
use crate::command::Pick;
use crate::cx::Gallery;
use crate::theme::Theme;

/// What a widget needs besides the value, and what it asks for besides a new one.
pub(crate) struct Bits<'a> {
    /// What the widget is called by assistive technology.
    pub(crate) label: String,
    /// A visible label that names it instead.
    pub(crate) labelled_by: Option<Id>,
    pub(crate) theme: &'a Theme,
    pub(crate) gallery: &'a mut dyn Gallery,
    /// Texts are templates: their slots are highlighted.
    pub(crate) template: bool,
    /// The seed can be locked.
    pub(crate) lock: Option<Lock>,
    /// The focus came, a drag began or a button was clicked: an undo step of its own begins.
    pub(crate) started: bool,
    /// A dialog is wanted.
    pub(crate) pick: Option<Pick>,
    /// Files that were dropped on it.
    pub(crate) dropped: Vec<PathBuf>,
    pub(crate) set_lock: Option<Lock>,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(label: impl Into<String>, theme: &'a Theme, gallery: &'a mut dyn Gallery) -> Bits<'a> {
        Bits {
            label: label.into(),
            labelled_by: None,
            theme,
            gallery,
            template: false,
            lock: None,
            started: false,
            pick: None,
            dropped: Vec::new(),
            set_lock: None,
        }
    }

    /// The same for a part with a name of its own.
    pub(crate) fn part(&mut self, label: impl Into<String>) -> Bits<'_> {
        Bits { template: self.template, ..Bits::new(label, self.theme, &mut *self.gallery) }
    }

    /// Gives the widget its accessible name.
    pub(crate) fn named(&self, response: Response) {
        match self.labelled_by {
            Some(label) => response.labelled_by(label),
            None => response.accessible_name(self.label.as_str()),
        };
    }

    pub(crate) fn note_focus(&mut self, response: &Response) {
        self.started |= focus_came(response);
    }
}

/// Draws a parameter. Some where a person changed it: the new value, or none for the default.
pub(crate) fn param_ui(
    ui: &mut Ui,
    spec: &ParamSpec,
    value: Option<&Data>,
    bits: &mut Bits<'_>,
) -> Option<Option<Data>> {
    match spec.kind {
        ParamKind::Text { default, multiline } => text_ui(ui, default, multiline, value, bits),
        ParamKind::Number { default, min, max, soft } => {
            number_ui(ui, default, (min, max), soft, spec.unit, value, bits)
        }
        ParamKind::Integer { default, min, max } if spec.name == "seed" => {
            seed_ui(ui, default, (min, max), value, bits)
        }
        ParamKind::Integer { default, min, max } => integer_ui(ui, default, (min, max), spec.unit, value, bits),
        ParamKind::Flag { default } => flag_ui(ui, default, value, bits),
        ParamKind::Choice { default, options } => choice_ui(ui, default, options, value, bits),
        ParamKind::Color { default } => color_ui(ui, default, value, bits),
        ParamKind::Colors => colors_ui(ui, value, bits),
        ParamKind::File { .. } => file_ui(ui, Pick::File, value, bits),
        ParamKind::Files { .. } => files_ui(ui, value, bits),
        ParamKind::Folder => file_ui(ui, Pick::Folder, value, bits),
        ParamKind::Texts => texts_ui(ui, value, bits),
        ParamKind::Table { columns } => table_ui(ui, columns, value, bits),
    }
}

/// The default of a parameter as data; none for lists, files and tables, which are empty.
pub(crate) fn default_of(kind: &ParamKind) -> Option<Data> {
    Some(match *kind {
        ParamKind::Text { default, .. } | ParamKind::Choice { default, .. } | ParamKind::Color { default } => {
            Data::from(default)
        }
        ParamKind::Number { default, .. } => Data::Number(default),
        ParamKind::Integer { default, .. } => Data::Integer(default),
        ParamKind::Flag { default } => Data::Flag(default),
        _ => return None,
    })
}

/// Whether a parameter has its default, written or not.
pub(crate) fn is_default(kind: &ParamKind, value: Option<&Data>) -> bool {
    let Some(value) = value else { return true };
    match default_of(kind) {
        Some(Data::Number(default)) => value.as_number() == Some(default),
        Some(default) => *value == default,
        None => match value {
            Data::Text(text) => text.is_empty(),
            Data::List(items) => items.is_empty(),
            Data::Map(rows) | Data::Struct(_, rows) => rows.is_empty(),
            _ => false,
        },
    }
}

/// The file types of a parameter that names files.
pub(crate) fn extensions_of(kind: &ParamKind) -> Vec<String> {
    match kind {
        ParamKind::File { extensions } | ParamKind::Files { extensions } => {
            extensions.iter().map(|it| (*it).to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

fn text_ui(
    ui: &mut Ui,
    default: &str,
    multiline: bool,
    value: Option<&Data>,
    bits: &mut Bits<'_>,
) -> Option<Option<Data>> {
    let mut text = value.and_then(Data::as_text).unwrap_or(default).to_owned();
    let response = if multiline {
        let rows = text.lines().count().clamp(2, 10);
        let area = egui::ScrollArea::vertical().max_height(240.0).id_salt("lines");
        let (theme, template) = (bits.theme, bits.template);
        area.show(ui, |ui| prompt_ui(ui, theme, &mut text, template, rows)).inner
    } else {
        ui.add(TextEdit::singleline(&mut text).desired_width(f32::INFINITY))
    };
    bits.note_focus(&response);
    let changed = response.changed();
    bits.named(response);
    changed.then_some(Some(Data::Text(text)))
}

fn number_ui(
    ui: &mut Ui,
    default: f64,
    (min, max): (f64, f64),
    soft: (f64, f64),
    unit: &str,
    value: Option<&Data>,
    bits: &mut Bits<'_>,
) -> Option<Option<Data>> {
    let mut number = value.and_then(Data::as_number).unwrap_or(default);
    let mut changed = false;
    ui.horizontal(|ui| {
        let limited = min.is_finite() || max.is_finite() || soft != (0.0, 1.0);
        if limited && soft.0 < soft.1 && 150.0 < ui.available_width() {
            ui.spacing_mut().slider_width = (ui.available_width() - 84.0).max(40.0);
            let slider = Slider::new(&mut number, soft.0..=soft.1).show_value(false);
            let response = ui.add(slider.clamping(SliderClamping::Never));
            bits.note_focus(&response);
            changed |= response.changed();
            response.accessible_name(format!("{} slider", bits.label));
        }
        let span = if limited && soft.0 < soft.1 { soft.1 - soft.0 } else { 10.0 };
        let drag = DragValue::new(&mut number).range(min..=max).clamp_existing_to_range(false).speed(span / 200.0);
        let response = ui.add(drag.max_decimals(4).suffix(short(unit)));
        bits.note_focus(&response);
        changed |= response.changed();
        bits.named(response);
    });
    // What dragging leaves behind the sixth decimal is noise, and files are read by people.
    let number = if number.abs() < 1e9 { (number * 1e6).round() / 1e6 } else { number };
    (changed && number.is_finite()).then(|| Some(Data::Number(number.clamp(min, max))))
}

fn integer_ui(
    ui: &mut Ui,
    default: i64,
    (min, max): (i64, i64),
    unit: &str,
    value: Option<&Data>,
    bits: &mut Bits<'_>,
) -> Option<Option<Data>> {
    let mut integer = value.and_then(Data::as_integer).unwrap_or(default);
    let span = max.saturating_sub(min) as f64;
    let drag = DragValue::new(&mut integer).range(min..=max).clamp_existing_to_range(false);
    let response = ui.add(drag.speed((span / 400.0).clamp(0.05, 4.0)).suffix(short(unit)));
    bits.note_focus(&response);
    let changed = response.changed();
    bits.named(response);
    changed.then(|| Some(Data::Integer(integer.clamp(min, max))))
}

/// A unit behind a number.
fn short(unit: &str) -> String {
    match unit {
        "" => String::new(),
        "seconds" => " s".to_owned(),
        "pixels" => " px".to_owned(),
        unit => format!(" {unit}"),
    }
}

fn flag_ui(ui: &mut Ui, default: bool, value: Option<&Data>, bits: &mut Bits<'_>) -> Option<Option<Data>> {
    let mut flag = value.and_then(Data::as_flag).unwrap_or(default);
    let word = if flag { "on" } else { "off" };
    let response = ui.checkbox(&mut flag, word);
    let changed = response.changed();
    bits.started |= changed;
    bits.named(response);
    changed.then_some(Some(Data::Flag(flag)))
}

fn choice_ui(
    ui: &mut Ui,
    default: &str,
    options: &[&str],
    value: Option<&Data>,
    bits: &mut Bits<'_>,
) -> Option<Option<Data>> {
    let now = value.and_then(Data::as_text).unwrap_or(default);
    let mut chosen = None;
    let combo = ComboBox::from_id_salt("choice").selected_text(now).width(ui.available_width().min(180.0));
    let shown = combo.show_ui(ui, |ui| {
        for option in options {
            if ui.selectable_label(*option == now, *option).clicked() {
                chosen = Some(*option);
            }
        }
    });
    bits.named(shown.response);
    let chosen = chosen.filter(|chosen| *chosen != now)?;
    bits.started = true;
    Some(Some(Data::from(chosen)))
}
