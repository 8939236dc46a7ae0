//! An entry that is to be translated into a language.

use std::sync::Arc;

use super::segment_job::SecondReader;
use crate::model::{EntryId, Lang, RenditionInputs, Revision, Time};
use crate::translate::Document;

/// An entry that is to be translated into a language, cut into segments.
pub(super) struct DocumentJob {
    pub(super) id: EntryId,
    pub(super) revision: Revision,
    /// The date of the entry: newer ones come first.
    pub(super) at: Time,
    pub(super) to: Lang,
    /// The inputs of the rendition, once it is finished.
    pub(super) inputs: RenditionInputs,
    /// The engines to ask in turn, as places in the list of the pass.
    pub(super) engines: Vec<usize>,
    /// The identities of earlier engines whose translations are recalled, too.
    pub(super) former_engines: Vec<String>,
    /// The time until which every edition that wants it holds it back; nothing if one does not.
    pub(super) held_until: Option<Time>,
    /// The second reader of its translations.
    pub(super) reader: Option<SecondReader>,
    pub(super) document: Arc<Document>,
}
