//! The nesting of elements, also where tags are missing or wrong.

use url::Url;

use super::entities::Entities;
use super::lexer::{Lexer, XmlTag, XmlToken, local_name};
use super::names::{Namespaces, Vocabulary};
use crate::feed::FeedError;
use crate::feed::draft::{Draft, FeedDocument, Inherited};
use crate::feed::repairs::{Repair, Repairs};
use crate::html::elements::{self, Traits};
use crate::model::Zone;

/// The number of entries that are read.
const MAX_ENTRIES: usize = 5_000;
/// The depth of nested elements. Deeper ones are skipped.
const MAX_DEPTH: usize = 32;
/// The number of tags and texts before the root element of a feed.
const MAX_JUNK: usize = 200;
/// The number of root elements that are read to find one that is not empty.
const MAX_ROOTS: usize = 4;
/// The number of `xml:base` attributes that are read.
const MAX_BASES: usize = 1_000;
/// The longest base in bytes: each entry stores a copy.
const MAX_BASE_LENGTH: usize = 2_048;

/// An element that has not ended yet.
struct OpenElement<'a> {
    name: &'a str,
    /// The namespace declarations before it.
    mark: usize,
    scope: Inherited<'a>,
}

/// The start of an element inside another.
#[derive(Clone, Copy)]
pub(super) struct Child<'a> {
    pub(super) tag: XmlTag<'a>,
    pub(super) vocabulary: Vocabulary,
    pub(super) scope: Inherited<'a>,
    /// The namespace declarations before it.
    pub(super) mark: usize,
}

impl<'a> Child<'a> {
    /// Returns the name without its prefix.
    pub(super) fn local_name(&self) -> &'a str {
        self.tag.local_name()
    }
}

/// A part of the content of an element.
pub(super) enum Inside<'a> {
    Child(Child<'a>),
    Text(&'a str),
    Cdata(&'a str),
}

/// Parses one document.
pub(super) struct XmlReader<'a> {
    pub(super) lexer: Lexer<'a>,
    pub(super) names: Namespaces<'a>,
    pub(super) entities: Entities<'a>,
    pub(super) bases: Vec<Option<Url>>,
    pub(super) zone: Zone,
    open: Vec<OpenElement<'a>>,
    /// True if the text ended before its root element.
    is_cut: bool,
    /// True if the root element stands in an HTML page.
    is_in_page: bool,
}

impl<'a> XmlReader<'a> {
    pub(super) fn new(text: &'a str, url: &str, zone: Zone) -> Self {
        Self {
            lexer: Lexer::new(text),
            names: Namespaces::default(),
            entities: Entities::default(),
            bases: vec![Url::parse(url).ok()],
            zone,
            open: Vec::new(),
            is_cut: false,
            is_in_page: false,
        }
    }

    /// Parses the whole document. Of several roots, the first that is not empty is the feed.
    pub(super) fn parse(mut self) -> Result<FeedDocument<'a>, FeedError> {
        let mut root = self.find_root()?;
        let (mut feed, mut entries) = self.read_root(&root);
        for _ in 1..MAX_ROOTS {
            if !is_empty(&feed, &entries) {
                break;
            }
            self.names.back_to(root.mark);
            let Ok(next) = self.find_root() else { break };
            self.repairs().note(Repair::JunkBeforeRoot);
            root = next;
            (feed, entries) = self.read_root(&root);
        }
        if self.is_in_page && is_empty(&feed, &entries) {
            return Err(FeedError::NotAFeed("a page".to_owned()));
        }
        let format = self.detect_format(&root);
        if self.entities.has_invalid.get() {
            self.lexer.repairs.note(Repair::Entities);
        }
        if self.lexer.has_control_characters() {
            self.lexer.repairs.note(Repair::ControlCharacters);
        }
        Ok(FeedDocument { format, feed, entries, bases: self.bases, repairs: self.lexer.repairs })
    }

    /// Reads the feed, or the one entry, that a root element holds.
    fn read_root(&mut self, root: &Child<'a>) -> (Draft<'a>, Vec<Draft<'a>>) {
        let mut feed = Draft { scope: root.scope, ..Draft::default() };
        let mut entries = Vec::new();
        if is_entry(root) {
            entries.push(self.read_entry(root));
        } else if !root.tag.is_empty {
            self.enter_container(&mut feed, root);
            self.read_entries(&mut feed, &mut entries);
        }
        (feed, entries)
    }

    /// Reads all children of the root element.
    fn read_entries(&mut self, feed: &mut Draft<'a>, entries: &mut Vec<Draft<'a>>) {
        while let Some(child) = self.next_child(1) {
            if is_entry(&child) {
                if entries.len() == MAX_ENTRIES {
                    self.repairs().note(Repair::TooManyEntries);
                    return;
                }
                let entry = self.read_entry(&child);
                // An entry cut short by the end of the file would count as changed when it is complete the next time.
                if !self.is_cut || entries.is_empty() {
                    entries.push(entry);
                }
            } else if child.vocabulary == Vocabulary::Rss && child.local_name().eq_ignore_ascii_case("channel")
                || is_feed(child.tag.name)
            {
                if !child.tag.is_empty {
                    self.enter_container(feed, &child);
                    // The items inherit language and base from the channel.
                    feed.scope = child.scope;
                }
            } else {
                self.read_field(feed, &child, false);
            }
        }
    }

    /// Reads one entry.
    fn read_entry(&mut self, child: &Child<'a>) -> Draft<'a> {
        let mut entry = Draft { scope: child.scope, ..Draft::default() };
        self.read_attributes(&mut entry, child);
        let Some(level) = self.enter(child) else { return entry };
        while let Some(child) = self.next_child(level) {
            entry.has_fields = true;
            self.read_field(&mut entry, &child, true);
        }
        entry
    }

    /// Enters an element and reads its attributes.
    fn enter_container(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        self.read_attributes(draft, child);
        self.enter(child);
    }

    /// Enters an element, whose children are read next. Returns its level, or nothing if it is empty or too deep and was skipped.
    pub(super) fn enter(&mut self, child: &Child<'a>) -> Option<usize> {
        if child.tag.is_empty {
            self.names.back_to(child.mark);
            return None;
        }
        if self.open.len() >= MAX_DEPTH {
            self.skip(child);
            return None;
        }
        self.open.push(OpenElement { name: child.tag.name, mark: child.mark, scope: child.scope });
        Some(self.open.len())
    }

    /// Finds the root element of a feed.
    fn find_root(&mut self) -> Result<Child<'a>, FeedError> {
        let mut junk = 0;
        while let Some(token) = self.lexer.next() {
            match token {
                XmlToken::Doctype(doctype) => self.entities.declare(doctype),
                XmlToken::Start(tag) if is_feed(tag.name) || is_root(tag.name) && !self.is_in_page => {
                    if junk > 0 {
                        self.repairs().note(Repair::JunkBeforeRoot);
                    }
                    return Ok(self.begin(tag, true));
                }
                XmlToken::Start(tag) if self.is_in_page || is_page(tag.name) => {
                    self.is_in_page = true;
                    junk += 1;
                    self.lexer.skip_raw_text(tag.name);
                }
                // Error messages of the program that made the feed, in HTML.
                XmlToken::Start(tag) if elements::find(tag.name) != Traits::default() => {
                    junk += 1;
                    self.lexer.skip_raw_text(tag.name);
                }
                XmlToken::Start(tag) => {
                    return Err(FeedError::NotAFeed(format!("XML of another kind (its root is <{}>)", shorten(tag.name))));
                }
                XmlToken::End(_) | XmlToken::Cdata(_) => junk += 1,
                XmlToken::Text(text) => junk += usize::from(!text.trim_matches(['\u{feff}', ' ', '\n', '\r', '\t']).is_empty()),
            }
            if junk > MAX_JUNK {
                break;
            }
        }
        Err(FeedError::NotAFeed("text of another kind".to_owned()))
    }

    /// Returns the format by the root element.
    fn detect_format(&mut self, root: &Child<'a>) -> &'static str {
        let name = root.local_name();
        let version = root.tag.attribute("version").map(str::trim);
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

    /// Returns the next child of the element at `level`, or nothing at its end. Elements entered since are closed on the way.
    pub(super) fn next_child(&mut self, level: usize) -> Option<Child<'a>> {
        loop {
            if let Inside::Child(child) = self.next_inside(level)? {
                return Some(child);
            }
        }
    }

    /// Returns the next part of the content of the element at `level`, or nothing at its end.
    pub(super) fn next_inside(&mut self, level: usize) -> Option<Inside<'a>> {
        loop {
            match self.lexer.next() {
                None => {
                    self.is_cut = true;
                    self.repairs().note(Repair::Cut);
                    self.close_from(level - 1);
                    return None;
                }
                Some(XmlToken::Text(text)) => return Some(Inside::Text(text)),
                Some(XmlToken::Cdata(text)) => return Some(Inside::Cdata(text)),
                Some(XmlToken::Doctype(_)) => {}
                Some(XmlToken::Start(tag)) => {
                    let child = self.begin(tag, false);
                    // An entry inside another: the end tag of the outer one is missing.
                    if level > 1 && is_entry(&child) && self.has_open_entry() {
                        self.repairs().note(Repair::Tags);
                        self.names.back_to(child.mark);
                        self.lexer.put_back(XmlToken::Start(tag));
                        self.close_from(level - 1);
                        return None;
                    }
                    return Some(Inside::Child(child));
                }
                Some(XmlToken::End(name)) => {
                    if self.close(name, level) {
                        return None;
                    }
                }
            }
        }
    }

    /// Handles an end tag. Returns true if the element at `level` has ended.
    fn close(&mut self, name: &'a str, level: usize) -> bool {
        let top = self.open.len() - 1;
        let found = self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name));
        let Some(index) = found.or_else(|| is_misspelt(name, self.open[top].name).then_some(top)) else {
            // No element of this name is open.
            self.repairs().note(Repair::Tags);
            return false;
        };
        if index < top || found.is_none() {
            self.repairs().note(Repair::Tags);
        }
        if index + 1 < level {
            // An outer element ends, and with it all elements inside.
            self.lexer.put_back(XmlToken::End(name));
            self.close_from(level - 1);
            return true;
        }
        self.close_from(index);
        self.open.len() < level
    }

    /// Returns the number of open elements: the level of the innermost.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Returns true if an element of this name is open.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.open.iter().any(|open| open.name.eq_ignore_ascii_case(name))
    }

    fn has_open_entry(&self) -> bool {
        self.open.iter().any(|open| is_entry_name(local_name(open.name)))
    }

    /// Closes all elements from this index on.
    fn close_from(&mut self, index: usize) {
        if let Some(open) = self.open.get(index) {
            self.names.back_to(open.mark);
            self.open.truncate(index);
        }
    }

    /// Makes an element of its start tag.
    pub(super) fn begin(&mut self, tag: XmlTag<'a>, is_root: bool) -> Child<'a> {
        let mark = self.names.mark();
        let scope = self.open.last().map(|open| open.scope).unwrap_or_default();
        if tag.attributes.is_empty() {
            let vocabulary = self.names.vocabulary_of(tag.name, &mut self.lexer.repairs);
            return Child { tag, vocabulary, scope, mark };
        }
        self.names.declare(&tag, is_root, &mut self.lexer.repairs);
        let vocabulary = self.names.vocabulary_of(tag.name, &mut self.lexer.repairs);
        Child { tag, vocabulary, scope: self.scope_of(&tag, scope), mark }
    }

    /// Returns the scope of a tag: its own `xml:base` and `xml:lang` (XML Base §3, XML 1.0 §2.12), else the inherited ones.
    pub(super) fn scope_of(&mut self, tag: &XmlTag<'a>, around: Inherited<'a>) -> Inherited<'a> {
        if !tag.attributes.contains("xml:") {
            return around;
        }
        let mut scope = around;
        if let Some(lang) = tag.attribute("xml:lang") {
            scope.lang = Some(lang.trim());
        }
        if let Some(base) = tag.attribute("xml:base")
            && self.bases.len() < MAX_BASES
        {
            let base = self.entities.resolve(base);
            let base = match &self.bases[around.base] {
                Some(around) => around.join(base.trim()).ok(),
                None => Url::parse(base.trim()).ok(),
            };
            // Nothing can be relative to a base such as `urn:` or `mailto:`: then the inherited one stays.
            if let Some(base) = base.filter(|base| !base.cannot_be_a_base() && base.as_str().len() <= MAX_BASE_LENGTH) {
                self.bases.push(Some(base));
                scope.base = self.bases.len() - 1;
            }
        }
        scope
    }

    /// Skips an element with its content.
    pub(super) fn skip(&mut self, child: &Child<'a>) {
        let mut depth = usize::from(!child.tag.is_empty);
        while depth > 0 {
            match self.lexer.next() {
                None => break,
                Some(XmlToken::Start(tag)) => {
                    if is_entry_name(local_name(tag.name)) && self.is_own(tag.name) {
                        self.repairs().note(Repair::Tags);
                        self.lexer.put_back(XmlToken::Start(tag));
                        break;
                    }
                    depth += usize::from(!tag.is_empty);
                }
                Some(XmlToken::End(name)) => {
                    if !name.eq_ignore_ascii_case(child.tag.name) && self.is_open(name) {
                        self.repairs().note(Repair::Tags);
                        self.lexer.put_back(XmlToken::End(name));
                        break;
                    }
                    depth -= 1;
                }
                Some(_) => {}
            }
        }
        self.names.back_to(child.mark);
    }

    /// Returns true if a name belongs to RSS or Atom.
    fn is_own(&mut self, name: &str) -> bool {
        matches!(self.names.vocabulary_of(name, &mut self.lexer.repairs), Vocabulary::Rss | Vocabulary::Atom)
    }
}

/// Returns true if an element is an entry.
fn is_entry(child: &Child<'_>) -> bool {
    matches!(child.vocabulary, Vocabulary::Rss | Vocabulary::Atom) && is_entry_name(child.local_name())
}

fn is_entry_name(local: &str) -> bool {
    local.eq_ignore_ascii_case("item") || local.eq_ignore_ascii_case("entry")
}

/// Returns true if an element can be the root of a feed.
fn is_root(name: &str) -> bool {
    ["rss", "feed", "rdf", "channel", "entry", "item"].iter().any(|root| local_name(name).eq_ignore_ascii_case(root))
}

/// Returns true if an element can only be the root of a feed.
fn is_feed(name: &str) -> bool {
    ["rss", "feed", "rdf"].iter().any(|root| local_name(name).eq_ignore_ascii_case(root))
}

/// Returns true if an element begins an HTML page: some programs put one around a feed.
fn is_page(name: &str) -> bool {
    ["html", "head", "body"].iter().any(|page| name.eq_ignore_ascii_case(page))
}

/// Returns true if nothing was said in a root element.
fn is_empty(feed: &Draft<'_>, entries: &[Draft<'_>]) -> bool {
    entries.is_empty() && feed.title.get().is_none() && feed.id.get().is_none() && feed.pages.is_empty()
}

/// Returns true if an end tag is a misspelling of this name: they differ in at most two letters in the middle.
pub(super) fn is_misspelt(end: &str, name: &str) -> bool {
    if end.len().min(name.len()) < 4 || end.len().abs_diff(name.len()) > 2 {
        return false;
    }
    let before = end.bytes().zip(name.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let after = end.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    before + after + 2 >= end.len().max(name.len())
}

fn shorten(name: &str) -> &str {
    &name[..name.floor_char_boundary(40)]
}
