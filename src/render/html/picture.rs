//! The picture above an item's text.

use minijinja::context;
use minijinja::value::Value;
use quick_xml::escape::escape;

use crate::model::{EditionItem, Text};
use crate::render::{chars, links};

/// The size of a picture of which none is stated.
const BOX: (u32, u32) = (640, 360);

/// The picture of an item, unless its text shows it.
pub(super) fn picture(item: &EditionItem, body: Option<&str>) -> Option<Value> {
    let image = item.head.image.as_deref().filter(|image| !is_in(body, image))?;
    let details = &item.head.picture;
    let line = |text: Option<&Text>| text.map(|text| chars::line(text.as_str()).into_owned());
    let size = details.size().filter(|(width, height)| *width > 0 && *height > 0);
    // The box of a picture has a size before the picture is there, so that the text below does not jump.
    let (width, height) = size.unwrap_or(BOX);
    let caption = line(details.caption.as_ref());
    Some(context! {
        url => links::web(image)?,
        width,
        height,
        alt => caption.clone().unwrap_or_default(),
        caption,
        credit => line(details.credit.as_ref()),
    })
}

/// Returns true if a text has this address in it.
pub(super) fn is_in(body: Option<&str>, address: &str) -> bool {
    body.is_some_and(|html| html.contains(escape(address).as_ref()) || html.contains(address))
}
