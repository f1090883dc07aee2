//! Rewrites a prompt for another model by a language model that follows that model's guide.

use model::{Help, NodeSpec, ParamSpec, Plan, PlanCx, PortType, Ports, Stop, no_upgrade};

use crate::asking;
use crate::rewording::{self, reworded};

/// `prompt.translate`.
pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "prompt.translate",
    version: 1,
    help: Help {
        title: "Translate prompt",
        category: "Prompts",
        summary: "Rewrites a prompt as the guide of a model wants it, with a language model",
        keywords: &["llm", "rewrite", "adapt", "guide", "convert", "language"],
    },
    params: &[
        ParamSpec::multiline("prompt", "").help("The prompt to rewrite, in any language"),
        ParamSpec::multiline("negative", "").help("What must not be shown"),
        rewording::FOR,
        asking::MODEL,
        asking::max_tokens(4096),
        asking::TEMPERATURE,
        asking::SEED,
        asking::OPTIONS,
    ],
    ports: |_| {
        Ports::new().output("prompt", PortType::Text, "The prompt for that model").output(
            "negative",
            PortType::Text,
            "What the model must not show; empty for models that take none",
        )
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    let (prompt, negative) = (cx.text("prompt")?, cx.text("negative")?);
    if prompt.trim().is_empty() {
        return Err(cx.refuse("prompt", "there is no prompt to translate").hint("connect one, or type it"));
    }
    let mut task = format!("Rewrite this prompt for another model, in English:\n{}", prompt.trim());
    if !negative.trim().is_empty() {
        task.push_str(&format!("\n\nIts negative prompt:\n{}", negative.trim()));
    }
    reworded(cx, &task)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asking::tests::{answering, calls};
    use crate::samples::given;
    use crate::testing::Fixture;

    #[test]
    fn a_prompt_is_rewritten_by_the_guide() {
        let of = |family: &str| {
            let fixture = Fixture::new(&SPEC).param("prompt", "ein Leuchtturm").param("negative", "Text");
            let fixture =
                answering(fixture.param("for", family), &[r#"{"prompt": "A lighthouse.", "negative": "text"}"#]);
            assert_eq!(given(fixture.plan(), "prompt"), "A lighthouse.".into());
            assert_eq!(given(fixture.plan(), "negative"), "text".into());
            calls(&fixture).remove(0).prompt
        };
        let kling = of("kling");
        assert!(kling.contains("\nein Leuchtturm\n\nIts negative prompt:\nText\n"), "{kling}");
        assert_ne!(kling, of("minimax"));
    }

    #[test]
    fn nothing_to_translate_is_refused() {
        assert_eq!(Fixture::new(&SPEC).refusal(), "there is no prompt to translate");
        let odd = Fixture::new(&SPEC).param("prompt", "x").param("for", "nobody");
        assert_eq!(odd.refusal(), "`nobody` is not one of the choices");
    }
}
