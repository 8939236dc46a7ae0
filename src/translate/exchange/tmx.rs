//! TMX 1.4b, <https://www.gala-global.org/tmx-14b>: marks are its inline elements. A pair is `bpt` and `ept`, a single mark `ph`;
//! the content of such an element is code of another tool, and is skipped.

mod inline;
mod read;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::TranslationPair;
use super::xml::write_escaped;
use crate::model::{Lang, Marked, Piece, Time};
pub(super) use read::TmxReader;

/// The types of our `prop` elements.
const ENGINE: &str = "x-relais-engine";
const KEY: &str = "x-relais-key";
const TARGET: &str = "x-relais-target";

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

/// Writes a unit without a translation. The language to translate into is a property, as TMX knows it only from translations.
pub(super) fn write_left(out: &mut impl Write, (from, to): (&Lang, &Lang), source: &Marked, reason: &str) -> io::Result<()> {
    let mut unit = format!("<tu srclang=\"{from}\">\n<note>");
    write_escaped(&mut unit, reason);
    unit.push_str(&format!("</note>\n<prop type=\"{TARGET}\">{to}</prop>\n<tuv xml:lang=\"{from}\"><seg>"));
    write_segment(&mut unit, source);
    unit.push_str("</seg></tuv>\n</tu>\n");
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
