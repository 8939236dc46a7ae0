//! XLIFF 2.1, <https://docs.oasis-open.org/xliff/xliff-core/v2.1/xliff-core-v2.1.html>: a file for each entry, a unit for each
//! segment. A pair of marks is `pc`, a single mark `ph`; the reasons are notes.

use std::io::{self, Read, Write};

use super::super::ExchangeError;
use super::super::decode::DecodedInput;
use super::super::xml::{Tag, Token, XmlTokens, write_attribute, write_escaped};
use super::{ReadRow, ReviewId, ReviewRow, WrittenRow, check_size, correction_of};
use crate::model::{Lang, Marked, Piece};

const NAMESPACE: &str = "urn:oasis:names:tc:xliff:document:2.0";
/// The most parts of one text.
const MAX_PARTS: usize = 4096;
/// The states in which a person has approved a translation.
const APPROVED: [&str; 2] = ["reviewed", "final"];

/// Writes a document. There are rows, and all are in the same languages, but for the regions of their sources.
pub(super) fn write(rows: &[ReviewRow<'_>], out: &mut impl Write) -> io::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    let mut text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xliff xmlns=\"{NAMESPACE}\" version=\"2.1\"");
    // Regions of the source make no difference to a translation by a person.
    let is_one = rows.iter().all(|row| row.from == first.from);
    write_attribute(&mut text, "srcLang", if is_one { first.from.as_str() } else { first.from.primary() });
    write_attribute(&mut text, "trgLang", first.to.as_str());
    text.push_str(">\n");
    let mut rest: Vec<&ReviewRow<'_>> = rows.iter().collect();
    while let Some(entry) = rest.first().map(|row| row.entry.clone()) {
        let (own, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|row| row.entry == entry);
        write_file(&mut text, &own);
        out.write_all(text.as_bytes())?;
        text.clear();
        rest = others;
    }
    out.write_all(b"</xliff>\n")
}

/// Writes the segments of one entry.
fn write_file(out: &mut String, rows: &[&ReviewRow<'_>]) {
    let Some(first) = rows.first() else { return };
    out.push_str("<file");
    write_attribute(out, "id", &format!("e{}", first.entry));
    if let Some(link) = first.link {
        write_attribute(out, "original", link);
    }
    out.push_str(">\n<notes>");
    write_note(out, "headline", first.headline);
    out.push_str("</notes>\n");
    for row in rows {
        write_unit(out, row);
    }
    out.push_str("</file>\n");
}

fn write_unit(out: &mut String, row: &ReviewRow<'_>) {
    out.push_str("<unit");
    write_attribute(out, "id", &row.id.to_string());
    out.push_str(" canResegment=\"no\">\n<notes>");
    write_note(out, "reason", &row.note);
    write_note(out, "place", &format!("{}; {}", row.part, row.editions));
    out.push_str("</notes>\n<segment");
    write_attribute(out, "state", if row.target.is_some() { "translated" } else { "initial" });
    write_attribute(out, "subState", &format!("relais:{}", row.state));
    out.push_str(">\n<source>");
    write_text(out, row.source);
    out.push_str("</source>\n");
    if let Some(target) = row.target {
        out.push_str("<target>");
        write_text(out, target);
        out.push_str("</target>\n");
    }
    out.push_str("</segment>\n</unit>\n");
}

fn write_note(out: &mut String, category: &str, text: &str) {
    out.push_str(&format!("<note category=\"{category}\">"));
    write_escaped(out, text);
    out.push_str("</note>");
}

fn write_text(out: &mut String, text: &Marked) {
    for piece in text.pieces() {
        match piece {
            Piece::Text(text) => write_escaped(out, text),
            Piece::Open(number) => out.push_str(&format!("<pc id=\"{number}\" canCopy=\"no\">")),
            Piece::Close(_) => out.push_str("</pc>"),
            Piece::Single(number) => out.push_str(&format!("<ph id=\"{number}\" canCopy=\"no\"/>")),
        }
    }
}

/// Reads a document.
pub(super) fn read(text: DecodedInput<impl Read>) -> Result<Vec<ReadRow>, ExchangeError> {
    let mut reader = XliffReader { xml: XmlTokens::new(text) };
    let (from, to) = reader.read_root()?;
    let mut rows = Vec::new();
    loop {
        match reader.xml.next_token()? {
            Token::Over => return Ok(rows),
            Token::Start(tag) => match tag.name.as_str() {
                // The elements around the units.
                "file" | "group" => {}
                "unit" => {
                    let unit = reader.read_unit(&tag)?;
                    rows.push(unit.into_row(rows.len() + 1, (&from, &to)));
                }
                _ => reader.xml.skip_element()?,
            },
            Token::End | Token::Text(_) => {}
        }
    }
}

/// A `unit`: the texts of its segments, one behind the other.
#[derive(Default)]
struct Unit {
    id: Option<String>,
    source: Vec<Piece>,
    target: Vec<Piece>,
    has_target: bool,
    /// True if a person has approved each of its segments.
    is_approved: bool,
}

impl Unit {
    fn into_row(self, number: usize, (from, to): (&Lang, &Lang)) -> ReadRow {
        let source = Marked::new(self.source).normalised();
        if source.plain().is_empty() {
            return Err(format!("unit {number} has no source text"));
        }
        let id = self.id.as_deref().and_then(ReviewId::parse);
        let target = self.has_target.then(|| Marked::new(self.target).normalised());
        let correction = correction_of(id, target, self.is_approved);
        check_size(&source, correction.as_ref()).map_err(|why| format!("unit {number}: {why}"))?;
        Ok(WrittenRow { number, id, from: from.clone(), to: to.clone(), source, correction })
    }
}

struct XliffReader<R: Read> {
    xml: XmlTokens<R>,
}

impl<R: Read> XliffReader<R> {
    /// Reads the root element. Returns the languages.
    fn read_root(&mut self) -> Result<(Lang, Lang), ExchangeError> {
        let wrong = |why: &str| ExchangeError::NotXliff(why.to_owned());
        let root = loop {
            match self.xml.next_token()? {
                Token::Start(tag) => break tag,
                Token::Over => return Err(wrong("it has no element")),
                Token::End | Token::Text(_) => {}
            }
        };
        if root.name != "xliff" {
            return Err(wrong(&format!("its first element is <{}>", root.name.chars().take(60).collect::<String>())));
        }
        let version = root.get("version").unwrap_or_default();
        if !version.starts_with("2.") {
            let version: String = version.chars().take(20).collect();
            return Err(wrong(&format!("it is of version {version}; save it as 2.1, or 2.0")));
        }
        let lang = |name: &str| root.get(name).and_then(Lang::new);
        lang("srcLang").zip(lang("trgLang")).ok_or_else(|| wrong("it does not name its two languages"))
    }

    fn read_unit(&mut self, tag: &Tag) -> Result<Unit, ExchangeError> {
        let above = self.xml.depth() - 1;
        let mut unit = Unit { id: tag.get("id").map(ToOwned::to_owned), is_approved: true, ..Unit::default() };
        while self.xml.depth() > above {
            match self.xml.next_token()? {
                Token::Start(tag) if tag.name == "segment" => {
                    unit.is_approved &= tag.get("state").is_some_and(|state| APPROVED.contains(&state));
                    self.read_segment(&mut unit)?;
                }
                Token::Start(tag) if tag.name == "ignorable" => self.read_segment(&mut unit)?,
                Token::Start(_) => self.xml.skip_element()?,
                Token::End | Token::Text(_) => {}
                Token::Over => break,
            }
        }
        Ok(unit)
    }

    /// Reads a `segment`, or an `ignorable`, whose source stands for a target that is missing.
    fn read_segment(&mut self, unit: &mut Unit) -> Result<(), ExchangeError> {
        let above = self.xml.depth() - 1;
        let (mut source, mut target) = (Vec::new(), None);
        while self.xml.depth() > above {
            match self.xml.next_token()? {
                Token::Start(tag) if tag.name == "source" => source = self.read_text()?,
                Token::Start(tag) if tag.name == "target" => target = Some(self.read_text()?),
                Token::Start(_) => self.xml.skip_element()?,
                Token::End | Token::Text(_) => {}
                Token::Over => break,
            }
        }
        unit.has_target |= target.is_some();
        let is_blank = source.iter().all(|piece| matches!(piece, Piece::Text(text) if text.trim().is_empty()));
        unit.target.extend(target.unwrap_or_else(|| if is_blank { source.clone() } else { Vec::new() }));
        unit.source.extend(source);
        Ok(())
    }

    fn read_text(&mut self) -> Result<Vec<Piece>, ExchangeError> {
        let above = self.xml.depth() - 1;
        // For each open element the mark that its end closes.
        let (mut pieces, mut open): (Vec<Piece>, Vec<Option<u16>>) = (Vec::new(), Vec::new());
        let number = |tag: &Tag, name: &str| tag.get(name).and_then(|id| id.parse::<u16>().ok()).filter(|number| *number > 0);
        while self.xml.depth() > above {
            match self.xml.next_token()? {
                Token::Text(text) => pieces.push(Piece::Text(text)),
                Token::Start(tag) => {
                    let pair = (tag.name == "pc").then(|| number(&tag, "id")).flatten();
                    pieces.extend(match tag.name.as_str() {
                        "pc" => pair.map(Piece::Open),
                        "sc" => number(&tag, "id").map(Piece::Open),
                        "ec" => number(&tag, "startRef").or_else(|| number(&tag, "id")).map(Piece::Close),
                        "ph" => number(&tag, "id").map(Piece::Single),
                        "cp" => tag.get("hex").and_then(character).map(|c| Piece::Text(c.to_string())),
                        // Marks of tools (`mrk`, `sm`): the text in them is kept.
                        _ => None,
                    });
                    open.push(pair);
                }
                Token::End => pieces.extend(open.pop().flatten().map(Piece::Close)),
                Token::Over => break,
            }
            if pieces.len() > MAX_PARTS {
                return Err(self.xml.too_much("a text of more than 4096 parts"));
            }
        }
        Ok(pieces)
    }
}

/// Returns the character with a hexadecimal number.
fn character(hex: &str) -> Option<char> {
    u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)
}
