//! From parameters to a reference: what characters, places, props and styles share.

use std::sync::Arc;

use model::plan::all;
use model::{
    Image, ImportKind, Media, ParamSpec, Plan, PlanCx, Recipe, Reference, Render, RenderForm, RenderSettings, Role,
    Stop, Value, Voices, Work,
};

/// Files that the media worker reads as pictures.
pub(crate) const PICTURES: &[&str] = &["png", "jpg", "jpeg", "webp"];

pub(crate) const ALIASES: ParamSpec =
    ParamSpec::texts("aliases").help("Other names that the script uses for the same thing");
pub(crate) const NEGATIVE: ParamSpec =
    ParamSpec::multiline("negative", "").help("What a model must not show wherever this appears");
pub(crate) const PALETTE: ParamSpec =
    ParamSpec::colors("palette").help("Its colours, the most important first; previs paints with them");
pub(crate) const IMAGES: ParamSpec =
    ParamSpec::files("images", PICTURES).help("Pictures of it, the best first, relative to the graph's folder");

/// The node's reference on the output `port`, with pictures from files and from the input `images`.
///
/// # Errors
/// A refusal where it has no name, and for files that cannot be read.
pub(crate) fn plan(
    cx: &PlanCx<'_>,
    role: Role,
    port: &'static str,
    finish: impl FnOnce(&mut Reference) -> Result<(), Stop>,
) -> Result<Plan, Stop> {
    let name = cx.text("name")?.trim().to_uppercase();
    if name.is_empty() {
        return Err(cx.refuse("name", "it has no name").hint("give it the name that the script uses"));
    }
    let aliases = cx.texts("aliases")?.into_iter().map(|alias| alias.trim().to_uppercase());
    let mut reference = Reference {
        role,
        name,
        aliases: aliases.filter(|alias| !alias.is_empty()).collect(),
        description: cx.text("description")?.trim().to_owned(),
        negative: cx.text("negative")?.trim().to_owned(),
        palette: cx.colors("palette")?,
        images: pictures(cx)?,
        pitch_hz: None,
        voice: String::new(),
        ambience: String::new(),
    };
    finish(&mut reference)?;
    Ok(Plan::values([(port, Value::Reference(Arc::new(reference)))]))
}

fn pictures(cx: &PlanCx<'_>) -> Result<Vec<Media>, Stop> {
    let files = cx.texts("images")?.into_iter().map(|path| cx.import(ImportKind::Image, "images", path));
    let files = files.map(|value| still(cx, "images", value?)).collect();
    // All are asked for before the first that is missing stops the plan, so that they arrive together.
    all(vec![all(files), pictures_on(cx, "images")]).map(|found| found.concat())
}

/// The pictures on a gathering port as artifacts.
///
/// # Errors
/// [`Stop::Pending`] while a frame of a clip is rendered.
pub(crate) fn pictures_on(cx: &PlanCx<'_>, port: &str) -> Result<Vec<Media>, Stop> {
    all(cx.images(port)?.into_iter().map(|(_, image)| still(cx, port, Value::Image(image.clone()))).collect())
}

/// Who speaks, as a parameter or a reference says it.
pub(crate) fn voices(cx: &PlanCx<'_>, field: &str, text: &str) -> Result<Voices, Stop> {
    Voices::parse(text).map_err(|reason| {
        cx.refuse(field, reason).hint("write one voice, or one for each provider: `openai: marin, elevenlabs: ID`")
    })
}

/// A picture as an artifact; a frame of a clip is rendered.
pub(crate) fn still(cx: &PlanCx<'_>, port: &str, value: Value) -> Result<Media, Stop> {
    match value {
        Value::Image(Image::File(media)) => Ok(Media::clone(&media)),
        Value::Image(Image::Frame { clip, frame }) => {
            let settings = RenderSettings { form: RenderForm::Png, ..RenderSettings::default() };
            let work = Work::Render(Render { recipe: Arc::new(Recipe::frame(&clip, frame)), settings });
            let outputs = cx.need(&work)?;
            match outputs.iter().find(|(name, _)| name == "file") {
                Some((_, Value::Image(Image::File(media)))) => Ok(Media::clone(media)),
                _ => Err(cx.refuse(port, "BUG: the worker gave no picture for a frame")),
            }
        }
        other => Err(cx.refuse(port, format!("a picture is needed, not {}", other.port_type().name()))),
    }
}
