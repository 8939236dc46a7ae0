//! chrF (Popović 2015): how near translations come to human ones, by the sequences of one to six letters that they share. 0 to 100.

use std::collections::HashMap;

const ORDERS: usize = 6;
/// Recall counts twice.
const BETA: f64 = 2.0;

/// The score of translations against a human one each.
#[expect(clippy::cast_precision_loss, reason = "counts of letters")]
pub(crate) fn chrf(translations: &[String], humans: &[String]) -> f64 {
    assert_eq!(translations.len(), humans.len());
    let (mut precision, mut recall) = (0.0, 0.0);
    for order in 1..=ORDERS {
        let (mut shared, mut made, mut wanted) = (0, 0, 0);
        for (translation, human) in translations.iter().zip(humans) {
            let (ours, theirs) = (grams(translation, order), grams(human, order));
            made += ours.values().sum::<usize>();
            wanted += theirs.values().sum::<usize>();
            shared += ours.iter().map(|(gram, count)| *count.min(theirs.get(gram).unwrap_or(&0))).sum::<usize>();
        }
        precision += shared as f64 / made.max(1) as f64 / ORDERS as f64;
        recall += shared as f64 / wanted.max(1) as f64 / ORDERS as f64;
    }
    let weight = BETA * BETA;
    if precision + recall == 0.0 { 0.0 } else { 100.0 * (1.0 + weight) * precision * recall / (weight * precision + recall) }
}

fn grams(text: &str, order: usize) -> HashMap<Vec<char>, usize> {
    let letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    letters.windows(order).fold(HashMap::new(), |mut grams, gram| {
        *grams.entry(gram.to_vec()).or_default() += 1;
        grams
    })
}

#[test]
fn the_same_is_a_hundred_and_something_else_nothing() {
    let text = |text: &str| vec![text.to_owned()];
    assert!((chrf(&text("Un chat dort."), &text("Un chat dort.")) - 100.0).abs() < 1e-9);
    assert!(chrf(&text("xyz xyz xyz"), &text("Un chat dort.")) < 1e-9);
    let near = chrf(&text("Un chat dort ici."), &text("Un chat dort."));
    assert!(near > 70.0 && near < 100.0, "{near}");
}
