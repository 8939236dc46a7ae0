//! The `[edition.ID]` table.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{
    LangTag, Located, RawBilingualMode, RawDuration, RawFormat, RawHeadline, RawHubs, RawProvenance, RawShow, RawUntranslated,
    ZoneName,
};
use super::{RawEditionAuth, RawEntryFilter};
use crate::model::{BilingualMode, Format, Headline, Provenance, Show, StoryRules};

/// The smallest `limit`.
pub(crate) const MIN_LIMIT: i64 = 1;
/// The largest `limit`: feed readers fetch the whole file each time.
pub(crate) const MAX_LIMIT: i64 = 1000;
/// The smallest `page_size`.
pub(crate) const MIN_PAGE_SIZE: i64 = 5;
/// The largest `page_size`.
pub(crate) const MAX_PAGE_SIZE: i64 = 500;

/// A merged feed that relais publishes. `ID` is the name of its files: lower-case letters, digits, `-` and `_`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Edition")]
pub(crate) struct RawEdition {
    /// The title of the published feed. Default: the edition's ID.
    #[schemars(example = &"Jeux olympiques")]
    pub(crate) title: Option<Located<String>>,
    /// The description of the published feed, in one sentence.
    #[schemars(example = &"What the French-language press writes about the Games.")]
    pub(crate) description: Option<Located<String>>,
    /// The sources whose entries the edition shows: `"tag:NAME"` for all sources with that tag, the ID of one source, or `"*"` for
    /// all sources. Disabled sources are left out. `"tag:sport/judo"` and the like (docs/TAGS.md) take only the entries with one of
    /// these tags: of the other items, or of all sources if there are no others.
    #[schemars(example = ["tag:olympic", "lequipe"])]
    pub(crate) from: Located<Vec<Located<String>>>,
    /// An expression over the fields of an entry (docs/RULES.md): the edition shows only entries for which it is true. Ages are counted
    /// from the newest entry of its sources.
    #[schemars(example = &"has_image and length > 400")]
    pub(crate) keep: Option<Located<String>>,
    /// An expression over the fields of an entry (docs/RULES.md): the edition does not show entries for which it is true.
    #[schemars(example = &"title is matching('(?i)^(en direct|live)')")]
    pub(crate) drop: Option<Located<String>>,
    /// The languages in which the edition is published, each in its own files (`ID.fr.atom`). Entries in other languages are
    /// translated by `engines`; `untranslated` says what happens to those without a translation. If a source is in another
    /// language, one of the two is required. Without `langs` there is one set of files (`ID.atom`), with every entry in its own
    /// language.
    #[schemars(example = ["fr", "en"])]
    pub(crate) langs: Vec<Located<LangTag>>,
    /// The IDs of the engines that translate the edition, the preferred one first. The next engine is used when one fails, does
    /// not support the languages, or has used up its budget. Without engines nothing is translated. Requires `langs`.
    #[schemars(example = ["deepl", "libretranslate"])]
    pub(crate) engines: Located<Vec<Located<String>>>,
    /// The parts of the original that are shown after their translation: `none`, the headline (`title`), or the headline and
    /// each paragraph (`paragraphs`). Requires `engines`.
    #[schemars(example = &"title")]
    pub(crate) bilingual: Located<RawBilingualMode>,
    /// The parts of an entry that are republished: the `title`, the title and the `summary` (up to about 1,000 characters), or the
    /// `full` text.
    #[schemars(example = &"summary")]
    pub(crate) show: Located<RawShow>,
    /// The parts of an entry that are translated, of those that `show` republishes: the `title`, the title and the `summary`, or
    /// everything (`full`). The other parts are shown in their own language, marked with it, and cost nothing. Requires `engines`.
    #[schemars(example = &"title")]
    pub(crate) translate: Located<RawShow>,
    /// An engine that reads the translations of the other engines a second time: headlines, those in which a check has found something, and
    /// those with a number or a negation. What it doubts is asked for again, and else stays in its language. It must be a language model
    /// (`openai`, `ollama` or `anthropic`), and has its own budget. While it is not available, translations are published unread, and
    /// read later. Requires `engines`. It holds for what is translated from then on.
    #[schemars(example = &"llm")]
    pub(crate) review: Option<Located<String>>,
    /// The most entries in the edition, newest first.
    #[schemars(range(min = MIN_LIMIT, max = MAX_LIMIT), example = 100)]
    pub(crate) limit: Located<i64>,
    /// The number of entries up to which the edition also shows those older than `within`. Default: `limit`, so that the edition is
    /// filled whatever their age.
    #[schemars(range(min = MIN_LIMIT, max = MAX_LIMIT), example = 20)]
    pub(crate) at_least: Option<Located<i64>>,
    /// The time whose entries are all shown, up to `limit`, counted back from the newest entry. In this time, no source takes all places:
    /// see `per_source`.
    #[schemars(example = &"2d")]
    pub(crate) within: Located<RawDuration>,
    /// The most entries of one source. Default: no fixed number, but no source takes all places. If there are more entries within the
    /// time of `within` than places, each source first has its equal part of them, and then its entries beyond a quarter of all places
    /// (or its equal part, of fewer than four sources) stand back for those of others. `weight` of a source multiplies both parts.
    #[schemars(range(min = MIN_LIMIT, max = MAX_LIMIT), example = 10)]
    pub(crate) per_source: Option<Located<i64>>,
    /// `true` makes one item of entries of several sources about the same event. The entry of the preferred source leads (`prefer` of
    /// the source), or else the richest text; the others are listed below it. A story keeps its id and date when entries join it.
    /// A story takes one place of `limit`, however many entries it has; `per_source` counts entries, also those that are listed below
    /// another.
    #[schemars(example = false)]
    pub(crate) stories: Located<bool>,
    /// The longest time between two entries about one event. From one hour to three days.
    #[schemars(example = &"12h")]
    pub(crate) story_window: Located<RawDuration>,
    /// The likeness from which on two entries are about one event, from 0.5 to 1. A higher number joins fewer entries.
    #[schemars(title = "number", example = 0.8)]
    pub(crate) story_threshold: Located<f64>,
    /// Entries that lead the edition: see [below](#pin-and-mute-of-an-edition). Those of `sources` and `terms` lead while they have a place and
    /// are not older than `within`; those of `entries` have a place at any age, for as long as they stand here. At most a quarter of the
    /// entries lead, the newest ones. Readers that sort by date ignore it.
    #[schemars(example = serde_json::json!({ "terms": ["flamme olympique"] }))]
    pub(crate) pin: Option<RawEntryFilter>,
    /// Entries that the edition does not show and that are not translated for it: see [below](#pin-and-mute-of-an-edition). What is muted is
    /// not pinned.
    #[schemars(example = serde_json::json!({ "terms": ["paris sportifs"] }))]
    pub(crate) mute: Option<RawEntryFilter>,
    /// The formats that are written: Atom 1.0, RSS 2.0, JSON Feed 1.1, an HTML page, and for newsrooms ninjs 2.1 (`ID.ninjs.json`).
    #[schemars(example = ["atom", "html"])]
    pub(crate) formats: Located<Vec<Located<RawFormat>>>,
    /// `true` keeps everything that the edition publishes in documents by month (`archive/ID.fr-2026-11.atom`, `.rss` and `.json`), to
    /// which the feeds link (RFC 5005): a reader that was away misses nothing. An entry stays in the document of the month in which it was
    /// first published. Documents older than `keep_for` are removed. Requires the format `atom`, `rss` or `json`.
    #[schemars(example = true)]
    pub(crate) archive: Located<bool>,
    /// The time for which `relais prune` keeps the entries of its sources. What a source still lists is kept in any case; of several
    /// editions that take a source, the longest time counts.
    #[schemars(example = &"1y")]
    pub(crate) keep_for: Located<RawDuration>,
    /// The number of items on one page. The first page is `ID.html`, the second `ID.2.html`, and so on; with `langs`, `ID.fr.html` and
    /// `ID.fr.2.html`.
    #[schemars(range(min = MIN_PAGE_SIZE, max = MAX_PAGE_SIZE), example = 30)]
    pub(crate) page_size: Located<i64>,
    /// `true` shows pictures on the pages. Readers then fetch them from the servers of the sources, which see their addresses; without it
    /// a page makes no request to anyone.
    #[schemars(example = true)]
    pub(crate) images: bool,
    /// The time zone of the times and days on the pages. Default: UTC.
    #[schemars(example = &"Europe/Paris")]
    pub(crate) zone: Option<Located<ZoneName>>,
    /// The headlines of the edition: a text with the placeholders `{title}` (as the source or the translation says) and `{source}` (the
    /// title of the source). It holds in every format, and changes nothing that is translated.
    #[schemars(example = &"{source}: {title}")]
    pub(crate) headline: Located<RawHeadline>,
    /// The address of a picture that stands for the edition in readers: square, and as a podcast at least 1400 pixels wide. Default: that of
    /// the source, if the edition is made of one.
    #[schemars(example = &"https://example.org/icon.png")]
    pub(crate) icon: Option<Located<String>>,
    /// The copyright notice of the edition, in one line. Default: that of the source, if the edition is made of one.
    #[schemars(example = &"Headlines: their publishers. Selection: CC0.")]
    pub(crate) rights: Option<Located<String>>,
    /// The address of a WebSub hub, or a list of them. Its feeds name it, and after each change relais tells the hub, which sends it on to
    /// readers at once. Requires `base_url`.
    #[schemars(example = &"https://hub.example/")]
    pub(crate) hub: Option<RawHubs>,
    /// Who may read the edition where relais serves it (`relais serve`, `relais daemon --listen`): see [below](#auth-of-an-edition). It is not
    /// listed in `index.html`. Its files lie in the output as those of any edition: a web server that serves the folder, or the
    /// bucket itself, must guard them there.
    #[schemars(example = serde_json::json!({ "tokens": { "env": "DESK_TOKENS" } }))]
    pub(crate) auth: Option<Located<RawEditionAuth>>,
    /// The form in which readers see that an item is translated: `line`, a line at the foot of its text in the language of the edition
    /// ("Machine translation from French by Apertium. Original: Le Figaro"), `category`, a category of that name, or `none`. What programs
    /// read of it is always there. A change writes the files again, and translates nothing. Requires `engines`.
    #[schemars(example = &"category")]
    pub(crate) provenance: Located<RawProvenance>,
    /// The rule for an entry without a translation: `hold 6h` waits for six hours and then shows the original, `original` shows
    /// the original at once, `skip` leaves the entry out. Requires `langs`.
    #[schemars(example = &"hold 6h")]
    pub(crate) untranslated: Located<RawUntranslated>,
}

impl Default for RawEdition {
    fn default() -> Self {
        Self {
            title: None,
            description: None,
            from: vec!["*".to_owned().into()].into(),
            keep: None,
            drop: None,
            langs: Vec::new(),
            engines: Vec::new().into(),
            bilingual: RawBilingualMode(BilingualMode::None).into(),
            show: RawShow(Show::Summary).into(),
            translate: RawShow(Show::Full).into(),
            review: None,
            limit: 100.into(),
            at_least: None,
            within: RawDuration(Duration::from_hours(48)).into(),
            per_source: None,
            stories: true.into(),
            story_window: RawDuration(StoryRules::default().window).into(),
            story_threshold: StoryRules::default().threshold.into(),
            pin: None,
            mute: None,
            formats: Format::DEFAULT.map(|format| RawFormat(format).into()).to_vec().into(),
            archive: false.into(),
            keep_for: RawDuration(Duration::from_hours(365 * 24)).into(),
            page_size: 50.into(),
            images: false,
            zone: None,
            headline: RawHeadline("{title}".to_owned(), Headline::default()).into(),
            icon: None,
            rights: None,
            hub: None,
            auth: None,
            provenance: RawProvenance(Provenance::default()).into(),
            untranslated: RawUntranslated::Hold(Duration::from_hours(6)).into(),
        }
    }
}
