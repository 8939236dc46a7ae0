//! Nothing dangerous comes through the cleaner, whatever goes in.

use proptest::prelude::*;
use relais::html::{clean, clean_article, summarize, to_text};
use relais::model::{Clean, Lang, RawHtml};
use url::Url;

use crate::support::unsafe_html::danger;

/// Pieces of markup that cleaners and browsers have disagreed on: foreign content, raw text, tables, forms, hidden schemes.
const PIECES: [&str; 78] = [
    "<math>",
    "</math>",
    "<mtext>",
    "</mtext>",
    "<mglyph>",
    "<malignmark>",
    "<annotation-xml encoding='text/html'>",
    "<mi>",
    "<svg>",
    "</svg>",
    "<foreignObject>",
    "<desc>",
    "<title>",
    "</title>",
    "<style>",
    "</style>",
    "<script>",
    "</script>",
    "<noscript>",
    "</noscript>",
    "<p title=\"</noscript><img src=x onerror=x>\">",
    "<p title='</style><img src=x onerror=x>'>",
    "<textarea>",
    "</textarea>",
    "<xmp>",
    "</xmp>",
    "<plaintext>",
    "<template>",
    "</template>",
    "<iframe src='javascript:x'>",
    "</iframe>",
    "<noembed>",
    "<noframes>",
    "</noframes>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "</td>",
    "<caption>",
    "<select>",
    "</select>",
    "<option>",
    "<form action='javascript:x'>",
    "</form>",
    "<input autofocus onfocus=x>",
    "<button formaction='javascript:x'>",
    "<a href=' javascript&colon;x'>",
    "<a href='java\tscript:x' id=x name=y>",
    "</a>",
    "<a href='data:text/html,<script>x</script>'>",
    "<a href='/x' title='\"><script>x</script>'>",
    "<img src=x onerror=x>",
    "<img src='data:image/svg+xml,<svg onload=x>'>",
    "<img srcset='javascript:x 1x, /a.jpg 2x'>",
    "<img data-src='javascript:x'>",
    "<object data='javascript:x'>",
    "</object>",
    "<embed src='data:text/html,x'>",
    "<video poster='javascript:x' src=/v>",
    "<picture><source srcset='vbscript:x'>",
    "</picture>",
    "<p style='background:url(javascript:x)'>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<h1>",
    "<li>",
    "<ul>",
    "</ul>",
    "<pre>\n\n",
    "<!-- <img src=x onerror=x> -->",
    "<![CDATA[ <x> ]]>",
    "&#13;&lt;script&gt;x&#0;",
    " texte « cloud« . ",
];

fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "[ -~é<>\"'&]{0,12}",
        1 => prop::sample::select(vec!["[…]", "<br>", "&nbsp;", "<hr>", "mot", "</x>", "<x y=", "<", "\">"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn base() -> Url {
    Url::parse("https://example.org/actu/").expect("a URL")
}

fn read(html: &str) -> Clean {
    clean_article(&RawHtml(html.to_owned()), Some(&base()), Lang::new("fr").as_ref())
}

fn cleaned(html: &str) -> Clean {
    clean(&RawHtml(html.to_owned()), Some(&base()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_dangerous_survives(html in markup()) {
        for clean in [cleaned(&html), read(&html)] {
            prop_assert_eq!(danger(clean.as_str()), None, "{:?} of {:?}", clean.as_str(), html);
            if let Some(summary) = summarize(&clean) {
                prop_assert_eq!(danger(summary.as_str()), None);
            }
            to_text(&clean);
        }
    }

    #[test]
    fn cleaning_what_is_clean_changes_nothing(html in markup()) {
        let once = cleaned(&html);
        let again = cleaned(once.as_str());
        prop_assert_eq!(again.as_str(), once.as_str(), "{:?}", html);
        // Cleaning alone changes nothing of what an article became, either.
        let article = read(&html);
        let again = cleaned(article.as_str());
        prop_assert_eq!(again.as_str(), article.as_str(), "{:?}", html);
    }
}

#[test]
fn long_input_of_every_shape_is_read() {
    for shape in [
        "<iframe src=/f>",
        "<p>a</p><p></p>",
        "<b><p>",
        "<img srcset='/a 1x, /b 2x'>",
        "«a« .",
        "<span> </span>",
        "<noscript><img src=/a>",
        "<p>The post a appeared first on b.</p>",
        "<a>",
        "<table><tr><td>",
        "<",
        "&",
        "<p>[…]</p>",
        "<object><embed src=/e>",
        "<div></x>",
        "<picture><source srcset=/a>",
        "a<iframe src=/f></iframe>",
        "<br>",
        "<svg><p>",
        "<a href=x>Lire la suite</a>",
    ] {
        let html = shape.repeat(200_000 / shape.len());
        let clean = read(&html);
        assert_eq!(danger(clean.as_str()), None, "{shape}");
        assert!(clean.as_str().len() < 20 * html.len(), "{shape}: {} bytes", clean.as_str().len());
    }
}
