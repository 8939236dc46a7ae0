//! Translation APIs, one file a vendor.

pub(super) mod apertium;
pub(super) mod azure;
pub(super) mod deepl;
pub(super) mod google;
mod html_marks;
pub(super) mod libretranslate;
mod paragraphs;
mod target_codes;
