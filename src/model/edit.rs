//! Edits: the only way to change a document. Each has an inverse; a gesture is one batch.
//!
//! Knows neither kinds nor files: whether a parameter makes sense is for `check`. Undo by cloning the document was
//! the alternative; inverses cost what the edit costs, and the same edits serve undo, scripts and fixes.

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

use crate::ronfile::{MAX_DEPTH, same};
use crate::{Data, Diagnostic, Document, Feed, Node, PortRef, Rate, TakeChoice};

/// One change.
///
/// `at` is where a new entry goes in the file; an entry that exists keeps its place. Links and takes of nodes that do
/// not exist are refused, except with `at`: inverses give it, and must be able to restore what a broken file held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Edit {
    /// Adds a node; `at` is its place in the file, the end where none.
    AddNode {
        id: String,
        node: Node,
        at: Option<usize>,
    },
    /// Removes a node with its links, takes and layout.
    RemoveNode {
        id: String,
    },
    /// Renames a node wherever it is mentioned.
    RenameNode {
        from: String,
        to: String,
    },
    /// Sets a parameter, or unsets it (its default holds) with none.
    SetParam {
        node: String,
        param: String,
        value: Option<Data>,
        at: Option<usize>,
    },
    /// Sets what feeds an input, or disconnects it with none.
    SetLink {
        to: PortRef,
        feed: Option<Feed>,
        at: Option<usize>,
    },
    SetTake {
        item: String,
        choice: Option<TakeChoice>,
        at: Option<usize>,
    },
    SetLayout {
        key: String,
        value: Option<Data>,
        at: Option<usize>,
    },
    SetSize {
        size: (u32, u32),
    },
    SetRate {
        fps: Rate,
    },
}

/// What `Document::apply` did.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Applied {
    /// Undoes the batch when applied.
    pub inverse: Vec<Edit>,
    /// Nodes whose plan may change, in order of first mention. An edit that changes nothing touches nothing; size
    /// and rate touch every node.
    pub touched: Vec<String>,
}

/// The longest node id, in characters.
const MAX_ID: usize = 64;
pub(crate) const BAD_ID_HINT: &str = "ids are made of letters, digits, `_` and `-`, at most 64 of them";

/// Whether a node may be called so: letters, digits, `_` and `-`, at most 64 of them.
pub(crate) fn is_valid_id(id: &str) -> bool {
    !id.is_empty()
        && id.chars().take(MAX_ID + 1).count() <= MAX_ID
        && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

/// Whether pictures can have this size: H.264 wants even numbers, textures bounded ones.
pub(crate) fn is_valid_size((width, height): (u32, u32)) -> bool {
    [width, height].into_iter().all(|side| side.is_multiple_of(2) && (16..=8192).contains(&side))
}

/// The node that an item belongs to: `generate` of `generate/s2.b1`.
pub fn node_of_item(item: &str) -> &str {
    item.split_once('/').map_or(item, |(node, _)| node)
}

impl Document {
    /// Applies a batch, all or nothing.
    ///
    /// # Errors
    /// A diagnostic that names the edit's subject; the document is unchanged.
    pub fn apply(&mut self, edits: &[Edit]) -> Result<Applied, Diagnostic> {
        let mut batch = Batch { document: self, inverses: Vec::new(), touched: IndexSet::new(), missing: None };
        for edit in edits {
            if let Err(refusal) = batch.check(edit).and_then(|()| batch.edit(edit)) {
                batch.roll_back();
                return Err(*refusal);
            }
        }
        let inverse = batch.inverses.into_iter().rev().flatten().collect();
        Ok(Applied { inverse, touched: batch.touched.into_iter().collect() })
    }
}

type Step = Result<(), Box<Diagnostic>>;

fn refuse(code: &str, message: String) -> Diagnostic {
    Diagnostic::error(code, message)
}

struct Batch<'a> {
    document: &'a mut Document,
    /// One list per edit.
    inverses: Vec<Vec<Edit>>,
    touched: IndexSet<String>,
    /// At least the nodes that are mentioned without existing; found when first asked for.
    missing: Option<IndexSet<String>>,
}

impl Batch<'_> {
    fn roll_back(self) {
        let inverse: Vec<Edit> = self.inverses.into_iter().rev().flatten().collect();
        let mut back =
            Batch { document: self.document, inverses: Vec::new(), touched: IndexSet::new(), missing: self.missing };
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
    fn check(&self, edit: &Edit) -> Step {
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

    fn edit(&mut self, edit: &Edit) -> Step {
        let inverse = match edit {
            Edit::AddNode { id, node, at } => self.add_node(id, node, *at),
            Edit::RemoveNode { id } => self.remove_node(id),
            Edit::RenameNode { from, to } => self.rename_node(from, to)?,
            Edit::SetParam { node, param, value, at } => self.set_param(node, param, value.as_ref(), *at)?,
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
        let mut inverse = vec![Edit::AddNode { id, node, at: Some(at) }];
        inverse.extend(mentions);
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
        Ok(vec![Edit::RenameNode { from: to.to_owned(), to: from.to_owned() }])
    }

    fn set_param(
        &mut self,
        node: &str,
        param: &str,
        value: Option<&Data>,
        at: Option<usize>,
    ) -> Result<Vec<Edit>, Box<Diagnostic>> {
        self.need_node(node)?;
        let params = &mut self.document.nodes[node].params;
        let (old, changed) = put(params, &param.to_owned(), value, at, same);
        if changed {
            self.touch(node);
        }
        let inverse = |(value, at)| Edit::SetParam { node: node.to_owned(), param: param.to_owned(), value, at };
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

/// What an entry was before, with its place where it had one.
type Before<V> = Option<(Option<V>, Option<usize>)>;

/// Sets, adds or removes an entry. Returns what restores it, and whether anything changed.
fn put<K: Clone + std::hash::Hash + Eq, V: Clone>(
    map: &mut indexmap::IndexMap<K, V>,
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
fn rekey<K: std::hash::Hash + Eq, V>(map: &mut indexmap::IndexMap<K, V>, index: usize, key: K) {
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture;

    const GRAPH: &str = "a: prompt.text text=\"x\"
        b: model.video prompt<-a.text references<-[c.character, a.text]
        c: reference.character
        d: output.film clips<-[b.clip, c.clip]
        !take b/s1 2
        !take c 3 pinned
        !take b/s2 4";

    fn link(to: &str, from: &str) -> Edit {
        let port = |text| PortRef::parse(text).unwrap();
        Edit::SetLink { to: port(to), feed: Some(Feed::One(port(from))), at: None }
    }

    #[track_caller]
    fn refused(edit: Edit, expect: Expect) {
        let mut document = fixture::graph(GRAPH);
        let before = document.to_text();
        let good = Edit::RenameNode { from: "a".to_owned(), to: "first".to_owned() };
        let refusal = document.apply(&[good, Edit::RemoveNode { id: "d".to_owned() }, edit]).unwrap_err();
        expect.assert_eq(&refusal.to_string());
        assert_eq!(document.to_text(), before);
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_the_batch_undone() {
        let node =
            || Node { kind: "t.t".to_owned(), version: 1, params: Default::default(), unknown: Default::default() };
        let add = |id: &str, node: Node| Edit::AddNode { id: id.to_owned(), node, at: None };
        let set = |node: &str, value: Data| Edit::SetParam {
            node: node.to_owned(),
            param: "x".to_owned(),
            value: Some(value),
            at: None,
        };
        let take = |item: &str, take: u32| Edit::SetTake {
            item: item.to_owned(),
            choice: Some(TakeChoice { take, pinned: false }),
            at: None,
        };
        let deep = (0..125).fold(Data::Unit, |inner, _| Data::List(vec![inner]));
        refused(
            add("b", node()),
            expect![[r#"
            error[duplicate-id]: there is a node `b` already
              --> b
              help: choose another id"#]],
        );
        refused(
            add("a.b", node()),
            expect![[r#"
            error[bad-id]: `a.b` cannot be a node's id
              help: ids are made of letters, digits, `_` and `-`, at most 64 of them"#]],
        );
        refused(
            add(&"x".repeat(65), node()),
            expect![[r#"
            error[bad-id]: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` cannot be a node's id
              help: ids are made of letters, digits, `_` and `-`, at most 64 of them"#]],
        );
        refused(
            add("e", Node { kind: String::new(), ..node() }),
            expect![[r#"
            error[bad-node]: node `e` needs a kind and a version from 1
              --> e"#]],
        );
        refused(
            Edit::RemoveNode { id: "ghost".to_owned() },
            expect![[r#"
            error[unknown-node]: there is no node `ghost`
              --> ghost"#]],
        );
        refused(
            Edit::RenameNode { from: "b".to_owned(), to: "c".to_owned() },
            expect![[r#"
            error[duplicate-id]: there is a node `c` already
              --> c
              help: choose another id"#]],
        );
        refused(
            set("a", Data::Unit),
            expect![[r#"
            error[unknown-node]: there is no node `a`
              --> a"#]],
        );
        refused(
            set("b", Data::Number(f64::NAN)),
            expect![[r#"
            error[bad-data]: this value cannot be kept: NaN is not a number
              --> b.x"#]],
        );
        refused(
            set("b", deep),
            expect![[r#"
            error[bad-data]: this value cannot be kept: it is nested too deep
              --> b.x"#]],
        );
        refused(
            set("b", Data::Named("two words".to_owned(), None)),
            expect![[r#"
            error[bad-data]: this value cannot be kept: a name in it is not made of letters and digits
              --> b.x"#]],
        );
        refused(
            link("ghost.x", "b.clip"),
            expect![[r#"
            error[unknown-node]: there is no node `ghost`
              --> ghost"#]],
        );
        refused(
            link("b.prompt", "ghost.text"),
            expect![[r#"
            error[unknown-node]: there is no node `ghost` to connect
              --> b.prompt"#]],
        );
        refused(
            take("ghost/s1", 1),
            expect![[r#"
            error[unknown-node]: there is no node `ghost`
              --> ghost"#]],
        );
        refused(
            take("b/s1", 0),
            expect![[r#"
            error[bad-take]: takes are counted from 1
              --> b"#]],
        );
        refused(
            Edit::SetSize { size: (15, 720) },
            expect![[r#"
            error[bad-size]: pictures cannot be 15 by 720 pixels
              help: use even numbers from 16 to 8192"#]],
        );
        refused(
            Edit::SetSize { size: (1280, 8194) },
            expect![[r#"
            error[bad-size]: pictures cannot be 1280 by 8194 pixels
              help: use even numbers from 16 to 8192"#]],
        );
        refused(
            Edit::SetRate { fps: Rate(24, 0) },
            expect![[r#"
            error[bad-rate]: 24/0 is not a frame rate
              help: use at most 1000 frames per second, such as 24/1"#]],
        );
    }

    #[track_caller]
    fn touched(edits: &[Edit], expect: &str) {
        let mut document = fixture::graph(GRAPH);
        let before = document.clone();
        let applied = document.apply(edits).unwrap();
        assert_eq!(applied.touched.join(" "), expect);
        document.apply(&applied.inverse).unwrap();
        assert_eq!(document.to_text(), before.to_text());
    }

    #[test]
    fn touched_are_the_nodes_whose_plan_may_change() {
        let set = |value: &str| {
            let (node, param) = ("a".to_owned(), "text".to_owned());
            Edit::SetParam { node, param, value: Some(value.into()), at: None }
        };
        let take = |item: &str, take| Edit::SetTake {
            item: item.to_owned(),
            choice: Some(TakeChoice { take, pinned: false }),
            at: None,
        };
        touched(&[set("y")], "a");
        touched(&[set("x")], "");
        touched(&[link("d.clips", "b.clip"), set("y"), link("d.clips", "c.clip")], "d a");
        touched(&[take("b/s1", 5), take("d/x/y", 2)], "b d");
        touched(&[take("b/s1", 2)], "");
        touched(&[Edit::RemoveNode { id: "c".to_owned() }], "c b d");
        touched(&[Edit::RenameNode { from: "a".to_owned(), to: "z".to_owned() }], "a z b");
        touched(&[Edit::SetLayout { key: "a".to_owned(), value: Some(Data::Unit), at: None }], "");
        touched(&[Edit::SetRate { fps: Rate(25, 1) }], "a b c d");
        touched(&[Edit::SetRate { fps: Rate(24, 1) }], "");
    }

    #[test]
    fn removing_and_renaming_reach_every_mention() {
        let mut document = fixture::graph(GRAPH);
        document.apply(&[Edit::RenameNode { from: "b".to_owned(), to: "shot".to_owned() }]).unwrap();
        document.apply(&[Edit::RemoveNode { id: "c".to_owned() }]).unwrap();
        expect![[r#"
            (
                throughline: 1,
                settings: (size: (1280, 720), fps: (24, 1)),
                nodes: {
                    "a": (kind: "prompt.text", version: 1, params: { "text": "x" }),
                    "shot": (kind: "model.video", version: 1, params: {}),
                    "d": (kind: "output.film", version: 1, params: {}),
                },
                links: {
                    "shot.prompt": "a.text",
                    "shot.references": ["a.text"],
                    "d.clips": ["shot.clip"],
                },
                takes: {
                    "shot/s1": (take: 2, pinned: false),
                    "shot/s2": (take: 4, pinned: false),
                },
            )
        "#]]
        .assert_eq(&document.to_text());
    }

    #[test]
    fn a_name_that_leftovers_speak_of_is_not_taken_by_renaming() {
        let mut document = fixture::graph("a: t.t\nb: t.t x<-[a.x, gone.x]");
        let rename = Edit::RenameNode { from: "a".to_owned(), to: "gone".to_owned() };
        assert_eq!(document.apply(&[rename]).unwrap_err().code, "duplicate-id");
        // Adding it connects them; undoing that leaves them as they were.
        let before = document.clone();
        let node = document.nodes["a"].clone();
        let applied = document.apply(&[Edit::AddNode { id: "gone".to_owned(), node, at: Some(0) }]).unwrap();
        assert_eq!(applied.touched, ["gone", "b"]);
        document.apply(&applied.inverse).unwrap();
        assert_eq!(document, before);
    }
}
