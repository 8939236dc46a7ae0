//! Numbers with their noun.

/// Formats a number with its noun: `1 source`, `2 sources`, `0 entries`.
pub(super) fn count(number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
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
