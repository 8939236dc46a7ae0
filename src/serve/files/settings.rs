//! Takes the settings of serving files from a plan.

use std::collections::HashMap;

use super::super::guard::Guards;
use crate::config::Plan;
use crate::model::Cidr;

/// The settings of a server of files.
pub(super) struct Settings {
    /// The public address of the output; ends in `/`.
    pub(super) base_url: Option<String>,
    pub(super) base_path: String,
    pub(super) guards: Guards,
    /// The hubs of each edition that has some.
    pub(super) hubs: HashMap<String, Vec<String>>,
    pub(super) trusted_proxies: Vec<Cidr>,
}

impl Settings {
    pub(super) fn new(plan: &Plan) -> Self {
        let with_hubs = plan.editions.iter().filter(|edition| !edition.hubs.is_empty());
        Self {
            base_url: plan.base_url.clone(),
            base_path: plan.serve.base_path.clone(),
            guards: Guards::new(plan),
            hubs: with_hubs.map(|edition| (edition.id.clone(), edition.hubs.clone())).collect(),
            trusted_proxies: plan.serve.trusted_proxies.clone(),
        }
    }

    /// Returns true if not everybody may read everything.
    pub(super) fn has_guards(&self) -> bool {
        !self.guards.is_empty()
    }
}
