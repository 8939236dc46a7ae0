//! Drafts to entries: bounded, dated, identified, with absolute links. HTML stays raw.

use std::borrow::Cow;
use std::collections::BTreeMap;

use url::Url;

use super::document::Context;
use super::draft::{
    Address, DetailDraft, Draft, EpisodeDraft, FeedDocument, Markup, ORIGINAL_LINK, PageLink, RichText, SideFile,
};
use super::files::read_files;
use super::language::{MIN_ENTRY_LETTERS, settle, settle_entry, settle_feed};
use super::links::canonicalize_url;
use super::media_type::parse_media_type;
use super::{Feed, identity};
use crate::html::{self, decode_entities, escape, find_lead_image, to_line};
use crate::model::{
    Chapters, Entry, EntryHead, EntryKey, EntryTexts, Episode, EpisodeDetail, Genre, Lang, PollHints, RawHtml, Text, Transcript,
};

/// The longest summary or content, in bytes. Longer ones are cut.
const MAX_HTML: usize = 1 << 20;
/// The number of authors and of categories.
const MAX_PEOPLE: usize = 20;
const MAX_CATEGORIES: usize = 50;
/// The length of the text in which the language is detected, in bytes.
const SAMPLE: usize = 600;
/// The length in bytes up to which blank markup is recognised here. The HTML cleaner handles longer markup.
const MAX_BLANK: usize = 200;
/// The number of entries whose language is detected one by one, if the declaration and the text of a feed disagree.
const MAX_DETECTED: usize = 20;
/// The longest name, category, guid and headline, in bytes.
const MAX_TEXT: usize = 1_000;
/// The base of a document that states none: the address of the feed.
const OF_FEED: usize = 0;
/// The longest address of a hub, in bytes.
const MAX_ADDRESS: usize = 2_000;

/// Makes a feed of a document.
pub(super) fn normalise(document: FeedDocument<'_>, context: &Context<'_>, mut repaired: Vec<&'static str>) -> Feed {
    let FeedDocument { format, feed, entries, bases, repairs } = document;
    repaired.extend(repairs.names());
    let authors = people(&feed.people);
    let declared = declared_language(feed.language.get().map(Cow::as_ref), feed.scope.lang, None);
    let language = settle_feed(declared.as_ref(), context.body.lang, &sample(&entries), entry_samples(&entries));
    let builder = EntryBuilder { context, bases: &bases, authors: inherited_authors(&authors), language: language.as_ref() };
    let entries = entries.into_iter().filter_map(|entry| builder.build(entry)).collect();
    let description = feed.summary.take().and_then(|text| builder.html(text, OF_FEED, None));
    let own = feed.image.get().and_then(|image| builder.address(image));
    let image =
        own.or_else(|| description.as_ref().and_then(find_lead_image).and_then(|src| canonicalize_url(&src, bases[0].as_ref())));
    let link = builder.page(&feed.pages);
    let rights = feed.rights.take().and_then(|text| builder.html(text, OF_FEED, None));
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
        genres: feed.genres.into_iter().map(genre).collect(),
        image,
        rights,
        authors,
        poll_hints: PollHints {
            minutes: feed.poll_hints.minutes.or(period),
            // `sy:updateBase` belongs to the period.
            base: feed.poll_hints.base.filter(|_| feed.poll_hints.minutes.is_none() && period.is_some()),
            ..feed.poll_hints
        },
        repaired,
        entries,
        hub: feed.hub.get().and_then(|hub| exact_address(hub, &bases)),
        own_url: feed.own.get().and_then(|own| exact_address(own, &bases)),
    }
}

/// Returns an address that another server compares with its own, byte by byte: nothing is removed from it.
fn exact_address(address: &Address<'_>, bases: &[Option<Url>]) -> Option<String> {
    let url = match &bases[address.base] {
        Some(base) => base.join(&address.href).ok()?,
        None => Url::parse(&address.href).ok()?,
    };
    (matches!(url.scheme(), "http" | "https") && url.as_str().len() <= MAX_ADDRESS).then(|| url.into())
}

/// Makes the entries of one feed.
struct EntryBuilder<'m> {
    context: &'m Context<'m>,
    bases: &'m [Option<Url>],
    authors: &'m [String],
    language: Option<&'m Lang>,
}

impl EntryBuilder<'_> {
    /// Makes an entry, or nothing of a draft without any field.
    fn build(&self, draft: Draft<'_>) -> Option<Entry> {
        if !draft.has_fields {
            return None;
        }
        let lang = entry_language(&draft, self.language);
        let guid = draft.id.take().map(|id| cut(id.into_owned()));
        // A guid that is an address replaces a missing link (RSS 2.0: a permalink unless declared otherwise).
        let permalink = guid.as_deref().filter(|guid| !draft.opaque_id && guid.starts_with("http"));
        let url = self.page(&draft.pages).or_else(|| permalink.and_then(|guid| canonicalize_url(guid, None)));
        let mut title = draft.title.get().map(line).unwrap_or_default();
        let (content, summary) = (draft.content.take(), draft.summary.take());
        // The base of the longest text becomes that of the entry. Links relative to another one are made absolute now.
        let base = content.as_ref().or(summary.as_ref()).map_or(draft.scope.base, |rich| rich.scope.base);
        let mut content = content.and_then(|rich| self.html(rich, base, url.as_deref()));
        let mut summary = summary.and_then(|rich| self.html(rich, base, url.as_deref()));
        let mut authors = people(&draft.people);
        if authors.is_empty() {
            authors = self.authors.to_vec();
        }
        let mut categories = categories(&draft.categories);
        (self.context.rewrite)(EntryTexts {
            title: &mut title,
            summary: &mut summary,
            content: &mut content,
            authors: &mut authors,
            categories: &mut categories,
        });
        let mut files = read_files(&draft.files, draft.episode.duration, |address| self.address(address));
        let named = draft.image.get().and_then(|image| self.address(image));
        let size = if named.is_some() { draft.image_size } else { (None, None) };
        let image = named.or_else(|| files.picture.take());
        let picture = image.as_deref().map(|image| files.describe(image, size, draft.credit.as_deref()));
        let image = image.or_else(|| {
            let src = [&content, &summary].into_iter().flatten().find_map(find_lead_image)?;
            canonicalize_url(&src, self.base(base, url.as_deref()).as_deref())
        });
        let (published, updated) = (draft.published.take(), draft.updated.take());
        // Most guids equal the link, which is canonical already.
        let same = url.as_ref().filter(|url| guid.as_deref() == Some(url.as_str()));
        let link = self.counted_link(&draft.pages);
        let page = link.as_deref().or(url.as_deref());
        let uid = same.cloned().unwrap_or_else(|| identity::entry_uid(guid.as_deref(), page, &title, published));
        let has_page = url.is_some();
        let head = EntryHead {
            url,
            authors,
            categories,
            published,
            updated,
            enclosures: files.enclosures,
            image,
            picture: picture.unwrap_or_default(),
            episode: self.episode(&draft.episode),
            lang,
            base: self.bases[base].as_ref().filter(|_| base != OF_FEED || !has_page).map(|base| base.as_str().to_owned()),
            guid,
        };
        Some(Entry { key: EntryKey { source: self.context.source.clone(), uid }, head, title, summary, content })
    }

    /// Returns what a podcast says of an entry.
    fn episode(&self, draft: &EpisodeDraft<'_>) -> Episode {
        let transcript = |file: &SideFile<'_>| {
            let lang = file.language.as_deref().and_then(Lang::new);
            let media_type = parse_media_type(&file.media_type)?;
            Some(Transcript { url: self.address(&file.address)?, media_type, lang, is_captions: file.is_captions })
        };
        let chapters = draft.chapters.as_ref().and_then(|file| {
            Some(Chapters { url: self.address(&file.address)?, media_type: parse_media_type(&file.media_type)? })
        });
        let EpisodeDraft { season, episode, kind, explicit, .. } = *draft;
        let transcripts = draft.transcripts.iter().filter_map(transcript).collect();
        let details = draft.details.iter().filter_map(|detail| self.detail(detail)).collect();
        Episode { season, episode, kind, explicit, transcripts, chapters, details }
    }

    /// Returns an element of the podcast namespace that is handed on; nothing if it lacks what it is for.
    fn detail(&self, draft: &DetailDraft<'_>) -> Option<EpisodeDetail> {
        let kind = draft.kind;
        let text = Text::new(&cut(draft.text.to_string()));
        let line = |(name, value): &(&str, Cow<'_, str>)| ((*name).to_owned(), Text::new(&cut(value.to_string())).to_string());
        let address = |(name, address): &(&str, Address<'_>)| Some(((*name).to_owned(), self.address(address)?));
        let attributes: BTreeMap<String, String> =
            draft.attributes.iter().map(line).chain(draft.addresses.iter().filter_map(address)).collect();
        let is_there = if kind.needs.is_empty() { !text.is_blank() } else { attributes.contains_key(kind.needs) };
        let children = draft.children.iter().filter_map(|child| self.detail(child)).collect();
        is_there.then(|| EpisodeDetail { name: kind.name.to_owned(), text, attributes, children })
    }

    /// Returns a text as raw HTML of limited length, or nothing if it is blank. If its base is not `base`, its links are made
    /// absolute at once (which cleans it): an entry stores one base.
    fn html(&self, rich: RichText<'_>, base: usize, page: Option<&str>) -> Option<RawHtml> {
        if is_blank(&rich) {
            return None;
        }
        let text = match rich.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..text.floor_char_boundary(MAX_HTML)]),
            Cow::Owned(mut text) => {
                text.truncate(text.floor_char_boundary(MAX_HTML));
                Cow::Owned(text)
            }
        };
        let html = match rich.markup {
            Markup::Text => escape(&text).replace('\n', "<br>"),
            Markup::Html => text.into_owned(),
        };
        let html = RawHtml(html);
        if base != rich.scope.base {
            return Some(RawHtml(html::clean(&html, self.base(rich.scope.base, page).as_deref()).as_str().to_owned()));
        }
        Some(html)
    }

    /// Returns the base of relative links in a text: a stated one (`xml:base`), else the page of the entry, which is where its text
    /// stands, else the feed.
    fn base(&self, index: usize, page: Option<&str>) -> Option<Cow<'_, Url>> {
        let page = page.filter(|_| index == OF_FEED).and_then(|page| Url::parse(page).ok());
        page.map(Cow::Owned).or_else(|| self.bases[index].as_ref().map(Cow::Borrowed))
    }

    /// Returns the target of the link with the highest rank, and of equals the first.
    fn page(&self, pages: &[PageLink<'_>]) -> Option<String> {
        self.page_up_to(pages, u8::MAX)
    }

    fn page_up_to(&self, pages: &[PageLink<'_>], highest: u8) -> Option<String> {
        let mut best: Option<(u8, String)> = None;
        for page in pages.iter().filter(|page| page.rank <= highest) {
            if best.as_ref().is_none_or(|(rank, _)| page.rank > *rank)
                && let Some(url) = self.address(&page.address)
            {
                best = Some((page.rank, url));
            }
        }
        best.map(|(_, url)| url)
    }

    /// Returns the link to a service that counts clicks, where the page itself is known too. An entry without a guid goes on
    /// being identified by it.
    fn counted_link(&self, pages: &[PageLink<'_>]) -> Option<String> {
        let is_counted = pages.iter().any(|page| page.rank == ORIGINAL_LINK);
        if is_counted { self.page_up_to(pages, ORIGINAL_LINK - 1) } else { None }
    }

    fn address(&self, address: &Address<'_>) -> Option<String> {
        canonicalize_url(&address.href, self.bases[address.base].as_ref())
    }
}

/// Returns the language of an entry: its own element or `xml:lang`, unless its text is clearly in another language; else that of
/// its feed, unless the text is long and clearly in another.
fn entry_language(draft: &Draft<'_>, around: Option<&Lang>) -> Option<Lang> {
    let texts = [draft.content.get(), draft.summary.get(), draft.title.get()];
    let marked = texts.into_iter().flatten().find_map(|rich| rich.scope.lang).or(draft.scope.lang);
    let element = draft.language.get().map(Cow::as_ref);
    if element.is_none() && marked.is_none() {
        let long = texts.into_iter().flatten().any(|rich| rich.text.len() >= MIN_ENTRY_LETTERS);
        return if long { settle_entry(around, &sample(std::slice::from_ref(draft))) } else { around.cloned() };
    }
    let declared = declared_language(element, marked, None)?;
    settle(Some(&declared), None, &sample(std::slice::from_ref(draft)))
}

/// Returns the samples of the first entries, one by one.
fn entry_samples<'s>(entries: &'s [Draft<'_>]) -> impl Iterator<Item = Cow<'s, str>> {
    entries.iter().take(MAX_DETECTED).map(|entry| Cow::Owned(sample(std::slice::from_ref(entry))))
}

/// Returns text in which to detect the language of entries: headlines, then the beginnings of summaries.
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

/// Returns the language of an element, else that of `xml:lang`, else the inherited one.
fn declared_language(element: Option<&str>, marked: Option<&str>, around: Option<&Lang>) -> Option<Lang> {
    match (element.and_then(Lang::new), marked) {
        (Some(language), _) => Some(language),
        // `xml:lang=""` cancels the inherited language (XML 1.0 §2.12).
        (None, Some("")) => None,
        (None, marked) => marked.and_then(Lang::new).or_else(|| around.cloned()),
    }
}

/// Returns true if a text is blank: white space, or markup around no-break spaces (`<p>&nbsp;</p>`), which editors write for an
/// empty text. Markup without any text or space is kept: it may be meant.
fn is_blank(rich: &RichText<'_>) -> bool {
    /// Elements that are visible without text.
    const VISIBLE: [&str; 12] =
        ["img", "picture", "image", "video", "audio", "iframe", "embed", "object", "amp-", "source", "input", "svg"];
    let text = rich.text.trim();
    if text.is_empty() || rich.markup == Markup::Text || text.len() > MAX_BLANK || !text.starts_with(['&', '<']) {
        return text.is_empty();
    }
    let is_invisible = |c: char| matches!(c, '\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    if !text.contains(|c: char| c == '&' || is_invisible(c)) {
        return false;
    }
    let is_visible =
        |tag: &str| VISIBLE.iter().any(|name| tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
    to_line(text).as_str().chars().all(|c| c.is_whitespace() || is_invisible(c)) && !text.split('<').any(is_visible)
}

/// Returns a headline or another text as one line.
fn line(rich: &RichText<'_>) -> Text {
    let content = &rich.text[..rich.text.floor_char_boundary(MAX_TEXT * 8)];
    let line = match rich.markup {
        Markup::Text => Text::new(content),
        Markup::Html => html::undo_headline_escape(content).map_or_else(|| to_line(content), |undone| to_line(&undone)),
    };
    if line.as_str().len() <= MAX_TEXT { line } else { Text::new(&cut(line.to_string())) }
}

/// Returns the names of people without duplicates, from the elements with the highest rank. `itunes:author` is the station more
/// often than the author, and `dc:publisher` is never a person.
fn people(people: &[(u8, Cow<'_, str>)]) -> Vec<String> {
    let best = people.iter().map(|(rank, _)| *rank).max().unwrap_or(0).min(2);
    let mut names: Vec<String> = Vec::new();
    for (_, name) in people.iter().filter(|(rank, _)| *rank >= best).take(MAX_PEOPLE) {
        push_line(&mut names, name);
    }
    names
}

/// Returns the authors of the feed that its entries inherit, up to a total length: copies of 20 kB of names in 5,000 entries
/// would take 100 MB.
fn inherited_authors(authors: &[String]) -> &[String] {
    let mut room = MAX_TEXT;
    let fits = |name: &&String| {
        let left = room.checked_sub(name.len());
        room = left.unwrap_or(0);
        left.is_some()
    };
    &authors[..authors.iter().take_while(fits).count()]
}

/// Returns the names of categories without duplicates.
fn categories(categories: &[Cow<'_, str>]) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for category in categories.iter().take(MAX_CATEGORIES) {
        push_line(&mut terms, category);
    }
    terms
}

fn genre(genre: Genre) -> Genre {
    let line = |name: String| Text::new(&cut(decode_entities(&name).into_owned())).to_string();
    Genre { name: line(genre.name), below: genre.below.into_iter().map(line).collect() }
}

fn push_line(lines: &mut Vec<String>, text: &str) {
    let line = cut(Text::new(&decode_entities(text)).to_string());
    if !line.is_empty() && !lines.contains(&line) {
        lines.push(line);
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    if text.contains('\0') {
        text.retain(|c| c != '\0');
    }
    text
}
