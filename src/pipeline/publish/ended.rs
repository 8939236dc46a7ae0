//! The end of feeds that are no longer published: an edition, a language or a format that was removed from feeds.toml, or renamed.
//! Their readers go on asking for the old file. Its last version tells them that the feed has ended or where it is now; after some time
//! it is removed.

use std::collections::HashSet;
use std::sync::Arc;

use crate::html;
use crate::model::{
    Archive, Edition, EditionDetails, EditionItem, EndOfFeed, EntryHead, Format, Lang, PageRules, RawHtml, SourceId, SourceInfo,
    Text,
};
use crate::pipeline::error::PipelineError;

use super::archive;
use super::files::render_and_write;
use super::manifest::{Ended, ListedFeed, ListedFile, Manifest, hash_sources};
use super::view::tag_uri;
use super::{Publish, Target};

/// The language of what a last version says.
const LANG: &str = "en";

/// The feed that continues another one.
struct Successor {
    title: Text,
    /// The name of the file.
    file: String,
    /// The name of the file for people: its page, if it has one.
    page: String,
}

impl Publish<'_> {
    /// Ends a file that is no longer published, or keeps it ended, or removes it once its time is over: then there is no result.
    pub(super) async fn end(&self, listed: &ListedFile, known: &Manifest) -> Result<Option<ListedFile>, PipelineError> {
        let Some(feed) = listed.feed.as_ref().filter(|feed| feed.plan == self.plan && self.only.is_none()) else {
            return Ok(Some(listed.clone()));
        };
        if listed.is_further_page {
            // The first page leads to those that there are.
            self.remove(listed).await?;
            return Ok(None);
        }
        let now = self.clock.now().whole_seconds();
        let ended = match &listed.ended {
            // An end in the future was stored while the clock was ahead.
            Some(ended) => Ended { at: ended.at.min(now), ..ended.clone() },
            None if feed.is_silent => Ended { at: now, moved_to: None },
            None => Ended { at: now, moved_to: self.find_successor(feed, known).map(|successor| successor.file) },
        };
        if now.since(ended.at) >= self.keep_ended {
            self.remove(listed).await?;
            return Ok(None);
        }
        if listed.ended.is_some() && self.sink.is_unchanged(&listed.file).await? {
            return Ok(Some(listed.clone()));
        }
        if listed.ended.is_some() && !self.sink.has(&listed.file.name).await? {
            // Someone who tidied up does not want it back.
            return Ok(None);
        }
        if feed.is_silent && !self.sink.has(&listed.file.name).await? {
            // It was older than `keep_for`.
            return Ok(None);
        }
        if feed.is_silent {
            // What it says stays true.
            return Ok(Some(ListedFile { ended: Some(ended), ..listed.clone() }));
        }
        let successor = self.find_successor(feed, known).filter(|successor| Some(&successor.file) == ended.moved_to.as_ref());
        let view = Arc::new(self.last_version(feed, &ended, successor.as_ref()));
        let templates = self.templates.get().unwrap_or_default();
        let file = match render_and_write(&*self.sink, &view, feed.format, templates).await? {
            Ok(mut written) => written.swap_remove(0).1,
            Err(error) => {
                tracing::warn!("{error}");
                listed.file.clone()
            }
        };
        Ok(Some(ListedFile { file, feed: Some(feed.clone()), ended: Some(ended), is_further_page: false }))
    }

    /// Removes the file of a feed that has ended, unless someone else has put another one in its place.
    async fn remove(&self, listed: &ListedFile) -> Result<(), PipelineError> {
        if self.sink.verify(&listed.file).await?.is_some() {
            self.sink.remove(&listed.file.name).await?;
            tracing::info!("removed {}, which is no longer published", listed.file.name);
        }
        if let Some(feed) = &listed.feed
            && let Some((edition, document)) = archive::document_of(&feed.edition, feed.lang.as_ref(), &feed.stem)
            // The archive goes on without a format.
            && !self.targets().iter().any(|target| target.edition.archive && target.stem == edition)
        {
            self.store.delete_archived((self.target, &edition), &document).await?;
        }
        Ok(())
    }

    /// Finds the feed that continues one: the same edition in another format or with other `langs`, else a new edition that has the
    /// title or the sources of the old one.
    fn find_successor(&self, feed: &ListedFeed, known: &Manifest) -> Option<Successor> {
        let targets = self.targets();
        let same = targets.iter().filter(|target| target.edition.id == feed.edition);
        if let Some(target) = find_language(same, feed.lang.as_ref()) {
            return Some(successor(target, feed.format));
        }
        if targets.iter().any(|target| target.edition.id == feed.edition) {
            return None;
        }
        // What was published in the pass before is no new name of something else.
        let old: HashSet<&str> =
            known.feeds().filter(|listed| listed.edition != feed.edition).map(|listed| &*listed.edition).collect();
        let is_new = |target: &&Target<'_>| !old.contains(target.edition.id.as_str());
        let by = |matches: &dyn Fn(&Target<'_>) -> bool| {
            let found: Vec<&Target<'_>> = targets.iter().filter(is_new).filter(|target| matches(target)).collect();
            let is_one = found.iter().all(|target| target.edition.id == found[0].edition.id);
            if is_one { find_language(found.into_iter(), feed.lang.as_ref()) } else { None }
        };
        let target =
            by(&|target| target.edition.title == feed.title).or_else(|| by(&|target| hash_sources(target) == feed.sources));
        target.map(|target| successor(target, feed.format))
    }

    /// Makes the view of the last version of a feed: one item.
    fn last_version(&self, feed: &ListedFeed, ended: &Ended, successor: Option<&Successor>) -> Edition {
        let item = self.last_item(feed, ended, successor);
        Edition {
            id: feed.edition.clone(),
            lang: feed.lang.clone(),
            title: feed.title.clone(),
            description: item.title.clone(),
            feed_id: tag_uri(self.base_url, &feed.stem),
            base_url: self.base_url.map(str::to_owned),
            stem: feed.stem.clone(),
            formats: vec![feed.format],
            updated: ended.at,
            items: vec![item],
            deleted: Vec::new(),
            archive: Archive::default(),
            end: Some(EndOfFeed { moved_to: successor.and_then(|successor| self.address(&successor.file)) }),
            pages: PageRules::default(),
            details: EditionDetails::default(),
        }
    }

    fn last_item(&self, feed: &ListedFeed, ended: &Ended, successor: Option<&Successor>) -> EditionItem {
        let (title, text) = match successor {
            Some(successor) => (format!("{}: this feed has moved", feed.title), self.moved(feed, successor)),
            None => (format!("{}: this feed has ended", feed.title), self.gone(feed)),
        };
        let content = html::clean(&RawHtml(text), None);
        let file = format!("{}.{}", feed.stem, feed.format.extension());
        let origin = SourceInfo {
            id: SourceId::new("relais"),
            title: Text::new("relais"),
            feed: self.address(&file).unwrap_or_else(|| tag_uri(None, &feed.stem)),
            site: None,
            image: None,
            rights: Text::default(),
            genres: Vec::new(),
        };
        EditionItem {
            id: tag_uri(self.base_url, &format!("ended/{file}/{}", ended.at.millis() / 1000)),
            head: EntryHead { url: successor.and_then(|successor| self.address(&successor.page)), ..EntryHead::default() },
            title: Text::new(&title),
            summary: Some(content.clone()),
            summary_text: html::to_line(content.as_str()),
            text: html::to_text(&content),
            page: None,
            content: Some(content),
            lang: Lang::new(LANG),
            published: ended.at,
            updated: ended.at,
            source: origin,
            also_in: Vec::new(),
            translation: None,
        }
    }

    /// Returns the address of a file, if that of the output is known.
    fn address(&self, file: &str) -> Option<String> {
        self.base_url.map(|base| format!("{base}{file}"))
    }

    fn moved(&self, feed: &ListedFeed, successor: &Successor) -> String {
        let file = html::escape(&successor.file);
        let place = self.address(&successor.file).map_or(file, |address| {
            let address = html::escape(&address);
            format!("<a href=\"{address}\">{address}</a>")
        });
        let title = html::escape(feed.title.as_str());
        let named = if successor.title == feed.title {
            String::new()
        } else {
            format!(", as “{}”", html::escape(successor.title.as_str()))
        };
        let hint = if feed.format == Format::Html { "" } else { " Please subscribe there." };
        format!("<p>“{title}” has moved to {place}{named}. Nothing new will appear here.{hint}</p>")
    }

    fn gone(&self, feed: &ListedFeed) -> String {
        let title = html::escape(feed.title.as_str());
        let others = self.address("index.html");
        let others = others.map(|address| format!(" <a href=\"{}\">What is published now</a>", html::escape(&address)));
        format!("<p>“{title}” has ended: nothing new will appear here.{}</p>", others.unwrap_or_default())
    }
}

/// Finds the target in a language, else the one for all languages. What had no language goes on in the first one.
fn find_language<'t, 'a: 't>(targets: impl Iterator<Item = &'t Target<'a>>, lang: Option<&Lang>) -> Option<&'t Target<'a>> {
    let targets: Vec<_> = targets.collect();
    let exact = targets.iter().find(|target| target.lang == lang);
    let other = targets.first().filter(|target| lang.is_none() || target.lang.is_none());
    exact.or(other).copied()
}

/// Describes the files of a target: the one in this format, else the first.
fn successor(target: &Target<'_>, format: Format) -> Successor {
    let formats = &target.edition.formats;
    let name = |format: Format| format!("{}.{}", target.stem, format.extension());
    let same = if formats.contains(&format) { format } else { formats.first().copied().unwrap_or(format) };
    let page = if formats.contains(&Format::Html) { Format::Html } else { same };
    Successor { title: target.edition.title.clone(), file: name(same), page: name(page) }
}
