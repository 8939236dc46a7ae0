//! The picture above an item's text.

use minijinja::context;
use minijinja::value::Value;
use quick_xml::escape::escape;

use crate::model::{EditionItem, Text};
use crate::render::{chars, links};

/// The picture of an item, unless its text shows it.
pub(super) fn picture(item: &EditionItem, body: Option<&str>) -> Option<Value> {
    let image = item.head.image.as_deref().filter(|image| !is_in(body, image))?;
    let details = &item.head.picture;
    let line = |text: Option<&Text>| text.map(|text| chars::line(text.as_str()).into_owned());
    let size = details.size().filter(|(width, height)| *width > 0 && *height > 0);
    Some(context! {
        url => links::web(image)?,
        width => size.map(|size| size.0),
        height => size.map(|size| size.1),
        caption => line(details.caption.as_ref()),
        credit => line(details.credit.as_ref()),
    })
}

/// Returns true if a text has this address in it.
pub(super) fn is_in(body: Option<&str>, address: &str) -> bool {
    body.is_some_and(|html| html.contains(escape(address).as_ref()) || html.contains(address))
}
