//! What a call wishes for: what its node says first, then the pins of the graph, then the graph's aim for its quality.
//!
//! Knows words and which tasks a named model does, and decides nothing.

use engine::models::Asked;
use model::policy::{Aim, Consistency, Policy};
use model::{Call, Diagnostic, ModelChoice, Scope};
use providers::router::Weights;

use super::World;

/// Why it answers, asked for by name and unasked.
const PREVIS_REASON: &str = "the built-in previs model: local, free, deterministic";
const PREVIS_DEFAULT: &str = "the built-in previs model: local, free, deterministic\n  \
    `model` may also be \"cheapest\", \"fastest\", \"best\" or \"balanced\", which choose among hosted models";

/// Whom a call wishes for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// The animatic, and why.
    Previs(String),
    Named {
        name: String,
        /// Who says so.
        why: String,
    },
    Aim(Aim),
}

impl Wish {
    /// How records and groups write it.
    pub(super) fn text(&self) -> String {
        match self {
            Wish::Previs(_) => animatic::MODEL.to_owned(),
            Wish::Named { name, .. } => name.clone(),
            Wish::Aim(Aim::Cheapest) => "cheapest".to_owned(),
            Wish::Aim(Aim::Fastest) => "fastest".to_owned(),
            Wish::Aim(Aim::Best) => "best".to_owned(),
            Wish::Aim(Aim::Balanced(Weights { cost, time, quality })) => format!("balanced {cost} {time} {quality}"),
        }
    }
}

/// Whether the choice for a call may depend on others. Looks at no manifest: what turns out to be named is chosen for
/// alone all the same.
pub(super) fn is_joint(policy: &Policy, call: &Call, scope: &Scope) -> bool {
    if policy.consistency == Consistency::Off || scope.characters.is_empty() {
        return false;
    }
    match &call.model {
        ModelChoice::Named(name) => Aim::parse(name).is_some(),
        ModelChoice::Auto => Aim::parse(policy.wish(call.quality)).is_some(),
    }
}

/// What a call wishes for. `world` is asked only where a name has to be understood.
///
/// # Errors
/// Pins of one rank that disagree.
pub(super) fn of<'w>(policy: &Policy, asked: &Asked<'_>, world: &dyn Fn() -> &'w World) -> Result<Wish, Diagnostic> {
    let call = asked.call;
    let written = match &call.model {
        ModelChoice::Named(name) if is_previs(name) => return Ok(Wish::Previs(PREVIS_REASON.to_owned())),
        ModelChoice::Named(name) => match Aim::parse(name) {
            Some(aim) => Some(aim),
            None => return Ok(Wish::Named { name: name.clone(), why: "the graph names it".to_owned() }),
        },
        ModelChoice::Auto => None,
    };
    // A name that nobody has is said; one of another task says nothing about this one.
    let fits = |name: &str| match is_previs(name) {
        true => animatic::TASKS.contains(&call.task),
        false => world().catalog.entry(name).is_none_or(|entry| entry.tasks.contains(&call.task)),
    };
    let pin = policy.pin(asked.scope, fits).map_err(|(one, other)| {
        let message = format!("{} is pinned to {}, and {} to {}", one.scope, one.model, other.scope, other.model);
        Diagnostic::error("pin-conflict", message)
            .at_field("model")
            .hint("pin the shot itself, or give both the same model: `settings.models.pins`")
    })?;
    if let Some(pin) = pin {
        return Ok(match is_previs(pin.model) {
            true => Wish::Previs(format!("pinned for {}: {PREVIS_REASON}", pin.scope)),
            false => Wish::Named { name: pin.model.to_owned(), why: format!("pinned for {}", pin.scope) },
        });
    }
    let weighed = |aim| if let Aim::Balanced(_) = aim { Aim::Balanced(policy.weights) } else { aim };
    if let Some(aim) = written {
        return Ok(Wish::Aim(weighed(aim)));
    }
    let wish = policy.wish(call.quality);
    Ok(match Aim::parse(wish) {
        Some(aim) => Wish::Aim(weighed(aim)),
        None if is_previs(wish) || !fits(wish) => Wish::Previs(PREVIS_DEFAULT.to_owned()),
        None => Wish::Named { name: wish.to_owned(), why: "the graph's aim for this quality".to_owned() },
    })
}

fn is_previs(name: &str) -> bool {
    name == animatic::MODEL || name == model::policy::AUTO
}
