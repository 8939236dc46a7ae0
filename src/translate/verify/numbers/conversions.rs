//! Tells if two measures are one in different units: `4 800 km` and `3,000 miles`. Translators convert, and round.

/// The share by which a converted value may differ, in thousandths: `10 km` are `6 miles`.
const ROUNDING: f64 = 0.04;

/// A number with its unit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    pub(super) value: f64,
    /// The names of the units that may be meant, as the lexicon has them.
    pub(super) units: Vec<&'static str>,
}

/// Units by what they measure, with their size in the first one.
const SIZES: [&[(&str, f64)]; 6] = [
    &[
        ("metre", 1.0),
        ("kilometre", 1000.0),
        ("centimetre", 0.01),
        ("millimetre", 0.001),
        ("mile", 1609.344),
        ("yard", 0.9144),
        ("foot", 0.3048),
        ("inch", 0.0254),
    ],
    &[("kilogram", 1.0), ("gram", 0.001), ("pound", 0.4536), ("tonne", 1000.0)],
    &[("litre", 1.0), ("gallon", 3.785)],
    &[
        ("square-metre", 1.0),
        ("square-kilometre", 1_000_000.0),
        ("hectare", 10_000.0),
        ("acre", 4046.86),
        ("square-foot", 0.0929),
        ("square-mile", 2_589_988.0),
    ],
    &[("cubic-metre", 1.0), ("cubic-foot", 0.0283), ("cubic-yard", 0.7646)],
    &[("kilometre-per-hour", 1.0), ("mile-per-hour", 1.609_344), ("metre-per-second", 3.6), ("knot", 1.852)],
];

/// Returns true if one measure is the other in another unit.
pub(super) fn is_converted(one: &Measure, other: &Measure) -> bool {
    one.units.iter().any(|unit| other.units.iter().any(|own| unit != own && is_same_size(one.value, unit, other.value, own)))
}

fn is_same_size(value: f64, unit: &str, other: f64, own: &str) -> bool {
    let is_near = |one: f64, other: f64| (one - other).abs() <= ROUNDING * one.abs().max(other.abs());
    match (unit, own) {
        // Degrees are rounded to whole ones.
        ("celsius", "fahrenheit") => (value * 1.8 + 32.0 - other).abs() <= 1.5,
        ("fahrenheit", "celsius") => (other * 1.8 + 32.0 - value).abs() <= 1.5,
        _ => SIZES.iter().any(|sizes| {
            let size = |unit: &str| sizes.iter().find(|(name, _)| *name == unit).map(|(_, size)| *size);
            size(unit).zip(size(own)).is_some_and(|(size, own_size)| is_near(value * size, other * own_size))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_in_other_units_are_one() {
        for (value, unit, other, own, same) in [
            (4800.0, "kilometre", 3000.0, "mile", true),
            (32.0, "celsius", 90.0, "fahrenheit", true),
            (9.0, "metre", 30.0, "foot", true),
            (10.0, "kilometre", 10.0, "mile", false),
            (220.0, "kilometre", 140.0, "foot", false),
            (10.0, "kilometre", 10.0, "kilometre", false),
            (70.0, "kilogram", 154.0, "pound", true),
            (70.0, "kilogram", 154.0, "foot", false),
        ] {
            let measure = |value, unit| Measure { value, units: vec![unit] };
            assert_eq!(is_converted(&measure(value, unit), &measure(other, own)), same, "{value} {unit} {other} {own}");
        }
    }
}
