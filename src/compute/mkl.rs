//! Colour transfer between statistics: Monge-Kantorovich (Pitié and Kokaram 2007) and Reinhard, as affine maps in
//! OKLab.
//!
//! Affine maps are what a recipe's grade can hold. Histogram matching is refused: across framings it creates the
//! error that it promises to remove.

use crate::linear::{IDENTITY, Matrix, applied, mapped, product, raised, square_root};
use crate::stats::Window;

/// Added to variances, so that a flat picture neither divides by zero nor amplifies noise without bound.
const EPSILON: f64 = 1e-6;
/// How much a map may stretch or squeeze any direction of colour.
const STRETCH: f64 = 2.5;

/// `x' = m x + offset` on OKLab.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) m: Matrix,
    pub(crate) offset: [f64; 3],
}

impl Affine {
    /// The map that takes `from` to `to` and is `m` around it.
    fn around(m: Matrix, from: [f64; 3], to: [f64; 3]) -> Affine {
        let moved = applied(&m, from);
        Affine { m, offset: std::array::from_fn(|i| to[i] - moved[i]) }
    }

    /// The map at `strength`: 0 changes nothing, 1 is the whole map.
    #[must_use]
    pub(crate) fn blended(&self, strength: f64) -> Affine {
        Affine {
            m: std::array::from_fn(|i| {
                std::array::from_fn(|j| IDENTITY[i][j] + strength * (self.m[i][j] - IDENTITY[i][j]))
            }),
            offset: self.offset.map(|x| x * strength),
        }
    }

    /// As a recipe's grade holds it: three rows of three factors and an offset.
    pub(crate) fn numbers(&self) -> [f64; 12] {
        let [a, b, c] = self.m;
        let o = self.offset;
        [a[0], a[1], a[2], o[0], b[0], b[1], b[2], o[1], c[0], c[1], c[2], o[2]]
    }
}

/// The linear map of least displacement that takes one covariance to another, both invertible.
pub(crate) fn transport(source: &Matrix, reference: &Matrix) -> Matrix {
    let root = square_root(source);
    let inverse = mapped(source, |value| 1.0 / value.max(1e-12).sqrt());
    let middle = square_root(&product(&product(&root, reference), &root));
    product(&product(&inverse, &middle), &inverse)
}

/// The map from the look of `source` to that of `reference`.
pub(crate) fn mkl(source: &Window, reference: &Window) -> Affine {
    let map = transport(&raised(&source.covariance, EPSILON), &raised(&reference.covariance, EPSILON));
    let map = mapped(&map, |stretch| stretch.clamp(1.0 / STRETCH, STRETCH));
    Affine::around(map, source.mean, reference.mean)
}

/// Means and spreads per OKLab channel, spreads changed by at most a factor of two.
pub(crate) fn reinhard(source: &Window, reference: &Window) -> Affine {
    let spread = |window: &Window, i: usize| (window.covariance[i][i].max(0.0) + EPSILON).sqrt();
    let map = std::array::from_fn(|i| {
        std::array::from_fn(|j| if i == j { (spread(reference, i) / spread(source, i)).clamp(0.5, 2.0) } else { 0.0 })
    });
    Affine::around(map, source.mean, reference.mean)
}

#[cfg(test)]
mod tests {
    use engine::codec::Frame;
    use proptest::prelude::*;

    use super::*;
    use crate::linear::tests::{close, covariances};
    use crate::oklab::{LINEAR, ciede2000, cielab, oklab};
    use crate::stats::Tally;
    use crate::testing::{flat, picture};

    fn window(frame: &Frame) -> Window {
        Tally::of(frame).window((0, 1))
    }

    fn apply(map: &Affine, lab: [f64; 3]) -> [f64; 3] {
        let moved = applied(&map.m, lab);
        std::array::from_fn(|i| moved[i] + map.offset[i])
    }

    /// Mean CIEDE2000 left where pixels whose light was multiplied by `gain` are mapped back. The pixels are exact:
    /// 8-bit codes alone differ by about 0.3.
    fn residual(map: &Affine, gain: f64, truth: &Frame) -> f64 {
        let lab = |linear: [f32; 3]| oklab(linear).map(f64::from);
        let errors = truth.data.chunks_exact(4).map(|pixel| {
            let linear = [pixel[0], pixel[1], pixel[2]].map(|code| LINEAR[usize::from(code)]);
            let source = lab(linear.map(|c| c * gain as f32));
            ciede2000(cielab(apply(map, source)), cielab(lab(linear)))
        });
        errors.sum::<f64>() / (truth.data.len() / 4) as f64
    }

    #[test]
    fn a_third_of_a_stop_is_undone_in_the_same_framing() {
        let gain = 2f64.powf(0.3);
        let (truth, source) = (picture(4, [0.7; 3]), picture(4, [0.7 * gain; 3]));
        let untouched = Affine { m: IDENTITY, offset: [0.0; 3] };
        assert!(2.0 < residual(&untouched, gain, &truth));
        for map in [mkl(&window(&source), &window(&truth)), reinhard(&window(&source), &window(&truth))] {
            let left = residual(&map, gain, &truth);
            assert!(left < 0.4, "{left}");
        }
    }

    #[test]
    fn half_strength_goes_half_way() {
        let (source, reference) = (window(&picture(4, [0.6; 3])), window(&picture(4, [0.9; 3])));
        let half = apply(&mkl(&source, &reference).blended(0.5), source.mean);
        for (half, (from, to)) in half.iter().zip(source.mean.iter().zip(reference.mean)) {
            assert!((half - (from + to) / 2.0).abs() < 1e-9);
        }
        assert_eq!(mkl(&source, &reference).blended(0.0), Affine { m: IDENTITY, offset: [0.0; 3] });
    }

    #[test]
    fn flat_pictures_give_finite_bounded_maps() {
        for (a, b) in [(flat([0; 3]), picture(1, [1.0; 3])), (picture(1, [1.0; 3]), flat([128; 3]))] {
            for map in [mkl(&window(&a), &window(&b)), reinhard(&window(&a), &window(&b))] {
                assert!(map.numbers().iter().all(|x| x.is_finite() && x.abs() < 4.0), "{map:?}");
            }
        }
    }

    #[test]
    fn numbers_are_rows_with_their_offset() {
        let map = Affine { m: [[1.0, 2.0, 3.0], [5.0, 6.0, 7.0], [9.0, 10.0, 11.0]], offset: [4.0, 8.0, 12.0] };
        assert_eq!(map.numbers(), std::array::from_fn(|i| (i + 1) as f64));
    }

    proptest! {
        #[test]
        fn the_same_look_needs_nothing(m in covariances()) {
            close(&transport(&raised(&m, 1e-3), &raised(&m, 1e-3)), &IDENTITY, 1e-8);
        }

        #[test]
        fn the_map_is_symmetric_and_reaches_the_reference(s in covariances(), r in covariances()) {
            let (s, r) = (raised(&s, 1e-3), raised(&r, 1e-3));
            let t = transport(&s, &r);
            let transposed: Matrix = std::array::from_fn(|i| std::array::from_fn(|j| t[j][i]));
            close(&t, &transposed, 1e-8);
            close(&product(&product(&t, &s), &t), &r, 1e-7);
        }
    }
}
