//! The topics that relais has rules for.

/// The names of the built-in topic rules.
pub const BUILT_IN_TOPICS: [&str; 1] = ["olympic"];
