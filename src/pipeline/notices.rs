//! The notices of a run: what is told once and not in each run. Warnings of the configuration, and faults that begin, last or end.

use crate::config::{Engine, Plan};
use crate::model::{EngineCondition, Fault, FaultKind, FaultSubject, Lang, NotificationState, Report, SourceId, Time};
use crate::policy::{Notices, Observed, ToldFault, decide_notices};
use crate::store::{Store, StoreError};

use super::publish::{INDEX, stem_of};

/// The notice that lists the faults whose beginning was told, and whose end not.
const TOLD: &str = "faults";

/// Returns true if the plan has warnings that were not told since its file was changed, and records that they are told now.
pub(super) async fn has_untold_warnings(store: &Store, plan: &Plan) -> Result<bool, StoreError> {
    let file = std::path::absolute(&plan.path).unwrap_or_else(|_| plan.path.clone());
    // A file without warnings is recorded too: if the old one is put back, it is told again.
    let is_new = store.record_notice(&format!("warnings {}", file.display()), &plan.fingerprint).await?;
    Ok(is_new && !plan.warnings.is_empty())
}

/// Returns what the operator is told at the end of a run, and records it. A used-up budget is told once per period and limit.
pub(super) async fn take_notices(store: &Store, plan: &Plan, report: &Report, now: Time) -> Result<Notices, StoreError> {
    let recorded = store.load_notice(TOLD).await?;
    // What an older version wrote, or a newer one, is told once more.
    let before: Vec<ToldFault> = recorded.and_then(|doc| serde_json::from_str(&doc).ok()).unwrap_or_default();
    let (budgets, faults): (Vec<Fault>, Vec<Fault>) =
        report.faults.iter().cloned().partition(|fault| budget_notice(&plan.engines, fault, now).is_some());
    let recovered = recovered_sources(store, &before, report).await?;
    let observed = Observed {
        faults: &faults,
        exists: &|subject| exists(plan, subject),
        works: &|subject| works(report, &recovered, subject),
        sources: plan.enabled().count(),
    };
    let mut told = before.clone();
    let mut notices = decide_notices(&mut told, &observed, now);
    if told != before {
        store.record_notice(TOLD, &serde_json::to_string(&told).unwrap_or_default()).await?;
    }
    for fault in budgets {
        if let Some((subject, state)) = budget_notice(&plan.engines, &fault, now)
            && store.record_notice(&subject, &state).await?
        {
            notices.faults.push(fault);
        }
    }
    Ok(notices)
}

/// Returns the sources that had a fault and whose last visit went well.
async fn recovered_sources(store: &Store, told: &[ToldFault], report: &Report) -> Result<Vec<SourceId>, StoreError> {
    let fails = |id: &str| report.faults.iter().any(|fault| matches!(&fault.of, FaultSubject::Source(source) if source == id));
    let ids = told.iter().filter_map(|told| match &told.fault.of {
        FaultSubject::Source(id) if !fails(id) => Some(SourceId::new(id)),
        _ => None,
    });
    let ids: Vec<SourceId> = ids.collect();
    if ids.is_empty() {
        return Ok(ids);
    }
    let rows = store.load_source_rows(&ids).await?;
    Ok(rows
        .into_iter()
        .filter(|row| row.state.last_fault.is_none() && row.state.damage.is_none() && row.state.rule_fault.is_none())
        .map(|row| row.id)
        .collect())
}

/// Returns true if the plan has a subject.
fn exists(plan: &Plan, subject: &FaultSubject) -> bool {
    match subject {
        FaultSubject::Source(id) => plan.enabled().any(|source| source.id.as_str() == id),
        FaultSubject::Engine(id) => plan.engines.iter().any(|engine| engine.id == *id),
        FaultSubject::Edition(id) if id == INDEX => true,
        FaultSubject::Edition(id) => plan
            .editions
            .iter()
            .any(|edition| edition.id == *id || edition.langs.iter().any(|lang| is_named(&edition.id, Some(lang), id))),
        FaultSubject::Notify(id) => plan.notifications.iter().any(|notification| notification.id == *id),
        FaultSubject::Network(_) => true,
    }
}

/// Returns true if a run has shown that a subject without a fault works.
fn works(report: &Report, recovered: &[SourceId], subject: &FaultSubject) -> bool {
    match subject {
        FaultSubject::Source(id) => recovered.iter().any(|source| source.as_str() == id),
        FaultSubject::Engine(id) => {
            report.translation.engines.iter().any(|engine| engine.id == *id && engine.state == EngineCondition::Good)
        }
        // It is made in each pass, and told of in each in which it fails.
        FaultSubject::Edition(id) if id == INDEX => !report.editions.is_empty(),
        FaultSubject::Edition(id) => {
            report.editions.iter().any(|edition| edition.id == *id || is_named(&edition.id, edition.lang.as_ref(), id))
        }
        FaultSubject::Notify(id) => {
            report.notifications.iter().any(|count| count.id == *id && count.state == NotificationState::Good)
        }
        FaultSubject::Network(_) => report.sources.fresh + report.sources.same + report.sources.moved > 0,
    }
}

/// Returns true if a fault of an edition in a language is told under this name: some are of its files.
fn is_named(edition: &str, lang: Option<&Lang>, name: &str) -> bool {
    lang.is_some_and(|lang| name == stem_of(edition, Some(lang)))
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
            guidance: crate::model::GuidanceTable::default(),
            reasoning_effort: None,
            tier: None,
            timeout: None,
            in_flight: None,
            models: None,
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
