//! Files and folders: the path as the graph names it, a dialog, files that are dropped, and what a picture shows.

use egui::{TextEdit, Ui};
use model::Data;

use super::color::{list_of, texts_of};
use super::icon_button;
use super::param::Bits;
use crate::command::Pick;
use crate::cx::{Picture, Shown};
use crate::icons::Icon;

/// What the gallery can show of a file.
const PICTURES: [&str; 6] = ["png", "jpg", "jpeg", "webp", "bmp", "gif"];

/// One file or folder.
pub(crate) fn file_ui(ui: &mut Ui, pick: Pick, value: Option<&Data>, bits: &mut Bits<'_>) -> Option<Option<Data>> {
    let mut path = value.and_then(Data::as_text).unwrap_or_default().to_owned();
    let mut changed = false;
    let whole = ui.vertical(|ui| {
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 34.0).max(40.0);
            let hint = if pick == Pick::Folder { "folder beside the graph" } else { "drop a file here" };
            let response = ui.add(TextEdit::singleline(&mut path).desired_width(width).hint_text(hint));
            bits.note_focus(&response);
            changed |= response.changed();
            bits.named(response);
            if icon_button(ui, Icon::FolderOpen, &format!("Browse for {}", bits.label)).clicked() {
                bits.pick = Some(pick);
            }
        });
        thumbnail(ui, &path, 160.0, bits);
    });
    take_drop(ui, whole.response.rect, bits);
    changed.then(|| (!path.is_empty()).then_some(Data::Text(path)))
}

/// Several files, the best first.
pub(crate) fn files_ui(ui: &mut Ui, value: Option<&Data>, bits: &mut Bits<'_>) -> Option<Option<Data>> {
    let mut paths = texts_of(value);
    let (mut changed, mut removed, mut raised) = (false, None, None);
    let whole = ui.vertical(|ui| {
        for (idx, path) in paths.iter_mut().enumerate() {
            ui.push_id(idx, |ui| {
                ui.horizontal(|ui| {
                    thumbnail(ui, path, 44.0, bits);
                    let width = (ui.available_width() - 62.0).max(40.0);
                    let response = ui.add(TextEdit::singleline(path).desired_width(width));
                    bits.note_focus(&response);
                    changed |= response.changed();
                    response.accessible_name(format!("{} {}", bits.label, idx + 1));
                    if icon_button(ui, Icon::ArrowUp, &format!("Move {path} up")).clicked() {
                        raised = idx.checked_sub(1);
                    }
                    if icon_button(ui, Icon::X, &format!("Remove {path}")).clicked() {
                        removed = Some(idx);
                    }
                });
            });
        }
        ui.horizontal(|ui| {
            if icon_button(ui, Icon::FolderOpen, &format!("Browse for {}", bits.label)).clicked() {
                bits.pick = Some(Pick::Files);
            }
            ui.weak("or drop files here");
        });
    });
    take_drop(ui, whole.response.rect, bits);
    if let Some(idx) = raised {
        bits.started = true;
        paths.swap(idx, idx + 1);
        changed = true;
    }
    if let Some(idx) = removed {
        bits.started = true;
        paths.remove(idx);
        changed = true;
    }
    changed.then(|| list_of(paths))
}

fn thumbnail(ui: &mut Ui, path: &str, side: f32, bits: &mut Bits<'_>) {
    let extension = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if !PICTURES.contains(&extension.as_str()) {
        return;
    }
    let pixels = (side * ui.ctx().pixels_per_point()).ceil() as u32;
    match bits.gallery.picture(ui.ctx(), &Picture::File(path.to_owned()), pixels) {
        Shown::Waiting => {
            ui.allocate_space(egui::vec2(side, side * 0.6));
        }
        Shown::Ready(texture, size) => {
            let shown = size * (side / size.x.max(size.y).max(1.0));
            ui.image((texture, shown)).accessible_name(format!("Picture {path}"));
        }
        Shown::Failed(why) => {
            ui.colored_label(bits.theme.bad, why.message.as_str());
        }
    }
}

/// Files that were let go over a field are its own.
fn take_drop(ui: &mut Ui, rect: egui::Rect, bits: &mut Bits<'_>) {
    let over = ui.ctx().pointer_latest_pos().is_some_and(|at| rect.contains(at));
    if !over || !ui.is_enabled() {
        return;
    }
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        ui.painter().rect_stroke(rect, 4.0, egui::Stroke::new(1.5, bits.theme.accent), egui::StrokeKind::Outside);
    }
    let dropped = ui.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
    bits.dropped.extend(dropped.into_iter().map(|file| file.path().to_path_buf()));
}
