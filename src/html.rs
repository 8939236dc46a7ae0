//! HTML: cleaning it, and making text of it. The only code that builds a document tree.
//!
//! Everything that leaves here is either [`Clean`](crate::model::Clean) or plain text. Building a tree is where hostile
//! markup costs time and memory, so each entrance asks `nesting` first.

mod readable;
mod caught;
mod clean;
mod entities;
mod image;
mod nesting;
mod text;

pub use readable::{Article, article_in};
pub use clean::clean;
pub use entities::{decode_entities, escape};
pub use image::first_image;
pub use text::{headline, plain};
