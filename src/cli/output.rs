//! Standard output.

use std::io::Write;

use super::error::CommandError;

/// Writes a result to standard output. A reader that closes the pipe early (`relais status | head`) is not an error.
pub(super) fn print(text: &str) -> Result<(), CommandError> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CommandError::internal(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
