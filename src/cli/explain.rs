//! `throughline explain`: each ingredient of an item's key, beside that of its previous result. Writes nothing.

use clap::Args;
use engine::explain::Explanation;
use engine::models::Chosen;
use serde_json::json;

use super::Exit;
use super::graph::GraphArgs;
use super::output::Output;
use crate::session::Access;

/// Show each ingredient of an item's key beside that of its previous result.
#[derive(Args, Debug)]
pub(super) struct Explain {
    #[command(flatten)]
    graph: GraphArgs,
    /// The item, `generate/s2.b1` or `film`.
    item: String,
    /// Only the ingredients that differ.
    #[arg(long)]
    changes: bool,
}

impl Explain {
    pub(super) fn run(&self, out: &Output) -> Exit {
        let session = match self.graph.session(Access::Read, 0, out) {
            Ok(session) => session,
            Err(diagnostics) => return out.refuse(&diagnostics),
        };
        match session.explain(&self.item) {
            Err(diagnostic) => out.refuse(&[diagnostic]),
            Ok(explained) => {
                if out.json {
                    out.object(&object(&explained));
                } else {
                    self.print(&explained, out);
                }
                Exit::Done
            }
        }
    }

    fn print(&self, explained: &Explanation, out: &Output) {
        let short = |key: Option<model::Digest>| key.map_or("-".to_owned(), |key| key.short());
        out.line(format!("{}  {}", explained.item, explained.state.name()));
        out.line(format!("key {}  previous {}", short(explained.key), short(explained.before)));
        if let Some(model) = explained.model() {
            out.line(format!("model {model}"));
        }
        let has_before = explained.before.is_some();
        for row in &explained.ingredients {
            let changed = has_before && row.is_changed();
            if self.changes && !changed {
                continue;
            }
            let text = |side: &Option<String>| side.as_deref().unwrap_or("(absent)").replace('\n', "\\n");
            let path = row.path.trim_start_matches("work.");
            match changed {
                true => {
                    out.line(format!("~ {path}\n    before  {}\n    now     {}", text(&row.before), text(&row.now)))
                }
                false => out.line(format!("  {path} = {}", text(&row.now))),
            }
        }
    }
}

/// The choice of a model as data.
fn choice(chosen: &Chosen) -> serde_json::Value {
    json!({
        "model": chosen.model,
        "version": chosen.version,
        "provider": chosen.lane,
        "cost_microusd": chosen.cost,
        "reason": chosen.reason.lines().next(),
        "record": chosen.record,
    })
}

fn object(explained: &Explanation) -> serde_json::Value {
    let rows: Vec<_> = explained
        .ingredients
        .iter()
        .map(|row| {
            let changed = explained.before.is_some() && row.is_changed();
            json!({ "path": row.path, "now": row.now, "before": row.before, "changed": changed })
        })
        .collect();
    json!({
        "item": explained.item,
        "state": explained.state.name(),
        "key": explained.key,
        "previous_key": explained.before,
        "model": explained.model(),
        "choice": explained.chosen.as_ref().map(choice),
        "ingredients": rows,
    })
}
