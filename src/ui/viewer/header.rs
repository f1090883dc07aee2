//! The bar above the picture: what is looked at, as what, against what, and where it goes.

use egui::{ComboBox, Role, Ui, WidgetInfo};

use super::seen::{Content, How, Seen, Version};
use super::stage::Stage;
use super::transport::{action_button, icon_button};
use crate::command::{Command, FileCommand};
use crate::cx::{Compare, Cx, Look};
use crate::icons::{self, Icon};
use crate::theme::{size, space};
use crate::view::ItemState;
use crate::view::dollars;

/// Ways to compare, as the bar names them.
pub(crate) const COMPARES: [(Compare, &str); 4] = [
    (Compare::Off, "A only"),
    (Compare::Wipe, "Wipe"),
    (Compare::SideBySide, "Side by side"),
    (Compare::Difference, "Difference"),
];
/// A menu of elements is no place for thousands: those are chosen in the sheet or the timeline.
const MENU: usize = 600;

/// What the bar's choices change, beside the shared looks.
pub(crate) struct Bar<'a> {
    pub(crate) how: &'a mut How,
    pub(crate) stage: &'a mut Stage,
    /// Whether they are shown now.
    pub(crate) safe_areas: bool,
}

/// Draws it. Says which action of the key table was pressed.
pub(crate) fn header_ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    seen: &Seen,
    b: Option<&Seen>,
    bar: Bar<'_>,
) -> Option<&'static str> {
    let mut pressed = None;
    let narrow = ui.available_width() < NARROW;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.spacing_mut().button_padding.x = space::S;
        pin_ui(ui, cx, seen);
        port_ui(ui, cx, seen);
        element_ui(ui, cx, seen);
        state_ui(ui, cx, seen);
        version_ui(ui, seen, bar.how);
        sheet_ui(ui, seen, bar.how);
        // In a narrow panel the picture needs the room: what is seldom used goes into a menu.
        if narrow {
            if cx.shared.compare != Compare::Off {
                compare_ui(ui, cx, seen, b);
            }
            let more = ui.menu_button(icons::text(Icon::Ellipsis, size::ICON), |ui| {
                ui.horizontal(|ui| compare_ui(ui, cx, seen, b));
                ui.horizontal(|ui| slots_ui(ui, cx));
                ui.horizontal(|ui| pressed = look_ui(ui, cx, bar).or(pressed));
            });
            more.response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "More ways to look"));
            more.response.on_hover_text("Compare, slots, size, safe areas");
        } else {
            compare_ui(ui, cx, seen, b);
            slots_ui(ui, cx);
            pressed = look_ui(ui, cx, bar);
        }
        if action_button(ui, &cx.shared.keymap, Icon::Fullscreen, "full_screen", false).clicked() {
            pressed = Some("full_screen");
        }
        export_ui(ui, cx, seen);
    });
    pressed
}

/// Panels with less room, in points, have a menu.
pub(crate) const NARROW: f32 = 620.0;

/// Size of the picture, and what is drawn over it.
fn look_ui(ui: &mut Ui, cx: &Cx<'_>, bar: Bar<'_>) -> Option<&'static str> {
    let fitted = bar.stage.is_fitted();
    if icon_button(ui, Icon::Maximize, "Fit the picture", fitted).clicked() {
        bar.stage.fit();
    }
    let one_to_one = ui.selectable_label(!fitted, "1:1");
    if one_to_one.on_hover_text("One pixel of the picture for each of the screen").clicked() {
        bar.stage.one_to_one(ui.pixels_per_point());
    }
    let areas = action_button(ui, &cx.shared.keymap, Icon::SquareDashed, "safe_areas", bar.safe_areas);
    areas.clicked().then_some("safe_areas")
}

fn pin_ui(ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen) {
    let pinned = cx.shared.look_a.is_some();
    let hint = if pinned { "Pinned: follow the selection again" } else { "Pin: stay here whatever is selected" };
    if icon_button(ui, if pinned { Icon::Pin } else { Icon::PinOff }, hint, pinned).clicked() {
        cx.shared.look_a = (!pinned).then(|| seen.look.clone());
    }
}

fn port_ui(ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen) {
    ui.strong(&seen.look.node);
    let Some(port) = seen.look.port.as_deref().filter(|_| 1 < seen.ports.len()) else { return };
    let mut chosen = None;
    let menu = ComboBox::from_id_salt("port").selected_text(port).width(60.0).show_ui(ui, |ui| {
        for name in &seen.ports {
            if ui.selectable_label(name == port, name).clicked() {
                chosen = Some(name.clone());
            }
        }
    });
    menu.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Output {port}")));
    if chosen.is_some() {
        cx.shared.look_a = Some(Look { port: chosen, element: None, take: None, ..seen.look.clone() });
    }
}

fn element_ui(ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen) {
    if seen.elements.is_empty() {
        return;
    }
    let text = seen.look.element.clone().unwrap_or_else(|| format!("all {}", seen.elements.len()));
    let mut chosen = None;
    let menu = ComboBox::from_id_salt("element").selected_text(&text).width(60.0).show_ui(ui, |ui| {
        if ui.selectable_label(seen.look.element.is_none(), "All").clicked() {
            chosen = Some(None);
        }
        for element in seen.elements.iter().take(MENU) {
            if ui.selectable_label(seen.look.element.as_ref() == Some(element), element).clicked() {
                chosen = Some(Some(element.clone()));
            }
        }
        if MENU < seen.elements.len() {
            ui.weak(format!("{} more: choose them in the sheet", seen.elements.len() - MENU));
        }
    });
    menu.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Element {text}")));
    if let Some(element) = chosen {
        cx.shared.look_a = Some(Look { element, take: None, ..seen.look.clone() });
    }
}

fn state_ui(ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen) {
    if let Some(take) = seen.look.take {
        ui.label(format!("take {take}"));
    }
    let (text, color) = match &seen.state {
        _ if seen.stale => ("stale".to_owned(), cx.theme.watch),
        state @ ItemState::Held { cost: Some(cost) } => (format!("held, {}", dollars(*cost)), cx.theme.state(state)),
        state @ ItemState::Running { progress } => {
            (format!("running {:.0} %", progress * 100.0), cx.theme.state(state))
        }
        state => (state.name().to_owned(), cx.theme.state(state)),
    };
    ui.colored_label(color, text);
    if seen.previs {
        ui.weak("previs").on_hover_text("The built-in previs model drew some of this");
    }
}

fn version_ui(ui: &mut Ui, seen: &Seen, how: &mut How) {
    let Some(version) = seen.version else { return };
    for (each, name, hint) in [
        (Version::AsItStands, "As it stands", "The clips in order, with a slate where one is missing"),
        (Version::Finished, "Finished file", "The file that the film node wrote"),
    ] {
        if ui.selectable_label(version == each, name).on_hover_text(hint).clicked() {
            how.version = Some(each);
        }
    }
}

fn sheet_ui(ui: &mut Ui, seen: &Seen, how: &mut How) {
    let is_sheet = matches!(seen.content, Content::Sheet(_));
    if seen.is_reel_of_many && icon_button(ui, Icon::LayoutGrid, "Contact sheet", is_sheet).clicked() {
        how.sheet = Some(!is_sheet);
    }
}

fn compare_ui(ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen, b: Option<&Seen>) {
    let name = COMPARES.iter().find(|(compare, _)| *compare == cx.shared.compare).map_or("", |(_, name)| name);
    let menu = ComboBox::from_id_salt("compare").selected_text(name).width(70.0).show_ui(ui, |ui| {
        for (compare, name) in COMPARES {
            if ui.selectable_label(cx.shared.compare == compare, name).clicked() {
                cx.shared.compare = compare;
            }
        }
    });
    let hint = format!("Compare A with B ({})", cx.shared.keymap.hint("wipe"));
    menu.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Compare: {name}")));
    menu.response.on_hover_text(hint);
    if cx.shared.compare == Compare::Off {
        return;
    }
    if b.is_none() {
        ui.weak("B is empty").on_hover_text("Shift and a number compare with what is in that slot");
    }
    if icon_button(ui, Icon::ArrowLeftRight, "Swap A and B", false).clicked() {
        swap(cx, &seen.look);
    }
}

/// A and B change places. What A was by following the selection becomes B by name.
pub(crate) fn swap(cx: &mut Cx<'_>, seen: &Look) {
    let a = cx.shared.look_a.take().unwrap_or_else(|| seen.clone());
    cx.shared.look_a = cx.shared.look_b.replace(a);
}

/// A look in a few characters.
pub(crate) fn name_of(look: &Look) -> String {
    let element = look.element.as_deref().map(|element| format!("/{element}")).unwrap_or_default();
    let take = look.take.map(|take| format!(" take {take}")).unwrap_or_default();
    format!("{}{element}{take}", look.node)
}

fn slots_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.spacing_mut().item_spacing.x = space::XS;
    for slot in 0..cx.shared.slots.len() {
        let number = slot + 1;
        let stored = cx.shared.slots[slot].clone();
        let shown = stored.is_some() && stored == cx.shared.look_a;
        let text = egui::RichText::new(number.to_string());
        let text = if stored.is_some() { text.strong() } else { text.color(cx.theme.weak) };
        let chip = ui.add(egui::Button::new(text).selected(shown).min_size(egui::vec2(14.0, 18.0)));
        let what = stored.as_ref().map_or_else(|| "empty".to_owned(), name_of);
        chip.widget_info(|| WidgetInfo::selected(Role::Button, true, shown, format!("Slot {number}: {what}")));
        let chip = chip.on_hover_text(match &stored {
            Some(_) => format!("{what}: click or {number} views it, Shift compares with it, right click empties it"),
            None => format!("Empty: click or {number} keeps the selected node here"),
        });
        if chip.clicked() {
            let compares = ui.input(|input| input.modifiers.shift);
            match stored {
                Some(look) if compares => {
                    cx.shared.look_b = Some(look);
                    if cx.shared.compare == Compare::Off {
                        cx.shared.compare = Compare::Wipe;
                    }
                }
                Some(look) => cx.shared.look_a = Some(look),
                None => {
                    if let Some(node) = cx.shared.selection.primary() {
                        let look = Look::at(node);
                        cx.shared.look_a = Some(look.clone());
                        cx.shared.slots[slot] = Some(look);
                    }
                }
            }
        } else if chip.secondary_clicked() {
            cx.shared.slots[slot] = None;
        }
    }
}

fn export_ui(ui: &mut Ui, cx: &mut Cx<'_>, seen: &Seen) {
    let target = match &seen.content {
        Content::Nothing(_) => None,
        _ => seen.item.clone().or_else(|| Some(seen.look.node.clone())),
    };
    let target = target.zip(seen.look.port.clone());
    ui.add_enabled_ui(target.is_some(), |ui| {
        let clicked = icon_button(ui, Icon::Download, "Export what is shown…", false).clicked();
        if let Some((item, port)) = target.filter(|_| clicked) {
            cx.commands.push(Command::File(FileCommand::Export { item, port }));
        }
    });
}
