//! Scene and beat ids that survive edits, inserts, moves and re-import.
//!
//! A ledger of the last plan's scenes and beats is aligned with the new script; what is found keeps its id, what is new
//! gets a number that was never used. Ids made from content or from order would change with every edit.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::similar::{self, Sketch};

/// Forgotten first: deleted scenes and beats beyond these numbers.
const MAX_GONE_SCENES: usize = 100;
const MAX_GONE_BEATS: usize = 32;
/// No number reaches this, so that counting on from it cannot overflow.
const MAX_NUMBER: u32 = 999_999_999;
/// Numbers that scripts give beyond this do not move the count; taken ones are skipped.
const MAX_GIVEN: u32 = 1_000_000;
/// Larger memories are damaged or hostile.
const MAX_MEMORY: usize = 64 << 20;

/// What identity sees of a scene.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SceneKey {
    /// Normalised.
    pub(super) heading: String,
    pub(super) explicit: Option<String>,
    /// Normalised, kind first: `mara: it has stopped`.
    pub(super) beats: Vec<String>,
}

/// The ids of a scene and of its beats.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SceneIds {
    pub(super) id: String,
    pub(super) beats: Vec<u32>,
}

/// Ids, the memory for next time, and what was wrong.
#[derive(Clone, Debug)]
pub(super) struct Assigned {
    pub(super) scenes: Vec<SceneIds>,
    pub(super) memory: String,
    pub(super) warnings: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Ledger {
    version: u32,
    next_scene: u32,
    scenes: Vec<SceneEntry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SceneEntry {
    id: String,
    heading: String,
    next_beat: u32,
    #[serde(default, skip_serializing_if = "is_false")]
    gone: bool,
    beats: Vec<BeatEntry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct BeatEntry {
    id: u32,
    text: String,
    #[serde(default, skip_serializing_if = "is_false")]
    gone: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Gives every scene and beat its id.
pub(super) fn assign(scenes: &[SceneKey], memory: Option<&str>) -> Assigned {
    let mut warnings = Vec::new();
    let old = memory.filter(|text| !text.trim().is_empty()).map_or_else(Ledger::default, |text| {
        read(text).unwrap_or_else(|why| {
            let message = format!("the remembered scene ids are damaged and were ignored: {why}");
            warnings.push(("memory-damaged", message));
            Ledger::default()
        })
    });
    let explicit = explicit_ids(scenes, &mut warnings);
    let clipped: Vec<Vec<String>> =
        scenes.iter().map(|scene| scene.beats.iter().map(|text| similar::clip(text)).collect()).collect();
    let matched = match_scenes(scenes, &clipped, &explicit, &old);

    let mut used: BTreeSet<String> = old.scenes.iter().map(|scene| scene.id.clone()).collect();
    used.extend(explicit.iter().flatten().cloned());
    let given = explicit.iter().flatten().filter_map(|id| scene_number(id)).max();
    let mut next_scene = old.next_scene.max(1).max(given.map_or(1, |number| number + 1));
    let mut out = Vec::with_capacity(scenes.len());
    let mut entries = Vec::with_capacity(scenes.len());
    for (idx, scene) in scenes.iter().enumerate() {
        let before = matched[idx].map(|old_idx| &old.scenes[old_idx]);
        let id = match (&explicit[idx], before) {
            (Some(id), _) => id.clone(),
            (None, Some(before)) => before.id.clone(),
            (None, None) => loop {
                let id = format!("s{next_scene}");
                next_scene += 1;
                if used.insert(id.clone()) {
                    break id;
                }
            },
        };
        let (beats, entry) = assign_beats(&id, &scene.heading, &clipped[idx], before);
        out.push(SceneIds { id, beats });
        entries.push(entry);
    }
    let kept: BTreeSet<usize> = matched.iter().flatten().copied().collect();
    let live: BTreeSet<&str> = out.iter().map(|scene| scene.id.as_str()).collect();
    let gone = old.scenes.iter().enumerate().filter(|(idx, scene)| !kept.contains(idx) && !live.contains(&*scene.id));
    let (newly, before): (Vec<_>, Vec<_>) = gone.map(|(_, scene)| scene).partition(|scene| !scene.gone);
    let gone = newly.into_iter().chain(before).take(MAX_GONE_SCENES);
    entries.extend(gone.map(|scene| SceneEntry { gone: true, ..scene.clone() }));
    let memory = write(&Ledger { version: 1, next_scene, scenes: entries });
    Assigned { scenes: out, memory, warnings }
}

fn read(text: &str) -> Result<Ledger, String> {
    if MAX_MEMORY < text.len() {
        return Err("it is too large".to_owned());
    }
    let mut ledger: Ledger = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if ledger.version != 1 {
        return Err(format!("its version is {}", ledger.version));
    }
    let mut ids = BTreeSet::new();
    for scene in &mut ledger.scenes {
        if !is_scene_id(&scene.id) || !ids.insert(scene.id.clone()) {
            return Err(format!("`{}` is no scene id, or is there twice", scene.id));
        }
        if let Some(number) = scene_number(&scene.id) {
            ledger.next_scene = ledger.next_scene.max(number + 1);
        }
        let mut numbers = BTreeSet::new();
        for beat in &scene.beats {
            if MAX_NUMBER < beat.id || !numbers.insert(beat.id) {
                return Err(format!("beat {} of {} is out of range or there twice", beat.id, scene.id));
            }
            scene.next_beat = scene.next_beat.max(beat.id + 1);
        }
        if MAX_NUMBER < scene.next_beat {
            return Err(format!("the next beat of {} is out of range", scene.id));
        }
    }
    if MAX_NUMBER < ledger.next_scene {
        return Err("the next scene is out of range".to_owned());
    }
    Ok(ledger)
}

/// JSON, one scene per line: a change of one scene is a change of one line.
fn write(ledger: &Ledger) -> String {
    let scenes: Vec<String> = ledger
        .scenes
        .iter()
        .map(|scene| serde_json::to_string(scene).expect("texts and numbers always serialize"))
        .collect();
    let (version, next) = (ledger.version, ledger.next_scene);
    format!("{{\"version\":{version},\"next_scene\":{next},\"scenes\":[\n{}\n]}}\n", scenes.join(",\n"))
}

fn is_scene_id(id: &str) -> bool {
    (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn scene_number(id: &str) -> Option<u32> {
    id.strip_prefix('s')?.parse().ok().filter(|number| *number < MAX_GIVEN)
}

fn explicit_ids(scenes: &[SceneKey], warnings: &mut Vec<(&'static str, String)>) -> Vec<Option<String>> {
    let mut seen = BTreeSet::new();
    let mut explicit = Vec::with_capacity(scenes.len());
    for scene in scenes {
        let id = scene.explicit.as_ref().filter(|id| {
            let fits = is_scene_id(id);
            if !fits {
                let message = format!("`{id}` cannot be a scene id: use up to 32 letters, digits, `-` and `_`");
                warnings.push(("scene-id-refused", message));
            } else if seen.contains(*id) {
                warnings.push(("scene-id-twice", format!("two scenes ask for the id `{id}`; the second gets its own")));
            }
            fits && seen.insert((*id).clone())
        });
        explicit.push(id.cloned());
    }
    warnings.truncate(20);
    explicit
}

/// For every new scene the old one it continues.
fn match_scenes(
    scenes: &[SceneKey],
    clipped: &[Vec<String>],
    explicit: &[Option<String>],
    old: &Ledger,
) -> Vec<Option<usize>> {
    let mut matched: Vec<Option<usize>> = vec![None; scenes.len()];
    let mut taken = vec![false; old.scenes.len()];
    let by_id: BTreeMap<&str, usize> =
        old.scenes.iter().enumerate().map(|(idx, scene)| (scene.id.as_str(), idx)).collect();
    for (idx, id) in explicit.iter().enumerate() {
        matched[idx] = id.as_ref().and_then(|id| by_id.get(id.as_str()).copied());
        if let Some(old_idx) = matched[idx] {
            taken[old_idx] = true;
        }
    }
    // Unchanged scenes, in order; deleted ones come back only if nothing live is the same.
    for gone in [false, true] {
        let mut same: BTreeMap<(&str, Vec<&str>), VecDeque<usize>> = BTreeMap::new();
        for (old_idx, scene) in old.scenes.iter().enumerate() {
            if scene.gone == gone && !taken[old_idx] {
                let beats = scene.beats.iter().filter(|beat| !beat.gone).map(|beat| beat.text.as_str()).collect();
                same.entry((&scene.heading, beats)).or_default().push_back(old_idx);
            }
        }
        for (idx, scene) in scenes.iter().enumerate() {
            if matched[idx].is_some() || explicit[idx].is_some() {
                continue;
            }
            let key = (scene.heading.as_str(), clipped[idx].iter().map(String::as_str).collect::<Vec<_>>());
            if let Some(old_idx) = same.get_mut(&key).and_then(VecDeque::pop_front) {
                matched[idx] = Some(old_idx);
                taken[old_idx] = true;
            }
        }
    }
    let new: Vec<Sketch> = (0..scenes.len())
        .filter(|idx| matched[*idx].is_none() && explicit[*idx].is_none())
        .map(|idx| Sketch::new(idx, &scenes[idx].heading, clipped[idx].iter().map(String::as_str)))
        .collect();
    let free: Vec<Sketch> = (0..old.scenes.len())
        .filter(|idx| !taken[*idx] && !old.scenes[*idx].gone)
        .map(|idx| {
            let scene = &old.scenes[idx];
            let beats = scene.beats.iter().filter(|beat| !beat.gone);
            Sketch::new(idx, &scene.heading, beats.map(|beat| beat.text.as_str()))
        })
        .collect();
    let pairs = similar::pairs(&new, &free);
    // Surely the same; else alike and in the same place between scenes that are known; else alike anywhere.
    for (least, in_place) in [(0.6, false), (0.34, true), (0.45, false)] {
        let places = places(&matched);
        for pair in &pairs {
            if pair.score < least || matched[pair.new].is_some() || taken[pair.old] {
                continue;
            }
            if in_place && !(places[pair.new].0..places[pair.new].1).contains(&pair.old) {
                continue;
            }
            matched[pair.new] = Some(pair.old);
            taken[pair.old] = true;
        }
    }
    matched
}

/// For every new scene the old places between its nearest matched neighbours, from and to.
fn places(matched: &[Option<usize>]) -> Vec<(usize, usize)> {
    let mut places = vec![(0, usize::MAX); matched.len()];
    let mut from = 0;
    for (idx, found) in matched.iter().enumerate() {
        places[idx].0 = from;
        from = found.map_or(from, |old| old + 1);
    }
    let mut to = usize::MAX;
    for (idx, found) in matched.iter().enumerate().rev() {
        places[idx].1 = to;
        to = found.unwrap_or(to);
    }
    places
}

fn assign_beats(id: &str, heading: &str, texts: &[String], before: Option<&SceneEntry>) -> (Vec<u32>, SceneEntry) {
    let old: &[BeatEntry] = before.map_or(&[], |scene| &scene.beats);
    let matched = match_beats(texts, old);
    let mut next = before.map_or(1, |scene| scene.next_beat.max(1));
    let mut ids = Vec::with_capacity(texts.len());
    for found in &matched {
        ids.push(match found {
            Some(old_idx) => old[*old_idx].id,
            None => {
                next += 1;
                next - 1
            }
        });
    }
    let mut beats: Vec<BeatEntry> =
        ids.iter().zip(texts).map(|(id, text)| BeatEntry { id: *id, text: text.clone(), gone: false }).collect();
    let kept: BTreeSet<usize> = matched.iter().flatten().copied().collect();
    let gone = old.iter().enumerate().filter(|(idx, _)| !kept.contains(idx)).map(|(_, beat)| beat);
    let (newly, earlier): (Vec<_>, Vec<_>) = gone.partition(|beat| !beat.gone);
    let gone = newly.into_iter().chain(earlier).take(MAX_GONE_BEATS);
    beats.extend(gone.map(|beat| BeatEntry { gone: true, ..beat.clone() }));
    let entry = SceneEntry { id: id.to_owned(), heading: heading.to_owned(), next_beat: next, gone: false, beats };
    (ids, entry)
}

/// For every new beat the old one it continues: the same text, live or deleted, else a similar one, else the one in its
/// place.
fn match_beats(texts: &[String], old: &[BeatEntry]) -> Vec<Option<usize>> {
    let mut matched: Vec<Option<usize>> = vec![None; texts.len()];
    let mut taken = vec![false; old.len()];
    for gone in [false, true] {
        let mut same: BTreeMap<&str, VecDeque<usize>> = BTreeMap::new();
        for (old_idx, beat) in old.iter().enumerate().filter(|(_, beat)| beat.gone == gone) {
            same.entry(&beat.text).or_default().push_back(old_idx);
        }
        for (idx, text) in texts.iter().enumerate() {
            if matched[idx].is_none()
                && let Some(old_idx) = same.get_mut(text.as_str()).and_then(VecDeque::pop_front)
            {
                matched[idx] = Some(old_idx);
                taken[old_idx] = true;
            }
        }
    }
    pair_similar(texts, old, &mut matched, &mut taken);
    pair_in_place(texts, old, &mut matched, &mut taken);
    matched
}

fn kind_of(text: &str) -> &str {
    text.split_once(':').map_or("", |(kind, _)| kind)
}

fn pair_similar(texts: &[String], old: &[BeatEntry], matched: &mut [Option<usize>], taken: &mut [bool]) {
    let new: Vec<usize> = (0..texts.len()).filter(|idx| matched[*idx].is_none()).collect();
    let free: Vec<usize> = (0..old.len()).filter(|idx| !taken[*idx] && !old[*idx].gone).collect();
    // A scene that large which changed all over has no identity left to save.
    if 10_000 < new.len() * free.len() {
        return;
    }
    let old_words: Vec<_> = free.iter().map(|idx| similar::word_set(&old[*idx].text)).collect();
    let mut pairs = Vec::new();
    for idx in new {
        let words = similar::word_set(&texts[idx]);
        for (old_idx, old_words) in free.iter().zip(&old_words) {
            let score = similar::dice(&words, old_words);
            if 0.5 <= score && kind_of(&texts[idx]) == kind_of(&old[*old_idx].text) {
                pairs.push((score, idx, *old_idx));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1.abs_diff(a.2), a.1).cmp(&(b.1.abs_diff(b.2), b.1))));
    for (_, idx, old_idx) in pairs {
        if matched[idx].is_none() && !taken[old_idx] {
            matched[idx] = Some(old_idx);
            taken[old_idx] = true;
        }
    }
}

/// Between two known neighbours, as many unknown beats of a kind as there were: they were rewritten, in order.
fn pair_in_place(texts: &[String], old: &[BeatEntry], matched: &mut [Option<usize>], taken: &mut [bool]) {
    let mut start = 0;
    while start < texts.len() {
        if matched[start].is_some() {
            start += 1;
            continue;
        }
        let len = matched[start..].iter().take_while(|it| it.is_none()).count();
        let live = |found: &Option<usize>| found.filter(|idx| !old[*idx].gone);
        let from = matched[..start].last().and_then(live).map_or(0, |idx| idx + 1);
        let to = matched.get(start + len).and_then(live).unwrap_or(old.len());
        let free: Vec<usize> = (from..to.max(from)).filter(|idx| !taken[*idx] && !old[*idx].gone).collect();
        let mut kinds: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        (start..start + len).for_each(|idx| kinds.entry(kind_of(&texts[idx])).or_default().0.push(idx));
        free.iter().for_each(|idx| kinds.entry(kind_of(&old[*idx].text)).or_default().1.push(*idx));
        for (new, free) in kinds.values().filter(|(new, free)| new.len() == free.len()) {
            for (idx, old_idx) in new.iter().zip(free) {
                matched[*idx] = Some(*old_idx);
                taken[*old_idx] = true;
            }
        }
        start += len;
    }
}
