//! Symmetric 3x3 matrices: eigenvectors by Jacobi rotations, and functions of a matrix through them.
//!
//! Knows numbers only. A linear algebra crate would bring general matrices for the one size that colour needs.

/// Rows of a 3x3 matrix.
pub(crate) type Matrix = [[f64; 3]; 3];

/// The identity.
pub(crate) const IDENTITY: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// The product of two matrices.
pub(crate) fn product(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

/// A matrix applied to a vector.
pub(crate) fn applied(m: &Matrix, v: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| (0..3).map(|k| m[i][k] * v[k]).sum())
}

/// The sum of the diagonal.
pub(crate) fn trace(m: &Matrix) -> f64 {
    m[0][0] + m[1][1] + m[2][2]
}

/// The matrix with `epsilon` added on the diagonal, so that flat pictures have an inverse.
pub(crate) fn raised(m: &Matrix, epsilon: f64) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| m[i][j] + if i == j { epsilon } else { 0.0 }))
}

/// Eigenvalues and, as columns, eigenvectors of a symmetric matrix. Ten sweeps reach the last bit.
pub(crate) fn eigen(m: &Matrix) -> ([f64; 3], Matrix) {
    let (mut a, mut vectors) = (*m, IDENTITY);
    for _ in 0..10 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if a[p][q] == 0.0 {
                continue;
            }
            let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
            let c = 1.0 / (t * t + 1.0).sqrt();
            let s = t * c;
            let mut turn = IDENTITY;
            (turn[p][p], turn[q][q], turn[p][q], turn[q][p]) = (c, c, s, -s);
            let back: Matrix = std::array::from_fn(|i| std::array::from_fn(|j| turn[j][i]));
            a = product(&product(&back, &a), &turn);
            vectors = product(&vectors, &turn);
        }
    }
    ([a[0][0], a[1][1], a[2][2]], vectors)
}

/// A function of a symmetric matrix: applied to its eigenvalues.
pub(crate) fn mapped(m: &Matrix, f: impl Fn(f64) -> f64) -> Matrix {
    let (values, vectors) = eigen(m);
    let values = values.map(f);
    std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| vectors[i][k] * values[k] * vectors[j][k]).sum()))
}

/// The square root of a covariance; what rounding made negative counts as zero.
pub(crate) fn square_root(m: &Matrix) -> Matrix {
    mapped(m, |value| value.max(0.0).sqrt())
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    pub(crate) fn close(a: &Matrix, b: &Matrix, tolerance: f64) {
        for (x, y) in a.iter().flatten().zip(b.iter().flatten()) {
            assert!((x - y).abs() <= tolerance, "{a:?} is not {b:?}");
        }
    }

    /// Covariances of any shape: a random square times its transpose.
    pub(crate) fn covariances() -> impl Strategy<Value = Matrix> {
        prop::array::uniform9(-0.3f64..0.3).prop_map(|x| {
            let root: Matrix = [[x[0], x[1], x[2]], [x[3], x[4], x[5]], [x[6], x[7], x[8]]];
            std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| root[i][k] * root[j][k]).sum()))
        })
    }

    #[test]
    fn a_known_matrix_has_known_eigenvalues() {
        let (mut values, _) = eigen(&[[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 5.0]]);
        values.sort_by(f64::total_cmp);
        for (found, wanted) in values.iter().zip([1.0, 3.0, 5.0]) {
            assert!((found - wanted).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn the_square_root_squares_back(m in covariances()) {
            let root = square_root(&m);
            close(&product(&root, &root), &m, 1e-12);
        }

        #[test]
        fn eigenvectors_are_orthonormal(m in covariances()) {
            let (_, v) = eigen(&m);
            let transposed: Matrix = std::array::from_fn(|i| std::array::from_fn(|j| v[j][i]));
            close(&product(&transposed, &v), &IDENTITY, 1e-12);
        }
    }
}
