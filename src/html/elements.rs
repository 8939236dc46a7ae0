//! The one table of the elements of HTML: what each is to parsers, to lines of text and to translation.
//!
//! Lists that are a policy (what the cleaner allows, what readability skips) stand where the policy is.

/// The properties of an element. An unknown one has none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits(u16);

/// Has no end tag and no content (HTML §13.1.2, and the obsolete ones of §13.3).
const VOID: u16 = 1;
/// Its content is text without markup or references (HTML §13.1.2).
const RAW: u16 = 1 << 1;
/// Its content is text with references and without markup.
const RCDATA: u16 = 1 << 2;
/// Stands on lines of its own.
const BLOCK: u16 = 1 << 3;
/// Ends a line of text, without being a block that can be dropped when it is empty.
const BREAK: u16 = 1 << 4;
/// Parts two words that stand before and after it in a line.
const PARTS: u16 = 1 << 5;
/// Stands in a line and may be kept by the cleaner (HTML §3.2.5.2.5, phrasing content).
const PHRASING: u16 = 1 << 6;
/// Its content is no text to translate.
const OPAQUE: u16 = 1 << 7;
/// Is opened again in each block that follows if it is not closed (HTML §13.2.4.2).
const FORMATTING: u16 = 1 << 8;
/// Is closed by the next of its kind, so that many unclosed ones make no depth.
const OPTIONAL_END: u16 = 1 << 9;
/// Ends an open `<p>` (HTML §13.2.6.4.7).
const ENDS_P: u16 = 1 << 10;
/// Means something without content, or holds a place in a table.
const SHOWN: u16 = 1 << 11;
/// A paragraph may stand in it.
const HOLDS_P: u16 = 1 << 12;

/// Sorted by name.
#[rustfmt::skip]
const TABLE: &[(&str, u16)] = &[
    ("a", PHRASING | FORMATTING), ("abbr", PHRASING), ("acronym", PHRASING), ("address", BLOCK | ENDS_P), ("area", VOID | SHOWN),
    ("article", BLOCK | ENDS_P | HOLDS_P), ("aside", BLOCK | ENDS_P | HOLDS_P), ("audio", PHRASING | OPAQUE | SHOWN | PARTS),
    ("b", PHRASING | FORMATTING), ("base", VOID), ("basefont", VOID), ("bdi", PHRASING), ("bdo", PHRASING), ("bgsound", VOID),
    ("big", PHRASING | FORMATTING), ("blockquote", BLOCK | ENDS_P | HOLDS_P), ("body", HOLDS_P), ("br", VOID | BREAK | SHOWN),
    ("button", PARTS), ("canvas", SHOWN | PARTS), ("caption", BREAK | SHOWN), ("center", BLOCK | ENDS_P | HOLDS_P),
    ("cite", PHRASING), ("code", PHRASING | OPAQUE | FORMATTING), ("col", VOID | SHOWN), ("colgroup", SHOWN), ("data", PHRASING),
    ("dd", BLOCK | ENDS_P | OPTIONAL_END | HOLDS_P), ("del", PHRASING), ("details", BLOCK | ENDS_P | HOLDS_P), ("dfn", PHRASING),
    ("dialog", BLOCK | ENDS_P), ("dir", BREAK | ENDS_P), ("div", BLOCK | ENDS_P | HOLDS_P), ("dl", BLOCK | ENDS_P),
    ("dt", BLOCK | ENDS_P | OPTIONAL_END), ("em", PHRASING | FORMATTING), ("embed", VOID | PARTS),
    ("fieldset", BLOCK | ENDS_P | HOLDS_P), ("figcaption", BLOCK | ENDS_P), ("figure", BLOCK | ENDS_P | HOLDS_P),
    ("font", PHRASING | FORMATTING), ("footer", BLOCK | ENDS_P | HOLDS_P), ("form", BLOCK | ENDS_P | HOLDS_P), ("frame", VOID),
    ("h1", BLOCK | ENDS_P), ("h2", BLOCK | ENDS_P), ("h3", BLOCK | ENDS_P), ("h4", BLOCK | ENDS_P), ("h5", BLOCK | ENDS_P),
    ("h6", BLOCK | ENDS_P), ("header", BLOCK | ENDS_P | HOLDS_P), ("hgroup", BREAK | ENDS_P), ("hr", VOID | BREAK | ENDS_P | SHOWN),
    ("html", HOLDS_P), ("i", PHRASING | FORMATTING), ("iframe", RAW | SHOWN | PARTS), ("img", VOID | SHOWN | PARTS),
    ("input", VOID | SHOWN | PARTS), ("ins", PHRASING), ("kbd", PHRASING | OPAQUE), ("keygen", VOID), ("legend", BREAK),
    ("li", BLOCK | ENDS_P | OPTIONAL_END | HOLDS_P), ("link", VOID), ("main", BLOCK | ENDS_P | HOLDS_P), ("mark", PHRASING),
    ("menu", BLOCK | ENDS_P), ("meta", VOID), ("meter", SHOWN | PARTS), ("nav", BLOCK | ENDS_P | HOLDS_P), ("nobr", FORMATTING),
    ("noembed", RAW), ("noframes", RAW), ("object", PARTS), ("ol", BLOCK | ENDS_P), ("optgroup", PARTS),
    ("option", OPTIONAL_END | SHOWN | PARTS), ("p", BLOCK | ENDS_P | OPTIONAL_END), ("param", VOID), ("picture", PHRASING | OPAQUE | PARTS),
    ("pre", BREAK | OPAQUE | ENDS_P | SHOWN), ("progress", SHOWN | PARTS), ("q", PHRASING), ("rp", PHRASING), ("rt", PHRASING),
    ("rtc", PHRASING), ("ruby", PHRASING), ("s", PHRASING | FORMATTING), ("samp", PHRASING | OPAQUE), ("script", RAW),
    ("section", BLOCK | ENDS_P | HOLDS_P), ("select", SHOWN | PARTS), ("small", PHRASING | FORMATTING), ("source", VOID | SHOWN | PARTS),
    ("span", PHRASING), ("strike", PHRASING | FORMATTING), ("strong", PHRASING | FORMATTING), ("style", RAW), ("sub", PHRASING),
    ("summary", BLOCK | ENDS_P), ("sup", PHRASING), ("table", BREAK | ENDS_P | SHOWN), ("tbody", BREAK | OPTIONAL_END | SHOWN),
    ("td", BREAK | OPTIONAL_END | SHOWN | HOLDS_P), ("textarea", RCDATA | SHOWN | PARTS), ("tfoot", BREAK | OPTIONAL_END | SHOWN),
    ("th", BREAK | OPTIONAL_END | SHOWN | HOLDS_P), ("thead", BREAK | OPTIONAL_END | SHOWN), ("time", PHRASING), ("title", RCDATA),
    ("tr", BREAK | OPTIONAL_END | SHOWN), ("track", VOID | SHOWN), ("tt", PHRASING | FORMATTING), ("u", PHRASING | FORMATTING),
    ("ul", BLOCK | ENDS_P), ("var", PHRASING | OPAQUE), ("video", PHRASING | OPAQUE | SHOWN | PARTS), ("wbr", VOID | SHOWN),
    ("xmp", RAW | BREAK),
];
/// No name in the table is longer.
const LONGEST: usize = 10;

/// The places where the names of each letter begin in the table, and the end of the last: half of the time of reading can be spent
/// here.
const STARTS: [usize; 27] = starts();

const fn starts() -> [usize; 27] {
    let mut starts = [TABLE.len(); 27];
    let mut at = TABLE.len();
    while at > 0 {
        at -= 1;
        starts[(TABLE[at].0.as_bytes()[0] - b'a') as usize] = at;
    }
    // A letter without names begins where the next one does.
    let mut letter = 26;
    while letter > 0 {
        letter -= 1;
        if starts[letter] > starts[letter + 1] {
            starts[letter] = starts[letter + 1];
        }
    }
    starts
}

/// Finds an element by its name, in whatever case.
pub(crate) fn find(name: &str) -> Traits {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..name.len()) else { return Traits::default() };
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    let Some(letter @ b'a'..=b'z') = lower.first() else { return Traits::default() };
    let letter = usize::from(letter - b'a');
    let names = &TABLE[STARTS[letter]..STARTS[letter + 1]];
    names.iter().find(|(known, _)| known.as_bytes() == lower).map_or(Traits::default(), |(_, traits)| Traits(*traits))
}

impl Traits {
    const fn has(self, traits: u16) -> bool {
        self.0 & traits != 0
    }

    /// Returns true if the element has no end tag.
    pub(crate) const fn is_void(self) -> bool {
        self.has(VOID)
    }

    /// Returns true if the content is text without markup.
    pub(crate) const fn is_raw_text(self) -> bool {
        self.has(RAW | RCDATA)
    }

    /// Returns true if text without markup in it has character references all the same.
    pub(crate) const fn has_references(self) -> bool {
        self.has(RCDATA)
    }

    /// Returns true if the element is a block, which shows nothing when it is empty.
    pub(crate) const fn is_block(self) -> bool {
        self.has(BLOCK)
    }

    /// Returns true if text before and after the element stands on different lines.
    pub(crate) const fn breaks_line(self) -> bool {
        self.has(BLOCK | BREAK)
    }

    /// Returns true if text before and after the element is of two words.
    pub(crate) const fn parts_words(self) -> bool {
        self.has(PARTS)
    }

    /// Returns true if the element stands in a line.
    pub(crate) const fn is_phrasing(self) -> bool {
        self.has(PHRASING)
    }

    /// Returns true if the content is no text to translate.
    pub(crate) const fn is_opaque(self) -> bool {
        self.has(OPAQUE)
    }

    /// Returns true if the element is opened again in each block that follows.
    pub(crate) const fn is_formatting(self) -> bool {
        self.has(FORMATTING)
    }

    /// Returns true if the next of its kind closes the element.
    pub(crate) const fn has_optional_end(self) -> bool {
        self.has(OPTIONAL_END)
    }

    /// Returns true if the element ends an open paragraph.
    pub(crate) const fn ends_paragraph(self) -> bool {
        self.has(ENDS_P)
    }

    /// Returns true if the element means something without content.
    pub(crate) const fn is_shown_empty(self) -> bool {
        self.has(SHOWN)
    }

    /// Returns true if a paragraph may stand in the element.
    pub(crate) const fn holds_paragraphs(self) -> bool {
        self.has(HOLDS_P)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_names_fit() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0), "names of one letter stand together");
        assert!(
            TABLE
                .iter()
                .all(|(name, _)| name.len() <= LONGEST && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
        );
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert!(find("BR").is_void() && find("bR").breaks_line());
        assert!(find("Script").is_raw_text() && !find("script").has_references() && find("title").has_references());
        assert!(TABLE.iter().all(|(name, traits)| find(name) == Traits(*traits)), "each name is found");
        for unknown in ["", "1", "z", "amp-img", "é", "blockquotes", "scripted"] {
            assert_eq!(find(unknown), Traits::default(), "{unknown}");
        }
    }

    #[test]
    fn no_element_is_both_a_block_and_part_of_a_line() {
        assert!(TABLE.iter().all(|(_, traits)| traits & (BLOCK | BREAK) == 0 || traits & PHRASING == 0));
        assert!(TABLE.iter().all(|(_, traits)| traits & BLOCK == 0 || traits & ENDS_P != 0), "each block ends a paragraph");
    }
}
