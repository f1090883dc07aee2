//! JSON schemas of answers: read once, then told what is wrong with a value.
//!
//! A strict subset of the 2020-12 draft. A keyword that is not in it is refused when the schema is read, so that no
//! constraint is ever passed over in silence. The crates for the whole draft were weighed: forty packages behind them,
//! for schemas that people write by hand.

use std::cell::Cell;

use serde_json::{Map, Value};

/// How deep schemas and values may nest.
const DEEPEST: usize = 48;
/// Steps of one check; alternatives that refer to one another could take for ever.
const MOST_STEPS: u32 = 200_000;
/// Faults that are told.
const MOST_FAULTS: usize = 12;

/// Keywords that describe and constrain nothing. `format` is one of them, as in the draft.
const REMARKS: &[&str] = &[
    "title",
    "description",
    "default",
    "examples",
    "$schema",
    "$id",
    "$comment",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
];
const TYPES: &[&str] = &["object", "array", "string", "number", "integer", "boolean", "null"];

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    root: Value,
}

impl Schema {
    /// Reads a schema and looks at each of its keywords.
    ///
    /// # Errors
    /// One sentence with the place.
    pub(crate) fn parse(text: &str) -> Result<Schema, String> {
        let root = serde_json::from_str(text).map_err(|error| format!("the schema is no JSON: {error}"))?;
        let schema = Schema { root };
        schema.judge(&schema.root, "#", 0)?;
        Ok(schema)
    }

    /// What is wrong with a value, each with its place; empty where it fits.
    pub(crate) fn faults(&self, value: &Value) -> Vec<String> {
        let check = Check { schema: self, steps: Cell::new(0) };
        let mut faults = Vec::new();
        check.check(&self.root, value, "", 0, &mut faults);
        faults
    }

    fn judge(&self, schema: &Value, at: &str, depth: usize) -> Result<(), String> {
        if DEEPEST < depth {
            return Err(format!("the schema nests deeper than {DEEPEST}"));
        }
        let fields = match schema {
            Value::Bool(_) => return Ok(()),
            Value::Object(fields) => fields,
            _ => return Err(format!("{at} is neither an object nor true or false")),
        };
        for (keyword, value) in fields {
            let here = format!("{at}/{keyword}");
            let wrong = |expected: &str| Err(format!("{here} must be {expected}"));
            match keyword.as_str() {
                "type" => {
                    let names: Vec<_> = one_or_more(value).iter().map(Value::as_str).collect();
                    if names.is_empty() || !names.iter().all(|name| name.is_some_and(|name| TYPES.contains(&name))) {
                        return wrong(&format!("one or more of {}", TYPES.join(", ")));
                    }
                }
                "enum" if value.as_array().is_none_or(Vec::is_empty) => return wrong("a list of values"),
                "required" if value.as_array().is_none_or(|names| !names.iter().all(Value::is_string)) => {
                    return wrong("a list of names");
                }
                "properties" | "$defs" | "definitions" => {
                    let Some(members) = value.as_object() else { return wrong("an object of schemas") };
                    for (name, member) in members {
                        self.judge(member, &format!("{here}/{name}"), depth + 1)?;
                    }
                }
                "items" | "additionalProperties" | "not" => self.judge(value, &here, depth + 1)?,
                "prefixItems" | "anyOf" | "oneOf" | "allOf" => {
                    let Some(members) = value.as_array().filter(|members| !members.is_empty()) else {
                        return wrong("a list of schemas");
                    };
                    for (idx, member) in members.iter().enumerate() {
                        self.judge(member, &format!("{here}/{idx}"), depth + 1)?;
                    }
                }
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties" => {
                    if value.as_u64().is_none() {
                        return wrong("a whole number from 0");
                    }
                }
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" if value.as_f64().is_none() => {
                    return wrong("a number");
                }
                "multipleOf" if value.as_f64().is_none_or(|step| step <= 0.0) => {
                    return wrong("a number above 0");
                }
                "uniqueItems" if !value.is_boolean() => return wrong("true or false"),
                "$ref" => {
                    let target = value.as_str().and_then(|name| self.target(name));
                    if target.is_none() {
                        return wrong("the place of a schema in here, like #/$defs/name");
                    }
                }
                "enum" | "required" | "const" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"
                | "multipleOf" | "uniqueItems" => {}
                remark if REMARKS.contains(&remark) => {}
                _ => return Err(format!("{here} is a keyword that is not checked here")),
            }
        }
        Ok(())
    }

    /// The schema that a reference means.
    fn target(&self, name: &str) -> Option<&Value> {
        let place = name.strip_prefix('#')?;
        self.root.pointer(place).filter(|it| it.is_object() || it.is_boolean())
    }
}

/// One check of one value.
struct Check<'a> {
    schema: &'a Schema,
    steps: Cell<u32>,
}

impl Check<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, depth: usize, faults: &mut Vec<String>) {
        if MOST_FAULTS <= faults.len() {
            return;
        }
        self.steps.set(self.steps.get() + 1);
        let mut fault = |what: String| faults.push(format!("{}: {what}", if at.is_empty() { "/" } else { at }));
        if MOST_STEPS < self.steps.get() || 2 * DEEPEST < depth {
            return fault("the schema refers to itself without end".to_owned());
        }
        let fields = match schema {
            Value::Bool(true) => return,
            Value::Object(fields) => fields,
            _ => return fault("nothing may stand here".to_owned()),
        };
        if let Some(types) = fields.get("type") {
            let names: Vec<_> = one_or_more(types).iter().filter_map(Value::as_str).collect();
            if !names.iter().any(|name| is_of(value, name)) {
                return fault(format!("is {}, not {}", kind(value), names.join(" or ")));
            }
        }
        if let Some(allowed) = fields.get("enum").and_then(Value::as_array)
            && !allowed.iter().any(|it| same(it, value))
        {
            let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
            fault(format!("is {}, not one of {}", short(value), allowed.join(", ")));
        }
        if let Some(only) = fields.get("const").filter(|only| !same(only, value)) {
            fault(format!("is {}, not {only}", short(value)));
        }
        match value {
            Value::String(text) => bounds(fields, text.chars().count(), "Length", "characters", &mut fault),
            Value::Number(number) => in_range(fields, number.as_f64().unwrap_or(f64::NAN), &mut fault),
            Value::Array(members) => {
                bounds(fields, members.len(), "Items", "members", &mut fault);
                let twin = |(idx, it): (usize, &Value)| members[..idx].iter().any(|other| same(other, it));
                if fields.get("uniqueItems") == Some(&Value::Bool(true)) && members.iter().enumerate().any(twin) {
                    fault("has a member twice".to_owned());
                }
                self.members(fields, members, at, depth, faults);
            }
            Value::Object(own) => {
                bounds(fields, own.len(), "Properties", "fields", &mut fault);
                self.fields(fields, own, at, depth, faults);
            }
            Value::Null | Value::Bool(_) => {}
        }
        self.combined(fields, value, at, depth, faults);
    }

    fn members(
        &self,
        fields: &Map<String, Value>,
        members: &[Value],
        at: &str,
        depth: usize,
        faults: &mut Vec<String>,
    ) {
        let first = fields.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (idx, member) in members.iter().enumerate() {
            if let Some(schema) = first.get(idx).or(fields.get("items")) {
                self.check(schema, member, &format!("{at}/{idx}"), depth + 1, faults);
            }
        }
    }

    fn fields(
        &self,
        fields: &Map<String, Value>,
        own: &Map<String, Value>,
        at: &str,
        depth: usize,
        faults: &mut Vec<String>,
    ) {
        let required = fields.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !own.contains_key(*name)) {
            faults.push(format!("{}: `{name}` is missing", if at.is_empty() { "/" } else { at }));
        }
        let known = fields.get("properties").and_then(Value::as_object);
        for (name, member) in own {
            let here = format!("{at}/{name}");
            match known.and_then(|known| known.get(name)).or(fields.get("additionalProperties")) {
                Some(Value::Bool(false)) => faults.push(format!("{here}: no such field is known")),
                Some(schema) => self.check(schema, member, &here, depth + 1, faults),
                None => {}
            }
        }
    }

    fn combined(&self, fields: &Map<String, Value>, value: &Value, at: &str, depth: usize, faults: &mut Vec<String>) {
        let all = |name: &str| fields.get(name).and_then(Value::as_array).into_iter().flatten();
        let fits = |schema: &Value| {
            let mut found = Vec::new();
            self.check(schema, value, at, depth + 1, &mut found);
            found.is_empty()
        };
        if let Some(schema) = fields.get("$ref").and_then(Value::as_str).and_then(|name| self.schema.target(name)) {
            self.check(schema, value, at, depth + 1, faults);
        }
        for schema in all("allOf") {
            self.check(schema, value, at, depth + 1, faults);
        }
        let mut fault = |what: &str| faults.push(format!("{}: {what}", if at.is_empty() { "/" } else { at }));
        if fields.contains_key("anyOf") && !all("anyOf").any(fits) {
            fault("fits none of the alternatives");
        }
        if fields.contains_key("oneOf") {
            match all("oneOf").filter(|schema| fits(schema)).count() {
                1 => {}
                0 => fault("fits none of the alternatives"),
                _ => fault("fits more than one of the alternatives"),
            }
        }
        if fields.get("not").is_some_and(fits) {
            fault("is what it must not be");
        }
    }
}

/// The JSON in an answer: all of it, or the first object or list in it, as models wrap theirs in words and fences.
pub(crate) fn json_in(answer: &str) -> Option<(&str, Value)> {
    let answer = answer.trim();
    if let Ok(value) = serde_json::from_str(answer) {
        return Some((answer, value));
    }
    // Every opening could be the one: a few are tried, and what fails is over quickly.
    let openings = answer.match_indices(['{', '[']).map(|(at, _)| at).take(64);
    openings.into_iter().find_map(|at| {
        let rest = &answer[at..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = values.next()?.ok()?;
        Some((&rest[..values.byte_offset()], value))
    })
}

fn one_or_more(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice)
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        // 3.0 is an integer in the draft.
        _ => value.as_f64().is_some_and(|number| number.fract() == 0.0),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Equality of the draft: 1 and 1.0 are one number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// `minItems` and `maxItems` and their relatives.
fn bounds(fields: &Map<String, Value>, count: usize, of: &str, unit: &str, fault: &mut impl FnMut(String)) {
    let bound = |side: &str| fields.get(&format!("{side}{of}")).and_then(Value::as_u64);
    if let Some(least) = bound("min").filter(|least| (count as u64) < *least) {
        fault(format!("has {count} {unit}, at least {least} are needed"));
    }
    if let Some(most) = bound("max").filter(|most| *most < count as u64) {
        fault(format!("has {count} {unit}, at most {most} are allowed"));
    }
}

fn in_range(fields: &Map<String, Value>, number: f64, fault: &mut impl FnMut(String)) {
    let bound = |name: &str| fields.get(name).and_then(Value::as_f64);
    let breaks = [
        (bound("minimum").filter(|least| number < *least), "below"),
        (bound("maximum").filter(|most| *most < number), "above"),
        (bound("exclusiveMinimum").filter(|least| number <= *least), "not above"),
        (bound("exclusiveMaximum").filter(|most| *most <= number), "not below"),
        (bound("multipleOf").filter(|step| (number / step).fract().abs() > 1e-9), "no multiple of"),
    ];
    for (bound, what) in breaks {
        if let Some(bound) = bound {
            fault(format!("is {number}, {what} {bound}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn faults(schema: Value, value: Value) -> Vec<String> {
        Schema::parse(&schema.to_string()).expect("it is a schema").faults(&value)
    }

    #[test]
    fn every_keyword_can_fail_and_can_hold() {
        let cases = [
            (json!({ "type": "integer" }), json!(3.0), json!(3.5), "/: is a number, not integer"),
            (json!({ "type": ["string", "null"] }), json!(null), json!(1), "/: is a number, not string or null"),
            (json!({ "enum": ["CU", 2] }), json!(2.0), json!("MS"), "/: is \"MS\", not one of \"CU\", 2"),
            (json!({ "const": 1 }), json!(1.0), json!(true), "/: is true, not 1"),
            (json!({ "minLength": 2 }), json!("éé"), json!("é"), "/: has 1 characters, at least 2 are needed"),
            (json!({ "maxItems": 1 }), json!([1]), json!([1, 2]), "/: has 2 members, at most 1 are allowed"),
            (json!({ "maxProperties": 0 }), json!({}), json!({ "a": 1 }), "/: has 1 fields, at most 0 are allowed"),
            (json!({ "minimum": 0 }), json!(0), json!(-1), "/: is -1, below 0"),
            (json!({ "exclusiveMaximum": 2 }), json!(1.9), json!(2), "/: is 2, not below 2"),
            (json!({ "multipleOf": 0.5 }), json!(1.5), json!(1.2), "/: is 1.2, no multiple of 0.5"),
            (json!({ "uniqueItems": true }), json!([1, 2]), json!([1, 1.0]), "/: has a member twice"),
            (json!({ "items": { "type": "string" } }), json!(["a"]), json!(["a", 1]), "/1: is a number, not string"),
            (
                json!({ "prefixItems": [{ "type": "string" }], "items": false }),
                json!(["a"]),
                json!(["a", 1]),
                "/1: nothing may stand here",
            ),
            (json!({ "required": ["a"] }), json!({ "a": 1 }), json!({}), "/: `a` is missing"),
            (
                json!({ "properties": { "a": {} }, "additionalProperties": false }),
                json!({ "a": 1 }),
                json!({ "b": 1 }),
                "/b: no such field is known",
            ),
            (
                json!({ "anyOf": [{ "const": 1 }, { "const": 2 }] }),
                json!(2),
                json!(3),
                "/: fits none of the alternatives",
            ),
            (
                json!({ "oneOf": [{ "type": "integer" }, { "minimum": 5 }] }),
                json!(1),
                json!(6),
                "/: fits more than one of the alternatives",
            ),
            (json!({ "not": { "type": "string" } }), json!(1), json!("a"), "/: is what it must not be"),
            (json!({ "allOf": [{ "minimum": 1 }] }), json!(1), json!(0), "/: is 0, below 1"),
            (
                json!({ "$defs": { "n": { "type": "number" } }, "items": { "$ref": "#/$defs/n" } }),
                json!([1]),
                json!(["x"]),
                "/0: is a string, not number",
            ),
        ];
        for (schema, good, bad, told) in cases {
            assert_eq!(faults(schema.clone(), good), Vec::<String>::new(), "{schema}");
            assert_eq!(faults(schema.clone(), bad), [told], "{schema}");
        }
    }

    #[test]
    fn what_is_not_checked_is_refused() {
        let refused = |text: &str| Schema::parse(text).expect_err("refused");
        assert_eq!(refused(r#"{ "if": {} }"#), "#/if is a keyword that is not checked here");
        assert_eq!(
            refused(r#"{ "items": { "pattern": "a" } }"#),
            "#/items/pattern is a keyword that is not checked here"
        );
        assert_eq!(
            refused(r##"{ "$ref": "https://x/y" }"##),
            "#/$ref must be the place of a schema in here, like #/$defs/name"
        );
        for bad in
            ["", "7", r#"{ "type": "text" }"#, r#"{ "enum": [] }"#, r#"{ "multipleOf": 0 }"#, r#"{ "items": 3 }"#]
        {
            refused(bad);
        }
        refused(&format!("{}true{}", "{\"not\":".repeat(60), "}".repeat(60)));
        Schema::parse(r#"{ "title": "x", "format": "date" }"#).expect("remarks are no constraints");
    }

    #[test]
    fn circles_come_to_an_end() {
        assert_eq!(faults(json!({ "$ref": "#" }), json!(1)), ["/: the schema refers to itself without end"]);
        let twice = json!({ "anyOf": [{ "$ref": "#" }, { "$ref": "#" }] });
        assert_eq!(faults(twice, json!(1)), ["/: fits none of the alternatives"]);
        let tree = json!({ "type": "object", "additionalProperties": { "$ref": "#" } });
        assert_eq!(faults(tree, json!({ "a": { "b": {} } })), Vec::<String>::new());
    }

    #[test]
    fn json_is_found_among_words() {
        let found = |text| json_in(text).map(|(text, _)| text.to_owned());
        assert_eq!(found(" [1] "), Some("[1]".to_owned()));
        assert_eq!(
            found("Here it is:\n```json\n{ \"a\": [1, 2] }\n```\nDone {x}."),
            Some("{ \"a\": [1, 2] }".to_owned())
        );
        assert_eq!(found("a {b} then {\"c\": 1}"), Some("{\"c\": 1}".to_owned()));
        for nothing in ["", "none", "{", "{\"a\": ", "``` {a} ```"] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
    }
}
