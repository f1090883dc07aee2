//! A shot as a table of its fields, with where each came from.

use egui::{Grid, RichText, ScrollArea, Ui};
use model::Shot;

use crate::theme::{size, space};

pub(crate) fn shot_ui(ui: &mut Ui, shot: &Shot) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.label(RichText::new(format!("{}   {}", shot.number, shot.id)).size(size::HEADING).strong());
        ui.label(&shot.text);
        ui.add_space(space::S);
        Grid::new("shot").num_columns(3).spacing([space::L, space::XS]).show(ui, |ui| {
            for (name, field, value) in fields(shot) {
                if value.is_empty() {
                    continue;
                }
                ui.weak(name);
                ui.label(value);
                let origin = shot.provenance.get(field).map(|from| match from.source.is_empty() {
                    true => from.by.name().to_owned(),
                    false => format!("{}: {}", from.by.name(), from.source),
                });
                ui.weak(origin.unwrap_or_default());
                ui.end_row();
            }
        });
        for line in &shot.lines {
            ui.add_space(space::XS);
            let at = format!("{:.1} s", line.start_s);
            let manner = [&line.extension, &line.parenthetical].map(String::as_str).join(" ");
            ui.horizontal_wrapped(|ui| {
                ui.weak(at);
                ui.strong(&line.character);
                if !manner.trim().is_empty() {
                    ui.weak(format!("({})", manner.trim()));
                }
                ui.label(&line.text);
            });
        }
    });
}

/// Name on screen, name in the provenance, value.
fn fields(shot: &Shot) -> Vec<(&'static str, &'static str, String)> {
    let camera = &shot.camera;
    let person = |member: &model::CastMember| {
        let manner = [member.action.as_str(), member.emotion.as_str()].map(str::trim).join(" ");
        format!("{} ({}) {manner}", member.name, member.side.name()).trim_end().to_owned()
    };
    vec![
        ("Scene", "scene", shot.scene.clone()),
        ("Purpose", "purpose", shot.purpose.clone()),
        ("Length", "duration_s", format!("{:.2} s", shot.duration_s)),
        ("Size", "camera.size", camera.size.name().to_owned()),
        ("Framing", "camera.framing", camera.framing.name().to_owned()),
        ("Angle", "camera.angle", camera.angle.name().to_owned()),
        ("Move", "camera.move", camera.r#move.name().to_owned()),
        ("Lens", "camera.lens_mm", format!("{} mm", camera.lens_mm)),
        ("Place", "setting.location", format!("{} {}", shot.setting.int_ext.name(), shot.setting.location)),
        ("Time", "setting.time", shot.setting.time.name().to_owned()),
        ("Weather", "setting.weather", shot.setting.weather.name().to_owned()),
        ("Cast", "cast", shot.cast.iter().map(person).collect::<Vec<_>>().join(", ")),
        ("Props", "props", shot.props.join(", ")),
        ("Seed", "seed", shot.seed.map(|seed| seed.to_string()).unwrap_or_default()),
    ]
}
