//! An `[edition.ID]` table.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{LangTag, Located, RawBilingualMode, RawFormat, RawShow, RawUntranslated};
use crate::model::{BilingualMode, Format, Show};

/// An edition without entries is none.
pub(crate) const MIN_LIMIT: i64 = 1;
/// Readers fetch the whole file each time.
pub(crate) const MAX_LIMIT: i64 = 1000;

/// A merged feed that relais publishes. `ID` is the name of its files: small letters, digits, `-` and `_`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Edition")]
pub(crate) struct RawEdition {
    /// The title that readers see. Without it, the edition's name.
    #[schemars(example = &"Jeux olympiques")]
    pub(crate) title: Option<Located<String>>,
    /// What the edition is, in a sentence.
    #[schemars(example = &"What the French-language press writes about the Games.")]
    pub(crate) description: Option<Located<String>>,
    /// The sources whose entries it takes: `"tag:NAME"` for all that have the tag, the name of one, or `"*"` for all. Sources
    /// that are not enabled do not count.
    #[schemars(example = ["tag:olympic", "lequipe"])]
    pub(crate) from: Located<Vec<Located<String>>>,
    /// The languages that it is published in, each in files of its own (`ID.fr.atom`). Without any, there is one set of files
    /// (`ID.atom`) with every entry in its own language. Entries in other languages are translated by `engines`; what becomes of
    /// those that are not translated, or not yet, `untranslated` says.
    #[schemars(example = ["fr", "en"])]
    pub(crate) langs: Vec<Located<LangTag>>,
    /// The names of the engines that translate for it, the preferred one first: the next is asked where one fails, has no such
    /// languages, or has used up its budget. Without any, nothing is translated. Only with `langs`.
    #[schemars(example = ["deepl", "libretranslate"])]
    pub(crate) engines: Located<Vec<Located<String>>>,
    /// How much of the original stands beside a translation: nothing (`none`), the headline (`title`), or the headline and each
    /// paragraph, after its translation (`paragraphs`). Only with `engines`.
    #[schemars(example = &"title")]
    pub(crate) bilingual: Located<RawBilingualMode>,
    /// How much of others' text is republished: the `title`, the title and `summary`, or the `full` text.
    #[schemars(example = &"summary")]
    pub(crate) show: Located<RawShow>,
    /// How many entries it holds, the newest ones.
    #[schemars(range(min = MIN_LIMIT, max = MAX_LIMIT), example = 100)]
    pub(crate) limit: Located<i64>,
    /// The formats that it is written in: Atom, RSS 2.0, JSON Feed, a page for people.
    #[schemars(example = ["atom", "html"])]
    pub(crate) formats: Located<Vec<Located<RawFormat>>>,
    /// What becomes of an entry that is not yet in the edition's language: it waits (`hold 6h`) and then appears as it is, it
    /// appears as it is at once (`original`), or it never appears (`skip`). Only with `langs`.
    #[schemars(example = &"hold 6h")]
    pub(crate) untranslated: Located<RawUntranslated>,
}

impl Default for RawEdition {
    fn default() -> Self {
        Self {
            title: None,
            description: None,
            from: vec!["*".to_owned().into()].into(),
            langs: Vec::new(),
            engines: Vec::new().into(),
            bilingual: RawBilingualMode(BilingualMode::None).into(),
            show: RawShow(Show::Summary).into(),
            limit: 100.into(),
            formats: Format::ALL.map(|format| RawFormat(format).into()).to_vec().into(),
            untranslated: RawUntranslated::Hold(Duration::from_hours(6)).into(),
        }
    }
}
