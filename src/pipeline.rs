//! The three passes, and the loop that runs them until idle ([`run`]) or until cancelled ([`Passes`]): ingest leases, fetches and
//! settles due sources; translate makes renditions; publish writes changed editions.
//!
//! A pass has no rules of its own: it carries out the decisions of `policy`, `select` and `translate`, and stores its results. So
//! each can be killed, repeated or run on another machine.

mod blocking;
mod context;
mod discovery;
mod dry_run;
mod edition_rows;
mod edition_rules;
mod error;
mod explain;
mod full_text;
mod ingest;
mod leaders;
mod named_entries;
mod network;
mod notices;
mod notify;
mod originals;
mod output_lease;
mod prepared;
mod preview;
mod publish;
mod report;
mod robots_cache;
mod rules;
mod run;
mod run_once;
mod scope;
mod story_places;
mod topics;
mod translate;
mod trigger;
mod validity;
mod window;

pub use blocking::Panicked;
pub use discovery::{DiscoveryError, FoundFeed, Probe, ProbedFeed, find_feeds, probe};
pub use dry_run::dry_run;
pub use error::PipelineError;
pub use explain::{Explainer, FoundEntry, find_entries};
pub use ingest::{Progress, Push, Until};
pub use network::{client, options};
pub use prepared::{Prepared, RunError, open_bucket, open_glossary_and_engines};
pub use preview::{ChangedEdition, PreviewPrice, PreviewedEntry, SourcePreview, preview_edition, preview_source, price_entries};
pub use publish::{EditionStanding, TemplateError, check_templates, edition_standings, template_files};
pub use run::{Passes, Subscribing};
pub use run_once::{Finished, RunRequest, run};
pub use scope::Scope;
pub use topics::{TopicError, Topics};
pub use translate::{
    EngineHandle, SegmentReview, TextRequest, TranslateSetupError, list_models, load_glossary, model_origin, open_engine,
    translate_text,
};
