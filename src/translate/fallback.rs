//! Second chances of a segment whose answer was refused.

pub(super) mod protect_name;
pub(super) mod without_markup;
