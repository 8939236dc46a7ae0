//! When to come back: one pure function.

use std::time::Duration;

use crate::model::{Outcome, Time};

/// No source is left alone for longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// When a source is due again after a visit at `now`: its own interval; what the server asked for; after failures the
/// interval doubled for each in a row, a day at most.
pub fn next_due(outcome: &Outcome, every: Duration, failures: u32, now: Time) -> Time {
    match outcome {
        Outcome::Fresh(_) | Outcome::Same | Outcome::Moved { .. } => now.plus(every),
        Outcome::Later { until, .. } => now.plus(every).max(*until),
        Outcome::Gone { .. } => now.plus(LONGEST.max(every)),
        Outcome::Broken { .. } => {
            let doubled = every.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
            now.plus(doubled.min(LONGEST).max(every))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BreakKind, Found};

    #[test]
    fn each_outcome_has_its_interval() {
        let every = Duration::from_secs(900);
        let minutes = |outcome: &Outcome, failures| next_due(outcome, every, failures, Time::EPOCH).millis() / 60_000;
        let broken = Outcome::Broken { kind: BreakKind::Dns, message: String::new() };
        assert_eq!(minutes(&Outcome::Same, 0), 15);
        assert_eq!(minutes(&Outcome::Fresh(Found::default()), 0), 15);
        assert_eq!(minutes(&broken, 1), 15);
        assert_eq!(minutes(&broken, 3), 60);
        assert_eq!(minutes(&broken, 200), 24 * 60);
        assert_eq!(minutes(&Outcome::Gone { message: String::new() }, 0), 24 * 60);
        let later = |seconds: i64| Outcome::Later { until: Time::from_millis(seconds * 1000), message: String::new() };
        assert_eq!(minutes(&later(60), 0), 15, "not sooner than the source's own interval");
        assert_eq!(minutes(&later(7200), 0), 120);
    }
}
