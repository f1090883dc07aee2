//! Playing what the viewer shows: what keys and buttons mean to a player, and the bar of buttons.
//!
//! The player owns position and speed; here are only the wishes that outlive a clip: loop, range, volume.

use egui::{Role, Ui, WidgetInfo};

use super::film::Reel;
use super::header::NARROW;
use crate::actions::{Keymap, action};
use crate::cx::Cx;
use crate::icons::{self, Icon};
use crate::player::{Player, PlayerStatus, Side};
use crate::preferences::Preferences;
use crate::theme::{Theme, size, space};

/// Shuttle speeds, slowest first.
const SPEEDS: [f64; 4] = [1.0, 2.0, 4.0, 8.0];
/// Frames of a leap.
const LEAP: i64 = 10;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    /// First and last frame that play; the ends of the clip where none.
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
    pub(crate) looping: bool,
    pub(crate) volume: f32,
    pub(crate) muted: bool,
    pub(crate) safe_areas: bool,
    scrub: bool,
    told: Option<Told>,
}

/// What the player was told last.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Told {
    range: Option<(u64, u64)>,
    looping: bool,
    volume: f32,
    scrub: bool,
}

impl Default for Transport {
    fn default() -> Transport {
        Transport {
            from: None,
            to: None,
            looping: false,
            volume: 1.0,
            muted: false,
            safe_areas: false,
            scrub: true,
            told: None,
        }
    }
}

impl Transport {
    /// First and last frame that play, where somebody set either.
    pub(crate) fn range(&self, n_frames: u64) -> Option<(u64, u64)> {
        let last = n_frames.saturating_sub(1);
        if self.from.is_none() && self.to.is_none() || n_frames == 0 {
            return None;
        }
        let from = self.from.unwrap_or(0).min(last);
        Some((from, self.to.unwrap_or(last).clamp(from, last)))
    }

    /// Takes what somebody set up for all of their films.
    pub(crate) fn prefer(&mut self, preferences: &Preferences) {
        (self.volume, self.muted, self.scrub) = (preferences.volume, preferences.muted, preferences.scrub);
    }

    /// Keeps what was changed in the bar.
    pub(crate) fn remember(&self, preferences: &mut Preferences) {
        (preferences.volume, preferences.muted) = (self.volume, self.muted);
    }

    /// Tells the player about loop, range and volume where they changed.
    pub(crate) fn tell(&mut self, player: &mut dyn Player, n_frames: u64) {
        let volume = if self.muted { 0.0 } else { self.volume };
        let now = Told { range: self.range(n_frames), looping: self.looping, volume, scrub: self.scrub };
        let before = self.told.replace(now);
        if before.is_none_or(|before| (before.range, before.looping) != (now.range, now.looping)) {
            player.set_range(now.range, now.looping);
        }
        if before.is_none_or(|before| before.volume != now.volume) {
            player.set_volume(volume);
        }
        if before.is_none_or(|before| before.scrub != now.scrub) {
            player.set_scrub(now.scrub);
        }
    }

    /// Takes an action of the group "Play"; false where it is none of those that need only a player.
    pub(crate) fn act(&mut self, action: &str, player: &mut dyn Player, reel: Option<&Reel>) -> bool {
        let status = player.status(Side::A);
        let n_frames = reel.map_or(status.n_frames, |reel| reel.recipe.n_frames());
        let last = n_frames.saturating_sub(1);
        let (start, end) = self.range(n_frames).unwrap_or((0, last));
        match action {
            "play" if status.speed != 0.0 => player.pause(),
            "play" => {
                if !self.looping && end <= status.frame {
                    player.seek(start);
                }
                player.play(1.0);
            }
            "shuttle_stop" => player.pause(),
            "shuttle_on" | "shuttle_on_viewer" => player.play(faster(status.speed)),
            "shuttle_back" => player.play(-faster(-status.speed)),
            "step_back" => step(player, &status, -1),
            "step_on" => step(player, &status, 1),
            "leap_back" => step(player, &status, -LEAP),
            "leap_on" => step(player, &status, LEAP),
            "to_start" => player.seek(if status.frame <= start { 0 } else { start }),
            "to_end" => player.seek(if end <= status.frame { last } else { end }),
            "previous_shot" | "next_shot" => {
                let starts = reel.map(|reel| reel.parts.iter().map(|part| part.start)).into_iter().flatten();
                let found = if action == "next_shot" {
                    starts.filter(|start| status.frame < *start).min().unwrap_or(last)
                } else {
                    starts.filter(|start| *start < status.frame).max().unwrap_or(0)
                };
                player.seek(found);
            }
            "in_point" | "in_anywhere" => {
                self.from = Some(status.frame);
                self.to = self.to.filter(|to| status.frame <= *to);
            }
            "out_point" | "out_anywhere" => {
                self.to = Some(status.frame);
                self.from = self.from.filter(|from| *from <= status.frame);
            }
            "clear_range" => (self.from, self.to) = (None, None),
            "loop" => self.looping = !self.looping,
            "safe_areas" => self.safe_areas = !self.safe_areas,
            _ => return false,
        }
        self.tell(player, n_frames);
        true
    }

    /// The bar of buttons. Says what was pressed that needs more than a player.
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, reel: Option<&Reel>) -> Option<&'static str> {
        let status = cx.player.status(Side::A);
        let rate = reel.map(|reel| reel.recipe.rate).or(status.rate).unwrap_or(cx.document.settings.fps);
        let n_frames = reel.map_or(status.n_frames, |reel| reel.recipe.n_frames());
        let mut pressed = None;
        let narrow = ui.available_width() < NARROW;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = if narrow { 1.0 } else { space::XS };
            ui.spacing_mut().button_padding.x = if narrow { space::XS } else { space::S };
            let timecode = ui.monospace(rate.timecode(status.frame));
            timecode.widget_info(|| {
                WidgetInfo::labeled(Role::Label, true, format!("Timecode {}", rate.timecode(status.frame)))
            });
            timecode.on_hover_text("Timecode, hours to frames");
            ui.add_space(space::S);
            let frames = format!("{} / {n_frames}", status.frame);
            ui.weak(&frames).on_hover_text("Frame, counted from 0, and number of frames");
            ui.add_space(space::S);
            ui.add_enabled_ui(reel.is_some(), |ui| {
                let mut button = |icon, id, on| {
                    if action_button(ui, &cx.shared.keymap, icon, id, on).clicked() {
                        pressed = Some(id);
                    }
                };
                let playing = status.speed != 0.0;
                button(Icon::SkipBack, "to_start", false);
                button(Icon::StepBack, "step_back", false);
                button(if playing { Icon::Pause } else { Icon::Play }, "play", playing);
                button(Icon::StepForward, "step_on", false);
                button(Icon::SkipForward, "to_end", false);
                button(Icon::Repeat, "loop", self.looping);
                button(Icon::ArrowRightFromLine, "in_point", self.from.is_some());
                button(Icon::ArrowLeftFromLine, "out_point", self.to.is_some());
                if self.from.is_some() || self.to.is_some() {
                    button(Icon::X, "clear_range", false);
                }
                button(Icon::Bookmark, "marker", false);
            });
            self.sound_ui(ui, &status, cx.theme, narrow);
            if !narrow || status.speed.abs() > 1.0 {
                let speed = format!("{}×", status.speed);
                ui.label(speed).on_hover_text("Speed: J plays backward, K pauses, L plays forward, faster each time");
            }
            let dropped = format!("{} dropped", status.dropped);
            let color = if status.dropped == 0 { cx.theme.weak } else { cx.theme.watch };
            // A narrow bar has room for the number alone: a second line would take it from the picture.
            let shown = if narrow { status.dropped.to_string() } else { dropped.clone() };
            let shown = ui.colored_label(color, shown);
            shown.widget_info(|| WidgetInfo::labeled(Role::Label, true, &dropped));
            shown.on_hover_text("Frames that came too late to be shown since playback began");
        });
        pressed
    }

    fn sound_ui(&mut self, ui: &mut Ui, status: &PlayerStatus, theme: &Theme, narrow: bool) {
        let (icon, name) = if self.muted { (Icon::VolumeX, "Sound on") } else { (Icon::Volume2, "Mute") };
        if icon_button(ui, icon, name, self.muted).clicked() {
            self.muted = !self.muted;
        }
        // In a narrow panel the volume is the settings' to change.
        if !narrow {
            ui.spacing_mut().slider_width = 48.0;
            let slider = ui.add(egui::Slider::new(&mut self.volume, 0.0..=1.0).show_value(false));
            let percent = (self.volume * 100.0).round();
            slider.widget_info(|| WidgetInfo::slider(true, f64::from(self.volume), "Volume"));
            if slider.on_hover_text(format!("Volume {percent} %")).changed() {
                self.muted = false;
            }
        }
        levels_ui(ui, &status.levels, theme);
    }
}

/// The next speed in a direction: what was slower or went the other way starts at one.
fn faster(speed: f64) -> f64 {
    SPEEDS.into_iter().find(|next| speed < *next).unwrap_or(SPEEDS[SPEEDS.len() - 1])
}

fn step(player: &mut dyn Player, status: &PlayerStatus, frames: i64) {
    if status.speed != 0.0 {
        player.pause();
    }
    player.step(frames);
}

/// A bar for each channel's peak, in decibels from -48: what is heard as half as loud looks about a fifth shorter.
fn levels_ui(ui: &mut Ui, levels: &[f32], theme: &Theme) {
    const FLOOR_DB: f32 = -48.0;
    if levels.is_empty() {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(egui::vec2(46.0, 12.0), egui::Sense::hover());
    let channels = &levels[..levels.len().min(6)];
    let height = rect.height() / channels.len() as f32;
    let decibels = |peak: f32| 20.0 * peak.max(1e-6).log10();
    for (idx, peak) in channels.iter().enumerate() {
        let share = (1.0 - decibels(*peak) / FLOOR_DB).clamp(0.0, 1.0);
        let top = rect.top() + height * idx as f32;
        let bar = egui::Rect::from_min_size(egui::pos2(rect.left(), top), egui::vec2(rect.width(), height - 1.0));
        ui.painter().rect_filled(bar, 1.0, theme.sunken);
        let color = match decibels(*peak) {
            -1.0.. => theme.bad,
            -6.0.. => theme.watch,
            _ => theme.good,
        };
        let lit = egui::Rect::from_min_size(bar.min, egui::vec2(bar.width() * share, bar.height()));
        ui.painter().rect_filled(lit, 1.0, color);
    }
    let text = channels.iter().map(|peak| format!("{:.0} dB", decibels(*peak))).collect::<Vec<_>>().join(", ");
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, format!("Audio levels {text}")));
    response.on_hover_text(format!("Peak of each channel: {text}"));
}

/// A button for an action of the key table: its title is the label, its keys are in the tooltip.
pub(crate) fn action_button(ui: &mut Ui, keymap: &Keymap, icon: Icon, id: &'static str, on: bool) -> egui::Response {
    let title = action(id).map_or(id, |action| action.title);
    plain_button(ui, icon, title, on).on_hover_ui(|ui| {
        let keys = keymap.keys(id).join(" or ");
        ui.label(if keys.is_empty() { title.to_owned() } else { format!("{title} ({keys})") });
    })
}

/// A button with an icon, a label for who cannot see it, and a tooltip.
pub(crate) fn icon_button(ui: &mut Ui, icon: Icon, label: &str, on: bool) -> egui::Response {
    plain_button(ui, icon, label, on).on_hover_text(label)
}

fn plain_button(ui: &mut Ui, icon: Icon, label: &str, on: bool) -> egui::Response {
    let button = ui.add(egui::Button::new(icons::text(icon, size::ICON)).selected(on));
    let enabled = ui.is_enabled();
    button.widget_info(|| WidgetInfo::selected(Role::Button, enabled, on, label));
    button
}
