use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn tokens(html: &str) -> Vec<Token<'_>> {
    Scanner::new(html).collect()
}

/// The first start tag.
fn tag(html: &str) -> Tag<'_> {
    Scanner::new(html).find_map(|token| if let Token::Start(tag) = token { Some(tag) } else { None }).expect("a tag")
}

fn attributes(html: &str) -> Vec<(&str, String)> {
    tag(html).attributes().map(|attribute| (attribute.name, attribute.value().into_owned())).collect()
}

/// Each token as its kind and its text.
fn kinds(html: &str) -> Vec<(&'static str, &str)> {
    let kind = |token: &Token<'_>| match token {
        Token::Text(_) => "text",
        Token::RawText(_) => "raw",
        Token::Start(_) => "start",
        Token::End(_) => "end",
        Token::Comment(_) => "comment",
        Token::Other(_) => "other",
        Token::Unfinished(_) => "unfinished",
    };
    Scanner::new(html).map(|token| (kind(&token), token.raw())).collect()
}

#[test]
fn attributes_are_read_however_they_are_quoted() {
    for (html, expected) in [
        ("<img alt=\"x > y\" src=photo.jpg>", vec![("alt", "x > y"), ("src", "photo.jpg")]),
        ("<a title='>'>", vec![("title", ">")]),
        ("<a href='/?a=1&amp;b=2'>", vec![("href", "/?a=1&b=2")]),
        ("<img/src=a>", vec![("src", "a")]),
        ("<IMG SRC=a ALT>", vec![("SRC", "a"), ("ALT", "")]),
        ("<a\nhref\n=\n'x'\ntitle=y\n>", vec![("href", "x"), ("title", "y")]),
        ("<a b=1 c = '2 > 3' d=\"4\"e/f/ >g h", vec![("b", "1"), ("c", "2 > 3"), ("d", "4"), ("e", ""), ("f", "")]),
        ("<br/>", vec![]),
        ("<a x/y=z <b>", vec![("x", ""), ("y", "z"), ("<b", "")]),
        ("<a =x=y>", vec![("=x", "y")]),
        ("<a href=/x/>", vec![("href", "/x/")]),
        ("<a\0 b\0=\0>", vec![("b\0", "\0")]),
    ] {
        assert_eq!(attributes(html), expected.iter().map(|(n, v)| (*n, (*v).to_owned())).collect::<Vec<_>>(), "{html:?}");
    }
}

#[test]
fn attributes_are_found_by_their_whole_name_and_the_first_counts() {
    let link = tag("<link data-href=\"/no\" HREF=\"/yes\" href='/later'>");
    assert_eq!(link.attribute("href").as_deref(), Some("/yes"));
    assert_eq!(link.attribute("data").as_deref(), None);
    assert!(link.is("LINK") && !link.is("lin"));
}

#[test]
fn a_quote_that_is_never_closed_quotes_nothing() {
    assert_eq!(kinds("<a href=\"x>Texte"), [("start", "<a href=\"x>"), ("text", "Texte")]);
    assert_eq!(attributes("<a href=\"x>Texte"), [("href", "x".to_owned())]);
    assert_eq!(kinds("a<b c='"), [("text", "a"), ("unfinished", "<b c='")]);
}

#[test]
fn what_is_no_tag_is_text() {
    for text in ["1 < 2", "<3", "<", "<>", "a <<", "</", "a < b > c", "\0<\0"] {
        assert_eq!(kinds(text), [("text", text)]);
    }
    assert_eq!(kinds("<<b>"), [("text", "<"), ("start", "<b>")]);
}

#[test]
fn comments_and_the_like_end_where_they_do_in_browsers() {
    for (html, kind) in [
        ("<!-- > -->", "comment"),
        ("<!-->", "comment"),
        ("<!--->", "comment"),
        ("<!-- a --!>", "comment"),
        ("<!-- <b>never closed", "comment"),
        ("<!DOCTYPE html>", "other"),
        ("<?xml version='1.0'?>", "other"),
        ("<![CDATA[ a > b ]]>", "other"),
        ("<![CDATA[ a >", "other"),
        ("</>", "other"),
        ("</3>", "other"),
        ("<!a", "unfinished"),
    ] {
        assert_eq!(kinds(html), [(kind, html)]);
    }
    assert_eq!(kinds("<!--!><b>-->")[0], ("comment", "<!--!><b>-->"));
}

#[test]
fn raw_text_holds_no_tags() {
    let html = "<script>if (a < b) '<b>' </scripts></SCRIPT x>c";
    let (script, rest) = ("if (a < b) '<b>' </scripts>", [("end", "</SCRIPT x>"), ("text", "c")]);
    assert_eq!(kinds(html), [vec![("start", "<script>"), ("raw", script)], rest.to_vec()].concat());
    assert_eq!(kinds("<title>a &amp; <b></title>")[1], ("text", "a &amp; <b>"));
    assert_eq!(kinds("<style></style>").len(), 2);
    assert_eq!(kinds("<script/><b>")[1], ("start", "<b>"), "as XHTML has it");
    assert_eq!(kinds("<script><b>")[1], ("raw", "<b>"));
}

#[test]
fn names_are_whole() {
    for (html, name) in [("<amp-img src=x>", "amp-img"), ("<o:p>", "o:p"), ("<br/>", "br"), ("<h1\n>", "h1")] {
        assert_eq!(tag(html).name, name);
    }
}

#[test]
fn an_element_is_skipped_to_its_end_tag() {
    let mut scanner = Scanner::new("<svg><title>a</svgs></svg >b");
    scanner.next();
    scanner.skip_element("svg");
    assert_eq!(scanner.rest(), "b");
    scanner.skip_element("svg");
    assert_eq!(scanner.rest(), "");
}

/// Scans `piece` repeated to about a megabyte.
fn time_to_scan(piece: &str, end: &str) -> Duration {
    let html = piece.repeat((1 << 20) / piece.len()) + end;
    let began = Instant::now();
    let length: usize = Scanner::new(&html).map(|token| token.raw().len()).sum();
    assert_eq!(length, html.len());
    began.elapsed()
}

#[test]
fn scanning_takes_linear_time() {
    for piece in [
        "<",
        "<a ",
        "<a b=' ",
        "<a b='>' ",
        "<a/b=",
        "<a b=\"'>",
        "<!--",
        "<!--->",
        "-",
        "<!-",
        "<![CDATA[>",
        "<![CDATA[",
        "</",
        "</a",
        "<?",
        "<script>",
        "<script></scrip",
        "<title>",
        "</script",
        "<a b=\"",
        "<a b='\">",
        "&",
        "<\0",
    ] {
        for end in ["", ">", "'", "\"", "\" x='"] {
            // Quadratic time would be minutes: a megabyte of any of these is some 100,000 looks at a megabyte.
            let time = time_to_scan(piece, end);
            assert!(time < Duration::from_secs(5), "{piece:?} … {end:?}: {time:?}");
        }
    }
}

/// Text that is almost HTML.
fn almost_html() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<",
        ">",
        "</",
        "/",
        "<!--",
        "-->",
        "--!>",
        "<!",
        "<?",
        "<![CDATA[",
        "]]>",
        "=",
        "'",
        "\"",
        " ",
        "\n",
        "\0",
        "a",
        "é",
        "<a ",
        "<b>",
        "</b>",
        "<script>",
        "</script>",
        "<textarea>",
        "</textarea",
        "<title>",
        "</title>",
        "href=",
        "x",
        "&amp;",
        "<IMG/",
        "<br/>",
        "<p title='",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_tokens_are_the_html(html in prop_oneof![".{0,200}", almost_html()]) {
        let mut whole = String::new();
        for token in tokens(&html) {
            prop_assert!(!token.raw().is_empty());
            whole.push_str(token.raw());
            if let Token::Start(tag) | Token::End(tag) = token {
                prop_assert!(tag.raw.starts_with('<') && tag.raw.ends_with('>') && !tag.name.is_empty());
                for attribute in tag.attributes() {
                    prop_assert!(!attribute.name.is_empty());
                    let _ = attribute.value();
                }
            }
        }
        prop_assert_eq!(whole, html);
    }
}
