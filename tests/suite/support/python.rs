//! Python 3 of this machine, for scripts that know nothing of relais.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Runs a script, and reads the JSON that it prints. Without Python there is nothing, and one line says so; with
/// `RELAIS_REQUIRE_SERVERS=1` there has to be one.
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see that some were not")]
pub(crate) async fn run(script: &Path, args: &[&str]) -> Option<Value> {
    let mut command = Command::new("python3");
    command.arg(script).args(args);
    let output = match tokio::task::spawn_blocking(move || command.output()).await.expect("no panic") {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var("RELAIS_REQUIRE_SERVERS").as_deref() != Ok("1"), "python3 is required: {error}");
            eprintln!("skipped: there is no python3 to read the output with ({error})");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}
