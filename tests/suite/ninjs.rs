//! ninjs: what the JSON Schema of the standard (version 2.1) demands of a news item, as far as relais writes it.

use relais::model::{DeletedItem, Edition, Enclosure, Format, Lang, PictureDetails, Text, Time, Translation};
use relais::render::render_edition;
use serde_json::Value;

use crate::support::editions::{clean, edition, hostile, item};
use crate::support::feeds::{rss, stories, tables};
use crate::support::origin::{Origin, Reply};
use crate::support::program::World;

/// The properties of a news item that relais uses; the schema has more, and allows no others.
const TEXTS: [&str; 8] = ["uri", "profile", "language", "title", "by", "ednote", "copyrightnotice", "name"];
const DATES: [&str; 2] = ["firstcreated", "versioncreated"];
const TYPES: [&str; 7] = ["text", "audio", "video", "picture", "graphic", "composite", "component"];
const STATES: [&str; 3] = ["usable", "withheld", "canceled"];
/// The properties of the objects in each list; of the first that it names the value is required.
const LISTS: [(&str, &[&str]); 6] = [
    ("headlines", &["value", "role", "contenttype"]),
    ("descriptions", &["value", "role", "contenttype"]),
    ("bodies", &["value", "role", "contenttype", "charcount", "wordcount"]),
    ("infosources", &["name", "role", "uri", "literal"]),
    ("subjects", &["name", "rel", "uri", "literal", "creator", "relevance", "confidence"]),
    ("renditions", &["name", "href", "contenttype", "title", "width", "height", "sizeinbytes", "duration", "format"]),
];
const NUMBERS: [&str; 6] = ["charcount", "wordcount", "width", "height", "sizeinbytes", "duration"];

fn rendered(edition: &Edition) -> Value {
    serde_json::from_str(&render_edition(edition, Format::Ninjs).expect("every edition can be rendered")).expect("JSON")
}

fn is_uri(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.is_ascii() && !text.contains(char::is_whitespace) && url::Url::parse(text).is_ok())
}

/// Checks a news item as the schema does.
fn check(item: &Value) {
    let members = item.as_object().expect("an object");
    assert!(is_uri(&members["uri"]), "{item}");
    for (name, value) in members {
        let text = value.as_str().unwrap_or_default();
        match name.as_str() {
            "type" => assert!(TYPES.contains(&text), "{value}"),
            "representationtype" => assert!(["full", "partial"].contains(&text), "{value}"),
            "pubstatus" => assert!(STATES.contains(&text), "{value}"),
            "standard" => {
                let names: Vec<&String> = value.as_object().expect("an object").keys().collect();
                assert_eq!(names, ["name", "schema", "version"]);
            }
            "associations" => {
                for association in value.as_array().expect("a list") {
                    assert!(association["name"].is_string(), "{association}");
                    check(association);
                }
            }
            name if DATES.contains(&name) => assert!(Time::from_rfc3339(text).is_some(), "{value}"),
            name if TEXTS.contains(&name) => assert!(value.is_string(), "{name}: {value}"),
            name => check_list(name, value),
        }
    }
}

fn check_list(name: &str, value: &Value) {
    let (_, allowed) = LISTS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is no property"));
    for object in value.as_array().expect("a list") {
        let members = object.as_object().expect("an object");
        assert!(members[allowed[0]].is_string(), "{name}: {object}");
        for (member, value) in members {
            assert!(allowed.contains(&member.as_str()), "{name} has {member}");
            assert_eq!(NUMBERS.contains(&member.as_str()), value.is_number(), "{name} {member}: {value}");
            assert!(!["uri", "href"].contains(&member.as_str()) || is_uri(value), "{name} {member}: {value}");
        }
    }
}

/// An edition of one translated item with a picture and a sound, and one that is withdrawn.
fn whole() -> Edition {
    let mut item = item("a", "A title");
    item.lang = Lang::new("en");
    item.content = Some(clean("<p>Two words.</p>"));
    item.text = String::from("Two words.");
    item.head.image = Some("https://photo.example/a é.jpg".to_owned());
    item.head.picture = PictureDetails { width: Some(800), credit: Some(Text::new("Zoé")), ..PictureDetails::default() };
    item.head.enclosures = vec![Enclosure {
        url: "https://son.example/a.mp3".to_owned(),
        media_type: Some("audio/mpeg".to_owned()),
        length: Some(900),
        duration: Some(61),
        ..Enclosure::default()
    }];
    item.translation = Some(Translation {
        from: Lang::new("fr").expect("a tag"),
        engines: vec!["deepl".to_owned()],
        left: 0,
        title_left: false,
    });
    let deleted = vec![DeletedItem { id: "tag:example.org,2026:gone".to_owned(), when: Time::EPOCH }];
    Edition { lang: Lang::new("en"), deleted, ..edition(vec![item]) }
}

#[test]
fn edition_is_a_composite_item_that_the_schema_allows() {
    for edition in [whole(), hostile(), edition(Vec::new())] {
        let written = rendered(&edition);
        check(&written);
        assert_eq!((&written["type"], &written["standard"]["version"]), (&"composite".into(), &"2.1".into()));
    }
}

#[test]
fn item_has_its_text_its_files_and_its_translation() {
    let written = rendered(&whole());
    let item = &written["associations"][0];
    assert_eq!((&item["type"], &item["representationtype"]), (&"audio".into(), &"full".into()));
    let body = &item["bodies"][0];
    assert_eq!((&body["charcount"], &body["wordcount"]), (&10.into(), &2.into()));
    assert!(body["value"].as_str().expect("a text").starts_with("<p>Two words.</p>"), "{body}");
    assert_eq!(item["ednote"], "Machine translation from French by DeepL.");
    let files = item["associations"].as_array().expect("files");
    assert_eq!((&files[0]["type"], &files[0]["by"]), (&"picture".into(), &"Zoé".into()));
    assert_eq!(files[0]["uri"], "https://photo.example/a%20%C3%A9.jpg");
    assert_eq!((&files[1]["type"], &files[1]["renditions"][0]["duration"]), (&"audio".into(), &61.into()));
    assert_eq!(written["associations"][1]["pubstatus"], "canceled");
}

#[tokio::test]
async fn edition_writes_ninjs_if_it_is_asked_to() {
    let origin = Origin::start().await;
    origin.on("/a", Reply::ok(rss("a", &stories(0..3))));
    let world = World::new(&format!("{}formats = [\"ninjs\"]\n", tables(&[("a", origin.url("/a"))])));
    let ended = world.relais(&["run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let written: Value = serde_json::from_str(&world.output("jeux.ninjs.json")).expect("JSON");
    check(&written);
    assert_eq!(written["associations"].as_array().map(Vec::len), Some(3));
    assert!(!world.path("output").join("jeux.atom").exists());
}
