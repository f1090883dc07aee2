//! What a gesture shows while it lasts: the box, the loose wire, the cut, guides.

use egui::{Rect, Shape, Stroke, StrokeKind};

use super::Brush;
use crate::canvas::gestures::{Gesture, Loose};
use crate::cx::End;
use crate::theme::size;

impl Brush<'_> {
    pub(super) fn overlay(&self) {
        match self.gesture {
            Gesture::Box { from, to, .. } => {
                let rect = self.camera.rect_to_screen(Rect::from_two_pos(*from, *to));
                let fill = self.theme.faded(self.theme.accent, 0.12);
                self.painter.rect(rect, 0.0, fill, Stroke::new(1.0, self.theme.accent), StrokeKind::Inside);
            }
            Gesture::Move(drag) => {
                for [a, b] in &drag.guides {
                    let points = [self.camera.to_screen(*a), self.camera.to_screen(*b)];
                    self.painter.line_segment(points, Stroke::new(1.0, self.theme.accent));
                }
            }
            Gesture::Wire(loose) => self.loose(loose),
            Gesture::Slash { path, cuts } => {
                let color = if *cuts { self.theme.bad } else { self.theme.accent };
                let path: Vec<_> = path.iter().map(|at| self.camera.to_screen(*at)).collect();
                self.painter
                    .add(Shape::dashed_line(&path, Stroke::new(2.0, color), 6.0, 4.0).into_iter().collect::<Vec<_>>());
            }
            Gesture::Lazy { from, at, to } => {
                let node = self.camera.rect_to_screen(self.scene.nodes[*from as usize].rect);
                let end = to.map_or(self.camera.to_screen(*at), |to| {
                    self.camera.rect_to_screen(self.scene.nodes[to as usize].rect).center()
                });
                self.painter.line_segment([node.center(), end], Stroke::new(2.0, self.theme.accent));
                if let Some(to) = to {
                    self.outline(*to);
                }
            }
            _ => {}
        }
    }

    fn loose(&self, loose: &Loose) {
        let held = match loose.end {
            End::Output => self.scene.output_at((loose.node, loose.port)),
            End::Input => self.scene.input_at((loose.node, loose.port)),
        };
        let free = match loose.target {
            Some(target) if loose.end == End::Output => self.scene.input_at(target),
            Some(target) => self.scene.output_at(target),
            None => loose.at,
        };
        let (a, b) = if loose.end == End::Output { (held, free) } else { (free, held) };
        let color = self.theme.port(loose.ty);
        self.painter.add(Shape::line(self.curve(a, &[], b, 24), Stroke::new(self.wire_width(false), color)));
        let Some((node, port)) = loose.target else { return };
        let it = &self.scene.nodes[node as usize];
        let name = match loose.end {
            End::Output => &it.inputs[port as usize].name,
            End::Input => &it.outputs[port as usize].name,
        };
        let at = self.camera.to_screen(free);
        self.painter.circle_stroke(at, 9.0 * self.camera.zoom.max(0.5), Stroke::new(2.0, self.theme.accent));
        self.outline(node);
        let label =
            self.painter.layout_no_wrap(name.to_string(), egui::FontId::proportional(size::BODY), self.theme.text);
        let rect = Rect::from_min_size(at + egui::vec2(12.0, -26.0), label.size());
        self.painter.rect_filled(rect.expand(4.0), 4.0, self.theme.panel);
        self.painter.galley(rect.min, label, self.theme.text);
    }

    fn outline(&self, node: u32) {
        let rect = self.camera.rect_to_screen(self.scene.nodes[node as usize].rect);
        self.painter.rect_stroke(rect.expand(2.0), 6.0, Stroke::new(1.5, self.theme.accent), StrokeKind::Outside);
    }
}
