//! Where panels are: the arrangement of each workspace, as it is kept between sessions. Knows no egui.
//!
//! A workspace is a starting point, not a mode: every panel can be brought to any place of any of them, and all of it
//! is remembered. Names of panels and places stand in settings files, so they are kept for ever.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::panel::{PANELS, Place};

/// The canvas stands in the middle like a panel, but has no tab while it is alone there.
pub(crate) const CANVAS: &str = "canvas";

/// A set of places that suits one kind of work.
pub(crate) struct Workspace {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) help: &'static str,
    /// Panels that are not at home, and those in front of a place.
    moved: &'static [(&'static str, Place)],
    front: &'static [(Place, &'static str)],
    collapsed: &'static [Place],
    /// Width of the right column and height of what is below, of the window.
    pub(crate) right: f32,
    pub(crate) below: f32,
}

/// Every workspace, in the order of their buttons.
pub(crate) const WORKSPACES: &[Workspace] = &[
    Workspace {
        id: "graph",
        title: "Graph",
        help: "The canvas, with the viewer and the inspector beside it",
        moved: &[],
        front: &[(Place::Right, "inspector")],
        collapsed: &[],
        right: 0.35,
        below: 0.28,
    },
    Workspace {
        id: "review",
        title: "Review",
        help: "A large picture, with takes and shots around it",
        moved: &[("viewer", Place::Middle)],
        front: &[(Place::Middle, "viewer"), (Place::Right, "takes")],
        collapsed: &[],
        right: 0.22,
        below: 0.22,
    },
    Workspace {
        id: "shots",
        title: "Shots",
        help: "The table of shots, with the viewer and takes beside it",
        moved: &[("shots", Place::Middle)],
        front: &[(Place::Middle, "shots"), (Place::Right, "takes")],
        collapsed: &[Place::Corner],
        right: 0.35,
        below: 0.28,
    },
];

/// See the module. Fields that another version wrote are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The workspace that shows.
    pub(crate) workspace: String,
    spaces: BTreeMap<String, Arrangement>,
}

/// The places of one workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Arrangement {
    /// Where each panel is; none where it is closed.
    places: BTreeMap<String, Option<Place>>,
    front: BTreeMap<Place, String>,
    collapsed: BTreeSet<Place>,
    /// Points that somebody gave to a border, by its name.
    pub(crate) sizes: BTreeMap<String, f32>,
}

impl Default for Layout {
    fn default() -> Layout {
        let spaces = WORKSPACES.iter().map(|it| (it.id.to_owned(), Arrangement::of(it))).collect();
        Layout { workspace: WORKSPACES[0].id.to_owned(), spaces }
    }
}

impl Layout {
    /// The workspace that shows.
    pub(crate) fn workspace(&self) -> &'static Workspace {
        WORKSPACES.iter().find(|it| it.id == self.workspace).unwrap_or(&WORKSPACES[0])
    }

    /// Its arrangement.
    pub(crate) fn now(&mut self) -> &mut Arrangement {
        let workspace = self.workspace();
        let arrangement = self.spaces.entry(workspace.id.to_owned()).or_insert_with(|| Arrangement::of(workspace));
        // A panel that is newer than the settings is at home.
        for spec in PANELS {
            if !arrangement.places.contains_key(spec.id) {
                arrangement.places.insert(spec.id.to_owned(), Some(spec.home));
            }
        }
        arrangement
    }

    /// Gives the workspace that shows its first arrangement again.
    pub(crate) fn reset(&mut self) {
        let workspace = self.workspace();
        self.spaces.insert(workspace.id.to_owned(), Arrangement::of(workspace));
    }
}

impl Arrangement {
    fn of(workspace: &Workspace) -> Arrangement {
        let moved = |id: &str| workspace.moved.iter().find(|(panel, _)| *panel == id).map(|(_, place)| *place);
        Arrangement {
            places: PANELS.iter().map(|spec| (spec.id.to_owned(), Some(moved(spec.id).unwrap_or(spec.home)))).collect(),
            front: workspace.front.iter().map(|(place, panel)| (*place, (*panel).to_owned())).collect(),
            collapsed: workspace.collapsed.iter().copied().collect(),
            sizes: BTreeMap::new(),
        }
    }

    /// Where a panel is; none where it is closed.
    pub(crate) fn place(&self, panel: &str) -> Option<Place> {
        if panel == CANVAS { Some(Place::Middle) } else { self.places.get(panel).copied().flatten() }
    }

    /// Panels at a place, in the order of their tabs.
    pub(crate) fn panels(&self, place: Place) -> Vec<&'static str> {
        let canvas = (place == Place::Middle).then_some(CANVAS);
        canvas.into_iter().chain(PANELS.iter().map(|it| it.id).filter(|id| self.place(id) == Some(place))).collect()
    }

    pub(crate) fn has(&self, place: Place) -> bool {
        !self.panels(place).is_empty()
    }

    /// The panel in front of a place.
    pub(crate) fn front(&self, place: Place) -> Option<&'static str> {
        let panels = self.panels(place);
        let chosen = self.front.get(&place).and_then(|front| panels.iter().find(|id| *id == front));
        chosen.or(panels.first()).copied()
    }

    pub(crate) fn is_collapsed(&self, place: Place) -> bool {
        self.collapsed.contains(&place)
    }

    pub(crate) fn collapse(&mut self, place: Place) {
        self.collapsed.insert(place);
    }

    /// Brings a panel to the front of its place; one that was closed opens where it is at home.
    pub(crate) fn reveal(&mut self, panel: &str) {
        let home = PANELS.iter().find(|spec| spec.id == panel).map(|spec| spec.home);
        let Some(place) = self.place(panel).or(home) else { return };
        self.put(panel, Some(place));
    }

    /// Brings a panel to a place, or closes it.
    pub(crate) fn put(&mut self, panel: &str, place: Option<Place>) {
        if panel != CANVAS {
            self.places.insert(panel.to_owned(), place);
        }
        if let Some(place) = place {
            self.front.insert(place, panel.to_owned());
            self.collapsed.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workspace_names_panels_that_there_are_and_shows_something() {
        for workspace in WORKSPACES {
            let mut layout = Layout { workspace: workspace.id.to_owned(), ..Layout::default() };
            let now = layout.now();
            for (panel, place) in
                workspace.moved.iter().copied().chain(workspace.front.iter().map(|(at, it)| (*it, *at)))
            {
                assert_eq!(now.place(panel), Some(place), "{panel} in {}", workspace.id);
            }
            for (place, panel) in workspace.front {
                assert_eq!(now.front(*place), Some(*panel));
            }
        }
    }

    #[test]
    fn what_was_arranged_comes_back_and_strange_settings_do_no_harm() {
        let mut layout = Layout::default();
        layout.now().put("takes", Some(Place::Left));
        layout.now().put("ledger", None);
        layout.now().collapse(Place::Corner);
        layout.now().sizes.insert("right".to_owned(), 400.0);
        let text = serde_json::to_string(&layout).unwrap();
        assert_eq!(serde_json::from_str::<Layout>(&text).unwrap(), layout);
        layout.now().reveal("ledger");
        assert!(!layout.now().is_collapsed(Place::Corner), "what is revealed can be seen");
        assert_eq!(layout.now().front(Place::Corner), Some("ledger"));
        layout.reset();
        assert_eq!(layout.now().place("takes"), Some(Place::Right));
        let strange =
            r#"{"workspace": "x", "spaces": {"graph": {"places": {"gone": "left"}, "front": {"right": "gone"}}}}"#;
        let mut strange: Layout = serde_json::from_str(strange).unwrap();
        assert_eq!(strange.workspace().id, "graph");
        assert_eq!(strange.now().front(Place::Aside), Some("viewer"));
    }
}
