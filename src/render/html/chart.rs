//! A small chart of the last days: bars of new entries, a line of visits, and marks for days on which visits failed.

use std::fmt::Write;

use crate::render::status::ChartDay;

/// The width of a day, and the height of a chart, in its own units.
const DAY: u64 = 14;
const HEIGHT: u64 = 24;

/// Draws a chart as SVG, with everything that it shows as its accessible name.
pub(super) fn chart(days: &[ChartDay]) -> String {
    let (most_entries, most_visits) = days.iter().fold((1, 1), |most, day| (day.entries.max(most.0), day.visits.max(most.1)));
    let (mut bars, mut line, mut marks) = (String::new(), String::new(), String::new());
    for (place, day) in (0_u64..).zip(days) {
        let left = place * DAY;
        if day.entries > 0 {
            // A day with entries has a bar, however few they are.
            let height = (day.entries * HEIGHT / most_entries).max(1);
            let _ = write!(bars, "M{} {HEIGHT}v-{height}h10v{height}z", left + 2);
        }
        let top = HEIGHT - day.visits * (HEIGHT - 2) / most_visits;
        let _ = write!(line, "{}{} {top}", if line.is_empty() { 'M' } else { 'L' }, left + DAY / 2);
        if day.failed > 0 {
            let _ = write!(marks, "M{} {HEIGHT}h10v3h-10z", left + 2);
        }
    }
    let width = days.len() as u64 * DAY;
    let mut svg = format!("<svg class=\"chart\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width} 27\">", name(days));
    for (class, path) in [("bars", bars), ("visits", line), ("marks", marks)] {
        if !path.is_empty() {
            let _ = write!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }
    svg + "</svg>"
}

/// "7 days: 672 visits, 3 failed; 12 new entries, by day 0, 1, 5, 2, 3, 1, 0".
fn name(days: &[ChartDay]) -> String {
    let sum = |of: fn(&ChartDay) -> u64| days.iter().map(of).sum::<u64>();
    let by_day: Vec<String> = days.iter().map(|day| day.entries.to_string()).collect();
    format!(
        "{} days: {} visits, {} failed; {} new entries, by day {}",
        days.len(),
        sum(|day| day.visits),
        sum(|day| day.failed),
        sum(|day| day.entries),
        by_day.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(visits: u64, failed: u64, entries: u64) -> ChartDay {
        ChartDay { visits, failed, entries }
    }

    #[test]
    fn name_tells_what_the_chart_shows() {
        let svg = chart(&[day(96, 0, 4), day(90, 3, 0)]);
        assert!(svg.contains("aria-label=\"2 days: 186 visits, 3 failed; 4 new entries, by day 4, 0\""), "{svg}");
    }

    #[test]
    fn bars_are_in_proportion_and_never_leave_the_chart() {
        let svg = chart(&[day(10, 0, 1000), day(10, 0, 500), day(10, 0, 1), day(0, 0, 0)]);
        assert!(svg.contains("d=\"M2 24v-24h10v24zM16 24v-12h10v12zM30 24v-1h10v1z\""), "{svg}");
        assert!(svg.contains("class=\"visits\" d=\"M7 2L21 2L35 2L49 24\""), "{svg}");
    }

    #[test]
    fn day_with_a_failure_is_marked() {
        assert!(chart(&[day(1, 0, 0), day(1, 1, 0)]).contains("class=\"marks\" d=\"M16 24h10v3h-10z\""));
        assert!(!chart(&[day(1, 0, 0)]).contains("marks"));
    }
}
