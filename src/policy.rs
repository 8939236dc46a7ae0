//! The pure decisions about visits: due times, source health, outages, robots.txt. No I/O and no clock, so the same inputs give
//! the same decision on every worker.

mod lock;
mod outage;
mod robots;
mod schedule;
pub mod source_health;

pub use lock::is_run_overdue;
pub use outage::{Attempt, NetworkChange, Outage, Verdict};
pub use robots::Robots;
pub use schedule::{PollInputs, next_due};
pub use source_health::SourceHealth;
