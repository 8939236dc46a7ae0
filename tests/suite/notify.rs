//! Notifications: each item of an edition is told once, in order, to receivers that fail, hang, close and come back.

mod programs;
mod random;
mod receivers;
mod workers;

use std::time::Duration;

use relais::clock::SystemClock;
use relais::model::Clock;
use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions, any::AnyConnectOptions};

use crate::support::origin::{Origin, Reply, Seen};
use crate::support::program::{Ended, World};

/// A secret of the form of Standard Webhooks, and the same without its prefix.
const SECRET: &str = "whsec_YSBrZXkgb2YgdGhlIHRlc3RzLCAzMiBieXRlcyBsb25n";

/// An Atom feed with entries of these numbers, of which a higher one is newer. The texts say which version they are.
pub(crate) fn feed(entries: &[(u32, &str)]) -> String {
    let now = SystemClock.now();
    let entry = |(number, version): &(u32, &str)| {
        let at = now.plus(Duration::from_mins(u64::from(*number))).millis() - 20 * 60 * 60 * 1000;
        let at = relais::model::Time::from_millis(at - at % 60_000).rfc3339();
        format!(
            "<entry><id>urn:a:{number}</id><title>Titre {number}</title><link href=\"https://a.example.org/{number}\"/>\
             <published>{at}</published><updated>{at}</updated><content type=\"html\">&lt;p&gt;Texte {number} {version}.&lt;/p&gt;</content></entry>"
        )
    };
    let entries: String = entries.iter().rev().map(entry).collect();
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"fr\"><id>urn:a</id><title>A</title>\
         <updated>2026-01-01T00:00:00Z</updated>{entries}</feed>"
    )
}

/// A world with a source, an edition and a notification with these keys, in which a first run has been made.
pub(crate) struct Desk {
    pub(crate) origin: Origin,
    pub(crate) world: World,
}

impl Desk {
    /// Makes it; the first run finds the entries 1 and 2.
    pub(crate) async fn new(keys: &str) -> Self {
        let desk = Self { origin: Origin::start().await, world: World::new("") };
        desk.configure("", keys);
        desk.publish(&[(1, ""), (2, "")]);
        desk.origin.on("/hook", Reply::status(204));
        let ended = desk.run().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        desk
    }

    /// Writes feeds.toml; `HOOK` in the keys is the address of the receiver.
    pub(crate) fn configure(&self, top: &str, keys: &str) {
        let keys = keys.replace("HOOK", &self.origin.url("/hook"));
        let tables = format!(
            "[source.a]\nurl = \"{}\"\n[edition.jeux]\nfrom = [\"a\"]\nshow = \"full\"\nformats = [\"json\"]\n[notify.desk]\nedition = \"jeux\"\n{keys}\n",
            self.origin.url("/a")
        );
        self.world.configure(top, &tables);
    }

    /// Publishes a feed with these entries.
    pub(crate) fn publish(&self, entries: &[(u32, &str)]) {
        self.origin.on("/a", Reply::ok(feed(entries)).header("content-type", "application/atom+xml"));
    }

    /// Makes a run.
    pub(crate) async fn run(&self) -> Ended {
        let mut command = self.world.command(&["run", "--force", "--json"]);
        command.env("DESK_SECRET", SECRET).env("DEEPL_KEY", "hunter2");
        crate::support::program::finish(command.spawn().expect("the program starts")).await
    }

    /// Makes a run once the pause after failures is over.
    pub(crate) async fn run_after_pause(&self) -> Ended {
        self.sql("update outbox set state = replace(state, '\"retry_at\":', '\"was\":')").await;
        self.run().await
    }

    /// Changes the store.
    pub(crate) async fn sql(&self, sql: &str) {
        execute(&format!("sqlite:{}", self.world.path("relais.db").display()), sql).await;
    }

    /// The titles of the items that the receiver was sent, in order.
    pub(crate) fn told(&self) -> Vec<String> {
        self.origin.seen("/hook").iter().map(title).collect()
    }

    /// The notification in `relais status`.
    pub(crate) async fn status(&self) -> Value {
        self.world.relais(&["status", "--json"]).await.json()["notifications"][0].clone()
    }
}

/// Runs a statement on a database.
pub(crate) async fn execute(url: &str, sql: &str) {
    sqlx::any::install_default_drivers();
    let options: AnyConnectOptions = url.parse().expect("an address");
    let mut connection = options.disable_statement_logging().connect().await.expect("a database");
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect(sql);
    sqlx::Connection::close(connection).await.expect("closed");
}

/// The JSON Feed that a receiver was sent.
pub(crate) fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).expect("JSON")
}

fn title(seen: &Seen) -> String {
    let body = body(seen);
    let item = &body["items"][0];
    format!("{}:{}", item["title"].as_str().unwrap_or("withdrawn"), seen.header("relais-event"))
}
