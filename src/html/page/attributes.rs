//! The attributes that an element of an article keeps on a page.

use crate::html::entities::escape;
use crate::html::scan::Tag;
use crate::model::Lang;

/// Attributes that HTML has no more: style sheets do what they did.
const OBSOLETE: [&str; 19] = [
    "align",
    "axis",
    "background",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "clear",
    "color",
    "face",
    "frame",
    "hspace",
    "nowrap",
    "rules",
    "summary",
    "valign",
    "vspace",
];

/// Writes a start tag under another name, with `more` attributes, and without those that a page may not have.
pub(super) fn push_tag(out: &mut String, name: &str, tag: Tag<'_>, more: &str) {
    out.push('<');
    out.push_str(name);
    out.push_str(more);
    let mut given: Vec<&str> = Vec::new();
    for attribute in tag.attributes() {
        if is_kept(name, attribute.name, &attribute.value()) && !given.contains(&attribute.name) {
            given.push(attribute.name);
            push(out, attribute.name, &attribute.value());
        }
    }
    out.push('>');
}

/// Writes the start tag of sound or of a film: it is loaded when it is played, by buttons that are there.
pub(super) fn push_media(out: &mut String, tag: Tag<'_>, images: bool) {
    out.push_str(&format!("<{} controls preload=\"none\"", tag.name));
    for name in ["src", "width", "height", "poster"] {
        let value = tag.attribute(name).filter(|value| is_kept("video", name, value) && (images || name != "poster"));
        if let Some(value) = value {
            push(out, name, &value);
        }
    }
    out.push('>');
}

fn push(out: &mut String, name: &str, value: &str) {
    out.push_str(&format!(" {name}=\"{}\"", escape(value)));
}

fn is_kept(element: &str, name: &str, value: &str) -> bool {
    let is_number = || value.parse::<u32>().is_ok_and(|number| number > 0);
    match name {
        "width" | "height" => matches!(element, "img" | "video") && is_number(),
        "size" | "type" | "noshade" => element != "hr" && element != "font" && element != "ul",
        "colspan" | "rowspan" => is_number() && value.len() < 4,
        "lang" => Lang::new(value).is_some(),
        "start" | "value" if element == "ol" || element == "li" => value.parse::<i32>().is_ok(),
        "span" => is_number(),
        "datetime" => element != "time" || !value.trim().is_empty(),
        _ => !OBSOLETE.contains(&name),
    }
}
