//! Tails that a site's software puts behind each article, removed: “The post … appeared first on …”, “Read more”, “[…]”.

use dom_query::NodeRef;

use crate::html::dom::{is_blank, is_block, is_on_own_line, remove_if_empty};

/// The beginning of a tail and a later phrase of it, in lower case with straight apostrophes: `WordPress` in its languages.
const APPEARED: [(&str, &str); 27] = [
    ("l'article", "est apparu en premier sur"),
    ("l'article", "est apparu d'abord sur"),
    ("l'article", "est paru en premier sur"),
    ("cet article", "est apparu en premier sur"),
    ("cet article", "est apparu d'abord sur"),
    ("le billet", "est apparu en premier sur"),
    ("the post", "appeared first on"),
    ("the post", "first appeared on"),
    ("this post", "appeared first on"),
    ("this article", "appeared first on"),
    ("the article", "appeared first on"),
    ("der beitrag", "erschien zuerst auf"),
    ("der artikel", "erschien zuerst auf"),
    ("dieser beitrag", "erschien zuerst auf"),
    ("la entrada", "se publicó primero en"),
    ("la entrada", "aparece primero en"),
    ("la entrada", "apareció primero en"),
    ("el artículo", "se publicó primero en"),
    ("el cargo", "apareció primero en"),
    ("l'articolo", "proviene da"),
    ("l'articolo", "sembra essere il primo su"),
    ("o post", "apareceu primeiro em"),
    ("o post", "aparece primeiro em"),
    ("o conteúdo", "aparece primeiro em"),
    ("o artigo", "aparece primeiro em"),
    ("l'entrada", "ha aparegut primer a"),
    ("het bericht", "verscheen eerst op"),
];
/// Beginnings of links that lead to the rest of an article.
const READ_MORE: [&str; 22] = [
    "lire la suite",
    "lire l'article",
    "lire plus",
    "lire l'intégralité",
    "continuer la lecture",
    "poursuivre la lecture",
    "en savoir plus",
    "voir plus",
    "continue reading",
    "read more",
    "read the rest",
    "read the full",
    "keep reading",
    "weiterlesen",
    "mehr lesen",
    "leer más",
    "seguir leyendo",
    "continuar leyendo",
    "leggi tutto",
    "continua a leggere",
    "ler mais",
    "lees verder",
];
/// A tail is no longer than this: two titles and a phrase.
const LONGEST: usize = 700;
/// The most tails that are cut from one article: a site's, and those of the plug-ins of its site.
const MOST: usize = 8;

/// Cuts the tails from the end of an article.
pub(super) fn cut(root: &NodeRef<'_>) {
    let mut cut = false;
    for _ in 0..MOST {
        let Some(end) = End::of(root) else { break };
        if !(end.cut_appeared() || end.cut_read_more()) {
            break;
        }
        cut = true;
    }
    while let Some(last) = root.last_child().filter(|last| cut && (last.has_name("br") || last.is_text() && is_on_own_line(last)))
    {
        last.remove_from_parent();
    }
    if let Some(end) = End::of(root) {
        end.mend_ellipsis();
    }
}

/// The last line of an article: its text nodes, as many as can belong to a tail, and their text made comparable.
struct End<'a> {
    texts: Vec<(NodeRef<'a>, usize)>,
    flat: Vec<char>,
    /// True if `flat` begins where the line begins.
    whole: bool,
}

impl<'a> End<'a> {
    fn of(root: &NodeRef<'a>) -> Option<Self> {
        let mut line = *root;
        let last = loop {
            let mut last = line.last_child()?;
            while last.is_comment() || last.is_text() && is_blank(&last.text()) || last.has_name("br") {
                last = last.prev_sibling()?;
            }
            match last.node_name() {
                Some(name) if matches!(name.as_ref(), "div" | "section" | "article" | "p" | "footer" | "center") => line = last,
                Some(name) if is_block(&name) => return None,
                _ => break last,
            }
        };
        let mut end = Self { texts: Vec::new(), flat: Vec::new(), whole: true };
        let mut next = Some(last);
        let mut parts = Vec::new();
        let mut length = 0;
        while let Some(node) = next.filter(|node| node.is_text() || !is_on_own_line(node)) {
            if length > LONGEST {
                end.whole = false;
                break;
            }
            let texts: Vec<NodeRef<'a>> =
                if node.is_text() { vec![node] } else { node.descendants_it().filter(NodeRef::is_text).collect() };
            for text in texts.into_iter().rev() {
                length += text.text().chars().count();
                parts.push(text);
            }
            next = node.prev_sibling();
        }
        for text in parts.into_iter().rev() {
            end.texts.push((text, end.flat.len()));
            end.flat.extend(text.text().chars().map(comparable));
        }
        Some(end)
    }

    /// The comparable text.
    fn said(&self) -> String {
        self.flat.iter().collect()
    }

    fn cut_appeared(&self) -> bool {
        let said = self.said();
        let found = APPEARED.iter().find_map(|(begin, then)| {
            let then = said.rfind(then)?;
            let at = said[..then].rfind(begin)?;
            let apart = said[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
            let place = said[..at].chars().count();
            (apart && self.flat.len() - place <= LONGEST).then_some(place)
        });
        let Some(place) = found else { return false };
        self.cut_from(place);
        true
    }

    /// A link that ends the line and leads to the rest of the article.
    fn cut_read_more(&self) -> bool {
        let Some((last, _)) = self.texts.iter().rev().find(|(text, _)| text.is_nonempty_text()) else { return false };
        let link = last.ancestors_it(Some(4)).find(|outer| outer.has_name("a"));
        let place = match link {
            Some(link) => {
                let inside = |text: &NodeRef<'_>| text.ancestors_it(Some(4)).any(|outer| outer.id == link.id);
                self.texts.iter().find(|(text, _)| inside(text)).map_or(0, |(_, at)| *at)
            }
            // Without a link, only a line that says nothing else.
            None if self.whole => 0,
            None => return false,
        };
        let said: String = self.flat[place..].iter().collect();
        let said = said.trim_matches(|c: char| !c.is_alphanumeric());
        let is_more = READ_MORE.iter().any(|phrase| {
            said.strip_prefix(phrase).is_some_and(|rest| match link {
                Some(_) => rest.chars().next().is_none_or(|c| !c.is_alphanumeric()) && rest.chars().count() < LONGEST / 3,
                None => rest.is_empty(),
            })
        });
        if is_more {
            self.cut_from(place);
        }
        is_more
    }

    /// Drops the text from a character on, and the elements that hold nothing then.
    fn cut_from(&self, place: usize) {
        for (text, at) in &self.texts {
            let written = text.text();
            let length = written.chars().count();
            if at + length <= place {
                if at + length == place {
                    text.set_text(written.trim_end());
                }
                continue;
            }
            let kept: String = written.chars().take(place.saturating_sub(*at)).collect();
            if !is_blank(&kept) {
                text.set_text(kept.trim_end());
                continue;
            }
            let outer: Vec<NodeRef<'_>> = text.ancestors_it(Some(8)).collect();
            text.remove_from_parent();
            for node in outer.iter().take_while(|node| node.parent().is_some_and(|parent| parent.is_element())) {
                remove_if_empty(node);
            }
        }
    }

    /// “[…]” at the end is what `WordPress` cuts with: an ellipsis says as much.
    fn mend_ellipsis(&self) {
        let Some((last, _)) = self.texts.iter().rev().find(|(text, _)| text.is_nonempty_text()) else { return };
        let written = last.text();
        let trimmed = written.trim_end();
        if let Some(before) = ["[…]", "[...]", "[..]", "(...)", "(…)"].iter().find_map(|cut| trimmed.strip_suffix(cut)) {
            let before = before.trim_end().trim_end_matches(['…', '.']);
            last.set_text(format!("{before}…"));
        }
    }
}

/// A character by which tails are compared: small, apostrophes straight, all white space alike.
fn comparable(c: char) -> char {
    match c {
        '’' | 'ʼ' | '‘' => '\'',
        c if c.is_whitespace() => ' ',
        c => c.to_lowercase().next().unwrap_or(c),
    }
}
