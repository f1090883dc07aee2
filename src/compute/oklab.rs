//! sRGB, linear light, OKLab and CIE Lab: the spaces that every measure here is taken in.
//!
//! Knows colours only, no pictures. Per-pixel paths are f32 with an own cube root: `cbrt` of the platform's maths
//! library differs between platforms, and measures must not. CIEDE2000 comes from `palette`.

use std::sync::LazyLock;

use palette::color_difference::Ciede2000;
use palette::white_point::D65;
use palette::{FromColor, Lab, LinSrgb};

/// Linear light of every 8-bit sRGB code.
pub(crate) static LINEAR: LazyLock<[f32; 256]> =
    LazyLock::new(|| std::array::from_fn(|code| decoded(code as f64 / 255.0) as f32));

/// Linear light of an sRGB value, both 0 to 1.
pub(crate) fn decoded(c: f64) -> f64 {
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// Relative luminance of linear sRGB.
pub(crate) fn luminance([r, g, b]: [f32; 3]) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Cube root of a number that is not negative: a guess from the exponent, then two Halley steps.
fn cube_root(x: f32) -> f32 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut y = f32::from_bits(x.to_bits() / 3 + 0x2a51_19f2);
    for _ in 0..2 {
        let cube = y * y * y;
        y *= (cube + 2.0 * x) / (2.0 * cube + x);
    }
    y
}

/// OKLab of linear sRGB that is not negative.
pub(crate) fn oklab([r, g, b]: [f32; 3]) -> [f32; 3] {
    let l = cube_root(0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b);
    let m = cube_root(0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b);
    let s = cube_root(0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b);
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// Linear sRGB of OKLab; outside 0 to 1 where the colour is out of gamut.
pub(crate) fn linear_of_oklab([l, a, b]: [f32; 3]) -> [f32; 3] {
    let cube = |x: f32| x * x * x;
    let lms = [
        cube(l + 0.396_337_78 * a + 0.215_803_76 * b),
        cube(l - 0.105_561_346 * a - 0.063_854_17 * b),
        cube(l - 0.089_484_18 * a - 1.291_485_5 * b),
    ];
    [
        4.076_741_7 * lms[0] - 3.307_711_6 * lms[1] + 0.230_969_93 * lms[2],
        -1.268_438 * lms[0] + 2.609_757_4 * lms[1] - 0.341_319_4 * lms[2],
        -0.004_196_086_3 * lms[0] - 0.703_418_6 * lms[1] + 1.707_614_7 * lms[2],
    ]
}

/// CIE Lab (D65) of an OKLab colour, kept inside sRGB.
pub(crate) fn cielab(lab: [f64; 3]) -> [f64; 3] {
    let [r, g, b] = linear_of_oklab(lab.map(|x| x as f32)).map(|x| f64::from(x).clamp(0.0, 1.0));
    let lab: Lab<D65, f64> = Lab::from_color(LinSrgb::new(r, g, b));
    [lab.l, lab.a, lab.b]
}

/// CIEDE2000 between two CIE Lab colours, with all weights 1.
pub(crate) fn ciede2000(one: [f64; 3], other: [f64; 3]) -> f64 {
    let lab = |[l, a, b]: [f64; 3]| Lab::<D65, f64>::new(l, a, b);
    lab(one).difference(lab(other))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::encoded;

    #[track_caller]
    fn close(found: [f32; 3], wanted: [f64; 3], tolerance: f64) {
        for (f, w) in found.iter().zip(wanted) {
            assert!((f64::from(*f) - w).abs() <= tolerance, "{found:?} is not {wanted:?}");
        }
    }

    #[test]
    fn primaries_white_and_grey_are_the_published_values() {
        close(oklab([1.0, 0.0, 0.0]), [0.62796, 0.22486, 0.12585], 2e-5);
        close(oklab([0.0, 1.0, 0.0]), [0.86644, -0.23389, 0.17950], 2e-5);
        close(oklab([0.0, 0.0, 1.0]), [0.45201, -0.03246, -0.31153], 2e-5);
        close(oklab([1.0; 3]), [1.0, 0.0, 0.0], 2e-5);
        close(oklab([decoded(0.5) as f32; 3]), [0.59818, 0.0, 0.0], 2e-5);
        assert_eq!(oklab([0.0; 3]), [0.0; 3]);
    }

    #[test]
    fn exposure_steps_move_mid_grey_as_calibrated() {
        let grey = decoded(0.5) as f32;
        for (stops, wanted) in [(0.1, 0.013), (0.15, 0.020), (0.3, 0.040), (0.5, 0.069), (1.0, 0.146)] {
            let moved = oklab([grey * f32::powf(2.0, stops); 3])[0] - oklab([grey; 3])[0];
            assert!((f64::from(moved) - wanted).abs() < 0.012, "{stops}: {moved}");
        }
    }

    #[test]
    fn ciede2000_passes_the_sharma_pairs() {
        let pairs = [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, -1.0, 2.0], [50.0, 0.0, 0.0], 2.3669),
            ([50.0, 2.49, -0.001], [50.0, -2.49, 0.0009], 7.1792),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
            ([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ];
        for (one, other, wanted) in pairs {
            assert!((ciede2000(one, other) - wanted).abs() < 1e-4, "{one:?} {other:?}");
            assert!((ciede2000(other, one) - wanted).abs() < 1e-4, "it is symmetric");
            assert_eq!(ciede2000(one, one), 0.0);
        }
    }

    proptest! {
        #[test]
        fn the_cube_root_is_exact_to_the_last_bits(x in 1e-7f32..2.0) {
            let wanted = f64::from(x).cbrt();
            prop_assert!((f64::from(cube_root(x)) - wanted).abs() <= 3e-7 * wanted);
        }

        #[test]
        fn oklab_round_trips(r in 0.0f32..1.0, g in 0.0f32..1.0, b in 0.0f32..1.0) {
            let back = linear_of_oklab(oklab([r, g, b]));
            close(back, [r, g, b].map(f64::from), 1e-4);
        }

        #[test]
        fn srgb_round_trips(c in 0.0f64..1.0) {
            prop_assert!((encoded(decoded(c)) - c).abs() < 1e-6);
        }
    }
}
