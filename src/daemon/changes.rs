//! Changes of feeds.toml and of the files that it names. The files are polled: that works on every file system, and an editor that
//! writes a file in several steps is done by the second poll.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};
use xxhash_rust::xxh3::xxh3_128;

use crate::config::Plan;
use crate::pipeline::template_files;

/// The time between two polls.
const POLL: Duration = Duration::from_secs(2);
/// The size up to which a file is hashed, in bytes. Of a larger one only size and time of change are compared.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Detects changes of a set of files.
pub(super) struct Changes {
    files: Vec<PathBuf>,
    known: Vec<FileState>,
    /// The states at the last poll, if they differ from the known ones.
    pending: Option<Vec<FileState>>,
    polls: Interval,
}

/// The state of a file: time of change, size, and hash of its content. Nothing for a file that cannot be read.
type FileState = Option<(Option<std::time::SystemTime>, u64, u128)>;

impl Changes {
    /// Watches feeds.toml and the files that its plan names.
    pub(super) async fn new(path: &Path, plan: &Plan) -> Self {
        let mut polls = interval(POLL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changes = Self { files: Vec::new(), known: Vec::new(), pending: None, polls };
        changes.watch(path, plan).await;
        changes
    }

    /// Watches the files of another plan from now on. Their present states become the known ones.
    pub(super) async fn watch(&mut self, path: &Path, plan: &Plan) {
        let files = [Some(path), plan.glossary.file.as_deref(), plan.glossary.keep.as_deref(), plan.fetch.ca.as_deref()];
        let topics = plan.topics.iter().map(|topic| topic.file.as_path());
        self.files = files.into_iter().flatten().chain(topics).map(Path::to_owned).collect();
        self.files.extend(plan.serve.secret_files.iter().cloned());
        self.files.extend(plan.editions.iter().filter_map(|edition| edition.auth.as_ref()).flat_map(|auth| auth.files.clone()));
        self.files.extend(template_files(plan));
        (self.known, self.pending) = (self.read_states().await, None);
    }

    /// Waits until a file has changed and stays the same for two polls. Returns once per change.
    pub(super) async fn next(&mut self) {
        loop {
            self.polls.tick().await;
            let now = self.read_states().await;
            if contents(&now) == contents(&self.known) {
                (self.known, self.pending) = (now, None);
            } else if self.pending.as_ref() == Some(&now) {
                (self.known, self.pending) = (now, None);
                return;
            } else {
                self.pending = Some(now);
            }
        }
    }

    async fn read_states(&self) -> Vec<FileState> {
        let mut states = Vec::with_capacity(self.files.len());
        for (number, file) in self.files.iter().enumerate() {
            states.push(read_state(file, self.known.get(number).copied().flatten()).await);
        }
        states
    }
}

/// Returns the states without the times of change.
fn contents(states: &[FileState]) -> Vec<Option<(u64, u128)>> {
    states.iter().map(|state| state.map(|(_, size, hash)| (size, hash))).collect()
}

/// Returns the state of a file. Its content is read only if time or size have changed.
async fn read_state(file: &Path, before: FileState) -> FileState {
    let about = tokio::fs::metadata(file).await.ok()?;
    let (written, size) = (about.modified().ok(), about.len());
    if let Some((then, large, hash)) = before
        && (then, large) == (written, size)
    {
        return Some((written, size, hash));
    }
    if size > MAX_BYTES || !about.is_file() {
        return Some((written, size, 0));
    }
    let bytes = tokio::fs::read(file).await.ok()?;
    Some((written, size, xxh3_128(&bytes)))
}
