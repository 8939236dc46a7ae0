//! How costly a document tree of some markup would be, found by one linear look at its tags and before any tree is built.
//!
//! Cleaners are quadratic in nesting (ammonia: 20,000 nested elements 0.64 s, html2text 0.69), and an unclosed inline
//! element is opened again in every block that follows (HTML §13.2.4.3, "reconstruct the active formatting elements"):
//! 1 MB can so become millions of nodes. Attributes and references have a like price (html5ever, unoptimised: one tag of
//! 130,000 attributes 12 s, a million `&` 10 s).

/// Deeper than any article; browsers themselves stop at 512.
const DEEPEST: usize = 256;
/// Tags plus inline elements opened again: an honest megabyte of HTML stays far below.
const MOST_NODES: usize = 400_000;
/// Each attribute is compared with all before it in its tag.
const MOST_ATTRIBUTES: usize = 2_000;
/// More than an article of accented letters has, each written as a reference.
const MOST_REFERENCES: usize = 150_000;

/// Whether a tree of this markup would be deeper or larger than an article's can honestly be.
pub(super) fn is_hostile(html: &str) -> bool {
    let bytes = html.as_bytes();
    memchr::memchr_iter(b'&', bytes).nth(MOST_REFERENCES).is_some() || has_too_many_nodes(bytes) || has_too_long_a_tag(bytes)
}

/// Whether one tag has more attributes than any honest one: what can stand between two is counted.
fn has_too_long_a_tag(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'<', &bytes[at..]) {
        at += open + 1;
        if !bytes.get(at).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'/') {
            continue;
        }
        let (mut between, mut quote, mut value_begins) = (0, None, false);
        for b in &bytes[at..] {
            at += 1;
            match (quote, b) {
                (Some(open), b) => {
                    quote = Some(open).filter(|open| open != b);
                    between += usize::from(quote.is_none());
                }
                (None, b'"' | b'\'') if value_begins => quote = Some(*b),
                (None, b'>') => break,
                (None, b) if *b == b'/' || b.is_ascii_whitespace() => between += 1,
                _ => {}
            }
            value_begins = *b == b'=' || value_begins && b.is_ascii_whitespace();
        }
        if between > MOST_ATTRIBUTES {
            return true;
        }
    }
    false
}

fn has_too_many_nodes(bytes: &[u8]) -> bool {
    let (mut depth, mut inline, mut nodes) = (0_usize, 0_usize, 0_usize);
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|&b| b == b'<') {
        at += found + 1;
        let closing = bytes.get(at) == Some(&b'/');
        let start = at + usize::from(closing);
        let length = bytes[start..].iter().take(12).take_while(|b| b.is_ascii_alphanumeric()).count();
        let name = &bytes[start..start + length];
        if name.is_empty() {
            continue;
        }
        if is_inline(name) {
            inline = if closing { inline.saturating_sub(1) } else { inline + 1 };
        }
        if closing {
            depth = depth.saturating_sub(1);
        } else if !is_void(name) && !closes_itself(name) {
            depth += 1;
        }
        nodes += 1 + inline;
        if depth > DEEPEST || nodes > MOST_NODES {
            return true;
        }
    }
    false
}

/// The formatting elements of HTML §13.2.4.2.
fn is_inline(name: &[u8]) -> bool {
    [&b"a"[..], b"b", b"big", b"code", b"em", b"font", b"i", b"nobr", b"s", b"small", b"strike", b"strong", b"tt", b"u"]
        .iter()
        .any(|inline| name.eq_ignore_ascii_case(inline))
}

/// Elements without an end tag (HTML §13.1.2).
fn is_void(name: &[u8]) -> bool {
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
        assert!(is_hostile(&format!("<p>{}", "<div a=1 ".repeat(300))), "tags cut short count too");
        let attack = (0..200).map(|n| format!("<b a={n}>")).collect::<String>() + &"<p>x".repeat(100_000);
        assert!(is_hostile(&attack), "inline elements that are opened again in each block");
        let attributes = |between: &str| (0..3_000).map(|n| format!("{between}a{n}=\"b c/d\"")).collect::<String>();
        assert!(is_hostile(&format!("<p{}>x", attributes(" "))) && is_hostile(&format!("<p {}", attributes(""))), "one tag");
        assert!(!is_hostile(&format!("<p title=\"{}\">", "a b/c ".repeat(20_000))), "one long value");
        assert!(is_hostile(&"&".repeat(200_000)));
        assert!(!is_hostile(&"L&rsquo;&eacute;quipe&nbsp;! ".repeat(30_000)), "an article written in references");
        assert!(!is_hostile("1 < 2 <3 << </ <>"));
    }
}
