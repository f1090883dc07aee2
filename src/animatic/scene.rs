//! A call prepared for drawing: laid out once, then any frame in any order into reused buffers.
//!
//! It composes: who stands where, what the camera does, in which order things are painted. How each is painted is
//! left to its own module.

use std::sync::Arc;

use engine::codec::Frame;
use model::{Call, Diagnostic, Framing, Move, ShotSize};
use vello_cpu::kurbo::{Affine, BezPath, Rect, Vec2};

use crate::blocking::{Spot, arrange};
use crate::brief::Brief;
use crate::canvas::{Canvas, Cpu, Paint, Picture, picture};
use crate::cutout::{MOST_ENLARGED, WHOLE, cover, cut_figure, cut_out, metres_of, relight};
use crate::figure::Figure;
use crate::head::Mien;
use crate::indoors::paint_indoors;
use crate::lens::edge_of;
use crate::look::{Hat, Look};
use crate::outdoors::paint_outdoors;
use crate::overlay::{Overlay, more_mark};
use crate::pose::{Act, Pose};
use crate::prop::Prop;
use crate::set::Set;
use crate::shapes::pt;
use crate::sky::{everything, flash, paint_sky, paint_weather};
use crate::tone::{Tone, lch};
use crate::view::{HEAD, View};

/// The longest side that the renderer takes, pixels.
pub const LONGEST: u32 = 8192;
/// The most frames of one call: an hour at 60 fps.
pub const MOST_FRAMES: u32 = 216_000;

/// Decoded pictures that a call mentions.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    /// One for each of the call's references, in their order.
    pub references: Vec<Option<Frame>>,
    /// What the panel dissolves from.
    pub first: Option<Frame>,
    /// What the panel dissolves into.
    pub last: Option<Frame>,
}

/// See the module.
pub struct Scene {
    pub(crate) brief: Brief,
    pub(crate) view: View,
    pub(crate) overlay: Overlay,
    pub(crate) spots: Vec<Spot>,
    pub(crate) stranger: Look,
    pub(crate) props: Vec<Prop>,
    pub(crate) backdrop: Option<Picture>,
    /// The darker edge of the lens.
    pub(crate) edge: (BezPath, Paint),
    pub(crate) cutouts: Vec<Option<Picture>>,
    pub(crate) first: Option<Frame>,
    pub(crate) last: Option<Frame>,
    pub(crate) rate: model::Rate,
    pub(crate) n_frames: u32,
    pub(crate) insert: bool,
    pub(crate) cpu: Cpu,
}

/// Draws one frame of a call; for many frames prepare a [`Scene`] once.
///
/// # Errors
/// As [`Scene::new`].
pub fn draw(call: &Call, pictures: &Pictures, frame_idx: u32, frame: &mut Frame) -> Result<(), Diagnostic> {
    Scene::new(call, pictures)?.draw(frame_idx, frame);
    Ok(())
}

impl Scene {
    /// Lays a call out.
    ///
    /// # Errors
    /// A diagnostic for a size, a rate or a length that cannot be drawn.
    pub fn new(call: &Call, pictures: &Pictures) -> Result<Scene, Diagnostic> {
        let (width, height) = call.size;
        if !(1..=LONGEST).contains(&width) || !(1..=LONGEST).contains(&height) {
            return Err(Diagnostic::error(
                "animatic-size",
                format!("the animatic cannot draw {width} x {height} pixels"),
            )
            .at_field("size")
            .hint(format!("choose a size of at most {LONGEST} pixels on each side")));
        }
        if !call.rate.is_valid() {
            return Err(Diagnostic::error("animatic-rate", "the animatic needs a frame rate between 0 and 1000")
                .at_field("fps")
                .hint("set the project's frame rate, 24 for film"));
        }
        if !(1..=MOST_FRAMES).contains(&call.n_frames) {
            let message = format!("the animatic draws 1 to {MOST_FRAMES} frames, not {}", call.n_frames);
            return Err(Diagnostic::error("animatic-length", message)
                .at_field("duration")
                .hint("split the shot, or shorten it"));
        }
        let brief = Brief::of(call);
        let (w, h) = (f64::from(width), f64::from(height));
        let camera = &brief.shot.camera;
        let insert = camera.framing == Framing::Insert
            || (brief.cast.is_empty() && !brief.props.is_empty() && camera.size <= ShotSize::Mcu);
        let tops = brief.cast.iter().map(|actor| {
            let hat = if actor.look.hat == Hat::None { 0.0 } else { 0.12 };
            (Pose::of(actor.act, 0.0, actor.look.seed, 0.0).crown() + hat) * HEAD * actor.look.stature
        });
        // Two and more share a frame: the tallest needs the headroom.
        let over = matches!(camera.framing, Framing::OtsLeft | Framing::OtsRight | Framing::Single);
        let head_top = match tops.clone().nth(brief.lead()) {
            Some(lead) if over => lead,
            Some(lead) => tops.fold(lead, f64::max),
            None => 1.8,
        };
        let view = View::compose((w, h), camera, head_top, !insert);
        let read = |reference: Option<usize>| pictures.references.get(reference?)?.as_ref();
        let lit = |cut: Frame, distance: f64| {
            let seen = |l: f64| {
                let [r, g, b, _] = brief.light.far(lch(l, 0.0, 0.0), distance).ink().components;
                [r, g, b]
            };
            picture(&relight(cut, seen(0.0), seen(1.0)))
        };
        let props = brief
            .props
            .iter()
            .map(|(name, reference)| {
                let tone = reference.and_then(|i| call.references[i].palette.first()).map(|color| Tone::of(*color));
                Prop::of(name, tone, read(*reference).and_then(cut_out).and_then(|cut| lit(cut, 0.0)))
            })
            .collect();
        let cutouts = brief
            .cast
            .iter()
            .map(|actor| {
                let cut = read(actor.reference).and_then(cut_out)?;
                let tall = view.scale(view.subject_z) * metres_of(cut.width, cut.height) * actor.look.stature;
                // Head and shoulders end in the air in a wide frame; few pixels are a blur in a close one.
                let whole = metres_of(cut.width, cut.height) == WHOLE;
                let stands = matches!(actor.act, Act::Stand | Act::Talk | Act::Look | Act::Walk);
                let fits =
                    stands && (whole || camera.size.heads() < 3.5) && tall <= MOST_ENLARGED * f64::from(cut.height);
                if fits { lit(cut, view.subject_z) } else { None }
            })
            .collect();
        let backdrop = read(brief.place_reference).and_then(picture);
        let spots = if insert { Vec::new() } else { arrange(&brief, &view) };
        Ok(Scene {
            overlay: Overlay::of(call, &brief, w, h),
            spots,
            stranger: Look::of("SOMEBODY", None),
            props,
            backdrop,
            edge: edge_of(f64::from(width), f64::from(height), camera.framing == Framing::Pov),
            cutouts,
            first: pictures.first.as_ref().and_then(|frame| cover(frame, width, height)),
            last: pictures.last.as_ref().and_then(|frame| cover(frame, width, height)),
            rate: call.rate,
            n_frames: call.n_frames,
            insert,
            cpu: Cpu::new(width as u16, height as u16),
            brief,
            view,
        })
    }

    /// Draws a frame; one past the end shows the last.
    pub fn draw(&mut self, frame_idx: u32, frame: &mut Frame) {
        let frame_idx = frame_idx.min(self.n_frames - 1);
        let t = self.rate.seconds(u64::from(frame_idx));
        let kind = self.brief.shot.camera.r#move;
        let view = self.view.moved(kind, frame_idx, self.n_frames, t, self.brief.seed);
        let mut cpu = std::mem::replace(&mut self.cpu, Cpu::new(1, 1));
        cpu.clear();
        cpu.place(view.world);
        self.backdrop(&mut cpu, &view, t);
        if view.from_above {
            self.people_from_above(&mut cpu, &view, t);
        } else if self.insert {
            self.insert_props(&mut cpu, &view, t);
        } else {
            self.standing_props(&mut cpu, &view, t);
            self.people(&mut cpu, &view, t);
        }
        cpu.place(view.world);
        paint_weather_near(&mut cpu, &self.brief, &view, t);
        cpu.place(Affine::IDENTITY);
        self.lens(&mut cpu, &view);
        if !view.from_above && !self.insert {
            self.tags(&mut cpu, &view, t);
        }
        self.overlay.paint(&mut cpu, frame_idx);
        cpu.finish(frame);
        self.cpu = cpu;
        self.dissolve(frame_idx, frame);
    }

    fn backdrop(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        let Brief { place, light, shot, .. } = &self.brief;
        let weather = shot.setting.weather;
        if let Some(picture) = self.backdrop.as_ref().filter(|_| !view.from_above) {
            canvas.rect(everything(view), &light.lit(place.base.lift(-0.2)).into());
            let (pw, ph) = (f64::from(picture.width()), f64::from(picture.height()));
            // Far enough away to follow a pan, near enough to breathe with a push.
            let z = view.subject_z * 2.5;
            let near = view.scale(z) * z / view.focal;
            // Room beside the frame for those moves that look there.
            let room = match shot.camera.r#move {
                Move::Static | Move::RackFocus | Move::ZoomIn | Move::ZoomOut => 1.02,
                Move::PushIn | Move::PullOut | Move::Handheld => 1.12,
                _ => 1.5,
            };
            let scale = (view.width / pw).max(view.height / ph) * room * near;
            let middle = Vec2::new(
                view.width / 2.0 + view.shift.x * 0.7 - view.at[0] * view.scale(z) * 0.5,
                view.height / 2.0 + view.shift.y * 0.6,
            );
            canvas.image(
                picture,
                Affine::translate(middle) * Affine::scale(scale) * Affine::translate((-pw / 2.0, -ph / 2.0)),
            );
            let veil = light.haze.fade(0.10 + 0.25 * (1.0 - light.level));
            canvas.rect(everything(view), &veil.into());
            if 6.0 < shot.camera.size.heads() && !self.insert {
                self.stage(canvas, view);
            }
            return;
        }
        if view.from_above {
            self.floor_from_above(canvas, view);
            return;
        }
        paint_sky(canvas, view, light, weather, place.seed, t);
        let mut set = Set { canvas, view, light, place, weather, t };
        if place.kind.indoors() {
            paint_indoors(&mut set);
        } else {
            paint_outdoors(&mut set);
        }
        // Close shots have little depth of field: what lies behind is paler and calmer.
        let close = (1.0 - self.brief.shot.camera.size.heads() / 5.0).clamp(0.0, 0.7);
        let behind = close * (0.34 - 0.34 * view.focus);
        if 0.0 < behind {
            let veil = if place.kind.indoors() { light.lit(place.base.lift(-0.10)) } else { light.haze };
            set.canvas.rect(everything(view), &veil.fade(behind).into());
        }
    }

    /// Ground before a backdrop, so that nobody stands in its air.
    fn stage(&self, canvas: &mut dyn Canvas, view: &View) {
        let Brief { place, light, .. } = &self.brief;
        let tone = light.far(place.base.mix(place.second, 0.5).lift(-0.12), view.subject_z);
        let (far, near) = (view.see(0.0, 0.0, 1.35 * view.subject_z).y, view.see(0.0, 0.0, view.subject_z).y);
        let bottom = view.height.max(near + 1.0);
        let at = (near - far) / (bottom - far).max(1.0);
        let stops = vec![(0.0, tone.fade(0.0)), (at * 0.7, tone.fade(0.92)), (1.0, tone.lift(-0.10))];
        canvas.rect(Rect { y0: far, ..everything(view) }, &Paint::Linear(pt(0.0, far), pt(0.0, bottom), stops));
    }

    /// The spot whose figure holds the first prop.
    pub(crate) fn held(&self) -> Option<usize> {
        if self.props.is_empty() {
            return None;
        }
        self.spots.iter().position(|spot| {
            spot.actor.is_some_and(|i| matches!(self.brief.cast[i].act, Act::Hold | Act::Work | Act::Phone))
                && !spot.back
        })
    }

    fn figure(&self, spot_idx: usize, view: &View, t: f64) -> Figure<'_> {
        let spot = &self.spots[spot_idx];
        let actor = spot.actor.map(|i| &self.brief.cast[i]);
        let look = actor.map_or(&self.stranger, |actor| &actor.look);
        let act = actor.map_or(Act::Stand, |actor| actor.act);
        let voice = spot.actor.map_or(0.0, |i| self.brief.voice(i, t));
        let seed = look.seed ^ self.brief.seed;
        let spoken = spot.actor.is_some_and(|i| 0.0 < self.brief.voice(i, t + 0.05).max(self.brief.voice(i, t - 0.05)));
        let mut pose =
            Pose::of(if spot.back { Act::Stand } else { act }, t, seed, if spoken { voice.max(0.25) } else { 0.0 });
        let held = self.held() == Some(spot_idx);
        pose.holds &= held;
        let mut mien = Mien {
            turn: spot.turn,
            back: spot.back,
            gaze: spot.gaze,
            mouth: voice,
            eyes: blink(seed, t),
            ..Mien::default()
        };
        if let Some(actor) = actor {
            mien.feel(&actor.feeling);
        }
        // A walk crosses part of the frame; a camera that follows takes its figure along.
        let length = self.rate.seconds(u64::from(self.n_frames)).max(0.1);
        let room = self.view.frame_m * self.view.width / self.view.height * 0.42;
        let speed = act.speed().min(room / length);
        let mut x = spot.x + spot.facing * speed * (t - length * 0.6);
        let kind = self.brief.shot.camera.r#move;
        if matches!(kind, Move::Follow) {
            x = spot.x + view.at[0];
        } else if 0.0 < act.speed() && matches!(kind, Move::TrackLeft | Move::TrackRight) {
            x = spot.x + view.at[0] * 0.85;
        }
        Figure {
            look,
            pose,
            mien,
            at: (x, spot.z),
            facing: if matches!(kind, Move::Follow) && 0.0 < act.speed() { 1.0 } else { spot.facing },
            prop: if held { self.props.first() } else { None },
            shape: spot.shape,
        }
    }

    fn people(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        let mut order: Vec<usize> = (0..self.spots.len()).collect();
        order.sort_by(|a, b| self.spots[*b].z.total_cmp(&self.spots[*a].z));
        for i in order {
            let figure = self.figure(i, view, t);
            let cut = self.spots[i].actor.and_then(|actor| self.cutouts[actor].as_ref());
            match cut {
                Some(picture) if !self.spots[i].back => cut_figure(canvas, view, &self.brief.light, &figure, picture),
                _ => figure.paint(canvas, view, &self.brief.light),
            }
        }
        if view.focus != 0.0 {
            // The front goes out of focus: paler, under the air.
            canvas.rect(everything(view), &self.brief.light.haze.fade(0.22 * view.focus).into());
        }
    }

    /// Names over the figures where faces are small.
    fn tags(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        if self.brief.shot.camera.size.heads() < 3.9 {
            return;
        }
        for i in 0..self.spots.len() {
            let Some(actor) = self.spots[i].actor else { continue };
            if self.spots[i].back {
                continue;
            }
            let figure = self.figure(i, view, t);
            let crown = view.world * figure.crown(view);
            // Pictures' heads are larger than ours.
            let below = figure.below_face(view) * if self.cutouts[actor].is_some() { 1.5 } else { 1.0 };
            let look = &self.brief.cast[actor].look;
            self.overlay.tag(canvas, &look.name, crown, below, look.main.lift(0.06));
        }
        if 0 < self.brief.n_unseen {
            more_mark(canvas, view.width, view.height, self.brief.n_unseen);
        }
    }

    /// The first third of a second comes out of the frame that the shot starts from, and the last third goes into the
    /// one that it ends on.
    fn dissolve(&self, frame_idx: u32, frame: &mut Frame) {
        let length = 10.min(self.n_frames);
        let until_end = self.n_frames.saturating_sub(frame_idx + 1);
        for (still, distance) in [(&self.first, frame_idx), (&self.last, until_end)] {
            let Some(still) = still.as_ref().filter(|_| distance < length) else { continue };
            let own = 256 * (distance + 1) / (length + 1);
            for (pixel, other) in frame.data.iter_mut().zip(&still.data) {
                *pixel = ((u32::from(*pixel) * own + u32::from(*other) * (256 - own) + 128) >> 8) as u8;
            }
        }
    }
}

fn paint_weather_near(canvas: &mut dyn Canvas, brief: &Brief, view: &View, t: f64) {
    let weather = brief.shot.setting.weather;
    if brief.place.kind.indoors() || view.from_above && weather == model::Weather::Fog {
        return;
    }
    paint_weather(canvas, view, &brief.light, weather, brief.seed, t);
    let lightning = if weather == model::Weather::Storm { flash(brief.place.seed, t) } else { 0.0 };
    if 0.05 < lightning {
        canvas.rect(everything(view), &lch(0.95, 0.02, 260.0).fade(0.22 * lightning).into());
    }
}

/// Eyes close for a sixth of a second, every few seconds.
fn blink(seed: u64, t: f64) -> f64 {
    let beat = 3.1 + (seed % 13) as f64 * 0.11;
    let since = (t + (seed % 29) as f64 * 0.1) % beat;
    if since < 0.16 { (since / 0.08 - 1.0).abs() } else { 1.0 }
}

/// Keeps a scene shareable between threads.
const _: fn() = || {
    fn sendable<T: Send>() {}
    sendable::<Scene>();
    sendable::<Arc<Picture>>();
};
