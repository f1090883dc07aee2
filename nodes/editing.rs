//! What the edit nodes share: frames as parameters, recipes as outputs.

use std::sync::Arc;

use model::{ParamSpec, Plan, PlanCx, PortType, Ports, Recipe, Stop, Value};

/// One day at 120 frames per second.
pub(crate) const MOST_FRAMES: i64 = 10_368_000;

/// A parameter that counts frames from 0.
pub(crate) const fn frames(name: &'static str, default: i64) -> ParamSpec {
    ParamSpec::integer(name, default, 0, MOST_FRAMES).unit("frames")
}

/// Ports of a node that changes a clip.
pub(crate) fn ports() -> Ports {
    Ports::new().input("clip", PortType::Clip, "The clip to change").output("clip", PortType::Clip, "The changed clip")
}

/// Ports of a node that joins clips.
pub(crate) fn joining_ports() -> Ports {
    Ports::new().gather("clips", PortType::Clip, "The clips in order").output(
        "clip",
        PortType::Clip,
        "The clips as one",
    )
}

/// Outputs of a node that gives a clip.
pub(crate) fn edited(recipe: Recipe) -> Plan {
    Plan::values([("clip", Value::Clip(Arc::new(recipe)))])
}

/// The value of a parameter that counts frames.
pub(crate) fn count(cx: &PlanCx<'_>, name: &str) -> Result<u64, Stop> {
    Ok(cx.integer(name)?.unsigned_abs())
}

/// A refusal of a clip without frames, which no renderer could show.
pub(crate) fn not_empty(cx: &PlanCx<'_>, field: &str, recipe: Recipe) -> Result<Recipe, Stop> {
    if recipe.n_frames() == 0 {
        return Err(cx.refuse(field, "no frame is left"));
    }
    Ok(recipe)
}
