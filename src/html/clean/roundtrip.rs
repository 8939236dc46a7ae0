//! A check that markup reads as it was written. Cleaning twice would be the simple answer and costs twice; this is one look.
//!
//! A tree can be written in a way that no parser reads back as the same tree: a block in a `<p>`, a link in a link (HTML
//! §13.3, the warning). Cleaners make such trees when they drop an element between the two. What is found here is cleaned
//! again, so this may err on the careful side.

use crate::html::elements;
use crate::html::scan::{Scanner, Token};

/// Elements that cannot stand in one of their kind, or whose content has rules of its own.
const PARTICULAR: [&str; 16] = [
    "a", "nobr", "button", "form", "select", "option", "optgroup", "textarea", "pre", "ruby", "rt", "rp", "rb", "rtc", "canvas",
    "multicol",
];

/// True if this serialised markup surely gives the tree that it was made of.
pub(super) fn is_settled(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut tokens = Scanner::new(html);
    while let Some(token) = tokens.next() {
        let is_well_placed = match token {
            Token::Text(text) | Token::RawText(text) => {
                text.trim().is_empty() || !open.last().is_some_and(|parent| is_table(parent))
            }
            Token::Start(tag) => {
                let loses_line = matches!(tag.name, "pre" | "textarea") && tokens.rest().starts_with('\n');
                let is_well_placed = may_follow(&open, tag.name) && !loses_line;
                if !elements::find(tag.name).is_void() {
                    open.push(tag.name);
                }
                is_well_placed
            }
            Token::End(tag) => open.pop() == Some(tag.name),
            Token::Comment(_) | Token::Other(_) | Token::Unfinished(_) => false,
        };
        if !is_well_placed {
            return false;
        }
    }
    open.is_empty()
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
        _ => !(elements::find(name).ends_paragraph() && near.contains(&"p")),
    }
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// True if one of `wanted` is open and none of `between` inside it.
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
