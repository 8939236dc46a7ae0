//! The sources as readers see them, read from the store when they are first needed: a pass over an unchanged world needs none.

use std::collections::HashMap;

use tokio::sync::OnceCell;

use crate::model::{SourceId, SourceInfo};
use crate::store::{SourceRow, StoreError};

use super::{Publish, view};

/// The sources of a pass.
pub(super) struct Sources<'a> {
    publish: &'a Publish<'a>,
    known: OnceCell<KnownSources>,
}

/// Holds the rows of the sources in the store.
pub(super) struct KnownSources {
    /// The rows of all sources that were ever visited.
    pub(super) rows: HashMap<SourceId, SourceRow>,
    /// The title and link of each source.
    pub(super) infos: HashMap<SourceId, SourceInfo>,
}

impl<'a> Sources<'a> {
    /// Makes the sources of a pass. Nothing is read yet.
    pub(super) fn new(publish: &'a Publish<'a>) -> Self {
        Self { publish, known: OnceCell::new() }
    }

    /// Returns what the store knows of all sources.
    pub(super) async fn load(&self) -> Result<&KnownSources, StoreError> {
        self.known.get_or_try_init(|| self.publish.read_sources()).await
    }

    /// Returns the title and link of each source.
    pub(super) async fn infos(&self) -> Result<&HashMap<SourceId, SourceInfo>, StoreError> {
        Ok(&self.load().await?.infos)
    }
}

impl Publish<'_> {
    async fn read_sources(&self) -> Result<KnownSources, StoreError> {
        let ids: Vec<SourceId> = self.sources.iter().map(|source| source.id.clone()).collect();
        tracing::debug!(sources = ids.len(), "reading what the store knows of the sources");
        let rows = if ids.is_empty() { Vec::new() } else { self.store.load_source_rows(&ids).await? };
        let rows: HashMap<SourceId, SourceRow> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let meta = |id| self.seen.get(id).or_else(|| rows.get(id).map(|row| &row.state.meta));
        let infos = self.sources.iter().map(|source| (source.id.clone(), view::source_info(source, meta(&source.id)))).collect();
        Ok(KnownSources { rows, infos })
    }
}
