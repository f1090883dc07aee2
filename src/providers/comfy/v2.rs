//! Version 2 of ComfyUI's interface, for servers that offer nothing else: the proxy before a server of one's own.
//!
//! The server names the job, so that our own name goes along as a label and a job whose answer was lost is found in
//! the list. Servers with the older interface are asked by that: it tells progress and checks workflows.

use std::sync::Arc;

use model::Diagnostic;
use serde_json::{Value, json};

use super::PLACE;
use super::outcome::{Failure, Made, Outcome};
use super::server::{Posted, SHORT, Server, State, segment};
use crate::http::{Fault, Message, Part, Payload};
use crate::manifest::{ErrorClass, Method};

/// Jobs of a list that are looked through for one whose answer was lost.
const LIST: &str = "/api/v2/jobs?limit=100";

/// Gives the server a file; what stands for it in a workflow.
pub(super) fn upload(server: &Server, name: &str, mime: &str, bytes: Arc<[u8]>) -> Result<Value, Diagnostic> {
    let parts = vec![
        ("file_path".to_owned(), Part::Text(format!("input/{PLACE}/{name}"))),
        ("content_type".to_owned(), Part::Text(mime.to_owned())),
        ("file".to_owned(), Part::File { bytes, name: name.to_owned(), mime: mime.to_owned() }),
    ];
    let (status, told) = ask(server, Method::Post, "/api/v2/assets", Payload::Form(parts), Vec::new())
        .map_err(|fault| server.error(ErrorClass::Network, fault.said()))?;
    match (status, told.get("id").and_then(Value::as_str)) {
        (200 | 201, Some(id)) => Ok(json!({ "__type": "core/ASSET", "info": { "id": id } })),
        _ => Err(Diagnostic::error(
            "comfy-upload",
            format!("the ComfyUI at {} takes no file: {}", server.base, said(status, &told)),
        )),
    }
}

/// Submits a workflow; with the server's name of the job.
pub(super) fn submit(server: &Server, workflow: &Value, id: &str) -> (Posted, Option<String>) {
    let body = json!({ "workflow": workflow, "metadata": id });
    let payload = Payload::Json(body.to_string().into_bytes());
    let headers = vec![("idempotency-key".to_owned(), id.to_owned())];
    let refused = |class: ErrorClass, why: &str| (Posted::Refused(server.error(class, why)), None);
    match ask(server, Method::Post, "/api/v2/jobs", payload, headers) {
        Ok((200..=202, told)) => match told.get("id").and_then(Value::as_str) {
            Some(job) => (Posted::Taken, Some(job.to_owned())),
            None => {
                (Posted::Unheard(server.error(ErrorClass::BadReply, "it takes the job, but does not name it")), None)
            }
        },
        Ok((status, told)) => {
            let code = told.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
            match (status, code) {
                // It has it, under a name that we did not hear.
                (_, "idempotency_key_reuse") | (502..=504, _) => {
                    (Posted::Unheard(server.error(ErrorClass::Network, &said(status, &told))), None)
                }
                (401 | 403, _) => refused(ErrorClass::Auth, &said(status, &told)),
                (429, _) => refused(ErrorClass::RateLimited, &said(status, &told)),
                _ => refused(ErrorClass::Rejected, &said(status, &told)),
            }
        }
        Err(Fault::Unsent(why)) => (Posted::Unsent(server.error(ErrorClass::Network, &why)), None),
        Err(Fault::Forbidden(why)) => refused(ErrorClass::BadReply, &why),
        Err(Fault::Lost(why)) => (Posted::Unheard(server.error(ErrorClass::Network, &why)), None),
    }
}

/// The server's name of the job that carries our label.
pub(super) fn find(server: &Server, id: &str) -> Result<Option<String>, Diagnostic> {
    let told = server.get(LIST, SHORT)?.unwrap_or(Value::Null);
    let jobs = told.get("jobs").and_then(Value::as_array);
    let ours = |job: &&Value| job.get("metadata").and_then(Value::as_str) == Some(id);
    let job = jobs.into_iter().flatten().find(ours);
    Ok(job.and_then(|job| job.get("id")?.as_str()).map(str::to_owned))
}

/// How a job stands.
pub(super) fn state(server: &Server, job: &str) -> Result<State, Diagnostic> {
    let Some(told) = server.get(&format!("/api/v2/jobs/{}", segment(job)), SHORT)? else { return Ok(State::Lost) };
    let failure = |failure: Option<Failure>| State::Over(Outcome { failure, made: made(&told) });
    Ok(match told.get("status").and_then(Value::as_str) {
        Some("queued") => State::Waiting,
        Some("running" | "canceling") => State::Running,
        Some("succeeded") => failure(None),
        Some("canceled") => failure(Some(Failure::Cancelled)),
        Some("expired") => State::Lost,
        Some("failed") => {
            let text = |name: &str| {
                told.pointer(&format!("/error/{name}")).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let (class, id, kind, said) = (text("class_type"), text("node_id"), text("code"), text("message"));
            failure(Some(if class.is_empty() { Failure::Other(said) } else { Failure::Node { class, id, kind, said } }))
        }
        _ => return Err(server.error(ErrorClass::BadReply, "a job is in a state that nobody knows")),
    })
}

/// Stops a job; whether there was one to stop.
pub(super) fn cancel(server: &Server, job: &str) -> Result<bool, Diagnostic> {
    let target = format!("/api/v2/jobs/{}/cancel", segment(job));
    let (status, _) = ask(server, Method::Post, &target, Payload::Empty, Vec::new())
        .map_err(|fault| server.error(ErrorClass::Network, fault.said()))?;
    Ok((200..300).contains(&status))
}

/// Files by node. Addresses are the server's own; one of another host is fetched as a stranger's.
fn made(told: &Value) -> Vec<(String, Made)> {
    let outputs = told.get("outputs").and_then(Value::as_array);
    let one = |output: &Value| {
        let text = |name: &str| output.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("node_id")?, Made::File(text("name")?, text("url")?)))
    };
    outputs.into_iter().flatten().filter_map(one).collect()
}

fn said(status: u16, told: &Value) -> String {
    let text = |path: &str| told.pointer(path).and_then(Value::as_str);
    let nodes =
        told.pointer("/error/details/node_errors").filter(|nodes| nodes.as_object().is_some_and(|it| !it.is_empty()));
    match (text("/error/message"), text("/error/code"), nodes) {
        (Some(message), _, Some(nodes)) => format!("{message} {nodes}"),
        (Some(message), Some(code), None) => format!("{message} ({code})"),
        (Some(message), None, None) => message.to_owned(),
        (None, ..) => format!("the answer is {status}"),
    }
}

fn ask(
    server: &Server,
    method: Method,
    target: &str,
    payload: Payload,
    headers: Vec<(String, String)>,
) -> Result<(u16, Value), Fault> {
    let message = Message { headers, ..server.message(method, target.to_owned(), payload) };
    let reply = server.exchange(&message)?;
    Ok((reply.status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null)))
}
