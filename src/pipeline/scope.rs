//! The part of a plan that a run carries out.

use std::collections::HashSet;

use crate::config as plan;
use crate::model::SourceId;

/// The part of a plan that a run carries out.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The sources to visit; `None` for all enabled ones.
    pub sources: Option<HashSet<SourceId>>,
    /// The editions to publish; `None` for all.
    pub editions: Option<HashSet<String>>,
    /// True if sources are visited although they are not due.
    pub force: bool,
}

impl Scope {
    /// Returns the sources that may be visited.
    pub(super) fn sources<'p>(&self, sources: &'p [plan::Source]) -> Vec<&'p plan::Source> {
        let is_wanted = |source: &&plan::Source| self.sources.as_ref().map_or(source.enabled, |only| only.contains(&source.id));
        sources.iter().filter(is_wanted).collect()
    }

    /// Returns true if an edition is to be published.
    pub(super) fn has_edition(&self, edition: &plan::Edition) -> bool {
        self.editions.as_ref().is_none_or(|only| only.contains(&edition.id))
    }
}
