//! Providers against a fake: what is sent, what comes of every answer, what a run leaves behind.

mod bench;
mod comfy;
mod crash;
mod crowd;
mod doomed;
mod fake;
mod flow;
mod judge;
mod matrix;
mod schema;
mod shapes;
mod uploads;
