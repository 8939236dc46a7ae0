//! The formats as readers get them: goldens, and every format read back by feed-rs.

use std::collections::BTreeSet;

use feed_rs::model::{Entry, Feed};
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;
use relais::model::{Edition, EditionItem, Enclosure, EndOfFeed, Format, Lang, PageRules, PictureDetails, Text, Time};
use relais::render::{EditionLink, Index, ListedSource, SourceStanding, Templates, render_edition, render_index, render_opml};

use crate::support::editions::{any_edition, clean, edition, hostile, item};

fn rendered(edition: &Edition, format: Format) -> String {
    render_edition(edition, format).expect("every edition can be rendered")
}

/// Compares with the golden file; the version of relais is no part of it.
fn golden(name: &str, output: &str) {
    let output = output.replace(env!("CARGO_PKG_VERSION"), "[version]");
    insta::with_settings!({snapshot_path => "../golden", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, output);
    });
}

#[test]
fn every_format_is_as_it_was() {
    let edition = hostile();
    for format in Format::ALL {
        golden(&edition.file(format), &rendered(&edition, format));
    }
}

#[test]
fn the_index_and_the_list_of_sources_are_as_they_were() {
    let editions = [EditionLink::from(&hostile()), EditionLink::from(&Edition { lang: None, ..edition(Vec::new()) })];
    let listed = |title: &str, feed: &str, site: Option<&str>, tags: &[&str]| ListedSource {
        title: Text::new(title),
        feed: feed.to_owned(),
        site: site.map(str::to_owned),
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        standing: match title {
            "" => None,
            "Ski" => Some(SourceStanding::FailsSince(Time::from_rfc3339("2026-11-20T08:00:00Z").expect("a date"))),
            _ => Some(SourceStanding::Works),
        },
    };
    let sources = [
        listed(
            "FrancsJeux & Cie",
            "https://francsjeux.example/feed?a&b",
            Some("https://francsjeux.example/"),
            &["olympic", "a/b"],
        ),
        listed("<script>", "https://user:secret@hostile.example/feed", Some("javascript:alert(1)"), &[]),
        listed("", "https://untitled.example/feed", None, &["judo"]),
        listed("Ski", "https://ski.example/feed", None, &["olympic"]),
    ];
    let page = Index {
        title: "relais & <amis>",
        lang: Lang::new("fr"),
        base_url: Some("https://example.org/olympic/"),
        editions: &editions,
        sources: &sources,
    };
    let (page, list) = (
        render_index(&page, &Templates::default()).expect("an index"),
        render_opml("Sources & <amies>", &sources).expect("a list"),
    );
    for output in [&page, &list] {
        assert!(!output.contains("secret") && !output.contains("javascript:"), "{output}");
    }
    well_formed(&list);
    golden("index.html", &page);
    golden("sources.opml", &list);
}

#[test]
fn an_edition_without_an_address_of_its_own_claims_none() {
    let bare = Edition { base_url: None, lang: None, ..hostile() };
    let atom = read(&rendered(&bare, Format::Atom));
    assert_eq!(
        atom.links.iter().map(|link| (link.rel.as_deref(), link.href.as_str())).collect::<Vec<_>>(),
        [(Some("alternate"), "jeux.fr.html")]
    );
    assert_eq!(atom.id, "tag:example.org,2026:jeux.fr");
    let json: serde_json::Value = serde_json::from_str(&rendered(&bare, Format::Json)).expect("JSON");
    assert!(json.get("feed_url").is_none() && json.get("home_page_url").is_none() && json.get("language").is_none());
    let rss = rendered(&bare, Format::Rss);
    assert!(rss.contains("<link>jeux.fr.html</link>") && !rss.contains("rel=\"self\""), "{rss}");
    assert!(!rendered(&bare, Format::Html).contains("canonical"));
}

#[test]
fn languages_are_stated_where_they_are_not_those_of_the_edition() {
    let edition = hostile();
    let atom = read(&rendered(&edition, Format::Atom));
    let stated: Vec<Option<&str>> = atom.entries.iter().map(|entry| entry.language.as_deref()).collect();
    assert_eq!((atom.language.as_deref(), stated), (Some("fr"), vec![None, Some("en"), Some("ar"), None]));
    let rss = rss::Channel::read_from(rendered(&edition, Format::Rss).as_bytes()).expect("RSS");
    let stated = rss.items.iter().map(|item| item.dublin_core_ext.clone().unwrap_or_default().languages.concat());
    assert_eq!(stated.collect::<Vec<_>>(), ["", "en", "ar", ""]);
    let json: serde_json::Value = serde_json::from_str(&rendered(&edition, Format::Json)).expect("JSON");
    assert_eq!(
        (&json["language"], &json["items"][0]["language"], &json["items"][1]["language"]),
        (&"fr".into(), &serde_json::Value::Null, &"en".into())
    );
    let page = rendered(&edition, Format::Html);
    assert!(page.contains("<html lang=\"fr\">") && page.contains(" lang=\"ar\" dir=\"rtl\">"));
}

#[test]
fn a_headline_is_text_in_every_format() {
    let title = "AT&T <b> & &amp; ]]> <script>";
    let edition = edition(vec![item("a", title)]);
    for format in [Format::Atom, Format::Rss, Format::Json] {
        assert_eq!(read(&rendered(&edition, format)).entries[0].title.as_ref().expect("a title").content, title, "{format:?}");
    }
    let page = rendered(&edition, Format::Html);
    assert!(
        page.contains(">AT&amp;T &lt;b&gt; &amp; &amp;amp; ]]&gt; &lt;script&gt;</a></h3>") && !page.contains("; <script"),
        "{page}"
    );
}

#[test]
fn the_page_holds_clean_html_as_it_is_and_runs_nothing_but_its_own_script() {
    let page = rendered(&hostile(), Format::Html);
    assert!(page.contains("<p>Le 1<sup>er</sup> relais &amp; la suite…</p>"), "{page}");
    assert!(
        page.contains("default-src 'none'")
            && page.matches("<script").count() == 1
            && page.contains("script-src 'sha256-")
            && !page.contains("unsafe")
            && !page.contains("javascript:")
            && !page.contains("<img src=x")
    );
    let ours = page.split("<main").next().expect("a head");
    assert!(!ours.contains("src=") && !ours.contains("@import") && !ours.contains("url("), "the page fetches nothing of its own");
}

#[test]
fn item_without_authors_has_its_source_for_one() {
    let mut with = item("with", "a");
    with.head.authors = vec!["Zoé".to_owned()];
    let mut blank = item("blank", "c");
    blank.head.authors = vec![" ".to_owned()];
    let edition = edition(vec![with, item("without", "b"), blank]);
    for format in [Format::Atom, Format::Rss, Format::Json] {
        let feed = read(&rendered(&edition, format));
        let authors: Vec<&str> =
            feed.entries.iter().flat_map(|entry| &entry.authors).filter_map(|person| person.name.as_deref()).collect();
        assert_eq!(authors, ["Zoé", "FrancsJeux & Cie", "FrancsJeux & Cie"], "{format:?}");
    }
}

#[test]
fn page_names_the_source_of_an_item_once() {
    let page = rendered(&edition(vec![item("without", "b")]), Format::Html);
    assert_eq!(page.split("<main").nth(1).expect("items").matches("FrancsJeux &amp; Cie").count(), 1, "{page}");
}

#[test]
fn passwords_of_feeds_and_scripts_for_addresses_are_not_published() {
    for format in Format::ALL {
        let output = rendered(&hostile(), format);
        assert!(!output.contains("secret") && !output.contains("javascript:"), "{format:?}");
    }
}

#[test]
fn an_edition_with_nothing_in_it_is_still_a_feed() {
    let empty = edition(Vec::new());
    for format in [Format::Atom, Format::Rss, Format::Json] {
        assert!(read(&rendered(&empty, format)).entries.is_empty(), "{format:?}");
    }
    assert!(rendered(&empty, Format::Html).contains("Il n’y a encore rien ici."));
}

#[test]
fn json_feed_always_has_html_or_text() {
    let mut summarised = item("summarised", "Titre");
    summarised.summary = Some(clean("<p>Un&nbsp;deux</p><p>trois</p>"));
    let json = rendered(&edition(vec![summarised, item("bare", "Titre seul")]), Format::Json);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&json["items"][0]["content_html"], &json["items"][0]["content_text"], &json["items"][0]["summary"]),
        (&"<p>Un&nbsp;deux</p><p>trois</p>".into(), &serde_json::Value::Null, &"Un\u{a0}deux trois".into())
    );
    assert_eq!(
        (&json["items"][1]["content_text"], &json["items"][1]["summary"]),
        (&"Titre seul".into(), &serde_json::Value::Null)
    );
}

fn file(name: &str, media_type: &str, length: Option<u64>) -> Enclosure {
    let url = format!("https://son.example/{name}");
    Enclosure { url, media_type: Some(media_type.to_owned()), length, ..Enclosure::default() }
}

/// An edition with one item of these files, the first picture among which is the picture of the item.
fn with_files(files: Vec<Enclosure>) -> Edition {
    let mut item = item("files", "Fichiers");
    item.head.image = files.iter().find(|file| file.media_type.as_deref() == Some("image/jpeg")).map(|file| file.url.clone());
    item.head.enclosures = files;
    edition(vec![item])
}

/// The one enclosure of an RSS item.
fn rss_enclosure(edition: &Edition) -> rss::Enclosure {
    let channel = rss::Channel::read_from(rendered(edition, Format::Rss).as_bytes()).expect("RSS");
    channel.items[0].enclosure.clone().expect("an enclosure")
}

#[test]
fn enclosure_of_rss_is_the_sound_before_the_picture() {
    let files = vec![
        file("a.jpg", "image/jpeg", Some(5)),
        file("a.pdf", "application/pdf", None),
        file("a.mp3", "audio/mpeg", Some(900)),
    ];
    let enclosure = rss_enclosure(&with_files(files));
    assert_eq!((&*enclosure.url, &*enclosure.length), ("https://son.example/a.mp3", "900"));
}

#[test]
fn enclosure_of_rss_is_the_picture_if_there_is_no_other_file() {
    assert_eq!(rss_enclosure(&with_files(vec![file("a.jpg", "image/jpeg", None)])).url, "https://son.example/a.jpg");
}

#[test]
fn size_of_zero_is_an_unknown_size() {
    let edition = with_files(vec![file("a.mp3", "audio/mpeg", Some(0)), file("b.mp3", "audio/mpeg", Some(0))]);
    for (format, size) in [(Format::Atom, "length"), (Format::Rss, "fileSize"), (Format::Json, "size_in_bytes")] {
        let output = rendered(&edition, format);
        assert!(!output.contains(size) || format == Format::Rss, "{format:?}: {output}");
        assert!(!output.contains("fileSize"), "{output}");
    }
    assert_eq!(rss_enclosure(&edition).length, "0", "RSS demands one");
}

/// An item whose picture has a size, a caption and a credit.
fn pictured() -> Edition {
    let mut edition = with_files(vec![file("a.jpg", "image/jpeg", None), file("a.mp3", "audio/mpeg", None)]);
    let text = |text: &str| Some(Text::new(text));
    edition.items[0].head.picture = PictureDetails {
        width: Some(800),
        height: Some(450),
        credit: text("Zoé <AFP> & fils"),
        caption: text("L’arrivée & la foule"),
    };
    edition
}

#[test]
fn picture_keeps_size_caption_and_credit_in_media_rss() {
    for format in [Format::Atom, Format::Rss] {
        let feed = read(&rendered(&pictured(), format));
        let mut pictures = feed.entries[0].media.iter().flat_map(|media| &media.content);
        let url = |url: &Option<url::Url>| url.as_ref().map(ToString::to_string);
        let picture = pictures.find(|file| url(&file.url).as_deref() == Some("https://son.example/a.jpg")).expect("the picture");
        assert_eq!((picture.width, picture.height), (Some(800), Some(450)), "{format:?}");
        let output = rendered(&pictured(), format);
        assert!(output.contains("<media:credit>Zoé &lt;AFP&gt; &amp; fils</media:credit>"), "{output}");
        assert!(output.contains("<media:description>L’arrivée &amp; la foule</media:description>"), "{output}");
        assert!(output.contains("height=\"450\"") && output.matches("<media:thumbnail").count() == 1, "{output}");
        well_formed(&output);
    }
}

#[test]
fn all_files_stand_in_media_rss_beside_a_picture() {
    let feed = read(&rendered(&pictured(), Format::Rss));
    let urls: BTreeSet<String> = feed.entries[0]
        .media
        .iter()
        .flat_map(|media| &media.content)
        .filter_map(|file| Some(file.url.as_ref()?.to_string()))
        .collect();
    assert_eq!(urls, ["https://son.example/a.jpg".to_owned(), "https://son.example/a.mp3".to_owned()].into());
}

#[test]
fn picture_keeps_size_caption_and_credit_in_json() {
    let json: serde_json::Value = serde_json::from_str(&rendered(&pictured(), Format::Json)).expect("JSON");
    assert_eq!(
        json["items"][0]["_relais"]["image"],
        serde_json::json!({"width": 800, "height": 450, "credit": "Zoé <AFP> & fils", "caption": "L’arrivée & la foule"})
    );
}

/// The edition with pages that show pictures.
fn with_images(edition: Edition) -> Edition {
    Edition { pages: PageRules { images: true, ..edition.pages.clone() }, ..edition }
}

#[test]
fn page_without_pictures_asks_nobody_for_anything() {
    let page = rendered(&pictured(), Format::Html);
    assert!(!page.contains("<img") && page.contains("img-src data:;"), "{page}");
}

#[test]
fn picture_of_unknown_size_has_a_box_of_known_size() {
    let mut edition = with_images(pictured());
    edition.items[0].head.picture = PictureDetails::default();
    let page = rendered(&edition, Format::Html);
    assert!(page.contains("<img src=\"https://son.example/a.jpg\" width=\"640\" height=\"360\" alt=\"\""), "{page}");
}

#[test]
fn picture_keeps_size_caption_and_credit_on_the_page() {
    let page = rendered(&with_images(pictured()), Format::Html);
    let picture = "<img src=\"https://son.example/a.jpg\" width=\"800\" height=\"450\" alt=\"L’arrivée &amp; la foule\"";
    assert!(page.contains(picture), "{page}");
    assert!(page.contains("<bdi>L’arrivée &amp; la foule</bdi> · <bdi>Zoé &lt;AFP&gt; &amp; fils</bdi></figcaption>"), "{page}");
}

#[test]
fn picture_that_the_page_shows_is_no_file_of_it() {
    let mut edition = with_files(vec![
        file("a.jpg", "image/jpeg", None),
        file("a.jpg?w=400", "image/jpeg", None),
        file("b.jpg", "image/jpeg", None),
        file("c.jpg", "image/jpeg", None),
    ]);
    edition.items[0].content = Some(clean("<p><img src=\"https://son.example/b.jpg?w=800\"></p>"));
    let page = rendered(&with_images(edition), Format::Html);
    let listed: Vec<&str> = page.split("<li><a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(listed, ["https://son.example/c.jpg"]);
}

#[test]
fn page_of_many_languages_is_in_that_of_most_items() {
    let in_lang = |name: &str, lang: Option<&str>| EditionItem { lang: lang.and_then(Lang::new), ..item(name, name) };
    let items = vec![in_lang("a", Some("en")), in_lang("b", Some("fr")), in_lang("c", Some("fr")), in_lang("d", None)];
    let page = rendered(&Edition { lang: None, ..edition(items) }, Format::Html);
    assert!(page.contains("<html lang=\"fr\">"), "{page}");
    let lang = |rest: &str| rest.split('>').next().and_then(|tag| Some(tag.split_once(" lang=")?.1.to_owned()));
    let langs: Vec<Option<String>> = page.split("<article").skip(1).map(lang).collect();
    assert_eq!(langs, [Some("\"en\"".to_owned()), None, None, Some("\"\"".to_owned())]);
}

#[test]
fn page_without_any_known_language_is_in_that_of_its_own_words() {
    let page = rendered(&Edition { lang: None, ..edition(Vec::new()) }, Format::Html);
    assert!(page.contains("<html lang=\"en\">"), "{page}");
}

#[test]
fn dates_on_a_page_are_in_the_words_of_their_item() {
    let english = EditionItem { lang: Lang::new("en"), ..item("a", "a") };
    let page = rendered(&edition(vec![english, item("b", "b")]), Format::Html);
    assert!(page.contains(">22 November 2026, 08:00</time>") && page.contains(">dimanche 22 novembre 2026</time>"), "{page}");
}

/// The last version of an edition.
fn ended(moved_to: Option<&str>) -> Edition {
    Edition { end: Some(EndOfFeed { moved_to: moved_to.map(str::to_owned) }), ..edition(vec![item("end", "Fin")]) }
}

#[test]
fn feed_that_has_ended_is_expired_in_json() {
    let expired = |edition: &Edition| {
        let json: serde_json::Value = serde_json::from_str(&rendered(edition, Format::Json)).expect("JSON");
        json["expired"].clone()
    };
    assert_eq!((expired(&ended(None)), expired(&edition(Vec::new()))), (true.into(), serde_json::Value::Null));
}

#[test]
fn feed_that_has_moved_states_its_new_address() {
    let new = "https://example.org/olympic/ski.fr.feed";
    let moved = ended(Some(new));
    let atom = read(&rendered(&moved, Format::Atom));
    assert!(atom.links.iter().any(|link| link.rel.as_deref() == Some("self") && link.href == new), "{atom:?}");
    let rss = rss::Channel::read_from(rendered(&moved, Format::Rss).as_bytes()).expect("RSS");
    assert_eq!(rss.itunes_ext.and_then(|itunes| itunes.new_feed_url).as_deref(), Some(new));
    let json: serde_json::Value = serde_json::from_str(&rendered(&moved, Format::Json)).expect("JSON");
    assert_eq!(json["feed_url"], new);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_gives_the_same_items_back(edition in any_edition()) {
        for format in Format::DEFAULT {
            let output = rendered(&edition, format);
            prop_assert_eq!(&rendered(&edition, format), &output, "the same bytes each time");
            prop_assert!(output.ends_with('\n') && !output.ends_with("\n\n"));
            prop_assert!(output.chars().all(is_xml), "{:?} holds a character that XML forbids", format);
            if matches!(format, Format::Atom | Format::Rss) {
                let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<?xml-stylesheet type=\"text/css\" href=\"feed.css\"?>\n";
                prop_assert!(output.starts_with(head));
                well_formed(&output);
            }
            if format != Format::Html {
                let feed = read(&output);
                let seen: Vec<Seen> = feed.entries.iter().map(|entry| Seen::read(entry, format)).collect();
                let meant: Vec<Seen> = edition.items.iter().map(|item| Seen::meant(item, format)).collect();
                prop_assert_eq!(seen, meant, "{:?}: {}", format, output);
            }
        }
    }
}

fn read(output: &str) -> Feed {
    feed_rs::parser::Builder::new().sanitize_content(false).build().parse(output.as_bytes()).expect("a feed that feed-rs reads")
}

/// Reads a document as an XML reader must: tags closed, attributes once each, entities known, one root.
fn well_formed(xml: &str) {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_comments = true;
    let (mut depth, mut roots) = (0, 0);
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(tag) => {
                (depth, roots) = (depth + 1, roots + i32::from(depth == 0));
                let names: Vec<_> = tag.attributes().map(|attribute| attribute.expect("an attribute").key.0.to_owned()).collect();
                assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len());
            }
            Event::Empty(tag) => assert!(depth > 0 && tag.attributes().all(|attribute| attribute.is_ok())),
            Event::End(_) => depth -= 1,
            Event::GeneralRef(name) => {
                let known = ["amp", "lt", "gt", "quot", "apos"].contains(&&*name) || name.is_char_ref();
                assert!(known, "{name:?}");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((depth, roots), (0, 1));
}

fn is_xml(c: char) -> bool {
    !((c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

/// The origin of an item, and who else tells of it.
fn is_relation(rel: Option<&str>) -> bool {
    matches!(rel, Some("via" | "related"))
}

/// An item as a reader sees it.
#[derive(Debug, PartialEq)]
struct Seen {
    id: String,
    page: Option<String>,
    title: String,
    summary: Option<String>,
    content: Option<String>,
    authors: Vec<String>,
    categories: Vec<String>,
    published: String,
    updated: String,
    files: Vec<(String, Option<String>, Option<u64>)>,
}

impl Seen {
    /// What feed-rs makes of it.
    fn read(entry: &Entry, format: Format) -> Self {
        let (pages, linked): (Vec<_>, Vec<_>) = entry.links.iter().partition(|link| match format {
            Format::Atom => link.rel.as_deref() == Some("alternate"),
            _ => link.media_type.is_none() && !is_relation(link.rel.as_deref()),
        });
        let linked = linked
            .iter()
            .filter(|link| !is_relation(link.rel.as_deref()))
            .map(|link| (link.href.clone(), link.media_type.clone(), link.length));
        let media = entry.media.iter().flat_map(|media| &media.content).map(|file| {
            let url = file.url.as_ref().expect("an address").to_string();
            (url, file.content_type.as_ref().map(ToString::to_string), file.size)
        });
        Self {
            id: entry.id.clone(),
            page: pages.first().map(|link| link.href.clone()),
            title: entry.title.as_ref().map(|text| text.content.clone()).unwrap_or_default(),
            summary: entry.summary.as_ref().map(|text| text.content.clone()),
            content: entry.content.as_ref().and_then(|content| content.body.clone()),
            authors: entry.authors.iter().filter_map(|person| person.name.clone()).collect(),
            categories: entry.categories.iter().map(|category| category.term.clone()).collect(),
            published: entry.published.map(|time| time.to_rfc3339()).unwrap_or_default(),
            updated: entry.updated.map(|time| time.to_rfc3339()).unwrap_or_default(),
            files: linked.chain(media).collect(),
        }
    }

    /// What was meant, where the format has a place for it.
    fn meant(item: &EditionItem, format: Format) -> Self {
        let html = |html: &str| html.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|&c| is_xml(c)).collect::<String>();
        let content = item.content.as_ref().map(|content| html(content.as_str()));
        let text = html(&item.text);
        let (summary, content) = match format {
            Format::Json => {
                let shown = content.or_else(|| item.summary.as_ref().map(|summary| html(summary.as_str())));
                (item.summary.as_ref().map(|summary| plain(summary.as_str())), shown.or(Some(text)))
            }
            Format::Atom => {
                (item.summary.as_ref().map(|s| html(s.as_str())), content.or((item.head.url.is_none()).then_some(text)))
            }
            _ => (item.summary.as_ref().map(|s| html(s.as_str())), content),
        };
        Self {
            id: item.id.clone(),
            page: item.head.url.clone(),
            title: item.title.to_string(),
            summary: summary.filter(|text| !text.is_empty()),
            content,
            authors: if item.head.authors.iter().all(String::is_empty) {
                vec![item.source.title.to_string()]
            } else {
                item.head.authors.clone()
            },
            categories: item.head.categories.iter().filter(|name| !name.is_empty()).cloned().collect(),
            published: item.published.whole_seconds().chrono().to_rfc3339(),
            updated: item.updated.whole_seconds().chrono().to_rfc3339(),
            files: Self::files(item, format),
        }
    }

    /// The files, with the picture as Media RSS: before the others in RSS, after them in Atom.
    fn files(item: &EditionItem, format: Format) -> Vec<(String, Option<String>, Option<u64>)> {
        let kind = |file: &Enclosure| {
            file.media_type.clone().or_else(|| (format == Format::Json).then(|| "application/octet-stream".to_owned()))
        };
        let file = |file: &Enclosure| (file.url.clone(), kind(file), file.length.filter(|&bytes| bytes > 0));
        let files = item.head.enclosures.iter().map(file);
        let picture = item.head.image.iter().map(|image| (image.clone(), None, None));
        match format {
            Format::Rss => picture.chain(files).collect(),
            Format::Atom => files.chain(picture).collect(),
            _ => files.collect(),
        }
    }
}

/// The words of the HTML that `any_html` makes (one paragraph, no other tag but `<br>`), trimmed as feed-rs trims.
fn plain(html: &str) -> String {
    let inner = html.strip_prefix("<p title=\"]]>\">").and_then(|rest| rest.strip_suffix("</p>")).expect("one paragraph");
    Text::new(&inner.replace("<br>", " ").replace("&lt;", "<").replace("&amp;", "&")).as_str().trim().to_owned()
}
