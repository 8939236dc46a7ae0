//! Panics of parsers that others wrote: caught, and not printed.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether this thread expects a panic.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `parse`, catching a panic without the noise that one makes on standard error; nothing is what is left of it.
pub(super) fn caught<T>(parse: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !EXPECTED.get() {
                before(info);
            }
        }));
    });
    EXPECTED.set(true);
    let result = catch_unwind(AssertUnwindSafe(parse));
    EXPECTED.set(false);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_leaves_nothing_and_the_next_is_caught_too() {
        for _ in 0..2 {
            assert_eq!(caught(|| -> u8 { panic!("a parser of others") }), None);
            assert_eq!(caught(|| 1), Some(1));
        }
    }
}
