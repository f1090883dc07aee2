//! What holds for the whole graph, shown while no node is selected.

use egui::{ComboBox, DragValue, RichText, Ui};
use model::{Edit, Rate};

use crate::cx::Cx;
use crate::theme::{size, space};
use crate::widgets::gesture::Gestures;
use crate::widgets::seed::focus_came;

const SIZES: [(&str, (u32, u32)); 7] = [
    ("360p", (640, 360)),
    ("720p", (1280, 720)),
    ("1080p", (1920, 1080)),
    ("4K", (3840, 2160)),
    ("720p upright", (720, 1280)),
    ("1080p upright", (1080, 1920)),
    ("Square", (1080, 1080)),
];

const RATES: [(&str, Rate); 8] = [
    ("23.976", Rate(24_000, 1001)),
    ("24", Rate(24, 1)),
    ("25", Rate(25, 1)),
    ("29.97", Rate(30_000, 1001)),
    ("30", Rate(30, 1)),
    ("48", Rate(48, 1)),
    ("50", Rate(50, 1)),
    ("60", Rate(60, 1)),
];

/// See the module.
pub(super) fn settings_ui(ui: &mut Ui, cx: &mut Cx<'_>, gestures: &mut Gestures) {
    ui.label(RichText::new("Graph").size(size::HEADING).strong());
    ui.label(RichText::new("Select a node to see its parameters; Tab on the canvas adds one").color(cx.theme.weak));
    ui.add_space(space::M);
    let now = cx.document.settings.size;
    ui.horizontal(|ui| {
        ui.label("Picture").on_hover_text("Width and height of every picture, in pixels");
        let mut wanted = now;
        for (side, name) in [(&mut wanted.0, "Picture width"), (&mut wanted.1, "Picture height")] {
            let response = ui.add(DragValue::new(side).range(16..=8192).clamp_existing_to_range(false).speed(2.0));
            gestures.note(name, focus_came(&response));
            if response.changed() {
                // H.264 wants even numbers; a document refuses others.
                *side = (*side / 2 * 2).clamp(16, 8192);
                let gesture = gestures.number(name, cx.shared);
                let edits = sized(now, (*side, name));
                cx.commands.gesture("Set picture size", edits, Some(gesture));
            }
            response.accessible_name(name);
        }
        let named = SIZES.iter().find(|(_, size)| *size == now).map_or("Other", |(name, _)| name);
        let combo = ComboBox::from_id_salt("size").selected_text(named).width(90.0);
        let shown = combo.show_ui(ui, |ui| {
            for (name, size) in SIZES {
                if ui.selectable_label(size == now, name).clicked() && size != now {
                    cx.commands.edit("Set picture size", vec![Edit::SetSize { size }]);
                }
            }
        });
        shown.response.accessible_name("Picture size");
    });
    ui.horizontal(|ui| {
        ui.label("Rate").on_hover_text("Frames per second of every clip");
        let now = cx.document.settings.fps;
        let known = RATES.iter().find(|(_, rate)| *rate == now).map(|(name, _)| (*name).to_owned());
        let text = known.unwrap_or_else(|| format!("{}/{}", now.0, now.1));
        let shown = ComboBox::from_id_salt("rate").selected_text(text).width(90.0).show_ui(ui, |ui| {
            for (name, fps) in RATES {
                if ui.selectable_label(fps == now, name).clicked() && fps != now {
                    cx.commands.edit("Set frame rate", vec![Edit::SetRate { fps }]);
                }
            }
        });
        shown.response.accessible_name("Frame rate");
        ui.weak("frames per second");
    });
    ui.add_space(space::M);
    let nodes = cx.document.nodes.len();
    ui.weak(format!("{nodes} nodes, {} links", cx.document.links.len()));
}

/// The edit that changes one side of the picture; nothing where it is what it was.
fn sized(now: (u32, u32), (side, name): (u32, &str)) -> Vec<Edit> {
    let size = if name == "Picture width" { (side, now.1) } else { (now.0, side) };
    if size == now { Vec::new() } else { vec![Edit::SetSize { size }] }
}
