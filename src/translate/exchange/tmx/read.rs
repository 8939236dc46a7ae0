//! Reads TMX of any tool.

use std::collections::{HashMap, VecDeque};
use std::io::Read;

use super::super::decode::DecodedInput;
use super::super::xml::{Tag, Token, XmlTokens};
use super::super::{ExchangeError, ExchangeRow, MAX_TEXT, SkipReason, TranslationPair, check_pair};
use super::inline::{Inline, MarkName, number_marks};
use super::{ENGINE, KEY, parse_date};
use crate::model::{Lang, SegmentKey, Time};

/// The most languages of one unit: with `*all*`, each is translated into each.
const MAX_TEXTS: usize = 32;
/// The most parts of one segment.
const MAX_PARTS: usize = 4096;

/// Reads units one by one.
pub(in super::super) struct TmxReader<R: Read> {
    xml: XmlTokens<R>,
    /// The source language of units that name none; nothing if every language is a source.
    source: Option<Lang>,
    /// The remaining rows of the last unit.
    rows: VecDeque<ExchangeRow>,
    is_begun: bool,
    is_over: bool,
}

/// The `seg` of a `tuv`, or the reason to skip its row.
type ParsedSegment = Result<Vec<Inline>, SkipReason>;

/// A translation unit (`tu`).
#[derive(Default)]
struct TranslationUnit {
    source: Option<String>,
    made: Option<Time>,
    engine: Option<String>,
    key: Option<SegmentKey>,
    texts: Vec<(Option<Lang>, ParsedSegment)>,
}

impl<R: Read> TmxReader<R> {
    pub(in super::super) fn new(text: DecodedInput<R>) -> Self {
        Self { xml: XmlTokens::new(text), source: None, rows: VecDeque::new(), is_begun: false, is_over: false }
    }

    /// Reads the next unit. Returns false at the end.
    fn read_next_unit(&mut self) -> Result<bool, ExchangeError> {
        loop {
            match self.xml.next_token()? {
                Token::Over if self.is_begun => return Ok(false),
                Token::Over => return Err(ExchangeError::NotTmx(String::new())),
                Token::Start(tag) if !self.is_begun => {
                    if tag.name != "tmx" {
                        return Err(ExchangeError::NotTmx(tag.name.chars().take(60).collect()));
                    }
                    self.is_begun = true;
                }
                Token::Start(tag) => match tag.name.as_str() {
                    "header" => {
                        self.source = tag.get("srclang").and_then(Lang::new);
                        self.xml.skip_element()?;
                    }
                    "tu" => {
                        let unit = self.read_unit(&tag)?;
                        self.rows.extend(unit_rows(unit, self.source.as_ref()));
                        return Ok(true);
                    }
                    // The element around the units.
                    "body" => {}
                    _ => self.xml.skip_element()?,
                },
                Token::End | Token::Text(_) => {}
            }
        }
    }

    fn read_unit(&mut self, tag: &Tag) -> Result<TranslationUnit, ExchangeError> {
        let date = ["changedate", "creationdate"].iter().find_map(|name| parse_date(tag.get(name)?));
        let mut unit =
            TranslationUnit { source: tag.get("srclang").map(ToOwned::to_owned), made: date, ..TranslationUnit::default() };
        let above = self.xml.depth() - 1;
        while self.xml.depth() > above {
            match self.xml.next_token()? {
                Token::Start(tag) if tag.name == "tuv" => {
                    if unit.texts.len() == MAX_TEXTS {
                        return Err(self.xml.too_much("a unit in more than 32 languages"));
                    }
                    let text = self.read_variant()?;
                    unit.texts.push((tag.lang(), text));
                }
                Token::Start(tag) if tag.name == "prop" => {
                    let value = self.xml.read_note()?;
                    match tag.get("type") {
                        Some(ENGINE) => unit.engine = Some(value).filter(|value| !value.is_empty()),
                        Some(KEY) => unit.key = SegmentKey::parse(&value),
                        _ => {}
                    }
                }
                Token::Start(_) => self.xml.skip_element()?,
                Token::End | Token::Text(_) => {}
                Token::Over => break,
            }
        }
        Ok(unit)
    }

    /// Reads the segment of a `tuv`.
    fn read_variant(&mut self) -> Result<ParsedSegment, ExchangeError> {
        let above = self.xml.depth() - 1;
        let mut found = Err(SkipReason::Empty);
        while self.xml.depth() > above {
            match self.xml.next_token()? {
                Token::Start(tag) if tag.name == "seg" && found.is_err() => found = self.read_segment()?,
                Token::Start(_) => self.xml.skip_element()?,
                Token::End | Token::Text(_) => {}
                Token::Over => break,
            }
        }
        Ok(found)
    }

    fn read_segment(&mut self) -> Result<ParsedSegment, ExchangeError> {
        let above = self.xml.depth() - 1;
        let (mut parts, mut length, mut pairs, mut singles) = (Vec::new(), 0, 0, 0);
        // For each open element the mark that its end closes; for each `bpt`, by its `i`, the mark that its `ept` closes.
        let (mut open, mut begun): (Vec<Option<MarkName>>, HashMap<String, MarkName>) = (Vec::new(), HashMap::new());
        while self.xml.depth() > above {
            match self.xml.next_token()? {
                Token::Text(text) => {
                    length += text.len();
                    if length <= MAX_TEXT {
                        parts.push(Inline::Text(text));
                    }
                }
                Token::Start(tag) => match tag.name.as_str() {
                    "bpt" => {
                        let name = mark_name(&tag, &mut pairs);
                        begun.insert(tag.get("i").unwrap_or_default().to_owned(), name.clone());
                        parts.push(Inline::Open(name));
                        self.xml.skip_element()?;
                    }
                    "ept" => {
                        // One without a beginning crosses another: no mark has this name.
                        let name = begun.remove(tag.get("i").unwrap_or_default()).unwrap_or(MarkName::Nth(0));
                        parts.push(Inline::Close(name));
                        self.xml.skip_element()?;
                    }
                    "ph" | "it" | "ut" => {
                        parts.push(Inline::Single(mark_name(&tag, &mut singles)));
                        self.xml.skip_element()?;
                    }
                    "hi" => {
                        let name = mark_name(&tag, &mut pairs);
                        parts.push(Inline::Open(name.clone()));
                        open.push(Some(name));
                    }
                    // The text of an unknown element is kept, as in HTML.
                    _ => open.push(None),
                },
                Token::End => parts.extend(open.pop().flatten().map(Inline::Close)),
                Token::Over => break,
            }
            if parts.len() > MAX_PARTS {
                return Err(self.xml.too_much("a segment of more than 4096 parts"));
            }
        }
        Ok(if length > MAX_TEXT { Err(SkipReason::TooLong) } else { Ok(parts) })
    }
}

impl<R: Read> Iterator for TmxReader<R> {
    type Item = Result<ExchangeRow, ExchangeError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.rows.is_empty() && !self.is_over {
            match self.read_next_unit() {
                Ok(more) => self.is_over = !more,
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        self.rows.pop_front().map(Ok)
    }
}

/// Makes the rows of a unit: from its source language into each other, or from each into each.
fn unit_rows(unit: TranslationUnit, header: Option<&Lang>) -> Vec<ExchangeRow> {
    if unit.texts.len() < 2 {
        return vec![Err(SkipReason::Empty)];
    }
    let texts: Vec<(Lang, ParsedSegment)> = unit.texts.into_iter().filter_map(|(lang, text)| Some((lang?, text))).collect();
    if texts.len() < 2 {
        return vec![Err(SkipReason::Language)];
    }
    // The unit overrides the header. `*all*` is no language.
    let source = unit.source.as_deref().map_or_else(|| header.cloned(), Lang::new);
    let sources: Vec<usize> = match &source {
        None => (0..texts.len()).collect(),
        Some(source) => {
            let exact = texts.iter().position(|(lang, _)| lang == source);
            exact.or_else(|| texts.iter().position(|(lang, _)| lang.primary() == source.primary())).into_iter().collect()
        }
    };
    if sources.is_empty() {
        return vec![Err(SkipReason::Source)];
    }
    // Another tool may have joined several of our units: then the key belongs to none of them.
    let key = unit.key.filter(|_| sources.len() == 1 && texts.len() == 2);
    let row = |from: usize, to: usize| -> ExchangeRow {
        let [(from, source), (to, target)] = [from, to].map(|at| &texts[at]);
        let (source, target) = (source.as_ref().map_err(|left| *left)?, target.as_ref().map_err(|left| *left)?);
        let (source, target) = number_marks(source, target, key.is_some()).ok_or(SkipReason::Marks)?;
        let (from, to) = (from.clone(), to.clone());
        check_pair(TranslationPair { from, to, source, target, engine: unit.engine.clone(), made: unit.made, key })
    };
    sources
        .iter()
        .flat_map(|from| (0..texts.len()).filter(move |to| to != from).map(move |to| (*from, to)))
        .map(|(from, to)| row(from, to))
        .collect()
}

/// Returns the name of a mark: `x`, else `i`, else its place among those of its kind.
fn mark_name(tag: &Tag, nth: &mut usize) -> MarkName {
    *nth += 1;
    let named = |name| tag.get(name).map(ToOwned::to_owned);
    named("x").map(MarkName::X).or_else(|| named("i").map(MarkName::I)).unwrap_or(MarkName::Nth(*nth))
}
