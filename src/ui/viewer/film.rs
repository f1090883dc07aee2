//! The film as it stands: clips in order as one recipe, with a slate wherever a result is missing.
//!
//! Pure functions over the document and the run's view; caching is the caller's. Rendering the film to look at it was
//! the alternative: it would cost minutes and show nothing while one shot is missing.

use std::sync::Arc;

use indexmap::IndexMap;
use model::{
    Color, Data, ElementId, Image, Piece, Rate, Recipe, Shot, Sound, Source, Title, Transition, TransitionKind, Value,
};

use super::upstream::{Origins, Upstream};
use crate::view::{ItemState, ItemView};

/// How long a slate is shown for an element whose shot nobody knows.
const UNKNOWN_SECONDS: f64 = 2.0;
/// Slates are part of the picture, so their colours are not the window's theme.
const SLATE: Color = Color { r: 22, g: 23, b: 26 };
const SLATE_TEXT: Color = Color { r: 222, g: 223, b: 226 };
const SLATE_WEAK: Color = Color { r: 150, g: 153, b: 160 };
const SLATE_STATE: Color = Color { r: 232, g: 178, b: 72 };
/// Characters in a line of a slate, and lines of its text.
const LINE: usize = 44;
const LINES: usize = 3;

/// Something that plays, and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reel {
    pub(crate) recipe: Arc<Recipe>,
    /// In order; transitions let neighbours overlap.
    pub(crate) parts: Vec<Part>,
    /// Laid under the whole film.
    pub(crate) music: Option<Sound>,
    /// A sound without a picture.
    pub(crate) sound_only: bool,
}

/// A run of frames of a reel: a shot, as a rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) node: String,
    pub(crate) item: String,
    pub(crate) element: Option<String>,
    pub(crate) start: u64,
    pub(crate) frames: u64,
    /// None for a slate.
    pub(crate) clip: Option<Arc<Recipe>>,
    pub(crate) state: ItemState,
    /// The clip was changed no further than this node's input: the node has no result yet.
    pub(crate) before: Option<String>,
    pub(crate) shot: Option<Arc<Shot>>,
    pub(crate) previs: bool,
}

impl Part {
    /// What it is called: the shot's number and id.
    pub(crate) fn name(&self) -> &str {
        self.element.as_deref().unwrap_or(&self.node)
    }

    /// There is something to see, but it is not of the present inputs.
    pub(crate) fn is_stale(&self) -> bool {
        self.clip.is_some() && self.before.is_none() && self.state != ItemState::Done
    }

    /// One word for how it stands.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Part { clip: None, state, .. } => state.name(),
            Part { before: Some(_), .. } => "unfinished",
            _ if self.is_stale() => "stale",
            _ => "done",
        }
    }
}

impl Reel {
    /// A clip by itself. Where it was joined from shots, each of them is a part.
    pub(crate) fn of_clip(clip: &Arc<Recipe>, cut: &Cut, shots: &Shots, origins: &Origins) -> Reel {
        let starts = clip.starts();
        let part = |idx: usize, piece: &Piece| {
            let element = element_of(piece, origins).or_else(|| cut.element.as_deref().map(str::to_owned));
            let shot = element.as_ref().and_then(|id| shots.get(id)).cloned();
            let one = Recipe { pieces: vec![piece.clone()], sound: Vec::new(), ..**clip };
            let previs = origins.is_previs_clip(&one);
            let (start, frames) = (starts[idx], piece.frames);
            Part { element, shot, start, frames, previs, clip: Some(Arc::new(one)), ..cut.part() }
        };
        let mut parts: Vec<Part> = Vec::new();
        for (idx, piece) in clip.pieces.iter().enumerate() {
            let next = part(idx, piece);
            match parts.last_mut() {
                // Cutting a shot makes pieces, not shots.
                Some(last) if last.element == next.element => last.frames = next.start + next.frames - last.start,
                _ => parts.push(next),
            }
        }
        if let [only] = parts.as_mut_slice() {
            only.clip = Some(clip.clone());
        }
        Reel { recipe: clip.clone(), parts, music: None, sound_only: false }
    }

    /// A sound by itself, over black.
    pub(crate) fn of_sound(media: &Arc<model::Media>, cut: &Cut, rate: Rate) -> Reel {
        let seconds =
            media.audio.as_ref().map_or(0.0, |audio| audio.n_samples as f64 / f64::from(audio.sample_rate.max(1)));
        let frames = u64::from(rate.frames_in(seconds));
        let blank = Piece::whole(Source::Blank(Color::default()), frames);
        let recipe = Recipe { rate, size: (16, 16), pieces: vec![blank], sound: Vec::new() };
        let media = media.clone();
        let sound = Sound { media, at: 0, start: 0, frames, gain_db: 0.0, fade_in: 0, fade_out: 0 };
        let recipe = Arc::new(recipe.lay_sound(sound));
        let part = Part { frames: recipe.n_frames(), clip: Some(recipe.clone()), ..cut.part() };
        Reel { recipe, parts: vec![part], music: None, sound_only: true }
    }

    /// The part that is shown at a frame, by its index.
    pub(crate) fn at(&self, frame: u64) -> Option<usize> {
        self.parts.partition_point(|part| part.start <= frame).checked_sub(1)
    }

    /// The part of an element.
    pub(crate) fn find(&self, element: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.element.as_deref() == Some(element))
    }
}

/// Shots by element id.
pub(crate) type Shots = IndexMap<String, Arc<Shot>>;

/// One clip on its way into the film.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cut {
    pub(crate) node: String,
    pub(crate) item: String,
    pub(crate) element: Option<ElementId>,
    pub(crate) clip: Option<Arc<Recipe>>,
    pub(crate) state: ItemState,
    pub(crate) before: Option<String>,
}

impl Cut {
    /// An item's value as a cut.
    pub(crate) fn of(node: &str, item: &ItemView) -> Cut {
        Cut {
            node: node.to_owned(),
            item: item.name.clone(),
            element: item.element.as_deref().map(Into::into),
            clip: None,
            state: item.state.clone(),
            before: None,
        }
    }

    fn part(&self) -> Part {
        Part {
            node: self.node.clone(),
            item: self.item.clone(),
            element: self.element.as_deref().map(str::to_owned),
            start: 0,
            frames: 0,
            clip: self.clip.clone(),
            state: self.state.clone(),
            before: self.before.clone(),
            shot: None,
            previs: false,
        }
    }
}

/// What a film node does with its clips.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Joining {
    pub(crate) size: (u32, u32),
    pub(crate) rate: Rate,
    pub(crate) between: Option<Transition>,
    pub(crate) music: Option<Sound>,
}

impl Joining {
    /// Plain cuts at the graph's size and rate.
    pub(crate) fn plain(graph: &Upstream<'_>) -> Joining {
        let settings = &graph.document.settings;
        Joining { size: settings.size, rate: settings.fps, between: None, music: None }
    }

    /// What an `output.film` node asks for, by its parameters and with the music that is there.
    pub(crate) fn of_film(graph: &Upstream<'_>, node: &str) -> Joining {
        let spec = graph.catalog.find(graph.kind(node));
        let number = |name: &str| {
            let default = || match spec?.param(name)?.kind {
                model::ParamKind::Integer { default, .. } => Some(default as f64),
                model::ParamKind::Number { default, .. } => Some(default),
                _ => None,
            };
            graph.param(node, name).and_then(Data::as_number).or_else(default).unwrap_or(0.0)
        };
        let frames = |name: &str| number(name).clamp(0.0, 1e9) as u64;
        let music = graph.feed(node, "music").and_then(|feed| {
            let source = feed.sources().first()?;
            let item = graph.node(&source.node)?.items.first()?;
            let Value::Audio(media) = item.value(&source.port)? else { return None };
            let gain_db = number("music_gain_db");
            let fade_out = frames("music_fade");
            Some(Sound { media: media.clone(), at: 0, start: 0, frames: u64::MAX, gain_db, fade_in: 0, fade_out })
        });
        let crossfade = frames("crossfade");
        let between = (0 < crossfade).then_some(Transition { kind: TransitionKind::Crossfade, frames: crossfade });
        Joining { between, music, ..Joining::plain(graph) }
    }
}

/// The clips at an output, in order, one for each element. An edit that has no result yet is looked through: what
/// enters it is shown, marked as unfinished.
pub(crate) fn cuts(graph: &Upstream<'_>, node: &str, port: &str) -> Vec<Cut> {
    Gathering { graph, budget: BUDGET }.at(node, port, 0)
}

/// The clips that enter a node by a port.
pub(crate) fn entering(graph: &Upstream<'_>, node: &str, port: &str) -> Vec<Cut> {
    Gathering { graph, budget: BUDGET }.entering(node, port, 0)
}

/// How many edits in a row are looked through, and outputs in all: links may go in circles, and edits that join edits
/// that join edits double with each.
const DEPTH: usize = 32;
const BUDGET: usize = 4000;

struct Gathering<'g, 'a> {
    graph: &'g Upstream<'a>,
    /// Outputs that may still be asked.
    budget: usize,
}

impl Gathering<'_, '_> {
    fn entering(&mut self, node: &str, port: &str, depth: usize) -> Vec<Cut> {
        let graph = self.graph;
        let sources = graph.feed(node, port).map(|feed| feed.sources()).unwrap_or_default();
        sources.iter().flat_map(|source| self.at(&source.node, &source.port, depth)).collect()
    }

    fn at(&mut self, node: &str, port: &str, depth: usize) -> Vec<Cut> {
        if self.budget == 0 {
            return Vec::new();
        }
        self.budget -= 1;
        let graph = self.graph;
        let rate = graph.document.settings.fps;
        let items = graph.node(node).map(|node| node.items.as_slice()).unwrap_or_default();
        let lacks = items.is_empty() || items.iter().any(|item| item.value(port).is_none());
        let earlier = if lacks { self.before(node, depth) } else { Vec::new() };
        if items.iter().all(|item| item.element.is_none() && item.value(port).is_none()) && !earlier.is_empty() {
            return earlier;
        }
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let cut = Cut::of(node, item);
            match item.value(port) {
                Some(Value::List(list)) => found.extend(list.iter().map(|entry| Cut {
                    element: Some(entry.id.clone()),
                    clip: clip_of(&entry.value, rate),
                    ..cut.clone()
                })),
                Some(value) => found.push(Cut { clip: clip_of(value, rate), ..cut }),
                None => {
                    let same = earlier.iter().find(|it| it.element.is_some() && it.element == cut.element);
                    let same =
                        same.map(|same| Cut { clip: same.clip.clone(), before: same.before.clone(), ..cut.clone() });
                    found.push(same.unwrap_or(cut));
                }
            }
        }
        found
    }

    /// What enters an edit by its clip input; nothing for nodes that make pictures.
    fn before(&mut self, node: &str, depth: usize) -> Vec<Cut> {
        let edits = matches!(self.graph.kind(node).split_once('.'), Some(("edit" | "consistency", _)));
        let input = ["clip", "clips"].into_iter().find(|input| self.graph.feed(node, input).is_some());
        let Some(input) = input.filter(|_| edits && depth < DEPTH) else { return Vec::new() };
        let entering = self.entering(node, input, depth + 1).into_iter();
        entering.filter(|cut| cut.clip.is_some()).map(|cut| Cut { before: Some(node.to_owned()), ..cut }).collect()
    }
}

/// A value as something that plays: clips, and pictures as one frame.
pub(crate) fn clip_of(value: &Value, rate: Rate) -> Option<Arc<Recipe>> {
    match value {
        Value::Clip(clip) => Some(clip.clone()),
        Value::Image(image) => Some(Arc::new(Recipe::still(image.clone(), 1, rate))),
        _ => None,
    }
}

/// One recipe from the clips in order, with slates for what is missing.
pub(crate) fn assemble(cuts: &[Cut], shots: &Shots, origins: &Origins, joining: &Joining) -> Reel {
    let mut clips = Vec::with_capacity(cuts.len());
    let mut parts = Vec::with_capacity(cuts.len());
    for cut in cuts {
        let shot = cut.element.as_deref().and_then(|id| shots.get(id)).cloned();
        let clip = match &cut.clip {
            Some(clip) => clip.conform(joining.size, joining.rate),
            None => slate(cut, shot.as_deref(), joining),
        };
        // An empty clip takes no part in a film, as `Recipe::join` has it.
        if clip.pieces.is_empty() {
            continue;
        }
        let previs = cut.clip.as_ref().is_some_and(|clip| origins.is_previs_clip(clip));
        parts.push(Part { shot, previs, ..cut.part() });
        clips.push(clip);
    }
    let mut film = Recipe::join(&clips, joining.size, joining.rate, joining.between);
    let starts = film.starts();
    let mut n_pieces = 0;
    for (part, clip) in parts.iter_mut().zip(&clips) {
        part.start = starts.get(n_pieces).copied().unwrap_or_default();
        part.frames = clip.n_frames();
        n_pieces += clip.pieces.len();
    }
    let music = joining.music.clone().map(|music| Sound { frames: film.n_frames(), ..music });
    if let Some(music) = &music {
        film = film.lay_sound(music.clone());
    }
    Reel { recipe: Arc::new(film), parts, music, sound_only: false }
}

/// A picture that says which shot is missing, and why.
fn slate(cut: &Cut, shot: Option<&Shot>, joining: &Joining) -> Recipe {
    let rate = joining.rate;
    let frames = u64::from(shot.map_or_else(|| rate.frames_in(UNKNOWN_SECONDS), |shot| shot.n_frames(rate)));
    let name = match (shot, &cut.element) {
        (Some(shot), Some(id)) if !shot.number.is_empty() => format!("{}   {id}", shot.number),
        (_, Some(id)) => id.to_string(),
        (_, None) => cut.node.clone(),
    };
    let mut piece = Piece::whole(Source::Blank(SLATE), frames);
    let mut line = |text: String, y: f64, size: f64, color: Color| {
        if !text.trim().is_empty() {
            piece.titles.push(Title { text, at: (0.5, y), size, color, start: 0, frames });
        }
    };
    line(name, 0.3, 0.09, SLATE_TEXT);
    let text = wrapped(shot.map_or("", |shot| &shot.text));
    for (idx, text) in text.into_iter().enumerate() {
        line(text, 0.44 + 0.07 * idx as f64, 0.05, SLATE_WEAK);
    }
    line(cut.state.name().to_owned(), 0.76, 0.06, SLATE_STATE);
    Recipe { rate, size: joining.size, pieces: vec![piece], sound: Vec::new() }
}

/// A text in short lines; what does not fit ends in an ellipsis.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let fits = |line: &String| line.chars().count() + 1 + word.chars().count() <= LINE;
        if let Some(line) = lines.last_mut().filter(|line| fits(line)) {
            line.push(' ');
            line.push_str(word);
        } else if lines.len() < LINES {
            lines.push(word.chars().take(LINE).collect());
        } else {
            lines[LINES - 1].push('…');
            break;
        }
    }
    lines
}

/// The element that a piece's source was made for.
fn element_of(piece: &Piece, origins: &Origins) -> Option<String> {
    let digest = match &piece.source {
        Source::File { video, .. } => video.digest,
        Source::Still(Image::File(media)) => media.digest,
        _ => return None,
    };
    origins.elements.get(&digest).cloned()
}

#[cfg(test)]
mod tests;
