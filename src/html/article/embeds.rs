//! Embeds: frames, players and objects become links to what they show, because nothing of theirs may run at a reader's.

use std::collections::HashSet;

use dom_query::{NodeId, NodeRef};
use url::Url;

use crate::html::dom::{is_block, resolve_web, unwrap};
use crate::html::elements;

/// More embeds than these are dropped without a link: no article has so many, and each costs a look at its neighbours.
const MOST: usize = 100;
/// Players, and the pages on which what they play is shown: host, path before the id, page before the id.
const PLAYERS: [(&str, &str, &str); 7] = [
    ("youtube.com", "/embed/", "https://www.youtube.com/watch?v="),
    ("youtube.com", "/v/", "https://www.youtube.com/watch?v="),
    ("youtube-nocookie.com", "/embed/", "https://www.youtube.com/watch?v="),
    ("player.vimeo.com", "/video/", "https://vimeo.com/"),
    ("dailymotion.com", "/embed/video/", "https://www.dailymotion.com/video/"),
    ("geo.dailymotion.com", "/embed/video/", "https://www.dailymotion.com/video/"),
    ("open.spotify.com", "/embed/", "https://open.spotify.com/"),
];

/// Attributes in which scripts that load embeds late, or after a consent, find the address.
const LATE: [&str; 12] = [
    "data-src",
    "data-lazy-src",
    "data-litespeed-src",
    "data-cookieblock-src",
    "data-src-cmplz",
    "data-cmp-src",
    "data-consent-src",
    "data-iframe-src",
    "data-original",
    "data-url",
    "suppressedsrc",
    "uc-src",
];
/// Elements of players that name the recording by its id: element, attribute, page before the id.
const BY_ID: [(&str, &str, &str); 5] = [
    ("amp-youtube", "data-videoid", "https://www.youtube.com/watch?v="),
    ("lite-youtube", "videoid", "https://www.youtube.com/watch?v="),
    ("amp-vimeo", "data-videoid", "https://vimeo.com/"),
    ("lite-vimeo", "videoid", "https://vimeo.com/"),
    ("amp-dailymotion", "data-videoid", "https://www.dailymotion.com/video/"),
];

/// The embeds of one entry.
pub(super) struct Embeds<'a> {
    base: Option<&'a Url>,
    linked: HashSet<String>,
    links: HashSet<NodeId>,
}

impl<'a> Embeds<'a> {
    /// Begins without embeds; relative addresses are resolved against `base`.
    pub(super) fn new(base: Option<&'a Url>) -> Self {
        Self { base, linked: HashSet::new(), links: HashSet::new() }
    }

    /// Puts one embed right. Audio and video stay, with a link inside for readers that cannot play them.
    pub(super) fn put_right(&mut self, node: &NodeRef<'_>) {
        let shown = address(node, self.base).map(|url| page(&url));
        let name = node.node_name().unwrap_or_default();
        if matches!(name.as_ref(), "video" | "audio") {
            load(node, self.base);
            if let Some(url) = shown {
                fall_back(node, &url);
            }
            return;
        }
        if let Some(url) = shown.filter(|url| self.linked.len() < MOST && self.linked.insert(url.to_string())) {
            self.link(node, &url);
        }
        // What a frame holds is text for browsers that know no frames; what an object holds stands for it.
        if name.as_ref() == "iframe" { node.remove_from_parent() } else { unwrap(node) }
    }

    /// Puts a link behind the paragraph or the run of text in which the embed stands: a sentence is not cut in two.
    fn link(&mut self, embed: &NodeRef<'_>, url: &Url) {
        let mut place = *embed;
        while let Some(parent) = place.parent() {
            if !parent.is_element() || holds_blocks(&parent) {
                break;
            }
            place = parent;
        }
        let in_run = !place.node_name().is_some_and(|name| is_block(&name));
        while let Some(next) = place.next_sibling() {
            let runs_on = in_run && !next.node_name().is_some_and(|name| is_block(&name) || name.as_ref() == "table");
            if !runs_on && !self.links.contains(&next.id) {
                break;
            }
            place = next;
        }
        let paragraph = embed.tree.new_element("p");
        paragraph.append_child(&anchor(embed, url));
        place.insert_after(&paragraph);
        self.links.insert(paragraph.id);
    }
}

/// Returns the address that the embed shows: its own, or that of the first source or parameter in it.
fn address(node: &NodeRef<'_>, base: Option<&Url>) -> Option<Url> {
    if let Some((_, id, page)) = BY_ID.iter().find(|(name, ..)| node.has_name(name)) {
        return node.attr(id).and_then(|id| Url::parse(&format!("{page}{}", id.trim())).ok());
    }
    let inner = || {
        node.children_it(false).find_map(|child| match child.node_name()?.as_ref() {
            "source" => own_address(&child, base),
            "param" if child.attr("name").is_some_and(|name| matches!(&*name.to_ascii_lowercase(), "movie" | "src" | "url")) => {
                resolve(&child.attr("value")?, base)
            }
            _ => None,
        })
    };
    own_address(node, base).or_else(inner)
}

/// Returns the address in an embed's attributes. One that a script would load goes first: what is in `src` then only holds its place.
fn own_address(node: &NodeRef<'_>, base: Option<&Url>) -> Option<Url> {
    late_address(node, base).or_else(|| ["src", "data"].into_iter().find_map(|name| resolve(&node.attr(name)?, base)))
}

fn late_address(node: &NodeRef<'_>, base: Option<&Url>) -> Option<Url> {
    LATE.into_iter().find_map(|name| resolve(&node.attr(name)?, base))
}

/// Resolves an address of the web. An empty one, or a fragment alone, would be the page around the embed.
fn resolve(address: &str, base: Option<&Url>) -> Option<Url> {
    let address = address.trim();
    if address.is_empty() || address.starts_with('#') { None } else { resolve_web(address, base) }
}

/// Gives a player and the sources in it the address that a script would.
fn load(player: &NodeRef<'_>, base: Option<&Url>) {
    // The tree must not be walked while it is changed.
    let sources: Vec<NodeRef<'_>> = player.children_it(false).filter(|child| child.has_name("source")).collect();
    for node in std::iter::once(*player).chain(sources) {
        if let Some(url) = late_address(&node, base) {
            node.set_attr("src", url.as_str());
        }
    }
}

/// The page that shows what a player plays; else the address itself.
fn page(url: &Url) -> Url {
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.");
    let found = PLAYERS.iter().find_map(|(player, path, page)| {
        let id = url.path().strip_prefix(path).filter(|id| host == *player && !id.is_empty())?;
        Url::parse(&format!("{page}{id}")).ok()
    });
    found.unwrap_or_else(|| url.clone())
}

/// A link with the title of the embed, or the host that it is from.
fn anchor<'a>(embed: &NodeRef<'a>, url: &Url) -> NodeRef<'a> {
    let titles = ["title", "aria-label"].into_iter().filter_map(|name| embed.attr(name));
    let title = titles.map(|title| title.trim().to_owned()).find(|title| !title.is_empty());
    let host = || url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let anchor = embed.tree.new_element("a");
    anchor.set_attr("href", url.as_str());
    anchor.set_text(title.unwrap_or_else(host));
    anchor
}

/// A player is not started before its reader starts it, and says where its recording is.
fn fall_back(player: &NodeRef<'_>, url: &Url) {
    player.set_attr("controls", "");
    player.set_attr("preload", "none");
    let told = player.children_it(false).any(|child| {
        if child.is_text() { !child.text().trim().is_empty() } else { child.is_element() && !child.has_name("source") }
    });
    if !told {
        player.append_child(&anchor(player, url));
    }
}

/// Returns true if a paragraph may stand in the element.
fn holds_blocks(node: &NodeRef<'_>) -> bool {
    node.node_name().is_some_and(|name| elements::find(&name).holds_paragraphs())
}
