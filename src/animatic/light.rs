//! The light of a panel: what the time of day and the weather do to sky, air and every colour in it.
//!
//! One table for the times, one function for the weather. Nothing here knows shapes.

use model::{IntExt, Setting, TimeOfDay, Weather};

use crate::tone::{Tone, lch};

#[derive(Clone, Debug)]
pub(crate) struct Light {
    pub(crate) sky_top: Tone,
    pub(crate) sky_low: Tone,
    /// What distance fades to.
    pub(crate) haze: Tone,
    /// What every lit colour is pulled to.
    pub(crate) tint: Tone,
    pub(crate) tint_amount: f64,
    /// Brightness of what is lit, 1 at noon.
    pub(crate) level: f64,
    /// Light on edges that face the source.
    pub(crate) rim: Tone,
    /// -1 from the left, 1 from the right.
    pub(crate) side: f64,
    /// Metres at which about two thirds of a colour are haze.
    pub(crate) sight: f64,
    /// Height of sun or moon above the horizon in fractions of the frame; below -0.5 it is not seen.
    pub(crate) disc: f64,
    pub(crate) night: bool,
    /// Lamps and windows are on.
    pub(crate) lamps: bool,
    /// Opacity of shadows on the ground.
    pub(crate) shade: f64,
}

impl Light {
    /// `from_right` is the place's own: the sun stands on one side in all of its shots.
    pub(crate) fn of(setting: &Setting, from_right: bool) -> Light {
        let (top, low, haze, tint, tint_amount, level, rim, disc) = match setting.time {
            TimeOfDay::Dawn => (
                lch(0.60, 0.075, 275.0),
                lch(0.86, 0.085, 50.0),
                lch(0.80, 0.045, 35.0),
                lch(0.55, 0.06, 320.0),
                0.20,
                0.84,
                lch(0.90, 0.09, 60.0),
                0.05,
            ),
            TimeOfDay::Morning => (
                lch(0.72, 0.09, 242.0),
                lch(0.94, 0.035, 95.0),
                lch(0.88, 0.025, 220.0),
                lch(0.80, 0.04, 90.0),
                0.08,
                0.98,
                lch(0.97, 0.05, 95.0),
                0.22,
            ),
            TimeOfDay::Day => (
                lch(0.68, 0.115, 245.0),
                lch(0.92, 0.035, 220.0),
                lch(0.87, 0.03, 228.0),
                lch(0.85, 0.02, 230.0),
                0.05,
                1.0,
                lch(0.98, 0.03, 100.0),
                0.55,
            ),
            TimeOfDay::Afternoon => (
                lch(0.70, 0.10, 240.0),
                lch(0.91, 0.055, 88.0),
                lch(0.86, 0.04, 80.0),
                lch(0.80, 0.06, 80.0),
                0.10,
                0.97,
                lch(0.96, 0.07, 88.0),
                0.30,
            ),
            TimeOfDay::GoldenHour => (
                lch(0.60, 0.075, 280.0),
                lch(0.85, 0.125, 68.0),
                lch(0.78, 0.09, 62.0),
                lch(0.68, 0.11, 60.0),
                0.22,
                0.90,
                lch(0.93, 0.12, 75.0),
                0.09,
            ),
            TimeOfDay::Dusk => (
                lch(0.35, 0.085, 280.0),
                lch(0.68, 0.13, 40.0),
                lch(0.52, 0.075, 350.0),
                lch(0.40, 0.08, 300.0),
                0.30,
                0.70,
                lch(0.80, 0.12, 50.0),
                0.01,
            ),
            TimeOfDay::Night => (
                lch(0.22, 0.06, 270.0),
                lch(0.42, 0.065, 252.0),
                lch(0.37, 0.055, 255.0),
                lch(0.37, 0.075, 262.0),
                0.34,
                0.66,
                lch(0.78, 0.06, 240.0),
                0.60,
            ),
        };
        let night = setting.time == TimeOfDay::Night;
        let dim = matches!(setting.time, TimeOfDay::Night | TimeOfDay::Dusk);
        let mut light = Light {
            sky_top: top,
            sky_low: low,
            haze,
            tint,
            tint_amount,
            level,
            rim,
            side: if from_right { 1.0 } else { -1.0 },
            sight: 900.0,
            disc,
            night,
            lamps: dim || setting.time == TimeOfDay::Dawn,
            shade: if night { 0.30 } else { 0.34 },
        };
        light.weather(setting.weather);
        if setting.int_ext == IntExt::Int {
            // Indoors the rim comes from a window by day and from a lamp by night.
            if dim {
                light.tint = lch(0.52, 0.09, 62.0);
                light.rim = lch(0.90, 0.10, 75.0);
                light.tint_amount = 0.20;
                light.level = 0.72;
            } else {
                light.level = (light.level * 0.93).min(0.93);
                light.tint_amount *= 0.7;
            }
            light.sight = if setting.weather == Weather::Fog { 26.0 } else { 48.0 };
        }
        light
    }

    fn weather(&mut self, weather: Weather) {
        let grey = |tone: Tone, l: f64, by: f64| Tone { l: tone.l * l, ..tone }.mute(by);
        let (l, chroma, sight, shade) = match weather {
            Weather::Clear => return,
            Weather::Cloud => (0.95, 0.45, 600.0, 0.6),
            Weather::Fog => (1.0, 0.30, 17.0, 0.25),
            Weather::Rain => (0.82, 0.42, 150.0, 0.4),
            Weather::Storm => (0.60, 0.42, 110.0, 0.3),
            Weather::Snow => (1.0, 0.35, 520.0, 0.4),
        };
        self.sky_top = grey(self.sky_top, l, chroma);
        self.sky_low = grey(self.sky_low, l, chroma);
        self.haze = grey(self.haze, l, chroma);
        self.sky_top = self.sky_top.mix(self.sky_low, if weather == Weather::Fog { 0.75 } else { 0.3 });
        self.tint = grey(self.tint, l, chroma);
        self.level *= (1.0 + l) / 2.0;
        self.rim = self.rim.mute(0.5).lift(-0.05);
        self.sight = sight;
        self.shade *= shade;
        self.disc = -1.0;
        self.lamps |= matches!(weather, Weather::Storm | Weather::Fog);
    }

    /// A colour as it looks near by in this light.
    pub(crate) fn lit(&self, tone: Tone) -> Tone {
        let l = tone.l * (0.25 + 0.75 * self.level);
        let alpha = tone.alpha;
        Tone { l, alpha: 1.0, ..tone.mute(0.45 + 0.55 * self.level) }
            .mix(Tone { l: self.tint.l * 0.6 + l * 0.4, ..self.tint }, self.tint_amount)
            .fade(alpha)
    }

    /// How much haze lies before something at a distance in metres.
    pub(crate) fn air(&self, distance: f64) -> f64 {
        1.0 - libm::exp(-distance.max(0.0) / self.sight)
    }

    /// A colour as it looks at a distance in this light.
    pub(crate) fn far(&self, tone: Tone, distance: f64) -> Tone {
        let alpha = tone.alpha;
        Tone { alpha: 1.0, ..self.lit(tone) }.mix(self.haze, self.air(distance)).fade(alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn night_is_darker_and_fog_is_nearer() {
        let with = |time, weather| {
            let setting = Setting { time, weather, ..Setting::default() };
            Light::of(&setting, true)
        };
        let white = lch(0.95, 0.0, 0.0);
        let day = with(TimeOfDay::Day, Weather::Clear);
        assert!(with(TimeOfDay::Night, Weather::Clear).lit(white).l < day.lit(white).l);
        assert!(day.air(20.0) < with(TimeOfDay::Day, Weather::Fog).air(20.0));
    }
}
