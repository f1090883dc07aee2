//! Films from clips that are there and clips that are not.

use model::{Digest, Media, VideoInfo};

use super::*;
use crate::view::{NodeView, RunView};

fn clip(name: &str, frames: u64) -> Arc<Recipe> {
    let video = VideoInfo { width: 640, height: 360, rate: Rate::FILM, n_frames: frames, codec: "h264".into() };
    let digest = Digest::of(name.as_bytes());
    let media = Media { digest, bytes: 1, format: "mp4".into(), video: Some(video), audio: None };
    Arc::new(Recipe::file(Arc::new(media), None, Rate::FILM))
}

fn item(node: &str, element: Option<&str>, port: &str, value: Option<Value>, state: ItemState) -> ItemView {
    ItemView {
        name: element.map_or_else(|| node.to_owned(), |element| format!("{node}/{element}")),
        element: element.map(str::to_owned),
        state,
        values: value.map(|value| (port.to_owned(), value)).into_iter().collect(),
        ..ItemView::default()
    }
}

fn shot(id: &str, text: &str, seconds: f64) -> Arc<Shot> {
    let shot = serde_json::json!({
        "id": id, "scene": "s1", "number": "1-010", "text": text,
        "setting": { "location": "", "int_ext": "EXT", "time": "DAY", "weather": "clear" },
        "camera": { "size": "MS", "framing": "single", "angle": "eye", "move": "static", "lens_mm": 35 },
        "cast": [], "props": [], "lines": [], "duration_s": seconds, "purpose": "",
    });
    Arc::new(serde_json::from_value(shot).unwrap())
}

fn view(nodes: Vec<(&str, Vec<ItemView>)>) -> RunView {
    let nodes = nodes.into_iter().map(|(id, items)| (id.to_owned(), Arc::new(NodeView::new(items))));
    RunView { nodes: nodes.collect(), ..RunView::default() }
}

fn made(name: &str, frames: u64) -> Option<Value> {
    Some(Value::Clip(clip(name, frames)))
}

/// The parts of the film into `film.clips`: name, start, frames and word.
fn parts(graph: &str, view: &RunView) -> (Reel, Vec<(String, u64, u64, &'static str)>) {
    let document = model::fixture::graph(graph);
    let graph = Upstream::new(&document, view, model::spec::Catalog(nodes::ALL));
    let reach = graph.reach("film");
    let cuts = entering(&graph, "film", "clips");
    let joining = Joining::of_film(&graph, "film");
    let reel = assemble(&cuts, &graph.shots(&reach), &graph.origins(&reach), &joining);
    let parts = reel.parts.iter().map(|part| (part.name().to_owned(), part.start, part.frames, part.word())).collect();
    (reel, parts)
}

const GRAPH: &str = "shots: structure.breakdown\n\
                     generate: model.video shot<-shots.shots\n\
                     film: output.film clips<-generate.clip";

#[test]
fn missing_shots_are_slates_as_long_as_the_shot() {
    let view = view(vec![
        (
            "shots",
            vec![item("shots", Some("b"), "shots", Some(Value::Shot(shot("b", "Waves.", 3.0))), ItemState::Done)],
        ),
        (
            "generate",
            vec![
                item("generate", Some("a"), "clip", made("a", 48), ItemState::Done),
                item("generate", Some("b"), "clip", None, ItemState::Held { cost: None }),
                item("generate", Some("c"), "clip", None, ItemState::Queued),
                item("generate", Some("d"), "clip", made("d", 24), ItemState::Ready),
            ],
        ),
    ]);
    let (reel, parts) = parts(GRAPH, &view);
    let expected = [("a", 0, 48, "done"), ("b", 48, 72, "held"), ("c", 120, 48, "queued"), ("d", 168, 24, "stale")];
    assert_eq!(parts, expected.map(|(name, start, frames, word)| (name.to_owned(), start, frames, word)));
    assert_eq!(reel.recipe.n_frames(), 192);
    let titles: Vec<_> = reel.recipe.pieces[1].titles.iter().map(|title| title.text.as_str()).collect();
    assert_eq!(titles, ["1-010   b", "Waves.", "held"]);
    assert!(matches!(reel.recipe.pieces[1].source, Source::Blank(_)));
    assert_eq!(reel.at(0), Some(0));
    assert_eq!(reel.at(119), Some(1));
    assert_eq!(reel.at(500), Some(3));
}

#[test]
fn the_films_own_crossfade_and_size_hold() {
    let view = view(vec![(
        "generate",
        vec![
            item("generate", Some("a"), "clip", made("a", 48), ItemState::Done),
            item("generate", Some("b"), "clip", made("b", 48), ItemState::Done),
        ],
    )]);
    let (reel, parts) = parts(&format!("!size 320 180\n{GRAPH} crossfade=12"), &view);
    assert_eq!(parts[1].1, 36);
    assert_eq!((reel.recipe.n_frames(), reel.recipe.size), (84, (320, 180)));
}

#[test]
fn an_edit_without_a_result_shows_what_enters_it() {
    let graph = "generate: model.video\n\
                 grade: edit.color clip<-generate.clip\n\
                 all: edit.concatenate clips<-grade.clip\n\
                 film: output.film clips<-all.clip";
    let mut nodes = vec![
        ("all", vec![item("all", None, "clip", None, ItemState::Ready)]),
        (
            "grade",
            vec![
                item("grade", Some("a"), "clip", made("graded a", 48), ItemState::Done),
                item("grade", Some("b"), "clip", None, ItemState::Ready),
                item("grade", Some("c"), "clip", None, ItemState::Ready),
            ],
        ),
        (
            "generate",
            vec![
                item("generate", Some("a"), "clip", made("a", 48), ItemState::Done),
                item("generate", Some("b"), "clip", made("b", 24), ItemState::Done),
                item("generate", Some("c"), "clip", None, ItemState::Queued),
            ],
        ),
    ];
    let (reel, found) = parts(graph, &view(nodes.clone()));
    let words: Vec<_> = found.iter().map(|part| (part.0.as_str(), part.3)).collect();
    assert_eq!(words, [("a", "unfinished"), ("b", "unfinished")], "c has nothing on its way into `all`");
    assert_eq!(reel.parts[0].before.as_deref(), Some("all"));
    // Once the clips are joined, the joined clip is one part of the film.
    nodes[0].1[0].values.push(("clip".to_owned(), made("joined", 72).unwrap()));
    nodes[0].1[0].state = ItemState::Done;
    assert_eq!(parts(graph, &view(nodes)).1, [("all".to_owned(), 0, 72, "done")]);
}

#[test]
fn a_joined_clip_falls_into_its_shots() {
    let view = view(vec![(
        "generate",
        vec![
            ItemView {
                model: Some("animatic 2".into()),
                ..item("generate", Some("a"), "clip", made("a", 48), ItemState::Done)
            },
            ItemView {
                model: Some("other".into()),
                ..item("generate", Some("b"), "clip", made("b", 24), ItemState::Done)
            },
        ],
    )]);
    let document = model::fixture::graph("generate: model.video\nall: edit.concatenate clips<-generate.clip");
    let graph = Upstream::new(&document, &view, model::spec::Catalog(nodes::ALL));
    let joined = Arc::new(Recipe::concatenate([&*clip("a", 48), &*clip("b", 24)]).unwrap());
    let cut = Cut::of("all", &item("all", None, "clip", Some(Value::Clip(joined.clone())), ItemState::Done));
    let reel = Reel::of_clip(&joined, &cut, &Shots::new(), &graph.origins(&graph.reach("all")));
    let found: Vec<_> = reel.parts.iter().map(|part| (part.name(), part.start, part.frames, part.previs)).collect();
    assert_eq!(found, [("a", 0, 48, true), ("b", 48, 24, false)]);
    assert!(Arc::ptr_eq(&reel.recipe, &joined));
    // Two pieces of one shot are one part.
    let twice = Arc::new(Recipe::concatenate([&joined.trim(0..10), &joined.trim(20..30)]).unwrap());
    assert_eq!(Reel::of_clip(&twice, &cut, &Shots::new(), &graph.origins(&graph.reach("all"))).parts.len(), 1);
}

#[test]
fn links_in_a_circle_end() {
    let graph = "a: edit.color clip<-b.clip\nb: edit.color clip<-a.clip\nfilm: output.film clips<-a.clip";
    let items = |node: &str| vec![item(node, None, "clip", None, ItemState::Ready)];
    let (reel, parts) = parts(graph, &view(vec![("a", items("a")), ("b", items("b"))]));
    assert_eq!((parts.len(), reel.recipe.n_frames()), (1, 48), "one slate");
}

#[test]
fn slate_texts_are_short_lines() {
    let lines = wrapped(&"a lamp turns over a black sea ".repeat(20));
    assert_eq!(lines.len(), LINES);
    assert!(lines.iter().all(|line| line.chars().count() <= LINE + 1), "{lines:?}");
    assert!(lines[2].ends_with('…'));
    assert_eq!(wrapped(&"x".repeat(500))[0].len(), LINE);
    assert!(wrapped("  ").is_empty());
}
