//! Decides what the answers of an engine say about it: if it works, or since when it does not.

use std::time::Duration;

use crate::model::{EngineCondition, EngineState, Fault, FaultKind, Lang, Time};

/// An engine that has worked before is told as a fault from so many failing runs in a row on.
const TOLD_FROM: u32 = 2;

/// The longest rest of an engine that fails: half as long as it has been failing, up to this.
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);

/// A batch of at least this many texts says something about the engine when most answers are refused.
const LARGE_BATCH: usize = 8;

/// A batch of at least this many texts says something about the engine when all of them come back as they were, or empty.
const ECHOED_BATCH: usize = 2;

/// The most pairs of languages to remember as unsupported.
const MAX_UNSUPPORTED: usize = 64;

/// The results of the texts of one batch, before any second attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerCounts {
    /// Answers that passed the checks.
    pub accepted: usize,
    /// Answers that the checks refused.
    pub refused: usize,
    /// Of these, texts that came back as they were, or empty.
    pub echoed: usize,
}

/// Decides if the answers of a batch are the engine's failure (true) or speak for it (false). `None` if there are too few of them
/// to tell: then each refusal is about its text.
pub fn judge_batch(answers: AnswerCounts) -> Option<bool> {
    let AnswerCounts { accepted, refused, echoed } = answers;
    let answered = accepted + refused;
    if answered >= ECHOED_BATCH && echoed == answered {
        return Some(true);
    }
    (answered >= LARGE_BATCH).then_some(refused * 2 > answered)
}

/// The observations of one run about an engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineObservation {
    /// True if it gave a translation that passed the checks.
    pub has_translated: bool,
    /// The failure that kept it from more.
    pub failure: Option<EngineFailure>,
    /// True if it was not asked, because it wants to be asked later.
    pub is_resting: bool,
    /// The pairs of languages that it translated.
    pub translated: Vec<(Lang, Lang)>,
    /// The pairs of languages that it does not have.
    pub unsupported: Vec<(Lang, Lang)>,
}

/// A failure of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineFailure {
    /// Its kind.
    pub kind: FaultKind,
    /// Its description, in a sentence.
    pub message: String,
    /// The time before which the engine does not want to be asked.
    pub retry_at: Option<Time>,
}

/// Returns the state of an engine after a run. A run that wanted nothing of it leaves it as it was.
pub fn next_state(before: &EngineState, seen: &EngineObservation, now: Time) -> EngineState {
    let known = before.unsupported.iter().filter(|pair| !seen.unsupported.contains(pair) && !seen.translated.contains(pair));
    // Feeds may claim to be in any number of languages.
    let unsupported = seen.unsupported.iter().chain(known).take(MAX_UNSUPPORTED).cloned().collect();
    EngineState { unsupported, ..next_condition(before, seen, now) }
}

fn next_condition(before: &EngineState, seen: &EngineObservation, now: Time) -> EngineState {
    let has_worked = before.has_worked || seen.has_translated;
    let is_trouble = !matches!(before.condition, EngineCondition::New | EngineCondition::Good);
    let Some(EngineFailure { kind, message, retry_at }) = &seen.failure else {
        return if seen.has_translated {
            let since = before.since.filter(|_| before.condition == EngineCondition::Good).or(Some(now));
            EngineState { condition: EngineCondition::Good, since, has_worked, ..EngineState::default() }
        } else {
            let more = u32::from(seen.is_resting && is_trouble);
            EngineState { failing_runs: before.failing_runs.saturating_add(more), ..before.clone() }
        };
    };
    let condition = match kind {
        FaultKind::Unauthorized => EngineCondition::Unauthorized,
        FaultKind::Misconfigured => EngineCondition::Misconfigured,
        FaultKind::Budget | FaultKind::Quota => EngineCondition::OutOfBudget,
        FaultKind::UnsupportedPair => EngineCondition::UnsupportedPair,
        _ if retry_at.is_some() => EngineCondition::Paused,
        _ => EngineCondition::Failing,
    };
    let is_failing = |condition| matches!(condition, EngineCondition::Failing | EngineCondition::Paused);
    let is_same = before.condition == condition || (is_failing(before.condition) && is_failing(condition));
    let since = before.since.filter(|_| is_trouble).unwrap_or(now);
    // One that never worked may be set up wrongly, and whoever sets it up does not wait.
    let rests = condition == EngineCondition::Failing && has_worked && !seen.has_translated;
    EngineState {
        condition,
        since: Some(since),
        failing_runs: if is_same { before.failing_runs.saturating_add(1) } else { 1 },
        has_worked,
        paused_until: retry_at.or_else(|| rests.then(|| rest_until(since, now))),
        message: Some(message.clone()),
        unsupported: Vec::new(),
    }
}

/// Returns the time before which an engine is not asked that has been failing since then. Each request may be billed whatever it
/// brings, so an outage of hours must not use up the budget; and an engine that is back must not wait long.
fn rest_until(since: Time, now: Time) -> Time {
    now.plus((now.since(since) / 2).min(LONGEST_REST))
}

/// Returns the fault to tell of an engine in this state: a wrong key or setting, and an engine that never worked, at once; one
/// that worked before, from the second failing run in a row on. Budgets and pairs of languages are told for themselves.
pub fn told_fault(engine: &str, state: &EngineState) -> Option<Fault> {
    let is_lasting = state.failing_runs >= TOLD_FROM || !state.has_worked;
    let kind = match state.condition {
        EngineCondition::Unauthorized => FaultKind::Unauthorized,
        EngineCondition::Misconfigured => FaultKind::Misconfigured,
        EngineCondition::Failing | EngineCondition::Paused if is_lasting => FaultKind::Engine,
        _ => return None,
    };
    let message = state.message.clone().unwrap_or_else(|| "it does not translate".to_owned());
    Some(Fault { since: state.since, ..Fault::of_engine(engine, kind, message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    fn failure(kind: FaultKind) -> EngineObservation {
        let failure = EngineFailure { kind, message: "it answers 500".to_owned(), retry_at: None };
        EngineObservation { failure: Some(failure), ..EngineObservation::default() }
    }

    fn success() -> EngineObservation {
        EngineObservation { has_translated: true, ..EngineObservation::default() }
    }

    /// The state after these runs, a second apart.
    fn after(runs: &[EngineObservation]) -> EngineState {
        (0..).zip(runs).fold(EngineState::default(), |state, (second, seen)| next_state(&state, seen, at(second)))
    }

    fn is_told(state: &EngineState) -> bool {
        told_fault("a", state).is_some()
    }

    #[test]
    fn engine_that_worked_is_told_from_the_second_failing_run_on() {
        let failing = failure(FaultKind::Engine);
        assert!(!is_told(&after(&[success(), failing.clone()])));
        let state = after(&[success(), failing.clone(), failing]);
        assert!(is_told(&state));
        assert_eq!((state.condition, state.since), (EngineCondition::Failing, Some(at(1))));
    }

    #[test]
    fn engine_that_never_worked_is_told_at_once() {
        assert!(is_told(&after(&[failure(FaultKind::Engine)])));
    }

    #[test]
    fn wrong_key_or_setting_is_told_at_once() {
        for kind in [FaultKind::Unauthorized, FaultKind::Misconfigured] {
            let fault = told_fault("a", &after(&[success(), failure(kind)])).expect("a fault");
            assert_eq!(fault.kind, kind);
        }
    }

    #[test]
    fn success_ends_the_trouble() {
        let failing = failure(FaultKind::Engine);
        let state = after(&[failing.clone(), failing.clone(), success()]);
        assert_eq!((state.condition, state.since, state.failing_runs), (EngineCondition::Good, Some(at(2)), 0));
        assert!(!is_told(&after(&[failing, success(), failure(FaultKind::Engine)])));
    }

    #[test]
    fn run_that_wants_nothing_changes_nothing() {
        let state = after(&[success(), failure(FaultKind::Engine)]);
        assert_eq!(next_state(&state, &EngineObservation::default(), at(9)), state);
    }

    #[test]
    fn engine_that_wants_to_be_asked_later_is_paused_and_told_in_the_next_run() {
        let mut seen = failure(FaultKind::Engine);
        seen.failure = seen.failure.map(|failure| EngineFailure { retry_at: Some(at(99)), ..failure });
        let state = after(&[success(), seen]);
        assert_eq!((state.condition, state.paused_until), (EngineCondition::Paused, Some(at(99))));
        let resting = EngineObservation { is_resting: true, ..EngineObservation::default() };
        let next = next_state(&state, &resting, at(3));
        assert!(!is_told(&state) && is_told(&next));
    }

    #[test]
    fn engine_that_fails_for_long_rests_up_to_a_quarter_of_an_hour() {
        let rest = |failed_for: i64| {
            let state = after(&[success(), failure(FaultKind::Engine)]);
            let state = next_state(&state, &failure(FaultKind::Engine), at(1 + failed_for));
            state.paused_until.expect("a rest").since(at(1 + failed_for)).as_secs()
        };
        assert_eq!([0, 300, 1800, 86_400].map(rest), [0, 150, 900, 900]);
    }

    #[test]
    fn engine_that_never_worked_or_works_for_another_pair_does_not_rest() {
        let failing = failure(FaultKind::Engine);
        assert_eq!(after(&[failing.clone(), failing.clone()]).paused_until, None);
        let partly = EngineObservation { has_translated: true, ..failing };
        assert_eq!(after(&[success(), partly.clone(), partly]).paused_until, None);
    }

    #[test]
    fn unsupported_pair_is_remembered_until_it_is_translated() {
        let pair = (Lang::new("fr").expect("a tag"), Lang::new("ja").expect("a tag"));
        let lacking = EngineObservation { unsupported: vec![pair.clone()], ..failure(FaultKind::UnsupportedPair) };
        assert_eq!(after(&[lacking.clone(), success(), EngineObservation::default()]).unsupported, std::slice::from_ref(&pair));
        let translated = EngineObservation { translated: vec![pair], ..success() };
        assert!(after(&[lacking, translated]).unsupported.is_empty());
    }

    #[test]
    fn used_up_budget_is_a_condition_and_told_for_itself() {
        let state = after(&[failure(FaultKind::Budget)]);
        assert_eq!((state.condition, is_told(&state)), (EngineCondition::OutOfBudget, false));
    }

    fn verdict(accepted: usize, refused: usize, echoed: usize) -> Option<bool> {
        judge_batch(AnswerCounts { accepted, refused, echoed })
    }

    #[test]
    fn large_batch_that_is_mostly_refused_is_the_engines_failure() {
        assert_eq!(verdict(3, 5, 0), Some(true));
        assert_eq!(verdict(4, 4, 0), Some(false));
    }

    #[test]
    fn small_batch_is_the_engines_failure_only_if_every_text_comes_back_as_it_was() {
        assert_eq!(verdict(0, 2, 2), Some(true));
        assert_eq!(verdict(0, 2, 1), None);
        assert_eq!(verdict(1, 3, 3), None);
    }

    #[test]
    fn single_text_says_nothing_of_the_engine() {
        assert_eq!(verdict(0, 1, 1), None);
    }
}
