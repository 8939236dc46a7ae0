//! An item as a page shows it: one story, one card.

use minijinja::context;
use minijinja::value::Value;

use super::sections::Sections;
use super::{attached, picture};
use crate::model::{EditionItem, Lang, PageItem, PageRules, Provenance, Time};
use crate::render::words::Words;
use crate::render::{chars, dates, links, provenance, shown};

/// The length of the excerpt of a card, and of the story that leads, in characters. A text that is no longer is shown whole.
const EXCERPT: [usize; 2] = [260, 480];
/// The number of hues that the names of sources have.
const HUES: u64 = 8;

/// The values that the cards of a page have in common.
pub(super) struct Page<'a> {
    pub(super) lang: Option<&'a Lang>,
    pub(super) rules: &'a PageRules,
    pub(super) words: &'static Words,
    pub(super) provenance: Provenance,
    pub(super) sections: &'a Sections,
}

impl Page<'_> {
    /// Returns the attributes by which our words say their language, where they stand in a text of another one.
    pub(super) fn own_words(&self, around: Option<&Lang>) -> Value {
        let same = around.is_some_and(|lang| lang.primary() == self.words.lang);
        let own = Lang::new(&self.words.lang).filter(|_| !same);
        let attributes = own.map(|own| format!(" lang=\"{own}\" dir=\"{}\"", own.direction())).unwrap_or_default();
        Value::from_safe_string(attributes)
    }

    /// An instant for machines, and for people of a language: the whole date, and the time of day.
    pub(super) fn time(&self, time: Time, lang: Option<&Lang>) -> Value {
        let zone = self.rules.zone;
        context! {
            machine => time.rfc3339(),
            people => dates::for_people(time, lang, zone),
            clock => dates::clock(time, zone),
            lang => lang.map(Lang::as_str),
        }
    }

    /// Returns the values of a card.
    pub(super) fn card(&self, item: &EditionItem, leads: bool) -> Value {
        let head = &item.head;
        let clean = shown::body(item);
        let (body, around) = (body(item, clean.as_deref()), item.lang.as_ref().or(self.lang));
        let excerpt = excerpt(item, EXCERPT[usize::from(leads)]);
        let left = item.translation.as_ref().filter(|translation| translation.title_left);
        let whole = excerpt.is_none();
        context! {
            title => title(item, self.words),
            url => head.url.as_deref().and_then(links::web),
            // An item in an unknown language is not in that of the page.
            lang => if item.lang.as_ref() == self.lang { None } else { Some(item.lang.as_ref().map_or("", Lang::as_str)) },
            dir => self.direction(item.lang.as_ref()),
            own => self.own_words(around),
            title_lang => left.map(|translation| translation.from.as_str()),
            original => original(item, self.words),
            translation => provenance::told(item, self.words).filter(|_| self.provenance != Provenance::None),
            source => shown::source_name(&item.source),
            hue => hue(item),
            site => item.source.site.as_deref().and_then(links::web),
            published => self.time(item.published, around),
            updated => self.changed(item, around),
            // The source is named beside them anyway.
            authors => shown::named_authors(item).collect::<Vec<_>>().join(", "),
            categories => shown::lines(&head.categories).collect::<Vec<_>>(),
            picture => if self.rules.images { picture::picture(item, body.as_deref().filter(|_| whole)) } else { None },
            excerpt,
            files => attached::files(item, body.as_deref().filter(|_| self.rules.images), self.words),
            body => body.map(Value::from_safe_string),
            also_in => shown::also_in(item).map(|(name, page)| context! { name, page }).collect::<Vec<Value>>(),
            sources => (!item.also_in.is_empty()).then(|| self.words.count(&self.words.sources, item.also_in.len() + 1)),
            sections => self.sections.classes(item),
            leads,
        }
    }

    /// The direction of an item, where it is not that of its page.
    fn direction(&self, lang: Option<&Lang>) -> Option<&'static str> {
        let of = |lang: Option<&Lang>| lang.map_or("ltr", Lang::direction);
        Some(of(lang)).filter(|direction| *direction != of(self.lang))
    }

    /// The date of a change of the article that people would tell from the date of publication. That a translation arrived is no news to
    /// those who read a page.
    fn changed(&self, item: &EditionItem, lang: Option<&Lang>) -> Option<Value> {
        let written = |time| dates::for_people(time, lang, self.rules.zone);
        let changed = item.head.updated.filter(|at| *at > item.published && *at <= item.updated)?;
        (written(changed) != written(item.published)).then(|| self.time(changed, lang))
    }
}

/// The headline of an item: on a page in one language.
pub(super) fn title(item: &EditionItem, words: &Words) -> String {
    let alone = item.page.as_ref().and_then(|page| page.title.as_ref());
    let title = alone.unwrap_or(&item.title);
    chars::line(if title.is_blank() { &words.untitled } else { title.as_str() }).into_owned()
}

/// The HTML of an item on a page.
fn body(item: &EditionItem, clean: Option<&str>) -> Option<String> {
    let fitted = item.page.as_ref().and_then(|page| page.body.as_ref());
    let html = fitted.map(|html| chars::markup(html.as_str()).into_owned()).or_else(|| clean.map(str::to_owned));
    html.filter(|html| !html.trim().is_empty())
}

/// The beginning of a text that is longer than `most` characters, cut after a word.
fn excerpt(item: &EditionItem, most: usize) -> Option<String> {
    let page = item.page.as_ref().map(|page| &page.excerpt).filter(|text| !text.is_blank());
    let text = page.unwrap_or(&item.summary_text).as_str();
    let text = chars::line(if text.trim().is_empty() { &item.text } else { text });
    let is_short = item.text.chars().nth(most).is_none() && text.chars().nth(most).is_none();
    if is_short || text.trim().is_empty() {
        return None;
    }
    let Some((end, _)) = text.char_indices().nth(most) else { return Some(text.into_owned()) };
    let cut = text[..end].rfind(char::is_whitespace).filter(|cut| *cut > end / 2).unwrap_or(end);
    Some(format!("{}…", text[..cut].trim_end_matches(|c: char| c.is_whitespace() || ",;:.–—".contains(c))))
}

/// The original of a translated item: its headline, and its text where the edition shows both.
fn original(item: &EditionItem, words: &Words) -> Option<Value> {
    let (translation, page) = (item.translation.as_ref()?, item.page.as_ref()?);
    let PageItem { original_title, original_body, .. } = page;
    let body = original_body.as_ref().filter(|body| !body.as_str().trim().is_empty());
    if original_title.is_none() && body.is_none() {
        return None;
    }
    Some(context! {
        lang => translation.from.as_str(),
        dir => translation.from.direction(),
        language => words.name(&translation.from),
        title => original_title.as_ref().map(|title| chars::line(title.as_str())),
        body => body.map(|body| Value::from_safe_string(chars::markup(body.as_str()).into_owned())),
    })
}

/// The hue of the name of a source: the same on every page.
fn hue(item: &EditionItem) -> u64 {
    let id = item.source.id.as_str().bytes();
    // FNV-1a: a hash that stays what it is.
    id.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)) % HUES
}
