use proptest::prelude::*;

use super::*;

fn characters(characters: u64) -> Usage {
    Usage { characters, ..Usage::default() }
}

fn terms(left: u64) -> EngineTerms {
    EngineTerms {
        price: Price { per_million_characters: 20_000_000, ..Price::default() },
        left: Some((Unit::Characters, left)),
        is_available: true,
        unsupported: HashSet::new(),
        in_flight: 1,
        largest_request: characters(20),
        texts: 2,
        has_batches: false,
    }
}

/// Texts of ten characters each, which may be sent three times.
fn candidates(count: usize) -> Vec<Candidate> {
    let ten = characters(10);
    let askings =
        Askings { reserved: ten, least: ten, most: characters(30), most_texts: 3, cheapest: characters(5), dearest: ten };
    (0..count).map(|job| Candidate { job, askings, is_sure: true, is_for_batch: false }).collect()
}

#[test]
fn text_is_certainly_sent_if_it_is_paid_for_after_everything_before_it_was_refused() {
    assert_eq!(terms(69).guaranteed(&candidates(4)), [true, true, false, false]);
    assert_eq!(terms(70).guaranteed(&candidates(4)), [true, true, true, false]);
}

#[test]
fn text_is_certainly_not_sent_if_the_least_of_those_before_it_uses_up_the_budget() {
    assert_eq!(terms(29).reachable(&candidates(4), &[true; 4]), [true, true, false, false]);
    assert_eq!(terms(29).reachable(&candidates(4), &[true, false, true, true]), [true, true, true, false]);
}

#[test]
fn requests_in_flight_beside_it_make_both_less_certain() {
    let terms = EngineTerms { in_flight: 2, ..terms(60) };
    assert_eq!(terms.guaranteed(&candidates(3)), [true, true, false], "20 may be reserved beside");
    let terms = EngineTerms { in_flight: 2, ..self::terms(10) };
    assert_eq!(terms.reachable(&candidates(4), &[true; 4]), [true, true, true, false]);
}

#[test]
fn budget_ends_when_one_more_text_does_not_fit() {
    assert_eq!(terms(35).floor(&candidates(9), characters(90)), Some((Unit::Characters, 25)));
    assert_eq!(terms(35).floor(&candidates(2), characters(20)), Some((Unit::Characters, 20)));
}

#[test]
fn nothing_exceeds_the_budget() {
    assert_eq!(terms(35).ceiling(), (Usage { characters: 35, tokens_in: u64::MAX, tokens_out: u64::MAX, tokens_cached: 0 }, 700));
    let money = EngineTerms { left: Some((Unit::Money, 700)), ..terms(0) };
    assert_eq!((money.ceiling().0.characters, money.ceiling().1), (35, 700));
    assert_eq!(terms(35).most_texts(&candidates(9)), 7);
    assert_eq!(terms(1000).most_texts(&candidates(9)), 27);
}

#[test]
fn engine_that_rests_is_sent_nothing() {
    let terms = EngineTerms { is_available: false, left: None, ..terms(0) };
    assert_eq!(terms.guaranteed(&candidates(1)), [false]);
    assert_eq!(terms.reachable(&candidates(1), &[true]), [false]);
}

/// A text as it goes in a run: what is used up by its first asking, by how much more than the least, and by each further one.
#[derive(Clone, Debug)]
struct Course {
    askings: Vec<u64>,
    /// Further askings that do not come about.
    spared: u64,
}

fn courses() -> impl Strategy<Value = Vec<Course>> {
    let course = (prop::collection::vec(1..40_u64, 1..4), 0..30_u64);
    prop::collection::vec(course.prop_map(|(askings, spared)| Course { askings, spared }), 1..12)
}

fn candidates_of(courses: &[Course]) -> Vec<Candidate> {
    let candidate = |(job, Course { askings, spared }): (usize, &Course)| {
        let most = askings.iter().sum::<u64>() + spared;
        let dearest = askings.iter().copied().max().unwrap_or_default().max(*spared);
        let askings = Askings {
            reserved: characters(askings[0]),
            least: characters(askings[0]),
            most: characters(most),
            most_texts: askings.len() as u64 + u64::from(*spared > 0),
            cheapest: characters(askings.iter().copied().min().unwrap_or_default().min((*spared).max(1))),
            dearest: characters(dearest),
        };
        Candidate { job, askings, is_sure: true, is_for_batch: false }
    };
    courses.iter().enumerate().map(candidate).collect()
}

/// Sends texts one after the other, until one asking is not paid for. Returns the number of texts that were sent, of askings, and
/// what they used up.
fn run(courses: &[Course], left: u64) -> (usize, u64, u64) {
    let (mut sent, mut texts, mut used) = (0, 0, 0);
    for course in courses {
        for (number, asking) in course.askings.iter().enumerate() {
            if used + asking > left {
                return (sent, texts, used);
            }
            used += asking;
            texts += 1;
            sent += usize::from(number == 0);
        }
    }
    (sent, texts, used)
}

proptest! {
    #[test]
    fn whatever_is_refused_a_run_keeps_the_bounds(courses in courses(), left in 0..300_u64) {
        let (terms, candidates) = (EngineTerms { texts: 1, ..terms(left) }, candidates_of(&courses));
        let (sent, texts, used) = run(&courses, left);
        let count = |which: Vec<bool>| which.into_iter().take_while(|is| *is).count();
        prop_assert!(count(terms.guaranteed(&candidates)) <= sent);
        prop_assert!(sent <= count(terms.reachable(&candidates, &vec![true; courses.len()])));
        let least = candidates.iter().map(|candidate| candidate.askings.least).fold(Usage::default(), |sum, one| sum + one);
        let floor = terms.floor(&candidates, least).map_or(0, |(_, amount)| amount);
        prop_assert!(floor <= used && used <= terms.ceiling().0.characters, "{floor} {used}");
        prop_assert!(texts <= terms.most_texts(&candidates));
    }
}
