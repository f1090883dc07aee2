//! What edit nodes do to recipes: cut, join, retime, reframe, colour, title, sound. Lengths are exact in frames.
//!
//! Every operation gives a new flat recipe; none reads a file or fails. A piece is first placed on the clip's timeline,
//! so that cuts and changes of rate round each boundary once: scaling lengths instead would let errors add up.
//! Numbers out of range saturate; a recipe whose transitions are longer than its pieces is read with shorter ones.

use std::ops::Range;

use crate::{Crop, Fit, Grade, Image, Piece, Rate, Recipe, Sound, Source, Title, Transition, TransitionKind, even};

/// A piece and its place on the clip's timeline.
struct Span {
    start: u64,
    end: u64,
    piece: Piece,
}

impl Recipe {
    /// The frames of `range`; an empty recipe where it holds none.
    ///
    /// What is left of a fade or a transition that the cut falls into is a shorter one. A cut inside a piece of another
    /// speed falls on the source frame at or before it.
    pub fn trim(&self, range: Range<u64>) -> Recipe {
        let cut = |span: Span| {
            let (start, end) = (span.start.max(range.start), span.end.min(range.end));
            let piece = (start < end).then(|| span.piece.cut(start - span.start, end - start))?;
            Some(Span { start: start - range.start, end: end - range.start, piece })
        };
        let pieces = assembled(self.spans().into_iter().filter_map(cut));
        let end = range.end.min(self.n_frames());
        let sound = self.sound.iter().filter_map(|sound| sound.cut(range.start..end)).collect();
        Recipe { pieces, sound, ..*self }
    }

    /// One frame as a recipe of one frame.
    pub fn frame(&self, frame: u64) -> Recipe {
        let mut shown = self.spans().into_iter().filter(|span| (span.start..span.end).contains(&frame));
        if let (Some(_), None) = (shown.next(), shown.next()) {
            return Recipe { sound: Vec::new(), ..self.trim(frame..frame.saturating_add(1)) };
        }
        Recipe::still(Image::Frame { clip: std::sync::Arc::new(self.clone()), frame }, 1, self.rate)
    }

    /// The clips one after the other, at size and rate of the first; none without clips.
    pub fn concatenate<'a>(clips: impl IntoIterator<Item = &'a Recipe>) -> Option<Recipe> {
        let mut clips = clips.into_iter().peekable();
        let (size, rate) = clips.peek().map(|first| (first.size, first.rate))?;
        Some(Recipe::join(clips, size, rate, None))
    }

    /// The clips one after the other at a size and a rate, with a transition at each join.
    ///
    /// A transition is shortened to what the pieces on both sides of the join can give.
    pub fn join<'a>(
        clips: impl IntoIterator<Item = &'a Recipe>,
        size: (u32, u32),
        rate: Rate,
        between: Option<Transition>,
    ) -> Recipe {
        let mut film = Recipe { rate, size: (even(size.0), even(size.1)), pieces: Vec::new(), sound: Vec::new() };
        let (mut n_frames, mut previous_sounds) = (0u64, 0);
        for clip in clips {
            let clip = clip.conform(size, rate);
            let Some(first) = clip.pieces.first() else { continue };
            let overlap = between.map_or(0, |transition| transition.frames.min(film.room_at_end()).min(room(first)));
            let at = n_frames.saturating_sub(overlap);
            if let (Some(Transition { kind, .. }), Some(last), 1..) = (between, film.pieces.last_mut(), overlap) {
                last.transition = Some(Transition { kind, frames: overlap });
            }
            for sound in &mut film.sound[previous_sounds..] {
                sound.fade_out = sound.fade_out.max(sound.end().saturating_sub(at));
            }
            previous_sounds = film.sound.len();
            let length = clip.n_frames();
            film.sound.extend(clip.sound.iter().filter_map(|sound| sound.cut(0..length)).map(|sound| Sound {
                at: sound.at.saturating_add(at),
                fade_in: sound.fade_in.max(overlap.saturating_sub(sound.at)),
                ..sound
            }));
            film.pieces.extend(clip.pieces);
            n_frames = at.saturating_add(length);
        }
        film
    }

    /// The clip at another size and rate: the same pictures at the same times, each fitted as before.
    pub fn conform(&self, size: (u32, u32), rate: Rate) -> Recipe {
        let (new, old) = ((u64::from(rate.0), u64::from(rate.1)), (u64::from(self.rate.0), u64::from(self.rate.1)));
        let ratio = if rate == self.rate { (1, 1) } else { (new.0 * old.1, new.1 * old.0) };
        let scale = |frames| scaled(frames, ratio);
        let mut pieces = self.stretched(ratio);
        for piece in pieces.iter_mut().filter(|piece| piece.is_timed()) {
            piece.start = scale(piece.start);
        }
        let sound = self.sound.iter().map(|sound| Sound {
            media: sound.media.clone(),
            at: scale(sound.at),
            start: scale(sound.start),
            frames: scale(sound.end()).saturating_sub(scale(sound.at)),
            gain_db: sound.gain_db,
            fade_in: scale(sound.fade_in),
            fade_out: scale(sound.fade_out),
        });
        Recipe { rate, size: (even(size.0), even(size.1)), pieces, sound: sound.collect() }
    }

    /// Plays `ratio.0 / ratio.1` times as fast. Sound laid under the clip keeps its tempo and is cut where the clip ends.
    pub fn speed(&self, ratio: (u32, u32)) -> Recipe {
        let ratio = (ratio.0.max(1), ratio.1.max(1));
        let inverse = (u64::from(ratio.1), u64::from(ratio.0));
        let mut pieces = self.stretched(inverse);
        for piece in pieces.iter_mut().filter(|piece| piece.is_timed()) {
            piece.speed = product(piece.speed, ratio);
        }
        let n_frames = Recipe { pieces: pieces.clone(), sound: Vec::new(), ..*self }.n_frames();
        let moved = |sound: &Sound| Sound { at: scaled(sound.at, inverse), ..sound.clone() };
        let sound = self.sound.iter().map(moved).filter_map(|sound| sound.cut(0..n_frames)).collect();
        Recipe { pieces, sound, ..*self }
    }

    /// Keeps a rectangle of the frame; the clip's size becomes the rectangle's.
    ///
    /// Each piece's own crop is narrowed. Where the rectangle meets bars beside a picture of another shape, the bars are
    /// centred anew.
    pub fn crop(&self, rectangle: Crop) -> Recipe {
        let rectangle = rectangle.within_unit();
        if rectangle == Crop::WHOLE {
            return self.clone();
        }
        let side = |pixels: u32, share: f64| even((f64::from(pixels) * share).round() as u32);
        let size = (side(self.size.0, rectangle.width), side(self.size.1, rectangle.height));
        let pieces = self.pieces.iter().map(|piece| piece.cropped(self.size, rectangle)).collect();
        Recipe { size, pieces, sound: self.sound.clone(), ..*self }
    }

    /// Another frame size, each picture fitted into it anew.
    pub fn fit(&self, size: (u32, u32), fit: Fit) -> Recipe {
        let pieces = self.pieces.iter().map(|piece| Piece { fit, ..piece.clone() }).collect();
        Recipe { size: (even(size.0), even(size.1)), pieces, sound: self.sound.clone(), ..*self }
    }

    /// Adds a colour operation after those that are there.
    pub fn grade(&self, grade: Grade) -> Recipe {
        let mut graded = self.clone();
        if grade != Grade::default() {
            for piece in &mut graded.pieces {
                // Recipes are made once and kept: room for grades that never come would be most of their memory.
                piece.grades.reserve_exact(1);
                piece.grades.push(grade.clone());
            }
        }
        graded
    }

    /// Adds text whose `start` counts from the start of the clip; it runs on over cuts.
    pub fn title(&self, title: &Title) -> Recipe {
        let mut titled = self.clone();
        let end = title.start.saturating_add(title.frames);
        for (piece, span) in titled.pieces.iter_mut().zip(self.spans()) {
            let (from, to) = (title.start.max(span.start), end.min(span.end));
            if from < to && !title.text.trim().is_empty() {
                piece.titles.push(Title { start: from - span.start, frames: to - from, ..title.clone() });
            }
        }
        titled
    }

    /// Makes all sound louder, or softer, by so many decibels.
    pub fn gain(&self, gain_db: f64) -> Recipe {
        let mut louder = self.clone();
        louder.pieces.iter_mut().for_each(|piece| piece.gain_db += gain_db);
        louder.sound.iter_mut().for_each(|sound| sound.gain_db += gain_db);
        louder
    }

    /// Picture and sound rise from black over `fade_in` frames and sink into it over `fade_out`.
    ///
    /// A fade ends with the first, or last, piece at the latest.
    pub fn fade(&self, fade_in: u64, fade_out: u64) -> Recipe {
        let mut faded = self.clone();
        let length = self.n_frames();
        if let Some(first) = faded.pieces.first_mut() {
            first.fade_in = first.fade_in.max(fade_in.min(first.frames));
        }
        if let Some(last) = faded.pieces.last_mut() {
            last.fade_out = last.fade_out.max(fade_out.min(last.frames));
        }
        for sound in &mut faded.sound {
            sound.fade_in = sound.fade_in.max(fade_in.saturating_sub(sound.at).min(sound.frames));
            let dark = length.saturating_sub(fade_out);
            sound.fade_out = sound.fade_out.max(sound.end().min(length).saturating_sub(dark).min(sound.frames));
        }
        faded
    }

    /// Lays a sound under the clip, cut where the clip or the sound ends.
    pub fn lay_sound(&self, sound: Sound) -> Recipe {
        let mut laid = self.clone();
        let available = sound.media.audio.as_ref().map_or(u64::MAX, |audio| {
            let numerator = u128::from(audio.n_samples) * u128::from(self.rate.0);
            let frames = numerator.div_ceil((u128::from(audio.sample_rate) * u128::from(self.rate.1)).max(1));
            frames.min(u128::from(u64::MAX)) as u64
        });
        let frames = sound.frames.min(available.saturating_sub(sound.start));
        laid.sound.extend(Sound { frames, ..sound }.cut(0..self.n_frames()));
        laid
    }

    /// The first frame of every piece on the clip's timeline.
    pub fn starts(&self) -> Vec<u64> {
        self.spans().into_iter().map(|span| span.start).collect()
    }

    fn spans(&self) -> Vec<Span> {
        let (mut start, mut covered) = (0u64, 0u64);
        let next = self.pieces.iter().skip(1).map(|piece| piece.frames).chain([0]);
        let place = |(piece, next_frames): (&Piece, u64)| {
            let end = start.saturating_add(piece.frames);
            let free = piece.frames.saturating_sub(covered).min(next_frames);
            let overlap = piece.transition.map_or(0, |transition| transition.frames.min(free));
            let span = Span { start, end, piece: piece.clone() };
            (start, covered) = (end.saturating_sub(overlap).max(start), overlap);
            span
        };
        self.pieces.iter().zip(next).map(place).collect()
    }

    /// Pieces with every boundary at `ratio.0 / ratio.1` of its time; one frame stays where none would.
    fn stretched(&self, ratio: (u64, u64)) -> Vec<Piece> {
        let mut spans = self.spans();
        let total = spans.last().map_or(0, |span| span.end);
        for span in &mut spans {
            let piece = &mut span.piece;
            for title in &mut piece.titles {
                let end = title.start.saturating_add(title.frames);
                title.start = scaled(title.start, ratio);
                title.frames = scaled(end, ratio).saturating_sub(title.start).max(1);
            }
            (piece.fade_in, piece.fade_out) = (scaled(piece.fade_in, ratio), scaled(piece.fade_out, ratio));
            (span.start, span.end) = (scaled(span.start, ratio), scaled(span.end, ratio));
        }
        if 0 < total && spans.iter().all(|span| span.end == 0) {
            spans.truncate(1);
            spans[0].end = 1;
        }
        assembled(spans)
    }

    /// Frames of the last piece that a transition to a next clip may cover.
    fn room_at_end(&self) -> u64 {
        let Some((last, before)) = self.pieces.split_last() else { return 0 };
        let covered = before.last().and_then(|piece| piece.transition).map_or(0, |transition| transition.frames);
        last.frames.saturating_sub(covered)
    }
}

/// Frames of a clip's first piece that a transition from a previous clip may cover.
fn room(first: &Piece) -> u64 {
    first.frames.saturating_sub(first.transition.map_or(0, |transition| transition.frames))
}

/// Pieces from spans in order; overlaps become transitions, empty spans go.
fn assembled(spans: impl IntoIterator<Item = Span>) -> Vec<Piece> {
    let (mut pieces, mut end) = (Vec::<Piece>::new(), 0);
    for span in spans.into_iter().filter(|span| span.start < span.end) {
        if let Some(last) = pieces.last_mut() {
            let kind = last.transition.map_or(TransitionKind::Crossfade, |transition| transition.kind);
            let frames = end - span.start.min(end);
            last.transition = (0 < frames).then_some(Transition { kind, frames });
        }
        end = span.end;
        pieces.push(Piece { frames: span.end - span.start, ..span.piece });
    }
    if let Some(last) = pieces.last_mut() {
        last.transition = None;
    }
    pieces
}

impl Piece {
    /// Whether source time passes in it: stills and blanks look the same at any start and speed.
    fn is_timed(&self) -> bool {
        matches!(self.source, Source::File { .. })
    }

    /// `frames` of the piece from `head` on.
    fn cut(&self, head: u64, frames: u64) -> Piece {
        if head == 0 && frames == self.frames {
            return self.clone();
        }
        let tail = self.frames - head - frames;
        let ratio = (u64::from(self.speed.0), u64::from(self.speed.1));
        let ahead =
            if self.is_timed() { u128::from(head) * u128::from(ratio.0) / u128::from(ratio.1.max(1)) } else { 0 };
        let titles = self.titles.iter().filter_map(|title| {
            let (from, to) = (title.start.max(head), title.start.saturating_add(title.frames).min(head + frames));
            (from < to).then(|| Title { start: from - head, frames: to - from, ..title.clone() })
        });
        Piece {
            start: self.start.saturating_add(ahead.min(u128::from(u64::MAX)) as u64),
            frames,
            titles: titles.collect(),
            fade_in: self.fade_in.saturating_sub(head),
            fade_out: self.fade_out.saturating_sub(tail),
            ..self.clone()
        }
    }

    /// The piece in a frame that is a rectangle of its present one.
    fn cropped(&self, frame: (u32, u32), rectangle: Crop) -> Piece {
        let mut piece = self.clone();
        for title in &mut piece.titles {
            title.at.0 = (title.at.0 - rectangle.left) / rectangle.width;
            title.at.1 = (title.at.1 - rectangle.top) / rectangle.height;
            title.size /= rectangle.height;
        }
        let Some(picture) = self.source.size() else { return piece };
        let own = self.crop.map_or(Crop::WHOLE, Crop::within_unit);
        let (width, height) = (f64::from(picture.0.max(1)) * own.width, f64::from(picture.1.max(1)) * own.height);
        let (across, down) = (f64::from(frame.0.max(1)) / width, f64::from(frame.1.max(1)) / height);
        let scale = match self.fit {
            Fit::Fill => (across, down),
            Fit::Contain => (across.min(down), across.min(down)),
            Fit::Cover => (across.max(down), across.max(down)),
        };
        // The picture's share of the frame on each axis: below 1 with bars, above 1 where edges are cut.
        let share = (scale.0 / across, scale.1 / down);
        let axis = |from: f64, length: f64, share: f64| {
            let from = (from - (1.0 - share) / 2.0) / share;
            let (low, high) = (from.clamp(0.0, 1.0), (from + length / share).clamp(0.0, 1.0));
            (low, high - low)
        };
        let (left, width) = axis(rectangle.left, rectangle.width, share.0);
        let (top, height) = axis(rectangle.top, rectangle.height, share.1);
        if width < SLIVER || height < SLIVER {
            // Only bars are left: a black picture that keeps its sound.
            piece.grades.push(Grade { gains: Some([0.0; 3]), ..Grade::default() });
            return piece;
        }
        piece.crop = Some(Crop {
            left: own.left + left * own.width,
            top: own.top + top * own.height,
            width: width * own.width,
            height: height * own.height,
        });
        piece
    }
}

/// The narrowest share of a picture that counts as one.
const SLIVER: f64 = 1e-6;

impl Crop {
    /// All of the picture.
    pub const WHOLE: Crop = Crop { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };

    /// The part inside the picture, at least a sliver of it; all of it where a number is not finite.
    fn within_unit(self) -> Crop {
        if ![self.left, self.top, self.width, self.height].into_iter().all(f64::is_finite) {
            return Crop::WHOLE;
        }
        let (left, top) = (self.left.clamp(0.0, 1.0 - SLIVER), self.top.clamp(0.0, 1.0 - SLIVER));
        Crop { left, top, width: self.width.clamp(SLIVER, 1.0 - left), height: self.height.clamp(SLIVER, 1.0 - top) }
    }
}

impl Source {
    /// Width and height of the picture; none for a plain colour or where they are unknown.
    pub fn size(&self) -> Option<(u32, u32)> {
        match self {
            Source::File { video: media, .. } | Source::Still(Image::File(media)) => {
                media.video.as_ref().map(|video| (video.width, video.height))
            }
            Source::Still(Image::Frame { clip, .. }) => Some(clip.size),
            Source::Blank(_) => None,
        }
    }
}

impl Sound {
    /// The first frame after it.
    pub fn end(&self) -> u64 {
        self.at.saturating_add(self.frames)
    }

    /// What lies in `range`, placed from its start.
    fn cut(&self, range: Range<u64>) -> Option<Sound> {
        let (from, to) = (self.at.max(range.start), self.end().min(range.end));
        let head = (from < to).then(|| from - self.at)?;
        Some(Sound {
            media: self.media.clone(),
            at: from - range.start,
            start: self.start.saturating_add(head),
            frames: to - from,
            gain_db: self.gain_db,
            fade_in: self.fade_in.saturating_sub(head),
            fade_out: self.fade_out.saturating_sub(self.end() - to),
        })
    }
}

/// `frames * ratio.0 / ratio.1`, to the nearest.
fn scaled(frames: u64, ratio: (u64, u64)) -> u64 {
    let divisor = u128::from(ratio.1.max(1));
    let frames = (u128::from(frames) * u128::from(ratio.0)).saturating_add(divisor / 2) / divisor;
    frames.min(u128::from(u64::MAX)) as u64
}

/// The product of two ratios in lowest terms, coarser where it would not fit.
fn product(a: (u32, u32), b: (u32, u32)) -> (u32, u32) {
    let (mut above, mut below) =
        (u64::from(a.0.max(1)) * u64::from(b.0.max(1)), u64::from(a.1.max(1)) * u64::from(b.1.max(1)));
    let (mut x, mut y) = (above, below);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (above, below) = (above / x, below / x);
    while u64::from(u32::MAX) < above || u64::from(u32::MAX) < below {
        (above, below) = ((above / 2).max(1), (below / 2).max(1));
    }
    (above as u32, below as u32)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::{AudioInfo, Color, Digest, Media, VideoInfo};

    fn media(frames: u64) -> Arc<Media> {
        Arc::new(Media {
            digest: Digest::of(&frames.to_le_bytes()),
            bytes: 1,
            format: "mp4".to_owned(),
            video: Some(VideoInfo {
                width: 640,
                height: 360,
                rate: Rate::FILM,
                n_frames: frames,
                codec: "h264".into(),
            }),
            audio: Some(AudioInfo { sample_rate: 48000, channels: 2, n_samples: frames * 2000, codec: "pcm".into() }),
        })
    }

    fn sound(at: u64, frames: u64) -> Sound {
        Sound { media: media(9000), at, start: 3, frames, gain_db: 0.0, fade_in: 4, fade_out: 5 }
    }

    fn piece(most: u64) -> impl Strategy<Value = Piece> {
        (0..2u8, 0..most, 1..most, (1..5u32, 1..5u32), 0..most, (0..most, 0..most, 0..most), any::<bool>()).prop_map(
            |(source, start, frames, speed, transition, (fade, title, length), titled)| Piece {
                start,
                speed,
                fade_in: fade,
                fade_out: title,
                titles: titled.then(|| some_title(title, length)).into_iter().collect(),
                transition: (0 < transition)
                    .then_some(Transition { kind: TransitionKind::Crossfade, frames: transition / 3 }),
                ..Piece::whole(
                    if source == 0 {
                        Source::File { video: media(500), audio: None }
                    } else {
                        Source::Blank(Color { r: 0, g: 0, b: 0 })
                    },
                    frames,
                )
            },
        )
    }

    fn some_title(start: u64, frames: u64) -> Title {
        let color = Color { r: 255, g: 255, b: 255 };
        Title { text: "Lamp".to_owned(), at: (0.5, 0.5), size: 0.1, color, start, frames }
    }

    /// Recipes as operations give them: tidy, of one size and rate.
    fn recipe() -> impl Strategy<Value = Recipe> {
        (prop::collection::vec(piece(60), 1..5), prop::collection::vec((0..90u64, 1..90u64), 0..3)).prop_map(
            |(pieces, sounds)| {
                let raw = Recipe { rate: Rate::FILM, size: (640, 360), pieces, sound: Vec::new() };
                let tidy = Recipe::join([&raw], raw.size, raw.rate, None);
                sounds.into_iter().fold(tidy, |clip, (at, frames)| clip.lay_sound(sound(at, frames)))
            },
        )
    }

    fn wild() -> impl Strategy<Value = Recipe> {
        (prop::collection::vec(piece(u64::MAX), 0..4), any::<(u32, u32)>(), any::<(u32, u32)>(), any::<(u64, u64)>())
            .prop_map(|(pieces, rate, size, (at, frames))| Recipe {
                rate: Rate(rate.0, rate.1),
                size,
                pieces,
                sound: vec![sound(at, frames)],
            })
    }

    proptest! {
        #[test]
        fn trimming_a_join_is_joining_trims(a in recipe(), b in recipe(), from in 0..200u64, length in 0..200u64) {
            let joined = Recipe::concatenate([&a, &b]).expect("two clips");
            prop_assert_eq!(joined.n_frames(), a.n_frames() + b.n_frames());
            let (cut, to) = (a.n_frames(), from + length);
            let (left, right) = (a.trim(from..to), b.trim(from.saturating_sub(cut)..to.saturating_sub(cut)));
            let parts = Recipe::concatenate([&left, &right]).expect("two clips");
            prop_assert_eq!(joined.trim(from..to), parts);
        }

        #[test]
        fn a_trim_has_the_length_asked_for(clip in recipe(), from in 0..300u64, length in 0..300u64) {
            let trimmed = clip.trim(from..from + length);
            prop_assert_eq!(trimmed.n_frames(), clip.n_frames().saturating_sub(from).min(length));
            prop_assert_eq!(clip.trim(0..clip.n_frames()), clip);
        }

        #[test]
        fn a_join_with_transitions_loses_their_frames(clips in prop::collection::vec(recipe(), 1..5), frames in 0..30u64) {
            let transition = Transition { kind: TransitionKind::Dip, frames };
            let film = Recipe::join(&clips, (640, 360), Rate::FILM, Some(transition));
            let total: u64 = clips.iter().map(Recipe::n_frames).sum();
            prop_assert!(film.n_frames() <= total);
            prop_assert!(total <= film.n_frames() + frames * (clips.len() as u64 - 1));
            prop_assert_eq!(film.trim(0..u64::MAX).n_frames(), film.n_frames());
            prop_assert!(film.sound.iter().all(|sound| sound.end() <= film.n_frames()));
        }

        #[test]
        fn speed_and_rate_scale_the_length(clip in recipe(), ratio in (1..9u32, 1..9u32)) {
            let frames = clip.n_frames();
            prop_assert_eq!(clip.speed(ratio).n_frames(), scaled(frames, (ratio.1.into(), ratio.0.into())).max(1));
            let conformed = clip.conform((320, 180), Rate(30000, 1001));
            prop_assert_eq!(conformed.n_frames(), scaled(frames, (30000, 1001 * 24)).max(1));
            prop_assert_eq!(clip.conform(clip.size, clip.rate), clip);
        }

        #[test]
        fn no_number_panics(a in wild(), b in wild(), n in any::<(u64, u64)>(), s in any::<(u32, u32)>(), x in any::<(f64, f64)>()) {
            let between = Transition { kind: TransitionKind::Wipe, frames: n.0 };
            for clip in [&a, &b, &Recipe::join([&a, &b], s, Rate(s.1, s.0), Some(between))] {
                let crop = Crop { left: x.0, top: x.1, width: x.1, height: x.0 };
                let made = clip
                    .trim(n.0..n.1)
                    .speed(s)
                    .crop(crop)
                    .fit(s, Fit::Cover)
                    .conform(s, Rate(s.0, s.1))
                    .title(&some_title(n.0, n.1))
                    .fade(n.1, n.0)
                    .gain(x.0)
                    .grade(Grade { exposure: x.1, ..Grade::default() })
                    .lay_sound(sound(n.1, n.0));
                made.frame(n.0).n_frames();
                prop_assert_eq!(made.starts().len(), made.pieces.len());
            }
        }
    }

    fn clip(frames: u64) -> Recipe {
        Recipe::file(media(frames), None, Rate::FILM)
    }

    #[test]
    fn a_crossfade_overlaps_both_clips() {
        let film = Recipe::join(
            [&clip(48), &clip(24), &clip(48)],
            (640, 360),
            Rate::FILM,
            Some(Transition { kind: TransitionKind::Crossfade, frames: 18 }),
        );
        // The clip in the middle gives 18 frames to the first transition and has 6 left for the second.
        assert_eq!(film.starts(), [0, 30, 48]);
        assert_eq!(film.n_frames(), 96);
        // A cut inside the first transition keeps what is left of it.
        let head = film.trim(0..40);
        assert_eq!((head.n_frames(), head.pieces[0].transition.map(|t| t.frames)), (40, Some(10)));
    }

    #[test]
    fn speed_multiplies_and_cuts_count_source_frames() {
        let fast = clip(96).speed((2, 1));
        assert_eq!((fast.n_frames(), fast.pieces[0].speed), (48, (2, 1)));
        assert_eq!(fast.trim(12..24).pieces[0].start, 24);
        assert_eq!(fast.speed((1, 2)).pieces[0].speed, (1, 1));
    }

    #[test]
    fn a_crop_narrows_the_pieces_own() {
        let half = Crop { left: 0.25, top: 0.25, width: 0.5, height: 0.5 };
        let twice = clip(10).crop(half).crop(half);
        assert_eq!(twice.size, (160, 90));
        assert_eq!(twice.pieces[0].crop, Some(Crop { left: 0.375, top: 0.375, width: 0.25, height: 0.25 }));
        // A wide picture in a square frame has bars above and below; a cut of the top bar alone is black.
        let barred = clip(10).fit((360, 360), Fit::Contain);
        let bar = barred.crop(Crop { left: 0.0, top: 0.0, width: 1.0, height: 0.2 });
        assert_eq!(bar.pieces[0].grades[0].gains, Some([0.0; 3]));
    }

    #[test]
    fn a_title_runs_on_over_a_cut() {
        let film = Recipe::concatenate([&clip(10), &clip(10)]).expect("two clips").title(&some_title(6, 8));
        let places: Vec<_> =
            film.pieces.iter().flat_map(|piece| &piece.titles).map(|title| (title.start, title.frames)).collect();
        assert_eq!(places, [(6, 4), (0, 4)]);
    }

    #[test]
    fn a_laid_sound_ends_with_the_clip_and_fades_with_it() {
        let laid = clip(48).lay_sound(Sound { fade_out: 0, ..sound(24, 9000) }).fade(0, 12);
        assert_eq!((laid.sound[0].frames, laid.sound[0].fade_out, laid.pieces[0].fade_out), (24, 12, 12));
        assert!(clip(48).lay_sound(sound(48, 10)).sound.is_empty());
        let film = Recipe::join(
            [&laid, &clip(48)],
            laid.size,
            laid.rate,
            Some(Transition { kind: TransitionKind::Crossfade, frames: 20 }),
        );
        assert_eq!(film.sound[0].fade_out, 20);
    }

    #[test]
    fn one_frame_of_a_transition_shows_both_sides() {
        let between = Some(Transition { kind: TransitionKind::Crossfade, frames: 10 });
        let film = Recipe::join([&clip(30), &clip(30)], (640, 360), Rate::FILM, between);
        assert_eq!(film.frame(5).pieces[0].start, 5);
        assert!(matches!(film.frame(25).pieces[0].source, Source::Still(Image::Frame { frame: 25, .. })));
    }
}
