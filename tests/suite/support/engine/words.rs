//! What the scriptable engine makes of a text: its markup stays, its words become others.

/// Short words, by which a language is known. None means what the checks of meaning look at, but for those that explain a negation; each
/// may end a sentence.
const SMALL: [&str; 16] =
    ["that", "this", "was", "were", "is", "are", "on", "by", "they", "it", "there", "said", "but", "yet", "still", "you"];
/// Longer ones.
const LARGE: [&str; 32] = [
    "athlete", "stadium", "village", "together", "training", "building", "garden", "window", "kitchen", "bridge", "river",
    "mountain", "computer", "picture", "table", "paper", "music", "library", "market", "station", "engine", "bottle", "pencil",
    "carpet", "mirror", "basket", "forest", "candle", "ladder", "blanket", "running", "swimming",
];

/// English of a sort, word for word the same each time, about as long as the source. Names (words with a capital, but for the
/// first) and everything that is no word stay; `3,5` becomes `3.5`. Whole sentences of news pass the checks (97 of 100 did).
pub(crate) fn english(text: &str) -> String {
    let mut out = String::new();
    let mut first = true;
    for part in text.split_inclusive(|c: char| !c.is_alphabetic()) {
        let word = part.trim_end_matches(|c: char| !c.is_alphabetic());
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        if word.is_empty() || (capital && !first) {
            out.push_str(word);
        } else {
            let english = pick(&word.to_lowercase());
            let (head, tail) = english.split_at(1);
            out.push_str(&if capital { head.to_uppercase() } else { head.to_owned() });
            out.push_str(tail);
        }
        first &= word.is_empty();
        out.push_str(&part[word.len()..]);
    }
    decimals(&out)
}

fn decimals(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let digit = |place: Option<usize>| place.and_then(|place| characters.get(place)).is_some_and(char::is_ascii_digit);
    let write = |(place, c): (usize, &char)| match c {
        ',' if digit(place.checked_sub(1)) && digit(Some(place + 1)) => '.',
        c => *c,
    };
    characters.iter().enumerate().map(write).collect()
}

fn pick(word: &str) -> &'static str {
    let hash = word.bytes().fold(5381_usize, |hash, byte| hash.wrapping_mul(33) ^ usize::from(byte));
    if word.chars().count() <= 4 { SMALL[hash % SMALL.len()] } else { LARGE[hash % LARGE.len()] }
}

/// A text cut into markup and characters: whether it is markup, and the piece. `escaped` texts are XML or HTML, with
/// characters as references; in others only relais' marks are markup.
pub(crate) fn cut(text: &str, escaped: bool) -> Vec<(bool, String)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map(|end| at + end + 1);
        let Some(end) = end.filter(|end| escaped || is_mark(&rest[at..*end])) else {
            pieces.push((false, rest[..=at].to_owned()));
            rest = &rest[at + 1..];
            continue;
        };
        pieces.push((false, rest[..at].to_owned()));
        pieces.push((true, rest[at..end].to_owned()));
        rest = &rest[end..];
    }
    pieces.push((false, rest.to_owned()));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

fn is_mark(tag: &str) -> bool {
    let number = tag.trim_matches(['<', '>', '/']).strip_prefix('x');
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Translates the characters of a text; what stands in elements that must be left alone stays.
pub(crate) fn translated(text: &str, escaped: bool, translate: &dyn Fn(&str) -> String) -> String {
    let mut kept = 0_usize;
    let mut out = String::new();
    for (markup, piece) in cut(text, escaped) {
        if markup {
            let keeps = piece.starts_with("<k") || piece.contains("translate=no") || piece.contains("notranslate");
            if kept > 0 || keeps {
                kept = if piece.starts_with("</") { kept - 1 } else { kept + 1 };
            }
            out.push_str(&piece);
        } else if kept > 0 {
            out.push_str(&piece);
        } else if escaped {
            out.push_str(&escape(&translate(&unescape(&piece))));
        } else {
            out.push_str(&translate(&piece));
        }
    }
    out
}

/// The characters of a text.
pub(crate) fn characters(text: &str, escaped: bool) -> String {
    cut(text, escaped).into_iter().filter(|(markup, _)| !markup).map(|(_, piece)| piece).collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
