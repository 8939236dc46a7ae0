//! Finds the first of two tables, or keys of one table, that have the same name: the parser tells the place of the second only.

use super::Span;

/// A table or key that stands in the file twice.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Duplicate {
    /// The name, with brackets for a table.
    pub(super) name: String,
    /// The place of the first.
    pub(super) first: Span,
}

/// Returns what the line at `second` repeats, if an earlier line has the same header, or one of the same table the same key.
pub(super) fn find(text: &str, second: usize) -> Option<Duplicate> {
    let second = text.floor_char_boundary(second.min(text.len()));
    let start = text[..second].rfind('\n').map_or(0, |end| end + 1);
    let wanted = name(text[start..].lines().next()?)?;
    let mut found = None;
    let mut at = 0;
    for line in text[..start].split_inclusive('\n') {
        let own = name(line);
        if own.as_ref() == Some(&wanted) {
            let indent = line.len() - line.trim_start().len();
            found = Some(at + indent..at + line.trim_end().len());
        } else if own.is_some_and(|own| own.starts_with('[')) && !wanted.starts_with('[') {
            // The keys of another table.
            found = None;
        }
        at += line.len();
    }
    found.map(|first| Duplicate { name: wanted, first })
}

/// Returns the header or the key of a line, without spaces and quotes, so that two spellings of one name are equal.
fn name(line: &str) -> Option<String> {
    let line = line.trim();
    let end = if line.starts_with('[') { line.find(']')? + 1 } else { line.find('=')? };
    let name: String = line[..end].chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
    (!name.is_empty() && !name.starts_with('#')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str, second: &str) -> Option<String> {
        let found = find(text, text.rfind(second).expect("it is there"))?;
        Some(format!("{} in {}", found.name, &text[found.first]))
    }

    #[test]
    fn first_of_two_tables_is_found_however_it_is_written() {
        let text = "[source.a]\nurl = 1\n[source.b]\n[ source.\"a\" ] # again\n";
        assert_eq!(first(text, "source.\"a\"").as_deref(), Some("[source.a] in [source.a]"));
    }

    #[test]
    fn first_of_two_keys_is_in_the_same_table() {
        let text = "[source.a]\nurl = 1\n[source.b]\nurl = 2\n  url = 3\n";
        assert_eq!(first(text, "url = 3").as_deref(), Some("url in url = 2"));
        assert_eq!(first(text, "url = 2"), None, "it is the first of its table");
    }
}
