//! What may be spent on the graph, as edits of `settings.caps`: for an item, a run, a month, and each provider.
//!
//! An amount is kept as it was typed, once it can be read; half of one is no limit and is not written.

use egui::{Button, CollapsingHeader, ComboBox, TextEdit, Ui};
use engine::money::amount;
use model::{Data, Edit};

use super::policy::{field, with, with_entry};
use crate::cx::Cx;
use crate::icons::Icon;
use crate::lines::field_ui;
use crate::widgets::draft::draft;
use crate::widgets::icon_button;

/// The field of a graph's settings.
const SECTION: &str = "caps";
const PROVIDERS: &str = "providers";
const LIMITS: [(&str, &str, &str); 3] = [
    ("item", "An item", "One item of the graph: all its takes, for ever"),
    ("run", "A run", "One run, with what was approved by name"),
    ("month", "A month", "Everything bought for this graph in a calendar month, by UTC"),
];
/// Where the fields begin, and how wide they are, in points.
const NAMES: f32 = 110.0;
const FIELD: f32 = 100.0;

/// What is typed for the next provider.
#[derive(Default)]
pub(super) struct CapsForm {
    provider: String,
    amount: String,
}

impl CapsForm {
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let section = cx.document.settings.unknown.get(SECTION).cloned();
        CollapsingHeader::new("Spending").id_salt("caps").default_open(section.is_some()).show(ui, |ui| {
            let section = section.as_ref();
            ui.label(egui::RichText::new("The graph can lower your own limits, and never raise them").weak());
            if section.is_some_and(|section| section.as_fields().is_none()) {
                ui.colored_label(cx.theme.bad, "What the file says cannot be read: a change here replaces it");
            }
            for (name, title, tip) in LIMITS {
                ui.horizontal(|ui| {
                    let left = ui.cursor().left();
                    ui.label(title).on_hover_text(tip);
                    ui.add_space((left + NAMES - ui.cursor().left()).max(0.0));
                    if let Some(value) =
                        amount_ui(ui, cx, &format!("Most for {}", title.to_lowercase()), field(section, name))
                    {
                        set(cx, with(section, name, value));
                    }
                });
            }
            self.providers_ui(ui, cx, section);
            // A limit that is misspelt stops all buying: here is the way out.
            let known = |name: &str| name == PROVIDERS || LIMITS.iter().any(|(limit, ..)| *limit == name);
            let fields = section.and_then(Data::as_fields);
            for name in fields.into_iter().flat_map(|fields| fields.keys()).filter(|name| !known(name)) {
                ui.horizontal(|ui| {
                    if icon_button(ui, Icon::X, &format!("Remove {name}")).clicked() {
                        set(cx, with(section, name, None));
                    }
                    ui.colored_label(
                        cx.theme.bad,
                        format!("There is no limit `{name}`: nothing is bought until it goes"),
                    );
                });
            }
        });
    }

    fn providers_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, section: Option<&Data>) {
        let held = field(section, PROVIDERS);
        let rows = held.as_ref().and_then(Data::as_fields).cloned().unwrap_or_default();
        let put = |cx: &mut Cx<'_>, provider: &str, value| {
            set(cx, with(section, PROVIDERS, with_entry(held.as_ref(), provider, value)));
        };
        for (provider, now) in &rows {
            ui.push_id(provider, |ui| {
                ui.horizontal(|ui| {
                    let left = ui.cursor().left();
                    ui.label(provider).on_hover_text("What one provider gets in a calendar month");
                    ui.add_space((left + NAMES - ui.cursor().left()).max(0.0));
                    if let Some(value) = amount_ui(ui, cx, &format!("Most for {provider}"), Some(now.clone())) {
                        put(cx, provider, value);
                    }
                    if icon_button(ui, Icon::X, &format!("Remove the limit of {provider}")).clicked() {
                        put(cx, provider, None);
                    }
                });
            });
        }
        ui.horizontal(|ui| {
            let mut names: Vec<&str> = cx.view.models.iter().map(|model| model.provider.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let text = if self.provider.is_empty() { "A provider…" } else { &self.provider }.to_owned();
            let shown = ComboBox::from_id_salt("cap provider").selected_text(text).width(NAMES).show_ui(ui, |ui| {
                for name in names.into_iter().filter(|name| !rows.contains_key(*name)) {
                    ui.selectable_value(&mut self.provider, name.to_owned(), name);
                }
            });
            shown.response.accessible_name("Provider to limit");
            field_ui(ui, &mut self.amount, "Most for the provider", "50usd", 60.0);
            let is_ready = !self.provider.is_empty() && amount(&self.amount).is_ok();
            let add = ui.add_enabled(is_ready, Button::new("Add limit"));
            if add.on_disabled_hover_text("Choose a provider and write an amount like 50usd").clicked() {
                put(cx, &self.provider, Some(Data::from(self.amount.trim())));
                *self = CapsForm::default();
            }
        });
    }
}

/// A field for an amount. What is typed is there once the field is left: none where the limit is taken away.
fn amount_ui(ui: &mut Ui, cx: &Cx<'_>, label: &str, now: Option<Data>) -> Option<Option<Data>> {
    let shown = match &now {
        Some(Data::Text(text)) => text.clone(),
        Some(other) => other.to_text(),
        None => String::new(),
    };
    let id = ui.scope_id().with(label);
    let typed =
        draft(ui, id, &shown, |ui, text| ui.add(TextEdit::singleline(text).hint_text("no limit").desired_width(FIELD)));
    typed.response.accessible_name(label);
    let text = typed.text.trim();
    if let Err(why) = amount(text)
        && !text.is_empty()
    {
        ui.colored_label(cx.theme.bad, why);
        return None;
    }
    let changed = typed.finished && text != shown.trim();
    changed.then(|| (!text.is_empty()).then(|| Data::from(text)))
}

fn set(cx: &mut Cx<'_>, value: Option<Data>) {
    cx.commands.edit("Set what may be spent", vec![Edit::SetSetting { name: SECTION.to_owned(), value, at: None }]);
}
