//! The words of `relais` as types, and nothing else: no input or output, no clock, no async.

mod cidr;
mod edition;
mod engine_kind;
mod entry;
mod lang;
mod marked;
mod markup;
mod pace;
mod rendition;
mod report;
mod segment_key;
mod source;
mod subscription;
mod time;
mod untranslated;
mod usage;
mod visit;
mod zone;

pub use cidr::Cidr;
pub use edition::{Edition, Format, Item, Origin, Show, Translation};
pub use engine_kind::{Bilingual, EngineKind};
pub use entry::{Enclosure, Entry, EntryHead, EntryId, EntryKey, FullText, Known, Original, Revision};
pub use lang::Lang;
pub use marked::{Marked, Piece, SegmentKind};
pub use markup::{Clean, RawHtml, Text};
pub use pace::{Habit, Pace};
pub use rendition::{MadeOf, Making, Remembered, Rendition};
pub use report::{EditionCount, EntryCounts, Fault, FaultOf, Report, SourceCounts, TranslationCounts};
pub use segment_key::SegmentKey;
pub use source::{Hub, PAUSED_AFTER, SourceId, SourceMeta, SourceState, Validators, authority};
pub use subscription::Subscription;
pub use time::{Clock, Time};
pub use untranslated::Untranslated;
pub use usage::{Budget, Period, Price, Unit, Usage};
pub use visit::{BreakKind, Change, Found, Outcome, Visit};
pub use zone::Zone;
