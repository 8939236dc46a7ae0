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
        let shown = address(node).and_then(|address| resolve_web(&address, self.base)).map(|url| page(&url));
        let name = node.node_name().unwrap_or_default();
        if matches!(name.as_ref(), "video" | "audio") {
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

/// Returns the address that the embed shows.
fn address(node: &NodeRef<'_>) -> Option<String> {
    if let Some(id) = node.attr("data-videoid").filter(|_| node.has_name("amp-youtube")) {
        return Some(format!("{}{id}", PLAYERS[0].2));
    }
    let own = ["src", "data", "data-src", "data-lazy-src"].into_iter().find_map(|name| node.attr(name));
    let own = own.filter(|address| !address.trim().is_empty() && !address.starts_with("about:"));
    let inner = || {
        node.children_it(false).find_map(|child| match child.node_name()?.as_ref() {
            "source" => child.attr("src"),
            "param" if child.attr("name").is_some_and(|name| matches!(&*name.to_ascii_lowercase(), "movie" | "src" | "url")) => {
                child.attr("value")
            }
            _ => None,
        })
    };
    own.or_else(inner).map(|address| address.to_string())
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

/// True if a paragraph may stand in the element.
fn holds_blocks(node: &NodeRef<'_>) -> bool {
    node.node_name().is_some_and(|name| elements::find(&name).holds_paragraphs())
}
