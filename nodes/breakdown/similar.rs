//! How alike two texts are: shingles for scenes, words for beats.
//!
//! Pairs come from an inverted index of rare shingles and headings, so that a thousand changed scenes cost about as
//! much as their text. Comparing all pairs, or a Hungarian assignment, would not.

use std::collections::{BTreeMap, BTreeSet};

/// Shingles that stand in more scenes than this tell none apart.
const COMMON: usize = 16;
/// Longer beats are kept as their start and a digest.
const CLIP: usize = 240;

/// What is compared of a scene.
#[derive(Debug)]
pub(super) struct Sketch {
    idx: usize,
    heading: String,
    heading_words: BTreeSet<u32>,
    shingles: BTreeSet<u32>,
}

/// Two scenes that may be one, by their indices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) score: f64,
    pub(super) new: usize,
    pub(super) old: usize,
}

impl Sketch {
    pub(super) fn new<'a>(idx: usize, heading: &str, beats: impl Iterator<Item = &'a str>) -> Sketch {
        let mut shingles = BTreeSet::new();
        for beat in beats {
            let words: Vec<&str> = beat.split(' ').collect();
            for run in words.windows(4.min(words.len())) {
                shingles.insert(hash(run.iter().copied()));
            }
        }
        let heading_words = heading.split(' ').map(|word| hash([word].into_iter())).collect();
        Sketch { idx, heading: heading.to_owned(), heading_words, shingles }
    }
}

/// 32-bit FNV-1a over words with a separator.
fn hash<'a>(words: impl Iterator<Item = &'a str>) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    words.fold(0x811c_9dc5, |hash, word| step(word.bytes().fold(hash, step), b' '))
}

/// Pairs of scenes that share something, best first; nearer ones first among equals.
pub(super) fn pairs(new: &[Sketch], old: &[Sketch]) -> Vec<Pair> {
    let mut by_shingle: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    let mut by_heading: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, sketch) in old.iter().enumerate() {
        sketch.shingles.iter().for_each(|shingle| by_shingle.entry(*shingle).or_default().push(at));
        by_heading.entry(&sketch.heading).or_default().push(at);
    }
    let mut pairs = Vec::new();
    for (new_at, sketch) in new.iter().enumerate() {
        let mut near: BTreeSet<usize> = BTreeSet::new();
        for shingle in &sketch.shingles {
            near.extend(by_shingle.get(shingle).filter(|it| it.len() <= COMMON).into_iter().flatten());
        }
        if let Some(same) = by_heading.get(sketch.heading.as_str()) {
            let place = same.partition_point(|at| *at < new_at);
            near.extend(&same[place.saturating_sub(COMMON)..(place + COMMON).min(same.len())]);
        }
        for at in near {
            let other = &old[at];
            let text = if sketch.shingles.is_empty() && other.shingles.is_empty() {
                1.0
            } else {
                jaccard(&sketch.shingles, &other.shingles)
            };
            let score = 0.35 * jaccard(&sketch.heading_words, &other.heading_words) + 0.65 * text;
            pairs.push(Pair { score, new: sketch.idx, old: other.idx });
        }
    }
    pairs.sort_by(|a, b| {
        let place = |pair: &Pair| (pair.new.abs_diff(pair.old), pair.new, pair.old);
        b.score.total_cmp(&a.score).then(place(a).cmp(&place(b)))
    });
    pairs
}

fn jaccard(a: &BTreeSet<u32>, b: &BTreeSet<u32>) -> f64 {
    let both = a.intersection(b).count();
    both as f64 / (a.len() + b.len() - both).max(1) as f64
}

/// The words of a beat.
pub(super) fn word_set(text: &str) -> BTreeSet<&str> {
    text.split(' ').skip(1).collect()
}

/// Twice the common words over all words, 0 to 1.
pub(super) fn dice(a: &BTreeSet<&str>, b: &BTreeSet<&str>) -> f64 {
    2.0 * a.intersection(b).count() as f64 / (a.len() + b.len()).max(1) as f64
}

/// A beat's text as the ledger keeps it: whole, or its start and a digest of all.
pub(super) fn clip(text: &str) -> String {
    if text.len() <= CLIP {
        return text.to_owned();
    }
    let mut end = CLIP;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} #{:08x}{:08x}", &text[..end], hash(text.split(' ')), text.len())
}
