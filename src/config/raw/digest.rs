//! The `[digest.ID]` table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::values::{LangTag, Located, ZoneName};

/// A summary of an edition that is made once a day: the stories of the day as one entry of a feed (`digest/ID.atom`), as a page
/// (`digest/ID.html`), and as a mail that is ready to be sent (`digest/ID.eml`). `ID` is a name of your choice.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["at", "edition"]))]
#[schemars(rename = "Digest")]
pub(crate) struct RawDigest {
    /// The ID of the edition.
    #[schemars(example = &"jeux")]
    pub(crate) edition: Option<Located<String>>,
    /// The language, one of the `langs` of the edition. Default: each of them, in files of its own (`digest/ID.fr.atom`).
    #[schemars(example = &"en")]
    pub(crate) lang: Option<Located<LangTag>>,
    /// The time of day, as clocks in `zone` show it: the first run after it makes the digest of what was published up to then. A day
    /// without news has none.
    #[schemars(example = &"07:00")]
    pub(crate) at: Option<Located<String>>,
    /// The time zone of `at`. A time that clocks skip when they are put forward is counted on from the change.
    #[schemars(example = &"Europe/London")]
    pub(crate) zone: Option<Located<ZoneName>>,
    /// The sender of the mail. Default: `relais@` and the host of `base_url`.
    #[schemars(example = &"Les Jeux <news@example.org>")]
    pub(crate) from: Option<Located<String>>,
    /// The receivers of the mail. Default: none are named, and the program that sends it knows them.
    #[schemars(example = ["desk@example.org"])]
    pub(crate) to: Vec<Located<String>>,
}
