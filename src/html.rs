//! HTML: cleaning it, making text of it, and taking it apart for translation. The only code that builds a document tree.
//!
//! Everything that leaves here is [`Clean`](crate::model::Clean), text, or to be cleaned again. Building a tree is where hostile
//! markup costs time and memory, so each entrance asks `nesting` first.

mod assemble;
mod clean;
mod entities;
mod line;
mod nesting;
mod roles;
mod segment;
mod sentences;
mod template;
mod text;
mod tokens;
mod typography;

pub use assemble::{AssembleError, MarkFault, assemble};
pub use clean::clean;
pub use entities::{decode_entities, escape};
pub use line::{SegmentedLine, assemble_line, segment_line};
pub use segment::segment;
pub use sentences::sentences;
pub use template::{Segment, Segmented};
pub use text::{headline, plain};
pub use typography::{typeset, typeset_marked};
