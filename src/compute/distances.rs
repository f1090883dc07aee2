//! Distances between two windows of pictures: how far apart, in which direction, and how large a repair would be.
//!
//! Knows no verdicts: what is too far is decided where cuts are compared.

use crate::linear::{product, square_root, trace};
use crate::oklab::{ciede2000, cielab};
use crate::stats::Window;

/// Hellinger distance of the OKLab histograms, 0 (equal) to 1 (nothing in common). The most sensitive detector.
pub(crate) fn hellinger(a: &Window, b: &Window) -> f64 {
    let total = |window: &Window| window.histogram.iter().map(|(_, share)| share).sum::<f64>().max(1e-12);
    let (total_a, total_b) = (total(a), total(b));
    let (mut left, mut right) = (a.histogram.iter().peekable(), b.histogram.iter().peekable());
    let mut sum = 0.0;
    loop {
        let bin = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some((bin, _)), None) | (None, Some((bin, _))) => *bin,
            (Some((one, _)), Some((other, _))) => *one.min(other),
        };
        let p = left.next_if(|(at, _)| *at == bin).map_or(0.0, |(_, share)| share / total_a);
        let q = right.next_if(|(at, _)| *at == bin).map_or(0.0, |(_, share)| share / total_b);
        sum += (p.sqrt() - q.sqrt()).powi(2);
    }
    (sum / 2.0).sqrt().min(1.0)
}

/// Earth mover's distance of lightness.
pub(crate) fn emd_l(a: &Window, b: &Window) -> f64 {
    let n = a.quantiles.len().min(b.quantiles.len()).max(1);
    a.quantiles.iter().zip(&b.quantiles).map(|(x, y)| (x - y).abs()).sum::<f64>() / n as f64
}

/// Wasserstein distance of the Gaussians in OKLab: the size of the MKL repair.
pub(crate) fn gaussian_w2(a: &Window, b: &Window) -> f64 {
    let means: f64 = a.mean.iter().zip(b.mean).map(|(x, y)| (x - y).powi(2)).sum();
    let root = square_root(&a.covariance);
    let cross = square_root(&product(&product(&root, &b.covariance), &root));
    (means + trace(&a.covariance) + trace(&b.covariance) - 2.0 * trace(&cross)).max(0.0).sqrt()
}

/// Exposure step from `a` to `b` in stops.
pub(crate) fn d_ev(a: &Window, b: &Window) -> f64 {
    b.ev - a.ev
}

/// Step of median lightness from `a` to `b`.
pub(crate) fn d_l(a: &Window, b: &Window) -> f64 {
    b.l_median - a.l_median
}

/// Distance of mean chroma.
pub(crate) fn d_ab(a: &Window, b: &Window) -> f64 {
    (a.mean[1] - b.mean[1]).hypot(a.mean[2] - b.mean[2])
}

/// CIEDE2000 of the mean colours.
pub(crate) fn d_e00(a: &Window, b: &Window) -> f64 {
    ciede2000(cielab(a.mean), cielab(b.mean))
}

/// Angle between the colours of light, in degrees; up to 3 is usually fine.
pub(crate) fn white_balance_angle(a: &Window, b: &Window) -> f64 {
    let norm = |v: [f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-12);
    let dot: f64 = a.illuminant.iter().zip(b.illuminant).map(|(x, y)| x * y).sum();
    (dot / (norm(a.illuminant) * norm(b.illuminant))).clamp(-1.0, 1.0).acos().to_degrees()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::Tally;
    use crate::testing::{flat, picture};

    fn window(frame: &engine::codec::Frame) -> Window {
        Tally::of(frame).window((0, 1))
    }

    #[test]
    fn equal_windows_are_at_no_distance() {
        let a = window(&picture(5, [1.0; 3]));
        assert_eq!(hellinger(&a, &a), 0.0);
        assert_eq!(emd_l(&a, &a), 0.0);
        assert!(gaussian_w2(&a, &a) < 1e-6);
        assert_eq!(d_e00(&a, &a), 0.0);
        assert!(white_balance_angle(&a, &a) < 1e-5);
    }

    #[test]
    fn black_and_white_have_nothing_in_common() {
        assert!(0.999 < hellinger(&window(&flat([0; 3])), &window(&flat([255; 3]))));
    }

    #[test]
    fn a_stop_is_a_stop() {
        let (a, b) = (window(&picture(5, [0.4; 3])), window(&picture(5, [0.8; 3])));
        assert!((d_ev(&a, &b) - 1.0).abs() < 0.12, "{}", d_ev(&a, &b));
        assert!(0.0 < d_l(&a, &b) && d_ab(&a, &b) < 0.02);
    }

    #[test]
    fn detection_thresholds_see_what_they_were_calibrated_for() {
        let a = window(&picture(9, [0.6; 3]));
        let brighter = window(&picture(9, [0.6 * 1.414; 3]));
        assert!(0.12 < hellinger(&a, &brighter) && 0.04 < d_l(&a, &brighter) && 2.3 < d_e00(&a, &brighter));
        let warmer = window(&picture(9, [0.6 * 1.12, 0.6, 0.6 / 1.12]));
        assert!(0.011 < d_ab(&a, &warmer) && d_ev(&a, &warmer).abs() < 0.1);
        assert!(3.0 < white_balance_angle(&a, &warmer));
    }

    proptest! {
        #[test]
        fn shifted_lightness_costs_its_shift(shift in 0.0f64..0.2) {
            let a = window(&picture(5, [0.5; 3]));
            let b = Window { quantiles: a.quantiles.iter().map(|q| q + shift).collect(), ..a.clone() };
            prop_assert!((emd_l(&a, &b) - shift).abs() < 1e-9);
        }

        #[test]
        fn distances_are_symmetric_and_bounded(one in 0u64..50, two in 0u64..50) {
            let (a, b) = (window(&picture(one, [1.0; 3])), window(&picture(two, [0.7; 3])));
            let h = hellinger(&a, &b);
            prop_assert!((0.0..=1.0).contains(&h) && (h - hellinger(&b, &a)).abs() < 1e-12);
            prop_assert!((gaussian_w2(&a, &b) - gaussian_w2(&b, &a)).abs() < 1e-6);
        }
    }
}
