//! Hosted and local models: manifests as data, one interpreter over HTTP, credentials, remote jobs.
//!
//! Knows calls, prices and networks; knows no graph, no window and no codec: what a downloaded file contains is found
//! out by a worker that the program hands over. A class for each provider was rejected: it hides what each can do.

// A refusal is built once per job and read by people: its size does not matter, its fields do.
#![allow(clippy::result_large_err)]

pub mod catalog;
pub mod manifest;
mod template;

pub use catalog::Catalog;
pub use manifest::{Ask, Entry, Misfit, Stage};
