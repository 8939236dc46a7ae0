//! The format that a language model is asked to answer in. Servers of the same protocol support different ones.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// A format of answers, the strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseFormat {
    /// JSON that the server holds to a schema.
    Schema,
    /// JSON, as the prompt asks for.
    Object,
    /// A line for each text: its id, a colon, its translation.
    Lines,
}

/// The format that a server supports: the strictest is tried first, and the first that works is kept.
#[derive(Debug, Default)]
pub(super) struct FormatNegotiation {
    /// The format as a number, plus [`PROVEN`] once it has worked.
    state: AtomicU8,
}

const PROVEN: u8 = 16;

impl FormatNegotiation {
    /// Returns the format to ask for.
    pub(super) fn current(&self) -> ResponseFormat {
        match self.state.load(Relaxed) & !PROVEN {
            0 => ResponseFormat::Schema,
            1 => ResponseFormat::Object,
            _ => ResponseFormat::Lines,
        }
    }

    /// Keeps a format that has worked.
    pub(super) fn confirm(&self, format: ResponseFormat) {
        self.state.store(format as u8 | PROVEN, Relaxed);
    }

    /// Starts again from the strictest format after all have failed: the format was not the reason.
    pub(super) fn restart(&self) {
        let _ = self.state.compare_exchange(ResponseFormat::Lines as u8, ResponseFormat::Schema as u8, Relaxed, Relaxed);
    }

    /// Steps down from a format that has failed. Returns true if another one is worth a try. Of several requests in flight one
    /// steps down; a format that has worked before is kept.
    pub(super) fn step_down(&self, format: ResponseFormat) -> bool {
        let number = format as u8;
        let next = (number + 1).min(ResponseFormat::Lines as u8);
        let _ = self.state.compare_exchange(number, next, Relaxed, Relaxed);
        self.current() != format
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_format_is_replaced_once_by_the_next_one() {
        let formats = FormatNegotiation::default();
        assert!(formats.step_down(ResponseFormat::Schema));
        assert!(formats.step_down(ResponseFormat::Schema), "another request has stepped down already");
        assert_eq!(formats.current(), ResponseFormat::Object);
    }

    #[test]
    fn format_that_has_worked_is_kept() {
        let formats = FormatNegotiation::default();
        formats.confirm(ResponseFormat::Object);
        assert!(!formats.step_down(ResponseFormat::Object));
        assert_eq!(formats.current(), ResponseFormat::Object);
    }

    #[test]
    fn lines_are_the_last_format() {
        let formats = FormatNegotiation::default();
        let steps = [ResponseFormat::Schema, ResponseFormat::Object, ResponseFormat::Lines];
        assert_eq!(steps.map(|format| formats.step_down(format)), [true, true, false]);
        assert_eq!(formats.current(), ResponseFormat::Lines);
    }
}
