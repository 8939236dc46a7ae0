//! The formats: an [`Edition`] as Atom, RSS, JSON Feed and a page; the list of editions as a page, the sources as OPML.
//! Pure: no clock, no files, no network. The same view gives the same bytes, so that an unchanged edition stays unwritten.

mod atom;
mod chars;
mod dates;
mod digest;
mod element;
mod html;
mod json;
mod links;
mod mail;
mod media;
mod ninjs;
mod opml;
mod podcast;
mod proof;
mod provenance;
mod relations;
mod rss;
mod shown;
mod status;
mod tombstones;
mod words;

pub use digest::{digest_html, digest_text, digest_title};
pub use html::{Templates, status_page};
pub use mail::{Mail, render_mail};
pub use status::{
    BudgetLine, ChartDay, EditionLine, EngineLine, Moment, ReviewLine, ReviewLines, RunLine, SourceLine, StatusPage,
};

use chrono::NaiveDate;

use crate::model::{Edition, Format, Lang, Text, Time};

/// The name of the style sheet of feeds, beside them.
pub const FEED_STYLE_FILE: &str = "feed.css";

/// An error of writing a format. None of them is a fault of a source or of feeds.toml.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The Atom writer.
    #[error("cannot write the Atom feed: {0}; please report this")]
    Atom(#[source] atom_syndication::Error),
    /// The RSS writer.
    #[error("cannot write the RSS feed: {0}; please report this")]
    Rss(#[source] ::rss::Error),
    /// The JSON writer.
    #[error("cannot write the JSON Feed: {0}; please report this")]
    Json(#[source] serde_json::Error),
    /// A template that is built in.
    #[error("cannot fill in the page {page}: {why}; please report this")]
    Page {
        /// The template.
        page: String,
        /// The line, and the error of the template engine.
        why: String,
    },
    /// A template, where some are the operator's.
    #[error("cannot make pages of the template {file}: {why}; the pages stay as they were")]
    Template {
        /// The template.
        file: String,
        /// The line, and the error of the template engine.
        why: String,
    },
    /// The writer of mails.
    #[error("cannot write the mail: {0}; please report this")]
    Mail(#[source] std::io::Error),
    /// The OPML writer.
    #[error("cannot write the list of sources as OPML: {0}; please report this")]
    Opml(#[source] std::io::Error),
    /// A feed that another reader cannot read, or not whole.
    #[error("wrote {file} so that readers would lose something ({why}), and kept the file that was there; please report this")]
    Unreadable {
        /// The file.
        file: String,
        /// The error of the strict reader.
        why: String,
    },
    /// A writer that did not write UTF-8.
    #[error("cannot write the feed, its text is no UTF-8: {0}; please report this")]
    Encoding(#[from] std::string::FromUtf8Error),
}

/// Renders an edition with one item, or one withdrawal, as a JSON Feed for a notification.
pub fn item_feed(edition: &Edition) -> Result<String, RenderError> {
    json::write_compact(edition)
}

/// An edition as the index page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionLink {
    /// The name of the edition in feeds.toml, the same for all of its languages.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// Its description.
    pub description: Text,
    /// Its language.
    pub lang: Option<Lang>,
    /// Its files, beside index.html.
    pub files: Vec<(Format, String)>,
    /// The number of its items.
    pub items: usize,
    /// The documents of its archive, the newest first.
    pub archive: Vec<ArchiveLink>,
    /// Its digests.
    pub digests: Vec<DigestLink>,
}

/// A document of an archive, as the index page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveLink {
    /// A day of its month.
    pub month: NaiveDate,
    /// Its number among the documents of that month, counted from 1.
    pub number: u32,
    /// Its file in the first of its formats.
    pub file: (Format, String),
}

/// A digest of an edition, as the index page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestLink {
    /// Its name in feeds.toml.
    pub id: String,
    /// Its files, beside index.html.
    pub files: Vec<(Format, String)>,
}

impl From<&Edition> for EditionLink {
    fn from(edition: &Edition) -> Self {
        Self {
            id: edition.id.clone(),
            title: edition.title.clone(),
            description: edition.description.clone(),
            lang: edition.lang.clone(),
            files: edition.formats.iter().map(|&format| (format, edition.file(format))).collect(),
            items: edition.items.len(),
            archive: Vec::new(),
            digests: Vec::new(),
        }
    }
}

/// A source as the index page and the OPML list name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSource {
    /// Its title.
    pub title: Text,
    /// The page that it belongs to.
    pub site: Option<String>,
    /// The address of the feed.
    pub feed: String,
    /// Its tags, the first one being the folder that it stands in.
    pub tags: Vec<String>,
    /// The state of its last visits; nothing if it was never visited.
    pub standing: Option<SourceStanding>,
}

/// The state of a source, as readers are told: whether it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStanding {
    /// It is read.
    Works,
    /// It answers, and has published nothing for far longer than usual.
    Silent,
    /// It cannot be read since then.
    FailsSince(Time),
    /// It is not published any more.
    Ended,
}

/// The contents of index.html.
#[derive(Clone, Debug)]
pub struct Index<'a> {
    /// Its title.
    pub title: &'a str,
    /// The language of its words.
    pub lang: Option<Lang>,
    /// The address of the output, ending in `/`.
    pub base_url: Option<&'a str>,
    /// The editions, in the order of feeds.toml.
    pub editions: &'a [EditionLink],
    /// The sources, in the order of feeds.toml.
    pub sources: &'a [ListedSource],
}

/// Writes an edition in one format, with one line break at the end. What is a feed is read back before it is given: see
/// [`RenderError::Unreadable`].
/// Of pages this is the first, by the built-in templates: see [`render_files`].
pub fn render_edition(edition: &Edition, format: Format) -> Result<String, RenderError> {
    let text = match format {
        Format::Atom => atom::write(edition)?,
        Format::Rss => rss::write(edition)?,
        Format::Json => json::write(edition)?,
        Format::Html => return Ok(html::edition(edition, &Templates::default())?.swap_remove(0).1),
        Format::Ninjs => return ninjs::write(edition),
    };
    let text = with_style(text, &edition.stem);
    proof::read_back(edition, format, &text)?;
    Ok(text)
}

/// Writes an edition in one format: the names and contents of its files. Feeds are one file. Pages are several, and the first one, which
/// leads to the others, comes last.
pub fn render_files(edition: &Edition, format: Format, templates: &Templates) -> Result<Vec<(String, String)>, RenderError> {
    if format == Format::Html {
        let mut pages = html::edition(edition, templates)?;
        pages.reverse();
        return Ok(pages);
    }
    Ok(vec![(edition.file(format), render_edition(edition, format)?)])
}

/// Returns the style sheet by which a browser shows the feeds: [`FEED_STYLE_FILE`].
pub fn render_feed_style(templates: &Templates) -> String {
    html::feed_style(templates)
}

/// Names the style sheet in a feed that is XML (Associating Style Sheets with XML documents 1.0). It lies in the folder of the output, where a
/// feed with this stem may lie deeper.
fn with_style(mut feed: String, stem: &str) -> String {
    if feed.starts_with("<?xml ")
        && let Some(end) = feed.find("?>\n")
    {
        let up = "../".repeat(stem.matches('/').count());
        feed.insert_str(end + 3, &format!("<?xml-stylesheet type=\"text/css\" href=\"{up}{FEED_STYLE_FILE}\"?>\n"));
    }
    feed
}

/// Writes index.html: the editions and the sources.
pub fn render_index(index: &Index<'_>, templates: &Templates) -> Result<String, RenderError> {
    html::index(index, templates)
}

/// Writes sources.opml (OPML 2.0): what feed readers import to follow the sources themselves.
pub fn render_opml(title: &str, sources: &[ListedSource]) -> Result<String, RenderError> {
    opml::write(title, sources)
}

/// Ends the bytes of an XML writer as a text file ends.
fn finish(mut bytes: Vec<u8>) -> Result<String, RenderError> {
    bytes.push(b'\n');
    Ok(String::from_utf8(bytes)?)
}
