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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::html::{clean, segment};
    use crate::model::{Clean, SegmentKind as K};

    fn french() -> Lang {
        Lang::new("fr").expect("a tag")
    }

    fn english() -> Lang {
        Lang::new("en").expect("a tag")
    }

    fn cleaned(html: &str) -> Clean {
        clean(&RawHtml(html.to_owned()), None)
    }

    fn taken(html: &str) -> Segmented {
        segment(&cleaned(html), &french())
    }

    fn tagged(html: &str) -> Vec<String> {
        taken(html).segments().iter().map(|segment| segment.text.to_tagged()).collect()
    }

    /// The HTML with the segments as given; `-` leaves one as it was.
    fn with(html: &str, translations: &[&str]) -> Result<String, AssembleError> {
        let read = |tagged: &&str| (*tagged != "-").then(|| Marked::from_tagged(tagged).expect("well-formed"));
        let translations: Vec<_> = translations.iter().map(read).collect();
        assemble(&taken(html), &translations, (&french(), &english())).map(|html| html.0)
    }

    fn identity(html: &Segmented) -> String {
        let same: Vec<_> = html.segments().iter().map(|segment| Some(segment.text.clone())).collect();
        assemble(html, &same, (&french(), &english())).expect("the same marks").0
    }

    #[test]
    fn blocks_become_sentences_with_marks() {
        for (html, segments) in [
            ("<p>Un <b>mot</b> de M. Bach. Deux.</p>", vec!["Un <x1>mot</x1> de M. Bach.", "Deux."]),
            ("<p>Un <b>mot. Deux</b> mots.</p>", vec!["Un <x1>mot. Deux</x1> mots."]),
            ("<p><b>Un mot. Deux mots.</b></p>", vec!["Un mot.", "Deux mots."]),
            ("<p>Un.<b> Deux. Trois.</b> Quatre.</p>", vec!["Un.", "Deux.", "Trois.", "Quatre."]),
            ("Un<p>Deux</p>Trois", vec!["Un", "Deux", "Trois"]),
            ("<ul><li>a<ul><li>b</li></ul>c</li></ul>", vec!["a", "b", "c"]),
            ("<p>Un<br>deux.<br>Trois<br><br>Quatre<br></p>", vec!["Un<x1/>deux.", "Trois", "Quatre"]),
            ("<p>Tapez <code>a. B</code> ou <kbd>x</kbd>.</p><pre>rien</pre>", vec!["Tapez <x1/> ou <x2/>."]),
            ("<p>Le <span translate=no>Stade de France</span> ouvre.</p>", vec!["Le <x1/> ouvre."]),
            ("<p>Le <i class='x notranslate'>Stade</i> ouvre.</p><p translate=no>Non</p>", vec!["Le <x1/> ouvre."]),
            ("<p>12 %</p><p>– <b>3</b></p><p>&nbsp;</p>", vec![]),
            ("<a href='https://example.org'><div>Bloc</div></a>", vec!["Bloc"]),
            ("<p><img src='https://example.org/a' alt='Un chat'>Texte.</p>", vec!["Un chat", "Texte."]),
            ("<p><img alt=\"x > y\" src=https://example.org/photo.jpg>Texte.</p>", vec!["x &gt; y", "Texte."]),
            ("<p>Un <a title='Bulle' href='https://example.org'>lien</a> ici.</p>", vec!["Un <x1>lien</x1> ici.", "Bulle"]),
            ("<p>Un <picture><img src='https://example.org/a' alt='Mot'></picture> ici</p>", vec!["Un <x1/> ici", "Mot"]),
            ("<p>R&amp;D &lt;b&gt;</p>", vec!["R&amp;D &lt;b&gt;"]),
        ] {
            assert_eq!(tagged(html), segments, "{html}");
        }
    }

    #[test]
    fn segments_know_what_they_are() {
        let html = "<h2>A</h2><p>B</p><ul><li><p>C</p></li></ul><blockquote><p>D</p></blockquote>\
            <table><caption>E</caption><tr><td>F</td></tr></table><img src=https://example.org/ alt=G title=H><dl><dt>I</dl>";
        let kinds: Vec<_> = taken(html).segments().iter().map(|segment| segment.kind).collect();
        let mut expected = vec![K::Heading, K::Paragraph, K::ListItem, K::Quotation, K::Caption, K::Cell, K::Alt, K::Tooltip];
        expected.push(K::ListItem);
        assert_eq!(kinds, expected);
    }

    #[test]
    fn sentences_stand_as_the_language_of_the_translation_sets_them() {
        let into = |html: &str, from: &str, to: &str, texts: &[&str]| {
            let lang = |tag| Lang::new(tag).expect("a tag");
            let segmented = segment(&cleaned(html), &lang(from));
            let texts: Vec<_> = texts.iter().map(|text| Marked::from_tagged(text)).collect();
            assemble(&segmented, &texts, (&lang(from), &lang(to))).expect("fits").0
        };
        let three = "<p>Un. <b>Deux.</b> Trois.</p><p>Quatre.</p>";
        assert_eq!(into(three, "fr", "zh", &["一。", "二。", "三。", "四。"]), "<p>一。<b>二。</b>三。</p><p>四。</p>");
        assert_eq!(into(three, "fr", "ko", &["A.", "B.", "C.", "D."]), "<p>A. <b>B.</b> C.</p><p>D.</p>");
    }

    #[test]
    fn text_that_is_left_states_its_direction_where_it_differs() {
        let arabic = Lang::new("ar").expect("a tag");
        let out = assemble(&taken("<p>Un. Deux.</p>"), &[Some(Marked::text("واحد.")), None], (&french(), &arabic));
        assert_eq!(out.expect("fits").0, "<p>واحد. <span lang=\"fr\" dir=\"ltr\">Deux.</span></p>");
    }

    #[test]
    fn marks_come_back_in_another_order() {
        let html = "<p>Le <b>grand</b> <a href=\"https://example.org/?a=1&amp;b=2\">chat</a><br>noir & blanc</p>";
        let translated = with(html, &["<x2>cat</x2> <x3/>The <x1>big & <</x1>".replace("<<", "&lt;<").as_str()]).expect("fits");
        assert_eq!(
            translated,
            "<p><a href=\"https://example.org/?a=1&amp;b=2\" rel=\"noopener noreferrer\">cat</a> <br>The <b>big &amp; &lt;</b></p>"
        );
        assert_eq!(with("<p>a <b>c</b> <i>d</i></p>", &["<x2>D<x1>C</x1></x2> A"]).expect("fits"), "<p><i>D<b>C</b></i> A</p>");
    }

    #[test]
    fn marks_that_do_not_fit_are_refused() {
        let html = "<p>Un.</p><p>a <a href=https://example.org/>b</a> <a href=https://example.org/>c</a></p>";
        for (translation, fault) in [
            ("a <x1>b</x1> c", MarkFault::Changed),
            ("a <x1>b</x1> <x2>c</x2> <x2></x2>", MarkFault::Changed),
            ("a <x1>b</x1> <x3>c</x3>", MarkFault::Changed),
            ("a <x1>b <x2>c</x1></x2>", MarkFault::Crossed),
            ("</x1>a<x1> <x2></x2>", MarkFault::Crossed),
            ("a <x1>b <x2>c</x2></x1>", MarkFault::LinkInLink),
        ] {
            assert_eq!(with(html, &["One.", translation]), Err(AssembleError::Marks { segment: 1, fault }), "{translation}");
        }
        assert_eq!(with(html, &["One."]), Err(AssembleError::Count { given: 1, segments: 2 }));
    }

    #[test]
    fn edited_translation_may_leave_out_marks_and_no_other() {
        let html = "<p>a <a href=https://example.org/>b</a> <b>c</b><br>d</p>";
        let edited = |text: &str| {
            let text = Marked::from_tagged(text).expect("well-formed");
            assemble_edited(&taken(html), &[Some(text)], &[true], (&french(), &english())).map(|html| html.0)
        };
        assert_eq!(edited("A <x2>C</x2> B D"), Ok("<p>A <b>C</b> B D</p>".to_owned()));
        assert_eq!(edited("All of it"), Ok("<p>All of it</p>".to_owned()));
        for wrong in ["A <x9>C</x9>", "<x2>C</x2> <x2>C</x2>", "<x1>B <x2>C</x1></x2>", "<x2>C"] {
            assert!(edited(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn direction_goes_with_the_language_that_had_it() {
        let html = "<p dir=rtl>Un.</p><p dir=rtl>Deux.</p><p dir=auto>Trois.</p>";
        assert_eq!(
            with(html, &["One.", "-", "Three."]).expect("fits"),
            "<p>One.</p><p lang=\"fr\" dir=\"rtl\">Deux.</p><p dir=\"auto\">Three.</p>"
        );
        assert_eq!(identity(&taken(html)), cleaned(html).as_str());
    }

    #[test]
    fn what_is_not_translated_says_its_language() {
        for (html, translations, expected) in [
            ("<p>Un.</p><p>Deux.</p>", vec!["One.", "-"], "<p>One.</p><p lang=\"fr\">Deux.</p>"),
            ("<p>Un.</p><p>Deux.</p>", vec!["-", "-"], "<p>Un.</p><p>Deux.</p>"),
            ("<p>Un. Deux.</p>", vec!["One.", "-"], "<p>One. <span lang=\"fr\">Deux.</span></p>"),
            ("Un.<p>Deux.</p>", vec!["-", "Two."], "<span lang=\"fr\">Un.</span><p>Two.</p>"),
            (
                "<ul><li>a<ul><li>b</li></ul></li></ul>",
                vec!["-", "B"],
                "<ul><li><span lang=\"fr\">a</span><ul><li>B</li></ul></li></ul>",
            ),
            (
                "<p>x</p><ul><li>a<ul><li>b</li></ul></li></ul>",
                vec!["X", "-", "-"],
                "<p>X</p><ul><li lang=\"fr\">a<ul><li>b</li></ul></li></ul>",
            ),
            ("<p lang=\"fr\">Un <i lang=\"fr-CA\">mot</i>.</p>", vec!["A <x1>word</x1>."], "<p>A <i>word</i>.</p>"),
            ("<p>x</p><p lang=\"en\">Fair play.</p>", vec!["X", "-"], "<p>X</p><p lang=\"en\">Fair play.</p>"),
        ] {
            assert_eq!(with(html, &translations).expect("fits"), expected);
        }
    }

    #[test]
    fn translations_cannot_bring_in_markup() {
        let html = "<p title='Bulle'>Un</p>";
        let texts = [Some(Marked::text("\"><script>x</script>")), Some(Marked::text("<img src=x>"))];
        let out = assemble(&taken(html), &texts, (&french(), &english())).expect("fits").0;
        assert_eq!(out, "<p title=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;\">&lt;img src=x&gt;</p>");
    }

    #[test]
    fn hostile_markup_has_no_segments_and_stays() {
        let html = Clean::from_cleaner("<div>".repeat(20_000) + "x");
        let taken = segment(&html, &french());
        assert!(taken.segments().is_empty());
        assert_eq!(identity(&taken), html.as_str());
    }

    /// HTML as no author would write it: elements of each sort in each other, open, closed and crossed.
    fn markup() -> impl Strategy<Value = String> {
        let names = prop::sample::select(vec![
            "p",
            "div",
            "b",
            "i",
            "em",
            "strong",
            "span",
            "a",
            "ul",
            "ol",
            "li",
            "table",
            "tr",
            "td",
            "th",
            "caption",
            "tbody",
            "h2",
            "blockquote",
            "pre",
            "code",
            "kbd",
            "figure",
            "figcaption",
            "picture",
            "video",
            "dl",
            "dt",
            "dd",
            "details",
            "summary",
            "sup",
            "q",
            "ruby",
            "rt",
            "time",
            "section",
            "script",
            "button",
        ]);
        let attributes = prop::sample::select(vec![
            "",
            "",
            "",
            " title='Une <b> & \"bulle\"'",
            " lang=fr",
            " lang=en",
            " translate=no",
            " class=notranslate",
            " href='https://example.org/?a=1&b=2'",
        ]);
        let token = prop_oneof![
            3 => (names.clone(), attributes).prop_map(|(name, attributes)| format!("<{name}{attributes}>")),
            3 => names.prop_map(|name| format!("</{name}>")),
            1 => prop::sample::select(vec![
                "<br>", "<hr>", "<wbr>", "<img src='https://example.org/a.jpg' alt='Un \"chat\" &amp; un chien' title=Bulle>",
                "<!-- un <b>commentaire</b> -->", "<source src='https://example.org/a.mp4'>", "<col>", "<svg><p>x</svg>", "<",
            ]).prop_map(str::to_owned),
            6 => prop::sample::select(vec![
                "Le chat.", " Un autre ", "mot", " ", "\n", "&nbsp;", "&amp;eacute;", "&lt;p&gt;", "«&nbsp;Oui.&nbsp;» ", "M. ", "Fin. ",
                "12", "… ", "\"", "é\u{2028}", "? ", "\r\n", "\u{202f}!", ". ",
            ]).prop_map(str::to_owned),
        ];
        prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn identity_gives_the_document_back(html in markup()) {
            let clean = cleaned(&html);
            let taken = segment(&clean, &french());
            prop_assert_eq!(identity(&taken), clean.as_str(), "byte for byte");
            let none = assemble(&taken, &vec![None; taken.segments().len()], (&french(), &english())).expect("nothing to fit").0;
            prop_assert_eq!(none, clean.as_str());
            for segment in taken.segments() {
                prop_assert!(segment.text.is_translatable() && segment.text.is_well_nested());
                let first_or_last_is_space = segment.text.to_tagged().starts_with(' ') || segment.text.to_tagged().ends_with(' ');
                prop_assert!(!first_or_last_is_space, "{:?}", segment);
            }
        }

        #[test]
        fn no_markup_is_lost_whatever_is_translated(html in markup(), upper in any::<u64>(), left in any::<u64>()) {
            let taken = taken(&html);
            let bit = |bits: u64, at: usize| bits >> (at % 64) & 1 == 1;
            let translate = |(at, segment): (usize, &Segment)| (!bit(left, at)).then(|| {
                let backwards = |text: &String| if bit(upper, at) { text.to_uppercase() } else { text.replace('a', "<z>") };
                Marked::new(segment.text.pieces().iter().map(|piece| match piece {
                    Piece::Text(text) => Piece::Text(backwards(text)),
                    mark => mark.clone(),
                }))
            });
            let translations: Vec<_> = taken.segments().iter().enumerate().map(translate).collect();
            let out = assemble(&taken, &translations, (&french(), &english())).expect("the same marks").0;
            let count = |html: &str| ["<p", "<a ", "<b", "<img", "<li", "<td", "<br"].map(|tag| html.matches(tag).count());
            prop_assert_eq!(count(&out), count(cleaned(&html).as_str()));
        }
    }
}
