//! Reading one tag, however badly it is written.

/// A tag.
pub(super) enum Tag<'a> {
    /// A start tag, or an empty element.
    Start {
        /// Its name, with prefix.
        name: &'a str,
        /// Its attributes, as written.
        attributes: Vec<(&'a str, &'a str)>,
        /// Whether it ends in `/>`.
        empty: bool,
    },
    /// An end tag.
    End {
        /// Its name, with prefix.
        name: &'a str,
    },
}

/// More attributes than this are dropped: looking for doubled ones compares each with all before.
const MOST_ATTRIBUTES: usize = 64;

/// Reads the tag at the start of `text`, with its length; nothing if no tag begins there or it does not end.
pub(super) fn read_tag(text: &str) -> Option<(Tag<'_>, usize)> {
    let closing = text.starts_with("</");
    let start = if closing { 2 } else { 1 };
    let name = name(&text[start..])?;
    let mut at = start + name.len();
    if closing {
        // A `<` before the `>` begins the next tag: this one has lost its end.
        let length = text[at..].find(['>', '<'])?;
        let end = at + length;
        return Some((Tag::End { name }, if text.as_bytes()[end] == b'>' { end + 1 } else { end }));
    }
    let mut attributes = Vec::new();
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        if rest.starts_with("/>") {
            return Some((Tag::Start { name, attributes, empty: true }, at + 2));
        }
        match rest.as_bytes().first()? {
            b'>' => return Some((Tag::Start { name, attributes, empty: false }, at + 1)),
            b'<' => return Some((Tag::Start { name, attributes, empty: false }, at)),
            _ => {}
        }
        let Some(key) = self::name(rest) else {
            at += rest.chars().next()?.len_utf8();
            continue;
        };
        at += key.len();
        let Some((value, length)) = value(&text[at..]) else { continue };
        at += length;
        if attributes.len() < MOST_ATTRIBUTES {
            attributes.push((key, value));
        }
    }
}

/// `= "value"`, `='value'` or `=value`, with its length; nothing where there is no value.
fn value(text: &str) -> Option<(&str, usize)> {
    let after = text.trim_start().strip_prefix('=')?.trim_start();
    let before = text.len() - after.len();
    let quote = after.chars().next()?;
    if !matches!(quote, '"' | '\'') {
        let length = after.find(|c: char| c.is_whitespace() || matches!(c, '>' | '<')).unwrap_or(after.len());
        let length = if after[..length].ends_with('/') && after[length..].starts_with('>') { length - 1 } else { length };
        return Some((&after[..length], before + length));
    }
    // A quote that is not closed before the next tag ends at the end of this one.
    let inner = &after[1..];
    match (inner.find(quote), inner.find('>')) {
        (Some(close), _) if !inner[..close].contains('<') => Some((&inner[..close], before + close + 2)),
        (_, Some(tag)) => Some((inner[..tag].trim_end_matches('/'), before + 1 + tag)),
        (Some(close), None) => Some((&inner[..close], before + close + 2)),
        (None, None) => None,
    }
}

/// The XML name at the start of `text`.
fn name(text: &str) -> Option<&str> {
    let first = |c: char| c.is_alphabetic() || c == '_';
    let other = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    if !text.starts_with(first) {
        return None;
    }
    let length = text.find(|c| !other(c)).unwrap_or(text.len());
    // A name of more than one colon, or that ends in one, is no qualified name.
    let name = &text[..length];
    let end = name.match_indices(':').nth(1).map_or(length, |(at, _)| at);
    Some(name[..end].trim_end_matches(':')).filter(|name| !name.is_empty())
}
