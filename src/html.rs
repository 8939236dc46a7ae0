//! HTML: cleaning it, and making text of it. The only code that builds a document tree.
//!
//! Everything that leaves here is either [`Clean`](crate::model::Clean) or plain text. Building a tree is where hostile
//! markup costs time and memory, so each entrance asks `nesting` first.

mod article;
mod caught;
mod clean;
mod embeds;
mod entities;
mod french;
mod image;
mod images;
mod nesting;
mod readable;
mod settled;
mod summary;
mod tails;
mod text;

pub use clean::{article, clean, summary_of};
pub use entities::{decode_entities, escape};
pub use image::first_image;
pub use readable::{Article, article_in};
pub use text::{headline, plain};
