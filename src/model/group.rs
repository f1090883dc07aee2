//! Groups: graphs used as nodes of other graphs. A group is expanded when a graph is opened and evaluated as if it
//! were inlined; the file keeps the one node.
//!
//! Knows no files: whoever opens the graph hands over a loader. Expanding by rewriting the document was weighed
//! against teaching the engine about nesting: one flat graph keeps keys, states and explanations as they are.

use indexmap::IndexMap;

use crate::{Catalog, Data, Diagnostic, Document, Feed, Node, PortRef, PortSpec, Ports};

/// The kind of a node that stands for a graph.
pub const GROUP: &str = "group";

/// Most groups in one graph, nested ones included: a small file cannot ask for more than a machine can hold.
const MOST_GROUPS: usize = 1_000;
/// How deep groups may stand in groups.
const DEEPEST: usize = 8;

/// What a group shows to the outside, from its file's `interface` section.
#[derive(Debug, Default)]
struct Interface {
    inputs: IndexMap<String, Vec<PortRef>>,
    outputs: IndexMap<String, Vec<PortRef>>,
    params: IndexMap<String, Vec<PortRef>>,
}

/// The document with every group replaced by its nodes, named `group-node`, and what was wrong with them.
///
/// `load` gives the document of a group's `file`, as the graph names it.
pub fn expand_groups(
    document: &Document,
    load: &mut dyn FnMut(&str) -> Result<Document, Diagnostic>,
) -> (Document, Vec<Diagnostic>) {
    let mut expanded = document.clone();
    let mut problems = Vec::new();
    let mut depths: IndexMap<String, usize> = IndexMap::new();
    let mut failed: Vec<String> = Vec::new();
    let mut n_groups = 0;
    loop {
        let next = expanded.nodes.iter().find(|(id, node)| node.kind == GROUP && !failed.contains(id));
        let Some((id, node)) = next.map(|(id, node)| (id.clone(), node.clone())) else { break };
        let depth = depths.get(&id).copied().unwrap_or(0) + 1;
        n_groups += 1;
        let inner = match node.params.get("file").and_then(Data::as_text) {
            _ if DEEPEST < depth || MOST_GROUPS < n_groups => {
                Err(Diagnostic::error("group-depth", "groups stand too deep in groups, or there are too many")
                    .hint("a group must not contain itself"))
            }
            Some(file) => load(file),
            None => Err(Diagnostic::error("group-file", "this group names no file")
                .hint("set its `file` to a graph that has an `interface` section")),
        };
        let placed = inner.and_then(|inner| inline(&expanded, &id, &node, &inner));
        match placed {
            Ok((flat, names)) => {
                expanded = flat;
                depths.extend(names.into_iter().map(|name| (name, depth)));
            }
            Err(problem) => {
                let problem = if problem.subject.node.is_none() { problem.at_node(&id) } else { problem };
                problems.push(problem);
                failed.push(id);
            }
        }
    }
    (expanded, problems)
}

/// The document with one group in place, and the ids of its nodes.
pub(crate) fn inline(
    outer: &Document,
    id: &str,
    group: &Node,
    inner: &Document,
) -> Result<(Document, Vec<String>), Diagnostic> {
    let interface = interface_of(inner)?;
    let name = |node: &str| format!("{id}-{node}");
    let inside = |port: &PortRef| PortRef::new(&name(&port.node), &port.port);
    let mut members: IndexMap<String, Node> = inner.nodes.iter().map(|(node, it)| (name(node), it.clone())).collect();
    if let Some(taken) = members.keys().find(|member| outer.nodes.contains_key(*member)) {
        return Err(Diagnostic::error("duplicate-id", format!("the group needs the id `{taken}`, which is taken"))
            .hint("rename one of the two"));
    }
    for (param, value) in group.params.iter().filter(|(param, _)| *param != "file") {
        let targets =
            interface.params.get(param).ok_or_else(|| unknown("parameter", param, interface.params.keys()))?;
        for target in targets {
            let member = members.get_mut(&name(&target.node)).ok_or_else(|| nowhere(target))?;
            member.params.insert(target.port.clone(), value.clone());
        }
    }
    let mut flat = Document { nodes: IndexMap::new(), links: IndexMap::new(), ..outer.clone() };
    for (node, it) in &outer.nodes {
        if node == id {
            flat.nodes.extend(members.clone());
        } else {
            flat.nodes.insert(node.clone(), it.clone());
        }
    }
    for (to, feed) in &inner.links {
        flat.links.insert(inside(to), feed_with(feed, &|source| Ok(vec![inside(source)]))?);
    }
    for (to, feed) in &outer.links {
        let through = |source: &PortRef| {
            if source.node != id {
                return Ok(vec![source.clone()]);
            }
            let outputs = interface.outputs.get(&source.port);
            let outputs = outputs.ok_or_else(|| unknown("output", &source.port, interface.outputs.keys()))?;
            Ok(outputs.iter().map(inside).collect())
        };
        let feed = feed_with(feed, &through)?;
        if to.node != id {
            flat.links.insert(to.clone(), feed);
            continue;
        }
        let inputs = interface.inputs.get(&to.port).or_else(|| interface.params.get(&to.port));
        let inputs = inputs.ok_or_else(|| unknown("input", &to.port, interface.inputs.keys()))?;
        for input in inputs {
            flat.links.insert(inside(input), feed.clone());
        }
    }
    for (item, choice) in &inner.takes {
        flat.takes.entry(format!("{id}-{item}")).or_insert(*choice);
    }
    Ok((flat, members.into_keys().collect()))
}

fn feed_with(feed: &Feed, through: &dyn Fn(&PortRef) -> Result<Vec<PortRef>, Diagnostic>) -> Result<Feed, Diagnostic> {
    let mut sources = Vec::new();
    for source in feed.sources() {
        sources.extend(through(source)?);
    }
    Ok(match (feed, sources.as_slice()) {
        (Feed::One(_), [only]) => Feed::One(only.clone()),
        _ => Feed::Many(sources),
    })
}

/// The ports that a group shows on its node: those of the inner ports that they stand for, as far as those are known.
pub fn group_ports(inner: &Document, catalog: Catalog) -> Ports {
    let Ok(interface) = interface_of(inner) else { return Ports::default() };
    let ports_of = |node: &str| {
        let node = inner.nodes.get(node)?;
        catalog.find(&node.kind).map(|spec| spec.ports_of(&node.params))
    };
    let shown = |name: &str, targets: &[PortRef], outputs: bool| {
        let target = targets.first()?;
        let ports = ports_of(&target.node)?;
        let mut ports = if outputs { ports.outputs } else { ports.inputs }.into_iter();
        let found = ports.find(|port| port.name == target.port)?;
        Some(PortSpec { name: name.to_owned().into(), ..found })
    };
    let inputs = interface.inputs.iter().chain(&interface.params);
    Ports {
        inputs: inputs.filter_map(|(name, targets)| shown(name, targets, false)).collect(),
        outputs: interface.outputs.iter().filter_map(|(name, targets)| shown(name, targets, true)).collect(),
    }
}

fn interface_of(inner: &Document) -> Result<Interface, Diagnostic> {
    let section = inner.unknown.get("interface").and_then(Data::as_fields).ok_or_else(|| {
        Diagnostic::error("group-interface", "the group's file has no `interface` section")
            .hint("add interface: (inputs: {}, outputs: { \"clip\": \"generate.clip\" }, params: {})")
    })?;
    let mut interface = Interface::default();
    for (name, ports) in section {
        let map = match name.as_str() {
            "inputs" => &mut interface.inputs,
            "outputs" => &mut interface.outputs,
            "params" => &mut interface.params,
            _ => continue,
        };
        for (port, targets) in ports.as_fields().into_iter().flatten() {
            let texts: Vec<&Data> = match targets.as_items() {
                Some(items) => items.iter().collect(),
                None => vec![targets],
            };
            for text in texts {
                let target = text.as_text().and_then(PortRef::parse).ok_or_else(|| {
                    Diagnostic::error("group-interface", format!("`{port}` in {name} is not written node.port"))
                })?;
                if !inner.nodes.contains_key(&target.node) {
                    return Err(nowhere(&target));
                }
                map.entry(port.clone()).or_insert_with(Vec::new).push(target);
            }
        }
    }
    Ok(interface)
}

fn nowhere(target: &PortRef) -> Diagnostic {
    Diagnostic::error("group-interface", format!("the interface names `{target}`, but the group has no such node"))
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a String>) -> Diagnostic {
    let known: Vec<_> = known.map(String::as_str).collect();
    Diagnostic::error("group-port", format!("the group has no {what} `{name}`"))
        .at_field(name)
        .hint(format!("its {what}s: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: &str = r#"(
        throughline: 1,
        nodes: {
            "warm": (kind: "edit.color", version: 1, params: { "exposure": 0.1 }),
            "out": (kind: "edit.fade", version: 1, params: {}),
        },
        links: { "out.clip": "warm.clip" },
        interface: (
            inputs: { "clip": "warm.clip" },
            outputs: { "clip": "out.clip" },
            params: { "exposure": ["warm.exposure"] },
        ),
    )"#;

    fn open(text: &str) -> Document {
        Document::parse("test.ron", text).unwrap().document
    }

    fn expand(nodes: &str, links: &str) -> (Document, Vec<Diagnostic>) {
        let outer = open(&format!("(throughline: 1, nodes: {{ {nodes} }}, links: {{ {links} }})"));
        expand_groups(&outer, &mut |file| match file {
            "look.ron" => Ok(open(LOOK)),
            "self.ron" => Ok(open(
                r#"(throughline: 1, nodes: { "me": (kind: "group", version: 1, params: { "file": "self.ron" }) }, links: {}, interface: (inputs: {}))"#,
            )),
            other => Err(Diagnostic::error("file-missing", format!("no {other}"))),
        })
    }

    const SHOT: &str = r#""shot": (kind: "import.clip", version: 1, params: {}), "end": (kind: "output.film", version: 1, params: {}),"#;

    #[test]
    fn a_group_is_as_if_inlined_with_its_overrides() {
        let group = r#""look": (kind: "group", version: 1, params: { "file": "look.ron", "exposure": 0.5 }),"#;
        let (flat, problems) =
            expand(&format!("{SHOT} {group}"), r#""look.clip": "shot.clip", "end.clips": ["look.clip"]"#);
        assert_eq!(problems, []);
        assert_eq!(flat.nodes.keys().collect::<Vec<_>>(), ["shot", "end", "look-warm", "look-out"]);
        assert_eq!(flat.nodes["look-warm"].params["exposure"], Data::Number(0.5));
        let link = |node: &str, port: &str| flat.links[&PortRef::new(node, port)].sources()[0].to_string();
        assert_eq!(link("look-warm", "clip"), "shot.clip");
        assert_eq!(link("look-out", "clip"), "look-warm.clip");
        assert_eq!(link("end", "clips"), "look-out.clip");
    }

    #[test]
    fn mistakes_are_named_at_the_group() {
        let code = |params: &str, links: &str| {
            let (_, problems) =
                expand(&format!(r#"{SHOT} "g": (kind: "group", version: 1, params: {{ {params} }}),"#), links);
            assert_eq!(problems[0].subject.node.as_deref(), Some("g").or(problems[0].subject.node.as_deref()));
            problems[0].code.clone()
        };
        assert_eq!(code("", ""), "group-file");
        assert_eq!(code(r#""file": "none.ron""#, ""), "file-missing");
        assert_eq!(code(r#""file": "look.ron", "exposre": 1.0"#, ""), "group-port");
        assert_eq!(code(r#""file": "look.ron""#, r#""g.clap": "shot.clip""#), "group-port");
        assert_eq!(code(r#""file": "look.ron""#, r#""end.clips": "g.clap""#), "group-port");
    }

    #[test]
    fn a_group_inside_itself_ends_in_a_diagnostic() {
        let (_, problems) = expand(r#""g": (kind: "group", version: 1, params: { "file": "self.ron" }),"#, "");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].code, "group-depth");
    }
}
