//! The process that works on a SQLite state.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Time;

/// The work of a process that holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolderKind {
    /// One run, which ends.
    Run,
    /// A daemon, which holds the lock for as long as it lives.
    Daemon,
}

/// The process that holds the lock, as it wrote itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The process id.
    pub process: u32,
    /// The time at which it began.
    pub since: Time,
    /// Its work.
    pub kind: HolderKind,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            HolderKind::Run => "run",
            HolderKind::Daemon => "daemon",
        };
        write!(f, "{kind}, process {}, since {}", self.process, self.since)
    }
}
