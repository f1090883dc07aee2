//! Asking a language model: the call, the check of its answer, and one second chance to mend it.
//!
//! The check is the node's own and pure, whatever the model promises. A wrong answer goes back once, with what is wrong
//! with it, as a second call that is journalled, priced and shown like every other; then the node fails and shows what
//! came. Asking again until it fits was rejected: nobody could say what a run costs.

use std::sync::Arc;

use model::{
    Call, Diagnostic, Media, ModelChoice, Outputs, ParamSpec, PlanCx, Rate, Reference, Role, Scope, Stop, Task, Value,
    Work, walk,
};

use crate::generation::{hash, options};

pub(crate) const MODEL: ParamSpec = ParamSpec::text("model", "cheapest").help(
    "`cheapest`, `fastest`, `best` and `balanced` choose among language models whose keys are there; \
        `openai/gpt-5.4-mini` is that model, and `chat-server/chat` one that runs here, named by `model=…` in options",
);
pub(crate) const TEMPERATURE: ParamSpec = ParamSpec::number("temperature", 1.0)
    .range(0.0, 2.0)
    .help("How freely it chooses words; sent only where it is set, and models that take none are not chosen then");
pub(crate) const SEED: ParamSpec =
    ParamSpec::integer("seed", 0, 0, i64::MAX).help("Another number asks for another answer; so does another take");
pub(crate) const OPTIONS: ParamSpec = ParamSpec::texts("options")
    .help("Settings of one model, each written `name=value`; a model without it is not chosen");

/// Parameter `max_tokens` with the longest answer of a node that needs so many.
pub(crate) const fn max_tokens(default: i64) -> ParamSpec {
    ParamSpec::integer("max_tokens", default, 16, 200_000)
        .unit("tokens")
        .help("Longest answer, with what the model thinks before it; the price is estimated from it")
}

/// Characters of a wrong answer that are shown: to people, and to the model that mends it.
const SHOWN: usize = 300;
const SHOWN_BACK: usize = 40_000;

/// What is asked.
#[derive(Debug, Default)]
pub(crate) struct Question<'a> {
    pub system: &'a str,
    pub prompt: String,
    /// The schema that the answer must fit, for models that can be held to one. It is put into words as well.
    pub schema: Option<&'a str>,
    pub pictures: Vec<Media>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Told<T> {
    pub value: T,
    /// The call whose answer it is.
    pub work: Work,
    /// The first answer had to be mended.
    pub mended: Option<Diagnostic>,
}

/// Asks, and asks once more where `check` finds faults.
///
/// # Errors
/// [`Stop::Pending`] until the model has answered; a refusal where both answers are wrong, or one is cut off.
pub(crate) fn ask<T>(cx: &PlanCx<'_>, question: Question<'_>, check: Check<'_, T>) -> Result<Told<T>, Stop> {
    asked(cx, question, check, |work| cx.own(work))
}

/// The same for nodes that ask several questions: a take is what they make of all answers.
///
/// # Errors
/// As [`ask`].
pub(crate) fn ask_for_a_part<T>(
    cx: &PlanCx<'_>,
    scope: &Scope,
    question: Question<'_>,
    check: Check<'_, T>,
) -> Result<Told<T>, Stop> {
    asked(cx, question, check, |work| cx.part(work, scope))
}

/// Reads an answer, or says what is wrong with it.
type Check<'a, T> = &'a dyn Fn(&str) -> Result<T, Vec<String>>;

fn asked<T>(
    cx: &PlanCx<'_>,
    question: Question<'_>,
    check: Check<'_, T>,
    need: impl Fn(&Work) -> Result<Arc<Outputs>, Stop>,
) -> Result<Told<T>, Stop> {
    let answer = |work: &Work| need(work).and_then(|outputs| answer(cx, &outputs));
    let call = call(cx, question)?;
    let first = Work::Call(Box::new(call.clone()));
    let said = answer(&first)?;
    let faults = match check(&said) {
        Ok(value) => return Ok(Told { value, work: first, mended: None }),
        Err(faults) => faults,
    };
    let second = Work::Call(Box::new(Call { prompt: mending(&call.prompt, &said, &faults), ..call }));
    let again = answer(&second)?;
    match check(&again) {
        Ok(value) => {
            let message = format!("the first answer was of no use ({}), and was mended by a second call", faults[0]);
            Ok(Told { value, work: second, mended: Some(cx.warn("answer-mended", "model", message)) })
        }
        Err(faults) => Err(cx
            .refuse(
                "model",
                format!("the model's answer is of no use, and it could not mend it: {}", faults.join("; ")),
            )
            .hint(format!("it says: {}", shortened(&again, SHOWN)))
            .hint("choose another model, ask more simply, or choose another take to ask anew")),
    }
}

/// The question as a call.
fn call(cx: &PlanCx<'_>, question: Question<'_>) -> Result<Call, Stop> {
    let Question { system, mut prompt, schema, pictures } = question;
    let mut options = options(cx)?;
    let mut put = |name: &str, value: String| {
        options.entry(name.to_owned()).or_insert(value);
    };
    put("max_tokens", cx.integer("max_tokens")?.to_string());
    if !system.trim().is_empty() {
        put("system", system.trim().to_owned());
    }
    if cx.data("temperature").is_some() || cx.maybe("temperature").is_some() {
        put("temperature", cx.number("temperature")?.to_string());
    }
    if let Some(schema) = schema {
        put("schema", schema.to_owned());
        prompt.push_str("\n\nAnswer with JSON alone, without words around it. It must fit this JSON schema:\n");
        prompt.push_str(schema);
    }
    let shown = |images: Vec<Media>| Arc::new(Reference { images, ..Reference::nameless(Role::Prop) });
    Ok(Call {
        model: ModelChoice::written(&cx.text("model")?),
        references: if pictures.is_empty() { Vec::new() } else { vec![shown(pictures)] },
        rate: Rate(1, 1),
        // Without the element's id: the same question has the same answer, and is paid once.
        seed: hash(&walk::digest_of(&("text", cx.integer("seed")?, cx.take))),
        take: cx.take,
        options,
        ..Call::new(Task::Text, prompt)
    })
}

fn answer(cx: &PlanCx<'_>, outputs: &Outputs) -> Result<Arc<str>, Stop> {
    if is_cut(outputs) {
        return Err(cx
            .refuse("max_tokens", "the answer was cut off, as it is longer than `max_tokens` allows")
            .hint("raise `max_tokens`: that asks anew"));
    }
    match outputs.iter().find(|(name, _)| name == "text") {
        Some((_, Value::Text(text))) => Ok(text.clone()),
        _ => Err(cx.refuse("model", "BUG: the model gave no text")),
    }
}

fn is_cut(outputs: &Outputs) -> bool {
    outputs.iter().any(|(name, value)| name == "cut_short" && *value == Value::Flag(true))
}

/// The question again, with the answer that came and what is wrong with it.
fn mending(prompt: &str, said: &str, faults: &[String]) -> String {
    let said = shortened(said, SHOWN_BACK);
    let faults: String = faults.iter().map(|fault| format!("- {fault}\n")).collect();
    format!("{prompt}\n\nYou have answered:\n{said}\n\nThat cannot be used:\n{faults}Answer again, whole and mended.")
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::testing::Fixture;

    /// A model that answers with these texts, one after the other for each call that is new to it.
    pub(crate) fn answering(fixture: Fixture, answers: &[&str]) -> Fixture {
        let answers: Vec<String> = answers.iter().map(|it| (*it).to_owned()).collect();
        let seen = std::cell::RefCell::new(Vec::<Work>::new());
        fixture.answers(move |work| {
            let Work::Call(call) = work else { return None };
            assert_eq!(call.task, Task::Text);
            let mut seen = seen.borrow_mut();
            let idx = seen.iter().position(|it| it == work).unwrap_or_else(|| {
                seen.push(work.clone());
                seen.len() - 1
            });
            answers.get(idx).map(|text| vec![("text".into(), Value::from(text.as_str()))])
        })
    }

    /// The calls that a plan asked for, each once.
    pub(crate) fn calls(fixture: &Fixture) -> Vec<Call> {
        let mut found: Vec<Call> = Vec::new();
        for work in fixture.asked() {
            if let Work::Call(call) = work
                && !found.contains(&call)
            {
                found.push(*call);
            }
        }
        found
    }
}
