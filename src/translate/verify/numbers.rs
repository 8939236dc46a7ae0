//! Checks numbers: each stands on both sides, written as its language writes it.
//!
//! Number words (`deux`, `XVIe`, `mars`) are never required, but they explain a figure on the other side; so does the same measure in
//! another unit (`32 °C`, `90 °F`).

mod conversions;
mod figures;
mod myriads;
mod number;
mod scales;
mod times;

use std::collections::HashSet;

use super::Rejection;
use super::addresses;
use super::measures::MeasuredText;
use super::numerals::Numerals;
use super::texts::ComparedTexts;
use crate::model::Lang;
use conversions::{Measure, is_converted};
pub(super) use figures::find_numbers;
use myriads::{has_myriads, numeral_values};
pub(super) use number::Number;
use scales::span_values;

/// With more numbers in one segment only the values are compared: it is a table in one line, or hostile.
const MOST_NUMBERS: usize = 200;

/// The numbers of one text, and what explains those of the other.
struct Side {
    numbers: Vec<Number>,
    /// The measure of each number, if it has a unit.
    measures: Vec<Option<Measure>>,
    /// The values that the text says in words.
    words: HashSet<String>,
}

/// Checks that source and result have the same figures.
pub(super) fn check_numbers(texts: &ComparedTexts<'_>) -> Result<(), Rejection> {
    let (source, result) = (addresses::remove_addresses(&texts.bare_source), addresses::remove_addresses(&texts.bare_result));
    let (asked, given) = (find_numbers(&source, texts.from), find_numbers(&result, texts.to));
    if asked.is_empty() && given.is_empty() {
        return Ok(());
    }
    if asked.len().max(given.len()) > MOST_NUMBERS {
        return check_same_values(&asked, &given);
    }
    let (asked, given) = (Side::of(&source, texts.from, asked), Side::of(&result, texts.to, given));
    let unexplained = find_unexplained(&asked, &given).or_else(|| find_swapped_number(&asked, &given));
    unexplained.map_or(Ok(()), |number| Err(Rejection::Number(number.text.clone())))
}

/// Finds a number that the other side has in no form: neither as it is, nor in words, nor converted.
fn find_unexplained<'a>(asked: &'a Side, given: &'a Side) -> Option<&'a Number> {
    let (mut lost, mut new) = (asked.missing_in(given), given.missing_in(asked));
    lost.retain(|place| {
        let partner = new.iter().position(|other| is_conversion(asked.measure(*place), given.measure(*other)));
        partner.map(|partner| new.swap_remove(partner)).is_none()
    });
    // `645 miles (1 040 km)` may be `1040 km`, and the other way round. But one measure that has become another is a change.
    if lost.is_empty() || new.is_empty() {
        lost.retain(|place| !given.has_conversion(asked.measure(*place), asked));
        new.retain(|place| !asked.has_conversion(given.measure(*place), given));
    }
    let number = |side: &'a Side, places: &[usize]| places.first().map(|place| &side.numbers[*place]);
    number(asked, &lost).or_else(|| number(given, &new))
}

fn is_conversion(one: Option<&Measure>, other: Option<&Measure>) -> bool {
    one.zip(other).is_some_and(|(one, other)| is_converted(one, other))
}

impl Side {
    fn of(text: &str, lang: &Lang, numbers: Vec<Number>) -> Self {
        let units = MeasuredText::new(text, lang);
        let measure = |number: &Number| {
            let value = number.scaled.as_ref().unwrap_or(&number.value).parse().ok()?;
            let units = units.as_ref().filter(|_| !number.is_time())?.units_beside(number.start, number.end);
            Some(Measure { value, units: units.into_iter().map(|unit| unit.name).collect() })
        };
        let measures = numbers.iter().map(measure).collect();
        let mut words = Numerals::of(lang).values(text);
        words.extend(span_values(text, lang));
        if has_myriads(lang) {
            words.extend(numeral_values(text));
        }
        Self { numbers, measures, words }
    }

    fn measure(&self, place: usize) -> Option<&Measure> {
        self.measures[place].as_ref()
    }

    /// Finds the places of the numbers that the other side lacks.
    fn missing_in(&self, other: &Self) -> Vec<usize> {
        let is_there = |place: &usize| is_explained(&self.numbers[*place], &other.numbers, &other.words);
        (0..self.numbers.len()).filter(|place| !is_there(place)).collect()
    }

    /// Returns true if this side has a measure in another unit, which the other side has, too.
    fn has_conversion(&self, measure: Option<&Measure>, other: &Self) -> bool {
        let all = self.numbers.iter().zip(&self.measures);
        let mut kept = all.filter(|(number, _)| is_explained(number, &other.numbers, &other.words));
        kept.any(|(_, own)| is_conversion(measure, own.as_ref()))
    }
}

fn check_same_values(asked: &[Number], given: &[Number]) -> Result<(), Rejection> {
    let values = |numbers: &[Number]| numbers.iter().map(|number| number.value.clone()).collect::<HashSet<_>>();
    let (source, result) = (values(asked), values(given));
    match source.symmetric_difference(&result).next() {
        Some(value) => Err(Rejection::Number(value.clone())),
        None => Ok(()),
    }
}

fn is_explained(number: &Number, others: &[Number], words: &HashSet<String>) -> bool {
    if others.iter().any(|other| number.is_same(other)) {
        return true;
    }
    let in_words = |value: &str| words.contains(value);
    let decade = number.value.get(2..).filter(|_| number.value.len() == 4 && number.value.ends_with('0'));
    if decade.is_some_and(in_words)
        || in_words(&number.value)
        || number.scaled.as_deref().is_some_and(in_words)
        || number.other.as_deref().is_some_and(in_words)
    {
        return true;
    }
    let has = |part: &String| others.iter().any(|other| other.value == *part || other.parts.contains(part)) || in_words(part);
    // Hours and minutes explain a time, but not the other half of the day.
    let is_other_half = number.is_exact && others.iter().any(|other| other.is_exact && other.parts == number.parts);
    if number.parts.len() > 1 && !is_other_half && number.parts.iter().all(has) {
        return true;
    }
    others.iter().any(|other| other.parts.len() > 1 && other.parts.contains(&number.value))
}

/// Finds a number that stands less often in the result while another stands more often, with as many in all: `2, 2, 5` has become
/// `5, 2, 5`.
fn find_swapped_number<'a>(asked: &'a Side, given: &Side) -> Option<&'a Number> {
    if asked.numbers.len() != given.numbers.len() {
        return None;
    }
    let mut left: Vec<&Number> = given.numbers.iter().collect();
    let mut lost = Vec::new();
    for (number, measure) in asked.numbers.iter().zip(&asked.measures) {
        match left.iter().position(|other| number.is_same(other)) {
            Some(place) => drop(left.swap_remove(place)),
            None if given.measures.iter().any(|own| is_conversion(measure.as_ref(), own.as_ref())) => {}
            None => lost.push(number),
        }
    }
    lost.into_iter().find(|number| !given.words.contains(&number.value) && number.parts.len() < 2)
}
