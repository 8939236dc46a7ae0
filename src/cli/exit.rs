//! How the program ends.

use std::fmt::Display;
use std::process::ExitCode;

use anstream::eprintln;

/// The meaning of each exit code: promises, see `docs/GUIDE.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// All good.
    Good = 0,
    /// relais itself failed.
    Own = 1,
    /// A mistake in the arguments or in feeds.toml.
    Usage = 2,
    /// The output is whole, but some sources or editions failed.
    Faults = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    /// How the program ends.
    pub(super) exit: Exit,
    /// What to tell, complete; nothing when all has been told.
    message: Option<String>,
}

impl Failure {
    /// relais itself failed.
    pub(super) fn own(message: impl Display) -> Self {
        Self { exit: Exit::Own, message: Some(message.to_string()) }
    }

    /// A mistake in the arguments or the configuration.
    pub(super) fn usage(message: impl Display) -> Self {
        Self { exit: Exit::Usage, message: Some(message.to_string()) }
    }

    /// The thing that was asked for is not what it should be.
    pub(super) fn fault(message: impl Display) -> Self {
        Self { exit: Exit::Faults, message: Some(message.to_string()) }
    }

    /// Everything has been told already.
    pub(super) fn told(exit: Exit) -> Self {
        Self { exit, message: None }
    }

    /// Tells it on standard error.
    pub(super) fn tell(&self) {
        if let Some(message) = &self.message {
            let red = anstyle::AnsiColor::Red.on_default().bold();
            eprintln!("{red}error{red:#}: {message}");
        }
    }
}

/// Writes a result to standard output. A reader that has had enough (`relais status | head`) is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::own(format!("cannot write the result: {error}")))
        }
        _ => Ok(()),
    }
}
