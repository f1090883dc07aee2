//! Planning: what a node's pure function sees and gives.
//!
//! A plan may need the result of another work before it can decide (a file's content, a measurement). It asks with
//! `need`; where the result is not there yet the plan stops, and is called again when it is. So plans stay pure and
//! ordered, without callbacks or I/O.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use crate::spec::{Name, NodeSpec, ParamKind, Params};
use crate::{
    Color, Compute, Data, Diagnostic, ElementId, Import, ImportKind, List, Media, Recipe, Reference, Scope, Script,
    Settings, Shot, Value, Work,
};

/// Port name and value, in declaration order.
pub type Outputs = Vec<(Name, Value)>;

/// What a node decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub outcome: Outcome,
    /// Warnings and remarks about the input.
    pub notes: Vec<Diagnostic>,
    /// What the node wants to know at its next plan (identities that survive edits). Kept beside the graph.
    pub memory: Option<String>,
    /// The work whose result the values were read from: its key and its takes are the item's.
    pub made_by: Option<Box<Work>>,
    /// Where in the story the work belongs; decides who is asked, and enters no key.
    pub scope: Scope,
}

/// Values now, or work that gives them.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Values(Outputs),
    Work(Box<Work>),
}

impl Plan {
    /// The outputs are known.
    pub fn values(outputs: impl IntoIterator<Item = (&'static str, Value)>) -> Plan {
        let outputs = outputs.into_iter().map(|(name, value)| (Name::Borrowed(name), value)).collect();
        Plan {
            outcome: Outcome::Values(outputs),
            notes: Vec::new(),
            memory: None,
            made_by: None,
            scope: Scope::default(),
        }
    }

    /// A worker has to make the outputs; it names them after the node's ports.
    pub fn work(work: Work) -> Plan {
        let outcome = Outcome::Work(Box::new(work));
        Plan { outcome, notes: Vec::new(), memory: None, made_by: None, scope: Scope::default() }
    }

    /// Adds a remark.
    pub fn note(mut self, note: Diagnostic) -> Plan {
        self.notes.push(note);
        self
    }

    /// Says which work the values were read from.
    pub fn made_by(mut self, work: Work) -> Plan {
        self.made_by = Some(Box::new(work));
        self
    }

    /// Says where in the story the work belongs.
    pub fn within(mut self, scope: Scope) -> Plan {
        self.scope = scope;
        self
    }

    /// Keeps a text for the next plan.
    pub fn remember(mut self, memory: String) -> Plan {
        self.memory = Some(memory);
        self
    }
}

/// Why a plan ended without a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// The input is wrong.
    Refused(Box<Diagnostic>),
    /// A needed work has no result yet; the needs know which.
    Pending,
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Stop {
        Stop::Refused(Box::new(diagnostic))
    }
}

impl Stop {
    /// Adds a way out to a refusal.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Stop {
        match self {
            Stop::Refused(diagnostic) => Stop::Refused(Box::new(diagnostic.hint(hint))),
            Stop::Pending => Stop::Pending,
        }
    }
}

/// The state of a needed work.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Ready(Arc<Outputs>),
    Pending,
    Failed(Box<Diagnostic>),
}

/// Whoever knows results of works: the engine, or a test's table.
pub trait Needs {
    /// The result of a work, if it is known; otherwise remembers that it was asked for.
    fn get(&self, work: &Work) -> Answer;

    /// The same for the one work that the item's takes are of: a pinned take answers in its place.
    fn own(&self, work: &Work) -> Answer {
        self.get(work)
    }

    /// The same for one of several works that the item is made of: its takes are of the whole.
    /// Where in the story it belongs decides who is asked.
    fn part(&self, work: &Work, _scope: &Scope) -> Answer {
        self.get(work)
    }
}

/// For tests and nodes that need nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNeeds;

impl Needs for NoNeeds {
    fn get(&self, _work: &Work) -> Answer {
        Answer::Pending
    }
}

/// What a plan sees.
pub struct PlanCx<'a> {
    pub node: &'a str,
    pub spec: &'a NodeSpec,
    pub params: &'a Params,
    /// Connected inputs by port name; gathering ports hold lists.
    pub inputs: &'a [(Name, Value)],
    pub element: Option<&'a ElementId>,
    pub settings: &'a Settings,
    /// The chosen take of this item, from 1.
    pub take: u32,
    /// What the node remembered at its last committed plan.
    pub memory: Option<&'a str>,
    /// Outputs of the sibling that the item depends on.
    pub sibling: Option<&'a Outputs>,
    pub needs: &'a dyn Needs,
}

/// What decides on which sibling an element depends.
pub struct SiblingCx<'a> {
    pub params: &'a Params,
    pub elements: &'a [ElementId],
    pub idx: usize,
    /// The value of a one-valued input at an element's index, where it is known.
    pub input: &'a dyn Fn(&str, usize) -> Option<Value>,
}

macro_rules! typed_inputs {
    ($($(#[$doc:meta])* $one:ident $many:ident $variant:ident $type:ty;)*) => {
        $(
            $(#[$doc])*
            pub fn $one(&self, port: &str) -> Result<&'a $type, Stop> {
                match self.input(port)? {
                    Value::$variant(it) => Ok(it),
                    other => Err(self.mismatch(port, other)),
                }
            }

            /// The values of a gathering port with their element ids; empty where nothing is connected.
            pub fn $many(&self, port: &str) -> Result<Vec<(&'a ElementId, &'a $type)>, Stop> {
                let Some(list) = self.list(port)? else { return Ok(Vec::new()) };
                list.iter()
                    .map(|entry| match &entry.value {
                        Value::$variant(it) => Ok((&entry.id, it)),
                        other => Err(self.mismatch(port, other)),
                    })
                    .collect()
            }
        )*
    };
}

impl<'a> PlanCx<'a> {
    /// A refusal that names the node, the element and a port or parameter.
    pub fn refuse(&self, field: &str, message: impl Display) -> Stop {
        self.diagnose(Diagnostic::error("node-refused", message.to_string()), field).into()
    }

    /// A warning that names the node, the element and a port or parameter.
    pub fn warn(&self, code: &str, field: &str, message: impl Display) -> Diagnostic {
        self.diagnose(Diagnostic::warning(code, message.to_string()), field)
    }

    fn diagnose(&self, diagnostic: Diagnostic, field: &str) -> Diagnostic {
        let mut diagnostic = diagnostic.at_node(self.node);
        if !field.is_empty() {
            diagnostic = diagnostic.at_field(field);
        }
        match self.element {
            Some(element) => diagnostic.at_element(element),
            None => diagnostic,
        }
    }

    fn mismatch(&self, port: &str, found: &Value) -> Stop {
        self.refuse(port, format!("this port cannot take {}", found.port_type().name()))
    }

    /// The value on a port, if it is connected.
    pub fn maybe(&self, port: &str) -> Option<&'a Value> {
        self.inputs.iter().find(|(name, _)| name == port).map(|(_, value)| value)
    }

    /// The value on a port.
    ///
    /// # Errors
    /// A refusal where nothing is connected.
    pub fn input(&self, port: &str) -> Result<&'a Value, Stop> {
        self.maybe(port).ok_or_else(|| self.refuse(port, "nothing is connected here").hint("connect an output to it"))
    }

    /// The list on a gathering port, if it is connected.
    ///
    /// # Errors
    /// A refusal where the value is not a list.
    pub fn list(&self, port: &str) -> Result<Option<&'a List>, Stop> {
        match self.maybe(port) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(other) => Err(self.mismatch(port, other)),
        }
    }

    typed_inputs! {
        /// The shot on a port.
        shot shots Shot Arc<Shot>;
        /// The clip on a port.
        clip clips Clip Arc<Recipe>;
        /// The script on a port.
        script scripts Script Arc<Script>;
        /// The picture on a port.
        image images Image crate::Image;
        /// The sound on a port.
        audio audios Audio Arc<Media>;
        /// The character, location, prop or style on a port.
        reference references Reference Arc<Reference>;
        /// The report on a port.
        report reports Report Arc<crate::Report>;
    }

    /// A clip that may be unconnected.
    pub fn maybe_clip(&self, port: &str) -> Result<Option<&'a Arc<Recipe>>, Stop> {
        self.maybe(port).map(|_| self.clip(port)).transpose()
    }

    fn param_spec(&self, name: &str) -> &'static crate::spec::ParamSpec {
        self.spec.param(name).unwrap_or_else(|| panic!("BUG: {} declares no parameter `{name}`", self.spec.kind))
    }

    fn wrong(&self, name: &str, expected: &str, found: &Data) -> Stop {
        self.refuse(name, format!("expected {expected}, found {}", found.describe()))
    }

    /// The raw parameter, where the document sets it.
    pub fn data(&self, name: &str) -> Option<&'a Data> {
        self.params.get(name)
    }

    /// A text parameter, or what is connected to its port.
    pub fn text(&self, name: &str) -> Result<Arc<str>, Stop> {
        match self.maybe(name) {
            Some(Value::Text(text) | Value::Choice(text)) => return Ok(text.clone()),
            Some(other) => return Err(self.mismatch(name, other)),
            None => {}
        }
        match (self.params.get(name), &self.param_spec(name).kind) {
            (Some(Data::Text(text)), _) => Ok(text.as_str().into()),
            (Some(other), _) => Err(self.wrong(name, "a text", other)),
            (None, ParamKind::Text { default, .. } | ParamKind::Choice { default, .. }) => Ok((*default).into()),
            (None, _) => Ok("".into()),
        }
    }

    /// A choice parameter, or what is connected to its port; checked against the options.
    pub fn choice(&self, name: &str) -> Result<&'static str, Stop> {
        let text = self.text(name)?;
        let ParamKind::Choice { options, .. } = self.param_spec(name).kind else {
            panic!("BUG: `{name}` is not a choice");
        };
        options.iter().copied().find(|option| **option == *text).ok_or_else(|| {
            self.refuse(name, format!("`{text}` is not one of the choices"))
                .hint(format!("choose one of: {}", options.join(", ")))
        })
    }

    /// A number parameter, or what is connected to its port; checked against the limits.
    pub fn number(&self, name: &str) -> Result<f64, Stop> {
        let ParamKind::Number { default, min, max, .. } = self.param_spec(name).kind else {
            panic!("BUG: `{name}` is not a number");
        };
        let number = match (self.maybe(name), self.params.get(name)) {
            (Some(Value::Number(number)), _) => *number,
            (Some(Value::Integer(integer)), _) => *integer as f64,
            (Some(other), _) => return Err(self.mismatch(name, other)),
            (None, Some(data)) => data.as_number().ok_or_else(|| self.wrong(name, "a number", data))?,
            (None, None) => default,
        };
        if !number.is_finite() || number < min || max < number {
            return Err(self.refuse(name, format!("{number} is outside {min} to {max}")));
        }
        Ok(number)
    }

    /// An integer parameter, or what is connected to its port; checked against the limits.
    pub fn integer(&self, name: &str) -> Result<i64, Stop> {
        let ParamKind::Integer { default, min, max } = self.param_spec(name).kind else {
            panic!("BUG: `{name}` is not an integer");
        };
        let integer = match (self.maybe(name), self.params.get(name)) {
            (Some(Value::Integer(integer)), _) => *integer,
            (Some(other), _) => return Err(self.mismatch(name, other)),
            (None, Some(data)) => data.as_integer().ok_or_else(|| self.wrong(name, "an integer", data))?,
            (None, None) => default,
        };
        if !(min..=max).contains(&integer) {
            return Err(self.refuse(name, format!("{integer} is outside {min} to {max}")));
        }
        Ok(integer)
    }

    /// A flag parameter, or what is connected to its port.
    pub fn flag(&self, name: &str) -> Result<bool, Stop> {
        let ParamKind::Flag { default } = self.param_spec(name).kind else {
            panic!("BUG: `{name}` is not a flag");
        };
        match (self.maybe(name), self.params.get(name)) {
            (Some(Value::Flag(flag)), _) => Ok(*flag),
            (Some(other), _) => Err(self.mismatch(name, other)),
            (None, Some(data)) => data.as_flag().ok_or_else(|| self.wrong(name, "true or false", data)),
            (None, None) => Ok(default),
        }
    }

    /// A colour parameter, or what is connected to its port.
    pub fn color(&self, name: &str) -> Result<Color, Stop> {
        let ParamKind::Color { default } = self.param_spec(name).kind else {
            panic!("BUG: `{name}` is not a colour");
        };
        let text = match (self.maybe(name), self.params.get(name)) {
            (Some(Value::Color(color)), _) => return Ok(*color),
            (Some(other), _) => return Err(self.mismatch(name, other)),
            (None, Some(data)) => data.as_text().ok_or_else(|| self.wrong(name, "a colour", data))?,
            (None, None) => default,
        };
        Color::parse(text).ok_or_else(|| self.not_a_color(name, text))
    }

    fn not_a_color(&self, name: &str, text: &str) -> Stop {
        self.refuse(name, format!("`{text}` is not a colour")).hint("write it like #a03020")
    }

    /// A list of texts: texts, files or colours; empty where unset.
    pub fn texts(&self, name: &str) -> Result<Vec<&'a str>, Stop> {
        let Some(data) = self.params.get(name) else { return Ok(Vec::new()) };
        let items = data.as_items().ok_or_else(|| self.wrong(name, "a list of texts", data))?;
        items.iter().map(|item| item.as_text().ok_or_else(|| self.wrong(name, "a text in the list", item))).collect()
    }

    /// A palette; empty where unset.
    pub fn colors(&self, name: &str) -> Result<Vec<Color>, Stop> {
        self.texts(name)?
            .into_iter()
            .map(|text| Color::parse(text).ok_or_else(|| self.not_a_color(name, text)))
            .collect()
    }

    /// Rows of a table parameter: row id and fields; empty where unset.
    pub fn table(&self, name: &str) -> Result<Vec<(&'a str, &'a Params)>, Stop> {
        let Some(data) = self.params.get(name) else { return Ok(Vec::new()) };
        let rows = data.as_fields().ok_or_else(|| self.wrong(name, "rows by id", data))?;
        rows.iter()
            .map(|(id, row)| {
                Ok((id.as_str(), row.as_fields().ok_or_else(|| self.wrong(name, "a row of fields", row))?))
            })
            .collect()
    }

    /// The outputs of another work.
    ///
    /// # Errors
    /// [`Stop::Pending`] until it has run; a refusal when it failed.
    pub fn need(&self, work: &Work) -> Result<Arc<Outputs>, Stop> {
        self.answered(self.needs.get(work))
    }

    /// The outputs of the work that the item is about, for nodes that read values out of a model's answer: where a
    /// take is pinned, that take's.
    ///
    /// # Errors
    /// As [`PlanCx::need`].
    pub fn own(&self, work: &Work) -> Result<Arc<Outputs>, Stop> {
        self.answered(self.needs.own(work))
    }

    fn answered(&self, answer: Answer) -> Result<Arc<Outputs>, Stop> {
        match answer {
            Answer::Ready(outputs) => Ok(outputs),
            Answer::Pending => Err(Stop::Pending),
            Answer::Failed(diagnostic) => Err(self.diagnose(*diagnostic, "").into()),
        }
    }

    /// The outputs of one of several works that the item is made of. A take of such an item is all that the item gives,
    /// so a pinned one stands whatever is asked here.
    ///
    /// # Errors
    /// As [`PlanCx::need`].
    pub fn part(&self, work: &Work, scope: &Scope) -> Result<Arc<Outputs>, Stop> {
        self.answered(self.needs.part(work, scope))
    }

    /// The outputs of several works, asked for together so that they can run side by side.
    pub fn need_all(&self, works: &[Work]) -> Result<Vec<Arc<Outputs>>, Stop> {
        all(works.iter().map(|work| self.need(work)).collect())
    }

    /// The outputs of all works that the item is made of, each with where in the story it belongs, asked for together.
    ///
    /// # Errors
    /// As [`PlanCx::need`].
    pub fn parts(&self, works: &[(Work, Scope)]) -> Result<Vec<Arc<Outputs>>, Stop> {
        all(works.iter().map(|(work, scope)| self.part(work, scope)).collect())
    }

    /// The output `port` of a compute operation.
    pub fn compute<const N: usize>(
        &self,
        op: &str,
        version: u32,
        args: [(&str, Value); N],
        port: &str,
    ) -> Result<Value, Stop> {
        let outputs = self.need(&compute(op, version, args))?;
        self.port_of(&outputs, port)
    }

    /// A file of the project as a value: text, image, clip, audio, or the names in a folder.
    pub fn import(&self, kind: ImportKind, field: &str, path: &str) -> Result<Value, Stop> {
        if path.trim().is_empty() {
            return Err(self.refuse(field, "no file is chosen").hint("set a path relative to the graph's folder"));
        }
        let rate = (kind == ImportKind::Clip).then_some(self.settings.fps);
        let work = Work::Import(Import { kind, path: path.to_owned(), content: None, rate });
        let outputs = match self.needs.get(&work) {
            Answer::Ready(outputs) => outputs,
            Answer::Pending => return Err(Stop::Pending),
            Answer::Failed(diagnostic) => return Err(self.diagnose(*diagnostic, field).into()),
        };
        self.port_of(&outputs, "value")
    }

    fn port_of(&self, outputs: &Outputs, port: &str) -> Result<Value, Stop> {
        outputs
            .iter()
            .find(|(name, _)| name == port)
            .map(|(_, value)| value.clone())
            .ok_or_else(|| self.refuse("", format!("BUG: the worker gave no `{port}`")))
    }

    /// An output of the sibling that this element depends on.
    pub fn sibling(&self, port: &str) -> Option<&'a Value> {
        self.sibling?.iter().find(|(name, _)| name == port).map(|(_, value)| value)
    }
}

/// All answers, or why there are none: a refusal tells more than an answer that is on its way.
///
/// # Errors
/// The first refusal, else [`Stop::Pending`].
pub fn all<T>(answers: Vec<Result<T, Stop>>) -> Result<Vec<T>, Stop> {
    let mut found = Vec::with_capacity(answers.len());
    let mut is_pending = false;
    for answer in answers {
        match answer {
            Ok(it) => found.push(it),
            Err(Stop::Pending) => is_pending = true,
            Err(refused) => return Err(refused),
        }
    }
    if is_pending { Err(Stop::Pending) } else { Ok(found) }
}

/// A compute work.
pub fn compute<const N: usize>(op: &str, version: u32, args: [(&str, Value); N]) -> Work {
    let args: BTreeMap<_, _> = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Work::Compute(Compute { op: op.to_owned(), version, args })
}
