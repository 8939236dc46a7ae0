//! The selection of the entries that an edition shows. Pure: no clock, no I/O.

mod admission;
mod copies;
mod decision;
mod entry_filter;
mod expression;
mod fold;
mod places;
mod publisher;
mod ranked;
mod rewrite;
mod story;
mod tags;
mod topic;
mod wide_window;
mod window;
mod window_rules;

pub use admission::{Admission, decide_admission};
pub use copies::is_same_article;
pub use decision::{Decision, Rule, RuleFailure, Verdict};
pub use entry_filter::{EntryFilter, FoldedTitle};
pub use expression::{EntryFacts, Expression, ExpressionError, Field, Fields, Filter, MAX_SUMMARY};
pub use publisher::PublisherHosts;
pub use ranked::Ranked;
pub use rewrite::{RewriteField, RewriteRule, Rewrites};
pub use story::{Member, Stories, choose_leader, story_key, story_likeness};
pub use tags::{Tag, TagKind, find_tags, lists_version, translate_category};
pub use topic::{Found, Judgement, RuleError, Topic, TopicFacts, built_in_rule};
pub use wide_window::WideWindow;
pub use window_rules::WindowRules;
