//! Whether HTML could do a reader harm: looked for in the tree that a browser would make of it, by rules of its own and not
//! by the cleaner's list.

use dom_query::{Document, NodeRef};

/// Elements that run, load, redirect, restyle the page, or change how the rest is read.
const DANGEROUS: [&str; 26] = [
    "script",
    "style",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "meta",
    "link",
    "base",
    "template",
    "noscript",
    "noembed",
    "noframes",
    "xmp",
    "plaintext",
    "listing",
    "portal",
    "bgsound",
    "xml",
    "svg",
    "math",
    "title",
    "body",
    "param",
];
/// Attributes that hold an address.
const ADDRESSES: [&str; 20] = [
    "href",
    "src",
    "srcset",
    "action",
    "formaction",
    "background",
    "poster",
    "data",
    "cite",
    "longdesc",
    "dynsrc",
    "lowsrc",
    "usemap",
    "codebase",
    "classid",
    "icon",
    "manifest",
    "ping",
    "profile",
    "archive",
];
/// Schemes that run something or look at the reader's machine.
const SCHEMES: [&str; 12] = [
    "javascript",
    "vbscript",
    "livescript",
    "mocha",
    "jar",
    "view-source",
    "file",
    "about",
    "chrome",
    "blob",
    "filesystem",
    "ms-msdt",
];
/// What CSS could run or fetch with.
const CSS: [&str; 6] = ["expression(", "url(", "@import", "-moz-binding", "behavior:", "javascript:"];

/// The first thing in the HTML that could do harm.
pub(crate) fn danger(html: &str) -> Option<String> {
    let document = Document::fragment(html);
    // The root is the parser's own `<html>`.
    document.html_root().descendants_it().find_map(|node| element(&node))
}

fn element(node: &NodeRef<'_>) -> Option<String> {
    if node.is_comment() {
        return Some("a comment".to_owned());
    }
    let name = node.node_name()?;
    if DANGEROUS.contains(&name.to_ascii_lowercase().as_str()) {
        return Some(format!("<{name}>"));
    }
    node.attrs().iter().find_map(|attribute| {
        let key = attribute.name.local.to_string().to_ascii_lowercase();
        let value: &str = &attribute.value;
        let harm = key.starts_with("on")
            || matches!(key.as_str(), "srcdoc" | "id" | "name" | "autofocus" | "autoplay" | "form" | "is" | "http-equiv")
            || ADDRESSES.contains(&key.as_str()) && leads_to_harm(value)
            || key == "style" && styles_harm(value);
        harm.then(|| format!("<{name} {key}={value:?}>"))
    })
}

/// Browsers drop controls and white space from an address before they look at its scheme; lists of addresses hold several.
fn leads_to_harm(value: &str) -> bool {
    let squeezed = |text: &str| -> String {
        text.chars()
            .filter(|c| !c.is_control() && !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}'))
            .collect()
    };
    std::iter::once(value).chain(value.split(',')).map(|part| squeezed(part).to_lowercase()).any(|address| {
        let bitmap = ["png", "gif", "jpeg", "jpg", "webp", "avif", "bmp", "x-icon"].iter().any(|kind| {
            address.starts_with(&format!("data:image/{kind};")) || address.starts_with(&format!("data:image/{kind},"))
        });
        SCHEMES.iter().any(|scheme| address.starts_with(&format!("{scheme}:"))) || address.starts_with("data:") && !bitmap
    })
}

fn styles_harm(value: &str) -> bool {
    let mut plain = String::new();
    let mut rest = value;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let plain: String = plain.to_lowercase().chars().filter(|c| !c.is_whitespace() && *c != '\\').collect();
    CSS.iter().any(|harm| plain.contains(harm))
}

#[test]
fn each_danger_is_seen() {
    for html in [
        "<script>x</script>",
        "<p><IMG SRC=x OnError=x>",
        "<a href=' java\tscript:x'>",
        "<a href='&#1;javascript&colon;x'>",
        "<img srcset='/a 1x, javascript:x 2x'>",
        "<img src='data:image/svg+xml,x'>",
        "<p style='width: exp/**/ression(x)'>",
        "<p style='background:u\\rl(x)'>",
        "<svg><a>",
        "<!-- -->",
        "<p id=x>",
    ] {
        assert!(danger(html).is_some(), "{html}");
    }
    for html in [
        "<p>javascript: a word</p>",
        "<a href=\"https://example.org/#javascript:\">x</a>",
        "<img src=\"data:image/png;base64,A\">",
    ] {
        assert_eq!(danger(html), None, "{html}");
    }
}
