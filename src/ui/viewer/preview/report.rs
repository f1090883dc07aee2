//! A measurement: its sentence and verdict, its plot, and the numbers as a tree.

use egui::{CollapsingHeader, RichText, ScrollArea, Ui, vec2};
use model::{Image, Report, Verdict};
use serde_json::Value as Json;

use crate::cx::{Cx, Picture, Shown};
use crate::theme::{Theme, size, space};

/// Members of one branch that are drawn at once.
const MOST: usize = 200;
/// Branches inside branches; deeper ones are written in a line.
const DEPTH: usize = 12;

pub(crate) fn report_ui(ui: &mut Ui, cx: &mut Cx<'_>, report: &Report) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&report.title).size(size::HEADING).strong());
            let (word, color) = verdict(cx.theme, report.verdict);
            ui.colored_label(color, word);
        });
        ui.label(&report.summary);
        if let Some(plot) = &report.plot {
            plot_ui(ui, cx, plot);
        }
        ui.add_space(space::S);
        tree_ui(ui, "numbers", &report.data, 0);
    });
}

/// A verdict in a word, and its colour.
pub(crate) fn verdict(theme: &Theme, verdict: Verdict) -> (&'static str, egui::Color32) {
    match verdict {
        Verdict::NotMeasured => ("not measured", theme.weak),
        Verdict::Good => ("good", theme.good),
        Verdict::Watch => ("watch", theme.watch),
        Verdict::Break => ("break", theme.bad),
    }
}

fn plot_ui(ui: &mut Ui, cx: &mut Cx<'_>, plot: &model::Media) {
    let pixels = plot.video.as_ref().map_or(vec2(16.0, 9.0), |video| vec2(video.width as f32, video.height as f32));
    let width = ui.available_width().min(pixels.x);
    let extent = vec2(width, width * pixels.y / pixels.x.max(1.0));
    let (rect, response) = ui.allocate_exact_size(extent, egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Plot"));
    let picture = Picture::Image(Image::File(std::sync::Arc::new(plot.clone())));
    match cx.gallery.picture(ui.ctx(), &picture, (width * ui.pixels_per_point()) as u32) {
        Shown::Ready(texture, _) => crate::viewer::stage::paint_texture(ui, rect, rect, texture),
        shown => {
            ui.painter().rect_filled(rect, 2.0, cx.theme.stage);
            crate::viewer::stage::paint(ui, cx.theme, rect, rect, &shown);
        }
    }
}

/// Data as branches that open; only what is open is drawn.
fn tree_ui(ui: &mut Ui, name: &str, data: &Json, depth: usize) {
    let branch = |ui: &mut Ui, note: String, members: &mut dyn Iterator<Item = (String, &Json)>, len: usize| {
        let title = format!("{name}   {note}");
        CollapsingHeader::new(title).id_salt(name).default_open(depth == 0).show(ui, |ui| {
            for (name, data) in members.take(MOST) {
                tree_ui(ui, &name, data, depth + 1);
            }
            if MOST < len {
                ui.weak(format!("{} more", len - MOST));
            }
        });
    };
    match data {
        Json::Object(fields) if !fields.is_empty() && depth < DEPTH => {
            let mut members = fields.iter().map(|(name, data)| (name.clone(), data));
            branch(ui, format!("{{{}}}", fields.len()), &mut members, fields.len());
        }
        Json::Array(items) if !items.is_empty() && depth < DEPTH && !items.iter().all(is_leaf) => {
            let mut members = items.iter().enumerate().map(|(idx, data)| (idx.to_string(), data));
            branch(ui, format!("[{}]", items.len()), &mut members, items.len());
        }
        leaf => {
            ui.horizontal_wrapped(|ui| {
                ui.weak(name);
                ui.monospace(written(leaf));
            });
        }
    }
}

fn is_leaf(data: &Json) -> bool {
    !matches!(data, Json::Object(_) | Json::Array(_))
}

/// A leaf as people read it; long rows of numbers are cut.
fn written(data: &Json) -> String {
    match data {
        Json::String(text) => super::head(text, 2000),
        Json::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => format!("{}", (float * 1e6).round() / 1e6),
            _ => number.to_string(),
        },
        Json::Array(items) if items.iter().all(is_leaf) => {
            let shown = items.iter().take(24).map(written).collect::<Vec<_>>().join(", ");
            if 24 < items.len() { format!("{shown}, … ({} in all)", items.len()) } else { shown }
        }
        other => super::head(&other.to_string(), 400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_short() {
        let row = Json::from((0..100).collect::<Vec<_>>());
        assert!(written(&row).ends_with("23, … (100 in all)"));
        assert_eq!(written(&Json::from(0.1 + 0.2)), "0.3");
        assert!(written(&Json::from("x".repeat(9000))).len() <= 2000);
    }
}
