//! Arithmetic on decoded pictures and sound: measures, comparisons, colour solves, plots.
//!
//! Decoding comes in through `engine::codec::Codec`; this package never links GStreamer and knows no nodes. Operations
//! are rows of one table, versioned, so that a changed formula makes old results again. Single-threaded and without
//! randomness: the same input gives the same bytes.

mod canvas;
mod chart;
mod compare;
mod distances;
mod font;
mod linear;
mod loudness;
mod measure;
mod mkl;
mod oklab;
mod plot;
mod relation;
mod solve;
mod stats;
mod temporal;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::codec::Codec;
use engine::worker::{Job, JobCx, JobError, Worker};
use model::{Diagnostic, List, Outputs, PortType, Recipe, Report, Value, Work};

/// The worker that runs compute operations.
pub struct Compute {
    codec: Arc<dyn Codec>,
}

impl Compute {
    /// A worker that decodes with `codec`.
    pub fn new(codec: Arc<dyn Codec>) -> Compute {
        Compute { codec }
    }
}

/// What an operation works with.
struct OpCx<'a> {
    codec: &'a dyn Codec,
    args: &'a BTreeMap<String, Value>,
    job: &'a JobCx<'a>,
}

type Op = fn(&OpCx<'_>) -> Result<Outputs, JobError>;

/// Name, version and function of each operation.
const OPS: &[(&str, u32, Op)] = &[
    ("compare.cuts", 1, compare::cuts),
    ("compare.pair", 1, compare::pair),
    ("measure.clip", 1, measure::clip),
    ("measure.frame", 1, measure::frame),
    ("measure.sound", 1, measure::sound),
    ("plot.report", 1, plot::report),
    ("plot.series", 1, plot::series),
    ("solve.match", 1, solve::matching),
];

/// The operations that this build knows, with their versions.
pub fn operations() -> impl Iterator<Item = (&'static str, u32)> {
    OPS.iter().map(|(name, version, _)| (*name, *version))
}

impl Worker for Compute {
    fn run(&self, job: &Job, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
        let Work::Compute(work) = &job.work else {
            return Err(refused("compute-work", format!("a {} is no compute work", job.work.kind())).into());
        };
        let Some((_, version, op)) = OPS.iter().find(|(name, ..)| *name == work.op) else {
            let known: Vec<_> = OPS.iter().map(|(name, ..)| *name).collect();
            return Err(refused("op-unknown", format!("this build has no operation `{}`", work.op))
                .hint(format!("known operations: {}", known.join(", ")))
                .into());
        };
        if *version != work.version {
            let message = format!("operation `{}` is version {version} here, asked for {}", work.op, work.version);
            return Err(refused("op-version", message).hint("use the release that the graph was made with").into());
        }
        cx.cancel.check()?;
        op(&OpCx { codec: &*self.codec, args: &work.args, job: cx })
    }
}

fn refused(code: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, message)
}

impl<'a> OpCx<'a> {
    fn wrong(&self, name: &str, wanted: &str, found: Option<&Value>) -> JobError {
        let found = found.map_or("nothing", |value| value.port_type().name());
        refused("op-argument", format!("argument `{name}` has to be a {wanted}, found {found}")).into()
    }

    fn clip(&self, name: &str) -> Result<&'a Recipe, JobError> {
        match self.args.get(name) {
            Some(Value::Clip(clip)) => Ok(clip),
            other => Err(self.wrong(name, "clip", other)),
        }
    }

    fn report(&self, name: &str) -> Result<&'a Report, JobError> {
        match self.args.get(name) {
            Some(Value::Report(report)) => Ok(report),
            other => Err(self.wrong(name, "report", other)),
        }
    }

    fn list(&self, name: &str) -> Result<&'a List, JobError> {
        match self.args.get(name) {
            Some(Value::List(list)) => Ok(list),
            other => Err(self.wrong(name, "list", other)),
        }
    }

    /// The text, or an empty one.
    fn text(&self, name: &str) -> Result<&'a str, JobError> {
        match self.args.get(name) {
            Some(Value::Text(text) | Value::Choice(text)) => Ok(text),
            None => Ok(""),
            other => Err(self.wrong(name, PortType::Text.name(), other)),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, JobError> {
        match self.args.get(name) {
            Some(Value::Flag(flag)) => Ok(*flag),
            other => Err(self.wrong(name, "flag", other)),
        }
    }

    fn number(&self, name: &str, default: f64) -> Result<f64, JobError> {
        match self.args.get(name) {
            Some(Value::Number(number)) if number.is_finite() => Ok(*number),
            None => Ok(default),
            other => Err(self.wrong(name, "finite number", other)),
        }
    }
}

/// One output on port `report`.
fn reported(report: Report) -> Outputs {
    vec![("report".into(), Value::Report(Arc::new(report)))]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::Digest;

    use super::*;
    use crate::testing::{Generated, blank, flat, with_cx};

    fn run(op: &str, version: u32, args: BTreeMap<String, Value>) -> Result<Outputs, JobError> {
        let work = Work::Compute(model::Compute { op: op.to_owned(), version, args });
        let worker = Compute::new(Arc::new(Generated::new(|_| flat([90; 3]))));
        with_cx(|cx| worker.run(&Job { key: Digest::default(), work, model: None }, cx))
    }

    #[track_caller]
    fn code(result: Result<Outputs, JobError>) -> String {
        match result {
            Err(JobError::Failed(diagnostic)) => diagnostic.code,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    #[test]
    fn unknown_operations_versions_and_arguments_are_named() {
        assert_eq!(code(run("measure.soul", 1, BTreeMap::new())), "op-unknown");
        assert_eq!(code(run("measure.clip", 99, BTreeMap::new())), "op-version");
        assert_eq!(code(run("measure.clip", 1, BTreeMap::new())), "op-argument");
        let wrong = BTreeMap::from([("clip".to_owned(), Value::Flag(true))]);
        assert_eq!(code(run("measure.clip", 1, wrong)), "op-argument");
    }

    #[test]
    fn a_cancelled_job_stops_between_frames() {
        let work = model::plan::compute("measure.clip", 1, [("clip", Value::Clip(blank(48)))]);
        with_cx(|cx| {
            let cancel = cx.cancel.clone();
            let worker = Compute::new(Arc::new(Generated::new(move |at| {
                if at == 5 {
                    cancel.cancel();
                }
                assert!(at < 7, "nothing is decoded after a cancel");
                flat([90; 3])
            })));
            let result = worker.run(&Job { key: Digest::default(), work, model: None }, cx);
            assert_eq!(result, Err(JobError::Cancelled));
        });
    }

    #[test]
    fn operations_are_sorted_and_unique() {
        let names: Vec<_> = operations().map(|(name, _)| name).collect();
        assert!(names.is_sorted_by(|a, b| a < b));
    }
}
