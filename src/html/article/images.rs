//! Images: which address to show, and which are no pictures but counters of readers.

use dom_query::NodeRef;
use url::Url;

use crate::html::clean::is_bitmap;
use crate::html::dom::{make_addresses_absolute, resolve_web};

/// Hosts and paths that count readers, one a line.
const COUNTERS: &str = include_str!("counters.txt");
/// Attributes in which scripts that load images late find the address, the likeliest first.
const LATE: [&str; 8] =
    ["data-src", "data-lazy-src", "data-original", "data-orig-file", "data-lazy", "data-large-file", "data-full-url", "data-url"];
const LATE_SETS: [&str; 4] = ["data-srcset", "data-lazy-srcset", "srcset", "data-sizes-srcset"];
/// Names of pictures that only hold a place.
const PLACEHOLDERS: [&str; 9] =
    ["blank.", "spacer.", "placeholder", "transparent.", "pixel.", "1x1.", "lazy_placeholder", "lazyload.", "grey.gif"];

/// Gives an image the address that shows it, drops it if it has none that shows anything or if it counts readers.
pub(super) fn settle(image: &NodeRef<'_>, base: Option<&Url>) {
    if is_counter(image, base) {
        image.remove_from_parent();
        return;
    }
    let written = image.attr("src");
    let nothing = written.is_none() && LATE.iter().chain(&LATE_SETS).all(|name| !image.has_attr(name));
    if nothing {
        return;
    }
    let late = LATE.iter().filter_map(|name| image.attr(name)).find_map(|address| shown(&address, base));
    let own = || written.as_deref().and_then(|address| shown(address, base));
    let best = || LATE_SETS.iter().filter_map(|name| image.attr(name)).find_map(|set| best_of(&set, base));
    match late.or_else(own).or_else(best) {
        Some(address) => image.set_attr("src", &address),
        None => instead(image),
    }
}

/// An image that cannot be shown leaves its words, unless a `<noscript>` beside it has the image.
fn instead(image: &NodeRef<'_>) {
    let told = image.next_element_sibling().is_some_and(|next| next.has_name("noscript"));
    if let Some(words) = image.attr("alt").filter(|words| !told && !words.trim().is_empty()) {
        let words = image.tree.new_text(words);
        image.insert_before(&words);
    }
    image.remove_from_parent();
}

/// The address, if it is one of a picture and not of what only holds a place.
fn shown(address: &str, base: Option<&Url>) -> Option<String> {
    let address = address.trim();
    if address.is_empty() {
        return None;
    }
    if address.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        // A GIF of one by one dots begins so.
        let dot = address.contains("base64,R0lGODlhAQAB") || address.contains("base64,R0lGODdhAQAB");
        return (is_bitmap(address) && !dot).then(|| address.to_owned());
    }
    let url = resolve_web(address, base)?;
    let file = url.path().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    (!PLACEHOLDERS.iter().any(|name| file.starts_with(name))).then(|| address.to_owned())
}

/// The largest candidate of a `srcset` (HTML §4.8.4.2.3); of equals the first.
pub(super) fn best_of(set: &str, base: Option<&Url>) -> Option<String> {
    let mut best: Option<(f64, String)> = None;
    let mut rest = set.trim_start_matches([' ', '\t', '\n', '\r', '\x0c', ',']);
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        // An address that ends in a comma has no descriptor; commas may stand within one.
        let (address, size, after) = if let Some(address) = address.strip_suffix(',') {
            (address, "", after)
        } else {
            let (size, after) = after.split_once(',').unwrap_or((after, ""));
            (address, size.trim(), after)
        };
        let size = size.split_ascii_whitespace().next().unwrap_or("1x");
        let size: f64 = size.trim_end_matches(['w', 'x', 'h']).parse().unwrap_or(0.0);
        if best.as_ref().is_none_or(|(most, _)| size > *most)
            && let Some(address) = shown(address.trim_end_matches(','), base)
        {
            best = Some((size, address));
        }
        rest = after.trim_start_matches([' ', '\t', '\n', '\r', '\x0c', ',']);
    }
    best.map(|(_, address)| address)
}

/// A `<picture>` becomes its image; an image without an address of its own gets the best of the sources.
pub(super) fn unfold(picture: &NodeRef<'_>, base: Option<&Url>) {
    let mut sets = String::new();
    let mut image = None;
    for inner in picture.descendants() {
        if inner.has_name("source") {
            for set in ["srcset", "data-srcset"].into_iter().filter_map(|name| inner.attr(name)) {
                sets.push_str(&set);
                sets.push_str(" , ");
            }
            inner.remove_from_parent();
        } else if inner.has_name("img") {
            image = Some(inner);
        }
    }
    match image {
        Some(image) if !image.has_attr("srcset") => image.set_attr("srcset", &sets),
        Some(_) => {}
        None => {
            if let Some(address) = best_of(&sets, base) {
                let image = picture.tree.new_element("img");
                image.set_attr("src", &address);
                // It is no part of the walk that made it.
                make_addresses_absolute(&image, base.into());
                picture.append_child(&image);
            }
        }
    }
}

/// Returns true if an image only counts readers: by its size, its style or its address.
fn is_counter(image: &NodeRef<'_>, base: Option<&Url>) -> bool {
    let size = |name| image.attr(name).and_then(|size| size.trim().trim_end_matches("px").parse::<f64>().ok());
    match (size("width"), size("height")) {
        (Some(width), Some(height)) if width <= 1.0 && height <= 1.0 => return true,
        (Some(size), _) | (_, Some(size)) if size <= 0.0 => return true,
        _ => {}
    }
    let style: String =
        image.attr("style").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let tiny = |name: &str| {
        style.split(';').any(|rule| rule.strip_prefix(name).is_some_and(|size| matches!(size, ":0" | ":0px" | ":1px")))
    };
    if style.contains("display:none") || style.contains("visibility:hidden") || tiny("width") && tiny("height") {
        return true;
    }
    image.attr("src").and_then(|address| resolve_web(&address, base)).is_some_and(|url| counts(&url))
}

/// Returns true if the address is in the list of counters: its host or one below, and a path that begins so.
fn counts(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    COUNTERS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).any(|line| {
        let (counter, path) = line.find('/').map_or((line, "/"), |at| line.split_at(at));
        let below = host.strip_suffix(counter).is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
        below && url.path().starts_with(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_candidate_is_taken() {
        for (set, best) in [
            ("/s.jpg 320w, /l.jpg 1200w, /m.jpg 640w", Some("/l.jpg")),
            ("/a.jpg, /b.jpg 2x", Some("/b.jpg")),
            ("/w_300,h_200/a.jpg 300w,/w_900,h_600/a.jpg 900w", Some("/w_900,h_600/a.jpg")),
            ("javascript:alert(1) 1x, data:text/plain;base64,SGVsbG8= 2x", None),
            ("/blank.gif 9x, /a.jpg 1x", Some("/a.jpg")),
            (" , ,", None),
        ] {
            let base = Url::parse("https://example.org/").expect("a URL");
            assert_eq!(best_of(set, Some(&base)).as_deref(), best, "{set}");
        }
    }

    #[test]
    fn counters_are_known_by_host_and_path() {
        for (address, counter) in [
            ("https://pixel.wp.com/g.gif?x=1", true),
            ("https://a.pixel.wp.com/g.gif", true),
            ("https://notpixel.wp.com.example.org/g.gif", false),
            ("https://www.facebook.com/tr?id=1", true),
            ("https://www.facebook.com/photo.jpg", false),
        ] {
            assert_eq!(counts(&Url::parse(address).expect("a URL")), counter, "{address}");
        }
    }
}
