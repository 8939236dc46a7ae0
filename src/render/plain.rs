//! The words of clean HTML. Enough for [`Clean`] and for nothing else: it comes from a serialiser, so that every `<` opens
//! a tag, tags are whole, and there are no entities but the five that the HTML standard writes (§13.3).

use crate::model::{Clean, Text};

/// Elements that may begin or end within a word (`1<sup>er</sup>`); any other tag parts two words.
const WITHIN_WORDS: [&str; 25] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small",
    "span", "strong", "sub", "sup", "u", "var", "wbr",
];

/// The text of `html` as one line.
pub(super) fn plain(html: &Clean) -> Text {
    let mut rest = html.as_str();
    let mut text = String::with_capacity(rest.len());
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let (tag, after) = rest[start..].split_at(tag_length(&rest[start..]));
        let name: String = tag.chars().skip_while(|c| matches!(c, '<' | '/')).take_while(char::is_ascii_alphanumeric).collect();
        if !WITHIN_WORDS.contains(&name.as_str()) {
            text.push(' ');
        }
        rest = after;
    }
    text.push_str(rest);
    let text = text.replace("&nbsp;", "\u{a0}").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Text::new(&text.replace("&amp;", "&"))
}

/// How many bytes the tag at the start of `html` has; a `>` within a quoted attribute does not end it.
fn tag_length(html: &str) -> usize {
    let mut quote = None;
    for (at, byte) in html.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return at + 1,
            _ => {}
        }
    }
    html.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> String {
        plain(&serde_json::from_value(html.into()).expect("a string is Clean")).to_string()
    }

    #[test]
    fn tags_go_and_words_stay_apart() {
        assert_eq!(of("<p>Le <b>1<sup>er</sup></b> relais</p><p>Fin<br>ici</p>"), "Le 1er relais Fin ici");
        assert_eq!(
            of("<img alt=\"a > b\" src=\"x\">Quoi&nbsp;? A&amp;lt; &lt;b&gt; &quot;c&quot;"),
            "Quoi\u{a0}? A&lt; <b> \"c\""
        );
        assert_eq!(of("cut <a href=\"x"), "cut");
    }
}
