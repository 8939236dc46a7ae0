//! The store's contract: every promise is kept on SQLite and on PostgreSQL, by the same code.

mod backend;
mod batches;
mod changes;
mod clock;
mod concurrency;
mod corrections;
mod hosts;
mod leases;
mod ledger;
mod memory;
mod opening;
mod outbox;
mod pruning;
mod servers;
mod settling;
mod texts;
mod translations;
mod upgrade;
mod world;
