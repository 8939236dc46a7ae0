//! The sizes and playing times of files, as feeds state them.

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

/// The longest playing time in seconds: a week.
const LONGEST: f64 = 7.0 * 24.0 * 3600.0;

/// Returns a playing time in seconds: `1:02:03`, `62:03`, `3723` or `3723.4`. Zero says that it is not known.
pub(super) fn parse_duration(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    let mut seconds = 0.0;
    for (place, part) in parts.iter().enumerate() {
        let is_number = part.bytes().all(|b| b.is_ascii_digit() || (b == b'.' && place + 1 == parts.len()));
        let number: f64 = part.trim().parse().ok().filter(|_| is_number)?;
        seconds = seconds * 60.0 + number;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    (1.0..=LONGEST).contains(&seconds).then_some(seconds as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playing_time_is_read_in_every_notation() {
        for (text, seconds) in [("1:02:03", 3_723), ("62:03", 3_723), (" 3723 ", 3_723), ("3723.9", 3_723), ("00:00:07", 7)] {
            assert_eq!(parse_duration(text), Some(seconds), "{text}");
        }
        for text in ["", "0", "00:00", "-5", "1:2:3:4", "1e3", "NaN", "an hour", "1:", "999999999"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

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
