//! ComfyUI: a user's exported workflows as models, run on servers of the user's own.
//!
//! A provider of its own beside the manifests' interpreter: workflows are graphs that are filled in and checked, the
//! client names its jobs, servers forget everything when they end. What it makes is free, so a lost job may be made
//! again, and is never of unknown outcome.

mod bindings;
mod embedded;
mod faults;
mod info;
mod outcome;
mod patch;
mod provider;
mod server;
mod servers;
mod shelf;
mod socket;
mod suggest;
mod v2;
mod watch;
mod workflow;

pub use bindings::{Bindings, Bound, Bounds, Resolved, Role, Socket};
pub use embedded::{Embedded, embedded};
pub use faults::Fault;
pub use info::{Class, Classes, Input};
pub(crate) use provider::lane;
pub(crate) use servers::check;
pub use servers::{Judged, Standing, judge, standings};
pub use shelf::{ENDING, FOLDER, Item, Origin, Shelf, allow, bindings_path, name_of, user_folder};
pub use suggest::{Candidate, candidates, suggest};
pub use workflow::{Node, Workflow};

/// The provider's name: what stands before the workflow's in the name of a model.
pub const PROVIDER: &str = "comfy";
/// In the environment or the keyring: addresses of servers, separated by commas.
pub const ADDRESSES: &str = "COMFYUI_URL";
/// Most jobs at a time, on all servers together.
pub(crate) const MOST_JOBS: u32 = 64;
/// The folder for our files on a server, below its own.
pub(crate) const PLACE: &str = "throughline";
