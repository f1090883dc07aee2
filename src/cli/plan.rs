//! `throughline plan`: what a run would do, why, and what it would cost. Writes nothing.

use clap::Args;
use engine::money::{Cost, Total, dollars};
use model::{Diagnostic, Severity};

use super::Exit;
use super::graph::GraphArgs;
use super::output::Output;
use crate::session::{Access, CapLine, Forecast, Verdict};

/// Show what a run would make, why, and what it would cost.
#[derive(Args, Debug)]
pub(super) struct Plan {
    #[command(flatten)]
    graph: GraphArgs,
    /// A node, or one item of it (`generate/s2.b1`); the graph's outputs unless given. May be repeated.
    #[arg(long = "target", value_name = "NODE[/ELEMENT]")]
    targets: Vec<String>,
    /// Print how each model was chosen: everybody's price, time and quality, and who was removed by which filter.
    #[arg(long)]
    choices: bool,
}

impl Plan {
    pub(super) fn run(&self, out: &Output) -> Exit {
        match self.forecast(out) {
            Err(diagnostics) => out.refuse(&diagnostics),
            Ok(forecast) => {
                if out.json {
                    out.object(&forecast);
                } else {
                    print(&forecast, self.choices, out);
                }
                match forecast.steps.iter().any(|step| step.state == "failed") {
                    true => Exit::Failed,
                    false => Exit::Done,
                }
            }
        }
    }

    fn forecast(&self, out: &Output) -> Result<Forecast, Vec<Diagnostic>> {
        if let Some(settled) = self.graph.settled(&self.targets, None) {
            let graph = self.graph.graph.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Ok(Forecast::nothing(graph, settled.targets, settled.reused));
        }
        let session = self.graph.session(Access::Read, 0, out)?;
        let failures: Vec<_> =
            session.engine.diagnostics().into_iter().filter(|it| it.severity == Severity::Error).collect();
        out.problems(&failures);
        let one = |diagnostic| vec![diagnostic];
        let targets = session.targets(&self.targets).map_err(one)?;
        let forecast = session.forecast(&targets).map_err(one);
        session.engine.leave();
        forecast
    }
}

pub(super) fn print(forecast: &Forecast, choices: bool, out: &Output) {
    let steps = &forecast.steps;
    if steps.is_empty() {
        out.line(format!("nothing to run: {} reused, cost 0", forecast.reused));
        return;
    }
    let widest = steps.iter().map(|step| step.item.chars().count()).max().unwrap_or(0).min(40);
    for step in steps {
        let model = step.model.as_ref().map(|model| format!(" ({model})")).unwrap_or_default();
        let work = step.work.map_or(String::new(), |work| format!(" {work}{model}"));
        let mut why = step.why.iter();
        let first = why.next().cloned().unwrap_or_default();
        let price = match (step.state, step.cost_microusd) {
            ("held", price) => format!("  {}", price.map_or_else(|| "unknown price".to_owned(), dollars)),
            _ => String::new(),
        };
        out.line(format!("{:7} {:widest$} {work}{price}  {first}", step.state, step.item));
        for line in step.choice.iter().take(if choices { usize::MAX } else { 0 }) {
            out.line(format!("{:7} {:widest$}   {line}", "", ""));
        }
        for reason in why.clone().take(8) {
            out.line(format!("{:7} {:widest$}   {reason}", "", ""));
        }
        if 8 < why.len() {
            out.line(format!("{:7} {:widest$}   and {} more", "", "", why.len() - 8));
        }
    }
    let cost =
        total(Total { microusd: forecast.cost_microusd, n_unknown: forecast.unknown_prices, ..Total::default() });
    out.line(format!("{} to run, {} reused, cost {cost}", steps.len(), forecast.reused));
}

/// What a run would buy from whom, what it would hold and why, and how the caps of this month stand.
pub(super) fn print_money(forecast: &Forecast, out: &Output) {
    let (mut buys, mut holds) = (Vec::new(), Vec::new());
    for step in &forecast.steps {
        let price = Cost::from(step.cost_microusd);
        let (verb, why) = match &step.money {
            None => continue,
            Some(Verdict::Buys) => ("buys", String::new()),
            Some(Verdict::Unapproved) => ("holds", "  not approved".to_owned()),
            Some(Verdict::Capped(told)) => ("holds", format!("  {}", told.message)),
        };
        if verb == "buys" {
            buys.push(price)
        } else {
            holds.push(price)
        }
        let model = step.model.as_deref().unwrap_or("a model");
        let provider = step.provider.as_deref().unwrap_or("nobody");
        out.line(format!("{verb:5} {}  {price}  {model} from {provider}{why}", step.item));
    }
    for (verb, prices) in [("would buy", &buys), ("would hold", &holds)] {
        if !prices.is_empty() {
            out.line(format!("{verb} {} for {}", prices.len(), prices.iter().copied().sum::<Total>()));
        }
    }
    print_caps(&forecast.caps, out);
}

/// How caps stand, a line each.
pub(super) fn print_caps(caps: &[CapLine], out: &Output) {
    for cap in caps {
        let whose = cap.provider.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
        let spent = Total { microusd: cap.spent_microusd, maybe: cap.maybe_microusd, n_unknown: cap.unknown_costs };
        let [limit, reserved, left] = [cap.limit_microusd, cap.reserved_microusd, cap.left_microusd].map(dollars);
        out.line(format!("cap of {}{whose}: {limit}, {spent} spent, {reserved} reserved, {left} left", cap.month));
    }
}

/// A sum for people.
pub(super) fn total(total: Total) -> String {
    if total.is_free() { "0".to_owned() } else { total.to_string() }
}
