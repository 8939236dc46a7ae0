//! `relais opml`: exchanges sources with other feed readers.

use std::io::Read;

use anstream::eprintln;
use clap::{Subcommand, ValueHint};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::context::load_plan;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use super::source_file::{add_sources, find_by_url, load_incomplete_plan};
use crate::config::{NewSource, Plan, source_id};
use crate::html;
use crate::model::{Lang, Text, public_address};
use crate::render::{self, ListedSource};

/// The largest OPML file: more than ten thousand sources need.
const MAX_BYTES: u64 = 16 << 20;
/// The deepest nesting of outlines.
const MAX_DEPTH: usize = 64;

#[derive(Debug, Subcommand)]
pub(super) enum OpmlCommand {
    /// Print all sources as OPML 2.0.
    Export,
    /// Add the feeds of an OPML file that feeds.toml does not have yet; folders become tags.
    Import(OpmlImportArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct OpmlImportArgs {
    /// The file, or - for standard input.
    #[arg(value_name = "FILE|-", value_hint = ValueHint::FilePath)]
    file: String,
    /// Print the tables, but do not change feeds.toml.
    #[arg(long)]
    dry_run: bool,
}

/// A file that is not OPML.
#[derive(Debug, thiserror::Error)]
enum OpmlError {
    #[error("outlines are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("cannot be parsed as OPML: {0}")]
    Xml(#[from] quick_xml::Error),
    #[error("not an OPML file: it has no element <opml>")]
    NotOpml,
}

/// Exports or imports.
pub(super) fn run_opml(global: &GlobalArgs, command: &OpmlCommand) -> Result<Exit, CommandError> {
    match command {
        OpmlCommand::Export => export(global),
        OpmlCommand::Import(args) => import(global, args),
    }
}

fn export(global: &GlobalArgs) -> Result<Exit, CommandError> {
    let plan = load_plan(global)?;
    let listed: Vec<ListedSource> = plan
        .sources
        .iter()
        .map(|source| ListedSource {
            title: source.title.clone().unwrap_or_else(|| Text::new(source.id.as_str())),
            site: source.site.clone(),
            feed: source.public_url.clone(),
            tags: source.tags.clone(),
        })
        .collect();
    print(&render::render_opml("relais", &listed).map_err(CommandError::internal)?)?;
    Ok(Exit::Success)
}

fn import(global: &GlobalArgs, args: &OpmlImportArgs) -> Result<Exit, CommandError> {
    let plan = load_incomplete_plan(global)?;
    let text = read_text(&args.file)?;
    let outlines = parse_outlines(&text).map_err(|error| CommandError::usage(format!("{}: {error}", args.file)))?;
    let count = outlines.len();
    let sources = new_sources(&plan, outlines);
    eprintln!("{} new sources, {} skipped: they exist already or are unusable", sources.len(), count - sources.len());
    if sources.is_empty() { Ok(Exit::Success) } else { add_sources(&global.config, &sources, args.dry_run) }
}

/// Keeps the feeds with a usable address that neither feeds.toml nor the list has yet, and gives them IDs.
fn new_sources(plan: &Plan, outlines: Vec<NewSource>) -> Vec<NewSource> {
    let mut sources: Vec<NewSource> = Vec::new();
    for mut source in outlines {
        let Ok(url) = url::Url::parse(&source.url) else {
            eprintln!("skipped {}: not an address", public_address(&source.url));
            continue;
        };
        if !matches!(url.scheme(), "http" | "https") {
            eprintln!("skipped {}: neither http nor https", public_address(&source.url));
        } else if find_by_url(plan, &source.url).is_none() && sources.iter().all(|new| new.url != source.url) {
            let is_taken =
                |id: &str| plan.sources.iter().any(|source| source.id.as_str() == id) || sources.iter().any(|new| new.id == id);
            source.id = source_id(&url, &is_taken);
            sources.push(source);
        }
    }
    sources
}

/// Reads a file or standard input, in UTF-8 or Windows-1252.
fn read_text(file: &str) -> Result<String, CommandError> {
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin().take(MAX_BYTES).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
    };
    read.map_err(|error| CommandError::usage(format!("cannot read {file}: {error}")))?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| encoding_rs::WINDOWS_1252.decode(error.as_bytes()).0.into_owned()))
}

/// Returns the feeds of an OPML file, in its order, with their folders as tags. Broken XML ends the list.
fn parse_outlines(text: &str) -> Result<Vec<NewSource>, OpmlError> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().check_end_names = false;
    let (mut folders, mut found, mut is_opml) = (Vec::<Option<String>>::new(), Vec::new(), false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                is_opml |= tag.local_name().as_ref().eq_ignore_ascii_case("opml");
                if tag.local_name().as_ref().eq_ignore_ascii_case("outline") {
                    if folders.len() >= MAX_DEPTH {
                        return Err(OpmlError::TooDeep);
                    }
                    folders.push(read_outline(&tag, &folders, &mut found));
                }
            }
            Ok(Event::Empty(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => {
                read_outline(&tag, &folders, &mut found);
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref().eq_ignore_ascii_case("outline") => drop(folders.pop()),
            Ok(Event::Eof) => break,
            Err(error) if found.is_empty() => return Err(error.into()),
            Err(error) => {
                eprintln!("the file is broken after byte {}: {error}", reader.error_position());
                break;
            }
            Ok(_) => {}
        }
    }
    if is_opml || !found.is_empty() { Ok(found) } else { Err(OpmlError::NotOpml) }
}

/// Adds the feed of an outline to `found`; returns the name of the folder if the outline is one.
fn read_outline(tag: &BytesStart<'_>, folders: &[Option<String>], found: &mut Vec<NewSource>) -> Option<String> {
    let attribute = |wanted: &str| {
        tag.html_attributes().with_checks(false).flatten().find_map(|attribute| {
            let name = attribute.key.local_name();
            let value = attribute.value;
            let is_it = name.as_ref().eq_ignore_ascii_case(wanted);
            is_it.then(|| html::decode_entities(&value).trim().to_owned()).filter(|value| !value.is_empty())
        })
    };
    let title = attribute("title").or_else(|| attribute("text"));
    let Some(url) = attribute("xmlUrl") else { return title.as_deref().and_then(tag_from_name) };
    let mut tags: Vec<String> = folders.iter().flatten().cloned().collect();
    tags.extend(attribute("category").unwrap_or_default().split([',', '/']).filter_map(tag_from_name));
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

/// Makes a tag of a folder name: letters, digits and hyphens.
fn tag_from_name(name: &str) -> Option<String> {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let tag = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let tag: String = tag.chars().take(32).collect();
    (!tag.is_empty()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_of_other_readers_are_parsed() {
        let found = parse_outlines(
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
    fn truncated_opml_keeps_its_first_feeds_and_other_files_are_refused() {
        assert_eq!(
            parse_outlines("<opml><body><outline xmlUrl='https://a.example/'/><outline xmlUrl='htt").expect("a part").len(),
            1
        );
        assert!(parse_outlines("<html><body/></html>").is_err());
        assert!(parse_outlines(&("<opml>".to_owned() + &"<outline text='a'>".repeat(100))).is_err());
        assert!(parse_outlines("<opml version='2.0'><body/></opml>").expect("an empty list").is_empty());
    }
}
