//! Which entries an edition shows, and in which order. Pure: the same rows give the same window, in whatever order they come.

mod window;

pub use window::{Admission, Window, admission};
