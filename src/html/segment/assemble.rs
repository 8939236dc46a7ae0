//! Assembles HTML from translated segments. Marks that are lost, doubled or crossed are refused: no markup is ever dropped, unless a
//! person has dropped it.

use super::gaps::{close_gap, closes_gaps};
use super::skeleton::{Inlay, Part, Segment, Segmented, TemplateTag, Value, escape_text, escape_value};
use crate::model::{Lang, Marked, Piece, RawHtml};

/// An error of assembling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// Not one translation, or the lack of one, for each segment.
    #[error("{given} translations for {segments} segments: give one, or none, for each in its order")]
    Count {
        /// The number of translations.
        given: usize,
        /// The number of segments.
        segments: usize,
    },
    /// The marks of a translation do not fit its segment.
    #[error("segment {segment}: {fault}; translate it again, or leave the original")]
    Marks {
        /// The place of the segment, from 0.
        segment: usize,
        /// The fault of its marks.
        fault: MarkFault,
    },
}

/// A fault of the marks of a translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkFault {
    /// Some are lost, doubled, or of no segment.
    #[error("its marks are not those of the original")]
    Changed,
    /// A pair ends outside of what it began in.
    #[error("its marks cross each other")]
    Crossed,
    /// A link stands in a link, which HTML does not know: a browser would tear them apart.
    #[error("a link stands in a link")]
    LinkInLink,
}

/// Puts translations back, in the order of the segments. Where there is none, the original stays and says that it is written
/// in the language of the source, unless nothing at all is translated. The result is to be cleaned again.
pub fn assemble(html: &Segmented, translations: &[Option<Marked>], languages: (&Lang, &Lang)) -> Result<RawHtml, AssembleError> {
    check(&html.segments, translations)?;
    write(html, translations, languages)
}

/// Assembles HTML as [`assemble`] does. Translations that are `edited` may leave out marks: that markup is dropped, and what stood
/// between the marks of a pair stays.
pub fn assemble_edited(
    html: &Segmented,
    translations: &[Option<Marked>],
    edited: &[bool],
    languages: (&Lang, &Lang),
) -> Result<RawHtml, AssembleError> {
    let is_edited = |at: usize| edited.get(at).copied().unwrap_or(false);
    check_each(&html.segments, translations, is_edited)?;
    write(html, translations, languages)
}

fn write(html: &Segmented, translations: &[Option<Marked>], languages: (&Lang, &Lang)) -> Result<RawHtml, AssembleError> {
    for (at, translation) in translations.iter().enumerate() {
        if translation.as_ref().is_some_and(|text| has_link_in_link(text, &html.inlays[at])) {
            return Err(AssembleError::Marks { segment: at, fault: MarkFault::LinkInLink });
        }
    }
    let mut writer = Writer::new(html, translations, languages);
    for (at, part) in html.parts.iter().enumerate() {
        match part {
            Part::Raw(raw) if writer.closes_gap(at) => writer.out.push_str(close_gap(raw)),
            part => writer.part(part),
        }
    }
    Ok(RawHtml(writer.out))
}

/// Checks that there is one translation, or none, for each segment, and that each has the marks of its segment.
pub(super) fn check(segments: &[Segment], translations: &[Option<Marked>]) -> Result<(), AssembleError> {
    check_each(segments, translations, |_| false)
}

/// Checks the marks of each translation; those that are edited may leave some out.
fn check_each(
    segments: &[Segment],
    translations: &[Option<Marked>],
    is_edited: impl Fn(usize) -> bool,
) -> Result<(), AssembleError> {
    if segments.len() != translations.len() {
        return Err(AssembleError::Count { given: translations.len(), segments: segments.len() });
    }
    for (at, (segment, translation)) in segments.iter().zip(translations).enumerate() {
        let Some(translation) = translation else { continue };
        let (own, given) = (segment.text.marks(), translation.marks());
        let is_part = || given.iter().all(|mark| own.contains(mark)) && given.windows(2).all(|pair| pair[0] != pair[1]);
        if own != given && !(is_edited(at) && is_part()) {
            return Err(AssembleError::Marks { segment: at, fault: MarkFault::Changed });
        }
        if !translation.is_well_nested() {
            return Err(AssembleError::Marks { segment: at, fault: MarkFault::Crossed });
        }
    }
    Ok(())
}

fn has_link_in_link(text: &Marked, inlays: &[Inlay]) -> bool {
    let is_link = |number: u16| matches!(inlay(inlays, number), Some(Inlay::Pair(tag)) if tag.name == "a");
    let mut depth = 0_usize;
    for piece in text.pieces() {
        match piece {
            Piece::Open(number) if is_link(*number) => depth += 1,
            Piece::Close(number) if is_link(*number) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > 1 {
            return true;
        }
    }
    false
}

fn inlay(inlays: &[Inlay], number: u16) -> Option<&Inlay> {
    inlays.get(usize::from(number).checked_sub(1)?)
}

/// Returns the segment that a part is.
fn last_segment(part: &Part) -> Option<usize> {
    if let Part::Segment(at) = part { Some(*at) } else { None }
}

/// Returns the segment that a part is, or the first one in an inline element that it opens.
fn first_segment(part: &Part) -> Option<usize> {
    match part {
        Part::Segment(at) => Some(*at),
        Part::Tag(tag) if !tag.has_text && !tag.void && tag.holds.0 < tag.holds.1 => Some(tag.holds.0),
        Part::Tag(_) | Part::Raw(_) => None,
    }
}

struct Writer<'a> {
    html: &'a Segmented,
    translations: &'a [Option<Marked>],
    source_lang: &'a Lang,
    /// The direction of the source, where the translation is written in the other one.
    source_direction: Option<&'static str>,
    /// True if the language of the translation has no space between sentences.
    closes_gaps: bool,
    /// For each n, how many of the first n segments have no translation (`missing`) or one that differs (`changed`).
    missing: Vec<usize>,
    changed: Vec<usize>,
    /// Segments before this one stand in an element that says that it is untranslated.
    told_until: usize,
    out: String,
}

impl<'a> Writer<'a> {
    fn new(html: &'a Segmented, translations: &'a [Option<Marked>], (from, to): (&'a Lang, &Lang)) -> Self {
        let (mut missing, mut changed) = (vec![0], vec![0]);
        for (translation, segment) in translations.iter().zip(&html.segments) {
            missing.push(missing[missing.len() - 1] + usize::from(translation.is_none()));
            let differs = translation.as_ref().is_some_and(|text| *text != segment.text);
            changed.push(changed[changed.len() - 1] + usize::from(differs));
        }
        let source_direction = (from.direction() != to.direction()).then(|| from.direction());
        Self {
            html,
            translations,
            source_lang: from,
            source_direction,
            closes_gaps: closes_gaps(from, to),
            missing,
            changed,
            told_until: 0,
            out: String::new(),
        }
    }

    /// Returns true if anything is translated, so that the rest must state its language.
    fn tells(&self) -> bool {
        self.missing[self.translations.len()] < self.translations.len()
    }

    /// Returns true if the part at a place stands between two translated sentences that nothing parts.
    fn closes_gap(&self, at: usize) -> bool {
        let parts = &self.html.parts;
        let before = at.checked_sub(1).and_then(|before| last_segment(&parts[before]));
        let after = parts.get(at + 1).and_then(first_segment);
        let is_translated = |segment: usize| self.translations[segment].is_some();
        self.closes_gaps
            && before
                .zip(after)
                .is_some_and(|(before, after)| after == before + 1 && is_translated(before) && is_translated(after))
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Raw(html) => self.out.push_str(html),
            Part::Tag(tag) => self.tag(tag),
            Part::Segment(at) => self.segment(*at),
        }
    }

    /// Writes a start tag. Its language is added if all in it is as it was, and taken away if that is no longer its language.
    fn tag(&mut self, tag: &TemplateTag) {
        let (from, to) = tag.holds;
        let untouched = to > from && self.missing[to] - self.missing[from] == to - from;
        let own_lang = tag.attributes.iter().any(|(name, _)| name == "lang");
        let tells = untouched && (tag.has_text || tag.void) && from >= self.told_until && self.tells();
        self.out.push('<');
        self.out.push_str(&tag.name);
        if tells {
            self.told_until = to;
            if !own_lang {
                self.source_attributes();
            }
        }
        let translated = self.changed[to] > self.changed[from];
        for (name, value) in &tag.attributes {
            match value {
                Value::Fixed(value) if name == "lang" && translated && self.is_source(value) => {}
                // The direction was that of the language.
                Value::Fixed(value) if name == "dir" && translated && value != "auto" => {}
                Value::Fixed(value) => self.attribute(name, value),
                Value::Segment(at) => {
                    let text = self.translations[*at].as_ref().unwrap_or(&self.html.segments[*at].text);
                    self.attribute(name, &text.plain());
                }
            }
        }
        self.out.push('>');
    }

    fn is_source(&self, tag: &str) -> bool {
        Lang::new(tag).is_some_and(|lang| lang.primary() == self.source_lang.primary())
    }

    /// Writes the language of the source, and its direction where that is another one.
    fn source_attributes(&mut self) {
        self.attribute("lang", self.source_lang.as_str());
        if let Some(direction) = self.source_direction {
            self.attribute("dir", direction);
        }
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push_str(&format!(" {name}=\"{}\"", escape_value(value)));
    }

    fn segment(&mut self, at: usize) {
        let html = self.html;
        let inlays = &html.inlays[at];
        match &self.translations[at] {
            Some(text) => self.marked(text, inlays),
            None if at < self.told_until || !self.tells() => self.marked(&html.segments[at].text, inlays),
            None => {
                self.out.push_str("<span");
                self.source_attributes();
                self.out.push('>');
                self.marked(&html.segments[at].text, inlays);
                self.out.push_str("</span>");
            }
        }
    }

    fn marked(&mut self, text: &Marked, inlays: &[Inlay]) {
        for piece in text.pieces() {
            match piece {
                Piece::Text(text) => self.out.push_str(&escape_text(text)),
                Piece::Open(number) | Piece::Close(number) | Piece::Single(number) => match (inlay(inlays, *number), piece) {
                    (Some(Inlay::Pair(tag)), Piece::Open(_)) => self.tag(tag),
                    (Some(Inlay::Pair(tag)), Piece::Close(_)) => self.out.push_str(&format!("</{}>", tag.name)),
                    (Some(Inlay::Single(parts)), _) => parts.iter().for_each(|part| self.part(part)),
                    _ => {}
                },
            }
        }
    }
}

#[cfg(test)]
mod tests;
