//! Throughline: the production system around AI video models.
//!
//! This package only puts parts together: it opens projects, owns the session, and offers the command line.

pub mod cli;
mod export;
pub mod project;
pub mod router;
pub mod session;
mod workers;
