//! Numbers that come out the same on every processor: sines from `libm`, seeded chance, easing.
//!
//! The standard library's sine is the system's and differs in its last bit between systems, so it is not used where
//! a pixel or a sample depends on it.

use model::Digest;

pub(crate) const TAU: f64 = std::f64::consts::TAU;

pub(crate) fn sin(x: f64) -> f64 {
    libm::sin(x)
}

pub(crate) fn cos(x: f64) -> f64 {
    libm::cos(x)
}

pub(crate) fn lerp(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

/// 0 to 1 with zero speed and acceleration at both ends.
pub(crate) fn ease(u: f64) -> f64 {
    let u = u.clamp(0.0, 1.0);
    u * u * u * (u * (u * 6.0 - 15.0) + 10.0)
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(crate) fn ramp(from: f64, to: f64, x: f64) -> f64 {
    let u = ((x - from) / (to - from)).clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

/// A finite number, zero where it is none.
pub(crate) fn finite(x: f64) -> f64 {
    if x.is_finite() { x } else { 0.0 }
}

/// A seed from a name: the same name, any case, is the same seed everywhere.
pub(crate) fn seed_of(name: &str) -> u64 {
    let digest = Digest::of(name.trim().to_uppercase().as_bytes());
    u64::from_le_bytes(std::array::from_fn(|i| digest.0[i]))
}

/// A slow wandering value in about -1 to 1.
pub(crate) fn wander(seed: u64, t: f64) -> f64 {
    let mut rng = Rng::new(seed);
    let mut sum = 0.0;
    for (speed, weight) in [(0.31, 0.5), (0.73, 0.3), (1.61, 0.2)] {
        sum += weight * sin(TAU * (t * speed * rng.range(0.85, 1.15) + rng.unit()));
    }
    sum
}

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn range(&mut self, from: f64, to: f64) -> f64 {
        lerp(from, to, self.unit())
    }

    /// An index below `n`, which is not zero.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easing_meets_its_ends() {
        assert_eq!((ease(-1.0), ease(0.0), ease(1.0), ease(2.0)), (0.0, 0.0, 1.0, 1.0));
        assert_eq!(ramp(1.0, 2.0, 1.5), 0.5);
        assert_eq!(finite(f64::NAN), 0.0);
    }

    #[test]
    fn seeds_ignore_case_only() {
        assert_eq!(seed_of("Mara "), seed_of("MARA"));
        assert_ne!(seed_of("MARA"), seed_of("TOM"));
    }
}
