//! A character, place, prop or style: pictures, palette and description.

use egui::{RichText, ScrollArea, Ui, vec2};
use model::{Image, Reference, Role};

use super::swatch_ui;
use crate::cx::{Cx, Picture, Shown};
use crate::theme::{size, space};

/// Height of a reference picture, in points.
const HEIGHT: f32 = 120.0;

pub(crate) fn reference_ui(ui: &mut Ui, cx: &mut Cx<'_>, reference: &Reference) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(&reference.name).size(size::HEADING).strong());
            ui.weak(match reference.role {
                Role::Character => "character",
                Role::Location => "location",
                Role::Prop => "prop",
                Role::Style => "style",
            });
        });
        ui.horizontal_wrapped(|ui| {
            for (idx, media) in reference.images.iter().enumerate() {
                let picture = Picture::Image(Image::File(std::sync::Arc::new(media.clone())));
                let aspect = media.video.as_ref().map_or(1.0, |video| video.width as f32 / video.height.max(1) as f32);
                let extent = vec2(HEIGHT * aspect.clamp(0.3, 4.0), HEIGHT);
                let (rect, response) = ui.allocate_exact_size(extent, egui::Sense::hover());
                let name = format!("{} picture {}", reference.name, idx + 1);
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
                ui.painter().rect_filled(rect, 2.0, cx.theme.stage);
                let width = (extent.x * ui.pixels_per_point()) as u32;
                if let Shown::Ready(texture, _) = cx.gallery.picture(ui.ctx(), &picture, width) {
                    crate::viewer::stage::paint_texture(ui, rect, rect, texture);
                }
            }
        });
        if !reference.palette.is_empty() {
            ui.horizontal_wrapped(|ui| {
                for color in &reference.palette {
                    swatch_ui(ui, cx, *color, vec2(28.0, 20.0));
                }
            });
        }
        ui.add_space(space::S);
        ui.label(&reference.description);
        for (name, text) in [
            ("Also called", reference.aliases.join(", ")),
            ("Never shown", reference.negative.clone()),
            ("Voice", reference.pitch_hz.map(|hertz| format!("{hertz:.0} Hz")).unwrap_or_default()),
            ("Sounds like", reference.ambience.clone()),
        ] {
            if !text.is_empty() {
                ui.horizontal_wrapped(|ui| {
                    ui.weak(name);
                    ui.label(text);
                });
            }
        }
    });
}
