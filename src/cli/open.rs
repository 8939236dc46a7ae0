//! Finds the front page of the output, and opens it in a browser.

use std::path::PathBuf;
use std::time::Duration;

use anstream::eprintln;
use anstyle::AnsiColor;

use crate::config::Plan;

/// The time within which a launcher that fails does so. One that still runs has handed the page to a browser, or is one.
const PATIENCE: Duration = Duration::from_secs(3);

/// The place of the front page, `index.html`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FrontPage {
    /// A file, absolute.
    File(PathBuf),
    /// Its public address: the output is a bucket.
    Address(String),
    /// The output is a bucket, and no `base_url` says how readers reach it.
    Unknown,
}

impl FrontPage {
    /// Returns the place of the front page of a plan.
    pub(super) fn of(plan: &Plan) -> Self {
        match (plan.output.folder(), &plan.base_url) {
            (Some(folder), _) => Self::File(folder.join("index.html")),
            (None, Some(base)) => Self::Address(format!("{base}index.html")),
            (None, None) => Self::Unknown,
        }
    }

    /// Returns the line that says where to look; empty if there is nothing to look at.
    pub(super) fn line(&self) -> String {
        match self {
            Self::File(file) if file.exists() => format!("front page: {}\n", file.display()),
            Self::Address(address) => format!("front page: {address}\n"),
            Self::File(_) | Self::Unknown => String::new(),
        }
    }

    /// Opens the page in a browser. If that fails, says so and where the page is: it is no failure of the run.
    pub(super) async fn open(&self) {
        let target = match self {
            Self::File(file) => file.clone().into_os_string(),
            Self::Address(address) => address.into(),
            Self::Unknown => return warn("the output is a bucket, and there is no `base_url`", "set `base_url` in feeds.toml"),
        };
        let shown = target.display().to_string();
        let opened = tokio::task::spawn_blocking(move || open::that_detached_with_timeout(target, PATIENCE)).await;
        if !matches!(opened, Ok(Ok(()))) {
            warn("there is no browser here, or it cannot be started", &format!("open {shown}"));
        }
    }
}

fn warn(reason: &str, hint: &str) {
    let (yellow, cyan) = (AnsiColor::Yellow.on_default().bold(), AnsiColor::Cyan.on_default().bold());
    eprintln!("{yellow}warning{yellow:#}: cannot open the front page: {reason}");
    eprintln!("{cyan}hint{cyan:#}: {hint}");
}
