//! Users' pictures made ready: a plain background removed, a first frame brought to the panel's size.
//!
//! Only what is certain is cut: pictures that are transparent already, or that stand before one even colour.

use engine::codec::Frame;

/// How far a background colour may wander, per channel.
const TOLERANCE: i16 = 30;

/// The picture with its background transparent; none where it has no plain background.
pub(crate) fn cut_out(frame: &Frame) -> Option<Frame> {
    let (w, h) = (frame.width as usize, frame.height as usize);
    if w < 8 || h < 8 || frame.data.len() != w * h * 4 {
        return None;
    }
    let n_clear = frame.data.chunks_exact(4).filter(|pixel| pixel[3] < 128).count();
    if w * h / 20 < n_clear {
        return Some(frame.clone());
    }
    let pixel = |i: usize| -> [i16; 3] { std::array::from_fn(|c| i16::from(frame.data[i * 4 + c])) };
    let near = |a: [i16; 3], b: [i16; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= TOLERANCE);
    let back = pixel(0);
    if ![w - 1, (h - 1) * w, h * w - 1].into_iter().all(|corner| near(pixel(corner), back)) {
        return None;
    }
    let mut clear = vec![false; w * h];
    let mut pending: Vec<usize> =
        (0..w).flat_map(|x| [x, (h - 1) * w + x]).chain((0..h).flat_map(|y| [y * w, y * w + w - 1])).collect();
    let mut n_cut = 0;
    while let Some(i) = pending.pop() {
        if clear[i] || !near(pixel(i), back) {
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
    for (pixel, clear) in cut.data.chunks_exact_mut(4).zip(clear) {
        if clear {
            pixel[3] = 0;
        }
    }
    Some(cut)
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
        assert_eq!(cut.data.chunks_exact(4).filter(|pixel| pixel[3] == 255).count(), 80);
        frame.data[0] = 0;
        assert_eq!(cut_out(&frame), None);
        assert_eq!(cut_out(&Frame::default()), None);
    }

    #[test]
    fn covering_keeps_the_middle() {
        let frame = Frame { width: 2, height: 1, data: vec![0, 0, 0, 255, 200, 200, 200, 255] };
        let big = cover(&frame, 4, 4).expect("a picture");
        assert_eq!((big.width, big.height, big.data.len()), (4, 4, 64));
        assert_eq!(cover(&Frame::default(), 4, 4), None);
    }
}
