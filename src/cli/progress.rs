//! The progress bar on standard error.

use indicatif::{ProgressBar, ProgressStyle};

/// Makes a bar that counts `len` sources.
pub(super) fn sources_bar(len: u64) -> ProgressBar {
    let bar = ProgressBar::new(len);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} sources, {elapsed}") {
        bar.set_style(style);
    }
    bar
}
