//! The whole program, from outside: the house rules, the example graphs, the command line, damaged inputs.

// Everything here is a test; clippy.toml's exception only sees functions marked as one.
#![allow(clippy::unwrap_used)]

mod bad;
mod carried;
mod cli;
mod comfy;
mod dependencies;
#[cfg(feature = "gui")]
mod editor;
mod graphs;
mod groups;
mod helpers;
mod json;
mod keys;
mod kills;
mod models;
mod money;
mod moved;
mod tidy;
mod words;
