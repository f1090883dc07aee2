//! Answers plans' questions: files, and results of other works, from memory, then from the store.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use indexmap::IndexMap;
use model::plan::{Answer, Needs};
use model::policy::Policy;
use model::{Diagnostic, Digest, Import, Name, Outputs, Scope, Work};

use crate::files::{Files, Found};
use crate::models::{Asked, Chosen, Models};
use crate::traces::Traces;

/// A work that has no result yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub key: Digest,
    pub work: Work,
    pub chosen: Option<Chosen>,
    /// Whether the item's takes are of more than this.
    pub is_part: bool,
}

/// Results and failures by key, shared by all plans of an engine.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub outputs: IndexMap<Digest, Arc<Outputs>>,
    /// What failed in this run; forgotten when the next one starts.
    pub failures: IndexMap<Digest, Box<Diagnostic>>,
}

/// See the module.
pub(crate) struct Resolver<'a> {
    pub files: &'a RefCell<Files>,
    pub known: &'a RefCell<Known>,
    pub store: &'a dyn Traces,
    pub models: &'a dyn Models,
    pub policy: &'a Policy,
    /// Works that the plan asked for in vain.
    pub wanted: RefCell<Vec<Wanted>>,
    /// Calls that the item's takes are made of, each once, whether they have results or not.
    pub parts: RefCell<Vec<Wanted>>,
    /// Whether the plan asked for a work at all.
    pub worked: Cell<bool>,
    /// Project paths that the plan looked at.
    pub paths: RefCell<Vec<String>>,
    /// The result of the take that the item is pinned to.
    pub pinned: Option<Arc<Outputs>>,
}

impl<'a> Resolver<'a> {
    /// The model for a call that is chosen for alone; none for other works.
    ///
    /// # Errors
    /// Whatever the models say where none can answer it.
    pub(crate) fn choose(&self, work: &Work, scope: &Scope) -> Result<Option<Chosen>, Diagnostic> {
        let Work::Call(call) = work else { return Ok(None) };
        let asked = Asked { call, digest: call.digest(), scope, at_work: None };
        self.models.choose(self.policy, &[asked]).into_iter().next().transpose()
    }

    /// The key of a work that is chosen for alone; none where no model can answer it.
    pub(crate) fn key_of(&self, work: Work, scope: &Scope) -> Option<Digest> {
        let chosen = self.choose(&work, scope).ok()?;
        Some(keyed(work, chosen.as_ref()).0)
    }

    /// The result of a key, from memory or from the store.
    ///
    /// # Errors
    /// Whatever the store says when it cannot be read.
    pub(crate) fn lookup(&self, key: &Digest) -> Result<Option<Arc<Outputs>>, Diagnostic> {
        if let Some(outputs) = self.known.borrow().outputs.get(key) {
            return Ok(Some(outputs.clone()));
        }
        let found = self.store.outputs(key)?;
        if let Some(outputs) = &found {
            self.known.borrow_mut().outputs.insert(*key, outputs.clone());
        }
        Ok(found)
    }

    fn import(&self, import: &Import) -> Result<Answer, Diagnostic> {
        self.paths.borrow_mut().push(import.path.clone());
        let found = self.files.borrow_mut().find(import.kind, &import.path, self.store)?;
        match found {
            Found::Value(value) => Ok(Answer::Ready(Arc::new(vec![(Name::Borrowed("value"), value)]))),
            Found::Content { digest, path } => {
                if path != import.path {
                    self.paths.borrow_mut().push(path.clone());
                }
                self.ask(Work::Import(Import { content: Some(digest), path, ..import.clone() }), None)
            }
        }
    }

    /// `part` has the scope of a work that the item is made of.
    fn ask(&self, work: Work, part: Option<&Scope>) -> Result<Answer, Diagnostic> {
        self.worked.set(true);
        let is_part = part.is_some();
        let chosen = self.choose(&work, part.unwrap_or(&Scope::default()))?;
        let (key, work) = keyed(work, chosen.as_ref());
        if is_part {
            add(&mut self.parts.borrow_mut(), Wanted { key, work: work.clone(), chosen: chosen.clone(), is_part });
        }
        if let Some(outputs) = self.lookup(&key)? {
            return Ok(Answer::Ready(outputs));
        }
        if let Some(failure) = self.known.borrow().failures.get(&key) {
            return Ok(Answer::Failed(failure.clone()));
        }
        add(&mut self.wanted.borrow_mut(), Wanted { key, work, chosen, is_part });
        Ok(Answer::Pending)
    }

    fn answered(&self, work: &Work, part: Option<&Scope>) -> Answer {
        let answer = match work {
            Work::Import(import) => self.import(import),
            other => self.ask(other.clone(), part),
        };
        answer.unwrap_or_else(|diagnostic| Answer::Failed(Box::new(diagnostic)))
    }
}

fn add(works: &mut Vec<Wanted>, work: Wanted) {
    if !works.iter().any(|it| it.key == work.key) {
        works.push(work);
    }
}

/// The key of a work whose import, if it is one, has its content, and the work as its worker gets it: a call names the
/// model that was chosen, whatever its node wished for, and that one's voice.
pub(crate) fn keyed(work: Work, chosen: Option<&Chosen>) -> (Digest, Work) {
    let work = match (work, chosen) {
        (Work::Call(call), Some(chosen)) => Work::Call(Box::new(call.at(&chosen.choice, &chosen.model))),
        (work, _) => work,
    };
    (work.key(chosen.map(|chosen| (chosen.model.as_str(), chosen.version))), work)
}

impl Needs for Resolver<'_> {
    fn get(&self, work: &Work) -> Answer {
        self.answered(work, None)
    }

    fn part(&self, work: &Work, scope: &Scope) -> Answer {
        self.answered(work, Some(scope))
    }

    fn own(&self, work: &Work) -> Answer {
        match &self.pinned {
            Some(outputs) => Answer::Ready(outputs.clone()),
            None => self.get(work),
        }
    }
}
