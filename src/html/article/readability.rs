//! The article of a page, found by readability (`dom_smoothie`), and what the page says of its own address.
//!
//! A page is the largest and the most hostile thing that is read: what cannot be part of an article is taken out before there
//! is a tree, and a page that is too deep or too large even then has no article.

use dom_smoothie::{Config, Readability};
use url::Url;

use crate::html::clean::limits;
use crate::html::scan::{Scanner, Token};
use crate::model::RawHtml;
use crate::panic;

/// A longer page, without scripts and styles, is no article.
const MOST_PAGE: usize = 2 << 20;
/// A page of more elements is no article: readability looks at each of them several times. (20,000 in whatever order, or 2 MB
/// of text 200 elements deep: less than a second without optimisation.)
const MOST_ELEMENTS: usize = 20_000;
/// A longer article would not be kept of a feed either.
const MOST_CONTENT: usize = 1 << 20;
/// A shorter text is no article: a note that there is something to accept, to pay or to wait for.
const LEAST_TEXT: usize = 250;
/// Elements without words of the article, whose inside is skipped as a whole.
const WORDLESS: [&str; 6] = ["script", "style", "svg", "template", "iframe", "select"];
/// First parts of host names that lead to the same site as the name without them.
const SAME_SITE: [&str; 4] = ["www.", "amp.", "m.", "mobile."];

/// The article of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// The article as it is written in the page: to be cleaned like all HTML.
    pub content: RawHtml,
    /// The address that the page gives as its own, if it is one of the same site. Of an AMP page that is the page it was made of.
    pub canonical: Option<Url>,
    /// The picture that the page wants to be shown with.
    pub image: Option<Url>,
}

/// Finds the article of a page that came from `url`; nothing where there is none, or where looking for it would cost too much.
pub fn extract_article(page: &str, url: &Url) -> Option<Article> {
    let page = without_the_wordless(page);
    if page.len() > MOST_PAGE || limits::is_hostile(&page) {
        return None;
    }
    panic::catch(|| read(page, url)).ok().flatten()
}

fn read(page: String, url: &Url) -> Option<Article> {
    let config = Config {
        max_elements_to_parse: MOST_ELEMENTS,
        disable_json_ld: true, // it was in a script
        char_threshold: LEAST_TEXT,
        ..Config::default()
    };
    let mut reader = Readability::new(page, Some(url.as_str()), Some(config)).ok()?;
    // These are read first: looking for the article takes the tree apart.
    let own = address(&reader, "link[rel~='canonical'][href]", "href", url)
        .or_else(|| address(&reader, "meta[property='og:url'][content]", "content", url))
        .filter(|own| is_of_the_same_page(own, url));
    let image = address(&reader, "meta[property='og:image'][content]", "content", url);
    let found = reader.parse().ok()?;
    let linked = reader.doc.select("#readability-page-1 a").text();
    let length = letters(&found.text_content);
    if length < LEAST_TEXT || letters(&linked) * 2 > length || found.content.len() > MOST_CONTENT {
        return None;
    }
    Some(Article { content: RawHtml(found.content.to_string()), canonical: own, image })
}

/// Counts the characters of a text, runs of white space once.
fn letters(text: &str) -> usize {
    text.split_whitespace().map(|word| word.chars().count() + 1).sum()
}

/// The address in an attribute of the first element that `selector` finds; http and https only.
fn address(reader: &Readability, selector: &str, attribute: &str, base: &Url) -> Option<Url> {
    let written = reader.doc.select_single(selector).attr(attribute)?;
    let url = base.join(written.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// True if a page at `url` may name `own` as its address: another site would speak for itself, and a front page that every
/// page of a site names is a mistake of that site.
fn is_of_the_same_page(own: &Url, url: &Url) -> bool {
    let is_front = own.path() == "/" && own.query().is_none() && url.path() != "/";
    !is_front && own.username().is_empty() && own.password().is_none() && site(own) == site(url)
}

/// The site that a host belongs to, as far as its name tells, with the port.
fn site(url: &Url) -> (Option<&str>, Option<u16>) {
    let host = url.host_str().map(|host| {
        let host = host.trim_end_matches('.');
        let short = SAME_SITE.iter().find_map(|first| host.strip_prefix(first));
        short.filter(|short| short.contains('.')).unwrap_or(host)
    });
    (host, url.port())
}

/// A page without scripts, styles, drawings and comments: mostly that is nine tenths of it, and full of `<` that begin no tag.
fn without_the_wordless(page: &str) -> String {
    let mut out = String::with_capacity(page.len() / 4);
    let mut tokens = Scanner::new(page);
    while let Some(token) = tokens.next() {
        match token {
            Token::Comment(_) => {}
            Token::Start(tag) if let Some(name) = WORDLESS.into_iter().find(|name| tag.is(name)) => {
                if !tag.is_self_closing() {
                    tokens.skip_element(name);
                }
            }
            token => out.push_str(token.raw()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn paragraphs(count: usize) -> String {
        "<p>La flamme est arrivée au stade, portée par une ancienne championne, sous les yeux de la foule.</p>".repeat(count)
    }

    fn page(head: &str, body: &str) -> String {
        format!(
            "<!DOCTYPE html><html lang=fr><head><title>La flamme</title>{head}</head><body><nav><ul><li><a href=/>Accueil</a>\
             <li><a href=/jo>Les Jeux</a></ul></nav><main><article><h1>La flamme</h1>{body}</article></main>\
             <footer><a href=/mentions>Mentions</a></footer></body></html>"
        )
    }

    fn found(page: &str) -> Option<Article> {
        extract_article(page, &url("https://www.a.fr/jo/flamme"))
    }

    #[test]
    fn the_article_is_found_among_what_surrounds_it() {
        let text = found(&page("", &paragraphs(5))).expect("an article").content.0;
        assert_eq!(text.matches("La flamme est arrivée").count(), 5, "{text}");
        assert!(!text.contains("Accueil") && !text.contains("Mentions"), "{text}");
    }

    #[test]
    fn what_is_no_article_is_none() {
        for (what, page) in [
            ("nothing", String::new()),
            ("a note", page("", "<p>Accédez à la suite avec votre abonnement.</p>")),
            ("links", format!("<body>{}", "<li><a href=/x>Un titre</a>".repeat(40))),
            ("no end", "<".repeat(3_000_000)),
            ("depth", page("", &format!("{}{}", "<div>".repeat(20_000), paragraphs(5)))),
            ("elements", page("", &paragraphs(MOST_ELEMENTS))),
            (
                "attributes",
                page("", &format!("<p {}>{}", (0..9_000).map(|n| format!("a{n} ")).collect::<String>(), paragraphs(5))),
            ),
            ("length", page("", &format!("<p>{}", "mot, ".repeat(MOST_CONTENT / 4)))),
        ] {
            assert!(found(&page).is_none(), "{what}");
        }
    }

    #[test]
    fn scripts_and_comments_neither_hide_an_article_nor_make_it_hostile() {
        let script = format!("<script>document.write('{}')</script>", "<div>".repeat(20_000));
        let body =
            format!("{script}{}<!-- <p>caché {} --><STYLE>p>a</STYLE >{}", paragraphs(3), "<b>".repeat(999), paragraphs(3));
        let text = found(&page(&script, &body)).expect("an article").content.0;
        assert_eq!(text.matches("La flamme est arrivée").count(), 6, "{text}");
        assert!(!text.contains("caché") && !text.contains("p>a") && !text.contains("write"), "{text}");
        assert_eq!(without_the_wordless("a<scripted>b<script>c</scripts></script x>d<svg>"), "a<scripted>bd");
        assert_eq!(without_the_wordless("a<!-->b<!--->c<!--[if x]><!-->d<!-- -- > -->e<!--"), "abcde");
    }

    #[test]
    fn a_page_may_name_its_own_address_and_no_other() {
        let own = |head: &str| found(&page(head, &paragraphs(5))).expect("an article").canonical.map(String::from);
        for (head, canonical) in [
            ("<link rel=canonical href=/jo/flamme-2026>", Some("https://www.a.fr/jo/flamme-2026")),
            ("<link rel='canonical' href='https://a.fr/1'><meta property=og:url content=https://a.fr/2>", Some("https://a.fr/1")),
            ("<meta property='og:url' content='https://m.a.fr/2'>", Some("https://m.a.fr/2")),
            ("<link rel=canonical href='https://b.fr/jo/flamme'>", None),
            ("<link rel=canonical href='https://www.a.fr:8443/jo/flamme'>", None),
            ("<link rel=canonical href='https://x@www.a.fr/jo/flamme'>", None),
            ("<link rel=canonical href='javascript:alert(1)'>", None),
            ("<link rel=canonical href=/>", None),
            ("", None),
        ] {
            assert_eq!(own(head).as_deref(), canonical, "{head}");
        }
        let amp = page("<link rel=canonical href=https://www.a.fr/jo/flamme>", &paragraphs(5)).replace("<html", "<html ⚡");
        let amp = extract_article(&amp, &url("https://amp.a.fr/jo/flamme.amp")).expect("an article");
        assert_eq!(amp.canonical.map(String::from).as_deref(), Some("https://www.a.fr/jo/flamme"));
    }

    #[test]
    fn a_picture_of_the_page_is_named_whole() {
        let image = |head: &str| found(&page(head, &paragraphs(5))).expect("an article").image.map(String::from);
        assert_eq!(image("<meta property=og:image content=/a.jpg>").as_deref(), Some("https://www.a.fr/a.jpg"));
        assert_eq!(image("<meta property=og:image content='data:image/png;base64,x'>"), None);
    }

    /// Text that is likely to be almost a page.
    fn almost() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "<html>",
            "<body",
            "</body>",
            "<div class=comment>",
            "</div>",
            "<p>",
            "</p>",
            "<br>",
            "<a href='",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<link rel=canonical href=",
            "<meta property=og:image content=",
            "<article>",
            "<table><tr><td>",
            "<noscript><img src=x></noscript>",
            "<svg>",
            "</",
            "<",
            ">",
            "'",
            "\"",
            "=",
            " ",
            "é",
            "\0",
            "mot, mot et mot. ",
            "La phrase est longue, avec des virgules, et elle ne dit rien de plus que cela. ",
            "https://a.fr/",
            "//",
            "data:x",
        ]);
        prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_page_is_an_article_or_none(page in prop_oneof![".{0,200}", almost()], repeated in 1_usize..20) {
            if let Some(article) = found(&page.repeat(repeated)) {
                prop_assert!(article.content.0.len() <= MOST_CONTENT);
                prop_assert!(article.canonical.is_none_or(|own| matches!(own.scheme(), "http" | "https")));
            }
        }
    }
}
