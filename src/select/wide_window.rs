//! A window with entries in reserve. Where entries become stories, there are fewer items than entries, and an edition takes more of them.

use super::ranked::Ranked;
use super::window::Window;
use super::window_rules::WindowRules;
use crate::model::{EntryRow, SourceId, Time};

/// A window, and a wider one whose other entries are its reserve: what the window itself takes does not depend on it.
#[derive(Debug)]
pub struct WideWindow {
    own: Window,
    wide: Option<Window>,
}

impl WideWindow {
    /// Makes an empty window, with so many more places in reserve.
    pub fn new(rules: WindowRules, extra: usize) -> Self {
        let wide = WindowRules { limit: rules.limit + extra, at_least: rules.at_least + extra, ..rules.clone() };
        Self { own: Window::new(rules), wide: (extra > 0).then(|| Window::new(wide)) }
    }

    /// Returns true if no more entries are taken.
    pub fn is_full(&self) -> bool {
        self.both().all(Window::is_full)
    }

    /// Returns true if entries of a source are still taken: those that would have a place if there were no older ones.
    pub fn is_open(&self, source: &SourceId) -> bool {
        self.both().any(|window| window.is_open(source))
    }

    /// Returns the sources of which entries are still taken, in the order of the rules. Rows of others need not be pushed.
    pub fn open_sources(&self) -> Vec<SourceId> {
        match &self.wide {
            Some(wide) => self.own.sources().filter(|id| self.own.is_open(id) || wide.is_open(id)).cloned().collect(),
            None => self.own.open_sources(),
        }
    }

    /// Returns the date of the oldest entries that are still taken; nothing if that does not depend on dates.
    pub fn oldest(&self) -> Option<Time> {
        self.both().map(Window::oldest).collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// Adds the next older entry; see `Window::push`.
    pub fn push(&mut self, entry: EntryRow, is_pinned: bool) {
        if let Some(wide) = &mut self.wide {
            wide.push(entry.clone(), is_pinned);
        }
        self.own.push(entry, is_pinned);
    }

    /// Pins an entry of any age, after all others were added: it has a place in any case.
    pub fn pin(&mut self, entry: EntryRow) {
        self.own.pin(entry);
    }

    /// Returns the entries by their rank, and then those in reserve.
    pub fn into_ranked(self) -> Ranked {
        self.own.into_ranked(self.wide.as_ref())
    }

    fn both(&self) -> impl Iterator<Item = &Window> {
        std::iter::once(&self.own).chain(&self.wide)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::*;
    use crate::model::{ArticleKey, EntryId, Revision, StoryKey};

    const HOUR: i64 = 60 * 60 * 1000;

    /// Places for 8 entries of four sources.
    fn eight() -> WindowRules {
        let sources = ["a", "b", "c", "d"].iter().map(|id| (SourceId::new(id), 1000)).collect();
        WindowRules { limit: 8, at_least: 8, within: Duration::from_hours(48), per_source: None, sources }
    }

    /// Entries of a source, so many hours old.
    fn many(source: &str, hours: i64, count: i64) -> Vec<EntryRow> {
        let row = |number| EntryRow {
            id: EntryId(hours * 1000 + number),
            source: SourceId::new(source),
            revision: Revision(0),
            at: Time::from_millis((1000 - hours) * HOUR - number),
            first_seen: Time::EPOCH,
            lang: None,
            article: ArticleKey::default(),
            story: StoryKey::default(),
            is_withdrawn: false,
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn entries_in_reserve_change_nothing_of_the_window() {
        let rows = [many("a", 0, 3), many("b", 100, 9), many("c", 200, 9)].concat();
        let of = |extra| {
            let mut window = WideWindow::new(eight(), extra);
            for row in rows.clone() {
                window.push(row, false);
            }
            window.into_ranked().take(0).0
        };
        assert_eq!(of(0), of(8));
    }

    /// The ids of what is taken of entries of which each two that follow one another are one story.
    fn in_pairs(rules: WindowRules, extra: usize, rows: Vec<EntryRow>) -> Vec<i64> {
        let mut window = WideWindow::new(rules, extra);
        for row in rows {
            window.push(row, false);
        }
        let ranked = window.into_ranked();
        let extra = ranked.find_extra(|taken, _| taken.iter().map(|row| row.id.0 / 2).collect::<HashSet<_>>().len());
        ranked.take(extra).0.into_iter().map(|row| row.id.0).collect()
    }

    #[test]
    fn entries_of_one_story_take_one_place() {
        assert_eq!(in_pairs(eight(), 8, many("a", 0, 40)).len(), 15, "eight stories, of the last one entry");
        assert_eq!(in_pairs(eight(), 8, many("a", 0, 10)).len(), 10, "there are no more");
        assert_eq!(in_pairs(eight(), 4, many("a", 0, 40)).len(), 12, "and no more are looked at");
    }

    #[test]
    fn stories_that_take_one_place_do_not_bring_older_ones_than_at_least() {
        let rules = WindowRules { at_least: 3, ..eight() };
        assert_eq!(
            in_pairs(rules.clone(), 8, [many("a", 0, 2), many("b", 400, 20)].concat()).len(),
            5,
            "three stories, of the last one entry"
        );
        assert_eq!(in_pairs(rules, 8, [many("a", 0, 8), many("b", 400, 20)].concat()).len(), 8, "four stories of two");
    }
}
