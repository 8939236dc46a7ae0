//! `relais opml`: exchanges sources with other feed readers.

use std::io::Read;

use anstream::eprintln;
use clap::{Subcommand, ValueHint};

use super::context::load_plan;
use super::count::count;
use super::error::{CommandError, Exit};
use super::global::GlobalArgs;
use super::output::print;
use super::source_file::{add_sources, find_by_url, load_incomplete_plan};
use crate::config::{NewSource, Plan, source_id};
use crate::feed;
use crate::html::scan::{Scanner, Tag, Token};
use crate::model::{Lang, Text, public_address};
use crate::render::{self, ListedSource};

/// The largest OPML file: more than ten thousand sources need.
const MAX_BYTES: u64 = 16 << 20;
/// The deepest nesting of folders, and of outlines that nothing closes.
const MAX_DEPTH: usize = 64;
const MAX_OPEN: usize = 10_000;

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
            standing: None,
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
    let sources = read_sources(&args.file, Some(&plan))?;
    if sources.is_empty() { Ok(Exit::Success) } else { add_sources(&global.config, &sources, args.dry_run) }
}

/// Reads the feeds of an OPML file that the plan does not have yet, and says how many they are.
pub(super) fn read_sources(file: &str, plan: Option<&Plan>) -> Result<Vec<NewSource>, CommandError> {
    let text = read_text(file)?;
    let outlines = parse_outlines(&text).map_err(|error| CommandError::usage(format!("{file}: {error}")))?;
    let (sources, skipped) = new_sources(plan, outlines);
    let reason = if skipped > 0 { ": they exist already or are unusable" } else { "" };
    eprintln!("{}, {skipped} skipped{reason}", count(sources.len() as u64, "new source"));
    Ok(sources)
}

/// Keeps the feeds with a usable address that feeds.toml does not have yet, each once and with the tags of all its folders, and
/// gives them IDs. Returns the number of the others, too.
fn new_sources(plan: Option<&Plan>, outlines: Vec<NewSource>) -> (Vec<NewSource>, usize) {
    let mut sources: Vec<NewSource> = Vec::new();
    let mut skipped = 0;
    for mut source in outlines {
        let url = match url::Url::parse(&source.url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url,
            parsed => {
                let why = if parsed.is_ok() { "neither http nor https" } else { "not an address" };
                eprintln!("skipped {}: {why}", public_address(&source.url));
                skipped += 1;
                continue;
            }
        };
        if plan.is_some_and(|plan| find_by_url(plan, &source.url).is_some()) {
            skipped += 1;
        } else if let Some(listed) = sources.iter_mut().find(|listed| listed.url == source.url) {
            source.tags.retain(|tag| !listed.tags.contains(tag));
            listed.tags.append(&mut source.tags);
        } else {
            let is_known = |id: &str| plan.is_some_and(|plan| plan.sources.iter().any(|source| source.id.as_str() == id));
            let is_taken = |id: &str| is_known(id) || sources.iter().any(|new| new.id == id);
            source.id = source_id(&url, &is_taken);
            sources.push(source);
        }
    }
    (sources, skipped)
}

/// Reads a file or standard input, in any charset that a feed may have.
fn read_text(file: &str) -> Result<String, CommandError> {
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin().take(MAX_BYTES).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
    };
    read.map_err(|error| CommandError::usage(format!("cannot read {file}: {error}")))?;
    feed::decode_page(&bytes, None).map_err(|error| CommandError::usage(format!("cannot read {file}: {error}")))
}

/// Returns the feeds of an OPML file, in its order, with their folders as tags. The file need not be well-formed: what looks like an
/// outline is one.
fn parse_outlines(text: &str) -> Result<Vec<NewSource>, OpmlError> {
    let (mut open, mut found, mut is_opml) = (Vec::<Option<String>>::new(), Vec::new(), false);
    let mut tokens = Scanner::new(text);
    while let Some(token) = tokens.next() {
        match token {
            Token::Start(tag) if is(&tag, "outline") => {
                let folder = read_outline(&tag, &open, &mut found);
                if !tag.is_self_closing() {
                    open.push(folder);
                }
                if open.iter().flatten().count() > MAX_DEPTH || open.len() > MAX_OPEN {
                    return Err(OpmlError::TooDeep);
                }
            }
            Token::Start(tag) => {
                is_opml |= is(&tag, "opml");
                // In HTML a `<title>` holds no markup. Here it might only lack its end.
                tokens = Scanner::new(tokens.rest());
            }
            Token::End(tag) if is(&tag, "outline") => drop(open.pop()),
            Token::Unfinished(_) => eprintln!("the file is cut: its last tag has no end"),
            _ => {}
        }
    }
    if is_opml || !found.is_empty() { Ok(found) } else { Err(OpmlError::NotOpml) }
}

/// Returns true if a tag has this name, whatever its prefix.
fn is(tag: &Tag<'_>, name: &str) -> bool {
    tag.name.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(name))
}

/// Adds the feed of an outline to `found`; returns the name of the folder if the outline is one.
fn read_outline(tag: &Tag<'_>, folders: &[Option<String>], found: &mut Vec<NewSource>) -> Option<String> {
    let attribute = |wanted: &str| {
        let is_it = |name: &str| name.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(wanted));
        let value = tag.attributes().find(|attribute| is_it(attribute.name))?.value().trim().to_owned();
        (!value.is_empty()).then_some(value)
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
    fn opml_that_is_not_well_formed_is_parsed() {
        for (outlines, urls) in [
            ("<outline text='Café & thé' xmlUrl='https://b.example/rss?a=1&b=2'/>", vec!["https://b.example/rss?a=1&b=2"]),
            ("<outline text=B xmlUrl=https://b.example/rss>", vec!["https://b.example/rss"]),
            (
                "<outline text=\"1 < 2 > 0\" xmlurl=\"https://b.example/\" xmlUrl=\"https://c.example/\"/>",
                vec!["https://b.example/"],
            ),
            ("<outline text='dit \"oui\"' title=\"dit \"oui\"\" xmlUrl='https://b.example/'/>", vec!["https://b.example/"]),
            ("<outline/></outline></folder><outline xmlUrl='https://b.example/'/>", vec!["https://b.example/"]),
        ] {
            let found = parse_outlines(&format!("<opml><head><title>x & y</head><body>{outlines}</body></opml>")).expect("OPML");
            assert_eq!(found.iter().map(|source| source.url.as_str()).collect::<Vec<_>>(), urls, "{outlines}");
        }
        let unclosed = "<outline text='a' xmlUrl='https://a.example/'>".repeat(200);
        assert_eq!(parse_outlines(&format!("<opml>{unclosed}")).expect("OPML").len(), 200, "outlines that nothing closes");
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
