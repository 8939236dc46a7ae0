//! Notices: what the operator was told last about a subject, so that the next run does not repeat it.

use super::{Store, StoreError};

/// Notices are kept among the publications: published to the operator. Most other targets
/// are the outputs.
const TARGET: &str = "notices";

impl Store {
    /// Records that the operator is told `state` about `subject`. Returns false if that was also the last notice about it.
    pub async fn record_notice(&self, subject: &str, state: &str) -> Result<bool, StoreError> {
        if self.load_notice(subject).await?.as_deref() == Some(state) {
            return Ok(false);
        }
        self.save_publication(TARGET, subject, state).await?;
        Ok(true)
    }

    /// Returns the state that was recorded last about `subject`.
    pub async fn load_notice(&self, subject: &str) -> Result<Option<String>, StoreError> {
        self.load_publication(TARGET, subject).await
    }
}
