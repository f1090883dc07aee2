//! Props as icons: chosen by a word of the name, drawn in a unit square, y up.
//!
//! An unknown prop is a parcel with its name beside it; guessing from the description was rejected as misleading.

use vello_cpu::kurbo::{Affine, BezPath, Rect};

use crate::canvas::{Canvas, Paint, Picture, glow};
use crate::math::{Rng, seed_of};
use crate::shapes::{ellipse, limb, line, poly, pt, rounded};
use crate::tone::{Tone, lch};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Lamp,
    Paper,
    Key,
    Knife,
    Gun,
    Phone,
    Cup,
    Bottle,
    Book,
    Boat,
    Bag,
    Rope,
    Radio,
    Clock,
    Candle,
    Flower,
    Ring,
    Parcel,
}

const ICONS: &[(Icon, &[&str])] = &[
    (Icon::Lamp, &["lamp", "lantern", "torch", "light", "flashlight"]),
    (Icon::Key, &["key"]),
    (
        Icon::Paper,
        &["letter", "paper", "note", "map", "photo", "envelope", "telegram", "chart", "picture", "ticket", "card"],
    ),
    (Icon::Knife, &["knife", "blade", "dagger", "sword", "axe"]),
    (Icon::Gun, &["gun", "pistol", "rifle", "revolver"]),
    (Icon::Phone, &["phone", "mobile", "receiver", "tablet"]),
    (Icon::Cup, &["cup", "mug", "tea", "coffee", "glass", "bowl"]),
    (Icon::Bottle, &["bottle", "wine", "whisky", "whiskey", "rum", "flask"]),
    (Icon::Book, &["book", "journal", "diary", "log", "logbook", "ledger", "bible", "notebook"]),
    (Icon::Boat, &["boat", "ship", "dinghy", "canoe", "raft"]),
    (Icon::Bag, &["bag", "suitcase", "case", "briefcase", "backpack", "satchel", "trunk"]),
    (Icon::Rope, &["rope", "chain", "cable", "wire", "net"]),
    (Icon::Radio, &["radio", "transmitter", "walkie", "computer", "laptop", "monitor", "television", "tv"]),
    (Icon::Clock, &["clock", "watch", "compass", "barometer"]),
    (Icon::Candle, &["candle", "match"]),
    (Icon::Flower, &["flower", "rose", "bouquet", "plant"]),
    (Icon::Ring, &["ring", "coin", "medal", "locket", "necklace"]),
];

/// A prop that a shot names.
#[derive(Clone, Debug)]
pub(crate) struct Prop {
    pub(crate) name: String,
    pub(crate) icon: Icon,
    pub(crate) tone: Tone,
    /// The reference's picture, cut out, which is shown in place of the icon.
    pub(crate) picture: Option<Picture>,
}

impl Prop {
    pub(crate) fn of(name: &str, tone: Option<Tone>, picture: Option<Picture>) -> Prop {
        let lower = name.to_lowercase();
        let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
        let is = |known: &&&str| words.iter().any(|word| word == *known || word.strip_suffix('s') == Some(known));
        let icon = ICONS.iter().find(|(_, known)| known.iter().any(|k| is(&k))).map_or(Icon::Parcel, |(icon, _)| *icon);
        let mut rng = Rng::new(seed_of(name));
        let drawn = lch(rng.range(0.50, 0.64), rng.range(0.06, 0.11), rng.range(0.0, 360.0));
        Prop { name: name.to_owned(), icon, tone: tone.unwrap_or(drawn), picture }
    }
}

impl Prop {
    /// How far its lowest point lies under its middle, as a fraction of its size.
    pub(crate) fn foot(&self) -> f64 {
        if let Some(picture) = &self.picture {
            let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
            return 0.5 * h / w.max(h);
        }
        match self.icon {
            Icon::Knife => 0.14,
            Icon::Key | Icon::Boat => 0.27,
            Icon::Radio => 0.32,
            Icon::Cup | Icon::Parcel | Icon::Ring => 0.37,
            Icon::Bag | Icon::Rope => 0.38,
            Icon::Gun => 0.40,
            Icon::Lamp
            | Icon::Paper
            | Icon::Phone
            | Icon::Bottle
            | Icon::Book
            | Icon::Clock
            | Icon::Candle
            | Icon::Flower => 0.46,
        }
    }
}

/// Paints into the unit square around the origin times `size`. `seen` is the light, `flicker` scales lights.
pub(crate) fn paint_prop(canvas: &mut dyn Canvas, prop: &Prop, size: f64, seen: &dyn Fn(Tone) -> Tone, flicker: f64) {
    let s = size;
    let flat = |tone: Tone| -> Paint { seen(tone).into() };
    let main = prop.tone;
    let brass = lch(0.68, 0.10, 82.0);
    let steel = lch(0.72, 0.015, 250.0);
    let wood = lch(0.44, 0.07, 58.0);
    let dark = lch(0.24, 0.02, 260.0);
    let p = |x: f64, y: f64| pt(x * s, y * s);
    let r = |x0: f64, y0: f64, x1: f64, y1: f64| Rect::new(x0 * s, y0 * s, x1 * s, y1 * s);
    let tube = |a: (f64, f64), ra: f64, b: (f64, f64), rb: f64| {
        let mut path = BezPath::new();
        limb(&mut path, p(a.0, a.1), ra * s, p(b.0, b.1), rb * s);
        path
    };
    if let Some(picture) = &prop.picture {
        let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
        let scale = s / w.max(h);
        canvas.image(picture, Affine::new([scale, 0.0, 0.0, -scale, -w * scale / 2.0, h * scale / 2.0]));
        return;
    }
    match prop.icon {
        Icon::Lamp => {
            let light = lch(0.93, 0.13, 85.0);
            canvas
                .fill(&ellipse(p(0.0, 0.0), 1.5 * s, 1.5 * s), &glow(p(0.0, 0.0), 1.5 * s, light.fade(0.55 * flicker)));
            canvas.stroke(&line(&[p(-0.2, 0.3), p(-0.14, 0.5), p(0.14, 0.5), p(0.2, 0.3)]), 0.04 * s, &flat(steel));
            canvas.fill(&poly(&[p(-0.26, 0.24), p(0.26, 0.24), p(0.13, 0.40), p(-0.13, 0.40)]), &flat(main));
            canvas.fill(&rounded(r(-0.22, -0.30, 0.22, 0.26), 0.06 * s), &Paint::Flat(light));
            canvas.fill(&ellipse(p(0.0, -0.06), 0.08 * s, 0.17 * s), &Paint::Flat(lch(0.99, 0.03, 95.0)));
            for x in [-0.22, 0.0, 0.22] {
                canvas.stroke(&line(&[p(x, -0.30), p(x, 0.26)]), 0.03 * s, &flat(main.lift(-0.05)));
            }
            canvas.fill(&rounded(r(-0.30, -0.46, 0.30, -0.28), 0.05 * s), &flat(main.lift(-0.08)));
        }
        Icon::Paper => {
            let sheet = poly(&[p(-0.42, -0.36), p(0.36, -0.42), p(0.42, 0.34), p(-0.36, 0.42)]);
            canvas.fill(&sheet, &flat(lch(0.92, 0.03, 88.0)));
            for (i, y) in [0.24, 0.12, 0.0, -0.12, -0.24].into_iter().enumerate() {
                let end = if i == 4 { 0.02 } else { 0.28 };
                canvas.stroke(&line(&[p(-0.28, y + 0.02), p(end, y)]), 0.028 * s, &flat(lch(0.42, 0.03, 260.0)));
            }
            canvas.fill(&ellipse(p(0.24, -0.28), 0.06 * s, 0.06 * s), &flat(main));
        }
        Icon::Key => {
            canvas.stroke(&ellipse(p(-0.28, 0.1), 0.15 * s, 0.15 * s), 0.08 * s, &flat(brass));
            canvas.stroke(&line(&[p(-0.13, 0.06), p(0.42, -0.10), p(0.39, -0.24)]), 0.08 * s, &flat(brass));
            canvas.stroke(&line(&[p(0.27, -0.06), p(0.24, -0.19)]), 0.08 * s, &flat(brass.lift(-0.05)));
        }
        Icon::Knife => {
            canvas.fill(&poly(&[p(-0.05, -0.02), p(0.48, 0.14), p(0.20, 0.20), p(-0.09, 0.13)]), &flat(steel));
            canvas.fill(&tube((-0.42, -0.08), 0.065, (-0.08, 0.05), 0.06), &flat(wood));
        }
        Icon::Gun => {
            canvas.fill(&tube((-0.25, 0.14), 0.08, (0.42, 0.16), 0.065), &flat(dark.lift(0.08)));
            canvas.fill(&tube((-0.22, 0.08), 0.095, (-0.32, -0.30), 0.10), &flat(wood.lift(-0.05)));
            canvas.stroke(&ellipse(p(-0.05, -0.02), 0.09 * s, 0.09 * s), 0.035 * s, &flat(dark));
        }
        Icon::Phone => {
            canvas.fill(&rounded(r(-0.23, -0.44, 0.23, 0.44), 0.07 * s), &flat(dark));
            canvas.fill(&rounded(r(-0.19, -0.36, 0.19, 0.36), 0.03 * s), &Paint::Flat(lch(0.80, 0.06, 230.0)));
            canvas.fill(&rounded(r(-0.13, 0.06, 0.13, 0.24), 0.03 * s), &Paint::Flat(lch(0.95, 0.02, 230.0)));
        }
        Icon::Cup => {
            canvas.stroke(&ellipse(p(0.28, -0.05), 0.13 * s, 0.15 * s), 0.06 * s, &flat(main.lift(-0.04)));
            canvas.fill(&rounded(r(-0.30, -0.36, 0.28, 0.26), 0.09 * s), &flat(main));
            canvas.fill(&ellipse(p(-0.01, 0.25), 0.29 * s, 0.065 * s), &flat(lch(0.34, 0.05, 50.0)));
        }
        Icon::Bottle => {
            let glass = lch(0.45, 0.08, 150.0);
            canvas.fill(&tube((0.0, 0.10), 0.075, (0.0, 0.42), 0.06), &flat(glass));
            canvas.fill(&rounded(r(-0.18, -0.46, 0.18, 0.16), 0.10 * s), &flat(glass));
            canvas.fill(&rounded(r(-0.18, -0.28, 0.18, -0.02), 0.01 * s), &flat(lch(0.88, 0.04, 88.0)));
        }
        Icon::Book => {
            canvas.fill(&rounded(r(-0.34, -0.44, 0.36, 0.44), 0.04 * s), &flat(main.lift(-0.10)));
            canvas.fill(&rounded(r(-0.26, -0.40, 0.34, 0.40), 0.02 * s), &flat(lch(0.90, 0.03, 88.0)));
            canvas.fill(&rounded(r(-0.34, -0.42, 0.30, 0.44), 0.04 * s), &flat(main));
            canvas.stroke(&line(&[p(-0.24, -0.42), p(-0.24, 0.44)]), 0.03 * s, &flat(main.lift(-0.12)));
            canvas.fill(&rounded(r(-0.12, 0.12, 0.20, 0.24), 0.01 * s), &flat(brass));
        }
        Icon::Boat => {
            canvas.fill(&poly(&[p(-0.48, 0.0), p(0.50, 0.04), p(0.34, -0.26), p(-0.36, -0.26)]), &flat(main));
            canvas.stroke(&line(&[p(-0.47, -0.01), p(0.49, 0.03)]), 0.04 * s, &flat(lch(0.90, 0.02, 90.0)));
            canvas.stroke(&line(&[p(0.0, 0.0), p(0.0, 0.5)]), 0.035 * s, &flat(wood));
            canvas.fill(&poly(&[p(0.03, 0.48), p(0.34, 0.08), p(0.03, 0.08)]), &flat(lch(0.90, 0.02, 90.0)));
        }
        Icon::Bag => {
            canvas.stroke(
                &line(&[p(-0.14, 0.26), p(-0.12, 0.42), p(0.12, 0.42), p(0.14, 0.26)]),
                0.055 * s,
                &flat(wood.lift(-0.08)),
            );
            canvas.fill(&rounded(r(-0.44, -0.38, 0.44, 0.28), 0.08 * s), &flat(main));
            for x in [-0.24, 0.24] {
                canvas.stroke(&line(&[p(x, -0.36), p(x, 0.27)]), 0.06 * s, &flat(main.lift(-0.12)));
                canvas.fill(&rounded(r(x - 0.05, -0.02, x + 0.05, 0.08), 0.01 * s), &flat(brass));
            }
        }
        Icon::Rope => {
            for (i, ry) in [0.17, 0.13, 0.09].into_iter().enumerate() {
                let y = -0.22 + 0.12 * i as f64;
                let tone = lch(0.66, 0.07, 75.0).lift(0.03 * i as f64);
                canvas.stroke(&ellipse(p(0.0, y), 0.36 * s, ry * s), 0.10 * s, &flat(tone));
            }
        }
        Icon::Radio => {
            canvas.stroke(&line(&[p(0.28, 0.2), p(0.40, 0.5)]), 0.025 * s, &flat(steel));
            canvas.fill(&rounded(r(-0.46, -0.32, 0.46, 0.26), 0.06 * s), &flat(main));
            canvas.fill(&ellipse(p(-0.20, -0.04), 0.18 * s, 0.18 * s), &flat(dark));
            canvas.fill(&ellipse(p(-0.20, -0.04), 0.10 * s, 0.10 * s), &flat(dark.lift(0.12)));
            canvas.fill(&rounded(r(0.06, 0.02, 0.38, 0.16), 0.02 * s), &Paint::Flat(lch(0.86, 0.10, 85.0)));
            for x in [0.12, 0.30] {
                canvas.fill(&ellipse(p(x, -0.14), 0.06 * s, 0.06 * s), &flat(steel));
            }
        }
        Icon::Clock => {
            canvas.fill(&ellipse(p(0.0, 0.0), 0.44 * s, 0.44 * s), &flat(brass));
            canvas.fill(&ellipse(p(0.0, 0.0), 0.36 * s, 0.36 * s), &flat(lch(0.93, 0.02, 88.0)));
            canvas.stroke(&line(&[p(0.0, 0.25), p(0.0, 0.0), p(0.17, -0.10)]), 0.045 * s, &flat(dark));
        }
        Icon::Candle => {
            let light = lch(0.93, 0.13, 82.0);
            canvas
                .fill(&ellipse(p(0.0, 0.3), 1.2 * s, 1.2 * s), &glow(p(0.0, 0.3), 1.2 * s, light.fade(0.5 * flicker)));
            canvas.fill(&rounded(r(-0.10, -0.44, 0.10, 0.12), 0.03 * s), &flat(lch(0.92, 0.03, 88.0)));
            canvas.fill(&ellipse(p(0.0, 0.27), 0.06 * s, 0.14 * s), &Paint::Flat(light));
        }
        Icon::Flower => {
            canvas.stroke(&line(&[p(0.0, -0.48), p(0.04, 0.1)]), 0.045 * s, &flat(lch(0.52, 0.11, 145.0)));
            for (x, y) in [(-0.13, 0.20), (0.15, 0.18), (0.0, 0.34), (-0.06, 0.08), (0.12, 0.06)] {
                canvas.fill(&ellipse(p(x, y), 0.13 * s, 0.13 * s), &flat(main));
            }
            canvas.fill(&ellipse(p(0.02, 0.18), 0.09 * s, 0.09 * s), &flat(lch(0.84, 0.14, 90.0)));
        }
        Icon::Ring => {
            canvas.stroke(&ellipse(p(0.0, -0.08), 0.28 * s, 0.28 * s), 0.09 * s, &flat(brass));
            canvas.fill(
                &poly(&[p(-0.12, 0.24), p(0.12, 0.24), p(0.16, 0.36), p(0.0, 0.44), p(-0.16, 0.36)]),
                &flat(lch(0.88, 0.06, 210.0)),
            );
        }
        Icon::Parcel => {
            canvas.fill(&rounded(r(-0.42, -0.36, 0.42, 0.34), 0.03 * s), &flat(main));
            canvas.fill(&poly(&[p(-0.42, 0.22), p(0.42, 0.22), p(0.36, 0.40), p(-0.36, 0.40)]), &flat(main.lift(0.07)));
            canvas.stroke(&line(&[p(0.0, -0.36), p(0.0, 0.40)]), 0.06 * s, &flat(main.lift(-0.14)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_icons() {
        let icon = |name| Prop::of(name, None, None).icon;
        assert_eq!(icon("STORM LANTERN"), Icon::Lamp);
        assert_eq!(icon("old letters"), Icon::Paper);
        assert_eq!(icon("monkey"), Icon::Parcel);
        assert_eq!(icon(""), Icon::Parcel);
    }
}
