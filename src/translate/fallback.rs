//! Second chances of a segment whose answer was refused, or says a term in other words.

pub(super) mod located_terms;
pub(super) mod protect_name;
pub(super) mod restore_name;
pub(super) mod without_markup;
