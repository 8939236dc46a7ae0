//! Chooses the entries of an edition and joins them, with as many of them in reserve as it takes to fill the edition.

use crate::config as plan;
use crate::model::{Lang, Time};
use crate::pipeline::edition_rows::RowReader;
use crate::pipeline::error::PipelineError;
use crate::pipeline::window::Reserve;
use crate::store::Store;

use super::stories::{Joined, Known, join_stories};
use super::window::{Selected, select_entries};

/// Returns the entries that may be shown at `now` in an edition in a language, without those that wait, and its items.
pub(in crate::pipeline) async fn select_items<'e>(
    store: &'e Store,
    reader: &mut RowReader<'e>,
    edition: &'e plan::Edition,
    (lang, now): (Option<&Lang>, Time),
    known: Known<'_>,
) -> Result<(Selected, Joined), PipelineError> {
    let mut reserve = Reserve::FIRST;
    loop {
        let mut selected = select_entries(store, reader, edition, (lang, now), reserve).await?;
        let waiting = std::mem::take(&mut selected.waiting);
        let joined = join_stories(store, reader, edition, (&selected.ranked, waiting), known).await?;
        match reserve.more().filter(|_| joined.is_short) {
            Some(more) => reserve = more,
            None => return Ok((selected, joined)),
        }
        tracing::debug!(edition.id = edition.id, items = joined.entries.len(), "few events: more entries are read");
    }
}
