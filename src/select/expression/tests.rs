//! Expressions: what they read, what is wrong with them, and where.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::select::{Rule, Verdict};

fn facts<'a>(categories: &'a [String], authors: &'a [String]) -> EntryFacts<'a> {
    EntryFacts {
        title: "EN DIRECT – L’équipe de France aux Jeux",
        summary: "Le résumé.",
        language: "fr-CA",
        age: 30.0,
        authors,
        categories,
        tags: categories,
        url: "https://www.example.org/sport/1",
        source: "journal",
        length: 1200,
        has_image: true,
    }
}

fn is_true(expression: &str) -> bool {
    let (categories, authors) = (["Sport".to_owned(), "Judo".to_owned()], ["A. Morel".to_owned(), "B. Lenoir".to_owned()]);
    let expression = Expression::compile(expression).unwrap_or_else(|error| panic!("{expression}: {error:?}"));
    expression.is_true(&facts(&categories, &authors)).expect("a verdict")
}

fn error(expression: &str) -> (String, String) {
    let error = Expression::compile(expression).expect_err(expression);
    (error.message, expression.get(error.span).unwrap_or("?").to_owned())
}

#[test]
fn every_field_can_be_read() {
    for expression in [
        "'Jeux' in title",
        "summary endingwith '.'",
        "language == 'fr'",
        "age > 24 and age < 48",
        "author == 'A. Morel, B. Lenoir'",
        "'B. Lenoir' in authors",
        "'Judo' in categories",
        "'Judo' in tags",
        "'/sport/' in url",
        "source in ['journal', 'revue']",
        "length >= 1200",
        "has_image",
    ] {
        let expression = expression.replace(" endingwith ", " is endingwith ");
        assert!(is_true(&expression), "{expression}");
    }
}

#[test]
fn fold_ignores_case_accents_and_odd_quotes() {
    assert!(is_true("\"l'equipe\" in title | fold") && !is_true("\"l'equipe\" in title"));
}

#[test]
fn pattern_is_searched_in_texts_and_lists() {
    assert!(is_true("title is matching('(?i)^en direct')") && is_true("title is not matching '^Jeux'"));
    assert!(is_true("categories is matching '^Ju'") && !is_true("categories is matching '^do'"));
    assert!(is_true(r"title is matching('\\bFrance\\b')"), "a backslash is written twice");
}

#[test]
fn mistake_is_told_with_its_place() {
    for (expression, message, place) in [
        ("'Jeux' in titel", "there is no field `titel`", "titel"),
        ("title | folded == 'x'", "there is no filter `folded`", "folded"),
        ("title is matches('x')", "there is no test `matches`", "matches"),
        ("range(3) and has_image", "there is no field `range`", "range"),
        ("title.upper() == 'X'", "`.upper` is not known: fields are texts, numbers and lists", "upper"),
        ("has_image and title is matching('(a')", "the pattern is not valid: unclosed group", "'(a'"),
        ("title is matching(summary)", "the pattern of `matching` must be a text between quotes", "matching"),
        ("title", "the expression gives a string, not true or false", "title"),
        ("", "the expression is empty", ""),
    ] {
        assert_eq!(error(expression), (message.to_owned(), place.to_owned()));
    }
    let (message, place) = error("'Jeux' in (title");
    assert!(message.contains("unexpected end of input") && !place.is_empty(), "{message} at {place}");
}

#[test]
fn mistake_that_only_some_entries_show_is_found_when_it_is_compiled() {
    let (message, _) = error("authors[0] == 'A. Morel'");
    assert!(message.starts_with("for an entry without this field: "), "{message}");
}

#[test]
fn patterns_and_work_are_limited() {
    assert!(error(r"title is matching('(\\w{500}){500}')").0.contains("too large"));
    assert!(error(&format!("({}) == 'x'", vec!["title"; 250].join("~"))).0.contains("too much work"));
    assert!(error(&format!("has_image{}", " or has_image".repeat(200))).0.contains("longer than"));
}

#[test]
fn entry_is_dropped_by_the_rule_that_says_so() {
    let compile = |text: &str| Some(Arc::new(Expression::compile(text).expect("an expression")));
    let filter = Filter { keep: compile("'Jeux' in title"), drop: compile("length < 100") };
    let decide = |title, length| {
        let decision = filter.decide(&EntryFacts { title, length, ..EntryFacts::default() });
        (decision.verdict, decision.rule)
    };
    assert_eq!(decide("Ligue 1", 500), (Verdict::Dropped, Some(Rule::Keep)));
    assert_eq!(decide("Les Jeux", 50), (Verdict::Dropped, Some(Rule::Drop)));
    assert_eq!(decide("Les Jeux", 500), (Verdict::Kept, Some(Rule::Drop)));
}

#[test]
fn rule_that_cannot_be_evaluated_decides_nothing() {
    // Neither sample comes to the second half.
    let rule = Expression::compile("'Ligue' in title and authors[0] == 'A. Morel'").expect("an expression");
    let filter = Filter { keep: None, drop: Some(Arc::new(rule)) };
    let decision = filter.decide(&EntryFacts { title: "Ligue 1", ..EntryFacts::default() });
    assert_eq!(decision.verdict, Verdict::Kept);
    let failure = decision.failure.expect("a failure");
    assert_eq!((failure.rule, failure.title.as_str()), (Rule::Drop, "Ligue 1"));
}

#[test]
fn text_that_is_not_closed_may_end_in_any_letter() {
    for text in ["title == \"é", "\"é", "'", "\"\\"] {
        assert!(Expression::compile(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn compiling_never_panics_and_its_place_lies_within(text in "[a-z'\"()|\\[\\].,=<>+*~ é\\\\0-9]{0,40}") {
        match Expression::compile(&text) {
            Ok(expression) => drop(expression.is_true(&EntryFacts::default())),
            Err(error) => prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}"),
        }
    }

    #[test]
    fn texts_of_entries_are_data_and_no_syntax(title in "\\PC{0,40}") {
        let rule = Expression::compile("title == title and 'x' in title or not has_image").expect("an expression");
        prop_assert_eq!(rule.is_true(&EntryFacts { title: &title, ..EntryFacts::default() }), Ok(true));
    }
}
