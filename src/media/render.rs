//! Makes files from recipes: a film from segments, a picture, a sound.
//!
//! Must not know how frames are decoded or drawn. Each segment is kept under the key of its own render, so that a
//! changed shot costs its own segment and its transitions, and the rest is copied.

use std::sync::Arc;

use engine::codec::{EncodeSpec, Frame};
use engine::worker::{JobCx, JobError};
use model::{Diagnostic, Image, Media, Outputs, Recipe, Render, RenderForm, RenderSettings, Value, VideoInfo, Work};

use crate::aac::{self, Coded};
use crate::element::Encoder;
use crate::encode::{self, Style, disk};
use crate::join::{self, Part, Track};
use crate::mix;
use crate::picture;
use crate::player::{Player, check_recipe};
use crate::segment::{self, Segment};
use crate::wav;

/// How much longer than joining a frame it takes to encode it, and to encode its sound.
const ENCODING: f32 = 200.0;
const SOUNDING: f32 = 10.0;

/// Most kilobits per second of sound.
const MAX_KBPS: u32 = 512;

/// Runs a render.
///
/// # Errors
/// A diagnostic of the recipe, the settings, a source or the disk; [`JobError::Cancelled`].
pub(crate) fn render(render: &Render, encoder: Encoder, cx: &JobCx<'_>) -> Result<Outputs, JobError> {
    check_recipe(&render.recipe)?;
    let value = match render.settings.form {
        RenderForm::Mp4 => film(render, encoder, cx)?,
        RenderForm::Png => {
            let mut frame = Frame::default();
            Player::new(&render.recipe, render.recipe.size, cx)?.frame(0, &mut frame)?;
            let path = cx.artifacts.scratch("png")?;
            let info = picture::write(&frame, &path)?;
            Value::Image(Image::File(Arc::new(cx.artifacts.adopt(&path, "png", Some(info), None)?)))
        }
        RenderForm::Wav => {
            let samples = mix::listen(&render.recipe, cx)?;
            let path = cx.artifacts.scratch("wav")?;
            wav::write(&samples, &path).map_err(|error| disk(&path, &error))?;
            let info = wav::info(&samples);
            Value::Audio(Arc::new(cx.artifacts.adopt(&path, "wav", None, Some(info))?))
        }
    };
    (cx.progress)(1.0);
    Ok(vec![("file".into(), value)])
}

fn film(render: &Render, encoder: Encoder, cx: &JobCx<'_>) -> Result<Value, JobError> {
    let (recipe, settings) = (&*render.recipe, &render.settings);
    let style = Style::of(settings, encoder)?;
    if MAX_KBPS < settings.audio_kbps {
        let message = format!("{} kbit/s of sound is more than AAC takes", settings.audio_kbps);
        return Err(Diagnostic::error("render-settings", message).hint("use at most 512, or 0 for none").into());
    }
    let segments = segment::split(recipe);
    let n_frames = recipe.n_frames();
    let sounds = 0 < settings.audio_kbps && mix::has_sound(recipe);
    let weight = |segment: &Segment| segment.n_frames as f32 * if is_free(segment, &style) { 0.0 } else { ENCODING };
    let encoding: f32 = segments.iter().map(weight).sum();
    let sounding = if sounds { n_frames as f32 * SOUNDING } else { 0.0 };
    let total = encoding + sounding + n_frames as f32;
    let mut done = 0.0;
    let mut parts = Vec::with_capacity(segments.len());
    for segment in &segments {
        cx.cancel.check()?;
        let weight = weight(segment);
        let media = part(segment, settings, &style, cx, &|part| (cx.progress)((done + part * weight) / total))?;
        parts.push(Part { path: cx.artifacts.locate(&media)?, n_frames: segment.n_frames });
        done += weight;
    }
    let progress = |part: f32| (cx.progress)((encoding + part * sounding) / total);
    let coded = if sounds { coded_sound(recipe, settings.audio_kbps, cx, &progress)? } else { None };
    let track = coded.as_ref().map(|(coded, n_samples)| Track { coded, n_samples: *n_samples });
    let path = cx.artifacts.scratch("mp4")?;
    let joined = |n: u64| (cx.progress)((encoding + sounding + n as f32) / total);
    let audio = join::join(&parts, recipe.rate, track, &path, &joined, &cx.cancel)?;
    // A silent film of mezzanines is itself one: closed groups of pictures in the same settings.
    let codec = if audio.is_none() { style.codec() } else { "h264" };
    let video =
        VideoInfo { width: recipe.size.0, height: recipe.size.1, rate: recipe.rate, n_frames, codec: codec.to_owned() };
    let media = Arc::new(cx.artifacts.adopt(&path, "mp4", Some(video), audio)?);
    Ok(Value::Clip(Arc::new(Recipe::file(media, None, recipe.rate))))
}

/// The film's sound as its file holds it, and how many samples of it there are; none where it would be empty.
fn coded_sound(
    recipe: &Recipe,
    kbps: u32,
    cx: &JobCx<'_>,
    progress: &dyn Fn(f32),
) -> Result<Option<(Coded, u64)>, JobError> {
    let samples = mix::listen(recipe, cx)?;
    // The encoder's run-up, which `mp4mux` does not tell players to skip, takes the place of as many samples, so that
    // the rest comes out in time.
    match samples.get(aac::FRAME * 2..) {
        None | Some([]) => Ok(None),
        Some(rest) => Ok(Some((aac::encode(rest, kbps, &cx.cancel, progress)?, samples.len() as u64 / 2))),
    }
}

/// Whether a segment can be used as it is.
fn is_free(segment: &Segment, style: &Style) -> bool {
    style.codec() != "h264" && segment.untouched(style.codec()).is_some()
}

/// The file of a segment: the source itself, one made before, or a new one.
fn part(
    segment: &Segment,
    settings: &RenderSettings,
    style: &Style,
    cx: &JobCx<'_>,
    progress: &dyn Fn(f32),
) -> Result<Arc<Media>, JobError> {
    if is_free(segment, style)
        && let Some(media) = segment.untouched(style.codec())
    {
        return Ok(media.clone());
    }
    let recipe = Arc::new(segment.recipe.clone());
    let settings = RenderSettings { audio_kbps: 0, form: RenderForm::Mp4, ..settings.clone() };
    let work = Work::Render(Render { recipe: recipe.clone(), settings });
    if let Some(outputs) = cx.artifacts.recall(&work)
        && let Some(media) = file_in(&outputs)
        && media.video.as_ref().is_some_and(|info| info.codec == style.codec() && info.n_frames == segment.n_frames)
        && cx.artifacts.locate(&media).is_ok()
    {
        return Ok(media);
    }
    let spec = EncodeSpec { size: recipe.size, rate: recipe.rate, n_frames: segment.n_frames as u32 };
    let path = cx.artifacts.scratch("mp4")?;
    let mut player = Player::new(&recipe, recipe.size, cx)?;
    let mut draw = |idx: u32, frame: &mut Frame| {
        progress(idx as f32 / spec.n_frames as f32);
        player.frame(u64::from(idx), frame)
    };
    let info = encode::encode(style, &spec, &path, &mut draw, &cx.cancel)?;
    let media = Arc::new(cx.artifacts.adopt(&path, "mp4", Some(info), None)?);
    let clip = Value::Clip(Arc::new(Recipe::file(media.clone(), None, recipe.rate)));
    cx.artifacts.record(&work, &vec![("file".into(), clip)])?;
    Ok(media)
}

/// The video file that a recorded render made.
fn file_in(outputs: &Outputs) -> Option<Arc<Media>> {
    let (_, value) = outputs.iter().find(|(name, _)| name == "file")?;
    let Value::Clip(clip) = value else { return None };
    match &clip.pieces.first()?.source {
        model::Source::File { video, .. } => Some(video.clone()),
        _ => None,
    }
}
