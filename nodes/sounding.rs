//! From the parameters of a sound node to a call: what `audio.speech`, `audio.effect` and `audio.music` share.
//!
//! Knows no provider. Seeds come from the node's own and the take, not from elements: the same line in two places is
//! spoken, and paid, once.

use std::sync::Arc;

use model::{Call, Media, ModelChoice, Outputs, ParamSpec, PlanCx, Stop, Task, Value, Work, walk};

use crate::generation::{hash, options};

pub(crate) const MODEL: ParamSpec = ParamSpec::text("model", "auto").help(
    "`auto` makes a scratch track that costs nothing, `cheapest`, `fastest`, `best` and `balanced` choose a hosted \
        model, and a name like `elevenlabs/eleven_v3` is that model",
);
pub(crate) const SEED: ParamSpec =
    ParamSpec::integer("seed", 0, 0, i64::MAX).help("Another number gives another sound; so does another take");

/// The call for a sound of so many seconds.
///
/// # Errors
/// A refusal of parameters that are out of range.
pub(crate) fn call(cx: &PlanCx<'_>, task: Task, prompt: String, seconds: f64) -> Result<Call, Stop> {
    Ok(Call {
        model: ModelChoice::written(&cx.text("model")?),
        rate: cx.settings.fps,
        n_frames: cx.settings.fps.frames_in(seconds),
        seed: hash(&walk::digest_of(&("sound", cx.integer("seed")?, cx.take))),
        take: cx.take,
        sound: true,
        options: options(cx)?,
        ..Call::new(task, prompt)
    })
}

/// The sound among a work's outputs.
///
/// # Errors
/// A refusal that names the bug where there is none.
pub(crate) fn sound_of(cx: &PlanCx<'_>, outputs: &Outputs, port: &str) -> Result<Arc<Media>, Stop> {
    match outputs.iter().find(|(name, _)| name == port) {
        Some((_, Value::Audio(media))) => Ok(media.clone()),
        _ => Err(cx.refuse("", "BUG: the worker gave no sound")),
    }
}

/// A call as work.
pub(crate) fn work(call: Call) -> Work {
    Work::Call(Box::new(call))
}

/// A text parameter that may not be empty.
pub(crate) fn told(cx: &PlanCx<'_>, name: &str) -> Result<String, Stop> {
    let text = cx.text(name)?.trim().to_owned();
    if text.is_empty() {
        return Err(cx.refuse(name, "nothing says what is to be heard").hint("put it into words"));
    }
    Ok(text)
}
