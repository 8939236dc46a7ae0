//! Cuts clean HTML into segments: a block's text, cut into sentences, with numbered marks for the markup inside it.
//!
//! Markup that stands around a whole sentence, line breaks and images at its ends, and white space between sentences stay in
//! the template: the same sentence is then the same segment wherever it stands, and the memory knows it.

use std::borrow::Cow;

use self::roles::{Role, is_marked_untranslatable, is_untranslated, kind_of, roles};
use self::sentences::split_sentences;
use self::skeleton::{Inlay, Part, Segment, Segmented, TemplateTag, Value, escape_text};
use self::tokens::{Token, partners, tokens};
use super::clean::limits;
use super::decode_entities;
use super::scan::Tag;
use crate::model::{Clean, Lang, Marked, Piece, SegmentKind};

pub(super) mod assemble;
pub(super) mod bilingual;
mod gaps;
pub(super) mod headline;
mod roles;
pub(super) mod sentences;
pub(super) mod skeleton;
mod tokens;
pub(super) mod typography;

/// Stands for an opaque element in the text that the sentence splitter sees. It counts as a word.
const OBJECT: &str = "\u{fffc}";
/// Stands for a `<br>` in the text that the sentence splitter sees.
const LINE: &str = "\u{2028}";

/// Takes clean HTML, written in `lang`, apart. Markup whose tree would be too deep or too large has no segments.
pub fn segment(html: &Clean, lang: &Lang) -> Segmented {
    if limits::is_hostile(html.as_str()) {
        return Segmented { parts: vec![Part::Raw(html.as_str().to_owned())], ..Segmented::default() };
    }
    let tokens = tokens(html.as_str());
    let partners = partners(&tokens);
    let roles = roles(&tokens, &partners);
    let mut builder = Builder { tokens, partners, lang, out: Segmented::default(), blocks: Vec::new() };
    let mut run = Vec::new();
    let mut at = 0;
    while at < builder.tokens.len() {
        at = match roles[at] {
            Role::Line => {
                run.push(at);
                at + 1
            }
            Role::Opaque => {
                run.push(at);
                builder.partners[at].unwrap_or(at) + 1
            }
            Role::OpaqueBlock | Role::Block => {
                builder.flush(&mut run);
                builder.block(at, roles[at])
            }
        };
    }
    builder.flush(&mut run);
    builder.out
}

/// A part of a line. Tags are given by the index of their token.
enum Item<'a> {
    Text(Cow<'a, str>),
    /// White space between sentences.
    Gap(Cow<'a, str>),
    /// A line break between sentences.
    GapTag(usize),
    /// An element, and how many items further it ends.
    Open(usize, usize),
    Close,
    /// A mark without content; the last says whether it may be left out at the ends of a sentence.
    Single(usize, bool),
}

struct Block {
    part: usize,
    kind: SegmentKind,
}

struct Builder<'a, 'b> {
    tokens: Vec<Token<'a>>,
    partners: Vec<Option<usize>>,
    lang: &'b Lang,
    out: Segmented,
    /// The blocks that are open.
    blocks: Vec<Block>,
}

impl<'a> Builder<'a, '_> {
    fn kind(&self) -> SegmentKind {
        self.blocks.last().map_or(SegmentKind::Paragraph, |block| block.kind)
    }

    /// Writes the tag of a block to the template; tells where to go on.
    fn block(&mut self, at: usize, role: Role) -> usize {
        let token = self.tokens[at];
        match (token, self.partners[at]) {
            (Token::Open(_), Some(end)) if role == Role::OpaqueBlock => {
                self.raw(&self.tokens[at..=end].iter().map(Token::raw).collect::<String>());
                return end + 1;
            }
            (Token::Open(tag), Some(_)) => {
                let kind = kind_of(tag.name).unwrap_or_else(|| self.kind());
                let tag = self.tag(tag, false);
                self.blocks.push(Block { part: self.out.parts.len(), kind });
                self.out.parts.push(Part::Tag(tag));
            }
            (Token::Close(tag), Some(_)) => {
                if let Some(block) = self.blocks.pop() {
                    self.end_tag(block.part);
                }
                self.raw(tag.raw);
            }
            (Token::Void(tag), _) => {
                let tag = self.tag(tag, true);
                self.out.parts.push(Part::Tag(tag));
            }
            _ => self.raw(token.raw()),
        }
        at + 1
    }

    /// Notes which segments the element whose tag is that part holds.
    fn end_tag(&mut self, part: usize) {
        if let Some(Part::Tag(tag)) = self.out.parts.get_mut(part) {
            tag.holds.1 = self.out.segments.len();
        }
    }

    fn raw(&mut self, html: &str) {
        match self.out.parts.last_mut() {
            Some(Part::Raw(before)) => before.push_str(html),
            _ if html.is_empty() => {}
            _ => self.out.parts.push(Part::Raw(html.to_owned())),
        }
    }

    fn text(&mut self, text: &str) {
        self.raw(&escape_text(text));
    }

    /// Reads a start tag; its `alt` and `title` become segments.
    fn tag(&mut self, tag: Tag<'_>, void: bool) -> TemplateTag {
        let first = self.out.segments.len();
        let attributes = tag
            .attributes()
            .map(|attribute| (attribute.name.to_owned(), attribute.value().into_owned()))
            .map(|(attribute, value)| {
                let kind = match attribute.as_str() {
                    "alt" => SegmentKind::Alt,
                    "title" => SegmentKind::Tooltip,
                    _ => return (attribute, Value::Fixed(value)),
                };
                let text = Marked::text(value.as_str());
                if !text.is_translatable() {
                    return (attribute, Value::Fixed(value));
                }
                (attribute, Value::Segment(self.add(kind, text)))
            })
            .collect();
        let holds = (first, self.out.segments.len());
        TemplateTag { name: tag.name.to_owned(), attributes, void, has_text: false, holds }
    }

    fn add(&mut self, kind: SegmentKind, text: Marked) -> usize {
        self.out.segments.push(Segment { kind, text });
        self.out.inlays.push(Vec::new());
        self.out.segments.len() - 1
    }

    /// Writes a line, whose tokens were collected, to the template.
    fn flush(&mut self, run: &mut Vec<usize>) {
        if run.is_empty() {
            return;
        }
        let items = self.items(run);
        self.emit(&items);
        run.clear();
    }

    fn items(&self, run: &[usize]) -> Vec<Item<'a>> {
        let mut items = Vec::with_capacity(run.len());
        let mut open = Vec::new();
        for &at in run {
            match self.tokens[at] {
                Token::Text(raw) => items.push(Item::Text(decode_entities(raw))),
                Token::Close(_) => close_item(&mut items, &mut open),
                Token::Open(tag) if is_untranslated(tag) => {
                    items.push(Item::Single(at, matches!(tag.name, "picture" | "audio" | "video")));
                }
                Token::Open(_) => {
                    open.push(items.len());
                    items.push(Item::Open(at, 0));
                }
                Token::Void(_) | Token::Other(_) => items.push(Item::Single(at, true)),
            }
        }
        self.cut(items)
    }

    /// Cuts the texts of a line where sentences end.
    fn cut(&self, items: Vec<Item<'a>>) -> Vec<Item<'a>> {
        let plain: String = items.iter().map(|item| self.shown(item)).collect();
        let mut end = 0;
        let mut pieces = split_sentences(&plain, self.lang);
        pieces.pop();
        let gaps: Vec<(usize, usize)> = pieces
            .iter()
            .map(|piece| {
                end += piece.len();
                (end - (piece.len() - piece.trim_end().len()), end)
            })
            .collect();
        if gaps.is_empty() {
            return items;
        }
        let (mut cut, mut moved, mut open) = (Vec::with_capacity(items.len() + gaps.len()), 0, Vec::new());
        let mut gaps = gaps.iter().copied().peekable();
        let mut gap_end = None;
        for item in items {
            let (start, length) = (moved, self.shown(&item).len());
            moved += length;
            while let Some(gap) = gaps.next_if(|gap| gap.1 <= start) {
                gap_end = Some(gap.1);
            }
            // "Un.<b> Deux.</b>": the gap is inside, the break before the element.
            let in_gap = gap_end == Some(start) || gaps.peek().is_some_and(|gap| gap.0 <= start);
            match item {
                Item::Text(text) => cut_text(&mut cut, &text, start, gaps.clone()),
                Item::Single(at, true) if length > 0 && in_gap && gap_end != Some(start) => cut.push(Item::GapTag(at)),
                Item::Open(at, _) => {
                    cut.extend(in_gap.then_some(Item::Gap("".into())));
                    open.push(cut.len());
                    cut.push(Item::Open(at, 0));
                }
                Item::Close => {
                    close_item(&mut cut, &mut open);
                    cut.extend(in_gap.then_some(Item::Gap("".into())));
                }
                item => cut.push(item),
            }
        }
        cut
    }

    /// Returns the text that the sentence splitter sees of an item.
    fn shown<'i>(&self, item: &'i Item<'_>) -> &'i str {
        match item {
            Item::Text(text) | Item::Gap(text) => text,
            Item::Open(..) | Item::Close => "",
            Item::Single(at, _) | Item::GapTag(at) => match self.tokens[*at] {
                Token::Void(Tag { name: "br", .. }) => LINE,
                Token::Void(Tag { name: "wbr", .. }) => "",
                _ => OBJECT,
            },
        }
    }

    /// Writes items to the template: what stands at the ends as it is, then the elements around all of them, then each sentence.
    fn emit(&mut self, items: &[Item<'a>]) {
        let is_edge = |item: &Item<'_>| match item {
            Item::Text(text) => text.trim().is_empty(),
            Item::Single(_, edge) => *edge,
            Item::Gap(_) | Item::GapTag(_) => true,
            Item::Open(..) | Item::Close => false,
        };
        let before = items.iter().take_while(|item| is_edge(item)).count();
        let (before, rest) = items.split_at(before);
        let after = rest.len() - rest.iter().rev().take_while(|item| is_edge(item)).count();
        let (middle, after) = rest.split_at(after);
        self.keep(before);
        match middle {
            [] => {}
            [Item::Open(at, distance), ..] if distance + 1 == middle.len() => {
                let part = self.out.parts.len();
                self.keep(&middle[..1]);
                self.emit(&middle[1..middle.len() - 1]);
                self.end_tag(part);
                self.close(*at);
            }
            _ => self.emit_sentences(middle),
        }
        self.keep(after);
    }

    fn emit_sentences(&mut self, items: &[Item<'a>]) {
        let (mut start, mut at, mut cut) = (0, 0, false);
        while at < items.len() {
            match &items[at] {
                Item::Open(_, distance) => at += distance,
                Item::Gap(_) | Item::GapTag(_) => {
                    self.emit(&items[start..at]);
                    self.keep(&items[at..=at]);
                    (start, cut) = (at + 1, true);
                }
                _ => {}
            }
            at += 1;
        }
        if cut {
            self.emit(&items[start..]);
        } else {
            self.sentence(items);
        }
    }

    /// Writes items to the template as they are; attributes are segments all the same.
    fn keep(&mut self, items: &[Item<'a>]) {
        let mut open = Vec::new();
        for item in items {
            match item {
                Item::Text(text) | Item::Gap(text) => self.text(text),
                Item::Open(at, _) => {
                    open.push(*at);
                    if let Token::Open(tag) = self.tokens[*at] {
                        let tag = self.tag(tag, false);
                        self.out.parts.push(Part::Tag(tag));
                    }
                }
                Item::Close => {
                    if let Some(at) = open.pop() {
                        self.close(at);
                    }
                }
                Item::Single(at, _) | Item::GapTag(at) => {
                    let parts = self.single(*at);
                    self.out.parts.extend(parts);
                }
            }
        }
    }

    fn close(&mut self, at: usize) {
        if let Token::Open(tag) = self.tokens[at] {
            self.raw(&format!("</{}>", tag.name));
        }
    }

    /// Returns the markup that a mark without content stands for.
    fn single(&mut self, at: usize) -> Vec<Part> {
        let end = self.partners[at].unwrap_or(at);
        let has_attributes = match self.tokens[at] {
            Token::Open(tag) => tag.name == "picture" && !is_marked_untranslatable(tag),
            Token::Void(tag) => !is_marked_untranslatable(tag),
            _ => false,
        };
        (at..=end)
            .map(|at| match self.tokens[at] {
                Token::Void(tag) if has_attributes => Part::Tag(self.tag(tag, true)),
                token => Part::Raw(token.raw().to_owned()),
            })
            .collect()
    }

    /// Makes a segment of one sentence, or of several that stand in one element.
    fn sentence(&mut self, items: &[Item<'a>]) {
        let marks = items.iter().filter(|item| !matches!(item, Item::Text(_) | Item::Gap(_) | Item::Close)).count();
        let texts = || items.iter().filter_map(|item| if let Item::Text(text) = item { Some(text) } else { None });
        if marks > usize::from(u16::MAX) || !texts().any(|text| text.chars().any(char::is_alphabetic)) {
            self.keep(items);
            return;
        }
        let first = if let Some(Item::Text(text)) = items.first() { text.len() - text.trim_start().len() } else { 0 };
        let last = if let Some(Item::Text(text)) = items.last() { text.trim_end().len() } else { 0 };
        if let Some(Item::Text(text)) = items.first() {
            self.text(&text[..first]);
        }
        let index = self.add(self.kind(), Marked::default());
        self.out.parts.push(Part::Segment(index));
        if let Some(Part::Tag(tag)) = self.blocks.last().and_then(|block| self.out.parts.get_mut(block.part)) {
            tag.has_text = true;
        }
        let (pieces, inlays) = self.pieces(index, items, first, last);
        self.out.segments[index].text = Marked::new(pieces);
        self.out.inlays[index] = inlays;
        if let Some(Item::Text(text)) = items.last() {
            self.text(&text[last..]);
        }
    }

    /// The pieces of that sentence, without the white space before byte `first` of its first text and after byte `last` of its last.
    fn pieces(&mut self, segment: usize, items: &[Item<'a>], first: usize, last: usize) -> (Vec<Piece>, Vec<Inlay>) {
        let (mut pieces, mut inlays, mut open) = (Vec::with_capacity(items.len()), Vec::new(), Vec::new());
        let mut number = 0;
        for (at, item) in items.iter().enumerate() {
            match item {
                Item::Text(text) | Item::Gap(text) => {
                    let end = if at + 1 == items.len() { last } else { text.len() };
                    pieces.push(Piece::Text(text[if at == 0 { first } else { 0 }..end].to_owned()));
                }
                Item::Open(token, _) => {
                    number += 1;
                    open.push(number);
                    pieces.push(Piece::Open(number));
                    if let Token::Open(tag) = self.tokens[*token] {
                        let mut tag = self.tag(tag, false);
                        tag.holds.0 = segment;
                        inlays.push(Inlay::Pair(tag));
                    }
                }
                Item::Close => pieces.extend(open.pop().map(Piece::Close)),
                Item::Single(token, _) | Item::GapTag(token) => {
                    number += 1;
                    pieces.push(Piece::Single(number));
                    inlays.push(Inlay::Single(self.single(*token)));
                }
            }
        }
        (pieces, inlays)
    }
}

/// Ends the element that was opened last.
fn close_item(items: &mut Vec<Item<'_>>, open: &mut Vec<usize>) {
    let begin = open.pop();
    let length = begin.map_or(0, |begin| items.len() - begin);
    if let Some(Item::Open(_, distance)) = begin.and_then(|begin| items.get_mut(begin)) {
        *distance = length;
    }
    items.push(Item::Close);
}

/// Cuts one text, which begins at `start` of its line, at the gaps that reach into it.
fn cut_text(items: &mut Vec<Item<'_>>, text: &str, start: usize, gaps: impl Iterator<Item = (usize, usize)>) {
    let mut at = 0;
    for (from, to) in gaps.take_while(|gap| gap.0 < start + text.len()) {
        let (from, to) = (from.saturating_sub(start), (to - start).min(text.len()));
        if from > at {
            items.push(Item::Text(text[at..from].to_owned().into()));
        }
        items.push(Item::Gap(text[from..to].to_owned().into()));
        at = to;
    }
    if at < text.len() {
        items.push(Item::Text(text[at..].to_owned().into()));
    }
}
