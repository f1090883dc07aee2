//! What the measures look like: charts of one clip, of the cuts of a film, and of any series of numbers.

use std::sync::Arc;

use engine::worker::JobError;
use model::{Image, Outputs, Value, Verdict};

use crate::chart::{AMBER, BLUE, Chart, GREEN, GREY, Line, Panel, RED, TEAL};
use crate::compare::measures_of;
use crate::measure::ClipMeasures;
use crate::{OpCx, refused};

/// Most values that `plot.series` draws.
const MOST_POINTS: usize = 200_000;

/// A cut as a plot shows it.
pub(crate) struct Cut {
    /// The largest measure in units of its break limit.
    pub(crate) height: f64,
    /// None where it is not judged.
    pub(crate) verdict: Option<Verdict>,
}

fn ink(verdict: Option<Verdict>) -> crate::canvas::Ink {
    match verdict {
        Some(Verdict::Break) => RED,
        Some(Verdict::Watch) => AMBER,
        Some(Verdict::Good) => GREEN,
        Some(Verdict::NotMeasured) | None => GREY,
    }
}

fn numbered(values: &[f64], from: f64, step: f64) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(at, value)| (from + at as f64 * step, *value)).collect()
}

/// Exposure, lightness and change over the frames of a clip, with its defects.
pub(crate) fn clip_chart(measures: &ClipMeasures) -> Chart {
    let series = &measures.series;
    let panel = |label: &str, least: f64, values: &[f64], ink| {
        let mut panel = Panel::new(label, least);
        panel.lines.push(Line { ink, points: numbered(values, 0.0, 1.0) });
        panel
    };
    let mut change = panel("Change to the frame before", 0.02, &series.change, AMBER);
    change.shown.push(0.0);
    let bands = measures
        .defects
        .iter()
        .filter_map(|defect| defect.frames.map(|(from, to)| (from as f64, to as f64, ink(Some(defect.verdict)))))
        .collect();
    Chart {
        title: format!("Clip of {} frames", measures.n_frames),
        x_label: "frame".to_owned(),
        x: (0.0, measures.n_frames as f64),
        marks: Vec::new(),
        bands,
        legend: vec![("watch".to_owned(), AMBER), ("break".to_owned(), RED)],
        panels: vec![
            panel("Exposure, stops below white", 0.5, &series.ev, BLUE),
            panel("Median lightness", 0.1, &series.l_median, TEAL),
            change,
        ],
    }
}

/// Exposure and lightness along the film, with its cuts coloured by verdict and drawn by size.
pub(crate) fn cuts_chart(clips: &[(&str, &ClipMeasures)], cuts: &[Cut]) -> Chart {
    let (mut exposure, mut lightness) =
        (Panel::new("Exposure, stops below white", 0.5), Panel::new("Median lightness", 0.1));
    let mut distance = Panel::new("Step at each cut, 1 is a break", 0.0);
    distance.shown = vec![0.0, 1.2];
    distance.levels.push((1.0, "break".to_owned(), RED));
    let (mut at, mut marks) = (0.0, Vec::new());
    for (idx, (_, measures)) in clips.iter().enumerate() {
        let step = f64::from(measures.rate.1) / f64::from(measures.rate.0.max(1));
        if let Some(cut) = idx.checked_sub(1).and_then(|idx| cuts.get(idx)) {
            marks.push((at, ink(cut.verdict)));
            // A few times the break limit is as far as height tells anything.
            distance.stems.push((at, cut.height.min(3.0), ink(cut.verdict)));
        }
        exposure.lines.push(Line { ink: BLUE, points: numbered(&measures.series.ev, at, step) });
        lightness.lines.push(Line { ink: TEAL, points: numbered(&measures.series.l_median, at, step) });
        at += measures.n_frames as f64 * step;
    }
    let legend = [("fine", GREEN), ("watch", AMBER), ("break", RED), ("not judged", GREY)];
    Chart {
        title: format!("{} clips, {} cuts", clips.len(), cuts.len()),
        x_label: "seconds".to_owned(),
        x: (0.0, at.max(1e-3)),
        marks,
        bands: Vec::new(),
        legend: legend.map(|(name, ink)| (name.to_owned(), ink)).to_vec(),
        panels: vec![exposure, lightness, distance],
    }
}

/// `plot.report`: the picture of a report.
pub(crate) fn report(cx: &OpCx<'_>) -> Result<Outputs, JobError> {
    let report = cx.report("report")?;
    let media = match (&report.plot, report.data["kind"].as_str()) {
        (Some(plot), _) => plot.clone(),
        (None, Some("clip")) => clip_chart(&measures_of("report", report)?).write(cx.job)?,
        (None, _) => {
            return Err(refused("report-kind", format!("the report `{}` has no picture", report.title))
                .hint("plot a measured clip or a comparison of cuts")
                .into());
        }
    };
    Ok(vec![("image".into(), Value::Image(Image::File(Arc::new(media))))])
}

/// `plot.series`: lists of numbers as lines, one panel each.
pub(crate) fn series(cx: &OpCx<'_>) -> Result<Outputs, JobError> {
    let list = cx.list("series")?;
    let nested = list.iter().any(|entry| matches!(entry.value, Value::List(_)));
    let number = |value: &Value| match value {
        Value::Number(number) => Ok(*number),
        Value::Integer(integer) => Ok(*integer as f64),
        other => Err(cx.wrong("series", "list of numbers", Some(other))),
    };
    let mut named: Vec<(String, Vec<f64>)> = Vec::new();
    if nested {
        for entry in list.iter() {
            let Value::List(inner) = &entry.value else {
                return Err(cx.wrong("series", "list of lists", Some(&entry.value)));
            };
            named.push((
                entry.id.to_string(),
                inner.iter().map(|entry| number(&entry.value)).collect::<Result<_, _>>()?,
            ));
        }
    } else {
        let values = list.iter().map(|entry| number(&entry.value)).collect::<Result<_, _>>()?;
        named.push((cx.text("label")?.to_owned(), values));
    }
    let n: usize = named.iter().map(|(_, values)| values.len()).sum();
    if 16 < named.len() || MOST_POINTS < n {
        return Err(refused("plot-large", format!("{} series of {n} values are too many to draw", named.len()))
            .hint("plot up to 16 series")
            .into());
    }
    let longest = named.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let panels = named
        .into_iter()
        .zip([BLUE, TEAL, AMBER, GREEN].into_iter().cycle())
        .map(|((name, values), ink)| {
            let mut panel = Panel::new(name, 0.0);
            panel.lines.push(Line { ink, points: numbered(&values, 0.0, 1.0) });
            panel
        })
        .collect();
    let chart = Chart {
        title: cx.text("title")?.to_owned(),
        x_label: cx.text("x_label")?.to_owned(),
        x: (0.0, longest.saturating_sub(1).max(1) as f64),
        marks: Vec::new(),
        bands: Vec::new(),
        legend: Vec::new(),
        panels,
    };
    Ok(vec![("image".into(), Value::Image(Image::File(Arc::new(chart.write(cx.job)?))))])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{List, Report};

    use super::*;
    use crate::measure::tests::measures;
    use crate::testing::{Generated, flat, moved, with_cx};

    fn run(op: crate::Op, args: BTreeMap<String, Value>) -> Result<(u32, u32), String> {
        let codec = Generated::new(|_| flat([0; 3]));
        let outputs = with_cx(|job| op(&OpCx { codec: &codec, args: &args, job })).map_err(|error| match error {
            JobError::Failed(diagnostic) => diagnostic.code,
            JobError::Cancelled => "cancelled".to_owned(),
        })?;
        let Value::Image(Image::File(media)) = &outputs[0].1 else { panic!("it is a picture") };
        let video = media.video.as_ref().expect("it has a size");
        Ok((video.width, video.height))
    }

    #[test]
    fn series_of_numbers_are_drawn_and_others_refused() {
        let numbers =
            |n: i64| Value::List(List::new((0..n).map(|i| (format!("{i}").into(), Value::Integer(i * i % 7)))));
        let one = BTreeMap::from([("series".to_owned(), numbers(40))]);
        assert_eq!(run(series, one), Ok((1200, 290)));
        let two = Value::List(List::new([("a".into(), numbers(5)), ("b".into(), numbers(9))]));
        assert_eq!(run(series, BTreeMap::from([("series".to_owned(), two)])), Ok((1200, 480)));
        let words = Value::List(List::new([("a".into(), Value::from("seven"))]));
        assert_eq!(run(series, BTreeMap::from([("series".to_owned(), words)])), Err("op-argument".to_owned()));
    }

    #[test]
    fn a_clip_report_is_drawn_again_and_others_refused() {
        let found = measures(8, Generated::new(|at| moved(1, [1.0; 3], at as f64)));
        let data = serde_json::to_value(found).expect("it is JSON");
        let value = |data| {
            BTreeMap::from([("report".to_owned(), Value::Report(Arc::new(Report { data, ..Report::default() })))])
        };
        assert_eq!(run(report, value(data)), Ok((1200, 670)));
        assert_eq!(run(report, value(serde_json::json!({ "kind": "poem" }))), Err("report-kind".to_owned()));
    }

    #[test]
    fn the_same_chart_is_the_same_bytes() {
        let found = measures(8, Generated::new(|at| moved(1, [1.0; 3], at as f64)));
        assert_eq!(clip_chart(&found).draw().data, clip_chart(&found).draw().data);
    }
}
