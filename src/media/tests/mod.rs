//! The package as its users see it. Every test is skipped, with a message, where GStreamer is not installed.

mod bad;
mod film;
mod picture;
mod sound;
