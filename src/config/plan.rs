//! The plan: feeds.toml as the rest of relais takes it, checked, with defaults and secrets in their places.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::diagnostics::Problem;
use super::state::State;
use crate::model::{
    BilingualMode, Budget, Cidr, EngineKind, Format, Lang, Price, Show, SourceId, Text, UntranslatedPolicy, Zone,
};

/// All that feeds.toml asks for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file itself.
    pub path: PathBuf,
    /// Where to remember.
    pub state: State,
    /// The folder to write to, absolute.
    pub output: PathBuf,
    /// Where readers reach that folder; ends in `/`.
    pub base_url: Option<String>,
    /// Whether a feed of what is wrong is written.
    pub faults: bool,
    /// How to fetch.
    pub fetch: Fetch,
    /// The engines, also those that no edition uses, in the order of the file.
    pub engines: Vec<Engine>,
    /// Terms and names.
    pub glossary: Glossary,
    /// The sources, also those that are not enabled, in the order of the file.
    pub sources: Vec<Source>,
    /// The editions, in the order of the file.
    pub editions: Vec<Edition>,
    /// What may not be what was meant.
    pub warnings: Vec<Problem>,
}

impl Plan {
    /// The sources to visit.
    pub fn enabled(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.enabled)
    }

    /// The warnings as people read them, an empty line between two.
    pub fn render_warnings(&self, colour: bool) -> String {
        self.warnings.iter().map(|warning| warning.render(Path::new(&self.path), colour)).collect::<Vec<_>>().join("\n")
    }
}

/// How sources are fetched.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Between two visits to a source that has no interval of its own.
    pub every: Duration,
    /// For one visit in all.
    pub timeout: Duration,
    /// For all visits of one run.
    pub deadline: Duration,
    /// Visits at a time.
    pub concurrency: usize,
    /// Visits at a time to one host.
    pub per_host: usize,
    /// Between two visits to one host.
    pub host_interval: Duration,
    /// The largest body, after decompression.
    pub max_bytes: u64,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The proxy's address, which may hold a password.
    pub proxy: Option<SecretString>,
    /// Certificates to trust, absolute.
    pub ca: Option<PathBuf>,
    /// Private addresses that may be visited.
    pub allow_private: Vec<Cidr>,
}

/// A translation service.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Its name.
    pub id: String,
    /// Which protocol it speaks.
    pub kind: EngineKind,
    /// Where it is reached: http or https, without user name, query and a `/` at the end. Nothing for where its kind is
    /// reached when nobody says otherwise.
    pub url: Option<String>,
    /// The language model: there for these kinds, and for no other.
    pub model: Option<String>,
    /// The region of an Azure resource.
    pub region: Option<String>,
    /// The key. One that an edition uses has it if it is written; one that none uses has it if it could be read.
    pub key: Option<SecretString>,
    /// The most that may be used.
    pub budget: Option<Budget>,
    /// What it costs; there when the budget counts money.
    pub price: Option<Price>,
    /// The language to go through.
    pub pivot: Option<Lang>,
    /// For one request.
    pub timeout: Option<Duration>,
    /// Requests at a time.
    pub in_flight: Option<usize>,
}

/// What must be translated in one way only. When an edition has engines, the files have been read once, and were text.
#[derive(Clone, Debug, Default)]
pub struct Glossary {
    /// Terms and what stands for them, tab-separated; absolute.
    pub file: Option<PathBuf>,
    /// Names that stay as they are, one a line; absolute.
    pub keep: Option<PathBuf>,
}

/// A feed to read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name.
    pub id: SourceId,
    /// Its address, as written.
    pub url: String,
    /// Its title, if it is to have another than its own.
    pub title: Option<Text>,
    /// The page that it belongs to.
    pub site: Option<String>,
    /// The language of its entries.
    pub lang: Option<Lang>,
    /// What its dates without a zone are in.
    pub zone: Zone,
    /// Its tags, each once.
    pub tags: Vec<String>,
    /// Between two visits.
    pub every: Duration,
    /// Whether the pages of its entries are read too.
    pub full_text: bool,
    /// Whether it is visited. The secrets of one that is not are not read: it has neither headers nor authentication here.
    pub enabled: bool,
    /// Headers to send.
    pub headers: Vec<(String, SecretString)>,
    /// What to present to the server.
    pub auth: Option<Auth>,
}

/// What a server wants to know before it gives a feed.
#[derive(Clone, Debug)]
pub enum Auth {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The name, without a colon.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A bearer token (RFC 6750).
    Bearer(SecretString),
}

/// A feed to publish.
#[derive(Clone, Debug)]
pub struct Edition {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// What it is; may be blank.
    pub description: Text,
    /// The enabled sources that it takes, each once, in the order of the file.
    pub from: Vec<SourceId>,
    /// Its languages; none when every entry keeps its own.
    pub langs: Vec<Lang>,
    /// The names of the engines that translate for it, the preferred one first; none when nothing is translated.
    pub engines: Vec<String>,
    /// How much of the original stands beside a translation.
    pub bilingual: BilingualMode,
    /// How much is republished.
    pub show: Show,
    /// How many entries it holds.
    pub limit: usize,
    /// Its formats, in the order in which they are written.
    pub formats: Vec<Format>,
    /// What becomes of entries in other languages.
    pub untranslated: UntranslatedPolicy,
}
