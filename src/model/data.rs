//! Plain data as graph files hold it: parameters, layout and whatever a newer version wrote.
//!
//! It tells a tuple from a list and a struct from a map, which `ron::Value` cannot, so that unknown data is written
//! back as it was read.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A value in a graph file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Data {
    /// `()`.
    Unit,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Char(char),
    Text(String),
    /// `[a, b]`.
    List(Vec<Data>),
    /// `(a, b)`.
    Tuple(Vec<Data>),
    /// `{"key": value}`, in file order.
    Map(IndexMap<String, Data>),
    /// `(key: value)` or `Name(key: value)`, in file order.
    Struct(Option<String>, IndexMap<String, Data>),
    /// `Name` or `Name(a, b)`; `None` is the name `None`.
    Named(String, Option<Vec<Data>>),
}

impl Data {
    /// What it is, for messages: "a text", "a list".
    pub fn describe(&self) -> &'static str {
        match self {
            Data::Unit => "nothing",
            Data::Flag(_) => "true or false",
            Data::Integer(_) => "an integer",
            Data::Number(_) => "a number",
            Data::Char(_) => "a character",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Tuple(_) => "a tuple",
            Data::Map(_) => "a map",
            Data::Struct(..) => "a struct",
            Data::Named(..) => "a name",
        }
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, where it is one; integers count.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Data::Number(number) => Some(*number),
            Data::Integer(integer) => Some(*integer as f64),
            _ => None,
        }
    }

    /// The integer, where it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Data::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    /// The flag, where it is one.
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Data::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// Members of a list or a tuple.
    pub fn as_items(&self) -> Option<&[Data]> {
        match self {
            Data::List(items) | Data::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// Members of a map or a struct.
    pub fn as_fields(&self) -> Option<&IndexMap<String, Data>> {
        match self {
            Data::Map(fields) | Data::Struct(_, fields) => Some(fields),
            _ => None,
        }
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Data {
        Data::Text(text.to_owned())
    }
}

impl From<f64> for Data {
    fn from(number: f64) -> Data {
        Data::Number(number)
    }
}

impl From<i64> for Data {
    fn from(integer: i64) -> Data {
        Data::Integer(integer)
    }
}

impl From<bool> for Data {
    fn from(flag: bool) -> Data {
        Data::Flag(flag)
    }
}
