//! How costly a document tree of some markup would be, found by one linear look at its tags and before any tree is built.
//!
//! Cleaners are quadratic in nesting (ammonia: 20,000 nested elements 0.64 s, html2text 0.69), and an unclosed inline
//! element is opened again in every block that follows (HTML §13.2.4.3, "reconstruct the active formatting elements"):
//! 1 MB can so become millions of nodes. And a parser compares each attribute of a tag with all before it
//! (`dom_query`: 20,000 attributes 1.5 s, 40,000 5.8 s); references cost html5ever a buffer each (a million `&`: 10 s, unoptimised).

use std::collections::HashMap;

/// Names are compared up to here; no element of HTML has a longer one that matters.
const LONGEST_NAME: usize = 12;
/// Deeper than any article; browsers themselves stop at 512.
const DEEPEST: usize = 256;
/// Tags plus inline elements opened again: an honest megabyte of HTML stays far below.
const MOST_NODES: usize = 400_000;
/// In one tag: honest ones have a dozen.
const MOST_ATTRIBUTES: usize = 500;
/// How often, on average, a byte may belong to some tag: once, unless tags begin within the attributes of others, which could
/// be arranged so that each is read to the end.
const MOST_READINGS: usize = 8;

/// More than an article of accented letters has, each written as a reference.
const MOST_REFERENCES: usize = 150_000;

/// Whether a tree of this markup would be deeper or larger than an article's can honestly be.
pub(in crate::html) fn is_hostile(html: &str) -> bool {
    let bytes = html.as_bytes();
    if memchr::memchr_iter(b'&', bytes).nth(MOST_REFERENCES).is_some() {
        return true;
    }
    let (mut depth, mut inline, mut nodes, mut readings) = (0_usize, 0_usize, 0_usize, 0_usize);
    // An end tag of what is not open is ignored by parsers: it must not make up for a start tag.
    let mut open: HashMap<[u8; LONGEST_NAME], usize> = HashMap::new();
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|&b| b == b'<') {
        at += found + 1;
        let closing = bytes.get(at) == Some(&b'/');
        let start = at + usize::from(closing);
        let length = bytes[start..].iter().take(LONGEST_NAME).take_while(|b| b.is_ascii_alphanumeric()).count();
        let name = &bytes[start..start + length];
        if name.is_empty() {
            continue;
        }
        if is_inline(name) {
            inline = if closing { inline.saturating_sub(1) } else { inline + 1 };
        }
        if !is_void(name) && !closes_itself(name) {
            let mut key = [0; LONGEST_NAME];
            key[..length].copy_from_slice(name);
            key.make_ascii_lowercase();
            let of_its_kind = open.entry(key).or_default();
            if !closing {
                *of_its_kind += 1;
                depth += 1;
            } else if *of_its_kind > 0 {
                *of_its_kind -= 1;
                depth -= 1;
            }
        }
        nodes += 1 + inline;
        let (attributes, length) = attributes(&bytes[start + length..]);
        readings += length;
        if depth > DEEPEST || nodes > MOST_NODES || attributes > MOST_ATTRIBUTES || readings > MOST_READINGS * bytes.len() {
            return true;
        }
    }
    false
}

/// The attributes of a tag after its name, and how many bytes they take (HTML §13.2.5.32 and those after it).
fn attributes(tag: &[u8]) -> (usize, usize) {
    #[derive(Clone, Copy)]
    enum At {
        Between,
        Name,
        BeforeValue,
        Value,
        Quoted(u8),
    }
    let (mut at, mut count) = (At::Between, 0);
    for (length, &b) in tag.iter().enumerate() {
        at = match (at, b) {
            (At::Quoted(quote), b) => {
                if b == quote {
                    At::Between
                } else {
                    at
                }
            }
            (_, b'>') => return (count, length),
            (At::BeforeValue, b'"' | b'\'') => At::Quoted(b),
            (At::BeforeValue, b) if b.is_ascii_whitespace() => at,
            (At::BeforeValue, _) => At::Value,
            (At::Name, b'=') => At::BeforeValue,
            (At::Name, b'/') => At::Between,
            (_, b) if b.is_ascii_whitespace() => At::Between,
            (At::Between, b'/') => at,
            // A sign of equality with spaces before it belongs to the name before them.
            (At::Between, b'=') if count > 0 => At::BeforeValue,
            (At::Between, _) => {
                count += 1;
                At::Name
            }
            (at, _) => at,
        };
        if count > MOST_ATTRIBUTES {
            return (count, length);
        }
    }
    (count, tag.len())
}

/// The formatting elements of HTML §13.2.4.2.
fn is_inline(name: &[u8]) -> bool {
    [&b"a"[..], b"b", b"big", b"code", b"em", b"font", b"i", b"nobr", b"s", b"small", b"strike", b"strong", b"tt", b"u"]
        .iter()
        .any(|inline| name.eq_ignore_ascii_case(inline))
}

/// Elements without an end tag (HTML §13.1.2).
pub(in crate::html) fn is_void(name: &[u8]) -> bool {
    [
        &b"area"[..],
        b"base",
        b"br",
        b"col",
        b"embed",
        b"hr",
        b"img",
        b"input",
        b"link",
        b"meta",
        b"param",
        b"source",
        b"track",
        b"wbr",
    ]
    .iter()
    .any(|void| name.eq_ignore_ascii_case(void))
}

/// Elements that the next of their kind closes, so that many of them unclosed make no depth.
fn closes_itself(name: &[u8]) -> bool {
    [&b"p"[..], b"li", b"dt", b"dd", b"option", b"tr", b"td", b"th", b"tbody", b"thead", b"tfoot"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_passes_and_attacks_do_not() {
        assert!(!is_hostile(&"<p>Un <b>mot</b> et <a href=x>un lien</a>.<br>".repeat(20_000)), "20,000 honest paragraphs");
        assert!(!is_hostile(&format!("{}x{}", "<div>".repeat(200), "</div>".repeat(200))));
        assert!(is_hostile(&"<div>".repeat(20_000)));
        assert!(is_hostile(&"<div></x>".repeat(20_000)), "an end tag that closes nothing");
        assert!(is_hostile(&format!("<p>{}", "<div a=1 ".repeat(300))), "tags cut short count too");
        let attack = (0..200).map(|n| format!("<b a={n}>")).collect::<String>() + &"<p>x".repeat(100_000);
        assert!(is_hostile(&attack), "inline elements that are opened again in each block");
        assert!(is_hostile(&"&".repeat(200_000)), "references without end");
        assert!(!is_hostile("1 < 2 <3 << </ <>"));
    }

    #[test]
    fn attributes_are_counted_as_a_parser_would() {
        for (tag, count) in
            [(" href=x>text text", 1), (" a b=1 c = '2 > 3' d=\"4\"e/f/ >g h", 6), ("/>", 0), (" a=x/y=z <b>", 2), (" a='b", 1)]
        {
            assert_eq!(attributes(tag.as_bytes()).0, count, "{tag}");
        }
        let names = |first: &str| (0..40_000).map(|n| format!("{first}{n} ")).collect::<String>();
        assert!(is_hostile(&format!("<p {}>", names("a"))));
        assert!(is_hostile(&format!("<!-- <a b='--><p c='>' {}", names("<"))), "behind what looks like another tag");
        assert!(is_hostile(&"<a/b=".repeat(200_000)), "tags within tags, each read to the end");
        assert!(!is_hostile(&"<a href='https://a.fr/?b=1&c=>' title=\"c'est\">x</a>".repeat(5_000)));
    }
}
