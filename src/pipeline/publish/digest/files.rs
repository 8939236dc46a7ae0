//! Renders the files of a digest: the feed of the last ones; the newest as a page and as a mail.

use std::sync::Arc;

use crate::html;
use crate::model::{
    Archive, Edition, EditionDetails, EditionItem, EntryHead, Format, MailAddress, PageItem, PageRules, SourceId, SourceInfo,
    Text, Time,
};
use crate::pipeline::blocking::spawn_cpu;
use crate::pipeline::error::PipelineError;
use crate::render::{self, Mail};

use super::super::Publish;
use super::super::page_item::page_rules;
use super::super::view::{host, tag_uri};
use super::{DigestTarget, Issue};

/// The formats of the feed and of the page.
const FORMATS: [Format; 2] = [Format::Atom, Format::Html];

impl Publish<'_> {
    /// Renders the files. Returns their names and bytes, the feed first.
    pub(super) async fn render_digest(
        &self,
        digest: &DigestTarget<'_>,
        issues: &Arc<Vec<Issue>>,
    ) -> Result<Vec<(String, Vec<u8>)>, PipelineError> {
        let views = FORMATS.map(|format| (format, self.digest_view(digest, issues, format)));
        let mut files = Vec::new();
        for (format, view) in views {
            let name = view.file(format);
            let templates = self.templates.get().unwrap_or_default();
            let rendered = spawn_cpu("rendering a digest", move || render::render_files(&view, format, &templates)).await?;
            let (_, text) = rendered.map_err(|error| PipelineError::render("a digest", &error))?.swap_remove(0);
            files.push((name, text.into_bytes()));
        }
        let (name, mail) = (format!("{}.eml", digest.stem), self.digest_mail(digest, &issues[0])?);
        files.push((name, mail));
        Ok(files)
    }

    fn digest_view(&self, digest: &DigestTarget<'_>, issues: &[Issue], format: Format) -> Edition {
        // The page shows the newest one.
        let shown = if format == Format::Html { &issues[..1] } else { issues };
        let items: Vec<EditionItem> = shown.iter().map(|issue| self.digest_item(digest, issue, format)).collect();
        let edition = digest.target.edition;
        Edition {
            id: digest.digest.id.clone(),
            lang: digest.target.lang.cloned(),
            title: if format == Format::Html { issues[0].title.clone() } else { edition.title.clone() },
            description: edition.description.clone(),
            feed_id: tag_uri(self.base_url, &digest.stem),
            base_url: self.base_url.map(str::to_owned),
            stem: digest.stem.clone(),
            formats: if format == Format::Html { vec![format] } else { FORMATS.to_vec() },
            updated: items.iter().map(|item| item.updated).max().unwrap_or(Time::EPOCH),
            items,
            deleted: Vec::new(),
            end: None,
            pages: PageRules { siblings: Vec::new(), ..page_rules(edition) },
            details: EditionDetails { provenance: edition.provenance, ..EditionDetails::default() },
            archive: Archive::default(),
        }
    }

    fn digest_item(&self, digest: &DigestTarget<'_>, issue: &Issue, format: Format) -> EditionItem {
        let Issue { title, at, html, .. } = issue;
        let edition = digest.target.edition;
        let origin = SourceInfo {
            id: SourceId::new(&edition.id),
            title: edition.title.clone(),
            feed: self.base_url.map_or_else(
                || tag_uri(None, &digest.target.stem),
                |base| format!("{base}{}.{}", digest.target.stem, Format::Atom.extension()),
            ),
            site: None,
            image: None,
            rights: Text::default(),
            genres: Vec::new(),
        };
        EditionItem {
            id: tag_uri(self.base_url, &format!("{}/{}", digest.stem, at.millis() / 1000)),
            head: EntryHead::default(),
            title: title.clone(),
            summary: None,
            summary_text: Text::default(),
            text: html::to_text(html),
            page: (format == Format::Html)
                .then(|| PageItem { body: Some(html::fit_for_page(html, edition.images)), ..PageItem::default() }),
            content: Some(html.clone()),
            lang: digest.target.lang.cloned(),
            published: *at,
            updated: *at,
            source: origin,
            also_in: Vec::new(),
            translation: None,
        }
    }

    fn digest_mail(&self, digest: &DigestTarget<'_>, issue: &Issue) -> Result<Vec<u8>, PipelineError> {
        let host = host(self.base_url);
        let own = MailAddress { name: digest.target.edition.title.clone(), address: format!("relais@{host}") };
        let id = format!("{}.{}@{host}", digest.stem.replace('/', "."), issue.at.millis() / 1000);
        let mail = Mail {
            from: digest.digest.from.as_ref().unwrap_or(&own),
            to: &digest.digest.to,
            subject: &issue.title,
            date: issue.at,
            message_id: &id,
            lang: digest.target.lang,
            html: &issue.html,
            text: &issue.text,
        };
        render::render_mail(&mail).map_err(|error| PipelineError::render("the mail of a digest", &error))
    }
}
