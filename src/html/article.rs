//! Making of an entry's HTML what readers want, before it is cleaned. What leaves here is not safe yet.
//!
//! One tree, two walks: down it, each element is put right by its name; then up it, what is empty goes. Tails come last,
//! because the end of an article is known only then.

use dom_query::{Document, NodeRef};

use self::embeds::Embeds;
use super::clean::{clean, limits};
use super::dom::{LinkBase, is_blank, make_addresses_absolute, remove_if_empty, replace_by_text, unwrap};
use super::elements;
use super::entities::join_surrogates;
use crate::model::{Clean, Lang, RawHtml};

mod boilerplate;
mod embeds;
mod french;
mod images;
pub(super) mod lead_image;
mod math;
pub(super) mod readability;
pub(super) mod summary;

/// Cleans the HTML of an entry and makes it what readers want: counters and empty blocks dropped, late-loaded images shown,
/// embeds as links, boilerplate such as “The post … appeared first on …” removed, French guillemets repaired if `lang` is French.
pub fn clean_article<'a>(html: &RawHtml, links: impl Into<LinkBase<'a>>, lang: Option<&Lang>) -> Clean {
    if html.0.trim().is_empty() || limits::is_hostile(&html.0) {
        return clean(html, None);
    }
    clean(&RawHtml(edited(&html.0, links.into(), lang)), None)
}

/// The HTML of an entry as readers want it. `lang` tells what the text is in.
fn edited(html: &str, links: LinkBase<'_>, lang: Option<&Lang>) -> String {
    let document = Document::fragment(join_surrogates(html).as_ref());
    let root = document.html_root();
    let nodes = root.descendants();
    let mut embeds = Embeds::new(links.base);
    let is_french = lang.is_some_and(|lang| lang.primary() == "fr");
    let mut before = None;
    for node in &nodes {
        if node.is_text() {
            if is_french {
                before = french::mend(node, before);
            }
        } else {
            put_right(node, links, &mut embeds);
            make_addresses_absolute(node, links);
        }
    }
    if nodes.iter().any(means_something) {
        for node in nodes.iter().rev() {
            remove_if_empty(node);
        }
        boilerplate::cut(&root);
    }
    root.inner_html().to_string()
}

/// Puts one element right by its name.
fn put_right(node: &NodeRef<'_>, links: LinkBase<'_>, embeds: &mut Embeds<'_>) {
    let Some(name) = node.node_name() else {
        // Comments and processing instructions.
        node.remove_from_parent();
        return;
    };
    match name.as_ref() {
        "script" | "style" | "template" | "noembed" | "noframes" => node.remove_from_parent(),
        "img" => images::settle(node, links.base),
        "amp-img" | "amp-anim" => {
            node.rename("img");
            images::settle(node, links.base);
        }
        "picture" => {
            images::unfold(node, links.base);
            // An image of the tree is visited after its picture; one that was made just now is right already.
            unwrap(node);
        }
        "noscript" => fall_back(node),
        "svg" => say(node),
        "math" => math::say(node),
        "iframe" | "embed" | "object" | "applet" | "video" | "audio" => embeds.put_right(node),
        name if name.starts_with("amp-") || name.starts_with("lite-") => embeds.put_right(node),
        _ if node.has_attr("hidden") => node.remove_from_parent(),
        _ => {}
    }
}

/// Puts the words of a drawing in its place, each label apart from the others: `12` and `34` are not 1234.
fn say(drawing: &NodeRef<'_>) {
    let is_label = |node: &NodeRef<'_>| node.has_name("title") || node.has_name("text");
    let mut words = String::new();
    let mut next = drawing.first_child();
    while let Some(inner) = next {
        let is_label = is_label(&inner);
        if is_label {
            let label = inner.text();
            let label = label.trim();
            if !words.is_empty() && !label.is_empty() {
                words.push(' ');
            }
            words.push_str(label);
        }
        let down = inner.first_child().filter(|_| !is_label);
        next = down.or_else(|| {
            let up = std::iter::once(inner).chain(inner.ancestors_it(None)).take_while(|outer| outer.id != drawing.id);
            up.into_iter().find_map(|outer| outer.next_sibling())
        });
    }
    replace_by_text(drawing, words);
}

/// Shows the content of a `<noscript>`, unless its image is already shown beside it.
fn fall_back(noscript: &NodeRef<'_>) {
    let is_twice = noscript.prev_element_sibling().is_some_and(|before| before.has_name("img"))
        && noscript.first_element_child().is_some_and(|inner| inner.has_name("img"));
    if is_twice { noscript.remove_from_parent() } else { unwrap(noscript) }
}

/// Returns true if a node is text or shows something. An entry of empty elements alone is left as it is.
fn means_something(node: &NodeRef<'_>) -> bool {
    if node.is_text() {
        return !is_blank(&node.text());
    }
    node.is_element() && node.node_name().is_some_and(|name| elements::find(&name).is_shown_empty())
}

#[cfg(test)]
mod tests {
    use url::Url;

    use crate::html::LinkBase;
    use crate::model::{Lang, RawHtml};

    fn read(html: &str) -> String {
        let base = Url::parse("https://example.org/actu/").expect("a URL");
        crate::html::clean_article(&RawHtml(html.to_owned()), Some(&base), Lang::new("fr").as_ref())
            .as_str()
            .replace(" rel=\"noopener noreferrer\"", "")
    }

    fn table(cases: &[(&str, &str)]) {
        for (html, expected) in cases {
            assert_eq!(read(html), *expected, "{html}");
            assert_eq!(read(expected), *expected, "once more: {html}");
        }
    }

    #[test]
    fn counters_of_readers_are_dropped() {
        table(&[
            ("<p>a<img src=/p.gif width=1 height=1></p>", "<p>a</p>"),
            ("<p>a<img src=/p.gif width=0></p>", "<p>a</p>"),
            ("<p>a<img src=/p.gif style='display : none'></p>", "<p>a</p>"),
            ("<p>a<img src=https://pixel.wp.com/b.gif?x=1></p>", "<p>a</p>"),
            ("<p>a<img src=/photo.jpg width=1></p>", "<p>a<img src=\"https://example.org/photo.jpg\" width=\"1\"></p>"),
        ]);
    }

    #[test]
    fn empty_blocks_are_dropped_and_meaning_is_kept() {
        table(&[
            ("<p>a</p><p>&nbsp;</p><p><br></p><div><span><p> </p></span></div><p>b</p>", "<p>a</p><p>b</p>"),
            ("<ul><li>a</li><li> </li></ul><ol><li></li></ol>", "<ul><li>a</li></ul>"),
            ("a<span> </span>b<b></b>", "a b"),
            ("a<div></div>b", "a<br>b"),
            ("a<br>b", "a<br>b"),
            (
                "<p>a<svg><title>Un anneau</title><path/></svg> <math><mi>a</mi><mo>+</mo><mi>b</mi></math></p>",
                "<p>aUn anneau a+b</p>",
            ),
            ("<p hidden>caché</p>b", "b"),
            ("<table><tr><td></td><td>1</td></tr></table>", "<table><tbody><tr><td></td><td>1</td></tr></tbody></table>"),
            ("<aside></aside>", "<aside></aside>"),
            ("<p><img src=/a.jpg></p>", "<p><img src=\"https://example.org/a.jpg\"></p>"),
        ]);
    }

    #[test]
    fn labels_of_a_drawing_stay_apart() {
        table(&[("<p>a<svg><g><text>12</text><text><tspan>34</tspan></text></g></svg></p>", "<p>a12 34</p>")]);
    }

    #[test]
    fn relative_links_lead_to_the_base_and_links_within_the_text_to_the_page() {
        let (base, page) = ("https://example.org/", "https://example.org/actu/1");
        let (base, page) = (Url::parse(base).expect("a URL"), Url::parse(page).expect("a URL"));
        let html = RawHtml("<a href='#n1'>1</a><a href=' #n2'>2</a><a href=x>x</a><img src=i.jpg>".to_owned());
        let read = |links| crate::html::clean_article(&html, links, None).as_str().replace(" rel=\"noopener noreferrer\"", "");
        let rest = "<a href=\"https://example.org/x\">x</a><img src=\"https://example.org/i.jpg\">";
        assert_eq!(
            read(LinkBase { base: Some(&base), page: Some(&page) }),
            format!("<a href=\"{page}#n1\">1</a><a href=\"{page}#n2\">2</a>{rest}")
        );
        assert_eq!(read(LinkBase { base: Some(&base), page: None }), format!("<a>1</a><a>2</a>{rest}"));
    }

    #[test]
    fn emoji_written_as_two_references_is_one_character() {
        table(&[("<p>a &#55357;&#56841; b &#xD83D;&#xDE09; c &#55357; d</p>", "<p>a 😉 b 😉 c \u{fffd} d</p>")]);
    }

    #[test]
    fn images_that_load_late_are_shown() {
        let image = "<img src=\"https://example.org/a.jpg\">";
        table(&[
            ("<img src='data:image/gif;base64,R0lGODlhAQABAIAA' data-src=/a.jpg>", image),
            ("<img src=/blank.gif data-lazy-src=/a.jpg>", image),
            ("<img data-original='/a.jpg' src=/small.jpg>", image),
            ("<img srcset='/s.jpg 320w, /a.jpg 900w'>", image),
            ("<img src=/a.jpg srcset='/b.jpg 900w'>", image),
            (
                "<picture><source srcset='/a.jpg 2x'><img src='data:image/svg+xml,x' alt></picture>",
                "<img src=\"https://example.org/a.jpg\" alt=\"\">",
            ),
            ("<picture><source srcset='/a.jpg 2x'></picture>", image),
            ("<img class=lazy src=/lazyload.png alt=Stade><noscript><img src=/a.jpg></noscript>", image),
            ("<img src=/a.jpg><noscript><img src=/a.jpg></noscript>", image),
            ("<amp-img src=/a.jpg></amp-img>", image),
            ("<p><img src='javascript:x' alt='Le stade'></p>", "<p>Le stade</p>"),
        ]);
    }

    #[test]
    fn embeds_become_links_behind_their_paragraph() {
        let link = "<p><a href=\"https://www.youtube.com/watch?v=ab\">youtube.com</a></p>";
        table(&[
            ("<p>Un<iframe src='//www.youtube.com/embed/ab'></iframe> mot</p>", &format!("<p>Un mot</p>{link}")),
            ("Un<iframe src='//www.youtube.com/embed/ab'></iframe> mot<p>b</p>", &format!("Un mot{link}<p>b</p>")),
            (
                "<figure><iframe src='https://www.youtube-nocookie.com/embed/ab'></iframe></figure>",
                &format!("<figure>{link}</figure>"),
            ),
            (
                "<object><param name=movie value='https://www.youtube.com/v/ab'><embed src='https://www.youtube.com/v/ab'></object>",
                link,
            ),
            ("<p><iframe title='Le film' src=/f></iframe></p>", "<p><a href=\"https://example.org/f\">Le film</a></p>"),
            ("<p>a<iframe src='javascript:x'></iframe><embed src='data:text/html,x'></p>", "<p>a</p>"),
            ("<p>a</p><amp-youtube data-videoid=ab></amp-youtube>", &format!("<p>a</p>{link}")),
            (
                "<video src=/v.mp4></video>",
                "<video src=\"https://example.org/v.mp4\" controls=\"\" preload=\"none\"><a href=\"https://example.org/v.mp4\">example.org</a></video>",
            ),
        ]);
    }

    #[test]
    fn embeds_that_a_script_would_load_become_links_too() {
        let link = "<p><a href=\"https://www.youtube.com/watch?v=ab\">youtube.com</a></p>";
        let frame = "https://www.youtube.com/embed/ab";
        for attributes in [
            format!("data-src='{frame}' src='about:blank'"),
            format!("src='' data-lazy-src='{frame}'"),
            format!("src='data:text/html,x' data-cookieblock-src='{frame}'"),
            "src='/consent.html' data-src-cmplz='//www.youtube.com/embed/ab'".to_owned(),
            format!("src='javascript:false' suppressedsrc=' {frame} '"),
        ] {
            assert_eq!(read(&format!("<p>a</p><iframe {attributes}></iframe><p>b</p>")), format!("<p>a</p>{link}<p>b</p>"));
        }
        table(&[
            ("<p>a</p><lite-youtube videoid=ab>Lire</lite-youtube>", &format!("<p>a</p>Lire{link}")),
            ("<p>a</p><iframe src='#' data-src=''></iframe>", "<p>a</p>"),
            (
                "<video src='' data-src=/v.mp4>x</video>",
                "<video src=\"https://example.org/v.mp4\" controls=\"\" preload=\"none\">x</video>",
            ),
            (
                "<audio><source data-src=/a.mp3 type=audio/mpeg>x</audio>",
                "<audio controls=\"\" preload=\"none\"><source type=\"audio/mpeg\" src=\"https://example.org/a.mp3\">x</audio>",
            ),
        ]);
    }

    #[test]
    fn tails_are_cut_from_the_end_alone() {
        table(&[
            ("<p>a</p><p>L’article <a href=/x>T</a> est apparu en premier sur <a href=/>S</a>.</p>", "<p>a</p>"),
            ("<p>a</p>\n<p>The post T appeared first on S.</p>\n<img width=1 height=1 src=/p>", "<p>a</p>"),
            ("<p>a</p><div><p>Lire la suite →</p></div>", "<p>a</p>"),
            ("<p>a [&#8230;]</p><p><a href=/x>Lire l’article de T</a></p>", "<p>a…</p>"),
            ("<p>a… <a href=/x>Continue reading <span>T</span></a></p>", "<p>a…</p>"),
            ("Fin. L'article T est apparu en premier sur S.", "Fin."),
            ("<p>a<br><br>Der Beitrag <a href=/x>T</a> erschien zuerst auf <a href=/>S</a>.</p>", "<p>a<br><br></p>"),
            ("<p>The post T appeared first on S.</p><p>a</p>", "<p>The post T appeared first on S.</p><p>a</p>"),
            ("<p>Lire la suite du procès, dit-il.</p>", "<p>Lire la suite du procès, dit-il.</p>"),
            ("<p>a […] b</p>", "<p>a […] b</p>"),
        ]);
    }

    #[test]
    fn french_text_keeps_its_spaces_and_gets_its_guillemets() {
        table(&[("<p>le «&nbsp;cloud« .</p>", "<p>le «&nbsp;cloud&nbsp;».</p>"), ("<p>Quoi&nbsp;?</p>", "<p>Quoi&nbsp;?</p>")]);
        let english = crate::html::clean_article(&RawHtml("le cloud« .".to_owned()), None, Lang::new("en").as_ref());
        assert_eq!(english.as_str(), "le cloud« .");
    }

    #[test]
    fn a_summary_is_made_of_the_first_paragraphs() {
        let content = crate::html::clean(&RawHtml("<h2>T</h2><p>Un <b>mot</b> &amp; deux.</p>".to_owned()), None);
        let summary = crate::html::summarize(&content).expect("a summary");
        assert_eq!(summary.as_str(), "<p>T</p><p>Un mot &amp; deux.</p>");
        assert_eq!(crate::html::summarize(&crate::html::clean(&RawHtml("<hr>".to_owned()), None)), None);
    }
}
