//! Sky and weather: gradient, sun or moon, clouds, stars behind everything; rain, snow, fog in front.
//!
//! Particles are functions of seed, index and time, never simulated, so any frame can be drawn alone.

use model::Weather;
use vello_cpu::kurbo::{BezPath, Rect};

use crate::canvas::{Canvas, Paint, blend, glow};
use crate::light::Light;
use crate::math::{Rng, TAU, ramp, sin};
use crate::shapes::{add_ellipse, ellipse, pt};
use crate::tone::lch;
use crate::view::View;

/// All of the frame and what a roll or a pan may show beside it.
pub(crate) fn everything(view: &View) -> Rect {
    let (w, h) = (view.width, view.height);
    Rect::new(-0.6 * w, -0.8 * h, 1.6 * w, 1.8 * h)
}

pub(crate) fn paint_sky(canvas: &mut dyn Canvas, view: &View, light: &Light, weather: Weather, seed: u64, t: f64) {
    let (w, h) = (view.width, view.height);
    let line = view.skyline();
    let all = everything(view);
    let sky = Paint::Linear(
        pt(0.0, line - h * 0.95),
        pt(0.0, line + 2.0),
        vec![(0.0, light.sky_top), (0.55, light.sky_top.mix(light.sky_low, 0.45)), (1.0, light.sky_low)],
    );
    canvas.rect(Rect { y1: (line + h * 0.05).clamp(all.y0 + 1.0, all.y1), ..all }, &sky);
    // Far things follow pans and tilts only; the lens does not enlarge them, so that a sun stays a sun.
    let x0 = view.shift.x;
    let mut rng = Rng::new(seed);
    if light.night && weather == Weather::Clear {
        let mut stars = BezPath::new();
        for _ in 0..90 {
            let (x, y) = (rng.range(-0.5, 1.5) * w + x0, line - rng.range(0.08, 1.3) * h);
            let r = h * 0.0011 * rng.range(0.5, 1.5);
            add_ellipse(&mut stars, pt(x, y), r, r);
        }
        canvas.fill(&stars, &lch(0.92, 0.02, 240.0).fade(0.75).into());
    }
    if -0.5 < light.disc {
        let x = w * (0.5 + light.side * 0.30) + x0;
        let at = pt(x, line - (light.disc * h).min(line.max(h * 0.2) * 0.78));
        let (disc, halo, reach) = if light.night {
            (lch(0.93, 0.02, 100.0), lch(0.70, 0.05, 240.0), 0.5)
        } else {
            (lch(0.985, 0.045, 95.0), light.rim, 0.9)
        };
        canvas.fill(&ellipse(at, h * reach, h * reach), &glow(at, h * reach, halo.fade(0.62)));
        canvas.fill(&ellipse(at, h * 0.042, h * 0.042), &disc.into());
    }
    let n_clouds = match weather {
        Weather::Clear => 4,
        Weather::Fog | Weather::Snow => 0,
        Weather::Cloud => 11,
        Weather::Rain => 10,
        Weather::Storm => 15,
    };
    let mut rng = Rng::new(seed ^ 0xc10d);
    for i in 0..n_clouds {
        let wide = rng.range(0.16, 0.42) * w;
        let x = rng.range(-0.45, 1.45) * w + x0 + t * w * 0.003 * rng.range(0.6, 1.4);
        let y = line - rng.range(0.16, 0.92) * h;
        let heavy = matches!(weather, Weather::Rain | Weather::Storm);
        let tone = if heavy {
            light.sky_top.lift(rng.range(-0.10, -0.03))
        } else {
            light.sky_low.mix(light.rim, 0.5).lift(if light.night { -0.20 } else { 0.03 })
        };
        let opacity = if heavy { 0.55 } else { 0.42 };
        cloud(
            canvas,
            pt(x, y),
            wide,
            rng.range(0.16, 0.26),
            &blend(pt(x, y - wide * 0.16), pt(x, y + wide * 0.06), tone.fade(opacity), tone.fade(opacity * 0.15)),
            seed ^ i,
        );
    }
    if weather == Weather::Storm && 0.93 < flash(seed, t) {
        canvas.rect(all, &lch(0.95, 0.03, 260.0).fade(0.45).into());
    }
}

/// 0 to 1; near 1 while lightning lights the sky.
pub(crate) fn flash(seed: u64, t: f64) -> f64 {
    let beat = (t / 1.9).floor();
    let mut rng = Rng::new(seed ^ 0xf1a5 ^ (beat.max(0.0) as u64) << 8);
    let at = beat * 1.9 + rng.range(0.2, 1.5);
    if rng.chance(0.6) { 1.0 - ramp(0.0, 0.30, (t - at).abs() * 2.0) } else { 0.0 }
}

fn cloud(canvas: &mut dyn Canvas, at: vello_cpu::kurbo::Point, wide: f64, flat: f64, paint: &Paint, seed: u64) {
    let mut rng = Rng::new(seed ^ 0x51);
    let mut path = BezPath::new();
    add_ellipse(&mut path, at, wide * 0.5, wide * flat * 0.28);
    for i in 0..5 {
        let x = at.x + wide * (-0.32 + 0.16 * f64::from(i) + rng.range(-0.03, 0.03));
        let r = wide * rng.range(0.09, 0.17) * (1.0 - 0.25 * f64::from((i - 2_i32).abs()));
        add_ellipse(&mut path, pt(x, at.y - r * 0.35), r, r * flat * 3.2);
    }
    canvas.fill(&path, paint);
}

/// What falls or hangs in the air before everything else.
pub(crate) fn paint_weather(canvas: &mut dyn Canvas, view: &View, light: &Light, weather: Weather, seed: u64, t: f64) {
    let (w, h) = (view.width, view.height);
    match weather {
        Weather::Clear | Weather::Cloud => {}
        Weather::Fog => {
            let mut rng = Rng::new(seed ^ 0xf06);
            for i in 0..7 {
                let y = h * rng.range(0.30, 1.0);
                let drift = t * w * 0.012 * rng.range(0.4, 1.0) * if i % 2 == 0 { 1.0 } else { -1.0 };
                let x = w * rng.range(0.0, 1.0) + drift + view.shift.x * 0.9 - view.at[0] * 20.0;
                // A flat bank: a round glow pressed together.
                let veil = light.haze.lift(0.03).fade(0.26);
                canvas.place(view.world * vello_cpu::kurbo::Affine::new([w * 0.7, 0.0, 0.0, h * 0.13, x, y]));
                canvas.fill(&ellipse(pt(0.0, 0.0), 1.0, 1.0), &glow(pt(0.0, 0.0), 1.0, veil));
            }
            canvas.place(view.world);
        }
        Weather::Rain | Weather::Storm => {
            let storm = weather == Weather::Storm;
            let slant = if storm { 0.34 } else { 0.12 } * -light.side;
            for (layer, n, length, speed, opacity) in [(0, 110, 0.045, 1.5, 0.20), (1, 70, 0.085, 2.2, 0.30)] {
                let mut rng = Rng::new(seed ^ 0x4a1 ^ layer);
                let mut drops = BezPath::new();
                for _ in 0..n {
                    let (u, v, k) = (rng.unit(), rng.unit(), rng.range(0.8, 1.2));
                    let fall = (v + t * speed * k).fract() * 1.3 - 0.15;
                    let x = ((u + 0.3 * view.shift.x / w).rem_euclid(1.0) * 1.5 - 0.25) * w + slant * (fall - 0.5) * h;
                    let y = fall * h;
                    drops.move_to(pt(x, y));
                    drops.line_to(pt(x + slant * length * h, y + length * h));
                }
                canvas.stroke(
                    &drops,
                    h * 0.0020 * (1.0 + 0.6 * layer as f64),
                    &lch(0.90, 0.02, 240.0).fade(opacity).into(),
                );
            }
        }
        Weather::Snow => {
            for (layer, n, r, speed) in [(0, 90, 0.0022, 0.09), (1, 60, 0.0040, 0.14), (2, 24, 0.0075, 0.22)] {
                let mut rng = Rng::new(seed ^ 0x50 ^ layer);
                let mut flakes = BezPath::new();
                for _ in 0..n {
                    let (u, v, k) = (rng.unit(), rng.unit(), rng.range(0.7, 1.3));
                    let y = ((v + t * speed * k).fract() * 1.2 - 0.1) * h;
                    let sway = 0.012 * sin(TAU * (t * 0.25 * k + v));
                    let x = ((u + sway + t * 0.01 + 0.4 * view.shift.x / w).rem_euclid(1.0) * 1.4 - 0.2) * w;
                    add_ellipse(&mut flakes, pt(x, y), r * h * k, r * h * k);
                }
                canvas.fill(&flakes, &lch(0.985, 0.005, 240.0).fade(if layer == 2 { 0.55 } else { 0.85 }).into());
            }
        }
    }
}
