//! A node with what feeds it: links by node, and the run's values behind them. Knows no egui.
//!
//! It remembers which nodes were asked about, so that whoever cached an answer can tell when it no longer holds.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use model::spec::Catalog;
use model::{Data, Digest, Document, Feed, GROUP, Image, Ports, Recipe, Shot, Value};

use crate::view::{NodeView, RunView};
use crate::wiring::mentioned_ports;

/// The model whose pictures are previs, as `ItemView::model` names it.
const PREVIS: &str = "animatic";

/// See the module.
pub(crate) struct Upstream<'a> {
    pub(crate) document: &'a Document,
    pub(crate) view: &'a RunView,
    pub(crate) catalog: Catalog,
    feeds: HashMap<&'a str, Vec<(&'a str, &'a Feed)>>,
    asked: RefCell<IndexSet<String>>,
}

impl<'a> Upstream<'a> {
    pub(crate) fn new(document: &'a Document, view: &'a RunView, catalog: Catalog) -> Upstream<'a> {
        let mut feeds: HashMap<_, Vec<_>> = HashMap::new();
        for (to, feed) in &document.links {
            feeds.entry(to.node.as_str()).or_default().push((to.port.as_str(), feed));
        }
        Upstream { document, view, catalog, feeds, asked: RefCell::default() }
    }

    /// What the run knows of a node.
    pub(crate) fn node(&self, id: &str) -> Option<&'a Arc<NodeView>> {
        if !self.asked.borrow().contains(id) {
            self.asked.borrow_mut().insert(id.to_owned());
        }
        self.view.nodes.get(id)
    }

    /// Every node that was asked about, as it was.
    pub(crate) fn asked(&self) -> Vec<(String, Option<Arc<NodeView>>)> {
        self.asked.borrow().iter().map(|id| (id.clone(), self.view.nodes.get(id).cloned())).collect()
    }

    /// What feeds an input of a node.
    pub(crate) fn feed(&self, node: &str, port: &str) -> Option<&'a Feed> {
        self.feeds.get(node)?.iter().find(|(to, _)| *to == port).map(|(_, feed)| *feed)
    }

    /// The node's kind; empty where the document has no such node.
    pub(crate) fn kind(&self, node: &str) -> &'a str {
        self.document.nodes.get(node).map_or("", |node| node.kind.as_str())
    }

    /// The node's ports, as [`crate::Cx::ports`] gives them.
    pub(crate) fn ports(&self, node: &str) -> Ports {
        let Some(found) = self.document.nodes.get(node) else { return Ports::default() };
        match self.catalog.find(&found.kind) {
            Some(spec) => spec.ports_of(&found.params),
            None if found.kind == GROUP => {
                self.view.groups.get(node).map(|face| face.ports.clone()).unwrap_or_default()
            }
            None => mentioned_ports(self.document, node),
        }
    }

    /// A parameter that the document sets.
    pub(crate) fn param(&self, node: &str, name: &str) -> Option<&'a Data> {
        self.document.nodes.get(node)?.params.get(name)
    }

    /// The node and everything that it depends on, nearest first.
    pub(crate) fn reach(&self, node: &'a str) -> Vec<&'a str> {
        let (mut seen, mut waiting, mut found) = (HashSet::from([node]), VecDeque::from([node]), Vec::new());
        while let Some(node) = waiting.pop_front() {
            found.push(node);
            for (_, feed) in self.feeds.get(node).into_iter().flatten() {
                for source in feed.sources() {
                    if seen.insert(source.node.as_str()) {
                        waiting.push_back(source.node.as_str());
                    }
                }
            }
        }
        found
    }

    /// Shots by element id, from the nearest node that has any: a table of shots overrides the breakdown before it.
    pub(crate) fn shots(&self, reach: &[&str]) -> IndexMap<String, Arc<Shot>> {
        for node in reach {
            let mut shots = IndexMap::new();
            let Some(view) = self.node(node) else { continue };
            for item in &view.items {
                for (_, value) in &item.values {
                    match value {
                        Value::Shot(shot) => {
                            let id = item.element.clone().unwrap_or_else(|| shot.id.clone());
                            shots.insert(id, shot.clone());
                        }
                        Value::List(list) => shots.extend(list.iter().filter_map(|entry| match &entry.value {
                            Value::Shot(shot) => Some((entry.id.to_string(), shot.clone())),
                            _ => None,
                        })),
                        _ => {}
                    }
                }
            }
            if !shots.is_empty() {
                return shots;
            }
        }
        IndexMap::new()
    }

    /// Artifacts behind a node by who made them: what previs drew, and the element that each belongs to.
    pub(crate) fn origins(&self, reach: &[&str]) -> Origins {
        let mut origins = Origins::default();
        for node in reach {
            let Some(view) = self.node(node) else { continue };
            for item in &view.items {
                let drawn = item.model.as_deref().is_some_and(is_previs);
                for media in item.values.iter().flat_map(|(_, value)| artifacts(value)) {
                    if drawn {
                        origins.drawn.insert(media);
                    }
                    if let Some(element) = &item.element {
                        origins.elements.entry(media).or_insert_with(|| element.clone());
                    }
                }
            }
        }
        origins
    }
}

/// See [`Upstream::origins`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    pub(crate) drawn: HashSet<Digest>,
    pub(crate) elements: HashMap<Digest, String>,
}

impl Origins {
    /// Whether previs drew any of a value's pictures.
    pub(crate) fn is_previs(&self, value: &Value) -> bool {
        !self.drawn.is_empty() && artifacts(value).iter().any(|media| self.drawn.contains(media))
    }

    /// Whether previs drew any of a clip's pictures.
    pub(crate) fn is_previs_clip(&self, clip: &Recipe) -> bool {
        !self.drawn.is_empty() && clip.sources().iter().any(|media| self.drawn.contains(&media.digest))
    }
}

/// Whether a model's name, with or without its version, is that of the previs model.
pub(crate) fn is_previs(model: &str) -> bool {
    model.split(|c: char| !c.is_alphanumeric()).next() == Some(PREVIS)
}

/// The artifacts of a picture, a clip or a sound; none for lists, whose elements are asked one by one.
fn artifacts(value: &Value) -> Vec<Digest> {
    match value {
        Value::Image(Image::File(media)) | Value::Audio(media) => vec![media.digest],
        Value::Image(Image::Frame { clip, .. }) | Value::Clip(clip) => {
            clip.sources().iter().map(|media| media.digest).collect()
        }
        _ => Vec::new(),
    }
}
