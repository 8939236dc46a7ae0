//! The passes for ever, over one plan: ingest visits each source on its own schedule, translate and publish follow what it
//! brings, and none of them waits for another. What a daemon does.
//!
//! Whatever fails is told, noted and tried again: a database that is away, a disk that is full, an engine that is down.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::config as plan;
use crate::config::Plan;
use crate::model::{Clock, EditionCount, Fault, FaultSubject, Report, SourceId, Time, TranslationCounts, Visit};
use crate::net::Client;
use crate::sink::OutputDir;
use crate::store::Store;
use crate::translate::Glossary;

use super::error::PipelineError;
use super::full_text::{PageBudget, Pages};
use super::ingest::{Hubs, Ingest, Ingested, Lasting, Progress, Push, Pushes, Subscribe};
use super::publish::{Publish, Published};
use super::robots_cache::Manners;
use super::run::{RunError, client, open_output, paged, terms};
use super::translate::{Translate, Translated, open_engines};

/// What comes together is published together.
const GATHER: Duration = Duration::from_secs(2);
/// The longest that publishing rests: what is held for a translation may have been held for long enough.
const REST: Duration = Duration::from_secs(60);
/// How long one translate pass goes on asking engines: then the newest entries are looked for again.
const TRANSLATE: Duration = Duration::from_secs(60);
/// How long a pass that failed rests; doubled each time, up to ten minutes.
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LONGEST_RETRY: Duration = Duration::from_secs(10 * 60);
/// How often the report is saved, when there is something new in it.
const SAVE: Duration = Duration::from_secs(60);

/// A plan with all that it needs to be carried out, looked at and found to be there.
pub struct Prepared {
    plan: Plan,
    client: Client,
    glossary: Arc<Glossary>,
    dir: Arc<OutputDir>,
    paged: HashSet<SourceId>,
}

impl Prepared {
    /// Opens what the plan names: certificates, engines, glossary, output.
    pub async fn of(plan: Plan) -> Result<Self, RunError> {
        let glossary = terms(&plan, &open_engines(&plan)?)?;
        Ok(Self { client: client(&plan.fetch)?, glossary, dir: open_output(&plan).await?, paged: paged(&plan), plan })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// What the passes for ever work with.
pub struct Keep<'a> {
    /// The plan, and what it needs.
    pub prepared: &'a Prepared,
    /// Where work is taken from.
    pub store: &'a Store,
    /// The present.
    pub clock: &'a dyn Clock,
    /// A name that no other worker has.
    pub worker: &'a str,
    /// The number that the store gave to this run.
    pub run: i64,
    /// When to end: what is in hand is finished, nothing else is begun.
    pub stop: &'a CancellationToken,
    /// Told that ingest is alive, at least twice a minute.
    pub alive: &'a (dyn Fn() + Sync),
    /// Told each time that everything was published as it should be.
    pub published: &'a (dyn Fn() + Sync),
    /// Where hubs can reach us.
    pub subscribing: Option<Subscribing>,
}

/// How hubs reach us.
pub struct Subscribing {
    callback: String,
    pushes: Pushes,
}

impl Subscribing {
    /// At addresses that begin with `callback`, which ends in `/`; what they send there comes through `pushes`.
    pub fn at(callback: String, pushes: mpsc::Receiver<Push>) -> Self {
        Self { callback, pushes: Pushes::new(pushes) }
    }
}

/// What has happened since the beginning.
struct Diary {
    started: Time,
    ingested: Ingested,
    sources: BTreeMap<FaultSubject, Fault>,
    translation: TranslationCounts,
    engines: Vec<Fault>,
    editions: Vec<EditionCount>,
    publishing: Vec<Fault>,
    is_new: bool,
}

impl Keep<'_> {
    /// Goes on until it is told to stop.
    pub async fn keep(&self) {
        let (translate, publish) = (Notify::new(), Notify::new());
        let diary = Mutex::new(Diary::begun(self.clock.now()));
        // What the last run left undone, and what the new plan wants, is seen to at once.
        translate.notify_one();
        publish.notify_one();
        let done = CancellationToken::new();
        let hubs = Hubs::default();
        let ingest = self.ingest(&diary, &hubs, &translate, &publish);
        let passes = async {
            futures::join!(
                ingest,
                self.subscribe(&hubs),
                self.translate(&diary, &translate, &publish),
                self.publish(&diary, &publish)
            );
            done.cancel();
        };
        futures::join!(passes, self.save(&diary, &done));
        self.save_now(&diary).await;
    }

    /// Subscribes at the hubs of sources, where they can reach us.
    async fn subscribe(&self, hubs: &Hubs) {
        let Some(subscribing) = &self.subscribing else { return };
        let sources: Vec<&plan::Source> = self.prepared.plan.enabled().collect();
        let subscribe = Subscribe {
            store: self.store,
            client: &self.prepared.client,
            clock: self.clock,
            sources: &sources,
            hubs,
            callback: &subscribing.callback,
            stop: self.stop,
        };
        subscribe.last().await;
    }

    async fn ingest(&self, diary: &Mutex<Diary>, hubs: &Hubs, translate: &Notify, publish: &Notify) {
        let plan = &self.prepared.plan;
        let sources: Vec<&plan::Source> = plan.enabled().collect();
        let progress = |event: Progress<'_>| {
            if let Progress::Visited(visit) = event {
                locked(diary).saw(visit);
                if let Some(state) = &visit.state {
                    hubs.saw(&visit.source, state);
                }
            }
        };
        let ingest = Ingest {
            store: self.store,
            client: &self.prepared.client,
            clock: self.clock,
            worker: self.worker,
            sources: &sources,
            per_host: plan.fetch.per_host,
            user_agent: &plan.fetch.user_agent,
            deadline: None,
            force: false,
            progress: &progress,
        };
        let news = || {
            translate.notify_one();
            publish.notify_one();
        };
        let pushes = self.subscribing.as_ref().map(|subscribing| &subscribing.pushes);
        ingest.last(&Lasting { stop: self.stop, news: &news, alive: self.alive, pushes }).await;
    }

    /// Translates what is wanted, each time that something new has come, and when engines may be back.
    async fn translate(&self, diary: &Mutex<Diary>, asked: &Notify, publish: &Notify) {
        let mut retry = FIRST_RETRY;
        while self.wakes(asked, REST).await {
            match self.translate_once().await {
                Ok(translated) => {
                    let is_late = translated.is_late;
                    if translated.renditions > 0 {
                        publish.notify_one();
                    }
                    retry = if translated.faults.is_empty() || translated.renditions > 0 { FIRST_RETRY } else { longer(retry) };
                    let rests = !translated.faults.is_empty();
                    locked(diary).translated(translated);
                    if rests && !self.rests(retry).await {
                        return;
                    }
                    if is_late {
                        asked.notify_one();
                    }
                }
                Err(error) => {
                    retry = longer(retry);
                    if !self.failed("translating", &error, retry).await {
                        return;
                    }
                    asked.notify_one();
                }
            }
        }
    }

    async fn translate_once(&self) -> Result<Translated, RunError> {
        let prepared = self.prepared;
        // Hired anew each time: what made an engine be left alone may be over.
        let desks = open_engines(&prepared.plan)?;
        if desks.is_empty() {
            return Ok(Translated::default());
        }
        let translate = Translate {
            store: self.store,
            clock: self.clock,
            worker: self.worker,
            paged: &prepared.paged,
            desks: &desks,
            glossary: &prepared.glossary,
            editions: &prepared.plan.editions,
            only: None,
            time: TRANSLATE,
            stop: Some(self.stop),
        };
        let mut pages = self.pages();
        let orders = translate.find_missing(&mut pages).await?;
        Ok(if orders.is_empty() { Translated::default() } else { translate.translate_all(orders).await? })
    }

    /// Publishes each time that something new has come.
    async fn publish(&self, diary: &Mutex<Diary>, asked: &Notify) {
        let mut retry = FIRST_RETRY;
        while self.wakes(asked, REST).await {
            match self.publish_once(diary).await {
                Ok(published) => {
                    retry = FIRST_RETRY;
                    locked(diary).published(published);
                    (self.published)();
                }
                Err(error) => {
                    retry = longer(retry);
                    if !self.failed("publishing", &error, retry).await {
                        return;
                    }
                    asked.notify_one();
                }
            }
        }
    }

    async fn publish_once(&self, diary: &Mutex<Diary>) -> Result<Published, PipelineError> {
        let plan = &self.prepared.plan;
        let target = plan.output.to_string_lossy();
        let publish = Publish {
            store: self.store,
            paged: &self.prepared.paged,
            dir: Arc::clone(&self.prepared.dir),
            target: &target,
            clock: self.clock,
            base_url: plan.base_url.as_deref(),
            sources: &plan.sources,
            seen: &HashMap::new(),
            editions: &plan.editions,
            only: None,
        };
        let published = publish.pass(&mut self.pages()).await?;
        if plan.faults {
            let others: Vec<Fault> = locked(diary).engines.iter().chain(&published.faults).cloned().collect();
            publish.operator().tell(&others).await?;
        }
        Ok(published)
    }

    fn pages(&self) -> Pages<'_> {
        let plan = &self.prepared.plan;
        let manners = Manners::new(self.store, &self.prepared.client, self.clock, &plan.fetch.user_agent);
        Pages::new(manners, &plan.sources, PageBudget::default())
    }

    /// Waits until a pass is asked for, or has rested long enough; false when there is none to be any more.
    async fn wakes(&self, asked: &Notify, rest: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => return false,
            _ = timeout(rest, asked.notified()) => {}
        }
        self.rests(GATHER).await
    }

    /// Rests; false when it is over before that.
    async fn rests(&self, rest: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = sleep(rest) => true,
        }
    }

    async fn failed(&self, what: &str, error: &impl Display, retry: Duration) -> bool {
        tracing::error!("{what} failed: {error}; it is tried again in {} s", retry.as_secs());
        self.rests(retry).await
    }

    /// Saves the report now and then, so that `status` can tell it and a daemon that is killed leaves it.
    async fn save(&self, diary: &Mutex<Diary>, done: &CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = done.cancelled() => return,
                () = sleep(SAVE) => self.save_now(diary).await,
            }
        }
    }

    async fn save_now(&self, diary: &Mutex<Diary>) {
        let report = {
            let mut diary = locked(diary);
            if !std::mem::take(&mut diary.is_new) {
                return;
            }
            diary.report(self.run, self.clock.now())
        };
        if let Err(error) = self.store.end_run(self.run, &report).await {
            tracing::warn!("the report was not saved: {error}");
            locked(diary).is_new = true;
        }
    }
}

impl Diary {
    fn begun(started: Time) -> Self {
        Self {
            started,
            ingested: Ingested::default(),
            sources: BTreeMap::new(),
            translation: TranslationCounts::default(),
            engines: Vec::new(),
            editions: Vec::new(),
            publishing: Vec::new(),
            is_new: true,
        }
    }

    fn saw(&mut self, visit: &Visit) {
        self.ingested.count(visit);
        self.ingested.seen.clear();
        self.sources.remove(&FaultSubject::Source(visit.source.as_str().to_owned()));
        self.sources.extend(self.ingested.faults.drain(..).map(|fault| (fault.of.clone(), fault)));
        self.is_new = true;
    }

    fn translated(&mut self, translated: Translated) {
        let (sum, more) = (&mut self.translation, translated.counts);
        self.is_new |= more.segments > 0 || translated.faults != self.engines;
        sum.segments += more.segments;
        sum.recalled += more.recalled;
        sum.sent += more.sent;
        sum.characters_sent += more.characters_sent;
        sum.cost += more.cost;
        sum.rejected += more.rejected;
        for fault in translated.faults.iter().filter(|fault| !self.engines.contains(fault)) {
            tracing::warn!("{}", fault.message);
        }
        self.engines = translated.faults;
    }

    fn published(&mut self, published: Published) {
        self.is_new |= self.publishing != published.faults || published.editions.iter().any(|edition| edition.written > 0);
        for fault in published.faults.iter().filter(|fault| !self.publishing.contains(fault)) {
            tracing::warn!("{}", fault.message);
        }
        self.translation.waiting = published.waiting;
        let written: HashMap<_, u32> =
            self.editions.iter().map(|edition| ((edition.id.clone(), edition.lang.clone()), edition.written)).collect();
        self.editions = published.editions;
        for edition in &mut self.editions {
            edition.written += written.get(&(edition.id.clone(), edition.lang.clone())).copied().unwrap_or_default();
        }
        self.publishing = published.faults;
    }

    fn report(&self, run: i64, now: Time) -> Report {
        let faults = self.sources.values().chain(&self.engines).chain(&self.publishing).cloned().collect();
        Report {
            run,
            started: self.started,
            duration_ms: u64::try_from(now.since(self.started).as_millis()).unwrap_or(u64::MAX),
            sources: self.ingested.sources,
            entries: self.ingested.entries,
            translation: self.translation,
            editions: self.editions.clone(),
            faults,
        }
    }
}

fn longer(retry: Duration) -> Duration {
    (retry * 2).min(LONGEST_RETRY)
}

/// No panic can happen while it is held, so that a poisoned one is as good as any.
fn locked(diary: &Mutex<Diary>) -> MutexGuard<'_, Diary> {
    diary.lock().unwrap_or_else(PoisonError::into_inner)
}
