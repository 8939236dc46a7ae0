//! Whether feeds.toml, or a file that it names, is another one than before. The files are looked at now and then: that works on
//! every file system, and an editor that writes a file in several steps is through by the second look.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};
use xxhash_rust::xxh3::xxh3_128;

use crate::config::Plan;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// Of a file that is larger only the size and the time of its change count.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What was there when it was last looked at.
pub(super) struct Changes {
    files: Vec<PathBuf>,
    seen: Vec<Seen>,
    /// What was there at the last look, if that was not what is carried out.
    unsettled: Option<Vec<Seen>>,
    looks: Interval,
}

/// One file: when it was written and how large it is, and what it says. Nothing of one that cannot be read.
type Seen = Option<(Option<std::time::SystemTime>, u64, u128)>;

impl Changes {
    /// Looks at feeds.toml and the files that the plan made of it names.
    pub(super) async fn of(path: &Path, plan: &Plan) -> Self {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut changes = Self { files: Vec::new(), seen: Vec::new(), unsettled: None, looks };
        changes.watch(path, plan).await;
        changes
    }

    /// Looks at these from now on, and takes them for known as they are.
    pub(super) async fn watch(&mut self, path: &Path, plan: &Plan) {
        self.files = [Some(path), plan.glossary.file.as_deref(), plan.glossary.keep.as_deref(), plan.fetch.ca.as_deref()]
            .into_iter()
            .flatten()
            .map(Path::to_owned)
            .collect();
        (self.seen, self.unsettled) = (self.look().await, None);
    }

    /// Waits until something is another, and stays so for two looks. Told once for each change.
    pub(super) async fn next(&mut self) {
        loop {
            self.looks.tick().await;
            let now = self.look().await;
            if says(&now) == says(&self.seen) {
                (self.seen, self.unsettled) = (now, None);
            } else if self.unsettled.as_ref() == Some(&now) {
                (self.seen, self.unsettled) = (now, None);
                return;
            } else {
                self.unsettled = Some(now);
            }
        }
    }

    async fn look(&self) -> Vec<Seen> {
        let mut seen = Vec::with_capacity(self.files.len());
        for (number, file) in self.files.iter().enumerate() {
            seen.push(look(file, self.seen.get(number).copied().flatten()).await);
        }
        seen
    }
}

/// What the files say, whenever that was written.
fn says(seen: &[Seen]) -> Vec<Option<(u64, u128)>> {
    seen.iter().map(|seen| seen.map(|(_, size, hash)| (size, hash))).collect()
}

/// Looks at a file; it is read only if its time or its size is not as before.
async fn look(file: &Path, before: Seen) -> Seen {
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
