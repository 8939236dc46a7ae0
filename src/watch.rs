//! What is watched while relais works: the clock, and the log.

mod clock;
mod log;

pub use clock::SystemClock;
pub use log::{LogFormat, start_log};
