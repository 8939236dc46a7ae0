//! An origin in a process of its own, which makes feeds as they are asked for: 20 entries of 5.5 kB, with a validator.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Entries of a feed.
pub(crate) const ENTRIES: u32 = 20;

/// The running origin.
pub(crate) struct Server {
    child: Child,
    /// Its address: `127.0.0.1:port`.
    pub(crate) address: String,
}

impl Server {
    /// Starts it, and waits until it answers.
    pub(crate) fn start() -> Self {
        let own = std::env::current_exe().expect("this program");
        let mut child = Command::new(own).args(["run", "--serve"]).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut address = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut address).expect("it says where it is");
        Self { child, address: address.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until killed.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn serve() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", listener.local_addr().expect("an address"));
    axum::serve(listener, Router::new().route("/{number}", get(answer))).await.expect("it serves");
}

async fn answer(Path(number): Path<u32>, headers: HeaderMap) -> Response {
    let etag = format!("\"feed-{number}\"");
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    ([(header::ETAG, etag), (header::CONTENT_TYPE, "application/rss+xml".to_owned())], feed(number)).into_response()
}

/// Words of which the articles are made, so that they are no one letter repeated.
const PHRASES: [&str; 8] = [
    "Le comité d’organisation a présenté son budget &amp; ses sites ",
    "à l’approche de la cérémonie d’ouverture, <em>les athlètes</em> ",
    "arrivent au village olympique, où tout est prêt. ",
    "« Nous sommes dans les temps », assure la présidente, ",
    "<a href=\"https://example.org/dossier\">chiffres à l’appui</a> : 3,5 milliards. ",
    "La fédération internationale, elle, attend encore ",
    "le rapport de la commission d’évaluation. ",
    "Réponse au mois de septembre, à Lausanne. ",
];

fn feed(number: u32) -> String {
    let mut xml = String::with_capacity(120_000);
    xml.push_str(&format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel>\
         <title>Source {number}</title><link>https://s{number}.example.org/</link><description>Essai</description><language>fr</language>"
    ));
    for entry in 0..ENTRIES {
        let minute = (number * 7 + entry * 61) % (28 * 1440);
        xml.push_str(&format!(
            "<item><title>Titre {entry} de la source {number}</title><link>https://s{number}.example.org/{entry}</link>\
             <guid>https://s{number}.example.org/{entry}</guid><category>JO</category>\
             <pubDate>{:02} Sep 2026 {:02}:{:02}:00 +0200</pubDate><description>Un résumé de l’article {entry}.</description>\
             <content:encoded><![CDATA[",
            1 + minute / 1440,
            minute % 1440 / 60,
            minute % 60
        ));
        let from = xml.len();
        let mut word = (number + entry) as usize;
        while xml.len() - from < 5_000 {
            xml.push_str("<p>");
            for _ in 0..6 {
                xml.push_str(PHRASES[word % PHRASES.len()]);
                word = word * 5 + 3;
            }
            xml.push_str("</p>");
        }
        xml.push_str("]]></content:encoded></item>");
    }
    xml.push_str("</channel></rss>");
    xml
}
