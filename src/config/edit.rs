//! Adds sources and a translated edition to the text of feeds.toml, with every other byte unchanged.

use toml_edit::{Array, Document, DocumentMut, Item, TableLike, TomlError, Value, value};

use crate::model::Lang;

/// A source to add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSource {
    /// Its id.
    pub id: String,
    /// The address of the feed.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
    /// Its language tag.
    pub lang: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

/// Writes the table of a source.
pub fn source_table(source: &NewSource) -> String {
    let mut table = toml_edit::Table::new();
    table.insert("url", value(&source.url));
    for (key, text) in [("title", &source.title), ("lang", &source.lang)] {
        if let Some(text) = text {
            table.insert(key, value(text));
        }
    }
    if !source.tags.is_empty() {
        table.insert("tags", value(source.tags.iter().collect::<toml_edit::Array>()));
    }
    let mut sources = toml_edit::Table::new();
    sources.set_implicit(true);
    sources.insert(&source.id, Item::Table(table));
    let mut document = DocumentMut::new();
    document.insert("source", Item::Table(sources));
    document.to_string()
}

/// Adds sources to the text of a feeds.toml.
pub fn with_sources(text: &str, sources: &[NewSource]) -> Result<String, TomlError> {
    let document = Document::parse(text)?;
    let last = document.get("source").and_then(Item::as_table_like).and_then(end_of_table);
    // The start of the line after the last source.
    let at = last.map_or(text.len(), |end| text[end..].find('\n').map_or(text.len(), |line| end + line + 1));
    let mut added = String::with_capacity(text.len() + sources.len() * 128);
    added.push_str(&text[..at]);
    if !added.is_empty() && !added.ends_with('\n') {
        added.push('\n');
    }
    for source in sources {
        if !added.is_empty() {
            added.push('\n');
        }
        added.push_str(&source_table(source));
    }
    added.push_str(&text[at..]);
    Ok(added)
}

/// Adds an engine that translates in the process, and an edition in `lang` of the sources of the first edition. The names `local` and
/// `translated` must be free.
pub fn with_translation(text: &str, lang: &Lang) -> Result<String, TomlError> {
    let document = Document::parse(text)?;
    let first = document.get("edition").and_then(Item::as_table_like).and_then(|editions| editions.iter().next());
    let of_first = |key: &str| first.and_then(|(_, edition)| edition.get(key)).and_then(Item::as_value);
    let title = of_first("title").and_then(Value::as_str).unwrap_or("News");
    let from = of_first("from").and_then(Value::as_array).cloned().unwrap_or_else(|| Array::from_iter(["*"]));
    let from: Array = from.iter().filter_map(Value::as_str).collect();
    let (title, lang) = (Value::from(format!("{title} ({lang})")), Value::from(lang.as_str()));
    Ok(format!(
        "{}\n\n# The same, translated on this machine with the models of Firefox Translations: no account, and nothing to pay.\n\
         # `relais models list` shows them.\n\n\
         [engine.local]\nkind = \"firefox\"\nauto_download = true           # a run gets the models that are missing\n\n\
         [edition.translated]\ntitle = {title}\nfrom = {from}\nlangs = [{lang}]\nengines = [\"local\"]\n\
         bilingual = \"title\"            # also shows the headline of the source\n\
         untranslated = \"hold 6h\"       # waits six hours for a translation, then shows the entry as it is\n",
        text.trim_end()
    ))
}

/// Returns the end of the last value in a table.
fn end_of_table(table: &dyn TableLike) -> Option<usize> {
    table.iter().filter_map(|(_, item)| end_of(item)).max()
}

fn end_of(item: &Item) -> Option<usize> {
    let own = item.span().map(|span| span.end);
    let inside = match item {
        Item::Table(table) => end_of_table(table),
        Item::ArrayOfTables(tables) => tables.iter().filter_map(|table| end_of_table(table)).max(),
        Item::Value(_) | Item::None => None,
    };
    own.max(inside)
}

/// Makes a free id for a source from the host of its feed, without labels such as `www`, `rss` and `com`.
pub fn source_id(url: &url::Url, taken: &dyn Fn(&str) -> bool) -> String {
    const COMMON: [&str; 12] = ["www", "rss", "feeds", "feed", "com", "fr", "org", "net", "co", "uk", "m", "xml"];
    let host = url.host_str().unwrap_or("source");
    let parts: Vec<&str> = host.split('.').filter(|part| !COMMON.contains(part)).collect();
    let named = |text: &str| {
        let letters: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        letters.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    };
    let base = named(&if parts.is_empty() { host.to_owned() } else { parts.join("-") });
    let base = if base.is_empty() { "source".to_owned() } else { base };
    // The last part of the path that distinguishes it from other feeds of the host.
    let section = url
        .path_segments()
        .into_iter()
        .flatten()
        .map(named)
        .rfind(|part| !part.is_empty() && !COMMON.contains(&part.as_str()) && part.len() < 30);
    let candidates = std::iter::once(base.clone())
        .chain(section.map(|section| format!("{base}-{section}")))
        .chain((2..).map(|number| format!("{base}-{number}")));
    candidates.into_iter().find(|id| !taken(id)).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(id: &str) -> NewSource {
        NewSource { id: id.to_owned(), url: format!("https://{id}.example/rss"), ..NewSource::default() }
    }

    #[test]
    fn adding_sources_changes_no_other_byte() {
        let text = "# mine\n[source.a]   # the first\nurl = \"https://a.example/rss\"\nheaders = { X = { env = \"K\" } } # keep\n\n# about the edition\n[edition.e]\nfrom = [\"a\"]\n";
        let added = with_sources(text, &[source("b"), source("c")]).expect("valid");
        let (before, after) = text.split_at(text.find("\n# about").expect("it is there"));
        assert_eq!(
            added,
            format!(
                "{before}\n[source.b]\nurl = \"https://b.example/rss\"\n\n[source.c]\nurl = \"https://c.example/rss\"\n{after}"
            )
        );
    }

    #[test]
    fn sources_are_added_without_sources_or_a_final_line_break() {
        assert_eq!(with_sources("", &[source("a")]).expect("valid"), "[source.a]\nurl = \"https://a.example/rss\"\n");
        let added = with_sources("[source.a]\nurl = \"https://x.example\"", &[source("b")]).expect("valid");
        assert_eq!(added, "[source.a]\nurl = \"https://x.example\"\n\n[source.b]\nurl = \"https://b.example/rss\"\n");
        assert!(with_sources("[source", &[source("b")]).is_err());
    }

    #[test]
    fn special_characters_are_quoted() {
        let odd = NewSource {
            title: Some("L’\"été\"\n\\".to_owned()),
            tags: vec!["jo".to_owned()],
            lang: Some("fr".to_owned()),
            ..source("a-b")
        };
        let read: toml::Table = source_table(&odd).parse().expect("TOML");
        assert_eq!(read["source"]["a-b"]["title"].as_str(), odd.title.as_deref());
        assert_eq!(read["source"]["a-b"]["tags"][0].as_str(), Some("jo"));
    }

    #[test]
    fn id_is_made_from_the_host() {
        let name = |url: &str, taken: &[&str]| source_id(&url.parse().expect("a URL"), &|id| taken.contains(&id));
        assert_eq!(name("https://www.lemonde.fr/sport/rss_full.xml", &[]), "lemonde");
        assert_eq!(name("https://www.lemonde.fr/sport/rss", &["lemonde"]), "lemonde-sport");
        assert_eq!(name("https://www.lemonde.fr/rss", &["lemonde"]), "lemonde-2");
        assert_eq!(name("https://www.fr/", &[]), "www-fr");
        assert_eq!(name("http://127.0.0.1:80/a", &[]), "127-0-0-1");
    }
}
