//! Widgets that several panels share: one file each. They return what a person asked for and change no document.

pub(crate) mod color;
pub(crate) mod diagnostic;
pub(crate) mod draft;
pub(crate) mod files;
pub(crate) mod gesture;
pub(crate) mod param;
pub(crate) mod prompt;
pub(crate) mod seed;
pub(crate) mod table;
pub(crate) mod texts;
pub(crate) mod word;

use egui::{Response, Role, Ui, WidgetInfo};

use crate::icons::{self, Icon};
use crate::theme::{size, space};

/// A button that shows an icon alone; `tip` is its tooltip and its accessible name.
pub(crate) fn icon_button(ui: &mut Ui, icon: Icon, tip: &str) -> Response {
    let button = egui::Button::new(icons::text(icon, size::ICON)).frame_when_inactive(false).small();
    // Not a scope: in a line that wraps, a scope would take the rest of the line.
    let padding = std::mem::replace(&mut ui.spacing_mut().button_padding.x, space::S);
    let response = ui.add(button).on_hover_text(tip);
    ui.spacing_mut().button_padding.x = padding;
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, tip));
    response
}

/// The dot that stands for a port's type; a word beside it says the same.
pub(crate) fn port_dot(ui: &mut Ui, color: egui::Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(9.0, 9.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 4.0, color);
}

/// `seed_policy` as people read it: `Seed policy`.
pub(crate) fn title_of(name: &str) -> String {
    // A level's unit stands beside its value.
    let mut title = name.strip_suffix("_db").unwrap_or(name).replace('_', " ");
    if let Some(first) = title.get(..1).map(str::to_uppercase) {
        title.replace_range(..1, &first);
    }
    title
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_become_titles() {
        assert_eq!(["seed_policy", "gain_db", "", "élan"].map(super::title_of), ["Seed policy", "Gain", "", "élan"]);
    }
}
