//! The bounds of the checks, and the measurements that they rest on: the 997 sentences of FLORES-200 (dev), from French.

/// The usual characters in a language for 1,000 characters of French. English, Spanish and Catalan are measured (841, 1003, 928); the
/// others are estimates, and the bounds for languages that are not listed are wide.
pub(super) const DENSITIES: [(&str, usize); 14] = [
    ("fr", 1000),
    ("en", 841),
    ("es", 1003),
    ("ca", 928),
    ("de", 1000),
    ("it", 980),
    ("pt", 940),
    ("nl", 960),
    ("ro", 980),
    ("pl", 950),
    ("ru", 930),
    ("zh", 270),
    ("ja", 380),
    ("ko", 460),
];

/// The least characters of the source, and for it the least and the most length in percent of what is usual. Of human translations
/// of 60 to 100 characters all lie within 62–150, of 100 to 200 within 58–150, beyond within 63–147; of engines' all within
/// 57–150 (other pairs reach 166). Half translations lie around 50.
pub(super) const LENGTHS: [(usize, usize, usize); 6] =
    [(200, 62, 150), (100, 57, 170), (60, 57, 170), (30, 42, 230), (12, 25, 400), (1, 8, 1500)];
/// The bounds where the usual length is not known.
pub(super) const LENGTHS_UNKNOWN: (usize, usize) = (15, 400);

/// A text is in the source language if it has at least this many words, this percentage of them are function words of that
/// language, and it has this many more of them than of the target language.
pub(super) const LANGUAGE_WORDS: usize = 4;
pub(super) const LANGUAGE_SHARE: usize = 20;
pub(super) const LANGUAGE_LEAD: usize = 2;

/// The same for half of a text, which is in the source language if an engine gave up half-way.
pub(super) const PART_WORDS: usize = 5;
pub(super) const PART_LEAD: usize = 3;

/// An echo has this percentage of words of the source, and at least this many words. Function words tell languages apart better, but
/// headlines have few.
pub(super) const ECHO_SHARE: usize = 85;
pub(super) const ECHO_WORDS: usize = 5;

/// A run of up to this many words that is repeated this often in a row is a loop, if the source has none.
pub(super) const LOOP_LENGTH: usize = 12;
pub(super) const LOOP_TIMES: usize = 3;
/// A pair of words that occurs this many times more often than any of the source is a loop too.
pub(super) const BIGRAM_EXCESS: usize = 4;

/// A name with this likeness (in percent) to a lost one is that name, altered.
pub(super) const NAME_LIKENESS: usize = 65;
/// The same for any capitalised word (`World`, `Warld`).
pub(super) const WORD_LIKENESS: usize = 75;
