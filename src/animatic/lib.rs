//! The embedded previs model: draws each shot as a moving storyboard panel with scratch sound, and makes scratch voices,
//! sounds and music on their own, on the CPU.
//!
//! The same call gives the same bytes on every machine: one renderer at one fixed level of instructions, sines of our
//! own, chance only from seeds. It knows calls, shots and references, never graphs, stores or files; pixels leave
//! through the engine's codec trait. Drawing on a GPU was rejected: its pixels differ between drivers.

mod above;
mod arrows;
mod blocking;
mod brief;
mod canvas;
mod coast;
mod cutout;
mod enclosed;
mod figure;
mod head;
mod indoors;
mod lens;
mod light;
mod look;
mod math;
mod outdoors;
mod overlay;
mod place;
mod pose;
mod prop;
mod scene;
mod scratch;
mod set;
mod shapes;
mod sky;
mod sound;
mod still_life;
mod text;
mod tone;
mod view;
mod voice;
mod worker;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod worker_tests;

pub use scene::{LONGEST, MOST_FRAMES, Pictures, Scene, draw};
pub use scratch::{effect, music, voice};
pub use sound::sound;
pub use worker::Animatic;

/// The model's name, as calls and decisions name it.
pub const MODEL: &str = "animatic";
/// Part of the key of every call: raised when its pixels or samples change.
pub const VERSION: u32 = 3;
/// What it makes.
pub const TASKS: &[model::Task] =
    &[model::Task::Image, model::Task::Video, model::Task::Voice, model::Task::Sound, model::Task::Music];

/// The names that `options` of a call may have. A scratch voice goes by who speaks: what casts and directs a hosted one
/// is known, and stands in the take for whoever speaks it later.
pub fn options(task: model::Task) -> &'static [&'static str] {
    match task {
        model::Task::Image | model::Task::Video => &["arrows"],
        model::Task::Voice => &["voice", "instructions"],
        model::Task::Text | model::Task::Sound | model::Task::Music => &[],
    }
}
