//! The start page: recent files, templates and Open. The application shows it while no document is open.
//!
//! It reads no file: what is recent and which templates there are is the application's to say.

use egui::{Align2, Button, FontFamily, FontId, Rect, RichText, ScrollArea, Sense, Ui};

use crate::command::{Command, FileCommand};
use crate::cx::Cx;
use crate::icons::{self, Icon};
use crate::theme::{size, space};

/// The page, in points.
const WIDTH: f32 = 830.0;

/// A template's card, in points.
const CARD: egui::Vec2 = egui::vec2(196.0, 140.0);

/// Draws the page into all of the space that is left.
pub fn start_page(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.painter().rect_filled(ui.max_rect(), 0.0, cx.theme.canvas);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let margin = ((ui.available_width() - WIDTH) * 0.5).max(space::XL);
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            ui.vertical(|ui| {
                ui.set_max_width(WIDTH.min(ui.available_width() - margin));
                page_ui(ui, cx);
            });
        });
    });
}

fn page_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.add_space(space::XL * 1.5);
    ui.label(RichText::new("Throughline").size(size::TITLE * 1.4).strong());
    let text = "Wire prompts, references and models into a film; revise one shot, and only that is made again";
    ui.label(RichText::new(text).color(cx.theme.weak));
    ui.add_space(space::XL);
    buttons_ui(ui, cx);
    ui.add_space(space::XL);
    templates_ui(ui, cx);
    recent_ui(ui, cx);
    ui.add_space(space::XL);
    let hint = "Drop a graph, or a film that was made from one, anywhere in this window to open it";
    ui.label(RichText::new(hint).color(cx.theme.weak));
    ui.add_space(space::XL);
}

fn buttons_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal_wrapped(|ui| {
        let mut button = |icon, text: &str, command: FileCommand| {
            let button = ui.add(Button::new((icons::text(icon, size::BODY), text)));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, text));
            if button.clicked() {
                cx.commands.push(Command::File(command));
            }
        };
        button(Icon::FilePlus, "Empty graph", FileCommand::New(None));
        button(Icon::FolderOpen, "Open…", FileCommand::Open(None));
    });
}

fn templates_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if cx.files.templates.is_empty() {
        return;
    }
    ui.heading("Start from a template");
    ui.add_space(space::S);
    let files = cx.files;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(space::L, space::L);
        for (name, sentence) in &files.templates {
            if card_ui(ui, cx, name, sentence) {
                cx.commands.push(Command::File(FileCommand::New(Some(name))));
            }
        }
    });
}

/// A card with a picture, a name and a sentence; true when it is chosen.
fn card_ui(ui: &mut Ui, cx: &Cx<'_>, name: &str, sentence: &str) -> bool {
    let (rect, response) = ui.allocate_exact_size(CARD, Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("New from {name}")));
    let lit = response.hovered() || response.has_focus();
    let edge = if lit { cx.theme.accent } else { cx.theme.outline };
    let sign = if lit { cx.theme.accent } else { cx.theme.weak };
    let stroke = egui::Stroke::new(if lit { 1.5 } else { 1.0 }, edge);
    ui.painter().rect(rect, 6.0, cx.theme.panel, stroke, egui::StrokeKind::Inside);
    let stage = Rect::from_min_size(rect.min, egui::vec2(rect.width(), 64.0)).shrink(6.0);
    ui.painter().rect_filled(stage, 4.0, cx.theme.sunken);
    let font = FontId::new(26.0, FontFamily::Name(icons::FAMILY.into()));
    ui.painter().text(stage.center(), Align2::CENTER_CENTER, char::from(picture_of(name)), font, sign);
    let words = Rect::from_min_max(egui::pos2(rect.left(), stage.bottom()), rect.max).shrink(space::M);
    let mut job = egui::text::LayoutJob::default();
    job.wrap.max_width = words.width();
    job.wrap.max_rows = 5;
    let title = egui::TextFormat::simple(FontId::proportional(size::BODY), cx.theme.text);
    job.append(&format!("{}\n", name.replace('_', " ")), 0.0, title);
    let body = egui::TextFormat::simple(FontId::proportional(size::SMALL), cx.theme.weak);
    job.append(sentence, 0.0, body);
    let galley = ui.painter().layout_job(job);
    ui.painter().with_clip_rect(words.intersect(ui.clip_rect())).galley(words.min, galley, cx.theme.text);
    response.on_hover_text(sentence).clicked()
}

fn picture_of(template: &str) -> Icon {
    match template {
        "hello" => Icon::Sparkles,
        "lighthouse" => Icon::Clapperboard,
        "continuity" => Icon::Link,
        "references" => Icon::IdCard,
        "list_mapping" => Icon::List,
        "reedit" => Icon::Scissors,
        _ => Icon::Film,
    }
}

fn recent_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.add_space(space::XL);
    ui.heading("Recent");
    ui.add_space(space::S);
    if cx.files.recent.is_empty() {
        ui.label(RichText::new("Graphs that you open are listed here").color(cx.theme.weak));
        return;
    }
    let files = cx.files;
    for path in &files.recent {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
        ui.horizontal(|ui| {
            let button = ui.add(Button::new((icons::text(Icon::FileText, size::BODY), name.clone())).frame(false));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Open {name}")));
            if button.on_hover_text(path.display().to_string()).clicked() {
                cx.commands.push(Command::File(FileCommand::Open(Some(path.clone()))));
            }
            ui.add(egui::Label::new(RichText::new(folder).small().color(cx.theme.weak)).truncate());
        });
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::testing::Bench;

    #[test]
    fn a_click_starts_a_document() {
        let mut bench = Bench::new("");
        bench.files.recent = vec![PathBuf::from("/films/lighthouse.ron")];
        bench.files.templates =
            vec![("hello", "One prompt, one clip"), ("continuity", "Each shot starts where one ends")];
        let mut harness = bench.window((1280.0, 720.0), start_page);
        harness.run();
        for label in ["New from continuity", "Open lighthouse.ron", "Open…", "Empty graph"] {
            harness.get_by_label(label).click();
            harness.run();
        }
        let sent = [
            FileCommand::New(Some("continuity")),
            FileCommand::Open(Some(PathBuf::from("/films/lighthouse.ron"))),
            FileCommand::Open(None),
            FileCommand::New(None),
        ];
        assert_eq!(harness.state().sent, sent.map(Command::File));
    }

    #[test]
    fn an_empty_list_says_what_will_be_there() {
        let mut harness = Bench::new("").window((900.0, 600.0), start_page);
        harness.run();
        harness.get_by_label("Graphs that you open are listed here");
    }
}
