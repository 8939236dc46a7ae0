//! The selection of the entries that an edition shows. Pure: no clock, no I/O.

mod admission;
mod copies;
mod places;
mod publisher;
mod story;
mod topic;
mod window;
mod window_rules;

pub use admission::{Admission, decide_admission};
pub use publisher::PublisherHosts;
pub use story::{Member, Stories, choose_leader, story_key};
pub use topic::{Found, Judgement, RuleError, Topic, TopicFacts, built_in_rule};
pub use window::Window;
pub use window_rules::WindowRules;
