//! The document and everything a node may see: types, values, works, diagnostics.
//!
//! Knows no engine, no window, no codec, no network: only data and pure functions over it.

// A refusal is built once per gesture and read by people: its size does not matter, its fields do.
#![allow(clippy::result_large_err)]

mod bypass;
mod check;
mod data;
mod diagnostic;
mod digest;
mod document;
mod edit;
pub mod fixture;
mod graph;
mod group;
pub mod group_edits;
mod history;
mod interface;
mod linked;
mod list;
mod nearest;
pub mod plan;
pub mod policy;
mod recipe;
mod recipe_ops;
mod reference;
mod ronfile;
mod shot;
pub mod spec;
mod time;
mod value;
mod voices;
pub mod walk;
mod work;

pub use bypass::bypass;
pub use check::{check, upgrade};
pub use data::Data;
pub use diagnostic::{Diagnostic, Fix, Place, Severity, Subject, printable};
pub use digest::{Digest, NotADigest};
pub use document::{Document, FORMAT, Feed, Node, PortRef, Settings, TakeChoice};
pub use edit::{Applied, Edit, node_of_item};
pub use group::{GROUP, GroupFace, GroupParam, expand_groups, group_face};
pub use history::{About, Change, History, Recent, Step};
pub use interface::Shown;
pub use list::{ElementId, Entry, List};
pub use plan::{Outcome, Outputs, Plan, PlanCx, Stop};
pub use policy::Scope;
pub use recipe::{Crop, Fit, Grade, Piece, Recipe, Sound, Source, Title, Transition, TransitionKind, even};
pub use reference::{Reference, Role};
pub use ronfile::{Loaded, SourceText};
pub use shot::{
    Angle, Camera, CastMember, Framing, IntExt, Line, Move, Origin, Provenance, Script, Setting, Shot, ShotSize, Side,
    TimeOfDay, Weather,
};
pub use spec::{Catalog, Help, Name, NodeSpec, ParamKind, ParamSpec, Params, PortSpec, Ports, no_upgrade};
pub use time::Rate;
pub use value::{AudioInfo, Color, Image, Media, PortType, Report, Value, Verdict, VideoInfo};
pub use voices::{VOICE, Voices};
pub use work::{
    Call, Compute, Import, ImportKind, ModelChoice, Quality, Render, RenderForm, RenderSettings, Slate, Task, Work,
};
