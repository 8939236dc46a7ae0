//! The note on a cheap tier that nothing is ever sent in.

use super::super::super::diagnostics::Diagnostics;
use super::super::super::plan::Edition;
use super::super::super::values::{Located, RawServiceTier};
use super::super::rules::id_in_message;
use crate::model::{ServiceTier, UntranslatedPolicy};

/// Warns if no edition of an engine holds its texts back for as long as the tier takes.
pub(super) fn check_holds(
    id: &Located<String>,
    tier: &Located<RawServiceTier>,
    editions: &[Edition],
    diagnostics: &mut Diagnostics<'_>,
) {
    let wanted = tier.value.0;
    let of_engine: Vec<&Edition> = editions.iter().filter(|edition| edition.engines.contains(&id.value)).collect();
    let waits = |edition: &&Edition| matches!(edition.untranslated, UntranslatedPolicy::Hold(time) if time > wanted.patience());
    if of_engine.is_empty() || of_engine.iter().any(waits) {
        return;
    }
    let (name, least) = match wanted {
        ServiceTier::Flex => ("the flex tier", "half an hour"),
        ServiceTier::Batch => ("batches", "24½ hours"),
    };
    let message = format!(
        "nothing of the engine {} is sent in {name}: no edition holds its entries back for so long",
        id_in_message(&id.value)
    );
    let hint = match wanted {
        ServiceTier::Flex => "write untranslated = \"hold 6h\" in the edition, or remove `service_tier`",
        ServiceTier::Batch => "write untranslated = \"hold 36h\" in the edition, or remove `service_tier`",
    };
    diagnostics.warn(&tier.span, format!("{message} (more than {least})"), hint);
}
