//! Node kinds.
