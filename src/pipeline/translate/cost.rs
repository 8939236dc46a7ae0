//! Amounts of money as they are shown.

/// Converts millionths of the currency's unit.
#[expect(clippy::cast_precision_loss, reason = "shown, not counted with")]
pub(super) fn from_millionths(millionths: u64) -> f64 {
    millionths as f64 / 1e6
}
