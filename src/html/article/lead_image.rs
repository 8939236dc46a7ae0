//! The picture of an article that names none: the first in its text.

use std::borrow::Cow;

use memchr::memmem;

use crate::html::decode_entities;
use crate::model::RawHtml;

/// Pictures looked at: the first ones may be pixels that only count readers.
const LOOKED_AT: usize = 5;

/// The address of the first picture in some HTML, as written but for its references; pixels that count readers are passed over.
pub fn find_lead_image(html: &RawHtml) -> Option<Cow<'_, str>> {
    let html = html.0.as_str();
    memmem::find_iter(html.as_bytes(), b"<img").take(LOOKED_AT).find_map(|at| {
        let rest = &html[at + 4..];
        let tag = &rest[..rest.find('>')?];
        let is_pixel = |name| attribute(tag, name).is_some_and(|size| matches!(size.trim_end_matches("px"), "0" | "1"));
        if is_pixel("width") || is_pixel("height") {
            return None;
        }
        let src = attribute(tag, "src").filter(|src| !src.is_empty() && !src.starts_with("data:"))?;
        Some(decode_entities(src))
    })
}

/// The value of an attribute in the text of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = tag[..*at].chars().next_back();
        before.is_some_and(char::is_whitespace) && tag[at + name.len()..].trim_start().starts_with('=')
    })?;
    let value = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(|c: char| c.is_whitespace()).next()?,
    };
    Some(value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_picture_that_shows_something() {
        for (html, src) in [
            ("<p>a<img alt='x > y' src='/a.jpg?x=1&amp;y=2'>", None),
            ("<p>a<img class=\"b\" src = '/a.jpg?x=1&amp;y=2'>", Some("/a.jpg?x=1&y=2")),
            ("<img src=/pixel.gif width=1 height=1><img data-src=x src=b.png>", Some("b.png")),
            ("<img src='data:image/gif;base64,R0'>", None),
            ("<image src=x>", None),
            ("<img", None),
        ] {
            assert_eq!(find_lead_image(&RawHtml(html.to_owned())).as_deref(), src, "{html}");
        }
    }
}
