//! Statistics of pictures: a tally that adds up pixels, and the window of numbers that comes out of it.
//!
//! Pictures are measured at 160x90, which averages grain away. A tally merges with others, so that one pass over a
//! clip serves its frames, its first and last frames, and the whole. Knows no clips, no thresholds.

use engine::codec::Frame;
use serde::{Deserialize, Serialize};

use crate::linear::Matrix;
use crate::oklab::{LINEAR, luminance, oklab};

/// Bins per axis of the OKLab histogram.
const BINS: usize = 8;
/// Levels of the lightness histogram, from which medians and quantiles are interpolated.
const LEVELS: usize = 4096;
/// a and b of OKLab that the histogram spans, either side of zero.
const CHROMA_SPAN: f32 = 0.25;
/// Quantiles of lightness kept for the earth mover's distance.
const QUANTILES: usize = 99;

/// Sums over pixels.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    n: u64,
    sum: [f64; 3],
    /// Products LL, La, Lb, aa, ab, bb.
    products: [f64; 6],
    histogram: Vec<f64>,
    levels: Vec<u64>,
    log_luminance: f64,
    /// Sixth powers of linear channels over unclipped pixels.
    powers: [f64; 3],
    n_unclipped: u64,
    n_high: u64,
    n_low: u64,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally {
            n: 0,
            sum: [0.0; 3],
            products: [0.0; 6],
            histogram: vec![0.0; BINS * BINS * BINS],
            levels: vec![0; LEVELS],
            log_luminance: 0.0,
            powers: [0.0; 3],
            n_unclipped: 0,
            n_high: 0,
            n_low: 0,
        }
    }
}

/// What a set of frames looks like, in numbers that can be compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// First frame and the one past the last.
    pub(crate) frames: (u64, u64),
    /// Median OKLab lightness.
    pub(crate) l_median: f64,
    /// Mean OKLab.
    pub(crate) mean: [f64; 3],
    /// Covariance in OKLab.
    pub(crate) covariance: Matrix,
    /// Log-average luminance in stops: 0 is white.
    pub(crate) ev: f64,
    /// Colour of the light by shades of grey, p = 6, green is 1.
    pub(crate) illuminant: [f64; 3],
    /// Share of pixels that are blown out.
    pub(crate) clipped_high: f64,
    /// Share of pixels that are crushed.
    pub(crate) clipped_low: f64,
    /// Lightness at 1 % to 99 %.
    pub(crate) quantiles: Vec<f64>,
    /// Bins of the 8x8x8 OKLab histogram that are not empty: index and share.
    pub(crate) histogram: Vec<(u16, f64)>,
}

/// Position on an axis of the histogram: lower bin, and the share that goes to the next.
#[inline]
fn binned(value: f32, low: f32, high: f32) -> (usize, f32) {
    let at = ((value - low) / (high - low) * BINS as f32 - 0.5).clamp(0.0, (BINS - 1) as f32);
    let bin = (at as usize).min(BINS - 2);
    (bin, at - bin as f32)
}

impl Tally {
    /// The sums over one picture.
    pub(crate) fn of(frame: &Frame) -> Tally {
        let mut tally = Tally::default();
        for pixel in frame.data.chunks_exact(4) {
            tally.add([LINEAR[usize::from(pixel[0])], LINEAR[usize::from(pixel[1])], LINEAR[usize::from(pixel[2])]]);
        }
        tally
    }

    /// Adds one pixel of linear sRGB.
    #[inline]
    pub(crate) fn add(&mut self, rgb: [f32; 3]) {
        let lab = oklab(rgb);
        let [l, a, b] = lab.map(f64::from);
        self.n += 1;
        for (sum, x) in self.sum.iter_mut().zip([l, a, b]) {
            *sum += x;
        }
        for (sum, x) in self.products.iter_mut().zip([l * l, l * a, l * b, a * a, a * b, b * b]) {
            *sum += x;
        }
        self.levels[((lab[0] * LEVELS as f32) as usize).min(LEVELS - 1)] += 1;

        let (i, x) = binned(lab[0], 0.0, 1.0);
        let (j, y) = binned(lab[1], -CHROMA_SPAN, CHROMA_SPAN);
        let (k, z) = binned(lab[2], -CHROMA_SPAN, CHROMA_SPAN);
        for (di, wi) in [(0, 1.0 - x), (1, x)] {
            for (dj, wj) in [(0, 1.0 - y), (1, y)] {
                let row = ((i + di) * BINS + j + dj) * BINS + k;
                let weight = wi * wj;
                self.histogram[row] += f64::from(weight * (1.0 - z));
                self.histogram[row + 1] += f64::from(weight * z);
            }
        }

        let y = luminance(rgb);
        self.log_luminance += f64::from((y + 0.01).ln());
        let high = rgb.iter().any(|c| 0.98 < *c);
        self.n_high += u64::from(0.98 < y);
        self.n_low += u64::from(y < 0.005);
        if !high && 0.005 <= y {
            self.n_unclipped += 1;
            for (sum, c) in self.powers.iter_mut().zip(rgb) {
                let cube = c * c * c;
                *sum += f64::from(cube * cube);
            }
        }
    }

    /// Adds the pixels of another tally.
    pub(crate) fn merge(&mut self, other: &Tally) {
        fn add<T: Copy + std::ops::AddAssign>(own: &mut [T], other: &[T]) {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += *other);
        }
        self.n += other.n;
        add(&mut self.sum, &other.sum);
        add(&mut self.products, &other.products);
        add(&mut self.histogram, &other.histogram);
        add(&mut self.levels, &other.levels);
        self.log_luminance += other.log_luminance;
        add(&mut self.powers, &other.powers);
        self.n_unclipped += other.n_unclipped;
        self.n_high += other.n_high;
        self.n_low += other.n_low;
    }

    /// Lightness below which lie `shares` of the pixels, which ascend.
    fn quantiles(&self, shares: impl Iterator<Item = f64>) -> Vec<f64> {
        let (mut level, mut below) = (0, 0u64);
        shares
            .map(|share| {
                let wanted = share * self.n as f64;
                while level < LEVELS - 1 && ((below + self.levels[level]) as f64) < wanted {
                    below += self.levels[level];
                    level += 1;
                }
                let inside = self.levels[level].max(1) as f64;
                (level as f64 + ((wanted - below as f64) / inside).clamp(0.0, 1.0)) / LEVELS as f64
            })
            .collect()
    }

    /// Median OKLab lightness.
    pub(crate) fn l_median(&self) -> f64 {
        self.quantiles(std::iter::once(0.5))[0]
    }

    /// Log-average luminance in stops.
    pub(crate) fn ev(&self) -> f64 {
        self.log_luminance / self.n.max(1) as f64 / std::f64::consts::LN_2
    }

    /// Mean OKLab.
    pub(crate) fn mean(&self) -> [f64; 3] {
        self.sum.map(|sum| sum / self.n.max(1) as f64)
    }

    /// The numbers of these pixels, which come from `frames`.
    pub(crate) fn window(&self, frames: (u64, u64)) -> Window {
        let n = self.n.max(1) as f64;
        let mean = self.mean();
        let [ll, la, lb, aa, ab, bb] = self.products;
        let products = [[ll, la, lb], [la, aa, ab], [lb, ab, bb]];
        let covariance = std::array::from_fn(|i| std::array::from_fn(|j| products[i][j] / n - mean[i] * mean[j]));
        let share = |count: u64| rounded(count as f64 / n);
        Window {
            frames,
            l_median: self.l_median(),
            mean,
            covariance,
            ev: self.ev(),
            illuminant: self.illuminant(),
            clipped_high: share(self.n_high),
            clipped_low: share(self.n_low),
            quantiles: self
                .quantiles((1..=QUANTILES).map(|i| i as f64 / (QUANTILES + 1) as f64))
                .into_iter()
                .map(rounded)
                .collect(),
            histogram: (0u16..)
                .zip(&self.histogram)
                .map(|(bin, weight)| (bin, rounded(weight / n)))
                .filter(|(_, share)| 0.0 < *share)
                .collect(),
        }
    }

    /// Neutral where nearly everything is clipped: then there is no light to judge.
    fn illuminant(&self) -> [f64; 3] {
        if self.n_unclipped * 100 < self.n || self.powers.iter().any(|power| *power < 1e-12) {
            return [1.0; 3];
        }
        let channels = self.powers.map(|power| (power / self.n_unclipped as f64).powf(1.0 / 6.0));
        channels.map(|c| c / channels[1])
    }
}

/// Six decimals: below any threshold here, and reports stay small and equal.
pub(crate) fn rounded(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oklab::decoded;
    use crate::testing::{flat, picture};

    #[test]
    fn a_flat_picture_has_its_own_colour_and_no_spread() {
        let window = Tally::of(&flat([128; 3])).window((0, 1));
        assert!((window.l_median - 0.5999).abs() < 3e-4, "{}", window.l_median);
        assert!((window.mean[0] - 0.5999).abs() < 3e-4);
        assert!((window.ev - (decoded(128.0 / 255.0) + 0.01).log2()).abs() < 1e-4);
        assert!(window.covariance.iter().flatten().all(|x| x.abs() < 1e-6));
        assert_eq!((window.clipped_high, window.clipped_low), (0.0, 0.0));
        assert!(window.illuminant.iter().all(|c| (c - 1.0).abs() < 1e-6));
        let total: f64 = window.histogram.iter().map(|(_, share)| share).sum();
        assert!((total - 1.0).abs() < 1e-4);
    }

    #[test]
    fn clipping_is_counted_and_does_not_colour_the_light() {
        let white = Tally::of(&flat([255; 3])).window((0, 1));
        assert_eq!((white.clipped_high, white.illuminant), (1.0, [1.0; 3]));
        let black = Tally::of(&flat([0; 3])).window((0, 1));
        assert_eq!((black.clipped_low, black.illuminant), (1.0, [1.0; 3]));
        assert!(black.ev.is_finite() && black.covariance.iter().flatten().all(|x| x.is_finite()));
    }

    #[test]
    fn shades_of_grey_finds_a_gain() {
        let one = Tally::of(&picture(3, [1.0; 3])).window((0, 1));
        let warm = Tally::of(&picture(3, [1.1, 1.0, 1.0 / 1.1])).window((0, 1));
        for (channel, gain) in [(0, 1.1), (2, 1.0 / 1.1)] {
            let found = warm.illuminant[channel] / one.illuminant[channel];
            assert!((found - gain).abs() < 0.03, "channel {channel}: {found}");
        }
    }

    #[test]
    fn merged_tallies_are_the_tally_of_all_pixels() {
        let (one, two) = (picture(1, [1.0; 3]), picture(2, [1.0; 3]));
        let mut merged = Tally::of(&one);
        merged.merge(&Tally::of(&two));
        let both = Frame { data: [one.data.clone(), two.data].concat(), height: one.height * 2, ..one };
        let (merged, both) = (merged.window((0, 2)), Tally::of(&both).window((0, 2)));
        assert_eq!(merged.quantiles, both.quantiles);
        assert_eq!(merged.histogram, both.histogram);
        assert!((merged.ev - both.ev).abs() < 1e-9);
    }
}
