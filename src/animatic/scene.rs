//! A call prepared for drawing: laid out once, then any frame in any order into reused buffers.
//!
//! It composes: who stands where, what the camera does, in which order things are painted. How each is painted is
//! left to its own module.

use std::sync::Arc;

use engine::codec::Frame;
use model::{Call, Diagnostic, Framing, Move, ShotSize, Side};
use vello_cpu::kurbo::{Affine, BezPath, Rect, Vec2};

use crate::brief::{Brief, MOST_FIGURES};
use crate::canvas::{Canvas, Cpu, Paint, Picture, blend, glow, picture};
use crate::cutout::{cover, cut_out};
use crate::figure::{Figure, paint_from_above};
use crate::head::Mien;
use crate::indoors::paint_indoors;
use crate::look::{Hat, Look};
use crate::math::{Rng, sin, wander};
use crate::outdoors::{Set, paint_outdoors};
use crate::overlay::{Overlay, more_mark};
use crate::pose::{Act, Pose};
use crate::prop::{Icon, Prop, paint_prop};
use crate::shapes::{ellipse, line, pt, rounded};
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
}

/// One figure's place in the composition.
struct Spot {
    /// Index in the cast; none for the unnamed shoulder in front.
    actor: Option<usize>,
    x: f64,
    z: f64,
    facing: f64,
    turn: f64,
    gaze: f64,
    back: bool,
    shape: f64,
}

/// See the module.
pub struct Scene {
    brief: Brief,
    view: View,
    overlay: Overlay,
    spots: Vec<Spot>,
    stranger: Look,
    props: Vec<Prop>,
    backdrop: Option<Picture>,
    cutouts: Vec<Option<Picture>>,
    first: Option<Frame>,
    rate: model::Rate,
    n_frames: u32,
    insert: bool,
    cpu: Cpu,
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
        let props = brief
            .props
            .iter()
            .map(|(name, reference)| {
                let tone = reference.and_then(|i| call.references[i].palette.first()).map(|color| Tone::of(*color));
                Prop::of(name, tone, read(*reference).and_then(cut_out).as_ref().and_then(picture))
            })
            .collect();
        let cutouts =
            brief.cast.iter().map(|actor| read(actor.reference).and_then(cut_out).as_ref().and_then(picture)).collect();
        let backdrop = read(brief.place_reference).and_then(picture);
        let spots = if insert { Vec::new() } else { arrange(&brief, &view) };
        Ok(Scene {
            overlay: Overlay::of(call, &brief, w, h),
            spots,
            stranger: Look::of("SOMEBODY", None),
            props,
            backdrop,
            cutouts,
            first: pictures.first.as_ref().and_then(|frame| cover(frame, width, height)),
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
        if let Some(picture) = &self.backdrop {
            canvas.rect(everything(view), &light.lit(place.base.lift(-0.2)).into());
            let (pw, ph) = (f64::from(picture.width()), f64::from(picture.height()));
            // Far enough away to follow a pan, near enough to breathe with a push.
            let z = view.subject_z * 2.5;
            let near = view.scale(z) * z / view.focal;
            let scale = (view.width / pw).max(view.height / ph) * 1.5 * near;
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

    fn floor_from_above(&self, canvas: &mut dyn Canvas, view: &View) {
        let Brief { place, light, .. } = &self.brief;
        let (w, h) = (view.width, view.height);
        let metre = h / view.frame_m.max(2.4);
        let tone = light.lit(if place.kind.indoors() { place.second } else { place.base });
        let middle = pt(w / 2.0 + view.shift.x, h / 2.0);
        let stops = vec![(0.0, tone.lift(0.06)), (0.6, tone), (1.0, tone.lift(-0.12))];
        canvas.rect(everything(view), &Paint::Radial(middle, w * 0.7, stops));
        let zoom = view.scale(view.subject_z) * view.subject_z / view.focal;
        let step = metre * zoom * if place.kind.indoors() { 0.22 } else { 0.9 };
        let (ox, oy) = (middle.x - view.at[0] * metre, middle.y + view.shift.y);
        let mut rng = Rng::new(place.seed);
        if place.kind.indoors() {
            let mut seams = BezPath::new();
            for i in -60..=60 {
                let y = oy + f64::from(i) * step;
                seams.extend(line(&[pt(-w, y), pt(2.0 * w, y)]));
                let x = ox + rng.range(-0.8, 0.8) * w;
                seams.extend(line(&[pt(x, y), pt(x, y + step)]));
            }
            canvas.stroke(&seams, h * 0.002, &tone.lift(-0.09).fade(0.7).into());
            let rug = Rect::new(ox - metre * 1.3, oy - metre * 0.9, ox + metre * 1.3, oy + metre * 0.9);
            canvas.fill(&rounded(rug, metre * 0.1), &light.lit(place.accent.mute(0.6)).into());
            canvas.stroke(
                &rounded(rug.inset(-metre * 0.12), metre * 0.06),
                metre * 0.03,
                &light.lit(place.accent.lift(0.15)).into(),
            );
        } else {
            for _ in 0..70 {
                let at = pt(ox + rng.range(-1.2, 1.2) * w, oy + rng.range(-1.2, 1.2) * h);
                let r = step * rng.range(0.08, 0.5);
                canvas.fill(&ellipse(at, r, r * 0.8), &tone.lift(rng.range(-0.07, 0.05)).fade(0.6).into());
            }
        }
    }

    fn people_from_above(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        let zoom = view.scale(view.subject_z) * view.subject_z / view.focal;
        let px = view.height / self.brief.shot.camera.size.heads().max(7.0) * zoom * 0.95;
        let n = self.brief.cast.len().max(1) as f64;
        for (i, actor) in self.brief.cast.iter().enumerate() {
            let u = (i as f64 + 0.5) / n - 0.5;
            let walk = actor.act.speed() * (t - 1.0) * px * 0.8;
            let x = view.width / 2.0 + view.shift.x + u * (n * px * 3.2).min(view.width * 0.8) - view.at[0] * px * 4.0;
            let y = view.height * (0.52 + 0.05 * sin(i as f64 * 2.0)) + view.shift.y + walk;
            let facing = if u < 0.0 { 1.0 } else { -1.0 };
            let look = &actor.look;
            paint_from_above(
                canvas,
                view.world * Affine::translate((x, y)),
                px * look.stature,
                look,
                &self.brief.light,
                facing,
            );
        }
    }

    /// An object large in the frame, on a table or on the ground.
    fn insert_props(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        let Brief { place, light, .. } = &self.brief;
        let zoom = view.scale(view.subject_z) * view.subject_z / view.focal;
        let (w, h) = (view.width, view.height);
        let at = pt(w / 2.0 + view.shift.x - view.at[0] * view.scale(view.subject_z), h * 0.50 + view.shift.y);
        let all = everything(view);
        let edge = at.y + h * 0.12 * zoom;
        let wood = light.lit(place.second.lift(0.05));
        canvas.rect(
            Rect { y0: edge, ..all },
            &blend(pt(0.0, edge), pt(0.0, h), wood.mix(light.rim, 0.16), wood.lift(-0.13)),
        );
        canvas.rect(Rect { y0: edge - h * 0.006, y1: edge + h * 0.004, ..all }, &light.rim.fade(0.45).into());
        for i in -6..=6 {
            let x = w / 2.0 + f64::from(i) * w * 0.13;
            let seam = line(&[pt(x + view.shift.x, edge), pt(w / 2.0 + (x - w / 2.0) * 1.9 + view.shift.x, h * 1.2)]);
            canvas.stroke(&seam, h * 0.002, &wood.lift(-0.12).fade(0.6).into());
        }
        let n = self.props.len().clamp(1, 4);
        let size = h * zoom * if n == 1 { 0.56 } else { 0.46 };
        for (i, prop) in self.props.iter().take(4).enumerate() {
            let x = at.x + (i as f64 - (n - 1) as f64 / 2.0) * size * 0.98;
            let base = edge + size * 0.26;
            canvas.place(
                view.world
                    * Affine::translate((x - light.side * size * 0.12, base))
                    * Affine::scale_non_uniform(size * 0.62, size * 0.16),
            );
            canvas.fill(&ellipse(pt(0.0, 0.0), 1.0, 1.0), &glow(pt(0.0, 0.0), 1.0, lch(0.08, 0.02, 265.0).fade(0.75)));
            let flicker = 0.85 + 0.15 * wander(self.brief.seed, t * 2.0);
            canvas
                .place(view.world * Affine::translate((x, base - size * 0.40)) * Affine::scale_non_uniform(1.0, -1.0));
            paint_prop(canvas, prop, size, &|tone| light.lit(tone), flicker);
            canvas.place(Affine::IDENTITY);
            let label = view.world * pt(x, base + h * 0.085);
            self.overlay.tag(canvas, &prop.name, label, 0.0, prop.tone.lift(0.1));
            canvas.place(view.world);
        }
    }

    fn standing_props(&self, canvas: &mut dyn Canvas, view: &View, t: f64) {
        let heads = self.brief.shot.camera.size.heads();
        let held = self.held().is_some();
        if heads < 3.5 {
            return;
        }
        let light = &self.brief.light;
        for (i, prop) in self.props.iter().skip(usize::from(held)).take(4).enumerate() {
            let side = if i % 2 == 0 { 1.0 } else { -1.0 };
            let z = view.subject_z * 1.06;
            let x = view.across((side * (0.30 + 0.10 * (i / 2) as f64)).clamp(-0.42, 0.42), z);
            let size = match prop.icon {
                Icon::Boat => 2.4,
                Icon::Phone | Icon::Key | Icon::Ring | Icon::Cup | Icon::Knife => 0.22,
                _ => 0.38,
            };
            let stand = if prop.icon == Icon::Boat { 0.0 } else { 0.82 };
            let px = view.scale(z) * size;
            if 0.0 < stand {
                // A small stand brings a small thing to the eye.
                let (a, b) = (view.see(x - 0.30, stand, z), view.see(x + 0.30, 0.0, z));
                let tone = light.far(lch(0.40, 0.05, 58.0), z);
                canvas.fill(
                    &rounded(Rect::new(a.x, a.y, b.x, b.y), px * 0.06),
                    &blend(pt(a.x, 0.0), pt(b.x, 0.0), tone.lift(0.03), tone.lift(-0.08)),
                );
                canvas.rect(
                    Rect::new(a.x - px * 0.06, a.y - px * 0.05, b.x + px * 0.06, a.y + px * 0.05),
                    &tone.lift(0.07).into(),
                );
            }
            let rest = view.see(x, stand + size * 0.44, z);
            canvas.place(view.world * Affine::translate(rest.to_vec2()) * Affine::scale_non_uniform(1.0, -1.0));
            let flicker = 0.85 + 0.15 * wander(self.brief.seed ^ i as u64, t * 2.0);
            paint_prop(canvas, prop, px, &|tone| light.far(tone, z), flicker);
            canvas.place(view.world);
        }
    }

    /// The spot whose figure holds the first prop.
    fn held(&self) -> Option<usize> {
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
                Some(picture) if !self.spots[i].back => cut_figure(canvas, view, &figure, picture),
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
            let crown = view.world * self.figure(i, view, t).crown(view);
            let look = &self.brief.cast[actor].look;
            let figure = self.figure(i, view, t);
            self.overlay.tag(canvas, &look.name, crown, figure.below_face(view), look.main.lift(0.06));
        }
        if 0 < self.brief.n_unseen {
            more_mark(canvas, view.width, view.height, self.brief.n_unseen);
        }
    }

    /// What lens and hand add: streaks of a whip, a darker edge.
    fn lens(&self, canvas: &mut dyn Canvas, view: &View) {
        let (w, h) = (view.width, view.height);
        if 0.05 < view.whip {
            let mut rng = Rng::new(self.brief.seed ^ 0x3417);
            let strength = (view.whip * 0.3).min(0.6);
            for _ in 0..46 {
                let y = rng.unit() * h;
                let thick = h * rng.range(0.004, 0.03);
                let tone = self.brief.light.haze.lift(rng.range(-0.16, 0.16)).fade(strength * rng.range(0.3, 0.9));
                canvas.rect(Rect::new(0.0, y, w, y + thick), &tone.into());
            }
        }
        let point_of_view = self.brief.shot.camera.framing == Framing::Pov;
        let edge = lch(0.06, 0.02, 270.0).fade(if point_of_view { 0.62 } else { 0.30 });
        let stops = vec![(0.0, edge.fade(0.0)), (0.62, edge.fade(0.0)), (1.0, edge)];
        canvas.rect(Rect::new(0.0, 0.0, w, h), &Paint::Radial(pt(w / 2.0, h / 2.0), w.hypot(h) / 2.0, stops));
    }

    /// The first third of a second comes out of the frame that the shot starts from.
    fn dissolve(&self, frame_idx: u32, frame: &mut Frame) {
        let length = 10.min(self.n_frames);
        let Some(first) = self.first.as_ref().filter(|_| frame_idx < length) else { return };
        let new = 256 * (frame_idx + 1) / (length + 1);
        for (pixel, old) in frame.data.iter_mut().zip(&first.data) {
            *pixel = ((u32::from(*pixel) * new + u32::from(*old) * (256 - new) + 128) >> 8) as u8;
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

fn cut_figure(canvas: &mut dyn Canvas, view: &View, figure: &Figure<'_>, picture: &Picture) {
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    // A tall picture is a whole person; a squarer one is head and shoulders.
    let metres = if h / w < 1.35 { 0.72 } else { 1.8 };
    let px = view.scale(figure.at.1) * metres * figure.look.stature;
    let crown = figure.crown(view);
    let scale = px / h;
    canvas.image(picture, Affine::translate((crown.x - w * scale / 2.0, crown.y)) * Affine::scale(scale));
}

fn arrange(brief: &Brief, view: &View) -> Vec<Spot> {
    let camera = &brief.shot.camera;
    let d = view.subject_z;
    let frame_w = view.frame_m * view.width / view.height;
    let n = brief.cast.len().min(MOST_FIGURES);
    let lead = brief.lead();
    let mut rng = Rng::new(brief.seed);
    let over = match camera.framing {
        Framing::OtsLeft => Some(-1.0),
        Framing::OtsRight => Some(1.0),
        _ => None,
    };
    if let (Some(near), 1..) = (over, n) {
        let other = (0..n).find(|i| *i != lead);
        let z = d * 0.60;
        let subject = Spot {
            actor: Some(lead),
            x: view.across(-near * 0.17, d),
            z: d,
            facing: near,
            turn: 0.42,
            gaze: 0.45,
            back: false,
            shape: 0.0,
        };
        let front = Spot {
            actor: other,
            x: view.across(near * 0.37, z),
            z,
            facing: -near,
            turn: 0.3,
            gaze: 0.0,
            back: true,
            shape: 0.72,
        };
        return vec![subject, front];
    }
    // Sides first, the script's order among equals.
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|i| match brief.cast[*i].side {
        Side::Left => 0,
        Side::Centre => 1,
        Side::Right => 2,
    });
    let gap = match n {
        0 | 1 => 0.0,
        2 => (frame_w * 0.42).clamp(0.12, 1.35),
        _ => (frame_w * 0.80 / (n - 1) as f64).clamp(0.10, 1.0),
    };
    let tight = camera.size <= ShotSize::Vcu;
    order
        .iter()
        .enumerate()
        .map(|(place, &i)| {
            let actor = &brief.cast[i];
            let sideways = actor.act.sideways();
            let base = (place as f64 - n.saturating_sub(1) as f64 / 2.0) * gap;
            let (x, facing) = if n == 1 {
                let toward = match actor.side {
                    Side::Left => 1.0,
                    Side::Right => -1.0,
                    Side::Centre => {
                        if actor.look.seed & 2 == 0 {
                            1.0
                        } else {
                            -1.0
                        }
                    }
                };
                // Looking room lies ahead of the face.
                let off = if tight { 0.05 } else { 0.13 };
                let off = if camera.framing == Framing::Pov { 0.0 } else { off };
                let far = (off * frame_w).min(0.9 + 0.05 * frame_w);
                (-toward * far + rng.range(-0.012, 0.012) * frame_w, toward)
            } else {
                let facing = if base < 0.0 || (base == 0.0 && rng.chance(0.5)) { 1.0 } else { -1.0 };
                (base + rng.range(-0.05, 0.05) * gap, facing)
            };
            let turn = match (sideways, camera.framing, n) {
                (true, ..) => 0.72,
                (_, Framing::Pov, _) => 0.05,
                (_, _, 2) => 0.60,
                (_, _, 1) => {
                    if tight {
                        0.30
                    } else {
                        0.42
                    }
                }
                _ => 0.35,
            };
            let depth = if n < 3 { 0.0 } else { 0.16 * (place % 2) as f64 };
            let gaze = if camera.framing == Framing::Pov { 0.0 } else { 0.35 };
            Spot { actor: Some(i), x, z: d * (1.0 + depth), facing, turn, gaze, back: false, shape: 0.0 }
        })
        .collect()
}

/// Keeps a scene shareable between threads.
const _: fn() = || {
    fn sendable<T: Send>() {}
    sendable::<Scene>();
    sendable::<Arc<Picture>>();
};
