//! Panels around the canvas: places with tabs, each of which can be collapsed to its tabs or fill the window.
//!
//! Where panels are is the layout's to say; here it is drawn. `egui_tiles` and `egui_dock` were weighed: both were one
//! egui behind, and neither keeps the canvas where it is.

use egui::{Frame, Margin, Panel as Side, Rect, Ui};

use crate::cx::Cx;
use crate::icons::{self, Icon};
use crate::layout::{CANVAS, Layout, WORKSPACES};
use crate::panel::{PANELS, Panel, PanelSpec, Place};
use crate::theme::{size, space};
use crate::widgets::icon_button;

struct Docked {
    spec: &'static PanelSpec,
    panel: Box<dyn Panel>,
}

/// See the module.
pub(crate) struct Dock {
    panels: Vec<Docked>,
    pub(crate) layout: Layout,
    /// The panel that fills the window.
    maximised: Option<&'static str>,
}

/// Height of a row of tabs, and width of a column of them.
const STRIP: f32 = 28.0;
/// The border between the viewer and what is below it, of the right column.
const ASIDE: f32 = 0.62;

impl Default for Dock {
    fn default() -> Dock {
        Dock::new(Layout::default())
    }
}

impl Dock {
    pub(crate) fn new(layout: Layout) -> Dock {
        let panels = PANELS.iter().map(|spec| Docked { spec, panel: (spec.make)() }).collect();
        Dock { panels, layout, maximised: None }
    }

    /// Draws the panels around the canvas; `canvas` draws what is left.
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, mut canvas: impl FnMut(&mut Ui, &mut Cx<'_>)) {
        if let Some(id) = cx.shared.show_panel.take() {
            self.reveal(id);
        }
        cx.shared.places.clear();
        if let Some(id) = self.maximised {
            let frame = if id == CANVAS { Frame::NONE } else { frame(ui) };
            egui::CentralPanel::no_frame().frame(frame).show(ui, |ui| {
                if id != CANVAS {
                    self.strip(ui, Place::Middle, &[id]);
                }
                self.panel_ui(ui, id, cx, &mut canvas);
            });
            return;
        }
        let workspace = self.layout.workspace();
        let window = ui.available_size();
        self.column(ui, cx, &[Place::Left], window.x * 0.16);
        self.column(ui, cx, &[Place::Aside, Place::Right], (window.x * workspace.right).clamp(200.0, 640.0));
        self.below(ui, cx, window.y * workspace.below);
        let tabs = self.layout.now().panels(Place::Middle);
        let alone = tabs.len() == 1;
        let margin = if alone { Frame::NONE } else { Frame::NONE.fill(cx.theme.panel) };
        egui::CentralPanel::no_frame().frame(margin).show(ui, |ui| {
            if !alone {
                ui.add_space(space::XS);
                self.strip(ui, Place::Middle, &tabs);
            }
            match self.layout.now().front(Place::Middle) {
                Some(CANVAS) => self.panel_ui(ui, CANVAS, cx, &mut canvas),
                Some(front) => {
                    let inside = egui::CentralPanel::no_frame().frame(frame(ui));
                    inside.show(ui, |ui| self.panel_ui(ui, front, cx, &mut canvas));
                }
                None => {}
            }
        });
    }

    /// A column at a side: one place, or two above each other.
    fn column(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, places: &[Place], width: f32) {
        let now = self.layout.now();
        let used: Vec<Place> = places.iter().copied().filter(|place| now.has(*place)).collect();
        let (Some(first), Some(last)) = (used.first().copied(), used.last().copied()) else { return };
        let is_left = first == Place::Left;
        let side = |id: (&'static str, &'static str)| if is_left { Side::left(id) } else { Side::right(id) };
        let workspace = self.layout.workspace().id;
        if used.iter().all(|place| self.layout.now().is_collapsed(*place)) {
            side((workspace, if is_left { "left strip" } else { "right strip" }))
                .frame(frame(ui))
                .resizable(false)
                .exact_size(STRIP)
                .show(ui, |ui| used.iter().for_each(|place| self.icons_ui(ui, *place)));
            return;
        }
        let name = if is_left { "left" } else { "right" };
        let width = self.size(name, width);
        let shown = side((workspace, name)).frame(Frame::NONE).resizable(true).default_size(width).min_size(180.0);
        let shown = shown.show(ui, |ui| {
            if first == last {
                return self.filled(ui, first, cx);
            }
            let (above, below) = (self.layout.now().is_collapsed(first), self.layout.now().is_collapsed(last));
            if above {
                let strip = Side::top((workspace, "aside strip")).frame(frame(ui)).resizable(false);
                strip.exact_size(STRIP + space::S).show(ui, |ui| self.place(ui, first, cx));
            } else if below {
                let strip = Side::bottom((workspace, "right strip")).frame(frame(ui)).resizable(false);
                strip.exact_size(STRIP + space::S).show(ui, |ui| self.place(ui, last, cx));
                return self.filled(ui, first, cx);
            } else {
                let height = self.size("aside", ui.available_height() * ASIDE);
                let upper = Side::top((workspace, "aside")).frame(frame(ui)).resizable(true).min_size(120.0);
                let upper = upper.default_size(height).show(ui, |ui| self.place(ui, first, cx));
                self.keep(ui, "aside", upper.response.rect.height());
            }
            self.filled(ui, last, cx);
        });
        self.keep(ui, name, shown.response.rect.width());
    }

    fn below(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, height: f32) {
        let workspace = self.layout.workspace().id;
        let now = self.layout.now();
        let used: Vec<Place> = [Place::Below, Place::Corner].into_iter().filter(|place| now.has(*place)).collect();
        let collapsed = used.iter().all(|place| now.is_collapsed(*place));
        let width = ui.available_width();
        let mut inside = |ui: &mut Ui, dock: &mut Dock| {
            if let [only] = used[..] {
                return dock.filled(ui, only, cx);
            }
            let right = dock.size("corner", width * 0.5);
            let corner = Side::right((workspace, "corner")).frame(frame(ui)).resizable(true).min_size(160.0);
            let corner = corner.default_size(right).show(ui, |ui| dock.place(ui, Place::Corner, cx));
            dock.keep(ui, "corner", corner.response.rect.width());
            dock.filled(ui, Place::Below, cx);
        };
        if used.is_empty() {
            return;
        }
        if collapsed {
            let strip = Side::bottom((workspace, "below strip")).frame(Frame::NONE).resizable(false);
            strip.exact_size(STRIP + space::S).show(ui, |ui| inside(ui, self));
            return;
        }
        let height = self.size("below", height);
        let shown = Side::bottom((workspace, "below")).frame(Frame::NONE).resizable(true).min_size(60.0);
        let shown = shown.default_size(height).show(ui, |ui| inside(ui, self));
        self.keep(ui, "below", shown.response.rect.height());
    }

    /// A place in all of what is left of a panel.
    fn filled(&mut self, ui: &mut Ui, place: Place, cx: &mut Cx<'_>) {
        egui::CentralPanel::no_frame().frame(frame(ui)).show(ui, |ui| self.place(ui, place, cx));
    }

    fn size(&mut self, name: &str, default: f32) -> f32 {
        self.layout.now().sizes.get(name).copied().filter(|size| size.is_finite()).unwrap_or(default)
    }

    /// Remembers where somebody puts a border; one that nobody drags goes with the window.
    fn keep(&mut self, ui: &Ui, name: &str, size: f32) {
        if !ui.input(|input| input.pointer.primary_down()) {
            return;
        }
        let sizes = &mut self.layout.now().sizes;
        if sizes.get(name).is_none_or(|known| 0.5 < (known - size).abs()) {
            sizes.insert(name.to_owned(), size.round());
        }
    }

    /// Offers an action to every panel; some are for the dock itself.
    pub(crate) fn act(&mut self, action: &str, cx: &mut Cx<'_>, pointer: Option<egui::Pos2>) -> bool {
        match action {
            "maximise" => {
                let here =
                    |(id, rect): (&&'static str, &Rect)| pointer.is_some_and(|at| rect.contains(at)).then_some(*id);
                let under = cx.shared.places.iter().find_map(here);
                self.maximised = if self.maximised.is_some() { None } else { under.or(Some(CANVAS)) };
            }
            "reset_layout" => self.layout.reset(),
            _ => {
                let workspace = action.strip_prefix("workspace_");
                if let Some(workspace) = workspace.and_then(|id| WORKSPACES.iter().find(|it| it.id == id)) {
                    self.show_workspace(workspace.id);
                } else {
                    return self.panels.iter_mut().any(|docked| docked.panel.act(action, cx));
                }
            }
        }
        true
    }

    /// Buttons of the workspaces.
    pub(crate) fn workspaces_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        for workspace in WORKSPACES.iter().rev() {
            let on = self.layout.workspace().id == workspace.id;
            let hint = cx.shared.keymap.hint(&format!("workspace_{}", workspace.id));
            let button = ui.selectable_label(on, workspace.title);
            let label = format!("Workspace {}", workspace.title);
            button.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, on, &label));
            if button.on_hover_text(format!("{} ({hint})", workspace.help)).clicked() {
                self.show_workspace(workspace.id);
            }
        }
    }

    fn show_workspace(&mut self, id: &str) {
        self.maximised = None;
        id.clone_into(&mut self.layout.workspace);
    }

    /// The menu of panels.
    pub(crate) fn menu(&mut self, ui: &mut Ui) {
        for spec in PANELS {
            let mut open = self.layout.now().place(spec.id).is_some();
            if ui.checkbox(&mut open, spec.title).changed() {
                match open {
                    true => self.layout.now().reveal(spec.id),
                    false => self.layout.now().put(spec.id, None),
                }
            }
        }
        ui.separator();
        if ui.button("Reset this workspace").clicked() {
            self.layout.reset();
            ui.close();
        }
    }

    /// Shows a panel, or collapses its place where it is in front.
    pub(crate) fn toggle(&mut self, id: &str) {
        let now = self.layout.now();
        match now.place(id) {
            Some(place) if now.front(place) == Some(id) && !now.is_collapsed(place) => now.collapse(place),
            _ => self.reveal(id),
        }
    }

    fn reveal(&mut self, id: &str) {
        if self.maximised.is_some_and(|maximised| maximised != id) {
            self.maximised = None;
        }
        self.layout.now().reveal(id);
    }

    fn place(&mut self, ui: &mut Ui, place: Place, cx: &mut Cx<'_>) {
        let Some(front) = self.layout.now().front(place) else { return };
        let tabs = self.layout.now().panels(place);
        self.strip(ui, place, &tabs);
        if !self.layout.now().is_collapsed(place) {
            self.panel_ui(ui, front, cx, &mut |_, _| {});
        }
    }

    /// A panel in all of what is left.
    fn panel_ui(
        &mut self,
        ui: &mut Ui,
        id: &'static str,
        cx: &mut Cx<'_>,
        canvas: &mut dyn FnMut(&mut Ui, &mut Cx<'_>),
    ) {
        cx.shared.places.insert(id, ui.available_rect_before_wrap());
        if id == CANVAS {
            return crate::watch::span(CANVAS, || canvas(ui, cx));
        }
        let Some(docked) = self.panels.iter_mut().find(|docked| docked.spec.id == id) else { return };
        // A panel never makes its place larger: what does not fit is its own to scroll or to cut.
        let rect = ui.available_rect_before_wrap();
        let mut inside = ui.new_child(egui::UiBuilder::new().id_salt(id).max_rect(rect));
        inside.set_clip_rect(rect.intersect(ui.clip_rect()));
        crate::watch::span(id, || docked.panel.show(&mut inside, cx));
        ui.allocate_rect(rect, egui::Sense::hover());
    }

    /// The row of tabs above a place.
    fn strip(&mut self, ui: &mut Ui, place: Place, tabs: &[&'static str]) {
        let collapsed = self.layout.now().is_collapsed(place);
        let front = self.layout.now().front(place);
        let mut wish = None;
        ui.horizontal(|ui| {
            ui.set_height(STRIP - space::S);
            ui.spacing_mut().item_spacing.x = space::XS;
            // What the tabs leave free holds the buttons; where they leave nothing, icons do without words.
            let wordy = tabs.len() as f32 * 84.0 + 40.0 < ui.available_width();
            for id in tabs {
                let on = self.maximised == Some(*id) || (self.maximised.is_none() && front == Some(*id) && !collapsed);
                let tab = tab_ui(ui, id, on, wordy || on);
                if tab.clicked() {
                    wish = Some((*id, if on { Wish::Nothing } else { Wish::Front }));
                }
                if tab.double_clicked() {
                    wish = Some((*id, Wish::Maximise));
                }
                tab.context_menu(|ui| {
                    if let Some(chosen) = places_ui(ui, place, *id == CANVAS) {
                        wish = Some((*id, chosen));
                    }
                });
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if self.maximised.is_some() {
                    if icon_button(ui, Icon::Minimize2, "Back to its place").clicked() {
                        wish = Some((tabs[0], Wish::Maximise));
                    }
                } else if place != Place::Middle {
                    let (icon, tip) = match (collapsed, place) {
                        (true, _) => (Icon::ChevronUp, "Expand"),
                        (false, Place::Left) => (Icon::PanelLeftClose, "Collapse"),
                        (false, Place::Right) => (Icon::PanelRightClose, "Collapse"),
                        (false, _) => (Icon::ChevronDown, "Collapse"),
                    };
                    if icon_button(ui, icon, &format!("{tip} {}", title(front.unwrap_or(tabs[0])))).clicked() {
                        let wished = if collapsed { Wish::Front } else { Wish::Collapse };
                        wish = Some((front.unwrap_or(tabs[0]), wished));
                    }
                }
            });
        });
        self.grant(place, wish);
    }

    /// Tabs of a collapsed column, one below the other.
    fn icons_ui(&mut self, ui: &mut Ui, place: Place) {
        let mut wish = None;
        for id in self.layout.now().panels(place) {
            if tab_ui(ui, id, false, false).on_hover_text(title(id)).clicked() {
                wish = Some((id, Wish::Front));
            }
        }
        self.grant(place, wish);
    }

    fn grant(&mut self, place: Place, wish: Option<(&'static str, Wish)>) {
        let Some((id, wish)) = wish else { return };
        match wish {
            Wish::Nothing => {}
            Wish::Front => self.reveal(id),
            Wish::Collapse => self.layout.now().collapse(place),
            Wish::Maximise => self.maximised = if self.maximised.is_some() { None } else { Some(id) },
            Wish::Put(place) => self.layout.now().put(id, place),
        }
    }
}

/// What a click on a tab asks for.
enum Wish {
    Nothing,
    Front,
    Collapse,
    Maximise,
    Put(Option<Place>),
}

fn title(id: &str) -> &'static str {
    PANELS.iter().find(|spec| spec.id == id).map_or("Graph", |spec| spec.title)
}

fn tab_ui(ui: &mut Ui, id: &'static str, on: bool, wordy: bool) -> egui::Response {
    let icon = PANELS.iter().find(|spec| spec.id == id).map_or(Icon::Workflow, |spec| spec.icon);
    let mut job = egui::text::LayoutJob::default();
    let style = ui.style().clone();
    let (font, align) = (egui::FontSelection::Default, egui::Align::Center);
    icons::text(icon, size::BODY).append_to(&mut job, &style, font.clone(), align);
    if wordy {
        egui::RichText::new(format!(" {}", title(id))).append_to(&mut job, &style, font, align);
    }
    let tab = ui.selectable_label(on, job);
    tab.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, true, on, title(id)));
    tab
}

/// The menu of a tab: where its panel may go.
fn places_ui(ui: &mut Ui, now: Place, is_canvas: bool) -> Option<Wish> {
    let mut wish = None;
    if ui.button("Fill the window").clicked() {
        wish = Some(Wish::Maximise);
        ui.close();
    }
    if is_canvas {
        return wish;
    }
    ui.separator();
    for (to, name) in [
        (Place::Middle, "Move to the middle"),
        (Place::Left, "Move to the left"),
        (Place::Aside, "Move to the upper right"),
        (Place::Right, "Move to the right"),
        (Place::Below, "Move below"),
        (Place::Corner, "Move to the corner"),
    ] {
        if to != now && ui.button(name).clicked() {
            wish = Some(Wish::Put(Some(to)));
            ui.close();
        }
    }
    if ui.button("Close").clicked() {
        wish = Some(Wish::Put(None));
        ui.close();
    }
    wish
}

fn frame(ui: &Ui) -> Frame {
    Frame::NONE.fill(ui.visuals().panel_fill).inner_margin(Margin::symmetric(space::S as i8 + 2, space::XS as i8))
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::editor::Editor;
    use crate::testing::Bench;

    fn window(size: (f32, f32)) -> Harness<'static, Bench> {
        let mut editor = Editor::default();
        let mut harness = Bench::new("a: prompt.text text=\"one\"").window(size, move |ui, cx| editor.show(ui, cx));
        harness.run();
        harness
    }

    fn place(harness: &Harness<'_, Bench>, id: &str) -> Option<Rect> {
        harness.state().shared.places.get(id).copied()
    }

    #[test]
    fn workspaces_put_their_subject_in_the_middle() {
        let mut harness = window((1280.0, 720.0));
        let area = |harness: &Harness<'_, Bench>, id| place(harness, id).map_or(0.0, |rect| rect.area());
        let in_graph = (area(&harness, "canvas"), area(&harness, "viewer"));
        assert!(in_graph.1 < in_graph.0 && 0.0 < area(&harness, "inspector"));
        harness.get_by_label("Workspace Review").click();
        harness.run();
        assert!(2.0 * in_graph.1 < area(&harness, "viewer"), "the picture is what counts");
        assert_eq!(place(&harness, "canvas"), None);
        harness.get_by_label("Graph").click();
        harness.run();
        assert!(place(&harness, "canvas").is_some() && place(&harness, "viewer").is_none());
        harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::Num3);
        harness.run();
        assert!(area(&harness, "viewer") < area(&harness, "shots"));
        harness.get_by_label("Workspace Graph").click();
        harness.run();
        assert_eq!((area(&harness, "canvas"), area(&harness, "viewer")), in_graph);
    }

    #[test]
    fn a_picture_of_the_film_is_large_enough_on_a_small_screen() {
        let harness = window((1280.0, 720.0));
        let viewer = place(&harness, "viewer").unwrap();
        assert!(420.0 < viewer.width() && 360.0 < viewer.height(), "{viewer:?}");
        for panel in ["viewer", "inspector", "shots", "canvas"] {
            let rect = place(&harness, panel).unwrap();
            assert!(Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 720.0)).contains_rect(rect), "{panel}");
        }
    }

    #[test]
    fn places_collapse_to_their_tabs_and_a_tab_brings_them_back() {
        let mut harness = window((1280.0, 720.0));
        let canvas = place(&harness, "canvas").unwrap();
        harness.get_by_label("Collapse Shots").click();
        harness.run();
        assert_eq!(place(&harness, "shots"), None);
        assert!(canvas.height() + 100.0 < place(&harness, "canvas").unwrap().height());
        harness.get_by_label("Collapse Inspector").click();
        harness.run();
        harness.get_by_label("Collapse Viewer").click();
        harness.run();
        assert!(1200.0 < place(&harness, "canvas").unwrap().width(), "a column of tabs is left");
        for label in ["Problems", "Inspector", "Viewer"] {
            harness.get_by_label(label).click();
            harness.run();
        }
        assert!(["problems", "inspector", "viewer"].iter().all(|id| place(&harness, id).is_some()));
    }

    #[test]
    fn a_panel_fills_the_window_and_goes_back() {
        let mut harness = window((1280.0, 720.0));
        harness.hover_at(place(&harness, "shots").unwrap().center());
        harness.run();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Space);
        harness.run();
        assert!(1200.0 < place(&harness, "shots").unwrap().width());
        assert_eq!(harness.state().shared.places.len(), 1);
        harness.get_by_label("Back to its place").click();
        harness.run();
        assert!(place(&harness, "canvas").is_some());
    }

    #[test]
    fn small_windows_draw_too() {
        for size in [(640.0, 400.0), (320.0, 200.0)] {
            let mut harness = window(size);
            for workspace in ["Workspace Review", "Workspace Shots"] {
                if let Some(button) = harness.query_by_label(workspace) {
                    button.click();
                    harness.run();
                }
            }
        }
    }
}
