//! The flex tier of a vendor: half the price, slow, and at times without room. `OpenAI` documents it at
//! <https://developers.openai.com/api/docs/guides/flex-processing>.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::net::ApiResponse;

/// The time for which a tier without room is not asked again.
const REST: Duration = Duration::from_mins(10);

/// The tier, as far as it may be used.
pub(super) struct FlexTier {
    is_wanted: bool,
    /// The time until which the standard tier is used.
    rests_until: Mutex<Option<Instant>>,
}

impl FlexTier {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, rests_until: Mutex::default() }
    }

    /// Returns true if requests that can wait are sent in the tier now.
    pub(super) fn is_open(&self) -> bool {
        let rests_until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_wanted && rests_until.is_none_or(|until| until <= Instant::now())
    }

    /// Sends nothing in the tier for a while.
    pub(super) fn rest(&self) {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
    }

    /// Returns true if the tier refuses a request: it has no room (429, or 498 of some servers), or it does not serve the model (400, with
    /// the name of the field). A quota that is used up is one in each tier. The tier then rests.
    pub(super) fn is_refused(&self, response: &ApiResponse) -> bool {
        let said = String::from_utf8_lossy(&response.body);
        let is_refused = match response.status {
            429 => !said.contains("insufficient_quota") && !said.contains("billing_hard_limit_reached"),
            498 => true,
            400 | 422 => said.contains("service_tier") || said.contains("flex"),
            _ => false,
        };
        if is_refused {
            self.rest();
        }
        is_refused
    }

    /// Returns a request in the tier.
    pub(super) fn in_tier(body: &Value) -> Value {
        let mut body = body.clone();
        body["service_tier"] = "flex".into();
        body
    }
}
