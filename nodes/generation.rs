//! From the parameters and inputs of a model node to a call: what `model.video` and `model.image` share.
//!
//! Knows no provider: which model answers is the router's business. Seeds derive from element ids, so that inserting a
//! shot changes no other shot's picture.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{
    Call, Digest, Image, Media, ModelChoice, ParamSpec, Plan, PlanCx, Quality, Recipe, Reference, Render,
    RenderSettings, Role, Scope, Shot, Slate, Source, Stop, Task, Value, Work, even, walk,
};

use crate::composing::{TEMPLATE, called, compose};

pub(crate) const PROMPT: ParamSpec =
    ParamSpec::multiline("prompt", "").help("What the model is told; where it is empty, the shot is put into words");
pub(crate) const NEGATIVE: ParamSpec =
    ParamSpec::multiline("negative", "").help("What the model must not show, for models that can be told");
pub(crate) const MODEL: ParamSpec = ParamSpec::text("model", "auto").help(
    "`auto` is what the graph's settings say, and previs where they say nothing; `cheapest`, `fastest`, `best` and \
        `balanced` choose a hosted model that can do what is asked; a name like `runway/gen4.5` is that model",
);
pub(crate) const QUALITY: ParamSpec = ParamSpec::choice("quality", "draft", &["draft", "final"])
    .help("Draft is cheap and fast, final is as good as the model can");
pub(crate) const SEED_POLICY: ParamSpec = ParamSpec::choice("seed_policy", "by_shot", &["by_shot", "fixed", "by_take"])
    .help("Where the seed comes from: the shot's id, the seed alone, or id and take together");
pub(crate) const SEED: ParamSpec = ParamSpec::integer("seed", 0, 0, i64::MAX)
    .help("The seed itself under `fixed`, otherwise mixed in: another number gives other pictures everywhere");
pub(crate) const WIDTH: ParamSpec =
    ParamSpec::integer("width", 0, 0, 8192).unit("pixels").help("Width of the picture; 0 is the graph's");
pub(crate) const HEIGHT: ParamSpec =
    ParamSpec::integer("height", 0, 0, 8192).unit("pixels").help("Height of the picture; 0 is the graph's");
pub(crate) const SLATE: ParamSpec =
    ParamSpec::flag("slate", true).help("Whether previs shows scene, shot, lens and timecode on the picture");
pub(crate) const CAPTIONS: ParamSpec =
    ParamSpec::flag("captions", true).help("Whether previs shows dialogue on the picture");
/// What ports are for that every model of pictures has.
pub(crate) const REFERENCES: &str =
    "Characters, places, props and styles; a shot takes those that it names, and all styles";
pub(crate) const MASK: &str = "What is white here is made anew, for models that repaint a part";
pub(crate) const OPTIONS: ParamSpec = ParamSpec::texts("options")
    .help("Settings of one model, each written `name=value`; a model without it is not chosen");

/// The call that parameters and inputs describe; its length is one frame.
///
/// # Errors
/// A refusal where there is neither a shot nor a prompt, and for parameters out of range.
pub(crate) fn call(cx: &PlanCx<'_>, task: Task) -> Result<Call, Stop> {
    let shot = cx.maybe("shot").map(|_| cx.shot("shot")).transpose()?;
    let wired: Vec<_> = cx.references("references")?.into_iter().map(|(_, reference)| silent(reference)).collect();
    let references = shot.map_or_else(|| wired.clone(), |shot| called(shot, &wired));
    let (mut prompt, mut negative) = (cx.text("prompt")?.trim().to_owned(), cx.text("negative")?.trim().to_owned());
    // A clip to work from may say it all.
    if prompt.is_empty() && (shot.is_some() || cx.maybe("source").is_none()) {
        let shot = shot.ok_or_else(|| {
            cx.refuse("prompt", "there is nothing to make: neither a prompt nor a shot")
                .hint("type a prompt, or connect a shot")
        })?;
        let composed =
            compose(TEMPLATE, "", &negative, shot, &references).map_err(|reason| cx.refuse("prompt", reason))?;
        (prompt, negative) = (composed.text, composed.negative);
    }
    let slate = match shot {
        Some(shot) if cx.flag("slate")? => Some(Slate { scene: shot.scene.clone(), shot: shot.id.clone() }),
        _ => None,
    };
    Ok(Call {
        model: ModelChoice::written(&cx.text("model")?),
        quality: if cx.choice("quality")? == "final" { Quality::Final } else { Quality::Draft },
        negative,
        shot: shot.map(|shot| Arc::new(shot.content())),
        references,
        first_frame: frame(cx, "first_frame")?,
        size: size(cx)?,
        rate: cx.settings.fps,
        seed: seed(cx, shot.map(|shot| &**shot))?,
        take: cx.take,
        slate,
        captions: cx.flag("captions")?,
        options: options(cx)?,
        ..Call::new(task, prompt)
    })
}

/// A reference without its voice: recasting a voice makes no picture anew.
fn silent(reference: &Arc<Reference>) -> Arc<Reference> {
    if reference.voice.is_empty() {
        return reference.clone();
    }
    Arc::new(Reference { voice: String::new(), ..Reference::clone(reference) })
}

/// The plan that asks for a call, with where in the story it belongs: the shot, and who is seen in it.
pub(crate) fn asked(cx: &PlanCx<'_>, call: Call) -> Result<Plan, Stop> {
    let shot = cx.maybe("shot").map(|_| cx.shot("shot")).transpose()?;
    let is_seen = |it: &&Arc<Reference>| {
        it.role == Role::Character && shot.is_none_or(|shot| shot.cast.iter().any(|member| it.is_called(&member.name)))
    };
    let named = call.references.iter().filter(is_seen).map(|it| it.name.as_str());
    let cast = shot.iter().flat_map(|shot| &shot.cast).map(|member| member.name.as_str());
    let (scene, id) = shot.map_or(("", ""), |shot| (&shot.scene, &shot.id));
    let scope = Scope::new(scene, id, cast.chain(named));
    Ok(Plan::work(Work::Call(Box::new(call))).within(scope))
}

/// The picture on an optional port.
pub(crate) fn frame(cx: &PlanCx<'_>, port: &str) -> Result<Option<Image>, Stop> {
    cx.maybe(port).map(|_| cx.image(port).cloned()).transpose()
}

/// A clip on an optional port as one file: as it is where it is one, and rendered where it was edited.
///
/// # Errors
/// [`Stop::Pending`] while it is rendered.
pub(crate) fn file_of(cx: &PlanCx<'_>, port: &str) -> Result<Option<Arc<Media>>, Stop> {
    let Some(clip) = cx.maybe_clip(port)? else { return Ok(None) };
    if let [piece] = clip.pieces.as_slice()
        && let Source::File { video, audio: None } = &piece.source
        && video.format == "mp4"
        && **clip == Recipe::file(video.clone(), None, clip.rate)
    {
        return Ok(Some(video.clone()));
    }
    // Nearly without loss: what is made of it is what will be seen.
    let settings = RenderSettings { crf: 12, ..RenderSettings::default() };
    let outputs = cx.need(&Work::Render(Render { recipe: clip.clone(), settings }))?;
    match outputs.iter().find(|(name, _)| name == "file") {
        Some((_, Value::Clip(file))) => match file.pieces.first().map(|piece| &piece.source) {
            Some(Source::File { video, .. }) => Ok(Some(video.clone())),
            _ => Err(cx.refuse(port, "BUG: the worker gave no file for a clip")),
        },
        _ => Err(cx.refuse(port, "BUG: the worker gave no file for a clip")),
    }
}

/// The mask on port `mask`, which needs something that it is a mask of.
///
/// # Errors
/// A refusal where there is no such thing.
pub(crate) fn mask(cx: &PlanCx<'_>, call: &Call) -> Result<Option<Image>, Stop> {
    let mask = frame(cx, "mask")?;
    if mask.is_some() && call.first_frame.is_none() && call.source.is_none() {
        return Err(cx
            .refuse("mask", "there is nothing that the mask is for")
            .hint("connect the picture that is to be changed to first_frame"));
    }
    Ok(mask)
}

/// Parameters `width` and `height`, the graph's where they are 0.
pub(crate) fn size(cx: &PlanCx<'_>) -> Result<(u32, u32), Stop> {
    let side = |name: &str, default: u32| {
        let pixels = u32::try_from(cx.integer(name)?).unwrap_or(0);
        Ok::<u32, Stop>(even(if pixels == 0 { default } else { pixels }))
    };
    Ok((side("width", cx.settings.size.0)?, side("height", cx.settings.size.1)?))
}

fn seed(cx: &PlanCx<'_>, shot: Option<&Shot>) -> Result<u64, Stop> {
    if let Some(fixed) = shot.and_then(|shot| shot.seed) {
        return Ok(fixed);
    }
    let base = cx.integer("seed")?.unsigned_abs();
    let id = cx.element.map(|element| &**element).or(shot.map(|shot| shot.id.as_str())).unwrap_or_default();
    Ok(match cx.choice("seed_policy")? {
        "fixed" => base,
        "by_take" => hash(&walk::digest_of(&(id, base, cx.take))),
        _ => hash(&walk::digest_of(&(id, base))),
    })
}

pub(crate) fn hash(digest: &Digest) -> u64 {
    digest.0.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

pub(crate) fn options(cx: &PlanCx<'_>) -> Result<BTreeMap<String, String>, Stop> {
    let pair = |text: &str| {
        let (name, value) = text.split_once('=')?;
        (!name.trim().is_empty()).then(|| (name.trim().to_owned(), value.trim().to_owned()))
    };
    let read = |text: &str| {
        pair(text).ok_or_else(|| {
            cx.refuse("options", format!("`{text}` is not an option")).hint("write it like motion_strength=0.4")
        })
    };
    cx.texts("options")?.into_iter().map(read).collect()
}

/// The last frame of a clip as a picture.
pub(crate) fn last_frame_of(value: &Value) -> Option<Image> {
    match value {
        Value::Clip(clip) => Some(Image::Frame { clip: clip.clone(), frame: clip.n_frames().checked_sub(1)? }),
        _ => None,
    }
}
