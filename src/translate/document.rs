//! An entry as segments: it is cut for translation, and assembled again from the translations.

use std::collections::HashSet;
use std::sync::Arc;

use super::engine::{Outgoing, SegmentContext};
use super::glossary::Glossary;
use crate::html::{self, AssembleError, Segmented, SegmentedHeadline};
use crate::model::{Clean, Lang, Marked, Original, SegmentKind, Show, Text};

/// The most characters of context before and after a segment: what a language model reads is billed.
const MAX_CONTEXT: usize = 160;

/// A part of an entry, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The headline.
    Title,
    /// The summary.
    Summary,
    /// The content.
    Content,
}

/// A segment that is to be translated.
#[derive(Clone, Debug)]
pub struct SegmentRequest {
    /// The part of the entry that it belongs to.
    pub part: Part,
    /// The text with marks, normalised ([`Marked::normalised`]).
    pub source: Marked,
    /// The text as it is sent.
    pub outgoing: Outgoing,
    /// True if nothing is left to translate once the terms are restored.
    pub is_only_terms: bool,
}

/// An entry as segments.
pub struct Document {
    from: Lang,
    to: Lang,
    title: SegmentedHeadline,
    summary: Option<Segmented>,
    content: Option<Segmented>,
    wanted: Vec<SegmentRequest>,
    /// For each segment of the three parts its place in `wanted`; nothing for one without a letter.
    slots: [Vec<Option<usize>>; 3],
}

/// The translations of a document.
#[derive(Clone, Copy)]
struct Translations<'a> {
    texts: &'a [Option<Marked>],
    /// The places of those that a person made.
    by_person: &'a HashSet<usize>,
}

impl Translations<'_> {
    fn get(&self, at: usize) -> Option<&Marked> {
        self.texts.get(at)?.as_ref()
    }
}

/// An entry that was assembled again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembledEntry {
    /// The headline.
    pub title: Text,
    /// True if a part of the headline is not translated.
    pub title_left: bool,
    /// The summary.
    pub summary: Option<Clean>,
    /// The content.
    pub content: Option<Clean>,
    /// The content (or else the summary) as plain text.
    pub text: String,
    /// The number of translations that could not be put in their places: those segments show the original.
    pub unplaced: u32,
}

impl Document {
    /// Cuts as much of an entry as `show` shows into segments.
    pub fn new(original: &Original, show: Show, from: &Lang, to: &Lang, glossary: &Glossary) -> Self {
        let mut document = Self {
            from: from.clone(),
            to: to.clone(),
            title: html::segment_headline(&original.title, from),
            summary: original.summary.as_ref().filter(|_| show != Show::Title).map(|clean| html::segment(clean, from)),
            content: original.content.as_ref().filter(|_| show == Show::Full).map(|clean| html::segment(clean, from)),
            wanted: Vec::new(),
            slots: Default::default(),
        };
        let title: Option<Arc<str>> =
            (!original.title.is_blank()).then(|| Arc::from(Marked::text(original.title.as_str()).normalised().plain()));
        let parts = [
            (Part::Title, Some(document.title.segments()), Vec::new()),
            (Part::Summary, document.summary.as_ref().map(Segmented::segments), continuations(document.summary.as_ref())),
            (Part::Content, document.content.as_ref().map(Segmented::segments), continuations(document.content.as_ref())),
        ];
        let lead = lead(&document, original);
        let mut wanted = Vec::new();
        for ((part, segments, continuations), slots) in parts.into_iter().zip(&mut document.slots) {
            let segments = segments.unwrap_or_default();
            let plain: Vec<String> = segments.iter().map(|segment| context(&segment.text)).collect();
            for (at, segment) in segments.iter().enumerate() {
                if !is_wanted(&segment.text) {
                    slots.push(None);
                    continue;
                }
                let is_last_of_title = part == Part::Title && at + 1 == segments.len();
                let context = SegmentContext {
                    title: title.clone().filter(|_| part != Part::Title),
                    before: at.checked_sub(1).and_then(|before| last_part(&plain[before])),
                    after: if is_last_of_title { lead.clone() } else { plain.get(at + 1).and_then(|after| first_part(after)) },
                    continues: continuations.get(at).copied().unwrap_or_default(),
                    similar: None,
                };
                slots.push(Some(wanted.len()));
                wanted.push(SegmentRequest::new(part, &segment.text, segment.kind, context, (from, to), glossary));
            }
        }
        document.wanted = wanted;
        document
    }

    /// Returns the segments that are to be translated, in the order of the text.
    pub fn segments(&self) -> &[SegmentRequest] {
        &self.wanted
    }

    /// Returns the source and the target language.
    pub fn languages(&self) -> (&Lang, &Lang) {
        (&self.from, &self.to)
    }

    /// Assembles the entry. `translations` are those of [`Document::segments`], in its order; a segment without one shows the
    /// original, with its language in `lang`.
    pub fn assemble(&self, translations: &[Option<Marked>]) -> AssembledEntry {
        self.assemble_with(translations, &HashSet::new())
    }

    /// Assembles the entry as [`Document::assemble`] does. The translations at the places `by_person` are written as they are, even
    /// where they leave out marks.
    pub fn assemble_with(&self, translations: &[Option<Marked>], by_person: &HashSet<usize>) -> AssembledEntry {
        let (mut unplaced, texts) = (0, Translations { texts: translations, by_person });
        let title = self.title(texts);
        let mut html = |part: Part, segmented: &Option<Segmented>| {
            segmented.as_ref().map(|segmented| self.html(part, segmented, texts, &mut unplaced))
        };
        let summary = html(Part::Summary, &self.summary).filter(|clean| !clean.is_empty());
        let content = html(Part::Content, &self.content).filter(|clean| !clean.is_empty());
        let text = content.as_ref().or(summary.as_ref()).map(html::to_text).unwrap_or_default();
        let title_left = self.slots[0].iter().flatten().any(|at| translations.get(*at).is_none_or(Option::is_none));
        AssembledEntry { title, title_left, summary, content, text, unplaced }
    }

    /// Returns the text of each segment of a part: its translation in the typography of the language, or the original if it needs
    /// none.
    fn place(&self, part: Part, segments: &[html::Segment], translations: Translations<'_>) -> Vec<Option<Marked>> {
        let slots = &self.slots[part as usize];
        let place = |(segment, slot): (&html::Segment, &Option<usize>)| match slot {
            None => Some(segment.text.clone()),
            Some(at) if translations.by_person.contains(at) => translations.get(*at).cloned(),
            Some(at) => translations.get(*at).map(|text| html::typeset_marked(text, &self.from, &self.to)),
        };
        segments.iter().zip(slots).map(place).collect()
    }

    fn title(&self, translations: Translations<'_>) -> Text {
        let placed = self.place(Part::Title, self.title.segments(), translations);
        let none = || vec![None; placed.len()];
        html::assemble_headline(&self.title, &placed, self.languages())
            .or_else(|_| html::assemble_headline(&self.title, &none(), self.languages()))
            .unwrap_or_default()
    }

    fn html(&self, part: Part, segmented: &Segmented, translations: Translations<'_>, unplaced: &mut u32) -> Clean {
        let mut placed = self.place(part, segmented.segments(), translations);
        let is_left = |at: &usize| translations.get(*at).is_none();
        let slots = &self.slots[part as usize];
        let edited: Vec<bool> = slots.iter().map(|slot| slot.is_some_and(|at| translations.by_person.contains(&at))).collect();
        loop {
            match html::assemble_edited(segmented, &placed, &edited, self.languages()) {
                Ok(raw) => {
                    // The assembler sets no `lang` on a text of which nothing is translated: it may be no translation at all.
                    let slots = || slots.iter().flatten();
                    let all_left = slots().next().is_some() && slots().all(is_left);
                    let clean = html::clean(&raw, None);
                    return if all_left { html::with_lang(&clean, &self.from, &self.to) } else { clean };
                }
                // The words of a person are published, if need be without markup.
                Err(AssembleError::Marks { segment, .. }) if edited[segment] && has_marks(placed[segment].as_ref()) => {
                    placed[segment] = placed[segment].take().map(|text| text.without_marks());
                }
                Err(AssembleError::Marks { segment, .. }) if placed[segment].is_some() => {
                    placed[segment] = None;
                    *unplaced += 1;
                }
                Err(_) => return Clean::default(),
            }
        }
    }
}

impl SegmentRequest {
    fn new(
        part: Part,
        text: &Marked,
        kind: SegmentKind,
        context: SegmentContext,
        (from, to): (&Lang, &Lang),
        glossary: &Glossary,
    ) -> Self {
        let source = text.normalised();
        let protected = glossary.protect(&source, from, to);
        let is_only_terms = !protected.terms.is_empty() && !protected.text.is_translatable();
        let outgoing = Outgoing { text: protected.text, terms: protected.terms, kind, context };
        Self { part, source, outgoing, is_only_terms }
    }

    /// Returns the glossary terms in it, each with its translation.
    pub fn term_pairs(&self) -> Vec<(&str, &str)> {
        self.outgoing.terms.iter().map(|term| (term.source.as_str(), term.target.as_str())).collect()
    }
}

/// Returns the text that follows a headline: the first segment of the summary or the content, or the beginning of what is not cut
/// into segments.
fn lead(document: &Document, original: &Original) -> Option<Arc<str>> {
    let cut = document.summary.iter().chain(&document.content).flat_map(Segmented::segments);
    let is_prose = |kind| matches!(kind, SegmentKind::Paragraph | SegmentKind::Quotation | SegmentKind::ListItem);
    // Many feeds repeat the headline as the description of a picture, or as the text.
    let is_lead = |text: &String| !original.title.as_str().contains(text.as_str());
    let mut leads = cut
        .filter(|segment| is_prose(segment.kind) && is_wanted(&segment.text))
        .map(|segment| context(&segment.text))
        .filter(is_lead);
    let is_cut = document.summary.is_some() || document.content.is_some();
    let uncut = || match &original.summary {
        Some(summary) if !summary.is_empty() => html::to_line(summary.as_str()).as_str().to_owned(),
        _ => Text::new(original.text.get(..original.text.len().min(4 * MAX_CONTEXT)).unwrap_or_default()).as_str().to_owned(),
    };
    first_part(&leads.next().or_else(|| (!is_cut).then(uncut).filter(is_lead)).unwrap_or_default())
}

fn continuations(part: Option<&Segmented>) -> Vec<bool> {
    part.map(Segmented::continuations).unwrap_or_default()
}

fn has_marks(text: Option<&Marked>) -> bool {
    text.is_some_and(|text| !text.marks().is_empty())
}

/// Returns true if a text is to be sent: it has words, and is more than addresses, handles and hashtags, which say the same in every
/// language.
fn is_wanted(text: &Marked) -> bool {
    text.is_translatable() && !text.is_reference()
}

/// Returns a segment as the context of another one; nothing where it has no words.
fn context(text: &Marked) -> String {
    if text.is_translatable() { text.normalised().plain() } else { String::new() }
}

/// Returns the beginning of a context, whole words of it.
fn first_part(text: &str) -> Option<Arc<str>> {
    let Some((end, _)) = text.char_indices().nth(MAX_CONTEXT) else { return (!text.is_empty()).then(|| Arc::from(text)) };
    let end = text[..end].rfind(char::is_whitespace).unwrap_or(end);
    Some(Arc::from(text[..end].trim_end()))
}

/// Returns the end of a context, whole words of it.
fn last_part(text: &str) -> Option<Arc<str>> {
    let Some((start, _)) = text.char_indices().rev().nth(MAX_CONTEXT) else { return (!text.is_empty()).then(|| Arc::from(text)) };
    let start = text[start..].find(char::is_whitespace).map_or(start, |space| start + space);
    Some(Arc::from(text[start..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawHtml;

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).expect("a tag")
    }

    fn original(title: &str, summary: &str, content: &str) -> Original {
        let clean = |text: &str| Some(html::clean(&RawHtml(text.to_owned()), None)).filter(|clean| !clean.is_empty());
        Original { title: Text::new(title), summary: clean(summary), content: clean(content), ..Original::default() }
    }

    fn document(original: &Original, show: Show) -> Document {
        Document::new(original, show, &lang("fr"), &lang("fr-CA"), &Glossary::empty())
    }

    #[test]
    fn part_that_is_not_shown_has_no_segments() {
        let original = original("Un titre.", "<p>Un chapeau. 2024.</p>", "<p>Un texte. Le <b>second</b>.</p>");
        let texts = |show| -> Vec<(Part, String)> {
            document(&original, show).segments().iter().map(|wanted| (wanted.part, wanted.source.to_tagged())).collect()
        };
        let title = (Part::Title, "Un titre.".to_owned());
        let summary = (Part::Summary, "Un chapeau.".to_owned());
        let content = ["Un texte.", "Le <x1>second</x1>."].map(|text| (Part::Content, text.to_owned()));
        assert_eq!(texts(Show::Title), std::slice::from_ref(&title));
        assert_eq!(texts(Show::Summary), [title.clone(), summary.clone()], "a number is not translated");
        assert_eq!(texts(Show::Full), [vec![title, summary], content.to_vec()].concat());
    }

    #[test]
    fn headline_is_sent_with_its_lead_as_context_whatever_is_shown() {
        let lead = |summary: &str, content: &str, show| {
            let document = document(&original("Le titre", summary, content), show);
            document.segments()[0].outgoing.context.after.as_deref().unwrap_or_default().to_owned()
        };
        assert_eq!(lead("<p>Un chapeau. Puis.</p>", "<p>Un texte.</p>", Show::Summary), "Un chapeau.");
        assert_eq!(lead("<p>2024.</p>", "<p>Un texte.</p>", Show::Full), "Un texte.");
        assert_eq!(lead("<p>Un chapeau. Puis.</p>", "", Show::Title), "Un chapeau. Puis.");
        let long = lead(&format!("<p>{}</p>", "mot ".repeat(100)), "", Show::Title);
        assert!(long.len() <= MAX_CONTEXT && long.ends_with("mot"), "{long}");
    }

    #[test]
    fn context_before_a_segment_is_the_end_of_a_long_sentence() {
        let text = format!("<p>Début {} fin.</p><p>Deux.</p>", "é".repeat(2 * MAX_CONTEXT));
        let document = document(&original("", "", &text), Show::Full);
        assert_eq!(document.segments()[1].outgoing.context.before.as_deref(), Some("fin."));
    }

    #[test]
    fn addresses_handles_and_hashtags_alone_are_not_sent() {
        let text =
            "<p>@paris2024</p><p>https://a.example/b #JO2028 @teddyriner</p><p>Merci @teddyriner !</p><p>#LA28 arrive.</p>";
        let document = document(&original("", "", text), Show::Full);
        let sent: Vec<String> = document.segments().iter().map(|wanted| wanted.source.plain()).collect();
        assert_eq!(sent, ["Merci @teddyriner !", "#LA28 arrive."]);
        let kept = document.assemble(&[Some(Marked::text("A")), Some(Marked::text("B"))]).content.expect("a content");
        assert!(kept.as_str().starts_with("<p>@paris2024</p><p>https://a.example/b #JO2028 @teddyriner</p>"), "{kept:?}");
    }

    #[test]
    fn segment_is_sent_with_its_neighbours_as_context() {
        let original = original("Le titre", "", "<p>Un. Deux.</p><p>Trois.</p>");
        let document = document(&original, Show::Full);
        let context = |at: usize| {
            let SegmentContext { title, before, after, .. } = &document.segments()[at].outgoing.context;
            [title, before, after].map(|text| text.as_deref().unwrap_or_default().to_owned())
        };
        assert_eq!(context(0), ["", "", "Un."], "a headline is no context of itself");
        assert_eq!(context(2), ["Le titre", "Un.", "Trois."]);
    }

    #[test]
    fn identity_translation_gives_the_same_entry() {
        let original = original(
            "Un titre : « oui »",
            "<p>Un chapeau.</p>",
            "<p>Un <a href=\"https://a.example/\">lien</a>.</p><ul><li>1</li></ul>",
        );
        let document = Document::new(&original, Show::Full, &lang("fr"), &lang("xx"), &Glossary::empty());
        let same: Vec<_> = document.segments().iter().map(|wanted| Some(wanted.source.clone())).collect();
        let finished = document.assemble(&same);
        assert_eq!((finished.title, finished.title_left, finished.unplaced), (original.title, false, 0));
        assert_eq!((finished.summary, finished.content), (original.summary, original.content));
    }

    #[test]
    fn segment_without_a_translation_shows_the_original_with_its_language() {
        let original = original("Un titre.", "<p>Un chapeau.</p>", "<p>Un. Deux.</p><p>Trois.</p>");
        let document = Document::new(&original, Show::Full, &lang("fr"), &lang("en"), &Glossary::empty());
        let translate = |wanted: &SegmentRequest| {
            (wanted.part == Part::Content && wanted.source.plain() == "Un.").then(|| Marked::text("One."))
        };
        let finished = document.assemble(&document.segments().iter().map(translate).collect::<Vec<_>>());
        assert!(finished.title_left);
        assert_eq!(finished.title.as_str(), "Un titre.");
        assert_eq!(finished.summary.expect("a summary").as_str(), "<div lang=\"fr\"><p>Un chapeau.</p></div>");
        let content = finished.content.expect("a content");
        assert_eq!(content.as_str(), "<p>One. <span lang=\"fr\">Deux.</span></p><p lang=\"fr\">Trois.</p>");
        assert_eq!(finished.text.trim(), "One. Deux.\n\nTrois.");
    }

    #[test]
    fn translation_with_other_marks_is_left_out() {
        let original = original("", "", "<p>Un <b>mot</b>.</p><p>Deux.</p>");
        let document = Document::new(&original, Show::Full, &lang("fr"), &lang("en"), &Glossary::empty());
        let finished = document.assemble(&[Some(Marked::text("One word.")), Some(Marked::text("Two."))]);
        assert_eq!(finished.unplaced, 1);
        assert_eq!(finished.content.expect("a content").as_str(), "<p lang=\"fr\">Un <b>mot</b>.</p><p>Two.</p>");
    }

    #[test]
    fn words_of_a_person_are_neither_typeset_nor_refused_for_their_marks() {
        let original = original("Un « mot »", "", "<p>Un <b>mot</b> : deux.</p>");
        let document = Document::new(&original, Show::Full, &lang("fr"), &lang("en"), &Glossary::empty());
        let texts = [Some(Marked::text("A « word »")), Some(Marked::text("One 'word' : two."))];
        let by_person = document.assemble_with(&texts, &HashSet::from([0, 1]));
        assert_eq!((by_person.title.as_str(), by_person.unplaced), ("A « word »", 0));
        assert_eq!(by_person.content.expect("a content").as_str(), "<p>One 'word' : two.</p>");
        let by_engine = document.assemble(&texts);
        assert_eq!((by_engine.title.as_str(), by_engine.unplaced), ("A “word”", 1));
    }

    #[test]
    fn title_of_nothing_but_terms_needs_no_engine() {
        let glossary = Glossary::parse("source\tvariants\ten\nCIO\t\tIOC\n", "").expect("a glossary");
        let document = Document::new(&original("CIO", "", ""), Show::Title, &lang("fr"), &lang("en"), &glossary);
        assert!(document.segments()[0].is_only_terms);
        assert_eq!(document.segments()[0].term_pairs(), [("CIO", "IOC")]);
    }
}
