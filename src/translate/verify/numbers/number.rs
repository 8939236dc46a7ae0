//! A number as it is written, and the values that it may have.

/// A number in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::translate::verify) struct Number {
    /// The number as it is written.
    pub(in crate::translate::verify) text: String,
    /// The place of its first character, and the place after its last one.
    pub(in crate::translate::verify) start: usize,
    pub(in crate::translate::verify) end: usize,
    /// The value: `3.5`, without zeros at the ends.
    pub(super) value: String,
    /// Another reading: `1.234` of a French text is 1234 or 1.234.
    pub(super) other: Option<String>,
    /// The value times the `million` after it.
    pub(super) scaled: Option<String>,
    /// A time of the day: hours and minutes.
    pub(super) time: Option<(u32, u32)>,
    /// True if the hour is one of 24, not of 12.
    pub(super) is_exact: bool,
    /// True for `22 heures`, which may be a time of the day or not.
    pub(super) is_hours: bool,
    /// The numbers that it may be split into: `12 300` may be two.
    pub(super) parts: Vec<String>,
}

impl Number {
    /// Makes a number without a value.
    pub(super) fn plain(chars: &[char], start: usize, end: usize) -> Self {
        Self {
            text: chars[start..end].iter().collect(),
            start,
            end,
            value: String::new(),
            other: None,
            scaled: None,
            time: None,
            is_exact: false,
            is_hours: false,
            parts: Vec::new(),
        }
    }

    /// Returns the values that the number may have.
    pub(in crate::translate::verify) fn values(&self) -> Vec<String> {
        let mut values = vec![self.scaled.clone().unwrap_or_else(|| self.value.clone())];
        values.extend(self.scaled.as_ref().map(|_| self.value.clone()));
        values.extend(self.other.clone());
        values.extend(self.parts.iter().cloned());
        values
    }

    /// Returns true for a time of the day.
    pub(in crate::translate::verify) fn is_time(&self) -> bool {
        self.time.is_some()
    }

    /// Returns true if two numbers are one, each as its language writes it.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        if let (Some(one), Some(other)) = (&self.scaled, &other.scaled) {
            return one == other;
        }
        if let (Some(time), Some(other_time)) = (self.time, other.time) {
            let period = if self.is_exact && other.is_exact { 24 } else { 12 };
            let is_same = time.1 == other_time.1 && time.0 % period == other_time.0 % period;
            if is_same || !(self.is_hours || other.is_hours) {
                return is_same;
            }
        }
        let theirs = other.readings();
        if self.readings().iter().any(|value| theirs.contains(value)) {
            return true;
        }
        match (self.time, other.time) {
            (Some((hour, 0)), None) if !self.is_hours => other.is_hour(hour),
            (None, Some((hour, 0))) if !other.is_hours => self.is_hour(hour),
            _ => is_decade(&self.value, &other.value) || is_decade(&other.value, &self.value),
        }
    }

    /// Returns the values of the whole number.
    fn readings(&self) -> Vec<String> {
        [Some(self.value.clone()), self.other.clone(), self.scaled.clone()].into_iter().flatten().collect()
    }

    fn is_hour(&self, hour: u32) -> bool {
        self.value == hour.to_string() || self.value == (hour % 12).to_string()
    }
}

/// Returns true for a decade with and without its century: `années 80`, `1980s`.
fn is_decade(short: &str, long: &str) -> bool {
    short.len() == 2
        && short.ends_with('0')
        && long.len() == 4
        && long.ends_with(short)
        && matches!(&long[..2], "18" | "19" | "20")
}

/// Writes a value without zeros at the ends.
pub(super) fn canonical(whole: &str, fraction: &str) -> String {
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Multiplies a value by a power of ten.
pub(super) fn multiply(value: &str, power: u32) -> String {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let power = power as usize;
    let moved: String = fraction.chars().chain(std::iter::repeat('0')).take(power).collect();
    canonical(&format!("{whole}{moved}"), fraction.get(power..).unwrap_or(""))
}

/// Counts the digits at the beginning.
pub(super) fn count_digits(chars: &[char]) -> usize {
    chars.iter().take_while(|c| c.is_ascii_digit()).count()
}

/// Returns true for the white space that stands within numbers and before units.
pub(super) fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}
