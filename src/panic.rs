//! Panics of parsers that others wrote, caught and not printed. The only code that sets a panic hook.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// A panic that was caught, with its message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it panicked: {0}")]
pub(crate) struct CaughtPanic(String);

/// Runs `parse` and catches a panic of it. The panic hook prints nothing meanwhile on this thread.
pub(crate) fn catch<T>(parse: impl FnOnce() -> T) -> Result<T, CaughtPanic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !IS_CATCHING.get() {
                before(info);
            }
        }));
    });
    let outer = IS_CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(parse));
    IS_CATCHING.set(outer);
    result.map_err(|payload| CaughtPanic(message(payload.as_ref())))
}

/// Runs work of our own and catches a panic of it, which is a bug: it is printed as usual.
pub(crate) fn catch_bug<T>(work: impl FnOnce() -> T) -> Result<T, CaughtPanic> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| CaughtPanic(message(payload.as_ref())))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it gave no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_message_each_time() {
        for number in 0..2 {
            let result = catch(|| -> u8 { panic!("a parser of others, {number}") });
            assert_eq!(result.map_err(|error| error.to_string()), Err(format!("it panicked: a parser of others, {number}")));
            assert_eq!(catch(|| 1), Ok(1));
        }
    }
}
