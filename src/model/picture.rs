//! The details of a picture: its size, credit and caption.

use serde::{Deserialize, Serialize};

use super::Text;

/// The description of an entry's picture by its feed. It is shown as it is: captions are not translated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PictureDetails {
    /// The width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The photographer or agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<Text>,
    /// The caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<Text>,
}

impl PictureDetails {
    /// Returns true if nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns width and height, if both are known.
    pub fn size(&self) -> Option<(u32, u32)> {
        self.width.zip(self.height)
    }

    /// Returns true if there is a caption or a credit.
    pub fn has_words(&self) -> bool {
        self.credit.is_some() || self.caption.is_some()
    }
}
