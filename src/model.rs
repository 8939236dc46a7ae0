//! The words of `relais` as types, and nothing else: no input or output, no clock, no async.

mod address_key;
mod article_key;
mod break_kind;
mod cidr;
mod credential;
mod dedup_key;
mod due_reason;
mod edition;
mod engine_kind;
mod engine_language;
mod engine_state;
mod entry;
mod estimate;
mod explanation;
mod fault;
mod guidance;
mod headline;
mod id;
mod lang;
mod language_name;
mod lock_holder;
mod mail;
mod marked;
mod markup;
mod notification;
mod page;
mod picture;
mod podcast;
mod poll_hints;
mod provenance;
mod publish_rate;
mod rendition;
mod report;
mod review;
mod rule_facts;
mod segment_key;
mod source;
mod story_key;
mod subscription;
mod time;
mod topic;
mod untranslated;
mod usage;
mod visit;
mod zone;

pub use address_key::AddressKey;
pub use article_key::{ArticleKey, HeadlineKey};
pub use break_kind::BreakKind;
pub use cidr::{Cidr, CidrError};
pub use credential::{has_credentials, looks_secret, public_address};
pub use dedup_key::{DedupKey, LinkOrigin};
pub use due_reason::DueReason;
pub use edition::{
    AlsoIn, Archive, DeletedItem, Edition, EditionDetails, EditionItem, EditionLanguage, EndOfFeed, Format, Show, SourceInfo,
    Translation, is_page_file,
};
pub use engine_kind::{BilingualMode, EngineKind};
pub use engine_language::EngineLanguage;
pub use engine_state::{EngineCondition, EngineState};
pub use entry::{Enclosure, Entry, EntryHead, EntryRow, EntryTexts, FullText, Original};
pub use estimate::{BudgetEstimate, EditionEstimate, EngineEstimate, Estimate, EstimatedWork, Range};
pub use explanation::{
    DateBasis, ExplainedDates, ExplainedEdition, ExplainedMember, ExplainedSegment, ExplainedTopic, ExplainedTranslation,
    Explanation,
};
pub use fault::{Fault, FaultKind, FaultSubject};
pub use guidance::{Formality, Guidance, GuidanceTable, ReasoningEffort};
pub use headline::{Headline, HeadlineError};
pub use id::{EntryId, EntryKey, Revision, SourceId};
pub use lang::Lang;
pub use lock_holder::{HolderKind, LockHolder};
pub use mail::MailAddress;
pub use marked::{Marked, Piece, SegmentKind};
pub use markup::{Clean, PageHtml, RawHtml, Text};
pub use notification::{ItemNews, NewsKind, NotificationCount, NotificationState, OutboxEvent};
pub use page::{PageItem, PageRules, PageTag, Sibling};
pub use picture::PictureDetails;
pub use podcast::{Chapters, DetailKind, Episode, EpisodeDetail, EpisodeKind, Genre, Transcript};
pub use poll_hints::PollHints;
pub use provenance::Provenance;
pub use publish_rate::PublishRate;
pub use rendition::{MemoryResult, PERSON, Refusal, Rendition, RenditionInputs, RenditionProvenance, is_person};
pub use report::{EditionCount, EngineCounts, EntryCounts, Report, SourceCounts, TranslationCounts};
pub use review::{ReviewState, ReviewVerdict, SeenSegment};
pub use rule_facts::RuleFacts;
pub use segment_key::SegmentKey;
pub use source::{Hub, SourceMeta, SourceState, Validators, authority};
pub use story_key::{MAX_STORY_TOKENS, StoryKey, StoryRules, StoryToken, TokenKind};
pub use subscription::Subscription;
pub use time::{Clock, Time};
pub use topic::BUILT_IN_TOPICS;
pub use untranslated::UntranslatedPolicy;
pub use usage::{Budget, Period, Price, Unit, Usage};
pub use visit::{Change, Found, Outcome, Visit};
pub use zone::Zone;
