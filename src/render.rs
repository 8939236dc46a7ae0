//! The formats: an [`Edition`] as Atom, RSS, JSON Feed and a page; the list of editions as a page, the sources as OPML.
//! Pure: no clock, no files, no network. The same view gives the same bytes, so that an unchanged edition stays unwritten.

mod atom;
mod chars;
mod dates;
mod element;
mod html;
mod json;
mod links;
mod media;
mod opml;
mod podcast;
mod proof;
mod provenance;
mod relations;
mod rss;
mod shown;
mod tombstones;
mod words;

use crate::model::{Edition, Format, Lang, Text};

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
    /// A template.
    #[error("cannot fill in the page {page}: {source:#}; please report this")]
    Page {
        /// The template.
        page: &'static str,
        /// The error of the template engine.
        source: minijinja::Error,
    },
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

/// An edition as the index page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionLink {
    /// Its title.
    pub title: Text,
    /// Its language.
    pub lang: Option<Lang>,
    /// Its files, beside index.html.
    pub files: Vec<(Format, String)>,
    /// The number of its items.
    pub items: usize,
}

impl From<&Edition> for EditionLink {
    fn from(edition: &Edition) -> Self {
        Self {
            title: edition.title.clone(),
            lang: edition.lang.clone(),
            files: edition.formats.iter().map(|&format| (format, edition.file(format))).collect(),
            items: edition.items.len(),
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
}

/// The contents of index.html.
#[derive(Clone, Copy, Debug)]
pub struct Index<'a> {
    /// Its title.
    pub title: &'a str,
    /// The address of the output, ending in `/`.
    pub base_url: Option<&'a str>,
    /// The editions, in the order of feeds.toml.
    pub editions: &'a [EditionLink],
    /// The sources, in the order of feeds.toml.
    pub sources: &'a [ListedSource],
}

/// Writes an edition in one format, with one line break at the end. What is a feed is read back before it is given: see
/// [`RenderError::Unreadable`].
pub fn render_edition(edition: &Edition, format: Format) -> Result<String, RenderError> {
    let text = match format {
        Format::Atom => atom::write(edition)?,
        Format::Rss => rss::write(edition)?,
        Format::Json => json::write(edition)?,
        Format::Html => return html::edition(edition),
    };
    proof::read_back(edition, format, &text)?;
    Ok(text)
}

/// Writes index.html: the editions and the sources.
pub fn render_index(index: &Index) -> Result<String, RenderError> {
    html::index(index)
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
