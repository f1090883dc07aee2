//! What the viewer looks at: a look resolved to something to show, and a cache of it. Knows no egui.

use std::sync::Arc;

use model::spec::Catalog;
use model::{Document, GROUP, List, PortType, Value};

use super::film::{self, Cut, Joining, Reel};
use super::upstream::{Origins, Upstream};
use crate::cx::Look;
use crate::view::{ItemState, ItemView, NodeView, RunView, TakesView};

/// The kind of node that writes a film.
pub(crate) const FILM: &str = "output.film";

/// A look, resolved.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// With the port that is really shown.
    pub(crate) look: Look,
    /// The item that an export names; none for a collection.
    pub(crate) item: Option<String>,
    pub(crate) content: Content,
    pub(crate) state: ItemState,
    /// It has a result, but not of its present inputs.
    pub(crate) stale: bool,
    /// Previs drew some of it.
    pub(crate) previs: bool,
    /// Every output of the node.
    pub(crate) ports: Vec<String>,
    /// Every element of the node, for choosing one.
    pub(crate) elements: Vec<String>,
    /// There are both a finished file and the film as it stands; which of them this is.
    pub(crate) version: Option<Version>,
    /// The elements could be laid out as a sheet, and played in a row.
    pub(crate) is_reel_of_many: bool,
}

/// What there is to show.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Nothing, and a sentence that says why and what would help.
    Nothing(String),
    /// Something that plays.
    Reel(Arc<Reel>),
    /// Anything else.
    Value(Value),
    /// One value for each element.
    Sheet(Arc<Vec<Cell>>),
}

/// One element of a sheet.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) element: String,
    pub(crate) item: String,
    pub(crate) value: Option<Value>,
    pub(crate) state: ItemState,
    pub(crate) stale: bool,
    pub(crate) previs: bool,
}

/// Which version of a film is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    AsItStands,
    Finished,
}

/// How somebody wants to see it, where there is a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct How {
    /// The finished file once it is up to date, where none.
    pub(crate) version: Option<Version>,
    /// Clips play in a row and everything else is a sheet, where none.
    pub(crate) sheet: Option<bool>,
}

/// A resolved look, kept until something that it was made from changes.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    made: Option<Made>,
}

#[derive(Debug)]
struct Made {
    look: Look,
    how: How,
    revision: u64,
    n_nodes: usize,
    takes: Option<Arc<TakesView>>,
    asked: Vec<(String, Option<Arc<NodeView>>)>,
    seen: Arc<Seen>,
}

impl Cache {
    /// The look, resolved again only where the document or a node behind it changed.
    pub(crate) fn get(
        &mut self,
        document: &Document,
        revision: u64,
        view: &RunView,
        catalog: Catalog,
        look: &Look,
        how: How,
    ) -> Arc<Seen> {
        let same_node = |now: Option<&Arc<NodeView>>, then: Option<&Arc<NodeView>>| match (now, then) {
            (Some(now), Some(then)) => Arc::ptr_eq(now, then),
            (None, None) => true,
            _ => false,
        };
        let takes = view.takes.as_ref().filter(|_| look.take.is_some());
        if let Some(made) = &self.made {
            let holds = made.look == *look
                && made.how == how
                && made.revision == revision
                && made.n_nodes == view.nodes.len()
                && made.takes.as_ref().map(Arc::as_ptr) == takes.map(Arc::as_ptr)
                && made.asked.iter().all(|(id, then)| same_node(view.nodes.get(id), then.as_ref()));
            if holds {
                return made.seen.clone();
            }
        }
        let graph = Upstream::new(document, view, catalog);
        let mut seen = resolve(&graph, look, how);
        if let Some(before) = &self.made {
            keep_recipe(&mut seen, &before.seen);
        }
        let seen = Arc::new(seen);
        self.made = Some(Made {
            look: look.clone(),
            how,
            revision,
            n_nodes: view.nodes.len(),
            takes: takes.cloned(),
            asked: graph.asked(),
            seen: seen.clone(),
        });
        seen
    }
}

/// A film whose states changed but whose pictures did not keeps its recipe, so that players and galleries see the same.
fn keep_recipe(seen: &mut Seen, before: &Seen) {
    if let (Content::Reel(new), Content::Reel(old)) = (&seen.content, &before.content)
        && new.recipe == old.recipe
    {
        let reel =
            if new == old { old.clone() } else { Arc::new(Reel { recipe: old.recipe.clone(), ..(**new).clone() }) };
        seen.content = Content::Reel(reel);
    }
}

/// Resolves a look. It never fails: what cannot be shown says why.
pub(crate) fn resolve(graph: &Upstream<'_>, look: &Look, how: How) -> Seen {
    let outputs = graph.ports(&look.node).outputs;
    let chosen = outputs.iter().find(|port| Some(&*port.name) == look.port.as_deref()).or_else(|| outputs.first());
    let port = look.port.clone().or_else(|| chosen.map(|port| port.name.to_string()));
    let mut seen = Seen {
        look: Look { port: port.clone(), ..look.clone() },
        item: None,
        content: Content::Nothing(String::new()),
        state: ItemState::Unknown,
        stale: false,
        previs: false,
        ports: outputs.iter().map(|port| port.name.to_string()).collect(),
        elements: Vec::new(),
        version: None,
        is_reel_of_many: false,
    };
    let Some(node) = graph.node(&look.node) else {
        seen.content = Content::Nothing(absent(graph, &look.node));
        return seen;
    };
    let Some(port) = port else {
        seen.content = Content::Nothing(format!("{} has no output to look at.", look.node));
        return seen;
    };
    let reach = match graph.document.nodes.get_key_value(&look.node) {
        Some((id, _)) => graph.reach(id),
        // A node inside a group: the written document knows only the group.
        None => vec![look.node.as_str()],
    };
    let origins = graph.origins(&reach);
    seen.state = node.state.clone();
    seen.stale = node.is_stale();
    if graph.kind(&look.node) == FILM && look.element.is_none() {
        show_film(graph, node, &port, how, &reach, &origins, &mut seen);
        return seen;
    }
    let of_many = node.items.iter().any(|item| item.element.is_some());
    if of_many {
        seen.elements = node.items.iter().filter_map(|item| item.element.clone()).collect();
        match &look.element {
            Some(element) => show_element(graph, node, &port, element, &reach, &origins, &mut seen),
            None => {
                let is_clip = chosen.is_some_and(|port| port.ty == PortType::Clip)
                    || node.items.iter().any(|item| matches!(item.value(&port), Some(Value::Clip(_))));
                let cells = || node.items.iter().map(|item| cell(item, &port, &origins)).collect();
                show_many(graph, is_clip, how, cells, &reach, &origins, &mut seen);
            }
        }
    } else if let [item] = node.items.as_slice() {
        seen.item = Some(item.name.clone());
        match value_of(graph, item, &port, look.take) {
            Some(Value::List(list)) => {
                seen.elements = list.iter().map(|entry| entry.id.to_string()).collect();
                match look.element.as_deref().map(|element| (element, list.find(element))) {
                    Some((_, Some(entry))) => {
                        let cut = Cut { element: Some(entry.id.clone()), ..Cut::of(&look.node, item) };
                        show_value(graph, &entry.value, cut, &reach, &origins, &mut seen);
                    }
                    Some((element, None)) => seen.content = Content::Nothing(no_element(&look.node, element)),
                    None => {
                        let is_clip = list.iter().next().is_some_and(|entry| matches!(entry.value, Value::Clip(_)));
                        let cells = || entries(item, &list, &origins);
                        show_many(graph, is_clip, how, cells, &reach, &origins, &mut seen);
                    }
                }
            }
            Some(value) => show_value(graph, &value, Cut::of(&look.node, item), &reach, &origins, &mut seen),
            None => seen.content = Content::Nothing(waiting(item)),
        }
    } else if node.unknown_elements {
        seen.content =
            Content::Nothing("How many elements there are is not known before the nodes above have run.".to_owned());
    } else {
        seen.content = Content::Nothing(format!("{} has nothing to show yet.", look.node));
    }
    seen
}

/// The film node: the file that it wrote, or its clips as they stand.
fn show_film(
    graph: &Upstream<'_>,
    node: &NodeView,
    port: &str,
    how: How,
    reach: &[&str],
    origins: &Origins,
    seen: &mut Seen,
) {
    let item = node.items.first();
    let shots = graph.shots(reach);
    let cuts = film::entering(graph, &seen.look.node, "clips");
    seen.item = item.map(|item| item.name.clone());
    seen.elements = cuts.iter().filter_map(|cut| cut.element.as_deref().map(str::to_owned)).collect();
    let film = film::assemble(&cuts, &shots, origins, &Joining::of_film(graph, &seen.look.node));
    seen.previs = film.parts.iter().any(|part| part.previs);
    let done = item.is_some_and(|item| item.state == ItemState::Done);
    let file =
        item.and_then(|item| film::clip_of(&value_of(graph, item, port, seen.look.take)?, graph.document.settings.fps));
    let version = match (&file, film.parts.is_empty()) {
        (None, true) => {
            seen.content = Content::Nothing("Connect clips to this film: they play here as they are made.".to_owned());
            return;
        }
        (None, false) => Version::AsItStands,
        (Some(_), true) => Version::Finished,
        (Some(_), false) => how.version.unwrap_or(if done || seen.look.take.is_some() {
            Version::Finished
        } else {
            Version::AsItStands
        }),
    };
    if how.sheet == Some(true) && version == Version::AsItStands {
        seen.content = Content::Sheet(Arc::new(film.parts.iter().map(cell_of_part).collect()));
    } else if let (Some(file), Version::Finished) = (&file, version) {
        // The file's shots are the film's where both have the same length; an older cut has nothing to compare with.
        let parts = if file.n_frames() == film.recipe.n_frames() {
            film.parts
        } else {
            let cut = item.map(|item| Cut::of(&seen.look.node, item));
            cut.map_or_else(Vec::new, |cut| Reel::of_clip(file, &cut, &shots, origins).parts)
        };
        seen.stale = !done;
        seen.content = Content::Reel(Arc::new(Reel { recipe: file.clone(), parts, sound_only: false }));
    } else {
        seen.stale = false;
        seen.content = Content::Reel(Arc::new(film));
    }
    seen.is_reel_of_many = version == Version::AsItStands;
    seen.version = file.is_some().then_some(version);
}

fn show_element(
    graph: &Upstream<'_>,
    node: &NodeView,
    port: &str,
    element: &str,
    reach: &[&str],
    origins: &Origins,
    seen: &mut Seen,
) {
    let Some(item) = node.item(Some(element)) else {
        seen.content = Content::Nothing(no_element(&seen.look.node, element));
        return;
    };
    seen.item = Some(item.name.clone());
    seen.state = item.state.clone();
    seen.stale = item.is_stale();
    match value_of(graph, item, port, seen.look.take) {
        Some(value) => show_value(graph, &value, Cut::of(&seen.look.node, item), reach, origins, seen),
        None => seen.content = Content::Nothing(waiting(item)),
    }
}

/// One value for each element: clips in a row, anything else side by side.
fn show_many(
    graph: &Upstream<'_>,
    is_clip: bool,
    how: How,
    cells: impl FnOnce() -> Vec<Cell>,
    reach: &[&str],
    origins: &Origins,
    seen: &mut Seen,
) {
    seen.is_reel_of_many = is_clip;
    if is_clip && how.sheet != Some(true) {
        let cuts = film::cuts(graph, &seen.look.node, seen.look.port.as_deref().unwrap_or_default());
        let film = film::assemble(&cuts, &graph.shots(reach), origins, &Joining::plain(graph));
        seen.previs = film.parts.iter().any(|part| part.previs);
        // Each part says for itself whether it is stale.
        seen.stale = false;
        seen.content = Content::Reel(Arc::new(film));
        return;
    }
    let cells = cells();
    seen.previs = cells.iter().any(|cell| cell.previs);
    seen.content = match cells.is_empty() {
        true => Content::Nothing("The list is empty.".to_owned()),
        false => Content::Sheet(Arc::new(cells)),
    };
}

fn show_value(graph: &Upstream<'_>, value: &Value, cut: Cut, reach: &[&str], origins: &Origins, seen: &mut Seen) {
    seen.previs = origins.is_previs(value);
    seen.content = match value {
        Value::Clip(clip) => Content::Reel(Arc::new(Reel::of_clip(
            clip,
            &Cut { clip: Some(clip.clone()), ..cut },
            &graph.shots(reach),
            origins,
        ))),
        Value::Audio(media) => Content::Reel(Arc::new(Reel::of_sound(media, &cut, graph.document.settings.fps))),
        value => Content::Value(value.clone()),
    };
}

/// An item's value, or that of one of its takes.
fn value_of(graph: &Upstream<'_>, item: &ItemView, port: &str, take: Option<u32>) -> Option<Value> {
    let Some(take) = take else { return item.value(port).cloned() };
    let takes = graph.view.takes.as_ref().filter(|takes| takes.item == item.name)?;
    let take = takes.takes.iter().find(|it| it.take == take)?;
    take.values.iter().find(|(name, _)| name == port).map(|(_, value)| value.clone())
}

fn cell(item: &ItemView, port: &str, origins: &Origins) -> Cell {
    let value = item.value(port).cloned();
    Cell {
        element: item.element.clone().unwrap_or_default(),
        item: item.name.clone(),
        previs: value.as_ref().is_some_and(|value| origins.is_previs(value)),
        value,
        state: item.state.clone(),
        stale: item.is_stale(),
    }
}

fn cell_of_part(part: &film::Part) -> Cell {
    Cell {
        element: part.name().to_owned(),
        item: part.item.clone(),
        value: part.clip.clone().map(Value::Clip),
        state: part.state.clone(),
        stale: part.is_stale(),
        previs: part.previs,
    }
}

fn entries(item: &ItemView, list: &List, origins: &Origins) -> Vec<Cell> {
    let entries = list.iter().map(|entry| Cell {
        element: entry.id.to_string(),
        item: item.name.clone(),
        value: Some(entry.value.clone()),
        state: item.state.clone(),
        stale: item.is_stale(),
        previs: origins.is_previs(&entry.value),
    });
    entries.collect()
}

fn no_element(node: &str, element: &str) -> String {
    format!("{node} has no element {element} any more.")
}

/// Why a node of the document is not part of the run.
fn absent(graph: &Upstream<'_>, node: &str) -> String {
    match graph.document.nodes.get(node) {
        None => format!("There is no node {node} any more. Select another one to look at it."),
        Some(found) if found.kind == GROUP => {
            format!("{node} is a group: its outputs are not published here, but its inner nodes are.")
        }
        Some(found) if graph.catalog.find(&found.kind).is_none() => {
            format!("This build does not know the kind {}, so {node} shows nothing.", found.kind)
        }
        Some(_) => format!("{node} is being planned."),
    }
}

/// Why an item has nothing to show, and what would help.
fn waiting(item: &ItemView) -> String {
    match &item.state {
        ItemState::Failed(problem) => {
            let hint = problem.hints.first().map(|hint| format!(" Hint: {hint}.")).unwrap_or_default();
            format!("{} failed: {}.{hint}", item.name, problem.message)
        }
        ItemState::Held { cost: Some(cost) } => {
            format!("{} is held: it costs {}. Approve it in the run panel.", item.name, crate::view::dollars(*cost))
        }
        ItemState::Held { cost: None } => {
            format!("{} is held: its price is unknown. Approve it in the run panel.", item.name)
        }
        ItemState::Want { by } | ItemState::Blocked { by } => format!("{} waits for {by}.", item.name),
        ItemState::Queued | ItemState::Running { .. } => format!("{} is being made.", item.name),
        ItemState::Done => format!("{} has no value at this port.", item.name),
        ItemState::Ready | ItemState::Unknown => format!("{} has not run yet. Run it to see its result.", item.name),
    }
}
