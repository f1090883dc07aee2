//! Operations that measure one clip, one picture, one sound.
//!
//! A clip is decoded once, at 160x90, and told in a report: numbers per frame, windows for comparing its first and
//! last frames with a neighbour's, and defects. Nothing here compares clips; what was not measured says so.

use std::collections::VecDeque;

use engine::codec::{Flow, Frame, SAMPLE_RATE};
use engine::worker::JobError;
use model::{Image, Outputs, Rate, Recipe, Report, Value, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::loudness::{self, Loudness};
use crate::plot;
use crate::stats::{Tally, Window, rounded};
use crate::temporal::{Run, Watcher, flicker, median};
use crate::{OpCx, refused, reported};

/// Frames at either end that are compared across a cut.
const END: usize = 8;
/// Frames that a clip may have: shots are measured, films are not, and reports stay readable.
const MOST_FRAMES: u64 = 20_000;
/// Seconds of sound that are measured at once, which bounds memory to about 700 MB.
const MOST_SECONDS: f64 = 1800.0;
/// Flicker of the median lightness: about 0.03 stop is a candidate, 0.1 stop is plain to see.
const FLICKER: (f64, f64) = (0.004, 0.012);

/// The measures of a clip, as `Report::data` holds them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClipMeasures {
    /// `clip`.
    pub(crate) kind: String,
    pub(crate) n_frames: u64,
    pub(crate) rate: Rate,
    pub(crate) size: (u32, u32),
    pub(crate) whole: Window,
    pub(crate) head: Window,
    pub(crate) tail: Window,
    pub(crate) series: Series,
    /// Mean change at the first and last four frames, per second, for motion onset across a cut.
    pub(crate) motion: Motion,
    pub(crate) flicker: Option<f64>,
    pub(crate) flicker_cell: f64,
    pub(crate) frozen_share: f64,
    pub(crate) jumps: Vec<u64>,
    pub(crate) sound: Option<Loudness>,
    pub(crate) defects: Vec<Defect>,
    /// What this tier cannot see.
    pub(crate) not_measured: Vec<String>,
}

/// Numbers per frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Series {
    pub(crate) l_median: Vec<f64>,
    pub(crate) ev: Vec<f64>,
    pub(crate) chroma: Vec<f64>,
    /// Change to the frame before; 0 for the first.
    pub(crate) change: Vec<f64>,
}

/// How much moves, as mean change per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Motion {
    pub(crate) median: f64,
    pub(crate) first: f64,
    pub(crate) last: f64,
}

/// Something wrong inside a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Defect {
    /// Stable: `black`, `frozen`, `flicker`.
    pub(crate) id: String,
    pub(crate) verdict: Verdict,
    pub(crate) value: f64,
    /// First frame and the one past the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) frames: Option<(u64, u64)>,
    /// One sentence.
    pub(crate) text: String,
    /// What would repair it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<serde_json::Value>,
}

/// What weight-free arithmetic cannot judge: shown as not measured, never as passed.
pub(crate) fn beyond() -> Vec<String> {
    ["identity", "wardrobe", "screen_direction", "style", "prompt_alignment", "grain"].map(str::to_owned).to_vec()
}

/// `measure.clip`: the report of one clip.
pub(crate) fn clip(cx: &OpCx<'_>) -> Result<Outputs, JobError> {
    let recipe = cx.clip("clip")?;
    let measures = measured(cx, recipe)?;
    let verdict = measures.defects.iter().map(|defect| defect.verdict).max().unwrap_or(Verdict::Good);
    let summary = match measures.defects.as_slice() {
        [] => format!("{} frames without defects", measures.n_frames),
        [one] => one.text.clone(),
        [first, rest @ ..] => format!("{} and {} more", first.text, rest.len()),
    };
    let plot = plot::clip_chart(&measures).write(cx.job)?;
    let data = serde_json::to_value(&measures).map_err(|error| refused("report", error.to_string()))?;
    Ok(reported(Report { title: "Clip".to_owned(), summary, verdict, data, plot: Some(plot) }))
}

/// The size at which a picture of that shape is measured.
fn small((width, height): (u32, u32)) -> (u32, u32) {
    if height <= width { (160, 90) } else { (90, 160) }
}

fn measured(cx: &OpCx<'_>, recipe: &Recipe) -> Result<ClipMeasures, JobError> {
    let n_frames = recipe.n_frames();
    if n_frames == 0 || !recipe.rate.is_valid() {
        return Err(refused("clip-empty", "the clip has no frames").into());
    }
    if MOST_FRAMES < n_frames {
        return Err(refused("clip-long", format!("{n_frames} frames are too many to measure at once"))
            .hint(format!("measure shots instead of the film; up to {MOST_FRAMES} frames"))
            .into());
    }
    let size = small(recipe.size);
    let mut watcher = Watcher::default();
    let (mut whole, mut head, mut ends) = (Tally::default(), Tally::default(), VecDeque::with_capacity(END + 1));
    let mut series = Series::default();
    let mut see = |_: u64, frame: &Frame| -> Result<Flow, JobError> {
        cx.job.cancel.check()?;
        check(frame, size)?;
        let tally = Tally::of(frame);
        watcher.see(frame);
        let [_, a, b] = tally.mean();
        let at = series.ev.len();
        series.l_median.push(rounded(tally.l_median()));
        series.ev.push(rounded(tally.ev()));
        series.chroma.push(rounded(a.hypot(b)));
        series.change.push(rounded(watcher.changes.last().copied().unwrap_or(0.0)));
        whole.merge(&tally);
        if at < END {
            head.merge(&tally);
        }
        ends.push_back(tally);
        if END < ends.len() {
            ends.pop_front();
        }
        (cx.job.progress)(0.8 * (at + 1) as f32 / n_frames as f32);
        Ok(Flow::More)
    };
    cx.codec.play(recipe, 0..n_frames, size, &mut see, cx.job)?;
    watcher.finish();
    let n_seen = series.ev.len() as u64;
    if n_seen == 0 {
        return Err(refused("clip-empty", "the clip decodes to no frame").into());
    }
    let mut tail = Tally::default();
    ends.iter().for_each(|tally| tail.merge(tally));
    let n_ends = ends.len() as u64;

    cx.job.cancel.check()?;
    let sound = loudness::measure(&heard(cx, recipe)?)?;
    (cx.job.progress)(1.0);

    let per_second = f64::from(recipe.rate.0) / f64::from(recipe.rate.1);
    let jumps = watcher.jumps();
    let mean = |changes: &[f64]| rounded(per_second * changes.iter().sum::<f64>() / changes.len().max(1) as f64);
    let changes = &watcher.changes;
    let n_frozen: u64 = watcher.frozen().iter().map(|(start, end)| end - start).sum();
    let mut measures = ClipMeasures {
        kind: "clip".to_owned(),
        n_frames: n_seen,
        rate: recipe.rate,
        size: recipe.size,
        whole: whole.window((0, n_seen)),
        head: head.window((0, n_seen.min(END as u64))),
        tail: tail.window((n_seen - n_ends, n_seen)),
        motion: Motion {
            median: rounded(per_second * median(changes)),
            first: mean(&changes[..changes.len().min(4)]),
            last: mean(&changes[changes.len().saturating_sub(4)..]),
        },
        flicker: flicker(&series.l_median, &jumps).map(rounded),
        flicker_cell: rounded(watcher.cell_flicker()),
        frozen_share: rounded(n_frozen as f64 / n_seen as f64),
        jumps,
        sound: (!sound.silent).then_some(sound),
        series,
        defects: Vec::new(),
        not_measured: beyond(),
    };
    measures.defects = defects(&measures, &watcher, n_frames, per_second, size);
    Ok(measures)
}

fn check(frame: &Frame, (width, height): (u32, u32)) -> Result<(), JobError> {
    if (frame.width, frame.height) == (width, height) && frame.data.len() == (width * height * 4) as usize {
        return Ok(());
    }
    Err(refused("decoder-size", format!("BUG: the decoder gave {}x{} for {width}x{height}", frame.width, frame.height))
        .into())
}

fn heard(cx: &OpCx<'_>, recipe: &Recipe) -> Result<Vec<f32>, JobError> {
    if MOST_SECONDS < recipe.rate.seconds(recipe.n_frames()) {
        return Err(refused("sound-long", "more than half an hour of sound cannot be measured at once")
            .hint("measure reels or shots")
            .into());
    }
    cx.codec.listen(recipe, cx.job)
}

/// The rules: what is wrong with these measures.
fn defects(
    measures: &ClipMeasures,
    watcher: &Watcher,
    n_frames: u64,
    per_second: f64,
    size: (u32, u32),
) -> Vec<Defect> {
    let mut found = Vec::new();
    let retake = Some(json!({ "action": "retake" }));
    let mut add = |id: &str, verdict, value: f64, frames, text: String, fix: &Option<serde_json::Value>| {
        let value = rounded(value);
        found.push(Defect { id: id.to_owned(), verdict, value, frames, text, fix: fix.clone() });
    };
    let n = measures.n_frames;
    if n != n_frames {
        let text = format!("{n} frames decode of {n_frames} that the clip promises");
        add("length", Verdict::Break, n as f64, None, text, &retake);
    }
    let black = watcher.black();
    for (start, end) in black.iter().copied() {
        let verdict = if end - start == n { Verdict::Break } else { Verdict::Watch };
        add(
            "black",
            verdict,
            (end - start) as f64,
            Some((start, end)),
            format!("{} frames are black", end - start),
            &None,
        );
    }
    // Black holds still by itself: it is told once.
    let inside = |run: &Run| black.iter().any(|black| black.0 <= run.0 && run.1 <= black.1);
    for (start, end) in watcher.frozen().iter().filter(|run| !inside(run)) {
        let text = format!("the picture holds still for {} frames", end - start);
        add("frozen", Verdict::Watch, (end - start) as f64, Some((*start, *end)), text, &None);
    }
    let (repeated, period) = watcher.duplicates();
    if period.is_some() || 20 * repeated.len() as u64 > n {
        let text = match period {
            Some(period) => format!("one frame in {period} is repeated"),
            None => format!("{} frames are repeated", repeated.len()),
        };
        add("repeated", Verdict::Watch, repeated.len() as f64, None, text, &retake);
    }
    let (letterbox, pillarbox) = watcher.bars(size);
    for (id, share) in [("letterbox", letterbox), ("pillarbox", pillarbox)] {
        if 0.0 < share {
            let text = format!("black bars cover {:.0} % on each side", share * 100.0);
            add(id, Verdict::Watch, share, None, text, &Some(json!({ "node": "edit.crop" })));
        }
    }
    for at in &measures.jumps {
        let text = format!("the picture jumps at frame {at} as at a cut");
        add("jump", Verdict::Watch, *at as f64, Some((*at, at + 1)), text, &None);
    }
    let (first, last) = watcher.pops();
    for (ratio, frames, place) in [(first, (0, 3.min(n)), "start"), (last, (n.saturating_sub(3), n), "end")] {
        if let Some(ratio) = ratio {
            let text = format!("the {place} changes {ratio:.1} times as much as the rest");
            let trim = Some(json!({ "node": "edit.trim", "params": { place: 2 } }));
            add("pop", Verdict::Watch, ratio, Some(frames), text, &trim);
        }
    }
    if let Some(sigma) = measures.flicker.filter(|sigma| FLICKER.0 < *sigma) {
        let verdict = if FLICKER.1 < sigma { Verdict::Break } else { Verdict::Watch };
        add("flicker", verdict, sigma, None, format!("brightness flickers by {sigma:.4}"), &retake);
    } else if 0.012 < measures.flicker_cell && measures.motion.median < 0.25 {
        let text = format!("a part of the picture pulses by {:.4}", measures.flicker_cell);
        add("flicker_cell", Verdict::Watch, measures.flicker_cell, None, text, &retake);
    }
    let flashes = watcher.flashes(per_second);
    if 3 < flashes {
        let text = format!("{flashes} flashes within a second can harm viewers");
        add("flashes", Verdict::Break, flashes as f64, None, text, &retake);
    }
    if let Some(sound) = &measures.sound {
        if let Some(peak) = sound.true_peak.filter(|peak| -0.1 < *peak) {
            let fix = Some(json!({ "node": "consistency.loudness" }));
            add("clipping", Verdict::Break, peak, None, format!("the sound peaks at {peak:.1} dBTP"), &fix);
        }
        if 0.01 < sound.dc_offset.abs() {
            add("dc_offset", Verdict::Watch, sound.dc_offset, None, "the sound has a DC offset".to_owned(), &None);
        }
        for (start, end) in &sound.silences {
            let frames = ((start * per_second) as u64, (end * per_second) as u64);
            let text = format!("{:.1} s of silence", end - start);
            add("silence", Verdict::Watch, end - start, Some(frames), text, &None);
        }
    }
    found.sort_by_key(|defect| std::cmp::Reverse(defect.verdict));
    found
}

/// `measure.frame`: the window of one picture.
pub(crate) fn frame(cx: &OpCx<'_>) -> Result<Outputs, JobError> {
    let mut found = None;
    match cx.args.get("image") {
        Some(Value::Image(Image::File(media))) => {
            let path = cx.job.artifacts.locate(media)?;
            found = Some(Tally::of(&cx.codec.read_picture(&path, 160)?).window((0, 1)));
        }
        Some(Value::Image(Image::Frame { clip, frame })) => {
            let size = small(clip.size);
            let mut see = |_: u64, picture: &Frame| -> Result<Flow, JobError> {
                check(picture, size)?;
                found = Some(Tally::of(picture).window((*frame, frame + 1)));
                Ok(Flow::Enough)
            };
            cx.codec.play(clip, *frame..frame.saturating_add(1), size, &mut see, cx.job)?;
        }
        other => return Err(cx.wrong("image", "image", other)),
    }
    let window = found.ok_or_else(|| refused("frame-missing", "the clip has no such frame"))?;
    let summary = format!("lightness {:.2}, {:+.2} stops from white", window.l_median, window.ev);
    let data = json!({ "kind": "frame", "window": window, "not_measured": beyond() });
    Ok(reported(Report { title: "Picture".to_owned(), summary, verdict: Verdict::Good, data, plot: None }))
}

/// `measure.sound`: loudness of a clip's mix.
pub(crate) fn sound(cx: &OpCx<'_>) -> Result<Outputs, JobError> {
    let samples = heard(cx, cx.clip("clip")?)?;
    let loudness = loudness::measure(&samples)?;
    let summary = match (loudness.integrated, loudness.true_peak) {
        (Some(lufs), Some(peak)) => format!("{lufs:.1} LUFS, peak {peak:.1} dBTP"),
        _ => format!("no loudness in {:.1} s", loudness.seconds),
    };
    let verdict = match loudness.true_peak {
        None => Verdict::NotMeasured,
        Some(peak) if -0.1 < peak => Verdict::Break,
        Some(_) => Verdict::Good,
    };
    let data = json!({ "kind": "sound", "sample_rate": SAMPLE_RATE, "sound": loudness });
    Ok(reported(Report { title: "Sound".to_owned(), summary, verdict, data, plot: None }))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::testing::{Generated, blank, clip, flat, moved, picture, sine, with_cx};

    /// The measures of generated frames.
    pub(crate) fn measures(n_frames: u64, codec: Generated) -> ClipMeasures {
        let args = BTreeMap::from([("clip".to_owned(), Value::Clip(clip(n_frames)))]);
        with_cx(|job| {
            let cx = OpCx { codec: &codec, args: &args, job };
            measured(&cx, cx.clip("clip").expect("it is there")).expect("it measures")
        })
    }

    fn ids(measures: &ClipMeasures) -> Vec<&str> {
        measures.defects.iter().map(|defect| &*defect.id).collect()
    }

    #[test]
    fn a_good_shot_has_no_defect() {
        let mut codec = Generated::new(|at| moved(1, [1.0; 3], at as f64));
        codec.sound = sine(440.0, -20.0, 2.0);
        let found = measures(48, codec);
        assert_eq!(ids(&found), Vec::<&str>::new());
        assert_eq!((found.n_frames, found.series.ev.len()), (48, 48));
        assert_eq!((found.head.frames, found.tail.frames), ((0, 8), (40, 48)));
        assert!(found.sound.is_some() && 0.0 < found.motion.median);
    }

    #[test]
    fn a_fade_is_no_defect_and_a_pulse_is() {
        let fade = measures(96, Generated::new(|at| moved(1, [0.3 + 0.007 * at as f64; 3], at as f64)));
        assert_eq!(ids(&fade), Vec::<&str>::new());
        let pulse = measures(96, Generated::new(|at| moved(1, [0.8 + 0.15 * (at % 2) as f64; 3], at as f64)));
        assert!(ids(&pulse).contains(&"flicker"));
    }

    #[test]
    fn black_frozen_and_clipping_are_told() {
        let mut codec = Generated::new(|_| flat([2; 3]));
        codec.sound = sine(997.0, 1.0, 1.0);
        let found = measures(24, codec);
        assert_eq!(ids(&found), ["black", "clipping"]);
        assert_eq!(found.defects[0].verdict, Verdict::Break);
        assert_eq!(found.frozen_share, 1.0);
    }

    #[test]
    fn a_held_title_is_frozen_once_and_only_watched() {
        let found = measures(24, Generated::new(|_| picture(1, [1.0; 3])));
        assert_eq!(ids(&found), ["frozen"]);
        assert_eq!((found.defects[0].verdict, found.defects[0].frames), (Verdict::Watch, Some((0, 24))));
    }

    #[test]
    fn one_frame_is_enough_and_none_is_refused() {
        let found = measures(1, Generated::new(|_| picture(1, [1.0; 3])));
        assert_eq!((found.flicker, found.head.frames, found.tail.frames), (None, (0, 1), (0, 1)));
        for n_frames in [0, MOST_FRAMES + 1] {
            let args = BTreeMap::from([("clip".to_owned(), Value::Clip(blank(n_frames)))]);
            let codec = Generated::new(|_| flat([0; 3]));
            with_cx(|job| {
                let cx = OpCx { codec: &codec, args: &args, job };
                assert!(matches!(super::clip(&cx), Err(JobError::Failed(_))));
            });
        }
    }

    #[test]
    fn reports_read_back_and_repeat_to_the_byte() {
        let report = || {
            let args = BTreeMap::from([("clip".to_owned(), Value::Clip(clip(12)))]);
            let codec = Generated::new(|at| moved(1, [1.0; 3], at as f64));
            with_cx(|job| super::clip(&OpCx { codec: &codec, args: &args, job }).expect("it measures"))
        };
        let outputs = report();
        assert_eq!(outputs, report());
        let Value::Report(found) = &outputs[0].1 else { panic!("it is a report") };
        let text = serde_json::to_string(&found.data).expect("it is JSON");
        let back: ClipMeasures = serde_json::from_str(&text).expect("it reads back");
        assert_eq!(serde_json::to_string(&back).expect("it is JSON"), text);
        assert!(found.plot.is_some());
    }

    #[test]
    fn a_picture_and_a_frame_measure_alike() {
        let codec = Generated::new(|_| picture(1, [1.0; 3]));
        let image = Image::Frame { clip: clip(4), frame: 2 };
        let args = BTreeMap::from([("image".to_owned(), Value::Image(image))]);
        let outputs = with_cx(|job| frame(&OpCx { codec: &codec, args: &args, job }).expect("it measures"));
        let Value::Report(found) = &outputs[0].1 else { panic!("it is a report") };
        assert_eq!(found.data["window"]["frames"], json!([2, 3]));
        let args = BTreeMap::from([("image".to_owned(), Value::Image(Image::Frame { clip: clip(4), frame: 9 }))]);
        let missing = with_cx(|job| frame(&OpCx { codec: &codec, args: &args, job }));
        assert!(matches!(missing, Err(JobError::Failed(diagnostic)) if diagnostic.code == "frame-missing"));
    }

    #[test]
    fn silence_is_not_measured() {
        let mut codec = Generated::new(|_| flat([0; 3]));
        codec.sound = vec![0.0; 96_000];
        let args = BTreeMap::from([("clip".to_owned(), Value::Clip(clip(24)))]);
        let outputs = with_cx(|job| sound(&OpCx { codec: &codec, args: &args, job }).expect("it measures"));
        let Value::Report(found) = &outputs[0].1 else { panic!("it is a report") };
        assert_eq!(found.verdict, Verdict::NotMeasured);
    }
}
