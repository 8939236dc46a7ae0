//! The editions of `[[edition.each]]`: one for each of some tags.

use super::super::diagnostics::{Diagnostics, nearest};
use super::super::id::{MAX_ID, is_id};
use super::super::plan::Edition;
use super::super::tables::EachTable;
use super::super::values::{Located, quoted};
use super::rules::{RESERVED, id_in_message};
use crate::model::{Lang, Text};
use crate::select::{Tag, TagKind};

/// The placeholder of a tag without its kind, in lower case.
const TAG: &str = "{tag}";
/// The placeholder of what readers call a tag.
const LABEL: &str = "{label}";

/// Adds the editions of one table, made of `template`: the edition that its keys describe.
pub(super) fn expand(
    each: &EachTable,
    (template, family): (Edition, usize),
    editions: &mut Vec<Edition>,
    diagnostics: &mut Diagnostics<'_>,
) {
    if !template.tags.is_empty() {
        let hint = "name them in `tags`, and only sources in `from`";
        diagnostics.error(&each.edition.from.span, "`from` of [[edition.each]] names tags of entries", hint);
    }
    let ids = &each.tags.id;
    if !ids.value.contains(TAG) {
        diagnostics.error(&ids.span, "`id` has no `{tag}`: all editions would have one name", "for example id = \"sport-{tag}\"");
        return;
    }
    let title = check_title(each, &template, diagnostics);
    for tag in tags(each, diagnostics) {
        let id = fill(&ids.value, tag, None).to_lowercase();
        let span = if ids.span.is_empty() { &each.span } else { &ids.span };
        let fault = if editions.iter().any(|other| other.id == id) {
            "another edition has that name"
        } else if RESERVED.contains(&id.as_str()) {
            "relais uses that name itself"
        } else if id.len() > MAX_ID || !is_id(&id) {
            "an ID has lower-case letters (a to z), digits, `-` and `_`, and at most 64 characters"
        } else {
            let lang = template.langs.first();
            let edition = Edition {
                id,
                title: Text::new(&fill(&title, tag, lang)),
                description: Text::new(&fill(template.description.as_str(), tag, lang)),
                tags: vec![tag],
                family: Some(family),
                ..template.clone()
            };
            editions.push(edition);
            continue;
        };
        let message = format!("the edition of the tag {} cannot be called {}", quoted(tag.name()), id_in_message(&id));
        diagnostics.error(span, message, format!("{fault}: set `id`, for example id = \"{}-{{tag}}\"", tag.kind().name()));
        return;
    }
}

/// Reports a tag that the lists do not have. `prefix` stands before the tags that are proposed.
pub(super) fn unknown_tag(at: &Located<String>, prefix: &str, diagnostics: &mut Diagnostics<'_>) {
    let name = at.value.strip_prefix(prefix).unwrap_or(&at.value);
    let hint = match nearest(name, Tag::all().map(Tag::name)) {
        Some(near) => format!("did you mean \"{prefix}{near}\"?"),
        None => format!("docs/TAGS.md says which there are, for example \"{prefix}sport/judo\" and \"{prefix}noc/FRA\""),
    };
    diagnostics.error(&at.span, format!("the lists of relais have no tag {}", quoted(name)), hint);
}

/// Returns the title with its placeholders.
fn check_title(each: &EachTable, template: &Edition, diagnostics: &mut Diagnostics<'_>) -> String {
    let Some(at) = &each.edition.title else { return LABEL.to_owned() };
    let title = template.title.to_string();
    if !title.contains(LABEL) && !title.contains(TAG) {
        let hint = format!("name the tag, for example title = {}", quoted(&format!("{title}: {LABEL}")));
        diagnostics.error(&at.span, "all editions of this table would have one title", hint);
    }
    title
}

/// Returns the tags that have an edition, each once, in the order of `tags` and of the lists.
fn tags(each: &EachTable, diagnostics: &mut Diagnostics<'_>) -> Vec<Tag> {
    let named = &each.tags.tags;
    if named.value.is_empty() {
        let span = if named.span.is_empty() { &each.span } else { &named.span };
        diagnostics.error(span, "[[edition.each]] names no tags", "write tags = [\"sport\"], or single ones such as \"noc/FRA\"");
    }
    let mut except = Vec::new();
    for at in &each.tags.except {
        except.extend(tags_of(at, diagnostics));
    }
    let mut tags: Vec<Tag> = Vec::new();
    for at in &named.value {
        for tag in tags_of(at, diagnostics) {
            if !tags.contains(&tag) && !except.contains(&tag) {
                tags.push(tag);
            }
        }
    }
    if let Some(first) = each.tags.except.first().filter(|_| tags.is_empty() && !diagnostics.has_errors()) {
        diagnostics.error(&first.span, "`except` leaves no tag that has an edition", "take one out, or remove [[edition.each]]");
    }
    tags
}

/// Returns the tags of a kind, or the one tag of a name.
fn tags_of(at: &Located<String>, diagnostics: &mut Diagnostics<'_>) -> Vec<Tag> {
    if let Some((_, kind)) = TagKind::NAMED.iter().find(|(name, _)| *name == at.value) {
        return Tag::all().filter(|tag| tag.kind() == *kind).collect();
    }
    let tag = Tag::named(&at.value);
    if tag.is_none() {
        unknown_tag(at, "", diagnostics);
    }
    tag.into_iter().collect()
}

/// Fills the placeholders of a text.
fn fill(text: &str, tag: Tag, lang: Option<&Lang>) -> String {
    let name = tag.name().split_once('/').map_or(tag.name(), |(_, name)| name);
    text.replace(TAG, &name.to_lowercase()).replace(LABEL, tag.label(lang))
}
