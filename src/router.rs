//! Which model answers a call. Today there is one, local and free; the provider router takes this seat later.

use engine::models::{Chosen, Models};
use model::{Call, Diagnostic, ModelChoice, Task};

/// The models that this build carries.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltIn;

impl Models for BuiltIn {
    fn choose(&self, call: &Call) -> Result<Chosen, Diagnostic> {
        let name = match &call.model {
            ModelChoice::Auto => animatic::MODEL,
            ModelChoice::Named(name) => name,
        };
        if name != animatic::MODEL {
            return Err(Diagnostic::error("unknown-model", format!("this build has no model `{name}`"))
                .at_field("model")
                .hint(format!("use \"auto\" or \"{}\"", animatic::MODEL)));
        }
        if !matches!(call.task, Task::Image | Task::Video) {
            return Err(Diagnostic::error("no-model", format!("no model here can do {:?}", call.task).to_lowercase())
                .at_field("model")
                .hint("the built-in animatic model draws images and clips"));
        }
        Ok(Chosen {
            model: animatic::MODEL.to_owned(),
            version: animatic::VERSION,
            lane: "animatic",
            cost: Some(0),
            deterministic: true,
            reason: "the built-in previs model: local, free, deterministic".to_owned(),
        })
    }
}
