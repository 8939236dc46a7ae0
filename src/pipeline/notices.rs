//! The notices that are reported once and not in each run: warnings of the configuration, an exhausted budget.

use crate::config::{Engine, Plan};
use crate::model::{Fault, FaultKind, FaultSubject, Time};
use crate::store::{Store, StoreError};

/// Returns true if the plan has warnings that were not told since its file was changed, and records that they are told now.
pub(super) async fn has_untold_warnings(store: &Store, plan: &Plan) -> Result<bool, StoreError> {
    let file = std::path::absolute(&plan.path).unwrap_or_else(|_| plan.path.clone());
    // A file without warnings is recorded too: if the old one is put back, it is told again.
    let is_new = store.record_notice(&format!("warnings {}", file.display()), &plan.fingerprint).await?;
    Ok(is_new && !plan.warnings.is_empty())
}

/// Returns the faults that the operator must be told, and records that. A used-up budget is told once per period and limit.
pub(super) async fn untold_faults(
    store: &Store,
    engines: &[Engine],
    faults: &[Fault],
    now: Time,
) -> Result<Vec<Fault>, StoreError> {
    let mut untold = Vec::new();
    for fault in faults {
        let is_new = match budget_notice(engines, fault, now) {
            Some((subject, state)) => store.record_notice(&subject, &state).await?,
            None => true,
        };
        if is_new {
            untold.push(fault.clone());
        }
    }
    Ok(untold)
}

/// Returns subject and state of the notice of a used-up budget; nothing for other faults.
fn budget_notice(engines: &[Engine], fault: &Fault, now: Time) -> Option<(String, String)> {
    let (FaultSubject::Engine(id), FaultKind::Budget) = (&fault.of, fault.kind) else { return None };
    let budget = engines.iter().find(|engine| engine.id == *id)?.budget?;
    // A limit that was raised can be reached again in the same period.
    let state = format!("{:?} {} used up in the {:?} from {}", budget.unit, budget.limit, budget.per, budget.per.start(now));
    Some((format!("budget {id}"), state))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Budget, EngineKind, Period, Unit};

    const DAY: i64 = 24 * 60 * 60 * 1000;

    fn notice(limit: u64, day: i64) -> Option<(String, String)> {
        let engine = Engine {
            id: "deepl".to_owned(),
            kind: EngineKind::Deepl,
            url: None,
            model: None,
            region: None,
            key: None,
            key_error: None,
            budget: Some(Budget { unit: Unit::Characters, limit, per: Period::Month }),
            price: None,
            pivot: None,
            timeout: None,
            in_flight: None,
        };
        let fault = Fault::of_engine("deepl", FaultKind::Budget, "its budget is used up");
        budget_notice(&[engine], &fault, Time::from_millis(day * DAY))
    }

    #[test]
    fn used_up_budget_is_the_same_notice_until_the_period_ends() {
        assert_eq!(notice(100, 1), notice(100, 30));
        assert_ne!(notice(100, 1), notice(100, 31), "the first of February");
    }

    #[test]
    fn raised_limit_makes_another_notice() {
        assert_ne!(notice(100, 1), notice(200, 1));
    }

    #[test]
    fn other_faults_of_engines_have_no_notice() {
        let fault = Fault::of_engine("deepl", FaultKind::Unauthorized, "403");
        assert_eq!(budget_notice(&[], &fault, Time::EPOCH), None);
    }
}
