//! Exit codes, and the error of a command.

use std::fmt::Display;
use std::process::ExitCode;

use anstream::eprintln;
use anstyle::AnsiColor;

/// The exit codes. Scripts rely on them; docs/GUIDE.md lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything succeeded.
    Success = 0,
    /// relais itself failed.
    Internal = 1,
    /// The arguments or feeds.toml are invalid.
    Usage = 2,
    /// The output is complete, but some sources or editions failed.
    Faults = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command failed.
#[derive(Debug)]
pub(super) struct CommandError {
    /// The exit code.
    pub(super) exit: Exit,
    /// The message; `None` if everything has been printed already.
    message: Option<String>,
    hint: Option<String>,
}

impl CommandError {
    /// Makes an error of relais itself.
    pub(super) fn internal(message: impl Display) -> Self {
        Self { exit: Exit::Internal, message: Some(message.to_string()), hint: None }
    }

    /// Makes an error in the arguments or the configuration.
    pub(super) fn usage(message: impl Display) -> Self {
        Self { exit: Exit::Usage, message: Some(message.to_string()), hint: None }
    }

    /// Makes an error of something outside: a page without a feed, a broken file.
    pub(super) fn fault(message: impl Display) -> Self {
        Self { exit: Exit::Faults, message: Some(message.to_string()), hint: None }
    }

    /// Makes an error that has been printed already.
    pub(super) fn already_printed(exit: Exit) -> Self {
        Self { exit, message: None, hint: None }
    }

    /// Adds a hint, which is printed on its own line.
    pub(super) fn with_hint(mut self, hint: impl Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Prints message and hint on standard error.
    pub(super) fn print(&self) {
        if let Some(message) = &self.message {
            let red = AnsiColor::Red.on_default().bold();
            eprintln!("{red}error{red:#}: {message}");
        }
        if let Some(hint) = &self.hint {
            let cyan = AnsiColor::Cyan.on_default().bold();
            eprintln!("{cyan}hint{cyan:#}: {hint}");
        }
    }
}
