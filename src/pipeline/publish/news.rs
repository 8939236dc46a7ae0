//! Queues the news of an edition for its notifications: the items that are new, changed or withdrawn since they were told last.
//!
//! What is news follows from what was told, as with hubs: a run that is killed anywhere compares again. The text of an item does not
//! matter, but what the store knows it by: a new version of relais, another title or another source of the same story is no news.

mod compare;

use std::collections::HashMap;

use crate::config::Notification;
use crate::model::{Edition, EditionItem, EntryId, EntryRow, ItemNews, NewsKind, SourceId, SourceInfo, Time};
use crate::pipeline::error::PipelineError;
use crate::policy::DeliveryState;
use crate::render;
use crate::store::{OutboxItem, OutboxRow, OutboxUpdate, StoreError};

use super::content::{Content, Shown};
use super::{Publish, Target};
use compare::{Comparison, News, WITHDRAWN, item_id, stamp};

/// The longest headline and summary beside the JSON Feed, in characters.
const LONGEST_TITLE: usize = 250;
const LONGEST_SUMMARY: usize = 1000;
/// The number of items whose texts are in memory at once.
const ITEMS_AT_ONCE: usize = 16;

/// An edition as it was read: its content, and how its sources are named.
type Known<'c> = (&'c Content, &'c HashMap<SourceId, SourceInfo>);

impl Publish<'_> {
    /// Returns the notifications of an edition in one language.
    fn notifications_of<'t>(&'t self, target: &'t Target<'_>) -> impl Iterator<Item = &'t Notification> {
        let is_of =
            |notification: &&Notification| notification.edition == target.edition.id && notification.lang.as_ref() == target.lang;
        self.notifications.iter().filter(is_of)
    }

    /// Returns true if all notifications of an edition have been compared with what was made of these inputs.
    pub(super) async fn has_queued_news(&self, target: &Target<'_>, inputs: Option<&str>) -> Result<bool, StoreError> {
        if self.notifications_of(target).next().is_none() {
            return Ok(true);
        }
        let rows = self.store.load_outbox(self.target).await?;
        let is_current = |notification: &Notification| {
            let row = rows.iter().find(|row| row.id == notification.id && row.subject == target.stem);
            row.is_some_and(|row| row.inputs == inputs.unwrap_or_default())
        };
        Ok(self.notifications_of(target).all(is_current))
    }

    /// Queues the news of an edition for each of its notifications. `inputs` is a hash of all that it is made of.
    pub(super) async fn queue_news(&self, target: &Target<'_>, known: Known<'_>, inputs: &str) -> Result<(), PipelineError> {
        if self.notifications_of(target).next().is_none() {
            return Ok(());
        }
        let rows = self.store.load_outbox(self.target).await?;
        for notification in self.notifications_of(target) {
            let row = rows.iter().find(|row| row.id == notification.id);
            if row.is_none_or(|row| row.subject != target.stem || row.inputs != inputs) {
                let update = self.find_news(notification, row, (target, inputs), known).await?;
                let count = update.events.len();
                if !self.store.queue_events(self.target, update).await? {
                    // What that worker did not see yet, the next pass does.
                    tracing::info!(notification.id = notification.id, "another worker has queued the news of the edition");
                } else if count > 0 {
                    tracing::info!(notification.id = notification.id, count, "queued {count} events");
                }
            }
        }
        Ok(())
    }

    /// Deletes what the store knows of notifications that this feeds.toml had and has no more.
    pub(super) async fn forget_notifications(&self) -> Result<(), PipelineError> {
        if self.only.is_some() {
            return Ok(());
        }
        for row in self.store.load_outbox(self.target).await?.iter().filter(|row| row.plan == self.plan) {
            if self.notifications.iter().all(|notification| notification.id != row.id) {
                self.store.delete_outbox((self.target, &row.id)).await?;
                tracing::info!(notification.id = row.id, "feeds.toml has the notification no more: forgot it");
            }
        }
        Ok(())
    }

    /// Compares an edition with what a notification has told, and renders its news.
    async fn find_news(
        &self,
        notification: &Notification,
        row: Option<&OutboxRow>,
        (target, inputs): (&Target<'_>, &str),
        known: Known<'_>,
    ) -> Result<OutboxUpdate, PipelineError> {
        let (now, content) = (self.clock.now(), known.0);
        let before = row.filter(|row| row.subject == target.stem);
        let told = match before {
            Some(_) => self.store.list_outbox_items((self.target, &notification.id)).await?,
            None => HashMap::new(),
        };
        let began = before.map_or(now, |row| row.began.min(now));
        let is_first = before.is_none();
        let comparison = Comparison { content, told: &told, show: target.edition.show, began, now, is_first };
        let news = comparison.find(notification.backlog);
        let mut update = OutboxUpdate {
            before: row.cloned(),
            after: OutboxRow {
                id: notification.id.clone(),
                subject: target.stem.clone(),
                plan: self.plan.to_owned(),
                began,
                inputs: inputs.to_owned(),
                seq: row.map_or(0, |row| row.seq),
                state: DeliveryState::default(),
                waiting: 0,
                waiting_since: None,
            },
            items: Vec::new(),
            forgotten: news.forgotten.clone(),
            events: Vec::new(),
            now,
        };
        self.add_items(&mut update, &news, (target, known)).await?;
        self.add_withdrawals(&mut update, &news, (target, known), &told).await?;
        if row.is_some_and(|row| row.state.is_gone(&notification.address_hash())) {
            update.events.clear();
        }
        Ok(update)
    }

    /// Adds the items that are told, and those that need not be.
    async fn add_items(
        &self,
        update: &mut OutboxUpdate,
        news: &News<'_>,
        (target, known): (&Target<'_>, Known<'_>),
    ) -> Result<(), PipelineError> {
        let (content, infos) = known;
        let note = |row: &EntryRow, title: String| {
            let item = item_id(content, row);
            OutboxItem { item, stamp: stamp(content, row, target.edition.show), at: row.at.millis(), title }
        };
        update.items.extend(news.known.iter().map(|row| note(row, String::new())));
        for rows in news.told.chunks(ITEMS_AT_ONCE) {
            let entries: Vec<EntryRow> = rows.iter().map(|(_, row)| (*row).clone()).collect();
            let mut view = self.view_of(target, (content, infos), &entries, &[], update.now).await?;
            let items = std::mem::take(&mut view.items);
            for (kind, row) in rows {
                let id = item_id(content, row);
                // Of an entry that was pruned meanwhile there is nothing to tell.
                let Some(item) = items.iter().find(|item| EntryId::parse(&item.id) == Some(id)) else { continue };
                let news = tell_item(&view, item, *kind)?;
                update.items.push(note(row, if news.title.is_empty() { item.id.clone() } else { news.title.clone() }));
                add_event(update, self.target, id, news);
            }
        }
        Ok(())
    }

    /// Adds the items that were withdrawn since they were told.
    async fn add_withdrawals(
        &self,
        update: &mut OutboxUpdate,
        news: &News<'_>,
        (target, known): (&Target<'_>, Known<'_>),
        told: &HashMap<EntryId, OutboxItem>,
    ) -> Result<(), PipelineError> {
        for (item, at) in &news.withdrawn {
            let Some(before) = told.get(item) else { continue };
            let view = self.view_of(target, known, &[], &[(*item, *at)], update.now).await?;
            let feed = render::item_feed(&view).map_err(|error| PipelineError::render("a notification", &error))?;
            let title = before.title.clone();
            update.items.push(OutboxItem { stamp: WITHDRAWN, ..before.clone() });
            let news = ItemNews { kind: NewsKind::Withdrawn, title, url: None, summary: String::new(), feed };
            add_event(update, self.target, *item, news);
        }
        Ok(())
    }

    /// Builds the view of some entries of an edition.
    async fn view_of(
        &self,
        target: &Target<'_>,
        (content, infos): Known<'_>,
        entries: &[EntryRow],
        withdrawn: &[(EntryId, Time)],
        now: Time,
    ) -> Result<Edition, PipelineError> {
        let has = |id: &EntryId| entries.iter().any(|row| row.id == *id);
        let stories = content.stories.iter().filter(|(id, _)| has(id)).map(|(id, story)| (*id, story.clone())).collect();
        let renditions = content.renditions.iter().filter(|(id, _)| has(id)).map(|(id, stamp)| (*id, *stamp)).collect();
        let shown = Shown { entries, stories: &stories, renditions: &renditions, withdrawn };
        self.build_view(target, shown, infos, (now.whole_seconds(), now)).await
    }
}

/// Renders one item of an edition, which is given without its items, as a JSON Feed of its own.
fn tell_item(edition: &Edition, item: &EditionItem, kind: NewsKind) -> Result<ItemNews, PipelineError> {
    let one = Edition { items: vec![item.clone()], updated: item.updated, ..edition.clone() };
    let feed = render::item_feed(&one).map_err(|error| PipelineError::render("a notification", &error))?;
    let first = |text: &str, most: usize| text.chars().take(most).collect();
    let summary = if item.summary_text.is_blank() { item.text.trim() } else { item.summary_text.as_str() };
    Ok(ItemNews {
        kind,
        title: first(item.title.as_str(), LONGEST_TITLE),
        url: item.head.url.clone(),
        summary: first(summary, LONGEST_SUMMARY),
        feed,
    })
}

/// Adds an event with the next number. Its id follows from what it tells: one that is queued again after a power cut has another id
/// if it tells something else.
fn add_event(update: &mut OutboxUpdate, target: &str, item: EntryId, news: ItemNews) {
    update.after.seq += 1;
    let row = &update.after;
    let key = format!("{target}\0{}\0{}\0{}\0{}\0{item}\0{}", row.id, row.subject, row.began.millis(), row.seq, news.feed);
    let id = format!("msg_{}", &blake3::hash(key.as_bytes()).to_hex()[..32]);
    update.events.push((row.seq, id, news));
}
