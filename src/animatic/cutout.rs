//! Users' pictures made ready: a plain background removed, a first frame brought to the panel's size.
//!
//! Only what is certain is cut: pictures that are transparent already, or that stand before an even backdrop.

use engine::codec::Frame;
use vello_cpu::kurbo::{Affine, Vec2};

use crate::canvas::{Canvas, Picture};
use crate::figure::Figure;
use crate::light::Light;
use crate::view::View;

/// How far a background colour may wander from its row's edges, per channel.
const TOLERANCE: i16 = 26;
/// How far the edge of a backdrop may change from one row to the next, and between left and right.
const STEP: i16 = 24;
const ACROSS: i16 = 40;

/// The picture with its background transparent and trimmed to what is left; none where the background is not plain.
/// A backdrop may run from dark to light: it is told by the colours at both ends of each row.
pub(crate) fn cut_out(frame: &Frame) -> Option<Frame> {
    let (w, h) = (frame.width as usize, frame.height as usize);
    if w < 8 || h < 8 || frame.data.len() != w * h * 4 {
        return None;
    }
    let n_clear = frame.data.chunks_exact(4).filter(|pixel| pixel[3] < 128).count();
    if w * h / 20 < n_clear {
        return trim(frame);
    }
    let pixel = |i: usize| -> [i16; 3] { std::array::from_fn(|c| i16::from(frame.data[i * 4 + c])) };
    let near = |a: [i16; 3], b: [i16; 3], by: i16| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= by);
    let ends = |y: usize| (pixel(y * w), pixel(y * w + w - 1));
    for y in 0..h {
        let ((left, right), (above_left, above_right)) = (ends(y), ends(y.saturating_sub(1)));
        if !near(left, right, ACROSS) || !near(left, above_left, STEP) || !near(right, above_right, STEP) {
            return None;
        }
    }
    let is_back = |i: usize| {
        let (x, (left, right)) = ((i % w) as i32, ends(i / w));
        let between = |c: usize| {
            (i32::from(left[c]) + (i32::from(right[c]) - i32::from(left[c])) * x / (w as i32 - 1).max(1)) as i16
        };
        near(pixel(i), [between(0), between(1), between(2)], TOLERANCE)
    };
    let mut clear = vec![false; w * h];
    let mut pending: Vec<usize> =
        (0..w).flat_map(|x| [x, (h - 1) * w + x]).chain((0..h).flat_map(|y| [y * w, y * w + w - 1])).collect();
    let mut n_cut = 0;
    while let Some(i) = pending.pop() {
        if clear[i] || !is_back(i) {
            continue;
        }
        clear[i] = true;
        n_cut += 1;
        let (x, y) = (i % w, i / w);
        if 0 < x {
            pending.push(i - 1);
        }
        if x + 1 < w {
            pending.push(i + 1);
        }
        if 0 < y {
            pending.push(i - w);
        }
        if y + 1 < h {
            pending.push(i + w);
        }
    }
    if !(w * h * 15 / 100..w * h * 95 / 100).contains(&n_cut) {
        return None;
    }
    let mut cut = frame.clone();
    for (i, pixel) in cut.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = (i % w, i / w);
        let kept = (y.saturating_sub(1)..=(y + 1).min(h - 1))
            .flat_map(|y| (x.saturating_sub(1)..=(x + 1).min(w - 1)).map(move |x| y * w + x))
            .filter(|i| !clear[*i])
            .count();
        // The seam is softened inwards, so that no fringe of the backdrop stays.
        pixel[3] = if clear[i] { 0 } else { (kept.min(9) * 255 / 9) as u8 };
    }
    trim(&cut)
}

/// The part of a transparent picture that is seen.
fn trim(frame: &Frame) -> Option<Frame> {
    let w = frame.width as usize;
    let seen = |i: &usize| 64 < frame.data[i * 4 + 3];
    let places = || (0..w * frame.height as usize).filter(seen);
    let (top, bottom) = (places().next()? / w, places().next_back()? / w);
    let (left, right) = places().fold((w, 0), |(left, right), i| (left.min(i % w), right.max(i % w)));
    let rows = (top..=bottom).flat_map(|y| &frame.data[(y * w + left) * 4..(y * w + right + 1) * 4]);
    Some(Frame { width: (right - left + 1) as u32, height: (bottom - top + 1) as u32, data: rows.copied().collect() })
}

/// Brings a picture into a panel's light: each channel between what black and what white look like there.
pub(crate) fn relight(mut frame: Frame, black: [f32; 3], white: [f32; 3]) -> Frame {
    for pixel in frame.data.chunks_exact_mut(4) {
        for c in 0..3 {
            let lit = black[c] * 255.0 + (white[c] - black[c]) * f32::from(pixel[c]);
            pixel[c] = lit.round().clamp(0.0, 255.0) as u8;
        }
    }
    frame
}

/// The picture scaled to cover a size, cropped at its middle.
pub(crate) fn cover(frame: &Frame, width: u32, height: u32) -> Option<Frame> {
    let (w, h) = (frame.width as usize, frame.height as usize);
    if w == 0 || h == 0 || frame.data.len() != w * h * 4 {
        return None;
    }
    let scale = (f64::from(width) / w as f64).max(f64::from(height) / h as f64);
    let (left, top) = ((w as f64 - f64::from(width) / scale) / 2.0, (h as f64 - f64::from(height) / scale) / 2.0);
    let mut data = Vec::with_capacity(width as usize * height as usize * 4);
    for y in 0..height {
        let sy = (top + (f64::from(y) + 0.5) / scale - 0.5).clamp(0.0, (h - 1) as f64);
        let (y0, fy) = (sy as usize, sy.fract());
        let y1 = (y0 + 1).min(h - 1);
        for x in 0..width {
            let sx = (left + (f64::from(x) + 0.5) / scale - 0.5).clamp(0.0, (w - 1) as f64);
            let (x0, fx) = (sx as usize, sx.fract());
            let x1 = (x0 + 1).min(w - 1);
            for c in 0..3 {
                let at = |x: usize, y: usize| f64::from(frame.data[(y * w + x) * 4 + c]);
                let upper = at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx;
                let lower = at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx;
                data.push((upper * (1.0 - fy) + lower * fy).round() as u8);
            }
            data.push(255);
        }
    }
    Some(Frame { width, height, data })
}

/// Heights in metres of what a character's picture shows.
pub(crate) const WHOLE: f64 = 1.8;
const BUST: f64 = 0.72;
/// Beyond this a picture is too coarse for the panel and the figure is drawn.
pub(crate) const MOST_ENLARGED: f64 = 3.2;

/// A tall picture is a whole person, a squarer one is head and shoulders.
pub(crate) fn metres_of(width: u32, height: u32) -> f64 {
    if 1.6 * f64::from(width) < f64::from(height) { WHOLE } else { BUST }
}

pub(crate) fn cut_figure(canvas: &mut dyn Canvas, view: &View, light: &Light, figure: &Figure<'_>, picture: &Picture) {
    let (w, h) = (f64::from(picture.width()), f64::from(picture.height()));
    let metres = metres_of(u32::from(picture.width()), u32::from(picture.height()));
    let scale = view.scale(figure.at.1) * metres * figure.look.stature / h;
    let bottom = if metres == WHOLE {
        figure.shadow(canvas, view, light);
        view.see(figure.at.0, 0.0, figure.at.1)
    } else {
        figure.crown(view) + Vec2::new(0.0, h * scale)
    };
    // A picture has no mouth to move: it rises a little with the voice.
    let rise = 1.0 + 0.012 * figure.mien.mouth;
    let place = Affine::translate(bottom.to_vec2()) * Affine::scale_non_uniform(scale, scale * rise);
    canvas.image(picture, place * Affine::translate((-w / 2.0, -h)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_background_is_cut_and_a_busy_one_is_not() {
        let mut frame = Frame { width: 20, height: 20, data: vec![240; 1600] };
        for y in 5..15 {
            for x in 6..14 {
                frame.data[(y * 20 + x) * 4..(y * 20 + x) * 4 + 3].copy_from_slice(&[20, 60, 120]);
            }
        }
        frame.data.chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
        let cut = cut_out(&frame).expect("a plain background");
        assert_eq!((cut.width, cut.height), (8, 10));
        assert_eq!(cut.data.chunks_exact(4).filter(|pixel| pixel[3] == 255).count(), 48);
        frame.data[0] = 0;
        assert_eq!(cut_out(&frame), None);
        assert_eq!(cut_out(&Frame::default()), None);
    }

    #[test]
    fn a_backdrop_that_runs_from_dark_to_light_is_cut() {
        let mut frame = Frame::black(40, 80);
        for (i, pixel) in frame.data.chunks_exact_mut(4).enumerate() {
            let (x, y) = (i % 40, i / 40);
            let inside = (15..25).contains(&x) && (10..70).contains(&y);
            pixel[..3].copy_from_slice(&if inside { [30, 40, 160] } else { [100 + y as u8, 110 + y as u8, 120] });
        }
        let cut = cut_out(&frame).expect("an even backdrop");
        assert_eq!((cut.width, cut.height), (10, 60));
        let dark = relight(cut, [0.1, 0.1, 0.1], [0.5, 0.5, 0.5]);
        assert_eq!(&dark.data[(30 * 10 + 5) * 4..][..4], &[38, 42, 90, 255]);
    }

    #[test]
    fn covering_keeps_the_middle() {
        let frame = Frame { width: 2, height: 1, data: vec![0, 0, 0, 255, 200, 200, 200, 255] };
        let big = cover(&frame, 4, 4).expect("a picture");
        assert_eq!((big.width, big.height, big.data.len()), (4, 4, 64));
        assert_eq!(cover(&Frame::default(), 4, 4), None);
    }
}
