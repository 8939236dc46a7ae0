//! The states of engines, from one run to the next.

use sqlx::Row;

use super::connection::OperationResult;
use super::json::{to_json, without_nul};
use super::row::document;
use super::{Store, StoreError};
use crate::model::EngineState;

const SAVE: &str = "insert into engine (id, doc) values ($1, $2) on conflict (id) do update set doc = excluded.doc";

impl Store {
    /// Returns the states of all engines that were ever asked, in no order.
    pub async fn load_engine_states(&self) -> Result<Vec<(String, EngineState)>, StoreError> {
        let attempt = "read the states of engines";
        let rows = self.fetch_all(attempt, sqlx::query("select id, doc from engine")).await?;
        let read: OperationResult<_> =
            rows.iter().map(|row| Ok((row.try_get(0)?, document("the state of an engine", row, 1)?))).collect();
        self.decode(attempt, read)
    }

    /// Saves the state of an engine.
    pub async fn save_engine_state(&self, engine: &str, state: &EngineState) -> Result<(), StoreError> {
        let query = sqlx::query(SAVE).bind(without_nul(engine)).bind(to_json(state));
        self.execute("save the state of an engine", query).await.map(|_| ())
    }
}
