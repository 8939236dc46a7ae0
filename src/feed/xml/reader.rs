//! The structure of a feed: which element stands in which, whatever its tags say.

use url::Url;

use super::entities::Entities;
use super::lexer::{Lexer, Tag, Token, local};
use super::names::{Namespaces, Vocabulary};
use crate::feed::FeedError;
use crate::feed::draft::{Document, Draft, Place};
use crate::feed::repairs::{Repair, Repairs};
use crate::model::Zone;

/// Entries beyond this are not read: no feed that is a feed has more.
const MOST_ENTRIES: usize = 5_000;
/// Elements that hold others nest no deeper than this; what stands deeper is not read.
const DEEPEST: usize = 32;
/// Tags before the root beyond this: it is no feed.
const MOST_JUNK: usize = 200;
/// `xml:base` beyond this many is not heeded.
const MOST_BASES: usize = 1_000;
/// A base longer than this is not heeded: each entry keeps a copy of its own.
const LONGEST_BASE: usize = 2_048;

/// What may stand before a feed by mistake: the messages of programs that made it.
const JUNK: [&str; 16] =
    ["br", "b", "i", "p", "div", "font", "pre", "strong", "em", "hr", "span", "script", "style", "a", "center", "img"];

/// An element whose end has not come yet.
struct Open<'a> {
    name: &'a str,
    /// What to go back to when it ends.
    mark: usize,
    place: Place<'a>,
}

/// An element inside another, as it begins.
#[derive(Clone, Copy)]
pub(super) struct Child<'a> {
    pub(super) tag: Tag<'a>,
    pub(super) vocabulary: Vocabulary,
    pub(super) place: Place<'a>,
    /// The declarations that were in force before it.
    pub(super) mark: usize,
}

impl<'a> Child<'a> {
    /// Its local name.
    pub(super) fn local(&self) -> &'a str {
        self.tag.local()
    }
}

/// What stands inside an element.
pub(super) enum Inside<'a> {
    Child(Child<'a>),
    Text(&'a str),
    Cdata(&'a str),
}

/// Reads one document.
pub(super) struct Reader<'a> {
    pub(super) lexer: Lexer<'a>,
    pub(super) names: Namespaces<'a>,
    pub(super) entities: Entities<'a>,
    pub(super) bases: Vec<Option<Url>>,
    pub(super) zone: Zone,
    open: Vec<Open<'a>>,
    /// Whether the text ended before its root did.
    cut: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, url: &str, zone: Zone) -> Self {
        Self {
            lexer: Lexer::new(text),
            names: Namespaces::default(),
            entities: Entities::default(),
            bases: vec![Url::parse(url).ok()],
            zone,
            open: Vec::new(),
            cut: false,
        }
    }

    /// Reads the whole document.
    pub(super) fn read(mut self) -> Result<Document<'a>, FeedError> {
        let root = self.root()?;
        let format = self.format(&root);
        let mut feed = Draft { place: root.place, ..Draft::default() };
        let mut entries = Vec::new();
        if is_entry(&root) {
            entries.push(self.entry(&root));
        } else if !root.tag.empty {
            self.container(&mut feed, &root);
            self.entries(&mut feed, &mut entries);
        }
        if self.entities.odd.get() {
            self.lexer.repairs.note(Repair::Entities);
        }
        if self.lexer.has_controls() {
            self.lexer.repairs.note(Repair::ControlCharacters);
        }
        Ok(Document { format, feed, entries, bases: self.bases, repairs: self.lexer.repairs })
    }

    /// All that stands in the root.
    fn entries(&mut self, feed: &mut Draft<'a>, entries: &mut Vec<Draft<'a>>) {
        while let Some(child) = self.child(1) {
            if is_entry(&child) {
                if entries.len() == MOST_ENTRIES {
                    self.repairs().note(Repair::TooManyEntries);
                    return;
                }
                let entry = self.entry(&child);
                // An entry that the end of the file cuts short would look changed when it comes whole the next time.
                if !self.cut || entries.is_empty() {
                    entries.push(entry);
                }
            } else if child.vocabulary == Vocabulary::Rss && child.local().eq_ignore_ascii_case("channel") {
                if !child.tag.empty {
                    self.container(feed, &child);
                    // What a channel says of its language and its base holds for its items.
                    feed.place = child.place;
                }
            } else {
                self.field(feed, &child, false);
            }
        }
    }

    /// One entry.
    fn entry(&mut self, child: &Child<'a>) -> Draft<'a> {
        let mut entry = Draft { place: child.place, ..Draft::default() };
        self.own_attributes(&mut entry, child);
        let Some(level) = self.enter(child) else { return entry };
        while let Some(child) = self.child(level) {
            entry.spoke = true;
            self.field(&mut entry, &child, true);
        }
        entry
    }

    /// Goes into an element, and takes what its own attributes say.
    fn container(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        self.own_attributes(draft, child);
        self.enter(child);
    }

    /// Goes into an element: its children are next. Gives its level; nothing when that is too deep, and it is skipped.
    pub(super) fn enter(&mut self, child: &Child<'a>) -> Option<usize> {
        if child.tag.empty {
            self.names.back_to(child.mark);
            return None;
        }
        if self.open.len() >= DEEPEST {
            self.skip(child);
            return None;
        }
        self.open.push(Open { name: child.tag.name, mark: child.mark, place: child.place });
        Some(self.open.len())
    }

    /// Finds the root of a feed.
    fn root(&mut self) -> Result<Child<'a>, FeedError> {
        let mut junk = 0;
        while let Some(token) = self.lexer.next() {
            match token {
                Token::Doctype(doctype) => self.entities.declare(doctype),
                Token::Start(tag) if is_root(tag.name) => {
                    if junk > 0 {
                        self.repairs().note(Repair::JunkBeforeRoot);
                    }
                    return Ok(self.begin(tag, true));
                }
                Token::Start(tag) if JUNK.iter().any(|name| tag.name.eq_ignore_ascii_case(name)) => junk += 1,
                Token::Start(tag) => {
                    return Err(FeedError::NotAFeed(format!("XML of another kind (its root is <{}>)", shortened(tag.name))));
                }
                Token::End(_) | Token::Cdata(_) => junk += 1,
                Token::Text(text) => junk += usize::from(!text.trim_matches(['\u{feff}', ' ', '\n', '\r', '\t']).is_empty()),
            }
            if junk > MOST_JUNK {
                break;
            }
        }
        Err(FeedError::NotAFeed("text of another kind".to_owned()))
    }

    /// The format that the root tells.
    fn format(&mut self, root: &Child<'a>) -> &'static str {
        let name = root.local();
        let version = root.tag.raw("version").map(str::trim);
        if name.eq_ignore_ascii_case("rdf") {
            return "rdf";
        }
        if name.eq_ignore_ascii_case("feed") || name.eq_ignore_ascii_case("entry") {
            return if version.is_some_and(|version| version.starts_with("0.")) { "atom 0.3" } else { "atom 1.0" };
        }
        if root.tag.name == "CHANNEL" || root.tag.name == "Channel" {
            return "cdf";
        }
        match version {
            Some(version) if version.starts_with("0.90") => "rss 0.90",
            Some(version) if version.starts_with("0.91") => "rss 0.91",
            Some(version) if version.starts_with("0.92") => "rss 0.92",
            Some(version) if version.starts_with("0.93") => "rss 0.93",
            Some(version) if version.starts_with("0.94") => "rss 0.94",
            version => {
                if !version.is_some_and(|version| matches!(version, "2" | "2.0" | "2.0.0" | "2.0.1" | "2.0.10" | "2.0.11")) {
                    self.repairs().note(Repair::Version);
                }
                "rss 2.0"
            }
        }
    }

    pub(super) fn repairs(&mut self) -> &mut Repairs {
        &mut self.lexer.repairs
    }

    /// The next element inside that of `level`; nothing when that one ends. Elements that were entered since are ended on the way.
    pub(super) fn child(&mut self, level: usize) -> Option<Child<'a>> {
        loop {
            if let Inside::Child(child) = self.inside(level)? {
                return Some(child);
            }
        }
    }

    /// The next thing inside the element of `level`; nothing when that one ends.
    pub(super) fn inside(&mut self, level: usize) -> Option<Inside<'a>> {
        loop {
            match self.lexer.next() {
                None => {
                    self.cut = true;
                    self.repairs().note(Repair::Cut);
                    self.close_from(level - 1);
                    return None;
                }
                Some(Token::Text(text)) => return Some(Inside::Text(text)),
                Some(Token::Cdata(text)) => return Some(Inside::Cdata(text)),
                Some(Token::Doctype(_)) => {}
                Some(Token::Start(tag)) => {
                    let child = self.begin(tag, false);
                    // An entry inside another: that one has lost its end.
                    if level > 1 && is_entry(&child) && self.has_open_entry() {
                        self.repairs().note(Repair::Tags);
                        self.names.back_to(child.mark);
                        self.lexer.put_back(Token::Start(tag));
                        self.close_from(level - 1);
                        return None;
                    }
                    return Some(Inside::Child(child));
                }
                Some(Token::End(name)) => {
                    if self.end(name, level) {
                        return None;
                    }
                }
            }
        }
    }

    /// Takes an end tag; gives whether the element of `level` has ended.
    fn end(&mut self, name: &'a str, level: usize) -> bool {
        let top = self.open.len() - 1;
        let found = self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name));
        let Some(place) = found.or_else(|| is_misspelt(name, self.open[top].name).then_some(top)) else {
            // It ends nothing that has begun.
            self.repairs().note(Repair::Tags);
            return false;
        };
        if place < top || found.is_none() {
            self.repairs().note(Repair::Tags);
        }
        if place + 1 < level {
            // One further out ends: it ends all that it holds.
            self.lexer.put_back(Token::End(name));
            self.close_from(level - 1);
            return true;
        }
        self.close_from(place);
        self.open.len() < level
    }

    /// Whether an element of this name is open.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.open.iter().any(|open| open.name.eq_ignore_ascii_case(name))
    }

    fn has_open_entry(&self) -> bool {
        self.open.iter().any(|open| is_entry_name(local(open.name)))
    }

    /// Ends all elements from this place on.
    fn close_from(&mut self, place: usize) {
        if let Some(open) = self.open.get(place) {
            self.names.back_to(open.mark);
            self.open.truncate(place);
        }
    }

    /// An element as its tag tells it.
    pub(super) fn begin(&mut self, tag: Tag<'a>, is_root: bool) -> Child<'a> {
        let mark = self.names.mark();
        let place = self.open.last().map(|open| open.place).unwrap_or_default();
        if tag.attributes.is_empty() {
            let vocabulary = self.names.of(tag.name, &mut self.lexer.repairs);
            return Child { tag, vocabulary, place, mark };
        }
        self.names.declare(&tag, is_root, &mut self.lexer.repairs);
        let vocabulary = self.names.of(tag.name, &mut self.lexer.repairs);
        Child { tag, vocabulary, place: self.place(&tag, place), mark }
    }

    /// Where a tag stands: `xml:base` and `xml:lang` (XML Base §3, XML 1.0 §2.12) of its own, else those around it.
    pub(super) fn place(&mut self, tag: &Tag<'a>, around: Place<'a>) -> Place<'a> {
        if !tag.attributes.contains("xml:") {
            return around;
        }
        let mut place = around;
        if let Some(lang) = tag.raw("xml:lang") {
            place.lang = Some(lang.trim());
        }
        if let Some(base) = tag.raw("xml:base")
            && self.bases.len() < MOST_BASES
        {
            let base = self.entities.resolve(base);
            let base = match &self.bases[around.base] {
                Some(around) => around.join(base.trim()).ok(),
                None => Url::parse(base.trim()).ok(),
            };
            // Relative to a base that is no web address (`urn:`, `mailto:`) nothing can be: then the one around it stays.
            if let Some(base) = base.filter(|base| !base.cannot_be_a_base() && base.as_str().len() <= LONGEST_BASE) {
                self.bases.push(Some(base));
                place.base = self.bases.len() - 1;
            }
        }
        place
    }

    /// Reads over an element and all that stands in it.
    pub(super) fn skip(&mut self, child: &Child<'a>) {
        let mut depth = usize::from(!child.tag.empty);
        while depth > 0 {
            match self.lexer.next() {
                None => break,
                Some(Token::Start(tag)) => {
                    if is_entry_name(local(tag.name)) && self.is_own(tag.name) {
                        // It was never ended.
                        self.repairs().note(Repair::Tags);
                        self.lexer.put_back(Token::Start(tag));
                        break;
                    }
                    depth += usize::from(!tag.empty);
                }
                Some(Token::End(name)) => {
                    if !name.eq_ignore_ascii_case(child.tag.name) && self.is_open(name) {
                        self.repairs().note(Repair::Tags);
                        self.lexer.put_back(Token::End(name));
                        break;
                    }
                    depth -= 1;
                }
                Some(_) => {}
            }
        }
        self.names.back_to(child.mark);
    }

    /// Whether a name is of RSS or Atom.
    fn is_own(&mut self, name: &str) -> bool {
        matches!(self.names.of(name, &mut self.lexer.repairs), Vocabulary::Rss | Vocabulary::Atom)
    }
}

/// Whether an element is an entry.
fn is_entry(child: &Child<'_>) -> bool {
    matches!(child.vocabulary, Vocabulary::Rss | Vocabulary::Atom) && is_entry_name(child.local())
}

fn is_entry_name(local: &str) -> bool {
    local.eq_ignore_ascii_case("item") || local.eq_ignore_ascii_case("entry")
}

/// Whether an element can be the root of a feed.
fn is_root(name: &str) -> bool {
    ["rss", "feed", "rdf", "channel", "entry", "item"].iter().any(|root| local(name).eq_ignore_ascii_case(root))
}

/// Whether an end tag was meant for this element: all but two letters in the middle are the same.
pub(super) fn is_misspelt(end: &str, name: &str) -> bool {
    if end.len().min(name.len()) < 4 || end.len().abs_diff(name.len()) > 2 {
        return false;
    }
    let before = end.bytes().zip(name.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let after = end.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    before + after + 2 >= end.len().max(name.len())
}

fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(40)]
}
