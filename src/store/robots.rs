//! The rules of robots.txt, by host.

use sqlx::Row;

use super::connection::OperationResult;
use super::json::{list, to_json, without_nul};
use super::row::{document, time};
use super::sql::{Sql, sql};
use super::{Store, StoreError};
use crate::model::Time;
use crate::policy::Robots;

const LOAD: Sql = sql!("select name, at, doc from host where name" in_names);

const SAVE: &str = "insert into host (name, at, doc) values ($1, $2, $3)
     on conflict (name) do update set at = excluded.at, doc = excluded.doc";

impl Store {
    /// Returns the rules of these hosts, with the time at which each was fetched.
    pub async fn load_robots(&self, hosts: &[&str]) -> Result<Vec<(String, Time, Robots)>, StoreError> {
        let attempt = "read the rules of robots.txt";
        let rows = self.fetch_all(attempt, LOAD.query(self.dialect).bind(list(hosts))).await?;
        let read: OperationResult<_> =
            rows.iter().map(|row| Ok((row.try_get(0)?, time(row, 1)?, document("the rules of robots.txt", row, 2)?))).collect();
        self.decode(attempt, read)
    }

    /// Saves the rules of a host, fetched at `at`.
    pub async fn save_robots(&self, host: &str, at: Time, robots: &Robots) -> Result<(), StoreError> {
        let query = sqlx::query(SAVE).bind(without_nul(host)).bind(at.millis()).bind(to_json(robots));
        self.execute("save the rules of robots.txt", query).await.map(|_| ())
    }
}
