//! How the models of the graph are chosen: aims, lists, pins, consistency and fallback, as edits of `settings.models`.
//!
//! It rewrites one field of the section at a time and keeps the others as they stand, those of newer versions included.
//! A form with a button that applies it was the alternative: nothing else in the inspector waits for a button.

use egui::{Button, CollapsingHeader, ComboBox, DragValue, RichText, Ui};
use indexmap::IndexMap;
use model::policy::{AUTO, Aim, Consent, Consistency, PinScope, Policy, SECTION};
use model::{Data, Edit, Quality};

use crate::cx::Cx;
use crate::icons::Icon;
use crate::lines::field_ui;
use crate::theme::space;
use crate::view::ModelView;
use crate::widgets::diagnostic::diagnostic_ui;
use crate::widgets::gesture::Gestures;
use crate::widgets::icon_button;
use crate::widgets::param::Bits;
use crate::widgets::seed::focus_came;
use crate::widgets::texts::texts_ui;

const CONSISTENCIES: [(&str, &str); 2] =
    [("by_character", "One model for each character"), ("off", "Each shot by itself")];
const CONSENTS: [(&str, &str); 4] = [
    ("off", "Never"),
    ("same_model", "The same model elsewhere"),
    ("same_family", "Then the same family"),
    ("any", "Then any model"),
];
const LISTS: [(&str, &str, &str); 2] = [
    ("allow", "Allowed models", "Names, providers, families or patterns like runway/*; where there are none, all are"),
    ("deny", "Denied models", "The same, of models that are never used"),
];

/// What is typed for the next pin.
#[derive(Default)]
pub(super) struct PolicyForm {
    scope: String,
    model: String,
}

impl PolicyForm {
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, gestures: &mut Gestures) {
        let section = cx.document.settings.unknown.get(SECTION).cloned();
        let (policy, problems) = section.as_ref().map(Policy::read).unwrap_or_default();
        CollapsingHeader::new("Models").id_salt("models-policy").default_open(section.is_some()).show(ui, |ui| {
            let models = cx.view.models.clone();
            for (quality, tier, name) in
                [(Quality::Draft, "draft", "Drafts are made by"), (Quality::Final, "final", "Finals are made by")]
            {
                if let Some(wish) = wish_ui(ui, name, policy.wish(quality), &models) {
                    let old = field(section.as_ref(), "aim");
                    let value = with(old.as_ref(), tier, (wish != AUTO).then(|| Data::from(wish.as_str())));
                    set(cx, section.as_ref(), "aim", value, None);
                }
            }
            let is_balanced = [&policy.draft, &policy.last].iter().any(|wish| wish.as_str() == "balanced");
            if is_balanced {
                weights_ui(ui, cx, section.as_ref(), &policy, gestures);
            }
            let consistency = if policy.consistency == Consistency::Off { "off" } else { "by_character" };
            if let Some(word) = choice_ui(ui, "Consistency", consistency, &CONSISTENCIES) {
                set(cx, section.as_ref(), "consistency", Some(Data::from(word)), None);
            }
            let consent = match policy.consent() {
                Consent::Off => "off",
                Consent::SameModel => "same_model",
                Consent::SameFamily => "same_family",
                Consent::Any => "any",
            };
            if let Some(word) = choice_ui(ui, "When a model fails", consent, &CONSENTS) {
                set(cx, section.as_ref(), "fallback", Some(Data::from(word)), None);
            }
            let mut after_refusal = policy.after_refusal;
            let tip = "A provider that refuses a prompt on grounds of its rules is not asked again; another one may be";
            if ui.checkbox(&mut after_refusal, "Also when a provider refuses the prompt").on_hover_text(tip).changed() {
                set(cx, section.as_ref(), "after_refusal", after_refusal.then_some(Data::Flag(true)), None);
            }
            for (name, title, tip) in LISTS {
                lists_ui(ui, cx, section.as_ref(), (name, title, tip), gestures);
            }
            self.pins_ui(ui, cx, section.as_ref(), &models);
            for problem in &problems {
                diagnostic_ui(ui, cx.theme, &problem.diagnostic);
            }
        });
    }

    fn pins_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, section: Option<&Data>, models: &[ModelView]) {
        ui.add_space(space::S);
        ui.label("Pins").on_hover_text("Models that are set for the graph, a scene, a character or a shot");
        let pins = field(section, "pins");
        let rows = pins.as_ref().and_then(Data::as_fields).cloned().unwrap_or_default();
        for (scope, model) in &rows {
            ui.push_id(scope, |ui| {
                ui.horizontal(|ui| {
                    if icon_button(ui, Icon::X, &format!("Remove the pin of {scope}")).clicked() {
                        set(cx, section, "pins", with_entry(pins.as_ref(), scope, None), None);
                    }
                    ui.label(scope);
                    let now = model.as_text().unwrap_or_default();
                    if let Some(model) = model_ui(ui, &format!("Model of {scope}"), now, models) {
                        set(
                            cx,
                            section,
                            "pins",
                            with_entry(pins.as_ref(), scope, Some(Data::from(model.as_str()))),
                            None,
                        );
                    }
                });
            });
        }
        ui.horizontal_wrapped(|ui| {
            field_ui(ui, &mut self.scope, "Pin for", "character:MARA", 110.0);
            if let Some(model) = model_ui(ui, "Pinned model", &self.model, models) {
                self.model = model;
            }
            let scope = PinScope::parse(self.scope.trim());
            let is_ready = scope.is_some() && !self.model.is_empty();
            let add = ui.add_enabled(is_ready, Button::new("Add pin"));
            let add =
                add.on_disabled_hover_text("Write graph, scene:s2, character:MARA or shot:s2.b1, and choose a model");
            if let (true, Some(scope)) = (add.clicked(), scope) {
                let model = Data::from(self.model.as_str());
                set(cx, section, "pins", with_entry(pins.as_ref(), &scope.to_string(), Some(model)), None);
                *self = PolicyForm::default();
            }
        });
    }
}

fn weights_ui(ui: &mut Ui, cx: &mut Cx<'_>, section: Option<&Data>, policy: &Policy, gestures: &mut Gestures) {
    let weights = policy.weights;
    ui.horizontal_wrapped(|ui| {
        ui.label("Balance");
        for (name, now) in [("cost", weights.cost), ("time", weights.time), ("quality", weights.quality)] {
            let mut weight = now;
            let label = format!("Weight of {name}");
            let response = ui.add(DragValue::new(&mut weight).range(0..=1000).speed(0.1).prefix(format!("{name} ")));
            gestures.note(&label, focus_came(&response));
            if response.changed() {
                let gesture = gestures.number(&label, cx.shared);
                let old = field(section, "weights");
                let value = with(old.as_ref(), name, Some(Data::Integer(i64::from(weight))));
                set(cx, section, "weights", value, Some(gesture));
            }
            response.accessible_name(label);
        }
    });
}

fn lists_ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    section: Option<&Data>,
    (name, title, tip): (&str, &str, &str),
    gestures: &mut Gestures,
) {
    ui.add_space(space::S);
    ui.label(title).on_hover_text(tip);
    let now = field(section, name);
    let mut bits = Bits::new(title, cx.theme, &mut *cx.gallery);
    let change = ui.push_id(name, |ui| texts_ui(ui, now.as_ref(), &mut bits)).inner;
    let started = bits.started;
    gestures.note(title, started);
    if let Some(value) = change {
        let gesture = gestures.number(title, cx.shared);
        set(cx, section, name, value, Some(gesture));
    }
}

/// A choice among words with their titles; the word that was chosen anew.
fn choice_ui<'w>(ui: &mut Ui, label: &str, now: &str, words: &[(&'w str, &str)]) -> Option<&'w str> {
    let mut chosen = None;
    ui.horizontal(|ui| {
        ui.label(label);
        let title = words.iter().find(|(word, _)| *word == now).map_or(now, |(_, title)| title);
        let shown = ComboBox::from_id_salt(label).selected_text(title).width(170.0).show_ui(ui, |ui| {
            for (word, title) in words {
                if ui.selectable_label(*word == now, *title).clicked() && *word != now {
                    chosen = Some(*word);
                }
            }
        });
        shown.response.accessible_name(label);
    });
    chosen
}

/// Previs, an aim, or a model by its name.
fn wish_ui(ui: &mut Ui, label: &str, now: &str, models: &[ModelView]) -> Option<String> {
    let mut chosen = None;
    ui.horizontal(|ui| {
        ui.label(label);
        let title = |wish: &str| match wish {
            AUTO => "previs".to_owned(),
            wish if Aim::parse(wish).is_some() => format!("the {wish}"),
            name => name.to_owned(),
        };
        let shown = ComboBox::from_id_salt(label).selected_text(title(now)).width(170.0).show_ui(ui, |ui| {
            for wish in std::iter::once(AUTO).chain(Aim::NAMES) {
                if ui.selectable_label(wish == now, title(wish)).clicked() {
                    chosen = Some(wish.to_owned());
                }
            }
            ui.separator();
            chosen = names_ui(ui, now, models).or(chosen.take());
        });
        shown.response.accessible_name(label);
    });
    chosen.filter(|wish| wish != now)
}

fn model_ui(ui: &mut Ui, label: &str, now: &str, models: &[ModelView]) -> Option<String> {
    let mut chosen = None;
    let text = if now.is_empty() { "Choose a model…" } else { now };
    let shown = ComboBox::from_id_salt(label).selected_text(text).width(150.0).show_ui(ui, |ui| {
        chosen = names_ui(ui, now, models);
    });
    shown.response.accessible_name(label);
    chosen.filter(|name| name != now)
}

/// Models by name, those that can be used first.
fn names_ui(ui: &mut Ui, now: &str, models: &[ModelView]) -> Option<String> {
    let mut chosen = None;
    for is_usable in [true, false] {
        for model in models.iter().filter(|model| model.usable == is_usable) {
            let text = RichText::new(&model.name);
            let text = if is_usable { text } else { text.weak() };
            if ui.selectable_label(model.name == now, text).on_hover_text(&model.price).clicked() {
                chosen = Some(model.name.clone());
            }
        }
    }
    chosen
}

/// A field of the section as it stands.
pub(super) fn field(section: Option<&Data>, name: &str) -> Option<Data> {
    section?.as_fields()?.get(name).cloned()
}

/// Fields with one of them set or left out; none where nothing is left. What is written as a map stays one.
pub(super) fn with(old: Option<&Data>, name: &str, value: Option<Data>) -> Option<Data> {
    match with_entry(old, name, value)? {
        Data::Map(fields) if !matches!(old, Some(Data::Map(_))) => Some(Data::Struct(None, fields)),
        data => Some(data),
    }
}

/// The same of a map: its keys are names of somebody's own.
pub(super) fn with_entry(old: Option<&Data>, name: &str, value: Option<Data>) -> Option<Data> {
    let mut entries: IndexMap<String, Data> = old.and_then(Data::as_fields).cloned().unwrap_or_default();
    match value {
        Some(value) => drop(entries.insert(name.to_owned(), value)),
        None => drop(entries.shift_remove(name)),
    }
    (!entries.is_empty()).then_some(Data::Map(entries))
}

/// Sets a field of the section, or leaves it out.
fn set(cx: &mut Cx<'_>, section: Option<&Data>, name: &str, value: Option<Data>, gesture: Option<u64>) {
    let value = with(section, name, value);
    cx.commands.gesture(
        "Set how models are chosen",
        vec![Edit::SetSetting { name: SECTION.to_owned(), value, at: None }],
        gesture,
    );
}
