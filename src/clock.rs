//! The wall clock's one home.

use crate::model::{Clock, Time};

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    fn now(&self) -> Time {
        Time::from(chrono::Utc::now())
    }
}
