//! Groups: graphs used as nodes of other graphs. A group is expanded when a graph is opened and evaluated as if it
//! were inlined; the file keeps the one node.
//!
//! Knows no files: whoever opens the graph hands over a loader. Expanding by rewriting the document was weighed
//! against teaching the engine about nesting: one flat graph keeps keys, states and explanations as they are.

use indexmap::IndexMap;

use crate::linked::LINKED;
use crate::{Catalog, Data, Diagnostic, Document, Feed, Node, ParamSpec, PortRef, PortSpec, Ports, Shown};

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
    // Copies are linked within one instance: what one overrides is no business of the others.
    for member in members.values_mut() {
        if let Some(set) = member.linked().map(|set| Data::Text(name(set))) {
            member.unknown.insert(LINKED.to_owned(), set);
        }
    }
    if let Some(taken) = members.keys().find(|member| outer.nodes.contains_key(*member)) {
        return Err(Diagnostic::error("duplicate-id", format!("the group needs the id `{taken}`, which is taken"))
            .hint("rename one of the two"));
    }
    for (param, value) in group.params.iter().filter(|(param, _)| *param != "file") {
        let targets =
            interface.params.get(param).ok_or_else(|| unknown("parameter", param, interface.params.keys()))?;
        for target in targets {
            let mut of: Vec<&str> = inner.linked_with(&target.node).collect();
            of.push(&target.node);
            for node in of {
                let member = members.get_mut(&name(node)).ok_or_else(|| nowhere(target))?;
                member.params.insert(target.port.clone(), value.clone());
            }
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

/// What a group shows on its node, as far as the nodes behind it are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupFace {
    pub ports: Ports,
    /// Parameters that the group's node may set for its instance.
    pub params: Vec<GroupParam>,
    /// What each output stands for, as named inside the group: nodes of groups in it are `group-node`.
    pub outputs: IndexMap<String, Vec<PortRef>>,
}

/// A parameter that a group shows.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupParam {
    pub name: String,
    /// The declaration of the first parameter that it stands for.
    pub spec: ParamSpec,
    /// What holds where the instance does not override it; none where that is the default.
    pub inherited: Option<Data>,
}

/// What a group shows on its node. `load` gives the documents of groups inside, as [`expand_groups`] has it.
pub fn group_face(
    inner: &Document,
    catalog: Catalog,
    load: &mut dyn FnMut(&str) -> Result<Document, Diagnostic>,
) -> GroupFace {
    face_at(inner, catalog, load, 0)
}

fn face_at(
    inner: &Document,
    catalog: Catalog,
    load: &mut dyn FnMut(&str) -> Result<Document, Diagnostic>,
    depth: usize,
) -> GroupFace {
    let Ok(interface) = interface_of(inner) else { return GroupFace::default() };
    let mut faces: IndexMap<&str, GroupFace> = IndexMap::new();
    let named = [&interface.inputs, &interface.outputs, &interface.params];
    for target in named.into_iter().flat_map(IndexMap::values).flatten() {
        let Some(node) = inner.nodes.get(&target.node).filter(|_| !faces.contains_key(target.node.as_str())) else {
            continue;
        };
        let face = match (catalog.find(&node.kind), node.params.get("file").and_then(Data::as_text)) {
            (Some(spec), _) => {
                let param = |spec: &ParamSpec| GroupParam {
                    name: spec.name.to_owned(),
                    spec: *spec,
                    inherited: node.params.get(spec.name).cloned(),
                };
                let params = spec.params.iter().map(param).collect();
                GroupFace { ports: spec.ports_of(&node.params), params, outputs: IndexMap::new() }
            }
            (None, Some(file)) if node.kind == GROUP && depth < DEEPEST => {
                let mut face = load(file).map(|it| face_at(&it, catalog, load, depth + 1)).unwrap_or_default();
                for param in &mut face.params {
                    if let Some(own) = node.params.get(&param.name) {
                        param.inherited = Some(own.clone());
                    }
                }
                face
            }
            _ => continue,
        };
        faces.insert(&target.node, face);
    }
    let port = |name: &str, targets: &[PortRef], outputs: bool| {
        let target = targets.first()?;
        let ports = &faces.get(target.node.as_str())?.ports;
        let mut ports = if outputs { &ports.outputs } else { &ports.inputs }.iter();
        let found = ports.find(|port| port.name == target.port)?.clone();
        Some(PortSpec { name: name.to_owned().into(), ..found })
    };
    let param = |name: &str, targets: &[PortRef]| {
        let target = targets.first()?;
        let found = faces.get(target.node.as_str())?.params.iter().find(|it| it.name == target.port)?.clone();
        Some(GroupParam { name: name.to_owned(), ..found })
    };
    let inside = |target: &PortRef| {
        let nested = faces.get(target.node.as_str()).and_then(|face| face.outputs.get(&target.port));
        let within = |port: &PortRef| PortRef::new(&format!("{}-{}", target.node, port.node), &port.port);
        nested.map_or_else(|| vec![target.clone()], |ports| ports.iter().map(within).collect())
    };
    let inputs = interface.inputs.iter().chain(&interface.params);
    GroupFace {
        ports: Ports {
            inputs: inputs.filter_map(|(name, targets)| port(name, targets, false)).collect(),
            outputs: interface.outputs.iter().filter_map(|(name, targets)| port(name, targets, true)).collect(),
        },
        params: interface.params.iter().filter_map(|(name, targets)| param(name, targets)).collect(),
        outputs: interface
            .outputs
            .iter()
            .map(|(name, it)| (name.clone(), it.iter().flat_map(inside).collect()))
            .collect(),
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

/// What each entry of a group's interface stands for.
pub(crate) fn targets(inner: &Document) -> Result<impl Fn(Shown, &str) -> Vec<PortRef>, Diagnostic> {
    let Interface { inputs, outputs, params } = interface_of(inner)?;
    Ok(move |what, name: &str| {
        let part = match what {
            Shown::Input => &inputs,
            Shown::Output => &outputs,
            Shown::Param => &params,
        };
        part.get(name).cloned().unwrap_or_default()
    })
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
    fn a_group_in_a_group_shows_what_it_stands_for() {
        static COLOR: crate::NodeSpec = crate::NodeSpec {
            kind: "edit.color",
            version: 1,
            help: crate::Help { title: "Colour", category: "", summary: "", keywords: &[] },
            params: &[ParamSpec::number("exposure", 0.0).range(-2.0, 2.0)],
            ports: |_| Ports::new().input("clip", crate::PortType::Clip, "").output("clip", crate::PortType::Clip, ""),
            plan: |_| unreachable!("nothing is planned"),
            sibling: None,
            upgrade: crate::no_upgrade,
        };
        static KINDS: [&crate::NodeSpec; 1] = [&COLOR];
        let catalog = Catalog(&KINDS);
        let mut load = |_: &str| Ok(open(&LOOK.replace("edit.fade", "edit.color")));
        let outer = open(
            r#"(
            throughline: 1,
            nodes: { "look": (kind: "group", version: 1, params: { "file": "look.ron" }) },
            links: {},
            interface: (
                inputs: { "in": "look.clip" },
                outputs: { "picture": "look.clip" },
                params: { "light": "look.exposure" },
            ),
        )"#,
        );
        let face = group_face(&outer, catalog, &mut load);
        let names = |ports: &[PortSpec]| ports.iter().map(|port| port.name.to_string()).collect::<Vec<_>>();
        assert_eq!(
            (names(&face.ports.inputs), names(&face.ports.outputs)),
            (vec!["in".into(), "light".into()], vec!["picture".into()])
        );
        assert_eq!(face.outputs["picture"], [PortRef::new("look-out", "clip")]);
        assert_eq!(face.params[0].spec, COLOR.params[0]);
        assert_eq!((face.params[0].name.as_str(), &face.params[0].inherited), ("light", &Some(Data::Number(0.1))));
        // What the middle one sets is what the outer one inherits.
        let mut own = outer.clone();
        own.nodes["look"].params.insert("exposure".to_owned(), Data::Number(0.7));
        assert_eq!(group_face(&own, catalog, &mut load).params[0].inherited, Some(Data::Number(0.7)));
    }

    #[test]
    fn copies_are_linked_within_their_instance() {
        let look = LOOK.replace(r#"{ "exposure": 0.1 })"#, r#"{ "exposure": 0.1 }, linked: "l")"#).replace(
            r#"(kind: "edit.fade", version: 1, params: {})"#,
            r#"(kind: "edit.color", version: 1, params: { "exposure": 0.1 }, linked: "l")"#,
        );
        let group = |id: &str| {
            format!(r#""{id}": (kind: "group", version: 1, params: {{ "file": "look.ron", "exposure": 0.5 }}),"#)
        };
        let outer = open(&format!("(throughline: 1, nodes: {{ {} {} }}, links: {{}})", group("a"), group("b")));
        let (flat, problems) = expand_groups(&outer, &mut |_| Ok(open(&look)));
        assert_eq!(problems, []);
        assert_eq!(flat.linked_with("a-warm").collect::<Vec<_>>(), ["a-out"]);
        assert_eq!(flat.nodes["a-out"].params["exposure"], Data::Number(0.5), "a shown parameter sets all copies");
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
