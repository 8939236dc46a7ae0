//! Small feeds for tests, written here.

/// One item of an RSS feed.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// Its number: guid, link and date follow from it (a higher one is newer).
    pub(crate) number: u32,
    /// Its headline.
    pub(crate) title: String,
    /// Its description, as HTML.
    pub(crate) html: String,
}

impl Story {
    /// A story with a headline and a paragraph.
    pub(crate) fn new(number: u32) -> Self {
        Self {
            number,
            title: format!("Titre {number} : l’été à Paris"),
            html: format!("<p>Le <b>texte</b> de l’article {number}.</p>"),
        }
    }

    /// The same story with another text.
    pub(crate) fn text(mut self, html: &str) -> Self {
        html.clone_into(&mut self.html);
        self
    }
}

/// An RSS 2.0 feed of these stories; `name` tells its links from those of other feeds.
pub(crate) fn rss(name: &str, stories: &[Story]) -> String {
    let items: String = stories
        .iter()
        .map(|Story { number, title, html }| {
            let (day, minute) = (1 + number / 1440 % 28, number % 1440);
            format!(
                "<item><guid isPermaLink=\"false\">{name}-{number}</guid><link>https://{name}.example.org/{number}?utm_source=rss</link>\
                 <title>{title}</title><description><![CDATA[{html}]]></description><category>JO</category>\
                 <dc:creator>Rédaction {name}</dc:creator><pubDate>{day:02} Sep 2026 {:02}:{:02}:00 +0200</pubDate>\
                 <enclosure url=\"https://{name}.example.org/{number}.jpg\" type=\"image/jpeg\" length=\"1234\"/></item>\n",
                minute / 60,
                minute % 60
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>\
         <title>Le journal {name}</title><link>https://{name}.example.org/</link><description>Essai</description><language>fr</language>\n\
         {items}</channel></rss>\n"
    )
}

/// Stories of these numbers, newest first.
pub(crate) fn stories(numbers: impl IntoIterator<Item = u32>) -> Vec<Story> {
    let mut numbers: Vec<u32> = numbers.into_iter().collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.into_iter().map(Story::new).collect()
}

/// The tables of a feeds.toml with these sources (name, address), and one edition of them all.
pub(crate) fn tables(sources: &[(&str, String)]) -> String {
    let mut text: String = sources
        .iter()
        .map(|(name, url)| format!("[source.{name}]\nurl = \"{url}\"\nlang = \"fr\"\ntags = [\"olympic\"]\n"))
        .collect();
    text.push_str("[edition.jeux]\ntitle = \"Les Jeux\"\nfrom = [\"tag:olympic\"]\nshow = \"full\"\n");
    text
}
