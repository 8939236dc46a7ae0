//! An entry laid out for translation: its texts taken apart into segments, and put together again from what became of them.

use std::sync::Arc;

use super::engine::{Context, Outgoing};
use super::glossary::Glossary;
use crate::html::{self, AssembleError, Segmented, SegmentedHeadline};
use crate::model::{Clean, Lang, Marked, Original, RawHtml, SegmentKind, Show, Text};

/// A longer text around a segment is no context any more: what an engine reads of it is paid for.
const MAX_CONTEXT: usize = 300;

/// Which text of an entry: what is more important comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The headline.
    Title,
    /// The summary.
    Summary,
    /// The content.
    Content,
}

/// A segment that has to be translated.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where it stands.
    pub part: Part,
    /// Its text with marks, normalised ([`Marked::normalised`]).
    pub source: Marked,
    /// What would be sent.
    pub outgoing: Outgoing,
    /// Whether nothing is left to translate once the terms are in their places.
    pub is_settled: bool,
}

/// An entry laid out.
pub struct Document {
    from: Lang,
    to: Lang,
    title: SegmentedHeadline,
    summary: Option<Segmented>,
    content: Option<Segmented>,
    wanted: Vec<Wanted>,
    /// For each segment of the three parts, in order, which of `wanted` it is; nothing for one without a letter in it.
    slots: [Vec<Option<usize>>; 3],
}

/// An entry put together again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The headline.
    pub title: Text,
    /// Whether a part of it stands as it was written.
    pub title_left: bool,
    /// The summary.
    pub summary: Option<Clean>,
    /// The content.
    pub content: Option<Clean>,
    /// The content (or else the summary) as plain text.
    pub text: String,
    /// How many translations could not be put in their places: their segments stand as they were written.
    pub unplaced: u32,
}

impl Document {
    /// Lays out as much of an entry as `show` shows.
    pub fn lay_out(original: &Original, show: Show, from: &Lang, to: &Lang, glossary: &Glossary) -> Self {
        let mut sheet = Self {
            from: from.clone(),
            to: to.clone(),
            title: html::segment_headline(&original.title, from),
            summary: original.summary.as_ref().filter(|_| show != Show::Title).map(|clean| html::segment(clean, from)),
            content: original.content.as_ref().filter(|_| show == Show::Full).map(|clean| html::segment(clean, from)),
            wanted: Vec::new(),
            slots: Default::default(),
        };
        let title: Option<Arc<str>> = (!original.title.is_blank()).then(|| Arc::from(original.title.as_str()));
        let parts = [
            (Part::Title, Some(sheet.title.segments())),
            (Part::Summary, sheet.summary.as_ref().map(Segmented::segments)),
            (Part::Content, sheet.content.as_ref().map(Segmented::segments)),
        ];
        let mut wanted = Vec::new();
        for ((part, segments), slots) in parts.into_iter().zip(&mut sheet.slots) {
            let segments = segments.unwrap_or_default();
            let plain: Vec<Option<Arc<str>>> = segments.iter().map(|segment| context(&segment.text)).collect();
            for (at, segment) in segments.iter().enumerate() {
                if !segment.text.is_translatable() {
                    slots.push(None);
                    continue;
                }
                let around = |at: Option<usize>| plain.get(at?).cloned().flatten();
                let context = Context {
                    title: title.clone().filter(|_| part != Part::Title),
                    before: around(at.checked_sub(1)),
                    after: around(Some(at + 1)),
                };
                slots.push(Some(wanted.len()));
                wanted.push(Wanted::new(part, &segment.text, segment.kind, context, (from, to), glossary));
            }
        }
        sheet.wanted = wanted;
        sheet
    }

    /// What has to be translated, in the order of the text.
    pub fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }

    /// The languages that the entry is translated from and to.
    pub fn languages(&self) -> (&Lang, &Lang) {
        (&self.from, &self.to)
    }

    /// Puts the entry together. `translations` are those of [`Document::wanted`], in its order; where there is none, the text stands as it was
    /// written, and its language is told.
    pub fn finish(&self, translations: &[Option<Marked>]) -> Finished {
        let mut unplaced = 0;
        let title = self.title(translations);
        let mut html = |part: Part, segmented: &Option<Segmented>| {
            segmented.as_ref().map(|segmented| self.html(part, segmented, translations, &mut unplaced))
        };
        let summary = html(Part::Summary, &self.summary).filter(|clean| !clean.is_empty());
        let content = html(Part::Content, &self.content).filter(|clean| !clean.is_empty());
        let text = content.as_ref().or(summary.as_ref()).map(html::to_text).unwrap_or_default();
        let title_left = self.slots[0].iter().flatten().any(|at| translations.get(*at).is_none_or(Option::is_none));
        Finished { title, title_left, summary, content, text, unplaced }
    }

    /// What stands in the places of the segments of a part: translations set in the typography of their language, and what
    /// needs none as it is.
    fn placed(&self, part: Part, segments: &[html::Segment], translations: &[Option<Marked>]) -> Vec<Option<Marked>> {
        let slots = &self.slots[part as usize];
        let place = |(segment, slot): (&html::Segment, &Option<usize>)| match slot {
            None => Some(segment.text.clone()),
            Some(at) => translations.get(*at)?.as_ref().map(|text| html::typeset_marked(text, &self.from, &self.to)),
        };
        segments.iter().zip(slots).map(place).collect()
    }

    fn title(&self, translations: &[Option<Marked>]) -> Text {
        let placed = self.placed(Part::Title, self.title.segments(), translations);
        let none = || vec![None; placed.len()];
        html::assemble_headline(&self.title, &placed)
            .or_else(|_| html::assemble_headline(&self.title, &none()))
            .unwrap_or_default()
    }

    fn html(&self, part: Part, segmented: &Segmented, translations: &[Option<Marked>], unplaced: &mut u32) -> Clean {
        let mut placed = self.placed(part, segmented.segments(), translations);
        let is_left = |at: &usize| translations.get(*at).is_none_or(Option::is_none);
        loop {
            match html::assemble(segmented, &placed, &self.from) {
                Ok(raw) => {
                    // Of a text of which nothing is translated the assembler says nothing, as it may be nobody's translation.
                    let slots = || self.slots[part as usize].iter().flatten();
                    let all_left = slots().next().is_some() && slots().all(is_left);
                    return html::clean(&if all_left { told(&raw, &self.from) } else { raw }, None);
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

impl Wanted {
    fn new(
        part: Part,
        text: &Marked,
        kind: SegmentKind,
        context: Context,
        (from, to): (&Lang, &Lang),
        glossary: &Glossary,
    ) -> Self {
        let source = text.normalised();
        let protected = glossary.protect(&source, from, to);
        let is_settled = !protected.terms.is_empty() && !protected.text.is_translatable();
        let outgoing = Outgoing { text: protected.text, terms: protected.terms, kind, context };
        Self { part, source, outgoing, is_settled }
    }

    /// The glossary terms in it, each with what is to stand in its place.
    pub fn term_pairs(&self) -> Vec<(&str, &str)> {
        self.outgoing.terms.iter().map(|term| (term.source.as_str(), term.target.as_str())).collect()
    }
}

fn told(raw: &RawHtml, lang: &Lang) -> RawHtml {
    RawHtml(format!("<div lang=\"{lang}\">{}</div>", raw.0))
}

fn context(text: &Marked) -> Option<Arc<str>> {
    let plain = text.plain();
    let plain = plain.trim();
    let end = plain.char_indices().nth(MAX_CONTEXT).map_or(plain.len(), |(at, _)| at);
    (!plain.is_empty()).then(|| Arc::from(&plain[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(tag: &str) -> Lang {
        Lang::new(tag).expect("a tag")
    }

    fn original(title: &str, summary: &str, content: &str) -> Original {
        let clean = |text: &str| Some(html::clean(&RawHtml(text.to_owned()), None)).filter(|clean| !clean.is_empty());
        Original { title: Text::new(title), summary: clean(summary), content: clean(content), ..Original::default() }
    }

    fn sheet(original: &Original, show: Show) -> Document {
        Document::lay_out(original, show, &lang("fr"), &lang("fr-CA"), &Glossary::empty())
    }

    #[test]
    fn what_is_not_shown_is_not_laid_out() {
        let original = original("Un titre.", "<p>Un chapeau. 2024.</p>", "<p>Un texte. Le <b>second</b>.</p>");
        let texts = |show| -> Vec<(Part, String)> {
            sheet(&original, show).wanted().iter().map(|wanted| (wanted.part, wanted.source.to_tagged())).collect()
        };
        let title = (Part::Title, "Un titre.".to_owned());
        let summary = (Part::Summary, "Un chapeau.".to_owned());
        let content = ["Un texte.", "Le <x1>second</x1>."].map(|text| (Part::Content, text.to_owned()));
        assert_eq!(texts(Show::Title), std::slice::from_ref(&title));
        assert_eq!(texts(Show::Summary), [title.clone(), summary.clone()], "a number is not translated");
        assert_eq!(texts(Show::Full), [vec![title, summary], content.to_vec()].concat());
    }

    #[test]
    fn a_text_is_seen_with_its_neighbours() {
        let original = original("Le titre", "", "<p>Un. Deux.</p><p>Trois.</p>");
        let sheet = sheet(&original, Show::Full);
        let context = |at: usize| {
            let Context { title, before, after } = &sheet.wanted()[at].outgoing.context;
            [title, before, after].map(|text| text.as_deref().unwrap_or_default().to_owned())
        };
        assert_eq!(context(0), ["", "", ""], "a headline is no context of itself");
        assert_eq!(context(2), ["Le titre", "Un.", "Trois."]);
    }

    #[test]
    fn identity_gives_the_entry_back() {
        let original = original(
            "Un titre : « oui »",
            "<p>Un chapeau.</p>",
            "<p>Un <a href=\"https://a.example/\">lien</a>.</p><ul><li>1</li></ul>",
        );
        let sheet = Document::lay_out(&original, Show::Full, &lang("fr"), &lang("xx"), &Glossary::empty());
        let same: Vec<_> = sheet.wanted().iter().map(|wanted| Some(wanted.source.clone())).collect();
        let finished = sheet.finish(&same);
        assert_eq!((finished.title, finished.title_left, finished.unplaced), (original.title, false, 0));
        assert_eq!((finished.summary, finished.content), (original.summary, original.content));
    }

    #[test]
    fn what_is_not_translated_stands_as_it_was_and_says_so() {
        let original = original("Un titre.", "<p>Un chapeau.</p>", "<p>Un. Deux.</p><p>Trois.</p>");
        let sheet = Document::lay_out(&original, Show::Full, &lang("fr"), &lang("en"), &Glossary::empty());
        let translate =
            |wanted: &Wanted| (wanted.part == Part::Content && wanted.source.plain() == "Un.").then(|| Marked::text("One."));
        let finished = sheet.finish(&sheet.wanted().iter().map(translate).collect::<Vec<_>>());
        assert!(finished.title_left);
        assert_eq!(finished.title.as_str(), "Un titre.");
        assert_eq!(finished.summary.expect("a summary").as_str(), "<div lang=\"fr\"><p>Un chapeau.</p></div>");
        let content = finished.content.expect("a content");
        assert_eq!(content.as_str(), "<p>One. <span lang=\"fr\">Deux.</span></p><p lang=\"fr\">Trois.</p>");
        assert_eq!(finished.text.trim(), "One. Deux.\n\nTrois.");
    }

    #[test]
    fn a_translation_that_does_not_fit_is_left_out() {
        let original = original("", "", "<p>Un <b>mot</b>.</p><p>Deux.</p>");
        let sheet = Document::lay_out(&original, Show::Full, &lang("fr"), &lang("en"), &Glossary::empty());
        let finished = sheet.finish(&[Some(Marked::text("One word.")), Some(Marked::text("Two."))]);
        assert_eq!(finished.unplaced, 1);
        assert_eq!(finished.content.expect("a content").as_str(), "<p lang=\"fr\">Un <b>mot</b>.</p><p>Two.</p>");
    }

    #[test]
    fn a_text_of_terms_alone_needs_no_engine() {
        let glossary = Glossary::parse("source\tvariants\ten\nCIO\t\tIOC\n", "").expect("a glossary");
        let sheet = Document::lay_out(&original("CIO", "", ""), Show::Title, &lang("fr"), &lang("en"), &glossary);
        assert!(sheet.wanted()[0].is_settled);
        assert_eq!(sheet.wanted()[0].term_pairs(), [("CIO", "IOC")]);
    }
}
