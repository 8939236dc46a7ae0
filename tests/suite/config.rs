//! feeds.toml as users see it: its plan, and all its mistakes at once with line and carets.

mod bounds;
mod files;
mod mistakes;
mod plan;
mod reference;

use std::path::{Path, PathBuf};

use relais::config::{self, Plan, Problems};

/// A valid source and edition, for files that test something else.
const REST: &str = "[source.a]\nurl = \"https://a.example/feed\"\n[edition.e]\n";

fn parse(text: &str) -> Result<Plan, Problems> {
    config::parse(text, Path::new("feeds.toml"))
}

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Compares with tests/golden/config-NAME.snap; `INSTA_UPDATE=always` writes it.
fn golden(name: &str, shown: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("config-{name}"), shown));
}
