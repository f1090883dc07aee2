//! Lists of elements with stable ids, as a persistent 32-ary Merkle tree.
//!
//! Changing one of n elements copies and re-hashes one path, so a node that gathers 100,000 inputs is keyed again in
//! microseconds. A plain vector would be simpler and cost n hashes for every edit.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Digest, Value};

const WIDTH: usize = 32;

/// A stable element id: a shot's, a file's name, a row's.
pub type ElementId = Arc<str>;

/// One member of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: ElementId,
    pub value: Value,
    /// The value's digest, computed once.
    pub digest: Digest,
}

impl Entry {
    /// An entry whose digest is computed here.
    pub fn new(id: ElementId, value: Value) -> Entry {
        let digest = value.digest();
        Entry { id, value, digest }
    }
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(Vec<Entry>),
    Branch(Vec<Arc<Node>>),
}

#[derive(Clone, Debug)]
struct Node {
    digest: Digest,
    tree: Tree,
}

impl Node {
    fn new(tree: Tree) -> Arc<Node> {
        let mut bytes = Vec::with_capacity(WIDTH * 48);
        match &tree {
            Tree::Leaf(entries) => {
                bytes.push(b'l');
                for entry in entries {
                    bytes.extend_from_slice(&(entry.id.len() as u32).to_le_bytes());
                    bytes.extend_from_slice(entry.id.as_bytes());
                    bytes.extend_from_slice(&entry.digest.0);
                }
            }
            Tree::Branch(nodes) => {
                bytes.push(b'b');
                nodes.iter().for_each(|node| bytes.extend_from_slice(&node.digest.0));
            }
        }
        Arc::new(Node { digest: Digest::of(&bytes), tree })
    }
}

/// An ordered list of entries with unique ids; clones share structure.
#[derive(Clone, Debug)]
pub struct List {
    root: Arc<Node>,
    len: usize,
    /// Elements under each child of the root.
    span: usize,
}

impl List {
    /// A list of `(id, value)` pairs.
    pub fn new(pairs: impl IntoIterator<Item = (ElementId, Value)>) -> List {
        pairs.into_iter().map(|(id, value)| Entry::new(id, value)).collect()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The digest of ids and values in order.
    pub fn digest(&self) -> Digest {
        self.root.digest
    }

    /// The element at a position.
    pub fn get(&self, idx: usize) -> Option<&Entry> {
        if self.len <= idx {
            return None;
        }
        let (mut node, mut idx, mut span) = (&self.root, idx, self.span);
        loop {
            match &node.tree {
                Tree::Leaf(entries) => return entries.get(idx),
                Tree::Branch(nodes) => {
                    node = nodes.get(idx / span)?;
                    idx %= span;
                    span = (span / WIDTH).max(1);
                }
            }
        }
    }

    /// The element with an id, by a scan.
    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.iter().find(|entry| &*entry.id == id)
    }

    /// The list with one element replaced; the same list where `idx` is out of range.
    pub fn with(&self, idx: usize, entry: Entry) -> List {
        if self.len <= idx {
            return self.clone();
        }
        List { root: replaced(&self.root, idx, self.span, entry), ..self.clone() }
    }

    /// Elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        let mut stack = vec![(&*self.root, 0usize)];
        std::iter::from_fn(move || {
            loop {
                let (node, next) = stack.pop()?;
                match &node.tree {
                    Tree::Leaf(entries) => {
                        if let Some(entry) = entries.get(next) {
                            stack.push((node, next + 1));
                            return Some(entry);
                        }
                    }
                    Tree::Branch(nodes) => {
                        if let Some(child) = nodes.get(next) {
                            stack.push((node, next + 1));
                            stack.push((child, 0));
                        }
                    }
                }
            }
        })
    }
}

fn replaced(node: &Node, idx: usize, span: usize, entry: Entry) -> Arc<Node> {
    match &node.tree {
        Tree::Leaf(entries) => {
            let mut entries = entries.clone();
            entries[idx] = entry;
            Node::new(Tree::Leaf(entries))
        }
        Tree::Branch(nodes) => {
            let mut nodes = nodes.clone();
            let child = idx / span;
            nodes[child] = replaced(&nodes[child], idx % span, (span / WIDTH).max(1), entry);
            Node::new(Tree::Branch(nodes))
        }
    }
}

impl FromIterator<Entry> for List {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> List {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let (len, mut span) = (entries.len(), 1);
        let mut nodes: Vec<_> = Vec::with_capacity(len / WIDTH + 1);
        let mut rest = entries.into_iter().peekable();
        while rest.peek().is_some() || nodes.is_empty() {
            nodes.push(Node::new(Tree::Leaf(rest.by_ref().take(WIDTH).collect())));
        }
        while 1 < nodes.len() {
            span *= WIDTH;
            nodes = nodes.chunks(WIDTH).map(|chunk| Node::new(Tree::Branch(chunk.to_vec()))).collect();
        }
        List { root: nodes.remove(0), len, span }
    }
}

impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        self.digest() == other.digest()
    }
}

/// Entries as a map from id to value, in order.
struct Entries<'a>(&'a List);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len))?;
        for entry in self.0.iter() {
            map.serialize_entry(&*entry.id, &entry.value)?;
        }
        map.end()
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            Entries(self).serialize(serializer)
        } else {
            serializer.serialize_newtype_struct(crate::walk::MERKLE, &(self.digest(), Entries(self)))
        }
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<List, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = List;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from element id to value")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List, A::Error> {
                let mut entries = Vec::new();
                while let Some((id, value)) = map.next_entry::<String, Value>()? {
                    entries.push(Entry::new(id.into(), value));
                }
                Ok(entries.into_iter().collect())
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> List {
        List::new((0..n).map(|i| (format!("e{i}").into(), Value::Integer(i as i64))))
    }

    #[test]
    fn get_iter_and_len_agree_at_every_tree_height() {
        for n in [0, 1, 31, 32, 33, 1024, 1025, 33_000] {
            let list = numbers(n);
            assert_eq!(list.len(), n);
            assert_eq!(list.iter().count(), n);
            for idx in [0, n / 2, n.saturating_sub(1)] {
                let got = list.get(idx).map(|entry| entry.value.clone());
                assert_eq!(got, (idx < n).then_some(Value::Integer(idx as i64)));
            }
            assert!(list.get(n).is_none());
        }
    }

    #[test]
    fn replacing_one_equals_building_anew() {
        let changed = numbers(2000).with(1234, Entry::new("e1234".into(), Value::Flag(true)));
        let built: List = numbers(2000)
            .iter()
            .enumerate()
            .map(|(i, entry)| if i == 1234 { Entry::new("e1234".into(), Value::Flag(true)) } else { entry.clone() })
            .collect();
        assert_eq!(changed, built);
        assert_ne!(changed, numbers(2000));
    }

    #[test]
    fn json_round_trip_keeps_order_and_digest() {
        let list = numbers(100);
        let text = serde_json::to_string(&list).expect("lists serialize");
        let back: List = serde_json::from_str(&text).expect("and read back");
        assert_eq!(back, list);
        assert!(text.starts_with(r#"{"e0":{"integer":0},"e1""#));
    }
}
