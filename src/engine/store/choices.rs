//! Which model was chosen for what was asked, written down before its job is sent.
//!
//! A file each, like the records of results: an index that is lost takes no choice along, and nobody is asked twice.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use model::{Diagnostic, Digest};
use serde::{Deserialize, Serialize};

use super::Store;
use super::disk::{self, Durability};
use super::maintain::as_digest;
use crate::record::Record;

/// A choice that a job was sent by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    pub model: String,
    pub version: u32,
    /// Why, a line each; older versions wrote the record of the decision here as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    /// The record of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Arc<Record>>,
}

/// A choice as its file holds it.
#[derive(Serialize, Deserialize)]
struct ChoiceFile {
    ask: Digest,
    choice: Choice,
}

impl Store {
    fn choice_path(&self, ask: &Digest) -> PathBuf {
        let name = ask.to_string();
        self.root.join("choices").join(&name[..2]).join(format!("{name}.json"))
    }

    /// The newest choice for what was asked; none where there is none, or where it cannot be read any more.
    pub fn choice(&self, ask: &Digest) -> Option<Choice> {
        let text = fs::read_to_string(self.choice_path(ask)).ok()?;
        disk::unsealed::<ChoiceFile>(&text).filter(|file| file.ask == *ask).map(|file| file.choice)
    }

    /// Writes a choice down; it is on the disk when this returns.
    ///
    /// # Errors
    /// A diagnostic where it cannot be written.
    pub fn put_choice(&self, ask: &Digest, choice: &Choice) -> Result<(), Diagnostic> {
        let sealed = disk::sealed(&ChoiceFile { ask: *ask, choice: choice.clone() })
            .map_err(|refused| Diagnostic::error("store-unrepresentable", format!("BUG: a choice: {refused}")))?;
        self.write_file(&self.choice_path(ask), &[sealed.as_bytes()], Durability::Now)
    }

    /// Keys of results whose call names its model by one of these words, as older versions wrote wishes.
    ///
    /// # Errors
    /// A diagnostic where the index cannot be read.
    pub fn keys_that_name(&self, words: &[&str]) -> Result<BTreeSet<Digest>, Diagnostic> {
        self.read(BTreeSet::new(), |db| {
            let mut statement = db.prepare_cached("SELECT key FROM origin WHERE instr(work, ?1) > 0")?;
            let mut found = BTreeSet::new();
            for word in words {
                // No text in a work holds this: its quotes would be escaped.
                let mut rows = statement.query([format!("\"model\":{{\"named\":\"{word}\"}}")])?;
                while let Some(row) = rows.next()? {
                    found.extend(as_digest(row.get_ref(0)?));
                }
            }
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_whole_or_absent() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("s")).expect("it opens");
        let (ask, other) = (Digest::of(b"ask"), Digest::of(b"other"));
        assert_eq!(store.choice(&ask), None);
        let choice = |model: &str| {
            let record = Record { choice: model.to_owned(), others: 3, ..Record::default() };
            let why = vec!["the cheapest".to_owned()];
            Choice { model: model.to_owned(), version: 2, why, record: Some(Arc::new(record)) }
        };
        for model in ["a/x", "a/y"] {
            store.put_choice(&ask, &choice(model)).expect("written");
        }
        assert_eq!((store.choice(&ask), store.choice(&other)), (Some(choice("a/y")), None));
        let path = store.choice_path(&ask);
        let text = fs::read_to_string(&path).expect("it is there");
        fs::write(&path, text.replace("a/y", "a/z")).expect("damaged");
        assert_eq!(store.choice(&ask), None);
    }
}
