//! What all three feed formats say of a feed and of an item: languages, rights, pictures, episodes, provenance, tombstones.

use relais::model::{
    Chapters, DeletedItem, Edition, EditionDetails, EditionItem, EditionLanguage, Enclosure, Episode, EpisodeKind, Format, Lang,
    PictureDetails, Provenance, Text, Time, Transcript, Translation,
};
use relais::render::render_edition;
use serde_json::{Value, json};

use crate::support::editions::{clean, edition, item};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

const FEEDS: [Format; 3] = [Format::Atom, Format::Rss, Format::Json];

fn rendered(edition: &Edition, format: Format) -> String {
    render_edition(edition, format).expect("every edition can be rendered")
}

fn json(edition: &Edition) -> Value {
    serde_json::from_str(&rendered(edition, Format::Json)).expect("JSON")
}

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

/// An edition in French and English, with an icon, rights and a hub.
fn detailed() -> Edition {
    let language = |tag: &str| EditionLanguage { lang: lang(tag), stem: format!("jeux.{tag}") };
    Edition {
        details: EditionDetails {
            icon: Some("https://example.org/icon.png?a&b".to_owned()),
            rights: Text::new("© Zoé & fils"),
            languages: vec![language("fr"), language("en")],
            hubs: vec!["https://hub.example/?a&b".to_owned()],
            ..EditionDetails::default()
        },
        ..edition(vec![item("a", "Un titre")])
    }
}

#[test]
fn every_feed_states_icon_rights_and_hub() {
    let atom = rendered(&detailed(), Format::Atom);
    for part in [
        "<icon>https://example.org/icon.png?a&amp;b</icon>",
        "<logo>https://example.org/icon.png?a&amp;b</logo>",
        "<rights>© Zoé &amp; fils</rights>",
        "<link href=\"https://hub.example/?a&amp;b\" rel=\"hub\"/>",
    ] {
        assert!(atom.contains(part), "{part}: {atom}");
    }
    let rss = rendered(&detailed(), Format::Rss);
    let channel = rss::Channel::read_from(rss.as_bytes()).expect("RSS");
    let image = channel.image.as_ref().expect("an image");
    assert_eq!((&*image.url, &image.title, &image.link), ("https://example.org/icon.png?a&b", &channel.title, &channel.link));
    assert_eq!(channel.copyright.as_deref(), Some("© Zoé & fils"));
    assert!(rss.contains("href=\"https://hub.example/?a&amp;b\" rel=\"hub\""), "{rss}");
    let json = json(&detailed());
    assert_eq!((&json["icon"], &json["_relais"]["rights"]), (&json!("https://example.org/icon.png?a&b"), &json!("© Zoé & fils")));
    assert_eq!(json["hubs"], json!([{"type": "WebSub", "url": "https://hub.example/?a&b"}]));
}

#[test]
fn title_names_the_language_where_there_are_several() {
    let title = "Les Jeux « d’hiver » (français)";
    assert!(rendered(&detailed(), Format::Atom).contains(&format!("<title>{title}</title>")));
    assert!(rendered(&detailed(), Format::Rss).contains(&format!("<title>{title}</title>")));
    assert_eq!(json(&detailed())["title"], title);
    let one = edition(Vec::new());
    assert_eq!(json(&one)["title"], "Les Jeux « d’hiver »");
}

#[test]
fn entry_in_another_language_than_its_feed_says_so() {
    let english = EditionItem { lang: Some(lang("en")), ..item("b", "A <entry> title & more") };
    let feed = edition(vec![item("a", "Un titre"), english, item("c", "Le dernier")]);
    let atom = rendered(&feed, Format::Atom);
    let entries: Vec<&str> = atom.split("<entry").skip(1).collect();
    assert_eq!(
        entries.iter().map(|entry| entry.starts_with(" xml:lang=\"en\">")).collect::<Vec<_>>(),
        [false, true, false],
        "{atom}"
    );
    let read = feed_rs::parser::parse(atom.as_bytes()).expect("Atom");
    assert_eq!((read.entries.len(), read.language.as_deref()), (3, Some("fr")));
    assert!(rendered(&feed, Format::Rss).contains("<dc:language>en</dc:language>"));
    let json = json(&feed);
    let languages: Vec<&Value> = json["items"].as_array().expect("items").iter().map(|item| &item["language"]).collect();
    assert_eq!(languages, [&Value::Null, &json!("en"), &Value::Null]);
}

#[test]
fn feeds_link_to_their_other_languages() {
    for (format, kind) in [(Format::Atom, "application/atom+xml"), (Format::Rss, "application/rss+xml")] {
        let output = rendered(&detailed(), format);
        let english = format!("https://example.org/olympic/jeux.en.{}", format.extension());
        let links: Vec<&str> = output
            .split('<')
            .filter(|tag| tag.contains("link ") && tag.contains("hreflang") && tag.contains("alternate"))
            .collect();
        assert_eq!(links.len(), 2, "{output}");
        assert!(links[0].contains(&english) && links[0].contains(kind) && links[0].contains("hreflang=\"en\""), "{links:?}");
        assert!(links[0].contains("(English)") && links[1].contains("hreflang=\"fr\""), "{links:?}");
    }
    let english = "https://example.org/olympic/jeux.en.json";
    let expected = json!([{"language": "en", "title": "Les Jeux « d’hiver » (English)", "feed_url": english}]);
    assert_eq!(json(&detailed())["_relais"]["languages"], expected);
}

#[test]
fn page_is_the_first_and_the_last_alternate_of_an_atom_feed() {
    let atom = feed_rs::parser::parse(rendered(&detailed(), Format::Atom).as_bytes()).expect("Atom");
    let alternates: Vec<&str> =
        atom.links.iter().filter(|link| link.rel.as_deref() == Some("alternate")).map(|link| link.href.as_str()).collect();
    let page = "https://example.org/olympic/jeux.fr.html";
    assert_eq!(alternates, [page, "https://example.org/olympic/jeux.en.atom", page]);
}

#[test]
fn item_links_to_the_original_page_and_to_the_feed_of_its_source() {
    for format in [Format::Atom, Format::Rss] {
        let output = rendered(&edition(vec![item("a", "Un titre")]), format);
        for (rel, href) in [
            ("via", "https://francsjeux.example/a?a=1&amp;b=2"),
            ("related", "https://francsjeux.example/feed?tag=jeux&amp;n=20"),
        ] {
            let link = output.split('<').find(|tag| tag.contains(&format!("rel=\"{rel}\""))).expect("a link");
            assert!(link.contains(&format!("href=\"{href}\"")), "{link}");
        }
    }
}

#[test]
fn withdrawn_items_are_told_in_every_feed() {
    let when = Time::from_rfc3339("2026-11-23T08:00:00Z").expect("a date");
    let deleted = vec![DeletedItem { id: "tag:example.org,2026:gone".to_owned(), when }];
    let edition = Edition { deleted, ..edition(Vec::new()) };
    for format in [Format::Atom, Format::Rss] {
        let output = rendered(&edition, format);
        let element = "<at:deleted-entry ref=\"tag:example.org,2026:gone\" when=\"2026-11-23T08:00:00Z\"";
        assert!(output.contains(element) && output.contains("xmlns:at="), "{output}");
    }
    let told = json!([{"id": "tag:example.org,2026:gone", "date_deleted": "2026-11-23T08:00:00Z"}]);
    assert_eq!(json(&edition)["_relais"]["deleted"], told);
}

/// An edition of one episode.
fn episode() -> Edition {
    let mut item = item("a", "Épisode 12");
    item.head.lang = Some(lang("fr"));
    item.head.enclosures = vec![Enclosure {
        url: "https://son.example/a.mp3".to_owned(),
        media_type: Some("audio/mpeg".to_owned()),
        length: Some(900),
        duration: Some(3_723),
        ..Enclosure::default()
    }];
    let file = |name: &str| format!("https://son.example/{name}");
    item.head.episode = Episode {
        season: Some(3),
        episode: Some(12),
        kind: Some(EpisodeKind::Bonus),
        explicit: Some(false),
        transcripts: vec![
            Transcript { url: file("a.vtt"), media_type: "text/vtt".to_owned(), lang: None, is_captions: true },
            Transcript { url: "javascript:alert(1)".to_owned(), media_type: "text/html".to_owned(), ..Transcript::default() },
        ],
        chapters: Some(Chapters { url: file("a.json"), media_type: "application/json+chapters".to_owned() }),
        details: Vec::new(),
    };
    edition(vec![item])
}

#[test]
fn episode_is_whole_in_atom_and_rss() {
    for format in [Format::Atom, Format::Rss] {
        let output = rendered(&episode(), format);
        for part in [
            "<itunes:duration>1:02:03</itunes:duration>",
            "<itunes:season>3</itunes:season>",
            "<itunes:episode>12</itunes:episode>",
            "<itunes:episodeType>bonus</itunes:episodeType>",
            "<itunes:explicit>false</itunes:explicit>",
            "<podcast:transcript language=\"fr\" rel=\"captions\" type=\"text/vtt\" url=\"https://son.example/a.vtt\"",
            "<podcast:chapters type=\"application/json+chapters\" url=\"https://son.example/a.json\"",
            "xmlns:podcast=\"https://podcastindex.org/namespace/1.0\"",
        ] {
            assert!(output.contains(part), "{format:?} {part}: {output}");
        }
        assert!(!output.contains("javascript:"), "{output}");
        assert_eq!(output.matches("xmlns:itunes=").count(), 1, "{output}");
    }
}

#[test]
fn channel_of_episodes_is_a_podcast_and_another_is_none() {
    let rss = rendered(&episode(), Format::Rss);
    let podcast = rss::Channel::read_from(rss.as_bytes()).expect("RSS").itunes_ext.expect("a podcast");
    assert_eq!((podcast.explicit.as_deref(), podcast.r#type.as_deref()), (Some("false"), Some("episodic")));
    assert_eq!(podcast.author.as_deref(), Some("Les Jeux « d’hiver »"));
    assert!(!rendered(&edition(vec![item("a", "Un titre")]), Format::Rss).contains("itunes:"));
}

#[test]
fn episode_has_its_playing_time_in_json() {
    let json = json(&episode());
    assert_eq!(json["items"][0]["attachments"][0]["duration_in_seconds"], 3_723);
    assert_eq!(json["items"][0]["_relais"]["episode"]["chapters"]["url"], "https://son.example/a.json");
}

#[test]
fn every_picture_states_its_medium_size_credit_and_caption() {
    let mut item = item("a", "Photos");
    let picture = |name: &str, credit: &str| Enclosure {
        url: format!("https://photo.example/{name}"),
        media_type: Some("image/jpeg".to_owned()),
        length: Some(5),
        details: PictureDetails {
            width: Some(800),
            height: Some(450),
            credit: Some(Text::new(credit)),
            caption: Some(Text::new("L’arrivée")),
        },
        ..Enclosure::default()
    };
    item.head.enclosures = vec![picture("a.jpg", "Zoé"), picture("b.jpg", "Ana")];
    (item.head.image, item.head.picture) = (Some("https://photo.example/a.jpg".into()), item.head.enclosures[0].details.clone());
    let rss = rendered(&edition(vec![item]), Format::Rss);
    for (name, credit) in [("a.jpg", "Zoé"), ("b.jpg", "Ana")] {
        let content = rss.split("<media:content").skip(1).find(|part| part.contains(&format!("/{name}\""))).expect("a picture");
        for part in
            ["fileSize=\"5\"", "type=\"image/jpeg\"", "medium=\"image\"", "width=\"800\"", "height=\"450\"", "L’arrivée", credit]
        {
            assert!(content.contains(part), "{part}: {rss}");
        }
    }
}

#[test]
fn rights_of_a_source_stand_at_its_items() {
    let mut item = item("a", "Un titre");
    item.source.rights = Text::new("© FrancsJeux");
    let edition = edition(vec![item]);
    assert!(
        rendered(&edition, Format::Atom).split("<source>").nth(1).expect("a source").contains("<rights>© FrancsJeux</rights>")
    );
    assert!(rendered(&edition, Format::Rss).contains("<dc:rights>© FrancsJeux</dc:rights>"));
    assert_eq!(json(&edition)["items"][0]["_relais"]["source"]["rights"], "© FrancsJeux");
}

/// An English edition with one item that was translated from French.
fn translated(provenance: Provenance) -> Edition {
    let mut item = item("a", "A title");
    item.lang = Some(lang("en"));
    item.translation = Some(Translation { from: lang("fr"), engines: vec!["deepl".to_owned()], left: 0, title_left: false });
    item.summary = Some(clean("<p>A summary.</p>"));
    item.content = Some(clean("<p>A text.</p>"));
    Edition { lang: Some(lang("en")), details: EditionDetails { provenance, ..EditionDetails::default() }, ..edition(vec![item]) }
}

const LINE: &str = "<div><small>Machine translation from French by DeepL. Original: FrancsJeux &amp; Cie</small></div>";

#[test]
fn machine_translation_is_told_at_the_foot_of_summary_and_content() {
    let told = translated(Provenance::Line);
    for format in FEEDS {
        let feed = feed_rs::parser::Builder::new().sanitize_content(false).build();
        let feed = feed.parse(rendered(&told, format).as_bytes()).expect("a feed");
        let content = feed.entries[0].content.as_ref().and_then(|content| content.body.as_deref()).expect("a content");
        assert_eq!(content, format!("<p>A text.</p>{LINE}"), "{format:?}");
        let summary = feed.entries[0].summary.as_ref().map(|text| text.content.as_str()).expect("a summary");
        assert!(format == Format::Json || summary == format!("<p>A summary.</p>{LINE}"), "{format:?}: {summary}");
    }
}

#[test]
fn line_stands_alone_where_only_headlines_are_shown() {
    let mut told = translated(Provenance::Line);
    (told.items[0].summary, told.items[0].content) = (None, None);
    for format in FEEDS {
        let output = rendered(&told, format);
        assert!(output.contains("Machine translation from French by DeepL."), "{format:?}: {output}");
    }
}

#[test]
fn provenance_may_be_a_category_or_nothing_for_people_and_always_something_for_programs() {
    for (provenance, has_category) in [(Provenance::Category, true), (Provenance::None, false)] {
        for format in FEEDS {
            let output = rendered(&translated(provenance), format);
            assert!(!output.contains("by DeepL"), "{output}");
            assert_eq!(output.contains("Machine translation"), has_category, "{format:?}: {output}");
            assert!(output.contains("deepl"), "{format:?}: {output}");
        }
    }
}

#[test]
fn original_item_has_no_line() {
    for format in FEEDS {
        assert!(!rendered(&edition(vec![item("a", "Un titre")]), format).contains("<small>"), "{format:?}");
    }
}

const PODCAST: &str = r#"<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>
<title>Le balado</title><link>https://balado.example/</link><description>Essai</description><language>fr</language>
<itunes:category text="Sports"><itunes:category text="Swimming"/></itunes:category><itunes:category text="News &amp; more"/>
<copyright>© Le balado</copyright><image><url>https://balado.example/logo.png</url></image>
<item><guid isPermaLink="false">12</guid><pubDate>Mon, 07 Sep 2026 08:00:00 GMT</pubDate>
<description>Un entretien avec la nageuse.</description>
<enclosure url="https://balado.example/12.mp3" type="audio/mpeg" length="900"/>
<itunes:duration>1:02:03</itunes:duration><itunes:season>3</itunes:season><itunes:episode>12</itunes:episode>
<itunes:episodeType>Full</itunes:episodeType><itunes:explicit>no</itunes:explicit>
<podcast:transcript url="/12.vtt" type="text/vtt" language="fr-CA" rel="captions"/>
<podcast:transcript url="javascript:alert(1)" type="text/html"/>
<podcast:chapters url="/12.json" type="application/json+chapters"/>
<podcast:person role="guest" href="/zoe" img="https://balado.example/zoe.jpg">Zoé d’Argent</podcast:person>
<podcast:person role="host"></podcast:person>
<podcast:location geo="geo:48.85,2.35" osm="R7444">Paris</podcast:location>
<podcast:license url="https://balado.example/licence">cc-by-4.0</podcast:license>
<podcast:soundbite startTime="73.0" duration="60.0">Le départ</podcast:soundbite>
<podcast:episode display="Ép. 12 bis">12</podcast:episode><podcast:season name="L’hiver">3</podcast:season>
<podcast:alternateEnclosure type="video/mp4" length="7" title="Film" bitrate="1">
<podcast:source uri="/12.mp4"/><podcast:source uri="javascript:alert(1)"/><podcast:integrity type="sri" value="sha384-x"/>
</podcast:alternateEnclosure>
<podcast:source uri="https://balado.example/stray.mp4"/>
<podcast:socialInteract protocol="activitypub" uri="https://social.example/@balado/1" accountId="@balado"/>
<podcast:value type="lightning" method="keysend"><podcast:valueRecipient address="secret" split="100"/></podcast:value>
<podcast:txt purpose="verify">owner-token</podcast:txt>
<media:content url="https://balado.example/12.jpg" type="image/jpeg" fileSize="5" width="800" height="450"><media:credit>Zoé</media:credit></media:content>
</item></channel></rss>"#;

#[tokio::test]
async fn episode_is_as_whole_in_every_feed_as_in_its_own() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(PODCAST).header("content-type", "application/rss+xml"));
    let tables = format!("[source.a]\nurl = \"{}\"\n[edition.jeux]\nshow = \"full\"\n", origin.url("/a"));
    let world = World::new(&tables);
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for name in ["jeux.atom", "jeux.rss"] {
        let output = world.output(name);
        for part in [
            ">Un entretien avec la nageuse.</title>",
            "<itunes:duration>1:02:03</itunes:duration>",
            "<itunes:season>3</itunes:season>",
            "<itunes:episodeType>full</itunes:episodeType>",
            "<itunes:explicit>false</itunes:explicit>",
            "language=\"fr-CA\" rel=\"captions\" type=\"text/vtt\"",
            "/12.json\"",
            "medium=\"image\"",
            "<media:credit>Zoé</media:credit>",
            "https://balado.example/logo.png",
            "© Le balado",
            "/zoe\" img=\"https://balado.example/zoe.jpg\" role=\"guest\">Zoé d’Argent</podcast:person>",
            "<podcast:location geo=\"geo:48.85,2.35\" osm=\"R7444\">Paris</podcast:location>",
            "<podcast:license url=\"https://balado.example/licence\">cc-by-4.0</podcast:license>",
            "<podcast:soundbite duration=\"60.0\" startTime=\"73.0\">Le départ</podcast:soundbite>",
            "<podcast:episode display=\"Ép. 12 bis\">12</podcast:episode>",
            "<podcast:season name=\"L’hiver\">3</podcast:season>",
            "<podcast:alternateEnclosure bitrate=\"1\" length=\"7\" title=\"Film\" type=\"video/mp4\">",
            "/12.mp4\">",
            "<podcast:integrity type=\"sri\" value=\"sha384-x\"",
            "uri=\"https://social.example/@balado/1\"",
        ] {
            assert!(output.contains(part), "{name} {part}: {output}");
        }
        for foreign in ["javascript:", "secret", "owner-token", "stray.mp4"] {
            assert!(!output.contains(foreign), "{foreign}: {output}");
        }
        assert_eq!(output.matches("<podcast:person").count(), 1, "a person without a name is none");
    }
    let rss = rss::Channel::read_from(world.output("jeux.rss").as_bytes()).expect("RSS").itunes_ext.expect("a podcast");
    let categories: Vec<(&str, Option<&str>)> = rss
        .categories
        .iter()
        .map(|category| (&*category.text, category.subcategory.as_ref().map(|below| &*below.text)))
        .collect();
    assert_eq!(categories, [("Sports", Some("Swimming")), ("News & more", None)]);
    let json: Value = serde_json::from_str(&world.output("jeux.json")).expect("JSON");
    assert_eq!(json["items"][0]["_relais"]["episode"]["details"][0]["text"], "Zoé d’Argent");
    assert_eq!((&json["icon"], &json["_relais"]["rights"]), (&json!("https://balado.example/logo.png"), &json!("© Le balado")));
    assert_eq!(json["items"][0]["attachments"][0]["duration_in_seconds"], 3_723);
    assert_eq!(json["items"][0]["title"], "Un entretien avec la nageuse.");
    // A transcript that arrives later reaches the readers.
    origin.on("/a", Reply::ok(PODCAST.replace("/12.vtt", "/13.vtt")).header("content-type", "application/rss+xml"));
    world.relais(&["run", "--force"]).await;
    assert!(world.output("jeux.atom").contains("/13.vtt"));
}
