//! Suggestions for mistyped words: "did you mean …?".

/// Longer words are not compared: the work grows with the product of both lengths.
const MAX_CHARS: usize = 64;

/// Returns the closest of the `known` words, if at most a third of the letters of `word` differ.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word: Vec<char> = word.chars().take(MAX_CHARS + 1).flat_map(char::to_lowercase).collect();
    if word.is_empty() || word.len() > MAX_CHARS {
        return None;
    }
    let allowed = (word.len() / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_CHARS)
        .map(|candidate| (edit_distance(&word, &candidate.chars().collect::<Vec<_>>()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Counts the letters to insert, remove, replace or swap with their neighbour (optimal string alignment).
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                let before: &Vec<usize> = &before;
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_typos_and_ignores_other_words() {
        let known = ["every", "timeout", "concurrency", "per_host", "ca"];
        for (typed, meant) in [("evry", "every"), ("Every", "every"), ("tiemout", "timeout"), ("perhost", "per_host")] {
            assert_eq!(nearest(typed, known), Some(meant));
        }
        for typed in ["", "x", "banana", "zz", &"e".repeat(100_000)] {
            assert_eq!(nearest(typed, known), None, "{typed}");
        }
    }
}
