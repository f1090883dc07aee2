//! A planning context built from literals, for node tests: `Fixture::new(&SPEC).param(..).input(..).plan()`.

use std::cell::RefCell;
use std::sync::Arc;

use model::plan::{Answer, Needs};
use model::{Data, ElementId, Name, NodeSpec, Outputs, Params, Plan, PlanCx, Settings, Stop, Value, Work};

/// A node alone, with what it would see.
pub(crate) struct Fixture {
    spec: &'static NodeSpec,
    params: Params,
    inputs: Vec<(Name, Value)>,
    element: Option<ElementId>,
    take: u32,
    memory: Option<String>,
    sibling: Option<Outputs>,
    answers: Table,
}

/// A result by work; what it does not know is pending.
type Reply = dyn Fn(&Work) -> Option<Outputs>;

/// Answers to needed works, and what was asked for.
#[derive(Default)]
struct Table {
    answer: Option<Box<Reply>>,
    asked: RefCell<Vec<Work>>,
}

impl Needs for Table {
    fn get(&self, work: &Work) -> Answer {
        self.asked.borrow_mut().push(work.clone());
        match self.answer.as_ref().and_then(|answer| answer(work)) {
            Some(outputs) => Answer::Ready(Arc::new(outputs)),
            None => Answer::Pending,
        }
    }
}

impl Fixture {
    pub(crate) fn new(spec: &'static NodeSpec) -> Fixture {
        Fixture {
            spec,
            params: Params::new(),
            inputs: Vec::new(),
            element: None,
            take: 1,
            memory: None,
            sibling: None,
            answers: Table::default(),
        }
    }
    pub(crate) fn param(mut self, name: &str, value: impl Into<Data>) -> Fixture {
        self.params.insert(name.to_owned(), value.into());
        self
    }
    pub(crate) fn input(mut self, port: &str, value: Value) -> Fixture {
        self.inputs.push((port.to_owned().into(), value));
        self
    }
    pub(crate) fn element(mut self, id: &str) -> Fixture {
        self.element = Some(id.into());
        self
    }
    pub(crate) fn take(mut self, take: u32) -> Fixture {
        self.take = take;
        self
    }
    pub(crate) fn memory(mut self, memory: &str) -> Fixture {
        self.memory = Some(memory.to_owned());
        self
    }
    pub(crate) fn sibling(mut self, outputs: Outputs) -> Fixture {
        self.sibling = Some(outputs);
        self
    }
    pub(crate) fn answers(mut self, answer: impl Fn(&Work) -> Option<Outputs> + 'static) -> Fixture {
        self.answers.answer = Some(Box::new(answer));
        self
    }
    /// The plan under default settings (1280x720, 24 fps).
    pub(crate) fn plan(&self) -> Result<Plan, Stop> {
        let settings = Settings::default();
        (self.spec.plan)(&PlanCx {
            node: "node",
            spec: self.spec,
            params: &self.params,
            inputs: &self.inputs,
            element: self.element.as_ref(),
            settings: &settings,
            take: self.take,
            memory: self.memory.as_deref(),
            sibling: self.sibling.as_ref(),
            needs: &self.answers,
        })
    }
    /// The refusal's message; panics where the node accepts.
    #[track_caller]
    pub(crate) fn refusal(&self) -> String {
        match self.plan() {
            Err(Stop::Refused(diagnostic)) => diagnostic.message.clone(),
            other => panic!("expected a refusal, got {other:?}"),
        }
    }
    /// The works asked for by plans so far.
    pub(crate) fn asked(&self) -> Vec<Work> {
        self.answers.asked.borrow().clone()
    }
}
