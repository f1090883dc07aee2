//! How good a model is taken to be: by its tier, moved by what the user did with its takes.
//!
//! Knows counts, not takes; who counts them knows the graph. A few takes move the estimate little and many move it far,
//! so that one bad draw does not banish a model. Judging by takes alone was rejected: they say nothing about a model
//! that was never tried.

use serde::Serialize;

/// What a user did with takes of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Taste {
    /// Takes that the user pinned, or went back to.
    pub chosen: u32,
    /// Takes that the user rolled again.
    pub rolled: u32,
}

/// As many takes as the tier counts for.
const WEIGHT: u64 = 8;
/// What a model without a tier is taken for once the user has chosen a take of it: in the middle.
const MIDDLE: u64 = 600;

/// The quality in thousandths; none where nothing is known. Takes that were rolled again alone say nothing about a model
/// without a tier, since it stands behind all others already.
pub(super) fn quality(tier: Option<u8>, taste: Taste) -> Option<u32> {
    let stars = tier.map(|tier| u64::from(tier.min(5)) * 200);
    let (chosen, rolled) = (u64::from(taste.chosen), u64::from(taste.rolled));
    let before = stars.or_else(|| (0 < chosen).then_some(MIDDLE))?;
    Some(((before * WEIGHT + 1000 * chosen) / (WEIGHT + chosen + rolled)) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_few_takes_move_it_little_and_many_far() {
        let of = |chosen, rolled| quality(Some(3), Taste { chosen, rolled });
        assert_eq!(
            (of(0, 0), of(1, 0), of(0, 1), of(40, 0), of(0, 40)),
            (Some(600), Some(644), Some(533), Some(933), Some(100))
        );
        assert_eq!(quality(None, Taste { chosen: 0, rolled: 9 }), None);
        assert_eq!(quality(None, Taste { chosen: 1, rolled: 0 }), Some(644));
    }

    proptest! {
        #[test]
        fn chosen_takes_never_lower_it_and_rolled_ones_never_raise_it(
            tier in prop::option::of(0u8..9), chosen in 0u32..u32::MAX, rolled in 0u32..u32::MAX,
        ) {
            let of = |chosen, rolled| quality(tier, Taste { chosen, rolled });
            prop_assert!(of(chosen, rolled) <= of(chosen + 1, rolled));
            prop_assert!(of(chosen, rolled + 1) <= of(chosen, rolled));
            prop_assert!(of(chosen, rolled).is_none_or(|it| it <= 1000));
            prop_assert_eq!(of(0, 0), tier.map(|tier| u32::from(tier.min(5)) * 200), "no takes change nothing");
        }
    }
}
