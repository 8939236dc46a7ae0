//! `/metrics`: the status in the text format of Prometheus, with base units and names as its documentation asks
//! (<https://prometheus.io/docs/practices/naming/>).

use prometheus::{Encoder, GaugeVec, Opts, Registry, TextEncoder};

use super::requests::RequestCounts;
use super::status::{EditionStatus, EngineStatus, NotificationStatus, SourceStatus, Status};
use crate::model::{Period, Time, Unit};

/// The media type of the format.
pub(super) const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;
/// The states of sources, each of which has a figure, also where it is 0.
const SOURCE_STATES: [&str; 10] = ["new", "good", "stale", "unsteady", "changed", "paused", "broken", "dead", "gone", "disabled"];

/// Metrics that are being collected.
struct Metrics(Registry);

impl Metrics {
    /// Adds a gauge with these labels.
    fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<GaugeVec> {
        let gauge = GaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }
}

/// Writes the status, and the requests that were answered, as metrics.
pub(super) fn metrics_text(status: &Status, requests: &RequestCounts) -> prometheus::Result<Vec<u8>> {
    let metrics = Metrics(Registry::new());
    let build = metrics.gauge("relais_build_info", "The version of relais; always 1.", &["version"])?;
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1.0);
    if let Some(run) = &status.run {
        let began = metrics.gauge("relais_last_run_start_timestamp_seconds", "The time at which the last run began.", &[])?;
        began.with_label_values::<&str>(&[]).set(seconds(run.started));
    }
    add_sources(&metrics, &status.sources)?;
    add_store(&metrics, status)?;
    add_engines(&metrics, &status.engines)?;
    add_notifications(&metrics, &status.notifications)?;
    add_editions(&metrics, &status.editions)?;
    if let Some(ratio) = status.memory.hit_rate {
        let help = "The part of the texts of the last seven days that the memory had.";
        metrics.gauge("relais_memory_hit_ratio", help, &[])?.with_label_values::<&str>(&[]).set(ratio);
    }
    requests.register(&metrics.0)?;
    let mut text = Vec::new();
    TextEncoder::new().encode(&metrics.0.gather(), &mut text)?;
    Ok(text)
}

fn add_sources(metrics: &Metrics, sources: &[SourceStatus]) -> prometheus::Result<()> {
    let states = metrics.gauge("relais_sources", "The sources in each state.", &["state"])?;
    for state in SOURCE_STATES {
        states.with_label_values(&[state]).set(0.0);
    }
    let failures = metrics.gauge("relais_source_consecutive_failures", "The visits that have failed in a row.", &["source"])?;
    let visited = metrics.gauge("relais_source_last_visit_timestamp_seconds", "The time of the last visit.", &["source"])?;
    let fresh =
        metrics.gauge("relais_source_last_new_entry_timestamp_seconds", "The time of the last new entry.", &["source"])?;
    for source in sources {
        states.with_label_values(&[source.state]).inc();
        if !source.enabled {
            continue;
        }
        let id = [source.id.as_str()];
        failures.with_label_values(&id).set(f64::from(source.failures));
        for (gauge, time) in [(&visited, source.visited), (&fresh, source.fresh)] {
            if let Some(time) = time {
                gauge.with_label_values(&id).set(seconds(time));
            }
        }
    }
    Ok(())
}

fn add_store(metrics: &Metrics, status: &Status) -> prometheus::Result<()> {
    let store = &status.store;
    let entries = metrics.gauge("relais_entries", "The entries that are stored.", &["state"])?;
    entries.with_label_values(&["kept"]).set(number(store.entries.saturating_sub(store.withdrawn)));
    entries.with_label_values(&["withdrawn"]).set(number(store.withdrawn));
    let renditions = metrics.gauge("relais_renditions", "The stored entries in one language each.", &[])?;
    renditions.with_label_values::<&str>(&[]).set(number(store.renditions));
    if let Some(bytes) = store.size_bytes {
        metrics
            .gauge("relais_store_size_bytes", "The size of the database.", &[])?
            .with_label_values::<&str>(&[])
            .set(number(bytes));
    }
    Ok(())
}

fn add_engines(metrics: &Metrics, engines: &[EngineStatus]) -> prometheus::Result<()> {
    let up = metrics.gauge("relais_engine_up", "1 if the engine translates, 0 if it fails.", &["engine"])?;
    let characters = metrics.gauge("relais_engine_month_characters", "The characters sent this month.", &["engine"])?;
    let tokens = metrics.gauge("relais_engine_month_tokens", "The tokens of this month.", &["engine", "direction"])?;
    let cost = metrics.gauge("relais_engine_month_cost", "The cost of this month.", &["engine", "currency"])?;
    let labels = ["engine", "unit", "period"];
    let limit = metrics.gauge("relais_engine_budget_limit", "What may be spent in a period.", &labels)?;
    let left = metrics.gauge("relais_engine_budget_left", "What is left of the budget.", &labels)?;
    for engine in engines {
        let id = engine.id.as_str();
        up.with_label_values(&[id]).set(if engine.fault.is_some() { 0.0 } else { 1.0 });
        characters.with_label_values(&[id]).set(number(engine.characters));
        tokens.with_label_values(&[id, "in"]).set(number(engine.tokens_in));
        tokens.with_label_values(&[id, "out"]).set(number(engine.tokens_out));
        if let Some(currency) = &engine.currency {
            cost.with_label_values(&[id, currency]).set(engine.cost);
        }
        if let Some(budget) = &engine.budget {
            let unit = match budget.unit {
                Unit::Money => engine.currency.as_deref().unwrap_or("money"),
                Unit::Characters => "characters",
                Unit::Tokens => "tokens",
            };
            let labels = [id, unit, if budget.per == Period::Day { "day" } else { "month" }];
            limit.with_label_values(&labels).set(budget.limit);
            left.with_label_values(&labels).set(budget.left);
        }
    }
    Ok(())
}

fn add_notifications(metrics: &Metrics, notifications: &[NotificationStatus]) -> prometheus::Result<()> {
    let labels = ["notification"];
    let up = metrics.gauge("relais_notification_up", "1 if events are delivered, 0 if that fails.", &labels)?;
    let waiting = metrics.gauge("relais_notification_waiting_events", "The events that wait.", &labels)?;
    let since = metrics.gauge(
        "relais_notification_oldest_waiting_timestamp_seconds",
        "The time since when the oldest event waits that is to be delivered.",
        &labels,
    )?;
    let delivered =
        metrics.gauge("relais_notification_last_delivery_timestamp_seconds", "The time of the last delivery.", &labels)?;
    for notification in notifications {
        let id = [notification.id.as_str()];
        let is_up = notification.failures == 0 && notification.state != "gone";
        up.with_label_values(&id).set(if is_up { 1.0 } else { 0.0 });
        waiting.with_label_values(&id).set(number(notification.waiting));
        for (gauge, time) in [(&since, notification.waiting_since), (&delivered, notification.delivered)] {
            if let Some(time) = time {
                gauge.with_label_values(&id).set(seconds(time));
            }
        }
    }
    Ok(())
}

fn add_editions(metrics: &Metrics, editions: &[EditionStatus]) -> prometheus::Result<()> {
    let labels = ["edition", "lang"];
    let items = metrics.gauge("relais_edition_items", "The items of the edition.", &labels)?;
    let waiting =
        metrics.gauge("relais_edition_waiting_entries", "The entries that would be shown if they were translated.", &labels)?;
    let help = "The date of the newest item.";
    let newest = metrics.gauge("relais_edition_newest_item_timestamp_seconds", help, &labels)?;
    for (edition, published) in editions.iter().flat_map(|edition| edition.published.iter().map(move |one| (edition, one))) {
        let labels = [edition.id.as_str(), published.lang.as_deref().unwrap_or_default()];
        waiting.with_label_values(&labels).set(number(published.waiting));
        if let Some(count) = published.items {
            items.with_label_values(&labels).set(f64::from(count));
        }
        if let Some(updated) = published.updated {
            newest.with_label_values(&labels).set(seconds(updated));
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "times are exact to the millisecond far beyond this century")]
fn seconds(time: Time) -> f64 {
    time.millis() as f64 / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a graph")]
fn number(count: u64) -> f64 {
    count as f64
}
