//! The first-run tour: five cards, each beside the part of the window that it speaks of.
//!
//! It draws over the window and takes no clicks but its own: what it points at can be tried at once.

use egui::{Area, Id, LayerId, Order, Pos2, Rect, RichText, Stroke, StrokeKind, Ui, vec2};

use crate::cx::Cx;
use crate::theme::{size, space};

/// One card.
struct Step {
    /// The panel, or `canvas`.
    place: &'static str,
    title: &'static str,
    text: &'static str,
}

const STEPS: [Step; 5] = [
    Step {
        place: "canvas",
        title: "The graph",
        text: "Each node makes something: a script, shots, clips, a film. Press Tab to add one, drag from a port to \
               connect it, and drop the wire on empty canvas to see what fits.",
    },
    Step {
        place: "inspector",
        title: "The inspector",
        text: "Everything about the selected node: its values, what drives them, and why it would run again.",
    },
    Step {
        place: "runs",
        title: "Runs",
        text: "What is free runs as you edit. What costs money is held with its price until you approve it.",
    },
    Step {
        place: "viewer",
        title: "The viewer",
        text: "Look at any port: number keys pin nodes to slots, Space plays, W wipes between two of them.",
    },
    Step {
        place: "shots",
        title: "Shots and takes",
        text: "Revise one shot and only that shot is made again. Every take is kept; choosing one is the approval.",
    },
];

const WIDTH: f32 = 320.0;

/// Draws the step that `shared.tour` asks for.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(at) = cx.shared.tour else { return };
    let Some(step) = STEPS.get(at) else {
        end(cx);
        return;
    };
    let screen = ui.ctx().content_rect();
    let place = cx.shared.places.get(step.place).map(|place| place.expand(space::S).intersect(screen));
    if place.is_none() {
        // The panel is behind another one.
        cx.shared.show_panel = Some(step.place);
    }
    if let Some(place) = place {
        let painter = ui.ctx().layer_painter(LayerId::new(Order::Middle, Id::unique("tour frame")));
        let dim = cx.theme.faded(cx.theme.stage, 0.45);
        for rect in around(screen, place) {
            painter.rect_filled(rect, 0.0, dim);
        }
        painter.rect_stroke(place.shrink(1.0), 4.0, Stroke::new(2.0, cx.theme.accent), StrokeKind::Inside);
    }
    let area = Area::new(Id::unique("tour card")).order(Order::Foreground).fade_in(false).constrain(true);
    area.fixed_pos(card_at(screen, place)).show(ui.ctx(), |ui| {
        egui::Frame::popup(ui.style()).inner_margin(space::L).show(ui, |ui| {
            ui.set_width(WIDTH);
            ui.label(RichText::new(format!("{} of {}", at + 1, STEPS.len())).size(size::SMALL).color(cx.theme.weak));
            ui.label(RichText::new(step.title).size(size::HEADING).strong());
            ui.label(step.text);
            ui.add_space(space::M);
            ui.horizontal(|ui| {
                let last = at + 1 == STEPS.len();
                if ui.button(if last { "Done" } else { "Next" }).clicked() {
                    go(cx, at + 1);
                }
                if 0 < at && ui.button("Back").clicked() {
                    go(cx, at - 1);
                }
                if !last && ui.button("Skip the tour").clicked() {
                    end(cx);
                }
            });
        });
    });
}

fn go(cx: &mut Cx<'_>, step: usize) {
    match STEPS.get(step) {
        Some(found) => {
            cx.shared.tour = Some(step);
            if found.place != "canvas" {
                cx.shared.show_panel = Some(found.place);
            }
        }
        None => end(cx),
    }
}

fn end(cx: &mut Cx<'_>) {
    cx.shared.tour = None;
    cx.shared.tour_seen = true;
}

/// The four parts of the window around a place.
fn around(screen: Rect, place: Rect) -> [Rect; 4] {
    let place = place.intersect(screen);
    [
        Rect::from_min_max(screen.min, Pos2::new(screen.right(), place.top())),
        Rect::from_min_max(Pos2::new(screen.left(), place.bottom()), screen.max),
        Rect::from_min_max(Pos2::new(screen.left(), place.top()), place.left_bottom()),
        Rect::from_min_max(place.right_top(), Pos2::new(screen.right(), place.bottom())),
    ]
}

/// Beside the place where there is room, else inside it.
fn card_at(screen: Rect, place: Option<Rect>) -> Pos2 {
    let card = vec2(WIDTH + 2.0 * space::L, 150.0);
    let Some(place) = place else { return screen.center() - card * 0.5 };
    let gap = space::L;
    if card.x + gap < place.left() - screen.left() {
        Pos2::new(place.left() - card.x - gap, place.top() + gap)
    } else if card.y + gap < place.top() - screen.top() {
        Pos2::new(place.left() + gap, place.top() - card.y - gap)
    } else {
        place.center() - card * 0.5
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::command::Command;
    use crate::editor::Editor;
    use crate::testing::Bench;

    fn open() -> egui_kittest::Harness<'static, Bench> {
        let mut editor = Editor::default();
        let mut bench = Bench::new("");
        bench.shared.tour = Some(0);
        let mut harness = bench.window((1280.0, 720.0), move |ui, cx| editor.show(ui, cx));
        harness.run();
        harness
    }

    #[test]
    fn five_steps_lead_to_the_end_and_each_place_is_there() {
        let mut harness = open();
        for step in &STEPS {
            harness.get_by_label(step.title);
            assert!(harness.state().shared.places.contains_key(step.place), "{}", step.place);
            let next = if step.place == "shots" { "Done" } else { "Next" };
            harness.get_by_label(next).click();
            harness.run();
        }
        assert_eq!((harness.state().shared.tour, harness.state().shared.tour_seen), (None, true));
        let edits = harness.state().sent.iter().filter(|command| matches!(command, Command::Edit { .. }));
        assert_eq!(edits.count(), 0);
    }

    #[test]
    fn it_goes_back_and_can_be_left() {
        let mut harness = open();
        for label in ["Next", "Back", "Skip the tour"] {
            harness.get_by_label(label).click();
            harness.run();
        }
        assert_eq!((harness.state().shared.tour, harness.state().shared.tour_seen), (None, true));
    }
}
