//! HTML: cleaning it, making text of it, and taking it apart for translation. The only code that builds a document tree.
//!
//! Everything that leaves here is [`Clean`](crate::model::Clean), text, or to be cleaned again. Building a tree is where hostile
//! markup costs time and memory, so each entrance asks `nesting` first.

mod article;
mod assemble;
mod bilingual;
mod caught;
mod clean;
mod embeds;
mod entities;
mod french;
mod image;
mod images;
mod line;
mod nesting;
mod readable;
mod roles;
mod segment;
mod sentences;
mod settled;
mod summary;
mod tails;
mod template;
mod text;
mod tokens;
mod typography;

pub use assemble::{AssembleError, MarkFault, assemble};
pub use bilingual::side_by_side;
pub use clean::{article, clean, summary_of};
pub use entities::{decode_entities, escape};
pub use image::first_image;
pub use line::{SegmentedLine, assemble_line, segment_line};
pub use readable::{Article, article_in};
pub use segment::segment;
pub use sentences::sentences;
pub use template::{Segment, Segmented};
pub use text::{headline, plain};
pub use typography::{typeset, typeset_marked};
