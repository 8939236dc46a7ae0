//! feeds.toml as it is written: one struct a table. The doc comments are what docs/CONFIG.md and the JSON Schema say, and the
//! `Default`s are the defaults that both state. Nothing is checked here beyond the shape of each value.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::written::At;

mod edition;
mod engine;
mod fetch;
mod source;

pub(super) use edition::{Edition, MAX_LIMIT, MIN_LIMIT};
pub(super) use engine::{Budget, Engine, Glossary, MAX_BUDGET, MAX_IN_FLIGHT, Price};
pub(super) use fetch::{Fetch, MAX_CONCURRENCY, MAX_PER_HOST};
pub(super) use source::{Auth, Secret, Source};

/// What relais reads, translates and publishes.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "feeds.toml")]
pub(super) struct File {
    /// Where relais remembers what it has seen. `sqlite:FILE` is a file that relais makes by itself; a relative one lies beside
    /// feeds.toml. `postgres://user@host/database` is a `PostgreSQL` server, which several relais may share; leave the password
    /// out of it and set the environment's variable `PGPASSWORD`.
    #[schemars(example = &"sqlite:/var/lib/relais/relais.db")]
    pub(super) state: At<String>,
    /// The folder that the files of the editions are written to. A relative one lies beside feeds.toml.
    #[schemars(example = &"/srv/www/feeds")]
    pub(super) output: At<String>,
    /// The address where readers will find the output folder. With it the feeds can name their own address, as validators and
    /// hubs want it.
    #[schemars(example = &"https://example.org/feeds/")]
    pub(super) base_url: Option<At<String>>,
    /// `true` writes `faults.atom` beside the editions: a feed for whoever runs relais, of what is wrong with sources, engines and
    /// editions. Everyone who can read the output can read it.
    #[schemars(example = true)]
    pub(super) faults: bool,
    /// How sources are fetched.
    pub(super) fetch: Fetch,
    /// A translation service.
    pub(super) engine: BTreeMap<String, Engine>,
    /// Terms and names.
    pub(super) glossary: Glossary,
    /// A feed that relais reads.
    pub(super) source: BTreeMap<String, Source>,
    /// A merged feed that relais publishes.
    pub(super) edition: BTreeMap<String, Edition>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            state: "sqlite:relais.db".to_owned().into(),
            output: "output".to_owned().into(),
            base_url: None,
            faults: false,
            fetch: Fetch::default(),
            engine: BTreeMap::new(),
            glossary: Glossary::default(),
            source: BTreeMap::new(),
            edition: BTreeMap::new(),
        }
    }
}
