//! Colours in OKLab, where mixing, lightening and muting look even.
//!
//! Knows nothing of what is painted. Mixing in sRGB was rejected: it passes through grey and shifts hue at night.

use model::Color;
use vello_cpu::color::{AlphaColor, Srgb};

use crate::math::{cos, lerp, sin};

/// A colour: lightness 0 to 1, the two OKLab axes, opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tone {
    pub(crate) l: f64,
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) alpha: f64,
}

/// From lightness, chroma (0 to about 0.3) and hue in degrees.
pub(crate) fn lch(l: f64, c: f64, hue: f64) -> Tone {
    let h = hue.to_radians();
    Tone { l, a: c * cos(h), b: c * sin(h), alpha: 1.0 }
}

fn linear(byte: u8) -> f64 {
    let x = f64::from(byte) / 255.0;
    if x <= 0.04045 { x / 12.92 } else { libm::pow((x + 0.055) / 1.055, 2.4) }
}

fn encoded(x: f64) -> f32 {
    let x = x.clamp(0.0, 1.0);
    (if x <= 0.003_130_8 { x * 12.92 } else { 1.055 * libm::pow(x, 1.0 / 2.4) - 0.055 }) as f32
}

impl Tone {
    pub(crate) fn of(color: Color) -> Tone {
        let [r, g, b] = [linear(color.r), linear(color.g), linear(color.b)];
        let l = libm::cbrt(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
        let m = libm::cbrt(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
        let s = libm::cbrt(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
        Tone {
            l: 0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
            a: 1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
            b: 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
            alpha: 1.0,
        }
    }

    /// As the canvas takes it.
    pub(crate) fn ink(self) -> AlphaColor<Srgb> {
        let l = self.l + 0.396_337_777_4 * self.a + 0.215_803_757_3 * self.b;
        let m = self.l - 0.105_561_345_8 * self.a - 0.063_854_172_8 * self.b;
        let s = self.l - 0.089_484_177_5 * self.a - 1.291_485_548 * self.b;
        let [l, m, s] = [l * l * l, m * m * m, s * s * s];
        AlphaColor::new([
            encoded(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
            encoded(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
            encoded(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s),
            self.alpha.clamp(0.0, 1.0) as f32,
        ])
    }

    pub(crate) fn mix(self, other: Tone, t: f64) -> Tone {
        let t = t.clamp(0.0, 1.0);
        Tone {
            l: lerp(self.l, other.l, t),
            a: lerp(self.a, other.a, t),
            b: lerp(self.b, other.b, t),
            alpha: lerp(self.alpha, other.alpha, t),
        }
    }

    /// Lighter, or darker where `by` is negative.
    pub(crate) fn lift(self, by: f64) -> Tone {
        Tone { l: (self.l + by).clamp(0.0, 1.0), ..self }
    }

    /// Chroma times `by`.
    pub(crate) fn mute(self, by: f64) -> Tone {
        Tone { a: self.a * by, b: self.b * by, ..self }
    }

    /// Opacity times `by`.
    pub(crate) fn fade(self, by: f64) -> Tone {
        Tone { alpha: self.alpha * by, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_survive_the_round_trip() {
        for hex in ["#000000", "#ffffff", "#a03020", "#204080", "#33cc77"] {
            let color = Color::parse(hex).expect("a colour");
            let [r, g, b, _] = Tone::of(color).ink().components;
            let back = [r, g, b].map(|x| (x * 255.0).round() as u8);
            assert_eq!(back, [color.r, color.g, color.b], "{hex}");
        }
    }
}
