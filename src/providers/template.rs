//! Templates: from a request's values to the JSON that a provider wants. See [`crate::manifest::Operation`].
//!
//! Pure, total and bounded by the template's own size times the references: a manifest is a stranger's file. Pictures
//! stay names in here (`{"$media": digest, "as": form}`), so that journals hold requests and not megabytes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::manifest::{Body, Exchange, Manifest, Operation, Pick, Upload, UploadStep};

/// What a template can name, besides `option.*`, `constant.*`, `urls.*` and `kept.*`.
const NAMES: &[&str] = &[
    "model",
    "prompt",
    "negative",
    "seed",
    "take",
    "seconds",
    "milliseconds",
    "n_frames",
    "fps",
    "width",
    "height",
    "size",
    "ratio",
    "resolution",
    "first_frame",
    "last_frame",
    "references",
    "source",
    "audio",
    "mask",
    "sound",
    "quality",
    "id",
    "item",
    "idempotency",
    "file.name",
    "file.mime",
    "file.bytes",
    "account.project",
];

/// Forms that a value can be brought into, besides tables.
const FORMS: &[&str] = &["string", "json", "path", "data_uri", "base64", "mime", "file", "upload"];

/// How deep a template may nest.
const DEEPEST: usize = 32;

/// The values of one request by name.
pub(crate) type Values = BTreeMap<String, Value>;
type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// A piece of a text with placeholders.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    Value { name: &'a str, forms: Vec<&'a str> },
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(open);
        let inside = after.strip_prefix('{').and_then(|it| it.split_once('}'));
        let (inside, next) = inside.ok_or_else(|| format!("`{text}` has a brace without its partner"))?;
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        let mut parts = inside.split(':');
        found.push(Piece::Value { name: parts.next().unwrap_or_default(), forms: parts.collect() });
        rest = next;
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    Ok(found)
}

/// Fills in a template of JSON; `None` where all of it is absent.
///
/// # Errors
/// A sentence where a value cannot take the form that the template wants.
pub(crate) fn fill(template: &Value, values: &Values, tables: &Tables) -> Result<Option<Value>, String> {
    match template {
        Value::String(text) => fill_text(text, values, tables),
        Value::Array(members) => {
            let mut filled = Vec::new();
            for member in members {
                match member.get("$each") {
                    Some(list) => filled.extend(each(list, member.get("as"), values, tables)?),
                    None => filled.extend(fill(member, values, tables)?),
                }
            }
            Ok((!filled.is_empty() || members.is_empty()).then_some(Value::Array(filled)))
        }
        Value::Object(fields) => match fields.get("$if") {
            Some(name) => match name.as_str().and_then(|name| named(values, name)) {
                Some(value) if is_true(value) => fields.get("then").map_or(Ok(None), |it| fill(it, values, tables)),
                _ => fields.get("else").map_or(Ok(None), |it| fill(it, values, tables)),
            },
            None => fill_object(fields, values, tables),
        },
        other => Ok(Some(other.clone())),
    }
}

fn fill_object(fields: &Map<String, Value>, values: &Values, tables: &Tables) -> Result<Option<Value>, String> {
    let mut filled = Map::new();
    for (name, template) in fields {
        if name == "$numbered" {
            for (name, list) in template.as_object().into_iter().flatten() {
                let item = json!("{item:base64}");
                let form = template.get("as").unwrap_or(&item);
                if name == "as" {
                    continue;
                }
                for (n, value) in each(list, Some(form), values, tables)?.into_iter().enumerate() {
                    let number = if n == 0 { name.clone() } else { format!("{name}_{}", n + 1) };
                    filled.insert(number, value);
                }
            }
        } else if name == "$spread" {
            let found = template.as_str().and_then(|name| values.get(name)).and_then(Value::as_object);
            let texts = found.into_iter().flatten().filter(|(_, value)| value.is_string());
            filled.extend(texts.map(|(name, value)| (name.clone(), value.clone())));
        } else if let Some(value) = fill(template, values, tables)? {
            filled.insert(name.clone(), value);
        }
    }
    Ok((!filled.is_empty() || fields.is_empty()).then_some(Value::Object(filled)))
}

fn each(list: &Value, form: Option<&Value>, values: &Values, tables: &Tables) -> Result<Vec<Value>, String> {
    let Some(Value::Array(items)) = list.as_str().and_then(|name| values.get(name)) else { return Ok(Vec::new()) };
    let mut inner = values.clone();
    let mut filled = Vec::new();
    for item in items {
        inner.insert("item".to_owned(), item.clone());
        filled.extend(form.map_or(Ok(Some(item.clone())), |form| fill(form, &inner, tables))?);
    }
    Ok(filled)
}

/// A value by its name. `first_frame.large` is a mark on the picture `first_frame`.
fn named<'a>(values: &'a Values, name: &str) -> Option<&'a Value> {
    values.get(name).or_else(|| values.get(name.strip_suffix(".large")?)?.get("large"))
}

/// What counts as there for `$if`.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

fn fill_text(text: &str, values: &Values, tables: &Tables) -> Result<Option<Value>, String> {
    let pieces = pieces(text)?;
    if let [Piece::Value { name, forms }] = pieces.as_slice() {
        return values.get(*name).map_or(Ok(None), |value| formed(name, value, forms, tables));
    }
    let mut filled = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Value { name, forms } => {
                let value = values.get(name).map_or(Ok(None), |value| formed(name, value, &forms, tables))?;
                match value {
                    None => return Ok(None),
                    Some(Value::Object(_) | Value::Array(_)) => return Err(format!("`{name}` cannot stand in a text")),
                    Some(value) => filled.push_str(&crate::manifest::shown(&value)),
                }
            }
        }
    }
    Ok(Some(Value::String(filled)))
}

/// A value in the forms that a placeholder wants.
fn formed(name: &str, value: &Value, forms: &[&str], tables: &Tables) -> Result<Option<Value>, String> {
    let mut value = value.clone();
    for form in forms {
        value = match *form {
            "string" => Value::String(crate::manifest::shown(&value)),
            "path" => value,
            "json" => serde_json::from_str(&crate::manifest::shown(&value))
                .map_err(|error| format!("`{name}` is no JSON: {error}"))?,
            "mime" => {
                let format = value.pointer("/$media/format").and_then(Value::as_str);
                json!(crate::request::mime(format.ok_or_else(|| format!("`{name}` is no file"))?))
            }
            "data_uri" | "base64" | "file" | "upload" => {
                let Value::Object(mut media) = value else { return Err(format!("`{name}` is no file")) };
                media.insert("as".to_owned(), Value::String((*form).to_owned()));
                Value::Object(media)
            }
            table => {
                let shown = crate::manifest::shown(&value);
                let found = tables.get(table).and_then(|table| table.get(&shown));
                match found {
                    Some(found) => Value::String(found.clone()),
                    None => return Err(format!("there is no `{shown}` in the manifest's table `{table}`")),
                }
            }
        };
    }
    if value.get("$media").is_some() && value.get("as").is_none() {
        return Err(format!("the file `{name}` needs a form: data_uri, base64, file or upload"));
    }
    Ok(Some(value))
}

/// Fills in the template of a path or of a header. In a path, values are escaped; `{id:path}` keeps its slashes.
///
/// # Errors
/// A sentence where a value is no text, or would climb out of the path.
pub(crate) fn fill_line(text: &str, values: &Values, tables: &Tables, is_path: bool) -> Result<Option<String>, String> {
    let pieces = pieces(text)?;
    // A URL out of an answer stands alone, or has a path of ours behind it.
    let is_whole = match pieces.get(1) {
        None => true,
        Some(Piece::Text(text)) => text.starts_with('/'),
        Some(Piece::Value { .. }) => false,
    };
    let mut filled = String::new();
    for (n, piece) in pieces.into_iter().enumerate() {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Value { name, forms } => {
                let value = values.get(name).map_or(Ok(None), |value| formed(name, value, &forms, tables))?;
                let Some(value) = value else { return Ok(None) };
                let shown = crate::manifest::shown(&value);
                let is_url = n == 0 && is_whole && (name.starts_with("urls.") || name.starts_with("kept."));
                if !is_path || is_url {
                    filled.push_str(&shown);
                } else if forms.contains(&"path") {
                    if shown.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
                        return Err(format!("`{name}` is no part of a path"));
                    }
                    filled.push_str(&shown.split('/').map(escaped).collect::<Vec<_>>().join("/"));
                } else {
                    filled.push_str(&escaped(&shown));
                }
            }
        }
    }
    Ok(Some(filled))
}

/// Percent-encoded, but for the letters, digits and marks that mean themselves everywhere.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        // A dot would let `..` through.
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
        let dot = byte == b'.' && text != "." && text != "..";
        if plain || dot {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Checks every template of a manifest.
///
/// # Errors
/// A sentence naming the operation and what is wrong.
pub(crate) fn check(manifest: &Manifest) -> Result<(), String> {
    for (name, operation) in &manifest.operations {
        check_operation(manifest, operation).map_err(|reason| format!("operation {name}: {reason}"))?;
    }
    manifest.check.iter().try_for_each(|exchange| check_exchange(manifest, exchange))?;
    manifest.upload.iter().try_for_each(|upload| check_upload(manifest, upload).map_err(|it| format!("upload: {it}")))
}

/// Every step names only what an earlier one has kept.
fn check_upload(manifest: &Manifest, upload: &Upload) -> Result<(), String> {
    let mut kept = BTreeSet::new();
    let known = |text: &str, kept: &BTreeSet<String>| -> Result<(), String> {
        for piece in pieces(text)? {
            if let Piece::Value { name, .. } = piece
                && let Some(name) = name.strip_prefix("kept.")
                && !kept.contains(name)
            {
                return Err(format!("no earlier step has kept `{name}`"));
            }
        }
        Ok(())
    };
    for UploadStep { exchange, keeps, headers_of, .. } in &upload.steps {
        check_exchange(manifest, exchange)?;
        known(&exchange.path, &kept)?;
        exchange.headers.values().try_for_each(|value| known(value, &kept))?;
        headers_of.iter().try_for_each(|name| known(&format!("{{kept.{name}}}"), &kept))?;
        kept.extend(keeps.keys().cloned());
    }
    check_text(manifest, &upload.gives)?;
    known(&upload.gives, &kept)
}

fn check_operation(manifest: &Manifest, operation: &Operation) -> Result<(), String> {
    check_exchange(manifest, &operation.submit)?;
    let poll = operation.poll.as_ref().map(|poll| &poll.exchange);
    let cancel = operation.cancel.as_ref().map(|cancel| &cancel.exchange);
    let content = operation.result.iter().filter_map(|pick| match pick {
        Pick::Content(exchange) => Some(exchange),
        _ => None,
    });
    for exchange in poll.into_iter().chain(cancel).chain(&operation.second).chain(content) {
        check_exchange(manifest, exchange)?;
        for piece in pieces(&exchange.path)? {
            if let Piece::Value { name, .. } = piece
                && let Some(url) = name.strip_prefix("urls.")
                && !operation.urls.contains_key(url)
            {
                return Err(format!("no URL `{url}` is kept from the reply"));
            }
        }
    }
    Ok(())
}

fn check_exchange(manifest: &Manifest, exchange: &Exchange) -> Result<(), String> {
    check_text(manifest, &exchange.path)?;
    let path = exchange.path.as_str();
    let is_own = || manifest.hosts.iter().any(|host| path.starts_with(&format!("https://{host}/")));
    if !path.starts_with('/') && !path.starts_with("{urls.") && !path.starts_with("{kept.") && !is_own() {
        return Err(format!("the path `{path}` begins neither with / nor with a kept URL nor with one of its hosts"));
    }
    exchange.headers.values().try_for_each(|value| check_text(manifest, value))?;
    match &exchange.body {
        Body::Empty | Body::File => Ok(()),
        Body::Json(text) | Body::Form(text) => {
            let template: Value =
                serde_json::from_str(text).map_err(|error| format!("its body is no JSON: {error}"))?;
            check_value(manifest, &template, 0)
        }
    }
}

fn check_value(manifest: &Manifest, template: &Value, depth: usize) -> Result<(), String> {
    if DEEPEST < depth {
        return Err(format!("its body nests deeper than {DEEPEST}"));
    }
    match template {
        Value::String(text) => check_text(manifest, text),
        Value::Array(members) => members.iter().try_for_each(|member| check_value(manifest, member, depth + 1)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| match (name.as_str(), value) {
            ("$if" | "$each" | "$spread", Value::String(named)) => check_name(named),
            ("$if" | "$each" | "$spread", _) => Err(format!("`{name}` needs a name")),
            (name, _) if name.starts_with('$') && name != "$numbered" => Err(format!("there is no `{name}`")),
            _ => check_value(manifest, value, depth + 1),
        }),
        _ => Ok(()),
    }
}

fn check_text(manifest: &Manifest, text: &str) -> Result<(), String> {
    for piece in pieces(text)? {
        if let Piece::Value { name, forms } = piece {
            check_name(name)?;
            let unknown = forms.iter().find(|form| !FORMS.contains(form) && !manifest.tables.contains_key(**form));
            if let Some(form) = unknown {
                return Err(format!("`{form}` is neither a form nor a table"));
            }
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), String> {
    let prefixed = ["option.", "constant.", "urls.", "kept."].iter().any(|prefix| name.starts_with(prefix));
    let name = name.strip_suffix(".large").unwrap_or(name);
    if prefixed || NAMES.contains(&name) { Ok(()) } else { Err(format!("templates know no `{name}`")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let media = |n: u32| json!({ "$media": format!("d{n}"), "format": "png" });
        let pairs = [
            ("prompt", json!("say \"{id}\"")),
            ("seconds", json!(5)),
            ("ratio", json!("16:9")),
            ("first_frame", media(0)),
            ("references", json!([media(1), media(2)])),
            ("sound", json!(false)),
            ("id", json!("a/b c")),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn filled(template: Value) -> Result<Option<Value>, String> {
        let table = BTreeMap::from([("16:9".to_owned(), "1280:720".to_owned())]);
        fill(&template, &values(), &BTreeMap::from([("pixels".to_owned(), table)]))
    }

    #[test]
    fn values_keep_their_type_and_absent_ones_take_their_field_along() {
        let template = json!({ "p": "{prompt}", "s": "{seconds}", "t": "{seconds}s", "u": "{seconds:string}",
            "r": "{ratio:pixels}", "seed": "{seed}", "o": { "n": "{negative}" }, "l": ["{seed}"], "sound": "{sound}" });
        let wanted = json!({ "p": "say \"{id}\"", "s": 5, "t": "5s", "u": "5", "r": "1280:720", "sound": false });
        assert_eq!(filled(template), Ok(Some(wanted)));
    }

    #[test]
    fn lists_repeat_and_number() {
        let template = json!({
            "content": [
                { "type": "text" },
                { "$if": "first_frame", "then": { "url": "{first_frame:data_uri}" } },
                { "$if": "last_frame", "then": 1 },
                { "$if": "sound", "then": 2, "else": 3 },
                { "$each": "references", "as": { "u": "{item:base64}" } },
            ],
            "$numbered": { "input_image": "references" },
        });
        let media = |n: u32, form: &str| json!({ "$media": format!("d{n}"), "format": "png", "as": form });
        let wanted = json!({
            "content": [
                { "type": "text" }, { "url": media(0, "data_uri") }, 3,
                { "u": media(1, "base64") }, { "u": media(2, "base64") },
            ],
            "input_image": media(1, "base64"), "input_image_2": media(2, "base64"),
        });
        assert_eq!(filled(template), Ok(Some(wanted)));
        assert!(filled(json!("{first_frame}")).is_err());
        assert!(filled(json!("x{references}")).is_err());
        assert!(filled(json!("{prompt:pixels}")).is_err());
    }

    #[test]
    fn an_answers_fields_are_spread_and_large_files_marked() {
        let mut values = values();
        values.insert("kept.fields".to_owned(), json!({ "key": "k", "policy": "p", "n": 1 }));
        values.insert("last_frame".to_owned(), json!({ "$media": "d", "format": "png", "large": true }));
        let template = json!({ "$spread": "kept.fields", "a": { "$if": "last_frame.large", "then": 1, "else": 2 },
            "b": { "$if": "first_frame.large", "then": 1, "else": 2 } });
        let wanted = json!({ "key": "k", "policy": "p", "a": 1, "b": 2 });
        assert_eq!(fill(&template, &values, &Tables::new()), Ok(Some(wanted)));
    }

    #[test]
    fn paths_cannot_be_climbed_out_of() {
        let line = |text: &str, id: &str| {
            let mut values = values();
            values.insert("id".to_owned(), json!(id));
            values.insert("urls.poll".to_owned(), json!("https://x/y?z"));
            fill_line(text, &values, &Tables::new(), true)
        };
        assert_eq!(line("/v1/{id}", "a/../b c"), Ok(Some("/v1/a%2F..%2Fb%20c".to_owned())));
        assert_eq!(line("/v1/{id}", ".."), Ok(Some("/v1/%2E%2E".to_owned())));
        assert_eq!(line("/v1/{id:path}", "a/b?c"), Ok(Some("/v1/a/b%3Fc".to_owned())));
        assert!(line("/v1/{id:path}", "a/../b").is_err());
        assert_eq!(line("{urls.poll}", ""), Ok(Some("https://x/y?z".to_owned())));
        assert_eq!(line("{urls.poll}/files", ""), Ok(Some("https://x/y?z/files".to_owned())));
        assert_eq!(line("{urls.poll}.evil/", "").map(|it| it.is_some_and(|it| it.starts_with("https://"))), Ok(false));
        assert_eq!(line("/v1/{seed}", ""), Ok(None));
    }
}
