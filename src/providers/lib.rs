//! Hosted and local models: manifests as data, one interpreter over HTTP, credentials, remote jobs.
//!
//! Knows calls, prices and networks; knows no graph, no window and no codec: what a downloaded file contains is found
//! out by a worker that the program hands over. A class for each provider was rejected: it hides what each can do.

// A refusal is built once per job and read by people: its size does not matter, its fields do.
#![allow(clippy::result_large_err)]

mod answer;
pub mod catalog;
mod check;
pub mod comfy;
mod download;
mod error;
mod events;
mod fetch;
mod gate;
mod google;
mod hosted;
mod http;
pub mod keys;
mod lane;
mod later;
pub mod manifest;
mod named;
mod pass;
mod previews;
mod reach;
mod request;
pub mod router;
mod secret;
mod spool;
mod template;
#[cfg(test)]
mod tests;
mod upload;

pub use catalog::Catalog;
pub use check::{Checked, Standing, check};
pub use error::ProviderError;
pub use http::{Http, Timing};
pub use keys::Keys;
pub use lane::{Observation, Observer, Setup, lane, lanes, lasting};
pub use manifest::{Ask, Entry, Misfit, Stage};
pub use named::judge_name;
pub use previews::Previews;
pub use secret::Secret;
