//! What each element says: the table of all vocabularies, and how well each knows what it says.
//!
//! The ranks: 3 the format's own element, 2 the same by another vocabulary, 1 what stands for it when nothing else does.

use std::borrow::Cow;

use super::lexer::Tag;
use super::names::Vocabulary;
use super::reader::{Child, Inside, Reader};
use super::value::{Expected, trimmed};
use crate::feed::dates::parse_date;
use crate::feed::draft::{Address, Draft, File, Kind, Page};
use crate::model::Time;

/// What hangs on an entry beyond this is not read.
const MOST_FILES: usize = 50;
const MOST_PAGES: usize = 20;
const MOST_PEOPLE: usize = 50;
const MOST_CATEGORIES: usize = 100;

impl<'a> Reader<'a> {
    /// What a feed or an entry says in one of its elements; reads to its end, or goes into it when its children speak for it.
    pub(super) fn field(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, is_entry: bool) {
        let mut lower = [0; 24];
        let name = lowered(child.local(), &mut lower);
        match child.vocabulary {
            Vocabulary::Rss | Vocabulary::Atom => self.own(draft, child, name, is_entry),
            Vocabulary::Dc | Vocabulary::DcTerms => self.dublin_core(draft, child, name),
            Vocabulary::Podcast => self.podcast(draft, child, name),
            Vocabulary::Media => self.media(draft, child, name),
            Vocabulary::Syndication if !is_entry => self.syndication(draft, child, name),
            Vocabulary::Content if name == "encoded" => {
                let content = self.rich(child, Kind::Html, Expected::Text);
                draft.content.offer(3, content);
            }
            Vocabulary::Xhtml if matches!(name, "body" | "div" | "p" | "section" | "article") && is_entry => {
                let content = self.rich(child, Kind::Html, Expected::Markup);
                draft.content.offer(2, content);
            }
            _ => self.skip(child),
        }
    }

    /// The elements of RSS and Atom: feeds mix them.
    fn own(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str, is_entry: bool) {
        // An element of the other format's namespace knows less than the feed's own.
        let rank = if child.tag.name.contains(':') { 2 } else { 3 };
        match name {
            "title" => {
                let usual = if child.vocabulary == Vocabulary::Atom { Kind::Text } else { Kind::Html };
                let title = self.rich(child, usual, Expected::Line);
                draft.title.offer(rank, title);
            }
            "link" => self.link(draft, child),
            "guid" | "id" => {
                let opaque = child.tag.raw("isPermaLink").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
                let id = Some(self.line(child)).filter(|id| !id.is_empty());
                if id.is_some() && draft.id.get().is_none() {
                    draft.opaque_id = opaque;
                }
                draft.id.offer(rank, id);
            }
            "description" | "summary" | "tagline" | "subtitle" | "abstract" => {
                let usual = if child.vocabulary == Vocabulary::Atom { Kind::Text } else { Kind::Html };
                let rank = if matches!(name, "description" | "summary") { rank } else { 2 };
                let summary = self.rich(child, usual, Expected::Text);
                draft.summary.offer(rank, summary);
            }
            "content" | "encoded" | "fullitem" | "body" => {
                let usual = if child.vocabulary == Vocabulary::Atom { Kind::Text } else { Kind::Html };
                let content = self.rich(child, usual, Expected::Text);
                draft.content.offer(if name == "content" { 3 } else { 2 }, content);
            }
            "author" | "managingeditor" => self.person(draft, child, 3),
            "webmaster" => self.person(draft, child, 1),
            "category" => self.category(draft, child),
            "enclosure" => self.enclosure(draft, child),
            "pubdate" | "published" | "issued" => {
                let time = self.time(child);
                draft.published.offer(rank, time);
            }
            "created" | "date" => {
                let time = self.time(child);
                draft.published.offer(1, time);
            }
            "updated" | "modified" | "lastbuilddate" => {
                let time = self.time(child);
                draft.updated.offer(rank, time);
            }
            "image" => self.picture(draft, child, 3),
            "logo" => {
                if let Some(href) = child.tag.raw("href") {
                    let address = self.address(href, child);
                    draft.image.offer(3, Some(address));
                }
                self.picture(draft, child, 3);
            }
            "icon" => self.picture(draft, child, 2),
            "rights" | "copyright" => {
                let usual = if child.vocabulary == Vocabulary::Atom { Kind::Text } else { Kind::Html };
                let rights = self.rich(child, usual, Expected::Text);
                draft.rights.offer(rank, rights);
            }
            "language" => {
                let language = Some(self.line(child)).filter(|language| !language.is_empty());
                draft.language.offer(3, language);
            }
            "ttl" if !is_entry => {
                let minutes = self.line(child).parse().ok();
                draft.poll_hints.minutes = minutes.or(draft.poll_hints.minutes);
            }
            // Their children speak for the feed.
            "skiphours" | "skipdays" if !is_entry => {
                self.enter(child);
            }
            "hour" if !is_entry => {
                if let Ok(hour) = self.line(child).parse() {
                    draft.poll_hints.skip_hour(hour);
                }
            }
            "day" if !is_entry => {
                let day = self.line(child);
                draft.poll_hints.skip_day(&day);
            }
            "item" | "entry" if !is_entry => self.skip(child),
            _ => self.skip(child),
        }
    }

    /// How often a feed is updated, and from when on that counts: <http://web.resource.org/rss/1.0/modules/syndication/>.
    fn syndication(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "updateperiod" => {
                const DAY: u32 = 24 * 60;
                let period = self.line(child);
                let minutes = match period.to_ascii_lowercase().as_str() {
                    "hourly" => Some(60),
                    "daily" => Some(DAY),
                    "weekly" => Some(7 * DAY),
                    "monthly" => Some(30 * DAY),
                    "yearly" => Some(365 * DAY),
                    _ => None,
                };
                draft.period = minutes;
            }
            "updatebase" => {
                let date = self.line(child);
                draft.poll_hints.base = parse_date(&date, self.zone);
            }
            "updatefrequency" => draft.times = self.line(child).parse().ok(),
            _ => self.skip(child),
        }
    }

    /// Dublin Core (elements 1.1, and terms).
    fn dublin_core(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "title" => {
                let title = self.rich(child, Kind::Html, Expected::Line);
                draft.title.offer(2, title);
            }
            "creator" | "author" => self.person(draft, child, 2),
            "publisher" => self.person(draft, child, 0),
            "subject" => {
                let subject = self.line(child);
                push_category(draft, subject);
            }
            "description" | "abstract" => {
                let summary = self.rich(child, Kind::Html, Expected::Text);
                draft.summary.offer(2, summary);
            }
            "date" | "issued" | "created" | "available" => {
                let time = self.time(child);
                draft.published.offer(if name == "issued" { 2 } else { 1 }, time);
            }
            "modified" => {
                let time = self.time(child);
                draft.updated.offer(2, time);
            }
            "language" => {
                let language = Some(self.line(child)).filter(|language| !language.is_empty());
                draft.language.offer(2, language);
            }
            "rights" => {
                let rights = self.rich(child, Kind::Html, Expected::Text);
                draft.rights.offer(2, rights);
            }
            "identifier" => {
                let id = Some(self.line(child)).filter(|id| !id.is_empty());
                draft.id.offer(1, id);
            }
            _ => self.skip(child),
        }
    }

    /// Podcasts: Apple's vocabulary, and Google's, which is the same.
    fn podcast(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "author" => self.person(draft, child, 1),
            "owner" => self.person(draft, child, 0),
            "title" => {
                let title = self.rich(child, Kind::Html, Expected::Line);
                draft.title.offer(1, title);
            }
            "summary" | "description" | "subtitle" => {
                let summary = self.rich(child, Kind::Html, Expected::Text);
                draft.summary.offer(u8::from(name != "subtitle"), summary);
            }
            "image" => self.picture(draft, child, 2),
            "category" => self.category(draft, child),
            "keywords" => {
                let words = self.line(child).into_owned();
                for word in words.split(',') {
                    push_category(draft, Cow::Owned(word.trim().to_owned()));
                }
            }
            _ => self.skip(child),
        }
    }

    /// Media RSS.
    fn media(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "group" => {
                self.enter(child);
            }
            "content" => {
                self.file(draft, child, "url", "fileSize");
                self.enter(child);
            }
            "peerlink" => {
                self.file(draft, child, "href", "length");
                self.skip(child);
            }
            "thumbnail" => {
                let url = child.tag.raw("url").or_else(|| child.tag.raw("href"));
                if let Some(url) = url.filter(|url| !url.trim().is_empty()) {
                    let address = self.address(url, child);
                    draft.image.offer(3, Some(address));
                    self.skip(child);
                } else {
                    self.picture(draft, child, 3);
                }
            }
            "title" => {
                let title = self.rich(child, Kind::Html, Expected::Line);
                draft.title.offer(0, title);
            }
            "description" => {
                let kind =
                    child.tag.raw("type").map_or(Kind::Html, |kind| if kind.contains("html") { Kind::Html } else { Kind::Text });
                let summary = self.rich(child, kind, Expected::Text);
                draft.summary.offer(1, summary);
            }
            // Without a label it is a path in somebody's tree.
            "category" if child.tag.raw("label").is_some() => self.category(draft, child),
            "keywords" => {
                let words = self.line(child).into_owned();
                for word in words.split(',') {
                    push_category(draft, Cow::Owned(word.trim().to_owned()));
                }
            }
            "credit" => {
                let is_author = child.tag.raw("role").is_some_and(|role| role.trim().eq_ignore_ascii_case("author"));
                if is_author { self.person(draft, child, 1) } else { self.skip(child) }
            }
            _ => self.skip(child),
        }
    }

    /// What a container says in its own attributes: RDF's address, CDF's link and dates.
    pub(super) fn own_attributes(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let tag = &child.tag;
        if tag.attributes.is_empty() {
            return;
        }
        let about = tag.raw("rdf:about").or_else(|| tag.raw("about")).filter(|about| !about.trim().is_empty());
        if let Some(about) = about {
            let about = trimmed(self.entities.resolve(about));
            draft.pages.push(Page { address: Address { href: about.clone(), base: child.place.base }, rank: 0 });
            draft.id.offer(1, Some(about));
        }
        if let Some(href) = tag.raw("href").filter(|href| !href.trim().is_empty()) {
            let address = self.address(href, child);
            draft.pages.push(Page { address, rank: 1 });
        }
        if let Some(date) = tag.raw("lastmod") {
            draft.updated.offer(2, parse_date(date, self.zone));
        }
    }

    /// A link: an address in an attribute as in Atom, or as text as in RSS.
    fn link(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let tag = &child.tag;
        let Some(href) = tag.raw("href").filter(|href| !href.trim().is_empty()) else {
            let rel = tag.raw("rel").map(str::trim);
            let text = self.line(child);
            if !text.is_empty() && rel.is_none_or(|rel| rel.eq_ignore_ascii_case("alternate")) && draft.pages.len() < MOST_PAGES {
                let rank = if child.tag.name.contains(':') { 2 } else { 4 };
                draft.pages.push(Page { address: Address { href: text, base: child.place.base }, rank });
            }
            return;
        };
        let rel = tag.raw("rel").map_or("alternate", str::trim);
        // Relations may be written as URIs (RFC 4287 §4.2.7.2).
        let rel = rel.rsplit('/').next().unwrap_or(rel);
        if rel.eq_ignore_ascii_case("enclosure") {
            self.file(draft, child, "href", "length");
        } else if (rel.is_empty() || rel.eq_ignore_ascii_case("alternate")) && draft.pages.len() < MOST_PAGES {
            let is_page = tag.raw("type").is_none_or(|kind| kind.trim().is_empty() || kind.contains("html"));
            let address = self.address(href, child);
            draft.pages.push(Page { address, rank: if is_page { 3 } else { 2 } });
        } else if rel.eq_ignore_ascii_case("hub") {
            draft.hub.offer(1, Some(self.address(href, child)));
        } else if rel.eq_ignore_ascii_case("self") {
            draft.own.offer(1, Some(self.address(href, child)));
        }
        self.skip(child);
    }

    /// A person: a name alone, `address (name)`, or Atom's name, email and uri.
    fn person(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, rank: u8) {
        let Some(level) = self.enter(child) else { return };
        let (mut name, mut email, mut text) = (Cow::Borrowed(""), Cow::Borrowed(""), Cow::Borrowed(""));
        while let Some(inside) = self.inside(level) {
            let Inside::Child(inner) = &inside else {
                let more = self.text_of(&inside);
                if !text.is_empty() || !more.trim().is_empty() {
                    text += more;
                }
                continue;
            };
            let mut lower = [0; 24];
            match lowered(inner.local(), &mut lower) {
                "name" => name = self.line(inner),
                "email" => email = self.line(inner),
                "uri" | "url" | "homepage" => self.skip(inner),
                _ => {
                    let more = self.line(inner);
                    text += more;
                }
            }
        }
        let person = match (name.trim().is_empty(), text.trim().is_empty()) {
            (false, _) => name,
            (true, false) => named(text),
            (true, true) => email,
        };
        if !person.trim().is_empty() && draft.people.len() < MOST_PEOPLE {
            draft.people.push((rank, person));
        }
    }

    /// A category: what its attributes call it, else its text. Podcasts nest theirs.
    fn category(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let tag = &child.tag;
        let attribute =
            [tag.raw("label"), tag.raw("term"), tag.raw("text")].into_iter().flatten().find(|name| !name.trim().is_empty());
        if let Some(name) = attribute {
            let name = trimmed(self.entities.resolve(name));
            push_category(draft, name);
            if child.vocabulary == Vocabulary::Podcast {
                self.enter(child);
            } else {
                self.skip(child);
            }
            return;
        }
        let name = self.line(child);
        push_category(draft, name);
    }

    /// RSS's enclosure.
    fn enclosure(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let name = if child.tag.raw("url").is_some() { "url" } else { "href" };
        self.file(draft, child, name, "length");
        self.skip(child);
    }

    /// A file that the attributes of a tag name.
    fn file(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, url: &str, length: &str) {
        let tag = &child.tag;
        let Some(href) = tag.raw(url).filter(|url| !url.trim().is_empty()) else { return };
        if draft.files.len() >= MOST_FILES {
            return;
        }
        let stated = tag.raw("type").map(|kind| trimmed(self.entities.resolve(kind))).filter(|kind| !kind.is_empty());
        let media_type = stated.or_else(|| kind_of_medium(tag));
        let length = tag.raw(length).and_then(|length| length.trim().parse().ok());
        let address = self.address(href, child);
        draft.files.push(File { address, media_type, length });
    }

    /// A picture: an address in an attribute, as text, or in a `url` of its own.
    fn picture(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, rank: u8) {
        let tag = &child.tag;
        let href =
            [tag.raw("href"), tag.raw("url"), tag.raw("rdf:resource")].into_iter().flatten().find(|href| !href.trim().is_empty());
        if let Some(href) = href {
            let address = self.address(href, child);
            draft.image.offer(rank, Some(address));
        }
        let Some(level) = self.enter(child) else { return };
        let mut text = Cow::Borrowed("");
        while let Some(inside) = self.inside(level) {
            match &inside {
                Inside::Child(inner) if inner.local().eq_ignore_ascii_case("url") => {
                    let href = self.line(inner);
                    draft
                        .image
                        .offer(rank, Some(Address { href, base: inner.place.base }).filter(|address| !address.href.is_empty()));
                }
                Inside::Child(inner) => self.skip(inner),
                inside => text += self.text_of(inside),
            }
        }
        let href = trimmed(text);
        if !href.is_empty() && !href.contains(char::is_whitespace) {
            draft.image.offer(rank, Some(Address { href, base: child.place.base }));
        }
    }

    /// A date; nothing for what is none.
    fn time(&mut self, child: &Child<'a>) -> Option<Time> {
        let line = self.line(child);
        parse_date(&line, self.zone)
    }

    /// An address in an attribute.
    fn address(&self, href: &'a str, child: &Child<'a>) -> Address<'a> {
        Address { href: trimmed(self.entities.resolve(href)), base: child.place.base }
    }
}

fn push_category<'a>(draft: &mut Draft<'a>, name: Cow<'a, str>) {
    if !name.trim().is_empty() && draft.categories.len() < MOST_CATEGORIES {
        draft.categories.push(name);
    }
}

/// What Media RSS's `medium` says of the type.
fn kind_of_medium(tag: &Tag<'_>) -> Option<Cow<'static, str>> {
    let kind = match tag.raw("medium")?.trim() {
        "image" => "image/*",
        "video" => "video/*",
        "audio" => "audio/*",
        _ => return None,
    };
    Some(Cow::Borrowed(kind))
}

/// The name in `address (name)`, `name <address>`, `name (address)`; the address if there is no name.
fn named(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = trimmed(text);
    let is_address = |word: &&str| word.contains('@') && word.trim_matches(|c: char| !c.is_alphanumeric()).contains('.');
    let Some(address) = text.split_whitespace().find(is_address) else { return text };
    let rest = text.replace(address, " ");
    let name = rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | '"' | ',' | ';'));
    if name.is_empty() {
        let address = address.trim_matches(|c: char| matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | '"' | ',' | ';'));
        return Cow::Owned(address.trim_start_matches("mailto:").to_owned());
    }
    Cow::Owned(name.to_owned())
}

/// A name in small letters; names too long to be known are left as they are.
fn lowered<'b>(name: &'b str, buffer: &'b mut [u8; 24]) -> &'b str {
    if name.len() > buffer.len() || !name.bytes().any(|b| b.is_ascii_uppercase()) {
        return name;
    }
    let lower = &mut buffer[..name.len()];
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).unwrap_or(name)
}
