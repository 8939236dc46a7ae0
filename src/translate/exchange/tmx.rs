//! TMX 1.4b, <https://www.gala-global.org/tmx-14b>: marks are its inline elements. A pair is `bpt` and `ept`, a single mark `ph`;
//! the content of such an element is code of another tool, and is skipped.

mod inline;
mod read;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::TranslationPair;
use crate::model::{Marked, Piece, Time};
pub(super) use read::TmxReader;

/// The types of our `prop` elements.
const ENGINE: &str = "x-relais-engine";
const KEY: &str = "x-relais-key";

pub(super) fn write_head(out: &mut impl Write) -> io::Result<()> {
    // `*all*`: each unit names its own source language.
    writeln!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tmx version=\"1.4\">\n<header creationtool=\"relais\" \
         creationtoolversion=\"{}\" segtype=\"sentence\" o-tmf=\"relais\" adminlang=\"en\" srclang=\"*all*\" \
         datatype=\"plaintext\"/>\n<body>",
        env!("CARGO_PKG_VERSION")
    )
}

pub(super) fn write_tail(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"</body>\n</tmx>\n")
}

pub(super) fn write_row(out: &mut impl Write, pair: &TranslationPair) -> io::Result<()> {
    let mut unit = format!("<tu srclang=\"{}\"", pair.from);
    if let Some(made) = pair.made {
        unit.push_str(&format!(" creationdate=\"{}\"", format_date(made)));
    }
    unit.push_str(">\n");
    let key = pair.key.map(|key| key.to_string());
    for (kind, value) in [(ENGINE, &pair.engine), (KEY, &key)] {
        if let Some(value) = value {
            unit.push_str(&format!("<prop type=\"{kind}\">"));
            write_escaped(&mut unit, value);
            unit.push_str("</prop>\n");
        }
    }
    for (lang, text) in [(&pair.from, &pair.source), (&pair.to, &pair.target)] {
        unit.push_str(&format!("<tuv xml:lang=\"{lang}\"><seg>"));
        write_segment(&mut unit, text);
        unit.push_str("</seg></tuv>\n");
    }
    unit.push_str("</tu>\n");
    out.write_all(unit.as_bytes())
}

/// Writes a segment with its marks as inline elements. `i` joins the ends of a pair within a segment, `x` a mark with that of the
/// other language.
fn write_segment(out: &mut String, text: &Marked) {
    for piece in text.pieces() {
        match piece {
            Piece::Text(text) => write_escaped(out, text),
            Piece::Open(n) => out.push_str(&format!("<bpt i=\"{n}\" x=\"{n}\"/>")),
            Piece::Close(n) => out.push_str(&format!("<ept i=\"{n}\"/>")),
            Piece::Single(n) => out.push_str(&format!("<ph x=\"{n}\"/>")),
        }
    }
}

/// Escapes text for XML 1.0: a carriage return would be read as a line feed, and most control characters are not allowed.
fn write_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'.. => out.push(c),
            _ => {}
        }
    }
}

/// Formats a date: `20261124T041500Z`.
fn format_date(time: Time) -> String {
    time.rfc3339().replace(['-', ':'], "")
}

/// Parses a date: `20261124T041500Z`.
fn parse_date(text: &str) -> Option<Time> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    if day.len() != 8 || time.len() != 6 || !text.is_ascii() {
        return None;
    }
    let mut date = String::new();
    let parts = [&day[..4], &day[4..6], &day[6..], &time[..2], &time[2..4], &time[4..]];
    for (part, after) in parts.iter().zip(["-", "-", "T", ":", ":", "Z"]) {
        write!(date, "{part}{after}").ok()?;
    }
    Time::from_rfc3339(&date)
}
