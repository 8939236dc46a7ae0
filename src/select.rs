//! The selection of the entries that an edition shows. Pure: no clock, no I/O.

mod copies;
mod publisher;
mod topic;
mod window;

pub use publisher::PublisherHosts;
pub use topic::{Found, Judgement, RuleError, Topic, TopicFacts, built_in_rule};
pub use window::{Admission, Window, decide_admission};
