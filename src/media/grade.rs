//! Grades as one table of 33 by 33 by 33 colours, looked up with tetrahedral interpolation.
//!
//! Knows colours only. All grades of a piece become one table, so a fifth grade costs nothing per frame; evaluating
//! them per pixel in floating point would cost a power function for each.

use engine::codec::Frame;
use model::Grade;

const SIDE: usize = 33;

/// Mid-grey in linear light: contrast turns around it.
const MID_GREY: f64 = 0.18;

/// Gain on red, and its inverse on blue, at full temperature, in stops.
const TEMPERATURE_STOPS: f64 = 0.5;

/// All grades of a piece.
pub(crate) struct Table {
    /// Red slowest, blue fastest; sRGB code values with seven fractional bits.
    cells: Vec<[i32; 3]>,
}

const CELL_BITS: u32 = 7;

impl Table {
    /// The table for grades in order; none where they change nothing.
    pub(crate) fn new(grades: &[Grade]) -> Option<Table> {
        let neutral = Grade::default();
        if grades.iter().all(|grade| *grade == neutral) {
            return None;
        }
        let level = |i: usize| i as f64 / (SIDE - 1) as f64;
        let mut cells = Vec::with_capacity(SIDE * SIDE * SIDE);
        for r in 0..SIDE {
            for g in 0..SIDE {
                for b in 0..SIDE {
                    let mut linear = [level(r), level(g), level(b)].map(to_linear);
                    for grade in grades {
                        linear = graded(grade, linear);
                    }
                    cells.push(linear.map(|value| {
                        let code = to_srgb(if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 });
                        (code * 255.0 * f64::from(1 << CELL_BITS)).round() as i32
                    }));
                }
            }
        }
        Some(Table { cells })
    }

    /// Grades a picture in place.
    pub(crate) fn apply(&self, frame: &mut Frame) {
        let mut last = ([0; 3], self.look([0; 3]));
        for pixel in frame.data.chunks_exact_mut(4) {
            let rgb = [pixel[0], pixel[1], pixel[2]];
            if rgb != last.0 {
                last = (rgb, self.look(rgb));
            }
            pixel[..3].copy_from_slice(&last.1);
        }
    }

    fn look(&self, rgb: [u8; 3]) -> [u8; 3] {
        // 255 * 32 / 255: places in units of 1/255 of a cell, exact in integers.
        let scaled = rgb.map(|value| i32::from(value) * (SIDE as i32 - 1));
        let cell = scaled.map(|value| (value / 255).min(SIDE as i32 - 2) as usize);
        let [x, y, z] = [0, 1, 2].map(|i| scaled[i] - cell[i] as i32 * 255);
        let (red, green, blue) = (SIDE * SIDE, SIDE, 1);
        let origin = cell[0] * red + cell[1] * green + cell[2];
        // The tetrahedron: along the largest fraction first, then the next.
        let (first, second, [a, b, c]) = match (x >= y, y >= z, x >= z) {
            (true, true, _) => (red, red + green, [x, y, z]),
            (true, false, true) => (red, red + blue, [x, z, y]),
            (true, false, false) => (blue, blue + red, [z, x, y]),
            (false, false, _) => (blue, blue + green, [z, y, x]),
            (false, true, true) => (green, green + red, [y, x, z]),
            (false, true, false) => (green, green + blue, [y, z, x]),
        };
        let corners = [
            self.cells[origin],
            self.cells[origin + first],
            self.cells[origin + second],
            self.cells[origin + red + green + blue],
        ];
        let weights = [255 - a, a - b, b - c, c];
        [0, 1, 2].map(|i| {
            let sum: i32 = (0..4).map(|k| corners[k][i] * weights[k]).sum();
            let one = 255 << CELL_BITS;
            ((sum + one / 2) / one).clamp(0, 255) as u8
        })
    }
}

/// One grade on a colour in linear light: exposure, temperature, contrast, saturation, gains, OKLab.
fn graded(grade: &Grade, mut rgb: [f64; 3]) -> [f64; 3] {
    let exposure = 2_f64.powf(grade.exposure);
    let warmth = 2_f64.powf(grade.temperature * TEMPERATURE_STOPS);
    rgb = [rgb[0] * exposure * warmth, rgb[1] * exposure, rgb[2] * exposure / warmth];
    if grade.contrast != 1.0 {
        rgb = rgb.map(|value| MID_GREY * (value.max(0.0) / MID_GREY).powf(grade.contrast.max(0.0)));
    }
    if grade.saturation != 1.0 {
        let luma = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
        rgb = rgb.map(|value| luma + (value - luma) * grade.saturation);
    }
    if let Some(gains) = grade.gains {
        rgb = [rgb[0] * gains[0], rgb[1] * gains[1], rgb[2] * gains[2]];
    }
    if let Some(m) = &grade.oklab {
        let lab = to_oklab(rgb.map(|value| value.max(0.0)));
        let row = |i: usize| m[i] * lab[0] + m[i + 1] * lab[1] + m[i + 2] * lab[2] + m[i + 3];
        rgb = from_oklab([row(0), row(4), row(8)]);
    }
    rgb
}

fn to_linear(code: f64) -> f64 {
    if code <= 0.040_45 { code / 12.92 } else { ((code + 0.055) / 1.055).powf(2.4) }
}

fn to_srgb(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

/// Björn Ottosson's matrices, linear sRGB to OKLab.
fn to_oklab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

fn from_oklab([lightness, a, b]: [f64; 3]) -> [f64; 3] {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(grade: &Grade, rgb: [u8; 3]) -> [u8; 3] {
        let mut frame = Frame { width: 1, height: 1, data: vec![rgb[0], rgb[1], rgb[2], 255] };
        Table::new(std::slice::from_ref(grade)).unwrap().apply(&mut frame);
        assert_eq!(frame.data[3], 255, "alpha stays");
        [frame.data[0], frame.data[1], frame.data[2]]
    }

    fn near(a: [u8; 3], b: [u8; 3], slack: u8) -> bool {
        a.iter().zip(&b).all(|(a, b)| a.abs_diff(*b) <= slack)
    }

    #[test]
    fn neutral_grades_need_no_table() {
        assert!(Table::new(&[Grade::default(), Grade::default()]).is_none());
        // An identity in OKLab is not neutral by comparison, but by its result.
        let same = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        let grade = Grade { oklab: Some(Box::new(same)), ..Grade::default() };
        for rgb in [[0, 0, 0], [255, 255, 255], [12, 200, 77], [255, 0, 128], [1, 2, 3], [250, 251, 3]] {
            assert_eq!(shown(&grade, rgb), rgb);
        }
    }

    #[test]
    fn each_control_does_what_it_says() {
        // A stop is a doubling of linear light: sRGB 100 is 0.127 linear, doubled 0.2547, which is code 138.
        assert!(near(shown(&Grade { exposure: 1.0, ..Grade::default() }, [100; 3]), [138; 3], 1));
        let warm = shown(&Grade { temperature: 1.0, ..Grade::default() }, [120; 3]);
        assert!(120 < warm[0] && warm[1] == 120 && warm[2] < 120, "{warm:?}");
        // Code 118 is mid-grey.
        let grade = Grade { contrast: 1.5, ..Grade::default() };
        assert!(near(shown(&grade, [118; 3]), [118; 3], 1));
        assert!(shown(&grade, [200; 3])[0] > 200 && shown(&grade, [60; 3])[0] < 60);
        let grey = shown(&Grade { saturation: 0.0, ..Grade::default() }, [200, 100, 50]);
        assert!(grey[0].abs_diff(grey[1]) <= 2 && grey[1].abs_diff(grey[2]) <= 2, "{grey:?}");
        let grade = Grade { gains: Some([2.0, 1.0, 1.0]), ..Grade::default() };
        assert!(near(shown(&grade, [100, 100, 100]), [138, 100, 100], 1));
    }

    #[test]
    fn absurd_numbers_stay_pictures() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
            let grade =
                Grade { exposure: value, contrast: value, saturation: value, temperature: value, ..Grade::default() };
            shown(&grade, [10, 100, 200]);
            shown(
                &Grade { oklab: Some(Box::new([value; 12])), gains: Some([value; 3]), ..Grade::default() },
                [10, 100, 200],
            );
        }
    }
}
