//! Tests of the parser on feeds as found in the wild: one case per cause.

use super::*;
use crate::model::{Entry, SourceId, Zone};

const URL: &str = "https://a.fr/rss/feed.xml";

fn feed(text: &str) -> Feed {
    let body = FeedBody { bytes: text.as_bytes(), content_type: None, url: URL, zone: Zone::default(), lang: None };
    parse_feed(&body, &SourceId::new("s")).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The first entry of an RSS feed with these elements in its item.
fn rss(item: &str) -> Entry {
    let text = format!(
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>t</title><item>{item}</item></channel></rss>"
    );
    feed(&text).entries.remove(0)
}

/// The first entry of an Atom feed with these elements in it.
fn atom(entry: &str) -> Entry {
    feed(&format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><entry>{entry}</entry></feed>")).entries.remove(0)
}

fn html(html: Option<&crate::model::RawHtml>) -> &str {
    html.map_or("", |html| &html.0)
}

#[test]
fn headlines_become_text_from_any_markup() {
    for (item, title) in [
        ("<title>Le CIO &amp; l'AMA</title>", "Le CIO & l'AMA"),
        ("<title>Le CIO &amp;amp; l&amp;eacute;quipe</title>", "Le CIO & léquipe"),
        ("<title><![CDATA[Un <em>mot</em> &amp; 1 < 2]]></title>", "Un mot & 1 < 2"),
        ("<title>Un <em>mot</em></title>", "Un mot"),
        ("<title>R&D, Q&A &rsquo;</title>", "R&D, Q&A ’"),
        ("<title>un<![CDATA[ deux]]> trois</title>", "un deux trois"),
        ("<media:title>image</media:title><title>article</title>", "article"),
        ("<title>article</title><atom:title>autre</atom:title><dc:title>x</dc:title>", "article"),
        ("<dc:title>seul</dc:title>", "seul"),
        ("<image><title>image</title></image><title>article</title>", "article"),
        ("<title></title><dc:title>plein</dc:title>", "plein"),
    ] {
        assert_eq!(rss(item).title.as_str(), title, "{item}");
    }
    for (entry, title) in [
        ("<title>Un &lt;b&gt; en texte</title>", "Un <b> en texte"),
        ("<title type='html'>Un &lt;b&gt;mot&lt;/b&gt;</title>", "Un mot"),
        (
            "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Un <b>mot</b> &amp; 1 &lt; 2</div></title>",
            "Un mot & 1 < 2",
        ),
        ("<title type='text/html' mode='escaped'>Un &lt;b&gt;mot&lt;/b&gt;</title>", "Un mot"),
        ("<title mode='base64' type='text/html'>VW4gPGI+bW90PC9iPg==</title>", "Un mot"),
        ("<title type=''>vide</title>", "vide"),
    ] {
        assert_eq!(atom(entry).title.as_str(), title, "{entry}");
    }
}

#[test]
fn summaries_and_contents_become_html_from_any_markup() {
    let both = |entry: Entry| (html(entry.summary.as_ref()).to_owned(), html(entry.content.as_ref()).to_owned());
    for (entry, summary, content) in [
        (rss("<description>&lt;p>Un&lt;/p></description>"), "<p>Un</p>", ""),
        (rss("<description><p>Un<br/>mot &amp; deux</p></description>"), "<p>Un<br>mot &amp; deux</p>", ""),
        (rss("<description>5 &lt; 8</description><content:encoded><![CDATA[<p>x</p>]]></content:encoded>"), "5 < 8", "<p>x</p>"),
        (rss("<dc:description>d</dc:description>"), "d", ""),
        (rss("<itunes:subtitle>s</itunes:subtitle><itunes:summary>m</itunes:summary>"), "m", ""),
        (rss("<encoded>x</encoded>"), "", "x"),
        (rss("<body xmlns='http://www.w3.org/1999/xhtml'><p>x</p></body>"), "", "<p>x</p>"),
        (atom("<summary>a &lt; b</summary><content type='html'>&lt;p>x</content>"), "a &lt; b", "<p>x"),
        (
            atom("<content type='xhtml'><x:div xmlns:x='http://www.w3.org/1999/xhtml'>a<x:img src='i'/><x:p/></x:div></content>"),
            "",
            "<div>a<img src='i'><p></p></div>",
        ),
        (atom("<content type='xhtml'>&lt;p&gt;</content>"), "", "&lt;p&gt;"),
        (atom("<content type='image/png'>iVBORw0KGgo=</content>"), "", ""),
    ] {
        let (read, full) = both(entry);
        assert_eq!(
            (
                read.replace(" xmlns:x='http://www.w3.org/1999/xhtml'", ""),
                full.replace(" xmlns:x='http://www.w3.org/1999/xhtml'", "")
            ),
            (summary.to_owned(), content.to_owned())
        );
    }
}

#[test]
fn people_become_names() {
    for (item, authors) in [
        ("<author>ana@a.fr (Ana Dupont)</author>", vec!["Ana Dupont"]),
        ("<author>Ana Dupont &lt;ana@a.fr&gt;</author>", vec!["Ana Dupont"]),
        ("<author>ana@a.fr</author>", vec!["ana@a.fr"]),
        ("<author><atom:name>Ana</atom:name><atom:email>ana@a.fr</atom:email></author>", vec!["Ana"]),
        ("<dc:creator>Ana</dc:creator><dc:creator>Bo</dc:creator><itunes:author>Radio</itunes:author>", vec!["Ana", "Bo"]),
        ("<itunes:author>Radio</itunes:author>", vec!["Radio"]),
        ("<author><p>Ana</p></author>", vec!["Ana"]),
        ("<author>mixte<name>Ana</name></author>", vec!["Ana"]),
        ("<author/>", vec![]),
    ] {
        assert_eq!(rss(item).head.authors, authors, "{item}");
    }
}

#[test]
fn link_of_an_entry_is_its_page() {
    for (item, url) in [
        ("<link>/1?utm_source=x</link>", Some("https://a.fr/1")),
        ("<link> https://a.fr/1 </link><atom:link href='/2'/>", Some("https://a.fr/1")),
        ("<atom:link rel='self' href='/2'/><atom:link rel='alternate' href='/3'/>", Some("https://a.fr/3")),
        ("<link href='/4'/>", Some("https://a.fr/4")),
        ("<guid>https://a.fr/5</guid>", Some("https://a.fr/5")),
        ("<guid isPermaLink='false'>https://a.fr/5</guid>", None),
        ("<guid>https://a.fr/5</guid><link>https://a.fr/6</link>", Some("https://a.fr/6")),
        ("<link xml:base='https://b.fr/x/'>7</link>", Some("https://b.fr/x/7")),
        ("<link rel='enclosure' href='/a.mp3'/><title>t</title>", None),
        ("<link>javascript:alert(1)</link><title>t</title>", None),
    ] {
        assert_eq!(rss(item).head.url.as_deref(), url, "{item}");
    }
    let rdf = feed(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel rdf:about='/'><title>t</title></channel><item rdf:about='/8'><title>x</title></item></rdf:RDF>",
    );
    assert_eq!((rdf.format, rdf.entries[0].head.url.as_deref()), ("rdf", Some("https://a.fr/8")));
}

#[test]
fn original_link_of_a_click_counter_is_the_page() {
    for (item, url, uid) in [
        (
            "<link>https://p.fr/~r/3</link><feedburner:origLink>https://a.fr/x?utm_source=f</feedburner:origLink>",
            "x",
            "https://p.fr/~r/3",
        ),
        ("<pheedo:origLink>https://a.fr/x</pheedo:origLink><link>https://p.fr/click</link>", "x", "https://p.fr/click"),
        ("<guid>g</guid><link>https://p.fr/3</link><feedburner:origLink>https://a.fr/x</feedburner:origLink>", "x", "g"),
        ("<feedburner:origLink>/x</feedburner:origLink>", "x", "https://a.fr/x"),
        ("<link>https://a.fr/y</link><feedburner:origLink>javascript:alert(1)</feedburner:origLink>", "y", "https://a.fr/y"),
    ] {
        let entry = rss(item);
        assert_eq!(entry.head.url, Some(format!("https://a.fr/{url}")), "{item}");
        assert_eq!(entry.key.uid, uid, "what identified it before does so still: {item}");
    }
}

#[test]
fn enclosures_images_and_categories_are_kept() {
    let entry = rss(
        "<enclosure url='/a.mp3' type='audio/mpeg' length='12'/><enclosure url=''/><media:group><media:content url='/v.mp4' medium='video'><media:thumbnail url='/t.jpg'/></media:content></media:group><category>JO</category><dc:subject>Judo</dc:subject><media:category label='Ski'>a/b</media:category><itunes:keywords>x, y</itunes:keywords>",
    );
    let files: Vec<_> =
        entry.head.enclosures.iter().map(|file| (file.url.as_str(), file.media_type.as_deref(), file.length)).collect();
    assert_eq!(files, [("https://a.fr/a.mp3", Some("audio/mpeg"), Some(12)), ("https://a.fr/v.mp4", Some("video/mp4"), None)]);
    assert_eq!(entry.head.image.as_deref(), Some("https://a.fr/t.jpg"));
    assert_eq!(entry.head.categories, ["JO", "Judo", "Ski", "x", "y"]);
    assert_eq!(rss("<itunes:image href='/i.jpg'/>").head.image.as_deref(), Some("https://a.fr/i.jpg"));
    assert_eq!(rss("<description>&lt;img src='/d.jpg'></description>").head.image.as_deref(), Some("https://a.fr/d.jpg"));
}

#[test]
fn files_of_an_unknown_type_are_pictures_by_name_size_or_medium() {
    let read = |file: &str| {
        let head = rss(&format!("<media:content {file}/>")).head;
        (head.image.is_some(), head.enclosures.first().map(|file| file.media_type.clone()))
    };
    let listed = |kind: &str| Some(Some(kind.to_owned()));
    for (file, read_as) in [
        ("url='/p.jpg'", (true, listed("image/jpeg"))),
        ("url='/p' medium='image'", (true, None)),
        ("url='/p' type='image'", (true, None)),
        ("url='/p' width='800' height='450'", (true, None)),
        ("url='/p' width='800' height='450' duration='3'", (false, Some(None))),
        ("url='/p?format=png' medium='image'", (true, listed("image/png"))),
        ("url='/v.mp4' width='800' height='450'", (false, listed("video/mp4"))),
        ("url='/v.mp4' medium='video'", (false, listed("video/mp4"))),
        ("url='/v' medium='video'", (false, Some(None))),
        ("url='/p.jpg' type='application/octet-stream'", (true, listed("image/jpeg"))),
        ("url='/p' type='application/octet-stream'", (false, listed("application/octet-stream"))),
    ] {
        assert_eq!(read(file), read_as, "{file}");
    }
}

#[test]
fn categories_of_media_rss_are_categories() {
    for (item, categories) in [
        ("<media:category>Aviron</media:category>", vec!["Aviron"]),
        ("<media:group><media:category label='Ski'>a/b</media:category></media:group>", vec!["Ski"]),
        ("<media:category>Arts/Cinéma</media:category><media:category scheme='urn:x'>x</media:category>", vec![]),
    ] {
        assert_eq!(rss(item).head.categories, categories, "{item}");
    }
}

#[test]
fn feed_is_found_behind_and_within_other_markup() {
    let item = "<channel><title>t</title><item><title>x</title></item></channel>";
    let json = "{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": [{\"id\": 1}]}";
    assert_eq!(feed(&format!("read.feed( {json});")).entries.len(), 1, "a script that hands the feed over");
    for (before, after) in [
        ("<feed/>", ""),
        ("<rss version='2.0'></rss><rdf:RDF/><rss><channel/></rss>", ""),
        ("<rss>", "</rss>"),
        ("<html><head><script>'<rss>'</script><title>t</title></head><body><div>", "</div></body></html>"),
        ("<!DOCTYPE html><html><body><pre>", "</pre></body></html>"),
        ("<table class='error'><tr><th>Warning: x</th></tr></table>", ""),
    ] {
        let read = feed(&format!("{before}<rss version='2.0'>{item}</rss>{after}"));
        assert_eq!(read.entries.len(), 1, "{before}");
        assert!(!read.repaired.is_empty(), "{before}");
    }
    let body = |text| FeedBody { bytes: text, content_type: None, url: URL, zone: Zone::default(), lang: None };
    for page in ["<html><body><feed/></body></html>", "<html><svg><entry/></svg>", "<html><script>'<rss>'</script><p>x"] {
        let error = parse_feed(&body(page.as_bytes()), &SourceId::new("s")).expect_err(page);
        assert!(error.to_string().contains("an HTML page"), "{page}: {error}");
    }
}

#[test]
fn content_of_an_unknown_type_is_markup_if_it_looks_so() {
    for (entry, content) in [
        ("<content type='CDATA'><![CDATA[<p>Un <b>mot</b></p>]]></content>", "<p>Un <b>mot</b></p>"),
        ("<content mode='escaped'>&lt;p>Un&lt;/p></content>", "<p>Un</p>"),
        ("<content type='application/html'>&lt;p>Un&lt;/p></content>", "<p>Un</p>"),
        ("<content type='CDATA'>1 &lt; 2</content>", "1 &lt; 2"),
        ("<content type='text'>&lt;p>Un&lt;/p></content>", "&lt;p&gt;Un&lt;/p&gt;"),
        ("<content>&lt;p>Un&lt;/p></content>", "&lt;p&gt;Un&lt;/p&gt;"),
        ("<content type='html'>&amp;lt;p>Un&amp;lt;/p></content>", "<p>Un</p>"),
    ] {
        assert_eq!(html(atom(entry).content.as_ref()), content, "{entry}");
    }
}

#[test]
fn relative_links_of_an_entry_are_relative_to_its_page_or_to_a_stated_base() {
    let base = |entry: &Entry| entry.head.link_base().map(str::to_owned);
    let text = "<description>&lt;img src='i.jpg'></description>";
    let entry = rss(&format!("<link>https://a.fr/1/</link>{text}"));
    assert_eq!((base(&entry).as_deref(), entry.head.image.as_deref()), (Some("https://a.fr/1/"), Some("https://a.fr/1/i.jpg")));
    let entry = rss(text);
    assert_eq!((base(&entry).as_deref(), entry.head.image.as_deref()), (Some(URL), Some("https://a.fr/rss/i.jpg")), "no page");
    let entry =
        atom("<link href='https://a.fr/1/'/><content type='html' xml:base='https://b.fr/'>&lt;img src='i.jpg'></content>");
    assert_eq!((base(&entry).as_deref(), entry.head.image.as_deref()), (Some("https://b.fr/"), Some("https://b.fr/i.jpg")));
}

#[test]
fn broken_json_is_mended() {
    let text = "{\"items\": [{\"id\": 1, \"title\": \"a\nb\"}, {\"id\": 2,}, // fin\n {\"id\": 3}]}";
    let read = feed(text);
    assert_eq!((read.entries.len(), read.repaired), (3, vec!["json"]));
    assert_eq!(read.entries[0].title.as_str(), "a b");
}

#[test]
fn dates_come_from_the_element_with_the_highest_rank() {
    let dates = |item: &str| {
        let head = rss(item).head;
        (head.published.map(crate::model::Time::rfc3339), head.updated.map(crate::model::Time::rfc3339))
    };
    let day = |n: u8| Some(format!("2024-07-0{n}T00:00:00Z"));
    assert_eq!(dates("<dc:date>2024-07-01</dc:date><pubDate>2 Jul 2024</pubDate>"), (day(2), None));
    assert_eq!(dates("<pubDate>hier</pubDate><dc:date>2024-07-01</dc:date>"), (day(1), None), "what is no date hides none");
    assert_eq!(dates("<atom:published>2024-07-01</atom:published><atom:updated>2024-07-03</atom:updated>"), (day(1), day(3)));
}

#[test]
fn languages_are_inherited_and_cancelled() {
    let feed = feed(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='fr'><title xml:lang='de'>t</title><entry><title>a</title></entry><entry xml:lang='en'><title>b</title></entry><entry><title>c</title><content xml:lang='es'>x</content></entry><entry xml:lang=''><title>d</title></entry></feed>",
    );
    let langs: Vec<Option<String>> = feed.entries.iter().map(|entry| entry.head.lang.as_ref().map(ToString::to_string)).collect();
    assert_eq!(feed.language.map(|lang| lang.to_string()).as_deref(), Some("fr"));
    assert_eq!(langs, [Some("fr".to_owned()), Some("en".to_owned()), Some("es".to_owned()), None]);
    assert_eq!(
        rss("<title>x</title><dc:language>fr-CA</dc:language>").head.lang.map(|lang| lang.to_string()).as_deref(),
        Some("fr-CA")
    );
}

#[test]
fn bases_are_inherited_within_html() {
    let entry = atom(
        "<title>t</title><summary type='html' xml:base='https://b.fr/'>&lt;a href='s'>s&lt;/a></summary><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml' xml:base='https://c.fr/d/'><a href='c'>c</a></div></content>",
    );
    assert_eq!(entry.head.base.as_deref(), Some("https://c.fr/d/"));
    assert!(html(entry.summary.as_ref()).contains("https://b.fr/s"), "{entry:?}");
}

#[test]
fn broken_markup_is_parsed_and_reported() {
    let item = "<item><title>Un</title><link>https://a.fr/1</link></item>";
    for (text, titles, repaired) in [
        (format!("<rss version='2.0'><channel>{item}</channel></rss>"), vec!["Un"], vec![]),
        (format!("<br /><b>Warning</b>: x <rss version='2.0'><channel>{item}</channel></rss>"), vec!["Un"], vec!["junk-before-root"]),
        (format!("<rss><channel>{item}</channel></rss>"), vec!["Un"], vec!["version"]),
        (format!("<rss version='2.0'>{item}</rss>"), vec!["Un"], vec![]),
        (format!("<rss version='2.0'>{item}\u{8}</rss>"), vec!["Un"], vec!["control-characters"]),
        (format!("<rss version='2.0'><channel>{item}<item><title>Deux</ti"), vec!["Un"], vec!["cut"]),
        (format!("<rss version='2.0'><channel>{item}"), vec!["Un"], vec!["cut"]),
        ("<rss version='2.0'><channel><item><title>Un<link>https://a.fr/1</link></item><item><title>Deux</titel></item></channel></rss>".to_owned(), vec!["Un", "Deux"], vec!["tags"]),
        ("<rss version='2.0'><channel><item><title>Un</title><item><title>Deux</title></item></channel></rss>".to_owned(), vec!["Un", "Deux"], vec!["tags"]),
        ("<rss version='2.0'><channel><item><title>Un</title></b></font></item></channel></rss>".to_owned(), vec!["Un"], vec!["tags"]),
        ("<rss version='2.0'><channel><item><foo><title>non</title></item><item><title>Deux</title></item></channel></rss>".to_owned(), vec!["", "Deux"], vec!["tags"]),
        ("<rss version='2.0'><channel><item><dc:title>Un</dc:title></item></channel></rss>".to_owned(), vec!["Un"], vec!["namespaces"]),
        ("<rss version='2.0'><channel><item><title>A & B</title></item></channel></rss>".to_owned(), vec!["A & B"], vec!["entities"]),
        (format!("<rss version='2.0'><channel>{item}</channel></rss><script>junk"), vec!["Un"], vec![]),
        ("<CHANNEL HREF='/'><ITEM HREF='/1'><TITLE>Un</TITLE></ITEM></CHANNEL>".to_owned(), vec!["Un"], vec![]),
    ] {
        let feed = feed(&text);
        let read: Vec<&str> = feed.entries.iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!((read, feed.repaired), (titles, repaired), "{text}");
    }
}

#[test]
fn fields_of_the_feed_itself_are_parsed() {
    let feed = feed(
        "<rss version='0.91'><channel><title>Les Jeux</title><link>/</link><description>&lt;b>x&lt;/b></description><language>fr-FR</language><image><title>autre</title><url>/logo.png</url></image><textInput><title>non</title><link>/non</link></textInput><copyright>© A</copyright><managingEditor>ana@a.fr (Ana)</managingEditor><lastBuildDate>1 Jul 2024</lastBuildDate></channel></rss>",
    );
    assert_eq!((feed.format, feed.title.as_str(), feed.link.as_deref()), ("rss 0.91", "Les Jeux", Some("https://a.fr/")));
    assert_eq!((html(feed.description.as_ref()), html(feed.rights.as_ref())), ("<b>x</b>", "© A"));
    assert_eq!((feed.image.as_deref(), feed.authors), (Some("https://a.fr/logo.png"), vec!["Ana".to_owned()]));
    assert!(feed.updated.is_some() && feed.language.is_some());
}

#[test]
fn other_markup_is_no_feed() {
    for text in [
        "<svg/>",
        "<opml version='2.0'><body/></opml>",
        "bonjour <b>à tous</b>",
        "<html><rss version='2.0'/></html>",
        "<sitemapindex/>",
    ] {
        let body = FeedBody { bytes: text.as_bytes(), content_type: None, url: URL, zone: Zone::default(), lang: None };
        assert!(matches!(parse_feed(&body, &SourceId::new("s")), Err(FeedError::NotAFeed(_))), "{text}");
    }
}

#[test]
fn french_feed_declared_as_english_is_french() {
    let titles = [
        "La judokate française gagne sa troisième médaille",
        "Le comité olympique présente les sites de la flamme",
        "Une journée de plus pour les nageurs dans le bassin",
    ];
    let items: String = titles.iter().map(|title| format!("<item><title>{title}</title></item>")).collect();
    for (said, lang) in [("en-US", "fr"), ("fr-CA", "fr-CA"), ("", "fr")] {
        let feed = feed(&format!("<rss version='2.0'><channel><language>{said}</language>{items}</channel></rss>"));
        assert_eq!(feed.entries[0].head.lang.as_ref().map(ToString::to_string).as_deref(), Some(lang), "{said}");
    }
}

#[test]
fn blank_content_is_absent() {
    for blank in ["&nbsp;", " &#160; ", "<p>&nbsp;</p>", "<p></p>\n<p>\u{a0}<br/></p>", "\u{a0}", "&#8203;"] {
        let entry = rss(&format!("<guid>1</guid><content:encoded><![CDATA[{blank}]]></content:encoded>"));
        assert_eq!(entry.content, None, "{blank}");
    }
    for shown in [
        "<p>a</p>",
        "<ins></ins>",
        "<img src='/a.jpg'>&nbsp;",
        "<p><IFRAME src='/v'></iframe></p>",
        "&lt;",
        "<video src=/v></video>",
    ] {
        let entry = rss(&format!("<guid>1</guid><content:encoded><![CDATA[{shown}]]></content:encoded>"));
        assert_eq!(html(entry.content.as_ref()), shown);
    }
}

/// The picture of an entry: its address, width, height, caption and credit.
fn picture(item: &str) -> (String, Option<u32>, Option<u32>, String, String) {
    let head = rss(item).head;
    let text = |text: Option<crate::model::Text>| text.map(|text| text.to_string()).unwrap_or_default();
    let details = head.picture;
    (head.image.unwrap_or_default(), details.width, details.height, text(details.caption), text(details.credit))
}

#[test]
fn picture_has_the_size_caption_and_credit_of_its_element() {
    let item = "<title>t</title><media:content url='/p.jpg' width='800' height='450px'><media:description type='html'>L&amp;rsquo;arrivée &lt;b&gt;hier&lt;/b&gt;</media:description><media:credit role='photographer'>Zoé / AFP</media:credit><media:credit>Autre</media:credit></media:content>";
    assert_eq!(
        picture(item),
        ("https://a.fr/p.jpg".to_owned(), Some(800), Some(450), "L’arrivée hier".to_owned(), "Zoé / AFP".to_owned())
    );
}

#[test]
fn what_is_said_beside_a_file_is_not_its_caption() {
    let file = "<title>t</title><media:content url='/p.jpg'><media:title>x</media:title></media:content>";
    let described = "<media:description>De l’article</media:description>";
    for item in [format!("{file}{described}"), format!("{file}<media:group>{described}</media:group>")] {
        assert_eq!(picture(&item).3, "", "{item}");
    }
}

#[test]
fn credit_beside_the_files_is_that_of_the_picture() {
    assert_eq!(picture("<media:credit>AFP</media:credit><media:content url='/p.jpg'/>").4, "AFP");
}

#[test]
fn thumbnail_has_its_own_size_and_the_caption_of_its_file() {
    let item = "<media:content url='/p.jpg' width='800' height='450'><media:description>La foule</media:description><media:thumbnail url='/t.jpg' width='80' height='45'/></media:content>";
    assert_eq!(picture(item), ("https://a.fr/t.jpg".to_owned(), Some(80), Some(45), "La foule".to_owned(), String::new()));
}

#[test]
fn pictures_do_not_share_their_captions() {
    let item = "<media:thumbnail url='/t.jpg'/><media:content url='/p.jpg'><media:description>Une</media:description></media:content><media:content url='/q.jpg'/>";
    assert_eq!(picture(item).3, "", "of two pictures none is that of the thumbnail");
    let item =
        "<media:content url='/p.jpg'/><media:content url='/q.jpg'><media:description>Autre</media:description></media:content>";
    assert_eq!(picture(item).3, "");
}

#[test]
fn impossible_sizes_of_a_picture_are_dropped() {
    for (width, wanted) in [("0", None), ("-3", None), ("NaN", None), ("1e12", None), ("large", None), ("799.6", Some(799))] {
        assert_eq!(picture(&format!("<media:thumbnail url='/t.jpg' width='{width}'/>")).1, wanted, "{width}");
    }
}

#[test]
fn empty_caption_is_none() {
    assert_eq!(rss("<media:content url='/p.jpg'><media:credit> - </media:credit></media:content>").head.picture.credit, None);
}

#[test]
fn title_of_a_file_is_kept() {
    let item = "<title>t</title><media:content url='/e.mp3'><media:title>Épisode 12</media:title></media:content>";
    let title = rss(item).head.enclosures[0].title.clone();
    assert_eq!(title.map(|title| title.to_string()).as_deref(), Some("Épisode 12"));
}
