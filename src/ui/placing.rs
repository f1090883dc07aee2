//! Adding a node: what fits the wire somebody holds, and the edits that add, wire and place it. Knows no egui.

use model::{Document, Edit, NodeSpec, Params, PortRef, PortSpec, PortType, Ports};

use crate::cx::{End, WireEnd};
use crate::wiring::{add_node, connect, free_id};

/// How well an output fits an input, 0 is best; none where it does not.
fn tier(from: PortType, to: &PortSpec) -> Option<u8> {
    if !from.fits(to.ty) {
        return None;
    }
    let any = from == PortType::Any || to.ty == PortType::Any;
    Some(match (to.param, from == to.ty, any) {
        (false, _, true) => 4,
        (true, _, true) => 5,
        (param, same, _) => u8::from(param) * 2 + u8::from(!same),
    })
}

/// The port of a new node that a wire goes to: the best fit, the first of equals.
pub(crate) fn port_for<'a>(ports: &'a Ports, wire: &WireEnd) -> Option<&'a PortSpec> {
    match wire.end {
        End::Output => {
            let fits = ports.inputs.iter().filter_map(|port| Some((tier(wire.ty, port)?, port)));
            fits.min_by_key(|(tier, _)| *tier).map(|(_, port)| port)
        }
        End::Input => {
            let input = PortSpec { ty: wire.ty, ..held(&wire.port.port) };
            let fits = ports.outputs.iter().filter_map(|port| Some((tier(port.ty, &input)?, port)));
            fits.min_by_key(|(tier, _)| *tier).map(|(_, port)| port)
        }
    }
}

fn held(name: &str) -> PortSpec {
    let name = name.to_owned().into();
    PortSpec { name, ty: PortType::Any, many: false, required: false, param: false, help: "" }
}

/// The ports of a kind before any parameter is set.
pub(crate) fn fresh_ports(spec: &NodeSpec) -> Ports {
    spec.ports_of(&Params::new())
}

/// A node that exists, to which a new one may be wired.
pub(crate) struct Neighbour<'a> {
    pub(crate) id: &'a str,
    pub(crate) ports: &'a Ports,
}

/// The edits that add a node, and its id. It is wired to `wire`, or else to `selected` where it is clear which of
/// its outputs is meant, or which free input.
pub(crate) fn place(
    document: &Document,
    spec: &NodeSpec,
    at: (f32, f32),
    wire: Option<(&WireEnd, &Ports)>,
    selected: Option<&Neighbour<'_>>,
) -> (String, Vec<Edit>) {
    let id = free_id(document, spec.kind);
    let mut edits = add_node(&id, spec, at);
    let ports = fresh_ports(spec);
    match wire {
        Some((wire, its_ports)) => {
            if let Some(port) = port_for(&ports, wire) {
                let own = PortRef::new(&id, &port.name);
                edits.extend(match wire.end {
                    End::Output => connect(document, &wire.port, &own, port.many),
                    End::Input => {
                        let many = its_ports.inputs.iter().any(|input| input.name == wire.port.port && input.many);
                        connect(document, &own, &wire.port, many)
                    }
                });
            }
        }
        None => {
            let pair = selected.and_then(|selected| clear_pair(document, &id, &ports, selected));
            if let Some((from, to, many)) = pair {
                edits.extend(connect(document, &from, &to, many));
            }
        }
    }
    (id, edits)
}

/// The pair of ports that fits best, if it is clear which one: output, input, and whether that takes many.
fn clear_pair(
    document: &Document,
    id: &str,
    ports: &Ports,
    selected: &Neighbour<'_>,
) -> Option<(PortRef, PortRef, bool)> {
    let behind = pairs((selected.id, &selected.ports.outputs), (id, &ports.inputs), |_| true);
    let free = |to: &PortSpec| !to.param && !document.links.contains_key(&PortRef::new(selected.id, &to.name));
    let before =
        |free: &dyn Fn(&PortSpec) -> bool| pairs((id, &ports.outputs), (selected.id, &selected.ports.inputs), free);
    // What the selected node lacks comes before what the new one could do without: a film wants clips, and a model need
    // not be given the film.
    let lacking = before(&|to| to.required && free(to));
    let is_needed =
        |(_, _, to, _): &Pair| ports.inputs.iter().any(|it| it.name == to.port && (it.required || it.param));
    if !lacking.is_empty() && !behind.iter().any(is_needed) {
        return clear(lacking);
    }
    if !behind.is_empty() {
        return clear(behind);
    }
    clear(before(&free))
}

type Pair = (u8, PortRef, PortRef, bool);

fn pairs(
    (from, outputs): (&str, &[PortSpec]),
    (to, inputs): (&str, &[PortSpec]),
    free: impl Fn(&PortSpec) -> bool,
) -> Vec<Pair> {
    let mut found = Vec::new();
    for output in outputs {
        for input in inputs.iter().filter(|input| free(input)) {
            // What takes anything fits everything: wiring it unasked would be a guess.
            if let Some(tier) = tier(output.ty, input).filter(|tier| *tier < 4) {
                found.push((tier, PortRef::new(from, &output.name), PortRef::new(to, &input.name), input.many));
            }
        }
    }
    found
}

fn clear(pairs: Vec<Pair>) -> Option<(PortRef, PortRef, bool)> {
    let best = pairs.iter().map(|(tier, ..)| *tier).min()?;
    let mut best = pairs.into_iter().filter(|(tier, ..)| *tier == best);
    let (_, from, to, many) = best.next()?;
    // Several inputs for one output: kinds declare the one that is meant most often first. Several outputs are a guess.
    best.all(|(_, other, ..)| other == from).then_some((from, to, many))
}

#[cfg(test)]
mod tests {
    use model::Feed;
    use model::spec::Catalog;

    use super::*;

    fn spec(kind: &str) -> &'static NodeSpec {
        Catalog(nodes::ALL).find(kind).unwrap()
    }

    #[track_caller]
    fn placed(graph: &str, kind: &str, selected: Option<&str>, wire: Option<WireEnd>) -> Vec<String> {
        let mut document = model::fixture::graph(graph);
        let ports_of = |document: &Document, id: &str| {
            let node = &document.nodes[id];
            spec(&node.kind).ports_of(&node.params)
        };
        let near = selected.map(|id| (id, ports_of(&document, id)));
        let near = near.as_ref().map(|(id, ports)| Neighbour { id, ports });
        let its = wire.as_ref().map(|wire| ports_of(&document, &wire.port.node));
        let (id, edits) = place(&document, spec(kind), (1.0, 2.0), wire.as_ref().zip(its.as_ref()), near.as_ref());
        document.apply(&edits).unwrap();
        assert!(document.nodes.contains_key(&id));
        let shown = |(to, feed): (&PortRef, &Feed)| {
            let from: Vec<_> = feed.sources().iter().map(ToString::to_string).collect();
            format!("{to} <- {}", from.join(" "))
        };
        document.links.iter().map(shown).collect()
    }

    fn wire(port: &str, ty: PortType, end: End) -> Option<WireEnd> {
        Some(WireEnd { port: PortRef::parse(port).unwrap(), ty, end })
    }

    #[test]
    fn a_dropped_wire_goes_to_the_best_port() {
        let text = wire("a.text", PortType::Text, End::Output);
        assert_eq!(placed("a: prompt.text", "model.video", None, text), ["video.prompt <- a.text"]);
        let clips = wire("f.clips", PortType::Clip, End::Input);
        assert_eq!(placed("f: output.film", "model.video", None, clips.clone()), ["f.clips <- video.clip"]);
        let more = placed("f: output.film clips<-v.clip\nv: model.video", "model.video", None, clips);
        assert_eq!(more, ["f.clips <- v.clip video.clip"], "an input of many gets one more");
    }

    #[test]
    fn the_selected_node_is_wired_where_one_pair_fits() {
        assert_eq!(placed("v: model.video", "output.film", Some("v"), None), ["film.clips <- v.clip"]);
        assert_eq!(placed("f: output.film", "model.video", Some("f"), None), ["f.clips <- video.clip"]);
        assert_eq!(placed("a: prompt.text", "model.video", Some("a"), None), ["video.prompt <- a.text"], "the first");
        assert_eq!(placed("v: model.video", "model.video", Some("v"), None), ["video.source <- v.clip"]);
    }
}
