//! Builds the report of a run from the results of its passes, in any order.

use std::collections::{BTreeMap, HashMap};

use crate::model::{
    EditionCount, EntryCounts, Fault, FaultSubject, NotificationCount, Report, SourceCounts, SourceId, SourceMeta, Time,
    TranslationCounts, Visit,
};
use crate::policy::source_health::visit_fault;

use super::notify::Delivered;
use super::publish::Published;
use super::translate::Translated;

/// The counts and faults since a run began.
pub(super) struct ReportBuilder {
    started: Time,
    sources: SourceCounts,
    entries: EntryCounts,
    translation: TranslationCounts,
    editions: Vec<EditionCount>,
    source_faults: BTreeMap<FaultSubject, Fault>,
    engine_faults: Vec<Fault>,
    edition_faults: Vec<Fault>,
    notifications: Vec<NotificationCount>,
    notification_faults: Vec<Fault>,
    network_fault: Option<Fault>,
    /// The metadata of the feeds that were visited since the last publish pass.
    seen: HashMap<SourceId, SourceMeta>,
    has_changed: bool,
}

impl ReportBuilder {
    /// Makes the report of a run that has done nothing yet.
    pub(super) fn new(started: Time) -> Self {
        Self {
            started,
            sources: SourceCounts::default(),
            entries: EntryCounts::default(),
            translation: TranslationCounts::default(),
            editions: Vec::new(),
            source_faults: BTreeMap::new(),
            engine_faults: Vec::new(),
            edition_faults: Vec::new(),
            notifications: Vec::new(),
            notification_faults: Vec::new(),
            network_fault: None,
            seen: HashMap::new(),
            has_changed: true,
        }
    }

    /// Adds a visit. It replaces the fault of an earlier visit of its source.
    pub(super) fn add_visit(&mut self, visit: &Visit) {
        self.sources.due += 1;
        self.sources.count(&visit.outcome);
        if let Some(found) = visit.outcome.found() {
            self.entries.add(found);
        }
        self.source_faults.remove(&FaultSubject::Source(visit.source.as_str().to_owned()));
        self.source_faults.extend(visit_fault(visit).map(|fault| (fault.of.clone(), fault.clone())));
        if let Some(state) = &visit.state {
            self.add_source_meta(&visit.source, &state.meta);
        }
        self.has_changed = true;
    }

    /// Records the metadata of a feed.
    pub(super) fn add_source_meta(&mut self, source: &SourceId, meta: &SourceMeta) {
        self.seen.insert(source.clone(), meta.clone());
    }

    /// Takes the metadata of the feeds visited since the last call.
    pub(super) fn take_source_meta(&mut self) -> HashMap<SourceId, SourceMeta> {
        std::mem::take(&mut self.seen)
    }

    /// Records the begin (a fault) or the end (`None`) of an outage.
    pub(super) fn set_network_fault(&mut self, fault: Option<Fault>) {
        self.has_changed |= self.network_fault != fault;
        self.network_fault = fault;
    }

    /// Adds the result of a translate pass. Returns the faults that the previous pass did not have.
    pub(super) fn add_translation(&mut self, translated: Translated) -> Vec<Fault> {
        let (sum, more) = (&mut self.translation, translated.counts);
        sum.segments += more.segments;
        sum.recalled += more.recalled;
        sum.sent += more.sent;
        sum.characters_sent += more.characters_sent;
        sum.cost += more.cost;
        sum.tokens_in += more.tokens_in;
        sum.tokens_out += more.tokens_out;
        sum.tokens_cached += more.tokens_cached;
        sum.left += more.left;
        sum.add_readings(&more);
        sum.add_reasons(more.reasons);
        sum.waiting += more.waiting;
        sum.estimate = more.estimate;
        sum.rejected += more.rejected;
        sum.add_engines(more.engines);
        self.has_changed |= more.segments > 0 || translated.faults != self.engine_faults;
        replace_faults(&mut self.engine_faults, translated.faults)
    }

    /// Adds the result of a publish pass. Returns the faults that the previous pass did not have.
    pub(super) fn add_publication(&mut self, published: Published) -> Vec<Fault> {
        let is_news = published.editions.iter().any(|edition| edition.written > 0);
        self.has_changed |= is_news || self.edition_faults != published.faults;
        self.translation.waiting = published.waiting;
        let before = std::mem::replace(&mut self.editions, published.editions);
        for edition in &mut self.editions {
            if let Some(before) = before.iter().find(|before| (&before.id, &before.lang) == (&edition.id, &edition.lang)) {
                // A file counts as written if any pass of this run wrote it.
                let files = edition.written + edition.same;
                edition.written = edition.written.max(before.written).min(files);
                edition.same = files - edition.written;
            }
        }
        replace_faults(&mut self.edition_faults, published.faults)
    }

    /// Adds the deliveries of notifications. Returns the faults that there were not before.
    pub(super) fn add_deliveries(&mut self, delivered: Delivered) -> Vec<Fault> {
        let mut counts = delivered.counts;
        for count in &mut counts {
            if let Some(before) = self.notifications.iter().find(|before| before.id == count.id) {
                count.delivered += before.delivered;
                count.given_up += before.given_up;
            }
        }
        self.has_changed |= counts != self.notifications || delivered.faults != self.notification_faults;
        self.notifications = counts;
        replace_faults(&mut self.notification_faults, delivered.faults)
    }

    /// Returns the faults of the network, of engines, editions and notifications.
    pub(super) fn other_faults(&self) -> Vec<Fault> {
        let others = self.engine_faults.iter().chain(&self.edition_faults).chain(&self.notification_faults);
        self.network_fault.iter().chain(others).cloned().collect()
    }

    /// Returns true if the report has changed since the last call.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// Marks the report as changed, because it could not be saved.
    pub(super) fn set_changed(&mut self) {
        self.has_changed = true;
    }

    /// Builds the report at `now` of the run with this number.
    pub(super) fn build(&self, run: i64, now: Time) -> Report {
        let faults = self.network_fault.iter().chain(self.source_faults.values());
        Report {
            run,
            started: self.started,
            duration_ms: u64::try_from(now.since(self.started).as_millis()).unwrap_or(u64::MAX),
            sources: self.sources,
            entries: self.entries,
            translation: self.translation.clone(),
            editions: self.editions.clone(),
            notifications: self.notifications.clone(),
            faults: faults
                .chain(&self.engine_faults)
                .chain(&self.edition_faults)
                .chain(&self.notification_faults)
                .cloned()
                .collect(),
        }
    }
}

/// Replaces the old faults. Returns the new ones among them.
fn replace_faults(old: &mut Vec<Fault>, new: Vec<Fault>) -> Vec<Fault> {
    let appeared = new.iter().filter(|fault| !old.contains(fault)).cloned().collect();
    *old = new;
    appeared
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FaultKind, Outcome, SourceState};

    fn edition(written: u32, same: u32) -> Published {
        let count = EditionCount { id: "jeux".to_owned(), lang: None, items: 3, written, same };
        Published { editions: vec![count], ..Published::default() }
    }

    fn visit(fault: Option<Fault>) -> Visit {
        let state = SourceState { last_fault: fault, ..SourceState::default() };
        Visit {
            source: SourceId::new("a"),
            at: Time::EPOCH,
            duration_ms: 0,
            outcome: Outcome::Same,
            state: Some(state),
            changes: Vec::new(),
            withdrawn: Vec::new(),
            restored: Vec::new(),
            due: Time::EPOCH,
            due_reason: None,
        }
    }

    #[test]
    fn file_written_by_the_first_of_two_passes_counts_as_written_once() {
        let mut report = ReportBuilder::new(Time::EPOCH);
        report.add_publication(edition(4, 0));
        report.add_publication(edition(1, 3));
        let editions = report.build(1, Time::EPOCH).editions;
        assert_eq!((editions[0].written, editions[0].same), (4, 0));
    }

    #[test]
    fn good_visit_ends_the_fault_of_its_source() {
        let mut report = ReportBuilder::new(Time::EPOCH);
        let fault = Fault::of_source(&SourceId::new("a"), FaultKind::Http, "500", None);
        report.add_visit(&visit(Some(fault)));
        assert_eq!(report.build(1, Time::EPOCH).faults.len(), 1);
        report.add_visit(&visit(None));
        assert!(report.build(1, Time::EPOCH).faults.is_empty());
    }

    #[test]
    fn fault_that_stays_is_new_once() {
        let mut report = ReportBuilder::new(Time::EPOCH);
        let failing = || Translated { faults: vec![Fault::of_engine("deepl", FaultKind::Quota, "456")], ..Translated::default() };
        assert_eq!(report.add_translation(failing()).len(), 1);
        assert!(report.add_translation(failing()).is_empty());
    }
}
