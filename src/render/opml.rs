//! The sources as OPML 2.0.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{ListedSource, RenderError, chars, links};

/// Writes the list. Readers make folders of nested outlines, so each source stands in that of its first tag, in the order
/// in which the tags first come up; those without tags stand at the end, in none.
pub(super) fn write(title: &str, sources: &[ListedSource]) -> Result<String, RenderError> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    document(&mut writer, title, sources).map_err(RenderError::Opml)?;
    super::finish(writer.into_inner())
}

fn document(writer: &mut Writer<Vec<u8>>, title: &str, sources: &[ListedSource]) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    writer.create_element("opml").with_attribute(("version", "2.0")).write_inner_content(|writer| {
        writer.create_element("head").write_inner_content(|writer| {
            writer.create_element("title").write_text_content(BytesText::new(&chars::line(title)))?;
            Ok(())
        })?;
        writer.create_element("body").write_inner_content(|writer| body(writer, sources))?;
        Ok(())
    })?;
    Ok(())
}

fn body(writer: &mut Writer<Vec<u8>>, sources: &[ListedSource]) -> io::Result<()> {
    let mut folders: Vec<&str> = Vec::new();
    for folder in sources.iter().filter_map(folder) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    for name in folders {
        let text = chars::line(name);
        writer.create_element("outline").with_attribute(("text", text.as_ref())).write_inner_content(|writer| {
            sources.iter().filter(|source| folder(source) == Some(name)).try_for_each(|source| outline(writer, source))
        })?;
    }
    sources.iter().filter(|source| folder(source).is_none()).try_for_each(|source| outline(writer, source))
}

fn folder(source: &ListedSource) -> Option<&str> {
    source.tags.first().map(String::as_str)
}

fn outline(writer: &mut Writer<Vec<u8>>, source: &ListedSource) -> io::Result<()> {
    let feed = links::public(&source.feed);
    let title = if source.title.is_blank() { feed.clone() } else { chars::line(source.title.as_str()) };
    let site = source.site.as_deref().and_then(links::web);
    // "To represent a tag, the category string should contain no slashes", and commas part them (OPML 2.0, "category").
    let tags: Vec<String> = source.tags.iter().map(|tag| chars::line(tag).replace([',', '/'], " ")).collect();
    let tags = tags.join(",");
    // Readers differ on which of `text` and `title` they show; `type` is "rss" for feeds of every kind.
    let named = [("text", title.as_ref()), ("title", title.as_ref()), ("type", "rss"), ("xmlUrl", feed.as_ref())];
    let site = site.as_deref().map(|site| ("htmlUrl", site));
    let tags = (!tags.is_empty()).then_some(("category", tags.as_str()));
    writer.create_element("outline").with_attributes(named.into_iter().chain(site).chain(tags)).write_empty()?;
    Ok(())
}
