//! Reviews are written and read back.

use proptest::prelude::*;

use super::*;

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn marked(tagged: &str) -> Marked {
    Marked::from_tagged(tagged).expect("well-formed")
}

/// A review of these segments, each with its translation; an empty one is left.
fn written(format: ReviewFormat, segments: &[(&str, &str)]) -> String {
    let (from, to) = (lang("fr"), lang("en"));
    let texts: Vec<(Marked, Option<Marked>)> =
        segments.iter().map(|(source, target)| (marked(source), (!target.is_empty()).then(|| marked(target)))).collect();
    let rows: Vec<ReviewRow<'_>> = texts
        .iter()
        .map(|(source, target)| ReviewRow {
            id: ReviewId::new(SegmentKey::of_person(source, &from, &to), target.as_ref()),
            from: &from,
            to: &to,
            source,
            target: target.as_ref(),
            state: if target.is_some() { "doubted" } else { "left" },
            reasons: "number".to_owned(),
            note: "a number <differs>".to_owned(),
            part: "title",
            entry: "00000000000000a1".to_owned(),
            headline: "=HYPERLINK(\"http://evil.example/\")",
            link: Some("https://a.example/?a=1&b=\"2\""),
            editions: "jeux".to_owned(),
        })
        .collect();
    let mut out = Vec::new();
    write_review(format, &rows, &mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

fn read(text: &str) -> Vec<ReadRow> {
    read_review(text.as_bytes()).expect("a review")
}

fn corrections(text: &str) -> Vec<Option<String>> {
    read(text).into_iter().map(|row| row.expect("a row").correction.map(|text| text.to_tagged())).collect()
}

const SEGMENTS: [(&str, &str); 5] = [
    ("Le <x1>CIO</x1> a voté<x2/>", "The <x1>IOC</x1> voted<x2/>"),
    ("=1+1 & « a &lt; b »", ""),
    ("\"Oui\", dit-il", "“Yes”, he said"),
    ("- Non", "- No"),
    ("'=0", ""),
];

#[test]
fn review_that_nobody_edited_corrects_nothing() {
    for format in [ReviewFormat::Tsv, ReviewFormat::Xliff] {
        let rows = read(&written(format, &SEGMENTS));
        assert_eq!(rows.len(), SEGMENTS.len());
        for (row, (source, _)) in rows.into_iter().zip(SEGMENTS) {
            let row = row.expect("a row");
            assert_eq!((row.source.to_tagged(), row.correction), (marked(source).to_tagged(), None), "{format:?}");
            let key = SegmentKey::of_person(&marked(source), &lang("fr"), &lang("en"));
            assert_eq!(row.id.map(|id| id.key), Some(key));
        }
    }
}

#[test]
fn edited_target_is_a_correction_in_both_formats() {
    let table = written(ReviewFormat::Tsv, &SEGMENTS).replace("voted<x2/>", "has voted<x2/>");
    assert_eq!(corrections(&table)[0].as_deref(), Some("The <x1>IOC</x1> has voted<x2/>"));
    let xliff = written(ReviewFormat::Xliff, &SEGMENTS).replace("</pc> voted", "</pc> has voted");
    assert_eq!(corrections(&xliff)[0].as_deref(), Some("The <x1>IOC</x1> has voted<x2/>"));
    assert!(corrections(&xliff)[1..].iter().all(Option::is_none));
}

#[test]
fn unchanged_translation_is_taken_where_a_person_approves_it() {
    let table = written(ReviewFormat::Tsv, &SEGMENTS[2..3]);
    let approved = table.trim_end_matches('\n').to_owned() + "“Yes”, he said\n";
    assert_eq!(corrections(&approved), [Some("“Yes”, he said".to_owned())], "{approved}");
    let xliff = written(ReviewFormat::Xliff, &SEGMENTS[2..3]).replace("state=\"translated\"", "state=\"final\"");
    assert_eq!(corrections(&xliff), [Some("“Yes”, he said".to_owned())]);
}

#[test]
fn no_cell_is_a_formula_and_each_row_is_one_line() {
    let table = written(ReviewFormat::Tsv, &[SEGMENTS.as_slice(), &[("a\tb\nc", "")]].concat());
    assert_eq!(table.lines().count(), 2 + SEGMENTS.len());
    for line in table.lines() {
        assert_eq!(line.matches('\t').count(), 11, "{line}");
        for cell in line.split('\t') {
            let shown = cell.trim_start_matches('"');
            assert!(!shown.starts_with(['=', '+', '-', '@']), "{cell}");
        }
    }
}

#[test]
fn table_of_a_spreadsheet_is_read_whatever_its_encoding_and_separator() {
    let table = "From;To;Source;Correction\r\nfr;en;\"Oui ; \"\"non\"\"\";Yes & no\r\n;;;\r\n";
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(table.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [table.as_bytes(), &wide, &[b"\xef\xbb\xbf", table.as_bytes()].concat()] {
        let rows = read_review(bytes).expect("a table");
        let row = rows[0].as_ref().expect("a row");
        assert_eq!((rows.len(), row.source.plain().as_str()), (1, "Oui ; \"non\""));
        assert_eq!(row.correction.as_ref().map(Marked::plain).as_deref(), Some("Yes & no"));
    }
}

#[test]
fn segments_that_a_tool_has_split_and_marked_are_joined() {
    let unit = "<xliff xmlns='urn:oasis:names:tc:xliff:document:2.0' version='2.0' srcLang='fr' trgLang='en'><file id='f'><group id='g'>\
        <unit id='u'><originalData><data id='d'>x</data></originalData>\
        <segment><source>Un <sc id='1'/>mot<ec startRef='1'/>.</source><target><mrk id='m'>One</mrk> <sc id='1'/>word<ec startRef='1'/>.</target></segment>\
        <ignorable><source> </source></ignorable>\
        <segment><source>Deux<cp hex='0041'/>.</source><target>Two.</target></segment></unit></group></file></xliff>";
    let row = read(unit).remove(0).expect("a row");
    assert_eq!(row.source.to_tagged(), "Un <x1>mot</x1>. DeuxA.");
    assert_eq!(row.correction.map(|text| text.to_tagged()).as_deref(), Some("One <x1>word</x1>. Two."));
}

#[test]
fn file_that_is_no_review_is_told() {
    for (text, why) in [
        ("<html/>", "its first element is <html>"),
        ("<xliff version='1.2'/>", "of version 1.2"),
        ("<xliff version='2.1' srcLang='fr'/>", "does not name its two languages"),
        ("a\tb\n1\t2\n", "names no column `from`"),
        ("", "names no column `from`"),
        ("<xliff version='2.1' srcLang='fr' trgLang='en'><file><unit>", "ends before"),
    ] {
        let error = read_review(text.as_bytes()).expect_err(text).to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn import_of_any_file_ends_with_rows_or_an_error(
        table in "(from|to|source|target|fr|en|s0-1|\t|;|\"|\n|'|=|<x1>|</x1>|[a-zé ]){0,40}",
        xml in "(<|>|/|</?(xliff|file|unit|segment|source|target|pc|ph|ec)|version='2.1'|srcLang='fr'| trgLang='en'|id='1'| |é){0,40}",
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = read_review(table.as_bytes());
        let _ = read_review(format!("<xliff version='2.1' srcLang='fr' trgLang='en'>{xml}").as_bytes());
        let _ = read_review(bytes.as_slice());
    }

    #[test]
    fn each_text_comes_back_from_a_table_as_it_was(text in "[-+=@'\"\t<>&;,a-cé ]{1,12}") {
        let text = Marked::text(format!("{text}é")).normalised();
        let table = written(ReviewFormat::Tsv, &[(&text.to_tagged(), "")]);
        let row = read(&table).remove(0).expect("a row");
        prop_assert_eq!(row.source, text);
    }
}
