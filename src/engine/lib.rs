//! The engine: plans items, computes keys, keeps states, runs lanes, stores results.
//!
//! Knows no egui, no GStreamer, no HTTP: workers and codecs come in through traits.

pub mod codec;
pub mod scratch;
pub mod store;
pub mod worker;
