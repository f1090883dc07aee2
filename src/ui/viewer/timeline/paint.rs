//! What the timeline looks like.

use egui::{Align2, Color32, FontId, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use model::{PortType, Rate, Value};

use super::Lanes;
use super::scale::Scale;
use crate::cx::{Cx, Picture, Shown};
use crate::theme::{Theme, size};
use crate::viewer::film::{Part, Reel};
use crate::viewer::stage;

/// Blocks narrower than this, in points, are a stripe of states; those narrower than `NAMED` have no name.
const STRIPE: f32 = 5.0;
const NAMED: f32 = 26.0;
/// Width of thumbnails in pixels: one size, so that zooming makes no new ones.
const THUMBNAIL: u32 = 160;

/// The colour of how a part stands.
pub(super) fn color(theme: &Theme, part: &Part) -> Color32 {
    match part.word() {
        "stale" | "unfinished" => theme.watch,
        _ => theme.state(&part.state),
    }
}

/// Blocks and their sound, of the parts in view.
pub(super) fn blocks(ui: &Ui, cx: &mut Cx<'_>, scale: &Scale, lanes: &Lanes, reel: &Reel) {
    let painter = ui.painter_at(lanes.blocks.union(lanes.sound));
    painter.rect_filled(lanes.blocks.union(lanes.sound), 0.0, cx.theme.sunken);
    let visible = scale.visible();
    let from = reel.at(visible.start).unwrap_or(0);
    let mut stripe_end = f32::NEG_INFINITY;
    for (idx, part) in reel.parts.iter().enumerate().skip(from) {
        if visible.end <= part.start {
            break;
        }
        // A transition overlaps neighbours: a block ends where the next one begins.
        let end = reel.parts.get(idx + 1).map_or(part.start + part.frames, |next| next.start);
        let x = scale.x(part.start)..=scale.x(end);
        let block = Rect::from_x_y_ranges(x, lanes.blocks.y_range());
        if block.width() < STRIPE {
            // Thousands of parts in a few hundred points: one mark for each point is enough.
            if stripe_end + 1.0 <= block.right() {
                painter.rect_filled(block, 0.0, cx.theme.faded(color(cx.theme, part), 0.7));
                stripe_end = block.right();
            }
            continue;
        }
        block_ui(ui, cx, part, block.shrink2(vec2(0.5, 0.0)), lanes.blocks, idx);
        sound(ui, cx, part, block, lanes.sound);
    }
    music(ui, cx, scale, reel, lanes.sound);
}

fn block_ui(ui: &Ui, cx: &mut Cx<'_>, part: &Part, block: Rect, lane: Rect, idx: usize) {
    let theme = cx.theme;
    let painter = ui.painter_at(block.intersect(lane));
    let selected = part.element.as_ref().is_some_and(|element| cx.shared.selection.elements.contains(element));
    let color = color(theme, part);
    painter.rect_filled(block, 2.0, if part.clip.is_some() { theme.raised } else { theme.panel });
    let mut text_at = block.left_top() + vec2(3.0, 1.0);
    if let (Some(clip), true) = (&part.clip, NAMED <= block.width()) {
        let picture = Picture::Frame { clip: clip.clone(), frame: clip.n_frames() / 2 };
        let place = Rect::from_min_max(block.min + vec2(0.0, size::SMALL + 4.0), block.max - vec2(0.0, 3.0));
        if let (Shown::Ready(texture, pixels), true) =
            (cx.gallery.picture(ui.ctx(), &picture, THUMBNAIL), 8.0 < place.height())
        {
            let width = place.height() * pixels.x / pixels.y.max(1.0);
            let at = Rect::from_min_size(place.min, vec2(width, place.height()));
            stage::paint_texture(ui, block.intersect(lane), at, texture);
        }
    } else if part.clip.is_none() {
        hatch(&painter, block, theme.faded(color, 0.35));
    }
    if NAMED <= block.width() {
        // The name stays in view while its block begins further left.
        text_at.x = text_at.x.max(lane.left() + 3.0);
        let font = FontId::proportional(size::SMALL);
        let name = painter.layout_no_wrap(part.name().to_owned(), font.clone(), theme.text);
        let word_at = text_at + vec2(name.size().x + 5.0, 0.0);
        painter.galley(text_at, name, theme.text);
        let word = match (part.word(), part.previs) {
            ("done", true) => "previs",
            ("done", false) => "",
            (word, _) => word,
        };
        let color = if word == "previs" { theme.weak } else { color };
        let word = painter.layout_no_wrap(word.to_owned(), font, color);
        // Half a word says nothing: what does not fit is in the hint, and in the colour below.
        if word_at.x + word.size().x <= block.right() {
            painter.galley(word_at, word, color);
        }
    }
    let strip = Rect::from_min_max(pos2(block.left(), block.bottom() - 3.0), block.max);
    painter.rect_filled(strip, 0.0, color);
    if selected {
        painter.rect_stroke(block, 2.0, Stroke::new(1.5, theme.accent), StrokeKind::Inside);
    }
    let response = ui.interact(block.intersect(lane), ui.scope_id().with(("part", idx)), Sense::hover());
    let previs = if part.previs { ", previs" } else { "" };
    response.widget_info(|| {
        WidgetInfo::selected(Role::ListItem, true, selected, format!("Shot {}, {}{previs}", part.name(), part.word()))
    });
}

/// Slanted lines: nothing is here yet.
fn hatch(painter: &egui::Painter, block: Rect, color: Color32) {
    let height = block.height();
    let clip = painter.clip_rect();
    let mut x = block.left() + ((clip.left() - block.left() - height).max(0.0) / 8.0).floor() * 8.0;
    while x < block.right().min(clip.right()) + height {
        painter.line_segment([pos2(x, block.bottom()), pos2(x + height, block.top())], Stroke::new(1.0, color));
        x += 8.0;
    }
}

fn sound(ui: &Ui, cx: &mut Cx<'_>, part: &Part, block: Rect, lane: Rect) {
    let Some(clip) = part.clip.as_ref().filter(|_| 4.0 < lane.height()) else { return };
    // Few widths, so that zooming asks for few waveforms.
    let columns = (block.width().min(2048.0) as usize).next_power_of_two().clamp(16, 1024);
    let area = Rect::from_x_y_ranges(block.x_range(), lane.y_range());
    if let Some(wave) = cx.gallery.waveform(ui.ctx(), &Value::Clip(clip.clone()), columns) {
        stage::waveform(ui, lane, area, cx.theme.port(PortType::Audio), &wave);
    }
}

/// Music under the whole film, behind the shots' own sound.
fn music(ui: &Ui, cx: &mut Cx<'_>, scale: &Scale, reel: &Reel, lane: Rect) {
    let Some(music) = reel.music.as_ref().filter(|_| 4.0 < lane.height()) else { return };
    let rate = reel.recipe.rate;
    let length =
        music.media.audio.as_ref().map_or(0.0, |audio| audio.n_samples as f64 / f64::from(audio.sample_rate.max(1)));
    let frames = u64::from(rate.frames_in(length));
    let area = Rect::from_x_y_ranges(scale.x(music.at)..=scale.x(music.at.saturating_add(frames)), lane.y_range());
    let columns = (area.width().min(4096.0) as usize).next_power_of_two().clamp(64, 2048);
    let end = scale.x(music.at.saturating_add(music.frames));
    let lane = Rect::from_min_max(lane.min, pos2(lane.right().min(end), lane.bottom()));
    if let Some(wave) = cx.gallery.waveform(ui.ctx(), &Value::Audio(music.media.clone()), columns) {
        stage::waveform(ui, lane, area, cx.theme.faded(cx.theme.port(PortType::Audio), 0.35), &wave);
    }
}

pub(super) fn ruler(ui: &Ui, theme: &Theme, scale: &Scale, rect: Rect, rate: Rate) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, theme.panel);
    let (small, large) = (scale.tick(rate, 7.0), scale.tick(rate, 84.0));
    let visible = scale.visible();
    let mut frame = visible.start / small * small;
    while frame < visible.end {
        let labelled = frame.is_multiple_of(large);
        let x = scale.x(frame);
        let height = if labelled { rect.height() } else { 4.0 };
        painter.vline(x, rect.bottom() - height..=rect.bottom(), Stroke::new(1.0, theme.outline));
        if labelled {
            let at = pos2(x + 3.0, rect.top());
            painter.text(at, Align2::LEFT_TOP, rate.timecode(frame), FontId::proportional(size::SMALL), theme.weak);
        }
        frame += small;
    }
}

/// What lies outside of the in and out points is dimmed.
pub(super) fn range(ui: &Ui, theme: &Theme, scale: &Scale, rect: Rect, range: Option<(u64, u64)>) {
    let Some((from, to)) = range else { return };
    let painter = ui.painter_at(rect);
    let (from, to) = (scale.x(from), scale.x(to + 1));
    let veil = theme.faded(theme.stage, 0.55);
    painter.rect_filled(Rect::from_x_y_ranges(rect.left()..=from.max(rect.left()), rect.y_range()), 0.0, veil);
    painter.rect_filled(Rect::from_x_y_ranges(to.min(rect.right())..=rect.right(), rect.y_range()), 0.0, veil);
    for x in [from, to] {
        painter.vline(x, rect.y_range(), Stroke::new(1.5, theme.money));
    }
}

pub(super) fn playhead(ui: &Ui, theme: &Theme, scale: &Scale, rect: Rect, frame: u64) {
    let painter = ui.painter_at(rect);
    let x = scale.x(frame) + (scale.step / 2.0).min(0.5) as f32;
    painter.vline(x, rect.y_range(), Stroke::new(1.0, theme.accent));
    let top = rect.top();
    let head = vec![pos2(x - 5.0, top), pos2(x + 5.0, top), pos2(x, top + 7.0)];
    painter.add(Shape::convex_polygon(head, theme.accent, Stroke::NONE));
}

pub(super) fn marker(ui: &Ui, theme: &Theme, rect: Rect, x: f32, ruler: Rect, name: &str) {
    let painter = ui.painter_at(rect);
    painter.vline(x, rect.y_range(), Stroke::new(1.0, theme.faded(theme.good, 0.7)));
    let (top, bottom) = (ruler.top() + 3.0, ruler.bottom() - 1.0);
    let flag = vec![pos2(x, top), pos2(x + 7.0, (top + bottom) / 2.0 - 1.5), pos2(x, bottom - 3.0)];
    painter.add(Shape::convex_polygon(flag, theme.good, Stroke::NONE));
    if !name.is_empty() {
        let at = pos2(x + 9.0, ruler.top() + 1.0);
        let galley = painter.layout_no_wrap(name.to_owned(), FontId::proportional(size::SMALL), theme.good);
        painter.rect_filled(Rect::from_min_size(at, galley.size()), 2.0, theme.panel);
        painter.galley(at, galley, theme.good);
    }
}
