//! `relais opml`: sources from and for other feed readers.

use std::io::Read;

use anstream::eprintln;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::add::{known, plan, write};
use super::args::{Args, OpmlImportArgs};
use super::check::load;
use super::exit::{Exit, Failure, print};
use crate::config::{NewSource, source_id};
use crate::html;
use crate::model::{Lang, Text};
use crate::render::{self, ListedSource};

/// A list of ten thousand sources takes less.
const MOST_BYTES: u64 = 16 << 20;
const DEEPEST: usize = 64;

/// Prints the sources as OPML 2.0.
pub(super) fn export(args: &Args) -> Result<Exit, Failure> {
    let plan = load(args)?;
    let listed: Vec<ListedSource> = plan
        .sources
        .iter()
        .map(|source| ListedSource {
            title: source.title.clone().unwrap_or_else(|| Text::new(source.id.as_str())),
            site: source.site.clone(),
            feed: source.url.clone(),
            tags: source.tags.clone(),
        })
        .collect();
    print(&render::render_opml("relais", &listed).map_err(Failure::own)?)?;
    Ok(Exit::Good)
}

/// Adds the feeds of an OPML file that are not there yet.
pub(super) fn import(args: &Args, ask: &OpmlImportArgs) -> Result<Exit, Failure> {
    let plan = plan(args)?;
    let outlines = outlines(&text(&ask.file)?).map_err(|error| Failure::usage(format!("{}: {error}", ask.file)))?;
    let mut sources: Vec<NewSource> = Vec::new();
    let mut passed = 0;
    for mut source in outlines {
        let Ok(url) = url::Url::parse(&source.url) else {
            eprintln!("{}: not an address, passed over", source.url);
            passed += 1;
            continue;
        };
        if !matches!(url.scheme(), "http" | "https") {
            eprintln!("{}: neither http nor https, passed over", source.url);
            passed += 1;
        } else if known(&plan, &source.url).is_some() || sources.iter().any(|new| new.url == source.url) {
            passed += 1;
        } else {
            let taken =
                |id: &str| plan.sources.iter().any(|source| source.id.as_str() == id) || sources.iter().any(|new| new.id == id);
            source.id = source_id(&url, &taken);
            sources.push(source);
        }
    }
    eprintln!("{} sources are new, {passed} were there already or are of no use", sources.len());
    if sources.is_empty() { Ok(Exit::Good) } else { write(&args.config, &sources, ask.dry_run) }
}

fn text(file: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin().take(MOST_BYTES).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::usage(format!("cannot read {file}: {error}")))?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.into_owned()))
}

/// The feeds of an OPML file, in its order; the folders that they stand in are tags. What cannot be read any further ends the list.
fn outlines(text: &str) -> Result<Vec<NewSource>, String> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().check_end_names = false;
    let (mut folders, mut found, mut is_opml) = (Vec::<Option<String>>::new(), Vec::new(), false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                is_opml |= tag.local_name().as_ref().eq_ignore_ascii_case("opml");
                if tag.local_name().as_ref().eq_ignore_ascii_case("outline") {
                    if folders.len() >= DEEPEST {
                        return Err(format!("outlines stand more than {DEEPEST} deep in one another"));
                    }
                    folders.push(outline(&tag, &folders, &mut found));
                }
            }
            Ok(Event::Empty(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                outline(&tag, &folders, &mut found);
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => drop(folders.pop()),
            Ok(Event::Eof) => break,
            Err(error) if found.is_empty() => return Err(format!("this cannot be read as OPML ({error})")),
            Err(error) => {
                eprintln!("it could be read up to byte {} only: {error}", reader.error_position());
                break;
            }
            Ok(_) => {}
        }
    }
    if is_opml || !found.is_empty() { Ok(found) } else { Err("this is no OPML: it has no element <opml>".to_owned()) }
}

/// Takes in one outline: a feed, or else a folder, whose name is given.
fn outline(tag: &BytesStart<'_>, folders: &[Option<String>], found: &mut Vec<NewSource>) -> Option<String> {
    let attribute = |wanted: &str| {
        tag.html_attributes().with_checks(false).flatten().find_map(|attribute| {
            let name = attribute.key.local_name();
            let value = attribute.value;
            let is_it = name.as_ref().eq_ignore_ascii_case(wanted);
            is_it.then(|| html::decode_entities(&value).trim().to_owned()).filter(|value| !value.is_empty())
        })
    };
    let title = attribute("title").or_else(|| attribute("text"));
    let Some(url) = attribute("xmlUrl") else { return title.as_deref().and_then(tag_of) };
    let mut tags: Vec<String> = folders.iter().flatten().cloned().collect();
    tags.extend(attribute("category").unwrap_or_default().split([',', '/']).filter_map(tag_of));
    let mut distinct: Vec<String> = Vec::new();
    for tag in tags {
        if !distinct.contains(&tag) {
            distinct.push(tag);
        }
    }
    let title = title.map(|title| Text::new(&title).to_string()).filter(|title| *title != url);
    let lang = attribute("language").and_then(|tag| Lang::new(&tag)).map(|lang| lang.to_string());
    found.push(NewSource { id: String::new(), url, title, lang, tags: distinct });
    None
}

/// A name as a tag: letters and digits, and hyphens between them.
fn tag_of(name: &str) -> Option<String> {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let tag = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let tag: String = tag.chars().take(32).collect();
    (!tag.is_empty()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_other_readers_are_read() {
        let found = outlines(
            "<?xml version=\"1.0\"?><OPML version=\"1.0\"><head><title>x</title></head><body>\
             <outline text=\"Sport &amp; Jeux\" title=\"Sport &amp; Jeux\"><outline type=\"rss\" text=\"L&#39;&Eacute;quipe\" xmlURL=\"https://a.example/rss?a=1&amp;b=2\" language=\"fr-FR\"/>\
             <outline text='Sub'><outline text='B' xmlUrl='https://b.example/' category='/Jeux/,autre'/></outline></outline>\
             <outline text=\"no feed\" type=\"link\" url=\"https://c.example\"/><outline xmlUrl=\"https://d.example/rss\"></outline></body></OPML>",
        )
        .expect("OPML");
        let told: Vec<(&str, Option<&str>, String)> =
            found.iter().map(|source| (source.url.as_str(), source.title.as_deref(), source.tags.join(" "))).collect();
        assert_eq!(
            told,
            [
                ("https://a.example/rss?a=1&b=2", Some("L'Équipe"), "sport-jeux".to_owned()),
                ("https://b.example/", Some("B"), "sport-jeux sub jeux autre".to_owned()),
                ("https://d.example/rss", None, String::new()),
            ]
        );
        assert_eq!(found[0].lang.as_deref(), Some("fr-FR"));
    }

    #[test]
    fn what_is_cut_keeps_what_there_was_and_what_is_none_is_told() {
        assert_eq!(outlines("<opml><body><outline xmlUrl='https://a.example/'/><outline xmlUrl='htt").expect("a part").len(), 1);
        assert!(outlines("<html><body/></html>").is_err());
        assert!(outlines(&("<opml>".to_owned() + &"<outline text='a'>".repeat(100))).is_err());
        assert!(outlines("<opml version='2.0'><body/></opml>").expect("an empty list").is_empty());
    }
}
