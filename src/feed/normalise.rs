//! What was read to our model: bounded, dated, identified, with absolute links. HTML stays raw.

use std::borrow::Cow;

use url::Url;

use super::draft::{Address, Document, Draft, File, Kind, Page, Rich};
use super::language::{LEAST_OF_ENTRY, settle, settle_entry, settle_feed};
use super::links::canonicalize_url;
use super::{Feed, FeedBody, identity};
use crate::html::{self, decode_entities, escape, find_lead_image, to_line};
use crate::model::{Enclosure, Entry, EntryHead, EntryKey, Lang, PollHints, RawHtml, SourceId, Text};

/// An entry's summary or content beyond this is cut: no article is longer.
const MOST_HTML: usize = 1 << 20;
/// The same for what hangs on an entry.
const MOST_PEOPLE: usize = 20;
const MOST_CATEGORIES: usize = 50;
/// As much text, in bytes, tells a language.
const SAMPLE: usize = 600;
/// Markup that is longer and shows nothing is left to the cleaner, in bytes.
const LONGEST_BLANK: usize = 200;
/// So many entries are heard one by one, where a feed and its text disagree.
const HEARD: usize = 20;
/// Names, categories, guids and headlines are cut here, in bytes.
const MOST_TEXT: usize = 1_000;
/// Longer addresses of hubs are none.
const MOST_ADDRESS: usize = 2_000;

/// Makes our feed of what was read.
pub(super) fn normalise(document: Document<'_>, body: &FeedBody<'_>, source: &SourceId, mut repaired: Vec<&'static str>) -> Feed {
    let Document { format, feed, entries, bases, repairs } = document;
    repaired.extend(repairs.names());
    let authors = people(&feed.people);
    let said = declared(feed.language.get().map(Cow::as_ref), feed.place.lang, None);
    let language = settle_feed(said.as_ref(), body.lang, &sample(&entries), each(&entries));
    let maker = Maker { source, bases: &bases, authors: inherited(&authors), language: language.as_ref() };
    let entries = entries.into_iter().filter_map(|entry| maker.entry(entry)).collect();
    let description = feed.summary.take().and_then(|text| maker.html(text, 0));
    let own = feed.image.get().and_then(|image| maker.address(image));
    let image =
        own.or_else(|| description.as_ref().and_then(find_lead_image).and_then(|src| canonicalize_url(&src, bases[0].as_ref())));
    let link = maker.page(&feed.pages);
    let rights = feed.rights.take().and_then(|text| maker.html(text, 0));
    let period = feed.period.map(|minutes| minutes / feed.times.unwrap_or(1).max(1));
    Feed {
        format,
        id: feed.id.take().map(|id| cut(id.into_owned())),
        title: feed.title.get().map(line).unwrap_or_default(),
        link,
        description,
        language,
        updated: feed.updated.take().or(feed.published.take()),
        categories: categories(&feed.categories),
        image,
        rights,
        authors,
        poll_hints: PollHints {
            minutes: feed.poll_hints.minutes.or(period),
            // It belongs to the period.
            base: feed.poll_hints.base.filter(|_| feed.poll_hints.minutes.is_none() && period.is_some()),
            ..feed.poll_hints
        },
        repaired,
        entries,
        hub: feed.hub.get().and_then(|hub| exact(hub, &bases)),
        own_url: feed.own.get().and_then(|own| exact(own, &bases)),
    }
}

/// An address that another server compares with its own, letter by letter: nothing is dropped from it.
fn exact(address: &Address<'_>, bases: &[Option<Url>]) -> Option<String> {
    let url = match &bases[address.base] {
        Some(base) => base.join(&address.href).ok()?,
        None => Url::parse(&address.href).ok()?,
    };
    (matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MOST_ADDRESS).then(|| url.into())
}

/// What all entries of a feed are made with.
struct Maker<'m> {
    source: &'m SourceId,
    bases: &'m [Option<Url>],
    authors: &'m [String],
    language: Option<&'m Lang>,
}

impl Maker<'_> {
    /// One entry; nothing for one that says nothing at all.
    fn entry(&self, draft: Draft<'_>) -> Option<Entry> {
        if !draft.spoke {
            return None;
        }
        let lang = language(&draft, self.language);
        let guid = draft.id.take().map(|id| cut(id.into_owned()));
        // A guid that is an address stands for a missing link (RSS 2.0: a permalink unless it says otherwise).
        let stands_in = guid.as_deref().filter(|guid| !draft.opaque_id && guid.starts_with("http"));
        let url = self.page(&draft.pages).or_else(|| stands_in.and_then(|guid| canonicalize_url(guid, None)));
        let title = draft.title.get().map(line).unwrap_or_default();
        let (content, summary) = (draft.content.take(), draft.summary.take());
        // The base of the longest text is that of the entry; what has another is made absolute now.
        let base = content.as_ref().or(summary.as_ref()).map_or(draft.place.base, |rich| rich.place.base);
        let content = content.and_then(|rich| self.html(rich, base));
        let summary = summary.and_then(|rich| self.html(rich, base));
        let enclosures = self.files(&draft.files);
        let is_image = |enclosure: &&Enclosure| enclosure.media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"));
        let image = draft.image.get().and_then(|image| self.address(image));
        let image = image.or_else(|| enclosures.iter().find(is_image).map(|enclosure| enclosure.url.clone()));
        let image = image.or_else(|| {
            let src = [&content, &summary].into_iter().flatten().find_map(find_lead_image)?;
            canonicalize_url(&src, self.bases[base].as_ref())
        });
        let mut authors = people(&draft.people);
        if authors.is_empty() {
            authors = self.authors.to_vec();
        }
        let (published, updated) = (draft.published.take(), draft.updated.take());
        // Most guids are the link once more, whose canonical form is known.
        let same = url.as_ref().filter(|url| guid.as_deref() == Some(url.as_str()));
        let uid = same.cloned().unwrap_or_else(|| identity::uid(guid.as_deref(), url.as_deref(), &title, published));
        let head = EntryHead {
            url,
            authors,
            categories: categories(&draft.categories),
            published,
            updated,
            enclosures,
            image,
            lang,
            base: self.bases[base].as_ref().map(|base| base.as_str().to_owned()),
            guid,
        };
        Some(Entry { key: EntryKey { source: self.source.clone(), uid }, head, title, summary, content })
    }

    /// Text of any kind as bounded raw HTML; nothing for what shows nothing. With a base other than `base`, its links are made
    /// absolute at once (which cleans it): an entry keeps one base.
    fn html(&self, rich: Rich<'_>, base: usize) -> Option<RawHtml> {
        if says_nothing(&rich) {
            return None;
        }
        let text = match rich.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..text.floor_char_boundary(MOST_HTML)]),
            Cow::Owned(mut text) => {
                text.truncate(text.floor_char_boundary(MOST_HTML));
                Cow::Owned(text)
            }
        };
        let html = match rich.kind {
            Kind::Text => escape(&text).replace('\n', "<br>"),
            Kind::Html => text.into_owned(),
        };
        let html = RawHtml(html);
        if base != rich.place.base {
            return Some(RawHtml(html::clean(&html, self.bases[rich.place.base].as_ref()).as_str().to_owned()));
        }
        Some(html)
    }

    /// The page that the best link leads to; of equals the first.
    fn page(&self, pages: &[Page<'_>]) -> Option<String> {
        let mut best: Option<(u8, String)> = None;
        for page in pages {
            if best.as_ref().is_none_or(|(rank, _)| page.rank > *rank)
                && let Some(url) = self.address(&page.address)
            {
                best = Some((page.rank, url));
            }
        }
        best.map(|(_, url)| url)
    }

    fn address(&self, address: &Address<'_>) -> Option<String> {
        canonicalize_url(&address.href, self.bases[address.base].as_ref())
    }

    /// The files of an entry, each once.
    fn files(&self, files: &[File<'_>]) -> Vec<Enclosure> {
        let mut enclosures: Vec<Enclosure> = Vec::with_capacity(files.len());
        for file in files {
            if let Some(url) = self.address(&file.address)
                && !enclosures.iter().any(|other| other.url == url)
            {
                let media_type = file.media_type.as_ref().map(|kind| cut(kind.as_ref().to_owned()));
                enclosures.push(Enclosure { url, media_type, length: file.length });
            }
        }
        enclosures
    }
}

/// The language of an entry: an element of its own, else what its text or itself is marked with, unless its text is surely in
/// another; else that of its feed, unless the text is long and surely in another.
fn language(draft: &Draft<'_>, around: Option<&Lang>) -> Option<Lang> {
    let texts = [draft.content.get(), draft.summary.get(), draft.title.get()];
    let marked = texts.into_iter().flatten().find_map(|rich| rich.place.lang).or(draft.place.lang);
    let element = draft.language.get().map(Cow::as_ref);
    if element.is_none() && marked.is_none() {
        let long = texts.into_iter().flatten().any(|rich| rich.text.len() >= LEAST_OF_ENTRY);
        return if long { settle_entry(around, &sample(std::slice::from_ref(draft))) } else { around.cloned() };
    }
    let said = declared(element, marked, None)?;
    settle(Some(&said), None, &sample(std::slice::from_ref(draft)))
}

/// The same of some entries, one by one.
fn each<'s>(entries: &'s [Draft<'_>]) -> impl Iterator<Item = Cow<'s, str>> {
    entries.iter().take(HEARD).map(|entry| Cow::Owned(sample(std::slice::from_ref(entry))))
}

/// Text enough to hear the language of entries in: headlines, then the beginnings of summaries.
fn sample(entries: &[Draft<'_>]) -> String {
    let mut sample = String::new();
    let titles = entries.iter().filter_map(|entry| entry.title.get());
    let summaries = entries.iter().filter_map(|entry| entry.summary.get().or(entry.content.get()));
    for rich in titles.chain(summaries) {
        if sample.len() >= SAMPLE {
            break;
        }
        let text = &rich.text[..rich.text.floor_char_boundary(SAMPLE)];
        sample.push_str(to_line(text).as_str());
        sample.push('\n');
    }
    sample
}

/// The language that an element gives, else `xml:lang`, else that of what is around.
fn declared(element: Option<&str>, marked: Option<&str>, around: Option<&Lang>) -> Option<Lang> {
    match (element.and_then(Lang::new), marked) {
        (Some(language), _) => Some(language),
        // `xml:lang=""` takes back what is said around it (XML 1.0 §2.12).
        (None, Some("")) => None,
        (None, marked) => marked.and_then(Lang::new).or_else(|| around.cloned()),
    }
}

/// Whether a text shows nothing: white space, or markup around no-break spaces (`<p>&nbsp;</p>`), which programs write where an
/// author wrote nothing. Markup around nothing at all is the author's own.
fn says_nothing(rich: &Rich<'_>) -> bool {
    /// What shows without a text.
    const SHOWN: [&str; 12] =
        ["img", "picture", "image", "video", "audio", "iframe", "embed", "object", "amp-", "source", "input", "svg"];
    let text = rich.text.trim();
    if text.is_empty() || rich.kind == Kind::Text || text.len() > LONGEST_BLANK || !text.starts_with(['&', '<']) {
        return text.is_empty();
    }
    let invisible = |c: char| matches!(c, '\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    if !text.contains(|c: char| c == '&' || invisible(c)) {
        return false;
    }
    let shows = |tag: &str| SHOWN.iter().any(|name| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
    to_line(text).as_str().chars().all(|c| c.is_whitespace() || invisible(c)) && !text.split('<').any(shows)
}

/// A headline or another line of text.
fn line(rich: &Rich<'_>) -> Text {
    let content = &rich.text[..rich.text.floor_char_boundary(MOST_TEXT * 8)];
    let line = if rich.kind == Kind::Text { Text::new(content) } else { to_line(content) };
    if line.as_str().len() <= MOST_TEXT { line } else { Text::new(&cut(line.to_string())) }
}

/// Names of people, each once: those that the best-informed elements give. `itunes:author` is the station more often than
/// the author, and `dc:publisher` is nobody's name.
fn people(people: &[(u8, Cow<'_, str>)]) -> Vec<String> {
    let best = people.iter().map(|(rank, _)| *rank).max().unwrap_or(0).min(2);
    let mut names: Vec<String> = Vec::new();
    for (_, name) in people.iter().filter(|(rank, _)| *rank >= best).take(MOST_PEOPLE) {
        push_line(&mut names, name);
    }
    names
}

/// The authors of the feed that its entries inherit: a copy each of 20 kB of names would make 100 MB of 5,000 entries.
fn inherited(authors: &[String]) -> &[String] {
    let mut room = MOST_TEXT;
    let fits = |name: &&String| {
        let left = room.checked_sub(name.len());
        room = left.unwrap_or(0);
        left.is_some()
    };
    &authors[..authors.iter().take_while(fits).count()]
}

/// Names of categories, each once.
fn categories(categories: &[Cow<'_, str>]) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for category in categories.iter().take(MOST_CATEGORIES) {
        push_line(&mut terms, category);
    }
    terms
}

fn push_line(lines: &mut Vec<String>, text: &str) {
    let line = cut(Text::new(&decode_entities(text)).to_string());
    if !line.is_empty() && !lines.contains(&line) {
        lines.push(line);
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MOST_TEXT));
    if text.contains('\0') {
        text.retain(|c| c != '\0');
    }
    text
}
