//! The sizes of files, as feeds state them.

/// The largest integer below which a floating-point number has each one.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns a size in bytes, also if it is written with a fraction (`12.0`) or an exponent.
pub(super) fn parse_length(text: &str) -> Option<u64> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let number = text.parse::<f64>().ok().filter(|number| (0.0..MOST_EXACT).contains(number))?;
        format!("{:.0}", number.round()).parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_read_in_every_notation_of_numbers() {
        for (text, size) in
            [("12", 12), (" 12.0 ", 12), ("1.5e3", 1_500), ("0", 0), ("18446744073709551615", u64::MAX), ("12.7", 13)]
        {
            assert_eq!(parse_length(text), Some(size), "{text}");
        }
        for text in ["", "-1", "NaN", "inf", "1e300", "12 MB", "1,234"] {
            assert_eq!(parse_length(text), None, "{text}");
        }
    }
}
