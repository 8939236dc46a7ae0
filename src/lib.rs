//! `relais` reads news feeds, normalises their entries and republishes them as merged feeds.
//!
//! ```text
//!  feeds.toml ─▶ Plan
//!                 │      INGEST                                PUBLISH
//!   sources ──────┴▶ fetch ▸ read ▸ normalise ─▶ STORE ─▶ merge ▸ render ▸ write ─▶ output/
//! ```
//!
//! Two passes over one database: each takes its work from the store and leaves its result there, so that any of them can
//! be killed, repeated or run on another machine. The output is a pure function of the store: a run over an unchanged
//! world writes nothing.
//!
//! # The words
//!
//! A **source** is a feed that we read, an **entry** one of its items, normalised; a **rendition** is an entry in one
//! language; an **edition** is a merged feed that we publish; a **run** is one turn of the passes, with its report; a
//! **fault** is what went wrong, as data. `docs/ARCHITECTURE.md` has the whole list and says who may name whom.
//!
//! # The modules, in the order of the flow
//!
//! [`config`] makes a plan of feeds.toml; [`net`] fetches; [`feed`] makes entries of bytes; [`html`] cleans; [`select`]
//! merges; [`translate`] asks engines and checks what they answer; [`store`] keeps; [`render`] writes formats and [`sink`] files; [`pipeline`] joins them to a run, [`daemon`] to a service that [`serve`] answers for; [`cli`] is what
//! people type; [`model`] holds the words as types, [`clock`] the time, and [`policy`] decides what to do next.

pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod feed;
pub mod html;
pub mod model;
pub mod net;
mod panic;
pub mod pipeline;
pub mod policy;
pub mod render;
pub mod select;
pub mod serve;
pub mod sink;
pub mod store;
pub mod translate;
