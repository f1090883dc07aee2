//! Finding a node by its name, kind or text.

use egui::{Key, Ui, vec2};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::Canvas;
use super::scene::Scene;
use crate::cx::Cx;

/// How many are listed.
const MOST: usize = 12;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Find {
    query: String,
    found: Vec<u32>,
    chosen: usize,
    /// What the list was made of.
    made_of: Option<(String, u64)>,
}

impl Find {
    fn refresh(&mut self, scene: &Scene) {
        let now = (self.query.clone(), scene.version);
        if self.made_of.as_ref() != Some(&now) {
            self.made_of = Some(now);
            self.found = matches(scene, &self.query);
            self.chosen = 0;
        }
    }
}

/// The nodes that match best, best first; all in the order of the document where nothing is asked for.
fn matches(scene: &Scene, query: &str) -> Vec<u32> {
    if query.trim().is_empty() {
        return (0..scene.nodes.len().min(MOST) as u32).collect();
    }
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scores: Vec<(u32, u32)> = Vec::new();
    for (i, node) in scene.nodes.iter().enumerate() {
        let mut score = |text: &str, weight: u32| {
            pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher).map(|score| score * weight)
        };
        let best = score(&node.id, 4).max(score(&node.title, 2)).max(score(&node.kind, 2)).max(score(&node.summary, 1));
        if let Some(best) = best {
            scores.push((best, i as u32));
        }
    }
    scores.sort_by_key(|(score, i)| (std::cmp::Reverse(*score), *i));
    scores.into_iter().take(MOST).map(|(_, i)| i).collect()
}

impl Canvas {
    pub(super) fn find_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(find) = &mut self.find else { return };
        find.refresh(&self.scene);
        let place = self.camera.view.center_top() + vec2(-150.0, 16.0);
        let mut gone_to = None;
        let mut close = false;
        let area = egui::Area::new(ui.scope_id().with("find")).fixed_pos(place).order(egui::Order::Foreground);
        area.show(ui.ctx(), |ui| {
            egui::Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_width(300.0);
                let field = egui::TextEdit::singleline(&mut find.query).hint_text("Find a node").desired_width(290.0);
                let response = ui.add(field);
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find a node"));
                let (up, down, enter, escape) = ui.input(|input| {
                    (
                        input.key_pressed(Key::ArrowUp),
                        input.key_pressed(Key::ArrowDown),
                        input.key_pressed(Key::Enter),
                        input.key_pressed(Key::Escape),
                    )
                });
                find.refresh(&self.scene);
                let last = find.found.len().saturating_sub(1);
                if up {
                    find.chosen = find.chosen.saturating_sub(1);
                }
                if down {
                    find.chosen = (find.chosen + 1).min(last);
                }
                if enter {
                    gone_to = find.found.get(find.chosen).copied();
                }
                close = escape || enter;
                if !close {
                    response.request_focus();
                }
                if find.found.is_empty() {
                    ui.weak("No node has this name, kind or text");
                }
                for (row, i) in find.found.iter().enumerate() {
                    let node = &self.scene.nodes[*i as usize];
                    let text = format!("{}   {}", node.id, node.title);
                    if ui.selectable_label(row == find.chosen, text).clicked() {
                        gone_to = Some(*i);
                        close = true;
                    }
                }
            });
        });
        if let Some(i) = gone_to {
            let node = &self.scene.nodes[i as usize];
            cx.shared.selection.only(&node.id);
            self.camera.zoom = self.camera.zoom.max(0.6);
            self.camera.center(node.rect.center());
        }
        if close {
            self.find = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{CHAIN, Stage};

    #[test]
    fn a_node_is_found_by_typing() {
        use egui_kittest::kittest::Queryable as _;
        let mut stage = Stage::new(CHAIN);
        stage.act("find");
        stage.harness.get_by_label("Find a node").type_text("film");
        stage.harness.run();
        stage.harness.key_press(egui::Key::Enter);
        stage.harness.run();
        assert_eq!(stage.selected(), "film");
        assert!(stage.harness.query_by_label("Find a node").is_none());
    }
}
