//! feeds.toml as it is written: one struct a table. The doc comments are what docs/CONFIG.md and the JSON Schema say, and the
//! `Default`s are the defaults that both state. Nothing is checked here beyond the shape of each value.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::Located;

mod edition;
mod engine;
mod fetch;
mod source;

pub(super) use edition::{MAX_LIMIT, MIN_LIMIT, RawEdition};
pub(super) use engine::{MAX_BUDGET, MAX_IN_FLIGHT, RawBudget, RawEngine, RawGlossary, RawPrice};
pub(super) use fetch::{MAX_CONCURRENCY, MAX_PER_HOST, RawFetch};
pub(super) use source::{RawAuth, RawSecret, RawSource};

/// What relais reads, translates and publishes.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "feeds.toml")]
pub(super) struct RawFile {
    /// Where relais remembers what it has seen. `sqlite:FILE` is a file that relais makes by itself; a relative one lies beside
    /// feeds.toml. `postgres://user@host/database` is a `PostgreSQL` server, which several relais may share; leave the password
    /// out of it and set the environment's variable `PGPASSWORD`.
    #[schemars(example = &"sqlite:/var/lib/relais/relais.db")]
    pub(super) state: Located<String>,
    /// The folder that the files of the editions are written to. A relative one lies beside feeds.toml.
    #[schemars(example = &"/srv/www/feeds")]
    pub(super) output: Located<String>,
    /// The address where readers will find the output folder. With it the feeds can name their own address, as validators and
    /// hubs want it.
    #[schemars(example = &"https://example.org/feeds/")]
    pub(super) base_url: Option<Located<String>>,
    /// `true` writes `faults.atom` beside the editions: a feed for whoever runs relais, of what is wrong with sources, engines and
    /// editions. Everyone who can read the output can read it.
    #[schemars(example = true)]
    pub(super) faults: bool,
    /// How sources are fetched.
    pub(super) fetch: RawFetch,
    /// A translation service.
    pub(super) engine: BTreeMap<String, RawEngine>,
    /// Terms and names.
    pub(super) glossary: RawGlossary,
    /// A feed that relais reads.
    pub(super) source: BTreeMap<String, RawSource>,
    /// A merged feed that relais publishes.
    pub(super) edition: BTreeMap<String, RawEdition>,
}

impl Default for RawFile {
    fn default() -> Self {
        Self {
            state: "sqlite:relais.db".to_owned().into(),
            output: "output".to_owned().into(),
            base_url: None,
            faults: false,
            fetch: RawFetch::default(),
            engine: BTreeMap::new(),
            glossary: RawGlossary::default(),
            source: BTreeMap::new(),
            edition: BTreeMap::new(),
        }
    }
}
