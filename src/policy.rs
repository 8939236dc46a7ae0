//! The pure decisions about visits and engines: due times, dates of entries, source health, outages, robots.txt, refused texts,
//! engine health, notices, a clock that was ahead. No I/O and no clock, so the same inputs give the same decision on every worker.

mod clock_jump;
mod delivery;
mod digest_time;
pub mod engine_health;
mod entry_date;
mod hub_notice;
mod lock;
mod notices;
mod outage;
pub mod refusal;
mod robots;
mod schedule;
pub mod source_health;

pub use clock_jump::{ClockJump, MAX_CLOCK_SKEW};
pub use delivery::{DeliveryState, LostEvents, MAX_REFUSALS};
pub use digest_time::{covered_from, last_due};
pub use entry_date::{EntryDates, declared_date, possible_date};
pub use hub_notice::HubNotice;
pub use lock::is_run_overdue;
pub use notices::{Notices, Observed, ToldFault, decide_notices};
pub use outage::{Attempt, NetworkChange, Outage, Verdict};
pub use robots::Robots;
pub use schedule::{PollInputs, due_reason, next_due, rest_after_rate_limit};
pub use source_health::SourceHealth;
