//! Fills requests up to the limits of an engine.

use super::engine::{Limits, Outgoing};

/// Returns the characters and bytes of a text as it is sent, in the canonical form: the longest that any engine is sent. A term
/// counts as its mark and as its word.
fn measure(text: &Outgoing) -> (usize, usize) {
    let tagged = text.text.to_tagged();
    let words = || text.terms.iter().map(|term| term.source.as_str());
    let characters = words().map(|word| word.chars().count()).sum::<usize>();
    let bytes = words().map(str::len).sum::<usize>();
    (tagged.chars().count() + characters, tagged.len() + bytes)
}

/// Returns true if a text may be sent alone.
pub fn fits(text: &Outgoing, limits: Limits) -> bool {
    let (characters, bytes) = measure(text);
    limits.texts > 0 && characters <= limits.characters && bytes <= limits.bytes
}

/// Returns how many of these texts, from the first on, go into one request. It is 0 only if there are none, or the first does not
/// fit even alone.
pub fn batch_len<'a>(texts: impl IntoIterator<Item = &'a Outgoing>, limits: Limits) -> usize {
    let (mut characters, mut bytes) = (0_usize, 0_usize);
    let mut count = 0;
    for text in texts {
        let (more_characters, more_bytes) = measure(text);
        characters = characters.saturating_add(more_characters);
        bytes = bytes.saturating_add(more_bytes);
        if count >= limits.texts || characters > limits.characters || bytes > limits.bytes {
            break;
        }
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::engine::SegmentContext;
    use super::*;
    use crate::model::{Marked, SegmentKind};

    fn outgoing(text: &str) -> Outgoing {
        Outgoing { text: Marked::text(text), terms: Vec::new(), kind: SegmentKind::Paragraph, context: SegmentContext::default() }
    }

    const LIMITS: Limits = Limits { texts: 3, characters: 10, bytes: 12, in_flight: 1 };

    #[test]
    fn request_is_filled_up_to_the_first_limit() {
        for (texts, count) in [
            (vec!["a", "b", "c", "d"], 3),
            (vec!["aaaaa", "bbbbb", "c"], 2),
            (vec!["ééééé", "é", "é"], 2),
            (vec!["aaaaaaaaaaa", "b"], 0),
            (vec![], 0),
        ] {
            let texts: Vec<_> = texts.into_iter().map(outgoing).collect();
            assert_eq!(batch_len(&texts, LIMITS), count, "{texts:?}");
        }
    }

    proptest! {
        #[test]
        fn request_keeps_every_limit_and_has_no_room_for_another_text(texts in prop::collection::vec("[a-zé&<]{0,9}", 0..12)) {
            let texts: Vec<_> = texts.iter().map(|text| outgoing(text)).collect();
            let count = batch_len(&texts, LIMITS);
            let sum = |count: usize| texts[..count].iter().map(measure).fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
            let keeps = |count: usize| count <= LIMITS.texts && sum(count).0 <= LIMITS.characters && sum(count).1 <= LIMITS.bytes;
            prop_assert!(keeps(count));
            prop_assert!(count == texts.len() || !keeps(count + 1));
        }
    }
}
