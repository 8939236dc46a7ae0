//! HTML: cleaning it, making text of it, and taking it apart for translation. The only code that builds a document tree.
//!
//! ```text
//! text         a title or a summary becomes plain text
//! clean/       the allow-list; limits on what may become a tree; whether the result reads back as written
//! article/     what readers want: images, embeds, boilerplate cut, empty blocks dropped, the article of a page
//! page         clean HTML as part of a page of ours
//! segment/     clean HTML into sentences with marks, and (segment/assemble) back
//! scan         the one scanner of tags, for code that needs no tree; elements: the one table of elements
//! dom          helpers for trees
//! entities     character references, both ways; escaped: markup that was escaped once too often
//! ```
//!
//! Everything that leaves here is [`Clean`](crate::model::Clean), text, or to be cleaned again. Building a tree is where hostile
//! markup costs time and memory, so each entrance asks `clean/limits` first.

mod article;
mod clean;
mod dom;
pub(crate) mod elements;
mod entities;
mod escaped;
mod page;
pub(crate) mod scan;
mod segment;
mod text;

pub use article::clean_article;
pub use article::lead_image::find_lead_image;
pub use article::readability::{Article, extract_article};
pub use article::summary::{shorten_content, shorten_summary, summarize};
pub use clean::clean;
pub use dom::LinkBase;
pub(crate) use entities::surrogate_at;
pub use entities::{decode_entities, escape};
pub use escaped::{has_markup, undo_escape, undo_headline_escape};
pub use page::fit_for_page;
pub use segment::assemble::{AssembleError, MarkFault, assemble, assemble_edited};
pub use segment::bilingual::{interleave, with_direction, with_lang};
pub use segment::headline::{SegmentedHeadline, assemble_headline, segment_headline};
pub use segment::segment;
pub use segment::sentences::split_sentences;
pub use segment::skeleton::{Segment, Segmented};
pub use segment::typography::{typeset, typeset_marked};
pub use text::{to_line, to_text};
