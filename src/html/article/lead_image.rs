//! The picture of an article that names none: the first in its text.

use std::borrow::Cow;

use crate::html::scan::{Scanner, Token};
use crate::model::RawHtml;

/// Pictures looked at: the first ones may be pixels that only count readers.
const LOOKED_AT: usize = 5;

/// The address of the first picture in some HTML, as written but for its references; pixels that count readers are passed over.
pub fn find_lead_image(html: &RawHtml) -> Option<Cow<'_, str>> {
    let html = html.0.as_str();
    // Most entries without a picture of their own have none in their text either: those are not scanned.
    let is_image = |at: usize| html.as_bytes().get(at + 1..at + 4).is_some_and(|name| name.eq_ignore_ascii_case(b"img"));
    memchr::memchr_iter(b'<', html.as_bytes()).find(|at| is_image(*at))?;
    let images = Scanner::new(html).filter_map(|token| match token {
        Token::Start(tag) if tag.is("img") => Some(tag),
        _ => None,
    });
    images.take(LOOKED_AT).find_map(|image| {
        let is_pixel = |name| image.attribute(name).is_some_and(|size| matches!(size.trim().trim_end_matches("px"), "0" | "1"));
        if is_pixel("width") || is_pixel("height") {
            return None;
        }
        image.attribute("src").map(trim).filter(|src| !src.is_empty() && !src.starts_with("data:"))
    })
}

fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_picture_that_shows_something() {
        for (html, src) in [
            ("<p>a<img alt='x > y' src='/a.jpg?x=1&amp;y=2'>", Some("/a.jpg?x=1&y=2")),
            ("<img alt=\"x > y\" src=photo.jpg>", Some("photo.jpg")),
            ("<img/src=a.jpg>", Some("a.jpg")),
            ("<IMG\nSRC=a.jpg\n>", Some("a.jpg")),
            ("<img src=a.jpg src=b.jpg>", Some("a.jpg")),
            ("<img data-src=no alt='src=no'>", None),
            ("<!-- <img src=no> --><script>'<img src=no>'</script><a title='<img src=no>'>", None),
            ("<img src='a.jpg", None),
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
