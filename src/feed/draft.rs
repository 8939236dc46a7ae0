//! What a format says, before it is judged: the same for XML and JSON, borrowed from the text where that is possible.

use std::borrow::Cow;

use url::Url;

use super::repairs::Repairs;
use crate::model::{PollHints, Time};

/// A feed as it was read.
pub(super) struct Document<'a> {
    /// Its format, as `relais parse` names it.
    pub(super) format: &'static str,
    /// What it says of itself.
    pub(super) feed: Draft<'a>,
    /// What it says of its entries, in its order.
    pub(super) entries: Vec<Draft<'a>>,
    /// What relative links are relative to; [`Place::base`] is a place in this list.
    pub(super) bases: Vec<Option<Url>>,
    /// What was repaired on the way.
    pub(super) repairs: Repairs,
}

/// A value that several elements can give: the one with the highest rank counts, and of equals the first.
#[derive(Debug)]
pub(super) struct Best<T> {
    rank: u8,
    value: Option<T>,
}

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self { rank: 0, value: None }
    }
}

impl<T> Best<T> {
    /// Takes `value` if it is better than what is there.
    pub(super) fn offer(&mut self, rank: u8, value: Option<T>) {
        if value.is_some() && (self.value.is_none() || rank > self.rank) {
            (self.rank, self.value) = (rank, value);
        }
    }

    /// What was best.
    pub(super) fn take(self) -> Option<T> {
        self.value
    }

    /// What is best so far.
    pub(super) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

/// Where something stands: what its relative links are relative to, and its language.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place<'a> {
    /// A place in [`Document::bases`].
    pub(super) base: usize,
    /// `xml:lang` as inherited; an empty one says that the language is unknown.
    pub(super) lang: Option<&'a str>,
}

/// What the characters of a [`Rich`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Just characters.
    Text,
    /// HTML.
    Html,
}

/// Text or HTML.
#[derive(Debug)]
pub(super) struct Rich<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) kind: Kind,
    pub(super) place: Place<'a>,
}

/// An address as it is written, and what it is relative to.
#[derive(Debug)]
pub(super) struct Address<'a> {
    pub(super) href: Cow<'a, str>,
    pub(super) base: usize,
}

/// A link to a page.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) address: Address<'a>,
    /// How well it fits: what is said to be HTML goes before what is said to be something else.
    pub(super) rank: u8,
}

/// A file that comes with an entry.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub(super) address: Address<'a>,
    pub(super) media_type: Option<Cow<'a, str>>,
    pub(super) length: Option<u64>,
}

/// What a feed or an entry says of itself.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    /// Whether anything was said, be it something that nobody reads.
    pub(super) spoke: bool,
    pub(super) place: Place<'a>,
    pub(super) id: Best<Cow<'a, str>>,
    /// Whether the id is said to be no address.
    pub(super) opaque_id: bool,
    pub(super) title: Best<Rich<'a>>,
    pub(super) pages: Vec<Page<'a>>,
    pub(super) summary: Best<Rich<'a>>,
    pub(super) content: Best<Rich<'a>>,
    /// Names with the rank of what named them.
    pub(super) people: Vec<(u8, Cow<'a, str>)>,
    pub(super) categories: Vec<Cow<'a, str>>,
    pub(super) published: Best<Time>,
    pub(super) updated: Best<Time>,
    pub(super) files: Vec<File<'a>>,
    pub(super) image: Best<Address<'a>>,
    /// Where a feed says that it can be subscribed to (WebSub), and where it says to be itself.
    pub(super) hub: Best<Address<'a>>,
    pub(super) own: Best<Address<'a>>,
    pub(super) rights: Best<Rich<'a>>,
    pub(super) language: Best<Cow<'a, str>>,
    /// What a feed asks of those who come again.
    pub(super) poll_hints: PollHints,
    /// The minutes in which it says to be updated so many times.
    pub(super) period: Option<u32>,
    pub(super) times: Option<u32>,
}
