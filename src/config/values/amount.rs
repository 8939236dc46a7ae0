//! Parses and writes durations, sizes and amounts of money.

use std::fmt::Write as _;
use std::time::Duration;

/// Units from the longest to the shortest, in milliseconds. A year has 365 days.
const TIMES: [(&str, u64); 6] =
    [(YEAR, 365 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The unit that is read and not written: days are exact.
const YEAR: &str = "y";

/// The units of 1024 come first: they are preferred when a size is written.
const SIZES: [(&str, u64); 8] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("KB", 1_000),
    ("B", 1),
];

/// Splits a number and a unit off the front of a text.
fn split_part(text: &str) -> Option<(u64, &str, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = (text[..digits].parse().ok()?, text[digits..].trim_start_matches(' '));
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    Some((number, &rest[..letters], rest[letters..].trim_start_matches(' ')))
}

/// Parses `15m`, `1h30m`, `250ms`, `2d`: longer units first, none twice.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim_matches(' ');
    let (mut total, mut units) = (0u64, TIMES.as_slice());
    while !rest.is_empty() || units.len() == TIMES.len() {
        let (number, unit, after) = split_part(rest)?;
        let place = units.iter().position(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(units[place].1)?)?;
        (rest, units) = (after, &units[place + 1..]);
    }
    Some(Duration::from_millis(total))
}

/// Writes a duration as [`parse_duration`] reads it.
pub(crate) fn format_duration(time: Duration) -> String {
    let mut rest = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut out = String::new();
    for (unit, length) in TIMES {
        if unit != YEAR && rest >= length {
            let _ = write!(out, "{}{unit}", rest / length);
            rest %= length;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// Parses `8MiB`, `500kB`, `1024`.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let (number, unit, "") = split_part(text.trim_matches(' '))? else { return None };
    let unit = if unit.is_empty() { "B" } else { unit };
    number.checked_mul(SIZES.iter().find(|(name, _)| *name == unit)?.1)
}

/// Writes a size as [`parse_size`] reads it.
pub(super) fn format_size(bytes: u64) -> String {
    let unit = SIZES.iter().find(|(_, length)| bytes >= *length && bytes.is_multiple_of(*length));
    unit.map_or_else(|| "0B".to_owned(), |(name, length)| format!("{}{name}", bytes / length))
}

/// Parses `20`, `20.0` or `0.15` into millionths. With at most nine digits before the point and six after it, an amount is
/// exact even if it was a double on the way.
pub(crate) fn parse_millionths(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').map_or((text, "0"), |(whole, decimals)| (whole, decimals));
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 9) || !digits(decimals, 6) {
        return None;
    }
    format!("{whole}{decimals:0<6}").parse().ok()
}

/// Writes millionths as [`parse_millionths`] reads them.
pub(crate) fn format_millionths(millionths: u64) -> String {
    let decimals = format!("{:06}", millionths % 1_000_000);
    let decimals = decimals.trim_end_matches('0');
    let whole = millionths / 1_000_000;
    if decimals.is_empty() { whole.to_string() } else { format!("{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_to_the_millionth() {
        for (text, amount) in [
            ("20", 20_000_000),
            ("20.0", 20_000_000),
            ("0.15", 150_000),
            ("0.000001", 1),
            ("0", 0),
            ("999999999.999999", 999_999_999_999_999),
        ] {
            assert_eq!(parse_millionths(text), Some(amount), "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "0.0000001", "1000000000", "1,5", "1_000", "NaN", "inf", " 1", "１"]
        {
            assert_eq!(parse_millionths(text), None, "{text}");
        }
    }

    #[test]
    fn duration_is_parsed_with_units_in_descending_order() {
        for (text, millis) in [
            ("15m", 900_000),
            ("1h30m", 5_400_000),
            ("250ms", 250),
            ("2d", 172_800_000),
            ("1y", 31_536_000_000),
            ("0s", 0),
            (" 1h 30 m ", 5_400_000),
            ("1s5ms", 1_005),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        let too_long = "99999999999999999999d";
        for text in [
            "",
            " ",
            "15",
            "m",
            "15x",
            "-5m",
            "1.5h",
            "30m1h",
            "5m5m",
            "1h,30m",
            "１５m",
            "18446744073709551615d",
            too_long,
            "15M",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn size_is_parsed_with_binary_and_decimal_units() {
        for (text, bytes) in
            [("8MiB", 8 << 20), ("500kB", 500_000), ("500KB", 500_000), ("1024", 1024), ("3 GB", 3_000_000_000), ("0B", 0)]
        {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "8 M", "8mib", "-1B", "1.5MiB", "1MiB1kB", "18446744073709551615GiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn written_amounts_parse_to_the_same_value(
            millis in 0u64..10_000_000_000_000,
            bytes in 0u64..1 << 50,
            money in 0u64..1_000_000_000_000_000,
        ) {
            let time = Duration::from_millis(millis);
            proptest::prop_assert_eq!(parse_duration(&format_duration(time)), Some(time));
            proptest::prop_assert_eq!(parse_size(&format_size(bytes)), Some(bytes));
            let written = format_millionths(money);
            proptest::prop_assert_eq!(parse_millionths(&written), Some(money));
            let double: f64 = written.parse().expect("a number");
            proptest::prop_assert_eq!(parse_millionths(&double.to_string()), Some(money), "no drift in a double");
        }

        #[test]
        fn parsers_never_panic(text in ".{0,40}") {
            let _ = (parse_duration(&text), parse_size(&text), parse_millionths(&text));
        }
    }
}
