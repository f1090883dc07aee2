//! Which kinds a wire fits, and how a new node is wired: pure, for whoever adds nodes.

use model::{Document, Edit, NodeSpec, Params, PortRef, PortSpec, PortType, Ports};

use crate::cx::{End, WireEnd};
use crate::wiring::connect;

/// Whether a new node of a kind could be joined to a wire's end.
pub(crate) fn fits(spec: &NodeSpec, wire: &WireEnd) -> bool {
    let ports = spec.ports_of(&Params::default());
    match wire.end {
        End::Output => best_input(&ports, wire.ty).is_some(),
        End::Input => best_output(&ports, wire.ty).is_some(),
    }
}

/// The edits that wire a node which was just added: to the end of a wire that was dropped, or else to a node that is
/// selected. They go into the batch that adds the node.
pub(crate) fn auto_wire(
    document: &Document,
    id: &str,
    ports: &Ports,
    wire: Option<&WireEnd>,
    selected: Option<(&str, &Ports)>,
) -> Vec<Edit> {
    match wire {
        Some(WireEnd { port, ty, end: End::Output }) => best_input(ports, *ty)
            .map(|input| connect(document, port, &PortRef::new(id, &input.name), input.many))
            .unwrap_or_default(),
        // The held input says itself whether it takes many; one that is connected already and takes one is replaced.
        Some(WireEnd { port, ty, end: End::Input }) => best_output(ports, *ty)
            .map(|output| connect(document, &PortRef::new(id, &output.name), port, takes_many(document, port)))
            .unwrap_or_default(),
        None => selected.map(|(from, theirs)| from_selected(document, id, ports, from, theirs)).unwrap_or_default(),
    }
}

fn takes_many(document: &Document, port: &PortRef) -> bool {
    document.links.get(port).is_some_and(|feed| 1 < feed.sources().len())
}

/// An output of the selected node to an input of the new one, where their types are the same or convert.
fn from_selected(document: &Document, id: &str, ports: &Ports, from: &str, theirs: &Ports) -> Vec<Edit> {
    let pairs = theirs.outputs.iter().flat_map(|output| {
        let inputs = ports.inputs.iter().filter(move |input| output.ty.fits(input.ty));
        inputs.map(move |input| (rank(input, output.ty), output, input))
    });
    let best = pairs.min_by_key(|(rank, _, _)| *rank);
    best.map(|(_, output, input)| {
        connect(document, &PortRef::new(from, &output.name), &PortRef::new(id, &input.name), input.many)
    })
    .unwrap_or_default()
}

fn rank(input: &PortSpec, ty: PortType) -> (bool, bool, bool) {
    (input.ty != ty, input.param, !input.required)
}

fn best_input(ports: &Ports, ty: PortType) -> Option<&PortSpec> {
    ports.inputs.iter().filter(|port| ty.fits(port.ty)).min_by_key(|port| rank(port, ty))
}

fn best_output(ports: &Ports, ty: PortType) -> Option<&PortSpec> {
    ports.outputs.iter().filter(|port| port.ty.fits(ty)).min_by_key(|port| port.ty != ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(kind: &str) -> Ports {
        model::Catalog(nodes::ALL).find(kind).unwrap().ports_of(&Params::default())
    }

    #[track_caller]
    fn wired(wire: Option<(&str, PortType, End)>, kind: &str, selected: Option<&str>) -> String {
        let mut document = model::fixture::graph("video: model.video\nfilm: output.film\ntext: prompt.text");
        let theirs = selected.map(|id| (id, ports(&document.nodes[id].kind)));
        let wire = wire.map(|(port, ty, end)| WireEnd { port: PortRef::parse(port).unwrap(), ty, end });
        let mut edits = crate::wiring::add_node("new", model::Catalog(nodes::ALL).find(kind).unwrap(), (0.0, 0.0));
        let selected = theirs.as_ref().map(|(id, ports)| (*id, ports));
        edits.extend(auto_wire(&document, "new", &ports(kind), wire.as_ref(), selected));
        document.apply(&edits).unwrap();
        let links = document.links.iter();
        links.map(|(to, feed)| format!("{to}<-{}", feed.sources()[0])).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_new_node_is_wired_to_the_wire_or_to_the_selection() {
        let clip = Some(("video.clip", PortType::Clip, End::Output));
        assert_eq!(wired(clip, "edit.color", None), "new.clip<-video.clip");
        assert_eq!(wired(Some(("film.clips", PortType::Clip, End::Input)), "edit.color", None), "film.clips<-new.clip");
        assert_eq!(wired(None, "edit.color", Some("video")), "new.clip<-video.clip");
        assert_eq!(wired(None, "model.video", Some("text")), "new.prompt<-text.text");
        assert_eq!(wired(None, "import.clip", Some("text")), "");
    }

    #[test]
    fn kinds_that_a_wire_does_not_fit_are_told_apart() {
        let catalog = model::Catalog(nodes::ALL);
        let wire = WireEnd { port: PortRef::new("video", "clip"), ty: PortType::Clip, end: End::Output };
        assert!(fits(catalog.find("output.film").unwrap(), &wire));
        assert!(!fits(catalog.find("prompt.text").unwrap(), &wire));
    }
}
