use proptest::prelude::*;

use super::*;
use crate::model::Piece;

fn lang(tag: &str) -> Lang {
    Lang::new(tag).expect("a tag")
}

fn tagged(text: &str) -> Marked {
    Marked::from_tagged(text).expect("a segment")
}

fn written(format: ExchangeFormat, pairs: &[TranslationPair]) -> Vec<u8> {
    let mut writer = ExchangeWriter::begin(format, Vec::new()).expect("memory takes everything");
    for pair in pairs {
        writer.put(pair).expect("memory takes everything");
    }
    writer.end().expect("memory takes everything")
}

fn rows(format: ExchangeFormat, bytes: &[u8]) -> Vec<Result<ExchangeRow, ExchangeError>> {
    read(format, bytes).expect("bytes can be read").collect()
}

/// The rows of a file without a fault, as from, to, source, target.
fn shown(format: ExchangeFormat, text: &str) -> Vec<Result<[String; 4], SkipReason>> {
    let show =
        |pair: TranslationPair| [pair.from.to_string(), pair.to.to_string(), pair.source.to_tagged(), pair.target.to_tagged()];
    rows(format, text.as_bytes()).into_iter().map(|row| row.unwrap_or_else(|error| panic!("{error}")).map(show)).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "beside the rows that are left out")]
fn ok(from: &str, to: &str, source: &str, target: &str) -> Result<[String; 4], SkipReason> {
    Ok([from, to, source, target].map(ToOwned::to_owned))
}

fn tmx(header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><!DOCTYPE tmx SYSTEM \"tmx14.dtd\"><tmx version=\"1.4\"><header {header}><prop type=\"x\">y</prop></header><body>{body}</body></tmx>"
    )
}

fn error(format: ExchangeFormat, text: &str) -> String {
    rows(format, text.as_bytes()).pop().expect("something").expect_err("a fault").to_string()
}

#[test]
fn units_of_other_tools_become_pairs() {
    let unit = |inner: &str| format!("<tu>{inner}</tu>");
    let two = |source: &str, target: &str| {
        unit(&format!(
            "<note>n</note><tuv xml:lang='FR-fr'><prop type='p'>q</prop><seg>{source}</seg></tuv><tuv lang=\"en_us\"><seg>{target}</seg></tuv>"
        ))
    };
    for (source, target, expected) in [
        (
            "Un &amp; <![CDATA[<deux>]]>",
            "One &#38; &lt;two&gt;",
            ok("fr-FR", "en-US", "Un &amp; &lt;deux&gt;", "One &amp; &lt;two&gt;"),
        ),
        (
            "<bpt i='3' x='7'>&lt;b></bpt>Un<ept i='3'>&lt;/b></ept><ph x='8'>{1}</ph>",
            "<ph x='8'>{1}</ph><bpt i='1' x='7'/>One<ept i='1'/>",
            ok("fr-FR", "en-US", "<x1>Un</x1><x2/>", "<x2/><x1>One</x1>"),
        ),
        (
            "<bpt i='1'><sub>sous</sub></bpt>Un <hi>gros</hi><ept i='1'/><ph/><it pos='begin'/>",
            "<bpt i='1'/>A <hi>big</hi> one<ept i='1'/><ph/><it pos='begin'/>",
            ok("fr-FR", "en-US", "<x1>Un <x2>gros</x2></x1><x3/><x4/>", "<x1>A <x2>big</x2> one</x1><x3/><x4/>"),
        ),
        ("<g id='1'>Un <i>mot</i></g>", "A word", ok("fr-FR", "en-US", "Un mot", "A word")),
        ("<bpt i='1'/>Un<ept i='1'/>", "One", Err(SkipReason::Marks)),
        ("Un", "<ph/>One", Err(SkipReason::Marks)),
        (
            "<bpt i='1'/><bpt i='2'/>Un<ept i='1'/><ept i='2'/>",
            "<bpt i='1'/><bpt i='2'/>Un<ept i='1'/><ept i='2'/>",
            Err(SkipReason::Marks),
        ),
        ("Un<ept i='1'/>", "One<ept i='1'/>", Err(SkipReason::Marks)),
        (" ", "One", Err(SkipReason::Empty)),
        ("<ph/>Un", "<ph/>", Err(SkipReason::Empty)),
        ("&bombe;", "&#0;b&nbsp;", ok("fr-FR", "en-US", "&amp;bombe;", "&amp;#0;b&amp;nbsp;")),
    ] {
        assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='fr'", &two(source, target))), [expected], "{source} | {target}");
    }
    assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='de'", &two("Un", "One"))), [Err(SkipReason::Source)]);
    assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='en-GB'", &two("Un", "One"))), [ok("en-US", "fr-FR", "One", "Un")]);
    let both = [ok("fr-FR", "en-US", "Un", "One"), ok("en-US", "fr-FR", "One", "Un")];
    assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='*all*'", &two("Un", "One"))), both);
    let own = two("Un", "One").replace("<tu>", "<tu srclang='fr-FR'>");
    assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='*all*'", &own)), both[..1]);
    let all = two("Un", "One").replace("<tu>", "<tu srclang='*all*'>");
    assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='fr'", &all)), both);
    for (odd, left) in [
        ("<tuv xml:lang='fr'><seg>Un</seg></tuv>", SkipReason::Empty),
        ("<tuv xml:lang='fr'><seg>Un</seg></tuv><tuv><seg>One</seg></tuv>", SkipReason::Language),
        ("<tuv xml:lang='fr'><seg>Un</seg></tuv><tuv xml:lang='en'/>", SkipReason::Empty),
    ] {
        assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='fr'", &unit(odd))), [Err(left)], "{odd}");
    }
    assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='fr'", "")), []);
}

#[test]
fn exported_row_keeps_its_engine_and_date() {
    let key = SegmentKey::new(&tagged("Un"), &lang("fr"), &lang("en"), "deepl", &[]);
    let pair = TranslationPair {
        from: lang("fr"),
        to: lang("pt-BR"),
        source: tagged("Un <x2>« mot »</x2><x1/>"),
        target: tagged("Um<x1/> <x2>mot</x2>"),
        engine: Some("openai:a<b>&c".to_owned()),
        made: Time::from_rfc3339("2026-11-24T04:15:00Z"),
        key: Some(key),
    };
    let plain =
        TranslationPair { engine: None, made: None, key: None, source: tagged("Un"), target: tagged("Um"), ..pair.clone() };
    for format in [ExchangeFormat::Tmx, ExchangeFormat::Jsonl] {
        let bytes = written(format, &[pair.clone(), plain.clone()]);
        let back: Vec<TranslationPair> =
            rows(format, &bytes).into_iter().map(|row| row.expect("no fault").expect("a pair")).collect();
        assert_eq!(back, [pair.clone(), plain.clone()], "{}", String::from_utf8_lossy(&bytes));
    }
    let text = String::from_utf8(written(ExchangeFormat::Tmx, std::slice::from_ref(&pair))).expect("UTF-8");
    assert!(text.contains("<tu srclang=\"fr\" creationdate=\"20261124T041500Z\">"), "{text}");
    assert!(text.contains("<seg>Un <bpt i=\"2\" x=\"2\"/>« mot »<ept i=\"2\"/><ph x=\"1\"/></seg>"), "{text}");
    let joined = text.replace("</tu>", "<tuv xml:lang='es'><seg>Un <bpt i='2' x='2'/>m<ept i='2'/><ph x='1'/></seg></tuv></tu>");
    for row in rows(ExchangeFormat::Tmx, joined.as_bytes()) {
        assert_eq!(row.expect("no fault").expect("a pair").key, None, "the key of a unit that was joined is that of none");
    }
}

#[test]
fn file_is_decoded_by_its_declared_encoding() {
    let body = "<tu><tuv xml:lang='fr'><seg>« Été »</seg></tuv><tuv xml:lang='en'><seg>“Summer”</seg></tuv></tu>";
    let text = tmx("srclang='fr'", body).replace("?>", " encoding=\"windows-1252\"?>");
    let (latin, ..) = encoding_rs::WINDOWS_1252.encode(&text);
    let wide: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [&latin[..], &wide] {
        let pair = rows(ExchangeFormat::Tmx, bytes).pop().expect("a row").expect("no fault").expect("a pair");
        assert_eq!((pair.source.plain().as_str(), pair.target.plain().as_str()), ("« Été »", "“Summer”"));
    }
}

#[test]
fn file_that_is_no_memory_is_an_error() {
    for (text, told) in [
        ("", "no TMX"),
        ("<html><body>", "<html>"),
        ("{\"from\":1}", "no TMX"),
        ("<tmx><body><tu>", "ends before"),
        ("<tmx><body></tu></body></tmx>", "byte"),
        ("<tmx><body <", "byte"),
    ] {
        let error = error(ExchangeFormat::Tmx, text);
        assert!(error.contains(told), "{text}: {error}");
    }
    assert_eq!(
        shown(ExchangeFormat::Jsonl, "\n <tmx>\n{}\n[1]\n{\"from\":\"fr\",\"to\":\"?\",\"source\":\"a\",\"target\":\"b\"}\n"),
        [Err(SkipReason::Malformed), Err(SkipReason::Malformed), Err(SkipReason::Malformed), Err(SkipReason::Language),]
    );
    assert_eq!(
        shown(ExchangeFormat::Jsonl, "{\"from\":\"fr\",\"to\":\"en\",\"source\":\"a <b>\",\"target\":\"b\",\"more\":1}"),
        [Err(SkipReason::Marks)]
    );
    assert_eq!(
        shown(ExchangeFormat::Jsonl, "{\"from\":\"fr\",\"to\":\"en\",\"source\":\"a\",\"target\":\"b\"}"),
        [ok("fr", "en", "a", "b")]
    );
}

#[test]
fn file_that_exceeds_a_limit_is_an_error() {
    let deep = format!("<tmx><body>{}", "<a>".repeat(100_000));
    assert!(error(ExchangeFormat::Tmx, &deep).contains("nested"));
    let long = tmx("srclang='fr'", &format!("<tu><tuv xml:lang='fr'><seg>{}</seg></tuv></tu>", "x".repeat(3 << 20)));
    assert!(error(ExchangeFormat::Tmx, &long).contains("mebibyte"));
    let comment = tmx("srclang='fr'", &format!("<!--{}-->", "x".repeat(3 << 20)));
    assert!(error(ExchangeFormat::Tmx, &comment).contains("mebibyte"));
    let many = tmx("srclang='fr'", &format!("<tu>{}</tu>", "<tuv xml:lang='fr'><seg>a</seg></tuv>".repeat(99)));
    assert!(error(ExchangeFormat::Tmx, &many).contains("32 languages"));
    let parts = tmx("srclang='fr'", &format!("<tu><tuv xml:lang='fr'><seg>{}</seg></tuv></tu>", "<ph/>".repeat(9999)));
    assert!(error(ExchangeFormat::Tmx, &parts).contains("4096 parts"));
    assert!(error(ExchangeFormat::Jsonl, &"x".repeat(3 << 20)).contains("a line"));
    let article = "mot ".repeat(MAX_TEXT / 4 + 1);
    let unit = format!("<tu><tuv xml:lang='fr'><seg>{article}</seg></tuv><tuv xml:lang='en'><seg>a</seg></tuv></tu>");
    assert_eq!(shown(ExchangeFormat::Tmx, &tmx("srclang='fr'", &unit)), [Err(SkipReason::TooLong)]);
    let bomb = "<!DOCTYPE tmx [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><tmx><header srclang='fr'/><body><tu><tuv xml:lang='fr'><seg>&b;</seg></tuv><tuv xml:lang='en'><seg>&a;</seg></tuv></tu></body></tmx>";
    assert_eq!(shown(ExchangeFormat::Tmx, bomb), [ok("fr", "en", "&amp;b;", "&amp;a;")], "entities are not expanded");
}

/// Text that XML can hold, with marks well nested.
fn segment() -> impl Strategy<Value = Marked> {
    prop::collection::vec("[a-zé &<>\"'\u{a0}\t\n\r\u{2028}😀]{1,12}", 1..4).prop_map(|texts| {
        let mut pieces = Vec::new();
        for (n, text) in (1..).zip(texts) {
            pieces.extend([Piece::Single(2 * n), Piece::Open(2 * n + 1), Piece::Text(text), Piece::Text("x".to_owned())]);
            pieces.push(Piece::Close(2 * n + 1));
        }
        Marked::new(pieces)
    })
}

proptest! {
    #[test]
    fn exported_row_is_imported_unchanged(source in segment(), is_keyed in any::<bool>()) {
        let key = SegmentKey::new(&source, &lang("fr"), &lang("en"), "deepl", &[]);
        // Without a key the numbers begin at 1, in the order of the source: as another tool's.
        let source = if is_keyed { source } else { Marked::text(source.plain()) };
        let pair = TranslationPair {
            from: lang("fr"),
            to: lang("en"),
            target: source.clone(),
            source,
            engine: None,
            made: None,
            key: is_keyed.then_some(key),
        };
        for format in [ExchangeFormat::Tmx, ExchangeFormat::Jsonl] {
            let bytes = written(format, std::slice::from_ref(&pair));
            let back = rows(format, &bytes).pop().expect("a row").expect("no fault");
            prop_assert_eq!(back, Ok(pair.clone()));
        }
    }

    #[test]
    fn import_of_any_file_ends_with_rows_or_an_error(text in "(<tmx>|<body>|<tu>|<tuv xml:lang='fr'>|<seg>|</seg>|</tuv>|</tu>|</body>|<bpt i='1'/>|<ph|>|&x;|é|\\]\\]>|<!--|<!\\[CDATA\\[){0,30}") {
        for format in [ExchangeFormat::Tmx, ExchangeFormat::Jsonl] {
            prop_assert!(rows(format, text.as_bytes()).len() < 100);
        }
    }
}
