//! The table: one segment a row, quoted as spreadsheets quote. The last column is for what people write.

use std::io::{self, Read, Write};

use csv::{QuoteStyle, ReaderBuilder, StringRecord, Terminator, WriterBuilder};

use super::super::ExchangeError;
use super::super::decode::DecodedInput;
use super::{ReadRow, ReviewId, ReviewRow, WrittenRow, check_size, correction_of};
use crate::model::{Lang, Marked};
use crate::translate::read_written;

const COLUMNS: [&str; 12] =
    ["id", "from", "to", "state", "reason", "part", "headline", "link", "editions", "source", "target", "correction"];

/// Writes a table, separated by tabs.
pub(super) fn write(rows: &[ReviewRow<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut table = WriterBuilder::new()
        .delimiter(b'\t')
        .quote_style(QuoteStyle::Necessary)
        .terminator(Terminator::Any(b'\n'))
        .from_writer(out);
    table.write_record(COLUMNS)?;
    for row in rows {
        let target = row.target.map(as_written).unwrap_or_default();
        let cells = [
            &row.id.to_string(),
            row.from.as_str(),
            row.to.as_str(),
            row.state,
            &row.reasons,
            row.part,
            row.headline,
            row.link.unwrap_or_default(),
            &row.editions,
            &as_written(row.source),
            &target,
            "",
        ];
        table.write_record(cells.map(to_cell))?;
    }
    table.flush()
}

/// Writes marks as `<x1>`, and everything else as it is.
fn as_written(text: &Marked) -> String {
    text.to_tagged().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Makes a cell: one line, and no formula. What a spreadsheet would calculate begins with an apostrophe.
fn to_cell(text: &str) -> String {
    let line = text.replace(['\t', '\n', '\r'], " ");
    if is_formula(&line) { format!("'{line}") } else { line }
}

/// Reads a cell: takes the apostrophe away that keeps a text from being a formula.
fn from_cell(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Returns true if a spreadsheet would take a text for a formula, or if it begins like one that was kept from that.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\'').starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Reads a table. Columns are found by their headings; those that are needed are `to` and `source`, and `target` or `correction`.
pub(super) fn read(mut text: DecodedInput<impl Read>) -> Result<Vec<ReadRow>, ExchangeError> {
    let mut whole = String::new();
    text.read_to_string(&mut whole)?;
    let first = whole.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(|sign| first.bytes().filter(|byte| byte == sign).count());
    let mut table = ReaderBuilder::new().delimiter(delimiter.unwrap_or(b'\t')).flexible(true).from_reader(whole.as_bytes());
    let headings = table.headers().map_err(|error| ExchangeError::NotTable(error.to_string()))?.clone();
    let columns = Columns::find(&headings)?;
    let mut rows = Vec::new();
    for (number, record) in table.records().enumerate() {
        let record = record.map_err(|error| ExchangeError::NotTable(error.to_string()))?;
        if record.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push(columns.row(number + 2, &record));
        }
    }
    Ok(rows)
}

/// The places of the columns.
struct Columns {
    places: [Option<usize>; 6],
}

impl Columns {
    fn find(headings: &StringRecord) -> Result<Self, ExchangeError> {
        let place = |name: &str| headings.iter().position(|heading| heading.trim().eq_ignore_ascii_case(name));
        let places = ["id", "from", "to", "source", "target", "correction"].map(place);
        let [_, from, to, source, target, correction] = places;
        let missing = [("from", from), ("to", to), ("source", source), ("correction", target.or(correction))];
        match missing.iter().find(|(_, place)| place.is_none()) {
            Some((name, _)) => Err(ExchangeError::NotTable(format!("its first line names no column `{name}`"))),
            None => Ok(Self { places }),
        }
    }

    fn row(&self, number: usize, record: &StringRecord) -> ReadRow {
        let [id, from, to, source, target, correction] =
            self.places.map(|place| place.and_then(|place| record.get(place)).map(from_cell).filter(|cell| !cell.is_empty()));
        let lang = |cell: Option<&str>, name: &str| {
            cell.and_then(Lang::new).ok_or_else(|| format!("row {number} has no language in `{name}`"))
        };
        let (from, to) = (lang(from, "from")?, lang(to, "to")?);
        let source = source.ok_or_else(|| format!("row {number} has no source text"))?;
        let source = read_source(source);
        let id = id.and_then(ReviewId::parse);
        let read = |cell: &str| read_written(&source, cell);
        let approved = correction.map(read);
        let correction = correction_of(id, approved, true).or_else(|| correction_of(id, target.map(read), false));
        check_size(&source, correction.as_ref()).map_err(|why| format!("row {number}: {why}"))?;
        Ok(WrittenRow { number, id, from, to, source, correction })
    }
}

/// Reads a source text. Its own marks are those that it can have.
fn read_source(cell: &str) -> Marked {
    let mut marks = Vec::new();
    for (at, _) in cell.match_indices('<') {
        let end = cell[at..].find('>').map(|end| at + end + 1);
        marks.extend(end.and_then(|end| Marked::from_tagged(&cell[at..end])).into_iter().flat_map(|mark| mark.pieces().to_vec()));
    }
    read_written(&Marked::new(marks), cell)
}
