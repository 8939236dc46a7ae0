//! The decisions of the circuit breaker, at made-up times.

use super::super::engine::Billing;
use super::*;
use crate::model::Lang;

fn pair(from: &str, to: &str) -> LanguagePair {
    let lang = |tag| Lang::new(tag).expect("a tag");
    LanguagePair { from: lang(from), to: lang(to) }
}

fn rate_limit(retry_after: Option<u64>) -> EngineError {
    let retry_after = retry_after.map(Duration::from_secs);
    EngineError::Transient { message: "slow down".to_owned(), retry_after, billing: Billing::Free }
}

fn server_error() -> EngineError {
    EngineError::Transient { message: "in trouble".to_owned(), retry_after: None, billing: Billing::Unknown }
}

fn unsupported() -> EngineError {
    EngineError::UnsupportedPair { message: "no Italian".to_owned() }
}

/// The `number`th try, in a run that ends ten minutes from now, without jitter.
fn failed(number: u32, now: Instant) -> FailedTry {
    FailedTry { number, now, until: now + Duration::from_secs(600), jitter: 1.0, may_be_one_text: false }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn back_off_doubles_up_to_a_minute() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    for (number, wait) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        let decision = breaker.record_failure(&pair("fr", "en"), &rate_limit(None), failed(number, now));
        assert_eq!(decision, RetryDecision::RetryAt(now + seconds(wait)));
    }
    assert_eq!(breaker.record_failure(&pair("fr", "en"), &rate_limit(None), failed(5, now)), RetryDecision::GiveUp);
    assert_eq!(backoff(40, 1.0), MAX_BACKOFF);
    assert_eq!(backoff(3, 0.5), seconds(2));
}

#[test]
fn retry_after_of_a_rate_limit_holds_for_all_pairs() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let decision = breaker.record_failure(&pair("fr", "en"), &rate_limit(Some(90)), failed(1, now));
    assert_eq!(decision, RetryDecision::RetryAt(now + seconds(90)));
    assert_eq!(breaker.next_request_at(&pair("it", "en"), now), now + seconds(90));
}

#[test]
fn request_that_may_be_billed_is_tried_twice_only() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let fr_en = pair("fr", "en");
    assert!(matches!(breaker.record_failure(&fr_en, &server_error(), failed(1, now)), RetryDecision::RetryAt(_)));
    assert_eq!(breaker.record_failure(&fr_en, &server_error(), failed(2, now)), RetryDecision::GiveUp);
}

#[test]
fn unsupported_pair_opens_its_own_circuit_only() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    assert_eq!(breaker.record_failure(&pair("it", "en"), &unsupported(), failed(1, now)), RetryDecision::GiveUp);
    assert_eq!(breaker.blocked_by(&pair("it", "en"), now), Some(FaultKind::UnsupportedPair));
    assert_eq!(breaker.blocked_by(&pair("fr", "en"), now), None);
    assert!(breaker.has_open_pair(now) && !breaker.is_engine_open(now));
    let open = breaker.open_circuits();
    assert_eq!((open.len(), open[0].pair.clone()), (1, Some(pair("it", "en"))));
}

#[test]
fn pair_that_keeps_failing_does_not_stop_the_others() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    for _ in 0..FAILURE_THRESHOLD {
        assert_eq!(breaker.blocked_by(&pair("it", "en"), now), None);
        breaker.record_failure(&pair("it", "en"), &server_error(), failed(MAX_TRIES, now));
        breaker.record_success(&pair("fr", "en"));
    }
    assert_eq!(breaker.blocked_by(&pair("it", "en"), now), Some(FaultKind::Engine));
    assert_eq!(breaker.blocked_by(&pair("fr", "en"), now), None);
}

#[test]
fn unreachable_engine_is_open_for_all_pairs() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    for from in ["fr", "it", "de"] {
        breaker.record_failure(&pair(from, "en"), &rate_limit(None), failed(MAX_TRIES, now));
    }
    assert!(breaker.is_engine_open(now));
    assert_eq!(breaker.blocked_by(&pair("ca", "es"), now), Some(FaultKind::Engine));
}

#[test]
fn wrong_key_and_quota_stay_open_whatever_succeeds() {
    let message = || "no".to_owned();
    for (error, kind) in [
        (EngineError::Unauthorized { message: message() }, FaultKind::Unauthorized),
        (EngineError::Quota { message: message() }, FaultKind::Quota),
        (EngineError::Misconfigured { message: message() }, FaultKind::Misconfigured),
    ] {
        let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
        assert_eq!(breaker.record_failure(&pair("fr", "en"), &error, failed(1, now)), RetryDecision::GiveUp);
        breaker.record_success(&pair("fr", "en"));
        assert_eq!(breaker.blocked_by(&pair("it", "en"), now + seconds(100_000)), Some(kind));
    }
}

#[test]
fn open_circuit_is_half_open_after_a_while_and_closes_with_a_success() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let fr_en = pair("fr", "en");
    for _ in 0..FAILURE_THRESHOLD {
        breaker.record_failure(&fr_en, &server_error(), failed(2, now));
    }
    assert!(breaker.blocked_by(&fr_en, now + OPEN_FOR - seconds(1)).is_some());
    assert!(breaker.blocked_by(&fr_en, now + OPEN_FOR).is_none());
    assert_eq!(breaker.open_circuits().len(), 1, "it is still to be told");
    breaker.record_success(&fr_en);
    assert_eq!(breaker.open_circuits(), []);
}

#[test]
fn half_open_circuit_that_fails_opens_for_twice_as_long() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let fr_en = pair("fr", "en");
    for _ in 0..FAILURE_THRESHOLD {
        breaker.record_failure(&fr_en, &server_error(), failed(2, now));
    }
    let later = now + OPEN_FOR;
    breaker.record_failure(&fr_en, &server_error(), failed(2, later));
    assert!(breaker.blocked_by(&fr_en, later + OPEN_FOR * 2 - seconds(1)).is_some());
    assert!(breaker.blocked_by(&fr_en, later + OPEN_FOR * 2).is_none());
}

#[test]
fn server_that_wants_more_time_than_there_is_is_given_up_at_once() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let fr_en = pair("fr", "en");
    assert_eq!(breaker.record_failure(&fr_en, &rate_limit(Some(3600)), failed(1, now)), RetryDecision::GiveUp);
    assert!(breaker.blocked_by(&fr_en, now + seconds(599)).is_some());
}

#[test]
fn answer_that_is_too_large_or_bad_keeps_the_circuit_closed() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let fr_en = pair("fr", "en");
    let large = EngineError::TooLarge { message: "large".to_owned() };
    let bad = EngineError::BadAnswer { message: "bad".to_owned(), used: None };
    for _ in 0..FAILURE_THRESHOLD {
        assert_eq!(breaker.record_failure(&fr_en, &large, failed(1, now)), RetryDecision::Split);
        assert_eq!(breaker.record_failure(&fr_en, &bad, failed(1, now)), RetryDecision::Isolate);
    }
    assert_eq!(breaker.blocked_by(&fr_en, now), None);
}

#[test]
fn server_error_of_several_texts_is_isolated_after_a_second_try() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let fr_en = pair("fr", "en");
    let several = |number| FailedTry { may_be_one_text: true, ..failed(number, now) };
    assert!(matches!(breaker.record_failure(&fr_en, &server_error(), several(1)), RetryDecision::RetryAt(_)));
    assert_eq!(breaker.record_failure(&fr_en, &server_error(), several(2)), RetryDecision::Isolate);
}

#[test]
fn request_that_fails_with_all_its_parts_opens_the_circuit() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let fr_en = pair("fr", "en");
    breaker.record_unanswered(&fr_en, FAILURE_THRESHOLD - 1, &server_error(), now);
    assert_eq!(breaker.blocked_by(&fr_en, now), None);
    breaker.record_unanswered(&fr_en, 1, &server_error(), now);
    assert_eq!(breaker.blocked_by(&fr_en, now), Some(FaultKind::Engine));
}

#[test]
fn rejected_batches_in_a_row_open_the_circuit_of_the_pair() {
    let (now, mut breaker) = (Instant::now(), CircuitBreaker::default());
    let fr_en = pair("fr", "en");
    breaker.record_rejected_batch(&fr_en, now);
    breaker.record_accepted_batch(&fr_en);
    for _ in 0..FAILURE_THRESHOLD {
        assert_eq!(breaker.blocked_by(&fr_en, now), None);
        breaker.record_success(&fr_en);
        breaker.record_rejected_batch(&fr_en, now);
    }
    assert_eq!(breaker.blocked_by(&fr_en, now), Some(FaultKind::Engine));
}
