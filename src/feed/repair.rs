//! Making broken XML readable: one pass over the tags, which writes each well-formed and in its place.
//!
//! Only feeds that cannot be read as they are come here, and what was repaired is told.

mod tags;

use std::borrow::Cow;

use crate::html::decode_entities;
use tags::{Tag, read_tag};

/// Namespaces that feeds use without declaring them.
const KNOWN_PREFIXES: [(&str, &str); 11] = [
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("slash", "http://purl.org/rss/1.0/modules/slash/"),
    ("sy", "http://purl.org/rss/1.0/modules/syndication/"),
    ("wfw", "http://wellformedweb.org/CommentAPI/"),
    ("xhtml", "http://www.w3.org/1999/xhtml"),
];
const ATOM: &str = "http://www.w3.org/2005/Atom";
const RSS_1: &str = "http://purl.org/rss/1.0/";
/// Elements of RSS that hold text: a tag in them is part of the text that somebody forgot to escape.
const TEXT_ELEMENTS: [&str; 9] = ["title", "link", "description", "guid", "author", "pubDate", "category", "encoded", "creator"];
/// Deeper elements lose their tags: nothing that a feed says stands there.
const DEEPEST: usize = 200;

/// A repaired text.
pub(super) struct Repaired {
    /// Well-formed XML, as far as this can be.
    pub(super) text: String,
    /// What was done.
    pub(super) repaired: Vec<&'static str>,
}

/// The text without byte order mark, leading white space and XML declaration: it is UTF-8 by now, whatever that says.
pub(super) fn without_declaration(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match text.strip_prefix("<?xml") {
        Some(rest) => rest.find("?>").map_or(text, |end| &rest[end + 2..]),
        None => text,
    }
}

/// Whether there are items to be found in a text in which a parser found none.
pub(super) fn has_items(text: &str) -> bool {
    ["<item", "<entry", ":item", ":entry"].iter().any(|item| text.contains(item))
}

/// Whether the text has the root of a feed somewhere.
pub(super) fn is_xml_feed(text: &str) -> bool {
    root(text).is_some()
}

/// Where the root element of a feed begins.
fn root(text: &str) -> Option<usize> {
    text.match_indices('<').map(|(at, _)| at).find(|at| {
        let rest = &text[at + 1..];
        let length = rest.bytes().take(40).take_while(|b| b.is_ascii_alphanumeric() || *b == b':').count();
        let name = rest[..length].rsplit(':').next().unwrap_or_default();
        ["rss", "feed", "rdf"].iter().any(|root| name.eq_ignore_ascii_case(root))
    })
}

/// Repairs a text.
pub(super) fn repair(text: &str) -> Repaired {
    let start = root(text).unwrap_or(0);
    let mut writer = Writer::new(&text[start..]);
    // A declaration, a comment or a document type may stand before the root; they are left out all the same.
    if !matches!(text[..start].trim_start().get(..2), None | Some("<?" | "<!")) {
        writer.note("junk-before-root");
    }
    writer.run();
    Repaired { text: writer.out, repaired: writer.repaired }
}

/// Writes the tags of a broken text in their right places.
struct Writer<'a> {
    rest: &'a str,
    /// All of the text: to see which prefixes are used.
    all: &'a str,
    out: String,
    /// The open elements, outermost first.
    open: Vec<&'a str>,
    /// Whether a link was found as the target of an `<a>`: the text of that is then no part of it.
    linked: bool,
    /// How much was written when the last item was complete, and how many elements were open then.
    complete: Option<(usize, usize)>,
    repaired: Vec<&'static str>,
}

impl<'a> Writer<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            all: text,
            out: String::with_capacity(text.len() + 512),
            open: Vec::new(),
            linked: false,
            complete: None,
            repaired: Vec::new(),
        }
    }

    fn note(&mut self, what: &'static str) {
        if !self.repaired.contains(&what) {
            self.repaired.push(what);
        }
    }

    fn run(&mut self) {
        while !self.rest.is_empty() {
            let next = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, markup) = self.rest.split_at(next);
            self.text(text);
            self.rest = markup;
            if !markup.is_empty() {
                self.markup();
            }
            if self.open.is_empty() && !self.out.is_empty() {
                break;
            }
        }
        if self.open.is_empty() {
            return;
        }
        self.note("cut-short");
        // What follows the last complete item is half an item: it would come back whole with the next visit.
        if let Some((length, depth)) = self.complete.filter(|(_, depth)| *depth < self.open.len()) {
            self.out.truncate(length);
            self.open.truncate(depth);
        }
        self.close_down_to(0);
    }

    /// One piece of markup at the start of `rest`.
    fn markup(&mut self) {
        let rest = self.rest;
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let end = data.find("]]>");
            self.cdata(&data[..end.unwrap_or(data.len())]);
            self.rest = end.map_or("", |end| &data[end + 3..]);
            if end.is_none() {
                // Whatever the section swallowed, the item is not complete.
                self.note("cut-short");
            }
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            self.rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            self.rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
        } else if let Some((tag, length)) = read_tag(rest) {
            self.rest = &rest[length..];
            if let Some(element) = self.text_element()
                && !matches!(tag, Tag::End { name } if self.open.contains(&name))
                && !matches!(tag, Tag::Start { name, .. } if matches!(local(name), "item" | "entry"))
            {
                return self.naked(element, &tag, &rest[..length]);
            }
            match tag {
                Tag::Start { name, attributes, empty } => self.start(name, &attributes, empty),
                Tag::End { name } => self.end(name),
            }
        } else {
            self.out.push_str("&lt;");
            self.note("markup");
            self.rest = &rest[1..];
        }
    }

    /// The text element of RSS that is the innermost open one, if it is one.
    fn text_element(&self) -> Option<&'a str> {
        let root = self.open.first().filter(|root| !local(root).eq_ignore_ascii_case("feed"))?;
        let last = self.open.last().filter(|last| *last != root)?;
        TEXT_ELEMENTS.into_iter().find(|text| *text == local(last))
    }

    /// A tag in the middle of a text becomes text; that of a link says where the link leads.
    fn naked(&mut self, element: &str, tag: &Tag<'a>, written: &str) {
        self.note("naked-markup");
        if element != "link" {
            return self.escaped(written);
        }
        if let Tag::Start { attributes, .. } = tag
            && let Some((_, href)) = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("href"))
        {
            self.escaped(href);
            self.linked = true;
        }
    }

    fn start(&mut self, name: &'a str, attributes: &[(&'a str, &'a str)], empty: bool) {
        if self.open.len() >= DEEPEST {
            return self.note("nesting");
        }
        let local = local(name);
        if matches!(local, "item" | "entry")
            && let Some(at) = self.open.iter().rposition(|open| matches!(self::local(open), "item" | "entry"))
        {
            self.note("unclosed-tags");
            self.close_down_to(at);
        }
        self.out.push('<');
        self.out.push_str(name);
        if self.open.is_empty() {
            self.root_attributes(local, attributes);
        } else {
            self.attributes(attributes, |_| true);
        }
        if empty && !self.open.is_empty() {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            self.open.push(name);
        }
    }

    /// The root's attributes: a version that feed-rs reads, namespaces that it knows, and those that were left out.
    fn root_attributes(&mut self, root: &str, attributes: &[(&'a str, &'a str)]) {
        let version = attributes.iter().find(|(name, _)| *name == "version").map(|(_, value)| *value);
        self.attributes(attributes, |name| !matches!(name, "version" | "xmlns"));
        let namespace = attributes.iter().find(|(name, _)| *name == "xmlns").map(|(_, value)| *value);
        match root.to_ascii_lowercase().as_str() {
            "rss" => {
                if version != Some("2.0") {
                    self.note("version");
                }
                if namespace.is_some() {
                    self.note("namespace");
                }
                self.out.push_str(" version=\"2.0\"");
            }
            root => {
                let known = if root == "rdf" { RSS_1 } else { ATOM };
                if namespace != Some(known) {
                    self.note("namespace");
                }
                self.out.push_str(&format!(" xmlns=\"{known}\""));
            }
        }
        for (prefix, uri) in KNOWN_PREFIXES {
            let declared = attributes.iter().any(|(name, _)| name.strip_prefix("xmlns:") == Some(prefix));
            if !declared && self.all.contains(&format!("<{prefix}:")) {
                self.note("namespace");
                self.out.push_str(&format!(" xmlns:{prefix}=\"{uri}\""));
            }
        }
    }

    /// Attributes, each once, quoted and escaped.
    fn attributes(&mut self, attributes: &[(&'a str, &'a str)], keep: impl Fn(&str) -> bool) {
        for (at, (name, value)) in attributes.iter().enumerate() {
            if attributes[..at].iter().any(|(before, _)| before == name) {
                self.note("doubled-attributes");
                continue;
            }
            if keep(name) {
                self.out.push(' ');
                self.out.push_str(name);
                self.out.push_str("=\"");
                self.escaped(value);
                self.out.push('"');
            }
        }
    }

    fn end(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| *open == name || open.eq_ignore_ascii_case(name)) else {
            return self.note("unopened-tags");
        };
        if at + 1 < self.open.len() {
            self.note("unclosed-tags");
        }
        self.linked = false;
        self.close_down_to(at);
        if matches!(local(name), "item" | "entry") {
            self.complete = Some((self.out.len(), self.open.len()));
        }
    }

    /// Closes all but the `depth` outermost elements.
    fn close_down_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            if let Some(name) = self.open.pop() {
                self.out.push_str("</");
                self.out.push_str(name);
                self.out.push('>');
            }
        }
    }

    fn text(&mut self, text: &str) {
        if !self.open.is_empty() && !self.linked {
            self.escaped(text);
        }
    }

    fn cdata(&mut self, data: &str) {
        self.out.push_str("<![CDATA[");
        let before = self.out.len();
        self.out.extend(data.chars().filter(|c| is_xml(*c)));
        if self.out.len() - before != data.len() {
            self.note("control-characters");
        }
        self.out.push_str("]]>");
    }

    /// Text whose references are resolved where HTML knows them, and which is then escaped as XML asks.
    fn escaped(&mut self, text: &str) {
        if !text.contains(['&', '<', '"']) && text.chars().all(is_xml) {
            return self.out.push_str(text);
        }
        let decoded = decode_entities(text);
        if let Cow::Owned(_) = decoded {
            self.note("entities");
        }
        for c in decoded.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                c if is_xml(c) => self.out.push(c),
                _ => self.note("control-characters"),
            }
        }
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The characters of XML 1.0 §2.2.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_feeds_become_well_formed() {
        for (broken, fixed, told) in [
            (
                "<br /><b>Warning</b><rss version='2.0'><channel/></rss>",
                "<rss version=\"2.0\"><channel/></rss>",
                &["junk-before-root"][..],
            ),
            (
                "<rss><a>Tom & Jerry &eacute;</a></rss>",
                "<rss version=\"2.0\"><a>Tom &amp; Jerry é</a></rss>",
                &["version", "entities"],
            ),
            ("<rss version=\"2.0\"><a>x\u{8}y</a></rss>", "<rss version=\"2.0\"><a>xy</a></rss>", &["control-characters"]),
            ("<rss version=\"2.0\"><i>a<b>b</i></rss>", "<rss version=\"2.0\"><i>a<b>b</b></i></rss>", &["unclosed-tags"]),
            ("<rss version=\"2.0\"><a>x</b></a></rss>", "<rss version=\"2.0\"><a>x</a></rss>", &["unopened-tags"]),
            (
                "<rss version='2.0'><c><item>1</item><item>2</ite",
                "<rss version=\"2.0\"><c><item>1</item></c></rss>",
                &["markup", "cut-short"],
            ),
            (
                "<rss version='2.0'><c><item>1<item>2</c></rss>",
                "<rss version=\"2.0\"><c><item>1</item><item>2</item></c></rss>",
                &["unclosed-tags"],
            ),
            (
                "<rss version='2.0' a=1 a=2><c x='é&y'/></rss>",
                "<rss a=\"1\" version=\"2.0\"><c x=\"é&amp;y\"/></rss>",
                &["doubled-attributes", "entities"],
            ),
            (
                "<feed><dc:date>1</dc:date></feed>",
                "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:date>1</dc:date></feed>",
                &["namespace"],
            ),
            (
                "<rss version='2.0'><item><title>Les <b>Jeux</b></title><link><a href='/x'>voir</a></link></item></rss>",
                "<rss version=\"2.0\"><item><title>Les &lt;b&gt;Jeux&lt;/b&gt;</title><link>/x</link></item></rss>",
                &["naked-markup"],
            ),
            ("<rss version='2.0'><a><![CDATA[x < & y]]></a></rss>", "<rss version=\"2.0\"><a><![CDATA[x < & y]]></a></rss>", &[]),
        ] {
            let repaired = repair(broken);
            assert_eq!(repaired.text, fixed, "{broken}");
            assert_eq!(repaired.repaired, told, "{broken}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_in_well_formed_xml_comes_out(text in "<rss>(<item>|</item>|<a |b='|\"|>|</|&|&lt;|<!\\[CDATA\\[|\\]\\]>|<!--|-->|<\\?|é|\u{0}| |=|/|x){0,40}") {
            let mut reader = quick_xml::Reader::from_str("");
            let repaired = repair(&text);
            reader = { let _ = reader; quick_xml::Reader::from_str(&repaired.text) };
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => panic!("{error}: {text:?} became {:?}", repaired.text),
                }
            }
        }
    }
}
