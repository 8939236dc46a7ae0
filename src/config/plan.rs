//! The plan: the checked content of feeds.toml, with defaults and secrets filled in. The rest of relais takes its slice of it.

mod notify;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveTime;
use secrecy::SecretString;

use super::diagnostics::Problem;
use super::state::State;
use crate::model::{
    AddressKey, BilingualMode, Budget, Cidr, EngineKind, EntryId, Format, GuidanceTable, Headline, Lang, ListenAddress,
    MailAddress, Price, Provenance, ReasoningEffort, ServiceTier, Show, SourceId, StoryRules, Text, UntranslatedPolicy, Zone,
};
use crate::select::{Filter, Rewrites, Tag};

pub use notify::{Notification, Receiver};

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file itself.
    pub path: PathBuf,
    /// The database.
    pub state: State,
    /// The folder or bucket to write to.
    pub output: Output,
    /// The address of the output for readers; ends in `/`.
    pub base_url: Option<String>,
    /// True if `faults.atom` is written: a feed of what is wrong.
    pub faults: bool,
    /// The time for which the files of a feed that has ended stay.
    pub keep_ended: Duration,
    /// The folder of templates that take the place of built-in ones; absolute.
    pub templates: Option<PathBuf>,
    /// The rules for fetching.
    pub fetch: Fetch,
    /// The rules for serving the output.
    pub serve: Serve,
    /// The engines, also those that no edition uses, in the order of the file.
    pub engines: Vec<Engine>,
    /// Terms and names.
    pub glossary: Glossary,
    /// The user's topic rules, in the order of the file.
    pub topics: Vec<Topic>,
    /// The sources, also those that are not enabled, in the order of the file.
    pub sources: Vec<Source>,
    /// The editions, in the order of the file.
    pub editions: Vec<Edition>,
    /// Their digests, in the order of the file.
    pub digests: Vec<Digest>,
    /// The receivers of their news, in the order of the file.
    pub notifications: Vec<Notification>,
    /// A hash of the text of the file and of its warnings: it changes when either does.
    pub fingerprint: String,
    /// Warnings: settings that are valid, but probably a mistake.
    pub warnings: Vec<Problem>,
}

impl Plan {
    /// Returns the sources that are visited.
    pub fn enabled(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.enabled)
    }

    /// Returns the time for which the entries of a source are kept: the longest of the editions that take it, or of all editions if none
    /// does.
    pub fn keep_for(&self, source: &SourceId) -> Duration {
        let taken = self.editions.iter().filter(|edition| edition.from.contains(source)).map(|edition| edition.keep_for).max();
        taken.unwrap_or_else(|| self.longest_keep_for())
    }

    /// Returns the longest time for which an edition keeps entries.
    pub fn longest_keep_for(&self) -> Duration {
        self.editions.iter().map(|edition| edition.keep_for).max().unwrap_or(Duration::MAX)
    }

    /// Returns the folder of the models of the embedded engine: that of the first such engine, or the one that it would have.
    pub fn models_folder(&self) -> PathBuf {
        let of_engine = self.engines.iter().find_map(|engine| engine.models.as_ref());
        of_engine.map_or_else(|| EngineModels::default_folder(&self.state, &self.path), |models| models.folder.clone())
    }

    /// Renders the warnings for people, with an empty line between two.
    pub fn render_warnings(&self, colour: bool) -> String {
        self.warnings.iter().map(|warning| warning.render(Path::new(&self.path), colour)).collect::<Vec<_>>().join("\n")
    }
}

/// The place to which editions are written.
#[derive(Clone, Debug)]
pub enum Output {
    /// A folder, absolute.
    Folder(PathBuf),
    /// A bucket of an S3 server.
    Bucket(Box<Bucket>),
}

impl Output {
    /// Returns the folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Bucket(_) => None,
        }
    }
}

impl fmt::Display for Output {
    /// Writes the path of the folder, or the address of the bucket as feeds.toml has it. It names the output in the store.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Bucket(bucket) if bucket.prefix.is_empty() => write!(f, "s3://{}", bucket.name),
            Self::Bucket(bucket) => write!(f, "s3://{}/{}", bucket.name, bucket.prefix),
        }
    }
}

/// A bucket, and how its server is reached: `output` and `[s3]`.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The name of the bucket.
    pub name: String,
    /// The part of the objects' names that stands before the names of files; may be empty, has no `/` at its ends.
    pub prefix: String,
    /// The address of the server, without the bucket and a `/` at the end. `None` is AWS.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// True if the bucket is named in the path, false if in the host.
    pub path_style: bool,
    /// The access key and its secret, if feeds.toml names them.
    pub key: Option<(SecretString, SecretString)>,
    /// The reason, as a sentence, if they could not be read. Only commands that publish need them.
    pub key_error: Option<String>,
    /// The variables of the environment that state credentials and region.
    pub environment: HashMap<&'static str, SecretString>,
    /// The `Cache-Control` header of the objects.
    pub cache_control: String,
    /// The time limit of one request.
    pub timeout: Duration,
}

/// The rules for fetching sources: `[fetch]`.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The longest interval between two visits to a source, unless the source sets its own.
    pub every: Duration,
    /// The time limit of one visit, redirects included.
    pub timeout: Duration,
    /// The time after which a run starts no more visits.
    pub deadline: Duration,
    /// The most visits in flight.
    pub concurrency: usize,
    /// The most visits in flight to one host.
    pub per_host: usize,
    /// The pause between two visits to one host.
    pub host_interval: Duration,
    /// The largest body in bytes, after decompression.
    pub max_bytes: u64,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The proxy's address, which may hold a password.
    pub proxy: Option<SecretString>,
    /// A file of further certificates to trust; absolute.
    pub ca: Option<PathBuf>,
    /// Private address ranges that may be visited.
    pub allow_private: Vec<Cidr>,
}

/// The rules for serving the output: `[serve]`.
#[derive(Clone, Debug, Default)]
pub struct Serve {
    /// The token of the operator.
    pub admin: Option<SecretString>,
    /// The files that hold this token, and those of editions: a change of one is a change of the plan.
    pub secret_files: Vec<PathBuf>,
    /// The address to listen on, if none is given on the command line.
    pub listen: Option<ListenAddress>,
    /// The mode of the Unix socket.
    pub socket_mode: u32,
    /// The proxies that are believed what they say of their clients.
    pub trusted_proxies: Vec<Cidr>,
    /// The path below which everything is served: begins with a `/`, does not end in one; empty for the root.
    pub base_path: String,
}

/// A translation service: `[engine.ID]`.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Its name.
    pub id: String,
    /// The protocol.
    pub kind: EngineKind,
    /// The address of the server: http or https, without user name, query and a `/` at the end. `None` is the default of the
    /// kind. For the embedded engine, where models come from; this may be a `file:` address.
    pub url: Option<String>,
    /// The name of the language model; set for these kinds only.
    pub model: Option<String>,
    /// The region of an Azure resource.
    pub region: Option<String>,
    /// The API key, if it is set and could be read.
    pub key: Option<SecretString>,
    /// The reason, as a sentence, if the API key could not be read. Only commands that send requests to the engine need it.
    pub key_error: Option<String>,
    /// The spending limit.
    pub budget: Option<Budget>,
    /// The price; always set if the budget is in money.
    pub price: Option<Price>,
    /// The pivot language, for pairs that the engine does not translate directly.
    pub pivot: Option<Lang>,
    /// Wishes about its translations.
    pub guidance: GuidanceTable,
    /// The effort of a reasoning model.
    pub reasoning_effort: Option<ReasoningEffort>,
    /// The cheap tier of the vendor in which texts that can wait are sent.
    pub tier: Option<ServiceTier>,
    /// The time limit of one request.
    pub timeout: Option<Duration>,
    /// The most requests in flight.
    pub in_flight: Option<usize>,
    /// The models; set for the embedded engine only.
    pub models: Option<EngineModels>,
}

/// Holds the folder of the models of the embedded engine, and their origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineModels {
    /// The folder; absolute.
    pub folder: PathBuf,
    /// True if a run gets a model that is missing.
    pub auto_download: bool,
}

impl EngineModels {
    /// Returns the folder of models unless another one is named: beside the database file, which is where relais may write, or else beside
    /// feeds.toml.
    pub(super) fn default_folder(state: &State, file: &Path) -> PathBuf {
        state.file().unwrap_or(file).parent().unwrap_or(Path::new(".")).join("models")
    }
}

/// A topic rule of the user: `[topic.ID]`.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub id: String,
    /// The file with the rule; absolute, and checked to be readable text.
    pub file: PathBuf,
}

/// The user's terms and names: `[glossary]`. If an edition has engines, both files have been checked to be readable text.
#[derive(Clone, Debug, Default)]
pub struct Glossary {
    /// The file of terms and their translations, tab-separated; absolute.
    pub file: Option<PathBuf>,
    /// The file of names that stay untranslated, one per line; absolute.
    pub keep: Option<PathBuf>,
}

/// A feed that is read: `[source.ID]`.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name.
    pub id: SourceId,
    /// Its address, as written. It may hold a secret: people are shown `public_url`.
    pub url: String,
    /// The address that readers, `relais status` and faults show.
    pub public_url: String,
    /// A title that replaces the feed's own.
    pub title: Option<Text>,
    /// The web page of the feed.
    pub site: Option<String>,
    /// The language of its entries, where the feed does not declare it.
    pub lang: Option<Lang>,
    /// The time zone of its dates that have none.
    pub zone: Zone,
    /// Its tags, without duplicates.
    pub tags: Vec<String>,
    /// The name of the topic rule that its entries are judged by: a user's, or a built-in one.
    pub topic: Option<String>,
    /// The expressions that its entries are judged by.
    pub filter: Filter,
    /// The rules that change the texts of its entries.
    pub rewrites: Arc<Rewrites>,
    /// The longest interval between two visits.
    pub every: Duration,
    /// The weight of its entries where an edition has too few places, in thousandths.
    pub weight: u32,
    /// The preference when several sources tell one story: the greatest leads.
    pub prefer: i64,
    /// True if the articles are fetched from the pages of its entries.
    pub full_text: bool,
    /// True if it is visited. The secrets of a disabled source are not read: its `headers` are empty and its `auth` is `None`.
    pub enabled: bool,
    /// Request headers.
    pub headers: Vec<(String, SecretString)>,
    /// The credentials for the server.
    pub auth: Option<Auth>,
}

/// The credentials for a source.
#[derive(Clone, Debug)]
pub enum Auth {
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user name, without a colon.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A bearer token (RFC 6750).
    Bearer(SecretString),
}

/// A daily digest of an edition: `[digest.ID]`.
#[derive(Clone, Debug)]
pub struct Digest {
    /// Its name.
    pub id: String,
    /// The edition, which exists.
    pub edition: String,
    /// One of the languages of the edition; `None` for each of them.
    pub lang: Option<Lang>,
    /// The time of day at which it is due.
    pub at: NaiveTime,
    /// The zone of that time.
    pub zone: Zone,
    /// The sender of the mail.
    pub from: Option<MailAddress>,
    /// The receivers of the mail.
    pub to: Vec<MailAddress>,
}

/// A merged feed that is published: `[edition.ID]`.
#[derive(Clone, Debug)]
pub struct Edition {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// Its description; may be blank.
    pub description: Text,
    /// The enabled sources that it takes, without duplicates, in the order of the file.
    pub from: Vec<SourceId>,
    /// The weights of these sources, in the same order and in thousandths.
    pub weights: Vec<u32>,
    /// The `prefer` of these sources, in the same order.
    pub prefer: Vec<i64>,
    /// The tags of which an entry must have one; empty if it needs none.
    pub tags: Vec<Tag>,
    /// The number of the `[[edition.each]]` that it is of. Such editions differ in name, title, description and tag only.
    pub family: Option<usize>,
    /// The expressions that entries are judged by.
    pub filter: Filter,
    /// Its languages; empty if every entry keeps its own.
    pub langs: Vec<Lang>,
    /// The ids of its engines, the preferred one first; empty if nothing is translated.
    pub engines: Vec<String>,
    /// The id of the engine that reads its translations a second time.
    pub review: Option<String>,
    /// The parts of the original that are shown beside a translation.
    pub bilingual: BilingualMode,
    /// The parts of an entry that are republished.
    pub show: Show,
    /// The parts of an entry that are translated, as far as they are republished.
    pub translate: Show,
    /// The most entries that it holds.
    pub limit: usize,
    /// The number of entries up to which older ones than `within` are shown.
    pub at_least: usize,
    /// The time, counted back from the newest entry, whose entries are all shown, up to `limit`.
    pub within: Duration,
    /// The most entries of one source.
    pub per_source: Option<usize>,
    /// The rules by which entries become stories; nothing if each entry is an item of its own.
    pub stories: Option<StoryRules>,
    /// The entries that lead it.
    pub pin: NamedEntries,
    /// The entries that it does not show.
    pub mute: NamedEntries,
    /// Its formats, in writing order.
    pub formats: Vec<Format>,
    /// True if everything that it publishes is kept in an archive.
    pub archive: bool,
    /// The time for which retention keeps the entries of its sources.
    pub keep_for: Duration,
    /// The number of items on one of its pages.
    pub page_size: usize,
    /// True if its pages show pictures.
    pub images: bool,
    /// The time zone of its pages.
    pub zone: Zone,
    /// The template of its headlines.
    pub headline: Headline,
    /// The address of its picture.
    pub icon: Option<String>,
    /// Its copyright notice.
    pub rights: Option<Text>,
    /// The readers that relais serves it to; nothing if everybody may read it.
    pub auth: Option<EditionAuth>,
    /// The addresses of the WebSub hubs that are told of its changes.
    pub hubs: Vec<String>,
    /// The form in which readers see that an item is translated.
    pub provenance: Provenance,
    /// The rule for entries that are not (yet) translated.
    pub untranslated: UntranslatedPolicy,
}

/// Holds the tokens and the login that open an edition. One without any is open to nobody.
#[derive(Clone, Debug, Default)]
pub struct EditionAuth {
    /// The tokens.
    pub tokens: Vec<SecretString>,
    /// A user name and a password.
    pub login: Option<(String, SecretString)>,
    /// The files that these were read from.
    pub files: Vec<PathBuf>,
}

impl Edition {
    /// Returns its name, if not everybody may read it.
    pub fn guarded_by(&self) -> Option<String> {
        self.auth.is_some().then(|| self.id.clone())
    }

    /// Returns the parts of an entry that are translated for it: no more than it shows.
    pub fn translated(&self) -> Show {
        self.show.min(self.translate)
    }
}

/// Entries that an edition pins or mutes.
#[derive(Clone, Debug, Default)]
pub struct NamedEntries {
    /// All entries of these sources of the edition.
    pub sources: Vec<SourceId>,
    /// Entries with one of these terms in their headline.
    pub terms: Vec<String>,
    /// Entries of these pages.
    pub addresses: Vec<AddressKey>,
    /// Entries with these ids.
    pub ids: Vec<EntryId>,
}
