//! Marked text: the text of a segment, with numbered marks in place of its inline markup. Engines are sent this and the memory
//! stores this, never HTML: no engine can lose a link's address or bring in markup of its own.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// A piece of marked text. Marks are numbered from 1 in the order of the source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Piece {
    /// Characters, without markup and without escapes.
    Text(String),
    /// The start of an inline element: `<a href="…">`.
    Open(u16),
    /// The end of an inline element.
    Close(u16),
    /// An opaque element within the line: a `br`, an image, code, a protected term.
    Single(u16),
}

/// The role of a segment in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SegmentKind {
    /// The headline of an entry.
    Title,
    /// `h1` to `h6`.
    Heading,
    /// Running text.
    Paragraph,
    /// An item of a list, a term, or its definition.
    ListItem,
    /// A cell of a table.
    Cell,
    /// The caption of a table or a figure, or the summary of a `details`.
    Caption,
    /// Quoted text.
    Quotation,
    /// The `alt` text of an image.
    Alt,
    /// The `title` of an element.
    Tooltip,
}

/// Marked text: text with numbered marks in place of inline markup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marked(Vec<Piece>);

impl Marked {
    /// Makes marked text of pieces: adjacent texts are joined, empty ones are dropped.
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut kept: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (kept.last_mut(), piece) {
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
                (_, Piece::Text(text)) if text.is_empty() => {}
                (_, piece) => kept.push(piece),
            }
        }
        Self(kept)
    }

    /// Makes marked text without marks.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new([Piece::Text(text.into())])
    }

    /// Returns the pieces in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Returns the characters without the marks.
    pub fn plain(&self) -> String {
        self.texts().collect()
    }

    /// Returns true if there is a letter to translate. Numbers and punctuation alone are never sent.
    pub fn is_translatable(&self) -> bool {
        self.texts().any(|text| text.chars().any(char::is_alphabetic))
    }

    /// Returns true if all words are addresses of the web or of e-mail, handles (`@x`) or hashtags (`#x`), and there is one.
    pub fn is_reference(&self) -> bool {
        let plain = self.plain();
        let mut words = plain.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).peekable();
        words.peek().is_some() && words.all(is_reference)
    }

    /// Returns the marks, sorted: equal for two segments if and only if they have the same marks equally often.
    pub fn marks(&self) -> Vec<Piece> {
        let mut marks: Vec<Piece> = self.0.iter().filter(|piece| !matches!(piece, Piece::Text(_))).cloned().collect();
        marks.sort_unstable();
        marks
    }

    /// Returns true if each pair is closed after it was opened, and before the pair around it.
    pub fn is_well_nested(&self) -> bool {
        let mut open = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Open(number) => open.push(*number),
                Piece::Close(number) if open.pop() != Some(*number) => return false,
                _ => {}
            }
        }
        open.is_empty()
    }

    /// Returns the text without its marks, for an engine that could not keep them.
    #[must_use]
    pub fn without_marks(&self) -> Self {
        Self::text(self.plain())
    }

    /// Returns the form that is compared, sent and remembered: NFC, each run of white space one space, none at the ends, no-break
    /// spaces kept. White space runs across the marks of pairs; a single mark is something between two words.
    #[must_use]
    pub fn normalised(&self) -> Self {
        self.with_spaces_joined(false)
    }

    /// Returns the form that is hashed for the memory. In it white space runs across single marks, too, as it once did in what was
    /// sent: what was translated then is found.
    pub(super) fn key_form(&self) -> Self {
        self.with_spaces_joined(true)
    }

    fn with_spaces_joined(&self, across_singles: bool) -> Self {
        let mut pieces = Vec::with_capacity(self.0.len());
        let mut after_space = true;
        let is_crossed = |mark: &Piece| across_singles || !matches!(mark, Piece::Single(_));
        for piece in &self.0 {
            let Piece::Text(text) = piece else {
                after_space &= is_crossed(piece);
                pieces.push(piece.clone());
                continue;
            };
            let mut line = String::with_capacity(text.len());
            for c in nfc(text).chars() {
                let space = is_breaking_space(c);
                if !(space && after_space) {
                    line.push(if space { ' ' } else { c });
                }
                after_space = space;
            }
            pieces.push(Piece::Text(line));
        }
        let last = pieces.iter_mut().rev().take_while(|piece| is_crossed(piece)).find_map(|piece| match piece {
            Piece::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        });
        if let Some(text) = last.filter(|text| text.ends_with(' ')) {
            text.pop();
        }
        Self::new(pieces)
    }

    /// Writes the canonical form: `<x1>…</x1>` for a pair, `<x2/>` for a single mark, and `&`, `<`, `>` of the text escaped.
    pub fn to_tagged(&self) -> String {
        let mut out =
            String::with_capacity(self.0.iter().map(|piece| if let Piece::Text(t) = piece { t.len() } else { 6 }).sum());
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => escape_into(&mut out, text),
                Piece::Open(number) => out.push_str(&format!("<x{number}>")),
                Piece::Close(number) => out.push_str(&format!("</x{number}>")),
                Piece::Single(number) => out.push_str(&format!("<x{number}/>")),
            }
        }
        out
    }

    /// Parses the canonical form. Returns nothing if there is a `<` that begins no mark. The caller checks that the marks are the
    /// right ones and well nested. Engines write `<x2 />` for `<x2/>` and bare ampersands: both are accepted.
    pub fn from_tagged(tagged: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = tagged;
        while let Some(at) = rest.find('<') {
            pieces.push(Piece::Text(unescape(&rest[..at])));
            let (piece, after) = parse_mark(&rest[at + 1..])?;
            pieces.push(piece);
            rest = after;
        }
        pieces.push(Piece::Text(unescape(rest)));
        Some(Self::new(pieces))
    }

    /// Gives the marks the form that they have in `source`: XML tools write an empty pair for a single mark, and
    /// a single mark for an empty pair.
    #[must_use]
    pub fn shaped_like(self, source: &Self) -> Self {
        let marks = source.marks();
        let had = |mark: Piece| marks.binary_search(&mark).is_ok();
        let mut shaped: Vec<Piece> = Vec::with_capacity(self.0.len());
        for piece in self.0 {
            match piece {
                Piece::Close(n) if shaped.last() == Some(&Piece::Open(n)) && had(Piece::Single(n)) => {
                    shaped.pop();
                    shaped.push(Piece::Single(n));
                }
                Piece::Single(n) if !had(Piece::Single(n)) && had(Piece::Open(n)) => {
                    shaped.extend([Piece::Open(n), Piece::Close(n)]);
                }
                piece => shaped.push(piece),
            }
        }
        Self::new(shaped)
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None })
    }
}

fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { ComposingNormalizerBorrowed::new_nfc().normalize(text) }
}

/// Returns true for white space at which a line may break: all but the no-break spaces.
fn is_breaking_space(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}')
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

/// Unescapes text. An `&` that begins none of the references that XML defines is an ampersand.
fn unescape(text: &str) -> String {
    const REFERENCES: [(&str, char); 6] =
        [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\''), ("&#39;", '\'')];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, c) =
            REFERENCES.iter().find(|(name, _)| rest.starts_with(name)).map_or((1, '&'), |(name, c)| (name.len(), *c));
        out.push(c);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// Parses the rest of a mark after its `<`. Returns the mark and the text after it.
fn parse_mark(rest: &str) -> Option<(Piece, &str)> {
    let (closing, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
    let digits = rest.strip_prefix('x')?;
    let length = digits.bytes().take(6).take_while(u8::is_ascii_digit).count();
    let (number, rest) = digits.split_at(length);
    if number.starts_with('0') {
        return None;
    }
    let number = number.parse().ok()?;
    let spaced = rest.trim_start_matches(' ');
    match (closing, spaced.strip_prefix("/>"), spaced.strip_prefix('>')) {
        (false, Some(after), _) => Some((Piece::Single(number), after)),
        (false, _, Some(after)) => Some((Piece::Open(number), after)),
        (true, _, Some(after)) => Some((Piece::Close(number), after)),
        _ => None,
    }
}

/// Returns true for an address, a handle or a hashtag, which may stand in brackets and before punctuation.
fn is_reference(word: &str) -> bool {
    let word = word.trim_matches(|c: char| {
        matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | '«' | '»' | '"' | ',' | ';' | ':' | '.' | '!' | '?')
    });
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@'));
    let has_scheme = ["http://", "https://", "mailto:"].iter().any(|scheme| word.starts_with(scheme)) || word.starts_with("www.");
    let is_mail = || word.split_once('@').is_some_and(|(user, host)| is_name(user) && is_name(host) && host.contains('.'));
    has_scheme || is_mail() || word.strip_prefix(['@', '#']).is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(tagged: &str) -> Marked {
        Marked::from_tagged(tagged).unwrap_or_else(|| panic!("{tagged} is well-formed"))
    }

    #[test]
    fn canonical_form_is_parsed_as_engines_write_it() {
        for (written, canonical) in [
            ("Le <x1>CIO</x1> & Paris", "Le <x1>CIO</x1> &amp; Paris"),
            ("a<x2 />b<x1 >c</x1 >", "a<x2/>b<x1>c</x1>"),
            ("1 &lt; 2 > 0 &amp;amp; l&apos;or &bogus;", "1 &lt; 2 &gt; 0 &amp;amp; l'or &amp;bogus;"),
            ("", ""),
        ] {
            assert_eq!(parse(written).to_tagged(), canonical, "{written}");
        }
        for malformed in ["<", "a < b", "<x>", "<x0>", "<x01>", "<x65536>", "</x1/>", "<b>", "<x1", "<x1 y>", "<X1>", "<x１>"] {
            assert_eq!(Marked::from_tagged(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn marks_are_compared_as_a_multiset_and_nesting_is_checked() {
        let source = parse("<x1>Le <x2>CIO</x2></x1><x3/>");
        assert_eq!(source.marks(), parse("<x3/>The <x2><x1>IOC</x1></x2>").marks());
        assert_ne!(source.marks(), parse("<x1>The <x2>IOC</x2></x1>").marks(), "one is lost");
        assert_ne!(source.marks(), parse("<x1>The <x2>IOC</x2></x1><x3/><x3/>").marks(), "one is doubled");
        assert!(source.is_well_nested());
        for wrong in ["<x1>a<x2>b</x1>c</x2>", "</x1>a<x1>", "<x1>a", "a</x1>"] {
            assert!(!parse(wrong).is_well_nested(), "{wrong}");
        }
    }

    #[test]
    fn only_text_with_a_letter_is_translatable() {
        assert!(parse("<x1>É</x1>").is_translatable());
        for nothing in ["", " \u{a0}", "3,5 – 12 %", "…", "<x1/> (<x2>2024</x2>) !", "★ €"] {
            assert!(!parse(nothing).is_translatable(), "{nothing}");
        }
    }

    #[test]
    fn normalised_form_joins_white_space() {
        assert_eq!(
            parse("\n Le\t<x1> e\u{301}quipe\u{a0}! </x1>\n ").normalised().to_tagged(),
            "Le <x1>équipe\u{a0}!</x1>",
            "white space runs across marks too"
        );
        assert_eq!(parse("a <x1/> b <x2/>").normalised().to_tagged(), "a <x1/> b <x2/>");
        assert_eq!(parse("a <x1/> b").key_form(), parse("a <x1/>b"), "keys are as they were");
    }

    #[test]
    fn marks_get_the_form_of_the_source() {
        let source = parse("a<x1/>b<x2></x2>");
        assert_eq!(parse("<x1></x1>A<x2/>B").shaped_like(&source), parse("<x1/>A<x2></x2>B"));
        assert_eq!(parse("<x1>A</x1>").shaped_like(&source), parse("<x1>A</x1>"), "text in a single mark is a fault");
    }

    fn piece() -> impl Strategy<Value = Piece> {
        prop_oneof![
            "[ <>&;/x1a-z\u{a0}é\n]{0,8}".prop_map(Piece::Text),
            any::<String>().prop_map(Piece::Text),
            (1_u16..).prop_map(Piece::Open),
            (1_u16..).prop_map(Piece::Close),
            (1_u16..).prop_map(Piece::Single),
        ]
    }

    proptest! {
        #[test]
        fn canonical_form_round_trips(pieces in prop::collection::vec(piece(), 0..12)) {
            let marked = Marked::new(pieces);
            prop_assert_eq!(Marked::from_tagged(&marked.to_tagged()), Some(marked));
        }

        #[test]
        fn any_input_is_parsed_or_refused(text in "[<x/>1 &;a-z0-9é]{0,40}") {
            if let Some(marked) = Marked::from_tagged(&text) {
                prop_assert_eq!(Marked::from_tagged(&marked.to_tagged()), Some(marked));
            }
        }

        #[test]
        fn normalising_twice_changes_nothing(pieces in prop::collection::vec(piece(), 0..12)) {
            let once = Marked::new(pieces).normalised();
            prop_assert_eq!(once.normalised(), once);
        }
    }
}
