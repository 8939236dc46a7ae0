//! Suggestions for mistyped words: "did you mean …?".

use strsim::osa_distance;

/// Longer words are not compared: the work grows with the product of both lengths.
const MAX_CHARS: usize = 64;

/// Returns the closest of the `known` words, if at most a third of the letters of `word` differ.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let word: String = word.chars().take(MAX_CHARS + 1).flat_map(char::to_lowercase).collect();
    let length = word.chars().count();
    if length == 0 || length > MAX_CHARS {
        return None;
    }
    let allowed = (length / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_CHARS)
        .map(|candidate| (osa_distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
