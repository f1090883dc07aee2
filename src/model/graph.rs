//! The document's links as a graph: order, cycles, and who feeds whom.
//!
//! Knows neither kinds nor values. petgraph finds order and components without recursion, so that a chain of any
//! length fits any stack; nodes are numbered by their place in the document.

use std::collections::VecDeque;
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::{Diagnostic, Document, PortRef};

/// A port of a node, by the node's place in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub node: u32,
    pub port: Arc<str>,
}

/// A connected input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub port: Arc<str>,
    /// In the order of the file.
    pub sources: Vec<Source>,
    /// Whether the file gives a list of sources, even of one.
    pub is_list: bool,
}

/// Links resolved to places in `document.nodes`.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    inputs: Vec<Vec<Input>>,
    readers: Vec<Vec<u32>>,
    /// Links that lead nowhere; they are left out.
    pub diagnostics: Vec<Diagnostic>,
}

impl Wiring {
    /// Resolves all links.
    pub fn new(document: &Document) -> Wiring {
        let n_nodes = document.nodes.len();
        let mut wiring =
            Wiring { inputs: vec![Vec::new(); n_nodes], readers: vec![Vec::new(); n_nodes], diagnostics: Vec::new() };
        // Few names, many ports: share them.
        let mut names: IndexSet<Arc<str>> = IndexSet::new();
        let mut shared = |name: &str| match names.get(name) {
            Some(name) => name.clone(),
            None => {
                let name: Arc<str> = name.into();
                names.insert(name.clone());
                name
            }
        };
        for (to, feed) in &document.links {
            let Some(reader) = document.nodes.get_index_of(&to.node) else {
                wiring.diagnostics.push(no_such_node(to, &to.node));
                continue;
            };
            let mut sources = Vec::with_capacity(feed.sources().len());
            for source in feed.sources() {
                match document.nodes.get_index_of(&source.node) {
                    Some(node) => sources.push(Source { node: node as u32, port: shared(&source.port) }),
                    None => wiring.diagnostics.push(no_such_node(to, &source.node)),
                }
            }
            for source in &sources {
                wiring.readers[source.node as usize].push(reader as u32);
            }
            if !sources.is_empty() {
                let is_list = matches!(feed, crate::Feed::Many(_));
                wiring.inputs[reader].push(Input { port: shared(&to.port), sources, is_list });
            }
        }
        for readers in &mut wiring.readers {
            readers.sort_unstable();
            readers.dedup();
        }
        wiring
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The connected inputs of a node, in the order of the file; none where there is no such node.
    pub fn inputs(&self, node: u32) -> &[Input] {
        self.inputs.get(node as usize).map_or(&[], Vec::as_slice)
    }

    /// The sources of one input; none where it is not connected.
    pub fn input(&self, node: u32, port: &str) -> Option<&Input> {
        self.inputs(node).iter().find(|input| &*input.port == port)
    }

    /// The nodes that read from a node, ascending, each once.
    pub fn readers(&self, node: u32) -> &[u32] {
        self.readers.get(node as usize).map_or(&[], Vec::as_slice)
    }

    /// The nodes that a node reads from, ascending, each once.
    pub fn feeders(&self, node: u32) -> Vec<u32> {
        let mut feeders: Vec<u32> = self.sources(node).collect();
        feeders.sort_unstable();
        feeders.dedup();
        feeders
    }

    fn sources(&self, node: u32) -> impl Iterator<Item = u32> {
        self.inputs(node).iter().flat_map(|input| input.sources.iter().map(|source| source.node))
    }

    /// The given nodes and everything upstream of them, ascending.
    pub fn upstream(&self, of: impl IntoIterator<Item = u32>) -> Vec<u32> {
        self.reach(of, |node| self.sources(node).collect())
    }

    /// The given nodes and everything downstream of them, ascending.
    pub fn downstream(&self, of: impl IntoIterator<Item = u32>) -> Vec<u32> {
        self.reach(of, |node| self.readers(node).to_vec())
    }

    fn reach(&self, of: impl IntoIterator<Item = u32>, next: impl Fn(u32) -> Vec<u32>) -> Vec<u32> {
        let mut seen = vec![false; self.len()];
        let mut stack: Vec<u32> = of.into_iter().filter(|node| (*node as usize) < self.len()).collect();
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut seen[node as usize], true) {
                stack.extend(next(node));
            }
        }
        (0..self.len() as u32).filter(|node| seen[*node as usize]).collect()
    }

    fn petgraph(&self) -> DiGraph<(), ()> {
        let n_edges = self.readers.iter().map(Vec::len).sum();
        let mut graph = DiGraph::with_capacity(self.len(), n_edges);
        (0..self.len()).for_each(|_| {
            graph.add_node(());
        });
        for (node, readers) in self.readers.iter().enumerate() {
            for reader in readers {
                graph.add_edge(NodeIndex::new(node), NodeIndex::new(*reader as usize), ());
            }
        }
        graph
    }

    /// All nodes, sources first.
    ///
    /// # Errors
    /// A shortest cycle: each node feeds the next, and the last feeds the first.
    pub fn order(&self) -> Result<Vec<u32>, Vec<u32>> {
        match toposort(&self.petgraph(), None) {
            Ok(order) => Ok(order.into_iter().map(|node| node.index() as u32).collect()),
            Err(cycle) => {
                let node = cycle.node_id().index() as u32;
                Err(self.cycle_through(node, |_| true).unwrap_or_else(|| vec![node]))
            }
        }
    }

    /// One shortest cycle of each group of nodes that depend on each other, in the order of the document.
    pub fn cycles(&self) -> Vec<Vec<u32>> {
        let groups = kosaraju_scc(&self.petgraph());
        let mut group_of = vec![0; self.len()];
        for (i, group) in groups.iter().enumerate() {
            group.iter().for_each(|node| group_of[node.index()] = i);
        }
        let mut cycles: Vec<Vec<u32>> = groups
            .into_iter()
            .filter_map(|group| {
                let start = group.iter().map(|node| node.index() as u32).min()?;
                // A node alone is a cycle only where it feeds itself.
                if group.len() == 1 && self.readers(start).binary_search(&start).is_err() {
                    return None;
                }
                self.cycle_through(start, |node| group_of[node as usize] == group_of[start as usize])
            })
            .collect();
        cycles.sort_unstable();
        cycles
    }

    /// The shortest cycle through a node and nodes that `within` accepts, starting with it.
    fn cycle_through(&self, start: u32, within: impl Fn(u32) -> bool) -> Option<Vec<u32>> {
        let mut from: IndexMap<u32, u32> = IndexMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for reader in self.readers(node) {
                if *reader == start {
                    let mut cycle = vec![node];
                    let mut at = node;
                    while at != start {
                        at = from[&at];
                        cycle.push(at);
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                if within(*reader) && !from.contains_key(reader) {
                    from.insert(*reader, node);
                    queue.push_back(*reader);
                }
            }
        }
        None
    }
}

/// All nodes by their place in the document, sources first.
///
/// # Errors
/// A shortest cycle: each node feeds the next, and the last feeds the first.
pub fn order(document: &Document) -> Result<Vec<u32>, Vec<u32>> {
    Wiring::new(document).order()
}

fn no_such_node(to: &PortRef, missing: &str) -> Diagnostic {
    Diagnostic::error("unknown-node", format!("the link to `{to}` names node `{missing}`, which does not exist"))
        .at_node(&to.node)
        .at_field(&to.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Edit, fixture};

    fn names(document: &Document, nodes: &[u32]) -> String {
        let name = |node: &u32| document.nodes.get_index(*node as usize).unwrap().0.as_str();
        nodes.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn wiring_resolves_feeds_in_order_and_skips_what_leads_nowhere() {
        let document = fixture::graph(
            "film: output.film clips<-[b.clip, a.clip, ghost.clip]
             a: model.video
             b: model.video prompt<-a.text again<-a.clip",
        );
        let mut document = document;
        document.links.insert(PortRef::new("gone", "x"), crate::Feed::One(PortRef::new("a", "clip")));
        let wiring = Wiring::new(&document);
        let clips = wiring.input(0, "clips").unwrap();
        assert!(clips.is_list);
        assert_eq!(clips.sources.iter().map(|source| source.node).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(wiring.readers(1), [0, 2]);
        assert_eq!(wiring.feeders(0), [1, 2]);
        assert_eq!(wiring.inputs(7), []);
        assert_eq!(wiring.downstream([1]), [0, 1, 2]);
        assert_eq!(wiring.upstream([2]), [1, 2]);
        assert_eq!(names(&document, &wiring.order().unwrap()), "a b film");
        let messages: Vec<_> = wiring.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "the link to `film.clips` names node `ghost`, which does not exist",
                "the link to `gone.x` names node `gone`, which does not exist"
            ]
        );
    }

    #[test]
    fn every_group_of_nodes_in_a_circle_is_found() {
        let document = fixture::graph(
            "a: t.t x<-c.x
             b: t.t x<-a.x y<-d.x
             c: t.t x<-b.x y<-self.x
             self: t.t x<-self.x
             d: t.t x<-b.x
             free: t.t x<-d.x",
        );
        let wiring = Wiring::new(&document);
        let cycles: Vec<_> = wiring.cycles().iter().map(|cycle| names(&document, cycle)).collect();
        assert_eq!(cycles, ["a b c", "self"]);
        let cycle = order(&document).unwrap_err();
        for (i, node) in cycle.iter().enumerate() {
            assert!(wiring.readers(*node).contains(&cycle[(i + 1) % cycle.len()]));
        }
    }

    #[test]
    fn a_chain_of_100_000_nodes_fits_a_small_stack() {
        let n = 100_000;
        let mut document = Document::default();
        let node = fixture::graph("a: t.t").nodes["a"].clone();
        for i in 0..n {
            document.nodes.insert(format!("n{i}"), node.clone());
            let feed = crate::Feed::One(PortRef::new(&format!("n{i}"), "x"));
            document.links.insert(PortRef::new(&format!("n{}", i + 1), "x"), feed);
        }
        document.links.pop();
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || {
                let wiring = Wiring::new(&document);
                assert_eq!(wiring.order().unwrap(), (0..n).collect::<Vec<u32>>());
                assert_eq!(wiring.cycles(), Vec::<Vec<u32>>::new());
                assert_eq!(wiring.upstream([n - 1]).len(), n as usize);
                let close = Edit::SetLink {
                    to: PortRef::new("n0", "x"),
                    feed: Some(crate::Feed::One(PortRef::new(&format!("n{}", n - 1), "x"))),
                    at: None,
                };
                document.apply(&[close]).unwrap();
                let wiring = Wiring::new(&document);
                assert_eq!(wiring.cycles().len(), 1);
                assert_eq!(wiring.order().unwrap_err().len(), n as usize);
            })
            .unwrap()
            .join()
            .unwrap();
    }
}
