//! Prompts by a language model: what `prompt.from_shot` and `prompt.translate` share.

use model::{ParamSpec, Plan, PlanCx, Stop, Value};

use crate::asking::{Question, ask};
use crate::guides;
use crate::schema::{Schema, json_in};

pub(crate) const FOR: ParamSpec = ParamSpec::choice("for", "any", guides::NAMES)
    .help("The family of models that the prompt is for: whose guide is followed");

const SCHEMA: &str = r#"{"type":"object","properties":{"prompt":{"type":"string","minLength":1},"negative":{"type":"string"}},"required":["prompt","negative"],"additionalProperties":false}"#;

const SYSTEM: &str = "You write prompts for models that make pictures and film clips. You keep every fact that you are \
    given (who, what, where, light, camera, looks) and add nothing that contradicts it. You follow the guide of the model \
    that the prompt is for. `prompt` is what the model is told, `negative` what it must not show, or an empty text.";

/// Asks for a prompt and gives it on the outputs `prompt` and `negative`.
///
/// # Errors
/// As [`ask`].
pub(crate) fn reworded(cx: &PlanCx<'_>, task: &str) -> Result<Plan, Stop> {
    let guide = guides::guide(cx.choice("for")?);
    let question = Question {
        system: SYSTEM,
        prompt: format!("{task}\n\nThe guide of the model:\n{guide}"),
        schema: Some(SCHEMA),
        pictures: Vec::new(),
    };
    let schema = Schema::parse(SCHEMA).map_err(|reason| cx.refuse("", format!("BUG: {reason}")))?;
    let told = ask(cx, question, &|answer| {
        let (_, value) = json_in(answer).ok_or_else(|| vec!["there is no JSON in it".to_owned()])?;
        let faults = schema.faults(&value);
        let field = |name: &str| value[name].as_str().unwrap_or_default().trim().to_owned();
        if faults.is_empty() { Ok((field("prompt"), field("negative"))) } else { Err(faults) }
    })?;
    let (prompt, negative) = told.value;
    let plan = Plan::values([("prompt", Value::Text(prompt.into())), ("negative", Value::Text(negative.into()))]);
    Ok(told.mended.into_iter().fold(plan.made_by(told.work), Plan::note))
}
