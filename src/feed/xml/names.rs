//! Namespaces: the vocabulary that an element belongs to. Feeds declare namespaces wrongly, twice or not at all.

use super::lexer::{Attributes, XmlTag, local_name};
use crate::feed::repairs::{Repair, Repairs};

/// A vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// RSS of any version: no namespace, or one of those that were used for it over time.
    Rss,
    /// Atom 0.3 and 1.0.
    Atom,
    /// RDF's own: `rdf:RDF`, `rdf:about`.
    Rdf,
    /// Dublin Core's elements.
    Dc,
    /// Dublin Core's terms.
    DcTerms,
    /// RSS 1.0's `content:encoded`.
    Content,
    /// Apple's and Google's podcast elements.
    Podcast,
    /// The podcast namespace: transcripts, chapters.
    PodcastIndex,
    /// Media RSS.
    Media,
    /// RSS 1.0's syndication module: the update frequency of a feed.
    Syndication,
    /// The services that count clicks, and name the page itself in `origLink`.
    ClickCounter,
    /// HTML as XML.
    Xhtml,
    /// Any other vocabulary. Its elements are skipped.
    Other,
}

use Vocabulary::{Atom, ClickCounter, Content, Dc, DcTerms, Media, Other, Podcast, PodcastIndex, Rdf, Rss, Syndication, Xhtml};

/// Namespace URIs, in lower case and without a trailing slash or hash.
const URIS: [(&str, Vocabulary); 36] = [
    ("", Rss),
    ("http://backend.userland.com/rss", Rss),
    ("http://backend.userland.com/rss2", Rss),
    ("http://backend.userland.com/rss091", Rss),
    ("http://blogs.law.harvard.edu/tech/rss", Rss),
    ("http://cyber.law.harvard.edu/rss", Rss),
    ("http://purl.org/rss/1.0", Rss),
    ("http://purl.org/net/rss1.1", Rss),
    ("http://my.netscape.com/rdf/simple/0.9", Rss),
    ("http://channel.netscape.com/rdf/simple/0.9", Rss),
    ("http://my.netscape.com/publish/formats/rss-0.91.dtd", Rss),
    ("http://purl.org/rss/1.0/modules/rss091", Rss),
    ("http://example.com/newformat", Rss),
    ("http://example.com/necho", Rss),
    ("http://www.w3.org/2005/atom", Atom),
    ("http://purl.org/atom/ns", Atom),
    ("http://purl.org/atom/app", Atom),
    ("http://purl.org/echo", Atom),
    ("http://purl.org/pie", Atom),
    ("uri/of/echo/namespace", Atom),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns", Rdf),
    ("http://purl.org/dc/elements/1.1", Dc),
    ("http://purl.org/dc/elements/1.0", Dc),
    ("http://purl.org/dc/terms", DcTerms),
    ("http://purl.org/rss/1.0/modules/content", Content),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", Podcast),
    ("http://example.com/dtds/podcast-1.0.dtd", Podcast),
    ("http://www.google.com/schemas/play-podcasts/1.0", Podcast),
    ("http://podcastindex.org/namespace/1.0", PodcastIndex),
    ("http://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md", PodcastIndex),
    ("http://search.yahoo.com/mrss", Media),
    ("http://www.rssboard.org/media-rss", Media),
    ("http://purl.org/rss/1.0/modules/syndication", Syndication),
    ("http://rssnamespace.org/feedburner/ext/1.0", ClickCounter),
    ("http://www.pheedo.com/namespace/pheedo", ClickCounter),
    ("http://www.w3.org/1999/xhtml", Xhtml),
];

/// Prefixes that feeds use undeclared.
const PREFIXES: [(&str, Vocabulary); 19] = [
    ("rss", Rss),
    ("atom", Atom),
    ("atom10", Atom),
    ("a10", Atom),
    ("rdf", Rdf),
    ("dc", Dc),
    ("dcterms", DcTerms),
    ("content", Content),
    ("itunes", Podcast),
    ("googleplay", Podcast),
    ("podcast", PodcastIndex),
    ("media", Media),
    ("sy", Syndication),
    ("feedburner", ClickCounter),
    ("pheedo", ClickCounter),
    ("xhtml", Xhtml),
    ("html", Xhtml),
    ("xml", Other),
    ("xmlns", Other),
];

/// The number of declarations in force. Each name is looked up among them.
const MAX_DECLARATIONS: usize = 64;

/// The declarations in force.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    declared: Vec<(&'a str, Vocabulary)>,
}

impl<'a> Namespaces<'a> {
    /// Returns the number of declarations in force, to pass to [`Namespaces::back_to`] at the end of the element.
    pub(super) fn mark(&self) -> usize {
        self.declared.len()
    }

    /// Removes the declarations made since `mark`.
    pub(super) fn back_to(&mut self, mark: usize) {
        self.declared.truncate(mark);
    }

    /// Adds the declarations of a tag. An unknown default namespace on the root is a mistake and means the feed's own; deeper inside,
    /// it marks elements that do not belong to the feed.
    pub(super) fn declare(&mut self, tag: &XmlTag<'a>, is_root: bool, repairs: &mut Repairs) {
        if !tag.attributes.contains("xmlns") {
            return;
        }
        let mark = self.declared.len();
        for (name, uri) in Attributes(tag.attributes) {
            if self.declared.len() >= MAX_DECLARATIONS {
                return;
            }
            let vocabulary = vocabulary_of_uri(uri);
            // A duplicate attribute is a fatal error in XML (XML 1.0 §3.1).
            if self.declared[mark..].iter().any(|(prefix, _)| name.strip_prefix("xmlns:") == Some(prefix)) {
                repairs.note(Repair::Namespaces);
            }
            if name.eq_ignore_ascii_case("xmlns") {
                let own = if is_root && vocabulary == Other { default_vocabulary(local_name(tag.name)) } else { vocabulary };
                self.declared.push(("", own));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                // A known prefix with a misspelt URI keeps its meaning.
                let known = PREFIXES.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix));
                self.declared
                    .push((prefix, if vocabulary == Other { known.map_or(Other, |(_, known)| *known) } else { vocabulary }));
            }
        }
    }

    /// Returns the vocabulary of a qualified name.
    pub(super) fn vocabulary_of(&self, name: &str, repairs: &mut Repairs) -> Vocabulary {
        let prefix = name.split_once(':').map_or("", |(prefix, _)| prefix);
        if let Some((_, vocabulary)) = self.declared.iter().rev().find(|(declared, _)| declared.eq_ignore_ascii_case(prefix)) {
            return *vocabulary;
        }
        if prefix.is_empty() {
            return Rss;
        }
        repairs.note(Repair::Namespaces);
        PREFIXES.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix)).map_or(Other, |(_, vocabulary)| *vocabulary)
    }
}

/// Returns the vocabulary of a root without a known default namespace.
fn default_vocabulary(root: &str) -> Vocabulary {
    if root.eq_ignore_ascii_case("feed") || root.eq_ignore_ascii_case("entry") { Atom } else { Rss }
}

/// Returns the vocabulary of a namespace URI. Upper case, `https`, and a trailing slash or hash are common.
fn vocabulary_of_uri(uri: &str) -> Vocabulary {
    let uri = uri.trim().trim_end_matches(['/', '#']);
    let same = |known: &str| {
        uri.eq_ignore_ascii_case(known)
            || uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
                && known.get(4..).is_some_and(|rest| uri[5..].eq_ignore_ascii_case(rest))
    };
    URIS.iter().find(|(known, _)| same(known)).map_or(Other, |(_, vocabulary)| *vocabulary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(attributes: &'static str) -> XmlTag<'static> {
        XmlTag { name: "rss", attributes, is_empty: false }
    }

    #[test]
    fn namespace_uris_are_known_in_every_spelling() {
        for (uri, vocabulary) in [
            ("http://www.w3.org/2005/Atom", Atom),
            ("https://www.w3.org/2005/Atom/", Atom),
            ("http://www.itunes.com/DTDs/Podcast-1.0.dtd", Podcast),
            ("http://purl.org/rss/1.0/", Rss),
            ("http://www.w3.org/2000/svg", Other),
        ] {
            assert_eq!(vocabulary_of_uri(uri), vocabulary, "{uri}");
        }
    }

    #[test]
    fn declarations_end_with_their_element() {
        let mut names = Namespaces::default();
        let mut repairs = Repairs::default();
        names.declare(&tag(" xmlns:d='http://purl.org/dc/elements/1.1/' xmlns:atom='http://misspelt/'"), true, &mut repairs);
        let mark = names.mark();
        names.declare(&tag(" xmlns='http://www.w3.org/2000/svg'"), false, &mut repairs);
        assert_eq!(
            (
                names.vocabulary_of("title", &mut repairs),
                names.vocabulary_of("d:title", &mut repairs),
                names.vocabulary_of("atom:link", &mut repairs)
            ),
            (Other, Dc, Atom)
        );
        names.back_to(mark);
        assert_eq!(names.vocabulary_of("title", &mut repairs), Rss);
        assert_eq!(repairs, Repairs::default());
        assert_eq!(names.vocabulary_of("media:title", &mut repairs), Media, "an undeclared prefix");
        assert_ne!(repairs, Repairs::default());
    }
}
