//! What happens from frame to frame: flicker, freezes, duplicates, black, bars, pops, jumps and flashes.
//!
//! A watcher sees every picture once and keeps a few numbers of each; the rules run over those at the end. Thresholds
//! follow ffmpeg's detectors and WCAG 2.3.1. Optical flow is left out: these defects need none.

use engine::codec::Frame;

/// Cells of the grid on which local flicker and flashes are judged.
pub(crate) const GRID: (usize, usize) = (8, 6);
const CELLS: usize = GRID.0 * GRID.1;

/// Mean difference of 8-bit codes, as a share of the range, up to which two pictures are the same.
const SAME: f64 = 0.001;
/// Frames that hold still before it counts as a freeze.
const FREEZE: u64 = 6;
/// Frames of black that count.
const BLACK: u64 = 2;
/// Median difference from which a shot moves enough for repeated frames to be a defect.
const MOVING: f64 = 0.003;

/// First frame and the one past the last.
pub(crate) type Run = (u64, u64);

/// Numbers of each frame.
#[derive(Debug, Default)]
pub(crate) struct Watcher {
    previous: Vec<u8>,
    held: Vec<u8>,
    held_at: u64,
    n: u64,
    frozen: Vec<Run>,
    /// Difference to the frame before, from the second frame on.
    pub(crate) changes: Vec<f64>,
    black: Vec<bool>,
    bars: Vec<[usize; 4]>,
    cells: Vec<[f32; CELLS]>,
}

/// Mean absolute difference of the colour codes, as a share of the range.
fn difference(a: &[u8], b: &[u8]) -> f64 {
    let row = |a: &[u8], b: &[u8]| -> u32 {
        a.iter().zip(b).enumerate().filter(|(i, _)| i % 4 != 3).map(|(_, (x, y))| u32::from(x.abs_diff(*y))).sum()
    };
    let total: u64 = a.chunks(4096).zip(b.chunks(4096)).map(|(a, b)| u64::from(row(a, b))).sum();
    total as f64 / (a.len() / 4 * 3).max(1) as f64 / 255.0
}

/// Gamma luma of a pixel, 0 to 255.
fn luma(pixel: &[u8]) -> u32 {
    (u32::from(pixel[0]) * 54 + u32::from(pixel[1]) * 183 + u32::from(pixel[2]) * 19) >> 8
}

impl Watcher {
    /// Sees the next picture; all have one size.
    pub(crate) fn see(&mut self, frame: &Frame) {
        if self.n == 0 {
            self.held.clone_from(&frame.data);
        } else {
            self.changes.push(difference(&self.previous, &frame.data));
            if SAME < difference(&self.held, &frame.data) {
                self.release();
                self.held.clone_from(&frame.data);
                self.held_at = self.n;
            }
        }
        self.previous.clone_from(&frame.data);
        self.n += 1;
        self.look(frame);
    }

    fn release(&mut self) {
        if FREEZE <= self.n - self.held_at {
            self.frozen.push((self.held_at, self.n));
        }
    }

    /// Black, bars and cell brightness of one picture.
    fn look(&mut self, frame: &Frame) {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let (mut n_dark, mut cells, mut cell_sizes) = (0usize, [0f32; CELLS], [0f32; CELLS]);
        let (mut lit_in_row, mut lit_in_column) = (vec![0usize; height], vec![0usize; width]);
        for (y, row) in frame.data.chunks_exact(width.max(1) * 4).enumerate() {
            let cell_row = y * GRID.1 / height.max(1) * GRID.0;
            for (x, pixel) in row.chunks_exact(4).enumerate() {
                let luma = luma(pixel);
                n_dark += usize::from(luma <= 25);
                lit_in_row[y] += usize::from(24 < luma);
                lit_in_column[x] += usize::from(24 < luma);
                let cell = cell_row + x * GRID.0 / width;
                cells[cell] += luma as f32;
                cell_sizes[cell] += 1.0;
            }
        }
        for (cell, size) in cells.iter_mut().zip(cell_sizes) {
            *cell /= 255.0 * size.max(1.0);
        }
        self.cells.push(cells);
        let black = 98 * width * height <= 100 * n_dark;
        self.black.push(black);
        if !black {
            let dark = |n_lit: &[usize], across: usize| -> [usize; 2] {
                let is_dark = |n: &&usize| **n * 100 <= across;
                [n_lit.iter().take_while(is_dark).count(), n_lit.iter().rev().take_while(is_dark).count()]
            };
            let ([top, bottom], [left, right]) = (dark(&lit_in_row, width), dark(&lit_in_column, height));
            self.bars.push([top, bottom, left, right]);
        }
    }

    /// Closes the last run.
    pub(crate) fn finish(&mut self) {
        self.release();
        self.held_at = self.n;
    }

    /// Runs in which the picture holds still against a held frame, which a slow fade does not.
    pub(crate) fn frozen(&self) -> &[Run] {
        &self.frozen
    }

    /// Runs of black.
    pub(crate) fn black(&self) -> Vec<Run> {
        runs(&self.black).filter(|(start, end)| BLACK <= end - start).collect()
    }

    /// Height of the bars above and below, and width of those at the sides, as shares of the picture, where they are
    /// symmetric and stay in nine tenths of the frames that are not black.
    pub(crate) fn bars(&self, (width, height): (u32, u32)) -> (f64, f64) {
        let steady = |side: usize| {
            let mut sizes: Vec<usize> = self.bars.iter().map(|bars| bars[side]).collect();
            sizes.sort_unstable();
            sizes.get(sizes.len() / 10).copied().unwrap_or(0)
        };
        let pair = |one: usize, other: usize, of: u32| {
            let (one, other) = (steady(one), steady(other));
            let both = 2 <= one.min(other) && one.abs_diff(other) <= 2;
            if both { one.min(other) as f64 / f64::from(of) } else { 0.0 }
        };
        (pair(0, 1, height), pair(2, 3, width))
    }

    /// Frames that repeat the one before in a moving shot, outside freezes, and the period where they are regular.
    pub(crate) fn duplicates(&self) -> (Vec<u64>, Option<u64>) {
        let moving: Vec<f64> = self.changes.iter().copied().filter(|change| SAME < *change).collect();
        if median(&moving) < MOVING {
            return (Vec::new(), None);
        }
        let frozen = |at: u64| self.frozen.iter().any(|(start, end)| (*start..*end).contains(&at));
        let found: Vec<u64> = (1..)
            .zip(&self.changes)
            .filter(|(at, change)| **change <= SAME && !frozen(*at))
            .map(|(at, _)| at)
            .collect();
        let gaps: Vec<u64> = found.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mut sorted = gaps.clone();
        sorted.sort_unstable();
        let usual = sorted.get(sorted.len() / 2).copied();
        let period = usual
            .filter(|usual| 3 <= gaps.len() && gaps.len() * 7 <= 10 * gaps.iter().filter(|gap| *gap == usual).count());
        (found, period)
    }

    /// Frames where the picture jumps as at a cut.
    pub(crate) fn jumps(&self) -> Vec<u64> {
        let limit = (8.0 * median(&self.changes)).max(0.08);
        (1..).zip(&self.changes).filter(|(_, change)| limit < **change).map(|(at, _)| at).collect()
    }

    /// How much larger the change over the first two and the last two frames is than usual, where it is a pop: alone,
    /// which the start of a fade is not.
    pub(crate) fn pops(&self) -> (Option<f64>, Option<f64>) {
        let n = self.changes.len();
        if n < 7 {
            return (None, None);
        }
        let usual = median(&self.changes).max(SAME);
        let largest = |at: &[f64]| at.iter().copied().fold(0.0, f64::max);
        let pop = |edge: &[f64], inside: &[f64]| {
            let change = largest(edge);
            (4.0 * usual < change && 0.012 < change && 2.0 * largest(inside) < change).then_some(change / usual)
        };
        let changes = &self.changes;
        (pop(&changes[..2], &changes[2..4]), pop(&changes[n - 2..], &changes[n - 4..n - 2]))
    }

    /// The largest flicker of a cell of the grid, which tells local pulsing.
    pub(crate) fn cell_flicker(&self) -> f64 {
        let jumps = self.jumps();
        (0..CELLS)
            .map(|cell| {
                let series: Vec<f64> = self.cells.iter().map(|cells| f64::from(cells[cell])).collect();
                flicker(&series, &jumps).unwrap_or(0.0)
            })
            .fold(0.0, f64::max)
    }

    /// The most flashes within a second. A flash is a pair of opposite changes of relative luminance of 0.1 or more,
    /// the darker below 0.8, over a quarter of the picture.
    pub(crate) fn flashes(&self, frames_per_second: f64) -> u64 {
        let mut n_flashing = vec![0usize; self.cells.len()];
        for cell in 0..CELLS {
            let light: Vec<f64> =
                self.cells.iter().map(|cells| crate::oklab::decoded(f64::from(cells[cell]))).collect();
            for at in flash_ends(&light) {
                n_flashing[at] += 1;
            }
        }
        let (mut flashes, mut at) = (Vec::new(), 0);
        while at < n_flashing.len() {
            let near: usize = n_flashing[at..(at + 2).min(n_flashing.len())].iter().sum();
            if CELLS <= 4 * near {
                flashes.push(at);
                at += 1;
            }
            at += 1;
        }
        let within = |first: usize| {
            flashes.iter().filter(|at| first <= **at && ((**at - first) as f64) < frames_per_second).count() as u64
        };
        flashes.iter().map(|first| within(*first)).max().unwrap_or(0)
    }
}

/// Where pairs of opposite changes of 0.1 or more end.
fn flash_ends(light: &[f64]) -> Vec<usize> {
    let (mut ends, mut extreme, mut rising, mut changes) = (Vec::new(), light.first().copied().unwrap_or(0.0), None, 0);
    for (at, y) in light.iter().copied().enumerate() {
        let up = extreme < y;
        if rising == Some(up) {
            extreme = y;
        } else if 0.1 <= (y - extreme).abs() && y.min(extreme) < 0.8 {
            changes += 1;
            if changes % 2 == 0 {
                ends.push(at);
            }
            (extreme, rising) = (y, Some(up));
        }
    }
    ends
}

/// Runs of `true`.
fn runs(flags: &[bool]) -> impl Iterator<Item = Run> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + flags[at..].iter().position(|flag| *flag)?;
        at = start + flags[start..].iter().take_while(|flag| **flag).count();
        Some((start as u64, at as u64))
    })
}

/// The middle of the sorted values; 0 for none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Standard deviation of what varies from frame to frame: second differences over √6, exact for white noise and blind
/// to fades. Jumps (cuts inside the clip) are left out.
pub(crate) fn flicker(series: &[f64], jumps: &[u64]) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0usize);
    for (at, three) in series.windows(3).enumerate() {
        let at = at as u64;
        let from = jumps.partition_point(|jump| *jump < at + 1);
        if jumps.get(from).is_some_and(|jump| *jump <= at + 2) {
            continue;
        }
        sum += (three[2] - 2.0 * three[1] + three[0]).powi(2);
        n += 1;
    }
    (0 < n).then(|| (sum / n as f64).sqrt() / 6f64.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{flat, moved, painted, picture, random};

    fn watched(n: u64, frame: impl Fn(u64) -> Frame) -> Watcher {
        let mut watcher = Watcher::default();
        (0..n).for_each(|at| watcher.see(&frame(at)));
        watcher.finish();
        watcher
    }

    #[test]
    fn white_noise_is_recovered_and_a_fade_is_not_flicker() {
        let mut next = random(7);
        let mut gauss = || (0..12).map(|_| next()).sum::<f64>() - 6.0;
        let noise: Vec<f64> = (0..20_000).map(|_| 0.5 + 0.01 * gauss()).collect();
        let found = flicker(&noise, &[]).expect("it is long enough");
        assert!((found / 0.01 - 1.0).abs() < 0.05, "{found}");
        let fade: Vec<f64> = (0..100).map(|at| 0.1 + 0.008 * f64::from(at)).collect();
        assert!(flicker(&fade, &[]).expect("it is long enough") < 1e-12);
        assert_eq!(flicker(&[0.5, 0.5], &[]), None);
    }

    #[test]
    fn a_cut_inside_a_clip_is_a_jump_and_not_flicker() {
        let series = [0.2, 0.2, 0.2, 0.8, 0.8, 0.8];
        assert!(0.1 < flicker(&series, &[]).expect("long enough"));
        assert_eq!(flicker(&series, &[3]), Some(0.0));
        let cut = watched(24, |at| if at < 12 { picture(1, [0.4; 3]) } else { picture(2, [1.3; 3]) });
        assert_eq!(cut.jumps(), [12]);
    }

    #[test]
    fn a_held_title_is_frozen_and_a_slow_fade_is_not() {
        assert_eq!(watched(24, |_| picture(1, [1.0; 3])).frozen(), [(0, 24)]);
        let held = watched(40, |at| if at < 10 { moved(1, [1.0; 3], at as f64) } else { moved(1, [1.0; 3], 10.0) });
        assert_eq!(held.frozen(), [(10, 40)]);
        let fade = watched(96, |at| flat([(40 + at / 2) as u8; 3]));
        assert_eq!(fade.frozen(), []);
    }

    #[test]
    fn a_night_scene_is_not_black() {
        let night = painted(|x, y| if (x / 8 + y / 8) % 9 == 0 { [0.08, 0.07, 0.05] } else { [0.004; 3] });
        assert_eq!(watched(12, |_| night.clone()).black(), []);
        let flash_of_black = |at: u64| if (5..8).contains(&at) { flat([4; 3]) } else { picture(1, [1.0; 3]) };
        assert_eq!(watched(12, flash_of_black).black(), [(5, 8)]);
        assert_eq!(watched(12, |at| if at == 5 { flat([0; 3]) } else { flat([90; 3]) }).black(), []);
    }

    #[test]
    fn bars_are_found_and_a_vignette_is_none() {
        let bars = painted(|_, y| if (11..79).contains(&y) { [0.3; 3] } else { [0.0; 3] });
        let (letterbox, pillarbox) = watched(12, |_| bars.clone()).bars((160, 90));
        assert!((letterbox - 11.0 / 90.0).abs() < 1e-9 && pillarbox == 0.0);
        let vignette = painted(|x, y| {
            let (x, y) = (f64::from(x) / 80.0 - 1.0, f64::from(y) / 45.0 - 1.0);
            [0.5 / (1.0 + 3.0 * (x * x + y * y)); 3]
        });
        assert_eq!(watched(12, |_| vignette.clone()).bars((160, 90)), (0.0, 0.0));
    }

    #[test]
    fn stutter_has_a_period_and_a_still_shot_has_none() {
        let stutter = |at: u64| moved(1, [1.0; 3], (at - at / 5) as f64 * 2.0);
        let (found, period) = watched(30, stutter).duplicates();
        assert_eq!((found, period), (vec![5, 10, 15, 20, 25], Some(5)));
        assert_eq!(watched(30, |at| moved(1, [1.0; 3], at as f64)).duplicates(), (vec![], None));
        assert_eq!(watched(30, |_| picture(1, [1.0; 3])).duplicates(), (vec![], None));
    }

    #[test]
    fn an_exposure_jump_after_the_first_frame_is_a_pop() {
        let popped = |at: u64| moved(1, [if at == 0 { 0.8 } else { 1.0 }; 3], at as f64 * 0.2);
        let (first, last) = watched(24, popped).pops();
        assert!(first.is_some_and(|ratio| 4.0 < ratio));
        assert_eq!(last, None);
        assert_eq!(watched(24, |at| moved(1, [1.0; 3], at as f64)).pops(), (None, None));
        let fade_in = |at: u64| moved(1, [(0.1 * at as f64).min(1.0).powf(2.4); 3], at as f64 * 0.1);
        assert_eq!(watched(48, fade_in).pops(), (None, None));
    }

    #[test]
    fn strobes_are_counted_and_a_lamp_that_goes_on_is_not() {
        let strobe = |at: u64| flat([if (at / 2).is_multiple_of(2) { 40 } else { 220 }; 3]);
        assert!(3 < watched(48, strobe).flashes(24.0));
        assert_eq!(watched(48, |at| flat([if at < 20 { 40 } else { 220 }; 3])).flashes(24.0), 0);
        let corner = painted(|x, y| if x < 30 && y < 20 { [0.8; 3] } else { [0.1; 3] });
        let small = |at: u64| if at.is_multiple_of(2) { corner.clone() } else { flat([89; 3]) };
        assert_eq!(watched(48, small).flashes(24.0), 0);
    }

    #[test]
    fn local_pulsing_shows_in_a_cell() {
        let pulse =
            |at: u64| painted(move |x, y| if x < 20 && y < 15 { [0.2 + 0.1 * (at % 2) as f64; 3] } else { [0.3; 3] });
        assert!(0.02 < watched(24, pulse).cell_flicker());
        assert!(watched(24, |_| picture(1, [1.0; 3])).cell_flicker() < 1e-9);
    }
}
