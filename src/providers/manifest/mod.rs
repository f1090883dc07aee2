//! Manifests: what a provider's models can do, cost and promise, and how to talk to it, as plain data from RON.
//!
//! For a router: [`crate::Catalog::entries`] gives every [`Entry`], sorted by name. [`Entry::fit`] is the pure test of
//! one entry against a call: the [`Ask`] that would be sent, or every [`Misfit`] with the filter ([`Stage`]) that it
//! belongs to. [`Entry::price`] prices an ask in micro-dollars; none is an unknown price, never a free one. What needs
//! the world (today's date, credentials, allow lists, caps, health) is not in here: `retires_on`, `credentials` and
//! `name` are the data for it. A derived seed stands in every call, so a missing seed is no misfit; see
//! [`Capabilities::seed`] and [`Entry::deterministic`].
//!
//! Separate tables for capabilities and for transport were rejected: they would name each model twice.

mod ask;
mod date;
mod entry;
mod path;
mod price;
mod provider;
mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use ask::{Ask, Doubt, Misfit, Stage};
pub(crate) use ask::{media_seconds, reference_pictures};
pub use date::Date;
pub use entry::{Can, Capabilities, Entry, Lengths, Limits, Place, Rule, Sizes, Term, Tier, VoiceList};
pub use path::Path;
pub(crate) use path::shown;
pub use price::{Per, Price, Prices};
pub use provider::{Auth, Confidence, Credential, Manifest, Source, Stops, Until, Upload, UploadStep, Window};
pub use wire::{
    Billed, Body, Cancel, Cost, End, ErrorClass, ErrorRule, Events, Exchange, Failure, Method, Operation, Phase, Pick,
    Poll, ServerErrors, Test, Tokens,
};
