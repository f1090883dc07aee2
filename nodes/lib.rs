//! Node kinds, one file each: declaration and pure plan.
//!
//! Knows the model only: no engine, no I/O, no codec. A new node is one file, one `mod` line and one line in `ALL`.

pub mod breakdown;
pub mod fountain;
mod structure_breakdown;
mod structure_script;
mod structure_shots;
#[cfg(test)]
mod testing;

use model::{Catalog, NodeSpec};

/// Every kind, in the order of palette and reference page.
pub const ALL: &[&NodeSpec] = &[&structure_script::SPEC, &structure_breakdown::SPEC, &structure_shots::SPEC];

/// The kinds that this build offers.
pub const CATALOG: Catalog = Catalog(ALL);
