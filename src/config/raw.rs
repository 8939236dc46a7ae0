//! The tables of feeds.toml as they are written: one struct per table. docs/CONFIG.md and the JSON Schema are generated from
//! these doc comments and `Default`s. Only the shape of each value is checked here; `resolve` has the rules.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Located, RawDuration};

mod bucket;
mod digest;
mod each;
mod edition;
mod edition_auth;
mod engine;
mod entry_filter;
mod fetch;
mod notify;
mod serve;
mod source;
mod topic;

pub(super) use bucket::RawBucket;
pub(super) use digest::RawDigest;
pub(super) use each::RawEach;
pub(super) use edition::{MAX_LIMIT, MAX_PAGE_SIZE, MIN_LIMIT, MIN_PAGE_SIZE, RawEdition};
pub(super) use edition_auth::RawEditionAuth;
pub(super) use engine::{MAX_BUDGET, MAX_IN_FLIGHT, RawBudget, RawEngine, RawGlossary, RawPrice};
pub(super) use entry_filter::RawEntryFilter;
pub(super) use fetch::{MAX_CONCURRENCY, MAX_PER_HOST, RawFetch};
pub(super) use notify::{MAX_BACKLOG, RawNotify};
pub(super) use serve::RawServe;
pub(super) use source::{MAX_PREFER, MIN_PREFER, RawAuth, RawRewrite, RawSecret, RawSource};
pub(super) use topic::RawTopic;

/// The sources that relais reads, the engines that translate, and the editions that relais publishes.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "feeds.toml")]
pub(super) struct RawFile {
    /// The database in which relais keeps its state. `sqlite:FILE` is a file that relais creates; a relative path starts from the
    /// folder of feeds.toml. `postgres://user@host/database` is a `PostgreSQL` server, which several instances of relais can share;
    /// set the password in the environment variable `PGPASSWORD`, not here. Several hosts (`host1,host2`) and `PgBouncer`: docs/CLUSTER.md.
    #[schemars(example = &"sqlite:/var/lib/relais/relais.db")]
    pub(super) state: Located<String>,
    /// The folder to which the editions are written. A relative path starts from the folder of feeds.toml. `s3://BUCKET/PREFIX` is a
    /// bucket of S3 or of a server that speaks its protocol; see [`[s3]`](#s3).
    #[schemars(example = &"/srv/www/feeds")]
    pub(super) output: Located<String>,
    /// The public address of the output folder. The published feeds then state their own address, which feed validators and hubs
    /// require.
    #[schemars(example = &"https://example.org/feeds/")]
    pub(super) base_url: Option<Located<String>>,
    /// `true` writes `faults.atom` beside the editions: a feed of the problems of sources, engines and editions, for the operator.
    /// It is as public as the rest of the output.
    #[schemars(example = true)]
    pub(super) faults: bool,
    /// The time for which the files of an edition that you removed or renamed stay in the output. Their last version says that the
    /// feed has ended, or where it has moved to. The same holds for a language or format that you removed.
    #[schemars(example = &"365d")]
    pub(super) keep_ended: Located<RawDuration>,
    /// A folder of templates for the pages: a file there takes the place of the built-in one of the same name (docs/TEMPLATES.md). A relative
    /// path starts from the folder of feeds.toml.
    #[schemars(example = &"templates")]
    pub(super) templates: Option<Located<String>>,
    /// The bucket that `output` names.
    pub(super) s3: RawBucket,
    /// Rules for fetching sources.
    pub(super) fetch: RawFetch,
    /// Rules for serving the output.
    pub(super) serve: RawServe,
    /// A translation service.
    pub(super) engine: BTreeMap<String, RawEngine>,
    /// Your terms and names.
    pub(super) glossary: RawGlossary,
    /// A topic rule.
    pub(super) topic: BTreeMap<String, RawTopic>,
    /// A feed that relais reads.
    pub(super) source: BTreeMap<String, RawSource>,
    /// A merged feed that relais publishes.
    pub(super) edition: BTreeMap<String, RawEdition>,
    /// A daily digest of an edition.
    pub(super) digest: BTreeMap<String, RawDigest>,
    /// A receiver of the news of an edition.
    pub(super) notify: BTreeMap<String, RawNotify>,
}

impl Default for RawFile {
    fn default() -> Self {
        Self {
            state: "sqlite:relais.db".to_owned().into(),
            output: "output".to_owned().into(),
            base_url: None,
            faults: false,
            keep_ended: RawDuration(Duration::from_hours(90 * 24)).into(),
            templates: None,
            s3: RawBucket::default(),
            fetch: RawFetch::default(),
            serve: RawServe::default(),
            engine: BTreeMap::new(),
            glossary: RawGlossary::default(),
            topic: BTreeMap::new(),
            source: BTreeMap::new(),
            edition: BTreeMap::new(),
            digest: BTreeMap::new(),
            notify: BTreeMap::new(),
        }
    }
}
