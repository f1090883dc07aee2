//! One batch of edits on its way into the document, with what undoes it.
//!
//! Knows each edit's effect and inverse. Refusals come before any change of their edit, so that undoing the edits
//! before it restores everything.

use indexmap::{IndexMap, IndexSet};

use super::{Applied, BAD_ID_HINT, Edit, MAX_ID, is_valid_id, is_valid_size, node_of_item};
use crate::document::BYPASS;
use crate::interface::{INTERFACE, with_targets};
use crate::linked::LINKED;
use crate::policy::SECTION;
use crate::ronfile::{MAX_DEPTH, same};
use crate::{Data, Diagnostic, Document, Feed, Node, PortRef};

pub(super) type Step = Result<(), Box<Diagnostic>>;

fn refuse(code: &str, message: String) -> Diagnostic {
    Diagnostic::error(code, message)
}

pub(super) struct Batch<'a> {
    document: &'a mut Document,
    /// One list per edit.
    inverses: Vec<Vec<Edit>>,
    touched: IndexSet<String>,
    /// At least the nodes that are mentioned without existing; found when first asked for.
    missing: Option<IndexSet<String>>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(document: &'a mut Document) -> Batch<'a> {
        Batch { document, inverses: Vec::new(), touched: IndexSet::new(), missing: None }
    }

    /// What undoes the batch, and the nodes whose plan may change.
    pub(super) fn finish(self) -> Applied {
        let inverse = self.inverses.into_iter().rev().flatten().collect();
        Applied { inverse, touched: self.touched.into_iter().collect() }
    }

    pub(super) fn roll_back(self) {
        let inverse: Vec<Edit> = self.inverses.into_iter().rev().flatten().collect();
        let mut back = Batch { missing: self.missing, ..Batch::new(self.document) };
        for edit in &inverse {
            back.edit(edit).expect("the inverse of an edit that was applied applies");
        }
    }

    fn need_node(&self, id: &str) -> Step {
        if self.document.nodes.contains_key(id) {
            return Ok(());
        }
        Err(Box::new(refuse("unknown-node", format!("there is no node `{id}`")).at_node(id)))
    }

    fn need_new_id(&self, id: &str) -> Step {
        if !is_valid_id(id) {
            let shown: String = id.chars().take(MAX_ID).collect();
            return Err(Box::new(refuse("bad-id", format!("`{shown}` cannot be a node's id")).hint(BAD_ID_HINT)));
        }
        if self.document.nodes.contains_key(id) {
            let refusal = refuse("duplicate-id", format!("there is a node `{id}` already")).at_node(id);
            return Err(Box::new(refusal.hint("choose another id")));
        }
        Ok(())
    }

    /// Whether an edit makes sense, before anything is changed.
    pub(super) fn check(&self, edit: &Edit) -> Step {
        let data = |data: &Data, depth: usize, subject: Diagnostic| match data.unprintable(MAX_DEPTH - depth) {
            None => Ok(()),
            Some(why) => Err(Box::new(Diagnostic { message: format!("this value cannot be kept: {why}"), ..subject })),
        };
        let bad_data = || refuse("bad-data", String::new());
        match edit {
            Edit::AddNode { id, node, .. } => {
                self.need_new_id(id)?;
                if node.kind.is_empty() || node.version == 0 {
                    let refusal = refuse("bad-node", format!("node `{id}` needs a kind and a version from 1"));
                    return Err(Box::new(refusal.at_node(id)));
                }
                for (param, value) in &node.params {
                    data(value, 4, bad_data().at_node(id).at_field(param))?;
                }
                for (field, value) in &node.unknown {
                    if matches!(field.as_str(), "kind" | "version" | "params") {
                        let refusal = refuse("bad-node", format!("`{field}` of `{id}` is not an unknown field"));
                        return Err(Box::new(refusal.at_node(id)));
                    }
                    if field == BYPASS && value.as_flag().is_none() {
                        let refusal = refuse("bad-node", format!("`{BYPASS}` of `{id}` is not true or false"));
                        return Err(Box::new(refusal.at_node(id)));
                    }
                    data(value, 3, bad_data().at_node(id).at_field(field))?;
                }
                Ok(())
            }
            Edit::RemoveNode { id } => self.need_node(id),
            Edit::RenameNode { from, to } => {
                self.need_node(from)?;
                if from == to { Ok(()) } else { self.need_new_id(to) }
            }
            Edit::SetParam { node, param, value, .. } => {
                self.need_node(node)?;
                match value {
                    Some(value) => data(value, 4, bad_data().at_node(node).at_field(param)),
                    None => Ok(()),
                }
            }
            Edit::SetBypass { node, .. } => self.need_node(node),
            Edit::SetLinked { node, set, .. } => {
                self.need_node(node)?;
                match set.as_deref().filter(|set| !is_valid_id(set)) {
                    Some(set) => {
                        let shown: String = set.chars().take(MAX_ID).collect();
                        let refusal = refuse("bad-id", format!("`{shown}` cannot name linked copies")).at_node(node);
                        Err(Box::new(refusal.hint(BAD_ID_HINT)))
                    }
                    None => Ok(()),
                }
            }
            Edit::SetSection { key, value, .. } => {
                if !is_section(key) {
                    let shown: String = key.chars().take(MAX_ID).collect();
                    return Err(Box::new(refuse("bad-section", format!("`{shown}` cannot be a section of its own"))));
                }
                match value {
                    Some(value) => data(value, 1, bad_data()),
                    None => Ok(()),
                }
            }
            Edit::SetLink { to, feed, at } => self.check_link(to, feed.as_ref(), *at),
            Edit::SetTake { item, choice, at } => {
                let node = node_of_item(item);
                if choice.is_some_and(|choice| choice.take == 0) {
                    let refusal = refuse("bad-take", "takes are counted from 1".to_owned());
                    return Err(Box::new(refusal.at_node(node)));
                }
                let known = choice.is_none() || at.is_some() || self.document.takes.contains_key(item);
                if known { Ok(()) } else { self.need_node(node) }
            }
            Edit::SetLayout { key, value, .. } => match value {
                Some(value) => data(value, 2, bad_data().at_node(key)),
                None => Ok(()),
            },
            Edit::SetSize { size } if !is_valid_size(*size) => {
                let message = format!("pictures cannot be {} by {} pixels", size.0, size.1);
                Err(Box::new(refuse("bad-size", message).hint("use even numbers from 16 to 8192")))
            }
            Edit::SetRate { fps } if !fps.is_valid() => {
                let message = format!("{}/{} is not a frame rate", fps.0, fps.1);
                Err(Box::new(refuse("bad-rate", message).hint("use at most 1000 frames per second, such as 24/1")))
            }
            Edit::SetSetting { name, value, .. } => {
                if !is_setting(name) {
                    let shown: String = name.chars().take(MAX_ID).collect();
                    return Err(Box::new(refuse("bad-setting", format!("`{shown}` cannot be a setting of its own"))));
                }
                match value {
                    Some(value) => data(value, 2, bad_data().at_field(format!("settings.{name}"))),
                    None => Ok(()),
                }
            }
            Edit::SetSize { .. } | Edit::SetRate { .. } => Ok(()),
        }
    }

    fn check_link(&self, to: &PortRef, feed: Option<&Feed>, at: Option<usize>) -> Step {
        let Some(feed) = feed else { return Ok(()) };
        for port in feed.sources().iter().chain([to]) {
            // What a file could not say cannot be an edit either.
            if port.node.is_empty() || port.port.is_empty() || port.node.contains('.') {
                let refusal = refuse("bad-port", format!("`{port}` names no port"));
                return Err(Box::new(refusal.at_node(&to.node).at_field(&to.port).hint("ports look like node.port")));
            }
        }
        if at.is_some() {
            return Ok(());
        }
        let old = self.document.links.get(to);
        if old.is_none() {
            self.need_node(&to.node)?;
        }
        let old = old.map_or(&[][..], Feed::sources);
        let mut new = feed.sources().iter().filter(|source| !self.document.nodes.contains_key(&source.node));
        match new.find(|source| !old.contains(source)) {
            None => Ok(()),
            Some(source) => {
                let refusal = refuse("unknown-node", format!("there is no node `{}` to connect", source.node));
                Err(Box::new(refusal.at_node(&to.node).at_field(&to.port)))
            }
        }
    }

    fn touch(&mut self, node: &str) {
        if !self.touched.contains(node) {
            self.touched.insert(node.to_owned());
        }
    }

    pub(super) fn edit(&mut self, edit: &Edit) -> Step {
        let inverse = match edit {
            Edit::AddNode { id, node, at } => self.add_node(id, node, *at),
            Edit::RemoveNode { id } => self.remove_node(id),
            Edit::RenameNode { from, to } => self.rename_node(from, to)?,
            Edit::SetParam { node, param, value, at } => self.set_param(node, param, value.as_ref(), *at)?,
            Edit::SetBypass { node, on, at } => self.set_bypass(node, *on, *at)?,
            Edit::SetLinked { node, set, at } => self.set_linked(node, set.as_deref(), *at)?,
            Edit::SetLink { to, feed, at } => self.set_link(to, feed.as_ref(), *at),
            Edit::SetTake { item, choice, at } => {
                self.mention(node_of_item(item));
                let (old, changed) = put(&mut self.document.takes, item, choice.as_ref(), *at, |a, b| a == b);
                if changed {
                    self.touch(node_of_item(item));
                }
                old.map(|(choice, at)| Edit::SetTake { item: item.clone(), choice, at }).into_iter().collect()
            }
            Edit::SetLayout { key, value, at } => {
                self.mention(key);
                let (old, _) = put(&mut self.document.layout, key, value.as_ref(), *at, same);
                old.map(|(value, at)| Edit::SetLayout { key: key.clone(), value, at }).into_iter().collect()
            }
            Edit::SetSection { key, value, at } => {
                let (old, _) = put(&mut self.document.unknown, key, value.as_ref(), *at, same);
                old.map(|(value, at)| Edit::SetSection { key: key.clone(), value, at }).into_iter().collect()
            }
            Edit::SetSize { size } => {
                let old = std::mem::replace(&mut self.document.settings.size, *size);
                self.touch_all(old != *size);
                vec![Edit::SetSize { size: old }]
            }
            Edit::SetRate { fps } => {
                let old = std::mem::replace(&mut self.document.settings.fps, *fps);
                self.touch_all(old != *fps);
                vec![Edit::SetRate { fps: old }]
            }
            Edit::SetSetting { name, value, at } => {
                let fields = &mut self.document.settings.unknown;
                let (old, changed) = put(fields, name, value.as_ref(), *at, same);
                self.touch_all(changed && name == SECTION);
                old.map(|(value, at)| Edit::SetSetting { name: name.clone(), value, at }).into_iter().collect()
            }
        };
        self.inverses.push(inverse);
        Ok(())
    }

    fn touch_all(&mut self, changed: bool) {
        if changed {
            self.touched.extend(self.document.nodes.keys().cloned());
        }
    }

    fn add_node(&mut self, id: &str, node: &Node, at: Option<usize>) -> Vec<Edit> {
        let mut inverse = vec![Edit::RemoveNode { id: id.to_owned() }];
        self.touch(id);
        if self.is_mentioned(id) {
            // A broken file mentions it already; removing the node again would take these along.
            let (mentions, readers) = mentions_of(self.document, id);
            inverse.extend(mentions);
            readers.iter().for_each(|reader| self.touch(reader));
        }
        let at = at.unwrap_or(usize::MAX).min(self.document.nodes.len());
        self.document.nodes.shift_insert(at, id.to_owned(), node.clone());
        inverse
    }

    /// Whether links, takes or layout may speak of a node that does not exist.
    fn is_mentioned(&mut self, id: &str) -> bool {
        let document = &self.document;
        let missing = self.missing.get_or_insert_with(|| {
            let ports = document.links.iter().flat_map(|(to, feed)| feed.sources().iter().chain([to]));
            let named = ports.map(|port| port.node.as_str());
            let items = document.takes.keys().map(|item| node_of_item(item));
            let named = named.chain(items).chain(document.layout.keys().map(String::as_str));
            named.filter(|node| !document.nodes.contains_key(*node)).map(str::to_owned).collect()
        });
        missing.contains(id)
    }

    fn mention(&mut self, id: &str) {
        if let Some(missing) = &mut self.missing
            && !self.document.nodes.contains_key(id)
        {
            missing.insert(id.to_owned());
        }
    }

    fn remove_node(&mut self, id: &str) -> Vec<Edit> {
        let (mentions, readers) = mentions_of(self.document, id);
        let Some((at, id, node)) = self.document.nodes.shift_remove_full(id) else { return Vec::new() };
        self.touch(&id);
        readers.iter().for_each(|reader| self.touch(reader));
        let document = &mut *self.document;
        if mentions.iter().any(|edit| matches!(edit, Edit::SetLink { .. })) {
            document.links.retain(|to, feed| to.node != id && keep_others(feed, &id));
        }
        if mentions.iter().any(|edit| matches!(edit, Edit::SetTake { .. })) {
            document.takes.retain(|item, _| node_of_item(item) != id);
        }
        document.layout.shift_remove(&id);
        let keep = |port: &PortRef| if port.node == id { Vec::new() } else { vec![port.clone()] };
        let section = self.set_interface(keep);
        let mut inverse = vec![Edit::AddNode { id, node, at: Some(at) }];
        inverse.extend(mentions);
        inverse.extend(section);
        inverse
    }

    fn rename_node(&mut self, from: &str, to: &str) -> Result<Vec<Edit>, Box<Diagnostic>> {
        if from == to {
            return Ok(Vec::new());
        }
        if self.is_mentioned(to) && !mentions_of(self.document, to).0.is_empty() {
            let message = format!("links or takes still speak of a node `{to}` that does not exist");
            let refusal = refuse("duplicate-id", message).at_node(from);
            return Err(Box::new(refusal.hint("choose another id, or disconnect them first")));
        }
        let (_, readers) = mentions_of(self.document, from);
        let document = &mut *self.document;
        if let Some(i) = document.nodes.get_index_of(from) {
            rekey(&mut document.nodes, i, to.to_owned());
        }
        for i in 0..document.links.len() {
            let Some((key, feed)) = document.links.get_index_mut(i) else { break };
            let sources = match feed {
                Feed::One(source) => std::slice::from_mut(source),
                Feed::Many(sources) => sources,
            };
            for source in sources.iter_mut().filter(|source| source.node == from) {
                source.node = to.to_owned();
            }
            if key.node == from {
                let key = PortRef::new(to, &key.port);
                rekey(&mut document.links, i, key);
            }
        }
        for i in 0..document.takes.len() {
            let Some((item, _)) = document.takes.get_index(i) else { break };
            if node_of_item(item) == from {
                let item = format!("{to}{}", &item[from.len()..]);
                rekey(&mut document.takes, i, item);
            }
        }
        if let Some(i) = document.layout.get_index_of(from) {
            rekey(&mut document.layout, i, to.to_owned());
        }
        self.touch(from);
        self.touch(to);
        readers.iter().for_each(|reader| self.touch(reader));
        let named = |port: &PortRef| if port.node == from { PortRef::new(to, &port.port) } else { port.clone() };
        let section = self.set_interface(|port| vec![named(port)]);
        let back = Edit::RenameNode { from: to.to_owned(), to: from.to_owned() };
        Ok(std::iter::once(back).chain(section).collect())
    }

    fn set_param(
        &mut self,
        node: &str,
        param: &str,
        value: Option<&Data>,
        at: Option<usize>,
    ) -> Result<Vec<Edit>, Box<Diagnostic>> {
        self.need_node(node)?;
        let set = |batch: &mut Self, node: &str, at| {
            let (old, changed) = put(&mut batch.document.nodes[node].params, &param.to_owned(), value, at, same);
            if changed {
                batch.touch(node);
            }
            old.map(|(value, at)| Edit::SetParam { node: node.to_owned(), param: param.to_owned(), value, at })
        };
        let mut inverse: Vec<Edit> = set(self, node, at).into_iter().collect();
        // With a place it is an inverse, which names every copy itself.
        if at.is_none() {
            let others: Vec<String> = self.document.linked_with(node).map(str::to_owned).collect();
            inverse.extend(others.iter().filter_map(|other| set(self, other, None)));
            // Unsetting unsets all of them: those that had a value get it back after that.
            inverse.sort_by_key(|edit| matches!(edit, Edit::SetParam { at: Some(_), .. }));
        }
        Ok(inverse)
    }

    fn set_linked(&mut self, node: &str, set: Option<&str>, at: Option<usize>) -> Result<Vec<Edit>, Box<Diagnostic>> {
        self.need_node(node)?;
        let fields = &mut self.document.nodes[node].unknown;
        let (old, _) = put(fields, &LINKED.to_owned(), set.map(Data::from).as_ref(), at, same);
        let inverse = |(old, at): (Option<Data>, Option<usize>)| Edit::SetLinked {
            node: node.to_owned(),
            set: old.as_ref().and_then(Data::as_text).map(str::to_owned),
            at,
        };
        Ok(old.map(inverse).into_iter().collect())
    }

    /// Changes the ports that the interface names. Returns what restores it.
    fn set_interface(&mut self, mut to: impl FnMut(&PortRef) -> Vec<PortRef>) -> Option<Edit> {
        let section = with_targets(self.document, |_, port| to(port))?;
        let (at, _, old) = self.document.unknown.get_full(INTERFACE)?;
        let inverse = Edit::SetSection { key: INTERFACE.to_owned(), value: Some(old.clone()), at: Some(at) };
        self.document.unknown.insert(INTERFACE.to_owned(), section);
        Some(inverse)
    }

    fn set_bypass(&mut self, node: &str, on: Option<bool>, at: Option<usize>) -> Result<Vec<Edit>, Box<Diagnostic>> {
        self.need_node(node)?;
        let fields = &mut self.document.nodes[node].unknown;
        let (old, changed) = put(fields, &BYPASS.to_owned(), on.map(Data::Flag).as_ref(), at, same);
        if changed {
            self.touch(node);
            let (_, readers) = mentions_of(self.document, node);
            readers.iter().for_each(|reader| self.touch(reader));
        }
        let inverse = |(old, at): (Option<Data>, Option<usize>)| Edit::SetBypass {
            node: node.to_owned(),
            on: old.as_ref().and_then(Data::as_flag),
            at,
        };
        Ok(old.map(inverse).into_iter().collect())
    }

    fn set_link(&mut self, to: &PortRef, feed: Option<&Feed>, at: Option<usize>) -> Vec<Edit> {
        for port in feed.map_or(&[][..], Feed::sources).iter().chain([to]) {
            self.mention(&port.node);
        }
        let (old, changed) = put(&mut self.document.links, to, feed, at, |a, b| a == b);
        if changed {
            self.touch(&to.node);
        }
        old.map(|(feed, at)| Edit::SetLink { to: to.clone(), feed, at }).into_iter().collect()
    }
}

/// Whether a section may be set as a whole: the others have edits of their own, and the name must be one in files.
fn is_section(key: &str) -> bool {
    is_word(key) && !["throughline", "settings", "nodes", "links", "takes", "layout"].contains(&key)
}

/// Whether a setting may be called so. Size and rate have edits of their own, which know what they may be.
fn is_setting(key: &str) -> bool {
    is_word(key) && !["size", "fps"].contains(&key)
}

fn is_word(key: &str) -> bool {
    let first = key.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    first && key.len() <= MAX_ID && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What an entry was before, with its place where it had one.
type Before<V> = Option<(Option<V>, Option<usize>)>;

/// Sets, adds or removes an entry. Returns what restores it, and whether anything changed.
fn put<K: Clone + std::hash::Hash + Eq, V: Clone>(
    map: &mut IndexMap<K, V>,
    key: &K,
    value: Option<&V>,
    at: Option<usize>,
    equal: impl Fn(&V, &V) -> bool,
) -> (Before<V>, bool) {
    match (map.get_full_mut(key), value) {
        (Some((i, _, slot)), Some(value)) => {
            let changed = !equal(slot, value);
            let old = std::mem::replace(slot, value.clone());
            (Some((Some(old), Some(i))), changed)
        }
        (Some(_), None) => match map.shift_remove_full(key) {
            Some((i, _, old)) => (Some((Some(old), Some(i))), true),
            None => (None, false),
        },
        (None, Some(value)) => {
            map.shift_insert(at.unwrap_or(usize::MAX).min(map.len()), key.clone(), value.clone());
            (Some((None, None)), true)
        }
        (None, None) => (None, false),
    }
}

/// Gives an entry another key in the same place. No entry may have that key.
fn rekey<K: std::hash::Hash + Eq, V>(map: &mut IndexMap<K, V>, index: usize, key: K) {
    let taken = map.replace_index(index, key).is_err();
    debug_assert!(!taken, "the new key is free");
}

/// Removes what comes from `id`; whether anything is left.
fn keep_others(feed: &mut Feed, id: &str) -> bool {
    match feed {
        Feed::One(source) => source.node != id,
        Feed::Many(sources) => {
            let n = sources.len();
            sources.retain(|source| source.node != id);
            sources.len() == n || !sources.is_empty()
        }
    }
}

/// Edits that restore every mention of a node, in the order of places, and the nodes that read from it.
fn mentions_of(document: &Document, id: &str) -> (Vec<Edit>, Vec<String>) {
    let mut edits = Vec::new();
    let mut readers = Vec::new();
    for (i, (to, feed)) in document.links.iter().enumerate() {
        let reads = feed.sources().iter().any(|source| source.node == id);
        if to.node == id || reads {
            edits.push(Edit::SetLink { to: to.clone(), feed: Some(feed.clone()), at: Some(i) });
        }
        if reads && to.node != id {
            readers.push(to.node.clone());
        }
    }
    for (i, (item, choice)) in document.takes.iter().enumerate() {
        if node_of_item(item) == id {
            edits.push(Edit::SetTake { item: item.clone(), choice: Some(*choice), at: Some(i) });
        }
    }
    if let Some((i, key, value)) = document.layout.get_full(id) {
        edits.push(Edit::SetLayout { key: key.clone(), value: Some(value.clone()), at: Some(i) });
    }
    (edits, readers)
}
