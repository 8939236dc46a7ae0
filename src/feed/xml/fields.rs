//! The meaning of each element of all vocabularies, and the rank of its value.
//!
//! The ranks: 3 for the format's own element, 2 for the same in another vocabulary, 1 for a substitute.

use std::borrow::Cow;

use super::names::Vocabulary;
use super::reader::{Child, Inside, XmlReader};
use super::value::{Expected, trimmed};
use crate::feed::dates::parse_date;
use crate::feed::draft::{Address, Draft, Markup, ORIGINAL_LINK, PageLink};
use crate::model::Time;

/// The number of links, people and categories of an entry that are read.
const MAX_PAGES: usize = 20;
const MAX_PEOPLE: usize = 50;
const MAX_CATEGORIES: usize = 100;

impl<'a> XmlReader<'a> {
    /// Reads a child of a feed or an entry to its end, or enters it if its children are fields, too.
    pub(super) fn read_field(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, is_entry: bool) {
        let mut lower = [0; 24];
        let name = to_lower(child.local_name(), &mut lower);
        match child.vocabulary {
            Vocabulary::Rss | Vocabulary::Atom => self.read_own_element(draft, child, name, is_entry),
            Vocabulary::Dc | Vocabulary::DcTerms => self.read_dublin_core(draft, child, name),
            Vocabulary::Podcast => self.read_podcast(draft, child, name, is_entry),
            Vocabulary::PodcastIndex if is_entry => self.read_podcast_index(draft, child, name),
            Vocabulary::Media => self.read_media(draft, child, name),
            Vocabulary::Syndication if !is_entry => self.read_syndication(draft, child, name),
            Vocabulary::Content if name == "encoded" => {
                let content = self.read_rich_text(child, Markup::Html, Expected::Text);
                draft.content.offer(3, content);
            }
            Vocabulary::ClickCounter if name == "origlink" => {
                let href = self.read_line(child);
                if !href.is_empty() && draft.pages.len() < MAX_PAGES {
                    draft.pages.push(PageLink { address: Address { href, base: child.scope.base }, rank: ORIGINAL_LINK });
                }
            }
            Vocabulary::Xhtml if matches!(name, "body" | "div" | "p" | "section" | "article") && is_entry => {
                let content = self.read_rich_text(child, Markup::Html, Expected::Markup);
                draft.content.offer(2, content);
            }
            _ => self.skip(child),
        }
    }

    /// Reads an element of RSS or Atom. Feeds mix them.
    fn read_own_element(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str, is_entry: bool) {
        // An element of the other format's namespace ranks below the feed's own.
        let rank = if child.tag.name.contains(':') { 2 } else { 3 };
        match name {
            "title" | "description" | "summary" | "tagline" | "subtitle" | "abstract" | "content" | "encoded" | "fullitem"
            | "body" | "rights" | "copyright" => self.read_own_text(draft, child, name, rank),
            "ttl" | "skiphours" | "skipdays" | "hour" | "day" if !is_entry => self.read_poll_hint(draft, child, name),
            "link" => self.read_link(draft, child),
            "guid" | "id" => self.read_id(draft, child, rank),
            "author" | "managingeditor" => self.read_person(draft, child, 3),
            "webmaster" => self.read_person(draft, child, 1),
            "category" => self.read_category(draft, child),
            "enclosure" => self.read_enclosure(draft, child),
            "pubdate" | "published" | "issued" => {
                let time = self.read_time(child);
                draft.published.offer(rank, time);
            }
            "created" | "date" => {
                let time = self.read_time(child);
                draft.published.offer(1, time);
            }
            "updated" | "modified" | "lastbuilddate" => {
                let time = self.read_time(child);
                draft.updated.offer(rank, time);
            }
            "image" => self.read_image(draft, child, 3),
            "logo" => {
                if let Some(href) = child.tag.attribute("href") {
                    let address = self.address(href, child);
                    draft.image.offer(3, Some(address));
                }
                self.read_image(draft, child, 3);
            }
            "icon" => self.read_image(draft, child, 2),
            "language" => {
                let language = Some(self.read_line(child)).filter(|language| !language.is_empty());
                draft.language.offer(3, language);
            }
            _ => self.skip(child),
        }
    }

    /// Reads an element of RSS or Atom that holds text or HTML.
    fn read_own_text(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str, rank: u8) {
        let usual = if child.vocabulary == Vocabulary::Atom { Markup::Text } else { Markup::Html };
        let expected = if name == "title" { Expected::Line } else { Expected::Text };
        let text = self.read_rich_text(child, usual, expected);
        match name {
            "title" => draft.title.offer(rank, text),
            "description" | "summary" => draft.summary.offer(rank, text),
            "tagline" | "subtitle" | "abstract" => draft.summary.offer(2, text),
            "content" => draft.content.offer(3, text),
            "encoded" | "fullitem" | "body" => draft.content.offer(2, text),
            _ => draft.rights.offer(rank, text),
        }
    }

    /// Reads the id of an entry or a feed.
    fn read_id(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, rank: u8) {
        let is_opaque = child.tag.attribute("isPermaLink").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        let id = Some(self.read_line(child)).filter(|id| !id.is_empty());
        if id.is_some() && draft.id.get().is_none() {
            draft.opaque_id = is_opaque;
        }
        draft.id.offer(rank, id);
    }

    /// Reads a polling hint of RSS 2.0.
    fn read_poll_hint(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "ttl" => {
                let minutes = self.read_line(child).parse().ok();
                draft.poll_hints.minutes = minutes.or(draft.poll_hints.minutes);
            }
            "hour" => {
                if let Ok(hour) = self.read_line(child).parse() {
                    draft.poll_hints.skip_hour(hour);
                }
            }
            "day" => {
                let day = self.read_line(child);
                draft.poll_hints.skip_day(&day);
            }
            // The children of `skipHours` and `skipDays` are fields of the feed.
            _ => {
                self.enter(child);
            }
        }
    }

    /// Reads the update frequency of a feed: <http://web.resource.org/rss/1.0/modules/syndication/>.
    fn read_syndication(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "updateperiod" => {
                const DAY: u32 = 24 * 60;
                let period = self.read_line(child);
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
                let date = self.read_line(child);
                draft.poll_hints.base = parse_date(&date, self.zone);
            }
            "updatefrequency" => draft.times = self.read_line(child).parse().ok(),
            _ => self.skip(child),
        }
    }

    /// Reads an element of Dublin Core (elements 1.1, and terms).
    fn read_dublin_core(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, name: &str) {
        match name {
            "title" => {
                let title = self.read_rich_text(child, Markup::Html, Expected::Line);
                draft.title.offer(2, title);
            }
            "creator" | "author" => self.read_person(draft, child, 2),
            "publisher" => self.read_person(draft, child, 0),
            "subject" => {
                let subject = self.read_line(child);
                push_category(draft, subject);
            }
            "description" | "abstract" => {
                let summary = self.read_rich_text(child, Markup::Html, Expected::Text);
                draft.summary.offer(2, summary);
            }
            "date" | "issued" | "created" | "available" => {
                let time = self.read_time(child);
                draft.published.offer(if name == "issued" { 2 } else { 1 }, time);
            }
            "modified" => {
                let time = self.read_time(child);
                draft.updated.offer(2, time);
            }
            "language" => {
                let language = Some(self.read_line(child)).filter(|language| !language.is_empty());
                draft.language.offer(2, language);
            }
            "rights" => {
                let rights = self.read_rich_text(child, Markup::Html, Expected::Text);
                draft.rights.offer(2, rights);
            }
            "identifier" => {
                let id = Some(self.read_line(child)).filter(|id| !id.is_empty());
                draft.id.offer(1, id);
            }
            _ => self.skip(child),
        }
    }

    /// Reads the attributes of a container: RDF's address, CDF's link and dates.
    pub(super) fn read_attributes(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let tag = &child.tag;
        if tag.attributes.is_empty() {
            return;
        }
        let about = tag.attribute("rdf:about").or_else(|| tag.attribute("about")).filter(|about| !about.trim().is_empty());
        if let Some(about) = about {
            let about = trimmed(self.entities.resolve(about));
            draft.pages.push(PageLink { address: Address { href: about.clone(), base: child.scope.base }, rank: 0 });
            draft.id.offer(1, Some(about));
        }
        if let Some(href) = tag.attribute("href").filter(|href| !href.trim().is_empty()) {
            let address = self.address(href, child);
            draft.pages.push(PageLink { address, rank: 1 });
        }
        if let Some(date) = tag.attribute("lastmod") {
            draft.updated.offer(2, parse_date(date, self.zone));
        }
    }

    /// Reads a link: an address in an attribute as in Atom, or as text as in RSS.
    fn read_link(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let tag = &child.tag;
        let Some(href) = tag.attribute("href").filter(|href| !href.trim().is_empty()) else {
            let rel = tag.attribute("rel").map(str::trim);
            let text = self.read_line(child);
            if !text.is_empty() && rel.is_none_or(|rel| rel.eq_ignore_ascii_case("alternate")) && draft.pages.len() < MAX_PAGES {
                let rank = if child.tag.name.contains(':') { 2 } else { 4 };
                draft.pages.push(PageLink { address: Address { href: text, base: child.scope.base }, rank });
            }
            return;
        };
        let rel = tag.attribute("rel").map_or("alternate", str::trim);
        // Relations may be written as URIs (RFC 4287 §4.2.7.2).
        let rel = rel.rsplit('/').next().unwrap_or(rel);
        if rel.eq_ignore_ascii_case("enclosure") {
            self.push_file(draft, child, "href", "length");
        } else if (rel.is_empty() || rel.eq_ignore_ascii_case("alternate")) && draft.pages.len() < MAX_PAGES {
            let is_page = tag.attribute("type").is_none_or(|kind| kind.trim().is_empty() || kind.contains("html"));
            let address = self.address(href, child);
            draft.pages.push(PageLink { address, rank: if is_page { 3 } else { 2 } });
        } else if rel.eq_ignore_ascii_case("hub") {
            draft.hub.offer(1, Some(self.address(href, child)));
        } else if rel.eq_ignore_ascii_case("self") {
            draft.own.offer(1, Some(self.address(href, child)));
        }
        self.skip(child);
    }

    /// Reads a person: a name alone, `address (name)`, or Atom's name, email and uri.
    pub(super) fn read_person(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, rank: u8) {
        let Some(level) = self.enter(child) else { return };
        let (mut name, mut email, mut text) = (Cow::Borrowed(""), Cow::Borrowed(""), Cow::Borrowed(""));
        while let Some(inside) = self.next_inside(level) {
            let Inside::Child(inner) = &inside else {
                let more = self.text_of(&inside);
                if !text.is_empty() || !more.trim().is_empty() {
                    text += more;
                }
                continue;
            };
            let mut lower = [0; 24];
            match to_lower(inner.local_name(), &mut lower) {
                "name" => name = self.read_line(inner),
                "email" => email = self.read_line(inner),
                "uri" | "url" | "homepage" => self.skip(inner),
                _ => {
                    let more = self.read_line(inner);
                    text += more;
                }
            }
        }
        let person = match (name.trim().is_empty(), text.trim().is_empty()) {
            (false, _) => name,
            (true, false) => person_name(text),
            (true, true) => email,
        };
        if !person.trim().is_empty() && draft.people.len() < MAX_PEOPLE {
            draft.people.push((rank, person));
        }
    }

    /// Reads a category: the name in its attributes, else its text. Those of podcasts nest.
    pub(super) fn read_category(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let tag = &child.tag;
        let attribute = [tag.attribute("label"), tag.attribute("term"), tag.attribute("text")]
            .into_iter()
            .flatten()
            .find(|name| !name.trim().is_empty());
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
        let name = self.read_line(child);
        push_category(draft, name);
    }

    /// Reads an enclosure of RSS.
    fn read_enclosure(&mut self, draft: &mut Draft<'a>, child: &Child<'a>) {
        let name = if child.tag.attribute("url").is_some() { "url" } else { "href" };
        self.push_file(draft, child, name, "length");
        self.skip(child);
    }

    /// Reads an image: an address in an attribute, as text, or in a `url` element.
    pub(super) fn read_image(&mut self, draft: &mut Draft<'a>, child: &Child<'a>, rank: u8) {
        let tag = &child.tag;
        let href = [tag.attribute("href"), tag.attribute("url"), tag.attribute("rdf:resource")]
            .into_iter()
            .flatten()
            .find(|href| !href.trim().is_empty());
        if let Some(href) = href {
            let address = self.address(href, child);
            draft.image.offer(rank, Some(address));
        }
        let Some(level) = self.enter(child) else { return };
        let mut text = Cow::Borrowed("");
        while let Some(inside) = self.next_inside(level) {
            match &inside {
                Inside::Child(inner) if inner.local_name().eq_ignore_ascii_case("url") => {
                    let href = self.read_line(inner);
                    draft
                        .image
                        .offer(rank, Some(Address { href, base: inner.scope.base }).filter(|address| !address.href.is_empty()));
                }
                Inside::Child(inner) => self.skip(inner),
                inside => text += self.text_of(inside),
            }
        }
        let href = trimmed(text);
        if !href.is_empty() && !href.contains(char::is_whitespace) {
            draft.image.offer(rank, Some(Address { href, base: child.scope.base }));
        }
    }

    /// Reads a date.
    fn read_time(&mut self, child: &Child<'a>) -> Option<Time> {
        let line = self.read_line(child);
        parse_date(&line, self.zone)
    }

    /// Returns the address in an attribute.
    pub(super) fn address(&self, href: &'a str, child: &Child<'a>) -> Address<'a> {
        Address { href: trimmed(self.entities.resolve(href)), base: child.scope.base }
    }
}

pub(super) fn push_category<'a>(draft: &mut Draft<'a>, name: Cow<'a, str>) {
    if !name.trim().is_empty() && draft.categories.len() < MAX_CATEGORIES {
        draft.categories.push(name);
    }
}

/// Returns the name in `address (name)`, `name <address>` or `name (address)`, or the address if there is no name.
fn person_name(text: Cow<'_, str>) -> Cow<'_, str> {
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

/// Returns a name in lower case. Names too long to be known stay as they are.
pub(super) fn to_lower<'b>(name: &'b str, buffer: &'b mut [u8; 24]) -> &'b str {
    if name.len() > buffer.len() || !name.bytes().any(|b| b.is_ascii_uppercase()) {
        return name;
    }
    let lower = &mut buffer[..name.len()];
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).unwrap_or(name)
}
