//! From a call to the workflow that is sent: bound inputs filled, everything else as its author left it.
//!
//! Files are named by digest, as in every request of the journal; they get the server's names when they are sent.

use model::{Call, Diagnostic, Task};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::PROVIDER;
use super::bindings::Role;
use super::shelf::Item;
use crate::manifest::{Ask, reference_pictures};
use crate::request::Studio;

/// The form of a request in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// What stands after `comfy/`.
    pub(crate) model: String,
    /// Nodes whose results are wanted, best first.
    pub(crate) outputs: Vec<String>,
    pub(crate) task: Task,
    /// The workflow, with `{"$media": ...}` where a file goes.
    pub(crate) workflow: Value,
}

/// Fills a workflow.
///
/// # Errors
/// A diagnostic where the call does not give what the workflow needs.
pub(crate) fn fill(item: &Item, call: &Call, ask: &Ask, studio: &Studio<'_>) -> Result<Request, Diagnostic> {
    let mut workflow = item.workflow.clone();
    let mut references = reference_pictures(call, None).into_iter();
    let wanted = item.resolved.count(&Role::Reference);
    let given = references.len();
    if given < wanted {
        let message = format!("{PROVIDER}/{} wants {wanted} reference pictures, there are {given}", item.name);
        return Err(Diagnostic::error("comfy-references", message)
            .at_field("references")
            .hint("give the shot more references, or take rows of `reference` out of the .comfy.ron file"));
    }
    for (role, id, input) in &item.resolved.inputs {
        let Some(place) = workflow.nodes.get_mut(id).and_then(|node| node.inputs.get_mut(input)) else { continue };
        let media = |media: &model::Media| {
            serde_json::to_value(media)
                .map(|media| Some(json!({ "$media": media })))
                .map_err(|error| Diagnostic::error("picture", format!("BUG: a picture cannot be named: {error}")))
        };
        let frame = |image: &Option<model::Image>| match image {
            Some(image) => media(&*studio.still(image)?),
            None => Ok(None),
        };
        let value = match role {
            Role::Prompt => Some(json!(call.prompt)),
            // Its author's own stays where the call has none.
            Role::Negative => (!call.negative.is_empty()).then(|| json!(call.negative)),
            // Every class of nodes takes a seed of 32 bits, not every one more.
            Role::Seed => Some(json!(call.seed & u64::from(u32::MAX))),
            Role::Width => (0 < ask.width).then(|| json!(ask.width)),
            Role::Height => (0 < ask.height).then(|| json!(ask.height)),
            Role::Frames => Some(json!(frames(item, call))),
            Role::Fps => Some(number(f64::from(call.rate.0) / f64::from(call.rate.1.max(1)))),
            Role::FirstFrame => frame(&call.first_frame)?,
            Role::LastFrame => frame(&call.last_frame)?,
            Role::Reference => references.next().map_or(Ok(None), media)?,
            Role::Source => call.source.as_deref().map_or(Ok(None), media)?,
            Role::Audio => call.audio.as_deref().map_or(Ok(None), media)?,
            Role::Mask => frame(&call.mask)?,
            Role::Option(name) => match call.options.get(name) {
                Some(text) => Some(option(name, text, place)?),
                None => None,
            },
        };
        if let Some(value) = value {
            *place = value;
        }
        // Ours are read by their brightness. Where nothing is transparent, a mask of transparencies would be empty.
        if let (Role::Mask, Some(node)) = (role, workflow.nodes.get_mut(id))
            && let Some(channel) = node.inputs.get_mut("channel").filter(|channel| *channel == "alpha")
        {
            *channel = json!("red");
        }
    }
    Ok(Request {
        model: item.name.clone(),
        outputs: item.resolved.outputs.clone(),
        task: call.task,
        workflow: workflow.to_json(),
    })
}

/// How many pictures the model makes for a call: at least as long, in the steps that it can.
fn frames(item: &Item, call: &Call) -> u64 {
    let limits = &item.bindings.limits;
    let own = f64::from(call.rate.0) / f64::from(call.rate.1.max(1));
    let rate = if 0.0 < limits.fps { limits.fps } else { own };
    let wanted = (f64::from(call.n_frames) * rate / own.max(1e-3)).ceil().clamp(1.0, 1e6) as u64;
    let (step, plus) = (u64::from(limits.frames_step.max(1)), u64::from(limits.frames_plus));
    wanted.saturating_sub(plus).div_ceil(step) * step + plus
}

/// Whole numbers without a point.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e9 { json!(value as i64) } else { json!(value) }
}

/// An option's text as the input wants it: like what is there.
fn option(name: &str, text: &str, before: &Value) -> Result<Value, Diagnostic> {
    let wrong = |wanted: &str| {
        Diagnostic::error("comfy-option", format!("the option `{name}` is `{text}`, the workflow wants {wanted}"))
            .at_field("options")
    };
    match before {
        Value::Bool(_) => text.parse().map(Value::Bool).map_err(|_| wrong("true or false")),
        Value::Number(before) if !before.is_f64() => text.parse::<i64>().map(|whole| json!(whole)).or_else(|_| {
            text.parse::<f64>().ok().filter(|it| it.is_finite()).map(|it| json!(it)).ok_or_else(|| wrong("a number"))
        }),
        Value::Number(_) => {
            text.parse::<f64>().ok().filter(|it| it.is_finite()).map(number).ok_or_else(|| wrong("a number"))
        }
        _ => Ok(json!(text)),
    }
}
