//! The engine: plans items, computes keys, keeps states, runs lanes, stores results.
//!
//! Knows no egui, no GStreamer, no HTTP: workers and codecs come in through traits.

pub mod caps;
pub mod codec;
pub mod demand;
pub mod engine;
mod evaluator;
pub mod explain;
mod files;
mod graph;
mod items;
mod joint;
pub mod lanes;
pub mod meet;
pub mod memory;
pub mod models;
pub mod money;
pub mod moved;
mod needs;
pub mod record;
pub mod remote;
pub mod scratch;
mod shapes;
pub mod state;
pub mod store;
pub mod traces;
mod transitions;
mod whole;
pub mod worker;

pub use evaluator::Counters;
pub use needs::Wanted;
pub use whole::is_whole;

#[cfg(test)]
mod take_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod visit_tests;
