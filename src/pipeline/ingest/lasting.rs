//! Ingest for ever: each source on its own schedule, whatever the others are doing.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::push::Owed;
use super::subscribe::Push;
use super::visit::Visitor;
use super::{Ingest, Progress, SETTLE, by_host, log, told_later};
use crate::config as plan;
use crate::model::{SourceId, Time, authority};
use crate::pipeline::robots_cache::Manners;
use crate::policy::Outage;
use crate::store::{Lease, LeasedSource, SettledVisit, StoreError};

/// Sources claimed at once.
const CLAIM: usize = 500;
/// How long a claim lasts. A visit that would begin in its last third is left to whoever claims the source next.
pub(super) const LEASE: Duration = Duration::from_secs(3 * 60);
/// How often the claims of visits that go on are made to last longer: a host may keep one waiting for its turn.
const RENEW: Duration = Duration::from_secs(30);
/// The longest time until the next look at what is due: other workers, and a clock that was put right, are seen by then.
const LONGEST_NAP: Duration = Duration::from_secs(30);
/// The shortest.
const SHORTEST_NAP: Duration = Duration::from_secs(1);
/// An outage that is over sooner may have been some sources' own.
const BRIEF: Duration = Duration::from_secs(5 * 60);
/// How long the database is left alone after it failed: doubled each time, up to the longest nap.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// What ingest for ever needs beside what a pass needs.
pub(in crate::pipeline) struct Lasting<'a> {
    /// When to end: the visits in hand are finished and settled, no other begins.
    pub(in crate::pipeline) stop: &'a CancellationToken,
    /// Told when something was settled that readers may want to see.
    pub(in crate::pipeline) news: &'a (dyn Fn() + Sync),
    /// Told that ingest is alive, at least once in each longest nap.
    pub(in crate::pipeline) alive: &'a (dyn Fn() + Sync),
    /// What hubs send, where they can.
    pub(in crate::pipeline) pushes: Option<&'a Pushes>,
}

/// What hubs send; one ingest at a time takes it.
pub(in crate::pipeline) type Pushes = tokio::sync::Mutex<mpsc::Receiver<Push>>;

/// A visit that has ended.
pub(super) struct Ended {
    pub(super) parcel: SettledVisit,
    /// Whether nothing was fetched for it.
    pub(super) is_push: bool,
}

impl Ingest<'_> {
    /// Visits each source when it is due, until it is told to stop. A store that fails is asked again until it is back: what
    /// was fetched meanwhile is kept, and no more is fetched than there is room for.
    pub(in crate::pipeline) async fn last(&self, lasting: &Lasting<'_>) {
        let outage = Mutex::new(Outage::of(self.sources.iter().map(|source| authority(&source.url))));
        let owed = Owed::default();
        let (send, receive) = mpsc::channel::<Ended>(SETTLE);
        futures::join!(
            self.visit_due(lasting, &outage, &owed, send.clone()),
            self.take_pushes(lasting, &owed, send),
            self.settle_all(lasting, &outage, receive)
        );
        let owed = owed.all();
        if !owed.is_empty()
            && let Err(error) = self.store.make_due_now(&owed, self.clock.now()).await
        {
            tracing::warn!("{error}; what hubs sent of {} sources is found when these are due", owed.len());
        }
    }

    async fn visit_due(&self, lasting: &Lasting<'_>, outage: &Mutex<Outage>, owed: &Owed, send: mpsc::Sender<Ended>) {
        let ids: Vec<SourceId> = self.sources.iter().map(|source| source.id.clone()).collect();
        let sources: HashMap<&SourceId, &plan::Source> = self.sources.iter().map(|source| (&source.id, *source)).collect();
        let shared = self.shared_hosts();
        let manners = Manners::new(self.store, self.client, self.clock, self.user_agent);
        let visitor = Visitor { client: self.client, store: Some(self.store), keep: true, force: false, clock: self.clock };
        let mut hosts = FuturesUnordered::new();
        let (mut looks, mut wake, mut retry) = (0, Instant::now(), FIRST_RETRY);
        let mut renewed = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = lasting.stop.cancelled() => break,
                Some(()) = hosts.next(), if !hosts.is_empty() => {}
                () = owed.changed.notified() => wake = Instant::now(),
                () = sleep_until(wake) => {
                    (lasting.alive)();
                    let away = locked(outage).is_away();
                    let now = self.clock.now();
                    let lease = Lease { worker: self.worker.to_owned(), now, until: now.plus(LEASE) };
                    if renewed.elapsed() >= RENEW {
                        renewed = Instant::now();
                        self.renew(&lease).await;
                    }
                    match self.due(&ids, &lease, away.then_some(looks), looks == 0, owed).await {
                        Ok((claimed, next)) => {
                            (looks, retry) = (looks + 1, FIRST_RETRY);
                            (self.progress)(Progress::Claimed(claimed.len()));
                            for queue in by_host(claimed, &sources) {
                                let is_shared = queue.first().is_some_and(|(source, _)| shared.contains(authority(&source.url)));
                                let manners = is_shared.then_some(&manners);
                                let latest = now.plus(LEASE * 2 / 3);
                                hosts.push(self.visit_queue(&visitor, manners, queue, latest, lasting.stop, send.clone()));
                            }
                            let until_next = next.map_or(LONGEST_NAP, |next| next.since(self.clock.now()));
                            let shortest = if away { LONGEST_NAP } else { SHORTEST_NAP };
                            wake = Instant::now() + until_next.clamp(shortest, LONGEST_NAP);
                        }
                        Err(error) => {
                            tracing::error!("{error}; nothing is fetched until it is back");
                            wake = Instant::now() + retry;
                            retry = (retry * 2).min(LONGEST_NAP);
                        }
                    }
                }
            }
        }
        while hosts.next().await.is_some() {}
    }

    /// Claims what is due, and says when the next source is. While the network is away (this is the so-manieth look) one source
    /// is tried, each time another one.
    async fn due(
        &self,
        ids: &[SourceId],
        lease: &Lease,
        away: Option<usize>,
        first: bool,
        owed: &Owed,
    ) -> Result<(Vec<LeasedSource>, Option<Time>), StoreError> {
        if first {
            self.store.register_sources(ids, lease.now).await?;
        }
        let claimed = if let Some(one) = away.and_then(|look| ids.get(look % ids.len().max(1))) {
            self.store.lease_due_sources(std::slice::from_ref(one), lease, true, 1).await?
        } else {
            let mut claimed = self.claim_owed(lease, owed).await?;
            claimed.extend(self.store.lease_due_sources(ids, lease, false, CLAIM).await?);
            claimed
        };
        Ok((claimed, self.store.next_due(ids, lease.now).await?))
    }

    /// Visits the sources of one host, as many at once as it may be asked. What cannot be begun until `latest` is given back.
    async fn visit_queue(
        &self,
        visitor: &Visitor<'_>,
        manners: Option<&Manners<'_>>,
        queue: Vec<(&plan::Source, LeasedSource)>,
        latest: Time,
        stop: &CancellationToken,
        send: mpsc::Sender<Ended>,
    ) {
        if let (Some(manners), Some((first, _))) = (manners, queue.first())
            && let Err(error) = manners.of(&first.url).await
        {
            tracing::error!("{error}; what {} asks for is not known", authority(&first.url));
        }
        let (send, away) = (&send, &Cell::new(None));
        let left: Vec<SourceId> = futures::stream::iter(queue)
            .map(|(source, claimed)| {
                Box::pin(async move {
                    let now = self.clock.now();
                    if stop.is_cancelled() || now > latest || away.get().is_some_and(|until| now < until) {
                        return Some(source.id.clone());
                    }
                    match visitor.visit(source, claimed).await {
                        Ok(parcel) => {
                            away.set(told_later(&parcel).or(away.get()));
                            send.send(Ended { parcel, is_push: false }).await.err().map(|_| source.id.clone())
                        }
                        Err(error) => {
                            tracing::error!("{}: {error}; it is visited again when the state is back", source.id);
                            Some(source.id.clone())
                        }
                    }
                })
            })
            .buffer_unordered(self.per_host)
            .filter_map(std::future::ready)
            .collect()
            .await;
        if !left.is_empty() {
            // If this fails too, the lease runs out by itself.
            let _ = self.store.release_sources(self.worker, &left).await;
        }
    }

    /// Settles visits as they end.
    async fn settle_all(&self, lasting: &Lasting<'_>, outage: &Mutex<Outage>, mut visits: mpsc::Receiver<Ended>) {
        let (mut ended, mut held_back) = (Vec::with_capacity(SETTLE), HashMap::new());
        let hosts: HashMap<&SourceId, &str> = self.sources.iter().map(|source| (&source.id, authority(&source.url))).collect();
        while visits.recv_many(&mut ended, SETTLE).await > 0 {
            let (mut batch, freed) = hold_back(&mut locked(outage), &hosts, ended.drain(..), &mut held_back);
            if !freed.is_empty() {
                let _ = self.store.release_sources(self.worker, &freed).await;
            }
            if !self.settle_in_time(&batch, lasting.stop).await {
                continue;
            }
            if let Err(error) = self.postpone_mates(&batch).await {
                tracing::warn!("{error}; sources of hosts that want to be left alone may be visited sooner");
            }
            let mut is_news = false;
            for parcel in batch.drain(..) {
                let visit = parcel.visit();
                log(visit);
                is_news |= visit.outcome.found().is_some() || visit.state.is_some();
                (self.progress)(Progress::Visited(visit));
            }
            if is_news {
                (lasting.news)();
            }
        }
    }

    /// Settles a batch, and tries again for as long as the store fails; false if there is no time left for that.
    async fn settle_in_time(&self, batch: &[SettledVisit], stop: &CancellationToken) -> bool {
        let mut retry = FIRST_RETRY;
        loop {
            let Err(error) = self.store.settle_visits(self.worker, batch).await else { return true };
            tracing::error!("{error}; {} visits wait to be settled", batch.len());
            tokio::select! {
                // The feeds will say the same again.
                () = stop.cancelled() => return false,
                () = sleep(retry) => retry = (retry * 2).min(LONGEST_NAP),
            }
        }
    }
}

/// What of these visits is to be settled, and which sources are to be given back: those that failed because the network is away,
/// which says nothing of them. When it is back after a long time they are as due as they were. After a moment it may have been
/// the sources after all, and their failures are settled.
fn hold_back(
    outage: &mut Outage,
    hosts: &HashMap<&SourceId, &str>,
    ended: impl Iterator<Item = Ended>,
    held_back: &mut HashMap<SourceId, SettledVisit>,
) -> (Vec<SettledVisit>, Vec<SourceId>) {
    let (mut batch, mut freed) = (Vec::new(), Vec::new());
    for Ended { parcel, is_push } in ended {
        let visit = parcel.visit();
        let (source, at) = (visit.source.clone(), visit.at);
        let before = outage.since();
        // What was sent to us says nothing of whom we can reach.
        if is_push || outage.saw(hosts.get(&source).copied().unwrap_or_default(), &visit.outcome, at) {
            // It is newer than what is held back.
            held_back.remove(&source);
            batch.push(parcel);
        } else {
            freed.push(source.clone());
            held_back.insert(source, parcel);
        }
        match (before, outage.since()) {
            (None, Some(_)) => tracing::error!("the network is away: no host can be reached; sources wait until it is back"),
            (Some(since), None) if at.since(since) < BRIEF => batch.extend(held_back.drain().map(|(_, parcel)| parcel)),
            (Some(since), None) => {
                tracing::warn!("the network is back after {} s", at.since(since).as_secs());
                held_back.clear();
            }
            _ => {}
        }
    }
    (batch, freed)
}

/// No panic can happen while it is held, so that a poisoned one is as good as any.
fn locked(outage: &Mutex<Outage>) -> MutexGuard<'_, Outage> {
    outage.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BreakKind, Outcome, Visit};

    fn ended(source: &str, minute: i64, outcome: Outcome) -> SettledVisit {
        let at = Time::from_millis(minute * 60_000);
        SettledVisit::encode(Visit {
            source: SourceId::new(source),
            at,
            duration_ms: 0,
            outcome,
            state: None,
            changes: Vec::new(),
            withdrawn: Vec::new(),
            restored: Vec::new(),
            due: at,
        })
    }

    /// What is settled, and which sources are due at once, when these visits end: source, minute, whether it was reached.
    fn settled(visits: &[(&str, i64, bool)]) -> (Vec<String>, Vec<String>) {
        let names = ["a", "b", "c", "d"];
        let ids: Vec<SourceId> = names.iter().map(|name| SourceId::new(name)).collect();
        let hosts: HashMap<&SourceId, &str> = ids.iter().zip(names).collect();
        let (mut outage, mut held_back) = (Outage::of(names.into_iter()), HashMap::new());
        let (mut kept, mut freed) = (Vec::new(), Vec::new());
        for (source, minute, is_reached) in visits {
            let failed = Outcome::Broken { kind: BreakKind::Dns, message: String::new() };
            let parcel = ended(source, *minute, if *is_reached { Outcome::Same } else { failed });
            let ended = std::iter::once(Ended { parcel, is_push: false });
            let (batch, given_back) = hold_back(&mut outage, &hosts, ended, &mut held_back);
            freed.extend(given_back);
            kept.extend(batch);
        }
        let name = |parcel: &SettledVisit| format!("{} {}", parcel.visit().source, parcel.visit().outcome.name());
        let (mut kept, mut freed): (Vec<_>, Vec<_>) =
            (kept.iter().map(name).collect(), freed.iter().map(ToString::to_string).collect());
        kept.sort();
        freed.sort();
        (kept, freed)
    }

    #[test]
    fn an_hour_without_a_network_is_no_fault_of_the_sources() {
        let hour = [
            ("a", 0, false),
            ("b", 0, false),
            ("c", 0, false),
            ("d", 0, false),
            ("c", 30, false),
            ("a", 60, true),
            ("b", 60, false),
        ];
        // The first two were settled before it was clear; b fails by itself afterwards.
        assert_eq!(
            settled(&hour),
            (
                ["a broken", "a same", "b broken", "b broken"].map(str::to_owned).to_vec(),
                ["c", "c", "d"].map(str::to_owned).to_vec()
            )
        );
    }

    #[test]
    fn after_a_moment_it_may_have_been_the_sources_after_all() {
        let moment = [("a", 0, false), ("b", 0, false), ("c", 0, false), ("d", 2, true)];
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(settled(&moment), (names(&["a broken", "b broken", "c broken", "d same"]), names(&["c"])));
        // What is newer counts.
        let moment = [("a", 0, false), ("b", 0, false), ("c", 0, false), ("c", 2, true)];
        assert_eq!(settled(&moment), (names(&["a broken", "b broken", "c same"]), names(&["c"])));
    }
}
