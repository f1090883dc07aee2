//! Bypassed nodes: what would come out of them is what goes in.
//!
//! Pure, and done before anything is planned, so that neither keys nor the engine know of it: a graph with a bypassed
//! node has the keys of the graph without the node. A flag that each plan looks at was the alternative.

use indexmap::{IndexMap, IndexSet};

use crate::spec::Catalog;
use crate::{Document, Feed, PortRef, PortType, Ports, node_of_item};

/// The document without its bypassed nodes. Each of their outputs is replaced by what feeds the first declared input
/// whose value fits it, one of the output's own type before one that is converted; where there is none, links from the
/// output are dropped, and `check` names the inputs that miss them.
pub fn bypass(document: &Document, catalog: Catalog) -> Document {
    let gone: IndexSet<&str> =
        document.nodes.iter().filter(|(_, node)| node.is_bypassed()).map(|(id, _)| id.as_str()).collect();
    if gone.is_empty() {
        return document.clone();
    }
    let through = Through { document, catalog, gone: &gone };
    let mut flat = Document { nodes: IndexMap::new(), links: IndexMap::new(), ..document.clone() };
    flat.nodes.extend(
        document
            .nodes
            .iter()
            .filter(|(id, _)| !gone.contains(id.as_str()))
            .map(|(id, node)| (id.clone(), node.clone())),
    );
    for (to, feed) in document.links.iter().filter(|(to, _)| !gone.contains(to.node.as_str())) {
        if !feed.sources().iter().any(|source| gone.contains(source.node.as_str())) {
            flat.links.insert(to.clone(), feed.clone());
            continue;
        }
        let mut sources: Vec<PortRef> = Vec::new();
        for source in feed.sources() {
            for source in through.sources(source) {
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        let feed = match (feed, sources.as_slice()) {
            (_, []) => continue,
            (Feed::One(_), [only]) => Feed::One(only.clone()),
            _ => Feed::Many(sources),
        };
        flat.links.insert(to.clone(), feed);
    }
    flat.takes.retain(|item, _| !gone.contains(node_of_item(item)));
    flat
}

struct Through<'a> {
    document: &'a Document,
    catalog: Catalog,
    gone: &'a IndexSet<&'a str>,
}

impl Through<'_> {
    fn ports(&self, node: &str) -> Option<Ports> {
        let node = self.document.nodes.get(node)?;
        Some(self.catalog.find(&node.kind)?.ports_of(&node.params))
    }

    fn output_type(&self, port: &PortRef) -> Option<PortType> {
        let ports = self.ports(&port.node)?;
        ports.outputs.iter().find(|output| output.name == port.port).map(|output| output.ty)
    }

    /// What comes out of a port once bypassed nodes let it through. Chains of them may be long: no recursion.
    fn sources(&self, port: &PortRef) -> Vec<PortRef> {
        let mut found = Vec::new();
        let mut seen: IndexSet<PortRef> = IndexSet::new();
        let mut open = vec![port.clone()];
        while let Some(port) = open.pop() {
            if !self.gone.contains(port.node.as_str()) {
                found.push(port);
            } else if seen.insert(port.clone()) {
                open.extend(self.fed_by(&port).into_iter().rev());
            }
        }
        found
    }

    /// What feeds the input that stands for an output of a bypassed node.
    fn fed_by(&self, output: &PortRef) -> Vec<PortRef> {
        let (Some(ports), Some(wanted)) = (self.ports(&output.node), self.output_type(output)) else {
            return Vec::new();
        };
        let mut converted = None;
        for input in &ports.inputs {
            let Some(feed) = self.document.links.get(&PortRef::new(&output.node, &input.name)) else { continue };
            let Some(first) = feed.sources().first() else { continue };
            // A port for anything passes on what it gets.
            let given = match (self.output_type(first), input.ty) {
                (Some(given), PortType::Any) => given,
                (_, declared) => declared,
            };
            if given == wanted {
                return feed.sources().to_vec();
            }
            if given != PortType::Any && given.fits(wanted) && converted.is_none() {
                converted = Some(feed.sources().to_vec());
            }
        }
        converted.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{PlanCx, Stop};
    use crate::{Edit, Help, NodeSpec, Plan, fixture, no_upgrade};

    fn nothing(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
        Err(cx.refuse("", "not planned here"))
    }

    const fn spec(kind: &'static str, ports: fn(&crate::Params) -> Ports) -> NodeSpec {
        let help = Help { title: "", category: "", summary: "", keywords: &[] };
        NodeSpec { kind, version: 1, help, params: &[], ports, plan: nothing, sibling: None, upgrade: no_upgrade }
    }

    static CLIP: NodeSpec = spec("t.clip", |_| Ports::new().output("clip", PortType::Clip, ""));
    static STILL: NodeSpec = spec("t.still", |_| Ports::new().output("image", PortType::Image, ""));
    static EDIT: NodeSpec = spec("t.edit", |_| {
        Ports::new()
            .optional("anything", PortType::Any, "")
            .optional("image", PortType::Image, "")
            .input("clip", PortType::Clip, "")
            .output("clip", PortType::Clip, "")
            .output("note", PortType::Text, "")
    });
    static FILM: NodeSpec = spec("t.film", |_| Ports::new().gather("clips", PortType::Clip, ""));
    const CATALOG: Catalog = Catalog(&[&CLIP, &STILL, &EDIT, &FILM]);

    #[track_caller]
    fn links(graph: &str, off: &[&str]) -> String {
        let mut document = fixture::graph(graph);
        let set = |node: &&str| Edit::SetBypass { node: (*node).to_owned(), on: Some(true), at: None };
        document.apply(&off.iter().map(set).collect::<Vec<_>>()).unwrap();
        let flat = bypass(&document, CATALOG);
        assert!(off.iter().all(|id| !flat.nodes.contains_key(*id)));
        let sources = |feed: &Feed| feed.sources().iter().map(PortRef::to_string).collect::<Vec<_>>().join("+");
        flat.links.iter().map(|(to, feed)| format!("{to}<-{}", sources(feed))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_goes_in_comes_out() {
        let chain = "a: t.clip\nb: t.edit clip<-a.clip\nc: t.edit clip<-b.clip\nd: t.film clips<-[c.clip, a.clip]";
        assert_eq!(links(chain, &["b"]), "c.clip<-a.clip d.clips<-c.clip+a.clip");
        assert_eq!(links(chain, &["b", "c"]), "d.clips<-a.clip", "the same clip twice is one");
        assert_eq!(links(chain, &["a"]), "c.clip<-b.clip d.clips<-c.clip", "nothing feeds what is left");
        assert_eq!(links(chain, &["d"]), "b.clip<-a.clip c.clip<-b.clip");
    }

    #[test]
    fn its_own_type_goes_before_one_that_is_converted() {
        let graph = "s: t.still\na: t.clip\nb: t.edit image<-s.image clip<-a.clip\nd: t.film clips<-b.clip";
        assert_eq!(links(graph, &["b"]), "d.clips<-a.clip");
        let graph = "s: t.still\nb: t.edit image<-s.image\nd: t.film clips<-b.clip";
        assert_eq!(links(graph, &["b"]), "d.clips<-s.image");
        let graph = "a: t.clip\nb: t.edit anything<-a.clip\nd: t.film clips<-b.clip";
        assert_eq!(links(graph, &["b"]), "d.clips<-a.clip", "a port for anything passes on what it gets");
        let graph = "a: t.clip\nb: t.edit clip<-a.clip\nd: t.film clips<-b.note";
        assert_eq!(links(graph, &["b"]), "", "a clip is no text");
    }

    #[test]
    fn circles_and_unknown_kinds_end() {
        let circle = "b: t.edit clip<-c.clip\nc: t.edit clip<-b.clip\nd: t.film clips<-c.clip";
        assert_eq!(links(circle, &["b", "c"]), "");
        assert_eq!(links("a: t.clip\nb: no.kind x<-a.clip\nd: t.film clips<-b.clip", &["b"]), "");
    }

    #[test]
    fn the_field_is_read_written_and_judged() {
        let text = "(throughline: 1, nodes: { \"a\": (kind: \"t.t\", version: 1, params: {}, bypass: true) })";
        let mut loaded = Document::parse("a.ron", text).unwrap();
        assert!(loaded.diagnostics.is_empty() && loaded.document.nodes["a"].is_bypassed());
        let off = Edit::SetBypass { node: "a".to_owned(), on: None, at: None };
        let inverse = loaded.document.apply(std::slice::from_ref(&off)).unwrap().inverse;
        assert_eq!(loaded.source.print(&loaded.document), text.replace(", bypass: true", ""));
        loaded.document.apply(&inverse).unwrap();
        assert_eq!(loaded.source.print(&loaded.document), text);
        let wrong = text.replace("true", "\"yes\"");
        let loaded = Document::parse("a.ron", &wrong).unwrap();
        assert_eq!((loaded.diagnostics.len(), loaded.document.nodes["a"].is_bypassed()), (1, false));
        assert_eq!(loaded.source.print(&loaded.document), wrong);
    }
}
