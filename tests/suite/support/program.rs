//! The program as a user runs it: a folder of its own with a feeds.toml, and the binary.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A folder with a feeds.toml, in which the program is run.
pub(crate) struct World {
    folder: tempfile::TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; nothing when it was killed.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ended {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl World {
    /// A world whose feeds.toml has what every test needs (a store and an output of its own, 127.0.0.1 allowed, no waiting
    /// for a host's turn) and then `tables`.
    pub(crate) fn new(tables: &str) -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        world.configure("", tables);
        world
    }

    /// Writes feeds.toml anew, with more keys at its top.
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    pub(crate) fn configure(&self, top: &str, tables: &str) {
        let state = if top.contains("state =") { "" } else { "state = \"sqlite:relais.db\"\n" };
        let base = if top.contains("base_url =") { "" } else { "base_url = \"https://relais.example.org/\"\n" };
        let text = format!(
            "{state}{top}\n{base}[fetch]\nallow_private = [\"127.0.0.1/32\"]\nhost_interval = \"0s\"\nper_host = 8\ntimeout = \"5s\"\n{tables}"
        );
        std::fs::write(self.path("feeds.toml"), text).expect("feeds.toml can be written");
    }

    /// A file of this world.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of the output.
    pub(crate) fn output(&self, name: &str) -> String {
        let path = self.path("output").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every file of the output: its name, its bytes, its inode, when it was written, and its mode.
    pub(crate) fn outputs(&self) -> Vec<(String, Vec<u8>, u64, i64, u32)> {
        self.outputs_of("")
    }

    /// The same for the files of a folder of the output.
    pub(crate) fn outputs_of(&self, folder: &str) -> Vec<(String, Vec<u8>, u64, i64, u32)> {
        let mut files: Vec<_> = std::fs::read_dir(self.path("output").join(folder))
            .expect("an output")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.is_file())
            .map(|path| {
                let meta = std::fs::metadata(&path).expect("a file");
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let at = meta.mtime() * 1_000_000_000 + meta.mtime_nsec();
                (name, std::fs::read(&path).expect("it can be read"), meta.ino(), at, meta.mode() & 0o777)
            })
            .collect();
        files.sort();
        files
    }

    /// The program, not yet started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relais"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_remove("RELAIS_LOG").env_remove("NO_COLOR");
        command
    }

    /// Starts the program and does not wait for it.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().expect("the program starts")
    }

    /// Runs the program to its end. The origin goes on answering meanwhile.
    pub(crate) async fn relais(&self, args: &[&str]) -> Ended {
        finish(self.start(args)).await
    }
}

/// Waits for a started program, and watches its memory: gives its peak in KiB, where the system tells (Linux).
pub(crate) async fn finish_watched(mut child: Child) -> (Ended, u64) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("it can be asked").is_none() {
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(peak).max(peak);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    (finish(child).await, peak)
}

/// Waits for a started program.
pub(crate) async fn finish(child: Child) -> Ended {
    let output =
        tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("no panic").expect("it can be waited for");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The folder that lies beside the checkout on machines of the project, with others' texts: nothing elsewhere.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("RELAIS_SHARED").map(PathBuf::from).filter(|folder| Path::new(folder).is_dir());
    if folder.is_none() {
        eprintln!("skipped: RELAIS_SHARED names no folder with bodies of real feeds");
    }
    folder
}

/// The address of a translation server, if there is one; on machines of the project there has to be.
pub(crate) fn server_address(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok().filter(|address| !address.is_empty());
    if address.is_none() {
        let required = std::env::var("RELAIS_REQUIRE_SERVERS").as_deref() == Ok("1");
        assert!(!required || std::env::var_os("RELAIS_SHARED").is_none(), "{variable} is not set");
        eprintln!("skipped: {variable} is not set");
    }
    address
}
