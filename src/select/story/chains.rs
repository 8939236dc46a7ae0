//! Chains of entries with the same key, in sorted arrays. A hash map of as many entries as a large edition has costs several times as
//! much for each of them as one of few: hardly any look finds its place in the caches of the processor. Sorting by digits reads and
//! writes in order.

/// The entries that are looked at of one chain, the nearest in time.
pub(super) const MAX_CHAIN: usize = 4;
/// No entry.
pub(super) const NONE: u32 = u32::MAX;
/// The entries that are added one by one before they are sorted in; so many and more that come together are sorted at once.
const SORTED_AT_ONCE: usize = 512;
/// The bits of a digit: three of them are a key.
const DIGIT: u32 = 11;

/// The last entries before one in its chain, the nearest first; [`NONE`] behind the last of them.
pub(super) type Neighbours = [u32; MAX_CHAIN];

/// Entries by their keys. They come in the order of their places.
#[derive(Debug, Default)]
pub(super) struct Chains {
    /// Keys and places, by key and then by place.
    sorted: Vec<u64>,
    /// The last ones, by place.
    recent: Vec<u64>,
}

impl Chains {
    /// Adds entries from the place `first` on: keys, each with the number of its entry. Returns for each of these entries, up to the last
    /// with a key, those before it in its chain.
    pub(super) fn extend(&mut self, first: usize, keys: &[(u32, u32)]) -> Vec<Neighbours> {
        let first = u32::try_from(first).unwrap_or(NONE);
        let count = keys.last().map_or(0, |(_, number)| *number as usize + 1);
        let mut found = vec![[NONE; MAX_CHAIN]; count];
        if keys.len() < SORTED_AT_ONCE {
            for (key, number) in keys {
                found[*number as usize] = self.find(*key);
                self.recent.push(pack(*key, first + number));
            }
            if self.recent.len() >= SORTED_AT_ONCE {
                self.sort_in();
            }
            return found;
        }
        self.recent.extend(keys.iter().map(|(key, number)| pack(*key, first + number)));
        self.sort_in();
        for chain in self.sorted.chunk_by(|one, other| key_of(*one) == key_of(*other)) {
            for (length, place) in chain.iter().map(|packed| place_of(*packed)).enumerate().skip(1) {
                if place >= first {
                    let before = chain[..length].iter().rev().map(|packed| place_of(*packed));
                    found[(place - first) as usize].iter_mut().zip(before).for_each(|(to, place)| *to = place);
                }
            }
        }
        found
    }

    /// Returns the last entries with a key.
    fn find(&self, key: u32) -> Neighbours {
        let mut found = [NONE; MAX_CHAIN];
        let recent = self.recent.iter().rev().filter(|packed| key_of(**packed) == key);
        let end = self.sorted.partition_point(|packed| key_of(*packed) <= key);
        let sorted = self.sorted[..end].iter().rev().take_while(|packed| key_of(**packed) == key);
        found.iter_mut().zip(recent.chain(sorted)).for_each(|(to, packed)| *to = place_of(*packed));
        found
    }

    /// Sorts the last entries in.
    fn sort_in(&mut self) {
        self.sorted.append(&mut self.recent);
        sort_by_key(&mut self.sorted);
    }
}

fn pack(key: u32, place: u32) -> u64 {
    u64::from(key) << 32 | u64::from(place)
}

fn key_of(packed: u64) -> u32 {
    u32::try_from(packed >> 32).unwrap_or_default()
}

fn place_of(packed: u64) -> u32 {
    u32::try_from(packed & u64::from(u32::MAX)).unwrap_or_default()
}

/// Sorts by key; what has the same key stays in its order, which is that of the places.
fn sort_by_key(all: &mut Vec<u64>) {
    let mut buffer = vec![0; all.len()];
    for shift in [32, 32 + DIGIT, 32 + 2 * DIGIT] {
        let digit = |packed: u64| usize::try_from(packed >> shift & ((1 << DIGIT) - 1)).unwrap_or_default();
        let mut ends = [0_u32; 1 << DIGIT];
        for packed in &*all {
            ends[digit(*packed)] += 1;
        }
        let mut next = 0;
        for end in &mut ends {
            next += std::mem::replace(end, next);
        }
        for packed in &*all {
            let place = &mut ends[digit(*packed)];
            buffer[*place as usize] = *packed;
            *place += 1;
        }
        std::mem::swap(all, &mut buffer);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Adds keys in parts, and returns what is found for each.
    fn find(keys: &[u32], parts: &[usize]) -> Vec<Neighbours> {
        let (mut chains, mut found, mut rest) = (Chains::default(), Vec::new(), keys);
        let mut parts = parts.iter().copied();
        while !rest.is_empty() {
            let (part, after) = rest.split_at(parts.next().unwrap_or(rest.len()).min(rest.len()));
            let numbered: Vec<(u32, u32)> = part.iter().copied().zip(0..).collect();
            found.extend(chains.extend(keys.len() - rest.len(), &numbered));
            rest = after;
        }
        found
    }

    #[test]
    fn last_entries_of_a_chain_are_found_the_nearest_first() {
        let keys = [7, 9, 7, 7, u32::MAX, 7, 7, 7];
        assert_eq!(find(&keys, &[])[7], [6, 5, 3, 2]);
        assert_eq!(find(&keys, &[])[3], [2, 0, NONE, NONE]);
        assert_eq!(find(&keys, &[])[4], [NONE; MAX_CHAIN]);
    }

    proptest! {
        #[test]
        fn entries_that_come_one_by_one_find_what_all_together_do(
            keys in prop::collection::vec(prop_oneof![0..40_u32, any::<u32>()], 600..1500),
            parts in prop::collection::vec(1..700_usize, 0..8),
        ) {
            let expected: Vec<Neighbours> = (0..keys.len()).map(|place| {
                let mut found = [NONE; MAX_CHAIN];
                let before = (0..place).rev().filter(|other| keys[*other] == keys[place]);
                found.iter_mut().zip(before).for_each(|(to, other)| *to = u32::try_from(other).unwrap_or(NONE));
                found
            }).collect();
            prop_assert_eq!(find(&keys, &[]), expected.clone());
            prop_assert_eq!(find(&keys, &parts), expected);
        }
    }
}
