//! What the consistency nodes share: the measuring operations by name and version, and repairs on every piece of a
//! clip.
//!
//! Arithmetic is the compute worker's; nodes ask for it and decide.

use std::sync::Arc;

use model::plan::compute;
use model::{Image, Name, PlanCx, PortType, Ports, Recipe, Report, Stop, Value, Work};
use serde_json::Value as Json;

/// A compute operation by name and version.
pub(crate) type Op = (&'static str, u32);

pub(crate) const MEASURE_CLIP: Op = ("measure.clip", 1);
pub(crate) const MEASURE_SOUND: Op = ("measure.sound", 1);
pub(crate) const COMPARE_CUTS: Op = ("compare.cuts", 1);
pub(crate) const COMPARE_PAIR: Op = ("compare.pair", 1);
pub(crate) const SOLVE_MATCH: Op = ("solve.match", 1);

/// The work that measures a clip.
pub(crate) fn measuring(clip: &Arc<Recipe>) -> Work {
    compute(MEASURE_CLIP.0, MEASURE_CLIP.1, [("clip", Value::Clip(clip.clone()))])
}

/// The report of an operation.
pub(crate) fn report_of<const N: usize>(
    cx: &PlanCx<'_>,
    (op, version): Op,
    args: [(&str, Value); N],
) -> Result<Arc<Report>, Stop> {
    report(cx, op, &cx.compute(op, version, args, "report")?)
}

/// The reports of measured clips, asked for together.
pub(crate) fn measured(cx: &PlanCx<'_>, clips: &[&Arc<Recipe>]) -> Result<Vec<Arc<Report>>, Stop> {
    let works: Vec<Work> = clips.iter().map(|clip| measuring(clip)).collect();
    let all = cx.need_all(&works)?;
    all.iter()
        .map(|outputs| {
            let found = outputs.iter().find(|(name, _)| name == "report");
            let (_, value) = found.ok_or_else(|| cx.refuse("", "BUG: the worker gave no `report`"))?;
            report(cx, MEASURE_CLIP.0, value)
        })
        .collect()
}

fn report(cx: &PlanCx<'_>, op: &str, value: &Value) -> Result<Arc<Report>, Stop> {
    match value {
        Value::Report(report) => Ok(report.clone()),
        other => Err(cx.refuse("", format!("BUG: `{op}` gave {} as its report", other.port_type().name()))),
    }
}

/// Ports of a node that gives a report and its plot.
pub(crate) fn reporting(ports: Ports) -> Ports {
    ports.output("report", PortType::Report, "Numbers, verdicts and suggested fixes").output(
        "plot",
        PortType::Image,
        "The numbers as a picture",
    )
}

/// A report and its plot as outputs.
pub(crate) fn shown(report: Arc<Report>) -> Vec<(Name, Value)> {
    let plot = report.plot.clone().map(|media| ("plot".into(), Value::Image(Image::File(Arc::new(media)))));
    [("report".into(), Value::Report(report))].into_iter().chain(plot).collect()
}

/// A number inside a report.
pub(crate) fn number(data: &Json, pointer: &str) -> Option<f64> {
    data.pointer(pointer)?.as_f64().filter(|number| number.is_finite())
}

/// So many numbers inside a report.
pub(crate) fn numbers<const N: usize>(data: &Json, pointer: &str) -> Option<[f64; N]> {
    let items: Vec<f64> = data.pointer(pointer)?.as_array()?.iter().map(Json::as_f64).collect::<Option<_>>()?;
    <[f64; N]>::try_from(items).ok().filter(|items| items.iter().all(|item| item.is_finite()))
}

/// The clip with all of its sound louder by so many decibels.
pub(crate) fn louder(clip: &Recipe, gain_db: f64) -> Arc<Recipe> {
    let mut clip = clip.clone();
    clip.pieces.iter_mut().for_each(|piece| piece.gain_db += gain_db);
    clip.sound.iter_mut().for_each(|sound| sound.gain_db += gain_db);
    Arc::new(clip)
}

#[cfg(test)]
pub(crate) mod tests {
    use model::{Digest, Media, Outputs, Rate, Verdict, VideoInfo};
    use serde_json::json;

    use super::*;

    /// A clip of its own content.
    pub(crate) fn clip(name: &str) -> Value {
        let video = Media {
            digest: Digest::of(name.as_bytes()),
            bytes: 9,
            format: "mp4".to_owned(),
            video: Some(VideoInfo {
                width: 1280,
                height: 720,
                rate: Rate::FILM,
                n_frames: 48,
                codec: "h264".to_owned(),
            }),
            audio: None,
        };
        Value::Clip(Arc::new(Recipe::file(Arc::new(video), None, Rate::FILM)))
    }

    /// A worker's answer: a report of that data.
    pub(crate) fn answer(verdict: Verdict, summary: &str, data: Json) -> Outputs {
        let report = Report { title: "Test".to_owned(), summary: summary.to_owned(), verdict, data, plot: None };
        vec![("report".into(), Value::Report(Arc::new(report)))]
    }

    /// The operation that a work asks for.
    pub(crate) fn op(work: &Work) -> String {
        match work {
            Work::Compute(compute) => format!("{}@{}", compute.op, compute.version),
            other => other.kind().to_owned(),
        }
    }

    #[test]
    fn numbers_have_to_be_complete_and_finite() {
        let data = json!({ "a": [1.0, 2, 3], "b": [1.0, "x", 3] });
        assert_eq!(numbers(&data, "/a"), Some([1.0, 2.0, 3.0]));
        assert_eq!(numbers::<2>(&data, "/a"), None);
        assert_eq!(numbers::<3>(&data, "/b"), None);
        assert_eq!(number(&data, "/a/1"), Some(2.0));
        assert_eq!(number(&data, "/c"), None);
    }
}
