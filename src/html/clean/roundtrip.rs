//! Whether markup reads as it was written. Cleaning twice would be the simple answer and costs twice; this is one look.
//!
//! A tree can be written in a way that no parser reads back as the same tree: a block in a `<p>`, a link in a link (HTML
//! §13.3, the warning). Cleaners make such trees when they drop an element between the two. What is found here is cleaned
//! again, so this may err on the careful side.

/// Elements that end an open `<p>` (HTML §13.2.6.4.7).
const END_A_PARAGRAPH: [&str; 37] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dd",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "ul",
];
/// Elements that cannot stand in one of their kind, or whose content has rules of its own.
const PARTICULAR: [&str; 16] = [
    "a", "nobr", "button", "form", "select", "option", "optgroup", "textarea", "pre", "ruby", "rt", "rp", "rb", "rtc", "canvas",
    "multicol",
];
const VOID: [&str; 9] = ["br", "hr", "img", "input", "source", "col", "wbr", "area", "keygen"];

/// Whether this serialised markup surely gives the tree that it was made of.
pub(super) fn is_settled(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if !rest[..at].trim().is_empty() && open.last().is_some_and(|parent| is_table(parent)) {
            return false;
        }
        let closing = rest.as_bytes().get(at + 1) == Some(&b'/');
        let name = &rest[at + 1 + usize::from(closing)..];
        let name = &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        let Some(end) = tag_end(&rest[at..]) else { return false };
        rest = &rest[at + end..];
        if closing {
            if open.pop() != Some(name) {
                return false;
            }
            continue;
        }
        if !may_follow(&open, name) || (name == "pre" || name == "textarea") && rest.starts_with('\n') {
            return false;
        }
        if !VOID.contains(&name) {
            open.push(name);
        }
    }
    open.is_empty()
}

/// The length of a tag that a serialiser wrote: `"` around every value, and none in it.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quoted = false;
    tag.bytes()
        .position(|b| {
            quoted ^= b == b'"';
            b == b'>' && !quoted
        })
        .map(|at| at + 1)
}

/// Elements in which only certain others may stand; all else is moved before the table when it is read.
fn is_table(name: &str) -> bool {
    matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "colgroup")
}

fn may_follow(open: &[&str], name: &str) -> bool {
    let parent = open.last().copied().unwrap_or_default();
    let placed = match name {
        "caption" | "colgroup" | "tbody" | "thead" | "tfoot" => parent == "table",
        "tr" => matches!(parent, "tbody" | "thead" | "tfoot"),
        "td" | "th" => parent == "tr",
        "col" => parent == "colgroup",
        _ => !is_table(parent),
    };
    if !placed {
        return false;
    }
    // Only an element of the same table cell can be in the way.
    let cell = open.iter().rposition(|name| matches!(*name, "td" | "th" | "caption")).map_or(0, |at| at + 1);
    let near = &open[cell..];
    match name {
        _ if PARTICULAR.contains(&name) && open.iter().any(|outer| PARTICULAR.contains(outer)) => false,
        "select" | "option" | "optgroup" | "canvas" | "dialog" | "nobr" => false,
        "li" if nearest(near, &["li"], &["ul", "ol", "menu", "dir"]) => false,
        "dd" | "dt" if nearest(near, &["dd", "dt"], &["dl"]) => false,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if is_heading(parent) => false,
        _ => !(END_A_PARAGRAPH.contains(&name) && near.contains(&"p")),
    }
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Whether one of `wanted` is open and none of `between` inside it.
fn nearest(open: &[&str], wanted: &[&str], between: &[&str]) -> bool {
    open.iter().rev().find(|name| wanted.contains(name) || between.contains(name)).is_some_and(|name| wanted.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_as_written_is_told_from_what_does_not() {
        for settled in [
            "",
            "a &lt; b",
            "<p>a <b>b</b><br>c</p><ul><li>x<ul><li>y</li></ul></li></ul>",
            "<table><tbody><tr><td><p>a</p></td></tr></tbody></table>",
            "<a title=\"x > y\"><img src=\"x\"></a>",
        ] {
            assert!(is_settled(settled), "{settled}");
        }
        for not in [
            "<p><div></div></p>",
            "<a><b><a></a></b></a>",
            "<tr></tr>",
            "<table><tbody>x<tr></tr></tbody></table>",
            "<pre>\n\nx</pre>",
            "<li><li></li></li>",
            "<h1><h2></h2></h1>",
            "<b>",
            "<b></i>",
        ] {
            assert!(!is_settled(not), "{not}");
        }
    }
}
