//! The selection of the entries that an edition shows. Pure: no clock, no I/O.

mod window;

pub use window::{Admission, Window, decide_admission};
