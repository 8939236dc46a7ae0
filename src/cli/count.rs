//! Numbers with their noun, and sizes.

/// Formats a number with its noun: `1 source`, `2 sources`, `0 entries`.
pub(super) fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

/// Formats bytes as megabytes: `32.4 MB`.
#[expect(clippy::cast_precision_loss, reason = "for display only")]
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        let shown = [0_u64, 1, 2].map(|number| format!("{}, {}", count(number, "source"), count(number, "entry")));
        assert_eq!(shown, ["0 sources, 0 entries", "1 source, 1 entry", "2 sources, 2 entries"]);
    }
}
