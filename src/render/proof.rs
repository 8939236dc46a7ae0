//! Reads back each feed that was written, by a strict reader that is not ours. A feed that it cannot read, that makes it panic, or in
//! which items are missing, replaces nothing.

use feed_rs::parser::Builder;

use super::RenderError;
use crate::model::{Edition, Format};
use crate::panic;

/// Reads a feed back by feed-rs, and compares the ids of its items with those of the edition.
pub(super) fn read_back(edition: &Edition, format: Format, text: &str) -> Result<(), RenderError> {
    let parse = || Builder::new().sanitize_content(false).build().parse(text.as_bytes());
    let unreadable = |why: String| RenderError::Unreadable { file: edition.file(format), why };
    let feed = panic::catch(parse).map_err(|panic| unreadable(panic.to_string()))?;
    let feed = feed.map_err(|error| unreadable(error.to_string()))?;
    let read = feed.entries.iter().map(|entry| entry.id.as_str());
    let written = edition.items.iter().map(|item| item.id.as_str());
    if read.clone().eq(written) {
        return Ok(());
    }
    Err(unreadable(format!("of {} items it gives {}", edition.items.len(), read.count())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Archive, EditionDetails, EditionItem, EntryHead, SourceId, SourceInfo, Text, Time};

    fn edition(author: &str, ids: &[&str]) -> Edition {
        let origin = SourceInfo {
            id: SourceId::new("s"),
            title: Text::new("S"),
            feed: "https://s.fr/".into(),
            site: None,
            image: None,
            rights: Text::default(),
            genres: Vec::new(),
        };
        let items = ids.iter().map(|id| EditionItem {
            id: (*id).to_owned(),
            lang: None,
            head: EntryHead { authors: vec![author.to_owned()], ..EntryHead::default() },
            title: Text::new("Un titre"),
            summary: None,
            summary_text: Text::default(),
            content: None,
            page: None,
            text: String::new(),
            published: Time::EPOCH,
            updated: Time::EPOCH,
            source: origin.clone(),
            also_in: Vec::new(),
            translation: None,
        });
        Edition {
            id: "e".into(),
            lang: None,
            title: Text::new("E"),
            description: Text::default(),
            feed_id: "tag:e".into(),
            base_url: None,
            stem: "e".into(),
            formats: vec![Format::Atom],
            updated: Time::EPOCH,
            items: items.collect(),
            deleted: Vec::new(),
            end: None,
            pages: crate::model::PageRules::default(),
            details: EditionDetails::default(),
            archive: Archive::default(),
        }
    }

    #[test]
    fn what_lost_an_item_or_its_form_is_refused() {
        for format in [Format::Atom, Format::Rss, Format::Json] {
            let whole = edition("Ana", &["tag:a", "tag:b"]);
            let text = crate::render::render_edition(&whole, format).expect("it is whole");
            assert!(read_back(&whole, format, &text).is_ok());
            assert!(read_back(&edition("Ana", &["tag:a", "tag:c"]), format, &text).is_err(), "another item");
            assert!(read_back(&edition("Ana", &["tag:a"]), format, &text).is_err(), "one too many");
            assert!(read_back(&whole, format, &text[..text.len() - 20]).is_err(), "cut");
        }
    }

    #[test]
    fn a_panic_of_the_reader_is_a_fault_of_the_feed() {
        // feed-rs 3.0.0 cuts a character in two where one of several bytes stands beside an e-mail address.
        let odd = "Rédaction\u{a0}a@b.fr";
        let whole = edition(odd, &["tag:a"]);
        let text = crate::render::render_edition(&whole, Format::Rss).expect("the writer keeps the two apart");
        assert!(text.contains("Rédaction a@b.fr"), "{text}");
        let refused = read_back(&whole, Format::Rss, &text.replace("Rédaction a@b.fr", odd));
        assert!(refused.expect_err("it panics").to_string().contains("it panicked"));
    }

    #[test]
    fn addresses_beside_other_letters_are_written_so_that_readers_live() {
        for author in
            ["«a@b.fr»", "Zoé–a@b.fr", "a@b.fr\u{a0}(Zoé)", "é.a@b.fr", "’a@b.fr’b@c.fr", "Zoé@b.fr", "@équipe", "a@b.fré"]
        {
            for format in [Format::Atom, Format::Rss, Format::Json] {
                assert!(crate::render::render_edition(&edition(author, &["tag:a"]), format).is_ok(), "{format:?}: {author}");
            }
        }
    }
}
