//! A feed for whoever runs relais: what is wrong with sources, engines and editions, each fault once for as long as it lasts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::files::render_and_write;
use super::manifest::ListedFeed;
use super::{Publish, view};
use crate::html;
use crate::model::{
    Archive, Edition, EditionDetails, EditionItem, EntryHead, Fault, FaultSubject, Format, PageRules, RawHtml, SourceId,
    SourceInfo, Text, Time,
};
use crate::pipeline::error::PipelineError;
use crate::policy::source_health::{reported_fault, warning};
use crate::sink::WrittenFile;

/// The file's name without its ending, and the name under which the store remembers it; no edition may be called so.
const NAME: &str = "faults";
/// The key of the feed itself in the record of when faults began; no fault has it.
const FEED: &str = "";

/// The record of the feed.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct FaultRecord {
    #[serde(default)]
    file: Option<WrittenFile>,
    /// The beginnings of the faults: of those of engines and editions nobody else remembers it.
    #[serde(flatten)]
    since: BTreeMap<String, Time>,
}

/// Returns the name of the file.
pub(super) fn file_name() -> String {
    format!("{NAME}.{}", Format::Atom.extension())
}

impl Publish<'_> {
    /// Writes `faults.atom`, if anything in it has changed: what the store knows of sources, and these faults of engines and
    /// editions.
    pub(in crate::pipeline) async fn write_fault_feed(&self, others: &[Fault]) -> Result<(), PipelineError> {
        let now = self.clock.now();
        let ids: Vec<SourceId> = self.sources.iter().filter(|source| source.enabled).map(|source| source.id.clone()).collect();
        let mut faults = Vec::new();
        for row in self.store.load_source_rows(&ids).await? {
            faults.extend(
                reported_fault(&row.state)
                    .cloned()
                    .or_else(|| warning(&row.state, &row.id, now).filter(|_| row.state.last_fault.is_none())),
            );
        }
        faults.extend(others.iter().filter(|fault| !matches!(fault.of, FaultSubject::Source(_))).cloned());
        let kept = self.store.load_publication(self.target, NAME).await?;
        let mut kept: FaultRecord = kept.as_deref().and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default();
        // What began after the present was stored while the clock was ahead.
        kept.since.retain(|_, since| *since <= now);
        let before = &kept.since;
        let mut since: BTreeMap<String, Time> = faults
            .iter()
            .map(|fault| {
                let key = key(fault);
                let since = fault.since.or_else(|| before.get(&key).copied()).unwrap_or_else(|| now.whole_seconds());
                (key, since)
            })
            .collect();
        // A feed without faults is dated by its first run.
        let begun = before.get(FEED).copied().unwrap_or_else(|| now.whole_seconds());
        since.insert(FEED.to_owned(), begun);
        let view = Arc::new(self.fault_view(&faults, &since));
        let mut written = render_and_write(&*self.sink, &view, Format::Atom, Arc::default())
            .await?
            .map_err(|error| PipelineError::render("faults.atom", &error))?;
        let (_, file) = written.swap_remove(0);
        let record = FaultRecord { file: Some(file.clone()), since };
        if record.file != kept.file {
            self.enter_file(file, self.listed_fault_feed(&view)).await?;
        }
        if record == kept { Ok(()) } else { self.save_record(NAME, &record).await }
    }

    fn listed_fault_feed(&self, view: &Edition) -> ListedFeed {
        ListedFeed {
            edition: NAME.to_owned(),
            lang: None,
            stem: view.stem.clone(),
            format: Format::Atom,
            title: view.title.clone(),
            sources: String::new(),
            plan: self.plan.to_owned(),
            auth: None,
            is_silent: false,
        }
    }

    fn fault_view(&self, faults: &[Fault], since: &BTreeMap<String, Time>) -> Edition {
        let mut items: Vec<EditionItem> = faults.iter().map(|fault| self.fault_item(fault, since[&key(fault)])).collect();
        items.sort_by(|a, b| (b.published, &a.id).cmp(&(a.published, &b.id)));
        Edition {
            id: NAME.to_owned(),
            lang: None,
            title: Text::new("relais: faults"),
            description: Text::new("What is wrong with sources, engines and editions."),
            feed_id: view::tag_uri(self.base_url, NAME),
            base_url: self.base_url.map(str::to_owned),
            stem: NAME.to_owned(),
            formats: vec![Format::Atom],
            updated: items.iter().map(|item| item.updated).max().unwrap_or(since[FEED]),
            items,
            deleted: Vec::new(),
            end: None,
            pages: PageRules::default(),
            details: EditionDetails::default(),
            archive: Archive::default(),
        }
    }

    fn fault_item(&self, fault: &Fault, since: Time) -> EditionItem {
        let (what, name) = named(fault);
        let source = self.sources.iter().find(|source| what == "source" && source.id.as_str() == name);
        let origin = SourceInfo {
            id: SourceId::new(name),
            title: Text::new(name),
            feed: source.map_or_else(|| view::tag_uri(self.base_url, name), |source| source.public_url.clone()),
            site: None,
            image: None,
            rights: Text::default(),
            genres: Vec::new(),
        };
        let content = html::clean(&RawHtml(format!("<p>{}</p>", html::escape(&fault.message))), None);
        EditionItem {
            id: view::tag_uri(self.base_url, &format!("fault/{what}/{name}/{}/{}", fault.kind, since.millis() / 1000)),
            head: EntryHead { categories: vec![fault.kind.to_string()], ..EntryHead::default() },
            title: Text::new(&format!("{what} {name}: {}", fault.kind)),
            summary: None,
            summary_text: Text::default(),
            text: fault.message.clone(),
            content: Some(content),
            page: None,
            lang: None,
            published: since,
            updated: since,
            source: origin,
            also_in: Vec::new(),
            translation: None,
        }
    }
}

fn named(fault: &Fault) -> (&'static str, &str) {
    match &fault.of {
        FaultSubject::Source(name) => ("source", name),
        FaultSubject::Engine(name) => ("engine", name),
        FaultSubject::Edition(name) => ("edition", name),
        FaultSubject::Notify(name) => ("notify", name),
        FaultSubject::Network(hosts) => ("network", hosts),
    }
}

fn key(fault: &Fault) -> String {
    let (what, name) = named(fault);
    format!("{what} {name} {}", fault.kind)
}
