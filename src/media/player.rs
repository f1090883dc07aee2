//! Plays a recipe: the picture of each frame with every decision applied.
//!
//! Must not know what becomes of the pictures: rendering, thumbnails, measurements and playback all pull from here,
//! so they cannot disagree. Frames may be asked for in any order; the next one is the cheap one. There is a reader per
//! visible piece, and a few more only where somebody goes back and forth, so memory does not grow with the recipe.

use std::ops::Range;

use engine::codec::Frame;
use engine::worker::{JobCx, JobError};
use model::{Diagnostic, Image, Media, Piece, Rate, Recipe, Source, TransitionKind};

use crate::decode::VideoReader;
use crate::encode::{MAX_VIDEO_PIXELS, check_shape};
use crate::grade::Table;
use crate::picture;
use crate::quick::{Bank, Got, QuickReader};
use crate::scale::{layout, place};
use crate::segment::silent;
use crate::title::Mask;

/// Pieces that may be visible at once.
const MAX_LAYERS: usize = 6;

/// Stills may be frames of recipes with stills in them, so deep.
const MAX_DEPTH: u32 = 8;

/// Pieces of one recipe.
const MAX_PIECES: usize = 20_000;

/// Largest numerator and denominator of a speed.
const MAX_SPEED: u32 = 10_000;

/// Part of a frame after its start at which the source is looked at: inside the frame however times were rounded,
/// and before the boundary that sources of twice the rate have in its middle.
const INSIDE_PERCENT: u128 = 45;

/// Checks what no worker may trust: recipes come from files.
///
/// # Errors
/// A diagnostic that names the piece.
pub(crate) fn check_recipe(recipe: &Recipe) -> Result<(), Diagnostic> {
    if recipe.pieces.is_empty() || MAX_PIECES < recipe.pieces.len() {
        let message = format!("a clip of {} pieces cannot be shown", recipe.pieces.len());
        return Err(Diagnostic::error("clip-pieces", message).hint("connect between one and 20000 clips"));
    }
    if recipe.pieces.iter().any(|piece| 1 << 32 < piece.frames || 1 << 32 < piece.start) {
        return Err(Diagnostic::error("video-length", "a piece is longer than a day"));
    }
    check_shape(recipe.size, recipe.rate, recipe.n_frames())?;
    for (i, piece) in recipe.pieces.iter().enumerate() {
        let number = i + 1;
        let (num, den) = piece.speed;
        if num == 0 || den == 0 || MAX_SPEED < num.max(den) {
            let message = format!("piece {number} has a speed of {num}/{den}");
            return Err(Diagnostic::error("piece-speed", message).hint("use a speed between 1/10000 and 10000"));
        }
        if piece.frames == 0 {
            return Err(Diagnostic::error("piece-empty", format!("piece {number} has no frames")).hint("trim less"));
        }
        if let (Some(transition), Some(next)) = (piece.transition, recipe.pieces.get(i + 1))
            && piece.frames.min(next.frames) < transition.frames
        {
            let message = format!(
                "the transition after piece {number} takes {} frames, more than the pieces have",
                transition.frames
            );
            return Err(Diagnostic::error("transition-length", message).hint("shorten the transition"));
        }
        if let Source::File { video, .. } = &piece.source {
            check_length(number, piece, video, recipe)?;
        }
    }
    Ok(())
}

fn check_length(number: usize, piece: &Piece, media: &Media, recipe: &Recipe) -> Result<(), Diagnostic> {
    let Some(info) = &media.video else {
        let message = format!("piece {number} is a file without a picture");
        return Err(Diagnostic::error("no-picture", message).hint("lay sound under a clip instead"));
    };
    if is_picture(media) || !info.rate.is_valid() {
        return Ok(());
    }
    let available = info.rate.seconds(info.n_frames);
    let taken = piece.frames as f64 * f64::from(piece.speed.0) / f64::from(piece.speed.1);
    let wanted = (piece.start as f64 + taken) * f64::from(recipe.rate.1) / f64::from(recipe.rate.0);
    // Lengths are rounded to frames of either rate.
    let slack = recipe.rate.seconds(1) + info.rate.seconds(1);
    if available + slack < wanted {
        let message = format!("piece {number} needs {wanted:.2} seconds of a source that has {available:.2}");
        return Err(Diagnostic::error("piece-past-end", message).hint("shorten the piece, or slow it down"));
    }
    Ok(())
}

/// Whether a file is read by the picture reader.
fn is_picture(media: &Media) -> bool {
    matches!(media.format.as_str(), "png" | "jpg" | "jpeg" | "webp")
}

/// Pulls frames of a recipe.
pub(crate) struct Player<'a> {
    recipe: &'a Recipe,
    size: (u32, u32),
    cx: &'a JobCx<'a>,
    /// First frame of each piece in the clip.
    starts: Vec<u64>,
    /// Visible pieces, earliest first.
    layers: Vec<Layer>,
    parked: Parked,
    other: Frame,
    depth: u32,
}

/// Pieces that were visible lately, oldest first, with all that was opened and drawn for them. Shot by shot a render
/// never returns, so it keeps none.
#[derive(Default)]
pub(crate) struct Parked {
    layers: Vec<Layer>,
    most_pixels: u64,
    /// Open decoders, where somebody goes back and forth; a render reads each file once, from front to back.
    bank: Option<Bank>,
}

impl Parked {
    /// Room for pieces of so many pixels together. A decoder at rest holds about fifty bytes for each.
    pub(crate) fn new(most_pixels: u64) -> Parked {
        Parked { layers: Vec::new(), most_pixels, bank: Some(Bank::default()) }
    }

    fn add(&mut self, layer: Layer) {
        self.layers.push(layer);
        let mut left = self.most_pixels;
        let fits = |layer: &&Layer| {
            let rest = left.checked_sub(layer.n_pixels());
            left = rest.unwrap_or(0);
            rest.is_some()
        };
        let n_kept = self.layers.iter().rev().take_while(fits).count();
        self.layers.drain(..self.layers.len() - n_kept);
    }

    /// The layer of an equal piece.
    fn take(&mut self, drawn: &Drawn) -> Option<Layer> {
        let at = self.layers.iter().position(|layer| layer.drawn == *drawn)?;
        Some(self.layers.remove(at))
    }

    /// A reader of a file.
    fn reader(&mut self, media: &Media) -> Option<Reader> {
        let reads = |layer: &Layer| match &layer.drawn.piece.source {
            Source::File { video, .. } => layer.reader.is_some() && video.digest == media.digest,
            _ => false,
        };
        let at = self.layers.iter().position(reads)?;
        let mut reader = self.layers.remove(at).reader?;
        match &mut reader {
            Reader::Line(reader) => reader.refresh(),
            Reader::Quick(reader) => reader.refresh(),
        }
        Some(reader)
    }
}

/// How a file is read: by a pipeline of its own, or by decoders that are shared.
enum Reader {
    Line(Box<VideoReader>),
    Quick(QuickReader),
}

/// All that the picture of a piece depends on.
#[derive(Clone, PartialEq)]
struct Drawn {
    piece: Piece,
    rate: Rate,
    frame: (u32, u32),
    size: (u32, u32),
}

struct Layer {
    piece: usize,
    drawn: Drawn,
    reader: Option<Reader>,
    raw: Frame,
    /// Placed and graded.
    shown: Frame,
    table: Option<Table>,
    masks: Vec<Mask>,
}

impl<'a> Player<'a> {
    /// A player whose frames have `size`.
    ///
    /// # Errors
    /// A diagnostic for a recipe that cannot be played.
    pub(crate) fn new(recipe: &'a Recipe, size: (u32, u32), cx: &'a JobCx<'a>) -> Result<Player<'a>, JobError> {
        Player::nested(recipe, size, cx, 0)
    }

    /// Takes over what an earlier player of the same store has opened, and keeps as much again for a later one.
    pub(crate) fn resume(mut self, parked: Parked) -> Player<'a> {
        self.parked = parked;
        self
    }

    /// What a later player may take over.
    pub(crate) fn park(mut self) -> Parked {
        for layer in self.layers.drain(..) {
            self.parked.add(layer);
        }
        self.parked
    }

    fn nested(recipe: &'a Recipe, size: (u32, u32), cx: &'a JobCx<'a>, depth: u32) -> Result<Player<'a>, JobError> {
        check_recipe(recipe)?;
        if size.0 == 0 || size.1 == 0 || MAX_VIDEO_PIXELS < u64::from(size.0) * u64::from(size.1) {
            let message = format!("a clip cannot be shown at {} by {} pixels", size.0, size.1);
            return Err(Diagnostic::error("video-size", message).into());
        }
        Ok(Player {
            recipe,
            size,
            cx,
            starts: starts(recipe),
            layers: Vec::new(),
            parked: Parked::default(),
            other: Frame::black(size.0, size.1),
            depth,
        })
    }

    /// Fills `out` with frame `at`.
    ///
    /// # Errors
    /// A diagnostic of a source; [`JobError::Cancelled`]. The next frame may be asked for all the same.
    pub(crate) fn frame(&mut self, at: u64, out: &mut Frame) -> Result<(), JobError> {
        let made = self.try_frame(at, out);
        if made.is_err() {
            // Whatever failed may be half open.
            self.layers.clear();
        }
        made
    }

    fn try_frame(&mut self, at: u64, out: &mut Frame) -> Result<(), JobError> {
        self.cx.cancel.check()?;
        let n_frames = self.recipe.n_frames();
        if n_frames <= at {
            let message = format!("frame {at} of a clip of {n_frames} frames is wanted");
            return Err(Diagnostic::error("frame-past-end", message).hint("frames are counted from 0").into());
        }
        let recipe = self.recipe;
        let visible = visible(recipe, &self.starts, at);
        if MAX_LAYERS < visible.len() {
            let message = format!("more than {MAX_LAYERS} clips overlap at frame {at}");
            return Err(Diagnostic::error("too-many-layers", message).hint("shorten the transitions").into());
        }
        for layer in self.layers.extract_if(.., |layer| !visible.contains(&layer.piece)) {
            self.parked.add(layer);
        }
        for idx in visible {
            let place = self.layers.partition_point(|layer| layer.piece < idx);
            if self.layers.get(place).is_none_or(|layer| layer.piece != idx) {
                let layer = self.layer(idx, at - self.starts[idx])?;
                self.layers.insert(place, layer);
            }
        }
        if (out.width, out.height) != self.size || out.data.len() != self.other.data.len() {
            *out = Frame::black(self.size.0, self.size.1);
        }
        for (i, layer) in self.layers.iter_mut().enumerate() {
            let k = at - self.starts[layer.piece];
            let piece = &recipe.pieces[layer.piece];
            let bank = self.parked.bank.as_mut();
            if i == 0 {
                layer.paint(piece, recipe, k, out, bank, self.cx)?;
                continue;
            }
            layer.paint(piece, recipe, k, &mut self.other, bank, self.cx)?;
            match recipe.pieces[layer.piece - 1].transition.filter(|transition| k < transition.frames) {
                Some(transition) => blend(out, &self.other, transition.kind, k, transition.frames),
                None => out.data.copy_from_slice(&self.other.data),
            }
        }
        Ok(())
    }

    /// Piece `idx`, ready at its frame `k`.
    fn layer(&mut self, idx: usize, k: u64) -> Result<Layer, JobError> {
        let recipe = self.recipe;
        let piece = silent(&recipe.pieces[idx]);
        let drawn = Drawn { piece, rate: recipe.rate, frame: recipe.size, size: self.size };
        if let Some(layer) = self.parked.take(&drawn) {
            return Ok(Layer { piece: idx, ..layer });
        }
        Layer::open(self, idx, k, drawn)
    }
}

/// The pieces that show at a frame, earliest first. Neither starts nor ends ever go back, because a transition is no
/// longer than its pieces.
pub(crate) fn visible(recipe: &Recipe, starts: &[u64], at: u64) -> Range<usize> {
    let end = starts.partition_point(|start| *start <= at);
    let is_over = |i: usize| starts[i] + recipe.pieces[i].frames <= at;
    let first = (0..end).rev().take_while(|i| !is_over(*i)).last().unwrap_or(end);
    first..end
}

/// First frame of each piece in the clip.
pub(crate) fn starts(recipe: &Recipe) -> Vec<u64> {
    let mut at = 0_u64;
    let advance = |piece: &Piece| {
        let start = at;
        at = (at + piece.frames).saturating_sub(piece.transition.map_or(0, |transition| transition.frames));
        start
    };
    recipe.pieces.iter().map(advance).collect()
}

impl Layer {
    fn n_pixels(&self) -> u64 {
        let (width, height) = self.drawn.size;
        let own = u64::from(width) * u64::from(height);
        match &self.reader {
            Some(Reader::Line(reader)) => own.max(reader.n_pixels()),
            _ => own,
        }
    }

    /// Opens piece `idx` at its frame `k`.
    fn open(player: &mut Player<'_>, idx: usize, k: u64, drawn: Drawn) -> Result<Layer, JobError> {
        let (recipe, size, cx) = (player.recipe, player.size, player.cx);
        let piece = &recipe.pieces[idx];
        let mut layer = Layer {
            piece: idx,
            drawn,
            reader: None,
            raw: Frame::default(),
            shown: Frame::black(size.0, size.1),
            table: Table::new(&piece.grades),
            masks: Vec::new(),
        };
        for title in &piece.titles {
            layer.masks.extend(Mask::new(title, size, &cx.cancel)?);
        }
        match &piece.source {
            Source::File { video, .. } if is_picture(video) => layer.hold(still(video, cx)?, piece, recipe),
            Source::File { video, .. } => {
                let quick = match &mut player.parked.bank {
                    Some(bank) => bank.open(video, cx)?.map(Reader::Quick),
                    None => None,
                };
                let reader = match quick.or_else(|| player.parked.reader(video)) {
                    Some(reader) => reader,
                    None => Reader::line(video, nanos(recipe, piece, k), cx)?,
                };
                layer.reader = Some(reader);
            }
            Source::Still(Image::File(media)) => layer.hold(still(media, cx)?, piece, recipe),
            Source::Still(Image::Frame { clip, frame }) => {
                if MAX_DEPTH <= player.depth {
                    let message = format!("a still inside a still, more than {MAX_DEPTH} deep");
                    return Err(Diagnostic::error("too-deep", message).hint("render the inner clip first").into());
                }
                let mut picture = Frame::default();
                Player::nested(clip, clip.size, cx, player.depth + 1)?.frame(*frame, &mut picture)?;
                layer.hold(picture, piece, recipe);
            }
            Source::Blank(color) => {
                for pixel in layer.shown.data.chunks_exact_mut(4) {
                    pixel.copy_from_slice(&[color.r, color.g, color.b, 255]);
                }
                layer.grade();
            }
        }
        Ok(layer)
    }

    /// Shows one picture for the whole piece.
    fn hold(&mut self, picture: Frame, piece: &Piece, recipe: &Recipe) {
        self.raw = picture;
        self.place(piece, recipe);
        self.raw = Frame::default();
    }

    fn place(&mut self, piece: &Piece, recipe: &Recipe) {
        let (source, size) = ((self.raw.width, self.raw.height), (self.shown.width, self.shown.height));
        let is_same = source == size && recipe.size == size && piece.crop.is_none();
        if is_same {
            std::mem::swap(&mut self.raw, &mut self.shown);
        } else {
            let (from, to) = layout(source, piece.crop, piece.fit, recipe.size, size);
            place(&self.raw, from, to, &mut self.shown);
        }
        self.grade();
    }

    fn grade(&mut self) {
        if let Some(table) = &self.table {
            table.apply(&mut self.shown);
        }
    }

    fn paint(
        &mut self,
        piece: &Piece,
        recipe: &Recipe,
        k: u64,
        out: &mut Frame,
        bank: Option<&mut Bank>,
        cx: &JobCx<'_>,
    ) -> Result<(), JobError> {
        if let (Some(reader), Source::File { video, .. }) = (&mut self.reader, &piece.source)
            && reader.at(video, nanos(recipe, piece, k), &mut self.raw, bank, cx)?
        {
            self.place(piece, recipe);
        }
        out.data.copy_from_slice(&self.shown.data);
        for mask in self.masks.iter().filter(|mask| (mask.start..mask.end).contains(&k)) {
            mask.blend(out);
        }
        if k < piece.fade_in {
            dim(out, k, piece.fade_in);
        }
        let left = piece.frames - 1 - k;
        if left < piece.fade_out {
            dim(out, left, piece.fade_out);
        }
        Ok(())
    }
}

impl Reader {
    fn line(media: &Media, nanos: u64, cx: &JobCx<'_>) -> Result<Reader, JobError> {
        let path = cx.artifacts.locate(media)?;
        Ok(Reader::Line(Box::new(VideoReader::open(&path, media, nanos, &cx.cancel)?)))
    }

    /// Copies the picture at a time of the file into `out`, unless it is the one copied last; says whether it did.
    fn at(
        &mut self,
        media: &Media,
        nanos: u64,
        out: &mut Frame,
        bank: Option<&mut Bank>,
        cx: &JobCx<'_>,
    ) -> Result<bool, JobError> {
        if let (Reader::Quick(reader), Some(bank)) = (&mut *self, bank) {
            match bank.picture(reader, nanos, out, &cx.cancel)? {
                Got::Copied => return Ok(true),
                Got::Same => return Ok(false),
                Got::Nothing => {}
            }
        }
        if matches!(self, Reader::Quick(_)) {
            *self = Reader::line(media, nanos, cx)?;
        }
        match self {
            Reader::Line(reader) => reader.at(nanos, out, &cx.cancel),
            Reader::Quick(_) => Ok(false),
        }
    }
}

/// Source time at which output frame `k` of a piece looks.
fn nanos(recipe: &Recipe, piece: &Piece, k: u64) -> u64 {
    let (num, den) = (u128::from(piece.speed.0), u128::from(piece.speed.1));
    // Hundredths of a frame times `den`; within 128 bits by the limits of `check_recipe`.
    let place = (u128::from(piece.start) * den + u128::from(k) * num) * 100 + INSIDE_PERCENT * num.min(den);
    (place * u128::from(recipe.rate.1) * 1_000_000_000 / (den * 100 * u128::from(recipe.rate.0))) as u64
}

fn still(media: &Media, cx: &JobCx<'_>) -> Result<Frame, Diagnostic> {
    let mut picture = picture::read(&cx.artifacts.locate(media)?, 4096)?;
    for pixel in picture.data.chunks_exact_mut(4).filter(|pixel| pixel[3] != 255) {
        let alpha = u32::from(pixel[3]);
        for byte in &mut pixel[..3] {
            *byte = ((u32::from(*byte) * alpha + 127) / 255) as u8;
        }
        pixel[3] = 255;
    }
    Ok(picture)
}

/// Darkens to `level` of `full`.
fn dim(frame: &mut Frame, level: u64, full: u64) {
    let factor = (level * 256 / full.max(1)) as u32;
    for pixel in frame.data.chunks_exact_mut(4) {
        for byte in &mut pixel[..3] {
            *byte = ((u32::from(*byte) * factor + 128) >> 8) as u8;
        }
    }
}

/// Frame `k` of a transition of `n` from `out` to `next`. Neither end of it is a pure picture: those frames are there
/// before and after.
fn blend(out: &mut Frame, next: &Frame, kind: TransitionKind, k: u64, n: u64) {
    let done = ((k + 1) * 256 / (n + 1)) as u32;
    match kind {
        TransitionKind::Crossfade => {
            for (a, b) in out.data.iter_mut().zip(&next.data) {
                *a = ((u32::from(*a) * (256 - done) + u32::from(*b) * done + 128) >> 8) as u8;
            }
        }
        TransitionKind::Dip => {
            let level = done.abs_diff(128);
            if 128 <= done {
                out.data.copy_from_slice(&next.data);
            }
            dim(out, u64::from(level), 128);
        }
        TransitionKind::Wipe => {
            let row = out.width as usize * 4;
            let edge = (u64::from(out.width) * (k + 1) / (n + 1)) as usize * 4;
            for (a, b) in out.data.chunks_exact_mut(row).zip(next.data.chunks_exact(row)) {
                a[..edge].copy_from_slice(&b[..edge]);
            }
        }
    }
}
