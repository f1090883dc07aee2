//! Throughline: the production system around AI video models.
//!
//! This package only puts parts together: it opens projects, owns the session, and offers the command line.

#[cfg(feature = "gui")]
mod app;
pub mod caps;
pub mod carried;
pub mod cli;
pub mod export;
mod health;
pub mod jobs;
pub mod ledger;
pub mod project;
pub mod router;
pub mod session;
pub mod settled;
mod taste;
mod workers;
mod workflows;
