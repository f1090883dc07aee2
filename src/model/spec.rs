//! Node declarations: what palette, inspector, command line and reference page derive from.

use std::borrow::Cow;

use indexmap::IndexMap;

use crate::plan::{Plan, PlanCx, SiblingCx, Stop};
use crate::{Data, PortType};

/// A name that is known when the program is built, or made from a parameter.
pub type Name = Cow<'static, str>;

/// Parameters of a node by name.
pub type Params = IndexMap<String, Data>;

/// A node kind: declaration and plan.
#[derive(Debug)]
pub struct NodeSpec {
    /// `family.noun` or `family.verb`, for ever.
    pub kind: &'static str,
    pub version: u32,
    pub help: Help,
    pub params: &'static [ParamSpec],
    /// Ports may depend on parameters (named slots of a text).
    pub ports: fn(&Params) -> Ports,
    /// Pure: from parameters and input values to values or one work.
    pub plan: fn(&PlanCx<'_>) -> Result<Plan, Stop>,
    /// The element of the same node that an element depends on, as an index.
    pub sibling: Option<fn(&SiblingCx<'_>) -> Option<usize>>,
    /// Brings parameters of an older version up to `version`, one version at a time.
    pub upgrade: fn(from: u32, params: &mut Params),
}

/// For kinds that have had one version.
pub fn no_upgrade(_from: u32, _params: &mut Params) {}

/// What people read about a node.
#[derive(Clone, Copy, Debug)]
pub struct Help {
    pub title: &'static str,
    pub category: &'static str,
    /// One sentence without a final period.
    pub summary: &'static str,
    pub keywords: &'static [&'static str],
}

/// One parameter. A parameter of a scalar type is also an input port of its name: a link overrides the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParamSpec {
    pub name: &'static str,
    pub kind: ParamKind,
    pub help: &'static str,
    /// `seconds`, `frames`, `dB`; empty where there is none.
    pub unit: &'static str,
}

/// The type of a parameter with its default and limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamKind {
    Text {
        default: &'static str,
        multiline: bool,
    },
    Number {
        default: f64,
        /// Hard limits: outside is an error.
        min: f64,
        max: f64,
        /// What a slider spans.
        soft: (f64, f64),
    },
    Integer {
        default: i64,
        min: i64,
        max: i64,
    },
    Flag {
        default: bool,
    },
    Choice {
        default: &'static str,
        options: &'static [&'static str],
    },
    /// `#rrggbb`.
    Color {
        default: &'static str,
    },
    /// A list of `#rrggbb`.
    Colors,
    /// A path relative to the graph's folder.
    File {
        extensions: &'static [&'static str],
    },
    Files {
        extensions: &'static [&'static str],
    },
    Folder,
    Texts,
    /// A map from row id to a map from column to value.
    Table {
        columns: &'static [ParamSpec],
    },
}

impl ParamSpec {
    const fn new(name: &'static str, kind: ParamKind) -> ParamSpec {
        ParamSpec { name, kind, help: "", unit: "" }
    }
    /// One line of text.
    pub const fn text(name: &'static str, default: &'static str) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Text { default, multiline: false })
    }
    /// Text of any length.
    pub const fn multiline(name: &'static str, default: &'static str) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Text { default, multiline: true })
    }
    /// A number without limits; see [`ParamSpec::range`].
    pub const fn number(name: &'static str, default: f64) -> ParamSpec {
        let kind = ParamKind::Number { default, min: f64::NEG_INFINITY, max: f64::INFINITY, soft: (0.0, 1.0) };
        ParamSpec::new(name, kind)
    }
    /// An integer within limits.
    pub const fn integer(name: &'static str, default: i64, min: i64, max: i64) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Integer { default, min, max })
    }
    /// On or off.
    pub const fn flag(name: &'static str, default: bool) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Flag { default })
    }
    /// One of `options`.
    pub const fn choice(name: &'static str, default: &'static str, options: &'static [&'static str]) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Choice { default, options })
    }
    /// A colour.
    pub const fn color(name: &'static str, default: &'static str) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Color { default })
    }
    /// A palette.
    pub const fn colors(name: &'static str) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Colors)
    }
    /// A file to read.
    pub const fn file(name: &'static str, extensions: &'static [&'static str]) -> ParamSpec {
        ParamSpec::new(name, ParamKind::File { extensions })
    }
    /// Files to read.
    pub const fn files(name: &'static str, extensions: &'static [&'static str]) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Files { extensions })
    }
    /// A folder to list.
    pub const fn folder(name: &'static str) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Folder)
    }
    /// A list of texts.
    pub const fn texts(name: &'static str) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Texts)
    }
    /// Rows by id.
    pub const fn table(name: &'static str, columns: &'static [ParamSpec]) -> ParamSpec {
        ParamSpec::new(name, ParamKind::Table { columns })
    }
    /// Hard limits of a number; the slider spans them too.
    pub const fn range(mut self, low: f64, high: f64) -> ParamSpec {
        if let ParamKind::Number { default, .. } = self.kind {
            self.kind = ParamKind::Number { default, min: low, max: high, soft: (low, high) };
        }
        self
    }
    /// What a slider spans, within the limits.
    pub const fn soft(mut self, low: f64, high: f64) -> ParamSpec {
        if let ParamKind::Number { default, min, max, .. } = self.kind {
            self.kind = ParamKind::Number { default, min, max, soft: (low, high) };
        }
        self
    }
    /// The unit that people see.
    pub const fn unit(mut self, unit: &'static str) -> ParamSpec {
        self.unit = unit;
        self
    }
    /// One sentence without a final period.
    pub const fn help(mut self, help: &'static str) -> ParamSpec {
        self.help = help;
        self
    }

    /// The type of the input port that can drive this parameter, for scalar kinds.
    pub fn port_type(&self) -> Option<PortType> {
        match self.kind {
            ParamKind::Text { .. } => Some(PortType::Text),
            ParamKind::Number { .. } => Some(PortType::Number),
            ParamKind::Integer { .. } => Some(PortType::Integer),
            ParamKind::Flag { .. } => Some(PortType::Flag),
            ParamKind::Choice { .. } => Some(PortType::Choice),
            ParamKind::Color { .. } => Some(PortType::Color),
            _ => None,
        }
    }
}

/// One port.
#[derive(Clone, Debug, PartialEq)]
pub struct PortSpec {
    pub name: Name,
    pub ty: PortType,
    /// Inputs: takes all elements at once. Outputs: one item gives a list.
    pub many: bool,
    /// Inputs: the node cannot run without it.
    pub required: bool,
    /// Inputs: it stands for a parameter.
    pub param: bool,
    pub help: &'static str,
}

/// The ports of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ports {
    pub inputs: Vec<PortSpec>,
    pub outputs: Vec<PortSpec>,
}

impl Ports {
    /// No ports yet.
    pub fn new() -> Ports {
        Ports::default()
    }
    fn push_input(mut self, name: Name, ty: PortType, many: bool, required: bool, help: &'static str) -> Ports {
        self.inputs.push(PortSpec { name, ty, many, required, param: false, help });
        self
    }
    /// A required input that takes one value; a list makes the node run once per element.
    pub fn input(self, name: impl Into<Name>, ty: PortType, help: &'static str) -> Ports {
        self.push_input(name.into(), ty, false, true, help)
    }
    /// An input that may stay unconnected.
    pub fn optional(self, name: impl Into<Name>, ty: PortType, help: &'static str) -> Ports {
        self.push_input(name.into(), ty, false, false, help)
    }
    /// A required input that takes all elements at once.
    pub fn gather(self, name: impl Into<Name>, ty: PortType, help: &'static str) -> Ports {
        self.push_input(name.into(), ty, true, true, help)
    }
    /// The same, may stay unconnected.
    pub fn optional_gather(self, name: impl Into<Name>, ty: PortType, help: &'static str) -> Ports {
        self.push_input(name.into(), ty, true, false, help)
    }
    /// An output of one value.
    pub fn output(mut self, name: impl Into<Name>, ty: PortType, help: &'static str) -> Ports {
        self.outputs.push(PortSpec { name: name.into(), ty, many: false, required: false, param: false, help });
        self
    }
    /// An output that is a list.
    pub fn outputs(mut self, name: impl Into<Name>, ty: PortType, help: &'static str) -> Ports {
        self.outputs.push(PortSpec { name: name.into(), ty, many: true, required: false, param: false, help });
        self
    }
}

impl NodeSpec {
    /// The node's ports with those that stand for parameters, declared ones first.
    pub fn ports_of(&self, params: &Params) -> Ports {
        let mut ports = (self.ports)(params);
        for param in self.params {
            let Some(ty) = param.port_type() else { continue };
            if ports.inputs.iter().any(|port| port.name == param.name) {
                continue;
            }
            ports.inputs.push(PortSpec {
                name: Cow::Borrowed(param.name),
                ty,
                many: false,
                required: false,
                param: true,
                help: param.help,
            });
        }
        ports
    }

    /// The declaration of a parameter.
    pub fn param(&self, name: &str) -> Option<&'static ParamSpec> {
        self.params.iter().find(|param| param.name == name)
    }
}

/// The node kinds that a document may use.
#[derive(Clone, Copy, Debug)]
pub struct Catalog(pub &'static [&'static NodeSpec]);

impl Catalog {
    /// The declaration of a kind.
    pub fn find(&self, kind: &str) -> Option<&'static NodeSpec> {
        self.0.iter().copied().find(|spec| spec.kind == kind)
    }
}
