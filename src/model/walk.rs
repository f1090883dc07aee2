//! One walk over whatever is serializable, with two receivers: a hash (the key) and a listing (the explanation).
//!
//! Both come from the same `Serialize` implementation, so an explanation cannot drift from the key it explains.
//! The alternative, hashing a text format, costs a formatting pass per key and ties keys to a printer's habits.

use std::cell::Cell;
use std::fmt::Display;

use serde::ser::{self, Serialize};

use crate::Digest;

/// The digest of a value's canonical encoding: field names, type tags, lengths, little-endian numbers.
pub fn digest_of<T: Serialize + ?Sized>(value: &T) -> Digest {
    // Taken, not borrowed: a list's own digest may be asked for while a value that holds it is walked.
    let mut sink = Bytes(SCRATCH.take());
    walk(value, &mut sink);
    let digest = Digest::of(&sink.0);
    if sink.0.capacity() <= MOST_SCRATCH {
        sink.0.clear();
        SCRATCH.set(sink.0);
    }
    digest
}

/// Largest buffer that a thread keeps for its next digest, in bytes.
const MOST_SCRATCH: usize = 1 << 16;

thread_local! {
    /// Where encodings are written: growing a new buffer for each digest costs more than the walk.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Every scalar of a value with its dotted path, in walk order: `("request.shot.size", "MS")`.
pub fn ingredients_of<T: Serialize + ?Sized>(value: &T) -> Vec<(String, String)> {
    let mut sink = Listing { path: Vec::new(), found: Vec::new() };
    walk(value, &mut sink);
    sink.found
}

fn walk<T: Serialize + ?Sized, S: Sink>(value: &T, sink: &mut S) {
    value
        .serialize(Walker { sink, only_first: false })
        .expect("our types serialize without refusing: maps have text keys and lengths are known");
}

/// The name under which a list offers `(digest, entries)`: the hash reads the digest alone.
pub(crate) const MERKLE: &str = "$merkle";

enum Leaf<'a> {
    Unit,
    Flag(bool),
    Integer(i64),
    Unsigned(u64),
    Number(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

trait Sink {
    const LISTS: bool;
    fn enter(&mut self, segment: &str);
    fn open(&mut self, tag: u8);
    fn close(&mut self);
    fn leave(&mut self);
    fn leaf(&mut self, leaf: Leaf<'_>);
}

struct Bytes(Vec<u8>);

impl Bytes {
    fn sized(&mut self, tag: u8, bytes: &[u8]) {
        let [a, b, c, d] = (bytes.len() as u32).to_le_bytes();
        self.0.reserve(5 + bytes.len());
        self.0.extend_from_slice(&[tag, a, b, c, d]);
        self.0.extend_from_slice(bytes);
    }

    fn eight(&mut self, tag: u8, [a, b, c, d, e, f, g, h]: [u8; 8]) {
        self.0.extend_from_slice(&[tag, a, b, c, d, e, f, g, h]);
    }
}

impl Sink for Bytes {
    const LISTS: bool = false;
    fn enter(&mut self, segment: &str) {
        self.sized(b'k', segment.as_bytes());
    }
    fn open(&mut self, tag: u8) {
        self.0.push(tag);
    }
    fn close(&mut self) {
        self.0.push(b'.');
    }
    fn leave(&mut self) {}
    fn leaf(&mut self, leaf: Leaf<'_>) {
        match leaf {
            Leaf::Unit => self.0.push(b'0'),
            Leaf::Flag(flag) => self.0.extend_from_slice(&[b'f', flag.into()]),
            Leaf::Integer(i) if 0 <= i => self.leaf(Leaf::Unsigned(i.unsigned_abs())),
            Leaf::Integer(i) => self.eight(b'i', i.to_le_bytes()),
            Leaf::Unsigned(u) => self.eight(b'u', u.to_le_bytes()),
            Leaf::Number(n) => {
                // -0.0 and 0.0 ask for the same thing.
                let n = if n == 0.0 { 0.0 } else { n };
                self.eight(b'n', n.to_bits().to_le_bytes());
            }
            Leaf::Text(text) => self.sized(b't', text.as_bytes()),
            Leaf::Bytes(bytes) => self.sized(b'b', bytes),
        }
    }
}

struct Listing {
    path: Vec<String>,
    found: Vec<(String, String)>,
}

impl Sink for Listing {
    const LISTS: bool = true;
    fn enter(&mut self, segment: &str) {
        self.path.push(segment.to_owned());
    }
    fn open(&mut self, _tag: u8) {}
    fn close(&mut self) {}
    fn leave(&mut self) {
        self.path.pop();
    }
    fn leaf(&mut self, leaf: Leaf<'_>) {
        let text = match leaf {
            Leaf::Unit => "-".to_owned(),
            Leaf::Flag(flag) => flag.to_string(),
            Leaf::Integer(i) => i.to_string(),
            Leaf::Unsigned(u) => u.to_string(),
            Leaf::Number(n) => n.to_string(),
            Leaf::Text(text) => text.to_owned(),
            Leaf::Bytes(bytes) => format!("{} bytes {}", bytes.len(), Digest::of(bytes).short()),
        };
        self.found.push((self.path.join("."), text));
    }
}

struct Walker<'a, S> {
    sink: &'a mut S,
    only_first: bool,
}

/// What a walk could refuse; our types never do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl ser::Error for Refused {
    fn custom<T: Display>(message: T) -> Refused {
        Refused(message.to_string())
    }
}

/// A list, a map or a struct under way.
struct Compound<'a, S> {
    sink: &'a mut S,
    idx: usize,
    only_first: bool,
    in_variant: bool,
    key: String,
}

impl<'a, S: Sink> Walker<'a, S> {
    fn compound(self, tag: u8, variant: Option<&str>) -> Compound<'a, S> {
        if let Some(variant) = variant {
            self.sink.enter(variant);
        }
        self.sink.open(tag);
        Compound {
            sink: self.sink,
            idx: 0,
            only_first: self.only_first,
            in_variant: variant.is_some(),
            key: String::new(),
        }
    }
}

impl<S: Sink> Compound<'_, S> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.idx += 1;
        if self.only_first {
            if self.idx == 1 {
                return value.serialize(Walker { sink: self.sink, only_first: false });
            }
            return Ok(());
        }
        if S::LISTS {
            self.sink.enter(&(self.idx - 1).to_string());
        }
        value.serialize(Walker { sink: self.sink, only_first: false })?;
        if S::LISTS {
            self.sink.leave();
        }
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Refused> {
        self.sink.enter(key);
        value.serialize(Walker { sink: self.sink, only_first: false })?;
        self.sink.leave();
        Ok(())
    }

    fn finish(self) -> Result<(), Refused> {
        self.sink.close();
        if self.in_variant {
            self.sink.leave();
        }
        Ok(())
    }
}

macro_rules! leaves {
    ($($name:ident: $type:ty => $leaf:ident as $as:ty;)*) => {
        $(fn $name(self, value: $type) -> Result<(), Refused> {
            self.sink.leaf(Leaf::$leaf(<$as>::from(value)));
            Ok(())
        })*
    };
}

impl<'a, S: Sink> ser::Serializer for Walker<'a, S> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Compound<'a, S>;
    type SerializeTuple = Compound<'a, S>;
    type SerializeTupleStruct = Compound<'a, S>;
    type SerializeTupleVariant = Compound<'a, S>;
    type SerializeMap = Compound<'a, S>;
    type SerializeStruct = Compound<'a, S>;
    type SerializeStructVariant = Compound<'a, S>;

    fn is_human_readable(&self) -> bool {
        S::LISTS
    }

    leaves! {
        serialize_bool: bool => Flag as bool;
        serialize_i8: i8 => Integer as i64;
        serialize_i16: i16 => Integer as i64;
        serialize_i32: i32 => Integer as i64;
        serialize_i64: i64 => Integer as i64;
        serialize_u8: u8 => Unsigned as u64;
        serialize_u16: u16 => Unsigned as u64;
        serialize_u32: u32 => Unsigned as u64;
        serialize_u64: u64 => Unsigned as u64;
        serialize_f32: f32 => Number as f64;
        serialize_f64: f64 => Number as f64;
    }

    fn serialize_char(self, value: char) -> Result<(), Refused> {
        self.sink.leaf(Leaf::Text(value.encode_utf8(&mut [0; 4])));
        Ok(())
    }
    fn serialize_str(self, value: &str) -> Result<(), Refused> {
        self.sink.leaf(Leaf::Text(value));
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refused> {
        self.sink.leaf(Leaf::Bytes(value));
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Refused> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refused> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Refused> {
        self.sink.leaf(Leaf::Unit);
        Ok(())
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Refused> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Refused> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Refused> {
        value.serialize(Walker { only_first: name == MERKLE && !S::LISTS, sink: self.sink })
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        self.sink.enter(variant);
        value.serialize(Walker { sink: self.sink, only_first: false })?;
        self.sink.leave();
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a, S>, Refused> {
        Ok(self.compound(b'[', None))
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound<'a, S>, Refused> {
        Ok(self.compound(b'[', None))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a, S>, Refused> {
        Ok(self.compound(b'[', None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a, S>, Refused> {
        Ok(self.compound(b'[', Some(variant)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a, S>, Refused> {
        Ok(self.compound(b'{', None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a, S>, Refused> {
        Ok(self.compound(b'{', None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a, S>, Refused> {
        Ok(self.compound(b'{', Some(variant)))
    }
}

macro_rules! compounds {
    ($($trait:ident $method:ident,)*) => {
        $(impl<S: Sink> ser::$trait for Compound<'_, S> {
            type Ok = ();
            type Error = Refused;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.element(value)
            }
            fn end(self) -> Result<(), Refused> {
                self.finish()
            }
        })*
    };
}

compounds! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

impl<S: Sink> ser::SerializeStruct for Compound<'_, S> {
    type Ok = ();
    type Error = Refused;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refused> {
        self.field(key, value)
    }
    fn end(self) -> Result<(), Refused> {
        self.finish()
    }
}

impl<S: Sink> ser::SerializeStructVariant for Compound<'_, S> {
    type Ok = ();
    type Error = Refused;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refused> {
        self.field(key, value)
    }
    fn end(self) -> Result<(), Refused> {
        self.finish()
    }
}

impl<S: Sink> ser::SerializeMap for Compound<'_, S> {
    type Ok = ();
    type Error = Refused;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        let mut sink = Listing { path: Vec::new(), found: Vec::new() };
        key.serialize(Walker { sink: &mut sink, only_first: false })?;
        self.key = sink.found.pop().map(|(_, text)| text).unwrap_or_default();
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let key = std::mem::take(&mut self.key);
        self.field(&key, value)
    }
    fn end(self) -> Result<(), Refused> {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Shot {
        size: &'static str,
        seconds: f64,
        cast: Vec<&'static str>,
        options: BTreeMap<&'static str, i32>,
    }

    fn shot() -> Shot {
        Shot { size: "MS", seconds: 4.0, cast: vec!["MARA"], options: BTreeMap::from([("slate", 1)]) }
    }

    #[test]
    fn the_listing_names_every_ingredient() {
        let found = ingredients_of(&shot());
        let paths: Vec<_> = found.iter().map(|(path, text)| format!("{path}={text}")).collect();
        assert_eq!(paths, ["size=MS", "seconds=4", "cast.0=MARA", "options.slate=1"]);
    }

    #[test]
    fn the_hash_sees_what_the_listing_sees() {
        let base = digest_of(&shot());
        assert_eq!(base, digest_of(&shot()));
        for changed in [
            Shot { size: "CU", ..shot() },
            Shot { seconds: 4.5, ..shot() },
            Shot { cast: vec!["MARA", "JON"], ..shot() },
            Shot { options: BTreeMap::from([("slate", 0)]), ..shot() },
        ] {
            assert_ne!(base, digest_of(&changed));
        }
        // Neighbouring texts must not run together.
        assert_ne!(digest_of(&["ab", "c"]), digest_of(&["a", "bc"]));
        assert_eq!(digest_of(&0.0), digest_of(&-0.0));
    }
}
