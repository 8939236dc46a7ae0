//! The pure decisions about visits and engines: due times, source health, outages, robots.txt, refused texts, engine health. No I/O
//! and no clock, so the same inputs give the same decision on every worker.

pub mod engine_health;
mod lock;
mod outage;
pub mod refusal;
mod robots;
mod schedule;
pub mod source_health;

pub use lock::is_run_overdue;
pub use outage::{Attempt, NetworkChange, Outage, Verdict};
pub use robots::Robots;
pub use schedule::{PollInputs, next_due, rest_after_rate_limit};
pub use source_health::SourceHealth;
