//! The progress bars on standard error.

use indicatif::{ProgressBar, ProgressStyle};

/// Makes a bar that counts `len` sources.
pub(super) fn sources_bar(len: u64) -> ProgressBar {
    let bar = ProgressBar::new(len);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} sources, {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// Makes a bar that counts the bytes of what is fetched for `name`.
pub(super) fn bytes_bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {decimal_bytes}/{decimal_total_bytes}, {eta} left") {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_owned());
    bar
}
