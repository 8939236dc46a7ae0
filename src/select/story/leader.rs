//! Chooses the entry of a story that is shown.

use std::cmp::Reverse;

use super::super::copies::{Precedence, judge_copies};
use crate::model::{EntryRow, LinkOrigin};

/// An entry of a story, and how much its source is preferred.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The entry.
    pub entry: &'a EntryRow,
    /// The `prefer` of its source: the greatest leads.
    pub prefer: i64,
}

/// Returns the place of the entry that leads a story: of the source that is preferred most; of equals one whose page is its
/// publisher's own; of equals the one with the richest text, where twice as much is richer; of equals the oldest.
///
/// A copy does not lead before its original.
pub fn choose_leader(members: &[Member<'_>]) -> usize {
    let is_copy = |member: &Member<'_>| {
        let mut others = members.iter().filter(|other| other.entry.source != member.entry.source);
        others.any(|other| judge_copies(other.entry, member.entry) == Some(Precedence::Shown))
    };
    let rank = |member: &Member<'_>| {
        let entry = member.entry;
        let has_own_page = entry.article.link() > LinkOrigin::Elsewhere;
        (is_copy(member), Reverse(member.prefer), Reverse(has_own_page), Reverse(entry.story.size), entry.at, entry.id)
    };
    (0..members.len()).min_by_key(|place| rank(&members[*place])).unwrap_or(0)
}
