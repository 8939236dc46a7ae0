//! Whole segments through a model: cut into parts, translated, joined, and their marks placed.

use std::ops::Range;

use super::super::super::glossary::has_spaces;
use super::super::marks::reshape;
use super::super::types::{LanguagePair, Outgoing, UnusableText};
use super::alignment::TargetWord;
use super::flat::FlatText;
use super::loaded::{LoadedModel, Written};
use super::marks::place_marks;
use super::split::{Part, halve, split};
use crate::model::Marked;

/// Bounds the number of times that a part is halved of which the model finds no end.
const HALVINGS: usize = 3;

/// A segment on its way.
struct Segment<'t> {
    outgoing: &'t Outgoing,
    flat: FlatText,
    parts: Vec<Part>,
}

/// A part with its translation.
struct Translated {
    place: Range<usize>,
    text: String,
    words: Vec<TargetWord>,
    is_verbatim: bool,
}

/// Translates segments. Those without marks go through the model together.
pub(super) fn translate_all(model: &LoadedModel, texts: &[Outgoing], pair: &LanguagePair) -> Vec<Result<Marked, UnusableText>> {
    let segments: Vec<_> = texts.iter().map(|text| prepare(model, text, pair)).collect();
    let plain: Vec<&Segment<'_>> = segments.iter().flatten().filter(|segment| segment.flat.marks.is_empty()).collect();
    let sent: Vec<&str> = plain.iter().flat_map(|segment| segment.sent()).collect();
    // A text that the model fails on must not take the others with it: they are then translated one by one.
    let mut together = model.write(&sent).map(Vec::into_iter).ok();
    let translate = |segment: Result<Segment<'_>, UnusableText>| {
        let segment = segment?;
        let ready = match &mut together {
            Some(written) if segment.flat.marks.is_empty() => Some(written.take(segment.sent().count()).collect()),
            _ => None,
        };
        segment.finish(model, ready, pair)
    };
    segments.into_iter().map(translate).collect()
}

fn prepare<'t>(model: &LoadedModel, outgoing: &'t Outgoing, pair: &LanguagePair) -> Result<Segment<'t>, UnusableText> {
    let flat = FlatText::of(outgoing);
    let knows_all = model.knows(&flat.text);
    let is_known = |c: char| knows_all || model.knows(&c.to_string());
    if let Some(unknown) = flat.text.chars().find(|c| c.is_alphanumeric() && !is_known(*c)) {
        return Err(UnusableText::new(format!("the model does not know the character “{unknown}”")));
    }
    let parts = split(&flat.text, &pair.from, &|part| model.fits(part), &is_known);
    let parts = parts.map_err(|_| UnusableText::new("it has a word that is too long for the model"))?;
    Ok(Segment { outgoing, flat, parts })
}

impl Segment<'_> {
    /// Returns the parts that go through the model.
    fn sent(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter(|part| !part.is_verbatim).map(|part| &self.flat.text[part.place.clone()])
    }

    /// Makes the translation; `ready` has those of the parts, if they are there already.
    fn finish(&self, model: &LoadedModel, ready: Option<Vec<Written>>, pair: &LanguagePair) -> Result<Marked, UnusableText> {
        let mut ready = ready.map(Vec::into_iter);
        let mut done = Vec::with_capacity(self.parts.len());
        for Part { place, is_verbatim } in self.parts.iter().cloned() {
            if is_verbatim {
                let text = self.flat.text[place.clone()].to_owned();
                let whole = TargetWord { place: 0..text.len(), is_word: false, links: vec![(place.clone(), 1.0)] };
                done.push(Translated { place, text, words: vec![whole], is_verbatim });
                continue;
            }
            let written = ready.as_mut().and_then(Iterator::next);
            self.write(model, place, written, HALVINGS, &mut done)?;
        }
        let (text, words) = self.join(&done, pair);
        let placed = if self.flat.marks.is_empty() {
            Marked::text(text)
        } else {
            let lost = |_| UnusableText::new("the places of its marks cannot be told");
            place_marks(&self.flat, &text, &words).map_err(lost)?
        };
        Ok(reshape(placed, &self.outgoing.in_words()))
    }

    /// Translates a part, in halves if the model finds no end of it.
    fn write(
        &self,
        model: &LoadedModel,
        place: Range<usize>,
        written: Option<Written>,
        halvings: usize,
        done: &mut Vec<Translated>,
    ) -> Result<(), UnusableText> {
        let endless = || UnusableText::new("the model finds no end of its translation");
        let text = &self.flat.text[place.clone()];
        let written = match written {
            Some(written) => written,
            None if self.flat.marks.is_empty() => model.write(&[text])?.pop().ok_or_else(endless)?,
            None => model.write_aligned(text)?,
        };
        match written {
            Written::Whole(translation, words) => {
                let from_text = |(link, weight): (Range<usize>, f32)| (place.start + link.start..place.start + link.end, weight);
                let moved = |word: TargetWord| TargetWord { links: word.links.into_iter().map(from_text).collect(), ..word };
                let words = words.into_iter().map(moved).collect();
                done.push(Translated { place: place.clone(), text: translation, words, is_verbatim: false });
                Ok(())
            }
            Written::Endless => {
                let halves = halve(&self.flat.text, place).filter(|_| halvings > 0).ok_or_else(endless)?;
                halves.into_iter().try_for_each(|half| self.write(model, half, None, halvings - 1, done))
            }
        }
    }

    /// Joins the translations of parts with what stands between the parts in the source.
    fn join(&self, done: &[Translated], pair: &LanguagePair) -> (String, Vec<TargetWord>) {
        let (mut text, mut words): (String, Vec<TargetWord>) = (String::new(), Vec::new());
        let mut before: Option<&Translated> = None;
        for part in done {
            if let Some(before) = before {
                let gap = &self.flat.text[before.place.end..part.place.start];
                let is_text = !before.is_verbatim && !part.is_verbatim;
                match (gap.is_empty(), has_spaces(&pair.from), has_spaces(&pair.to)) {
                    (true, false, true) if is_text => text.push(' '),
                    (false, true, false) if is_text => {}
                    _ => text.push_str(gap),
                }
            }
            let start = text.len();
            text.push_str(&part.text);
            words.extend(
                part.words
                    .iter()
                    .map(|word| TargetWord { place: start + word.place.start..start + word.place.end, ..word.clone() }),
            );
            before = Some(part);
        }
        (text, words)
    }
}
