//! Scratch sound: the tone of the place, a murmur in time with each line, a tick where a line starts.
//!
//! Two formants over a saw wave, filtered noise for places; every sample is a function of the call. A speech
//! engine was rejected here: it is a dependency, and differs from machine to machine.

use engine::codec::SAMPLE_RATE;
use model::{Call, Weather};

use crate::brief::Brief;
use crate::math::{Rng, TAU, cos, seed_of, sin};
use crate::place::Kind;

/// Interleaved stereo at 48 kHz, exactly as long as the call's picture; silence for a call without a rate.
pub fn sound(call: &Call) -> Vec<f32> {
    if !call.rate.is_valid() {
        return Vec::new();
    }
    let n_samples = call.rate.sample_at(u64::from(call.n_frames), SAMPLE_RATE) as usize;
    let brief = Brief::of(call);
    let mut samples = vec![0.0; n_samples * 2];
    room_tone(&brief, &mut samples);
    for speech in &brief.speeches {
        let look = brief.look_of(&speech.character);
        murmur(speech, look.map_or(150.0, |look| look.pitch), &mut samples);
    }
    for sample in &mut samples {
        *sample = sample.clamp(-1.0, 1.0);
    }
    samples
}

/// A two-pole filter.
#[derive(Clone, Default)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    x: [f64; 2],
    y: [f64; 2],
}

impl Biquad {
    fn band(hz: f64, q: f64) -> Biquad {
        let mut filter = Biquad::default();
        filter.tune(hz, q);
        filter
    }

    fn tune(&mut self, hz: f64, q: f64) {
        let w = TAU * hz / f64::from(SAMPLE_RATE);
        let alpha = sin(w) / (2.0 * q);
        let a0 = 1.0 + alpha;
        self.b = [alpha / a0, 0.0, -alpha / a0];
        self.a = [-2.0 * cos(w) / a0, (1.0 - alpha) / a0];
    }

    fn step(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.b[1] * self.x[0] + self.b[2] * self.x[1]
            - self.a[0] * self.y[0]
            - self.a[1] * self.y[1];
        self.x = [x, self.x[0]];
        self.y = [y, self.y[0]];
        y
    }
}

/// Bands of noise with their slow swell, and a hum: what a place sounds like when nobody speaks.
struct Tone {
    /// Hertz, width as Q, gain, swell in hertz.
    bands: &'static [(f64, f64, f64, f64)],
    hum_hz: f64,
    hum: f64,
}

fn tone_of(kind: Kind) -> Tone {
    match kind {
        Kind::Sea | Kind::Lighthouse => {
            Tone { bands: &[(180.0, 0.5, 0.020, 0.11), (900.0, 0.6, 0.010, 0.13)], hum_hz: 0.0, hum: 0.0 }
        }
        Kind::Harbour => Tone { bands: &[(160.0, 0.5, 0.016, 0.17), (700.0, 0.7, 0.006, 0.3)], hum_hz: 0.0, hum: 0.0 },
        Kind::Street => {
            Tone { bands: &[(95.0, 0.6, 0.022, 0.07), (420.0, 0.6, 0.005, 0.19)], hum_hz: 58.0, hum: 0.0012 }
        }
        Kind::Forest | Kind::Field => {
            Tone { bands: &[(520.0, 0.5, 0.007, 0.09), (2600.0, 1.2, 0.0025, 0.23)], hum_hz: 0.0, hum: 0.0 }
        }
        Kind::Desert | Kind::Mountain => Tone { bands: &[(330.0, 0.8, 0.013, 0.08)], hum_hz: 0.0, hum: 0.0 },
        Kind::Vehicle => Tone { bands: &[(80.0, 0.8, 0.024, 0.31)], hum_hz: 87.0, hum: 0.006 },
        Kind::Cave => Tone { bands: &[(120.0, 1.2, 0.010, 0.05)], hum_hz: 0.0, hum: 0.0 },
        Kind::LampRoom => Tone { bands: &[(210.0, 0.6, 0.010, 0.12)], hum_hz: 48.0, hum: 0.0022 },
        Kind::Bar => Tone { bands: &[(330.0, 0.9, 0.008, 0.41)], hum_hz: 100.0, hum: 0.0006 },
        _ => Tone { bands: &[(140.0, 0.6, 0.007, 0.06)], hum_hz: 100.0, hum: 0.0008 },
    }
}

pub(crate) fn room_tone(brief: &Brief, samples: &mut [f32]) {
    let tone = tone_of(brief.place.kind);
    let weather: &[(f64, f64, f64, f64)] = match brief.shot.setting.weather {
        Weather::Rain => &[(3200.0, 0.5, 0.008, 0.15)],
        Weather::Storm => &[(2600.0, 0.5, 0.009, 0.2), (110.0, 0.7, 0.028, 0.16)],
        _ => &[],
    };
    // Weather is heard through walls.
    let through = if brief.place.kind.indoors() { 0.35 } else { 1.0 };
    let bands: Vec<_> = tone
        .bands
        .iter()
        .copied()
        .chain(weather.iter().map(|(hz, q, gain, swell)| (*hz, *q, gain * through, *swell)))
        .collect();
    for side in 0..2 {
        let mut noise = Rng::new(brief.place.seed ^ (side as u64 + 1));
        let mut filters: Vec<Biquad> = bands.iter().map(|(hz, q, ..)| Biquad::band(*hz, *q)).collect();
        let mut swells = vec![1.0; bands.len()];
        for (i, sample) in samples.iter_mut().skip(side).step_by(2).enumerate() {
            let t = i as f64 / f64::from(SAMPLE_RATE);
            if i % 256 == 0 {
                for (swell, (_, _, gain, hz)) in swells.iter_mut().zip(&bands) {
                    *swell = gain * (0.75 + 0.25 * sin(TAU * hz * t + side as f64 * 0.7)) * 3.0;
                }
            }
            let white = noise.unit() * 2.0 - 1.0;
            let mut sum = 0.0;
            for (filter, swell) in filters.iter_mut().zip(&swells) {
                sum += filter.step(white) * swell;
            }
            if 0.0 < tone.hum {
                sum += tone.hum * sin(TAU * tone.hum_hz * t);
            }
            *sample = sum as f32;
        }
    }
}

/// First and second formants of five vowels, hertz.
const VOWELS: [(f64, f64); 5] = [(700.0, 1220.0), (480.0, 1850.0), (320.0, 2300.0), (500.0, 900.0), (350.0, 800.0)];

pub(crate) fn murmur(speech: &crate::voice::Speech, pitch: f64, samples: &mut [f32]) {
    let rate = f64::from(SAMPLE_RATE);
    let n = samples.len() / 2;
    let from = ((speech.start * rate).ceil() as usize).min(n);
    let to = (((speech.start + speech.length) * rate) as usize).min(n);
    let mut rng = Rng::new(seed_of(&speech.character) ^ speech.syllables.len() as u64);
    let melody: Vec<(f64, usize)> = speech.syllables.iter().map(|_| (rng.range(-0.08, 0.10), rng.below(5))).collect();
    // A smaller throat has higher formants.
    let throat = if 240.0 < pitch {
        1.25
    } else if 160.0 < pitch {
        1.12
    } else {
        1.0
    };
    let (mut low, mut high) = (Biquad::band(500.0, 5.0), Biquad::band(1500.0, 7.0));
    let mut phase = 0.0;
    let mut tuned = usize::MAX;
    for i in from..to {
        let t = i as f64 / rate;
        let Some((index, _)) = speech.syllable(t) else { continue };
        let (lift, vowel) = melody[index];
        if tuned != index {
            low.tune(VOWELS[vowel].0 * throat, 5.0);
            high.tune(VOWELS[vowel].1 * throat, 7.0);
            tuned = index;
        }
        let along = (t - speech.start) / speech.length.max(1e-6);
        let fall = if speech.asks { 0.16 * (along - 0.6).max(0.0) * 2.5 } else { -0.14 * along };
        phase = (phase + pitch * (1.0 + lift + fall) / rate).fract();
        let saw = 2.0 * phase - 1.0;
        let voiced = 0.55 * low.step(saw) + 0.30 * high.step(saw) + 0.10 * sin(TAU * phase);
        // Both ends are faded so that a line never clicks.
        let edge = ((i - from).min(to - i) as f64 / 240.0).min(1.0);
        let mut out = voiced * speech.loudness(t) * 0.30 * edge;
        let since = (i - from) as f64 / rate;
        if since < 0.05 {
            out += 0.02 * sin(TAU * 1000.0 * since) * (1.0 - since / 0.05);
        }
        samples[2 * i] += out as f32;
        samples[2 * i + 1] += out as f32;
    }
}
