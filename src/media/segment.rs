//! Cuts a recipe into parts that can be rendered and kept one by one: bodies of pieces, and the transitions between.
//!
//! Pure: decodes nothing. Each part is again a recipe, without sound, so its key contains nothing but what its
//! picture shows. Where a cut could not be expressed exactly (a fade that runs into a transition, half a source frame
//! at slow speed) the neighbours stay one part: longer to render, never different.

use std::sync::Arc;

use model::{Media, Piece, Rate, Recipe, Source, Title};

/// A part of a film.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) recipe: Recipe,
    pub(crate) n_frames: u64,
}

impl Segment {
    /// The file that already is this part, where nothing has to be done to it: whole, at its own speed, size and rate.
    pub(crate) fn untouched(&self, mark: &str) -> Option<&Arc<Media>> {
        let [piece] = self.recipe.pieces.as_slice() else { return None };
        let Source::File { video, .. } = &piece.source else { return None };
        let info = video.video.as_ref()?;
        let is_same = info.codec == mark
            && (info.width, info.height) == self.recipe.size
            && same_rate(info.rate, self.recipe.rate)
            && piece.start == 0
            && piece.frames == info.n_frames
            && piece.speed.0 == piece.speed.1
            && piece.crop.is_none()
            && crate::grade::Table::new(&piece.grades).is_none()
            && piece.titles.is_empty()
            && piece.fade_in == 0
            && piece.fade_out == 0;
        is_same.then_some(video)
    }
}

fn same_rate(a: Rate, b: Rate) -> bool {
    u64::from(a.0) * u64::from(b.1) == u64::from(b.0) * u64::from(a.1)
}

/// The parts of a recipe in order; their lengths sum to the recipe's.
pub(crate) fn split(recipe: &Recipe) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut group: Vec<Piece> = Vec::new();
    let push = |segments: &mut Vec<Segment>, mut pieces: Vec<Piece>| {
        if let Some(last) = pieces.last_mut() {
            last.transition = None;
        }
        let part = Recipe { rate: recipe.rate, size: recipe.size, pieces, sound: Vec::new() };
        let n_frames = part.n_frames();
        if 0 < n_frames {
            segments.push(Segment { recipe: part, n_frames });
        }
    };
    for (i, piece) in recipe.pieces.iter().enumerate() {
        let is_last = i + 1 == recipe.pieces.len();
        // What is left of the piece when the previous transition took its head; `group` is empty exactly then.
        let head = if group.is_empty() { taken(recipe, i) } else { 0 };
        let rest = silent(&part(piece, head, piece.frames));
        let overlap = piece.transition.filter(|transition| !is_last && 0 < transition.frames);
        let Some(transition) = overlap else {
            group.push(rest);
            push(&mut segments, std::mem::take(&mut group));
            continue;
        };
        let n = transition.frames;
        let next = &recipe.pieces[i + 1];
        let following = if i + 2 < recipe.pieces.len() { next.transition.map_or(0, |it| it.frames) } else { 0 };
        // Transitions that overlap each other show three pictures at once and stay together.
        let before = if group.is_empty() { 0 } else { taken(recipe, i) };
        let is_apart = before.saturating_add(n) <= rest.frames && n.saturating_add(following) <= next.frames;
        if is_apart && cuts(&rest, rest.frames - n) && cuts(next, n) {
            let body = rest.frames - n;
            let mut outgoing = part(&rest, body, rest.frames);
            outgoing.transition = Some(transition);
            group.push(part(&rest, 0, body));
            if 1 < group.len() || 0 < body {
                push(&mut segments, std::mem::take(&mut group));
            }
            group.clear();
            push(&mut segments, vec![outgoing, silent(&part(next, 0, n))]);
        } else {
            group.push(Piece { transition: Some(transition), ..rest });
        }
    }
    segments
}

/// Frames at the head of piece `i` that a transition of its own part shows already.
fn taken(recipe: &Recipe, i: usize) -> u64 {
    let before = i.checked_sub(1).and_then(|before| recipe.pieces[before].transition);
    before.map_or(0, |transition| transition.frames.min(recipe.pieces[i].frames))
}

/// Whether a piece can be cut before frame `at` without changing a pixel.
fn cuts(piece: &Piece, at: u64) -> bool {
    let (num, den) = piece.speed;
    let lands = den != 0 && u128::from(at) * u128::from(num) % u128::from(den) == 0;
    at == 0 || at == piece.frames || (lands && piece.fade_in <= at && piece.fade_out <= piece.frames - at)
}

/// Frames `from` to `to` of a piece, at a place where it [`cuts`].
fn part(piece: &Piece, from: u64, to: u64) -> Piece {
    let (num, den) = piece.speed;
    let skipped = u128::from(from) * u128::from(num) / u128::from(den.max(1));
    let titles = piece.titles.iter().filter_map(|title| {
        let end = title.start.saturating_add(title.frames).min(to);
        let start = title.start.max(from);
        (start < end).then(|| Title { start: start - from, frames: end - start, ..title.clone() })
    });
    Piece {
        start: piece.start.saturating_add(skipped as u64),
        frames: to - from,
        titles: titles.collect(),
        fade_in: if from == 0 { piece.fade_in } else { 0 },
        fade_out: if to == piece.frames { piece.fade_out } else { 0 },
        ..piece.clone()
    }
}

/// A piece without what only its sound has.
pub(crate) fn silent(piece: &Piece) -> Piece {
    let mut piece = Piece { gain_db: 0.0, ..piece.clone() };
    if let Source::File { audio, .. } = &mut piece.source {
        *audio = None;
    }
    piece
}

#[cfg(test)]
mod tests {
    use model::{Color, Transition, TransitionKind};

    use super::*;

    fn piece(level: u8, frames: u64, overlap: u64) -> Piece {
        let mut piece = Piece::whole(Source::Blank(Color { r: level, g: 0, b: 0 }), frames);
        piece.transition = (0 < overlap).then_some(Transition { kind: TransitionKind::Crossfade, frames: overlap });
        piece
    }

    fn recipe(pieces: Vec<Piece>) -> Recipe {
        Recipe { rate: Rate::FILM, size: (64, 36), pieces, sound: Vec::new() }
    }

    /// Lengths of the parts, with the number of pieces in each.
    fn shape(recipe: &Recipe) -> Vec<(u64, usize)> {
        let parts = split(recipe);
        assert_eq!(parts.iter().map(|part| part.n_frames).sum::<u64>(), recipe.n_frames(), "no frame lost");
        parts.iter().map(|part| (part.n_frames, part.recipe.pieces.len())).collect()
    }

    #[test]
    fn bodies_and_transitions_are_parts() {
        assert_eq!(shape(&recipe(vec![piece(1, 10, 0), piece(2, 20, 0)])), [(10, 1), (20, 1)]);
        assert_eq!(
            shape(&recipe(vec![piece(1, 10, 4), piece(2, 20, 6), piece(3, 9, 0)])),
            [(6, 1), (4, 2), (10, 1), (6, 2), (3, 1)]
        );
    }

    #[test]
    fn whole_overlaps_leave_no_empty_parts() {
        assert_eq!(shape(&recipe(vec![piece(1, 4, 4), piece(2, 4, 0)])), [(4, 2)]);
        assert_eq!(shape(&recipe(vec![piece(1, 10, 4), piece(2, 4, 0)])), [(6, 1), (4, 2)]);
    }

    #[test]
    fn what_does_not_cut_stays_together() {
        let mut slow = piece(1, 10, 3);
        slow.speed = (1, 2);
        assert_eq!(shape(&recipe(vec![slow, piece(2, 10, 0)])), [(17, 2)], "frame 7 of a half-speed piece");
        let mut fading = piece(1, 10, 4);
        fading.fade_out = 6;
        assert_eq!(shape(&recipe(vec![fading, piece(2, 10, 0)])), [(16, 2)]);
        // Two transitions that overlap each other: three pictures at once.
        assert_eq!(shape(&recipe(vec![piece(1, 10, 6), piece(2, 8, 6), piece(3, 10, 0)])), [(16, 3)]);
    }

    #[test]
    fn sound_changes_no_part() {
        let mut louder = piece(1, 10, 0);
        louder.gain_db = -6.0;
        assert_eq!(split(&recipe(vec![louder])), split(&recipe(vec![piece(1, 10, 0)])));
    }

    #[test]
    fn titles_keep_their_place() {
        let mut titled = piece(1, 20, 5);
        let title = |start, frames| Title {
            text: "x".into(),
            at: (0.5, 0.5),
            size: 0.1,
            color: Color { r: 255, g: 255, b: 255 },
            start,
            frames,
        };
        titled.titles = vec![title(2, 4), title(10, 100)];
        let parts = split(&recipe(vec![titled, piece(2, 20, 0)]));
        let places =
            |i: usize| parts[i].recipe.pieces[0].titles.iter().map(|it| (it.start, it.frames)).collect::<Vec<_>>();
        assert_eq!(places(0), [(2, 4), (10, 5)]);
        assert_eq!(places(1), [(0, 5)]);
    }
}
