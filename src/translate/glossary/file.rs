//! Parses the files of a glossary: tab-separated terms, and names one a line.

use std::collections::BTreeMap;

use super::error::GlossaryError;
use super::record::{Record, is_findable};
use crate::model::Lang;

/// The most bytes of a file, terms of a glossary, characters of a cell, and forms of a term. The shared lists that are in use hold
/// some hundreds of terms.
const MOST_BYTES: usize = 4 << 20;
const MOST_RECORDS: usize = 50_000;
const MOST_CELL: usize = 200;
const MOST_FORMS: usize = 64;

const TERMS: &str = "glossary";
const NAMES: &str = "list of names";

/// Parses tab-separated terms.
pub(super) fn parse_terms(text: &str) -> Result<Vec<Record>, GlossaryError> {
    check_size(text, TERMS)?;
    let mut lines = numbered_lines(text);
    let Some((number, header)) = lines.next() else { return Ok(Vec::new()) };
    let columns = Columns::parse(number, header)?;
    let mut records = Vec::new();
    for (number, line) in lines {
        records.extend(columns.parse_record(number, line)?);
        if records.len() > MOST_RECORDS {
            return Err(GlossaryError::TooLarge { file: TERMS, most: format!("{MOST_RECORDS} terms") });
        }
    }
    Ok(records)
}

/// Parses names, one a line.
pub(super) fn parse_names(text: &str) -> Result<Vec<Record>, GlossaryError> {
    check_size(text, NAMES)?;
    let mut records = Vec::new();
    for (number, line) in numbered_lines(text) {
        let fault = |problem: &str| GlossaryError::Line { file: NAMES, line: number, problem: problem.to_owned() };
        let name = line.trim();
        if name.contains(['=', '\t']) {
            return Err(fault("a name stands alone; what changes from language to language belongs in the glossary"));
        }
        if name.chars().count() > MOST_CELL {
            return Err(fault(&format!("a name has at most {MOST_CELL} characters; one name a line")));
        }
        if is_findable(name) {
            records.push(Record { lang: None, forms: vec![name.to_owned()], targets: BTreeMap::new(), layer: 0 });
        }
        if records.len() > MOST_RECORDS {
            return Err(GlossaryError::TooLarge { file: NAMES, most: format!("{MOST_RECORDS} names") });
        }
    }
    Ok(records)
}

fn check_size(text: &str, file: &'static str) -> Result<(), GlossaryError> {
    if text.len() > MOST_BYTES {
        return Err(GlossaryError::TooLarge { file, most: format!("{} MiB", MOST_BYTES >> 20) });
    }
    Ok(())
}

/// Returns the lines that are neither empty nor comments, with their numbers.
fn numbered_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let said = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines().enumerate().map(|(place, line)| (place + 1, line)).filter(move |(_, line)| said(line))
}

/// Returns the language that a column is named by. `CIO` is none, though it could be a tag: then the first line is a term.
fn column_language(cell: &str) -> Option<Lang> {
    Lang::new(cell).filter(|lang| cell.starts_with(lang.primary()))
}

/// The columns of a file.
struct Columns {
    lang: String,
    variants: Option<usize>,
    targets: Vec<(usize, String)>,
}

impl Columns {
    fn parse(line: usize, header: &str) -> Result<Self, GlossaryError> {
        let fault = |problem: String| GlossaryError::Header { line, problem };
        let mut cells = header.split('\t').map(str::trim).enumerate();
        let first = cells.next().map_or("", |(_, cell)| cell);
        let lang = match (first, column_language(first)) {
            ("source", _) => "fr".to_owned(),
            (_, Some(lang)) => lang.primary().to_owned(),
            _ => return Err(fault(format!("the first column is {first:?}, neither \"source\" nor a language"))),
        };
        let mut columns = Self { lang, variants: None, targets: Vec::new() };
        for (place, cell) in cells {
            if cell == "variants" || cell.starts_with("variants_") {
                columns.variants = Some(place);
            } else if let Some(lang) = column_language(cell) {
                if columns.targets.iter().any(|(_, other)| other == lang.as_str()) {
                    return Err(fault(format!("there are two columns {lang}")));
                }
                columns.targets.push((place, lang.as_str().to_owned()));
            }
        }
        if columns.targets.is_empty() {
            return Err(fault("no column is named by a language (en, es, pt-BR)".to_owned()));
        }
        Ok(columns)
    }

    /// Parses a line. Returns nothing if it has no translation.
    fn parse_record(&self, line: usize, text: &str) -> Result<Option<Record>, GlossaryError> {
        let fault = |problem: String| GlossaryError::Line { file: TERMS, line, problem };
        let cells: Vec<&str> = text.split('\t').map(str::trim).collect();
        if cells.len() < 2 {
            return Err(fault("there is one column only; columns are separated by tabs, not by spaces".to_owned()));
        }
        if let Some(cell) = cells.iter().find(|cell| cell.contains('\u{fffd}')) {
            return Err(fault(format!("{cell:?} holds characters that could not be read; save the file as UTF-8")));
        }
        let used = self.targets.iter().map(|(place, _)| *place).chain([0]);
        if used.filter_map(|place| cells.get(place)).any(|cell| cell.chars().count() > MOST_CELL) {
            return Err(fault(format!("a term has at most {MOST_CELL} characters")));
        }
        if cells[0].is_empty() {
            return Err(fault("the first column is empty; write the term there, or # before the line".to_owned()));
        }
        let variants = self.variants.and_then(|place| cells.get(place)).copied().unwrap_or("");
        let forms: Vec<String> = [cells[0]]
            .into_iter()
            .chain(variants.split('|').map(str::trim))
            .filter(|form| is_findable(form) && form.chars().count() <= MOST_CELL)
            .map(str::to_owned)
            .collect();
        if forms.len() > MOST_FORMS {
            return Err(fault(format!("a term has at most {MOST_FORMS} variants")));
        }
        let targets: BTreeMap<String, String> = self
            .targets
            .iter()
            .filter_map(|(place, lang)| Some((lang.clone(), (*cells.get(*place)?).to_owned())))
            .filter(|(_, target)| !target.is_empty())
            .collect();
        if let Some(target) = targets.values().find(|target| target.chars().any(char::is_control)) {
            return Err(fault(format!("{target:?} holds a control character; remove it")));
        }
        Ok((!forms.is_empty() && !targets.is_empty()).then(|| Record { lang: Some(self.lang.clone()), forms, targets, layer: 0 }))
    }
}
