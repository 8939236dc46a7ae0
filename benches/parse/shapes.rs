//! Bodies that grow: the plain ones, and those that someone makes to be expensive. Each is given the size in bytes that it
//! should have, and has about that.

use relais::feed::{self, FeedBody};
use relais::html;
use relais::model::{Lang, RawHtml, SourceId, Zone};
use url::Url;

/// A shape, what makes it in a size, and what is done with it.
pub(super) struct Shape {
    pub(super) name: &'static str,
    make: fn(usize) -> String,
    work: fn(&str),
}

impl Shape {
    pub(super) fn body(&self, size: usize) -> String {
        (self.make)(size)
    }

    pub(super) fn work(&self, body: &str) {
        (self.work)(body);
    }

    /// The largest size that it is met in: an entry's text is cut at a megabyte before it is cleaned.
    pub(super) fn largest(&self) -> usize {
        if self.name.starts_with("clean") { 1 << 20 } else { 8 << 20 }
    }
}

/// Reads a feed or finds that it is none, and tells its entries apart.
fn read(text: &str) {
    let body =
        FeedBody { bytes: text.as_bytes(), content_type: None, url: "https://a.example.org/", lang: None, zone: Zone::UTC };
    if let Ok(feed) = feed::parse_feed(&body, &SourceId::new("s")) {
        std::hint::black_box(feed::deduplicate(feed.entries));
    }
}

/// Makes an article of markup, as of an entry's, with its text and its summary.
fn clean(markup: &str) {
    let base = Url::parse("https://a.example.org/").expect("an address");
    let clean = html::clean_article(&RawHtml(markup.to_owned()), Some(&base), Lang::new("fr").as_ref());
    std::hint::black_box((html::summarize(&clean), html::to_text(&clean)));
    std::hint::black_box(html::clean(&RawHtml(clean.as_str().to_owned()), None));
}

fn rss(inside: &str) -> String {
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>t</title>{inside}</channel></rss>")
}

fn item(inside: &str) -> String {
    rss(&format!("<item><title>t</title><guid>1</guid>{inside}</item>"))
}

/// `piece` over and over, up to a size.
fn fill(piece: &str, size: usize) -> String {
    piece.repeat(size / piece.len() + 1)
}

/// Numbered pieces, up to a size.
fn count(size: usize, piece: impl Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(size + 1_000);
    for n in 0.. {
        if out.len() >= size {
            break;
        }
        out.push_str(&piece(n));
    }
    out
}

fn json(inside: &str) -> String {
    format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"t\",\"items\":[{inside}{{\"id\":\"z\"}}]}}")
}

/// A story of some 2 kB.
fn story(n: usize) -> String {
    let text = "Les athlètes français sont prêts pour les Jeux d’hiver, &lt;b&gt;dit-on&lt;/b&gt;. ".repeat(20);
    format!(
        "<item><title>Titre {n} &amp; suite</title><link>https://a.example.org/{n}?utm_source=x</link><guid>{n}</guid>\
         <pubDate>Fri, 26 Jul 2024 10:00:00 +0200</pubDate><description>{text}</description></item>"
    )
}

pub(super) const SHAPES: [Shape; 40] = [
    Shape { name: "read: plain items", make: |size| rss(&count(size, story)), work: read },
    Shape { name: "read: a million items", make: |size| rss(&fill("<item/>", size)), work: read },
    Shape { name: "read: small items", make: |size| rss(&count(size, |n| format!("<item><guid>{n}</guid></item>"))), work: read },
    Shape {
        name: "read: one guid for all",
        make: |size| {
            let text = "x".repeat(1_600);
            rss(&count(size, |n| format!("<item><guid>1</guid><title>t</title><description>{n} {text}</description></item>")))
        },
        work: read,
    },
    Shape {
        name: "read: nested elements",
        make: |size| rss(&(fill("<a>", size * 3 / 7) + &fill("</a>", size * 4 / 7))),
        work: read,
    },
    Shape {
        name: "read: nested markup",
        make: |size| item(&format!("<description>{}{}</description>", fill("<a>", size * 3 / 7), fill("</a>", size * 4 / 7))),
        work: read,
    },
    Shape { name: "read: nested items", make: |size| rss(&fill("<item><title>", size)), work: read },
    Shape { name: "read: unclosed tags", make: |size| item(&fill("<description><b>x", size)), work: read },
    Shape { name: "read: ends of nothing", make: |size| item(&fill("</b></x>", size)), work: read },
    Shape { name: "read: one attribute", make: |size| rss(&format!("<item a=\"{}\"/>", fill("x", size))), work: read },
    Shape {
        name: "read: endless attributes",
        make: |size| rss(&format!("<item {}/>", count(size, |n| format!("a{n}=\"1\" ")))),
        work: read,
    },
    Shape {
        name: "read: attributes of links",
        make: |size| rss(&format!("<link {} href='/x'/>", count(size, |n| format!("a{n}='1' ")))),
        work: read,
    },
    Shape {
        name: "read: one text",
        make: |size| item(&format!("<description>{}</description>", fill("été ", size))),
        work: read,
    },
    Shape { name: "read: one title", make: |size| item(&format!("<title>{}</title>", fill("Jeux ", size))), work: read },
    Shape {
        name: "read: one date", make: |size| item(&format!("<pubDate>{}</pubDate>", fill("18 février ", size))), work: read
    },
    Shape {
        name: "read: many dates",
        make: |size| item(&fill("<pubDate>dim. 18 févr. 2018 à 10h30</pubDate>", size)),
        work: read,
    },
    Shape { name: "read: entities", make: |size| item(&format!("<title>{}</title>", fill("&eacute;", size))), work: read },
    Shape { name: "read: ampersands", make: |size| item(&format!("<description>{}</description>", fill("&", size))), work: read },
    Shape {
        name: "read: declared entities",
        make: |size| {
            let declared = count(size / 2, |n| format!("<!ENTITY e{n} 'xxxxxxxxxxxxxxxx'>"));
            format!("<!DOCTYPE rss [{declared}]>{}", item(&format!("<title>{}</title>", fill("&e1;", size / 2))))
        },
        work: read,
    },
    Shape {
        name: "read: namespaces",
        make: |size| item(&count(size, |n| format!("<x{n}:a xmlns:x{n}='http://x.example/{n}'>"))),
        work: read,
    },
    Shape {
        name: "read: bases",
        make: |size| rss(&count(size, |n| format!("<item xml:base='/{n}/'><link>x</link></item>"))),
        work: read,
    },
    Shape {
        name: "read: enclosures of one",
        make: |size| item(&count(size, |n| format!("<enclosure url='/{n}.mp3'/>"))),
        work: read,
    },
    Shape {
        name: "read: categories of one",
        make: |size| item(&count(size, |n| format!("<category>{n}</category>"))),
        work: read,
    },
    Shape {
        name: "read: authors of one",
        make: |size| item(&count(size, |n| format!("<author>a{n}@x.example</author>"))),
        work: read,
    },
    Shape { name: "read: links of one", make: |size| item(&count(size, |n| format!("<link>ht tp://{n}</link>"))), work: read },
    Shape { name: "read: comments", make: |size| rss(&fill("<!-- x --><?x y?>", size)), work: read },
    Shape { name: "read: open comments", make: |size| rss(&fill("<!-- <a> ", size)), work: read },
    Shape { name: "read: open sections", make: |size| item(&fill("<description><![CDATA[x", size)), work: read },
    Shape { name: "read: angles", make: |size| item(&format!("<description>{}", fill("<", size))), work: read },
    Shape { name: "read: junk before", make: |size| fill("<br/>x", size) + &rss(""), work: read },
    Shape {
        name: "read: JSON items",
        make: |size| json(&count(size, |n| format!("{{\"id\":\"{n}\",\"title\":\"Titre\",\"content_html\":\"<p>été</p>\"}},"))),
        work: read,
    },
    Shape { name: "read: JSON nothings", make: |size| json(&fill("{},", size)), work: read },
    Shape { name: "read: JSON nested", make: |size| format!("{{\"items\":{}", fill("[", size)), work: read },
    Shape {
        name: "read: JSON one text",
        make: |size| json(&format!("{{\"content_text\":\"{}\"}},", fill("\\u00e9t ", size))),
        work: read,
    },
    Shape {
        name: "read: JSON lists",
        make: |size| {
            let tags = count(size / 2, |n| format!("\"{n}\","));
            let files = count(size / 2, |n| format!("{{\"url\":\"/{n}\"}},"));
            json(&format!("{{\"tags\":[{tags}\"x\"],\"attachments\":[{files}{{}}]}},"))
        },
        work: read,
    },
    Shape {
        name: "clean: paragraphs",
        make: |size| fill("<p>Un <b>mot</b> &amp; <a href=/x>un lien</a>.</p>", size),
        work: clean,
    },
    Shape { name: "clean: nested", make: |size| fill("<div>", size / 2) + &fill("</div>", size / 2), work: clean },
    Shape { name: "clean: misnested", make: |size| fill("<b><i>x</b>y</i><p>", size), work: clean },
    Shape { name: "clean: one attribute", make: |size| format!("<a href=\"/{}\">x</a>", fill("x", size)), work: clean },
    Shape {
        name: "clean: images",
        make: |size| count(size, |n| format!("<img data-src='/{n}.jpg' srcset='/a 1x, /b 2x'>")),
        work: clean,
    },
];
