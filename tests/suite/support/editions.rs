//! Editions made by hand, and editions made at random.

use proptest::prelude::*;
use relais::html::to_line;
use relais::model::{
    Archive, Clean, DeletedItem, Edition, EditionDetails, EditionItem, Enclosure, EntryHead, Format, Lang, PageRules, SourceId,
    SourceInfo, Text, Time,
};

/// Clean HTML: as the store gives it back.
pub(crate) fn clean(html: &str) -> Clean {
    serde_json::from_value(html.into()).expect("a string is Clean")
}

fn time(text: &str) -> Time {
    Time::from_rfc3339(text).expect("a date")
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn sound(url: &str, media_type: Option<&str>, length: Option<u64>) -> Enclosure {
    Enclosure { url: url.to_owned(), media_type: media_type.map(str::to_owned), length, ..Enclosure::default() }
}

fn origin(id: &str, title: &str) -> SourceInfo {
    SourceInfo {
        id: SourceId::new(id),
        title: Text::new(title),
        feed: format!("https://{id}.example/feed?tag=jeux&n=20"),
        site: Some(format!("https://{id}.example/")),
        image: None,
        rights: Text::default(),
        genres: Vec::new(),
    }
}

/// An item with a headline and a page, and nothing else.
pub(crate) fn item(name: &str, title: &str) -> EditionItem {
    EditionItem {
        id: format!("tag:example.org,2026:{name}"),
        head: EntryHead { url: Some(format!("https://francsjeux.example/{name}?a=1&b=2")), ..EntryHead::default() },
        title: Text::new(title),
        summary: None,
        summary_text: Text::default(),
        content: None,
        page: None,
        text: String::new(),
        lang: Lang::new("fr"),
        published: time("2026-11-22T08:00:00Z"),
        updated: time("2026-11-22T08:00:00Z"),
        source: origin("francsjeux", "FrancsJeux & Cie"),
        also_in: Vec::new(),
        translation: None,
    }
}

/// A French edition in all formats with these items.
pub(crate) fn edition(mut items: Vec<EditionItem>) -> Edition {
    for item in &mut items {
        item.summary_text = item.summary.as_ref().map(|summary| to_line(summary.as_str())).unwrap_or_default();
    }
    Edition {
        id: "jeux".to_owned(),
        lang: Lang::new("fr"),
        title: Text::new("Les Jeux « d’hiver »"),
        description: Text::new("L’actualité olympique, en français"),
        feed_id: "tag:example.org,2026:jeux.fr".to_owned(),
        base_url: Some("https://example.org/olympic/".to_owned()),
        stem: "jeux.fr".to_owned(),
        formats: Format::DEFAULT.to_vec(),
        updated: time("2026-11-23T20:15:00.750Z"),
        items,
        deleted: Vec::new(),
        end: None,
        pages: PageRules::default(),
        details: EditionDetails::default(),
        archive: Archive::default(),
    }
}

/// An edition with one item of each kind that gives trouble.
pub(crate) fn hostile() -> Edition {
    edition(vec![article(), injection(), podcast(), item("brève", "Relais : la France en finale")])
}

fn article() -> EditionItem {
    let full = item("biathlon", "Biathlon : « Quelle course\u{a0}! » 🎿🇫🇷");
    EditionItem {
        head: EntryHead {
            authors: texts(&["Zoé d’Argent", "Jean-Luc O'Hara & fils"]),
            categories: texts(&["Jeux d’hiver", "ski, biathlon & tir"]),
            image: Some("https://img.example/p.jpg?w=600&h=400".to_owned()),
            enclosures: vec![sound("https://son.example/a.mp3?x=1&y=2", Some("audio/mpeg"), Some(12_345_678))],
            updated: Some(time("2026-11-23T20:15:00Z")),
            ..full.head
        },
        summary: Some(clean("<p>Première place à <b>Anterselva</b>&nbsp;: 19&nbsp;sur&nbsp;20.</p>")),
        content: Some(clean(
            "<p>Le 1<sup>er</sup> relais &amp; la suite…</p>\n<pre>if a &lt; b</pre><img src=\"https://img.example/i.png\" alt=\"\">",
        )),
        text: "Le 1er relais & la suite…".to_owned(),
        updated: time("2026-11-23T20:15:00Z"),
        ..full
    }
}

fn injection() -> EditionItem {
    let plain = item("injection", "AT&T <b> \"deux\" 'un' ]]> &lt;i&gt; <script>alert(1)</script>");
    EditionItem {
        head: EntryHead {
            authors: texts(&["<img src=x onerror=alert(1)>", "  "]),
            categories: texts(&["a\u{1}b\tc", "]]>"]),
            enclosures: vec![
                sound("https://son.example/1", None, None),
                sound("https://son.example/2", Some("video/mp4"), Some(7)),
            ],
            ..plain.head
        },
        summary: Some(clean("<p title=\"]]>\">]]&gt; \u{fffe}\u{1}\u{b}controls\r\nand lines</p>")),
        content: Some(clean("<p>]]> and ]]]]> and <![CDATA[ again ]]></p>")),
        text: "]]> and so on".to_owned(),
        lang: Lang::new("en"),
        source: SourceInfo {
            title: Text::default(),
            feed: "https://user:secret@hostile.example/feed".to_owned(),
            site: Some("javascript:alert(1)".to_owned()),
            ..origin("hostile", "")
        },
        ..plain
    }
}

fn podcast() -> EditionItem {
    let spoken = item("podcast", "الألعاب الأولمبية الشتوية");
    EditionItem {
        head: EntryHead {
            url: None,
            enclosures: vec![sound("https://son.example/ar.ogg", Some("audio/ogg"), None)],
            ..spoken.head
        },
        lang: Lang::new("ar"),
        ..spoken
    }
}

/// Editions at random, of what the rest of relais may hand to a renderer and somewhat worse.
pub(crate) fn any_edition() -> impl Strategy<Value = Edition> {
    let flags = (any::<bool>(), any::<bool>(), prop::sample::subsequence(Format::ALL.to_vec(), 0..=4));
    (prop::collection::vec(any_item(), 0..6), any_line(), any_line(), flags).prop_map(|(items, title, description, flags)| {
        let mut made = edition(items);
        for (number, item) in made.items.iter_mut().enumerate() {
            item.id = format!("{}:{number}", item.id);
        }
        made.title = Text::new(&title);
        made.description = Text::new(&description);
        made.base_url = made.base_url.filter(|_| flags.0);
        made.lang = made.lang.filter(|_| flags.1);
        if flags.1 {
            made.deleted = vec![DeletedItem { id: "tag:example.org,2026:\"<deleted>&".to_owned(), when: made.updated }];
        }
        made.formats = flags.2;
        made
    })
}

fn any_item() -> impl Strategy<Value = EditionItem> {
    let texts = (any_line(), prop::option::of(any_html()), prop::option::of(any_html()), any_line());
    let when = (-62_135_596_800_000..253_402_300_000_000_i64, 0..400_000_000_000_u64);
    let kind = (any::<bool>(), prop::sample::select(vec![None, Lang::new("fr"), Lang::new("en-GB")]));
    (texts, any_head(), when, kind).prop_map(|((title, summary, content, text), head, (published, later), (page, lang))| {
        let made = item("random", &title);
        let published = Time::from_millis(published);
        EditionItem {
            head: EntryHead { url: made.head.url.filter(|_| page), ..head },
            summary: summary.map(|html| clean(&html)),
            content: content.map(|html| clean(&html)),
            text,
            lang,
            published,
            updated: published.plus(std::time::Duration::from_millis(later)),
            ..made
        }
    })
}

fn any_head() -> impl Strategy<Value = EntryHead> {
    let names = || prop::collection::vec("[\\w&<\"'.-]{0,12}", 0..4);
    let kind = prop::sample::select(vec![None, Some("audio/mpeg"), Some("image/svg+xml")]);
    let files = prop::collection::vec(("[a-z]{1,8}", kind, prop::option::of(0..u64::MAX)), 0..3);
    (names(), names(), files, any::<bool>()).prop_map(|(authors, categories, files, image)| EntryHead {
        // feed-rs drops the second of two equal names in a JSON Feed.
        authors: authors.into_iter().enumerate().map(|(number, name)| format!("{name}{number}")).collect(),
        categories,
        enclosures: files
            .iter()
            .map(|(name, kind, length)| sound(&format!("https://son.example/{name}?a&b"), *kind, *length))
            .collect(),
        image: image.then(|| "https://img.example/a?b&c".to_owned()),
        ..EntryHead::default()
    })
}

/// A text with what breaks XML, HTML and JSON among its characters; a letter at each end, for feed-rs trims.
fn any_line() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..8).prop_map(|pieces| format!("L{}n", pieces.concat()))
}

fn any_html() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..8).prop_map(|pieces| {
        let text = pieces.concat().replace('&', "&amp;").replace('<', "&lt;");
        format!("<p title=\"]]>\">{}</p>", text.replace("]]]]>", "<br>"))
    })
}

fn piece() -> impl Strategy<Value = String> {
    let traps =
        ["]]>", "]]]]>", "<", "&", "&amp;", "\"", "'", "\r\n", "\r", "\t", "\u{0}", "\u{b}", "\u{fffe}", "\u{feff}", "\u{202e}"];
    let more = ["<!--", "<![CDATA[", "<script>", "{{ 7 * 7 }}", "{%", "\u{a0}", "\u{2028}", "🎿", "e\u{301}", "\u{10ffff}"];
    prop_oneof![prop::sample::select([&traps[..], &more[..]].concat()).prop_map(str::to_owned), "\\PC{0,6}"]
}
