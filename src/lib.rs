//! `relais` reads news feeds, merges and translates their entries, and republishes them.
//!
//! ```text
//!  feeds.toml ─▶ Plan
//!                 │      INGEST                        TRANSLATE                     PUBLISH
//!   sources ──────┴▶ fetch ▸ parse ▸ normalise    segment ▸ recall ▸ engine     select ▸ render ▸ write ─▶ output/
//!                                     │              ▲  ▸ verify ▸ assemble         ▲
//!                                     ▼              │          ▼                   │
//!                                   ────────────── STORE ─────────────────────────────
//! ```
//!
//! Three passes over one database: each takes its work from the store and leaves its result there, so each can be killed, repeated,
//! or run on another machine. The output is a function of the store and the configuration: a run over an unchanged world writes
//! nothing.
//!
//! # Terms
//!
//! A **source** is a feed that is read; an **entry** is one of its items, normalised; a **rendition** is an entry in one language; an
//! **edition** is a merged feed that is published; a **run** is one turn of the passes, with its report; a **fault** is a problem of a
//! source, engine or edition, as data. `docs/GLOSSARY.md` defines all terms; `docs/ARCHITECTURE.md` is the map of the files.
//!
//! # Modules, in the order of the flow
//!
//! [`config`] makes a plan of feeds.toml; [`net`] fetches; [`feed`] parses; [`html`] cleans HTML and cuts it into segments;
//! [`translate`] calls engines and verifies translations; [`select`] chooses the entries of an edition; [`store`] keeps the state;
//! [`render`] makes the formats and [`sink`] writes the files. [`pipeline`] runs the passes; [`daemon`] runs them as a service, for
//! which [`serve`] answers HTTP; [`cli`] has the commands. [`policy`] decides what happens next to a source, [`model`] has the types
//! that all modules share, and [`clock`] the time.

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
