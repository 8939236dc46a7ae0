//! Removes what engines add to the characters of a text: invisible characters, character references, Markdown. Only what the source
//! has nothing of is removed.

use encoding_rs::WINDOWS_1252;

use crate::html::decode_entities;

/// The times that a reference may be escaped: `&amp;quot;`.
const MOST_ESCAPES: usize = 2;

/// Signs of Markdown around words, the longest first.
const EMPHASIS: [&str; 6] = ["**", "__", "~~", "`", "*", "_"];

/// Returns a line of an answer without debris. `source` is the whole source, and `is_first` true for the beginning of the answer.
pub(super) fn remove_debris(line: &str, source: &str, is_first: bool) -> String {
    let kept = line.chars().filter(|c| !is_invisible(*c) || source.contains(*c));
    let mut line: String = kept.map(|c| if source.contains(c) { c } else { decode_control(c) }).collect();
    if !has_reference(source) {
        for _ in 0..MOST_ESCAPES {
            if has_reference(&line) {
                line = decode_entities(&line).into_owned();
            }
        }
    }
    for sign in EMPHASIS.into_iter().filter(|sign| !source.contains(sign)) {
        line = remove_emphasis(&line, sign);
    }
    if is_first { remove_block_sign(&line, source).to_owned() } else { line }
}

/// Returns true for a character that no reader sees, and no European language needs. (Joiners are letters in others.)
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns the character that a C1 control stands for: text in Windows-1252 that was taken for Latin-1 has them for dashes and quotation
/// marks.
fn decode_control(c: char) -> char {
    let byte = u8::try_from(u32::from(c)).ok().filter(|byte| (0x80..0xa0).contains(byte));
    byte.and_then(|byte| WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next()).unwrap_or(c)
}

/// Returns true if a text has a character reference: `&quot;`, `&#39;`.
pub(in crate::translate::verify) fn has_reference(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let name = text[at + 1..].split(';').next().unwrap_or("");
        let is_ended = text[at + 1..].len() > name.len();
        let (is_number, letters) = name.strip_prefix('#').map_or((false, name), |rest| (true, rest));
        let is_name = letters.chars().all(|c| c.is_ascii_alphanumeric())
            && (is_number || letters.starts_with(|c: char| c.is_ascii_alphabetic()));
        is_ended && (2..=31).contains(&name.len()) && is_name
    })
}

/// Removes a sign on both sides of words: `**beat**`.
fn remove_emphasis(line: &str, sign: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(sign) {
        let (before, after) = (&rest[..start], &rest[start + sign.len()..]);
        let is_outside = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        let end = after.find(sign).filter(|end| {
            let inside = &after[..*end];
            let is_tight =
                !inside.is_empty() && !inside.starts_with(char::is_whitespace) && !inside.ends_with(char::is_whitespace);
            is_tight && is_outside(before.chars().next_back()) && is_outside(after[end + sign.len()..].chars().next())
        });
        out.push_str(before);
        if let Some(end) = end {
            out.push_str(&after[..end]);
            rest = &after[end + sign.len()..];
        } else {
            out.push_str(sign);
            rest = after;
        }
    }
    out + rest
}

/// Removes the sign of a heading, a list or a quotation at the beginning, and fences.
fn remove_block_sign<'a>(line: &'a str, source: &str) -> &'a str {
    if source.trim_start().starts_with(|c: char| !c.is_alphabetic() && !matches!(c, '«' | '“' | '"' | '(')) {
        return line;
    }
    let line = line.strip_prefix("```").map_or(line, |rest| rest.strip_suffix("```").unwrap_or(rest)).trim_matches('\n');
    let rest = line.trim_start_matches('#');
    let signs = ["- ", "* ", "> ", "1. ", "• "];
    if rest.len() < line.len() && rest.starts_with(' ') {
        return rest.trim_start();
    }
    signs.iter().find_map(|sign| line.strip_prefix(sign)).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debris_is_removed_unless_the_source_has_it() {
        for (line, source, clean) in [
            ("The **stadium** is `new`.", "Le stade est neuf.", "The stadium is new."),
            ("The *stadium*.", "Le *stade*.", "The *stadium*."),
            ("5 * 3 * 2", "5 fois 3", "5 * 3 * 2"),
            ("&quot;We won&quot;", "« Gagné »", "\"We won\""),
            ("Tom &amp;amp; Jerry", "Tom et Jerry", "Tom & Jerry"),
            ("Use &amp;", "Écrire &amp; ici", "Use &amp;"),
            ("R&D; more", "R&D ; plus", "R&D; more"),
            ("sta\u{ad}dium\u{200b}", "stade", "stadium"),
            ("the\u{92}stadium\u{96}", "le stade", "the’stadium–"),
            ("# The stadium", "Le stade", "The stadium"),
            ("1. The stadium", "Le stade", "The stadium"),
            ("- The stadium", "– Le stade", "- The stadium"),
            ("```\nThe stadium\n```", "Le stade", "The stadium"),
        ] {
            assert_eq!(remove_debris(line, source, true), clean, "{line}");
        }
    }
}
