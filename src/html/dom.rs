//! Helpers for document trees: no rule of what an article is stands here.

use dom_query::NodeRef;
use url::Url;

use super::elements;

/// The addresses to which the links of an entry's HTML are relative.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkBase<'a> {
    /// Relative links are resolved against it.
    pub base: Option<&'a Url>,
    /// The page of the entry, to which a link within the text (`#note-1`) leads. Without one, such a link leads nowhere.
    pub page: Option<&'a Url>,
}

impl<'a> From<Option<&'a Url>> for LinkBase<'a> {
    fn from(page: Option<&'a Url>) -> Self {
        Self { base: page, page }
    }
}

/// Makes the addresses in the attributes of an element absolute.
pub(super) fn make_addresses_absolute(node: &NodeRef<'_>, links: LinkBase<'_>) {
    for name in ["href", "src", "cite", "poster"] {
        let Some(written) = node.attr(name) else { continue };
        let is_within = written.trim_start().starts_with('#');
        let base = if is_within { links.page } else { links.base };
        if is_within && base.is_none() {
            node.remove_attr(name);
        }
        if Url::parse(&written) == Err(url::ParseError::RelativeUrlWithoutBase)
            && let Some(Ok(url)) = base.map(|base| base.join(&written))
        {
            node.set_attr(name, url.as_str());
        }
    }
}

/// An address of the web, resolved against `base`.
pub(super) fn resolve_web(address: &str, base: Option<&Url>) -> Option<Url> {
    let address = address.trim();
    let url = base.map_or_else(|| Url::parse(address), |base| base.join(address)).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Replaces an element by its children.
pub(super) fn unwrap(node: &NodeRef<'_>) {
    if let Some(first) = node.first_child() {
        node.insert_siblings_before(&first);
    }
    node.remove_from_parent();
}

/// Replaces an element by text.
pub(super) fn replace_by_text(node: &NodeRef<'_>, text: String) {
    let text = node.tree.new_text(text);
    node.insert_before(&text);
    node.remove_from_parent();
}

/// Removes an element without content; white space, comments and line breaks of a paragraph are none. Children come before their parents.
pub(super) fn remove_if_empty(node: &NodeRef<'_>) {
    let Some(name) = node.node_name().filter(|name| node.parent().is_some() && !elements::find(name).is_shown_empty()) else {
        return;
    };
    let is_paragraph = name.as_ref() == "p";
    let mut children = node.children_it(false).peekable();
    let bare = children.peek().is_none();
    let empty = children.all(|child| {
        if child.is_text() { is_blank(&child.text()) } else { child.is_comment() || is_paragraph && child.has_name("br") }
    });
    drop(children);
    if !empty {
        return;
    }
    if !is_block(&name) {
        if bare {
            node.remove_from_parent();
        } else {
            unwrap(node);
        }
        return;
    }
    // Text before and text after an empty block stand on different lines.
    if let (Some(before), Some(after)) = (node.prev_sibling(), node.next_sibling())
        && !is_on_own_line(&before)
        && !is_on_own_line(&after)
    {
        let line = node.tree.new_element("br");
        node.insert_before(&line);
    }
    node.remove_from_parent();
}

/// Returns true if a line ends at this node anyway, or if it shows nothing.
pub(super) fn is_on_own_line(node: &NodeRef<'_>) -> bool {
    if node.is_text() {
        return is_blank(&node.text());
    }
    node.node_name().is_none_or(|name| is_block(&name) || matches!(name.as_ref(), "br" | "hr" | "table" | "pre"))
}

/// Returns true if elements of this name stand on lines of their own.
pub(super) fn is_block(name: &str) -> bool {
    elements::find(name).is_block()
}

/// Returns true if text shows nothing: white space, no-break spaces, characters without width.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'))
}
