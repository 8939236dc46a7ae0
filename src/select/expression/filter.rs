//! `keep` and `drop` together: the decision about an entry.

use std::sync::Arc;

use super::{EntryFacts, Expression, Field, Fields};
use crate::select::decision::{Decision, Rule, RuleFailure, Verdict};

/// The expressions of a source or an edition. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Entries are taken only if it is true for them.
    pub keep: Option<Arc<Expression>>,
    /// Entries are left out if it is true for them.
    pub drop: Option<Arc<Expression>>,
}

impl Filter {
    /// Returns true if there is no expression.
    pub fn is_empty(&self) -> bool {
        self.keep.is_none() && self.drop.is_none()
    }

    /// Returns the expression of a rule, as it was written.
    pub fn text(&self, rule: Rule) -> Option<&str> {
        let expression = match rule {
            Rule::Keep => &self.keep,
            Rule::Drop => &self.drop,
            Rule::Topic | Rule::Tags => return None,
        };
        expression.as_ref().map(|expression| expression.text())
    }

    /// Returns the fields that the expressions read.
    pub fn fields(&self) -> Fields {
        let expressions = self.keep.iter().chain(&self.drop);
        expressions.fold(Fields::default(), |fields, expression| fields.union(expression.fields()))
    }

    /// Returns true if the decision about an entry changes with time.
    pub fn reads_age(&self) -> bool {
        self.fields().has(Field::Age)
    }

    /// Decides about an entry. A rule that cannot be evaluated decides nothing: the entry is taken unless another rule drops it.
    pub fn decide(&self, facts: &EntryFacts<'_>) -> Decision {
        let mut decision = Decision::UNRULED;
        for (rule, expression, drops_if) in [(Rule::Keep, &self.keep, false), (Rule::Drop, &self.drop, true)] {
            let Some(expression) = expression else { continue };
            match expression.is_true(facts) {
                Ok(answer) if answer == drops_if => {
                    return Decision { verdict: Verdict::Dropped, rule: Some(rule), ..decision };
                }
                Ok(_) => decision.rule = Some(rule),
                Err(reason) => {
                    let failure = RuleFailure { rule, title: facts.title.to_owned(), reason };
                    decision.failure = decision.failure.or(Some(failure));
                }
            }
        }
        decision
    }
}
