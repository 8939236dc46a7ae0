//! The fields of a feed as written, before normalisation: the same types for XML and JSON, borrowed from the text where possible.

use std::borrow::Cow;

use url::Url;

use super::repairs::Repairs;
use crate::model::{DetailKind, EpisodeKind, Genre, PollHints, Time};

/// A feed as parsed.
pub(super) struct FeedDocument<'a> {
    /// The format, as `relais parse` prints it.
    pub(super) format: &'static str,
    /// The fields of the feed itself.
    pub(super) feed: Draft<'a>,
    /// The entries, in the order of the feed.
    pub(super) entries: Vec<Draft<'a>>,
    /// The bases of relative links. [`Inherited::base`] is an index into this list.
    pub(super) bases: Vec<Option<Url>>,
    /// The repairs that parsing needed.
    pub(super) repairs: Repairs,
}

/// A value that several elements can give: the highest rank wins, and of equals the first.
#[derive(Debug)]
pub(super) struct Ranked<T> {
    rank: u8,
    value: Option<T>,
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self { rank: 0, value: None }
    }
}

impl<T> Ranked<T> {
    /// Stores `value` if its rank is higher than that of the present one.
    pub(super) fn offer(&mut self, rank: u8, value: Option<T>) {
        if value.is_some() && self.takes(rank) {
            (self.rank, self.value) = (rank, value);
        }
    }

    /// Returns true if a value of this rank would be stored.
    pub(super) fn takes(&self, rank: u8) -> bool {
        self.value.is_none() || rank > self.rank
    }

    /// Returns the value with the highest rank.
    pub(super) fn take(self) -> Option<T> {
        self.value
    }

    /// Returns the value with the highest rank so far.
    pub(super) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

/// The context that an element inherits: the base of its relative links, and its language.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inherited<'a> {
    /// An index into [`FeedDocument::bases`].
    pub(super) base: usize,
    /// `xml:lang` as inherited. An empty one means that the language is unknown.
    pub(super) lang: Option<&'a str>,
}

/// The meaning of the characters of a [`RichText`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Markup {
    /// Plain text.
    Text,
    /// HTML.
    Html,
}

/// Text or HTML.
#[derive(Clone, Debug)]
pub(super) struct RichText<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) markup: Markup,
    pub(super) scope: Inherited<'a>,
}

/// An address as written, and the base that it is relative to.
#[derive(Debug)]
pub(super) struct Address<'a> {
    pub(super) href: Cow<'a, str>,
    pub(super) base: usize,
}

/// The rank of the page itself, where the link of an entry leads to a service that counts clicks.
pub(super) const ORIGINAL_LINK: u8 = 5;

/// A link to a page.
#[derive(Debug)]
pub(super) struct PageLink<'a> {
    pub(super) address: Address<'a>,
    /// The rank: a link declared as HTML goes before one declared as something else.
    pub(super) rank: u8,
}

/// The purpose of a file, as Media RSS states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Medium {
    Image,
    Audio,
    Video,
}

/// A file attached to an entry.
#[derive(Debug)]
pub(super) struct MediaFile<'a> {
    pub(super) address: Address<'a>,
    pub(super) media_type: Option<Cow<'a, str>>,
    /// The medium, if it is stated.
    pub(super) medium: Option<Medium>,
    /// True if the attributes are those of a picture: it has a size, and nothing that moves has.
    pub(super) is_still: bool,
    pub(super) length: Option<u64>,
    pub(super) about: AboutFile<'a>,
}

/// The facts about a file that Media RSS states beside its address.
#[derive(Debug, Default)]
pub(super) struct AboutFile<'a> {
    pub(super) size: PictureSize,
    pub(super) title: Option<RichText<'a>>,
    /// Of a picture the caption.
    pub(super) description: Option<RichText<'a>>,
    pub(super) credit: Option<Cow<'a, str>>,
    /// The playing time in seconds.
    pub(super) duration: Option<u32>,
}

/// The details of an episode that a podcast states.
#[derive(Debug, Default)]
pub(super) struct EpisodeDraft<'a> {
    /// The playing time of its file in seconds.
    pub(super) duration: Option<u32>,
    pub(super) season: Option<u32>,
    pub(super) episode: Option<u32>,
    pub(super) kind: Option<EpisodeKind>,
    pub(super) explicit: Option<bool>,
    pub(super) transcripts: Vec<SideFile<'a>>,
    pub(super) chapters: Option<SideFile<'a>>,
    pub(super) details: Vec<DetailDraft<'a>>,
}

/// An element of the podcast namespace that is handed on.
#[derive(Debug)]
pub(super) struct DetailDraft<'a> {
    pub(super) kind: &'static DetailKind,
    pub(super) text: Cow<'a, str>,
    pub(super) attributes: Vec<(&'static str, Cow<'a, str>)>,
    pub(super) addresses: Vec<(&'static str, Address<'a>)>,
    pub(super) children: Vec<Self>,
}

/// A file beside that of an episode.
#[derive(Debug)]
pub(super) struct SideFile<'a> {
    pub(super) address: Address<'a>,
    pub(super) media_type: Cow<'a, str>,
    pub(super) language: Option<Cow<'a, str>>,
    /// True if it is meant for captions.
    pub(super) is_captions: bool,
}

/// Width and height in pixels, as far as they are stated.
pub(super) type PictureSize = (Option<u32>, Option<u32>);

/// The fields of a feed or an entry.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    /// True if there was any field, even an unknown one.
    pub(super) has_fields: bool,
    pub(super) scope: Inherited<'a>,
    pub(super) id: Ranked<Cow<'a, str>>,
    /// True if the id is declared not to be an address (`isPermaLink="false"`).
    pub(super) opaque_id: bool,
    pub(super) title: Ranked<RichText<'a>>,
    pub(super) pages: Vec<PageLink<'a>>,
    pub(super) summary: Ranked<RichText<'a>>,
    pub(super) content: Ranked<RichText<'a>>,
    /// The names of people, with the rank of the element that gave each.
    pub(super) people: Vec<(u8, Cow<'a, str>)>,
    pub(super) categories: Vec<Cow<'a, str>>,
    /// The categories of Apple's that a podcast has, which are among the others too.
    pub(super) genres: Vec<Genre>,
    pub(super) published: Ranked<Time>,
    pub(super) updated: Ranked<Time>,
    pub(super) files: Vec<MediaFile<'a>>,
    pub(super) episode: EpisodeDraft<'a>,
    pub(super) image: Ranked<Address<'a>>,
    /// The size of that picture.
    pub(super) image_size: PictureSize,
    /// The credit of the pictures that state none themselves.
    pub(super) credit: Option<Cow<'a, str>>,
    /// The file whose element is open, and the level of that element: what is said there is about the file.
    pub(super) open_file: Option<(usize, usize)>,
    /// The hub of a feed (WebSub), and its own address.
    pub(super) hub: Ranked<Address<'a>>,
    pub(super) own: Ranked<Address<'a>>,
    pub(super) rights: Ranked<RichText<'a>>,
    pub(super) language: Ranked<Cow<'a, str>>,
    /// The polling hints of a feed.
    pub(super) poll_hints: PollHints,
    /// The length of an update period in minutes, and the number of updates in it.
    pub(super) period: Option<u32>,
    pub(super) times: Option<u32>,
}
