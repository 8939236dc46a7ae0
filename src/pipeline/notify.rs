//! Delivers the events of notifications from the outbox: in order, at least once, and by one worker at a time.
//!
//! An event is deleted after its receiver has taken it. A worker that is killed in between leaves it to the next one, which sends it
//! with the same id, so that the receiver can tell.

mod exec;
mod ntfy;
mod webhook;

use std::collections::HashMap;
use std::time::Duration;

use futures::stream::{StreamExt, iter};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::{Notification, Receiver};
use crate::model::{Clock, Fault, NotificationCount, OutboxEvent, Time};
use crate::net::{ApiClient, ApiError, ApiResponse};
use crate::policy::{DeliveryState, MAX_REFUSALS};
use crate::store::{EventEnd, Lease, OutboxRow, Store, StoreError};

/// The time for which a lease outlasts an attempt: the next worker takes over after it.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// The number of notifications that are delivered at a time.
const CONCURRENT: usize = 8;
/// The longest explanation of a receiver that is kept, in characters.
const LONGEST_REASON: usize = 200;

/// The reason for which a receiver did not take an event.
#[derive(Debug)]
enum Failure {
    /// It may take it later, in so long at least.
    Later(String, Option<Duration>),
    /// It does not take this event: its content is not wanted.
    Refused(String),
    /// It takes no event any more.
    Gone(String),
}

/// Delivers what waits.
pub(super) struct Deliver<'a> {
    pub(super) store: &'a Store,
    pub(super) client: &'a ApiClient,
    pub(super) clock: &'a dyn Clock,
    pub(super) notifications: &'a [Notification],
    /// The name of the output among those in the store.
    pub(super) target: &'a str,
    /// The unique name of this worker.
    pub(super) worker: &'a str,
    /// The time after which no delivery begins.
    pub(super) until: Option<Instant>,
    /// Ends the deliveries; the one in flight is finished.
    pub(super) stop: &'a CancellationToken,
}

/// The result of delivering.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// The notifications, in the order of feeds.toml.
    pub(super) counts: Vec<NotificationCount>,
    pub(super) faults: Vec<Fault>,
    /// The time of the next attempt, if events wait.
    pub(super) next: Option<Time>,
}

/// The events of one notification that a pass has done with.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    delivered: u64,
    given_up: u64,
}

impl Deliver<'_> {
    /// Delivers the events that are due, those of different notifications side by side.
    pub(super) async fn run(&self) -> Result<Delivered, StoreError> {
        let mut rows = self.load().await?;
        let now = self.clock.now();
        let is_due = |row: &&OutboxRow| {
            let state = |notification: &Notification| row.state.is_due(&notification.address_hash(), now);
            row.waiting > 0 && self.find(&row.id).is_some_and(state)
        };
        let due: Vec<String> = rows.iter().filter(is_due).map(|row| row.id.clone()).collect();
        let mut done = HashMap::new();
        if !due.is_empty() {
            done = self.deliver_due(&due).await?;
            rows = self.load().await?;
        }
        Ok(self.summarise(&rows, &done))
    }

    fn find(&self, id: &str) -> Option<&Notification> {
        self.notifications.iter().find(|notification| notification.id == id)
    }

    /// Returns the rows of the notifications of feeds.toml.
    async fn load(&self) -> Result<Vec<OutboxRow>, StoreError> {
        let rows = self.store.load_outbox(self.target).await?;
        Ok(rows.into_iter().filter(|row| self.find(&row.id).is_some()).collect())
    }

    async fn deliver_due(&self, due: &[String]) -> Result<HashMap<String, Done>, StoreError> {
        let ids: Vec<&str> = due.iter().map(String::as_str).collect();
        let longest = self.notifications.iter().map(|notification| notification.timeout).max().unwrap_or_default();
        // Those that another worker delivers are left out.
        let leased = self.store.lease_outbox(self.target, &ids, &self.lease(longest)).await?;
        let ids: Vec<&str> = leased.keys().map(String::as_str).collect();
        let work = leased.iter().filter_map(|(id, state)| Some((self.find(id)?, state.clone())));
        let results = iter(work).map(|(notification, state)| async move {
            (notification.id.clone(), self.deliver_in_order(notification, state).await)
        });
        let results: Vec<_> = results.buffer_unordered(CONCURRENT).collect().await;
        let released = self.store.release_outbox(self.target, &ids, self.worker).await;
        let done = results.into_iter().map(|(id, done)| Ok((id, done?))).collect::<Result<_, StoreError>>()?;
        // If that failed, the leases expire by themselves.
        released.map(|()| done)
    }

    /// Delivers the events of one notification, one after another, up to the first that its receiver does not take.
    async fn deliver_in_order(&self, notification: &Notification, mut state: DeliveryState) -> Result<Done, StoreError> {
        let (key, address) = ((self.target, notification.id.as_str()), notification.address_hash());
        let mut done = Done::default();
        while state.is_due(&address, self.clock.now()) && !self.is_over() {
            let Some(event) = self.store.first_event(key).await? else { break };
            let result = self.send(notification, &event).await;
            let now = self.clock.now();
            let end = judge(notification, &event, result, (&mut state, &mut done, now));
            let lease = self.lease(notification.timeout);
            let Some((saved, given_up)) = self.store.settle_event(key, &lease, state, end).await? else {
                tracing::warn!(notification.id = notification.id, "this worker stood still, and another one delivers the events");
                break;
            };
            done.given_up += given_up;
            state = saved;
        }
        Ok(done)
    }

    /// Returns true if no further delivery is to begin.
    fn is_over(&self) -> bool {
        self.stop.is_cancelled() || self.until.is_some_and(|until| Instant::now() >= until)
    }

    async fn send(&self, notification: &Notification, event: &OutboxEvent) -> Result<(), Failure> {
        if let Some(problem) = &notification.problem {
            return Err(Failure::Later(problem.clone(), None));
        }
        let timeout = notification.timeout;
        match &notification.receiver {
            Receiver::Webhook { url, key } => {
                webhook::send(self.client, (url, key.as_ref()), event, self.clock.now(), timeout).await
            }
            Receiver::Ntfy { url, token, priority, tags } => {
                let message = ntfy::Message { event, priority: *priority, tags };
                ntfy::send(self.client, (url, token.as_ref()), &message, timeout).await
            }
            Receiver::Exec { program, args, folder } => exec::send((program, args, folder), notification, event).await,
        }
    }

    fn lease(&self, timeout: Duration) -> Lease {
        let now = self.clock.now();
        Lease { worker: self.worker.to_owned(), now, until: now.plus(timeout + LEASE_MARGIN) }
    }

    fn summarise(&self, rows: &[OutboxRow], done: &HashMap<String, Done>) -> Delivered {
        let now = self.clock.now();
        let mut delivered = Delivered::default();
        for notification in self.notifications {
            let address = notification.address_hash();
            let done = done.get(&notification.id).copied().unwrap_or_default();
            let mut count = NotificationCount {
                id: notification.id.clone(),
                delivered: done.delivered,
                given_up: done.given_up,
                ..NotificationCount::default()
            };
            if let Some(row) = rows.iter().find(|row| row.id == notification.id) {
                count.waiting = row.waiting;
                count.state = row.state.condition(&address);
                delivered.faults.extend(row.state.fault(&notification.id, &address, now));
                let next = (row.waiting > 0 && !row.state.is_gone(&address)).then(|| row.state.retry_at.unwrap_or(now));
                delivered.next = delivered.next.into_iter().chain(next).min();
            }
            delivered.counts.push(count);
        }
        delivered
    }
}

/// Decides what becomes of an event after an attempt.
fn judge(
    notification: &Notification,
    event: &OutboxEvent,
    result: Result<(), Failure>,
    (state, done, now): (&mut DeliveryState, &mut Done, Time),
) -> EventEnd {
    let id = notification.id.as_str();
    match result {
        Ok(()) => {
            tracing::debug!(
                notification.id = id,
                event.id = event.id,
                event.kind = event.news.kind.as_str(),
                "delivered an event"
            );
            state.succeed(now);
            done.delivered += 1;
            EventEnd::Done(event.seq)
        }
        Err(Failure::Gone(reason)) => {
            tracing::info!(notification.id = id, "the receiver is gone: {reason}");
            state.stop(&notification.address_hash(), reason, now);
            EventEnd::AllDone
        }
        Err(Failure::Refused(reason)) if event.refusals + 1 >= MAX_REFUSALS => {
            tracing::info!(notification.id = id, event.id = event.id, "gave up an event: {reason}");
            state.succeed(now);
            state.lose(1, &format!("the receiver has refused it {MAX_REFUSALS} times, {reason}"), now);
            done.given_up += 1;
            EventEnd::Done(event.seq)
        }
        Err(Failure::Refused(reason)) => {
            tracing::info!(notification.id = id, event.id = event.id, "an event was refused: {reason}");
            state.fail(reason, None, now, jitter());
            EventEnd::Refused(event.seq)
        }
        Err(Failure::Later(reason, retry_after)) => {
            tracing::info!(notification.id = id, event.id = event.id, "an event was not delivered: {reason}");
            let give_up_before = Time::from_millis(now.millis() - millis(notification.give_up_after));
            let waited = format!("they had waited for {} h, {reason}", notification.give_up_after.as_secs() / 3600);
            state.fail(reason, retry_after, now, jitter());
            EventEnd::Waits { give_up_before, reason: waited, now }
        }
    }
}

/// Returns a random fraction.
fn jitter() -> f64 {
    let mut byte = [0];
    // Without randomness, the pauses are just the same for all workers.
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// Returns what the answer of a server means for an event. Redirects are not followed: the operator is told to change the address.
fn judge_response(response: Result<ApiResponse, ApiError>) -> Result<(), Failure> {
    let response = match response {
        Ok(response) => response,
        Err(ApiError::Timeout { after, .. }) => {
            return Err(Failure::Later(format!("it does not answer within {} s", after.as_secs_f64()), None));
        }
        Err(error) => return Err(Failure::Later(error.to_string(), None)),
    };
    let said = explanation(&response.body);
    let reason = format!("it answers {}{said}", response.status);
    match response.status {
        200..=299 => Ok(()),
        300..=399 => Err(Failure::Later(format!("it answers {}, a redirect: write the new address", response.status), None)),
        410 => Err(Failure::Gone(reason)),
        400 | 413 | 414 | 415 | 422 => Err(Failure::Refused(reason)),
        _ => Err(Failure::Later(reason, response.retry_after)),
    }
}

/// Returns the beginning of what a receiver says, as one line.
fn explanation(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(&said[..said.len().min(4 * LONGEST_REASON)]);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}
