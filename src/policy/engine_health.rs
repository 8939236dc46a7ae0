//! Decides what the answers of an engine say about it: if it works, or since when it does not.

/// A batch of at least this many texts says something about the engine when most answers are refused.
const LARGE_BATCH: usize = 8;

/// A batch of at least this many texts says something about the engine when all of them come back as they were, or empty.
const ECHOED_BATCH: usize = 2;

/// The results of the texts of one batch, before any second attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerCounts {
    /// Answers that passed the checks.
    pub accepted: usize,
    /// Answers that the checks refused.
    pub refused: usize,
    /// Of these, texts that came back as they were, or empty.
    pub echoed: usize,
}

/// Decides if the answers of a batch are the engine's failure (true) or speak for it (false). `None` if there are too few of them
/// to tell: then each refusal is about its text.
pub fn judge_batch(answers: AnswerCounts) -> Option<bool> {
    let AnswerCounts { accepted, refused, echoed } = answers;
    let answered = accepted + refused;
    if answered >= ECHOED_BATCH && echoed == answered {
        return Some(true);
    }
    (answered >= LARGE_BATCH).then_some(refused * 2 > answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(accepted: usize, refused: usize, echoed: usize) -> Option<bool> {
        judge_batch(AnswerCounts { accepted, refused, echoed })
    }

    #[test]
    fn large_batch_that_is_mostly_refused_is_the_engines_failure() {
        assert_eq!(verdict(3, 5, 0), Some(true));
        assert_eq!(verdict(4, 4, 0), Some(false));
    }

    #[test]
    fn small_batch_is_the_engines_failure_only_if_every_text_comes_back_as_it_was() {
        assert_eq!(verdict(0, 2, 2), Some(true));
        assert_eq!(verdict(0, 2, 1), None);
        assert_eq!(verdict(1, 3, 3), None);
    }

    #[test]
    fn single_text_says_nothing_of_the_engine() {
        assert_eq!(verdict(0, 1, 1), None);
    }
}
