//! Decides what to do next, and does nothing itself: when a source is due, what a failure means, whether the network is away,
//! what a robots.txt allows. No I/O, no clock: the same facts give the same decision on every worker.

mod outage;
mod robots;
mod schedule;
pub mod source_health;

pub use outage::{Attempt, NetworkChange, Outage, Verdict};
pub use robots::Robots;
pub use schedule::{Question, next_due};
pub use source_health::SourceHealth;
