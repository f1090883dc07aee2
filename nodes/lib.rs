//! Node kinds, one file each: declaration and pure plan.
//!
//! Knows the model only: no engine, no I/O, no codec. A new node is one file, one `mod` line and one line in `ALL`.

mod consistency_cuts;
mod consistency_loudness;
mod consistency_match;
mod consistency_measure;
mod measuring;
#[cfg(test)]
mod testing;

use model::{Catalog, NodeSpec};

/// Every kind, in the order of palette and reference page.
pub const ALL: &[&NodeSpec] =
    &[&consistency_measure::SPEC, &consistency_cuts::SPEC, &consistency_match::SPEC, &consistency_loudness::SPEC];

/// The kinds that this build offers.
pub const CATALOG: Catalog = Catalog(ALL);
