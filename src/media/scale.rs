//! Places a part of a picture into a part of another: crop, fit and scaling in one pass of fixed-point arithmetic.
//!
//! Knows no recipes beyond `Crop` and `Fit`. A tent filter, widened when shrinking: bilinear when enlarging, without
//! aliasing when shrinking, and no ringing on drawn edges as Lanczos would give.

use engine::codec::Frame;
use model::{Crop, Fit};

/// A rectangle in pixels, possibly between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Which part of a source lands on which part of a frame of `size`, for a recipe whose own frame is `frame`.
pub(crate) fn layout(
    source: (u32, u32),
    crop: Option<Crop>,
    fit: Fit,
    frame: (u32, u32),
    size: (u32, u32),
) -> (Rect, Rect) {
    let (width, height) = (f64::from(source.0), f64::from(source.1));
    let crop = crop.unwrap_or(Crop { left: 0.0, top: 0.0, width: 1.0, height: 1.0 });
    let within =
        |value: f64, low: f64, high: f64| if value.is_finite() { value.clamp(low, high.max(low)) } else { low };
    let left = within(crop.left * width, 0.0, width - 1.0);
    let top = within(crop.top * height, 0.0, height - 1.0);
    let mut from = Rect {
        x: left,
        y: top,
        width: within(crop.width * width, 1.0, width - left),
        height: within(crop.height * height, 1.0, height - top),
    };
    let (frame_width, frame_height) = (f64::from(frame.0), f64::from(frame.1));
    let mut to = Rect { x: 0.0, y: 0.0, width: frame_width, height: frame_height };
    let (across, down) = (frame_width / from.width, frame_height / from.height);
    match fit {
        Fit::Fill => {}
        Fit::Contain => {
            let scale = across.min(down);
            to.width = (from.width * scale).round();
            to.height = (from.height * scale).round();
            to.x = ((frame_width - to.width) / 2.0).floor();
            to.y = ((frame_height - to.height) / 2.0).floor();
        }
        Fit::Cover => {
            let scale = across.max(down);
            let (kept_width, kept_height) = (frame_width / scale, frame_height / scale);
            from.x += (from.width - kept_width) / 2.0;
            from.y += (from.height - kept_height) / 2.0;
            (from.width, from.height) = (kept_width, kept_height);
        }
    }
    let (x_scale, y_scale) = (f64::from(size.0) / frame_width, f64::from(size.1) / frame_height);
    to = Rect { x: to.x * x_scale, y: to.y * y_scale, width: to.width * x_scale, height: to.height * y_scale };
    (from, to)
}

/// Weights of source pixels for one output pixel; they sum to `1 << BITS`.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

const BITS: u32 = 12;

/// Draws `from` of `source` on `to` of `out`, black around it.
pub(crate) fn place(source: &Frame, from: Rect, to: Rect, out: &mut Frame) {
    let whole = Rect { x: 0.0, y: 0.0, width: f64::from(source.width), height: f64::from(source.height) };
    if (source.width, source.height) == (out.width, out.height) && from == whole && to == whole {
        out.data.copy_from_slice(&source.data);
        return;
    }
    for pixel in out.data.chunks_exact_mut(4) {
        pixel.copy_from_slice(&[0, 0, 0, 255]);
    }
    let (out_width, source_width) = (out.width as usize, source.width as usize);
    let columns = taps(from.x, from.width, source.width, to.x, to.width, out.width);
    let rows = taps(from.y, from.height, source.height, to.y, to.height, out.height);
    let (Some((left, _)), Some((top, _))) = (columns.first(), rows.first()) else { return };
    let (left, top) = (*left, *top);
    let row_len = columns.len() * 4;
    // Scaled source rows, each made once: row indices only grow.
    let mut ready: std::collections::VecDeque<(usize, Vec<i32>)> = std::collections::VecDeque::new();
    let mut sums = vec![0_i32; row_len];
    for (y, (_, tap)) in rows.iter().enumerate() {
        while ready.front().is_some_and(|(row, _)| *row < tap.first) {
            ready.pop_front();
        }
        sums.fill(1 << (BITS + 3));
        for (i, weight) in tap.weights.iter().enumerate() {
            let row = tap.first + i;
            if ready.back().is_none_or(|(last, _)| *last < row) {
                ready
                    .push_back((row, scaled_row(&source.data[row * source_width * 4..][..source_width * 4], &columns)));
            }
            if let Some((_, values)) = ready.iter().find(|(at, _)| *at == row) {
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += value * weight;
                }
            }
        }
        let line = &mut out.data[((top + y) * out_width + left) * 4..][..row_len];
        for (byte, sum) in line.iter_mut().zip(&sums) {
            *byte = (sum >> (BITS + 4)).clamp(0, 255) as u8;
        }
    }
}

/// One source row at the output's width, with four fractional bits.
fn scaled_row(row: &[u8], columns: &[(usize, Taps)]) -> Vec<i32> {
    let mut out = Vec::with_capacity(columns.len() * 4);
    for (_, tap) in columns {
        let mut sums = [1 << (BITS - 5); 4];
        for (pixel, weight) in row[tap.first * 4..].chunks_exact(4).zip(&tap.weights) {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += i32::from(*value) * weight;
            }
        }
        out.extend(sums.map(|sum| sum >> (BITS - 4)));
    }
    out
}

/// Output positions inside the target with the source pixels that each is made of.
fn taps(from: f64, from_len: f64, source_len: u32, to: f64, to_len: f64, out_len: u32) -> Vec<(usize, Taps)> {
    let first = to.round().clamp(0.0, f64::from(out_len)) as u32;
    let last = (to + to_len).round().clamp(0.0, f64::from(out_len)) as u32;
    let scale = from_len / to_len.max(1e-9);
    let radius = scale.max(1.0);
    // Pixels outside the crop never bleed in.
    let low = from.floor().max(0.0) as i64;
    let high = ((from + from_len).ceil() as i64 - 1).clamp(low, i64::from(source_len) - 1);
    (first..last)
        .map(|x| {
            let centre = from + (f64::from(x) + 0.5 - to) * scale - 0.5;
            let start = ((centre - radius).ceil() as i64).clamp(low, high);
            let end = ((centre + radius).floor() as i64).clamp(start, high);
            let mut weights: Vec<f64> =
                (start..=end).map(|i| (1.0 - (i as f64 - centre).abs() / radius).max(0.0)).collect();
            let sum: f64 = weights.iter().sum();
            if sum <= 0.0 {
                weights.fill(1.0);
            }
            let sum: f64 = weights.iter().sum();
            let mut fixed: Vec<i32> =
                weights.iter().map(|weight| (weight / sum * f64::from(1 << BITS)).round() as i32).collect();
            // Rounding goes to the heaviest, so that flat areas stay exactly flat.
            let error = (1 << BITS) - fixed.iter().sum::<i32>();
            if let Some(heaviest) = fixed.iter_mut().max() {
                *heaviest += error;
            }
            (x as usize, Taps { first: start as usize, weights: fixed })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose left half is red and right half blue.
    fn halves(width: u32, height: u32) -> Frame {
        let mut frame = Frame::black(width, height);
        for (i, pixel) in frame.data.chunks_exact_mut(4).enumerate() {
            let is_left = (i as u32 % width) < width / 2;
            pixel.copy_from_slice(if is_left { &[200, 0, 0, 255] } else { &[0, 0, 200, 255] });
        }
        frame
    }

    fn drawn(source: &Frame, crop: Option<Crop>, fit: Fit, size: (u32, u32)) -> Frame {
        let (from, to) = layout((source.width, source.height), crop, fit, size, size);
        let mut out = Frame::black(size.0, size.1);
        place(source, from, to, &mut out);
        out
    }

    fn pixel(frame: &Frame, x: u32, y: u32) -> [u8; 3] {
        let at = (y * frame.width + x) as usize * 4;
        [frame.data[at], frame.data[at + 1], frame.data[at + 2]]
    }

    #[test]
    fn contain_bars_cover_cuts_fill_stretches() {
        let wide = halves(80, 20);
        let contained = drawn(&wide, None, Fit::Contain, (40, 40));
        assert_eq!(pixel(&contained, 5, 5), [0, 0, 0], "bar");
        assert_eq!(pixel(&contained, 5, 20), [200, 0, 0]);
        assert_eq!(pixel(&contained, 35, 20), [0, 0, 200]);
        let covered = drawn(&wide, None, Fit::Cover, (40, 40));
        assert_eq!(pixel(&covered, 0, 0), [200, 0, 0]);
        assert_eq!(pixel(&covered, 39, 39), [0, 0, 200]);
        let filled = drawn(&wide, None, Fit::Fill, (40, 40));
        assert_eq!((pixel(&filled, 0, 0), pixel(&filled, 39, 39)), ([200, 0, 0], [0, 0, 200]));
    }

    #[test]
    fn a_crop_shows_only_its_part() {
        let crop = Crop { left: 0.0, top: 0.0, width: 0.5, height: 1.0 };
        let out = drawn(&halves(80, 40), Some(crop), Fit::Fill, (64, 32));
        assert!(out.data.chunks_exact(4).all(|it| it == [200, 0, 0, 255]), "no blue bleeds in, flat stays flat");
    }

    #[test]
    fn odd_crops_and_sizes_never_leave_the_picture() {
        for value in [f64::NAN, f64::INFINITY, -3.0, 0.0, 0.3, 1.0, 7.0] {
            let crop = Crop { left: value, top: value, width: value, height: value };
            for fit in [Fit::Contain, Fit::Cover, Fit::Fill] {
                drawn(&halves(7, 5), Some(crop), fit, (16, 22));
                drawn(&halves(70, 50), Some(crop), fit, (16, 2));
            }
        }
    }

    #[test]
    fn the_same_size_is_a_copy() {
        let source = halves(33, 17);
        assert_eq!(drawn(&source, None, Fit::Contain, (33, 17)), source);
    }
}
