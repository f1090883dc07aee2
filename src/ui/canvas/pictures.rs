//! How the canvas looks, as pictures: few and small, for what no assertion can say.

use std::sync::Arc;

use egui::{Context, Event, Modifiers, PointerButton, Pos2, vec2};
use model::{Data, Edit};

use super::Canvas;
use crate::testing::Bench;
use crate::testing::raster::{expect_picture, picture};
use crate::theme::{DARK, Theme};
use crate::view::{ItemState, ItemView, NodeView};

const SIZE: (u32, u32) = (640, 400);
const GRAPH: &str = "words: prompt.text text=\"A lighthouse at dusk\"
    draw: model.video prompt<-words.text
    grade: edit.color clip<-draw.clip
    film: output.film clips<-grade.clip";

fn bench() -> Bench {
    let mut bench = Bench::new(GRAPH);
    let place = |id: &str, at: (i64, i64)| {
        let at = Data::Tuple(vec![at.0.into(), at.1.into()]);
        let value = Some(Data::Struct(None, [("at".to_owned(), at)].into()));
        Edit::SetLayout { key: id.to_owned(), value, at: None }
    };
    let parse =
        |key: &str, text: &str| Edit::SetLayout { key: key.to_owned(), value: Data::parse(text).ok(), at: None };
    let edits = vec![
        place("words", (20, 60)),
        place("draw", (240, 40)),
        place("grade", (460, 40)),
        place("film", (460, 290)),
        parse("frame:1", "(at: (0, 0), size: (440, 330), title: \"Act one\", color: \"#3a629c\")"),
        parse("note:1", "(at: (20, 220), size: (180, 90), text: \"Fog comes later\")"),
        parse("wire:film.clips<-grade.clip", "[(680, 280)]"),
    ];
    bench.history.apply("Arrange", edits, None).unwrap();
    let states = [
        ("words", ItemState::Done),
        ("draw", ItemState::Running { progress: 0.4 }),
        ("grade", ItemState::Held { cost: Some(250_000) }),
        ("film", ItemState::Unknown),
    ];
    for (id, state) in states {
        let item = |element: Option<&str>| ItemView {
            name: id.to_owned(),
            element: element.map(str::to_owned),
            state: state.clone(),
            ..ItemView::default()
        };
        let items = if id == "draw" { vec![item(Some("s1")), item(Some("s2"))] } else { vec![item(None)] };
        bench.view.nodes.insert(id.to_owned(), Arc::new(NodeView::new(items)));
    }
    bench.shared.selection.only("grade");
    bench
}

/// The canvas after a few frames with these events each; the first frames install fonts and fit the view.
fn shown(theme: &'static Theme, events: impl FnOnce(&Canvas) -> Vec<Vec<Event>>) -> image::RgbaImage {
    let ctx = Context::default();
    Theme::install_fonts(&ctx);
    theme.apply(&ctx);
    let (mut bench, mut canvas) = (bench(), Canvas::default());
    // The first pictures are thrown away: they say where things are.
    let mut draw = |ui: &mut egui::Ui| bench.frame_with(ui, theme, |ui, cx| canvas.show(ui, cx));
    picture(&ctx, SIZE, vec![Vec::new(); 3], &mut draw);
    let frames = events(&canvas);
    // Fonts are told once: the second context draws all of it again.
    let ctx = Context::default();
    Theme::install_fonts(&ctx);
    theme.apply(&ctx);
    let mut draw = |ui: &mut egui::Ui| bench.frame_with(ui, theme, |ui, cx| canvas.show(ui, cx));
    picture(&ctx, SIZE, [vec![Vec::new(); 3], frames, vec![Vec::new()]].concat(), &mut draw)
}

#[test]
fn nodes_wires_frames_and_notes() {
    expect_picture("canvas", &shown(&DARK, |_| Vec::new()));
}

#[test]
fn ports_that_do_not_fit_are_dimmed_while_a_wire_is_held() {
    let found = shown(&DARK, |canvas| {
        let output = canvas.scene.nodes.iter().position(|node| node.id == "draw").unwrap() as u32;
        let from = canvas.camera.to_screen(canvas.scene.output_at((output, 0)));
        let to = from + vec2(60.0, 130.0);
        let press = Event::PointerButton {
            pos: from,
            button: PointerButton::Primary,
            pressed: true,
            modifiers: Modifiers::NONE,
        };
        let moves = |at: Pos2| vec![Event::PointerMoved(at)];
        vec![moves(from), vec![press], moves(from + vec2(20.0, 20.0)), moves(to)]
    });
    expect_picture("canvas_wire", &found);
}
