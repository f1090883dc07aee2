//! Panels around the canvas: four places with tabs. A tab's menu moves its panel to another place.
//!
//! `egui_tiles` and `egui_dock` were weighed: both were one egui behind, and neither keeps the canvas where it is.

use std::collections::BTreeMap;

use egui::{Panel as Side, Ui};

use crate::cx::Cx;
use crate::icons;
use crate::panel::{PANELS, Panel, PanelSpec, Place};
use crate::theme::size;

struct Docked {
    spec: &'static PanelSpec,
    panel: Box<dyn Panel>,
    place: Place,
    open: bool,
}

/// See the module.
pub(crate) struct Dock {
    panels: Vec<Docked>,
    /// The panel in front, by place.
    front: BTreeMap<u8, &'static str>,
}

impl Default for Dock {
    fn default() -> Dock {
        let panels =
            PANELS.iter().map(|spec| Docked { spec, panel: (spec.make)(), place: spec.home, open: true }).collect();
        Dock { panels, front: BTreeMap::new() }
    }
}

impl Dock {
    /// Draws the panels around the canvas; `canvas` draws what is left.
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, canvas: impl FnOnce(&mut Ui, &mut Cx<'_>)) {
        if let Some(id) = cx.shared.show_panel.take() {
            self.reveal(id);
        }
        cx.shared.places.clear();
        let height = ui.available_height();
        let width = ui.available_width();
        if self.has(Place::Below) || self.has(Place::Corner) {
            Side::bottom("below").resizable(true).default_size(height * 0.47).min_size(90.0).show(ui, |ui| {
                if self.has(Place::Below) && self.has(Place::Corner) {
                    Side::right("corner").resizable(true).default_size(width * 0.5).min_size(160.0).show(ui, |ui| {
                        self.place(ui, Place::Corner, cx);
                    });
                    egui::CentralPanel::default().show(ui, |ui| self.place(ui, Place::Below, cx));
                } else {
                    let place = if self.has(Place::Below) { Place::Below } else { Place::Corner };
                    self.place(ui, place, cx);
                }
            });
        }
        if self.has(Place::Left) {
            Side::left("left").resizable(true).default_size(190.0).min_size(120.0).show(ui, |ui| {
                self.place(ui, Place::Left, cx);
            });
        }
        if self.has(Place::Right) {
            Side::right("right").resizable(true).default_size(290.0).min_size(180.0).show(ui, |ui| {
                self.place(ui, Place::Right, cx);
            });
        }
        egui::CentralPanel::no_frame().show(ui, |ui| {
            cx.shared.places.insert("canvas", ui.max_rect());
            canvas(ui, cx);
        });
    }

    /// Offers an action to every panel.
    pub(crate) fn act(&mut self, action: &str, cx: &mut Cx<'_>) -> bool {
        self.panels.iter_mut().any(|docked| docked.panel.act(action, cx))
    }

    /// The menu of panels.
    pub(crate) fn menu(&mut self, ui: &mut Ui) {
        for docked in &mut self.panels {
            ui.checkbox(&mut docked.open, docked.spec.title);
        }
    }

    /// Shows a panel, or hides the one that is in front.
    pub(crate) fn toggle(&mut self, id: &str) {
        let Some(found) = self.panels.iter().position(|docked| docked.spec.id == id) else { return };
        let place = self.panels[found].place;
        if self.panels[found].open && self.front(place) == Some(id) {
            self.panels[found].open = false;
        } else {
            self.reveal(id);
        }
    }

    fn reveal(&mut self, id: &str) {
        if let Some(docked) = self.panels.iter_mut().find(|docked| docked.spec.id == id) {
            docked.open = true;
            self.front.insert(docked.place as u8, docked.spec.id);
        }
    }

    fn has(&self, place: Place) -> bool {
        self.panels.iter().any(|docked| docked.open && docked.place == place)
    }

    fn front(&self, place: Place) -> Option<&'static str> {
        let here = |docked: &&Docked| docked.open && docked.place == place;
        let chosen = self.front.get(&(place as u8));
        let mut ids = self.panels.iter().filter(here).map(|docked| docked.spec.id);
        let first = ids.clone().next();
        chosen.and_then(|chosen| ids.find(|id| id == chosen)).or(first)
    }

    fn place(&mut self, ui: &mut Ui, place: Place, cx: &mut Cx<'_>) {
        let Some(front) = self.front(place) else { return };
        cx.shared.places.insert(front, ui.max_rect());
        let mut moved = None;
        ui.horizontal(|ui| {
            for docked in self.panels.iter().filter(|docked| docked.open && docked.place == place) {
                let mut job = egui::text::LayoutJob::default();
                let style = ui.style().clone();
                icons::text(docked.spec.icon, size::BODY).append_to(
                    &mut job,
                    &style,
                    egui::FontSelection::Default,
                    egui::Align::Center,
                );
                egui::RichText::new(format!(" {}", docked.spec.title)).append_to(
                    &mut job,
                    &style,
                    egui::FontSelection::Default,
                    egui::Align::Center,
                );
                let tab = ui.selectable_label(docked.spec.id == front, job);
                tab.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Tab, true, docked.spec.title));
                if tab.clicked() {
                    self.front.insert(place as u8, docked.spec.id);
                }
                tab.context_menu(|ui| {
                    for (to, name) in [
                        (Place::Left, "Move to the left"),
                        (Place::Right, "Move to the right"),
                        (Place::Below, "Move below"),
                        (Place::Corner, "Move to the corner"),
                    ] {
                        if to != place && ui.button(name).clicked() {
                            moved = Some((docked.spec.id, Some(to)));
                        }
                    }
                    if ui.button("Close").clicked() {
                        moved = Some((docked.spec.id, None));
                    }
                });
            }
        });
        ui.separator();
        if let Some(docked) = self.panels.iter_mut().find(|docked| docked.spec.id == front) {
            // A panel never makes its place larger: what does not fit is its own to scroll or to cut.
            let rect = ui.available_rect_before_wrap();
            let mut inside = ui.new_child(egui::UiBuilder::new().id_salt(front).max_rect(rect));
            inside.set_clip_rect(rect.intersect(ui.clip_rect()));
            docked.panel.show(&mut inside, cx);
            ui.allocate_rect(rect, egui::Sense::hover());
        }
        if let Some((id, to)) = moved {
            self.relocate(id, to);
        }
    }

    fn relocate(&mut self, id: &'static str, to: Option<Place>) {
        let Some(docked) = self.panels.iter_mut().find(|docked| docked.spec.id == id) else { return };
        match to {
            Some(place) => {
                docked.place = place;
                self.front.insert(place as u8, id);
            }
            None => docked.open = false,
        }
    }
}
