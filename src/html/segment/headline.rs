//! Headlines: the sentences of one line of text, without markup.

use super::assemble::{AssembleError, check};
use super::gaps::{close_gap, closes_gaps};
use super::sentences::split_sentences;
use super::skeleton::Segment;
use crate::model::{Lang, Marked, SegmentKind, Text};

/// A line taken apart: its sentences, and what stands around them.
#[derive(Clone, Debug, Default)]
pub struct SegmentedHeadline {
    /// The text before the first segment, between two, and after the last: one more than there are segments.
    gaps: Vec<String>,
    segments: Vec<Segment>,
}

impl SegmentedHeadline {
    /// The sentences in their order; each is a [`SegmentKind::Title`] without marks.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }
}

/// Takes a line, written in `lang`, apart.
pub fn segment_headline(line: &Text, lang: &Lang) -> SegmentedHeadline {
    let mut out = SegmentedHeadline { gaps: vec![String::new()], segments: Vec::new() };
    for sentence in split_sentences(line.as_str(), lang) {
        let text = sentence.trim();
        let (before, after) = sentence.split_once(text).unwrap_or((sentence, ""));
        let segment = Segment { kind: SegmentKind::Title, text: Marked::text(text) };
        if !segment.text.is_translatable() {
            if let Some(gap) = out.gaps.last_mut() {
                gap.push_str(sentence);
            }
            continue;
        }
        if let Some(gap) = out.gaps.last_mut() {
            gap.push_str(before);
        }
        out.segments.push(segment);
        out.gaps.push(after.to_owned());
    }
    out
}

/// Puts translated sentences back, as the language of the translation sets what stands between them; where there is none, the original
/// stays.
pub fn assemble_headline(
    line: &SegmentedHeadline,
    translations: &[Option<Marked>],
    (from, to): (&Lang, &Lang),
) -> Result<Text, AssembleError> {
    check(&line.segments, translations)?;
    let mut out = String::new();
    let is_translated = |at: usize| translations.get(at).is_some_and(Option::is_some);
    for (at, gap) in line.gaps.iter().enumerate() {
        let is_between = at.checked_sub(1).is_some_and(is_translated) && is_translated(at);
        out.push_str(if is_between && closes_gaps(from, to) { close_gap(gap) } else { gap });
        if let Some(segment) = line.segments.get(at) {
            out.push_str(&translations[at].as_ref().unwrap_or(&segment.text).plain());
        }
    }
    Ok(Text::new(&out))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn french() -> Lang {
        Lang::new("fr").expect("a tag")
    }

    #[test]
    fn a_headline_is_translated_sentence_by_sentence() {
        let line = segment_headline(&Text::new("M. Bach part. 2024\u{a0}? Il est l’heure…"), &french());
        let texts: Vec<_> = line.segments().iter().map(|segment| segment.text.plain()).collect();
        assert_eq!(texts, ["M. Bach part.", "Il est l’heure…"]);
        let given = [Some(Marked::text("Mr Bach leaves.")), None];
        assert_eq!(
            assemble_headline(&line, &given, (&french(), &french())).expect("fits").as_str(),
            "Mr Bach leaves. 2024\u{a0}? Il est l’heure…"
        );
        assert_eq!(
            assemble_headline(&line, &given[..1], (&french(), &french())),
            Err(AssembleError::Count { given: 1, segments: 2 })
        );
        assert!(segment_headline(&Text::new(""), &french()).segments().is_empty());
    }

    #[test]
    fn sentences_of_a_chinese_headline_stand_without_a_space() {
        let chinese = Lang::new("zh").expect("a tag");
        let line = segment_headline(&Text::new("Paris gagne. Rome perd."), &french());
        let given = [Some(Marked::text("巴黎赢了。")), Some(Marked::text("罗马输了。"))];
        assert_eq!(assemble_headline(&line, &given, (&french(), &chinese)).expect("fits").as_str(), "巴黎赢了。罗马输了。");
    }

    proptest! {
        #[test]
        fn identity_gives_the_line_back(text in "([A-Zéa-z]{1,4}|[.!?…»« \u{a0}0-9]){0,40}") {
            let text = Text::new(&text);
            let line = segment_headline(&text, &french());
            let same: Vec<_> = line.segments().iter().map(|segment| Some(segment.text.clone())).collect();
            prop_assert_eq!(assemble_headline(&line, &same, (&french(), &french())).expect("fits"), text.clone());
            prop_assert_eq!(assemble_headline(&line, &vec![None; same.len()], (&french(), &french())).expect("fits"), text);
        }
    }
}
