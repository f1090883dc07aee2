//! What somebody set up for themselves, and the page where it is set: theme, scale, keys, mode, sound. No part of any
//! document.

use std::collections::BTreeMap;

use egui::{ComboBox, Id, Modal, RichText, ScrollArea, Ui};
use serde::{Deserialize, Serialize};

use crate::actions::{Keymap, PRESETS};
use crate::command::{Command, FileCommand};
use crate::cx::Cx;
use crate::icons::Icon;
use crate::theme::{size, space};
use crate::widgets::icon_button;

/// Smallest and largest zoom.
const SCALES: std::ops::RangeInclusive<f32> = 0.6..=2.5;
const SIZE: egui::Vec2 = egui::vec2(520.0, 560.0);
/// Longest name of a sound device, in bytes.
const MOST_NAME: usize = 256;
/// Where the widgets begin, in points.
const NAMES: f32 = 150.0;

/// See the module. Fields that another version wrote are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    pub light: bool,
    /// Zoom on top of the screen's own scale.
    pub scale: f32,
    /// Free work runs by itself in graphs that are opened.
    pub live: bool,
    /// 0 to 1.
    pub volume: f32,
    pub muted: bool,
    /// Seeks and steps at rest sound.
    pub scrub: bool,
    /// The device that sounds, by its name; the system's own choice with none.
    pub device: Option<String>,
    /// Points that somebody gave to columns of the shot table.
    pub columns: BTreeMap<String, f32>,
}

impl Default for Preferences {
    fn default() -> Preferences {
        Preferences {
            light: false,
            scale: 1.0,
            live: true,
            volume: 1.0,
            muted: false,
            scrub: true,
            device: None,
            columns: BTreeMap::new(),
        }
    }
}

impl Preferences {
    /// The same with every number where it may be: the file may say anything.
    pub fn sane(mut self) -> Preferences {
        let bounded = |value: f32, low: f32, high: f32, other: f32| {
            if value.is_finite() { value.clamp(low, high) } else { other }
        };
        self.scale = bounded(self.scale, *SCALES.start(), *SCALES.end(), 1.0);
        self.volume = bounded(self.volume, 0.0, 1.0, 1.0);
        self.device = self.device.filter(|device| device.len() <= MOST_NAME);
        self.columns.values_mut().for_each(|width| *width = bounded(*width, 20.0, 2000.0, 60.0));
        self
    }
}

/// The page.
#[derive(Default)]
pub(crate) struct Page {
    open: bool,
    /// It was asked which sound devices there are.
    looked: bool,
    /// The scale while its slider is held: a window that grows under the pointer cannot be aimed at.
    scale: Option<f32>,
}

impl Page {
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn toggle(&mut self) {
        *self = Page { open: !self.open, ..Page::default() };
    }

    /// Draws it; an action that was chosen in it.
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Option<&'static str> {
        if !self.open {
            return None;
        }
        if !std::mem::replace(&mut self.looked, true) {
            cx.player.look_for_devices();
        }
        let mut action = None;
        let shown = Modal::new(Id::unique("settings")).show(ui.ctx(), |ui| {
            ui.set_width(SIZE.x);
            ui.set_height(SIZE.y.min(ui.ctx().content_rect().height() - 60.0));
            ui.horizontal(|ui| {
                ui.label(RichText::new("Settings").size(size::TITLE));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if icon_button(ui, Icon::X, "Close the settings").clicked() {
                        self.open = false;
                    }
                });
            });
            ui.separator();
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                self.look_ui(ui, cx);
                run_ui(ui, cx);
                sound_ui(ui, cx);
                action = keys_ui(ui, cx);
                files_ui(ui, cx);
            });
        });
        if shown.should_close() || action.is_some() {
            self.open = false;
        }
        action
    }

    fn look_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        heading(ui, "Look");
        row(ui, "Theme", |ui| {
            let light = &mut cx.shared.preferences.light;
            ui.selectable_value(light, false, "Dark");
            ui.selectable_value(light, true, "Light");
        });
        row(ui, "Scale", |ui| {
            let set = cx.shared.preferences.scale;
            let mut scale = self.scale.unwrap_or(set);
            let slider = egui::Slider::new(&mut scale, SCALES)
                .step_by(0.05)
                .custom_formatter(|it, _| format!("{:.0} %", it * 100.0));
            let slider = ui
                .add(slider.custom_parser(|text| Some(text.trim_end_matches([' ', '%']).parse::<f64>().ok()? / 100.0)));
            slider.widget_info(|| egui::WidgetInfo::slider(true, f64::from(scale), "Scale"));
            let held = slider.dragged();
            self.scale = held.then_some(scale);
            if !held && scale != set {
                cx.shared.preferences.scale = scale;
            }
            if ui.button("100 %").clicked() {
                cx.shared.preferences.scale = 1.0;
            }
        });
        let screen = ui.ctx().native_pixels_per_point().unwrap_or(1.0);
        note(
            ui,
            cx,
            &format!("On top of the screen's own scale, {:.0} %. Ctrl with + and - does the same", screen * 100.0),
        );
    }
}

fn run_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    heading(ui, "Runs");
    row(ui, "Mode", |ui| {
        let before = cx.shared.preferences.live;
        ui.selectable_value(&mut cx.shared.preferences.live, true, "Live");
        ui.selectable_value(&mut cx.shared.preferences.live, false, "Manual");
        let live = cx.shared.preferences.live;
        if live != before {
            cx.commands.push(Command::SetLive(live));
        }
    });
    note(
        ui,
        cx,
        "Live: free work runs by itself as you edit, here and in graphs that you open. Nothing paid ever does",
    );
}

fn sound_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    heading(ui, "Playback");
    row(ui, "Volume", |ui| {
        let preferences = &mut cx.shared.preferences;
        let slider = egui::Slider::new(&mut preferences.volume, 0.0..=1.0);
        let slider = ui.add(slider.custom_formatter(|it, _| format!("{:.0} %", it * 100.0)));
        slider.widget_info(|| egui::WidgetInfo::slider(true, f64::from(preferences.volume), "Playback volume"));
        ui.checkbox(&mut preferences.muted, "Muted");
    });
    row(ui, "Scrubbing", |ui| {
        ui.checkbox(&mut cx.shared.preferences.scrub, "Sound while scrubbing and stepping");
    });
    row(ui, "Device", |ui| device_ui(ui, cx));
}

fn device_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    const SYSTEM: &str = "System default";
    let (devices, chosen) = (cx.player.devices(), &mut cx.shared.preferences.device);
    let mut names = devices.clone().unwrap_or_default();
    // What was chosen stays in the list while it is unplugged: it is used again when it comes back.
    let is_gone = devices.is_some() && chosen.as_ref().is_some_and(|name| !names.contains(name));
    if let Some(name) = chosen.as_ref().filter(|name| !names.contains(name)) {
        names.push(name.clone());
    }
    let now = chosen.clone().unwrap_or_else(|| SYSTEM.to_owned());
    let shown = ComboBox::from_id_salt("sound device").selected_text(&now).width(240.0).truncate().show_ui(ui, |ui| {
        ui.selectable_value(chosen, None, SYSTEM);
        for name in names {
            ui.selectable_value(chosen, Some(name.clone()), name);
        }
    });
    shown
        .response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Sound device: {now}")));
    match devices {
        None => drop(ui.weak("looking…")),
        Some(_) if is_gone => drop(ui.weak("not there now: the system's is used")),
        Some(_) => {}
    }
}

fn keys_ui(ui: &mut Ui, cx: &mut Cx<'_>) -> Option<&'static str> {
    let mut action = None;
    heading(ui, "Keys");
    row(ui, "As in", |ui| {
        let now = cx.shared.keymap.preset.clone();
        let combo = ComboBox::from_id_salt("settings preset").selected_text(&now).width(120.0);
        let shown = combo.show_ui(ui, |ui| {
            for (name, _) in PRESETS {
                if ui.selectable_label(*name == now, *name).clicked() {
                    cx.shared.keymap = Keymap::new(name, cx.shared.keymap.own.clone());
                }
            }
        });
        shown
            .response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Keys as in {now}")));
        if ui.button("Every key…").clicked() {
            action = Some("help");
        }
    });
    row(ui, "Tour", |ui| {
        if ui.button("Take the tour again").clicked() {
            action = Some("tour");
        }
    });
    row(ui, "Panels", |ui| {
        if ui.button("Reset the workspace").on_hover_text("Every panel of it goes back to its place").clicked() {
            action = Some("reset_layout");
        }
    });
    action
}

fn files_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    heading(ui, "Recent files");
    let recent = cx.files.recent.clone();
    if recent.is_empty() {
        return note(ui, cx, "Graphs that you open are listed here and on the start page");
    }
    for path in recent.iter().take(6) {
        ui.add(egui::Label::new(RichText::new(path.display().to_string()).color(cx.theme.weak)).truncate());
    }
    if ui.button("Forget recent files").on_hover_text("The files themselves stay").clicked() {
        cx.commands.push(Command::File(FileCommand::ForgetRecent));
    }
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(space::M);
    ui.label(RichText::new(text).size(size::HEADING).strong());
}

fn row(ui: &mut Ui, name: &str, widgets: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let left = ui.cursor().left();
        ui.label(name);
        ui.add_space((left + NAMES - ui.cursor().left()).max(0.0));
        widgets(ui);
    });
}

fn note(ui: &mut Ui, cx: &Cx<'_>, text: &str) {
    ui.label(RichText::new(text).size(size::SMALL).color(cx.theme.weak));
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::cx::NoGallery;
    use crate::editor::Editor;
    use crate::testing::Bench;
    use crate::testing::fakes::FakePlayer;

    #[test]
    fn what_is_set_on_the_page_is_set() {
        let mut editor = Editor::default();
        let mut bench = Bench::new("");
        bench.files.recent = vec![PathBuf::from("/films/lighthouse.ron")];
        let mut harness = bench.window((1000.0, 700.0), move |ui, cx| editor.show(ui, cx));
        harness.run();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Comma);
        harness.run();
        for label in ["Light", "Manual", "Sound while scrubbing and stepping", "Muted", "Forget recent files"] {
            let all: Vec<_> = harness.query_all_by_label(label).collect();
            // The status line and the run panel have a mode of their own: the page's is the last that was drawn.
            all.last().unwrap_or_else(|| panic!("{label}")).click();
            harness.run();
        }
        let preferences = &harness.state().shared.preferences;
        assert!(preferences.light && !preferences.live && !preferences.scrub && preferences.muted);
        let sent = [Command::SetLive(false), Command::File(FileCommand::ForgetRecent)];
        assert_eq!(harness.state().sent, sent);
        harness.get_by_label("Take the tour again").click();
        harness.run();
        assert_eq!(harness.state().shared.tour, Some(0));
        assert!(harness.query_by_label("Close the settings").is_none(), "the page makes room");
    }

    #[test]
    fn a_sound_device_is_chosen_and_stays_chosen_while_it_is_unplugged() {
        let player = FakePlayer::default();
        let deck = player.0.clone();
        let mut page = Page::default();
        page.toggle();
        let mut harness = Bench::new("").window((1000.0, 700.0), move |ui, cx| {
            let (mut player, mut gallery) = (player.clone(), NoGallery);
            page.show(ui, &mut cx.with(&mut gallery, &mut player));
        });
        harness.run();
        assert_eq!(deck.borrow().told, ["look for devices"]);
        harness.get_by_label("looking…");
        deck.borrow_mut().devices = Some(vec!["USB headphones".to_owned()]);
        harness.run();
        harness.get_by_label("Sound device: System default").click();
        harness.run();
        harness.get_by_label("USB headphones").click();
        harness.run();
        assert_eq!(harness.state().shared.preferences.device.as_deref(), Some("USB headphones"));
        deck.borrow_mut().devices = Some(Vec::new());
        harness.run();
        harness.get_by_label("Sound device: USB headphones");
        harness.get_by_label("not there now: the system's is used");
    }

    #[test]
    fn a_file_may_say_anything() {
        let strange = r#"{"light": true, "scale": 1e30, "volume": -4, "columns": {"text": -1}, "colour": "x"}"#;
        let read = serde_json::from_str::<Preferences>(strange).unwrap().sane();
        assert_eq!((read.light, read.scale, read.volume, read.columns["text"]), (true, 2.5, 0.0, 20.0));
        assert_eq!(serde_json::from_str::<Preferences>("{}").unwrap().sane(), Preferences::default());
    }
}
