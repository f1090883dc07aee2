//! Circles among the nodes of a document.
//!
//! Knows neither kinds, ports nor values: the engine resolves links to values, and places nodes by height. petgraph
//! finds components without recursion, so that a chain of any length fits any stack.

use std::collections::VecDeque;

use indexmap::IndexMap;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::Document;

/// One shortest cycle of each group of nodes that depend on each other, in the order of the document. Nodes are named
/// by their place in it; each feeds the next, and the last feeds the first.
pub(crate) fn cycles(document: &Document) -> Vec<Vec<u32>> {
    let readers = readers(document);
    let groups = kosaraju_scc(&petgraph(&readers));
    let mut group_of = vec![0; readers.len()];
    for (i, group) in groups.iter().enumerate() {
        group.iter().for_each(|node| group_of[node.index()] = i);
    }
    let mut cycles: Vec<Vec<u32>> = groups
        .into_iter()
        .filter_map(|group| {
            let start = group.iter().map(|node| node.index() as u32).min()?;
            // A node alone is a cycle only where it feeds itself.
            if group.len() == 1 && readers[start as usize].binary_search(&start).is_err() {
                return None;
            }
            cycle_through(&readers, start, |node| group_of[node as usize] == group_of[start as usize])
        })
        .collect();
    cycles.sort_unstable();
    cycles
}

/// The nodes that read from each node, ascending, each once. Links that lead nowhere are left out.
fn readers(document: &Document) -> Vec<Vec<u32>> {
    let mut readers = vec![Vec::new(); document.nodes.len()];
    for (to, feed) in &document.links {
        let Some(reader) = document.nodes.get_index_of(&to.node) else { continue };
        for node in feed.sources().iter().filter_map(|source| document.nodes.get_index_of(&source.node)) {
            readers[node].push(reader as u32);
        }
    }
    for readers in &mut readers {
        readers.sort_unstable();
        readers.dedup();
    }
    readers
}

fn petgraph(readers: &[Vec<u32>]) -> DiGraph<(), ()> {
    let mut graph = DiGraph::with_capacity(readers.len(), readers.iter().map(Vec::len).sum());
    readers.iter().for_each(|_| {
        graph.add_node(());
    });
    for (node, readers) in readers.iter().enumerate() {
        for reader in readers {
            graph.add_edge(NodeIndex::new(node), NodeIndex::new(*reader as usize), ());
        }
    }
    graph
}

/// The shortest cycle through a node and nodes that `within` accepts, starting with it.
fn cycle_through(readers: &[Vec<u32>], start: u32, within: impl Fn(u32) -> bool) -> Option<Vec<u32>> {
    let mut from: IndexMap<u32, u32> = IndexMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for reader in &readers[node as usize] {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Edit, Feed, PortRef, fixture};

    fn names(document: &Document) -> Vec<String> {
        let name = |node: &u32| document.nodes.get_index(*node as usize).unwrap().0.as_str();
        cycles(document).iter().map(|cycle| cycle.iter().map(name).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn every_group_of_nodes_in_a_circle_is_found() {
        let mut document = fixture::graph(
            "a: t.t x<-c.x
             b: t.t x<-a.x y<-[d.x, ghost.x]
             c: t.t x<-b.x y<-self.x
             self: t.t x<-self.x
             d: t.t x<-b.x
             free: t.t x<-d.x",
        );
        document.links.insert(PortRef::new("gone", "x"), Feed::One(PortRef::new("a", "x")));
        assert_eq!(names(&document), ["a b c", "self"]);
    }

    #[test]
    fn a_chain_of_100_000_nodes_fits_a_small_stack() {
        let n = 100_000;
        let mut document = Document::default();
        let node = fixture::graph("a: t.t").nodes["a"].clone();
        for i in 0..n {
            document.nodes.insert(format!("n{i}"), node.clone());
            let feed = Feed::One(PortRef::new(&format!("n{i}"), "x"));
            document.links.insert(PortRef::new(&format!("n{}", i + 1), "x"), feed);
        }
        document.links.pop();
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || {
                assert_eq!(cycles(&document), Vec::<Vec<u32>>::new());
                let close = Edit::SetLink {
                    to: PortRef::new("n0", "x"),
                    feed: Some(Feed::One(PortRef::new(&format!("n{}", n - 1), "x"))),
                    at: None,
                };
                document.apply(&[close]).unwrap();
                assert_eq!(cycles(&document), [(0..n).collect::<Vec<u32>>()]);
            })
            .unwrap()
            .join()
            .unwrap();
    }
}
